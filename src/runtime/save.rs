//! Saving a result: to `.part`, synced, hashed, read for its facts, renamed (law 4).

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use hyper::body::Bytes;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use super::clock::new_dice_seed;
use super::exchange::SendError;
use super::files::{parts_of, put_in_place};
use super::http::{Transport, described, step_timeout};
use super::images::hex;
use super::places::Places;
use super::sidecar;
use crate::domain::job::{Charged, ClipFile, ClipSummary, FailureClass, Job, JobError, Output};
use crate::domain::outcome::SaveTrouble;
use crate::media::mp4;

/// The largest file that is taken.
const MAX_CLIP_BYTES: u64 = 2 << 30;
/// So much must come in every step of a transfer: a thousandth of what a slow line gives.
const STEP_BYTES: u64 = 16 << 10;
/// A file that was cut so often is kept as it is: there is no other, and it was paid for.
const MAX_CUTS: u32 = 4;
/// Progress is told again after this many bytes.
const PROGRESS_STEP_BYTES: u64 = 256 << 10;

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is here.
    pub bytes: u64,
    /// What the service announced.
    pub total: Option<u64>,
}

/// The transfer of one file, as far as it can be judged by its numbers.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    progress: Progress,
}

impl Transfer {
    /// The service answered `status` and announced so many bytes; an error where no file follows.
    pub fn begin(status: u16, total: Option<u64>) -> Result<Self, SaveTrouble> {
        if !(200..300).contains(&status) {
            return Err(refused(status));
        }
        let transfer = Self { progress: Progress { bytes: 0, total } };
        transfer.check_size(total.unwrap_or(0))?;
        Ok(transfer)
    }

    /// So many bytes more came; an error where the file is larger than any clip.
    pub fn take(&mut self, bytes: usize) -> Result<(), SaveTrouble> {
        self.progress.bytes += bytes as u64;
        self.check_size(self.progress.bytes)
    }

    /// Nothing more comes; an error where that is not the whole file.
    pub fn end(self) -> Result<Progress, SaveTrouble> {
        let Progress { bytes, total } = self.progress;
        if bytes == 0 || total.is_some_and(|total| total != bytes) {
            return Err(provider("truncated", format!("only {bytes} bytes of the file came")));
        }
        Ok(self.progress)
    }

    fn check_size(self, bytes: u64) -> Result<(), SaveTrouble> {
        match bytes > MAX_CLIP_BYTES {
            true => Err(provider("tooLarge", "the file is larger than 2 GiB".to_owned())),
            false => Ok(()),
        }
    }
}

/// Fetches `output`, which is result `index` of `job`, and keeps it under a name of its own.
pub(super) async fn save(
    transport: &Transport,
    places: &Places,
    job: &Job,
    index: usize,
    output: &Output,
    mut told: impl FnMut(Progress),
) -> Result<ClipFile, SaveTrouble> {
    let mut reply = transport.fetch(&output.url).await.map_err(network)?;
    let mut transfer = Transfer::begin(reply.status().as_u16(), reply.content_length())?;
    let path = clip_path(job, index);
    let full = places.clip(&path);
    let (mut file, part) = create(&full, new_dice_seed()).map_err(disk)?;
    let mut hash = Sha256::new();
    let mut last_told = 0;
    let (mut step_ends, mut step_bytes) = (Instant::now() + step_timeout(), STEP_BYTES);
    while let Some(chunk) = next_chunk(&mut reply, step_ends).await? {
        transfer.take(chunk.len())?;
        file.write_all(&chunk).map_err(disk)?;
        hash.update(&chunk);
        let bytes = transfer.progress.bytes;
        if bytes >= step_bytes {
            (step_ends, step_bytes) = (Instant::now() + step_timeout(), bytes + STEP_BYTES);
        }
        if bytes - last_told >= PROGRESS_STEP_BYTES {
            last_told = bytes;
            told(transfer.progress);
        }
    }
    let progress = transfer.end()?;
    told(progress);
    let sha256 = hex(&hash.finalize());
    let job = job.clone();
    let kept = tokio::task::spawn_blocking(move || {
        keep(file, &part, &full, path, progress.bytes, sha256, &job, index)
    });
    kept.await.unwrap_or_else(|_| Err(provider("internal", "saving the file broke off".to_owned())))
}

/// The next bytes, which must come before the step ends: a transfer that goes on for ever would keep others
/// from their turn.
async fn next_chunk(
    reply: &mut reqwest::Response,
    step_ends: Instant,
) -> Result<Option<Bytes>, SaveTrouble> {
    let message = match timeout_at(step_ends, reply.chunk()).await {
        Ok(Ok(chunk)) => return Ok(chunk),
        Ok(Err(error)) => described(&error),
        Err(_) => "the file comes too slowly".to_owned(),
    };
    Err(network(SendError { never_arrived: false, message }))
}

#[expect(
    clippy::too_many_arguments,
    reason = "the end of one function, moved to a blocking thread"
)]
fn keep(
    mut file: File,
    part: &Path,
    full: &Path,
    path: String,
    bytes: u64,
    sha256: String,
    job: &Job,
    index: usize,
) -> Result<ClipFile, SaveTrouble> {
    file.sync_all().map_err(disk)?;
    let facts = facts(&mut file, bytes)?;
    // Not every reply says how long it is, and not every one that does is right.
    if job.download_tries < MAX_CUTS && mp4::is_cut(&mut file, bytes) {
        return Err(truncated(bytes));
    }
    drop(file);
    let clip = ClipFile { path, bytes, sha256, facts };
    let mut job = job.clone();
    if let Some(output) = job.outputs.get_mut(index) {
        output.file = Some(clip.clone());
    }
    sidecar::write(full, &job, index, &clip).map_err(disk)?;
    put_in_place(part, full).map_err(disk)?;
    Ok(clip)
}

