//! Carrying out the engine's commands: each becomes one exchange, and its outcome one input.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use super::addresses;
use super::clock::wall;
use super::driver::Message;
use super::exchange::{self, Answer};
use super::http::{MAX_REPLY_BYTES, MAX_RESULTS_BYTES};
use super::images;
use super::intents::Intent;
use super::limiter::{Limiters, Purpose, Waiting};
use super::line::{Line, address, line};
use super::save::{self, Source};
use super::settle;
use super::workspace::Workspace;
use crate::domain::account::Account;
use crate::domain::job::{Charged, FailureClass, Job, JobError, JobId, WITHIN};
use crate::domain::outcome::{SaveTrouble, Sighting, SubmitOutcome, Told, Trouble};
use crate::engine::{Command, Input, Target};
use crate::provider::registry::{self, Named};
use crate::provider::wire::HttpRequest;

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

impl Executor {
    pub(super) fn new(workspace: Arc<Workspace>, outbox: mpsc::Sender<Message>) -> Self {
        let limiters = Arc::new(Limiters::new(&workspace.catalog.providers));
        Self { workspace, outbox, saves: Arc::new(Semaphore::new(MAX_SAVES)), limiters }
    }

    /// The requests that wait for their turn.
    pub(super) fn waiting(&self) -> Vec<Waiting> {
        self.limiters.waiting()
    }

    /// Starts `command` as one of `tasks` and returns at once.
    pub(super) fn start(&self, command: Command, tasks: &mut JoinSet<()>) {
        let this = self.clone();
        tasks.spawn(async move {
            let input = match command {
                Command::Prepare { job } => match this.submit(&job).await {
                    Some(outcome) => Input::Submitted { job: job.id, outcome },
                    None => return,
                },
                // The driver lets it leave that prepared it.
                Command::Submit { .. } => return,
                Command::Poll { provider, targets } => {
                    let jobs = targets.iter().map(|target| target.job).collect();
                    let (account, outcome) = this.poll(&provider, targets).await;
                    Input::Polled { provider, jobs, account, outcome }
                }
                Command::LookUp { provider, target } => {
                    let job = target.job;
                    let (account, outcome) = this.look_up(&provider, target).await;
                    Input::LookedUp { job, account, outcome }
                }
                Command::Cancel { provider, target } => {
                    let job = target.job;
                    Input::Stopped { job, outcome: this.cancel(&provider, target).await }
                }
                Command::Save { job, index, output, keep_cut } => {
                    let outcome = this.save(&job, index, &output, keep_cut).await;
                    Input::Saved { job: job.id, index, outcome }
                }
            };
            let saved = match &input {
                Input::Saved { outcome: Ok(file), .. } => Some(file.path.clone()),
                _ => None,
            };
            // Without a driver nobody needs the outcome: the next one asks again.
            drop(this.outbox.send(Message::Happened(Box::new(input))).await);
            // Only now, so that no job is ready later for its pictures' sake.
            if let Some(path) = saved {
                this.workspace.pictures.later(this.workspace.places.clip(&path));
            }
        });
    }

    /// Asks for the jobs in doubt that another key or address was asked for, and returns at once.
    pub(super) fn ask_again(&self) {
        let this = self.clone();
        tokio::spawn(async move {
            // What fails here is asked again at the next start, or by the user.
            if settle::ask_again(&this.workspace).await.is_ok_and(|found| found > 0) {
                drop(this.outbox.send(Message::Stored).await);
            }
        });
    }

    /// Makes `job` ready, and sends it once the driver says so; none where it never does.
    async fn submit(&self, job: &Job) -> Option<SubmitOutcome> {
        self.try_submit(job).await.unwrap_or_else(Some)
    }

