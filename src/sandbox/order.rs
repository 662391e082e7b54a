//! What a `videoInference` task asks for, held against every rule of its model.
//!
//! The rules are Runware's model pages as the catalog holds them (docs, Seedance 1.0 Pro, 1.0 Pro
//! Fast and 1.5 Pro: request parameters, compatibility and validation).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::derive;
use super::dispatch;
use super::fault::Fault;
use super::fields::{Fields, or};
use super::frames::{Frame, Inputs};
use super::promotion::{self, FoundDraft};
use super::scene::FRAME_RATE;
use super::settings::Settings;
use super::size::{self, Shape, Size};
use crate::domain::address::Address;
use crate::domain::catalog::Model;
use crate::domain::cost::Estimate;
use crate::domain::job::JobKind;
use crate::domain::money::MicroUsd;
use crate::domain::request::{ClipLength, Options, OutputFormat, Parameters};
use crate::domain::size::{AspectRatio, Resolution};

/// The parameters that say where something is sent to.
const ADDRESSES: [&str; 2] = ["uploadEndpoint", "webhookURL"];

/// A task that broke no rule, with nothing left open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The prompt that is rendered; a final's is its draft's.
    pub prompt: String,
    /// Draft, final of a draft, or neither.
    pub kind: JobKind,
    /// The resolution.
    pub resolution: Resolution,
    /// The aspect ratio.
    pub aspect: AspectRatio,
    /// Width and height in pixels.
    pub size_px: (u32, u32),
    /// The length; a length of "auto" is chosen by now.
    pub duration_ms: u32,
    /// The seed of the first result.
    pub seed: u64,
    /// How many results.
    pub results: u32,
    /// Whether there is sound; none where the model has no such setting.
    pub audio: Option<bool>,
    /// Whether the camera stands still.
    pub camera_fixed: bool,
    /// The image that the clip begins with.
    pub first_frame: Option<Frame>,
    /// The image that the clip ends with.
    pub last_frame: Option<Frame>,
    /// The draft that this promotes.
    pub draft_id: Option<String>,
    /// How the results are wanted.
    #[serde(flatten)]
    pub wishes: Wishes,
}

/// An order and what came with it.
pub(super) struct Checked {
    /// The order.
    pub(super) order: Order,
    /// The task as it is remembered: with the images' hashes in the place of their bytes.
    pub(super) request: Value,
}

/// How results are wanted, which a draft and its final may say differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wishes {
    /// The container.
    pub format: OutputFormat,
    /// The quality, 20 to 99.
    pub quality: u8,
    /// Whether results name their cost.
    pub include_cost: bool,
    /// How long the files are kept, in seconds, where that was said.
    pub ttl_s: Option<u64>,
    /// Whether results say that they were checked for their content.
    pub checks_content: bool,
    /// Frames a second.
    #[serde(default = "film")]
    pub fps: u32,
    /// Where clips are put. The journal has what is shown of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_endpoint: Option<Address>,
    /// Whom results are told. The journal has what is shown of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<Address>,
}

impl Wishes {
    /// The addresses that something is sent to.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.upload_endpoint.iter().chain(&self.webhook_url)
    }

    /// The same, to be changed.
    pub fn addresses_mut(&mut self) -> impl Iterator<Item = &mut Address> {
        self.upload_endpoint.iter_mut().chain(&mut self.webhook_url)
    }
}

fn film() -> u32 {
    FRAME_RATE
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            format: OutputFormat::Mp4,
            quality: 95,
            include_cost: false,
            ttl_s: None,
            checks_content: false,
            fps: FRAME_RATE,
            upload_endpoint: None,
            webhook_url: None,
        }
    }
}

/// The order that `task` makes of `model`, or everything that speaks against it. `find_draft`
/// gives the draft of an id, `find_media` the stored image of one.
pub(super) fn check(
    model: &Model,
    task: &Map<String, Value>,
    id: Uuid,
    find_draft: &dyn Fn(&str) -> Option<FoundDraft>,
    find_media: &dyn Fn(Uuid) -> Option<Frame>,
) -> Result<Checked, Vec<Fault>> {
    let mut fields = Fields::new(task, "");
    fields.skip(&["taskType", "taskUUID", "model"]);
    let wishes = wishes(&mut fields, model);
    let inputs = Inputs::read(&mut fields, model, find_media);
    let order = match &inputs.draft_id {
        Some(draft_id) => {
            promotion::check(&mut fields, model, draft_id, &inputs, find_draft, wishes)
        }
        None => plain(&mut fields, model, task, id, &inputs, wishes),
    };
    let faults = fields.into_faults();
    let Some(order) = order.filter(|_| faults.is_empty()) else { return Err(faults) };
    let mut request = without_inputs(task);
    if let Some(echo) = inputs.echo {
        request.insert("inputs".into(), echo);
    }
    Ok(Checked { order, request: Value::Object(request) })
}

