//! The properties: each has a name, and a checker that knows nothing of the program but what can be seen
//! from outside: what was committed, what arrived at the remote, what lies on the disk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::io::ErrorKind;

use jiff::Timestamp;
use rushes::domain::catalog::Catalog;
use rushes::domain::event::{JobEvent, Write};
use rushes::domain::job::{Charged, Job, JobError, JobId, JobState};
use rushes::engine::{Engine, apply};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::committed::Committed;
use crate::disk::Disk;

/// What must hold whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    OneGenerationPerKey,
    NoResubmissionInDoubt,
    EndsAbsorb,
    EveryJobEnds,
    RecoveryEqualsLive,
    LogFoldsToRow,
    SucceededIsAFile,
    BudgetsHold,
    NoDeadlineInThePast,
    SameSeedSameTrace,
    HonestAboutMoney,
    StoppedIsNotSent,
    NothingIsGivenUp,
    PaidIsNotLost,
    HeldIsNotSent,
    FinalsAreAgreedTo,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneGenerationPerKey => "at most one billable generation per attempt key",
            Self::NoResubmissionInDoubt => "no resubmission of a job in doubt without consent",
            Self::EndsAbsorb => "terminal states absorb",
            Self::EveryJobEnds => "once faults stop, every job ends or is in doubt",
            Self::RecoveryEqualsLive => "recovery equals the live engine",
            Self::LogFoldsToRow => "the event log folds to the row",
            Self::SucceededIsAFile => "succeeded means that the file is there with its hash",
            Self::BudgetsHold => "budgets of sends, polls, stops and places hold",
            Self::NoDeadlineInThePast => "no deadline lies in the past",
            Self::SameSeedSameTrace => "the same seed gives the same trace",
            Self::HonestAboutMoney => "what was billed is never called free",
            Self::NothingIsGivenUp => "what can still be had is not given up",
            Self::PaidIsNotLost => "what was paid for is a file, or in doubt",
            Self::StoppedIsNotSent => "what was stopped before it was sent is not sent",
            Self::HeldIsNotSent => {
                "what is held before it was sent is not sent until it is released"
            }
            Self::FinalsAreAgreedTo => "no draft has a second final without a yes to it",
        })
    }
}

/// The most that a job is sent, under its one key.
const MAX_SENDS: u32 = 10;
/// The most stops that one process asks for one job.
const MAX_STOPS: u32 = 5;
/// The most questions about one job in ten seconds, by one process.
const MAX_QUESTIONS: usize = 25;
const WINDOW_MS: u64 = 10_000;
const DAY_MS: u64 = 24 * 3_600_000;
/// The most questions about one job by one process: so many at first, and one in so many milliseconds, for
/// each job that it asks about. Where a request asks for many, a job is taken along by the polls of others.
///
/// The schedule asks twice a second around the expected end, so about once for each expected second, and
/// then at waits that grow by an eightieth of the lateness: 80·ln(1 + late/40 s) times, which is never more
/// than 112 above one in five seconds.
const FIRST_QUESTIONS: u64 = 300;
const LATER_QUESTION_MS: u64 = 5_000;

/// The observer: it remembers what it needs to judge, and everything that broke a law.
#[derive(Default)]
pub struct Laws {
    /// What was broken, and how.
    pub broken: Vec<(Law, String)>,
    generations: BTreeMap<Uuid, BTreeSet<(usize, Uuid)>>,
    doubted: BTreeSet<JobId>,
    held: BTreeSet<JobId>,
    /// Jobs that were found at their provider, and so took no place there.
    found: BTreeSet<JobId>,
    sent_ms: BTreeMap<JobId, u64>,
    questions: BTreeMap<(u64, JobId), Questions>,
    stops: BTreeMap<(u64, JobId), u32>,
}

#[derive(Default)]
struct Questions {
    first_ms: u64,
    count: u64,
    lately: VecDeque<u64>,
}

impl Laws {
    fn check(&mut self, law: Law, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.broken.iter().all(|(other, _)| *other != law) {
            self.broken.push((law, what()));
        }
    }

