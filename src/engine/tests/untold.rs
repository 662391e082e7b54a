//! A job that its provider shows, and not wholly: what is not told of is neither ended nor forgotten.

use super::script::*;
use crate::domain::account::Account;
use crate::domain::event::JobEvent;
use crate::domain::job::{FailureClass, Job, JobId, JobState};
use crate::domain::outcome::{Report, Sighting};
use crate::domain::sample;
use crate::domain::wait::Unseen;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

fn without_address(names: &[&str], pending: usize, no_address: usize) -> Sighting {
    let Sighting::Seen(report) = seen(names, pending) else { unreachable!() };
    Sighting::Seen(Report { no_address, ..report })
}

fn with_trouble(names: &[&str], failures: &[FailureClass]) -> Sighting {
    let Sighting::Seen(report) = seen_failing(names, failures, 0) else { unreachable!() };
    let unclear = Some(sample::error(FailureClass::Timeout));
    Sighting::Seen(Report { unclear, ..report })
}

fn unseen(script: &Script) -> Option<Unseen> {
    script.engine.jobs(script.mono_ms).next().and_then(|one| one.unseen).map(|(why, _)| why)
}

/// Answers all questions for `ms` in the same way. Returns how many there were.
fn told_for(script: &mut Script, job: JobId, ms: u64, told: &Sighting) -> u64 {
    let end_ms = script.mono_ms + ms;
    let mut questions = 0;
    while script.mono_ms < end_ms && script.state(job) == JobState::Running {
        script.poll_or_records(job, told.clone());
        questions += 1;
    }
    questions
}

#[test]
fn results_that_are_not_told_of_are_asked_for_for_a_day_and_can_be_looked_up() {
    let told = seen_failing(&["a", "b"], &[FailureClass::Provider], 0);
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 4);
    script.poll(job, told.clone());
    script.save(job, 0, Ok(()));
    script.save(job, 1, Ok(()));
    let questions = told_for(&mut script, job, DAY_MS - 15 * MINUTE_MS, &told);
    assert_eq!((script.state(job), unseen(&script)), (JobState::Running, Some(Unseen::Untold)));
    assert!(questions < 500, "{questions} questions in a day");
    told_for(&mut script, job, DAY_MS, &told);
    let row = &script.rows[&job];
    assert_eq!((row.state, row.failed_results()), (JobState::Succeeded, 1));
    assert!(row.may_be_recovered());

    script.decide(job, JobEvent::Recovered { how: "looked up".to_owned() });
    script.poll(job, seen_failing(&["a", "b", "c"], &[FailureClass::Provider], 0));
    script.save(job, 2, Ok(()));
    let row = &script.rows[&job];
    assert_eq!((row.state, row.files().count()), (JobState::Succeeded, 3));
    assert!(!row.may_be_recovered(), "the fourth failed, and that is all");
}

/// An earlier version ended such a job after ten minutes.
#[test]
fn a_job_that_ended_with_less_than_it_was_asked_for_can_be_looked_up() {
    let mut script = Script::new();
    let id = script.running(KEEPS_RECORDS, 4);
    let saved = |name: &str| crate::domain::job::Output {
        file: Some(sample::clip(name)),
        ..sample::output(name)
    };
    let some = Job {
        state: JobState::Succeeded,
        outputs: vec![saved("a"), saved("b")],
        failures: vec![sample::error(FailureClass::Moderated)],
        ..script.rows[&id].clone()
    };
    assert!(some.may_be_recovered(), "nobody told of the fourth");
    let all = Job { failures: vec![sample::error(FailureClass::Moderated); 2], ..some.clone() };
    assert!(!all.may_be_recovered());
    let error = some.failures.first().cloned();
    let none = Job { state: JobState::Failed, outputs: Vec::new(), error, ..some.clone() };
    assert!(none.may_be_recovered());
    let refused = Job { failures: Vec::new(), ..none };
    assert!(!refused.may_be_recovered(), "its provider never took it");
}

