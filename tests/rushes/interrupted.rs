//! The process ends at any moment, by `kill -9`; the next one carries on, and nothing is paid twice.

use std::fs;
use std::path::Path;

use rushes::domain::job::JobState;
use rushes::store::Store;
use rustix::process::Signal;
use serde_json::Value;

use super::killed::{at, with_small_models};
use super::support::{Desk, Running, facts, generate, text, until};

/// A moment in a job's life, as another process can see it.
type Moment = (&'static str, fn(&Desk) -> bool);

/// From the first byte on disk to the last, in their order.
const MOMENTS: [Moment; 9] = [
    ("the data folder is there", |desk| desk.data().exists()),
    ("the database is there", |desk| desk.database().exists()),
    ("the job is stored", |desk| !states(desk).is_empty()),
    ("this process drives", |desk| desk.data().join("driver.lock").exists()),
    ("the sandbox is served", |desk| desk.data().join("sandbox/address").exists()),
    ("the provider has it", |desk| !desk.accepted().is_empty()),
    ("it runs", |desk| states(desk).contains(&JobState::Running)),
    ("it is rendered", |desk| rendered(desk)),
    ("the file is being saved", |desk| !Desk::files(&desk.data().join("clips")).is_empty()),
];

/// The states of the live jobs, read beside whoever drives them.
fn states(desk: &Desk) -> Vec<JobState> {
    // Opening makes a database, which must not happen before the program has made it.
    let database = desk.database();
    if fs::metadata(&database).is_ok_and(|meta| meta.len() > 0)
        && let Ok(store) = Store::open(&database)
        && let Ok(jobs) = store.live_jobs()
    {
        return jobs.into_iter().map(|job| job.state).collect();
    }
    Vec::new()
}

fn rendered(desk: &Desk) -> bool {
    desk.journal().iter().any(|record| record["record"] == "rendered")
}

/// Every job that was stored ends well, and the provider's books have each once at the most.
fn all_ends_well(desk: &Desk, moment: &str) {
    let ended = desk.run(&["wait", "--json"]).expecting(0);
    for job in ended.objects() {
        assert_eq!(job["state"], "succeeded", "killed when {moment}: {job}");
        assert_eq!(facts(&job).frames, 29, "killed when {moment}");
    }
    let accepted = desk.accepted_once_each();
    let jobs = desk.done(&["history", "--json"]).objects();
    assert!(accepted <= jobs.len(), "killed when {moment}: more was accepted than was stored");
    assert!(jobs.iter().all(|job| job["state"] == "succeeded"), "{moment}: {jobs:?}");
    let mut left = Desk::files(&desk.data().join("clips"));
    left.retain(|path| path.extension().is_some_and(|extension| extension == "part"));
    assert!(left.is_empty(), "killed when {moment}: {left:?} lie about");
}

/// All at once, each on a desk of its own: some wait half a minute to be sure, and do no work.
#[test]
fn a_killed_process_loses_nothing_and_pays_nothing_twice() {
    std::thread::scope(|scope| {
        for (moment, has_come) in MOMENTS {
            scope.spawn(move || {
                let desk = Desk::new();
                let mut running = desk.start(&generate("a night ferry", &["--wait"]));
                until(moment, || has_come(&desk) || running.has_ended());
                running.kill();
                all_ends_well(&desk, moment);
            });
        }
    });
}

/// The process that renders is killed again and again, also while it carries on.
#[test]
fn many_kills_in_a_row_lose_nothing() {
    let desk = Desk::new();
    let mut running = desk.start(&generate("a night ferry", &["--wait"]));
    until("acceptance", || !desk.accepted().is_empty() || running.has_ended());
    running.kill();
    for _ in 0..3 {
        let before = address_changed_at(&desk);
        let mut running = desk.start(&["wait"]);
        until("the next host", || address_changed_at(&desk) > before || running.has_ended());
        running.kill();
    }
    all_ends_well(&desk, "it was carried on");
    assert_eq!(desk.accepted_once_each(), 1);
}

fn address_changed_at(desk: &Desk) -> Option<std::time::SystemTime> {
    let address = fs::metadata(desk.data().join("sandbox/address"));
    address.and_then(|meta| meta.modified()).ok()
}

/// The result is at the provider, the process is gone, and its port belongs to somebody else now.
#[test]
fn a_result_is_fetched_although_the_sandbox_moved() {
    let desk = Desk::new();
    let mut running = desk.start(&generate("a night ferry", &["--wait"]));
    until("the result", || {
        Desk::files(&desk.data().join("clips")).iter().any(|path| path.ends_with(".part"))
            || states(&desk).contains(&JobState::Downloading)
            || running.has_ended()
    });
    running.kill();
    let address = fs::read_to_string(desk.data().join("sandbox/address")).expect("an address");
    let squatter = std::net::TcpListener::bind(address.trim()).expect("the port is free");
    // It belongs to a program that hangs up on everybody, for as long as this test lives.
    std::thread::spawn(move || squatter.incoming().for_each(drop));
    all_ends_well(&desk, "the result was there");
    assert_eq!(desk.accepted_once_each(), 1);
}

/// Whatever became of a job, nobody but a process that was killed has left half of its clip.
#[test]
fn what_a_killed_process_left_of_a_clip_goes_when_another_drives() {
    let desk = Desk::new();
    let job = desk.clip("a night ferry");
    let clip = text(&job, "/files/0/path");
    let left = format!("{clip}.0123456789abcdef.part");
    fs::write(&left, "half of it").expect("a file");
    desk.clip("a heron");
    assert!(!Path::new(&left).exists());
    assert!(Path::new(clip).exists());
}

#[test]
fn without_wait_it_returns_once_accepted_and_a_later_command_carries_on() {
    let desk = Desk::new();
    // A provider that works on between two commands, as a real one does.
    let mut remote = desk.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    remote.next_line();
    let first = desk.done(&generate("a night ferry", &[])).object();
    assert_eq!(first["state"], "running");
    assert_eq!(first["files"], serde_json::json!([]));
    assert_eq!(desk.accepted_once_each(), 1);
    let kept = desk.done(&["wait", "--json"]).object();
    assert_eq!((&kept["id"], &kept["state"]), (&first["id"], &"succeeded".into()));
    let second = desk.done(&generate("a day ferry", &[])).object();
    let second = text(&second, "/id");
    let waited = desk.done(&["wait", second, "--json"]).object();
    assert_eq!((waited["id"].as_str(), &waited["state"]), (Some(second), &"succeeded".into()));
    assert_eq!(desk.accepted_once_each(), 2);
    let none = desk.done(&["wait", "--json"]);
    assert_eq!((none.out.as_str(), none.err.trim()), ("", "no job is live"));
}

/// Ctrl+C is not a failure: what was accepted goes on, and the program dies by the signal, as shells expect.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_the_job_to_the_next_command() {
    let desk = Desk::new();
    let running = desk.start(&generate("a night ferry sandbox:slow", &["--wait"]));
    until("acceptance", || states(&desk).contains(&JobState::Running));
    running.signal(Signal::INT);
    let ended = running.ended().saying(&["goes on at the provider", "rushes wait"]);
    assert_eq!((ended.status, ended.signal), (None, Some(Signal::INT.as_raw())));
    let jobs = desk.done(&["wait", "--json"]).objects();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0]["state"], Value::from("succeeded"));
    assert_eq!(desk.accepted_once_each(), 1);
}

