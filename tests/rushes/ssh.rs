//! The studio through a real SSH connection whose link is cut: the keeper saves what comes, and the next
//! studio tells of it.

use std::fs::{self, File};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use super::sshd::Sshd;
use super::support::{Desk, facts, until};
use super::terminal::Terminal;

/// Who leads the session: the studio, as by `ssh -t host rushes`, or the shell that it was typed into.
#[derive(Clone, Copy, Debug)]
enum Leader {
    Studio,
    Shell,
}

/// Which end of the link is gone.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Client,
    Server,
}

/// The studio of `desk` through `sshd`, open. The desk's `connection` says which process the server's end is.
fn studio(sshd: &Sshd, desk: &Desk, leader: Leader) -> Terminal {
    let path = |name: &str| desk.path(name).display().to_string();
    let program = env!("CARGO_BIN_EXE_rushes");
    let then = match leader {
        Leader::Studio => format!("exec '{program}'"),
        Leader::Shell => "PS1='shell> ' exec sh -i".to_owned(),
    };
    let script = format!(
        "echo $PPID >'{}'\nexport HOME='{}' RUSHES_DATA_DIR='{}' RUSHES_CONFIG='{}'\n\
         export RUSHES_SANDBOX_SPEED=2\n{then}\n",
        path("connection"),
        path("home"),
        path("data"),
        desk.write("config/config.toml", "").display(),
    );
    let script = desk.write("login.sh", script);
    let line = format!("exec sh '{}'", script.display());
    let mut terminal = Terminal::start(sshd.client(sshd.address(), &line), 120, 36);
    if matches!(leader, Leader::Shell) {
        // What is typed before the shell reads may be thrown away.
        terminal.until("the shell", |screen| screen.trim_end().ends_with("shell>"));
        terminal.types(&format!("'{program}'\r"));
    }
    terminal.is_open();
    terminal
}

/// The process at the server's end of the link.
fn connection(desk: &Desk) -> Pid {
    let text = fs::read_to_string(desk.path("connection")).expect("a process id");
    text.trim().parse().ok().and_then(Pid::from_raw).expect("a process id")
}

/// Whether no process has the database open any longer.
fn nobody_is_there(desk: &Desk) -> bool {
    File::open(desk.data().join("use.lock")).is_ok_and(|lock| lock.try_lock().is_ok())
}

fn a_cut_link_loses_nothing(sshd: &Sshd, leader: Leader, cut: Cut) {
    let desk = Desk::new();
    let mut terminal = studio(sshd, &desk, leader);
    terminal.submits("a fox in the snow");
    terminal.until("a running draft", |screen| screen.contains("◐ running"));
    match cut {
        Cut::Client => terminal.signal(Signal::KILL),
        Cut::Server => kill_process(connection(&desk), Signal::KILL).expect("a connection"),
    }
    terminal.ended();
    let log = desk.data().join("keeper.log");
    let says = |words: &str| fs::read_to_string(&log).is_ok_and(|log| log.contains(words));
    until("a keeper to have done everything", || says("no job is live any longer"));
    until("the end of studio and keeper", || nobody_is_there(&desk));
    let job = desk.done(&["history", "--json"]).object();
    assert_eq!((&job["state"], facts(&job).frames), (&"succeeded".into(), 120), "{job}");
    assert_eq!(desk.accepted_once_each(), 1);
    let again = studio(sshd, &desk, leader);
    again.until("the story", |screen| screen.contains("while you were away: 1 ready"));
}

#[test]
#[ignore = "wants sshd and ssh, and starts a server of its own"]
fn a_cut_ssh_link_leaves_the_jobs_to_a_keeper_and_the_next_studio_tells() {
    let Some(sshd) = Sshd::start() else { return };
    let sshd = &sshd;
    thread::scope(|scope| {
        for leader in [Leader::Studio, Leader::Shell] {
            for cut in [Cut::Client, Cut::Server] {
                scope.spawn(move || a_cut_link_loses_nothing(sshd, leader, cut));
            }
        }
    });
}
