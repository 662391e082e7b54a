//! Saving a result: to `.part`, synced, hashed, read for its facts, renamed (law 4).

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use hyper::body::Bytes;
use reqwest::header::{CONTENT_ENCODING, CONTENT_RANGE};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::time::{Instant, timeout_at};

use super::coding::Coding;
use super::exchange::SendError;
use super::files::{MAX_WHOLE_NAME_BYTES, part_of, parts_of, put_in_place, remove_old_parts};
use super::http::{Transport, described, step_timeout};
use super::images::hex;
use super::places::Places;
use super::private::make_folder;
use super::sidecar;
use crate::domain::job::{Charged, ClipFile, ClipSummary, FailureClass, Job, JobError, JobId};
use crate::domain::outcome::{SaveTrouble, SaveTroubleKind};
use crate::media::{mp4, webm};

/// So much must come in every step of a transfer: a thousandth of what a slow line gives.
const STEP_BYTES: u64 = 16 << 10;
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
    max_bytes: u64,
}

impl Transfer {
    /// The service answered `status` and announced so many bytes, of `range` where it says so (the value of
    /// Content-Range); an error where no file follows, or only a part of one, or more than `max_bytes`.
    pub fn begin(
        status: u16,
        total: Option<u64>,
        range: Option<&str>,
        max_bytes: u64,
    ) -> Result<Self, SaveTrouble> {
        let total = match status {
            200 => total,
            206 => Some(
                whole(range).filter(|whole| total.is_none_or(|total| total == *whole)).ok_or_else(
                    || truncated("the service sent only a part of the file (206)".to_owned()),
                )?,
            ),
            204 | 205 => return Err(truncated(format!("the service sent nothing ({status})"))),
            _ => return Err(refused(status)),
        };
        let transfer = Self { progress: Progress { bytes: 0, total }, max_bytes };
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
            return Err(truncated(format!("only {bytes} bytes of the file came")));
        }
        Ok(self.progress)
    }

    fn check_size(self, bytes: u64) -> Result<(), SaveTrouble> {
        if bytes <= self.max_bytes {
            return Ok(());
        }
        let max_mb = self.max_bytes >> 20;
        let message = format!("the file is larger than {max_mb} MB, which no such clip has");
        Err(SaveTrouble { kind: SaveTroubleKind::TooLarge, ..provider("tooLarge", message) })
    }
}

/// The length of a file of which all is sent, as `bytes 0-99/100` says it.
fn whole(range: Option<&str>) -> Option<u64> {
    let (last, length) = range?.strip_prefix("bytes 0-")?.split_once('/')?;
    let (last, length) = (last.parse::<u64>().ok()?, length.parse::<u64>().ok()?);
    (last.checked_add(1) == Some(length)).then_some(length)
}

/// Where a result can be fetched.
pub(super) struct Source<'a> {
    /// Its address.
    pub(super) url: &'a str,
    /// The address of the service that names it.
    pub(super) base: &'a str,
    /// The most that such a clip can have.
    pub(super) max_bytes: u64,
    /// Whether a file that breaks off before its end is taken.
    pub(super) keep_cut: bool,
}

