//! `rushes jobs`: what is live, and what ended last. It only looks: whoever drives sends, polls and saves.
//!
//! Verbs that only look never start a driver; `jobs --watch` starts one that may only follow (`Driver::follow`).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Context;
use super::follow::live_line;
use super::interrupt::Signals;
use super::job_json::JobJson;
use super::trouble::Trouble;
use crate::domain::job::{Job, JobId};
use crate::domain::mark::Mark;
use crate::domain::query::HistoryQuery;
use crate::domain::text::one_line;
use crate::domain::wait::Stuck;
use crate::runtime::clock::wall;
use crate::runtime::driver::Driver;
use crate::runtime::driver_locks;
use crate::runtime::workspace::Workspace;
use crate::words;

/// How many jobs are listed beside the live ones.
const LAST: usize = 10;

pub(super) async fn run(context: &mut Context, watch: bool) -> Result<u8, Trouble> {
    if watch {
        let workspace = context.workspace()?;
        return follow(context, &workspace).await;
    }
    let workspace = context.workspace_to_read()?;
    let jobs = read(&workspace).await?;
    print(context, &workspace, &jobs).await?;
    if jobs.iter().any(|job| job.state.is_live())
        && let Some(pid) = driver_locks::stopped(&workspace.places)
    {
        context.out.note(&words::stuck(None, Some(Stuck::Stopped { pid })));
    }
    Ok(0)
}

/// Shows changes until interrupted: on a terminal as one table that is redrawn, otherwise a row each
/// time that a job changed.
async fn follow(context: &mut Context, workspace: &Arc<Workspace>) -> Result<u8, Trouble> {
    let mut driver = Driver::follow(Arc::clone(workspace));
    let mut shown: Vec<Job> = Vec::new();
    let mut signals = Signals::listen()?;
    let mut stuck = None;
    loop {
        if stuck != driver.snapshot().stuck {
            let now = driver.snapshot().stuck;
            context.out.note(&words::stuck(stuck, now));
            stuck = now;
        }
        let jobs = read(workspace).await?;
        if context.out.is_live() && !context.json {
            let now = wall();
            let marks = marks(workspace, &jobs).await?;
            let rows: Vec<Vec<String>> =
                jobs.iter().map(|job| row(job, marks.get(&job.id), now)).collect();
            let mut lines = words::table(&rows);
            lines.extend(
                driver
                    .snapshot()
                    .jobs
                    .iter()
                    .map(|live| format!("{} {}", live.job.id.short(), live_line(live))),
            );
            context.out.progress(&lines);
        } else {
            let changed: Vec<Job> =
                jobs.iter().filter(|job| !shown.contains(job)).cloned().collect();
            if !changed.is_empty() {
                print(context, workspace, &changed).await?;
                shown = jobs;
            }
        }
        tokio::select! {
            changed = driver.changed() => changed?,
            () = tokio::time::sleep(Duration::from_secs(1)), if context.out.is_live() => {}
            interrupted = signals.end() => {
                context.out.clear();
                print(context, workspace, &read(workspace).await?).await?;
                return Err(interrupted);
            }
        }
    }
}

/// The live jobs and the last others, newest first.
async fn read(workspace: &Workspace) -> Result<Vec<Job>, Trouble> {
    let now = wall();
    let jobs = workspace.store.run(move |store| {
        let mut jobs = store.live_jobs()?;
        let last = store.history(&HistoryQuery::default(), LAST, now)?;
        jobs.retain(|live| !last.iter().any(|job| job.id == live.id));
        jobs.extend(last);
        jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
        Ok::<_, crate::store::StoreError>(jobs)
    });
    Ok(jobs.await??)
}

/// What the user put on `jobs`.
async fn marks(workspace: &Workspace, jobs: &[Job]) -> Result<HashMap<JobId, Mark>, Trouble> {
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    Ok(workspace.store.run(move |store| store.marks(&ids)).await??)
}

/// What the user put on `job`.
pub(super) async fn mark(workspace: &Workspace, job: &Job) -> Result<Mark, Trouble> {
    let marks = marks(workspace, std::slice::from_ref(job)).await?;
    Ok(marks.into_values().next().unwrap_or_default())
}

/// `job` as JSON with what the user put on it.
pub(super) fn marked_json(
    context: &Context,
    job: &Job,
    mark: Option<&Mark>,
) -> Result<Value, Trouble> {
    let json = JobJson::new(job, &context.places.data_dir);
    let mut value = serde_json::to_value(json).map_err(Trouble::failed)?;
    value["starred"] = mark.is_some_and(|mark| mark.starred).into();
    value["wins"] = mark.map_or(0, |mark| mark.wins).into();
    Ok(value)
}

/// One row a job.
pub(super) async fn print(
    context: &mut Context,
    workspace: &Workspace,
    jobs: &[Job],
) -> Result<(), Trouble> {
    let marks = marks(workspace, jobs).await?;
    if context.json {
        return jobs.iter().try_for_each(|job| {
            let value = marked_json(context, job, marks.get(&job.id))?;
            context.out.json(&value)
        });
    }
    if jobs.is_empty() {
        context.out.note("no jobs");
        return Ok(());
    }
    let now = wall();
    let rows: Vec<Vec<String>> = jobs.iter().map(|job| row(job, marks.get(&job.id), now)).collect();
    words::table(&rows).iter().try_for_each(|line| context.out.line(line))
}

fn row(job: &Job, mark: Option<&Mark>, now: jiff::Timestamp) -> Vec<String> {
    let money = match job.charge() {
        Some(charge) => charge.to_string(),
        None => job.estimate.most().map_or_else(|| "?".to_owned(), |most| format!("~{most}")),
    };
    let stars = mark.and_then(words::stars).map(|stars| format!("{stars} · "));
    let prompt = one_line(&job.request.prompt, 48);
    vec![
        job.id.short(),
        words::state(job).to_owned(),
        words::kind(job.request.kind).to_owned(),
        job.request.model.to_string(),
        format!("{} {}", job.request.resolution, job.request.duration),
        money,
        words::ago(job.created_at, now),
        format!("{}{prompt}", stars.unwrap_or_default()),
    ]
}
