//! Who sends, polls and saves, and who only looks.

use std::fs;

use rushes::domain::event::{JobEvent, Write};
use rushes::domain::job::JobId;
use rushes::store::Store;
use rustix::process::Signal;
use uuid::Uuid;

use super::killed::{at, with_small_models};
use super::support::{Desk, Running, generate, text, until};

/// Stores a job like the job `like` that no process has sent yet, for the model `provider/model` of the same name.
fn left_to_be_sent(desk: &Desk, like: &str, provider: &str) -> String {
    let mut store = Store::open(&desk.database()).expect("a database");
    let like = JobId(like.parse().expect("an id"));
    let (at, created) = store.events(like).expect("events").swap_remove(0);
    let JobEvent::Created { mut job } = created else { panic!("not created: {created:?}") };
    job.id = JobId(Uuid::from_u128(job.id.0.as_u128() + 1));
    job.attempt_key = Uuid::from_u128(job.attempt_key.as_u128() ^ 1);
    let mut body = serde_json::to_value(&*job).expect("JSON");
    body["request"]["model"] = format!("{provider}/1.0-pro").into();
    let job: Box<rushes::domain::job::Job> = serde_json::from_value(body).expect("a job");
    let event = JobEvent::Created { job: job.clone() };
    store.commit(&[Write { at, event, job: *job.clone() }], None).expect("a commit");
    job.id.to_string()
}

/// Once `rushes history` sent, at once, what another verb had said was not sent.
#[test]
fn a_verb_that_looks_sends_nothing_and_one_that_drives_does() {
    let desk = Desk::new();
    let clip = desk.clip("a pier");
    let done = text(&clip, "/id");
    let id = left_to_be_sent(&desk, done, "sandbox");
    for line in [
        &["jobs"][..],
        &["history"],
        &["show", &id],
        &["ledger"],
        &["doctor"],
        &["open", done],
        &["probe", done],
        &["frame", done, "--last", "-o", "last.png"],
        &["sheet", done, "-o", "sheet.png"],
        &["models"],
        &["keeper", "--status"],
    ] {
        desk.done(line);
        assert_eq!(text(&desk.show(&id), "/state"), "queued", "{line:?}");
    }
    let mut watching = desk.start(&["jobs", "--watch", "--json"]);
    for _ in 0..2 {
        watching.next_line();
    }
    assert_eq!(desk.accepted_once_each(), 1);
    let sent = desk.done(&["wait", "--json"]).object();
    assert_eq!((text(&sent, "/id"), text(&sent, "/state")), (id.as_str(), "succeeded"));
    until("the watcher to see it", || watching.next_line().contains("succeeded"));
}

