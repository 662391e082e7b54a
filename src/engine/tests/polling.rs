//! What a provider says of running jobs, and what happens when it says nothing.

use jiff::SignedDuration;

use super::script::*;
use crate::domain::event::JobEvent;
use crate::domain::job::{Charged, FailureClass, JobError, JobId, JobState};
use crate::domain::outcome::{Report, Sighting};
use crate::domain::sample;
use crate::domain::wait::Unseen;
use crate::engine::schedule::DENSE_POLL_MS;
use crate::engine::{Command, Input, Target};

#[test]
fn many_jobs_are_asked_for_in_one_request() {
    let mut script = Script::new();
    let mut jobs = Vec::new();
    for _ in 0..20 {
        jobs.push(script.running(ROOMY, 1));
        // Not all due at one moment, but soon after each other.
        script.set_clock(script.mono_ms + 50);
    }
    let mut asked: Vec<JobId> = script.polled().iter().map(|target| target.job).collect();
    asked.sort();
    assert_eq!(asked, jobs);
}

#[test]
fn one_request_asks_for_a_hundred_jobs_at_most() {
    let mut script = Script::new();
    for _ in 0..130 {
        script.running(ROOMY, 1);
    }
    let names = |targets: Vec<Target>| targets.iter().map(|one| one.job).collect::<Vec<_>>();
    let first = names(script.polled());
    assert_eq!(first.len(), 100);
    script.answer_poll(first.clone(), Ok(Vec::new()));
    let second = names(script.polled());
    let others = script.rows.keys().filter(|job| !first.contains(job));
    assert!(others.into_iter().all(|job| second.contains(job)), "they come right after it");
}

#[test]
fn a_poll_takes_along_what_runs_there_and_not_what_is_being_confirmed() {
    let mut script = Script::new();
    let confirming = script.job(ROOMY, 1);
    script.reply(confirming, lost());
    for _ in 0..3 {
        script.poll(confirming, Sighting::NotKnown);
    }
    // Its next poll is seconds away: five that don't know it ask the records, and they take half a minute.
    let early = script.running(ROOMY, 1);
    script.pass(1_000);
    let late = script.running(ROOMY, 1);
    let mut asked: Vec<JobId> = script.polled().iter().map(|target| target.job).collect();
    asked.sort();
    assert_eq!(asked, [early, late]);
}

#[test]
fn where_each_is_asked_for_by_itself_one_that_hangs_holds_up_no_other() {
    let mut script = Script::new();
    let hangs = script.running(ONE_BY_ONE, 1);
    let other = script.running(ONE_BY_ONE, 1);
    assert_eq!(script.polled().iter().map(|target| target.job).collect::<Vec<_>>(), [hangs]);
    // The first one is never answered.
    for _ in 0..5 {
        script.poll(other, seen(&[], 1));
    }
    script.poll(other, seen(&["a"], 0));
    script.save(other, 0, Ok(()));
    assert_eq!(script.state(other), JobState::Succeeded);
}

#[test]
fn polls_of_single_jobs_are_few_at_once_and_keep_their_distance() {
    let mut script = Script::new();
    for _ in 0..30 {
        script.running(ONE_BY_ONE, 1);
    }
    let mut times_ms = Vec::new();
    for _ in 0..8 {
        let targets = script.polled();
        assert_eq!(targets.len(), 1);
        times_ms.push(script.mono_ms);
    }
    assert!(times_ms.windows(2).all(|pair| pair[1] - pair[0] >= 600), "{times_ms:?}");
    assert_eq!(script.engine.next_deadline_ms(), None, "eight hang, and no more are begun");
}

#[test]
fn polls_that_fail_together_count_as_one_failure() {
    let mut script = Script::new();
    let jobs: Vec<JobId> = (0..6).map(|_| script.running(ONE_BY_ONE, 1)).collect();
    for _ in 0..6 {
        script.polled();
    }
    for job in jobs {
        script.answer_poll(vec![job], Err(trouble(FailureClass::Network, None)));
    }
    let gap_ms = script.engine.next_deadline_ms().expect("a deadline") - script.mono_ms;
    assert!(gap_ms < 5_000, "six failures in a row wait half a minute, and this is one: {gap_ms}");
}

