//! The picture that stands for the clip that is looked at.

use std::path::PathBuf;

use super::app::{App, Pane};
use super::compare;
use super::effect::{Effect, Load};
use super::form_image::{shown_image, shows_sheet};
use super::layout::{self, Spot};
use crate::media::picture::Picture;

/// A poster, or why there is none.
#[derive(Clone, Debug)]
pub enum Poster {
    /// It is being decoded.
    Coming,
    /// The picture.
    There(Picture),
    /// None, and why.
    None(String),
}

/// Asks for the poster of the chosen clip once.
pub(super) fn want(app: &mut App, effects: &mut Vec<Effect>) {
    let clip = || app.entry().and_then(|entry| Some(app.file(&entry.job)?.path.clone()));
    let shown = shown_image(app).map(|image| image.path);
    let path = shown.or_else(|| clip().map(|clip| app.data_dir.join(clip)));
    let path = path.filter(|_| !app.images.are_off());
    let Some(path) = path else {
        // Not to be counted as a change where there is none.
        if app.poster.is_some() {
            app.poster = None;
        }
        return;
    };
    if app.poster.as_ref().is_some_and(|(there, _)| *there == path) {
        return;
    }
    let shown = layout::panes(app).into_iter().find(|(spot, _)| *spot == Spot::Pane(Pane::Preview));
    let Some((_, area)) = shown else { return };
    app.poster = Some((path.clone(), Poster::Coming));
    let max_px = (u32::from(area.width.max(20)), u32::from(area.height.max(10)) * 2);
    let sheet = shows_sheet(app);
    effects.push(Effect::Load(Load::Poster { path, sheet, max_px }));
}

/// Takes the picture of the clip at `path`, or why there is none, wherever it is wanted.
pub(super) fn take(app: &mut App, path: PathBuf, sheet: bool, picture: Result<Picture, String>) {
    compare::take_still(app, &path, sheet, &picture);
    let is_wanted = app.poster.as_ref().is_some_and(|(wanted, _)| *wanted == path);
    if is_wanted && sheet == shows_sheet(app) {
        app.poster = Some((path, picture.into()));
    }
}

impl From<Result<Picture, String>> for Poster {
    fn from(picture: Result<Picture, String>) -> Self {
        picture.map_or_else(Self::None, Self::There)
    }
}
