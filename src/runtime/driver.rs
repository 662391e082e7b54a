//! The driver: commits what the engine says, then does what it says (law 1). One process per database
//! drives (law 12); every other one follows, and takes over when the driver ends.

use std::collections::{HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::clock::{Clock, new_dice_seed};
use super::execute::Executor;
use super::expected::expected_ms;
use super::foreign::Foreign;
use super::intents::{self, IntentsError, Witness};
use super::limiter::Waiting;
use super::save::{self, Progress};
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::event::Write;
use crate::domain::job::{FailureClass, Job, JobError, JobId};
use crate::domain::wait::Wait;
use crate::engine::{Adopted, Engine, Held, Input, Now, Step, Watched};
use crate::store::{Lease, Store, StoreError};

/// The most messages that wait for the driver.
const MAX_MESSAGES: usize = 1024;
/// What another process touches when it stores something, or when its driving ends.
const FOREIGN_FILES: &[&str] = &["rushes.db", "driver.lock"];
/// How soon to look after a touch, and how often from then on: a commit is seen only after its files
/// were written, and a lock is free only after its file was closed.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const NEXT_LOOK: Duration = Duration::from_millis(300);
/// How many looks in a row see nothing new before there are no more.
const LOOKS: u32 = 4;
/// How soon a commit is tried again that found the disk full or the database busy, and how late at most.
const FIRST_COMMIT_WAIT: Duration = Duration::from_millis(400);
const LONGEST_COMMIT_WAIT: Duration = Duration::from_secs(10);

/// What reaches the driver.
#[derive(Debug)]
pub(super) enum Message {
    /// An outcome for the engine.
    Happened(Box<Input>),
    /// This process stored something that the driver does not know of.
    Stored,
    /// How far a file is; only shown, never stored.
    Progress { job: JobId, index: usize, progress: Progress },
    /// A request waits for its turn, or has had it; only shown.
    Turns,
}

/// The live jobs as they are now. Later values replace earlier ones.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Rises with every change that was stored.
    pub version: u64,
    /// Whether this process drives.
    pub driving: bool,
    /// The jobs that are not at their end.
    pub jobs: Vec<LiveJob>,
    /// Why nothing can be stored for now, so that nothing new is sent, in a sentence.
    pub stuck: Option<&'static str>,
    /// Providers that do not answer, and why.
    pub troubles: Vec<(String, JobError)>,
}

/// A live job with what is not stored.
#[derive(Clone, Debug)]
pub struct LiveJob {
    /// The job as stored.
    pub job: Job,
    /// How far the provider says it is.
    pub percent: Option<u8>,
    /// How far its files are, all together.
    pub saving: Option<Progress>,
    /// When the provider should be done, by how long such jobs take.
    pub expected_end: Option<Timestamp>,
    /// When something is done for it next.
    pub next_at: Option<Timestamp>,
    /// Why it has not been sent yet, or its request not left.
    pub wait: Option<Wait>,
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
    /// The lock file can't be used.
    #[error("the lock file {path} can't be used: {source}")]
    Lock {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
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
        let (told, snapshots) = watch::channel(Snapshot::default());
        let (outbox, inbox) = mpsc::channel(MAX_MESSAGES);
        let executor = Executor::new(Arc::clone(&workspace), outbox.clone());
        let task = tokio::spawn(Actor::new(workspace, told, inbox, executor).run());
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
    clock: Clock,
    told: watch::Sender<Snapshot>,
    inbox: mpsc::Receiver<Message>,
    executor: Executor,
    progress: HashMap<(JobId, usize), Progress>,
    seen_version: Option<i64>,
    foreign: Foreign,
    /// The looks that are left before only a touch brings the next one.
    looks: u32,
    /// What the journal of intents tells, once it could be read.
    witness: Option<Witness>,
    role: Role,
}

enum Role {
    Following {
        /// Tried again and again, so it stays open: closing it would be heard as a touch.
        lock: Option<File>,
    },
    Driving {
        engine: Box<Engine>,
        lease: Lease,
        /// Held for as long as this process drives.
        _lock: File,
    },
}

impl Actor {
    fn new(
        workspace: Arc<Workspace>,
        told: watch::Sender<Snapshot>,
        inbox: mpsc::Receiver<Message>,
        executor: Executor,
    ) -> Self {
        Self {
            executor,
            clock: Clock::new(),
            progress: HashMap::new(),
            seen_version: None,
            foreign: Foreign::watch(&workspace.places.data_dir, FOREIGN_FILES),
            looks: 0,
            witness: None,
            role: Role::Following { lock: None },
            workspace,
            told,
            inbox,
        }
    }

