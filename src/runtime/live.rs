//! The live jobs as a driver or a follower sees them: what is stored, and what is only shown.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::limiter::Waiting;
use super::save::Progress;
use crate::domain::job::{FailureClass, Job, JobError, JobId};
use crate::domain::wait::{Stuck, Wait};
use crate::engine::{Held, Now, Watched};

/// A job that its provider does not show is told of after this long: a new one is not seen at once.
const UNSEEN_SHOWN_MS: u64 = 20_000;

/// The live jobs as they are now. Later values replace earlier ones.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Rises with every change that was stored.
    pub version: u64,
    /// Whether this process drives.
    pub driving: bool,
    /// The jobs that are not at their end.
    pub jobs: Vec<LiveJob>,
    /// What keeps all of them from going on.
    pub stuck: Option<Stuck>,
    /// Providers that do not answer, and why.
    pub troubles: Vec<(String, JobError)>,
}

/// A live job with what is not stored.
#[derive(Clone, Debug)]
pub struct LiveJob {
    /// The job as stored.
    pub job: Job,
    /// How far the provider says it is.
    pub percent: Option<u8>,
    /// How far its files are, all together.
    pub saving: Option<Progress>,
    /// When the provider should be done, by how long such jobs take.
    pub expected_end: Option<Timestamp>,
    /// When something is done for it next.
    pub next_at: Option<Timestamp>,
    /// Why it has not been sent yet, or its request not left.
    pub wait: Option<Wait>,
}

impl LiveJob {
    /// As whoever follows knows it: what is stored.
    pub(super) fn stored(job: Job) -> Self {
        Self { job, percent: None, saving: None, expected_end: None, next_at: None, wait: None }
    }

    /// As the driver knows it: with how far its files are, and what waits for a turn.
    pub(super) fn watched(
        watched: Watched<'_>,
        progress: &HashMap<(JobId, usize), Progress>,
        waiting: &[Waiting],
        now: Now,
    ) -> Self {
        let job = watched.job.clone();
        let parts: Vec<&Progress> =
            (0..job.outputs.len()).filter_map(|index| progress.get(&(job.id, index))).collect();
        let saving = (!parts.is_empty()).then(|| Progress {
            bytes: parts.iter().map(|part| part.bytes).sum(),
            total: parts.iter().map(|part| part.total).sum(),
        });
        let after = |at: Timestamp, ms: u64| {
            at.checked_add(SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX))).ok()
        };
        let at = |mono_ms: u64| after(now.wall, mono_ms.saturating_sub(now.mono_ms));
        let turn = waiting.iter().find(|one| one.job == job.id);
        let wait = match (watched.held, turn) {
            (Some(Held::Full { max }), _) => Some(Wait::Place { max }),
            (Some(Held::Closed { class, until_ms }), _) => {
                at(until_ms).map(|until| Wait::Pause { class, until })
            }
            (None, Some(turn)) => after(now.wall, turn.wait_ms).map(|at| match turn.is_paused {
                true => Wait::Pause { class: FailureClass::Rate, until: at },
                false => Wait::Turn { rate: turn.rate, at },
            }),
            (None, None) => watched.unseen.and_then(|(why, since_ms)| {
                let missed_ms = now.mono_ms.saturating_sub(since_ms);
                let since = now.wall - SignedDuration::from_millis(missed_ms as i64);
                (missed_ms >= UNSEEN_SHOWN_MS).then_some(Wait::Unseen { why, since })
            }),
        };
        Self {
            percent: watched.progress_percent,
            saving,
            expected_end: job.accepted_at.and_then(|at| after(at, watched.expected_ms)),
            next_at: watched.due_ms.and_then(at),
            wait,
            job,
        }
    }
}
