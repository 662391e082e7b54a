//! A picture in a form of the terminal's own, which lies over cells that are left blank.
//!
//! What is here makes the bytes; [`super::canvas`] sends them after the cells, in the same write, and takes the
//! picture away when something else is to be seen there.
//!
//! kitty's form is placed over blank cells, like the others, not drawn as placeholder characters: those need a newer
//! kitty, and many terminals that take kitty's pictures do not know them.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::media::picture::Picture;
use crate::media::still;

/// The most bytes that a picture costs: about a second and a half of a megabit a second.
pub const MAX_BYTES: usize = 200_000;
/// The largest side of what is sent.
const MAX_SIDE_PX: u32 = 960;
/// The largest side of a sixel picture, which has every pixel of its own; in a larger room it stays that large.
const MAX_SIXEL_PX: u32 = 1920;
/// How often a picture is made smaller before it is given up.
const MAX_TRIES: usize = 5;
/// Sixel can't enlarge, so that its pictures become coarse instead: pixels of so many and colours, for each try.
const COARSENESS: [(u32, u16); MAX_TRIES] = [(1, 256), (1, 64), (2, 64), (3, 32), (4, 16)];
/// kitty takes the data of a picture in pieces of so many bytes.
const PIECE_BYTES: usize = 4096;
/// Where quality and bytes of a JPEG picture balance.
const JPEG_QUALITY: u8 = 85;
/// The one picture of ours that kitty keeps, so that a new one takes the place of the old.
pub const KITTY_ID: u32 = 0x52_55_53;
/// Takes it away, and what kitty keeps of it.
pub const KITTY_FORGET: &[u8] = b"\x1b_Ga=d,d=I,i=5395795,q=2\x1b\\";
/// Takes it away for now.
const KITTY_HIDE: &[u8] = b"\x1b_Ga=d,d=i,i=5395795,q=2\x1b\\";

/// A form that some terminals show pictures in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// kitty's graphics, which others have too.
    Kitty,
    /// iTerm2's inline images.
    Iterm2,
    /// Sixel, as the VT340 had it.
    Sixel,
}

/// The room for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Columns and rows.
    pub cells: (u16, u16),
    /// Width and height of a cell in pixels.
    pub cell_px: (u16, u16),
}

impl Room {
    /// The most pixels across and down that are of use for it.
    pub fn pixels(self) -> (u32, u32) {
        let side = |cells: u16, px: u16| (u32::from(cells) * u32::from(px)).min(MAX_SIDE_PX);
        (side(self.cells.0, self.cell_px.0), side(self.cells.1, self.cell_px.1))
    }
}

/// A picture as it is sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Overlay {
    /// The form.
    pub form: Form,
    /// How many columns it covers.
    pub columns: u16,
    /// How many rows.
    pub rows: u16,
    /// Shows it at the cursor.
    pub show: Vec<u8>,
}

impl Overlay {
    /// `picture` as large as it fits into `room`, in at most [`MAX_BYTES`]; none where that can't be.
    pub fn new(picture: Picture, form: Form, room: Room) -> Option<Self> {
        let most_px = if form == Form::Sixel { MAX_SIXEL_PX } else { u32::MAX };
        let size = Size::of(&picture, room, most_px)?;
        let (columns, rows) = (size.columns, size.rows);
        let mut sent = smaller(picture, size.width_px, size.height_px);
        for (coarse, colours) in COARSENESS {
            let show = match form {
                Form::Kitty => kitty(&still::png(sent.clone())?, columns, rows),
                Form::Iterm2 => iterm2(&still::jpeg(&sent, JPEG_QUALITY)?, columns, rows),
                Form::Sixel => {
                    let coarse = size.coarse(&sent, coarse);
                    still::sixel(&coarse, colours)?.into_bytes()
                }
            };
            if show.len() <= MAX_BYTES {
                return Some(Self { form, columns, rows, show });
            }
            if form == Form::Sixel {
                continue;
            }
            let factor = (MAX_BYTES as f64 / show.len() as f64).sqrt() * 0.95;
            let side = |px: u32| ((f64::from(px) * factor) as u32).max(1);
            let (width_px, height_px) = (side(sent.width_px), side(sent.height_px));
            sent = smaller(sent, width_px, height_px);
        }
        None
    }

