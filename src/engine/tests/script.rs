//! The helper of the scripted scenarios: an engine, a clock that is set by hand, and a store of rows.
//!
//! Every input passes [`Script::give`], which checks what must hold whatever happens.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::account::Account;
use crate::domain::catalog::{Model, Protocol, Provider};
use crate::domain::event::JobEvent;
use crate::domain::job::{Charged, ClipFile, FailureClass, Job, JobError, JobId, JobState, Output};
use crate::domain::outcome::{
    Report, SaveTrouble, SaveTroubleKind, Sighting, SubmitOutcome, Trouble,
};
use crate::domain::sample;
use crate::engine::{Adopted, Command, Engine, Input, Now, Target, apply};

/// A provider that can be asked for a job by its attempt key. It takes two jobs at once.
pub const KEEPS_RECORDS: &str = "keeps-records";
/// A provider that can't, but can stop a running job.
pub const KEEPS_NONE: &str = "keeps-none";
/// A provider that takes very many jobs.
pub const ROOMY: &str = "roomy";
/// A provider that is asked for each job by itself and takes twenty requests in ten seconds.
pub const ONE_BY_ONE: &str = "one-by-one";
/// A provider that can be asked by key, and knows a job for half an hour.
pub const FORGETS_SOON: &str = "forgets-soon";
/// How long jobs usually take here.
pub const EXPECTED_MS: u64 = 60_000;

/// One run of the engine.
pub struct Script {
    pub engine: Engine,
    pub mono_ms: u64,
    pub wall: Timestamp,
    /// The rows, as a store would hold them.
    pub rows: BTreeMap<JobId, Job>,
    /// All events, as a store would hold them.
    pub events: BTreeMap<JobId, Vec<(Timestamp, JobEvent)>>,
    /// What was commanded and not answered yet.
    pub open: Vec<Command>,
    /// Whether a job is ready to leave at once.
    pub is_ready: bool,
    /// The account whose key is set.
    pub account: Option<Account>,
}

impl Script {
    pub fn new() -> Self {
        Self {
            engine: Engine::new(&providers(), 7),
            mono_ms: 5_000,
            wall: sample::noon(),
            rows: BTreeMap::new(),
            events: BTreeMap::new(),
            open: Vec::new(),
            is_ready: true,
            account: None,
        }
    }

    /// A job for `results` clips, stored and handed to the engine.
    pub fn job(&mut self, provider: &str, results: u32) -> JobId {
        let model = model(provider);
        let request = sample::request(&model, |choices| choices.results = Some(results));
        let mut job = sample::job(self.rows.len() as u128 + 1, &model, request);
        job.account.clone_from(&self.account);
        (job.created_at, job.updated_at, job.since) = (self.wall, self.wall, self.wall);
        let id = job.id;
        let created = JobEvent::Created { job: Box::new(job.clone()) };
        self.events.insert(id, vec![(self.wall, created)]);
        self.rows.insert(id, job.clone());
        self.give(adopt([job]));
        id
    }

    /// A job that was sent and accepted.
    pub fn running(&mut self, provider: &str, results: u32) -> JobId {
        let id = self.job(provider, results);
        self.reply(id, accepted());
        assert_eq!(self.rows[&id].state, JobState::Running);
        id
    }

    /// Gives `input`, stores the writes, keeps the commands, and checks the laws.
    pub fn give(&mut self, input: Input) {
        let now = Now { wall: self.wall, mono_ms: self.mono_ms };
        let step = self.engine.handle(input, now);
        for write in &step.writes {
            let row = self.rows.get_mut(&write.job.id).expect("a stored job");
            assert!(apply(row, &write.event, write.at), "{:?} has an effect", write.event);
            assert_eq!(*row, write.job, "the row is what its events fold to");
            let events = self.events.get_mut(&write.job.id).expect("a stored job");
            events.push((write.at, write.event.clone()));
        }
        for command in &step.commands {
            if let Command::Submit { job } = command {
                let intent = step.writes.iter().any(|write| {
                    write.event == JobEvent::Sent && write.job == **job && write.at == self.wall
                });
                assert!(intent, "law 2: the intent is written in the step that sends");
                assert_eq!(job.state, JobState::Submitting);
            }
        }
        self.open.extend(step.commands);
        for (nr, command) in self.open.iter().enumerate() {
            let twin = self.open[nr + 1..].iter().any(|other| same_work(command, other));
            assert!(!twin, "asked for twice at once: {command:?}");
        }
        if let Some(deadline_ms) = self.engine.next_deadline_ms() {
            assert!(deadline_ms > self.mono_ms, "a deadline that has passed would spin");
        }
        if self.is_ready
            && let Some(Command::Prepare { job }) =
                self.take(|command| matches!(command, Command::Prepare { .. }))
        {
            self.give(Input::Ready { job: job.id });
        }
    }

