//! The bytes that a terminal sends, as keys, clicks, pastes and replies.
//!
//! A reply is told from keys by its form alone, so that one that comes late, or that nobody asked for, is never
//! typed into a prompt. What the sequences of keys and clicks mean, a library knows.

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use termina::{Event, Parser, event as from};

use super::input::Input;

/// The longest sequence of a key or a click; what is longer is none.
const MAX_SEQUENCE_BYTES: usize = 64;
/// The longest string that a terminal replies with.
const MAX_STRING_BYTES: usize = 4096;
/// The longest paste; the rest of a longer one is left out.
const MAX_PASTE_BYTES: usize = 4 << 20;

const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What a terminal says of itself, or when it has come so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Where the cursor is, which says that everything sent before was taken in.
    Cursor,
    /// A cell has so many pixels.
    Cell {
        /// Across.
        width_px: u16,
        /// Down.
        height_px: u16,
    },
    /// The primary device attributes, which every terminal tells.
    Attributes {
        /// Whether sixel pictures are among them.
        sixel: bool,
    },
    /// The terminal's name and version.
    Version(String),
    /// What became of a picture in kitty's form.
    Kitty {
        /// Its id.
        id: u32,
        /// Whether it can be shown.
        ok: bool,
    },
}

/// Where in the bytes the keyboard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between sequences.
    Ground,
    /// Behind an escape.
    Escape,
    /// In a key's short sequence, of which one byte is missing.
    Short,
    /// In a control sequence.
    Control,
    /// In one of the old mouse, of which so many bytes are missing.
    OldMouse(u8),
    /// In a string, up to its terminator.
    Text,
    /// In a paste.
    Paste,
}

/// What of the bytes was not understood yet.
#[derive(Debug)]
pub struct Keyboard {
    state: State,
    sequence: Vec<u8>,
    /// Takes plain text, whose characters may come in pieces.
    plain: Parser,
}

impl Default for Keyboard {
    fn default() -> Self {
        Self { state: State::Ground, sequence: Vec::new(), plain: Parser::default() }
    }
}

impl Keyboard {
    /// Takes `bytes` in and hands every input that is whole to `take`.
    pub fn read(&mut self, bytes: &[u8], mut take: impl FnMut(Input)) {
        for &byte in bytes {
            self.byte(byte, &mut take);
        }
    }

    /// Whether a sequence has begun, of which the rest should follow soon.
    pub fn waits(&self) -> bool {
        !matches!(self.state, State::Ground | State::Paste)
    }

    /// Whether a paste has begun, whose rest may take its time.
    pub fn is_in_paste(&self) -> bool {
        self.state == State::Paste
    }

    /// Takes what has begun for whole, since nothing followed: an escape was the key, and of a paste no more comes.
    pub fn settle(&mut self, mut take: impl FnMut(Input)) {
        if self.is_in_paste() {
            take(Input::Paste(String::from_utf8_lossy(&self.sequence).into_owned()));
            return self.begin();
        }
        match (self.waits(), &self.sequence[..]) {
            (true, [_]) => take(Input::Key(KeyEvent::from(KeyCode::Esc).into())),
            // Alt with a letter that begins sequences.
            (true, [_, byte]) => {
                let shift = byte.is_ascii_uppercase().then_some(KeyModifiers::SHIFT);
                let held = KeyModifiers::ALT | shift.unwrap_or(KeyModifiers::NONE);
                take(Input::Key(KeyEvent::new(KeyCode::Char(char::from(*byte)), held).into()));
            }
            _ => {}
        }
        if self.waits() {
            self.begin();
        }
    }

    fn begin(&mut self) {
        self.state = State::Ground;
        self.sequence.clear();
    }

