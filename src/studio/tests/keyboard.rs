//! Ways through the studio and out of it.

use super::super::action::Action;
use super::super::app::{Pane, View};
use super::super::dialog::Dialog;
use super::super::effect::{Effect, Terminal};
use super::super::keymap::Place;
use super::super::msg::Msg;
use super::kit::{Bench, submitted};
use super::take::draft;

#[test]
fn esc_goes_one_level_back_and_never_quits() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").ready(20)]);
    for place in ["", "<esc>2", "<f2>", "<f2>/", "<f1>", "<c-p>", "<esc>3<enter>", "<esc>3n"] {
        bench.keys("<esc><esc>1");
        bench.keys(place);
        for _ in 0..6 {
            let effects = bench.keys("<esc>");
            assert!(!effects.contains(&Effect::Terminal(Terminal::Quit)), "after {place:?}");
        }
        assert!(bench.app.dialog.is_none());
        assert_eq!(bench.app.view, View::Studio);
    }
}

#[test]
fn q_is_text_in_the_prompt_and_quits_outside_of_it() {
    let mut bench = Bench::new();
    assert!(bench.keys("q").is_empty());
    assert_eq!(bench.app.prompt.text(), "q");
    assert_eq!(bench.keys("<esc>q"), [Effect::Terminal(Terminal::Quit)]);
    assert_eq!(bench.keys("2q"), [Effect::Terminal(Terminal::Quit)]);
    assert_eq!(bench.keys("4q"), [Effect::Terminal(Terminal::Quit)]);
}

#[test]
fn q_closes_a_dialog_and_no_more() {
    let mut bench = Bench::new();
    assert!(bench.keys("<f1>q").is_empty());
    assert!(bench.app.dialog.is_none());
}

#[test]
fn ctrl_c_twice_quits_anywhere_and_once_asks() {
    for place in ["", "<esc>2<enter>", "<c-p>", "<f2>/", "<f1>"] {
        let mut bench = Bench::new();
        bench.keys(place);
        assert!(bench.keys("<c-c>").is_empty(), "after {place:?}");
        assert!(bench.toast().contains("once more quits"));
        assert_eq!(bench.keys("<c-c>"), [Effect::Terminal(Terminal::Quit)], "after {place:?}");
    }
}

#[test]
fn ctrl_c_long_after_the_first_asks_again() {
    let mut bench = Bench::new();
    bench.keys("<c-c>");
    bench.later(3000);
    assert!(bench.keys("<c-c>").is_empty());
}

#[test]
fn tab_goes_round_the_panes_and_shift_tab_back() {
    let mut bench = Bench::new();
    let mut round = Vec::new();
    for _ in 0..4 {
        bench.keys("<tab>");
        round.push(bench.app.pane);
    }
    assert_eq!(round, [Pane::Settings, Pane::Jobs, Pane::Preview, Pane::Prompt]);
    bench.keys("<s-tab>");
    assert_eq!(bench.app.pane, Pane::Preview);
    for (key, pane) in [("2", Pane::Settings), ("3", Pane::Jobs), ("4", Pane::Preview)] {
        bench.keys(key);
        assert_eq!(bench.app.pane, pane);
    }
    bench.keys("i");
    assert_eq!(bench.app.pane, Pane::Prompt);
}

#[test]
fn the_palette_filters_and_performs() {
    let mut bench = Bench::new();
    bench.keys("a fox<c-p>");
    assert!(bench.screen(80, 24).contains("Submit what prompt and settings say"));
    bench.keys("next theme");
    let screen = bench.screen(80, 24);
    assert!(screen.contains("Take the next theme"), "{screen}");
    assert!(!screen.contains("Submit what"), "{screen}");
    bench.keys("<enter>");
    assert_eq!(bench.app.theme_name, "dark");
    assert!(bench.app.dialog.is_none());
    submitted(&bench.keys("<c-p>submit what<enter>"));
}

#[test]
fn a_palette_that_finds_nothing_says_so_and_stays() {
    let mut bench = Bench::new();
    bench.keys("<c-p>zzz<enter>");
    assert!(bench.screen(80, 24).contains("No command matches."));
    bench.keys("<bs><bs><bs><down><down><up>");
    let Some(Dialog::Palette { chosen, .. }) = &bench.app.dialog else { panic!("no palette") };
    assert_eq!(*chosen, 1);
}

#[test]
fn the_footer_names_keys_that_do_what_it_says() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").ready(20)]);
    bench.later(60_000);
    let found = vec![draft(60, "a fox").ready(20).entry];
    for (place, words) in [
        ("1", ["F5 submit", "Tab next pane", "Esc back"]),
        ("<esc>3", ["Enter details", "p promote", "r recall"]),
        ("<f2>", ["/ search", "r recall", "Esc back"]),
    ] {
        bench.keys(place);
        let generation = bench.app.history.generation;
        bench.tell(Msg::Found { generation, entries: found.clone() });
        let screen = bench.screen(120, 36);
        let footer = screen.lines().last().expect("a footer");
        for word in words {
            assert!(footer.contains(word), "{word} in {footer}");
        }
        bench.keys("<esc>");
    }
}

#[test]
fn the_mouse_can_be_given_to_the_terminal() {
    let mut bench = Bench::new();
    assert_eq!(bench.keys("<f9>"), [Effect::Terminal(Terminal::Mouse(false))]);
    assert_eq!(bench.keys("<f9>"), [Effect::Terminal(Terminal::Mouse(true))]);
}

#[test]
fn ctrl_z_suspends() {
    assert_eq!(Bench::new().keys("<c-z>"), [Effect::Terminal(Terminal::Suspend)]);
}

/// Every action with a key in `places` stands in the help, and nothing else.
fn help_lists_exactly(bench: &mut Bench, places: &[Place]) {
    bench.keys("<f1>");
    let screen = bench.screen(200, 60);
    for action in Action::ALL {
        let keys = bench.app.keymap.keys(*action, places).join(", ");
        let listed =
            screen.split("  ").any(|cell| cell.trim_matches(['│', '\n', ' ']) == action.title());
        assert_eq!(listed, !keys.is_empty(), "{} in\n{screen}", action.name());
        assert!(screen.contains(&keys), "{keys} in\n{screen}");
    }
    bench.keys("<esc>");
}

#[test]
fn help_lists_exactly_what_the_keymap_has_for_the_pane() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").ready(20)]);
    help_lists_exactly(&mut bench, &[Place::Everywhere, Place::Text]);
    bench.keys("<esc>2");
    help_lists_exactly(&mut bench, &[Place::Everywhere, Place::Commands]);
    bench.keys("3");
    help_lists_exactly(&mut bench, &[Place::Everywhere, Place::Commands, Place::Job]);
    bench.keys("<f2>");
    help_lists_exactly(&mut bench, &[Place::Everywhere, Place::Commands, Place::Job]);
}
