//! All frames of a clip at one small size, to be played, stepped and sought in without decoding twice.

use super::picture::{Bounds, Picture, fit};

/// The most that the frames of a film take together. Frames are made small enough for it.
const MAX_BYTES: u64 = 24 << 20;
/// The most frames: five minutes at 24 frames a second. Of a longer clip the beginning is shown.
pub const MAX_FRAMES: usize = 7200;

/// What comes of a clip while it is decoded.
#[derive(Clone, Debug)]
pub enum Part {
    /// How it is timed; comes first.
    Times {
        /// When each frame is shown, after the first, in order.
        shown_at_ms: Vec<u64>,
        /// How long it is; at least a millisecond after the last frame.
        length_ms: u64,
    },
    /// A frame, in the order they are shown in. Damaged ones are left out.
    Frame(usize, Picture),
    /// No more frames come; says why not, where something is wrong.
    End(Option<String>),
}

/// A clip, as far as it is decoded.
#[derive(Clone, Debug, Default)]
pub struct Film {
    shown_at_ms: Vec<u64>,
    length_ms: u64,
    frames: Vec<Option<Picture>>,
    /// The frames before this one have come, or will not.
    ready: usize,
    ended: bool,
    /// Why there are no frames, or no more.
    pub trouble: Option<String>,
}

impl Film {
    /// Takes in what was decoded.
    pub fn take(&mut self, part: Part) {
        match part {
            Part::Times { shown_at_ms, length_ms } => {
                // Another decoder begins anew where the first one gave up.
                (self.frames, self.ready) = (vec![None; shown_at_ms.len().min(MAX_FRAMES)], 0);
                (self.shown_at_ms, self.length_ms) = (shown_at_ms, length_ms);
                self.shown_at_ms.truncate(MAX_FRAMES);
            }
            Part::Frame(at, picture) => {
                if let Some(frame) = self.frames.get_mut(at) {
                    *frame = Some(picture);
                    self.ready = self.ready.max(at + 1);
                }
            }
            Part::End(trouble) => {
                self.ended = true;
                self.trouble = trouble;
            }
        }
    }

    /// How many frames it has; none before that is known.
    pub fn count(&self) -> usize {
        self.frames.len()
    }

    /// How long it is, in milliseconds.
    pub fn length_ms(&self) -> u64 {
        self.length_ms
    }

    /// When `frame` is shown, in milliseconds; the last one for any behind it.
    pub fn shown_at_ms(&self, frame: usize) -> u64 {
        self.shown_at_ms.get(frame).or(self.shown_at_ms.last()).copied().unwrap_or(0)
    }

    /// The frame that is on screen at a time; the last one from its start on.
    pub fn frame_at(&self, ms: u64) -> usize {
        self.shown_at_ms.partition_point(|at| *at <= ms).saturating_sub(1)
    }

    /// Up to which time it can be shown now; everything, once no more comes.
    pub fn ready_ms(&self) -> u64 {
        if self.ended { u64::MAX } else { self.shown_at_ms(self.ready.saturating_sub(1)) }
    }

    /// `frame`, or where it is damaged or yet to come, the last one before it.
    pub fn picture(&self, frame: usize) -> Option<&Picture> {
        let upto = self.frames.get(..=frame.min(self.frames.len().checked_sub(1)?))?;
        upto.iter().rev().flatten().next().or_else(|| self.frames.iter().flatten().next())
    }

    /// Whether nothing of it can ever be shown.
    pub fn is_lost(&self) -> bool {
        self.ended && self.ready == 0
    }
}

/// How a clip is timed whose frames are shown at these times: the last one stays as long as those before it on
/// the average.
pub fn times(shown_at_ms: Vec<u64>) -> Part {
    let last = shown_at_ms.last().copied().unwrap_or(0);
    let gap = last.checked_div(shown_at_ms.len().saturating_sub(1) as u64).unwrap_or(0);
    Part::Times { shown_at_ms, length_ms: last + gap.max(1) }
}

