//! What an exchange with a provider came to: its reply, or why there is none, as an input of the engine
//! knows it. Values alone, so that the simulation reads replies exactly as the program does.

use crate::domain::catalog::Protocol;
use crate::domain::job::{Charged, FailureClass, Job, JobError, JobId};
use crate::domain::outcome::{Sighting, SubmitOutcome, Trouble};
use crate::provider::registry::{self, Named};
use crate::provider::wire::HttpResponse;

/// Why no complete reply came.
#[derive(Clone, Debug)]
pub struct SendError {
    /// Whether the request surely never reached the service.
    pub never_arrived: bool,
    /// What was seen.
    pub message: String,
}

impl From<SendError> for Trouble {
    /// A question without an answer: it costs nothing, so it may be asked again.
    fn from(error: SendError) -> Self {
        let class = FailureClass::Network;
        let error = JobError::ours(class, "network", error.message, Charged::NotCharged);
        Self { error, retry_after_ms: None }
    }
}

/// A reply, or why there is none.
pub type Answer = Result<HttpResponse, SendError>;

/// What came of sending `job`: only a request that surely never arrived may be sent again.
pub fn submitted(protocol: Protocol, job: &Job, answer: Answer) -> SubmitOutcome {
    match answer {
        Ok(response) => registry::submitted(protocol, job, &response),
        Err(error) if error.never_arrived => SubmitOutcome::Busy(error.into()),
        Err(error) => SubmitOutcome::Unknown { reason: error.message },
    }
}

/// What a poll says of its `jobs`.
pub fn polled(
    protocol: Protocol,
    jobs: &[Named],
    answer: Answer,
) -> Result<Vec<(JobId, Sighting)>, Trouble> {
    registry::polled(protocol, jobs, &answer?)
}

/// What the provider's records say of `job`.
pub fn looked_up(protocol: Protocol, job: &Named, answer: Answer) -> Result<Sighting, Trouble> {
    registry::looked_up(protocol, job, &answer?)
}

/// Whether the provider confirms that it stopped `job`.
pub fn stopped(protocol: Protocol, job: &Named, answer: Answer) -> Result<bool, Trouble> {
    registry::canceled(protocol, job, &answer?)
}
