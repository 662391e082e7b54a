//! The samples of a fragmented file, fragment by fragment (ISO/IEC 14496-12, 8.8).

use super::fields::{Boxes, Fields, find};
use super::samples::{MAX_LISTED, Sample};
use super::{MAX_TRACKS, Mp4Error};

/// What a sample is like if a fragment does not tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Defaults {
    ticks: u32,
    size_bytes: u32,
    flags: u32,
}

/// `sample_is_non_sync_sample`.
const NOT_SYNC: u32 = 0x1_0000;

/// The defaults of one track, from the movie's `mvex`.
pub fn defaults(movie: &[u8], track: u32) -> Defaults {
    let extends = find(movie, b"mvex").unwrap_or_default();
    let mut all = Boxes::new(extends).filter(|(kind, _)| kind == b"trex").take(MAX_TRACKS);
    let found = all.find_map(|(_, body)| {
        let mut fields = Fields::new(body);
        fields.version()?;
        let id = fields.u32()?;
        fields.skip(4)?;
        let (ticks, size_bytes, flags) = (fields.u32()?, fields.u32()?, fields.u32()?);
        (id == track).then_some(Defaults { ticks, size_bytes, flags })
    });
    found.unwrap_or_default()
}

/// Adds the samples that the `moof` box at `moof_at` tells of one track.
///
/// # Errors
/// [`Mp4Error::TooLarge`] above [`MAX_LISTED`] samples.
pub fn add(
    moof: &[u8],
    moof_at: u64,
    track: u32,
    usual: Defaults,
    samples: &mut Vec<Sample>,
) -> Result<(), Mp4Error> {
    let fragments = Boxes::new(moof).filter(|(kind, _)| kind == b"traf");
    for (_, body) in fragments.take(MAX_TRACKS) {
        let Some((found, base, own)) = find(body, b"tfhd").and_then(|head| header(head, usual))
        else {
            continue;
        };
        if found != track {
            continue;
        }
        let told = find(body, b"tfdt").and_then(decode_time);
        let follows = samples.last().map(|last| last.decode_ticks + u64::from(own.ticks));
        let mut place = Place {
            base: base.unwrap_or(moof_at),
            offset: base.unwrap_or(moof_at),
            now: told.or(follows).unwrap_or(0),
        };
        for (_, body) in Boxes::new(body).filter(|(kind, _)| kind == b"trun") {
            // A run that ends early keeps the samples before its end.
            let _ = run(body, own, &mut place, samples);
            if samples.len() > MAX_LISTED {
                return Err(Mp4Error::TooLarge("number of frames"));
            }
        }
    }
    Ok(())
}

/// The track of a fragment, the offset that its runs count from, and its own defaults.
fn header(body: &[u8], mut usual: Defaults) -> Option<(u32, Option<u64>, Defaults)> {
    let mut fields = Fields::new(body);
    let (_, flags) = fields.version()?;
    let track = fields.u32()?;
    let base = if flags & 0x1 != 0 { Some(fields.u64()?) } else { None };
    if flags & 0x2 != 0 {
        fields.skip(4)?;
    }
    let places = [(0x8, &mut usual.ticks), (0x10, &mut usual.size_bytes), (0x20, &mut usual.flags)];
    for (flag, value) in places {
        if flags & flag != 0 {
            *value = fields.u32()?;
        }
    }
    Some((track, base, usual))
}

fn decode_time(body: &[u8]) -> Option<u64> {
    let mut fields = Fields::new(body);
    let (version, _) = fields.version()?;
    // Half of what 64 bits hold is left for the frames after it.
    fields.long(version).filter(|&ticks| ticks < 1 << 62)
}

/// Where the next sample lies and when it is decoded.
struct Place {
    base: u64,
    offset: u64,
    now: u64,
}

fn run(body: &[u8], usual: Defaults, place: &mut Place, samples: &mut Vec<Sample>) -> Option<()> {
    let mut fields = Fields::new(body);
    let (_, flags) = fields.version()?;
    let count = fields.u32()?;
    if flags & 0x1 != 0 {
        place.offset = place.base.checked_add_signed(i64::from(fields.i32()?))?;
    }
    let mut first_flags = if flags & 0x4 != 0 { Some(fields.u32()?) } else { None };
    for _ in 0..count {
        // One more than allowed is enough for the caller to see it.
        if samples.len() > MAX_LISTED {
            return None;
        }
        let mut own = usual;
        let places =
            [(0x100, &mut own.ticks), (0x200, &mut own.size_bytes), (0x400, &mut own.flags)];
        for (flag, value) in places {
            if flags & flag != 0 {
                *value = fields.u32()?;
            }
        }
        let shift = if flags & 0x800 != 0 { fields.i32()? } else { 0 };
        let own_flags = first_flags.take().unwrap_or(own.flags);
        samples.push(Sample {
            offset: place.offset,
            size_bytes: own.size_bytes,
            decode_ticks: place.now,
            present_ticks: i64::try_from(place.now).ok()? + i64::from(shift),
            length_ticks: own.ticks,
            is_sync: own_flags & NOT_SYNC == 0,
        });
        place.offset = place.offset.checked_add(u64::from(own.size_bytes))?;
        place.now += u64::from(own.ticks);
    }
    Some(())
}
