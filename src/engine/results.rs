//! What a provider reports, and the saving of results: a result is a file, not a URL (law 4).

use super::core::{Engine, Save};
use super::message::{Command, Now, Step};
use super::schedule::backoff_ms;
use crate::domain::event::JobEvent;
use crate::domain::job::{Charged, ClipFile, FailureClass, Job, JobError, JobId, JobState};
use crate::domain::outcome::{Report, SaveTrouble, Sighting, Trouble};

/// How often an address may lead nowhere before its result counts as gone.
const MAX_GONE: u32 = 6;
/// After this many failed fetches the provider is asked for the address again: it may have moved.
const TRIES_BEFORE_ASKING: u32 = 2;
/// The longest wait before a file is fetched again.
const LONGEST_SAVE_WAIT_MS: u64 = 300_000;
/// Providers keep files about this long; after it there is nothing left to fetch.
const FILES_KEPT_MS: i64 = 8 * 24 * 3_600_000;
/// With some results there and the rest neither there, failed, nor under way, the rest won't come.
const STANDSTILL_MS: u64 = 600_000;

impl Save {
    /// Whether the address looks dead, so that the provider is to be asked for a new one.
    pub(super) fn wants_address(&self) -> bool {
        self.gone > 0 || self.tries >= TRIES_BEFORE_ASKING
    }
}

impl Engine {
    /// A poll was answered, or not.
    pub(super) fn polled(
        &mut self,
        provider: &str,
        jobs: &[JobId],
        outcome: Result<Vec<(JobId, Sighting)>, Trouble>,
        now: Now,
        step: &mut Step,
    ) {
        self.poll_ended(provider, jobs);
        let sightings = match outcome {
            Ok(sightings) => {
                self.poll_answered(provider);
                sightings
            }
            Err(trouble) => {
                self.poll_failed(provider, &trouble, now);
                Vec::new()
            }
        };
        for (id, sighting) in sightings {
            match sighting {
                Sighting::NotKnown => self.not_known(id, now),
                Sighting::Seen(report) => self.seen(id, report, "a poll found it", now, step),
            }
        }
        for id in jobs {
            if let Some(live) = self.live.get_mut(id)
                && live.due_ms.is_none()
                && live.job.state.is_live()
            {
                live.schedule_poll(now);
            }
        }
    }

    /// The provider knows the job, and this is how it stands.
    pub(super) fn seen(&mut self, id: JobId, report: Report, how: &str, now: Now, step: &mut Step) {
        let Some(live) = self.live.get_mut(&id) else { return };
        live.now_known();
        live.progress_percent = report.progress_percent.or(live.progress_percent);
        if live.job.state == JobState::Confirming {
            let how = how.to_owned();
            let event = JobEvent::Accepted { remote_id: None, charge: None, how };
            self.accepted(id, event, now, step);
        }
        let stopped = report.canceled.then(|| report.failures.first().cloned()).flatten();
        if let Some(error) = stopped
            && self.record(id, JobEvent::Canceled { error }, now, step)
        {
            return;
        }
        let standstill = self.note_results(id, &report, now, step);
        let Some(live) = self.live.get_mut(&id) else { return };
        if !matches!(live.job.state, JobState::Running | JobState::Canceling) {
            return;
        }
        let wanted = live.job.request.results as usize;
        let (there, failed) = (live.job.outputs.len(), live.job.failed_results());
        let no_more = report.pending == 0 && there == 0 && failed > 0;
        if there + failed >= wanted || no_more || (standstill && there > 0) {
            if there > 0 {
                self.record(id, JobEvent::Rendered, now, step);
                self.finish(id, now, step);
            } else if let Some(error) = live.job.failures.first().cloned() {
                self.record(id, JobEvent::Failed { error }, now, step);
            }
        } else if live.is_overdue(now) {
            let message = "the provider has been at it for more than a day".to_owned();
            let error = JobError::ours(FailureClass::Timeout, "overdue", message, Charged::Unknown);
            self.give_up(id, error, now, step);
        } else {
            live.schedule_poll(now);
        }
    }

    /// No more results will come, as `error` says; those that are there are kept.
    pub(super) fn give_up(&mut self, id: JobId, error: JobError, now: Now, step: &mut Step) {
        let some = self.live.get(&id).is_some_and(|live| !live.job.outputs.is_empty());
        if !some {
            self.record(id, JobEvent::Failed { error }, now, step);
            return;
        }
        self.record(id, JobEvent::OutputFailed { error }, now, step);
        self.record(id, JobEvent::Rendered, now, step);
        self.finish(id, now, step);
    }

