//! `rushes cancel`: stops what the provider does not have yet, and what it can stop itself.
//!
//! `cancel` asks RunPod to stop, and refuses what another provider has and can't stop, rather than forget something
//! that will be charged.

use std::sync::Arc;
use std::time::Duration;

use super::Context;
use super::follow::{Stay, Until};
use super::job_json::JobJson;
use super::leave;
use super::submit::find_job;
use super::trouble::Trouble;
use crate::domain::job::{Charged, Job, JobState};
use crate::runtime::driver::Driver;
use crate::runtime::held;
use crate::runtime::workspace::Workspace;

/// How long another process that drives may take to hear of the wish.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a provider may take to confirm.
const PROVIDER_PATIENCE: Duration = Duration::from_secs(30);

/// A job that goes on is left to a keeper.
pub(super) const LEFT: Stay = Stay { until: Until::Accepted, sends: false, no_keeper: false };

pub(super) async fn run(context: &mut Context, text: &str) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    let ended = cancel(context, &workspace, text).await;
    leave::ended(context, &workspace, LEFT).await;
    ended
}

async fn cancel(
    context: &mut Context,
    workspace: &Arc<Workspace>,
    text: &str,
) -> Result<u8, Trouble> {
    let mut job = find_job(workspace, text).await?;
    let id = job.id;
    let provider = workspace.catalog.provider(&job.request.model.provider);
    let can_cancel = provider.is_some_and(|provider| provider.can_cancel);
    if job.state == JobState::Held {
        held::cancel(workspace, id).await??;
        job = find_job(workspace, &id.to_string()).await?;
    }
    if can_be_stopped(&job, can_cancel) {
        workspace.store.run(move |store| store.ask_cancel(id)).await??;
        let mut driver = Driver::start(Arc::clone(workspace));
        let patience = if job.state.is_at_provider() { PROVIDER_PATIENCE } else { PATIENCE };
        let deadline = tokio::time::Instant::now() + patience;
        while can_be_stopped(&job, can_cancel) {
            if let Ok(changed) = tokio::time::timeout_at(deadline, driver.changed()).await {
                changed?;
            } else if job.state == JobState::Canceling {
                return Err(Trouble::unknown(format!(
                    "the provider was asked to stop job {id} and has not confirmed it; `rushes wait {}` tells how it ended",
                    id.short()
                )));
            } else {
                return Err(Trouble::unknown(
                    "the Rushes that drives this job did not answer; `rushes show` tells how it ended",
                ));
            }
            job = find_job(workspace, &id.to_string()).await?;
        }
    }
    if matches!(job.state, JobState::Submitting | JobState::Confirming) {
        workspace.store.run(move |store| store.ask_cancel(id)).await??;
        return Err(Trouble::unknown(format!(
            "whether the provider has job {id} is not known yet: it is being asked, and the job will not be sent again. `rushes wait {}` tells how it ended",
            id.short()
        )));
    }
    match job.state {
        JobState::Canceled if context.json => {
            context.out.json(&JobJson::new(&job, &context.places.data_dir))?;
            Ok(0)
        }
        JobState::Canceled => {
            let charged = job.error.as_ref().map_or(Charged::Unknown, |error| error.charged);
            let charged = crate::words::charged(charged);
            context.out.line(&format!("job {id} canceled, {charged}"))?;
            Ok(0)
        }
        state if state.is_end() => Err(Trouble::wrong(format!(
            "job {id} has ended already: {}",
            crate::words::state(&job)
        ))),
        JobState::InDoubt => Err(Trouble::unknown(format!(
            "job {id} is in doubt: `rushes settle {}` says what is known and what can be done",
            id.short()
        ))),
        JobState::Downloading => Err(Trouble::failed(format!(
            "job {id} is rendered already: its file will be saved by `rushes wait {}`",
            id.short()
        ))),
        _ => Err(Trouble::failed(format!(
            "the provider has job {id} and offers no way to stop it: it goes on, is charged when it succeeds, and its file will be saved by `rushes wait {}`",
            id.short()
        ))),
    }
}

/// Whether stopping it is a matter of waiting a little: it is not sent, or its provider stops jobs.
fn can_be_stopped(job: &Job, can_cancel: bool) -> bool {
    match job.state {
        JobState::Queued | JobState::RetryWait => true,
        JobState::Submitting | JobState::Running | JobState::Canceling => can_cancel,
        _ => false,
    }
}
