//! The database from the outside: values in, values out, on a real file.

mod foreign;
mod history;
mod jobs;
mod left_aside;
mod migrating;
mod opening;
mod salvaging;
mod standing;

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::Store;
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{Job, JobState};
use crate::domain::request::Choices;
use crate::domain::sample;
use crate::engine::apply;

/// A database in a folder of its own.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("rushes.db")
    }

    fn open(&self) -> Store {
        Store::open(&self.path()).expect("a store")
    }
}

/// A store whose folder lives as long as it does.
fn store() -> (Place, Store) {
    let place = Place::new();
    let store = place.open();
    (place, store)
}

/// The writes of a job that goes through `events`, a second apart.
struct Writes {
    job: Job,
    at: Timestamp,
    all: Vec<Write>,
}

fn life(number: u128, choose: impl FnOnce(&mut Choices)) -> Writes {
    life_on("runware/1.0-pro", number, choose)
}

fn life_on(model: &str, number: u128, choose: impl FnOnce(&mut Choices)) -> Writes {
    let model = sample::model(model);
    let job = sample::job(number, model, sample::request(model, choose));
    let at = sample::noon();
    let event = JobEvent::Created { job: Box::new(job.clone()) };
    Writes { all: vec![Write { at, event, job: job.clone() }], job, at }
}

impl Writes {
    fn then(mut self, event: JobEvent) -> Self {
        self.at += SignedDuration::from_secs(1);
        assert!(apply(&mut self.job, &event, self.at), "{event:?} has an effect");
        self.all.push(Write { at: self.at, event, job: self.job.clone() });
        self
    }

    fn wait(mut self, seconds: i64) -> Self {
        self.at += SignedDuration::from_secs(seconds);
        self
    }

    fn accepted(self) -> Self {
        self.then(JobEvent::Sent).then(JobEvent::Accepted {
            remote_id: None,
            charge: None,
            how: String::new(),
        })
    }

    fn succeeded(self) -> Self {
        let done = self
            .then(JobEvent::OutputReady { output: sample::output("a") })
            .then(JobEvent::Rendered)
            .then(JobEvent::Saved { index: 0, file: sample::clip("a") })
            .then(JobEvent::Succeeded);
        assert_eq!(done.job.state, JobState::Succeeded);
        done
    }

    fn store(self, store: &mut Store) -> Job {
        store.commit(&self.all, None).expect("a commit");
        self.job
    }
}
