//! The bytes that a terminal sends, as keys, clicks, pastes and replies.
//!
//! A reply is told from keys by its form alone, so that one that comes late, or that nobody asked for, is never
//! typed into a prompt. What the sequences of keys and clicks mean, a library knows.

use std::time::Duration;

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use termina::{Event, Parser, event as from};

use super::coded_key::CodedKey;
use super::input::Input;

/// The longest sequence of a key or a click; what is longer is none.
const MAX_SEQUENCE_BYTES: usize = 64;
/// The longest string that a terminal replies with.
const MAX_STRING_BYTES: usize = 4096;
/// The longest paste; the rest of a longer one is left out.
const MAX_PASTE_BYTES: usize = 4 << 20;

const ESC: u8 = 0x1b;
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

/// How long an escape may be the beginning of something: beyond that it was the key.
const ESCAPE: Duration = Duration::from_millis(40);
/// How long the rest of a sequence may take whose escape was taken for the key. What does not become a sequence in
/// pauses of at most this was typed.
const BELATED: Duration = Duration::from_millis(500);
/// How long two bytes may be the beginning of something: beyond that they were Alt with a letter.
const ALT: Duration = Duration::from_secs(1);
/// How long the rest of a sequence or of a paste may take, over a link that stalls: beyond that it is lost.
const REST: Duration = Duration::from_secs(30);

/// What of the bytes was not understood yet.
///
/// Bytes may come apart anywhere, by any pause. That a lone escape was a key can be known only by waiting, so it counts as
/// one after `ESCAPE`. What follows then is still read as the sequence that it would have begun, where it becomes
/// one; so that an answer whose first byte came alone gives an Esc, and types nothing.
#[derive(Debug)]
pub struct Keyboard {
    state: State,
    sequence: Vec<u8>,
    /// Whether the escape that `sequence` begins with was handed on as a key.
    belated: bool,
    /// Takes plain text, whose characters may come in pieces.
    plain: Parser,
}

impl Default for Keyboard {
    fn default() -> Self {
        Self {
            state: State::Ground,
            sequence: Vec::new(),
            belated: false,
            plain: Parser::default(),
        }
    }
}

impl Keyboard {
    /// Takes `bytes`, which came at once, in and hands every input that is whole to `take`.
    pub fn read(&mut self, bytes: &[u8], mut take: impl FnMut(Input)) {
        for &byte in bytes {
            self.byte(byte, &mut take);
        }
        // Nobody types two keys at once.
        self.belated &= bytes.len() < 2 || self.sequence.len() < 3;
    }

    /// How long to wait for more before [`Self::settle`]; none where nothing has begun.
    pub fn patience(&self) -> Option<Duration> {
        match (self.state, self.sequence.len()) {
            (State::Ground, _) => None,
            (State::Paste, _) => Some(REST),
            _ if self.belated => Some(BELATED),
            (_, 1) => Some(ESCAPE),
            (_, 2) => Some(ALT),
            _ => Some(REST),
        }
    }

    /// Takes what has begun for whole, since nothing followed: an escape was the key, and of a paste no more comes.
    pub fn settle(&mut self, mut take: impl FnMut(Input)) {
        if self.state == State::Paste {
            take(Input::Paste(String::from_utf8_lossy(&self.sequence).into_owned()));
            self.begin();
        } else if self.state == State::Escape && !self.belated {
            take(Input::Key(KeyEvent::from(KeyCode::Esc).into()));
            self.belated = true;
        } else {
            self.break_off(&mut take);
        }
    }

    /// What has begun goes on no more: it was typed where that can be, and else it is lost.
    fn break_off(&mut self, take: &mut impl FnMut(Input)) {
        let (belated, sequence) = (self.belated, std::mem::take(&mut self.sequence));
        self.begin();
        match sequence[..] {
            [_, ref typed @ ..] if belated => typed.iter().for_each(|byte| self.plain(*byte, take)),
            [_] => take(Input::Key(KeyEvent::from(KeyCode::Esc).into())),
            // Alt with a letter that begins sequences.
            [_, byte] => {
                let shift = byte.is_ascii_uppercase().then_some(KeyModifiers::SHIFT);
                let held = KeyModifiers::ALT | shift.unwrap_or(KeyModifiers::NONE);
                take(Input::Key(KeyEvent::new(KeyCode::Char(char::from(byte)), held).into()));
            }
            _ => {}
        }
    }

    fn begin(&mut self) {
        (self.state, self.belated) = (State::Ground, false);
        self.sequence.clear();
    }

