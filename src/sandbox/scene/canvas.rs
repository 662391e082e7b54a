//! A YUV 4:2:0 picture and the few strokes a scene is drawn with.
//!
//! Everything is integer. Positions are in 1/16 pixel, profile edges in 1/8
//! pixel (an edge must fit 16 bits up to 4096 rows, so that the row loops stay
//! narrow enough for the compiler to vectorise), opacity runs 0..=64.

/// Full opacity of every stroke.
pub const OPAQUE: i32 = 64;
/// Steps per pixel in an edge of [`Canvas::fill_below`].
pub const EDGE_STEPS: i32 = 8;

/// A colour in limited-range BT.709.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yuv {
    pub y: i16,
    pub u: i16,
    pub v: i16,
}

impl Yuv {
    /// Converts `0xRRGGBB`.
    pub fn from_rgb(rgb: u32) -> Self {
        let part = |shift: u32| ((rgb >> shift) & 0xff) as i32;
        let (r, g, b) = (part(16), part(8), part(0));
        // BT.709 limited range, in 1/65536: 219 and 224 steps for 255.
        let y = 16 + ((11_966 * r + 40_254 * g + 4_064 * b + 32_768) >> 16);
        let u = 128 + ((-6_596 * r - 22_189 * g + 28_784 * b + 32_768) >> 16);
        let v = 128 + ((28_784 * r - 26_145 * g - 2_639 * b + 32_768) >> 16);
        Self { y: y as i16, u: u as i16, v: v as i16 }
    }

    /// The colour `t` of the way (0..=256) towards `other`.
    pub fn towards(self, other: Self, t: i32) -> Self {
        let t = t.clamp(0, 256);
        let blend =
            |a: i16, b: i16| (i32::from(a) + (((i32::from(b) - i32::from(a)) * t) >> 8)) as i16;
        Self { y: blend(self.y, other.y), u: blend(self.u, other.u), v: blend(self.v, other.v) }
    }
}

/// One picture: three tightly packed planes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canvas {
    pub width_px: usize,
    pub height_px: usize,
    pub y: Vec<u8>,
    pub u: Vec<u8>,
    pub v: Vec<u8>,
}

/// A box in 1/16 pixel that holds a shape.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Bounds {
    /// A box around a point.
    pub fn around(x: i32, y: i32, reach: i32) -> Self {
        Self { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach }
    }

    /// The pixels of a `width` by `height` plane, `step` sixteenths a pixel, that the box touches.
    fn pixels(self, width: usize, height: usize, step: i32) -> (usize, usize, usize, usize) {
        let clip = |value: i32, limit: usize| (value.max(0) as usize).min(limit);
        (
            clip(self.left.div_euclid(step), width),
            clip(self.right.div_euclid(step) + 1, width),
            clip(self.top.div_euclid(step), height),
            clip(self.bottom.div_euclid(step) + 1, height),
        )
    }
}

impl Canvas {
    /// A black picture. Both sizes must be even.
    pub fn new(width_px: usize, height_px: usize) -> Self {
        let chroma = (width_px / 2) * (height_px / 2);
        Self {
            width_px,
            height_px,
            y: vec![16; width_px * height_px],
            u: vec![128; chroma],
            v: vec![128; chroma],
        }
    }

    /// Becomes a copy of `other`, which has the same size.
    pub fn copy_from(&mut self, other: &Self) {
        self.y.copy_from_slice(&other.y);
        self.u.copy_from_slice(&other.u);
        self.v.copy_from_slice(&other.v);
    }

