//! Writing files so that a crash leaves either the whole new file or what was there before.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

/// The longest name that a file is given, in bytes: file systems that encrypt names (eCryptfs) take no longer
/// ones, and all others take those.
const MAX_NAME_BYTES: usize = 143;
/// A part that was not written to for so long belongs to nobody any more.
const PART_LIFE: Duration = Duration::from_secs(3600);
/// How many signs tell the parts of one file apart.
const PART_SIGNS: usize = 16;
/// The longest name whose part has one that may be.
pub(super) const MAX_WHOLE_NAME_BYTES: usize = MAX_NAME_BYTES - "..part".len() - PART_SIGNS;

/// How to open a file of ours: for its owner alone where it is made, never through a link, and without waiting for
/// the other end of a pipe that lies in its place.
pub(super) fn ours() -> OpenOptions {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
    options
}

/// Fails where `file` is no file but a pipe or a device, which would be read as empty.
pub(super) fn is_a_file(file: &File) -> io::Result<()> {
    match file.metadata()?.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("it is not a file")),
    }
}

/// Writes `content` to `path`, for its owner alone, by way of a part that is synced before it takes the name.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    write_by(part_of(path)?, path, content)
}

/// The same for a file that the user named, which others may read where the user's own files may be.
pub fn write_named(path: &Path, content: &[u8]) -> io::Result<()> {
    write_by(part_with(path, 0o666)?, path, content)
}

/// Writes a new file to `path`, which the user named or will look for; an error of the kind `AlreadyExists` where
/// there is one, or a link. Half of it is of no use to anybody, and goes.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    write_once(&mut OpenOptions::new(), path, content)
}

/// The same for a file of ours.
pub(super) fn write_new_of_ours(path: &Path, content: &[u8]) -> io::Result<()> {
    write_once(&mut ours(), path, content)
}

fn write_once(options: &mut OpenOptions, path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = options.write(true).create_new(true).open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        drop(fs::remove_file(path));
    }
    written
}

/// Appends `lines`, each with its end, to the file at `path`. A line that was cut there by a crash or a full disk
/// is ended first: what is appended to it would be lost with it.
pub(super) fn append_lines(path: &Path, lines: &[u8]) -> io::Result<File> {
    let mut file = ours().create(true).read(true).append(true).open(path)?;
    is_a_file(&file)?;
    let mut last = *b"\n";
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let end: &[u8] = if last == *b"\n" { b"" } else { b"\n" };
    file.write_all(&[end, lines].concat())?;
    Ok(file)
}

fn write_by(mut part: NamedTempFile, path: &Path, content: &[u8]) -> io::Result<()> {
    part.write_all(content)?;
    part.as_file().sync_all()?;
    put_in_place(part.path(), path)
}

/// An empty file beside `path` under a name of its own, `NAME.….part`, which is made anew: what lies at
/// that name already, be it a link, is not written through. It goes with the value unless it was put in place.
pub(super) fn part_of(path: &Path) -> io::Result<NamedTempFile> {
    part_with(path, 0o600)
}