    /// Lets `ms` pass on both clocks, waking the engine whenever it asked for it.
    pub fn pass(&mut self, ms: u64) {
        let end_ms = self.mono_ms + ms;
        while let Some(at_ms) = self.engine.next_deadline_ms().filter(|at_ms| *at_ms <= end_ms) {
            self.set_clock(at_ms);
            self.give(Input::Wake);
        }
        self.set_clock(end_ms);
    }

    /// Sleeps until the engine's next deadline.
    pub fn wake(&mut self) {
        let at_ms = self.engine.next_deadline_ms().expect("something to wait for");
        self.set_clock(at_ms.max(self.mono_ms));
        self.give(Input::Wake);
    }

    pub fn set_clock(&mut self, mono_ms: u64) {
        self.wall += SignedDuration::from_millis((mono_ms - self.mono_ms) as i64);
        self.mono_ms = mono_ms;
    }

    /// Ends the process and starts another one: all that was not stored is gone, and the monotonic
    /// clock starts anew.
    pub fn crash(&mut self) {
        self.restart(self.rows.values().cloned().collect());
    }

    /// The same, with these jobs found.
    pub fn restart(&mut self, jobs: Vec<Job>) {
        self.mono_ms = 5;
        self.engine = Engine::new(&providers(), 8);
        self.open.clear();
        self.give(adopt(jobs));
    }

    /// Takes the open command that `pick` chooses.
    pub fn take(&mut self, pick: impl Fn(&Command) -> bool) -> Option<Command> {
        let nr = self.open.iter().position(pick)?;
        Some(self.open.remove(nr))
    }

    /// Waits for the command that `pick` chooses.
    fn wait_for(&mut self, pick: impl Fn(&Command) -> bool) -> Command {
        for _ in 0..200 {
            if let Some(command) = self.take(&pick) {
                return command;
            }
            self.wake();
        }
        panic!("it never came; open are {:?}", self.open);
    }

    pub fn is_sending(&self, id: JobId) -> bool {
        self.open.iter().any(|command| matches!(command, Command::Submit { job } if job.id == id))
    }

    /// Waits until the job is sent, and answers with `outcome`.
    pub fn reply(&mut self, id: JobId, outcome: SubmitOutcome) {
        self.wait_for(|command| matches!(command, Command::Submit { job } if job.id == id));
        self.give(Input::Submitted { job: id, outcome });
    }

    /// Waits for a poll, which is not answered yet.
    pub fn polled(&mut self) -> Vec<Target> {
        match self.wait_for(|command| matches!(command, Command::Poll { .. })) {
            Command::Poll { targets, .. } => targets,
            other => panic!("{other:?} is no poll"),
        }
    }

    /// Waits for the next poll and answers it for `id`; the others are not known.
    pub fn poll(&mut self, id: JobId, sighting: Sighting) {
        let jobs: Vec<JobId> = self.polled().iter().map(|target| target.job).collect();
        assert!(jobs.contains(&id), "the poll asks for the job");
        let all = jobs
            .iter()
            .map(|job| (*job, if *job == id { sighting.clone() } else { Sighting::NotKnown }));
        let outcome = Ok(all.collect());
        self.answer_poll(jobs, outcome);
    }

    /// Waits for the next poll and fails it.
    pub fn fail_poll(&mut self, trouble: Trouble) {
        let jobs = self.polled().iter().map(|target| target.job).collect();
        self.answer_poll(jobs, Err(trouble));
    }

    /// Answers a poll that was taken.
    pub fn answer_poll(
        &mut self,
        jobs: Vec<JobId>,
        outcome: Result<Vec<(JobId, Sighting)>, Trouble>,
    ) {
        let provider = self.rows[&jobs[0]].request.model.provider.clone();
        self.give(Input::Polled { provider, jobs, account: self.account.clone(), outcome });
    }

