//! A new process that reads the journal answers as the old one did.

use super::*;

/// A remote that has seen a bit of everything.
fn busy() -> Remote {
    let mut remote = Remote::new();
    let frames = json!({ "frameImages": [data_uri(&png(1600, 900))] });
    remote.submit(&draft(1, json!({ "numberResults": 2, "inputs": frames })));
    remote.submit(&task(2, json!({ "positivePrompt": "a fox sandbox:moderation" })));
    remote.post(&json!([task(3, json!({ "positivePrompt": "a fox sandbox:lost-reply" }))]));
    let limited = task(4, json!({ "positivePrompt": "a fox sandbox:rate-limit" }));
    remote.ask(json!([limited]));
    remote.ask(json!([task(5, json!({ "duration": 99 }))]));
    remote.wait_ms(6_000);
    remote.render();
    let draft_id = text(&remote.poll(1)["data"][0]["outputs"]["draftId"]);
    let mut promotion = task_1_5(6, json!({ "inputs": { "draftId": draft_id } }));
    merge(&mut promotion, json!({ "duration": null, "width": 1920, "height": 1080 }));
    remote.submit(&promotion);
    remote.submit(&task_1_5(7, json!({ "duration": "auto" })));
    let (video, _) = remote.clips().remove(0);
    let record = remote.sandbox.rendered(video, Err("no luck".into()));
    remote.journal.push(record);
    remote
}

/// Everything that a client can learn.
fn answers(remote: &mut Remote) -> Vec<Value> {
    let mut answers = Vec::new();
    for wait_ms in [0, 4_000, 8_000, 20_000] {
        remote.wait_ms(wait_ms);
        for id in 1..=7 {
            let details = json!({ "taskType": "getTaskDetails", "taskUUID": uuid(id) });
            answers.push(remote.poll(id));
            answers.push(remote.ask(json!([details])).1);
        }
        let account = json!({
            "taskType": "accountManagement", "taskUUID": uuid(9), "operation": "getDetails",
        });
        answers.push(remote.ask(json!([account])).1);
        answers.push(json!(remote.sandbox.ledger(remote.now).collect::<Vec<_>>()));
    }
    answers
}

#[test]
fn the_journal_survives_as_json_and_gives_the_same_answers() {
    let mut old = busy();
    let lines: Vec<String> =
        old.journal.iter().map(|record| serde_json::to_string(record).expect("JSON")).collect();
    let journal: Vec<Record> =
        lines.iter().map(|line| serde_json::from_str(line).expect("a record")).collect();
    assert_eq!(journal, old.journal);
    let mut new = Remote::replayed(journal);
    new.now = old.now;
    assert_eq!(answers(&mut new), answers(&mut old));
}

#[test]
fn a_shortened_journal_gives_the_same_answers_too() {
    let mut old = busy();
    let mut new = Remote::replayed(old.sandbox.journal());
    new.now = old.now;
    assert_eq!(answers(&mut new), answers(&mut old));
}

#[test]
fn what_was_billed_outlives_the_tasks_in_a_shortened_journal() {
    let mut old = busy();
    old.wait_ms(60_000);
    old.render();
    old.wait_days(9);
    old.poll(1);
    let journal = old.sandbox.journal();
    assert_eq!(journal.len(), 1, "{journal:?}");
    let mut new = Remote::replayed(journal);
    new.now = old.now;
    assert_eq!(answers(&mut new), answers(&mut old));
    let full = Remote::replayed(old.journal.clone());
    assert_eq!(full.sandbox.balance(old.now), old.sandbox.balance(old.now));
}

#[test]
fn the_journal_holds_the_hash_of_an_image_and_not_its_bytes() {
    let image = png(1600, 900);
    let mut remote = Remote::new();
    let frames = json!({ "frameImages": [{ "image": data_uri(&image), "frame": "first" }] });
    remote.submit(&task(1, json!({ "inputs": frames })));
    let journal = serde_json::to_string(&remote.journal).expect("JSON");
    assert!(!journal.contains(&STANDARD.encode(&image)));

    let clip = |remote: &Remote| remote.clips().into_iter().next();
    let before = clip(&remote);
    assert!(before.is_some() && before == clip(&Remote::replayed(remote.journal)));
}

#[test]
fn the_first_report_of_a_clip_counts() {
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({})));
    remote.render();
    let video = Uuid::try_parse(&text(&remote.finish(1)["data"][0]["videoUUID"])).expect("a UUID");
    remote.sandbox.rendered(video, Err("too late".into()));
    assert_eq!(remote.poll(1)["data"][0]["status"], "success");
    remote.sandbox.rendered(uuid(99), Ok(()));
}
