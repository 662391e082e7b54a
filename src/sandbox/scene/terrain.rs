//! The lands: which layers a scene has, from far to near.

use std::cmp::Ordering;

use super::canvas::Yuv;
use super::dice::{self, Dice, ONE, fractal, mix, mul, noise};
use super::layer::{Layer, Lights, milli};
use super::theme::{Air, Hour, Land, Palette, Theme};

/// All layers of a scene.
#[derive(Debug, Clone)]
pub struct Terrain {
    pub layers: Vec<Layer>,
    /// The subject stands on this layer.
    pub ground: usize,
    /// Where the sky ends and the water begins, if there is water.
    pub waterline: Option<i32>,
}

/// Sharp ridges between 0 and about `tall` thousandths of a unit.
fn ridges(seed: u64, cells: u32, tall: i32, at: i32) -> i32 {
    let fold = |octave: u32| ONE - noise(mix(seed, u64::from(octave)), cells << octave, at).abs();
    let high = mul(fold(0), fold(0));
    let sum = high + mul(high, fold(1)) / 2 + fold(2) / 5 + fold(3) / 9 + fold(4) / 18;
    mul(milli(tall), sum / 2)
}

/// Rolling hills around 0, `tall` thousandths of a unit up and down.
fn hills(seed: u64, cells: u32, tall: i32, at: i32) -> i32 {
    mul(milli(tall), fractal(seed, cells, 4, at) * 2)
}

/// Dunes: a long windward slope, a sharp crest.
fn dunes(seed: u64, cells: u32, tall: i32, at: i32) -> i32 {
    let bend = at + noise(mix(seed, 9), cells, at) / 40;
    let crest = ONE - noise(seed, cells, bend).abs() * 3 / 2;
    let ripple = noise(mix(seed, 2), cells * 3, at) / 8;
    mul(milli(tall), crest + ripple)
}

/// Round bushes and tree tops.
fn bushes(seed: u64, at: i32) -> i32 {
    let round = |cells: u32, tall: i32| {
        let bump = ONE - noise(mix(seed, u64::from(cells)), cells, at).abs();
        mul(milli(tall), ONE - mul(ONE - bump, ONE - bump))
    };
    round(19, 34) + round(53, 16) + round(131, 8) - milli(20)
}

/// Waves: a few sines that fit the period.
fn waves(seed: u64, cycles: i32, tall: i32, at: i32) -> i32 {
    let phase = (seed & 0xffff) as i32;
    let sum = dice::sin(at.wrapping_mul(cycles) + phase)
        + dice::sin(at.wrapping_mul(cycles * 2 + 1) + phase * 3) / 2
        + dice::sin(at.wrapping_mul(cycles * 5 + 2) - phase) / 5;
    mul(milli(tall), sum / 2)
}

/// Colour of a layer: 0 is the far end, 1000 the near end.
fn depth(palette: &Palette, thousandths: i32) -> Yuv {
    palette.far.towards(palette.near, thousandths * 256 / 1000)
}

impl Terrain {
    /// Lays out the land of a theme.
    pub fn new(theme: &Theme) -> Self {
        let mut dice = Dice::new(mix(theme.seed, 0x7e44a1));
        let mut terrain = match theme.land {
            Land::Mountains => mountains(theme, &mut dice),
            Land::Forest => forest(theme, &mut dice),
            Land::City => city(theme, &mut dice),
            Land::Sea => sea(theme, &mut dice),
            Land::Dunes => desert(theme, &mut dice),
        };
        if theme.air == Air::Snow && theme.land != Land::Sea {
            terrain.snow_over(theme);
        }
        terrain
    }

    /// Lays snow on the ground, and a little on the woods behind it.
    fn snow_over(&mut self, theme: &Theme) {
        let p = &theme.palette;
        let white = Yuv::from_rgb(0xf4_f7ff).towards(p.horizon, 105);
        let strong = match theme.hour {
            Hour::Night => 90,
            Hour::Dusk => 125,
            _ => 190,
        };
        let ground = self.ground;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let share = match index.cmp(&ground) {
                Ordering::Less => index as i32 * strong / 12,
                Ordering::Equal => strong,
                Ordering::Greater => strong * 2 / 3,
            };
            layer.crest = layer.crest.towards(white, share);
            layer.foot = layer.foot.towards(white, share * 9 / 10);
            if let Some((rim, _)) = &mut layer.rim {
                *rim = rim.towards(white, strong);
            }
        }
    }
}

