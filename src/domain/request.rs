//! What is asked of a provider. A [`GenerationRequest`] exists only if every rule of its model holds.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::catalog::{Model, ModelId};
use super::job::JobKind;
use super::size::{AspectRatio, Resolution};

/// What a person chose; everything left out takes the model's default.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The prompt, cleaned.
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
    /// Whether the camera stands still.
    pub camera_fixed: Option<bool>,
    /// The image that the clip begins with.
    pub first_frame: Option<FrameImage>,
    /// The image that the clip ends with.
    pub last_frame: Option<FrameImage>,
    /// The container.
    pub format: Option<OutputFormat>,
    /// The quality, as the provider counts it.
    pub quality: Option<u32>,
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
    /// Whether the camera stands still; none where the model has no such setting.
    pub camera_fixed: Option<bool>,
    /// The image that the clip begins with.
    pub first_frame: Option<FrameImage>,
    /// The image that the clip ends with.
    pub last_frame: Option<FrameImage>,
    /// The container; none where the provider decides.
    pub format: Option<OutputFormat>,
    /// The quality, where one was chosen.
    pub quality: Option<u32>,
    /// The draft that this promotes, by its id at the provider.
    pub draft_id: Option<String>,
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
        match text.trim().trim_end_matches('s').parse::<f64>() {
            Ok(s) if (0.0..=3600.0).contains(&s) => Ok(Self::Ms((s * 1000.0).round() as u32)),
            _ => Err(format!("'{text}' is no length; write seconds like 5 or 7.5, or auto")),
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
    /// A local file, kept by its content so that the request can be made again.
    File(ImageFile),
}

impl FrameImage {
    /// The ratio among `offered` that is nearest to the image's, where its size is known: a portrait is
    /// not to become a widescreen clip just because nobody said so.
    fn nearest(&self, offered: &[AspectRatio]) -> Option<AspectRatio> {
        let Self::File(file) = self else { return None };
        let ratio = (f64::from(file.width_px) / f64::from(file.height_px)).ln();
        let distance = |one: &AspectRatio| (one.as_f64().ln() - ratio).abs();
        offered.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b)))
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

/// A part of a request that can be refused; a form focuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The prompt.
    Prompt,
    /// Draft or not.
    Draft,
    /// The resolution.
    Resolution,
    /// The aspect ratio.
    AspectRatio,
    /// The length.
    Duration,
    /// The seed.
    Seed,
    /// The number of results.
    Results,
    /// Sound.
    Audio,
    /// The fixed camera.
    CameraFixed,
    /// The first frame.
    FirstFrame,
    /// The last frame.
    LastFrame,
    /// The container.
    Format,
    /// The quality.
    Quality,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prompt => "prompt",
            Self::Draft => "draft",
            Self::Resolution => "resolution",
            Self::AspectRatio => "aspect ratio",
            Self::Duration => "duration",
            Self::Seed => "seed",
            Self::Results => "results",
            Self::Audio => "audio",
            Self::CameraFixed => "fixed camera",
            Self::FirstFrame => "first frame",
            Self::LastFrame => "last frame",
            Self::Format => "format",
            Self::Quality => "quality",
        })
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
            size_px: model.pixels(resolution, aspect),
            duration: check.duration(&choices),
            seed: check.seed(&choices),
            results: check.results(&choices),
            audio: check.audio(&choices),
            camera_fixed: check.camera_fixed(&choices),
            format: check.format(&choices),
            quality: check.quality(&choices),
            draft_id: None,
            first_frame: check.first_frame(&choices),
            last_frame: check.last_frame(&choices),
            prompt: check.prompt(choices.prompt),
        };
        if check.refusals.is_empty() { Ok(Self(parameters)) } else { Err(check.refusals) }
    }

    /// The final of the draft that `draft` made and the provider knows as `draft_id`.
    ///
    /// Prompt, ratio, duration, seed, sound, camera and images are the draft's: the provider
    /// inherits them, and they stand here so that the price and the history are right.
    pub fn promote(
        model: &Model,
        draft: &Self,
        draft_id: String,
        seed: Option<u64>,
        resolution: Option<Resolution>,
    ) -> Result<Self, Refusal> {
        let refuse = |field, rule: &str, allowed: String| {
            Err(Refusal { field, rule: rule.to_owned(), allowed })
        };
        let Some(rule) = model.drafts() else {
            let allowed = "run it again as a full render instead".to_owned();
            return refuse(Field::Draft, "this model can't promote drafts", allowed);
        };
        let offered = &rule.promote_resolutions;
        let resolution = resolution.or(offered.last().copied()).unwrap_or(draft.resolution);
        if !offered.contains(&resolution) {
            let rule = format!("a draft can't be promoted to {resolution}");
            return refuse(Field::Resolution, &rule, format!("choose {}", join(offered)));
        }
        Ok(Self(Parameters {
            kind: JobKind::Final,
            resolution,
            size_px: model.pixels(resolution, draft.aspect),
            seed: seed.or(draft.seed),
            results: 1,
            draft_id: Some(draft_id),
            quality: None,
            ..draft.0.clone()
        }))
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

/// All rules between choices and a model, in one place.
struct Check<'a> {
    model: &'a Model,
    refusals: Vec<Refusal>,
}

