//! A request becomes a job: stored first, then sent by whoever drives.

use std::sync::Arc;

use super::Context;
use super::args::Submitting;
use super::follow::{self, Stay, Until};
use super::interrupt::Signals;
use super::trouble::Trouble;
use crate::domain::catalog::{Model, ModelId, StatusKind};
use crate::domain::consent::{Consent, Objection};
use crate::domain::job::{Job, JobId, JobKind};
use crate::runtime::new_job::{self, Stored};
use crate::runtime::standing::is_real;
use crate::runtime::workspace::Workspace;
use crate::words::objection::objections as words;

/// The model of that id, or what to say instead.
pub(super) fn find_model<'a>(
    catalog: &'a crate::domain::catalog::Catalog,
    id: &ModelId,
) -> Result<&'a Model, Trouble> {
    catalog.model(id).ok_or_else(|| {
        let suggestions = catalog.suggestions(&id.to_string()).join(", ");
        let id = id.repeated();
        Trouble::wrong(format!("there is no model '{id}'; there are {suggestions}"))
    })
}

/// Stores `job`, has it sent, and stays until it was accepted or, if that is wanted, has ended.
pub(super) async fn submit(
    context: &mut Context,
    workspace: Arc<Workspace>,
    model: &Model,
    job: Job,
    submitting: Submitting,
) -> Result<u8, Trouble> {
    if let Some(warning) = status_warning(model) {
        context.out.note(&format!("warning: {warning}"));
    }
    if let Some(note) = model.unverified_of(&job.request) {
        context.out.note(&format!("unverified: {note}"));
    }
    if !context.json {
        let estimate = &job.estimate;
        let money =
            if is_play_money(&workspace, &job) { " of the sandbox's play money" } else { "" };
        context.out.note(&format!(
            "estimate: {estimate}{money} for {}",
            crate::words::settings(&job.request)
        ));
    }
    let id = job.id;
    // A key's command may ask somebody and take its time: only then is heard what interrupts.
    let job = new_job::with_account(&workspace, job).await;
    let signals = Signals::listen()?;
    let consent = Consent {
        over_limit: submitting.over_limit,
        again: submitting.again || is_variation(&job),
        ..Consent::to(job.estimate.clone())
    };
    let stored = new_job::store(&workspace, job, consent).await?;
    if let Stored::No(refused) = stored {
        let said = words(&refused.objections);
        let ways = ways(
            &refused.objections,
            "choose another with --model",
            "run it again to submit it at the price of now",
        );
        return Err(Trouble::wrong(format!("{said}. Nothing was sent; {ways}")));
    }
    let until = if submitting.wait { Until::Ended } else { Until::Accepted };
    let stay = Stay { until, sends: true, no_keeper: submitting.no_keeper };
    follow::jobs(context, workspace, &[id], stay, signals).await
}

/// Whether the job asks for whatever comes: a script that asks for the same again means another one.
pub(super) fn is_variation(job: &Job) -> bool {
    job.request.kind != JobKind::Final && job.request.seed.is_none()
}

/// What says it in spite of `objections`, with what to do where the model is gone or has another price.
pub(super) fn ways(objections: &[Objection], gone: &str, price: &str) -> String {
    use Objection as O;
    let mut ways: Vec<&str> = Vec::new();
    for objection in objections {
        let way = match objection {
            O::ModelGone(_) => gone,
            O::Price { .. } => price,
            O::Final { .. } | O::UnreadFinal { .. } => "add --again to pay for another",
            O::Twin { .. } => "add --again to pay for it twice",
            _ => "add --over-limit to submit it all the same",
        };
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways.join("; ")
}

/// What to know before paying for a model that is not simply live.
pub(super) fn status_warning(model: &Model) -> Option<String> {
    if model.status.kind == StatusKind::Live {
        return None;
    }
    let successor = model
        .status
        .successor
        .as_ref()
        .map(|successor| format!("; {}/{successor} takes its place", model.provider));
    Some(format!("{}: {}{}", model.key(), model.status.note, successor.unwrap_or_default()))
}

pub(super) fn is_play_money(workspace: &Workspace, job: &Job) -> bool {
    !is_real(&workspace.catalog, &job.request.model.provider)
}

/// The one job that `text` names: by its short id, or by a beginning of its whole one.
pub(super) async fn find_job(workspace: &Workspace, text: &str) -> Result<Job, Trouble> {
    let prefix = text.to_owned();
    let mut found = workspace.store.run(move |store| store.jobs_named(&prefix, 5)).await??;
    match (found.pop(), found.is_empty()) {
        (Some(job), true) => Ok(job),
        (Some(job), false) => {
            found.push(job);
            let ids: Vec<String> = found.iter().map(|job| job.id.to_string()).collect();
            Err(Trouble::wrong(format!(
                "'{text}' is the beginning of several jobs: {}",
                ids.join(", ")
            )))
        }
        (None, _) => {
            Err(Trouble::wrong(format!("there is no job '{text}'; `rushes jobs` lists them")))
        }
    }
}

/// The jobs of those ids, without doubles.
pub(super) async fn find_jobs(
    workspace: &Workspace,
    texts: &[String],
) -> Result<Vec<JobId>, Trouble> {
    let mut ids = Vec::new();
    for text in texts {
        let id = find_job(workspace, text).await?.id;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}
