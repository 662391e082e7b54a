//! The form: model and settings. It can't be wrong: what the model does not allow is not offered, and
//! the reason stands beside it.

use serde::{Deserialize, Serialize};

pub use super::form_row::Row;
use super::image_picker::Picker;
use super::line::Line;
use crate::domain::catalog::{Catalog, Model, ModelId, StatusKind};
use crate::domain::cost::Estimate;
use crate::domain::request::{
    Choices, ClipLength, FrameImage, GenerationRequest, OutputFormat, Parameters, Refusal,
};
use crate::domain::size::{AspectRatio, Resolution};

/// What is chosen. This outlives the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// The model.
    pub model: ModelId,
    /// Whether it is a draft.
    pub draft: bool,
    /// The resolution of a full render.
    pub resolution: Option<Resolution>,
    /// The shape.
    pub aspect: Option<AspectRatio>,
    /// The length.
    pub duration: Option<ClipLength>,
    /// The seed.
    pub seed: Option<u64>,
    /// How many.
    pub results: u32,
    /// Sound.
    pub audio: Option<bool>,
    /// The camera.
    pub camera_fixed: bool,
    /// The image it begins with.
    pub first_frame: Option<FrameImage>,
    /// The image it ends with.
    pub last_frame: Option<FrameImage>,
    /// The container.
    pub format: Option<OutputFormat>,
    /// The quality.
    pub quality: Option<u32>,
}

impl Default for Chosen {
    fn default() -> Self {
        Self {
            model: ModelId { provider: "sandbox".to_owned(), model: "1.5-pro".to_owned() },
            draft: true,
            resolution: None,
            aspect: None,
            duration: None,
            seed: None,
            results: 1,
            audio: None,
            camera_fixed: false,
            first_frame: None,
            last_frame: None,
            format: None,
            quality: None,
        }
    }
}

/// The form.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What is chosen.
    pub chosen: Chosen,
    /// The row that has the focus.
    pub row: usize,
    /// The value that is being written.
    pub editing: Option<Line>,
    /// What can be picked while that is an image.
    pub picker: Picker,
    /// The image that is being read.
    pub reading: Option<String>,
    /// What was changed by itself, or refused, last.
    pub remark: Option<String>,
}

impl Settings {
    /// The focused row.
    pub fn focused(&self) -> Row {
        Row::ALL[self.row.min(Row::ALL.len() - 1)]
    }

    /// Focuses a row.
    pub fn focus(&mut self, row: Row) {
        self.row = Row::ALL.iter().position(|other| *other == row).unwrap_or(0);
    }

