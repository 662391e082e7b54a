//! What can happen to a request on its way, and to its reply.

use rushes::engine::schedule::Dice;
use rushes::provider::wire::HttpResponse;
use rushes::runtime::exchange::{Answer, SendError};
use serde_json::json;
use uuid::Uuid;

/// How long the program waits for a reply.
pub const TIMEOUT_MS: u64 = 60_000;

/// What becomes of one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes as it should.
    Whole,
    /// No connection: the request surely never arrives.
    NeverLeaves,
    /// The request is lost, and nobody can tell.
    RequestLost,
    /// The request arrives, the reply does not.
    ReplyLost,
    /// Request and reply take long, so that others overtake them.
    Slow,
    /// The request arrives twice; the first reply is the one that comes back, or the second.
    Twice,
    /// The reply is cut off.
    Truncated,
    /// The reply is not of the protocol.
    Garbage,
    /// A gateway answers in the remote's place, with a page of HTML: the request never arrives.
    Turned(u16),
    /// The request arrives, and a gateway answers all the same.
    Broken(u16),
    /// A question meets trouble of its own, which the reply blames on the job.
    Blamed,
}

/// How often each fate comes, in a thousand exchanges.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather(pub [(u64, Kind); 11]);

/// The kinds of trouble, as the weather counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    NeverLeaves,
    RequestLost,
    ReplyLost,
    Slow,
    Twice,
    Truncated,
    Garbage,
    TooMany,
    Turned,
    Broken,
    Blamed,
}

const KINDS: [Kind; 11] = [
    Kind::NeverLeaves,
    Kind::RequestLost,
    Kind::ReplyLost,
    Kind::Slow,
    Kind::Twice,
    Kind::Truncated,
    Kind::Garbage,
    Kind::TooMany,
    Kind::Turned,
    Kind::Broken,
    Kind::Blamed,
];

impl Weather {
    /// Any weather: most kinds of trouble are absent, the others rare or frequent, so that each schedule
    /// is bad in its own way.
    pub fn any(dice: &mut Dice) -> Self {
        let often = |dice: &mut Dice| [0, 0, 0, 20, 60, 200][(dice.throw() % 6) as usize];
        Self(KINDS.map(|kind| (often(dice), kind)))
    }

    /// The fate of one exchange.
    pub fn fate(&self, dice: &mut Dice) -> Fate {
        let mut thrown = dice.throw() % 1000;
        for (often, kind) in self.0 {
            if thrown < often {
                return match kind {
                    Kind::NeverLeaves => Fate::NeverLeaves,
                    Kind::RequestLost => Fate::RequestLost,
                    Kind::ReplyLost => Fate::ReplyLost,
                    Kind::Slow => Fate::Slow,
                    Kind::Twice => Fate::Twice,
                    Kind::Truncated => Fate::Truncated,
                    Kind::Garbage => Fate::Garbage,
                    Kind::TooMany => Fate::Turned(429),
                    Kind::Turned => Fate::Turned([403, 500, 502, 503][(dice.throw() % 4) as usize]),
                    Kind::Broken => Fate::Broken([500, 502, 504][(dice.throw() % 3) as usize]),
                    Kind::Blamed => Fate::Blamed,
                };
            }
            thrown -= often;
        }
        Fate::Whole
    }
}

/// How long a way takes.
pub fn way_ms(fate: Fate, dice: &mut Dice) -> u64 {
    match fate {
        Fate::Slow => 1_000 + dice.throw() % 80_000,
        _ => 10 + dice.throw() % 190,
    }
}

/// The connection ended without a reply, and nobody can tell what the service did.
pub fn broke() -> Answer {
    Err(SendError { never_arrived: false, message: "the connection broke".to_owned() })
}

/// No connection came about.
pub fn no_connection() -> Answer {
    Err(SendError { never_arrived: true, message: "no connection".to_owned() })
}

/// A gateway's own answer.
pub fn page(status: u16) -> HttpResponse {
    let mut headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    if status == 429 {
        headers.push(("retry-after".to_owned(), "7".to_owned()));
    }
    let body = format!("<html><body><h1>{status}</h1></body></html>").into_bytes();
    HttpResponse { status, headers, body }
}

/// An answer to a question for the task `key` whose trouble is the question's: in the form of Runware's errors,
/// which to the other services is nothing of their protocol.
pub fn blamed(key: Option<Uuid>, dice: &mut Dice) -> HttpResponse {
    let codes = ["rateLimitExceeded", "timeout", "providerInternalError", "invalidApiKey"];
    let code = codes[(dice.throw() % 4) as usize];
    let error = json!({ "code": code, "message": "…", "taskType": "getResponse", "taskUUID": key });
    HttpResponse::json(200, &json!({ "data": [], "errors": [error] }))
}

/// What is left of a reply.
pub fn spoiled(fate: Fate, mut response: HttpResponse, dice: &mut Dice) -> Answer {
    match fate {
        Fate::ReplyLost => broke(),
        Fate::Broken(status) => Ok(page(status)),
        Fate::Truncated => {
            let kept = dice.throw() as usize % response.body.len().max(1);
            response.body.truncate(kept);
            Ok(response)
        }
        Fate::Garbage => {
            response.body = [&b"\0\xff{\"data\":"[..], b"null", b"[]", b"{\"data\":[]}", b""]
                [(dice.throw() % 5) as usize]
                .to_vec();
            Ok(response)
        }
        _ => Ok(response),
    }
}
