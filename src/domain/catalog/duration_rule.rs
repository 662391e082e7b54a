//! How long a model's clips may be.

use serde::Deserialize;

use super::super::request::ClipLength;

/// How long a clip may be: a range with a step, or a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DurationRule {
    /// The shortest, in seconds.
    pub min_s: f64,
    /// The longest, in seconds.
    pub max_s: f64,
    /// Between two lengths, in seconds.
    pub step_s: f64,
    /// The length offered first, in seconds.
    pub default_s: f64,
    /// Whether the model can choose the length itself.
    #[serde(default)]
    pub auto: bool,
    /// Whether the wire wants the seconds as a string.
    #[serde(default)]
    pub as_string: bool,
}

impl DurationRule {
    /// Whether a clip of that length can be asked for.
    pub fn allows(&self, length: ClipLength) -> bool {
        match length {
            ClipLength::Ms(ms) => self.allows_ms(ms),
            ClipLength::Auto => self.auto,
        }
    }

    /// Whether a clip of `ms` milliseconds can be asked for.
    pub fn allows_ms(&self, ms: u32) -> bool {
        let [min, max, step, _] = self.all_ms();
        (min..=max).contains(&ms) && (ms - min).is_multiple_of(step.max(1))
    }

    /// The length offered first, in milliseconds.
    pub fn default_ms(&self) -> u32 {
        self.all_ms()[3]
    }

    /// The shortest and the longest length, in milliseconds.
    pub fn range_ms(&self) -> (u32, u32) {
        let [min, max, ..] = self.all_ms();
        (min, max)
    }

    /// What is allowed, in words: `4 to 12 whole seconds, or auto`.
    pub fn in_words(&self) -> String {
        let [min, max, step, _] = self.all_ms();
        let mut words = if max == min {
            seconds(min)
        } else if (max - min) / step.max(1) <= 3 {
            let all: Vec<String> = (min..=max).step_by(step.max(1) as usize).map(seconds).collect();
            all.join(" or ")
        } else if step <= 1 {
            format!("{} to {}", seconds(min), seconds(max))
        } else if step == 1000 {
            format!("{} to {} whole", seconds(min), seconds(max))
        } else {
            format!("{} to {} in steps of {}", seconds(min), seconds(max), seconds(step))
        };
        words.push_str(" seconds");
        if self.auto {
            words.push_str(", or auto");
        }
        words
    }

    fn all_ms(&self) -> [u32; 4] {
        [self.min_s, self.max_s, self.step_s, self.default_s].map(|s| (s * 1000.0).round() as u32)
    }

    pub(super) fn inconsistency(&self) -> Option<String> {
        let sane = [self.min_s, self.max_s, self.step_s, self.default_s]
            .iter()
            .all(|s| (0.001..=3600.0).contains(s));
        if !sane || self.min_s > self.max_s {
            return Some("duration needs 0 < min_s <= max_s and a step_s above 0".into());
        }
        (!self.allows_ms(self.default_ms()))
            .then(|| "duration.default_s is not one of the lengths it allows".to_owned())
    }
}

/// Milliseconds as seconds without needless decimals: `5`, `1.2`.
fn seconds(ms: u32) -> String {
    (f64::from(ms) / 1000.0).to_string()
}
