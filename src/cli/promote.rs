//! `rushes promote`: a finished draft becomes its final, by the id that the provider gave it.

use super::Context;
use super::args::Submitting;
use super::submit::{self, find_job, find_model};
use super::trouble::Trouble;
use crate::domain::job::{Job, Parent, Relation};
use crate::domain::promotion::{NotPromotable, Promotable};
use crate::domain::request::GenerationRequest;
use crate::domain::size::Resolution;
use crate::runtime::clock::wall;
use crate::runtime::new_job::new_job;

pub(super) async fn run(
    context: &mut Context,
    text: &str,
    result: Option<u32>,
    resolution: Option<Resolution>,
    submitting: Submitting,
) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    let draft = find_job(&workspace, text).await?;
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
    let job = new_job(&model, request, Some(parent));
    submit::submit(context, workspace, &model, job, submitting).await
}

/// Why `draft` is not promoted, and what works instead.
fn not_promoted(draft: &Job, why: &NotPromotable) -> String {
    let short = draft.id.short();
    let seed = draft.seed().map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    let instead = match why {
        NotPromotable::NotReady => format!("`rushes wait {short}` waits for it"),
        NotPromotable::NoId => format!("`rushes show {short}` tells how it ended"),
        NotPromotable::NoDraft(_) => "`rushes history is:draft` lists the drafts".to_owned(),
        NotPromotable::TooOld { .. } | NotPromotable::ModelCannot => format!(
            "a full render still works: rushes generate --model {}{seed} --prompt …",
            draft.request.model
        ),
    };
    format!("job {} can't be promoted: {why}; {instead}", draft.id)
}
