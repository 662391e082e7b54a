//! The terminal is taken with manners and given back on every way out.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::Signal;

use super::kit::{Terminal, command, ended, home};

#[test]
fn q_outside_of_the_text_quits_and_gives_the_terminal_back() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.leaves_the_text();
    terminal.types("q");
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
}

#[test]
fn ctrl_c_twice_quits_and_gives_the_terminal_back() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.types("a fox\x03");
    terminal.until("the question", |screen| screen.contains("once more quits"));
    terminal.types("\x03");
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
}

#[test]
fn every_signal_that_ends_gives_the_terminal_back_and_is_told_by_the_status() {
    let others = [
        Signal::QUIT,
        Signal::TRAP,
        Signal::ABORT,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::XCPU,
        Signal::XFSZ,
        Signal::VTALARM,
        Signal::PROF,
        Signal::SYS,
        #[cfg(target_os = "linux")]
        Signal::IO,
        #[cfg(target_os = "linux")]
        Signal::STKFLT,
        #[cfg(target_os = "linux")]
        Signal::POWER,
    ];
    let others = others.map(|signal| (signal, 128 + signal.as_raw() as u32));
    let usual = [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)];
    for (signal, status) in usual.into_iter().chain(others) {
        let home = home();
        let mut terminal = Terminal::studio(home.path());
        terminal.types("a fox");
        terminal.until("the prompt", |screen| screen.contains("a fox"));
        terminal.signal(signal);
        assert_eq!(terminal.ended().exit_code(), status, "{signal:?}");
        terminal.is_given_back();
    }
}

/// A signal that has a number alone ends it in the same way.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_without_a_name_gives_the_terminal_back_too() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.until("an open studio", |screen| screen.contains("Nothing yet"));
    let kill = std::process::Command::new("kill").args(["-40", &terminal.id()]).status();
    assert!(kill.expect("kill").success());
    assert_eq!(terminal.ended().exit_code(), 128 + 40);
    terminal.is_given_back();
}

#[test]
fn suspended_the_shell_has_the_terminal_and_fg_brings_the_studio_back() {
    let home = home();
    let mut shell = command(home.path(), "sh");
    shell.arg("-i");
    shell.env("PS1", "shell> ");
    let mut terminal = Terminal::start(shell, 100, 30);
    // What is typed before the shell reads again may be thrown away.
    let is_asked = |screen: &str| screen.trim_end().ends_with("shell>");
    terminal.until("the shell", is_asked);
    terminal.types(&format!("'{}'\r", env!("CARGO_BIN_EXE_rushes")));
    terminal.is_open();
    terminal.types("a fox");
    terminal.until("the prompt", |screen| screen.contains("a fox"));
    for round in 0..2 {
        terminal.types("\x1a");
        terminal.is_left();
        terminal.until("the shell", is_asked);
        terminal.types(&format!("echo round $(({round} + 40))\r"));
        terminal.until("what the shell says", |screen| {
            screen.contains(&format!("round {}", round + 40)) && is_asked(screen)
        });
        terminal.types("fg\r");
        terminal.until_screen("the studio", |screen| {
            screen.alternate_screen() && screen.contents().contains("a fox")
        });
    }
    terminal.types(" runs");
    terminal.until("keys again", |screen| screen.contains("a fox runs"));
    terminal.types("\x03\x03");
    terminal.is_left();
    terminal.until("the shell", is_asked);
    terminal.types("echo status $?\r");
    terminal.until("a quit without complaint", |screen| screen.contains("status 0"));
}

/// What the terminal is asked: kitty's form, its name, the size of a cell, its attributes.
const QUESTIONS: [&str; 4] = ["a=q", "\x1b[>q", "\x1b[16t", "\x1b[c"];

#[test]
fn a_terminal_that_answers_nothing_is_asked_once_and_delays_nothing() {
    let home = home();
    let before = Instant::now();
    let mut terminal = Terminal::studio(home.path());
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    terminal.types("a fox");
    terminal.until("the prompt", |screen| screen.contains("a fox"));
    let text = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    for question in QUESTIONS {
        assert_eq!(text.matches(question).count(), 1, "{question:?}");
    }
    for question in ["\x1b[>c", "\x1b[6n", "\x1b[?u", "\x1b]11;?", "\x1b[14t", "\x1b[18t"] {
        assert!(!text.contains(question), "{question:?}");
    }
    let first = text.find("\x1b[?2026h").expect("a frame");
    assert!(first < text.find(QUESTIONS[0]).expect("a question"), "the first frame comes first");
}

#[test]
fn inside_tmux_nothing_is_asked() {
    let home = home();
    let mut start = command(home.path(), env!("CARGO_BIN_EXE_rushes"));
    start.env("TMUX", "/tmp/tmux-0/default,1,0");
    let mut terminal = Terminal::start(start, 120, 36);
    terminal.is_open();
    terminal.types("a fox");
    terminal.until("the prompt", |screen| screen.contains("a fox"));
    let text = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    assert!(QUESTIONS.iter().all(|question| !text.contains(question)));
}

#[test]
fn what_a_terminal_proves_is_used_and_what_it_keeps_is_taken_back() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    let id = terminal.until_bytes("the question", |text| {
        let (_, keys) = text.split_once("\x1b_Gi=")?;
        Some(keys.split_once(',')?.0.to_owned())
    });
    // The answers come while a prompt is written, and are no part of it.
    terminal.types(&format!("a \x1b_Gi={id};OK\x1b\\f\x1b[6;20;10to\x1b[?62;4;22cx"));
    terminal.until("the prompt", |screen| screen.contains("a fox") && screen.contains("5 / 3000"));
    terminal.types("\x1b[15~");
    terminal.until_bytes("a picture", |text| text.contains("a=T,f=100").then_some(()));
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ended().exit_code(), 143);
    terminal.is_given_back();
    let text = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    let gone = text.rfind(&format!("a=d,d=I,i={id}"));
    assert!(gone > text.rfind("a=T") && gone < text.rfind("\x1b[?1049l"), "it stays there");
}

