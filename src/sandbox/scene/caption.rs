//! The words in the picture: badge, prompt, seed, size and frame counter.
//!
//! All but the counter stay the same for a whole clip, so they are drawn once,
//! on black and on white. The two tell how much of any picture shows through.

use super::canvas::{Bounds, Canvas, OPAQUE, Yuv};
use super::font;

/// What the captions say.
#[derive(Debug, Clone)]
pub struct Words<'a> {
    pub prompt: &'a str,
    pub seed: u64,
    pub duration_ms: u32,
    pub frames: u32,
    pub draft: bool,
    /// Colour of the badge and of the stripe beside the prompt.
    pub accent: Yuv,
}

/// The captions of one clip at one size.
#[derive(Debug)]
pub struct Caption {
    black: Canvas,
    white: Canvas,
    /// Rows of the upper captions: `0..upper_end_px`; of the lower: `lower_start_px..`.
    upper_end_px: usize,
    lower_start_px: usize,
    frames: u32,
    layout: Layout,
}

/// Distances in 1/16 pixel.
#[derive(Debug, Clone, Copy)]
struct Layout {
    width: i32,
    height: i32,
    /// One font pixel.
    dot: i32,
}

const INK: u32 = 0xf6_f7fb;
const QUIET_INK: u32 = 0xb9_c0d4;
const PANEL: u32 = 0x0b_0e1a;
const DRAFT: u32 = 0xff_b02e;
const PANEL_ALPHA: i32 = 45;

impl Layout {
    fn new(width_px: usize, height_px: usize) -> Self {
        let side_px = width_px.min(height_px) as i32;
        Self {
            width: width_px as i32 * 16,
            height: height_px as i32 * 16,
            // Two pixels at 480p and whole pixels there, so that a draft is crisp.
            dot: if side_px < 560 {
                16 * ((side_px + 100) / 248).max(1)
            } else {
                side_px * 16 / 248
            },
        }
    }

    fn margin(self) -> i32 {
        self.dot * 6
    }

    /// The upper pills are this tall: a glyph without its descender and three dots around it.
    fn pill(self) -> i32 {
        self.dot * 13
    }

    fn text_width(self, text: &str) -> i32 {
        (text.chars().count() as i32 * font::ADVANCE - 1).max(0) * self.dot
    }
}

impl Caption {
    /// Lays the words out for pictures of `width_px` by `height_px`.
    pub fn new(words: &Words<'_>, width_px: usize, height_px: usize) -> Self {
        let layout = Layout::new(width_px, height_px);
        let mut black = Canvas::new(width_px, height_px);
        let mut white = black.clone();
        for (canvas, level) in [(&mut black, 0), (&mut white, 255)] {
            canvas.y.fill(level);
            canvas.u.fill(level);
            canvas.v.fill(level);
        }
        let lower = draw_still(&mut black, layout, words);
        draw_still(&mut white, layout, words);
        let upper = layout.margin() + layout.pill();
        Self {
            black,
            white,
            upper_end_px: (upper / 16 + 4).clamp(0, height_px as i32) as usize & !1,
            lower_start_px: (lower / 16 - 4).clamp(0, height_px as i32) as usize & !1,
            frames: words.frames,
            layout,
        }
    }

    /// Puts the words on a picture; `frame` counts from 0.
    pub fn draw(&self, canvas: &mut Canvas, frame: u32) {
        let (top, bottom) = (self.upper_end_px, self.lower_start_px.max(self.upper_end_px));
        for rows in [0..top, bottom..canvas.height_px] {
            let luma = rows.start * canvas.width_px..rows.end * canvas.width_px;
            let half = canvas.width_px / 2;
            let chroma = rows.start / 2 * half..rows.end / 2 * half;
            let (black, white) = (&self.black, &self.white);
            overlay(&mut canvas.y[luma.clone()], &black.y[luma.clone()], &white.y[luma]);
            let range = chroma.clone();
            overlay(&mut canvas.u[range.clone()], &black.u[range.clone()], &white.u[range]);
            overlay(&mut canvas.v[chroma.clone()], &black.v[chroma.clone()], &white.v[chroma]);
        }
        let counter = counter_text(frame, self.frames);
        let (x, y) = counter_place(self.layout, &counter);
        write(canvas, self.layout.dot, (x, y), &counter, Yuv::from_rgb(INK));
    }
}

