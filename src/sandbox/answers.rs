//! The tasks that only ask: `getResponse`, `getTaskDetails` and `accountManagement`.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::batch::{Batch, Context, task_uuid};
use super::fault::Fault;
use super::record::Door;
use super::remote::Sandbox;
use super::task::{Clip, Outcome, Task};
use super::trouble::Trouble;

/// The account's UUID: it has no other use than to stand in its place.
const ORGANIZATION: Uuid = Uuid::from_u128(0x52757368_6573_4abc_8def_53616e64626f);

impl Sandbox {
    /// Everything that is known of a task's results by now, every time: results come one by one,
    /// a failed one stands in `errors`, and of an unknown task there is nothing (docs, task
    /// polling; the last was seen live by third parties).
    pub(super) fn get_response(
        &self,
        task: &Map<String, Value>,
        context: &Context<'_>,
        batch: &mut Batch,
    ) -> Result<(), Vec<Fault>> {
        let id = task_uuid(task).map_err(|fault| vec![fault])?;
        if let Some(task) = self.seen(id, context) {
            let (data, failed) = results(task, context);
            batch.data.extend(data);
            batch.failed.extend(failed);
        }
        Ok(())
    }

    /// A task's request and its latest response (docs, task details). A refused second submit is
    /// said to take the response's place at the real service; here it does not.
    pub(super) fn get_task_details(
        &self,
        task: &Map<String, Value>,
        context: &Context<'_>,
        batch: &mut Batch,
    ) -> Result<(), Vec<Fault>> {
        let id = task_uuid(task).map_err(|fault| vec![fault])?;
        let Some(task) = self.seen(id, context) else { return Ok(()) };
        let (data, failed) = results(task, context);
        let mut response = Map::new();
        if !data.is_empty() {
            response.insert("data".into(), json!(data));
        }
        if !failed.is_empty() {
            response.insert("errors".into(), json!(failed));
        }
        batch.data.push(json!({
            "taskType": "getTaskDetails",
            "taskUUID": id,
            "request": [task.accepted.request],
            "response": response,
        }));
        Ok(())
    }

    /// The account's balance (docs, account management): play money.
    pub(super) fn get_account(
        &self,
        task: &Map<String, Value>,
        context: &Context<'_>,
        batch: &mut Batch,
    ) -> Result<(), Vec<Fault>> {
        let id = task_uuid(task).map_err(|fault| vec![fault])?;
        if task.get("operation").is_none_or(|operation| operation != "getDetails") {
            let fault = Fault::invalid("operation", "It must be getDetails.");
            return Err(vec![fault.allowing(["getDetails"])]);
        }
        let credits = self.billed(context.now).as_usd();
        batch.data.push(json!({
            "taskType": "accountManagement",
            "taskUUID": id,
            "operation": "getDetails",
            "organizationUUID": ORGANIZATION,
            "organizationName": "Rushes sandbox",
            "AIRSource": "sandbox",
            "balance": self.balance(context.now).as_usd(),
            "team": [],
            "apiKeys": [],
            "usage": {
                "total": { "credits": credits, "requests": self.accepted() },
                "today": {}, "last7Days": {}, "last30Days": {},
            },
        }));
        Ok(())
    }

    fn seen(&self, id: Uuid, context: &Context<'_>) -> Option<&Task> {
        self.tasks
            .get(&id)
            .filter(|task| task.accepted.door == Door::Runware && task.is_seen(context.now))
    }
}

/// The items of a task's results, and the errors of those that failed.
fn results(task: &Task, context: &Context<'_>) -> (Vec<Value>, Vec<Value>) {
    let (mut data, mut failed) = (Vec::new(), Vec::new());
    for (index, clip, outcome) in task.outcomes(context.now) {
        match item(task, index, clip, outcome, context.origin) {
            Ok(item) => data.push(item),
            Err(error) => failed.push(error),
        }
    }
    (data, failed)
}

/// What is told of one result: its item, or the error in its place.
pub(super) fn item(
    task: &Task,
    index: u32,
    clip: &Clip,
    outcome: Outcome,
    origin: &str,
) -> Result<Value, Value> {
    let id = task.accepted.task;
    match outcome {
        Outcome::Processing => Ok(json!({
            "taskType": "videoInference", "taskUUID": id, "status": "processing",
        })),
        Outcome::Success => Ok(success(task, index, clip.video, origin)),
        Outcome::Failed(fault) => {
            let fault = fault.in_task(Some("videoInference"), Some(&id.to_string()));
            Err(fault.failed_json())
        }
    }
}

fn success(task: &Task, index: u32, video: Uuid, origin: &str) -> Value {
    let order = task.order();
    let mut item = json!({
        "taskType": "videoInference",
        "taskUUID": task.accepted.task,
        "status": "success",
        "videoUUID": video,
        "videoURL": task.address(index, origin),
        "seed": task.seed(index),
    });
    if order.wishes.include_cost {
        item["cost"] = json!(task.accepted.cost_each.as_usd());
    }
    if order.wishes.checks_content {
        item["NSFWContent"] = json!(task.has(Trouble::Nsfw));
    }
    if let Some(draft_id) = task.draft_id(index) {
        item["outputs"] = json!({ "draftId": draft_id });
    }
    item
}
