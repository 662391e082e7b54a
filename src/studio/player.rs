//! A clip, or two in sync, being played, stepped and sought in: a function of time and of what was decoded.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::effect::Generation;
use super::term::pace::{Pace, Rung};
use crate::media::film::{Film, Part};
use crate::media::picture::Picture;

/// How much of a clip must be there before it is played on after it had to be waited for.
const AHEAD_MS: u64 = 300;
/// After how long a frame that stands is shown in full over a slow link.
const REST: SignedDuration = SignedDuration::from_secs(1);
/// The least time until the next frame: a clip may have hardly any length to go round in.
const LEAST_MS: u64 = 5;

/// A clip on the screen.
#[derive(Debug)]
pub struct Reel {
    /// The clip's file.
    pub path: PathBuf,
    /// What was decoded of it.
    pub film: Film,
    /// What is shown of it.
    shown: Option<Shown>,
}

/// A frame as it is shown.
#[derive(Debug)]
struct Shown {
    frame: usize,
    rung: Rung,
    /// Whether the frame itself was there, and not only one before it.
    whole: bool,
    size_px: (u32, u32),
    picture: Picture,
}

/// What plays.
#[derive(Debug)]
pub struct Player {
    /// The clips: one, or two that are compared.
    pub reels: Vec<Reel>,
    /// What was asked for last; parts of another are stale.
    pub generation: Generation,
    /// The columns and rows of the terminal that its frames are made for.
    pub made_for: (u16, u16),
    /// What the terminal proved.
    pub pace: Pace,
    /// Whether it goes from its end to its beginning.
    pub looping: bool,
    /// Whether it plays at half speed.
    pub half: bool,
    playing: bool,
    /// It plays, but waits for frames.
    waiting: bool,
    /// Whether it did not stand when it was put on the screen.
    moving: bool,
    /// Whether something is to be shown that the terminal has no room for yet.
    behind: bool,
    /// Whether it has no place on the screen.
    hidden: bool,
    /// Where it was, and when.
    place_ms: u64,
    since: Timestamp,
    /// Where it was when it was put on the screen.
    seen_ms: u64,
}

impl Player {
    /// The clips at `paths`, at their beginning.
    pub fn new(paths: Vec<PathBuf>, generation: Generation, pace: Pace, now: Timestamp) -> Self {
        let reel = |path| Reel { path, film: Film::default(), shown: None };
        Self {
            reels: paths.into_iter().map(reel).collect(),
            generation,
            made_for: (0, 0),
            pace,
            looping: true,
            half: false,
            playing: false,
            waiting: false,
            moving: false,
            behind: false,
            hidden: false,
            place_ms: 0,
            since: now,
            seen_ms: 0,
        }
    }

    /// Takes in what was decoded of a clip.
    pub fn take(&mut self, reel: usize, part: Part) {
        if let Some(reel) = self.reels.get_mut(reel) {
            reel.film.take(part);
        }
    }

    /// Waits for all frames anew, in another size, and stays where it is; what is shown stays until they come.
    pub fn renew(&mut self, generation: Generation, now: Timestamp) {
        self.keep_place(now);
        self.generation = generation;
        self.reels.iter_mut().for_each(|reel| reel.film = Film::default());
    }

    /// Whether the clip at `path` is one of its own.
    pub fn shows(&self, path: &Path) -> bool {
        self.reels.iter().any(|reel| reel.path == path)
    }

    /// Whether it plays.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Whether it plays, but waits for frames.
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// How long the longest clip is, in milliseconds.
    pub fn length_ms(&self) -> u64 {
        self.longest().map_or(0, Film::length_ms)
    }

    /// The longest clip, whose frames are those that are stepped and counted; of two as long the first.
    fn longest(&self) -> Option<&Film> {
        self.reels.iter().map(|reel| &reel.film).rev().max_by_key(|film| film.length_ms())
    }

    /// Where it is, in milliseconds.
    pub fn place_ms(&self, now: Timestamp) -> u64 {
        if !self.playing || self.waiting {
            return self.place_ms;
        }
        let passed = u64::try_from(now.duration_since(self.since).as_millis()).unwrap_or(0);
        let place = self.place_ms + if self.half { passed / 2 } else { passed };
        match self.length_ms() {
            0 => self.place_ms,
            length if self.looping => place % length,
            length => place.min(length),
        }
    }

