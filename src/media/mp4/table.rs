//! The sample table of a file that is not fragmented.

use super::Mp4Error;
use super::fields::{Fields, find};
use super::samples::{MAX_LISTED, Sample};

/// Lists the samples of a `stbl` box; none if it has none, as in a fragmented file.
pub fn list(stbl: &[u8]) -> Result<Vec<Sample>, Mp4Error> {
    let mut samples = match find(stbl, b"stsz") {
        Some(sizes) => sized(sizes)?,
        None => Vec::new(),
    };
    if samples.is_empty() {
        return Ok(samples);
    }
    let placed = place(stbl, &mut samples).ok_or(Mp4Error::Damaged("no places of frames"))?;
    samples.truncate(placed);
    // Whatever these lack is left as it is: no times, and every frame a sync sample.
    let _ = find(stbl, b"stts").and_then(|times| time(times, &mut samples));
    let _ = find(stbl, b"ctts").and_then(|shifts| shift(shifts, &mut samples));
    let _ = find(stbl, b"stss").and_then(|syncs| sync(syncs, &mut samples));
    Ok(samples)
}

fn sample(size_bytes: u32) -> Sample {
    Sample {
        offset: 0,
        size_bytes,
        decode_ticks: 0,
        present_ticks: 0,
        length_ticks: 0,
        is_sync: true,
    }
}

/// Samples of the sizes told, nothing else of them known yet.
fn sized(body: &[u8]) -> Result<Vec<Sample>, Mp4Error> {
    let mut fields = Fields::new(body);
    let header = fields.version().and_then(|_| Some((fields.u32()?, fields.u32()? as usize)));
    let (every, count) = header.ok_or(Mp4Error::Truncated("index"))?;
    if count > MAX_LISTED {
        return Err(Mp4Error::TooLarge("number of frames"));
    }
    if every != 0 {
        return Ok(vec![sample(every); count]);
    }
    // Ends with the bytes, however many entries were announced.
    Ok((0..count).map_while(|_| fields.u32()).map(sample).collect())
}

/// Gives each sample its offset; the number of those that have one.
fn place(stbl: &[u8], samples: &mut [Sample]) -> Option<usize> {
    let mut chunks = Fields::new(find(stbl, b"stsc")?);
    chunks.version()?;
    let mut runs_left = chunks.u32()?;
    let (mut offsets, wide) = match find(stbl, b"stco") {
        Some(body) => (Fields::new(body), 0),
        None => (Fields::new(find(stbl, b"co64")?), 1),
    };
    offsets.version()?;
    let count = offsets.u32()?;
    let mut run = |fields: &mut Fields| -> Option<(u32, u32)> {
        runs_left = runs_left.checked_sub(1)?;
        let run = (fields.u32()?, fields.u32()?);
        fields.skip(4)?;
        Some(run)
    };
    let (_, mut per_chunk) = run(&mut chunks)?;
    let mut next = run(&mut chunks);
    let mut rest = samples.iter_mut();
    let mut placed = 0;
    for chunk in 1..=count {
        let Some(mut offset) = offsets.long(wide) else {
            break;
        };
        if let Some((first, per)) = next
            && chunk >= first
        {
            per_chunk = per;
            next = run(&mut chunks);
        }
        for _ in 0..per_chunk {
            let Some(sample) = rest.next() else {
                return Some(placed);
            };
            sample.offset = offset;
            offset = offset.checked_add(u64::from(sample.size_bytes))?;
            placed += 1;
        }
    }
    Some(placed)
}

/// Runs of (count, value) over the samples; `each` gets every sample with its value.
fn runs(body: &[u8], samples: &mut [Sample], mut each: impl FnMut(&mut Sample, u32)) -> Option<()> {
    let mut fields = Fields::new(body);
    fields.version()?;
    let entries = fields.u32()?;
    let mut rest = samples.iter_mut();
    for _ in 0..entries {
        let (count, value) = (fields.u32()?, fields.u32()?);
        for _ in 0..count {
            each(rest.next()?, value);
        }
    }
    Some(())
}

fn time(body: &[u8], samples: &mut [Sample]) -> Option<()> {
    let mut now = 0_u64;
    runs(body, samples, |sample, ticks| {
        sample.decode_ticks = now;
        sample.present_ticks = now as i64;
        sample.length_ticks = ticks;
        // 180,000 samples of 2^32 ticks stay far below 2^63.
        now += u64::from(ticks);
    })
}

fn shift(body: &[u8], samples: &mut [Sample]) -> Option<()> {
    // Version 0 says unsigned; files write negative shifts in it all the same.
    runs(body, samples, |sample, ticks| sample.present_ticks += i64::from(ticks as i32))
}

fn sync(body: &[u8], samples: &mut [Sample]) -> Option<()> {
    let mut fields = Fields::new(body);
    fields.version()?;
    let count = fields.u32()?;
    samples.iter_mut().for_each(|sample| sample.is_sync = false);
    for _ in 0..count {
        let number = fields.u32()? as usize;
        if let Some(sample) = samples.get_mut(number.wrapping_sub(1)) {
            sample.is_sync = true;
        }
    }
    Some(())
}
