//! The frame images of the form: what of them a model takes, and how they are written and picked.

use std::path::PathBuf;

use super::app::{App, Around, Pane, View};
use super::chain;
use super::effect::{Effect, Generation, Load};
use super::image_picker::{Offer, known, plain_path};
use super::line::Line;
use super::settings::Settings;
use super::settings_view::{image_facts, image_name};
use super::update::changed;
use crate::domain::catalog::{Catalog, Model};
use crate::domain::request::{Field, FrameImage, GenerationRequest, Refusal};

impl Settings {
    /// Whether the focused row takes an image.
    pub fn takes_image(&self, catalog: &Catalog) -> bool {
        let row = self.focused();
        row.is_image() && self.reason(row, catalog).is_none()
    }

    fn put_image(&mut self, field: Field, image: Option<FrameImage>) {
        let chosen = &mut self.chosen;
        *if field == Field::FirstFrame {
            &mut chosen.first_frame
        } else {
            &mut chosen.last_frame
        } = image;
    }

    /// Takes an image that the model takes, and says why otherwise.
    pub fn take_image(&mut self, catalog: &Catalog, first: bool, image: FrameImage) {
        self.remark = None;
        let field = if first { Field::FirstFrame } else { Field::LastFrame };
        let Some(model) = self.model(catalog) else { return };
        match self.refusal(model, field, &image) {
            Some(refusal) => self.remark = Some(format!("{refusal}. Nothing was sent")),
            None => self.put_image(field, Some(image)),
        }
    }

    /// Why `model` does not take `image` there.
    pub(super) fn refusal(
        &self,
        model: &Model,
        field: Field,
        image: &FrameImage,
    ) -> Option<Refusal> {
        let mut form = self.clone();
        form.put_image(field, Some(image.clone()));
        let choices = form.choices(model, "a prompt".to_owned());
        let refusals = GenerationRequest::new(model, choices).err()?;
        refusals.into_iter().find(|refusal| refusal.field == field)
    }
}

/// What is shown large because its row has the focus.
pub(super) struct Shown {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// What it is called.
    pub(super) name: String,
    /// What is known of it.
    pub(super) facts: String,
}

/// The image of the focused row, or what is picked for it.
pub(super) fn shown_image(app: &Around) -> Option<Shown> {
    let settings = &app.settings;
    let in_form = app.view == View::Studio && app.pane == Pane::Settings;
    if !in_form || !settings.focused().is_image() {
        return None;
    }
    let kept = |image: &FrameImage| match image {
        FrameImage::File(file) => Some(Shown {
            path: app.data_dir.join(file.kept_path()),
            name: image_name(app, image),
            facts: format!("{}  {}", image_facts(image), file.path),
        }),
        FrameImage::Url(_) | FrameImage::Stored(_) => None,
    };
    match settings.picker.picked().filter(|_| settings.editing.is_some()) {
        Some(Offer::Used { image, .. }) => kept(image),
        Some(Offer::Clip { path, title, by }) => Some(Shown {
            path: path.into(),
            name: title.clone(),
            facts: format!("its last frame would be the image  {by}"),
        }),
        Some(Offer::Path(path)) if !path.ends_with('/') => {
            Some(Shown { path: path.into(), name: path.clone(), facts: path.clone() })
        }
        Some(Offer::Path(_)) => None,
        None => kept(settings.chosen.image(settings.focused())?),
    }
}

/// Whether the preview shows a contact sheet.
pub(super) fn shows_sheet(app: &Around) -> bool {
    app.sheet && shown_image(app).is_none()
}

/// Whether an image is being written.
pub(super) fn is_writing_image(settings: &Settings) -> bool {
    settings.editing.is_some() && settings.focused().is_image()
}

/// Asks for what the line that is written can go on with.
pub(super) fn list_images(app: &mut App) -> Vec<Effect> {
    let settings = &mut app.settings;
    let Some(line) = settings.editing.as_ref() else { return Vec::new() };
    vec![settings.picker.ask(line.text())]
}

/// A listing has come.
pub(super) fn take_listing(
    app: &mut App,
    generation: Generation,
    listed: Result<Vec<String>, String>,
) {
    let is_empty = app.settings.editing.as_ref().is_some_and(|line| line.text().is_empty());
    let known = if is_empty { known(app, app.now) } else { Vec::new() };
    app.settings.picker.take(generation, listed, known);
}

/// Enter on the line that is written, or on what is chosen below it.
pub(super) fn take_line(app: &mut App) -> Vec<Effect> {
    let first = app.settings.focused() == Field::FirstFrame;
    match app.settings.picker.pick() {
        Some(Offer::Path(path)) if path.ends_with('/') => {
            app.settings.editing = Some(Line::new(&path));
            list_images(app)
        }
        Some(Offer::Path(path) | Offer::Clip { path, .. }) => read_image(app, first, path),
        Some(Offer::Used { image, .. }) => {
            app.settings.editing = None;
            let catalog = app.catalog.clone();
            app.settings.take_image(&catalog, first, image);
            changed(app);
            Vec::new()
        }
        None => {
            let line = app.settings.editing.take().unwrap_or_default();
            take_text(app, line.text())
        }
    }
}

/// Takes a path, address or media id for the focused row; an empty text takes the image away.
pub(super) fn take_text(app: &mut App, text: &str) -> Vec<Effect> {
    let first = app.settings.focused() == Field::FirstFrame;
    let plain = plain_path(text);
    if plain.is_empty() {
        let catalog = app.catalog.clone();
        app.settings.reset(&catalog);
        changed(app);
        return Vec::new();
    }
    read_image(app, first, plain)
}

/// Has the image at `text` read for the form.
pub(super) fn read_image(app: &mut App, first: bool, text: String) -> Vec<Effect> {
    app.settings.editing = None;
    app.settings.remark = Some("reading the image…".to_owned());
    app.settings.reading = Some(text.clone());
    vec![Effect::Load(Load::Image { first, text })]
}

/// An image was read, or could not be; one that nobody waits for any more is dropped.
pub(super) fn take_read(app: &mut App, first: bool, text: &str, image: Result<FrameImage, String>) {
    if app.settings.reading.as_deref() != Some(text) {
        return;
    }
    app.settings.reading = None;
    match image {
        Ok(image) => {
            let catalog = app.catalog.clone();
            app.settings.take_image(&catalog, first, image);
            changed(app);
        }
        Err(why) => app.settings.remark = Some(why),
    }
    // What was refused stays where it was written, to be corrected.
    let field = if first { Field::FirstFrame } else { Field::LastFrame };
    let is_there = app.view == View::Studio && app.pane == Pane::Settings;
    let settings = &mut app.settings;
    if settings.remark.is_some() && is_there && settings.focused() == field {
        settings.editing.get_or_insert_with(|| Line::new(text));
    }
    // Where the form is out of sight, it is said where it is seen.
    match app.settings.remark.clone() {
        Some(why) if app.pane != Pane::Settings => app.say(why, true),
        None if first => {
            if let Some(said) = chain::said(app, text) {
                app.say(said, false);
            }
        }
        _ => {}
    }
}
