//! The settings whose place on the wire the catalog knows: sound, the fixed camera, draft mode.

use serde_json::{Map, Value};

use super::fault::Fault;
use super::fields::Fields;
use crate::domain::catalog::Model;

/// What was said of each; none where nothing was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settings {
    /// Sound.
    pub(super) audio: Option<bool>,
    /// A camera that stands still.
    pub(super) camera_fixed: Option<bool>,
    /// A cheap draft.
    pub(super) draft: Option<bool>,
}

/// The parameters that hold settings (docs, provider settings; settings of the 2.x models).
pub(super) const ROOTS: [&str; 2] = ["providerSettings", "settings"];

impl Settings {
    /// The settings of `task`; what the model does not have is refused.
    pub(super) fn read(fields: &mut Fields<'_>, model: &Model, task: &Map<String, Value>) -> Self {
        fields.skip(&ROOTS);
        let mut walk = Walk { model, settings: Self::default(), faults: Vec::new() };
        for root in ROOTS {
            if let Some(value) = task.get(root) {
                walk.visit(root, value);
            }
        }
        fields.faults.append(&mut walk.faults);
        walk.settings
    }
}

struct Walk<'a> {
    model: &'a Model,
    settings: Settings,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    /// Reads what stands at `path`. It goes no deeper than the catalog's own paths.
    fn visit(&mut self, path: &str, value: &Value) {
        if let Some(slot) = self.slot(path) {
            match value.as_bool() {
                Some(value) => *slot = Some(value),
                None => self
                    .faults
                    .push(Fault::invalid(path, "It must be of type boolean.").kind("boolean")),
            }
            return;
        }
        if !self.leads_somewhere(path) {
            self.faults.push(self.unknown(path));
            return;
        }
        let Some(object) = value.as_object() else {
            self.faults.push(Fault::invalid(path, "It must be of type object.").kind("object"));
            return;
        };
        for (key, value) in object.iter().take(64) {
            self.visit(&format!("{path}.{key}"), value);
        }
    }

    fn slot(&mut self, path: &str) -> Option<&mut Option<bool>> {
        let model = self.model;
        let is = |wire: Option<&String>| wire.is_some_and(|wire| wire == path);
        if is(model.audio.as_ref().map(|rule| &rule.wire)) {
            Some(&mut self.settings.audio)
        } else if is(model.camera_fixed.as_ref().map(|rule| &rule.wire)) {
            Some(&mut self.settings.camera_fixed)
        } else if is(model.drafts().map(|rule| &rule.wire)) {
            Some(&mut self.settings.draft)
        } else {
            None
        }
    }

    fn wires(&self) -> impl Iterator<Item = &str> {
        let model = self.model;
        [
            model.audio.as_ref().map(|rule| rule.wire.as_str()),
            model.camera_fixed.as_ref().map(|rule| rule.wire.as_str()),
            model.drafts().map(|rule| rule.wire.as_str()),
        ]
        .into_iter()
        .flatten()
    }

    fn leads_somewhere(&self, path: &str) -> bool {
        self.wires().any(|wire| wire.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Settings for another provider have a code of their own among the SDKs' known ones.
    fn unknown(&self, path: &str) -> Fault {
        match path.strip_prefix("providerSettings.") {
            Some(provider) if !provider.contains('.') && self.leads_somewhere(ROOTS[0]) => {
                let message = "The provider of 'providerSettings' is not the model's.";
                Fault::new("mismatchProviderSettingsProvider", message).of("providerSettings")
            }
            _ => Fault::unsupported(
                path,
                "The parameter is not supported for this model architecture.",
            ),
        }
    }
}
