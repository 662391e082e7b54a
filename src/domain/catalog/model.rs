//! One model: a table of a catalog file, checked.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::super::money::MicroUsd;
use super::super::request::{ClipLength, OutputFormat, Parameters};
use super::super::secret::without_long_mixes;
use super::super::size::{AspectRatio, Resolution};
use super::super::text::name;
use super::duration_rule::DurationRule;
use super::frame_rule::FrameRule;
use super::size_rule::SizeRule;

/// `provider/model`, as people and databases name a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelId {
    /// The provider's id.
    pub provider: String,
    /// The model's id there.
    pub model: String,
}

impl ModelId {
    /// The id in a message that there is no such model: somebody may have written a key there.
    pub fn repeated(&self) -> String {
        without_long_mixes(&self.to_string())
    }
}

impl FromStr for ModelId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            // It is compared and shown as one: what nobody sees in it stands there written out.
            Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
                Ok(Self { provider: name(provider), model: name(model) })
            }
            _ => Err(format!(
                "'{}' is not a valid model id; expected one like sandbox/1.5-pro",
                without_long_mixes(&name(text))
            )),
        }
    }
}

impl TryFrom<String> for ModelId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// Everything that a form, a check, an estimate and an adapter need to know of a model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The provider's id; said once for a whole file.
    #[serde(skip)]
    pub provider: String,
    /// The part after the slash of a model id.
    pub id: String,
    /// The id that the provider's protocol uses.
    pub wire_id: String,
    /// As people call it.
    pub name: String,
    /// Whether it can be used today.
    pub status: Status,
    /// The day this table was last held against its sources.
    pub as_of: String,
    /// How sure we are, in words, with the source.
    pub sure: String,
    /// What the prompt may be.
    pub prompt: PromptRule,
    /// How long a clip may be.
    pub duration: DurationRule,
    /// Frames a second of every clip.
    pub fps: u32,
    /// The most of them that can be asked for, where that can be chosen.
    #[serde(default)]
    pub fps_max: Option<u32>,
    /// Which of the sizes and lengths are known to work, where not all are.
    #[serde(default)]
    pub verified: Option<Verified>,
    /// How the size is said on the wire.
    pub size: SizeRule,
    /// What every resolution and ratio gives.
    pub dimensions: BTreeMap<Resolution, BTreeMap<AspectRatio, Dimensions>>,
    /// The resolution offered first.
    pub default_resolution: Resolution,
    /// Resolutions that are listed but not offered, each with the reason.
    #[serde(default)]
    pub unverified: BTreeMap<Resolution, String>,
    /// How many results one job may ask for.
    #[serde(default)]
    pub results: ResultsRule,
    /// Present where a seed is accepted.
    pub seed: Option<SeedRule>,
    /// Present where the camera can be fixed.
    pub camera_fixed: Option<FlagRule>,
    /// Present where the model makes sound.
    pub audio: Option<AudioRule>,
    /// Present where frame images are taken.
    pub frames: Option<FrameRule>,
    /// Present where reference media are taken; none can be sent yet.
    pub references: Option<ReferenceRule>,
    /// The containers that can be asked for; empty where the provider decides.
    #[serde(default)]
    pub formats: Vec<OutputFormat>,
    /// Present where the quality can be chosen.
    pub quality: Option<QualityRule>,
    /// Present where the content of a clip can be checked.
    pub safety: Option<SafetyRule>,
    /// The shortest time that the provider can be told to keep a clip for, in seconds, where it can be told.
    #[serde(default)]
    pub ttl_min_s: Option<u32>,
    /// Whether the provider can put a clip to an address.
    #[serde(default)]
    pub upload: bool,
    /// Whether the provider can tell an address of its results.
    #[serde(default)]
    pub webhook: bool,
    /// Present where a cheap draft can be promoted to a final.
    pub draft: Option<DraftRule>,
    /// What it costs.
    pub price: Price,
    /// How long a job usually takes, in seconds, before any was seen.
    pub expected_wait_s: u32,
}

impl Model {
    /// `provider/model`.
    pub fn key(&self) -> ModelId {
        ModelId { provider: self.provider.clone(), model: self.id.clone() }
    }

