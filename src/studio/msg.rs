//! What reaches the studio, and what it wants done. The studio itself waits for nothing.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::MouseEvent;
use jiff::Timestamp;

use super::app::{Entry, Live, Saved};
use super::dialog::JobStory;
use super::images::Wanted;
use super::keyboard::Reply;
use super::overlay::Overlay;
use super::presses::Press;
use crate::domain::catalog::{Catalog, Model, ModelId};
use crate::domain::consent::{Consent, Objection};
use crate::domain::cost::Estimate;
use crate::domain::job::{JobError, JobId, Parent};
use crate::domain::ledger::{Limits, Sums};
use crate::domain::money::MicroUsd;
use crate::domain::query::HistoryQuery;
use crate::domain::request::{FrameImage, GenerationRequest, Options};
use crate::domain::wait::Stuck;
use crate::media::film::Part;
use crate::media::picture::Picture;
use crate::words::images::{Between, Images};
use crate::words::shell::CopyFrom;

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Press),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has another size: columns and rows.
    Resize(u16, u16),
    /// The terminal got the focus, or lost it.
    Focus(bool),
    /// The terminal answers.
    Reply(Reply),
    /// A question that pays was drawn.
    Drawn,
    /// A deadline of something visible has come.
    Tick,
    /// The workspace is open.
    Opened(Box<Opened>),
    /// The live jobs changed.
    Lives {
        /// Rises with every change that was stored.
        version: u64,
        /// Whether this process drives them.
        driving: bool,
        /// The jobs.
        lives: Vec<Live>,
        /// What keeps all of them from going on.
        stuck: Option<Stuck>,
        /// Providers that do not answer, and why.
        troubles: Vec<(String, JobError)>,
    },
    /// The jobs of the list, newest first.
    Jobs(Vec<Entry>),
    /// What the jobs of the last day were charged, by provider.
    Spent(Vec<(String, Sums)>),
    /// What the account at a provider holds, where it tells.
    Balance {
        /// The provider.
        provider: String,
        /// The balance.
        left: Option<MicroUsd>,
    },
    /// What a search found.
    Found {
        /// The search's number; an older one is stale.
        generation: u64,
        /// The jobs, newest first.
        entries: Vec<Entry>,
    },
    /// The poster of a clip, or why there is none.
    Poster {
        /// The clip.
        path: PathBuf,
        /// Whether it is the contact sheet.
        sheet: bool,
        /// The picture.
        picture: Result<Picture, String>,
    },
    /// Frames of a clip that is played.
    Film {
        /// The film's number; an older one is stale.
        generation: u64,
        /// Which of its clips.
        reel: usize,
        /// What was decoded.
        part: Part,
    },
    /// A picture in the terminal's own form was made, or can't be.
    Overlay {
        /// Its number; an older one is stale.
        generation: u64,
        /// The picture.
        overlay: Option<Overlay>,
    },
    /// Everything about a job.
    Story(Box<JobStory>),
    /// A job was stored and will be sent.
    Submitted(JobId),
    /// Nothing was stored: what the user agreed to does not hold, or not any more.
    Objected(Box<Objected>),
    /// An image was read, or could not be.
    Image {
        /// Whether it is the first frame.
        first: bool,
        /// What was asked for.
        text: String,
        /// The image.
        image: Result<FrameImage, String>,
    },
    /// The images and folders that a half-written path can go on with.
    Images {
        /// The listing's number; an older one is stale.
        generation: u64,
        /// The paths, or why the folder can't be listed.
        listed: Result<Vec<String>, String>,
    },
    /// A frame was written to this file.
    Exported(PathBuf),
    /// The prompt came back from the user's editor.
    Edited(Result<String, String>),
    /// A clip could not be shown here.
    Nowhere {
        /// The clip.
        path: PathBuf,
        /// Why not.
        reason: String,
        /// More lines that can be copied: a word, and what is copied.
        links: Vec<(&'static str, String)>,
    },
    /// A clip is ready to be sent through the terminal, or can't be.
    Sendable(Result<Vec<u8>, String>),
    /// A page could not be shown here.
    NoBrowser {
        /// Its address.
        url: String,
        /// Why not.
        reason: String,
    },
    /// Something to tell for a while.
    Say(String),
    /// Something that went wrong, to tell for a while longer.
    Complain(String),
    /// The prompt could not be saved, as a sentence.
    NotSaved(String),
    /// What is to be said about the data folder, in sentences.
    Note(String),
}

