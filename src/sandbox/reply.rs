//! What the sandbox answers, and what of it must be kept.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::clip::Container;
use super::fault::Fault;
use super::record::Record;
use crate::provider::wire::HttpResponse;

/// The answer to one request.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What to send.
    pub body: Body,
    /// What to append to the journal before anything is sent.
    pub records: Vec<Record>,
    /// Whether to send it at all.
    pub delivery: Delivery,
}

/// What to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// This response, as it is.
    Http(HttpResponse),
    /// A file that a client stored, of this UUID and kind.
    Media {
        /// Which file.
        media: Uuid,
        /// `png`, `jpeg` or `webp`.
        kind: String,
    },
    /// The file of this result, which the server stored; it supports `Range` by itself.
    Clip {
        /// Which result.
        video: Uuid,
        /// What its file is.
        container: Container,
    },
}

/// Whether the client gets the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All of it.
    Whole,
    /// All of it, but later: the server asks [`Sandbox::held`](super::Sandbox::held) for this task until
    /// the answer is whole or the time has come.
    Held {
        /// The task.
        task: Uuid,
        /// When to send what there is.
        until: Timestamp,
    },
    /// None of it: the server closes the connection without a byte.
    Lost,
}

impl Reply {
    /// An answer that changes nothing.
    pub(super) fn of(response: HttpResponse) -> Self {
        Self { body: Body::Http(response), records: Vec::new(), delivery: Delivery::Whole }
    }

    /// The refusal of a whole request.
    pub(super) fn refused(fault: &Fault) -> Self {
        Self::of(fault.response())
    }

    /// The page of a service that broke; "500" is all that the docs say of it.
    pub(super) fn broken() -> HttpResponse {
        let page = "<html><head><title>500 Internal Server Error</title></head>\
                    <body><center><h1>500 Internal Server Error</h1></center></body></html>";
        HttpResponse {
            status: 500,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: page.as_bytes().to_vec(),
        }
    }
}

impl Fault {
    /// A response with this error alone, without `data`: the form of Runware's 401 example (docs,
    /// errors).
    pub(super) fn response(&self) -> HttpResponse {
        HttpResponse::json(self.status, &json!({ "errors": [self.json()] }))
    }
}
