//! From the scene's own lengths to pixels.

use super::dice::{ONE, TURN, mul, sin};

/// The size of the picture, and the way from units to it.
///
/// Lengths are 16.16 in units of the shorter side. Sideways 0 is the middle of
/// the picture; downwards, places are parts of the picture's height.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    pub width_px: usize,
    pub height_px: usize,
    side_px: i64,
}

impl Stage {
    pub fn new(width_px: usize, height_px: usize) -> Self {
        Self { width_px, height_px, side_px: width_px.min(height_px).max(1) as i64 }
    }

    /// A length in 1/16 pixel.
    pub fn length(self, units: i32) -> i32 {
        ((i64::from(units) * self.side_px) >> 12) as i32
    }

    /// A sideways place in 1/16 pixel.
    pub fn across(self, units: i32) -> i32 {
        self.width_px as i32 * 8 + self.length(units)
    }

    /// A place down the picture in 1/16 pixel; `part` of the height.
    pub fn down(self, part: i32) -> i32 {
        ((i64::from(part) * self.height_px as i64) >> 12) as i32
    }

    /// The units from the middle to a pixel column.
    pub fn units_at(self, column: usize) -> i32 {
        let doubled = 2 * column as i64 + 1 - self.width_px as i64;
        ((doubled << 15) / self.side_px) as i32
    }

    /// Half the picture's width in units.
    pub fn half_width(self) -> i32 {
        ((self.width_px as i64) << 15).div_euclid(self.side_px) as i32
    }

    /// The picture's height in units.
    pub fn height(self) -> i32 {
        (((self.height_px as i64) << 16) / self.side_px) as i32
    }
}

/// One moment of a scene.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Seconds since the start, 16.16.
    pub time: i32,
    /// How far the camera has gone, in units.
    pub camera: i32,
}

impl Moment {
    /// A swing between -1 and 1 with a period of `period_ms`.
    pub fn swing(self, period_ms: i32, phase: i32) -> i32 {
        sin(self.turns(period_ms).wrapping_add(phase))
    }

    /// How many turns of `period_ms` have gone by, with their parts.
    pub fn turns(self, period_ms: i32) -> i32 {
        let turns = i64::from(self.time) * 1000 / i64::from(period_ms.max(1));
        turns.rem_euclid(i64::from(TURN)) as i32
    }

    /// The way made at `speed` units a second.
    pub fn way(self, speed: i32) -> i32 {
        mul(self.time, speed)
    }
}

/// `value` folded into `-half..half`.
pub fn wrap(value: i32, half: i32) -> i32 {
    let half = half.max(ONE / 16);
    (value.wrapping_add(half)).rem_euclid(half.saturating_mul(2)) - half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_middle_at_every_size() {
        for (width, height) in [(864, 496), (1920, 1080), (480, 864)] {
            let stage = Stage::new(width, height);
            assert_eq!(stage.across(0), width as i32 * 8);
            assert_eq!(stage.down(ONE / 2), height as i32 * 8);
            assert!(stage.units_at(width / 2).abs() < ONE / 100);
            assert_eq!(stage.length(ONE), width.min(height) as i32 * 16);
        }
    }

    #[test]
    fn wrap_folds_both_ways() {
        assert_eq!(wrap(ONE * 3 / 2, ONE), -ONE / 2);
        assert_eq!(wrap(-ONE * 3 / 2, ONE), ONE / 2);
        assert_eq!(wrap(5, ONE), 5);
    }
}
