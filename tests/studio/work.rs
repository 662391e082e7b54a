//! The loop that a creator lives in, from the first key to the final.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::kit::{PATIENCE, Terminal, command, config, home};

/// Whether the line that has `text` in it is the chosen one of a list.
pub fn is_chosen(screen: &vt100::Screen, text: &str) -> bool {
    let (_, columns) = screen.size();
    (0..).zip(screen.rows(0, columns)).any(|(row, line)| {
        let Some(at) = line.find(text) else { return false };
        let column = line[..at].chars().count() as u16;
        screen.cell(row, column).is_some_and(|cell| cell.bgcolor() != vt100::Color::Default)
    })
}

/// Writes a prompt, submits it as a draft, and waits until it is ready.
fn draft_ready(terminal: &mut Terminal, prompt: &str) {
    terminal.submits(prompt);
    terminal.until("a ready draft", |screen| screen.contains("✓ ready"));
}

/// A studio with a draft that takes its time.
fn running_draft(home: &Path) -> Terminal {
    let mut slow = command(home, env!("CARGO_BIN_EXE_rushes"));
    slow.env("RUSHES_SANDBOX_SPEED", "2");
    let mut terminal = Terminal::start(slow, 120, 36);
    terminal.is_open();
    terminal.submits("a fox in the snow");
    terminal.until("a running draft", |screen| screen.contains("◐ running"));
    terminal
}

#[test]
fn the_first_keys_land_in_the_prompt() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.types("a fox in the snow");
    terminal.until("the prompt", |screen| screen.contains("a fox in the snow"));
    terminal.until("the price", |screen| screen.contains("F5 submit draft  $0.07292"));
}

#[test]
fn a_draft_is_submitted_watched_and_seen() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    draft_ready(&mut terminal, "a fox in the snow");
    // Where two pixels are alike a blank of their colour stands for them.
    let screen = terminal.until("a poster", |screen| screen.matches(['▀', '▄']).count() > 50);
    assert!(screen.contains("864×496") && screen.contains("⇡ promote"), "{screen}");
    let clips = walk(&home.path().join("data"));
    assert!(clips.iter().any(|file| file.ends_with(".mp4")), "{clips:?}");
    // Made beside, once the clip was ready; the sheet comes last.
    let deadline = Instant::now() + PATIENCE;
    let pictures = home.path().join("data/pictures");
    while !walk(&pictures).iter().any(|file| file.ends_with("sheet.png")) {
        assert!(Instant::now() < deadline, "{:?}", walk(&home.path().join("data")));
        thread::sleep(Duration::from_millis(5));
    }
    let mut made = walk(&pictures);
    made.sort();
    let names = made.iter().map(|file| file.rsplit('/').next().unwrap_or_default());
    assert_eq!(names.collect::<Vec<_>>(), ["first.png", "last.png", "poster.png", "sheet.png"]);
}

fn walk(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            files.extend(walk(&entry.path()));
        } else {
            files.push(entry.path().display().to_string());
        }
    }
    files
}

#[test]
fn of_a_thousand_keys_at_once_none_is_lost() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.types(&"fox ".repeat(250));
    terminal.until("all of them", |screen| screen.contains("1000 / 3000"));
}

#[test]
fn a_draft_becomes_its_final() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    draft_ready(&mut terminal, "a fox in the snow");
    terminal.leaves_the_text();
    terminal.types("p");
    terminal.until("the dialog", |screen| screen.contains("Make the final"));
    terminal.until_screen("the cheapest chosen", |screen| is_chosen(screen, "480p   864×496"));
    terminal.says_yes("Make the final");
    terminal.until("a final under way", |screen| screen.contains("final 1.5-pro 480p"));
    terminal.until("a ready final", |screen| screen.matches("✓ ready").count() == 2);
    terminal.until("its facts", |screen| screen.contains("864×496  5.0 s"));
}

#[test]
fn the_history_is_searched_and_a_job_recalled() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    draft_ready(&mut terminal, "a fox 月下の市場");
    terminal.leaves_the_text();
    terminal.types("C");
    terminal.until("an empty prompt", |screen| screen.contains("0 / 3000"));
    terminal.types("/owl");
    terminal.until("no owl", |screen| screen.contains("History") && !screen.contains("✓ ready"));
    terminal.types("\x15市場");
    terminal.until("the fox", |screen| screen.contains("✓ ready") && screen.contains("a fox"));
    terminal.types("\rr");
    terminal.until("what would change", |screen| screen.contains("Bring back into the form"));
    terminal.types("\r");
    terminal
        .until("the prompt", |screen| screen.contains("╭ Prompt") && screen.contains("11 / 3000"));
}

#[test]
fn the_editor_of_the_user_has_the_prompt_and_gives_it_back() {
    let home = home();
    let script = home.path().join("editor.sh");
    std::fs::write(&script, "printf '\\nin the snow' >> \"$1\"\n").expect("a script");
    let mut studio = command(home.path(), env!("CARGO_BIN_EXE_rushes"));
    studio.env("EDITOR", format!("sh {}", script.display()));
    let mut terminal = Terminal::start(studio, 100, 30);
    terminal.until("the studio", |screen| screen.contains("╭ Prompt"));
    terminal.types("a fox");
    terminal.until("the prompt", |screen| screen.contains("a fox"));
    terminal.types("\x05");
    terminal.until("what the editor wrote", |screen| screen.contains("in the snow"));
    terminal.types(" runs");
    terminal.until("keys again", |screen| screen.contains("in the snow runs"));
}

