//! The sandbox as the remote of all three protocols, with what lies behind its addresses. Clips are a few
//! bytes that only their own result has: rendering is another test's affair.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rushes::domain::catalog::{Catalog, Protocol};
use rushes::provider::wire::{HttpRequest, HttpResponse};
use rushes::sandbox::{Body, Delivery, Record, Sandbox, Settings};
use uuid::Uuid;

/// What the remote does with one request.
pub struct Done {
    /// What it says; none where the reply is lost on purpose.
    pub says: Option<Says>,
    /// The task that it accepted, if any.
    pub accepted: Option<Uuid>,
}

/// What the remote says.
pub enum Says {
    /// An answer of its interface.
    Http(HttpResponse),
    /// A file.
    File(Vec<u8>),
}

/// The remote.
pub struct Remote {
    sandbox: Sandbox,
    /// Rises when every address that was given so far dies.
    addresses: u64,
}

impl Remote {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let sandbox = Sandbox::new(catalog, Settings { speed: 1.0, key: None });
        Self { sandbox, addresses: 0 }
    }

    /// Where the protocol is spoken.
    pub fn base_url(protocol: Protocol) -> &'static str {
        match protocol {
            Protocol::Runware => "https://sim/v1",
            Protocol::Runpod => "https://sim/v2",
            Protocol::Runbase => "https://sim/api/v1",
        }
    }

    /// Every address that it gave so far leads nowhere from now on; it gives new ones when asked.
    pub fn move_files(&mut self) {
        self.addresses += 1;
    }

    /// One request, as it arrives.
    pub fn handle(&mut self, mut request: HttpRequest, now: Timestamp) -> Done {
        let origin = format!("https://files{}", self.addresses);
        if request.url.starts_with("https://files") && !request.url.starts_with(&origin) {
            let response = HttpResponse { status: 404, headers: Vec::new(), body: Vec::new() };
            return Done { says: Some(Says::Http(response)), accepted: None };
        }
        request.headers.push(("authorization".to_owned(), "Bearer key".to_owned()));
        let reply = self.sandbox.handle(&request, &origin, now);
        let accepted = reply.records.iter().find_map(|record| match record {
            Record::Accepted(accepted) => Some(accepted.task),
            _ => None,
        });
        let rendered: Vec<Uuid> = self.sandbox.clips_to_render().map(|(video, _)| video).collect();
        for video in rendered {
            self.sandbox.rendered(video, Ok(()));
        }
        let says = match (reply.delivery, reply.body) {
            // Nobody uploads here, so nobody fetches what was uploaded.
            (Delivery::Lost, _) | (_, Body::Media { .. }) => None,
            (_, Body::Http(response)) => Some(Says::Http(response)),
            (_, Body::Clip { video, .. }) => Some(Says::File(clip(video))),
        };
        Done { says, accepted }
    }

    /// Whether `url` leads to a file.
    pub fn has_file(&mut self, url: String, now: Timestamp) -> bool {
        matches!(self.handle(HttpRequest::get(url), now).says, Some(Says::File(_)))
    }

    /// What was billed for each task, in micro-dollars; a task without a price counts one for each result.
    pub fn billed(&self, now: Timestamp) -> BTreeMap<Uuid, i64> {
        let lines = self.sandbox.ledger(now);
        lines.map(|line| (line.task, line.billed.0.max(i64::from(line.succeeded)))).collect()
    }
}

/// The file of a result: an MP4 by its first bytes, and no other result's.
fn clip(video: Uuid) -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypisom".to_vec();
    for nr in 0..2 + video.as_bytes()[0] % 6 {
        bytes.extend(video.as_bytes());
        bytes.push(nr);
    }
    bytes
}
