//! A store that keeps what was committed and nothing else. It stands for SQLite, which is too slow for a
//! hundred thousand schedules; `replayed` holds it against the real one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rushes::domain::event::{JobEvent, Write};
use rushes::domain::job::{Job, JobId};
use rushes::store::Store;

/// What the disk holds of the database.
#[derive(Clone, Default)]
pub struct Committed {
    /// The rows.
    pub rows: BTreeMap<JobId, Job>,
    /// Everything that happened, in order.
    pub events: BTreeMap<JobId, Vec<(Timestamp, JobEvent)>>,
    /// Which jobs somebody asked to stop, and when that was.
    pub stops: BTreeMap<JobId, u64>,
    /// Which jobs somebody asked not to send, and when that was.
    pub holds: BTreeMap<JobId, u64>,
    /// Every transaction, in order.
    batches: Vec<Vec<Write>>,
    epoch: u64,
    /// The disk is full, or another program holds the database.
    pub refuses: bool,
}

/// Why nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another driver took over.
    LeaseLost,
    /// It may pass.
    ForNow,
}

impl Committed {
    /// Takes the lease from whoever had it.
    pub fn take_lease(&mut self) -> Result<u64, Refused> {
        if self.refuses {
            return Err(Refused::ForNow);
        }
        self.epoch += 1;
        Ok(self.epoch)
    }

    /// Puts an older copy in the place of what is there. The lease goes on from the highest, as that of the copy
    /// is held by nobody who lives.
    pub fn put_back(&mut self, copy: Self) {
        let epoch = self.epoch;
        *self = Self { epoch, refuses: self.refuses, ..copy };
    }

    /// Whether nobody took a newer lease.
    pub fn is_held(&self, lease: u64) -> bool {
        lease == self.epoch
    }

    /// Writes all of `writes` or none.
    pub fn commit(&mut self, writes: &[Write], lease: Option<u64>) -> Result<(), Refused> {
        if self.refuses {
            return Err(Refused::ForNow);
        }
        if lease.is_some_and(|lease| !self.is_held(lease)) {
            return Err(Refused::LeaseLost);
        }
        for write in writes {
            self.rows.insert(write.job.id, write.job.clone());
            self.events.entry(write.job.id).or_default().push((write.at, write.event.clone()));
        }
        self.batches.push(writes.to_vec());
        Ok(())
    }

    /// The jobs that the driver has something to do for, oldest first.
    pub fn live_jobs(&self) -> impl Iterator<Item = &Job> {
        self.rows.values().filter(|job| job.state.is_live())
    }

    /// Those of them that somebody asked to stop.
    pub fn stops_asked(&self) -> BTreeSet<JobId> {
        self.live_jobs().map(|job| job.id).filter(|id| self.stops.contains_key(id)).collect()
    }

    /// Those of them that somebody asked not to send, and nobody to stop.
    pub fn holds_asked(&self) -> BTreeSet<JobId> {
        let asked = |id: &JobId| self.holds.contains_key(id) && !self.stops.contains_key(id);
        self.live_jobs().map(|job| job.id).filter(asked).collect()
    }

    /// Whether the real store, given the same transactions, holds the same.
    pub fn is_replayed_by(&self, store: &mut Store) -> bool {
        for batch in &self.batches {
            store.commit(batch, None).expect("a commit that this store took");
        }
        let live: Vec<Job> = self.live_jobs().cloned().collect();
        store.live_jobs().expect("rows") == live
            && self.rows.iter().all(|(id, row)| {
                store.job(*id).expect("a row").as_ref() == Some(row)
                    && store.events(*id).expect("events") == self.events[id]
            })
    }
}
