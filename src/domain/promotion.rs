//! Whether a draft can become a final, and why not.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::catalog::Model;
use super::job::{Job, JobKind, JobState};
use super::size::Resolution;

/// A draft that can be promoted.
#[derive(Clone, Debug, PartialEq)]
pub struct Promotable {
    /// The provider's id of the draft.
    pub draft_id: String,
    /// How long the id can still be used.
    pub left: SignedDuration,
    /// The resolutions of a final, lowest first.
    pub resolutions: Vec<Resolution>,
}

/// Why a job can't be promoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPromotable {
    /// It is another kind of job.
    NoDraft(JobKind),
    /// It is under way.
    NotReady,
    /// The provider gave no id, or the draft failed.
    NoId,
    /// The id is past its time.
    TooOld {
        /// How old the draft is.
        age: SignedDuration,
        /// How long its id could be used.
        lifetime: SignedDuration,
    },
    /// The model promotes no drafts, or not any more.
    ModelCannot,
    /// It ended without a clip.
    NoClip,
    /// Its model makes nothing larger.
    Largest,
}

impl Promotable {
    /// What `draft` can become at `now`.
    pub fn of(draft: &Job, model: Option<&Model>, now: Timestamp) -> Result<Self, NotPromotable> {
        if draft.request.kind != JobKind::Draft {
            return Err(NotPromotable::NoDraft(draft.request.kind));
        }
        if draft.state.is_live() || draft.state == JobState::Held {
            return Err(NotPromotable::NotReady);
        }
        let draft_id = draft.draft_id().filter(|_| draft.state == JobState::Succeeded);
        let draft_id = draft_id.ok_or(NotPromotable::NoId)?.to_owned();
        let rule = model.and_then(Model::drafts).ok_or(NotPromotable::ModelCannot)?;
        let age = now.duration_since(draft.accepted_at.unwrap_or(draft.created_at));
        let lifetime = SignedDuration::from_hours(i64::from(rule.id_lifetime_h));
        if age >= lifetime {
            return Err(NotPromotable::TooOld { age, lifetime });
        }
        let mut resolutions = rule.promote_resolutions.clone();
        resolutions.sort_unstable();
        Ok(Self { draft_id, left: lifetime.saturating_sub(age), resolutions })
    }
}

impl fmt::Display for NotPromotable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDraft(kind) => {
                write!(f, "it is not a draft but a {kind} render; only drafts can be promoted")
            }
            Self::NotReady => f.write_str("it is not ready yet"),
            Self::NoId => f.write_str("the draft gave no id to promote it by"),
            Self::TooOld { age, lifetime } => write!(
                f,
                "the draft is {} days old, and its id could be promoted for {} days",
                age.as_hours() / 24,
                lifetime.as_hours() / 24
            ),
            Self::ModelCannot => f.write_str("its model promotes no drafts any more"),
            Self::NoClip => f.write_str("it made no clip"),
            Self::Largest => f.write_str("it is as large as its model makes clips"),
        }
    }
}

/// Whether `job` is the final of the result `draft_id` at `resolution`, there or on its way, so that a second
/// one would be paid for again.
pub fn is_final_of(job: &Job, draft_id: &str, resolution: Resolution) -> bool {
    let there = matches!(job.state, JobState::Succeeded | JobState::InDoubt | JobState::Held);
    (there || job.state.is_live())
        && job.request.kind == JobKind::Final
        && job.request.resolution == resolution
        && job.request.draft_id.as_deref() == Some(draft_id)
}
