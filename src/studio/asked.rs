//! What was asked for and has not been answered yet.

use super::app::App;
use super::dialog::Dialog;
use super::effect::{Effect, Generation, Load, Marking, Write};
use crate::domain::job::JobId;
use crate::domain::mark::Mark;

/// What is under way of what the lists and details are made from.
#[derive(Debug, Default)]
pub struct Asked {
    jobs: Generation,
    story: Generation,
    marks: usize,
}

impl Asked {
    /// Asks for the list of jobs.
    pub fn jobs(&mut self) -> Effect {
        Effect::Load(Load::Jobs(self.jobs.next()))
    }

    /// Asks for everything about a job.
    pub fn story(&mut self, id: JobId) -> Effect {
        Effect::Load(Load::Story(self.story.next(), id))
    }

    /// Whether a list of that number is the one that was asked for last, and what it says of marks is not older
    /// than what is on the screen.
    pub fn takes_jobs(&self, generation: Generation) -> bool {
        self.jobs == generation && self.takes_marks()
    }

    /// The same for everything about a job.
    pub fn takes_story(&self, generation: Generation) -> bool {
        self.story == generation && self.takes_marks()
    }

    /// Whether all marks are stored that are on the screen. What is read before may be older than they are, and
    /// is read again once they are.
    pub fn takes_marks(&self) -> bool {
        self.marks == 0
    }

    /// A mark was stored, or could not be.
    pub fn marked(&mut self) {
        self.marks = self.marks.saturating_sub(1);
    }
}

impl Marking {
    /// What a job has on it afterwards.
    pub fn put_on(&self, mark: &mut Mark) {
        match self {
            Self::Star(starred) => mark.starred = *starred,
            Self::Win { won, starred } => {
                mark.starred = *starred;
                mark.wins = if *won { mark.wins + 1 } else { mark.wins.saturating_sub(1) };
            }
            Self::Note(note) => mark.note.clone_from(note),
        }
    }
}

impl App {
    /// Puts something on a job: on the screen at once, wherever the job stands there, and into the store.
    pub fn mark(&mut self, id: JobId, marking: Marking) -> Effect {
        let around = &mut **self;
        let sides = around.compare.iter_mut().flat_map(|compare| &mut compare.sides);
        let story = match &mut around.dialog {
            Some(Dialog::Detail { story: Some(story), .. }) => Some(&mut story.entry),
            _ => None,
        };
        let listed = around.jobs.iter_mut().chain(&mut around.history.entries).chain(story);
        for entry in listed.chain(sides.map(|side| &mut side.entry)) {
            if entry.job.id == id {
                marking.put_on(&mut entry.mark);
            }
        }
        self.asked.marks += 1;
        Effect::Write(Write::Mark(id, marking))
    }

    /// Something was stored: the list, and the job that a dialog is about, may have changed.
    pub fn read_again(&mut self) -> Vec<Effect> {
        if !self.asked.takes_marks() {
            return Vec::new();
        }
        let about = match &self.dialog {
            Some(Dialog::Detail { id, .. }) => Some(*id),
            Some(Dialog::Promote { of, children: None, .. }) => Some(of.id),
            _ => None,
        };
        let story = about.map(|id| self.asked.story(id));
        std::iter::once(self.asked.jobs()).chain(story).collect()
    }
}
