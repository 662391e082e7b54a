//! Every rule between what a person chose and what a model allows.

use std::fmt;

use super::{Choices, ClipLength, Field, FrameImage, Options, Refusal};
use crate::domain::catalog::Model;
use crate::domain::setting::{Offer, SETTINGS, Value};
use crate::domain::size::{AspectRatio, Resolution};
use crate::domain::text::is_blank;

/// All rules between choices and a model, in one place.
pub(super) struct Check<'a> {
    pub(super) model: &'a Model,
    pub(super) refusals: Vec<Refusal>,
}

impl Check<'_> {
    fn refuse(&mut self, field: Field, rule: impl Into<String>, allowed: impl Into<String>) {
        self.refusals.push(Refusal { field, rule: rule.into(), allowed: allowed.into() });
    }

    pub(super) fn prompt(&mut self, prompt: String) -> String {
        let rule = &self.model.prompt;
        let limits = match rule.max_chars {
            Some(max) => {
                format!("{} takes {} to {max} characters", self.model.name, rule.min_chars)
            }
            None => format!("{} takes at least {} character", self.model.name, rule.min_chars),
        };
        let length = prompt.chars().count();
        let blank = is_blank(&prompt);
        if blank && (rule.required || length > 0) {
            self.refuse(Field::Prompt, "there is nothing to render in it", limits);
        } else if !blank && length < rule.min_chars {
            self.refuse(Field::Prompt, format!("{length} character is too short"), limits);
        } else if rule.max_chars.is_some_and(|max| length > max) {
            self.refuse(Field::Prompt, format!("{length} characters are too many"), limits);
        }
        prompt
    }

    pub(super) fn resolution(&mut self, choices: &Choices) -> Resolution {
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

    pub(super) fn aspect(&mut self, choices: &Choices, resolution: Resolution) -> AspectRatio {
        let model = self.model;
        let offered: Vec<AspectRatio> = model.ratios(resolution).collect();
        let aspect = choices.aspect_on(model);
        let has_image = choices.first_frame.is_some() || choices.last_frame.is_some();
        if aspect == AspectRatio::OF_IMAGE {
            if !choices.can_follow(model) {
                let rule = "there is no frame image whose ratio the clip could take";
                let rule = if has_image { "the model takes no ratio from an image" } else { rule };
                self.refuse(Field::AspectRatio, rule, format!("choose {}", join(&offered)));
            }
            return aspect;
        }
        if has_image && model.size.must_follow() {
            let rule = format!("{} takes its ratio from the frame image", model.name);
            self.refuse(Field::AspectRatio, rule, "leave it out");
        }
        // An unknown resolution was refused already and has no ratios to hold this one against.
        if !offered.is_empty() && !offered.contains(&aspect) {
            let rule = format!("{} has no {aspect} at {resolution}", model.name);
            self.refuse(Field::AspectRatio, rule, format!("choose {}", join(&offered)));
        }
        aspect
    }

    pub(super) fn duration(&mut self, choices: &Choices) -> ClipLength {
        let rule = &self.model.duration;
        let length = choices.duration.unwrap_or(ClipLength::Ms(rule.default_ms()));
        if !rule.allows(length) {
            let wrong = format!("{} can't make a clip of {length}", self.model.name);
            self.refuse(Field::Duration, wrong, format!("choose {}", rule.in_words()));
        }
        length
    }

    pub(super) fn seed(&mut self, choices: &Choices) -> Option<u64> {
        let seed = choices.seed?;
        match &self.model.seed {
            None => {
                let rule = format!("{} takes no seed", self.model.name);
                self.refuse(Field::Seed, rule, "leave it out");
            }
            Some(rule) if seed > rule.accepted_max => {
                let allowed = format!("choose 0 to {}", rule.accepted_max);
                self.refuse(Field::Seed, format!("{seed} is too large"), allowed);
            }
            Some(_) => {}
        }
        Some(seed)
    }

    pub(super) fn results(&mut self, choices: &Choices) -> u32 {
        let results = choices.results.unwrap_or(1);
        let max = self.model.results.max;
        if !(1..=max).contains(&results) {
            let allowed =
                if max == 1 { "choose 1".to_owned() } else { format!("choose 1 to {max}") };
            self.refuse(Field::Results, format!("{results} can't be asked for at once"), allowed);
        }
        results
    }

    pub(super) fn audio(&mut self, choices: &Choices) -> Option<bool> {
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

    /// The settings on which nothing else depends, each held against what its row offers.
    pub(super) fn options(&mut self, choices: &Choices) -> Options {
        let model = self.model;
        let mut options = Options::default();
        for setting in &SETTINGS {
            let Some(rule) = &setting.option else { continue };
            let chosen = choices.options.get(setting.field);
            let offer = (setting.offer)(model, choices);
            let value = match (&offer, chosen) {
                // Saying "no" to what is not there is no mistake.
                (Offer::Nothing(..), None | Some(Value::Flag(false))) => continue,
                (Offer::OneOf(_, default), None) => rule.is_said.then_some(default),
                (_, None) => None,
                (offer, Some(value)) if offer.allows(model, value) => Some(value),
                (Offer::Whole(min, max, _), Some(value)) => {
                    let wrong = format!("{value} is out of range");
                    self.refuse(setting.field, wrong, format!("choose {min} to {max}"));
                    continue;
                }
                (offer, Some(value)) => {
                    let wrong = format!("{} {}", model.name, (rule.lacks)(value));
                    let allowed = match offer {
                        Offer::OneOf(all, _) => format!("choose {}", join(all)),
                        _ => rule.instead.to_owned(),
                    };
                    self.refuse(setting.field, wrong, allowed);
                    continue;
                }
            };
            options.put(setting.field, value.cloned());
        }
        options
    }

    pub(super) fn first_frame(&mut self, choices: &Choices) -> Option<FrameImage> {
        let image = choices.first_frame.clone()?;
        self.frame(Field::FirstFrame, &image);
        Some(image)
    }

    pub(super) fn last_frame(&mut self, choices: &Choices) -> Option<FrameImage> {
        let image = choices.last_frame.clone()?;
        if self.model.frames.as_ref().is_some_and(|rule| !rule.last) {
            let rule = format!("{} takes a first frame only", self.model.name);
            self.refuse(Field::LastFrame, rule, "leave it out");
        } else if choices.first_frame.is_none()
            && !self.model.frames.as_ref().is_some_and(|rule| rule.last_alone)
        {
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
                let wrong = format!("'{url}' is not a web address");
                return self.refuse(
                    field,
                    wrong,
                    "give a file, or an address that begins with https:// or http://",
                );
            }
            FrameImage::Stored(_) if rule.stored => return,
            FrameImage::Stored(_) => {
                let wrong = format!("{} keeps no images by an id", self.model.name);
                return self.refuse(field, wrong, "give a file or a web address");
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
        let size = format!("{} is {width}x{height} pixels", file.name());
        let sides = rule.min_px..=rule.max_px;
        if !sides.contains(&width) || !sides.contains(&height) {
            let allowed = format!(
                "each side must have {} to {} pixels{}",
                rule.min_px,
                rule.max_px,
                rule.whose()
            );
            return self.refuse(field, size, allowed);
        }
        let ratio = f64::from(width) / f64::from(height);
        if !(rule.min_ratio..=rule.max_ratio).contains(&ratio) {
            let allowed = format!(
                "width over height must lie between {} and {}{}",
                rule.min_ratio,
                rule.max_ratio,
                rule.whose()
            );
            return self.refuse(field, size, allowed);
        }
        if file.bytes > rule.max_bytes {
            let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
            let wrong = format!("{} has {}", file.name(), megabytes(file.bytes));
            let most = megabytes(rule.max_bytes);
            self.refuse(field, wrong, format!("expected at most {most}{}", rule.whose()));
        }
    }
}

fn is_web_address(text: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// `a, b or c`.
pub(super) fn join<T: fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => "nothing".to_owned(),
    }
}
