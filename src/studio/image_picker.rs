//! What can be picked while a frame image is written: images that were used before, the last frames of
//! one's own clips, and the files that a path can go on with.

use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::app::{Around, Entry};
use super::effect::{Effect, Generation, Load};
use super::jobs_view::title;
use super::line::Line;
use super::settings_view::image_name;
use crate::domain::request::FrameImage;
use crate::domain::text::one_line;
use crate::words;

/// The most images and clips that are offered before a path is begun.
const MAX_KNOWN: usize = 6;

/// Something to pick.
#[derive(Clone, Debug, PartialEq)]
pub enum Offer {
    /// An image that a job used; it is kept, so nothing needs to be read again.
    Used {
        /// The image.
        image: FrameImage,
        /// What it is called.
        name: String,
        /// Which job used it last, and when.
        by: String,
    },
    /// A clip of one's own, whose last frame is taken.
    Clip {
        /// Its path.
        path: String,
        /// Which clip that is.
        title: String,
        /// Which job made it, and when.
        by: String,
    },
    /// A path as far as it is known; a folder ends with a slash.
    Path(String),
}

/// The list below the line that is written.
#[derive(Clone, Debug, Default)]
pub struct Picker {
    /// The number of the listing that was asked for last; an older one is stale.
    pub generation: Generation,
    /// What can be picked.
    pub offered: Vec<Offer>,
    /// The chosen one; none while the line itself is what counts.
    pub chosen: Option<usize>,
    /// Why the folder can't be listed.
    pub problem: Option<String>,
}

impl Picker {
    /// Asks for the files that `text` can go on with.
    pub fn ask(&mut self, text: &str) -> Effect {
        self.chosen = None;
        Effect::Load(Load::Images { generation: self.generation.next(), text: text.to_owned() })
    }

