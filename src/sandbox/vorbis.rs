//! Sound as Vorbis packets, for WebM.

use std::num::{NonZeroU8, NonZeroU32};

use vorbis_rs::{VorbisEncoderBuilder, VorbisError};

/// Sound in Vorbis.
pub struct Vorbis {
    /// Samples a second, per channel.
    pub rate: u32,
    /// Channels.
    pub channels: u8,
    /// What a decoder must know first: the three headers, as Matroska laces them.
    pub private: Vec<u8>,
    /// Each packet with when it begins, in milliseconds.
    pub packets: Vec<(u64, Vec<u8>)>,
}

/// Encodes `planes`, one a channel.
pub fn encode(rate: u32, planes: &[Vec<f32>]) -> Result<Vorbis, VorbisError> {
    let channels = planes.len() as u8;
    let mut builder = VorbisEncoderBuilder::new_with_serial(
        NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN),
        NonZeroU8::new(channels).unwrap_or(NonZeroU8::MIN),
        Vec::new(),
        1,
    );
    let mut encoder = builder.build()?;
    let length = planes.iter().map(Vec::len).min().unwrap_or(0);
    for at in (0..length).step_by(4096) {
        let block: Vec<&[f32]> =
            planes.iter().map(|plane| &plane[at..length.min(at + 4096)]).collect();
        encoder.encode_audio_block(block)?;
    }
    let mut packets = packets(&encoder.finish()?).into_iter();
    let mut headers = packets.by_ref().take(3);
    let [ident, comment, setup] = std::array::from_fn(|_| headers.next().unwrap_or_default());
    let sizes = ident.get(28).map_or([8, 11], |byte| [byte & 15, byte >> 4]);
    let mut private = vec![2];
    for header in [&ident, &comment] {
        private.extend(std::iter::repeat_n(255, header.len() / 255));
        private.push((header.len() % 255) as u8);
    }
    private.extend([ident, comment, setup].concat());
    Ok(Vorbis { rate, channels, private, packets: timed(packets, rate, sizes) })
}

/// The packets with their times. A packet gives a quarter of its block and of the one before; which of the two sizes
/// a block has stands in its second bit, since the encoder has two modes, the short one first.
fn timed(packets: impl Iterator<Item = Vec<u8>>, rate: u32, sizes: [u8; 2]) -> Vec<(u64, Vec<u8>)> {
    let mut samples = 0_u64;
    let mut before = None;
    let mut all = Vec::new();
    for packet in packets {
        let mode = packet.first().map_or(0, |byte| usize::from(byte >> 1 & 1));
        let block = 1_u64 << sizes[mode];
        all.push((samples * 1000 / u64::from(rate.max(1)), packet));
        samples += before.map_or(0, |before: u64| (before + block) / 4);
        before = Some(block);
    }
    all
}

/// The packets of an Ogg stream (RFC 3533): pages of segments, where one of less than 255 bytes ends a packet.
fn packets(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut packet = Vec::new();
    let mut rest = stream;
    while let Some(count) = rest.get(26).map(|count| usize::from(*count)) {
        let Some((sizes, mut content)) =
            rest.get(27..).and_then(|rest| rest.split_at_checked(count))
        else {
            break;
        };
        for size in sizes {
            let Some((segment, more)) = content.split_at_checked(usize::from(*size)) else {
                return all;
            };
            packet.extend_from_slice(segment);
            content = more;
            if *size < 255 {
                all.push(std::mem::take(&mut packet));
            }
        }
        rest = content;
    }
    all
}
