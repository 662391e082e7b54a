//! `rushes promote`: a finished draft becomes its final, by the id that the provider gave it.

use jiff::SignedDuration;

use super::Context;
use super::submit::{self, find_job, find_model};
use super::trouble::Trouble;
use super::words::span;
use crate::domain::catalog::DraftRule;
use crate::domain::job::{Job, JobKind, JobState, Parent, Relation};
use crate::domain::request::GenerationRequest;
use crate::domain::size::Resolution;
use crate::runtime::clock::wall;
use crate::runtime::workspace::Workspace;

pub(super) async fn run(
    context: &mut Context,
    text: &str,
    resolution: Option<Resolution>,
    wait: bool,
    again: bool,
) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    let draft = find_job(&workspace, text).await?;
    let model = find_model(&workspace.catalog, &draft.request.model)?.clone();
    let draft_id = usable_draft_id(&draft, model.drafts())?;
    let request =
        GenerationRequest::promote(&model, &draft.request, draft_id, draft.seed(), resolution)
            .map_err(|refusal| Trouble::refused(&[refusal]))?;
    if !again {
        refuse_a_second_final(&workspace, &draft, request.resolution).await?;
    }
    let parent = Parent { job: draft.id, relation: Relation::Promote };
    let job = submit::new_job(&model, request, Some(parent));
    submit::submit(context, workspace, &model, job, wait).await
}

/// The id to promote `draft` by, or why there is none and what still works.
fn usable_draft_id(draft: &Job, rule: Option<&DraftRule>) -> Result<String, Trouble> {
    let instead = format!(
        "A full render with the same seed still works: rushes generate --model {}{} --prompt …",
        draft.request.model,
        draft.seed().map(|seed| format!(" --seed {seed}")).unwrap_or_default(),
    );
    if draft.request.kind != JobKind::Draft {
        let kind = draft.request.kind;
        return Err(Trouble::wrong(format!(
            "job {} is no draft but a {kind} render; only drafts are promoted",
            draft.id
        )));
    }
    if draft.state.is_live() {
        return Err(Trouble::wrong(format!(
            "the draft {} is not ready yet; `rushes wait {}` waits for it",
            draft.id,
            draft.id.short()
        )));
    }
    let Some(draft_id) = draft.draft_id().filter(|_| draft.state == JobState::Succeeded) else {
        return Err(Trouble::wrong(format!(
            "the draft {} gave no id to promote it by. {instead}",
            draft.id
        )));
    };
    let made_at = draft.accepted_at.unwrap_or(draft.created_at);
    let age = wall().duration_since(made_at);
    let lifetime =
        SignedDuration::from_hours(rule.map_or(168, |rule| i64::from(rule.id_lifetime_h)));
    if age >= lifetime {
        return Err(Trouble::wrong(format!(
            "the draft {} is {} old, and its id could be promoted for {}. {instead}",
            draft.id,
            span(age),
            span(lifetime),
        )));
    }
    Ok(draft_id.to_owned())
}

/// Nothing is paid twice by mistake: a second final of the same draft must be asked for.
async fn refuse_a_second_final(
    workspace: &Workspace,
    draft: &Job,
    resolution: Resolution,
) -> Result<(), Trouble> {
    let id = draft.id;
    let children = workspace.store.run(move |store| store.children(id)).await??;
    let same = children.iter().find(|child| {
        let lives =
            child.state.is_live() || matches!(child.state, JobState::Succeeded | JobState::InDoubt);
        lives && child.request.kind == JobKind::Final && child.request.resolution == resolution
    });
    match same {
        Some(child) => Err(Trouble::wrong(format!(
            "the draft has a final at {resolution} already: job {} is {}; add --again to pay for another",
            child.id,
            super::words::state(child),
        ))),
        None => Ok(()),
    }
}
