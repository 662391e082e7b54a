//! A lost reply: an unknown outcome is a state (law 3).

use jiff::SignedDuration;

use super::script::*;
use crate::domain::account::Account;
use crate::domain::job::{Charged, FailureClass, Job, JobId, JobState};
use crate::domain::outcome::{Report, Sighting, SubmitOutcome};
use crate::domain::sample;
use crate::domain::wait::Unseen;
use crate::engine::{Adopted, Command, Input};

const DAY_MS: u64 = 24 * 3_600_000;

#[test]
fn a_lost_reply_is_confirmed_by_a_poll() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    assert_eq!(script.state(job), JobState::Confirming);
    script.poll(job, Sighting::NotKnown);
    script.poll(job, seen(&[], 1));
    assert_eq!(script.story(job), "created sent outcome_unknown accepted");
    assert_eq!(script.rows[&job].sends, 1);
}

#[test]
fn a_poll_may_find_an_unconfirmed_job_finished() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Ok(()));
    assert_eq!(
        script.story(job),
        "created sent outcome_unknown accepted output_ready rendered saved succeeded"
    );
}

#[test]
fn what_nobody_knows_is_sent_again_under_the_same_key() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    let key = script.rows[&job].attempt_key;
    script.reply(job, lost());
    let asked_from_ms = script.mono_ms;
    for _ in 0..5 {
        script.poll(job, Sighting::NotKnown);
        assert!(!script.is_sending(job), "polls alone are no proof");
    }
    script.records(job, Ok(Sighting::NotKnown));
    let waited_ms = script.mono_ms - asked_from_ms;
    assert!((15_000..=90_000).contains(&waited_ms), "{waited_ms}: time to become visible");
    assert_eq!(script.story(job), "created sent outcome_unknown not_found sent");
    let again = script.open.iter().any(|command| {
        matches!(command, Command::Submit { job: sent } if sent.attempt_key == key && sent.sends == 2)
    });
    assert!(again, "{:?}", script.open);
}

#[test]
fn the_records_may_know_what_polls_do_not() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    script.unknown_until_look_up(job);
    script.records(job, Ok(seen(&[], 1)));
    assert_eq!(script.story(job), "created sent outcome_unknown accepted");
    script.poll(job, seen(&["a"], 0));
    assert_eq!(script.state(job), JobState::Downloading);
}

#[test]
fn records_that_do_not_answer_prove_nothing() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    script.unknown_until_look_up(job);
    for _ in 0..20 {
        script.records(job, Err(trouble(FailureClass::Network, None)));
        assert_eq!(script.state(job), JobState::Confirming);
    }
    script.records(job, Err(trouble(FailureClass::Rate, Some(90_000))));
    assert_eq!(script.engine.next_deadline_ms(), Some(script.mono_ms + 90_000));
}

#[test]
fn polls_that_fail_prove_nothing() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    for _ in 0..12 {
        script.fail_poll(trouble(FailureClass::Network, None));
    }
    assert_eq!(script.state(job), JobState::Confirming);
    assert_eq!(script.open, [], "nobody asked the records, let alone sent it again");
}

#[test]
fn after_a_long_gap_only_the_user_sends_again() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    script.unknown_until_look_up(job);
    // The machine slept: the wall clock went on, the other one did not.
    script.wall += SignedDuration::from_mins(16);
    script.records(job, Ok(Sighting::NotKnown));
    assert_in_doubt(&mut script, job, "created sent outcome_unknown doubted");
}

#[test]
fn a_wall_clock_that_was_put_back_hides_no_gap() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    script.unknown_until_look_up(job);
    script.set_clock(script.mono_ms + 16 * 60_000);
    script.wall -= SignedDuration::from_mins(20);
    script.records(job, Ok(Sighting::NotKnown));
    assert_in_doubt(&mut script, job, "created sent outcome_unknown doubted");
}