    /// The chosen model.
    pub fn model<'a>(&self, catalog: &'a Catalog) -> Option<&'a Model> {
        catalog.model(&self.chosen.model).or(catalog.models.first())
    }

    /// The models that are stepped through: those that are live, and the chosen one.
    pub fn offered<'a>(&self, catalog: &'a Catalog) -> Vec<&'a Model> {
        let mine = &self.chosen.model;
        let live = |model: &&Model| model.status.kind == StatusKind::Live || model.key() == *mine;
        catalog.models.iter().filter(live).collect()
    }

    /// The request that prompt and form make, or what speaks against it.
    pub fn request(
        &self,
        catalog: &Catalog,
        prompt: &str,
    ) -> Result<GenerationRequest, Vec<Refusal>> {
        let Some(model) = self.model(catalog) else { return Err(Vec::new()) };
        GenerationRequest::new(model, self.choices(model, prompt.to_owned()))
    }

    /// What the form comes to, whatever the prompt: the request's parameters and its estimate.
    pub fn outlook(&self, catalog: &Catalog) -> Option<(Parameters, Estimate)> {
        let model = self.model(catalog)?;
        let request =
            GenerationRequest::new(model, self.choices(model, "a prompt".to_owned())).ok()?;
        let estimate = Estimate::of(model, &request);
        Some(((*request).clone(), estimate))
    }

    pub(super) fn choices(&self, model: &Model, prompt: String) -> Choices {
        let chosen = &self.chosen;
        let draft = chosen.draft && model.drafts().is_some();
        Choices {
            prompt,
            draft,
            resolution: chosen.resolution.filter(|_| !draft),
            aspect: chosen.aspect,
            duration: chosen.duration,
            seed: chosen.seed,
            results: Some(chosen.results),
            audio: chosen.audio,
            camera_fixed: chosen.camera_fixed.then_some(true),
            first_frame: chosen.first_frame.clone(),
            last_frame: chosen.last_frame.clone(),
            format: chosen.format,
            quality: chosen.quality,
        }
    }

    /// The next or the previous value of the focused row.
    pub fn step(&mut self, catalog: &Catalog, forward: bool) {
        self.remark = None;
        let Some(model) = self.model(catalog) else { return };
        let chosen = &mut self.chosen;
        match Row::ALL[self.row.min(Row::ALL.len() - 1)] {
            Row::Model => self.step_model(catalog, forward),
            Row::Mode if model.drafts().is_some() => chosen.draft = !chosen.draft,
            Row::Resolution if !(chosen.draft && model.drafts().is_some()) => {
                let all: Vec<Resolution> = model.resolutions().collect();
                chosen.resolution =
                    next(&all, chosen.resolution.or(Some(model.default_resolution)), forward);
            }
            Row::Aspect => {
                let resolution = resolution(chosen, model);
                let all: Vec<AspectRatio> = model.ratios(resolution).collect();
                chosen.aspect = next(&all, Some(aspect(chosen, model)), forward);
            }
            Row::Duration => {
                let all = lengths(model);
                let now = chosen.duration.or(Some(ClipLength::Ms(model.duration.default_ms())));
                chosen.duration = match now {
                    // A written length may lie between two of the list.
                    Some(ClipLength::Ms(ms)) if !all.contains(&ClipLength::Ms(ms)) => {
                        beside(&all, ms, forward)
                    }
                    now => next(&all, now, forward),
                };
            }
            Row::Seed if model.seed.is_some() => {
                chosen.seed = match (chosen.seed, forward) {
                    (None, true) => Some(0),
                    (None, false) | (Some(0), false) => None,
                    (Some(seed), true) => Some(seed.saturating_add(1)),
                    (Some(seed), false) => Some(seed - 1),
                };
            }
            Row::Results => {
                let all: Vec<u32> = (1..=model.results.max).collect();
                chosen.results = next(&all, Some(chosen.results), forward).unwrap_or(1);
            }
            Row::Audio => {
                if let Some(rule) = &model.audio {
                    chosen.audio = Some(!chosen.audio.unwrap_or(rule.default));
                }
            }
            Row::Camera if model.camera_fixed.is_some() => {
                chosen.camera_fixed = !chosen.camera_fixed
            }
            Row::Format => {
                let now = chosen.format.or(model.formats.first().copied());
                chosen.format = next(&model.formats, now, forward);
            }
            Row::Quality => {
                if let Some(rule) = &model.quality {
                    let now = chosen.quality.unwrap_or(rule.default);
                    let new = if forward { now + 1 } else { now.saturating_sub(1) };
                    chosen.quality = Some(new.clamp(rule.min, rule.max));
                }
            }
            _ => {}
        }
    }

    fn step_model(&mut self, catalog: &Catalog, forward: bool) {
        let ids: Vec<ModelId> = self.offered(catalog).iter().map(|model| model.key()).collect();
        if let Some(id) = next(&ids, Some(self.chosen.model.clone()), forward) {
            self.take_model(catalog, id);
        }
    }

    /// Takes a model, keeps what still fits, and remarks on what does not.
    pub fn take_model(&mut self, catalog: &Catalog, id: ModelId) {
        let Some(model) = catalog.model(&id) else { return };
        self.chosen.model = id;
        let mut changed = Vec::new();
        let chosen = &mut self.chosen;
        if chosen.draft && model.drafts().is_none() {
            changed.push("no drafts".to_owned());
        }
        if chosen.resolution.is_some_and(|one| !model.resolutions().any(|other| other == one)) {
            chosen.resolution = None;
            changed.push(format!("{} instead", model.default_resolution));
        }
        let resolution = resolution(chosen, model);
        if chosen.aspect.is_some_and(|one| !model.ratios(resolution).any(|other| other == one)) {
            chosen.aspect = None;
            changed.push("aspect as it comes".to_owned());
        }
        let fits = |length| match length {
            ClipLength::Ms(ms) => model.duration.allows_ms(ms),
            ClipLength::Auto => model.duration.auto,
        };
        if chosen.duration.is_some_and(|length| !fits(length)) {
            chosen.duration = None;
            changed.push(format!("{} s", f64::from(model.duration.default_ms()) / 1000.0));
        }
        if chosen.seed.is_some() && model.seed.is_none() {
            chosen.seed = None;
            changed.push("no seed".to_owned());
        }
        if chosen.results > model.results.max {
            chosen.results = model.results.max;
            changed.push(format!("{} at once", model.results.max));
        }
        if model.audio.is_none() && chosen.audio.take() == Some(true) {
            changed.push("no sound".to_owned());
        }
        if model.camera_fixed.is_none() && std::mem::take(&mut chosen.camera_fixed) {
            changed.push("free camera".to_owned());
        }
        if chosen.format.is_some_and(|format| !model.formats.contains(&format)) {
            chosen.format = None;
            changed.push("format as it comes".to_owned());
        }
        let quality_fits = |quality: u32| {
            model.quality.as_ref().is_some_and(|rule| (rule.min..=rule.max).contains(&quality))
        };
        chosen.quality = chosen.quality.filter(|quality| quality_fits(*quality));
        changed.extend(self.fit_images(model));
        self.remark =
            (!changed.is_empty()).then(|| format!("{}: {}", model.name, changed.join(", ")));
    }

    /// Brings the settings of an earlier request back.
    pub fn recall(&mut self, request: &Parameters, seed: Option<u64>) {
        self.chosen = Chosen {
            model: request.model.clone(),
            draft: request.kind == crate::domain::job::JobKind::Draft,
            resolution: Some(request.resolution),
            aspect: Some(request.aspect),
            duration: Some(request.duration),
            seed,
            results: request.results,
            audio: request.audio,
            camera_fixed: request.camera_fixed.unwrap_or(false),
            first_frame: request.first_frame.clone(),
            last_frame: request.last_frame.clone(),
            format: request.format,
            quality: request.quality,
        };
    }

    /// Begins to write the focused row's value, or changes it where it is chosen from a list.
    pub fn enter(&mut self, catalog: &Catalog) {
        let row = self.focused();
        if !row.is_written() || self.reason(row, catalog).is_some() {
            return self.step(catalog, true);
        }
        let text = match row {
            Row::Seed => self.chosen.seed.map(|seed| seed.to_string()).unwrap_or_default(),
            Row::Duration => match self.chosen.duration {
                Some(ClipLength::Ms(ms)) => (f64::from(ms) / 1000.0).to_string(),
                Some(ClipLength::Auto) => "auto".to_owned(),
                None => String::new(),
            },
            _ => self.image(row).map(FrameImage::text).unwrap_or_default(),
        };
        self.editing = Some(Line::new(&text));
    }

    /// Puts the focused row back to what the model does by itself.
    pub fn reset(&mut self) {
        self.remark = None;
        let row = self.focused();
        let chosen = &mut self.chosen;
        match row {
            Row::Model | Row::Mode => {}
            Row::Resolution => chosen.resolution = None,
            Row::Aspect => chosen.aspect = None,
            Row::Duration => chosen.duration = None,
            Row::Seed => chosen.seed = None,
            Row::Results => chosen.results = 1,
            Row::Audio => chosen.audio = None,
            Row::Camera => chosen.camera_fixed = false,
            Row::FirstFrame => {
                chosen.first_frame = None;
                if chosen.last_frame.take().is_some() {
                    self.remark = Some("the last frame went too: it needs a first one".to_owned());
                }
            }
            Row::LastFrame => chosen.last_frame = None,
            Row::Format => chosen.format = None,
            Row::Quality => chosen.quality = None,
        }
    }

    /// Takes a written seed or length. Images are read elsewhere.
    pub fn take_written(&mut self, catalog: &Catalog, text: &str) {
        self.remark = None;
        let text = text.trim();
        let Some(model) = self.model(catalog) else { return };
        match self.focused() {
            Row::Seed if text.is_empty() || text == "random" => self.chosen.seed = None,
            Row::Seed => match text.parse() {
                Ok(seed) if model.seed.as_ref().is_some_and(|rule| seed > rule.accepted_max) => {
                    let most = model.seed.as_ref().map_or(0, |rule| rule.offered_max);
                    self.remark = Some(format!("{} takes seeds up to {most}", model.name));
                }
                Ok(seed) => self.chosen.seed = Some(seed),
                Err(_) => self.remark = Some(format!("'{text}' is no seed; write a whole number")),
            },
            Row::Duration if text.is_empty() => self.chosen.duration = None,
            Row::Duration => match text.parse::<ClipLength>() {
                Ok(ClipLength::Ms(ms)) if !model.duration.allows_ms(ms) => {
                    self.remark =
                        Some(format!("{} takes {}", model.name, model.duration.in_words()));
                }
                Ok(ClipLength::Auto) if !model.duration.auto => {
                    self.remark =
                        Some(format!("{} takes {}", model.name, model.duration.in_words()));
                }
                Ok(length) => self.chosen.duration = Some(length),
                Err(what) => self.remark = Some(what),
            },
            _ => {}
        }
    }

    /// Why the focused model offers nothing on `row`.
    pub fn reason(&self, row: Row, catalog: &Catalog) -> Option<&'static str> {
        let model = self.model(catalog)?;
        match row {
            Row::Mode if model.drafts().is_none() => Some("this model has no drafts"),
            Row::Resolution if self.chosen.draft && model.drafts().is_some() => {
                Some("a draft is always that")
            }
            Row::Seed if model.seed.is_none() => Some("this model takes no seed"),
            Row::Results if model.results.max == 1 => Some("this model makes one at a time"),
            Row::Audio if model.audio.is_none() => Some("this model makes no sound"),
            Row::Camera if model.camera_fixed.is_none() => {
                Some("this model can't fix it; say it in the prompt")
            }
            Row::FirstFrame if model.frames.is_none() => Some("this model takes no images"),
            Row::LastFrame if model.frames.as_ref().is_none_or(|rule| !rule.last) => {
                Some("this model takes no last frame")
            }
            Row::LastFrame
                if self.chosen.first_frame.is_none() && self.chosen.last_frame.is_none() =>
            {
                Some("choose the first frame before it")
            }
            Row::Format if model.formats.is_empty() => Some("the provider decides"),
            Row::Quality if model.quality.is_none() => Some("the provider decides"),
            _ => None,
        }
    }
}

