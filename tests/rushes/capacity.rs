//! What a process may run out of besides the disk: files that are open, threads, and how large a file may be. Each
//! ends in a sentence before anything is paid.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::support::{Desk, Ended, Running, facts, generate, skipped, text};

/// A user who is nobody else.
const NOBODY: u32 = 65_534;

/// The program under a limit that the shell sets.
fn limited(desk: &Desk, ulimit: &str, arguments: &[&str]) -> Command {
    let mut command = desk.around("sh");
    let script = format!("ulimit {ulimit} && exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_rushes")]).args(arguments);
    command
}

/// Ends by itself, at once, with a sentence that has `words`; or it worked.
fn says_or_works(ended: &Ended, words: &str, about: &str) {
    assert!(!ended.err.contains("panicked"), "{about}: {}", ended.err);
    match ended.status {
        Some(0) => {}
        Some(1 | 2) => assert!(ended.err.contains(words), "{about}: {}", ended.err),
        other => panic!("{about}: {other:?} {}", ended.err),
    }
}

#[test]
fn too_few_open_files_are_said_at_once_and_nothing_is_sent() {
    let desk = Desk::new();
    desk.clip("a pier");
    let lines: [&[&str]; 6] = [
        &generate("a ferry", &["--wait"]),
        &["wait"],
        &["jobs"],
        &["history"],
        &["doctor"],
        &["keeper"],
    ];
    for files in [4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24, 32, 48, 63] {
        for line in lines {
            let begun = Instant::now();
            let ended = Running::start(limited(&desk, &format!("-n {files}"), line)).ended();
            says_or_works(&ended, "open files", &format!("{files} files, {line:?}"));
            assert!(begun.elapsed() < Duration::from_secs(60), "{files} files, {line:?}");
        }
    }
    assert_eq!(desk.accepted_once_each(), 1);
    let enough = Running::start(limited(&desk, "-n 64", lines[0])).ended().expecting(0);
    assert_eq!(facts(&enough.object()).frames, 29);
    // A limit that may be raised is no trouble.
    Running::start(limited(&desk, "-S -n 16", lines[2])).ended().expecting(0);
}

/// Root may start any number, so root tries it as somebody else.
#[test]
fn too_few_threads_are_said_and_nothing_is_sent_without_one() {
    if Command::new("prlimit").arg("--version").output().is_err() {
        return skipped("there is no prlimit");
    }
    let desk = Desk::new();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        let folder = desk.path("");
        std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).expect("a folder");
    }
    let line = generate("a ferry", &["--wait"]);
    let run = |threads: usize| {
        let mut command = desk.around("prlimit");
        command.arg(format!("--nproc={threads}")).arg(env!("CARGO_BIN_EXE_rushes")).args(&line);
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        Running::start(command).ended()
    };
    for threads in [1, 2, 3, 4, 6, 8, 10, 12, 13, 14, 16, 24] {
        let ended = run(threads);
        if ended.err.contains("failed to execute") {
            return skipped("another user can't start the program from here");
        }
        says_or_works(&ended, "threads", &format!("{threads} threads"));
    }
}

/// `ulimit -f` is like a disk without room: the clip stays at the provider, and the next one saves it.
#[test]
fn a_clip_that_may_not_be_so_large_is_tried_again_and_never_lost() {
    let desk = Desk::new();
    let mut remote = desk.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    remote.next_line();
    let line = ["generate", "--json", "--wait", "--model", "sandbox/1.0-pro", "--duration", "4"];
    let line = [&line[..], &["--seed", "1", "--prompt", "a fox"]].concat();
    // In blocks of half a kilobyte: the database has room, and the clip has not.
    let ended = Running::start(limited(&desk, "-f 1600", &line)).ended().expecting(3);
    let job = ended.object();
    assert_eq!((ended.signal, text(&job, "/error/class")), (None, "disk"), "{job}");
    let saved = desk.done(&["wait", "--json"]).object();
    assert_eq!((&saved["id"], &saved["state"]), (&job["id"], &"succeeded".into()));
    assert!(
        fs::metadata(Path::new(text(&saved, "/files/0/path"))).expect("a clip").len() > 1600 * 512
    );
    assert_eq!(desk.accepted_once_each(), 1);
}
