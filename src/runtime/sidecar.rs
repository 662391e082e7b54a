//! The `.json` beside every clip: all that is needed to make it again, and to rebuild the history.

use std::io;
use std::path::Path;

use serde::Serialize;

use super::files::write_whole;
use crate::domain::job::{ClipFile, Job};

/// The version of the format.
const VERSION: u32 = 1;

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
