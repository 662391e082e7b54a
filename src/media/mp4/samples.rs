//! Where the frames of a clip lie in its file, and when each is shown.
//!
//! A list of samples is only as long as the file has index bytes for, or as
//! [`MAX_LISTED`] allows, whatever number the file announces.

use std::io::{Read, Seek};

use super::edits::{self, Edit, Shown};
use super::fields::{Boxes, find};
use super::runs::{self, Defaults};
use super::track::Track;
use super::{
    ClipFacts, MAX_FRAGMENT_BYTES, MAX_INDEX_BYTES, MAX_TOP_BOXES, MAX_TRACKS, Mp4Error, facts,
    read_box, table, top_box,
};

/// Frames that are listed one by one: an hour at 50 a second. An entry takes 40 bytes.
pub const MAX_LISTED: usize = 180_000;
/// Parameter sets of one kind in a description, as the field's width allows.
const MAX_SETS: usize = 32;

/// One coded frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// First byte in the file.
    pub offset: u64,
    /// Length in the file. It may reach past the end of a file that was cut off.
    pub size_bytes: u32,
    /// When it is decoded, in ticks of the track.
    pub decode_ticks: u64,
    /// When it is shown, in ticks of the track; edit lists are not applied.
    pub present_ticks: i64,
    /// How long it stays, in ticks of the track.
    pub length_ticks: u32,
    /// The index says that decoding can begin here.
    pub is_sync: bool,
}

/// What an H.264 decoder must know before the first frame: the `avcC` box
/// (ISO/IEC 14496-15, 5.3.3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AvcConfig {
    /// Bytes of the length before each unit in a sample: 1 to 4.
    pub length_bytes: usize,
    /// Sequence parameter sets, without length or start code.
    pub sequence_sets: Vec<Vec<u8>>,
    /// Picture parameter sets, without length or start code.
    pub picture_sets: Vec<Vec<u8>>,
}

/// The first video track of a file, frame by frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoTrack {
    /// What [`facts`] says of the file.
    pub facts: ClipFacts,
    /// Ticks a second.
    pub timescale: u32,
    /// The decoder's setup; none unless the codec is `h264`.
    pub avc: Option<AvcConfig>,
    /// The frames in decoding order.
    pub samples: Vec<Sample>,
    /// The frames in the order they are shown in, at least one.
    pub shown: Vec<Shown>,
}

impl VideoTrack {
    /// When a frame is shown, in milliseconds after the first; none past the last frame.
    pub fn shown_at_ms(&self, frame: usize) -> Option<u64> {
        let ticks = |frame: usize| Some(i128::from(self.shown.get(frame)?.at_ticks));
        let after = (ticks(frame)? - ticks(0)?) * 1000 / i128::from(self.timescale.max(1));
        u64::try_from(after).ok()
    }
}

/// Lists the frames of the first video track of a file of `size_bytes` bytes,
/// plain or fragmented.
///
/// # Errors
/// As [`facts`]; and [`Mp4Error::TooLarge`] above [`MAX_LISTED`] frames,
/// [`Mp4Error::Damaged`] if the index does not tell where the frames are.
pub fn video_track(
    bytes: &mut (impl Read + Seek),
    size_bytes: u64,
) -> Result<VideoTrack, Mp4Error> {
    let facts = facts(bytes, size_bytes)?;
    if facts.frames > MAX_LISTED as u64 {
        return Err(Mp4Error::TooLarge("number of frames"));
    }
    let mut movie = None;
    let mut listed = Listed::default();
    let mut at = 0_u64;
    for _ in 0..MAX_TOP_BOXES {
        let Some((kind, body, end)) = top_box(bytes, at, size_bytes)? else {
            break;
        };
        match &kind {
            b"moov" if movie.is_none() => {
                let index = read_box(bytes, body, end, MAX_INDEX_BYTES, "index")?;
                listed = Listed::read(&index)?;
                movie = Some(());
            }
            b"moof" if movie.is_some() => {
                let moof = read_box(bytes, body, end, MAX_FRAGMENT_BYTES, "fragment index")?;
                runs::add(&moof, at, listed.id, listed.defaults, &mut listed.samples)?;
            }
            _ => {}
        }
        at = end;
    }
    if listed.samples.is_empty() {
        return Err(Mp4Error::Damaged("no frames are listed"));
    }
    let Listed { timescale, avc, edits, samples, .. } = listed;
    let shown = edits::shown(&edits, &samples);
    if shown.len() > MAX_LISTED {
        return Err(Mp4Error::TooLarge("number of frames"));
    }
    Ok(VideoTrack { facts, timescale, avc, samples, shown })
}

/// The movie's own part of the list, which fragments add to.
#[derive(Default)]
struct Listed {
    id: u32,
    timescale: u32,
    avc: Option<AvcConfig>,
    defaults: Defaults,
    edits: Vec<Edit>,
    samples: Vec<Sample>,
}

impl Listed {
    fn read(movie: &[u8]) -> Result<Self, Mp4Error> {
        let tracks = Boxes::new(movie).filter(|(kind, _)| kind == b"trak").take(MAX_TRACKS);
        let mut tracks = tracks.map(|(_, body)| (Track::read(body), body));
        let video = tracks.find(|(track, _)| track.handler == *b"vide");
        let (track, body) = video.ok_or(Mp4Error::NoVideo)?;
        let stbl = sample_table(body)?;
        let description = find(stbl, b"stsd").and_then(avc_config);
        let is_avc = track.format.is_some_and(|format| matches!(&format, b"avc1" | b"avc3"));
        if is_avc && description.is_none() {
            return Err(Mp4Error::Damaged("no h264 configuration"));
        }
        Ok(Self {
            id: track.id,
            timescale: track.timescale,
            avc: description.filter(|_| is_avc),
            defaults: runs::defaults(movie, track.id),
            edits: edits::read(movie, body, track.timescale),
            samples: table::list(stbl)?,
        })
    }
}

/// The frames that a track's own index lists.
pub(super) fn listed(track: &[u8]) -> Result<Vec<Sample>, Mp4Error> {
    table::list(sample_table(track)?)
}

fn sample_table(track: &[u8]) -> Result<&[u8], Mp4Error> {
    let media = find(track, b"mdia").and_then(|media| find(media, b"minf"));
    let stbl = media.and_then(|info| find(info, b"stbl"));
    stbl.ok_or(Mp4Error::Damaged("no sample table"))
}

/// The `avcC` box of the first sample description.
fn avc_config(stsd: &[u8]) -> Option<AvcConfig> {
    let (_, entry) = Boxes::new(stsd.get(8..)?).next()?;
    // A visual sample entry has 78 bytes of fields before its boxes.
    let body = find(entry.get(78..)?, b"avcC")?;
    let (head, mut rest) = body.split_first_chunk::<5>()?;
    let mut config =
        AvcConfig { length_bytes: usize::from(head[4] & 3) + 1, ..AvcConfig::default() };
    let (count, after) = rest.split_first()?;
    (config.sequence_sets, rest) = parameter_sets(after, usize::from(count & 31))?;
    let (count, after) = rest.split_first()?;
    (config.picture_sets, _) = parameter_sets(after, usize::from(*count))?;
    (head[0] == 1).then_some(config)
}

/// `count` parameter sets, and what follows them.
fn parameter_sets(mut rest: &[u8], count: usize) -> Option<(Vec<Vec<u8>>, &[u8])> {
    let mut sets = Vec::new();
    for _ in 0..count.min(MAX_SETS) {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (set, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        sets.push(set.to_vec());
        rest = after;
    }
    Some((sets, rest))
}
