//! How many requests a key may send in a while: whoever comes too early waits its turn.
//!
//! Submits, polls, lookups and stops of one provider share one limiter, since providers count them
//! together (Runbase: 20 requests in 10 seconds per key, whatever they ask). Turns go to submits and to
//! polls alternately, and among each in the order in which they came: neither a hundred polls keep a
//! submit waiting nor the other way round, and a job that was polled queues behind all others.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::clock::Clock;
use crate::domain::catalog::{Provider, RequestRate};
use crate::domain::job::JobId;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To send a job, to settle whether it arrived, or to stop it.
    Submit,
    /// To ask how far it is.
    Poll,
}

/// A request that waits for its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) job: JobId,
    pub(super) rate: RequestRate,
    /// Whether the provider asked for a pause, rather than the rate being used up.
    pub(super) is_paused: bool,
    /// In how many milliseconds it should leave, if nothing comes between.
    pub(super) wait_ms: u64,
}

/// The limiters of all providers, by their ids.
#[derive(Debug)]
pub(super) struct Limiters {
    clock: Clock,
    lanes: HashMap<String, Lane>,
}

/// One provider's requests.
#[derive(Debug)]
struct Lane {
    rate: RequestRate,
    window: Mutex<Window>,
    /// Told whenever the queue moves.
    moved: Notify,
}

impl Limiters {
    pub(super) fn new(providers: &[Provider]) -> Self {
        let lane = |one: &Provider| {
            let rate = one.requests?;
            let window = Mutex::new(Window::new(rate));
            Some((one.id.clone(), Lane { rate, window, moved: Notify::new() }))
        };
        Self { clock: Clock::new(), lanes: providers.iter().filter_map(lane).collect() }
    }

    /// Waits until one request more may be sent to `provider` for `job`. `told` is called when it begins
    /// to wait, and when that is over.
    pub(super) async fn turn(&self, provider: &str, purpose: Purpose, job: JobId, told: impl Fn()) {
        let Some(lane) = self.lanes.get(provider) else { return };
        let ticket = lane.with(|window| window.join(purpose, job));
        let mut place = Place { lane, ticket: Some(ticket) };
        let mut has_waited = false;
        loop {
            // Made before the look, so that no move between the two is missed.
            let moved = lane.moved.notified();
            let now_ms = self.clock.now().mono_ms;
            let start = lane.with(|window| window.start(ticket, now_ms));
            if start != Start::Now && !has_waited {
                has_waited = true;
                told();
            }
            match start {
                Start::Now => break,
                Start::At(ms) => tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(ms - now_ms)) => {}
                    () = moved => {}
                },
                Start::Behind => moved.await,
            }
        }
        place.ticket = None;
        lane.moved.notify_waiters();
        if has_waited {
            told();
        }
    }

    /// `provider` said that it was asked too often: nothing is sent for as long as it wishes, or for
    /// a whole window.
    pub(super) fn hold(&self, provider: &str, retry_after_ms: Option<u64>) {
        let now_ms = self.clock.now().mono_ms;
        if let Some(lane) = self.lanes.get(provider) {
            lane.with(|window| window.hold(now_ms, retry_after_ms));
        }
    }

    /// Every request that waits, those that leave first first.
    pub(super) fn waiting(&self) -> Vec<Waiting> {
        let now_ms = self.clock.now().mono_ms;
        let of = |lane: &Lane| {
            let (rate, window) = (lane.rate, lane.with(|window| window.clone()));
            let is_paused = window.closed_until_ms > now_ms;
            let waiting = move |(job, wait_ms)| Waiting { job, rate, is_paused, wait_ms };
            window.outlook(now_ms).into_iter().map(waiting)
        };
        self.lanes.values().flat_map(of).collect()
    }
}

impl Lane {
    fn with<T>(&self, call: impl FnOnce(&mut Window) -> T) -> T {
        // It is changed by whole calls only, so a panic elsewhere leaves it usable.
        call(&mut self.window.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A place in the queue, given up by whoever stops waiting.
struct Place<'a> {
    lane: &'a Lane,
    ticket: Option<Ticket>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.lane.with(|window| window.leave(ticket));
            self.lane.moved.notify_waiters();
        }
    }
}

type Ticket = u64;

/// When a request may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// It does.
    Now,
    /// Not before then.
    At(u64),
    /// Not before the one that is first in the queue.
    Behind,
}

