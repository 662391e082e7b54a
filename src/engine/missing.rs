//! A job that its provider has accepted and does not show: asked for later and later, and put in doubt only
//! when the provider's own time for it is over. Nothing here ends a job.

use super::core::{Engine, STANDSTILL_MS};
use super::live::Live;
use super::message::{Now, Step};
use crate::domain::account::Account;
use crate::domain::event::JobEvent;
use crate::domain::job::{Charged, FailureClass, JobError, JobId};
use crate::domain::wait::Unseen;

/// A job must be missed for this long before its provider's records are asked, or its age counts: a deployed
/// client of RunPod waits as long for a job that was just submitted to become visible.
pub(super) const GRACE_MS: u64 = 150_000;
/// Answers that may be about the question are asked past for this long.
const UNCLEAR_MS: u64 = 24 * 3_600_000;
/// A job that is missed for long is asked for after this part of that time, and this long at most.
const PACE: u64 = 8;
const SLOWEST_MS: u64 = 600_000;

/// How long, and why, a job is missed.
#[derive(Debug)]
pub(super) struct Missing {
    /// Answers in a row that did not show it, since the records were asked last.
    pub(super) times: u32,
    /// Since when, on the monotonic clock.
    pub(super) since_ms: u64,
    /// What the last of them was.
    pub(super) why: Unseen,
    /// What the provider said instead.
    error: Option<JobError>,
}

impl Live {
    /// An answer did not show the job.
    pub(super) fn miss(&mut self, why: Unseen, error: Option<JobError>, now: Now) {
        let missing = self.missing.get_or_insert(Missing {
            times: 0,
            since_ms: now.mono_ms,
            why,
            error: None,
        });
        missing.times += 1;
        missing.why = why;
        missing.error = error;
    }

    /// An answer did not know the job, or said `unclear` of it.
    pub(super) fn miss_by(&mut self, unclear: Option<JobError>, now: Now) {
        let why = match &unclear {
            Some(error) => Unseen::Unclear(error.class),
            None => self.unseen_by(self.asked_as.as_ref()),
        };
        self.miss(why, unclear, now);
    }

    /// Why an account that does not know the job is no news, or is.
    pub(super) fn unseen_by(&self, account: Option<&Account>) -> Unseen {
        match self.job.account.as_ref() == account {
            true => Unseen::NotKnown,
            false => Unseen::OtherAccount,
        }
    }

    /// Why nothing is seen of the job, and since when on the monotonic clock.
    pub(super) fn unseen(&self) -> Option<(Unseen, u64)> {
        let missing = self.missing.as_ref().map(|missing| (missing.why, missing.since_ms));
        missing.or(self.unanswered.map(|(class, since_ms)| (Unseen::NoAnswer(class), since_ms)))
    }

    /// The least wait before it is asked for again.
    pub(super) fn missing_pace_ms(&self, now: Now) -> u64 {
        let missing = self.missing.as_ref();
        missing.map_or(0, |missing| (now.mono_ms - missing.since_ms) / PACE).min(SLOWEST_MS)
    }
}

impl Engine {
    /// The records do not show an accepted job either: polls ask on, unless its time is over.
    pub(super) fn not_in_records(
        &mut self,
        id: JobId,
        unclear: Option<JobError>,
        now: Now,
        step: &mut Step,
    ) {
        let Some(live) = self.live.get_mut(&id) else { return };
        live.miss_by(unclear, now);
        if let Some(missing) = &mut live.missing {
            missing.times = 0;
        }
        if !self.park_where_hopeless(id, now, step) {
            self.schedule_poll(id, now);
        }
    }

    /// Puts a job in doubt that is missed for longer than its provider can have it.
    pub(super) fn park_where_hopeless(&mut self, id: JobId, now: Now, step: &mut Step) -> bool {
        let Some(live) = self.live.get(&id) else { return false };
        let Some(missing) = &live.missing else { return false };
        let provider = self.providers.get(&live.job.request.model.provider);
        let lifetime_ms = match missing.why {
            Unseen::NotKnown | Unseen::OtherAccount => {
                provider.map_or(u64::MAX, |provider| provider.record_lifetime_ms)
            }
            Unseen::Unclear(_) => UNCLEAR_MS,
            // What is not answered says nothing of the job, which may be done long since.
            Unseen::NoAnswer(_) => i64::MAX as u64,
            Unseen::NoAddress => STANDSTILL_MS,
        };
        let missed_ms = now.mono_ms - missing.since_ms;
        let aged = live.age_ms(now) > lifetime_ms
            && live.is_watched_long(now)
            && missed_ms >= GRACE_MS;
        if missed_ms < lifetime_ms && !aged {
            return false;
        }
        let error = why_given_up(missing);
        self.park(id, error, now, step);
        true
    }

    /// Nothing more is heard of the job, as `error` says. What is there of it is kept; where there is nothing it
    /// is in doubt, and can be asked for again.
    pub(super) fn park(&mut self, id: JobId, error: JobError, now: Now, step: &mut Step) {
        let Some(live) = self.live.get(&id) else { return };
        if live.job.outputs.is_empty() {
            let asked_as = live.asked_as.clone();
            self.record(id, JobEvent::Doubted { error, asked_as }, now, step);
            return;
        }
        self.record(id, JobEvent::OutputFailed { error }, now, step);
        self.record(id, JobEvent::Rendered, now, step);
        self.finish(id, now, step);
    }
}

fn why_given_up(missing: &Missing) -> JobError {
    let (class, code, message) = match missing.why {
        Unseen::NotKnown => {
            (FailureClass::Lost, "lost", "the provider no longer knows the job".to_owned())
        }
        Unseen::OtherAccount => (
            FailureClass::Lost,
            "otherAccount",
            "the provider does not know the job, and was asked with another key or at another address than it \
             was sent with"
                .to_owned(),
        ),
        Unseen::Unclear(class) => {
            let said = missing.error.as_ref().map_or("", |error| error.message.as_str());
            (class, "unclear", format!("the provider answered for a day with trouble: {said}"))
        }
        Unseen::NoAnswer(class) => (class, "noAnswer", "the provider gave no answer".to_owned()),
        Unseen::NoAddress => (
            FailureClass::Provider,
            "noAddress",
            "the provider says that the job is done, and gives no address for its clip".to_owned(),
        ),
    };
    JobError::ours(class, code, message, Charged::Unknown)
}
