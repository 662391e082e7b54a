//! The facts of an MP4 or MOV file, read from its index alone.
//!
//! Files come from outside, so nothing in them is believed: boxes are counted,
//! nested only as deep as this code goes, and read as far as there are bytes,
//! never by the length that they announce.

mod edits;
mod fields;
mod fragment;
mod runs;
pub mod samples;
mod table;
mod track;

use std::io::{Read, Seek, SeekFrom};

use fields::{Boxes, Fields};
use fragment::Totals;
use track::Track;

use super::picture::Pose;

/// What a clip is, without decoding it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipFacts {
    /// Major brand of the file, such as `isom` or `qt  `; empty if the file has none.
    pub brand: String,
    /// Width of the coded picture, before any rotation.
    pub width_px: u32,
    /// Height of the coded picture, before any rotation.
    pub height_px: u32,
    /// How the picture is to be shown.
    pub pose: Pose,
    /// Length of what is shown of the video track.
    pub duration_ms: u64,
    /// Number of video frames shown.
    pub frames: u64,
    /// Frames a second as a reduced fraction; 0/1 if the file does not tell.
    pub frame_rate: (u32, u32),
    /// `h264`, `hevc`, `av1`, `vp9`, or the four-character code.
    pub video_codec: String,
    /// `aac`, `opus`, or the four-character code; none without sound.
    pub audio_codec: Option<String>,
}

impl ClipFacts {
    /// Width and height as the clip is shown: upright, with square pixels.
    #[must_use]
    pub fn shown_px(&self) -> (u32, u32) {
        let (width, height) = self.pose.square_px(self.width_px, self.height_px);
        if self.pose.rotation_deg.is_multiple_of(180) { (width, height) } else { (height, width) }
    }
}

