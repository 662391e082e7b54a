//! The driver: commits what the engine says, then does what it says (law 1). One process per database
//! drives (law 12); every other one follows, and takes over when the driver ends or is stopped.

mod commit;
mod take_over;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::clock::Clock;
use super::driver_locks::{self, DriverLocks, LockError};
use super::execute::Executor;
use super::expected::expected_ms;
use super::foreign::Foreign;
use super::held;
use super::intents::{self, IntentsError, Witness};
use super::live::{LiveJob, Snapshot};
use super::save::Progress;
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::event::Write;
use crate::domain::job::{Job, JobId, JobState};
use crate::engine::{Adopted, Command, Engine, Input, Step};
use crate::store::{Lease, Store, StoreError};

/// The most messages that wait for the driver.
const MAX_MESSAGES: usize = 1024;
/// What another process touches when it stores something, or when its driving ends.
const FOREIGN_FILES: &[&str] = &["rushes.db", "driver.lock", "deputy.lock"];
/// How soon to look after a touch, and how often from then on: a commit is seen only after its files
/// were written, and a lock is free only after its file was closed.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const NEXT_LOOK: Duration = Duration::from_millis(300);
/// How many looks in a row see nothing new before there are no more.
const LOOKS: u32 = 4;
/// How often to look whether whoever drives was stopped, as long as a job depends on it: that touches no file.
const DRIVER_LOOK: Duration = Duration::from_secs(2);
/// How often the jobs in doubt are asked for of which their providers may know more.
const ASK_AGAIN: Duration = Duration::from_secs(600);
/// How long the replies to what is being sent are waited for when driving is to end.
const LAST_REPLIES: Duration = Duration::from_secs(2);
/// How long the driver may take to end by itself; one that waits for the disk does not.
const LAST_STEPS: Duration = Duration::from_millis(500);

/// What reaches the driver.
#[derive(Debug)]
pub(super) enum Message {
    /// An outcome for the engine.
    Happened(Box<Input>),
    /// A job can leave at once, which `go` lets it do. Without that it never leaves.
    Ready { job: JobId, go: oneshot::Sender<Box<Job>> },
    /// This process stored something that the driver does not know of.
    Stored,
    /// How far a file is; only shown, never stored.
    Progress { job: JobId, index: usize, progress: Progress },
    /// A request waits for its turn, or has had it; only shown.
    Turns,
    /// Nothing more is to be sent, since the driving will end.
    Close,
    /// The driving is to end.
    End,
}

/// Why driving ended before it was told to.
#[derive(Debug, Error)]
pub enum DriverError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database's thread failed.
    #[error(transparent)]
    Gone(#[from] StoreGone),
    /// A lock file can't be used.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// A driver that runs beside its caller. Dropping it ends the driving; the jobs go on at their
/// providers, and the next driver continues them.
#[derive(Debug)]
pub struct Driver {
    outbox: mpsc::Sender<Message>,
    snapshots: watch::Receiver<Snapshot>,
    task: JoinHandle<Result<(), DriverError>>,
}

impl Driver {
    /// Starts to drive, or to follow whoever does.
    pub fn start(workspace: Arc<Workspace>) -> Self {
        Self::begin(workspace, true)
    }

    /// Starts to follow whoever drives, and never drives itself.
    pub fn follow(workspace: Arc<Workspace>) -> Self {
        Self::begin(workspace, false)
    }

    fn begin(workspace: Arc<Workspace>, may_drive: bool) -> Self {
        let (told, snapshots) = watch::channel(Snapshot::default());
        let (outbox, inbox) = mpsc::channel(MAX_MESSAGES);
        let executor = Executor::new(Arc::clone(&workspace), outbox.clone());
        let task = tokio::spawn(Actor::new(workspace, may_drive, told, inbox, executor).run());
        Self { outbox, snapshots, task }
    }

    /// Tells the driver that this process stored a job or a wish: other processes' writes it sees by itself.
    pub fn bell(&self) -> Bell {
        Bell(self.outbox.clone())
    }

    /// What is live, as of the last change.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshots.borrow().clone()
    }

    /// Waits for the next change; an error if driving ended.
    pub async fn changed(&mut self) -> Result<(), DriverError> {
        if self.snapshots.changed().await.is_ok() {
            return Ok(());
        }
        match (&mut self.task).await {
            Ok(ended) => ended,
            Err(_) => Err(DriverError::Gone(StoreGone)),
        }
    }

    /// Ends the driving, so that another process can begin to. Replies to what is being sent are waited for a
    /// little: where a provider knows no key, nobody else could find out what became of it.
    pub async fn end(mut self) {
        let is_sending = |live: &LiveJob| live.job.state == JobState::Submitting;
        drop(
            timeout(LAST_REPLIES, async {
                drop(self.outbox.send(Message::Close).await);
                while self.snapshot().driving && self.snapshot().jobs.iter().any(is_sending) {
                    self.changed().await?;
                }
                Ok::<_, DriverError>(())
            })
            .await,
        );
        // By itself it first ends what it has under way, so that no transfer goes on while another drives.
        let ended = async {
            drop(self.outbox.send(Message::End).await);
            drop((&mut self.task).await);
        };
        if timeout(LAST_STEPS, ended).await.is_err() {
            self.task.abort();
            drop((&mut self.task).await);
        }
    }
}

