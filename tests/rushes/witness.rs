//! A database that lost its newest writes beside the journal of what was sent: nothing is sent twice, by the
//! provider's own books, and it is said.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Command;

use rushes::domain::event::{JobEvent, Write};
use rushes::domain::job::{Job, JobState};
use rushes::store::Store;
use serde_json::Value;

use super::support::{Desk, Ended, Running, generate, text, until};

const KEY: &str = "sk-secret-value-4711";

/// A sandbox on a desk of its own that stands for the real services, and its address without a path.
fn remote(desk: &Desk) -> (Running, String) {
    let line = ["sandbox", "--listen", "127.0.0.1:0", "--key", KEY, "--speed", "50", "--json"];
    let mut running = desk.start(&line);
    let told: Value = serde_json::from_str(&running.next_line()).expect("JSON");
    let url = text(&told, "/url").strip_suffix("/v1").expect("Runware's path").to_owned();
    (running, url)
}

fn at(desk: &Desk, url: &str, line: &[&str]) -> Command {
    let mut command = desk.command(line);
    for (provider, path) in [("RUNPOD", "v2"), ("RUNWARE", "v1"), ("RUNBASE", "api/v1")] {
        command.env(format!("{provider}_API_KEY"), KEY);
        command.env(format!("{provider}_BASE_URL"), format!("{url}/{path}"));
    }
    command
}

fn run(desk: &Desk, url: &str, line: &[&str]) -> Ended {
    Running::start(at(desk, url, line)).ended()
}

/// Sends a job of `model` and kills the program as soon as the provider has it, so that the log stays beside
/// the database.
fn killed_as_it_sends(here: &Desk, there: &Desk, url: &str, model: &str) {
    // Somebody who has it open keeps the log from being taken in.
    drop(here.done(&["history"]));
    let line = ["generate", "--wait", "--model", model, "--prompt", "a paper boat"];
    let mut running = Running::start(at(here, url, &line));
    until("acceptance", || !there.accepted().is_empty() || running.has_ended());
    running.kill();
    assert_eq!(there.accepted().len(), 1);
}

/// Cuts the last commits off the log until the only job reads as never sent.
fn cut_the_log(here: &Desk) {
    const HEADER_BYTES: usize = 32;
    const FRAME_BYTES: usize = 24 + 4096;
    let log_path = here.data().join("rushes.db-wal");
    let (database, log) =
        (fs::read(here.database()).expect("a database"), fs::read(&log_path).expect("a log"));
    let frames = (log.len() - HEADER_BYTES) / FRAME_BYTES;
    let copy = Desk::new();
    for kept in (0..frames).rev() {
        let cut = &log[..HEADER_BYTES + kept * FRAME_BYTES];
        for end in ["-wal", "-shm", ""] {
            drop(fs::remove_file(copy.data().join(format!("rushes.db{end}"))));
        }
        copy.write("data/rushes.db", &database);
        copy.write("data/rushes.db-wal", cut);
        let jobs = Store::open(&copy.database()).and_then(|store| store.live_jobs());
        if jobs.is_ok_and(|jobs| jobs.iter().any(|job| job.state == JobState::Queued)) {
            drop(fs::remove_file(here.data().join("rushes.db-shm")));
            return fs::write(&log_path, cut).expect("cut");
        }
    }
    panic!("no cut leaves the job unsent");
}

#[test]
fn a_torn_log_sends_nothing_again() {
    for (model, status, state) in [
        // No key makes a second send safe there, so only the user may decide.
        ("runpod/1.0-pro", 3, "in_doubt"),
        ("runbase/1.0-pro", 3, "in_doubt"),
        // It can be asked, and has it.
        ("runware/1.0-pro", 0, "succeeded"),
    ] {
        let (there, here) = (Desk::new(), Desk::quick());
        let (_remote, url) = remote(&there);
        killed_as_it_sends(&here, &there, &url, model);
        cut_the_log(&here);
        let job = run(&here, &url, &["wait", "--json"]).expecting(status).object();
        assert_eq!(text(&job, "/state"), state, "{job}");
        assert_eq!(there.accepted().len(), 1, "{model} was paid twice");
        if state == "in_doubt" {
            let told = text(&job, "/error/message");
            assert!(told.contains("the journal beside the database knows"), "{told}");
        }
    }
}

