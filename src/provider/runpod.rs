//! RunPod's protocol: `/run` answers at once with an id, `/status/{id}` tells the rest.
//!
//! Sources: the provider's page of Seedance 1.0 Pro; its documents on endpoint operations, job states
//! and public endpoints; what its official Python and JavaScript SDKs do; bodies that other clients met.
//! `/runsync` is never used: its result is kept for one minute, that of `/run` for thirty.

use serde_json::{Value, json};

use super::body::number;
use super::registry::Named;
use super::reply::{
    MAX_MESSAGE_CHARS, MAX_URL_CHARS, excerpt, is_unclear, job_id, names_it, not_its_protocol,
    object, of_another, segment, status_error, tells_of_moderation, trouble,
};
use super::wire::{HttpRequest, HttpResponse};
use crate::domain::catalog::Model;
use crate::domain::job::{Charged, FailureClass, Job, JobError, Output, Work};
use crate::domain::money::MicroUsd;
use crate::domain::outcome::{Report, Sighting, SubmitOutcome, Trouble};
use crate::domain::request::{ClipLength, Field, FrameImage};
use crate::domain::text::one_line;

/// The request that submits `job`. Everything is said, since the page's defaults may change; an empty
/// `image` is text to video, as in the page's own examples.
pub(super) fn submit(base_url: &str, model: &Model, job: &Job) -> Result<HttpRequest, JobError> {
    let request = &job.request;
    let image = match &request.first_frame {
        None => "",
        Some(FrameImage::Url(url)) => url,
        Some(image) => return Err(no_files(&image.text())),
    };
    let duration_ms = match request.duration {
        ClipLength::Ms(ms) => ms,
        ClipLength::Auto => model.duration.default_ms(),
    };
    let mut input = json!({
        "prompt": request.prompt,
        "image": image,
        "duration": duration_ms / 1000,
        "fps": request.options.whole(Field::Fps).unwrap_or(model.fps.into()),
    });
    if let Some((width, height)) = request.size_px {
        input["size"] = json!(format!("{width}x{height}"));
    }
    let url = format!("{base_url}/{}/run", model.wire_id);
    Ok(HttpRequest::post_json(url, &json!({ "input": input })))
}

/// Neither RunPod nor Runbase documents images as data; the catalog refuses them before this does.
pub(super) fn no_files(path: &str) -> JobError {
    let message = format!("{path} is not a web address, and this provider takes nothing else");
    JobError::ours(FailureClass::Parameter, "imageFile", message, Charged::NotCharged)
}

/// What the reply to a submit means.
pub(super) fn submitted(job: &Job, response: &HttpResponse) -> SubmitOutcome {
    let body = object(response).unwrap_or_default();
    let status = response.status;
    // A refusal can have the form of a job: HTTP 400 with `"status": "FAILED"` (the model's page).
    let is_told = status < 300 || !is_unclear(response);
    if let Some(error) = ended(&body, response).filter(|_| is_told) {
        // What ended after it was taken is charged as any job is that ends so.
        let charged = if status < 300 { error.charged } else { Charged::NotCharged };
        let class = if status == 400 { parameter(error.class) } else { error.class };
        return SubmitOutcome::Refused(JobError { class, charged, ..error });
    }
    if let Some(remote_id) = job_id(body.get("id")).filter(|_| status < 300) {
        let how = "the provider queued it".to_owned();
        return SubmitOutcome::Accepted { remote_id: Some(remote_id), charge: None, how };
    }
    let text = error_text(&body, response);
    if is_unclear(response) {
        let reason = match response.body.is_empty() {
            true => text,
            false => format!("the provider answered {status}: {text}"),
        };
        return SubmitOutcome::Unknown { reason };
    }
    let error = status_error(status, text, Charged::NotCharged);
    match status {
        // Its documents dropped endpoints before; nothing else is at this address.
        404 => SubmitOutcome::Refused(JobError {
            class: FailureClass::ModelGone,
            message: format!(
                "the provider has no endpoint for {} any more: {}",
                job.request.model, error.message
            ),
            ..error
        }),
        429 => SubmitOutcome::Busy(trouble(error, response)),
        _ if tells_of_moderation(&error.message) => {
            SubmitOutcome::Refused(JobError { class: FailureClass::Moderated, ..error })
        }
        _ => SubmitOutcome::Refused(error),
    }
}

fn parameter(class: FailureClass) -> FailureClass {
    if class == FailureClass::Provider { FailureClass::Parameter } else { class }
}

/// The request that asks for one job; none without the id that the provider gave it. The documented
/// `?ttl=` is never sent: it would shorten the job's life.
pub(super) fn poll(base_url: &str, job: &Named) -> Option<HttpRequest> {
    Some(HttpRequest::get(address(base_url, "status", job)?))
}

