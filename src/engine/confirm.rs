//! A lost reply is a state, not a failure (law 3): ask whether the provider has the job, and send it
//! again only when its records don't know it, under the same key.
//!
//! RunPod and Runbase know no idempotency key: a lost reply there is in doubt at once, and never sent again by
//! itself.

use super::core::{Engine, target};
use super::live::Live;
use super::message::{Command, Now, Step};
use super::missing::GRACE_MS;
use super::schedule::backoff_ms;
use crate::domain::event::JobEvent;
use crate::domain::job::{Charged, FailureClass, JobError, JobId, JobState};
use crate::domain::outcome::{Sighting, Trouble};
use crate::domain::wait::Unseen;

/// Polls that don't know a job before the provider's records are asked: about half a minute, in
/// which an accepted job becomes visible.
const POLLS_BEFORE_LOOK_UP: u32 = 5;
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
        let seems_unsent =
            |live: &Live| live.job.state.is_to_be_sent() || live.job.state == JobState::Held;
        if self.live.get(&id).is_some_and(seems_unsent) {
            let reason =
                "the journal beside the database knows that it was sent, and the database does not";
            self.unsure(id, reason.to_owned(), now, step);
        }
    }

    fn doubt(&mut self, id: JobId, reason: &str, now: Now, step: &mut Step) {
        let message = format!("{reason}; whether the provider has the job can't be found out");
        let error = JobError::ours(FailureClass::Lost, "inDoubt", message, Charged::Unknown);
        let asked_as = self.live.get(&id).and_then(|live| live.asked_as.clone());
        self.record(id, JobEvent::Doubted { error, asked_as }, now, step);
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

    /// A poll did not know the job, or said `unclear` of it.
    pub(super) fn not_seen(
        &mut self,
        id: JobId,
        unclear: Option<JobError>,
        now: Now,
        step: &mut Step,
    ) {
        let dice = self.dice.throw();
        let Some(live) = self.live.get_mut(&id) else { return };
        let state = live.job.state;
        let is_unclear = unclear.is_some();
        live.miss_by(unclear, now);
        if state == JobState::Confirming {
            let times = live.missing.as_ref().map_or(0, |missing| missing.times);
            live.due_ms = Some(now.mono_ms + backoff_ms(times + 1, 15_000, dice));
            return;
        }
        // That it is not known must be said by the records too.
        let parked = is_unclear && self.park_where_hopeless(id, now, step);
        if !parked && state != JobState::Downloading {
            self.schedule_poll(id, now);
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
            Ok(Sighting::Unclear(error)) if state == JobState::Confirming => {
                self.look_up_later(id, &Trouble { error, retry_after_ms: None }, dice, now);
            }
            Ok(Sighting::NotKnown) => self.not_in_records(id, None, now, step),
            Ok(Sighting::Unclear(error)) => self.not_in_records(id, Some(error), now, step),
            Err(trouble) => self.look_up_later(id, &trouble, dice, now),
        }
    }

    /// The records gave no answer.
    fn look_up_later(&mut self, id: JobId, trouble: &Trouble, dice: u64, now: Now) {
        if let Some(missing) = self.live.get_mut(&id).and_then(|live| live.missing.as_mut()) {
            let wait_ms = backoff_ms(missing.times, 60_000, dice);
            missing.times += 1;
            if let Some(live) = self.live.get_mut(&id) {
                let wait_ms = wait_ms.max(live.missing_pace_ms(now));
                live.due_ms = Some(now.mono_ms + trouble.retry_after_ms.unwrap_or(wait_ms));
            }
        }
    }

    /// Its provider's records don't know the job: only those of the account that it was sent with prove that
    /// it was not taken.
    fn may_send_again(&mut self, id: JobId, now: Now, step: &mut Step) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let reason = match live.unseen_by(live.asked_as.as_ref()) {
            Unseen::OtherAccount => {
                Some("no reply came, and what was asked is another account than it was sent with")
            }
            Unseen::AccountNotKept => Some(
                "no reply came, and an earlier version did not keep with which account it was sent",
            ),
            _ => None,
        };
        if let Some(reason) = reason {
            return self.doubt(id, reason, now, step);
        }
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
    /// This send was refused for good. What an earlier one came to may not be known: then the provider may have the
    /// job all the same, and the user can have it looked up.
    pub(super) fn refused(&mut self, id: JobId, error: JobError, now: Now, step: &mut Step) {
        let Some(live) = self.live.get(&id) else { return };
        let (may_arrive, asked_as) = (live.may_arrive, live.asked_as.clone());
        if may_arrive && live.job.state.is_to_be_sent() {
            // What keeps it from being sent again, such as another key, says nothing of the earlier send.
            return self.unsure(id, error.message, now, step);
        }
        let error = self.not_taken(id, error);
        let event = match may_arrive {
            true => JobEvent::Doubted { error, asked_as },
            false => JobEvent::Failed { error },
        };
        self.record(id, event, now, step);
    }

    /// `error`, of a job that the provider does not have. It costs nothing, unless an earlier send of
    /// unknown fate arrives after all.
    pub(super) fn not_taken(&self, id: JobId, error: JobError) -> JobError {
        let may_arrive = self.live.get(&id).is_some_and(|live| live.may_arrive);
        let charged = if may_arrive { Charged::Unknown } else { error.charged };
        JobError { charged, ..error }
    }
}

impl Live {
    /// The provider has it, or will be given it anew: what was not known before no longer counts.
    pub(super) fn now_known(&mut self) {
        self.missing = None;
    }

    /// Whether polls have failed to find the job often enough to ask the records.
    pub(super) fn wants_look_up(&self) -> bool {
        let Some(missing) = &self.missing else { return false };
        let waited_ms = self.due_ms.map_or(0, |due_ms| due_ms.saturating_sub(missing.since_ms));
        missing.times >= POLLS_BEFORE_LOOK_UP
            && match self.job.state {
                JobState::Confirming => true,
                JobState::Running | JobState::Canceling => waited_ms >= GRACE_MS,
                _ => false,
            }
    }
}