    /// The remote began to work on `task` for the attempt `key`, in the account of the user's key number `account`.
    pub fn generation(&mut self, key: Uuid, account: usize, task: Uuid) {
        let tasks = self.generations.entry(key).or_default();
        tasks.insert((account, task));
        let count = tasks.len();
        self.check(Law::OneGenerationPerKey, count == 1, || {
            format!("attempt {key} was taken {count} times")
        });
    }

    /// A process that began at `began_ms` sends `job`, of which `store` has what the user wishes.
    pub fn sent(&mut self, job: &Job, now_ms: u64, began_ms: u64, store: &Committed) {
        let first = job.sends == 1 && !self.sent_ms.contains_key(&job.id);
        self.sent_ms.entry(job.id).or_insert(now_ms);
        let doubted = self.doubted.contains(&job.id);
        self.check(Law::NoResubmissionInDoubt, !doubted, || format!("{} is sent again", job.id));
        let before = |wish_ms: Option<&u64>| wish_ms.is_some_and(|wish_ms| *wish_ms < began_ms);
        let stopped = before(store.stops.get(&job.id));
        self.check(Law::StoppedIsNotSent, !stopped, || format!("{} is sent all the same", job.id));
        let held = self.held.contains(&job.id) || first && before(store.holds.get(&job.id));
        self.check(Law::HeldIsNotSent, !held, || format!("{} is sent although held", job.id));
    }

    /// A final of a draft is stored beside `others` of the same draft and size, of which the user saw `seen`.
    pub fn final_stored(&mut self, others: &[JobId], seen: &[JobId]) {
        let agreed = others.iter().all(|other| seen.contains(other));
        self.check(Law::FinalsAreAgreedTo, agreed, || {
            format!("{others:?} were there, seen {seen:?}")
        });
    }

    /// A transaction was committed; `before` holds the rows that it changed, as they were.
    pub fn committed(&mut self, before: &BTreeMap<JobId, Job>, writes: &[Write]) {
        for write in writes {
            let id = write.job.id;
            if let Some(row) = before.get(&id) {
                let moved = row.state.is_end() || row.state == JobState::InDoubt;
                let word = write.event.word();
                self.check(Law::EndsAbsorb, !moved, || format!("{id}: {word} after {}", row.state));
            }
            self.noted(before.get(&id).map(|row| row.state), write);
            let sends = write.job.sends;
            self.check(Law::BudgetsHold, sends <= MAX_SENDS, || format!("{id} sent {sends} times"));
        }
    }

    /// What the program or the user had stored of a job that was in the state `before`.
    pub fn noted(&mut self, before: Option<JobState>, write: &Write) {
        let id = write.job.id;
        match (&write.event, before) {
            (JobEvent::Sent, _) => drop(self.found.remove(&id)),
            (JobEvent::Recovered { .. }, _)
            | (JobEvent::Accepted { .. }, Some(JobState::InDoubt))
            | (JobEvent::OutcomeUnknown { .. }, Some(JobState::Queued | JobState::RetryWait)) => {
                self.found.insert(id);
            }
            // It was released before the copy was put back, since the journal knows it as sent.
            (JobEvent::OutcomeUnknown { .. }, Some(JobState::Held)) => {
                self.found.insert(id);
                self.held.remove(&id);
            }
            (JobEvent::Doubted { .. }, _) => drop(self.doubted.insert(id)),
            (JobEvent::Held { .. }, _) => drop(self.held.insert(id)),
            (JobEvent::Released { .. }, _) => drop(self.held.remove(&id)),
            _ => {}
        }
    }

    /// An older copy of the database takes its place: what was doubted or held since is not in it.
    pub fn put_back(&mut self, copy: &Committed) {
        let is = |id: &JobId, state| copy.rows.get(id).is_some_and(|row| row.state == state);
        self.doubted.retain(|id| is(id, JobState::InDoubt));
        let held = copy.rows.values().filter(|row| row.state == JobState::Held);
        self.held = held.map(|row| row.id).collect();
    }

