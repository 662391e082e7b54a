//! The sandbox as the remote of all three protocols, with what lies behind its addresses. Clips are a few
//! bytes that only their own result has: rendering is another test's affair.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rushes::domain::catalog::{Catalog, Protocol};
use rushes::provider::wire::{HttpRequest, HttpResponse};
use rushes::sandbox::{Body, Delivery, Record, Sandbox, Settings};
use uuid::Uuid;

use crate::network::page;

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

/// How many keys the user has, each of an account of its own.
pub const KEYS: usize = 2;

/// The remote.
pub struct Remote {
    /// One account for each key: what one has, the other knows nothing of.
    accounts: Vec<Sandbox>,
    /// An account of nobody, with nothing in it.
    nobody: Sandbox,
    /// Somebody answers in its place who knows nothing of anybody's jobs.
    pub knows_nothing: bool,
    /// No address leads to a file for now, although the files are there.
    pub files_are_dead: bool,
    /// What was billed, also for tasks that it has forgotten since.
    books: BTreeMap<Uuid, i64>,
    /// When they were read last.
    booked: Timestamp,
    /// Rises when every address that was given so far dies.
    addresses: u64,
}

impl Remote {
    pub fn new(catalog: &Arc<Catalog>) -> Self {
        let account =
            || Sandbox::new(Arc::clone(catalog), Settings { speed: 1.0, keys: Vec::new() });
        Self {
            accounts: std::iter::repeat_with(account).take(KEYS).collect(),
            nobody: account(),
            knows_nothing: false,
            files_are_dead: false,
            books: BTreeMap::new(),
            booked: Timestamp::UNIX_EPOCH,
            addresses: 0,
        }
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

    /// One request, as it arrives, with the user's key number `key`; for a file its address says whose it is.
    pub fn handle(&mut self, request: HttpRequest, key: usize, now: Timestamp) -> Done {
        let is_file = request.url.starts_with("https://files");
        if is_file && self.files_are_dead {
            return says(HttpResponse { status: 404, headers: Vec::new(), body: Vec::new() });
        }
        if !is_file && self.knows_nothing {
            // Whoever it is takes no jobs.
            return match is_submit(&request) {
                true => says(page(503)),
                false => asked(&mut self.nobody, request, "https://nobody", now),
            };
        }
        self.answer(request, key, now)
    }

    fn answer(&mut self, request: HttpRequest, key: usize, now: Timestamp) -> Done {
        let origin = |key: usize| format!("https://files{}of{key}", self.addresses);
        let is_file = request.url.starts_with("https://files");
        let holder = (0..KEYS).find(|key| request.url.starts_with(&format!("{}/", origin(*key))));
        if is_file && holder.is_none() {
            return says(HttpResponse { status: 404, headers: Vec::new(), body: Vec::new() });
        }
        let key = holder.unwrap_or(key);
        let origin = origin(key);
        // Nothing is forgotten within a week.
        if now.duration_since(self.booked) > SignedDuration::from_hours(24) {
            self.billed(now);
        }
        asked(&mut self.accounts[key], request, &origin, now)
    }

    /// Whether `url` leads to a file, now or once addresses live again.
    pub fn has_file(&mut self, url: String, now: Timestamp) -> bool {
        matches!(self.answer(HttpRequest::get(url), 0, now).says, Some(Says::File(_)))
    }

    /// What was billed for each task, in micro-dollars; a task without a price counts one for each result.
    pub fn billed(&mut self, now: Timestamp) -> &BTreeMap<Uuid, i64> {
        let lines = self.accounts.iter().flat_map(|account| account.ledger(now));
        let billed = lines.map(|line| (line.task, line.billed.0.max(i64::from(line.succeeded))));
        self.books.extend(billed);
        self.booked = now;
        &self.books
    }
}

/// What `account` answers; its clips are there as soon as they are due.
fn asked(account: &mut Sandbox, mut request: HttpRequest, origin: &str, now: Timestamp) -> Done {
    request.headers.push(("authorization".to_owned(), "Bearer key".to_owned()));
    let reply = account.handle(&request, origin, now);
    let accepted = reply.records.iter().find_map(|record| match record {
        Record::Accepted(accepted) => Some(accepted.task),
        _ => None,
    });
    let rendered: Vec<Uuid> = account.clips_to_render().map(|(video, _)| video).collect();
    for video in rendered {
        account.rendered(video, Ok(()));
    }
    let says = match (reply.delivery, reply.body) {
        // Nobody uploads here, so nobody fetches what was uploaded.
        (Delivery::Lost, _) | (_, Body::Media { .. }) => None,
        (_, Body::Http(response)) => Some(Says::Http(response)),
        (_, Body::Clip { video, .. }) => Some(Says::File(clip(video))),
    };
    Done { says, accepted }
}

fn says(response: HttpResponse) -> Done {
    Done { says: Some(Says::Http(response)), accepted: None }
}

/// Whether a request makes a job.
fn is_submit(request: &HttpRequest) -> bool {
    let body = String::from_utf8_lossy(&request.body);
    body.contains("videoInference")
        || request.url.ends_with("/run")
        || request.url.ends_with("/runs") && !body.is_empty()
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
