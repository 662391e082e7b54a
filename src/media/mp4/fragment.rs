//! Fragmented files: the frames are told fragment by fragment.

use super::fields::{Boxes, Fields, find};
use super::{MAX_SAMPLES, MAX_TRACKS};

/// The frames of one track over all fragments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub track: u32,
    pub samples: u64,
    /// Length in the track's own ticks.
    pub ticks: u64,
}

/// Adds the runs of a `moof` box; `usual` are the movie's [`defaults`].
pub fn add(moof: &[u8], usual: &[(u32, u32)], totals: &mut Vec<Totals>) {
    let tracks = Boxes::new(moof).filter(|(kind, _)| kind == b"traf");
    for (_, body) in tracks.take(MAX_TRACKS) {
        let Some((track, own)) = find(body, b"tfhd").and_then(header) else {
            continue;
        };
        let default = usual.iter().find(|(found, _)| *found == track);
        let length = own.or(default.map(|&(_, length)| length));
        let place = totals.iter().position(|total| total.track == track);
        let place = place.unwrap_or_else(|| {
            totals.push(Totals { track, ..Totals::default() });
            totals.len() - 1
        });
        for (_, body) in Boxes::new(body).filter(|(kind, _)| kind == b"trun") {
            let total = &mut totals[place];
            if total.samples <= MAX_SAMPLES {
                let _ = run(body, length.unwrap_or(0), total);
            }
        }
        // A clip has two tracks; a list of thousands is an attack.
        if totals.len() > MAX_TRACKS {
            return;
        }
    }
}

/// The track a fragment belongs to, and its own default length of a frame.
fn header(body: &[u8]) -> Option<(u32, Option<u32>)> {
    let mut fields = Fields::new(body);
    let (_, flags) = fields.version()?;
    let track = fields.u32()?;
    if flags & 0x1 != 0 {
        fields.skip(8)?;
    }
    if flags & 0x2 != 0 {
        fields.skip(4)?;
    }
    let length = if flags & 0x8 != 0 { Some(fields.u32()?) } else { None };
    Some((track, length))
}

/// The default length of a frame per track, from the movie's `mvex`.
pub fn defaults(movie: &[u8]) -> Vec<(u32, u32)> {
    let extends = find(movie, b"mvex").unwrap_or_default();
    let lengths = Boxes::new(extends).filter(|(kind, _)| kind == b"trex");
    let lengths = lengths.filter_map(|(_, body)| {
        let mut fields = Fields::new(body);
        fields.version()?;
        let track = fields.u32()?;
        fields.skip(4)?;
        Some((track, fields.u32()?))
    });
    lengths.take(MAX_TRACKS).collect()
}

/// Adds one run of frames.
fn run(body: &[u8], usual: u32, total: &mut Totals) -> Option<()> {
    let mut fields = Fields::new(body);
    let (_, flags) = fields.version()?;
    let count = fields.u32()?;
    for flag in [0x1, 0x4] {
        if flags & flag != 0 {
            fields.skip(4)?;
        }
    }
    let others = [0x200, 0x400, 0x800];
    let others = others.iter().filter(|&flag| flags & flag != 0).count() * 4;
    if flags & 0x100 == 0 {
        // Every frame is as long as the others; the number alone is told, so it is bounded here.
        let count = u64::from(count).min(MAX_SAMPLES + 1);
        total.samples = total.samples.saturating_add(count);
        total.ticks = total.ticks.saturating_add(count * u64::from(usual));
        return Some(());
    }
    for _ in 0..count {
        let length = fields.u32()?;
        fields.skip(others)?;
        total.samples = total.samples.saturating_add(1);
        total.ticks = total.ticks.saturating_add(u64::from(length));
    }
    Some(())
}
