//! `rushes show`: everything about one job.

use serde_json::{Value, json};

use super::Context;
use super::follow::money;
use super::job_json::JobJson;
use super::jobs::carry_on;
use super::submit::find_job;
use super::trouble::Trouble;
use crate::domain::event::JobEvent;
use crate::domain::job::Job;
use crate::runtime::clock::wall;
use crate::words;

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
        out.line(&format!("  {}", words::error_line(error)))?;
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
        out.line(&format!("  +{since:<7} {}", words::event(event)))?;
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
        .map(|(at, event)| json!({ "at": at.to_string(), "event": event.word(), "text": words::event(event) }))
        .collect::<Vec<Value>>()
        .into();
    context.out.json(&value)?;
    Ok(0)
}
