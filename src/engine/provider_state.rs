//! What the engine knows of one provider: its places, what it said last, when it may be polled.

use super::schedule::poll_pace_ms;
use crate::domain::catalog::Provider;
use crate::domain::job::{FailureClass, JobError};

/// The most polls at once where each asks for one job: one that hangs must not hold up the others.
const MAX_POLLS: usize = 8;

/// The most jobs that one poll asks for.
const MAX_JOBS_A_POLL: usize = 100;

/// What is known of one provider.
#[derive(Debug)]
pub(super) struct ProviderState {
    pub(super) max_live_jobs: usize,
    pub(super) can_cancel: bool,
    pub(super) can_look_up: bool,
    /// How long it knows a job.
    pub(super) record_lifetime_ms: u64,
    /// How long it keeps a file.
    pub(super) result_lifetime_ms: u64,
    /// No submit before this time, after the provider said that it has no room.
    pub(super) closed_until_ms: u64,
    /// What it said then.
    pub(super) closed_for: FailureClass,
    /// Polls that failed in a row.
    pub(super) failed_polls: u32,
    /// Why the last poll failed; none once one was answered.
    pub(super) trouble: Option<JobError>,
    /// No poll before this time, after one that failed.
    pub(super) next_poll_ms: u64,
    /// Whether one poll asks for many jobs.
    pub(super) polls_together: bool,
    /// For how many at the most.
    pub(super) jobs_a_poll: usize,
    /// How far apart polls are at the least, so that they leave some of the provider's limit to submits.
    pub(super) pace_ms: u64,
    /// No poll before this time, by that pace.
    pub(super) paced_ms: u64,
    /// How many polls are under way.
    pub(super) polls: usize,
}

impl ProviderState {
    pub(super) fn new(provider: &Provider) -> Self {
        Self {
            max_live_jobs: provider.max_live_jobs.max(1),
            can_cancel: provider.can_cancel,
            can_look_up: provider.can_look_up,
            record_lifetime_ms: provider.record_lifetime_ms(),
            result_lifetime_ms: provider.result_lifetime_ms(),
            closed_until_ms: 0,
            closed_for: FailureClass::Capacity,
            failed_polls: 0,
            trouble: None,
            next_poll_ms: 0,
            polls_together: provider.protocol.asks_for_many(),
            jobs_a_poll: if provider.protocol.asks_for_many() { MAX_JOBS_A_POLL } else { 1 },
            pace_ms: provider.requests.map_or(0, poll_pace_ms),
            paced_ms: 0,
            polls: 0,
        }
    }

    /// An answer about `asked` jobs was of no use: what spoils it for one must not hide the others, so fewer are
    /// asked for together.
    pub(super) fn ask_for_fewer(&mut self, asked: usize) {
        self.jobs_a_poll = (asked / 2).max(1);
    }

    /// An answer was read.
    pub(super) fn ask_for_more(&mut self) {
        let most = if self.polls_together { MAX_JOBS_A_POLL } else { 1 };
        self.jobs_a_poll = (self.jobs_a_poll * 2).min(most);
    }

    /// When the next poll may start; none while as many as may be are under way.
    pub(super) fn polls_from_ms(&self) -> Option<u64> {
        let max = if self.polls_together { 1 } else { MAX_POLLS };
        (self.polls < max).then_some(self.next_poll_ms.max(self.paced_ms))
    }
}