    /// A job counts as overdue.
    pub fn overdue(&mut self, job: &Job, now_ms: u64) {
        let age_ms = now_ms - self.sent_ms.get(&job.id).copied().unwrap_or(now_ms);
        self.check(Law::NothingIsGivenUp, age_ms > DAY_MS, || {
            format!("{} is called overdue after {age_ms} ms", job.id)
        });
    }

    /// A result counts as lost, and its address leads to its file all the same, or does not.
    pub fn lost(&mut self, job: &Job, is_there: bool) {
        self.check(Law::NothingIsGivenUp, !is_there, || {
            format!("{} gives up a file that is there", job.id)
        });
    }

    /// A file could not be kept: whatever the reason, it is not the name, since there is another.
    pub fn not_saved(&mut self, job: &Job, error: &JobError) {
        let for_name = error.message.contains(&ErrorKind::InvalidFilename.to_string());
        self.check(Law::NothingIsGivenUp, !for_name, || {
            format!("{} is not kept under another name: {}", job.id, error.message)
        });
    }

    /// No provider has more of our jobs at once than the catalog allows, but for those that were found there.
    pub fn places(&mut self, store: &Committed, catalog: &Catalog) {
        for provider in &catalog.providers {
            let there = store.live_jobs().filter(|job| {
                job.state.is_at_provider()
                    && job.request.model.provider == provider.id
                    && !self.found.contains(&job.id)
            });
            let (there, max) = (there.count(), provider.max_live_jobs);
            self.check(Law::BudgetsHold, there <= max, || {
                format!("{} has {there} jobs and takes {max}", provider.id)
            });
        }
    }

    /// What the engine holds in memory is what a new one would take over. While it is busy, rows that it is
    /// about to adopt are not there yet; one that nobody ever sent may be on its way to it at any time.
    pub fn recovery(&mut self, engine: &Engine, store: &Committed, idle: bool) {
        let same = engine.jobs(0).all(|one| store.rows.get(&one.job.id) == Some(one.job));
        let all = store
            .live_jobs()
            .all(|row| engine.is_live(row.id) || row.state == JobState::Queued || !idle);
        self.check(Law::RecoveryEqualsLive, same && all, || {
            let live: Vec<_> = engine.jobs(0).map(|one| (one.job.id, one.job.state)).collect();
            let rows: Vec<_> = store.live_jobs().map(|job| (job.id, job.state)).collect();
            format!("in memory {live:?}, stored {rows:?}")
        });
    }

    /// Folding the events gives the row.
    pub fn log(&mut self, store: &Committed) {
        for (id, row) in &store.rows {
            let folded = fold(store.events.get(id).map_or(&[], Vec::as_slice));
            self.check(Law::LogFoldsToRow, folded.as_ref() == Some(row), || {
                format!("{id} is {} and folds to {:?}", row.state, folded.map(|job| job.state))
            });
        }
    }

    /// Every file that a row speaks of is there, and one that succeeded has some.
    pub fn files(
        &mut self,
        rows: impl IntoIterator<Item = impl std::borrow::Borrow<Job>>,
        disk: &Disk,
    ) {
        for row in rows {
            let row = row.borrow();
            let there = row.files().all(|file| {
                let bytes = disk.read(&file.path);
                bytes.is_some_and(|bytes| {
                    bytes.len() as u64 == file.bytes && sha256(bytes) == file.sha256
                })
            });
            let whole = row.files().all(|file| disk.read(&file.path).is_some_and(is_whole));
            let some = row.state != JobState::Succeeded || row.files().next().is_some();
            self.check(Law::SucceededIsAFile, there && whole && some, || {
                format!("{}: there {there}, whole {whole}, some {some}", row.id)
            });
        }
    }

