//! A panic gives the terminal back, leaves a report and says one sentence. The test runs itself again in
//! a terminal of its own, since a panic hook belongs to the whole process.

use std::io::Read as _;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use super::super::term::panic_report;
use super::super::term::pen::Depth;
use super::super::term::terminal::{Options, Screen, entry_bytes, restore_bytes};

const REPORTS: &str = "RUSHES_TEST_REPORTS";

#[test]
fn a_panic_gives_the_terminal_back_and_leaves_a_report() {
    if let Some(folder) = std::env::var_os(REPORTS) {
        panic_report::install(folder.into(), || "what happened last\n".to_owned());
        let mut screen =
            Screen::open(Options { mouse: true, depth: Depth::Ansi16 }).expect("a screen");
        screen
            .draw(None, |frame| frame.render_widget("the studio", frame.area()))
            .expect("a frame");
        panic!("a bug quotes the prompt");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a PTY");
    let before = pair.master.get_termios();
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "--nocapture", "--test-threads=1"]);
    command.arg(format!("{}::a_panic_gives_the_terminal_back_and_leaves_a_report", path()));
    command.env(REPORTS, folder.path());
    let mut child = pair.slave.spawn_command(command).expect("this program");
    let mut reader = pair.master.try_clone_reader().expect("a reader");
    let status = child.wait().expect("a status");
    assert_ne!(status.exit_code(), 0);
    assert_eq!(pair.master.get_termios(), before);
    drop(pair.slave);
    let mut bytes = Vec::new();
    // Linux ends the reading of a closed terminal with an error.
    drop(reader.read_to_end(&mut bytes));
    let at = |part: &[u8]| bytes.windows(part.len()).rposition(|window| window == part);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(at(&entry_bytes(true)) < at(&restore_bytes(false, false)), "{text}");
    let sentence = "rushes stopped because of a bug in it; jobs and prompts are kept";
    assert!(at(&restore_bytes(false, false)) < at(sentence.as_bytes()), "{text}");
    let report = std::fs::read_dir(folder.path()).expect("a folder").flatten().next();
    let report = std::fs::read_to_string(report.expect("a report").path()).expect("a text");
    for part in ["a bug quotes the prompt", "panicking.rs", "thread:", "what happened last"] {
        assert!(report.contains(part), "{part} in\n{report}");
    }
}

/// This module as the test runner names it.
fn path() -> &'static str {
    module_path!().split_once("::").map_or("", |(_, path)| path)
}
