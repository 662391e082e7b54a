//! A job opened: what it is, what went wrong or is waited for, its files and family, its timeline.

use jiff::SignedDuration;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line as Row;

use super::action::Action;
use super::app::App;
use super::dialog::JobStory;
use super::dialog_view::open_at;
use super::keymap::Place;
use super::layout::over;
use super::offer::{leads_somewhere, successor};
use super::term::frame::Frame;
use super::theme::Tone;
use super::view::{packed, pane, row, words as span, wrapped};
use super::word_diff;
use crate::domain::job::{FailureClass, Job, JobError, JobState};
use crate::domain::promotion::{NotPromotable, Promotable};
use crate::words;

/// What is said of a job whose reply was lost.
const CONFIRMING: &str = "Nobody knows yet whether it arrived, so the provider is asked. It is sent again \
                          only under the same key: it can't be paid for twice.";

/// How much of the prompt stands above everything else.
const PROMPT_ROWS: usize = 3;

/// Draws what is known of the job.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, story: Option<&JobStory>, scroll: usize) {
    let area = open_at(app, frame, "Job", over(app));
    let dim = app.theme.style(Tone::Dim);
    let Some(story) = story else {
        return row(frame, area, 0, Row::from(span("reading…", dim)));
    };
    let (lines, keys) = (story_lines(app, story, area.width), key_lines(app, story, area.width));
    let shown = area.height.saturating_sub(keys.len() as u16);
    let top = scroll.min(lines.len().saturating_sub(shown.into()));
    for (offset, line) in (0..shown).zip(lines.into_iter().skip(top)) {
        row(frame, area, offset, line);
    }
    for (offset, line) in (shown..).zip(keys) {
        row(frame, area, offset, Row::from(span(line, dim)));
    }
}

/// How far the detail can be scrolled.
pub(super) fn most_scrolled(app: &App, story: &JobStory) -> usize {
    let inner: Rect = pane(app, "", "", true).inner(over(app));
    let shown = usize::from(inner.height).saturating_sub(key_lines(app, story, inner.width).len());
    story_lines(app, story, inner.width).len().saturating_sub(shown)
}

/// What can be done now, in as many lines as it takes.
fn key_lines(app: &App, story: &JobStory, width: u16) -> Vec<String> {
    let job = &story.entry.job;
    let mut parts = Vec::new();
    if let Some(error) = job.error.as_ref().filter(|_| job.state.is_end()) {
        parts.push(match error.class {
            FailureClass::Parameter => "Enter goes to the setting".to_owned(),
            FailureClass::ModelGone => match successor(app, job) {
                Some(model) => format!("Enter takes {model}"),
                None => "Enter chooses another model".to_owned(),
            },
            _ => "Enter brings it back to be changed".to_owned(),
        });
    }
    use Action as A;
    let settling = [A::LookUp, A::Dashboard, A::Close];
    let others =
        [A::Promote, A::Open, A::Chain, A::Compare, A::Cancel, A::Recall, A::Retry, A::Note];
    for action in settling.into_iter().chain(others) {
        let key = app.keymap.keys(action, &[Place::Job]).into_iter().next();
        if let (Some(key), true) = (key, leads_somewhere(&app.seen(), Some(&story.entry), action)) {
            parts.push(format!("{key} {}", action.short()));
        }
    }
    parts.extend(["↑↓ scroll".to_owned(), "Esc closes".to_owned()]);
    packed(parts, width.into())
}

/// Text in as many rows as it takes.
fn rows(text: &str, style: Style, width: u16) -> Vec<Row<'static>> {
    wrapped(text, width.into()).into_iter().map(|line| Row::from(span(line, style))).collect()
}

