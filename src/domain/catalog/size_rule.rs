//! How a model is told the size of a clip.

use serde::Deserialize;

/// Which fields carry the size, by what the clip starts from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeRule {
    /// For a clip from text alone.
    pub text: SizeField,
    /// For a clip from frame images.
    pub image: SizeField,
    /// Whether a clip from frame images can also take its ratio from them, by `resolution` alone.
    #[serde(default)]
    pub follows_image: bool,
}

impl SizeRule {
    /// Whether a clip from frame images can take its ratio from them.
    pub fn can_follow(&self) -> bool {
        self.follows_image || self.must_follow()
    }

    /// Whether it can take none but theirs.
    pub fn must_follow(&self) -> bool {
        self.image == SizeField::Resolution
    }
}

/// How a size is said on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeField {
    /// `width` and `height` in pixels.
    WidthHeight,
    /// `resolution` alone; the ratio follows the input image.
    Resolution,
    /// One string, `1920x1080`.
    SizeString,
    /// `aspect_ratio` and `resolution`; the provider computes the pixels.
    AspectAndResolution,
}
