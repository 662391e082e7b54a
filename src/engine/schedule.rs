//! When to ask again: few polls early, dense near the expected end, backing off after it.

/// The longest wait between two polls of a job that is late, in milliseconds.
pub const SLOWEST_POLL_MS: u64 = 15_000;

/// How long to wait before the next poll of a job that has run for `elapsed_ms` and usually takes
/// `expected_ms`, in milliseconds.
///
/// A refused prompt shows early, so half the expected time has at least one poll in it.
pub fn poll_wait_ms(elapsed_ms: u64, expected_ms: u64) -> u64 {
    let expected_ms = expected_ms.max(1000);
    let dense = (expected_ms / 20).clamp(500, 5000);
    let wait = if elapsed_ms < expected_ms / 2 {
        (expected_ms / 2 - elapsed_ms).min(20_000)
    } else if elapsed_ms < expected_ms * 4 / 5 {
        (expected_ms * 4 / 5 - elapsed_ms).min(10_000)
    } else if elapsed_ms < expected_ms * 13 / 10 {
        dense
    } else {
        ((elapsed_ms - expected_ms) / 6).max(dense).min(SLOWEST_POLL_MS)
    };
    wait.max(500)
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
    fn a_job_of_eighty_seconds_is_asked_for_rarely_at_first() {
        assert_eq!(
            polls(80_000, 80_000),
            [20_000, 40_000, 50_000, 60_000, 64_000, 68_000, 72_000, 76_000, 80_000]
        );
    }

    #[test]
    fn a_late_job_is_asked_for_less_and_less_but_never_forgotten() {
        let late = polls(5_000, 600_000);
        let gaps: Vec<u64> = late.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| (500..=SLOWEST_POLL_MS).contains(gap)), "{gaps:?}");
        assert_eq!(gaps.last(), Some(&SLOWEST_POLL_MS));
    }

    #[test]
    fn an_end_on_time_is_noticed_within_a_twentieth() {
        for expected in [5_000, 12_000, 80_000, 90_000] {
            let noticed = polls(expected, expected).last().copied().expect("a poll");
            assert!(noticed - expected <= (expected / 20).max(500), "{expected}: {noticed}");
        }
    }

    #[test]
    fn backing_off_doubles_to_a_bound() {
        let waits: Vec<u64> = (1..=8).map(|tries| backoff_ms(tries, 30_000, 0)).collect();
        assert_eq!(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert!(backoff_ms(60, 30_000, u64::MAX) <= 37_500);
    }
}
