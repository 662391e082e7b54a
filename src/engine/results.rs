//! What a provider reports, and the saving of results: a result is a file, not a URL (law 4).

use jiff::Timestamp;

use super::core::Engine;
use super::live::{Cuts, Save};
use super::message::{Command, Now, Step};
use super::missing::Missing;
use super::schedule::backoff_ms;
use crate::domain::event::JobEvent;
use crate::domain::job::{
    Charged, ClipFile, FailureClass, JobError, JobId, JobState, Output, unsigned,
};
use crate::domain::outcome::{Report, SaveTrouble, SaveTroubleKind, Sighting, Trouble};

/// After this many failed fetches the provider is asked for the address again: it may have moved.
const TRIES_BEFORE_ASKING: u32 = 2;
/// The longest wait before a file is fetched again, and before one that will not soon be another.
const LONGEST_SAVE_WAIT_MS: u64 = 300_000;
const LONGEST_DEAD_WAIT_MS: u64 = 1_800_000;
/// So long after its provider's own time for it a file is still asked for.
const MARGIN_MS: u64 = 24 * 3_600_000;
/// A newer address is tried at once so many times; after that it waits as the old one did.
const MAX_MOVES_AT_ONCE: u32 = 3;
/// A file that breaks off is kept as it is once it broke off so often, at the same place, over such a time.
const CUTS_BEFORE_KEPT: u32 = 4;
const CUTS_OVER_MS: u64 = 3_600_000;

impl Save {
    /// Whether the address looks dead, so that the provider is to be asked for a new one.
    pub(super) fn wants_address(&self) -> bool {
        self.trouble == Some(SaveTroubleKind::Gone) || self.tries >= TRIES_BEFORE_ASKING
    }

    /// Tries the newer address at once, where it may do better than `old`: it leads elsewhere, or is signed anew
    /// and what the old one led to was not read to its end.
    fn try_newer(&mut self, old: &str, now: Now) -> bool {
        let Some(newer) = &self.newer else { return false };
        let whole = match self.trouble {
            None | Some(SaveTroubleKind::TooLarge | SaveTroubleKind::Cut { .. }) => true,
            Some(SaveTroubleKind::Gone | SaveTroubleKind::Passing) => false,
        };
        if whole && unsigned(newer) == unsigned(old) || self.moves >= MAX_MOVES_AT_ONCE {
            return false;
        }
        self.moves += 1;
        (self.trouble, self.due_ms) = (None, Some(now.mono_ms));
        true
    }

    /// Notes how the last try failed.
    fn note(&mut self, kind: SaveTroubleKind, now: Now) {
        self.trouble = Some(kind);
        let SaveTroubleKind::Cut { bytes } = kind else { return };
        let before = self.cuts.filter(|cuts| cuts.bytes == bytes);
        let Cuts { times, since_ms, .. } =
            before.unwrap_or(Cuts { times: 0, since_ms: now.mono_ms, bytes });
        self.cuts = Some(Cuts { times: times + 1, since_ms, bytes });
        self.keep_cut |= times + 1 >= CUTS_BEFORE_KEPT && now.mono_ms - since_ms >= CUTS_OVER_MS;
    }

