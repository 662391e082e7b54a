//! The engine itself: the live jobs, their deadlines, and what each input makes of them.

use std::collections::BTreeMap;

use super::fold::apply;
use super::live::{Live, Save};
use super::message::{Adopted, Command, Input, Now, Step, Target};
use super::provider_state::ProviderState;
use super::schedule::{Dice, backoff_ms};
use crate::domain::account::Account;
use crate::domain::catalog::Provider;
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{FailureClass, Job, JobError, JobId, JobState};
use crate::domain::outcome::{SubmitOutcome, Trouble};
use crate::domain::wait::Unseen;

/// How often a job is sent before it fails, all under one key.
const MAX_SENDS: u32 = 10;
/// The longest wait before a job is sent again.
const LONGEST_SEND_WAIT_MS: u64 = 60_000;
/// The live jobs of one database and what is known of their providers.
#[derive(Debug)]
pub struct Engine {
    pub(super) live: BTreeMap<JobId, Live>,
    pub(super) providers: BTreeMap<String, ProviderState>,
    pub(super) dice: Dice,
}

/// A live job as others see it.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// The job.
    pub job: &'a Job,
    /// How far the provider says it is.
    pub progress_percent: Option<u8>,
    /// How long such a job usually takes.
    pub expected_ms: u64,
    /// When something is to be done for it, on the monotonic clock.
    pub due_ms: Option<u64>,
    /// What keeps it from being sent, where it is not its own last try.
    pub held: Option<Held>,
    /// Why its provider does not show it, and since when on the monotonic clock.
    pub unseen: Option<(Unseen, u64)>,
}

/// What keeps a job from being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// All of the provider's places for jobs are taken.
    Full {
        /// How many there are.
        max: usize,
    },
    /// The provider said that it had enough.
    Closed {
        /// Too many requests, or no room.
        class: FailureClass,
        /// Until when, on the monotonic clock.
        until_ms: u64,
    },
}

impl Engine {
    /// An engine with no jobs. `seed` decides the jitter.
    pub fn new(providers: &[Provider], seed: u64) -> Self {
        let state = |one: &Provider| (one.id.clone(), ProviderState::new(one));
        Self {
            live: BTreeMap::new(),
            providers: providers.iter().map(state).collect(),
            dice: Dice::new(seed),
        }
    }

    /// What `input` leads to.
    pub fn handle(&mut self, input: Input, now: Now) -> Step {
        let mut step = Step::default();
        match input {
            Input::Adopt { jobs } => self.adopt_all(jobs, now, &mut step),
            Input::Ready { job } => self.ready(job, now, &mut step),
            Input::Submitted { job, outcome } => self.submitted(job, outcome, now, &mut step),
            Input::Polled { provider, jobs, account, outcome } => {
                self.asked_as(&jobs, account.as_ref());
                self.polled(&provider, &jobs, outcome, now, &mut step);
            }
            Input::LookedUp { job, account, outcome } => {
                self.asked_as(&[job], account.as_ref());
                self.looked_up(job, outcome, now, &mut step);
            }
            Input::Saved { job, index, outcome } => self.saved(job, index, outcome, now, &mut step),
            Input::Cancel { job } => self.cancel(job, now, &mut step),
            Input::Hold { job, reason } => self.hold(job, reason, now, &mut step),
            Input::Stopped { job, outcome } => self.stopped(job, outcome, now, &mut step),
            Input::Wake => {}
        }
        self.start_saves(now, &mut step);
        self.stop_due(now, &mut step);
        self.look_up_due(now, &mut step);
        self.poll_due(now, &mut step);
        self.submit_due(now, &mut step);
        self.live.retain(|_, live| live.job.state.is_live());
        step
    }

