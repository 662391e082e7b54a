//! Which actions lead somewhere on a job as it is now: footer and dialogs offer these and no others.

use super::action::Action;
use super::app::{Around, Entry, Seen};
use crate::domain::catalog::ModelId;
use crate::domain::job::{FailureClass, Job, JobState};

/// Whether `action` is worth offering where `entry` is chosen, or nothing is.
pub(super) fn leads_somewhere(app: &Seen<'_>, entry: Option<&Entry>, action: Action) -> bool {
    use Action as A;
    let is_about_jobs = matches!(
        action,
        A::Enter
            | A::Promote
            | A::Recall
            | A::Remix
            | A::Retry
            | A::Cancel
            | A::LookUp
            | A::Dashboard
            | A::Close
            | A::Star
            | A::Note
    );
    let is_about_clips = matches!(
        action,
        A::Open
            | A::Play
            | A::Step
            | A::StepBack
            | A::Left
            | A::HalfSpeed
            | A::Loop
            | A::Zoom
            | A::Sheet
            | A::CopyScp
            | A::CopyPath
            | A::Mark
            | A::Compare
            | A::Chain
            | A::ExportFrame
    );
    if is_about_clips {
        return entry.is_some_and(|entry| entry.job.files().next().is_some());
    }
    if matches!(action, A::NextResult | A::PreviousResult) {
        return entry.is_some_and(|entry| app.front(&entry.job).1 > 1);
    }
    if !is_about_jobs {
        return true;
    }
    let Some(job) = entry.map(|entry| &entry.job) else { return false };
    match action {
        A::Promote => app.finals(job, app.now).is_ok(),
        A::Retry => !job.state.is_live(),
        A::Cancel => can_stop(app, job),
        A::LookUp => job.may_be_recovered() && can_look_up(app, job),
        A::Close => job.state == JobState::InDoubt,
        A::Dashboard => {
            !job.state.is_live() && job.charge().is_none() && dashboard(app, job).is_some()
        }
        _ => true,
    }
}

/// Whether the job can still be stopped: before it is sent, and after that where the provider can.
pub(super) fn can_stop(app: &Around, job: &Job) -> bool {
    let provider = app.catalog.provider(&job.request.model.provider);
    match job.state {
        JobState::Queued | JobState::RetryWait | JobState::Held => true,
        JobState::Submitting | JobState::Running | JobState::Canceling => {
            provider.is_some_and(|provider| provider.can_cancel)
        }
        _ => false,
    }
}

/// Whether the job's provider can be asked for it.
pub(super) fn can_look_up(app: &Around, job: &Job) -> bool {
    let provider = app.catalog.provider(&job.request.model.provider);
    provider.is_some_and(|provider| provider.can_be_asked_for(job))
}

/// The page where a person sees what the job's provider took and billed.
pub(super) fn dashboard(app: &Around, job: &Job) -> Option<String> {
    let provider = app.catalog.provider(&job.request.model.provider)?;
    Some(provider.dashboard_url.clone()).filter(|url| !url.is_empty())
}

/// The model that takes the place of one that is gone, as the catalog says.
pub(super) fn successor(app: &Around, job: &Job) -> Option<ModelId> {
    job.error.as_ref().filter(|error| error.class == FailureClass::ModelGone)?;
    let old = app.catalog.model(&job.request.model)?;
    let provider = old.provider.clone();
    let id = ModelId { provider, model: old.status.successor.clone()? };
    app.catalog.model(&id).map(|model| model.key())
}
