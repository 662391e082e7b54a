//! How finely and how often a clip's frames are shown: by what the terminal proves to take in.
//!
//! A slow link does not push back: sshd and TCP take about a megabyte before a write waits. So after each frame
//! the terminal is asked where its cursor is; the answer says that the frame has arrived. Only a few frames may
//! be unanswered, and fewer the longer an answer takes. Where even so frames are left out, they get coarser.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::half_blocks::Colours;

/// The most frames that may be on their way.
const MAX_UNANSWERED: usize = 8;
/// The most answers that are counted; a mute terminal owes more and more.
const MAX_OWED: usize = 64;
/// An answer that takes so much longer than the quickest means that too much is on its way: a key's answer comes
/// behind all of it, and should be there within 300 ms.
const LATE: SignedDuration = SignedDuration::from_millis(180);
/// Answers that take hardly longer than the quickest mean that there may be room for finer frames.
const SOON: SignedDuration = SignedDuration::from_millis(60);
/// A terminal that says nothing for so long, and never did, is mute, until it does.
const MUTE_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// What a terminal that did answer owes for so long is forgotten: another may have taken its place.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(4);
/// How often a mute terminal gets a frame.
const BLIND: SignedDuration = SignedDuration::from_millis(250);
/// How long frames are watched before they become coarser or finer.
const WATCH: SignedDuration = SignedDuration::from_secs(1);
/// How many good seconds come before finer frames are tried, at first and at most.
const PATIENCE_S: (u32, u32) = (3, 60);

/// How fine the frames are, from the finest to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Every colour.
    Full,
    /// Pixels that change by hardly anything stay.
    Calm,
    /// Pixels that change by little stay.
    Calmer,
    /// 256 colours.
    Indexed,
    /// 256 colours, and a little smaller.
    Reduced,
    /// 256 colours, and smaller.
    Small,
    /// 256 colours, smaller, four times a second.
    Slow,
    /// No motion.
    Still,
}

impl Rung {
    const ALL: [Self; 8] = [
        Self::Full,
        Self::Calm,
        Self::Calmer,
        Self::Indexed,
        Self::Reduced,
        Self::Small,
        Self::Slow,
        Self::Still,
    ];

    /// By how much each channel of a pixel may be wrong.
    pub fn tolerance(self) -> u8 {
        match self {
            Self::Full => 0,
            Self::Calmer => 16,
            // Nobody sees the difference: 38 dB and more on grainy clips.
            _ => 8,
        }
    }

    /// In which colours pictures are drawn.
    pub fn colours(self) -> Colours {
        if self >= Self::Indexed { Colours::Indexed } else { Colours::True }
    }

    /// How large the picture is, in percent of its place.
    pub fn percent(self) -> u16 {
        match self {
            Self::Reduced => 80,
            Self::Small | Self::Slow | Self::Still => 60,
            _ => 100,
        }
    }

    /// Below how many frames it is too fine, where `due` were to be shown in `seconds`. Motion is worth more than
    /// colours, and less than being able to see anything: there, eight a second are enough, of which a second
    /// may have seven whole ones, and for a picture that is small already half of that.
    fn least(self, due: f64, seconds: f64) -> f64 {
        match self {
            Self::Full | Self::Calm | Self::Calmer => due * 0.8,
            Self::Indexed | Self::Reduced => (due * 0.5).min(7.0 * seconds),
            _ => (due * 0.5).min(4.0 * seconds),
        }
    }

    /// In words, for the screen.
    pub fn words(self) -> &'static str {
        match self {
            Self::Full => "all colours",
            Self::Calm => "calm colours",
            Self::Calmer => "calmer colours",
            Self::Indexed => "256 colours",
            Self::Reduced => "256 colours, reduced",
            Self::Small => "256 colours, small",
            Self::Slow => "256 colours, small, slow",
            Self::Still => "the link is too slow for motion",
        }
    }

    fn least_gap(self) -> SignedDuration {
        if self >= Self::Slow { BLIND } else { SignedDuration::ZERO }
    }

    fn by(self, steps: isize) -> Self {
        let at = (self as usize).saturating_add_signed(steps).min(Self::ALL.len() - 1);
        Self::ALL[at]
    }
}

/// What the link has proved so far.
#[derive(Clone, Debug)]
pub struct Pace {
    rung: Rung,
    /// The finest that the terminal's colours allow.
    finest: Rung,
    /// When the frames were sent that were not answered yet, and with how many on their way, each included.
    unanswered: VecDeque<(Timestamp, usize)>,
    /// How many of those there may be.
    most: usize,
    /// Whether the terminal ever answered, and whether it was found not to.
    answers: bool,
    mute: bool,
    /// The quickest answer.
    quickest: SignedDuration,
    last: Option<Timestamp>,
    watch: Watch,
    good_s: u32,
    patience_s: u32,
    /// The rung was made finer at last, and not coarser since.
    tried: bool,
    /// The rung has just changed: how many frames may be on their way is still being found.
    new: bool,
    rate: Option<u32>,
}

/// What was seen since a time.
#[derive(Clone, Copy, Debug)]
struct Watch {
    since: Timestamp,
    shown: u32,
    answered: u32,
    /// By how much answers took longer than the quickest, in all.
    longer: SignedDuration,
}

impl Watch {
    fn new(since: Timestamp) -> Self {
        Self { since, shown: 0, answered: 0, longer: SignedDuration::ZERO }
    }
}

