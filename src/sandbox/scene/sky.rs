//! The sky: gradient, sun or moon, stars, clouds, and the water that mirrors it.

use super::canvas::{Canvas, Edge, OPAQUE, Yuv};
use super::dice::{Dice, ONE, TURN, mix, mul};
use super::layer::milli;
use super::stage::{Moment, Stage, wrap};
use super::theme::{Air, Hour, Land, Theme};

/// What hangs in the sky of one clip.
#[derive(Debug, Clone)]
pub struct Sky {
    /// The sun or moon: sideways in units, down as a part of the height, radius in units.
    pub sun: (i32, i32, i32),
    twinkling: Vec<Star>,
    clouds: Vec<Bank>,
    night: bool,
}

#[derive(Debug, Clone, Copy)]
struct Star {
    x: i32,
    y: i32,
    radius: i32,
    phase: i32,
}

/// A bank of clouds at one height: its puffs as (middle, width, height).
#[derive(Debug, Clone)]
struct Bank {
    puffs: Vec<(i32, i32, i32)>,
    base: i32,
    speed: i32,
    parallax: i32,
    colour: Yuv,
    alpha: i32,
}

/// Clouds come round again after this many units, both ways.
const CLOUD_REACH: i32 = 2 * ONE;

impl Sky {
    /// Decides what hangs in the sky.
    pub fn new(theme: &Theme) -> Self {
        let mut dice = Dice::new(mix(theme.seed, 0x5c1));
        let low = matches!(theme.hour, Hour::Dawn | Hour::Golden | Hour::Dusk);
        let night = theme.hour == Hour::Night;
        let side = if dice.chance(50) { 1 } else { -1 };
        let sun = (
            side * milli(dice.between(120, 420)),
            milli(if low { dice.between(330, 440) } else { dice.between(190, 270) }),
            milli(if low { dice.between(75, 125) } else { dice.between(45, 65) }),
        );
        let stars = if night { 90 } else { 0 };
        let twinkling = (0..stars).map(|_| star(&mut dice)).collect();
        let p = &theme.palette;
        let overcast = matches!(theme.air, Air::Rain | Air::Snow);
        let count = if overcast { 3 } else { dice.between(1, 3) };
        let bright = p.horizon.towards(p.sun, 110);
        let clouds = (0..count).map(|index| {
            let colour = if night { p.sky.towards(p.horizon, 120) } else { bright };
            Bank {
                puffs: puffs(&mut dice),
                base: milli(250 + index * 95 + dice.between(-25, 25)),
                speed: milli(dice.between(5, 11) * (3 - index).max(1)),
                parallax: milli(25 - index * 7),
                colour: colour.towards(p.sky, index * 30),
                alpha: if night { 20 } else { 34 },
            }
        });
        Self { sun, twinkling, clouds: clouds.collect(), night }
    }

    /// Paints what does not move during a clip; `waterline` as in the terrain.
    pub fn plate(&self, stage: Stage, theme: &Theme, waterline: Option<i32>) -> Canvas {
        let mut canvas = Canvas::new(stage.width_px, stage.height_px);
        let horizon = waterline.unwrap_or(milli(640));
        let horizon_px = (stage.down(horizon) / 16).max(2);
        let (width, height) = (stage.width_px, stage.height_px);
        let glow = Glow::new(self, stage);
        // Straight to the sun's white the sky would turn grey on the way.
        let sun = fine(theme.palette.horizon.towards(theme.palette.sun, 130));
        for row in 0..height {
            let base = row_colour(theme, row as i32, horizon_px, height as i32);
            for column in 0..width {
                let light = glow.at(column as i32, row as i32, horizon_px);
                let part = |index: usize| base[index] + (((sun[index] - base[index]) * light) >> 8);
                canvas.y[row * width + column] = ((part(0) + dither(column, row)) >> 8) as u8;
                if row % 2 == 0 && column % 2 == 0 {
                    let at = row / 2 * (width / 2) + column / 2;
                    canvas.u[at] = ((part(1) + 128) >> 8) as u8;
                    canvas.v[at] = ((part(2) + 128) >> 8) as u8;
                }
            }
        }
        self.draw_sun(&mut canvas, stage, theme);
        canvas
    }

