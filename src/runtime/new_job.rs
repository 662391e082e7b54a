//! A request becomes a job: with its id, its idempotency key and its estimate, and stored before
//! anybody sends it.

use super::clock::{new_attempt_key, new_job_id, wall};
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::catalog::Model;
use crate::domain::cost::Estimate;
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{Job, JobState, Parent};
use crate::domain::request::GenerationRequest;
use crate::store::StoreError;

/// A job for `request`, as it is before it is stored.
pub fn new_job(model: &Model, request: GenerationRequest, parent: Option<Parent>) -> Job {
    let now = wall();
    Job {
        id: new_job_id(),
        created_at: now,
        updated_at: now,
        state: JobState::Queued,
        since: now,
        parent,
        estimate: Estimate::of(model, &request),
        request,
        attempt_key: new_attempt_key(),
        sends: 0,
        sent_at: None,
        accepted_at: None,
        rendered_at: None,
        remote_id: None,
        taken: None,
        outputs: Vec::new(),
        failures: Vec::new(),
        download_tries: 0,
        error: None,
    }
}

/// Stores `job`, so that whoever drives sends it.
pub async fn store(workspace: &Workspace, job: Job) -> Result<Result<(), StoreError>, StoreGone> {
    let event = JobEvent::Created { job: Box::new(job.clone()) };
    let write = Write { at: job.created_at, event, job };
    workspace.store.run(move |store| store.commit(&[write], None)).await
}
