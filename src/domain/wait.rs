//! Why a job that is ready to go on has not gone on yet, or none goes on.

use jiff::Timestamp;

use super::catalog::RequestRate;
use super::job::FailureClass;

/// Why a job is not seen at its provider, which has accepted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// The provider does not know it.
    NotKnown,
    /// It does not know it, and was asked with another key or at another address than it was sent with.
    OtherAccount,
    /// It does not know it, and whether it was asked as whom it was sent is not known: earlier versions did not
    /// keep that.
    AccountNotKept,
    /// It answers with trouble of that class, which may be the question's or the job's.
    Unclear(FailureClass),
    /// Its answers can't be read, or don't come: trouble of that class.
    NoAnswer(FailureClass),
    /// It says that it is done, and gives no address for the clip.
    NoAddress,
    /// It tells of some results, and of the others neither that they are there, nor that they failed, nor that it
    /// is at work on them.
    Untold,
}

impl Unseen {
    /// Whether the provider says that it does not know the job.
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::NotKnown | Self::OtherAccount | Self::AccountNotKept)
    }
}

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
    /// It is not seen at its provider, and asked for later and later.
    Unseen {
        /// Why.
        why: Unseen,
        /// Since when.
        since: Timestamp,
    },
}

/// What keeps all jobs from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// Nothing can be stored, so nothing new is sent: why, in a sentence.
    Storing(&'static str),
    /// The process that drives is stopped from outside.
    Stopped {
        /// Its id.
        pid: u32,
    },
}