    /// The live jobs as they are at `now_ms` of the monotonic clock, oldest first.
    pub fn jobs(&self, now_ms: u64) -> impl Iterator<Item = Watched<'_>> {
        self.live.values().map(move |live| Watched {
            job: &live.job,
            progress_percent: live.progress_percent,
            expected_ms: live.expected_ms,
            due_ms: live.next_ms(),
            held: self.held(live, now_ms),
            unseen: live.unseen(),
        })
    }

    fn held(&self, live: &Live, now_ms: u64) -> Option<Held> {
        if !matches!(live.job.state, JobState::Queued | JobState::RetryWait) {
            return None;
        }
        let provider = self.providers.get(&live.job.request.model.provider)?;
        let until_ms = provider.closed_until_ms;
        // Its own wait says more where it is the longer one.
        if live.due_ms.is_none_or(|due_ms| due_ms > now_ms && due_ms >= until_ms) {
            return None;
        }
        if until_ms > now_ms {
            return Some(Held::Closed { class: provider.closed_for, until_ms });
        }
        self.is_full(live).then_some(Held::Full { max: provider.max_live_jobs })
    }

    /// Remembers as whom these were asked for.
    fn asked_as(&mut self, jobs: &[JobId], account: Option<&Account>) {
        for id in jobs {
            if let Some(live) = self.live.get_mut(id) {
                live.asked_as = account.cloned();
            }
        }
    }

    /// Whether `job` is one of the live ones.
    pub fn is_live(&self, job: JobId) -> bool {
        self.live.contains_key(&job)
    }

    /// Why `provider` does not answer, where the last poll of it failed.
    pub fn trouble(&self, provider: &str) -> Option<&JobError> {
        self.providers.get(provider)?.trouble.as_ref()
    }

    /// When to come back with [`Input::Wake`], on the monotonic clock; none while only replies or
    /// the user can change anything.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        let saves = self.live.values().flat_map(|live| live.saves.values());
        let jobs = self.live.values().filter_map(|live| self.acts_at_ms(live));
        let stops = self.live.values().filter_map(Live::stops_at_ms);
        jobs.chain(saves.filter_map(|save| save.due_ms)).chain(stops).min()
    }

    /// When something is to be done at the provider for `live`; none while nothing can be.
    fn acts_at_ms(&self, live: &Live) -> Option<u64> {
        let due_ms = live.due_ms?;
        let provider = self.providers.get(&live.job.request.model.provider)?;
        match live.job.state {
            JobState::Queued | JobState::RetryWait if self.is_full(live) => None,
            JobState::Queued | JobState::RetryWait => Some(due_ms.max(provider.closed_until_ms)),
            JobState::Submitting => Some(due_ms),
            _ if live.wants_look_up() => Some(due_ms),
            _ if live.is_polled() && !live.polling => Some(due_ms.max(provider.polls_from_ms()?)),
            _ => None,
        }
    }

    fn adopt_all(&mut self, jobs: Vec<Adopted>, now: Now, step: &mut Step) {
        for Adopted { job, expected_ms, sent_before, stop, hold } in jobs {
            let id = job.id;
            if job.state.is_live() || sent_before && job.state == JobState::Held {
                self.adopt(job, expected_ms, now);
            }
            if sent_before {
                self.was_sent(id, now, step);
            }
            if stop {
                self.cancel(id, now, step);
            }
            if let Some(reason) = hold {
                self.hold(id, reason, now, step);
            }
        }
    }

    fn adopt(&mut self, job: Job, expected_ms: u64, now: Now) {
        if self.live.contains_key(&job.id) {
            return;
        }
        let waiting_since = job.accepted_at.or(job.sent_at).unwrap_or(now.wall);
        let waited_ms = now.wall.duration_since(waiting_since).as_millis().clamp(0, 1 << 40) as i64;
        let mut live = Live {
            started_ms: now.mono_ms as i64 - waited_ms,
            expected_ms,
            watched_since_ms: now.mono_ms,
            may_arrive: job.may_have_arrived(),
            due_ms: Some(now.mono_ms),
            poll_wait_ms: 0,
            preparing: false,
            unready: 0,
            polling: false,
            missing: None,
            unanswered: None,
            asked_as: None,
            progress_percent: None,
            cancel_wanted: false,
            hold_wanted: None,
            // Whether an earlier process's stop arrived is not known, and a second one does no harm.
            stop_due_ms: (job.state == JobState::Canceling).then_some(now.mono_ms),
            stop_asks: 0,
            saves: BTreeMap::new(),
            told: Vec::new(),
            job,
        };
        for (index, output) in live.job.outputs.iter().enumerate() {
            if output.file.is_none() && !output.lost {
                let save = Save { due_ms: Some(now.mono_ms), ..Save::default() };
                live.saves.insert(index, save);
            }
        }
        self.live.insert(live.job.id, live);
    }

    /// Records `event` if it has an effect, and keeps it for the store.
    pub(super) fn record(&mut self, id: JobId, event: JobEvent, now: Now, step: &mut Step) -> bool {
        let Some(live) = self.live.get_mut(&id) else { return false };
        let effective = apply(&mut live.job, &event, now.wall);
        if effective {
            step.writes.push(Write { at: now.wall, event, job: live.job.clone() });
        }
        effective
    }

    /// A job that an earlier process was sending when it ended: whether it arrived is not known.
    fn was_interrupted(live: &Live) -> bool {
        live.job.state == JobState::Submitting && live.due_ms.is_some()
    }

    fn submit_due(&mut self, now: Now, step: &mut Step) {
        let waiting: Vec<JobId> = self
            .live
            .iter()
            .filter(|(_, live)| matches!(live.job.state, JobState::Queued | JobState::RetryWait))
            .filter(|(_, live)| live.due_ms.is_some_and(|due_ms| due_ms <= now.mono_ms))
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            let Some(live) = self.live.get(&id) else { continue };
            let provider = self.providers.get(&live.job.request.model.provider);
            let closed = provider.is_some_and(|provider| now.mono_ms < provider.closed_until_ms);
            if closed || self.is_full(live) {
                continue;
            }
            if let Some(live) = self.live.get_mut(&id) {
                (live.due_ms, live.preparing) = (None, true);
                step.commands.push(Command::Prepare { job: Box::new(live.job.clone()) });
            }
        }
    }

    /// The job can leave at once: only now is the intent stored, so that what was waiting for its key or its turn
    /// when a process ended is known to be unsent.
    fn ready(&mut self, id: JobId, now: Now, step: &mut Step) {
        let Some(live) = self.live.get_mut(&id) else { return };
        if !std::mem::take(&mut live.preparing) {
            return;
        }
        let provider = self.providers.get(&live.job.request.model.provider);
        if provider.is_some_and(|provider| now.mono_ms < provider.closed_until_ms) {
            // It had enough while the job waited: it is made ready again after that.
            live.due_ms = Some(now.mono_ms);
            return;
        }
        if self.record(id, JobEvent::Sent, now, step)
            && let Some(live) = self.live.get_mut(&id)
        {
            live.unready = 0;
            live.started_ms = now.mono_ms as i64;
            step.commands.push(Command::Submit { job: Box::new(live.job.clone()) });
        }
    }

    fn is_full(&self, live: &Live) -> bool {
        let provider = &live.job.request.model.provider;
        let taken = self.live.values().filter(|other| {
            let state = other.job.state;
            let takes = state.is_at_provider() || other.preparing && state.is_to_be_sent();
            takes && other.job.request.model.provider == *provider
        });
        let max = self.providers.get(provider).map_or(1, |provider| provider.max_live_jobs);
        taken.count() >= max
    }

    fn submitted(&mut self, id: JobId, outcome: SubmitOutcome, now: Now, step: &mut Step) {
        if let Some(live) = self.live.get_mut(&id) {
            live.unready += u32::from(std::mem::take(&mut live.preparing));
        }
        match outcome {
            SubmitOutcome::Accepted { remote_id, charge, how } => {
                self.accepted(id, JobEvent::Accepted { remote_id, charge, how }, now, step);
            }
            SubmitOutcome::Refused(error) => self.refused(id, error, now, step),
            SubmitOutcome::Busy(trouble) => self.postpone(id, trouble, now, step),
            SubmitOutcome::Unknown { reason } => self.unsure(id, reason, now, step),
        }
    }

    /// The provider has the job, as `event` says.
    pub(super) fn accepted(&mut self, id: JobId, event: JobEvent, now: Now, step: &mut Step) {
        if self.record(id, event, now, step)
            && let Some(live) = self.live.get_mut(&id)
        {
            live.now_known();
            live.started_ms = now.mono_ms as i64;
            live.schedule_poll(now);
            if live.cancel_wanted {
                self.ask_to_stop(id, now, step);
            }
        }
    }

    fn postpone(&mut self, id: JobId, trouble: Trouble, now: Now, step: &mut Step) {
        let Some(live) = self.live.get(&id) else { return };
        let tries = live.job.sends + live.unready;
        let provider = live.job.request.model.provider.clone();
        if tries >= MAX_SENDS {
            return self.refused(id, trouble.error, now, step);
        }
        let backoff_ms = backoff_ms(tries, LONGEST_SEND_WAIT_MS, self.dice.throw());
        let wait_ms = trouble.retry_after_ms.map_or(backoff_ms, |asked| asked.max(500));
        let closes = matches!(trouble.error.class, FailureClass::Rate | FailureClass::Capacity);
        if closes && let Some(provider) = self.providers.get_mut(&provider) {
            provider.closed_until_ms = provider.closed_until_ms.max(now.mono_ms + wait_ms);
            provider.closed_for = trouble.error.class;
        }
        let error = self.not_taken(id, trouble.error);
        self.record(id, JobEvent::Postponed { error, wait_ms }, now, step);
        if let Some(live) = self.live.get_mut(&id) {
            live.due_ms = Some(now.mono_ms + wait_ms);
            if let Some(reason) = live.hold_wanted.take() {
                self.hold(id, reason, now, step);
            }
        }
    }

    /// Polls every provider that has a due job: where one request asks for many, with all that run
    /// there, since it costs no request more; else for those that have waited longest, one each.
    fn poll_due(&mut self, now: Now, step: &mut Step) {
        for (name, provider) in &mut self.providers {
            while provider.polls_from_ms().is_some_and(|from_ms| from_ms <= now.mono_ms) {
                let mut asked: Vec<(&mut Live, u64)> = self
                    .live
                    .values_mut()
                    .filter(|live| live.job.request.model.provider == *name)
                    .filter(|live| live.is_polled() && !live.polling)
                    .filter_map(|live| live.due_ms.map(|due_ms| (live, due_ms)))
                    .filter(|(live, due_ms)| {
                        *due_ms <= now.mono_ms || provider.polls_together && live.is_running()
                    })
                    .collect();
                if !asked.iter().any(|(_, due_ms)| *due_ms <= now.mono_ms) {
                    break;
                }
                // A second is longer for one that was to be asked for soon.
                let lateness = |(live, due_ms): &(&mut Live, u64)| {
                    (now.mono_ms as f64 - *due_ms as f64) / (live.poll_wait_ms.max(1) as f64).sqrt()
                };
                asked.sort_by(|one, other| lateness(other).total_cmp(&lateness(one)));
                asked.truncate(provider.jobs_a_poll);
                provider.polls += 1;
                provider.paced_ms = now.mono_ms + provider.pace_ms;
                let targets = asked
                    .into_iter()
                    .map(|(live, _)| {
                        (live.due_ms, live.polling) = (None, true);
                        target(&live.job)
                    })
                    .collect();
                step.commands.push(Command::Poll { provider: name.clone(), targets });
            }
        }
    }

    /// The provider did not answer a poll: all that were asked for are asked for again, later and later.
    pub(super) fn poll_failed(
        &mut self,
        provider: &str,
        jobs: &[JobId],
        trouble: &Trouble,
        now: Now,
    ) {
        let dice = self.dice.throw();
        let class = trouble.error.class;
        for id in jobs {
            if let Some(live) = self.live.get_mut(id) {
                let since_ms = live.unanswered.map_or(now.mono_ms, |(_, since_ms)| since_ms);
                live.unanswered = Some((class, since_ms));
            }
        }
        if let Some(provider) = self.providers.get_mut(provider) {
            // Those that were under way together fail together, and that counts once.
            provider.failed_polls += u32::from(provider.next_poll_ms <= now.mono_ms);
            let backoff_ms = backoff_ms(provider.failed_polls, 60_000, dice);
            let wait_ms = trouble.retry_after_ms.map_or(backoff_ms, |asked| asked.max(500));
            provider.next_poll_ms = provider.next_poll_ms.max(now.mono_ms + wait_ms);
            provider.trouble = Some(trouble.error.clone());
            if class == FailureClass::Provider {
                provider.ask_for_fewer(jobs.len());
            }
        }
    }

    pub(super) fn poll_answered(&mut self, provider: &str, jobs: &[JobId]) {
        for id in jobs {
            if let Some(live) = self.live.get_mut(id) {
                live.unanswered = None;
            }
        }
        if let Some(provider) = self.providers.get_mut(provider) {
            provider.ask_for_more();
            provider.failed_polls = 0;
            provider.trouble = None;
        }
    }

    pub(super) fn poll_ended(&mut self, provider: &str, jobs: &[JobId]) {
        for id in jobs {
            if let Some(live) = self.live.get_mut(id) {
                live.polling = false;
            }
        }
        if let Some(provider) = self.providers.get_mut(provider) {
            provider.polls = provider.polls.saturating_sub(1);
        }
    }

    pub(super) fn schedule_poll(&mut self, id: JobId, now: Now) {
        if let Some(live) = self.live.get_mut(&id) {
            live.schedule_poll(now);
        }
    }

    pub(super) fn can_cancel(&self, provider: &str) -> bool {
        self.providers.get(provider).is_some_and(|provider| provider.can_cancel)
    }

    pub(super) fn can_look_up(&self, provider: &str) -> bool {
        self.providers.get(provider).is_some_and(|provider| provider.can_look_up)
    }

    /// What an earlier process left in the middle of a submit.
    pub(super) fn interrupted(&self) -> Vec<JobId> {
        let interrupted = self.live.iter().filter(|(_, live)| Self::was_interrupted(live));
        interrupted.map(|(id, _)| *id).collect()
    }
}

/// A job by all its names.
pub(super) fn target(job: &Job) -> Target {
    Target {
        job: job.id,
        attempt_key: job.attempt_key,
        remote_id: job.remote_id.clone(),
        model: job.request.model.clone(),
    }
}
