//! Edit lists: which frames of a track are shown, and when (ISO/IEC 14496-12, 8.6.6).
//!
//! A clip that was cut without encoding it anew keeps the frames before its cut, since those after it build on
//! them; the edit list says that nobody is to see them.
//!
//! Of a clip only what its edit list shows counts (`media/mp4/edits.rs`): facts, frames, sheet, player and the next
//! shot's first frame go through the same list (`VideoTrack::shown`), ours and ffmpeg's alike. Pictures are upright,
//! unmirrored and of square pixels (`media/picture.rs`, `Pose`). `tests/corpus/make.sh` makes clips of every such
//! kind with ffmpeg, and `tests/rushes/corpus.rs` compares them with what ffmpeg shows.

use super::fields::{Fields, find};
use super::samples::{MAX_LISTED, Sample};

/// Edits that are looked at.
const MAX_EDITS: u32 = 1000;

/// A part of the presentation, in ticks of the track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// Where in the track it begins; none while nothing is shown.
    start_ticks: Option<i64>,
    /// How long it is; none to the end of the track.
    length_ticks: Option<i64>,
}

/// A frame as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The sample.
    pub sample: usize,
    /// The edit that shows it: each goes through the samples anew.
    pub edit: usize,
    /// When, in ticks of the track.
    pub at_ticks: i64,
}

/// The edits of a track; none where all of it is shown. A fragmented file's are left aside, as ffmpeg does:
/// they were written before anybody knew how long it would be.
pub fn read(movie: &[u8], track: &[u8], timescale: u32) -> Vec<Edit> {
    let list = find(track, b"edts").and_then(|edits| find(edits, b"elst"));
    let movie_scale = find(movie, b"mvhd").and_then(time_scale).filter(|scale| *scale > 0);
    let (Some(list), Some(movie_scale)) = (list, movie_scale) else { return Vec::new() };
    if find(movie, b"mvex").is_some() {
        return Vec::new();
    }
    let ticks = |length: u64| {
        let scaled = i128::from(length) * i128::from(timescale) + i128::from(movie_scale / 2);
        i64::try_from(scaled / i128::from(movie_scale)).unwrap_or(i64::MAX)
    };
    let mut fields = Fields::new(list);
    let header = fields.version().zip(fields.u32());
    let Some(((version, _), count)) = header else { return Vec::new() };
    let edit = |fields: &mut Fields| {
        let length = fields.long(version)?;
        let start = match version {
            1 => fields.u64()? as i64,
            _ => i64::from(fields.i32()?),
        };
        // The rate: no player heeds it.
        fields.skip(4)?;
        let length_ticks = (length > 0).then(|| ticks(length));
        Some(Edit { start_ticks: (start >= 0).then_some(start), length_ticks })
    };
    (0..count.min(MAX_EDITS)).map_while(|_| edit(&mut fields)).collect()
}

fn time_scale(body: &[u8]) -> Option<u32> {
    let mut fields = Fields::new(body);
    let (version, _) = fields.version()?;
    fields.long(version)?;
    fields.long(version)?;
    fields.u32()
}

/// The frames in the order they are shown in: all of them where there are no edits, or none that show any.
pub fn shown(edits: &[Edit], samples: &[Sample]) -> Vec<Shown> {
    let mut order: Vec<usize> = (0..samples.len()).collect();
    order.sort_by_key(|&sample| samples[sample].present_ticks);
    let (mut shown, mut now) = (Vec::new(), 0_i64);
    for (number, edit) in edits.iter().enumerate() {
        if let Some(start) = edit.start_ticks {
            let first = order.partition_point(|&sample| samples[sample].present_ticks < start);
            let end = edit.length_ticks.map_or(i64::MAX, |length| start.saturating_add(length));
            for &sample in &order[first..] {
                let at = samples[sample].present_ticks;
                // A list that shows everything again and again would take hours.
                if at >= end || shown.len() > MAX_LISTED {
                    break;
                }
                let at_ticks = now.saturating_add(at - start);
                shown.push(Shown { sample, edit: number, at_ticks });
            }
        }
        now = now.saturating_add(edit.length_ticks.unwrap_or(0));
    }
    if shown.is_empty() {
        let all = order.iter().map(|&sample| Shown {
            sample,
            edit: 0,
            at_ticks: samples[sample].present_ticks,
        });
        shown = all.collect();
    }
    shown
}

/// How long the edits are together from the first that shows something on, as far as there are frames; none
/// without edits.
pub fn length_ticks(edits: &[Edit], samples: &[Sample]) -> Option<u64> {
    let ends = samples.iter().map(|one| one.present_ticks.saturating_add(one.length_ticks.into()));
    let end = ends.max()?;
    let mut total = None;
    for edit in edits {
        let length = match (edit.start_ticks, edit.length_ticks) {
            (Some(start), length) => length.unwrap_or(i64::MAX).min(end.saturating_sub(start)),
            (None, length) if total.is_some() => length.unwrap_or(0),
            (None, _) => continue,
        };
        total = Some(total.unwrap_or(0_u64).saturating_add(u64::try_from(length).unwrap_or(0)));
    }
    total.filter(|length| *length > 0)
}
