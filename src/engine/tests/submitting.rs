//! From queued to accepted: intent before money, refusals, waits, places, cancelling.

use super::script::*;
use crate::domain::job::{Charged, FailureClass, JobId, JobState};
use crate::domain::outcome::{Sighting, SubmitOutcome, Trouble};
use crate::domain::sample;
use crate::engine::{Adopted, Command, Held, Input};

#[test]
fn the_happy_path_is_one_story() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, accepted());
    script.poll(job, seen(&[], 1));
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Ok(()));
    assert_eq!(script.story(job), "created sent accepted output_ready rendered saved succeeded");
    let row = &script.rows[&job];
    assert_eq!((row.state, row.sends, row.error.clone()), (JobState::Succeeded, 1, None));
    assert_eq!(row.files().count(), 1);
    assert!(!script.engine.is_live(job));
    assert_eq!((script.open.len(), script.engine.next_deadline_ms()), (0, None));
}

#[test]
fn intent_before_money() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    // `give` has checked that the step that sends also writes `Sent`; the sent job carries its key.
    assert_eq!(script.story(job), "created sent");
    let [Command::Submit { job: sent }] = &script.open[..] else { panic!("{:?}", script.open) };
    assert_eq!(**sent, script.rows[&job]);
    assert_eq!(
        (sent.state, sent.sends, sent.sent_at),
        (JobState::Submitting, 1, Some(script.wall))
    );
}

#[test]
fn retry_after_is_honoured_to_the_millisecond() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    let key = script.rows[&job].attempt_key;
    script.reply(job, busy(Some(7_000)));
    assert_eq!(script.state(job), JobState::RetryWait);
    script.pass(6_999);
    assert!(!script.is_sending(job));
    script.pass(1);
    assert!(script.is_sending(job));
    assert_eq!((script.rows[&job].sends, script.rows[&job].attempt_key), (2, key));
    script.reply(job, accepted());
    assert_eq!(script.error_class(job), None, "what passed is no error any more");
}

#[test]
fn without_retry_after_the_waits_double() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    for longest_ms in [1_250, 2_500, 5_000, 10_000] {
        script.reply(job, busy(None));
        let wait_ms = script.engine.next_deadline_ms().expect("a deadline") - script.mono_ms;
        assert!((longest_ms * 4 / 5..=longest_ms).contains(&wait_ms), "{wait_ms}");
    }
}

#[test]
fn a_provider_that_stays_busy_is_asked_ten_times() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    for _ in 0..10 {
        script.reply(job, busy(None));
    }
    assert_eq!((script.state(job), script.rows[&job].sends), (JobState::Failed, 10));
    assert_eq!(script.error_class(job), Some(FailureClass::Rate));
    assert_eq!((script.open.len(), script.engine.next_deadline_ms()), (0, None));
}

#[test]
fn a_busy_provider_is_left_alone_with_every_job() {
    let mut script = Script::new();
    let first = script.job(KEEPS_RECORDS, 1);
    script.reply(first, busy(Some(30_000)));
    let second = script.job(KEEPS_RECORDS, 1);
    let elsewhere = script.job(KEEPS_NONE, 1);
    assert!(script.is_sending(elsewhere) && !script.is_sending(second));
    script.pass(29_999);
    assert!(!script.is_sending(second));
    script.pass(1);
    assert!(script.is_sending(first) && script.is_sending(second));
}

#[test]
fn what_never_left_is_sent_again_and_holds_up_no_other_job() {
    let mut script = Script::new();
    let first = script.job(KEEPS_NONE, 1);
    script.reply(first, SubmitOutcome::Busy(trouble(FailureClass::Network, None)));
    let second = script.job(KEEPS_NONE, 1);
    assert!(script.is_sending(second), "one unreachable moment says nothing of the next");
    script.reply(first, accepted());
    assert_eq!(script.story(first), "created sent postponed sent accepted");
}

#[test]
fn a_refusal_is_final_and_free() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, SubmitOutcome::Refused(sample::error(FailureClass::Parameter)));
    assert_eq!(script.story(job), "created sent failed");
    assert_eq!(script.error_class(job), Some(FailureClass::Parameter));
    assert_eq!(script.rows[&job].charge().map(|charge| charge.0), Some(0));
    assert_eq!((script.open.len(), script.engine.next_deadline_ms()), (0, None));
}

