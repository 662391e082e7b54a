//! A log for whoever looks for a fault, in the data folder and only where it is asked for. It has ids, events, hosts,
//! statuses and times; no prompt, no address, no body, and so no key either (law 8).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use thiserror::Error;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::files;
use super::private;

/// The file's name.
const NAME: &str = "rushes.log";
/// A log that is larger is begun anew; the one before is kept beside it.
const MAX_BYTES: u64 = 16 << 20;

/// Why there is no log.
#[derive(Debug, Error)]
#[error("{} can't be written: {error}", .path.display())]
pub struct NoLog {
    path: PathBuf,
    #[source]
    error: io::Error,
}

/// Logs to `rushes.log` in `data_dir` from here on, behind what is there.
///
/// # Errors
/// [`NoLog`] where the file can't be opened for writing.
pub fn start(data_dir: &Path) -> Result<(), NoLog> {
    let path = data_dir.join(NAME);
    let file = open(data_dir, &path).map_err(|error| NoLog { path, error })?;
    // Libraries log what they send, and are not asked.
    let ours = Targets::new().with_target(env!("CARGO_PKG_NAME"), LevelFilter::DEBUG);
    let lines = fmt::layer().with_ansi(false).with_writer(Mutex::new(file)).with_filter(ours);
    // Only a second log of the same process can fail to be set, and the first one goes on.
    drop(tracing_subscriber::registry().with(lines).try_init());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), process = std::process::id(), "begun");
    Ok(())
}

fn open(data_dir: &Path, path: &Path) -> io::Result<fs::File> {
    private::make_folder(data_dir)?;
    if fs::symlink_metadata(path).is_ok_and(|file| file.len() > MAX_BYTES) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let file = files::ours().append(true).create(true).open(path)?;
    files::is_a_file(&file)?;
    Ok(file)
}
