//! Money on the screen, and the limits that stop a submit until it is confirmed.

use super::super::dialog::Dialog;
use super::super::effect::{Effect, Load, Write};
use super::super::msg::{Msg, Objected};
use super::kit::{Bench, is_free, priced, submitted};
use super::take::{Take, draft, render, wish};
use crate::domain::consent::{Consent, Objection};
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
    bench.app.limits =
        Limits { daily: daily.map(MicroUsd), submit: submit.map(MicroUsd), ..Limits::default() };
    let catalog = bench.app.catalog.clone();
    bench.app.settings.take_model(&catalog, "runware/1.5-pro".parse().expect("an id"));
    bench.keys("a fox");
    bench
}

/// Whether the only effect is a submit to which something was confirmed.
fn confirmed(effects: &[Effect]) -> bool {
    submitted(effects);
    matches!(effects, [Effect::Write(Write::Submit { consent, .. })] if !consent.despite.is_empty())
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
    assert!(screen.contains("24 h $0.00000 + $0.14584 under way of $0.15000"), "{screen}");
}

#[test]
fn real_and_play_money_are_never_taken_for_each_other() {
    let fox = draft(60, "a fox").ready(20);
    let mut bench = limited(None, None, std::slice::from_ref(&fox));
    let screen = bench.screen(120, 36);
    assert!(screen.contains("24 h $0.00000 ") && !screen.contains("play money  "), "{screen}");
    let mut bench = Bench::with_jobs(&[fox]);
    assert!(bench.screen(120, 36).contains("24 h $0.07292 play money"));
}

