//! Pictures and sound into one file.

use muxide::api::{AacProfile, AudioCodec, MuxerBuilder, MuxerError, VideoCodec};

use super::super::tone;
use super::{ClipSpec, Container, Picture, RenderError};

/// Puts the file together, its index first.
pub fn join(
    spec: &ClipSpec,
    pictures: &[Picture],
    packets: &[Vec<u8>],
) -> Result<Vec<u8>, RenderError> {
    let mut file =
        mux(spec, pictures, packets).map_err(|error| RenderError::Mux(error.to_string()))?;
    if spec.container == Container::Mov {
        brand_quicktime(&mut file)?;
    }
    Ok(file)
}

fn mux(spec: &ClipSpec, pictures: &[Picture], packets: &[Vec<u8>]) -> Result<Vec<u8>, MuxerError> {
    let (width_px, height_px) = spec.size_px();
    let rate = f64::from(spec.fps);
    let mut builder = MuxerBuilder::new(Vec::new())
        .video(VideoCodec::H264, width_px, height_px, rate)
        .with_fast_start(true);
    if !packets.is_empty() {
        let codec = AudioCodec::Aac(AacProfile::Lc);
        builder = builder.audio(codec, tone::SAMPLE_RATE, tone::CHANNELS);
    }
    let mut muxer = builder.build()?;
    for (index, picture) in pictures.iter().enumerate() {
        muxer.write_video(index as f64 / rate, &picture.bytes, picture.key)?;
    }
    let packet_s = f64::from(tone::PACKET_SAMPLES) / f64::from(tone::SAMPLE_RATE);
    for (index, packet) in packets.iter().enumerate() {
        muxer.write_audio(index as f64 * packet_s, packet)?;
    }
    muxer.finish_in_place()?;
    Ok(muxer.into_writer())
}

/// Turns an MP4 file into a QuickTime one: the boxes are the same, the brands
/// are not. Every compatible brand becomes `qt  ` too, so no offset moves.
fn brand_quicktime(file: &mut [u8]) -> Result<(), RenderError> {
    let broken = || RenderError::Mux("the muxer wrote no file type box".into());
    let (header, _) = file.split_first_chunk::<8>().ok_or_else(broken)?;
    let [a, b, c, d, kind @ ..] = *header;
    let size = u32::from_be_bytes([a, b, c, d]) as usize;
    if kind != *b"ftyp" || size < 16 {
        return Err(broken());
    }
    let brands = file.get_mut(8..size).ok_or_else(broken)?;
    for (index, brand) in brands.chunks_exact_mut(4).enumerate() {
        // The second field is the version of the QuickTime format, not a brand.
        let value = if index == 1 { [0x20, 0x05, 0x03, 0x00] } else { *b"qt  " };
        brand.copy_from_slice(&value);
    }
    Ok(())
}
