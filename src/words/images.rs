//! How pictures are drawn in this terminal: what the config wishes, and whether the terminal is asked what it can.

use serde::Deserialize;

/// What the config says about pictures in the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Images {
    /// The best form that the terminal proves it can show; half blocks until then.
    #[default]
    Auto,
    /// Two pixels a cell, which work everywhere.
    HalfBlocks,
    /// kitty's form, without a proof.
    Kitty,
    /// iTerm2's, without a proof.
    Iterm2,
    /// Sixel, without a proof.
    Sixel,
    /// No picture, the facts alone.
    Off,
}

/// What lies between the program and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Nothing that is known of.
    Nothing,
    /// tmux or screen, which draw their own cells over whatever they do not know.
    Multiplexer,
    /// A terminal that shows no pictures and may print a question.
    Plain,
}

impl Between {
    /// What the environment says.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let named = ["tmux", "screen"].iter().any(|name| term.starts_with(name));
        if named || set("TMUX").is_some() || set("STY").is_some() {
            return Self::Multiplexer;
        }
        let plain = ["", "dumb", "linux"].contains(&&*term) || term.starts_with("vt");
        if plain { Self::Plain } else { Self::Nothing }
    }
}

impl Images {
    /// Whether the terminal is to be asked what it can show.
    pub fn are_asked_for(self, between: Between) -> bool {
        self == Self::Auto && between == Between::Nothing
    }

    /// Whether pictures go out in a form that is taken on trust.
    pub fn are_forced(self, between: Between) -> bool {
        match self {
            // Both would be drawn where the terminal's own cursor is, which only the multiplexer knows.
            Self::Kitty | Self::Iterm2 => between != Between::Multiplexer,
            Self::Sixel => true,
            Self::Auto | Self::HalfBlocks | Self::Off => false,
        }
    }

    /// The same in a sentence.
    pub fn in_words(self, between: Between) -> &'static str {
        match (self, between) {
            (Self::Auto, Between::Nothing) => {
                "half blocks; the studio asks this terminal once whether it can show more"
            }
            (Self::Auto, Between::Multiplexer) => {
                "half blocks: inside tmux or screen the terminal is not asked for more"
            }
            (Self::Auto, Between::Plain) => {
                "half blocks: a terminal of this kind (TERM) is not asked for more"
            }
            (Self::HalfBlocks, _) => "half blocks, as the config says",
            (Self::Kitty | Self::Iterm2, Between::Multiplexer) => {
                "half blocks: the config's form can't be placed through tmux or screen"
            }
            (Self::Kitty, _) => "kitty's form, as the config says; the terminal need not prove it",
            (Self::Iterm2, _) => {
                "iTerm2's form, as the config says; the terminal need not prove it"
            }
            (Self::Sixel, _) => "sixel, as the config says; the terminal need not prove it",
            (Self::Off, _) => "none, as the config says",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_that_may_answer_is_asked() {
        let between = |pairs: &[(&str, &str)]| {
            let find = |name: &str| pairs.iter().find(|(known, _)| *known == name);
            Between::from_env(|name| find(name).map(|(_, value)| (*value).to_owned()))
        };
        for (pairs, expected) in [
            (&[("TERM", "xterm-kitty")][..], Between::Nothing),
            (&[("TERM", "xterm-256color"), ("TMUX", "/tmp/tmux,1,0")], Between::Multiplexer),
            (&[("TERM", "xterm-256color"), ("TMUX", "")], Between::Nothing),
            (&[("TERM", "screen-256color")], Between::Multiplexer),
            (&[("TERM", "tmux-256color")], Between::Multiplexer),
            (&[("TERM", "xterm"), ("STY", "1.pts-0")], Between::Multiplexer),
            (&[("TERM", "linux")], Between::Plain),
            (&[("TERM", "dumb")], Between::Plain),
            (&[], Between::Plain),
        ] {
            assert_eq!(between(pairs), expected, "{pairs:?}");
            let asked = expected == Between::Nothing;
            assert_eq!(Images::Auto.are_asked_for(expected), asked, "{pairs:?}");
        }
        assert!(!Images::HalfBlocks.are_asked_for(Between::Nothing));
        assert!(!Images::Sixel.are_asked_for(Between::Nothing));
    }

    #[test]
    fn forced_is_what_can_work() {
        assert!(Images::Kitty.are_forced(Between::Nothing));
        assert!(!Images::Kitty.are_forced(Between::Multiplexer));
        assert!(Images::Sixel.are_forced(Between::Multiplexer), "tmux has sixel of its own");
        assert!(!Images::Off.are_forced(Between::Nothing));
    }
}
