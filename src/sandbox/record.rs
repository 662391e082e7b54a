//! The journal: what happened, as lines of JSON. Folding them gives the state back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::frames::Frame;
use super::order::Order;
use super::trouble::Trouble;
use crate::domain::money::MicroUsd;

/// One line of the journal. Images stand in it by their hash, keys not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// A task was accepted.
    Accepted(Box<Accepted>),
    /// A submit was turned away, or lost, for trouble that comes only so often.
    TurnedAway {
        /// The task's UUID.
        task: Uuid,
        /// When.
        at: Timestamp,
        /// Which trouble.
        trouble: Trouble,
    },
    /// A task was stopped before it was finished.
    Canceled {
        /// The task's UUID.
        task: Uuid,
    },
    /// A result was sent to where it was wanted, or could not be.
    Dispatched {
        /// The task's UUID.
        task: Uuid,
        /// Which of its results.
        index: u32,
    },
    /// A clip's file was made, or could not be.
    Rendered {
        /// The result's UUID.
        video: Uuid,
        /// Why there is no file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A file was stored.
    Stored {
        /// Its UUID.
        media: Uuid,
        /// When it was last used.
        at: Timestamp,
        /// `png`, `jpeg` or `webp`.
        kind: String,
        /// Hash and size.
        frame: Frame,
        /// Its bytes, which the server keeps as a file; none where it has them.
        #[serde(skip)]
        content: Vec<u8>,
    },
    /// A stored file was removed.
    Removed {
        /// Its UUID.
        media: Uuid,
    },
    /// Tasks too old to be kept, summed up.
    Earlier {
        /// How many there were.
        tasks: u64,
        /// What was billed for them.
        billed: MicroUsd,
    },
}

/// A task that was accepted, with everything that decides what becomes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// Its UUID; at Runware made by the client.
    pub task: Uuid,
    /// The protocol that it came in by.
    #[serde(default)]
    pub door: Door,
    /// When it was accepted.
    pub at: Timestamp,
    /// The wait for the first result, in milliseconds.
    pub base_ms: u64,
    /// The model's id on the wire.
    pub model: String,
    /// What one result costs.
    pub cost_each: MicroUsd,
    /// The trouble that its prompt asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
    /// What is to be rendered.
    pub order: Order,
    /// The task as it was sent, for `getTaskDetails`, with hashes in the place of images.
    pub request: Value,
}

/// The protocol that a task came in by; only that one finds it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// `POST /v1`.
    #[default]
    Runware,
    /// RunPod's `/run`.
    Runpod,
    /// RunPod's `/runsync`, whose results are kept shorter.
    RunpodSync,
    /// `POST /api/v1/runs`.
    Runbase,
}
