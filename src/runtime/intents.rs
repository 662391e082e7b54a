//! The journal of intents beside the database: a second witness of what was sent. A database can lose its
//! newest writes, by a torn log or since an older copy was put back, and then says of a job that it was never
//! sent. A line is synced here after that was committed and before the first byte leaves; whoever begins to
//! drive reads them all.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::files::{append_lines, is_a_file, ours, write_whole};
use super::images::hex;
use crate::domain::job::{Job, JobId};
use crate::domain::text::one_line;
use crate::provider::wire::HttpRequest;
use crate::store::{Store, StoreError};

/// How long an intent stays whose job has ended: an older copy of the database may be put back as late.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a driver tells of what only the journal knows.
pub(super) const TOLD_FOR: SignedDuration = KEPT;
/// The most intents that stay when somebody begins to drive; those of jobs that have ended go first.
const MAX_INTENTS: usize = 20_000;
/// What is read at most, from the end; the most intents have a sixth of it.
const MAX_BYTES: u64 = 32 << 20;
/// The longest line that is read; a real one has three hundred bytes.
const MAX_LINE_BYTES: usize = 4096;
/// How much of a model's id is shown.
const MAX_MODEL_CHARS: usize = 80;

/// That a job was about to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Intent {
    job: JobId,
    /// The idempotency key.
    key: Uuid,
    /// Which send under that key it was, counted from one.
    sends: u32,
    model: String,
    at: Timestamp,
    /// Of the request, as it left but for the account's key.
    sha256: String,
}

impl Intent {
    /// The intent to send `job` by `request`.
    pub(super) fn new(job: &Job, request: &HttpRequest, at: Timestamp) -> Self {
        let mut hash = Sha256::new();
        hash.update(&request.url);
        hash.update(b"\n");
        hash.update(&request.body);
        let model = job.request.model.to_string();
        let sha256 = hex(&hash.finalize());
        Self { job: job.id, key: job.attempt_key, sends: job.sends, model, at, sha256 }
    }

    /// Appends it to the journal at `path`. Once this returns it outlives a power cut.
    pub(super) fn append(&self, path: &Path) -> io::Result<()> {
        let mut line = serde_json::to_vec(self).map_err(io::Error::other)?;
        line.push(b'\n');
        let is_new = !path.exists();
        append_lines(path, &line)?.sync_all()?;
        if let Some(folder) = path.parent().filter(|_| is_new)
            && let Ok(folder) = File::open(folder)
        {
            folder.sync_all()?;
        }
        Ok(())
    }
}

/// What the journal tells beside a database.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// How often each key was sent.
    sends: HashMap<Uuid, u32>,
    /// The intents whose jobs the database does not have, oldest first.
    strangers: Vec<Intent>,
    /// Lines that can't be read.
    unreadable: usize,
}

impl Witness {
    /// Whether `job` was sent more often than its row says.
    pub(super) fn knows_more_than(&self, job: &Job) -> bool {
        self.sends.get(&job.attempt_key).is_some_and(|sends| *sends > job.sends)
    }

    /// What a person should know of it, in sentences. With `since` only what was sent since then: nobody is
    /// told for ever of what can't be had any more.
    pub(super) fn notes(&self, since: Option<Timestamp>) -> Vec<String> {
        let mut notes = Vec::new();
        let mut recent =
            self.strangers.iter().filter(|one| since.is_none_or(|since| one.at >= since));
        if let Some(first) = recent.next() {
            let many = recent.count();
            let (jobs, others) = match many {
                0 => ("1 job that was sent is", String::new()),
                1 => ("2 jobs that were sent are", ", and another".to_owned()),
                more => ("jobs that were sent are", format!(", and {more} others")),
            };
            let at = first.at.strftime("%Y-%m-%d %H:%M");
            notes.push(format!(
                "{jobs} not in the history ({} at {at} UTC{others}): the database is an older copy, or lost what \
                 it stored last. Nothing of it is sent again; the provider's dashboard shows what became of it",
                first.model
            ));
        }
        if self.unreadable > 0 {
            let lines = crate::words::count(self.unreadable, "line");
            notes.push(format!(
                "{lines} of rushes.sent, the journal of what was sent, can't be read; the others count"
            ));
        }
        notes
    }
}

/// What a person should know of the journal at `path` beside `store`, in sentences. Nothing is changed.
pub fn notes(path: &Path, store: &Store) -> Result<Vec<String>, StoreError> {
    match read(path) {
        Ok(journal) => Ok(sorted(journal, store)?.0.notes(None)),
        Err(error) => Ok(vec![format!("{} can't be read: {error}", path.display())]),
    }
}

/// What the journal at `path` tells whoever begins to drive `store`. What is no longer needed leaves it.
pub(super) fn begin(path: &Path, store: &Store, now: Timestamp) -> Result<Witness, IntentsError> {
    let journal = read(path)?;
    let lines = journal.intents.len() + journal.unreadable + usize::from(journal.is_torn);
    let (witness, intents) = sorted(journal, store)?;
    let kept = still_needed(intents, now);
    if kept.len() < lines {
        let lines = kept.iter().map(|intent| serde_json::to_string(intent).map(|line| line + "\n"));
        let text: Result<String, _> = lines.collect();
        // A journal that stays long is merely long.
        drop(text.map(|text| write_whole(path, text.as_bytes())));
    }
    Ok(witness)
}

