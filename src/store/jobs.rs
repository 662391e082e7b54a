//! Jobs and their events: written together, in one transaction.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::left_aside::text;
use super::{Lease, Store, StoreError, search_text};
use crate::domain::catalog::ModelId;
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{Job, JobId, JobKind, JobState};
use crate::domain::request::ClipLength;
use crate::domain::size::Resolution;
use crate::domain::text::from_json;

impl Store {
    /// Writes all of `writes` or none. With a lease, nothing is written once another was taken.
    pub fn commit(&mut self, writes: &[Write], lease: Option<Lease>) -> Result<(), StoreError> {
        let path = self.path.clone();
        let wrong = |error| StoreError::using(&path, error);
        let transaction = begin(&mut self.connection).map_err(wrong)?;
        if let Some(lease) = lease {
            let epoch: i64 = transaction
                .query_row("SELECT epoch FROM lease", [], |row| row.get(0))
                .map_err(wrong)?;
            if epoch != lease.epoch {
                return Err(StoreError::LeaseLost);
            }
        }
        write_all(&transaction, writes).map_err(wrong)?;
        transaction.commit().map_err(wrong)
    }

    /// Writes `write` if its job still is in `state`, and returns whether it was. No other program writes
    /// between the question and the answer.
    pub fn commit_from(&mut self, state: JobState, write: &Write) -> Result<bool, StoreError> {
        let path = self.path.clone();
        let wrong = |error| StoreError::using(&path, error);
        let transaction = begin(&mut self.connection).map_err(wrong)?;
        if !is_in(&transaction, write.job.id, state).map_err(wrong)? {
            return Ok(false);
        }
        write_all(&transaction, std::slice::from_ref(write)).map_err(wrong)?;
        transaction.commit().map_err(wrong)?;
        Ok(true)
    }

    /// Every job that the driver has something to do for, oldest first.
    pub fn live_jobs(&self) -> Result<Vec<Job>, StoreError> {
        self.jobs("SELECT id, body FROM job WHERE is_live = 1 ORDER BY seq", [])
    }

    /// Every job in doubt, oldest first.
    pub fn doubted_jobs(&mut self) -> Result<Vec<Job>, StoreError> {
        self.jobs("SELECT id, body FROM job WHERE state = 'in_doubt' ORDER BY seq", [])
    }

    /// Every job that is held, oldest first.
    pub fn held_jobs(&self) -> Result<Vec<Job>, StoreError> {
        self.jobs("SELECT id, body FROM job WHERE state = 'held' ORDER BY seq", [])
    }