/// The starts of the last requests, and the queue.
#[derive(Clone, Debug)]
pub struct Window {
    max: usize,
    window_ms: u64,
    starts_ms: VecDeque<u64>,
    closed_until_ms: u64,
    submits: VecDeque<(Ticket, JobId)>,
    polls: VecDeque<(Ticket, JobId)>,
    /// Whether the next turn is a poll's, where there are both.
    polls_next: bool,
    tickets: u64,
}

impl Window {
    /// An empty one.
    pub fn new(rate: RequestRate) -> Self {
        Self {
            max: rate.max.get() as usize,
            // A twentieth more than is promised: requests may arrive closer together than they left.
            window_ms: u64::from(rate.window_s.get()) * 1050,
            starts_ms: VecDeque::new(),
            closed_until_ms: 0,
            submits: VecDeque::new(),
            polls: VecDeque::new(),
            polls_next: false,
            tickets: 0,
        }
    }

    /// When a request that comes to an empty queue at `now_ms` starts; its place is taken from then on.
    pub fn reserve(&mut self, now_ms: u64) -> u64 {
        let ticket = self.join(Purpose::Submit, JobId(uuid::Uuid::nil()));
        let mut start_ms = now_ms;
        while let Start::At(ms) = self.start(ticket, start_ms) {
            start_ms = ms;
        }
        start_ms
    }

    /// Takes a place at the end of the queue.
    fn join(&mut self, purpose: Purpose, job: JobId) -> Ticket {
        self.tickets += 1;
        match purpose {
            Purpose::Submit => self.submits.push_back((self.tickets, job)),
            Purpose::Poll => self.polls.push_back((self.tickets, job)),
        }
        self.tickets
    }

    fn leave(&mut self, ticket: Ticket) {
        self.submits.retain(|(one, _)| *one != ticket);
        self.polls.retain(|(one, _)| *one != ticket);
    }

    fn first(&self) -> Option<(Ticket, JobId)> {
        let (submit, poll) = (self.submits.front(), self.polls.front());
        if self.polls_next { poll.or(submit) } else { submit.or(poll) }.copied()
    }

    /// Starts the request with that ticket, if it is its turn.
    fn start(&mut self, ticket: Ticket, now_ms: u64) -> Start {
        if self.first().map(|(first, _)| first) != Some(ticket) {
            return Start::Behind;
        }
        let is_full = self.starts_ms.len() >= self.max;
        let aged_ms = self.starts_ms.front().filter(|_| is_full).map(|ms| ms + self.window_ms);
        let free_ms = self.closed_until_ms.max(aged_ms.unwrap_or(0));
        if free_ms > now_ms {
            return Start::At(free_ms);
        }
        if is_full {
            self.starts_ms.pop_front();
        }
        self.starts_ms.push_back(now_ms);
        self.polls_next = self.submits.front().is_some_and(|(first, _)| *first == ticket);
        self.leave(ticket);
        Start::Now
    }

    fn hold(&mut self, now_ms: u64, retry_after_ms: Option<u64>) {
        let until_ms = now_ms + retry_after_ms.unwrap_or(self.window_ms);
        self.closed_until_ms = self.closed_until_ms.max(until_ms);
    }