/// Whether the journal at `path` knows that `job` was sent more often than its row says; an error where it can't
/// be read.
pub(super) fn knows_more_than(path: &Path, job: &Job) -> io::Result<bool> {
    let intents = read(path)?.intents;
    Ok(intents.iter().any(|one| one.key == job.attempt_key && one.sends > job.sends))
}

/// Why the journal tells nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum IntentsError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of an intent's job. In this order they are given up where there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Ended,
    /// The database does not have it.
    Stranger,
    Open,
}

/// The intents with the fate of their jobs, the newest of each key, and what they tell.
fn sorted(journal: Journal, store: &Store) -> Result<(Witness, Vec<(Fate, Intent)>), StoreError> {
    let mut newest = HashMap::<Uuid, Intent>::new();
    for intent in journal.intents {
        let known = newest.entry(intent.key).or_insert_with(|| intent.clone());
        if intent.sends > known.sends {
            *known = intent;
        }
    }
    let mut witness = Witness { unreadable: journal.unreadable, ..Witness::default() };
    let mut intents = Vec::new();
    for (key, intent) in newest {
        witness.sends.insert(key, intent.sends);
        let fate = match store.has_ended(intent.job)? {
            Some(true) => Fate::Ended,
            Some(false) => Fate::Open,
            None => Fate::Stranger,
        };
        if fate == Fate::Stranger {
            witness.strangers.push(intent.clone());
        }
        intents.push((fate, intent));
    }
    witness.strangers.sort_by_key(|intent| intent.at);
    Ok((witness, intents))
}

fn still_needed(mut intents: Vec<(Fate, Intent)>, now: Timestamp) -> Vec<Intent> {
    intents.retain(|(fate, intent)| *fate != Fate::Ended || now.duration_since(intent.at) < KEPT);
    intents.sort_by_key(|(fate, intent)| (*fate, intent.at));
    let mut kept: Vec<Intent> = intents.into_iter().map(|(_, intent)| intent).collect();
    kept.drain(..kept.len().saturating_sub(MAX_INTENTS));
    kept.sort_by_key(|intent| intent.at);
    kept
}

#[derive(Debug, Default)]
struct Journal {
    intents: Vec<Intent>,
    /// Lines that can't be read, but for a torn one at the end.
    unreadable: usize,
    /// Whether the last line was cut off as it was written: what it told of was never sent.
    is_torn: bool,
}

fn read(path: &Path) -> io::Result<Journal> {
    let mut file = match ours().read(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Journal::default()),
        outcome => outcome?,
    };
    is_a_file(&file)?;
    let skipped = file.metadata()?.len().saturating_sub(MAX_BYTES);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = BufReader::new(file).take(MAX_BYTES);
    if skipped > 0 {
        bytes.skip_until(b'\n')?;
    }
    parsed(bytes)
}

