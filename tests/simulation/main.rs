//! Nothing paid is lost, nothing is paid twice: the promise, held against a world in which everything that
//! can go wrong does.
//!
//! The engine, the adapters and the remote are the program's own; time, network, disk and database are
//! values in here. `cargo test --test simulation` runs every crash and some thousands of random schedules;
//! README.md has the commands for more of them, and for one alone.

mod chaos;
mod committed;
mod disk;
mod errand;
mod laws;
mod network;
mod process;
mod remote;
mod sabotage;
mod scenarios;
mod user;
mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rushes::domain::job::JobState;
use rushes::store::Store;

use chaos::schedule;
use laws::{Law, Laws};
use sabotage::{SABOTAGES, Sabotage};
use scenarios::{SCENARIOS, play, struck_everywhere};
use world::{Blow, World};

/// Seeds that once broke a property, one a line; what follows a `#` says which.
const SEEDS: &str = include_str!("seeds.txt");
/// How long `cargo test` tries random schedules.
const SHORT: Duration = Duration::from_secs(2);

/// Prints `text` whether or not the test program keeps what tests print.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A number from the environment.
fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is '{text}' and should be a number")))
}

/// Another number each time: what no seed decides.
fn chance() -> u64 {
    static CHANCE: AtomicU64 = AtomicU64::new(1);
    CHANCE.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
}

/// What a schedule broke, and the line that repeats it.
fn complaint(seed: u64, world: &World) -> Option<String> {
    let mut text = String::new();
    for (law, what) in &world.laws.broken {
        let _ = writeln!(text, "{law}: {what}");
    }
    let line = format!("RUSHES_SEED={seed} cargo test --test simulation one_seed");
    (!text.is_empty()).then(|| format!("{text}repeat it with\n    {line}\n"))
}

/// What many schedules came to.
#[derive(Default)]
struct Tally {
    schedules: u64,
    ends: BTreeMap<JobState, u64>,
    broken: Vec<String>,
}

impl Tally {
    fn count(&mut self, seed: u64, world: &World) {
        self.schedules += 1;
        for state in world.ends() {
            *self.ends.entry(state).or_default() += 1;
        }
        self.broken.extend(complaint(seed, world));
    }
}

/// Runs seeds from `first` on until `more` says no, on all cores.
fn run_seeds(first: u64, more: impl Fn(u64) -> bool + Sync) -> Tally {
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if !more(nth) {
                        return;
                    }
                    let world = schedule(first + nth, Sabotage::None, false);
                    tally.lock().expect("a tally").count(first + nth, &world);
                }
            });
        }
    });
    tally.into_inner().expect("a tally")
}

#[test]
fn random_schedules_break_nothing() {
    let began = Instant::now();
    let first = asked("RUSHES_FIRST_SEED").unwrap_or(0);
    let Tally { schedules, ends, broken } = match asked("RUSHES_SCHEDULES") {
        Some(schedules) => run_seeds(first, |nth| nth < schedules),
        None => run_seeds(first, |_| began.elapsed() < SHORT),
    };
    let ends: Vec<String> = ends.iter().map(|(state, jobs)| format!("{jobs} {state}")).collect();
    say(&format!(
        "{schedules} random schedules in {:.1} s, {} broke a property; jobs: {}",
        began.elapsed().as_secs_f64(),
        broken.len(),
        ends.join(", ")
    ));
    let some: String = broken.iter().take(5).map(String::as_str).collect();
    assert!(broken.is_empty(), "add the seeds to tests/simulation/seeds.txt:\n{some}");
}

#[test]
fn seeds_that_once_failed_pass() {
    for line in SEEDS.lines() {
        let seed = line.split('#').next().unwrap_or_default().trim();
        if let Ok(seed) = seed.parse() {
            let told = complaint(seed, &schedule(seed, Sabotage::None, false));
            assert_eq!(told, None, "{line}");
        }
    }
}

/// `RUSHES_SEED=7 cargo test --test simulation one_seed` tells everything that happens under one seed.
#[test]
fn one_seed() {
    let Some(seed) = asked("RUSHES_SEED") else { return };
    let world = schedule(seed, Sabotage::None, true);
    say(world.trace.lines.as_deref().unwrap_or_default());
    if let Some(text) = complaint(seed, &world) {
        panic!("{text}");
    }
}

#[test]
fn a_blow_at_every_boundary_of_every_scenario_breaks_nothing() {
    let mut table =
        format!("{:44} {:>10} {:>6} {:>9}  ends\n", "scenario", "boundaries", "blows", "same ends");
    let (mut broken, mut blows) = (Vec::new(), 0);
    for scenario in SCENARIOS {
        let line = struck_everywhere(scenario);
        table += &format!("{}\n", line.text);
        broken.extend(line.broken);
        blows += line.blows;
    }
    let scenarios = SCENARIOS.len();
    say(&format!("{table}{scenarios} scenarios, {blows} blows, {} broke a property", broken.len()));
    assert!(broken.is_empty(), "{}", broken[..broken.len().min(9)].join("\n"));
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let mut laws = Laws::default();
    for seed in 0..40 {
        let sum = || schedule(seed, Sabotage::None, false).trace.sum;
        laws.traces(sum(), sum());
    }
    assert_eq!(laws.broken, []);
}

#[test]
fn every_property_can_fail() {
    for (sabotage, law) in SABOTAGES {
        let caught = (0..400).any(|seed| {
            let first = schedule(seed, sabotage, false);
            let mut laws = Laws::default();
            if law == Law::SameSeedSameTrace {
                laws.traces(first.trace.sum, schedule(seed, sabotage, false).trace.sum);
            }
            first.laws.broken.iter().chain(&laws.broken).any(|(broken, _)| *broken == law)
        });
        assert!(caught, "{sabotage:?} should break this: {law}");
    }
}

#[test]
fn the_store_of_the_simulation_keeps_what_sqlite_keeps() {
    let folder = tempfile::tempdir().expect("a folder");
    for (nth, scenario) in SCENARIOS.iter().enumerate() {
        let world = play(scenario, Some((12, Blow::ALL[0])));
        let path = folder.path().join(format!("{nth}.db"));
        let mut store = Store::open(&path).expect("a database");
        assert!(world.store.is_replayed_by(&mut store), "{}", scenario.name);
    }
}
