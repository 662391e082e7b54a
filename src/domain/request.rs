//! What is asked of a provider. A [`GenerationRequest`] exists only if every rule of its model holds.

mod check;
mod finish;
mod options;

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use check::Check;

use super::catalog::{Model, ModelId};
use super::job::JobKind;
pub use super::setting::Field;
use super::setting::Value;
use super::size::{AspectRatio, Resolution};
pub use options::Options;

/// What a person chose; everything left out takes the model's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// The prompt, cleaned; a form keeps it elsewhere.
    #[serde(skip)]
    pub prompt: String,
    /// Whether a cheap draft is wanted.
    pub draft: bool,
    /// The resolution.
    pub resolution: Option<Resolution>,
    /// The aspect ratio.
    pub aspect: Option<AspectRatio>,
    /// The length.
    pub duration: Option<ClipLength>,
    /// The seed; the provider picks one where none is given.
    pub seed: Option<u64>,
    /// How many results; one where none is given.
    pub results: Option<u32>,
    /// Whether sound is wanted.
    pub audio: Option<bool>,
    /// The image that the clip begins with.
    pub first_frame: Option<FrameImage>,
    /// The image that the clip ends with.
    pub last_frame: Option<FrameImage>,
    /// The settings on which nothing else depends.
    #[serde(flatten)]
    pub options: Options,
}

impl Choices {
    /// What is chosen of `field`; an image as it is written.
    pub fn get(&self, field: Field) -> Option<Value> {
        match field {
            Field::Model | Field::Prompt | Field::Delivery => None,
            Field::Draft => Some(Value::Flag(self.draft)),
            Field::Resolution => self.resolution.map(Value::word),
            Field::AspectRatio => self.aspect.map(Value::word),
            Field::Duration => self.duration.map(Value::word),
            Field::Seed => self.seed.map(Value::Whole),
            Field::Results => self.results.map(|results| Value::Whole(results.into())),
            Field::Audio => self.audio.map(Value::Flag),
            Field::FirstFrame | Field::LastFrame => {
                self.image(field).map(|image| Value::word(image.text()))
            }
            option => self.options.get(option).cloned(),
        }
    }

    /// Chooses `value`, or nothing. Of images only that there is none can be said so.
    pub fn put(&mut self, field: Field, value: Option<Value>) {
        let whole = value.as_ref().and_then(Value::whole);
        let flag = value.as_ref().and_then(Value::flag);
        match field {
            Field::Model | Field::Prompt | Field::Delivery => {}
            Field::Draft => self.draft = flag.unwrap_or(false),
            Field::Resolution => self.resolution = value.and_then(|value| value.parse()),
            Field::AspectRatio => self.aspect = value.and_then(|value| value.parse()),
            Field::Duration => self.duration = value.and_then(|value| value.parse()),
            Field::Seed => self.seed = whole,
            Field::Results => {
                self.results = whole.map(|results| results.try_into().unwrap_or(u32::MAX))
            }
            Field::Audio => self.audio = flag,
            Field::FirstFrame => self.first_frame = None,
            Field::LastFrame => self.last_frame = None,
            option => self.options.put(option, value),
        }
    }

    /// The same, with `defaults` for what is not chosen and `model` has.
    #[must_use]
    pub fn or_defaults(mut self, model: &Model, defaults: &Options) -> Self {
        for (field, value) in defaults.iter() {
            let offer = field.setting().map(|setting| (setting.offer)(model, &self));
            let has = offer.is_some_and(|offer| offer.allows(model, value));
            if has && self.options.get(field).is_none() {
                self.options.put(field, Some(value.clone()));
            }
        }
        self
    }

    /// The image of `field`.
    pub fn image(&self, field: Field) -> Option<&FrameImage> {
        match field {
            Field::FirstFrame => self.first_frame.as_ref(),
            Field::LastFrame => self.last_frame.as_ref(),
            _ => None,
        }
    }

    /// The resolution in force on `model`.
    pub fn resolution_on(&self, model: &Model) -> Resolution {
        match model.drafts() {
            Some(rule) if self.draft => rule.resolution,
            _ => self.resolution.unwrap_or(model.default_resolution),
        }
    }

    /// The image that decides the shape of the clip, where there is one.
    fn shape_image(&self) -> Option<&FrameImage> {
        self.first_frame.as_ref().or(self.last_frame.as_ref())
    }

    /// Whether the clip can take the shape of a frame image on `model`.
    pub fn can_follow(&self, model: &Model) -> bool {
        self.shape_image().is_some() && model.size.can_follow()
    }

    /// Whether the shape of the clip is a guess on `model`: nobody said one, that of its image is not known here, and
    /// the model needs one said.
    pub fn guesses_shape(&self, model: &Model) -> bool {
        let is_unknown = |image: &FrameImage| !matches!(image, FrameImage::File(_));
        self.aspect.is_none()
            && self.shape_image().is_some_and(is_unknown)
            && !model.size.can_follow()
    }

