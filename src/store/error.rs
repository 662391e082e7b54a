//! What can go wrong with the database, in words that a person can act on.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the database could not be used. Nothing in it was changed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file is no database, or broken.
    #[error(
        "the database {path} is damaged ({what}); it was left as it is. `rushes doctor --repair` sets it \
         aside, brings back every job that can be read in it, and rebuilds others from the .json beside your \
         clips; it deletes nothing",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was seen.
        what: String,
    },
    /// A newer Rushes made it.
    #[error(
        "the database {path} was made by a newer version of Rushes (schema {found}, this one knows \
         {known}); use that version, or another --data-dir", path = path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that is known here.
        known: i64,
    },
    /// It would have to be brought to a newer schema, and can only be read.
    #[error(
        "the database {path} is of an older version of Rushes, and its folder can't be written; make it \
         writable, or copy the folder and give the copy with --data-dir", path = path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
    },
    /// No copy could be kept of a database that was to be brought to a newer schema.
    #[error(
        "before the database {path} is brought to the form of this version a copy is kept beside it, and that \
         failed ({why}); free some space there and run this again. The database was left as it is",
        path = path.display()
    )]
    NoBackup {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Chance gave a new job the short id of another.
    #[error("chance gave the job an id that another one is called by; submit it once more")]
    IdTaken,
    /// The disk refuses to read or write.
    #[error(
        "the disk that holds {path} refuses ({source}); what was stored is safe. Free some space there or lift \
         the limit on file sizes, then run this again", path = path.display()
    )]
    Disk {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The disk is full.
    #[error(
        "the disk that holds {path} is full; what was stored is safe. Free some space, then run this again",
        path = path.display()
    )]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file or folder can't be written.
    #[error(
        "{path} can't be written ({source}); make its folder writable, or choose another with --data-dir. What is \
         there can be looked at: `rushes history`, `rushes jobs`, `rushes show`", path = path.display()
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Another program holds it for too long.
    #[error("another program keeps {path} locked; close it and run this again", path = path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Another program drives the jobs now, so this one must not write.
    #[error("another Rushes took over the jobs of this data folder; this one stops writing")]
    LeaseLost,
    /// Anything else.
    #[error("the database {path} can't be used: {source}", path = path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl StoreError {
    pub(super) fn opening(path: &Path, source: rusqlite::Error) -> Self {
        match code(&source) {
            Some(ErrorCode::CannotOpen) if path.is_dir() => {
                Self::Damaged { path: path.to_owned(), what: "a folder is in its place".to_owned() }
            }
            Some(ErrorCode::CannotOpen) => Self::ReadOnly { path: path.to_owned(), source },
            _ => Self::using(path, source),
        }
    }

    pub(super) fn using(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match code(&source) {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path, what: source.to_string() }
            }
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::SystemIoFailure) => Self::Disk { path, source },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, source }
            }
            _ if is_busy(&source) => Self::Busy { path },
            _ => Self::Other { path, source },
        }
    }

    /// What a driver that can store nothing for now waits for, in a sentence; none where waiting can't help.
    pub fn waits_for(&self) -> Option<&'static str> {
        match self {
            Self::Full { .. } => Some("the disk is full: nothing new is sent until it has room"),
            Self::Disk { .. } => {
                Some("the disk does not take it: nothing new is sent until it does")
            }
            Self::Busy { .. } => {
                Some("another program locks the database: nothing new is sent until it lets go")
            }
            _ => None,
        }
    }
}

/// Whether another connection holds what is wanted.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(code(error), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}
