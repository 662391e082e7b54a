//! When to ask again: few polls early, dense near the expected end, backing off after it.

use crate::domain::catalog::RequestRate;

/// The wait between two polls of a job whose end is near, in milliseconds.
pub const DENSE_POLL_MS: u64 = 500;
/// The longest wait between two polls of a job that is late, in milliseconds.
pub const SLOWEST_POLL_MS: u64 = 15_000;

/// How long to wait before the next poll of a job that has run for `elapsed_ms` and usually takes
/// `expected_ms`, in milliseconds.
///
/// A refused prompt shows early, so half the expected time has at least one poll in it. The numbers are
/// measured (`benches/polling`).
pub fn poll_wait_ms(elapsed_ms: u64, expected_ms: u64) -> u64 {
    let expected_ms = expected_ms.max(1000);
    let (half, soon, late) = (expected_ms / 2, expected_ms * 3 / 4, expected_ms * 5 / 4);
    let wait = if elapsed_ms < half {
        (elapsed_ms / 2).clamp(2_000, 6_000).min(half - elapsed_ms)
    } else if elapsed_ms < soon {
        (expected_ms / 60).min(soon - elapsed_ms)
    } else {
        DENSE_POLL_MS + elapsed_ms.saturating_sub(late) / 80
    };
    wait.clamp(DENSE_POLL_MS, SLOWEST_POLL_MS)
}

/// How far apart polls are kept at a provider that takes so many requests in a while, in milliseconds:
/// seven eighths of them are for polls, so that submits need not wait for long. A twentieth of the window
/// is for requests that arrive closer together than they left.
pub fn poll_pace_ms(rate: RequestRate) -> u64 {
    u64::from(rate.window_s.get()) * 1200 / u64::from(rate.max.get())
}

/// How long to wait before try number `tries` (counted from one), in milliseconds: doubling from one
/// second to `longest_ms`, with up to a quarter more by `dice`, so that many jobs do not march in step.
pub fn backoff_ms(tries: u32, longest_ms: u64, dice: u64) -> u64 {
    let doubled = 1000_u64.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(longest_ms);
    doubled + dice % (doubled / 4 + 1)
}

/// A small generator for jitter, so that randomness is one seed that comes in as a value.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A generator that gives the same throws for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next throw (SplitMix64).
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    /// The times at which a job that usually takes `expected_ms` is asked for until `end_ms`.
    fn polls(expected_ms: u64, end_ms: u64) -> Vec<u64> {
        let mut times = Vec::new();
        let mut elapsed = 0;
        while elapsed < end_ms {
            elapsed += poll_wait_ms(elapsed, expected_ms);
            times.push(elapsed);
        }
        times
    }

    #[test]
    fn a_job_is_asked_for_rarely_at_first_and_often_when_its_end_is_near() {
        let times = polls(80_000, 80_000);
        assert_eq!(times[..7], [2_000, 4_000, 6_000, 9_000, 13_500, 19_500, 25_500]);
        let dense = times.iter().filter(|at| **at > 60_000).count();
        assert_eq!((times.len(), dense), (66, 41), "an SDK that asks every second asks 80 times");
    }

    #[test]
    fn a_late_job_is_asked_for_less_and_less_but_never_forgotten() {
        let late = polls(5_000, 3_600_000);
        let gaps: Vec<u64> = late.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| (DENSE_POLL_MS..=SLOWEST_POLL_MS).contains(gap)), "{gaps:?}");
        assert_eq!(gaps.last(), Some(&SLOWEST_POLL_MS));
    }

    #[test]
    fn an_end_on_time_is_noticed_within_half_a_second() {
        for expected in [1_000, 5_000, 12_000, 80_000, 90_000] {
            let noticed = polls(expected, expected).last().copied().expect("a poll");
            assert!(noticed - expected <= DENSE_POLL_MS, "{expected}: {noticed}");
        }
    }

    #[test]
    fn polls_leave_an_eighth_of_a_limit_to_others() {
        let rate = |max, window_s| RequestRate {
            max: NonZeroU32::new(max).expect("a number"),
            window_s: NonZeroU32::new(window_s).expect("a number"),
        };
        assert_eq!(poll_pace_ms(rate(20, 10)), 600);
        assert_eq!(poll_pace_ms(rate(1000, 10)), 12);
    }

    #[test]
    fn backing_off_doubles_to_a_bound() {
        let waits: Vec<u64> = (1..=8).map(|tries| backoff_ms(tries, 30_000, 0)).collect();
        assert_eq!(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert!(backoff_ms(60, 30_000, u64::MAX) <= 37_500);
    }
}