#[test]
fn the_one_whose_end_is_near_is_asked_for_before_one_that_just_began() {
    let mut script = Script::new();
    let near = script.running(ONE_BY_ONE, 1);
    script.pass(EXPECTED_MS - 3_000);
    while script.take(|command| matches!(command, Command::Poll { .. })).is_some() {}
    script.answer_poll(vec![near], Ok(vec![(near, seen(&[], 1))]));
    let began = script.running(ONE_BY_ONE, 1);
    // Both are due, the new one for longer.
    script.set_clock(script.mono_ms + 2_600);
    script.give(Input::Wake);
    assert_eq!(script.polled()[0].job, near);
    assert_eq!(script.polled()[0].job, began);
}

/// One job's part of an answer can spoil the whole of it.
#[test]
fn one_job_that_makes_every_answer_unreadable_hides_no_other() {
    let mut script = Script::new();
    let jobs: Vec<JobId> = (0..9).map(|_| script.running(ROOMY, 1)).collect();
    let poisoned = jobs[4];
    for _ in 0..60 {
        if jobs.iter().all(|job| *job == poisoned || !script.rows[job].outputs.is_empty()) {
            break;
        }
        let asked: Vec<JobId> = script.polled().iter().map(|target| target.job).collect();
        let outcome = match asked.contains(&poisoned) {
            true => Err(trouble(FailureClass::Provider, None)),
            false => {
                let name = |job: &JobId| job.to_string();
                Ok(asked.iter().map(|job| (*job, seen(&[&name(job)], 0))).collect())
            }
        };
        script.answer_poll(asked, outcome);
    }
    for job in &jobs {
        assert_eq!(script.rows[job].outputs.len(), usize::from(*job != poisoned));
    }
    let unseen = |script: &Script, id| {
        script.engine.jobs(script.mono_ms).find(|one| one.job.id == id).and_then(|one| one.unseen)
    };
    let said = unseen(&script, poisoned);
    assert!(matches!(said, Some((Unseen::NoAnswer(FailureClass::Provider), _))), "{said:?}");
    assert_eq!(unseen(&script, jobs[0]), None);
}

#[test]
fn a_poll_names_a_job_by_all_its_names() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    let targets = script.polled();
    assert_eq!((targets[0].job, targets[0].attempt_key), (job, script.rows[&job].attempt_key));
}

#[test]
fn a_provider_that_does_not_answer_is_asked_less_and_less_and_then_as_before() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    let mut gaps_ms = Vec::new();
    for _ in 0..9 {
        script.fail_poll(trouble(FailureClass::Network, None));
        gaps_ms.push(script.engine.next_deadline_ms().expect("a deadline") - script.mono_ms);
    }
    assert!(gaps_ms[8] >= 60_000 && gaps_ms[8] <= 75_000, "{gaps_ms:?}");
    assert!(gaps_ms[5] >= 32_000, "{gaps_ms:?}");
    let seen_by_people = script.engine.trouble(KEEPS_RECORDS).map(|error| error.class);
    assert_eq!(seen_by_people, Some(FailureClass::Network));
    assert_eq!(script.story(job), "created sent accepted", "trouble on the way harms no job");

    script.poll(job, seen(&[], 1));
    assert_eq!(script.engine.trouble(KEEPS_RECORDS), None);
    let gap_ms = script.engine.next_deadline_ms().expect("a deadline") - script.mono_ms;
    assert!(gap_ms <= 15_000, "{gap_ms}");
}

#[test]
fn a_poll_honours_retry_after() {
    let mut script = Script::new();
    script.running(KEEPS_RECORDS, 1);
    script.fail_poll(trouble(FailureClass::Rate, Some(45_000)));
    assert_eq!(script.engine.next_deadline_ms(), Some(script.mono_ms + 45_000));
}

