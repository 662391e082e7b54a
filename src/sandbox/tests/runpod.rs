//! RunPod's protocol, as its documents and its official SDKs have it.

use super::*;

impl Remote {
    /// A request to `/v2/seedance-1-0-pro/` with the key.
    fn runpod(&mut self, operation: &str, body: Option<Value>) -> Reply {
        let url = format!("{ORIGIN}/v2/seedance-1-0-pro/{operation}");
        let mut request = match body {
            Some(body) => HttpRequest::post_json(url, &body),
            None if operation.starts_with("cancel") => HttpRequest::post(url),
            None => HttpRequest::get(url),
        };
        request.headers.push(("authorization".into(), "Bearer secret".into()));
        self.request(&request)
    }

    /// The id of a job for `input`, which must be accepted.
    fn run_job(&mut self, operation: &str, input: Value) -> String {
        let reply = self.runpod(operation, Some(json!({ "input": input })));
        let (status, body) = read(&reply);
        assert_eq!((status, &body["status"]), (200, &json!("IN_QUEUE")), "{body}");
        text(&body["id"])
    }

    fn status(&mut self, id: &str) -> (u16, Value) {
        let reply = self.runpod(&format!("status/{id}"), None);
        read(&reply)
    }
}

fn fox() -> Value {
    json!({ "prompt": "a fox in the snow", "duration": 5, "fps": 24, "size": "864x480", "image": "" })
}

#[test]
fn a_job_goes_from_the_queue_to_its_file() {
    let mut remote = Remote::new();
    let id = remote.run_job("run", fox());
    assert!(id.ends_with("-u1") && !id.starts_with("sync-"), "{id}");
    assert_eq!(remote.status(&id).1, json!({ "id": id, "status": "IN_QUEUE" }));
    remote.wait_ms(2_000);
    assert_eq!(remote.status(&id).1["status"], "IN_PROGRESS");
    remote.wait_ms(11_000);
    assert_eq!(remote.clips()[0].1.width_px, 864);
    remote.render();
    let (_, body) = remote.status(&id);
    assert_eq!((&body["status"], &body["output"]["cost"]), (&json!("COMPLETED"), &json!(0.13)));
    let url = text(&body["output"]["video_url"]);
    assert!(matches!(remote.get(&url), Body::Clip { .. }));
    remote.wait_ms(31 * 60_000);
    let (status, body) = remote.status(&id);
    assert_eq!((status, &body["status"]), (404, &json!(404)), "kept for 30 minutes");
    assert!(matches!(remote.get(&url), Body::Clip { .. }), "the file lives for 7 days");
}

#[test]
fn the_journal_gives_the_same_jobs_back() {
    let mut remote = Remote::new();
    let [stays, stopped] = [0; 2].map(|_| remote.run_job("run", fox()));
    remote.runpod(&format!("cancel/{stopped}"), None);
    remote.render();
    for journal in [remote.journal.clone(), remote.sandbox.journal()] {
        let mut again = Remote::replayed(journal);
        again.wait_ms(20_000);
        assert_eq!(again.status(&stays).1["status"], "COMPLETED");
        assert_eq!(again.status(&stopped).1["status"], "CANCELLED");
        assert_eq!(again.clips(), []);
    }
}

#[test]
fn a_stopped_job_costs_nothing_and_a_finished_one_is_not_stopped() {
    let mut remote = Remote::new();
    let [stopped, finished] = [0; 2].map(|_| remote.run_job("run", fox()));
    let reply = remote.runpod(&format!("cancel/{stopped}"), None);
    assert_eq!(read(&reply), (200, json!({ "id": stopped, "status": "CANCELLED" })));
    assert_eq!(remote.clips().len(), 1);
    remote.wait_ms(20_000);
    remote.render();
    let reply = remote.runpod(&format!("cancel/{finished}"), None);
    assert_eq!(read(&reply).1["status"], "COMPLETED");
    assert_eq!(remote.status(&stopped).1["status"], "CANCELLED");
    let billed: Vec<i64> = remote.sandbox.ledger(remote.now).map(|line| line.billed.0).collect();
    assert_eq!(billed, [0, 130_000]);
}

