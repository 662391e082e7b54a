//! The only user of SQLite: schema, jobs, history search, lease. Takes and gives domain values.
//!
//! Must never contain policy: what to store is decided by the engine, what to search by the user.

mod error;
mod history;
mod jobs;
mod lease;
mod marks;
mod schema;
mod search_text;

pub use error::StoreError;
pub use lease::Lease;
pub use marks::Mark;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// One open database. Every method blocks, so it lives on a thread of its own.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the database at `path`, making or migrating it as needed. A damaged one is left as it is.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let wrong = |error| StoreError::opening(path, error);
        let mut connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(wrong)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(wrong)?;
        begin_wal(&connection).map_err(wrong)?;
        // A submit may leave only when its intent survives a power cut (law 2).
        connection.pragma_update(None, "synchronous", "FULL").map_err(wrong)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(wrong)?;
        connection.set_prepared_statement_cache_capacity(64);
        schema::migrate(&mut connection, path)?;
        Ok(Self { connection, path: path.to_owned() })
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
