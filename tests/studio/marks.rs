//! What the user puts on a job: the screen and the database say the same, however fast it is put there.

use super::kit::{Terminal, home, rushes};

#[test]
fn a_star_pressed_three_hundred_times_is_on_the_screen_as_it_is_in_the_database() {
    let home = home();
    let mut terminal = Terminal::studio(home.path());
    terminal.submits("a fox in the snow");
    terminal.until("a ready draft", |screen| screen.contains("✓ ready"));
    terminal.leaves_the_text();
    for press in 1..=300 {
        terminal.types("*");
        // What is stored meanwhile is read again beside the keys.
        if press % 7 == 0 {
            terminal.until("a screen", |screen| screen.contains("✓ ready"));
        }
    }
    terminal.types("n");
    terminal.until("the note", |screen| screen.contains("Note"));
    terminal.types("the good one");
    terminal.until("the words", |screen| screen.contains("the good one"));
    terminal.types("\r");
    terminal.until("no star", |screen| !screen.contains('★') && screen.contains("the good one ·"));
    terminal.types("*");
    terminal.until("the star", |screen| screen.contains('★'));
    // What was pressed last is stored before the program ends.
    terminal.types("*");
    terminal.types("q");
    assert!(terminal.ended().success());
    let listed = rushes(home.path(), &["history", "the good one", "--json"]);
    assert!(listed.contains("\"starred\":false"), "{listed}");
}
