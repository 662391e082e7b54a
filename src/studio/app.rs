//! The studio's state: panes as plain fields. Only `update` changes it (law 5).

use std::collections::HashSet;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::{SignedDuration, Timestamp};

use super::asked::Asked;
use super::compare::Compare;
use super::dialog::Dialog;
use super::effect::Generation;
use super::history::History;
use super::images::Images;
use super::keymap::{Keymap, Meaning, Pending, Place};
use super::layout::{self, Spot};
use super::player::Player;
use super::poster::Poster;
use super::presses::Presses;
use super::prompt::Prompt;
use super::results::Fronts;
use super::saved::Saved;
use super::settings::Settings;
use super::term::pen::Depth;
use super::theme::Theme;
use super::ways::Ways;
use crate::domain::catalog::Catalog;
use crate::domain::job::{Job, JobError, JobId, JobState, Relation};
use crate::domain::ledger::{Limits, Sums};
use crate::domain::mark::Mark;
use crate::domain::money::MicroUsd;
use crate::domain::wait::{Stuck, Wait};
use crate::words::shell::CopyFrom;

/// A pane of the studio view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The prompt editor.
    #[default]
    Prompt,
    /// The form.
    Settings,
    /// The jobs.
    Jobs,
    /// The preview.
    Preview,
}

impl Pane {
    /// Every pane, in the order of Tab.
    pub const ALL: [Self; 4] = [Self::Prompt, Self::Settings, Self::Jobs, Self::Preview];
}

/// A view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The four panes.
    #[default]
    Studio,
    /// All jobs ever.
    History,
}

/// A job with what the user put on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The job.
    pub job: Job,
    /// The star, the note, the wins.
    pub mark: Mark,
}

/// A live job with what is not stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// The job.
    pub job: Job,
    /// How far the provider says it is.
    pub percent: Option<u8>,
    /// Bytes saved, and of how many.
    pub saving: Option<(u64, Option<u64>)>,
    /// When it should be done, where that is known.
    pub expected_end: Option<Timestamp>,
    /// When the provider is asked next, where that is known.
    pub next_poll: Option<Timestamp>,
    /// Why it has not been sent yet, or its request not left.
    pub wait: Option<Wait>,
}

/// Something told for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    /// The words.
    pub text: String,
    /// Whether something went wrong.
    pub bad: bool,
    /// Until when.
    pub until: Timestamp,
}

/// Everything that decides what is drawn and what a key means: the prompt, and what is around it.
///
/// A key that is typed changes the prompt alone. So that the rest need not be drawn again for it, every change
/// around the prompt is counted: whoever borrows that part mutably raises `turn`.
#[derive(Debug)]
pub struct App {
    /// The time of the last message.
    pub now: Timestamp,
    /// The prompt.
    pub prompt: Prompt,
    /// What is to be saved, and since when it waits.
    pub unsaved_since: Option<Timestamp>,
    /// What the last key may do.
    pub presses: Presses,
    /// What is under way outside.
    pub asked: Asked,
    /// The first key of a chord that was pressed.
    pending: Pending,
    around: Around,
    turn: u64,
}

impl Deref for App {
    type Target = Around;

    fn deref(&self) -> &Around {
        &self.around
    }
}

impl DerefMut for App {
    fn deref_mut(&mut self) -> &mut Around {
        self.turn += 1;
        &mut self.around
    }
}

/// What tells two looks of the panes around the prompt apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    turn: u64,
    second: i64,
}

/// What the panes around the prompt are drawn from. They are given nothing else, so that as long as the
/// [`Look`] is the same, so are they.
pub struct Seen<'a> {
    around: &'a Around,
    /// The time in whole seconds.
    pub now: Timestamp,
}

impl Deref for Seen<'_> {
    type Target = Around;

    fn deref(&self) -> &Around {
        self.around
    }
}

