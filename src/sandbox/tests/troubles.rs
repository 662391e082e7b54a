//! Trouble on request, word by word.

use super::super::LedgerState;
use super::*;
use crate::domain::money::MicroUsd;

fn troubled(id: u128, word: &str, change: Value) -> Value {
    let mut task = task(id, json!({ "positivePrompt": format!("a fox {word}") }));
    merge(&mut task, change);
    task
}

fn billed(remote: &Remote) -> MicroUsd {
    remote.sandbox.ledger(remote.now).map(|line| line.billed).sum()
}

#[test]
fn moderation_and_timeout_accept_the_task_and_fail_it_for_nothing() {
    for (word, code) in
        [("sandbox:moderation", "invalidProviderContent"), ("sandbox:timeout", "timeoutProvider")]
    {
        let mut remote = Remote::new();
        remote.submit(&troubled(1, word, json!({})));
        assert_eq!(remote.poll(1)["data"][0]["status"], "processing");
        assert_eq!(remote.clips(), []);
        let body = remote.finish(1);
        assert_eq!(body["data"], json!([]));
        let error = &body["errors"][0];
        assert_eq!((&error["code"], &error["status"]), (&json!(code), &json!("error")));
        assert_eq!(error["taskUUID"], json!(uuid(1)));
        assert_eq!(billed(&remote), MicroUsd::ZERO);
    }
}

#[test]
fn slow_takes_six_times_as_long() {
    let mut remote = Remote::new();
    remote.submit(&troubled(1, "sandbox:slow", json!({})));
    remote.render();
    remote.wait_ms(71_999);
    assert_eq!(remote.poll(1)["data"][0]["status"], "processing");
    remote.wait_ms(1);
    assert_eq!(remote.poll(1)["data"][0]["status"], "success");
}

#[test]
fn an_empty_account_is_refused_with_402() {
    let mut remote = Remote::new();
    let task = troubled(1, "sandbox:insufficient-credits", json!({}));
    assert_eq!(remote.refusal(&task), (402, "insufficientCredits".into()));
    assert_eq!(remote.journal, []);
}

#[test]
fn a_rate_limit_turns_every_task_away_twice() {
    let mut remote = Remote::new();
    for id in [1, 2] {
        let task = troubled(id, "sandbox:rate-limit", json!({}));
        assert_eq!(remote.refusal(&task), (429, "rateLimitExceeded".into()));
        let mut remote = Remote::replayed(remote.journal.clone());
        assert_eq!(remote.refusal(&task), (429, "rateLimitExceeded".into()));
        remote.submit(&task);
    }
}

#[test]
fn a_lost_reply_leaves_a_task_that_is_unseen_for_two_seconds() {
    let mut remote = Remote::new();
    let task = troubled(1, "sandbox:lost-reply", json!({}));
    assert_eq!(remote.post(&json!([task])).delivery, Delivery::Lost);
    let details = json!([{ "taskType": "getTaskDetails", "taskUUID": uuid(1) }]);
    remote.wait_ms(1_999);
    assert_eq!(remote.poll(1), json!({ "data": [] }));
    assert_eq!(remote.ask(details.clone()).1, json!({ "data": [] }));
    assert_eq!(remote.refusal(&task), (400, "conflictTaskUUID".into()));
    remote.wait_ms(1);
    assert_eq!(remote.poll(1)["data"][0]["status"], "processing");
    assert_eq!(remote.ask(details).1["data"][0]["taskUUID"], json!(uuid(1)));
    assert_eq!(remote.finish(1)["data"][0]["status"], "success");
    assert_eq!(billed(&remote), MicroUsd(97_030));
}

#[test]
fn a_lost_request_never_arrives_and_the_second_one_does() {
    let mut remote = Remote::new();
    let lost = troubled(1, "sandbox:lost-request", json!({}));
    let reply = remote.post(&json!([lost, task(2, json!({}))]));
    assert_eq!(reply.delivery, Delivery::Lost);
    assert_eq!((remote.poll(1), remote.poll(2)), (json!({ "data": [] }), json!({ "data": [] })));
    let mut remote = Remote::replayed(remote.journal.clone());
    remote.submit(&lost);
}

#[test]
fn a_server_error_answers_once_with_a_page_of_html() {
    let mut remote = Remote::new();
    let task = troubled(1, "sandbox:server-error", json!({}));
    let reply = remote.post(&json!([task]));
    let response = http(&reply);
    assert_eq!((response.status, response.header("content-type")), (500, Some("text/html")));
    assert_eq!(remote.poll(1), json!({ "data": [] }));
    remote.submit(&task);
}

#[test]
fn an_expired_result_succeeds_without_a_file() {
    let mut remote = Remote::new();
    remote.submit(&troubled(1, "sandbox:expired-result", json!({})));
    let body = remote.finish(1);
    assert_eq!(body["data"][0]["status"], "success");
    let file = remote.get(&text(&body["data"][0]["videoURL"]));
    assert!(matches!(file, Body::Http(HttpResponse { status: 404, .. })));
    assert_eq!(billed(&remote), MicroUsd(97_030));
}

#[test]
fn partial_fails_the_last_of_several_results_and_bills_the_others() {
    let mut remote = Remote::new();
    remote.submit(&troubled(1, "sandbox:partial", json!({ "numberResults": 3 })));
    let body = remote.finish(1);
    assert_eq!(body["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(body["errors"].as_array().map(Vec::len), Some(1));
    let line = remote.sandbox.ledger(remote.now).next().expect("a task");
    assert_eq!((line.results, line.succeeded, line.billed), (3, 2, MicroUsd(194_060)));
    assert_eq!(line.state, LedgerState::Partial);
    remote.submit(&troubled(2, "sandbox:partial", json!({})));
    assert_eq!(remote.finish(2)["data"][0]["status"], "success");
}
