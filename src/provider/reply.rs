//! What the protocols share in reading a reply: what a bare status code means, ids that stand in an
//! address, and JSON that may be anything.

use percent_encoding::percent_encode;
use serde_json::Value;

use super::body;
use super::registry::Named;
use super::wire::HttpResponse;
use crate::domain::address::RESERVED;
use crate::domain::job::{Charged, FailureClass, JobError};
use crate::domain::outcome::Trouble;
use crate::domain::text::one_line;

/// The longest message that is kept, in characters.
pub(super) const MAX_MESSAGE_CHARS: usize = 2000;
/// The longest address that is kept, in characters.
pub(super) const MAX_URL_CHARS: usize = 4000;
/// So much of a web page is looked at for its title.
const MAX_HEAD_BYTES: usize = 4096;
/// The longest id that is taken, in characters; real ones have about forty.
const MAX_ID_CHARS: usize = 200;

/// An error by its status code alone, where the body says nothing.
pub(super) fn status_error(status: u16, message: String, charged: Charged) -> JobError {
    let class = match status {
        401 | 403 => FailureClass::Key,
        402 => FailureClass::Money,
        408 | 504 => FailureClass::Timeout,
        429 => FailureClass::Rate,
        503 => FailureClass::Capacity,
        400..=499 => FailureClass::Parameter,
        _ => FailureClass::Provider,
    };
    let message = match status {
        300..=399 => format!(
            "the provider's address leads to another place ({status}), which is not followed with your key; \
             if the provider has moved, set its new address as base_url"
        ),
        _ => message,
    };
    JobError::ours(class, &format!("http{status}"), message, charged)
}

/// A question that was not answered.
pub(super) fn trouble(error: JobError, response: &HttpResponse) -> Trouble {
    Trouble { error, retry_after_ms: response.retry_after_ms() }
}

/// That the body is not what the provider's protocol has, with its beginning as evidence.
pub(super) fn not_its_protocol(response: &HttpResponse) -> String {
    format!(
        "the provider answered {} with something that is not its protocol: {}",
        response.status,
        excerpt(&response.body),
    )
}

/// The beginning of a body, for people; of a web page its title, since that says whose it is.
pub(super) fn excerpt(body: &[u8]) -> String {
    let text = body::text(body.get(..MAX_HEAD_BYTES).unwrap_or(body));
    match page_title(&text) {
        Some(title) => format!(
            "a web page, titled '{}', as a proxy or the sign-in of a network answers",
            one_line(title, 80)
        ),
        None => one_line(&text.chars().take(300).collect::<String>(), 120),
    }
}

/// The title of a web page, which may be empty; none where `text` is no web page.
fn page_title(text: &str) -> Option<&str> {
    let small = text.to_ascii_lowercase();
    let begins = ["<!doctype html", "<html"].map(|begin| small.trim_start().starts_with(begin));
    if !begins.contains(&true) {
        return None;
    }
    let title = small.find("<title").and_then(|at| Some(at + small[at..].find('>')? + 1));
    Some(title.map_or("", |at| &text[at..at + small[at..].find('<').unwrap_or(0)]))
}

/// The body where it is a JSON object.
pub(super) fn object(response: &HttpResponse) -> Option<Value> {
    body::json(&response.body).filter(Value::is_object)
}

/// The statuses by which a service says that it did not take what was sent (RFC 9110, 6585, 7725): it was read and
/// refused, or stopped at the door. 301 and 308 say that nothing is at this address any more, as a wrong `base_url` does.
const REFUSALS: [u16; 16] =
    [301, 308, 400, 401, 402, 403, 404, 405, 410, 411, 413, 414, 415, 422, 429, 451];

/// Whether a reply to a submit leaves open what became of it: all but a refusal do. Behind a 5xx, a time-out or a
/// strange success the job may be running; 303 is how many say that it is, and 302 and 307 what a gateway says
/// by itself; 409 may say that it is there already, 425 comes from a gateway that sent it on too early, and 421, 460
/// and 499 from one that lost what was behind it. Statuses that nobody documents say nothing.
pub(super) fn is_unclear(response: &HttpResponse) -> bool {
    !REFUSALS.contains(&response.status)
}

