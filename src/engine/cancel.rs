//! Stopping a job: at once while the provider does not have it, and by asking the provider where it can
//! stop one. Until the provider confirms, the job goes on: it may have finished before it heard.

use super::core::{Engine, target};
use super::live::Live;
use super::message::{Command, Now, Step};
use super::schedule::backoff_ms;
use crate::domain::event::JobEvent;
use crate::domain::job::{Charged, FailureClass, JobError, JobId, JobState};
use crate::domain::outcome::Trouble;

/// How often a provider that does not answer is asked to stop one job.
const MAX_ASKS: u32 = 5;

impl Engine {
    /// The user wants the job stopped; may be said again and again.
    pub(super) fn cancel(&mut self, id: JobId, now: Now, step: &mut Step) {
        let Some(live) = self.live.get_mut(&id) else { return };
        live.cancel_wanted = true;
        match live.job.state {
            JobState::Queued | JobState::RetryWait => {
                let message = "stopped before the provider had it".to_owned();
                let class = FailureClass::Provider;
                let error = JobError::ours(class, "canceled", message, Charged::NotCharged);
                let error = self.not_taken(id, error);
                self.record(id, JobEvent::Canceled { error }, now, step);
            }
            JobState::Running => self.ask_to_stop(id, now, step),
            // What is being sent is stopped once its fate is known: by then it has an id, or is back.
            _ => {}
        }
    }

    /// The job is not to be sent until the user says so. One that is being sent, or may have arrived, is not
    /// known to be unsent: it goes on, and is held only if the provider surely did not take it.
    pub(super) fn hold(&mut self, id: JobId, reason: String, now: Now, step: &mut Step) {
        let Some(live) = self.live.get_mut(&id) else { return };
        match live.job.state {
            JobState::Queued | JobState::RetryWait if !live.may_arrive => {
                self.record(id, JobEvent::Held { reason }, now, step);
            }
            _ => live.hold_wanted = Some(reason),
        }
    }

    /// Asks the provider to stop a running job, where it can.
    pub(super) fn ask_to_stop(&mut self, id: JobId, now: Now, step: &mut Step) {
        let Some(live) = self.live.get(&id) else { return };
        if self.can_cancel(&live.job.request.model.provider)
            && self.record(id, JobEvent::CancelAsked, now, step)
            && let Some(live) = self.live.get_mut(&id)
        {
            live.stop_due_ms = Some(now.mono_ms);
        }
    }

    /// Sends the stops that are due.
    pub(super) fn stop_due(&mut self, now: Now, step: &mut Step) {
        for live in self.live.values_mut() {
            if live.stops_at_ms().is_some_and(|due_ms| due_ms <= now.mono_ms) {
                live.stop_due_ms = None;
                live.stop_asks += 1;
                let provider = live.job.request.model.provider.clone();
                step.commands.push(Command::Cancel { provider, target: target(&live.job) });
            }
        }
    }

    /// The provider answered a stop, or did not.
    pub(super) fn stopped(
        &mut self,
        id: JobId,
        outcome: Result<bool, Trouble>,
        now: Now,
        step: &mut Step,
    ) {
        let dice = self.dice.throw();
        let Some(live) = self.live.get_mut(&id) else { return };
        match outcome {
            Ok(true) => {
                // Whether what was begun is charged stands in no provider's documents.
                let message = "the provider confirmed the stop".to_owned();
                let class = FailureClass::Provider;
                let error = JobError::ours(class, "canceled", message, Charged::Unknown);
                self.record(id, JobEvent::Canceled { error }, now, step);
            }
            // It did not stop it, most likely since it had finished: a poll tells.
            Ok(false) => live.due_ms = live.due_ms.map(|_| now.mono_ms),
            Err(trouble) if live.stop_asks < MAX_ASKS => {
                let wait_ms = backoff_ms(live.stop_asks, 60_000, dice);
                live.stop_due_ms = Some(now.mono_ms + trouble.retry_after_ms.unwrap_or(wait_ms));
            }
            Err(_) => {}
        }
    }
}

impl Live {
    /// When its provider is to be asked to stop it; nobody is, once it is rendered or ended.
    pub(super) fn stops_at_ms(&self) -> Option<u64> {
        self.stop_due_ms.filter(|_| self.job.state == JobState::Canceling)
    }
}