    /// Waits until the provider's records are asked, and answers.
    pub fn records(&mut self, id: JobId, outcome: Result<Sighting, Trouble>) {
        self.wait_for(
            |command| matches!(command, Command::LookUp { target, .. } if target.job == id),
        );
        self.give(Input::LookedUp { job: id, account: self.account.clone(), outcome });
    }

    /// Waits until the provider is asked to stop the job, and answers.
    pub fn stop(&mut self, id: JobId, outcome: Result<bool, Trouble>) {
        self.wait_for(
            |command| matches!(command, Command::Cancel { target, .. } if target.job == id),
        );
        self.give(Input::Stopped { job: id, outcome });
    }

    /// Lets polls not know the job until its records are asked; the lookup is not answered yet.
    pub fn unknown_until_look_up(&mut self, id: JobId) {
        let asks_records = |command: &Command| matches!(command, Command::LookUp { .. });
        for _ in 0..2_000 {
            if self.open.iter().any(asks_records) {
                return;
            }
            match self.take(|command| matches!(command, Command::Poll { .. })) {
                Some(_) => {
                    self.answer_poll(vec![id], Ok(vec![(id, Sighting::NotKnown)]));
                }
                None => self.wake(),
            }
        }
        panic!("the records were never asked");
    }

    /// Waits until the provider or its records are asked for the job, and answers.
    pub fn poll_or_records(&mut self, id: JobId, sighting: Sighting) {
        let asks =
            |command: &Command| matches!(command, Command::Poll { .. } | Command::LookUp { .. });
        match self.wait_for(asks) {
            Command::LookUp { target, .. } => self.give(Input::LookedUp {
                job: target.job,
                account: self.account.clone(),
                outcome: Ok(sighting),
            }),
            _ => self.answer_poll(vec![id], Ok(vec![(id, sighting)])),
        }
    }

    /// The same: it is not known.
    pub fn not_known(&mut self, id: JobId) {
        self.poll_or_records(id, Sighting::NotKnown);
    }

    /// Waits until result `index` is fetched, and says what came of it. Returns what was fetched.
    pub fn save(&mut self, id: JobId, index: usize, outcome: Result<(), SaveTrouble>) -> Output {
        let file = |()| ClipFile {
            sha256: format!("{index:064}"),
            ..sample::clip(&format!("{id}-{index}"))
        };
        self.save_as(id, index, outcome.map(file))
    }

    /// The same, by the file.
    pub fn save_as(
        &mut self,
        id: JobId,
        index: usize,
        outcome: Result<ClipFile, SaveTrouble>,
    ) -> Output {
        let command = self.wait_for(|command| {
            matches!(command, Command::Save { job, index: nr, .. } if job.id == id && *nr == index)
        });
        self.give(Input::Saved { job: id, index, outcome });
        match command {
            Command::Save { output, .. } => output,
            other => panic!("{other:?} saves nothing"),
        }
    }

    /// Waits until result `index` is fetched, and returns whether one that breaks off would be kept.
    pub fn keeps_cut(&mut self, id: JobId, index: usize) -> bool {
        let is_it = |command: &Command| matches!(command, Command::Save { job, index: nr, .. } if job.id == id && *nr == index);
        let command = self.wait_for(is_it);
        let keeps = matches!(command, Command::Save { keep_cut: true, .. });
        self.open.push(command);
        keeps
    }

    /// The user decides about a job that nobody drives; whoever drives goes on with it.
    pub fn decide(&mut self, id: JobId, event: JobEvent) {
        let mut job = self.rows[&id].clone();
        assert!(apply(&mut job, &event, self.wall), "{event:?} has an effect");
        self.rows.insert(id, job.clone());
        self.events.get_mut(&id).expect("a stored job").push((self.wall, event));
        self.give(adopt([job]));
    }

    pub fn state(&self, id: JobId) -> JobState {
        self.rows[&id].state
    }

    pub fn error_class(&self, id: JobId) -> Option<FailureClass> {
        self.rows[&id].error.as_ref().map(|error| error.class)
    }

    /// What happened to the job, in words, after checking that it folds to the row.
    pub fn story(&self, id: JobId) -> String {
        let events = &self.events[&id];
        let mut folded = self.rows[&id].clone();
        for (at, event) in events {
            apply(&mut folded, event, *at);
        }
        assert_eq!(folded, self.rows[&id], "folding all events gives the row");
        events.iter().map(|(_, event)| event.word()).collect::<Vec<_>>().join(" ")
    }
}