#[test]
fn jobs_beyond_a_providers_places_wait_for_one() {
    let mut script = Script::new();
    let [first, second, third] = [0; 3].map(|_| script.job(KEEPS_RECORDS, 1));
    assert!(script.is_sending(first) && script.is_sending(second));
    script.pass(3_600_000);
    assert_eq!(script.state(third), JobState::Queued);
    script.reply(first, accepted());
    assert_eq!(script.state(third), JobState::Queued, "a running job keeps its place");
    script.poll(first, seen(&["a"], 0));
    assert!(script.is_sending(third), "a rendered one has left it");
}

/// What keeps `job` from being sent, as the studio is told.
fn held(script: &Script, job: JobId) -> Option<Held> {
    let mut jobs = script.engine.jobs(script.mono_ms);
    jobs.find(|watched| watched.job.id == job).and_then(|watched| watched.held)
}

#[test]
fn a_job_that_waits_says_for_what() {
    let mut script = Script::new();
    let [first, second, third] = [0; 3].map(|_| script.job(KEEPS_RECORDS, 1));
    assert_eq!(held(&script, first), None);
    assert_eq!(held(&script, third), Some(Held::Full { max: 2 }));
    let asked = Trouble { error: sample::error(FailureClass::Rate), retry_after_ms: Some(30_000) };
    script.reply(second, SubmitOutcome::Busy(asked));
    let until_ms = script.mono_ms + 30_000;
    let closed = Held::Closed { class: FailureClass::Rate, until_ms };
    assert_eq!(held(&script, third), Some(closed), "the pause is the provider's, for all jobs");
    assert_eq!(held(&script, second), None, "its own next try says that already");
    script.pass(30_000);
    assert!(script.is_sending(second), "the oldest goes first");
    assert_eq!(held(&script, third), Some(Held::Full { max: 2 }));
}

#[test]
fn only_what_was_not_sent_can_be_canceled() {
    let mut script = Script::new();
    let [running, waiting, queued] = [0; 3].map(|_| script.job(KEEPS_RECORDS, 1));
    script.reply(running, accepted());
    script.reply(waiting, busy(Some(60_000)));
    for job in [running, waiting, queued] {
        script.give(Input::Cancel { job });
    }
    assert_eq!(script.story(running), "created sent accepted", "it would be billed all the same");
    assert_eq!(script.story(waiting), "created sent postponed canceled");
    assert_eq!(script.story(queued), "created canceled");
    let charged = script.rows[&queued].error.as_ref().map(|error| error.charged);
    assert_eq!(charged, Some(Charged::NotCharged));
    script.pass(120_000);
    assert!(!script.is_sending(waiting) && !script.is_sending(queued));
}

#[test]
fn a_finished_job_takes_nothing_more() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Ok(()));
    let ended = script.rows[&job].clone();
    script.answer_poll(vec![job], Ok(vec![(job, seen(&["a", "b"], 0))]));
    script.give(Input::Submitted { job, outcome: busy(None) });
    script.give(Input::Saved { job, index: 0, outcome: Err(gone()) });
    script.give(Input::Cancel { job });
    script.give(adopt([ended.clone()]));
    assert_eq!(script.rows[&job], ended);
    assert_eq!((script.open.len(), script.engine.next_deadline_ms()), (0, None));
}

#[test]
fn a_wish_to_stop_forbids_sending_again_what_never_arrived() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    script.give(Input::Cancel { job });
    script.unknown_until_look_up(job);
    script.records(job, Ok(Sighting::NotKnown));
    assert_eq!(script.state(job), JobState::Canceled);
    assert!(!script.is_sending(job));
}

#[test]
fn jobs_left_behind_are_counted_before_any_is_sent() {
    let mut script = Script::new();
    let waiting = script.job(KEEPS_RECORDS, 1);
    script.reply(waiting, SubmitOutcome::Busy(trouble(FailureClass::Network, None)));
    let others = [0; 2].map(|_| script.running(KEEPS_RECORDS, 1));
    script.crash();
    assert_eq!(script.state(waiting), JobState::RetryWait, "{others:?} have both places");
}

#[test]
fn what_was_stopped_while_nobody_drove_is_never_sent() {
    let mut script = Script::new();
    let [first, second, queued] = [0; 3].map(|_| script.job(KEEPS_RECORDS, 1));
    script.reply(first, accepted());
    script.reply(second, accepted());
    let queued = script.rows[&queued].clone();
    script.restart(Vec::new());
    let stopped = Adopted {
        job: queued.clone(),
        expected_ms: EXPECTED_MS,
        stop: true,
        hold: None,
        sent_before: false,
    };
    script.give(Input::Adopt { jobs: vec![stopped] });
    assert_eq!(script.story(queued.id), "created canceled", "both places were free");
}