    /// Fills everything below a profile, down to the row `end_px`.
    ///
    /// `edge` holds one height per column in 1/8 pixel from the top; `paint`
    /// gives colour and opacity of a luma row. Below the lowest edge the rows
    /// are plain, so the cost is that of the band between highest and lowest.
    pub fn fill_below(&mut self, edge: &Edge, end_px: usize, paint: impl Fn(i32) -> (Yuv, i32)) {
        let first = (edge.top.max(0) / EDGE_STEPS as i16) as usize;
        let end = end_px.min(self.height_px);
        for row in first..end {
            let (colour, alpha) = paint(row as i32);
            let line = &mut self.y[row * self.width_px..][..self.width_px];
            let bottom = ((row as i32 + 1) * EDGE_STEPS).min(i32::from(i16::MAX));
            blend_row(line, &edge.luma, bottom as i16, colour.y, alpha as i16);
        }
        let half = self.width_px / 2;
        for row in first / 2..end.div_ceil(2).min(self.height_px / 2) {
            let (colour, alpha) = paint(row as i32 * 2 + 1);
            let bottom = ((row as i32 + 1) * EDGE_STEPS) as i16;
            let u = &mut self.u[row * half..][..half];
            blend_row(u, &edge.chroma, bottom, colour.u, alpha as i16);
            let v = &mut self.v[row * half..][..half];
            blend_row(v, &edge.chroma, bottom, colour.v, alpha as i16);
        }
    }

    /// Paints a shape: `cover(x, y, soft)` gives 0..=64 at a point in 1/16
    /// pixel, with `soft` the width of the edge to smooth over.
    pub fn stamp(
        &mut self,
        bounds: Bounds,
        colour: Yuv,
        alpha: i32,
        cover: impl Fn(i32, i32, i32) -> i32,
    ) {
        if alpha <= 0 {
            return;
        }
        let (x0, x1, y0, y1) = bounds.pixels(self.width_px, self.height_px, 16);
        for row in y0..y1 {
            for column in x0..x1 {
                let got = cover(column as i32 * 16 + 8, row as i32 * 16 + 8, 16);
                if got > 0 {
                    let pixel = &mut self.y[row * self.width_px + column];
                    *pixel = blend(*pixel, colour.y, got * alpha / OPAQUE);
                }
            }
        }
        let (half_w, half_h) = (self.width_px / 2, self.height_px / 2);
        let (x0, x1, y0, y1) = bounds.pixels(half_w, half_h, 32);
        for row in y0..y1 {
            for column in x0..x1 {
                let got = cover(column as i32 * 32 + 16, row as i32 * 32 + 16, 32);
                if got > 0 {
                    let at = row * half_w + column;
                    let weight = got * alpha / OPAQUE;
                    self.u[at] = blend(self.u[at], colour.u, weight);
                    self.v[at] = blend(self.v[at], colour.v, weight);
                }
            }
        }
    }

    /// A disc whose rim fades over `fade` sixteenths of a pixel.
    pub fn disc(&mut self, centre: (i32, i32), radius: i32, fade: i32, colour: Yuv, alpha: i32) {
        let bounds = Bounds::around(centre.0, centre.1, radius + fade / 2 + 32);
        self.stamp(bounds, colour, alpha, |x, y, soft| {
            let (dx, dy) = (i64::from(x - centre.0), i64::from(y - centre.1));
            inside(dx * dx + dy * dy, i64::from(radius), i64::from(fade.max(soft)))
        });
    }

    /// A limb: a line from `a` to `b` that is `radius_a` thick at one end and `radius_b` at the other.
    pub fn limb(
        &mut self,
        a: (i32, i32),
        b: (i32, i32),
        radii: (i32, i32),
        colour: Yuv,
        alpha: i32,
    ) {
        let reach = radii.0.max(radii.1) + 32;
        let bounds = Bounds {
            left: a.0.min(b.0) - reach,
            top: a.1.min(b.1) - reach,
            right: a.0.max(b.0) + reach,
            bottom: a.1.max(b.1) + reach,
        };
        let (ax, ay) = (i64::from(a.0), i64::from(a.1));
        let (bx, by) = (i64::from(b.0 - a.0), i64::from(b.1 - a.1));
        let inverse = (1_i64 << 32) / (bx * bx + by * by).max(1);
        self.stamp(bounds, colour, alpha, |x, y, soft| {
            let (px, py) = (i64::from(x) - ax, i64::from(y) - ay);
            let t = (((px * bx + py * by) * inverse) >> 16).clamp(0, 1 << 16);
            let (dx, dy) = (px - ((bx * t) >> 16), py - ((by * t) >> 16));
            let radius = i64::from(radii.0) + ((i64::from(radii.1 - radii.0) * t) >> 16);
            inside(dx * dx + dy * dy, radius, i64::from(soft))
        });
    }

