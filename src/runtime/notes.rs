//! What is to be said about the workspace beside what was asked for: each thing once, by whoever listens.

use std::sync::Arc;

use tokio::sync::watch;

/// The most that is said; what comes later is of the same kinds.
const MAX_NOTES: usize = 100;

/// What is to be said, by everything that works with one workspace. Cheap to share.
#[derive(Clone, Debug)]
pub struct Notes(Arc<watch::Sender<Vec<String>>>);

impl Default for Notes {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }
}

impl Notes {
    /// Says `what`, unless that was said before.
    pub fn say(&self, what: String) {
        self.0.send_if_modified(|said| {
            let is_new = said.len() < MAX_NOTES && !said.contains(&what);
            if is_new {
                said.push(what);
            }
            is_new
        });
    }

    /// Hears everything from the beginning.
    pub fn listen(&self) -> Listener {
        Listener { said: self.0.subscribe(), heard: 0 }
    }
}

/// One who hears each note once.
#[derive(Debug)]
pub struct Listener {
    said: watch::Receiver<Vec<String>>,
    heard: usize,
}

impl Listener {
    /// What was said since the last time.
    pub fn heard(&mut self) -> Vec<String> {
        let new = self.said.borrow_and_update()[self.heard..].to_vec();
        self.heard += new.len();
        new
    }

    /// Waits until there is more; none once nobody is left to say anything.
    pub async fn next(&mut self) -> Option<Vec<String>> {
        loop {
            let new = self.heard();
            if !new.is_empty() {
                return Some(new);
            }
            self.said.changed().await.ok()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_note_is_heard_once_by_each_listener() {
        let notes = Notes::default();
        let mut early = notes.listen();
        notes.say("a".to_owned());
        notes.say("a".to_owned());
        assert_eq!(early.next().await, Some(vec!["a".to_owned()]));
        notes.say("b".to_owned());
        assert_eq!(early.heard(), ["b"]);
        assert_eq!(early.heard(), [""; 0]);
        assert_eq!(notes.listen().heard(), ["a", "b"]);
        drop(notes);
        assert_eq!(early.next().await, None);
    }
}
