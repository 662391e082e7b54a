//! Draws the first picture of a clip with half blocks, and plays it as finely as the way to the terminal carries:
//!
//!     cargo run --release --example picture -- CLIP.mp4
//!
//! Space plays the clip and stops it, `q` leaves. The terminal is given back however this ends.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crossterm::event::KeyCode;
use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;
use rushes::media::decode::Clip;
use rushes::media::picture::{Bounds, Picture};
use rushes::studio::term::half_blocks;
use rushes::studio::term::input::{Input, Inputs};
use rushes::studio::term::keyboard::Reply;
use rushes::studio::term::pace::{Pace, Rung};
use rushes::studio::term::pen::Depth;
use rushes::studio::term::terminal::{Options, Screen};

/// How many pictures are kept: 24 MB at 120 columns by 36 rows.
const MAX_FRAMES: usize = 900;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("which clip? picture CLIP.mp4")?;
    // Signals are heard before the terminal is changed, and keys are read once the first frame is out.
    let mut inputs = Inputs::new(Timestamp::now)?;
    let depth = Depth::from_env(|name| std::env::var(name).ok());
    let mut screen = Screen::open(Options { mouse: false, depth })?;
    let size = screen.size()?;
    let film = frames(Path::new(&path), size.width, size.height)?;
    let mut show = Show::new(film);
    screen.draw(None, |frame| show.draw(frame.area(), frame.buffer_mut()))?;
    inputs.resume()?;
    loop {
        let wake = show.next_at(Timestamp::now());
        let wait = wake.map_or(Duration::MAX, |at| {
            at.duration_since(Timestamp::now()).try_into().unwrap_or_default()
        });
        tokio::select! {
            input = inputs.next() => match input {
                Input::Key(press) => match press.event.code {
                    KeyCode::Char(' ') => show.toggle(Timestamp::now()),
                    KeyCode::Char('q') => return Ok(()),
                    _ => {}
                },
                Input::Reply(Reply::Cursor) => show.pace.answered(Timestamp::now()),
                Input::End(_) | Input::Gone => return Ok(()),
                _ => {}
            },
            () = tokio::time::sleep(wait), if wake.is_some() => {}
        }
        if show.advance(Timestamp::now()) {
            // The answer comes once this frame has been taken in: the pace is found by it.
            screen.ask_taken();
        }
        screen.draw(None, |frame| show.draw(frame.area(), frame.buffer_mut()))?;
    }
}

/// The clip's pictures with the milliseconds at which they are shown, as large as the terminal has cells for.
fn frames(path: &Path, columns: u16, rows: u16) -> Result<Vec<(u64, Picture)>, Box<dyn Error>> {
    let mut clip = Clip::open(path)?;
    let wanted: Vec<usize> = (0..clip.frames().min(MAX_FRAMES)).collect();
    let times: Vec<u64> = wanted.iter().filter_map(|&frame| clip.shown_at_ms(frame)).collect();
    let bounds = Bounds { width_px: u32::from(columns), height_px: u32::from(rows) * 2 };
    let mut film = Vec::new();
    clip.visit(&wanted, bounds, &AtomicBool::new(false), |frame, picture| {
        film.push((times[frame], picture));
        ControlFlow::Continue(())
    })?;
    Ok(film)
}

/// A film, and where it is.
struct Show {
    film: Vec<(u64, Picture)>,
    frame: usize,
    playing_since: Option<Timestamp>,
    pace: Pace,
}

impl Show {
    fn new(film: Vec<(u64, Picture)>) -> Self {
        let pace = Pace::new(Rung::Full, false, Timestamp::now());
        Self { film, frame: 0, playing_since: None, pace }
    }

    fn toggle(&mut self, now: Timestamp) {
        self.frame = 0;
        self.playing_since = if self.playing_since.is_some() { None } else { Some(now) };
        self.pace.rest(now);
    }

    /// When the next frame is due and may be shown; `None` while nothing moves or an answer is waited for.
    fn next_at(&self, now: Timestamp) -> Option<Timestamp> {
        let since = self.playing_since?;
        let (at_ms, _) = self.film.get(self.frame + 1)?;
        let due = since.checked_add(SignedDuration::from_millis(*at_ms as i64)).ok()?;
        let may = self.pace.may_show_at(now).or_else(|| self.pace.gives_up_at())?;
        Some(due.max(may))
    }

    /// Goes to the frame that is due, if it may be shown. Returns whether it is another one.
    fn advance(&mut self, now: Timestamp) -> bool {
        let Some(since) = self.playing_since else { return false };
        self.pace.look(SignedDuration::from_millis(40), now);
        let place_ms = now.duration_since(since).as_millis().max(0) as u64;
        let due = self.film.partition_point(|(at_ms, _)| *at_ms <= place_ms).saturating_sub(1);
        let may = self.pace.may_show_at(now).is_some_and(|at| at <= now);
        if due == self.frame || !may {
            return false;
        }
        self.frame = due;
        self.pace.shown(now);
        true
    }

    fn draw(&self, area: Rect, buffer: &mut ratatui::buffer::Buffer) {
        if let Some((_, picture)) = self.film.get(self.frame) {
            half_blocks::draw(picture, area, buffer, self.pace.rung().colours());
        }
    }
}
