//! One array of tasks: each is answered by itself, and the answers are gathered into one response.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::envelope;
use super::fault::Fault;
use super::fields::MAX_FAULTS;
use super::record::Record;
use super::remote::Sandbox;
use super::reply::{Body, Delivery, Reply};
use super::trouble::Trouble;
use crate::provider::wire::{HttpRequest, HttpResponse};

/// The task types that the sandbox knows.
const TASK_TYPES: [&str; 6] = [
    "videoInference",
    "getResponse",
    "getTaskDetails",
    "accountManagement",
    "mediaStorage",
    "imageUpload",
];

/// What the tasks of one array have come to.
#[derive(Default)]
pub(super) struct Batch {
    /// The items of `data`.
    pub(super) data: Vec<Value>,
    /// The entries of `errors` that belong to tasks accepted earlier.
    pub(super) failed: Vec<Value>,
    /// What must be kept.
    pub(super) records: Vec<Record>,
    /// Whether the reply gets lost.
    pub(super) lost: bool,
    refused: Vec<Fault>,
    any_ok: bool,
}

/// What every task of one array shares.
pub(super) struct Context<'a> {
    /// What addresses of results begin with.
    pub(super) origin: &'a str,
    /// The time.
    pub(super) now: Timestamp,
    /// Whether the request is only to be checked and priced (`X-Runware-Dry-Run: 1`).
    pub(super) dry_run: bool,
}

impl Sandbox {
    /// Answers the array of tasks in `request`.
    pub(super) fn tasks_of(
        &mut self,
        request: &HttpRequest,
        origin: &str,
        now: Timestamp,
    ) -> Reply {
        let tasks = match envelope::open(request, &self.settings.keys) {
            Ok(tasks) => tasks,
            Err(fault) => return Reply::refused(&fault),
        };
        let dry_run = request.header("x-runware-dry-run") == Some("1");
        if !dry_run && let Some(reply) = self.break_down(&tasks, now) {
            return reply;
        }
        let context = Context { origin, now, dry_run };
        let mut batch = Batch::default();
        for task in &tasks {
            self.answer(task, &context, &mut batch);
        }
        batch.reply()
    }

    fn answer(&mut self, task: &Value, context: &Context<'_>, batch: &mut Batch) {
        let Some(task) = task.as_object() else {
            return batch
                .refuse(vec![Fault::new("invalidTask", "A task must be an object.")], None);
        };
        let result = match task.get("taskType").and_then(Value::as_str) {
            Some("videoInference") => self.submit(task, context, batch),
            Some("getResponse") => self.get_response(task, context, batch),
            Some("getTaskDetails") => self.get_task_details(task, context, batch),
            Some("accountManagement") => self.get_account(task, context, batch),
            Some("mediaStorage") => self.media_storage(task, context, batch),
            Some("imageUpload") => self.upload_image(task, context, batch),
            Some("authentication") => {
                let rule = "The authentication must be the first object of the array.";
                Err(vec![Fault::invalid("taskType", rule)])
            }
            Some(_) => {
                let rule = "The sandbox does not know this type of task.";
                Err(vec![Fault::invalid("taskType", rule).allowing(TASK_TYPES)])
            }
            None => Err(vec![Fault::missing("taskType").allowing(TASK_TYPES)]),
        };
        match result {
            Ok(()) => batch.any_ok = true,
            Err(faults) => batch.refuse(faults, Some(task)),
        }
    }

    /// Trouble that hits a request before anything of it is read: a request that is lost, or a
    /// service that breaks. It hits the whole array, and each task once.
    fn break_down(&mut self, tasks: &[Value], now: Timestamp) -> Option<Reply> {
        for trouble in [Trouble::LostRequest, Trouble::ServerError] {
            let hit: Vec<Uuid> = tasks
                .iter()
                .filter_map(Value::as_object)
                .filter(|task| task.get("taskType").is_some_and(|one| one == "videoInference"))
                .filter(|task| asked_for(task).contains(&trouble))
                .filter_map(|task| new_task_uuid(task).ok())
                .filter(|id| !self.tasks.contains_key(id))
                .filter(|id| self.times_turned_away(*id, trouble) == 0)
                .collect();
            if hit.is_empty() {
                continue;
            }
            for task in &hit {
                self.turn_away(*task, trouble, now);
            }
            let record = |task| Record::TurnedAway { task, at: now, trouble };
            return Some(Reply {
                body: Body::Http(Reply::broken()),
                records: hit.into_iter().map(record).collect(),
                delivery: match trouble {
                    Trouble::LostRequest => Delivery::Lost,
                    _ => Delivery::Whole,
                },
            });
        }
        None
    }
}

impl Batch {
    fn refuse(&mut self, mut faults: Vec<Fault>, task: Option<&Map<String, Value>>) {
        let text = |name| task.and_then(|task| task.get(name)).and_then(Value::as_str);
        faults.truncate(MAX_FAULTS);
        let faults = faults.into_iter().map(|one| one.in_task(text("taskType"), text("taskUUID")));
        self.refused.extend(faults);
    }

    /// The documented envelope. HTTP 200 as soon as one task was right, else what the first
    /// refusal says: 400, 402 or 429 (docs, errors).
    fn reply(self) -> Reply {
        let status = match self.refused.first() {
            Some(first) if !self.any_ok => first.status,
            _ => 200,
        };
        let mut body = Map::new();
        body.insert("data".into(), Value::Array(self.data));
        let refused = self.refused.iter().map(Fault::json);
        let errors: Vec<Value> = self.failed.into_iter().chain(refused).collect();
        if !errors.is_empty() {
            body.insert("errors".into(), Value::Array(errors));
        }
        Reply {
            body: Body::Http(HttpResponse::json(status, &json!(body))),
            records: self.records,
            delivery: if self.lost { Delivery::Lost } else { Delivery::Whole },
        }
    }
}

/// The trouble that a task's prompt asks for.
pub(super) fn asked_for(task: &Map<String, Value>) -> Vec<Trouble> {
    let prompt = task.get("positivePrompt").and_then(Value::as_str).unwrap_or_default();
    Trouble::asked_for(prompt)
}

/// A task's UUID, as written with hyphens.
pub(super) fn task_uuid(task: &Map<String, Value>) -> Result<Uuid, Fault> {
    let value = task.get("taskUUID").ok_or_else(|| Fault::missing("taskUUID").kind("string"))?;
    let text = value.as_str().filter(|text| text.len() == 36);
    text.and_then(|text| Uuid::try_parse(text).ok())
        .ok_or_else(|| Fault::invalid("taskUUID", "It must be a UUID v4.").kind("string"))
}

/// The UUID of a task that is submitted: "UUID v4 … must be unique per task" (docs, taskUUID).
pub(super) fn new_task_uuid(task: &Map<String, Value>) -> Result<Uuid, Fault> {
    let id = task_uuid(task)?;
    let is_v4 = id.get_version_num() == 4 && id.get_variant() == uuid::Variant::RFC4122;
    is_v4
        .then_some(id)
        .ok_or_else(|| Fault::invalid("taskUUID", "It must be a UUID v4.").kind("string"))
}
