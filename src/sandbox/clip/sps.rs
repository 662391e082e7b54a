//! Adds what the encoder leaves out of the sequence parameter set.
//!
//! Without a description players guess the colours from the height, and a
//! draft would look different from its final. So the set says BT.709, 24
//! frames a second, and that no frame waits for a later one (H.264, annex E).

/// Rewrites the parameter set of an Annex B access unit. A unit without one,
/// or with one that is described already, comes back as it is.
pub fn describe(unit: &[u8], fps: u32) -> Vec<u8> {
    let Some(start) = find_sps(unit) else {
        return unit.to_vec();
    };
    let end = next_start_code(unit, start).unwrap_or(unit.len());
    let Some(described) = with_description(&unescape(&unit[start..end]), fps) else {
        return unit.to_vec();
    };
    let mut out = unit[..start].to_vec();
    out.extend(escape(&described));
    out.extend_from_slice(&unit[end..]);
    out
}

/// Where the set's own bytes begin, after the start code.
fn find_sps(unit: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(code) = find_code(unit, at) {
        let start = code + 3;
        if unit.get(start).is_some_and(|header| header & 0x1f == 7) {
            return Some(start);
        }
        at = start;
    }
    None
}

fn find_code(unit: &[u8], from: usize) -> Option<usize> {
    let rest = unit.get(from..)?;
    rest.windows(3).position(|window| window == [0, 0, 1]).map(|at| from + at)
}

/// The next start code, with the zero that may stand before it.
fn next_start_code(unit: &[u8], from: usize) -> Option<usize> {
    let code = find_code(unit, from)?;
    Some(if unit[code - 1] == 0 { code - 1 } else { code })
}

/// Replaces the closing "no description" flag by a description.
fn with_description(set: &[u8], fps: u32) -> Option<Vec<u8>> {
    let last = set.iter().rposition(|&byte| byte != 0)?;
    let bits = last * 8 + 7 - set[last].trailing_zeros() as usize;
    // The bit before the stop bit is the flag; it must be off.
    let flag = bits.checked_sub(1)?;
    if set[flag / 8] >> (7 - flag % 8) & 1 == 1 {
        return None;
    }
    let mut writer = Bits::default();
    for bit in 0..flag {
        writer.put(u32::from(set[bit / 8] >> (7 - bit % 8) & 1), 1);
    }
    writer.put(1, 1); // vui_parameters_present
    writer.put(0, 2); // no aspect ratio, no overscan
    writer.put(1, 1); // video_signal_type_present
    writer.put(5, 3); // video_format: unspecified
    writer.put(0, 1); // limited range
    writer.put(1, 1); // colour_description_present
    for _ in 0..3 {
        writer.put(1, 8); // primaries, transfer and matrix of BT.709
    }
    writer.put(0, 1); // no chroma location
    writer.put(1, 1); // timing_info_present
    writer.put(1, 32); // num_units_in_tick
    writer.put(2 * fps, 32); // time_scale counts fields
    writer.put(1, 1); // fixed_frame_rate
    writer.put(0, 3); // no HRD, no picture structure
    writer.put(1, 1); // bitstream_restriction
    writer.put(1, 1); // motion vectors may leave the picture
    for value in [0, 0, 16, 16, 0, 1] {
        // No limit on bytes and bits; vector ranges; 0 frames to reorder, 1 to buffer.
        writer.exp_golomb(value);
    }
    writer.put(1, 1); // the stop bit
    Some(writer.bytes)
}

/// Bits, first one highest.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for shift in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> shift & 1) as u8) << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }

    fn exp_golomb(&mut self, value: u32) {
        let length = 32 - (value + 1).leading_zeros();
        self.put(0, length - 1);
        self.put(value + 1, length);
    }
}

/// Takes out the bytes that keep a payload from looking like a start code.
fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut zeros = 0;
    for &byte in bytes {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

/// Puts those bytes back.
fn escape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 4);
    let mut zeros = 0;
    for &byte in bytes {
        if zeros >= 2 && byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_is_undone_by_unescaping() {
        let plain = [0, 0, 1, 7, 0, 0, 0, 0, 3, 0, 0, 2];
        let escaped = escape(&plain);
        assert!(find_code(&escaped, 0).is_none());
        assert_eq!(unescape(&escaped), plain);
    }

    #[test]
    fn a_set_is_described_once_and_the_rest_is_kept() {
        // Profile, constraints, level, one bit of payload, flag off, stop bit.
        let unit = [0, 0, 0, 1, 0x67, 66, 64, 30, 0b1010_0000, 0, 0, 0, 1, 0x68, 9];
        let described = describe(&unit, 24);
        assert!(described.len() > unit.len());
        assert_eq!(described[..8], unit[..8]);
        assert_eq!(described[described.len() - 6..], unit[9..]);
        assert_eq!(describe(&[0, 0, 1, 0x41, 5], 24), [0, 0, 1, 0x41, 5]);
    }
}
