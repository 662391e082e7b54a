//! What speaks against a submit, in sentences.

use super::state_word;
use crate::domain::consent::Objection;
use crate::domain::job::JobState;

/// What `objection` says, without a full stop.
pub fn objection(objection: &Objection) -> String {
    match objection {
        Objection::ModelGone(model) => format!("the catalog no longer has {model}"),
        Objection::Price { shown, now } => {
            format!("the price has changed: it is {now}, and {shown} was shown")
        }
        Objection::Unpriced { limit } => {
            format!(
                "no price is published for it, so the limit of {limit} can't be held against it"
            )
        }
        Objection::SubmitLimit { most, limit } => {
            format!("it is estimated {most}, and one submit may cost {limit}")
        }
        Objection::DailyLimit { spent, limit, .. } => format!(
            "the last 24 hours may have cost {spent}; with it they pass the limit of {limit}"
        ),
        Objection::Balance { left, under_way, most } => format!(
            "the account held {left} when it was asked last, jobs under way there may cost {under_way}, and \
             this one {most}"
        ),
        Objection::Final { job, state, resolution } => format!(
            "the draft has a final at {resolution} already: job {} is {}",
            job.short(),
            state_word(*state)
        ),
        Objection::UnreadFinal { job } => {
            format!("job {job} can't be read, and may be the final of this draft that is asked for")
        }
        Objection::Twin { job, state: JobState::InDoubt } => format!(
            "the same is in doubt as job {}: nobody knows whether it was taken, and it may be billed twice",
            job.short()
        ),
        Objection::Twin { job, state: JobState::Succeeded } => {
            format!("the same is there already as job {}", job.short())
        }
        Objection::Twin { job, state } => {
            format!("the same is under way as job {}: it is {}", job.short(), state_word(*state))
        }
    }
}

/// All of them, joined.
pub fn objections(all: &[Objection]) -> String {
    all.iter().map(objection).collect::<Vec<_>>().join("; ")
}
