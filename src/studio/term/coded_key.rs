//! Keys that come as the number of a character with modifiers: `CSI 27;5;99~`, which is xterm's modifyOtherKeys, and
//! `CSI 99;5u`, which is kitty's form and fixterms'. Each is the same key as in the form of old, so that bindings and
//! text mean the same wherever they are typed.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key as a terminal tells it by numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodedKey {
    code: u32,
    /// What it gives with Shift, where the terminal says.
    shifted: Option<u32>,
    /// One more than the bits of the modifiers.
    modifiers: u16,
    kind: u16,
    text: String,
}

const CAPS_LOCK: u16 = 64;
/// Keys that are no characters, such as those of the keypad, have numbers of the private use area.
const FUNCTIONAL: std::ops::RangeInclusive<u32> = 57344..=63743;

impl CodedKey {
    /// Reads a whole `sequence`; none where it is no such key, or one whose number the library knows.
    pub fn read(sequence: &[u8]) -> Option<Self> {
        let inner = std::str::from_utf8(sequence).ok()?.strip_prefix("\x1b[")?;
        let first = |part: &str| part.split(':').next()?.parse().ok();
        if let Some(numbers) = inner.strip_suffix('~') {
            let mut parts = numbers.split(';');
            let is_other = parts.next() == Some("27");
            let (modifiers, code) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let key = Self { code, modifiers, ..Self::default() };
            return (is_other && parts.next().is_none()).then_some(key);
        }
        let mut parts = inner.strip_suffix('u')?.split(';');
        let codes = parts.next()?;
        let code = first(codes)?;
        let shifted = codes.split(':').nth(1).and_then(|code| code.parse().ok());
        let state = parts.next().unwrap_or_default();
        let kind = state.split(':').nth(1).and_then(|kind| kind.parse().ok());
        let text = parts.next().unwrap_or_default().split(':');
        let text = text.filter_map(|code| char::from_u32(code.parse().ok()?)).collect();
        let modifiers = first(state).map_or(1, |modifiers| modifiers as u16);
        let key = Self { code, shifted, modifiers, kind: kind.unwrap_or(1), text };
        (!FUNCTIONAL.contains(&code)).then_some(key)
    }

    /// The presses that it is: none when it is let go, and several where it gives a text of several characters.
    pub fn presses(&self) -> Vec<KeyEvent> {
        let kind = match self.kind {
            3 => return Vec::new(),
            2 => KeyEventKind::Repeat,
            _ => KeyEventKind::Press,
        };
        let held = self.held();
        let commands = held - KeyModifiers::SHIFT;
        let visible = |c: char| !c.is_control();
        if commands.is_empty() && !self.text.is_empty() && self.text.chars().all(visible) {
            return self.text.chars().map(|c| character(c, held, kind)).collect();
        }
        let key = |code, held| vec![KeyEvent::new_with_kind(code, held, kind)];
        let control = held.contains(KeyModifiers::CONTROL);
        match char::from_u32(self.code) {
            Some('\x1b') => key(KeyCode::Esc, held),
            Some('\r') => key(KeyCode::Enter, held),
            Some('\t') if held.contains(KeyModifiers::SHIFT) => key(KeyCode::BackTab, held),
            Some('\t') => key(KeyCode::Tab, held),
            Some('\x7f' | '\x08') => key(KeyCode::Backspace, held),
            // The same bytes of old.
            Some('[') if control => key(KeyCode::Esc, held - KeyModifiers::CONTROL),
            Some('i') if control => key(KeyCode::Tab, held - KeyModifiers::CONTROL),
            Some('m') if control => key(KeyCode::Enter, held - KeyModifiers::CONTROL),
            Some(c) if visible(c) => vec![character(self.letter(c), held, kind)],
            _ => Vec::new(),
        }
    }

    fn held(&self) -> KeyModifiers {
        let bits = self.modifiers.saturating_sub(1);
        let all = [
            (1, KeyModifiers::SHIFT),
            (2, KeyModifiers::ALT),
            (4, KeyModifiers::CONTROL),
            (8, KeyModifiers::SUPER),
            (16, KeyModifiers::HYPER),
            (32, KeyModifiers::META),
        ];
        let held = all.into_iter().filter(|(bit, _)| bits & bit != 0);
        held.fold(KeyModifiers::NONE, |all, (_, one)| all | one)
    }

