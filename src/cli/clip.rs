//! What the verbs about one clip share: which file is meant, looking into it for a bounded time, and where
//! a picture goes.

use std::fs;
use std::io::{self, ErrorKind, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::Context;
use super::args::{Clip, Target};
use super::submit::find_job;
use super::trouble::Trouble;
use crate::domain::job::Job;
use crate::runtime::files::{write_named, write_new};
use crate::runtime::viewing::Still;
use crate::words;

/// The longest that a clip is looked into.
const MAX_LOOK: Duration = Duration::from_secs(90);

/// The file that is meant: one that is there, else that of a job.
pub(super) async fn find(context: &mut Context, clip: &Clip) -> Result<PathBuf, Trouble> {
    let text = clip.clip.to_string_lossy();
    // Ids have none of these, and names of clips do.
    if clip.clip.exists() || text.contains(['/', '\\', '.']) {
        if clip.result.is_some() {
            return Err(Trouble::wrong("--result takes a job; a file has one result only"));
        }
        return Ok(clip.clip.clone());
    }
    let workspace = context.workspace()?;
    let job = find_job(&workspace, &text).await?;
    let (file, _) = of_job(context, &job, clip.result)?;
    if file.exists() { Ok(file) } else { Err(gone(&file)) }
}

pub(super) fn gone(file: &Path) -> Trouble {
    Trouble::failed(format!("{} is no longer there; it was deleted or moved", file.display()))
}

/// The file and the address of a job's first result that has a file, or of result `number`, counted from 1.
pub(super) fn of_job(
    context: &Context,
    job: &Job,
    number: Option<u32>,
) -> Result<(PathBuf, String), Trouble> {
    let chosen = match number {
        Some(number) => job.outputs.get(number as usize - 1),
        None => job.outputs.iter().find(|output| output.file.is_some()),
    };
    let found = chosen.and_then(|output| Some((output.file.as_ref()?, output.url.clone())));
    let what = number.map_or("no file".to_owned(), |number| format!("no result {number}"));
    let (file, url) = found.ok_or_else(|| {
        Trouble::wrong(format!("job {} has {what} yet: it is {}", job.id, words::state(job)))
    })?;
    Ok((context.places.clip(&file.path), url))
}

/// What `look` makes of `file`, on a thread beside and for a bounded time; its words name the file.
pub(super) async fn look<T: Send + 'static>(
    file: &Path,
    look: impl FnOnce(&Path, &AtomicBool) -> Result<T, String> + Send + 'static,
) -> Result<T, Trouble> {
    let (path, cancelled) = (file.to_owned(), Arc::new(AtomicBool::new(false)));
    let flag = Arc::clone(&cancelled);
    let work = tokio::task::spawn_blocking(move || look(&path, &flag));
    let looked = match tokio::time::timeout(MAX_LOOK, work).await {
        Ok(Ok(looked)) => looked,
        Ok(Err(_)) => Err("it could not be read".to_owned()),
        Err(_) => Err(format!("it takes longer than {} s to read", MAX_LOOK.as_secs())),
    };
    // The thread ends within a frame.
    cancelled.store(true, Ordering::Relaxed);
    looked.map_err(|why| Trouble::failed(format!("{}: {why}", file.display())))
}

impl Target {
    fn is_standard_output(&self) -> bool {
        self.output.as_os_str() == "-"
    }

    /// Refuses what could not be written, before any work.
    pub(super) fn check(&self, context: &Context) -> Result<(), Trouble> {
        if self.is_standard_output() {
            if context.json {
                return Err(Trouble::wrong("-o - and --json both want standard output"));
            }
            if io::stdout().is_terminal() {
                return Err(Trouble::wrong(
                    "a picture would fill the terminal; send it into a file or a program",
                ));
            }
            return Ok(());
        }
        match fs::metadata(&self.output) {
            Ok(facts) if !facts.is_file() => {
                Err(Trouble::wrong(format!("{} is not a file", self.output.display())))
            }
            Ok(_) if !self.force => Err(self.is_there()),
            _ => Ok(()),
        }
    }

    fn is_there(&self) -> Trouble {
        Trouble::wrong(format!(
            "{} is there already; add --force to write over it",
            self.output.display()
        ))
    }

    /// Writes the picture, and says where it is.
    pub(super) fn write(&self, context: &mut Context, still: &Still) -> Result<u8, Trouble> {
        if self.is_standard_output() {
            context.out.raw(&still.png)?;
            return Ok(0);
        }
        let written = match self.force {
            true => write_named(&self.output, &still.png),
            false => write_new(&self.output, &still.png),
        };
        let path = self.output.display().to_string();
        written.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => self.is_there(),
            _ => Trouble::failed(format!("{path} can't be written: {error}")),
        })?;
        if context.json {
            let (width, height) = (still.width_px, still.height_px);
            context.out.json(&json!({ "path": path, "width": width, "height": height }))?;
        } else {
            context.out.line(&format!("{path} ({}x{})", still.width_px, still.height_px))?;
        }
        Ok(0)
    }
}
