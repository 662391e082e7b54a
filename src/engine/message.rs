//! What goes into the engine and what comes out.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::account::Account;
use crate::domain::catalog::ModelId;
use crate::domain::event::Write;
use crate::domain::job::{ClipFile, Job, JobId, Output};
use crate::domain::outcome::{SaveTrouble, Sighting, SubmitOutcome, Trouble};

/// The time as it came in: the wall clock is stored, the monotonic one schedules.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The wall clock.
    pub wall: Timestamp,
    /// Milliseconds of a clock that never jumps, from any start.
    pub mono_ms: u64,
}

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// Jobs that are new, or that an earlier process left behind: all that there are at once, so that none
    /// is sent before it is known which others take a place at the provider.
    Adopt {
        /// The jobs.
        jobs: Vec<Adopted>,
    },
    /// What [`Command::Prepare`] made ready can be sent at once.
    Ready {
        /// The job.
        job: JobId,
    },
    /// What came of [`Command::Submit`], or why it can't come to that.
    Submitted {
        /// The job.
        job: JobId,
        /// The reply.
        outcome: SubmitOutcome,
    },
    /// What came of [`Command::Poll`].
    Polled {
        /// The provider's id.
        provider: String,
        /// The jobs that were asked for.
        jobs: Vec<JobId>,
        /// As which account it was asked.
        account: Option<Account>,
        /// What the provider says of them.
        outcome: Result<Vec<(JobId, Sighting)>, Trouble>,
    },
    /// What came of [`Command::LookUp`].
    LookedUp {
        /// The job.
        job: JobId,
        /// As which account it was asked.
        account: Option<Account>,
        /// What the provider's records say of it.
        outcome: Result<Sighting, Trouble>,
    },
    /// What came of [`Command::Save`].
    Saved {
        /// The job.
        job: JobId,
        /// Which result, counted from zero.
        index: usize,
        /// The file.
        outcome: Result<ClipFile, SaveTrouble>,
    },
    /// The user wants to stop it.
    Cancel {
        /// The job.
        job: JobId,
    },
    /// Nobody wants to send it for now, if it was surely not taken.
    Hold {
        /// The job.
        job: JobId,
        /// Why.
        reason: String,
    },
    /// What came of [`Command::Cancel`].
    Stopped {
        /// The job.
        job: JobId,
        /// Whether the provider confirms the stop.
        outcome: Result<bool, Trouble>,
    },
    /// The time of [`Engine::next_deadline_ms`](super::Engine::next_deadline_ms) has come.
    Wake,
}

/// A job that the engine is to drive.
#[derive(Debug)]
pub struct Adopted {
    /// The job as it is stored.
    pub job: Job,
    /// How long such a job usually takes.
    pub expected_ms: u64,
    /// Whether the user wants it stopped.
    pub stop: bool,
    /// Why it is not to be sent, where that is so and it was surely not taken.
    pub hold: Option<String>,
    /// Whether it was sent after its row was written, as another witness than the database knows.
    pub sent_before: bool,
}

/// Something to do, once the writes beside it are durable.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make all ready that sending the job needs, down to its turn; say so, and wait for [`Command::Submit`].
    Prepare {
        /// The job.
        job: Box<Job>,
    },
    /// Send the job, which is ready.
    Submit {
        /// The job, with the intent to send it.
        job: Box<Job>,
    },
    /// Ask a provider for jobs, all in as few requests as it allows.
    Poll {
        /// The provider's id.
        provider: String,
        /// The jobs.
        targets: Vec<Target>,
    },
    /// Ask a provider's records whether it ever had a job.
    LookUp {
        /// The provider's id.
        provider: String,
        /// The job.
        target: Target,
    },
    /// Ask a provider to stop a job.
    Cancel {
        /// The provider's id.
        provider: String,
        /// The job.
        target: Target,
    },
    /// Save a result as a file.
    Save {
        /// The job.
        job: Box<Job>,
        /// Which result, counted from zero.
        index: usize,
        /// The result.
        output: Output,
        /// Whether to keep a file that breaks off before its end: the service has no whole one.
        keep_cut: bool,
    },
}

/// A job by all the names that a provider may know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Our id.
    pub job: JobId,
    /// The idempotency key that it was sent with.
    pub attempt_key: Uuid,
    /// The provider's id, where it gave one.
    pub remote_id: Option<String>,
    /// Its model, whose name on the wire is part of the address at some providers.
    pub model: ModelId,
}

/// What to store and then to do.
#[derive(Debug, Default)]
pub struct Step {
    /// To be committed in one transaction, in this order.
    pub writes: Vec<Write>,
    /// To be carried out after that.
    pub commands: Vec<Command>,
}
