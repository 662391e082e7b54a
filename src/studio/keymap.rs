//! Which key asks for what, and where. The defaults are a file that is also the documentation.

use std::collections::BTreeMap;

use crokey::{KeyCombination, KeyCombinationFormat};
use crossterm::event::KeyEvent;

use super::action::Action;
use super::term::burst::is_text;

const DEFAULT: &str = include_str!("../../assets/keymap.toml");

/// Where keys work. The more special a place, the more it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Everywhere.
    Everywhere,
    /// While text is written.
    Text,
    /// Everywhere but in text.
    Commands,
    /// On a job.
    Job,
    /// While two clips are compared.
    Compare,
}

/// Tables of the file: place, then action, then keys.
pub type Tables = BTreeMap<String, BTreeMap<String, Vec<String>>>;

impl Place {
    fn named(name: &str) -> Option<Self> {
        match name {
            "everywhere" => Some(Self::Everywhere),
            "text" => Some(Self::Text),
            "commands" => Some(Self::Commands),
            "job" => Some(Self::Job),
            "compare" => Some(Self::Compare),
            _ => None,
        }
    }
}

/// One key, or two after one another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chord {
    first: KeyCombination,
    second: Option<KeyCombination>,
}

impl Chord {
    /// Whether text has such keys in it.
    fn is_text(&self) -> bool {
        let is_text = |key: &KeyCombination| is_text(*key.codes.first(), key.modifiers);
        is_text(&self.first) && self.second.as_ref().is_none_or(is_text)
    }
}

/// All bindings.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<(Place, Chord, Action)>,
}

/// The first key of a chord that was pressed.
pub type Pending = Option<KeyCombination>;

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It asks for this.
    Action(Action),
    /// It begins a chord.
    Begun,
    /// Nothing.
    Unknown,
}

impl Keymap {
    /// The default keys with the user's tables on top, and what is wrong with those.
    pub fn new(own: &Tables) -> (Self, Vec<String>) {
        let defaults: Tables = toml::from_str(DEFAULT).unwrap_or_default();
        let mut keymap = Self { bindings: Vec::new() };
        let mut problems = keymap.add(&defaults);
        for (place, table) in own {
            let Some(place) = Place::named(place) else { continue };
            for action in table.keys().filter_map(|name| name.parse::<Action>().ok()) {
                keymap.bindings.retain(|(other, _, same)| *other != place || *same != action);
            }
        }
        problems.extend(keymap.add(own));
        (keymap, problems)
    }

    fn add(&mut self, tables: &Tables) -> Vec<String> {
        let mut problems = Vec::new();
        for (place, table) in tables {
            let Some(place) = Place::named(place) else {
                problems.push(format!(
                    "'{place}' is not a valid place for keys; expected everywhere, text, commands, job or compare"
                ));
                continue;
            };
            for (name, keys) in table {
                let action = match name.parse::<Action>() {
                    Ok(action) => action,
                    Err(problem) => {
                        problems.push(problem);
                        continue;
                    }
                };
                for key in keys {
                    match chord(key) {
                        Some(chord) if action == Action::Submit && chord.is_text() => {
                            problems.push(format!(
                                "'{key}' can't submit: text that is typed or pasted in the wrong pane has it too"
                            ));
                        }
                        Some(chord) => self.bindings.push((place, chord, action)),
                        None => problems.push(format!(
                            "'{key}' is not a valid key for {name}; expected one like f5, alt-enter or \"y p\""
                        )),
                    }
                }
            }
        }
        problems
    }

