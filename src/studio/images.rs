//! What the terminal proved that it can show, and the picture that was made for it.
//!
//! Nothing waits for a proof: half blocks are drawn until it comes, whenever that is, and for ever where it
//! does not.
//!
//! A picture in the terminal's own form is never shown below a dialog: half blocks are, and it comes back with the
//! dialog's end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::app::App;
use super::effect::{Effect, Generation, Load};
use super::form_image::shows_sheet;
use super::preview_view::picture_area;
use super::term::keyboard::Reply;
use super::term::overlay::{Form, KITTY_ID, Overlay, Room};
use crate::words::images::{Between, Images as Wish};

/// What a cell is taken to have where the terminal does not say: few enough pixels that no picture is larger
/// than its room.
const LEAST_CELL_PX: (u16, u16) = (6, 12);
/// No cell has more; what says so is damaged.
const MAX_CELL_PX: u16 = 200;

/// A picture in the terminal's own form, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The clip, or the image.
    pub path: PathBuf,
    /// Whether it is the contact sheet.
    pub sheet: bool,
    /// The form.
    pub form: Form,
    /// Where it is to fit.
    pub room: Room,
}

/// What is known of the terminal's pictures.
#[derive(Debug, Default)]
pub struct Images {
    wish: Wish,
    /// Whether answers count.
    asked: bool,
    /// Whether the config's form is taken on trust.
    forced: bool,
    kitty: bool,
    sixel: bool,
    name: String,
    cell_px: Option<(u16, u16)>,
    wanted: Option<Wanted>,
    made: Option<Arc<Overlay>>,
    generation: Generation,
}

impl Images {
    /// Takes the config's wish, and returns what the terminal is to be asked, if anything.
    pub fn wish(&mut self, wish: Wish, between: Between) -> Option<Vec<u8>> {
        self.wish = wish;
        self.forced = wish.are_forced(between);
        self.asked = wish.are_asked_for(between);
        // Primary device attributes come last, since every terminal answers them.
        let questions = if self.asked {
            format!("\x1b_Gi={KITTY_ID},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[16t\x1b[c")
        } else if self.forced {
            "\x1b[16t".to_owned()
        } else {
            return None;
        };
        Some(questions.into_bytes())
    }

    /// Takes in what the terminal says of itself.
    pub fn take(&mut self, reply: Reply) {
        match reply {
            Reply::Kitty { id: KITTY_ID, ok } => self.kitty = ok,
            Reply::Version(name) => self.name = name,
            Reply::Attributes { sixel } => self.sixel = sixel,
            Reply::Cell { width_px, height_px } => {
                let can_be = |px: u16| (1..=MAX_CELL_PX).contains(&px);
                if can_be(width_px) && can_be(height_px) {
                    self.cell_px = Some((width_px, height_px));
                }
            }
            Reply::Kitty { .. } | Reply::Cursor => {}
        }
    }

    /// Whether no picture is to be drawn at all.
    pub fn are_off(&self) -> bool {
        self.wish == Wish::Off
    }

    /// The form that pictures are sent in; none for half blocks.
    pub fn form(&self) -> Option<Form> {
        match self.wish {
            Wish::Kitty if self.forced => Some(Form::Kitty),
            Wish::Iterm2 if self.forced => Some(Form::Iterm2),
            Wish::Sixel if self.forced => Some(Form::Sixel),
            Wish::Auto if self.asked => self.proved(),
            _ => None,
        }
    }

    fn proved(&self) -> Option<Form> {
        let is_named = |names: &[&str]| names.iter().any(|name| self.name.starts_with(name));
        // Both take kitty's form too, but as PNG, of ten times the bytes.
        if is_named(&["iTerm2", "WezTerm"]) {
            return Some(Form::Iterm2);
        }
        if self.kitty {
            return Some(Form::Kitty);
        }
        // Its pixels lie as they are: without the size of a cell they might cover what is beside.
        (self.sixel && self.cell_px.is_some()).then_some(Form::Sixel)
    }

    /// Whether this is iTerm2, which takes files for the user's own machine.
    pub fn is_iterm2(&self) -> bool {
        self.asked && self.name.starts_with("iTerm2")
    }

    /// Whether this is kitty itself, which takes files from its own program.
    pub fn is_kitty(&self) -> bool {
        self.asked && self.name.starts_with("kitty")
    }

    /// The size of a cell in pixels.
    pub fn cell_px(&self) -> (u16, u16) {
        self.cell_px.unwrap_or(LEAST_CELL_PX)
    }

    /// Wants this picture from now on; its number, where it is another one than before.
    pub fn want(&mut self, wanted: Wanted) -> Generation {
        (self.wanted, self.made) = (Some(wanted), None);
        self.generation.next()
    }

    /// What is wanted.
    pub fn wanted(&self) -> Option<&Wanted> {
        self.wanted.as_ref()
    }

    /// The picture of that number was made, or could not be.
    pub fn made(&mut self, generation: Generation, overlay: Option<Overlay>) {
        if generation == self.generation {
            self.made = overlay.map(Arc::new);
        }
    }

    /// The picture of `path`, where it was made for a room of so many columns and rows.
    pub fn overlay(&self, path: &Path, sheet: bool, cells: (u16, u16)) -> Option<&Arc<Overlay>> {
        let wanted = self.wanted.as_ref()?;
        let fits = wanted.path == path && wanted.sheet == sheet && wanted.room.cells == cells;
        self.made.as_ref().filter(|_| fits)
    }
}

/// Asks for what the preview shows in the terminal's own form, once.
pub(super) fn want_overlay(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(form) = app.images.form().filter(|_| !app.theme.is_plain()) else { return };
    // Where it can't be seen for now, it may be again.
    let (Some(area), Some((path, _))) = (picture_area(&app.seen()), &app.poster) else { return };
    let room = Room { cells: (area.width, area.height), cell_px: app.images.cell_px() };
    let wanted = Wanted { path: path.clone(), sheet: shows_sheet(app), form, room };
    if app.images.wanted() != Some(&wanted) {
        let generation = app.images.want(wanted.clone());
        effects.push(Effect::Load(Load::Overlay { generation, wanted }));
    }
}

#[cfg(test)]
#[path = "images_tests.rs"]
mod tests;