fn part_with(path: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = &name[..name.floor_char_boundary(MAX_WHOLE_NAME_BYTES)];
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(&format!("{name}."))
        .rand_bytes(PART_SIGNS)
        .suffix(".part")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// Removes the parts in `folder` that nobody has written to for long: those of processes that were killed. What can't
/// be removed stays.
pub(super) fn remove_old_parts(folder: &Path) {
    let now = SystemTime::now();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let signs = name.to_str().and_then(|name| name.strip_suffix(".part")?.rsplit_once('.'));
        let is_ours = signs.is_some_and(|(_, signs)| signs.len() == PART_SIGNS);
        let age =
            entry.metadata().and_then(|meta| meta.modified()).map(|at| now.duration_since(at));
        if is_ours && matches!(age, Ok(Ok(age)) if age > PART_LIFE) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// Renames `part` to `path` and makes the new name durable.
pub fn put_in_place(part: &Path, path: &Path) -> io::Result<()> {
    fs::rename(part, path)?;
    if let Some(folder) = path.parent() {
        // Not every system lets a folder be opened; the rename itself has happened.
        if let Ok(folder) = File::open(folder) {
            folder.sync_all()?;
        }
    }
    Ok(())
}

/// What is there of `full` in transfers that are under way or broke off: each has a name of its own,
/// `NAME.….part`.
pub(super) fn parts_of(full: &Path) -> io::Result<Vec<PathBuf>> {
    let name = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut parts = Vec::new();
    for other in fs::read_dir(full.parent().unwrap_or(full))?.flatten() {
        let other_name = other.file_name().to_string_lossy().into_owned();
        let rest = other_name.strip_prefix(&name);
        if rest.is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".part")) {
            parts.push(other.path());
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part's name was the file's with `.part` behind it, which is too long where the file's is just not.
    #[test]
    fn a_file_of_the_longest_name_is_written_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["x".repeat(255), "狐".repeat(85)] {
            let path = folder.path().join(name);
            for content in ["first", "second"] {
                write_whole(&path, content.as_bytes()).expect("written");
                assert_eq!(fs::read(&path).expect("a file"), content.as_bytes());
            }
            let part = part_of(&path).expect("a part");
            let bytes = part.path().file_name().expect("a name").len();
            assert!(bytes <= MAX_NAME_BYTES, "{bytes}");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "no part is left");
    }

    /// Somebody who may write into the folder must not lead what we write to another place.
    #[test]
    fn links_in_the_way_are_replaced_and_never_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, precious) = (folder.path().join("fox.png"), folder.path().join("precious"));
        for write in [write_whole, write_named] {
            fs::write(&precious, "the user's own").expect("a file");
            for name in ["fox.png", "fox.png.part"] {
                drop(fs::remove_file(folder.path().join(name)));
                std::os::unix::fs::symlink(&precious, folder.path().join(name)).expect("a link");
            }
            write(&path, b"a picture").expect("written");
            assert_eq!(fs::read(&precious).expect("a file"), b"the user's own");
            let kind = fs::symlink_metadata(&path).expect("a file").file_type();
            assert!(kind.is_file(), "{kind:?}");
            assert_eq!(fs::read(&path).expect("a file"), b"a picture");
        }
    }

    /// What is being written is left alone, and so is what others call a part.
    #[test]
    fn parts_of_killed_processes_go_after_a_while() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = SystemTime::now() - PART_LIFE - Duration::from_secs(60);
        for (name, at) in [
            ("studio.json.0123456789abcdef.part", old),
            ("studio.json.fedcba9876543210.part", SystemTime::now()),
            ("holiday.mp4.part", old),
            ("studio.json", old),
        ] {
            let file = File::create_new(folder.path().join(name)).expect("a file");
            file.set_modified(at).expect("a time");
        }
        fs::create_dir(folder.path().join("repair.part")).expect("a folder");
        remove_old_parts(folder.path());
        let left = fs::read_dir(folder.path()).expect("a folder").flatten();
        let mut left: Vec<_> = left.map(|one| one.file_name()).collect();
        left.sort();
        let expected =
            ["holiday.mp4.part", "repair.part", "studio.json", "studio.json.fedcba9876543210.part"];
        assert_eq!(left, expected);
    }

    #[test]
    fn a_new_file_takes_the_place_of_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, precious) = (folder.path().join("fox.png"), folder.path().join("precious"));
        std::os::unix::fs::symlink(&precious, &path).expect("a link to nothing yet");
        for _ in 0..2 {
            let refused = write_new(&path, b"a picture").expect_err("something is there");
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            assert!(!precious.exists());
            drop(fs::remove_file(&path));
            write_new(&path, b"a picture").expect("written");
            assert_eq!(fs::read(&path).expect("a file"), b"a picture");
        }
    }

    #[test]
    fn a_part_that_is_not_put_in_place_does_not_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("fox.png")).expect("a folder");
        write_whole(&folder.path().join("fox.png"), b"a picture").expect_err("a folder is there");
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1);
    }
}
