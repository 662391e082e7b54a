//! A submit rests on what was seen: whatever has changed by the moment it is stored, it is not stored.

use std::collections::BTreeMap;

use super::support::{Desk, Running, text};

/// A finished draft of `prompt`, by its id.
fn draft(desk: &Desk, prompt: &str) -> String {
    let line = ["generate", "--draft", "--duration", "4", "--json", "--wait", "--prompt", prompt];
    text(&desk.done(&line).object(), "/id").to_owned()
}

#[test]
fn a_draft_that_two_programs_promote_at_once_has_one_final() {
    let desk = Desk::quick();
    let drafts: Vec<String> = (0..3).map(|nr| draft(&desk, &format!("boat {nr}"))).collect();
    for id in &drafts {
        let line = ["promote", id, "--resolution", "720p"];
        let both = [desk.start(&line), desk.start(&line)].map(Running::ended);
        let mut statuses = both.each_ref().map(|ended| ended.status);
        statuses.sort_unstable();
        assert_eq!(statuses, [Some(0), Some(2)], "{} {}", both[0].err, both[1].err);
        let refused = both.into_iter().find(|ended| ended.status == Some(2)).expect("one");
        refused.saying(&["a final at 720p already", "Nothing was sent", "--again"]);
    }
    let finals = desk.done(&["history", "is:final", "--json"]).objects();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for last in &finals {
        *counts.entry(text(last, "/parent")).or_default() += 1;
    }
    assert_eq!(counts.len(), drafts.len());
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert_eq!(desk.accepted_once_each(), 2 * drafts.len());
}

/// A script's loop over one prompt means another clip each time; the same seed would be the same clip.
#[test]
fn a_script_may_ask_for_the_same_again_but_not_by_one_seed() {
    let desk = Desk::quick();
    let slow = "a kite sandbox:slow";
    for _ in 0..3 {
        desk.done(&["generate", "--prompt", slow]);
    }
    let seeded = ["generate", "--prompt", slow, "--seed", "7"];
    desk.done(&seeded);
    let twin = desk.run(&seeded).expecting(2);
    twin.saying(&["the same is under way as job", "Nothing was sent", "--again"]);
    assert_eq!(desk.accepted_once_each(), 4);
    desk.done(&["generate", "--prompt", slow, "--seed", "8"]);
    desk.done(&[&seeded[..], &["--again"]].concat());
    assert_eq!(desk.accepted_once_each(), 6);
}