    /// An ellipse with a smooth rim.
    pub fn ellipse(&mut self, centre: (i32, i32), radii: (i32, i32), colour: Yuv, alpha: i32) {
        let (rx, ry) = (i64::from(radii.0.max(1)), i64::from(radii.1.max(1)));
        let reach = radii.0.max(radii.1) + 32;
        self.stamp(Bounds::around(centre.0, centre.1, reach), colour, alpha, |x, y, soft| {
            // Scaled to a circle of the smaller radius; the rim is a little soft along the long side.
            let small = rx.min(ry);
            let (dx, dy) =
                (i64::from(x - centre.0) * small / rx, i64::from(y - centre.1) * small / ry);
            inside(dx * dx + dy * dy, small, i64::from(soft))
        });
    }

    /// A convex polygon with smooth edges, its corners clockwise on the screen.
    pub fn polygon(&mut self, corners: &[(i32, i32)], colour: Yuv, alpha: i32) {
        let mut bounds = Bounds::around(0, 0, 0);
        bounds.left = corners.iter().map(|corner| corner.0).min().unwrap_or(0) - 16;
        bounds.right = corners.iter().map(|corner| corner.0).max().unwrap_or(0) + 16;
        bounds.top = corners.iter().map(|corner| corner.1).min().unwrap_or(0) - 16;
        bounds.bottom = corners.iter().map(|corner| corner.1).max().unwrap_or(0) + 16;
        let sides = corners.iter().zip(corners.iter().cycle().skip(1));
        let sides: Vec<[i64; 5]> = sides
            .map(|(&(ax, ay), &(bx, by))| {
                let (dx, dy) = (i64::from(bx - ax), i64::from(by - ay));
                let length = ((dx * dx + dy * dy) as u64).isqrt().max(1) as i64;
                [i64::from(ax), i64::from(ay), dx, dy, length]
            })
            .collect();
        self.stamp(bounds, colour, alpha, |x, y, soft| {
            // The distance to the nearest side, positive inside.
            let depth = |&[ax, ay, dx, dy, length]: &[i64; 5]| {
                (dx * (i64::from(y) - ay) - dy * (i64::from(x) - ax)) / length
            };
            let depth = sides.iter().map(depth).min().unwrap_or(-64) as i32;
            (OPAQUE / 2 + depth * OPAQUE / soft).clamp(0, OPAQUE)
        });
    }

    /// An upright rectangle with smooth edges.
    pub fn rectangle(&mut self, bounds: Bounds, colour: Yuv, alpha: i32) {
        self.stamp(bounds, colour, alpha, |x, y, soft| {
            let across = overlap(x, soft, bounds.left, bounds.right);
            let down = overlap(y, soft, bounds.top, bounds.bottom);
            across * down * OPAQUE / (soft * soft)
        });
    }
}

/// How much of the pixel `soft` wide around `at` lies between `low` and `high`.
fn overlap(at: i32, soft: i32, low: i32, high: i32) -> i32 {
    ((at + soft / 2).min(high) - (at - soft / 2).max(low)).max(0)
}

/// Coverage 0..=64 at a squared distance from the middle of a disc.
fn inside(distance_squared: i64, radius: i64, fade: i64) -> i32 {
    let (near, far) = (radius - fade / 2, radius + fade / 2);
    if distance_squared >= far * far {
        return 0;
    }
    if near > 0 && distance_squared <= near * near {
        return OPAQUE;
    }
    let distance = i64::from((distance_squared.max(0) as u64).isqrt() as u32);
    ((far - distance) * i64::from(OPAQUE) / fade.max(1)).clamp(0, i64::from(OPAQUE)) as i32
}

