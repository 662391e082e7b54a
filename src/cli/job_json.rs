//! A job as JSON. The names are a promise to scripts; README lists them.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::job::{Job, JobError, JobKind, JobState, Relation};
use crate::domain::money::MicroUsd;
use crate::domain::request::{ClipLength, Parameters};
use crate::domain::setting::SETTINGS;
use crate::words;

/// What scripts read. Amounts are US dollars, times RFC 3339, paths absolute.
#[derive(Serialize)]
pub(super) struct JobJson {
    id: String,
    short: String,
    state: JobState,
    kind: JobKind,
    provider: String,
    model: String,
    prompt: String,
    resolution: String,
    aspect: String,
    width: Option<u32>,
    height: Option<u32>,
    duration_s: Option<f64>,
    seed: Option<u64>,
    results: u32,
    audio: Option<bool>,
    /// The settings on which nothing else depends, under their keys; null where nothing is said.
    #[serde(flatten)]
    options: Map<String, Value>,
    draft_id: Option<String>,
    parent: Option<String>,
    relation: Option<Relation>,
    created_at: String,
    updated_at: String,
    /// The most that it was going to cost; null where no price is published.
    estimate_usd: Option<f64>,
    charge_usd: Option<f64>,
    /// What the service named where that can't be.
    #[serde(skip_serializing_if = "Option::is_none")]
    named_charge_usd: Option<f64>,
    files: Vec<Value>,
    error: Option<Value>,
    /// Why it is held; null where it is not.
    held: Option<String>,
}

impl JobJson {
    /// `job` with its files below `data_dir`.
    pub(super) fn new(job: &Job, data_dir: &Path) -> Self {
        let request = &job.request;
        let first = job.files().next().and_then(|file| file.facts.as_ref());
        let size = request.size_px.or(first.map(|facts| (facts.width_px, facts.height_px)));
        let duration_s = match request.duration {
            ClipLength::Ms(ms) => Some(f64::from(ms) / 1000.0),
            ClipLength::Auto => first.map(|facts| facts.duration_ms as f64 / 1000.0),
        };
        let file = |path: &str| data_dir.join(path).display().to_string();
        let files = job.outputs.iter().filter_map(|output| {
            let clip = output.file.as_ref()?;
            Some(json!({
                "path": file(&clip.path), "bytes": clip.bytes, "sha256": clip.sha256,
                "seed": output.seed, "charge_usd": output.charge.filter(|charge| job.estimate.believes(*charge)).map(MicroUsd::as_usd),
                "flagged": output.flagged, "cut": clip.cut, "work": output.work,
            }))
        });
        Self {
            id: job.id.to_string(),
            short: job.id.short(),
            state: job.state,
            kind: request.kind,
            provider: request.model.provider.clone(),
            model: request.model.model.clone(),
            prompt: request.prompt.clone(),
            resolution: request.resolution.to_string(),
            aspect: request.aspect.to_string(),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            duration_s,
            seed: job.seed(),
            results: request.results,
            audio: request.audio,
            options: options(request),
            draft_id: job.draft_id().map(str::to_owned).or_else(|| request.draft_id.clone()),
            parent: job.parent.map(|parent| parent.job.to_string()),
            relation: job.parent.map(|parent| parent.relation),
            created_at: job.created_at.to_string(),
            updated_at: job.updated_at.to_string(),
            estimate_usd: job.estimate.most().map(MicroUsd::as_usd),
            charge_usd: job.charge().map(MicroUsd::as_usd),
            named_charge_usd: job.unbelievable().map(MicroUsd::as_usd),
            files: files.collect(),
            error: job.error.as_ref().map(|one| error(job, one)),
            held: job.held.clone(),
        }
    }
}

fn options(request: &Parameters) -> Map<String, Value> {
    let options = SETTINGS.iter().filter(|setting| setting.option.is_some());
    let value = |field| json!(request.options.get(field));
    options.map(|setting| (setting.key(), value(setting.field))).collect()
}

fn error(job: &Job, error: &JobError) -> Value {
    let advice = words::trouble(job).map_or(error.advice(), |(_, advice)| advice);
    json!({
        "class": error.class, "code": error.code, "message": error.message,
        "parameters": error.parameters, "charged": error.charged, "advice": advice,
    })
}