    async fn run(mut self) -> Result<(), DriverError> {
        self.look_around().await?;
        let mut look = Instant::now() + self.foreign.rest();
        loop {
            let deadline = self.engine().and_then(|engine| engine.next_deadline_ms());
            let wake = deadline.map(|ms| Instant::from_std(self.clock.instant(ms)));
            tokio::select! {
                message = self.inbox.recv() => match message {
                    Some(Message::Happened(input)) => self.drive(*input).await?,
                    Some(Message::Stored) => {
                        self.adopt_new().await?;
                        self.publish(true).await?;
                    }
                    Some(Message::Progress { job, index, progress }) => {
                        self.progress.insert((job, index), progress);
                        self.publish(false).await?;
                    }
                    Some(Message::Turns) => self.publish(false).await?,
                    None => return Ok(()),
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
                    let rest = if self.looks > 0 { NEXT_LOOK } else { self.foreign.rest() };
                    look = Instant::now() + rest;
                }
                () = self.told.closed() => return Ok(()),
            }
        }
    }

    fn engine(&self) -> Option<&Engine> {
        match &self.role {
            Role::Driving { engine, .. } => Some(engine),
            Role::Following { .. } => None,
        }
    }

    /// Sees what other processes did, and drives if nobody does.
    async fn look_around(&mut self) -> Result<(), DriverError> {
        if matches!(self.role, Role::Following { .. }) {
            self.try_to_drive().await?;
        }
        let version = self.store(|store| store.data_version()).await??;
        let driving = matches!(self.role, Role::Driving { .. });
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

    async fn try_to_drive(&mut self) -> Result<(), DriverError> {
        let Role::Following { lock } = &mut self.role else { return Ok(()) };
        let path = self.workspace.places.driver_lock();
        let wrong = |source| DriverError::Lock { path: path.display().to_string(), source };
        let file = match lock.take() {
            Some(file) => file,
            None => {
                let mut options = File::options();
                options.create(true).write(true).truncate(false).open(&path).map_err(wrong)?
            }
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                *lock = Some(file);
                return Ok(());
            }
            Err(TryLockError::Error(source)) => return Err(wrong(source)),
        }
        let holder = format!("pid {}", std::process::id());
        let now = self.clock.now();
        let lease = self.store(move |store| store.take_lease(&holder, now.wall)).await??;
        let places = self.workspace.places.clone();
        drop(tokio::task::spawn_blocking(move || save::remove_parts(&places)).await);
        let engine = Box::new(Engine::new(&self.workspace.catalog.providers, new_dice_seed()));
        self.role = Role::Driving { engine, lease, _lock: file };
        self.seen_version = None;
        Ok(())
    }

