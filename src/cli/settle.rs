//! `rushes settle`: what can be done about a job in doubt, and doing it.

use serde_json::json;

use super::Context;
use super::args::Settling;
use super::cancel::LEFT;
use super::job_json::JobJson;
use super::leave;
use super::submit::find_job;
use super::trouble::Trouble;
use crate::domain::job::{Job, JobState};
use crate::runtime::opener::{self, Here, Opened};
use crate::runtime::settle::{self, SettleError, Settled};
use crate::words;

pub(super) async fn run(
    context: &mut Context,
    text: &str,
    settling: Settling,
) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    let job = find_job(&workspace, text).await?;
    let id = job.id;
    // What was given up, wholly or in part, can be looked up as well, and only that.
    let looks_up_given_up = settling.look_up && job.may_be_recovered();
    if job.state != JobState::InDoubt && !looks_up_given_up {
        return Err(was_not(&job, job.state));
    }
    let catalog = &workspace.catalog;
    let provider = catalog.provider(&job.request.model.provider);
    if settling.dashboard {
        let url = provider.map_or("", |provider| provider.dashboard_url.as_str());
        return dashboard(context, url);
    }
    let settled = match (settling.look_up, settling.close) {
        (true, _) => settle::look_up(&workspace, id).await,
        (_, true) => settle::close(&workspace, id).await,
        _ => {
            let can_look_up = provider.is_some_and(|provider| provider.can_be_asked_for(&job));
            return tell(context, &job, words::doubt(&job, catalog), can_look_up);
        }
    };
    if matches!(&settled, Ok(Settled::Yes(job)) if job.state.is_live()) {
        leave::ended(context, &workspace, LEFT).await;
    }
    match settled {
        Ok(Settled::Yes(job)) if context.json => {
            context.out.json(&JobJson::new(&job, &context.places.data_dir))?;
            Ok(0)
        }
        Ok(Settled::Yes(job)) if job.state.is_live() => {
            let short = id.short();
            context.out.line(&format!(
                "the provider has job {id}: `rushes wait {short}` carries on and saves its file"
            ))?;
            Ok(0)
        }
        Ok(Settled::Yes(job)) => {
            let said = job.error.as_ref().map_or("", |error| error.message.as_str());
            context.out.line(&format!("job {id} {said}"))?;
            Ok(0)
        }
        Ok(Settled::WasNot(state)) => Err(was_not(&job, state)),
        Ok(Settled::NotKnown) if job.accepted_at.is_some() => Err(Trouble::unknown(format!(
            "the provider does not know job {id}, which it took: with another key or address it may. It stays as it is"
        ))),
        Ok(Settled::NotKnown) => Err(Trouble::unknown(format!(
            "the provider's records don't know job {id}: most likely it was never taken. It stays in doubt until you close it or submit it again"
        ))),
        Ok(Settled::NothingNew) => Err(Trouble::unknown(format!(
            "the provider knows job {id}, and has nothing of it that is not here; it stays as it is"
        ))),
        Err(error @ SettleError::CanNotAsk(_)) => {
            let [_, _, find] = words::doubt(&job, catalog);
            Err(Trouble::wrong(format!("{error}. {find}")))
        }
        Err(error) => Err(Trouble::unknown(error)),
    }
}

fn was_not(job: &Job, state: JobState) -> Trouble {
    let word = words::state_word(state);
    Trouble::wrong(format!("job {} is not in doubt, it is {word}: nothing to settle", job.id))
}

/// What is known, and what can be done.
fn tell(
    context: &mut Context,
    job: &Job,
    known: [String; 3],
    can_look_up: bool,
) -> Result<u8, Trouble> {
    if context.json {
        context.out.json(&JobJson::new(job, &context.places.data_dir))?;
        return Ok(0);
    }
    context.out.line(&format!("job {} in doubt", job.id))?;
    for line in known {
        context.out.line(&format!("  {line}"))?;
    }
    let short = job.id.short();
    let flags = [
        ("--look-up", "asks the provider again"),
        ("--dashboard", "opens the provider's dashboard"),
        ("--close", "ends it; what it cost stays unknown"),
    ];
    for (flag, what) in flags.into_iter().filter(|(flag, _)| can_look_up || *flag != "--look-up") {
        context.out.line(&format!("  rushes settle {short} {flag:<11}  {what}"))?;
    }
    context
        .out
        .line("  R on the job in the studio submits it again; it may be billed twice then")?;
    Ok(0)
}

fn dashboard(context: &mut Context, url: &str) -> Result<u8, Trouble> {
    if url.is_empty() {
        return Err(Trouble::wrong("the catalog names no dashboard for this provider"));
    }
    let opened = opener::browse(url, &Here::look());
    if context.json {
        let was_opened = matches!(opened, Ok(Opened::Player(_)));
        context.out.json(&json!({ "url": url, "opened": was_opened }))?;
        return Ok(0);
    }
    match opened {
        Ok(Opened::Player(program)) => context.out.note(&format!("handed to {program}")),
        Ok(Opened::Nowhere(reason)) => context.out.note(&format!("not opened: {reason}")),
        Err(error) => context.out.note(&format!("not opened: {error}")),
    }
    context.out.line(url)?;
    Ok(0)
}
