//! `kill -9` at random moments, round after round, for all three providers, among processes that are stopped and
//! continued, two that promote one draft, and such that have another account's key; afterwards the books of the
//! remote are compared with the database. `RUSHES_ROUNDS` says how many rounds.

use std::collections::BTreeMap;
use std::fs;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rushes::domain::catalog::{Catalog, CatalogFile};
use rushes::domain::event::JobEvent;
use rushes::domain::job::{Charged, Job, JobState};
use rushes::domain::money::MicroUsd;
use rushes::domain::query::HistoryQuery;
use rushes::engine::schedule::Dice;
use rushes::sandbox::{Record, Sandbox, Settings};
use rushes::store::Store;
use rustix::process::Signal;
use serde_json::Value;

use super::support::{Desk, Running, said, text};
use super::terminal::{self, Terminal};

/// How many rounds are at their kills at once: more would be killed before the machine lets them begin.
const KILLING: usize = 6;
/// How many are past them and may end: that is patience, half a minute of it where a submit was lost.
const ENDING: usize = 40;
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
const PROVIDERS: [&str; 3] = ["runware", "runpod", "runbase"];

/// A model whose clips take a moment to render; the providers' own take seconds. At Runware it makes drafts.
fn small(provider: &str) -> String {
    let (size, pixels) = match provider {
        "runware" => ("width_height", "[160, 96]"),
        "runpod" => ("size_string", "[160, 96]"),
        // It computes the pixels from ratio and resolution, and knows no less.
        _ => ("aspect_and_resolution", "[]"),
    };
    let as_string = if provider == "runbase" { ", as_string = true" } else { "" };
    let draft = match provider {
        "runware" => {
            "[model.draft]\nenabled = true\nwire = \"providerSettings.bytedance.draft\"\n\
             resolution = \"480p\"\nprice_permille = 600\npromote_resolutions = [\"720p\"]\n\
             promote_sends_prompt = true\nid_lifetime_h = 168\nsure = \"made up for a test\"\n"
        }
        _ => "",
    };
    format!(
        "for_provider = \"{provider}\"\n[[model]]\nid = \"small\"\nwire_id = \"test:small@1\"\n\
         name = \"Small\"\nas_of = \"2026-11-21\"\nsure = \"made up for a test\"\n\
         status = {{ kind = \"live\" }}\nexpected_wait_s = 1\nprompt = {{ min_chars = 1 }}\n\
         duration = {{ min_s = 1, max_s = 2, step_s = 1, default_s = 1{as_string} }}\nfps = 24\n\
         size = {{ text = \"{size}\", image = \"{size}\" }}\ndefault_resolution = \"720p\"\n\
         [model.dimensions]\n\"480p\" = {{ \"16:9\" = {pixels} }}\n\"720p\" = {{ \"16:9\" = {pixels} }}\n{draft}\
         [model.price]\nunit = \"second\"\nusd = {{ \"480p\" = 0.02, \"720p\" = 0.05 }}\n\
         sure = \"made up for a test\"\n"
    )
}

pub(crate) fn with_small_models(desk: Desk) -> Desk {
    for provider in PROVIDERS {
        desk.write(&format!("config/catalog/{provider}-small.toml"), small(provider));
    }
    desk
}

/// A prompt, and whether it is that of a draft's final.
type Order = (String, bool);

/// What the remote has in its books for one order.
#[derive(Default)]
struct Booked {
    accepted: usize,
    billed: MicroUsd,
}

/// How often each program was killed, or stopped and continued.
type Kills = BTreeMap<&'static str, usize>;

