//! The keeper: a process without a terminal that carries the live jobs on once the last studio has gone,
//! and ends when nothing is left to do.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use super::clock::wall;
use super::driver::{Driver, DriverError};
use super::places::Places;
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::store::StoreError;

/// A keeper that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

/// Why keeping ended before everything was done.
#[derive(Debug, Error)]
pub enum KeeperError {
    /// Driving ended.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database's thread failed.
    #[error(transparent)]
    Gone(#[from] StoreGone),
    /// Its lock file can't be used.
    #[error("the keeper's lock file {path} can't be used: {source}", path = path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Starts a keeper for `places` and returns at once. One that finds another at work ends by itself.
pub fn start(places: &Places) -> io::Result<()> {
    let mut command = Command::new(program()?);
    command.arg("keeper");
    let data_dir = places.without_profile().data_dir;
    command.arg("--data-dir").arg(std::path::absolute(data_dir)?);
    command.arg("--profile").arg(places.profile.as_deref().unwrap_or_default());
    command.arg("--config").arg(std::path::absolute(&places.config_file)?);
    // A folder that nobody wants to unmount.
    command.current_dir(&places.data_dir);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log(&places.keeper_log())?);
    // In a group of its own from its first moment: a hangup ends the group in the foreground, and may come
    // before the keeper has run a line.
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }
    command.spawn().map(drop)
}

/// This very program, also where its file was replaced by a newer build meanwhile.
fn program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// The file for what a keeper has to say, of the last one alone.
fn log(path: &Path) -> io::Result<File> {
    File::options().create(true).write(true).truncate(true).open(path)
}

/// The keeper of `places`, if one runs.
pub fn running(places: &Places) -> io::Result<Option<Running>> {
    let mut file = match File::open(places.keeper_lock()) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            Ok(parse(&text))
        }
    }
}

fn parse(text: &str) -> Option<Running> {
    let (pid, since) = text.trim().split_once(' ')?;
    Some(Running { pid: pid.parse().ok()?, since: since.parse().ok()? })
}

/// Leaves the terminal that this program was started from, whose hangup is none of a keeper's business. One
/// at the head of a group of processes stays: by hand in the foreground, and by the studio where no hangup
/// reaches it.
pub fn leave_terminal() {
    let _ = rustix::process::setsid();
}

/// Carries the live jobs of `workspace` on until none is left. Returns whether it did: another keeper may
/// be at it.
pub async fn keep(workspace: Arc<Workspace>) -> Result<bool, KeeperError> {
    let path = workspace.places.keeper_lock();
    let Some(_lock) = lock(&path).map_err(|source| KeeperError::Lock { path, source })? else {
        return Ok(false);
    };
    let mut driver = Driver::start(Arc::clone(&workspace));
    loop {
        driver.changed().await?;
        let is_done = driver.snapshot().jobs.is_empty();
        // What another program stored this very moment is not in the picture yet.
        if is_done && workspace.store.run(|store| store.live_jobs()).await??.is_empty() {
            return Ok(true);
        }
    }
}

/// The lock, with who holds it; none where another process does.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let mut file =
        File::options().create(true).read(true).write(true).truncate(false).open(path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
        Ok(()) => {}
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {}", std::process::id(), wall())?;
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_tells_who_holds_it_and_only_while_it_is_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::find(
            Some(folder.path().to_owned()),
            Some(folder.path().join("config.toml")),
            None,
        )
        .expect("places");
        assert_eq!(running(&places).expect("an answer"), None);
        let held = lock(&places.keeper_lock()).expect("a lock").expect("nobody has it");
        let told = running(&places).expect("an answer").expect("a keeper");
        assert_eq!(told.pid, std::process::id());
        assert!(lock(&places.keeper_lock()).expect("an answer").is_none(), "there is one keeper");
        drop(held);
        assert_eq!(running(&places).expect("an answer"), None);
    }

    #[test]
    fn what_no_keeper_wrote_is_nobody() {
        for text in ["", "12", "x 2026-11-21T00:00:00Z", "12 yesterday"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