/// Fetches result `index` of `job` from `source`, and keeps it under a name of its own.
pub(super) async fn save(
    transport: &Transport,
    source: Source<'_>,
    places: &Places,
    job: &Job,
    index: usize,
    mut told: impl FnMut(Progress),
) -> Result<ClipFile, SaveTrouble> {
    let mut reply = transport.fetch(source.url, source.base).await.map_err(network)?;
    let range = reply.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let (status, total) = (reply.status().as_u16(), reply.content_length());
    let mut transfer = Transfer::begin(status, total, range, source.max_bytes)?;
    let packed = reply.headers().get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    let packed = packed.map(str::to_owned);
    let (mut part, path) = create(places, job, index).map_err(disk)?;
    let mut hash = Sha256::new();
    let mut last_told = 0;
    let (mut step_ends, mut step_bytes) = (Instant::now() + step_timeout(), STEP_BYTES);
    while let Some(chunk) = next_chunk(&mut reply, step_ends).await? {
        transfer.take(chunk.len())?;
        part.write_all(&chunk).map_err(disk)?;
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
    let (places, job) = (places.clone(), job.clone());
    // Until it is read it counts as cut where that would be taken.
    let clip = ClipFile { path, bytes: progress.bytes, sha256, facts: None, cut: source.keep_cut };
    let max_bytes = source.max_bytes;
    let kept = tokio::task::spawn_blocking(move || {
        let (part, clip) = unpacked(part, clip, packed.as_deref(), &places, max_bytes)?;
        keep(part, &places, &job, index, clip)
    });
    kept.await.unwrap_or_else(|_| Err(provider("internal", "saving the file broke off".to_owned())))
}

/// That a clip came within an answer which this process did not hear.
pub(super) fn within() -> SaveTrouble {
    let message = "the clip came within an answer, which is asked for once more".to_owned();
    SaveTrouble { kind: SaveTroubleKind::Gone, ..provider("within", message) }
}

/// Keeps result `index` of `job`, which came within an answer.
pub(super) async fn save_inline(
    content: Arc<[u8]>,
    max_bytes: u64,
    keep_cut: bool,
    places: &Places,
    job: &Job,
    index: usize,
) -> Result<ClipFile, SaveTrouble> {
    let (places, job) = (places.clone(), job.clone());
    let kept = tokio::task::spawn_blocking(move || {
        let mut transfer = Transfer { progress: Progress { bytes: 0, total: None }, max_bytes };
        transfer.take(content.len())?;
        let bytes = transfer.end()?.bytes;
        let (mut part, path) = create(&places, &job, index).map_err(disk)?;
        part.write_all(&content).map_err(disk)?;
        let sha256 = hex(&Sha256::digest(&content));
        let clip = ClipFile { path, bytes, sha256, facts: None, cut: keep_cut };
        keep(part, &places, &job, index, clip)
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

/// The file that `part` holds, where it was packed on its way, which may have been said (`packed`); else `part` itself.
fn unpacked(
    mut part: NamedTempFile,
    clip: ClipFile,
    packed: Option<&str>,
    places: &Places,
    max_bytes: u64,
) -> Result<(NamedTempFile, ClipFile), SaveTrouble> {
    let mut head = Vec::new();
    let file = part.as_file_mut();
    file.seek(SeekFrom::Start(0)).map_err(disk)?;
    file.take(8).read_to_end(&mut head).map_err(disk)?;
    let packed = packed.filter(|_| head.get(4..8) != Some(b"ftyp"));
    let Some(coding) = Coding::of(&head, packed) else { return Ok((part, clip)) };
    part.as_file_mut().seek(SeekFrom::Start(0)).map_err(disk)?;
    let mut plain = part_of(&places.clip(&clip.path)).map_err(disk)?;
    let mut hash = Sha256::new();
    let mut reader = coding.reader(io::BufReader::new(part.as_file_mut())).take(max_bytes + 1);
    let mut transfer = Transfer { progress: Progress { bytes: 0, total: None }, max_bytes };
    let mut chunk = vec![0; 64 << 10];
    loop {
        let read = reader.read(&mut chunk).map_err(|error| {
            provider("packed", format!("the file came packed, and can't be unpacked: {error}"))
        })?;
        let Some(read) = chunk.get(..read).filter(|read| !read.is_empty()) else { break };
        transfer.take(read.len())?;
        plain.write_all(read).map_err(disk)?;
        hash.update(read);
    }
    drop(reader);
    let bytes = transfer.end()?.bytes;
    Ok((plain, ClipFile { bytes, sha256: hex(&hash.finalize()), ..clip }))
}

/// Puts the whole `part` in place as `clip`.
fn keep(
    mut part: NamedTempFile,
    places: &Places,
    job: &Job,
    index: usize,
    clip: ClipFile,
) -> Result<ClipFile, SaveTrouble> {
    let file = part.as_file_mut();
    file.sync_all().map_err(disk)?;
    let facts = facts(file, clip.bytes)?;
    // Not every reply says how long it is, and not every one that does is right.
    let cut = match is_webm(file).map_err(disk)? {
        true => webm::is_cut(file, clip.bytes),
        false => mp4::is_cut(file, clip.bytes),
    };
    if cut && !clip.cut {
        return Err(cut_off(clip.bytes));
    }
    let clip = ClipFile { facts, cut, ..clip };
    let placed = place(&part, places, job, index, clip.clone()).or_else(|_| {
        let path = bare_path(job, index);
        place(&part, places, job, index, ClipFile { path, ..clip })
    });
    placed.map_err(disk)
}

/// Writes the sidecar of `clip` and gives `part` its name.
fn place(
    part: &NamedTempFile,
    places: &Places,
    job: &Job,
    index: usize,
    clip: ClipFile,
) -> io::Result<ClipFile> {
    let full = places.clip(&clip.path);
    let mut job = job.clone();
    if let Some(output) = job.outputs.get_mut(index) {
        output.file = Some(clip.clone());
    }
    let placed =
        sidecar::write(&full, &job, index, &clip).and_then(|()| put_in_place(part.path(), &full));
    if placed.is_err() {
        drop(sidecar::remove_alone(&full));
    }
    placed.map(|()| clip)
}

/// An empty `.part` for result `index` of `job`, and the path of the clip that it becomes: named after the prompt,
/// or by the id alone where that name is refused, for whatever reason a file system may have.
fn create(places: &Places, job: &Job, index: usize) -> io::Result<(NamedTempFile, String)> {
    let make = |path: String| Ok((create_for(&places.clip(&path))?, path));
    make(clip_path(job, index)).or_else(|_: io::Error| make(bare_path(job, index)))
}

/// An empty `.part` of its own for `full`: two drivers that meet in spite of lock and lease must not write
/// into one file. Those that earlier transfers left behind go; one that is still being written can then
/// not take the name any more, and is fetched again.
fn create_for(full: &Path) -> io::Result<NamedTempFile> {
    make_folder(full.parent().unwrap_or(full))?;
    let left = parts_of(full)?;
    let part = part_of(full)?;
    for other in left {
        fs::remove_file(other)?;
    }
    sidecar::remove_alone(full)?;
    Ok(part)
}

/// Removes the parts that processes left which were killed. For the process that begins to drive: nobody has a
/// transfer under way then, but somebody may be writing another file.
pub(super) fn remove_parts(places: &Places) {
    for folder in [&places.data_dir, &places.images_dir(), &places.sandbox_dir()] {
        remove_old_parts(folder);
    }
    let days = fs::read_dir(places.clips_dir()).into_iter().flatten().flatten();
    let days = days.filter(|day| day.file_type().is_ok_and(|kind| kind.is_dir()));
    for part in days.flat_map(|day| fs::read_dir(day.path()).into_iter().flatten().flatten()) {
        let name = part.file_name().to_string_lossy().into_owned();
        let Some((clip, _)) = name.strip_suffix(".part").and_then(|rest| rest.rsplit_once('.'))
        else {
            continue;
        };
        // Other files of that ending are not ours.
        if JobId::of_clip(clip).is_some() {
            // What stays is tried again by the next one.
            drop(sidecar::remove_alone(&part.path().with_file_name(clip)));
            drop(fs::remove_file(part.path()));
        }
    }
}

fn is_webm(file: &mut File) -> io::Result<bool> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(4).read_to_end(&mut head)?;
    Ok(head == webm::HEADER)
}

/// What the file says of itself; none for a WebM, which is kept unread. Anything that is no video at
/// all, such as an error page, is not kept.
fn facts(file: &mut File, bytes: u64) -> Result<Option<ClipSummary>, SaveTrouble> {
    if is_webm(file).map_err(disk)? {
        return Ok(None);
    }
    let mut head = [0; 12];
    file.seek(SeekFrom::Start(0)).map_err(disk)?;
    let _ = file.read(&mut head).map_err(disk)?;
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
/// for people, and the job's id, so that no two jobs can meet. The name is no longer than file systems take it,
/// which count bytes: a Chinese sign has three.
pub fn clip_path(job: &Job, index: usize) -> String {
    let words: Vec<String> = job
        .request
        .prompt
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(4)
        .map(|word| word.chars().take(16).collect::<String>().to_lowercase())
        .collect();
    let (mut words, name) = (words.join("-"), bare_name(job, index));
    words.truncate(words.floor_char_boundary(MAX_WHOLE_NAME_BYTES - "-".len() - name.len()));
    let name = format!("{}-{name}", words.trim_end_matches('-'));
    format!("{}/{}", folder(job), name.trim_start_matches('-'))
}

/// The same by the id alone, which every file system takes.
pub fn bare_path(job: &Job, index: usize) -> String {
    format!("{}/{}", folder(job), bare_name(job, index))
}

fn folder(job: &Job) -> String {
    format!("clips/{}", job.created_at.strftime("%Y-%m-%d"))
}

fn bare_name(job: &Job, index: usize) -> String {
    // Also where a service gave more than were asked for.
    let is_one = job.request.results <= 1 && index == 0;
    let number = if is_one { String::new() } else { format!("-{}", index + 1) };
    let extension = job.request.format().map_or("mp4", |format| format.extension());
    format!("{}{number}.{extension}", job.id)
}

fn refused(status: u16) -> SaveTrouble {
    let gone = matches!(status, 401 | 403 | 404 | 410);
    let message = format!("the file's address answers {status}");
    let class = if gone { FailureClass::Expired } else { FailureClass::Provider };
    SaveTrouble {
        error: JobError::ours(class, &format!("http{status}"), message, Charged::Charged),
        kind: if gone { SaveTroubleKind::Gone } else { SaveTroubleKind::Passing },
    }
}

/// The connection broke.
pub fn network(error: SendError) -> SaveTrouble {
    SaveTrouble {
        error: JobError::ours(FailureClass::Network, "download", error.message, Charged::Charged),
        kind: SaveTroubleKind::Passing,
    }
}

fn truncated(message: String) -> SaveTrouble {
    provider("truncated", message)
}

/// All that the service announced came, and it is no whole clip.
fn cut_off(bytes: u64) -> SaveTrouble {
    let message = format!(
        "the file that the service gives breaks off after {bytes} bytes; it is fetched again for as long as a \
         whole one may be had"
    );
    SaveTrouble { kind: SaveTroubleKind::Cut { bytes }, ..provider("cutOff", message) }
}

fn provider(code: &str, message: String) -> SaveTrouble {
    SaveTrouble {
        error: JobError::ours(FailureClass::Provider, code, message, Charged::Charged),
        kind: SaveTroubleKind::Passing,
    }
}

/// This machine could not keep the file.
pub fn disk(error: io::Error) -> SaveTrouble {
    let message = format!("the clip can't be written to the data folder: {error}");
    SaveTrouble {
        error: JobError::ours(FailureClass::Disk, "disk", message, Charged::Charged),
        kind: SaveTroubleKind::Passing,
    }
}

#[cfg(test)]
mod tests;