    /// The job of that id.
    pub fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        Ok(self.jobs("SELECT id, body FROM job WHERE id = ?1", [id.to_string()])?.pop())
    }

    /// The job of that short id, or those whose id begins with `name`, newest first, at most `limit`.
    pub fn jobs_named(&self, name: &str, limit: usize) -> Result<Vec<Job>, StoreError> {
        let prefix = name.to_ascii_lowercase();
        if prefix.is_empty() || !prefix.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
            return Ok(Vec::new());
        }
        let short = "SELECT id, body FROM job WHERE short = ?1 ORDER BY seq DESC LIMIT ?2";
        let named = self.jobs(short, params![prefix, limit as i64])?;
        if !named.is_empty() {
            return Ok(named);
        }
        let last = format!("{prefix}g");
        self.jobs(
            "SELECT id, body FROM job WHERE id >= ?1 AND id < ?2 ORDER BY seq DESC LIMIT ?3",
            params![prefix, last, limit as i64],
        )
    }

    /// The jobs that descend from `id`, oldest first.
    pub fn children(&self, id: JobId) -> Result<Vec<Job>, StoreError> {
        self.jobs("SELECT id, body FROM job WHERE parent = ?1 ORDER BY seq", [id.to_string()])
    }

    /// The jobs made since `since`, oldest first, at most `limit`.
    pub fn jobs_since(&self, since: Timestamp, limit: usize) -> Result<Vec<Job>, StoreError> {
        self.jobs(
            // Left to itself SQLite walks all jobs from the first one on, with their bodies.
            "SELECT id, body FROM job INDEXED BY job_created WHERE created_ms >= ?1
             ORDER BY created_ms, seq LIMIT ?2",
            params![since.as_millisecond(), limit as i64],
        )
    }

    /// Everything that happened to `id`, in order.
    pub fn events(&self, id: JobId) -> Result<Vec<(Timestamp, JobEvent)>, StoreError> {
        let wrong = |error| self.wrong(error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT at_us, job_event.body FROM job_event JOIN job ON job.seq = job_seq
                 WHERE job.id = ?1 ORDER BY nr",
            )
            .map_err(wrong)?;
        let rows = statement
            .query_map([id.to_string()], |row| Ok((row.get::<_, i64>(0)?, text(row, 1)?)))
            .map_err(wrong)?;
        let mut events = Vec::new();
        for row in rows {
            let (at_us, body) = row.map_err(wrong)?;
            match read_event(at_us, &body) {
                Ok(event) => events.push(event),
                Err(what) => {
                    self.left_aside.add(&id.to_string(), &format!("an event of it: {what}"))
                }
            }
        }
        Ok(events)
    }

    /// Whether the job of that id has ended; none where there is no such job.
    pub fn has_ended(&self, id: JobId) -> Result<Option<bool>, StoreError> {
        self.connection
            .prepare_cached("SELECT state FROM job WHERE id = ?1")
            .and_then(|mut statement| {
                statement.query_row([id.to_string()], |row| text(row, 0)).optional()
            })
            // A state that this version does not know is no end.
            .map(|word| word.map(|word| word.parse().is_ok_and(JobState::is_end)))
            .map_err(|error| self.wrong(error))
    }

    /// Asks whoever drives to stop `id`.
    pub fn ask_cancel(&self, id: JobId) -> Result<(), StoreError> {
        self.connection
            .execute("UPDATE job SET cancel_asked = 1 WHERE id = ?1", [id.to_string()])
            .map(drop)
            .map_err(|error| self.wrong(error))
    }

    /// The live jobs that somebody asked to stop.
    pub fn cancels_asked(&self) -> Result<Vec<Job>, StoreError> {
        self.jobs("SELECT id, body FROM job WHERE is_live = 1 AND cancel_asked = 1", [])
    }

    /// Asks whoever drives not to send `id`, if nobody asked to stop it altogether.
    pub fn ask_hold(&self, id: JobId) -> Result<(), StoreError> {
        let sql = "UPDATE job SET cancel_asked = 2 WHERE id = ?1 AND cancel_asked = 0";
        let asked = self.connection.execute(sql, [id.to_string()]);
        asked.map(drop).map_err(|error| self.wrong(error))
    }

    /// Forgets that `id` was to be held, or to be stopped although it is held: the user wants it sent.
    pub fn forget_hold(&self, id: JobId) -> Result<(), StoreError> {
        let sql = "UPDATE job SET cancel_asked = 0
                   WHERE id = ?1 AND (cancel_asked = 2 OR cancel_asked = 1 AND state = 'held')";
        let forgot = self.connection.execute(sql, [id.to_string()]);
        forgot.map(drop).map_err(|error| self.wrong(error))
    }

    /// The live jobs that somebody asked not to send.
    pub fn holds_asked(&self) -> Result<Vec<Job>, StoreError> {
        self.jobs("SELECT id, body FROM job WHERE is_live = 1 AND cancel_asked = 2", [])
    }

    /// How long the last jobs of that sort took from acceptance to the last result, as their
    /// median in milliseconds; none before the first.
    pub fn typical_render_ms(
        &self,
        model: &ModelId,
        kind: JobKind,
        resolution: Resolution,
        length: ClipLength,
    ) -> Result<Option<u64>, StoreError> {
        let wrong = |error| self.wrong(error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT render_ms FROM job WHERE model = ?1 AND kind = ?2 AND resolution = ?3
                 AND length_ms IS ?4 AND render_ms IS NOT NULL ORDER BY seq DESC LIMIT 9",
            )
            .map_err(wrong)?;
        let sort =
            params![model.to_string(), kind.word(), resolution.to_string(), length_ms(length)];
        let rows = statement.query_map(sort, |row| row.get::<_, i64>(0)).map_err(wrong)?;
        let mut all = rows.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        all.sort_unstable();
        Ok(all.get(all.len() / 2).map(|ms| (*ms).max(0) as u64))
    }

    /// The jobs that `sql` selects as `id, body`. One that can't be read is left aside, and told of by
    /// [`Store::left_aside`].
    pub(super) fn jobs<P: rusqlite::Params>(
        &self,
        sql: &str,
        params: P,
    ) -> Result<Vec<Job>, StoreError> {
        let wrong = |error| self.wrong(error);
        let mut statement = self.connection.prepare_cached(sql).map_err(wrong)?;
        let pair = |row: &Row<'_>| Ok((text(row, 0)?, text(row, 1)?));
        let rows = statement.query_map(params, pair).map_err(wrong)?;
        let mut jobs = Vec::new();
        for row in rows {
            let (id, body) = row.map_err(wrong)?;
            match read_job(&id, &body) {
                Ok(job) => jobs.push(job),
                Err(what) => self.left_aside.add(&id, &what),
            }
        }
        Ok(jobs)
    }
}

/// The job that a row says, or why it is left aside.
pub(super) fn read_job(id: &str, body: &str) -> Result<Job, String> {
    let job: Job = from_json(body).map_err(|error| error.to_string())?;
    match job.id.to_string() == id {
        true => Ok(job),
        // Whatever was stored for one of them would be stored for the other.
        false => Err(format!("it calls itself {}", job.id)),
    }
}

/// The event that a row says, or why it is left aside.
pub(super) fn read_event(at_us: i64, body: &str) -> Result<(Timestamp, JobEvent), String> {
    let at = Timestamp::from_microsecond(at_us).map_err(|error| error.to_string())?;
    Ok((at, from_json(body).map_err(|error| error.to_string())?))
}

