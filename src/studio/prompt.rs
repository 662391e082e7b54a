//! The prompt that is being written: the textarea widget behind our own type, with undo by word that
//! outlives the program, and movement by grapheme.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Style;
use serde::{Deserialize, Serialize};
use tui_textarea::{CursorMove, TextArea, WrapMode};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::settings::SavedForm;
use crate::domain::job::JobId;
use crate::domain::text::clean;

/// How many steps can be taken back.
const MAX_UNDO: usize = 200;
/// The most characters that are kept; far above what any model takes, so that a pasted page can be cut down.
const MAX_CHARS: usize = 100_000;

/// A text with its caret: row, and column in characters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    text: String,
    row: usize,
    column: usize,
    /// What stood around it, where both were changed in one step: a price goes by the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    around: Option<Box<Surroundings>>,
}

/// What belongs to a text, and is changed and taken back with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surroundings {
    /// The form.
    pub form: SavedForm,
    /// The job that the text was brought back from.
    pub parent: Option<JobId>,
}

/// What outlives the program.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SavedPrompt {
    now: Moment,
    #[serde(default)]
    undo: Vec<Moment>,
}

/// What the last change was, so that a run of one kind is one step of undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    None,
    Word,
    Space,
    Delete,
}

/// The prompt.
#[derive(Debug)]
pub struct Prompt {
    area: TextArea<'static>,
    undo: Vec<Moment>,
    redo: Vec<Moment>,
    last: Change,
    /// Whether something is not saved yet.
    unsaved: bool,
    characters: usize,
}

impl Default for Prompt {
    fn default() -> Self {
        let mut prompt = Self {
            area: TextArea::default(),
            undo: Vec::new(),
            redo: Vec::new(),
            last: Change::None,
            unsaved: false,
            characters: 0,
        };
        prompt.put(&Moment::default());
        prompt
    }
}

impl Prompt {
    /// The text.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// How many characters it has, as providers count them.
    pub fn characters(&self) -> usize {
        self.characters
    }

