//! A live job in memory: what need not be stored, since a new process finds it out anew.

use std::collections::BTreeMap;

use super::message::Now;
use super::missing::Missing;
use super::schedule::poll_wait_ms;
use crate::domain::account::Account;
use crate::domain::job::{FailureClass, Inline, Job, JobState};
use crate::domain::outcome::SaveTroubleKind;

/// A provider that still says "processing" after this long will not finish.
const MAX_RUNNING_MS: u64 = 24 * 3_600_000;
/// Nothing is given up for its age before this process has watched it for this long: the wall clock that
/// the age is read from may have jumped.
const LEAST_WATCH_MS: u64 = 3_600_000;

/// A job that is not at its end, with what need not be stored.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) job: Job,
    /// When it started to wait for the provider, on the monotonic clock; below zero where that was
    /// before the clock's start.
    pub(super) started_ms: i64,
    pub(super) expected_ms: u64,
    /// Since when this process watches it, on the monotonic clock.
    pub(super) watched_since_ms: u64,
    /// A send whose fate nobody knows may still arrive, although the provider does not know the job.
    pub(super) may_arrive: bool,
    /// When something is to be done for it; none while a reply is awaited.
    pub(super) due_ms: Option<u64>,
    /// How long it was to wait for its next poll, when it was last told to.
    pub(super) poll_wait_ms: u64,
    /// Whether it is being made ready to be sent. Nothing of that is stored: until it is ready nobody sends it.
    pub(super) preparing: bool,
    /// How often it could not be made ready.
    pub(super) unready: u32,
    /// Whether a poll that asks for it is under way.
    pub(super) polling: bool,
    /// Why it is not seen, where it is not.
    pub(super) missing: Option<Missing>,
    /// What kind of trouble the questions for it meet, and since when on the monotonic clock; none once one was
    /// answered.
    pub(super) unanswered: Option<(FailureClass, u64)>,
    /// The account that was asked for it last.
    pub(super) asked_as: Option<Account>,
    pub(super) progress_percent: Option<u8>,
    /// The user wants it stopped: it is not sent again, should the provider not have it.
    pub(super) cancel_wanted: bool,
    /// Why it is not sent again, should the provider surely not have taken it; none where it may be.
    pub(super) hold_wanted: Option<String>,
    /// When the provider is to be asked to stop it; none while that is not wanted, or a reply awaited.
    pub(super) stop_due_ms: Option<u64>,
    /// How often it was asked.
    pub(super) stop_asks: u32,
    pub(super) saves: BTreeMap<usize, Save>,
    /// The addresses of results without ids, as they were told last.
    pub(super) told: Vec<String>,
}

/// The saving of one result.
#[derive(Debug, Default)]
pub(super) struct Save {
    pub(super) tries: u32,
    /// How its address failed; none while it has not.
    pub(super) trouble: Option<SaveTroubleKind>,
    /// A newer address, for the next try. It is stored with that: a service that signs anew each time it is asked
    /// would fill the log.
    pub(super) newer: Option<String>,
    /// The clip itself, where it came within an answer. No event has it: a new process asks for it anew.
    pub(super) inline: Option<Inline>,
    /// How often a newer one was tried at once.
    pub(super) moves: u32,
    /// The file that the service gives breaks off.
    pub(super) cuts: Option<Cuts>,
    /// How often the clip of another result came.
    pub(super) others: usize,
    /// Whether such a file is taken.
    pub(super) keep_cut: bool,
    /// When to try again; none while it is being saved, or given up.
    pub(super) due_ms: Option<u64>,
}

/// A file that breaks off each time, at the same place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cuts {
    pub(super) times: u32,
    pub(super) since_ms: u64,
    pub(super) bytes: u64,
}

impl Live {
    /// Whether the provider is asked for it by polls.
    pub(super) fn is_polled(&self) -> bool {
        match self.job.state {
            JobState::Running | JobState::Canceling => true,
            JobState::Confirming => !self.wants_look_up(),
            // A result whose address died needs a new one.
            JobState::Downloading => self.saves.values().any(Save::wants_address),
            _ => false,
        }
    }

    /// When something is done for it next; `None` while a reply or a file is awaited.
    pub(super) fn next_ms(&self) -> Option<u64> {
        let saves = self.saves.values().filter_map(|save| save.due_ms);
        match self.job.state {
            JobState::Downloading => saves.chain(self.due_ms).min(),
            _ => self.due_ms,
        }
    }

    /// Whether the provider is at work on it.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.job.state, JobState::Running | JobState::Canceling)
    }

    pub(super) fn schedule_poll(&mut self, now: Now) {
        let elapsed_ms = (now.mono_ms as i64 - self.started_ms).max(0) as u64;
        let wait_ms = poll_wait_ms(elapsed_ms, self.expected_ms);
        self.poll_wait_ms = wait_ms.max(self.missing_pace_ms(now));
        self.due_ms = Some(now.mono_ms + self.poll_wait_ms);
    }

    /// Whether the provider has had the job for longer than any render takes.
    pub(super) fn is_overdue(&self, now: Now) -> bool {
        self.age_ms(now) > MAX_RUNNING_MS && self.is_watched_long(now)
    }

    /// How long the job has stood where it stands, by the wall clock: with the provider, or rendered. Nothing
    /// where that clock was put back.
    pub(super) fn age_ms(&self, now: Now) -> u64 {
        u64::try_from(now.wall.duration_since(self.job.since).as_millis()).unwrap_or(0)
    }

    /// Whether this process has watched the job for long enough to believe in its age.
    pub(super) fn is_watched_long(&self, now: Now) -> bool {
        now.mono_ms - self.watched_since_ms >= LEAST_WATCH_MS
    }
}
