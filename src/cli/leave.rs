//! What a verb that stays with jobs leaves behind when it ends, is interrupted or stopped: nothing that was not
//! sent is sent without it, and a keeper saves what was.

use std::sync::Arc;
use std::time::Duration;

use super::Context;
use super::follow::{Stay, Until, read};
use super::interrupt;
use super::trouble::Trouble;
use crate::domain::job::{Job, JobId, JobState};
use crate::runtime::driver::Driver;
use crate::runtime::keeper;
use crate::runtime::workspace::Workspace;
use crate::words;

/// How long whoever drives may take to hear that jobs are to be held.
const PATIENCE: Duration = Duration::from_secs(2);

/// Has those of `ids` held that were not sent. What is being sent is waited for as well: its reply decides.
pub(super) async fn hold(
    workspace: &Arc<Workspace>,
    ids: &[JobId],
    driver: &mut Driver,
) -> Result<(), Trouble> {
    let asked = ids.to_vec();
    let ask = workspace.store.run(move |store| asked.iter().try_for_each(|id| store.ask_hold(*id)));
    ask.await??;
    driver.bell().ring().await;
    let is_open = |job: &Job| {
        matches!(job.state, JobState::Queued | JobState::RetryWait | JobState::Submitting)
    };
    let heard = async {
        while read(workspace, ids).await?.iter().any(is_open) {
            driver.changed().await?;
        }
        Ok::<_, Trouble>(())
    };
    // What is not held by then is to be, as the database says: whoever drives next holds it.
    tokio::time::timeout(PATIENCE, heard).await.unwrap_or(Ok(()))
}

/// The verb has ended: what is live goes on without it.
pub(super) async fn ended(context: &mut Context, workspace: &Workspace, stay: Stay) {
    let left = keeper::hand_over(workspace, stay.no_keeper).await;
    if let Some(left) = left.filter(|_| stay.until == Until::Accepted)
        && !(context.json && left.is_kept)
    {
        context.out.note(&left.words);
    }
}

/// The verb is stopped: it says who goes on, and stands still until it is continued.
pub(super) async fn stopped(context: &mut Context, workspace: &Workspace, stay: Stay) {
    match keeper::hand_over(workspace, stay.no_keeper).await {
        Some(left) => context.out.note(&left.words),
        None => context.out.clear(),
    }
    interrupt::stop();
}

/// The verb is interrupted: where each of the jobs stands that it waited for, and who goes on.
pub(super) async fn interrupted(
    workspace: &Workspace,
    ids: &[JobId],
    stay: Stay,
) -> Result<String, Trouble> {
    let jobs = read(workspace, ids).await?;
    let all: Vec<String> = jobs.iter().map(|job| one(job, stay)).collect();
    let left = keeper::hand_over(workspace, stay.no_keeper).await;
    let left = left.map(|left| format!("; {}", left.words)).unwrap_or_default();
    Ok(format!("interrupted: {}{left}", all.join(", ")))
}

fn one(job: &Job, stay: Stay) -> String {
    let id = job.id;
    if let Some(held) = words::held(job) {
        return format!("job {id} is held, {held}");
    }
    let what = match (job.state, &job.error) {
        (state, _) if state.is_to_be_sent() && !job.may_have_arrived() => match stay.sends {
            true => "is not sent and not charged, and is held by whoever drives next",
            false => "is not sent yet and not charged; whoever drives sends it",
        },
        (JobState::RetryWait | JobState::Submitting | JobState::Confirming, _) => {
            "may or may not be at the provider"
        }
        (JobState::Downloading, Some(error)) => {
            return format!(
                "job {id} is ready, and its file could not be fetched yet ({})",
                error.message
            );
        }
        (state, _) if state.is_end() => return format!("job {id} is {}", words::state(job)),
        _ => "goes on at the provider",
    };
    format!("job {id} {what}")
}
