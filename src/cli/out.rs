//! The one place that prints: results to standard output, everything else to standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::trouble::Trouble;
use crate::domain::text::{clean, is_hidden, one_line};
use crate::words;

/// Standard output and standard error.
#[derive(Debug)]
pub(super) struct Out {
    /// Whether lines may be drawn and redrawn on standard error.
    live: bool,
    /// How many live lines stand there now.
    drawn: usize,
}

impl Out {
    pub(super) fn new() -> Self {
        Self { live: io::stderr().is_terminal() && !is_dumb(), drawn: 0 }
    }

    /// Whether somebody watches.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// A line of the result.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Trouble> {
        self.clear();
        print(&clean(text))
    }

    /// An object of the result, on one line.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Trouble> {
        self.clear();
        let text =
            serde_json::to_string(value).map_err(|error| Trouble::failed(error.to_string()))?;
        print(&visible(&text))
    }

    /// What is written as it is, such as a script.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let mut out = io::stdout().lock();
        // What stayed behind for want of a newline would be written at the end, where nobody hears of an error.
        let written = out.write_all(bytes).and_then(|()| out.flush());
        written.map_err(|error| Trouble::unwritten(&error, ""))
    }

    /// A line beside the result.
    pub(super) fn note(&mut self, text: &str) {
        self.clear();
        // Nobody is there to be told that nobody is there.
        drop(writeln!(io::stderr().lock(), "{}", clean(text)));
    }

    /// Replaces what is live, where somebody watches: as many lines as fit, each cut to the window.
    pub(super) fn progress(&mut self, lines: &[String]) {
        if !self.live {
            return;
        }
        let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
        let shown = lines.len().min(usize::from(rows.saturating_sub(1)));
        let cut: Vec<String> = lines[..shown]
            .iter()
            .map(|line| words::cut(&one_line(line, 1000), usize::from(columns.saturating_sub(1))))
            .collect();
        self.clear();
        drop(write!(io::stderr().lock(), "{}", cut.join("\r\n")));
        drop(io::stderr().flush());
        self.drawn = shown;
    }

    /// Takes away what is live.
    pub(super) fn clear(&mut self) {
        if self.drawn == 0 {
            return;
        }
        let up = if self.drawn > 1 { format!("\x1b[{}A", self.drawn - 1) } else { String::new() };
        drop(write!(io::stderr().lock(), "\r{up}\x1b[J"));
        drop(io::stderr().flush());
        self.drawn = 0;
    }
}

/// Whether the terminal can only print lines.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

fn print(text: &str) -> Result<(), Trouble> {
    let written = writeln!(io::stdout().lock(), "{text}");
    written.map_err(|error| Trouble::unwritten(&error, text))
}

/// `json` with what nobody sees written out, so that it steers no terminal and stays the same to programs.
fn visible(json: &str) -> Cow<'_, str> {
    if !json.contains(is_hidden) {
        return json.into();
    }
    let mut all = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                all.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            all.push(c);
        }
    }
    all.into()
}

impl Drop for Out {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_shows_what_nobody_sees_and_says_the_same() {
        let text = "a\u{202e}b\u{7f}\u{e0041}月👩\u{200d}🚀";
        let json = serde_json::to_string(text).expect("JSON");
        let shown = visible(&json);
        assert_eq!(shown, "\"a\\u202eb\\u007f\\udb40\\udc41月👩\u{200d}🚀\"");
        assert_eq!(serde_json::from_str::<String>(&shown).expect("JSON"), text);
    }
}