/// The records did not know it, it is sent again and refused: and then the first send arrives.
#[test]
fn what_is_refused_after_a_lost_reply_is_in_doubt_and_not_called_free() {
    let refused = || SubmitOutcome::Refused(sample::error(FailureClass::Key));
    for crash in [false, true] {
        let mut script = Script::new();
        let job = script.job(KEEPS_RECORDS, 1);
        script.reply(job, lost());
        script.unknown_until_look_up(job);
        script.records(job, Ok(Sighting::NotKnown));
        if crash {
            script.crash();
            script.unknown_until_look_up(job);
            script.records(job, Ok(Sighting::NotKnown));
        }
        script.reply(job, refused());
        assert_eq!(script.state(job), JobState::InDoubt);
        let charged = script.rows[&job].error.as_ref().map(|error| error.charged);
        assert_eq!(charged, Some(Charged::Unknown));
    }
}

#[test]
fn a_provider_without_records_leaves_a_lost_reply_in_doubt() {
    let mut script = Script::new();
    let job = script.job(KEEPS_NONE, 1);
    script.reply(job, lost());
    assert_in_doubt(&mut script, job, "created sent outcome_unknown doubted");
}

/// The newest writes of the database were lost, or an older copy was put back: its row says that the job was
/// never sent, or once less than it was.
#[test]
fn what_another_witness_knows_as_sent_is_asked_for_and_not_sent() {
    let begins: [fn(&mut Script, &str) -> JobId; 2] = [
        |script, provider| {
            let others = [0; 2].map(|_| script.running(provider, 1));
            let queued = script.job(provider, 1);
            for other in others {
                script.rows.remove(&other);
            }
            queued
        },
        |script, provider| {
            let job = script.job(provider, 1);
            script.reply(job, busy(None));
            job
        },
    ];
    for (begin, provider) in
        begins.into_iter().flat_map(|begin| [(begin, KEEPS_RECORDS), (begin, KEEPS_NONE)])
    {
        let mut script = Script::new();
        let job = begin(&mut script, provider);
        let row = script.rows[&job].clone();
        assert!(matches!(row.state, JobState::Queued | JobState::RetryWait));
        script.restart(Vec::new());
        let sent = Adopted {
            job: row,
            expected_ms: EXPECTED_MS,
            stop: false,
            hold: None,
            sent_before: true,
        };
        script.give(Input::Adopt { jobs: vec![sent] });
        assert!(!script.is_sending(job));
        if provider == KEEPS_NONE {
            let story = script.story(job);
            assert!(story.ends_with("outcome_unknown doubted"), "{story}");
            assert_in_doubt(&mut script, job, &story);
        } else {
            script.poll(job, seen(&[], 1));
            let story = script.story(job);
            assert!(story.ends_with("outcome_unknown accepted"), "{story}");
        }
    }
}

/// A database that lost its newest writes has a job held that was released and sent.
#[test]
fn what_is_held_and_another_witness_knows_as_sent_is_confirmed_or_in_doubt() {
    for (provider, state) in
        [(KEEPS_RECORDS, JobState::Confirming), (KEEPS_NONE, JobState::InDoubt)]
    {
        let mut script = Script::new();
        let job = script.job(provider, 1);
        let held = Some("it was interrupted".to_owned());
        let row = Job { state: JobState::Held, sends: 0, held, ..script.rows[&job].clone() };
        script.rows.insert(job, row.clone());
        for sent_before in [false, true] {
            script.restart(Vec::new());
            let (job, expected_ms) = (row.clone(), EXPECTED_MS);
            let adopted = Adopted { job, expected_ms, stop: false, hold: None, sent_before };
            script.give(Input::Adopt { jobs: vec![adopted] });
            assert!(!script.is_sending(row.id));
            let wanted = if sent_before { state } else { JobState::Held };
            assert_eq!(script.state(row.id), wanted);
        }
    }
}

/// The witness wins over the wish to stop it, which would call it unsent and free.
#[test]
fn what_another_witness_knows_as_sent_is_not_stopped_as_if_it_was_never_sent() {
    let mut script = Script::new();
    let job = script.job(KEEPS_NONE, 1);
    let row = Job { state: JobState::Queued, sends: 0, sent_at: None, ..script.rows[&job].clone() };
    script.rows.insert(job, row.clone());
    script.restart(Vec::new());
    let sent =
        Adopted { job: row, expected_ms: EXPECTED_MS, stop: true, hold: None, sent_before: true };
    script.give(Input::Adopt { jobs: vec![sent] });
    assert_eq!(script.state(job), JobState::InDoubt);
}

