//! The fewest bytes that turn one frame into the next, in exactly one write.
//!
//! ratatui says which cells differ. This backend remembers what the terminal already holds (cursor place, pen,
//! cursor visibility) across frames and sends only the difference: no reset at the end of a frame, no cursor
//! shown that was never hidden, nothing at all when nothing changed. On a slow link bytes are latency.
//!
//! It must not know what is drawn, and it never asks the terminal anything.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::canvas::Raw;
use super::motion::{absolute, csi, relative};
use super::pen::{Depth, Pen};
use super::shadow::Shadow;

/// Frames at or below this size go out bare: the two marks of a synchronized update cost 16 bytes, and a
/// terminal takes so little in one read anyway.
const SYNC_ABOVE_BYTES: usize = 64;

/// Blank runs up to this length are cheaper as spaces than as an erase followed by a cursor move.
const ERASE_ABOVE_CELLS: u16 = 10;

/// Gaps up to this length are cheaper printed again than jumped over.
const GAP_MAX_CELLS: u16 = 3;

const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";
const SYNC_END: &[u8] = b"\x1b[?2026l";

/// Where the terminal's cursor is. `x == width` is the state after printing in the last column: the cursor
/// hangs there, and only a carriage return or an absolute move means the same on every terminal.
type Place = Option<Position>;

/// Blank cells in the default background that wait to be sent, as spaces or as an erase.
#[derive(Clone, Copy)]
struct Blanks {
    x: u16,
    y: u16,
    count: u16,
}

/// A ratatui backend that sends the smallest frame it can, in one write.
///
/// The size is told to it ([`QuietBackend::set_size`]) and never asked from the writer, so that a `Vec<u8>`
/// serves as well as a terminal.
pub struct QuietBackend<W: Write> {
    out: W,
    size: Size,
    depth: Depth,
    /// Bytes that must precede the frame and stay outside its synchronized update.
    prelude: Vec<u8>,
    frame: Vec<u8>,
    /// Bytes that follow the frame, outside of its synchronized update.
    sequel: Vec<u8>,
    scratch: Vec<u8>,
    at: Place,
    pen: Option<Pen>,
    shown: Option<bool>,
    want_at: Place,
    want_shown: Option<bool>,
    blanks: Option<Blanks>,
    shadow: Shadow,
}

impl<W: Write> QuietBackend<W> {
    /// A backend that knows nothing about the terminal yet: its first frame states pen, place and cursor.
    pub fn new(out: W, size: Size, depth: Depth) -> Self {
        let mut shadow = Shadow::default();
        shadow.forget(size.width, size.height);
        Self {
            out,
            size,
            depth,
            prelude: Vec::new(),
            frame: Vec::with_capacity(4096),
            sequel: Vec::new(),
            scratch: Vec::with_capacity(32),
            at: None,
            pen: None,
            shown: None,
            want_at: None,
            want_shown: None,
            blanks: None,
            shadow,
        }
    }

    /// Tells the size in cells. A terminal that was resized may have moved its cursor, so its place is forgotten.
    pub fn set_size(&mut self, size: Size) {
        if size != self.size {
            self.size = size;
            self.at = None;
            self.shadow.forget(size.width, size.height);
        }
    }

    /// Queues the bytes that prepare a fresh screen. They leave the terminal as [`QuietBackend`] then assumes
    /// it: cleared, default pen, cursor hidden at the top left. They travel with the first frame, in one write.
    pub fn begin(&mut self, entry: &[u8]) {
        self.frame.clear();
        self.blanks = None;
        self.prelude.clear();
        self.prelude.extend_from_slice(entry);
        self.at = Some(Position::ORIGIN);
        self.pen = Some(Pen::PLAIN);
        self.shown = Some(false);
        self.shadow.blank();
    }

    /// Sends bytes that neither print nor move, such as an OSC string, at once, after whatever is queued.
    pub fn send(&mut self, control: &[u8]) -> io::Result<()> {
        self.prelude.extend_from_slice(control);
        self.flush_queued()
    }

    /// Queues bytes that neither print nor move, to go out behind the next frame, in its write.
    pub fn follow(&mut self, control: &[u8]) {
        self.sequel.extend_from_slice(control);
    }

