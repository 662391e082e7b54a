//! The rows of the form.

use crate::domain::request::Field;

/// A row of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Which model.
    Model,
    /// Draft or full.
    Mode,
    /// Which resolution.
    Resolution,
    /// Which shape.
    Aspect,
    /// How long.
    Duration,
    /// Which seed.
    Seed,
    /// How many.
    Results,
    /// Sound.
    Audio,
    /// The camera.
    Camera,
    /// The image it begins with.
    FirstFrame,
    /// The image it ends with.
    LastFrame,
    /// The container.
    Format,
    /// The quality.
    Quality,
}

impl Row {
    /// Every row, as they stand.
    pub const ALL: [Self; 13] = [
        Self::Model,
        Self::Mode,
        Self::Resolution,
        Self::Aspect,
        Self::Duration,
        Self::Seed,
        Self::Results,
        Self::Audio,
        Self::Camera,
        Self::FirstFrame,
        Self::LastFrame,
        Self::Format,
        Self::Quality,
    ];

    /// The row that a refusal is about; none for the prompt, which has a pane of its own.
    pub fn of(field: Field) -> Option<Self> {
        Some(match field {
            Field::Prompt => return None,
            Field::Draft => Self::Mode,
            Field::Resolution => Self::Resolution,
            Field::AspectRatio => Self::Aspect,
            Field::Duration => Self::Duration,
            Field::Seed => Self::Seed,
            Field::Results => Self::Results,
            Field::Audio => Self::Audio,
            Field::CameraFixed => Self::Camera,
            Field::FirstFrame => Self::FirstFrame,
            Field::LastFrame => Self::LastFrame,
            Field::Format => Self::Format,
            Field::Quality => Self::Quality,
        })
    }

    /// The row that a provider's name of a parameter is about.
    pub fn of_parameter(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('[', ".").replace(']', "");
        let mut parts = name.rsplit('.');
        let last = parts.find(|part| part.parse::<u8>().is_err())?;
        // The second of several images is the last frame.
        let is_second = name.ends_with(".1") || name.contains(".1.");
        Some(match last {
            "model" => Self::Model,
            "draft" => Self::Mode,
            "width" | "height" | "resolution" | "size" => Self::Resolution,
            "aspect_ratio" => Self::Aspect,
            "duration" => Self::Duration,
            "seed" => Self::Seed,
            "numberresults" => Self::Results,
            "audio" => Self::Audio,
            "camerafixed" => Self::Camera,
            "frameimages" | "image" | "image_urls" | "frame" if is_second => Self::LastFrame,
            "frameimages" | "image" | "image_urls" | "frame" => Self::FirstFrame,
            "outputformat" => Self::Format,
            "outputquality" => Self::Quality,
            _ => return None,
        })
    }

    /// Its label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Model => "Model",
            Self::Mode => "Mode",
            Self::Resolution => "Resolution",
            Self::Aspect => "Aspect",
            Self::Duration => "Duration",
            Self::Seed => "Seed",
            Self::Results => "Results",
            Self::Audio => "Audio",
            Self::Camera => "Camera",
            Self::FirstFrame => "First frame",
            Self::LastFrame => "Last frame",
            Self::Format => "Format",
            Self::Quality => "Quality",
        }
    }

    /// Whether it is an image.
    pub fn is_image(self) -> bool {
        matches!(self, Self::FirstFrame | Self::LastFrame)
    }

    /// Whether Enter writes its value.
    pub fn is_written(self) -> bool {
        self.is_image() || matches!(self, Self::Seed | Self::Duration)
    }
}