    /// Takes a listing, unless a newer one was asked for; `known` goes before it.
    pub fn take(
        &mut self,
        generation: Generation,
        listed: Result<Vec<String>, String>,
        known: Vec<Offer>,
    ) {
        if generation != self.generation {
            return;
        }
        self.offered = known;
        self.problem = None;
        match listed {
            Ok(paths) => self.offered.extend(paths.into_iter().map(Offer::Path)),
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Chooses the next or the previous one; above the first is the line itself.
    pub fn step(&mut self, forward: bool) {
        let last = self.offered.len().checked_sub(1);
        self.chosen = match (self.chosen, last) {
            (None, Some(_)) if forward => Some(0),
            (Some(at), Some(last)) if forward => Some((at + 1).min(last)),
            (Some(at), _) if !forward => at.checked_sub(1),
            (chosen, _) => chosen,
        };
    }

    /// The chosen one.
    pub fn picked(&self) -> Option<&Offer> {
        self.offered.get(self.chosen?)
    }

    /// The chosen one, which is then no longer chosen.
    pub fn pick(&mut self) -> Option<Offer> {
        self.offered.get(self.chosen.take()?).cloned()
    }

    /// Tab: the line goes on as far as all paths agree, or becomes the chosen one.
    pub fn complete(&mut self, line: &mut Line) {
        if let Some(Offer::Path(path)) = self.chosen.and_then(|at| self.offered.get(at)) {
            *line = Line::new(path);
            return;
        }
        let mut paths = self.offered.iter().filter_map(|offer| match offer {
            Offer::Path(path) => Some(path.as_str()),
            _ => None,
        });
        let Some(first) = paths.next() else { return };
        let common = paths.fold(first, |common, path| {
            let pairs = common.char_indices().zip(path.chars());
            let end = pairs.take_while(|((_, a), b)| a == b).last();
            &common[..end.map_or(0, |((at, c), _)| at + c.len_utf8())]
        });
        if common.len() >= line.text().len() {
            *line = Line::new(common);
        }
    }
}

/// The images of earlier jobs and the last frames of their clips, the newest first, each once.
pub(super) fn known(app: &Around, now: Timestamp) -> Vec<Offer> {
    let by = |entry: &Entry| {
        format!("{} {}", entry.job.id.short(), words::ago(entry.job.created_at, now))
    };
    let entries = || app.jobs.iter().chain(&app.history.entries);
    let frames = |at: &Entry| {
        let request = &at.job.request;
        [request.first_frame.clone(), request.last_frame.clone()].into_iter().flatten()
    };
    let mut known: Vec<Offer> = Vec::new();
    let images = entries()
        .flat_map(|entry| frames(entry).map(move |image| (entry, image)).collect::<Vec<_>>());
    for (entry, image) in images {
        let same =
            |offer: &Offer| matches!(offer, Offer::Used { image: one, .. } if one.is_same(&image));
        if known.len() < MAX_KNOWN && !known.iter().any(same) {
            known.push(Offer::Used { name: image_name(app, &image), by: by(entry), image });
        }
    }
    let most = known.len() + MAX_KNOWN;
    for entry in entries() {
        let Some(file) = entry.job.files().next().filter(|_| known.len() < most) else { continue };
        let path = app.data_dir.join(&file.path).display().to_string();
        let prompt = one_line(&entry.job.request.prompt, 60);
        let title = format!("{}: {prompt}", title(&app.catalog, &entry.job));
        if !known.iter().any(|offer| matches!(offer, Offer::Clip { path: one, .. } if *one == path))
        {
            known.push(Offer::Clip { path, title, by: by(entry) });
        }
    }
    known
}

/// The path or address in what a terminal pastes when a file is dropped on it: without quotes, escapes
/// or `file://`.
pub(super) fn plain_path(pasted: &str) -> String {
    let line = pasted.trim().lines().next().unwrap_or_default().trim();
    for quote in ['\'', '"'] {
        let inner = line.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return plain_url(inner).unwrap_or_else(|| inner.to_owned());
        }
    }
    plain_url(line).unwrap_or_else(|| {
        let mut chars = line.chars();
        let mut plain = String::new();
        while let Some(c) = chars.next() {
            plain.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
        plain
    })
}

/// The path of a `file:` address.
fn plain_url(text: &str) -> Option<String> {
    let rest = text.strip_prefix("file://")?;
    let path = &rest[rest.find('/')?..];
    Some(percent_decode_str(path).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_file_loses_what_the_terminal_put_around_it() {
        for (pasted, plain) in [
            ("'/home/mia/a fox.png'", "/home/mia/a fox.png"),
            ("\"/home/mia/it's.png\"\n", "/home/mia/it's.png"),
            (r"/home/mia/a\ fox\(1\).png ", "/home/mia/a fox(1).png"),
            ("file:///home/mia/a%20fox%E7%8B%90.png", "/home/mia/a fox狐.png"),
            ("file://host/x%2.png", "/x%2.png"),
            ("https://a.example/x%20y.png", "https://a.example/x%20y.png"),
            ("~/fox.png\r\n/second.png", "~/fox.png"),
            ("", ""),
        ] {
            assert_eq!(plain_path(pasted), plain, "{pasted:?}");
        }
    }

    #[test]
    fn tab_goes_as_far_as_all_agree() {
        let mut picker = Picker::default();
        let Effect::Load(Load::Images { generation, .. }) = picker.ask("~/fo") else {
            panic!("no listing")
        };
        let listed = ["~/fox-1.png", "~/fox-2.png"].map(str::to_owned).to_vec();
        picker.take(Generation::default(), Ok(vec!["~/old.png".to_owned()]), Vec::new());
        assert!(picker.offered.is_empty(), "a stale listing is dropped");
        picker.take(generation, Ok(listed), Vec::new());
        let mut line = Line::new("~/fo");
        picker.complete(&mut line);
        assert_eq!(line.text(), "~/fox-");
        picker.step(true);
        picker.step(true);
        picker.complete(&mut line);
        assert_eq!(line.text(), "~/fox-2.png");
    }
}
