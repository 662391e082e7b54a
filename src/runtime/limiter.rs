//! How many requests a key may send in a while: whoever comes too early waits its turn.
//!
//! Submits, polls, lookups and stops of one provider share one limiter, since providers count them
//! together (Runbase: 20 requests in 10 seconds per key, whatever they ask).

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::clock::Clock;
use crate::domain::catalog::{Provider, RequestRate};

/// The limiters of all providers, by their ids.
#[derive(Debug)]
pub(super) struct Limiters {
    clock: Clock,
    windows: HashMap<String, Mutex<Window>>,
}

impl Limiters {
    pub(super) fn new(providers: &[Provider]) -> Self {
        let window =
            |one: &Provider| Some((one.id.clone(), Mutex::new(Window::new(one.requests?))));
        Self { clock: Clock::new(), windows: providers.iter().filter_map(window).collect() }
    }

    /// Waits until one request more may be sent to `provider`.
    pub(super) async fn turn(&self, provider: &str) {
        let now_ms = self.clock.now().mono_ms;
        let start_ms = self.with(provider, |window| window.reserve(now_ms));
        if let Some(wait_ms) = start_ms.map(|start_ms| start_ms - now_ms).filter(|ms| *ms > 0) {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
    }

    /// `provider` said that it was asked too often: nothing is sent for as long as it wishes, or for
    /// a whole window.
    pub(super) fn hold(&self, provider: &str, retry_after_ms: Option<u64>) {
        let now_ms = self.clock.now().mono_ms;
        self.with(provider, |window| window.hold(now_ms, retry_after_ms));
    }

    fn with<T>(&self, provider: &str, call: impl FnOnce(&mut Window) -> T) -> Option<T> {
        let window = self.windows.get(provider)?;
        // It is changed by whole calls only, so a panic elsewhere leaves it usable.
        Some(call(&mut window.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The starts of the last requests. Turns are handed out in the order in which they are asked for.
#[derive(Debug)]
pub struct Window {
    max: usize,
    window_ms: u64,
    starts_ms: VecDeque<u64>,
    closed_until_ms: u64,
}

impl Window {
    /// An empty one.
    pub fn new(rate: RequestRate) -> Self {
        // A twentieth more than is promised: requests may arrive closer together than they left.
        let window_ms = u64::from(rate.window_s.get()) * 1050;
        let max = rate.max.get() as usize;
        Self { max, window_ms, starts_ms: VecDeque::new(), closed_until_ms: 0 }
    }

    /// When a request that is wanted at `now_ms` may start; its place is taken from then on.
    pub fn reserve(&mut self, now_ms: u64) -> u64 {
        let mut start_ms = now_ms.max(self.closed_until_ms);
        if self.starts_ms.len() >= self.max
            && let Some(oldest_ms) = self.starts_ms.pop_front()
        {
            start_ms = start_ms.max(oldest_ms + self.window_ms);
        }
        let last_ms = self.starts_ms.back().copied().unwrap_or(0);
        self.starts_ms.push_back(start_ms.max(last_ms));
        start_ms.max(last_ms)
    }

    fn hold(&mut self, now_ms: u64, retry_after_ms: Option<u64>) {
        let until_ms = now_ms + retry_after_ms.unwrap_or(self.window_ms);
        self.closed_until_ms = self.closed_until_ms.max(until_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn window() -> Window {
        let runbase = sample::catalog().provider("runbase").expect("a provider");
        Window::new(runbase.requests.expect("a documented limit"))
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
            now_ms += dice.throw() % 700;
            let start_ms = window.reserve(now_ms);
            assert!(start_ms >= now_ms);
            starts.push(start_ms);
        }
        assert!(starts.is_sorted(), "first come, first served");
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

    #[test]
    fn only_providers_with_a_documented_limit_are_held_back() {
        let limiters = Limiters::new(&sample::catalog().providers);
        assert!(!limiters.windows.contains_key("sandbox"));
        assert!(limiters.windows.contains_key("runbase"));
    }
}
