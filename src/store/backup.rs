//! A copy of the database, kept beside it before its schema changes.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// How many copies are kept; the oldest goes first.
const MOST: usize = 3;

/// Keeps a checked copy of the database at `path`, whose schema has that `version`, as
/// `rushes.db.v1-20261121T120000Z.backup`, and returns where. Called while nobody else can write.
pub(super) fn back_up(path: &Path, version: i64) -> Result<PathBuf, StoreError> {
    let failed = |why: String| StoreError::NoBackup { path: path.to_owned(), why };
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|error| StoreError::opening(path, error))?;
    // SQLite reads the clock, since this room must not.
    let day: String = connection
        .query_row("SELECT strftime('%Y%m%dT%H%M%SZ', 'now')", [], |row| row.get(0))
        .map_err(|error| failed(error.to_string()))?;
    let kept = beside(path, &format!(".v{version}-{day}.backup"));
    let part = beside(&kept, ".part");
    drop(fs::remove_file(&part));
    let jobs = |connection: &Connection| {
        connection.query_row("SELECT count(*) FROM job", [], |row| row.get::<_, i64>(0))
    };
    // SQLite fills an empty file that is there, and a copy is its owner's alone as well.
    let made = File::options().write(true).create_new(true).mode(0o600).open(&part);
    made.map_err(|error| failed(error.to_string()))?;
    let copied = || -> rusqlite::Result<bool> {
        connection.execute("VACUUM INTO ?1", [part.to_string_lossy()])?;
        let copy = Connection::open_with_flags(&part, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(is_sound(&copy)? && jobs(&copy)? == jobs(&connection)?)
    };
    let kept_well = copied().map_err(|error| match StoreError::using(path, error) {
        damaged @ StoreError::Damaged { .. } => damaged,
        other => failed(other.to_string()),
    });
    let kept_well = kept_well.and_then(|is_whole| {
        if !is_whole {
            return Err(failed("the copy is not what was copied".to_owned()));
        }
        let synced = File::open(&part).and_then(|file| file.sync_all());
        let named = synced.and_then(|()| fs::rename(&part, &kept));
        named.map_err(|error| failed(error.to_string()))
    });
    if let Err(error) = kept_well {
        drop(fs::remove_file(&part));
        return Err(error);
    }
    forget_oldest(path);
    Ok(kept)
}

/// Whether SQLite finds nothing wrong in the whole file.
pub(super) fn is_sound(connection: &Connection) -> rusqlite::Result<bool> {
    let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok(said == "ok")
}

/// A copy that can't be removed is merely one too many.
fn forget_oldest(path: &Path) {
    let Some((folder, name)) = path.parent().zip(path.file_name()) else { return };
    let begin = format!("{}.v", name.to_string_lossy());
    let mut copies: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(&begin) && name.ends_with(".backup")
        })
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    copies.sort();
    for (_, path) in &copies[..copies.len().saturating_sub(MOST)] {
        drop(fs::remove_file(path));
    }
}

/// `path` with `end` behind its name.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
