//! `rushes generate`: a prompt and its settings become a job.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::Context;
use super::args::Wish;
use super::clip;
use super::dry_run;
use super::submit::{self, find_job, find_model};
use super::trouble::Trouble;
use crate::domain::catalog::{Catalog, Model, ModelId};
use crate::domain::job::{Parent, Relation};
use crate::domain::request::{Choices, GenerationRequest, Options};
use crate::domain::text::clean;
use crate::runtime::images::{self, ReadImage};
use crate::runtime::new_job::new_job;
use crate::runtime::workspace::Workspace;

/// A prompt file can't be larger; the longest prompt of any model is far below.
const MAX_PROMPT_BYTES: u64 = 1 << 20;

pub(super) async fn run(context: &mut Context, wish: Box<Wish>) -> Result<u8, Trouble> {
    let prompt = prompt(&wish)?;
    let before = match &wish.first_frame_of {
        Some(text) => Some(shot_before(context, text).await?),
        None => None,
    };
    let first =
        before.as_ref().map(|before| before.clip.as_str()).or(wish.settings.first_frame.as_deref());
    let first = first.map(images::read).transpose().map_err(Trouble::wrong)?;
    let last = wish
        .settings
        .last_frame
        .as_deref()
        .map(images::read)
        .transpose()
        .map_err(Trouble::wrong)?;
    let image = |read: &Option<ReadImage>| read.as_ref().map(|read| read.image.clone());
    let choices = Choices {
        prompt,
        first_frame: image(&first),
        last_frame: image(&last),
        ..wish.settings.choices.clone()
    };
    let images: Vec<ReadImage> = first.into_iter().chain(last).collect();
    if let Some(who) = wish.submitting.dry_run {
        return dry_run::run(context, &wish, choices, &images, who).await;
    }
    let (workspace, parent) = match before {
        Some(before) => (before.workspace, Some(before.parent)),
        None => (context.workspace()?, None),
    };
    let id = wish.model_id(workspace.config.model.as_ref())?;
    let defaults = &workspace.config.defaults;
    let (model, request) = request(context, &workspace.catalog, &id, choices, defaults)?;
    images::keep(&images, &workspace.places).map_err(|error| {
        Trouble::failed(format!(
            "the data folder can't take a copy of the image: {error}; nothing was sent"
        ))
    })?;
    let job = new_job(&model, request, parent);
    submit::submit(context, workspace, &model, job, wish.submitting).await
}

/// The clip that a new one goes on from.
struct ShotBefore {
    workspace: Arc<Workspace>,
    clip: String,
    parent: Parent,
}

/// The job that `text` names, with its clip.
async fn shot_before(context: &mut Context, text: &str) -> Result<ShotBefore, Trouble> {
    let workspace = context.workspace()?;
    let job = find_job(&workspace, text).await?;
    let (file, _) = clip::of_job(context, &job, None)?;
    if !file.exists() {
        return Err(clip::gone(&file));
    }
    let parent = Parent { job: job.id, relation: Relation::Chain };
    Ok(ShotBefore { workspace, clip: file.display().to_string(), parent })
}

pub(super) fn request(
    context: &mut Context,
    catalog: &Catalog,
    id: &ModelId,
    choices: Choices,
    defaults: &Options,
) -> Result<(Model, GenerationRequest), Trouble> {
    let model = find_model(catalog, id)?;
    let choices = choices.or_defaults(model, defaults);
    if choices.guesses_shape(model) {
        context.out.note(&format!(
            "the image's shape is not known here, and {} is told one: {}. --aspect says another",
            model.name,
            choices.aspect_on(model)
        ));
    }
    let request = GenerationRequest::new(model, choices).map_err(|all| Trouble::refused(&all))?;
    Ok((model.clone(), request))
}

fn prompt(wish: &Wish) -> Result<String, Trouble> {
    let Some(path) = &wish.prompt_file else {
        return Ok(clean(wish.prompt.as_ref().or(wish.text.as_ref()).map_or("", String::as_str)));
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
