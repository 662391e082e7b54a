//! Facts and pictures of a clip, by our own decoder or else by ffmpeg; in words where neither can.
//!
//! Everything runs on the caller's thread, for a bounded time once the flag is raised.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::ffmpeg::{self, Demuxer, FfmpegError};
use crate::media::decode::{Clip, DecodeError};
use crate::media::film::{self, Part};
use crate::media::mp4::samples::video_track;
use crate::media::mp4::{self, ClipFacts};
use crate::media::picture::{Bounds, Picture};
use crate::media::poster;
use crate::media::sheet::{SHEET_TILES, TILE_PX, composed};
use crate::media::still;
use crate::media::webm;

/// A picture in its full size.
pub const WHOLE: Bounds = Bounds { width_px: u32::MAX, height_px: u32::MAX };
/// How long before its end a clip is looked at for its last frame by ffmpeg, in seconds; then all of it.
const TAILS_S: [&str; 2] = ["-0.5", "-5"];

/// Which frame of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The first that is shown.
    First,
    /// The last that is shown.
    Last,
    /// The one on screen so many milliseconds after the first; the last one from its start on.
    At(u64),
}

/// A picture as a file.
#[derive(Debug)]
pub struct Still {
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// The PNG file.
    pub png: Vec<u8>,
}

/// The picture as a PNG file.
///
/// # Errors
/// Says in words why there is none.
pub fn still(picture: Picture) -> Result<Still, String> {
    let (width_px, height_px) = (picture.width_px, picture.height_px);
    let png = still::png(picture).ok_or("the picture can't be made a PNG file")?;
    Ok(Still { width_px, height_px, png })
}

/// Facts of the clip at `path`, without decoding it, and its size in bytes.
///
/// # Errors
/// Says in words why there are none.
pub fn facts(path: &Path) -> Result<(ClipFacts, u64), String> {
    let (mut file, bytes, demuxer) = opened(path)?;
    let facts = match demuxer {
        Some(Demuxer::Matroska) => {
            ffmpeg::facts(path, Demuxer::Matroska).map_err(|error| in_words("WebM", &error))
        }
        _ => mp4::facts(&mut file, bytes).map_err(|error| error.to_string()),
    };
    facts.map(|facts| (facts, bytes))
}

/// One frame of the clip at `path`, upright and within `bounds`.
///
/// # Errors
/// Says in words why there is none.
pub fn frame(
    path: &Path,
    which: Which,
    bounds: Bounds,
    cancelled: &AtomicBool,
) -> Result<Picture, String> {
    let ours = || {
        let mut clip = Clip::open(path)?;
        match which {
            Which::First => clip.first_frame(bounds, cancelled),
            Which::Last => clip.last_frame(bounds, cancelled),
            Which::At(ms) => clip
                .frames_at(&[ms], bounds, cancelled)?
                .pop()
                .ok_or(DecodeError::Damaged("the frame is missing")),
        }
    };
    either(path, ours, |demuxer| {
        // Places to begin at, each with how many pictures to take from there; of those the last counts.
        let mut tries = Vec::new();
        match which {
            Which::First => tries.push((vec![], Some(1))),
            Which::At(ms) => {
                let at = on_screen_since(path, demuxer, ms)?;
                tries.push((vec!["-ss".to_owned(), seconds(at)], Some(1)));
            }
            Which::Last => {}
        }
        if which != Which::First {
            tries.extend(TAILS_S.map(|tail| (vec!["-sseof".to_owned(), tail.to_owned()], None)));
            tries.push((vec![], None));
        }
        for (begin, most) in tries {
            let begin: Vec<OsString> = begin.into_iter().map(OsString::from).collect();
            if let Some(picture) = foreign(path, demuxer, &begin, bounds, most, cancelled)? {
                return Ok(picture);
            }
        }
        Err(FfmpegError::Refused("it gives no picture".to_owned()))
    })
}

/// Milliseconds as ffmpeg takes them.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// The picture that stands for the clip at `path`: its first frame that is not black; by ffmpeg its first.
///
/// # Errors
/// Says in words why there is none.
pub fn poster(path: &Path, bounds: Bounds, cancelled: &AtomicBool) -> Result<Picture, String> {
    let ours = || poster::poster(path, bounds.width_px, bounds.height_px, cancelled);
    match ours() {
        Err(DecodeError::Codec(_) | DecodeError::Decoder(_) | DecodeError::Container(_)) => {
            frame(path, Which::First, bounds, cancelled)
        }
        other => other.map_err(|error| error.to_string()),
    }
}

