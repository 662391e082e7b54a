use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use image::{ImageBuffer, ImageFormat, Rgb, RgbImage};

use super::super::still::picture;
use super::*;

const RED: [u8; 3] = [250, 0, 0];
const BLUE: [u8; 3] = [0, 0, 250];

/// Lying, 32x16: its left half is red, its right half blue.
fn lying() -> DynamicImage {
    RgbImage::from_fn(32, 16, |x, _| Rgb(if x < 16 { RED } else { BLUE })).into()
}

fn file(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut content = Cursor::new(Vec::new());
    image.write_to(&mut content, format).expect("an image file");
    content.into_inner()
}

/// A camera's note how to turn the picture (Exif 2.32, 4.6.4: tag 0x0112), with a thumbnail behind it.
fn exif(orientation: u8, thumbnail: &[u8]) -> Vec<u8> {
    let entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
    [&b"MM\0*\0\0\0\x08\0\x01"[..], &entry, &[0; 4], thumbnail].concat()
}

/// A JPEG with a note, as cameras write it: in a segment before all others.
fn noted(jpeg: &[u8], orientation: u8, thumbnail: &[u8]) -> Vec<u8> {
    let note = [b"Exif\0\0", &exif(orientation, thumbnail)[..]].concat();
    let length = (note.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &note, &jpeg[2..]].concat()
}

fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(body);
    let length = (body.len() as u32).to_be_bytes();
    [&length, &kind[..], body, &crc.sum().to_be_bytes()].concat()
}

/// The colours in the middle of the upper left and of the lower right quarter, to the nearest of the two.
fn corners(content: &[u8]) -> [[u8; 3]; 2] {
    let seen = picture(content, 99, 99).expect("a picture");
    let (width, height) = (seen.width_px as usize, seen.height_px as usize);
    let at = |x: usize, y: usize| {
        let start = (y * width + x) * 3;
        if seen.rgb[start] > seen.rgb[start + 2] { RED } else { BLUE }
    };
    [at(width / 4, height / 4), at(width * 3 / 4, height * 3 / 4)]
}

#[test]
fn a_picture_that_says_that_it_lies_is_upright_in_size_and_in_what_is_sent() {
    let jpeg = file(&lying(), ImageFormat::Jpeg);
    // From the list of orientations in the standard: the size, and what is upper left and lower right.
    for (orientation, size, colours) in [
        (1, (32, 16), [RED, BLUE]),
        (2, (32, 16), [BLUE, RED]),
        (3, (32, 16), [BLUE, RED]),
        (4, (32, 16), [RED, BLUE]),
        (5, (16, 32), [RED, BLUE]),
        (6, (16, 32), [RED, BLUE]),
        (7, (16, 32), [BLUE, RED]),
        (8, (16, 32), [BLUE, RED]),
    ] {
        let sent = photo(noted(&jpeg, orientation, b"")).expect("an image");
        assert_eq!((sent.width_px, sent.height_px), size, "{orientation}");
        assert_eq!(corners(&sent.content), colours, "{orientation}");
        let header = imagesize::blob_size(&sent.content).expect("a header");
        assert_eq!((header.width, header.height), (size.0 as usize, size.1 as usize));
        let again = photo(sent.content.clone()).expect("an image");
        assert_eq!(again, sent, "it needs no turning twice");
    }
}

