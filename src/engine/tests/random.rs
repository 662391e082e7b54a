//! Random walks: a remote with seeded faults, crashes at any moment, and the laws checked throughout.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::script::*;
use crate::domain::job::{FailureClass, Job, JobId, JobState};
use crate::domain::outcome::{Report, Sighting, SubmitOutcome};
use crate::domain::sample;
use crate::engine::schedule::Dice;
use crate::engine::{Command, Input, Target};

const STEPS: usize = 400;
/// How many walks; what is gone for good is asked for through many days in each.
const SEEDS: u64 = 100;

/// A remote that renders each attempt key once, and a walk through its troubles.
struct Walk {
    script: Script,
    dice: Dice,
    faults: bool,
    /// What the remote has, by attempt key.
    remote: BTreeMap<Uuid, Report>,
    /// How often a provider without idempotency keys was made to render each job.
    renders: BTreeMap<JobId, u32>,
    jobs: Vec<JobId>,
}

impl Walk {
    fn new(seed: u64) -> Self {
        Self {
            script: Script { is_ready: false, ..Script::new() },
            dice: Dice::new(seed),
            faults: true,
            remote: BTreeMap::new(),
            renders: BTreeMap::new(),
            jobs: Vec::new(),
        }
    }

    /// `true` so many times in a hundred, and never once the faults have stopped.
    fn fault(&mut self, percent: u64) -> bool {
        self.dice.throw() % 100 < percent && self.faults
    }

    fn step(&mut self) {
        match self.dice.throw() % 20 {
            0 if self.jobs.len() < 12 => {
                let provider = [KEEPS_RECORDS, KEEPS_NONE, ROOMY][(self.dice.throw() % 3) as usize];
                let results = 1 + (self.dice.throw() % 3) as u32;
                let job = self.script.job(provider, results);
                self.jobs.push(job);
            }
            1 if !self.jobs.is_empty() && self.fault(20) => {
                let job = self.jobs[self.dice.throw() as usize % self.jobs.len()];
                self.script.give(Input::Cancel { job });
            }
            2 if self.fault(25) => self.crash(),
            12 if !self.jobs.is_empty() && self.fault(30) => {
                let job = self.jobs[self.dice.throw() as usize % self.jobs.len()];
                self.script.give(Input::Hold { job, reason: "interrupted".to_owned() });
            }
            3..12 if !self.script.open.is_empty() => {
                let nr = self.dice.throw() as usize % self.script.open.len();
                let command = self.script.open.remove(nr);
                self.answer(command);
            }
            _ => match self.script.engine.next_deadline_ms() {
                Some(_) => self.script.wake(),
                None => self.script.pass(1_000),
            },
        }
    }

    /// The process ends; what was under way may or may not have arrived.
    fn crash(&mut self) {
        for command in std::mem::take(&mut self.script.open) {
            if let Command::Submit { job } = command
                && self.fault(50)
            {
                self.arrive(&job);
            }
        }
        self.script.crash();
    }

    /// A submit reaches the remote.
    fn arrive(&mut self, job: &Job) {
        if job.request.model.provider == KEEPS_NONE {
            *self.renders.entry(job.id).or_default() += 1;
        }
        self.remote.entry(job.attempt_key).or_default();
    }

    fn answer(&mut self, command: Command) {
        let input = match command {
            Command::Prepare { job } if self.fault(10) => {
                let outcome = SubmitOutcome::Busy(trouble(FailureClass::Network, None));
                Input::Submitted { job: job.id, outcome }
            }
            Command::Prepare { job } => Input::Ready { job: job.id },
            Command::Submit { job } => self.submitted(&job),
            Command::Poll { targets, .. } => {
                let jobs = targets.iter().map(|target| target.job).collect();
                let outcome = if self.fault(15) {
                    Err(trouble(FailureClass::Network, None))
                } else {
                    let each = |one: &Target| (one.job, self.look(one.attempt_key, one.job));
                    Ok(targets.iter().map(each).collect())
                };
                return self.script.answer_poll(jobs, outcome);
            }
            Command::LookUp { target, .. } => {
                let outcome = if self.fault(15) {
                    Err(trouble(FailureClass::Provider, None))
                } else {
                    Ok(self.look(target.attempt_key, target.job))
                };
                Input::LookedUp { job: target.job, account: None, outcome }
            }
            Command::Cancel { target, .. } => {
                let stops = !self.fault(40);
                let report = self.remote.get_mut(&target.attempt_key);
                let stopped = report.filter(|report| stops && report.outputs.is_empty());
                let confirmed = stopped.is_some();
                if let Some(report) = stopped {
                    report.failures = vec![sample::error(FailureClass::Provider)];
                    report.canceled = true;
                }
                let lost = self.fault(30);
                let answer = Err(trouble(FailureClass::Network, None));
                Input::Stopped {
                    job: target.job,
                    outcome: if lost { answer } else { Ok(confirmed) },
                }
            }
            Command::Save { job, index, .. } => {
                let gone_for_good = (job.id.0.as_u128() + index as u128).is_multiple_of(31);
                let outcome = if self.fault(20) {
                    Err(broken())
                } else if gone_for_good || self.fault(10) {
                    Err(gone())
                } else {
                    Ok(sample::clip(&format!("{}-{index}", job.id)))
                };
                Input::Saved { job: job.id, index, outcome }
            }
        };
        self.script.give(input);
    }

