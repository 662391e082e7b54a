//! Which presses may pay. For a terminal a held key and a pasted one are keys like others, so the rule is in time:
//! only a press of its own is a yes, and a question that pays hears none before it could be read.
//!
//! What pays is a press of its own. `burst.rs` says of each key when it came and whether in company, where the bytes
//! are read: by the time a key is taken in, the loop may have been held up. Every way that pays asks
//! `paying::is_a_yes`, or `is_a_yes_to` where a dialog is answered, which the loop has told (`Msg::Drawn`) that it
//! was drawn.

use crossterm::event::{KeyCode, KeyEventKind, KeyModifiers};
use jiff::{SignedDuration, Timestamp};

use super::term::press::Press;

/// A key that comes again within this time is the same press, and so is one behind pasted text: a keyboard
/// repeats after half a second at the latest, and nobody reads a question faster.
pub const PAUSE: SignedDuration = SignedDuration::from_millis(800);
/// No key is on its way for so long: one from further back comes by a clock that was put back.
const LONGEST_ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(60);
/// So many different keys are remembered, more than anybody presses within the pause.
const MAX_KEYS: usize = 64;

/// Why a press can't pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoYes {
    /// It is still the press before.
    Held,
    /// It came with other keys.
    Crowded,
    /// It came with text that was pasted, or right behind the user's editor.
    Brought,
    /// What it would answer was not seen yet.
    Unseen,
}

impl NoYes {
    /// What to say of it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Held => {
                "a key that is held is one press: leave it for 0.8 s, then it counts again"
            }
            Self::Crowded => "that came too fast to be a yes: press it once more",
            Self::Brought => {
                "that came with text from elsewhere, which never pays: press it once more"
            }
            Self::Unseen => "that came before the question could be read: press it once more",
        }
    }
}

/// The last presses, and since when a question that pays is on the screen.
#[derive(Debug, Default)]
pub struct Presses {
    keys: Vec<((KeyCode, KeyModifiers), Timestamp)>,
    brought_at: Option<Timestamp>,
    now: Option<Timestamp>,
    no_yes: Option<NoYes>,
    seen_at: Option<Timestamp>,
    rest: SignedDuration,
}

impl Presses {
    /// Takes the next press: what is asked from here on is about it.
    pub fn key(&mut self, press: &Press) {
        let key = (press.event.code, press.event.modifiers);
        let is_close = |at: Timestamp| press.at.duration_since(at).abs() < PAUSE;
        self.keys.retain(|(_, at)| is_close(*at));
        let before = self.keys.iter().position(|(one, _)| *one == key);
        let is_held = before.is_some() || press.event.kind == KeyEventKind::Repeat;
        if let Some(before) = before {
            self.keys.remove(before);
        }
        if self.keys.len() == MAX_KEYS {
            self.keys.remove(0);
        }
        self.keys.push((key, press.at));
        self.now = Some(press.at);
        self.no_yes = match () {
            () if self.brought_at.is_some_and(is_close) => Some(NoYes::Brought),
            () if press.crowded => Some(NoYes::Crowded),
            () if is_held => Some(NoYes::Held),
            () => None,
        };
    }

    /// Text was pasted, or comes from the user's editor: keys may have come along.
    pub fn brought(&mut self, at: Timestamp) {
        self.brought_at = Some(at);
    }

    /// Why the last press can't pay for what stands on the screen already.
    pub fn no_yes(&self) -> Option<NoYes> {
        self.no_yes
    }

    /// Why it can't answer the question that lies over the panes.
    pub fn no_yes_to_question(&self) -> Option<NoYes> {
        let seen = self.seen_at.zip(self.now);
        let in_time = seen.is_some_and(|(seen, now)| {
            let since = now.duration_since(seen);
            since >= self.rest || since <= -LONGEST_ON_ITS_WAY
        });
        self.no_yes.or((!in_time).then_some(NoYes::Unseen))
    }

    /// A question that pays is asked, or asks something else now; `by_itself` where no key led to it, so that
    /// whoever is typing something else needs time to see it.
    pub fn ask(&mut self, by_itself: bool) {
        self.seen_at = None;
        self.rest = if by_itself { PAUSE } else { SignedDuration::ZERO };
    }

    /// Whether the question was not drawn yet.
    pub fn waits_to_be_seen(&self) -> bool {
        self.seen_at.is_none()
    }

    /// The question was drawn.
    pub fn seen(&mut self, at: Timestamp) {
        self.seen_at.get_or_insert(at);
    }
}
