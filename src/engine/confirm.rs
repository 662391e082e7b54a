//! A lost reply is a state, not a failure (law 3): ask whether the provider has the job, and send it
//! again only when its records don't know it, under the same key.

use super::core::{Engine, Live, target};
use super::message::{Command, Now, Step};
use super::schedule::backoff_ms;
use crate::domain::event::JobEvent;
use crate::domain::job::{Charged, FailureClass, Job, JobError, JobId, JobState};
use crate::domain::outcome::{Sighting, Trouble};

/// Polls that don't know a job before the provider's records are asked: about half a minute, in
/// which an accepted job becomes visible.
const POLLS_BEFORE_LOOK_UP: u32 = 5;
/// A running job must be unknown this long before its records are asked: a deployed client of RunPod
/// waits as long for a job that was just submitted to become visible.
const UNKNOWN_GRACE_MS: u64 = 150_000;
/// After a longer gap nobody promises that the provider still knows the key, so only the user may
/// send the job again.
const LONGEST_GAP_MS: i64 = 15 * 60_000;
/// The most times that a job of unknown outcome is sent again.
const MAX_RESENDS: u32 = 5;

impl Engine {
    /// The reply to a submit was lost.
    pub(super) fn unsure(&mut self, id: JobId, reason: String, now: Now, step: &mut Step) {
        if !self.record(id, JobEvent::OutcomeUnknown { reason: reason.clone() }, now, step) {
            return;
        }
        let Some(live) = self.live.get_mut(&id) else { return };
        live.now_known();
        live.may_arrive = true;
        live.due_ms = Some(now.mono_ms + 1000);
        let provider = live.job.request.model.provider.clone();
        if !self.can_look_up(&provider) {
            self.doubt(id, &reason, now, step);
        }
    }

    /// The database does not know that the job was sent, and another witness does: its newest writes were
    /// lost, or it is an older copy.
    pub(super) fn was_sent(&mut self, id: JobId, now: Now, step: &mut Step) {
        let is_to_be_sent =
            |live: &Live| matches!(live.job.state, JobState::Queued | JobState::RetryWait);
        if self.live.get(&id).is_some_and(is_to_be_sent) {
            let reason =
                "the journal beside the database knows that it was sent, and the database does not";
            self.unsure(id, reason.to_owned(), now, step);
        }
    }

    fn doubt(&mut self, id: JobId, reason: &str, now: Now, step: &mut Step) {
        let message = format!("{reason}; whether the provider has the job can't be found out");
        let error = JobError::ours(FailureClass::Lost, "inDoubt", message, Charged::Unknown);
        self.record(id, JobEvent::Doubted { error }, now, step);
    }

    /// Asks the records for the jobs that polls don't know.
    pub(super) fn look_up_due(&mut self, now: Now, step: &mut Step) {
        for id in self.interrupted() {
            self.unsure(id, "the program ended while it was being sent".to_owned(), now, step);
            if let Some(live) = self.live.get_mut(&id) {
                live.due_ms = Some(now.mono_ms);
            }
        }
        for live in self.live.values_mut() {
            if live.wants_look_up() && live.due_ms.is_some_and(|due_ms| due_ms <= now.mono_ms) {
                live.due_ms = None;
                let provider = live.job.request.model.provider.clone();
                step.commands.push(Command::LookUp { provider, target: target(&live.job) });
            }
        }
    }

    /// A poll did not know the job.
    pub(super) fn not_known(&mut self, id: JobId, now: Now) {
        let dice = self.dice.throw();
        let Some(live) = self.live.get_mut(&id) else { return };
        live.unknown += 1;
        live.unknown_since_ms.get_or_insert(now.mono_ms);
        if live.job.state == JobState::Confirming {
            live.due_ms = Some(now.mono_ms + backoff_ms(live.unknown + 1, 15_000, dice));
        } else {
            live.schedule_poll(now);
        }
    }

    /// The provider's records answered, or did not.
    pub(super) fn looked_up(
        &mut self,
        id: JobId,
        outcome: Result<Sighting, Trouble>,
        now: Now,
        step: &mut Step,
    ) {
        let dice = self.dice.throw();
        let Some(live) = self.live.get_mut(&id) else { return };
        let state = live.job.state;
        match outcome {
            Ok(Sighting::Seen(report)) => {
                live.now_known();
                self.seen(id, report, "the provider's records have it", now, step);
            }
            Ok(Sighting::NotKnown) if state == JobState::Confirming => {
                self.may_send_again(id, now, step);
            }
            Ok(Sighting::NotKnown) => {
                let message = "the provider no longer knows the job".to_owned();
                let error = JobError::ours(FailureClass::Lost, "lost", message, Charged::Unknown);
                self.give_up(id, error, now, step);
            }
            Err(trouble) => {
                let wait_ms = backoff_ms(live.unknown, 60_000, dice);
                live.unknown += 1;
                live.due_ms = Some(now.mono_ms + trouble.retry_after_ms.unwrap_or(wait_ms));
            }
        }
    }

    fn may_send_again(&mut self, id: JobId, now: Now, step: &mut Step) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let sent_at = live.job.sent_at.unwrap_or(live.job.created_at);
        // The wall clock may have been put back, and the other one does not count a laptop's sleep.
        let by_wall_ms = now.wall.duration_since(sent_at).as_millis() as i64;
        let gap_ms = by_wall_ms.max(now.mono_ms as i64 - live.started_ms);
        if gap_ms > LONGEST_GAP_MS || live.job.sends > MAX_RESENDS {
            return self.doubt(id, "no reply came, and its records don't know the job", now, step);
        }
        live.now_known();
        live.due_ms = Some(now.mono_ms);
        let stop = live.cancel_wanted;
        self.record(id, JobEvent::NotFound, now, step);
        if stop {
            self.cancel(id, now, step);
        }
    }
}

impl Engine {
    /// `error`, of a job that the provider does not have. It costs nothing, unless an earlier send of
    /// unknown fate arrives after all.
    pub(super) fn not_taken(&self, id: JobId, error: JobError) -> JobError {
        let may_arrive = self.live.get(&id).is_some_and(|live| live.may_arrive);
        let charged = if may_arrive { Charged::Unknown } else { error.charged };
        JobError { charged, ..error }
    }
}

/// Whether a send that an earlier process knew nothing of may still arrive. A job that was sent again may
/// have been refused each time; nothing stored tells that from a reply that was lost.
pub(super) fn may_arrive(job: &Job) -> bool {
    match job.state {
        JobState::Submitting | JobState::Confirming => true,
        JobState::RetryWait => job.sends > 1 || job.error.is_none(),
        _ => false,
    }
}

impl Live {
    /// The provider has it, or will be given it anew: what was not known before no longer counts.
    pub(super) fn now_known(&mut self) {
        (self.unknown, self.unknown_since_ms) = (0, None);
    }

    /// Whether polls have failed to find the job often enough to ask the records.
    pub(super) fn wants_look_up(&self) -> bool {
        let waited_ms = self
            .due_ms
            .zip(self.unknown_since_ms)
            .map_or(0, |(due_ms, since_ms)| due_ms.saturating_sub(since_ms));
        self.unknown >= POLLS_BEFORE_LOOK_UP
            && match self.job.state {
                JobState::Confirming => true,
                JobState::Running | JobState::Canceling => waited_ms >= UNKNOWN_GRACE_MS,
                _ => false,
            }
    }
}
