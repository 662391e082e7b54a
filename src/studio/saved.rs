//! What outlives the program.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::prompt::SavedPrompt;
use super::settings::SavedForm;
use super::ways::Ways;

/// What outlives the program.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Saved {
    /// The prompt with its undo.
    pub prompt: SavedPrompt,
    /// The settings.
    #[serde(default)]
    pub chosen: SavedForm,
    /// Whether the first hint was understood.
    #[serde(default)]
    pub knows: bool,
    /// The theme.
    #[serde(default)]
    pub theme: String,
    /// How clips were fetched from where.
    #[serde(default)]
    pub ways: Ways,
    /// When it was saved: the last time that somebody was here.
    #[serde(default)]
    pub left_at: Option<Timestamp>,
}

impl PartialEq for Saved {
    /// Two saves of different undo are told apart by their text and settings alone.
    fn eq(&self, other: &Self) -> bool {
        let alike = self.chosen == other.chosen && self.ways == other.ways;
        alike && self.knows == other.knows && self.theme == other.theme
    }
}
