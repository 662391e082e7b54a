//! A held job: what is told of it, and that it is sent by a yes to its price alone.

use super::super::msg::{Effect, Msg};
use super::super::presses::Press;
use super::kit::{Bench, is_free, parsed};
use super::take::{Take, render, wish};
use crate::domain::event::JobEvent;

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
    bench.tell(Msg::Story(take.story(None, &[])));
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
    assert_eq!(bench.keys("<enter>"), [Effect::Release { id, confirmed: false }]);
    assert_eq!(bench.keys("x"), [Effect::Cancel(id)]);
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
    let [Effect::Release { .. }] = bench.keys("<enter>")[..] else { panic!("a press of its own") };
}
