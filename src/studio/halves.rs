//! The right halves of wide characters.
//!
//! A frame's buffer has a cell behind each wide character that nobody sees. When that cell comes into sight and
//! its content did not change, ratatui 0.30.2 does not send it, and the terminal shows what was left of the wide
//! character: a blank in its colours. So the cells that come into sight are marked to be sent.

use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

/// Which cells the previous frame hid.
#[derive(Default)]
pub struct Halves {
    area: Rect,
    hidden: Vec<bool>,
}

impl Halves {
    /// Marks what comes into sight with this frame. To be called on every frame, after the last widget.
    pub fn uncover(&mut self, buffer: &mut Buffer) {
        if self.area != buffer.area {
            self.area = buffer.area;
            self.hidden.clear();
            self.hidden.resize(buffer.content.len(), false);
        }
        let mut covered = false;
        for (cell, hidden) in buffer.content.iter_mut().zip(&mut self.hidden) {
            if *hidden && !covered && cell.diff_option == CellDiffOption::None {
                cell.set_diff_option(CellDiffOption::AlwaysUpdate);
            }
            *hidden = covered;
            // A wide character is never in the last column, so that rows don't need to be told apart.
            covered = !covered && cell.symbol().len() > 2 && cell.symbol().width() > 1;
        }
    }
}
