//! Two clips side by side, to decide between them: which two, and which is the better one.
//!
//! A comparison lies over both views and leaves them as they are. The player has two reels then, found by their
//! paths, so that swapping the sides touches nothing that is being decoded; its clock and steps are those of the
//! longer clip.

use std::path::PathBuf;

use super::app::{App, Around, Entry, Pane, View};
use super::commands::focus;
use super::compare_view;
use super::effect::{Effect, Load, Marking};
use super::jobs_view::title;
use super::poster::Poster;
use super::word_diff::{self, Run};
use crate::domain::job::{Job, JobId, Output};
use crate::media::picture::Picture;
use crate::words;

const NO_CLIP: &str = "it has no clip yet, so there is nothing to compare";

/// Two clips that are compared.
#[derive(Debug)]
pub struct Compare {
    /// The left one and the right one.
    pub sides: [Side; 2],
    /// What was changed between their prompts, from left to right.
    pub diff: Vec<Run>,
    /// How many lines of the words below the pictures are above the top.
    pub scroll: usize,
    /// Whether a frame was stepped to, which is then shown also where the link is too slow for motion.
    pub stepped: bool,
    /// The better one, and whether it was starred before that was said.
    picked: Option<(usize, bool)>,
}

/// One of the two.
#[derive(Debug)]
pub struct Side {
    /// The job.
    pub entry: Entry,
    /// Which of its saved results, counted from zero, and how many there are.
    pub result: (usize, usize),
    /// Whether the service flagged that result.
    pub flagged: bool,
    /// That result's seed.
    pub seed: Option<u64>,
    /// That result's clip.
    pub path: PathBuf,
    /// What is shown of the clip while nothing plays.
    pub still: Option<Still>,
}

/// A picture that stands for a clip.
#[derive(Debug)]
pub struct Still {
    wanted: Wanted,
    /// The picture.
    pub picture: Poster,
}

/// Which picture is wanted where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whether it is the contact sheet, and not the poster.
    pub is_sheet: bool,
    /// The most pixels across and down.
    pub max_px: (u32, u32),
}

impl Side {
    /// With the result in front; `None` if the job has no file.
    fn new(app: &Around, entry: &Entry) -> Option<Self> {
        Self::of(app, entry, app.front(&entry.job).0)
    }

    fn of(app: &Around, entry: &Entry, at: usize) -> Option<Self> {
        let saved: Vec<&Output> =
            entry.job.outputs.iter().filter(|output| output.file.is_some()).collect();
        let output = saved.get(at)?;
        Some(Self {
            result: (at, saved.len()),
            flagged: output.flagged,
            seed: output.seed.or_else(|| entry.job.seed()),
            path: app.data_dir.join(&output.file.as_ref()?.path),
            entry: entry.clone(),
            still: None,
        })
    }
}

impl Compare {
    fn new(sides: [Side; 2]) -> Self {
        let mut compare = Self { sides, diff: Vec::new(), scroll: 0, stepped: false, picked: None };
        compare.changed();
        compare
    }

    /// Finds what was changed between the prompts: once a pair, since it takes longer than drawing it.
    fn changed(&mut self) {
        let [old, new] = [0, 1].map(|side| &self.sides[side].entry.job.request.prompt);
        self.diff = word_diff::runs(old, new);
        self.scroll = 0;
    }

    /// Whether `side` was said to be the better one.
    pub fn is_better(&self, side: usize) -> bool {
        self.picked.is_some_and(|(better, _)| better == side)
    }

    /// The better one; the left one before that is said.
    pub fn better(&self) -> &Entry {
        &self.sides[usize::from(self.is_better(1))].entry
    }
}

/// Marks `job` for the next comparison, or takes the mark away.
pub(super) fn mark(app: &mut App, job: &Job) {
    let this = Some((job.id, app.front(job).0));
    if app.marked == this {
        app.marked = None;
        return app.say("no longer marked", false);
    }
    if job.files().next().is_none() {
        return app.say(NO_CLIP, false);
    }
    app.marked = this;
    app.say("marked: c on another one compares the two", false);
}

/// Compares `entry` with the marked job, or else its closest relative, or else the next older clip. Within a
/// comparison it ends that.
pub(super) fn open(app: &mut App, entry: &Entry) -> Vec<Effect> {
    if app.compare.is_some() {
        return close(app);
    }
    let Some(right) = Side::new(app, entry) else {
        app.say(NO_CLIP, false);
        return Vec::new();
    };
    if app.marked == Some((entry.job.id, app.front(&entry.job).0)) {
        app.say("this is the marked one: c on another one compares the two", false);
        return Vec::new();
    }
    let Some(left) = partner(app, &entry.job) else {
        app.say("there is no other clip to compare it with", false);
        return Vec::new();
    };
    // Below it must be nothing that takes text.
    if app.view == View::Studio && app.pane != Pane::Preview {
        focus(app, Pane::Jobs);
    }
    app.zoomed = false;
    // That one was marked needs no more saying, and the keys are seen at once.
    app.toast = None;
    // The older one stands at the left: changes are read from left to right.
    let mut sides = [left, right];
    sides.sort_by_key(|side| (side.entry.job.id, side.result));
    app.compare = Some(Compare::new(sides));
    Vec::new()
}

