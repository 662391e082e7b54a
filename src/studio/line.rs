//! A line of text that is being written: search, note, seed, path.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::text::clean;

/// The longest that is kept, in bytes.
const MAX_BYTES: usize = 4096;

/// Text and a caret between two graphemes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    caret: usize,
}

impl Line {
    /// A line with the caret at its end.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), caret: text.len() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What of the text is shown in `cells` cells so that the caret is in sight, and the caret's place there.
    pub fn shown(&self, cells: usize) -> (&str, usize) {
        let mut start = 0;
        while self.text[start..self.caret].width() + 1 > cells.max(2) {
            let first = self.text[start..].graphemes(true).next();
            start += first.map_or(1, str::len);
        }
        (&self.text[start..], self.text[start..self.caret].width())
    }

    /// The caret's place in cells from the left.
    pub fn caret_cells(&self) -> usize {
        self.text[..self.caret].width()
    }

    /// Inserts text, cleaned and on one line.
    pub fn insert(&mut self, text: &str) {
        let text = clean(text).replace(['\n', '\t'], " ");
        if self.text.len() + text.len() <= MAX_BYTES {
            self.text.insert_str(self.caret, &text);
            self.caret += text.len();
        }
    }

    /// Takes a key; `true` if it meant something here.
    pub fn key(&mut self, event: KeyEvent) -> bool {
        let control = event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match event.code {
            KeyCode::Char('u') if control => {
                self.text.drain(..self.caret);
                self.caret = 0;
            }
            KeyCode::Char('w') if control => {
                let kept = self.text[..self.caret].trim_end();
                let start = kept.rfind(' ').map_or(0, |space| space + 1);
                self.text.drain(start..self.caret);
                self.caret = start;
            }
            KeyCode::Char(c) if !control => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => {
                let start = self.before();
                self.text.drain(start..self.caret);
                self.caret = start;
            }
            KeyCode::Delete => {
                let end = self.after();
                self.text.drain(self.caret..end);
            }
            KeyCode::Left => self.caret = self.before(),
            KeyCode::Right => self.caret = self.after(),
            KeyCode::Home => self.caret = 0,
            KeyCode::End => self.caret = self.text.len(),
            _ => return false,
        }
        true
    }

    fn before(&self) -> usize {
        let last = self.text[..self.caret].graphemes(true).next_back();
        self.caret - last.map_or(0, str::len)
    }

    fn after(&self) -> usize {
        let next = self.text[self.caret..].graphemes(true).next();
        self.caret + next.map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grapheme_goes_at_once() {
        let mut line = Line::new("月👩‍🚀");
        assert!(line.key(KeyEvent::from(KeyCode::Backspace)));
        assert_eq!((line.text(), line.caret_cells()), ("月", 2));
        line.insert("a\x1b[31m\nb");
        assert_eq!(line.text(), "月a b");
    }
}