    async fn try_submit(&self, job: &Job) -> Result<Option<SubmitOutcome>, SubmitOutcome> {
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
        if job.account.is_some() && job.account != line.account() {
            return Err(refused(other_account(&line.provider.name)));
        }
        let protocol = line.provider.protocol;
        let images = images::kept(&job.request, &self.workspace.places);
        let request = registry::submit(protocol, &line.address.url, model, job, &images);
        let request = request.map_err(refused)?;
        let turn = (id.provider.as_str(), Purpose::Submit, job.id);
        self.wait_for(turn).await;
        let whole = self.workspace.places.addresses().of(job.id.0);
        let whole = addresses::put_in(&request, &job.request.options, &whole).map_err(refused)?;
        let Some(job) = self.may_leave(job.id).await else { return Ok(None) };
        self.intend(&job, &request).await.map_err(SubmitOutcome::Busy)?;
        let reply = self.exchange(&id.provider, whole, &line.key, MAX_REPLY_BYTES).await;
        Ok(Some(self.heard(&line, &[job.id], exchange::submitted(protocol, &job, reply))))
    }

    /// Says that the job is ready to leave, and waits until the intent is stored; none where nobody wants it sent any
    /// more.
    async fn may_leave(&self, job: JobId) -> Option<Box<Job>> {
        let (go, stored) = oneshot::channel();
        self.outbox.send(Message::Ready { job, go }).await.ok()?;
        stored.await.ok()
    }

    /// What the provider says of the jobs, and the account that was asked.
    pub(super) async fn poll(
        &self,
        provider: &str,
        targets: Vec<Target>,
    ) -> (Option<Account>, Result<Vec<(JobId, Sighting)>, Trouble>) {
        match line(&self.workspace, provider).await {
            Ok(line) => (line.account(), self.poll_by(&line, targets).await),
            Err(error) => (None, Err(bare(error))),
        }
    }

    async fn poll_by(
        &self,
        line: &Line<'_>,
        targets: Vec<Target>,
    ) -> Result<Vec<(JobId, Sighting)>, Trouble> {
        let named: Vec<Named> = targets.into_iter().map(|target| self.named(target)).collect();
        let protocol = line.provider.protocol;
        let Some(request) = registry::poll(protocol, &line.address.url, &named) else {
            return Ok(Vec::new());
        };
        // A request for several jobs waits in the place of the first of them.
        let first = named.first().map_or(JobId(uuid::Uuid::nil()), |named| named.job);
        let turn = (line.provider.id.as_str(), Purpose::Poll, first);
        let reply = self.send(turn, request, &line.key).await;
        let jobs: Vec<JobId> = named.iter().map(|named| named.job).collect();
        self.heard(line, &jobs, exchange::polled(protocol, &named, reply))
    }

    /// What came of an exchange about `jobs`: services repeat keys and addresses in errors.
    fn heard<T: Told>(&self, line: &Line<'_>, jobs: &[JobId], told: T) -> T {
        let addresses = self.workspace.places.addresses();
        let secrets = jobs.iter().flat_map(|job| addresses.secrets(job.0));
        secrets.fold(line.heard(told), |told, secret| told.without_key(&secret))
    }

    /// What the provider's records say of a job, and the account that was asked.
    pub(super) async fn look_up(
        &self,
        provider: &str,
        target: Target,
    ) -> (Option<Account>, Result<Sighting, Trouble>) {
        match line(&self.workspace, provider).await {
            Ok(line) => (line.account(), self.look_up_by(&line, target).await),
            Err(error) => (None, Err(bare(error))),
        }
    }

    async fn look_up_by(&self, line: &Line<'_>, target: Target) -> Result<Sighting, Trouble> {
        let named = self.named(target);
        let protocol = line.provider.protocol;
        // Without any name that the provider knows, it knows nothing of the job.
        let Some(request) = registry::look_up(protocol, &line.address.url, &named) else {
            return Ok(Sighting::NotKnown);
        };
        let turn = (line.provider.id.as_str(), Purpose::Submit, named.job);
        let reply = self.send(turn, request, &line.key).await;
        self.heard(line, &[named.job], exchange::looked_up(protocol, &named, reply))
    }

