//! What jobs mean for the money: what was charged, what may still be, and what a submit may add to it.

use std::ops::AddAssign;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::consent::Objection;
use super::cost::Estimate;
use super::job::{Charged, Job};
use super::money::MicroUsd;

/// Sums over jobs. A job's money stands in one of the last four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many jobs.
    pub jobs: u64,
    /// The most that they were going to cost, of those that have a price.
    pub estimate: MicroUsd,
    /// What their provider says it charged.
    pub charged: MicroUsd,
    /// What it gave back.
    pub refunded: MicroUsd,
    /// The estimates of those under way and of those in doubt.
    pub open: MicroUsd,
    /// The estimates of those that have ended and of which nobody said what they cost.
    pub unknown: MicroUsd,
    /// How many of those have no published price either.
    pub unpriced: u64,
}

impl Sums {
    /// The sums over one job.
    pub fn of(job: &Job) -> Self {
        let estimate = job.estimate.most();
        let mut sums = Self { jobs: 1, estimate: estimate.unwrap_or_default(), ..Self::default() };
        let refunded = job.error.as_ref().is_some_and(|error| error.charged == Charged::Refunded);
        if refunded && job.state.is_end() {
            let taken = job.taken.filter(|taken| job.estimate.believes(*taken));
            sums.refunded = taken.or(estimate).unwrap_or_default();
        }
        match (job.charge(), job.counted()) {
            (Some(charge), _) => sums.charged = charge,
            (None, Some(counted)) if job.state.is_end() => sums.unknown = counted,
            (None, Some(counted)) => sums.open = counted,
            (None, None) => sums.unpriced = 1,
        }
        sums
    }

    /// The most that may have been spent: what was charged, and what may have been.
    pub fn at_most(&self) -> MicroUsd {
        self.charged + self.open + self.unknown
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.jobs += other.jobs;
        self.estimate = self.estimate + other.estimate;
        self.charged = self.charged + other.charged;
        self.refunded = self.refunded + other.refunded;
        self.open = self.open + other.open;
        self.unknown = self.unknown + other.unknown;
        self.unpriced += other.unpriced;
    }
}

/// What may be spent without being asked. Play money is never held against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The most within 24 hours, over all services; read from dollars.
    #[serde(rename = "daily_usd", deserialize_with = "dollars")]
    pub daily: Option<MicroUsd>,
    /// The most by one submit; read from dollars.
    #[serde(rename = "submit_usd", deserialize_with = "dollars")]
    pub submit: Option<MicroUsd>,
    /// What one press in the studio may cost without a question; read from dollars, and 0 asks none. The command
    /// line never asks.
    #[serde(rename = "confirm_above_usd", deserialize_with = "dollars")]
    pub confirm_above: Option<MicroUsd>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { daily: None, submit: None, confirm_above: Some(MicroUsd(1_000_000)) }
    }
}

impl Limits {
    /// What one press costs, and the bound, where it is asked about for its price alone.
    pub fn is_dear(&self, estimate: &Estimate) -> Option<(MicroUsd, MicroUsd)> {
        let bound = self.confirm_above.filter(|bound| *bound > MicroUsd::ZERO)?;
        estimate.most().filter(|most| *most > bound).map(|most| (most, bound))
    }

    /// What a submit of `estimate` would pass where `spent` is what the last 24 hours may have cost; none
    /// where it stays within.
    pub fn passed(&self, spent: MicroUsd, estimate: &Estimate) -> Vec<Objection> {
        let Some(most) = estimate.most() else {
            let limit = self.submit.or(self.daily);
            return limit.into_iter().map(|limit| Objection::Unpriced { limit }).collect();
        };
        let submit = self.submit.filter(|limit| most > *limit);
        let daily = self.daily.filter(|limit| spent + most > *limit);
        let submit = submit.map(|limit| Objection::SubmitLimit { most, limit });
        let daily = daily.map(|limit| Objection::DailyLimit { spent, most, limit });
        submit.into_iter().chain(daily).collect()
    }
}

fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MicroUsd>, D::Error> {
    let usd = f64::deserialize(deserializer)?;
    let money = MicroUsd::from_usd(usd).filter(|money| *money >= MicroUsd::ZERO);
    let wrong =
        || D::Error::custom(format!("{usd} is not a valid limit; expected dollars like 5 or 0.75"));
    money.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::super::job::{FailureClass, JobError, JobState};
    use super::super::sample;
    use super::*;

    fn draft() -> Job {
        let model = sample::model("runware/1.5-pro");
        sample::job(1, model, sample::request(model, |choices| choices.draft = true))
    }

    fn failed(charged: Charged) -> Job {
        let error = JobError::ours(FailureClass::Provider, "code", "why".to_owned(), charged);
        Job { state: JobState::Failed, error: Some(error), ..draft() }
    }

    #[test]
    fn what_is_under_way_is_open_and_what_nobody_told_is_unknown() {
        let most = draft().estimate.most().expect("a price");
        let open = Sums { jobs: 1, estimate: most, open: most, ..Sums::default() };
        assert_eq!(Sums::of(&draft()), open);
        assert_eq!(Sums::of(&Job { state: JobState::InDoubt, ..draft() }), open);
        let sums = Sums::of(&failed(Charged::Unknown));
        assert_eq!((sums.unknown, sums.open, sums.charged), (most, MicroUsd::ZERO, MicroUsd::ZERO));
        assert_eq!(Sums::of(&failed(Charged::NotCharged)).at_most(), MicroUsd::ZERO);
    }

    #[test]
    fn what_is_held_counts_for_nothing_until_it_is_sent() {
        let held = Sums::of(&Job { state: JobState::Held, ..draft() });
        assert_eq!((held.at_most(), held.unpriced), (MicroUsd::ZERO, 0));
    }

    #[test]
    fn what_was_given_back_is_told_and_not_spent() {
        let job = Job { taken: Some(MicroUsd(50_000)), ..failed(Charged::Refunded) };
        let sums = Sums::of(&job);
        assert_eq!((sums.refunded, sums.at_most()), (MicroUsd(50_000), MicroUsd::ZERO));
    }

    #[test]
    fn a_limit_is_passed_by_one_micro_dollar() {
        let estimate = draft().estimate;
        let most = estimate.most().expect("a price").0;
        let limit = |usd: i64| Some(MicroUsd(usd));
        let submit = |usd| {
            Limits { submit: limit(usd), ..Limits::default() }.passed(MicroUsd::ZERO, &estimate)
        };
        assert!(submit(most).is_empty());
        assert_eq!(submit(most - 1).len(), 1);
        let daily = Limits { daily: limit(100_000), ..Limits::default() };
        assert!(daily.passed(MicroUsd(100_000 - most), &estimate).is_empty());
        assert_eq!(daily.passed(MicroUsd(100_001 - most), &estimate).len(), 1);
        assert!(Limits::default().passed(MicroUsd(1 << 40), &estimate).is_empty());
    }

    #[test]
    fn what_has_no_price_passes_any_limit() {
        let limits = Limits { daily: Some(MicroUsd(1)), ..Limits::default() };
        let passed = limits.passed(MicroUsd::ZERO, &Estimate::default());
        assert_eq!(passed, [Objection::Unpriced { limit: MicroUsd(1) }]);
    }
}
