//! The results of one job: each that was paid for can be seen, opened, promoted, copied and compared.

use std::path::PathBuf;

use super::super::effect::{Effect, Load, Terminal};
use super::kit::{Bench, submitted};
use super::take::{Take, draft, render, wish};
use crate::domain::request::Choices;

/// A draft with three results.
fn three() -> Take {
    let choices = Choices { draft: true, results: Some(3), ..wish("a fox") };
    render(60, "sandbox/1.5-pro", choices).ready(20)
}

fn with(take: &Take) -> Bench {
    let mut bench = Bench::with_jobs(std::slice::from_ref(take));
    bench.keys("<esc>3");
    bench
}

#[test]
fn the_next_one_comes_to_the_front_round_and_round() {
    let take = three();
    let mut bench = with(&take);
    for (key, nr) in [("]", 2), ("]", 3), ("]", 1), ("[", 3), ("[", 2)] {
        bench.keys(key);
        let screen = bench.screen(120, 36);
        assert!(screen.contains(&format!("{nr} of 3 [ ]")), "{screen}");
        let seed = take.job.outputs[nr - 1].seed.expect("a seed");
        assert!(screen.contains(&format!("seed {seed}")), "{screen}");
    }
    let one = draft(60, "an owl").ready(20);
    let mut bench = with(&one);
    bench.keys("]");
    assert!(bench.toast().contains("one result at most"), "{}", bench.toast());
}

#[test]
fn keys_are_about_the_one_in_front() {
    let take = three();
    let mut bench = with(&take);
    let path = |nr: usize| {
        let file = take.job.outputs[nr].file.as_ref().expect("a file");
        PathBuf::from("/data").join(&file.path)
    };
    bench.keys("]");
    assert_eq!(bench.keys("o"), [Effect::Load(Load::Open(path(1)))]);
    assert_eq!(bench.keys("yf"), [Effect::Terminal(Terminal::Copy(path(1).display().to_string()))]);
    assert_eq!(
        bench.keys("yu"),
        [Effect::Terminal(Terminal::Copy(take.job.outputs[1].url.clone()))]
    );
    bench.keys("p");
    bench.story(take.story(None, &[]));
    let effects = bench.keys("<enter>");
    let (request, _) = submitted(&effects);
    assert_eq!(request.draft_id, take.job.outputs[1].draft_id);
    assert_eq!(request.seed, take.job.outputs[1].seed);
}

#[test]
fn two_of_one_job_are_compared() {
    let take = three();
    let mut bench = with(&take);
    bench.keys("v]]c");
    let screen = bench.screen(120, 36);
    assert!(screen.contains("result 1 of 3") && screen.contains("result 3 of 3"), "{screen}");
    bench.keys("2");
    assert_eq!(bench.screen(120, 36).matches("✓ better").count(), 1);
}
