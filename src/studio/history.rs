//! The history view's state: a query that is written, and what it found.

use super::app::Entry;
use super::effect::Generation;
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
    /// Whether there are more than it shows.
    pub more: bool,
    /// The number of the last search.
    pub generation: Generation,
    /// How many are shown at most, in steps.
    steps: usize,
    /// The query of the last search, so that its repetition leaves the cursor where it is.
    searched: Option<String>,
    /// Whether what is found next is another query's.
    is_new: bool,
}

/// So many more are shown with each step down from the last one.
const STEP: usize = 500;

impl History {
    /// Begins a new search, with how many it is to find at most; `None` if the query can't be understood, which
    /// is then said beside it.
    pub fn search(&mut self) -> Option<(Generation, HistoryQuery, usize)> {
        let text = self.query.text();
        match text.parse() {
            Ok(query) => {
                if self.searched.as_deref() != Some(text) {
                    (self.steps, self.is_new) = (0, true);
                    self.searched = Some(text.to_owned());
                }
                self.problem = None;
                // One more than is shown tells whether there are more.
                Some((self.generation.next(), query, self.limit() + 1))
            }
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        }
    }

    /// Takes what a search found, unless a newer one was begun. The cursor goes to the first find of another
    /// query, and stays with its job otherwise.
    pub fn take(&mut self, generation: Generation, mut entries: Vec<Entry>) {
        if generation != self.generation {
            return;
        }
        self.more = entries.len() > self.limit();
        entries.truncate(self.limit());
        let chosen = self.entries.get(self.chosen).map(|entry| entry.job.id);
        let same = entries.iter().position(|entry| Some(entry.job.id) == chosen);
        self.chosen = same.filter(|_| !self.is_new).unwrap_or(0);
        self.is_new = false;
        self.entries = entries;
    }

    /// The cursor came to the last one that is shown: whether more are to be found.
    pub fn wants_more(&mut self) -> bool {
        let wants = self.more && self.chosen + 1 >= self.entries.len();
        if wants {
            self.steps += 1;
            self.more = false;
        }
        wants
    }

    fn limit(&self) -> usize {
        (self.steps + 1) * STEP
    }
}