/// Why a file has no facts.
#[derive(Debug, thiserror::Error)]
pub enum Mp4Error {
    /// Reading failed.
    #[error("the file could not be read: {0}")]
    Io(#[from] std::io::Error),
    /// Another kind of file.
    #[error("not an mp4 or mov file")]
    NotMp4,
    /// It is cut off.
    #[error("the file ends in the middle of its {0}")]
    Truncated(&'static str),
    /// Something in it is too large to be believed.
    #[error("the file's {0} is larger than a clip can need")]
    TooLarge(&'static str),
    /// There is no picture in it.
    #[error("the file has no video track")]
    NoVideo,
    /// Its index makes no sense.
    #[error("the video track is damaged: {0}")]
    Damaged(&'static str),
}

/// No box of more bytes than this is read into memory.
const MAX_INDEX_BYTES: u64 = 16 << 20;
/// A fragment's own index.
const MAX_FRAGMENT_BYTES: u64 = 1 << 20;
/// Boxes at the top of a file.
const MAX_TOP_BOXES: usize = 20_000;
/// Boxes looked at in one container.
const MAX_BOXES: usize = 4096;
const MAX_TRACKS: usize = 32;
/// Frames in a clip.
const MAX_SAMPLES: u64 = 4_000_000;

/// Reads the facts of a file of `size_bytes` bytes.
///
/// Only the index is read; the position of `bytes` afterwards is not defined.
/// For a fragmented file the frames of all fragments are counted.
///
/// # Errors
/// [`Mp4Error`] if the file is no MP4 or MOV, is cut off before its index, or
/// its index makes no sense. It never panics, and reads a bounded amount.
pub fn facts(bytes: &mut (impl Read + Seek), size_bytes: u64) -> Result<ClipFacts, Mp4Error> {
    let file = File::scan(bytes, size_bytes)?;
    let movie = file.movie.ok_or(if file.looks_like_mp4 {
        Mp4Error::Truncated("index")
    } else {
        Mp4Error::NotMp4
    })?;
    describe(&movie, file.brand, &file.fragments)
}

/// Whether a part of the file did not come: one of its boxes goes on after its end, or it ends between two of
/// them, before the index or the pictures.
pub fn is_cut(bytes: &mut (impl Read + Seek), size_bytes: u64) -> bool {
    let (mut at, mut has_index, mut has_media) = (0, false, false);
    for _ in 0..MAX_TOP_BOXES {
        match top_box(bytes, at, size_bytes) {
            Ok(Some((.., end))) if end > size_bytes => return true,
            Ok(Some((kind, _, end))) => {
                has_index |= kind == *b"moov";
                has_media |= kind == *b"mdat";
                at = end;
            }
            Ok(None) => return at > 0 && !(has_index && has_media),
            // What is no MP4 at all is not judged here.
            Err(_) => return at > 0,
        }
    }
    false
}

/// The parts of a file that count.
#[derive(Default)]
struct File {
    brand: String,
    looks_like_mp4: bool,
    movie: Option<Vec<u8>>,
    /// The usual length of a frame per track, for fragments that do not tell.
    usual: Vec<(u32, u32)>,
    /// The `moof` boxes, summed up as they are read.
    fragments: Vec<Totals>,
}

impl File {
    fn scan(bytes: &mut (impl Read + Seek), size_bytes: u64) -> Result<Self, Mp4Error> {
        let mut file = Self::default();
        let mut at = 0_u64;
        for _ in 0..MAX_TOP_BOXES {
            let Some((kind, body, end)) = top_box(bytes, at, size_bytes)? else {
                return Ok(file);
            };
            let known = matches!(
                &kind,
                b"ftyp"
                    | b"moov"
                    | b"moof"
                    | b"mdat"
                    | b"free"
                    | b"skip"
                    | b"wide"
                    | b"pnot"
                    | b"styp"
                    | b"sidx"
                    | b"uuid"
                    | b"mfra"
                    | b"udta"
                    | b"meta"
                    | b"emsg"
                    | b"prft"
            );
            if at == 0 && !known {
                return Err(Mp4Error::NotMp4);
            }
            file.looks_like_mp4 = true;
            match &kind {
                b"ftyp" if file.brand.is_empty() => {
                    let brands = read_box(bytes, body, end.min(body + 8), 8, "file type")?;
                    let major = brands.get(..4).ok_or(Mp4Error::Truncated("file type"))?;
                    file.brand = fields::code(major);
                }
                b"moov" if file.movie.is_none() => {
                    let movie = read_box(bytes, body, end, MAX_INDEX_BYTES, "index")?;
                    file.usual = fragment::defaults(&movie);
                    file.movie = Some(movie);
                }
                b"moof" => {
                    let moof = read_box(bytes, body, end, MAX_FRAGMENT_BYTES, "fragment index")?;
                    fragment::add(&moof, &file.usual, &mut file.fragments);
                }
                _ => {}
            }
            at = end;
        }
        Err(Mp4Error::TooLarge("list of boxes"))
    }
}

/// The kind, the first byte of the body and the end of the box at `at`; none at the end of the file.
fn top_box(
    bytes: &mut (impl Read + Seek),
    at: u64,
    size_bytes: u64,
) -> Result<Option<([u8; 4], u64, u64)>, Mp4Error> {
    if size_bytes.saturating_sub(at) < 8 {
        return Ok(None);
    }
    bytes.seek(SeekFrom::Start(at))?;
    let mut header = Vec::with_capacity(16);
    bytes.take(16).read_to_end(&mut header)?;
    let mut fields = Fields::new(&header);
    let (Some(short), Some(kind)) = (fields.u32(), fields.code()) else {
        return Ok(None);
    };
    let (head, length) = match short {
        0 => (8, size_bytes - at),
        1 => (16, fields.u64().ok_or(Mp4Error::Truncated("box header"))?),
        length => (8, u64::from(length)),
    };
    if length < head {
        // Trailing rubbish after the index is common; before it, the file is no MP4.
        return if at == 0 { Err(Mp4Error::NotMp4) } else { Ok(None) };
    }
    Ok(Some((kind, at + head, at.saturating_add(length))))
}

/// Reads a box's body. A body that goes on after the file's end is read as far
/// as there is, which the parsers of the index take for what it is.
fn read_box(
    bytes: &mut (impl Read + Seek),
    body: u64,
    end: u64,
    limit: u64,
    what: &'static str,
) -> Result<Vec<u8>, Mp4Error> {
    let length = end.saturating_sub(body);
    if length > limit {
        return Err(Mp4Error::TooLarge(what));
    }
    bytes.seek(SeekFrom::Start(body))?;
    let mut out = Vec::new();
    bytes.take(length).read_to_end(&mut out)?;
    if (out.len() as u64) < length {
        return Err(Mp4Error::Truncated(what));
    }
    Ok(out)
}

fn describe(movie: &[u8], brand: String, fragments: &[Totals]) -> Result<ClipFacts, Mp4Error> {
    let tracks = Boxes::new(movie).filter(|(kind, _)| kind == b"trak");
    let tracks: Vec<(Track, &[u8])> =
        tracks.take(MAX_TRACKS).map(|(_, body)| (Track::read(body), body)).collect();
    let video = tracks.iter().find(|(track, _)| track.handler == *b"vide");
    let (video, body) = video.ok_or(Mp4Error::NoVideo)?;
    let audio = tracks.iter().find(|(track, _)| track.handler == *b"soun");
    let (mut frames, mut ticks) = (video.samples, video.ticks);
    for total in fragments.iter().filter(|total| total.track == video.id) {
        frames = frames.saturating_add(total.samples);
        ticks = ticks.saturating_add(total.ticks);
    }
    if frames > MAX_SAMPLES {
        return Err(Mp4Error::TooLarge("number of frames"));
    }
    let format = video.format.ok_or(Mp4Error::Damaged("no sample description"))?;
    if video.timescale == 0 {
        return Err(Mp4Error::Damaged("no time scale"));
    }
    if video.width_px == 0 || video.height_px == 0 {
        return Err(Mp4Error::Damaged("no picture size"));
    }
    let frame_rate = rate(frames, ticks, video.timescale);
    let edits = edits::read(movie, body, video.timescale);
    // Where the frames can't be listed, the totals stand.
    let listed = if edits.is_empty() { None } else { samples::listed(body).ok() };
    if let Some(samples) = listed
        && let Some(length) = edits::length_ticks(&edits, &samples)
    {
        (frames, ticks) = (edits::shown(&edits, &samples).len() as u64, length);
    }
    let scale = u128::from(video.timescale);
    let duration_ms = (u128::from(ticks) * 1000 + scale / 2) / scale;
    Ok(ClipFacts {
        brand,
        width_px: video.width_px,
        height_px: video.height_px,
        pose: video.pose,
        duration_ms: u64::try_from(duration_ms).map_err(|_| Mp4Error::Damaged("endless"))?,
        frames,
        frame_rate,
        video_codec: video_codec(format),
        audio_codec: audio.and_then(|(track, _)| track.format).map(audio_codec),
    })
}

/// `frames` in `ticks` of 1/`timescale` second as a reduced fraction.
fn rate(frames: u64, ticks: u64, timescale: u32) -> (u32, u32) {
    let (mut over, mut under) = (u128::from(frames) * u128::from(timescale), u128::from(ticks));
    if over == 0 || under == 0 {
        return (0, 1);
    }
    let (mut a, mut b) = (over, under);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (over, under) = (over / a, under / a);
    // An average of uneven frames may need more digits than anybody reads.
    while over > u128::from(u32::MAX) || under > u128::from(u32::MAX) {
        (over, under) = (over / 2, (under / 2).max(1));
    }
    (over as u32, under as u32)
}

fn video_codec(format: [u8; 4]) -> String {
    match &format {
        b"avc1" | b"avc3" => "h264".into(),
        b"hvc1" | b"hev1" => "hevc".into(),
        b"av01" => "av1".into(),
        b"vp09" => "vp9".into(),
        _ => fields::code(&format),
    }
}

fn audio_codec(format: [u8; 4]) -> String {
    match &format {
        b"mp4a" => "aac".into(),
        b"Opus" => "opus".into(),
        _ => fields::code(&format),
    }
}

#[cfg(test)]
#[path = "mp4/tests.rs"]
pub(crate) mod tests;
