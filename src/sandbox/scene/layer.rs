//! One layer of land: a profile in world coordinates and what grows on it.
//!
//! Lengths are 16.16 fixed point in units of the picture's shorter side, so
//! that a scene is the same at every size. A profile repeats every
//! [`PERIOD`] units, which is more than the widest picture shows.

use super::canvas::Yuv;
use super::dice::{Dice, ONE, TURN, mix, mul, noise};
use super::stage::{Moment, wrap};

/// Samples in a profile.
const SAMPLES: usize = 8192;
/// Length of a profile in units.
pub const PERIOD: i32 = 4 * ONE;
/// A sample is this much of a unit: `PERIOD / SAMPLES`.
const SAMPLE_SHIFT: u32 = 5;

/// One layer of the land.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Heights above the base line.
    heights: Vec<i32>,
    /// Where the base line is, as a part of the picture's height from the top.
    pub base: i32,
    /// How much of the camera's way the layer goes.
    pub parallax: i32,
    /// Its own movement in units a second, and its rise and fall.
    pub drift: i32,
    pub swell: i32,
    pub crest: Yuv,
    pub foot: Yuv,
    /// The way from crest colour to foot colour, as a part of the picture's height.
    pub fade: i32,
    /// A lit line along the profile: colour and thickness.
    pub rim: Option<(Yuv, i32)>,
    /// Snow: the colour, and how far it reaches down at every sample.
    pub snow: Option<(Yuv, Vec<i32>)>,
    pub windows: Vec<Window>,
}

/// A window of a building.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Its middle along the layer, and above the base line.
    pub x: i32,
    pub y: i32,
    pub half_width: i32,
    pub half_height: i32,
    pub colour: Yuv,
    /// Some are switched on and off; this is when, in turns.
    pub phase: i32,
}

/// `numerator / 1000` in 16.16.
pub const fn milli(numerator: i32) -> i32 {
    (numerator as i64 * ONE as i64 / 1000) as i32
}

impl Layer {
    /// A flat layer. `base` and `parallax` are thousandths of the picture's
    /// height and of the camera's way.
    pub fn new(base: i32, parallax: i32, crest: Yuv, foot: Yuv) -> Self {
        Self {
            heights: vec![0; SAMPLES],
            base: milli(base),
            parallax: milli(parallax),
            drift: 0,
            swell: 0,
            crest,
            foot,
            fade: milli(160),
            rim: None,
            snow: None,
            windows: Vec::new(),
        }
    }

    /// Where along the layer a place on the screen is, both in units.
    pub fn along(&self, x: i32, moment: Moment) -> i32 {
        x + mul(moment.camera, self.parallax) - moment.way(self.drift)
    }

    /// Where on the screen a place along the layer is: the nearest of its repetitions.
    pub fn on_screen(&self, along: i32, moment: Moment) -> i32 {
        wrap(along - self.along(0, moment), PERIOD / 2)
    }

    /// How far the layer has risen.
    pub fn lift(&self, moment: Moment) -> i32 {
        match self.swell {
            0 => 0,
            swell => mul(moment.swing(4200, self.parallax), swell),
        }
    }

    /// Height above the base line at `x` units along the layer.
    pub fn height(&self, x: i32) -> i32 {
        sample(&self.heights, x)
    }

    /// Sets every height from its place in the period (0..65536).
    pub fn shape(mut self, height: impl Fn(i32) -> i32) -> Self {
        for (index, value) in self.heights.iter_mut().enumerate() {
            *value = height(index as i32 * (ONE / SAMPLES as i32));
        }
        self
    }

    /// Lights the profile with a line `thickness` thousandths of a unit thick.
    pub fn rim(mut self, colour: Yuv, thickness: i32) -> Self {
        self.rim = Some((colour, milli(thickness)));
        self
    }

    /// Raises the profile to at least `height` at a sample, around the period.
    fn raise(&mut self, index: i32, height: i32) {
        let slot = &mut self.heights[index.rem_euclid(SAMPLES as i32) as usize];
        *slot = (*slot).max(height);
    }

    fn at(&self, index: i32) -> i32 {
        self.heights[index.rem_euclid(SAMPLES as i32) as usize]
    }

    /// Grows conifers, `tall` thousandths of a unit high at most, about `gap` samples apart.
    pub fn pines(mut self, dice: &mut Dice, tall: i32, gap: i32) -> Self {
        let ground = self.heights.clone();
        let mut index = 0;
        while index < SAMPLES as i32 {
            let height = milli(tall) * dice.between(45, 100) / 100;
            let half = ((height >> SAMPLE_SHIFT) * dice.between(20, 30) / 100).max(2);
            let root = ground[index as usize] - milli(4);
            for offset in -half..=half {
                // Four tiers of branches: a gentle slope, then a step down.
                let out = offset.abs() * 4 * ONE / half;
                let tier = (out / ONE).min(3);
                let slope = (out - tier * ONE) * 12 / 100;
                let part = ONE - tier * ONE / 4 - slope;
                self.raise(index + offset, root + mul(height, part));
            }
            index += (dice.between(gap / 2, gap * 2) * 2).max(3);
        }
        self
    }