fn parsed(mut bytes: impl BufRead) -> io::Result<Journal> {
    let mut journal = Journal::default();
    let mut line = Vec::new();
    while bytes.read_until(b'\n', &mut line)? > 0 {
        let is_whole = line.pop_if(|byte| *byte == b'\n').is_some();
        let intent = (line.len() <= MAX_LINE_BYTES)
            .then(|| serde_json::from_slice::<Intent>(&line).ok())
            .flatten();
        match intent {
            Some(intent) => {
                // Anybody may have written there.
                let model = one_line(&intent.model, MAX_MODEL_CHARS);
                journal.intents.push(Intent { model, ..intent });
            }
            None if line.is_empty() => {}
            None if is_whole => journal.unreadable += 1,
            None => journal.is_torn = true,
        }
        line.clear();
    }
    Ok(journal)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::domain::event::{JobEvent, Write as Stored};
    use crate::domain::job::JobState;
    use crate::domain::sample;

    /// A data folder with a database and a journal.
    struct Folder {
        folder: tempfile::TempDir,
        store: Store,
    }

    impl Folder {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let store = Store::open(&folder.path().join("rushes.db")).expect("a database");
            Self { folder, store }
        }

        fn journal(&self) -> PathBuf {
            self.folder.path().join("rushes.sent")
        }

        fn text(&self) -> String {
            fs::read_to_string(self.journal()).unwrap_or_default()
        }

        /// Stores the job of that number as it is `state`.
        fn has(&mut self, number: u128, state: JobState) {
            let job = Job { state, ..job(number, 0) };
            let event = JobEvent::Created { job: Box::new(job.clone()) };
            self.store.commit(&[Stored { at: job.created_at, event, job }], None).expect("stored");
        }

        fn sent(&self, number: u128, sends: u32, at: Timestamp) {
            let request = HttpRequest::get("https://api.example".to_owned());
            Intent::new(&job(number, sends), &request, at)
                .append(&self.journal())
                .expect("written");
        }

        fn begin(&self, now: Timestamp) -> Witness {
            begin(&self.journal(), &self.store, now).expect("a journal")
        }
    }

    fn job(number: u128, sends: u32) -> Job {
        let model = sample::model("runware/1.0-pro");
        Job { sends, ..sample::job(number, model, sample::request(model, |_| {})) }
    }

    #[test]
    fn a_send_that_the_row_does_not_know_is_known() {
        let mut folder = Folder::new();
        folder.has(1, JobState::Queued);
        folder.sent(1, 1, sample::noon());
        folder.sent(1, 2, sample::noon());
        let witness = folder.begin(sample::noon());
        for (sends, knows_more) in [(0, true), (1, true), (2, false)] {
            assert_eq!(witness.knows_more_than(&job(1, sends)), knows_more, "{sends}");
        }
        assert!(!witness.knows_more_than(&job(2, 0)), "it was never sent");
        assert_eq!(witness.notes(None), [""; 0]);
    }

    #[test]
    fn an_intent_stays_until_its_job_has_ended_and_for_thirty_days() {
        let mut folder = Folder::new();
        folder.has(1, JobState::Succeeded);
        folder.has(2, JobState::InDoubt);
        folder.sent(1, 1, sample::noon());
        folder.sent(2, 1, sample::noon());
        folder.sent(3, 1, sample::noon());
        let day = SignedDuration::from_hours(24);
        folder.begin(sample::noon() + day * 29);
        assert_eq!(folder.text().lines().count(), 3);
        let witness = folder.begin(sample::noon() + day * 31);
        let left = folder.text();
        assert_eq!(left.lines().count(), 2, "{left}");
        assert!(!left.contains(&job(1, 0).attempt_key.to_string()), "{left}");
        // The database does not have the third at all.
        let note = &witness.notes(None)[0];
        assert!(
            note.contains("1 job that was sent is not in the history (runware/1.0-pro"),
            "{note}"
        );
        assert_eq!(witness.notes(Some(sample::noon() + day)), [""; 0], "it is not told for ever");
    }

    #[test]
    fn a_torn_line_takes_no_other_with_it_and_a_strange_one_is_said() {
        let mut folder = Folder::new();
        folder.has(1, JobState::Queued);
        folder.has(2, JobState::Queued);
        folder.sent(1, 1, sample::noon());
        let whole = folder.text();
        fs::write(folder.journal(), format!("{whole}{{\"job\":\"01")).expect("written");
        assert!(folder.begin(sample::noon()).knows_more_than(&job(1, 0)));
        fs::write(folder.journal(), format!("{whole}{{\"job\":\"01")).expect("written");
        folder.sent(2, 1, sample::noon());
        let witness = folder.begin(sample::noon());
        assert!(witness.knows_more_than(&job(1, 0)) && witness.knows_more_than(&job(2, 0)));
        assert!(witness.notes(None)[0].contains("1 line of rushes.sent"), "{witness:?}");
        assert_eq!(folder.begin(sample::noon()).notes(None), [""; 0], "once");
    }

    #[test]
    fn of_too_many_intents_the_oldest_ended_go() {
        let many = (0..MAX_INTENTS as u128 + 2).map(|number| {
            let at = sample::noon() + SignedDuration::from_secs(number as i64);
            let fate = if number.is_multiple_of(2) { Fate::Ended } else { Fate::Open };
            let request = HttpRequest::get(String::new());
            (fate, Intent::new(&job(number, 1), &request, at))
        });
        let kept = still_needed(many.collect(), sample::noon());
        assert_eq!(kept.len(), MAX_INTENTS);
        let numbers: Vec<JobId> = kept[..3].iter().map(|intent| intent.job).collect();
        assert_eq!(numbers, [1, 3, 4].map(|number| job(number, 0).id));
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_and_nobody_else_reads_it() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = Folder::new();
        folder.sent(1, 1, sample::noon());
        let mode = fs::metadata(folder.journal()).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let elsewhere = folder.folder.path().join("letter");
        fs::rename(folder.journal(), &elsewhere).expect("renamed");
        symlink(&elsewhere, folder.journal()).expect("a link");
        let request = HttpRequest::get(String::new());
        Intent::new(&job(2, 1), &request, sample::noon())
            .append(&folder.journal())
            .expect_err("it is a link");
        begin(&folder.journal(), &folder.store, sample::noon()).expect_err("it is a link");
    }

    /// Waiting for its other end would hang whoever wants to send, and what is read from it is nothing.
    #[test]
    fn a_pipe_in_the_journals_place_is_refused_at_once() {
        let folder = Folder::new();
        let path = folder.journal();
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).expect("a pipe");
        assert!(read(&path).is_err(), "it is not an empty journal");
        let model = sample::model("runware/1.0-pro");
        let job = sample::job(1, model, sample::request(model, |_| {}));
        assert!(knows_more_than(&path, &job).is_err());
    }
}