fn blend(old: u8, new: i16, alpha: i32) -> u8 {
    let old = i32::from(old);
    (old + (((i32::from(new) - old) * alpha + 32) >> 6)) as u8
}

/// Blends one row below an edge. Kept in 16-bit lanes: the differences stay
/// under 256 and the weights at 64, so no product leaves an `i16`.
fn blend_row(row: &mut [u8], edge: &[i16], bottom: i16, colour: i16, alpha: i16) {
    const STEPS: i16 = EDGE_STEPS as i16;
    for (pixel, &edge) in row.iter_mut().zip(edge) {
        let cover = bottom.saturating_sub(edge).clamp(0, STEPS);
        let weight = (cover * alpha) >> 3;
        let old = i16::from(*pixel);
        *pixel = (old + (((colour - old) * weight + 32) >> 6)) as u8;
    }
}

/// A profile in the two resolutions of a 4:2:0 picture.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// One height per luma column, in 1/8 luma pixel from the top.
    pub luma: Vec<i16>,
    chroma: Vec<i16>,
    top: i16,
    bottom: i16,
}

impl Edge {
    /// Refills the profile; `height` gives one column's edge in 1/8 pixel.
    pub fn set(&mut self, width_px: usize, height: impl FnMut(usize) -> i32) {
        self.luma.clear();
        let clip = |value: i32| value.clamp(-8, i32::from(i16::MAX)) as i16;
        self.luma.extend((0..width_px).map(height).map(clip));
        self.chroma.clear();
        // Two luma heights, averaged and halved: 1/8 of a chroma pixel.
        let pairs = self.luma.chunks_exact(2);
        let halved = pairs.map(|pair| (i32::from(pair[0]) + i32::from(pair[1])) >> 2);
        self.chroma.extend(halved.map(|sum| sum as i16));
        self.top = self.luma.iter().copied().min().unwrap_or(0);
        self.bottom = self.luma.iter().copied().max().unwrap_or(0);
    }

    /// The row of the highest point.
    pub fn top_px(&self) -> i32 {
        i32::from(self.top) / EDGE_STEPS
    }

    /// The first row that the profile covers from side to side.
    pub fn covered_from_px(&self) -> usize {
        (self.bottom.max(0) as usize).div_ceil(EDGE_STEPS as usize)
    }

    /// Moves a copy of the profile down by `drop` eighths of a pixel into `target`.
    pub fn lowered(&self, drop: impl Fn(usize) -> i32, target: &mut Self) {
        target.set(self.luma.len(), |column| i32::from(self.luma[column]) + drop(column));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_black_and_grey_have_no_colour() {
        assert_eq!(Yuv::from_rgb(0xff_ffff), Yuv { y: 235, u: 128, v: 128 });
        assert_eq!(Yuv::from_rgb(0), Yuv { y: 16, u: 128, v: 128 });
        assert_eq!(Yuv::from_rgb(0x80_8080).u, 128);
    }

    #[test]
    fn an_edge_between_two_rows_is_blended() {
        let mut canvas = Canvas::new(4, 4);
        let mut edge = Edge::default();
        edge.set(4, |_| 2 * EDGE_STEPS + EDGE_STEPS / 2);
        let white = Yuv::from_rgb(0xff_ffff);
        canvas.fill_below(&edge, 4, |_| (white, OPAQUE));
        assert_eq!(canvas.y[4], 16);
        assert_eq!(canvas.y[8], 126);
        assert_eq!(canvas.y[12], 235);
    }

    #[test]
    fn shapes_outside_the_picture_are_harmless() {
        let mut canvas = Canvas::new(8, 8);
        let before = canvas.clone();
        let red = Yuv::from_rgb(0xff_0000);
        canvas.disc((-4000, 90_000), 64, 16, red, OPAQUE);
        canvas.limb((-900, -900), (-800, -700), (16, 16), red, OPAQUE);
        assert_eq!(canvas, before);
        canvas.disc((64, 64), 4000, 16, red, OPAQUE);
        assert!(canvas.y.iter().all(|&y| y == red.y as u8));
    }
}
