//! Stopping a job that the provider has, where the provider can stop one.

use super::script::*;
use crate::domain::job::{Charged, FailureClass, JobId, JobState};
use crate::domain::outcome::{Report, Sighting};
use crate::domain::sample;
use crate::engine::{Adopted, Command, Input};

fn asked(script: &Script, job: JobId) -> bool {
    let stops =
        |command: &Command| matches!(command, Command::Cancel { target, .. } if target.job == job);
    script.open.iter().any(stops)
}

#[test]
fn a_running_job_is_stopped_by_its_provider() {
    let mut script = Script::new();
    let job = script.running(KEEPS_NONE, 1);
    script.give(Input::Cancel { job });
    script.give(Input::Cancel { job });
    assert_eq!(script.state(job), JobState::Canceling, "saying it twice asks once");
    script.stop(job, Ok(true));
    assert_eq!(script.story(job), "created sent accepted cancel_asked canceled");
    let error = script.rows[&job].error.clone().expect("an error");
    assert_eq!((error.code.as_str(), error.charged), ("canceled", Charged::Unknown));
    assert_eq!((script.open.len(), script.engine.next_deadline_ms()), (0, None));
}

#[test]
fn a_job_that_had_finished_before_the_stop_goes_on() {
    let mut script = Script::new();
    let job = script.running(KEEPS_NONE, 1);
    script.give(Input::Cancel { job });
    script.stop(job, Ok(false));
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Ok(()));
    assert_eq!(
        script.story(job),
        "created sent accepted cancel_asked output_ready rendered saved succeeded"
    );
}

#[test]
fn a_poll_may_tell_of_the_stop_before_its_reply() {
    let mut script = Script::new();
    let job = script.running(KEEPS_NONE, 1);
    let failures = vec![sample::error(FailureClass::Provider)];
    let stopped = Sighting::Seen(Report { failures, canceled: true, ..Report::default() });
    script.give(Input::Cancel { job });
    script.poll(job, stopped.clone());
    assert_eq!(script.state(job), JobState::Canceled);
    script.stop(job, Ok(true));
    assert_eq!(script.story(job), "created sent accepted cancel_asked canceled");

    let elsewhere = script.running(KEEPS_NONE, 1);
    script.poll(elsewhere, stopped);
    assert_eq!(script.state(elsewhere), JobState::Failed, "nobody here wanted that");
}

#[test]
fn a_stop_that_does_not_get_through_is_tried_again_a_few_times() {
    let mut script = Script::new();
    let job = script.running(KEEPS_NONE, 1);
    script.give(Input::Cancel { job });
    for _ in 0..5 {
        assert_eq!(script.state(job), JobState::Canceling);
        script.stop(job, Err(trouble(FailureClass::Network, None)));
    }
    script.poll(job, seen(&[], 1));
    script.pass(600_000);
    assert!(!asked(&script, job));
    script.poll(job, seen(&["a"], 0));
    assert_eq!(script.state(job), JobState::Downloading);
}

#[test]
fn a_wish_during_the_submit_is_kept_until_the_provider_has_the_job() {
    let mut script = Script::new();
    let job = script.job(KEEPS_NONE, 1);
    script.give(Input::Cancel { job });
    assert_eq!(script.state(job), JobState::Submitting);
    script.reply(job, accepted());
    script.stop(job, Ok(true));
    assert_eq!(script.story(job), "created sent accepted cancel_asked canceled");
}

#[test]
fn a_stop_is_asked_for_again_after_a_crash() {
    let mut script = Script::new();
    let job = script.running(KEEPS_NONE, 1);
    script.give(Input::Cancel { job });
    script.crash();
    script.stop(job, Ok(true));
    assert_eq!(script.state(job), JobState::Canceled);
}

#[test]
fn a_provider_that_can_not_stop_jobs_is_not_asked() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.give(Input::Cancel { job });
    assert_eq!(script.state(job), JobState::Running);
    assert!(!asked(&script, job));
}

fn hold(script: &mut Script, job: JobId) {
    script.give(Input::Hold { job, reason: "its verb was interrupted".to_owned() });
}

/// Nobody sends it, whatever becomes free and however long it takes.
#[test]
fn what_was_surely_not_taken_is_held_and_sent_by_nobody() {
    let mut script = Script::new();
    let first = script.running(KEEPS_RECORDS, 1);
    script.running(KEEPS_RECORDS, 1);
    let (queued, refused) = (script.job(KEEPS_RECORDS, 1), script.job(KEEPS_NONE, 1));
    script.reply(refused, busy(Some(3_600_000)));
    for job in [queued, refused] {
        hold(&mut script, job);
        assert_eq!(script.state(job), JobState::Held);
    }
    script.poll(first, seen_failing(&[], &[FailureClass::Provider], 0));
    script.pass(2 * 3_600_000);
    assert!(!script.is_sending(queued) && !script.is_sending(refused));
    assert_eq!(script.story(queued), "created held");
    assert_eq!(script.story(refused), "created sent postponed held");
    let rows = [queued, refused].map(|job| script.rows[&job].clone());
    script.restart(Vec::new());
    script.give(adopt(rows));
    assert!(!script.is_sending(queued) && !script.is_sending(refused), "no driver adopts it");
}

#[test]
fn what_is_being_sent_is_held_only_if_it_comes_back() {
    let mut script = Script::new();
    let [taken, refused, lost_one] = [KEEPS_NONE, KEEPS_NONE, KEEPS_RECORDS].map(|provider| {
        let job = script.job(provider, 1);
        hold(&mut script, job);
        job
    });
    script.reply(taken, accepted());
    script.reply(refused, busy(None));
    script.reply(lost_one, lost());
    assert_eq!(script.story(taken), "created sent accepted");
    assert_eq!(script.story(refused), "created sent postponed held");
    assert_eq!(script.state(lost_one), JobState::Confirming, "it may be there, so it is asked for");
}

#[test]
fn a_wish_to_hold_waits_for_whoever_drives_next() {
    let mut script = Script::new();
    script.running(KEEPS_RECORDS, 1);
    script.running(KEEPS_RECORDS, 1);
    let job = script.job(KEEPS_RECORDS, 1);
    let row = script.rows[&job].clone();
    script.restart(Vec::new());
    let hold = Some("its verb was interrupted".to_owned());
    let held =
        Adopted { job: row, expected_ms: EXPECTED_MS, stop: false, hold, sent_before: false };
    script.give(Input::Adopt { jobs: vec![held] });
    assert_eq!(script.story(job), "created held", "both places were free");
    assert_eq!(script.rows[&job].held.as_deref(), Some("its verb was interrupted"));
}
