//! Playing over a slow link, for real: grainy footage on the whole terminal, by `sshd` and `ssh` and a forwarder
//! that carries so many bits a second. `cargo bench --bench link`. Wants OpenSSH and ffmpeg.
//! At 1 Mbit/s the target is 8 frames a second in 256 colours, and 300 ms for a key's answer.

#[expect(dead_code, reason = "a test cuts it")]
#[path = "../tests/rushes/link.rs"]
mod link;
#[path = "../tests/rushes/sshd.rs"]
mod sshd;
#[expect(dead_code, reason = "a test wants more of it")]
#[path = "../tests/rushes/viewer.rs"]
mod viewer;

use std::collections::BTreeMap;
use std::io::{Write, stdout};
use std::thread;
use std::time::{Duration, Instant};

use link::{Link, Speed};
use sshd::Sshd;
use viewer::{Shown, Viewer, line_to_grain};

/// Each way, as to a server of the same continent.
const DELAY: Duration = Duration::from_millis(15);
/// How long the pace has to find its rung, and how long it is measured then.
const SETTLING: Duration = Duration::from_secs(15);
const MEASURED: Duration = Duration::from_secs(30);
/// How many keys are pressed in a round of the clip. There must be an even number.
const KEYS: usize = 4;

/// What was measured.
struct Played {
    seconds: f64,
    frames: Vec<Shown>,
    /// What the terminal got, and what the link carried for it.
    bytes: u64,
    carried: u64,
    waits: Vec<Duration>,
}

fn main() -> std::io::Result<()> {
    let Some(sshd) = Sshd::start() else { return Ok(()) };
    let home = tempfile::tempdir()?;
    let Some(line) = line_to_grain(env!("CARGO_BIN_EXE_rushes"), home.path()) else {
        return Ok(());
    };
    let mut out = stdout();
    writeln!(
        out,
        "| link | frames a second | bytes a frame, carried | key: median, longest | shown in |"
    )?;
    writeln!(out, "|---|---|---|---|---|")?;
    for mbit_per_s in [1, 10] {
        for compressed in [false, true] {
            let speed = Speed { bits_per_s: mbit_per_s * 1_000_000, delay: DELAY };
            let link = Link::start(sshd.address(), speed)?;
            let mut client = sshd.client(link.address(), &line);
            if compressed {
                client.get_argv_mut().insert(1, "-C".into());
            }
            let viewer = Viewer::start(client);
            let how = if compressed { ", `ssh -C`" } else { "" };
            writeln!(out, "| {mbit_per_s} Mbit/s{how} | {}", row(played(&viewer, &link)))?;
        }
    }
    Ok(())
}

fn played(viewer: &Viewer, link: &Link) -> Played {
    viewer.plays();
    thread::sleep(SETTLING);
    let start = Instant::now();
    let (before, carried) = (viewer.frames(), link.down_bytes());
    let mut waits = Vec::new();
    while start.elapsed() < MEASURED {
        // The clip must not come to its end while it does not go round.
        viewer.is_at_its_beginning();
        for _ in 0..KEYS {
            waits.push(viewer.turns());
            // Somewhere between two frames, and each time elsewhere.
            thread::sleep(Duration::from_millis(300 + waits.len() as u64 * 37 % 100));
        }
        // Past its first second.
        thread::sleep(Duration::from_secs(1));
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut frames = viewer.frames();
    let bytes_of = |frames: &[Shown]| frames.last().map_or(0, |frame| frame.bytes);
    let bytes = bytes_of(&frames) - bytes_of(&before);
    let frames = frames.split_off(before.len());
    Played { seconds, frames, bytes, carried: link.down_bytes() - carried, waits }
}

fn row(mut played: Played) -> String {
    played.waits.sort();
    let ms = |wait: Duration| wait.as_secs_f64() * 1000.0;
    let count = played.frames.len().max(1);
    let mut rungs = BTreeMap::<&str, usize>::new();
    for frame in &played.frames {
        *rungs.entry(&frame.rung).or_default() += 1;
    }
    let rungs: Vec<String> =
        rungs.iter().map(|(rung, times)| format!("{rung} {} %", times * 100 / count)).collect();
    format!(
        "{:.1} | {:.1} kB, {:.1} kB | {:.0} ms, {:.0} ms of {} | {} |",
        count as f64 / played.seconds,
        played.bytes as f64 / count as f64 / 1000.0,
        played.carried as f64 / count as f64 / 1000.0,
        ms(played.waits[played.waits.len() / 2]),
        ms(played.waits[played.waits.len() - 1]),
        played.waits.len(),
        rungs.join(", "),
    )
}
