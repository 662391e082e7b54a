//! What the user decides about a job in doubt: its provider is asked once more, or it is closed. The engine
//! has nothing to do with either, since it lets go of a job in doubt.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::mpsc;

use super::clock::wall;
use super::execute::Executor;
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{Job, JobError, JobId, JobState};
use crate::domain::outcome::{Sighting, Trouble};
use crate::engine::{Target, apply};
use crate::store::StoreError;

/// What came of settling a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// It is settled: whoever drives goes on with it, or nobody does. As it stands now.
    Yes(Box<Job>),
    /// It was not in doubt, or is no longer.
    WasNot(JobState),
    /// The provider answered, and its records don't know the job.
    NotKnown,
}

/// Why a job could not be settled. It stands as it was.
#[derive(Debug, Error)]
pub enum SettleError {
    /// There is no such job.
    #[error("the job is gone")]
    Gone,
    /// Its provider has no way to be asked.
    #[error(
        "{0} has no way to ask for a job whose reply was lost; its dashboard shows what it took"
    )]
    CanNotAsk(String),
    /// The provider gave no answer.
    #[error("the provider gave no answer ({}); the job stays in doubt", .0.message)]
    NoAnswer(JobError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database's thread failed.
    #[error(transparent)]
    Thread(#[from] StoreGone),
}

/// Asks the provider of the job in doubt `id` whether it has it. A job that is found goes on; nothing is
/// ever sent again by this.
pub async fn look_up(workspace: &Arc<Workspace>, id: JobId) -> Result<Settled, SettleError> {
    let job = match in_doubt(workspace, id).await? {
        Ok(job) => job,
        Err(state) => return Ok(Settled::WasNot(state)),
    };
    let provider = workspace.catalog.provider(&job.request.model.provider);
    if !provider.is_some_and(|provider| provider.can_look_up) {
        return Err(SettleError::CanNotAsk(name(workspace, &job)));
    }
    match ask(workspace, &job).await {
        Ok(Sighting::NotKnown) => Ok(Settled::NotKnown),
        Ok(Sighting::Seen(_)) => {
            let how = "looked up: the provider has it".to_owned();
            record(workspace, job, JobEvent::Accepted { remote_id: None, charge: None, how }).await
        }
        Err(trouble) => Err(SettleError::NoAnswer(trouble.error)),
    }
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

/// What is running or done is told by a poll, and what was long ago by the records.
async fn ask(workspace: &Arc<Workspace>, job: &Job) -> Result<Sighting, Trouble> {
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
    let polled = executor.poll(provider, vec![target.clone()]).await?;
    match polled.into_iter().find(|(_, sighting)| *sighting != Sighting::NotKnown) {
        Some((_, seen)) => Ok(seen),
        None => executor.look_up(provider, target).await,
    }
}

/// Stores `event` where the job is still in doubt.
async fn record(
    workspace: &Workspace,
    mut job: Job,
    event: JobEvent,
) -> Result<Settled, SettleError> {
    let at = wall();
    apply(&mut job, &event, at);
    let write = Write { at, event, job: job.clone() };
    let stored =
        workspace.store.run(move |store| store.commit_from(JobState::InDoubt, &write)).await??;
    if stored {
        return Ok(Settled::Yes(Box::new(job)));
    }
    let id = job.id;
    let job = workspace.store.run(move |store| store.job(id)).await??.ok_or(SettleError::Gone)?;
    Ok(Settled::WasNot(job.state))
}
