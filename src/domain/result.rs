//! A result of a job, and the clip that it is saved as.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::money::MicroUsd;

/// One result of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The provider's id of it.
    pub remote_id: String,
    /// Where it can be fetched.
    pub url: String,
    /// The seed that made it.
    pub seed: Option<u64>,
    /// What was charged for it.
    pub charge: Option<MicroUsd>,
    /// The id under which a draft can be promoted.
    pub draft_id: Option<String>,
    /// Whether the provider flagged its content.
    #[serde(default)]
    pub flagged: bool,
    /// The file, once it is saved.
    pub file: Option<ClipFile>,
    /// Whether it was gone before it could be saved.
    #[serde(default)]
    pub lost: bool,
    /// The clip itself, where it came within the answer: only a report and the command to save it have it, and what is
    /// stored never.
    #[serde(skip)]
    pub inline: Option<Inline>,
    /// What the provider tells of the work on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Box<Work>>,
}

/// What stands in the place of an address where the clip came within the answer.
pub const WITHIN: &str = "data:";

/// The bytes of a clip that came within an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Inline(pub Arc<[u8]>);

impl fmt::Debug for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inline({} bytes)", self.0.len())
    }
}

/// How long a provider was at a result, and who.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// How long it waited for a worker.
    pub delay_ms: Option<u64>,
    /// How long it was worked on.
    pub execution_ms: Option<u64>,
    /// The worker's name.
    pub worker: Option<String>,
}

impl Output {
    /// The result that the provider calls `remote_id` and that lies at `url`, of which nothing else is known.
    pub fn at(remote_id: String, url: String) -> Self {
        Self {
            remote_id,
            url,
            seed: None,
            charge: None,
            draft_id: None,
            flagged: false,
            file: None,
            lost: false,
            inline: None,
            work: None,
        }
    }

    /// Whether `other` is the same result, told at another time: by the service's id of it, or where it gives
    /// none by the address without what signs it.
    pub fn is(&self, other: &Self) -> bool {
        unsigned(&self.remote_id) == unsigned(&other.remote_id)
    }

    /// Whether the service gave it no id, so that its address stands for one.
    pub fn is_nameless(&self) -> bool {
        self.remote_id.contains("://")
    }
}

/// An address without its query and its fragment.
pub fn unsigned(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// A saved clip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipFile {
    /// Where it is, relative to the data folder, with `/` between the parts.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its content's SHA-256, in hexadecimal.
    pub sha256: String,
    /// What the file itself says of the clip, where it could be read.
    pub facts: Option<ClipSummary>,
    /// Whether it breaks off before its end: the service has no whole one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cut: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What a clip's own file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipSummary {
    /// Width as shown.
    pub width_px: u32,
    /// Height as shown.
    pub height_px: u32,
    /// Length.
    pub duration_ms: u64,
    /// The picture's codec.
    pub video_codec: String,
    /// The sound's codec, where there is sound.
    pub audio_codec: Option<String>,
}
