//! What is in the air, and what glitters: snow, rain, fireflies, petals, water.

use super::canvas::{Bounds, Canvas, OPAQUE, Yuv};
use super::dice::{Dice, ONE, TURN, mix, mul, sin};
use super::layer::milli;
use super::stage::{Moment, Stage, wrap};
use super::theme::{Air, Palette, Theme};

/// The particles of one clip.
#[derive(Debug, Clone)]
pub struct Weather {
    air: Air,
    motes: Vec<Mote>,
    ink: Yuv,
    glow: Yuv,
}

#[derive(Debug, Clone, Copy)]
struct Mote {
    x: i32,
    y: i32,
    /// 16.16: 0 is far away, 1 is near.
    near: i32,
    phase: i32,
}

/// The streaks of light on water.
#[derive(Debug, Clone)]
pub struct Glitter {
    streaks: Vec<Mote>,
    sun_x: i32,
    colour: Yuv,
}

fn motes(dice: &mut Dice, count: u32) -> Vec<Mote> {
    let mote = |_| Mote {
        x: dice.between(-ONE, ONE),
        y: dice.between(0, ONE),
        near: dice.between(0, ONE),
        phase: dice.between(0, TURN),
    };
    (0..count).map(mote).collect()
}

impl Weather {
    /// Fills the air of a theme.
    pub fn new(theme: &Theme) -> Self {
        let mut dice = Dice::new(mix(theme.seed, 0xa12));
        let p = &theme.palette;
        let (count, ink, glow) = match theme.air {
            Air::Clear => (26, p.sun, p.sun),
            Air::Snow => (190, Yuv::from_rgb(0xfa_fcff), p.sun),
            Air::Rain => (150, p.horizon.towards(p.sun, 90), p.sun),
            Air::Fireflies => (46, Yuv::from_rgb(0xff_f6b0), Yuv::from_rgb(0xf2_d34a)),
            Air::Petals => (60, Yuv::from_rgb(0xff_c4d6), p.accent),
        };
        let mut motes = motes(&mut dice, count);
        // The near ones are drawn over the far ones.
        motes.sort_by_key(|mote| mote.near);
        Self { air: theme.air, motes, ink, glow }
    }

    /// Draws the air of one moment.
    pub fn draw(&self, canvas: &mut Canvas, stage: Stage, moment: Moment) {
        for mote in &self.motes {
            match self.air {
                Air::Clear => self.dust(canvas, stage, moment, mote),
                Air::Snow => self.flake(canvas, stage, moment, mote),
                Air::Rain => self.drop(canvas, stage, moment, mote),
                Air::Fireflies => self.firefly(canvas, stage, moment, mote),
                Air::Petals => self.petal(canvas, stage, moment, mote),
            }
        }
    }

    /// Where a mote is after it has moved at `speed` units a second, wrapped into the picture.
    fn place(stage: Stage, moment: Moment, mote: &Mote, speed: (i32, i32)) -> (i32, i32) {
        let reach = stage.half_width() + milli(60);
        let drift = mul(moment.camera, ONE / 2 + mote.near * 3 / 2);
        let x = wrap(mul(mote.x, reach) + moment.way(speed.0) - drift, reach);
        let tall = stage.height() + milli(120);
        let y = (mul(mote.y, tall) + moment.way(speed.1)).rem_euclid(tall) - milli(60);
        (stage.across(x), stage.length(y))
    }

    fn dust(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, mote: &Mote) {
        let speed = (milli(12), -milli(8));
        let place = Self::place(stage, moment, mote, speed);
        let radius = stage.length(milli(2) + mote.near / 300);
        let alpha = 12 + ((moment.swing(3400, mote.phase) * 9) >> 16);
        canvas.disc(place, radius, radius, self.ink, alpha);
    }

    fn flake(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, mote: &Mote) {
        let fall = milli(70) + mul(mote.near, milli(130));
        let mut place = Self::place(stage, moment, mote, (milli(-26), fall));
        let sway = mul(moment.swing(3100, mote.phase), milli(14));
        place.0 += stage.length(sway);
        let close = mul(mote.near, mote.near);
        let radius = stage.length(milli(2) + close / 150).max(10);
        let alpha = 50 - ((close * 22) >> 16);
        canvas.disc(place, radius, radius.max(16), self.ink, alpha);
    }