    /// Notes what is new in a report; `true` if nothing has been new for long.
    fn note_results(&mut self, id: JobId, report: &Report, now: Now, step: &mut Step) -> bool {
        let Some(live) = self.live.get(&id) else { return false };
        let (known, failed) = (live.job.outputs.clone(), live.job.failed_results());
        let before = step.writes.len();
        for output in &report.outputs {
            let same = known.iter().position(|other| other.remote_id == output.remote_id);
            match same.map(|index| (index, &known[index])) {
                None => {
                    let output = output.clone();
                    if self.record(id, JobEvent::OutputReady { output }, now, step)
                        && let Some(live) = self.live.get_mut(&id)
                    {
                        let save = Save { due_ms: Some(now.mono_ms), ..Save::default() };
                        live.saves.insert(live.job.outputs.len() - 1, save);
                    }
                }
                Some((index, other)) if other.file.is_none() && other.url != output.url => {
                    let url = output.url.clone();
                    self.record(id, JobEvent::OutputMoved { index, url }, now, step);
                    self.save_again(id, index, now);
                }
                Some(_) => {}
            }
        }
        for error in report.failures.iter().skip(failed) {
            let error = error.clone();
            self.record(id, JobEvent::OutputFailed { error }, now, step);
        }
        let Some(live) = self.live.get_mut(&id) else { return false };
        if step.writes.len() > before || report.pending > 0 {
            live.still_since_ms = None;
            return false;
        }
        let since_ms = *live.still_since_ms.get_or_insert(now.mono_ms);
        now.mono_ms - since_ms >= STANDSTILL_MS
    }

    /// Uses a new address at once, unless a transfer is under way: two would write one file.
    fn save_again(&mut self, id: JobId, index: usize, now: Now) {
        let save = self.live.get_mut(&id).and_then(|live| live.saves.get_mut(&index));
        match save {
            Some(save) if save.due_ms.is_some() => {
                *save = Save { due_ms: Some(now.mono_ms), ..Save::default() };
            }
            Some(save) => save.moved = true,
            None => {}
        }
    }

    /// Starts every save that is due, those that expire first before the others.
    pub(super) fn start_saves(&mut self, now: Now, step: &mut Step) {
        let mut due: Vec<(&Job, usize, &mut Save)> = Vec::new();
        for live in self.live.values_mut() {
            let job = &live.job;
            let saves = live.saves.iter_mut();
            due.extend(
                saves
                    .filter(|(_, save)| save.due_ms.is_some_and(|due_ms| due_ms <= now.mono_ms))
                    .map(|(index, save)| (job, *index, save)),
            );
        }
        due.sort_by_key(|(job, index, _)| (job.accepted_at, *index));
        for (job, index, save) in due {
            save.due_ms = None;
            if let Some(output) = job.outputs.get(index).cloned() {
                step.commands.push(Command::Save { job: Box::new(job.clone()), index, output });
            }
        }
    }

    /// A file was saved, or not.
    pub(super) fn saved(
        &mut self,
        id: JobId,
        index: usize,
        outcome: Result<ClipFile, SaveTrouble>,
        now: Now,
        step: &mut Step,
    ) {
        match outcome {
            Ok(file) => {
                self.record(id, JobEvent::Saved { index, file }, now, step);
                if let Some(live) = self.live.get_mut(&id) {
                    live.saves.remove(&index);
                }
                self.finish(id, now, step);
            }
            Err(trouble) => self.save_failed(id, index, trouble, now, step),
        }
    }

    fn save_failed(
        &mut self,
        id: JobId,
        index: usize,
        trouble: SaveTrouble,
        now: Now,
        step: &mut Step,
    ) {
        let dice = self.dice.throw();
        let Some(live) = self.live.get_mut(&id) else { return };
        let too_late = live.age_ms(now) > FILES_KEPT_MS && live.is_watched_long(now);
        let Some(save) = live.saves.get_mut(&index) else { return };
        if save.moved {
            // What the old address said tells nothing of the new one.
            *save = Save { due_ms: Some(now.mono_ms), ..Save::default() };
            self.record(id, JobEvent::SaveFailed { index, error: trouble.error }, now, step);
            return;
        }
        save.tries += 1;
        save.gone += u32::from(trouble.gone);
        if save.gone >= MAX_GONE || too_late {
            live.saves.remove(&index);
            let error = JobError { class: FailureClass::Expired, ..trouble.error };
            self.record(id, JobEvent::OutputLost { index, error }, now, step);
            return self.finish(id, now, step);
        }
        save.due_ms = Some(now.mono_ms + backoff_ms(save.tries, LONGEST_SAVE_WAIT_MS, dice));
        if save.wants_address() && live.job.state == JobState::Downloading {
            live.due_ms = Some(now.mono_ms);
        }
        self.record(id, JobEvent::SaveFailed { index, error: trouble.error }, now, step);
    }

    /// Ends a job whose results are all rendered and either saved or lost.
    fn finish(&mut self, id: JobId, now: Now, step: &mut Step) {
        let Some(live) = self.live.get(&id) else { return };
        let job = &live.job;
        let all = job.outputs.iter().all(|output| output.file.is_some() || output.lost);
        if job.state != JobState::Downloading || !all {
            return;
        }
        let event = match &job.error {
            Some(error) if job.files().next().is_none() => {
                JobEvent::Expired { error: error.clone() }
            }
            _ => JobEvent::Succeeded,
        };
        self.record(id, event, now, step);
    }
}