    fn byte(&mut self, byte: u8, take: &mut impl FnMut(Input)) {
        const ESC: u8 = 0x1b;
        let within = matches!(self.state, State::Text | State::Paste);
        if byte == ESC && !within {
            // Whatever had begun is broken off; two escapes are one key, and a beginning.
            self.settle(&mut *take);
            self.plain = Parser::default();
        }
        match self.state {
            State::Ground if byte != ESC => {
                self.plain.parse(&[byte], true);
                while let Some(event) = self.plain.pop() {
                    input_of(event).into_iter().for_each(&mut *take);
                }
                return;
            }
            _ => self.sequence.push(byte),
        }
        let done = match self.state {
            State::Ground => {
                self.state = State::Escape;
                false
            }
            State::Escape => {
                self.state = match byte {
                    b'[' => State::Control,
                    b'O' => State::Short,
                    b'_' | b'P' | b']' | b'^' | b'X' => State::Text,
                    // With Alt; a character may have more bytes.
                    _ if byte >= 0x80 => return self.alt(byte),
                    _ => return self.finish(take),
                };
                false
            }
            State::Short => true,
            State::OldMouse(1) => true,
            State::OldMouse(left) => {
                self.state = State::OldMouse(left - 1);
                false
            }
            State::Control if self.sequence == b"\x1b[M" => {
                self.state = State::OldMouse(3);
                false
            }
            // The Linux console's function keys have a second bracket.
            State::Control => (0x40..=0x7e).contains(&byte) && self.sequence != b"\x1b[[",
            State::Text => {
                let done = byte == 7 || self.sequence.ends_with(b"\x1b\\");
                if !done && self.sequence.len() > MAX_STRING_BYTES + 1 {
                    // The last byte may begin the terminator.
                    self.sequence.remove(MAX_STRING_BYTES);
                }
                done
            }
            State::Paste => return self.pasted(take),
        };
        if done && self.sequence == PASTE_BEGIN {
            self.state = State::Paste;
            self.sequence.clear();
        } else if done {
            self.finish(take);
        } else if self.state == State::Control && self.sequence.len() > MAX_SEQUENCE_BYTES {
            self.begin();
        }
    }

    /// A character with Alt whose first byte came: the library waits for the others.
    fn alt(&mut self, byte: u8) {
        self.begin();
        self.plain.parse(&[0x1b, byte], true);
    }

    fn pasted(&mut self, take: &mut impl FnMut(Input)) {
        if self.sequence.ends_with(PASTE_END) {
            let end = self.sequence.len() - PASTE_END.len();
            take(Input::Paste(String::from_utf8_lossy(&self.sequence[..end]).into_owned()));
            self.begin();
        } else if self.sequence.len() > MAX_PASTE_BYTES + 2 * PASTE_END.len() {
            // What is kept is followed by what may be the beginning of the end.
            self.sequence.drain(MAX_PASTE_BYTES..=MAX_PASTE_BYTES + PASTE_END.len());
        }
    }

    fn finish(&mut self, take: &mut impl FnMut(Input)) {
        if let Some(reply) = reply(&self.sequence) {
            take(Input::Reply(reply));
        } else if self.state != State::Text {
            let mut parser = Parser::default();
            parser.parse(&self.sequence, false);
            parser.pop().and_then(input_of).into_iter().for_each(&mut *take);
        }
        self.begin();
    }
}

/// The reply that `sequence` is.
fn reply(sequence: &[u8]) -> Option<Reply> {
    let text = std::str::from_utf8(sequence).ok()?;
    if let Some(said) = text.strip_prefix("\x1bP>|") {
        return Some(Reply::Version(said.strip_suffix("\x1b\\")?.to_owned()));
    }
    if let Some(said) = text.strip_prefix("\x1b_G") {
        let (keys, said) = said.strip_suffix("\x1b\\")?.split_once(';')?;
        let id = keys.split(',').find_map(|key| key.strip_prefix("i="))?;
        return Some(Reply::Kitty { id: id.parse().ok()?, ok: said == "OK" });
    }
    let said = text.strip_prefix("\x1b[")?;
    if let Some(said) = said.strip_prefix('?') {
        let sixel = said.strip_suffix('c')?.split(';').skip(1).any(|one| one == "4");
        return Some(Reply::Attributes { sixel });
    }
    let numbers = |said: &str| said.split(';').map(|one| one.parse().ok()).collect();
    if let Some(said) = said.strip_suffix('t') {
        let numbers: Option<Vec<u16>> = numbers(said);
        let [6, height_px, width_px] = numbers?[..] else { return None };
        return Some(Reply::Cell { width_px, height_px });
    }
    let numbers: Option<Vec<u16>> = numbers(said.strip_suffix('R')?);
    // In some terminals Shift+F3 looks like the first row, and counts as a reply.
    (numbers?.len() == 2).then_some(Reply::Cursor)
}

