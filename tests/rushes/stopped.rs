//! A process that is stopped, by itself or from outside: somebody else goes on, or everybody says who is to be
//! continued. Whatever it was doing, it pays for nothing twice when it goes on.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rushes::domain::job::JobId;
use rushes::runtime::process::is_stopped;
use rushes::store::Store;
use rustix::process::Signal;
use serde_json::Value;
use uuid::Uuid;

use super::killed::{at, with_small_models};
use super::support::{Desk, Running, generate, text, until};

/// A sandbox that goes on whoever is stopped.
fn remote(desk: &Desk) -> Running {
    let mut remote = desk.start(&["sandbox", "--listen", "127.0.0.1:0", "--speed", "5"]);
    remote.next_line();
    remote
}

fn state(desk: &Desk) -> String {
    let jobs = desk.done(&["history", "--json"]).objects();
    jobs.first().map_or_else(String::new, |job| text(job, "/state").to_owned())
}

fn stop(running: &Running) {
    running.signal(Signal::STOP);
    until("it to be stopped", || is_stopped(running.id()));
}

/// The one clip is there once, and was paid once.
fn is_saved_once(desk: &Desk, remote: &Desk) {
    assert_eq!(state(desk), "succeeded");
    assert_eq!(remote.accepted_once_each(), 1);
    let mut clips = Desk::files(&desk.data().join("clips"));
    clips.retain(|path| path.extension().is_some_and(|extension| extension == "mp4"));
    assert_eq!(clips.len(), 1, "{clips:?}");
}

#[test]
fn another_one_drives_for_a_driver_that_is_stopped_from_outside() {
    let desk = Desk::new();
    let _remote = remote(&desk);
    let driving = desk.start(&generate("a night ferry", &["--wait"]));
    until("a job that runs", || state(&desk) == "running");
    stop(&driving);
    let waited = desk.done(&["wait", "--json"]);
    let stopped = format!("process {}, which drove the jobs, is stopped", driving.id());
    let waited = waited.saying(&[&stopped, "goes on in its place"]).object();
    assert_eq!(waited["state"], "succeeded");
    // What is new goes on as well.
    desk.clip("a day ferry");
    driving.signal(Signal::CONT);
    let continued = driving.ended().expecting(0).object();
    assert_eq!((&continued["id"], &continued["state"]), (&waited["id"], &"succeeded".into()));
    assert_eq!(desk.accepted_once_each(), 2);
}

/// One that was stopped, replaced and continued follows; and whoever drives for it is replaced in turn.
#[test]
fn a_driver_that_is_continued_follows_whoever_drives_for_it() {
    let desk = Desk::new();
    let _remote = remote(&desk);
    let first = desk.start(&generate("a night ferry sandbox:slow", &["--wait"]));
    until("a job that runs", || state(&desk) == "running");
    stop(&first);
    let mut command = desk.command(&["wait", "--json"]);
    command.stderr(fs::File::create(desk.path("second")).expect("a file"));
    let second = Running::start(command);
    until("a deputy", || {
        let said = fs::read_to_string(desk.path("second")).expect("text");
        said.contains("goes on in its place")
    });
    first.signal(Signal::CONT);
    stop(&second);
    let third = desk.start(&["wait", "--json"]);
    let ended = [first, third].map(|one| one.ended().expecting(0).object());
    second.signal(Signal::CONT);
    let second = second.ended().expecting(0).object();
    assert!(ended.iter().chain([&second]).all(|job| job["state"] == "succeeded"), "{ended:?}");
    is_saved_once(&desk, &desk);
}

/// Takes connections for a server that it hands them to only once it is open.
struct Gate {
    origin: String,
    is_open: Arc<AtomicBool>,
    came: Arc<AtomicBool>,
}

impl Gate {
    fn new(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let (is_open, came) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let server = server.strip_prefix("http://").expect("an origin").to_owned();
        let gate = Self { origin, is_open: Arc::clone(&is_open), came: Arc::clone(&came) };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, is_open, came) = (server.clone(), is_open.clone(), came.clone());
                thread::spawn(move || between(client, &server, &is_open, &came));
            }
        });
        gate
    }

    fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }
}

fn between(mut client: TcpStream, server: &str, is_open: &AtomicBool, came: &AtomicBool) {
    let mut first = [0; 4096];
    let Ok(count) = client.read(&mut first) else { return };
    came.store(true, Ordering::Release);
    until("the gate to be opened", || is_open.load(Ordering::Acquire));
    let mut server = TcpStream::connect(server).expect("the server");
    server.write_all(&first[..count]).expect("a server that reads");
    let (mut from, mut to) =
        (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
    thread::spawn(move || {
        drop(io::copy(&mut client, &mut server));
        drop(server.shutdown(Shutdown::Write));
    });
    drop(io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Write));
}