/// A sandbox that takes one job at a time and needs hours for it keeps the first job at the provider and every
/// other one here, however long the commands between take.
fn one_place_taken(desk: &Desk) -> (Running, Value) {
    desk.write(
        "config/catalog/sandbox.toml",
        "[provider]\nid = \"sandbox\"\nname = \"Sandbox\"\nprotocol = \"runware\"\n\
         mirrors = \"runware\"\nplay_money = true\nmax_live_jobs = 1\ncan_look_up = true\n",
    );
    let mut remote = desk.start(&["sandbox", "--listen", "127.0.0.1:0", "--speed", "0.01"]);
    remote.next_line();
    let accepted = desk.done(&generate("a night ferry", &[])).object();
    (remote, accepted)
}

#[test]
fn only_what_was_not_sent_is_canceled() {
    let desk = Desk::new();
    let done = desk.clip("a pier");
    let (_remote, accepted) = one_place_taken(&desk);
    let id = text(&accepted, "/id");
    desk.run(&["cancel", id]).expecting(1).saying(&["no way to stop it", "rushes wait"]);
    let waiting = desk.start(&generate("a raft", &["--wait"]));
    until("a job without a place", || states(&desk).contains(&JobState::Queued));
    let jobs = desk.done(&["history", "--json", "raft"]).objects();
    let canceled = desk.done(&["cancel", text(&jobs[0], "/id"), "--json"]).object();
    assert_eq!((&canceled["state"], &canceled["charge_usd"]), (&"canceled".into(), &0.0.into()));
    waiting.ended().expecting(1);
    // Asking twice is no mistake; asking for one that ended otherwise is.
    desk.done(&["cancel", text(&jobs[0], "/id")]);
    desk.run(&["cancel", text(&done, "/id")]).expecting(2).saying(&["ended already"]);
    assert_eq!(desk.accepted_once_each(), 2);
}

