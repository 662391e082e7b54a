//! The only user of SQLite: schema, jobs, history search, lease. Takes and gives domain values.
//!
//! Must never contain policy: what to store is decided by the engine, what to search by the user.

mod backup;
mod error;
mod history;
mod jobs;
mod lease;
mod left_aside;
mod marks;
mod salvage;
mod schema;
mod search_text;
mod standing;

pub use error::StoreError;
pub use lease::Lease;
pub use salvage::{Salvage, Salvaged};
pub use standing::Standing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use backup::beside;
use left_aside::{LeftAside, text};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// One open database. Every method blocks, so it lives on a thread of its own.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    path: PathBuf,
    left_aside: LeftAside,
}

impl Store {
    /// Opens the database at `path`, making or migrating it as needed. A damaged one is left as it is.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let wrong = |error| StoreError::opening(path, error);
        // A log that lies beside a database which is refused must stay as well.
        let has_log = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
        let mut connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(wrong)?;
        let keep_log = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        connection.set_db_config(keep_log, has_log).map_err(wrong)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(wrong)?;
        let (found, known) = (schema::version(&connection).map_err(wrong)?, newest_schema());
        if found > known {
            return Err(StoreError::Newer { path: path.to_owned(), found, known });
        }
        begin_wal(&connection).map_err(wrong)?;
        // A submit may leave only when its intent survives a power cut (law 2).
        connection.pragma_update(None, "synchronous", "FULL").map_err(wrong)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(wrong)?;
        connection.set_prepared_statement_cache_capacity(64);
        schema::migrate(&mut connection, path, schema::MIGRATIONS)?;
        connection.set_db_config(keep_log, false).map_err(wrong)?;
        Ok(Self { connection, path: path.to_owned(), left_aside: LeftAside::default() })
    }

    /// Opens the database at `path` to be looked at, where its folder can't be written.
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let wrong = |error| StoreError::opening(path, error);
        // Without a log beside it the file is all there is, and nobody can be writing it.
        let has_log = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
        let escaped: String = path
            .to_string_lossy()
            .chars()
            .map(|c| match c {
                '%' | '?' | '#' => format!("%{:02x}", u32::from(c)),
                c => c.to_string(),
            })
            .collect();
        let address = format!("file:{escaped}{}", if has_log { "" } else { "?immutable=1" });
        let connection = Connection::open_with_flags(
            address,
            OpenFlags::SQLITE_OPEN_READ_ONLY
                | OpenFlags::SQLITE_OPEN_URI
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(wrong)?;
        let (found, known) = (schema::version(&connection).map_err(wrong)?, newest_schema());
        match found {
            _ if found > known => Err(StoreError::Newer { path: path.to_owned(), found, known }),
            _ if found < known => Err(StoreError::Older { path: path.to_owned() }),
            _ => Ok(Self { connection, path: path.to_owned(), left_aside: LeftAside::default() }),
        }
    }

    /// Whether SQLite finds nothing wrong in the whole file, and no row in it would be left aside.
    pub fn is_sound(&self) -> Result<bool, StoreError> {
        let sound = backup::is_sound(&self.connection)
            .and_then(|sound| Ok(sound && self.none_is_left_aside()?));
        match sound.map_err(|error| self.wrong(error)) {
            Err(StoreError::Damaged { .. }) => Ok(false),
            outcome => outcome,
        }
    }

    /// One after the other, since all at once may be more than there is memory.
    fn none_is_left_aside(&self) -> rusqlite::Result<bool> {
        let mut statement = self.connection.prepare("SELECT id, body FROM job")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if jobs::read_job(&text(row, 0)?, &text(row, 1)?).is_err() {
                return Ok(false);
            }
        }
        let mut statement = self.connection.prepare("SELECT at_us, body FROM job_event")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if jobs::read_event(row.get(0)?, &text(row, 1)?).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A number that changes whenever another connection has committed.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|error| self.wrong(error))
    }

    pub(crate) fn wrong(&self, error: rusqlite::Error) -> StoreError {
        StoreError::using(&self.path, error)
    }
}

/// The schema that this version makes.
fn newest_schema() -> i64 {
    schema::MIGRATIONS.len() as i64
}

/// Switches a new database to write-ahead logging. Two programs that make it at once meet here, and SQLite
/// does not wait by itself for this one change.
fn begin_wal(connection: &Connection) -> rusqlite::Result<()> {
    for _ in 0..250 {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error::is_busy(&error) => std::thread::sleep(Duration::from_millis(20)),
            outcome => return outcome,
        }
    }
    connection.pragma_update(None, "journal_mode", "WAL")
}

#[cfg(test)]
mod tests;
