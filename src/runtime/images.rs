//! Local images that requests start from: read once, kept by content, sent from the copy.
//!
//! A frame image that is a clip means its last frame, kept as a PNG by its content like every other image.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

use super::files::write_whole;
use super::pictures;
use super::places::Places;
use super::private::make_folder;
use super::viewing;
use crate::domain::request::{FrameImage, ImageFile, Parameters};
use crate::domain::text::one_line;
use crate::media::photo::{self, PhotoError};
use crate::media::webm;
use crate::provider::registry::Images;

/// Larger files are refused before they are read; the rules of every model lie below.
const MAX_BYTES: u64 = 64 << 20;

/// Shorter text is no image in Base64.
const MIN_BASE64_CHARS: usize = 64;

/// Why an image can't be used. Nothing was sent.
#[derive(Debug, Error)]
pub enum ImageError {
    /// It can't be read.
    #[error("the image {path} can't be read: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no image that a provider takes.
    #[error("{path} {source}", path = path.display())]
    NotAnImage {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: PhotoError,
    },
    /// It is a folder, a pipe or a device.
    #[error("{path} is not a file", path = path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// It is a clip whose last frame can't be decoded.
    #[error("the last frame of {path} can't be read", path = path.display())]
    NoLastFrame {
        /// The file.
        path: PathBuf,
    },
    /// It is far too large.
    #[error("{path} is larger than {} MB", MAX_BYTES >> 20, path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// An image that a request may start from, and its content where it is a local file.
#[derive(Clone, Debug)]
pub struct ReadImage {
    /// What the request says of it.
    pub image: FrameImage,
    content: Vec<u8>,
}

/// The image that `text` names: a web address, the id of one that the provider stores, or a file, which
/// is read. Of a clip it is the last frame, for the next clip to go on from.
pub fn read(text: &str) -> Result<ReadImage, ImageError> {
    if let Some(content) = data(text) {
        let path = PathBuf::from("the data that was given");
        return of_content("image data", path, content);
    }
    if text.contains("://") {
        return Ok(ReadImage { image: FrameImage::Url(text.to_owned()), content: Vec::new() });
    }
    let path = PathBuf::from(text);
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
    if let Some(id) = id.filter(|_| !path.exists()) {
        return Ok(ReadImage { image: FrameImage::Stored(id), content: Vec::new() });
    }
    let unreadable = |source| ImageError::Unreadable { path: path.clone(), source };
    // A pipe would be waited for, for ever.
    if !std::fs::metadata(&path).map_err(unreadable)?.is_file() {
        return Err(ImageError::NotAFile { path });
    }
    let mut content = Vec::new();
    let file = std::fs::File::open(&path).map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(ImageError::TooLarge { path });
    }
    let is_clip = content.get(4..8) == Some(b"ftyp") && photo::other_kind(&content).is_none();
    if is_clip || content.starts_with(&webm::HEADER) {
        content = last_frame(&path).ok_or(ImageError::NoLastFrame { path: path.clone() })?;
    }
    of_content(text, path, content)
}

/// The bytes of a data URI, or of bare Base64 that holds an image.
fn data(text: &str) -> Option<Vec<u8>> {
    let decoded = |encoded: &str| {
        let bare: String = encoded.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        STANDARD_NO_PAD.decode(bare.trim_end_matches('=')).ok()
    };
    if let Some(uri) = text.strip_prefix("data:") {
        let encoded = uri.split_once(";base64,").map(|(_, encoded)| encoded);
        return Some(encoded.and_then(decoded).unwrap_or_default());
    }
    // No path is that long and an image as well.
    let content = decoded(text).filter(|_| text.len() >= MIN_BASE64_CHARS)?;
    photo::photo(content.clone()).is_ok().then_some(content)
}

/// The image that `content` is, which came as `text` and is called `path` in errors.
fn of_content(text: &str, path: PathBuf, content: Vec<u8>) -> Result<ReadImage, ImageError> {
    let photo = photo::photo(content);
    let photo = photo.map_err(|source| ImageError::NotAnImage { path, source })?;
    let image = ImageFile {
        path: one_line(text, 1000),
        sha256: hex(&Sha256::digest(&photo.content)),
        kind: photo.kind.to_owned(),
        bytes: photo.content.len() as u64,
        width_px: photo.width_px,
        height_px: photo.height_px,
    };
    let content = photo.content;
    Ok(ReadImage { image: FrameImage::File(image), content })
}