    /// Shows it again at the cursor, where it was taken away by [`Overlay::hide`].
    pub fn show_again(&self) -> Cow<'_, [u8]> {
        match self.form {
            Form::Kitty => {
                let (columns, rows) = (self.columns, self.rows);
                let keys = format!("a=p,i={KITTY_ID},p=1,c={columns},r={rows},C=1,q=2");
                Cow::Owned(format!("\x1b_G{keys}\x1b\\").into_bytes())
            }
            Form::Iterm2 | Form::Sixel => Cow::Borrowed(&self.show),
        }
    }

    /// Takes it away. Where the form has no such thing, cells that are drawn there do.
    pub fn hide(&self) -> &'static [u8] {
        match self.form {
            Form::Kitty => KITTY_HIDE,
            Form::Iterm2 | Form::Sixel => b"",
        }
    }
}

/// How large a picture is within its room.
struct Size {
    width_px: u32,
    height_px: u32,
    columns: u16,
    rows: u16,
}

impl Size {
    fn of(picture: &Picture, room: Room, most_px: u32) -> Option<Self> {
        let (cell_width, cell_height) =
            (u32::from(room.cell_px.0.max(1)), u32::from(room.cell_px.1.max(1)));
        let wide = u32::from(room.cells.0) * cell_width;
        let high = u32::from(room.cells.1) * cell_height;
        let (width_px, height_px) = picture.size_within(wide.min(most_px), high.min(most_px));
        if width_px == 0 || height_px == 0 {
            return None;
        }
        let columns = u16::try_from(width_px.div_ceil(cell_width)).ok()?;
        let rows = u16::try_from(height_px.div_ceil(cell_height)).ok()?;
        Some(Self { width_px, height_px, columns, rows })
    }

    /// The picture in this size, of squares of `side` pixels.
    fn coarse(&self, picture: &Picture, side: u32) -> Picture {
        let (width_px, height_px) = (self.width_px / side, self.height_px / side);
        let squares = smaller(picture.clone(), width_px.max(1), height_px.max(1));
        squares.scaled(self.width_px, self.height_px)
    }
}

/// The picture at a size where that is a smaller one.
fn smaller(picture: Picture, width_px: u32, height_px: u32) -> Picture {
    if width_px < picture.width_px { picture.scaled(width_px, height_px) } else { picture }
}

/// Sends a PNG picture and shows it, without an answer and without moving the cursor.
fn kitty(png: &[u8], columns: u16, rows: u16) -> Vec<u8> {
    let data = STANDARD.encode(png);
    let mut bytes = Vec::with_capacity(data.len() + data.len() / 256 + 128);
    let pieces = data.as_bytes().chunks(PIECE_BYTES);
    let last = pieces.len().saturating_sub(1);
    for (index, piece) in pieces.enumerate() {
        let mut keys = String::new();
        if index == 0 {
            // Writing to a string can't fail.
            let _ = write!(keys, "a=T,f=100,t=d,i={KITTY_ID},p=1,c={columns},r={rows},C=1,q=2,");
        }
        let more = u8::from(index < last);
        bytes.extend_from_slice(format!("\x1b_G{keys}m={more};").as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\x1b\\");
    }
    bytes
}

/// Shows a picture's file, in so many cells.
fn iterm2(file: &[u8], columns: u16, rows: u16) -> Vec<u8> {
    let mut bytes = format!(
        "\x1b]1337;File=inline=1;size={};width={columns};height={rows};preserveAspectRatio=1;doNotMoveCursor=1:",
        file.len()
    )
    .into_bytes();
    bytes.extend_from_slice(STANDARD.encode(file).as_bytes());
    bytes.push(7);
    bytes
}

#[cfg(test)]
#[path = "overlay_tests.rs"]
mod tests;
