//! Rows that this version can't read: left where they are, named once, and no hindrance to all others. A newer
//! version may have written them, or the disk have turned a bit.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rusqlite::Row;

use super::Store;
use crate::domain::text::one_line;

/// The most jobs whose rows are named.
const MAX_NAMED: usize = 1000;
/// How much is told of what is wrong with one.
const MAX_CHARS: usize = 160;

/// The jobs of such rows.
#[derive(Debug, Default)]
pub(super) struct LeftAside(RefCell<Found>);

#[derive(Debug, Default)]
struct Found {
    named: BTreeSet<String>,
    /// Those that were not told yet, with what is wrong with each.
    untold: Vec<(String, String)>,
}

impl LeftAside {
    pub(super) fn add(&self, id: &str, what: &str) {
        let mut found = self.0.borrow_mut();
        let id = one_line(id, MAX_CHARS);
        if found.named.len() < MAX_NAMED && found.named.insert(id.clone()) {
            found.untold.push((id, one_line(what, MAX_CHARS)));
        }
    }
}

impl Store {
    /// What was left aside since the last time, in a sentence; each row is told of once.
    pub fn left_aside(&self) -> Option<String> {
        let untold = std::mem::take(&mut self.left_aside.0.borrow_mut().untold);
        let (id, what) = untold.first()?;
        let jobs = match untold.len() {
            1 => format!("job {id} in {} can't be read ({what})", self.path.display()),
            many => format!(
                "{many} jobs in {} can't be read, {id} ({what}) and others",
                self.path.display()
            ),
        };
        Some(format!(
            "{jobs}; nothing was changed there, and everything else goes on. A newer version of Rushes reads what \
             it wrote; else `rushes doctor --repair` brings back what can be read"
        ))
    }
}

/// A text of `row`, also where a bit of it was turned. It is not cleaned yet.
pub(super) fn text(row: &Row<'_>, index: usize) -> rusqlite::Result<String> {
    let bytes = row.get_ref(index)?.as_bytes().unwrap_or_default();
    Ok(String::from_utf8_lossy(bytes).into_owned())
}
