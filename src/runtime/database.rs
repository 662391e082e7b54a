//! Whether the database may be opened where it is, and the opening.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::file_system;
use super::files::ours;
use super::places::Places;
use super::workspace::WorkspaceError;
use crate::store::{Store, StoreError};

/// Why a database that is not damaged is not used. Nothing was changed.
#[derive(Debug, Error)]
pub enum Unusable {
    /// It lies on another machine.
    #[error(
        "{path} is on {kind}: two machines could write there at once, and a link that drops in the middle of a \
         write breaks the database. Choose a folder on a disk of this machine with --data-dir or RUSHES_DATA_DIR; \
         clips can be copied from there to anywhere", path = path.display()
    )]
    Network {
        /// The data folder.
        path: PathBuf,
        /// What it lies on.
        kind: String,
    },
    /// It is being repaired.
    #[error("the database of {path} is being repaired; run this again when that is done", path = path.display())]
    InRepair {
        /// The data folder.
        path: PathBuf,
    },
}

/// Opens the database of `places`, whose folder is there, and returns what says that it is in use.
pub(super) fn open(places: &Places) -> Result<(Store, Option<File>), WorkspaceError> {
    refuse_network(places)?;
    let in_use = match lock_file(places) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Some(file),
            Err(TryLockError::WouldBlock) => {
                return Err(Unusable::InRepair { path: places.data_dir.clone() }.into());
            }
            // A folder without locks has no repair either.
            Err(TryLockError::Error(_)) => None,
        },
        // What is wrong with the folder shows better at the database itself.
        Err(_) => None,
    };
    refuse_remains(places)?;
    // What is wrong with it shows better as it is opened.
    drop(make_file(&places.database()));
    Ok((Store::open(&places.database())?, in_use))
}

/// Makes the empty file that SQLite takes for a new database, closed to others, as the log beside it becomes too.
pub(super) fn make_file(path: &Path) -> io::Result<()> {
    match ours().write(true).create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The process that drives the jobs of `places`, if one does and says so.
pub(super) fn driver(places: &Places) -> Option<u32> {
    let file = File::open(places.driver_lock()).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => io::read_to_string(file).ok()?.trim().parse().ok(),
        _ => None,
    }
}

/// Refuses a data folder on a network file system.
pub(super) fn refuse_network(places: &Places) -> Result<(), Unusable> {
    match file_system::network_of(&places.data_dir) {
        Some(kind) => Err(Unusable::Network { path: places.data_dir.clone(), kind }),
        None => Ok(()),
    }
}

/// The file whose lock says whether the database is in use.
pub(super) fn lock_file(places: &Places) -> io::Result<File> {
    ours().create(true).write(true).truncate(false).open(places.use_lock())
}

/// SQLite takes a file without a byte for a new database. Where clips are, one was there.
fn refuse_remains(places: &Places) -> Result<(), StoreError> {
    let path = places.database();
    let bytes = || fs::metadata(&path).ok().map(|file| file.len());
    let damaged =
        |what: &str| Err(StoreError::Damaged { path: path.clone(), what: what.to_owned() });
    let has_clips = || fs::read_dir(places.clips_dir()).is_ok_and(|mut days| days.next().is_some());
    match bytes() {
        None if places.repair_dir().exists() => damaged("a repair of it broke off"),
        Some(0) if has_clips() => {
            // Another program may be making it at this moment.
            for _ in 0..50 {
                std::thread::sleep(Duration::from_millis(10));
                if bytes() != Some(0) {
                    return Ok(());
                }
            }
            damaged("the file is empty")
        }
        _ => Ok(()),
    }
}
