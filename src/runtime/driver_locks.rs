//! Which process drives: the one that holds the lock of `driver.lock`. One that is stopped from outside holds it too,
//! and can't let go. Until it is continued another one may drive for it, its deputy, by the lock of `deputy.lock`.
//!
//! A driver that is stopped from outside is replaced by a deputy (`runtime/driver_locks.rs`, `driver/take_over.rs`),
//! which takes the lease in a transaction that finds no job `Submitting`. Every send begins with that state, so what
//! was replaced sends nothing when it is continued: its next write is fenced, and it follows. In the middle of a send
//! it is left alone and named, since its request may still go out, and nobody else hears the reply. Driving ends by
//! ending what it has under way before the lock is let go of: a request that waits for its turn must not leave while
//! another process drives.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use super::files::ours;
use super::places::Places;
use super::process::is_stopped;

/// The most digits of a process id.
const MAX_DIGITS: usize = 20;

/// The two locks, as this process has them. Both files stay open once they are, since closing one is heard as a touch.
#[derive(Debug)]
pub(super) struct DriverLocks {
    driver: LockFile,
    deputy: LockFile,
}

/// What came of trying to drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nobody else drives.
    Free,
    /// Whoever drove is stopped, and that is its process. It may be in the middle of a send.
    For(u32),
    /// Somebody drives, or a process that is stopped keeps everybody from it.
    Taken {
        /// That process.
        stopped: Option<u32>,
    },
}

impl DriverLocks {
    pub(super) fn new(places: &Places) -> Self {
        Self {
            driver: LockFile::new(places.driver_lock()),
            deputy: LockFile::new(places.deputy_lock()),
        }
    }

    /// Whether this process drives by its own right, and not for one that is stopped.
    pub(super) fn are_final(&self) -> bool {
        self.driver.is_held
    }

    /// Takes the first lock, if it is to be had.
    ///
    /// Whoever takes it writes its id there before it looks at the second one, and whoever takes that looks at the
    /// id once more: so of two that come at the same time one sees the other.
    pub(super) fn take(&mut self) -> Result<Turn, LockError> {
        if !self.driver.take()? {
            // Whoever drives for another one has nobody to ask.
            let stopped = if self.deputy.is_held { None } else { stopped_one(self) };
            return Ok(Turn::Taken { stopped });
        }
        if self.deputy.is_held || !self.deputy.is_locked() {
            self.deputy.let_go();
            return Ok(Turn::Free);
        }
        let stopped = self.deputy.stopped_holder();
        if stopped.is_none() {
            self.driver.let_go();
        }
        Ok(stopped.map_or(Turn::Taken { stopped }, Turn::For))
    }

    /// Takes the second lock, where whoever has the first one is stopped.
    pub(super) fn take_for_another(&mut self) -> Result<Turn, LockError> {
        if !self.deputy.take()? {
            return Ok(Turn::Taken { stopped: self.deputy.stopped_holder() });
        }
        let stopped = self.driver.stopped_holder();
        if stopped.is_none() {
            self.deputy.let_go();
        }
        Ok(stopped.map_or(Turn::Taken { stopped }, Turn::For))
    }

    /// Lets go of what was taken.
    pub(super) fn let_go(&mut self) {
        self.driver.let_go();
        self.deputy.let_go();
    }
}

/// The process that drives the jobs of `places` and is stopped, where nobody drives for it.
pub fn stopped(places: &Places) -> Option<u32> {
    let locks = DriverLocks::new(places);
    locks.driver.is_locked().then(|| stopped_one(&locks)).flatten()
}

/// The same where somebody is known to have the first lock.
fn stopped_one(DriverLocks { driver, deputy }: &DriverLocks) -> Option<u32> {
    let stopped = driver.stopped_holder()?;
    if deputy.is_locked() { deputy.stopped_holder() } else { Some(stopped) }
}

/// A process that is stopped and drives the jobs of `places`, or did, and may be in the middle of a write.
pub fn stopped_within(places: &Places) -> Option<u32> {
    let DriverLocks { driver, deputy } = DriverLocks::new(places);
    [driver, deputy].iter().filter(|lock| lock.is_locked()).find_map(LockFile::stopped_holder)
}

/// Why a lock file can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the lock file {path} can't be used: {source}", path = path.display())]
pub struct LockError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

#[derive(Debug)]
struct LockFile {
    path: PathBuf,
    file: Option<File>,
    is_held: bool,
}

impl LockFile {
    fn new(path: PathBuf) -> Self {
        Self { path, file: None, is_held: false }
    }

    /// Takes the lock and writes whose it is; false where another process has it.
    fn take(&mut self) -> Result<bool, LockError> {
        let wrong = |source| LockError { path: self.path.clone(), source };
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut options = ours();
                options.create(true).read(true).write(true).truncate(false);
                options.open(&self.path).map_err(wrong)?
            }
        };
        self.is_held = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(source)) => return Err(wrong(source)),
        };
        if self.is_held {
            sign(&file);
        }
        self.file = Some(file);
        Ok(self.is_held)
    }

    fn let_go(&mut self) {
        if std::mem::take(&mut self.is_held)
            && let Some(file) = &self.file
            && file.unlock().is_err()
        {
            self.file = None;
        }
    }

    /// Whether somebody has the lock.
    fn is_locked(&self) -> bool {
        File::open(&self.path)
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Whose the lock is, where that process is stopped. It is somebody's.
    fn stopped_holder(&self) -> Option<u32> {
        File::open(&self.path).ok().as_ref().and_then(stopped_holder)
    }
}

/// Says in the lock file that it is this process's. Without it the lock holds as well.
pub(super) fn sign(lock: &File) {
    let pid = std::process::id().to_string();
    drop(lock.set_len(0).and_then(|()| lock.write_all_at(pid.as_bytes(), 0)));
}

/// Who signed the lock file, where that process is stopped.
pub(super) fn stopped_holder(lock: &File) -> Option<u32> {
    let mut text = [0; MAX_DIGITS];
    let count = lock.read_at(&mut text, 0).ok()?;
    let pid = std::str::from_utf8(&text[..count]).ok()?.trim().parse().ok()?;
    is_stopped(pid).then_some(pid)
}
