//! Reading what is left in a damaged database. SQLite gives up at the first page that it can't follow, and a
//! bad header hides the whole file from it; so the pages are read one by one, and every row that still reads
//! as a job or as one of its events counts. (Forms: <https://sqlite.org/fileformat2.html>.)

mod pages;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::backup::beside;
use crate::domain::event::JobEvent;
use crate::domain::job::{Job, JobId};
use crate::domain::mark::Mark;
use crate::domain::text::{clean, from_json};
use pages::{Field, Pages, Place};

/// Where the columns of `job` stand in a row.
const ID: usize = 1;
const STARRED: usize = 15;
const NOTE: usize = 16;
const BODY: usize = 19;
const WINS: usize = 20;
/// What is read into memory at most, of the database and of its log.
const MAX_BYTES: u64 = 4 << 30;

/// What can still be read of a damaged database.
#[derive(Debug)]
pub struct Salvage {
    pages: Pages,
    /// Every copy of a job's row, those of the log last.
    rows: BTreeMap<JobId, Vec<Place>>,
    /// The events by the number of their job's row, and their own.
    events: HashMap<i64, BTreeMap<i64, Place>>,
    /// The number of each job's row.
    seqs: HashMap<JobId, i64>,
}

/// What was left of one job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Salvaged {
    /// The newest copy of its row, with the marks that the user put on it.
    pub row: Option<(Job, Mark)>,
    /// Its events from the first on, as far as none is missing.
    pub events: Vec<(Timestamp, JobEvent)>,
}

impl Salvage {
    /// Reads the database at `path` and the log beside it, and changes neither.
    pub fn read(path: &Path) -> io::Result<Self> {
        let read = |path: &Path| match fs::metadata(path) {
            Ok(file) if file.len() > MAX_BYTES => {
                Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 4 GiB"))
            }
            Ok(file) if file.is_file() => fs::read(path),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Vec::new()),
        };
        Ok(Self::of(read(path)?, read(&beside(path, "-wal"))?))
    }

    /// What can be read in these bytes of a database and of its log.
    pub fn of(database: Vec<u8>, log: Vec<u8>) -> Self {
        let pages = Pages::new(database, log);
        let (mut rows, mut events) =
            (BTreeMap::<_, Vec<_>>::new(), HashMap::<_, BTreeMap<_, _>>::new());
        let mut seqs = HashMap::new();
        pages.for_each_row(|place, row_id, fields| {
            if let Some(id) = job_id(fields) {
                rows.entry(id).or_default().push(place);
                seqs.extend(row_id.map(|seq| (id, seq)));
            } else if let [
                Field::Int(seq),
                Field::Int(nr),
                Field::Int(_),
                Field::Text(_),
                Field::Text(body),
            ] = fields
                && body.starts_with('{')
            {
                events.entry(*seq).or_default().insert(*nr, place);
            }
        });
        let mut found = Self { pages, rows, events, seqs };
        found.name_orphans();
        found
    }

    /// The jobs of which something is left.
    pub fn jobs(&self) -> Vec<JobId> {
        let mut all: Vec<JobId> = self.rows.keys().chain(self.seqs.keys()).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What is left of `id`.
    pub fn job(&self, id: JobId) -> Salvaged {
        let rows = self.rows.get(&id).into_iter().flatten();
        let row = rows.filter_map(|place| self.row(*place)).filter(|(job, _)| job.id == id);
        let events = self.seqs.get(&id).and_then(|seq| self.events.get(seq));
        let events = events.into_iter().flatten().zip(1..);
        let events = events.map_while(
            |((nr, place), next)| {
                if *nr == next { self.event(*place) } else { None }
            },
        );
        let events: Vec<_> = events.collect();
        let begins = matches!(events.first(), Some((_, JobEvent::Created { job })) if job.id == id);
        Salvaged {
            // Of copies that changed at the same time, the later one.
            row: row.max_by_key(|(job, _)| job.updated_at),
            events: if begins { events } else { Vec::new() },
        }
    }

    /// Jobs whose row is lost are known by their first event.
    fn name_orphans(&mut self) {
        let known: Vec<i64> = self.seqs.values().copied().collect();
        let known: std::collections::HashSet<i64> = known.into_iter().collect();
        let orphans = self.events.iter().filter(|(seq, _)| !known.contains(seq));
        let named: Vec<(JobId, i64)> = orphans
            .filter_map(|(seq, events)| match self.event(*events.get(&1)?)?.1 {
                JobEvent::Created { job } => Some((job.id, *seq)),
                _ => None,
            })
            .collect();
        for (id, seq) in named {
            self.seqs.entry(id).or_insert(seq);
        }
    }

    fn row(&self, place: Place) -> Option<(Job, Mark)> {
        let (_, fields) = self.pages.row(place)?;
        let job = from_json(fields.get(BODY)?.text()?).ok()?;
        let starred = matches!(fields.get(STARRED), Some(Field::Int(1)));
        let note = clean(fields.get(NOTE)?.text()?);
        // A row of before there were wins ends before them.
        let wins = match fields.get(WINS) {
            Some(Field::Int(wins)) => u32::try_from(*wins).unwrap_or(0),
            _ => 0,
        };
        Some((job, Mark { starred, note, wins }))
    }

    fn event(&self, place: Place) -> Option<(Timestamp, JobEvent)> {
        let (_, fields) = self.pages.row(place)?;
        let [_, _, Field::Int(at_us), Field::Text(word), Field::Text(body)] = &fields[..] else {
            return None;
        };
        let event: JobEvent = from_json(body).ok()?;
        let at = Timestamp::from_microsecond(*at_us).ok()?;
        (event.word() == word).then_some((at, event))
    }
}

fn job_id(fields: &[Field]) -> Option<JobId> {
    let (id, body) = (fields.get(ID)?.text()?, fields.get(BODY)?.text()?);
    (id.len() == 36 && body.starts_with('{')).then(|| id.parse().ok().map(JobId)).flatten()
}
