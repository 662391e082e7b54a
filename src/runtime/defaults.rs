//! The config's `[defaults]`: settings that nobody chose.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::mistakes::near;
use crate::domain::request::Options;
use crate::domain::setting::{SETTINGS, Setting, Value};

/// The settings of `[defaults]`, each by itself, so that what is wrong with one is told of its line.
pub(super) fn read_defaults<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Options, D::Error> {
    struct All;
    impl<'de> Visitor<'de> for All {
        type Value = Options;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("settings")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Options, A::Error> {
            let mut defaults = Options::default();
            while let Some(Named(setting)) = all.next_key()? {
                let value = all.next_value_seed(ValueOf(setting))?;
                defaults.put(setting.field, Some(value));
            }
            Ok(defaults)
        }
    }
    deserializer.deserialize_map(All)
}

/// A setting that may have a default, by its name.
struct Named(&'static Setting);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        let all = || SETTINGS.iter().filter(|setting| setting.option.is_some());
        all().find(|setting| setting.key() == key).map(Self).ok_or_else(|| {
            let keys: Vec<String> = all().map(|setting| setting.key()).collect();
            let meant = near(&key, keys.iter().map(String::as_str));
            let meant = meant.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            D::Error::custom(format!(
                "this setting does not exist; a default can be given for {}{meant}",
                keys.join(", ")
            ))
        })
    }
}

/// A value of this setting.
struct ValueOf(&'static Setting);

impl<'de> DeserializeSeed<'de> for ValueOf {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Self(setting) = self;
        let value = Value::deserialize(deserializer)?;
        // The value may be a credential, and is not repeated.
        let expected = setting.takes.unwrap_or("true|false");
        let wrong =
            |_| D::Error::custom(format!("{} is not valid; expected {expected}", setting.key()));
        setting.parse(&setting.show(Some(&value))).map_err(wrong)
    }
}
