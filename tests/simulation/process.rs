//! One running Rushes: the real engine, driven as `runtime/driver.rs` drives it.

use std::collections::{BTreeMap, VecDeque};

use rushes::domain::account::Account;
use rushes::domain::event::{JobEvent, Write};
use rushes::domain::job::{Charged, Job, JobId, JobState};
use rushes::engine::{Adopted, Engine, Input, Now, Step};

use crate::committed::Refused;
use crate::sabotage::Sabotage;
use crate::world::{CATALOG, Happening, World, account};

/// The waits before a commit is tried again, as in the driver.
const FIRST_COMMIT_WAIT_MS: u64 = 400;
const LONGEST_COMMIT_WAIT_MS: u64 = 10_000;

/// A process that drives, or did until somebody took its lease.
pub struct Process {
    pub number: u64,
    pub began_ms: u64,
    /// Which of the user's keys it found when it began.
    pub key: usize,
    engine: Engine,
    lease: u64,
    /// What it can't store for now, and how long it waits before the next try. It does nothing else.
    stuck: Option<(Step, u64)>,
    /// What came meanwhile; none stands for a bell.
    inbox: VecDeque<Option<Input>>,
}

impl World {
    /// Starts the program and lets it drive, unless one does already.
    pub fn start(&mut self, beside: bool) {
        if !self.processes.is_empty() && !beside {
            return;
        }
        let Ok(lease) = self.store.take_lease() else {
            // It said so and ended; the user tries again.
            return self.after(10_000, Happening::Start);
        };
        let number = self.number();
        let mut providers = CATALOG.providers.clone();
        if self.sabotage == Sabotage::CountsNoPlaces {
            providers.iter_mut().for_each(|provider| provider.max_live_jobs = usize::MAX);
        }
        let engine = Engine::new(&providers, self.dice.throw());
        let (stuck, inbox) = (None, VecDeque::new());
        let (began_ms, key) = (self.now_ms, self.key);
        self.processes.push(Process { number, began_ms, key, engine, lease, stuck, inbox });
        self.ask_again(key);
        self.mail(number, None);
    }

    /// The driver of process `number` gets an outcome, or hears a bell.
    pub fn mail(&mut self, number: u64, mail: Option<Input>) {
        if let Some(process) = self.process(number) {
            process.inbox.push_back(mail);
            self.read_mail(number);
        }
    }

    fn read_mail(&mut self, number: u64) {
        while let Some(process) = self.process(number) {
            let next = if process.stuck.is_none() { process.inbox.pop_front() } else { None };
            match next {
                Some(Some(input)) => self.drive(number, input),
                Some(None) => self.look_around(number),
                None => return,
            }
        }
    }

    /// The jobs that are new to it, and the wishes to stop.
    fn look_around(&mut self, number: u64) {
        let (stops, mut holds) = (self.store.stops_asked(), self.store.holds_asked());
        if self.sabotage == Sabotage::ForgetsHolds {
            holds.clear();
        }
        let late = self.sabotage == Sabotage::HearsLate;
        let Some(process) = self.processes.iter().find(|one| one.number == number) else { return };
        let (journal, blind) = (&self.journal, self.sabotage == Sabotage::LosesTheJournal);
        let adopted = |job: &Job| {
            let expected_ms = CATALOG.expected_wait_s(&job.request) * 1000;
            let stop = !late && stops.contains(&job.id);
            let waits = job.state.is_to_be_sent() || job.state == JobState::Held;
            let sends = journal.get(&job.attempt_key).copied().unwrap_or(0);
            let sent_before = waits && sends > job.sends && !blind;
            let hold = holds.contains(&job.id).then(interrupted);
            Adopted { job: job.clone(), expected_ms, stop, hold, sent_before }
        };
        let live = self.store.live_jobs().filter(|job| !process.engine.is_live(job.id));
        let held = self.store.rows.values().filter(|job| job.state == JobState::Held);
        let held = held.map(adopted).filter(|one| one.sent_before);
        let mut jobs: Vec<Adopted> = live.map(adopted).chain(held).collect();
        if self.sabotage == Sabotage::SendsDoubted {
            let doubted = self.store.rows.values().filter(|job| job.state == JobState::InDoubt);
            jobs.extend(doubted.map(adopted).map(|mut one| {
                one.job.state = JobState::Queued;
                one
            }));
        }
        let waits =
            |job: &JobId| self.store.rows.get(job).is_some_and(|row| row.state.is_to_be_sent());
        let known = |job: &JobId| process.engine.is_live(*job) && !(late && waits(job));
        let is_live = |job: &&JobId| process.engine.is_live(**job);
        let held = holds.iter().filter(is_live);
        let held = held.map(|job| Input::Hold { job: *job, reason: interrupted() });
        let cancels = stops.iter().copied().filter(known).map(|job| Input::Cancel { job });
        let mut found: Vec<Input> = cancels.chain(held).collect();
        if !jobs.is_empty() {
            found.push(Input::Adopt { jobs });
        }
        for input in found.into_iter().rev() {
            if let Some(process) = self.process(number) {
                process.inbox.push_front(Some(input));
            }
        }
    }

