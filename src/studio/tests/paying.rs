//! What pays: a press of its own, at a question that could be read, and nothing else.

use crossterm::event::KeyEventKind;
use jiff::SignedDuration;

use super::super::dialog::Dialog;
use super::super::effect::Effect;
use super::super::keymap::{Keymap, Tables};
use super::super::msg::{Msg, Objected};
use super::super::presses::PAUSE;
use super::super::term::press::Press;
use super::super::update::update;
use super::kit::{Bench, dawn, is_free, parsed, priced, submitted};
use super::take::{Take, draft, render, wish};
use crate::domain::consent::Objection;
use crate::domain::ledger::Limits;
use crate::domain::money::MicroUsd;
use crate::domain::request::Choices;

/// `key` arrives so many milliseconds after everything that was typed before.
fn press(ms: i64, key: &str) -> Press {
    let at = dawn() + SignedDuration::from_secs(600) + SignedDuration::from_millis(ms);
    Press { event: parsed(key)[0], at, crowded: false }
}

/// Presses `key` then.
fn at(bench: &mut Bench, ms: i64, key: &str) -> Vec<Effect> {
    let press = press(ms, key);
    bench.now = press.at;
    bench.press(press)
}

fn pause_ms() -> i64 {
    i64::try_from(PAUSE.as_millis()).expect("a pause")
}

#[test]
fn a_key_that_is_held_pays_once_whatever_became_of_its_job() {
    for key in ["<f5>", "<a-enter>"] {
        let mut bench = Bench::new();
        bench.keys("a fox");
        submitted(&at(&mut bench, 0, key));
        // A keyboard repeats after a while, and then thirty times a second.
        let mut ms = 500;
        for count in 0..60 {
            if count == 20 {
                bench.list(&[draft(60, "a fox").ready(20)]);
            }
            assert!(is_free(&at(&mut bench, ms, key)), "{key} at {ms} ms");
            ms += 33;
        }
        assert!(bench.toast().contains("a key that is held is one press"), "{}", bench.toast());
        ms += pause_ms() - 34;
        assert!(is_free(&at(&mut bench, ms, key)), "closer than the pause");
        submitted(&at(&mut bench, ms + pause_ms(), key));
    }
}

#[test]
fn a_clock_that_was_put_back_stops_no_paying() {
    let hour_ms = 3_600_000;
    let mut bench = Bench::new();
    bench.tell(Msg::Paste("a fox".into()));
    submitted(&at(&mut bench, -hour_ms, "<f5>"));
    submitted(&at(&mut bench, -2 * hour_ms, "<f5>"));
}

#[test]
fn a_repeat_that_the_terminal_tells_never_pays() {
    let mut bench = Bench::new();
    bench.keys("a fox");
    let mut repeat = press(0, "<f5>");
    repeat.event.kind = KeyEventKind::Repeat;
    assert!(is_free(&bench.press(repeat)));
    assert!(bench.toast().contains("held"), "{}", bench.toast());
    submitted(&at(&mut bench, pause_ms(), "<f5>"));
}

#[test]
fn a_key_that_came_with_text_or_a_paste_never_pays() {
    let mut bench = Bench::new();
    bench.keys("a fox");
    assert!(is_free(&bench.press(Press { crowded: true, ..press(0, "<f5>") })));
    assert!(bench.toast().contains("too fast to be a yes"), "{}", bench.toast());
    bench.now = press(1000, "x").at;
    bench.tell(Msg::Paste(" runs".to_owned()));
    assert!(is_free(&at(&mut bench, 1000 + pause_ms() - 1, "<f5>")));
    assert!(bench.toast().contains("text from elsewhere, which never pays"), "{}", bench.toast());
    submitted(&at(&mut bench, 1000 + 2 * pause_ms(), "<f5>"));
}

#[test]
fn a_key_that_first_shows_the_price_does_not_pay_it_while_it_is_held() {
    let mut bench = Bench::new();
    bench.keys("a fox<esc><f2>");
    assert!(is_free(&at(&mut bench, 0, "<f5>")));
    assert!(is_free(&at(&mut bench, 500, "<f5>")));
    submitted(&at(&mut bench, 500 + pause_ms(), "<f5>"));
}

#[test]
fn the_palette_pays_by_a_press_of_its_own_too() {
    let mut bench = Bench::new();
    bench.keys("a fox<c-p>submit what");
    assert!(is_free(&bench.press(Press { crowded: true, ..press(0, "<enter>") })));
    bench.keys("<c-p>submit what");
    submitted(&at(&mut bench, 2000, "<enter>"));
}

/// A finished draft of the real service.
fn fox() -> Take {
    render(60, "runware/1.5-pro", Choices { draft: true, ..wish("a fox") }).ready(20)
}