#[test]
fn a_client_that_waits_is_held_until_the_job_is_finished() {
    let mut remote = Remote::new();
    let reply = remote.runpod("runsync", Some(json!({ "input": fox() })));
    let Delivery::Held { task, until } = reply.delivery else { panic!("{reply:?}") };
    assert_eq!(until.duration_since(remote.now).as_secs(), 90);
    let id = text(&read(&reply).1["id"]);
    assert!(id.starts_with("sync-"), "{id}");
    remote.wait_ms(20_000);
    remote.render();
    let held = remote.sandbox.held(task, until, ORIGIN, remote.now);
    assert_eq!((held.delivery, &read(&held).1["status"]), (Delivery::Whole, &json!("COMPLETED")));
    let again = remote.runpod(&format!("status-sync/{id}?wait=1000"), None);
    assert_eq!(again.delivery, Delivery::Whole);
    assert_eq!(remote.status(&id).1["status"], "COMPLETED");
}

#[test]
fn the_pages_own_refusal_is_given_word_for_word() {
    let mut remote = Remote::new();
    let input = json!({ "prompt": "a fox", "size": "1280*720" });
    let (status, body) = read(&remote.runpod("run", Some(json!({ "input": input }))));
    assert_eq!((status, &body["status"]), (400, &json!("FAILED")));
    assert_eq!(body["error"], "Invalid parameter: size format must be widthxheight");
    for wrong in [
        json!({}),
        json!({ "prompt": "a fox", "duration": 13 }),
        json!({ "prompt": "a fox", "duration": "5" }),
        json!({ "prompt": "a fox", "fps": 61 }),
        json!({ "prompt": "a fox", "size": "1x1" }),
        json!({ "prompt": "a fox", "image": "data:image/png;base64,AA" }),
    ] {
        let (status, _) = read(&remote.runpod("run", Some(json!({ "input": wrong }))));
        assert_eq!(status, 400, "{wrong}");
    }
    assert_eq!(remote.journal, []);
}

#[test]
fn what_is_not_there_and_who_is_not_known_is_told_by_the_code() {
    let mut remote = Remote::new();
    let id = remote.run_job("run", fox());
    for address in ["other/run", "seedance-1-0-pro/purge", "seedance-1-0-pro/status/x", "x"] {
        let mut request = HttpRequest::get(format!("{ORIGIN}/v2/{address}"));
        request.headers.push(("authorization".into(), "secret".into()));
        assert_eq!(http(&remote.request(&request)).status, 404, "{address}");
    }
    let strangers = HttpRequest::get(format!("{ORIGIN}/v2/seedance-1-0-pro/status/{id}"));
    assert_eq!(http(&remote.request(&strangers)).status, 401);
    assert_eq!(remote.poll(1), json!({ "data": [] }), "Runware's side does not know of it");
}

#[test]
fn health_counts_jobs() {
    let mut remote = Remote::new();
    remote.run_job("run", fox());
    let (_, body) = read(&remote.runpod("health", None));
    assert_eq!((&body["jobs"]["inQueue"], &body["jobs"]["completed"]), (&json!(1), &json!(0)));
}

#[test]
fn trouble_words_work_for_a_protocol_without_client_ids() {
    let mut remote = Remote::new();
    let with =
        |word: &str| json!({ "input": { "prompt": format!("a fox {word}"), "size": "864x480" } });
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(http(&remote.runpod("run", Some(with("sandbox:rate-limit")))).status);
    }
    assert_eq!(codes, [429, 429, 200, 429], "the first two of every job");
    assert_eq!(remote.runpod("run", Some(with("sandbox:lost-request"))).delivery, Delivery::Lost);
    assert_eq!(remote.runpod("run", Some(with("sandbox:lost-request"))).delivery, Delivery::Whole);
    assert_eq!(http(&remote.runpod("run", Some(with("sandbox:server-error")))).status, 500);
    let before = remote.clips().len();
    assert_eq!(remote.runpod("run", Some(with("sandbox:lost-reply"))).delivery, Delivery::Lost);
    assert_eq!(remote.clips().len(), before + 1, "it was accepted all the same");
    for (word, status) in [("sandbox:moderation", "FAILED"), ("sandbox:timeout", "TIMED_OUT")] {
        let id = text(&read(&remote.runpod("run", Some(with(word)))).1["id"]);
        remote.wait_ms(13_000);
        assert_eq!(remote.status(&id).1["status"], status);
    }
}