    /// Whether there is at least a file that breaks off, to be taken by one more try.
    fn takes_what_there_is(&mut self) -> bool {
        let more = self.cuts.is_some() && !self.keep_cut;
        self.keep_cut |= more;
        more
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
                self.poll_answered(provider, jobs);
                sightings
            }
            Err(trouble) => {
                self.poll_failed(provider, jobs, &trouble, now);
                Vec::new()
            }
        };
        for (id, sighting) in sightings {
            match sighting {
                Sighting::NotKnown => self.not_seen(id, None, now, step),
                Sighting::Unclear(error) => self.not_seen(id, Some(error), now, step),
                Sighting::Seen(report) => self.seen(id, report, "a poll found it", now, step),
            }
        }
        for id in jobs {
            if let Some(live) = self.live.get_mut(id)
                && live.due_ms.is_none()
                && live.job.state.is_live()
                // What is rendered is asked for again only where its address fails again.
                && live.job.state != JobState::Downloading
            {
                live.schedule_poll(now);
            }
        }
    }

    /// The provider knows the job, and this is how it stands.
    pub(super) fn seen(&mut self, id: JobId, report: Report, how: &str, now: Now, step: &mut Step) {
        let Some(live) = self.live.get_mut(&id) else { return };
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
        let is_news = self.note_results(id, &report, now, step);
        let Some(live) = self.live.get_mut(&id) else { return };
        if !live.is_running() {
            return live.now_known();
        }
        let wanted = live.job.request.results as usize;
        let there = live.job.outputs.len();
        let ended = |failed: usize| report.pending == 0 && there + failed >= wanted;
        let all = there >= wanted || ended(distinct(&report.failures).len());
        if all {
            live.now_known();
        } else {
            live.miss_the_rest(&report, is_news, now);
        }
        // As many failures as results, some in the same words: one that is told twice, or two.
        if all || ended(report.failures.len()) && live.stands_still(now) {
            self.rendered(id, all, now, step);
        } else if live.is_overdue(now) {
            let missing = live.missing.as_ref();
            let error = missing.map_or_else(overdue, Missing::why_given_up);
            self.park(id, error, now, step);
        } else if !self.park_where_hopeless(id, now, step) {
            self.schedule_poll(id, now);
        }
    }

    /// No more results will come; of `all` that were asked for it is known how they did.
    fn rendered(&mut self, id: JobId, all: bool, now: Now, step: &mut Step) {
        let Some(live) = self.live.get(&id) else { return };
        if !live.job.outputs.is_empty() {
            self.record(id, JobEvent::Rendered, now, step);
            self.finish(id, now, step);
        } else if let Some(error) = live.job.failures.first() {
            // Those of which nothing was said may have been made all the same.
            let charged = if all { error.charged } else { Charged::Unknown };
            let error = JobError { charged, ..error.clone() };
            self.record(id, JobEvent::Failed { error }, now, step);
        }
    }

    /// Notes what is new in a report; `true` where anything is.
    fn note_results(&mut self, id: JobId, report: &Report, now: Now, step: &mut Step) -> bool {
        let Some(live) = self.live.get(&id) else { return false };
        let known = live.job.outputs.clone();
        let (wanted, there) = (live.job.request.results as usize, report.outputs.len());
        let all = there >= wanted || report.pending == 0 && there + report.failures.len() >= wanted;
        // Where nothing but its address names a result, and that is another one each time, only a report of all of
        // them tells them apart.
        let tells_apart = all || live.is_overdue(now);
        if let Some(live) = self.live.get_mut(&id).filter(|_| all) {
            let nameless = report.outputs.iter().filter(|output| output.is_nameless());
            live.told = nameless.map(|output| output.url.clone()).collect();
        }
        let before = step.writes.len();
        for (output, place) in report.outputs.iter().zip(places(&known, &report.outputs)) {
            match place {
                None if output.is_nameless() && !tells_apart => {}
                None => self.note_ready(id, output, now, step),
                Some(nr) => self.note_moved(id, nr, &known[nr], output, now),
            }
        }
        self.note_failures(id, &report.failures, now, step);
        step.writes.len() > before
    }

    fn note_ready(&mut self, id: JobId, output: &Output, now: Now, step: &mut Step) {
        let inline = output.inline.clone();
        let output = Output { inline: None, ..output.clone() };
        if self.record(id, JobEvent::OutputReady { output }, now, step)
            && let Some(live) = self.live.get_mut(&id)
        {
            let save = Save { due_ms: Some(now.mono_ms), inline, ..Save::default() };
            live.saves.insert(live.job.outputs.len() - 1, save);
        }
    }

    /// A result is told once more, perhaps with another address, or as the clip itself. While a transfer is under way that waits: two
    /// would write one file.
    fn note_moved(&mut self, id: JobId, index: usize, old: &Output, new: &Output, now: Now) {
        let save = self.live.get_mut(&id).and_then(|live| live.saves.get_mut(&index));
        let Some(save) = save else { return };
        if new.inline.is_some() && save.inline.is_none() {
            save.inline.clone_from(&new.inline);
            save.due_ms = save.due_ms.map(|_| now.mono_ms);
            return;
        }
        save.newer = (new.url != old.url).then(|| new.url.clone());
        if save.due_ms.is_some() {
            save.try_newer(&old.url, now);
        }
    }

    /// A report tells all that failed so far, some perhaps twice and in changing words: as many are noted as it
    /// has different ones.
    fn note_failures(&mut self, id: JobId, told: &[JobError], now: Now, step: &mut Step) {
        let told = distinct(told);
        let Some(live) = self.live.get(&id) else { return };
        let missing = told.len().saturating_sub(live.job.failed_results());
        let known = live.job.failures.clone();
        let new = told.into_iter().filter(|error| !known.contains(error)).take(missing);
        for error in new.cloned().collect::<Vec<_>>() {
            self.record(id, JobEvent::OutputFailed { error }, now, step);
        }
    }

    /// Starts every save that is due, those that expire first before the others.
    pub(super) fn start_saves(&mut self, now: Now, step: &mut Step) {
        let mut due: Vec<(Option<Timestamp>, usize, JobId)> = Vec::new();
        for (id, live) in &self.live {
            let is_due = |save: &Save| save.due_ms.is_some_and(|due_ms| due_ms <= now.mono_ms);
            let saves = live.saves.iter().filter(|(_, save)| is_due(save));
            due.extend(saves.map(|(index, _)| (live.job.accepted_at, *index, *id)));
        }
        due.sort();
        for (_, index, id) in due {
            self.start_save(id, index, now, step);
        }
    }

    fn start_save(&mut self, id: JobId, index: usize, now: Now, step: &mut Step) {
        let save = self.live.get_mut(&id).and_then(|live| live.saves.get_mut(&index));
        let Some(save) = save else { return };
        save.due_ms = None;
        let (keep_cut, inline) = (save.keep_cut, save.inline.clone());
        if let Some(url) = save.newer.take() {
            self.record(id, JobEvent::OutputMoved { index, url }, now, step);
        }
        let job = self.live.get(&id).map(|live| &live.job);
        if let Some((job, output)) = job.and_then(|job| Some((job, job.outputs.get(index)?))) {
            let (job, output) = (Box::new(job.clone()), Output { inline, ..output.clone() });
            step.commands.push(Command::Save { job, index, output, keep_cut });
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
            Ok(file) if self.is_anothers(id, index, &file) => {
                self.try_the_next(id, index, now, step);
            }
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

    /// Whether `file` has the very bytes that another result was saved as, where only addresses name the results and
    /// these were told in another order. A service that gives the same clip twice may do so at all of its addresses.
    fn is_anothers(&self, id: JobId, index: usize, file: &ClipFile) -> bool {
        let Some(live) = self.live.get(&id) else { return false };
        let outputs = live.job.outputs.iter().enumerate();
        let saved = outputs.filter(|(nr, _)| *nr != index).filter_map(|(_, one)| one.file.as_ref());
        let tried = live.saves.get(&index).map_or(0, |save| save.others);
        live.job.outputs.get(index).is_some_and(Output::is_nameless)
            && tried < live.job.outputs.len().max(live.told.len())
            && saved.into_iter().any(|other| other.sha256 == file.sha256)
    }

    /// The address of result `index` leads to another one, which is saved: the one that was told behind it is tried.
    fn try_the_next(&mut self, id: JobId, index: usize, now: Now, step: &mut Step) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let Some(output) = live.job.outputs.get(index) else { return };
        let Some(save) = live.saves.get_mut(&index) else { return };
        let at = live.told.iter().position(|url| *url == output.url);
        let next = at.and_then(|at| live.told.iter().cycle().nth(at + 1));
        save.newer = next.or(live.told.first()).cloned();
        (save.others, save.due_ms) = (save.others + 1, Some(now.mono_ms));
        let message = "what came is another result of this job, which is saved already".to_owned();
        let error = JobError::ours(FailureClass::Provider, "another", message, Charged::Charged);
        self.record(id, JobEvent::SaveFailed { index, error }, now, step);
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
        let provider = self.providers.get(&live.job.request.model.provider);
        let kept_ms = provider.map(|provider| provider.result_lifetime_ms + MARGIN_MS);
        let too_late =
            kept_ms.is_some_and(|kept_ms| live.age_ms(now) > kept_ms) && live.is_watched_long(now);
        let Some(output) = live.job.outputs.get(index) else { return };
        let Some(save) = live.saves.get_mut(&index) else { return };
        save.tries += 1;
        save.note(trouble.kind, now);
        // What was no clip when it came is none the next time either, and is asked for anew.
        save.inline.take_if(|_| trouble.error.class != FailureClass::Disk);
        if save.try_newer(&output.url, now) {
            self.record(id, JobEvent::SaveFailed { index, error: trouble.error }, now, step);
            return;
        }
        // What the old address said tells nothing of a newer one.
        if too_late && save.newer.is_none() && !save.takes_what_there_is() {
            live.saves.remove(&index);
            let error = JobError { class: FailureClass::Expired, ..trouble.error };
            self.record(id, JobEvent::OutputLost { index, error }, now, step);
            return self.finish(id, now, step);
        }
        let longest_ms = match trouble.kind {
            SaveTroubleKind::Passing | SaveTroubleKind::Cut { .. } => LONGEST_SAVE_WAIT_MS,
            SaveTroubleKind::Gone | SaveTroubleKind::TooLarge => LONGEST_DEAD_WAIT_MS,
        };
        // What is too large is so again.
        let tries = if trouble.kind == SaveTroubleKind::TooLarge { 20 } else { save.tries };
        save.due_ms = Some(now.mono_ms + backoff_ms(tries, longest_ms, dice));
        if save.wants_address() && live.job.state == JobState::Downloading {
            live.due_ms = Some(now.mono_ms);
        }
        self.record(id, JobEvent::SaveFailed { index, error: trouble.error }, now, step);
    }

    /// Ends a job whose results are all rendered and either saved or lost. Where none could be saved it is in
    /// doubt instead, since the provider may be asked once more.
    pub(super) fn finish(&mut self, id: JobId, now: Now, step: &mut Step) {
        let Some(live) = self.live.get(&id) else { return };
        let job = &live.job;
        let all = job.outputs.iter().all(|output| output.file.is_some() || output.lost);
        if job.state != JobState::Downloading || !all {
            return;
        }
        let event = match &job.error {
            Some(error) if job.files().next().is_none() => {
                let asked_as = live.asked_as.clone();
                JobEvent::Doubted { error: error.clone(), asked_as }
            }
            _ => JobEvent::Succeeded,
        };
        self.record(id, event, now, step);
    }
}

