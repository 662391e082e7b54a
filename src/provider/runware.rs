//! Runware's protocol: arrays of tasks, client-made task ids, `getResponse` for many tasks at once.
//!
//! Sources: the provider's pages of Seedance 1.0 Pro, 1.0 Pro Fast and 1.5 Pro; its documents on task
//! polling, errors, task details and account management; what its official SDKs do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::body::{self, flag, number, whole};
use super::registry::{Images, Named};
use super::reply::{MAX_URL_CHARS, is_unclear, not_its_protocol, status_error};
use super::runware_error::WireError;
use super::wire::{HttpRequest, HttpResponse};
use crate::domain::catalog::{Model, SizeField};
use crate::domain::job::{Charged, FailureClass, Inline, Job, JobError, JobId, Output, WITHIN};
use crate::domain::money::MicroUsd;
use crate::domain::outcome::{Report, Sighting, SubmitOutcome, Trouble};
use crate::domain::request::{ClipLength, Field, FrameImage, Parameters};
use crate::domain::size::AspectRatio;
use crate::domain::text::one_line;

/// The request that submits `job` under its attempt key.
pub(super) fn submit(
    base_url: &str,
    model: &Model,
    job: &Job,
    images: &Images,
) -> Result<HttpRequest, JobError> {
    let request = &job.request;
    let mut task = json!({
        "taskType": "videoInference",
        "taskUUID": job.attempt_key,
        "model": model.wire_id,
        "deliveryMethod": "async",
        "includeCost": true,
        "outputType": "URL",
    });
    if let Some(format) = request.format() {
        task["outputFormat"] = json!(format.extension().to_ascii_uppercase());
    }
    put_wishes(&mut task, request);
    match &request.draft_id {
        // A final inherits everything but its resolution; what else may be sent is not documented.
        Some(draft_id) => {
            task["inputs"] = json!({ "draftId": draft_id });
            task["resolution"] = json!(request.resolution);
            if model.draft.as_ref().is_none_or(|draft| draft.promote_sends_prompt) {
                task["positivePrompt"] = json!(request.prompt);
            }
        }
        None => put_parameters(&mut task, model, request, images)?,
    }
    Ok(HttpRequest::post_json(base_url.to_owned(), &json!([task])))
}

/// What is said of any task, a final's too (docs, API options). Of an address goes what is shown; the rest is put
/// in last.
fn put_wishes(task: &mut Value, request: &Parameters) {
    let options = &request.options;
    if let Some(mode) = options.get(Field::Safety).map(ToString::to_string) {
        task["safety"] = json!({ "checkContent": mode != "none", "mode": mode });
    }
    let wires = [
        (Field::Quality, "outputQuality"),
        (Field::Ttl, "ttl"),
        (Field::UploadEndpoint, "uploadEndpoint"),
        (Field::WebhookUrl, "webhookURL"),
    ];
    for (field, wire) in wires {
        if let Some(value) = options.get(field) {
            task[wire] = json!(value);
        }
    }
}

fn put_parameters(
    task: &mut Value,
    model: &Model,
    request: &Parameters,
    images: &Images,
) -> Result<(), JobError> {
    if !request.prompt.is_empty() {
        task["positivePrompt"] = json!(request.prompt);
    }
    let frames = frame_images(request, images)?;
    let size = if frames.is_empty() { model.size.text } else { model.size.image };
    match (size, request.size_px) {
        // With an image and no size the clip takes the image's ratio (docs, resolution).
        (SizeField::WidthHeight, Some((width, height)))
            if request.aspect != AspectRatio::OF_IMAGE =>
        {
            task["width"] = json!(width);
            task["height"] = json!(height);
        }
        _ => task["resolution"] = json!(request.resolution),
    }
    if !frames.is_empty() {
        task["inputs"] = json!({ "frameImages": frames });
    }
    task["duration"] = match request.duration {
        ClipLength::Auto => json!("auto"),
        ClipLength::Ms(ms) if ms % 1000 == 0 => json!(ms / 1000),
        ClipLength::Ms(ms) => json!(f64::from(ms) / 1000.0),
    };
    task["numberResults"] = json!(request.results);
    if let Some(seed) = request.seed {
        task["seed"] = json!(seed);
    }
    if let (Some(rule), Some(fixed)) =
        (&model.camera_fixed, request.options.flag(Field::CameraFixed))
    {
        put(task, &rule.wire, json!(fixed));
    }
    if let (Some(rule), Some(audio)) = (&model.audio, request.audio) {
        put(task, &rule.wire, json!(audio));
    }
    if let (Some(rule), crate::domain::job::JobKind::Draft) = (&model.draft, request.kind) {
        put(task, &rule.wire, json!(true));
    }
    Ok(())
}

