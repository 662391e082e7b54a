//! The final of a draft: `inputs.draftId` (docs, Seedance 1.5 Pro).
//!
//! The docs show no promotion in full. Built here is what the model's maker does: the final
//! inherits prompt, images, seed, ratio, length, sound and camera, and only the size is free. Ours
//! are these readings: a prompt must be there, as the page requires one, but the draft's is
//! rendered; what is inherited must not be sent again; a size must be said, by `resolution` or by
//! the pixels that the draft's ratio has there.

use super::fault::Fault;
use super::fields::Fields;
use super::frames::Inputs;
use super::order::{self, Order, Wishes};
use super::settings::ROOTS;
use super::size::{self, Shape};
use crate::domain::catalog::Model;

/// A draft that a `draftId` names.
pub(super) struct FoundDraft {
    /// The model's id on the wire.
    pub(super) model: String,
    /// What was ordered then.
    pub(super) order: Order,
    /// The seed of the result that the id belongs to.
    pub(super) seed: u64,
    /// Whether the id's time is over.
    pub(super) expired: bool,
}

/// What a draft hands down besides its prompt, images and settings.
const INHERITED: [&str; 2] = ["duration", "seed"];

/// The order to promote a draft, or nothing once that was refused.
pub(super) fn check(
    fields: &mut Fields<'_>,
    model: &Model,
    draft_id: &str,
    inputs: &Inputs,
    find_draft: &dyn Fn(&str) -> Option<FoundDraft>,
    wishes: Option<Wishes>,
) -> Option<Order> {
    let rule = model.drafts()?;
    order::prompt(fields, model, rule.promote_sends_prompt);
    for name in INHERITED.into_iter().chain(ROOTS) {
        if fields.any(name).is_some() {
            fields.refuse(inherited(name));
        }
    }
    if inputs.has_frames {
        fields.refuse(inherited("inputs.frameImages"));
    }
    if fields.integer("numberResults", 1..=u64::from(model.results.max)).is_some_and(|n| n > 1) {
        let message = "A draft is promoted to one result.";
        fields.refuse(Fault::incompatible(&["inputs.draftId", "numberResults"], message));
    }
    let draft = match find_draft(draft_id) {
        Some(draft) if draft.model != model.wire_id => {
            Err(Fault::invalid("inputs.draftId", "The draft was made by another model."))
        }
        Some(draft) if draft.expired => Err(expired(rule.id_lifetime_h)),
        Some(draft) => Ok(draft),
        None => Err(Fault::invalid("inputs.draftId", "There is no such draft.")),
    };
    match draft {
        Err(fault) => {
            fields.skip(&["width", "height", "resolution"]);
            fields.refuse(fault);
            None
        }
        Ok(draft) => {
            let shape = Shape::Draft(draft.order.aspect);
            let note = "A draft can't be promoted to another size.";
            let size = size::of(fields, model, &rule.promote_resolutions, shape, note)?;
            Some(wishes?.promote(draft, draft_id, size))
        }
    }
}

fn inherited(name: &str) -> Fault {
    let message =
        format!("'{name}' cannot be used with 'inputs.draftId': the draft's is inherited.");
    Fault::incompatible(&["inputs.draftId", name], message)
}

/// The code is our guess among the SDKs' known ones: a draft's id is the maker's task id.
fn expired(lifetime_h: u32) -> Fault {
    let days = lifetime_h / 24;
    let message = format!("The draft has expired: it can be promoted for {days} days.");
    Fault::new("taskExpired", message).of("inputs.draftId")
}
