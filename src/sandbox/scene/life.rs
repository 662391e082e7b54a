//! What moves through a scene: a fox, balloons, a boat, a train, birds.

use super::canvas::{Bounds, Canvas, OPAQUE, Yuv};
use super::dice::{Dice, ONE, TURN, cos, mix, mul, sin};
use super::layer::{Layer, milli};
use super::stage::{Moment, Stage, wrap};
use super::theme::{Hour, Palette, Subject, Theme};

/// The moving figures of one clip.
#[derive(Debug, Clone)]
pub struct Life {
    subject: Subject,
    palette: Palette,
    /// Which way the subject goes: 1 to the right, -1 to the left.
    way: i32,
    dark: bool,
    birds: Vec<(i32, i32, i32)>,
    balloons: Vec<Balloon>,
}

#[derive(Debug, Clone, Copy)]
struct Balloon {
    x: i32,
    y: i32,
    size: i32,
    phase: i32,
    colours: [Yuv; 2],
}

/// A pencil for a figure: its own thousandths, from a place, at a size, looking one way.
struct Pencil<'a> {
    canvas: &'a mut Canvas,
    /// The figure's origin in 1/16 pixel, and a thousand of its units in 1/16 pixel.
    origin: (i32, i32),
    scale: i32,
    way: i32,
    /// Rise per sideways step, 16.16: the ground the figure stands on.
    slope: i32,
}

impl Pencil<'_> {
    fn point(&self, (x, y): (i32, i32)) -> (i32, i32) {
        let across = x * self.way * self.scale / 1000;
        let down = y * self.scale / 1000 - mul(across, self.slope);
        (self.origin.0 + across, self.origin.1 + down)
    }

    fn limb(&mut self, a: (i32, i32), b: (i32, i32), radii: (i32, i32), colour: Yuv) {
        let size = |radius: i32| (radius * self.scale / 1000).max(5);
        let radii = (size(radii.0), size(radii.1));
        let (a, b) = (self.point(a), self.point(b));
        self.canvas.limb(a, b, radii, colour, OPAQUE);
    }

    fn polygon<const N: usize>(&mut self, corners: [(i32, i32); N], colour: Yuv) {
        let mut corners = corners.map(|corner| self.point(corner));
        if self.way < 0 {
            // The mirror image turns the other way round.
            corners.reverse();
        }
        self.canvas.polygon(&corners, colour, OPAQUE);
    }
}

impl Life {
    /// Casts the figures of a theme.
    pub fn new(theme: &Theme) -> Self {
        let mut dice = Dice::new(mix(theme.seed, 0x11fe));
        let p = theme.palette;
        let flock = theme.hour != Hour::Night || theme.subject == Subject::Birds;
        let count = match theme.subject {
            Subject::Birds => 13,
            _ if flock => 6,
            _ => 0,
        };
        let birds = (0..count).map(|index: i32| {
            // A ragged V behind the first bird.
            let (rank, side) = ((index + 1) / 2, if index % 2 == 0 { 1 } else { -1 });
            let jitter = dice.between(-9, 9);
            (-rank * 46 + jitter, side * rank * 24 + jitter, dice.between(0, TURN))
        });
        let birds = birds.collect();
        let paints = [0xe8_5d4a, 0xf2_b441, 0x3f_8fb5, 0xf4_efe2, 0x7a_5ba6, 0x4f_a67a];
        let balloons = (0..4).map(|index: i32| {
            let first = dice.below(6);
            let second = (first + 1 + dice.below(5)) % 6;
            Balloon {
                x: milli([-300, 330, 60, -620][index as usize] + dice.between(-70, 70)),
                y: milli([330, 200, 430, 180][index as usize] + dice.between(-30, 30)),
                size: milli([165, 105, 66, 84][index as usize]),
                phase: dice.between(0, TURN),
                colours: [first, second]
                    .map(|paint| Yuv::from_rgb(paints[paint as usize]).towards(p.near, 40)),
            }
        });
        Self {
            subject: theme.subject,
            palette: p,
            balloons: balloons.collect(),
            birds,
            way: if dice.chance(50) { 1 } else { -1 },
            dark: matches!(theme.hour, Hour::Night | Hour::Dusk),
        }
    }

