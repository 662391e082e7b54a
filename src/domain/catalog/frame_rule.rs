//! What a model takes as frame images.

use serde::Deserialize;

/// Frame images: which ends of the clip can be given, and what an image must be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameRule {
    /// Whether the last frame can be given beside the first.
    pub last: bool,
    /// Whether the last frame can be given without the first.
    #[serde(default)]
    pub last_alone: bool,
    /// Whether a local file can be sent, as a data URI.
    pub files: bool,
    /// Whether the id of an image that the provider stores can be sent.
    #[serde(default)]
    pub stored: bool,
    /// The shortest side, in pixels.
    pub min_px: u32,
    /// The longest side, in pixels.
    pub max_px: u32,
    /// The tallest shape, as width over height.
    pub min_ratio: f64,
    /// The widest shape, as width over height.
    pub max_ratio: f64,
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// Whose bounds these are, where the provider's page has none.
    #[serde(default)]
    pub bounds_by: Option<String>,
}

impl FrameRule {
    /// ` (…)`: whose bounds these are; nothing where they are the page's own.
    pub fn whose(&self) -> String {
        self.bounds_by.as_ref().map_or_else(String::new, |whose| format!(" ({whose})"))
    }
}