    fn drop(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, mote: &Mote) {
        let fall = milli(900) + mul(mote.near, milli(700));
        let head = Self::place(stage, moment, mote, (-fall / 6, fall));
        let length = stage.length(milli(24) + mote.near / 30);
        let tail = (head.0 + length / 6, head.1 - length);
        let thick = stage.length(milli(1)).max(6);
        canvas.limb(head, tail, (thick, thick / 2), self.ink, 14 + ((mote.near * 12) >> 16));
    }

    fn firefly(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, mote: &Mote) {
        let mut place = Self::place(stage, moment, mote, (0, 0));
        // They live in the lower part of the picture.
        place.1 = stage.down(milli(430)) + place.1 * 2 / 5;
        let slow = moment.turns(9000);
        let x = mul(sin(slow.wrapping_add(mote.phase)), milli(60));
        let y = mul(sin(slow.wrapping_mul(2).wrapping_add(mote.phase * 5)), milli(26));
        place = (place.0 + stage.length(x), place.1 + stage.length(y));
        let pulse = (moment.swing(2300, mote.phase * 3) + ONE) / 2;
        let radius = stage.length(milli(3) + mote.near / 500);
        canvas.disc(place, radius * 2, radius * 4, self.glow, 4 + ((pulse * 22) >> 16));
        canvas.disc(place, radius * 3 / 4, radius, self.ink, 10 + ((pulse * 54) >> 16));
    }

    fn petal(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, mote: &Mote) {
        let speed = (milli(-60) - mote.near / 12, milli(36) + mote.near / 26);
        let mut place = Self::place(stage, moment, mote, speed);
        let sway = mul(moment.swing(2900, mote.phase), milli(20));
        place.1 += stage.length(sway);
        let size = stage.length(milli(4) + mote.near / 140).max(14);
        // A petal that tumbles shows now its face, now its edge.
        let open = (moment.swing(1500, mote.phase).abs() * 3 + ONE) / 4;
        let colour = if mote.phase % 3 == 0 { self.glow } else { self.ink };
        canvas.ellipse(place, (size, mul(size, open).max(8)), colour, 56);
    }
}

impl Glitter {
    /// Spreads light under the sun at `sun_x` units.
    pub fn new(theme: &Theme, sun_x: i32) -> Self {
        let mut dice = Dice::new(mix(theme.seed, 0x911));
        let p: &Palette = &theme.palette;
        Self { streaks: motes(&mut dice, 230), sun_x, colour: p.sun.towards(p.horizon, 60) }
    }

    /// Draws the streaks between two places down the picture, `from` and `to`.
    /// `waterline` is where the water begins.
    pub fn draw(
        &self,
        canvas: &mut Canvas,
        stage: Stage,
        moment: Moment,
        waterline: i32,
        (from, to): (i32, i32),
    ) {
        for streak in &self.streaks {
            let depth = mul(streak.near, streak.near);
            let place = waterline + milli(4) + mul(depth, ONE - waterline);
            let flash = moment.swing(1400 + (streak.phase & 0x3ff), streak.phase);
            if flash <= 0 || !(from..to).contains(&place) {
                continue;
            }
            // Dense and short at the horizon, few and long near by.
            let y = stage.down(place);
            let spread = milli(70) + mul(depth, milli(420));
            let lean = if streak.phase & 3 == 0 { mul(streak.x, milli(900)) } else { 0 };
            let x = stage.across(self.sun_x + mul(streak.x, spread) + lean);
            let long = stage.length(milli(6) + mul(depth, milli(26)));
            let thick = stage.length(milli(1) + mul(depth, milli(2))).max(6);
            let bounds =
                Bounds { left: x - long, top: y - thick, right: x + long, bottom: y + thick };
            let alpha = ((flash * (OPAQUE - 20)) >> 16).min(40);
            canvas.rectangle(bounds, self.colour, alpha);
        }
    }
}