#[test]
fn several_results_are_saved_as_they_come() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 3);
    script.poll(job, seen(&["a"], 2));
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Running);
    script.poll(job, seen(&["a"], 2));
    script.poll(job, seen(&["a", "b", "c"], 0));
    assert_eq!(script.state(job), JobState::Downloading);
    script.save(job, 2, Ok(()));
    script.save(job, 1, Ok(()));
    assert_eq!(
        script.story(job),
        "created sent accepted output_ready saved output_ready output_ready rendered saved saved succeeded"
    );
    assert_eq!(script.rows[&job].charge().map(|charge| charge.0), Some(3 * 72_920));
}

#[test]
fn what_succeeded_is_kept_when_another_result_fails() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 3);
    script.poll(job, seen_failing(&["a"], &[FailureClass::Moderated], 1));
    assert_eq!(script.state(job), JobState::Running, "one is still under way");
    script.poll(job, seen_failing(&["a", "b"], &[FailureClass::Moderated], 0));
    script.save(job, 0, Ok(()));
    script.save(job, 1, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
    assert_eq!(script.error_class(job), Some(FailureClass::Moderated), "the user is told");
    assert_eq!(script.rows[&job].failures.len(), 1, "each failure is noted once");
}

/// It may be one of them, told before the others, or twice.
#[test]
fn one_failure_of_several_results_ends_the_job_only_once_nothing_else_comes_of_it() {
    for (told, waits_ms) in [(1, 24 * 3_600_000), (4, 600_000)] {
        let told = vec![FailureClass::Timeout; told];
        let mut script = Script::new();
        let [quick, still] = [0; 2].map(|_| script.running(ROOMY, 4));
        let failing = |script: &mut Script, job| {
            let report = seen_failing(&[], &told, 0);
            script.poll(job, report);
        };
        failing(&mut script, quick);
        assert_eq!(script.state(quick), JobState::Running);
        script.poll(quick, seen_failing(&["a", "b", "c"], &told, 0));
        for index in 0..3 {
            script.save(quick, index, Ok(()));
        }
        assert_eq!(
            (script.state(quick), script.rows[&quick].failures.len()),
            (JobState::Succeeded, 1)
        );
        let began_ms = script.mono_ms;
        while script.state(still) == JobState::Running {
            failing(&mut script, still);
        }
        let waited_ms = script.mono_ms - began_ms;
        assert!((waits_ms - 10_000..waits_ms + 900_000).contains(&waited_ms), "{waited_ms}");
        // As many are told as were asked for; of one alone it is not known what the others did.
        let end = if told.len() == 4 { "failed" } else { "doubted" };
        assert_eq!(script.story(still), format!("created sent accepted output_failed {end}"));
        assert_eq!(
            script.rows[&still].error.as_ref().map(|error| error.charged),
            Some(Charged::Unknown)
        );
        assert!(script.rows[&still].may_be_recovered());
    }
}

/// The words of one failure may differ from poll to poll; the others are still being made.
#[test]
fn a_failure_in_changing_words_stands_for_no_other() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 3);
    for nr in 0..9 {
        let error =
            JobError { message: format!("request {nr}"), ..sample::error(FailureClass::Provider) };
        let report = Report { failures: vec![error], pending: 2, ..Report::default() };
        script.poll(job, Sighting::Seen(report));
    }
    assert_eq!((script.state(job), script.rows[&job].failures.len()), (JobState::Running, 1));
}

#[test]
fn a_moderated_job_keeps_the_providers_words() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    let error = JobError {
        class: FailureClass::Moderated,
        code: "invalidProviderContent".to_owned(),
        message: "The provider refused the content.".to_owned(),
        parameters: vec!["positivePrompt".to_owned()],
        charged: Charged::NotCharged,
    };
    let failures = vec![error.clone()];
    script.poll(job, Sighting::Seen(Report { failures, ..Report::default() }));
    assert_eq!(
        (script.state(job), script.rows[&job].error.clone()),
        (JobState::Failed, Some(error))
    );
}

