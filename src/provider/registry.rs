//! Which adapter speaks for which provider. A new protocol adds one arm to each function.

use std::collections::HashMap;

use uuid::Uuid;

use super::wire::{HttpRequest, HttpResponse};
use super::{runbase, runpod, runware};
use crate::domain::catalog::{Model, Protocol};
use crate::domain::job::{Job, JobError, JobId};
use crate::domain::money::MicroUsd;
use crate::domain::outcome::{Sighting, SubmitOutcome, Trouble};

/// The content of a request's local images, by their SHA-256.
pub type Images = HashMap<String, Vec<u8>>;

/// A job by the names that a provider may know it by.
#[derive(Clone, Debug)]
pub struct Named {
    /// Our id.
    pub job: JobId,
    /// The key that it was sent with.
    pub key: Uuid,
    /// The provider's own id, where it gave one.
    pub remote_id: Option<String>,
    /// Its model's id on the wire, which is part of the address at RunPod.
    pub wire_id: String,
}

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
        Protocol::Runpod => runpod::submit(base_url, model, job),
        Protocol::Runbase => runbase::submit(base_url, model, job),
    }
}

/// What the reply to a submit means.
pub fn submitted(protocol: Protocol, job: &Job, response: &HttpResponse) -> SubmitOutcome {
    match protocol {
        Protocol::Runware => runware::submitted(job, response),
        Protocol::Runpod => runpod::submitted(job, response),
        Protocol::Runbase => runbase::submitted(response),
    }
}

/// The request that asks for `jobs`, which is one job where the protocol has no request for many; none
/// where it can't be asked for.
pub fn poll(protocol: Protocol, base_url: &str, jobs: &[Named]) -> Option<HttpRequest> {
    match protocol {
        Protocol::Runware => Some(runware::poll(base_url, jobs)),
        Protocol::Runpod => runpod::poll(base_url, jobs.first()?),
        Protocol::Runbase => runbase::poll(base_url, jobs.first()?),
    }
}

/// What the reply to [`poll`] says of each of its `jobs`.
pub fn polled(
    protocol: Protocol,
    jobs: &[Named],
    response: &HttpResponse,
) -> Result<Vec<(JobId, Sighting)>, Trouble> {
    let one = |read: fn(&Named, &HttpResponse) -> Result<Sighting, Trouble>| {
        jobs.iter().map(|job| Ok((job.job, read(job, response)?))).collect()
    };
    match protocol {
        Protocol::Runware => runware::polled(jobs, response),
        Protocol::Runpod => one(runpod::polled),
        Protocol::Runbase => one(runbase::polled),
    }
}

/// The request that asks the provider's records for one job; none where it can't be asked. RunPod and
/// Runbase have no other records than what a poll asks.
pub fn look_up(protocol: Protocol, base_url: &str, job: &Named) -> Option<HttpRequest> {
    match protocol {
        Protocol::Runware => Some(runware::look_up(base_url, job)),
        Protocol::Runpod => runpod::poll(base_url, job),
        Protocol::Runbase => runbase::poll(base_url, job),
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
        Protocol::Runpod => runpod::polled(job, response),
        Protocol::Runbase => runbase::polled(job, response),
    }
}

/// The request that stops a job at its provider; none where that can't be asked for.
pub fn cancel(protocol: Protocol, base_url: &str, job: &Named) -> Option<HttpRequest> {
    match protocol {
        Protocol::Runpod => runpod::cancel(base_url, job),
        Protocol::Runware | Protocol::Runbase => None,
    }
}

/// Whether the provider confirms the stop.
pub fn canceled(protocol: Protocol, response: &HttpResponse) -> Result<bool, Trouble> {
    match protocol {
        Protocol::Runpod => runpod::canceled(response),
        Protocol::Runware | Protocol::Runbase => Ok(false),
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
        Protocol::Runpod | Protocol::Runbase => Ok(None),
    }
}
