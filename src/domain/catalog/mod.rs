//! The catalog: which models exist, what each allows, what each costs, and how sure we are.

mod file;
mod model;
mod provider;

pub use file::{BUILT_IN, CatalogFile, CatalogProblem};
pub use model::{
    AudioRule, Dimensions, DraftRule, DurationRule, FlagRule, FrameRule, Model, ModelId, Price,
    PriceUnit, PromptRule, QualityRule, ReferenceRule, ResultsRule, SeedRule, SizeField, SizeRule,
    Status, StatusKind,
};
pub use provider::{Protocol, Provider};

/// Every provider and model that is known, in catalog order.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The services.
    pub providers: Vec<Provider>,
    /// Their models.
    pub models: Vec<Model>,
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

    /// The ids nearest to what was typed, for "did you mean": the same model at any provider, the
    /// models of a provider that was named, or everything.
    pub fn suggestions(&self, typed: &str) -> Vec<String> {
        let (provider, model) = typed.split_once('/').unwrap_or(("", typed));
        let ids = |keep: &dyn Fn(&Model) -> bool| -> Vec<String> {
            self.models.iter().filter(|model| keep(model)).map(|m| m.key().to_string()).collect()
        };
        let same_model = ids(&|candidate| candidate.id == model);
        if !same_model.is_empty() {
            return same_model;
        }
        let same_provider = ids(&|candidate| candidate.provider == provider);
        if !same_provider.is_empty() {
            return same_provider;
        }
        ids(&|_| true)
    }
}
