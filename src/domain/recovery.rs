//! What was given up and may be had all the same: which jobs their provider can be asked for once more.

use jiff::Timestamp;

use super::job::{Job, JobError, JobState};
use super::outcome::Report;
use super::result::Output;

impl JobError {
    /// Whether it says that nothing more was heard, now or by an earlier version: what it stands for may be there
    /// all the same.
    pub fn is_given_up(&self) -> bool {
        let codes = [
            "lost",
            "otherAccount",
            "accountNotKept",
            "unclear",
            "noAnswer",
            "noAddress",
            "untold",
            "overdue",
            "noOutput",
            "noUrls",
        ];
        codes.contains(&self.code.as_str())
    }
}

impl Job {
    /// Whether its provider may be asked for it although nobody drives it: it is in doubt, or was given up, or
    /// some of its results were, or nobody ever told what became of them.
    pub fn may_be_recovered(&self) -> bool {
        let told = self.outputs.len() + self.failed_results();
        let is_told_in_part = told > 0 && told < self.request.results as usize;
        match self.state {
            JobState::InDoubt | JobState::Expired => true,
            JobState::Failed => self
                .error
                .as_ref()
                .is_some_and(|error| error.is_given_up() || is_told_in_part && !error.is_closed()),
            JobState::Succeeded => {
                is_told_in_part
                    || self.outputs.iter().any(|output| output.lost)
                    || self.failures.iter().any(JobError::is_given_up)
            }
            _ => false,
        }
    }

    /// Whether it was said to be done without an address for its clip, and its provider, which knows a job for
    /// `known_ms`, may give one yet.
    pub fn may_get_an_address(&self, known_ms: u64, now: Timestamp) -> bool {
        let is_it = self.error.as_ref().is_some_and(|error| error.code == "noAddress");
        let age_ms = self.accepted_at.map_or(0, |at| now.duration_since(at).as_millis());
        self.state == JobState::InDoubt && is_it && age_ms < i128::from(known_ms)
    }

    /// Whether `report` tells of anything that may still be had: what runs, or a result that is not here.
    pub fn gains_by(&self, report: &Report) -> bool {
        let is_here = |told: &Output| {
            self.outputs.iter().any(|output| output.is(told) && output.file.is_some())
        };
        report.pending > 0 || report.outputs.iter().any(|told| !is_here(told))
    }
}
