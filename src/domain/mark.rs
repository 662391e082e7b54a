//! What the user puts on a job. It is no part of what happened to it.
//!
//! A win is a star and a count (`Mark`), and no list of who met whom: what it was against is in nobody's way a year
//! later.

/// A star, a note, and how often the job was the better one of two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Whether the job is starred.
    pub starred: bool,
    /// The note; empty where there is none.
    pub note: String,
    /// How many comparisons it won.
    pub wins: u32,
}
