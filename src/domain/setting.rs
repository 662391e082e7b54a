//! What can be set of a request. A setting is one row of [`SETTINGS`]: how people, scripts and services call
//! it, what a value of it is, and what of it a model offers. The form, the command line, the checks, the
//! comparisons and the JSON are made of the rows.

mod table;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::catalog::Model;
use super::request::Choices;
pub use table::SETTINGS;

/// A part of a request that can be chosen or refused; a form focuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The model.
    Model,
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
    /// Frames a second.
    Fps,
    /// Whether the content is checked.
    Safety,
    /// How long the service keeps the result.
    Ttl,
    /// Where the service puts the result.
    UploadEndpoint,
    /// Whom the service tells of the result.
    WebhookUrl,
    /// What becomes of the result: a form folds the rare settings of that below it.
    Delivery,
}

impl Field {
    /// Its row; `None` for the model, the prompt and the fold of the delivery.
    pub fn setting(self) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.field == self)
    }

    /// The rows of a form: the model, every setting, and where it is `unfolded` those of the delivery.
    pub fn rows(unfolded: bool) -> Vec<Self> {
        let of = |delivery| SETTINGS.iter().filter(move |one| one.is_delivery() == delivery);
        let field = |setting: &Setting| setting.field;
        let begin = std::iter::once(Self::Model).chain(of(false).map(field));
        let end = of(true).filter(|_| unfolded).map(field);
        begin.chain([Self::Delivery]).chain(end).collect()
    }

    /// Its label in a form.
    pub fn label(self) -> &'static str {
        match (self, self.setting()) {
            (_, Some(setting)) => setting.label,
            (Self::Prompt, None) => "Prompt",
            (Self::Delivery, None) => "Delivery",
            (_, None) => "Model",
        }
    }

    /// The field that a service means by its name of a parameter, such as `inputs.frameImages[1].image`.
    pub fn of_parameter(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('[', ".").replace(']', "");
        let last = name.rsplit('.').find(|part| part.parse::<u8>().is_err())?;
        if last == "model" {
            return Some(Self::Model);
        }
        let field = SETTINGS.iter().find(|setting| setting.wire.contains(&last))?.field;
        // The second of several images is the last frame.
        let is_second = name.ends_with(".1") || name.contains(".1.");
        Some(if field == Self::FirstFrame && is_second { Self::LastFrame } else { field })
    }

    /// Whether it is an image.
    pub fn is_image(self) -> bool {
        matches!(self, Self::FirstFrame | Self::LastFrame)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self, self.setting()) {
            (_, Some(setting)) => setting.name,
            (Self::Prompt, None) => "prompt",
            (Self::Delivery, None) => "delivery",
            (_, None) => "model",
        })
    }
}

/// A value of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(u64),
    /// Anything else, as it is written.
    Word(String),
    /// An address that something is sent to. It is read back as a word.
    #[serde(skip_deserializing)]
    Address(Address),
}

impl Value {
    /// A value that is written as `T` writes it.
    pub fn word(value: impl fmt::Display) -> Self {
        Self::Word(value.to_string())
    }

    /// Yes or no.
    pub fn flag(&self) -> Option<bool> {
        if let Self::Flag(flag) = self { Some(*flag) } else { None }
    }

    /// The address.
    pub fn address(&self) -> Option<&Address> {
        if let Self::Address(address) = self { Some(address) } else { None }
    }

    /// The number.
    pub fn whole(&self) -> Option<u64> {
        if let Self::Whole(whole) = self { Some(*whole) } else { None }
    }