/// The only job is held again, as in a database that lost what became of it since: it was released and sent.
fn lose_its_release(here: &Desk) {
    let mut store = Store::open(&here.database()).expect("a database");
    let job = store.live_jobs().expect("jobs").pop().expect("a job");
    let reason = "it was interrupted before it was sent".to_owned();
    let held = Some(reason.clone());
    let job = Job { state: JobState::Held, sends: 0, sent_at: None, held, ..job };
    let write = Write { at: job.created_at, event: JobEvent::Held { reason }, job };
    store.commit(&[write], None).expect("stored");
}

#[test]
fn what_is_held_and_was_sent_is_asked_for_and_not_called_free() {
    for (model, status, state) in
        [("runpod/1.0-pro", 3, "in_doubt"), ("runware/1.0-pro", 0, "succeeded")]
    {
        for verb in ["wait", "cancel"] {
            let (there, here) = (Desk::new(), Desk::quick());
            let (_remote, url) = remote(&there);
            killed_as_it_sends(&here, &there, &url, model);
            lose_its_release(&here);
            let jobs = here.done(&["history", "--json"]);
            let id = text(&jobs.object(), "/id").to_owned();
            match verb {
                "wait" => {
                    let job = run(&here, &url, &["wait", "--json", &id]).expecting(status);
                    assert_eq!(text(&job.object(), "/state"), state, "{model}");
                }
                _ => drop(run(&here, &url, &["cancel", &id]).expecting(3).saying(&["in doubt"])),
            }
            assert_eq!(there.accepted().len(), 1, "{model} was paid twice");
        }
    }
}

/// An older copy of `rushes.db` is put back, in which the job is not at all.
#[test]
fn an_older_copy_of_the_database_is_told_of() {
    let (there, here) = (Desk::new(), Desk::quick());
    let (_remote, url) = remote(&there);
    here.done(&["history"]);
    let older = fs::read(here.database()).expect("a database");
    killed_as_it_sends(&here, &there, &url, "runpod/1.0-pro");
    for end in ["-wal", "-shm"] {
        fs::remove_file(here.data().join(format!("rushes.db{end}"))).expect("removed");
    }
    fs::write(here.database(), older).expect("put back");
    let words = ["1 job that was sent is not in the history (runpod/1.0-pro", "dashboard"];
    // The next job is sent, and the lost one is not.
    let line = ["generate", "--wait", "--model", "runpod/1.0-pro", "--prompt", "a raft"];
    run(&here, &url, &line).expecting(0).saying(&words);
    assert_eq!(there.accepted().len(), 2);
    for (line, status) in [(["doctor", "--json"].as_slice(), 1), (&["doctor", "--repair"], 0)] {
        let told = run(&here, &url, line).expecting(status).out;
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    }
}

/// Without the journal a torn database could have a job sent twice: so nothing is sent without it.
#[test]
fn nothing_is_sent_while_the_journal_can_not_be_used() {
    let desk = Desk::new();
    desk.done(&["history"]);
    fs::create_dir(desk.data().join("rushes.sent")).expect("a folder in its place");
    let mut waiting = desk.command(&generate("a fox", &["--wait"])).spawn().expect("it starts");
    let mut said = BufReader::new(waiting.stderr.take().expect("a pipe"));
    let mut note = String::new();
    said.read_line(&mut note).expect("a note");
    assert!(note.contains("rushes.sent") && note.contains("stays here"), "{note}");
    assert_eq!(desk.accepted(), [""; 0]);
    fs::remove_dir(desk.data().join("rushes.sent")).expect("removed");
    assert!(waiting.wait().expect("it ends").success());
    assert_eq!(desk.accepted_once_each(), 1);
}