fn frame_images(request: &Parameters, images: &Images) -> Result<Vec<Value>, JobError> {
    let ends = [("first", &request.first_frame), ("last", &request.last_frame)];
    let mut frames = Vec::new();
    for (frame, image) in ends {
        let image = match image {
            None => continue,
            Some(FrameImage::Url(url)) => url.clone(),
            Some(FrameImage::Stored(id)) => id.to_string(),
            Some(FrameImage::File(file)) => {
                let Some(content) = images.get(&file.sha256) else {
                    let message =
                        format!("{} is no longer in the data folder; nothing was sent", file.path);
                    return Err(JobError::ours(
                        FailureClass::Disk,
                        "missingImage",
                        message,
                        Charged::NotCharged,
                    ));
                };
                format!("data:image/{};base64,{}", file.kind, STANDARD.encode(content))
            }
        };
        frames.push(json!({ "image": image, "frame": frame }));
    }
    Ok(frames)
}

/// Sets the value at a dotted path such as `providerSettings.bytedance.audio`.
fn put(task: &mut Value, path: &str, value: Value) {
    let mut place = task;
    for part in path.split('.') {
        place = &mut place[part];
    }
    *place = value;
}

/// What the reply to a submit means.
pub(super) fn submitted(job: &Job, response: &HttpResponse) -> SubmitOutcome {
    let key = job.attempt_key.to_string();
    let envelope = match Envelope::read(response) {
        Ok(envelope) => envelope,
        // The gateway may have failed before or after the task was taken, so nobody knows.
        Err(reason) if is_unclear(response) => return SubmitOutcome::Unknown { reason },
        // What can't be read may say that the key is taken, and that would be an acceptance.
        Err(reason) if job.sends > 1 && response.status == 400 => {
            return SubmitOutcome::Unknown { reason };
        }
        Err(reason) => {
            let error = status_error(response.status, reason, Charged::NotCharged);
            return refused_or_busy(error, response);
        }
    };
    let own = envelope.items.iter().filter(|item| item.is_of(&key));
    let inside: Vec<WireError> = own.clone().filter_map(Item::error).collect();
    if own.count() > inside.len() && !envelope.has_error(&key) {
        return SubmitOutcome::Accepted {
            remote_id: None,
            charge: None,
            how: "the provider confirmed it".to_owned(),
        };
    }
    let about_it = |error: &&WireError| error.task_uuid.as_ref().is_none_or(|uuid| *uuid == key);
    match envelope.errors.iter().chain(&inside).find(about_it) {
        // Nobody else has this key, so an earlier send of it was taken after all: ours, or one that a proxy
        // doubled.
        Some(error) if error.is_conflict() => SubmitOutcome::Accepted {
            remote_id: None,
            charge: None,
            how: "the provider had it already".to_owned(),
        },
        Some(error) if leaves_open(error, response) => SubmitOutcome::Unknown {
            reason: format!(
                "the provider answered {}: {}",
                response.status,
                error.read(Charged::Unknown).message
            ),
        },
        Some(error) => refused_or_busy(error.read(Charged::NotCharged), response),
        None => SubmitOutcome::Unknown {
            reason: format!("the provider's answer ({}) does not mention the job", response.status),
        },
    }
}