/// A studio with what leads to a question that pays, one for each.
fn questions() -> Vec<(&'static str, Bench)> {
    let fox = fox();
    let last = fox.promoted(30, "480p").running();
    let with = |takes: &[Take]| {
        let mut bench = Bench::with_jobs(takes);
        bench.keys("<esc>3");
        bench
    };
    let mut promote = with(std::slice::from_ref(&fox));
    promote.keys("p");
    promote.story(fox.story(None, &[]));
    let mut another = with(std::slice::from_ref(&fox));
    another.keys("p");
    another.story(fox.story(None, &[&last]));
    another.keys("<enter>");
    let mut again = with(std::slice::from_ref(&fox));
    again.keys("R");
    let mut twin = Bench::with_jobs(&[draft(9, "an owl").running()]);
    twin.keys("an owl<f5>");
    let mut limit = with(std::slice::from_ref(&fox));
    limit.app.limits = Limits { submit: Some(MicroUsd(1)), ..Limits::default() };
    limit.keys("p");
    limit.story(fox.story(None, &[]));
    limit.keys("<enter>");
    let all = [promote, another, again, twin, limit];
    ["promote", "another final", "again", "twin", "limit"].into_iter().zip(all).collect()
}

#[test]
fn no_question_that_pays_takes_a_key_for_a_yes_that_is_none() {
    for (name, mut bench) in questions() {
        assert!(is_free(&bench.press(Press { crowded: true, ..press(0, "<enter>") })), "{name}");
        assert!(bench.toast().contains("too fast to be a yes"), "{name}: {}", bench.toast());
        let mut repeat = press(2000, "<enter>");
        repeat.event.kind = KeyEventKind::Repeat;
        assert!(is_free(&bench.press(repeat)), "{name}");
        assert!(bench.app.dialog.is_some(), "{name} stays to be answered");
        assert!(is_free(&at(&mut bench, 2000 + pause_ms() - 1, "<enter>")), "{name}");
        submitted(&at(&mut bench, 2000 + 2 * pause_ms(), "<enter>"));
        assert!(is_free(&at(&mut bench, 2033 + 2 * pause_ms(), "<enter>")), "{name}: held");
    }
}

#[test]
fn the_key_that_led_to_a_question_does_not_answer_it_as_long_as_it_is_held() {
    let fox = fox();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.app.limits = Limits { submit: Some(MicroUsd(1)), ..Limits::default() };
    bench.keys("<esc>3p");
    bench.story(fox.story(None, &[]));
    assert!(is_free(&at(&mut bench, 0, "<enter>")));
    assert!(matches!(bench.app.dialog, Some(Dialog::Confirm { .. })));
    for ms in [500, 533, 566] {
        assert!(is_free(&at(&mut bench, ms, "<enter>")));
    }
    submitted(&at(&mut bench, 566 + pause_ms(), "<enter>"));
}

#[test]
fn a_question_is_answered_only_after_it_was_drawn() {
    let fox = fox();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("<esc>3");
    let mut undrawn = |ms, key: &str| {
        let press = press(ms, key);
        update(&mut bench.app, Msg::Key(press), press.at)
    };
    undrawn(0, "p");
    assert!(is_free(&undrawn(1000, "<enter>")));
    let toast = bench.toast().to_owned();
    assert!(toast.contains("before the question could be read"), "{toast}");
    bench.story(fox.story(None, &[]));
    let mut undrawn = |ms, key: &str| {
        let press = press(ms, key);
        update(&mut bench.app, Msg::Key(press), press.at)
    };
    // Another row is another price.
    undrawn(3000, "<up>");
    assert!(is_free(&undrawn(4000, "<enter>")));
    bench.now = press(5000, "x").at;
    bench.tell(Msg::Tick);
    assert!(is_free(&bench.press(press(4990, "<enter>"))), "on its way before it was drawn");
    let effects = at(&mut bench, 6000, "<enter>");
    assert_eq!(submitted(&effects).0.resolution.to_string(), "480p");
}

#[test]
fn a_question_that_comes_by_itself_hears_nothing_before_it_could_be_read() {
    let mut bench = Bench::new();
    let effects = bench.keys("a fox<f5>");
    let request = submitted(&effects).0;
    let twin = draft(3, "a fox").job;
    let objected = Objected {
        request: request.clone(),
        parent: None,
        held: None,
        price: priced(request),
        objections: vec![Objection::Twin { job: twin.id, state: twin.state }],
        model: bench.app.catalog.model(&request.model).cloned(),
        limits: Limits::default(),
    };
    bench.now = press(0, "x").at;
    bench.tell(Msg::Objected(Box::new(objected)));
    // Whoever went on writing means a new line.
    assert!(is_free(&at(&mut bench, pause_ms() - 1, "<enter>")));
    assert!(bench.toast().contains("before the question could be read"), "{}", bench.toast());
    submitted(&at(&mut bench, 2 * pause_ms(), "<enter>"));
}

#[test]
fn no_key_that_text_has_can_be_made_to_submit() {
    for key in ["s", "shift-s", "enter", "y s"] {
        let own = format!("[commands]\nsubmit = [\"{key}\"]\n");
        let own: Tables = toml::from_str(&own).expect("tables");
        let (_, problems) = Keymap::new(&own);
        assert!(problems[0].contains("can't submit"), "{key}: {problems:?}");
    }
    let own: Tables =
        toml::from_str("[commands]\nsubmit = [\"ctrl-s\", \"f6\"]\n").expect("tables");
    assert!(Keymap::new(&own).1.is_empty());
}