/// The request that stops one job, also one in progress (documents, operations).
pub(super) fn cancel(base_url: &str, job: &Named) -> Option<HttpRequest> {
    Some(HttpRequest::post(address(base_url, "cancel", job)?))
}

/// The request for an endpoint's counts, which is free and needs the key (documents, operations).
pub(super) fn health(base_url: &str, wire_id: &str) -> HttpRequest {
    HttpRequest::get(format!("{base_url}/{wire_id}/health"))
}

/// That the key was taken. Where the endpoint is gone nothing is known of the key.
pub(super) fn health_told(response: &HttpResponse) -> Result<(), JobError> {
    let body = object(response).unwrap_or_default();
    match response.status {
        200..300 if body.get("workers").or(body.get("jobs")).is_some() => Ok(()),
        404 => {
            let message = "the provider no longer has the endpoint that was asked, so whether the key works can't be told".to_owned();
            let class = FailureClass::ModelGone;
            Err(JobError::ours(class, "http404", message, Charged::NotCharged))
        }
        status => {
            let text = error_text(&body, response);
            Err(status_error(status, text, Charged::NotCharged))
        }
    }
}

fn address(base_url: &str, operation: &str, job: &Named) -> Option<String> {
    let remote_id = segment(job.remote_id.as_deref()?);
    // A model that left the catalog has no address, and asking another one would tell lies.
    let named = !job.wire_id.is_empty();
    named.then(|| format!("{base_url}/{}/{operation}/{remote_id}", job.wire_id))
}

/// What the reply says of the job.
pub(super) fn polled(job: &Named, response: &HttpResponse) -> Result<Sighting, Trouble> {
    let body = object(response).unwrap_or_default();
    if let Some(error) = of_another(job, &body).filter(|_| response.status < 300) {
        return Ok(Sighting::Unclear(error));
    }
    // With another code it is the question that failed, whatever the body calls it.
    if response.status < 300
        && let Some(error) = ended(&body, response)
    {
        if !names_it(&body) {
            return Ok(Sighting::Unclear(JobError { charged: Charged::Unknown, ..error }));
        }
        let canceled = word(&body).as_deref() == Some("CANCELLED");
        return Ok(Sighting::Seen(Report { failures: vec![error], canceled, ..Report::default() }));
    }
    match word(&body).as_deref() {
        Some("COMPLETED") if response.status < 300 => Ok(Sighting::Seen(completed(job, &body))),
        // Whatever else it is called, it is not the end. What stands in `output` until then is progress.
        Some(_) if response.status < 300 => {
            Ok(Sighting::Seen(Report { pending: 1, ..Report::default() }))
        }
        _ if is_not_known(&body, response) => Ok(Sighting::NotKnown),
        _ => {
            let message = match body.is_object() && response.status >= 300 {
                true => error_text(&body, response),
                false => not_its_protocol(response),
            };
            let error = status_error(response.status, message, Charged::Unknown);
            Err(trouble(error, response))
        }
    }
}

/// Whether the provider confirms that it stopped the job.
pub(super) fn canceled(job: &Named, response: &HttpResponse) -> Result<bool, Trouble> {
    match object(response) {
        Some(body) if response.status < 300 && of_another(job, &body).is_some() => Ok(false),
        Some(body) if response.status < 300 => Ok(word(&body).as_deref() == Some("CANCELLED")),
        // It no longer knows the job, or won't stop it: polls tell what becomes of it.
        Some(_) if matches!(response.status, 400 | 404) => Ok(false),
        body => {
            let text = error_text(&body.unwrap_or_default(), response);
            Err(trouble(status_error(response.status, text, Charged::Unknown), response))
        }
    }
}

/// The status of a job. Only a string is one: the body of a 404 has the number 404 there.
fn word(body: &Value) -> Option<String> {
    Some(body.get("status")?.as_str()?.to_ascii_uppercase())
}

/// Why the job gave nothing, where the body says that it ended so.
fn ended(body: &Value, response: &HttpResponse) -> Option<JobError> {
    let status = word(body)?;
    let (class, charged) = match &*status {
        // "You will not be charged for failed generations" (documents, public endpoints).
        "FAILED" => (FailureClass::Provider, Charged::NotCharged),
        // Either no worker took it in time, or the worker did not report (documents, job states).
        "TIMED_OUT" => (FailureClass::Timeout, Charged::Unknown),
        // Whether what was begun is charged is not documented.
        "CANCELLED" => (FailureClass::Provider, Charged::Unknown),
        _ => return None,
    };
    let message = match &*status {
        _ if told(body).is_some() => error_text(body, response),
        "TIMED_OUT" => "the job timed out at the provider".to_owned(),
        "CANCELLED" => "the job was stopped at the provider".to_owned(),
        _ => error_text(body, response),
    };
    let code = if status == "CANCELLED" { "canceled" } else { &status };
    Some(classified(body, JobError::ours(class, code, message, charged)))
}