#[test]
fn nothing_is_paid_whose_price_is_not_on_the_screen() {
    let fox = draft(60, "a fox").ready(20);
    let history = ("<esc><f2>", (120, 36));
    let zoomed = ("<esc>z", (120, 36));
    let comparing = ("<esc>c", (120, 36));
    let preview = ("<esc>4", (80, 24));
    let list = ("<esc>3", (60, 18));
    for (keys, (columns, rows)) in [history, zoomed, comparing, preview, list] {
        let older = draft(90, "an owl").ready(20);
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
    let fox = draft(60, "a fox").ready(20);
    let mut bench = Bench::with_jobs(&[fox]);
    bench.app.limits =
        Limits { daily: Some(MicroUsd(1)), submit: Some(MicroUsd(1)), ..Limits::default() };
    assert!(!confirmed(&bench.keys("an owl<f5>")));
}

#[test]
fn a_promotion_and_a_retry_that_pass_a_limit_ask_too() {
    let fox = real("a fox").ready(20);
    let mut bench = limited(None, Some(50_000), std::slice::from_ref(&fox));
    bench.keys("<esc>3p");
    bench.story(fox.story(None, &[]));
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

/// What came of the only submit: the transaction that was to store it found `objections`.
fn objected(bench: &mut Bench, effects: &[Effect], objections: Vec<Objection>) -> Vec<Effect> {
    let (request, parent) = submitted(effects);
    let model = bench.app.catalog.model(&request.model).cloned();
    let objected = Objected {
        request: request.clone(),
        parent,
        held: None,
        price: priced(request),
        objections,
        model,
        limits: bench.app.limits,
    };
    bench.tell(Msg::Objected(Box::new(objected)))
}

/// What the only submit rests on.
fn consent(effects: &[Effect]) -> Consent {
    match effects {
        [Effect::Write(Write::Submit { consent, .. })] => (**consent).clone(),
        _ => panic!("{effects:?}"),
    }
}

#[test]
fn what_changed_before_it_was_stored_is_said_and_asked_again() {
    let fox = draft(60, "a fox").ready(20);
    let twin = draft(3, "a fox").job;
    let money = |micro| MicroUsd(micro);
    let (spent, most, limit) = (money(80_000), money(72_920), money(100_000));
    let table: [(Objection, &[&str]); 4] = [
        (
            Objection::DailyLimit { spent, most, limit },
            &["Pass the limit?", "$0.08000", "limit of", "$0.10000"],
        ),
        (
            Objection::Balance { left: spent, under_way: limit, most },
            &["Pay more than is left?", "held $0.08000", "$0.10000", "$0.07292"],
        ),
        (
            Objection::Twin { job: twin.id, state: twin.state },
            &["Pay for the same twice?", "under way", "queued"],
        ),
        (
            Objection::Final {
                job: twin.id,
                state: twin.state,
                resolution: "1080p".parse().expect("a resolution"),
            },
            &["Pay for another final?", "has a final at 1080p already", "queued"],
        ),
    ];
    for (objection, words) in table {
        let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
        let effects = bench.keys("an owl<f5>");
        assert!(is_free(&objected(&mut bench, &effects, vec![objection.clone()])));
        let screen = bench.screen(80, 24);
        for words in [&["not sent yet", "$0.07292"], words].concat() {
            assert!(screen.contains(words), "{words} in\n{screen}");
        }
        assert!(is_free(&bench.keys("<esc>")), "a no");
        let effects = bench.keys("<f5>");
        objected(&mut bench, &effects, vec![objection.clone()]);
        let again = bench.keys("<enter>");
        assert_eq!(submitted(&again), submitted(&effects));
        assert_eq!(consent(&again).despite, [objection], "a yes to that, and to no more");
    }
}

#[test]
fn a_price_that_changed_is_asked_about_and_stands_in_the_form_from_then_on() {
    let mut bench = Bench::new();
    let effects = bench.keys("a fox<f5>");
    let shown = consent(&effects).price;
    let mut catalog = (*bench.app.catalog).clone();
    let id = bench.app.settings.model_id.clone();
    let model = catalog.models.iter_mut().find(|model| model.key() == id).expect("a model");
    model.price.usd.values_mut().for_each(|usd| usd.0 = usd.0 * 10);
    let now = crate::domain::cost::Estimate::of(model, submitted(&effects).0);
    let objected = Objected {
        request: submitted(&effects).0.clone(),
        parent: None,
        held: None,
        price: shown.clone(),
        objections: vec![Objection::Price { shown: shown.clone(), now: now.clone() }],
        model: Some(model.clone()),
        limits: bench.app.limits,
    };
    bench.tell(Msg::Objected(Box::new(objected)));
    let screen = bench.screen(80, 24);
    for words in ["Pay the new price?", "it is $0.72919, and $0.07292 was shown"] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    let again = consent(&bench.keys("<enter>"));
    assert_eq!((again.price, again.despite.is_empty()), (now, false));
    assert_eq!(bench.price(), "$0.72919");
}

#[test]
fn what_can_not_be_asked_about_is_told_and_not_sent() {
    let mut bench = Bench::new();
    let effects = bench.keys("a fox<f5>");
    let request = submitted(&effects).0;
    let gone = Objected {
        request: request.clone(),
        parent: None,
        held: None,
        price: priced(request),
        objections: vec![Objection::ModelGone(request.model.clone())],
        model: None,
        limits: bench.app.limits,
    };
    bench.tell(Msg::Objected(Box::new(gone)));
    assert_eq!(bench.toast(), "not submitted: the catalog no longer has sandbox/1.5-pro");
    assert!(bench.app.dialog.is_none());
    // Whoever is in another dialog by then is not asked something else in its place.
    let twin = draft(3, "a fox").job;
    bench.keys("<f1>");
    let twin = Objection::Twin { job: twin.id, state: twin.state };
    assert!(is_free(&objected(&mut bench, &effects, vec![twin])));
    assert!(matches!(bench.app.dialog, Some(Dialog::Help { .. })));
    assert!(bench.toast().starts_with("not submitted: the same is under way"), "{}", bench.toast());
}

#[test]
fn an_equal_request_that_is_under_way_is_asked_about_whatever_its_seed_will_be() {
    let states: [fn(Take) -> Take; 5] =
        [|take| take, Take::sent, Take::running, Take::confirming, Take::in_doubt];
    for come in states {
        let fox = come(draft(9, "a fox"));
        let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
        assert!(is_free(&bench.keys("a fox<f5>")), "{}", fox.job.state);
        let screen = bench.screen(80, 24);
        assert!(screen.contains("Pay for the same twice?"), "{screen}");
        let effects = bench.keys("<enter>");
        assert!(matches!(consent(&effects).despite[..], [Objection::Twin { .. }]));
        submitted(&bench.keys("es<f5>"));
    }
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").ready(20)]);
    submitted(&bench.keys("a fox<f5>"));
}

#[test]
fn a_submit_beyond_what_the_account_holds_is_asked_about_and_the_account_is_asked_anew() {
    let mut bench = limited(None, None, &[real("one").running()]);
    let left = Some(MicroUsd(145_839));
    bench.app.balances = vec![("runware".to_owned(), None)];
    bench.tell(Msg::Balance { provider: "runware".to_owned(), left });
    let effects = bench.keys("<f5>");
    assert_eq!(effects, [Effect::Load(Load::Balance("runware".to_owned()))]);
    let screen = bench.screen(80, 24);
    assert!(screen.contains("Pay more than is left?"), "{screen}");
    bench.keys("<esc>");
    let left = Some(MicroUsd(145_840));
    bench.tell(Msg::Balance { provider: "runware".to_owned(), left });
    assert_eq!(consent(&bench.keys("<f5>")).balance, left, "it goes along");
}

#[test]
fn a_retry_of_what_is_paid_for_elsewhere_says_so() {
    let fox = draft(60, "a fox").ready(20);
    let last = fox.promoted(30, "1080p").ready(20);
    let mut bench = Bench::with_jobs(&[last, fox]);
    bench.keys("<esc>3R");
    assert!(bench.screen(80, 24).contains("has a final at 1080p already"));
    assert!(matches!(consent(&bench.keys("<enter>")).despite[..], [Objection::Final { .. }]));
}

/// One press of a dear one asks, whoever set nothing; the command line never does.
#[test]
fn a_press_that_costs_more_than_a_dollar_of_real_money_asks() {
    let dear = |bound: Option<Option<MicroUsd>>, model: &str| {
        let mut bench = Bench::new();
        bound.into_iter().for_each(|bound| bench.app.limits.confirm_above = bound);
        let catalog = bench.app.catalog.clone();
        bench.app.settings.take_model(&catalog, model.parse().expect("an id"));
        bench.app.settings.chosen.resolution = Some("4k".parse().expect("a resolution"));
        bench.keys("a fox");
        let effects = bench.keys("<f5>");
        (bench, effects)
    };
    let (mut bench, effects) = dear(None, "runware/2.0");
    assert!(is_free(&effects));
    let screen = bench.screen(120, 36);
    for part in ["Pay $4.", "confirm_above_usd"] {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
    submitted(&bench.keys("<enter>"));
    let (_, effects) = dear(Some(Some(MicroUsd::ZERO)), "runware/2.0");
    submitted(&effects);
    let (_, effects) = dear(Some(Some(MicroUsd(9_000_000))), "runware/2.0");
    submitted(&effects);
}

/// What runs may be charged yet, so it stands beside what was.
#[test]
fn what_is_under_way_stands_beside_what_was_charged() {
    let mut bench = limited(None, None, &[real("one").running()]);
    let screen = bench.screen(120, 36);
    assert!(screen.contains("24 h $0.00000 + $0.07292 under way"), "{screen}");
}
