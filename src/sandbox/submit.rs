//! `videoInference`: a task is checked, priced and accepted, or refused and forgotten.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::batch::{Batch, Context, asked_for, new_task_uuid};
use super::fault::Fault;
use super::order;
use super::promotion::FoundDraft;
use super::record::{Accepted, Door, Record};
use super::remote::Sandbox;
use super::task::{Outcome, later};
use super::trouble::Trouble;
use crate::domain::catalog::Model;
use crate::domain::job::JobKind;

/// The provider whose models the sandbox offers.
const PROVIDER: &str = "sandbox";
/// The wait for a draft and for anything else, in milliseconds at speed 1.
const WAIT_MS: (f64, f64) = (5_000.0, 12_000.0);
/// How often a rate limit turns a task away.
pub(super) const RATE_LIMITED: u32 = 2;

impl Sandbox {
    /// Takes in one task. What is refused leaves no trace and costs nothing.
    pub(super) fn submit(
        &mut self,
        task: &Map<String, Value>,
        context: &Context<'_>,
        batch: &mut Batch,
    ) -> Result<(), Vec<Fault>> {
        let now = context.now;
        let id = new_task_uuid(task).map_err(|fault| vec![fault])?;
        if self.tasks.contains_key(&id) {
            // HTTP 400 and no data, as clients of the real service saw; the docs only say "must be
            // unique". It stays reserved for as long as the task is remembered.
            let message = "A task with the same 'taskUUID' already exists.";
            return Err(vec![Fault::new("conflictTaskUUID", message).of("taskUUID")]);
        }
        let troubles = asked_for(task);
        if !context.dry_run {
            self.limit_rate(id, &troubles, context, batch).map_err(|fault| vec![fault])?;
        }
        let catalog = self.catalog.clone();
        let model = model(&catalog, task).map_err(|fault| vec![fault])?;
        let find_draft = |draft_id: &str| self.find_draft(draft_id, model, context);
        let find_media = |media| self.media.get(media).map(|stored| stored.frame.clone());
        let checked = order::check(model, task, id, &find_draft, &find_media)?;
        if troubles.contains(&Trouble::InsufficientCredits) {
            let message = "Insufficient credits. Add funds to your account to continue.";
            return Err(vec![Fault::new("insufficientCredits", message).status(402)]);
        }
        let cost_each = checked.order.cost_each(model);
        if context.dry_run {
            // The header is official; the form of its answer is our guess.
            let cost = (cost_each * checked.order.results).as_usd();
            batch.data.push(json!({
                "taskType": "videoInference", "taskUUID": id, "cost": cost,
            }));
            return Ok(());
        }
        let accepted = Accepted {
            task: id,
            at: now,
            base_ms: wait_ms(self.settings.speed, checked.order.kind, &troubles),
            door: Door::Runware,
            model: model.wire_id.clone(),
            cost_each,
            troubles,
            order: checked.order,
            request: checked.request,
        };
        batch.lost |= accepted.troubles.contains(&Trouble::LostReply);
        batch.records.push(Record::Accepted(Box::new(accepted.clone())));
        // One placeholder, whatever the number of results (docs, task polling).
        batch.data.push(json!({ "taskType": "videoInference", "taskUUID": id }));
        self.accept(accepted);
        Ok(())
    }

    fn limit_rate(
        &mut self,
        id: Uuid,
        troubles: &[Trouble],
        context: &Context<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let trouble = Trouble::RateLimit;
        let limited =
            troubles.contains(&trouble) && self.times_turned_away(id, trouble) < RATE_LIMITED;
        if limited {
            self.turn_away(id, trouble, context.now);
            batch.records.push(Record::TurnedAway { task: id, at: context.now, trouble });
        }
        if limited || self.is_full() {
            let message = "The queue is full. Try again later.";
            return Err(Fault::new("rateLimitExceeded", message).status(429));
        }
        Ok(())
    }

    fn find_draft(
        &self,
        draft_id: &str,
        model: &Model,
        context: &Context<'_>,
    ) -> Option<FoundDraft> {
        let (id, index) = *self.drafts.get(draft_id)?;
        let task = self.tasks.get(&id)?;
        if !matches!(task.outcome(index, context.now), Outcome::Success) {
            return None;
        }
        // "Valid 7 days from draft creation", which the maker counts from the submit.
        let life_h = model.drafts().map_or(0, |rule| rule.id_lifetime_h);
        let end = later(task.accepted.at, u64::from(life_h) * 3_600_000);
        Some(FoundDraft {
            model: task.accepted.model.clone(),
            order: task.order().clone(),
            seed: task.seed(index),
            expired: context.now >= end || task.has(Trouble::DraftExpired),
        })
    }
}

/// The wait for the first result at `speed`, in milliseconds.
pub(super) fn wait_ms(speed: f64, kind: JobKind, troubles: &[Trouble]) -> u64 {
    let wait = if kind == JobKind::Draft { WAIT_MS.0 } else { WAIT_MS.1 };
    let slow = if troubles.contains(&Trouble::Slow) { 6.0 } else { 1.0 };
    let speed = if speed.is_nan() { 1.0 } else { speed.clamp(0.001, 1e6) };
    (wait * slow / speed).round() as u64
}

fn model<'a>(
    catalog: &'a crate::domain::catalog::Catalog,
    task: &Map<String, Value>,
) -> Result<&'a Model, Fault> {
    let value = task.get("model").ok_or_else(|| Fault::missing("model").kind("string"))?;
    let wire_id = value
        .as_str()
        .ok_or_else(|| Fault::invalid("model", "It must be of type string.").kind("string"))?;
    catalog.by_wire_id(PROVIDER, wire_id).ok_or_else(|| {
        let known = catalog.models.iter().filter(|model| model.provider == PROVIDER);
        let known = known.map(|model| model.wire_id.clone());
        Fault::new("modelNotFound", "The model is not one of the sandbox's.")
            .of("model")
            .allowing(known)
    })
}