    /// Drops what is queued, for when the terminal is given away.
    pub fn discard(&mut self) {
        self.prelude.clear();
        self.frame.clear();
        self.sequel.clear();
        self.blanks = None;
        self.forget();
    }

    /// Forgets what the terminal holds.
    fn forget(&mut self) {
        (self.at, self.pen, self.shown) = (None, None, None);
        self.shadow.forget(self.size.width, self.size.height);
    }

    /// The writer, for looking at what was sent.
    #[cfg(test)]
    pub fn writer_mut(&mut self) -> &mut W {
        &mut self.out
    }

    fn flush_queued(&mut self) -> io::Result<()> {
        if self.prelude.is_empty() && self.frame.is_empty() && self.sequel.is_empty() {
            return Ok(());
        }
        if self.frame.len() > SYNC_ABOVE_BYTES {
            self.prelude.extend_from_slice(SYNC_BEGIN);
            self.prelude.append(&mut self.frame);
            self.prelude.extend_from_slice(SYNC_END);
        } else {
            self.prelude.append(&mut self.frame);
        }
        self.prelude.append(&mut self.sequel);
        let sent = self.out.write_all(&self.prelude).and_then(|()| self.out.flush());
        self.prelude.clear();
        if sent.is_err() {
            // Part of the frame may have arrived: nothing is known about the terminal any more.
            self.forget();
        }
        sent
    }

    fn put(&mut self, x: u16, y: u16, cell: &Cell) {
        let symbol = cell.symbol();
        if symbol == " " && Pen::blank_is_default(cell, self.depth) {
            return self.put_blank(x, y);
        }
        self.send_blanks(Some(Position { x, y }));
        self.go(Position { x, y });
        let blank = symbol == " ";
        let pen = Pen::of(cell, self.depth, blank.then_some(self.pen).flatten());
        let (symbol, pen) = pen.spelled(symbol, self.pen);
        self.set_pen(pen);
        self.print(x, y, symbol);
    }

    /// Prints a symbol at the cursor. A single character moves the cursor by its width on every terminal, but
    /// terminals disagree about clusters and emoji: behind those the place counts as unknown, so that a
    /// disagreement stays within the cell and doesn't shift the rest of the line.
    fn print(&mut self, x: u16, y: u16, symbol: &str) {
        let mut chars = symbol.chars();
        let (first, single) = (chars.next().unwrap_or(' '), chars.as_str().is_empty());
        let width =
            if single { first.width().unwrap_or(0) } else { symbol.width().clamp(1, 2) } as u16;
        // Cleaning is the caller's duty (law 9), but what would not fill its cell, or would not fit in it, must
        // not shift the line either: a lone combining mark, a control character, a wide one at the edge.
        if width == 0 || symbol.chars().any(char::is_control) || x + width > self.size.width {
            self.frame.push(b' ');
            self.remember(x, y, " ", 1);
            return self.advance(x, y, 1);
        }
        self.remember(x, y, symbol, width);
        if !single && width == 2 {
            // A terminal that thinks the cluster is narrow would leave the old right half standing.
            self.frame.extend_from_slice(b"  ");
            self.advance(x, y, 2);
            self.go(Position { x, y });
        }
        self.frame.extend_from_slice(symbol.as_bytes());
        if single && u32::from(first) < 0x1_f000 {
            self.advance(x, y, width);
        } else {
            self.at = None;
        }
    }

    fn remember(&mut self, x: u16, y: u16, symbol: &str, width: u16) {
        self.shadow.print(Position { x, y }, symbol, width, self.pen.unwrap_or_default());
    }

    fn advance(&mut self, x: u16, y: u16, width: u16) {
        self.at = Some(Position { x: x.saturating_add(width).min(self.size.width), y });
    }

    fn put_blank(&mut self, x: u16, y: u16) {
        match &mut self.blanks {
            Some(run) if run.y == y && run.x + run.count == x => run.count += 1,
            _ => {
                self.send_blanks(Some(Position { x, y }));
                self.blanks = Some(Blanks { x, y, count: 1 });
            }
        }
    }