/// The contact sheet of the clip at `path`: evenly spread frames in one picture.
///
/// # Errors
/// Says in words why there is none.
pub fn sheet(path: &Path, cancelled: &AtomicBool) -> Result<Picture, String> {
    let ours = || poster::sheet(path, SHEET_TILES, TILE_PX, cancelled);
    let tiles = either(path, ours, |demuxer| {
        let facts = foreign_facts(path, demuxer)?;
        let wanted = poster::spread(facts.frames as usize, SHEET_TILES);
        let wanted: Vec<String> = wanted.iter().map(|frame| format!("eq(n,{frame})")).collect();
        let shrunk = shrink(TILE_PX, u32::MAX);
        let options = ["-vf".to_owned(), format!("select='{}',{shrunk}", wanted.join("+"))];
        let options = options.map(OsString::from);
        let mut tiles = Vec::new();
        ffmpeg::pictures(path, demuxer, (&[], &options), cancelled, |tile| {
            tiles.push(tile);
            if tiles.len() < SHEET_TILES {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(tiles)
    })?;
    composed(&tiles).ok_or_else(|| "the clip is damaged: no frame could be decoded".to_owned())
}

/// The pictures of a clip that are kept.
#[derive(Debug, Default)]
pub struct All {
    /// The first frame.
    pub first: Option<Picture>,
    /// The last frame.
    pub last: Option<Picture>,
    /// The contact sheet.
    pub sheet: Option<Picture>,
}

/// First frame, last frame and contact sheet of the clip at `path`, in one pass where our own decoder knows
/// it. A damaged frame is left out.
///
/// # Errors
/// Says in words why there are none.
pub fn all(path: &Path, cancelled: &AtomicBool) -> Result<All, String> {
    match one_pass(path, cancelled) {
        Err(DecodeError::Codec(_) | DecodeError::Decoder(_) | DecodeError::Container(_)) => {
            Ok(All {
                first: Some(frame(path, Which::First, WHOLE, cancelled)?),
                last: Some(frame(path, Which::Last, WHOLE, cancelled)?),
                sheet: Some(sheet(path, cancelled)?),
            })
        }
        done => done.map_err(|error| error.to_string()),
    }
}

fn one_pass(path: &Path, cancelled: &AtomicBool) -> Result<All, DecodeError> {
    let mut clip = Clip::open(path)?;
    let (spread, last) = (poster::spread(clip.frames(), SHEET_TILES), clip.frames() - 1);
    let wanted = [&[0, last], &spread[..]].concat();
    let (mut all, mut tiles) = (All::default(), Vec::new());
    clip.visit(&wanted, WHOLE, cancelled, |frame, picture| {
        if spread.contains(&frame) {
            let (width, height) = (picture.width_px, picture.height_px);
            let across = width.min(TILE_PX);
            let down = (u64::from(height) * u64::from(across) / u64::from(width.max(1))).max(1);
            tiles.push(picture.scaled(across, down as u32));
        }
        if frame == last {
            all.last = Some(picture.clone());
        }
        if frame == 0 {
            all.first = Some(picture);
        }
        ControlFlow::Continue(())
    })?;
    all.sheet = composed(&tiles);
    Ok(all)
}

/// Hands all frames of the clip at `path` to `take`, as far as they fit into a film, each at most as large as
/// `most`, until it breaks; if it doesn't, the last part is [`Part::End`].
pub fn film(path: &Path, most: Bounds, take: impl Fn(Part) -> ControlFlow<()>) {
    let (never, broken) = (AtomicBool::new(false), Cell::new(false));
    let send = |part| {
        let told = take(part);
        broken.set(broken.get() || told.is_break());
        told
    };
    let ours = || {
        let mut clip = Clip::open(path)?;
        let frames: Vec<usize> = (0..clip.frames().min(film::MAX_FRAMES)).collect();
        let at = |frame: &usize| clip.shown_at_ms(*frame).unwrap_or(0);
        let bounds = film::bounds(frames.len(), clip.size_px(), most);
        if send(film::times(frames.iter().map(at).collect())).is_break() {
            return Ok(());
        }
        clip.visit(&frames, bounds, &never, |frame, picture| send(Part::Frame(frame, picture)))
    };
    let theirs = |demuxer| {
        let facts = foreign_facts(path, demuxer)?;
        let times = times(path, demuxer, &facts);
        let bounds = film::bounds(times.len(), facts.shown_px(), most);
        if send(film::times(times)).is_break() {
            return Ok(());
        }
        let options = ["-vf".to_owned(), shrink(bounds.width_px, bounds.height_px)];
        let mut frames = 0..;
        ffmpeg::pictures(path, demuxer, (&[], &options.map(OsString::from)), &never, |picture| {
            frames.next().map_or(ControlFlow::Break(()), |frame| send(Part::Frame(frame, picture)))
        })
    };
    let done = either(path, ours, theirs);
    if !broken.get() {
        // It was the last one, whether more are wanted or not.
        let _ = take(Part::End(done.err()));
    }
}

/// What is known of a clip that ffmpeg is to read.
fn foreign_facts(path: &Path, demuxer: Demuxer) -> Result<ClipFacts, FfmpegError> {
    match demuxer {
        Demuxer::Matroska => ffmpeg::facts(path, demuxer),
        Demuxer::Mov => facts(path).map(|(facts, _)| facts).map_err(FfmpegError::Refused),
    }
}

/// Since when the frame is on screen that is there at `ms`: ffmpeg itself takes the next one.
fn on_screen_since(path: &Path, demuxer: Demuxer, ms: u64) -> Result<u64, FfmpegError> {
    let times = times(path, demuxer, &foreign_facts(path, demuxer)?);
    let begun = times.partition_point(|at| *at <= ms);
    let is_listed = begun < times.len() || times.len() < film::MAX_FRAMES;
    Ok(times[..begun].last().copied().filter(|_| is_listed).unwrap_or(ms))
}

/// When each frame of such a clip is shown, as far as they fit into a film: reckoned where no index tells.
fn times(path: &Path, demuxer: Demuxer, facts: &ClipFacts) -> Vec<u64> {
    let track = match demuxer {
        Demuxer::Mov => {
            opened(path).ok().and_then(|(mut file, bytes, _)| video_track(&mut file, bytes).ok())
        }
        Demuxer::Matroska => None,
    };
    let (over, under) = facts.frame_rate;
    let at = |frame: u64| frame * 1000 * u64::from(under) / u64::from(over.max(1));
    let most = film::MAX_FRAMES;
    match track {
        Some(track) => (0..most).map_while(|frame| track.shown_at_ms(frame)).collect(),
        None => (0..facts.frames.clamp(1, most as u64)).map(at).collect(),
    }
}

/// What our own decoder makes of a clip, or, where it does not know its kind, ffmpeg.
fn either<T>(
    path: &Path,
    ours: impl FnOnce() -> Result<T, DecodeError>,
    theirs: impl FnOnce(Demuxer) -> Result<T, FfmpegError>,
) -> Result<T, String> {
    let (_, _, demuxer) = opened(path)?;
    let (error, kind) = match (ours(), demuxer) {
        (Ok(done), _) => return Ok(done),
        (Err(_), Some(Demuxer::Matroska)) => (None, "WebM".to_owned()),
        (Err(DecodeError::Codec(kind)), _) => (None, kind),
        (Err(error @ DecodeError::Decoder(_)), _) => (Some(error), "this clip".to_owned()),
        (Err(error), _) => return Err(error.to_string()),
    };
    match (theirs(demuxer.unwrap_or(Demuxer::Mov)), error) {
        (Err(_), Some(error)) => Err(error.to_string()),
        (done, _) => done.map_err(|error| in_words(&kind, &error)),
    }
}

/// The last picture that ffmpeg gives, of `most` at the most.
fn foreign(
    path: &Path,
    demuxer: Demuxer,
    before: &[OsString],
    bounds: Bounds,
    most: Option<u32>,
    cancelled: &AtomicBool,
) -> Result<Option<Picture>, FfmpegError> {
    let filter = match bounds {
        WHOLE => SQUARE.to_owned(),
        bounds => shrink(bounds.width_px, bounds.height_px),
    };
    let mut options = vec!["-vf".to_owned(), filter];
    options.extend(most.into_iter().flat_map(|most| ["-frames:v".to_owned(), most.to_string()]));
    let options: Vec<OsString> = options.into_iter().map(OsString::from).collect();
    let mut last = None;
    let seen = ffmpeg::pictures(path, demuxer, (before, &options), cancelled, |picture| {
        last = Some(picture);
        ControlFlow::Continue(())
    });
    match seen {
        // From a place beyond its end there is none, which says nothing of the clip.
        Err(FfmpegError::Refused(_)) if !before.is_empty() => Ok(last),
        seen => seen.map(|()| last),
    }
}

/// ffmpeg's filter for square pixels, by the rule of [`Pose`](crate::media::picture::Pose).
const SQUARE: &str = "scale=w='if(gt(sar,1)*lte(sar,4),floor(iw*sar+0.5),iw)':\
    h='if(lt(sar,1)*gte(sar,0.25),floor(ih/sar+0.5),ih)',setsar=1";

/// ffmpeg's filter for a picture within a box and never enlarged.
fn shrink(width_px: u32, height_px: u32) -> String {
    let (width, height) = (width_px.clamp(2, 8192), height_px.clamp(2, 8192));
    format!(
        "{SQUARE},scale='min(iw,{width})':'min(ih,{height})':force_original_aspect_ratio=decrease"
    )
}

/// Why ffmpeg could not help with a clip of a kind that we do not know.
fn in_words(kind: &str, error: &FfmpegError) -> String {
    match error {
        FfmpegError::Missing => format!(
            "{kind} can't be shown without ffmpeg, which is not installed here; open it in a player"
        ),
        error => error.to_string(),
    }
}

/// The file, how large it is, and what it begins like. A pipe or a device would be waited for, for ever.
fn opened(path: &Path) -> Result<(File, u64, Option<Demuxer>), String> {
    let unreadable = |error| format!("{} can't be read: {error}", path.display());
    let facts = std::fs::metadata(path).map_err(unreadable)?;
    if !facts.is_file() {
        return Err(format!("{} is not a file", path.display()));
    }
    if facts.len() == 0 {
        return Err(format!("{} is empty", path.display()));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let mut head = Vec::new();
    file.by_ref().take(12).read_to_end(&mut head).map_err(unreadable)?;
    let demuxer = if head.starts_with(&webm::HEADER) {
        Some(Demuxer::Matroska)
    } else {
        (head.get(4..8) == Some(b"ftyp")).then_some(Demuxer::Mov)
    };
    Ok((file, facts.len(), demuxer))
}