/// Whether two commands would do the same thing beside each other.
fn same_work(one: &Command, other: &Command) -> bool {
    match (one, other) {
        (Command::Prepare { job }, Command::Prepare { job: twin })
        | (Command::Submit { job }, Command::Submit { job: twin }) => job.id == twin.id,
        (Command::Poll { targets, .. }, Command::Poll { targets: twins, .. }) => {
            targets.iter().any(|target| twins.contains(target))
        }
        (Command::LookUp { target, .. }, Command::LookUp { target: twin, .. })
        | (Command::Cancel { target, .. }, Command::Cancel { target: twin, .. }) => target == twin,
        (
            Command::Save { job, index, .. },
            Command::Save { job: twin_job, index: twin_index, .. },
        ) => job.id == twin_job.id && index == twin_index,
        _ => false,
    }
}

fn providers() -> Vec<Provider> {
    let runbase = sample::catalog().provider("runbase").expect("a provider");
    [
        (KEEPS_RECORDS, true, 2, Protocol::Runware, None),
        (KEEPS_NONE, false, 2, Protocol::Runpod, None),
        (ROOMY, true, 500, Protocol::Runware, None),
        (FORGETS_SOON, true, 2, Protocol::Runware, None),
        (ONE_BY_ONE, false, 500, Protocol::Runbase, runbase.requests),
    ]
    .map(|(id, can_look_up, max_live_jobs, protocol, requests)| Provider {
        id: id.to_owned(),
        protocol,
        requests,
        can_look_up,
        can_cancel: id == KEEPS_NONE,
        record_lifetime_min: (id == FORGETS_SOON).then_some(30),
        max_live_jobs,
        ..sample::catalog().providers[0].clone()
    })
    .to_vec()
}

fn model(provider: &str) -> Model {
    Model { provider: provider.to_owned(), ..sample::model("runware/1.0-pro").clone() }
}

pub fn accepted() -> SubmitOutcome {
    SubmitOutcome::Accepted { remote_id: None, charge: None, how: "it said so".to_owned() }
}

pub fn lost() -> SubmitOutcome {
    SubmitOutcome::Unknown { reason: "the connection broke".to_owned() }
}

pub fn busy(retry_after_ms: Option<u64>) -> SubmitOutcome {
    SubmitOutcome::Busy(trouble(FailureClass::Rate, retry_after_ms))
}

pub fn trouble(class: FailureClass, retry_after_ms: Option<u64>) -> Trouble {
    Trouble { error: sample::error(class), retry_after_ms }
}

/// A report of those results, with so many under way.
pub fn seen(names: &[&str], pending: usize) -> Sighting {
    let outputs = names.iter().map(|name| sample::output(name)).collect();
    Sighting::Seen(Report { outputs, pending, ..Report::default() })
}

/// The same, with failures.
pub fn seen_failing(names: &[&str], failures: &[FailureClass], pending: usize) -> Sighting {
    let outputs = names.iter().map(|name| sample::output(name)).collect();
    let failures = failures.iter().map(|class| sample::error(*class)).collect();
    Sighting::Seen(Report { outputs, failures, pending, ..Report::default() })
}

/// The address of a result leads nowhere.
pub fn gone() -> SaveTrouble {
    let message = "the file's address answers 404".to_owned();
    let error = JobError::ours(FailureClass::Expired, "http404", message, Charged::Charged);
    SaveTrouble { error, kind: SaveTroubleKind::Gone }
}

/// A transfer broke off.
pub fn broken() -> SaveTrouble {
    SaveTrouble { error: sample::error(FailureClass::Network), kind: SaveTroubleKind::Passing }
}

/// A whole transfer gave a file that breaks off after so many bytes.
pub fn cut_off(bytes: u64) -> SaveTrouble {
    let error = sample::error(FailureClass::Provider);
    SaveTrouble { error, kind: SaveTroubleKind::Cut { bytes } }
}

/// Jobs of the usual length, handed to the engine.
pub fn adopt(jobs: impl IntoIterator<Item = Job>) -> Input {
    let adopted = |job| Adopted {
        job,
        expected_ms: EXPECTED_MS,
        stop: false,
        hold: None,
        sent_before: false,
    };
    Input::Adopt { jobs: jobs.into_iter().map(adopted).collect() }
}
