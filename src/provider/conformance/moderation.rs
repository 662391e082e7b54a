//! What the models' maker says of content that it refuses, in every frame that a service may put it into.

use serde_json::{Value, json};

use super::{Adapter, KEY, Meaning, Protocol, adapters, seen, told};
use crate::domain::job::FailureClass;
use crate::provider::registry;
use crate::provider::wire::HttpResponse;

/// ByteDance ModelArk, error codes: code and words; after those what clients in the field met at services.
const SAID: [(&str, &str); 11] = [
    (
        "InputTextSensitiveContentDetected",
        "The request failed because the input text may contain sensitive information. Request id: 0217",
    ),
    (
        "OutputVideoSensitiveContentDetected",
        "The request failed because the output video may contain sensitive information.",
    ),
    (
        "InputImageSensitiveContentDetected.PrivacyInformation",
        "The request failed because the input image may contain real person.",
    ),
    (
        "OutputVideoSensitiveContentDetected.PolicyViolation",
        "The request failed because the output video may be related to copyright restrictions.",
    ),
    ("OutputAudioSensitiveContentDetected", "…"),
    ("error", "the output audio may contain sensitive information"),
    ("error", "The input image may contain real person"),
    ("error", "输入的文本可能包含敏感信息"),
    ("error", "Your prompt was flagged as sensitive. Please try again with different inputs."),
    ("error", "Generation blocked: it violates our usage policies"),
    ("error", "NSFW content detected"),
];

/// The same kind of trouble in other words: these are no moderation.
const OTHER: [&str; 4] = [
    "the resolution is case sensitive: write 1080p",
    "CUDA out of memory",
    "The external provider did not respond in time",
    "Invalid parameter: size format must be widthxheight",
];

/// Replies of `protocol` that fail a job with this code and these words.
fn failed(protocol: Protocol, code: &str, message: &str) -> Vec<Value> {
    let both = json!({ "code": code, "message": message });
    match protocol {
        Protocol::Runware => vec![
            json!({ "errors": [{ "code": "providerError", "status": "error", "taskUUID": KEY,
                                 "message": format!("{code}: {message}") }] }),
            json!({ "errors": [{ "code": code, "status": "error", "taskUUID": KEY, "message": message }] }),
            json!({ "data": [{ "taskUUID": KEY, "status": "error", "error": both }] }),
            // Met by clients in the field.
            json!({ "data": [{ "taskUUID": KEY, "error": { "errorCode": "inferenceError", "message": "failed",
                               "additionalDetails": { "responseContent": both.to_string() } } }] }),
        ],
        Protocol::Runpod => vec![
            json!({ "id": "ID", "status": "FAILED", "error": format!("{code}: {message}") }),
            json!({ "id": "ID", "status": "FAILED", "error": both }),
            json!({ "id": "ID", "status": "FAILED", "output": { "error": both } }),
            json!({ "id": "ID", "status": "COMPLETED", "output": { "error": both.to_string() } }),
            json!({ "id": "ID", "status": "FAILED",
                    "error": json!({ "error_type": code, "error_message": message }).to_string() }),
        ],
        Protocol::Runbase => vec![
            json!({ "id": "ID", "status": "failed", "error": format!("{code}: {message}") }),
            json!({ "id": "ID", "status": "failed", "error": both }),
        ],
    }
}

fn refused(protocol: Protocol, code: &str, message: &str) -> Value {
    match protocol {
        Protocol::Runware => {
            json!({ "errors": [{ "code": "invalidPositivePrompt", "taskUUID": KEY, "message": format!("{code}: {message}") }] })
        }
        Protocol::Runpod => json!({ "error": format!("{code}: {message}") }),
        Protocol::Runbase => {
            json!({ "error": { "code": "invalid_input", "message": format!("{code}: {message}") } })
        }
    }
}

fn poll(adapter: &Adapter, body: &Value) -> Meaning {
    let body = adapter.filled(&body.to_string()).into_bytes();
    let reply = HttpResponse { status: 200, headers: Vec::new(), body };
    seen(registry::polled(adapter.protocol, &[adapter.named()], &reply))
}

#[test]
fn the_makers_words_are_moderation_at_every_service_and_in_every_frame() {
    for adapter in adapters() {
        for (code, message) in SAID {
            for body in failed(adapter.protocol, code, message) {
                assert_eq!(
                    poll(&adapter, &body),
                    Meaning::Failed(FailureClass::Moderated),
                    "{body}"
                );
            }
            let body = refused(adapter.protocol, code, message);
            let reply = HttpResponse::json(400, &body);
            let submitted = told(registry::submitted(adapter.protocol, &adapter.job(1), &reply));
            assert_eq!(submitted, Meaning::Refused(FailureClass::Moderated), "{body}");
        }
        for message in OTHER {
            for body in failed(adapter.protocol, "error", message) {
                assert_ne!(
                    poll(&adapter, &body),
                    Meaning::Failed(FailureClass::Moderated),
                    "{body}"
                );
            }
        }
    }
}