#[test]
fn a_job_that_takes_a_day_is_in_doubt() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.set_clock(script.mono_ms + 23 * 3_600_000);
    script.give(Input::Wake);
    script.poll(job, seen(&[], 1));
    assert_eq!(script.state(job), JobState::Running);
    script.set_clock(script.mono_ms + 2 * 3_600_000);
    script.give(Input::Wake);
    script.poll(job, seen(&[], 1));
    assert_eq!(script.story(job), "created sent accepted doubted");
    assert_eq!(script.error_class(job), Some(FailureClass::Timeout));
}

#[test]
fn a_jump_of_the_wall_clock_gives_up_nothing() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.wall += SignedDuration::from_hours(9 * 24);
    for restart in [false, true] {
        if restart {
            script.crash();
        }
        script.poll(job, seen(&[], 1));
        assert_eq!(script.state(job), JobState::Running);
    }
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Err(broken()));
    assert_eq!(script.state(job), JobState::Downloading);
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
}

#[test]
fn progress_is_passed_on_and_not_stored() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    let events = script.events[&job].len();
    let report = Report { pending: 1, progress_percent: Some(40), ..Report::default() };
    script.poll(job, Sighting::Seen(report));
    script.poll(job, seen(&[], 1));
    let told: Vec<Option<u8>> =
        script.engine.jobs(script.mono_ms).map(|watched| watched.progress_percent).collect();
    assert_eq!(told, [Some(40)], "a report that says nothing of it leaves it as it was");
    assert_eq!(script.events[&job].len(), events);
}

#[test]
fn a_restart_asks_at_once_for_what_was_running() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.set_clock(script.mono_ms + 3_600_000);
    script.crash();
    assert!(matches!(&script.open[..], [Command::Poll { .. }]), "{:?}", script.open);
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
}

#[test]
fn a_poll_whose_jobs_ended_meanwhile_is_not_the_last_poll() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Err(gone()));
    let asked = script.polled().iter().map(|target| target.job).collect();
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
    script.answer_poll(asked, Ok(vec![(job, seen(&["a"], 0))]));
    let next = script.running(KEEPS_RECORDS, 1);
    script.poll(next, seen(&["b"], 0));
}

#[test]
fn results_that_are_there_outlive_a_job_that_is_given_up_or_forgotten() {
    let mut script = Script::new();
    let [late, forgotten] = [0; 2].map(|_| script.running(KEEPS_RECORDS, 2));
    for job in [late, forgotten] {
        let reports = [late, forgotten].map(|one| (one, seen(&["a"], 1)));
        let asked: Vec<JobId> = script.polled().iter().map(|target| target.job).collect();
        assert!(asked.contains(&job));
        script.answer_poll(asked, Ok(reports.to_vec()));
    }
    let unknown = |script: &mut Script| {
        let outcome = Ok(Sighting::NotKnown);
        script.give(Input::LookedUp { job: forgotten, account: None, outcome });
    };
    unknown(&mut script);
    script.set_clock(script.mono_ms + 8 * 24 * 3_600_000);
    unknown(&mut script);
    script.poll(late, seen(&["a"], 1));
    for (job, class) in [(late, FailureClass::Timeout), (forgotten, FailureClass::Lost)] {
        script.save(job, 0, Ok(()));
        assert_eq!(
            (script.state(job), script.error_class(job)),
            (JobState::Succeeded, Some(class))
        );
        // The user looks it up, and what was given up is there.
        assert!(script.rows[&job].may_be_recovered());
        script.decide(job, JobEvent::Recovered { how: "looked up".to_owned() });
        assert_eq!((script.state(job), script.error_class(job)), (JobState::Running, None));
        script.poll(job, seen(&["a", "b"], 0));
        script.save(job, 1, Ok(()));
        let row = &script.rows[&job];
        assert_eq!((row.state, row.files().count()), (JobState::Succeeded, 2));
        assert!(!row.may_be_recovered());
    }
}

#[test]
fn a_restart_knows_how_long_a_job_has_been_running() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.set_clock(script.mono_ms + EXPECTED_MS - 3_000);
    script.crash();
    script.poll(job, seen(&[], 1));
    let gap_ms = script.engine.next_deadline_ms().expect("a deadline") - script.mono_ms;
    assert_eq!(gap_ms, DENSE_POLL_MS, "its end is near, so it is asked for often");
}
