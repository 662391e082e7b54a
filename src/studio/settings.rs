//! The form: model and settings. It can't be wrong: what the model does not allow is not offered, and
//! the reason stands beside it.

use serde::{Deserialize, Serialize};

use super::image_picker::Picker;
use super::line::Line;
use crate::domain::catalog::{Catalog, Model, ModelId, StatusKind, default_model};
use crate::domain::cost::Estimate;
use crate::domain::request::{
    Choices, ClipLength, Field, GenerationRequest, Options, Parameters, Refusal,
};
use crate::domain::setting::{Offer, SETTINGS, Setting, Value};
use crate::domain::size::AspectRatio;

/// What was chosen in the form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedForm {
    /// The model.
    pub model: ModelId,
    /// Everything else.
    #[serde(flatten)]
    pub choices: Choices,
}

impl Default for SavedForm {
    fn default() -> Self {
        let Settings { model_id, chosen, .. } = Settings::default();
        Self { model: model_id, choices: chosen }
    }
}

/// The form.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The chosen model.
    pub model_id: ModelId,
    /// What else is chosen; the prompt stands elsewhere.
    pub chosen: Choices,
    /// What the config says for what is not chosen.
    pub defaults: Options,
    /// The row that has the focus.
    pub row: usize,
    /// Whether the rows of the delivery are shown.
    pub unfolded: bool,
    /// The value that is being written.
    pub editing: Option<Line>,
    /// What can be picked while that is an image.
    pub picker: Picker,
    /// The image that is being read.
    pub reading: Option<String>,
    /// What was changed by itself, or refused, last.
    pub remark: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model_id: default_model(false),
            chosen: Choices { draft: true, ..Choices::default() },
            defaults: Options::default(),
            row: 0,
            unfolded: false,
            editing: None,
            picker: Picker::default(),
            reading: None,
            remark: None,
        }
    }
}

impl Settings {
    /// What outlives the program.
    pub fn saved(&self) -> SavedForm {
        SavedForm { model: self.model_id.clone(), choices: self.chosen.clone() }
    }

    /// Takes what an earlier process saved.
    pub fn restore(&mut self, saved: SavedForm) {
        (self.model_id, self.chosen) = (saved.model, saved.choices);
    }

    /// The rows as they stand.
    pub fn rows(&self) -> Vec<Field> {
        Field::rows(self.unfolded)
    }

    /// The focused row.
    pub fn focused(&self) -> Field {
        let rows = self.rows();
        rows[self.row.min(rows.len() - 1)]
    }

    /// Focuses a row.
    pub fn focus(&mut self, row: Field) {
        self.unfolded |= row.setting().is_some_and(Setting::is_delivery);
        self.row = self.rows().iter().position(|other| *other == row).unwrap_or(0);
    }

