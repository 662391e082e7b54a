//! The one place that prints: results to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::trouble::Trouble;
use crate::domain::text::clean;

/// Standard output and standard error.
#[derive(Debug)]
pub(super) struct Out {
    /// Whether a live line may be drawn and redrawn on standard error.
    live: bool,
    /// Whether a live line stands there now.
    drawn: bool,
}

impl Out {
    pub(super) fn new() -> Self {
        Self { live: io::stderr().is_terminal(), drawn: false }
    }

    /// Whether somebody watches.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// A line of the result.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Trouble> {
        self.clear();
        Ok(writeln!(io::stdout().lock(), "{}", clean(text))?)
    }

    /// An object of the result, on one line.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Trouble> {
        self.clear();
        let text =
            serde_json::to_string(value).map_err(|error| Trouble::failed(error.to_string()))?;
        Ok(writeln!(io::stdout().lock(), "{text}")?)
    }

    /// Text of the result that is written as it is, such as a script.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        Ok(io::stdout().lock().write_all(bytes)?)
    }

    /// A line beside the result.
    pub(super) fn note(&mut self, text: &str) {
        self.clear();
        // Nobody is there to be told that nobody is there.
        drop(writeln!(io::stderr().lock(), "{}", clean(text)));
    }

    /// Replaces the live line, where somebody watches.
    pub(super) fn progress(&mut self, text: &str) {
        if self.live {
            let line = crate::domain::text::one_line(text, 200);
            drop(write!(io::stderr().lock(), "\r\x1b[2K{line}"));
            drop(io::stderr().flush());
            self.drawn = true;
        }
    }

    /// Takes the live line away.
    pub(super) fn clear(&mut self) {
        if self.drawn {
            drop(write!(io::stderr().lock(), "\r\x1b[2K"));
            drop(io::stderr().flush());
            self.drawn = false;
        }
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.clear();
    }
}