/// Everything around the prompt.
#[derive(Debug)]
pub struct Around {
    /// The terminal's columns and rows.
    pub size: (u16, u16),
    /// Whether the terminal has the focus.
    pub in_front: bool,
    /// The view.
    pub view: View,
    /// The pane with the focus.
    pub pane: Pane,
    /// The models.
    pub catalog: Arc<Catalog>,
    /// The form.
    pub settings: Settings,
    /// The jobs of the list, newest first.
    pub jobs: Vec<Entry>,
    /// The chosen job of the list.
    pub chosen: usize,
    /// What the live ones do.
    pub lives: Vec<Live>,
    /// Whether this process drives them.
    pub driving: bool,
    /// The last version that was seen.
    pub version: Option<u64>,
    /// What the jobs of the last 24 hours mean for the money, by provider.
    pub spent: Vec<(String, Sums)>,
    /// What may be spent without being asked.
    pub limits: Limits,
    /// Providers that do not answer.
    pub troubles: Vec<(String, JobError)>,
    /// What keeps all jobs from going on.
    pub stuck: Option<Stuck>,
    /// The history.
    pub history: History,
    /// What plays, or did.
    pub player: Option<Player>,
    /// How many films were asked for.
    pub films: Generation,
    /// Whether the clip has the whole terminal.
    pub zoomed: bool,
    /// Two clips side by side, over everything else.
    pub compare: Option<Compare>,
    /// The job that the next comparison is with, and which of its results.
    pub marked: Option<(JobId, usize)>,
    /// Which results are in front.
    pub fronts: Fronts,
    /// How many colours the terminal has.
    pub depth: Depth,
    /// Whether the terminal is at the far end of a link.
    pub far: bool,
    /// The poster of the clip that was looked at last.
    pub poster: Option<(PathBuf, Poster)>,
    /// Whether the preview shows contact sheets in place of posters.
    pub sheet: bool,
    /// What the terminal can show beyond half blocks.
    pub images: Images,
    /// What lies over the panes.
    pub dialog: Option<Dialog>,
    /// What is told for a while.
    pub toast: Option<Toast>,
    /// The keys.
    pub keymap: Keymap,
    /// The colours.
    pub theme: Theme,
    /// The theme's name.
    pub theme_name: String,
    /// Whether nothing may move by itself.
    pub still: bool,
    /// Whether the mouse is the studio's.
    pub mouse: bool,
    /// Whether the first hint was understood.
    pub knows: bool,
    /// Whether the workspace is open.
    pub open: bool,
    /// Where the data is.
    pub data_dir: PathBuf,
    /// How the user fetches files from here.
    pub copy_from: CopyFrom,
    /// How they did so last.
    pub ways: Ways,
    /// Providers whose key is set, and where.
    pub keys: Vec<(String, String)>,
    /// The profile that was chosen.
    pub profile: Option<String>,
    /// What the accounts of the providers hold that were asked; none where it is not known.
    pub balances: Vec<(String, Option<MicroUsd>)>,
    /// When Ctrl+C was pressed last.
    pub interrupted_at: Option<Timestamp>,
    /// A job that was just submitted, to be chosen once it is listed.
    pub awaited: Option<JobId>,
    /// When the last studio was left, until it was told what happened since.
    pub left_at: Option<Timestamp>,
    /// What the next submit descends from, and what it looked like.
    pub parent: Option<JobId>,
}

impl App {
    /// A studio with nothing in it, ready to be drawn.
    pub fn new(now: Timestamp, keymap: Keymap, theme: Theme, theme_name: String) -> Self {
        let around = Around {
            size: (80, 24),
            in_front: true,
            view: View::default(),
            pane: Pane::default(),
            catalog: Arc::new(Catalog::load(&[]).0),
            settings: Settings::default(),
            jobs: Vec::new(),
            chosen: 0,
            lives: Vec::new(),
            driving: false,
            version: None,
            spent: Vec::new(),
            limits: Limits::default(),
            troubles: Vec::new(),
            stuck: None,
            history: History::default(),
            player: None,
            films: Generation::default(),
            zoomed: false,
            compare: None,
            marked: None,
            fronts: Fronts::default(),
            depth: Depth::True,
            far: false,
            poster: None,
            sheet: false,
            images: Images::default(),
            dialog: None,
            toast: None,
            keymap,
            theme,
            theme_name,
            still: false,
            mouse: true,
            knows: false,
            open: false,
            data_dir: PathBuf::new(),
            copy_from: CopyFrom::default(),
            ways: Ways::default(),
            keys: Vec::new(),
            profile: None,
            balances: Vec::new(),
            interrupted_at: None,
            awaited: None,
            left_at: None,
            parent: None,
        };
        Self {
            now,
            prompt: Prompt::default(),
            unsaved_since: None,
            presses: Presses::default(),
            asked: Asked::default(),
            pending: None,
            around,
            turn: 0,
        }
    }

    /// What a key means in `places`, after what was pressed before it.
    pub fn meaning(&mut self, event: KeyEvent, places: &[Place]) -> Meaning {
        self.around.keymap.meaning(&mut self.pending, event, places)
    }

