//! An accepted task: when its results are due, and what each has come to.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::clip::{ClipSpec, Container};
use super::derive;
use super::fault::Fault;
use super::frames::Frame;
use super::order::Order;
use super::record::{Accepted, Door};
use super::trouble::Trouble;
use crate::domain::job::JobKind;
use crate::domain::money::MicroUsd;
use crate::domain::request::OutputFormat;

/// How long a task whose reply is lost stays unseen; ours, after what clients of the real service
/// report.
const UNSEEN_MS: u64 = 2_000;
/// How long a file is kept where no `ttl` was given: about 7 days, as third parties quote the
/// docs.
const FILE_LIFETIME_S: u64 = 7 * 24 * 3600;

/// A task and its results.
pub(super) struct Task {
    /// What was accepted.
    pub(super) accepted: Accepted,
    /// One per result.
    pub(super) clips: Vec<Clip>,
    /// Whether it was stopped before it was finished.
    pub(super) canceled: bool,
}

/// One result.
pub(super) struct Clip {
    /// Its UUID.
    pub(super) video: Uuid,
    /// Whether its file was made, once that is known.
    pub(super) rendered: Option<Result<(), String>>,
}

/// What a result has come to.
pub(super) enum Outcome {
    /// Nothing yet.
    Processing,
    /// A file.
    Success,
    /// Nothing ever.
    Failed(Fault),
}

impl Task {
    /// The task as it is at the moment of acceptance.
    pub(super) fn new(accepted: Accepted) -> Self {
        let clips = (0..accepted.order.results)
            .map(|index| Clip { video: derive::video(accepted.task, index), rendered: None })
            .collect();
        Self { accepted, clips, canceled: false }
    }

    /// What was ordered.
    pub(super) fn order(&self) -> &Order {
        &self.accepted.order
    }

    /// Whether its prompt asked for `trouble`.
    pub(super) fn has(&self, trouble: Trouble) -> bool {
        self.accepted.troubles.contains(&trouble)
    }

    /// Whether polls and look-ups find it.
    pub(super) fn is_seen(&self, now: Timestamp) -> bool {
        !self.has(Trouble::LostReply) || now >= later(self.accepted.at, UNSEEN_MS)
    }

    /// When result `index` is due: one after the other, a quarter of the first one's wait apart.
    pub(super) fn due(&self, index: u32) -> Timestamp {
        let base_ms = self.accepted.base_ms;
        later(self.accepted.at, base_ms.saturating_add(base_ms / 4 * u64::from(index)))
    }

    /// Why result `index` is bound to fail, if it is.
    pub(super) fn doom(&self, index: u32) -> Option<Fault> {
        let results = self.order().results;
        if self.canceled {
            return Some(Fault::new("canceled", "The task was stopped."));
        }
        if self.has(Trouble::Moderation) {
            let message = "The provider refused the content: the request or its result may \
                           violate the provider's content policy.";
            return Some(Fault::new("invalidProviderContent", message));
        }
        if self.has(Trouble::Timeout) {
            // Word for word from the docs, task polling.
            let message = "The external provider did not respond within the timeout window. The \
                           request was automatically terminated.";
            return Some(Fault::new("timeoutProvider", message));
        }
        (self.has(Trouble::Partial) && results > 1 && index + 1 == results)
            .then(|| Fault::new("providerError", "The provider failed to make this result."))
    }

    /// What result `index` has come to at `now`.
    pub(super) fn outcome(&self, index: u32, now: Timestamp) -> Outcome {
        if now < self.due(index) {
            return Outcome::Processing;
        }
        if let Some(fault) = self.doom(index) {
            return Outcome::Failed(fault);
        }
        match self.clips.get(index as usize).and_then(|clip| clip.rendered.as_ref()) {
            None => Outcome::Processing,
            Some(Ok(())) => Outcome::Success,
            Some(Err(why)) => {
                let message = format!("The sandbox could not render the clip: {why}");
                Outcome::Failed(Fault::new("providerError", message))
            }
        }
    }

