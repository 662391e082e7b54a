//! What the sandbox keeps on disk: its journal, its address, and the clips it rendered.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::addresses::Addresses;
use super::clock::new_attempt_key;
use super::files::{append_lines, ours, write_whole};
use super::private::make_folder;
use crate::sandbox::Record;
use crate::sandbox::clip::Container;

/// Clips are kept a day longer than their tasks.
const KEEP_CLIPS: Duration = Duration::from_secs(9 * 24 * 3600);
/// Stored media are known for 30 days after their last use; how old a file is says nothing of that, so
/// it is kept much longer.
const KEEP_MEDIA: Duration = Duration::from_secs(365 * 24 * 3600);
/// A journal of this length is shortened at the next start.
const LONG_JOURNAL_BYTES: u64 = 4 << 20;
/// A journal line can't be longer: prompts are bounded.
const MAX_LINE_BYTES: usize = 1 << 20;

/// The sandbox's folder.
#[derive(Clone, Debug)]
pub(super) struct SandboxFiles {
    folder: PathBuf,
}

impl SandboxFiles {
    /// The folder, made where there is none.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        make_folder(&folder.join("files"))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The file whose lock makes one process the sandbox's host.
    pub(super) fn lock(&self) -> io::Result<File> {
        ours()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(self.folder.join("host.lock"))
    }

    /// The key of this folder's sandbox, the same for every process; made where there is none. Only who
    /// can read the folder has it.
    pub(super) fn key(&self) -> io::Result<String> {
        let path = self.folder.join("key");
        let read = || fs::read_to_string(&path).map(|key| key.trim().to_owned());
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            known => return known,
        }
        // Under its name it is whole, whoever is first.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        write!(file, "{}", new_attempt_key().simple())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&path) {
            Err(lost) if lost.error.kind() != io::ErrorKind::AlreadyExists => Err(lost.error),
            _ => read(),
        }
    }

    /// `address:port` of the last host.
    pub(super) fn address(&self) -> Option<String> {
        let text = fs::read_to_string(self.folder.join("address")).ok()?;
        Some(text.trim().to_owned())
    }

    pub(super) fn set_address(&self, address: &str) -> io::Result<()> {
        write_whole(&self.folder.join("address"), address.as_bytes())
    }

    /// The journal's records in order. A line that was cut by a crash, or is damaged, is passed over.
    pub(super) fn journal(&self) -> io::Result<Vec<Record>> {
        let file = match File::open(self.folder.join("journal.jsonl")) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut records = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            if line.len() <= MAX_LINE_BYTES
                && let Ok(record) = serde_json::from_slice(&line)
            {
                records.push(record);
            }
        }
        let addresses = self.addresses();
        for record in &mut records {
            let Record::Accepted(accepted) = record else { continue };
            let mut wanted = accepted.order.wishes.addresses_mut().peekable();
            if wanted.peek().is_none() {
                continue;
            }
            let whole = addresses.of(accepted.task);
            for address in wanted {
                if let Some(Ok(known)) = whole.get(&address.to_string()).map(|text| text.parse()) {
                    *address = known;
                }
            }
        }
        Ok(records)
    }

    /// The whole of the addresses that results are sent to, for as long as that is to be done.
    pub(super) fn addresses(&self) -> Addresses {
        Addresses::new(self.folder.join("addresses"))
    }

    /// Appends to the journal, so that the sandbox's jobs outlive this process.
    pub(super) fn append(&self, records: &[Record]) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        for record in records {
            if let Record::Accepted(accepted) = record {
                let kept = self.addresses().keep(accepted.task, accepted.order.wishes.addresses());
                kept.map_err(io::Error::other)?;
            }
            if let Record::Stored { media, kind, content, .. } = record
                && !content.is_empty()
            {
                write_whole(&self.media(*media, kind), content)?;
            }
        }
        append_lines(&self.folder.join("journal.jsonl"), &lines(records)?).map(drop)
    }

    /// Puts the shortest journal in the place of one that has grown long.
    pub(super) fn shorten(&self, shortest: impl FnOnce() -> Vec<Record>) -> io::Result<()> {
        let path = self.folder.join("journal.jsonl");
        let length = fs::metadata(&path).map_or(0, |meta| meta.len());
        if length > LONG_JOURNAL_BYTES { write_whole(&path, &lines(&shortest())?) } else { Ok(()) }
    }

    /// Where a clip is kept.
    pub(super) fn clip(&self, video: Uuid, container: Container) -> PathBuf {
        self.folder.join("files").join(format!("{video}.{}", container.extension()))
    }

    /// Where a file that a client stored is kept.
    pub(super) fn media(&self, media: Uuid, kind: &str) -> PathBuf {
        self.folder.join("files").join(format!("{media}.{kind}"))
    }

    pub(super) fn keep_clip(
        &self,
        video: Uuid,
        container: Container,
        clip: &[u8],
    ) -> io::Result<()> {
        write_whole(&self.clip(video, container), clip)
    }

    /// Removes clips that are past their time. What can't be removed stays.
    pub(super) fn remove_old_clips(&self, now: SystemTime) {
        for entry in fs::read_dir(self.folder.join("files")).into_iter().flatten().flatten() {
            let age =
                entry.metadata().and_then(|meta| meta.modified()).map(|at| now.duration_since(at));
            let path = entry.path();
            let is_clip = path.extension().is_some_and(|kind| kind == "mp4" || kind == "mov");
            let kept = if is_clip { KEEP_CLIPS } else { KEEP_MEDIA };
            if matches!(age, Ok(Ok(age)) if age > kept) {
                drop(fs::remove_file(path));
            }
        }
    }
}

/// Records as the lines of a journal.
fn lines(records: &[Record]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::MicroUsd;

    #[test]
    fn a_cut_line_does_not_take_the_next_record_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = SandboxFiles::open(folder.path()).expect("its files");
        let record = |tasks| Record::Earlier { tasks, billed: MicroUsd::ZERO };
        files.append(&[record(1)]).expect("kept");
        let path = folder.path().join("journal.jsonl");
        let mut content = fs::read(&path).expect("a journal");
        content.extend(b"{\"record\":\"earlier\",\"ta");
        fs::write(&path, content).expect("cut");
        files.append(&[record(2)]).expect("kept");
        assert_eq!(files.journal().expect("read"), [record(1), record(2)]);
    }

    #[test]
    fn a_journal_that_has_grown_long_is_shortened() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = SandboxFiles::open(folder.path()).expect("files");
        let record = || Record::Earlier { tasks: 1, billed: MicroUsd(7) };
        let many: Vec<Record> = std::iter::repeat_with(record).take(200_000).collect();
        files.append(&many[..10]).expect("kept");
        files.shorten(Vec::new).expect("left as it is");
        assert_eq!(files.journal().expect("a journal").len(), 10);
        files.append(&many).expect("kept");
        files.shorten(|| vec![record()]).expect("shortened");
        assert_eq!(files.journal().expect("a journal"), [record()]);
    }
}