fn plain(
    fields: &mut Fields<'_>,
    model: &Model,
    task: &Map<String, Value>,
    id: Uuid,
    inputs: &Inputs,
    wishes: Option<Wishes>,
) -> Option<Order> {
    let prompt = prompt(fields, model, model.prompt.required);
    let settings = Settings::read(fields, model, task);
    let draft = model.drafts().filter(|_| settings.draft == Some(true));
    let shape = if inputs.has_frames {
        Shape::Image(inputs.first.as_ref().or(inputs.last.as_ref()).and_then(Frame::ratio))
    } else {
        Shape::Text
    };
    let size = match draft {
        Some(rule) => {
            let note = format!("In draft mode only {} is supported.", rule.resolution);
            size::of(fields, model, &[rule.resolution], shape, &note)
        }
        None => size::of(fields, model, &model.resolutions().collect::<Vec<_>>(), shape, ""),
    };
    let duration = duration(fields, model);
    let seed = seed(fields, model);
    let results = fields.integer("numberResults", 1..=u64::from(model.results.max));
    let Size { resolution, aspect, pixels } = size?;
    let wishes = wishes?;
    Some(Order {
        prompt: prompt?.to_owned(),
        kind: if draft.is_some() { JobKind::Draft } else { JobKind::Single },
        resolution,
        aspect,
        size_px: pixels,
        duration_ms: match duration? {
            ClipLength::Ms(ms) => ms,
            ClipLength::Auto => chosen_length_ms(model, id),
        },
        seed: seed.unwrap_or_else(|| derive::seed(id)),
        results: results.unwrap_or(1) as u32,
        audio: model.audio.as_ref().map(|rule| settings.audio.unwrap_or(rule.default)),
        camera_fixed: settings.camera_fixed.unwrap_or(false),
        first_frame: inputs.first.clone(),
        last_frame: inputs.last.clone(),
        draft_id: None,
        wishes,
    })
}

/// The prompt, empty where it may be left out and was.
pub(super) fn prompt<'a>(
    fields: &mut Fields<'a>,
    model: &Model,
    required: bool,
) -> Option<&'a str> {
    if !fields.has("positivePrompt") {
        if required {
            fields.refuse(Fault::missing("positivePrompt").kind("string"));
        }
        fields.skip(&["positivePrompt"]);
        return Some("");
    }
    let prompt = fields.text("positivePrompt")?;
    let (min, max) = (model.prompt.min_chars, model.prompt.max_chars.unwrap_or(usize::MAX));
    let length = prompt.chars().count();
    if !(min..=max).contains(&length) {
        let rule = format!("It has {length} characters and must have {min} to {max}.");
        fields.refuse(Fault::invalid("positivePrompt", rule).kind("string"));
    }
    Some(prompt)
}

fn duration(fields: &mut Fields<'_>, model: &Model) -> Option<ClipLength> {
    let rule = &model.duration;
    let Some(value) = fields.any("duration") else {
        return Some(ClipLength::Ms(rule.default_ms()));
    };
    let length = match value.as_str() {
        Some("auto") if rule.auto => Some(ClipLength::Auto),
        Some(_) => None,
        None => value
            .as_f64()
            .and_then(|seconds| milliseconds(seconds, rule.step_s))
            .filter(|ms| rule.allows_ms(*ms))
            .map(ClipLength::Ms),
    };
    if length.is_none() {
        let fault = Fault::invalid("duration", format!("It must be {}.", rule.in_words()));
        fields.refuse(if rule.auto { fault.allowing(["auto"]) } else { fault.kind("float") });
    }
    length
}

/// Seconds as whole milliseconds; where a model has steps, only if they are that to the last digit.
fn milliseconds(seconds: f64, step_s: f64) -> Option<u32> {
    let ms = (seconds * 1000.0).round();
    let exact = step_s <= 0.001 || (seconds * 1000.0 - ms).abs() < 1e-6;
    (exact && (0.0..=3_600_000.0).contains(&ms)).then_some(ms as u32)
}

/// The length that the sandbox chooses for "auto". How the real model chooses is not documented.
fn chosen_length_ms(model: &Model, id: Uuid) -> u32 {
    let (min, max) = model.duration.range_ms();
    let step = ((model.duration.step_s * 1000.0).round() as u32).max(1);
    min + step * derive::choice(id, (max - min) / step + 1)
}

fn seed(fields: &mut Fields<'_>, model: &Model) -> Option<u64> {
    // Without a rule the model has no such parameter, and it is refused as unknown.
    let rule = model.seed.as_ref()?;
    fields.integer("seed", 0..=rule.accepted_max)
}

