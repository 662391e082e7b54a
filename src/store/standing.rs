//! What a job is held against, read in the transaction that has it sent.

use jiff::Timestamp;
use rusqlite::{Connection, Params, Transaction, params};

use super::jobs::{begin, is_in, read_job, write_all};
use super::left_aside::text;
use super::{Store, StoreError};
use crate::domain::event::Write;
use crate::domain::job::{Job, JobId, JobState};
use crate::domain::money::MicroUsd;
use crate::domain::text::clean;

/// What is stored already and may speak against sending one more job.
#[derive(Debug)]
pub struct Standing {
    /// What the jobs of the last time cost or may cost, model by model.
    pub spent: Vec<(String, MicroUsd)>,
    /// The other jobs that have not ended, and those made of the same draft.
    pub jobs: Vec<Job>,
    /// The ids of jobs whose rows can't be read, and which may be the final that this one is.
    pub unread_finals: Vec<String>,
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
        let taken = "SELECT EXISTS (SELECT 1 FROM job WHERE short = ?1)";
        let short = [write.job.id.short()];
        if transaction.query_row(taken, short, |row| row.get::<_, bool>(0)).map_err(wrong)? {
            return Err(StoreError::IdTaken);
        }
        commit_allowed(transaction, write, since, allows).map_err(wrong)
    }

    /// The same for `write` which releases its job; nothing where that is not held any more.
    pub fn commit_released<E>(
        &mut self,
        write: &Write,
        since: Timestamp,
        allows: impl FnOnce(Standing) -> Result<(), E>,
    ) -> Result<Option<Result<(), E>>, StoreError> {
        let path = self.path.clone();
        let wrong = |error| StoreError::using(&path, error);
        let transaction = begin(&mut self.connection).map_err(wrong)?;
        if !is_in(&transaction, write.job.id, JobState::Held).map_err(wrong)? {
            return Ok(None);
        }
        commit_allowed(transaction, write, since, allows).map(Some).map_err(wrong)
    }

    /// The jobs that count toward money since `since`, oldest first, at most `limit` of them.
    pub fn jobs_counted(&self, since: Timestamp, limit: usize) -> Result<Vec<Job>, StoreError> {
        let sql =
            format!("SELECT id, body FROM job WHERE seq IN ({COUNTED}) ORDER BY seq LIMIT ?2");
        self.jobs(&sql, params![since.as_microsecond(), limit as i64])
    }

    /// What the jobs under way and those made or sent since `since` were charged, or may be, by model; of those that
    /// were stored before `job`.
    pub fn spent_before(
        &self,
        job: JobId,
        since: Timestamp,
    ) -> Result<Vec<(String, MicroUsd)>, StoreError> {
        spent(&self.connection, since, Some(job)).map_err(|error| self.wrong(error))
    }
}

fn commit_allowed<E>(
    transaction: Transaction<'_>,
    write: &Write,
    since: Timestamp,
    allows: impl FnOnce(Standing) -> Result<(), E>,
) -> rusqlite::Result<Result<(), E>> {
    if let Err(refusal) = allows(standing(&transaction, &write.job, since)?) {
        return Ok(Err(refusal));
    }
    write_all(&transaction, std::slice::from_ref(write))?;
    transaction.commit()?;
    Ok(Ok(()))
}

fn standing(
    transaction: &Transaction<'_>,
    job: &Job,
    since: Timestamp,
) -> rusqlite::Result<Standing> {
    // The index has every state, so that the bodies of what has ended are not touched.
    let open = "SELECT id, body FROM job WHERE seq IN
                (SELECT seq FROM job WHERE is_live = 1
                 UNION SELECT seq FROM job INDEXED BY job_facts WHERE state = 'in_doubt')";
    // One that can't be read is nobody's twin: else nothing could be submitted beside it.
    let (mut jobs, _) = read(transaction, open, [])?;
    let mut unread_finals = Vec::new();
    if let Some(draft_id) = &job.request.draft_id {
        // Of a body that is no JSON the columns beside it tell.
        let made = "SELECT id, body FROM job
                    WHERE kind = 'final' AND resolution = ?1 AND state NOT IN ('failed', 'canceled', 'expired')
                      AND iif(json_valid(body), body ->> '$.request.draft_id' = ?2, parent = ?3)";
        let parent = job.parent.map(|parent| parent.job.to_string());
        let made_of = params![job.request.resolution.to_string(), draft_id, parent];
        let (finals, unread) = read(transaction, made, made_of)?;
        let is_new = |one: &Job| jobs.iter().all(|job| job.id != one.id);
        let finals: Vec<Job> = finals.into_iter().filter(is_new).collect();
        jobs.extend(finals);
        unread_finals = unread;
    }
    jobs.retain(|other| other.id != job.id);
    Ok(Standing { spent: spent(transaction, since, None)?, jobs, unread_finals })
}

/// The jobs that `sql` selects as `id, body`, and the ids of those that can't be read.
fn read(
    transaction: &Transaction<'_>,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<(Vec<Job>, Vec<String>)> {
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| Ok((text(row, 0)?, text(row, 1)?)))?;
    let (mut jobs, mut unread) = (Vec::new(), Vec::new());
    for row in rows {
        let (id, body) = row?;
        match read_job(&id, &body) {
            Ok(job) => jobs.push(job),
            Err(_) => unread.push(clean(&id)),
        }
    }
    Ok((jobs, unread))
}

/// The jobs that count toward money since `?1`, in microseconds: made or sent since then, or under way.
const COUNTED: &str = "SELECT seq FROM job INDEXED BY job_created WHERE created_ms >= ?1 / 1000
                       UNION SELECT job_seq FROM job_event INDEXED BY job_event_sent WHERE event = 'sent' AND at_us >= ?1
                       UNION SELECT seq FROM job WHERE is_live = 1";

/// What the jobs under way and those made or sent since `since` were charged, or may be, by model; where `before` is
/// a job, of those that were stored before it.
fn spent(
    connection: &Connection,
    since: Timestamp,
    before: Option<JobId>,
) -> rusqlite::Result<Vec<(String, MicroUsd)>> {
    let mut statement = connection.prepare_cached(
        // A row of an earlier version, or of somebody else, may have less than nothing there, or more than all
        // money: a sum that overflows would refuse every job.
        &format!(
            "SELECT model, coalesce(sum(min(max(money_micro, 0), 1000000000000)), 0) FROM job
             WHERE seq IN ({COUNTED}) AND (?2 IS NULL OR seq < (SELECT seq FROM job WHERE id = ?2))
             GROUP BY model"
        ),
    )?;
    let before = before.map(|job| job.to_string());
    let rows = statement.query_map(params![since.as_microsecond(), before], |row| {
        Ok((clean(&text(row, 0)?), MicroUsd(row.get(1)?)))
    })?;
    rows.collect()
}
