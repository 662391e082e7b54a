//! The whole table: where each event leads from each state. What is not listed is ignored.

use crate::domain::event::JobEvent as E;
use crate::domain::job::JobState::{self, *};

/// The state that `event` leads to from `state`, or nothing where the event has no effect there.
///
/// Ends absorb (law 7): they have no row but one, since what was given up may be there after all.
pub fn transition(state: JobState, event: &E) -> Option<JobState> {
    match (state, event) {
        (Queued | RetryWait, E::Sent) => Some(Submitting),
        (Queued | RetryWait | Canceling | Held, E::Canceled { .. }) => Some(Canceled),
        (Queued | RetryWait, E::Held { .. }) => Some(Held),
        // As the two below, from the user alone.
        (Held, E::Released { .. }) => Some(Queued),
        (Submitting | Confirming, E::Accepted { .. }) => Some(Running),
        // From the first two where it could not even be made ready.
        (Queued | RetryWait | Submitting, E::Postponed { .. }) => Some(RetryWait),
        // From all but the last where another witness than the database knows that it was sent.
        (Queued | RetryWait | Held | Submitting, E::OutcomeUnknown { .. }) => Some(Confirming),
        (Confirming, E::NotFound) => Some(RetryWait),
        (
            Submitting | Confirming | Running | Canceling | Downloading | InDoubt | Held,
            E::Doubted { .. },
        ) => Some(InDoubt),
        // Nobody but the user, or another key, brings these: the provider was asked, or the job is given up.
        (InDoubt, E::Accepted { .. }) => Some(Running),
        (InDoubt | Succeeded | Failed | Expired, E::Recovered { .. }) => Some(Running),
        (InDoubt, E::Closed { .. }) => Some(Failed),
        // Not while it is being sent: the reply to that brings the id that a stop must name.
        (Running, E::CancelAsked) => Some(Canceling),
        (Running | Canceling, E::OutputReady { .. } | E::OutputFailed { .. }) => Some(state),
        (Running | Canceling, E::Rendered) => Some(Downloading),
        (
            Running | Canceling | Downloading,
            E::OutputMoved { .. } | E::Saved { .. } | E::SaveFailed { .. } | E::OutputLost { .. },
        ) => Some(state),
        (Downloading, E::Succeeded) => Some(Succeeded),
        (Downloading, E::Expired { .. }) => Some(Expired),
        (Queued | Submitting | Confirming | Running | RetryWait | Canceling, E::Failed { .. }) => {
            Some(Failed)
        }
        _ => None,
    }
}
