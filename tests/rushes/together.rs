//! Several programs on the same data at once.

use std::collections::BTreeSet;

use super::support::{Desk, Running, facts, generate, text};

#[test]
fn many_programs_share_one_data_folder() {
    let desk = Desk::new();
    let prompts: Vec<String> = (0..6).map(|index| format!("kite number {index}")).collect();
    let running: Vec<Running> =
        prompts.iter().map(|prompt| desk.start(&generate(prompt, &["--wait"]))).collect();
    let mut ids = BTreeSet::new();
    for (prompt, running) in prompts.iter().zip(running) {
        // Readers and writers of the history beside those that drive.
        desk.done(&["history", "--json", "kite"]);
        let job = running.ended().expecting(0).object();
        assert_eq!((text(&job, "/prompt"), &job["state"]), (prompt.as_str(), &"succeeded".into()));
        assert_eq!(facts(&job).frames, 29);
        ids.insert(text(&job, "/id").to_owned());
    }
    assert_eq!(ids.len(), prompts.len());
    assert_eq!(desk.accepted_once_each(), prompts.len());
}

/// The one that drives and serves the sandbox is killed; one of the others takes its place.
#[test]
fn a_follower_takes_over_when_the_driver_is_killed() {
    let desk = Desk::new();
    let first = desk.start(&generate("the first kite", &["--wait"]));
    super::support::until("the first driver", || desk.data().join("driver.lock").exists());
    let second = desk.start(&generate("the second kite", &["--wait"]));
    super::support::until("both at the provider", || desk.accepted().len() == 2);
    first.kill();
    let second = second.ended().expecting(0).object();
    assert_eq!(second["state"], "succeeded");
    let left = desk.done(&["wait", "--json"]).objects();
    assert!(left.iter().all(|job| job["state"] == "succeeded"), "{left:?}");
    let jobs = desk.done(&["history", "--json", "is:ready"]).objects();
    assert_eq!(jobs.len(), 2);
    assert_eq!(desk.accepted_once_each(), 2);
}
