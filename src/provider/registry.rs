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
pub fn canceled(protocol: Protocol, job: &Named, response: &HttpResponse) -> Result<bool, Trouble> {
    match protocol {
        Protocol::Runpod => runpod::canceled(job, response),
        Protocol::Runware | Protocol::Runbase => Ok(false),
    }
}

/// The request that shows whether a key works, free of charge, and asks for the balance where the provider
/// tells it. `call` is a fresh id for it, `wire_id` that of any of the provider's models.
pub fn check_key(protocol: Protocol, base_url: &str, call: Uuid, wire_id: &str) -> HttpRequest {
    match protocol {
        Protocol::Runware => runware::balance(base_url, call),
        Protocol::Runpod => runpod::health(base_url, wire_id),
        Protocol::Runbase => runbase::no_run(base_url, call),
    }
}

/// That the key works, and the balance where the reply tells it; otherwise why it does not, or why that
/// can't be told.
pub fn key_checked(
    protocol: Protocol,
    response: &HttpResponse,
) -> Result<Option<MicroUsd>, JobError> {
    match protocol {
        Protocol::Runware => runware::balance_told(response),
        Protocol::Runpod => runpod::health_told(response).map(|()| None),
        Protocol::Runbase => runbase::no_run_told(response).map(|()| None),
    }
}

/// Whether the provider tells what an account holds. RunPod's public endpoints and Runbase document no
/// such call.
pub fn tells_balance(protocol: Protocol) -> bool {
    match protocol {
        Protocol::Runware => true,
        Protocol::Runpod | Protocol::Runbase => false,
    }
}

/// The request that has `job` checked and priced, and never rendered; none where the provider can't do
/// that.
pub fn dry_run(
    protocol: Protocol,
    base_url: &str,
    model: &Model,
    job: &Job,
    images: &Images,
) -> Option<Result<HttpRequest, JobError>> {
    match protocol {
        Protocol::Runware => Some(runware::dry_run(base_url, model, job, images)),
        Protocol::Runpod | Protocol::Runbase => None,
    }
}

/// The price that the reply to [`dry_run`] tells; none where it tells none, which then was no dry run
/// perhaps.
pub fn priced(protocol: Protocol, response: &HttpResponse) -> Result<Option<MicroUsd>, JobError> {
    match protocol {
        Protocol::Runware => runware::priced(response),
        Protocol::Runpod | Protocol::Runbase => Ok(None),
    }
}
