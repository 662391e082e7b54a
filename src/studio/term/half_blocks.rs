//! Pictures in half blocks: a cell is one pixel wide and two high.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::pen::nearest_indexed;
use crate::media::picture::Picture;

/// In which colours a picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// As they are, in 24 bits.
    True,
    /// The nearest of xterm's cube and greys, which take about half the bytes.
    Indexed,
}

/// Draws a picture as large as it fits, in the middle, in its own aspect ratio. Where there are more pixels than
/// places for them each place shows the mean of its own; where there are fewer, some are shown twice.
pub fn draw(picture: &Picture, area: Rect, buffer: &mut Buffer, colours: Colours) {
    let area = area.intersection(buffer.area);
    let size = picture.fit(area.width, area.height);
    let size_of = |picture: &Picture| (picture.width_px, picture.height_px);
    let mut picture = Cow::Borrowed(picture);
    if size_of(&picture) != size {
        picture = Cow::Owned(picture.scaled(size.0, size.1));
    }
    // One that is damaged was not scaled.
    if size == (0, 0) || size_of(&picture) != size {
        return;
    }
    let (width_px, height_px) = size;
    // Both are within the area, which has 16 bits.
    let left = area.x + (area.width - width_px as u16) / 2;
    let top = area.y + (area.height - height_px.div_ceil(2) as u16) / 2;
    let colour = |pixel: &[u8; 3]| match (colours, *pixel) {
        (Colours::True, [r, g, b]) => Color::Rgb(r, g, b),
        (Colours::Indexed, [r, g, b]) => Color::Indexed(nearest_indexed((r, g, b))),
    };
    let row_px = width_px as usize;
    for (y, pair) in (top..).zip(picture.rgb.as_chunks::<3>().0.chunks(row_px * 2)) {
        let (upper, lower) = pair.split_at(row_px.min(pair.len()));
        for (x, pixel) in upper.iter().enumerate() {
            // Below the last of an odd number of rows is nothing.
            let below = lower.get(x).map_or(Color::Reset, colour);
            if let Some(cell) = buffer.cell_mut((left + x as u16, y)) {
                cell.set_symbol("▀").set_fg(colour(pixel)).set_bg(below);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width_px: u32, height_px: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
        let pixels = (0..width_px * height_px).flat_map(|n| pixel(n % width_px, n / width_px));
        Picture { width_px, height_px, rgb: pixels.collect() }
    }

    fn drawn(picture: &Picture, width: u16, height: u16, colours: Colours) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        draw(picture, buffer.area, &mut buffer, colours);
        buffer
    }

    /// The two colours of every cell that is drawn.
    fn cells(buffer: &Buffer) -> Vec<((u16, u16), Color, Color)> {
        let area = buffer.area;
        let all = area.rows().flat_map(|row| row.columns());
        let drawn = all.filter(|at| buffer[(at.x, at.y)].symbol() == "▀");
        drawn.map(|at| ((at.x, at.y), buffer[(at.x, at.y)].fg, buffer[(at.x, at.y)].bg)).collect()
    }

    fn grey(value: u8) -> Color {
        Color::Rgb(value, value, value)
    }

    #[test]
    fn a_pixel_is_half_a_cell_and_none_is_lost() {
        let picture = picture(2, 3, |x, y| [(10 * y + x) as u8; 3]);
        let expected = [
            ((0, 0), grey(0), grey(10)),
            ((1, 0), grey(1), grey(11)),
            ((0, 1), grey(20), Color::Reset),
            ((1, 1), grey(21), Color::Reset),
        ];
        assert_eq!(cells(&drawn(&picture, 2, 2, Colours::True)), expected);
    }

    #[test]
    fn a_picture_stands_in_the_middle_as_large_as_it_fits() {
        let wide = drawn(&picture(16, 9, |_, _| [9; 3]), 40, 30, Colours::True);
        let (first, last) = (cells(&wide)[0].0, cells(&wide).last().expect("cells").0);
        // 40 pixels wide and 22.5 high, of 60.
        assert_eq!((first, last), ((0, 9), (39, 20)));
        let tall = drawn(&picture(9, 16, |_, _| [9; 3]), 40, 8, Colours::True);
        let (first, last) = (cells(&tall)[0].0, cells(&tall).last().expect("cells").0);
        assert_eq!((first, last), ((15, 0), (23, 7)));
    }

    #[test]
    fn too_many_pixels_become_their_mean() {
        let stripes = picture(80, 80, |x, _| [if x % 2 == 0 { 0 } else { 200 }; 3]);
        let all = cells(&drawn(&stripes, 20, 10, Colours::True));
        assert_eq!(all.len(), 200);
        assert!(all.iter().all(|(_, upper, lower)| (*upper, *lower) == (grey(100), grey(100))));
    }

    #[test]
    fn few_colours_are_the_nearest_ones() {
        let picture = picture(1, 2, |_, y| if y == 0 { [250, 3, 90] } else { [0; 3] });
        let all = cells(&drawn(&picture, 1, 1, Colours::Indexed));
        // Red 255, green 0, blue 95 of the cube.
        assert_eq!(all, [((0, 0), Color::Indexed(16 + 36 * 5 + 1), Color::Indexed(16))]);
    }

    #[test]
    fn neither_an_empty_place_nor_a_broken_picture_draws_anything() {
        let sound = picture(4, 4, |_, _| [1; 3]);
        let broken = Picture { rgb: vec![1; 5], ..sound.clone() };
        let none = Picture { width_px: 0, height_px: 0, rgb: Vec::new() };
        for (picture, width, height) in [(&sound, 0, 5), (&broken, 9, 9), (&none, 9, 9)] {
            assert_eq!(cells(&drawn(picture, width, height, Colours::True)), []);
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 3));
        draw(&sound, Rect::new(2, 1, 40, 40), &mut buffer, Colours::True);
        assert_eq!(cells(&buffer).len(), 1, "only what is on the screen");
    }
}
