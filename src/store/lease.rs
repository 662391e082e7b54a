//! One driver per database (law 12): a row with an epoch that fences every write of a driver.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError};
use crate::domain::job::JobState;

/// The right to drive the jobs of a database, until somebody takes a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub(super) epoch: i64,
}

impl Store {
    /// Takes the lease from whoever had it: the caller has made sure that nobody is using it.
    pub fn take_lease(&mut self, holder: &str, now: Timestamp) -> Result<Lease, StoreError> {
        self.connection
            .query_row(
                "INSERT INTO lease (one, epoch, holder, since_ms) VALUES (1, 1, ?1, ?2)
                 ON CONFLICT (one) DO UPDATE SET epoch = iif(epoch BETWEEN 1 AND 1000000000000000, epoch, 0) + 1, holder = ?1, since_ms = ?2
                 RETURNING epoch",
                params![holder, now.as_millisecond()],
                |row| Ok(Lease { epoch: row.get(0)? }),
            )
            .map_err(|error| self.wrong(error))
    }

    /// The same from a process that is stopped and may be continued at any moment; none where it is sending a job.
    /// Otherwise it sends nothing any more: each send begins with a write, which is then fenced.
    pub fn take_lease_between_sends(
        &mut self,
        holder: &str,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        self.connection
            .query_row(
                "INSERT INTO lease (one, epoch, holder, since_ms) SELECT 1, 1, ?1, ?2
                 WHERE NOT EXISTS (SELECT 1 FROM job WHERE is_live = 1 AND state = ?3)
                 ON CONFLICT (one) DO UPDATE SET epoch = iif(epoch BETWEEN 1 AND 1000000000000000, epoch, 0) + 1, holder = ?1, since_ms = ?2
                 RETURNING epoch",
                params![holder, now.as_millisecond(), JobState::Submitting.word()],
                |row| Ok(Lease { epoch: row.get(0)? }),
            )
            .optional()
            .map_err(|error| self.wrong(error))
    }

    /// Whether a job is being sent, or was when whoever drove it ended.
    pub fn is_sending(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM job WHERE is_live = 1 AND state = ?1)";
        self.connection
            .query_row(sql, [JobState::Submitting.word()], |row| row.get(0))
            .map_err(|error| self.wrong(error))
    }
}
