//! Runbase's protocol: `POST /api/v1/runs` and `GET /api/v1/runs/{id}`.
//!
//! Facts come from Runbase's page of Seedance 1.0 Pro and its public documents (quickstart, core
//! concepts, error codes, rate limits). Where these are silent the guess is marked as ours.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::arrival::{Hindrance, Wanted, object};
use super::envelope::MAX_BODY_BYTES;
use super::fields::is_web_address;
use super::order::Order;
use super::record::Door;
use super::remote::Sandbox;
use super::reply::{Body, Reply};
use super::size::Size;
use super::task::{Outcome, Task, later};
use super::trouble::Trouble;
use crate::domain::catalog::Model;
use crate::domain::money::MicroUsd;
use crate::domain::size::{AspectRatio, Resolution};
use crate::provider::wire::{HttpRequest, HttpResponse, Method};

const PROVIDER: &str = "runbase";
/// "20 requests per 10 s per key, POST and GET combined" (documents, rate limits).
const RATE: (usize, SignedDuration) = (20, SignedDuration::from_secs(10));
/// The most requests of all keys within that time; ours.
const MAX_RECENT: usize = 10_000;
/// The pixels that the provider computes from ratio and resolution are not documented; these are the
/// maker's own for the same model (Volcengine Ark, create task).
const PIXELS: [(&str, &str, (u32, u32)); 12] = [
    ("720p", "16:9", (1248, 704)),
    ("720p", "4:3", (1120, 832)),
    ("720p", "1:1", (960, 960)),
    ("720p", "3:4", (832, 1120)),
    ("720p", "9:16", (704, 1248)),
    ("720p", "21:9", (1504, 640)),
    ("1080p", "16:9", (1920, 1088)),
    ("1080p", "4:3", (1664, 1248)),
    ("1080p", "1:1", (1440, 1440)),
    ("1080p", "3:4", (1248, 1664)),
    ("1080p", "9:16", (1088, 1920)),
    ("1080p", "21:9", (2176, 928)),
];

