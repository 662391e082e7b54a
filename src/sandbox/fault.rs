//! An error as Runware writes it (docs, errors).
//!
//! The docs give no closed list of codes. Those that stand in no document are our guess, formed
//! like the known ones: `missing…` and `invalid…` with the parameter's name.

use serde_json::{Map, Value, json};

use crate::domain::text;

const DOCUMENTATION: &str = "https://runware.ai/docs/platform/errors";

/// One entry of `errors`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    /// The HTTP status, should nothing else in the batch be right.
    pub(super) status: u16,
    entry: Map<String, Value>,
}

impl Fault {
    /// An error of HTTP status 400.
    pub(super) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 400, entry: Map::new() }
            .with("code", code.into())
            .with("message", message.into())
            .with("documentation", DOCUMENTATION)
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.entry.insert(name.to_owned(), value.into());
        self
    }

    /// The documented answer to a key that is missing or wrong, word for word (docs, errors).
    pub(super) fn invalid_key() -> Self {
        let message = "Invalid API key. Get one at https://my.runware.ai/signup";
        let mut fault = Self::new("invalidApiKey", message).status(401).of("apiKey");
        fault.entry.remove("documentation");
        fault.in_task(Some("authentication"), None)
    }

    /// A parameter that must be there and is not.
    pub(super) fn missing(path: &str) -> Self {
        let message = format!("Missing '{path}' parameter.");
        Self::new(format!("missing{}", camel(path)), message).of(path)
    }

    /// A parameter whose value is wrong; `rule` says what would be right.
    pub(super) fn invalid(path: &str, rule: impl AsRef<str>) -> Self {
        let message = format!("Invalid value for '{path}' parameter. {}", rule.as_ref());
        Self::new(format!("invalid{}", camel(path)), message).of(path)
    }

    /// A parameter that this model, or the API, does not have.
    pub(super) fn unsupported(path: &str, why: impl AsRef<str>) -> Self {
        let path = text::one_line(path, 120);
        let why = why.as_ref();
        Self::new("unsupportedParameter", format!("Unsupported use of '{path}' parameter. {why}"))
            .of(&path)
    }

    /// Parameters that can't stand together.
    pub(super) fn incompatible(paths: &[&str], message: impl Into<String>) -> Self {
        let fault = Self::new("incompatibleParameters", message);
        paths.iter().fold(fault, |fault, path| fault.of(path))
    }

    /// The same with another HTTP status.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same, naming one parameter more: one is a string, several are an array.
    pub(super) fn of(self, path: &str) -> Self {
        let parameter = match self.entry.get("parameter") {
            None => json!(path),
            Some(Value::Array(paths)) => paths.iter().cloned().chain([json!(path)]).collect(),
            Some(one) => json!([one, path]),
        };
        self.with("parameter", parameter)
    }

    /// The same, saying what type the parameter has.
    pub(super) fn kind(self, kind: &str) -> Self {
        self.with("type", kind)
    }

    /// The same, listing what is allowed.
    pub(super) fn allowing<T: Into<Value>>(self, allowed: impl IntoIterator<Item = T>) -> Self {
        let allowed: Vec<Value> = allowed.into_iter().map(Into::into).collect();
        self.with("allowedValues", allowed)
    }

    /// The same, saying which task it belongs to.
    pub(super) fn in_task(mut self, task_type: Option<&str>, task_uuid: Option<&str>) -> Self {
        for (name, value) in [("taskType", task_type), ("taskUUID", task_uuid)] {
            if let Some(value) = value {
                self = self.with(name, text::one_line(value, 120));
            }
        }
        self
    }

    /// The message alone, for protocols that write errors in another form.
    pub(super) fn message(&self) -> &str {
        self.entry.get("message").and_then(Value::as_str).unwrap_or_default()
    }

    /// The entry of `errors`.
    pub(super) fn json(&self) -> Value {
        Value::Object(self.entry.clone())
    }

    /// The entry of `errors` for a task that was accepted and then failed (docs, task polling).
    pub(super) fn failed_json(&self) -> Value {
        self.clone().with("status", "error").json()
    }
}

/// `inputs.draftId` as it stands within a code: `DraftId`.
fn camel(path: &str) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_formed_like_the_known_ones() {
        let code = |fault: Fault| fault.json()["code"].clone();
        assert_eq!(code(Fault::missing("taskUUID")), "missingTaskUUID");
        assert_eq!(code(Fault::invalid("inputs.draftId", "")), "invalidDraftId");
    }

    #[test]
    fn one_parameter_is_a_string_and_several_are_an_array() {
        assert_eq!(Fault::missing("model").json()["parameter"], "model");
        let pair = Fault::incompatible(&["width", "resolution"], "no").json();
        assert_eq!(pair["parameter"], json!(["width", "resolution"]));
    }
}
