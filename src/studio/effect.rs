//! What the studio wants done, in three lanes. Each has its own order: the terminal is served at once, writes happen
//! one after the other, and of what is asked for, only the answer to the newest question counts.

use std::path::PathBuf;

use super::images::Wanted;
use super::saved::Saved;
use crate::domain::consent::Consent;
use crate::domain::job::{JobId, Parent};
use crate::domain::query::HistoryQuery;
use crate::domain::request::GenerationRequest;

/// Something to do outside.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Done by the loop itself, which owns the terminal, before it takes in anything else.
    Terminal(Terminal),
    /// Put behind the writes that wait.
    Write(Write),
    /// Begun at once, beside all others.
    Load(Load),
}

/// What the owner of the terminal does.
#[derive(Debug, PartialEq)]
pub enum Terminal {
    /// Let the user's editor have the prompt.
    Editor(String),
    /// Ask the terminal to say when it has taken in the next frame.
    AskTaken,
    /// Ask the terminal what it can show.
    Ask(Vec<u8>),
    /// Hand bytes to the terminal, which are no part of the picture.
    Hand(Vec<u8>),
    /// Copy to the terminal's clipboard.
    Copy(String),
    /// Tell the user by the terminal, since nobody looks.
    Notify(String),
    /// Set the window's title.
    Title(String),
    /// Take the mouse, or let the terminal have it.
    Mouse(bool),
    /// Paint everything again.
    Redraw,
    /// Suspend.
    Suspend,
    /// Leave.
    Quit,
}

/// What is stored. Writes are carried out in the order in which they were wanted, each when the one before is done.
#[derive(Debug, PartialEq)]
pub enum Write {
    /// Store a job and have it sent.
    Submit {
        /// What to render.
        request: Box<GenerationRequest>,
        /// What it descends from.
        parent: Option<Parent>,
        /// What the user saw and agreed to.
        consent: Box<Consent>,
    },
    /// Ask for a job to be stopped.
    Cancel(JobId),
    /// Have a held job sent.
    Release {
        /// The job.
        id: JobId,
        /// What the user saw and agreed to.
        consent: Box<Consent>,
    },
    /// Close a job in doubt.
    Close(JobId),
    /// Put something on a job that the user thinks of it.
    Mark(JobId, Marking),
    /// Keep what must outlive the program.
    Save(Box<Saved>),
}

/// What the user puts on a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Marking {
    /// A star, or none.
    Star(bool),
    /// A comparison that it won, or one that is taken back.
    Win {
        /// Whether it won.
        won: bool,
        /// Whether it is starred then.
        starred: bool,
    },
    /// A note in place of the one before.
    Note(String),
}

/// What is read, looked for, or started beside the studio.
#[derive(Debug, PartialEq)]
pub enum Load {
    /// Read the list of jobs again.
    Jobs(Generation),
    /// Read everything about a job.
    Story(Generation, JobId),
    /// Search.
    Search {
        /// The search's number.
        generation: Generation,
        /// The query.
        query: HistoryQuery,
        /// How many to find at most.
        limit: usize,
    },
    /// List the images and folders that `text` can go on with.
    Images {
        /// The listing's number.
        generation: Generation,
        /// The half-written path.
        text: String,
    },
    /// Decode all frames of clips.
    Film {
        /// The film's number.
        generation: Generation,
        /// The clips.
        paths: Vec<PathBuf>,
        /// The most pixels across and down that a frame will be drawn with.
        max_px: (u32, u32),
    },
    /// No frames are wanted any more.
    NoFilm(Generation),
    /// Make a picture in the terminal's own form.
    Overlay {
        /// Its number.
        generation: Generation,
        /// The picture.
        wanted: Wanted,
    },
    /// Decode a poster.
    Poster {
        /// The clip.
        path: PathBuf,
        /// Whether its contact sheet is wanted.
        sheet: bool,
        /// The most columns and rows of half blocks that it will be drawn with, in pixels.
        max_px: (u32, u32),
    },
    /// Read an image.
    Image {
        /// Whether it is the first frame.
        first: bool,
        /// Its path or address.
        text: String,
    },
    /// Ask a provider what its account holds.
    Balance(String),
    /// Ask the provider of a job in doubt whether it has it. No write waits for its answer.
    LookUp(JobId),
    /// Open a page in the system's browser.
    Browse(String),
    /// Open a clip.
    Open(PathBuf),
    /// Write one frame of a clip as a PNG file, in the clip's full size.
    Frame {
        /// The job.
        id: JobId,
        /// Its clip.
        path: PathBuf,
        /// How far into the clip; `None` for the frame of its poster.
        at_ms: Option<u64>,
    },
    /// Get a clip ready to be sent through the terminal.
    Send(PathBuf),
    /// Write down what happened last, for whoever helps.
    Report,
}

/// Tells questions of one kind apart: a newer one makes the older ones void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u64);

impl Generation {
    /// Begins the next one and returns it.
    pub fn next(&mut self) -> Self {
        self.0 += 1;
        *self
    }

    /// Its number, which rises.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for Generation {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// The kinds of questions of which only the newest is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The list of jobs.
    Jobs,
    /// Everything about a job.
    Story,
    /// A search.
    Search,
    /// Images that a path can go on with.
    Images,
    /// Frames.
    Film,
    /// A picture in the terminal's own form.
    Overlay,
}

impl Slot {
    /// How many there are.
    pub const COUNT: usize = Self::Overlay as usize + 1;
}

impl Load {
    /// Which older questions this one makes void; `None` where every answer counts, since it names what it is of.
    pub fn slot(&self) -> Option<(Slot, Generation)> {
        match self {
            Self::Jobs(generation) => Some((Slot::Jobs, *generation)),
            Self::Story(generation, _) => Some((Slot::Story, *generation)),
            Self::Search { generation, .. } => Some((Slot::Search, *generation)),
            Self::Images { generation, .. } => Some((Slot::Images, *generation)),
            Self::Film { generation, .. } | Self::NoFilm(generation) => {
                Some((Slot::Film, *generation))
            }
            Self::Overlay { generation, .. } => Some((Slot::Overlay, *generation)),
            Self::Poster { .. }
            | Self::Image { .. }
            | Self::Balance(_)
            | Self::LookUp(_)
            | Self::Browse(_)
            | Self::Open(_)
            | Self::Frame { .. }
            | Self::Send(_)
            | Self::Report => None,
        }
    }
}