impl Pace {
    /// A pace for a terminal that can show `finest`; one that is far away begins with less.
    pub fn new(finest: Rung, far: bool, now: Timestamp) -> Self {
        let rung = if far { finest.max(Rung::Indexed) } else { finest };
        Self {
            rung,
            finest,
            unanswered: VecDeque::new(),
            most: 2,
            answers: false,
            mute: false,
            quickest: SignedDuration::MAX,
            last: None,
            watch: Watch::new(now),
            good_s: 0,
            patience_s: PATIENCE_S.0,
            tried: false,
            new: false,
            rate: None,
        }
    }

    /// How fine frames are.
    pub fn rung(&self) -> Rung {
        self.rung
    }

    /// How fine a frame is that stands.
    pub fn finest(&self) -> Rung {
        self.finest
    }

    /// How many frames were shown in the last second that was watched.
    pub fn rate(&self) -> Option<u32> {
        self.rate
    }

    /// From when on a frame may be shown; none as long as an answer is waited for.
    pub fn may_show_at(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.mute && self.unanswered.len() >= self.most {
            return None;
        }
        let gap = if self.mute { BLIND } else { self.rung.least_gap() };
        // A clock that was set back holds nothing up.
        let after = self.last.and_then(|last| last.min(now).checked_add(gap).ok());
        Some(after.unwrap_or(now))
    }

    /// When waiting for an answer is to be looked at.
    pub fn gives_up_at(&self) -> Option<Timestamp> {
        let (first, _) = self.unanswered.front().filter(|_| !self.mute)?;
        first.checked_add(if self.answers { LOST_AFTER } else { MUTE_AFTER }).ok()
    }

    /// Notes that a frame was shown.
    pub fn shown(&mut self, now: Timestamp) {
        self.last = Some(now);
        self.watch.shown += 1;
        if self.unanswered.len() < MAX_OWED {
            self.unanswered.push_back((now, self.unanswered.len() + 1));
        }
    }

    /// Notes that the terminal has answered.
    pub fn answered(&mut self, now: Timestamp) {
        let Some((sent, there)) = self.unanswered.pop_front() else { return };
        (self.answers, self.mute) = (true, false);
        if now < sent {
            return;
        }
        let waited = now.duration_since(sent);
        self.watch.answered += 1;
        self.quickest = self.quickest.min(waited);
        let longer = waited - self.quickest;
        self.watch.longer += longer;
        // Each takes its time on the link; the quickest answer has the time of one in it, or of a smaller one.
        let each = longer / there.saturating_sub(1).max(1) as i32;
        if longer > LATE {
            // Frames that were sent while more were allowed prove nothing of what is allowed now.
            if there <= self.most {
                let less = if longer > LATE * 2 { self.most / 2 } else { self.most - 1 };
                self.most = less.max(1);
            }
        } else if there >= self.most && each * (there as i32 + 1) < LATE {
            self.most = (self.most + 1).min(MAX_UNANSWERED);
        }
    }

    /// Begins to watch anew: nothing was to be shown for a while.
    pub fn rest(&mut self, now: Timestamp) {
        self.watch = Watch::new(now);
    }

    /// Gives up on answers that do not come.
    pub fn give_up(&mut self, now: Timestamp) {
        if self.gives_up_at().is_none_or(|at| at > now) {
            return;
        }
        self.most = 1;
        if self.answers {
            self.unanswered.clear();
            self.coarser();
        } else {
            self.mute = true;
            self.rung = self.rung.max(Rung::Indexed);
        }
    }

    /// Finds the rung; `gap` is the time between two frames.
    pub fn look(&mut self, gap: SignedDuration, now: Timestamp) {
        self.give_up(now);
        let seen = now.duration_since(self.watch.since);
        if seen < WATCH {
            return;
        }
        let watch = std::mem::replace(&mut self.watch, Watch::new(now));
        let per_second = |count: u32| i64::from(count) * 1000 / seen.as_millis().max(1) as i64;
        self.rate = u32::try_from(per_second(watch.shown)).ok();
        // Whoever gets frames blindly can't prove anything.
        if std::mem::take(&mut self.new) || self.mute || self.rung == Rung::Still {
            return;
        }
        let gap = gap.max(self.rung.least_gap());
        let due = (seen.as_secs_f64() / gap.as_secs_f64().max(0.001)).max(1.0);
        let shown = f64::from(watch.shown);
        let longer = watch.longer / i32::try_from(watch.answered.max(1)).unwrap_or(i32::MAX);
        if shown < self.rung.least(due, seen.as_secs_f64()) {
            self.coarser();
        } else if shown < due * 0.93 || longer > SOON {
            self.good_s = 0;
        } else {
            self.good_s += 1;
            if self.good_s >= self.patience_s && self.rung > self.finest {
                self.rung = self.rung.by(-1);
                // Nobody knows yet how long the larger frames take.
                (self.good_s, self.tried, self.most) = (0, true, 1);
                self.new = true;
            }
        }
    }

    fn coarser(&mut self) {
        // What was tried and did not hold is not tried again soon.
        if std::mem::take(&mut self.tried) {
            self.patience_s = (self.patience_s * 2).min(PATIENCE_S.1);
        }
        self.rung = self.rung.by(1);
        (self.good_s, self.new) = (0, true);
    }

    /// Begins again on the last rung that moves, where there was no motion any more.
    pub fn try_again(&mut self, now: Timestamp) {
        self.rung = self.rung.min(Rung::Slow);
        // Else what is on its way would be taken for an answer to what comes now.
        if std::mem::take(&mut self.mute) {
            self.unanswered.clear();
        }
        self.last = None;
        self.rest(now);
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