fn story_lines(app: &App, story: &JobStory, width: u16) -> Vec<Row<'static>> {
    let theme = &app.theme;
    let (dim, text) = (theme.style(Tone::Dim), theme.style(Tone::Text));
    let job = &story.entry.job;
    let (glyph, tone) = super::jobs_view::glyph(job);
    let head = format!("{glyph} {} · {}", words::state(job), job.request.model);
    let mut lines = rows(&head, theme.bold(tone), width);
    // What it is about comes first; a long one is there whole at the end.
    let prompt = rows(&job.request.prompt, text, width);
    lines.extend(prompt.iter().take(PROMPT_ROWS).cloned());
    lines.extend(rows(&words::settings(&job.request), text, width));
    let unknown = if job.state.is_live() { "seed random" } else { "seed not known" };
    let seed = job.seed().map_or_else(|| unknown.to_owned(), |seed| format!("seed {seed}"));
    let charge = match job.charge() {
        Some(charge) => format!("charged {charge} · "),
        None if job.state.is_live() => String::new(),
        None => "nobody said what it cost · ".to_owned(),
    };
    let estimate = match job.estimate.each {
        Some(_) => format!("estimated {}", job.estimate),
        None => job.estimate.to_string(),
    };
    lines.extend(rows(&format!("{seed} · {charge}{estimate}"), dim, width));
    if let Some(told) = words::unbelievable(job) {
        lines.extend(rows(&told, theme.style(Tone::Warn), width));
    }
    lines.extend(rows(&format!("job {}", job.id), dim, width));
    let mark = &story.entry.mark;
    if let Some(stars) = words::stars(mark) {
        lines.extend(rows(&stars, text, width));
    }
    if !mark.note.is_empty() {
        lines.extend(rows(&format!("note: {}", mark.note), text, width));
    }
    lines.extend(trouble(app, job, width));
    for (output, file) in job.saved() {
        let path = app.data_dir.join(&file.path).display().to_string();
        lines.extend(rows(&format!("{path}  {}", words::file_facts(output, file)), text, width));
    }
    for line in times(app, job) {
        lines.extend(rows(&line, dim, width));
    }
    lines.extend(family(app, story, width));
    if lines.last().is_some_and(|line| line.width() > 0) {
        lines.push(Row::default());
    }
    for (at, event) in &story.events {
        let since = words::span(at.duration_since(job.created_at));
        lines.extend(rows(&format!("+{since:<8} {}", words::event(event)), text, width));
    }
    if prompt.len() > PROMPT_ROWS {
        lines.push(Row::default());
        lines.extend(rows("the whole prompt:", dim, width));
        lines.extend(prompt);
    }
    lines
}

/// What the job waits for, and what went wrong: what kind of thing, whether it was charged, the
/// provider's words, and what to do.
fn trouble(app: &App, job: &Job, width: u16) -> Vec<Row<'static>> {
    let theme = &app.theme;
    let mut lines = Vec::new();
    let provider = app.catalog.provider(&job.request.model.provider);
    let name = provider.map_or(job.request.model.provider.as_str(), |one| one.name.as_str());
    if let Some(wait) = app.live(job.id).and_then(|live| live.wait) {
        let (_, sentence) = words::wait(&wait, name, app.now);
        lines.push(Row::default());
        lines.extend(rows(&sentence, theme.style(Tone::Warn), width));
    }
    if job.state == JobState::Confirming {
        lines.push(Row::default());
        lines.extend(rows(CONFIRMING, theme.style(Tone::Warn), width));
    }
    if let Some(held) = words::held(job) {
        lines.push(Row::default());
        lines.extend(rows(&held, theme.style(Tone::Warn), width));
    }
    if job.state == JobState::InDoubt {
        for paragraph in words::doubt(job, &app.catalog) {
            lines.push(Row::default());
            lines.extend(rows(&paragraph, theme.style(Tone::Warn), width));
        }
        lines.push(Row::default());
        return lines;
    }
    let tell = |error: &JobError| {
        let what = match job.state {
            JobState::Downloading => "not saved yet",
            _ => words::failure(error.class),
        };
        let head = format!("{what}, {}", words::charged(error.charged));
        let mut told = vec![Row::default()];
        told.extend(rows(&head, theme.bold(Tone::Warn), width));
        let message = format!("{} ({})", error.message, error.code);
        told.extend(rows(&message, theme.style(Tone::Text), width));
        if !error.parameters.is_empty() {
            let named = format!("it names {}", error.parameters.join(", "));
            told.extend(rows(&named, theme.style(Tone::Text), width));
        }
        told
    };
    let retries = (job.state == JobState::RetryWait).then(|| app.live(job.id)?.next_poll).flatten();
    if let Some(error) = &job.error {
        lines.extend(tell(error));
        let next = match (retries, successor(app, job)) {
            (Some(at), _) => {
                let left = words::span(at.duration_since(app.now));
                format!("It is sent again by itself in {left}, under the same key.")
            }
            (None, Some(model)) => format!("{model} takes its place."),
            // Still being saved: only a disk needs somebody's hand.
            (None, None) if job.state.is_live() && error.class != FailureClass::Disk => {
                "It is tried again by itself.".to_owned()
            }
            (None, None) => error.advice().to_owned(),
        };
        lines.extend(rows(&next, theme.style(Tone::Accent), width));
    }
    let others = job.failures.iter().filter(|one| Some(*one) != job.error.as_ref());
    lines.extend(others.flat_map(tell));
    if !lines.is_empty() {
        lines.push(Row::default());
    }
    lines
}

