//! A key as it was pressed.

use crossterm::event::KeyEvent;
use jiff::Timestamp;

/// A key, with when and how it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// The key.
    pub event: KeyEvent,
    /// When it arrived.
    pub at: Timestamp,
    /// Whether it came together with text or with other keys.
    pub crowded: bool,
}

impl From<KeyEvent> for Press {
    /// As the bytes of a key say it. How it came is not known yet.
    fn from(event: KeyEvent) -> Self {
        Self { event, at: Timestamp::UNIX_EPOCH, crowded: true }
    }
}