/// Which of the known results each of `told` is, as far as it is one of them.
fn places(known: &[Output], told: &[Output]) -> Vec<Option<usize>> {
    let is = |new: &Output| known.iter().position(|old| old.is(new));
    let mut places: Vec<Option<usize>> = told.iter().map(is).collect();
    // A report tells all results: of strange addresses only as many are new as it tells more than are known.
    let strange = |nr: &usize| places[*nr].is_none() && told[*nr].is_nameless();
    let strange: Vec<usize> = (0..told.len()).filter(strange).collect();
    let new = told.len().saturating_sub(known.len());
    for nr in &strange[..strange.len().saturating_sub(new)] {
        let free = |old: &usize| known[*old].is_nameless() && !places.contains(&Some(*old));
        places[*nr] = (0..known.len()).find(free);
    }
    places
}

fn overdue() -> JobError {
    let message = "the provider has been at it for more than a day".to_owned();
    JobError::ours(FailureClass::Timeout, "overdue", message, Charged::Unknown)
}

/// The failures that differ: the same words twice may be one failure told twice.
pub(super) fn distinct(failures: &[JobError]) -> Vec<&JobError> {
    let mut all: Vec<&JobError> = Vec::new();
    for error in failures {
        if !all.contains(&error) {
            all.push(error);
        }
    }
    all
}