/// What `job` is compared with.
fn partner(app: &Around, job: &Job) -> Option<Side> {
    let known = app.known();
    let of = |id: JobId| known.iter().find(|entry| entry.job.id == id).copied();
    let marked = app.marked.and_then(|(id, at)| Side::of(app, of(id)?, at));
    if marked.is_some() {
        return marked;
    }
    // The shot before has nothing but a frame in common with it.
    let parent = job.parent.filter(|_| !job.is_next_shot()).and_then(|parent| of(parent.job));
    let is_child =
        |one: &Job| one.parent.is_some_and(|parent| parent.job == job.id) && !one.is_next_shot();
    let children = known.iter().copied().filter(|entry| is_child(&entry.job));
    let older = known.iter().copied().filter(|entry| entry.job.id < job.id);
    let newer = known.iter().rev().copied().filter(|entry| entry.job.id > job.id);
    let mut all = parent.into_iter().chain(children).chain(older).chain(newer);
    all.find_map(|entry| Side::new(app, entry))
}

/// Goes back to what was there before.
pub(super) fn close(app: &mut App) -> Vec<Effect> {
    app.compare = None;
    app.player = None;
    vec![Effect::Load(Load::NoFilm(app.films.next()))]
}

/// Says that `side` is the better one; the same once more takes that back.
pub(super) fn pick(app: &mut App, side: usize) -> Vec<Effect> {
    let Some(compare) = &mut app.compare else { return Vec::new() };
    let before = compare.picked.take();
    let ids = [0, 1].map(|side| compare.sides[side].entry.job.id);
    let mut effects = Vec::new();
    if let Some((better, was_starred)) = before {
        effects.push(app.mark(ids[better], Marking::Win { won: false, starred: was_starred }));
    }
    let word = ["left", "right"][side];
    let said = if before.is_some_and(|(better, _)| better == side) {
        format!("the {word} one is no longer the better one")
    } else {
        let was_starred = app.compare.as_ref().is_some_and(|it| it.sides[side].entry.mark.starred);
        effects.push(app.mark(ids[side], Marking::Win { won: true, starred: true }));
        let Some(compare) = &mut app.compare else { return effects };
        compare.picked = Some((side, was_starred));
        let better = &compare.sides[side];
        let (at, _) = better.result;
        let stars = words::stars(&better.entry.mark).unwrap_or_default();
        // What is done with it from here on is about this result.
        app.fronts.bring(ids[side], at);
        format!("the {word} one is the better one: {stars}; n brings the next pair")
    };
    app.say(said, false);
    effects
}

/// The left one goes to the right, and the right one to the left.
pub(super) fn swap(app: &mut App) {
    if let Some(compare) = &mut app.compare {
        compare.sides.swap(0, 1);
        compare.picked = compare.picked.map(|(side, was_starred)| (1 - side, was_starred));
        compare.changed();
    }
}

/// The better one stays where it is, or else the left one; in the other's place comes the next older clip.
pub(super) fn next(app: &mut App) {
    let Some(compare) = &app.compare else { return };
    let stays = usize::from(compare.is_better(1));
    let [stayer, leaver] = [stays, 1 - stays].map(|side| compare.sides[side].entry.job.id);
    let known = app.known();
    let mut older = known.iter().filter(|one| one.job.id < leaver && one.job.id != stayer);
    let Some(side) = older.find_map(|entry| Side::new(app, entry)) else {
        return app.say("no older clip is listed: this is the last pair", false);
    };
    let said = format!("next: {}", title(&app.catalog, &side.entry.job));
    if let Some(compare) = &mut app.compare {
        compare.sides[1 - stays] = side;
        (compare.picked, compare.stepped) = (None, false);
        compare.changed();
    }
    app.say(said, false);
}

/// Takes in what was read anew of the two.
pub(super) fn refresh(compare: &mut Option<Compare>, entries: &[Entry]) {
    for side in compare.iter_mut().flat_map(|compare| &mut compare.sides) {
        if let Some(entry) = entries.iter().find(|entry| entry.job.id == side.entry.job.id) {
            side.entry = entry.clone();
        }
    }
}

/// Asks for the pictures that stand for the clips while nothing plays.
pub(super) fn want_stills(app: &mut App, effects: &mut Vec<Effect>) {
    if app.compare.is_none() {
        return;
    }
    let Some(places) = compare_view::places(&app.seen()) else { return };
    let wanted = places.pictures.map(compare_view::wanted);
    let Some(compare) = &mut app.compare else { return };
    for (side, wanted) in compare.sides.iter_mut().zip(wanted) {
        if side.still.as_ref().is_some_and(|still| still.wanted == wanted) {
            continue;
        }
        // What is there is shown until the other has come.
        let before = side.still.take().map(|still| still.picture);
        let there = before.filter(|picture| matches!(picture, Poster::There(_)));
        side.still = Some(Still { wanted, picture: there.unwrap_or(Poster::Coming) });
        let (path, Wanted { is_sheet, max_px }) = (side.path.clone(), wanted);
        effects.push(Effect::Load(Load::Poster { path, sheet: is_sheet, max_px }));
    }
}

/// A poster or a contact sheet of the clip at `path` has come, or none.
pub(super) fn take_still(
    app: &mut App,
    path: &PathBuf,
    is_sheet: bool,
    picture: &Result<Picture, String>,
) {
    if app.compare.is_none() {
        return;
    }
    let Some(compare) = &mut app.compare else { return };
    for side in compare.sides.iter_mut().filter(|side| side.path == *path) {
        if let Some(still) = side.still.as_mut().filter(|still| still.wanted.is_sheet == is_sheet) {
            still.picture = picture.clone().into();
        }
    }
}