    fn submitted(&mut self, job: &Job) -> Input {
        let outcome = if self.fault(10) {
            busy(None)
        } else if self.fault(5) {
            SubmitOutcome::Refused(sample::error(FailureClass::Parameter))
        } else if self.fault(15) {
            lost()
        } else {
            self.arrive(job);
            if self.fault(20) { lost() } else { accepted() }
        };
        Input::Submitted { job: job.id, outcome }
    }

    /// What the remote says of a key; it works on the job a little before it answers.
    fn look(&mut self, key: Uuid, job: JobId) -> Sighting {
        let wanted = self.script.rows[&job].request.results as usize;
        let (worked, fails) = (!self.fault(50), self.fault(10));
        let Some(report) = self.remote.get_mut(&key) else { return Sighting::NotKnown };
        let done = report.outputs.len() + report.failures.len();
        if worked && done < wanted && !report.canceled {
            if fails {
                report.failures.push(sample::error(FailureClass::Moderated));
            } else {
                report.outputs.push(sample::output(&format!("{job}-{done}")));
            }
        }
        let done = report.outputs.len() + report.failures.len();
        report.pending = if report.canceled { 0 } else { wanted - done };
        Sighting::Seen(report.clone())
    }

    /// Once the faults stop, everything comes to an end.
    fn calm(&mut self) {
        self.faults = false;
        for _ in 0..20_000 {
            if self.script.open.is_empty() && self.script.engine.next_deadline_ms().is_none() {
                return;
            }
            match self.script.open.pop() {
                Some(command) => self.answer(command),
                None => self.script.wake(),
            }
        }
        panic!("it never came to rest; open are {:?}", self.script.open);
    }

    fn trace(&self) -> String {
        let rows = self.jobs.iter().map(|job| format!("{job} {}\n", self.script.story(*job)));
        rows.collect()
    }
}

fn walk(seed: u64) -> Walk {
    let mut walk = Walk::new(seed);
    for _ in 0..STEPS {
        walk.step();
    }
    walk.calm();
    walk
}

#[test]
fn whatever_happens_every_job_comes_to_an_end_or_is_in_doubt() {
    let mut met = BTreeSet::new();
    for seed in 0..SEEDS {
        let walk = walk(seed);
        for job in &walk.jobs {
            let row = &walk.script.rows[job];
            assert!(!row.state.is_live(), "seed {seed}: {}", walk.script.story(*job));
            met.insert(row.state);
        }
    }
    // Only earlier versions let a job expire.
    let ends = JobState::ALL
        .iter()
        .copied()
        .filter(|state| !state.is_live() && *state != JobState::Expired);
    assert_eq!(met, ends.collect(), "the walks meet every end");
}

#[test]
fn nothing_is_paid_twice_where_the_provider_has_no_keys() {
    let mut rendered = 0;
    for seed in 0..SEEDS {
        let walk = walk(seed);
        for (job, times) in &walk.renders {
            assert_eq!(*times, 1, "seed {seed}: {}", walk.script.story(*job));
            rendered += 1;
        }
    }
    assert!(rendered > 100, "{rendered}");
}

#[test]
fn what_was_rendered_is_saved_or_known_to_be_lost() {
    for seed in 0..SEEDS {
        let walk = walk(seed);
        for job in &walk.jobs {
            let row = &walk.script.rows[job];
            let Some(report) = walk.remote.get(&row.attempt_key) else { continue };
            assert_ne!(row.state, JobState::Held, "seed {seed}: {}", walk.script.story(*job));
            if row.state == JobState::InDoubt {
                continue;
            }
            let story = walk.script.story(*job);
            assert_eq!(row.outputs.len(), report.outputs.len(), "seed {seed}: {story}");
            let settled = row.outputs.iter().all(|output| output.file.is_some() || output.lost);
            assert!(settled, "seed {seed}: {story}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [3, 77] {
        assert_eq!(walk(seed).trace(), walk(seed).trace());
    }
}