/// The parameters that decide nothing of the picture (docs, API options).
fn wishes(fields: &mut Fields<'_>, model: &Model) -> Option<Wishes> {
    fields.one_of("outputType", &["URL"]);
    fields.one_of("deliveryMethod", &["async"]);
    let rule = model.quality.as_ref();
    let quality = rule.and_then(|rule| {
        fields.integer("outputQuality", u64::from(rule.min)..=u64::from(rule.max))
    });
    Some(Wishes {
        quality: quality.or(rule.map(|rule| u64::from(rule.default))).unwrap_or(95).min(100) as u8,
        include_cost: fields.boolean("includeCost").unwrap_or(false),
        ttl_s: fields.integer("ttl", 60..=u64::MAX),
        checks_content: safety(fields),
        fps: FRAME_RATE,
        upload_endpoint: address(fields, ADDRESSES[0]),
        webhook_url: address(fields, ADDRESSES[1]),
        format: format(fields, model)?,
    })
}

fn format(fields: &mut Fields<'_>, model: &Model) -> Option<OutputFormat> {
    let rendered = [OutputFormat::Mp4, OutputFormat::Webm, OutputFormat::Mov];
    let offered: Vec<OutputFormat> = rendered
        .into_iter()
        .filter(|one| model.formats.is_empty() || model.formats.contains(one))
        .collect();
    if !fields.has("outputFormat") {
        return Some(offered.first().copied().unwrap_or(OutputFormat::Mp4));
    }
    let wanted = fields.text("outputFormat")?;
    let word = |one: &OutputFormat| one.extension().to_uppercase();
    if let Some(format) = offered.iter().find(|one| word(one) == wanted) {
        return Some(*format);
    }
    let words: Vec<String> = offered.iter().map(word).collect();
    let rule = format!("It must be {}.", or(&words));
    fields.refuse(Fault::invalid("outputFormat", rule).allowing(words));
    None
}

/// An address that something is to be sent to; only on this machine does the sandbox do that.
fn address(fields: &mut Fields<'_>, name: &'static str) -> Option<Address> {
    let text = fields.web_address(name)?;
    let address = text.parse::<Address>().ok().filter(dispatch::is_here);
    if address.is_none() {
        let rule = "This sandbox sends nothing beyond its own machine: it must begin with http://127.0.0.1 or \
                    http://localhost.";
        fields.refuse(Fault::invalid(name, rule));
    }
    address
}

/// Whether the content is to be checked.
fn safety(fields: &mut Fields<'_>) -> bool {
    let Some(safety) = fields.object("safety") else { return false };
    let mut inner = Fields::new(safety, "safety.");
    let check = inner.boolean("checkContent").unwrap_or(false);
    let mode = inner.one_of("mode", &["none", "fast", "full"]).unwrap_or("none");
    fields.faults.extend(inner.into_faults());
    check || mode != "none"
}

impl Order {
    /// What one result costs, as the model's page bills it.
    ///
    /// Where the catalog is not sure of a price it gives a range; its middle is billed.
    pub(super) fn cost_each(&self, model: &Model) -> MicroUsd {
        let parameters = Parameters {
            model: model.key(),
            prompt: String::new(),
            kind: self.kind,
            resolution: self.resolution,
            aspect: self.aspect,
            size_px: Some(self.size_px),
            duration: ClipLength::Ms(self.duration_ms),
            seed: None,
            results: 1,
            audio: self.audio,
            first_frame: None,
            last_frame: None,
            draft_id: None,
            options: Options::default(),
        };
        match Estimate::of(model, &parameters).each {
            Some((low, high)) if low == high => low,
            // As the page's own example is billed.
            Some((_, high)) if model.price.may_round_up => high,
            Some((low, high)) => MicroUsd((low.0 + high.0) / 20 * 10),
            None => MicroUsd::ZERO,
        }
    }
}

impl Wishes {
    /// The final of `draft` at `size`: everything but the size and these wishes is inherited.
    pub(super) fn promote(self, draft: FoundDraft, draft_id: &str, size: Size) -> Order {
        Order {
            kind: JobKind::Final,
            resolution: size.resolution,
            size_px: size.pixels,
            seed: draft.seed,
            results: 1,
            draft_id: Some(draft_id.to_owned()),
            wishes: self,
            ..draft.order
        }
    }
}

/// Everything of `task` but its `inputs`, whose images can be many megabytes, and the end of addresses, which are
/// credentials.
fn without_inputs(task: &Map<String, Value>) -> Map<String, Value> {
    let kept = task.iter().filter(|(key, _)| *key != "inputs");
    let shown = |key: &str, value: &Value| match value.as_str().map(str::parse::<Address>) {
        Some(Ok(address)) if ADDRESSES.contains(&key) => Value::String(address.to_string()),
        _ => value.clone(),
    };
    kept.map(|(key, value)| (key.clone(), shown(key, value))).collect()
}
