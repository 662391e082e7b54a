//! The adapter against what Runware's documents and official clients show of its wire.

mod encode;
mod hostile;
mod polls;
mod submits;

use serde_json::Value;
use uuid::Uuid;

use crate::domain::job::{Job, JobId};
use crate::domain::outcome::{Report, Sighting};
use crate::domain::sample;
use crate::provider::registry::Named;
use crate::provider::wire::HttpResponse;

/// Not asked anything, only named.
const URL: &str = "https://api.example/v1";
/// The task of most bodies here.
const KEY: &str = "5d219290-7a7d-4859-ae06-0404ac3c6296";

fn key() -> Uuid {
    KEY.parse().expect("a UUID")
}

/// A job that was sent `sends` times as the task [`KEY`].
fn sent(sends: u32) -> Job {
    let model = sample::model("runware/1.5-pro");
    let job = sample::job(1, model, sample::request(model, |_| {}));
    Job { attempt_key: key(), sends, ..job }
}

fn named() -> Named {
    Named { job: JobId(Uuid::from_u128(1)), key: key(), remote_id: None, wire_id: String::new() }
}

/// A reply whose body stands here with `KEY` for the task's id.
fn reply(status: u16, body: &str) -> HttpResponse {
    let body = body.replace("KEY", KEY).into_bytes();
    HttpResponse { status, headers: Vec::new(), body }
}

fn with_retry_after(mut response: HttpResponse, seconds: &str) -> HttpResponse {
    response.headers.push(("retry-after".to_owned(), seconds.to_owned()));
    response
}

fn report(sighting: Sighting) -> Report {
    match sighting {
        Sighting::Seen(report) => report,
        other => panic!("the task is known: {other:?}"),
    }
}

/// The only task of a request.
fn task(body: &[u8]) -> Value {
    let tasks: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(tasks.as_array().map(Vec::len), Some(1), "an array of one task");
    tasks[0].clone()
}

/// The provider's documents, task polling: the acknowledgement has neither status nor result.
const ACK: &str = r#"{"data":[{"taskType":"videoInference","taskUUID":"KEY"}]}"#;
/// The provider's documents, errors.
const WRONG_KEY: &str = r#"{"errors":[{"code":"invalidApiKey","message":"Invalid API key. Get one at https://my.runware.ai/signup","parameter":"apiKey","taskType":"authentication"}]}"#;
/// What official clients meet when they send a task again (Python SDK 0.5 and 1.8).
const CONFLICT: &str = r#"{"data":[],"errors":[{"code":"conflictTaskUUID","message":"…","parameter":"taskUUID","taskUUID":"KEY"}]}"#;
/// The shape of the errors document with a code of the TypeScript SDK's list.
const RATE_LIMIT: &str = r#"{"errors":[{"code":"rateLimitExceeded","message":"Rate limit exceeded.","taskUUID":"KEY"}]}"#;
/// The same, an error of the provider's own.
const INTERNAL: &str = r#"{"errors":[{"code":"providerInternalError","message":"Something went wrong.","taskUUID":"KEY"}]}"#;
/// What API gateways answer by themselves (AWS API Gateway, gateway responses).
const GATEWAY_JSON: &str = r#"{"message":"Internal server error"}"#;
/// nginx's own page for 502.
const GATEWAY_HTML: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
/// The provider's documents, task polling.
const PROCESSING: &str =
    r#"{"data":[{"taskType":"videoInference","taskUUID":"KEY","status":"processing"}]}"#;
/// The example response of the Seedance 1.5 Pro page, with the status that polls add.
const DONE: &str = r#"{"data":[{"taskType":"videoInference","taskUUID":"KEY","status":"success","videoUUID":"b8f53896-90db-4260-9267-b1a3639bc5ab","videoURL":"https://vm.runware.ai/video/os/a09d21/ws/5/vi/b8f53896-90db-4260-9267-b1a3639bc5ab.mp4","seed":94219,"cost":0.93798}]}"#;
/// The provider's documents, task polling: what an unknown task gives.
const NOTHING: &str = r#"{"data":[]}"#;
/// The provider's documents, task polling: a failed task.
const TIMED_OUT: &str = r#"{"data":[],"errors":[{"code":"timeoutProvider","status":"error","message":"The external provider did not respond within the timeout window. The request was automatically terminated.","documentation":"https://runware.ai/docs/platform/errors","taskUUID":"KEY"}]}"#;
