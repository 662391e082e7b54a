//! A job in doubt: what is told of it, and the ways to settle it.

use super::super::effect::{Effect, Load, Terminal, Write};
use super::super::msg::Msg;
use super::kit::{Bench, is_free, submitted};
use super::take::{Take, render, wish};
use crate::domain::event::JobEvent;
use crate::domain::job::JobError;

fn doubted(model: &str) -> Take {
    render(600, model, wish("a paper boat")).in_doubt()
}

/// A studio with that job opened.
fn opened(take: &Take) -> Bench {
    let mut bench = Bench::with_jobs(std::slice::from_ref(take));
    bench.keys("<esc>3<enter>");
    bench.story(take.story(None, &[]));
    bench
}

#[test]
fn the_detail_tells_what_happened_what_it_may_cost_and_what_can_be_done() {
    let screen = opened(&doubted("runpod/1.0-pro")).screen(120, 36);
    for part in [
        "no reply tells whether RunPod took it",
        "not sent again by itself",
        "it is billed once: estimated $",
        "can't be asked",
        "a request to seedance-1-0-pro",
        "https://console.runpod.io",
        "D dashboard",
        "X close",
        "R retry",
    ] {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
    assert!(!screen.contains("L look up"), "{screen}");
    let screen = opened(&doubted("runware/1.0-pro")).screen(120, 36);
    assert!(screen.contains("L look up") && screen.contains("can be asked again"), "{screen}");
    assert!(opened(&doubted("runbase/1.0-pro")).screen(80, 24).contains("no price is published"));
}

#[test]
fn it_is_looked_up_where_the_provider_can_be_asked() {
    let take = doubted("runware/1.0-pro");
    assert_eq!(opened(&take).keys("L"), [Effect::Load(Load::LookUp(take.job.id))]);
    let mut bench = opened(&doubted("runpod/1.0-pro"));
    assert!(is_free(&bench.keys("L")));
    assert!(bench.toast().contains("RunPod can't be asked"), "{}", bench.toast());
}

#[test]
fn the_dashboard_is_opened_or_its_address_copied() {
    let mut bench = opened(&doubted("runpod/1.0-pro"));
    let url = "https://console.runpod.io".to_owned();
    assert_eq!(bench.keys("D"), [Effect::Load(Load::Browse(url.clone()))]);
    let reason = "there is no display over SSH".to_owned();
    assert_eq!(
        bench.tell(Msg::NoBrowser { url: url.clone(), reason }),
        [Effect::Terminal(Terminal::Copy(url))]
    );
    assert_eq!(bench.toast(), "there is no display over SSH; copied: https://console.runpod.io");
}

#[test]
fn closing_asks_first_and_says_what_it_means() {
    let take = doubted("runbase/1.0-pro");
    let mut bench = opened(&take);
    assert!(is_free(&bench.keys("X")));
    assert!(bench.screen(80, 24).contains("its cost stays unknown"));
    assert!(is_free(&bench.keys("<esc>")));
    bench.keys("X");
    assert_eq!(bench.keys("<enter>"), [Effect::Write(Write::Close(take.job.id))]);
    let closed = take.then(60, JobEvent::Closed { error: JobError::closed("Runbase") });
    bench.list(std::slice::from_ref(&closed));
    assert!(bench.screen(120, 36).contains("closed"));
    let screen = opened(&closed).screen(120, 36);
    assert!(screen.contains("closed by you; Runbase may have billed it"), "{screen}");
    assert!(screen.contains("nobody said what it cost") && !screen.contains("X close"), "{screen}");
}

#[test]
fn submitting_again_says_that_it_may_be_billed_twice() {
    let mut bench = opened(&doubted("runpod/1.0-pro"));
    assert!(is_free(&bench.keys("R")));
    assert!(bench.screen(80, 24).contains("billed twice"));
    submitted(&bench.keys("<enter>"));
}

#[test]
fn a_job_that_is_not_in_doubt_is_not_settled() {
    let mut bench = Bench::with_jobs(&[render(60, "runware/1.0-pro", wish("a fox")).ready(20)]);
    bench.keys("<esc>3");
    for keys in ["L", "X"] {
        assert!(is_free(&bench.keys(keys)), "{keys}");
        assert_eq!(bench.toast(), "it is not in doubt");
    }
}
