//! The dice a scene is thrown with: a hash of the request and integer noise.
//!
//! The numbers are part of the product. The same request must show the same
//! picture in every release, so nothing here may come from `std`'s hashers.

/// One turn of [`sin`] and [`cos`].
pub const TURN: i32 = 1 << 16;
/// The number one in the scene's 16.16 fixed-point arithmetic.
pub const ONE: i32 = 1 << 16;

/// FNV-1a over `bytes`, 64 bits.
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Mixes two numbers into one (the finaliser of splitmix64).
pub fn mix(a: u64, b: u64) -> u64 {
    let mut z = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of repeatable random numbers.
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
    thrown: u64,
}

impl Dice {
    /// Dice that always fall the same way for the same `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, thrown: 0 }
    }

    /// The next 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.thrown = self.thrown.wrapping_add(1);
        mix(self.state, self.thrown)
    }

    /// A number in `0..count`; 0 for an empty range.
    pub fn below(&mut self, count: u32) -> u32 {
        let wide = (self.next() >> 32) * u64::from(count);
        (wide >> 32) as u32
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = u32::try_from(i64::from(high) - i64::from(low) + 1).unwrap_or(1);
        low + self.below(span) as i32
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}

/// Sine of `turns` (65536 is one turn) in 16.16, within 0.2 % (Bhaskara's formula).
pub fn sin(turns: i32) -> i32 {
    const HALF: i64 = (TURN / 2) as i64;
    let phase = i64::from(turns.rem_euclid(TURN));
    let (x, sign) = if phase < HALF { (phase, 1) } else { (phase - HALF, -1) };
    let arch = x * (HALF - x);
    let value = 16 * arch * i64::from(ONE) / (5 * HALF * HALF - 4 * arch);
    (value * sign) as i32
}

/// Cosine of `turns`, as [`sin`].
pub fn cos(turns: i32) -> i32 {
    sin(turns.wrapping_add(TURN / 4))
}

/// `a * b` for 16.16 numbers.
pub fn mul(a: i32, b: i32) -> i32 {
    ((i64::from(a) * i64::from(b)) >> 16) as i32
}

/// Smooth periodic noise: `cells` lattice points around one period.
///
/// `at` runs 0..65536 over the period; the value lies in -65536..=65536.
pub fn noise(seed: u64, cells: u32, at: i32) -> i32 {
    let cells = i64::from(cells.max(1));
    let place = i64::from(at.rem_euclid(ONE)) * cells;
    let cell = place >> 16;
    let t = place & 0xffff;
    let smooth = (((t * t) >> 16) * (3 * i64::from(ONE) - 2 * t)) >> 16;
    let lattice = |index: i64| (mix(seed, (index % cells) as u64) & 0x1_ffff) as i64 - 0x1_0000;
    let (a, b) = (lattice(cell), lattice(cell + 1));
    (a + (((b - a) * smooth) >> 16)) as i32
}

/// Noise summed over `octaves`, each twice as fine and half as high.
pub fn fractal(seed: u64, cells: u32, octaves: u32, at: i32) -> i32 {
    (0..octaves)
        .map(|octave| noise(mix(seed, u64::from(octave)), cells << octave, at) >> octave)
        .sum::<i32>()
        / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_never_changes() {
        assert_eq!(hash_bytes(b"a fox"), hash_bytes(b"a fox"));
        assert_eq!(hash_bytes(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash_bytes(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn sine_is_close_at_the_quarters() {
        assert_eq!(sin(0), 0);
        assert_eq!(sin(TURN / 4), ONE);
        assert_eq!(sin(3 * TURN / 4), -ONE);
        assert_eq!(cos(0), ONE);
        assert!((sin(TURN / 12) - ONE / 2).abs() < 400);
    }

    #[test]
    fn noise_is_bounded_and_periodic() {
        for at in (0..ONE).step_by(97) {
            assert!(noise(7, 13, at).abs() <= ONE);
            assert_eq!(noise(7, 13, at), noise(7, 13, at + ONE));
        }
    }

    #[test]
    fn dice_stay_in_range() {
        let mut dice = Dice::new(3);
        for _ in 0..1000 {
            assert!((-5..=5).contains(&dice.between(-5, 5)));
        }
        assert_eq!(dice.below(0), 0);
    }
}
