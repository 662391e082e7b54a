//! A picture as a key frame of VP8, which is what a lossy WebP holds (RFC 6386; the WebP container specification).

use webp::{Encoder, WebPConfig};

use super::RenderError;
use crate::sandbox::scene::Canvas;

/// Little effort: a sandbox clip is looked at once.
const METHOD: i32 = 2;
/// `RIFF`, size, `WEBP`, `VP8 `, size.
const HEAD_BYTES: usize = 20;

/// The picture on `canvas`, at `quality` percent.
pub fn key_frame(canvas: &Canvas, quality: f32) -> Result<Vec<u8>, RenderError> {
    let wrong = |what: &str| RenderError::Video(what.to_owned());
    let mut config = WebPConfig::new().map_err(|()| wrong("no VP8 settings"))?;
    (config.lossless, config.quality, config.method) = (0, quality, METHOD);
    let rgb = rgb(canvas);
    let (width_px, height_px) = (canvas.width_px as u32, canvas.height_px as u32);
    let image = Encoder::from_rgb(&rgb, width_px, height_px)
        .encode_advanced(&config)
        .map_err(|error| RenderError::Video(format!("{error:?}")))?;
    let size = image.get(16..HEAD_BYTES).and_then(|size| size.try_into().ok());
    let size = size.map_or(0, u32::from_le_bytes) as usize;
    let frame = image.get(HEAD_BYTES..HEAD_BYTES + size).filter(|_| image[12..16] == *b"VP8 ");
    frame.map(<[u8]>::to_vec).ok_or_else(|| wrong("a picture that is no VP8"))
}

/// The picture in RGB: from BT.709 in its limited range, in 1/65536.
fn rgb(canvas: &Canvas) -> Vec<u8> {
    let half = canvas.width_px.div_ceil(2);
    let mut rgb = Vec::with_capacity(canvas.y.len() * 3);
    for (row, luma) in canvas.y.chunks_exact(canvas.width_px.max(1)).enumerate() {
        let from = row / 2 * half;
        let chroma = canvas.u[from..from + half].iter().zip(&canvas.v[from..from + half]);
        for (pair, (&u, &v)) in luma.chunks(2).zip(chroma) {
            let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
            for y in pair {
                let y = (i32::from(*y) - 16) * 76_309 + (1 << 15);
                let sums = [y + v * 117_489, y - u * 13_975 - v * 34_925, y + u * 138_438];
                rgb.extend(sums.map(|sum| (sum >> 16).clamp(0, 255) as u8));
            }
        }
    }
    rgb
}
