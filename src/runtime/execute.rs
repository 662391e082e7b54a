//! Carrying out the engine's commands: each becomes one exchange, and its outcome one input.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::driver::Message;
use super::http::SendError;
use super::images;
use super::keys;
use super::limiter::{Limiters, Purpose, Waiting};
use super::save;
use super::workspace::Workspace;
use crate::domain::catalog::Provider;
use crate::domain::job::{Charged, FailureClass, Job, JobError, JobId};
use crate::domain::money::MicroUsd;
use crate::domain::outcome::{SaveTrouble, Sighting, SubmitOutcome, Trouble};
use crate::engine::{Command, Input, Target};
use crate::provider::registry::{self, Named};
use crate::provider::wire::{HttpRequest, HttpResponse};

/// The most files that are fetched at once.
const MAX_SAVES: usize = 3;

/// Carries out commands on tasks of their own and sends what came of them back.
#[derive(Clone, Debug)]
pub(super) struct Executor {
    workspace: Arc<Workspace>,
    outbox: mpsc::Sender<Message>,
    saves: Arc<Semaphore>,
    limiters: Arc<Limiters>,
}

/// What an exchange with a provider needs.
struct Line<'a> {
    provider: &'a Provider,
    base_url: String,
    key: SecretString,
}

impl Executor {
    pub(super) fn new(workspace: Arc<Workspace>, outbox: mpsc::Sender<Message>) -> Self {
        let limiters = Arc::new(Limiters::new(&workspace.catalog.providers));
        Self { workspace, outbox, saves: Arc::new(Semaphore::new(MAX_SAVES)), limiters }
    }

    /// The requests that wait for their turn.
    pub(super) fn waiting(&self) -> Vec<Waiting> {
        self.limiters.waiting()
    }

    /// Starts `command` and returns at once.
    pub(super) fn start(&self, command: Command) {
        let this = self.clone();
        tokio::spawn(async move {
            let input = match command {
                Command::Submit { job } => {
                    let outcome = this.submit(&job).await;
                    Input::Submitted { job: job.id, outcome }
                }
                Command::Poll { provider, targets } => {
                    let jobs = targets.iter().map(|target| target.job).collect();
                    let outcome = this.poll(&provider, targets).await;
                    Input::Polled { provider, jobs, outcome }
                }
                Command::LookUp { provider, target } => {
                    let job = target.job;
                    Input::LookedUp { job, outcome: this.look_up(&provider, target).await }
                }
                Command::Cancel { provider, target } => {
                    let job = target.job;
                    Input::Stopped { job, outcome: this.cancel(&provider, target).await }
                }
                Command::Save { job, index, output } => {
                    let outcome = this.save(&job, index, &output).await;
                    Input::Saved { job: job.id, index, outcome }
                }
            };
            // Without a driver nobody needs the outcome: the next one asks again.
            drop(this.outbox.send(Message::Happened(Box::new(input))).await);
        });
    }

