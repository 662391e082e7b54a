//! What reached the studio last and what it wanted done, for a report on what went wrong: names, ids and sizes. Of
//! texts, pictures and addresses nothing is kept, not even of keys that write (law 8).

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::Mutex;

use crossterm::event::{KeyCode, KeyModifiers};
use jiff::Timestamp;

use super::effect::{Effect, Load, Marking, Terminal, Write};
use super::msg::Msg;
use crate::domain::job::JobId;

/// How many are kept.
const KEPT: usize = 1000;

/// In one place for the whole program, since a panic has no other way to it.
static LAST: Mutex<VecDeque<Record>> = Mutex::new(VecDeque::new());

struct Record {
    at: Timestamp,
    what: &'static str,
    about: About,
}

/// What a record may say besides its name.
#[derive(Debug, PartialEq)]
enum About {
    Nothing,
    Key(KeyCode, KeyModifiers),
    Job(JobId),
    Count(usize),
    Size(u16, u16),
}

/// Keeps that `message` came.
pub(super) fn came(message: &Msg, at: Timestamp) {
    let (what, about) = message_of(message);
    keep(Record { at, what, about });
}

/// Keeps that `effect` was wanted.
pub(super) fn wanted(effect: &Effect, at: Timestamp) {
    let (what, about) = match effect {
        Effect::Terminal(terminal) => (terminal_of(terminal), About::Nothing),
        Effect::Write(write) => write_of(write),
        Effect::Load(load) => load_of(load),
    };
    keep(Record { at, what, about });
}

/// What is kept, the oldest first, a line each; what can be had of it while a panic is under way.
pub(super) fn told() -> String {
    let Ok(last) = LAST.try_lock() else { return "(the record was being written)\n".to_owned() };
    let mut text = String::new();
    for record in last.iter() {
        // A string takes everything.
        let _ = writeln!(text, "{} {}{}", record.at, record.what, record.about);
    }
    text
}

fn keep(record: Record) {
    let mut last = LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if last.len() == KEPT {
        last.pop_front();
    }
    last.push_back(record);
}

fn message_of(message: &Msg) -> (&'static str, About) {
    let none = About::Nothing;
    match message {
        Msg::Key(press) => match press.event.code {
            KeyCode::Char(_) if !press.event.modifiers.intersects(COMMANDS) => {
                ("key: a character", none)
            }
            code => ("key", About::Key(code, press.event.modifiers)),
        },
        Msg::Paste(text) => ("paste, bytes", About::Count(text.len())),
        Msg::Mouse(event) => ("mouse", About::Size(event.column, event.row)),
        Msg::Resize(columns, rows) => ("resize", About::Size(*columns, *rows)),
        Msg::Focus(true) => ("focus", none),
        Msg::Focus(false) => ("focus lost", none),
        Msg::Reply(_) => ("the terminal answers", none),
        Msg::Drawn => ("a question that pays is drawn", none),
        Msg::Suspend => ("asked to stop", none),
        Msg::Tick => ("tick", none),
        Msg::Opened(_) => ("workspace open", none),
        Msg::Lives { lives, .. } => ("live jobs", About::Count(lives.len())),
        Msg::Jobs { entries, .. } => ("jobs listed", About::Count(entries.len())),
        Msg::Balance { .. } => ("balance", none),
        Msg::Found { entries, .. } => ("found", About::Count(entries.len())),
        Msg::Poster { picture, .. } if picture.is_ok() => ("poster", none),
        Msg::Poster { .. } => ("no poster", none),
        Msg::Film { reel, .. } => ("frames of reel", About::Count(*reel)),
        Msg::Overlay { .. } => ("overlay", none),
        Msg::Story { story, .. } => ("story", About::Job(story.entry.job.id)),
        Msg::Marked(stored) if stored.is_ok() => ("mark stored", none),
        Msg::Marked(_) => ("mark not stored", none),
        Msg::Submitted(id) => ("submitted", About::Job(*id)),
        Msg::Objected(objected) => ("objections", About::Count(objected.objections.len())),
        Msg::Image { image, .. } if image.is_ok() => ("image", none),
        Msg::Image { .. } => ("no image", none),
        Msg::Images { .. } => ("images listed", none),
        Msg::Written { .. } => ("file written", none),
        Msg::Edited(text) if text.is_ok() => ("edited", none),
        Msg::Edited(_) => ("not edited", none),
        Msg::Nowhere { .. } => ("clip shown nowhere", none),
        Msg::Sendable(_) => ("clip to be sent", none),
        Msg::NoBrowser { .. } => ("no browser", none),
        Msg::Say(_) => ("say", none),
        Msg::Complain(_) => ("complain", none),
        Msg::NotSaved(_) => ("not saved", none),
        Msg::Note(_) => ("note", none),
    }
}