    /// The chosen model.
    pub fn model<'a>(&self, catalog: &'a Catalog) -> Option<&'a Model> {
        catalog.model(&self.model_id).or(catalog.models.first())
    }

    /// The models that are stepped through: those that are live, and the chosen one.
    pub fn offered<'a>(&self, catalog: &'a Catalog) -> Vec<&'a Model> {
        let mine = &self.model_id;
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
        let chosen = self.chosen.clone();
        let draft = chosen.draft && model.drafts().is_some();
        let resolution = chosen.resolution.filter(|_| !draft);
        // Where a clip can take its image's shape it does so by itself, and perhaps can't otherwise.
        let follows = chosen.can_follow(model) && model.size.must_follow();
        let aspect = chosen.aspect.filter(|one| *one != AspectRatio::OF_IMAGE && !follows);
        Choices { prompt, draft, resolution, aspect, ..chosen }.or_defaults(model, &self.defaults)
    }

    /// The next or the previous value of the focused row.
    pub fn step(&mut self, catalog: &Catalog, forward: bool) {
        self.remark = None;
        let Some(model) = self.model(catalog) else { return };
        let field = self.focused();
        let Some(setting) = field.setting() else {
            match field {
                Field::Delivery => self.unfolded = !self.unfolded,
                _ => self.step_model(catalog, forward),
            }
            return;
        };
        let now = self.chosen.get(setting.field);
        let stepped = match (setting.offer)(model, &self.chosen) {
            Offer::OneOf(all, default) => next(&all, now.or(Some(default)), forward),
            Offer::Whole(min, max, default) => {
                let now = now.as_ref().and_then(Value::whole);
                next_whole(min, max, default, now, forward).map(Value::Whole)
            }
            Offer::Length => {
                let now = self.chosen.duration;
                next_length(model, now, forward).map(Value::word)
            }
            Offer::Nothing(..) | Offer::Settled(..) | Offer::Image | Offer::Address => return,
        };
        self.chosen.put(setting.field, stepped);
    }

    fn step_model(&mut self, catalog: &Catalog, forward: bool) {
        let ids: Vec<ModelId> = self.offered(catalog).iter().map(|model| model.key()).collect();
        if let Some(id) = next(&ids, Some(self.model_id.clone()), forward) {
            self.take_model(catalog, id);
        }
    }

    /// Takes a model, keeps what still fits, and remarks on what does not.
    pub fn take_model(&mut self, catalog: &Catalog, id: ModelId) {
        let Some(model) = catalog.model(&id) else { return };
        self.model_id = id;
        let mut given_up = Vec::new();
        for setting in &SETTINGS {
            let Some(value) = self.chosen.get(setting.field) else { continue };
            let fits = match self.chosen.image(setting.field) {
                Some(image) => self.refusal(model, setting.field, image).is_none(),
                None => (setting.offer)(model, &self.chosen).allows(model, &value),
            };
            if fits {
                continue;
            }
            // That a draft was wanted is remembered for the next model that has them.
            if setting.field != Field::Draft {
                self.chosen.put(setting.field, None);
            }
            given_up.extend((setting.given_up)(model).filter(|_| value != Value::Flag(false)));
        }
        self.remark =
            (!given_up.is_empty()).then(|| format!("{}: {}", model.name, given_up.join(", ")));
    }

    /// Gives up what the catalog no longer has.
    pub fn fit(&mut self, catalog: &Catalog) {
        match catalog.model(&self.model_id) {
            Some(_) => self.take_model(catalog, self.model_id.clone()),
            None => self.restore(SavedForm::default()),
        }
    }

    /// Brings the settings of an earlier request back.
    pub fn recall(&mut self, request: &Parameters, seed: Option<u64>) {
        self.model_id = request.model.clone();
        self.chosen = Choices { seed, prompt: String::new(), ..Choices::from(request) };
    }

    /// Begins to write the focused row's value, or changes it where it is chosen from a list.
    pub fn enter(&mut self, catalog: &Catalog) {
        let row = self.focused();
        let Some(setting) = row.setting() else { return self.step(catalog, true) };
        let Some(model) = self.model(catalog) else { return };
        let text = match (setting.offer)(model, &self.chosen) {
            Offer::Length | Offer::Image | Offer::Address | Offer::Whole(_, _, None) => {
                self.chosen.get(row)
            }
            _ => return self.step(catalog, true),
        };
        let text = text.map(|value| value.to_string()).unwrap_or_default();
        self.editing = Some(Line::new(text.strip_suffix(" s").unwrap_or(&text)));
    }

    /// Puts the focused row back to what the model does by itself.
    pub fn reset(&mut self, catalog: &Catalog) {
        self.remark = None;
        match self.focused() {
            Field::Model | Field::Draft | Field::Delivery => {}
            field => self.chosen.put(field, None),
        }
        self.fit_last_frame(catalog);
    }

    /// Takes the last frame away where the model takes none without a first one.
    pub(super) fn fit_last_frame(&mut self, catalog: &Catalog) {
        let rule = self.model(catalog).and_then(|model| model.frames.as_ref());
        let needs_first = rule.is_some_and(|rule| !rule.last_alone);
        if needs_first && self.chosen.first_frame.is_none() && self.chosen.last_frame.is_some() {
            self.chosen.last_frame = None;
            self.remark = Some("the last frame went too: it needs a first one".to_owned());
        }
    }

    /// Takes a written value. Images are read elsewhere.
    pub fn take_written(&mut self, catalog: &Catalog, text: &str) {
        self.remark = None;
        let (Some(model), Some(setting)) = (self.model(catalog), self.focused().setting()) else {
            return;
        };
        let text = text.trim();
        if text.is_empty() || text == setting.unset {
            return self.chosen.put(setting.field, None);
        }
        match setting.parse(text) {
            Ok(value) if (setting.offer)(model, &self.chosen).allows(model, &value) => {
                self.chosen.put(setting.field, Some(value));
            }
            Ok(_) => self.remark = Some(format!("{} takes {}", model.name, taken(setting, model))),
            Err(what) => self.remark = Some(what),
        }
    }

    /// Why the chosen model offers nothing on `row`.
    pub fn reason(&self, row: Field, catalog: &Catalog) -> Option<&'static str> {
        (row.setting()?.offer)(self.model(catalog)?, &self.chosen).reason()
    }
}

/// What `model` takes of a setting that is written.
fn taken(setting: &Setting, model: &Model) -> String {
    match (setting.field, (setting.offer)(model, &Choices::default())) {
        (Field::Seed, _) => {
            format!("seeds up to {}", model.seed.as_ref().map_or(0, |rule| rule.accepted_max))
        }
        (_, Offer::Whole(min, max, _)) => format!("{min} to {max}"),
        (_, Offer::Address) => "an address with all of its end".to_owned(),
        _ => model.duration.in_words(),
    }
}

/// The neighbour of a whole number; nothing stands below the lowest where nothing is the default.
fn next_whole(
    min: u64,
    max: u64,
    default: Option<u64>,
    now: Option<u64>,
    forward: bool,
) -> Option<u64> {
    match (now.or(default), forward) {
        (None, true) => Some(min),
        (None, false) => None,
        (Some(now), true) => Some(now.saturating_add(1).clamp(min, max)),
        (Some(now), false) if now <= min => default.map(|_| min),
        (Some(now), false) => Some((now - 1).clamp(min, max)),
    }
}

/// The neighbour of a length.
fn next_length(model: &Model, now: Option<ClipLength>, forward: bool) -> Option<ClipLength> {
    let all = lengths(model);
    match now.or(Some(ClipLength::Ms(model.duration.default_ms()))) {
        // A written length may lie between two of the list.
        Some(ClipLength::Ms(ms)) if !all.contains(&ClipLength::Ms(ms)) => beside(&all, ms, forward),
        now => next(&all, now, forward),
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
        settings.unfolded = true;
        let mut dice = 7_u64;
        for _ in 0..5000 {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            settings.row = (dice >> 33) as usize % Field::rows(true).len();
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
        settings.take_model(&catalog, default_model(true));
        settings.chosen.resolution = "1080p".parse().ok();
        let outlook = settings.outlook(&catalog).expect("an outlook");
        assert_eq!(outlook.0.size_px, Some((864, 496)));
        settings.focus(Field::Draft);
        settings.step(&catalog, true);
        let outlook = settings.outlook(&catalog).expect("an outlook");
        assert_eq!(outlook.0.size_px, Some((1920, 1080)));
    }
}