    /// What the word says.
    pub fn parse<T: FromStr>(&self) -> Option<T> {
        if let Self::Word(word) = self { word.parse().ok() } else { None }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Whole(whole) => whole.fmt(f),
            Self::Word(word) => f.write_str(word),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// What the values of a setting are.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Yes or no, with the words for no and for yes.
    Flag([&'static str; 2]),
    /// Whole numbers.
    Whole,
    /// Words, with what reads one and writes it as it is kept.
    Word(fn(&str) -> Result<String, String>),
    /// Images, which have to be read first.
    Image,
    /// Addresses that something is sent to, which are credentials.
    Address,
}

/// A setting.
pub struct Setting {
    /// Which one.
    pub field: Field,
    /// Its name in sentences: `fixed camera`.
    pub name: &'static str,
    /// Its label in a form: `Camera`.
    pub label: &'static str,
    /// Its name on the command line: `camera-fixed`.
    pub flag: &'static str,
    /// Its names at services, in lower case and without what they are nested in.
    pub wire: &'static [&'static str],
    /// What stands behind the flag on the command line; `None` where the flag alone says yes.
    pub takes: Option<&'static str>,
    /// What the command line's help says of it.
    pub help: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// How it reads where nothing is chosen.
    pub unset: &'static str,
    /// What of it a model offers, with what else is chosen.
    pub offer: fn(&Model, &Choices) -> Offer,
    /// What is said where a model is taken that does not have what was chosen; `None` where that is no loss.
    pub given_up: fn(&Model) -> Option<String>,
    /// Present where nothing else depends on it: it is kept among a request's [`Options`].
    ///
    /// [`Options`]: super::request::Options
    pub option: Option<Optional>,
}

/// What is said of a setting on which nothing else depends.
pub struct Optional {
    /// What a model can't, behind its name, where it does not have `value`: `can't fix the camera`.
    pub lacks: fn(&Value) -> String,
    /// What to do then.
    pub instead: &'static str,
    /// Whether it is about what becomes of the result, which few ever set.
    pub is_delivery: bool,
    /// Whether a final says it for itself, and does not inherit its draft's.
    pub is_of_final: bool,
    /// Whether the model's default is written into a request where nothing is chosen.
    pub is_said: bool,
    /// How a request's summary tells of the value; `None` where it does not.
    pub summary: fn(&Value) -> Option<String>,
}

/// What of a setting a model offers.
pub enum Offer {
    /// Nothing: why, and what stands in its place.
    Nothing(&'static str, &'static str),
    /// What something else that is chosen decides: why, and what it is.
    Settled(&'static str, String),
    /// One of these; the second is taken where nothing is chosen.
    OneOf(Vec<Value>, Value),
    /// A whole number from the first to the second; the third is taken where nothing is chosen.
    Whole(u64, u64, Option<u64>),
    /// A length of the model's.
    Length,
    /// An address.
    Address,
    /// An image.
    Image,
}

impl Offer {
    /// Why there is nothing to choose.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Nothing(why, _) | Self::Settled(why, _) => Some(why),
            _ => None,
        }
    }

    /// Whether `value` can stay chosen on `model`.
    pub fn allows(&self, model: &Model, value: &Value) -> bool {
        match self {
            Self::Nothing(..) => false,
            Self::Settled(..) | Self::Image => true,
            Self::OneOf(all, _) => all.contains(value),
            Self::Whole(min, max, _) => {
                value.whole().is_some_and(|whole| (min..=max).contains(&&whole))
            }
            Self::Address => matches!(value, Value::Address(address) if address.is_whole()),
            Self::Length => value.parse().is_some_and(|length| model.duration.allows(length)),
        }
    }
}

impl Setting {
    /// Its name in JSON: `camera_fixed`.
    pub fn key(&self) -> String {
        self.flag.replace('-', "_")
    }

    /// Whether a form folds it below the delivery.
    pub fn is_delivery(&self) -> bool {
        self.option.as_ref().is_some_and(|option| option.is_delivery)
    }

    /// Whether a final says it for itself.
    pub fn is_of_final(&self) -> bool {
        self.option.as_ref().is_some_and(|option| option.is_of_final)
    }

