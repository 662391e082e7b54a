//! A job out of what is left of it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Clips;
use super::outside::{is_possible, tamed, unsent};
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{ClipFile, Job, JobState};
use crate::domain::mark::Mark;
use crate::engine::apply;
use crate::runtime::files::parts_of;
use crate::runtime::images::hex;
use crate::runtime::sidecar;
use crate::store::Salvaged;

/// A job, and the writes that store it.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) job: Job,
    pub(super) writes: Vec<Write>,
}

/// The job that was left in a damaged database, as its row or its events tell it last; none where neither does.
/// It is never sent: see [`unsent`].
pub(super) fn salvaged(left: &Salvaged) -> Option<(Restored, Mark)> {
    let (row, mark) =
        left.row.clone().map_or((None, Mark::default()), |(job, mark)| (Some(job), mark));
    let folded = fold(left);
    let told = match (row, &folded) {
        (Some(row), Some(folded)) if folded.updated_at > row.updated_at => folded.clone(),
        (Some(row), _) => row,
        (None, Some(folded)) => folded.clone(),
        (None, None) => return None,
    };
    if !is_possible(&told) {
        return None;
    }
    let job = unsent(tamed(told), |state| match state.is_to_be_sent() || state == JobState::Held {
        true => {
            "it was read out of a damaged database, which may have lost that it was sent".to_owned()
        }
        false => "it was read out of a damaged database, in which it was being sent".to_owned(),
    });
    if folded.as_ref() == Some(&job) {
        let write =
            |(at, event): &(_, JobEvent)| Write { at: *at, event: event.clone(), job: job.clone() };
        let writes = left.events.iter().map(write).collect();
        return Some((Restored { job, writes }, mark));
    }
    Some((as_made(job), mark))
}

fn fold(left: &Salvaged) -> Option<Job> {
    let (_, JobEvent::Created { job }) = left.events.first()? else { return None };
    let mut folded = (**job).clone();
    for (at, event) in &left.events {
        apply(&mut folded, event, *at);
    }
    Some(folded)
}

/// A job whose history begins with what it is now.
fn as_made(job: Job) -> Restored {
    let event = JobEvent::Created { job: Box::new(job.clone()) };
    Restored { writes: vec![Write { at: job.updated_at, event, job: job.clone() }], job }
}

/// The job that the files at `sidecars` tell of, with every clip that they lie beside; none where they tell of
/// none. A clip that was not renamed yet is left to be fetched again.
pub(super) fn rebuilt(sidecars: &[PathBuf], data_dir: &Path) -> Option<Restored> {
    let mut all: Vec<(&PathBuf, sidecar::Read)> =
        sidecars.iter().filter_map(|path| Some((path, sidecar::read(path)?))).collect();
    all.retain(|(_, read)| is_possible(&read.job));
    all.sort_by_key(|(_, read)| read.job.updated_at);
    let mut job = tamed(all.last()?.1.job.clone());
    for output in &mut job.outputs {
        output.file = None;
    }
    match job.state {
        JobState::Running | JobState::Downloading => {}
        // Whom a stop would hit at the provider is the file's word alone.
        JobState::Canceling => job.state = JobState::Running,
        // No job of ours stands so while its clip is saved: somebody else wrote that.
        _ => {
            for (path, read) in all {
                if let Some(output) = job.outputs.get_mut(read.output) {
                    output.file = clip_beside(path, read.file, data_dir);
                }
            }
            let told = |state| {
                format!(
                    "the .json beside its clip calls it {state}, and nothing that comes from a file is sent"
                )
            };
            return Some(as_made(unsent(job, told)));
        }
    }
    let Restored { mut writes, .. } = as_made(job.clone());
    let at = job.updated_at;
    let mut happened = |event: JobEvent| {
        if apply(&mut job, &event, at) {
            writes.push(Write { at, event, job: job.clone() });
        }
        job.clone()
    };
    let mut now = None;
    for (path, read) in all {
        if let Some(file) = clip_beside(path, read.file, data_dir) {
            now = Some(happened(JobEvent::Saved { index: read.output, file }));
        }
    }
    if let Some(job) = now {
        let is_here = |output: &crate::domain::job::Output| output.file.is_some() || output.lost;
        if job.outputs.len() + job.failed_results() >= job.request.results as usize {
            happened(JobEvent::Rendered);
        }
        if job.outputs.iter().all(is_here) {
            happened(JobEvent::Succeeded);
        }
    }
    let job = writes.last()?.job.clone();
    Some(Restored { job, writes })
}

/// The clip that a sidecar lies beside. Where it is, is taken from the sidecar's own place: what one says may
/// be of another folder, or lead anywhere.
fn clip_beside(sidecar: &Path, file: ClipFile, data_dir: &Path) -> Option<ClipFile> {
    let end = Path::new(&file.path)
        .extension()?
        .to_str()
        .filter(|end| ["mp4", "mov", "webm"].contains(end))?;
    let clip = sidecar.with_extension(end);
    if !clip.exists() && parts_of(&clip).is_ok_and(|parts| !parts.is_empty()) {
        return None;
    }
    let below = clip.strip_prefix(data_dir).ok()?;
    let parts: Option<Vec<&str>> =
        below.components().map(|part| part.as_os_str().to_str()).collect();
    Some(ClipFile { path: parts?.join("/"), ..file })
}

/// Counts what became of `file` since it was saved.
pub(super) fn compare(data_dir: &Path, file: &ClipFile, clips: &mut Clips) {
    match hash(&data_dir.join(&file.path)) {
        Ok(sha256) if sha256 == file.sha256 => clips.whole += 1,
        Ok(_) => clips.changed += 1,
        Err(_) => clips.gone += 1,
    }
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            bytes => hash.update(&buffer[..bytes]),
        }
    }
}