    /// Grows blades of grass, `tall` thousandths of a unit at most.
    pub fn grass(mut self, dice: &mut Dice, tall: i32) -> Self {
        let ground = self.heights.clone();
        let mut index = 0;
        while index < SAMPLES as i32 {
            let tuft = noise(mix(dice.next(), 1), 1, index).abs();
            let height = milli(tall) * dice.between(20, 100) / 100;
            let height = height - mul(height / 3, tuft);
            let half = dice.between(3, 7);
            let lean = dice.between(-2, 2);
            for offset in -half..=half {
                let part = ONE - offset.abs() * ONE / half;
                let at = index + offset;
                let root = ground[at.rem_euclid(SAMPLES as i32) as usize];
                self.raise(at + lean, root + mul(height, mul(part, part)));
            }
            index += dice.between(3, 14);
        }
        self
    }

    /// Builds a row of houses up to `tall` thousandths of a unit high, with lit windows.
    pub fn houses(mut self, dice: &mut Dice, tall: i32, scale: i32, lights: &Lights) -> Self {
        let mut index = 0;
        while index < SAMPLES as i32 {
            let width = dice.between(50, 130) * scale / 100;
            let tower = dice.chance(18);
            let height = milli(tall) * dice.between(25, if tower { 100 } else { 65 }) / 100;
            let end = (index + width).min(SAMPLES as i32);
            for at in index..end {
                self.raise(at, height);
            }
            self.roof(dice, (index, end), height, tower);
            self.light(dice, (index, end), height, scale, lights);
            let gap = if dice.chance(30) { dice.between(2, 20) } else { 0 };
            for at in end..end + gap {
                self.raise(at, milli(tall) / 8);
            }
            index = end + gap;
        }
        self
    }

    fn roof(&mut self, dice: &mut Dice, (start, end): (i32, i32), height: i32, tower: bool) {
        let middle = (start + end) / 2;
        let half = (end - start) / 2;
        match dice.below(5) {
            0 => (-half..=half).for_each(|offset| {
                let peak = (half - offset.abs()) << SAMPLE_SHIFT;
                self.raise(middle + offset, height + peak * 2 / 3);
            }),
            1 => (-half / 2..=half / 2).for_each(|offset| {
                self.raise(middle + offset, height + milli(14));
            }),
            _ => {}
        }
        if tower {
            for offset in -1..=1 {
                self.raise(middle + offset, height + height / 5);
            }
        }
    }

    fn light(
        &mut self,
        dice: &mut Dice,
        wall: (i32, i32),
        height: i32,
        scale: i32,
        lights: &Lights,
    ) {
        let (wide, tall) = (milli(9) * scale / 100, milli(13) * scale / 100);
        let (left, right) = (wall.0 << SAMPLE_SHIFT, wall.1 << SAMPLE_SHIFT);
        let mut y = height - tall * 2;
        while y > 0 {
            let mut x = left + wide + wide / 3;
            while x < right - wide {
                if dice.chance(lights.lit_percent) {
                    self.windows.push(Window {
                        x,
                        y,
                        half_width: wide * 2 / 5,
                        half_height: tall * 2 / 5,
                        colour: lights.colours[dice.below(4) as usize],
                        phase: dice.between(0, TURN - 1),
                    });
                }
                x += wide * 3 / 2;
            }
            y -= tall * 3 / 2;
        }
    }
}

impl Layer {
    /// Sets up street lamps, lit by day as well: a sandbox spares no expense.
    pub fn lamps(&mut self, colour: Yuv) {
        const GAP: i32 = SAMPLES as i32 / 10;
        for index in (GAP / 2..SAMPLES as i32).step_by(GAP as usize) {
            let tall = milli(88);
            for offset in -2..=2 {
                self.raise(index + offset, tall);
            }
            for offset in -14..=14_i32 {
                self.raise(index + offset, tall + milli(6) - (offset.abs() << SAMPLE_SHIFT) / 2);
            }
            self.windows.push(Window {
                x: index << SAMPLE_SHIFT,
                y: tall - milli(5),
                half_width: milli(6),
                half_height: milli(4),
                colour,
                phase: 1,
            });
        }
    }
}

/// The windows of a row of houses: how many are lit, and in which colours.
pub struct Lights {
    pub lit_percent: u32,
    pub colours: [Yuv; 4],
}

fn sample(values: &[i32], x: i32) -> i32 {
    let place = x.rem_euclid(PERIOD);
    let index = (place >> SAMPLE_SHIFT) as usize;
    let part = place & ((1 << SAMPLE_SHIFT) - 1);
    let (a, b) = (values[index], values[(index + 1) % SAMPLES]);
    a + (((b - a) * part) >> SAMPLE_SHIFT)
}

impl Layer {
    /// How far the snow reaches down at `x`; 0 without snow.
    pub fn snow_depth(&self, x: i32) -> i32 {
        self.snow.as_ref().map_or(0, |(_, depth)| sample(depth, x))
    }

    /// Lets snow lie above `line` thousandths of a unit.
    pub fn snowed(mut self, seed: u64, line: i32, colour: Yuv) -> Self {
        let depth = |index: usize| {
            let at = index as i32 * (ONE / SAMPLES as i32);
            let above = self.at(index as i32) - milli(line);
            let tongue = noise(mix(seed, 5), 97, at) + noise(mix(seed, 6), 233, at) / 2;
            (above * 3 / 5 + mul(above.max(0), tongue) / 2).max(0)
        };
        let depths = (0..SAMPLES).map(depth).collect();
        self.snow = Some((colour, depths));
        self
    }
}