impl Check<'_> {
    fn refuse(&mut self, field: Field, rule: impl Into<String>, allowed: impl Into<String>) {
        self.refusals.push(Refusal { field, rule: rule.into(), allowed: allowed.into() });
    }

    fn prompt(&mut self, prompt: String) -> String {
        let rule = &self.model.prompt;
        let limits = match rule.max_chars {
            Some(max) => {
                format!("{} takes {} to {max} characters", self.model.name, rule.min_chars)
            }
            None => format!("{} takes at least {} character", self.model.name, rule.min_chars),
        };
        let length = prompt.chars().count();
        let blank = prompt.trim().is_empty();
        if blank && (rule.required || length > 0) {
            self.refuse(Field::Prompt, "there is nothing to render in it", limits);
        } else if !blank && length < rule.min_chars {
            self.refuse(Field::Prompt, format!("{length} character is too short"), limits);
        } else if rule.max_chars.is_some_and(|max| length > max) {
            self.refuse(Field::Prompt, format!("{length} characters are too many"), limits);
        }
        prompt
    }

    fn resolution(&mut self, choices: &Choices) -> Resolution {
        let model = self.model;
        if choices.draft {
            let Some(rule) = model.drafts() else {
                let allowed =
                    "leave the draft out, or choose a model that has them, such as sandbox/1.5-pro";
                self.refuse(Field::Draft, format!("{} has no drafts", model.name), allowed);
                return model.default_resolution;
            };
            let pinned = rule.resolution;
            if let Some(asked) = choices.resolution.filter(|asked| *asked != pinned) {
                let allowed = format!(
                    "leave the resolution out, and choose {} when you promote it",
                    join(&rule.promote_resolutions)
                );
                self.refuse(
                    Field::Resolution,
                    format!("a draft is always {pinned}, not {asked}"),
                    allowed,
                );
            }
            return pinned;
        }
        let Some(asked) = choices.resolution else { return model.default_resolution };
        if let Some(reason) = model.unverified.get(&asked) {
            let allowed = format!("choose {}", join(model.resolutions()));
            self.refuse(
                Field::Resolution,
                format!("{asked} is not offered, since {reason}"),
                allowed,
            );
        } else if !model.dimensions.contains_key(&asked) {
            let allowed = format!("choose {}", join(model.resolutions()));
            self.refuse(Field::Resolution, format!("{} has no {asked}", model.name), allowed);
        }
        asked
    }

    fn aspect(&mut self, choices: &Choices, resolution: Resolution) -> AspectRatio {
        let model = self.model;
        let offered: Vec<AspectRatio> = model.ratios(resolution).collect();
        let wide = AspectRatio::WIDESCREEN;
        let default = offered.iter().find(|ratio| **ratio == wide).or(offered.first());
        let by_image = choices.first_frame.as_ref().and_then(|image| image.nearest(&offered));
        let aspect = choices.aspect.or(by_image).or(default.copied()).unwrap_or(wide);
        // An unknown resolution was refused already and has no ratios to hold this one against.
        if !offered.is_empty() && !offered.contains(&aspect) {
            let rule = format!("{} has no {aspect} at {resolution}", model.name);
            self.refuse(Field::AspectRatio, rule, format!("choose {}", join(&offered)));
        }
        aspect
    }

    fn duration(&mut self, choices: &Choices) -> ClipLength {
        let rule = &self.model.duration;
        let length = choices.duration.unwrap_or(ClipLength::Ms(rule.default_ms()));
        let allowed = match length {
            ClipLength::Ms(ms) => rule.allows_ms(ms),
            ClipLength::Auto => rule.auto,
        };
        if !allowed {
            let wrong = format!("{} can't make a clip of {length}", self.model.name);
            self.refuse(Field::Duration, wrong, format!("choose {}", rule.in_words()));
        }
        length
    }

    fn seed(&mut self, choices: &Choices) -> Option<u64> {
        let seed = choices.seed?;
        match &self.model.seed {
            None => {
                let rule = format!("{} takes no seed", self.model.name);
                self.refuse(Field::Seed, rule, "leave it out");
            }
            Some(rule) if seed > rule.accepted_max => {
                let allowed = format!("choose 0 to {}", rule.offered_max);
                self.refuse(Field::Seed, format!("{seed} is too large"), allowed);
            }
            Some(_) => {}
        }
        Some(seed)
    }

    fn results(&mut self, choices: &Choices) -> u32 {
        let results = choices.results.unwrap_or(1);
        let max = self.model.results.max;
        if !(1..=max).contains(&results) {
            let allowed =
                if max == 1 { "choose 1".to_owned() } else { format!("choose 1 to {max}") };
            self.refuse(Field::Results, format!("{results} can't be asked for at once"), allowed);
        }
        results
    }

    fn audio(&mut self, choices: &Choices) -> Option<bool> {
        match (&self.model.audio, choices.audio) {
            (None, Some(true)) => {
                let rule = format!("{} makes no sound", self.model.name);
                self.refuse(Field::Audio, rule, "leave it out");
                None
            }
            (None, _) => None,
            (Some(rule), choice) => Some(choice.unwrap_or(rule.default)),
        }
    }

    fn camera_fixed(&mut self, choices: &Choices) -> Option<bool> {
        if self.model.camera_fixed.is_none() {
            if choices.camera_fixed == Some(true) {
                let rule = format!("{} can't fix the camera", self.model.name);
                self.refuse(Field::CameraFixed, rule, "leave it out, and say it in the prompt");
            }
            return None;
        }
        Some(choices.camera_fixed.unwrap_or(false))
    }

    fn format(&mut self, choices: &Choices) -> Option<OutputFormat> {
        let formats = &self.model.formats;
        match choices.format {
            Some(format) if !formats.contains(&format) => {
                let allowed = if formats.is_empty() {
                    "leave it out, the provider decides".to_owned()
                } else {
                    format!("choose {}", join(formats))
                };
                self.refuse(
                    Field::Format,
                    format!("{} can't make {format}", self.model.name),
                    allowed,
                );
                None
            }
            choice => choice.or(formats.first().copied()),
        }
    }

    fn quality(&mut self, choices: &Choices) -> Option<u32> {
        let quality = choices.quality?;
        match &self.model.quality {
            None => {
                let rule = format!("{} has no quality setting", self.model.name);
                self.refuse(Field::Quality, rule, "leave it out");
            }
            Some(rule) if !(rule.min..=rule.max).contains(&quality) => {
                let allowed = format!("choose {} to {}", rule.min, rule.max);
                self.refuse(Field::Quality, format!("{quality} is out of range"), allowed);
            }
            Some(_) => {}
        }
        Some(quality)
    }

    fn first_frame(&mut self, choices: &Choices) -> Option<FrameImage> {
        let image = choices.first_frame.clone()?;
        self.frame(Field::FirstFrame, &image);
        Some(image)
    }

    fn last_frame(&mut self, choices: &Choices) -> Option<FrameImage> {
        let image = choices.last_frame.clone()?;
        if self.model.frames.as_ref().is_some_and(|rule| !rule.last) {
            let rule = format!("{} takes a first frame only", self.model.name);
            self.refuse(Field::LastFrame, rule, "leave it out");
        } else if choices.first_frame.is_none() {
            self.refuse(
                Field::LastFrame,
                "a last frame needs a first one",
                "give both, or the first alone",
            );
        }
        self.frame(Field::LastFrame, &image);
        Some(image)
    }

    fn frame(&mut self, field: Field, image: &FrameImage) {
        let Some(rule) = &self.model.frames else {
            let wrong = format!("{} takes no images", self.model.name);
            return self.refuse(field, wrong, "leave it out");
        };
        let file = match image {
            FrameImage::Url(url) if is_web_address(url) => return,
            FrameImage::Url(url) => {
                let wrong = format!("'{url}' is no web address");
                return self.refuse(
                    field,
                    wrong,
                    "give a file, or an address that begins with https:// or http://",
                );
            }
            FrameImage::File(_) if !rule.files => {
                let wrong = format!("{} takes an image by its web address only", self.model.name);
                return self.refuse(
                    field,
                    wrong,
                    "give an address that begins with https:// or http://",
                );
            }
            FrameImage::File(file) => file,
        };
        let (width, height) = (file.width_px, file.height_px);
        let size = format!("{} is {width}x{height} pixels", file.path);
        let sides = rule.min_px..=rule.max_px;
        if !sides.contains(&width) || !sides.contains(&height) {
            let allowed = format!("each side must have {} to {} pixels", rule.min_px, rule.max_px);
            return self.refuse(field, size, allowed);
        }
        let ratio = f64::from(width) / f64::from(height);
        if !(rule.min_ratio..=rule.max_ratio).contains(&ratio) {
            let allowed = format!(
                "width over height must lie between {} and {}",
                rule.min_ratio, rule.max_ratio
            );
            return self.refuse(field, size, allowed);
        }
        if file.bytes > rule.max_bytes {
            let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
            let wrong = format!("{} has {}", file.path, megabytes(file.bytes));
            self.refuse(field, wrong, format!("{} are the most", megabytes(rule.max_bytes)));
        }
    }
}

fn is_web_address(text: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// `a, b or c`.
fn join<T: fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests;
