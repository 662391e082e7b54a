//! The sound of a sandbox clip: a quiet chord that slowly changes its colour.

use syom::{EncodeContainer, EncodeOptions, Encoder};

use super::scene::{FRAME_RATE, mix};

/// Samples a second, per channel.
pub const SAMPLE_RATE: u32 = 48_000;
pub const CHANNELS: u16 = 2;
/// Samples in an AAC packet.
pub const PACKET_SAMPLES: u32 = 1024;

const BITRATE_BPS: u32 = 96_000;

/// Why there is no sound.
#[derive(Debug, thiserror::Error)]
pub enum ToneError {
    #[error("{0}")]
    Encoder(#[from] syom::AacError),
    #[error("{got} packets came out of the encoder, {wanted} were expected")]
    Count { got: usize, wanted: usize },
}

/// The sound of a film of `frames` pictures: its left and its right samples.
pub fn planes(number: u64, frames: u32) -> [Vec<f32>; 2] {
    let total = u64::from(frames) * u64::from(SAMPLE_RATE / FRAME_RATE);
    let (voices, total) = (voices(number), total as usize);
    let (left, right) = (0..total).map(|at| sample(&voices, at, total)).unzip();
    [left, right]
}

/// The sound of a film of `frames` pictures as AAC-LC packets with ADTS headers.
///
/// Only whole packets that end no later than the last picture are returned, so
/// the sound never makes the clip longer. A film too short for one has none.
///
/// # Errors
/// [`ToneError`] if the encoder refuses the samples or returns too few packets.
pub fn packets(number: u64, frames: u32) -> Result<Vec<Vec<u8>>, ToneError> {
    let samples = u64::from(frames) * u64::from(SAMPLE_RATE / FRAME_RATE);
    let wanted = (samples / u64::from(PACKET_SAMPLES)) as usize;
    if wanted == 0 {
        return Ok(Vec::new());
    }
    let options =
        EncodeOptions::adts().with_container(EncodeContainer::Adts).with_bitrate_bps(BITRATE_BPS);
    let mut encoder = Encoder::new(SAMPLE_RATE, usize::from(CHANNELS), &options)?;
    let mut packets: Vec<Vec<u8>> = Vec::with_capacity(wanted + 1);
    let voices = voices(number);
    let total = wanted * PACKET_SAMPLES as usize;
    for block in 0..wanted {
        let mut planes = [Vec::new(), Vec::new()];
        for index in 0..PACKET_SAMPLES as usize {
            let (left, right) = sample(&voices, block * PACKET_SAMPLES as usize + index, total);
            planes[0].push(left);
            planes[1].push(right);
        }
        encoder.feed(&[&planes[0], &planes[1]], |frame| {
            packets.push(frame.au.to_vec());
            Ok(())
        })?;
    }
    encoder.finish(|frame| {
        packets.push(frame.au.to_vec());
        Ok(())
    })?;
    // The last packet only drains the encoder.
    packets.truncate(wanted);
    if packets.len() < wanted {
        return Err(ToneError::Count { got: packets.len(), wanted });
    }
    Ok(packets)
}

/// One tone of the chord.
#[derive(Debug, Clone, Copy)]
struct Voice {
    /// Phase step a sample; a turn is 2^32.
    step: u32,
    /// Loudness, 0..=32768, and its share of the left channel in 1/256.
    level: i32,
    left: i32,
    /// How fast and from where it swells.
    swell_step: u32,
    swell_start: u32,
}

/// Frequencies of the chords in 1/100 Hz: each is a root with soft intervals above.
const ROOTS: [u32; 6] = [11_000, 12_347, 13_081, 14_683, 9_800, 16_481];
/// Major and minor chords with a ninth, as parts of 60.
const CHORDS: [[u32; 5]; 4] = [
    [60, 90, 120, 150, 270],
    [60, 90, 120, 144, 270],
    [60, 80, 120, 160, 270],
    [60, 90, 135, 180, 225],
];

fn voices(number: u64) -> [Voice; 5] {
    let root = ROOTS[(mix(number, 1) % 6) as usize];
    let chord = CHORDS[(mix(number, 2) % 4) as usize];
    std::array::from_fn(|index| {
        let centihertz = u64::from(root) * u64::from(chord[index]) / 60;
        let swell_millihertz = 70 + mix(number, 10 + index as u64) % 130;
        Voice {
            step: ((centihertz << 32) / (100 * u64::from(SAMPLE_RATE))) as u32,
            level: [5200, 3600, 3000, 2300, 1200][index],
            left: 70 + (mix(number, 20 + index as u64) % 117) as i32,
            swell_step: ((swell_millihertz << 32) / (1000 * u64::from(SAMPLE_RATE))) as u32,
            swell_start: mix(number, 30 + index as u64) as u32,
        }
    })
}

/// One stereo sample, faded in and out at the ends of the clip.
fn sample(voices: &[Voice; 5], at: usize, total: usize) -> (f32, f32) {
    let time = at as u32;
    let (mut left, mut right) = (0_i64, 0_i64);
    for voice in voices {
        let swell = sine(voice.swell_start.wrapping_add(time.wrapping_mul(voice.swell_step)));
        let wave = sine(time.wrapping_mul(voice.step));
        let loud = i64::from(voice.level) * (i64::from(swell) + 49_152) / 81_920;
        let value = i64::from(wave) * loud;
        left += (value * i64::from(voice.left)) >> 8;
        right += (value * i64::from(256 - voice.left)) >> 8;
    }
    let fade = (SAMPLE_RATE / 2) as usize;
    let edge = at.min(total.saturating_sub(at)).min(fade) as f32 / fade as f32;
    let scale = edge / (32_768.0 * 32_768.0);
    (left as f32 * scale, right as f32 * scale)
}

/// Sine of a phase (a turn is 2^32), -32768..=32768. Drawn as two parabolas,
/// then corrected: the small third harmonic that is left sounds like a flute.
fn sine(phase: u32) -> i32 {
    let x = i64::from(phase as i32 >> 16);
    let arch = (x * (32_768 - x.abs())) >> 13;
    let bent = (arch * arch.abs()) >> 15;
    (arch + (225 * (bent - arch) / 1000)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sound_is_as_long_as_whole_packets_fit() {
        // 24 frames are 48000 samples: 46 packets and a rest.
        assert_eq!(packets(1, 24).expect("a second of sound").len(), 46);
        assert!(packets(1, 0).expect("no sound").is_empty());
    }

    #[test]
    fn packets_carry_an_adts_header_and_no_tag() {
        for packet in packets(5, 12).expect("half a second of sound") {
            assert_eq!(packet[0], 0xff);
            assert_eq!(packet[1] & 0xf6, 0xf0);
        }
    }

    #[test]
    fn the_sine_reaches_its_peaks() {
        assert_eq!(sine(0), 0);
        assert!((sine(1 << 30) - 32_768).abs() < 40);
        assert!((sine(3 << 30) + 32_768).abs() < 40);
    }

    #[test]
    fn no_sample_is_loud() {
        for number in 0..20 {
            let voices = voices(number);
            for at in (0..96_000).step_by(7) {
                let (left, right) = sample(&voices, at, 96_000);
                assert!(left.abs() < 0.6 && right.abs() < 0.6);
            }
        }
    }
}
