//! The terminal, taken and given back (law 10).
//!
//! Everything that changes the terminal goes through [`Screen`]; everything that puts it back is one sequence
//! ([`restore_bytes`]) and one saved line discipline, kept where a panic hook can reach them. The terminal is
//! asked once what it can show ([`Screen::ask`]), after the first frame, and nobody waits for the answers: a mute
//! one, or one at the far end of a slow link, delays nothing.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, TryLockError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ratatui::layout::{Rect, Size};
use rustix::process::{self, Signal};
use rustix::termios::{self, OptionalActions, Termios};

use super::backend::QuietBackend;
use super::canvas::Canvas;
use super::frame::Frame;
use super::overlay::KITTY_FORGET;
use super::pen::Depth;
use super::tty::Tty;

/// The longest text that [`Screen::copy`] sends: xterm and tmux take about 100 kB of base64.
pub const COPY_MAX_BYTES: usize = 74_000;

/// The most cells of a terminal: a wall of screens has fewer.
const MAX_CELLS: u32 = 1_000_000;

/// The longest title and notification, in characters.
const LINE_MAX_CHARS: usize = 200;

/// Clicks, drags and the wheel in SGR form; not every motion, which would be a stream of bytes over the link.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// What of the terminal is ours while the studio runs.
struct Held {
    tty: Tty,
    cooked: Termios,
    titled: bool,
    /// It keeps a picture of ours.
    pictured: bool,
    /// The terminal is away: with `$EDITOR`, or with the shell while suspended.
    left: bool,
    owner: ThreadId,
}

static HELD: Mutex<Option<Held>> = Mutex::new(None);

/// How the terminal is taken.
#[derive(Clone, Debug)]
pub struct Options {
    /// Capture the mouse from the start; [`Screen::set_mouse`] switches it later.
    pub mouse: bool,
    /// How many colours to send; [`Depth::from_env`] knows what the environment promises.
    pub depth: Depth,
}