fn input_of(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) => key_of(key).map(|key| Input::Key(key.into())),
        Event::Mouse(mouse) => Some(Input::Mouse(MouseEvent {
            kind: match mouse.kind {
                from::MouseEventKind::Down(button) => MouseEventKind::Down(button_of(button)),
                from::MouseEventKind::Up(button) => MouseEventKind::Up(button_of(button)),
                from::MouseEventKind::Drag(button) => MouseEventKind::Drag(button_of(button)),
                from::MouseEventKind::Moved => MouseEventKind::Moved,
                from::MouseEventKind::ScrollDown => MouseEventKind::ScrollDown,
                from::MouseEventKind::ScrollUp => MouseEventKind::ScrollUp,
                from::MouseEventKind::ScrollLeft => MouseEventKind::ScrollLeft,
                from::MouseEventKind::ScrollRight => MouseEventKind::ScrollRight,
            },
            column: mouse.column,
            row: mouse.row,
            modifiers: modifiers_of(mouse.modifiers),
        })),
        Event::FocusIn => Some(Input::Focus(true)),
        Event::FocusOut => Some(Input::Focus(false)),
        _ => None,
    }
}

fn key_of(key: from::KeyEvent) -> Option<KeyEvent> {
    use from::KeyCode as From;
    let kind = match key.kind {
        from::KeyEventKind::Press => KeyEventKind::Press,
        from::KeyEventKind::Repeat => KeyEventKind::Repeat,
        from::KeyEventKind::Release => return None,
    };
    let code = match key.code {
        From::Char(char) => KeyCode::Char(char),
        From::Enter => KeyCode::Enter,
        From::Backspace => KeyCode::Backspace,
        From::Tab => KeyCode::Tab,
        From::Escape => KeyCode::Esc,
        From::Left => KeyCode::Left,
        From::Right => KeyCode::Right,
        From::Up => KeyCode::Up,
        From::Down => KeyCode::Down,
        From::Home => KeyCode::Home,
        From::End => KeyCode::End,
        From::BackTab => KeyCode::BackTab,
        From::PageUp => KeyCode::PageUp,
        From::PageDown => KeyCode::PageDown,
        From::Insert => KeyCode::Insert,
        From::Delete => KeyCode::Delete,
        From::Function(number) => KeyCode::F(number),
        // No key of ours, and none that can be bound.
        _ => return None,
    };
    Some(KeyEvent::new_with_kind(code, modifiers_of(key.modifiers), kind))
}

fn modifiers_of(modifiers: from::Modifiers) -> KeyModifiers {
    let pairs = [
        (from::Modifiers::SHIFT, KeyModifiers::SHIFT),
        (from::Modifiers::ALT, KeyModifiers::ALT),
        (from::Modifiers::CONTROL, KeyModifiers::CONTROL),
        (from::Modifiers::SUPER, KeyModifiers::SUPER),
        (from::Modifiers::HYPER, KeyModifiers::HYPER),
        (from::Modifiers::META, KeyModifiers::META),
    ];
    let held = pairs.into_iter().filter(|(theirs, _)| modifiers.contains(*theirs));
    held.fold(KeyModifiers::NONE, |all, (_, ours)| all | ours)
}

fn button_of(button: from::MouseButton) -> MouseButton {
    match button {
        from::MouseButton::Left => MouseButton::Left,
        from::MouseButton::Right => MouseButton::Right,
        from::MouseButton::Middle => MouseButton::Middle,
    }
}

#[cfg(test)]
#[path = "keyboard_tests.rs"]
mod tests;