#[test]
fn notes_in_a_png_and_a_webp_count_as_well() {
    let png = file(&lying(), ImageFormat::Png);
    let (head, rest) = png.split_at(33);
    let turned = photo([head, &chunk(b"eXIf", &exif(6, b"")), rest].concat()).expect("an image");
    assert_eq!((turned.kind, turned.width_px, turned.height_px), ("png", 16, 32));
    assert_eq!(corners(&turned.content), [RED, BLUE]);
    let plain = file(&lying(), ImageFormat::WebP);
    let note = exif(8, b"");
    // The extended form (RFC 9649, 2.7): flags, width and height less one, the picture, the note.
    let head = [0x08, 0, 0, 0, 31, 0, 0, 15, 0, 0];
    let parts: [(&[u8; 4], &[u8]); 2] = [(b"VP8X", &head), (b"EXIF", &note)];
    let [head, note] =
        parts.map(|(kind, body)| [&kind[..], &(body.len() as u32).to_le_bytes(), body].concat());
    let body = [b"WEBP", &head[..], &plain[12..], &note].concat();
    let webp = [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat();
    let turned = photo(webp).expect("an image");
    assert_eq!((turned.kind, turned.width_px, turned.height_px), ("jpeg", 16, 32));
    assert_eq!(corners(&turned.content), [BLUE, RED]);
}

#[test]
fn a_picture_that_is_upright_is_sent_as_it_is_without_what_lies_behind_it() {
    let thumbnail = file(&lying().thumbnail(8, 4), ImageFormat::Jpeg);
    let jpeg = noted(&file(&lying(), ImageFormat::Jpeg), 1, &thumbnail);
    let (png, webp) = (file(&lying(), ImageFormat::Png), file(&lying(), ImageFormat::WebP));
    for (kind, whole) in [("jpeg", jpeg), ("png", png), ("webp", webp)] {
        // As long as the film that a phone puts behind its photographs.
        let film = [&b"\0\0\0\x18ftypmp42"[..], &vec![7; 1 << 20]].concat();
        let sent = photo([&whole[..], &film].concat()).expect("an image");
        assert_eq!((sent.kind, sent.width_px, sent.height_px), (kind, 32, 16));
        assert!(sent.content == whole, "{kind}");
    }
}

#[test]
fn half_a_picture_is_refused_even_where_its_thumbnail_is_whole() {
    let thumbnail = file(&lying().thumbnail(8, 4), ImageFormat::Jpeg);
    let jpeg = noted(&file(&lying(), ImageFormat::Jpeg), 6, &thumbnail);
    let (png, webp) = (file(&lying(), ImageFormat::Png), file(&lying(), ImageFormat::WebP));
    for whole in [jpeg, png, webp] {
        for end in (12..whole.len()).rev() {
            let cut = photo(whole[..end].to_vec());
            assert_eq!(cut, Err(PhotoError::CutOff), "{end} of {}", whole.len());
        }
    }
}

#[test]
fn palettes_and_sixteen_bits_are_sent_as_they_are_and_seen_right() {
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::fast());
    // Two pixels in one byte: the palette's first colour, then its second.
    for _ in 0..16 {
        rows.write_all(&[&[0][..], &[0; 8], &[0x11; 8]].concat()).expect("rows");
    }
    let palette = [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &[0, 0, 0, 32, 0, 0, 0, 16, 4, 3, 0, 0, 0]),
        &chunk(b"PLTE", &[RED, BLUE].concat()),
        &chunk(b"IDAT", &rows.finish().expect("rows")),
        &chunk(b"IEND", b""),
    ]
    .concat();
    let wide = |value: u8| u16::from(value) << 8;
    let deep = ImageBuffer::from_fn(32, 16, |x, _| {
        Rgb(if x < 16 { RED.map(wide) } else { BLUE.map(wide) })
    });
    let deep = file(&DynamicImage::ImageRgb16(deep), ImageFormat::Png);
    for whole in [palette, deep] {
        let sent = photo(whole.clone()).expect("an image");
        assert_eq!((sent.width_px, sent.height_px, &sent.content), (32, 16, &whole));
        assert_eq!(corners(&sent.content), [RED, BLUE]);
    }
}

#[test]
fn inks_are_refused_in_a_sentence() {
    // Start of frame with four components, a scan, the end.
    let frame = [0xff, 0xc0, 0, 20, 8, 0, 16, 0, 16, 4, 1, 17, 0, 2, 17, 0, 3, 17, 0, 4, 17, 0];
    let inks = [&[0xff, 0xd8][..], &frame, &[0xff, 0xda, 0, 2, 1, 2, 0xff, 0xd9]].concat();
    let refused = photo(inks).expect_err("inks");
    assert!(refused.to_string().contains("CMYK"), "{refused}");
}

#[test]
fn other_kinds_are_named_for_what_they_are_with_what_is_taken_instead() {
    let brands = |brands: &str| {
        [&(8 + brands.len() as u32).to_be_bytes(), &b"ftyp"[..], brands.as_bytes()].concat()
    };
    for (content, name) in [
        (brands("heic\0\0\0\0mif1heic"), "HEIC"),
        (brands("mif1\0\0\0\0mif1heic"), "HEIC"),
        (brands("avif\0\0\0\0avifmif1miaf"), "AVIF"),
        (brands("mif1\0\0\0\0mif1avif"), "AVIF"),
        (b"GIF89a\x01\0".to_vec(), "GIF"),
        (b"BM\x36\0\0\0".to_vec(), "BMP"),
        (b"II*\0\x08\0\0\0".to_vec(), "TIFF"),
        (b"MM\0*\0\0\0\x08".to_vec(), "TIFF"),
        (b"\xff\x0a\xfa".to_vec(), "JPEG XL"),
        (b"<svg xmlns".to_vec(), "SVG"),
        (b"%PDF-1.7".to_vec(), "PDF"),
    ] {
        let said = photo(content).expect_err("another kind").to_string();
        assert!(said.contains(name) && said.contains("PNG, JPEG and WebP are taken"), "{said}");
    }
    assert_eq!(other_kind(&brands("isom\0\0\0\0isomavc1mp41")), None, "a clip");
    assert_eq!(photo(b"no image at all".to_vec()), Err(PhotoError::Unknown));
}

#[test]
fn a_damaged_picture_never_panics() {
    let whole = noted(&file(&lying(), ImageFormat::Jpeg), 6, b"");
    for at in (0..whole.len()).step_by(13) {
        let mut broken = whole.clone();
        broken[at] ^= 0xff;
        drop(photo(broken));
    }
    drop(picture(&whole, 9, 9));
}