    /// The character that `c` is with Shift and Caps Lock.
    fn letter(&self, c: char) -> char {
        let shift = self.held().contains(KeyModifiers::SHIFT);
        let caps = self.modifiers.saturating_sub(1) & CAPS_LOCK != 0 && c.is_alphabetic();
        let mut capital = c.to_uppercase();
        match (shift, self.shifted.and_then(char::from_u32)) {
            (true, Some(shifted)) if !caps => shifted,
            _ if shift != caps && capital.len() == 1 => capital.next().unwrap_or(c),
            _ => c,
        }
    }
}

/// A character with modifiers as it comes in the form of old: Shift is told of capitals alone.
fn character(c: char, held: KeyModifiers, kind: KeyEventKind) -> KeyEvent {
    let mut held = held;
    held.set(KeyModifiers::SHIFT, c.is_uppercase());
    KeyEvent::new_with_kind(KeyCode::Char(c), held, kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyCode::{BackTab, Backspace, Char, Enter, Esc, Tab};

    const NONE: KeyModifiers = KeyModifiers::NONE;
    const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
    const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
    const ALT: KeyModifiers = KeyModifiers::ALT;

    fn presses(sequence: &str) -> Vec<(KeyCode, KeyModifiers)> {
        let key = CodedKey::read(sequence.as_bytes()).expect(sequence);
        key.presses().iter().map(|event| (event.code, event.modifiers)).collect()
    }

    #[test]
    fn a_key_is_the_same_in_both_forms() {
        for (modifiers, code, key, held) in [
            (1, 97, Char('a'), NONE),
            (5, 99, Char('c'), CONTROL),
            (3, 117, Char('u'), ALT),
            (7, 97, Char('a'), CONTROL | ALT),
            (5, 32, Char(' '), CONTROL),
            (5, 95, Char('_'), CONTROL),
            (1, 13, Enter, NONE),
            (3, 13, Enter, ALT),
            (2, 13, Enter, SHIFT),
            (5, 13, Enter, CONTROL),
            (1, 9, Tab, NONE),
            (2, 9, BackTab, SHIFT),
            (1, 27, Esc, NONE),
            (1, 127, Backspace, NONE),
            (5, 127, Backspace, CONTROL),
            (5, 91, Esc, NONE),
            (5, 105, Tab, NONE),
            (5, 109, Enter, NONE),
            (3, 228, Char('ä'), ALT),
            (1, 0x6708, Char('月'), NONE),
            (2, 33, Char('!'), NONE),
            (2, 65, Char('A'), SHIFT),
            (129, 97, Char('a'), NONE),
        ] {
            let expected = [(key, held)];
            assert_eq!(presses(&format!("\x1b[27;{modifiers};{code}~")), expected, "{code}");
            assert_eq!(presses(&format!("\x1b[{code};{modifiers}u")), expected, "{code}");
            assert_eq!(presses(&format!("\x1b[{code};{modifiers}:2u")), expected, "{code}");
            assert_eq!(presses(&format!("\x1b[{code};{modifiers}:3u")), [], "{code} let go");
        }
    }

    #[test]
    fn kitty_says_what_a_key_gives() {
        for (sequence, typed) in [
            ("\x1b[97u", "a"),
            ("\x1b[97;2u", "A"),
            ("\x1b[97:65;2u", "A"),
            ("\x1b[97:65;2;65u", "A"),
            ("\x1b[97;65u", "A"),
            ("\x1b[97;66u", "a"),
            ("\x1b[49:33;2u", "!"),
            ("\x1b[49;2;33u", "!"),
            ("\x1b[1092::97;;1092u", "ф"),
            ("\x1b[0;;128512u", "😀"),
            ("\x1b[0;;101:769u", "e\u{301}"),
            ("\x1b[223;2u", "ß"),
        ] {
            let codes = presses(sequence).into_iter().map(|(code, _)| match code {
                Char(c) => c,
                other => panic!("{other:?}"),
            });
            assert_eq!(codes.collect::<String>(), typed, "{sequence:?}");
        }
        assert_eq!(presses("\x1b[97:65;6;1u"), [(Char('A'), CONTROL | SHIFT)], "no text with it");
        assert_eq!(presses("\x1b[0u"), []);
    }

    #[test]
    fn what_is_something_else_is_none() {
        for sequence in [
            "\x1b[15~",
            "\x1b[27~",
            "\x1b[27;5~",
            "\x1b[27;5;99;1~",
            "\x1b[u",
            "\x1b[?1u",
            "\x1b[57414u",
        ] {
            assert_eq!(CodedKey::read(sequence.as_bytes()), None, "{sequence:?}");
        }
    }
}
