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

/// What is to be said of the user's own keys: what is wrong with them, and what they take the place of.
pub fn wrong_keys(own: &Tables) -> Vec<String> {
    Keymap::new(own).1
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Text => "text",
            Self::Commands => "commands",
            Self::Job => "job",
            Self::Compare => "compare",
        }
    }

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
    fn in_words(&self) -> String {
        let format = KeyCombinationFormat::default().with_implicit_shift();
        match self.second {
            Some(second) => {
                format!("{} {}", format.to_string(self.first), format.to_string(second))
            }
            None => format.to_string(self.first),
        }
    }

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
        let mut mine = Self { bindings: Vec::new() };
        problems.extend(mine.add(own));
        problems.extend(keymap.give_way(&mut mine));
        keymap.bindings.append(&mut mine.bindings);
        (keymap, problems)
    }

    /// Takes away what is bound to keys that the user's own bindings have in the same place, and says so; of two of the
    /// user's the first counts.
    fn give_way(&mut self, own: &mut Self) -> Vec<String> {
        let mut words = Vec::new();
        let mut kept: Vec<(Place, Chord, Action)> = Vec::new();
        for (place, chord, action) in own.bindings.drain(..) {
            let same = |(at, other, to): &(Place, Chord, Action)| {
                *at == place && *other == chord && *to != action
            };
            let key = chord.in_words();
            if let Some((.., first)) = kept.iter().find(|one| same(one)) {
                words.push(format!(
                    "{key} is bound to {} and to {} in [keys.{}]; it is {}, take one of them out",
                    first.name(),
                    action.name(),
                    place.name(),
                    first.name()
                ));
                continue;
            }
            if let Some((.., default)) = self.bindings.iter().find(|one| same(one)) {
                words.push(format!(
                    "{key} is {} in [keys.{}] of the config, and no longer {}",
                    action.name(),
                    place.name(),
                    default.name()
                ));
                self.bindings.retain(|one| !same(one));
            }
            kept.push((place, chord, action));
        }
        own.bindings = kept;
        words
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
        let mut keys: Vec<String> = self
            .bindings
            .iter()
            .filter(|(place, chord, same)| {
                *same == action && places.contains(place) && !self.is_taken(chord, *place, places)
            })
            .map(|(_, chord, _)| chord.in_words())
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
    fn an_own_key_takes_the_place_of_a_default_one_with_a_word() {
        let own = "[job]\npromote = [\"o\", \"ctrl-g\"]\nstar = [\"ctrl-g\"]\n";
        let own: Tables = toml::from_str(own).expect("tables");
        let (keymap, words) = Keymap::new(&own);
        let means = |event| keymap.meaning(&mut None, event, &[Place::Job]);
        assert_eq!(means(press('o')), Meaning::Action(Action::Promote));
        let control_g = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL);
        assert_eq!(means(control_g), Meaning::Action(Action::Promote));
        assert_eq!(
            words,
            [
                "o is promote in [keys.job] of the config, and no longer open",
                "Ctrl-g is bound to promote and to star in [keys.job]; it is promote, take one of them out",
            ]
        );
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
