//! The settings of a request on which nothing else depends, by their rows.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::setting::{Field, SETTINGS, Value};

/// What is set of them. In JSON each stands under its row's key, beside the other parts of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options(BTreeMap<Field, Value>);

impl Options {
    /// The value of `field`, where it is set.
    pub fn get(&self, field: Field) -> Option<&Value> {
        self.0.get(&field)
    }

    /// Whether `field` is set to yes or to no.
    pub fn flag(&self, field: Field) -> Option<bool> {
        self.get(field)?.flag()
    }

    /// The number of `field`.
    pub fn whole(&self, field: Field) -> Option<u64> {
        self.get(field)?.whole()
    }

    /// Sets `field`, or takes it back.
    pub fn put(&mut self, field: Field, value: Option<Value>) {
        match value {
            Some(value) => self.0.insert(field, value),
            None => self.0.remove(&field),
        };
    }

    /// All that is set, in the order of the rows.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &Value)> {
        self.0.iter().map(|(field, value)| (*field, value))
    }
}

impl Serialize for Options {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.iter().filter_map(|(field, value)| Some((field.setting()?.key(), value))),
        )
    }
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Options;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings of a request")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Options, M::Error> {
        let mut options = Options::default();
        while let Some(key) = map.next_key::<String>()? {
            let options_of = SETTINGS.iter().filter(|setting| setting.option.is_some());
            // What stands beside them belongs to others, or to a later version.
            let Some(setting) = options_of.into_iter().find(|setting| setting.key() == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let Some(value) = map.next_value::<Option<Value>>()? else { continue };
            let text = setting.show(Some(&value));
            let value = setting
                .parse(&text)
                .map_err(|why| M::Error::custom(format!("{}: {why}", setting.key())))?;
            options.put(setting.field, Some(value));
        }
        Ok(options)
    }
}
