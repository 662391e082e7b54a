//! What reaches the studio, and what it wants done. The studio itself waits for nothing.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::MouseEvent;
use jiff::Timestamp;

use super::app::{Entry, Live};
use super::dialog::JobStory;
use super::effect::Generation;
use super::saved::Saved;
use super::term::keyboard::Reply;
use super::term::overlay::Overlay;
use super::term::press::Press;
use crate::domain::catalog::{Catalog, Model, ModelId};
use crate::domain::consent::Objection;
use crate::domain::cost::Estimate;
use crate::domain::job::{JobError, JobId, Parent};
use crate::domain::ledger::{Limits, Sums};
use crate::domain::money::MicroUsd;
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
    /// The shell asks the program to stop.
    Suspend,
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
    /// The list of jobs was read.
    Jobs {
        /// The list's number; an older one is stale.
        generation: Generation,
        /// The jobs, newest first.
        entries: Vec<Entry>,
        /// What the jobs of the last day were charged, by provider.
        spent: Vec<(String, Sums)>,
    },
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
        generation: Generation,
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
        generation: Generation,
        /// Which of its clips.
        reel: usize,
        /// What was decoded.
        part: Part,
    },
    /// A picture in the terminal's own form was made, or can't be.
    Overlay {
        /// Its number; an older one is stale.
        generation: Generation,
        /// The picture.
        overlay: Option<Overlay>,
    },
    /// Everything about a job.
    Story {
        /// Its number; an older one is stale.
        generation: Generation,
        /// All of it.
        story: Box<JobStory>,
    },
    /// What the user put on a job is stored, or why it is not.
    Marked(Result<(), String>),
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
        generation: Generation,
        /// The paths, or why the folder can't be listed.
        listed: Result<Vec<String>, String>,
    },
    /// A file was written.
    Written {
        /// What is in it, as in "the frame".
        what: &'static str,
        /// Its path.
        path: PathBuf,
    },
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

/// The time, as it comes with a message.
pub type Now = Timestamp;
