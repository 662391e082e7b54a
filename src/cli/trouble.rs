//! Why a verb ends without a result, and with which exit status.
//!
//! The exit status of a wrong config is 2, since the user mends it as a wrong flag; a damaged database is 1.

use std::fmt::Display;
use std::io;

use crate::domain::request::Refusal;
use crate::runtime::driver::DriverError;
use crate::runtime::new_job::NotStored;
use crate::runtime::store_thread::StoreGone;
use crate::runtime::workspace::WorkspaceError;
use crate::store::StoreError;

/// The exit status where standard output refused a result: the verb itself was done.
pub(super) const UNWRITTEN: u8 = 4;

/// The end of a verb that did not do what it should.
#[derive(Debug)]
pub(super) enum Trouble {
    /// To be told, with the exit status.
    Said {
        /// 1 it failed, 2 wrong usage, 3 the outcome is not known, 4 the output could not be written.
        status: u8,
        /// What happened and what to do.
        message: String,
    },
    /// Whoever read the output has gone.
    PipeClosed,
    /// A signal ended it.
    Interrupted {
        /// The signal, by which the process is to die.
        signal: i32,
        /// What becomes of the jobs.
        message: String,
    },
}

impl Trouble {
    /// What was asked for can't be done as it was asked for.
    pub(super) fn wrong(message: impl Display) -> Self {
        Self::Said { status: 2, message: message.to_string() }
    }

    /// It failed.
    pub(super) fn failed(message: impl Display) -> Self {
        Self::Said { status: 1, message: message.to_string() }
    }

    /// Nobody knows how it will end.
    pub(super) fn unknown(message: impl Display) -> Self {
        Self::Said { status: 3, message: message.to_string() }
    }

    /// Standard output refused `lost`. What was done is done, so the status is one of its own, and the line is
    /// told here: it may be all that names a job.
    pub(super) fn unwritten(error: &io::Error, lost: &str) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::PipeClosed;
        }
        let lost = if lost.is_empty() { String::new() } else { format!("; it was: {lost}") };
        let message = format!("the output can't be written ({error}){lost}");
        Self::Said { status: UNWRITTEN, message }
    }

    /// A request that its model does not allow.
    pub(super) fn refused(refusals: &[Refusal]) -> Self {
        let lines: Vec<String> = refusals.iter().map(ToString::to_string).collect();
        Self::wrong(format!("{}\nNothing was sent.", lines.join("\n")))
    }
}

impl From<WorkspaceError> for Trouble {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::Config(error) => Self::wrong(error),
            other => Self::failed(other),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::failed(error)
    }
}

impl From<NotStored> for Trouble {
    fn from(error: NotStored) -> Self {
        match error {
            NotStored::Config(_) | NotStored::Address(_) => Self::wrong(error),
            NotStored::Store(_) | NotStored::Gone(_) => Self::failed(error),
        }
    }
}

impl From<StoreGone> for Trouble {
    fn from(error: StoreGone) -> Self {
        Self::failed(error)
    }
}

impl From<DriverError> for Trouble {
    /// Jobs may be under way when the driver ends, and what was stored is true.
    fn from(error: DriverError) -> Self {
        Self::unknown(format!(
            "{error}. Do not submit again what was submitted: jobs that were accepted go on at the provider, and `rushes wait` continues them"
        ))
    }
}
