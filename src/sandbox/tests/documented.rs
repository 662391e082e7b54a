//! The examples of Runware's model pages, as they stand there.

use super::*;

/// Seedance 1.0 Pro, 1.0 Pro Fast and 1.5 Pro; each file names its page.
const PAGES: [&str; 3] = [
    include_str!("../../../tests/fixtures/runware/seedance-1.0-pro.json"),
    include_str!("../../../tests/fixtures/runware/seedance-1.0-pro-fast.json"),
    include_str!("../../../tests/fixtures/runware/seedance-1.5-pro.json"),
];

fn examples() -> Vec<Value> {
    let pages = PAGES.map(|page| serde_json::from_str::<Value>(page).expect("JSON"));
    pages.iter().flat_map(|page| page["examples"].as_array().expect("examples").clone()).collect()
}

#[test]
fn every_example_runs_as_it_stands_and_is_billed_exactly_the_documented_cost() {
    let mut costs = Vec::new();
    for example in examples() {
        let mut remote = Remote::new();
        remote.submit(&example["request"]);
        remote.wait_ms(12_000);
        remote.render();

        let cost = example["response"]["cost"].as_f64().expect("a cost");
        let line = remote.sandbox.ledger(remote.now).next().expect("a task");
        assert_eq!(line.billed.as_usd(), cost, "{}", example["request"]);
        assert_eq!(remote.sandbox.balance(remote.now).0, 1_000_000_000 - line.billed.0);
        costs.push(cost);
    }
    let documented = [
        0.77498, 0.77957, 0.77957, 0.77957, 0.0367, 0.03811, 0.03811, 0.03811, 0.93798, 0.41688,
        0.07292, 0.41688,
    ];
    assert_eq!(costs, documented);
}

#[test]
fn every_answer_has_the_documented_fields_and_values() {
    for example in examples() {
        let mut remote = Remote::new();
        let mut request = example["request"].clone();
        // The examples show a cost without asking for it; the parameter's text says it must be.
        request["includeCost"] = json!(true);
        remote.submit(&request);
        remote.wait_ms(12_000);
        remote.render();
        let poll = json!([{ "taskType": "getResponse", "taskUUID": request["taskUUID"] }]);
        let (_, body) = remote.ask(poll);

        let (got, documented) = (&body["data"][0], &example["response"]);
        for key in documented.as_object().expect("an object").keys() {
            match key.as_str() {
                // These are the service's own; ours have the same form.
                "videoUUID" | "videoURL" => assert!(got[key].is_string()),
                "outputs" => {
                    let [ours, theirs] = [got, documented].map(|one| text(&one[key]["draftId"]));
                    assert_eq!((&ours[..4], ours.len()), (&theirs[..4], theirs.len()));
                }
                _ => assert_eq!(got[key], documented[key], "{key}"),
            }
        }
        assert_eq!(got["status"], "success");
    }
}

#[test]
fn a_key_that_is_missing_or_wrong_gets_the_documented_answer() {
    let mut remote = Remote::new();
    let mut request = HttpRequest::post_json(format!("{ORIGIN}/v1"), &json!([task(1, json!({}))]));
    for bearer in [None, Some("Bearer wrong"), Some("secret")] {
        let header = bearer.map(|bearer| ("authorization".to_owned(), bearer.to_owned()));
        request.headers = header.into_iter().collect();
        let reply = remote.request(&request);
        // Docs, errors.
        let documented = json!({ "errors": [{
            "code": "invalidApiKey",
            "message": "Invalid API key. Get one at https://my.runware.ai/signup",
            "parameter": "apiKey",
            "taskType": "authentication",
        }] });
        assert_eq!(read(&reply), (401, documented));
        assert_eq!(reply.records, []);
    }
}

#[test]
fn the_key_may_come_as_the_first_task() {
    let mut remote = Remote::new();
    let tasks = json!([
        { "taskType": "authentication", "apiKey": "secret" },
        task(1, json!({})),
    ]);
    let reply = remote.request(&HttpRequest::post_json(format!("{ORIGIN}/v1"), &tasks));
    assert_eq!(read(&reply).0, 200);
    let kept = serde_json::to_string(&reply.records).expect("JSON");
    assert!(!kept.contains("secret"), "{kept}");
}
