//! The catalog: which models exist, what each allows, what each costs, and how sure we are.

mod duration_rule;
mod file;
mod frame_rule;
mod model;
mod provider;
mod size_rule;

pub use duration_rule::DurationRule;
pub use file::{BUILT_IN, CatalogFile, CatalogProblem};
pub use frame_rule::FrameRule;
pub use model::{
    AudioRule, Dimensions, DraftRule, FlagRule, Model, ModelId, Price, PriceUnit, PromptRule,
    QualityRule, ReferenceRule, ResultsRule, SafetyRule, SeedRule, Status, StatusKind, Verified,
};
pub use provider::{Protocol, Provider, RequestRate};
pub use size_rule::{SizeField, SizeRule};

use super::job::JobKind;
use super::request::{ClipLength, Field, Parameters};

/// The largest file that is taken for a clip, and for one of which the catalog knows nothing.
const MAX_CLIP_BYTES: u64 = 2 << 30;
/// What any clip may have: sound and wrapping, and lengths that are not what was asked for.
const MIN_CLIP_BYTES: u64 = 64 << 20;
/// Half of what the raw pictures take (4:2:0), and several times what the highest quality gives: ProRes 4444 has
/// 5.3 at 24 frames a second.
const MAX_BITS_PER_PIXEL: u64 = 6;
/// How alike two names are, from 0 to 1, of which one is the other mistyped.
const NEARLY: f64 = 0.8;

/// Every provider and model that is known, in catalog order.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The services.
    pub providers: Vec<Provider>,
    /// Their models.
    pub models: Vec<Model>,
}

/// The model where nobody names one. It is the sandbox's, so that nothing real is paid because nobody said
/// otherwise, and stands for one that can be bought; for a draft, which none of those has, for the one that had them.
pub fn default_model(draft: bool) -> ModelId {
    let model = if draft { "1.5-pro" } else { "1.0-pro" };
    ModelId { provider: "sandbox".to_owned(), model: model.to_owned() }
}

impl Catalog {
    /// The model of that id.
    pub fn model(&self, id: &ModelId) -> Option<&Model> {
        self.models.iter().find(|model| model.provider == id.provider && model.id == id.model)
    }

    /// The provider of that id.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// The first model of `provider` that answers to `wire_id`, as a request names it.
    pub fn by_wire_id(&self, provider: &str, wire_id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.provider == provider && model.wire_id == wire_id)
    }

    /// The guess of how long such a request takes, in seconds, before any was seen.
    pub fn expected_wait_s(&self, request: &Parameters) -> u64 {
        let provider = self.provider(&request.model.provider);
        let by_provider = provider.and_then(|provider| match request.kind {
            JobKind::Draft => provider.expected_draft_s,
            JobKind::Final | JobKind::Single => provider.expected_final_s,
        });
        let by_model = self.model(&request.model).map(|model| model.expected_wait_s);
        u64::from(by_provider.or(by_model).unwrap_or(60))
    }

    /// The most bytes that a clip of such a request can have, generously: by its pixels and its length.
    pub fn max_clip_bytes(&self, request: &Parameters) -> u64 {
        let Some(model) = self.model(&request.model) else { return MAX_CLIP_BYTES };
        let pixels = match request.size_px {
            Some((width, height)) => u64::from(width) * u64::from(height),
            None => request.resolution.pixels(),
        };
        let ms = match request.duration {
            ClipLength::Ms(ms) => ms,
            ClipLength::Auto => model.duration.range_ms().1,
        };
        let fps = request.options.whole(Field::Fps).unwrap_or(model.fps.into());
        let frames = fps * u64::from(ms) / 1000;
        (pixels * frames * MAX_BITS_PER_PIXEL / 8).clamp(MIN_CLIP_BYTES, MAX_CLIP_BYTES)
    }

    /// The ids nearest to what was typed, for "did you mean": the same model at any provider, what begins so or is
    /// written nearly so, the models of a provider that was named, or everything.
    pub fn suggestions(&self, typed: &str) -> Vec<String> {
        let (provider, model) = typed.split_once('/').unwrap_or(("", typed));
        let ids = |keep: &dyn Fn(&Model) -> bool| -> Vec<String> {
            self.models.iter().filter(|model| keep(model)).map(|m| m.key().to_string()).collect()
        };
        let same_model = ids(&|candidate| candidate.id == model);
        if !same_model.is_empty() {
            return same_model;
        }
        let begins = ids(&|candidate| candidate.key().to_string().starts_with(typed));
        if !typed.is_empty() && !begins.is_empty() {
            return begins;
        }
        let likeness =
            |model: &Model| strsim::normalized_damerau_levenshtein(&model.key().to_string(), typed);
        let most = self.models.iter().map(likeness).fold(0.0, f64::max);
        if most >= NEARLY {
            return ids(&|candidate| likeness(candidate) >= most);
        }
        let same_provider = ids(&|candidate| candidate.provider == provider);
        if !same_provider.is_empty() {
            return same_provider;
        }
        ids(&|_| true)
    }
}

#[cfg(test)]
mod tests;
