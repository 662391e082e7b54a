//! A job that its provider has accepted and does not show, or not wholly: asked for later and later, and put in
//! doubt only when the provider's own time for it is over. Nothing here ends a job for good.

use std::mem::discriminant;

use super::core::Engine;
use super::live::Live;
use super::message::{Now, Step};
use super::results::distinct;
use crate::domain::account::Account;
use crate::domain::event::JobEvent;
use crate::domain::job::{Charged, FailureClass, JobError, JobId};
use crate::domain::outcome::Report;
use crate::domain::wait::Unseen;

/// A job must be missed for this long before its provider's records are asked, or its age counts: a deployed
/// client of RunPod waits as long for a job that was just submitted to become visible.
pub(super) const GRACE_MS: u64 = 150_000;
/// Answers that may be about the question are asked past for this long.
const UNCLEAR_MS: u64 = 24 * 3_600_000;
/// For so long a provider is asked for an address that it fails to give. A report that stands still for as long
/// tells no new failure in the words of an old one.
pub(super) const STANDSTILL_MS: u64 = 600_000;
/// A job that is missed for long is asked for after this part of that time, and this long at most.
const PACE: u64 = 8;
const SLOWEST_MS: u64 = 600_000;

/// How long, and why, a job is missed.
#[derive(Debug)]
pub(super) struct Missing {
    /// Answers in a row that did not show it, since the records were asked last.
    pub(super) times: u32,
    /// Since when, on the monotonic clock, for whatever reason.
    pub(super) since_ms: u64,
    /// What the last of them was.
    pub(super) why: Unseen,
    /// Since when they are of that kind: what was before says nothing of how long this may last.
    why_since_ms: u64,
    /// What the provider said instead.
    error: Option<JobError>,
}

impl Live {
    fn miss(&mut self, why: Unseen, error: Option<JobError>, now: Now) -> &mut Missing {
        let missing = self.missing.get_or_insert(Missing {
            times: 0,
            since_ms: now.mono_ms,
            why,
            why_since_ms: now.mono_ms,
            error: None,
        });
        if discriminant(&missing.why) != discriminant(&why) {
            missing.why_since_ms = now.mono_ms;
        }
        missing.why = why;
        missing.error = error;
        missing
    }

    /// An answer did not know the job, or said `unclear` of it.
    pub(super) fn miss_by(&mut self, unclear: Option<JobError>, now: Now) {
        let why = match &unclear {
            Some(error) => Unseen::Unclear(error.class),
            None => self.unseen_by(self.asked_as.as_ref()),
        };
        self.miss(why, unclear, now).times += 1;
    }

    /// A report showed the job, and what is still to come of it not wholly; `is_news` where it had anything new.
    pub(super) fn miss_the_rest(&mut self, report: &Report, is_news: bool, now: Now) {
        let why = self.untold(report);
        if is_news || why.is_none() {
            self.now_known();
        }
        if let Some(why) = why {
            self.miss(why, report.unclear.clone(), now).times = 0;
        }
    }

    /// Why what is still to come of the job is not seen in `report`; none while the provider is at work on any.
    fn untold(&self, report: &Report) -> Option<Unseen> {
        if report.pending > report.no_address {
            return None;
        }
        if let Some(error) = &report.unclear {
            return Some(Unseen::Unclear(error.class));
        }
        let told = self.job.outputs.len() + distinct(&report.failures).len() + report.no_address;
        let all = report.no_address > 0 && told >= self.job.request.results as usize;
        Some(if all { Unseen::NoAddress } else { Unseen::Untold })
    }

    /// Whether a report that tells of some results alone has stood still for long.
    pub(super) fn stands_still(&self, now: Now) -> bool {
        self.missing.as_ref().is_some_and(|missing| {
            missing.why == Unseen::Untold && now.mono_ms - missing.why_since_ms >= STANDSTILL_MS
        })
    }

