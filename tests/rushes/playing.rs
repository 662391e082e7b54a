//! A clip that is played through a real SSH connection over a slow link.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use super::link::{Link, Speed};
use super::sshd::Sshd;
use super::support::until;
use super::viewer::{Viewer, line_to_grain};

/// The most frames that the studio sends before it has an answer (`studio/term/pace.rs`).
const MAX_UNANSWERED: usize = 8;
/// Much shorter than the studio waits for an answer that does not come, and much longer than for one that does.
const QUIET: Duration = Duration::from_millis(1500);
/// The length of the clip, and more.
const ROUND: Duration = Duration::from_secs(6);

/// A link at which a frame in every colour would take more than half a second.
const SLOW: Speed = Speed { bits_per_s: 1_000_000, delay: Duration::from_millis(15) };

/// Whether no process has the database open any longer.
fn nobody_is_there(home: &Path) -> bool {
    File::open(home.join("data/use.lock")).is_ok_and(|lock| lock.try_lock().is_ok())
}

#[test]
#[ignore = "wants sshd, ssh and ffmpeg, and starts a server of its own"]
fn a_clip_plays_over_a_slow_link_that_stays_free_for_keys_and_may_be_cut() {
    let Some(sshd) = Sshd::start() else { return };
    let home = tempfile::tempdir().expect("a folder");
    let Some(line) = line_to_grain(env!("CARGO_BIN_EXE_rushes"), home.path()) else { return };
    let link = Link::start(sshd.address(), SLOW).expect("a link");
    let mut viewer = Viewer::start(sshd.client(link.address(), &line));
    viewer.plays();
    viewer.sees(40);

    for _ in 0..4 {
        let waited = viewer.turns();
        assert!(waited < ROUND, "a key waited {waited:?} behind video");
    }

    viewer.holds(true);
    let before = viewer.frames().len();
    viewer.is_quiet_for(QUIET);
    let on_their_way = viewer.frames().len() - before;
    assert!(on_their_way <= MAX_UNANSWERED, "{on_their_way} frames without an answer");
    viewer.turns();
    viewer.turns();
    viewer.holds(false);
    viewer.sees(20);

    link.cut();
    assert!(viewer.has_ended(), "the line discipline is changed");
    until("the end of the studio", || nobody_is_there(home.path()));
    let reports = fs::read_dir(home.path().join("data/reports"));
    assert_eq!(reports.into_iter().flatten().count(), 0, "a report of a panic");
}
