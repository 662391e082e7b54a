//! Pictures from decoding order into the order they are shown in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::picture::Picture;

/// Pictures that wait for one shown before them, as many as H.264 can hold back.
const MAX_WAITING: usize = 16;

/// Puts pictures from decoding order into the order they are shown in.
pub struct InOrder {
    /// Frames still to come.
    due: BTreeSet<usize>,
    /// Pictures that wait, and frames that turned out to have none.
    waiting: BTreeMap<usize, Option<Picture>>,
    /// Whether there was any picture.
    pub any: bool,
}

impl InOrder {
    pub fn new(frames: impl Iterator<Item = usize>) -> Self {
        Self { due: frames.collect(), waiting: BTreeMap::new(), any: false }
    }

    pub fn put(
        &mut self,
        frame: usize,
        picture: Option<Picture>,
        visit: &mut impl FnMut(usize, Picture) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.waiting.insert(frame, picture);
        loop {
            // Beyond what H.264 can hold back the index is wrong: its order is given up.
            let full = self.waiting.len() > MAX_WAITING;
            let due = self.due.first().copied();
            let ready = self.waiting.first_entry();
            let Some(entry) = ready.filter(|entry| full || Some(*entry.key()) == due) else {
                return ControlFlow::Continue(());
            };
            let (frame, picture) = entry.remove_entry();
            self.due.remove(&frame);
            if let Some(picture) = picture {
                self.any = true;
                visit(frame, picture)?;
            }
        }
    }
}
