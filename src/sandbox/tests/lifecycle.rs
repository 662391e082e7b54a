//! From the submit to the file: acknowledgement, polls, batches, money.

use super::super::clip::Container;
use super::super::{LedgerState, MAX_TASKS_PER_REQUEST};
use super::*;
use crate::domain::money::MicroUsd;

fn processing(id: u128) -> Value {
    json!({ "taskType": "videoInference", "taskUUID": uuid(id), "status": "processing" })
}

fn statuses(body: &Value) -> Vec<String> {
    let items = body["data"].as_array().expect("data");
    items.iter().map(|item| text(&item["status"])).collect()
}

#[test]
fn a_submit_is_acknowledged_by_one_placeholder_whatever_the_number_of_results() {
    let mut remote = Remote::new();
    let (status, body) = remote.ask(json!([task(1, json!({ "numberResults": 4 }))]));
    let placeholder = json!({ "taskType": "videoInference", "taskUUID": uuid(1) });
    assert_eq!((status, body), (200, json!({ "data": [placeholder] })));
}

#[test]
fn a_result_is_there_once_its_time_has_come_and_its_clip_is_rendered() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({ "seed": 42 })));
    remote.wait_ms(11_999);
    remote.render();
    assert_eq!(remote.poll(1), json!({ "data": [processing(1)] }));
    remote.wait_ms(1);
    let body = remote.poll(1);
    let video = text(&body["data"][0]["videoUUID"]);
    let success = json!({
        "taskType": "videoInference",
        "taskUUID": uuid(1),
        "status": "success",
        "videoUUID": video,
        "videoURL": format!("{ORIGIN}/files/{video}.mp4"),
        "seed": 42,
        "cost": 0.09703,
    });
    assert_eq!(body, json!({ "data": [success] }));
}

#[test]
fn time_alone_makes_no_clip() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({})));
    remote.wait_ms(60_000);
    assert_eq!(remote.poll(1), json!({ "data": [processing(1)] }));
    assert_eq!(remote.sandbox.balance(remote.now), MicroUsd(1_000_000_000));
}

#[test]
fn several_results_come_one_by_one_and_every_poll_tells_them_all() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({ "numberResults": 4, "seed": 4 })));
    remote.render();
    let mut seen = Vec::new();
    for wait_ms in [12_000, 3_000, 3_000, 3_000] {
        remote.wait_ms(wait_ms);
        let body = remote.poll(1);
        assert_eq!(body["data"].as_array().map(Vec::len), Some(4));
        seen.push(statuses(&body).iter().filter(|status| *status == "success").count());
    }
    assert_eq!(seen, [1, 2, 3, 4]);
    let body = remote.poll(1);
    let items = body["data"].as_array().expect("data");
    let seeds: Vec<&Value> = items.iter().map(|item| &item["seed"]).collect();
    assert_eq!(seeds, [4, 5, 6, 7]);
}

#[test]
fn a_poll_asks_for_many_tasks_and_an_unknown_one_gives_nothing() {
    let mut remote = Remote::new();
    assert_eq!(remote.poll(9), json!({ "data": [] }));
    remote.submit(&task(1, json!({})));
    remote.submit(&task(2, json!({})));
    let polls = [1, 9, 2].map(|id| json!({ "taskType": "getResponse", "taskUUID": uuid(id) }));
    let (status, body) = remote.ask(json!(polls));
    assert_eq!((status, body), (200, json!({ "data": [processing(1), processing(2)] })));
}

#[test]
fn a_clip_that_cannot_be_rendered_fails_and_is_not_billed() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({})));
    let (video, _) = remote.clips().remove(0);
    remote.sandbox.rendered(video, Err("the disk is full".into()));
    let body = remote.finish(1);
    assert_eq!(body["data"], json!([]));
    let error = &body["errors"][0];
    assert_eq!((&error["code"], &error["status"]), (&json!("providerError"), &json!("error")));
    assert_eq!(error["taskUUID"], json!(uuid(1)));
    let line = remote.sandbox.ledger(remote.now).next().expect("a task");
    assert_eq!((line.billed, line.state), (MicroUsd::ZERO, LedgerState::Failed));
}

