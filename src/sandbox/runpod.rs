//! RunPod's protocol: `/v2/{endpoint}/run`, `runsync`, `status`, `status-sync`, `cancel`, `health`.
//!
//! Facts come from RunPod's page of Seedance 1.0 Pro, its documents on endpoint operations and job
//! states, and from what its official SDKs need. Where these are silent the guess is marked as ours.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::arrival::{Hindrance, Wanted, object};
use super::fields::is_web_address;
use super::record::{Door, Record};
use super::remote::Sandbox;
use super::reply::{Body, Delivery, Reply};
use super::size::Size;
use super::task::{Outcome, Task, later};
use super::trouble::Trouble;
use crate::domain::catalog::{Dimensions, Model};
use crate::provider::wire::{HttpRequest, HttpResponse, Method};

const PROVIDER: &str = "runpod";
/// The largest bodies of `/run` and `/runsync`, in MiB (documents, send requests).
const MAX_BODY_MIB: (usize, usize) = (10, 20);
/// How long a result of `/run` is kept after completion, and one of `/runsync`, in milliseconds
/// (documents: 30 minutes; 1 minute, 5 at most). Of the last the longer, as a render here may be late.
const KEPT_MS: (u64, u64) = (30 * 60_000, 5 * 60_000);
/// How long `/runsync` waits where `?wait=` does not say, and what that may be, in milliseconds.
const WAIT_MS: (u64, u64, u64) = (90_000, 1_000, 300_000);

impl Sandbox {
    /// Answers a request to `/v2/` and `rest`.
    pub(super) fn runpod(
        &mut self,
        request: &HttpRequest,
        rest: &str,
        origin: &str,
        now: Timestamp,
    ) -> Reply {
        if !self.knows_key(request) {
            // The body is not documented; the SDK looks at the code alone.
            return Reply::of(HttpResponse { status: 401, headers: Vec::new(), body: Vec::new() });
        }
        let (endpoint, operation) = rest.split_once('/').unwrap_or((rest, ""));
        let catalog = self.catalog.clone();
        let Some(model) = catalog.by_wire_id(PROVIDER, endpoint) else {
            return not_found("endpoint not found");
        };
        let wait_ms = wait_ms(&request.url);
        match (request.method, operation.split_once('/').unwrap_or((operation, ""))) {
            (Method::Post, ("run", "")) => self.run(request, model, Door::Runpod, now),
            (Method::Post, ("runsync", "")) => {
                let reply = self.run(request, model, Door::RunpodSync, now);
                self.held_for(reply, wait_ms, origin, now)
            }
            (Method::Get, ("status", id)) => self.status(endpoint, id, origin, now).0,
            (Method::Get, ("status-sync", id)) => {
                let (reply, task) = self.status(endpoint, id, origin, now);
                hold(reply, task, later(now, wait_ms))
            }
            (Method::Post, ("cancel", id)) => self.cancel(endpoint, id, origin, now),
            (Method::Get, ("health", "")) => self.health(endpoint, now),
            _ => not_found("operation not found"),
        }
    }

    /// The present answer for a task whose client is made to wait; held on while it is not finished.
    pub fn held(&self, task: Uuid, until: Timestamp, origin: &str, now: Timestamp) -> Reply {
        let Some(found) = self.tasks.get(&task) else { return not_found("job not found") };
        let reply = Reply::of(HttpResponse::json(200, &status(found, origin, now)));
        hold(reply, (!is_finished(found, now)).then_some(task), until)
    }

    fn run(&mut self, request: &HttpRequest, model: &Model, door: Door, now: Timestamp) -> Reply {
        let max_mib = if door == Door::Runpod { MAX_BODY_MIB.0 } else { MAX_BODY_MIB.1 };
        if request.body.len() > max_mib << 20 {
            let message = format!("bad request: body: exceeded max body size of {max_mib}MiB");
            return refused(&message);
        }
        let input = match object(&request.body).map(|mut body| body.remove("input")) {
            Ok(Some(Value::Object(input))) => input,
            Ok(_) => return refused("bad request: body: input is missing"),
            Err(why) => return refused(&format!("bad request: body: {why}")),
        };
        let prompt = input.get("prompt").and_then(Value::as_str).unwrap_or_default();
        match self.hinder(door, prompt, now) {
            None => {}
            Some(Hindrance::Reply(reply)) => return reply,
            // The code is documented, its body is not.
            Some(Hindrance::Rate(records)) => {
                let body = json!({ "status": 429, "title": "Too Many Requests" });
                return Reply { records, ..Reply::of(HttpResponse::json(429, &body)) };
            }
        }
        if Trouble::asked_for(prompt).contains(&Trouble::InsufficientCredits) {
            // RunPod documents no answer for an empty account: this one is ours.
            let body = json!({ "error": "Insufficient funds. Add funds to your account." });
            return Reply::of(HttpResponse::json(402, &body));
        }
        let wanted = match wanted(model, &input) {
            Ok(wanted) => wanted,
            Err(why) => {
                // The page's own 400: the body of a job that failed.
                let id = job_id(super::derive::server_task(self.accepted(), now), door);
                let error = format!("Invalid parameter: {why}");
                let body = json!({ "id": id, "status": "FAILED", "error": error });
                return Reply::of(HttpResponse::json(400, &body));
            }
        };
        let cost = |order: &super::order::Order| order.cost_each(model);
        let (task, records, delivery) = self.take_in(door, &model.wire_id, wanted, cost, now);
        let body = json!({ "id": job_id(task, door), "status": "IN_QUEUE" });
        Reply { body: Body::Http(HttpResponse::json(200, &body)), records, delivery }
    }