/// What makes a character a command, which is no text.
const COMMANDS: KeyModifiers = KeyModifiers::CONTROL.union(KeyModifiers::ALT);

fn terminal_of(effect: &Terminal) -> &'static str {
    match effect {
        Terminal::Editor(_) => "  -> editor",
        Terminal::AskTaken => "  -> ask whether the frame is there",
        Terminal::Ask(_) => "  -> ask the terminal",
        Terminal::Hand(_) => "  -> hand over a clip",
        Terminal::Copy(_) => "  -> copy",
        Terminal::Notify(_) => "  -> notify",
        Terminal::Title(_) => "  -> title",
        Terminal::Mouse(_) => "  -> mouse",
        Terminal::Redraw => "  -> redraw",
        Terminal::Suspend => "  -> suspend",
        Terminal::Quit => "  -> quit",
    }
}

fn write_of(effect: &Write) -> (&'static str, About) {
    match effect {
        Write::Submit { .. } => ("  -> submit", About::Nothing),
        Write::Cancel(id) => ("  -> cancel", About::Job(*id)),
        Write::Release { id, .. } => ("  -> release", About::Job(*id)),
        Write::Close(id) => ("  -> close", About::Job(*id)),
        Write::Mark(id, Marking::Star(_)) => ("  -> star", About::Job(*id)),
        Write::Mark(id, Marking::Win { .. }) => ("  -> win", About::Job(*id)),
        Write::Mark(id, Marking::Note(_)) => ("  -> note", About::Job(*id)),
        Write::Save(_) => ("  -> save", About::Nothing),
    }
}

fn load_of(effect: &Load) -> (&'static str, About) {
    let none = About::Nothing;
    match effect {
        Load::Jobs(_) => ("  -> list the jobs", none),
        Load::Story(_, id) => ("  -> story", About::Job(*id)),
        Load::Search { .. } => ("  -> search", none),
        Load::Images { .. } => ("  -> list images", none),
        Load::Film { paths, .. } => ("  -> film, clips", About::Count(paths.len())),
        Load::NoFilm(_) => ("  -> no film", none),
        Load::Overlay { .. } => ("  -> overlay", none),
        Load::Poster { .. } => ("  -> poster", none),
        Load::Image { .. } => ("  -> read an image", none),
        Load::Balance(_) => ("  -> balance", none),
        Load::LookUp(id) => ("  -> look up", About::Job(*id)),
        Load::Browse(_) => ("  -> browse", none),
        Load::Open(_) => ("  -> open", none),
        Load::Frame { id, .. } => ("  -> frame", About::Job(*id)),
        Load::Send(_) => ("  -> send", none),
        Load::Report => ("  -> report", none),
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Key(code, modifiers) if modifiers.is_empty() => write!(f, " {code}"),
            Self::Key(code, modifiers) => write!(f, " {modifiers}+{code}"),
            Self::Job(id) => write!(f, " {id}"),
            Self::Count(count) => write!(f, " {count}"),
            Self::Size(columns, rows) => write!(f, " {columns}x{rows}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::effect::Generation;
    use super::super::term::press::Press;
    use super::*;
    use crate::domain::sample::noon;

    #[test]
    fn a_report_has_what_happened_and_nothing_that_was_written() {
        let key = |code, modifiers| {
            came(&Msg::Key(Press::from(crossterm::event::KeyEvent::new(code, modifiers))), noon());
        };
        for letter in "geheim".chars() {
            key(KeyCode::Char(letter), KeyModifiers::NONE);
        }
        key(KeyCode::F(5), KeyModifiers::NONE);
        key(KeyCode::Char('e'), KeyModifiers::CONTROL);
        came(&Msg::Paste("sk-geheim".to_owned()), noon());
        came(&Msg::Complain("geheim".to_owned()), noon());
        let load = Load::Images { generation: Generation::default(), text: "~/geheim".to_owned() };
        wanted(&Effect::Load(load), noon());
        wanted(&Effect::Terminal(Terminal::Copy("geheim".to_owned())), noon());
        let text = told();
        assert!(!text.contains("geheim") && !text.contains(" g"), "{text}");
        for said in ["key: a character", "key F5", "key Control+e", "paste, bytes 9", "-> copy"] {
            assert!(text.contains(said), "{said} in\n{text}");
        }
        (0..2 * KEPT).for_each(|_| came(&Msg::Tick, noon()));
        assert_eq!(told().lines().count(), KEPT, "bounded");
    }
}
