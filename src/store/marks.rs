//! What the user puts on a job: a star, a note with its tags, and the comparisons that it won.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, ToSql, TransactionBehavior, params};

use super::left_aside::text;
use super::{Store, StoreError, search_text};
use crate::domain::job::JobId;
use crate::domain::mark::Mark;
use crate::domain::text::{clean, tags};

impl Store {
    /// Stars `id`, or takes the star away.
    pub fn set_star(&mut self, id: JobId, starred: bool) -> Result<(), StoreError> {
        let sql = "UPDATE job SET starred = ?2 WHERE id = ?1 RETURNING seq";
        self.mark(sql, params![id.to_string(), starred])
    }

    /// Keeps a note on `id`; its `#words` are the job's tags.
    pub fn set_note(&mut self, id: JobId, note: &str) -> Result<(), StoreError> {
        let tags = tags(note).join(" ");
        let sql = "UPDATE job SET note = ?2, tags = ?3 WHERE id = ?1 RETURNING seq";
        self.mark(sql, params![id.to_string(), note, tags])
    }

    /// Counts a comparison that `id` won, or takes one back, and stars it or takes the star away.
    pub fn count_win(&mut self, id: JobId, won: bool, starred: bool) -> Result<(), StoreError> {
        let sql =
            "UPDATE job SET wins = max(wins + ?2, 0), starred = ?3 WHERE id = ?1 RETURNING seq";
        self.mark(sql, params![id.to_string(), if won { 1 } else { -1 }, starred])
    }

    /// Puts `mark` on a job that was brought back.
    pub fn restore_mark(&mut self, id: JobId, mark: &Mark) -> Result<(), StoreError> {
        let tags = tags(&mark.note).join(" ");
        let sql = "UPDATE job SET starred = ?2, note = ?3, tags = ?4, wins = ?5 WHERE id = ?1 RETURNING seq";
        self.mark(sql, params![id.to_string(), mark.starred, mark.note, tags, mark.wins])
    }

    /// Changes a mark together with what searching knows of it. A job that is gone is no trouble.
    fn mark(&mut self, sql: &str, values: &[&dyn ToSql]) -> Result<(), StoreError> {
        let path = self.path.clone();
        let mut write = || {
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let seq = transaction.query_row(sql, values, |row| row.get(0)).optional()?;
            if let Some(seq) = seq {
                search_text::index(&transaction, seq)?;
            }
            transaction.commit()
        };
        write().map_err(|error| StoreError::using(&path, error))
    }

    /// The marks of those of `ids` that have any.
    pub fn marks(&self, ids: &[JobId]) -> Result<HashMap<JobId, Mark>, StoreError> {
        let wrong = |error| self.wrong(error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT starred, note, wins FROM job
                 WHERE id = ?1 AND (starred = 1 OR note <> '' OR wins > 0)",
            )
            .map_err(wrong)?;
        let mut marks = HashMap::new();
        for id in ids {
            let mut rows = statement.query([id.to_string()]).map_err(wrong)?;
            if let Some(row) = rows.next().map_err(wrong)? {
                let starred = row.get::<_, i64>(0).map_err(wrong)? == 1;
                let wins = u32::try_from(row.get::<_, i64>(2).map_err(wrong)?).unwrap_or(0);
                let note = clean(&text(row, 1).map_err(wrong)?);
                marks.insert(*id, Mark { starred, note, wins });
            }
        }
        Ok(marks)
    }
}