/// How large the frames of a clip may be, so that all of them fit: at most `most`, with the clip's own ratio.
pub fn bounds(frames: usize, (width_px, height_px): (u32, u32), most: Bounds) -> Bounds {
    let (mut width, mut height) = (width_px.min(most.width_px), height_px.min(most.height_px));
    if (width, height) != (width_px, height_px) {
        (width, height) = fit(width_px, height_px, most.width_px.max(1), most.height_px.max(1));
    }
    let each = MAX_BYTES / 3 / frames.clamp(1, MAX_FRAMES) as u64;
    while u64::from(width) * u64::from(height) > each.max(1) {
        (width, height) = ((width * 9 / 10).max(1), (height * 9 / 10).max(1));
    }
    Bounds { width_px: width.max(1), height_px: height.max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(value: u8) -> Picture {
        Picture { width_px: 1, height_px: 1, rgb: vec![value; 3] }
    }

    fn film(came: &[usize]) -> Film {
        let mut film = Film::default();
        film.take(times(vec![0, 40, 80, 120]));
        came.iter().for_each(|at| film.take(Part::Frame(*at, picture(*at as u8))));
        film
    }

    #[test]
    fn a_time_has_the_frame_that_is_on_screen_then() {
        let film = film(&[0, 1, 2, 3]);
        let frames = [0, 39, 40, 119, 120, 9999].map(|ms| film.frame_at(ms));
        assert_eq!(frames, [0, 0, 1, 2, 3, 3]);
        assert_eq!((film.count(), film.length_ms(), film.shown_at_ms(2)), (4, 160, 80));
    }

    #[test]
    fn while_it_is_decoded_it_can_be_shown_as_far_as_it_came() {
        let mut film = film(&[0, 1]);
        assert_eq!(film.ready_ms(), 40);
        assert_eq!(film.picture(3), Some(&picture(1)), "the last that is there");
        film.take(Part::Frame(2, picture(2)));
        film.take(Part::Frame(3, picture(3)));
        film.take(Part::End(None));
        assert_eq!((film.ready_ms(), film.picture(3)), (u64::MAX, Some(&picture(3))));
    }

    #[test]
    fn where_another_decoder_begins_anew_its_frames_are_waited_for() {
        let mut film = film(&[0, 1, 2]);
        film.take(times(vec![0, 40, 80, 120]));
        assert_eq!((film.ready_ms(), film.picture(2)), (0, None));
        film.take(Part::End(Some("it can't be read".to_owned())));
        assert!(film.is_lost());
    }

    #[test]
    fn a_damaged_frame_shows_the_one_before_it_and_a_clip_without_any_is_lost() {
        let mut film = film(&[1, 3]);
        assert_eq!(film.picture(2), Some(&picture(1)));
        assert_eq!(film.picture(0), Some(&picture(1)), "or else the first that is sound");
        film.take(Part::Frame(99, picture(9)));
        assert!(!film.is_lost());
        let mut none = Film::default();
        none.take(Part::End(Some("it is damaged".to_owned())));
        assert!(none.is_lost() && none.picture(0).is_none() && none.frame_at(5) == 0);
    }

    #[test]
    fn frames_are_small_enough_for_all_of_them() {
        let most = Bounds { width_px: 200, height_px: 120 };
        let few = bounds(121, (1920, 1080), most);
        assert_eq!((few.width_px, few.height_px), (200, 113));
        assert_eq!(bounds(121, (96, 54), most), Bounds { width_px: 96, height_px: 54 });
        for frames in [361, 7200, usize::MAX] {
            let many = bounds(frames, (1920, 1080), Bounds { width_px: 500, height_px: 300 });
            let bytes = u64::from(many.width_px) * u64::from(many.height_px) * 3;
            assert!(bytes * frames.min(MAX_FRAMES) as u64 <= MAX_BYTES, "{frames}: {many:?}");
        }
        assert_eq!(bounds(1, (0, 0), most), Bounds { width_px: 1, height_px: 1 });
    }
}
