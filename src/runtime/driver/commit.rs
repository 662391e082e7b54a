//! Storing what the engine says, for as long as it takes.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::{Actor, DRIVER_LOOK, DriverError};
use crate::domain::event::Write;
use crate::domain::wait::Stuck;
use crate::runtime::driver_locks;
use crate::store::{Lease, StoreError};

/// How soon a commit is tried again that found the disk full or the database busy, and how late at most.
const FIRST_COMMIT_WAIT: Duration = Duration::from_millis(400);
const LONGEST_COMMIT_WAIT: Duration = Duration::from_secs(10);

impl Actor {
    /// Tries for as long as this process lives: what a reply told, such as the id of a job that was taken,
    /// is known here alone. Until it is stored nothing else is done, so nothing new is sent.
    pub(super) async fn commit(&self, writes: Vec<Write>, lease: Lease) -> Result<(), DriverError> {
        let writes = Arc::new(writes);
        let mut wait = FIRST_COMMIT_WAIT;
        loop {
            let batch = Arc::clone(&writes);
            let mut commit = pin!(self.store(move |store| store.commit(&batch, Some(lease))));
            let outcome = loop {
                match timeout(DRIVER_LOOK, &mut commit).await {
                    Ok(outcome) => break outcome?,
                    // It waits for another process that writes, and may be stopped.
                    Err(_) => {
                        self.tell_stopped(driver_locks::stopped_within(&self.workspace.places))
                    }
                }
            };
            let stuck = outcome.as_ref().err().and_then(|error| self.stuck(error));
            self.told.send_if_modified(|snapshot| {
                std::mem::replace(&mut snapshot.stuck, stuck) != stuck
            });
            if stuck.is_none() {
                return Ok(outcome?);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
        }
    }

    fn stuck(&self, error: &StoreError) -> Option<Stuck> {
        let why = error.waits_for()?;
        let locked = matches!(error, StoreError::Busy { .. });
        let pid = locked.then(|| driver_locks::stopped_within(&self.workspace.places)).flatten();
        Some(pid.map_or(Stuck::Storing(why), |pid| Stuck::Stopped { pid }))
    }
}
