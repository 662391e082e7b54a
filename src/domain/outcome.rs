//! What a provider's replies mean, whoever the provider is.

use super::job::{JobError, JobId, Output};
use super::money::MicroUsd;
use super::secret;

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
    /// What it says may be about the question as well as about the job, so it says nothing of the job.
    Unclear(JobError),
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
    /// How many results are said to be done, with no address to fetch them from. They count as pending.
    pub no_address: usize,
    /// What it says beside all this that may be about the question: the rest may be still to come.
    pub unclear: Option<JobError>,
}

impl Report {
    /// Whether all that it tells is that results are done whose addresses it does not give.
    pub fn only_promises(&self) -> bool {
        let is_silent = self.outputs.is_empty() && self.failures.is_empty();
        is_silent && self.no_address > 0 && self.pending <= self.no_address
    }
}

/// Why a file could not be saved.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveTrouble {
    /// What was seen.
    pub error: JobError,
    /// What kind of trouble, which says how soon to try again.
    pub kind: SaveTroubleKind,
}

/// What kind of trouble kept a file from being saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveTroubleKind {
    /// It may pass by itself.
    Passing,
    /// The address leads to no file: it may have moved, or be refused for a while.
    Gone,
    /// A whole transfer of so many bytes gave a file that breaks off before its end.
    Cut {
        /// How many.
        bytes: u64,
    },
    /// What comes is larger than such a clip can be.
    TooLarge,
}

/// What a service told. Its words may repeat the key that it was asked with.
pub trait Told: Sized {
    /// The same, with neither `key` nor what looks like one in its words. Addresses and ids stay.
    #[must_use]
    fn without_key(self, key: &str) -> Self;
}

impl Told for JobError {
    fn without_key(self, key: &str) -> Self {
        let clean = |text: &String| secret::without_key(text, key);
        Self {
            code: clean(&self.code),
            message: clean(&self.message),
            parameters: self.parameters.iter().map(clean).collect(),
            ..self
        }
    }
}

impl Told for Trouble {
    fn without_key(self, key: &str) -> Self {
        Self { error: self.error.without_key(key), ..self }
    }
}

impl Told for SubmitOutcome {
    fn without_key(self, key: &str) -> Self {
        match self {
            Self::Refused(error) => Self::Refused(error.without_key(key)),
            Self::Busy(trouble) => Self::Busy(trouble.without_key(key)),
            Self::Unknown { reason } => Self::Unknown { reason: secret::without_key(&reason, key) },
            accepted @ Self::Accepted { .. } => accepted,
        }
    }
}

impl Told for Sighting {
    fn without_key(self, key: &str) -> Self {
        match self {
            Self::Seen(report) => {
                let clean = |error: JobError| error.without_key(key);
                let failures = report.failures.into_iter().map(clean).collect();
                let unclear = report.unclear.map(clean);
                Self::Seen(Report { failures, unclear, ..report })
            }
            Self::Unclear(error) => Self::Unclear(error.without_key(key)),
            Self::NotKnown => self,
        }
    }
}

impl Told for Vec<(JobId, Sighting)> {
    fn without_key(self, key: &str) -> Self {
        self.into_iter().map(|(job, sighting)| (job, sighting.without_key(key))).collect()
    }
}

impl<T: Told, E: Told> Told for Result<T, E> {
    fn without_key(self, key: &str) -> Self {
        match self {
            Ok(told) => Ok(told.without_key(key)),
            Err(error) => Err(error.without_key(key)),
        }
    }
}

/// Values without words.
macro_rules! wordless {
    ($($kind:ty),*) => {
        $(impl Told for $kind {
            fn without_key(self, _: &str) -> Self {
                self
            }
        })*
    };
}

wordless!(bool, Option<MicroUsd>);
