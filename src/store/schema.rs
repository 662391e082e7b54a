//! The schema, as a list of migrations. One that was released is never edited: a change is a new one.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::backup::back_up;
use super::{StoreError, search_text};

/// Each takes the schema from its place in the list to the next.
pub(super) const MIGRATIONS: &[&str] = &["
CREATE TABLE prompt (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE,
    first_used_ms INTEGER NOT NULL
) STRICT;

-- The columns beside `body` are copies of what it says, for searching and sorting.
CREATE TABLE job (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    is_live INTEGER NOT NULL,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    resolution TEXT NOT NULL,
    length_ms INTEGER,
    prompt_id INTEGER NOT NULL REFERENCES prompt (id),
    seed INTEGER,
    money_micro INTEGER,
    render_ms INTEGER,
    parent TEXT,
    cancel_asked INTEGER NOT NULL DEFAULT 0,
    starred INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    body TEXT NOT NULL
) STRICT;
CREATE INDEX job_live ON job (is_live) WHERE is_live = 1;
CREATE INDEX job_parent ON job (parent) WHERE parent IS NOT NULL;
CREATE INDEX job_created ON job (created_ms);
CREATE INDEX job_money ON job (money_micro);
-- What a search compares beside words: a walk over it never touches the bodies.
CREATE INDEX job_facts ON job (seq, created_ms, money_micro, state);
CREATE INDEX job_render ON job (model, kind, resolution, length_ms, seq) WHERE render_ms IS NOT NULL;

CREATE TABLE job_event (
    job_seq INTEGER NOT NULL REFERENCES job (seq),
    nr INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job_seq, nr)
) STRICT, WITHOUT ROWID;

-- Terms are made by `search_text`, which knows words of one and two characters too.
CREATE VIRTUAL TABLE job_text USING fts5 (
    terms, content = '', contentless_delete = 1, tokenize = 'ascii'
);

CREATE TABLE lease (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,
    holder TEXT NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT;
", "
ALTER TABLE job ADD COLUMN wins INTEGER NOT NULL DEFAULT 0;
", "
-- What people call a job by. It is computed, so that no row can lack it.
ALTER TABLE job ADD COLUMN short TEXT GENERATED ALWAYS AS (substr(id, -10)) VIRTUAL;
CREATE INDEX job_short ON job (short);
", "
-- When money went out: a job that was held may be sent days after it was made.
CREATE INDEX job_event_sent ON job_event (at_us) WHERE event = 'sent';
", "
-- Searching compares in another form from here on: `migrate` makes the terms anew.
INSERT INTO job_text (job_text) VALUES ('delete-all');
"];

/// The schema whose terms are those of `search_text`.
const NEWEST_TERMS: i64 = 5;

/// Brings the schema from the version it has to the end of `migrations`, in one transaction, after a copy of
/// what was there is safe. A database from beyond their end is refused before anything is written.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), StoreError> {
    let known = migrations.len() as i64;
    let wrong = |error| StoreError::using(path, error);
    let found = version(connection).map_err(wrong)?;
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    if found == known {
        return Ok(());
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(wrong)?;
    // Another program may have migrated while this one waited for its turn.
    let found = version(&transaction).map_err(wrong)?.clamp(0, known);
    if (1..known).contains(&found) {
        back_up(path, found)?;
    }
    for migration in &migrations[found as usize..] {
        transaction.execute_batch(migration).map_err(wrong)?;
    }
    if found < NEWEST_TERMS && known >= NEWEST_TERMS {
        search_text::rebuild(&transaction).map_err(wrong)?;
    }
    transaction.pragma_update(None, "user_version", known).map_err(wrong)?;
    transaction.commit().map_err(wrong)
}

/// The schema's version.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