/// The same, by what its text tells, and what stands beside that.
fn classified(body: &Value, error: JobError) -> JobError {
    let said = PLACES.iter().filter_map(|place| body.pointer(place)).map(Value::to_string);
    let class = match error.class {
        FailureClass::Provider if said.into_iter().any(|said| tells_of_moderation(&said)) => {
            FailureClass::Moderated
        }
        // "Invalid parameter: size format must be widthxheight" (the model's page).
        FailureClass::Provider if error.message.starts_with("Invalid parameter") => {
            FailureClass::Parameter
        }
        class => class,
    };
    JobError { class, ..error }
}

fn completed(job: &Named, body: &Value) -> Report {
    let output = body.get("output").unwrap_or(&Value::Null);
    let charge = output.get("cost").and_then(number).map(MicroUsd::named);
    if let Some(url) = video_url(output) {
        let url = one_line(url, MAX_URL_CHARS);
        let remote_id = job.remote_id.clone().unwrap_or_else(|| url.clone());
        let work = Some(Box::new(work(body)));
        let output = Output { charge, work, ..Output::at(remote_id, url) };
        return Report { outputs: vec![output], ..Report::default() };
    }
    let charged = if charge.is_some() { Charged::Charged } else { Charged::Unknown };
    let said = told(body).map(|text| {
        classified(body, JobError::ours(FailureClass::Provider, "outputError", text, charged))
    });
    match said {
        Some(error) if error.class == FailureClass::Moderated && names_it(body) => {
            Report { failures: vec![error], ..Report::default() }
        }
        // Workers that could not return their result end like this (runpod-python issue 309); others give it a
        // little later, and what they say until then may pass.
        unclear => Report { pending: 1, no_address: 1, unclear, ..Report::default() },
    }
}

/// What it tells of the work: `delayTime` and `executionTime`, in milliseconds, and `workerId` (the model's page).
fn work(body: &Value) -> Work {
    let worker = body.get("workerId").and_then(Value::as_str);
    Work {
        delay_ms: body.get("delayTime").and_then(Value::as_u64),
        execution_ms: body.get("executionTime").and_then(Value::as_u64),
        worker: worker.map(|worker| one_line(worker, 100)),
    }
}

/// The address of the video, in the order of RunPod's own AI SDK provider (`video_url`, `result`,
/// `url`, the bare string) and then of clients in the field.
fn video_url(output: &Value) -> Option<&str> {
    let text = |value: &'_ Value| value.as_str().is_some_and(|text| !text.is_empty());
    ["/video_url", "/result", "/url", "", "/video", "/video/url", "/videos/0", "/videos/0/url"]
        .iter()
        .find_map(|place| output.pointer(place).filter(|value| text(value)))
        .and_then(Value::as_str)
}

/// Whether the reply only says that the provider knows no such job. It is a 404 with a JSON body, of
/// which two forms were met, or with none; a page of HTML is a gateway's.
fn is_not_known(body: &Value, response: &HttpResponse) -> bool {
    let says_so = told(body).is_some_and(|text| text.eq_ignore_ascii_case("job not found"));
    let empty = response.body.iter().all(u8::is_ascii_whitespace);
    (response.status == 404 && (body.is_object() || empty)) || (response.status < 500 && says_so)
}

/// What went wrong, in the provider's words: the first of `error`, `detail`, `message`, `title`, or the
/// body itself.
fn error_text(body: &Value, response: &HttpResponse) -> String {
    match told(body) {
        Some(text) => text,
        None if response.body.is_empty() => {
            format!("the provider answered {} without a word", response.status)
        }
        None => excerpt(&response.body),
    }
}

/// Where a reply says what went wrong.
const PLACES: [&str; 5] = ["/error", "/output/error", "/detail", "/message", "/title"];

fn told(body: &Value) -> Option<String> {
    let found = PLACES.iter().find_map(|place| match body.pointer(place)? {
        Value::String(text) if !text.trim().is_empty() => Some(inner_message(text)),
        Value::Object(error) => Some(match error.get("message").and_then(Value::as_str) {
            Some(message) => message.to_owned(),
            None => json!(error).to_string(),
        }),
        _ => None,
    })?;
    Some(one_line(&found, MAX_MESSAGE_CHARS))
}

/// A worker's error is often JSON in a string, of which only `error_message` is for people.
fn inner_message(text: &str) -> String {
    let inner: Option<Value> = serde_json::from_str(text).ok();
    let message = inner.as_ref().and_then(|inner| inner.get("error_message")?.as_str());
    message.unwrap_or(text).to_owned()
}
