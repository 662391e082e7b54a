//! A held job: what is told of it, and that it is sent by a yes to its price alone.

use super::super::effect::{Effect, Write};
use super::super::msg::{Msg, Objected};
use super::super::term::press::Press;
use super::kit::{Bench, is_free, parsed};
use super::take::{Take, render, wish};
use crate::domain::consent::{Consent, Objection};
use crate::domain::event::JobEvent;
use crate::domain::ledger::Limits;
use crate::domain::money::MicroUsd;

fn held() -> Take {
    let reason = "it was interrupted before it was sent".to_owned();
    render(60, "runware/1.0-pro", wish("a raft")).then(1, JobEvent::Held { reason })
}

#[test]
fn it_is_named_in_the_list_and_its_details_say_what_can_be_done() {
    let take = held();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&take));
    let screen = bench.screen(120, 36);
    assert!(screen.contains("≡ held") && screen.contains("not sent, R sends it"), "{screen}");
    bench.keys("<esc>3<enter>");
    bench.story(take.story(None, &[]));
    let screen = bench.screen(120, 36);
    for part in
        ["not sent and not charged", "interrupted before it was sent", "R retry", "x cancel"]
    {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
}

#[test]
fn it_is_sent_by_a_yes_to_its_price_and_ended_for_nothing() {
    let take = held();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&take));
    bench.keys("<esc>3");
    assert!(is_free(&bench.keys("R")));
    let screen = bench.screen(120, 36);
    assert!(screen.contains("Send it now?") && screen.contains("estimated $"), "{screen}");
    let id = take.job.id;
    let yes = [Effect::Write(Write::Release {
        id,
        consent: Box::new(Consent::to(take.job.estimate.clone())),
    })];
    assert_eq!(bench.keys("<enter>"), yes);
    assert_eq!(bench.keys("x"), [Effect::Write(Write::Cancel(id))]);
}

/// `R` and Enter out of a paste without brackets.
#[test]
fn a_yes_that_came_with_other_keys_sends_nothing() {
    let take = held();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&take));
    bench.keys("<esc>3R");
    let crowded = Press { at: bench.now, ..Press::from(parsed("<enter>")[0]) };
    assert_eq!(bench.press(crowded), []);
    assert!(bench.toast().contains("too fast to be a yes"), "{}", bench.toast());
    let [Effect::Write(Write::Release { .. })] = bench.keys("<enter>")[..] else {
        panic!("a press of its own")
    };
}

/// The job's own price stood among what was spent, so that half of the limit asked for a yes to pass it; and that
/// yes was one to every limit.
#[test]
fn it_is_held_against_the_limits_once_and_a_yes_is_one_to_what_was_said() {
    let take = held();
    let most = take.job.estimate.most().expect("a price");
    let mut bench = Bench::with_jobs(std::slice::from_ref(&take));
    bench.app.limits = Limits { daily: Some(most), ..Limits::default() };
    bench.keys("<esc>3R");
    assert!(!bench.screen(120, 36).contains("limit"));
    bench.keys("<esc>");
    let limit = MicroUsd(most.0 - 1);
    bench.app.limits = Limits { daily: Some(limit), ..Limits::default() };
    assert!(is_free(&bench.keys("R")));
    assert!(bench.screen(120, 36).contains("pass the limit"));
    let despite = vec![Objection::DailyLimit { spent: MicroUsd::ZERO, most, limit }];
    let consent = Consent { despite, ..Consent::to(take.job.estimate.clone()) };
    let yes = [Effect::Write(Write::Release { id: take.job.id, consent: Box::new(consent) })];
    assert_eq!(bench.keys("<enter>"), yes);
}

/// What the transaction knows better is asked about, and the yes to that releases the same job.
#[test]
fn what_speaks_against_it_by_then_is_asked_about() {
    let take = held();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&take));
    bench.keys("<esc>3R<enter>");
    let job = take.job.clone();
    let (shown, mut now) = (job.estimate.clone(), job.estimate);
    now.total = now.total.map(|(least, most)| (least, most + MicroUsd(1)));
    let objected = Objected {
        model: bench.app.catalog.model(&job.request.model).cloned(),
        request: job.request,
        parent: None,
        held: Some(job.id),
        price: shown.clone(),
        objections: vec![Objection::Price { shown, now: now.clone() }],
        limits: Limits::default(),
    };
    bench.tell(Msg::Objected(Box::new(objected)));
    let screen = bench.screen(120, 36);
    assert!(screen.contains("Pay the new price?") && screen.contains("not sent yet"), "{screen}");
    let effects = bench.keys("<enter>");
    let [Effect::Write(Write::Release { id, consent })] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((*id, &consent.price), (take.job.id, &now));
}
