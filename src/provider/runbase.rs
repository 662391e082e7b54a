//! Runbase's protocol: `POST /runs` takes the money and answers with an id, `GET /runs/:id` tells the rest.
//!
//! Sources: the provider's page of Seedance 1.0 Pro; its public documents: quickstart, core concepts,
//! error codes, rate limits. It documents no idempotency key, no list of runs and no way to stop one.

use serde_json::{Value, json};
use uuid::Uuid;

use super::body::number;
use super::registry::Named;
use super::reply::{
    MAX_MESSAGE_CHARS, MAX_URL_CHARS, is_unclear, job_id, names_it, not_its_protocol, object,
    of_another, segment, status_error, tells_of_moderation, trouble,
};
use super::runpod::no_files;
use super::wire::{HttpRequest, HttpResponse};
use crate::domain::catalog::Model;
use crate::domain::job::{Charged, FailureClass, Job, JobError, Output};
use crate::domain::money::MicroUsd;
use crate::domain::outcome::{Report, Sighting, SubmitOutcome, Trouble};
use crate::domain::request::{ClipLength, FrameImage};
use crate::domain::text::one_line;

/// The most results of one run that are taken.
const MAX_OUTPUTS: usize = 16;

/// The request that submits `job`. The page gives no defaults, so everything is said.
pub(super) fn submit(base_url: &str, model: &Model, job: &Job) -> Result<HttpRequest, JobError> {
    let request = &job.request;
    let duration_ms = match request.duration {
        ClipLength::Ms(ms) => ms,
        ClipLength::Auto => model.duration.default_ms(),
    };
    let seconds = duration_ms / 1000;
    let mut input = json!({
        "prompt": request.prompt,
        "aspect_ratio": request.aspect,
        "resolution": request.resolution,
        "duration": if model.duration.as_string { json!(seconds.to_string()) } else { json!(seconds) },
    });
    match &request.first_frame {
        None => {}
        Some(FrameImage::Url(url)) => input["image_urls"] = json!([url]),
        Some(image) => return Err(no_files(&image.text())),
    }
    let body = json!({ "model": model.wire_id, "input": input });
    Ok(HttpRequest::post_json(format!("{base_url}/runs"), &body))
}

/// What the reply to a submit means. Any success code is one: the documents name none.
pub(super) fn submitted(response: &HttpResponse) -> SubmitOutcome {
    let body = object(response).unwrap_or_default();
    let status = response.status;
    if let Some(remote_id) = job_id(body.get("id")).filter(|_| status < 300) {
        return match failed(&body) {
            Some(error) => SubmitOutcome::Refused(error),
            None => SubmitOutcome::Accepted {
                remote_id: Some(remote_id),
                charge: cost(&body),
                how: "the provider created the run".to_owned(),
            },
        };
    }
    let error = refusal(&body, response, Charged::NotCharged);
    if is_unclear(response) {
        let reason = match told(&body).1 {
            Some(message) => format!("the provider answered {status}: {message}"),
            None => error.message,
        };
        return SubmitOutcome::Unknown { reason };
    }
    match error.class {
        FailureClass::Rate => SubmitOutcome::Busy(trouble(error, response)),
        _ => SubmitOutcome::Refused(error),
    }
}

/// The request that asks for one run; none without the id that the provider gave it.
pub(super) fn poll(base_url: &str, job: &Named) -> Option<HttpRequest> {
    let id = segment(job.remote_id.as_deref()?);
    Some(HttpRequest::get(format!("{base_url}/runs/{id}")))
}

/// The request for a run that there can't be: its answer tells whether the key is taken (documents, error
/// codes), which no other free call does.
pub(super) fn no_run(base_url: &str, call: Uuid) -> HttpRequest {
    HttpRequest::get(format!("{base_url}/runs/run_{}", call.simple()))
}

/// That the key was taken, since only the run was not found.
pub(super) fn no_run_told(response: &HttpResponse) -> Result<(), JobError> {
    let body = object(response).unwrap_or_default();
    let refusal = refusal(&body, response, Charged::NotCharged);
    if refusal.class == FailureClass::Lost { Ok(()) } else { Err(refusal) }
}

/// What the reply says of the run. Every status that is not an end counts as still running.
pub(super) fn polled(job: &Named, response: &HttpResponse) -> Result<Sighting, Trouble> {
    let body = object(response).unwrap_or_default();
    if let Some(error) = of_another(job, &body).filter(|_| response.status < 300) {
        return Ok(Sighting::Unclear(error));
    }
    let status = word(&body).filter(|_| response.status < 300);
    let report = match status.as_deref() {
        Some("succeeded") => succeeded(job, &body),
        Some(_) => match failed(&body) {
            Some(error) if !names_it(&body) => {
                let error = JobError { charged: Charged::Unknown, ..error };
                return Ok(Sighting::Unclear(error));
            }
            Some(error) => Report { failures: vec![error], ..Report::default() },
            None => Report { pending: 1, ..Report::default() },
        },
        // Also the answer for a run that was made with another key.
        None if response.status == 404 && body.is_object() => return Ok(Sighting::NotKnown),
        None => {
            let error = refusal(&body, response, Charged::Unknown);
            return Err(trouble(error, response));
        }
    };
    Ok(Sighting::Seen(report))
}