    /// The widget. It draws no caret: the real one is put there.
    pub fn widget(&self) -> &TextArea<'static> {
        &self.area
    }

    /// The caret's row and column in cells, within the area that was drawn last.
    pub fn caret_cells(&self) -> (u16, u16) {
        let screen = self.area.screen_cursor();
        let (top, left) = self.area.scroll_offset();
        let start = self.area.screen_to_data(screen.row, 0);
        let caret = self.area.cursor();
        let line = self.area.lines().get(caret.0).map_or("", String::as_str);
        let before: String = line.chars().take(caret.1).skip(start.1).collect();
        // The widget draws a tab as spaces up to the next stop.
        let stop = usize::from(self.area.tab_length()).max(1);
        let cells = before.split('\t').map(UnicodeWidthStr::width);
        let cells = cells.reduce(|cells, more| (cells / stop + 1) * stop + more).unwrap_or(0);
        let row = (screen.row as u16).saturating_sub(top);
        let cells = cells.saturating_sub(usize::from(self.hangs(row)));
        (row, u16::try_from(cells).unwrap_or(u16::MAX).saturating_sub(left))
    }

    /// Whether the row that is drawn `row` rows below the top begins with the space between two words,
    /// which the widget takes along to the next line where the line before is full.
    pub fn hangs(&self, row: u16) -> bool {
        let (top, _) = self.area.scroll_offset();
        let at = self.area.screen_to_data(usize::from(row + top), 0);
        let mut rest = self.line(at.0).chars().skip(at.1);
        at.1 > 0 && rest.next() == Some(' ') && rest.next().is_some_and(|next| next != ' ')
    }

    /// Puts the caret where somebody clicked.
    pub fn click(&mut self, row: u16, column: u16) {
        let (top, left) = self.area.scroll_offset();
        let column = column + left + u16::from(self.hangs(row));
        let at = self.area.screen_to_data(usize::from(row + top), usize::from(column));
        self.jump(at.0, at.1);
    }

    /// Replaces the text; undo brings the old one back.
    pub fn set(&mut self, text: &str) {
        self.remember(Change::None);
        let text = clean(text);
        self.put(&Moment { row: usize::MAX, column: usize::MAX, text, around: None });
        self.changed();
    }

    /// Replaces the text, and takes note of what stands `around` it before that is replaced too: both are one step of
    /// undo.
    pub fn set_with(&mut self, text: &str, around: Surroundings) {
        self.set(text);
        if let Some(before) = self.undo.last_mut() {
            before.around = Some(Box::new(around));
        }
    }

    /// Inserts pasted text.
    pub fn paste(&mut self, text: &str) {
        self.remember(Change::None);
        let room = MAX_CHARS.saturating_sub(self.characters);
        let text: String = clean(text).chars().take(room).collect();
        self.area.insert_str(text);
        self.changed();
    }

    /// Takes a key that is no command; `true` if it meant something.
    pub fn key(&mut self, event: KeyEvent) -> bool {
        let word = event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match event.code {
            KeyCode::Char('w') if word => self.delete(CursorMove::WordBack),
            KeyCode::Char('b') if word => self.area.move_cursor(CursorMove::WordBack),
            KeyCode::Char('f') if word => self.area.move_cursor(CursorMove::WordForward),
            KeyCode::Char(c) if !word => self.type_char(c),
            KeyCode::Enter => self.type_char('\n'),
            KeyCode::Backspace if word => self.delete(CursorMove::WordBack),
            KeyCode::Backspace => self.backspace(),
            KeyCode::Delete if word => self.delete(CursorMove::WordForward),
            KeyCode::Delete => self.delete_next(),
            KeyCode::Left if word => self.area.move_cursor(CursorMove::WordBack),
            KeyCode::Right if word => self.area.move_cursor(CursorMove::WordForward),
            KeyCode::Left => self.left(),
            KeyCode::Right => self.right(),
            KeyCode::Up => self.area.move_cursor(CursorMove::Up),
            KeyCode::Down => self.area.move_cursor(CursorMove::Down),
            KeyCode::Home if word => self.area.move_cursor(CursorMove::Top),
            KeyCode::End if word => self.area.move_cursor(CursorMove::Bottom),
            KeyCode::Home => self.area.move_cursor(CursorMove::Head),
            KeyCode::End => self.area.move_cursor(CursorMove::End),
            KeyCode::PageUp => (0..8).for_each(|_| self.area.move_cursor(CursorMove::Up)),
            KeyCode::PageDown => (0..8).for_each(|_| self.area.move_cursor(CursorMove::Down)),
            _ => return false,
        }
        true
    }

    /// Takes the last change back, or does it again; nothing if there is none. What stood around the text is
    /// returned where it was changed in the same step, and `around` is noted for the way back.
    pub fn travel(
        &mut self,
        backwards: bool,
        around: Surroundings,
    ) -> Option<Option<Surroundings>> {
        let moment = if backwards { self.undo.pop() } else { self.redo.pop() }?;
        let mut now = self.moment();
        now.around = moment.around.is_some().then(|| Box::new(around));
        if backwards {
            self.redo.push(now)
        } else {
            self.undo.push(now)
        }
        self.put(&moment);
        self.changed();
        self.last = Change::None;
        Some(moment.around.map(|around| *around))
    }

    /// What is to be saved.
    pub fn saved(&mut self) -> SavedPrompt {
        self.unsaved = false;
        SavedPrompt { now: self.moment(), undo: self.undo.clone() }
    }

    /// Whether something is to be saved.
    pub fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// Brings back what was saved, before what was typed since the program started.
    pub fn restore(&mut self, mut saved: SavedPrompt) {
        let typed = self.text();
        let mut undo = saved.undo;
        undo.truncate(MAX_UNDO);
        // The file is anybody's to write.
        for moment in undo.iter_mut().chain([&mut saved.now]) {
            moment.text = clean(&moment.text).chars().take(MAX_CHARS).collect();
        }
        undo.append(&mut self.undo);
        self.put(&saved.now);
        self.undo = undo;
        if !typed.is_empty() {
            self.area.move_cursor(CursorMove::Bottom);
            self.area.move_cursor(CursorMove::End);
            self.paste(&typed);
        }
    }

    fn type_char(&mut self, c: char) {
        if self.characters >= MAX_CHARS {
            return;
        }
        let change = if c.is_alphanumeric() { Change::Word } else { Change::Space };
        // A word and the space behind it are one step.
        if self.last != change && !(self.last == Change::Word && change == Change::Space) {
            self.remember(change);
        }
        self.last = change;
        match clean(c.encode_utf8(&mut [0; 4])).chars().next() {
            None => return,
            Some('\n') => self.area.insert_newline(),
            Some(c) => self.area.insert_char(c),
        }
        self.characters += 1;
        self.unsaved = true;
    }

    fn backspace(&mut self) {
        let (row, column) = self.caret();
        self.remember(Change::Delete);
        if column == 0 {
            if row > 0 {
                self.area.delete_newline();
            }
        } else {
            for _ in 0..self.grapheme_before(row, column) {
                self.area.delete_char();
            }
        }
        self.changed();
    }

    fn delete_next(&mut self) {
        let (row, column) = self.caret();
        self.remember(Change::Delete);
        let count = self.grapheme_after(row, column).max(1);
        self.area.delete_str(count);
        self.changed();
    }

    fn delete(&mut self, motion: CursorMove) {
        self.remember(Change::Delete);
        match motion {
            CursorMove::WordBack => self.area.delete_word(),
            _ => self.area.delete_next_word(),
        };
        self.changed();
    }

    fn left(&mut self) {
        let (row, column) = self.caret();
        if column > 0 {
            for _ in 0..self.grapheme_before(row, column) {
                self.area.move_cursor(CursorMove::Back);
            }
        } else {
            self.area.move_cursor(CursorMove::Back);
        }
    }

    fn right(&mut self) {
        let (row, column) = self.caret();
        for _ in 0..self.grapheme_after(row, column).max(1) {
            self.area.move_cursor(CursorMove::Forward);
        }
    }

    fn caret(&self) -> (usize, usize) {
        let caret = self.area.cursor();
        (caret.0, caret.1)
    }

    fn jump(&mut self, row: usize, column: usize) {
        let bounded = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(bounded(row), bounded(column)));
    }

    /// How many characters the grapheme before the caret has.
    fn grapheme_before(&self, row: usize, column: usize) -> usize {
        let before: String = self.line(row).chars().take(column).collect();
        before.graphemes(true).next_back().map_or(0, |last| last.chars().count())
    }

    fn grapheme_after(&self, row: usize, column: usize) -> usize {
        let after: String = self.line(row).chars().skip(column).collect();
        after.graphemes(true).next().map_or(0, |next| next.chars().count())
    }

    fn line(&self, row: usize) -> &str {
        self.area.lines().get(row).map_or("", String::as_str)
    }

    fn moment(&self) -> Moment {
        let (row, column) = self.caret();
        Moment { text: self.text(), row, column, around: None }
    }

    /// Keeps the present for undo, unless the run of changes of one kind goes on.
    fn remember(&mut self, change: Change) {
        if change != Change::Delete || self.last != Change::Delete {
            self.undo.push(self.moment());
            if self.undo.len() > MAX_UNDO {
                self.undo.remove(0);
            }
            self.redo.clear();
        }
        self.last = change;
    }

    fn put(&mut self, moment: &Moment) {
        let mut area = TextArea::new(moment.text.split('\n').map(str::to_owned).collect());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_max_histories(0);
        area.set_cursor_style(Style::new());
        area.set_cursor_line_style(Style::new());
        self.area = area;
        self.jump(moment.row, moment.column);
        self.characters = moment.text.chars().count();
    }

    fn changed(&mut self) {
        self.unsaved = true;
        self.characters =
            self.area.lines().iter().map(|line| line.chars().count() + 1).sum::<usize>() - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Prompt {
        let mut prompt = Prompt::default();
        for c in text.chars() {
            prompt.key(KeyEvent::from(if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) }));
        }
        prompt
    }

    fn travels(prompt: &mut Prompt, backwards: bool) -> bool {
        let around = Surroundings { form: SavedForm::default(), parent: None };
        prompt.travel(backwards, around).is_some()
    }

    #[test]
    fn undo_goes_word_by_word_and_redo_comes_back() {
        let mut prompt = typed("a red fox");
        assert!(travels(&mut prompt, true));
        assert_eq!(prompt.text(), "a red ");
        assert!(travels(&mut prompt, true));
        assert_eq!(prompt.text(), "a ");
        assert!(travels(&mut prompt, false) && travels(&mut prompt, false));
        assert_eq!(prompt.text(), "a red fox");
    }

    #[test]
    fn undo_outlives_the_program() {
        let mut prompt = typed("a red fox");
        let saved = prompt.saved();
        let mut later = typed("hello");
        later.restore(saved);
        assert_eq!(later.text(), "a red foxhello");
        assert!(travels(&mut later, true));
        assert_eq!(later.text(), "a red fox");
        while travels(&mut later, true) {}
        assert_eq!(later.text(), "");
    }

    #[test]
    fn emoji_and_combined_characters_go_at_once() {
        let mut prompt = typed("狐👩‍🚀e\u{301}");
        prompt.key(KeyEvent::from(KeyCode::Backspace));
        assert_eq!(prompt.text(), "狐👩‍🚀");
        prompt.key(KeyEvent::from(KeyCode::Left));
        prompt.key(KeyEvent::from(KeyCode::Delete));
        assert_eq!(prompt.text(), "狐");
        assert_eq!(prompt.characters(), 1);
    }

    #[test]
    fn pasted_lines_keep_their_ends_and_lose_their_escapes() {
        let mut prompt = Prompt::default();
        prompt.paste("one\rtwo\r\nthree\x1b[31m");
        assert_eq!(prompt.text(), "one\ntwo\nthree");
        assert_eq!(prompt.characters(), 13);
    }
}
