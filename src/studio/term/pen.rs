//! What the terminal prints with: colours at the depth it has, and attributes; and the shortest way from one
//! pen to the next. The only place where a colour is downgraded.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::motion::number;

/// How many colours may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Attributes only (`NO_COLOR`, or a terminal without colours).
    None,
    /// The user's own sixteen.
    Ansi16,
    /// The sixteen, the 6×6×6 cube and the grey ramp.
    Ansi256,
    /// 24 bits.
    True,
}

impl Depth {
    /// The depth that the environment promises. `NO_COLOR` wins when set and not empty (no-color.org).
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Self {
        let var = |name: &str| var(name).filter(|value| !value.is_empty());
        let term = var("TERM").unwrap_or_default();
        if var("NO_COLOR").is_some()
            || term == "dumb"
            || term.starts_with("vt1")
            || term.starts_with("vt2")
        {
            return Self::None;
        }
        let colorterm = var("COLORTERM").unwrap_or_default();
        if colorterm.contains("truecolor")
            || colorterm.contains("24bit")
            || term.ends_with("-direct")
        {
            return Self::True;
        }
        let modern = ["kitty", "ghostty", "alacritty", "foot", "wezterm"];
        if modern.iter().any(|name| term.contains(name)) {
            return Self::True;
        }
        if term.contains("256color") { Self::Ansi256 } else { Self::Ansi16 }
    }
}

/// One colour as it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ink {
    #[default]
    Default,
    Basic(u8),
    Indexed(u8),
    Rgb(u8, u8, u8),
}

impl Ink {
    /// The colour nearest to the one asked for at this depth.
    fn of(color: Color, depth: Depth) -> Self {
        let ink = match color {
            Color::Reset => return Self::Default,
            Color::Black => Self::Basic(0),
            Color::Red => Self::Basic(1),
            Color::Green => Self::Basic(2),
            Color::Yellow => Self::Basic(3),
            Color::Blue => Self::Basic(4),
            Color::Magenta => Self::Basic(5),
            Color::Cyan => Self::Basic(6),
            Color::Gray => Self::Basic(7),
            Color::DarkGray => Self::Basic(8),
            Color::LightRed => Self::Basic(9),
            Color::LightGreen => Self::Basic(10),
            Color::LightYellow => Self::Basic(11),
            Color::LightBlue => Self::Basic(12),
            Color::LightMagenta => Self::Basic(13),
            Color::LightCyan => Self::Basic(14),
            Color::White => Self::Basic(15),
            Color::Indexed(n) if n < 16 => Self::Basic(n),
            Color::Indexed(n) => Self::Indexed(n),
            Color::Rgb(r, g, b) => Self::Rgb(r, g, b),
        };
        match (depth, ink) {
            (Depth::None, _) => Self::Default,
            (Depth::Ansi16, Self::Indexed(n)) => Self::Basic(nearest_basic(palette(n))),
            (Depth::Ansi16, Self::Rgb(r, g, b)) => Self::Basic(nearest_basic((r, g, b))),
            (Depth::Ansi256, Self::Rgb(r, g, b)) => Self::Indexed(nearest_indexed((r, g, b))),
            _ => ink,
        }
    }

    /// Appends the SGR parameters that select this ink; `base` is 30 for text, 40 for the background.
    fn write(self, base: u16, out: &mut Vec<u8>) {
        match self {
            Self::Default => param(out, base + 9),
            Self::Basic(n @ 0..8) => param(out, base + u16::from(n)),
            Self::Basic(n) => param(out, base + 60 + u16::from(n) - 8),
            Self::Indexed(n) => [base + 8, 5, n.into()].into_iter().for_each(|p| param(out, p)),
            Self::Rgb(r, g, b) => {
                [base + 8, 2, r.into(), g.into(), b.into()].into_iter().for_each(|p| param(out, p))
            }
        }
    }

