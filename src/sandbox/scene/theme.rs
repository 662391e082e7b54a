//! What a prompt looks like: land, hour, weather, subject and colours.
//!
//! The dice decide, but a word of the prompt that names a place, an hour or an
//! animal wins over them, so that "a fox in the snow" shows a fox in the snow.

use super::canvas::Yuv;
use super::dice::{Dice, hash_bytes, mix};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Land {
    Mountains,
    Forest,
    City,
    Sea,
    Dunes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hour {
    Dawn,
    Day,
    Golden,
    Dusk,
    Night,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Air {
    Clear,
    Snow,
    Rain,
    Fireflies,
    Petals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Fox,
    Balloons,
    Boat,
    Train,
    Birds,
}

/// The colours of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    pub zenith: Yuv,
    pub sky: Yuv,
    pub horizon: Yuv,
    pub far: Yuv,
    pub near: Yuv,
    pub sun: Yuv,
    pub accent: Yuv,
}

/// A scene before it has a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    pub land: Land,
    pub hour: Hour,
    pub air: Air,
    pub subject: Subject,
    pub palette: Palette,
    /// Seeds every detail that the fields above leave open.
    pub seed: u64,
}

/// Hour, then zenith, sky, horizon, far land, near land, sun and accent.
const PALETTES: [(Hour, [u32; 7]); 15] = [
    (Hour::Dawn, [0x2b3a67, 0x9a6a94, 0xf8b195, 0xb58aa5, 0x241a38, 0xfff1c9, 0xffc39a]),
    (Hour::Dawn, [0x4b4e8f, 0x9d8ec7, 0xf7d6e0, 0xa79bc9, 0x262048, 0xfff7ef, 0xf6c5dc]),
    (Hour::Dawn, [0x3f6c7a, 0x94b8b0, 0xf6e3c0, 0x9dbcb2, 0x16302f, 0xfffbe8, 0xf7d9a0]),
    (Hour::Day, [0x1f6fb8, 0x74bde4, 0xe9f4e4, 0xa3cbd8, 0x163e36, 0xfffbe0, 0xbfe8ff]),
    (Hour::Day, [0x2a7f9e, 0x8ccfc9, 0xfdf3d0, 0xa6cfb4, 0x21472a, 0xfffde6, 0xd9f2a8]),
    (Hour::Day, [0x3b6fb0, 0xa9c8e6, 0xfbe9dc, 0xb5bfd8, 0x27304f, 0xfffdf4, 0xffd9c4]),
    (Hour::Golden, [0x35487d, 0xdc8a5e, 0xffd27a, 0xcb8f6d, 0x2e1c3a, 0xfff4c2, 0xffc65c]),
    (Hour::Golden, [0x5a3a5e, 0xe06d53, 0xffc46b, 0xc97b5f, 0x2a1626, 0xffe9a8, 0xffa95e]),
    (Hour::Golden, [0x2a6f97, 0x9bbfc0, 0xffe0a3, 0xdba877, 0x4a2a1a, 0xfff5d0, 0xffcf73]),
    (Hour::Dusk, [0x1b1444, 0x6b2d75, 0xff7a59, 0x7a4a86, 0x130a28, 0xffc27a, 0xff8f6b]),
    (Hour::Dusk, [0x3b0d2c, 0x9c2746, 0xff9e6d, 0x8f3a55, 0x1a0614, 0xffe0b0, 0xff7d6e]),
    (Hour::Dusk, [0x12224f, 0x4a4e8f, 0xf2a3b3, 0x5d6299, 0x0d1230, 0xffd9c9, 0xf5a8c0]),
    (Hour::Night, [0x060a1f, 0x12275a, 0x3a6ba5, 0x2d4d7e, 0x050a18, 0xf3f6ff, 0x9cc4ff]),
    (Hour::Night, [0x03101c, 0x0b3a44, 0x2f8f7f, 0x1f5a63, 0x030d10, 0xe6fff4, 0x7df0c8]),
    (Hour::Night, [0x0c0720, 0x2b1a5c, 0x7a4fa3, 0x43347d, 0x090516, 0xf6ecff, 0xc9a2ff]),
];

const LANDS: [Land; 5] = [Land::Mountains, Land::Forest, Land::City, Land::Sea, Land::Dunes];

