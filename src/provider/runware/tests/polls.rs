//! What the replies to polls, to lookups and to the question for the balance mean.

use super::*;
use crate::domain::job::{Charged, FailureClass};
use crate::domain::money::MicroUsd;
use crate::domain::outcome::Trouble;
use crate::provider::runware::{balance, balance_told, look_up, looked_up, poll, polled};

const OTHER_KEY: &str = "0ad22720-f53a-440a-9dd8-61b04b800333";

fn sighting(body: &str) -> Sighting {
    sighted(200, body).expect("an answer")
}

fn sighted(status: u16, body: &str) -> Result<Sighting, Trouble> {
    let mut all = polled(&[named()], &reply(status, body))?;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].0, named().job);
    Ok(all.remove(0).1)
}

fn recorded(status: u16, body: &str) -> Result<Sighting, Trouble> {
    looked_up(&named(), &reply(status, body))
}

#[test]
fn one_request_asks_for_all_jobs() {
    let key = OTHER_KEY.parse().expect("a UUID");
    let other = Named { job: JobId(Uuid::from_u128(2)), key, ..named() };
    let request = poll(URL, &[named(), other]);
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    // The provider's documents, task polling.
    let expected = serde_json::json!([
        { "taskType": "getResponse", "taskUUID": KEY },
        { "taskType": "getResponse", "taskUUID": OTHER_KEY },
    ]);
    assert_eq!((body, request.url.as_str()), (expected, URL));
}

#[test]
fn a_task_under_way_is_pending() {
    let running = report(sighting(PROCESSING));
    assert_eq!((running.pending, running.outputs.len(), running.failures.len()), (1, 0, 0));
    // The Python SDK reads `progress` beside the status.
    let body = PROCESSING.replace("\"processing\"", "\"processing\",\"progress\":40");
    assert_eq!(report(sighting(&body)).progress_percent, Some(40));
}

#[test]
fn a_status_that_nobody_documents_counts_as_under_way() {
    // The older Python SDK tolerates these words.
    for status in ["queued", "pending", "scheduled", "waiting"] {
        let body = PROCESSING.replace("processing", status);
        assert_eq!(report(sighting(&body)).pending, 1, "{status}");
    }
}

#[test]
fn a_finished_task_has_its_result() {
    let done = report(sighting(DONE));
    assert_eq!((done.pending, done.failures.len(), done.outputs.len()), (0, 0, 1));
    let output = &done.outputs[0];
    assert_eq!(output.remote_id, "b8f53896-90db-4260-9267-b1a3639bc5ab");
    assert!(output.url.starts_with("https://vm.runware.ai/video/") && output.url.ends_with(".mp4"));
    assert_eq!((output.seed, output.charge), (Some(94_219), Some(MicroUsd(937_980))));
    assert_eq!((output.draft_id.clone(), output.flagged), (None, false));
}

#[test]
fn every_example_response_of_the_model_pages_is_read() {
    let fixtures = [
        include_str!("../../../../tests/fixtures/runware/seedance-1.0-pro.json"),
        include_str!("../../../../tests/fixtures/runware/seedance-1.0-pro-fast.json"),
        include_str!("../../../../tests/fixtures/runware/seedance-1.5-pro.json"),
    ];
    let mut draft_ids = Vec::new();
    for fixture in fixtures {
        let fixture: Value = serde_json::from_str(fixture).expect("JSON");
        for example in fixture["examples"].as_array().expect("examples") {
            let response = &example["response"];
            let key = response["taskUUID"].as_str().and_then(|key| key.parse().ok());
            let named = Named { key: key.expect("a UUID"), ..named() };
            let body = serde_json::json!({ "data": [response] });
            let mut all = polled(&[named], &HttpResponse::json(200, &body)).expect("an answer");
            let output = report(all.remove(0).1).outputs.remove(0);
            assert_eq!(output.charge.map(MicroUsd::as_usd), response["cost"].as_f64());
            assert_eq!(output.seed, response["seed"].as_u64());
            draft_ids.extend(output.draft_id);
        }
    }
    assert_eq!(draft_ids, ["cgt-20260327025345-g766z"], "the one draft among them");
}

#[test]
fn several_results_are_told_apart_by_their_own_ids() {
    let mut item: Value = serde_json::from_str(&DONE.replace("KEY", KEY)).expect("JSON");
    let first = item["data"][0].take();
    let mut second = first.clone();
    second["videoUUID"] = "f3d4744f-6176-491e-a6fb-fdcdfdd3d64f".into();
    let pending = serde_json::json!({ "taskUUID": KEY, "status": "processing" });
    let body = serde_json::json!({ "data": [first, second, first, pending] });
    let several = report(sighting(&body.to_string()));
    assert_eq!((several.outputs.len(), several.pending), (2, 1));
}

#[test]
fn a_failed_task_stands_among_the_errors() {
    let failed = report(sighting(TIMED_OUT));
    assert_eq!((failed.outputs.len(), failed.pending), (0, 0));
    assert_eq!(failed.failures[0].class, FailureClass::Timeout);
    assert!(failed.failures[0].message.starts_with("The external provider did not respond"));
}

