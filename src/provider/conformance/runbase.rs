//! Runbase's replies.

use super::FailureClass::{Key, ModelGone, Moderated, Money, Parameter, Provider, Rate};
use super::Meaning::{
    Accepted, Busy, Done, Failed, NoAddress, NotKnown, Refused, Running, Trouble, Unknown,
};
use super::{Adapter, GATEWAY_HTML, Protocol, absent, after, poll, submit};

const QUICKSTART: &str = "the provider's documents, quickstart";
const CONCEPTS: &str = "the statuses of the documents, core concepts, in the quickstart's body";
const CODES: &str = "the provider's documents, error codes";
const FIELD: &str = "what a client in the field reads";
const ID: &str = "run_2abc...";
const CREATED: &str =
    r#"{"id":"run_2abc...","model":"google/nano-banana-2","status":"pending","costUsd":40000}"#;
const DONE: &str = r#"{"id":"run_2abc...","status":"succeeded","model":"google/nano-banana-2","costUsd":40000,"output":{"urls":["https://runbase.net/files/generated/abc123.png"]},"createdAt":"2026-06-01T12:00:00.000Z","completedAt":"2026-06-01T12:00:04.200Z"}"#;
const LIMIT: &str = r#"{"error":{"message":"Rate limit exceeded","code":"RATE_LIMITED"}}"#;
const WRONG_KEY: &str = r#"{"error":{"message":"…","code":"invalid_api_key"}}"#;

pub(super) fn adapter() -> Adapter {
    let charge = Some(40_000);
    let cases = vec![
        submit("accepted", 200, CREATED, QUICKSTART, Accepted { remote_id: Some(ID), charge }),
        submit("accepted", 201, CREATED, QUICKSTART, Accepted { remote_id: Some(ID), charge }),
        poll("queued", 200, CREATED, QUICKSTART, Running),
        poll(
            "running",
            200,
            r#"{"id":"ID","status":"processing","output":null}"#,
            CONCEPTS,
            Running,
        ),
        poll("done", 200, DONE, QUICKSTART, Done { results: 1, charge }),
        poll(
            "done",
            200,
            r#"{"status":"succeeded","output":{"url":"https://x.example/x.mp4"}}"#,
            FIELD,
            Done { results: 1, charge: None },
        ),
        poll(
            "several results",
            200,
            r#"{"id":"ID","status":"succeeded","costUsd":40000,"output":{"urls":["https://x.example/1.mp4","https://x.example/2.mp4","https://x.example/1.mp4"]}}"#,
            "the page's output schema: urls is a list",
            Done { results: 2, charge },
        ),
        poll(
            "done without an address",
            200,
            r#"{"status":"succeeded","costUsd":40000,"output":{"urls":[]}}"#,
            "the quickstart's body without an address",
            NoAddress,
        ),
        poll(
            "failed",
            200,
            r#"{"id":"ID","status":"failed","error":"…"}"#,
            FIELD,
            Failed(Provider),
        ),
        poll(
            "failed",
            200,
            r#"{"id":"ID","status":"failed","error":{"message":"…"}}"#,
            CONCEPTS,
            Failed(Provider),
        ),
        poll("failed", 200, r#"{"id":"ID","status":"failed"}"#, CONCEPTS, Failed(Provider)),
        poll(
            "moderated",
            200,
            r#"{"id":"ID","status":"failed","error":"InputTextSensitiveContentDetected"}"#,
            "the maker's code (ByteDance ModelArk) in Runbase's failed body; how Runbase writes it is not documented",
            Failed(Moderated),
        ),
        poll(
            "not known",
            404,
            r#"{"error":{"message":"Run not found","code":"run_not_found"}}"#,
            CODES,
            NotKnown,
        ),
        submit("wrong key at submit", 401, WRONG_KEY, CODES, Refused(Key)),
        submit(
            "wrong key at submit",
            403,
            r#"{"error":{"message":"…","code":"ip_not_allowed"}}"#,
            CODES,
            Refused(Key),
        ),
        poll("wrong key at poll", 401, WRONG_KEY, CODES, Trouble(Key, None)),
        submit(
            "no money",
            402,
            r#"{"error":{"message":"…","code":"insufficient_balance"}}"#,
            CODES,
            Refused(Money),
        ),
        submit(
            "no money",
            403,
            r#"{"error":{"message":"…","code":"api_key_spend_limit_exceeded"}}"#,
            CODES,
            Refused(Money),
        ),
        submit(
            "no money",
            429,
            r#"{"error":{"message":"…","code":"USAGE_EXCEEDED"}}"#,
            CODES,
            Refused(Money),
        ),
        submit(
            "model gone",
            400,
            r#"{"error":{"message":"…","code":"model_not_found"}}"#,
            CODES,
            Refused(ModelGone),
        ),
        submit(
            "refused setting",
            400,
            r#"{"error":{"message":"…","code":"invalid_input"}}"#,
            CODES,
            Refused(Parameter),
        ),
        submit("rate limit at submit", 429, LIMIT, "the documents, rate limits", Busy(None)),
        after("7", submit("rate limit at submit", 429, LIMIT, CODES, Busy(Some(7000)))),
        after("7", poll("rate limit at poll", 429, LIMIT, CODES, Trouble(Rate, Some(7000)))),
        poll(
            "the question's trouble",
            403,
            r#"{"status":"failed","error":{"message":"…","code":"ip_not_allowed"}}"#,
            "a code of the documents with the word for a failed run beside it",
            Trouble(Key, None),
        ),
        absent("sent again", "it has no idempotency key"),
        poll("unknown status", 200, r#"{"status":"running"}"#, FIELD, Running),
        poll("unknown status", 200, r#"{"status":"paused"}"#, "no source: a new word", Running),
        poll(
            "truncated JSON",
            200,
            r#"{"id":"run_2abc...","status":"succe"#,
            "the quickstart's body, cut",
            Trouble(Provider, None),
        ),
        submit("truncated JSON", 200, r#"{"id":"run_2abc..."#, QUICKSTART, Unknown),
        submit("server error", 500, "", "the documents name the code alone", Unknown),
        poll("server error", 500, "", "the documents name the code alone", Trouble(Provider, None)),
        submit("HTML", 502, GATEWAY_HTML, "nginx", Unknown),
        poll("HTML", 502, GATEWAY_HTML, "nginx", Trouble(Provider, None)),
        poll("HTML", 404, GATEWAY_HTML, "nginx", Trouble(Parameter, None)),
    ];
    Adapter { protocol: Protocol::Runbase, model: "runbase/1.0-pro", remote_id: Some(ID), cases }
}