    /// What the panes around the prompt are drawn from.
    pub fn seen(&self) -> Seen<'_> {
        let second = Timestamp::from_second(self.now.as_second());
        Seen { around: &self.around, now: second.unwrap_or(self.now) }
    }

    /// How the panes around the prompt look now.
    pub fn look(&self) -> Look {
        Look { turn: self.turn, second: self.now.as_second() }
    }

    /// What must outlive the program.
    pub fn take_saved(&mut self) -> Saved {
        Saved {
            prompt: self.prompt.saved(),
            chosen: self.settings.saved(),
            knows: self.knows,
            theme: self.theme_name.clone(),
            ways: self.ways.clone(),
            left_at: Some(self.now),
        }
    }

    /// Tells something for a while.
    pub fn say(&mut self, text: impl Into<String>, bad: bool) {
        let seconds = if bad { 12 } else { 4 };
        let until =
            self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        self.toast = Some(Toast { text: text.into(), bad, until });
    }

    /// Whether a live job is on the screen, with the time that it takes.
    fn shows_a_clock(&self) -> bool {
        let lists =
            |spot: &Spot| matches!(spot, Spot::Pane(Pane::Jobs | Pane::Preview) | Spot::Found);
        !self.lives.is_empty() && layout::panes(self).iter().any(|(spot, _)| lists(spot))
    }

    /// When something that is seen changes by itself: a running clock, a toast's end, a save.
    pub fn next_tick(&self) -> Option<Timestamp> {
        let second = self.now.checked_add(SignedDuration::from_secs(1)).ok();
        let clock = second.filter(|_| !self.still && self.shows_a_clock());
        let toast = self.toast.as_ref().map(|toast| toast.until);
        let pause = SignedDuration::from_millis(400);
        // Before the workspace is open there is nowhere to save to, so nothing to wake up for.
        let unsaved = self.unsaved_since.filter(|_| self.open);
        let save = unsaved.and_then(|since| since.checked_add(pause).ok());
        let frame = self.player.as_ref().and_then(|player| player.next_at(self.now));
        [clock, toast, save, frame].into_iter().flatten().min()
    }
}

impl Around {
    /// Whether keys are text now, or will be once the dialog above is closed.
    pub fn is_writing(&self) -> bool {
        self.view == View::Studio
            && self.pane == Pane::Prompt
            && !self.zoomed
            && self.compare.is_none()
    }

    /// Whether the preview has the keys.
    pub fn is_watching(&self) -> bool {
        self.zoomed
            || self.compare.is_some()
            || (self.view == View::Studio && self.pane == Pane::Preview)
    }

    /// Where keys count, the most special last.
    pub fn places(&self) -> &'static [Place] {
        if self.is_writing() {
            return &[Place::Everywhere, Place::Text];
        }
        if self.compare.is_some() {
            return &[Place::Everywhere, Place::Commands, Place::Job, Place::Compare];
        }
        let on_job = self.zoomed
            || self.view == View::History
            || matches!(self.pane, Pane::Jobs | Pane::Preview);
        if on_job {
            &[Place::Everywhere, Place::Commands, Place::Job]
        } else {
            &[Place::Everywhere, Place::Commands]
        }
    }

    /// The job that a command is about.
    pub fn entry(&self) -> Option<&Entry> {
        if let Some(compare) = &self.compare {
            return Some(compare.better());
        }
        match self.view {
            View::Studio => self.jobs.get(self.chosen),
            View::History => self.history.entries.get(self.history.chosen),
        }
    }

    /// Every job that was read, each once, the newest first.
    pub fn known(&self) -> Vec<&Entry> {
        let mut known: Vec<&Entry> = self.jobs.iter().chain(&self.history.entries).collect();
        known.sort_by_key(|entry| std::cmp::Reverse(entry.job.id));
        known.dedup_by_key(|entry| entry.job.id);
        known
    }

    /// What `job` does now, if it is live.
    pub fn live(&self, job: JobId) -> Option<&Live> {
        self.lives.iter().find(|live| live.job.id == job)
    }

    /// What the jobs of the last 24 hours were charged or may be: by services, and by the sandbox.
    pub fn spent(&self) -> (Sums, Sums) {
        let mut spent = (Sums::default(), Sums::default());
        for (provider, sums) in &self.spent {
            let is_play = self.catalog.provider(provider).is_some_and(|one| one.play_money);
            *(if is_play { &mut spent.1 } else { &mut spent.0 }) += *sums;
        }
        spent
    }
}

impl Seen<'_> {
    /// How many finished drafts can still be promoted.
    pub fn drafts_waiting(&self) -> usize {
        use crate::domain::promotion::Promotable;
        // Drawn with every frame, so the list is walked twice, not once for each of its jobs.
        let is_final = |entry: &Entry| {
            let parent = entry.job.parent?;
            let failed = entry.job.state.is_end() && entry.job.state != JobState::Succeeded;
            (parent.relation == Relation::Promote && !failed).then_some(parent.job)
        };
        let promoted: HashSet<JobId> = self.jobs.iter().filter_map(is_final).collect();
        let promotable = |entry: &&Entry| {
            let job = &entry.job;
            !promoted.contains(&job.id)
                && Promotable::of(job, self.catalog.model(&job.request.model), self.now).is_ok()
        };
        self.jobs.iter().filter(promotable).count()
    }
}

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;