    /// Width and height on `model`, where they are known beforehand.
    pub fn size_on(&self, model: &Model) -> Option<(u32, u32)> {
        let (resolution, mut aspect) = (self.resolution_on(model), self.aspect_on(model));
        if aspect == AspectRatio::OF_IMAGE {
            let offered: Vec<AspectRatio> = model.ratios(resolution).collect();
            aspect = self.shape_image()?.same(&offered)?;
        }
        model.pixels(resolution, aspect)
    }

    /// The shape in force on `model`: the chosen one, that of the frame image, or the nearest to it.
    pub fn aspect_on(&self, model: &Model) -> AspectRatio {
        let offered: Vec<AspectRatio> = model.ratios(self.resolution_on(model)).collect();
        let wide = AspectRatio::WIDESCREEN;
        let default = offered.iter().find(|ratio| **ratio == wide).or(offered.first());
        let by_image = match self.can_follow(model) {
            true => Some(AspectRatio::OF_IMAGE),
            false => self.shape_image().and_then(|image| image.nearest(&offered)),
        };
        self.aspect.or(by_image).or(default.copied()).unwrap_or(wide)
    }
}

impl From<&Parameters> for Choices {
    /// What makes the same request again, but for a final, which is a full render then.
    fn from(request: &Parameters) -> Self {
        Self {
            prompt: request.prompt.clone(),
            draft: request.kind == JobKind::Draft,
            resolution: Some(request.resolution),
            aspect: Some(request.aspect).filter(|one| *one != AspectRatio::OF_IMAGE),
            duration: Some(request.duration),
            seed: request.seed,
            results: Some(request.results),
            audio: request.audio,
            first_frame: request.first_frame.clone(),
            last_frame: request.last_frame.clone(),
            options: request.options.clone(),
        }
    }
}

/// A request that its model allows. Reads like its [`Parameters`]; only the checks can make one,
/// and what a database gives back was checked when it was stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GenerationRequest(Parameters);

/// The parts of a request, all resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// The model.
    pub model: ModelId,
    /// The prompt.
    pub prompt: String,
    /// Draft, final of a draft, or neither.
    pub kind: JobKind,
    /// The resolution.
    pub resolution: Resolution,
    /// The aspect ratio.
    pub aspect: AspectRatio,
    /// Width and height in pixels; none where the provider computes them.
    pub size_px: Option<(u32, u32)>,
    /// The length.
    pub duration: ClipLength,
    /// The seed, where one was chosen.
    pub seed: Option<u64>,
    /// How many results.
    pub results: u32,
    /// Whether there is sound; none where the model has no such setting.
    pub audio: Option<bool>,
    /// The image that the clip begins with.
    pub first_frame: Option<FrameImage>,
    /// The image that the clip ends with.
    pub last_frame: Option<FrameImage>,
    /// The draft that this promotes, by its id at the provider.
    pub draft_id: Option<String>,
    /// The settings on which nothing else depends, as far as something is to be said of them.
    #[serde(flatten)]
    pub options: Options,
}

impl Parameters {
    /// The ratio; also where it is that of an image, if the pixels tell which.
    fn aspect_of(&self, model: &Model) -> AspectRatio {
        let has = |one: &AspectRatio| {
            self.size_px.is_some() && model.pixels(self.resolution, *one) == self.size_px
        };
        let told = model.ratios(self.resolution).find(has);
        told.filter(|_| self.aspect == AspectRatio::OF_IMAGE).unwrap_or(self.aspect)
    }

    /// The container; `None` where the provider decides.
    pub fn format(&self) -> Option<OutputFormat> {
        self.options.get(Field::Format)?.parse()
    }

    /// Whether both ask for the same, wherever their images were read from.
    pub fn is_same(&self, other: &Self) -> bool {
        let image = |one: &Option<FrameImage>, other: &Option<FrameImage>| match (one, other) {
            (Some(one), Some(other)) => one.is_same(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let images = image(&self.first_frame, &other.first_frame)
            && image(&self.last_frame, &other.last_frame);
        let rest = |one: &Self| Self { first_frame: None, last_frame: None, ..one.clone() };
        images && rest(self) == rest(other)
    }
}

impl Deref for GenerationRequest {
    type Target = Parameters;
    fn deref(&self) -> &Parameters {
        &self.0
    }
}

/// How long a clip is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipLength {
    /// That many milliseconds.
    Ms(u32),
    /// As long as the model thinks right.
    Auto,
}

impl FromStr for ClipLength {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        match text.trim().trim_end_matches('s').trim_end().parse::<f64>() {
            Ok(s) if (0.0..=3600.0).contains(&s) => Ok(Self::Ms((s * 1000.0).round() as u32)),
            _ => Err(format!(
                "'{text}' is not a valid length; expected seconds like 5 or 7.5, or auto"
            )),
        }
    }
}

