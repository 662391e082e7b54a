//! Runware's replies. Its own tests hold many more.

use super::FailureClass::{Key, ModelGone, Moderated, Money, Parameter, Provider, Rate, Timeout};
use super::Meaning::{
    Accepted, Busy, Done, Failed, NoAddress, NotKnown, Refused, Running, Trouble, Unclear, Unknown,
};
use super::{Adapter, GATEWAY_HTML, Protocol, absent, after, poll, submit};

const POLLING: &str = "the provider's documents, task polling";
const ERRORS: &str = "the provider's documents, errors";
const SDK: &str = "the shape of the errors document with a code of the official SDKs' lists";
const DONE: &str = r#"{"data":[{"taskType":"videoInference","taskUUID":"KEY","status":"success","videoUUID":"b8f53896-90db-4260-9267-b1a3639bc5ab","videoURL":"https://vm.runware.ai/video/os/a09d21/ws/5/vi/b8f53896-90db-4260-9267-b1a3639bc5ab.mp4","seed":94219,"cost":0.93798}]}"#;
const TWO: &str = r#"{"data":[{"taskType":"videoInference","taskUUID":"KEY","status":"success","videoUUID":"a","videoURL":"https://vm.runware.ai/video/a.mp4","cost":0.93798},{"taskType":"videoInference","taskUUID":"KEY","status":"success","videoUUID":"b","videoURL":"https://vm.runware.ai/video/b.mp4","cost":0.93798}]}"#;
const PROCESSING: &str =
    r#"{"data":[{"taskType":"videoInference","taskUUID":"KEY","status":"processing"}]}"#;
const WRONG_KEY: &str = r#"{"errors":[{"code":"invalidApiKey","message":"Invalid API key. Get one at https://my.runware.ai/signup","parameter":"apiKey","taskType":"authentication"}]}"#;
const TIMED_OUT: &str = r#"{"data":[],"errors":[{"code":"timeoutProvider","status":"error","message":"The external provider did not respond within the timeout window. The request was automatically terminated.","taskUUID":"KEY"}]}"#;
const LIMIT: &str = r#"{"errors":[{"code":"rateLimitExceeded","message":"Rate limit exceeded.","taskUUID":"KEY"}]}"#;

pub(super) fn adapter() -> Adapter {
    let accepted = Accepted { remote_id: None, charge: None };
    let again = Accepted { remote_id: None, charge: None };
    let charge = Some(937_980);
    let cases = vec![
        submit(
            "accepted",
            200,
            r#"{"data":[{"taskType":"videoInference","taskUUID":"KEY"}]}"#,
            POLLING,
            accepted,
        ),
        absent("queued", "it has one word for queued and running"),
        poll("running", 200, PROCESSING, POLLING, Running),
        poll("done", 200, DONE, "the page of Seedance 1.5 Pro", Done { results: 1, charge }),
        poll("several results", 200, TWO, POLLING, Done { results: 2, charge }),
        poll(
            "done without an address",
            200,
            r#"{"data":[{"taskType":"videoInference","taskUUID":"KEY","status":"success"}]}"#,
            "the polling document's shape, before the result's fields are there",
            NoAddress,
        ),
        poll("failed", 200, TIMED_OUT, POLLING, Failed(Timeout)),
        poll(
            "moderated",
            200,
            r#"{"errors":[{"code":"invalidProviderContent","status":"error","message":"…","taskUUID":"KEY"}]}"#,
            SDK,
            Failed(Moderated),
        ),
        poll("not known", 200, r#"{"data":[]}"#, POLLING, NotKnown),
        submit("wrong key at submit", 401, WRONG_KEY, ERRORS, Refused(Key)),
        poll("wrong key at poll", 401, WRONG_KEY, ERRORS, Trouble(Key, None)),
        submit(
            "no money",
            402,
            r#"{"errors":[{"code":"insufficientCredits","message":"…","taskUUID":"KEY"}]}"#,
            SDK,
            Refused(Money),
        ),
        submit(
            "model gone",
            400,
            r#"{"errors":[{"code":"modelNotFound","message":"…","taskUUID":"KEY"}]}"#,
            SDK,
            Refused(ModelGone),
        ),
        submit(
            "refused setting",
            400,
            r#"{"errors":[{"code":"unsupportedParameter","message":"…","parameter":"width","taskUUID":"KEY"}]}"#,
            SDK,
            Refused(Parameter),
        ),
        after("7", submit("rate limit at submit", 429, LIMIT, SDK, Busy(Some(7000)))),
        after("7", poll("rate limit at poll", 429, LIMIT, SDK, Trouble(Rate, Some(7000)))),
        poll(
            "the question's trouble",
            200,
            r#"{"errors":[{"code":"rateLimitExceeded","message":"…","taskType":"getResponse","taskUUID":"KEY"}]}"#,
            SDK,
            Unclear(Rate),
        ),
        submit(
            "sent again",
            400,
            r#"{"data":[],"errors":[{"code":"conflictTaskUUID","message":"…","parameter":"taskUUID","taskUUID":"KEY"}]}"#,
            "what official clients meet (Python SDK 0.5 and 1.8)",
            again,
        ),
        poll(
            "unknown status",
            200,
            r#"{"data":[{"taskUUID":"KEY","status":"rendering"}]}"#,
            "the polling document's shape with a word that it does not have",
            Running,
        ),
        poll(
            "truncated JSON",
            200,
            r#"{"data":[{"taskType":"videoInference","taskUUID":"KEY","stat"#,
            "the polling document's body, cut",
            Trouble(Provider, None),
        ),
        submit(
            "server error",
            500,
            r#"{"message":"Internal server error"}"#,
            "AWS API Gateway, gateway responses",
            Unknown,
        ),
        submit("HTML", 502, GATEWAY_HTML, "nginx", Unknown),
        poll("HTML", 502, GATEWAY_HTML, "nginx", Trouble(Provider, None)),
    ];
    Adapter { protocol: Protocol::Runware, model: "runware/1.5-pro", remote_id: None, cases }
}
