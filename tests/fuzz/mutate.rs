//! A deterministic mutator: the same round of the same seeds is always the same input.

use std::fs;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a target is tried in `cargo test`; `RUSHES_FUZZ_SECONDS` says otherwise.
const USUAL: Duration = Duration::from_millis(700);
/// No input may take longer, on a busy machine and without optimisation.
const MAX_TIME: Duration = Duration::from_secs(20);
/// Inputs are not made longer than this.
const MAX_BYTES: usize = 512 << 10;
/// What breaks readers of texts, numbers and boxes.
const NASTY: &[&[u8]] = &[
    b"\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\0\0\0\0\0\0\0\x01",
    b"-1",
    b"1e400",
    b"NaN",
    b"18446744073709551616",
    b"null",
    b"[]",
    b"{}",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"\x1b[2J",
    b"\xc2\x9b31m",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x91\xa9",
    b"[[[[[[[[[[[[[[[[[[[[",
    b"\n",
    b"=",
    b"[x]",
    b"'''",
    b"%s",
    b"../../",
    b"file:///etc/passwd",
];

/// Every file of `path`, or the file itself; a `.txt` gives each of its lines.
pub fn seeds(path: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut files = vec![path.clone()];
    if path.is_dir() {
        files =
            fs::read_dir(&path).expect("seeds").map(|file| file.expect("a seed").path()).collect();
        files.sort();
    }
    let mut seeds = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_none_or(|end| end != "md" && end != "frames"))
    {
        let bytes = fs::read(file).expect("a seed");
        if file.extension().is_some_and(|end| end == "txt") {
            seeds.extend(
                bytes
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.is_empty())
                    .map(<[u8]>::to_vec),
            );
        } else {
            seeds.push(bytes);
        }
    }
    assert!(!seeds.is_empty(), "no seeds in {}", path.display());
    seeds
}

/// Tries `target` with rounds of mutated `seeds` until the time is over, the rounds that `failed` once before
/// all others. A failure names the line that repeats it.
pub fn fuzz(name: &str, seeds: &[Vec<u8>], failed: &[(&str, u64)], mut target: impl FnMut(&[u8])) {
    let mut run = |round: u64| {
        let input = input(seeds, round);
        let began = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| target(&input)));
        let took = began.elapsed();
        assert!(
            ended.is_ok() && took < MAX_TIME,
            "input {round} of {name} ({} bytes, {took:?}) failed; RUSHES_FUZZ={name}:{round} cargo test {name} repeats it:\n{}",
            input.len(),
            String::from_utf8_lossy(&input[..input.len().min(2000)])
        );
    };
    if let Ok(asked) = std::env::var("RUSHES_FUZZ") {
        let asked = asked.split_once(':').filter(|(target, _)| *target == name);
        return asked.into_iter().for_each(|(_, round)| run(round.parse().expect("a number")));
    }
    failed.iter().filter(|(target, _)| *target == name).for_each(|(_, round)| run(*round));
    let seconds = std::env::var("RUSHES_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = Instant::now() + seconds.map_or(USUAL, Duration::from_secs_f64);
    let mut round = 0;
    // Each seed as it is, at least.
    while round < seeds.len() as u64 || Instant::now() < until {
        run(round);
        round += 1;
    }
    assert_memory_is_bounded(name);
}

/// The first rounds are the seeds as they are; the others choose one and change it one to six times.
fn input(seeds: &[Vec<u8>], round: u64) -> Vec<u8> {
    if let Some(seed) = seeds.get(round as usize) {
        return seed.clone();
    }
    let mut dice = Dice(round);
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(6) {
        change(&mut bytes, seeds, &mut dice);
        bytes.truncate(MAX_BYTES);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    match dice.below(8) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        2 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(dice.range(bytes.len()))),
        5 => {
            let other = &seeds[dice.below(seeds.len())];
            let part = other[dice.range(other.len())].to_vec();
            drop(bytes.splice(at..at, part));
        }
        6 => {
            let nasty = NASTY[dice.below(NASTY.len())];
            let until = (at + nasty.len() * dice.below(2)).min(bytes.len());
            drop(bytes.splice(at..until, nasty.iter().copied()));
        }
        _ => {
            let part = bytes[dice.range(bytes.len())].to_vec();
            drop(bytes.splice(at..at, part));
        }
    }
}

/// The most that was ever in memory, where the system tells it.
fn assert_memory_is_bounded(name: &str) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = peak.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    assert!(kib.is_none_or(|kib| kib < 2 << 20), "{name} and its neighbours took {kib:?} KiB");
}

/// Knuth's MMIX generator, of which the upper half is good.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        for _ in 0..2 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
        }
        (self.0 >> 33) as usize % bound.max(1)
    }

    /// A part, mostly a short one.
    fn range(&mut self, length: usize) -> Range<usize> {
        let start = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 64 };
        start..(start + self.below(most + 1)).min(length)
    }
}