impl fmt::Display for ClipLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ms(ms) => write!(f, "{} s", f64::from(*ms) / 1000.0),
            Self::Auto => f.write_str("auto"),
        }
    }
}

/// The container of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// MP4.
    Mp4,
    /// WebM.
    Webm,
    /// QuickTime.
    Mov,
}

impl OutputFormat {
    /// The file name's ending.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Webm => "webm",
            Self::Mov => "mov",
        }
    }
}

impl FromStr for OutputFormat {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "mp4" => Ok(Self::Mp4),
            "mov" => Ok(Self::Mov),
            "webm" => Ok(Self::Webm),
            _ => Err(format!("'{text}' is not a valid format; expected mp4, mov or webm")),
        }
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

/// An image for the first or last frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameImage {
    /// On the web, fetched by the provider.
    Url(String),
    /// Stored by the provider already, by its id there.
    Stored(Uuid),
    /// A local file, kept by its content so that the request can be made again.
    File(ImageFile),
}

impl FrameImage {
    /// Its path, address or id, as a person writes it.
    pub fn text(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Stored(id) => id.to_string(),
            Self::File(file) => file.path.clone(),
        }
    }

    /// Whether both are the same image, wherever the files were read from.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one.sha256 == other.sha256,
            _ => self == other,
        }
    }

    /// The ratio among `offered` that is nearest to the image's, where its size is known: a portrait is
    /// not to become a widescreen clip just because nobody said so.
    pub fn nearest(&self, offered: &[AspectRatio]) -> Option<AspectRatio> {
        self.by_distance(offered).map(|(ratio, _)| ratio)
    }

    /// The ratio among `offered` that the image has, as far as anybody sees: sizes are rounded to whole blocks.
    fn same(&self, offered: &[AspectRatio]) -> Option<AspectRatio> {
        self.by_distance(offered).filter(|(_, distance)| *distance < 0.03).map(|(ratio, _)| ratio)
    }

    fn by_distance(&self, offered: &[AspectRatio]) -> Option<(AspectRatio, f64)> {
        let Self::File(file) = self else { return None };
        let ratio = (f64::from(file.width_px) / f64::from(file.height_px)).ln();
        let distance = |one: &AspectRatio| (one.as_f64().ln() - ratio).abs();
        let all = offered.iter().map(|one| (*one, distance(one)));
        all.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

/// What is known of a local image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFile {
    /// Where it was read from, for people.
    pub path: String,
    /// Its content's SHA-256, in hexadecimal; its name in the data folder.
    pub sha256: String,
    /// `png`, `jpeg` or `webp`.
    pub kind: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Its width.
    pub width_px: u32,
    /// Its height.
    pub height_px: u32,
}

impl ImageFile {
    /// Where its copy is kept, relative to the data folder.
    pub fn kept_path(&self) -> String {
        format!("images/{}.{}", self.sha256, self.kind)
    }

    /// The last part of its path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Why a request can't be made: the field, the rule that it breaks, and what would be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field at fault.
    pub field: Field,
    /// What is wrong.
    pub rule: String,
    /// What would be right.
    pub allowed: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.field, self.rule, self.allowed)
    }
}

impl GenerationRequest {
    /// The request that `choices` make of `model`, or everything that speaks against it.
    pub fn new(model: &Model, choices: Choices) -> Result<Self, Vec<Refusal>> {
        let mut check = Check { model, refusals: Vec::new() };
        let resolution = check.resolution(&choices);
        let aspect = check.aspect(&choices, resolution);
        let parameters = Parameters {
            model: model.key(),
            kind: if choices.draft { JobKind::Draft } else { JobKind::Single },
            resolution,
            aspect,
            size_px: choices.size_on(model),
            duration: check.duration(&choices),
            seed: check.seed(&choices),
            results: check.results(&choices),
            audio: check.audio(&choices),
            draft_id: None,
            first_frame: check.first_frame(&choices),
            last_frame: check.last_frame(&choices),
            options: check.options(&choices),
            prompt: check.prompt(choices.prompt),
        };
        if check.refusals.is_empty() { Ok(Self(parameters)) } else { Err(check.refusals) }
    }
}

impl Model {
    /// The pixels of a resolution and ratio, where the catalog knows them.
    pub fn pixels(&self, resolution: Resolution, aspect: AspectRatio) -> Option<(u32, u32)> {
        match self.dimensions.get(&resolution)?.get(&aspect)? {
            super::catalog::Dimensions::Exact(width, height) => Some((*width, *height)),
            super::catalog::Dimensions::Computed => None,
        }
    }
}

#[cfg(test)]
mod tests;