/// The shape in force: the chosen one, or the nearest to the first frame.
pub fn aspect(chosen: &Chosen, model: &Model) -> AspectRatio {
    let offered: Vec<AspectRatio> = model.ratios(resolution(chosen, model)).collect();
    let by_image = chosen.first_frame.as_ref().and_then(|image| image.nearest(&offered));
    chosen.aspect.or(by_image).unwrap_or(AspectRatio::WIDESCREEN)
}

/// The resolution in force.
pub fn resolution(chosen: &Chosen, model: &Model) -> Resolution {
    match model.drafts() {
        Some(rule) if chosen.draft => rule.resolution,
        _ => chosen.resolution.unwrap_or(model.default_resolution),
    }
}

/// Every length that can be stepped through: whole seconds where steps are finer, and auto.
fn lengths(model: &Model) -> Vec<ClipLength> {
    let (min, max) = model.duration.range_ms();
    let whole = (min.div_ceil(1000)..=max / 1000).map(|s| s * 1000);
    let mut all: Vec<ClipLength> = std::iter::once(min)
        .chain(whole.filter(|ms| *ms != min))
        .filter(|ms| model.duration.allows_ms(*ms))
        .map(ClipLength::Ms)
        .collect();
    if model.duration.auto {
        all.push(ClipLength::Auto);
    }
    all
}

