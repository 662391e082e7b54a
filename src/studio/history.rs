//! The history view's state: a query that is written, and what it found.

use super::app::Entry;
use super::line::Line;
use crate::domain::query::HistoryQuery;

/// The history.
#[derive(Debug, Default)]
pub struct History {
    /// The query.
    pub query: Line,
    /// Whether it is being written.
    pub writing: bool,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// What it found, newest first.
    pub entries: Vec<Entry>,
    /// The chosen one.
    pub chosen: usize,
    /// The number of the last search.
    pub generation: u64,
}

impl History {
    /// Begins a new search; none if the query can't be understood, which is then said beside it.
    pub fn search(&mut self) -> Option<(u64, HistoryQuery)> {
        match self.query.text().parse() {
            Ok(query) => {
                self.problem = None;
                self.generation += 1;
                Some((self.generation, query))
            }
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        }
    }

    /// Takes what a search found, unless a newer one was begun.
    pub fn take(&mut self, generation: u64, entries: Vec<Entry>) {
        if generation != self.generation {
            return;
        }
        let chosen = self.entries.get(self.chosen).map(|entry| entry.job.id);
        let same = entries.iter().position(|entry| Some(entry.job.id) == chosen);
        self.chosen = same.unwrap_or(0);
        self.entries = entries;
    }
}