    /// The resolutions that can be chosen, lowest first.
    pub fn resolutions(&self) -> impl Iterator<Item = Resolution> + '_ {
        self.dimensions.keys().copied().filter(|one| !self.unverified.contains_key(one))
    }

    /// The ratios of `resolution`, widest first; none where the model lacks the resolution.
    pub fn ratios(&self, resolution: Resolution) -> impl Iterator<Item = AspectRatio> + '_ {
        self.dimensions.get(&resolution).into_iter().flat_map(|row| row.keys().copied())
    }

    /// What a person should know of `request` before it is sent, since nobody saw its like work; `None` if somebody
    /// did.
    pub fn unverified_of(&self, request: &Parameters) -> Option<&str> {
        let verified = self.verified.as_ref()?;
        let is_known = match request.duration {
            ClipLength::Ms(ms) => verified.durations_s.iter().any(|s| s * 1000 == ms),
            ClipLength::Auto => false,
        };
        let is_known = is_known && verified.ratios.contains(&request.aspect);
        (!is_known).then_some(verified.note.as_str())
    }

    /// The draft rule, where drafts are enabled.
    pub fn drafts(&self) -> Option<&DraftRule> {
        self.draft.as_ref().filter(|draft| draft.enabled)
    }

    /// What is wrong within the table, in words, or nothing.
    pub(super) fn inconsistency(&self) -> Option<String> {
        let named = |what: &str, resolution: &Resolution| {
            (!self.dimensions.contains_key(resolution))
                .then(|| format!("{what} names {resolution}, which has no row in dimensions"))
        };
        if self.dimensions.is_empty() || self.dimensions.values().any(BTreeMap::is_empty) {
            return Some("dimensions needs a row with at least one ratio per resolution".into());
        }
        if self.dimensions.values().any(|row| row.contains_key(&AspectRatio::OF_IMAGE)) {
            return Some("dimensions needs a ratio such as 16:9 for each size".into());
        }
        if let Some(wrong) = named("default_resolution", &self.default_resolution) {
            return Some(wrong);
        }
        if let Some(draft) = &self.draft {
            let named_ones = std::iter::once(&draft.resolution).chain(&draft.promote_resolutions);
            if let Some(wrong) = named_ones.into_iter().find_map(|one| named("draft", one)) {
                return Some(wrong);
            }
        }
        if self.price.unit != PriceUnit::Unknown {
            let missing = self.dimensions.keys().find(|one| !self.price.usd.contains_key(one));
            if let Some(resolution) = missing {
                return Some(format!("price.usd has no rate for {resolution}"));
            }
        }
        self.duration.inconsistency().or_else(|| {
            (self.prompt.max_chars.is_some_and(|max| max < self.prompt.min_chars))
                .then(|| "prompt.max_chars is below prompt.min_chars".to_owned())
        })
    }
}

/// Whether a model can be used, since when, and what replaces it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The standing.
    pub kind: StatusKind,
    /// Since when, where that matters (year-month-day).
    #[serde(default)]
    pub since: Option<String>,
    /// The model to take instead, at the same provider.
    #[serde(default)]
    pub successor: Option<String>,
    /// What a person should know.
    #[serde(default)]
    pub note: String,
}

/// A model's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusKind {
    /// Works as far as is known.
    Live,
    /// Its maker stopped it; the provider may still list it.
    RetiredUpstream,
    /// The provider's documents dropped it.
    Delisted,
}

/// What the prompt may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptRule {
    /// The fewest characters.
    pub min_chars: usize,
    /// The most characters; none where no limit is documented.
    #[serde(default)]
    pub max_chars: Option<usize>,
    /// Whether a prompt must be there at all.
    #[serde(default = "yes")]
    pub required: bool,
}

/// The pixels of a resolution and ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimensions {
    /// Width and height in pixels.
    Exact(u32, u32),
    /// The provider computes them.
    Computed,
}

impl<'de> Deserialize<'de> for Dimensions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pixels = Vec::<u32>::deserialize(deserializer)?;
        match pixels[..] {
            [] => Ok(Self::Computed),
            [width, height] if (16..=8192).contains(&width) && (16..=8192).contains(&height) => {
                Ok(Self::Exact(width, height))
            }
            _ => Err(serde::de::Error::custom(
                "write [width, height] with 16 to 8192 pixels each, or [] where the provider computes them",
            )),
        }
    }
}

