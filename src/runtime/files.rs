//! Writing files so that a crash leaves either the whole new file or what was there before.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `content` to `path` by way of `path.part`, synced before it takes its name.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = part_of(path);
    let mut file = File::create(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    put_in_place(&part, path)
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

/// The name that a file has while it is being written.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}