    /// The direction the subject and the camera go, 1 or -1.
    pub fn way(&self) -> i32 {
        self.way
    }

    /// Draws what flies, behind the land.
    pub fn draw_behind(&self, canvas: &mut Canvas, stage: Stage, moment: Moment) {
        self.flock(canvas, stage, moment);
    }

    /// Draws balloons, in front of the far land.
    pub fn draw_between(&self, canvas: &mut Canvas, stage: Stage, moment: Moment) {
        if self.subject == Subject::Balloons {
            for balloon in self.balloons.iter().rev() {
                self.balloon(canvas, stage, moment, balloon);
            }
        }
    }

    /// Draws the subject that stands on `ground`.
    pub fn draw_on(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, ground: &Layer) {
        match self.subject {
            Subject::Fox => self.fox(canvas, stage, moment, ground),
            Subject::Boat => self.boat(canvas, stage, moment, ground),
            Subject::Train => self.train(canvas, stage, moment, ground),
            Subject::Balloons | Subject::Birds => {}
        }
    }

    /// Height of the ground at a place on the screen, down the picture in 1/16 pixel.
    fn footing(stage: Stage, moment: Moment, ground: &Layer, x: i32) -> i32 {
        let along = ground.along(x, moment);
        stage.down(ground.base) - stage.length(ground.height(along) + ground.lift(moment))
    }

    fn fox(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, ground: &Layer) {
        let start = stage.half_width().min(milli(620)) * 7 / 10;
        let x = self.way * (moment.way(milli(78)) - start);
        let reach = milli(50);
        let y = Self::footing(stage, moment, ground, x);
        let ahead = Self::footing(stage, moment, ground, x + reach);
        let behind = Self::footing(stage, moment, ground, x - reach);
        let slope = (i64::from(behind - ahead) << 16) / i64::from(2 * stage.length(reach).max(1));
        let stride = moment.turns(620);
        let bounce = mul(sin(stride.wrapping_mul(2)), 14);
        let scale = stage.length(milli(165));
        let mut pencil = Pencil {
            canvas,
            origin: (stage.across(x), y - (318 + bounce) * scale / 1000),
            scale,
            way: self.way,
            slope: slope as i32 / 2,
        };
        let dusk = if self.dark { 105 } else { 45 };
        let coat = Yuv::from_rgb(0xe8_762c).towards(self.palette.near, dusk);
        let shade = coat.towards(self.palette.near, 110);
        let socks = Yuv::from_rgb(0x2a_1a18).towards(self.palette.near, 90);
        let white = Yuv::from_rgb(0xff_f2e2).towards(self.palette.near, dusk * 2 / 3);
        leg(&mut pencil, (-250, 40), stride.wrapping_add(TURN / 2), shade, socks);
        leg(&mut pencil, (215, 50), stride, shade, socks);
        let wag = mul(sin(stride), 34);
        pencil.limb((-290, -20), (-470, 35 + wag / 2), (60, 92), coat);
        pencil.limb((-470, 35 + wag / 2), (-650, 30 + wag), (88, 74), coat);
        pencil.limb((-650, 30 + wag), (-800, -25 + wag), (72, 14), white);
        pencil.limb((-290, 0), (-60, -5), (108, 100), coat);
        pencil.limb((-60, -5), (230, -10), (100, 122), coat);
        leg(&mut pencil, (-290, 40), stride, coat, socks);
        leg(&mut pencil, (250, 50), stride.wrapping_add(TURN / 2), coat, socks);
        pencil.limb((315, -60), (300, 45), (52, 24), white);
        fox_head(&mut pencil, coat, shade, white);
    }

