//! How clips come to the user's own machine: the way that was taken last from each place, and the one that needs
//! nothing but the terminal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The most places whose way is remembered; the oldest go first.
const MAX_PLACES: usize = 32;
/// The largest clip that goes through the terminal, which shows nothing else meanwhile.
pub const MAX_SENT_BYTES: u64 = 8_000_000;

/// The ways that were taken, by the places that the user came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ways {
    /// Place and way, the newest first.
    taken: Vec<(String, String)>,
    /// Where the user comes from today.
    #[serde(skip)]
    pub place: String,
}

impl Ways {
    /// The word of the way that was taken last from this place.
    pub fn last(&self) -> Option<&str> {
        let (_, way) = self.taken.iter().find(|(place, _)| *place == self.place)?;
        Some(way)
    }

    /// This way was taken.
    pub fn choose(&mut self, way: &str) {
        self.taken.retain(|(place, _)| *place != self.place);
        self.taken.insert(0, (self.place.clone(), way.to_owned()));
        self.taken.truncate(MAX_PLACES);
    }
}

/// A file as iTerm2 takes it for the user's own machine, where it asks whether to keep it (OSC 1337, `File`
/// without `inline`).
pub fn for_iterm2(name: &str, content: &[u8]) -> Vec<u8> {
    let (name, size) = (STANDARD.encode(name), content.len());
    let mut bytes = format!("\x1b]1337;File=name={name};size={size};inline=0:").into_bytes();
    bytes.extend_from_slice(STANDARD.encode(content).as_bytes());
    bytes.push(7);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_its_own_way_and_the_oldest_go() {
        let mut ways = Ways { place: "here".to_owned(), ..Ways::default() };
        assert_eq!(ways.last(), None);
        ways.choose("path");
        ways.choose("scp");
        ways.place = "192.0.2.7".to_owned();
        assert_eq!(ways.last(), None);
        ways.choose("link");
        let text = serde_json::to_string(&ways).expect("text");
        assert_eq!(text, r#"[["192.0.2.7","link"],["here","scp"]]"#);
        for number in 0..MAX_PLACES - 1 {
            ways.place = format!("10.0.0.{number}");
            ways.choose("path");
        }
        assert_eq!(ways.taken.len(), MAX_PLACES);
        ways.place = "192.0.2.7".to_owned();
        assert_eq!(ways.last(), Some("link"));
        ways.place = "here".to_owned();
        assert_eq!(ways.last(), None);
    }

    #[test]
    fn a_file_is_sent_whole_under_its_name() {
        let said = String::from_utf8(for_iterm2("a fox.mp4", b"clip")).expect("text");
        assert_eq!(said, "\x1b]1337;File=name=YSBmb3gubXA0;size=4;inline=0:Y2xpcA==\x07");
    }
}