    /// A process asks a provider about `job` at `now_ms`.
    pub fn asked(&mut self, process: u64, job: JobId, now_ms: u64) {
        let of_process = |(one, _): &&(u64, JobId)| *one == process;
        let jobs = self.questions.keys().filter(of_process).count().max(1) as u64;
        let questions = self.questions.entry((process, job)).or_default();
        if questions.count == 0 {
            questions.first_ms = now_ms;
        }
        questions.count += 1;
        questions.lately.push_back(now_ms);
        questions.lately.retain(|at_ms| now_ms - at_ms < WINDOW_MS);
        let (count, lately) = (questions.count, questions.lately.len());
        let each = FIRST_QUESTIONS + (now_ms - questions.first_ms) / LATER_QUESTION_MS;
        let allowed = jobs * each;
        self.check(Law::BudgetsHold, lately <= MAX_QUESTIONS && count <= allowed, || {
            format!("{job} was asked for {count} times, {lately} of them in ten seconds")
        });
    }

    /// A process asks a provider to stop `job`.
    pub fn asked_to_stop(&mut self, process: u64, job: JobId) {
        let asks = self.stops.entry((process, job)).or_default();
        *asks += 1;
        let asks = *asks;
        self.check(Law::BudgetsHold, asks <= MAX_STOPS, || format!("{job} stopped {asks} times"));
    }

    /// The engine has done everything that was due, and wants to be woken at `deadline_ms`.
    pub fn deadline(&mut self, deadline_ms: Option<u64>, mono_ms: u64) {
        let ahead = deadline_ms.is_none_or(|deadline_ms| deadline_ms > mono_ms);
        self.check(Law::NoDeadlineInThePast, ahead, || format!("{deadline_ms:?} at {mono_ms}"));
    }

    /// The faults stopped long ago.
    pub fn rest(&mut self, store: &Committed, at_rest: bool) {
        let live: Vec<_> = store.live_jobs().map(|job| (job.id.short(), job.state)).collect();
        self.check(Law::EveryJobEnds, at_rest && live.is_empty(), || {
            format!("at rest {at_rest}, still live {live:?}")
        });
    }

    /// The remote's books against what the rows say of money.
    pub fn money(&mut self, store: &Committed, billed: &BTreeMap<Uuid, i64>) {
        for row in store.rows.values() {
            let tasks = self.generations.get(&row.attempt_key);
            let paid = tasks.into_iter().flatten().any(|(_, task)| billed.get(task) > Some(&0));
            let free = (row.state.is_end() || row.state == JobState::InDoubt)
                && row.state != JobState::Succeeded
                && row.error.as_ref().is_some_and(|error| {
                    matches!(error.charged, Charged::NotCharged | Charged::Refunded)
                });
            self.check(Law::HonestAboutMoney, !(paid && free), || {
                format!("{} is {} and said to be free: {:?}", row.id, row.state, row.error)
            });
            // Only the user closes a job that may have been paid for, or stops one that runs.
            let known = match row.state {
                JobState::Succeeded | JobState::InDoubt | JobState::Canceled => true,
                _ => row.error.as_ref().is_some_and(JobError::is_closed),
            };
            self.check(Law::PaidIsNotLost, !paid || known, || {
                format!("{} was paid for and is {}: {:?}", row.id, row.state, row.error)
            });
        }
    }

    /// Two runs of one seed.
    pub fn traces(&mut self, first: u64, second: u64) {
        self.check(Law::SameSeedSameTrace, first == second, || format!("{first:x}, {second:x}"));
    }
}

fn fold(events: &[(Timestamp, JobEvent)]) -> Option<Job> {
    let (_, JobEvent::Created { job }) = events.first()? else { return None };
    let mut folded = (**job).clone();
    let effective = events[1..].iter().all(|(at, event)| apply(&mut folded, event, *at));
    effective.then_some(folded)
}

/// A file's SHA-256, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether it is a whole clip of the remote's: the last byte counts its parts.
fn is_whole(bytes: &[u8]) -> bool {
    bytes.len() > 12
        && (bytes.len() - 12).is_multiple_of(17)
        && bytes.last() == Some(&(((bytes.len() - 12) / 17 - 1) as u8))
        && bytes.get(12).is_some_and(|first| usize::from(2 + first % 6) == (bytes.len() - 12) / 17)
}
