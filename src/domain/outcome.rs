//! What a provider's replies mean, whoever the provider is.

use super::job::{JobError, Output};
use super::money::MicroUsd;

/// What came of sending a job.
#[derive(Clone, Debug, PartialEq)]
pub enum SubmitOutcome {
    /// The provider has it.
    Accepted {
        /// Its id there, where the provider gives one.
        remote_id: Option<String>,
        /// What it took for it at once, where it takes the money then and says so.
        charge: Option<MicroUsd>,
        /// How that is known, for the job's timeline.
        how: String,
    },
    /// The provider refused it for good.
    Refused(JobError),
    /// The provider refused it for the moment, or it never left this machine: sending the same
    /// again is safe.
    Busy(Trouble),
    /// It may or may not have arrived.
    Unknown {
        /// What was seen.
        reason: String,
    },
}

/// A request that gave no answer to its question, but did no harm.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// What was seen.
    pub error: JobError,
    /// How long the provider asked to wait.
    pub retry_after_ms: Option<u64>,
}

/// What a provider says of one job.
#[derive(Clone, Debug, PartialEq)]
pub enum Sighting {
    /// It knows nothing of it, or not yet.
    NotKnown,
    /// It knows it.
    Seen(Report),
}

/// A job as its provider sees it: always the whole state, never a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The results that are there.
    pub outputs: Vec<Output>,
    /// The results that failed.
    pub failures: Vec<JobError>,
    /// How many results are said to be under way.
    pub pending: usize,
    /// How far it is, where the provider says so.
    pub progress_percent: Option<u8>,
    /// Whether it was stopped there; `failures` says so in words.
    pub canceled: bool,
}

/// Why a file could not be saved.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveTrouble {
    /// What was seen.
    pub error: JobError,
    /// Whether the address no longer leads to a file, so that only a new one can help.
    pub gone: bool,
}