/// `012/120`: the frame counted from 1, as wide as the last.
fn counter_text(frame: u32, frames: u32) -> String {
    let digits = frames.to_string().len().max(3);
    format!("{:0digits$}/{frames:0digits$}", frame + 1)
}

fn counter_place(layout: Layout, counter: &str) -> (i32, i32) {
    let x = layout.width - layout.margin() - 4 * layout.dot - layout.text_width(counter);
    (x, layout.margin() + 3 * layout.dot)
}

/// Draws what does not change from frame to frame; returns the top of the lower panel.
fn draw_still(canvas: &mut Canvas, layout: Layout, words: &Words<'_>) -> i32 {
    let dot = layout.dot;
    let (ink, panel) = (Yuv::from_rgb(INK), Yuv::from_rgb(PANEL));
    let mut x = layout.margin();
    let mut pill = |canvas: &mut Canvas, text: &str, back: Yuv, front: Yuv, alpha: i32| {
        let width = layout.text_width(text) + 8 * dot;
        let bounds = Bounds {
            left: x,
            top: layout.margin(),
            right: x + width,
            bottom: layout.margin() + layout.pill(),
        };
        rounded(canvas, bounds, 3 * dot, back, alpha);
        write(canvas, dot, (x + 4 * dot, layout.margin() + 3 * dot), text, front);
        x += width + 4 * dot;
    };
    pill(canvas, "SANDBOX", panel, words.accent, PANEL_ALPHA + 8);
    if words.draft {
        pill(canvas, "DRAFT", Yuv::from_rgb(DRAFT), panel, OPAQUE - 4);
    }
    let counter = counter_text(0, words.frames);
    let (counter_x, _) = counter_place(layout, &counter);
    let bounds = Bounds {
        left: counter_x - 4 * dot,
        top: layout.margin(),
        right: layout.width - layout.margin(),
        bottom: layout.margin() + layout.pill(),
    };
    rounded(canvas, bounds, 3 * dot, panel, PANEL_ALPHA);
    draw_prompt(canvas, layout, words, ink)
}

fn draw_prompt(canvas: &mut Canvas, layout: Layout, words: &Words<'_>, ink: Yuv) -> i32 {
    let dot = layout.dot;
    let padding = 5 * dot;
    let room = layout.width - 2 * layout.margin() - 3 * padding;
    let columns = (room / (font::ADVANCE * dot)).max(8) as usize;
    // A tall picture has little width and much height.
    let rows = if layout.height > layout.width { 4 } else { 2 };
    let lines = font::wrap(words.prompt, columns, rows);
    let facts = format!(
        "seed {} | {}x{} | {}.{:03} s",
        words.seed,
        canvas.width_px,
        canvas.height_px,
        words.duration_ms / 1000,
        words.duration_ms % 1000
    );
    let pitch = 11 * dot;
    let facts = font::wrap(&facts, columns, 2);
    let height = (lines.len() + facts.len()) as i32 * pitch + 2 * padding - 2 * dot;
    let bounds = Bounds {
        left: layout.margin(),
        top: layout.height - layout.margin() - height,
        right: layout.width - layout.margin(),
        bottom: layout.height - layout.margin(),
    };
    rounded(canvas, bounds, 4 * dot, Yuv::from_rgb(PANEL), PANEL_ALPHA);
    let stripe = Bounds {
        left: bounds.left + padding,
        top: bounds.top + padding,
        right: bounds.left + padding + 2 * dot,
        bottom: bounds.bottom - padding,
    };
    rounded(canvas, stripe, dot, words.accent, OPAQUE);
    let (x, mut y) = (bounds.left + 2 * padding + dot, bounds.top + padding);
    for line in &lines {
        write(canvas, dot, (x, y), line, ink);
        y += pitch;
    }
    for line in &facts {
        write(canvas, dot, (x, y), line, Yuv::from_rgb(QUIET_INK));
        y += pitch;
    }
    bounds.top
}