    /// The value that `text` says, or why it says none.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self.kind {
            Kind::Flag(words) => match words.iter().position(|word| *word == text) {
                Some(at) => Ok(Value::Flag(at == 1)),
                None => Err(format!("'{text}' is neither {} nor {}", words[0], words[1])),
            },
            Kind::Whole => match text.parse() {
                Ok(whole) => Ok(Value::Whole(whole)),
                Err(_) => {
                    Err(format!("'{text}' is not a valid {}; expected a whole number", self.name))
                }
            },
            Kind::Word(read) => read(text).map(Value::Word),
            Kind::Image => Ok(Value::Word(text.to_owned())),
            Kind::Address => text.parse().map(Value::Address),
        }
    }

    /// How `value` reads to a person.
    pub fn show(&self, value: Option<&Value>) -> String {
        match (value, self.kind) {
            (None, _) => self.unset.to_owned(),
            (Some(Value::Flag(flag)), Kind::Flag(words)) => words[usize::from(*flag)].to_owned(),
            (Some(value), _) => value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::request::Options;
    use crate::domain::sample;

    #[test]
    fn no_two_settings_share_a_name() {
        let all = |name: fn(&Setting) -> &'static str| -> BTreeSet<&str> {
            SETTINGS.iter().map(name).collect()
        };
        for names in
            [all(|setting| setting.name), all(|setting| setting.label), all(|setting| setting.flag)]
        {
            assert_eq!(names.len(), SETTINGS.len(), "{names:?}");
        }
        let wire: Vec<&str> = SETTINGS.iter().flat_map(|setting| setting.wire).copied().collect();
        assert_eq!(wire.iter().collect::<BTreeSet<_>>().len(), wire.len(), "{wire:?}");
    }

    #[test]
    fn whatever_a_model_offers_reads_back_as_it_is_shown_and_as_it_is_kept() {
        for model in &sample::catalog().models {
            for setting in &SETTINGS {
                let offer = (setting.offer)(model, &Choices::default());
                let values = match &offer {
                    Offer::OneOf(all, _) => all.clone(),
                    Offer::Whole(min, max, _) => vec![Value::Whole(*min), Value::Whole(*max)],
                    _ => continue,
                };
                for value in values {
                    assert!(offer.allows(model, &value), "{} {value}", setting.name);
                    let shown = setting.show(Some(&value));
                    assert_eq!(setting.parse(&shown).as_ref(), Ok(&value), "{}", setting.name);
                    let mut choices = Choices::default();
                    choices.put(setting.field, Some(value.clone()));
                    assert_eq!(choices.get(setting.field), Some(value), "{}", setting.name);
                    let kept = serde_json::to_string(&choices).expect("JSON");
                    assert_eq!(serde_json::from_str::<Choices>(&kept).ok(), Some(choices));
                }
            }
        }
    }

    #[test]
    fn what_earlier_versions_kept_of_the_options_is_read() {
        let text =
            r#"{"seed": 7, "camera_fixed": true, "format": "mov", "quality": null, "later": [1]}"#;
        let choices: Choices = serde_json::from_str(text).expect("choices");
        let mut options = Options::default();
        options.put(Field::CameraFixed, Some(Value::Flag(true)));
        options.put(Field::Format, Some(Value::word("mov")));
        assert_eq!((choices.seed, &choices.options), (Some(7), &options));
        assert!(serde_json::from_str::<Choices>(r#"{"quality": "much"}"#).is_err());
    }

    #[test]
    fn a_services_name_of_a_parameter_leads_to_its_field() {
        for (name, field) in [
            ("model", Some(Field::Model)),
            ("providerSettings.bytedance.cameraFixed", Some(Field::CameraFixed)),
            ("inputs.frameImages[0].image", Some(Field::FirstFrame)),
            ("inputs.frameImages[1]", Some(Field::LastFrame)),
            ("input.size", Some(Field::Resolution)),
            ("numberResults", Some(Field::Results)),
            ("temperature", None),
        ] {
            assert_eq!(Field::of_parameter(name), field, "{name}");
        }
    }
}