    /// Where it is on the screen, in milliseconds.
    pub fn seen_ms(&self) -> u64 {
        self.seen_ms
    }

    /// The frame of the longest clip that is on the screen, counted from 0, and of how many.
    pub fn frame(&self) -> (usize, usize) {
        let film = self.longest();
        film.map_or((0, 0), |film| (film.frame_at(self.seen_ms), film.count()))
    }

    /// Whether the link proved too slow for any motion.
    pub fn is_too_slow(&self) -> bool {
        self.pace.rung() == Rung::Still
    }

    /// The picture of a clip that is to be on the screen.
    pub fn picture(&self, reel: usize) -> Option<&Picture> {
        Some(&self.reels.get(reel)?.shown.as_ref()?.picture)
    }

    /// The picture of the clip at `path` that is to be on the screen.
    pub fn picture_of(&self, path: &Path) -> Option<&Picture> {
        self.picture(self.reels.iter().position(|reel| reel.path == path)?)
    }

    /// How fine the picture is that is on the screen.
    pub fn rung(&self) -> Rung {
        let shown = self.reels.first().and_then(|reel| reel.shown.as_ref());
        shown.map_or(self.pace.rung(), |shown| shown.rung)
    }

    /// Plays, or pauses; at the end it begins again.
    pub fn toggle(&mut self, now: Timestamp) {
        let at_end = self.place_ms(now) >= self.length_ms();
        self.stop(now);
        self.playing = !self.playing;
        if !self.playing {
            return;
        }
        if at_end {
            self.place_ms = 0;
        }
        self.pace.try_again(now);
    }

    /// Goes on by `frames`, or back, and pauses there.
    pub fn step(&mut self, frames: isize, now: Timestamp) {
        self.stop(now);
        self.playing = false;
        let Some(film) = self.longest() else { return };
        let last = film.count().saturating_sub(1);
        let frame = film.frame_at(self.place_ms).saturating_add_signed(frames).min(last);
        self.place_ms = film.shown_at_ms(frame);
    }

    /// Goes on by `ms`, or back, as far as there is something.
    pub fn seek(&mut self, ms: i64, now: Timestamp) {
        self.stop(now);
        let film = self.longest();
        let last = film.map_or(0, |film| film.shown_at_ms(film.count()));
        self.place_ms = self.place_ms.saturating_add_signed(ms).min(last);
    }

    /// Changes between whole and half speed.
    pub fn toggle_half(&mut self, now: Timestamp) {
        self.keep_place(now);
        self.pace.rest(now);
        self.half = !self.half;
    }

    /// Changes between going round and ending.
    pub fn toggle_loop(&mut self, now: Timestamp) {
        // The rounds that are over must not count as the way to the end.
        self.keep_place(now);
        self.looping = !self.looping;
    }

    /// Keeps the place that was reached, and goes on from there; what stands goes on standing.
    fn keep_place(&mut self, now: Timestamp) {
        if self.playing {
            self.place_ms = self.place_ms(now);
            self.since = now;
        }
    }

    /// Keeps the place that was reached, from where it goes on.
    fn stop(&mut self, now: Timestamp) {
        self.place_ms = self.place_ms(now);
        self.since = now;
        self.pace.rest(now);
    }

    /// The time between two frames of the longest clip.
    fn gap(&self) -> SignedDuration {
        let film = self.longest();
        let gap = film.map_or(0, |film| film.length_ms() / film.count().max(1) as u64);
        SignedDuration::from_millis(gap.max(1) as i64 * if self.half { 2 } else { 1 })
    }

