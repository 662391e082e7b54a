//! `rushes show`: everything about one job.

use serde_json::{Value, json};

use super::Context;
use super::follow::{error_line, money};
use super::job_json::JobJson;
use super::jobs::carry_on;
use super::submit::find_job;
use super::trouble::Trouble;
use super::words;
use crate::domain::event::JobEvent;
use crate::domain::job::Job;
use crate::runtime::clock::wall;

pub(super) async fn run(context: &mut Context, text: &str) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    let id = find_job(&workspace, text).await?.id;
    carry_on(&workspace).await?;
    let job = find_job(&workspace, &id.to_string()).await?;
    let (events, children) = workspace
        .store
        .run(move |store| {
            Ok::<_, crate::store::StoreError>((store.events(id)?, store.children(id)?))
        })
        .await??;
    if context.json {
        return json_of(context, &job, &events, &children);
    }
    let out = &mut context.out;
    out.line(&format!("job {} {}", job.id, words::state(&job)))?;
    out.line(&format!("  {} · {}", job.request.model, words::settings(&job.request)))?;
    if let Some(seed) = job.seed() {
        out.line(&format!("  seed {seed}"))?;
    }
    for line in money(&workspace, &job) {
        out.line(&format!("  {line}"))?;
    }
    if let Some(parent) = job.parent {
        out.line(&format!("  {} of job {}", parent.relation, parent.job))?;
    }
    for child in &children {
        let relation = child.parent.map_or("", |parent| parent.relation.word());
        out.line(&format!("  {relation} -> job {} ({})", child.id, words::state(child)))?;
    }
    for file in job.files() {
        let path = context.places.clip(&file.path);
        out.line(&format!("  {} ({})", path.display(), words::bytes(file.bytes)))?;
        out.line(&format!("  sha256 {}", file.sha256))?;
    }
    if let Some(error) = &job.error {
        out.line(&format!("  {}", error_line(&job)))?;
        out.line(&format!("  {}", error.advice()))?;
    }
    out.line("")?;
    for line in job.request.prompt.lines() {
        out.line(&format!("  {line}"))?;
    }
    out.line("")?;
    let now = wall();
    for (at, event) in &events {
        let since = words::span(at.duration_since(job.created_at));
        out.line(&format!("  +{since:<7} {}", in_words(event)))?;
    }
    out.line(&format!("  made {}", words::ago(job.created_at, now)))?;
    Ok(0)
}

fn json_of(
    context: &mut Context,
    job: &Job,
    events: &[(jiff::Timestamp, JobEvent)],
    children: &[Job],
) -> Result<u8, Trouble> {
    let mut value = serde_json::to_value(JobJson::new(job, &context.places.data_dir))
        .map_err(Trouble::failed)?;
    value["children"] = children.iter().map(|child| json!(child.id.to_string())).collect();
    value["events"] = events
        .iter()
        .map(|(at, event)| json!({ "at": at.to_string(), "event": event.word(), "text": in_words(event) }))
        .collect::<Vec<Value>>()
        .into();
    context.out.json(&value)?;
    Ok(0)
}

/// An event as a person reads it.
fn in_words(event: &JobEvent) -> String {
    match event {
        JobEvent::Created { .. } => "stored".to_owned(),
        JobEvent::Sent => "sent".to_owned(),
        JobEvent::Accepted { how, .. } => format!("accepted: {how}"),
        JobEvent::Postponed { error, wait_ms } => {
            format!(
                "not accepted ({}), sent again in {:.1} s",
                error.message,
                *wait_ms as f64 / 1000.0
            )
        }
        JobEvent::OutcomeUnknown { reason } => {
            format!("no reply ({reason}); asking whether it arrived")
        }
        JobEvent::NotFound => {
            "the provider does not have it; sending it again under the same key".to_owned()
        }
        JobEvent::OutputReady { output } => format!("result {} is rendered", output.remote_id),
        JobEvent::OutputMoved { index, .. } => format!("result {} has a new address", index + 1),
        JobEvent::OutputFailed { error } => format!("a result failed: {}", error.message),
        JobEvent::Rendered => "all results are in".to_owned(),
        JobEvent::Saved { index, file } => {
            format!("result {} saved, {}", index + 1, words::bytes(file.bytes))
        }
        JobEvent::SaveFailed { index, error } => {
            format!("result {} not saved: {}", index + 1, error.message)
        }
        JobEvent::OutputLost { index, error } => {
            format!("result {} is lost: {}", index + 1, error.message)
        }
        JobEvent::Succeeded => "ready".to_owned(),
        JobEvent::Failed { error } => format!("failed: {}", error.message),
        JobEvent::Expired { error } => format!("expired: {}", error.message),
        JobEvent::CancelAsked => "asked the provider to stop".to_owned(),
        JobEvent::Canceled { error } => format!("canceled: {}", error.message),
        JobEvent::Doubted { error } => format!("in doubt: {}", error.message),
    }
}
