//! What the terminal shows, and the way from there to the next frame.
//!
//! ratatui's `Terminal` draws and compares every cell of every frame. This one can also take a part: the cells
//! outside of it stay what they are, and cost nothing.

use ratatui::backend::Backend;
use ratatui::buffer::{Buffer, CellDiffOption, CellWidth as _};
use ratatui::layout::Rect;

use super::frame::Frame;

/// A screen that is drawn frame by frame.
pub struct Canvas<B: Backend> {
    backend: B,
    shown: Buffer,
    /// The cells of the next frame; kept to be used again.
    next: Buffer,
    /// Nothing was drawn yet on this screen, so that no part of it can stay.
    blank: bool,
}

impl<B: Backend> Canvas<B> {
    /// A canvas on a blank screen.
    ///
    /// # Errors
    /// When the backend doesn't know its size.
    pub fn new(backend: B) -> Result<Self, B::Error> {
        let shown = Buffer::empty(Rect::from((Default::default(), backend.size()?)));
        Ok(Self { backend, shown, next: Buffer::default(), blank: true })
    }

    /// The backend.
    pub fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// The cells that are shown.
    #[cfg(test)]
    pub fn shown(&self) -> &Buffer {
        &self.shown
    }

    /// Notes that the screen is blank, by no doing of this canvas.
    ///
    /// # Errors
    /// When the backend doesn't know its size.
    pub fn blanked(&mut self) -> Result<(), B::Error> {
        self.shown = Buffer::empty(Rect::from((Default::default(), self.backend.size()?)));
        self.blank = true;
        Ok(())
    }

    /// Erases the screen with the next frame.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn clear(&mut self) -> Result<(), B::Error> {
        self.backend.clear()?;
        self.blanked()
    }

    /// Draws a frame: the whole screen, or only `part` of it where the caller knows that `view` would draw the
    /// rest as it is. After [`Canvas::clear`] or in a window of another size it is always the whole screen.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn draw(
        &mut self,
        part: Option<Rect>,
        view: impl FnOnce(&mut Frame<'_>),
    ) -> Result<(), B::Error> {
        if self.backend.size()? != self.shown.area.as_size() {
            self.clear()?;
        }
        let screen = self.shown.area;
        let area = part.filter(|_| !self.blank).map_or(screen, |part| part.intersection(screen));
        self.next.resize(area);
        self.next.reset();
        let mut frame = Frame::new(&mut self.next, screen);
        view(&mut frame);
        let cursor = frame.cursor();
        if area == screen {
            self.backend.draw(self.shown.diff_iter(&self.next))?;
        } else {
            self.backend.draw(cut(&self.shown, area).diff_iter(&self.next))?;
        }
        match cursor {
            None => self.backend.hide_cursor()?,
            Some(position) => {
                self.backend.show_cursor()?;
                self.backend.set_cursor_position(position)?;
            }
        }
        mark_hidden(&mut self.next);
        if area == screen {
            std::mem::swap(&mut self.shown, &mut self.next);
        } else {
            for (to, from) in rows(&self.shown, area).zip(rows(&self.next, area)) {
                self.shown.content[to].swap_with_slice(&mut self.next.content[from]);
            }
        }
        self.blank = false;
        self.backend.flush()
    }
}

/// The cells of `area`.
fn cut(buffer: &Buffer, area: Rect) -> Buffer {
    let content = rows(buffer, area).flat_map(|row| &buffer.content[row]).cloned().collect();
    Buffer { area, content }
}

/// Where the rows of `area` lie in the content of `buffer`.
fn rows(buffer: &Buffer, area: Rect) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
    let (all, width) = (buffer.area, usize::from(area.width));
    (area.top()..area.bottom()).map(move |y| {
        let start = usize::from(y - all.y) * usize::from(all.width) + usize::from(area.x - all.x);
        start..start + width
    })
}

/// Marks the cells behind wide characters, which nobody sees. When such a cell comes into sight and its content did
/// not change, ratatui 0.30.2 does not send it, and the terminal shows what was left of the wide character: a
/// blank in its colours. A marked cell differs from any that is drawn.
fn mark_hidden(buffer: &mut Buffer) {
    let mut hidden = false;
    for cell in &mut buffer.content {
        if hidden {
            cell.set_diff_option(CellDiffOption::AlwaysUpdate);
        }
        // A wide character is never in the last column, so that rows don't need to be told apart.
        hidden = !hidden && cell.symbol().len() > 2 && cell.cell_width() > 1;
    }
}
