//! The picture of a sandbox clip: a small landscape film, decided by the request.
//!
//! A scene knows no pixels until it is given a size: lengths are parts of the
//! picture, so a draft and its final show the same film at two qualities.
//! Everything is integer arithmetic, so every machine draws the same bytes.

mod canvas;
mod caption;
mod dice;
mod font;
mod layer;
mod life;
mod sky;
mod stage;
mod terrain;
mod theme;
mod weather;

pub use canvas::Canvas;
pub use dice::mix;

use canvas::{Bounds, EDGE_STEPS, Edge, OPAQUE};
use caption::{Caption, Words};
use dice::{ONE, mul};
use layer::{Layer, milli};
use life::Life;
use sky::Sky;
use stage::{Moment, Stage};
use terrain::Terrain;
use theme::Theme;
use weather::{Glitter, Weather};

/// Frames in a second of every sandbox clip.
pub const FRAME_RATE: u32 = 24;

/// The number that a prompt and a seed stand for.
pub fn number(prompt: &str, seed: u64) -> u64 {
    mix(dice::hash_bytes(prompt.as_bytes()), seed)
}

/// What a scene is made from.
#[derive(Debug, Clone, Copy)]
pub struct Script<'a> {
    pub prompt: &'a str,
    pub seed: u64,
    pub duration_ms: u32,
    pub frames: u32,
    /// Frames a second.
    pub fps: u32,
    pub draft: bool,
    pub camera_fixed: bool,
    /// First and last frame image: their bytes change the scene, their pixels do not show.
    pub images: [Option<&'a [u8]>; 2],
}

/// A scene at one size, ready to be drawn frame by frame, from any thread.
#[derive(Debug)]
pub struct Scene {
    stage: Stage,
    terrain: Terrain,
    sky: Sky,
    life: Life,
    weather: Weather,
    glitter: Glitter,
    caption: Caption,
    plate: Canvas,
    /// Units from the middle of the picture, per column.
    columns: Vec<i32>,
    camera_speed: i32,
    fps: u32,
}

/// Working memory for drawing; one per thread.
#[derive(Debug, Default)]
pub struct Brush {
    edges: Vec<Edge>,
    spare: Edge,
}

impl Scene {
    /// Prepares the scene for pictures of `width_px` by `height_px`, both even.
    pub fn new(script: &Script<'_>, width_px: usize, height_px: usize) -> Self {
        let theme = Theme::new(script.prompt, script.seed, script.images);
        let stage = Stage::new(width_px, height_px);
        let terrain = Terrain::new(&theme);
        let sky = Sky::new(&theme);
        let life = Life::new(&theme);
        let words = Words {
            prompt: script.prompt,
            seed: script.seed,
            duration_ms: script.duration_ms,
            frames: script.frames,
            draft: script.draft,
            accent: theme.palette.accent,
        };
        Self {
            fps: script.fps.max(1),
            plate: sky.plate(stage, &theme, terrain.waterline),
            columns: (0..width_px).map(|column| stage.units_at(column)).collect(),
            camera_speed: if script.camera_fixed { 0 } else { life.way() * milli(62) },
            caption: Caption::new(&words, width_px, height_px),
            glitter: Glitter::new(&theme, sky.sun.0),
            weather: Weather::new(&theme),
            stage,
            terrain,
            sky,
            life,
        }
    }

    /// An empty picture of the scene's size.
    pub fn canvas(&self) -> Canvas {
        Canvas::new(self.stage.width_px, self.stage.height_px)
    }

    /// Draws one frame, counted from 0, over whatever `canvas` holds.
    pub fn draw(&self, frame: u32, canvas: &mut Canvas, brush: &mut Brush) {
        let time = (i64::from(frame) * i64::from(ONE) / i64::from(self.fps)) as i32;
        let moment = Moment { time, camera: mul(time, self.camera_speed) };
        let stage = self.stage;
        canvas.copy_from(&self.plate);
        self.sky.draw(canvas, stage, moment, &mut brush.spare);
        self.life.draw_behind(canvas, stage, moment);
        self.set_edges(moment, brush);
        for index in 0..self.terrain.layers.len() {
            self.draw_layer(index, canvas, moment, brush);
            self.draw_glitter(index, canvas, moment);
            if index == 0 {
                self.life.draw_between(canvas, stage, moment);
            }
            if index == self.terrain.ground {
                self.life.draw_on(canvas, stage, moment, &self.terrain.layers[index]);
            }
        }
        self.weather.draw(canvas, stage, moment);
        self.caption.draw(canvas, frame);
    }

    /// Light on the water between a layer and the next nearer one.
    fn draw_glitter(&self, index: usize, canvas: &mut Canvas, moment: Moment) {
        let Some(waterline) = self.terrain.waterline else {
            return;
        };
        let layers = &self.terrain.layers;
        let from = match index {
            0 => waterline,
            _ => layers[index].base + milli(14),
        };
        let to = layers.get(index + 1).map_or(ONE, |next| next.base);
        let stage = self.stage;
        self.glitter.draw(canvas, stage, moment, waterline, (from, to));
    }

    fn set_edges(&self, moment: Moment, brush: &mut Brush) {
        brush.edges.resize(self.terrain.layers.len(), Edge::default());
        for (layer, edge) in self.terrain.layers.iter().zip(&mut brush.edges) {
            let base = self.stage.down(layer.base) / 2;
            let lift = layer.lift(moment);
            edge.set(self.columns.len(), |column| {
                let along = layer.along(self.columns[column], moment);
                base - self.stage.length(layer.height(along) + lift) / 2
            });
        }
    }

