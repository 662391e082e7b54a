//! What a job is held against, as the database tells it.

use super::*;
use crate::domain::job::{Charged, FailureClass, JobError, JobId, Parent, Relation};
use crate::domain::money::MicroUsd;
use crate::domain::request::GenerationRequest;
use crate::store::Standing;

/// The final at `resolution` of the draft `draft_id`, which is job 1.
fn last(number: u128, draft_id: &str, resolution: &str) -> Writes {
    let mut all = life_on("runware/1.5-pro", number, |_| {});
    let model = sample::model("runware/1.5-pro");
    let draft = sample::request(model, |choices| choices.draft = true);
    let (id, resolution) = (draft_id.to_owned(), resolution.parse().expect("a resolution"));
    all.job.request =
        GenerationRequest::promote(model, &draft, id, Some(7), Some(resolution)).expect("a final");
    let draft = JobId(uuid::Uuid::from_u128(1));
    all.job.parent = Some(Parent { job: draft, relation: Relation::Promote });
    all.all[0].event = JobEvent::Created { job: Box::new(all.job.clone()) };
    all.all[0].job = all.job.clone();
    all
}

/// How things stand for `job`, which is stored by nobody.
fn standing(store: &mut Store, job: &Writes) -> Standing {
    let mut seen = None;
    let stored = store.commit_if(&job.all[0], sample::noon(), |standing| {
        seen = Some(standing);
        Err(())
    });
    assert_eq!(stored.expect("an answer"), Err(()));
    seen.expect("it was asked")
}

/// A newer version may have paid for that very final. Its body may be no JSON either; the columns beside it tell.
#[test]
fn a_final_that_can_not_be_read_is_told_of_and_no_other_row_is() {
    for wrong in ["replace(body, '\"sends\":', '\"sends\":-')", "'no JSON'"] {
        for (state, counts) in [("succeeded", true), ("running", true), ("failed", false)] {
            let (_place, mut store) = store();
            let made = last(2, "cgt-1", "720p").store(&mut store);
            life(3, |_| {}).store(&mut store);
            let sql =
                format!("UPDATE job SET body = {wrong}, state = ?1, is_live = ?1 = 'running'");
            store.connection.execute(&sql, [state]).expect("written");
            let found = standing(&mut store, &last(4, "cgt-1", "720p")).unread_finals;
            let expected = if counts { vec![made.id.to_string()] } else { Vec::new() };
            assert_eq!(found, expected, "{state}: {wrong}");
            let mut of_another = last(4, "cgt-2", "720p");
            of_another.all[0].job.parent = None;
            for other in [last(4, "cgt-1", "1080p"), of_another, life(4, |_| {})] {
                let found = standing(&mut store, &other).unread_finals;
                assert!(found.is_empty(), "{found:?} {state}: {wrong}");
            }
        }
    }
}

/// A job is no final of its own draft beside itself, nor a twin.
#[test]
fn a_job_that_is_released_does_not_speak_against_itself() {
    let (_place, mut store) = store();
    let held = last(2, "cgt-1", "720p").then(JobEvent::Held { reason: "interrupted".to_owned() });
    store.commit(&held.all, None).expect("a commit");
    let released = held.then(JobEvent::Released { over_limit: false, estimate: None });
    let write = released.all.last().expect("a write");
    let told = store.commit_released(write, sample::noon(), |standing| {
        assert!(standing.jobs.is_empty(), "{:?}", standing.jobs);
        assert_eq!(standing.spent, [("runware/1.5-pro".to_owned(), MicroUsd::ZERO)]);
        Ok::<_, ()>(())
    });
    assert_eq!(told.expect("a commit"), Some(Ok(())));
}

/// What was left to be sent is held against what was there before it. Of earlier days that counts which is under way.
#[test]
fn money_counts_from_a_day_ago_and_what_is_under_way_from_any() {
    let (_place, mut store) = store();
    let days_ago = |number, days: i64| {
        let mut all = life(number, |_| {});
        all.job.created_at = sample::noon() - SignedDuration::from_hours(24 * days);
        all.all[0].event = JobEvent::Created { job: Box::new(all.job.clone()) };
        all.all[0].job = all.job.clone();
        all
    };
    let most = life(1, |_| {}).job.estimate.most().expect("a price").0;
    let error = sample::error(FailureClass::Provider);
    let unknown = JobError { charged: Charged::Unknown, ..error };
    days_ago(1, 3).then(JobEvent::Failed { error: unknown }).store(&mut store);
    let under_way = days_ago(2, 3).store(&mut store);
    let today = days_ago(3, 0).store(&mut store);
    let newest = days_ago(4, 0).store(&mut store);
    let since = sample::noon() - SignedDuration::from_hours(24);
    let counted = store.jobs_counted(since, 9).expect("jobs");
    assert_eq!(counted, [under_way.clone(), today.clone(), newest.clone()]);
    for (job, jobs) in [(under_way, 0), (today, 1), (newest, 2)] {
        let spent = store.spent_before(job.id, since).expect("sums");
        let sum: i64 = spent.iter().map(|(_, money)| money.0).sum();
        assert_eq!(sum, jobs * most, "{}", job.id);
    }
}

/// One that was held for days and sent today counted toward no day at all.
#[test]
fn money_counts_when_it_is_spent_and_not_only_when_its_job_was_made() {
    let (_place, mut store) = store();
    let mut all = life(1, |_| {});
    all.job.created_at = sample::noon() - SignedDuration::from_hours(24 * 3);
    all.all[0].event = JobEvent::Created { job: Box::new(all.job.clone()) };
    all.all[0].job = all.job.clone();
    let held = all.then(JobEvent::Held { reason: "interrupted".to_owned() });
    let released = held.then(JobEvent::Released { over_limit: false, estimate: None });
    let paid = released.accepted().succeeded().store(&mut store);
    let most = paid.counted().expect("a price");
    let newest = life(2, |_| {}).store(&mut store);
    for (hours, spent, jobs) in [(24, most, 2), (-24, MicroUsd::ZERO, 1)] {
        let since = sample::noon() - SignedDuration::from_hours(hours);
        let sums = store.spent_before(newest.id, since).expect("sums");
        assert_eq!(sums.iter().map(|(_, money)| *money).sum::<MicroUsd>(), spent, "{hours}");
        assert_eq!(store.jobs_counted(since, 9).expect("jobs").len(), jobs, "{hours}");
    }
}