/// The terminal while it is ours. Dropping it gives the terminal back.
pub struct Screen {
    canvas: Canvas<QuietBackend<Tty>>,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal: raw mode at once; the alternate screen and the rest travel with the first frame.
    ///
    /// # Errors
    /// When standard output is not a terminal, or when a screen is open already.
    pub fn open(options: Options) -> io::Result<Self> {
        if !io::stdout().is_terminal() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the studio needs a terminal on standard output",
            ));
        }
        if !io::stdin().is_terminal() && File::open("/dev/tty").is_err() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the studio needs a terminal to read keys from",
            ));
        }
        let tty = Tty::open()?;
        let out = tty.try_clone()?;
        let cooked = termios::tcgetattr(&tty)?;
        let owner = thread::current().id();
        {
            let mut held = lock();
            if held.is_some() {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "the terminal is already in use",
                ));
            }
            *held = Some(Held { tty, cooked, titled: false, pictured: false, left: true, owner });
        }
        let backend = QuietBackend::new(out, Size::default(), options.depth);
        let mut screen = Self { canvas: Canvas::new(backend)?, mouse: options.mouse };
        screen.enter()?;
        Ok(screen)
    }

    /// Draws one frame, or `part` of it (see [`Canvas::draw`]): one write, or none when nothing changed. While the
    /// terminal is away nothing is drawn.
    ///
    /// # Errors
    /// When the terminal can't be written; see [`is_gone`].
    pub fn draw(
        &mut self,
        part: Option<Rect>,
        view: impl FnOnce(&mut Frame<'_>),
    ) -> io::Result<()> {
        if is_left() {
            return Ok(());
        }
        let size = self.size()?;
        self.canvas.backend_mut().set_size(size);
        let drawn = self.canvas.draw(part, view);
        if self.canvas.is_kept()
            && let Some(held) = lock().as_mut()
        {
            held.pictured = true;
        }
        drawn
    }

    /// The size in cells, from the kernel, never from the terminal. A terminal that says 0×0 counts as 80×24.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn size(&self) -> io::Result<Size> {
        let held = lock();
        let Some(held) = held.as_ref() else { return Err(io::ErrorKind::NotConnected.into()) };
        let size = termios::tcgetwinsize(&held.tty)?;
        Ok(match (size.ws_col, size.ws_row) {
            (0, _) | (_, 0) => Size::new(80, 24),
            // No screen is so large, and each cell is memory.
            (cols, rows) if u32::from(cols) * u32::from(rows) > MAX_CELLS => {
                return Err(io::Error::other(format!(
                    "it says that it has {cols}x{rows} cells; set its true size, such as `stty cols 120 rows 36`"
                )));
            }
            (cols, rows) => Size::new(cols, rows),
        })
    }

    /// The pixels of a cell, across and down, where the kernel was told of them.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn cell_px(&self) -> io::Result<Option<(u16, u16)>> {
        let held = lock();
        let Some(held) = held.as_ref() else { return Err(io::ErrorKind::NotConnected.into()) };
        let size = termios::tcgetwinsize(&held.tty)?;
        let side = |px: u16, cells: u16| px.checked_div(cells).filter(|side| *side > 0);
        let across = side(size.ws_xpixel, size.ws_col);
        Ok(across.zip(side(size.ws_ypixel, size.ws_row)))
    }

    /// Paints everything again with the next frame, for when something else wrote on the screen.
    ///
    /// # Errors
    /// When the terminal can't be written.
    pub fn repaint(&mut self) -> io::Result<()> {
        self.canvas.clear()
    }

    /// Captures the mouse, or leaves it to the terminal, so that text can be selected.
    ///
    /// # Errors
    /// When the terminal can't be written.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        if on == self.mouse {
            return Ok(());
        }
        self.mouse = on;
        self.send(if on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Gives the terminal away, to `$EDITOR` or to the shell. The input task must be paused first.
    ///
    /// # Errors
    /// When the terminal can't be written or set; it is then given back as far as possible.
    pub fn leave(&mut self) -> io::Result<()> {
        self.canvas.backend_mut().discard();
        let mut held = lock();
        held.as_mut().map_or(Ok(()), give_back)
    }

    /// Takes the terminal back, whatever was done to it meanwhile. The next frame paints everything.
    ///
    /// Also right when it was never given away: after an outside SIGSTOP the shell may have changed its modes.
    /// In a background job this stops the process again, until it is brought to the front.
    ///
    /// # Errors
    /// When the terminal can't be set.
    pub fn enter(&mut self) -> io::Result<()> {
        {
            let mut held = lock();
            let Some(held) = held.as_mut() else { return Err(io::ErrorKind::NotConnected.into()) };
            let mut raw = held.cooked.clone();
            raw.make_raw();
            termios::tcsetattr(&held.tty, OptionalActions::Now, &raw)?;
            held.left = false;
            held.titled = false;
            held.pictured = false;
        }
        let size = self.size()?;
        self.canvas.backend_mut().set_size(size);
        self.canvas.backend_mut().begin(&entry_bytes(self.mouse));
        self.canvas.blanked()
    }

    /// Whether somebody could continue us: `ssh -t host rushes` has no shell in between, and a stopped process
    /// there would be a frozen terminal.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn may_suspend() -> io::Result<bool> {
        let session = process::getsid(None)?;
        Ok(process::getpgrp() != session
            && process::getppid().is_some_and(|parent| {
                process::getsid(Some(parent)).is_ok_and(|sid| sid == session)
            }))
    }

    /// Leaves the terminal and stops the process group, as Ctrl+Z does in the shell. SIGCONT follows as a
    /// message ([`super::input::Input::Continued`]) and is the moment to [`Screen::enter`].
    ///
    /// Returns false, with nothing done, where it may not.
    ///
    /// # Errors
    /// When the terminal or the process can't be stopped.
    pub fn suspend(&mut self) -> io::Result<bool> {
        if !Self::may_suspend()? {
            return Ok(false);
        }
        self.leave()?;
        // SIGSTOP, because SIGTSTP arrives as a message here; to the group, because a wrapper that started us
        // must stop as well before the shell takes over.
        process::kill_current_process_group(Signal::STOP)?;
        Ok(true)
    }

    /// Asks the terminal, and waits for nothing: what it answers comes as input.
    ///
    /// # Errors
    /// When the terminal can't be written.
    pub fn ask(&mut self, questions: &[u8]) -> io::Result<()> {
        // One that does not know a question may print it: in the first row, which is drawn again.
        let width = self.size()?.width;
        self.canvas.doubt(Rect { x: 0, y: 0, width, height: 1 });
        self.send(&[b"\x1b7\x1b[H", questions, b"\x1b8"].concat())
    }

    /// Sends bytes that neither print nor move, such as a file for the user's own machine. Waits until the
    /// terminal has taken them.
    ///
    /// # Errors
    /// When the terminal can't be written.
    pub fn hand(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send(bytes)
    }

    /// Sets the window title. The first one keeps the terminal's own, which restoring brings back.
    ///
    /// # Errors
    /// When the terminal can't be written.
    pub fn title(&mut self, text: &str) -> io::Result<()> {
        let mut bytes = Vec::new();
        if let Some(held) = lock().as_mut()
            && !held.titled
        {
            held.titled = true;
            bytes.extend_from_slice(b"\x1b[22;2t");
        }
        bytes.extend_from_slice(&title_bytes(text));
        self.send(&bytes)
    }

    /// Has the terminal say, behind the next frame, that it has come so far.
    pub fn ask_taken(&mut self) {
        self.canvas.backend_mut().follow(b"\x1b[6n");
    }

    /// Copies to the clipboard of the terminal that the user sits at (OSC 52). Returns false when the text is
    /// longer than [`COPY_MAX_BYTES`]: half a copy would be worse than none.
    ///
    /// # Errors
    /// When the terminal can't be written.
    pub fn copy(&mut self, text: &str) -> io::Result<bool> {
        match copy_bytes(text, in_tmux()) {
            Some(bytes) => self.send(&bytes).map(|()| true),
            None => Ok(false),
        }
    }

    /// Notifies by OSC 9 and rings the bell.
    ///
    /// # Errors
    /// When the terminal can't be written.
    pub fn notify(&mut self, text: &str) -> io::Result<()> {
        self.send(&notify_bytes(text, in_tmux()))
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if is_left() { Ok(()) } else { self.canvas.backend_mut().send(bytes) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.canvas.backend_mut().discard();
        // The terminal may be gone already; there is nobody left to tell.
        let _ = give_back_now();
        *lock() = None;
    }
}