#[test]
fn a_key_is_not_sent_for_ever() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    for _ in 0..6 {
        script.reply(job, lost());
        script.unknown_until_look_up(job);
        script.records(job, Ok(Sighting::NotKnown));
    }
    assert_eq!((script.state(job), script.rows[&job].sends), (JobState::InDoubt, 6));
}

#[test]
fn a_job_found_in_the_middle_of_a_submit_is_asked_for_before_anything_else() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.crash();
    assert_eq!(script.story(job), "created sent outcome_unknown");
    assert!(matches!(&script.open[..], [Command::Poll { .. }]), "{:?}", script.open);
    script.poll(job, seen(&[], 1));
    assert_eq!(script.story(job), "created sent outcome_unknown accepted");
}

#[test]
fn a_job_found_in_the_middle_of_a_submit_hours_later_is_never_sent_again() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.wall += SignedDuration::from_hours(5);
    script.crash();
    script.unknown_until_look_up(job);
    script.records(job, Ok(Sighting::NotKnown));
    assert_in_doubt(&mut script, job, "created sent outcome_unknown doubted");
}

#[test]
fn a_job_found_in_the_middle_of_a_submit_without_records_is_in_doubt() {
    let mut script = Script::new();
    let job = script.job(KEEPS_NONE, 1);
    script.crash();
    assert_in_doubt(&mut script, job, "created sent outcome_unknown doubted");
}

#[test]
fn a_crash_while_confirming_goes_on_confirming() {
    let mut script = Script::new();
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    script.crash();
    assert!(!script.is_sending(job));
    script.unknown_until_look_up(job);
    script.records(job, Ok(Sighting::NotKnown));
    assert_eq!(script.story(job), "created sent outcome_unknown not_found sent");
}

#[test]
fn a_running_job_that_the_records_know_goes_on() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.unknown_until_look_up(job);
    script.records(job, Ok(seen(&[], 1)));
    assert_eq!(script.state(job), JobState::Running);
    script.poll(job, seen(&["a"], 0));
    assert_eq!(script.state(job), JobState::Downloading);
}

/// In doubt means: it may have been paid for, nothing is done any more, and the user is told.
fn assert_in_doubt(script: &mut Script, job: JobId, story: &str) {
    assert_eq!(script.story(job), story);
    assert_eq!(script.state(job), JobState::InDoubt);
    let error = script.rows[&job].error.clone().expect("an error");
    assert_eq!((error.class, error.charged), (FailureClass::Lost, Charged::Unknown));
    assert_eq!((script.open.len(), script.engine.next_deadline_ms()), (0, None));
    script.crash();
    assert_eq!(script.open, [], "nor after a restart");
}

#[test]
fn a_running_job_must_be_unknown_for_minutes_before_it_can_be_lost() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    let started_ms = script.mono_ms;
    while script.mono_ms - started_ms < EXPECTED_MS {
        script.poll(job, seen(&[], 1));
    }
    script.poll(job, Sighting::NotKnown);
    let unknown_since_ms = script.mono_ms;
    script.unknown_until_look_up(job);
    let unknown_ms = script.mono_ms - unknown_since_ms;
    assert!((150_000..=180_000).contains(&unknown_ms), "{unknown_ms}");
}

/// Another key, a wrong address or a gateway says so for minutes, and the job is at its provider for days.
#[test]
fn a_running_job_that_is_not_known_is_asked_for_for_as_long_as_its_provider_knows_jobs() {
    for (provider, lifetime_ms) in [(KEEPS_RECORDS, 7 * DAY_MS), (FORGETS_SOON, 1_800_000)] {
        let mut script = Script::new();
        let job = script.running(provider, 1);
        let began_ms = script.mono_ms;
        let mut asked = 0_u64;
        while script.state(job) == JobState::Running {
            script.not_known(job);
            asked += 1;
        }
        assert_eq!(script.story(job), "created sent accepted doubted");
        let missed_ms = script.mono_ms - began_ms;
        assert!((lifetime_ms..lifetime_ms + 3_600_000).contains(&missed_ms), "{missed_ms}");
        assert!(asked < 60 + missed_ms / 500_000, "{asked} questions in {missed_ms} ms");
        let error = script.rows[&job].error.clone().expect("an error");
        assert_eq!((error.class, error.charged), (FailureClass::Lost, Charged::Unknown));
        assert!(script.rows[&job].may_be_recovered());
    }
}