/// Its request may go out when it is continued, and only it hears the reply. So nobody takes its place; everybody
/// names it, within seconds.
#[test]
fn nobody_takes_the_place_of_a_driver_that_is_stopped_in_the_middle_of_a_send() {
    for provider in ["runware", "runpod", "runbase"] {
        let (there, desk) = (with_small_models(Desk::new()), with_small_models(Desk::quick()));
        let line = ["sandbox", "--listen", "127.0.0.1:0", "--speed", "200", "--json"];
        let mut remote = there.start(&line);
        let told: Value = serde_json::from_str(&remote.next_line()).expect("JSON");
        let gate = Gate::new(text(&told, "/url").strip_suffix("/v1").expect("Runware's path"));
        let start = |arguments: &[&str], err: &str| {
            let mut command = desk.command(arguments);
            command.envs(at(&desk, &gate.origin));
            command.stderr(fs::File::create(desk.path(err)).expect("a file"));
            Running::start(command)
        };
        let model = format!("{provider}/small");
        let first = ["generate", "--wait", "--model", &model, "--prompt", "a ferry"];
        let sending = start(&first, "sending");
        until("a request", || gate.came.load(Ordering::Acquire));
        stop(&sending);
        let mut others = vec![start(&["wait"], "wait")];
        let advice = format!("is stopped: fg or kill -CONT {}", sending.id());
        let says = |err: &str| fs::read_to_string(desk.path(err)).expect("text").contains(&advice);
        until("a word of it", || says("wait"));
        start(&["jobs"], "jobs").ended().expecting(0);
        assert!(says("jobs"));
        others.push(start(&["jobs", "--watch", "--json"], "watch"));
        others.push(start(&[&first[..5], &["a raft"]].concat(), "generate"));
        until("a word of it", || says("watch") && says("generate"));
        let doctor = desk.run(&["doctor"]).expecting(1);
        assert!(doctor.out.contains(&advice), "{}", doctor.out);
        assert!(!fs::read_to_string(desk.path("wait")).expect("text").contains("goes on"));
        gate.open();
        until("acceptance", || there.accepted().len() == 1);
        assert!(others.iter_mut().all(|one| !one.has_ended()));
        sending.signal(Signal::CONT);
        sending.ended().expecting(0);
        others.swap_remove(1).kill();
        for other in others {
            other.ended().expecting(0);
        }
        assert_eq!(there.accepted_once_each(), 2, "{provider}");
        let jobs = desk.done(&["history", "--json"]).objects();
        assert!(jobs.iter().all(|job| job["state"] == "succeeded"), "{provider}: {jobs:?}");
    }
}

/// `kill -TSTP` stops a verb as Ctrl+Z does: a keeper saves what it waits for meanwhile.
#[test]
fn a_verb_that_is_suspended_leaves_its_job_to_a_keeper() {
    let desk = Desk::new();
    let _remote = remote(&desk);
    let mut command = desk.command(&generate("a night ferry", &["--wait"]));
    command.env_remove("RUSHES_NO_KEEPER");
    let waiting = Running::start(command);
    until("a job that runs", || state(&desk) == "running");
    waiting.signal(Signal::TSTP);
    until("it to be stopped", || is_stopped(waiting.id()));
    until("the keeper to save it", || state(&desk) == "succeeded");
    assert!(is_stopped(waiting.id()));
    waiting.signal(Signal::CONT);
    let ended = waiting.ended().expecting(0).saying(&["a keeper saves what comes"]);
    assert_eq!(ended.object()["state"], "succeeded");
    is_saved_once(&desk, &desk);
}

/// A keeper that is stopped keeps nothing, and no other from keeping.
#[test]
fn a_keeper_that_is_stopped_is_named_and_replaced() {
    let desk = Desk::new();
    let _remote = remote(&desk);
    desk.done(&generate("a night ferry", &[]));
    let keeper = desk.start(&["keeper"]);
    let status = || desk.done(&["keeper", "--status"]).out;
    until("a keeper", || status().contains("a keeper runs"));
    stop(&keeper);
    // One that is stopped as it writes keeps the database from everybody.
    while Store::open(&desk.database())
        .and_then(|store| store.ask_cancel(JobId(Uuid::nil())))
        .is_err()
    {
        keeper.signal(Signal::CONT);
        stop(&keeper);
    }
    let advice = format!("is stopped: fg or kill -CONT {}", keeper.id());
    assert!(status().contains(&advice), "{}", status());
    let mut command = desk.command(&generate("a day ferry", &[]));
    command.env_remove("RUSHES_NO_KEEPER");
    Running::start(command).ended().expecting(0);
    until("another keeper to save both", || {
        let jobs = desk.done(&["history", "--json"]).objects();
        jobs.len() == 2 && jobs.iter().all(|job| job["state"] == "succeeded")
    });
    keeper.signal(Signal::CONT);
    keeper.ended().expecting(0);
    assert_eq!(desk.accepted_once_each(), 2);
}

/// The embedded sandbox is served by one process alone, so its jobs wait for that one, and it is named.
#[test]
fn whoever_serves_the_sandbox_and_is_stopped_is_named() {
    let desk = Desk::new();
    let serving = desk.start(&generate("a night ferry sandbox:slow", &["--wait"]));
    until("a job that runs", || state(&desk) == "running");
    stop(&serving);
    let mut command = desk.command(&["wait", "--json"]);
    command.stderr(fs::File::create(desk.path("wait")).expect("a file"));
    let waiting = Running::start(command);
    let advice =
        format!("the sandbox of this data folder, is stopped: fg or kill -CONT {}", serving.id());
    until("a word of it", || {
        fs::read_to_string(desk.path("wait")).expect("text").contains(&advice)
    });
    serving.signal(Signal::CONT);
    for one in [serving, waiting] {
        assert_eq!(one.ended().expecting(0).object()["state"], "succeeded");
    }
    is_saved_once(&desk, &desk);
}