/// Whether this error means that nothing more can be shown: the terminal no longer exists, or it takes nothing
/// and the program is ending.
pub fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, NotConnected, TimedOut, UnexpectedEof};
    let raw = error.raw_os_error();
    matches!(error.kind(), BrokenPipe | NotConnected | TimedOut | UnexpectedEof)
        || [rustix::io::Errno::IO, rustix::io::Errno::NXIO]
            .iter()
            .any(|e| raw == Some(e.raw_os_error()))
}

/// Gives the terminal back from wherever it is called, at most once; for ways out that run no destructor.
///
/// # Errors
/// When the terminal can't be written or set; everything is tried all the same.
pub fn give_back_now() -> io::Result<()> {
    // A panic may come while the lock is held, and the hook must not wait for itself; but another thread may
    // hold it for the length of one write.
    let deadline = Instant::now() + Duration::from_millis(50);
    loop {
        match HELD.try_lock() {
            Ok(mut held) => return held.as_mut().map_or(Ok(()), give_back),
            Err(TryLockError::Poisoned(held)) => {
                return held.into_inner().as_mut().map_or(Ok(()), give_back);
            }
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(1))
            }
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// Whether this thread is the one that opened the screen.
pub fn owns_screen() -> bool {
    let held = match HELD.try_lock() {
        Ok(held) => held,
        Err(TryLockError::Poisoned(held)) => held.into_inner(),
        Err(TryLockError::WouldBlock) => return false,
    };
    held.as_ref().is_some_and(|held| held.owner == thread::current().id())
}

fn give_back(held: &mut Held) -> io::Result<()> {
    if held.left {
        return Ok(());
    }
    held.left = true;
    let written = held.tty.write_all(&restore_bytes(held.titled, held.pictured));
    termios::tcsetattr(&held.tty, OptionalActions::Now, &held.cooked)?;
    written
}

fn is_left() -> bool {
    lock().as_ref().is_none_or(|held| held.left)
}

fn lock() -> std::sync::MutexGuard<'static, Option<Held>> {
    HELD.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What takes the terminal: alternate screen, cleared, default pen, cursor hidden at the top left, bracketed
/// paste, focus reports, and the mouse when wanted.
pub fn entry_bytes(mouse: bool) -> Vec<u8> {
    let mut bytes = b"\x1b[?1049h\x1b[m\x1b[2J\x1b[H\x1b[?25l\x1b[?2004h\x1b[?1004h".to_vec();
    if mouse {
        bytes.extend_from_slice(MOUSE_ON);
    }
    bytes
}

/// What gives it back: a picture that was being sent ended, synchronized update ended, the picture that is kept
/// gone; mouse, focus reports and paste off, default pen and cursor shape, the title as it was, the main screen,
/// cursor shown. Keyboard flags are never set, so never touched. The mouse is always switched off, because a program that had the terminal meanwhile may have left it on.
pub fn restore_bytes(titled: bool, pictured: bool) -> Vec<u8> {
    // Ends whatever string a stalled terminal has half of; elsewhere it means nothing.
    let mut bytes = b"\x1b\\\x1b[?2026l".to_vec();
    if pictured {
        bytes.extend_from_slice(KITTY_FORGET);
    }
    bytes.extend_from_slice(MOUSE_OFF);
    bytes.extend_from_slice(b"\x1b[?1004l\x1b[?2004l\x1b[m\x1b[0 q");
    if titled {
        bytes.extend_from_slice(b"\x1b[23;2t");
    }
    bytes.extend_from_slice(b"\x1b[?1049l\x1b[?25h");
    bytes
}

fn title_bytes(text: &str) -> Vec<u8> {
    format!("\x1b]2;{}\x1b\\", clean_line(text)).into_bytes()
}

fn copy_bytes(text: &str, tmux: bool) -> Option<Vec<u8>> {
    let clean: String =
        text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_hostile(*c)).collect();
    if clean.len() > COPY_MAX_BYTES {
        return None;
    }
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(clean)).into_bytes();
    // tmux takes the plain form only with `set-clipboard on`, and hands on the wrapped one only with
    // `allow-passthrough on`. Copying the same text twice does no harm.
    Some(if tmux { [plain.clone(), wrap_for_tmux(&plain)].concat() } else { plain })
}