fn mountains(theme: &Theme, dice: &mut Dice) -> Terrain {
    let p = &theme.palette;
    let lit = p.horizon.towards(p.sun, 120);
    let snow = p.far.towards(Yuv::from_rgb(0xff_ffff), 150).towards(p.sun, 60);
    let seed = dice.next();
    let far = Layer::new(620, 60, p.far.towards(p.sky, 110), p.horizon)
        .shape(|at| ridges(seed, 7, 330, at))
        .snowed(seed, 130, snow.towards(p.sky, 90));
    let seed = dice.next();
    let middle = Layer::new(650, 130, depth(p, 220), p.far.towards(p.horizon, 150))
        .shape(|at| ridges(seed, 9, 230, at))
        .snowed(seed, 120, snow.towards(p.far, 60));
    let seed = dice.next();
    let wood = Layer::new(650, 320, depth(p, 520), depth(p, 330))
        .shape(|at| hills(seed, 5, 45, at))
        .pines(dice, 62, 9);
    let seed = dice.next();
    let ground = Layer::new(745, 640, depth(p, 760), depth(p, 900))
        .shape(|at| hills(seed, 4, 34, at))
        .rim(depth(p, 640).towards(lit, 150), 5);
    let seed = dice.next();
    let front = Layer::new(855, 1500, depth(p, 1000), p.near.towards(Yuv::from_rgb(0), 120))
        .shape(|at| hills(seed, 6, 38, at))
        .grass(dice, 60);
    Terrain { layers: vec![far, middle, wood, ground, front], ground: 3, waterline: None }
}

fn forest(theme: &Theme, dice: &mut Dice) -> Terrain {
    let p = &theme.palette;
    let seed = dice.next();
    let far = Layer::new(560, 60, p.far.towards(p.sky, 90), p.horizon)
        .shape(|at| ridges(seed, 5, 190, at));
    let mut layers = vec![far];
    for (step, tall) in [(0, 70), (1, 120), (2, 185)] {
        let seed = dice.next();
        let crest = depth(p, 250 + step * 210);
        let mist = depth(p, 120 + step * 130).towards(p.horizon, 110 - step * 34);
        let layer = Layer::new(610 + step * 40, 140 + step * 170, crest, mist)
            .shape(|at| hills(seed, 5, 40, at))
            .pines(dice, tall, 13 + step * 9);
        layers.push(layer);
    }
    let seed = dice.next();
    let lit = depth(p, 700).towards(p.horizon, 90);
    let ground = Layer::new(765, 760, depth(p, 830), depth(p, 960))
        .shape(|at| hills(seed, 4, 26, at))
        .grass(dice, 12)
        .rim(lit, 4);
    layers.push(ground);
    let seed = dice.next();
    let front = Layer::new(850, 1500, p.near, p.near.towards(Yuv::from_rgb(0), 140))
        .shape(|at| hills(seed, 6, 30, at))
        .grass(dice, 85);
    layers.push(front);
    Terrain { layers, ground: 4, waterline: None }
}

fn city(theme: &Theme, dice: &mut Dice) -> Terrain {
    let p = &theme.palette;
    let lit_percent = match theme.hour {
        Hour::Day => 10,
        Hour::Dawn | Hour::Golden => 28,
        Hour::Dusk | Hour::Night => 46,
    };
    let mut layers = Vec::new();
    for (step, tall, scale) in [(0, 360, 60), (1, 330, 90), (2, 250, 130)] {
        let crest = depth(p, 150 + step * 270);
        let foot = crest.towards(p.horizon, 140 - step * 40);
        let warm = |rgb: u32| Yuv::from_rgb(rgb).towards(crest, 110 - step * 45);
        let lights = Lights {
            lit_percent,
            colours: [
                warm(0xff_d98a),
                warm(0xff_e9b8),
                warm(0xff_c26b),
                p.accent.towards(crest, 100 - step * 40),
            ],
        };
        let layer = Layer::new(690 + step * 25, 70 + step * 150, crest, foot)
            .houses(dice, tall, scale, &lights);
        layers.push(layer);
    }
    let mut track = Layer::new(765, 620, depth(p, 860), p.near).rim(depth(p, 480), 5);
    track.lamps(Yuv::from_rgb(0xff_e9b0));
    layers.push(track);
    let seed = dice.next();
    let front = Layer::new(840, 1400, depth(p, 960), p.near.towards(Yuv::from_rgb(0), 140))
        .shape(|at| bushes(seed, at))
        .grass(dice, 22);
    layers.push(front);
    Terrain { layers, ground: 3, waterline: None }
}