    /// Puts on the screen what is due at `now`; `sizes_px` are how large the clips' places are, none where they are
    /// not on the screen. Returns whether that is new, so that the terminal is to be asked for it.
    pub fn advance(&mut self, sizes_px: &[(u16, u16)], now: Timestamp) -> bool {
        self.hidden = sizes_px.is_empty();
        if self.hidden {
            self.moving = false;
            return false;
        }
        // A clock that was set back goes on from here.
        self.since = self.since.min(now);
        if self.playing {
            self.wait_for_frames(now);
            let over = !self.looping && self.place_ms(now) >= self.length_ms() && !self.waiting;
            if over || self.is_too_slow() || self.reels.iter().all(|reel| reel.film.is_lost()) {
                self.stop(now);
                self.playing = false;
            }
        }
        let moving = self.playing && !self.waiting;
        if std::mem::replace(&mut self.moving, moving) && moving {
            self.pace.look(self.gap(), now);
        } else {
            self.pace.give_up(now);
            self.pace.rest(now);
        }
        self.behind = self.pace.may_show_at(now).is_none_or(|at| at > now);
        if self.behind {
            return false;
        }
        let rung = if moving { self.pace.rung() } else { self.standing(now) };
        let place_ms = self.place_ms(now);
        self.seen_ms = place_ms;
        let mut changed = false;
        for (reel, size) in self.reels.iter_mut().zip(sizes_px) {
            changed |= reel.show(place_ms, rung, *size);
        }
        if changed {
            self.pace.shown(now);
        }
        changed
    }

    /// How fine a frame is that stands: after a rest it comes in full, where that is not out of the question.
    fn standing(&self, now: Timestamp) -> Rung {
        let rests = now.duration_since(self.since) >= REST && !self.is_too_slow();
        if rests || self.pace.rung() < Rung::Indexed {
            self.pace.finest()
        } else {
            self.pace.finest().max(Rung::Indexed)
        }
    }

    /// Stops the clock where no frames are, until some are there.
    fn wait_for_frames(&mut self, now: Timestamp) {
        let ready = self.reels.iter().map(|reel| reel.film.ready_ms()).min().unwrap_or(0);
        let whole = ready >= self.length_ms() && self.length_ms() > 0;
        let place = self.place_ms(now);
        if self.waiting {
            if whole || ready >= place + AHEAD_MS {
                self.waiting = false;
                self.since = now;
            }
        } else if place >= ready && !whole {
            self.stop(now);
            if self.length_ms() > 0 {
                self.place_ms = place.min(ready);
            }
            self.waiting = true;
        }
    }

    /// When it is to be advanced next by itself; never, where nothing moves that is seen.
    pub fn next_at(&self, now: Timestamp) -> Option<Timestamp> {
        // Frames come as messages.
        if self.hidden || (self.playing && self.waiting) {
            return None;
        }
        if !self.playing {
            let full = self.rung() == self.standing(self.since.checked_add(REST).ok()?);
            let rested = self.since.checked_add(REST).ok().filter(|at| !full && *at > now);
            let shown = self.pace.may_show_at(now).or(self.pace.gives_up_at());
            return if self.behind { shown } else { rested };
        }
        let Some(may) = self.pace.may_show_at(now) else { return self.pace.gives_up_at() };
        let film = self.longest()?;
        let place = self.place_ms(now);
        let next = film.shown_at_ms(film.frame_at(place) + 1);
        // Behind the last frame comes the end.
        let left = if next > place { next - place } else { self.length_ms().saturating_sub(place) };
        let left = left.max(LEAST_MS) as i64 * if self.half { 2 } else { 1 };
        let due = now.checked_add(SignedDuration::from_millis(left)).ok()?;
        Some(due.max(may))
    }
}

impl Reel {
    /// Shows the frame at `place_ms` as finely as `rung` says. Returns whether anything changed.
    fn show(&mut self, place_ms: u64, rung: Rung, (columns, rows): (u16, u16)) -> bool {
        let frame = self.film.frame_at(place_ms);
        let part = |side: u16| (u32::from(side) * u32::from(rung.percent()) / 100).max(1) as u16;
        let Some(picture) = self.film.picture(frame) else { return false };
        let size_px = picture.fit(part(columns), part(rows));
        let whole = place_ms <= self.film.ready_ms();
        if !whole && self.shown.as_ref().is_some_and(|shown| shown.whole) {
            // What is on the screen is better than a frame from before.
            return false;
        }
        if let Some(shown) = &self.shown
            && (shown.frame, shown.rung, shown.whole, shown.size_px)
                == (frame, rung, whole, size_px)
        {
            return false;
        }
        let picture = picture.scaled(size_px.0, size_px.1);
        let before = self.shown.take().filter(|before| before.size_px == size_px);
        let picture = match &before {
            Some(before) => picture.settled(&before.picture, rung.tolerance()),
            None => picture,
        };
        self.shown = Some(Shown { frame, rung, whole, size_px, picture });
        true
    }
}

#[cfg(test)]
#[path = "player_tests.rs"]
mod tests;
