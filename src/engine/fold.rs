//! What an event makes of a job. Folding all of a job's events gives the stored row.

use jiff::Timestamp;

use super::transition::transition;
use crate::domain::event::JobEvent;
use crate::domain::job::{FailureClass, Job};

/// Applies `event` to `job`; `false` where the event has no effect in the job's state.
pub fn apply(job: &mut Job, event: &JobEvent, at: Timestamp) -> bool {
    if let JobEvent::Created { job: created } = event {
        *job = (**created).clone();
        return true;
    }
    let Some(state) = transition(job.state, event) else { return false };
    if state != job.state {
        job.state = state;
        job.since = at;
    }
    job.updated_at = at;
    job.held = None;
    match event {
        JobEvent::Held { reason } => job.held = Some(reason.clone()),
        JobEvent::Released { over_limit, estimate } => {
            job.over_limit |= over_limit;
            if let Some(now) = estimate {
                job.estimate.clone_from(now);
            }
        }
        JobEvent::Sent => {
            job.sends = job.sends.saturating_add(1);
            job.sent_at = Some(at);
        }
        JobEvent::Accepted { remote_id, charge, .. } => {
            job.accepted_at = Some(at);
            job.remote_id.clone_from(remote_id);
            job.taken = *charge;
            job.error = None;
        }
        JobEvent::Rendered => job.rendered_at = Some(at),
        JobEvent::OutputReady { output } => job.outputs.push(output.clone()),
        JobEvent::OutputMoved { index, url } => {
            if let Some(output) = job.outputs.get_mut(*index) {
                output.url.clone_from(url);
            }
        }
        JobEvent::Saved { index, file } => {
            if let Some(output) = job.outputs.get_mut(*index) {
                output.file = Some(file.clone());
            }
            // What kept a file from being saved is over; a result that failed or was lost is not.
            job.error = job.failures.last().cloned();
        }
        JobEvent::OutputFailed { error } => {
            job.failures.push(error.clone());
            job.error = Some(error.clone());
        }
        JobEvent::SaveFailed { error, .. } => {
            job.download_tries = job.download_tries.saturating_add(1);
            job.error = Some(error.clone());
        }
        JobEvent::OutputLost { index, error } => {
            if let Some(output) = job.outputs.get_mut(*index) {
                output.lost = true;
            }
            job.failures.push(error.clone());
            job.error = Some(error.clone());
        }
        JobEvent::Doubted { error, asked_as } => {
            job.asked_as.clone_from(asked_as);
            job.error = Some(error.clone());
        }
        JobEvent::Recovered { .. } => recover(job),
        JobEvent::Postponed { error, .. }
        | JobEvent::Failed { error }
        | JobEvent::Expired { error }
        | JobEvent::Canceled { error }
        | JobEvent::Closed { error } => job.error = Some(error.clone()),
        JobEvent::Created { .. }
        | JobEvent::OutcomeUnknown { .. }
        | JobEvent::NotFound
        | JobEvent::Succeeded
        | JobEvent::CancelAsked => {}
    }
    true
}

/// What was lost is to be had again; what failed at the provider stays so.
fn recover(job: &mut Job) {
    for output in job.outputs.iter_mut().filter(|output| output.lost) {
        output.lost = false;
        // A lost result's error is always of this class.
        let error = job.failures.iter().rposition(|error| error.class == FailureClass::Expired);
        if let Some(nr) = error {
            job.failures.remove(nr);
        }
    }
    job.failures.retain(|error| !error.is_given_up());
    job.asked_as = None;
    job.error = job.failures.last().cloned();
}
