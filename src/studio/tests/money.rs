//! Money on the screen, and the limits that stop a submit until it is confirmed.

use super::super::dialog::Dialog;
use super::super::msg::{Effect, Msg};
use super::kit::{Bench, is_free, submitted};
use super::take::{Take, render, wish};
use crate::domain::ledger::Limits;
use crate::domain::money::MicroUsd;
use crate::domain::request::Choices;

/// A draft of the real service.
fn real(prompt: &str) -> Take {
    render(60, "runware/1.5-pro", Choices { draft: true, ..wish(prompt) })
}

/// A studio on the real service that may spend as much, in micro-dollars.
fn limited(daily: Option<i64>, submit: Option<i64>, takes: &[Take]) -> Bench {
    let mut bench = Bench::with_jobs(takes);
    bench.app.limits = Limits { daily: daily.map(MicroUsd), submit: submit.map(MicroUsd) };
    let catalog = bench.app.catalog.clone();
    bench.app.settings.take_model(&catalog, "runware/1.5-pro".parse().expect("an id"));
    bench.keys("a fox");
    bench
}

/// Whether the only effect is a submit that was confirmed.
fn confirmed(effects: &[Effect]) -> bool {
    submitted(effects);
    matches!(effects, [Effect::Submit { confirmed: true, .. }])
}

#[test]
fn a_submit_that_passes_a_limit_asks_first_and_says_which() {
    let mut bench = limited(None, Some(50_000), &[]);
    assert!(is_free(&bench.keys("<f5>")));
    let screen = bench.screen(80, 24);
    for part in ["Pass the limit?", "$0.07292", "one submit may cost $0.05000"] {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
    assert!(is_free(&bench.keys("<esc>")));
    bench.keys("<f5>");
    assert!(confirmed(&bench.keys("<enter>")));
}

#[test]
fn what_is_under_way_counts_against_the_day() {
    let mut bench = limited(Some(150_000), None, &[real("one").running()]);
    assert!(!confirmed(&bench.keys("<f5>")), "the second one is within the limit");
    bench.list(&[real("one").running(), real("two").running()]);
    assert!(is_free(&bench.keys("<f5>")));
    let screen = bench.screen(120, 36);
    assert!(screen.contains("may have cost $0.14584"), "{screen}");
    assert!(screen.contains("24 h $0.14584 of $0.15000"), "{screen}");
}

#[test]
fn real_and_play_money_are_never_taken_for_each_other() {
    let fox = super::take::draft(60, "a fox").ready(20);
    let mut bench = limited(None, None, std::slice::from_ref(&fox));
    let screen = bench.screen(120, 36);
    assert!(screen.contains("24 h $0.00000 ") && !screen.contains("play money  "), "{screen}");
    let mut bench = Bench::with_jobs(&[fox]);
    assert!(bench.screen(120, 36).contains("24 h $0.07292 play money"));
}

#[test]
fn nothing_is_paid_whose_price_is_not_on_the_screen() {
    let fox = super::take::draft(60, "a fox").ready(20);
    let history = ("<esc><f2>", (120, 36));
    let zoomed = ("<esc>z", (120, 36));
    let comparing = ("<esc>c", (120, 36));
    let preview = ("<esc>4", (80, 24));
    let list = ("<esc>3", (60, 18));
    for (keys, (columns, rows)) in [history, zoomed, comparing, preview, list] {
        let older = super::take::draft(90, "an owl").ready(20);
        let mut bench = Bench::with_jobs(&[fox.clone(), older]);
        bench.keys("a deer");
        bench.screen(columns, rows);
        bench.keys(keys);
        assert!(is_free(&bench.keys("<f5>")), "{keys}");
        let screen = bench.screen(columns, rows);
        assert!(screen.contains("F5 submit draft  $0.07292"), "{keys}:\n{screen}");
        submitted(&bench.keys("<f5>"));
    }
}

#[test]
fn play_money_is_not_held_against_a_limit() {
    let fox = super::take::draft(60, "a fox").ready(20);
    let mut bench = Bench::with_jobs(&[fox]);
    bench.app.limits = Limits { daily: Some(MicroUsd(1)), submit: Some(MicroUsd(1)) };
    assert!(!confirmed(&bench.keys("an owl<f5>")));
}

#[test]
fn a_promotion_and_a_retry_that_pass_a_limit_ask_too() {
    let fox = real("a fox").ready(20);
    let mut bench = limited(None, Some(50_000), std::slice::from_ref(&fox));
    bench.keys("<esc>3p");
    bench.tell(Msg::Story(fox.story(None, &[])));
    assert!(is_free(&bench.keys("<enter>")));
    assert!(matches!(bench.app.dialog, Some(Dialog::Confirm { .. })));
    assert!(confirmed(&bench.keys("<enter>")));
    assert!(is_free(&bench.keys("R")));
    assert!(bench.screen(80, 24).contains("one submit may cost"));
    assert!(confirmed(&bench.keys("<enter>")));
}

#[test]
fn what_was_recalled_is_still_the_parent_after_a_no() {
    let fox = real("a fox").ready(20);
    let mut bench = limited(None, Some(50_000), std::slice::from_ref(&fox));
    bench.keys("<esc>3r<enter> runs<f5><esc><f5>");
    let effects = bench.keys("<enter>");
    let (_, parent) = submitted(&effects);
    assert_eq!(parent.expect("a parent").job, fox.job.id);
}
