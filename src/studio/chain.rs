//! Going on from a clip: its last frame becomes the first of the next shot.
//!
//! A first frame that was read from a clip makes the job the next shot of that clip's job, which the clip's name
//! tells (`JobId::of_clip`): so it counts wherever the image was picked, and after a restart. A recalled job that
//! began with the same frame is the nearer relative.

use super::app::{App, Around, Pane};
use super::commands::focus;
use super::effect::Effect;
use super::form_image::read_image;
use super::jobs_view::title;
use super::prompt::Surroundings;
use super::update::changed;
use crate::domain::catalog::{Model, ModelId, StatusKind};
use crate::domain::job::{Job, JobId};
use crate::domain::request::{FrameImage, Parameters};
use crate::domain::text::one_line;

/// Has the last frame of `job`'s clip read as the form's first frame. Prompt and settings stay.
pub(super) fn go_on(app: &mut App, job: &Job) -> Vec<Effect> {
    let Some(file) = app.file(job) else {
        app.say("it has no clip to go on from yet", false);
        return Vec::new();
    };
    let path = app.data_dir.join(&file.path).display().to_string();
    let catalog = app.catalog.clone();
    if !app.settings.model(&catalog).is_some_and(takes_files) {
        let chosen = &app.settings.model_id;
        let other = match taker(app) {
            Some(model) => format!("{model} does: M chooses it"),
            None => "no model of the catalog does".to_owned(),
        };
        app.say(
            format!("{chosen} takes no image from this machine as its first frame; {other}"),
            true,
        );
        return Vec::new();
    }
    focus(app, Pane::Prompt);
    read_image(app, true, path)
}

fn takes_files(model: &Model) -> bool {
    model.frames.as_ref().is_some_and(|rule| rule.files)
}

/// A model that takes a file as its first frame: the form's provider's own before others, and of those one that
/// could be submitted to.
fn taker(app: &Around) -> Option<ModelId> {
    let chosen = &app.settings.model_id.provider;
    let rank = |model: &&Model| {
        let is_play = app.catalog.provider(&model.provider).is_some_and(|one| one.play_money);
        let has_key = app.keys.iter().any(|(provider, _)| *provider == model.provider);
        let is_live = model.status.kind == StatusKind::Live;
        (model.provider != *chosen, !is_live, !has_key, !is_play)
    };
    let takers = app.catalog.models.iter().filter(|model| takes_files(model));
    Some(takers.min_by_key(rank)?.key())
}

/// The job whose clip `request` goes on from.
pub(super) fn chained(app: &Around, request: &Parameters) -> Option<JobId> {
    match &request.first_frame {
        Some(FrameImage::File(image)) => clip_of(app, &image.path),
        _ => None,
    }
}

/// The clip that `image` is the last frame of, in a few words; none where it is of none.
pub(super) fn origin(app: &Around, image: &FrameImage) -> Option<String> {
    let FrameImage::File(file) = image else { return None };
    let id = clip_of(app, &file.path)?;
    let job = app.jobs.iter().chain(&app.history.entries).find(|entry| entry.job.id == id);
    let of = job.map_or_else(
        || format!("job {}", id.short()),
        |entry| format!("\u{201c}{}\u{201d}", one_line(&entry.job.request.prompt, 24)),
    );
    Some(format!("last frame of {of}"))
}

/// The job `id` was submitted: what it began with was its own, and the shot after it begins anew.
pub(super) fn let_go(app: &mut App, id: JobId) {
    let Some(job) = app.jobs.iter().map(|entry| &entry.job).find(|job| job.id == id) else {
        return;
    };
    let frame = &app.settings.chosen.first_frame;
    let is_its = job.is_next_shot() && frame.is_some() && *frame == job.request.first_frame;
    if !is_its {
        return;
    }
    let around = Surroundings { form: app.settings.saved(), parent: app.parent };
    let text = app.prompt.text();
    app.prompt.set_with(&text, around);
    let catalog = app.catalog.clone();
    app.settings.chosen.first_frame = None;
    app.settings.fit_last_frame(&catalog);
    changed(app);
    app.say("submitted; its first frame went with it: undo brings it back for another take", false);
}

/// The job whose clip lies at `path`.
fn clip_of(app: &Around, path: &str) -> Option<JobId> {
    let clips = app.data_dir.join("clips");
    std::path::Path::new(path).starts_with(clips).then(|| JobId::of_clip(path)).flatten()
}

/// What is said once the last frame of the clip at `path` is the first of the form.
pub(super) fn said(app: &Around, path: &str) -> Option<String> {
    let id = clip_of(app, path)?;
    let job = app.jobs.iter().chain(&app.history.entries).find(|entry| entry.job.id == id);
    let clip = job.map_or_else(
        || "a clip of yours".to_owned(),
        |entry| {
            let prompt = one_line(&entry.job.request.prompt, 30);
            format!("{} \u{201c}{prompt}\u{201d}", title(&app.catalog, &entry.job))
        },
    );
    Some(format!("the next shot begins with the last frame of {clip}: write what happens in it"))
}
