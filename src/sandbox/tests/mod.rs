//! The sandbox from the outside: requests in, answers out.

mod documented;
mod drafts;
mod hostile;
mod journal;
mod lifecycle;
mod media;
mod refusals;
mod runbase;
mod runpod;
mod troubles;

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::clip::ClipSpec;
use super::{Body, Delivery, Record, Reply, Sandbox, Settings};
use crate::domain::catalog::Catalog;
use crate::provider::wire::{HttpRequest, HttpResponse, Method};

const ORIGIN: &str = "http://127.0.0.1:4711";

static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let (catalog, problems) = Catalog::load(&[]);
    assert_eq!(problems, []);
    Arc::new(catalog)
});

/// A sandbox with a clock that is set by hand and a journal.
struct Remote {
    sandbox: Sandbox,
    now: Timestamp,
    journal: Vec<Record>,
}

impl Remote {
    fn new() -> Self {
        Self::replayed(Vec::new())
    }

    /// A new process that reads `journal`.
    fn replayed(journal: Vec<Record>) -> Self {
        let settings = Settings { speed: 1.0, keys: vec!["secret".into()] };
        let mut sandbox = Sandbox::new(CATALOG.clone(), settings);
        for record in journal.clone() {
            sandbox.replay(record);
        }
        let now = "2026-11-20T12:00:00Z".parse().expect("a time");
        Self { sandbox, now, journal }
    }

    fn wait_ms(&mut self, ms: i64) {
        self.now += SignedDuration::from_millis(ms);
    }

    fn wait_days(&mut self, days: i64) {
        self.now += SignedDuration::from_hours(24 * days);
    }

    /// Answers any request, and keeps what must be kept.
    fn request(&mut self, request: &HttpRequest) -> Reply {
        let reply = self.sandbox.handle(request, ORIGIN, self.now);
        self.journal.extend(reply.records.clone());
        reply
    }

    /// Posts an array of tasks with the key.
    fn post(&mut self, tasks: &Value) -> Reply {
        let mut request = HttpRequest::post_json(format!("{ORIGIN}/v1"), tasks);
        request.headers.push(("authorization".into(), "Bearer secret".into()));
        self.request(&request)
    }

    /// The status and body of the answer to an array of tasks.
    fn ask(&mut self, tasks: Value) -> (u16, Value) {
        let reply = self.post(&tasks);
        assert_eq!(reply.delivery, Delivery::Whole);
        read(&reply)
    }

    /// Submits one task, which must be accepted.
    fn submit(&mut self, task: &Value) {
        let (status, body) = self.ask(json!([task]));
        assert_eq!((status, body.get("errors")), (200, None), "{body}");
    }

    /// The code of the only error with which one task is refused.
    fn refusal(&mut self, task: &Value) -> (u16, String) {
        let (status, body) = self.ask(json!([task]));
        assert_eq!(body["data"], json!([]), "{task} was accepted");
        let errors = body["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1, "{body}");
        (status, text(&errors[0]["code"]))
    }

    /// Stores an image, and returns its UUID.
    fn stored(&mut self, id: u128, image: &[u8]) -> String {
        let (status, body) = self.ask(json!([{
            "taskType": "mediaStorage", "taskUUID": uuid(id), "operation": "upload", "media": data_uri(image),
        }]));
        assert_eq!((status, body.get("errors")), (200, None), "{body}");
        text(&body["data"][0]["mediaUUID"])
    }

    /// What a poll says of a task.
    fn poll(&mut self, id: u128) -> Value {
        let (status, body) = self.ask(json!([{ "taskType": "getResponse", "taskUUID": uuid(id) }]));
        assert_eq!(status, 200);
        body
    }

    /// The clips that are to be rendered.
    fn clips(&self) -> Vec<(Uuid, ClipSpec)> {
        self.sandbox.clips_to_render().collect()
    }

    /// Renders every clip that is asked for.
    fn render(&mut self) {
        for (video, _) in self.clips() {
            self.journal.push(self.sandbox.rendered(video, Ok(())));
        }
    }

    /// Waits until anything usual is done, renders it, and polls `id`.
    fn finish(&mut self, id: u128) -> Value {
        self.wait_ms(30_000);
        self.render();
        self.poll(id)
    }

    /// The answer to a GET.
    fn get(&mut self, url: &str) -> Body {
        self.request(&HttpRequest {
            method: Method::Get,
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        })
        .body
    }
}

/// The status and the JSON of an answer.
fn read(reply: &Reply) -> (u16, Value) {
    let response = http(reply);
    (response.status, serde_json::from_slice(&response.body).expect("JSON"))
}

fn http(reply: &Reply) -> &HttpResponse {
    match &reply.body {
        Body::Http(response) => response,
        Body::Media { media, .. } => panic!("the file {media} and not a response"),
        Body::Clip { video, .. } => panic!("the file of {video} and not a response"),
    }
}

/// The version-4 UUID that a test calls by a number.
fn uuid(id: u128) -> Uuid {
    uuid::Builder::from_random_bytes(id.to_be_bytes()).into_uuid()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A task of 1.0 Pro that breaks no rule, changed as `change` says; null removes a field.
fn task(id: u128, change: Value) -> Value {
    changed(id, "bytedance:2@1", 480, change)
}

/// The same of 1.5 Pro.
fn task_1_5(id: u128, change: Value) -> Value {
    changed(id, "bytedance:seedance@1.5-pro", 496, change)
}

/// A draft of 1.5 Pro.
fn draft(id: u128, change: Value) -> Value {
    let settings = json!({ "bytedance": { "draft": true, "audio": true } });
    let mut task = task_1_5(id, json!({ "providerSettings": settings, "seed": 7 }));
    merge(&mut task, change);
    task
}

fn changed(id: u128, model: &str, height: u32, change: Value) -> Value {
    let mut task = json!({
        "taskType": "videoInference",
        "taskUUID": uuid(id),
        "model": model,
        "positivePrompt": "a fox in the snow",
        "width": 864,
        "height": height,
        "duration": 5,
        "includeCost": true,
    });
    merge(&mut task, change);
    task
}

fn merge(task: &mut Value, change: Value) {
    let Value::Object(change) = change else { panic!("a change is an object") };
    for (key, value) in change {
        match value {
            Value::Null => drop(task.as_object_mut().and_then(|task| task.remove(&key))),
            value => task[&key] = value,
        }
    }
}

/// The first bytes of a PNG, which say its size.
fn png(width_px: u32, height_px: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width_px.to_be_bytes());
    bytes.extend(height_px.to_be_bytes());
    bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

fn data_uri(bytes: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(bytes))
}