/// What an earlier process left is held against the limits of today before it is sent.
#[test]
fn what_an_earlier_process_left_is_sent_within_limits_or_held() {
    let desk = Desk::new();
    let clip = desk.clip("a pier");
    let id = left_to_be_sent(&desk, text(&clip, "/id"), "runware");
    desk.write("config/config.toml", "[limits]\nsubmit_usd = 0.001\n");
    let real = |line: &[&str]| {
        let mut command = desk.command(line);
        command.env("RUNWARE_API_KEY", "any").env("RUNWARE_BASE_URL", "http://127.0.0.1:9/v1");
        Running::start(command).ended()
    };
    let held = real(&["wait", "--json"]).expecting(3).object();
    assert_eq!((text(&held, "/id"), text(&held, "/state")), (id.as_str(), "held"));
    assert!(text(&held, "/held").contains("one submit may cost"), "{held}");
    real(&["wait", &id]).expecting(2).saying(&["one submit may cost", "--over-limit", "held"]);
    let named = real(&["wait"]).expecting(0).saying(&["is held", "not charged", "rushes wait"]);
    assert!(named.err.contains(&id), "{}", named.err);
    let canceled = real(&["cancel", &id, "--json"]).expecting(0).object();
    assert_eq!((text(&canceled, "/state"), &canceled["charge_usd"]), ("canceled", &0.0.into()));
    let words: Vec<String> = desk.show(&id)["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| text(event, "/event").to_owned())
        .collect();
    assert_eq!(words, ["created", "held", "canceled"]);
}

/// A verb was interrupted, and nobody drove who could hold its job: naming it says that it is to be sent.
#[test]
fn a_job_that_is_still_to_be_held_is_sent_when_it_is_named() {
    let desk = Desk::new();
    let to_be_held = |like: &str| {
        let id = left_to_be_sent(&desk, like, "sandbox");
        let store = Store::open(&desk.database()).expect("a database");
        store.ask_hold(JobId(id.parse().expect("an id"))).expect("asked");
        id
    };
    let id = to_be_held(text(&desk.clip("a pier"), "/id"));
    let held = desk.run(&["wait", "--json"]).expecting(3).object();
    assert_eq!((text(&held, "/id"), text(&held, "/state")), (id.as_str(), "held"));
    let id = to_be_held(&id);
    let sent = desk.run(&["wait", &id, "--json"]).expecting(0).object();
    assert_eq!((text(&sent, "/id"), text(&sent, "/state")), (id.as_str(), "succeeded"));
}

/// Without `--wait` somebody saves the clip all the same, or it is said that nobody does.
#[test]
fn a_submit_that_does_not_wait_leaves_its_job_to_a_keeper() {
    let desk = Desk::new();
    let mut command = desk.command(&generate("a pier", &[]));
    command.env_remove("RUSHES_NO_KEEPER");
    let id = text(&Running::start(command).ended().expecting(0).object(), "/id").to_owned();
    until("the keeper to save it", || text(&desk.show(&id), "/state") == "succeeded");
    until("its end", || {
        !desk.done(&["keeper", "--status", "--json"]).object()["running"].as_bool().expect("a word")
    });
    assert_eq!(desk.accepted_once_each(), 1);
    desk.done(&generate("a boat", &[])).saying(&["nobody saves", "rushes wait", "within"]);
    let mut command = desk.command(&generate("a raft", &["--no-keeper"]));
    command.env_remove("RUSHES_NO_KEEPER");
    Running::start(command).ended().expecting(0).saying(&["nobody saves"]);
}

/// No verb could say yes to a price that had changed: the job stayed held for everybody without a studio.
#[test]
fn a_held_job_is_sent_at_the_price_of_now_once_that_is_agreed_to() {
    let desk = with_small_models(Desk::quick());
    let run = |line: &[&str]| {
        let mut command = desk.command(line);
        command.envs(at(&desk, "http://127.0.0.1:9"));
        Running::start(command)
    };
    let line = ["generate", "--wait", "--model", "runware/small", "--prompt", "a raft"];
    let first = run(&line);
    let job = || desk.done(&["history", "--json"]).objects().pop();
    until("a refusal", || job().is_some_and(|job| job["state"] == "retry_wait"));
    first.signal(Signal::INT);
    first.ended();
    let held = job().expect("a job");
    let id = text(&held, "/id");
    assert_eq!(held["state"], "held");
    let rows = desk.path("config/catalog/runware-small.toml");
    let dearer = fs::read_to_string(&rows).expect("a file").replace("0.05", "0.5");
    fs::write(&rows, dearer).expect("written");
    let most =
        desk.run(&["wait", id]).expecting(2).saying(&["the price has changed", "stays held"]);
    let (_, advice) = most.err.split_once("add --max-usd ").expect("the way to agree");
    let price = advice.split(' ').next().expect("a price").to_owned();
    desk.run(&["wait", id, "--max-usd", "0.01"]).expecting(2).saying(&["--max-usd"]);
    desk.run(&["wait", id, "--max-usd", "much"]).expecting(2).saying(&["an amount in dollars"]);
    let sent = run(&["wait", id, "--max-usd", &price, "--json"]);
    until("it to be sent", || job().is_some_and(|job| job["state"] == "retry_wait"));
    sent.kill();
    assert!(job().expect("a job")["estimate_usd"].as_f64() > held["estimate_usd"].as_f64());
}
