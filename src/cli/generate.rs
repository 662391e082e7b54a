//! `rushes generate`: a prompt and its settings become a job.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use super::Context;
use super::args::{Switch, Wish};
use super::submit::{self, find_model};
use super::trouble::Trouble;
use crate::domain::catalog::{Catalog, Model, ModelId};
use crate::domain::money::MicroUsd;
use crate::domain::request::{Choices, GenerationRequest};
use crate::domain::text::clean;
use crate::provider::registry;
use crate::runtime::config::Config;
use crate::runtime::images::{self, ReadImage};
use crate::runtime::keys;
use crate::runtime::new_job::new_job;
use crate::runtime::workspace::read_catalog;

/// A prompt file can't be larger; the longest prompt of any model is far below.
const MAX_PROMPT_BYTES: u64 = 1 << 20;

pub(super) async fn run(context: &mut Context, wish: Box<Wish>) -> Result<u8, Trouble> {
    let prompt = prompt(&wish)?;
    let first =
        wish.first_frame.as_deref().map(images::read).transpose().map_err(Trouble::wrong)?;
    let last = wish.last_frame.as_deref().map(images::read).transpose().map_err(Trouble::wrong)?;
    let choices = choices(&wish, prompt, first.as_ref(), last.as_ref());
    let images: Vec<ReadImage> = first.into_iter().chain(last).collect();
    if wish.dry_run {
        return dry_run(context, &wish, choices, &images);
    }
    let workspace = context.workspace()?;
    let id = wish.model_id(workspace.config.model.as_ref())?;
    let (model, request) = request(&workspace.catalog, &id, choices)?;
    images::keep(&images, &workspace.places).map_err(|error| {
        Trouble::failed(format!(
            "the data folder can't take a copy of the image: {error}; nothing was sent"
        ))
    })?;
    let job = new_job(&model, request, None);
    submit::submit(context, workspace, &model, job, wish.wait).await
}

fn request(
    catalog: &Catalog,
    id: &ModelId,
    choices: Choices,
) -> Result<(Model, GenerationRequest), Trouble> {
    let model = find_model(catalog, id)?;
    let request = GenerationRequest::new(model, choices).map_err(|all| Trouble::refused(&all))?;
    Ok((model.clone(), request))
}

fn choices(
    wish: &Wish,
    prompt: String,
    first: Option<&ReadImage>,
    last: Option<&ReadImage>,
) -> Choices {
    Choices {
        prompt,
        draft: wish.draft,
        resolution: wish.resolution,
        aspect: wish.aspect,
        duration: wish.duration,
        seed: wish.seed,
        results: wish.results,
        audio: wish.audio.map(|switch| switch == Switch::On),
        camera_fixed: wish.camera_fixed.then_some(true),
        first_frame: first.map(|read| read.image.clone()),
        last_frame: last.map(|read| read.image.clone()),
        format: wish.format,
        quality: wish.quality,
    }
}

fn prompt(wish: &Wish) -> Result<String, Trouble> {
    let Some(path) = &wish.prompt_file else {
        return Ok(clean(wish.prompt.as_deref().unwrap_or_default()));
    };
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(MAX_PROMPT_BYTES).read_to_string(&mut text)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_PROMPT_BYTES).read_to_string(&mut text))
    };
    read.map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
            _ => error.to_string(),
        };
        Trouble::wrong(format!(
            "the prompt file {} can't be read: {why}. Nothing was sent",
            path.display()
        ))
    })?;
    // An editor ends a file with a newline, which is no part of the prompt.
    Ok(clean(text.trim_end()))
}

/// Prints what would be sent and what it would cost. Opens no database and sends nothing.
fn dry_run(
    context: &mut Context,
    wish: &Wish,
    choices: Choices,
    images: &[ReadImage],
) -> Result<u8, Trouble> {
    let config = Config::read(&context.places).map_err(Trouble::wrong)?;
    let (catalog, problems) = read_catalog(&context.places);
    context.say_problems(&problems);
    let id = wish.model_id(config.model.as_ref())?;
    let (model, request) = request(&catalog, &id, choices)?;
    let job = new_job(&model, request, None);
    let Some(provider) = catalog.provider(&id.provider) else {
        return Err(Trouble::wrong(format!("the catalog has no provider '{}'", id.provider)));
    };
    let base_url = if provider.play_money {
        "http://127.0.0.1:<chosen at start>/v1".to_owned()
    } else {
        keys::base_url(provider, &config).map_err(|error| Trouble::wrong(error.message))?.url
    };
    let contents = images::contents(images);
    let wire = registry::submit(provider.protocol, &base_url, &model, &job, &contents)
        .map_err(|error| Trouble::failed(error.message))?;
    let mut body: Value = serde_json::from_slice(&wire.body).map_err(Trouble::failed)?;
    let estimate = &job.estimate;
    if context.json {
        context.out.json(&json!({
            "dry_run": true,
            "model": id.to_string(),
            "estimate_usd": estimate.most().map(MicroUsd::as_usd),
            "estimate_low_usd": estimate.total.map(|(low, _)| low.as_usd()),
            "tokens": estimate.tokens,
            "method": "POST",
            "url": wire.url,
            "body": body,
        }))?;
        return Ok(0);
    }
    if let Some(warning) = submit::status_warning(&model) {
        context.out.note(&format!("warning: {warning}"));
    }
    context.out.line(&format!("estimate: {estimate}"))?;
    for line in crate::words::estimate_parts(estimate) {
        context.out.line(&format!("  {line}"))?;
    }
    context.out.line(&format!("POST {}", wire.url))?;
    shorten(&mut body);
    context.out.line(&serde_json::to_string_pretty(&body).map_err(Trouble::failed)?)?;
    context.out.note("nothing was sent");
    Ok(0)
}

/// Shows an image that goes along as data by its beginning: nobody reads megabytes of it.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("data:") && text.len() > 80 => {
            let begin: String = text.chars().take(40).collect();
            *text = format!("{begin}… ({} characters; --json prints them all)", text.len());
        }
        Value::Array(all) => all.iter_mut().for_each(shorten),
        Value::Object(parts) => parts.values_mut().for_each(shorten),
        _ => {}
    }
}
