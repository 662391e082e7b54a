//! What came from the terminal at once. Fingers are slow: several keys in one read were pasted, sent by a program,
//! or held up on a bad link, and nobody saw what the first one did before the last was there.

use crossterm::event::{KeyCode, KeyModifiers};
use jiff::{SignedDuration, Timestamp};

use super::input::Input;
use super::press::Press;

/// A read that had to wait for no longer than this belongs to the one before: a paste comes in pieces.
const CLOSE: SignedDuration = SignedDuration::from_micros(300);

/// The keys that came together so far.
#[derive(Debug, Default)]
pub struct Burst {
    last: Option<Timestamp>,
    key: Option<(KeyCode, KeyModifiers)>,
    crowded: bool,
}

impl Burst {
    /// Says of each key that one read gave when it came, and whether it had company: a paste, other keys, or text.
    /// One that repeats is alone, as long as it is none that text is made of. Returns whether there was any.
    pub fn mark(&mut self, inputs: &mut [Input], at: Timestamp) -> bool {
        if self.last.is_none_or(|last| at.duration_since(last).abs() >= CLOSE) {
            *self = Self::default();
        }
        let before = self.last.take();
        for input in inputs.iter() {
            match input {
                Input::Paste(_) => self.crowded = true,
                Input::Key(Press { event, .. }) => {
                    let key = (event.code, event.modifiers);
                    let joins = |first| first != key || is_text(event.code, event.modifiers);
                    self.crowded |= self.key.is_some_and(joins);
                    self.key = Some(key);
                }
                _ => continue,
            }
            self.last = Some(at);
        }
        for input in inputs {
            if let Input::Key(press) = input {
                (press.at, press.crowded) = (at, self.crowded);
            }
        }
        let any = self.last.is_some();
        self.last = self.last.or(before);
        any
    }

    /// The keys were handed on, for which there may have been no room for a while.
    pub fn handed_on(&mut self, at: Timestamp) {
        self.last = Some(at);
    }
}

/// Whether text has such a key in it.
pub fn is_text(code: KeyCode, modifiers: KeyModifiers) -> bool {
    !modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
        && matches!(code, KeyCode::Char(_) | KeyCode::Enter | KeyCode::Tab)
}

#[cfg(test)]
mod tests {
    use super::super::keyboard::Keyboard;
    use super::*;

    /// Whether the keys of the last of `reads`, each so many microseconds after the one before, have company.
    fn crowded(reads: &[(i64, &str)]) -> bool {
        let (mut keyboard, mut burst) = (Keyboard::default(), Burst::default());
        let (mut at, mut crowded) = (Timestamp::UNIX_EPOCH, false);
        for (after_us, bytes) in reads {
            at += SignedDuration::from_micros(*after_us);
            let mut inputs = Vec::new();
            keyboard.read(bytes.as_bytes(), |input| inputs.push(input));
            burst.mark(&mut inputs, at);
            let key = inputs.iter().rev().find_map(|input| match input {
                Input::Key(press) => Some(*press),
                _ => None,
            });
            crowded = key.is_some_and(|key| key.crowded);
            assert!(key.is_none_or(|key| key.at == at));
        }
        crowded
    }

    #[test]
    fn a_key_beside_a_paste_or_text_has_company() {
        let f5 = "\x1b[15~";
        for bytes in [
            "\x1b[200~a fox\x1b[201~\x1b[15~ runs\x1b[201~",
            "a fox\x1b[15~",
            "\x1b[15~\x1b[15~\x1b[200~a fox\x1b[201~\x1b[15~",
            "\x1b[15~x",
            "p\r",
            "\r\r",
            "\x1b[B\r",
            "\x1b[15~\x1b\r",
        ] {
            assert!(crowded(&[(0, bytes)]), "{bytes:?}");
        }
        for bytes in [f5, "\r", "\x1b\r", "\x1b[15~\x1b[15~\x1b[15~", "\x1b[15~\x1b[1;1R\x1b[I"] {
            assert!(!crowded(&[(0, bytes)]), "{bytes:?}");
        }
    }

    #[test]
    fn what_follows_closely_belongs_to_it() {
        let (text, f5) = ("a fox", "\x1b[15~");
        assert!(crowded(&[(0, text), (299, f5)]));
        assert!(!crowded(&[(0, text), (300, f5)]), "fingers");
        assert!(crowded(&[(0, "\x1b[200~a"), (900_000, "b\x1b[201~"), (50, f5)]));
        assert!(crowded(&[(0, text), (100, "\x1b[1;1R"), (100, f5)]), "an answer between them");
        assert!(!crowded(&[(0, f5), (33_000, f5), (33_000, f5)]), "a key that is held");
        assert!(crowded(&[(0, text), (-3_600_000_000, text), (200, f5)]), "a clock that was set");
    }
}