/// A request that was not stored, or not released, and what it was held against.
#[derive(Debug)]
pub struct Objected {
    /// What to render.
    pub request: GenerationRequest,
    /// What it descends from.
    pub parent: Option<Parent>,
    /// The held job that it is; none where it is a new one.
    pub held: Option<JobId>,
    /// The price that was shown.
    pub price: Estimate,
    /// What speaks against it.
    pub objections: Vec<Objection>,
    /// Its model as the catalog has it now; none where it is gone.
    pub model: Option<Model>,
    /// The limits as they are now.
    pub limits: Limits,
}

/// What is known once the workspace is open.
#[derive(Debug)]
pub struct Opened {
    /// The models.
    pub catalog: Arc<Catalog>,
    /// The config's model.
    pub model: Option<ModelId>,
    /// What the config says for what is not chosen.
    pub defaults: Options,
    /// What was wrong with the user's files.
    pub problems: Vec<String>,
    /// What the last studio left.
    pub saved: Option<Saved>,
    /// The data folder, for paths.
    pub data_dir: PathBuf,
    /// How the user fetches files from here.
    pub copy_from: CopyFrom,
    /// Where the user comes from: the address of the SSH client, or `here`.
    pub from_place: String,
    /// Providers whose key is set, and where.
    pub keys: Vec<(String, String)>,
    /// The profile that was chosen.
    pub profile: Option<String>,
    /// What may be spent without being asked.
    pub limits: Limits,
    /// The keys of the config.
    pub keymap: super::keymap::Tables,
    /// The config's theme: its name, and its file's text where it is no built-in one.
    pub theme: Option<(String, Option<String>)>,
    /// How pictures are drawn.
    pub images: Images,
    /// What lies between here and the terminal.
    pub between: Between,
    /// Whether nothing may move by itself.
    pub still: bool,
    /// Whether the mouse is left to the terminal.
    pub no_mouse: bool,
}

/// Something to do outside.
#[derive(Debug, PartialEq)]
pub enum Effect {
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
    /// Ask the provider of a job in doubt whether it has it.
    LookUp(JobId),
    /// Close a job in doubt.
    Close(JobId),
    /// Open a page in the system's browser.
    Browse(String),
    /// Read the list of jobs again.
    LoadJobs,
    /// Ask a provider what its account holds.
    LoadBalance(String),
    /// Search.
    Search {
        /// The search's number.
        generation: u64,
        /// The query.
        query: HistoryQuery,
        /// How many to find at most.
        limit: usize,
    },
    /// Read everything about a job.
    LoadStory(JobId),
    /// Decode a poster.
    LoadPoster {
        /// The clip.
        path: PathBuf,
        /// Whether its contact sheet is wanted.
        sheet: bool,
        /// The most columns and rows of half blocks that it will be drawn with, in pixels.
        max_px: (u32, u32),
    },
    /// Decode all frames of clips.
    LoadFilm {
        /// The film's number.
        generation: u64,
        /// The clips.
        paths: Vec<PathBuf>,
        /// The most pixels across and down that a frame will be drawn with.
        max_px: (u32, u32),
    },
    /// No frames are wanted any more.
    DropFilm,
    /// Ask the terminal to say when it has taken in the next frame.
    AskTaken,
    /// Make a picture in the terminal's own form.
    LoadOverlay {
        /// Its number.
        generation: u64,
        /// The picture.
        wanted: Wanted,
    },
    /// Ask the terminal what it can show.
    Ask(Vec<u8>),
    /// Star a job, or take the star away.
    Star(JobId, bool),
    /// Count a comparison that a job won, or take one back.
    Win {
        /// The job.
        id: JobId,
        /// Whether it won.
        won: bool,
        /// Whether it is starred then.
        starred: bool,
    },
    /// Keep a note.
    Note(JobId, String),
    /// Keep what must outlive the program.
    Save(Box<Saved>),
    /// List the images and folders that `text` can go on with.
    ListImages {
        /// The listing's number.
        generation: u64,
        /// The half-written path.
        text: String,
    },
    /// Read an image.
    ReadImage {
        /// Whether it is the first frame.
        first: bool,
        /// Its path or address.
        text: String,
    },
    /// Let the user's editor have the prompt.
    Editor(String),
    /// Open a clip.
    Open(PathBuf),
    /// Write one frame of a clip as a PNG file, in the clip's full size.
    ExportFrame {
        /// The job.
        id: JobId,
        /// Its clip.
        path: PathBuf,
        /// How far into the clip; none is the frame of its poster.
        at_ms: Option<u64>,
    },
    /// Get a clip ready to be sent through the terminal.
    Send(PathBuf),
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

/// The time, as it comes with a message.
pub type Now = Timestamp;