    async fn cancel(&self, provider: &str, target: Target) -> Result<bool, Trouble> {
        let named = self.named(target);
        let line = line(&self.workspace, provider).await.map_err(bare)?;
        let protocol = line.provider.protocol;
        let Some(request) = registry::cancel(protocol, &line.address.url, &named) else {
            return Ok(false);
        };
        let turn = (provider, Purpose::Submit, named.job);
        let reply = self.send(turn, request, &line.key).await;
        line.heard(exchange::stopped(protocol, &named, reply))
    }

    /// Writes to the journal that `job` is about to be sent. Without that line a database that loses its newest
    /// writes would have it sent twice.
    async fn intend(&self, job: &Job, request: &HttpRequest) -> Result<(), Trouble> {
        let path = self.workspace.places.sent_journal();
        let intent = Intent::new(job, request, wall());
        let written = tokio::task::spawn_blocking({
            let path = path.clone();
            move || intent.append(&path)
        });
        let written = written.await.map_err(std::io::Error::other).flatten();
        written.map_err(|error| {
            let message =
                format!("{} can't be written ({error}), so nothing was sent", path.display());
            bare(JobError::ours(FailureClass::Disk, "noIntent", message, Charged::NotCharged))
        })
    }

    /// One exchange, when it is this request's turn.
    async fn send(
        &self,
        turn: (&str, Purpose, JobId),
        request: HttpRequest,
        key: &SecretString,
    ) -> Answer {
        self.wait_for(turn).await;
        self.exchange(turn.0, request, key, MAX_RESULTS_BYTES).await
    }

    async fn wait_for(&self, (provider, purpose, job): (&str, Purpose, JobId)) {
        // A full queue drops this one: the next change tells the same, later.
        let told = || drop(self.outbox.try_send(Message::Turns));
        self.limiters.turn(provider, purpose, job, told).await;
    }

    async fn exchange(
        &self,
        provider: &str,
        request: HttpRequest,
        key: &SecretString,
        most_bytes: usize,
    ) -> Answer {
        let reply = self.workspace.transport.send(request, key, most_bytes).await?;
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
        keep_cut: bool,
    ) -> Result<crate::domain::job::ClipFile, SaveTrouble> {
        // The semaphore is never closed; without a permit the save is merely not counted.
        let _permit = self.saves.acquire().await;
        let told = |progress| {
            // A full queue drops this one: the next tells the same, later.
            drop(self.outbox.try_send(Message::Progress { job: job.id, index, progress }));
        };
        let workspace = &self.workspace;
        let provider = workspace.catalog.provider(&job.request.model.provider);
        let base = match provider {
            // Whoever served a result of the sandbox may be gone, and then nobody does until somebody begins to.
            Some(provider) => address(workspace, provider).await.map(|address| address.url).ok(),
            None => None,
        };
        let base = base.unwrap_or_default();
        let max_bytes = workspace.catalog.max_clip_bytes(&job.request);
        if let Some(clip) = &output.inline {
            let clip = Arc::clone(&clip.0);
            return save::save_inline(clip, max_bytes, keep_cut, &workspace.places, job, index)
                .await;
        }
        if output.url == WITHIN {
            return Err(save::within());
        }
        let source = Source { url: &output.url, base: &base, max_bytes, keep_cut };
        save::save(&workspace.transport, source, &workspace.places, job, index, told).await
    }
}

/// A job that was made for another account than the one that is set now.
fn other_account(provider: &str) -> JobError {
    let message = format!(
        "the key or the address of {provider} is another one than when this was submitted; nothing was sent. \
         Submit it again to have it sent with this one"
    );
    JobError::ours(FailureClass::Key, "otherAccount", message, Charged::NotCharged)
}

fn bare(error: JobError) -> Trouble {
    Trouble { error, retry_after_ms: None }
}