    /// Underline colours go in the colon form: a terminal that doesn't know them skips the whole parameter,
    /// where it would read the 5 of `58;5;n` as blink.
    fn write_underline(self, out: &mut Vec<u8>) {
        match self {
            Self::Default => param(out, 59),
            Self::Basic(n) | Self::Indexed(n) => {
                out.extend_from_slice(b"58:5:");
                param(out, n.into());
            }
            Self::Rgb(r, g, b) => {
                out.extend_from_slice(b"58:2:");
                for n in [r, g] {
                    out.push(b':');
                    number(out, n.into());
                }
                out.push(b':');
                param(out, b.into());
            }
        }
    }
}

fn param(out: &mut Vec<u8>, n: u16) {
    number(out, n);
    out.push(b';');
}

type Rgb = (u8, u8, u8);

const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// xterm's defaults; the user's theme differs, but the order of the hues is the same everywhere.
const BASIC: [Rgb; 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

fn palette(n: u8) -> Rgb {
    match n {
        0..16 => BASIC[usize::from(n)],
        16..232 => {
            let step = |i: u8| CUBE[usize::from(i % 6)];
            (step((n - 16) / 36), step((n - 16) / 6), step(n - 16))
        }
        _ => {
            let grey = 8 + 10 * (n - 232);
            (grey, grey, grey)
        }
    }
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    let square = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    // Green counts most and blue least, as in the eye.
    3 * square(a.0, b.0) + 6 * square(a.1, b.1) + square(a.2, b.2)
}

fn nearest_basic(color: Rgb) -> u8 {
    (0..16).min_by_key(|n| distance(palette(*n), color)).unwrap_or(7)
}

/// The nearest of xterm's colours from 16 on, the cube and the greys.
pub fn nearest_indexed(color: Rgb) -> u8 {
    // Each channel of the cube by itself, from the middles between its levels.
    let step = |v: u8| match v {
        0..48 => 0,
        48..115 => 1,
        _ => (v - 35) / 40,
    };
    let cube = 16 + 36 * step(color.0) + 6 * step(color.1) + step(color.2);
    // The grey with the least distance is the one nearest to the mean by the same weights.
    let mean = (3 * u16::from(color.0) + 6 * u16::from(color.1) + u16::from(color.2)) / 10;
    let grey = 232 + (mean.saturating_sub(3) / 10).min(23) as u8;
    if distance(palette(grey), color) < distance(palette(cube), color) { grey } else { cube }
}

/// Attributes that a blank cell shows.
const SEEN_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK)
    .union(Modifier::CROSSED_OUT);

/// Attribute, the parameter that turns it on, the one that turns it off.
const ATTRIBUTES: [(Modifier, u16, u16); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// Colours and attributes as the terminal holds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pen {
    fg: Ink,
    bg: Ink,
    underline: Ink,
    attributes: Modifier,
}

impl Pen {
    /// The terminal's own colours, no attribute.
    pub const PLAIN: Self = Self {
        fg: Ink::Default,
        bg: Ink::Default,
        underline: Ink::Default,
        attributes: Modifier::empty(),
    };

    /// Whether a blank printed with this pen looks like one printed with the other.
    pub fn blank_like(self, other: Self) -> bool {
        self.bg == other.bg && !self.attributes.union(other.attributes).intersects(SEEN_ON_BLANK)
    }

    /// The pen for a cell. For a blank cell, `current` lends everything that a blank doesn't show.
    pub fn of(cell: &Cell, depth: Depth, current: Option<Self>) -> Self {
        let attributes = cell.modifier;
        let underlined = attributes.contains(Modifier::UNDERLINED);
        let rich = matches!(depth, Depth::Ansi256 | Depth::True);
        let pen = Self {
            fg: Ink::of(cell.fg, depth),
            bg: Ink::of(cell.bg, depth),
            underline: if underlined && rich {
                Ink::of(cell.underline_color, depth)
            } else {
                Ink::Default
            },
            attributes,
        };
        pen.hidden_by_blank(current)
    }