/// What a reply says of the job that was asked about, where its `id` is another's: nothing.
pub(super) fn of_another(job: &Named, body: &Value) -> Option<JobError> {
    let told = job_id(body.get("id"))?;
    let is_other = job.remote_id.as_ref().is_some_and(|own| !own.eq_ignore_ascii_case(&told));
    is_other.then(|| {
        let message = format!("the provider answered about another job, {told}");
        JobError::ours(FailureClass::Provider, "anotherJob", message, Charged::Unknown)
    })
}

/// Whether a reply names the job that was asked about. A failure that names none may be that of the question.
pub(super) fn names_it(body: &Value) -> bool {
    job_id(body.get("id")).is_some()
}

/// The id that a provider gave a job, where it can stand in an address; also one that is a number.
pub(super) fn job_id(value: Option<&Value>) -> Option<String> {
    let number = value?.as_u64().map(|number| number.to_string());
    let id = number.as_deref().or(value?.as_str())?;
    // An id of dots alone would name another place of the address, however it is written.
    let sound = !id.is_empty()
        && id.chars().count() <= MAX_ID_CHARS
        && one_line(id, MAX_ID_CHARS) == id
        && !id.chars().all(|c| c == '.');
    sound.then(|| id.to_owned())
}

/// `text` as one segment of an address: everything but letters, digits, `-`, `.`, `_` and `~` is
/// escaped (RFC 3986, unreserved characters).
pub(super) fn segment(text: &str) -> String {
    percent_encode(text.as_bytes(), RESERVED).to_string()
}

/// What says that the content was refused: the words of the models' maker, whose errors every service passes on
/// in its own frame (ByteDance ModelArk, error codes: `…SensitiveContentDetected`, "may contain sensitive
/// information", "may contain real person", "may be related to copyright restrictions"; in Chinese 敏感 and 违规), and
/// those that services use themselves.
const MODERATION: [&str; 26] = [
    "sensitivecontent",
    "sensitive content",
    "sensitive information",
    "sensitive material",
    "flagged as sensitive",
    "real person",
    "real people",
    "copyright",
    "policyviolation",
    "policy violation",
    "content policy",
    "content_policy",
    "content violat",
    "usage polic",
    "violates our",
    "violates the",
    "community guideline",
    "moderat",
    "nsfw",
    "unsafe content",
    "inappropriate content",
    "prohibited content",
    "safety filter",
    "safety system",
    "敏感",
    "违规",
];

/// Whether a provider's free text says that the content was refused.
pub(super) fn tells_of_moderation(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    MODERATION.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_web_page_is_told_by_its_title() {
        let page = b"\n<!DOCTYPE html><HTML><head><Title lang=en>Sign in \x1b[31mto Hotel</title>";
        assert!(excerpt(page).starts_with("a web page, titled 'Sign in to Hotel', as a proxy"));
        for page in ["<html>", "<html><title", "<html><title>", "<html><title>a"] {
            assert!(excerpt(page.as_bytes()).starts_with("a web page, titled ''"), "{page}");
        }
        assert_eq!(excerpt(b"{\"a\": \"<html>\"}"), "{\"a\": \"<html>\"}");
    }

    #[test]
    fn an_id_can_not_leave_its_place_in_an_address() {
        assert_eq!(segment("60902e6c-u1"), "60902e6c-u1");
        assert_eq!(segment("../x?ttl=6000#é"), "..%2Fx%3Fttl%3D6000%23%C3%A9");
        for wrong in [json!(""), json!("."), json!(".."), json!("a\nb"), json!(-7.5), json!(null)] {
            assert_eq!(job_id(Some(&wrong)), None, "{wrong}");
        }
        assert_eq!(job_id(Some(&json!("x".repeat(201)))), None);
        assert_eq!(job_id(Some(&json!("run_2abc..."))).as_deref(), Some("run_2abc..."));
        assert_eq!(job_id(Some(&json!(7))).as_deref(), Some("7"));
    }
}