    fn balloon(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, balloon: &Balloon) {
        let bob = mul(moment.swing(5200, balloon.phase), milli(14));
        let drift = self.way * moment.way(balloon.size / 7);
        let x = balloon.x + drift - mul(moment.camera, balloon.size);
        let origin = (stage.across(x), stage.down(balloon.y) + stage.length(bob));
        let size = stage.length(balloon.size);
        let part = |thousandths: i32| size * thousandths / 1000;
        let [light, dark] = balloon.colours;
        let (ox, oy) = origin;
        let rope = self.palette.near;
        for side in [-1, 1] {
            let top = (ox + side * part(260), oy + part(420));
            canvas.limb(top, (ox + side * part(80), oy + part(800)), (8, 6), rope, 50);
        }
        // The envelope: a ball that narrows to a mouth, and its stripes, wide to narrow.
        let mouth = (ox, oy + part(560));
        for (wide, colour) in [(500, light), (390, dark), (250, light), (95, dark)] {
            canvas.ellipse(origin, (part(wide), part(500)), colour, OPAQUE);
            let shoulder = (part(wide) * 86 / 100, part(250));
            let low = part(wide.min(150) * 2 / 3);
            let skirt = [
                (ox - shoulder.0, oy + shoulder.1),
                (ox + shoulder.0, oy + shoulder.1),
                (ox + low, mouth.1),
                (ox - low, mouth.1),
            ];
            canvas.polygon(&skirt, colour, OPAQUE);
        }
        canvas.ellipse(
            (ox - part(190), oy - part(190)),
            (part(150), part(190)),
            self.palette.sun,
            14,
        );
        let basket = Bounds {
            left: ox - part(95),
            top: oy + part(780),
            right: ox + part(95),
            bottom: oy + part(930),
        };
        canvas.rectangle(basket, Yuv::from_rgb(0x6b_4226).towards(self.palette.near, 90), OPAQUE);
        if moment.swing(2100, balloon.phase) > ONE / 2 {
            let fire = Yuv::from_rgb(0xff_d060);
            canvas.disc((ox, oy + part(640)), part(60), part(90), fire, 54);
        }
    }

    fn boat(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, ground: &Layer) {
        let x = self.way * (moment.way(milli(42)) - milli(260));
        let y = Self::footing(stage, moment, ground, x);
        let scale = stage.length(milli(240));
        let hull =
            Yuv::from_rgb(0x8c_3b2e).towards(self.palette.near, if self.dark { 150 } else { 70 });
        let sail =
            Yuv::from_rgb(0xff_f6e6).towards(self.palette.sky, if self.dark { 110 } else { 30 });
        let mut pencil = Pencil {
            canvas,
            origin: (stage.across(x), y + scale * 20 / 1000),
            scale,
            way: self.way,
            slope: mul(moment.swing(3600, 0), milli(55)),
        };
        pencil.limb((10, -60), (10, -900), (12, 7), self.palette.near);
        pencil.polygon([(30, -880), (390, -150), (30, -130)], sail);
        pencil
            .polygon([(-10, -820), (-10, -130), (-330, -150)], sail.towards(self.palette.sky, 80));
        pencil.polygon([(-400, -105), (460, -105), (300, 30), (-310, 30)], hull);
        pencil.limb((-400, -105), (455, -105), (12, 12), sail);
    }