fn unready(job: JobId) -> Input {
    Input::Submitted { job, outcome: SubmitOutcome::Busy(trouble(FailureClass::Network, None)) }
}

/// A provider that knows no keys would leave it in doubt, although nothing was sent: a key command waits for a
/// passphrase, and a request for its turn, for minutes.
#[test]
fn what_waits_for_its_key_or_its_turn_is_known_to_be_unsent() {
    let mut script = Script { is_ready: false, ..Script::new() };
    let [killed, held, canceled, third] =
        [ROOMY, KEEPS_NONE, KEEPS_NONE, KEEPS_NONE].map(|provider| script.job(provider, 1));
    let prepared = |script: &Script, id| {
        let is_it = |command: &Command| matches!(command, Command::Prepare { job } if job.id == id);
        script.open.iter().any(is_it)
    };
    for job in [killed, held, canceled] {
        assert!(prepared(&script, job));
        assert_eq!(script.story(job), "created");
    }
    assert!(!prepared(&script, third), "both places are taken by then");
    script.give(Input::Hold { job: held, reason: "its verb was interrupted".to_owned() });
    script.give(Input::Cancel { job: canceled });
    for job in [held, canceled] {
        script.give(Input::Ready { job });
        assert!(!script.is_sending(job));
    }
    assert_eq!(script.story(held), "created held");
    assert_eq!(script.story(canceled), "created canceled");
    script.crash();
    assert_eq!(script.story(killed), "created");
    for job in [killed, third] {
        script.give(Input::Ready { job });
        assert_eq!(script.story(job), "created sent");
    }
}

#[test]
fn what_can_not_be_made_ready_is_tried_as_often_as_what_is_refused() {
    let mut script = Script { is_ready: false, ..Script::new() };
    let job = script.job(KEEPS_NONE, 1);
    for _ in 0..10 {
        script.take(|command| matches!(command, Command::Prepare { .. })).expect("it is tried");
        script.give(unready(job));
        script.pass(90_000);
    }
    let row = &script.rows[&job];
    assert_eq!((row.state, row.sends), (JobState::Failed, 0));
    assert_eq!(row.charge().map(|charge| charge.0), Some(0));
}

#[test]
fn a_provider_that_had_enough_meanwhile_is_left_alone() {
    let mut script = Script { is_ready: false, ..Script::new() };
    let [first, second] = [0; 2].map(|_| script.job(ROOMY, 1));
    script.give(Input::Ready { job: first });
    script.reply(first, busy(Some(30_000)));
    script.give(Input::Ready { job: second });
    assert_eq!(script.story(second), "created");
    script.open.clear();
    script.pass(30_000);
    script.give(Input::Ready { job: second });
    assert_eq!(script.story(second), "created sent");
}

/// That it can't be made ready says nothing of an earlier send whose reply was lost.
#[test]
fn a_send_of_unknown_fate_stays_one_when_the_next_can_not_be_made_ready() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    script.unknown_until_look_up(job);
    script.is_ready = false;
    script.records(job, Ok(Sighting::NotKnown));
    script.give(unready(job));
    assert_eq!(script.story(job), "created sent outcome_unknown not_found postponed");
    let error = script.rows[&job].error.clone().expect("an error");
    assert_eq!(error.charged, Charged::Unknown);
    script.crash();
    script.give(Input::Hold { job, reason: "its verb was interrupted".to_owned() });
    assert_eq!(script.state(job), JobState::RetryWait, "it may have been taken");
}

/// Another account's key was set for a moment, between two sends of which the first may have been taken: the job was in
/// doubt then, although its own account could tell.
#[test]
fn what_can_not_be_sent_again_is_asked_for_where_it_may_have_been_taken() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    script.unknown_until_look_up(job);
    script.is_ready = false;
    script.records(job, Ok(Sighting::NotKnown));
    let outcome = SubmitOutcome::Refused(sample::error(FailureClass::Key));
    script.give(Input::Submitted { job, outcome });
    assert_eq!(script.story(job), "created sent outcome_unknown not_found outcome_unknown");
    script.crash();
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
}