/// Whether the task may have been taken in spite of `error`. Errors come with 200 too (documents, errors), where a
/// trouble of the service's own is no refusal.
fn leaves_open(error: &WireError, response: &HttpResponse) -> bool {
    match error.read(Charged::Unknown).class {
        FailureClass::Timeout => true,
        FailureClass::Provider => is_unclear(response),
        _ => response.status >= 300 && is_unclear(response),
    }
}

/// A complete refusal: some pass by themselves, the others are final.
fn refused_or_busy(error: JobError, response: &HttpResponse) -> SubmitOutcome {
    let passes = matches!(error.class, FailureClass::Rate | FailureClass::Capacity)
        || response.status == 429;
    if passes {
        SubmitOutcome::Busy(Trouble { error, retry_after_ms: response.retry_after_ms() })
    } else {
        SubmitOutcome::Refused(error)
    }
}

/// One request for all of `jobs`.
pub(super) fn poll(base_url: &str, jobs: &[Named]) -> HttpRequest {
    let tasks: Vec<Value> =
        jobs.iter().map(|job| json!({ "taskType": "getResponse", "taskUUID": job.key })).collect();
    HttpRequest::post_json(base_url.to_owned(), &Value::Array(tasks))
}

/// What the reply says of each of `jobs`; one that it does not mention is not known there.
pub(super) fn polled(
    jobs: &[Named],
    response: &HttpResponse,
) -> Result<Vec<(JobId, Sighting)>, Trouble> {
    let envelope = Envelope::answer(response)?;
    if let Some(error) = envelope.errors.iter().find(|error| error.task_uuid.is_none()) {
        // An error that names no task speaks of the whole request.
        return Err(asked_in_vain(error, response));
    }
    Ok(jobs.iter().map(|one| (one.job, envelope.sighting(&one.key.to_string()))).collect())
}

/// The request that reads a past task back (Runware docs, task details).
pub(super) fn look_up(base_url: &str, job: &Named) -> HttpRequest {
    let task = json!([{ "taskType": "getTaskDetails", "taskUUID": job.key }]);
    HttpRequest::post_json(base_url.to_owned(), &task)
}

/// What the provider's records say of the job.
pub(super) fn looked_up(job: &Named, response: &HttpResponse) -> Result<Sighting, Trouble> {
    let key = job.key.to_string();
    let envelope = Envelope::answer(response)?;
    let record = envelope.items.iter().find(|item| item.is_of(&key));
    if let Some(inner) = record.and_then(|item| item.0.get("response")) {
        let sighting = Envelope::from(inner).sighting(&key);
        // A record proves that the task was taken, even where it holds no item yet.
        let pending = Report { pending: 1, ..Report::default() };
        return Ok(match sighting {
            Sighting::NotKnown | Sighting::Unclear(_) => Sighting::Seen(pending),
            seen => seen,
        });
    }
    let errors = envelope.errors.into_iter().chain(record.and_then(Item::error));
    match errors.into_iter().find(|error| !error.is_not_known()) {
        Some(error) => Err(asked_in_vain(&error, response)),
        None => Ok(Sighting::NotKnown),
    }
}

/// The request for the balance (Runware docs, account management).
pub(super) fn balance(base_url: &str, call: Uuid) -> HttpRequest {
    let task =
        json!([{ "taskType": "accountManagement", "taskUUID": call, "operation": "getDetails" }]);
    HttpRequest::post_json(base_url.to_owned(), &task)
}

