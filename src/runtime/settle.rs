//! What the user decides about a job in doubt, or one that was given up: its provider is asked once more, or it
//! is closed. The engine has nothing to do with either, since it lets go of such a job.
//!
//! A closed job is *failed* with the code `closed`: the words for states stay as scripts know them, and its money
//! stays not known.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::mpsc;

use super::clock::wall;
use super::execute::Executor;
use super::line::line;
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::account::Account;
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{Job, JobError, JobId, JobState};
use crate::domain::outcome::{Report, Sighting, Trouble};
use crate::engine::{Target, apply};
use crate::store::{Store, StoreError};

/// What came of settling a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// It is settled: whoever drives goes on with it, or nobody does. As it stands now.
    Yes(Box<Job>),
    /// It was not in doubt, or is no longer.
    WasNot(JobState),
    /// The provider answered, and its records don't know the job.
    NotKnown,
    /// The provider knows the job, and has nothing of it that is not here.
    NothingNew,
}

/// Why a job could not be settled. It stands as it was.
#[derive(Debug, Error)]
pub enum SettleError {
    /// There is no such job.
    #[error("the job is gone")]
    Gone,
    /// Its provider has no way to be asked.
    #[error(
        "{0} can't be asked for this job, since it gave no id for it; its dashboard shows what it took"
    )]
    CanNotAsk(String),
    /// The provider gave no answer.
    #[error("the provider gave no answer ({}); it stays as it is", .0.message)]
    NoAnswer(JobError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database's thread failed.
    #[error(transparent)]
    Thread(#[from] StoreGone),
}

/// Asks the provider of the job `id`, which is in doubt or was given up, whether it has it. A job that is found
/// goes on; nothing is ever sent again by this.
pub async fn look_up(workspace: &Arc<Workspace>, id: JobId) -> Result<Settled, SettleError> {
    look_up_as(workspace, id, true).await
}

/// The same, for the user or by itself: then nothing goes on for the words alone that it is done.
async fn look_up_as(
    workspace: &Arc<Workspace>,
    id: JobId,
    for_user: bool,
) -> Result<Settled, SettleError> {
    let job = workspace.store.run(move |store| store.job(id)).await??.ok_or(SettleError::Gone)?;
    if !job.may_be_recovered() {
        return Ok(Settled::WasNot(job.state));
    }
    let provider = workspace.catalog.provider(&job.request.model.provider);
    if !provider.is_some_and(|provider| provider.can_be_asked_for(&job)) {
        return Err(SettleError::CanNotAsk(name(workspace, &job)));
    }
    let (account, told) = ask(workspace, &job).await;
    match told {
        Ok(Sighting::Seen(report)) if !for_user && report.only_promises() => {
            Ok(Settled::NothingNew)
        }
        // What is in doubt is driven to whatever end its provider tells.
        Ok(Sighting::Seen(report)) if job.state == JobState::InDoubt || job.gains_by(&report) => {
            let how = "looked up: the provider has it".to_owned();
            // One that was accepted before keeps what was known of it.
            let event = match job.accepted_at {
                Some(_) => JobEvent::Recovered { how },
                None => JobEvent::Accepted { remote_id: None, charge: None, how },
            };
            record(workspace, job, event).await
        }
        // What it has may be more than what it told.
        Ok(Sighting::Seen(Report { unclear: Some(error), .. })) => {
            Err(SettleError::NoAnswer(error))
        }
        Ok(Sighting::Seen(_)) => Ok(Settled::NothingNew),
        Ok(Sighting::NotKnown) => {
            remember(workspace, job, account).await?;
            Ok(Settled::NotKnown)
        }
        Ok(Sighting::Unclear(error)) => Err(SettleError::NoAnswer(error)),
        Err(trouble) => Err(SettleError::NoAnswer(trouble.error)),
    }
}

/// Asks once more for every job in doubt whose provider may know more: it was asked as another account than it would
/// be now, since the key or the address has changed, or it said that the job is done, gave no address for its clip,
/// and still keeps it. Returns how many were found.
pub async fn ask_again(workspace: &Arc<Workspace>) -> Result<usize, SettleError> {
    let doubted = workspace.store.run(Store::doubted_jobs).await??;
    let mut found = 0;
    for job in doubted {
        let id = &job.request.model.provider;
        let provider = workspace.catalog.provider(id);
        if !provider.is_some_and(|provider| provider.can_be_asked_for(&job)) {
            continue;
        }
        // Without a key nobody is asked.
        let Ok(line) = line(workspace, id).await else { continue };
        let known_ms = line.provider.record_lifetime_ms();
        if job.asked_as == line.account() && !job.may_get_an_address(known_ms, wall()) {
            continue;
        }
        match look_up_as(workspace, job.id, false).await {
            Ok(Settled::Yes(_)) => found += 1,
            Ok(_) | Err(SettleError::CanNotAsk(_) | SettleError::NoAnswer(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Keeps as whom a job in doubt was asked for, so that the same is not asked at every start.
async fn remember(
    workspace: &Workspace,
    job: Job,
    asked_as: Option<Account>,
) -> Result<(), SettleError> {
    if job.state == JobState::InDoubt
        && job.asked_as != asked_as
        && let Some(error) = job.error.clone()
    {
        record(workspace, job, JobEvent::Doubted { error, asked_as }).await?;
    }
    Ok(())
}

/// Closes the job in doubt `id`: it ends, and what it cost is not known.
pub async fn close(workspace: &Workspace, id: JobId) -> Result<Settled, SettleError> {
    match in_doubt(workspace, id).await? {
        Ok(job) => {
            let error = JobError::closed(&name(workspace, &job));
            record(workspace, job, JobEvent::Closed { error }).await
        }
        Err(state) => Ok(Settled::WasNot(state)),
    }
}

/// The job if it is in doubt, else its state.
async fn in_doubt(workspace: &Workspace, id: JobId) -> Result<Result<Job, JobState>, SettleError> {
    let job = workspace.store.run(move |store| store.job(id)).await??.ok_or(SettleError::Gone)?;
    Ok(if job.state == JobState::InDoubt { Ok(job) } else { Err(job.state) })
}

/// As people call its provider.
fn name(workspace: &Workspace, job: &Job) -> String {
    let id = &job.request.model.provider;
    workspace.catalog.provider(id).map_or_else(|| id.clone(), |provider| provider.name.clone())
}

/// What is running or done is told by a poll, and what was long ago by the records; with the account that was
/// asked.
async fn ask(
    workspace: &Arc<Workspace>,
    job: &Job,
) -> (Option<Account>, Result<Sighting, Trouble>) {
    // Nobody reads what an executor tells of its waiting.
    let (outbox, _inbox) = mpsc::channel(1);
    let executor = Executor::new(Arc::clone(workspace), outbox);
    let target = Target {
        job: job.id,
        attempt_key: job.attempt_key,
        remote_id: job.remote_id.clone(),
        model: job.request.model.clone(),
    };
    let provider = &job.request.model.provider;
    let (account, polled) = executor.poll(provider, vec![target.clone()]).await;
    let seen = match polled {
        Ok(polled) => polled.into_iter().find(|(_, sighting)| *sighting != Sighting::NotKnown),
        Err(trouble) => return (account, Err(trouble)),
    };
    match seen {
        Some((_, seen)) => (account, Ok(seen)),
        None => executor.look_up(provider, target).await,
    }
}

/// Stores `event` where the job still stands as it did.
async fn record(
    workspace: &Workspace,
    mut job: Job,
    event: JobEvent,
) -> Result<Settled, SettleError> {
    let (at, state) = (wall(), job.state);
    apply(&mut job, &event, at);
    let write = Write { at, event, job: job.clone() };
    let stored = workspace.store.run(move |store| store.commit_from(state, &write)).await??;
    if stored {
        return Ok(Settled::Yes(Box::new(job)));
    }
    let id = job.id;
    let job = workspace.store.run(move |store| store.job(id)).await??.ok_or(SettleError::Gone)?;
    Ok(Settled::WasNot(job.state))
}
