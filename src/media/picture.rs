//! Pictures as a terminal can show them: small, RGB, upright.

use super::scale::{self, Plane};

/// An upright picture of 8-bit RGB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels, at least 1.
    pub width_px: u32,
    /// Height in pixels, at least 1.
    pub height_px: u32,
    /// Three bytes a pixel, row by row, without padding.
    pub rgb: Vec<u8>,
}

/// The largest size a picture may have; it is made smaller to fit, never larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Width in pixels of the upright picture.
    pub width_px: u32,
    /// Height in pixels of the upright picture.
    pub height_px: u32,
}

/// How a stored picture is to be shown: first the shape of its pixels counts, then it is mirrored, then turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pose {
    /// Clockwise turn: 0, 90, 180 or 270.
    pub rotation_deg: u16,
    /// Left and right change places, before the turn.
    pub mirrored: bool,
    /// Width and height of a stored pixel.
    pub pixel_aspect: (u32, u32),
}

impl Default for Pose {
    fn default() -> Self {
        Self { rotation_deg: 0, mirrored: false, pixel_aspect: (1, 1) }
    }
}

impl Pose {
    /// A stored size with square pixels, not yet turned: one side grows, so that nothing is lost. What no camera
    /// makes is not believed.
    pub(super) fn square_px(self, width_px: u32, height_px: u32) -> (u32, u32) {
        let (across, down) = (u64::from(self.pixel_aspect.0), u64::from(self.pixel_aspect.1));
        let grown = |side: u32, by: u64, to: u64| ((u64::from(side) * by + to / 2) / to) as u32;
        match (across, down) {
            (0, _) | (_, 0) => (width_px, height_px),
            _ if across > down * 4 || down > across * 4 => (width_px, height_px),
            _ if across > down => (grown(width_px, across, down), height_px),
            _ => (width_px, grown(height_px, down, across)),
        }
    }
}

/// How a stream's values are meant (ITU-T H.264, annex E).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Colour {
    /// BT.601 instead of BT.709.
    pub bt601: bool,
    /// 0 to 255 instead of 16 to 235.
    pub full_range: bool,
}

/// A decoded frame in planar 4:2:0, cropped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub luma: Plane<'a>,
    pub blue: Plane<'a>,
    pub red: Plane<'a>,
    pub colour: Colour,
}

impl Picture {
    /// The size to draw the picture at in half blocks, where a cell is one
    /// pixel wide and two high: at most `cols` and twice `rows`, with the
    /// picture's own aspect ratio. Neither side is zero unless the space is.
    #[must_use]
    pub fn fit(&self, cols: u16, rows: u16) -> (u32, u32) {
        fit(self.width_px, self.height_px, u32::from(cols), u32::from(rows) * 2)
    }

    /// The largest size in pixels, of the picture's own aspect ratio, within a box. Neither side is zero
    /// unless the box is.
    #[must_use]
    pub fn size_within(&self, max_width_px: u32, max_height_px: u32) -> (u32, u32) {
        fit(self.width_px, self.height_px, max_width_px, max_height_px)
    }

    /// The picture at another size, each pixel the mean of the area it covers.
    /// A picture whose bytes do not match its size, and a size of zero or of
    /// more than 4096x4096 pixels, give a copy.
    #[must_use]
    pub fn scaled(&self, width_px: u32, height_px: u32) -> Self {
        let plane = Plane {
            values: &self.rgb,
            stride: self.width_px as usize * 3,
            channels: 3,
            width_px: self.width_px as usize,
            height_px: self.height_px as usize,
        };
        let fits = width_px <= 4096 && height_px <= 4096;
        let rgb = fits.then(|| scale::area(plane, width_px as usize, height_px as usize)).flatten();
        rgb.map_or_else(|| self.clone(), |rgb| Self { width_px, height_px, rgb })
    }

    /// The picture to show after `shown`: each pixel stays as it is shown that differs from it by at most
    /// `tolerance` in every channel, so that grain costs nothing to send. A picture of another size is taken whole.
    #[must_use]
    pub fn settled(mut self, shown: &Self, tolerance: u8) -> Self {
        if (self.width_px, self.height_px) == (shown.width_px, shown.height_px) {
            let pixels = self.rgb.as_chunks_mut::<3>().0.iter_mut();
            for (new, old) in pixels.zip(shown.rgb.as_chunks::<3>().0) {
                if new.iter().zip(old).all(|(new, old)| new.abs_diff(*old) <= tolerance) {
                    *new = *old;
                }
            }
        }
        self
    }

    /// The picture made smaller to fit into a box; itself where it fits already.
    #[must_use]
    pub fn within(&self, bounds: Bounds) -> Self {
        let Bounds { width_px, height_px } = bounds;
        if self.width_px <= width_px && self.height_px <= height_px {
            return self.clone();
        }
        let (width_px, height_px) = fit(self.width_px, self.height_px, width_px, height_px);
        self.scaled(width_px, height_px)
    }