    fn draw_sun(&self, canvas: &mut Canvas, stage: Stage, theme: &Theme) {
        let (x, y, radius) =
            (stage.across(self.sun.0), stage.down(self.sun.1), stage.length(self.sun.2));
        let colour = theme.palette.sun;
        canvas.disc((x, y), radius * 5 / 4, radius / 2, colour, 20);
        canvas.disc((x, y), radius, 24, colour, OPAQUE);
        if self.night {
            let shade = colour.towards(theme.palette.horizon, 70);
            for (dx, dy, size) in [(-30, -20, 26), (25, 10, 34), (-15, 42, 18), (38, -38, 14)] {
                let spot = (x + radius * dx / 100, y + radius * dy / 100);
                canvas.disc(spot, radius * size / 100, radius / 8, shade, 22);
            }
        }
    }

    /// Draws what moves: stars, a falling star, clouds.
    pub fn draw(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, edge: &mut Edge) {
        for star in &self.twinkling {
            let bright = 34 + ((moment.swing(2600, star.phase) * 22) >> 16);
            let x = mul(star.x, stage.half_width());
            let place = (stage.across(x), stage.down(star.y));
            canvas.disc(place, stage.length(star.radius), 16, Yuv::from_rgb(0xff_ffff), bright);
        }
        if self.night {
            self.falling_star(canvas, stage, moment);
        }
        for bank in &self.clouds {
            bank.draw(canvas, stage, moment, edge);
        }
    }

    fn falling_star(&self, canvas: &mut Canvas, stage: Stage, moment: Moment) {
        const EVERY: i32 = 5 * ONE;
        let since = moment.time.rem_euclid(EVERY) - ONE * 3 / 2;
        if !(0..ONE * 4 / 5).contains(&since) {
            return;
        }
        let way = if self.sun.0 > 0 { 1 } else { -1 };
        let x = way * (mul(since, milli(620)) - milli(520) - moment.time / EVERY * milli(90));
        let y = milli(90) + mul(since, milli(190));
        let head = (stage.across(x), stage.down(y));
        let tail = (stage.across(x - way * milli(150)), stage.down(y - milli(46)));
        let alpha = OPAQUE - (since * 60 / ONE);
        let thick = stage.length(milli(2));
        canvas.limb(head, tail, (thick, 2), Yuv::from_rgb(0xff_ffff), alpha);
    }
}

fn star(dice: &mut Dice) -> Star {
    Star {
        x: dice.between(-ONE, ONE),
        y: milli(dice.between(10, 480)),
        radius: ONE * dice.between(6, 16) / 10_000,
        phase: dice.between(0, TURN),
    }
}

fn puffs(dice: &mut Dice) -> Vec<(i32, i32, i32)> {
    let mut puffs = Vec::new();
    for _ in 0..4 {
        let middle = dice.between(-CLOUD_REACH, CLOUD_REACH);
        let spread = dice.between(150, 330);
        for _ in 0..7 {
            let out = dice.between(-spread, spread);
            let size = (spread - out.abs() * 7 / 10) / 2 + dice.between(10, 40);
            puffs.push((
                middle + milli(out),
                milli(size),
                milli(size * dice.between(34, 52) / 100),
            ));
        }
    }
    puffs
}

impl Bank {
    fn draw(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, edge: &mut Edge) {
        let moved = moment.way(self.speed) - mul(moment.camera, self.parallax);
        let base = stage.down(self.base) / 2;
        let mut heights = vec![-1; stage.width_px];
        let fade = (stage.length(milli(90)) / 16).max(1);
        let base_px = base / 8;
        for &(middle, width, height) in &self.puffs {
            let middle = stage.across(wrap(middle + moved, CLOUD_REACH)) / 16;
            let half = (stage.length(width) / 16).max(1);
            let tall = i64::from(stage.length(height) / 2);
            let first = (middle - half).clamp(0, stage.width_px as i32);
            let last = (middle + half).clamp(0, stage.width_px as i32);
            for column in first..last {
                let out = i64::from(column - middle);
                let reach = i64::from(half);
                let part =
                    ((reach * reach - out * out).max(0) << 20) as u64 / (reach * reach) as u64;
                let rise = (((tall + i64::from(fade) * 6) * part.isqrt() as i64) >> 10) as i32;
                let slot = &mut heights[column as usize];
                *slot = (*slot).max(rise);
            }
        }
        // Where there is no puff the edge lies below the last painted row.
        edge.set(stage.width_px, |column| match heights[column] {
            rise if rise > 0 => (base_px + fade) * 8 - rise,
            _ => (base_px + fade + 2) * 8,
        });
        let top = edge.top_px();
        let tall = (base_px + fade - top).max(1);
        canvas.fill_below(edge, (base_px + fade).max(0) as usize, |row| {
            let left = (base_px + fade - row).clamp(0, tall);
            (self.colour, self.alpha * left / tall)
        });
    }
}

