//! The prompt drawn alone: when that is done, and what may lie over it. That the rest of the screen is then as it
//! should be is compared by the bench in every test that looks at one.

use super::super::layout;
use super::super::msg::Msg;
use super::kit::Bench;
use super::take::draft;

const REASON: &str = "could not read the image: there is no file of this name in the folder from which the \
                      studio was started, nor in the one where images are kept. Nothing was sent";

#[test]
fn a_typed_character_changes_nothing_around_the_prompt() {
    let mut bench = Bench::with_jobs(&[draft(30, "a fox").running(), draft(60, "a fox").ready(20)]);
    bench.screen(120, 36);
    let look = bench.app.look();
    bench.keys("a red <left><bs>kite<enter>at dusk");
    assert_eq!(bench.app.look(), look);
    assert_eq!(layout::prompt(&bench.app).map(|area| (area.x, area.y)), Some((0, 1)));
    assert!(bench.screen(120, 36).contains("at dusk"));
    bench.later(1_000);
    assert_ne!(bench.app.look(), look, "the clocks of the jobs have gone on");
}

#[test]
fn a_toast_over_the_prompt_stays_while_text_is_typed_and_goes_when_its_time_is_over() {
    let mut bench = Bench::new();
    bench.screen(60, 18);
    bench.tell(Msg::Complain(REASON.to_owned()));
    assert_eq!(layout::prompt(&bench.app), None);
    for text in ["a", " red", "<enter><enter><enter><enter>", "<enter><enter><enter><enter>kite"] {
        bench.keys(text);
        assert!(bench.screen(60, 18).contains("could not read"), "after {text}");
    }
    bench.later(12_000);
    let screen = bench.screen(60, 18);
    assert!(!screen.contains("could not read"), "{screen}");
    assert!(layout::prompt(&bench.app).is_some());
}

#[test]
fn a_toast_below_the_prompt_costs_nothing() {
    let mut bench = Bench::new();
    bench.tell(Msg::Complain(REASON.to_owned()));
    for size in [(80, 24), (120, 36)] {
        bench.screen(size.0, size.1);
        assert!(layout::prompt(&bench.app).is_some(), "in {size:?}");
        bench.keys("a kite");
        assert!(bench.screen(size.0, size.1).contains("could not read"), "in {size:?}");
    }
}

#[test]
fn a_dialog_over_the_prompt_stays_when_nothing_happens() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").ready(20)]);
    for dialog in ["<f1>", "<c-p>", "<esc>3<enter>", "<esc>3n", "<esc>1"] {
        bench.keys("<esc>1");
        bench.keys(dialog);
        for size in [(60, 18), (120, 36)] {
            let screen = bench.screen(size.0, size.1);
            bench.later(10);
            assert_eq!(bench.screen(size.0, size.1), screen, "after {dialog}");
        }
    }
}