    async fn submit(&self, job: &Job) -> SubmitOutcome {
        match self.try_submit(job).await {
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    async fn try_submit(&self, job: &Job) -> Result<SubmitOutcome, SubmitOutcome> {
        let refused = SubmitOutcome::Refused;
        let id = &job.request.model;
        let Some(model) = self.workspace.catalog.model(id) else {
            let message = format!("the catalog no longer has {id}; nothing was sent");
            let class = FailureClass::ModelGone;
            return Err(refused(JobError::ours(class, "noModel", message, Charged::NotCharged)));
        };
        let line = line(&self.workspace, &id.provider).await.map_err(|error| {
            if error.class == FailureClass::Network {
                SubmitOutcome::Busy(Trouble { error, retry_after_ms: None })
            } else {
                refused(error)
            }
        })?;
        let protocol = line.provider.protocol;
        let images = images::kept(&job.request, &self.workspace.places);
        let request = registry::submit(protocol, &line.base_url, model, job, &images);
        let request = request.map_err(refused)?;
        let reply = self.send((&id.provider, Purpose::Submit, job.id), request, &line.key).await;
        Ok(match reply {
            Ok(response) => registry::submitted(protocol, job, &response),
            Err(error) if error.never_arrived => SubmitOutcome::Busy(not_sent(error)),
            Err(error) => SubmitOutcome::Unknown { reason: error.message },
        })
    }

    async fn poll(
        &self,
        provider: &str,
        targets: Vec<Target>,
    ) -> Result<Vec<(JobId, Sighting)>, Trouble> {
        let line = line(&self.workspace, provider).await.map_err(bare)?;
        let named = targets.into_iter().map(|target| self.named(target)).collect();
        let protocol = line.provider.protocol;
        let mut exchanges = JoinSet::new();
        for (request, jobs) in registry::polls(protocol, &line.base_url, named) {
            let (this, provider, key) = (self.clone(), provider.to_owned(), line.key.clone());
            exchanges.spawn(async move {
                // A request for several jobs waits in the place of the first of them.
                let first = jobs.first().map_or(JobId(uuid::Uuid::nil()), |named| named.job);
                let reply = this.send((&provider, Purpose::Poll, first), request, &key).await;
                registry::polled(protocol, &jobs, &reply.map_err(not_sent)?)
            });
        }
        let (mut sightings, mut failed) = (Vec::new(), None);
        while let Some(outcome) = exchanges.join_next().await {
            match outcome {
                Ok(Ok(some)) => sightings.extend(some),
                Ok(Err(trouble)) => failed = Some(trouble),
                // An exchange that broke off tells nothing of its jobs: they are asked for again.
                Err(_) => {}
            }
        }
        // A provider that answers for one job is there; the others are asked for again in their time.
        match failed {
            Some(trouble) if sightings.is_empty() => Err(trouble),
            _ => Ok(sightings),
        }
    }

    async fn look_up(&self, provider: &str, target: Target) -> Result<Sighting, Trouble> {
        let named = self.named(target);
        let line = line(&self.workspace, provider).await.map_err(bare)?;
        let protocol = line.provider.protocol;
        // Without any name that the provider knows, it knows nothing of the job.
        let Some(request) = registry::look_up(protocol, &line.base_url, &named) else {
            return Ok(Sighting::NotKnown);
        };
        let turn = (provider, Purpose::Submit, named.job);
        let reply = self.send(turn, request, &line.key).await.map_err(not_sent)?;
        registry::looked_up(protocol, &named, &reply)
    }

    async fn cancel(&self, provider: &str, target: Target) -> Result<bool, Trouble> {
        let named = self.named(target);
        let line = line(&self.workspace, provider).await.map_err(bare)?;
        let protocol = line.provider.protocol;
        let Some(request) = registry::cancel(protocol, &line.base_url, &named) else {
            return Ok(false);
        };
        let turn = (provider, Purpose::Submit, named.job);
        let reply = self.send(turn, request, &line.key).await.map_err(not_sent)?;
        registry::canceled(protocol, &reply)
    }

    /// One exchange, when it is this request's turn.
    async fn send(
        &self,
        (provider, purpose, job): (&str, Purpose, JobId),
        request: HttpRequest,
        key: &SecretString,
    ) -> Result<HttpResponse, SendError> {
        // A full queue drops this one: the next change tells the same, later.
        let told = || drop(self.outbox.try_send(Message::Turns));
        self.limiters.turn(provider, purpose, job, told).await;
        let reply = self.workspace.transport.send(request, key).await?;
        if reply.status == 429 {
            self.limiters.hold(provider, reply.retry_after_ms());
        }
        Ok(reply)
    }

    fn named(&self, target: Target) -> Named {
        let model = self.workspace.catalog.model(&target.model);
        Named {
            job: target.job,
            key: target.attempt_key,
            remote_id: target.remote_id,
            wire_id: model.map(|model| model.wire_id.clone()).unwrap_or_default(),
        }
    }

    async fn save(
        &self,
        job: &Job,
        index: usize,
        output: &crate::domain::job::Output,
    ) -> Result<crate::domain::job::ClipFile, SaveTrouble> {
        // The semaphore is never closed; without a permit the save is merely not counted.
        let _permit = self.saves.acquire().await;
        let told = |progress| {
            // A full queue drops this one: the next tells the same, later.
            drop(self.outbox.try_send(Message::Progress { job: job.id, index, progress }));
        };
        let workspace = &self.workspace;
        let provider = workspace.catalog.provider(&job.request.model.provider);
        if provider.is_some_and(|provider| provider.play_money) {
            // Whoever served this result may be gone, and then nobody does until somebody begins to.
            drop(workspace.sandbox.base_url().await);
        }
        save::save(&workspace.transport, &workspace.places, job, index, output, told).await
    }
}

/// The provider with its address and key, ready to be spoken to.
async fn line<'a>(workspace: &'a Workspace, provider: &str) -> Result<Line<'a>, JobError> {
    let Some(provider) = workspace.catalog.provider(provider) else {
        let message = format!("the catalog no longer has the provider '{provider}'");
        let class = FailureClass::ModelGone;
        return Err(JobError::ours(class, "noProvider", message, Charged::NotCharged));
    };
    let key = keys::key(provider)?;
    let base_url = if provider.play_money {
        workspace.sandbox.base_url().await.map_err(|message| {
            JobError::ours(FailureClass::Network, "sandbox", message, Charged::NotCharged)
        })?
    } else {
        keys::base_url(provider, &workspace.config)?
    };
    Ok(Line { provider, base_url, key })
}

/// What the account of `provider` holds, where the provider tells; the call is free, so it also
/// checks the key. Returns the address that was asked and the balance.
pub async fn balance(
    workspace: &Workspace,
    provider: &str,
) -> Result<(String, Option<MicroUsd>), JobError> {
    let line = line(workspace, provider).await?;
    let protocol = line.provider.protocol;
    let call = super::clock::new_attempt_key();
    let Some(request) = registry::balance(protocol, &line.base_url, call) else {
        return Ok((line.base_url, None));
    };
    let reply = workspace.transport.send(request, &line.key).await;
    let response = reply.map_err(|error| not_sent(error).error)?;
    Ok((line.base_url, registry::balance_told(protocol, &response)?))
}

fn bare(error: JobError) -> Trouble {
    Trouble { error, retry_after_ms: None }
}

fn not_sent(error: SendError) -> Trouble {
    let error =
        JobError::ours(FailureClass::Network, "network", error.message, Charged::NotCharged);
    Trouble { error, retry_after_ms: None }
}
