//! One driver per database (law 12): a row with an epoch that fences every write of a driver.

use jiff::Timestamp;
use rusqlite::params;

use super::{Store, StoreError};

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
                 ON CONFLICT (one) DO UPDATE SET epoch = epoch + 1, holder = ?1, since_ms = ?2
                 RETURNING epoch",
                params![holder, now.as_millisecond()],
                |row| Ok(Lease { epoch: row.get(0)? }),
            )
            .map_err(|error| self.wrong(error))
    }
}
