//! `rushes models`: what can be asked for, and what it costs.

use serde_json::{Value, json};

use super::Context;
use super::trouble::Trouble;
use crate::domain::catalog::{Dimensions, Model, StatusKind};
use crate::domain::cost::Estimate;
use crate::domain::request::Choices;
use crate::domain::setting::SETTINGS;
use crate::runtime::workspace::read_catalog;
use crate::words;

/// What fits into the narrowest terminal that is common.
const COLUMNS: usize = 80;
const INDENT: &str = "    ";

pub(super) fn run(context: &mut Context) -> Result<u8, Trouble> {
    let (catalog, problems) = read_catalog(&context.places);
    context.say_problems(&problems);
    if context.json {
        catalog.models.iter().try_for_each(|model| context.out.json(&json_of(model)))?;
        return Ok(0);
    }
    let is_copy = |model: &Model| {
        catalog.provider(&model.provider).is_some_and(|provider| provider.mirrors.is_some())
    };
    let mut lines = catalog.models.iter().flat_map(|model| told(model, is_copy(model)));
    lines.try_for_each(|line| context.out.line(&line))?;
    Ok(0)
}

/// A model in lines that are read at 80 columns, with all that is to be known of it; of a copy its way alone.
fn told(model: &Model, is_copy: bool) -> Vec<String> {
    let price = Estimate::of_default(model, None).filter(|price| price.most().is_some());
    let price = price.map_or_else(
        || "no price published".to_owned(),
        |price| format!("{price} for 5 s at {}", model.default_resolution),
    );
    let resolutions: Vec<String> = model.resolutions().map(|one| one.to_string()).collect();
    let has = |has: bool, what: &'static str| has.then_some(what);
    let frames = model.frames.as_ref();
    let parts = [
        has(model.audio.is_some(), "sound"),
        has(model.seed.is_some(), "seed"),
        has(frames.is_some_and(|rule| !rule.last), "first frame"),
        has(frames.is_some_and(|rule| rule.last), "first and last frame"),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    let makes = format!(
        "{price}; {}; {}; {}",
        resolutions.join(" "),
        model.duration.in_words(),
        if parts.is_empty() { "nothing else".to_owned() } else { parts.join(", ") }
    );
    // What a page calls live and is known otherwise stays in the list, with what is known.
    let mut notes = vec![model.status.note.clone()];
    if !is_copy {
        notes.extend(model.verified.as_ref().map(|verified| verified.note.clone()));
        notes.extend(model.unverified.iter().map(|(what, why)| format!("{what}: {why}")));
        notes.extend(
            model
                .safety
                .as_ref()
                .filter(|rule| !rule.note.is_empty())
                .map(|rule| format!("safety: {}", rule.note)),
        );
        notes.extend(
            frames
                .and_then(|rule| rule.bounds_by.as_ref())
                .map(|by| format!("bounds of frame images: {by}")),
        );
        notes.extend(model.drafts().map(|rule| format!("drafts: {}", rule.sure)));
        notes.push(format!("price: {}", model.price.sure));
        notes.push(format!("as of {}: {}", model.as_of, model.sure));
    }
    notes.retain(|note| !note.is_empty());
    let head = format!("{}  {}", model.key(), words::finish::standing(model));
    let below = [makes, words::finish::way(model)].into_iter().chain(notes);
    let below = below.flat_map(|text| words::wrapped(&text, COLUMNS - INDENT.len()));
    std::iter::once(head).chain(below.map(|line| format!("{INDENT}{line}"))).collect()
}

fn json_of(model: &Model) -> Value {
    let sizes = model.dimensions.iter().flat_map(|(resolution, row)| {
        row.iter().map(move |(ratio, size)| {
            let (width, height) = match size {
                Dimensions::Exact(width, height) => (Some(width), Some(height)),
                Dimensions::Computed => (None, None),
            };
            json!({ "resolution": resolution, "aspect": ratio, "width": width, "height": height,
                    "offered": !model.unverified.contains_key(resolution) })
        })
    });
    let (min_ms, max_ms) = model.duration.range_ms();
    let mut told = json!({
        "id": model.key(),
        "name": model.name,
        "wire_id": model.wire_id,
        "status": match model.status.kind {
            StatusKind::Live => "live",
            StatusKind::RetiredUpstream => "retired_upstream",
            StatusKind::Delisted => "delisted",
        },
        "status_note": model.status.note,
        "successor": model.status.successor,
        "as_of": model.as_of,
        "sure": model.sure,
        "sizes": sizes.collect::<Vec<Value>>(),
        "duration_min_s": f64::from(min_ms) / 1000.0,
        "duration_max_s": f64::from(max_ms) / 1000.0,
        "duration_auto": model.duration.auto,
        "prompt_min_chars": model.prompt.min_chars,
        "prompt_max_chars": model.prompt.max_chars,
        "results_max": model.results.max,
        "seed": model.seed.is_some(),
        "audio": model.audio.is_some(),
        "first_frame": model.frames.is_some(),
        "last_frame": model.frames.as_ref().is_some_and(|rule| rule.last),
        "frame_bounds_by": model.frames.as_ref().and_then(|rule| rule.bounds_by.as_ref()),
        "draft": model.drafts().is_some(),
        "draft_sure": model.drafts().map(|rule| &rule.sure),
        "formats": model.formats,
        "price_sure": model.price.sure,
        "safety_note": model.safety.as_ref().map(|rule| &rule.note),
        "unverified": model.verified.as_ref().map(|verified| &verified.note),
    });
    for setting in SETTINGS.iter().filter(|setting| setting.option.is_some()) {
        let offer = (setting.offer)(model, &Choices::default());
        told[setting.key()] = json!(offer.reason().is_none());
    }
    told
}
