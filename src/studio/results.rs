//! Which of a job's results is in front: the one that is shown, played, opened, promoted, copied and gone on from.

use std::collections::HashMap;

use jiff::Timestamp;

use super::app::{App, Around};
use crate::domain::job::{ClipFile, Job, JobId, Output};
use crate::domain::promotion::{NotPromotable, Promotable};

/// The result in front of each job where it is not the first, by its place among those that are saved.
#[derive(Clone, Debug, Default)]
pub struct Fronts(HashMap<JobId, usize>);

impl Around {
    /// The place of `job`'s result in front, counted from zero, and how many are saved.
    pub fn front(&self, job: &Job) -> (usize, usize) {
        let count = job.files().count();
        let at = self.fronts.0.get(&job.id).copied().unwrap_or_default();
        (at.min(count.saturating_sub(1)), count)
    }

    /// The result in front; the first one where none is saved yet.
    pub fn output<'a>(&self, job: &'a Job) -> Option<&'a Output> {
        let mut saved = job.outputs.iter().filter(|output| output.file.is_some());
        saved.nth(self.front(job).0).or_else(|| job.outputs.first())
    }

    /// The file of the result in front; `None` if none is saved.
    pub fn file<'a>(&self, job: &'a Job) -> Option<&'a ClipFile> {
        self.output(job)?.file.as_ref()
    }

    /// The seed of the result in front.
    pub fn seed(&self, job: &Job) -> Option<u64> {
        self.output(job).and_then(|output| output.seed).or_else(|| job.seed())
    }

    /// What the result in front of `draft` can become.
    pub fn promotable(&self, draft: &Job, now: Timestamp) -> Result<Promotable, NotPromotable> {
        let model = self.catalog.model(&draft.request.model);
        let mut promotable = Promotable::of(draft, model, now)?;
        if let Some(id) = self.output(draft).and_then(|output| output.draft_id.clone()) {
            promotable.draft_id = id;
        }
        Ok(promotable)
    }
}

impl Fronts {
    /// Brings the result at `at` of `job` to the front.
    pub(super) fn bring(&mut self, job: JobId, at: usize) {
        self.0.insert(job, at);
    }
}

/// Brings the next or the previous result of `job` to the front, round and round.
pub(super) fn turn(app: &mut App, job: &Job, forward: bool) {
    let (at, count) = app.front(job);
    if count < 2 {
        return app.say("it has one result at most", false);
    }
    let next = (at + if forward { 1 } else { count - 1 }) % count;
    app.fronts.bring(job.id, next);
    app.say(format!("result {} of {count}", next + 1), false);
}
