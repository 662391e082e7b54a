//! Keys that a terminal sends without anybody pressing them pay nothing.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::kit::{Terminal, home, rushes};
use super::work::is_chosen;

const F5: &str = "\x1b[15~";
/// How fast a keyboard repeats a key that is held.
const REPEAT: Duration = Duration::from_millis(33);
/// A little more than a key must rest to count anew.
const PAUSE: Duration = Duration::from_millis(900);

/// How many tasks the sandbox of `home` accepted.
fn accepted(home: &Path) -> usize {
    let journal = fs::read_to_string(home.join("data/sandbox/journal.jsonl")).unwrap_or_default();
    journal.lines().filter(|line| line.contains("\"record\":\"accepted\"")).count()
}

#[test]
fn f5_held_for_a_second_is_one_job() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.submits("a fox in the snow");
    for _ in 1..30 {
        thread::sleep(REPEAT);
        terminal.types(F5);
    }
    terminal
        .until("what is said of it", |screen| screen.contains("a key that is held is one press"));
    terminal.until("a ready draft", |screen| screen.contains("✓ ready"));
    terminal.until("one job", |screen| screen.contains("1 job,"));
    assert_eq!(accepted(home.path()), 1);
    thread::sleep(PAUSE);
    terminal.types(F5);
    terminal.until("the next one", |screen| screen.contains("2 jobs,"));
}

/// What tmux hands through: text that ends its own paste, and goes on with keys.
#[test]
fn a_paste_that_has_f5_in_it_submits_nothing() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.types("\x1b[200~a fox\x1b[201~\x1b[15~ runs\x1b[201~");
    terminal.until("what is said of it", |screen| screen.contains("which never pays"));
    terminal.until("the text", |screen| screen.contains("a fox runs"));
    thread::sleep(PAUSE);
    assert_eq!(accepted(home.path()), 0);
    terminal.types(F5);
    // On screen the job stands before it is sent.
    terminal.until("a ready draft", |screen| screen.contains("✓ ready"));
    assert_eq!(accepted(home.path()), 1, "the key itself, and nothing before it");
}

#[test]
fn a_dialog_that_was_left_open_does_not_pay_for_what_another_promoted_meanwhile() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.submits("a fox in the snow");
    terminal.until("a ready draft", |screen| screen.contains("✓ ready"));
    terminal.leaves_the_text();
    terminal.types("p");
    terminal.until("the dialog", |screen| screen.contains("Make the final"));
    terminal.until_screen("the cheapest chosen", |screen| is_chosen(screen, "480p   864×496"));
    let drafts = rushes(home.path(), &["history", "is:draft", "--json"]);
    let (_, id) = drafts.split_once("\"id\":\"").expect("a draft");
    let id = id.split('"').next().expect("an id");
    rushes(home.path(), &["promote", id, "--resolution", "480p"]);
    terminal.says_yes("Make the final");
    terminal.until("the question", |screen| screen.contains("Pay for another final?"));
    terminal.until("which", |screen| screen.contains("has a final at 480p already"));
    assert_eq!(accepted(home.path()), 2);
}
