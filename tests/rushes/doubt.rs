//! A job in doubt whose provider can be asked is settled by asking, and never by sending it again.

use jiff::SignedDuration;
use rushes::domain::event::{JobEvent, Write};
use rushes::domain::job::{Charged, FailureClass, JobError, JobId};
use rushes::engine::apply;
use rushes::store::Store;
use uuid::Uuid;

use super::support::{Desk, Running, facts, generate, text, until};

/// Stores a job in doubt like the job `like`, sent under that job's key or one that nobody saw.
fn doubted(desk: &Desk, like: &str, key_is_known: bool) -> String {
    let mut store = Store::open(&desk.database()).expect("a database");
    let like = store.job(JobId(like.parse().expect("an id"))).expect("a row").expect("a job");
    let (at, created) = store.events(like.id).expect("events").swap_remove(0);
    let JobEvent::Created { mut job } = created else { panic!("not created: {created:?}") };
    job.id = JobId(Uuid::from_u128(job.id.0.as_u128() + 1 + u128::from(key_is_known)));
    if !key_is_known {
        job.attempt_key = Uuid::from_u128(job.attempt_key.as_u128() ^ 1);
    }
    let error =
        JobError::ours(FailureClass::Lost, "inDoubt", "no reply came".to_owned(), Charged::Unknown);
    let mut writes = vec![Write { at, event: JobEvent::Created { job: job.clone() }, job: *job }];
    for event in [JobEvent::Sent, JobEvent::Doubted { error, asked_as: None }] {
        let mut job = writes[writes.len() - 1].job.clone();
        assert!(apply(&mut job, &event, at), "{event:?}");
        writes.push(Write { at, event, job });
    }
    store.commit(&writes, None).expect("a commit");
    writes[0].job.id.to_string()
}

#[test]
fn a_look_up_finds_what_was_taken_and_its_file_is_saved() {
    let desk = Desk::new();
    let clip = desk.clip("a pier");
    let id = doubted(&desk, text(&clip, "/id"), true);
    let told = desk.done(&["settle", &id]).out;
    assert!(told.contains("--look-up") && told.contains("can be asked again"), "{told}");
    let found = desk.done(&["settle", &id, "--look-up", "--json"]).object();
    assert_eq!(text(&found, "/state"), "running");
    let saved = desk.done(&["wait", &id, "--json"]).object();
    assert_eq!((text(&saved, "/state"), facts(&saved).frames), ("succeeded", 29));
    assert_eq!(desk.accepted_once_each(), 1);
}

#[test]
fn what_the_records_do_not_know_stays_in_doubt_and_is_not_sent() {
    let desk = Desk::new();
    let clip = desk.clip("a pier");
    let id = doubted(&desk, text(&clip, "/id"), false);
    let asked = desk.run(&["settle", &id, "--look-up"]);
    asked.expecting(3).saying(&["don't know job", "never taken", "in doubt"]);
    assert_eq!(text(&desk.show(&id), "/state"), "in_doubt");
    assert_eq!(desk.accepted_once_each(), 1);
}

/// What a look-up finds goes on without the verb: somebody saves it, or it is said that nobody does.
#[test]
fn what_a_look_up_finds_is_left_to_a_keeper() {
    let desk = Desk::new();
    let clip = desk.clip("a pier");
    let id = doubted(&desk, text(&clip, "/id"), true);
    let mut command = desk.command(&["settle", &id, "--look-up"]);
    command.env_remove("RUSHES_NO_KEEPER");
    Running::start(command).ended().expecting(0).saying(&["a keeper saves what comes"]);
    until("the keeper to save it", || text(&desk.show(&id), "/state") == "succeeded");
    assert_eq!(desk.accepted_once_each(), 1);
}

/// A job that can't be stopped goes on, and so does what else is live.
#[test]
fn what_can_not_be_canceled_is_left_to_a_keeper() {
    let desk = Desk::new();
    let mut remote = desk.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    remote.next_line();
    let job = desk.done(&generate("a pier sandbox:slow", &[])).object();
    let id = text(&job, "/id");
    desk.run(&["cancel", id]).expecting(1).saying(&["nobody saves", "no way to stop it"]);
    let mut command = desk.command(&["cancel", id]);
    command.env_remove("RUSHES_NO_KEEPER");
    Running::start(command).ended().expecting(1).saying(&["a keeper saves what comes"]);
    until("the keeper to save it", || text(&desk.show(id), "/state") == "succeeded");
    assert_eq!(desk.accepted_once_each(), 1);
}

/// In doubt was the end of it, unless somebody looked it up, while the service had the clip.
#[test]
fn what_was_done_without_an_address_is_asked_for_by_itself_as_long_as_the_service_knows_it() {
    for (days_ago, is_found) in [(1, true), (8, false)] {
        let desk = Desk::new();
        let clip = desk.clip("a pier");
        let like = JobId(text(&clip, "/id").parse().expect("an id"));
        let mut store = Store::open(&desk.database()).expect("a database");
        let (at, created) = store.events(like).expect("events").swap_remove(0);
        let JobEvent::Created { mut job } = created else { panic!("not created: {created:?}") };
        job.id = JobId(Uuid::from_u128(job.id.0.as_u128() + 1));
        let at = at - SignedDuration::from_hours(24 * days_ago);
        let message = "it gives no address".to_owned();
        let error = JobError::ours(FailureClass::Provider, "noAddress", message, Charged::Unknown);
        let mut writes =
            vec![Write { at, event: JobEvent::Created { job: job.clone() }, job: *job }];
        let accepted = JobEvent::Accepted { remote_id: None, charge: None, how: String::new() };
        for event in [JobEvent::Sent, accepted, JobEvent::Doubted { error, asked_as: None }] {
            let mut job = writes[writes.len() - 1].job.clone();
            assert!(apply(&mut job, &event, at), "{event:?}");
            writes.push(Write { at, event, job });
        }
        store.commit(&writes, None).expect("a commit");
        drop(store);
        let id = writes[0].job.id.to_string();
        let state = || text(&desk.show(&id), "/state").to_owned();
        // Whoever drives asks, and whoever waits.
        if is_found {
            desk.done(&["wait"]);
            assert_eq!(state(), "succeeded");
        } else {
            desk.clip("a boat");
            desk.done(&["wait"]).saying(&["no job is live"]);
            assert_eq!(state(), "in_doubt");
        }
    }
}