impl Theme {
    /// Decides the scene of a request. `images` are the bytes of the frame
    /// images: they count, but they are not looked at.
    pub fn new(prompt: &str, seed: u64, images: [Option<&[u8]>; 2]) -> Self {
        let mut number = mix(hash_bytes(prompt.as_bytes()), seed);
        for (place, image) in images.into_iter().enumerate() {
            if let Some(bytes) = image {
                number = mix(number, hash_bytes(bytes) ^ (place as u64 + 1));
            }
        }
        let mut dice = Dice::new(number);
        let told = Told::from(prompt);
        let land = told.land.unwrap_or_else(|| usual_land(&mut dice, &told));
        let (hour, mut palette) = palette(&mut dice, told.hour);
        if land == Land::Dunes {
            // Sand keeps its own colour under every sky but the darkest.
            let strong = match hour {
                Hour::Day | Hour::Golden => 185,
                Hour::Dawn => 140,
                Hour::Dusk => 70,
                Hour::Night => 40,
            };
            palette.far = palette.far.towards(Yuv::from_rgb(0xe0_b078), strong);
            palette.near = palette.near.towards(Yuv::from_rgb(0x66_3a20), strong);
        }
        let air = told.air.unwrap_or_else(|| usual_air(&mut dice, land, hour));
        let subject = told.subject.unwrap_or_else(|| usual_subject(&mut dice, land, air));
        Self {
            land,
            hour,
            air,
            // Every land but the sea has ground to run on.
            subject: match (subject, land) {
                (Subject::Fox | Subject::Train, Land::Sea) => Subject::Boat,
                (Subject::Boat, Land::City | Land::Dunes | Land::Forest | Land::Mountains) => {
                    Subject::Balloons
                }
                (subject, _) => subject,
            },
            palette,
            seed: dice.next(),
        }
    }
}

fn palette(dice: &mut Dice, hour: Option<Hour>) -> (Hour, Palette) {
    let fitting = PALETTES.iter().filter(|(at, _)| hour.is_none_or(|hour| hour == *at));
    let fitting: Vec<&(Hour, [u32; 7])> = fitting.collect();
    // Every hour has its palettes, so there is always one to choose.
    let &(hour, rgb) = fitting[dice.below(fitting.len() as u32) as usize];
    // A small push of every colour in one direction, so that two scenes of one palette differ.
    let (warm, red) = (dice.between(-5, 5) as i16, dice.between(-5, 5) as i16);
    let colour = |index: usize| {
        let plain = Yuv::from_rgb(rgb[index]);
        Yuv { y: plain.y, u: (plain.u + warm).clamp(16, 240), v: (plain.v + red).clamp(16, 240) }
    };
    let palette = Palette {
        zenith: colour(0),
        sky: colour(1),
        horizon: colour(2),
        far: colour(3),
        near: colour(4),
        sun: Yuv::from_rgb(rgb[5]),
        accent: Yuv::from_rgb(rgb[6]),
    };
    (hour, palette)
}

fn usual_air(dice: &mut Dice, land: Land, hour: Hour) -> Air {
    let roll = dice.below(100);
    match (land, hour) {
        (Land::Mountains, _) if roll < 35 => Air::Snow,
        (Land::Forest, Hour::Night | Hour::Dusk) if roll < 80 => Air::Fireflies,
        (Land::Forest, _) if roll < 40 => Air::Petals,
        (Land::City, Hour::Night | Hour::Dusk) if roll < 25 => Air::Rain,
        (Land::Dunes, _) => Air::Clear,
        (Land::Sea, _) => Air::Clear,
        (_, Hour::Night) if roll > 80 => Air::Fireflies,
        _ if roll > 85 => Air::Petals,
        _ => Air::Clear,
    }
}

/// Where a subject is at home, when the prompt names no place.
fn usual_land(dice: &mut Dice, told: &Told) -> Land {
    use Land::{City, Dunes, Forest, Mountains, Sea};
    let choices: &[Land] = match (told.subject, told.air) {
        (Some(Subject::Boat), _) => &[Sea],
        (Some(Subject::Train), _) => &[City],
        (_, Some(Air::Snow | Air::Petals | Air::Fireflies)) => &[Mountains, Forest],
        (Some(Subject::Fox), _) => &[Mountains, Forest, Dunes],
        _ => &LANDS,
    };
    choices[dice.below(choices.len() as u32) as usize]
}

fn usual_subject(dice: &mut Dice, land: Land, air: Air) -> Subject {
    let choices: &[Subject] = match land {
        Land::Mountains => &[Subject::Fox, Subject::Balloons, Subject::Birds],
        Land::Forest => &[Subject::Fox, Subject::Fox, Subject::Birds],
        Land::City if air == Air::Clear => &[Subject::Train, Subject::Train, Subject::Balloons],
        Land::City => &[Subject::Train],
        Land::Sea => &[Subject::Boat],
        Land::Dunes => &[Subject::Fox, Subject::Balloons, Subject::Birds],
    };
    choices[dice.below(choices.len() as u32) as usize]
}