/// The length of `all` next to one of `ms` milliseconds that is not among them.
fn beside(all: &[ClipLength], ms: u32, forward: bool) -> Option<ClipLength> {
    let is_above = |length: &ClipLength| matches!(length, ClipLength::Ms(one) if *one > ms);
    let above = all.iter().position(is_above).unwrap_or(all.len());
    let at = if forward { above } else { above.saturating_sub(1) };
    all.get(at).or(all.last()).copied()
}

/// The neighbour of `now` in `all`, round and round.
fn next<T: Clone + PartialEq>(all: &[T], now: Option<T>, forward: bool) -> Option<T> {
    let at = now.and_then(|now| all.iter().position(|one| *one == now));
    let to = match at {
        None => 0,
        Some(at) if forward => (at + 1) % all.len(),
        Some(at) => (at + all.len() - 1) % all.len(),
    };
    all.get(to).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> (Catalog, Settings) {
        (Catalog::load(&[]).0, Settings::default())
    }

    #[test]
    fn whatever_is_stepped_through_the_form_is_never_wrong() {
        let (catalog, mut settings) = form();
        let mut dice = 7_u64;
        for _ in 0..5000 {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            settings.row = (dice >> 33) as usize % Row::ALL.len();
            settings.step(&catalog, dice & (1 << 40) != 0);
            let refusals = settings.request(&catalog, "a fox").err();
            assert_eq!(refusals, None, "{:?}", settings.chosen);
        }
    }

    #[test]
    fn another_model_keeps_what_fits_and_says_what_changed() {
        let (catalog, mut settings) = form();
        settings.chosen.seed = Some(7);
        settings.chosen.aspect = "4:3".parse().ok();
        settings.take_model(&catalog, "runbase/1.0-pro".parse().expect("an id"));
        assert_eq!(settings.chosen.aspect, "4:3".parse().ok());
        assert_eq!(settings.chosen.seed, None);
        let remark = settings.remark.expect("a remark");
        assert!(remark.contains("no drafts") && remark.contains("no seed"), "{remark}");
    }

    #[test]
    fn a_draft_pins_its_resolution_and_a_full_render_remembers_its_own() {
        let (catalog, mut settings) = form();
        settings.chosen.resolution = "1080p".parse().ok();
        let outlook = settings.outlook(&catalog).expect("an outlook");
        assert_eq!(outlook.0.size_px, Some((864, 496)));
        settings.focus(Row::Mode);
        settings.step(&catalog, true);
        let outlook = settings.outlook(&catalog).expect("an outlook");
        assert_eq!(outlook.0.size_px, Some((1920, 1080)));
    }
}