    fn train(&self, canvas: &mut Canvas, stage: Stage, moment: Moment, ground: &Layer) {
        let half = stage.half_width() + milli(650);
        let lead = self.way * wrap(moment.way(milli(250)) - milli(240), half);
        let y = Self::footing(stage, moment, ground, lead);
        let scale = stage.length(milli(100));
        let near = self.palette.near;
        let body = self.palette.accent.towards(near, 150);
        let lamp = Yuv::from_rgb(0xff_e6a8);
        for car in 0..5 {
            let mut pencil = Pencil {
                canvas: &mut *canvas,
                origin: (stage.across(lead - self.way * car * milli(206)), y),
                scale,
                way: self.way,
                slope: 0,
            };
            let nose = if car == 0 { 170 } else { 0 };
            pencil.polygon([(-980, -470), (980 - nose, -470), (980, -90), (-980, -90)], body);
            pencil.limb((-960, -470), (960 - nose, -470), (26, 26), body.towards(lamp, 60));
            pencil.limb((-970, -130), (965, -130), (20, 20), self.palette.accent);
            for window in 0..6 {
                let left = -890 + window * 295;
                let corners = [(left, -400), (left + 215, -400), (left + 215, -235), (left, -235)];
                pencil.polygon(corners, lamp);
            }
            for wheel in [-650, -350, 350, 650] {
                pencil.limb((wheel, -55), (wheel, -50), (52, 52), near);
            }
            if car == 0 {
                let (head, reach) = (pencil.point((1000, -170)), scale / 4);
                pencil.canvas.disc(head, reach, reach * 2, lamp, 26);
                pencil.canvas.disc(head, reach / 4, reach / 4, lamp, OPAQUE);
            }
        }
    }

    fn flock(&self, canvas: &mut Canvas, stage: Stage, moment: Moment) {
        let big = self.subject == Subject::Birds;
        let size = milli(if big { 30 } else { 15 });
        let reach = stage.half_width() + milli(420);
        let lead =
            self.way * wrap(moment.way(milli(70)) + milli(if big { 40 } else { -190 }), reach);
        let colour = self.palette.near.towards(self.palette.zenith, 50);
        let spread = if big { 22 } else { 12 };
        for &(behind, aside, phase) in &self.birds {
            let x = lead + self.way * milli(behind * spread / 10);
            let sway = mul(moment.swing(4100, phase), milli(8));
            let y = stage.down(milli(if big { 300 } else { 225 }))
                + stage.length(milli(aside * spread / 10) + sway);
            let beat = sin(moment.turns(760).wrapping_add(phase));
            let (span, body) = (stage.length(size), (stage.across(x), y));
            for side in [-1, 1] {
                let elbow = (body.0 + side * span / 2, body.1 - mul(span / 2, beat) - span / 5);
                let tip = (body.0 + side * span, body.1 - mul(span * 4 / 5, beat) + span / 8);
                canvas.limb(body, elbow, (span / 9, span / 10), colour, OPAQUE);
                canvas.limb(elbow, tip, (span / 10, 4), colour, OPAQUE);
            }
            let nose = (body.0 + self.way * span / 3, body.1);
            canvas.limb(
                (body.0 - self.way * span / 4, body.1),
                nose,
                (span / 9, span / 14),
                colour,
                OPAQUE,
            );
        }
    }
}

/// A trotting leg from its joint: it swings with the phase and lifts on the way forward.
fn leg(pencil: &mut Pencil<'_>, joint: (i32, i32), phase: i32, coat: Yuv, sock: Yuv) {
    let swing = mul(sin(phase), 135);
    let lift = mul(cos(phase), 62).max(0);
    let foot = (joint.0 + swing, 300 - lift);
    let knee = (joint.0 + swing / 3 + lift / 3, 175 - lift / 3);
    pencil.limb(joint, knee, (64, 38), coat);
    pencil.limb(knee, foot, (36, 22), sock);
    pencil.limb(foot, (foot.0 + 34, foot.1 + 4), (20, 14), sock);
}

fn fox_head(pencil: &mut Pencil<'_>, coat: Yuv, shade: Yuv, white: Yuv) {
    pencil.limb((240, -30), (390, -150), (96, 74), coat);
    pencil.polygon([(345, -210), (352, -360), (420, -235)], shade);
    pencil.polygon([(400, -220), (430, -365), (480, -225)], coat);
    pencil.limb((400, -165), (445, -160), (88, 70), coat);
    pencil.limb((440, -150), (575, -118), (56, 20), coat);
    pencil.limb((430, -112), (556, -104), (34, 15), white);
    let nose = Yuv::from_rgb(0x1a_1214);
    pencil.limb((582, -122), (586, -121), (19, 17), nose);
    pencil.limb((470, -182), (474, -182), (13, 13), nose);
}
