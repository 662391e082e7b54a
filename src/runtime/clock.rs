//! The one place that reads the clock and rolls dice.

use std::time::Instant;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::job::JobId;
use crate::engine::Now;

/// The wall clock and a monotonic one that starts with this value.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    #[expect(clippy::new_without_default, reason = "a default that reads the clock would surprise")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Now {
        Now { wall: wall(), mono_ms: self.start.elapsed().as_millis() as u64 }
    }

    /// The moment at which the monotonic clock will read `mono_ms`.
    pub fn instant(&self, mono_ms: u64) -> Instant {
        self.start + std::time::Duration::from_millis(mono_ms)
    }
}

/// The wall clock, to the microsecond that the database keeps.
pub fn wall() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// A new id for a job.
pub fn new_job_id() -> JobId {
    JobId(Uuid::now_v7())
}

/// A new idempotency key: a version 4 UUID, as the providers want it.
pub fn new_attempt_key() -> Uuid {
    Uuid::new_v4()
}

/// A seed for jitter.
pub fn new_dice_seed() -> u64 {
    Uuid::new_v4().as_u64_pair().0
}