    /// What `event` means in `places`, of which later ones count more, after what is pending.
    pub fn meaning(&self, pending: &mut Pending, event: KeyEvent, places: &[Place]) -> Meaning {
        let key = KeyCombination::from(event).normalized();
        let first = pending.take();
        for place in places.iter().rev() {
            for (at, chord, action) in &self.bindings {
                let hit = match (first, chord.second) {
                    (None, None) => chord.first == key,
                    (Some(first), Some(second)) => chord.first == first && second == key,
                    _ => false,
                };
                if at == place && hit {
                    return Meaning::Action(*action);
                }
            }
        }
        let begins = |(at, chord, _): &&(Place, Chord, Action)| {
            places.contains(at) && chord.second.is_some() && chord.first == key
        };
        if first.is_none() && self.bindings.iter().find(begins).is_some() {
            *pending = Some(key);
            return Meaning::Begun;
        }
        Meaning::Unknown
    }

    /// The keys of `action` in `places`, as a person reads them; the first is the shortest.
    pub fn keys(&self, action: Action, places: &[Place]) -> Vec<String> {
        let format = KeyCombinationFormat::default().with_implicit_shift();
        let mut keys: Vec<String> = self
            .bindings
            .iter()
            .filter(|(place, chord, same)| {
                *same == action && places.contains(place) && !self.is_taken(chord, *place, places)
            })
            .map(|(_, chord, _)| match chord.second {
                Some(second) => {
                    format!("{} {}", format.to_string(chord.first), format.to_string(second))
                }
                None => format.to_string(chord.first),
            })
            .map(|key| key.replace("BackTab", "Shift-Tab").replace("Shift-Shift", "Shift"))
            .map(|key| key.replace("Hyphen", "-"))
            .collect();
        keys.dedup();
        keys
    }

    /// Whether `chord`, which has a meaning in `place`, has another in a more special one of `places`.
    fn is_taken(&self, chord: &Chord, place: Place, places: &[Place]) -> bool {
        let special = places.iter().skip_while(|one| **one != place).skip(1);
        let mut taken = special.flat_map(|special| {
            self.bindings.iter().filter(move |(at, other, _)| at == special && other == chord)
        });
        taken.next().is_some()
    }

    /// The actions that have a key in `places`, in the table's order.
    pub fn actions<'a>(&'a self, places: &'a [Place]) -> impl Iterator<Item = Action> + 'a {
        Action::ALL.iter().copied().filter(|action| !self.keys(*action, places).is_empty())
    }
}

fn chord(text: &str) -> Option<Chord> {
    let key = |text: &str| text.parse::<KeyCombination>().ok().map(KeyCombination::normalized);
    match text.split_once(' ') {
        Some((first, second)) => Some(Chord { first: key(first)?, second: Some(key(second)?) }),
        None => Some(Chord { first: key(text)?, second: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    fn press(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
    }

    #[test]
    fn the_default_file_is_right() {
        let (_, problems) = Keymap::new(&Tables::new());
        assert!(problems.is_empty(), "{problems:?}");
        let tables: Result<Tables, _> = toml::from_str(DEFAULT);
        assert!(tables.is_ok(), "{tables:?}");
    }

    #[test]
    fn the_special_place_counts_more_and_chords_take_two_keys() {
        let (keymap, _) = Keymap::new(&Tables::new());
        let places = [Place::Everywhere, Place::Commands, Place::Job];
        let pending = &mut None;
        assert_eq!(keymap.meaning(pending, press('p'), &places), Meaning::Action(Action::Promote));
        assert_eq!(keymap.meaning(pending, press('y'), &places), Meaning::Begun);
        assert_eq!(
            keymap.meaning(pending, press('p'), &places),
            Meaning::Action(Action::CopyPrompt)
        );
        assert_eq!(keymap.meaning(pending, press('y'), &places[..2]), Meaning::Unknown);
    }

    #[test]
    fn own_keys_replace_the_default_ones() {
        let own = "[job]\npromote = [\"ctrl-g\"]\nfly = [\"z\"]\nopen = [\"no such key\"]\n";
        let own: Tables = toml::from_str(own).expect("tables");
        let (keymap, problems) = Keymap::new(&own);
        assert_eq!(keymap.meaning(&mut None, press('p'), &[Place::Job]), Meaning::Unknown);
        assert_eq!(keymap.keys(Action::Promote, &[Place::Job]), ["Ctrl-g"]);
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
