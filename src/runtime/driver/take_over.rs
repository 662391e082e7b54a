//! How a process comes to drive: nobody does, or whoever did is stopped from outside.

use std::time::SystemTime;

use tokio::time::Instant;

use crate::domain::job::JobId;
use crate::engine::Engine;
use crate::runtime::clock::new_dice_seed;
use crate::runtime::driver_locks::Turn;
use crate::runtime::save;
use crate::store::{Store, StoreError};
use crate::words;

use super::{Actor, DriverError, Role};
use crate::domain::wait::Stuck;

impl Actor {
    pub(super) async fn try_to_drive(&mut self) -> Result<(), DriverError> {
        let mut turn = self.locks.take()?;
        // Without a look first, those that wait would keep taking the second lock from each other for nothing.
        if matches!(turn, Turn::Taken { stopped: Some(_) })
            && !self.store(|store| store.is_sending()).await??
        {
            turn = self.locks.take_for_another()?;
        }
        let stopped = match turn {
            Turn::Free => None,
            Turn::For(pid) => Some(pid),
            Turn::Taken { stopped } => {
                self.tell_stopped(stopped);
                return Ok(());
            }
        };
        if self.engine().is_some() {
            // It drove for another one until now. With a new lease it could store what is long out of date.
            return Ok(());
        }
        let (holder, now) = (format!("pid {}", std::process::id()), self.clock.now().wall);
        let taken = self.store(move |store| match stopped {
            None => store.take_lease(&holder, now).map(Some),
            Some(_) => store.take_lease_between_sends(&holder, now),
        });
        let lease = match taken.await? {
            // It was stopped as it wrote.
            Err(StoreError::Busy { .. }) if stopped.is_some() => None,
            taken => taken?,
        };
        let Some(lease) = lease else {
            self.locks.let_go();
            self.tell_stopped(stopped);
            return Ok(());
        };
        if let Some(pid) = stopped {
            self.workspace.notes.say(words::driven_for(pid));
        }
        // One that is stopped may have transfers under way.
        if stopped.is_none() {
            let places = self.workspace.places.clone();
            drop(tokio::task::spawn_blocking(move || save::remove_parts(&places)).await);
        }
        self.forget_addresses().await?;
        self.witness = None;
        let engine = Box::new(Engine::new(&self.workspace.catalog.providers, new_dice_seed()));
        self.role = Role::Driving { engine, lease };
        self.seen_version = None;
        self.ask_again = Instant::now();
        Ok(())
    }

    /// Forgets the whole addresses of jobs that have ended, as where a process died between.
    async fn forget_addresses(&self) -> Result<(), DriverError> {
        let addresses = self.workspace.places.addresses();
        let forget = move |store: &mut Store| {
            // What can't be read may be a job that is to be sent.
            let is_wanted = |id| match store.job(JobId(id)) {
                Ok(job) => job.is_some_and(|job| job.state.may_be_sent()),
                Err(_) => true,
            };
            addresses.forget_unless(SystemTime::now(), is_wanted);
        };
        self.store(forget).await
    }

    /// Tells whether a process that is stopped keeps the jobs from going on.
    pub(super) fn tell_stopped(&self, pid: Option<u32>) {
        let stuck = pid.map(|pid| Stuck::Stopped { pid });
        self.told
            .send_if_modified(|snapshot| std::mem::replace(&mut snapshot.stuck, stuck) != stuck);
    }
}