/// The last frame of a clip, whole, as a PNG file.
fn last_frame(path: &Path) -> Option<Vec<u8>> {
    if let Some(still) = pictures::kept(path, pictures::Kind::Last) {
        return Some(still.png);
    }
    let go_on = AtomicBool::new(false);
    let frame = viewing::frame(path, viewing::Which::Last, viewing::WHOLE, &go_on).ok()?;
    Some(viewing::still(frame).ok()?.png)
}

/// Keeps a copy of every local image among `images`, so that its request can be made again.
pub fn keep(images: &[ReadImage], places: &Places) -> io::Result<()> {
    for read in images {
        let FrameImage::File(image) = &read.image else { continue };
        let copy = copy_of(image, places);
        if !copy.exists() {
            make_folder(&places.images_dir())?;
            write_whole(&copy, &read.content)?;
        }
    }
    Ok(())
}

/// The content of the local images among `images`, by hash, for an adapter.
pub fn contents(images: &[ReadImage]) -> Images {
    images
        .iter()
        .filter_map(|read| match &read.image {
            FrameImage::File(image) => Some((image.sha256.clone(), read.content.clone())),
            FrameImage::Url(_) | FrameImage::Stored(_) => None,
        })
        .collect()
}

/// The content of the kept copies of `request`'s images; one that is missing is left out.
pub(super) fn kept(request: &Parameters, places: &Places) -> Images {
    let frames = [&request.first_frame, &request.last_frame];
    frames
        .into_iter()
        .flatten()
        .filter_map(|image| match image {
            FrameImage::File(image) => {
                let content = std::fs::read(copy_of(image, places)).ok()?;
                // What it is named by: nothing else is sent in its place.
                let is_it = hex(&Sha256::digest(&content)) == image.sha256;
                is_it.then(|| (image.sha256.clone(), content))
            }
            FrameImage::Url(_) | FrameImage::Stored(_) => None,
        })
        .collect()
}

fn copy_of(image: &ImageFile, places: &Places) -> PathBuf {
    places.data_dir.join(image.kept_path())
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::picture::Picture;
    use crate::media::still::png;

    #[test]
    fn the_kind_of_an_image_is_known_by_its_content_and_not_by_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let picture = Picture { width_px: 640, height_px: 320, rgb: vec![7; 640 * 320 * 3] };
        let (named, text) = (folder.path().join("fox.jpg"), folder.path().join("text.png"));
        std::fs::write(&named, png(picture).expect("an image")).expect("a file");
        std::fs::write(&text, "no image at all").expect("a file");
        let read_file = |path: &Path| read(&path.display().to_string());
        let FrameImage::File(file) = read_file(&named).expect("an image").image else {
            panic!("no file")
        };
        assert_eq!((file.kind.as_str(), file.width_px, file.height_px), ("png", 640, 320));
        assert!(matches!(read_file(&text), Err(ImageError::NotAnImage { .. })));
    }

    #[test]
    fn a_picture_in_the_container_of_clips_is_no_clip() {
        let folder = tempfile::tempdir().expect("a folder");
        let phone = folder.path().join("IMG_0042.jpg");
        std::fs::write(&phone, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").expect("a file");
        let said = read(&phone.display().to_string()).expect_err("no image to send").to_string();
        assert!(said.contains("IMG_0042.jpg is a HEIC picture"), "{said}");
        assert!(said.contains("PNG, JPEG and WebP are taken"), "{said}");
    }

    #[test]
    fn of_a_clip_the_last_frame_is_taken() {
        let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clips/high.mp4");
        let read = read(clip).expect("an image");
        let FrameImage::File(file) = read.image else { panic!("no file") };
        assert_eq!((file.kind.as_str(), file.path.as_str()), ("png", clip));
        assert!(read.content.starts_with(b"\x89PNG"), "an image of its own");
    }

    #[test]
    fn an_id_of_stored_media_is_no_path() {
        let id = "51a3b1b0-6a8e-4b56-9d3f-0d6d6d3b2a10";
        let stored = read(id).expect("an image").image;
        assert_eq!(stored, FrameImage::Stored(id.parse().expect("an id")));
    }
}
