//! The way out to the terminal, which never waits without end.
//!
//! A terminal that stopped reading (Ctrl+S, a stalled connection) blocks whoever writes to it. While the studio
//! runs that is right, since nothing can be shown; but SIGTERM must end it all the same.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// How long a writer waits before it looks whether it is still wanted.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

/// How long a stalled terminal is waited for once the program is ending, in all.
const LAST_WORDS: Duration = Duration::from_millis(40);

/// How long each write may wait even after that: the sequence that restores the terminal deserves a chance.
const EACH_WORD: Duration = Duration::from_millis(15);

static ENDING_SINCE: OnceLock<Instant> = OnceLock::new();

/// From now on a terminal that takes nothing is given up soon instead of being waited for.
pub fn hurry() {
    ENDING_SINCE.get_or_init(Instant::now);
}

fn given_up(waits_since: Instant) -> bool {
    ENDING_SINCE
        .get()
        .is_some_and(|since| since.elapsed() > LAST_WORDS && waits_since.elapsed() > EACH_WORD)
}

/// The terminal behind standard output.
#[derive(Debug)]
pub struct Tty(File);

impl Tty {
    /// Opens the terminal behind standard output a second time: an open file of our own can be made
    /// non-blocking without changing the shell's. Where that is not allowed, standard output itself is used.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub fn open() -> io::Result<Self> {
        let stdout = io::stdout();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let own = rustix::termios::ttyname(&stdout, Vec::new())
            .and_then(|path| rustix::fs::open(path, flags, Mode::empty()));
        Ok(Self(match own {
            Ok(fd) => fd.into(),
            Err(_) => stdout.as_fd().try_clone_to_owned()?.into(),
        }))
    }

    /// A second handle to the same open file.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }
}

impl AsFd for Tty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Write for Tty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut waits_since = None;
        loop {
            match rustix::io::write(&self.0, bytes) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    if given_up(*waits_since.get_or_insert_with(Instant::now)) {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    match poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], Some(&LOOK_EVERY)) {
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                done => return Ok(done?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