/// What the words of a prompt ask for.
#[derive(Debug, Default)]
struct Told {
    land: Option<Land>,
    hour: Option<Hour>,
    air: Option<Air>,
    subject: Option<Subject>,
}

impl Told {
    fn from(prompt: &str) -> Self {
        let mut told = Self::default();
        let lower = prompt.to_lowercase();
        for word in lower.split(|c: char| !c.is_alphanumeric()).take(400) {
            // The first word of a kind wins: it is usually the subject of the sentence.
            told.land = told.land.or(land_word(word));
            told.hour = told.hour.or(hour_word(word));
            told.air = told.air.or(air_word(word));
            told.subject = told.subject.or(subject_word(word));
        }
        told
    }
}

fn land_word(word: &str) -> Option<Land> {
    Some(match word {
        "mountain" | "mountains" | "alps" | "peak" | "peaks" | "valley" | "glacier" => {
            Land::Mountains
        }
        "forest" | "wood" | "woods" | "jungle" | "tree" | "trees" | "pine" | "meadow" => {
            Land::Forest
        }
        "city" | "street" | "skyline" | "tokyo" | "york" | "urban" | "neon" | "train" => Land::City,
        "sea" | "ocean" | "beach" | "wave" | "waves" | "boat" | "ship" | "lake" | "coast" => {
            Land::Sea
        }
        "desert" | "dune" | "dunes" | "sand" | "sahara" | "mars" | "canyon" => Land::Dunes,
        _ => return None,
    })
}

fn hour_word(word: &str) -> Option<Hour> {
    Some(match word {
        "dawn" | "sunrise" | "morning" => Hour::Dawn,
        "day" | "noon" | "sunny" | "daylight" => Hour::Day,
        "golden" | "afternoon" | "autumn" => Hour::Golden,
        "dusk" | "sunset" | "evening" | "twilight" => Hour::Dusk,
        "night" | "midnight" | "moon" | "moonlit" | "stars" | "neon" => Hour::Night,
        _ => return None,
    })
}

fn air_word(word: &str) -> Option<Air> {
    Some(match word {
        "snow" | "snowy" | "winter" | "snowfall" | "blizzard" => Air::Snow,
        "rain" | "rainy" | "storm" | "drizzle" => Air::Rain,
        "firefly" | "fireflies" | "magic" | "magical" => Air::Fireflies,
        "petals" | "blossom" | "blossoms" | "cherry" | "spring" | "leaves" => Air::Petals,
        "clear" | "cloudless" => Air::Clear,
        _ => return None,
    })
}

fn subject_word(word: &str) -> Option<Subject> {
    Some(match word {
        "fox" | "wolf" | "dog" | "cat" | "animal" | "deer" | "horse" => Subject::Fox,
        "balloon" | "balloons" => Subject::Balloons,
        "boat" | "ship" | "sailboat" | "yacht" => Subject::Boat,
        "train" | "tram" | "railway" => Subject::Train,
        "bird" | "birds" | "eagle" | "crane" | "gulls" => Subject::Birds,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_steer_the_scene() {
        let theme = Theme::new("A fox in the snowy woods at night", 1, [None; 2]);
        assert_eq!(theme.land, Land::Forest);
        assert_eq!(theme.hour, Hour::Night);
        assert_eq!(theme.air, Air::Snow);
        assert_eq!(theme.subject, Subject::Fox);
    }

    #[test]
    fn without_words_the_dice_reach_every_land_and_hour() {
        let themes: Vec<Theme> = (0..200).map(|seed| Theme::new("x", seed, [None; 2])).collect();
        for land in LANDS {
            assert!(themes.iter().any(|theme| theme.land == land));
        }
        for hour in [Hour::Dawn, Hour::Day, Hour::Golden, Hour::Dusk, Hour::Night] {
            assert!(themes.iter().any(|theme| theme.hour == hour));
        }
    }

    #[test]
    fn a_frame_image_changes_the_scene() {
        let plain = Theme::new("a fox", 1, [None; 2]);
        let first = Theme::new("a fox", 1, [Some(b"png"), None]);
        let last = Theme::new("a fox", 1, [None, Some(b"png")]);
        assert_ne!(plain, first);
        assert_ne!(first, last);
    }
}