#[test]
fn the_same_task_twice_is_a_conflict_and_costs_nothing_more() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({})));
    let (status, body) = remote.ask(json!([task(1, json!({}))]));
    assert_eq!((status, &body["data"]), (400, &json!([])));
    let error = &body["errors"][0];
    assert_eq!(error["code"], "conflictTaskUUID");
    assert_eq!((&error["parameter"], &error["taskUUID"]), (&json!("taskUUID"), &json!(uuid(1))));
    remote.finish(1);
    let billed: MicroUsd = remote.sandbox.ledger(remote.now).map(|line| line.billed).sum();
    assert_eq!(billed, MicroUsd(97_030));
    assert_eq!(remote.refusal(&task(1, json!({}))), (400, "conflictTaskUUID".into()));
}

#[test]
fn a_batch_with_one_wrong_task_is_accepted_without_it() {
    let mut remote = Remote::new();
    let tasks = json!([
        task(1, json!({})),
        task(2, json!({ "duration": 99 })),
        task(1, json!({})),
        { "taskType": "paint" },
        7,
    ]);
    let (status, body) = remote.ask(tasks);
    assert_eq!(status, 200);
    assert_eq!(body["data"].as_array().map(Vec::len), Some(1));
    let codes: Vec<String> = (0..4).map(|index| text(&body["errors"][index]["code"])).collect();
    assert_eq!(codes, ["invalidDuration", "conflictTaskUUID", "invalidTaskType", "invalidTask"]);
    assert_eq!(body["errors"][0]["taskUUID"], json!(uuid(2)));
    assert_eq!(remote.poll(2), json!({ "data": [] }));
    remote.submit(&task(2, json!({})));
}

#[test]
fn five_hundred_tasks_fit_into_one_request() {
    let mut remote = Remote::new();
    let tasks: Vec<Value> =
        (0..MAX_TASKS_PER_REQUEST as u128).map(|id| task(id, json!({}))).collect();
    let (status, body) = remote.ask(json!(tasks));
    assert_eq!((status, body.get("errors")), (200, None));
    assert_eq!(remote.clips().len(), MAX_TASKS_PER_REQUEST);
}

#[test]
fn what_waits_to_be_rendered_is_bounded_at_each_door() {
    let mut remote = Remote::new();
    let some = |ids: std::ops::Range<u128>| ids.map(|id| task(id, json!({}))).collect::<Vec<_>>();
    remote.ask(json!(some(0..MAX_TASKS_PER_REQUEST as u128)));
    let (status, body) = remote.ask(json!(some(9000..9200)));
    assert_eq!((status, &body["errors"][0]["code"]), (429, &json!("rateLimitExceeded")));
    assert_eq!(remote.clips().len(), MAX_TASKS_PER_REQUEST, "nothing more is kept");
    let input =
        json!({ "prompt": "a fox", "duration": 5, "aspect_ratio": "16:9", "resolution": "720p" });
    for (path, model) in
        [("/v2/seedance-1-0-pro/run", ""), ("/api/v1/runs", "bytedance/seedance-1-pro")]
    {
        let body = json!({ "model": model, "input": input });
        let mut request = HttpRequest::post_json(format!("{ORIGIN}{path}"), &body);
        request.headers.push(("authorization".into(), "Bearer secret".into()));
        let (status, body) = read(&remote.request(&request));
        assert_eq!(status, 429, "{path}: {body}");
    }
    let (video, _) = remote.clips()[0].clone();
    remote.sandbox.rendered(video, Ok(()));
    remote.submit(&task(9000, json!({})));
}

#[test]
fn clips_are_rendered_in_the_order_they_are_due() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({ "numberResults": 2, "outputFormat": "MOV" })));
    remote.submit(&draft(2, json!({})));
    let clips = remote.clips();
    let drafts: Vec<bool> = clips.iter().map(|(_, spec)| spec.draft).collect();
    assert_eq!(drafts, [true, false, false]);
    let (_, spec) = &clips[1];
    assert_eq!((spec.width_px, spec.height_px, spec.duration_ms), (864, 480, 5000));
    assert_eq!((&spec.container, spec.quality, spec.audio), (&Container::Mov, 95, false));
    assert_ne!(clips[1].1.seed, clips[2].1.seed);
}

#[test]
fn a_file_is_served_from_its_address_for_seven_days() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({})));
    let video = remote.clips()[0].0;
    let url = format!("{ORIGIN}/files/{video}.mp4");
    assert!(matches!(remote.get(&url), Body::Http(HttpResponse { status: 404, .. })));
    let body = remote.finish(1);
    assert_eq!(text(&body["data"][0]["videoURL"]), url);
    assert_eq!(remote.get(&url), Body::Clip { video, container: Container::Mp4 });
    let other = url.replace(".mp4", ".mov");
    assert!(matches!(remote.get(&other), Body::Http(HttpResponse { status: 404, .. })));
    remote.wait_days(7);
    assert!(matches!(remote.get(&url), Body::Http(HttpResponse { status: 404, .. })));
}

