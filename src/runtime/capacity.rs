//! What this process may run out of: looked at before anything is begun, since in the middle of a paid job it would be
//! too late to be told.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::{self, Builder};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use thiserror::Error;

/// The most files and connections that are open at once, generously.
const FILES: u64 = 64;
/// What is asked for where less is allowed, and more may be.
const MORE_FILES: u64 = 256;
/// The most threads that run at once, without those that only make something quicker.
const THREADS: usize = 12;

/// What there is too little of.
#[derive(Debug, Error)]
pub enum Short {
    /// Files that may be open at once.
    #[error(
        "too many open files: at most {0} may be, and this program needs {FILES}; raise the limit, as by \
         `ulimit -n {MORE_FILES}`. Nothing was sent"
    )]
    Files(u64),
    /// Threads.
    #[error(
        "too many threads: this program needs {THREADS}, and this user may not start that many more ({0}); end \
         other programs, or raise the limit (`ulimit -u`). Nothing was sent"
    )]
    Threads(io::Error),
}

/// Sees to it that there is enough of all, or says what there is not.
pub fn ensure() -> Result<(), Short> {
    files()?;
    threads().map_err(Short::Threads)
}

/// Has a file that grows beyond what is allowed (`ulimit -f`) be an error, as on a full disk, and not the end of this
/// process.
pub fn outlive_large_files() {
    // Where it can't be heard, it ends us as before.
    drop(signal_hook::flag::register(Signal::XFSZ.as_raw(), Arc::default()));
}

fn files() -> Result<(), Short> {
    let limit = getrlimit(Resource::Nofile);
    let allowed = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    if allowed(limit.current) < MORE_FILES {
        let more = Rlimit { current: Some(allowed(limit.maximum).min(MORE_FILES)), ..limit };
        // What counts is what there is afterwards.
        let _ = setrlimit(Resource::Nofile, more);
    }
    match allowed(getrlimit(Resource::Nofile).current) {
        few if few < FILES => Err(Short::Files(few)),
        _ => Ok(()),
    }
}

/// Starts as many as may be needed, which wait for each other and end: no system says how many there may be.
fn threads() -> io::Result<()> {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let _closed = gate.lock();
        for _ in 0..THREADS {
            Builder::new().spawn_scoped(scope, || drop(gate.lock()))?;
        }
        Ok(())
    })
}