    fn drive(&mut self, number: u64, input: Input) {
        let now = self.told_now();
        let Some(process) = self.process(number) else { return };
        let mut step = process.engine.handle(input, now);
        let deadline_ms = process.engine.next_deadline_ms();
        self.laws.deadline(deadline_ms, self.now().mono_ms);
        match self.sabotage {
            Sabotage::ClaimsFree => claim_free(&mut step),
            Sabotage::GivesUpAtOnce => give_up(&mut step),
            _ => {}
        }
        self.settle(number, step, FIRST_COMMIT_WAIT_MS);
    }

    fn told_now(&self) -> Now {
        let now = self.now();
        match self.sabotage {
            Sabotage::StopsTheClock => Now { mono_ms: now.mono_ms.saturating_sub(9_000), ..now },
            _ => now,
        }
    }

    /// Law 1: the writes are committed, and only then the commands are carried out.
    fn settle(&mut self, number: u64, step: Step, wait_ms: u64) {
        if !step.writes.is_empty() {
            if self.boundary() {
                return;
            }
            let Some(process) = self.process(number) else { return };
            let lease = process.lease;
            match self.commit(&step.writes, lease) {
                Ok(()) => {}
                Err(Refused::ForNow) => {
                    if let Some(process) = self.process(number) {
                        process.stuck = Some((step, wait_ms));
                    }
                    return self.after(wait_ms, Happening::Retry { process: number });
                }
                Err(Refused::LeaseLost) => return self.end(number),
            }
            if self.boundary() {
                return;
            }
        }
        for command in step.commands {
            self.carry_out(number, command);
            if self.boundary() {
                return;
            }
        }
        self.observe(number);
    }

    fn commit(&mut self, writes: &[Write], lease: u64) -> Result<(), Refused> {
        let mut before = BTreeMap::new();
        for write in writes {
            if let Some(row) = self.store.rows.get(&write.job.id) {
                before.insert(write.job.id, row.clone());
            }
        }
        let skipped =
            self.sabotage == Sabotage::SkipsCommits && self.dice.throw().is_multiple_of(8);
        if skipped {
            return Ok(());
        }
        self.store.commit(writes, Some(lease))?;
        if self.sabotage == Sabotage::ForgetsEvents
            && let Some(events) = self.store.events.get_mut(&writes[0].job.id)
        {
            events.pop();
        }
        for write in writes {
            let (id, word, state) = (write.job.id, write.event.word(), write.job.state);
            self.trace.line(self.now_ms, format_args!("{id} {word} -> {state}"));
            self.observe_giving_up(write);
        }
        self.laws.committed(&before, writes);
        self.laws.places(&self.store, &CATALOG);
        self.laws.files(writes.iter().map(|write| &write.job), &self.disk);
        Ok(())
    }

    fn observe_giving_up(&mut self, write: &Write) {
        match &write.event {
            JobEvent::Doubted { error, .. } | JobEvent::OutputFailed { error }
                if error.code == "overdue" =>
            {
                self.laws.overdue(&write.job, self.now_ms);
            }
            JobEvent::SaveFailed { error, .. } => self.laws.not_saved(&write.job, error),
            JobEvent::OutputLost { index, .. } => {
                let url = write.job.outputs[*index].url.clone();
                let is_there = self.remote.has_file(url, self.true_time());
                self.laws.lost(&write.job, is_there);
            }
            _ => {}
        }
    }