/// What rounds came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    jobs: usize,
    in_doubt: usize,
    lost: usize,
    double: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
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
    let there = with_small_models(Desk::new());
    let line = ["sandbox", "--listen", "127.0.0.1:0", "--speed", "200", "--json"];
    let mut remote = there.start(&line);
    let told: Value = serde_json::from_str(&remote.next_line()).expect("JSON");
    let origin = text(&told, "/url").strip_suffix("/v1").expect("Runware's path").to_owned();
    // Where other accounts are, and nothing of these is known.
    let elsewhere = with_small_models(Desk::new());
    let mut nowhere = elsewhere.start(&line);
    let told: Value = serde_json::from_str(&nowhere.next_line()).expect("JSON");
    let strange = text(&told, "/url").strip_suffix("/v1").expect("Runware's path").to_owned();
    let (mut kills, desks) = all_rounds(rounds, seed, &origin, &strange);
    assert_eq!(elsewhere.accepted(), [""; 0], "nothing is sent by another account");
    let mut books = books(&there);
    let mut all = Tally::default();
    for desk in &desks {
        all += compared(desk, &mut books);
    }
    // What the remote has and no database knows.
    let strange: usize = books.values().map(|booked| booked.accepted).sum();
    all.lost += strange;
    kills.retain(|_, count| *count > 0);
    let each: Vec<String> = kills.iter().map(|(who, count)| format!("{who} {count}")).collect();
    said(&format!(
        "{rounds} rounds, {} kills ({}), {} jobs, {} in doubt, {} lost, {} double (seed {seed})",
        kills.values().sum::<usize>(),
        each.join(", "),
        all.jobs,
        all.in_doubt,
        all.lost,
        all.double
    ));
    assert_eq!((all.lost, all.double), (0, 0));
    assert!(all.jobs > 0 && !kills.is_empty());
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// How often each program was killed, and the desks as all of them ended.
fn all_rounds(rounds: u64, seed: u64, origin: &str, strange: &str) -> (Kills, Vec<Desk>) {
    let next = AtomicU64::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|round| *round < rounds);
    let (killed, to_end) = sync_channel(0);
    let to_end = Mutex::new(to_end);
    thread::scope(|scope| {
        for _ in 0..KILLING {
            let (killed, take) = (killed.clone(), &take);
            scope.spawn(move || {
                while let Some(round) = take() {
                    let ended = Round::new(round, seed, origin, strange).of_kills();
                    killed.send(ended).expect("somebody ends it");
                }
            });
        }
        drop(killed);
        let ending = || {
            let mut ended = Vec::new();
            loop {
                let next = to_end.lock().expect("a lock").recv();
                let Ok((kills, desk)) = next else { return ended };
                ends(&desk, origin);
                ended.push((kills, desk));
            }
        };
        let ending: Vec<_> = (0..ENDING).map(|_| scope.spawn(ending)).collect();
        let mut all = (Kills::new(), Vec::new());
        for (kills, desk) in ending.into_iter().flat_map(|one| one.join().expect("an end")) {
            for (who, count) in kills {
                *all.0.entry(who).or_default() += count;
            }
            all.1.push(desk);
        }
        all
    })
}

/// A desk of its own, at which submits are killed, and others that carry on. The studio does either.
struct Round<'a> {
    number: u64,
    desk: Desk,
    /// Where the providers are.
    origin: &'a str,
    /// Where another account is.
    strange: &'a str,
    dice: Dice,
    kills: Kills,
}

impl<'a> Round<'a> {
    fn new(number: u64, seed: u64, origin: &'a str, strange: &'a str) -> Self {
        let desk = with_small_models(Desk::quick());
        let dice = Dice::new(seed.wrapping_mul(1_000_003) ^ number);
        Self { number, desk, origin, strange, dice, kills: Kills::new() }
    }

    fn of_kills(mut self) -> (Kills, Desk) {
        let provider = PROVIDERS[(self.number % 3) as usize];
        self.desk.write("config/config.toml", format!("model = \"{provider}/small\"\n"));
        for nth in 0..1 + self.dice.throw() % 2 {
            let word = WORDS[(self.dice.throw() % WORDS.len() as u64) as usize];
            let prompt = format!("a night ferry {} {nth} {word}", self.number);
            match self.dice.throw() % 4 {
                0 => self.command("generate", &["--wait", "--prompt", &prompt]),
                1 | 2 if provider == "runware" => self.promotes(&prompt),
                _ => self.studio(Some(&prompt)),
            }
            for _ in 0..self.dice.throw() % 3 {
                match self.dice.throw() % 4 {
                    0 => self.studio(None),
                    1 => self.stranger(),
                    2 => self.command("wait", &[]),
                    _ => self.command("keeper", &[]),
                }
            }
        }
        (self.kills, self.desk)
    }

    fn count(&mut self, what: &'static str, counts: bool) {
        *self.kills.entry(what).or_default() += usize::from(counts);
    }

    /// Most of what matters happens soon.
    fn for_a_while(&mut self) {
        let part = (self.dice.throw() % 1000) as f64 / 1000.0;
        thread::sleep(Duration::from_millis((part * part * LONGEST_LIFE_MS as f64) as u64));
    }

    fn start(&self, line: &[&str], origin: &str) -> Running {
        let mut command = self.desk.command(line);
        command.envs(at(&self.desk, origin));
        Running::start(command)
    }

    /// It lives for a while. Some are stopped, others carry on meanwhile, and they are continued.
    fn command(&mut self, who: &'static str, options: &[&str]) {
        let mut running = self.start(&[&[who], options].concat(), self.origin);
        self.for_a_while();
        if self.dice.throw().is_multiple_of(3) && !running.has_ended() {
            let by = if self.dice.throw().is_multiple_of(2) { Signal::STOP } else { Signal::TSTP };
            running.signal(by);
            self.another();
            running.signal(Signal::CONT);
            self.count("stopped", true);
            self.for_a_while();
        }
        self.count(who, !running.has_ended());
        running.kill();
    }

    /// One that carries on while another one is stopped.
    fn another(&mut self) {
        let mut other = self.start(&["wait"], self.origin);
        self.for_a_while();
        self.count("wait", !other.has_ended());
        other.kill();
    }

