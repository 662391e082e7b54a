//! Frames that the user takes out of clips, as PNG files in the data folder. None is ever written over.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::files;
use super::private::make_folder;
use super::viewing::{self, WHOLE, Which};
use crate::domain::job::JobId;

/// The most files for one frame of one clip.
const MAX_FILES: usize = 100;

/// Writes the frame that is shown `at_ms` into the clip at `clip`, or else that of its poster, to a new file in
/// `folder` in the clip's full size, and returns the file. Takes its time, on the caller's thread.
///
/// # Errors
/// Says in words why there is none.
pub fn export(
    clip: &Path,
    id: JobId,
    at_ms: Option<u64>,
    folder: &Path,
) -> Result<PathBuf, String> {
    let go_on = AtomicBool::new(false);
    let picture = match at_ms {
        Some(ms) => viewing::frame(clip, Which::At(ms), WHOLE, &go_on),
        None => viewing::poster(clip, WHOLE, &go_on),
    };
    let still = viewing::still(picture.map_err(|why| format!("no frame was written: {why}"))?)?;
    let moment = at_ms.map_or_else(String::new, |ms| format!("-{}.{:03}s", ms / 1000, ms % 1000));
    let name = format!("{}{moment}", id.short());
    write_new(folder, &name, &still.png)
        .map_err(|error| format!("the frame could not be written to {}: {error}", folder.display()))
}

/// Writes `content` to `NAME.png`, or to `NAME-2.png` and so on where that is there.
fn write_new(folder: &Path, name: &str, content: &[u8]) -> io::Result<PathBuf> {
    make_folder(folder)?;
    for number in 1..=MAX_FILES {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{name}{number}.png"));
        match files::write_new_of_ours(&path, content) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            written => return written.map(|()| path),
        }
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, format!("it has {MAX_FILES} of it already")))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use uuid::Uuid;

    use super::*;
    use crate::media::still::picture;

    const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clips/high.mp4");

    fn export(clip: &str, at_ms: Option<u64>, folder: &Path) -> Result<PathBuf, String> {
        super::export(Path::new(clip), JobId(Uuid::from_u128(0x42)), at_ms, folder)
    }

    #[test]
    fn a_frame_is_the_one_of_its_moment_in_full_size_and_never_written_over() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = data.path().join("frames");
        let (facts, _) = viewing::facts(Path::new(CLIP)).expect("a clip");
        let mut written = Vec::new();
        for at_ms in [None, None, Some(0), Some(500)] {
            let path = export(CLIP, at_ms, &folder).expect("a file");
            let mode = fs::metadata(&path).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "it is closed to others");
            let png = fs::read(&path).expect("a file");
            let frame = picture(&png, u32::MAX, u32::MAX).expect("a picture");
            assert_eq!((frame.width_px, frame.height_px), (facts.width_px, facts.height_px));
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            written.push((name, png));
        }
        let names: Vec<&str> = written.iter().map(|(name, _)| name.as_str()).collect();
        let short = "0000000042";
        assert_eq!(names, ["", "-2", "-0.000s", "-0.500s"].map(|end| format!("{short}{end}.png")));
        assert_eq!(written[0].1, written[1].1);
        assert_ne!(written[2].1, written[3].1, "another moment, another picture");
    }

    #[test]
    fn what_goes_wrong_is_a_sentence_and_leaves_nothing() {
        let data = tempfile::tempdir().expect("a folder");
        let frames = data.path().join("frames");
        let gone = export("/no/such/clip.mp4", None, &frames).expect_err("no clip");
        assert!(gone.starts_with("no frame was written: the clip could not be read"), "{gone}");
        assert!(!frames.exists());
        fs::write(&frames, "a file").expect("written");
        let full = export(CLIP, None, &frames).expect_err("no folder");
        assert!(full.contains("could not be written to"), "{full}");
    }
}