    /// The process ends; unless another one drives, the user starts it again.
    fn end(&mut self, number: u64) {
        self.processes.retain(|process| process.number != number);
        if self.processes.is_empty() {
            let wait_ms = 1_000 + self.dice.throw() % 60_000;
            self.after(wait_ms, Happening::Start);
        }
    }

    pub fn retry(&mut self, number: u64) {
        let Some(process) = self.process(number) else { return };
        let Some((step, wait_ms)) = process.stuck.take() else { return };
        self.settle(number, step, (2 * wait_ms).min(LONGEST_COMMIT_WAIT_MS));
        self.read_mail(number);
    }

    fn observe(&mut self, number: u64) {
        if self.sabotage == Sabotage::WakesTheDead {
            self.wake_the_dead();
        }
        let Some(process) = self.processes.iter().find(|one| one.number == number) else { return };
        // One whose lease was taken learns of it when it wants to write.
        if self.store.is_held(process.lease) {
            let idle = process.inbox.is_empty();
            self.laws.recovery(&process.engine, &self.store, idle);
        }
    }

    fn wake_the_dead(&mut self) {
        let dead = self.store.rows.values().find(|job| job.state.is_end()).cloned();
        if let Some(mut job) = dead {
            job.state = JobState::Running;
            let write = Write { at: job.updated_at, event: JobEvent::CancelAsked, job };
            if let Some(process) = self.processes.first() {
                let lease = process.lease;
                let _ = self.commit(&[write], lease);
            }
        }
    }

    /// When the first process wants to be woken.
    pub fn next_wake_ms(&self) -> Option<u64> {
        let mono_ms = self.now().mono_ms;
        if self.sabotage == Sabotage::Oversleeps {
            return None;
        }
        let awake = self.processes.iter().filter(|process| process.stuck.is_none());
        let deadlines = awake.filter_map(|process| process.engine.next_deadline_ms());
        deadlines.min().map(|deadline_ms| self.now_ms + deadline_ms.saturating_sub(mono_ms))
    }

    pub fn wake_due(&mut self) {
        let mono_ms = self.now().mono_ms;
        let due = self.processes.iter().filter(|process| {
            let deadline = process.engine.next_deadline_ms();
            process.stuck.is_none() && deadline.is_some_and(|deadline_ms| deadline_ms <= mono_ms)
        });
        let due: Vec<u64> = due.map(|process| process.number).collect();
        for number in due {
            self.mail(number, Some(Input::Wake));
        }
    }

    /// Which of the user's keys process `number` has.
    pub fn key_of(&self, number: u64) -> usize {
        self.processes.iter().find(|one| one.number == number).map_or(self.key, |one| one.key)
    }

    /// The account of the user's key number `key`, as the program has it.
    pub fn told_account(&self, provider: &str, key: usize) -> Option<Account> {
        account(provider, if self.sabotage == Sabotage::TakesAnyAccount { 0 } else { key })
    }

    /// As whom it asks `provider`.
    pub fn account_of(&self, number: u64, provider: &str) -> Option<Account> {
        self.told_account(provider, self.key_of(number))
    }

    pub fn process(&mut self, number: u64) -> Option<&mut Process> {
        self.processes.iter_mut().find(|process| process.number == number)
    }
}

fn interrupted() -> String {
    "it was interrupted before it was sent".to_owned()
}

/// Whatever could not be saved is lost.
fn give_up(step: &mut Step) {
    for write in &mut step.writes {
        if let JobEvent::SaveFailed { index, error } = &write.event {
            write.event = JobEvent::OutputLost { index: *index, error: error.clone() };
        }
    }
}

/// Every failure is said to cost nothing.
fn claim_free(step: &mut Step) {
    for write in &mut step.writes {
        if let JobEvent::Failed { error }
        | JobEvent::Expired { error }
        | JobEvent::Doubted { error, .. }
        | JobEvent::Canceled { error } = &mut write.event
        {
            error.charged = Charged::NotCharged;
            write.job.error = Some(error.clone());
        }
    }
}