    /// Why an account that does not know the job is no news, or is.
    pub(super) fn unseen_by(&self, account: Option<&Account>) -> Unseen {
        match (&self.job.account, account) {
            (sent_as, asked_as) if sent_as.as_ref() == asked_as => Unseen::NotKnown,
            (None, _) => Unseen::AccountNotKept,
            (Some(_), _) => Unseen::OtherAccount,
        }
    }

    /// Why nothing is seen of the job, and since when on the monotonic clock.
    pub(super) fn unseen(&self) -> Option<(Unseen, u64)> {
        let missing = self.missing.as_ref().map(|missing| (missing.why, missing.why_since_ms));
        missing.or(self.unanswered.map(|(class, since_ms)| (Unseen::NoAnswer(class), since_ms)))
    }

    /// The least wait before it is asked for again.
    pub(super) fn missing_pace_ms(&self, now: Now) -> u64 {
        match &self.missing {
            // Where results come one by one, the next is awaited as the first was.
            Some(missing) if missing.why == Unseen::Untold && !self.stands_still(now) => 0,
            Some(missing) => ((now.mono_ms - missing.since_ms) / PACE).min(SLOWEST_MS),
            None => 0,
        }
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
        let longest_ms = match missing.why {
            Unseen::NotKnown | Unseen::OtherAccount | Unseen::AccountNotKept => {
                provider.map(|provider| provider.record_lifetime_ms)
            }
            Unseen::Unclear(_) => Some(UNCLEAR_MS),
            Unseen::NoAddress => Some(STANDSTILL_MS),
            // What is not answered says nothing of the job, which may be done long since; and what is not told
            // wholly is there until it is overdue.
            Unseen::NoAnswer(_) | Unseen::Untold => None,
        };
        let Some(longest_ms) = longest_ms else { return false };
        // That it is older than its provider knows jobs makes it plain that it does not know it.
        let aged = missing.why.is_unknown()
            && live.age_ms(now) > longest_ms
            && live.is_watched_long(now)
            && now.mono_ms - missing.since_ms >= GRACE_MS;
        if now.mono_ms - missing.why_since_ms < longest_ms && !aged {
            return false;
        }
        let error = missing.why_given_up();
        self.park(id, error, now, step);
        true
    }

    /// Nothing more is heard of the job, as `error` says. What is there of it is kept; where there is nothing it
    /// is in doubt, and can be asked for again.
    pub(super) fn park(&mut self, id: JobId, error: JobError, now: Now, step: &mut Step) {
        debug_assert!(error.is_given_up(), "'{}' could not be looked up", error.code);
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

impl Missing {
    /// What stands on the job where it is asked for no longer.
    pub(super) fn why_given_up(&self) -> JobError {
        let (class, code, message) = match self.why {
            Unseen::NotKnown => {
                (FailureClass::Lost, "lost", "the provider no longer knows the job".to_owned())
            }
            Unseen::OtherAccount => (
                FailureClass::Lost,
                "otherAccount",
                "the provider does not know the job, and was asked with another key or at another address than \
                 it was sent with"
                    .to_owned(),
            ),
            Unseen::AccountNotKept => (
                FailureClass::Lost,
                "accountNotKept",
                "the provider does not know the job, and an earlier version did not keep with which key, and at \
                 which address, it was sent"
                    .to_owned(),
            ),
            Unseen::Unclear(class) => {
                let said = self.error.as_ref().map_or("", |error| error.message.as_str());
                (class, "unclear", format!("the provider answers with trouble alone: {said}"))
            }
            Unseen::NoAnswer(class) => {
                (class, "noAnswer", "the provider gave no answer".to_owned())
            }
            Unseen::NoAddress => (
                FailureClass::Provider,
                "noAddress",
                "the provider says that the job is done, and gives no address for its clip".to_owned(),
            ),
            Unseen::Untold => (
                FailureClass::Provider,
                "untold",
                "more than a day after it took the job the provider tells of some of its results, and nothing of \
                 the others"
                    .to_owned(),
            ),
        };
        JobError::ours(class, code, message, Charged::Unknown)
    }
}
