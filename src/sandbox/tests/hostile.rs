//! No bytes make the sandbox panic, and nothing that it refuses leaves a trace.

use super::*;

/// Bodies of which every part is right.
fn valid_bodies() -> Vec<Value> {
    let frames = json!({ "frameImages": [
        { "image": data_uri(&png(800, 600)), "frame": "first" },
        "https://host/b.png",
    ] });
    let everything = json!({
        "seed": 1, "numberResults": 2, "outputType": "URL", "outputFormat": "MOV",
        "outputQuality": 50, "ttl": 60, "deliveryMethod": "async", "inputs": frames,
        "safety": { "checkContent": true, "mode": "full" },
        "webhookURL": "https://host/hook", "uploadEndpoint": "https://host/put",
        "providerSettings": { "bytedance": { "cameraFixed": true } },
    });
    vec![
        json!([task(1, everything)]),
        json!([draft(2, json!({})), { "taskType": "getResponse", "taskUUID": uuid(2) }]),
        json!([
            { "taskType": "authentication", "apiKey": "secret" },
            { "taskType": "getTaskDetails", "taskUUID": uuid(2) },
            { "taskType": "accountManagement", "taskUUID": uuid(3), "operation": "getDetails" },
        ]),
        json!([task_1_5(
            4,
            json!({
                "inputs": { "draftId": "cgt-20260327025345-g766z" }, "duration": null,
            })
        )]),
    ]
}

fn send(body: Vec<u8>) {
    let mut remote = Remote::new();
    let mut request = HttpRequest::post_json(format!("{ORIGIN}/v1"), &json!(null));
    request.headers.push(("authorization".into(), "Bearer secret".into()));
    request.body = body;
    let reply = remote.request(&request);
    let status = http(&reply).status;
    assert!([200, 400, 401, 402, 413, 429, 500].contains(&status), "{status}");
    assert!(status == 200 || reply.records.is_empty());
    remote.wait_ms(100_000);
    remote.render();
    for line in remote.sandbox.ledger(remote.now).collect::<Vec<_>>() {
        assert!(line.billed.0 >= 0);
    }
}

#[test]
fn mutated_bytes_never_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    for body in valid_bodies() {
        let body = body.to_string().into_bytes();
        for _ in 0..150 {
            let mut mutant = body.clone();
            for _ in 0..=next(4) {
                let at = next(mutant.len());
                match next(4) {
                    0 => mutant.truncate(at),
                    1 if !mutant.is_empty() => mutant[at] = next(256) as u8,
                    2 => mutant.insert(at, b"\"{}[],:0-e\\\xff"[next(12)]),
                    _ => {
                        let end = at + next(mutant.len() - at);
                        let copy = mutant[at..end].to_vec();
                        mutant.extend(copy);
                    }
                }
            }
            send(mutant);
        }
    }
}

/// `value` with each of its parts in turn replaced by `with`.
fn replaced(value: &Value, with: &Value) -> Vec<Value> {
    let mut all = vec![with.clone()];
    match value {
        Value::Object(object) => {
            for (key, part) in object {
                for part in replaced(part, with) {
                    let mut object = object.clone();
                    object.insert(key.clone(), part);
                    all.push(Value::Object(object));
                }
            }
        }
        Value::Array(list) => {
            for (index, part) in list.iter().enumerate() {
                for part in replaced(part, with) {
                    let mut list = list.clone();
                    list[index] = part;
                    all.push(Value::Array(list));
                }
            }
        }
        _ => {}
    }
    all
}

#[test]
fn values_of_another_kind_never_panic() {
    let strange = [
        json!(null),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(0.1),
        json!(""),
        json!("\u{0}\u{202e}\u{1f98a}"),
        json!("data:;base64,"),
        json!("9".repeat(5000)),
        json!([]),
        json!([[]]),
        json!({}),
        json!({ "": { "": [] } }),
    ];
    for body in valid_bodies() {
        for with in &strange {
            for body in replaced(&body, with) {
                send(body.to_string().into_bytes());
            }
        }
    }
}

#[test]
fn a_speed_that_is_no_speed_still_works() {
    for speed in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        let settings = Settings { speed, keys: Vec::new() };
        let mut sandbox = Sandbox::new(CATALOG.clone(), settings);
        let mut request =
            HttpRequest::post_json(format!("{ORIGIN}/v1"), &json!([task(1, json!({}))]));
        request.headers.push(("authorization".into(), "Bearer any".into()));
        let reply = sandbox.handle(&request, ORIGIN, Timestamp::MAX);
        assert_eq!(read(&reply).0, 200);
    }
}
