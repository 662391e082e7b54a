//! All that is wrong in a TOML file at once: whoever mends one line should not be told of the next one then.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use crate::domain::secret::without_values;

/// The most mistakes that are told; a file with more is another kind of file.
const MAX_MISTAKES: usize = 20;
/// How near a name must be to another to be taken for it, from 0 to 1.
const NEAR: f64 = 0.8;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Mistakes as a person reads them, one a line.
#[derive(Debug)]
pub(super) struct Listed<'a>(pub(super) &'a std::path::Path, pub(super) &'a [Mistake]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nr, Mistake { line, what }) in self.1.iter().enumerate() {
            let end = if nr == 0 { "" } else { "\n" };
            write!(f, "{end}{}:{line}: {what}", self.0.display())?;
        }
        f.write_str(match self.1 {
            [_] => "; correct that line or remove it, nothing was changed",
            _ => "\nCorrect these lines or remove them, nothing was changed",
        })
    }
}

/// Reads `text`, with what is wrong left out, and tells what that is, in the order of its lines.
pub(super) fn read<T: DeserializeOwned + Default>(text: &str) -> (T, Vec<Mistake>) {
    let (mut table, errors) = DeTable::parse_recoverable(text);
    let mut mistakes: Vec<Mistake> = errors.iter().map(|error| mistake(text, error)).collect();
    let read = loop {
        match T::deserialize(Deserializer::from(table.clone())) {
            Ok(read) => break read,
            Err(error) => {
                mistakes.push(mistake(text, &error));
                let at = error.span().map(|span| span.start);
                let left_out = at.is_some_and(|at| leave_out(table.get_mut(), at));
                if !left_out || mistakes.len() >= MAX_MISTAKES {
                    break T::default();
                }
            }
        }
    };
    mistakes.sort_by_key(|mistake| mistake.line);
    // What can't be parsed is told once, and its recovered rest may be wrong as well.
    mistakes.dedup_by_key(|mistake| mistake.line);
    mistakes.truncate(MAX_MISTAKES);
    (read, mistakes)
}

impl Mistake {
    /// A mistake at a place in `text`.
    pub(super) fn at(text: &str, at: usize, what: String) -> Self {
        let before = &text.as_bytes()[..at.min(text.len())];
        Self { line: before.iter().filter(|byte| **byte == b'\n').count() + 1, what }
    }
}

fn mistake(text: &str, error: &Error) -> Mistake {
    let what = without_values(&error.message().lines().collect::<Vec<_>>().join(" "));
    Mistake::at(text, error.span().map_or(0, |span| span.start), with_the_near_one(what))
}

/// Takes the innermost entry away in which `at` is, by its name or its value; whether there was one.
fn leave_out(table: &mut DeTable<'_>, at: usize) -> bool {
    let within = |value: &mut Spanned<DeValue<'_>>| match value.get_mut() {
        DeValue::Table(inner) => leave_out(inner, at),
        _ => false,
    };
    if table.iter_mut().any(|(_, value)| within(value)) {
        return true;
    }
    let is_there = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        name.span().contains(&at) || value.span().contains(&at) || value.span().start == at
    };
    let Some(name) = table.iter().find(|entry| is_there(*entry)).map(|(name, _)| name.clone())
    else {
        return false;
    };
    table.remove(&name).is_some()
}

/// What is wrong with a name, and the name that was probably meant.
fn with_the_near_one(what: String) -> String {
    let mut quoted = what.split('`').skip(1).step_by(2);
    let (Some(met), true) = (quoted.next(), what.starts_with("unknown ")) else { return what };
    match near(met, quoted) {
        Some(near) => format!("{what}; did you mean `{near}`?"),
        None => what,
    }
}

/// The one of `names` that is nearest to `met`, where one is near.
pub(super) fn near<'a>(met: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let rated = names.map(|name| (strsim::jaro_winkler(met, name), name));
    let best = rated.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(nearness, _)| *nearness >= NEAR).map(|(_, name)| name)
}