#[test]
fn trouble_that_may_be_the_questions_ends_no_result_beside_it() {
    for told in [
        with_trouble(&["a"], &[]),
        with_trouble(&[], &[FailureClass::Provider]),
        // As many as were asked for, in the same words.
        with_trouble(&["a"], &[FailureClass::Provider; 2]),
    ] {
        let mut script = Script::new();
        let job = script.running(KEEPS_RECORDS, 3);
        told_for(&mut script, job, 20 * 60 * MINUTE_MS, &told);
        assert_eq!(script.state(job), JobState::Running);
        assert_eq!(unseen(&script), Some(Unseen::Unclear(FailureClass::Timeout)));
        script.poll_or_records(job, seen(&["a", "b", "c"], 0));
        assert_eq!((script.state(job), unseen(&script)), (JobState::Downloading, None));
    }
    // All are there, or have failed: nothing more is to come.
    for told in [with_trouble(&["a"], &[]), with_trouble(&[], &[FailureClass::Provider])] {
        let mut script = Script::new();
        let job = script.running(KEEPS_RECORDS, 1);
        script.poll(job, told);
        assert_ne!(script.state(job), JobState::Running);
    }
}

#[test]
fn a_result_without_an_address_ends_none_that_still_renders_or_is_not_told_of() {
    for (told, results) in [
        (without_address(&[], 2, 1), 2),
        (without_address(&["a"], 3, 2), 4),
        (without_address(&["a"], 1, 1), 3),
    ] {
        let mut script = Script::new();
        let job = script.running(ROOMY, results);
        told_for(&mut script, job, 60 * MINUTE_MS, &told);
        assert_eq!(script.state(job), JobState::Running, "{told:?}");
    }
    // The others are there: nothing is lacking but the address.
    let mut script = Script::new();
    let job = script.running(ROOMY, 2);
    told_for(&mut script, job, 20 * MINUTE_MS, &without_address(&["a"], 1, 1));
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
    assert!(script.rows[&job].may_be_recovered());
}

/// A gateway's 404 for eleven minutes, and then one answer that knows the job.
#[test]
fn each_way_not_to_be_seen_has_a_time_of_its_own() {
    let unclear = || Sighting::Unclear(sample::error(FailureClass::Rate));
    for (first, for_ms, then) in [
        (Sighting::NotKnown, 11 * MINUTE_MS, without_address(&[], 1, 1)),
        (unclear(), 11 * MINUTE_MS, without_address(&[], 1, 1)),
        (Sighting::NotKnown, 25 * 60 * MINUTE_MS, unclear()),
    ] {
        let mut script = Script::new();
        let job = script.running(KEEPS_RECORDS, 1);
        told_for(&mut script, job, for_ms, &first);
        told_for(&mut script, job, 5 * MINUTE_MS, &then);
        assert_eq!(script.state(job), JobState::Running, "{first:?}, {then:?}");
    }
}

/// The machine slept for two days: that is no time in which anybody was asked.
#[test]
fn the_age_of_a_job_makes_no_trouble_last_longer() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.wall += jiff::SignedDuration::from_hours(48);
    script.crash();
    let unclear = Sighting::Unclear(sample::error(FailureClass::Rate));
    told_for(&mut script, job, 3 * 60 * MINUTE_MS, &unclear);
    assert_eq!(script.state(job), JobState::Running);
}

#[test]
fn a_job_of_before_accounts_were_kept_is_not_said_to_be_anothers_and_not_sent_again() {
    let mut script = Script::new();
    let running = script.running(KEEPS_RECORDS, 1);
    script.account = Some(Account::of("rw-one", "https://api.example"));
    script.poll(running, Sighting::NotKnown);
    assert_eq!(unseen(&script), Some(Unseen::AccountNotKept));
    script.poll(running, seen(&["a"], 0));
    script.save(running, 0, Ok(()));

    script.account = None;
    let lost_reply = script.job(KEEPS_RECORDS, 1);
    script.reply(lost_reply, lost());
    script.account = Some(Account::of("rw-one", "https://api.example"));
    script.unknown_until_look_up(lost_reply);
    script.records(lost_reply, Ok(Sighting::NotKnown));
    assert_eq!(script.story(lost_reply), "created sent outcome_unknown doubted");
    let error = script.rows[&lost_reply].error.clone().expect("an error");
    assert!(error.message.contains("earlier version"), "{}", error.message);
}
