//! `kill -9` at random moments, round after round, for all three providers; afterwards the books of the
//! remote are compared with the database. `RUSHES_ROUNDS` says how many rounds.

use std::collections::BTreeMap;
use std::fs;
use std::ops::AddAssign;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rushes::domain::catalog::Catalog;
use rushes::domain::event::JobEvent;
use rushes::domain::job::{Charged, Job, JobState};
use rushes::domain::money::MicroUsd;
use rushes::domain::query::HistoryQuery;
use rushes::engine::schedule::Dice;
use rushes::sandbox::{Record, Sandbox, Settings};
use rushes::store::Store;
use serde_json::Value;

use super::support::{Desk, Running, said, text};

/// How many rounds go on at once: most of a round is patience.
const LANES: usize = 12;
/// A process is killed within this long.
const LONGEST_LIFE_MS: u64 = 600;
/// What a prompt asks the remote for; most ask for nothing.
const WORDS: [&str; 8] = [
    "",
    "",
    "",
    "sandbox:lost-reply",
    "sandbox:lost-request",
    "sandbox:server-error",
    "sandbox:rate-limit",
    "sandbox:moderation",
];
const MODELS: [&str; 3] = ["runware/1.0-pro", "runpod/1.0-pro", "runbase/1.0-pro"];

/// What the remote has in its books for one prompt.
#[derive(Default)]
struct Booked {
    accepted: usize,
    billed: MicroUsd,
}

/// What rounds came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    kills: usize,
    jobs: usize,
    in_doubt: usize,
    lost: usize,
    double: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.jobs += other.jobs;
        self.in_doubt += other.in_doubt;
        self.lost += other.lost;
        self.double += other.double;
    }
}

#[test]
#[ignore = "kills for minutes; RUSHES_ROUNDS says how often"]
fn rounds_of_kill_9_lose_nothing_and_pay_nothing_twice() {
    let rounds = number("RUSHES_ROUNDS").unwrap_or(24);
    let seed = number("RUSHES_SEED").unwrap_or(u64::from(std::process::id()));
    let there = Desk::new();
    let line = ["sandbox", "--listen", "127.0.0.1:0", "--speed", "200", "--json"];
    let mut remote = there.start(&line);
    let told: Value = serde_json::from_str(&remote.next_line()).expect("JSON");
    let origin = text(&told, "/url").strip_suffix("/v1").expect("Runware's path").to_owned();
    let next = AtomicU64::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|round| *round < rounds);
    let lane = || {
        let mut done = Vec::new();
        while let Some(round) = take() {
            done.push(killed(round, seed, &origin));
        }
        done
    };
    let desks: Vec<(usize, Desk)> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("a lane")).collect()
    });
    let mut books = books(&there);
    let mut all = Tally::default();
    for (kills, desk) in &desks {
        all += Tally { kills: *kills, ..compared(desk, &mut books) };
    }
    // What the remote has and no database knows.
    let strange: usize = books.values().map(|booked| booked.accepted).sum();
    all.lost += strange;
    said(&format!(
        "{rounds} rounds, {} kills, {} jobs, {} in doubt, {} lost, {} double (seed {seed})",
        all.kills, all.jobs, all.in_doubt, all.lost, all.double
    ));
    assert_eq!((all.lost, all.double), (0, 0));
    assert!(all.jobs > 0 && all.kills > 0);
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// One round on a desk of its own: a submit that is killed, others that carry on and are killed, and one
/// that may end. Returns how many were killed.
fn killed(round: u64, seed: u64, origin: &str) -> (usize, Desk) {
    let desk = Desk::quick();
    let mut dice = Dice::new(seed.wrapping_mul(1_000_003) ^ round);
    let model = MODELS[(round % 3) as usize];
    let length = if model.starts_with("runware") { "1.2" } else { "5" };
    let mut kills = 0;
    for nth in 0..1 + dice.throw() % 2 {
        let word = WORDS[(dice.throw() % WORDS.len() as u64) as usize];
        let prompt = format!("a night ferry {round} {nth} {word}");
        let line = ["generate", "--wait", "--model", model, "--duration", length, "--prompt"];
        let line: Vec<&str> = line.into_iter().chain([prompt.as_str()]).collect();
        kills += usize::from(lives_for_a_while(at(&desk, origin, &line), &mut dice));
        for _ in 0..dice.throw() % 3 {
            let verb = if dice.throw().is_multiple_of(2) { "wait" } else { "keeper" };
            kills += usize::from(lives_for_a_while(at(&desk, origin, &[verb]), &mut dice));
        }
    }
    let ended = Running::start(at(&desk, origin, &["wait"])).ended();
    assert!(matches!(ended.status, Some(0 | 1 | 3)), "{}{}", ended.out, ended.err);
    (kills, desk)
}