#[test]
fn a_storm_of_sizes_ends_in_a_whole_picture() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.types("a fox in the snow");
    for round in 0..40_u16 {
        for (columns, rows) in
            [(200, 60), (59, 17), (80, 24), (1, 1), (60, 18), (300, 100), (90, 22)]
        {
            terminal.resize_window(columns - round % 2 * (columns / 7), rows);
        }
    }
    terminal.resize(50, 10);
    terminal.until("the sentence", |screen| screen.contains("Rushes needs 60x18 and has 50x10"));
    terminal.resize(100, 30);
    let screen = terminal.until("a whole picture", |screen| {
        let corners = [screen.lines().nth(1), screen.lines().nth(28)];
        screen.contains("a fox in the snow")
            && corners[0].is_some_and(|line| line.starts_with('╭') && line.ends_with('╮'))
            && corners[1].is_some_and(|line| line.starts_with('╰') && line.ends_with('╯'))
    });
    assert_eq!(screen.matches("╭ Prompt").count(), 1, "{screen}");
}

/// A multiplexer that another client attached to, or a window that was moved, asks so for the picture.
#[test]
fn a_signal_of_the_size_brings_the_whole_picture_also_where_it_is_the_same() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.types("a fox in the snow");
    let before = terminal.until("the prompt", |screen| screen.contains("a fox in the snow"));
    terminal.is_wiped();
    terminal.signal(Signal::WINCH);
    terminal.until("the same picture", |screen| {
        screen.contains("a fox in the snow") && screen.lines().count() == before.lines().count()
    });
}

/// The answers and keys of a slow line, each byte by itself.
#[test]
fn bytes_that_come_apart_type_nothing() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    for bytes in ["\x1b[?62;4;22c", "\x1b[6;18;9t", "\x1bP>|XTerm(390)\x1b\\", "\x1b[12;40R"] {
        for byte in bytes.chars() {
            terminal.types(&byte.to_string());
            // The pause is what is tried.
            std::thread::sleep(Duration::from_millis(60));
        }
    }
    // The lone escapes were keys, since nobody can tell.
    terminal.until("the jobs' keys", |screen| screen.contains("/ search"));
    terminal.types("ia \x1b[27;2;70~o\x1b[120u\x1b[27;5;95~\x1b[27;2;70~ox");
    terminal.until("that alone", |screen| {
        screen.contains("│ a Fox   ") && screen.contains(" 5 / 3000 ")
    });
}

/// Starts a studio by `command`, types, takes its terminal away once `wanted` is seen, and returns how long
/// it lived on.
fn outlives_its_terminal(command: CommandBuilder, keys: &str, wanted: &str) -> Duration {
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a PTY");
    let mut child = pair.slave.spawn_command(command).expect("a program");
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("a reader");
    let mut writer = pair.master.take_writer().expect("a writer");
    let mut parser = vt100::Parser::new(size.rows, size.cols, 0);
    let mut until = |wanted: &str| {
        let mut buffer = [0; 4096];
        while !parser.screen().contents().contains(wanted) {
            let count = reader.read(&mut buffer).expect("a picture");
            parser.process(&buffer[..count]);
        }
    };
    until("Nothing yet");
    writer.write_all(keys.as_bytes()).expect("keys are taken");
    until(wanted);
    drop((reader, writer));
    let before = Instant::now();
    drop(pair.master);
    let status = ended(&mut *child, Duration::from_secs(2));
    assert_eq!(status.exit_code(), 129, "{status:?}");
    before.elapsed()
}

/// A hangup is told in several ways, of which any may be heard first: by a signal that ends, by one that
/// continues, by keys that end, by a picture that can't be drawn.
#[test]
fn a_terminal_that_is_gone_takes_nothing_with_it_that_was_written() {
    for _ in 0..5 {
        let home = home();
        let studio = command(home.path(), env!("CARGO_BIN_EXE_rushes"));
        outlives_its_terminal(studio, "a fox in the snow", "a fox in the snow");
        let again = Terminal::studio(home.path());
        again.until("the prompt", |screen| screen.contains("a fox in the snow"));
    }
}

/// As `nohup` starts it, or a shell that has told its children so. The best of some tries counts: what the
/// machine does beside is not the program's delay.
#[test]
fn a_terminal_that_is_gone_ends_the_program_at_once_although_hangups_are_ignored() {
    let tries = (0..5).map(|_| {
        let home = home();
        let mut shell = command(home.path(), "sh");
        shell.args(["-c", "trap '' HUP; exec \"$0\"", env!("CARGO_BIN_EXE_rushes")]);
        outlives_its_terminal(shell, "", "Nothing yet")
    });
    let tries: Vec<Duration> = tries.collect();
    let best = tries.iter().min().expect("some tries");
    assert!(*best < Duration::from_millis(100), "{tries:?}");
}

/// Each cell is memory, and a size that nobody has would take gigabytes of it.
#[test]
fn a_size_that_no_terminal_has_is_answered_with_a_sentence() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.resize_window(65_535, 65_535);
    assert_eq!(terminal.ended().exit_code(), 1);
    terminal.until_bytes("the sentence", |text| {
        text.contains("it says that it has 65535x65535 cells").then_some(())
    });
    terminal.is_given_back();
}