/// Writes one line; `at` is its upper left corner in 1/16 pixel, `dot` one font pixel.
fn write(canvas: &mut Canvas, dot: i32, at: (i32, i32), text: &str, colour: Yuv) {
    for (index, character) in text.chars().enumerate() {
        let left = at.0 + index as i32 * font::ADVANCE * dot;
        let bounds = Bounds {
            left,
            top: at.1,
            right: left + font::GLYPH_WIDTH * dot,
            bottom: at.1 + font::GLYPH_HEIGHT * dot,
        };
        canvas.stamp(bounds, colour, OPAQUE, |x, y, soft| {
            glyph_cover(character, dot, (x - left, y - at.1), soft)
        });
    }
}

/// How much of the square `soft` wide around a point a glyph's dots cover, 0..=64.
fn glyph_cover(character: char, dot: i32, at: (i32, i32), soft: i32) -> i32 {
    let (left, right) = (at.0 - soft / 2, at.0 + soft / 2);
    let (top, bottom) = (at.1 - soft / 2, at.1 + soft / 2);
    let mut area = 0;
    for row in top.div_euclid(dot)..=(bottom - 1).div_euclid(dot) {
        let down = bottom.min((row + 1) * dot) - top.max(row * dot);
        for column in left.div_euclid(dot)..=(right - 1).div_euclid(dot) {
            if font::pixel(character, column, row) {
                area += down * (right.min((column + 1) * dot) - left.max(column * dot));
            }
        }
    }
    area * OPAQUE / (soft * soft)
}

/// A rectangle with round corners.
fn rounded(canvas: &mut Canvas, bounds: Bounds, radius: i32, colour: Yuv, alpha: i32) {
    let half_w = (bounds.right - bounds.left) / 2;
    let half_h = (bounds.bottom - bounds.top) / 2;
    let (middle_x, middle_y) = (bounds.left + half_w, bounds.top + half_h);
    let radius = radius.min(half_w).min(half_h).max(1);
    canvas.stamp(bounds, colour, alpha, |x, y, soft| {
        let dx = ((x - middle_x).abs() - (half_w - radius)).max(0);
        let dy = ((y - middle_y).abs() - (half_h - radius)).max(0);
        let far = i64::from(radius) * 2 + i64::from(soft);
        let distance = ((i64::from(dx).pow(2) + i64::from(dy).pow(2)) as u64).isqrt() as i64;
        let inside = (far - 2 * distance) * i64::from(OPAQUE) / (2 * i64::from(soft));
        inside.clamp(0, i64::from(OPAQUE)) as i32
    });
}

/// Shows `row` through what was drawn on black and on white.
fn overlay(row: &mut [u8], black: &[u8], white: &[u8]) {
    for ((pixel, &black), &white) in row.iter_mut().zip(black).zip(white) {
        let through = u16::from(white.saturating_sub(black));
        // Exact division by 255, in 16 bits.
        let product = u16::from(*pixel) * through + 128;
        let shown = (product + (product >> 8)) >> 8;
        *pixel = black.saturating_add(shown as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(prompt: &str) -> Words<'_> {
        Words {
            prompt,
            seed: 7,
            duration_ms: 5000,
            frames: 120,
            draft: true,
            accent: Yuv::from_rgb(0xff_d27a),
        }
    }

    #[test]
    fn the_counter_counts_from_one() {
        assert_eq!(counter_text(11, 120), "012/120");
        assert_eq!(counter_text(0, 24), "001/024");
        assert_eq!(counter_text(1200, 1440), "1201/1440");
    }

    #[test]
    fn an_untouched_pixel_shows_through_unchanged() {
        let mut row: Vec<u8> = (0..=255).collect();
        let before = row.clone();
        overlay(&mut row, &[0; 256], &[255; 256]);
        assert_eq!(row, before);
    }

    #[test]
    fn captions_fit_the_smallest_picture() {
        let long = "word ".repeat(200);
        for (width, height) in [(16, 16), (160, 96), (96, 160)] {
            let mut canvas = Canvas::new(width, height);
            Caption::new(&words(&long), width, height).draw(&mut canvas, 0);
        }
    }

    #[test]
    fn the_middle_of_the_picture_stays_free() {
        let mut canvas = Canvas::new(864, 496);
        Caption::new(&words("a fox"), 864, 496).draw(&mut canvas, 0);
        let middle = &canvas.y[864 * 60..864 * 400];
        assert!(middle.iter().all(|&y| y == 16));
        assert!(canvas.y.iter().any(|&y| y > 200));
    }
}
