//! Jobs that are held: never sent, and sent by nobody until the user says so. An interrupted verb asks for
//! that, and a driver that finds a job which an earlier process left, and which today's limits forbid.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::clock::wall;
use super::intents;
use super::new_job::is_real;
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::catalog::Catalog;
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{Charged, FailureClass, Job, JobError, JobId, JobState};
use crate::domain::ledger::Limits;
use crate::domain::money::MicroUsd;
use crate::engine::apply;
use crate::store::{Store, StoreError};
use crate::words;

/// Why a job is held whose verb was interrupted.
pub(super) const INTERRUPTED: &str = "it was interrupted before it was sent";

/// What came of releasing a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Released {
    /// Whoever drives sends it.
    Yes,
    /// It was not held, or is no longer.
    WasNot(JobState),
    /// It stays held: it would pass a limit of the config, in these sentences.
    OverLimit(String),
}

/// Has whoever drives send the held job `id`; what would pass a limit of the config only where the user has
/// said `over_limit`.
pub async fn release(
    workspace: &Workspace,
    id: JobId,
    over_limit: bool,
) -> Result<Result<Released, StoreError>, StoreGone> {
    let limits = Limit::of(workspace);
    let run = move |store: &mut Store| {
        let Some((before, write)) = next(store, id, JobEvent::Released { over_limit })? else {
            return Ok(Released::WasNot(state(store, id)?));
        };
        let allows = |spent: &[(String, MicroUsd)]| {
            limits.passed(&write.job, spent, before).map_or(Ok(()), Err)
        };
        Ok(match store.commit_released(&write, before, allows)? {
            Some(Ok(())) => Released::Yes,
            Some(Err(passed)) => Released::OverLimit(passed),
            None => Released::WasNot(state(store, id)?),
        })
    };
    workspace.store.run(run).await
}

/// Ends the held job `id`, which costs nothing. One of which the journal beside the database knows that it was sent,
/// or can't tell, is put in doubt instead. Returns whether it was held.
pub async fn cancel(
    workspace: &Workspace,
    id: JobId,
) -> Result<Result<bool, StoreError>, StoreGone> {
    let message = "stopped before the provider had it".to_owned();
    let error = JobError::ours(FailureClass::Provider, "canceled", message, Charged::NotCharged);
    let journal = workspace.places.sent_journal();
    let run = move |store: &mut Store| {
        let Some(job) = store.job(id)? else { return Ok(false) };
        let event = match intents::knows_more_than(&journal, &job) {
            Ok(false) => JobEvent::Canceled { error },
            Ok(true) => in_doubt("the journal beside the database knows that it was sent"),
            Err(_) => in_doubt("whether it was sent stands in a journal that can't be read"),
        };
        match next(store, id, event)? {
            Some((_, write)) => store.commit_from(JobState::Held, &write),
            None => Ok(false),
        }
    };
    workspace.store.run(run).await
}

fn in_doubt(why: &str) -> JobEvent {
    let error = JobError::ours(FailureClass::Lost, "inDoubt", why.to_owned(), Charged::Unknown);
    JobEvent::Doubted { error, asked_as: None }
}

/// Why `job`, which an earlier process left to be sent, must not be sent under the limits of today.
pub(super) async fn forbidden(
    workspace: &Workspace,
    job: &Job,
) -> Result<Result<Option<String>, StoreError>, StoreGone> {
    let limits = Limit::of(workspace);
    if !job.state.is_to_be_sent() || !limits.concerns(job) {
        return Ok(Ok(None));
    }
    let job = job.clone();
    let run = move |store: &mut Store| {
        let since = a_day_before(wall());
        Ok(limits.passed(&job, &store.spent_since(since)?, since))
    };
    workspace.store.run(run).await
}

/// The held job's next event, and when the day before it began; none where it is not held.
fn next(
    store: &Store,
    id: JobId,
    event: JobEvent,
) -> Result<Option<(Timestamp, Write)>, StoreError> {
    let at = wall();
    let held = store.job(id)?.filter(|job| job.state == JobState::Held);
    Ok(held.map(|mut job| {
        apply(&mut job, &event, at);
        (a_day_before(at), Write { at, event, job })
    }))
}

/// A job that is gone counts as one that has ended.
fn state(store: &Store, id: JobId) -> Result<JobState, StoreError> {
    Ok(store.job(id)?.map_or(JobState::Canceled, |job| job.state))
}

fn a_day_before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN)
}

/// The config's limits with what tells real money from play money.
struct Limit {
    limits: Limits,
    catalog: Arc<Catalog>,
}

impl Limit {
    fn of(workspace: &Workspace) -> Self {
        Self { limits: workspace.config.limits, catalog: Arc::clone(&workspace.catalog) }
    }

    fn concerns(&self, job: &Job) -> bool {
        self.limits.daily.or(self.limits.submit).is_some()
            && !job.over_limit
            && is_real(&self.catalog, &job.request.model.provider)
    }

    /// What sending `job` would pass, in words, where `spent` is what was spent since `since`, this job's
    /// own estimate included if it was made since then.
    fn passed(&self, job: &Job, spent: &[(String, MicroUsd)], since: Timestamp) -> Option<String> {
        if !self.concerns(job) {
            return None;
        }
        let provider = |model: &str| model.split('/').next().unwrap_or_default().to_owned();
        let real = spent.iter().filter(|(model, _)| is_real(&self.catalog, &provider(model)));
        let all: MicroUsd = real.map(|(_, money)| *money).sum();
        let own = job.estimate.most().filter(|_| job.created_at >= since).unwrap_or_default();
        let passed = self.limits.passed(MicroUsd(all.0 - own.0), &job.estimate);
        (!passed.is_empty()).then(|| words::objection::objections(&passed))
    }
}
