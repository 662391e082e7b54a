//! The final of a draft: what it inherits, what it says for itself, and the draft where that was made elsewhere.

use super::check::{Check, join};
use super::{Choices, ClipLength, Field, GenerationRequest, Options, Parameters, Refusal};
use crate::domain::catalog::Model;
use crate::domain::cost::Estimate;
use crate::domain::job::JobKind;
use crate::domain::setting::Value;
use crate::domain::size::{AspectRatio, Resolution};

impl GenerationRequest {
    /// A draft that was made elsewhere, as far as `choices` know it: what they leave open stays open, and its price a
    /// range.
    pub fn draft_from_elsewhere(model: &Model, choices: Choices) -> Result<Self, Vec<Refusal>> {
        let open = (choices.aspect, choices.duration, choices.audio);
        let Self(mut draft) = Self::new(model, Choices { draft: true, ..choices })?;
        if open.0.is_none() {
            (draft.aspect, draft.size_px) = (AspectRatio::OF_IMAGE, None);
        }
        draft.duration = open.1.unwrap_or(ClipLength::Auto);
        draft.audio = open.2;
        draft.options.put(Field::CameraFixed, None);
        Ok(Self(draft))
    }

    /// The final of the draft that `draft` made and the provider knows as `draft_id`.
    ///
    /// Prompt, ratio, duration, seed, sound, camera and images are the draft's: the provider
    /// inherits them, and they stand here so that the price and the history are right.
    pub fn promote(
        model: &Model,
        draft: &Self,
        draft_id: String,
        seed: Option<u64>,
        resolution: Option<Resolution>,
    ) -> Result<Self, Refusal> {
        let refuse = |field, rule: &str, allowed: String| {
            Err(Refusal { field, rule: rule.to_owned(), allowed })
        };
        let Some(rule) = model.drafts() else {
            let allowed = "run it again as a full render instead".to_owned();
            return refuse(Field::Draft, "this model can't promote drafts", allowed);
        };
        let offered = &rule.promote_resolutions;
        let resolution =
            resolution.or_else(|| draft.cheapest_final(model)).unwrap_or(draft.resolution);
        if !offered.contains(&resolution) {
            let rule = format!("a draft can't be promoted to {resolution}");
            return refuse(Field::Resolution, &rule, format!("choose {}", join(offered)));
        }
        let mut options = draft.options.clone();
        // These were the draft's own.
        for field in [Field::Quality, Field::UploadEndpoint, Field::WebhookUrl] {
            options.put(field, None);
        }
        Ok(Self(Parameters {
            kind: JobKind::Final,
            resolution,
            size_px: model.pixels(resolution, draft.aspect_of(model)),
            seed: seed.or(draft.seed),
            results: 1,
            draft_id: Some(draft_id),
            options,
            ..draft.0.clone()
        }))
    }

    /// The same final with what `chosen` and `defaults` say of how it comes: what neither does is the draft's, or the
    /// service's own.
    pub fn finished_as(
        self,
        model: &Model,
        chosen: &Options,
        defaults: &Options,
    ) -> Result<Self, Vec<Refusal>> {
        let own = |(field, value): (Field, &Value)| {
            field.setting()?.is_of_final().then(|| (field, value.clone()))
        };
        let mut choices = Choices::default();
        for (field, value) in chosen.iter().filter_map(own) {
            choices.options.put(field, Some(value));
        }
        for (field, value) in self.options.iter().filter_map(own) {
            if choices.options.get(field).is_none() {
                choices.options.put(field, Some(value));
            }
        }
        let mut own_defaults = Options::default();
        for (field, value) in defaults.iter().filter_map(own) {
            own_defaults.put(field, Some(value));
        }
        let mut check = Check { model, refusals: Vec::new() };
        let mut options = check.options(&choices.or_defaults(model, &own_defaults));
        if !check.refusals.is_empty() {
            return Err(check.refusals);
        }
        options.put(Field::CameraFixed, self.options.get(Field::CameraFixed).cloned());
        Ok(Self(Parameters { options, ..self.0 }))
    }

    /// The resolution at which a final of this draft costs least.
    fn cheapest_final(&self, model: &Model) -> Option<Resolution> {
        let price = |resolution: &Resolution| {
            let size_px = model.pixels(*resolution, self.aspect_of(model));
            let kind = JobKind::Final;
            let parameters =
                Parameters { kind, resolution: *resolution, size_px, ..self.0.clone() };
            (Estimate::of(model, &parameters).most(), *resolution)
        };
        model.drafts()?.promote_resolutions.iter().copied().min_by_key(price)
    }
}