    fn draw_layer(&self, index: usize, canvas: &mut Canvas, moment: Moment, brush: &mut Brush) {
        let layer = &self.terrain.layers[index];
        let nearer = brush.edges[index + 1..].iter().map(Edge::covered_from_px);
        let mut end_px = nearer.min().unwrap_or(self.stage.height_px);
        // The water under a far shore is the plate's.
        if let (0, Some(waterline)) = (index, self.terrain.waterline) {
            end_px = end_px.min((self.stage.down(waterline) / 16).max(0) as usize);
        }
        let edge = &brush.edges[index];
        let base = self.stage.down(layer.base) / 16;
        let fade = (self.stage.down(layer.fade) / 16).max(1);
        let body = |row: i32| {
            let t = (row - base + fade / 2).clamp(0, fade) * 256 / fade;
            (layer.crest.towards(layer.foot, t), OPAQUE)
        };
        if let Some((rim, thickness)) = layer.rim {
            let drop = (self.stage.length(thickness) / 2).max(EDGE_STEPS);
            canvas.fill_below(edge, end_px, |_| (rim, OPAQUE));
            edge.lowered(|_| drop, &mut brush.spare);
            canvas.fill_below(&brush.spare, end_px, body);
        } else if let Some((snow, _)) = layer.snow {
            canvas.fill_below(edge, end_px, |_| (snow, OPAQUE));
            let depth = |column: usize| {
                let along = layer.along(self.columns[column], moment);
                self.stage.length(layer.snow_depth(along)) / 2
            };
            edge.lowered(depth, &mut brush.spare);
            canvas.fill_below(&brush.spare, end_px, body);
        } else {
            canvas.fill_below(edge, end_px, body);
        }
        self.draw_windows(layer, canvas, moment, end_px);
    }

    fn draw_windows(&self, layer: &Layer, canvas: &mut Canvas, moment: Moment, end_px: usize) {
        let stage = self.stage;
        let reach = stage.half_width() + ONE / 50;
        for window in &layer.windows {
            let x = layer.on_screen(window.x, moment);
            // A few lights go on and off; the others burn through the clip.
            let switched = window.phase % 6 == 0 && moment.swing(7000, window.phase) < 0;
            if x.abs() > reach || switched {
                continue;
            }
            let (x, y) = (stage.across(x), stage.down(layer.base) - stage.length(window.y));
            let bounds = Bounds {
                left: x - stage.length(window.half_width),
                top: y - stage.length(window.half_height),
                right: x + stage.length(window.half_width),
                bottom: y + stage.length(window.half_height),
            };
            if bounds.top < end_px as i32 * 16 {
                canvas.rectangle(bounds, window.colour, 52);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: Script<'static> = Script {
        prompt: "a fox in the snow",
        seed: 7,
        duration_ms: 1000,
        frames: 24,
        fps: 24,
        draft: false,
        camera_fixed: false,
        images: [None; 2],
    };

    fn frame(script: &Script<'_>, number: u32) -> Canvas {
        let scene = Scene::new(script, 160, 96);
        let mut canvas = scene.canvas();
        scene.draw(number, &mut canvas, &mut Brush::default());
        canvas
    }

    /// Mean difference of two luma planes, in 1/100 of a step.
    fn difference(a: &Canvas, b: &Canvas) -> u64 {
        let pairs = a.y.iter().zip(&b.y);
        pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>() * 100 / a.y.len() as u64
    }

    #[test]
    fn a_frame_depends_on_nothing_but_script_and_number() {
        let scene = Scene::new(&SCRIPT, 160, 96);
        let (mut canvas, mut brush) = (scene.canvas(), Brush::default());
        scene.draw(20, &mut canvas, &mut brush);
        scene.draw(3, &mut canvas, &mut brush);
        assert_eq!(canvas, frame(&SCRIPT, 3));
    }

    #[test]
    fn the_picture_moves_and_seeds_differ() {
        assert!(difference(&frame(&SCRIPT, 0), &frame(&SCRIPT, 12)) > 50);
        let other = Script { seed: 8, ..SCRIPT };
        assert!(difference(&frame(&SCRIPT, 0), &frame(&other, 0)) > 300);
    }

    #[test]
    fn a_fixed_camera_keeps_the_far_land_still() {
        let fixed = Script { camera_fixed: true, ..SCRIPT };
        let moving = difference(&frame(&SCRIPT, 0), &frame(&SCRIPT, 23));
        assert!(difference(&frame(&fixed, 0), &frame(&fixed, 23)) < moving);
    }

    #[test]
    fn every_theme_draws_at_awkward_sizes() {
        for (seed, size) in [
            (1, (2, 2)),
            (2, (16, 90)),
            (3, (300, 18)),
            (4, (62, 34)),
            (5, (2048, 16)),
            (6, (16, 2048)),
        ] {
            for prompt in ["sea", "city night", "forest", "desert", "mountains snow"] {
                let scene = Scene::new(&Script { prompt, seed, ..SCRIPT }, size.0, size.1);
                let mut canvas = scene.canvas();
                scene.draw(11, &mut canvas, &mut Brush::default());
            }
        }
    }
}
