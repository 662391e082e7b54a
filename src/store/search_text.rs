//! The terms under which a job is found. Every character, pair and triple of its text is a term, so that a
//! part of a word is found however short it is, and in languages that put no spaces between words; and every
//! fact that a search asks for is a term too, so that words and facts are looked for in one walk.

use std::collections::BTreeSet;

use rusqlite::{Error, Row, Transaction, params};

use super::left_aside::text;
use crate::domain::search_form::search_form;

/// Terms of the model's name, which is searched for by its parts as well.
pub(super) const MODEL: char = '\u{e100}';
/// Terms of the tags, likewise.
pub(super) const TAG: char = '\u{e101}';
const FACT: char = '\u{e102}';

/// Makes all terms anew, as this version makes them. A row that can't be read is found by none of them.
pub(super) fn rebuild(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut all = transaction.prepare("SELECT seq FROM job ORDER BY seq")?;
    for seq in all.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()? {
        match index(transaction, seq) {
            Err(Error::InvalidColumnType(..) | Error::FromSqlConversionFailure(..)) | Ok(()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Tells the index what the job of row `seq` says now.
pub(super) fn index(transaction: &Transaction<'_>, seq: i64) -> rusqlite::Result<()> {
    let terms = transaction
        .prepare_cached(
            // A job whose prompt is lost can still go on.
            "SELECT coalesce(text, ''), model, note, tags, error, kind, iif(is_live, 'live', state), starred, seed, wins
             FROM job LEFT JOIN prompt ON prompt.id = prompt_id WHERE seq = ?1",
        )?
        .query_row([seq], terms)?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO job_text (rowid, terms) VALUES (?1, ?2)")?
        .execute(params![seq, terms])
        .map(drop)
}

fn terms(row: &Row<'_>) -> rusqlite::Result<String> {
    let text = |index| text(row, index).map(|text| search_form(&text));
    let (prompt, model, tags) = (text(0)?, text(1)?, text(3)?);
    // Nobody can type a line end into a search, so nothing is found across two of these.
    let all = [prompt, text(2)?, tags.clone(), text(4)?].join("\n");
    let mut terms = String::with_capacity(all.len() * 8);
    parts(&all, None, &mut terms);
    name_parts(&model, &mut terms);
    parts(&model, Some(MODEL), &mut terms);
    parts(&tags, Some(TAG), &mut terms);
    let mut facts = vec![fact("kind", &text(5)?), fact("state", &text(6)?)];
    if row.get(7)? {
        facts.push(fact("star", ""));
    }
    if row.get::<_, i64>(9)? > 0 {
        facts.push(fact("won", ""));
    }
    if let Some(seed) = row.get::<_, Option<i64>>(8)? {
        facts.push(fact("seed", &seed.to_string()));
    }
    terms.push_str(&facts.join(" "));
    Ok(terms)
}

/// The term of a fact.
pub(super) fn fact(name: &str, value: &str) -> String {
    let value: String = value.chars().map(letter).collect();
    format!("{FACT}{name}{FACT}{value}")
}

/// What finds `part`, in the form of a search, in a text: one term, or several that must follow each other.
pub(super) fn phrase(part: &str, of: Option<char>) -> String {
    let letters: Vec<char> = part.chars().map(letter).collect();
    let terms: Vec<String> =
        letters.windows(letters.len().clamp(1, 3)).map(|window| term(of, window)).collect();
    format!("\"{}\"", terms.join(" "))
}

/// Writes the terms of `text`: its triples in their order, then each of its characters and pairs once.
fn parts(text: &str, of: Option<char>, terms: &mut String) {
    let letters: Vec<char> = text.chars().map(letter).collect();
    letters.windows(3).for_each(|window| write(of, window, terms));
    let short: BTreeSet<&[char]> = letters.windows(1).chain(letters.windows(2)).collect();
    short.into_iter().for_each(|window| write(of, window, terms));
}

/// Writes the terms under which plain words find a model's `name`: what is shorter than three characters only as
/// the beginning of a part of it, or who looks for shot 5 would find all that was made by 1.5-pro.
fn name_parts(name: &str, terms: &mut String) {
    let letters: Vec<char> = name.chars().map(letter).collect();
    letters.windows(3).for_each(|window| write(None, window, terms));
    let goes_on = |c: char| c.is_alphanumeric() || c == '.';
    let before = std::iter::once(' ').chain(name.chars());
    for (at, _) in before.enumerate().filter(|(_, before)| !goes_on(*before)) {
        let rest = &letters[at.min(letters.len())..];
        (1..=rest.len().min(2)).for_each(|length| write(None, &rest[..length], terms));
    }
}

fn write(of: Option<char>, letters: &[char], terms: &mut String) {
    terms.extend(of.iter().chain(letters));
    terms.push(' ');
}

fn term(of: Option<char>, letters: &[char]) -> String {
    of.iter().chain(letters).collect()
}

/// A character as it stands in terms: as a letter of the private use area where the tokenizer would take it for a
/// gap between terms.
fn letter(c: char) -> char {
    match c {
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => {
            char::from_u32(0xe000 + u32::from(c)).unwrap_or(c)
        }
        c => c,
    }
}
