//! Which adapter speaks for which provider. A new protocol adds one arm to each function.

use std::collections::HashMap;

use uuid::Uuid;

use super::runware;
use super::wire::{HttpRequest, HttpResponse};
use crate::domain::catalog::{Model, Protocol};
use crate::domain::job::{Charged, FailureClass, Job, JobError, JobId};
use crate::domain::money::MicroUsd;
use crate::domain::outcome::{Sighting, SubmitOutcome, Trouble};

/// The content of a request's local images, by their SHA-256.
pub type Images = HashMap<String, Vec<u8>>;

/// A job by the names that a provider may know it by: our id, the key it was sent with, and the
/// provider's own id.
pub type Named = (JobId, Uuid, Option<String>);

/// The request that submits `job`. `images` holds the content of every local image of the job.
pub fn submit(
    protocol: Protocol,
    base_url: &str,
    model: &Model,
    job: &Job,
    images: &Images,
) -> Result<HttpRequest, JobError> {
    match protocol {
        Protocol::Runware => runware::submit(base_url, model, job, images),
        Protocol::Runpod | Protocol::Runbase => Err(no_adapter(protocol)),
    }
}

/// What the reply to a submit means.
pub fn submitted(protocol: Protocol, job: &Job, response: &HttpResponse) -> SubmitOutcome {
    match protocol {
        Protocol::Runware => runware::submitted(job, response),
        Protocol::Runpod | Protocol::Runbase => SubmitOutcome::Refused(no_adapter(protocol)),
    }
}

/// The request that asks for all of `jobs` at once.
pub fn poll(protocol: Protocol, base_url: &str, jobs: &[Named]) -> Result<HttpRequest, JobError> {
    match protocol {
        Protocol::Runware => Ok(runware::poll(base_url, jobs)),
        Protocol::Runpod | Protocol::Runbase => Err(no_adapter(protocol)),
    }
}

/// What the reply to a poll says of each of `jobs`.
pub fn polled(
    protocol: Protocol,
    jobs: &[Named],
    response: &HttpResponse,
) -> Result<Vec<(JobId, Sighting)>, Trouble> {
    match protocol {
        Protocol::Runware => runware::polled(jobs, response),
        Protocol::Runpod | Protocol::Runbase => {
            Err(Trouble { error: no_adapter(protocol), retry_after_ms: None })
        }
    }
}

/// The request that asks the provider's records for one job.
pub fn look_up(protocol: Protocol, base_url: &str, job: &Named) -> Result<HttpRequest, JobError> {
    match protocol {
        Protocol::Runware => Ok(runware::look_up(base_url, job)),
        Protocol::Runpod | Protocol::Runbase => Err(no_adapter(protocol)),
    }
}

/// What the provider's records say of the job.
pub fn looked_up(
    protocol: Protocol,
    job: &Named,
    response: &HttpResponse,
) -> Result<Sighting, Trouble> {
    match protocol {
        Protocol::Runware => runware::looked_up(job, response),
        Protocol::Runpod | Protocol::Runbase => {
            Err(Trouble { error: no_adapter(protocol), retry_after_ms: None })
        }
    }
}

/// The request that asks for the balance, where the provider tells it; free, so it also checks a key.
/// `call` is a fresh id for it.
pub fn balance(protocol: Protocol, base_url: &str, call: Uuid) -> Option<HttpRequest> {
    match protocol {
        Protocol::Runware => Some(runware::balance(base_url, call)),
        Protocol::Runpod | Protocol::Runbase => None,
    }
}

/// The balance that the reply tells; none where it does not say.
pub fn balance_told(
    protocol: Protocol,
    response: &HttpResponse,
) -> Result<Option<MicroUsd>, JobError> {
    match protocol {
        Protocol::Runware => runware::balance_told(response),
        Protocol::Runpod | Protocol::Runbase => Err(no_adapter(protocol)),
    }
}

fn no_adapter(protocol: Protocol) -> JobError {
    let message =
        format!("this version of Rushes can't speak to {protocol:?} yet; nothing was sent");
    JobError::ours(FailureClass::Provider, "noAdapter", message, Charged::NotCharged)
}