#[test]
fn some_results_may_fail_while_others_are_there() {
    let errors = &TIMED_OUT[r#"{"data":[],"#.len()..];
    let body =
        format!("{},{errors}", DONE.trim_end_matches('}').to_owned() + "}]").replace("}]}]", "}]");
    let partial = report(sighting(&body));
    assert_eq!((partial.outputs.len(), partial.failures.len(), partial.pending), (1, 1, 0));
}

#[test]
fn an_item_may_carry_its_error_itself() {
    // The TypeScript SDK, client, and the Python SDK read both forms.
    let body = r#"{"data":[{"taskUUID":"KEY","status":"error","error":{"code":"providerError","message":"It failed."}}]}"#;
    let failed = report(sighting(body));
    assert_eq!((failed.pending, failed.failures[0].code.as_str()), (0, "providerError"));
    let body = r#"{"data":[{"taskUUID":"KEY","status":"error","code":"providerError","message":"It failed."}]}"#;
    assert_eq!(report(sighting(body)).failures[0].message, "It failed.");
}

#[test]
fn moderation_is_a_class_of_its_own() {
    // A user's integration met this form: no status, and errorCode instead of code.
    let body = r#"{"data":[{"taskUUID":"KEY","error":{"errorCode":"invalidProviderContent","message":"The provider refused the content."}}]}"#;
    let failed = report(sighting(body));
    assert_eq!(failed.failures[0].class, FailureClass::Moderated);
    assert_eq!(failed.failures[0].charged, Charged::NotCharged);
}

#[test]
fn a_task_that_is_not_mentioned_is_not_known() {
    assert_eq!(sighting(NOTHING), Sighting::NotKnown);
    assert_eq!(sighting(&DONE.replace("KEY", OTHER_KEY)), Sighting::NotKnown);
    // The codes that the SDKs know for it; sent beside the answers for other tasks.
    for code in ["taskNotFound", "taskFailedOrNotFound"] {
        let body = format!(r#"{{"data":[],"errors":[{{"code":"{code}","taskUUID":"KEY"}}]}}"#);
        assert_eq!(sighting(&body), Sighting::NotKnown, "{code}");
    }
}

#[test]
fn an_error_of_the_whole_request_says_nothing_of_a_job() {
    let trouble = sighted(401, WRONG_KEY).expect_err("trouble");
    assert_eq!(trouble.error.class, FailureClass::Key);
    for (status, body) in [(502, GATEWAY_HTML), (200, GATEWAY_HTML), (200, &DONE[..99]), (504, "")]
    {
        let trouble = sighted(status, body).expect_err("trouble");
        assert!(trouble.error.message.contains(&status.to_string()), "{}", trouble.error.message);
        recorded(status, body).expect_err("trouble");
    }
    let answer = with_retry_after(reply(429, "slow down"), "12");
    let trouble = polled(&[named()], &answer).expect_err("trouble");
    assert_eq!((trouble.error.class, trouble.retry_after_ms), (FailureClass::Rate, Some(12_000)));
}

#[test]
fn the_records_are_asked_by_the_same_key() {
    let request = look_up(URL, &named());
    // The provider's documents, task details.
    let expected = serde_json::json!({ "taskType": "getTaskDetails", "taskUUID": KEY });
    assert_eq!(task(&request.body), expected);
}

#[test]
fn a_record_proves_that_the_task_was_taken() {
    let record = |response: &str| {
        let body = format!(
            r#"{{"data":[{{"taskType":"getTaskDetails","taskUUID":"KEY","request":[{{}}],"response":{response}}}]}}"#
        );
        report(recorded(200, &body).expect("an answer"))
    };
    assert_eq!(record(DONE).outputs.len(), 1);
    assert_eq!(record(TIMED_OUT).failures[0].class, FailureClass::Timeout);
    assert_eq!(record(PROCESSING).pending, 1);
    assert_eq!(record(NOTHING).pending, 1, "taken, with nothing to show yet");
    let conflict = record(CONFLICT);
    assert_eq!((conflict.pending, conflict.failures.len()), (1, 0), "the later try is no failure");
}

#[test]
fn records_that_have_nothing_prove_that_it_was_not_taken() {
    assert_eq!(recorded(200, NOTHING), Ok(Sighting::NotKnown));
    for code in ["taskNotFound", "taskExpired", "taskFailedOrNotFound"] {
        let body = format!(r#"{{"data":[],"errors":[{{"code":"{code}","taskUUID":"KEY"}}]}}"#);
        assert_eq!(recorded(404, &body), Ok(Sighting::NotKnown), "{code}");
    }
    let trouble = recorded(401, WRONG_KEY).expect_err("trouble");
    assert_eq!(trouble.error.class, FailureClass::Key);
}

#[test]
fn the_balance_is_a_number_or_an_object_of_numbers() {
    let request = balance(URL, key()).body;
    // The provider's documents, account management.
    let expected = serde_json::json!({ "taskType": "accountManagement", "taskUUID": KEY, "operation": "getDetails" });
    assert_eq!(task(&request), expected);
    let told = |balance: &str| {
        let body = format!(
            r#"{{"data":[{{"taskType":"accountManagement","operation":"getDetails","balance":{balance}}}]}}"#
        );
        balance_told(&reply(200, &body)).expect("an answer")
    };
    assert_eq!(told("2450.75"), Some(MicroUsd(2_450_750_000)));
    // The Python SDK types it as an object whose keys no document names.
    assert_eq!(told(r#"{"currency":"USD","amount":12.5}"#), Some(MicroUsd(12_500_000)));
    assert_eq!(told("null"), None);
    let error = balance_told(&reply(401, WRONG_KEY)).expect_err("refused");
    assert_eq!(error.class, FailureClass::Key);
}

#[test]
fn json_that_is_not_the_protocol_says_nothing_of_a_job() {
    for status in [200, 403, 429, 500, 503] {
        sighted(status, GATEWAY_JSON).expect_err("trouble");
        recorded(status, GATEWAY_JSON).expect_err("trouble");
    }
}

#[test]
fn a_poll_that_is_refused_does_not_fail_the_jobs_that_it_names() {
    for (status, body) in [(429, RATE_LIMIT), (500, INTERNAL), (503, INTERNAL)] {
        sighted(status, body).expect_err("trouble");
        recorded(status, body).expect_err("trouble");
    }
    assert_eq!(class_of_unclear(INTERNAL), Some(FailureClass::Provider), "nor does it with 200");
}

#[test]
fn an_error_of_unexpected_types_is_still_an_error_of_its_task() {
    // No document promises types; a user's integration met errorCode, and another code beside it.
    for error in [
        r#"{"code":402,"message":"No."}"#,
        r#"{"code":"a","errorCode":"b","message":"No."}"#,
        r#"{"code":"a","message":["No."],"taskUUID":null}"#,
    ] {
        let body = format!(r#"{{"data":[{{"taskUUID":"KEY","error":{error}}}]}}"#);
        assert_eq!(report(sighting(&body)).failures.len(), 1, "{error}");
        let error = error.replace(r#","taskUUID":null"#, "").replacen(
            '{',
            r#"{"taskUUID":"KEY","status":"error","#,
            1,
        );
        let body = format!(r#"{{"data":[],"errors":[{error}]}}"#);
        assert_eq!(report(sighting(&body)).failures.len(), 1, "{error}");
    }
}

#[test]
fn a_task_that_aged_out_is_not_known_and_no_failure() {
    let body = r#"{"data":[],"errors":[{"code":"taskExpired","taskUUID":"KEY"}]}"#;
    assert_eq!(sighting(body), Sighting::NotKnown);
}

fn class_of_unclear(body: &str) -> Option<FailureClass> {
    match sighting(body) {
        Sighting::Unclear(error) => Some(error.class),
        _ => None,
    }
}

/// A rendering task was once called failed, and free, because the question for it met a rate limit.
#[test]
fn a_failure_is_believed_where_it_can_only_be_the_tasks() {
    let body = |code: &str, more: &str| {
        format!(
            r#"{{"data":[],"errors":[{{"code":"{code}","message":"…","taskUUID":"KEY"{more}}}]}}"#
        )
    };
    let (asked, rendered, failed) =
        (r#","taskType":"getResponse""#, r#","taskType":"videoInference""#, r#","status":"error""#);
    let asked_and_failed = format!("{asked}{failed}");
    for code in [
        "rateLimitExceeded",
        "timeout",
        "timeoutProvider",
        "providerInternalError",
        "invalidApiKey",
        "somethingNew",
    ] {
        for more in [asked, &asked_and_failed] {
            assert!(class_of_unclear(&body(code, more)).is_some(), "{code} {more}");
        }
        assert_eq!(report(sighting(&body(code, rendered))).failures.len(), 1, "{code}");
    }
    for code in ["rateLimitExceeded", "unauthorized"] {
        assert!(
            class_of_unclear(&body(code, failed)).is_some(),
            "{code}: every question has these"
        );
    }
    // What no question has.
    for code in ["invalidProviderContent", "contentPolicyViolation", "promptBlocked"] {
        assert_eq!(report(sighting(&body(code, asked))).failures.len(), 1, "{code}");
    }
    // Beside what the reply knows of the task it says nothing of that, and that there may be more.
    let both = DONE.trim_end_matches('}').to_owned()
        + &format!(r#"}}],"errors":[{{"code":"timeout","taskUUID":"KEY"{asked}}}]}}"#);
    let both = both.replacen("}]}],", "}],", 1);
    let told = report(sighting(&both));
    assert_eq!((told.outputs.len(), told.failures.len()), (1, 0));
    assert_eq!(told.unclear.map(|error| error.class), Some(FailureClass::Timeout));
}

#[test]
fn done_without_an_address_waits_for_it() {
    let body = r#"{"data":[{"taskUUID":"KEY","status":"success","videoURL":""}]}"#;
    let told = report(sighting(body));
    assert_eq!((told.pending, told.no_address), (1, 1));
    assert_eq!(report(sighting(PROCESSING)).no_address, 0);
}
