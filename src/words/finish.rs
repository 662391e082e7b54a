//! How a model makes a good clip of a cheap one, in words.

use crate::domain::catalog::{Model, StatusKind};
use crate::domain::finish::Finish;

/// How near to a take `finish` comes.
pub fn nearness(finish: Finish) -> &'static str {
    match finish {
        Finish::OfDraft => "the same clip, made of the draft",
        Finish::SameSeed => "near it, not the same clip: the same request and seed, larger",
        Finish::Anew => "a new clip: the same request, larger, without a seed",
    }
}

/// The cheapest take of `model`, and what is made of one that works.
pub fn way(model: &Model) -> String {
    let lowest = model.resolutions().next().unwrap_or(model.default_resolution);
    match (Finish::on(model), model.drafts()) {
        (Finish::OfDraft, Some(rule)) => {
            format!("drafts at {}; the final of one is the same clip", rule.resolution)
        }
        (Finish::SameSeed, _) => format!(
            "no drafts; {lowest} is cheapest, and its seed gives a larger clip near it, not the same"
        ),
        _ => format!("no drafts and no seed; {lowest} is cheapest, and a larger one is a new clip"),
    }
}

/// Whether the model can be used, and what takes its place.
pub fn standing(model: &Model) -> String {
    let since = model.status.since.as_deref().unwrap_or("an unknown day");
    let successor = model.status.successor.as_deref().map(|id| format!(", use {id}"));
    let successor = successor.unwrap_or_default();
    match model.status.kind {
        StatusKind::Live => "live".to_owned(),
        StatusKind::RetiredUpstream => format!("retired upstream since {since}{successor}"),
        StatusKind::Delisted => format!("delisted since {since}{successor}"),
    }
}