/// Returns whether it had to be killed.
fn lives_for_a_while(command: Command, dice: &mut Dice) -> bool {
    let mut running = Running::start(command);
    // Most of what matters happens soon.
    let part = (dice.throw() % 1000) as f64 / 1000.0;
    thread::sleep(Duration::from_millis((part * part * LONGEST_LIFE_MS as f64) as u64));
    let killed = !running.has_ended();
    running.kill();
    killed
}

fn at(desk: &Desk, origin: &str, line: &[&str]) -> Command {
    let mut command = desk.command(line);
    for (id, path) in [("RUNWARE", "v1"), ("RUNPOD", "v2"), ("RUNBASE", "api/v1")] {
        command.env(format!("{id}_API_KEY"), format!("sk-{}", desk.data().display()));
        command.env(format!("{id}_BASE_URL"), format!("{origin}/{path}"));
    }
    command
}

/// The remote's books, by prompt.
fn books(there: &Desk) -> BTreeMap<String, Booked> {
    let settings = Settings { speed: 200.0, key: None };
    let mut sandbox = Sandbox::new(Arc::new(Catalog::load(&[]).0), settings);
    let mut prompts = BTreeMap::new();
    let mut books: BTreeMap<String, Booked> = BTreeMap::new();
    for value in there.journal() {
        let record: Record = serde_json::from_value(value.clone()).expect("a record");
        if let Record::Accepted(accepted) = &record {
            let prompt = text(&value, "/order/prompt").to_owned();
            books.entry(prompt.clone()).or_default().accepted += 1;
            prompts.insert(accepted.task, prompt);
        }
        sandbox.replay(record);
    }
    for line in sandbox.ledger(Timestamp::now()) {
        if let Some(booked) = books.get_mut(&prompts[&line.task]) {
            booked.billed = booked.billed + line.billed;
        }
    }
    books
}

/// The database of `desk` against the books, from which it takes what it explains.
fn compared(desk: &Desk, books: &mut BTreeMap<String, Booked>) -> Tally {
    let mut tally = Tally::default();
    if !desk.database().exists() {
        return tally;
    }
    let store = Store::open(&desk.database()).expect("a database");
    for job in store.history(&HistoryQuery::default(), 100, Timestamp::now()).expect("jobs") {
        let booked = books.remove(&job.request.prompt).unwrap_or_default();
        let events = store.events(job.id).expect("events");
        tally.jobs += 1;
        tally.double += usize::from(booked.accepted > 1);
        tally.in_doubt += usize::from(job.state == JobState::InDoubt);
        if !is_honest(desk, &job, &booked, &events) {
            tally.lost += 1;
            said(&format!("{} {}: {:?}", job.id, job.state, job.error));
        }
    }
    tally
}

/// Whether the job says what the books say: what was billed is a file or in doubt, and what is in doubt
/// is so because no reply that tells was ever stored and its provider can't be asked.
fn is_honest(desk: &Desk, job: &Job, booked: &Booked, events: &[(Timestamp, JobEvent)]) -> bool {
    let told = events.iter().any(|(_, event)| matches!(event, JobEvent::Accepted { .. }));
    let charged = job.error.as_ref().map(|error| error.charged);
    match job.state {
        JobState::Succeeded => {
            booked.accepted == 1
                && job.files().next().is_some()
                && job.files().all(|file| {
                    fs::metadata(desk.data().join(&file.path))
                        .is_ok_and(|found| found.len() == file.bytes)
                })
        }
        JobState::InDoubt => job.request.model.provider != "runware" && !told,
        JobState::Failed => booked.billed == MicroUsd::ZERO && charged != Some(Charged::Charged),
        _ => false,
    }
}