    /// A symbol and the pen for it as they are sent. A half block of two colours is the other one with the colours
    /// exchanged, and one of a single colour is a blank: the spelling that changes fewer of the pen's colours. The
    /// terminal's own colours stay where they are, since text and ground have different ones.
    pub fn spelled(self, symbol: &str, current: Option<Self>) -> (&str, Self) {
        let other = match symbol {
            "▀" => "▄",
            "▄" => "▀",
            _ => return (symbol, self),
        };
        let own = self.fg == Ink::Default || self.bg == Ink::Default;
        if own || self.underline != Ink::Default || !self.attributes.is_empty() {
            return (symbol, self);
        }
        if self.fg == self.bg {
            return (" ", self.hidden_by_blank(current));
        }
        let exchanged = Self { fg: self.bg, bg: self.fg, ..self };
        let changes = |pen: Self| {
            current.map_or(0, |now| u8::from(now.fg != pen.fg) + u8::from(now.bg != pen.bg))
        };
        if changes(exchanged) < changes(self) { (other, exchanged) } else { (symbol, self) }
    }

    /// This pen with everything that a blank doesn't show taken from `current`: fewer changes to send.
    pub fn hidden_by_blank(self, current: Option<Self>) -> Self {
        match current {
            Some(now) if !self.attributes.intersects(SEEN_ON_BLANK) => {
                Self { fg: now.fg, attributes: now.attributes.difference(SEEN_ON_BLANK), ..self }
            }
            _ => self,
        }
    }

    /// Whether this cell, if blank, looks like erased ground.
    pub fn blank_is_default(cell: &Cell, depth: Depth) -> bool {
        !cell.modifier.intersects(SEEN_ON_BLANK) && Ink::of(cell.bg, depth) == Ink::Default
    }

    /// Appends the shortest SGR sequence that leads from `from` (`None`: unknown) to this pen.
    pub fn write(self, from: Option<Self>, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b"\x1b[");
        if let Some(from) = from {
            self.changes(from, out);
            // Beginning anew is shorter only where something has to be undone.
            if self.undoes(from) {
                let changed = out.len() - start;
                let mut anew = Vec::with_capacity(24);
                self.anew(&mut anew);
                if anew.len() + 2 < changed {
                    out.truncate(start + 2);
                    out.append(&mut anew);
                }
            }
        } else {
            self.anew(out);
        }
        if out.last() == Some(&b';') {
            out.pop();
        }
        out.push(b'm');
    }

    /// Whether a part of `from` goes back to what a reset makes of it.
    fn undoes(self, from: Self) -> bool {
        let inks = [(from.fg, self.fg), (from.bg, self.bg), (from.underline, self.underline)];
        !self.attributes.contains(from.attributes)
            || inks.iter().any(|(old, new)| *old != Ink::Default && *new == Ink::Default)
    }

    /// Everything from a reset, which is the empty parameter: the 0 need not be written.
    fn anew(self, out: &mut Vec<u8>) {
        if self != Self::PLAIN {
            out.push(b';');
            self.changes(Self::PLAIN, out);
        }
    }

    fn changes(self, from: Self, out: &mut Vec<u8>) {
        let mut held = from.attributes;
        for (attribute, _, off) in ATTRIBUTES {
            if held.contains(attribute) && !self.attributes.contains(attribute) {
                param(out, off);
                // One parameter ends both bold and dim, and both kinds of blink.
                ATTRIBUTES.iter().filter(|a| a.2 == off).for_each(|a| held.remove(a.0));
            }
        }
        for (attribute, on, _) in ATTRIBUTES {
            if self.attributes.contains(attribute) && !held.contains(attribute) {
                param(out, on);
            }
        }
        if self.fg != from.fg {
            self.fg.write(30, out);
        }
        if self.bg != from.bg {
            self.bg.write(40, out);
        }
        if self.underline != from.underline {
            self.underline.write_underline(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_colour_of_xterms_is_nearer_than_the_one_taken() {
        let levels = (0..=255).step_by(5).chain([47, 48, 94, 96, 114, 115, 154, 234]);
        let levels: Vec<u8> = levels.collect();
        for &r in &levels {
            for &g in &levels {
                for &b in &levels {
                    let color = (r, g, b);
                    let taken = distance(palette(nearest_indexed(color)), color);
                    let least = (16..=255).map(|n| distance(palette(n), color)).min();
                    assert_eq!(Some(taken), least, "{color:?}");
                }
            }
        }
    }
}
