//! Image files as a request can start from them: whole, upright, and nothing behind them.
//!
//! What a camera notes beside a picture is not read alike by all services. So a picture that is to be turned is
//! turned here, and what is reckoned with is what they see.
//!
//! A frame image is read once, by `media/photo.rs`: what is kept, measured and sent is the upright picture alone, so
//! that no reading of a camera's notes decides what a service sees.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder as _, ImageError};

use super::still::decoder;

/// Quality of a JPEG that is written anew, in percent: no loss that anybody sees.
const QUALITY: u8 = 95;

/// An image that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// `png`, `jpeg` or `webp`.
    pub kind: &'static str,
    /// Width of the upright picture.
    pub width_px: u32,
    /// Height of the upright picture.
    pub height_px: u32,
    /// The file.
    pub content: Vec<u8>,
}

/// Why a file is no such image, as what follows its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// It is an image of another kind.
    #[error("is {0}; PNG, JPEG and WebP are taken, so export it as one of them")]
    Other(&'static str),
    /// It is no image that is known.
    #[error("is not a PNG, JPEG or WebP image")]
    Unknown,
    /// Its end is missing.
    #[error("is cut off: its end is missing")]
    CutOff,
    /// Its four colours are inks.
    #[error("is a JPEG in the colours of print (CMYK), which come out wrong; export it as RGB")]
    Inks,
    /// It makes no sense.
    #[error("can't be read as the image that it begins like: {0}")]
    Damaged(String),
}

/// The image in `content`: as it is, or turned upright where it says that it lies.
///
/// # Errors
/// [`PhotoError`] for what can't be sent.
pub fn photo(mut content: Vec<u8>) -> Result<Photo, PhotoError> {
    let (kind, end) = if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        ("png", png_end(&content))
    } else if content.starts_with(&[0xff, 0xd8, 0xff]) {
        ("jpeg", jpeg_end(&content)?)
    } else if content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        ("webp", webp_end(&content))
    } else {
        return Err(other_kind(&content).map_or(PhotoError::Unknown, PhotoError::Other));
    };
    // Phones put a film or a second picture behind it, which nobody asked to be sent.
    content.truncate(end.filter(|end| *end <= content.len()).ok_or(PhotoError::CutOff)?);
    let damaged = |error: ImageError| PhotoError::Damaged(error.to_string());
    let mut decoder = decoder(&content).map_err(PhotoError::Damaged)?;
    let turn = decoder.orientation().map_err(damaged)?;
    if turn == Orientation::NoTransforms {
        let (width_px, height_px) = decoder.dimensions();
        drop(decoder);
        return Ok(Photo { kind, width_px, height_px, content });
    }
    let colours = decoder.icc_profile().map_err(damaged)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    image.apply_orientation(turn);
    written(&image, kind, colours).map_err(damaged)
}

/// The picture as a file without notes, in the colours that it is meant in.
fn written(
    image: &DynamicImage,
    kind: &str,
    colours: Option<Vec<u8>>,
) -> Result<Photo, ImageError> {
    let mut content = Cursor::new(Vec::new());
    // As a PNG a photograph would have more bytes than services take.
    let kind = if kind == "png" || image.color().has_alpha() {
        let mut encoder = PngEncoder::new(&mut content);
        if let Some(colours) = colours {
            encoder.set_icc_profile(colours).map_err(ImageError::Unsupported)?;
        }
        image.write_with_encoder(encoder)?;
        "png"
    } else {
        let mut encoder = JpegEncoder::new_with_quality(&mut content, QUALITY);
        if let Some(colours) = colours {
            encoder.set_icc_profile(colours).map_err(ImageError::Unsupported)?;
        }
        image.write_with_encoder(encoder)?;
        "jpeg"
    };
    let (width_px, height_px) = (image.width(), image.height());
    Ok(Photo { kind, width_px, height_px, content: content.into_inner() })
}

/// What an image is that no service is sent, by its first bytes.
pub fn other_kind(content: &[u8]) -> Option<&'static str> {
    if content.get(4..8) == Some(b"ftyp") {
        let length =
            content.get(..4).map_or(0, |size| u32::from_be_bytes([0, 0, size[2], size[3]]));
        let brands = content.get(8..content.len().min(length as usize)).unwrap_or_default();
        let has = |brand: &[u8; 4]| brands.as_chunks::<4>().0.contains(brand);
        return if has(b"avif") || has(b"avis") {
            Some("an AVIF picture")
        } else if [b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"]
            .into_iter()
            .any(has)
        {
            Some("a HEIC picture, as iPhones take them")
        } else if has(b"crx ") {
            Some("a camera's raw picture")
        } else {
            None
        };
    }
    let known: [(&[u8], &str); 12] = [
        (b"GIF8", "a GIF"),
        (b"BM", "a BMP picture"),
        (b"II*\0", "a TIFF or a camera's raw picture"),
        (b"MM\0*", "a TIFF or a camera's raw picture"),
        (b"\xff\x0a", "a JPEG XL picture"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        (b"8BPS", "a Photoshop document"),
        (b"%PDF", "a PDF document"),
        (b"\0\0\x01\0", "an icon"),
        (b"<svg", "an SVG drawing"),
        (b"gimp xcf", "a GIMP document"),
    ];
    known.iter().find(|(begin, _)| content.starts_with(begin)).map(|(_, kind)| *kind)
}

/// Where a PNG file ends (PNG specification, 5.3).
fn png_end(content: &[u8]) -> Option<usize> {
    let mut at = 8;
    loop {
        let [a, b, c, d, kind @ ..] = content.get(at..at + 8)?.first_chunk::<8>()?;
        at = at.checked_add(u32::from_be_bytes([*a, *b, *c, *d]) as usize)?.checked_add(12)?;
        if kind == b"IEND" {
            return Some(at);
        }
    }
}

/// Where a JPEG file ends (ITU-T T.81, B.1): behind the marker of its own end, not of that of a thumbnail in it.
fn jpeg_end(content: &[u8]) -> Result<Option<usize>, PhotoError> {
    let mut at = 2;
    loop {
        // Between two segments lies what was compressed, in which 0 follows each 0xff that is no marker.
        let marker = content.get(at..).and_then(|rest| rest.windows(2).position(is_marker));
        let Some(marker) = marker.map(|skipped| at + skipped + 1) else { return Ok(None) };
        at = marker + 1;
        match content[marker] {
            0xd9 => return Ok(Some(at)),
            // Start of a frame: length, precision, height and width lie before the number of components.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf
                if content.get(at + 7) == Some(&4) =>
            {
                return Err(PhotoError::Inks);
            }
            _ => {}
        }
        let Some(length) = content.get(at..at + 2) else { return Ok(None) };
        at += usize::from(u16::from_be_bytes([length[0], length[1]]));
    }
}

/// Whether two bytes begin a segment: restarts and fill bytes do not.
fn is_marker(pair: &[u8]) -> bool {
    pair[0] == 0xff && !matches!(pair[1], 0 | 1 | 0xd0..=0xd8 | 0xff)
}

/// Where a WebP file ends.
fn webp_end(content: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(*content.get(4..8)?.first_chunk()?) as usize;
    length.checked_add(8)
}

#[cfg(test)]
#[path = "photo_tests.rs"]
mod tests;
