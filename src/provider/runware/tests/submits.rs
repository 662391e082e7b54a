//! What the reply to a submit means: above all, whether it may have been taken.

use super::*;
use crate::domain::job::{Charged, FailureClass, JobError};
use crate::domain::outcome::{SubmitOutcome, Trouble};
use crate::provider::runware::submitted;

fn refused(sends: u32, status: u16, body: &str) -> JobError {
    match submitted(&sent(sends), &reply(status, body)) {
        SubmitOutcome::Refused(error) => error,
        other => panic!("{status} {body}: {other:?}"),
    }
}

fn busy(response: &HttpResponse) -> Trouble {
    match submitted(&sent(1), response) {
        SubmitOutcome::Busy(trouble) => trouble,
        other => panic!("{other:?}"),
    }
}

fn is_unknown(status: u16, body: &str) -> bool {
    matches!(submitted(&sent(1), &reply(status, body)), SubmitOutcome::Unknown { .. })
}

#[test]
fn an_acknowledgement_is_an_acceptance() {
    let outcome = submitted(&sent(1), &reply(200, ACK));
    assert!(matches!(outcome, SubmitOutcome::Accepted { remote_id: None, .. }), "{outcome:?}");
}

#[test]
fn an_acknowledgement_of_another_task_is_none() {
    let other = ACK.replace("KEY", "0ad22720-f53a-440a-9dd8-61b04b800333");
    assert!(is_unknown(200, &other));
    assert!(is_unknown(200, NOTHING));
}

#[test]
fn a_wrong_key_is_refused_with_the_providers_words() {
    let error = refused(1, 401, WRONG_KEY);
    assert_eq!((error.class, error.charged), (FailureClass::Key, Charged::NotCharged));
    assert_eq!(error.code, "invalidApiKey");
    assert_eq!(error.message, "Invalid API key. Get one at https://my.runware.ai/signup");
    assert_eq!(error.parameters, ["apiKey"]);
}

#[test]
fn an_empty_account_is_refused() {
    // The shape of the errors document with a code of the TypeScript SDK's list.
    let body = r#"{"errors":[{"code":"insufficientCredits","message":"Insufficient credits.","taskUUID":"KEY"}]}"#;
    assert_eq!(refused(1, 402, body).class, FailureClass::Money);
}

#[test]
fn a_model_that_is_not_there_is_refused() {
    // The same, modelNotFound.
    let body = r#"{"errors":[{"code":"modelNotFound","message":"Model not found.","parameter":"model","taskUUID":"KEY"}]}"#;
    assert_eq!(refused(1, 404, body).class, FailureClass::ModelGone);
}

#[test]
fn a_wrong_setting_is_refused_with_every_parameter_that_is_named() {
    // A capture of the live service, published by a user of it.
    let body = r#"{"data":[],"errors":[{"code":"missingDimensionParameters","message":"Missing dimension parameters. Either width and height, or referenceImages must be provided.","parameter":["width","height","referenceImages"],"type":"integer|array","documentation":"https://runware.ai/docs/","taskUUID":"KEY"}]}"#;
    let error = refused(1, 400, body);
    assert_eq!(error.class, FailureClass::Parameter);
    assert_eq!(error.parameters, ["width", "height", "referenceImages"]);
}

/// A proxy that sends a request twice makes the first send meet it, and only the second reply comes back.
#[test]
fn a_key_that_is_taken_was_taken_by_an_earlier_send() {
    for sends in [1, 2, 3] {
        let outcome = submitted(&sent(sends), &reply(400, CONFLICT));
        assert!(matches!(outcome, SubmitOutcome::Accepted { .. }), "{outcome:?}");
    }
}

#[test]
fn half_a_refusal_of_a_key_that_was_sent_before_proves_nothing() {
    let half = &CONFLICT[..CONFLICT.len() / 2];
    let outcome = submitted(&sent(2), &reply(400, half));
    assert!(matches!(outcome, SubmitOutcome::Unknown { .. }), "{outcome:?}");
    let outcome = submitted(&sent(1), &reply(400, half));
    assert!(matches!(outcome, SubmitOutcome::Refused(_)), "{outcome:?}");
}

#[test]
fn too_many_requests_pass_and_say_when() {
    let trouble = busy(&reply(429, RATE_LIMIT));
    assert_eq!((trouble.error.class, trouble.retry_after_ms), (FailureClass::Rate, None));
    assert_eq!(trouble.error.charged, Charged::NotCharged);
    let trouble = busy(&with_retry_after(reply(429, RATE_LIMIT), "7"));
    assert_eq!(trouble.retry_after_ms, Some(7_000));
    let trouble = busy(&with_retry_after(reply(429, "Too Many Requests"), "999999"));
    assert_eq!(trouble.retry_after_ms, Some(3_600_000), "no provider holds a job for days");
    let trouble = busy(&with_retry_after(reply(429, RATE_LIMIT), "Wed, 21 Oct 2026 07:28:00 GMT"));
    assert_eq!(trouble.retry_after_ms, None, "a date is left to our own waits");
}

#[test]
fn a_server_error_may_have_come_before_or_after_the_task_was_taken() {
    assert!(is_unknown(500, INTERNAL));
    assert!(is_unknown(500, GATEWAY_JSON));
    assert!(is_unknown(502, GATEWAY_HTML));
    assert!(is_unknown(504, ""));
}

#[test]
fn a_reply_that_breaks_off_or_is_no_json_proves_nothing() {
    assert!(is_unknown(200, &ACK[..ACK.len() - 9]));
    assert!(is_unknown(200, GATEWAY_HTML));
    assert!(is_unknown(200, ""));
}

#[test]
fn a_refusal_without_json_goes_by_its_status() {
    for (status, class) in [
        (401, FailureClass::Key),
        (402, FailureClass::Money),
        (403, FailureClass::Key),
        (404, FailureClass::Parameter),
    ] {
        assert_eq!(refused(1, status, "denied").class, class, "{status}");
    }
}

#[test]
fn a_gateways_own_refusal_goes_by_its_status() {
    assert_eq!(refused(1, 403, GATEWAY_JSON).class, FailureClass::Key);
    assert_eq!(busy(&reply(429, GATEWAY_JSON)).error.class, FailureClass::Rate);
}

#[test]
fn an_error_inside_the_item_of_a_submit_is_a_refusal() {
    // The form that the TypeScript SDK, client, and the Python SDK read in every reply.
    let body = r#"{"data":[{"taskUUID":"KEY","status":"error","error":{"code":"insufficientCredits","message":"Insufficient credits."}}]}"#;
    assert_eq!(refused(1, 200, body).class, FailureClass::Money);
}