/// A refusal: HTTP status, code, message.
type Refusal = (u16, &'static str, String);

impl Sandbox {
    /// Answers a request to `/api/v1/` and `rest`.
    pub(super) fn runbase(
        &mut self,
        request: &HttpRequest,
        rest: &str,
        origin: &str,
        now: Timestamp,
    ) -> Reply {
        if request.header("authorization").is_none_or(|header| header.trim().is_empty()) {
            return refused(&(401, "missing_api_key", "API key is missing".to_owned()));
        }
        if !self.knows_key(request) {
            return refused(&(401, "invalid_api_key", "API key is invalid".to_owned()));
        }
        if self.is_too_often(request, now) {
            return refused(&rate_limited());
        }
        match (request.method, rest.split_once('/')) {
            (Method::Post, None) if rest == "runs" => self.create_run(request, now),
            (Method::Get, Some(("runs", id))) => match self.run_of(id) {
                Some(task) => Reply::of(HttpResponse::json(200, &run(task, origin, now))),
                None => refused(&(404, "run_not_found", "Run not found".to_owned())),
            },
            // Anything else is not documented.
            _ => refused(&(404, "not_found", "Not found".to_owned())),
        }
    }

    fn is_too_often(&mut self, request: &HttpRequest, now: Timestamp) -> bool {
        let mut hasher = DefaultHasher::new();
        request.header("authorization").hash(&mut hasher);
        let key = hasher.finish();
        let recent = &mut self.runbase_requests;
        recent.retain(|(_, at)| now.duration_since(*at) < RATE.1);
        let by_key = recent.iter().filter(|(one, _)| *one == key).count();
        let too_often = by_key >= RATE.0 || recent.len() >= MAX_RECENT;
        if !too_often {
            recent.push_back((key, now));
        }
        too_often
    }

    fn create_run(&mut self, request: &HttpRequest, now: Timestamp) -> Reply {
        match self.try_create_run(request, now) {
            Ok(reply) => reply,
            Err(refusal) => refused(&refusal),
        }
    }

    fn try_create_run(&mut self, request: &HttpRequest, now: Timestamp) -> Result<Reply, Refusal> {
        let wrong = |code, message: &str| (400, code, message.to_owned());
        if request.body.len() > MAX_BODY_BYTES {
            return Err(wrong("invalid_json", "Request body is too large"));
        }
        let body = object(&request.body).map_err(|why| wrong("invalid_json", &why))?;
        let model = body.get("model").ok_or_else(|| wrong("missing_model", "model is required"))?;
        let input = body.get("input").ok_or_else(|| wrong("missing_input", "input is required"))?;
        let input =
            input.as_object().ok_or_else(|| wrong("invalid_input", "input must be an object"))?;
        let prompt = input.get("prompt").and_then(Value::as_str).unwrap_or_default();
        match self.hinder(Door::Runbase, prompt, now) {
            None => {}
            Some(Hindrance::Reply(reply)) => return Ok(reply),
            Some(Hindrance::Rate(records)) => {
                return Ok(Reply { records, ..refused(&rate_limited()) });
            }
        }
        let catalog = self.catalog.clone();
        // An unknown model is a 400 (documents, error codes).
        let model = model
            .as_str()
            .and_then(|wire_id| catalog.by_wire_id(PROVIDER, wire_id))
            .ok_or_else(|| wrong("model_not_found", "Model not found"))?;
        let wanted = wanted(model, input).map_err(|why| wrong("invalid_input", &why))?;
        if Trouble::asked_for(prompt).contains(&Trouble::InsufficientCredits) {
            return Err((402, "insufficient_balance", "Insufficient balance".to_owned()));
        }
        let (task, records, delivery) =
            self.take_in(Door::Runbase, &model.wire_id, wanted, cost, now);
        let cost = self.tasks.get(&task).map_or(0, |task| task.accepted.cost_each.0);
        let body = json!({
            "id": run_id(task), "model": model.wire_id, "status": "pending", "costUsd": cost,
        });
        // The code of success is not documented.
        Ok(Reply { body: Body::Http(HttpResponse::json(200, &body)), records, delivery })
    }

    fn run_of(&self, id: &str) -> Option<&Task> {
        let task = self.tasks.get(&Uuid::try_parse(id.strip_prefix("run_")?).ok()?)?;
        (task.accepted.door == Door::Runbase && run_id(task.accepted.task) == id).then_some(task)
    }
}

/// What the input asks for, or the rule that it breaks. The page gives no defaults: the catalog's are
/// taken. Inputs that are not on the page are ignored.
fn wanted(model: &Model, input: &Map<String, Value>) -> Result<Wanted, String> {
    let text = |name: &str| match input.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("{name} must be a string")),
    };
    let prompt = text("prompt")?.unwrap_or_default();
    if prompt.chars().count() < model.prompt.min_chars {
        return Err("prompt is required".to_owned());
    }
    let resolution: Resolution = match text("resolution")? {
        None => model.default_resolution,
        Some(word) => word.parse().map_err(|_| "resolution is invalid".to_owned())?,
    };
    let aspect: AspectRatio = match text("aspect_ratio")? {
        None => AspectRatio::WIDESCREEN,
        Some(word) => word.parse().map_err(|_| "aspect_ratio is invalid".to_owned())?,
    };
    if !model.resolutions().any(|one| one == resolution) {
        return Err("resolution is invalid".to_owned());
    }
    if !model.ratios(resolution).any(|one| one == aspect) {
        return Err("aspect_ratio is invalid".to_owned());
    }
    let duration_ms = match text("duration")? {
        None => model.duration.default_ms(),
        Some(word) => word.parse::<u32>().unwrap_or(0).saturating_mul(1000),
    };
    if !model.duration.allows_ms(duration_ms) {
        return Err("duration is invalid".to_owned());
    }
    let image = match input.get("image_urls") {
        None => None,
        Some(Value::Array(urls)) => match &urls[..] {
            [] => None,
            [Value::String(url)] if is_web_address(url) => Some(url.clone()),
            _ => return Err("image_urls must hold one URL".to_owned()),
        },
        Some(_) => return Err("image_urls must be an array".to_owned()),
    };
    let pixels = PIXELS
        .iter()
        .find(|(lines, ratio, _)| lines.parse() == Ok(resolution) && ratio.parse() == Ok(aspect));
    let pixels = pixels.ok_or("aspect_ratio is not supported")?.2;
    let size = Size { resolution, aspect, pixels };
    Ok(Wanted { prompt: prompt.to_owned(), size, duration_ms, fps: model.fps, image })
}

/// The price is not published. Play money is taken at the maker's rate for the same model, 2.5 dollars
/// a million tokens (BytePlus ModelArk).
fn cost(order: &Order) -> MicroUsd {
    let (width, height) = order.size_px;
    let frames = u64::from(order.duration_ms) * 24 / 1000;
    let tokens = u64::from(width) * u64::from(height) * frames / 1024;
    MicroUsd(i64::try_from(tokens * 5 / 2).unwrap_or(i64::MAX))
}

/// A run as the documents show it (quickstart).
fn run(task: &Task, origin: &str, now: Timestamp) -> Value {
    let accepted = &task.accepted;
    let mut body = json!({
        "id": run_id(accepted.task),
        "model": accepted.model,
        "costUsd": accepted.cost_each.0,
        "createdAt": instant(accepted.at),
    });
    // A tenth of the wait is spent in the queue; ours.
    let started = later(accepted.at, accepted.base_ms / 10);
    let status = match task.outcome(0, now) {
        Outcome::Processing if now < started => "pending",
        Outcome::Processing => "processing",
        Outcome::Success => {
            body["output"] = json!({ "urls": [task.address(0, origin)] });
            body["completedAt"] = json!(instant(task.due(0)));
            "succeeded"
        }
        Outcome::Failed(fault) => {
            // "`error` describes what went wrong"; one client in the field reads a string.
            body["error"] = json!(fault.message());
            body["completedAt"] = json!(instant(task.due(0)));
            "failed"
        }
    };
    body["status"] = json!(status);
    body
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn run_id(task: Uuid) -> String {
    format!("run_{}", task.simple())
}

/// Word for word from the documents, rate limits.
fn rate_limited() -> Refusal {
    (429, "RATE_LIMITED", "Rate limit exceeded".to_owned())
}

fn refused((status, code, message): &Refusal) -> Reply {
    let body = json!({ "error": { "message": message, "code": code } });
    Reply::of(HttpResponse::json(*status, &body))
}