/// The balance: a number, or an object whose keys are not documented, of which the first number is taken.
pub(super) fn balance_told(response: &HttpResponse) -> Result<Option<MicroUsd>, JobError> {
    let envelope = Envelope::read(response).map_err(|reason| trouble(response, reason).error)?;
    if let Some(error) = envelope.errors.first() {
        return Err(error.read(Charged::NotCharged));
    }
    let balance = envelope.items.first().and_then(|item| item.0.get("balance"));
    let number = balance.and_then(|balance| match balance {
        Value::Object(parts) => parts.values().find_map(number),
        other => number(other),
    });
    Ok(number.and_then(MicroUsd::from_usd))
}

/// The request that has `job` checked and priced without a render or a charge: the very submit, with the
/// header that makes it harmless (the provider's own guide for programs that run its models).
pub(super) fn dry_run(
    base_url: &str,
    model: &Model,
    job: &Job,
    images: &Images,
) -> Result<HttpRequest, JobError> {
    let mut request = submit(base_url, model, job, images)?;
    request.headers.push(("x-runware-dry-run".to_owned(), "1".to_owned()));
    Ok(request)
}

/// The price that a dry run tells. Its form is not documented: costs are taken where results have them.
pub(super) fn priced(response: &HttpResponse) -> Result<Option<MicroUsd>, JobError> {
    let envelope = Envelope::read(response).map_err(|reason| trouble(response, reason).error)?;
    if let Some(error) = envelope.errors.first() {
        return Err(error.read(Charged::NotCharged));
    }
    let costs = envelope.items.iter().filter_map(|item| number(item.0.get("cost")?));
    Ok(costs.map(MicroUsd::named).reduce(|sum, cost| sum + cost))
}

fn trouble(response: &HttpResponse, reason: String) -> Trouble {
    Trouble {
        error: status_error(response.status, reason, Charged::Unknown),
        retry_after_ms: response.retry_after_ms(),
    }
}

fn asked_in_vain(error: &WireError, response: &HttpResponse) -> Trouble {
    Trouble { error: error.read(Charged::Unknown), retry_after_ms: response.retry_after_ms() }
}

/// `{"data": […], "errors": […]}`, where either may be missing; also `{"error": {…}}` and a bare array,
/// which the official SDK accepts.
#[derive(Debug, Default)]
struct Envelope {
    items: Vec<Item>,
    errors: Vec<WireError>,
}

#[derive(Debug)]
struct Item(Value);

impl Item {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Whether it is of the task `key`. Not everybody writes a UUID in small letters.
    fn is_of(&self, key: &str) -> bool {
        self.text("taskUUID").is_some_and(|uuid| uuid.eq_ignore_ascii_case(key))
    }

    fn has_status(&self, status: &str) -> bool {
        self.text("status").is_some_and(|told| told.eq_ignore_ascii_case(status))
    }

    /// The error that an item may carry instead of a result.
    fn error(&self) -> Option<WireError> {
        let inner = self.0.get("error").filter(|error| error.is_object());
        let error = inner.or(self.has_status("error").then_some(&self.0));
        error.map(|error| WireError::from(error).in_place_of_a_result(self.text("taskType")))
    }
}

impl Envelope {
    fn read(response: &HttpResponse) -> Result<Self, String> {
        let is_one = |value: &Value| {
            value.is_array()
                || ["data", "errors", "error"].iter().any(|name| value.get(name).is_some())
        };
        match body::json(&response.body) {
            Some(value) if is_one(&value) => Ok(Self::from(&value)),
            _ => Err(not_its_protocol(response)),
        }
    }

    /// The answer to a question about tasks. A wrong key, a rate limit and a server error speak of the
    /// question, even where they name a task.
    fn answer(response: &HttpResponse) -> Result<Self, Trouble> {
        let envelope = Self::read(response).map_err(|reason| trouble(response, reason))?;
        let inside = envelope.items.iter().find_map(Item::error);
        match envelope.errors.first().or(inside.as_ref()) {
            Some(error) if matches!(response.status, 401 | 402 | 403 | 408 | 429 | 500..) => {
                Err(asked_in_vain(error, response))
            }
            _ => Ok(envelope),
        }
    }

