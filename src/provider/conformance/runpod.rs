//! RunPod's replies.

use super::FailureClass::{Key, ModelGone, Moderated, Money, Parameter, Provider, Rate, Timeout};
use super::Meaning::{
    Accepted, Busy, Done, Failed, NoAddress, NotKnown, Refused, Running, Trouble, Unknown,
};
use super::{Adapter, GATEWAY_HTML, Protocol, absent, after, poll, submit};

const OPERATIONS: &str = "the provider's documents, endpoint operations";
const PAGE: &str = "the page of Seedance 1.0 Pro";
const CODES: &str = "the provider's documents name the code; of the body they say nothing";
const FIELD: &str = "met by clients in the field";
const ID: &str = "eaebd6e7-6a92-4bb8-a911-f996ac5ea99d";
/// The id of most bodies here.
const RUN: &str = r#"{"id":"eaebd6e7-6a92-4bb8-a911-f996ac5ea99d","status":"IN_QUEUE"}"#;
/// The page's own example, with the id of `/run`.
const DONE: &str = r#"{"id":"eaebd6e7-6a92-4bb8-a911-f996ac5ea99d","status":"COMPLETED","delayTime":28,"executionTime":89012,"workerId":"oqk7ao1uomckye","output":{"video_url":"https://video.runpod.ai/abc123/output.mp4","cost":0.62}}"#;

pub(super) fn adapter() -> Adapter {
    let done = |charge| Done { results: 1, charge };
    let mut cases = vec![
        submit("accepted", 200, RUN, OPERATIONS, Accepted { remote_id: Some(ID), charge: None }),
        poll("queued", 200, RUN, OPERATIONS, Running),
        poll(
            "running",
            200,
            r#"{"id":"ID","status":"IN_PROGRESS","delayTime":28,"output":{"progress":"1/2","url":"https://x.example/part"}}"#,
            "runpod-python issue 250: progress stands in output",
            Running,
        ),
        poll("done", 200, DONE, PAGE, done(Some(620_000))),
    ];
    // The places of the address: RunPod's AI SDK provider, and clients in the field.
    for body in [
        r#"{"status":"COMPLETED","output":{"cost":0.26,"result":"https://d1q70pf5vjeyhc.cloudfront.net/predictions/x.mp4"}}"#,
        r#"{"status":"COMPLETED","output":{"cost":0.26,"url":"https://x.example/x.mp4"}}"#,
        r#"{"status":"COMPLETED","output":{"cost":0.26,"video":"https://x.example/x.mp4"}}"#,
        r#"{"status":"COMPLETED","output":{"cost":0.26,"videos":["https://x.example/x.mp4"]}}"#,
        r#"{"status":"COMPLETED","output":{"cost":0.26,"videos":[{"url":"https://x.example/x.mp4"}]}}"#,
    ] {
        cases.push(poll("done", 200, body, FIELD, done(Some(260_000))));
    }
    cases.extend([
        poll(
            "done",
            200,
            r#"{"status":"COMPLETED","output":"https://x.example/x.mp4"}"#,
            "RunPod's AI SDK provider 1.4: a bare string",
            done(None),
        ),
        absent("several results", "a job gives one"),
        poll(
            "done without an address",
            200,
            r#"{"id":"ID","status":"COMPLETED"}"#,
            "runpod-python issue 309: completed without output",
            NoAddress,
        ),
        poll(
            "done without an address",
            200,
            r#"{"id":"ID","status":"COMPLETED","output":{"cost":0.26,"video_url":""}}"#,
            "the page's example with an empty address",
            NoAddress,
        ),
        poll(
            "done without an address",
            200,
            r#"{"id":"ID","status":"COMPLETED","output":{"error":"no frames"}}"#,
            FIELD,
            NoAddress,
        ),
        poll(
            "failed",
            200,
            r#"{"id":"ID","status":"FAILED","error":"{\"error_type\":\"<class 'RuntimeError'>\",\"error_message\":\"out of memory\",\"error_traceback\":\"…\"}"}"#,
            "generate_video issue 1: JSON in a string",
            Failed(Provider),
        ),
        poll("failed", 200, r#"{"id":"ID","status":"TIMED_OUT"}"#, OPERATIONS, Failed(Timeout)),
        poll("failed", 200, r#"{"id":"ID","status":"CANCELLED"}"#, OPERATIONS, Failed(Provider)),
        poll(
            "moderated",
            200,
            r#"{"id":"ID","status":"FAILED","error":"OutputVideoSensitiveContentDetected"}"#,
            "the maker's code (ByteDance ModelArk) in RunPod's failed body; how RunPod writes it is not documented",
            Failed(Moderated),
        ),
        poll("not known", 404, r#"{"detail":"job not found"}"#, FIELD, NotKnown),
        poll("not known", 404, r#"{"status":404,"title":"Not Found"}"#, FIELD, NotKnown),
        poll("not known", 200, r#"{"error":"job not found"}"#, FIELD, NotKnown),
        submit("wrong key at submit", 401, "", CODES, Refused(Key)),
        poll("wrong key at poll", 401, "", CODES, Trouble(Key, None)),
        submit("no money", 402, "", "not documented: the code alone", Refused(Money)),
        submit(
            "model gone",
            404,
            r#"{"status":404,"title":"Not Found"}"#,
            "the form of a 404 that clients met; the documents dropped the endpoint",
            Refused(ModelGone),
        ),
        submit(
            "refused setting",
            400,
            r#"{"id":"sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1","status":"FAILED","error":"Invalid parameter: size format must be widthxheight"}"#,
            PAGE,
            Refused(Parameter),
        ),
        submit("rate limit at submit", 429, "", CODES, Busy(None)),
        after("7", submit("rate limit at submit", 429, "", CODES, Busy(Some(7000)))),
        after("7", poll("rate limit at poll", 429, "", CODES, Trouble(Rate, Some(7000)))),
        poll(
            "the question's trouble",
            400,
            r#"{"id":"ID","status":"FAILED","error":"too many requests"}"#,
            "the form of the page's refusal, in answer to a question",
            Trouble(Parameter, None),
        ),
        absent("sent again", "it has no idempotency key"),
        poll("unknown status", 200, r#"{"status":"RUNNING"}"#, OPERATIONS, Running),
        poll("unknown status", 200, r#"{"status":"PAUSED"}"#, "no source: a new word", Running),
        poll(
            "truncated JSON",
            200,
            r#"{"id":"eaebd6e7-6a92-4bb8-a911-f996ac5ea99d","status":"COMP"#,
            "the page's example, cut",
            Trouble(Provider, None),
        ),
        submit("truncated JSON", 200, r#"{"id":"eaebd6e7-6a92"#, OPERATIONS, Unknown),
        submit("server error", 500, "", CODES, Unknown),
        poll("server error", 500, "", CODES, Trouble(Provider, None)),
        submit("HTML", 502, GATEWAY_HTML, "nginx", Unknown),
        poll("HTML", 502, GATEWAY_HTML, "nginx", Trouble(Provider, None)),
        poll("HTML", 404, GATEWAY_HTML, "nginx", Trouble(Parameter, None)),
    ]);
    Adapter { protocol: Protocol::Runpod, model: "runpod/1.0-pro", remote_id: Some(ID), cases }
}
