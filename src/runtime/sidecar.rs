//! The `.json` beside every clip: all that is needed to make it again, and to rebuild the history.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::write_whole;
use crate::domain::job::{ClipFile, Job};
use crate::domain::text::clean_values;

/// The version of the format.
const VERSION: u32 = 1;

/// The largest that is read; a real one has a few kilobytes.
const MAX_BYTES: u64 = 4 << 20;
/// How deep folders are looked into: `clips/DAY` is one.
const MAX_DEPTH: usize = 3;

#[derive(Serialize)]
struct Sidecar<'a> {
    rushes: u32,
    /// Which of the job's results the clip is, counted from zero.
    output: usize,
    file: &'a ClipFile,
    job: &'a Job,
}

/// Writes the sidecar of `clip`, which is result `output` of `job`.
pub(super) fn write(clip: &Path, job: &Job, output: usize, file: &ClipFile) -> io::Result<()> {
    let sidecar = Sidecar { rushes: VERSION, output, file, job };
    let text = serde_json::to_string_pretty(&sidecar).map_err(io::Error::other)?;
    write_whole(&clip.with_extension("json"), text.as_bytes())
}

/// Removes the sidecar of `clip` where there is no such clip: one that was not put in place after all would else be
/// taken for one that the user deleted.
pub(super) fn remove_alone(clip: &Path) -> io::Result<()> {
    if clip.is_file() {
        return Ok(());
    }
    match fs::remove_file(clip.with_extension("json")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What a sidecar says.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    rushes: u32,
    /// Which of the job's results the clip is, counted from zero.
    pub(super) output: usize,
    /// The clip as it was saved.
    pub(super) file: ClipFile,
    /// The job as it was then.
    pub(super) job: Job,
}

/// Reads the sidecar at `path`; none where it is no such thing, or of a newer format. Anybody may have
/// written there, so its texts are cleaned like all from outside.
pub(super) fn read(path: &Path) -> Option<Read> {
    let file = fs::symlink_metadata(path).ok()?;
    if !file.is_file() || file.len() > MAX_BYTES {
        return None;
    }
    let mut value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    clean_values(&mut value);
    let read: Read = serde_json::from_value(value).ok()?;
    (read.rushes == VERSION && read.output < read.job.outputs.len()).then_some(read)
}

/// Every `.json` below `folder`, in the order of their names. Links are not followed.
pub(super) fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    look(folder, MAX_DEPTH, &mut found);
    found.sort();
    found
}

fn look(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        match kind {
            Ok(kind) if kind.is_dir() && depth > 0 => look(&path, depth - 1, found),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|end| end == "json") => {
                found.push(path);
            }
            _ => {}
        }
    }
}