/// A loop of submits is left by one Ctrl+C, and what that one had not sent is sent by nobody: not by a verb that
/// looks, not by one that drives, not by the keeper. Naming it sends it.
#[test]
fn what_an_interrupted_verb_had_not_sent_is_held_until_it_is_named() {
    for by in [Signal::INT, Signal::TERM, Signal::HUP] {
        let desk = Desk::new();
        let (remote, _) = one_place_taken(&desk);
        let waiting = desk.start(&generate("a raft", &["--wait"]));
        until("a job without a place", || states(&desk).contains(&JobState::Queued));
        waiting.signal(by);
        let ended = waiting.ended().saying(&["held", "not sent and not charged", "rushes wait"]);
        assert_eq!(ended.signal, Some(by.as_raw()), "{}", ended.err);
        let raft = desk.done(&["history", "--json", "is:held"]).object();
        let id = text(&raft, "/id");
        assert_eq!(text(&raft, "/prompt"), "a raft");
        assert!(text(&raft, "/held").contains("interrupted"));
        // There is room now, and others drive.
        remote.kill();
        fs::remove_file(desk.path("config/catalog/sandbox.toml")).expect("the file is there");
        desk.clip("a boat");
        assert_eq!(desk.accepted_once_each(), 2);
        let sent = desk.done(&["wait", id, "--json"]).object();
        assert_eq!((text(&sent, "/id"), &sent["state"]), (id, &"succeeded".into()));
        assert_eq!(desk.accepted_once_each(), 3);
    }
}

/// What waits for its key, as at a passphrase, or for its turn was once called being sent: RunPod and Runbase know no
/// key by which a job could be found, and had it in doubt for ever when somebody pressed Ctrl+C, or the power went.
#[test]
fn what_still_waits_for_its_key_is_not_in_doubt_when_it_is_interrupted_or_killed() {
    for (provider, by, left) in
        [("runpod", Signal::INT, "held"), ("runbase", Signal::KILL, "retry_wait")]
    {
        let (there, desk) = (with_small_models(Desk::new()), with_small_models(Desk::quick()));
        let (asks, asked) = (desk.path("asks"), desk.path("asked"));
        let waits =
            format!("[ ! -e {} ] || {{ touch {}; sleep 600; }}", asks.display(), asked.display());
        desk.write(
            "config/config.toml",
            format!(
                "[providers.{provider}]\n\
                 api_key_command = [\"sh\", \"-c\", \"{waits}; echo sk-0123456789abcdef\"]\n"
            ),
        );
        let start = |line: &[&str], origin: &str| {
            let mut command = desk.command(line);
            let addresses = at(&desk, origin).into_iter();
            command.envs(addresses.filter(|(name, _)| name.ends_with("_BASE_URL")));
            Running::start(command)
        };
        let model = format!("{provider}/small");
        let line = ["generate", "--wait", "--model", &model, "--prompt", "a raft"];
        let mut remote = there.start(&["sandbox", "--listen", "127.0.0.1:0", "--json"]);
        let told: Value = serde_json::from_str(&remote.next_line()).expect("JSON");
        let origin = text(&told, "/url").strip_suffix("/v1").expect("Runware's path").to_owned();
        remote.kill();
        // Nobody is there yet.
        let first = start(&line, &origin);
        until("a refusal", || states(&desk) == [JobState::RetryWait]);
        first.kill();
        desk.write("asks", "");
        let id = text(&desk.done(&["history", "--json"]).object(), "/id").to_owned();
        let waiting = start(&["wait", &id], &origin);
        until("the key's command", || asked.exists());
        waiting.signal(by);
        let ended = waiting.ended();
        assert_eq!(ended.signal, Some(by.as_raw()), "{}", ended.err);
        let job = desk.done(&["history", "--json"]).object();
        assert_eq!(job["state"], left, "{provider}: {}", ended.err);
        if by == Signal::INT {
            ended.saying(&["is held", "not sent and not charged"]);
        }
        fs::remove_file(asks).expect("the file is there");
        let port = origin.strip_prefix("http://").expect("an address");
        let mut remote = there.start(&["sandbox", "--listen", port, "--speed", "200"]);
        remote.next_line();
        start(&["wait", &id], &origin).ended().expecting(0);
        assert_eq!(there.accepted_once_each(), 1, "{provider}");
    }
}