    /// Sends the waiting blank run in its cheapest form; `next` is where the frame goes on, if it does.
    fn send_blanks(&mut self, next: Place) {
        let Some(Blanks { x, y, count }) = self.blanks.take() else { return };
        self.go(Position { x, y });
        let pen = Pen::PLAIN.hidden_by_blank(self.pen);
        self.set_pen(pen);
        (x..x + count).for_each(|x| self.remember(x, y, " ", 1));
        let to_edge = x + count >= self.size.width;
        let adjacent = next == Some(Position { x: x + count, y });
        if to_edge && count > 3 {
            self.frame.extend_from_slice(b"\x1b[K");
        } else if count > ERASE_ABOVE_CELLS || (count > 5 && !adjacent) {
            csi(&mut self.frame, count, b'X');
        } else {
            self.frame.extend(std::iter::repeat_n(b' ', count.into()));
            self.advance(x, y, count);
        }
    }

    fn set_pen(&mut self, pen: Pen) {
        if self.pen != Some(pen) {
            pen.write(self.pen, &mut self.frame);
            self.pen = Some(pen);
        }
    }

    /// Moves the cursor by the shortest sequence.
    fn go(&mut self, to: Position) {
        if self.at == Some(to) {
            return;
        }
        let start = self.frame.len();
        absolute(&mut self.frame, to);
        if let Some(from) = self.at {
            self.scratch.clear();
            let gap = from.y == to.y && from.x < to.x && to.x - from.x <= GAP_MAX_CELLS;
            if gap
                && let Some(pen) = self.pen
                && self.shadow.gap(from, to, pen, &mut self.scratch)
            {
                self.frame.truncate(start);
                self.frame.extend_from_slice(&self.scratch);
                self.at = Some(to);
                return;
            }
            self.scratch.clear();
            relative(&mut self.scratch, from, to, self.size.width);
            if self.scratch.len() <= self.frame.len() - start {
                self.frame.truncate(start);
                self.frame.extend_from_slice(&self.scratch);
            }
        }
        self.at = Some(to);
    }

    fn erase(&mut self, sequence: &[u8]) {
        self.send_blanks(None);
        // Terminals erase with the current background.
        self.set_pen(Pen::PLAIN);
        self.frame.extend_from_slice(sequence);
    }
}

impl<W: Write> Raw for QuietBackend<W> {
    fn append(&mut self, at: Option<Position>, bytes: &[u8]) {
        self.send_blanks(None);
        if let Some(at) = at {
            self.go(at);
            self.at = None;
        }
        self.frame.extend_from_slice(bytes);
    }
}

impl<W: Write> Backend for QuietBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut covered = Position::ORIGIN;
        for (x, y, cell) in content {
            // ratatui repeats the cell behind some emoji; printing there would erase the emoji's right half.
            if y == covered.y && x < covered.x {
                continue;
            }
            self.put(x, y, cell);
            let width = cell.symbol().width().clamp(1, 2) as u16;
            covered = Position { x: x + width, y };
        }
        self.send_blanks(None);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.want_shown = Some(false);
        // A hidden cursor may stay wherever the drawing left it.
        self.want_at = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.want_shown = Some(true);
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.want_at.or(self.at).unwrap_or(Position::ORIGIN))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.want_at = Some(position.into());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        if !matches!(clear_type, ClearType::All) {
            // The other kinds depend on the cursor, which so far was only wished for.
            self.send_blanks(None);
            if let Some(to) = self.want_at {
                self.go(to);
            }
        }
        if matches!(clear_type, ClearType::All) {
            // Whatever was drawn before is erased with it, and ratatui clears twice when a window shrinks.
            self.frame.clear();
            self.blanks = None;
            self.at = None;
            self.pen = None;
        }
        self.erase(match clear_type {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[K",
        });
        match clear_type {
            ClearType::All => self.shadow.blank(),
            _ => self.shadow.forget(self.size.width, self.size.height),
        }
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_blanks(None);
        if let (Some(to), Some(true)) = (self.want_at, self.want_shown.or(self.shown)) {
            let last = Position {
                x: self.size.width.saturating_sub(1),
                y: self.size.height.saturating_sub(1),
            };
            self.go(Position { x: to.x.min(last.x), y: to.y.min(last.y) });
        }
        if let Some(shown) = self.want_shown
            && self.shown != self.want_shown
        {
            self.frame.extend_from_slice(if shown { b"\x1b[?25h" } else { b"\x1b[?25l" });
            self.shown = Some(shown);
        }
        self.flush_queued()
    }
}

#[cfg(test)]
#[path = "backend_tests.rs"]
mod tests;