    fn from(value: &Value) -> Self {
        let list = |name: &str| match value.get(name) {
            Some(Value::Array(all)) => all.clone(),
            Some(one @ Value::Object(_)) => vec![one.clone()],
            _ => Vec::new(),
        };
        let data = value.as_array().cloned().unwrap_or_else(|| list("data"));
        let errors = list("errors").into_iter().chain(list("error"));
        Self {
            items: data.into_iter().map(Item).collect(),
            errors: errors.map(|error| WireError::from(&error)).collect(),
        }
    }

    fn has_error(&self, key: &str) -> bool {
        self.errors.iter().any(|error| error.task_uuid.as_deref() == Some(key))
    }

    /// What is said of the task `key`. Every status that is not an end counts as still running.
    fn sighting(&self, key: &str) -> Sighting {
        let mut report = Report::default();
        let mut mentioned = false;
        let of_it = self.errors.iter().filter(|error| error.task_uuid.as_deref() == Some(key));
        let mut errors: Vec<WireError> = of_it.cloned().collect();
        for item in self.items.iter().filter(|item| item.is_of(key)) {
            if let Some(error) = item.error() {
                errors.push(error);
                continue;
            }
            mentioned = true;
            if let Some(output) = output(item) {
                let twice = report.outputs.iter().any(|other| other.remote_id == output.remote_id);
                if !twice {
                    report.outputs.push(output);
                }
            } else {
                report.pending += 1;
                report.no_address += usize::from(item.has_status("success"));
                let progress = item.0.get("progress").and_then(number);
                report.progress_percent = progress.map(|percent| percent.clamp(0.0, 100.0) as u8);
            }
        }
        for error in errors {
            // "Not found" of one task among several is an answer, not a failure of the job.
            if error.is_not_known() || error.is_conflict() {
                continue;
            }
            if error.may_be_the_questions() {
                report.unclear = Some(error.read(Charged::Unknown));
                continue;
            }
            mentioned = true;
            report.failures.push(error.read(Charged::NotCharged));
        }
        match report.unclear {
            _ if mentioned => Sighting::Seen(report),
            Some(error) => Sighting::Unclear(error),
            None => Sighting::NotKnown,
        }
    }
}

/// A finished result: it has an address, whatever its status is called.
fn output(item: &Item) -> Option<Output> {
    let (url, inline) = clip(item)?;
    let name = inline.as_ref().map(|clip| format!("{WITHIN}{:x}", Sha256::digest(&clip.0)));
    let remote_id = item.text("videoUUID").or(name.as_deref()).unwrap_or(&url);
    let draft_id = item.0.pointer("/outputs/draftId").and_then(Value::as_str);
    Some(Output {
        seed: item.0.get("seed").and_then(whole),
        charge: item.0.get("cost").and_then(number).map(MicroUsd::named),
        draft_id: draft_id.map(|id| one_line(id, 200)),
        flagged: item.0.get("NSFWContent").and_then(flag).unwrap_or(false),
        inline,
        ..Output::at(one_line(remote_id, 200), one_line(&url, MAX_URL_CHARS))
    })
}

/// The clip's address, or else the clip itself: the pages tell of `videoDataURI` and `videoBase64Data`, although
/// only an address is asked for.
fn clip(item: &Item) -> Option<(String, Option<Inline>)> {
    let text = |name: &str| item.text(name).map(str::trim).filter(|text| !text.is_empty());
    if let Some(url) = text("videoURL") {
        return Some((url.to_owned(), None));
    }
    let uri = text("videoDataURI").and_then(|uri| uri.split_once(";base64,"));
    let encoded = uri.map(|(_, encoded)| encoded).or(text("videoBase64Data"))?;
    let bytes = STANDARD.decode(encoded).ok().filter(|bytes| !bytes.is_empty())?;
    Some((WITHIN.to_owned(), Some(Inline(bytes.into()))))
}

#[cfg(test)]
mod tests;
