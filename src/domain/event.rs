//! What happens to a job. Events are appended and never changed; a job is what they fold to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::cost::Estimate;
use super::job::{ClipFile, Job, JobError, Output};
use super::money::MicroUsd;

/// One thing that happened to a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JobEvent {
    /// It was made, as this value says.
    Created {
        /// The job as it was then.
        job: Box<Job>,
    },
    /// It is about to be sent: durable before the first byte leaves (law 2).
    Sent,
    /// The provider has it.
    Accepted {
        /// The provider's id of the job, where it gives one.
        remote_id: Option<String>,
        /// What it took for it at once, where it takes the money then and says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charge: Option<MicroUsd>,
        /// How that is known.
        how: String,
    },
    /// It was surely not accepted, and will be sent again.
    Postponed {
        /// Why.
        error: JobError,
        /// In how many milliseconds.
        wait_ms: u64,
    },
    /// It may or may not have been accepted.
    OutcomeUnknown {
        /// What was seen.
        reason: String,
    },
    /// The provider was asked and knows nothing of it, so it is safe to send under the same key.
    NotFound,
    /// One result is there to be fetched.
    OutputReady {
        /// The result.
        output: Output,
    },
    /// The provider gave a new address for a result.
    OutputMoved {
        /// Which result, counted from zero.
        index: usize,
        /// The new address.
        url: String,
    },
    /// One of several results failed at the provider.
    OutputFailed {
        /// Why.
        error: JobError,
    },
    /// No more results will come.
    Rendered,
    /// A file is on disk under its name.
    Saved {
        /// Which result, counted from zero.
        index: usize,
        /// The file.
        file: ClipFile,
    },
    /// Saving failed, and will be tried again.
    SaveFailed {
        /// Which result, counted from zero.
        index: usize,
        /// Why.
        error: JobError,
    },
    /// A result was gone before it could be saved.
    OutputLost {
        /// Which result, counted from zero.
        index: usize,
        /// What was seen.
        error: JobError,
    },
    /// All files that there are to save are on disk.
    Succeeded,
    /// It will give no file.
    Failed {
        /// Why.
        error: JobError,
    },
    /// All results were gone before they could be saved.
    Expired {
        /// What was seen.
        error: JobError,
    },
    /// It was surely not taken, and nobody sends it until the user says so.
    Held {
        /// Why.
        reason: String,
    },
    /// The user said so.
    Released {
        /// Whether the user has also said that it may pass a limit of the config.
        over_limit: bool,
        /// The price that the user said yes to, where it is another than before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        estimate: Option<Estimate>,
    },
    /// The user asked to stop it.
    CancelAsked,
    /// It stopped before anything was paid, or the provider confirmed the stop.
    Canceled {
        /// Whether it was charged.
        error: JobError,
    },
    /// Nobody can tell whether it was accepted, or what became of it.
    Doubted {
        /// What is known.
        error: JobError,
        /// The account that was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_as: Option<Account>,
    },
    /// The provider has it after all, although it was in doubt or had been given up.
    Recovered {
        /// How that is known.
        how: String,
    },
    /// The user closed a job in doubt: nobody asks about it any more.
    Closed {
        /// That nobody knows whether it was charged.
        error: JobError,
    },
}

impl JobEvent {
    /// A word for the kind of event, as the database stores it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::Sent => "sent",
            Self::Accepted { .. } => "accepted",
            Self::Postponed { .. } => "postponed",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::NotFound => "not_found",
            Self::OutputReady { .. } => "output_ready",
            Self::OutputMoved { .. } => "output_moved",
            Self::OutputFailed { .. } => "output_failed",
            Self::Rendered => "rendered",
            Self::Saved { .. } => "saved",
            Self::SaveFailed { .. } => "save_failed",
            Self::OutputLost { .. } => "output_lost",
            Self::Succeeded => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Expired { .. } => "expired",
            Self::Held { .. } => "held",
            Self::Released { .. } => "released",
            Self::CancelAsked => "cancel_asked",
            Self::Canceled { .. } => "canceled",
            Self::Doubted { .. } => "doubted",
            Self::Recovered { .. } => "recovered",
            Self::Closed { .. } => "closed",
        }
    }
}

/// An event to be stored with the job as it stands after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: JobEvent,
    /// The job afterwards.
    pub job: Job,
}