    fn held_for(&self, reply: Reply, wait_ms: u64, origin: &str, now: Timestamp) -> Reply {
        let accepted = reply.records.iter().find_map(|record| match record {
            Record::Accepted(accepted) => Some(accepted.task),
            _ => None,
        });
        match (accepted, reply.delivery) {
            (Some(task), Delivery::Whole) => {
                let held = self.held(task, later(now, wait_ms), origin, now);
                Reply { records: reply.records, ..held }
            }
            _ => reply,
        }
    }

    /// The answer to a status, and the task while it is not finished.
    fn status(
        &self,
        endpoint: &str,
        id: &str,
        origin: &str,
        now: Timestamp,
    ) -> (Reply, Option<Uuid>) {
        let Some(task) = self.runpod_job(endpoint, id, now) else {
            return (not_found("job not found"), None);
        };
        let reply = Reply::of(HttpResponse::json(200, &status(task, origin, now)));
        (reply, (!is_finished(task, now)).then_some(task.accepted.task))
    }

    /// Stops a job, also one in progress (documents, operations). What a finished one answers is not
    /// documented: here it tells its status.
    fn cancel(&mut self, endpoint: &str, id: &str, origin: &str, now: Timestamp) -> Reply {
        let Some(task) = self.runpod_job(endpoint, id, now) else {
            return not_found("job not found");
        };
        let mut records = Vec::new();
        let id = task.accepted.task;
        if !is_finished(task, now) {
            self.stop(id);
            records.push(Record::Canceled { task: id });
        }
        let Some(task) = self.tasks.get(&id) else { return not_found("job not found") };
        let body = status(task, origin, now);
        Reply { records, ..Reply::of(HttpResponse::json(200, &body)) }
    }

    /// The job of that id, for as long as RunPod knows it.
    fn runpod_job(&self, endpoint: &str, id: &str, now: Timestamp) -> Option<&Task> {
        let uuid = id.strip_prefix("sync-").unwrap_or(id).strip_suffix("-u1")?;
        let task = self.tasks.get(&Uuid::try_parse(uuid).ok()?)?;
        let accepted = &task.accepted;
        let kept_ms = if accepted.door == Door::Runpod { KEPT_MS.0 } else { KEPT_MS.1 };
        let known = job_id(accepted.task, accepted.door) == id
            && matches!(accepted.door, Door::Runpod | Door::RunpodSync)
            && accepted.model == endpoint
            && (!is_finished(task, now) || now < later(task.due(0), kept_ms));
        known.then_some(task)
    }

    /// Counts of jobs and workers (documents, operations): the sandbox renders one job at a time.
    fn health(&self, endpoint: &str, now: Timestamp) -> Reply {
        let mut counts = Map::new();
        for name in ["completed", "failed", "inProgress", "inQueue", "retried"] {
            counts.insert(name.to_owned(), json!(0));
        }
        let runpod = |task: &&Task| {
            matches!(task.accepted.door, Door::Runpod | Door::RunpodSync)
                && task.accepted.model == endpoint
        };
        for task in self.tasks_by_age().filter(runpod) {
            let name = match status(task, "", now)["status"].as_str() {
                Some("COMPLETED") => "completed",
                Some("IN_QUEUE") => "inQueue",
                Some("IN_PROGRESS") => "inProgress",
                _ => "failed",
            };
            counts[name] = json!(counts[name].as_u64().unwrap_or(0) + 1);
        }
        let running = u64::from(counts["inProgress"] != 0);
        let workers = json!({ "idle": 1 - running, "running": running });
        Reply::of(HttpResponse::json(200, &json!({ "jobs": counts, "workers": workers })))
    }
}

