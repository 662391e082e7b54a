//! Pictures from image files, and image files from pictures.

use std::io::Cursor;

use icy_sixel::{EncodeOptions, sixel_encode};
use image::codecs::jpeg::JpegEncoder;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    RgbImage,
};

use super::picture::Picture;

/// The most memory that decoding may take: enough for 6000x6000 pixels of 16 bits.
const MAX_ALLOC_BYTES: u64 = 600 << 20;

/// The image in `content`, upright, at most as large as the box and never enlarged.
///
/// # Errors
/// Says in words why there is no picture.
pub fn picture(content: &[u8], max_width_px: u32, max_height_px: u32) -> Result<Picture, String> {
    let wrong = |error: ImageError| format!("the image can't be shown: {error}");
    let mut decoder =
        decoder(content).map_err(|error| format!("the image can't be shown: {error}"))?;
    let turned = decoder.orientation().map_err(wrong)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    image.apply_orientation(turned);
    if image.width() > max_width_px || image.height() > max_height_px {
        image = image.thumbnail(max_width_px.max(1), max_height_px.max(1));
    }
    let rgb = image.into_rgb8();
    Ok(Picture { width_px: rgb.width(), height_px: rgb.height(), rgb: rgb.into_raw() })
}

/// The decoder of the image in `content`, whose kind its first bytes tell, within what decoding may take.
pub(super) fn decoder(content: &[u8]) -> Result<impl ImageDecoder, String> {
    let mut reader = ImageReader::new(Cursor::new(content));
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOC_BYTES);
    reader.limits(limits);
    let reader = reader.with_guessed_format().map_err(|error| error.to_string())?;
    reader.into_decoder().map_err(|error| error.to_string())
}

/// The picture as a PNG file; none where its bytes do not match its size.
pub fn png(picture: Picture) -> Option<Vec<u8>> {
    let image = RgbImage::from_raw(picture.width_px, picture.height_px, picture.rgb)?;
    let mut content = Cursor::new(Vec::new());
    image.write_to(&mut content, ImageFormat::Png).ok()?;
    Some(content.into_inner())
}

/// The picture as a JPEG file of `quality` percent; none where its bytes do not match its size.
pub fn jpeg(picture: &Picture, quality: u8) -> Option<Vec<u8>> {
    let pixels = picture.width_px as usize * picture.height_px as usize;
    if picture.rgb.len() != pixels * 3 {
        return None;
    }
    let mut content = Vec::new();
    let (width_px, height_px) = (picture.width_px, picture.height_px);
    JpegEncoder::new_with_quality(&mut content, quality)
        .encode(&picture.rgb, width_px, height_px, ExtendedColorType::Rgb8)
        .ok()?;
    Some(content)
}

/// The picture as a sixel sequence with at most `colours` colours; none where its bytes do not match its
/// size.
pub fn sixel(picture: &Picture, colours: u16) -> Option<String> {
    let pixels = picture.rgb.as_chunks::<3>().0;
    let rgba: Vec<u8> = pixels.iter().flat_map(|[r, g, b]| [*r, *g, *b, u8::MAX]).collect();
    // Without dithering, whose noise would take three times the bytes.
    let options = EncodeOptions { max_colors: colours, diffusion: 0.0, ..EncodeOptions::default() };
    sixel_encode(&rgba, picture.width_px as usize, picture.height_px as usize, &options).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red(width_px: u32, height_px: u32) -> Picture {
        let rgb = [200, 10, 10].repeat((width_px * height_px) as usize);
        Picture { width_px, height_px, rgb }
    }

    #[test]
    fn a_picture_comes_back_from_its_file_and_smaller_where_the_box_is() {
        let content = png(red(640, 320)).expect("a file");
        assert_eq!(picture(&content, 1000, 1000).expect("a picture"), red(640, 320));
        assert_eq!(picture(&content, 64, 64).expect("a picture"), red(64, 32));
        assert_eq!(picture(&content, 0, 0).map(|one| one.width_px), Ok(1));
    }

    #[test]
    fn a_picture_becomes_a_jpeg_file_and_a_sixel_sequence() {
        let content = jpeg(&red(64, 32), 85).expect("a file");
        let back = picture(&content, 1000, 1000).expect("a picture");
        assert_eq!((back.width_px, back.height_px), (64, 32));
        let said = sixel(&red(64, 32), 256).expect("a sequence");
        assert!(said.starts_with("\x1bP") && said.ends_with("\x1b\\"), "{said:?}");
        assert!(said.contains("\"1;1;64;32"), "one pixel is one pixel: {said:?}");
        assert_eq!(said.matches(";2;").count(), 1, "one colour: {said:?}");
    }

    #[test]
    fn what_is_no_image_is_said_and_never_panics() {
        let content = png(red(64, 64)).expect("a file");
        for end in 0..content.len() {
            drop(picture(&content[..end], 8, 8));
        }
        assert!(picture(b"GIF89a no", 8, 8).is_err());
        let short = Picture { width_px: 2, height_px: 2, rgb: vec![0; 3] };
        assert_eq!((jpeg(&short, 80), sixel(&short, 16)), (None, None));
        assert_eq!(png(short), None);
    }
}