    /// Gives the engine the jobs that it does not have yet, and the wishes to stop.
    async fn adopt_new(&mut self) -> Result<(), DriverError> {
        let (jobs, cancels) = self
            .store(|store| Ok::<_, StoreError>((store.live_jobs()?, store.cancels_asked()?)))
            .await??;
        let stops: HashSet<JobId> = cancels.into_iter().map(|job| job.id).collect();
        self.read_journal().await?;
        let mut adopted = Vec::new();
        for job in jobs {
            let (id, stop) = (job.id, stops.contains(&job.id));
            if self.engine().is_some_and(|engine| !engine.is_live(id)) {
                let sent_before = match &self.witness {
                    Some(witness) => witness.knows_more_than(&job),
                    // Whether it was sent already stands where nobody can read.
                    None if job.state.is_to_be_sent() => continue,
                    None => false,
                };
                let expected_ms = expected_ms(&self.workspace, &job).await?;
                adopted.push(Adopted { job, expected_ms, stop, sent_before });
            } else if stop {
                self.drive(Input::Cancel { job: id }).await?;
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
        let stored = !writes.is_empty();
        if stored {
            self.commit(writes, lease).await?;
        }
        for command in commands {
            self.executor.start(command);
        }
        self.publish(stored).await
    }

    /// Tries for as long as this process lives: what a reply told, such as the id of a job that was taken,
    /// is known here alone. Until it is stored nothing else is done, so nothing new is sent.
    async fn commit(&self, writes: Vec<Write>, lease: Lease) -> Result<(), DriverError> {
        let writes = Arc::new(writes);
        let mut wait = FIRST_COMMIT_WAIT;
        loop {
            let batch = Arc::clone(&writes);
            let outcome = self.store(move |store| store.commit(&batch, Some(lease))).await?;
            let stuck = outcome.as_ref().err().and_then(StoreError::waits_for);
            self.told.send_if_modified(|snapshot| {
                std::mem::replace(&mut snapshot.stuck, stuck) != stuck
            });
            if stuck.is_none() {
                return Ok(outcome?);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
        }
    }

    async fn publish(&mut self, stored: bool) -> Result<(), DriverError> {
        let (driving, jobs, troubles) = match &self.role {
            Role::Driving { engine, .. } => {
                self.progress.retain(|(job, _), _| engine.is_live(*job));
                let now = self.clock.now();
                let waiting = self.executor.waiting();
                let jobs = engine.jobs(now.mono_ms);
                let jobs = jobs.map(|watched| self.live(watched, &waiting, now));
                let troubles = self.workspace.catalog.providers.iter().filter_map(|provider| {
                    Some((provider.id.clone(), engine.trouble(&provider.id)?.clone()))
                });
                (true, jobs.collect(), troubles.collect())
            }
            Role::Following { .. } => {
                let jobs = self.store(|store| store.live_jobs()).await??;
                let jobs = jobs.into_iter().map(|job| LiveJob {
                    job,
                    percent: None,
                    saving: None,
                    expected_end: None,
                    next_at: None,
                    wait: None,
                });
                (false, jobs.collect(), Vec::new())
            }
        };
        self.told.send_modify(|snapshot| {
            let version = snapshot.version + u64::from(stored);
            *snapshot = Snapshot { version, driving, jobs, stuck: None, troubles };
        });
        Ok(())
    }

    fn live(&self, watched: Watched<'_>, waiting: &[Waiting], now: Now) -> LiveJob {
        let job = watched.job.clone();
        let parts: Vec<&Progress> = (0..job.outputs.len())
            .filter_map(|index| self.progress.get(&(job.id, index)))
            .collect();
        let saving = (!parts.is_empty()).then(|| Progress {
            bytes: parts.iter().map(|part| part.bytes).sum(),
            total: parts.iter().map(|part| part.total).sum(),
        });
        let after = |at: Timestamp, ms: u64| {
            at.checked_add(SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX))).ok()
        };
        let at = |mono_ms: u64| after(now.wall, mono_ms.saturating_sub(now.mono_ms));
        let turn = waiting.iter().find(|one| one.job == job.id);
        let wait = match (watched.held, turn) {
            (Some(Held::Full { max }), _) => Some(Wait::Place { max }),
            (Some(Held::Closed { class, until_ms }), _) => {
                at(until_ms).map(|until| Wait::Pause { class, until })
            }
            (None, Some(turn)) => after(now.wall, turn.wait_ms).map(|at| match turn.is_paused {
                true => Wait::Pause { class: FailureClass::Rate, until: at },
                false => Wait::Turn { rate: turn.rate, at },
            }),
            (None, None) => None,
        };
        LiveJob {
            percent: watched.progress_percent,
            saving,
            expected_end: job.accepted_at.and_then(|at| after(at, watched.expected_ms)),
            next_at: watched.due_ms.and_then(at),
            wait,
            job,
        }
    }

    async fn store<T, F>(&self, call: F) -> Result<T, DriverError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store) -> T + Send + 'static,
    {
        Ok(self.workspace.store.run(call).await?)
    }
}
