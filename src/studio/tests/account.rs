//! What the account holds and whose it is, in the top line.

use super::super::effect::{Effect, Load};
use super::super::msg::{Msg, Opened};
use super::kit::{Bench, opened};
use super::take::{render, wish};
use crate::domain::money::MicroUsd;

/// A studio with a key for Runware and a model of it chosen.
fn bench() -> Bench {
    let keys = vec![("runware".to_owned(), "pass".to_owned())];
    let model = "runware/1.5-pro".parse().ok();
    let mut bench = Bench::with(Opened { keys, model, ..opened() });
    bench.tell(balance("runware", Some(2_450_750_000)));
    bench
}

fn balance(provider: &str, left: Option<i64>) -> Msg {
    Msg::Balance { provider: provider.to_owned(), left: left.map(MicroUsd) }
}

fn asked(effects: &[Effect]) -> Vec<&str> {
    let asked = effects.iter().filter_map(|effect| match effect {
        Effect::Load(Load::Balance(provider)) => Some(provider.as_str()),
        _ => None,
    });
    asked.collect()
}

fn header(bench: &mut Bench, columns: u16) -> String {
    bench.screen(columns, 36).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_balance_is_asked_at_the_start_and_after_a_charge() {
    let keys = vec![("runware".to_owned(), "pass".to_owned())];
    let model = "runware/1.5-pro".parse().ok();
    let mut bench = Bench::closed();
    let effects = bench.tell(Msg::Opened(Box::new(Opened { keys, model, ..opened() })));
    assert_eq!(asked(&effects), ["runware"]);
    assert!(asked(&bench.later(60_000)).is_empty(), "no ticker");
    bench.tell(balance("runware", Some(5_000_000)));
    let job = render(30, "runware/1.5-pro", wish("a fox"));
    assert!(asked(&bench.list(&[job.clone().running()])).is_empty());
    assert_eq!(asked(&bench.list(&[job.ready(20)])), ["runware"]);
    assert!(header(&mut bench, 120).contains("$5.00 left"), "until the answer comes");
}

#[test]
fn the_balance_stands_where_it_is_known_and_has_room() {
    let mut bench = bench();
    let wide = header(&mut bench, 120);
    assert!(wide.contains("Runware by pass  $2450.75 left"), "{wide}");
    assert!(!header(&mut bench, 90).contains("left"));
    bench.tell(balance("runware", None));
    assert!(!header(&mut bench, 120).contains("left"));
}

#[test]
fn play_money_and_services_without_a_key_are_not_asked() {
    let mut bench = Bench::new();
    assert!(asked(&bench.keys("<f5>")).is_empty());
    let model = "runware/1.5-pro".parse().ok();
    let effects = bench.tell(Msg::Opened(Box::new(Opened { model, ..opened() })));
    assert!(asked(&effects).is_empty());
    assert!(header(&mut bench, 120).contains("Runware: set RUNWARE_API_KEY"));
}

/// The config may name a real service's model before the studio was ever used.
#[test]
fn only_play_money_is_said_to_cost_nothing() {
    assert!(Bench::new().screen(120, 36).contains("here it costs nothing"));
    let screen = bench().screen(120, 36);
    assert!(screen.contains("a draft is quick") && !screen.contains("costs nothing"), "{screen}");
}

#[test]
fn the_profile_stands_in_the_top_line() {
    let mut bench = Bench::with(Opened { profile: Some("client-a".to_owned()), ..opened() });
    for columns in [60, 120] {
        let line = header(&mut bench, columns);
        assert!(line.starts_with(" rushes  client-a  Studio  History"), "{line}");
    }
}