#[test]
fn a_running_job_that_is_known_again_goes_on_as_if_nothing_had_been() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    for _ in 0..40 {
        script.not_known(job);
    }
    let unseen =
        |script: &Script| script.engine.jobs(script.mono_ms).next().and_then(|one| one.unseen);
    assert!(matches!(unseen(&script), Some((Unseen::NotKnown, _))));
    script.poll_or_records(job, seen(&[], 1));
    assert_eq!(unseen(&script), None);
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
}

/// What another account does not know is no news: sent again with its key it would be paid twice.
#[test]
fn what_another_account_does_not_know_is_never_sent_again() {
    let mut script = Script::new();
    script.account = Some(Account::of("rw-one", "https://api.example"));
    let job = script.job(KEEPS_RECORDS, 1);
    script.reply(job, lost());
    let other = Some(Account::of("rw-other", "https://api.example"));
    script.account.clone_from(&other);
    script.crash();
    script.unknown_until_look_up(job);
    script.records(job, Ok(Sighting::NotKnown));
    assert_eq!(script.story(job), "created sent outcome_unknown doubted");
    assert_eq!(
        script.rows[&job].asked_as, other,
        "so that it is asked for again with the right key"
    );
}

#[test]
fn a_running_job_says_that_another_account_is_asked_for_it() {
    let mut script = Script::new();
    script.account = Some(Account::of("rw-one", "https://api.example"));
    let job = script.running(KEEPS_RECORDS, 1);
    script.account = Some(Account::of("rw-one", "https://typo.example"));
    script.poll(job, Sighting::NotKnown);
    let unseen = script.engine.jobs(script.mono_ms).next().and_then(|one| one.unseen);
    assert!(matches!(unseen, Some((Unseen::OtherAccount, _))), "{unseen:?}");
    // Another key of the same account shows it all the same.
    script.poll(job, seen(&["a"], 0));
    assert_eq!(script.state(job), JobState::Downloading);
}

/// A rate limit, a time-out or an internal error that names the task may be the question's.
#[test]
fn trouble_that_may_be_the_questions_fails_no_job() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    let began_ms = script.mono_ms;
    let trouble = sample::error(FailureClass::Rate);
    while script.mono_ms - began_ms < 23 * 3_600_000 {
        script.poll_or_records(job, Sighting::Unclear(trouble.clone()));
        assert_eq!(script.state(job), JobState::Running);
    }
    while script.state(job) == JobState::Running {
        script.poll_or_records(job, Sighting::Unclear(trouble.clone()));
    }
    assert_eq!(script.story(job), "created sent accepted doubted");
    let error = script.rows[&job].error.clone().expect("an error");
    assert_eq!((error.class, error.charged), (FailureClass::Rate, Charged::Unknown));
}

#[test]
fn done_without_an_address_is_asked_again_for_minutes_and_then_in_doubt() {
    let told = || Sighting::Seen(Report { pending: 1, no_address: 1, ..Report::default() });
    let mut script = Script::new();
    let quick = script.running(KEEPS_NONE, 1);
    script.poll(quick, told());
    script.poll(quick, seen(&["a"], 0));
    script.save(quick, 0, Ok(()));
    assert_eq!(script.state(quick), JobState::Succeeded);
    let never = script.running(KEEPS_NONE, 1);
    let began_ms = script.mono_ms;
    while script.state(never) == JobState::Running {
        script.poll(never, told());
    }
    assert!((600_000..700_000).contains(&(script.mono_ms - began_ms)));
    assert_eq!(script.story(never), "created sent accepted doubted");
}