/// How many results one job may ask for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultsRule {
    /// The most; the fewest is one.
    pub max: u32,
}

impl Default for ResultsRule {
    fn default() -> Self {
        Self { max: 1 }
    }
}

/// Which seeds are taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRule {
    /// The highest that is offered, since the maker takes no more.
    pub offered_max: u64,
    /// The highest that is let through, since the provider's document allows it.
    pub accepted_max: u64,
}

/// A yes-or-no setting and where it stands on the wire, as a dotted path.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagRule {
    /// For example `providerSettings.bytedance.cameraFixed`.
    pub wire: String,
}

/// Sound: where the setting stands, and what it does when left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudioRule {
    /// For example `providerSettings.bytedance.audio`.
    pub wire: String,
    /// What the provider does when nothing is said.
    pub default: bool,
}

/// Reference media that a model takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceRule {
    /// The most images.
    pub images: u32,
    /// The most videos.
    pub videos: u32,
    /// The most audio files.
    pub audios: u32,
    /// The most seconds of video, and of audio, in all.
    pub media_s: u32,
}

/// Output quality as the provider counts it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityRule {
    /// The lowest.
    pub min: u32,
    /// The highest.
    pub max: u32,
    /// What the provider does when nothing is said.
    pub default: u32,
}

/// What is known to work, beside what the documents let one say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    /// The ratios.
    pub ratios: Vec<AspectRatio>,
    /// The lengths, in seconds.
    pub durations_s: Vec<u32>,
    /// What is to be said of the others.
    pub note: String,
}

/// The checking of content.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafetyRule {
    /// What a person should know of it.
    #[serde(default)]
    pub note: String,
}

/// The draft-then-promote workflow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftRule {
    /// Whether it is offered; a guess is shipped switched off.
    pub enabled: bool,
    /// Where the setting stands on the wire.
    pub wire: String,
    /// The only resolution of a draft.
    pub resolution: Resolution,
    /// The draft's price in thousandths of the full price.
    pub price_permille: u32,
    /// The same without sound, where it differs.
    #[serde(default)]
    pub silent_price_permille: Option<u32>,
    /// The resolutions of a final.
    pub promote_resolutions: Vec<Resolution>,
    /// Whether the prompt goes along with the draft's id.
    pub promote_sends_prompt: bool,
    /// How long the draft's id can be promoted, in hours from its creation.
    pub id_lifetime_h: u32,
    /// How sure we are.
    pub sure: String,
}

/// What a model costs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// What is counted.
    pub unit: PriceUnit,
    /// US dollars per million tokens, or per second, of each resolution.
    #[serde(default)]
    pub usd: BTreeMap<Resolution, Rate>,
    /// Whether the token count has one frame more than the clip's seconds hold.
    #[serde(default = "yes")]
    pub extra_frame: bool,
    /// Whether a bill may count that frame all the same and round up to the next decimal, so that the estimate is a
    /// range.
    #[serde(default)]
    pub may_round_up: bool,
    /// The price without sound in thousandths of the price with it.
    #[serde(default = "whole")]
    pub silent_permille: u32,
    /// How many decimals of a dollar a bill has.
    #[serde(default = "five")]
    pub decimals: u32,
    /// How far a bill may lie from the estimate, in thousandths.
    #[serde(default)]
    pub tolerance_permille: u32,
    /// The most that a charge is believed to be where there is no estimate, in US dollars; 100 if left out.
    #[serde(default)]
    pub believed_usd: Option<Rate>,
    /// How sure we are, with the source.
    pub sure: String,
}

/// What a price counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceUnit {
    /// Width x height x frames / 1024.
    Tokens,
    /// Seconds of video.
    Second,
    /// The provider publishes no price.
    Unknown,
}

/// A rate in micro-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub MicroUsd);

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usd = f64::deserialize(deserializer)?;
        MicroUsd::from_usd(usd)
            .filter(|rate| rate.0 > 0)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a rate is a number of US dollars above 0"))
    }
}

fn yes() -> bool {
    true
}

fn whole() -> u32 {
    1000
}

fn five() -> u32 {
    5
}
