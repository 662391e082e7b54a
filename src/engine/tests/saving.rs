//! A result is a file, not a URL (law 4).

use super::script::*;
use crate::domain::job::{FailureClass, JobId, JobState, Output};
use crate::domain::outcome::{Report, Sighting};
use crate::domain::sample;
use crate::engine::Command;

const MOVED: &str = "https://elsewhere.example/a.mp4";

#[test]
fn a_transfer_that_breaks_off_is_tried_again_later_and_later() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    for longest_ms in [1_250, 2_500, 5_000, 10_000] {
        script.save(job, 0, Err(broken()));
        let wait_ms = script.engine.next_deadline_ms().expect("a deadline") - script.mono_ms;
        assert!((longest_ms * 4 / 5..=longest_ms).contains(&wait_ms), "{wait_ms}");
        assert_eq!(script.error_class(job), Some(FailureClass::Network));
    }
    script.save(job, 0, Ok(()));
    let row = &script.rows[&job];
    assert_eq!((row.state, row.download_tries), (JobState::Succeeded, 4));
    assert_eq!(row.error, None, "what passed is no error any more");
}

#[test]
fn a_result_is_fetched_for_as_long_as_the_provider_may_have_it() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    for _ in 0..60 {
        script.save(job, 0, Err(broken()));
    }
    assert_eq!(script.state(job), JobState::Downloading);
    script.set_clock(script.mono_ms + 9 * 24 * 3_600_000);
    script.save(job, 0, Err(broken()));
    assert_eq!(script.state(job), JobState::Expired);
}

#[test]
fn a_dead_address_is_asked_for_anew() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Err(gone()));
    script.poll(job, moved());
    let fetched = script.save(job, 0, Ok(()));
    assert_eq!(fetched.url, MOVED);
    assert_eq!(
        script.story(job),
        "created sent accepted output_ready rendered save_failed output_moved saved succeeded"
    );
    assert_eq!(script.error_class(job), None);
}

#[test]
fn what_is_gone_for_good_expires() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    for _ in 0..6 {
        assert_eq!(script.state(job), JobState::Downloading);
        script.save(job, 0, Err(gone()));
    }
    assert_eq!(script.state(job), JobState::Expired);
    assert_eq!(script.error_class(job), Some(FailureClass::Expired));
    assert!(script.rows[&job].outputs[0].lost);
    assert_eq!(script.rows[&job].charge().map(|charge| charge.0), Some(72_920), "it was paid for");
}

#[test]
fn one_file_saved_and_one_lost_is_a_success_that_says_so() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    script.poll(job, seen(&["a", "b"], 0));
    for _ in 0..6 {
        script.save(job, 0, Err(gone()));
    }
    script.save(job, 1, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
    assert_eq!(script.rows[&job].files().count(), 1);
    assert_eq!(script.error_class(job), Some(FailureClass::Expired), "the user is told");
}

#[test]
fn the_nearest_expiry_is_fetched_first() {
    let mut script = Script::new();
    let [first, second] = [0; 2].map(|_| script.job(ROOMY, 1));
    script.reply(first, busy(Some(10_000)));
    script.reply(second, accepted());
    script.reply(first, accepted());
    let jobs: Vec<JobId> = script.polled().iter().map(|target| target.job).collect();
    script.answer_poll(jobs, Ok(vec![(first, seen(&["a"], 0)), (second, seen(&["b"], 0))]));
    let saves = script.open.iter().filter_map(|command| match command {
        Command::Save { job, .. } => Some(job.id),
        _ => None,
    });
    assert_eq!(saves.collect::<Vec<_>>(), [second, first]);
}

#[test]
fn a_restart_fetches_what_was_not_saved_yet_and_nothing_else() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    script.poll(job, seen(&["a", "b"], 0));
    script.save(job, 0, Ok(()));
    script.crash();
    assert!(matches!(&script.open[..], [Command::Save { index: 1, .. }]), "{:?}", script.open);
    script.save(job, 1, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
}

fn moved() -> Sighting {
    let output = Output { url: MOVED.to_owned(), ..sample::output("a") };
    Sighting::Seen(Report { outputs: vec![output], ..Report::default() })
}

#[test]
fn a_lost_result_does_not_stand_for_one_that_is_still_rendering() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    script.poll(job, seen(&["a"], 1));
    for _ in 0..6 {
        script.save(job, 0, Err(gone()));
    }
    assert!(script.rows[&job].outputs[0].lost);
    script.poll(job, seen(&["a"], 1));
    assert_eq!(script.state(job), JobState::Running);
    script.poll(job, seen(&["a", "b"], 0));
    script.save(job, 1, Ok(()));
    assert_eq!((script.state(job), script.rows[&job].files().count()), (JobState::Succeeded, 1));
}

#[test]
fn a_lost_result_does_not_hide_one_that_fails_later() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    script.poll(job, seen(&["a"], 1));
    for _ in 0..6 {
        script.save(job, 0, Err(gone()));
    }
    script.poll(job, seen_failing(&["a"], &[FailureClass::Moderated], 0));
    let classes: Vec<FailureClass> =
        script.rows[&job].failures.iter().map(|error| error.class).collect();
    assert_eq!(classes, [FailureClass::Expired, FailureClass::Moderated]);
    assert_eq!(script.state(job), JobState::Expired);
}

#[test]
fn an_address_that_moves_during_a_transfer_is_used_for_the_next_one() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    script.poll(job, seen(&["a"], 1));
    // `give` has an eye on it that no result is fetched twice at once.
    script.poll(job, moved());
    let fetched = script.save(job, 0, Err(gone()));
    assert_ne!(fetched.url, MOVED);
    assert_eq!(script.save(job, 0, Ok(())).url, MOVED);
}

/// The old address was asked for the last time that counts when the new one came.
#[test]
fn what_an_old_address_says_does_not_count_against_the_new_one() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    for _ in 0..5 {
        script.save(job, 0, Err(gone()));
    }
    let save = |command: &Command| matches!(command, Command::Save { .. });
    while !script.open.iter().any(save) {
        script.take(|command| matches!(command, Command::Poll { .. }));
        script.wake();
    }
    script.answer_poll(vec![job], Ok(vec![(job, moved())]));
    script.save(job, 0, Err(gone()));
    assert_eq!(script.state(job), JobState::Downloading);
    assert_eq!(script.save(job, 0, Ok(())).url, MOVED);
}

#[test]
fn an_address_that_refuses_connections_is_asked_for_anew_at_the_second_time() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Err(broken()));
    script.save(job, 0, Err(broken()));
    script.poll(job, moved());
    assert_eq!(script.save(job, 0, Ok(())).url, MOVED);
    assert_eq!(script.state(job), JobState::Succeeded);
}