    /// In how many milliseconds each of the queue starts, if nothing comes between.
    fn outlook(mut self, now_ms: u64) -> Vec<(JobId, u64)> {
        let mut outlook = Vec::new();
        let mut at_ms = now_ms;
        while let Some((ticket, job)) = self.first() {
            match self.start(ticket, at_ms) {
                Start::Now => outlook.push((job, at_ms - now_ms)),
                Start::At(ms) => at_ms = ms,
                Start::Behind => break,
            }
        }
        outlook
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::sample;

    fn window() -> Window {
        let runbase = sample::catalog().provider("runbase").expect("a provider");
        Window::new(runbase.requests.expect("a documented limit"))
    }

    fn job(nr: u64) -> JobId {
        JobId(Uuid::from_u128(nr.into()))
    }

    #[test]
    fn twenty_start_at_once_and_the_next_one_waits_for_the_first_to_age() {
        let mut window = window();
        let starts: Vec<u64> = (0..45).map(|nr| window.reserve(1000 + nr)).collect();
        assert_eq!(starts[..20], (1000..1020).collect::<Vec<_>>());
        assert_eq!(starts[20..22], [11_500, 11_501]);
        assert_eq!(starts[40], 22_000);
    }

    #[test]
    fn no_window_of_ten_seconds_ever_holds_more_than_twenty() {
        let mut window = window();
        let mut dice = sample::Dice(3);
        let (mut now_ms, mut starts) = (0, Vec::new());
        for _ in 0..2_000 {
            now_ms = starts.last().copied().unwrap_or(0).max(now_ms) + dice.throw() % 700;
            starts.push(window.reserve(now_ms));
        }
        assert!(starts.windows(21).all(|some| some[20] - some[0] > 10_000));
    }

    #[test]
    fn a_provider_that_had_enough_is_left_alone() {
        let mut window = window();
        assert_eq!(window.reserve(5), 5);
        window.hold(10, Some(3_000));
        assert_eq!(window.reserve(20), 3_010);
        window.hold(4_000, None);
        assert_eq!(window.reserve(4_001), 14_500);
    }

    /// Two hundred jobs are polled all at once, and two are submitted behind them.
    #[test]
    fn polls_never_keep_a_submit_waiting_for_long_nor_the_other_way_round() {
        let mut window = window();
        let mut join = |purpose, nr| window.join(purpose, job(nr));
        (0..200).for_each(|nr| _ = join(Purpose::Poll, nr));
        (900..902).for_each(|nr| _ = join(Purpose::Submit, nr));
        let order: Vec<JobId> = window.clone().outlook(0).into_iter().map(|(job, _)| job).collect();
        assert_eq!(order[..5], [900, 0, 901, 1, 2].map(job), "in turns, then what is left");
        (1000..1200).for_each(|nr| _ = window.join(Purpose::Submit, job(nr)));
        let order: Vec<JobId> = window.outlook(0).into_iter().map(|(job, _)| job).collect();
        let place = order.iter().position(|one| *one == job(99)).expect("it has a turn");
        assert_eq!(place, 2 * 99 + 1, "polls have every second turn");
    }

    /// Jobs that ask again as soon as they were answered go round and round.
    #[test]
    fn every_job_is_polled_once_before_any_is_polled_twice() {
        let mut window = window();
        (0..30).for_each(|nr| _ = window.join(Purpose::Poll, job(nr)));
        let (mut now_ms, mut asked) = (0, Vec::new());
        while asked.len() < 90 {
            let (ticket, one) = window.first().expect("somebody waits");
            match window.start(ticket, now_ms) {
                Start::At(ms) => now_ms = ms,
                _ => {
                    asked.push(one);
                    window.join(Purpose::Poll, one);
                }
            }
        }
        let round: Vec<JobId> = (0..30).map(job).collect();
        assert_eq!(asked, [round.clone(), round.clone(), round].concat());
    }

    #[test]
    fn whoever_gives_up_makes_room() {
        let mut window = window();
        (0..20).for_each(|_| _ = window.reserve(0));
        let (first, second) =
            (window.join(Purpose::Poll, job(1)), window.join(Purpose::Poll, job(2)));
        assert_eq!(window.start(second, 20_000), Start::Behind);
        window.leave(first);
        assert_eq!(window.start(second, 20_000), Start::Now);
    }

    #[tokio::test]
    async fn a_turn_that_is_waited_for_is_told_and_shown() {
        let limiters = std::sync::Arc::new(Limiters::new(&sample::catalog().providers));
        limiters.hold("runbase", Some(60_000));
        let (told, mut hears) = tokio::sync::mpsc::channel(8);
        let waits = {
            let limiters = std::sync::Arc::clone(&limiters);
            tokio::spawn(async move {
                let told = || _ = told.try_send(());
                limiters.turn("runbase", Purpose::Submit, job(7), told).await;
            })
        };
        hears.recv().await.expect("it begins to wait");
        let waiting = limiters.waiting();
        assert_eq!(waiting.iter().map(|one| one.job).collect::<Vec<_>>(), [job(7)]);
        assert!((59_000..=60_000).contains(&waiting[0].wait_ms), "{waiting:?}");
        assert!(waiting[0].is_paused, "the provider asked for it");
        waits.abort();
        drop(waits.await);
        assert!(limiters.waiting().is_empty(), "a place that nobody waits in is given up");
    }

    #[test]
    fn only_providers_with_a_documented_limit_are_held_back() {
        let limiters = Limiters::new(&sample::catalog().providers);
        assert!(!limiters.lanes.contains_key("sandbox"));
        assert!(limiters.lanes.contains_key("runbase"));
    }
}