    /// Whether nearly nothing can be seen: less than one pixel in fifty is
    /// brighter than a dark grey.
    #[must_use]
    pub fn is_black(&self) -> bool {
        const DARK: u8 = 40;
        let pixels = self.rgb.as_chunks::<3>().0;
        let bright = pixels.iter().filter(|pixel| pixel.iter().any(|&value| value > DARK)).count();
        bright * 50 < pixels.len()
    }

    /// The picture with left and right in each other's place.
    fn mirrored(mut self) -> Self {
        let pixels = self.rgb.as_chunks_mut::<3>().0;
        pixels.chunks_mut(self.width_px as usize).for_each(<[_]>::reverse);
        self
    }

    /// Turns the picture clockwise by 0, 90, 180 or 270 degrees.
    pub(super) fn turned(self, rotation_deg: u16) -> Self {
        let (width, height) = (self.width_px as usize, self.height_px as usize);
        let quarter = rotation_deg % 180 == 90;
        let (new_width, new_height) = if quarter { (height, width) } else { (width, height) };
        let pixels = self.rgb.as_chunks::<3>().0;
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for y in 0..new_height {
            for x in 0..new_width {
                let (from_x, from_y) = match rotation_deg {
                    90 => (y, height - 1 - x),
                    180 => (width - 1 - x, height - 1 - y),
                    270 => (width - 1 - y, x),
                    _ => return self,
                };
                rgb.extend_from_slice(&pixels[from_y * width + from_x]);
            }
        }
        Self { width_px: new_width as u32, height_px: new_height as u32, rgb }
    }
}

/// The largest size of the same aspect ratio within a box, rounded to whole pixels.
pub(super) fn fit(width: u32, height: u32, max_width: u32, max_height: u32) -> (u32, u32) {
    if width == 0 || height == 0 || max_width == 0 || max_height == 0 {
        return (0, 0);
    }
    let (w, h) = (u64::from(width), u64::from(height));
    let (max_w, max_h) = (u64::from(max_width), u64::from(max_height));
    let (fit_w, fit_h) = if w * max_h > h * max_w {
        (max_w, ((max_w * h + w / 2) / w).max(1))
    } else {
        (((max_h * w + h / 2) / h).max(1), max_h)
    };
    // Both are within the box, which has 32 bits.
    (fit_w as u32, fit_h as u32)
}

impl Frame<'_> {
    /// The frame within bounds, upright: the planes are made smaller first, and
    /// only what is left becomes RGB. `None` if the planes are too short.
    pub(super) fn picture(&self, bounds: Bounds, pose: Pose) -> Option<Picture> {
        let (width, height) =
            (u32::try_from(self.luma.width_px).ok()?, u32::try_from(self.luma.height_px).ok()?);
        let (width, height) = pose.square_px(width, height);
        let lying = pose.rotation_deg % 180 == 90;
        let (max_w, max_h) = if lying {
            (bounds.height_px, bounds.width_px)
        } else {
            (bounds.width_px, bounds.height_px)
        };
        let (width_px, height_px) = if width <= max_w && height <= max_h {
            (width, height)
        } else {
            fit(width, height, max_w.max(1), max_h.max(1))
        };
        let (w, h) = (width_px as usize, height_px as usize);
        let luma = scale::area(self.luma, w, h)?;
        let blue = scale::area(self.blue, w, h)?;
        let red = scale::area(self.red, w, h)?;
        let rgb = to_rgb(self.colour, &luma, &blue, &red);
        let picture = Picture { width_px, height_px, rgb };
        let picture = if pose.mirrored { picture.mirrored() } else { picture };
        Some(picture.turned(pose.rotation_deg))
    }
}

/// Whole-number matrices in 1/65536, from the luma weights of BT.601 and BT.709.
fn to_rgb(colour: Colour, luma: &[u8], blue: &[u8], red: &[u8]) -> Vec<u8> {
    // Gain of luma; then red from V, green from U and V, blue from U.
    let [gain, red_v, green_u, green_v, blue_u] = match (colour.bt601, colour.full_range) {
        (false, false) => [76_309, 117_489, -13_975, -34_925, 138_438],
        (true, false) => [76_309, 104_597, -25_675, -53_279, 132_201],
        (false, true) => [65_536, 103_206, -12_276, -30_679, 121_609],
        (true, true) => [65_536, 91_881, -22_554, -46_802, 116_130],
    };
    let black = if colour.full_range { 0 } else { 16 };
    let mut rgb = Vec::with_capacity(luma.len() * 3);
    for ((&y, &u), &v) in luma.iter().zip(blue).zip(red) {
        let y = (i32::from(y) - black) * gain + (1 << 15);
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        let sums = [y + v * red_v, y + u * green_u + v * green_v, y + u * blue_u];
        rgb.extend(sums.map(|sum| (sum >> 16).clamp(0, 255) as u8));
    }
    rgb
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
