//! A request becomes a job: with its id, its idempotency key and its estimate, and stored before
//! anybody sends it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::clock::{new_attempt_key, new_job_id, wall};
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::catalog::{Catalog, Model};
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{Job, Parent};
use crate::domain::money::MicroUsd;
use crate::domain::request::GenerationRequest;
use crate::store::{Store, StoreError};

/// A job for `request`, as it is before it is stored.
pub fn new_job(model: &Model, request: GenerationRequest, parent: Option<Parent>) -> Job {
    let job = Job::new(new_job_id(), new_attempt_key(), wall(), model, request);
    Job { parent, ..job }
}

/// What came of storing a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is stored, and will be sent.
    Yes,
    /// Nothing was stored: it would pass a limit of the config, in these sentences.
    OverLimit(Vec<String>),
}

/// Stores `job`, so that whoever drives sends it; what would pass a limit of the config only where the
/// user has `confirmed` it.
pub async fn store(
    workspace: &Workspace,
    job: Job,
    confirmed: bool,
) -> Result<Result<Stored, StoreError>, StoreGone> {
    let limits = workspace.config.limits;
    let event = JobEvent::Created { job: Box::new(job.clone()) };
    let write = Write { at: job.created_at, event, job };
    let catalog = Arc::clone(&workspace.catalog);
    let held =
        limits.are_set() && !confirmed && is_real(&catalog, &write.job.request.model.provider);
    let stored = move |store: &mut Store| {
        if !held {
            return store.commit(&[write], None).map(|()| Stored::Yes);
        }
        let day = write.at.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
        let allows = |spent: &[(String, MicroUsd)]| {
            let real = spent.iter().filter(|(model, _)| {
                is_real(&catalog, model.split('/').next().unwrap_or_default())
            });
            let spent = real.map(|(_, money)| *money).sum();
            let passed = limits.passed(spent, &write.job.estimate);
            if passed.is_empty() { Ok(()) } else { Err(passed) }
        };
        let within = store.commit_within(&write, day, allows)?;
        Ok(within.map_or_else(Stored::OverLimit, |()| Stored::Yes))
    };
    workspace.store.run(stored).await
}

/// Whether `provider` takes real money. One that the catalog no longer has took it when it was there.
pub fn is_real(catalog: &Catalog, provider: &str) -> bool {
    !catalog.provider(provider).is_some_and(|provider| provider.play_money)
}