/// What the input asks for, or the rule that it breaks. Inputs that are not on the page are ignored.
fn wanted(model: &Model, input: &Map<String, Value>) -> Result<Wanted, String> {
    let prompt = input.get("prompt").ok_or("prompt is required")?;
    let prompt = prompt.as_str().ok_or("prompt must be a string")?;
    if prompt.chars().count() < model.prompt.min_chars {
        return Err("prompt is required".to_owned());
    }
    let whole = |name: &str, default: u64| match input.get(name) {
        None => Ok(default),
        Some(value) => value.as_u64().ok_or_else(|| format!("{name} must be an integer")),
    };
    let seconds = whole("duration", u64::from(model.duration.default_ms()) / 1000)?;
    let duration_ms = u32::try_from(seconds.saturating_mul(1000)).unwrap_or(u32::MAX);
    if !model.duration.allows_ms(duration_ms) {
        return Err(format!("duration must be {}", model.duration.in_words()));
    }
    let fps = whole("fps", u64::from(model.fps))?;
    let max = model.fps_max.unwrap_or(model.fps);
    let fps = u32::try_from(fps).ok().filter(|fps| (1..=max).contains(fps));
    let fps = fps.ok_or_else(|| format!("fps must be 1 to {max}"))?;
    let image = match input.get("image") {
        None => None,
        // "Leave empty for text-to-video."
        Some(Value::String(image)) if image.is_empty() => None,
        Some(Value::String(image)) if is_web_address(image) => Some(image.clone()),
        Some(_) => return Err("image must be a URL".to_owned()),
    };
    let size = input.get("size").unwrap_or(&Value::Null);
    let size = if size.is_null() { Some("1920x1080") } else { size.as_str() };
    let size = sized(model, size)?;
    Ok(Wanted { prompt: prompt.to_owned(), size, duration_ms, fps, image })
}

fn sized(model: &Model, size: Option<&str>) -> Result<Size, String> {
    let pixels = size.and_then(|size| {
        let (width, height) = size.split_once('x')?;
        Some((width.parse::<u32>().ok()?, height.parse::<u32>().ok()?))
    });
    let pixels = pixels.ok_or("size format must be widthxheight")?;
    let all = model.dimensions.iter().flat_map(|(resolution, row)| {
        row.iter().map(move |(aspect, dimensions)| (*resolution, *aspect, *dimensions))
    });
    let found = all.into_iter().find(|(.., dimensions)| match dimensions {
        Dimensions::Exact(width, height) => (*width, *height) == pixels,
        Dimensions::Computed => false,
    });
    let (resolution, aspect, _) = found.ok_or("size is not supported")?;
    Ok(Size { resolution, aspect, pixels })
}

/// A job as `/status` tells it (documents, operations; the model's page).
fn status(task: &Task, origin: &str, now: Timestamp) -> Value {
    let accepted = &task.accepted;
    let id = job_id(accepted.task, accepted.door);
    if task.canceled {
        return json!({ "id": id, "status": "CANCELLED" });
    }
    // A tenth of the wait is spent in the queue; ours.
    let delay_ms = accepted.base_ms / 10;
    let execution_ms = accepted.base_ms - delay_ms;
    let ended = |status: &str| json!({ "delayTime": delay_ms, "executionTime": execution_ms, "id": id, "status": status, "workerId": "sandbox" });
    match task.outcome(0, now) {
        Outcome::Processing if now < later(accepted.at, delay_ms) => {
            json!({ "id": id, "status": "IN_QUEUE" })
        }
        Outcome::Processing => json!({ "delayTime": delay_ms, "id": id, "status": "IN_PROGRESS" }),
        Outcome::Success => {
            let mut body = ended("COMPLETED");
            body["output"] = json!({
                "cost": accepted.cost_each.as_usd(),
                "video_url": task.address(0, origin),
            });
            body
        }
        Outcome::Failed(_) if task.has(Trouble::Timeout) => ended("TIMED_OUT"),
        Outcome::Failed(fault) => {
            let mut body = ended("FAILED");
            body["error"] = json!(fault.message());
            body
        }
    }
}

fn is_finished(task: &Task, now: Timestamp) -> bool {
    task.canceled || !matches!(task.outcome(0, now), Outcome::Processing)
}

/// The documented shapes: `<uuid>-u1` and `sync-<uuid>-u1`.
fn job_id(task: Uuid, door: Door) -> String {
    let prefix = if door == Door::RunpodSync { "sync-" } else { "" };
    format!("{prefix}{task}-u1")
}

/// The same reply, held back while `unfinished` is not done and the time is not up.
fn hold(reply: Reply, unfinished: Option<Uuid>, until: Timestamp) -> Reply {
    match unfinished {
        Some(task) => Reply { delivery: Delivery::Held { task, until }, ..reply },
        None => reply,
    }
}

/// The milliseconds of `?wait=`, within the documented bounds.
fn wait_ms(url: &str) -> u64 {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let said = query.split('&').find_map(|pair| pair.strip_prefix("wait=")?.parse().ok());
    said.map_or(WAIT_MS.0, |ms: u64| ms.clamp(WAIT_MS.1, WAIT_MS.2))
}

/// The two forms of a 404 that clients met, as the one object that they probably are; its `status` is
/// a number.
fn not_found(detail: &str) -> Reply {
    let body = json!({ "status": 404, "title": "Not Found", "detail": detail });
    Reply::of(HttpResponse::json(404, &body))
}

fn refused(message: &str) -> Reply {
    Reply::of(HttpResponse::json(400, &json!({ "error": message })))
}
