//! Why a job that is ready to go has not gone yet.

use jiff::Timestamp;

use super::catalog::RequestRate;
use super::job::FailureClass;

/// What keeps a job, or its next request, from going out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// All places for jobs at the provider are taken.
    Place {
        /// How many there are.
        max: usize,
    },
    /// The provider had enough: nothing is submitted to it for a while.
    Pause {
        /// Too many requests, or no room.
        class: FailureClass,
        /// Until when.
        until: Timestamp,
    },
    /// As many requests as the provider takes in a while are out already.
    Turn {
        /// How many it takes.
        rate: RequestRate,
        /// When this one should leave, if nothing comes between.
        at: Timestamp,
    },
}
