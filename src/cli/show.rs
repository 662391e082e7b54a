//! `rushes show`: everything about one job.

use serde_json::{Value, json};

use super::Context;
use super::follow::money;
use super::jobs::{mark, marked_json};
use super::submit::find_job;
use super::trouble::Trouble;
use crate::domain::event::JobEvent;
use crate::domain::job::Job;
use crate::domain::mark::Mark;
use crate::domain::promotion::Promotable;
use crate::runtime::clock::wall;
use crate::words;

pub(super) async fn run(context: &mut Context, text: &str) -> Result<u8, Trouble> {
    let workspace = context.workspace_to_read()?;
    let job = find_job(&workspace, text).await?;
    let id = job.id;
    let (events, children) = workspace
        .store
        .run(move |store| {
            Ok::<_, crate::store::StoreError>((store.events(id)?, store.children(id)?))
        })
        .await??;
    let mark = mark(&workspace, &job).await?;
    if context.json {
        return json_of(context, &job, &mark, &events, &children);
    }
    context.out.line(&format!("job {} {}", job.id, words::state(&job)))?;
    context.out.line(&format!("  {} · {}", job.request.model, words::settings(&job.request)))?;
    if let Some(stars) = words::stars(&mark) {
        context.out.line(&format!("  {stars}"))?;
    }
    if !mark.note.is_empty() {
        context.out.line(&format!("  note: {}", mark.note))?;
    }
    if let Some(seed) = job.seed() {
        context.out.line(&format!("  seed {seed}"))?;
    }
    for line in money(&workspace, &job) {
        context.out.line(&format!("  {line}"))?;
    }
    if let Some(parent) = job.parent {
        context.out.line(&format!("  {} of job {}", parent.relation, parent.job))?;
    }
    for child in &children {
        let relation = child.parent.map_or("", |parent| parent.relation.word());
        context.out.line(&format!("  {relation} -> job {} ({})", child.id, words::state(child)))?;
    }
    let model = workspace.catalog.model(&job.request.model);
    if let Ok(promotable) = Promotable::of(&job, model, wall()) {
        let left = words::span(promotable.left);
        context.out.line(&format!(
            "  can be promoted for another {left}: rushes promote {}",
            job.id.short()
        ))?;
    }
    for (output, file) in job.saved() {
        let path = context.places.clip(&file.path);
        context.out.line(&format!("  {} ({})", path.display(), words::file_facts(output, file)))?;
        context.out.line(&format!("  sha256 {}", file.sha256))?;
    }
    if let Some((line, advice)) = words::trouble(&job) {
        context.out.line(&format!("  {line}"))?;
        context.out.line(&format!("  {advice}"))?;
    }
    if let Some(held) = words::held(&job) {
        context.out.line(&format!("  {held}"))?;
    }
    context.out.line("")?;
    for line in job.request.prompt.lines() {
        context.out.line(&format!("  {line}"))?;
    }
    context.out.line("")?;
    let now = wall();
    for (at, event) in &events {
        let since = words::span(at.duration_since(job.created_at));
        context.out.line(&format!("  +{since:<7} {}", words::event(event)))?;
    }
    context.out.line(&format!("  made {}", words::ago(job.created_at, now)))?;
    Ok(0)
}

fn json_of(
    context: &mut Context,
    job: &Job,
    mark: &Mark,
    events: &[(jiff::Timestamp, JobEvent)],
    children: &[Job],
) -> Result<u8, Trouble> {
    let mut value = marked_json(context, job, Some(mark))?;
    value["children"] = children.iter().map(|child| json!(child.id.to_string())).collect();
    value["events"] = events
        .iter()
        .map(|(at, event)| json!({ "at": at.to_string(), "event": event.word(), "text": words::event(event) }))
        .collect::<Vec<Value>>()
        .into();
    context.out.json(&value)?;
    Ok(0)
}