fn succeeded(job: &Named, body: &Value) -> Report {
    let told = body.pointer("/output/urls").and_then(Value::as_array);
    // One client in the field also reads `output.url`.
    let urls = told.into_iter().flatten().chain(body.pointer("/output/url"));
    let mut outputs: Vec<Output> = Vec::new();
    for url in urls.filter_map(Value::as_str).filter(|url| !url.is_empty()) {
        let url = one_line(url, MAX_URL_CHARS);
        if outputs.len() == MAX_OUTPUTS || outputs.iter().any(|output| output.url == url) {
            continue;
        }
        // The run has one id; a further result of it is told apart by its place.
        let id = job.remote_id.clone().unwrap_or_else(|| url.clone());
        let remote_id = match outputs.len() {
            0 => id,
            nr => format!("{id}/{nr}"),
        };
        // What the run cost is said once.
        let charge = cost(body).filter(|_| outputs.is_empty());
        outputs.push(Output { charge, ..Output::at(remote_id, url) });
    }
    match outputs.is_empty() {
        true => Report { pending: 1, no_address: 1, ..Report::default() },
        false => Report { outputs, ..Report::default() },
    }
}

/// Why the run failed, where it did. "A failed run is refunded in full automatically" (documents, core
/// concepts).
fn failed(body: &Value) -> Option<JobError> {
    (word(body)? == "failed").then(|| {
        let (code, message) = told(body);
        let message = message.unwrap_or_else(|| "the run failed without a word".to_owned());
        let code = code.unwrap_or_else(|| "failed".to_owned());
        let class = match tells_of_moderation(&message) || tells_of_moderation(&code) {
            true => FailureClass::Moderated,
            false => FailureClass::Provider,
        };
        JobError::ours(class, &code, message, Charged::Refunded)
    })
}

/// The status of a run.
fn word(body: &Value) -> Option<String> {
    Some(body.get("status")?.as_str()?.to_ascii_lowercase())
}

/// `costUsd`, which is a whole number of micro-dollars (documents, quickstart: 40000 is $0.04).
fn cost(body: &Value) -> Option<MicroUsd> {
    let cost = number(body.get("costUsd")?)?;
    (cost.fract() == 0.0).then_some(MicroUsd(cost as i64))
}

/// An answer that is an error: `{"error": {"message", "code"}}`, or by its status code alone.
fn refusal(body: &Value, response: &HttpResponse, charged: Charged) -> JobError {
    let (code, message) = told(body);
    let message = message.unwrap_or_else(|| not_its_protocol(response));
    let by_status = status_error(response.status, message, charged);
    match code {
        Some(code) => {
            let is_moderation =
                tells_of_moderation(&by_status.message) || tells_of_moderation(&code);
            let class = match class(&code) {
                // "Invalid input" is also said of content.
                None | Some(FailureClass::Parameter) if is_moderation => FailureClass::Moderated,
                Some(class) => class,
                None => by_status.class,
            };
            JobError { class, code, ..by_status }
        }
        None => by_status,
    }
}

/// The code and the message of an error, which may be an object or a string.
fn told(body: &Value) -> (Option<String>, Option<String>) {
    let clean = |value: &Value, max: usize| match value.as_str() {
        Some(text) if !text.trim().is_empty() => Some(one_line(text, max)),
        _ => None,
    };
    let Some(error) = body.get("error") else { return (None, None) };
    let part = |name: &str, max: usize| error.get(name).and_then(|value| clean(value, max));
    (
        part("code", 100),
        part("message", MAX_MESSAGE_CHARS).or_else(|| clean(error, MAX_MESSAGE_CHARS)),
    )
}

/// What kind of thing a documented code means; their case is mixed.
fn class(code: &str) -> Option<FailureClass> {
    Some(match code.to_ascii_lowercase().as_str() {
        "missing_api_key" | "invalid_api_key" | "ip_not_allowed" => FailureClass::Key,
        // The last one comes as a 429 and does not pass by waiting: the quota is used up.
        "insufficient_balance" | "api_key_spend_limit_exceeded" | "usage_exceeded" => {
            FailureClass::Money
        }
        "rate_limited" => FailureClass::Rate,
        "model_not_found" => FailureClass::ModelGone,
        "run_not_found" => FailureClass::Lost,
        "invalid_json" | "missing_model" | "missing_input" | "invalid_input" => {
            FailureClass::Parameter
        }
        _ => return None,
    })
}