fn insert(transaction: &Transaction<'_>, job: &Job) -> rusqlite::Result<i64> {
    let prompt = &job.request.prompt;
    transaction
        .prepare_cached(
            "INSERT INTO prompt (text, first_used_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?
        .execute(params![prompt, job.created_at.as_millisecond()])?;
    let seq = transaction
        .prepare_cached(
            "INSERT INTO job (id, created_ms, state, is_live, kind, model, resolution, length_ms,
                              prompt_id, parent, body)
             VALUES (?1, ?2, '', 1, ?3, ?4, ?5, ?6, (SELECT id FROM prompt WHERE text = ?7), ?8, '')
             RETURNING seq",
        )?
        .query_row(
            params![
                job.id.to_string(),
                job.created_at.as_millisecond(),
                job.request.kind.word(),
                job.request.model.to_string(),
                job.request.resolution.to_string(),
                length_ms(job.request.duration),
                prompt,
                job.parent.map(|parent| parent.job.to_string()),
            ],
            |row| row.get::<_, i64>(0),
        )?;
    update(transaction, job)?;
    search_text::index(transaction, seq)?;
    Ok(seq)
}

/// Whether the job of that id is in `state`.
pub(super) fn is_in(
    transaction: &Transaction<'_>,
    id: JobId,
    state: JobState,
) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM job WHERE id = ?1 AND state = ?2";
    let found: i64 =
        transaction.query_row(sql, [&id.to_string(), state.word()], |row| row.get(0))?;
    Ok(found > 0)
}

/// Begins to write: no other program does until the end.
pub(super) fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

pub(super) fn write_all(transaction: &Transaction<'_>, writes: &[Write]) -> rusqlite::Result<()> {
    for (index, write) in writes.iter().enumerate() {
        // Only the last row of a job in a batch is ever read, so only that one is written.
        let superseded = writes[index + 1..].iter().any(|later| later.job.id == write.job.id);
        let seq = match &write.event {
            JobEvent::Created { .. } => Some(insert(transaction, &write.job)?),
            _ if superseded => None,
            _ => Some(change(transaction, &write.job)?),
        };
        append(transaction, write, seq)?;
    }
    Ok(())
}

/// Updates the row, and what searching knows of it where that is different.
fn change(transaction: &Transaction<'_>, job: &Job) -> rusqlite::Result<i64> {
    let facts = || {
        transaction
            .prepare_cached("SELECT iif(is_live, '', state), seed, error FROM job WHERE id = ?1")?
            .query_row([job.id.to_string()], |row| {
                Ok((text(row, 0)?, row.get::<_, Option<i64>>(1)?, text(row, 2)?))
            })
            .optional()
    };
    let before = facts()?;
    let seq = update(transaction, job)?;
    if before != facts()? {
        search_text::index(transaction, seq)?;
    }
    Ok(seq)
}

fn update(transaction: &Transaction<'_>, job: &Job) -> rusqlite::Result<i64> {
    let error = job.error.as_ref().map(|error| format!("{} {}", error.code, error.message));
    let render_ms = job.rendered_at.zip(job.accepted_at).map(|(end, start)| {
        end.duration_since(start).as_millis().clamp(0, i128::from(i64::MAX)) as i64
    });
    let money = job.counted();
    transaction
        .prepare_cached(
            "UPDATE job SET state = ?2, is_live = ?3, seed = ?4, money_micro = ?5, render_ms = ?6,
                            error = ?7, body = ?8
             WHERE id = ?1 RETURNING seq",
        )?
        .query_row(
            params![
                job.id.to_string(),
                job.state.word(),
                job.state.is_live(),
                job.seed().and_then(|seed| i64::try_from(seed).ok()),
                money.map(|money| money.0),
                render_ms,
                error.unwrap_or_default(),
                serde_json::to_string(job).map_err(to_sql)?,
            ],
            |row| row.get::<_, i64>(0),
        )
}

fn append(transaction: &Transaction<'_>, write: &Write, seq: Option<i64>) -> rusqlite::Result<()> {
    let seq = match seq {
        Some(seq) => Some(seq),
        None => transaction
            .prepare_cached("SELECT seq FROM job WHERE id = ?1")?
            .query_row([write.job.id.to_string()], |row| row.get(0))
            .optional()?,
    };
    transaction
        .prepare_cached(
            "INSERT INTO job_event (job_seq, nr, at_us, event, body)
             SELECT ?1, coalesce(max(nr), 0) + 1, ?2, ?3, ?4 FROM job_event WHERE job_seq = ?1",
        )?
        .execute(params![
            seq,
            write.at.as_microsecond(),
            write.event.word(),
            serde_json::to_string(&write.event).map_err(to_sql)?
        ])?;
    Ok(())
}

fn to_sql(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

fn length_ms(length: ClipLength) -> Option<u32> {
    match length {
        ClipLength::Ms(ms) => Some(ms),
        ClipLength::Auto => None,
    }
}
