//! The pictures that stand for a clip: its poster and its contact sheet.
//!
//! Both run on the caller's thread and stop within a frame of the flag.
//!
//! The poster is the first frame that is not black: most clips can be decoded only from their start.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::decode::{Clip, DecodeError};
use super::picture::{Bounds, Picture};

/// Why a clip has no poster.
pub type PosterError = DecodeError;

/// Most tiles of a contact sheet.
pub const MAX_TILES: usize = 64;
/// How far into a clip its poster may lie, as many clips fade in from black.
const LOOK_MS: u64 = 1000;
/// How far apart the frames are that are looked at.
const STEP_MS: u64 = 125;

/// The first frame that is not black within the first second, looked for eight
/// times a second, at most as large as the box and never enlarged; the first
/// frame if all are black.
///
/// A frame further in would say more of a clip, but most clips have one place
/// to begin decoding at, their start: it would cost all frames before it.
///
/// # Errors
/// [`PosterError`] if there is no picture, [`PosterError::Cancelled`] if the
/// flag was raised.
pub fn poster(
    path: &Path,
    max_width_px: u32,
    max_height_px: u32,
    cancelled: &AtomicBool,
) -> Result<Picture, PosterError> {
    let mut clip = Clip::open(path)?;
    let looks: Vec<usize> =
        (0..=LOOK_MS / STEP_MS).map(|look| clip.frame_at(look * STEP_MS)).collect();
    let bounds = Bounds { width_px: max_width_px, height_px: max_height_px };
    let (mut first, mut bright) = (None, None);
    clip.visit(&looks, bounds, cancelled, |_, picture| {
        if picture.is_black() {
            first.get_or_insert(picture);
            return ControlFlow::Continue(());
        }
        bright = Some(picture);
        ControlFlow::Break(())
    })?;
    bright.or(first).ok_or(PosterError::Damaged("no frame could be decoded"))
}

/// The frames in the middle of so many equal parts of a clip, at most [`MAX_TILES`].
pub fn spread(frames: usize, tiles: usize) -> Vec<usize> {
    let tiles = tiles.min(MAX_TILES);
    (0..tiles).map(|tile| (tile * 2 + 1) * frames / (tiles * 2)).collect()
}

/// `tiles` frames, each from the middle of one of as many equal parts of the
/// clip, in the order they are shown in. Fewer if the clip has fewer frames,
/// if frames are damaged, or above [`MAX_TILES`].
///
/// # Errors
/// As [`poster`].
pub fn sheet(
    path: &Path,
    tiles: usize,
    max_tile_width_px: u32,
    cancelled: &AtomicBool,
) -> Result<Vec<Picture>, PosterError> {
    let mut clip = Clip::open(path)?;
    let wanted = spread(clip.frames(), tiles);
    // The width decides; a clip is not so narrow that its height needs a bound of its own.
    let bounds = Bounds { width_px: max_tile_width_px, height_px: u32::MAX };
    let mut pictures = Vec::with_capacity(wanted.len());
    if wanted.is_empty() {
        return Ok(pictures);
    }
    clip.visit(&wanted, bounds, cancelled, |_, picture| {
        pictures.push(picture);
        ControlFlow::Continue(())
    })?;
    Ok(pictures)
}

#[cfg(test)]
mod tests {
    use super::super::decode::tests::fixture;
    use super::*;

    static GO_ON: AtomicBool = AtomicBool::new(false);

    #[test]
    fn a_poster_is_the_first_frame_that_is_not_black() {
        // Black for its first half second.
        let path = fixture("black.mp4");
        let poster = poster(&path, 96, 96, &GO_ON).expect("the clip is sound");
        let mut clip = Clip::open(&path).expect("the clip opens");
        let bounds = Bounds { width_px: 96, height_px: 96 };
        let first = clip.first_frame(bounds, &GO_ON).expect("the clip is sound");
        let lit = clip.frames_at(&[500], bounds, &GO_ON).expect("the clip is sound");
        assert!(first.is_black() && !poster.is_black());
        assert_eq!(poster, lit[0]);
    }

    #[test]
    fn a_sheet_is_evenly_spread() {
        let path = fixture("high.mp4");
        let tiles = sheet(&path, 4, 54, &GO_ON).expect("the clip is sound");
        let mut clip = Clip::open(&path).expect("the clip opens");
        let bounds = Bounds { width_px: 54, height_px: 30 };
        let times = [4, 13, 22, 31].map(|frame| clip.shown_at_ms(frame).expect("a frame") + 1);
        assert_eq!(tiles, clip.frames_at(&times, bounds, &GO_ON).expect("the clip is sound"));
        assert!(tiles.iter().all(|tile| (tile.width_px, tile.height_px) == (54, 30)));
    }

    #[test]
    fn a_sheet_has_no_more_tiles_than_the_clip_has_frames() {
        let path = fixture("turned.mov");
        assert_eq!(sheet(&path, 40, 16, &GO_ON).expect("the clip is sound").len(), 12);
        assert_eq!(sheet(&path, 0, 16, &GO_ON).expect("nothing was asked for").len(), 0);
    }

    #[test]
    fn a_raised_flag_ends_it() {
        let path = fixture("high.mp4");
        let raised = AtomicBool::new(true);
        assert!(matches!(poster(&path, 9, 9, &raised), Err(PosterError::Cancelled)));
        assert!(matches!(sheet(&path, 2, 9, &raised), Err(PosterError::Cancelled)));
        assert!(matches!(poster(&fixture("none.mp4"), 9, 9, &GO_ON), Err(PosterError::Io(_))));
    }
}