    /// Every result with what it has come to.
    pub(super) fn outcomes(&self, now: Timestamp) -> impl Iterator<Item = (u32, &Clip, Outcome)> {
        (0..).zip(&self.clips).map(move |(index, clip)| (index, clip, self.outcome(index, now)))
    }

    /// How many results have succeeded.
    pub(super) fn succeeded(&self, now: Timestamp) -> u32 {
        self.outcomes(now).filter(|(.., outcome)| matches!(outcome, Outcome::Success)).count()
            as u32
    }

    /// What is billed so far: "only successes", and each once. Runbase takes the money at creation and
    /// gives it back for a run that failed (documents, core concepts).
    pub(super) fn billed(&self, now: Timestamp) -> MicroUsd {
        let failed = self.outcomes(now).any(|(.., outcome)| matches!(outcome, Outcome::Failed(_)));
        match self.accepted.door {
            Door::Runbase if failed => MicroUsd::ZERO,
            Door::Runbase => self.accepted.cost_each * self.order().results,
            _ => self.accepted.cost_each * self.succeeded(now),
        }
    }

    /// Where the file of result `index` can be fetched.
    pub(super) fn address(&self, index: u32, origin: &str) -> String {
        let video = self.clips.get(index as usize).map_or(Uuid::nil(), |clip| clip.video);
        let origin = origin.trim_end_matches('/');
        format!("{origin}/files/{video}.{}", self.order().wishes.format.extension())
    }

    /// Whether a clip of it is still to be rendered.
    pub(super) fn waits_for_a_file(&self) -> bool {
        (0..)
            .zip(&self.clips)
            .any(|(index, clip)| clip.rendered.is_none() && self.doom(index).is_none())
    }

    /// Whether the file of result `index` can be fetched.
    pub(super) fn has_file(&self, index: u32, now: Timestamp) -> bool {
        let life_s = self.order().wishes.ttl_s.unwrap_or(FILE_LIFETIME_S);
        !self.has(Trouble::ExpiredResult)
            && matches!(self.outcome(index, now), Outcome::Success)
            && now < later(self.due(index), life_s.saturating_mul(1000))
    }

    /// The id under which result `index` of a draft can be promoted.
    pub(super) fn draft_id(&self, index: u32) -> Option<String> {
        let accepted = &self.accepted;
        (self.order().kind == JobKind::Draft)
            .then(|| derive::draft_id(accepted.task, index, accepted.at))
    }

    /// The seed of result `index`.
    pub(super) fn seed(&self, index: u32) -> u64 {
        derive::nth_seed(self.order().seed, index)
    }

    /// What its files are.
    pub(super) fn container(&self) -> Container {
        match self.order().wishes.format {
            OutputFormat::Mov => Container::Mov,
            OutputFormat::Mp4 => Container::Mp4,
            OutputFormat::Webm => Container::Webm,
        }
    }

    /// How the clip of result `index` is to look.
    pub(super) fn clip(&self, index: u32) -> ClipSpec {
        let order = self.order();
        ClipSpec {
            prompt: order.prompt.clone(),
            seed: self.seed(index),
            width_px: order.size_px.0,
            height_px: order.size_px.1,
            duration_ms: order.duration_ms,
            audio: order.audio.unwrap_or(false),
            container: self.container(),
            quality: order.wishes.quality,
            draft: order.kind == JobKind::Draft,
            camera_fixed: order.camera_fixed,
            fps: order.wishes.fps,
            first_frame: order.first_frame.as_ref().map(Frame::name),
            last_frame: order.last_frame.as_ref().map(Frame::name),
        }
    }
}

/// `at` and so many milliseconds, or the end of time.
pub(super) fn later(at: Timestamp, ms: u64) -> Timestamp {
    let wait = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
