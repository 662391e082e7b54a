//! `rushes promote`: a finished draft becomes its final, by the id that the provider gave it.

use super::Context;
use super::args::{Promotion, model_id};
use super::dry_run;
use super::submit::{self, find_job, find_model};
use super::trouble::Trouble;
use crate::domain::catalog::Model;
use crate::domain::job::{Job, Parent, Relation};
use crate::domain::promotion::{NotPromotable, Promotable};
use crate::domain::request::{Choices, GenerationRequest};
use crate::domain::text::clean;
use crate::runtime::clock::wall;
use crate::runtime::new_job::new_job;
use crate::runtime::workspace::Workspace;

pub(super) async fn run(context: &mut Context, promotion: Promotion) -> Result<u8, Trouble> {
    let workspace = match promotion.submitting.dry_run {
        Some(_) => context.workspace_to_read()?,
        None => context.workspace()?,
    };
    let (model, request, parent) = match (&promotion.job, &promotion.draft_id) {
        (Some(text), _) => of_job(&workspace, text, &promotion).await?,
        (None, Some(draft_id)) => from_elsewhere(&workspace, draft_id, &promotion)?,
        (None, None) => {
            return Err(Trouble::wrong("name a draft, or one from elsewhere by --draft-id"));
        }
    };
    let (chosen, defaults) = (&promotion.settings.choices.options, &workspace.config.defaults);
    let request = request
        .finished_as(&model, chosen, defaults)
        .map_err(|refusals| Trouble::refused(&refusals))?;
    let job = new_job(&model, request, parent);
    match promotion.submitting.dry_run {
        Some(who) => {
            let told = (&*workspace.catalog, &workspace.config);
            dry_run::tell(context, told, &model, &job, &Default::default(), who).await
        }
        None => submit::submit(context, workspace, &model, job, promotion.submitting).await,
    }
}

/// The final of a draft that was made elsewhere, of which is known what was said here.
fn from_elsewhere(
    workspace: &Workspace,
    draft_id: &str,
    promotion: &Promotion,
) -> Result<(Model, GenerationRequest, Option<Parent>), Trouble> {
    let id = model_id(promotion.model.as_deref(), workspace.config.model.as_ref(), true)?;
    let model = find_model(&workspace.catalog, &id)?;
    let choices = Choices {
        prompt: clean(promotion.prompt.as_deref().unwrap_or_default()),
        options: Default::default(),
        ..promotion.settings.choices.clone()
    };
    let draft_id = draft_id.trim().to_owned();
    if draft_id.is_empty() {
        return Err(Trouble::wrong("--draft-id is empty; nothing was sent"));
    }
    let draft = GenerationRequest::draft_from_elsewhere(model, choices)
        .map_err(|refusals| Trouble::refused(&refusals))?;
    let made = GenerationRequest::promote(model, &draft, draft_id, None, promotion.resolution);
    let request = made.map_err(|refusal| Trouble::refused(&[refusal]))?;
    Ok((model.clone(), request, None))
}

/// The final of a job here.
async fn of_job(
    workspace: &Workspace,
    text: &str,
    promotion: &Promotion,
) -> Result<(Model, GenerationRequest, Option<Parent>), Trouble> {
    let (result, resolution) = (promotion.result, promotion.resolution);
    let draft = find_job(workspace, text).await?;
    let model = find_model(&workspace.catalog, &draft.request.model)?.clone();
    let promotable = Promotable::of(&draft, Some(&model), wall())
        .map_err(|why| Trouble::wrong(not_promoted(&draft, &why)))?;
    let (draft_id, seed) = match result {
        None => (promotable.draft_id, draft.seed()),
        Some(number) => {
            let output = draft.outputs.get(number as usize - 1);
            let found = output.and_then(|output| Some((output.draft_id.clone()?, output.seed)));
            found.ok_or_else(|| {
                let count = crate::words::count(draft.outputs.len(), "result");
                Trouble::wrong(format!(
                    "the draft has no result {number} to promote; it has {count}"
                ))
            })?
        }
    };
    let request = GenerationRequest::promote(&model, &draft.request, draft_id, seed, resolution)
        .map_err(|refusal| Trouble::refused(&[refusal]))?;
    let parent = Parent { job: draft.id, relation: Relation::Promote };
    Ok((model, request, Some(parent)))
}

/// Why `draft` is not promoted, and what works instead.
fn not_promoted(draft: &Job, why: &NotPromotable) -> String {
    let short = draft.id.short();
    let seed = draft.seed().map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    let instead = match why {
        NotPromotable::NotReady => format!("`rushes wait {short}` waits for it"),
        NotPromotable::NoId | NotPromotable::NoClip | NotPromotable::Largest => {
            format!("`rushes show {short}` tells how it ended")
        }
        NotPromotable::NoDraft(_) => "`rushes history is:draft` lists the drafts".to_owned(),
        NotPromotable::TooOld { .. } | NotPromotable::ModelCannot => format!(
            "a full render still works: rushes generate --model {}{seed} --prompt …",
            draft.request.model
        ),
    };
    format!("job {} can't be promoted: {why}; {instead}", draft.id)
}
