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

pub(super) fn run(context: &mut Context) -> Result<u8, Trouble> {
    let (catalog, problems) = read_catalog(&context.places);
    context.say_problems(&problems);
    if context.json {
        catalog.models.iter().try_for_each(|model| context.out.json(&json_of(model)))?;
        return Ok(0);
    }
    let rows = catalog.models.iter().map(row);
    let titles =
        ["model", "resolutions", "seconds", "5 s, lowest", "drafts", "sound", "frames", "status"];
    let titles = titles.map(str::to_owned).to_vec();
    let table: Vec<Vec<String>> = std::iter::once(titles).chain(rows).collect();
    words::table(&table).iter().try_for_each(|line| context.out.line(line))?;
    // What a page calls live and is known otherwise stays in the list, with what is known.
    let noted = catalog.models.iter().filter(|model| !model.status.note.is_empty());
    for model in noted {
        context.out.line(&format!("{}: {}", model.key(), model.status.note))?;
    }
    Ok(0)
}

fn row(model: &Model) -> Vec<String> {
    let resolutions: Vec<String> = model.resolutions().map(|one| one.to_string()).collect();
    let frames = match &model.frames {
        Some(rule) if rule.last => "first, last",
        Some(_) => "first",
        None => "-",
    };
    let status = match model.status.kind {
        StatusKind::Live => "live".to_owned(),
        StatusKind::RetiredUpstream => dated("retired upstream", model),
        StatusKind::Delisted => dated("delisted", model),
    };
    vec![
        model.key().to_string(),
        resolutions.join(" "),
        model.duration.in_words().replace(" seconds", ""),
        Estimate::of_default(model, None)
            .map_or_else(|| "?".to_owned(), |estimate| estimate.to_string()),
        if model.drafts().is_some() { "yes" } else { "-" }.to_owned(),
        if model.audio.is_some() { "yes" } else { "-" }.to_owned(),
        frames.to_owned(),
        status,
    ]
}

fn dated(what: &str, model: &Model) -> String {
    let since = model.status.since.as_deref().unwrap_or("an unknown day");
    let successor = model.status.successor.as_deref().map(|id| format!(", use {id}"));
    format!("{what} since {since}{}", successor.unwrap_or_default())
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
