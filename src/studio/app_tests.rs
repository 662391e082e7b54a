//! What the state says of itself.

use super::*;
use crate::domain::sample;

/// Law 6: the clock runs only where somebody sees it.
#[test]
fn no_ticker() {
    let keymap = Keymap::new(&super::super::keymap::Tables::new()).0;
    let theme = Theme::named("ansi", false);
    let mut app = App::new(sample::noon(), keymap, theme, "ansi".to_owned());
    app.size = (120, 36);
    assert_eq!(app.next_tick(), None, "nothing is live");
    let model = sample::model("sandbox/1.5-pro");
    let job = sample::job(1, model, sample::request(model, |_| {}));
    let live =
        Live { job, percent: None, saving: None, expected_end: None, next_poll: None, wait: None };
    app.lives = vec![live];
    let second = sample::noon().checked_add(SignedDuration::from_secs(1)).ok();
    assert_eq!(app.next_tick(), second);
    app.still = true;
    assert_eq!(app.next_tick(), None, "nothing may move by itself");
    app.still = false;
    app.size = (80, 20);
    assert_eq!(app.next_tick(), None, "the prompt has the whole screen");
    app.pane = Pane::Jobs;
    assert_eq!(app.next_tick(), second);
    app.say("done", false);
    app.lives.clear();
    assert_eq!(app.next_tick(), app.toast.as_ref().map(|toast| toast.until));
}