/// An empty `.part` of its own for `full`: two drivers that meet in spite of lock and lease must not write
/// into one file. Those that earlier transfers left behind go; one that is still being written can then
/// not take the name any more, and is fetched again.
fn create(full: &Path, number: u64) -> io::Result<(File, PathBuf)> {
    fs::create_dir_all(full.parent().unwrap_or(full))?;
    for other in parts_of(full)? {
        fs::remove_file(other)?;
    }
    let name = full.file_name().unwrap_or_default().to_string_lossy();
    let part = full.with_file_name(format!("{name}.{number:016x}.part"));
    Ok((File::options().read(true).write(true).create_new(true).open(&part)?, part))
}

/// What the file says of itself; none for a WebM, which is kept unread. Anything that is no video at
/// all, such as an error page, is not kept.
fn facts(file: &mut File, bytes: u64) -> Result<Option<ClipSummary>, SaveTrouble> {
    let mut head = [0; 12];
    file.seek(SeekFrom::Start(0)).map_err(disk)?;
    let read = io::Read::read(file, &mut head).map_err(disk)?;
    if head[..read].starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(0)).map_err(disk)?;
    match mp4::facts(file, bytes) {
        Ok(facts) => Ok(Some(ClipSummary {
            width_px: facts.width_px,
            height_px: facts.height_px,
            duration_ms: facts.duration_ms,
            video_codec: facts.video_codec,
            audio_codec: facts.audio_codec,
        })),
        // A real clip that our reader can't follow was paid for all the same.
        Err(_) if head.get(4..8) == Some(b"ftyp") => Ok(None),
        Err(_) => Err(provider("notAVideo", "what came is not a video".to_owned())),
    }
}

/// `clips/2026-11-21/moonlit-clocktower-market-chase-019a….mp4`: the day, the prompt's first words
/// for people, and the job's id, so that no two jobs can meet.
pub fn clip_path(job: &Job, index: usize) -> String {
    let day = job.created_at.strftime("%Y-%m-%d");
    let words: Vec<String> = job
        .request
        .prompt
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(4)
        .map(|word| word.chars().take(16).collect::<String>().to_lowercase())
        .collect();
    let number = if job.request.results > 1 { format!("-{}", index + 1) } else { String::new() };
    let extension = job.request.format.map_or("mp4", |format| format.extension());
    let name: PathBuf = format!("{}-{}{number}.{extension}", words.join("-"), job.id).into();
    format!("clips/{day}/{}", name.display().to_string().trim_start_matches('-'))
}

fn refused(status: u16) -> SaveTrouble {
    let gone = matches!(status, 401 | 403 | 404 | 410);
    let message = format!("the file's address answers {status}");
    let class = if gone { FailureClass::Expired } else { FailureClass::Provider };
    SaveTrouble {
        error: JobError::ours(class, &format!("http{status}"), message, Charged::Charged),
        gone,
    }
}

/// The connection broke.
pub fn network(error: SendError) -> SaveTrouble {
    SaveTrouble {
        error: JobError::ours(FailureClass::Network, "download", error.message, Charged::Charged),
        gone: false,
    }
}

fn truncated(bytes: u64) -> SaveTrouble {
    provider("truncated", format!("the file is cut off: only {bytes} bytes of the file came"))
}

fn provider(code: &str, message: String) -> SaveTrouble {
    SaveTrouble {
        error: JobError::ours(FailureClass::Provider, code, message, Charged::Charged),
        gone: false,
    }
}

/// This machine could not keep the file.
pub fn disk(error: io::Error) -> SaveTrouble {
    let message = format!("the clip can't be written to the data folder: {error}");
    SaveTrouble {
        error: JobError::ours(FailureClass::Disk, "disk", message, Charged::Charged),
        gone: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobId;
    use crate::domain::sample;

    #[test]
    fn a_clip_s_name_leads_back_to_its_job() {
        let model = sample::model("sandbox/1.5-pro");
        for (prompt, results) in [("A red fox!", 1), ("夜市 3-0-1", 4), ("……", 1)] {
            let request = sample::request(model, |choices| {
                (choices.prompt, choices.results) = (prompt.to_owned(), Some(results));
            });
            let job = sample::job(7, model, request);
            let path = clip_path(&job, 2);
            assert_eq!(JobId::of_clip(&path), Some(job.id), "{path}");
        }
        for other in ["fox.mp4", "clips/x/fox-1.mp4", "狐狐狐狐狐狐狐狐狐狐狐狐狐.mp4", "", "/"]
        {
            assert_eq!(JobId::of_clip(other), None, "{other}");
        }
    }

    #[test]
    fn two_transfers_of_one_clip_never_write_into_one_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let full = folder.path().join("day").join("fox.mp4");
        let (mut first, first_part) = create(&full, 1).expect("a file");
        first.write_all(b"half of").expect("room");
        let (mut second, second_part) = create(&full, 2).expect("another file");
        second.write_all(b"the whole clip").expect("room");
        first.write_all(b" something").expect("room");
        put_in_place(&first_part, &full).expect_err("its name went to the second");
        put_in_place(&second_part, &full).expect("a clip");
        assert_eq!(fs::read(&full).expect("a clip"), b"the whole clip");
        assert_eq!(fs::read_dir(folder.path().join("day")).expect("a folder").count(), 1);
    }
}