fn sea(theme: &Theme, dice: &mut Dice) -> Terrain {
    let p = &theme.palette;
    let seed = dice.next();
    let mut isles = Layer::new(563, 50, p.far.towards(p.sky, 40), p.far.towards(p.horizon, 150))
        .shape(|at| ridges(seed, 6, 150, at) - milli(70));
    isles.fade = milli(90);
    let water = |thousandths: i32| p.sky.towards(p.near, thousandths * 256 / 1000);
    let mut layers = vec![isles];
    for (step, tall) in [(0, 7), (1, 13), (2, 22)] {
        let seed = dice.next();
        let crest = water(300 + step * 190);
        let foot = water(420 + step * 230);
        let mut layer = Layer::new(665 + step * 90, 260 + step * 330, crest, foot)
            .shape(|at| waves(seed, 17 - step * 4, tall, at))
            .rim(crest.towards(p.horizon, 120 - step * 20), 3 + step);
        layer.drift = milli(20 + step * 22) * if step == 1 { -1 } else { 1 };
        layer.swell = milli(6 + step * 3);
        layers.push(layer);
    }
    Terrain { layers, ground: 1, waterline: Some(milli(560)) }
}

fn desert(theme: &Theme, dice: &mut Dice) -> Terrain {
    let p = &theme.palette;
    let sand = |thousandths: i32| depth(p, thousandths);
    let seed = dice.next();
    let mesa = |at: i32| {
        // A table mountain is a hill with its top cut off.
        let rise = (fractal(seed, 5, 3, at) * 3).clamp(-milli(200), ONE);
        mul(milli(110), rise) + fractal(mix(seed, 3), 60, 2, at) / 90
    };
    let far = Layer::new(600, 60, p.far.towards(p.sky, 70), p.horizon).shape(mesa);
    let mut layers = vec![far];
    for (step, tall, cells) in [(0, 70, 6), (1, 85, 5), (2, 60, 4)] {
        let seed = dice.next();
        let crest = sand(90 + step * 240).towards(p.horizon, 90 - step * 34);
        let mut layer =
            Layer::new(655 + step * 60, 150 + step * 240, crest, sand(300 + step * 270))
                .shape(|at| dunes(seed, cells, tall, at))
                .rim(crest.towards(p.sun, 130), 3 + step);
        layer.fade = milli(200);
        layers.push(layer);
    }
    let seed = dice.next();
    let front = Layer::new(865, 1400, sand(860), p.near)
        .shape(|at| dunes(seed, 4, 50, at))
        .rim(sand(560), 6);
    layers.push(front);
    Terrain { layers, ground: 3, waterline: None }
}

#[cfg(test)]
mod tests {
    use super::super::layer::PERIOD;
    use super::*;

    #[test]
    fn every_land_stays_within_the_picture() {
        for seed in 0..40 {
            let theme = Theme::new("land", seed, [None; 2]);
            let terrain = Terrain::new(&theme);
            assert!(terrain.ground < terrain.layers.len());
            for layer in &terrain.layers {
                for x in (0..PERIOD).step_by(999) {
                    assert!(layer.height(x).abs() < ONE * 3 / 4, "{theme:?}");
                }
            }
        }
    }

    #[test]
    fn a_profile_repeats_without_a_seam() {
        let theme = Theme::new("dunes", 3, [None; 2]);
        for layer in Terrain::new(&theme).layers {
            assert_eq!(layer.height(123), layer.height(123 + PERIOD));
            assert_eq!(layer.height(-5), layer.height(PERIOD - 5));
        }
    }
}