fn notify_bytes(text: &str, tmux: bool) -> Vec<u8> {
    let text = clean_line(text);
    // `OSC 9 ; 4 ; …` is a progress bar in some terminals: a text must not start like a subcommand.
    let gap = if text.starts_with(|c: char| c.is_ascii_digit()) { " " } else { "" };
    let plain = format!("\x1b]9;{gap}{text}\x1b\\").into_bytes();
    let mut bytes = if tmux { wrap_for_tmux(&plain) } else { plain };
    bytes.push(7);
    bytes
}

fn wrap_for_tmux(bytes: &[u8]) -> Vec<u8> {
    let mut wrapped = b"\x1bPtmux;".to_vec();
    for &byte in bytes {
        if byte == 0x1b {
            wrapped.push(byte);
        }
        wrapped.push(byte);
    }
    wrapped.extend_from_slice(b"\x1b\\");
    wrapped
}

fn in_tmux() -> bool {
    std::env::var_os("TMUX").is_some_and(|value| !value.is_empty())
}

/// Control characters, and those that reorder the text around them.
fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn clean_line(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c })
        .filter(|c| !is_hostile(*c))
        .take(LINE_MAX_CHARS)
        .collect()
}

#[cfg(test)]
#[path = "terminal_tests.rs"]
mod tests;