/// Tells a driver to look at the database.
#[derive(Clone, Debug)]
pub struct Bell(mpsc::Sender<Message>);

impl Bell {
    /// Rings it. A driver that has ended needs no telling.
    pub async fn ring(&self) {
        drop(self.0.send(Message::Stored).await);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Actor {
    workspace: Arc<Workspace>,
    /// Whether it drives where nobody does.
    may_drive: bool,
    clock: Clock,
    told: watch::Sender<Snapshot>,
    inbox: mpsc::Receiver<Message>,
    executor: Executor,
    /// What is being done of what the engine said.
    tasks: JoinSet<()>,
    /// Lets the job leave that is ready.
    go: Option<oneshot::Sender<Box<Job>>>,
    /// Whether nothing more is to be sent.
    closed: bool,
    progress: HashMap<(JobId, usize), Progress>,
    seen_version: Option<i64>,
    foreign: Foreign,
    /// The looks that are left before only a touch brings the next one.
    looks: u32,
    /// When to ask next for jobs in doubt.
    ask_again: Instant,
    /// What the journal of intents tells, once it could be read.
    witness: Option<Witness>,
    role: Role,
    /// Held for as long as this process drives; let go of last.
    locks: DriverLocks,
}

enum Role {
    Following,
    Driving { engine: Box<Engine>, lease: Lease },
}

impl Actor {
    fn new(
        workspace: Arc<Workspace>,
        may_drive: bool,
        told: watch::Sender<Snapshot>,
        inbox: mpsc::Receiver<Message>,
        executor: Executor,
    ) -> Self {
        Self {
            executor,
            tasks: JoinSet::new(),
            go: None,
            closed: false,
            clock: Clock::new(),
            progress: HashMap::new(),
            seen_version: None,
            foreign: Foreign::watch(&workspace.places.data_dir, FOREIGN_FILES),
            looks: 0,
            ask_again: Instant::now(),
            witness: None,
            role: Role::Following,
            locks: DriverLocks::new(&workspace.places),
            workspace,
            may_drive,
            told,
            inbox,
        }
    }

    async fn run(mut self) -> Result<(), DriverError> {
        self.look_around().await?;
        let mut look = Instant::now() + self.rest();
        loop {
            let deadline = self.engine().and_then(|engine| engine.next_deadline_ms());
            let wake = deadline.map(|ms| Instant::from_std(self.clock.instant(ms)));
            tokio::select! {
                message = self.inbox.recv() => match message {
                    Some(Message::Happened(input)) => self.drive(*input).await?,
                    Some(Message::Ready { job, go }) if !self.closed => {
                        self.go = Some(go);
                        self.drive(Input::Ready { job }).await?;
                        self.go = None;
                    }
                    Some(Message::Ready { .. }) => {}
                    Some(Message::Close) => self.closed = true,
                    Some(Message::Stored) => {
                        self.adopt_new().await?;
                        self.publish(true).await?;
                    }
                    Some(Message::Progress { job, index, progress }) => {
                        self.progress.insert((job, index), progress);
                        self.publish(false).await?;
                    }
                    Some(Message::Turns) => self.publish(false).await?,
                    Some(Message::End) | None => {
                        self.tasks.shutdown().await;
                        return Ok(());
                    }
                },
                () = sleep_until(wake.unwrap_or(look)), if wake.is_some() => {
                    self.drive(Input::Wake).await?;
                }
                () = self.foreign.heard() => {
                    if self.looks == 0 {
                        look = Instant::now() + FIRST_LOOK;
                    }
                    self.looks = LOOKS;
                }
                () = sleep_until(look) => {
                    self.look_around().await?;
                    self.looks = self.looks.saturating_sub(1);
                    let rest = if self.looks > 0 { NEXT_LOOK } else { self.rest() };
                    look = Instant::now() + rest;
                }
                () = self.told.closed() => return Ok(()),
            }
        }
    }

    fn engine(&self) -> Option<&Engine> {
        match &self.role {
            Role::Driving { engine, .. } => Some(engine),
            Role::Following => None,
        }
    }

    /// How long nothing is looked at without a touch.
    fn rest(&self) -> Duration {
        let depends = self.engine().is_none() && !self.told.borrow().jobs.is_empty();
        if depends { DRIVER_LOOK.min(self.foreign.rest()) } else { self.foreign.rest() }
    }

    /// Sees what other processes did, and drives if nobody does.
    async fn look_around(&mut self) -> Result<(), DriverError> {
        if self.may_drive && !self.locks.are_final() {
            self.try_to_drive().await?;
        } else if !self.may_drive {
            self.tell_stopped(driver_locks::stopped(&self.workspace.places));
        }
        let version = self.store(|store| store.data_version()).await??;
        let driving = matches!(self.role, Role::Driving { .. });
        if driving && self.ask_again <= Instant::now() {
            self.ask_again = Instant::now() + ASK_AGAIN;
            self.executor.ask_again();
        }
        let is_blind = driving && self.witness.is_none();
        if self.seen_version == Some(version) && !is_blind {
            return Ok(());
        }
        self.seen_version = Some(version);
        if driving {
            self.adopt_new().await?;
        }
        self.publish(true).await
    }

    /// Gives the engine the jobs that it does not have yet, and the wishes to stop.
    async fn adopt_new(&mut self) -> Result<(), DriverError> {
        let begins = self.witness.is_none();
        let read = move |store: &mut Store| {
            let held = if begins { store.held_jobs()? } else { Vec::new() };
            let wishes = (store.cancels_asked()?, store.holds_asked()?);
            Ok::<_, StoreError>((store.live_jobs()?, held, wishes))
        };
        let (jobs, held, (cancels, holds)) = self.store(read).await??;
        let [stops, holds] = [cancels, holds]
            .map(|jobs| jobs.into_iter().map(|job| job.id).collect::<HashSet<JobId>>());
        self.read_journal().await?;
        // What was released and sent may be held again in a database that lost its newest writes.
        let was_sent =
            |job: &Job| self.witness.as_ref().is_some_and(|one| one.knows_more_than(job));
        let sent: Vec<Job> = held.into_iter().filter(was_sent).collect();
        let mut adopted = Vec::new();
        for job in jobs.into_iter().chain(sent) {
            let (id, stop) = (job.id, stops.contains(&job.id));
            let mut hold = holds.contains(&id).then(|| held::INTERRUPTED.to_owned());
            if self.engine().is_some_and(|engine| !engine.is_live(id)) {
                let sent_before = match &self.witness {
                    Some(witness) => witness.knows_more_than(&job),
                    // Whether it was sent already stands where nobody can read.
                    None if job.state.is_to_be_sent() => continue,
                    None => false,
                };
                let expected_ms = expected_ms(&self.workspace, &job).await?;
                if hold.is_none() {
                    hold = held::forbidden(&self.workspace, &job).await??;
                }
                adopted.push(Adopted { job, expected_ms, stop, hold, sent_before });
            } else if stop {
                self.drive(Input::Cancel { job: id }).await?;
            } else if let Some(reason) = hold {
                self.drive(Input::Hold { job: id, reason }).await?;
            }
        }
        if !adopted.is_empty() {
            self.drive(Input::Adopt { jobs: adopted }).await?;
        }
        Ok(())
    }

    /// Reads what was sent by the other witness than the database, as driving begins; again, where it could not
    /// be read.
    async fn read_journal(&mut self) -> Result<(), DriverError> {
        if self.witness.is_some() {
            return Ok(());
        }
        let (path, now) = (self.workspace.places.sent_journal(), self.clock.now().wall);
        let begun = self.store(move |store| intents::begin(&path, store, now)).await?;
        match begun {
            Ok(witness) => {
                let notes = witness.notes(now.checked_sub(intents::TOLD_FOR).ok());
                notes.into_iter().for_each(|note| self.workspace.notes.say(note));
                self.witness = Some(witness);
            }
            Err(IntentsError::File(error)) => self.workspace.notes.say(format!(
                "{} can't be read ({error}), so what waits to be sent stays here: it may have been sent before",
                self.workspace.places.sent_journal().display()
            )),
            Err(IntentsError::Store(error)) => return Err(error.into()),
        }
        Ok(())
    }

    /// Law 1: what the engine wants stored is stored, and only then is done what it wants done.
    async fn drive(&mut self, input: Input) -> Result<(), DriverError> {
        let now = self.clock.now();
        let Role::Driving { engine, lease, .. } = &mut self.role else { return Ok(()) };
        let lease = *lease;
        let Step { writes, commands } = engine.handle(input, now);
        for Write { job, event, .. } in &writes {
            tracing::debug!(job = %job.id, event = event.word(), "stored next");
        }
        let stored = !writes.is_empty();
        let over = writes.iter().filter(|write| !write.job.state.may_be_sent());
        let over: Vec<JobId> = over.map(|write| write.job.id).collect();
        if stored && let Err(error) = self.commit(writes, lease).await {
            if !matches!(error, DriverError::Store(StoreError::LeaseLost)) {
                return Err(error);
            }
            // Another process drives by now, as while this one was stopped: it follows, and sends nothing.
            self.tasks.shutdown().await;
            self.role = Role::Following;
            self.locks = DriverLocks::new(&self.workspace.places);
            self.seen_version = None;
            return self.publish(true).await;
        }
        // What an address was needed for is over.
        over.iter().for_each(|job| self.workspace.places.addresses().forget(job.0));
        while self.tasks.try_join_next().is_some() {}
        for command in commands {
            match (command, self.go.take()) {
                // Whoever waited for its sake has ended where this fails, and nothing was sent.
                (Command::Submit { job }, Some(go)) => drop(go.send(job)),
                (command, go) => {
                    self.go = go;
                    self.executor.start(command, &mut self.tasks);
                }
            }
        }
        self.publish(stored).await
    }

    async fn publish(&mut self, stored: bool) -> Result<(), DriverError> {
        let (driving, jobs, troubles) = match &self.role {
            Role::Driving { engine, .. } => {
                self.progress.retain(|(job, _), _| engine.is_live(*job));
                let now = self.clock.now();
                let waiting = self.executor.waiting();
                let jobs = engine.jobs(now.mono_ms);
                let jobs =
                    jobs.map(|watched| LiveJob::watched(watched, &self.progress, &waiting, now));
                let troubles = self.workspace.catalog.providers.iter().filter_map(|provider| {
                    Some((provider.id.clone(), engine.trouble(&provider.id)?.clone()))
                });
                (true, jobs.collect(), troubles.collect())
            }
            Role::Following => {
                let jobs = self.store(|store| store.live_jobs()).await??;
                let jobs = jobs.into_iter().map(LiveJob::stored);
                (false, jobs.collect(), Vec::new())
            }
        };
        self.told.send_modify(|snapshot| {
            let version = snapshot.version + u64::from(stored);
            let stuck = snapshot.stuck.filter(|_| !driving);
            *snapshot = Snapshot { version, driving, jobs, stuck, troubles };
        });
        Ok(())
    }

    async fn store<T, F>(&self, call: F) -> Result<T, DriverError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store) -> T + Send + 'static,
    {
        Ok(self.workspace.store.run(call).await?)
    }
}