#[test]
fn a_ttl_shortens_the_life_of_a_file() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({ "ttl": 60 })));
    let url = text(&remote.finish(1)["data"][0]["videoURL"]);
    assert!(matches!(remote.get(&url), Body::Clip { .. }));
    remote.wait_ms(60_000);
    assert!(matches!(remote.get(&url), Body::Http(HttpResponse { status: 404, .. })));
}

#[test]
fn other_addresses_are_not_found() {
    let mut remote = Remote::new();
    for url in ["/", "/v2", "/v1", "/files/", "/files/x.mp4", "/files/../v1"] {
        let Body::Http(response) = remote.get(&format!("{ORIGIN}{url}")) else { panic!("{url}") };
        assert_eq!(response.status, 404, "{url}");
        assert!(serde_json::from_slice::<Value>(&response.body).is_ok());
    }
}

#[test]
fn details_tell_the_request_and_the_latest_response() {
    let mut remote = Remote::new();
    let sent = task(1, json!({ "seed": 1 }));
    remote.submit(&sent);
    let ask = json!([{ "taskType": "getTaskDetails", "taskUUID": uuid(1) }]);
    let (_, body) = remote.ask(ask.clone());
    assert_eq!(body["data"][0]["request"], json!([sent]));
    assert_eq!(body["data"][0]["response"], json!({ "data": [processing(1)] }));
    let done = remote.finish(1);
    let (_, body) = remote.ask(ask);
    assert_eq!(body["data"][0]["response"]["data"], done["data"]);
    let unknown = json!([{ "taskType": "getTaskDetails", "taskUUID": uuid(2) }]);
    assert_eq!(remote.ask(unknown), (200, json!({ "data": [] })));
}

#[test]
fn the_balance_is_play_money_less_what_was_billed() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({})));
    remote.finish(1);
    let ask = json!({
        "taskType": "accountManagement", "taskUUID": uuid(2), "operation": "getDetails",
    });
    let (_, body) = remote.ask(json!([ask]));
    assert_eq!(body["data"][0]["balance"], 999.90297);
    assert_eq!(body["data"][0]["usage"]["total"], json!({ "credits": 0.09703, "requests": 1 }));
}

#[test]
fn a_cost_is_told_only_when_it_was_asked_for() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({ "includeCost": null })));
    let body = remote.finish(1);
    assert_eq!(body["data"][0].get("cost"), None);
    assert_eq!(remote.sandbox.ledger(remote.now).next().map(|line| line.billed.0), Some(97_030));
}

#[test]
fn a_length_of_auto_is_chosen_once_and_billed_as_chosen() {
    let mut remote = Remote::new();
    remote.submit(&task_1_5(1, json!({ "duration": "auto" })));
    let length = remote.clips()[0].1.duration_ms;
    assert!((4000..=12_000).contains(&length) && length.is_multiple_of(1000), "{length} ms");
    let cost = remote.finish(1)["data"][0]["cost"].as_f64();
    remote.submit(&task_1_5(2, json!({ "duration": length / 1000 })));
    assert_eq!(remote.finish(2)["data"][0]["cost"].as_f64(), cost);
}

#[test]
fn a_dry_run_tells_the_cost_and_accepts_nothing() {
    let mut remote = Remote::new();
    let tasks = json!([task(1, json!({ "numberResults": 2 }))]);
    let mut request = HttpRequest::post_json(format!("{ORIGIN}/v1"), &tasks);
    request.headers.push(("authorization".into(), "Bearer secret".into()));
    request.headers.push(("x-runware-dry-run".into(), "1".into()));
    let reply = remote.request(&request);
    assert_eq!(read(&reply).1["data"][0]["cost"], 0.19406);
    assert_eq!(reply.records, []);
    assert_eq!(remote.poll(1), json!({ "data": [] }));
}

#[test]
fn a_task_is_forgotten_after_eight_days_but_not_what_it_cost() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({})));
    remote.finish(1);
    let balance = remote.sandbox.balance(remote.now);
    remote.wait_days(9);
    assert_eq!(remote.poll(1), json!({ "data": [] }));
    assert_eq!(remote.sandbox.ledger(remote.now).count(), 0);
    assert_eq!(remote.sandbox.balance(remote.now), balance);
}
