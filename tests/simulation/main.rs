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

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rushes::store::Store;

use chaos::schedule;
use laws::{Law, Laws};
use sabotage::{SABOTAGES, Sabotage};
use scenarios::{SCENARIOS, crash_everywhere, play};
use world::World;

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

/// Runs seeds from `first` on until `more` says no, on all cores. Returns how many were run, and what
/// they broke.
fn run_seeds(first: u64, more: impl Fn(u64) -> bool + Sync) -> (u64, Vec<String>) {
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let broken = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if !more(nth) {
                        return;
                    }
                    let world = schedule(first + nth, Sabotage::None, false);
                    done.fetch_add(1, Ordering::Relaxed);
                    if let Some(text) = complaint(first + nth, &world) {
                        broken.lock().expect("a list").push(text);
                    }
                }
            });
        }
    });
    (done.into_inner(), broken.into_inner().expect("a list"))
}

#[test]
fn random_schedules_break_nothing() {
    let began = Instant::now();
    let first = asked("RUSHES_FIRST_SEED").unwrap_or(0);
    let (count, broken) = match asked("RUSHES_SCHEDULES") {
        Some(schedules) => run_seeds(first, |nth| nth < schedules),
        None => run_seeds(first, |_| began.elapsed() < SHORT),
    };
    say(&format!("{count} random schedules in {:.1} s", began.elapsed().as_secs_f64()));
    let some: String = broken.iter().take(5).map(String::as_str).collect();
    assert!(broken.is_empty(), "{} schedules broke a property:\n{some}", broken.len());
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
fn the_power_may_go_at_every_boundary_of_every_scenario() {
    let mut table =
        format!("{:44} {:>6} {:>7} {:>9}  ends\n", "scenario", "bounds", "crashes", "same ends");
    let (mut broken, mut crashes) = (Vec::new(), 0);
    for scenario in SCENARIOS {
        let line = crash_everywhere(scenario);
        table += &format!("{}\n", line.text);
        broken.extend(line.broken);
        crashes += line.crashes;
    }
    say(&format!("{table}{} scenarios, {crashes} crashes", SCENARIOS.len()));
    assert!(broken.is_empty(), "{}:\n{}", broken.len(), broken[..broken.len().min(9)].join("\n"));
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
        let world = play(scenario, Some(12), true);
        let path = folder.path().join(format!("{nth}.db"));
        let mut store = Store::open(&path).expect("a database");
        assert!(world.store.is_replayed_by(&mut store), "{}", scenario.name);
    }
}