#[test]
fn what_was_written_is_there_at_the_next_start() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.types("a fox in the snow");
    terminal.until("the prompt", |screen| screen.contains("a fox in the snow"));
    terminal.signal(Signal::HUP);
    terminal.ended();
    let again = Terminal::studio(home.path());
    again.until("the prompt", |screen| screen.contains("a fox in the snow"));
}

#[test]
fn a_second_studio_follows_and_takes_over() {
    let home = home();
    let mut first = Terminal::studio(home.path());
    let mut second = Terminal::studio(home.path());
    second.until("that it follows", |screen| screen.contains("follows another studio"));
    draft_ready(&mut first, "a fox in the snow");
    second.until("the first one's job", |screen| screen.contains("✓ ready"));
    first.leaves_the_text();
    first.types("q");
    assert_eq!(first.ended().exit_code(), 0);
    second.until("that it drives", |screen| !screen.contains("follows another studio"));
    second.submits("an owl");
    second.until("its own job", |screen| screen.matches("✓ ready").count() == 2);
}

#[test]
fn killed_in_the_middle_of_a_job_the_next_start_finishes_it() {
    let home = home();
    let mut terminal = running_draft(home.path());
    terminal.signal(Signal::KILL);
    terminal.ended();
    let again = Terminal::studio(home.path());
    let screen = again.until("a ready draft", |screen| screen.contains("✓ ready"));
    assert!(screen.contains("1 job"), "it was submitted once: {screen}");
}

/// What the command line says about the keeper of `home`.
fn keeper(home: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rushes"));
    command.args(["keeper", "--status"]).env_clear().env("HOME", home);
    command.env("RUSHES_DATA_DIR", home.join("data"));
    command.env("RUSHES_CONFIG", config(home));
    let output = command.output().expect("an answer");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Waits until the keeper of `home` has done everything and ended.
fn nothing_is_left_to_keep(home: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while !keeper(home).contains("no keeper runs, and no job is live") {
        assert!(Instant::now() < deadline, "{}", keeper(home));
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_link_that_dies_leaves_the_jobs_to_a_keeper_and_the_next_studio_tells() {
    let home = home();
    let mut terminal = running_draft(home.path());
    terminal.signal(Signal::HUP);
    assert_eq!(terminal.ended().exit_code(), 129);
    drop(terminal);
    nothing_is_left_to_keep(home.path());
    let clips = walk(&home.path().join("data/clips"));
    assert!(clips.iter().any(|file| file.ends_with(".mp4")), "{clips:?}");
    let again = Terminal::studio(home.path());
    again.until("the story", |screen| screen.contains("while you were away: 1 ready"));
}

#[test]
fn whoever_quits_is_told_what_becomes_of_the_jobs() {
    for (config, sentence) in [
        ("", "1 job under way; a keeper saves what comes"),
        ("no_keeper = true\n", "1 job under way, which nobody saves"),
    ] {
        let home = home();
        std::fs::create_dir(home.path().join("config")).expect("a folder");
        let config = format!("model = \"sandbox/1.5-pro\"\n{config}");
        std::fs::write(home.path().join("config/config.toml"), config).expect("a config");
        let mut terminal = running_draft(home.path());
        terminal.types("\x03\x03");
        assert_eq!(terminal.ended().exit_code(), 0);
        terminal.until(sentence, |screen| screen.contains(sentence));
    }
}

/// A stopped program that kept the lock would keep everybody else from the jobs, until their results are gone.
#[test]
fn a_suspended_studio_leaves_the_jobs_to_a_keeper_and_takes_them_again() {
    let home = home();
    // One that does not stop with the studio.
    let mut sandbox = command(home.path(), env!("CARGO_BIN_EXE_rushes"));
    sandbox.args(["sandbox", "--listen", "127.0.0.1:0", "--speed", "2"]);
    let sandbox = Terminal::start(sandbox, 100, 30);
    sandbox.until("a sandbox that serves", |screen| screen.contains("http://127.0.0.1:"));
    let mut shell = command(home.path(), "sh");
    shell.arg("-i");
    shell.env("PS1", "shell> ");
    let mut terminal = Terminal::start(shell, 120, 36);
    let is_asked = |screen: &str| screen.trim_end().ends_with("shell>");
    terminal.until("the shell", is_asked);
    terminal.types(&format!("'{}'\r", env!("CARGO_BIN_EXE_rushes")));
    terminal.is_open();
    terminal.submits("a fox in the snow");
    terminal.until("a running draft", |screen| screen.contains("◐ running"));
    terminal.types("\x1a");
    terminal.is_left();
    terminal.until("the shell", is_asked);
    nothing_is_left_to_keep(home.path());
    terminal.types("fg\r");
    terminal.until("the clip that the keeper saved", |screen| screen.contains("✓ ready"));
    terminal.submits(" at night");
    let is_ready = |screen: &str| screen.matches("✓ ready").count() == 2;
    terminal.until("a clip that it saved itself", is_ready);
}