/// A colour's three parts in 1/256.
fn fine(colour: Yuv) -> [i32; 3] {
    [colour.y, colour.u, colour.v].map(|part| i32::from(part) * 256)
}

/// The colour of a row of sky, or of water below the horizon, in 1/256.
fn row_colour(theme: &Theme, row: i32, horizon_px: i32, height_px: i32) -> [i32; 3] {
    let p = &theme.palette;
    let (shallow, deep) = if theme.land == Land::Sea {
        let shallow = p.horizon.towards(p.sky, 150).towards(p.near, 40);
        (shallow, p.sky.towards(p.near, 200))
    } else {
        (p.horizon, p.horizon)
    };
    let stops = [
        (p.zenith, 0),
        (p.sky, horizon_px * 55 / 100),
        (p.horizon, horizon_px),
        (shallow, horizon_px + 1),
        (deep, height_px + 2),
    ];
    let mut from = stops[0];
    for to in stops.into_iter().skip(1) {
        if row < to.1 {
            let (a, b, span) = (fine(from.0), fine(to.0), (to.1 - from.1).max(1));
            return std::array::from_fn(|index| {
                a[index] + (b[index] - a[index]) * (row - from.1) / span
            });
        }
        from = to;
    }
    fine(from.0)
}

/// An even pattern of 1/256 steps, so that gradients show no bands.
fn dither(column: usize, row: usize) -> i32 {
    const PATTERN: [[i32; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];
    PATTERN[row % 4][column % 4] * 16 + 8
}

/// The light around the sun, and under it on the water.
struct Glow {
    x: i32,
    y: i32,
    radius_squared: u64,
}

impl Glow {
    fn new(sky: &Sky, stage: Stage) -> Self {
        let radius = (stage.length(sky.sun.2) / 16).max(1) as u64 * 2;
        Self {
            x: stage.across(sky.sun.0) / 16,
            y: stage.down(sky.sun.1) / 16,
            radius_squared: radius * radius,
        }
    }

    /// How much the light counts at a pixel, in parts of 256.
    fn at(&self, column: i32, row: i32, horizon_px: i32) -> i32 {
        // Below the horizon stands the mirror image, drawn out downwards.
        let row = if row > horizon_px { horizon_px - (row - horizon_px) / 3 } else { row };
        let (dx, dy) = ((column - self.x).unsigned_abs(), (row - self.y).unsigned_abs());
        let distance = u64::from(dx) * u64::from(dx) + u64::from(dy) * u64::from(dy);
        (self.radius_squared * 215 / (self.radius_squared + distance)) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sun_is_the_brightest_place() {
        let theme = Theme::new("a golden desert", 4, [None; 2]);
        let sky = Sky::new(&theme);
        let stage = Stage::new(160, 96);
        let plate = sky.plate(stage, &theme, None);
        let (x, y) = (stage.across(sky.sun.0) / 16, stage.down(sky.sun.1) / 16);
        let at = y as usize * 160 + x as usize;
        assert_eq!(plate.y[at], *plate.y.iter().max().expect("the plate has pixels"));
    }

    #[test]
    fn the_sky_keeps_within_the_limited_range() {
        for seed in 0..20 {
            let theme = Theme::new("sky", seed, [None; 2]);
            let plate = Sky::new(&theme).plate(Stage::new(64, 36), &theme, Some(milli(560)));
            assert!(plate.y.iter().all(|y| (16..=235).contains(y)));
        }
    }
}
