//! Our way of a frame: decoded to the size of the cells, settled, drawn, sent.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use ratatui::backend::Backend as _;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use rushes::media::decode::Clip;
use rushes::media::picture::{Bounds, Picture};
use rushes::studio::term::backend::QuietBackend;
use rushes::studio::term::half_blocks::{self, Colours};
use rushes::studio::term::pen::Depth;

use super::{COLUMNS, Cost, ROWS};

const PLACE: Bounds = Bounds { width_px: COLUMNS as u32, height_px: ROWS as u32 * 2 };

/// Counts what a terminal would get.
struct Counter<'a>(&'a mut usize);

impl Write for Counter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes and CPU time of a frame of the clip at `path`.
pub fn played(path: &Path, is_true: bool, tolerance: u8) -> Cost {
    let (mut bytes, mut frames) = (0, 0);
    let cpu_ms = cpu_ms(|| {
        let (depth, colours) =
            if is_true { (Depth::True, Colours::True) } else { (Depth::Ansi256, Colours::Indexed) };
        let mut backend = QuietBackend::new(Counter(&mut bytes), Size::new(COLUMNS, ROWS), depth);
        backend.begin(b"");
        let screen = Rect::new(0, 0, COLUMNS, ROWS);
        let (mut on_screen, mut next) = (Buffer::empty(screen), Buffer::empty(screen));
        let mut shown: Option<Picture> = None;
        each_frame(path, |picture| {
            let picture = match &shown {
                Some(shown) => picture.settled(shown, tolerance),
                None => picture,
            };
            next.reset();
            half_blocks::draw(&picture, screen, &mut next, colours);
            shown = Some(picture);
            backend.draw(on_screen.diff_iter(&next)).expect("a counter");
            backend.flush().expect("a counter");
            std::mem::swap(&mut on_screen, &mut next);
            frames += 1;
        });
    });
    Cost { bytes: bytes as f64 / f64::from(frames), cpu_ms: cpu_ms / f64::from(frames) }
}

/// CPU time of decoding all frames of the clip at `path` to the size of the cells, in milliseconds.
pub fn decoded_ms(path: &Path) -> f64 {
    cpu_ms(|| each_frame(path, drop))
}

fn each_frame(path: &Path, mut visit: impl FnMut(Picture)) {
    let mut clip = Clip::open(path).expect("a sound clip");
    let all: Vec<usize> = (0..clip.frames()).collect();
    let visited = clip.visit(&all, PLACE, &AtomicBool::new(false), |_, picture| {
        visit(picture);
        ControlFlow::Continue(())
    });
    visited.expect("a sound clip");
}

/// CPU time that this thread takes for `work`, in milliseconds.
pub fn cpu_ms(work: impl FnOnce()) -> f64 {
    let start = thread_cpu_ns();
    work();
    (thread_cpu_ns() - start) as f64 / 1e6
}

/// The first figure of `schedstat` (kernel documentation, sched-stats).
fn thread_cpu_ns() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}
