//! Resolutions and aspect ratios, as catalogs and people write them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A resolution preset by its nominal lines: `480p`, `720p`, `1080p`, `4k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Resolution(u16);

impl Resolution {
    /// How many pixels a widescreen picture of it has, and about as many one of any other ratio.
    pub fn pixels(self) -> u64 {
        let lines = u64::from(self.0);
        lines * lines * 16 / 9
    }
}

impl FromStr for Resolution {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_ascii_lowercase();
        let lines = match lower.as_str() {
            "4k" => Some(2160),
            other => other.strip_suffix('p').and_then(|lines| lines.parse().ok()),
        };
        match lines {
            Some(lines) if (1..=8640).contains(&lines) => Ok(Self(lines)),
            _ => Err(format!(
                "'{text}' is not a valid resolution; expected one like 480p, 1080p or 4k"
            )),
        }
    }
}

impl TryFrom<String> for Resolution {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Resolution> for String {
    fn from(resolution: Resolution) -> Self {
        resolution.to_string()
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            2160 => f.write_str("4k"),
            lines => write!(f, "{lines}p"),
        }
    }
}

/// An aspect ratio such as `16:9`. Ratios sort from the widest to the tallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AspectRatio {
    width: u16,
    height: u16,
}

impl AspectRatio {
    /// What a film is unless somebody says otherwise.
    pub const WIDESCREEN: Self = Self { width: 16, height: 9 };

    /// That of the frame image, whatever it is; written `image`.
    pub const OF_IMAGE: Self = Self { width: 0, height: 0 };

    /// Width over height; no number where it is the image's.
    pub fn as_f64(self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }
}

impl FromStr for AspectRatio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "image" {
            return Ok(Self::OF_IMAGE);
        }
        let parts = text.trim().split_once(':').and_then(|(width, height)| {
            Some((width.parse::<u16>().ok()?, height.parse::<u16>().ok()?))
        });
        match parts {
            Some((width, height)) if (1..=100).contains(&width) && (1..=100).contains(&height) => {
                Ok(Self { width, height })
            }
            _ => Err(format!("'{text}' is not a valid aspect ratio; expected one like 16:9")),
        }
    }
}

impl TryFrom<String> for AspectRatio {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<AspectRatio> for String {
    fn from(ratio: AspectRatio) -> Self {
        ratio.to_string()
    }
}

impl fmt::Display for AspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::OF_IMAGE {
            return f.write_str("image");
        }
        write!(f, "{}:{}", self.width, self.height)
    }
}

impl Ord for AspectRatio {
    fn cmp(&self, other: &Self) -> Ordering {
        let mine = u32::from(self.width) * u32::from(other.height);
        let theirs = u32::from(other.width) * u32::from(self.height);
        theirs.cmp(&mine).then(self.width.cmp(&other.width))
    }
}

impl PartialOrd for AspectRatio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions_sort_by_lines_and_read_as_written() {
        let mut all: Vec<Resolution> =
            ["1080p", "4K", "480p"].iter().filter_map(|text| text.parse().ok()).collect();
        all.sort();
        assert_eq!(
            all.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["480p", "1080p", "4k"]
        );
        assert!("p".parse::<Resolution>().is_err());
        assert!("99999p".parse::<Resolution>().is_err());
    }

    #[test]
    fn ratios_sort_from_wide_to_tall() {
        let mut all: Vec<AspectRatio> =
            ["9:21", "1:1", "16:9", "21:9"].iter().filter_map(|text| text.parse().ok()).collect();
        all.sort();
        assert_eq!(
            all.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["21:9", "16:9", "1:1", "9:21"]
        );
        assert_eq!("image".parse::<AspectRatio>().map(|one| one.to_string()), Ok("image".into()));
        assert!("0:0".parse::<AspectRatio>().is_err());
        assert!("16x9".parse::<AspectRatio>().is_err());
        assert!("16:0".parse::<AspectRatio>().is_err());
    }
}
