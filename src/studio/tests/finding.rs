//! The history: search as one types.

use super::super::app::View;
use super::super::effect::{Effect, Generation, Load};
use super::super::msg::Msg;
use super::kit::Bench;
use super::take::{Take, draft};
use crate::domain::query::HistoryQuery;

fn searches(effects: &[Effect]) -> Vec<(Generation, HistoryQuery)> {
    let search = |effect: &Effect| match effect {
        Effect::Load(Load::Search { generation, query, .. }) => Some((*generation, query.clone())),
        _ => None,
    };
    effects.iter().filter_map(search).collect()
}

fn found(generation: Generation, takes: &[Take]) -> Msg {
    Msg::Found { generation, entries: takes.iter().map(|take| take.entry.clone()).collect() }
}

#[test]
fn every_key_searches_and_only_the_last_answer_counts() {
    let mut bench = Bench::new();
    let (fox, owl) = (draft(60, "a fox").ready(20), draft(90, "an owl").ready(20));
    let effects = bench.keys("<esc>/fo");
    let begun = searches(&effects);
    assert_eq!(begun.len(), 3, "one for the view and one a key");
    assert_eq!(begun[2].1.words, ["fo"]);
    bench.tell(found(begun[2].0, std::slice::from_ref(&fox)));
    bench.tell(found(begun[1].0, &[fox.clone(), owl]));
    assert_eq!(bench.app.history.entries, [fox.entry], "the late answer is dropped");
    let screen = bench.screen(120, 36);
    assert!(screen.contains("a fox") && !screen.contains("an owl"), "{screen}");
}

#[test]
fn a_wrong_filter_is_said_beside_the_query_and_starts_no_search() {
    let mut bench = Bench::new();
    let effects = bench.keys("<esc>/cost:");
    assert_eq!(searches(&effects).last().expect("a search").1.words, ["cost"]);
    let screen = bench.screen(120, 36);
    assert!(screen.contains("cost:<0.2"), "{screen}");
    let effects = bench.keys("<lt>0.2");
    assert_eq!(searches(&effects).len(), 3, "cost:<0, cost:<0. and cost:<0.2");
    assert_eq!(bench.app.history.problem, None);
}

#[test]
fn esc_leaves_the_query_then_the_history() {
    let mut bench = Bench::new();
    bench.keys("<esc>/fox<esc>");
    assert_eq!((bench.app.view, bench.app.history.writing), (View::History, false));
    assert_eq!(bench.app.history.query.text(), "fox");
    bench.keys("<esc>");
    assert_eq!(bench.app.view, View::Studio);
}

#[test]
fn a_paste_in_the_history_is_searched_for() {
    let mut bench = Bench::new();
    bench.keys("<f2>");
    let effects = bench.tell(Msg::Paste("月下\n狐".to_owned()));
    assert_eq!(searches(&effects)[0].1.words, ["月下", "狐"]);
}

#[test]
fn what_is_chosen_stays_chosen_when_the_list_is_read_again() {
    let mut bench = Bench::new();
    let (fox, owl) = (draft(60, "a fox").ready(20), draft(90, "an owl").ready(20));
    let effects = bench.keys("<f2>");
    bench.tell(found(searches(&effects)[0].0, &[fox.clone(), owl.clone()]));
    bench.keys("j");
    let newer = draft(5, "a heron");
    let effects = bench.list(&[newer.clone(), fox.clone()]);
    let (generation, _) = searches(&effects)[0].clone();
    bench.tell(found(generation, &[newer, fox, owl.clone()]));
    assert_eq!(bench.app.entry(), Some(&owl.entry));
}

#[test]
fn a_child_is_shown_against_its_parent() {
    use crate::domain::job::Relation;
    let mut bench = Bench::new();
    let old = draft(900, "a red fox runs").ready(20);
    let new = draft(60, "a grey fox runs").child_of(&old, Relation::Edit).ready(20);
    let effects = bench.keys("<f2>");
    bench.tell(found(searches(&effects)[0].0, &[new, old]));
    let screen = bench.screen(120, 36);
    assert!(screen.contains("[-red-]{+grey+}"), "{screen}");
    bench.keys("j");
    let screen = bench.screen(120, 36);
    assert!(screen.contains("edit ->"), "{screen}");
}

#[test]
fn what_a_list_does_not_show_is_said_and_comes_with_the_next_step_down() {
    let mut bench = Bench::new();
    let all: Vec<Take> = (0..=500).map(|age| draft(age, "a fox").ready(20)).collect();
    let begun = searches(&bench.keys("<esc>/"));
    bench.tell(found(begun[0].0, &all));
    assert!(bench.screen(120, 36).contains("the first 500 jobs, ↓ for more"));
    bench.keys("<esc>");
    assert!(searches(&bench.keys("<down>")).is_empty(), "there is something below");
    let [(generation, _)] = searches(&bench.keys("G"))[..] else { panic!("one search for more") };
    bench.tell(found(generation, &all));
    assert!(bench.screen(120, 36).contains("501 jobs"));
    assert_eq!(bench.app.history.chosen, 499, "the cursor stays");
}

#[test]
fn another_query_begins_at_its_first_find() {
    let mut bench = Bench::new();
    let (fox, owl) = (draft(60, "a fox").ready(20), draft(90, "an owl").ready(20));
    let both = [fox, owl];
    let begun = searches(&bench.keys("<esc>/"));
    bench.tell(found(begun[0].0, &both));
    bench.keys("<esc><down>");
    assert_eq!(bench.app.history.chosen, 1);
    let begun = searches(&bench.keys("/a"));
    bench.tell(found(begun.last().expect("a search").0, &both));
    assert_eq!(bench.app.history.chosen, 0, "not where the old query's cursor stood");
}
