//! What the terminal shows, and the way from there to the next frame.
//!
//! ratatui's `Terminal` draws and compares every cell of every frame. This one can also take a part: the cells
//! outside of it stay what they are, and cost nothing. And it knows the one picture that lies over cells: that
//! is sent after them, and when it goes they are drawn again, so that nothing of it stays.

use std::sync::Arc;

use ratatui::backend::Backend;
use ratatui::buffer::{Buffer, CellDiffOption, CellWidth as _};
use ratatui::layout::{Position, Rect};

use super::frame::Frame;
use super::overlay::{Form, Overlay};

/// A backend that takes bytes between cells.
pub trait Raw: Backend {
    /// Queues bytes that are sent with the frame, behind the cells drawn so far: with the cursor `at` a cell, or
    /// wherever it is. They may leave it anywhere where a place was given, and must leave the pen as it was.
    fn append(&mut self, at: Option<Position>, bytes: &[u8]);
}

/// A screen that is drawn frame by frame.
pub struct Canvas<B: Raw> {
    backend: B,
    shown: Buffer,
    /// The cells of the next frame; kept to be used again.
    next: Buffer,
    /// Nothing was drawn yet on this screen, so that no part of it can stay.
    blank: bool,
    /// The picture that lies over cells, and the first of them.
    laid: Option<(Position, Arc<Overlay>)>,
    /// The picture that was sent last, which some terminals keep.
    sent: Option<Arc<Overlay>>,
}

impl<B: Raw> Canvas<B> {
    /// A canvas on a blank screen.
    ///
    /// # Errors
    /// When the backend doesn't know its size.
    pub fn new(backend: B) -> Result<Self, B::Error> {
        let shown = Buffer::empty(Rect::from((Default::default(), backend.size()?)));
        let next = Buffer::default();
        Ok(Self { backend, shown, next, blank: true, laid: None, sent: None })
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
        (self.laid, self.sent) = (None, None);
        Ok(())
    }

    /// Whether the terminal keeps a picture of ours until it is told otherwise.
    pub fn is_kept(&self) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.form == Form::Kitty)
    }

    /// Notes that nobody knows what the cells of `area` show: the next whole frame draws them.
    pub fn doubt(&mut self, area: Rect) {
        let area = area.intersection(self.shown.area);
        for row in rows(&self.shown, area) {
            for cell in &mut self.shown.content[row] {
                cell.set_diff_option(CellDiffOption::AlwaysUpdate);
            }
        }
    }

    /// Erases the screen with the next frame.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn clear(&mut self) -> Result<(), B::Error> {
        self.backend.clear()?;
        if let Some((_, gone)) = self.laid.take() {
            self.backend.append(None, gone.hide());
        }
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
        let (cursor, overlay) = (frame.cursor(), frame.overlay().cloned());
        if area == screen {
            self.lift(overlay.as_ref());
            self.backend.draw(self.shown.diff_iter(&self.next))?;
            self.lay(overlay);
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

    /// Takes the picture away that lies over cells, unless it is to stay there.
    fn lift(&mut self, wanted: Option<&(Position, Arc<Overlay>)>) {
        let Some((at, gone)) = self.laid.take() else { return };
        let area = Rect { x: at.x, y: at.y, width: gone.columns, height: gone.rows };
        let area = area.intersection(self.shown.area);
        let same = wanted.is_some_and(|(to, new)| *to == at && Arc::ptr_eq(new, &gone));
        // What is drawn over it would stand in it.
        if same && cut(&self.shown, area) == cut(&self.next, area) {
            self.laid = Some((at, gone));
            return;
        }
        self.backend.append(None, gone.hide());
        self.doubt(area);
    }

    /// Lays a picture over the cells that were drawn, unless it lies there.
    fn lay(&mut self, wanted: Option<(Position, Arc<Overlay>)>) {
        let (Some((at, new)), None) = (wanted, &self.laid) else { return };
        let again = self.sent.as_ref().is_some_and(|sent| Arc::ptr_eq(sent, &new));
        if again {
            self.backend.append(Some(at), &new.show_again());
        } else {
            self.backend.append(Some(at), &new.show);
        }
        self.sent = Some(Arc::clone(&new));
        self.laid = Some((at, new));
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

#[cfg(test)]
#[path = "canvas_tests.rs"]
mod tests;
