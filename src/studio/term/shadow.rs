//! What stands on the terminal where it is plain ASCII: enough to cross a small gap by printing it again, which
//! is shorter than a cursor move.

use ratatui::layout::Position;

use super::pen::Pen;

#[derive(Clone, Copy)]
struct Known {
    /// A printable ASCII character; 0 is anything else, or unknown.
    byte: u8,
    pen: Pen,
}

const UNKNOWN: Known = Known { byte: 0, pen: Pen::PLAIN };
const BLANK: Known = Known { byte: b' ', pen: Pen::PLAIN };

/// One entry for each cell of the screen.
#[derive(Default)]
pub struct Shadow {
    width: u16,
    cells: Vec<Known>,
}

impl Shadow {
    /// Forgets everything; the screen has this many cells.
    pub fn forget(&mut self, width: u16, height: u16) {
        self.width = width;
        self.cells.clear();
        self.cells.resize(usize::from(width) * usize::from(height), UNKNOWN);
    }

    /// The screen was erased.
    pub fn blank(&mut self) {
        self.cells.fill(BLANK);
    }

    /// A symbol that is `width` cells wide was printed at `at`.
    pub fn print(&mut self, at: Position, symbol: &str, width: u16, pen: Pen) {
        let byte = match symbol.as_bytes() {
            [byte @ b' '..=b'~'] => *byte,
            _ => 0,
        };
        for x in at.x..at.x + width {
            if let Some(cell) = self.cell(Position { x, y: at.y }) {
                *cell = Known { byte, pen };
            }
        }
    }

    /// The ASCII text from `from` up to `to` on one row, when printing it with `pen` changes nothing there.
    pub fn gap(&mut self, from: Position, to: Position, pen: Pen, out: &mut Vec<u8>) -> bool {
        (from.x..to.x).all(|x| match self.cell(Position { x, y: from.y }) {
            Some(known)
                if known.byte != 0
                    && (known.pen == pen || known.byte == b' ' && known.pen.blank_like(pen)) =>
            {
                out.push(known.byte);
                true
            }
            _ => false,
        })
    }

    fn cell(&mut self, at: Position) -> Option<&mut Known> {
        if at.x >= self.width {
            return None;
        }
        self.cells.get_mut(usize::from(at.y) * usize::from(self.width) + usize::from(at.x))
    }
}
