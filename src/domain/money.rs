//! Money as whole micro-dollars, so that sums never drift.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul};

use serde::{Deserialize, Serialize};

/// An amount of US dollars in millionths. `MicroUsd(72_920)` is $0.07292.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MicroUsd(pub i64);

impl MicroUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The nearest micro-dollar to `usd`; `None` when it is no number or does not fit.
    ///
    /// Providers and catalog files write dollars as decimals, and every amount they use has at
    /// most six decimals, so the nearest micro-dollar is the amount that was meant.
    pub fn from_usd(usd: f64) -> Option<Self> {
        let micro = (usd * 1e6).round();
        (micro.is_finite() && micro.abs() < 9e15).then_some(Self(micro as i64))
    }

    /// The amount that a service names, which may be nonsense: what fits into no amount is the largest.
    pub fn named(usd: f64) -> Self {
        let largest = if usd < 0.0 { Self(i64::MIN) } else { Self(i64::MAX) };
        Self::from_usd(usd).unwrap_or(largest)
    }

    /// The amount in dollars, for JSON.
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl fmt::Display for MicroUsd {
    /// Five decimals below a dollar, where drafts differ only there, and two from a dollar up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micro = self.0.unsigned_abs();
        if micro < 1_000_000 {
            write!(f, "{sign}${}.{:05}", 0, (micro + 5) / 10)
        } else {
            let cents = (micro + 5_000) / 10_000;
            write!(f, "{sign}${}.{:02}", cents / 100, cents % 100)
        }
    }
}

impl Add for MicroUsd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Mul<u32> for MicroUsd {
    type Output = Self;
    fn mul(self, times: u32) -> Self {
        Self(self.0.saturating_mul(i64::from(times)))
    }
}

impl Sum for MicroUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_amounts_show_five_decimals_and_large_ones_two() {
        assert_eq!(MicroUsd(72_920).to_string(), "$0.07292");
        assert_eq!(MicroUsd(1_215_000).to_string(), "$1.22");
        assert_eq!(MicroUsd(-40_000).to_string(), "-$0.04000");
    }

    #[test]
    fn dollars_come_back_to_the_digit() {
        for usd in [0.07292, 0.77498, 0.0367, 2450.75] {
            assert_eq!(MicroUsd::from_usd(usd).map(MicroUsd::as_usd), Some(usd));
        }
        assert_eq!(MicroUsd::from_usd(f64::NAN), None);
        assert_eq!(MicroUsd::from_usd(1e300), None);
    }
}