    /// One with another account's key.
    fn stranger(&mut self) {
        let mut other = self.start(&["wait"], self.strange);
        self.for_a_while();
        self.count("stranger", !other.has_ended());
        other.kill();
    }

    /// Two promote one draft at once; either is killed, or stopped for a while.
    fn promotes(&mut self, prompt: &str) {
        let line = ["generate", "--draft", "--wait", "--json", "--prompt", prompt];
        let draft = self.start(&line, self.origin).ended();
        // Some prompts ask for a draft that fails.
        let Some(0) = draft.status else { return };
        let draft = draft.object();
        let line = ["promote", text(&draft, "/id"), "--wait"];
        let mut both = [(); 2].map(|()| self.start(&line, self.origin));
        for one in &mut both {
            self.for_a_while();
            if self.dice.throw().is_multiple_of(2) && !one.has_ended() {
                one.signal(Signal::STOP);
                self.for_a_while();
                one.signal(Signal::CONT);
                self.count("stopped", true);
            }
        }
        for mut one in both {
            self.for_a_while();
            self.count("promote", !one.has_ended());
            one.kill();
        }
    }

    /// In a terminal of its own. It submits `prompt`, and its life begins with that; without one it carries on.
    fn studio(&mut self, prompt: Option<&str>) {
        // An empty prompt, not the one before.
        drop(fs::remove_file(self.desk.data().join("studio.json")));
        let mut command = terminal::command(&self.desk.path(""), env!("CARGO_BIN_EXE_rushes"));
        for (name, value) in at(&self.desk, self.origin) {
            command.env(name, value);
        }
        let mut studio = Terminal::start(command, 80, 24);
        if let Some(prompt) = prompt {
            studio.is_open();
            studio.submits(prompt);
        }
        self.for_a_while();
        if self.dice.throw().is_multiple_of(3) {
            studio.signal(Signal::STOP);
            self.another();
            studio.signal(Signal::CONT);
            self.count("stopped", true);
            self.for_a_while();
        }
        studio.signal(Signal::KILL);
        assert_eq!(studio.ended().exit_code(), 1, "a signal ended it");
        self.count("studio", true);
    }
}

/// One more that may end: what is live ends as well as it can.
fn ends(desk: &Desk, origin: &str) {
    let mut command = desk.command(&["wait"]);
    command.envs(at(desk, origin));
    let ended = Running::start(command).ended();
    assert!(matches!(ended.status, Some(0 | 1 | 3)), "{}{}", ended.out, ended.err);
}

/// Where the providers are, and a key of this desk's own there.
pub(crate) fn at(desk: &Desk, origin: &str) -> Vec<(String, String)> {
    let paths = [("RUNWARE", "v1"), ("RUNPOD", "v2"), ("RUNBASE", "api/v1")];
    let each = paths.map(|(id, path)| {
        [
            (format!("{id}_API_KEY"), format!("sk-{}-{origin}", desk.data().display())),
            (format!("{id}_BASE_URL"), format!("{origin}/{path}")),
        ]
    });
    each.into_iter().flatten().collect()
}

/// The remote's books, by order.
fn books(there: &Desk) -> BTreeMap<Order, Booked> {
    let settings = Settings { speed: 200.0, keys: Vec::new() };
    let small = PROVIDERS.map(small);
    let files = small.each_ref().map(|text| CatalogFile { name: "small.toml", text });
    let mut sandbox = Sandbox::new(Arc::new(Catalog::load(&files).0), settings);
    let mut orders = BTreeMap::new();
    let mut books: BTreeMap<Order, Booked> = BTreeMap::new();
    for value in there.journal() {
        let record: Record = serde_json::from_value(value.clone()).expect("a record");
        if let Record::Accepted(accepted) = &record {
            let prompt = text(&value, "/order/prompt").to_owned();
            let order = (prompt, accepted.order.draft_id.is_some());
            books.entry(order.clone()).or_default().accepted += 1;
            orders.insert(accepted.task, order);
        }
        sandbox.replay(record);
    }
    for line in sandbox.ledger(Timestamp::now()) {
        if let Some(booked) = books.get_mut(&orders[&line.task]) {
            booked.billed = booked.billed + line.billed;
        }
    }
    books
}

/// The database of `desk` against the books, from which it takes what it explains.
fn compared(desk: &Desk, books: &mut BTreeMap<Order, Booked>) -> Tally {
    let mut tally = Tally::default();
    if !desk.database().exists() {
        return tally;
    }
    let store = Store::open(&desk.database()).expect("a database");
    for job in store.history(&HistoryQuery::default(), 100, Timestamp::now()).expect("jobs") {
        let order = (job.request.prompt.clone(), job.request.draft_id.is_some());
        let booked = books.remove(&order).unwrap_or_default();
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
