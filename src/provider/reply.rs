//! What the protocols share in reading a reply: what a bare status code means, ids that stand in an
//! address, and JSON that may be anything.

use serde_json::Value;

use super::body;
use super::wire::HttpResponse;
use crate::domain::job::{Charged, FailureClass, JobError};
use crate::domain::outcome::Trouble;
use crate::domain::text::one_line;

/// The longest message that is kept, in characters.
pub(super) const MAX_MESSAGE_CHARS: usize = 2000;
/// The longest address that is kept, in characters.
pub(super) const MAX_URL_CHARS: usize = 4000;
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

/// The beginning of a body, for people.
pub(super) fn excerpt(body: &[u8]) -> String {
    one_line(&body::text(body.get(..300).unwrap_or(body)), 120)
}

/// The body where it is a JSON object.
pub(super) fn object(response: &HttpResponse) -> Option<Value> {
    body::json(&response.body).filter(Value::is_object)
}

/// Whether a reply to a submit leaves open what became of it. Without an idempotency key only a
/// complete refusal is one: behind a 5xx, a time-out or a strange success the job may be running.
pub(super) fn is_unclear(response: &HttpResponse) -> bool {
    response.status < 300 || response.status == 408 || response.status >= 500
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
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
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