    fn plain(&mut self, byte: u8, take: &mut impl FnMut(Input)) {
        self.plain.parse(&[byte], true);
        while let Some(event) = self.plain.pop() {
            input_of(event).into_iter().for_each(&mut *take);
        }
    }

    fn byte(&mut self, byte: u8, take: &mut impl FnMut(Input)) {
        match self.state {
            State::Paste => return self.pasted(byte, take),
            State::Ground if byte != ESC => return self.plain(byte, take),
            State::Ground => {}
            State::Text if byte == ESC => return self.sequence.push(byte),
            // Only its terminator has one.
            State::Text if byte != b'\\' && self.sequence.ends_with(&[ESC]) => {
                self.begin();
                self.byte(ESC, take);
                return self.byte(byte, take);
            }
            _ if byte != ESC && self.takes(byte) => {}
            // Two escapes are one key, and a beginning.
            _ => {
                self.break_off(take);
                self.plain = Parser::default();
                return self.byte(byte, take);
            }
        }
        self.sequence.push(byte);
        self.state = match (self.state, byte) {
            (State::Ground, _) => State::Escape,
            (State::Escape, b'[') => State::Control,
            (State::Escape, b'O') => State::Short,
            (State::Escape, b'_' | b'P' | b']' | b'^' | b'X') => State::Text,
            // With Alt; a character may have more bytes, for which the library waits.
            (State::Escape, 0x80..) => {
                self.begin();
                return self.plain.parse(&[ESC, byte], true);
            }
            (State::Escape | State::Short | State::OldMouse(1), _) => return self.finish(take),
            (State::OldMouse(left), _) => State::OldMouse(left - 1),
            (State::Control, b'M') if self.sequence.len() == 3 => State::OldMouse(3),
            // The Linux console's function keys have a second bracket.
            (State::Control, b'@'..=b'~') if self.sequence != b"\x1b[[" => {
                return self.finish(take);
            }
            (State::Control, _) if self.sequence.len() > MAX_SEQUENCE_BYTES => return self.begin(),
            (State::Text, 7 | b'\\') if byte == 7 || self.sequence.ends_with(b"\x1b\\") => {
                return self.finish(take);
            }
            (same, _) => same,
        };
        if self.state == State::Text && self.sequence.len() > MAX_STRING_BYTES + 1 {
            // The last byte may begin the terminator.
            self.sequence.remove(MAX_STRING_BYTES);
        }
    }

    /// Whether what has begun can go on with `byte`.
    fn takes(&self, byte: u8) -> bool {
        match self.state {
            // What only a key with Alt has is no rest of an Esc that was pressed before.
            State::Escape => !self.belated || b"[O_P]".contains(&byte),
            State::Short => byte.is_ascii_alphabetic(),
            State::Control => (b' '..=b'~').contains(&byte),
            // So do all strings begin that terminals say; and no key ends a line in one.
            State::Text => match self.sequence[1..] {
                [b'P'] => b"0123456789>!$+|".contains(&byte),
                [b']'] => byte.is_ascii_digit() || b"lL".contains(&byte),
                [b'_'] => byte == b'G',
                _ => byte >= b' ' || byte == 7,
            },
            State::Ground | State::OldMouse(_) | State::Paste => true,
        }
    }

    fn pasted(&mut self, byte: u8, take: &mut impl FnMut(Input)) {
        self.sequence.push(byte);
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
        if self.sequence == PASTE_BEGIN {
            self.begin();
            self.state = State::Paste;
            return;
        }
        let mut inputs = Vec::new();
        if let Some(reply) = reply(&self.sequence) {
            inputs.push(Input::Reply(reply));
        } else if let Some(key) = CodedKey::read(&self.sequence) {
            inputs.extend(key.presses().into_iter().map(|event| Input::Key(event.into())));
        } else if self.state != State::Text {
            let mut parser = Parser::default();
            parser.parse(&self.sequence, false);
            inputs.extend(parser.pop().and_then(input_of));
        }
        let short = !self.sequence.iter().any(|byte| b";?<=>".contains(byte));
        if inputs.is_empty() && self.belated && self.state != State::Text && short {
            // A person typed it after an Esc.
            return self.break_off(take);
        }
        self.begin();
        inputs.into_iter().for_each(take);
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
        // The byte of Ctrl+_, which has other names too.
        From::Char('7') if key.modifiers == from::Modifiers::CONTROL => KeyCode::Char('_'),
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
