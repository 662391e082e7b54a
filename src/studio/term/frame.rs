//! What the views draw on: the cells of the whole screen, or of one part where the rest is known to be the same.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::Widget;

use super::overlay::Overlay;

/// A frame that is being drawn.
pub struct Frame<'a> {
    buffer: &'a mut Buffer,
    screen: Rect,
    cursor: Option<Position>,
    overlay: Option<(Position, Arc<Overlay>)>,
}

impl<'a> Frame<'a> {
    /// A frame of a screen, of which `buffer` has the cells that are asked for.
    pub fn new(buffer: &'a mut Buffer, screen: Rect) -> Self {
        Self { buffer, screen, cursor: None, overlay: None }
    }

    /// The whole screen.
    pub fn area(&self) -> Rect {
        self.screen
    }

    /// Whether anything of `area` is to be drawn.
    pub fn asks_for(&self, area: Rect) -> bool {
        self.buffer.area.intersects(area)
    }

    /// The cells that are asked for.
    pub fn buffer_mut(&mut self) -> &mut Buffer {
        self.buffer
    }

    /// Draws a widget.
    pub fn render_widget(&mut self, widget: impl Widget, area: Rect) {
        widget.render(area, self.buffer);
    }

    /// Shows the cursor at `position`; a frame that doesn't say hides it.
    pub fn set_cursor_position(&mut self, position: impl Into<Position>) {
        self.cursor = Some(position.into());
    }

    /// Lays a picture over cells that this frame leaves blank; one that doesn't say has none.
    pub fn lay(&mut self, at: Position, overlay: Arc<Overlay>) {
        self.overlay = Some((at, overlay));
    }

    /// The picture that lies over cells.
    pub fn overlay(&self) -> Option<&(Position, Arc<Overlay>)> {
        self.overlay.as_ref()
    }

    /// Where the cursor is to be shown.
    pub fn cursor(&self) -> Option<Position> {
        self.cursor
    }
}
