//! Runbase's protocol, as its documents have it.

use super::*;
use crate::domain::money::MicroUsd;

impl Remote {
    fn runbase(&mut self, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{ORIGIN}/api/v1/{path}");
        let mut request = match body {
            Some(body) => HttpRequest::post_json(url, &body),
            None => HttpRequest::get(url),
        };
        request.headers.push(("authorization".into(), "Bearer secret".into()));
        read(&self.request(&request))
    }

    fn billed_in_all(&self) -> MicroUsd {
        self.sandbox.ledger(self.now).map(|line| line.billed).sum()
    }
}

fn run(change: Value) -> Value {
    let mut input = json!({
        "prompt": "a fox in the snow", "aspect_ratio": "9:16", "resolution": "720p", "duration": "5",
    });
    merge(&mut input, change);
    json!({ "model": "bytedance/seedance-1-pro", "input": input })
}

#[test]
fn a_run_is_paid_at_creation_and_goes_to_its_file() {
    let mut remote = Remote::new();
    let (status, body) = remote.runbase("runs", Some(run(json!({}))));
    assert_eq!((status, &body["status"]), (200, &json!("pending")));
    let (id, cost) = (text(&body["id"]), body["costUsd"].as_i64().expect("micro-dollars"));
    assert!(id.starts_with("run_") && cost > 0, "{body}");
    assert_eq!(remote.billed_in_all(), MicroUsd(cost));
    remote.wait_ms(2_000);
    let (_, body) = remote.runbase(&format!("runs/{id}"), None);
    assert_eq!((&body["status"], body.get("output")), (&json!("processing"), None));
    assert_eq!(remote.clips()[0].1.height_px, 1248);
    remote.wait_ms(11_000);
    remote.render();
    let (_, body) = remote.runbase(&format!("runs/{id}"), None);
    assert_eq!((&body["status"], &body["costUsd"]), (&json!("succeeded"), &json!(cost)));
    assert_eq!(body["createdAt"], "2026-11-20T12:00:00.000Z");
    assert!(matches!(remote.get(&text(&body["output"]["urls"][0])), Body::Clip { .. }));
}

#[test]
fn a_failed_run_is_refunded() {
    let mut remote = Remote::new();
    let prompt = json!({ "prompt": "a fox sandbox:moderation" });
    let (_, body) = remote.runbase("runs", Some(run(prompt)));
    assert!(remote.billed_in_all() > MicroUsd::ZERO);
    remote.wait_ms(13_000);
    let (_, body) = remote.runbase(&format!("runs/{}", text(&body["id"])), None);
    assert_eq!(body["status"], "failed");
    assert!(text(&body["error"]).contains("content policy"), "{body}");
    assert_eq!(remote.billed_in_all(), MicroUsd::ZERO);
}

#[test]
fn every_documented_refusal_has_its_code() {
    let mut remote = Remote::new();
    for (body, status, code) in [
        (json!([]), 400, "invalid_json"),
        (json!({ "input": {} }), 400, "missing_model"),
        (json!({ "model": "bytedance/seedance-1-pro" }), 400, "missing_input"),
        (json!({ "model": "x", "input": { "prompt": "a fox" } }), 400, "model_not_found"),
        (run(json!({ "prompt": null })), 400, "invalid_input"),
        (run(json!({ "duration": 5 })), 400, "invalid_input"),
        (run(json!({ "duration": "6" })), 400, "invalid_input"),
        (run(json!({ "resolution": "480p" })), 400, "invalid_input"),
        (run(json!({ "aspect_ratio": "9:21" })), 400, "invalid_input"),
        (run(json!({ "image_urls": ["a", "b"] })), 400, "invalid_input"),
        (run(json!({ "prompt": "sandbox:insufficient-credits" })), 402, "insufficient_balance"),
        (run(json!({ "prompt": "sandbox:rate-limit" })), 429, "RATE_LIMITED"),
    ] {
        let (got, answer) = remote.runbase("runs", Some(body.clone()));
        assert_eq!((got, text(&answer["error"]["code"])), (status, code.to_owned()), "{body}");
    }
    assert_eq!(remote.runbase("runs/run_x", None).1["error"]["code"], "run_not_found");
    let url = format!("{ORIGIN}/api/v1/runs/run_x");
    let mut request = HttpRequest::get(url);
    assert_eq!(read(&remote.request(&request)).1["error"]["code"], "missing_api_key");
    request.headers.push(("authorization".into(), "Bearer other".into()));
    assert_eq!(read(&remote.request(&request)).1["error"]["code"], "invalid_api_key");
}

#[test]
fn twenty_requests_in_ten_seconds_are_the_most() {
    let mut remote = Remote::new();
    let mut codes: Vec<u16> = (0..21).map(|_| remote.runbase("runs/run_x", None).0).collect();
    assert_eq!((codes.pop(), codes), (Some(429), vec![404; 20]));
    remote.wait_ms(10_000);
    assert_eq!(remote.runbase("runs/run_x", None).0, 404);
}

#[test]
fn how_often_one_key_asks_does_not_hold_up_another() {
    let mut remote = Remote::new();
    remote.sandbox.settings.keys.clear();
    for _ in 0..21 {
        remote.runbase("runs/run_x", None);
    }
    let mut request = HttpRequest::get(format!("{ORIGIN}/api/v1/runs/run_x"));
    request.headers.push(("authorization".into(), "Bearer another".into()));
    assert_eq!(read(&remote.request(&request)).0, 404);
}
