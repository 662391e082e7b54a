//! What a new job is held against, read in the transaction that stores it.

use jiff::Timestamp;
use rusqlite::{Connection, Params, Transaction, params};

use super::jobs::{begin, write_all};
use super::left_aside::text;
use super::{Store, StoreError};
use crate::domain::event::Write;
use crate::domain::job::Job;
use crate::domain::money::MicroUsd;
use crate::domain::text::{clean, from_json};

/// What is stored already and may speak against one more job.
#[derive(Debug)]
pub struct Standing {
    /// What the jobs of the last time cost or may cost, model by model.
    pub spent: Vec<(String, MicroUsd)>,
    /// The jobs that have not ended, and those made of the same draft.
    pub jobs: Vec<Job>,
}

impl Store {
    /// Writes the new job of `write` if `allows` does, which is told how things stand: of money, since `since`.
    /// No other program writes between the question and the answer.
    pub fn commit_if<E>(
        &mut self,
        write: &Write,
        since: Timestamp,
        allows: impl FnOnce(Standing) -> Result<(), E>,
    ) -> Result<Result<(), E>, StoreError> {
        let path = self.path.clone();
        let wrong = |error| StoreError::using(&path, error);
        let transaction = begin(&mut self.connection).map_err(wrong)?;
        let standing = standing(&transaction, &write.job, since).map_err(wrong)?;
        if let Err(refusal) = allows(standing) {
            return Ok(Err(refusal));
        }
        write_all(&transaction, std::slice::from_ref(write)).map_err(wrong)?;
        transaction.commit().map_err(wrong)?;
        Ok(Ok(()))
    }
}

fn standing(
    transaction: &Transaction<'_>,
    job: &Job,
    since: Timestamp,
) -> rusqlite::Result<Standing> {
    // The index has every state, so that the bodies of what has ended are not touched.
    let open = "SELECT body FROM job WHERE seq IN
                (SELECT seq FROM job WHERE is_live = 1
                 UNION SELECT seq FROM job INDEXED BY job_facts WHERE state = 'in_doubt')";
    let mut jobs = bodies(transaction, open, [])?;
    if let Some(draft_id) = &job.request.draft_id {
        let made =
            "SELECT body FROM job WHERE kind = 'final' AND is_live = 0 AND state <> 'in_doubt'
                    AND iif(json_valid(body), body ->> '$.request.draft_id', NULL) = ?1";
        jobs.extend(bodies(transaction, made, [draft_id])?);
    }
    Ok(Standing { spent: spent_since(transaction, since)?, jobs })
}

/// The jobs that `sql` selects the bodies of. One that can't be read speaks against nothing.
fn bodies(
    transaction: &Transaction<'_>,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<Vec<Job>> {
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| text(row, 0))?;
    let mut jobs = Vec::new();
    for body in rows {
        jobs.extend(from_json::<Job>(&body?).ok());
    }
    Ok(jobs)
}

/// What the jobs made since `since` were charged, or may be, by model.
pub(super) fn spent_since(
    transaction: &Connection,
    since: Timestamp,
) -> rusqlite::Result<Vec<(String, MicroUsd)>> {
    let mut statement = transaction.prepare_cached(
        // A row of an earlier version, or of somebody else, may have less than nothing there, or more than all
        // money: a sum that overflows would refuse every job.
        "SELECT model, coalesce(sum(min(max(money_micro, 0), 1000000000000)), 0) FROM job INDEXED BY job_created
         WHERE created_ms >= ?1 GROUP BY model",
    )?;
    let rows = statement.query_map(params![since.as_millisecond()], |row| {
        Ok((clean(&text(row, 0)?), MicroUsd(row.get(1)?)))
    })?;
    rows.collect()
}
