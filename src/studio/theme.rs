//! Colours by what they mean. Colour never says anything alone: every state has a glyph and a word.

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::words::THEMES;

const BUILT_IN: [(&str, &str); 3] = [
    (THEMES[0], include_str!("../../assets/themes/ansi.toml")),
    (THEMES[1], include_str!("../../assets/themes/dark.toml")),
    (THEMES[2], include_str!("../../assets/themes/light.toml")),
];

/// A theme: one colour for each meaning.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    text: Paint,
    dim: Paint,
    accent: Paint,
    border: Paint,
    good: Paint,
    warn: Paint,
    bad: Paint,
    money: Paint,
    promote: Paint,
    busy: Paint,
    chosen_text: Paint,
    chosen: Paint,
    /// No colours at all, as `NO_COLOR` asks for.
    #[serde(skip)]
    plain: bool,
}

#[derive(Clone, Copy, Debug)]
struct Paint(Color);

impl<'de> Deserialize<'de> for Paint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "default" {
            return Ok(Self(Color::Reset));
        }
        let unknown = |_| {
            serde::de::Error::custom(format!(
                "'{text}' is not a valid colour; expected a name or #rrggbb"
            ))
        };
        text.parse().map(Self).map_err(unknown)
    }
}

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Text,
    /// What stands beside.
    Dim,
    /// What has the focus.
    Accent,
    /// Lines.
    Border,
    /// Done.
    Good,
    /// To be looked at.
    Warn,
    /// Failed.
    Bad,
    /// An amount.
    Money,
    /// What can be promoted.
    Promote,
    /// Under way.
    Busy,
}

impl Theme {
    /// The built-in themes' names, in the order in which a key takes them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The built-in theme of that name, or the first.
    pub fn named(name: &str, plain: bool) -> Self {
        let text = BUILT_IN.iter().find(|(other, _)| *other == name).unwrap_or(&BUILT_IN[0]).1;
        Self::parse(text, plain).unwrap_or_else(|_| Self::colourless())
    }

    /// A theme from the text of a file.
    pub fn parse(text: &str, plain: bool) -> Result<Self, String> {
        let theme: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        Ok(Self { plain, ..theme })
    }

    fn colourless() -> Self {
        let none = Paint(Color::Reset);
        Self {
            text: none,
            dim: none,
            accent: none,
            border: none,
            good: none,
            warn: none,
            bad: none,
            money: none,
            promote: none,
            busy: none,
            chosen_text: none,
            chosen: none,
            plain: true,
        }
    }

    /// Whether there are no colours.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// The style of a meaning.
    pub fn style(&self, tone: Tone) -> Style {
        if self.plain {
            return match tone {
                Tone::Accent | Tone::Bad => Style::new().add_modifier(Modifier::BOLD),
                Tone::Dim | Tone::Border => Style::new().add_modifier(Modifier::DIM),
                _ => Style::new(),
            };
        }
        let paint = match tone {
            Tone::Text => self.text,
            Tone::Dim => self.dim,
            Tone::Accent => self.accent,
            Tone::Border => self.border,
            Tone::Good => self.good,
            Tone::Warn => self.warn,
            Tone::Bad => self.bad,
            Tone::Money => self.money,
            Tone::Promote => self.promote,
            Tone::Busy => self.busy,
        };
        Style::new().fg(paint.0)
    }

    /// The same, bold.
    pub fn bold(&self, tone: Tone) -> Style {
        self.style(tone).add_modifier(Modifier::BOLD)
    }

    /// What is chosen.
    pub fn chosen(&self) -> Style {
        if self.plain {
            return Style::new().add_modifier(Modifier::REVERSED);
        }
        Style::new().fg(self.chosen_text.0).bg(self.chosen.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_are_right() {
        for (name, text) in BUILT_IN {
            assert!(
                Theme::parse(text, false).is_ok(),
                "{name}: {:?}",
                Theme::parse(text, false).err()
            );
        }
    }

    #[test]
    fn without_colours_nothing_is_coloured() {
        let theme = Theme::named("dark", true);
        assert_eq!(theme.style(Tone::Bad).fg, None);
        assert_eq!(theme.chosen().bg, None);
    }
}