/// How long the provider's copy and the draft are good for.
fn times(app: &App, job: &Job) -> Vec<String> {
    let mut lines = Vec::new();
    let provider = app.catalog.provider(&job.request.model.provider);
    let lifetime_h = provider.and_then(|provider| provider.result_lifetime_h);
    let end = lifetime_h
        .zip(job.rendered_at)
        .and_then(|(hours, at)| at.checked_add(SignedDuration::from_hours(i64::from(hours))).ok());
    let left = end.map(|end| end.duration_since(app.now));
    match (job.state, left) {
        (JobState::Succeeded, Some(left)) if left.is_positive() => lines
            .push(format!("kept here; the provider's copy goes in about {}", words::span(left))),
        (JobState::Succeeded, Some(_)) => {
            lines.push("kept here; the provider's copy is gone".to_owned());
        }
        (JobState::Downloading, Some(left)) if left.is_positive() && job.error.is_none() => {
            lines.push(format!("the provider keeps it for about {} more", words::span(left)));
        }
        _ => {}
    }
    match Promotable::of(job, app.catalog.model(&job.request.model), app.now) {
        Ok(promotable) => lines.push(format!(
            "⇡ a draft that can be promoted for {} more",
            words::span(promotable.left)
        )),
        Err(why @ (NotPromotable::TooOld { .. } | NotPromotable::ModelCannot)) => {
            lines.push(format!("not to be promoted any more: {why}"));
        }
        Err(_) => {}
    }
    lines
}

/// What it descends from, with what was changed, and what descends from it.
fn family(app: &App, story: &JobStory, width: u16) -> Vec<Row<'static>> {
    let style = app.theme.style(Tone::Promote);
    let job = &story.entry.job;
    let mut lines = Vec::new();
    if let Some(parent) = &story.parent {
        let relation = job.parent.map_or("", |parent| parent.relation.word());
        let line = format!("{relation} of {} ({})", parent.id, words::state(parent));
        lines.extend(rows(&line, style, width));
        let (old, new) = (&parent.request.prompt, &job.request.prompt);
        // The next shot has a prompt of its own, which changes nothing of the one before.
        if old != new && !job.is_next_shot() {
            lines.extend(word_diff::lines(&app.theme, old, new, width.into()));
        }
    }
    for child in &story.children {
        let relation = child.parent.map_or("", |parent| parent.relation.word());
        let line = format!("{relation} -> {} ({})", child.id, words::state(child));
        lines.extend(rows(&line, style, width));
    }
    lines
}
