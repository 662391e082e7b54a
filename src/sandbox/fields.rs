//! Reading a JSON object field by field, collecting everything that is wrong with it.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::fault::Fault;

/// An object that is being read. What was asked for is known; the rest is refused at the end.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// What stands before a field's name in a fault, with its dot.
    prefix: &'static str,
    known: Vec<&'static str>,
    /// What is wrong so far.
    pub(super) faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    /// Begins to read `object`, whose fields are called `prefix` and their name.
    pub(super) fn new(object: &'a Map<String, Value>, prefix: &'static str) -> Self {
        Self { object, prefix, known: Vec::new(), faults: Vec::new() }
    }

    /// Notes what is wrong.
    pub(super) fn refuse(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Whether the field is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// Lets fields pass without a look; something else reads them.
    pub(super) fn skip(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    /// The field's value, whatever it is.
    pub(super) fn any(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object.get(name)
    }

    /// A string.
    pub(super) fn text(&mut self, name: &'static str) -> Option<&'a str> {
        let value = self.any(name)?;
        self.typed(name, "string", value.as_str())
    }

    /// A string that must be one of `allowed`.
    pub(super) fn one_of(&mut self, name: &'static str, allowed: &[&str]) -> Option<&'a str> {
        let value = self.text(name)?;
        if allowed.contains(&value) {
            return Some(value);
        }
        let rule = format!("It must be {}.", or(allowed));
        self.refuse(Fault::invalid(&self.path(name), rule).allowing(allowed.iter().copied()));
        None
    }

    /// A web address (docs: "Format: URI"). The bound on its length is ours.
    pub(super) fn web_address(&mut self, name: &'static str) -> Option<&'a str> {
        let value = self.text(name)?;
        if is_web_address(value) {
            return Some(value);
        }
        let rule = "It must be a URI that begins with https:// and has at most 4096 characters.";
        self.refuse(Fault::invalid(&self.path(name), rule));
        None
    }

    /// True or false.
    pub(super) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        let value = self.any(name)?;
        self.typed(name, "boolean", value.as_bool())
    }

    /// An object.
    pub(super) fn object(&mut self, name: &'static str) -> Option<&'a Map<String, Value>> {
        let value = self.any(name)?;
        self.typed(name, "object", value.as_object())
    }

    /// A whole number within `range`.
    pub(super) fn integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let value = self.any(name)?;
        if let Some(number) = value.as_u64().filter(|number| range.contains(number)) {
            return Some(number);
        }
        let rule = match range.end() {
            &u64::MAX => format!("It must be an integer of at least {}.", range.start()),
            end => format!("It must be an integer between {} and {end}.", range.start()),
        };
        self.refuse(Fault::invalid(&self.path(name), rule).kind("integer"));
        None
    }

    /// Everything that is wrong, unknown fields included.
    pub(super) fn into_faults(mut self) -> Vec<Fault> {
        self.take_faults()
    }

    /// The same, of an object of which nothing more is read.
    pub(super) fn take_faults(&mut self) -> Vec<Fault> {
        let unknown = self.object.keys().filter(|key| !self.known.contains(&key.as_str()));
        for key in unknown.take(MAX_FAULTS) {
            let why = "The parameter is not supported for this model architecture.";
            self.faults.push(Fault::unsupported(&format!("{}{key}", self.prefix), why));
        }
        std::mem::take(&mut self.faults)
    }

    /// The field's full name.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn typed<T>(&mut self, name: &str, kind: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            let rule = format!("It must be of type {kind}.");
            self.refuse(Fault::invalid(&self.path(name), rule).kind(kind));
        }
        value
    }
}

/// The most errors that are reported for one task; ours.
pub(super) const MAX_FAULTS: usize = 20;

/// Whether `text` looks like an address that a service could fetch from.
pub(super) fn is_web_address(text: &str) -> bool {
    text.len() <= 4096
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && ["https://", "http://"]
            .iter()
            .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// `a, b or c`.
pub(super) fn or(all: &[impl AsRef<str>]) -> String {
    let all: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => (*only).to_owned(),
        None => "left out".to_owned(),
    }
}
