//! What can lie over the panes: one at a time, each with what it needs.

use std::path::PathBuf;

use jiff::Timestamp;

use super::action::Action;
use super::app::Entry;
use super::effect::Effect;
use super::line::Line;
use super::promoting::Offered;
use crate::domain::catalog::{Catalog, Model};
use crate::domain::cost::Estimate;
use crate::domain::event::JobEvent;
use crate::domain::job::{Job, JobId};
use crate::domain::request::{Choices, Field, GenerationRequest, Parameters};
use crate::domain::search_form::search_form;
use crate::domain::setting::{SETTINGS, Setting};
use crate::domain::text::one_line;

/// The word of the line that sends a clip through the terminal.
pub const SEND: &str = "send";

/// Everything about a job.
#[derive(Clone, Debug)]
pub struct JobStory {
    /// The job.
    pub entry: Entry,
    /// What happened to it.
    pub events: Vec<(Timestamp, JobEvent)>,
    /// What it descends from.
    pub parent: Option<Job>,
    /// What descends from it.
    pub children: Vec<Job>,
}

/// What of a job is brought back into the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecallPart {
    /// Prompt, settings and seed.
    All,
    /// The prompt.
    Prompt,
    /// The seed.
    Seed,
    /// Prompt and settings without the seed.
    Remix,
}

/// A choice of the promote dialog.
#[derive(Clone, Debug)]
pub struct Final {
    /// The request.
    pub request: GenerationRequest,
    /// Its price.
    pub estimate: Estimate,
}

/// What lies over the panes.
#[derive(Debug)]
pub enum Dialog {
    /// The keys.
    Help {
        /// How many rows are above the top.
        scroll: usize,
    },
    /// Everything that can be done.
    Palette {
        /// What was written to find it.
        line: Line,
        /// The chosen one.
        chosen: usize,
    },
    /// The models.
    Models {
        /// What was written to find one.
        line: Line,
        /// The chosen one.
        chosen: usize,
    },
    /// A job, event by event.
    Detail {
        /// The job.
        id: JobId,
        /// What is known; none until it is read.
        story: Option<Box<JobStory>>,
        /// How many lines are above the top.
        scroll: usize,
    },
    /// A take becomes a better one.
    Promote {
        /// The job.
        of: Box<Job>,
        /// What it can become.
        offered: Offered,
        /// The chosen one.
        chosen: usize,
        /// What was made of it already; none until that is read.
        children: Option<Vec<Job>>,
        /// Enter was pressed before they were read, and counts once they are.
        wanted: bool,
    },
    /// A job comes back into the form.
    Recall {
        /// The job.
        job: Box<Job>,
        /// What of it.
        part: RecallPart,
        /// What would change, a line each.
        changes: Vec<String>,
    },
    /// A note is written.
    Note {
        /// The job.
        id: JobId,
        /// The note.
        line: Line,
    },
    /// Where a clip is, with lines that can be copied.
    Where {
        /// The clip.
        path: PathBuf,
        /// Why it is not simply open.
        reason: String,
        /// A word, and what is copied; with [`SEND`] what is said of sending it.
        lines: Vec<(&'static str, String)>,
        /// The chosen one.
        chosen: usize,
    },
    /// Money or data is at stake.
    Confirm {
        /// The question.
        title: String,
        /// What it means.
        lines: Vec<String>,
        /// What is done on Enter.
        effect: Option<Effect>,
    },
}

/// The palette's rows for what was written: every action whose title or name has all of its words.
pub fn palette_rows(line: &Line) -> Vec<Action> {
    let words: Vec<String> =
        search_form(line.text()).split_whitespace().map(str::to_owned).collect();
    let hidden =
        [Action::Up, Action::Down, Action::Left, Action::Right, Action::Back, Action::Palette];
    let fits = |action: &Action| {
        let text = search_form(&format!("{} {}", action.name(), action.title()));
        words.iter().all(|word| text.contains(word))
    };
    Action::ALL.iter().copied().filter(|action| !hidden.contains(action) && fits(action)).collect()
}

/// The models for what was written: every one whose id, name or standing has all of its words.
pub fn model_rows<'a>(catalog: &'a Catalog, line: &Line) -> Vec<&'a Model> {
    let words: Vec<String> =
        search_form(line.text()).split_whitespace().map(str::to_owned).collect();
    let fits = |model: &&Model| {
        let text = search_form(&format!("{} {} {}", model.key(), model.name, model.status.note));
        words.iter().all(|word| text.contains(word))
    };
    catalog.models.iter().filter(fits).collect()
}

/// What `part` of `old` would change in a form that says `now` with `prompt` and `seed`.
pub fn recall_changes(
    now: &Parameters,
    prompt: &str,
    seed: Option<u64>,
    (old, old_seed): (&Job, Option<u64>),
    part: RecallPart,
) -> Vec<String> {
    let mut changes = Vec::new();
    let request = &old.request;
    if part != RecallPart::Seed && prompt != request.prompt {
        let (from, to) = from_the_difference(prompt, &request.prompt);
        changes.push(format!("prompt: {from} → {to}"));
    }
    let mut differ = Vec::new();
    if matches!(part, RecallPart::All | RecallPart::Remix) {
        differ = changed_settings(now, request);
    }
    match part {
        RecallPart::All | RecallPart::Seed => differ.extend(changed_seed(seed, old_seed)),
        RecallPart::Remix => differ.extend(changed_seed(seed, None)),
        RecallPart::Prompt => {}
    }
    changes.extend(differ.into_iter().map(|(what, from, to)| format!("{what}: {from} → {to}")));
    changes
}

/// A setting that differs: its name, and how it reads on either side.
pub type Changed = (String, String, String);

/// The settings besides prompt and seed that are not the same in two requests.
pub fn changed_settings(one: &Parameters, other: &Parameters) -> Vec<Changed> {
    let model = ("model".to_owned(), one.model.to_string(), other.model.to_string());
    let fields = SETTINGS.iter().filter(|setting| setting.field != Field::Seed);
    let all = fields
        .map(|setting| (setting.label.to_lowercase(), reads(setting, one), reads(setting, other)));
    std::iter::once(model).chain(all).filter(|(_, from, to)| from != to).collect()
}

/// A setting of a request as the form shows it. A final that comes back is a full render: it is not made of
/// its draft again.
fn reads(setting: &Setting, request: &Parameters) -> String {
    let text = setting.show(Choices::from(request).get(setting.field).as_ref());
    match (setting.field, request.size_px) {
        (Field::Resolution, Some((width, height))) => format!("{text} {width}×{height}"),
        _ => one_line(&text, 40),
    }
}

/// Two seeds that are not the same; none is a random one.
pub fn changed_seed(one: Option<u64>, other: Option<u64>) -> Option<Changed> {
    let word =
        |seed: Option<u64>| seed.map_or_else(|| "random".to_owned(), |seed| seed.to_string());
    (one != other).then(|| ("seed".to_owned(), word(one), word(other)))
}

/// The beginnings of two texts that are not the same, without most of what they begin with alike.
fn from_the_difference(one: &str, other: &str) -> (String, String) {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let skipped = if same > 20 { same - 10 } else { 0 };
    let shown = |text: &str| match text.chars().skip(skipped).collect::<String>() {
        rest if text.is_empty() || rest.is_empty() => "(empty)".to_owned(),
        rest if skipped > 0 => format!("…{}", one_line(&rest, 30)),
        rest => one_line(&rest, 30),
    };
    (shown(one), shown(other))
}
