//! The list of jobs, live.

use ratatui::layout::Rect;
use ratatui::text::{Line as Row, Span};
use unicode_width::UnicodeWidthStr as _;

use super::app::{Entry, Live, Pane, Seen};
use super::term::frame::Frame;
use super::theme::Tone;
use super::view::{pane, row, spread, words as span, wrapped};
use crate::domain::catalog::Catalog;
use crate::domain::job::{Charged, FailureClass, Job, JobKind, JobState};
use crate::domain::promotion::Promotable;
use crate::domain::text::one_line;
use crate::words;

/// Draws it.
pub(super) fn draw(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let focused = app.pane == Pane::Jobs && app.dialog.is_none();
    let remark = match app.jobs.len() {
        0 => String::new(),
        count => format!("{}, newest first", words::count(count, "job")),
    };
    let block = pane(app, "Jobs", &remark, focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if app.jobs.is_empty() {
        return nothing_yet(app, frame, inner);
    }
    list(app, frame, inner, &app.jobs, app.chosen, focused);
}

/// What the chosen model is good for, for whoever has nothing yet.
fn nothing_yet(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let dim = app.theme.style(Tone::Dim);
    let mut text = "Nothing yet. F5 submits.".to_owned();
    match app.settings.model(&app.catalog) {
        _ if !app.open => text = "opening…".to_owned(),
        Some(model) => {
            text.push_str(&format!("\n\n{}: {}", model.name, words::finish::way(model)));
            if !model.status.note.is_empty() {
                text.push_str(&format!("\n{}", model.status.note));
            }
        }
        None => {}
    }
    let lines = wrapped(&text, usize::from(area.width).saturating_sub(2));
    for (offset, line) in (0..).zip(lines) {
        row(frame, area, offset, Row::from(span(format!(" {line}"), dim)));
    }
}

/// Where titles and prompts begin.
const AGE_CELLS: usize = 15;
/// So much of a prompt is shown before anything stands at its right.
const LEAST_PROMPT_CELLS: usize = 26;

/// Two rows a job, the chosen one in sight.
pub(super) fn list(
    app: &Seen<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    entries: &[Entry],
    chosen: usize,
    focused: bool,
) {
    let shown = usize::from(area.height / 2).max(1);
    let top = top(chosen, shown, entries.len());
    for (offset, (index, entry)) in (0..).zip(entries.iter().enumerate().skip(top).take(shown)) {
        let mark = index == chosen;
        let rows = Rect { y: area.y + offset * 2, height: 2.min(area.height - offset * 2), ..area };
        draw_job(app, frame, rows, entry, mark, focused);
    }
}

/// The first row that is shown: the chosen one stays in the middle where there is more on both sides.
pub(super) fn top(chosen: usize, shown: usize, count: usize) -> usize {
    chosen.saturating_sub(shown / 2).min(count.saturating_sub(shown))
}

fn draw_job(
    app: &Seen<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    entry: &Entry,
    chosen: bool,
    focused: bool,
) {
    let theme = &app.theme;
    let job = &entry.job;
    let live = app.live(job.id);
    let (glyph, tone) = glyph(job);
    let bar = match (chosen, focused) {
        (true, true) => span("▌", theme.bold(Tone::Accent)),
        (true, false) => span("▌", theme.style(Tone::Dim)),
        _ => span(" ", theme.style(Tone::Dim)),
    };
    let star = words::stars(&entry.mark).map(|stars| format!("{stars}  ")).unwrap_or_default();
    let marked = if app.marked.is_some_and(|(id, _)| id == job.id) { "◆ marked  " } else { "" };
    let left = vec![
        bar.clone(),
        span(format!("{glyph} {:<11} ", words::state(job)), theme.bold(tone)),
        span(marked, theme.bold(Tone::Accent)),
        span(format!("{star}{}", title(&app.catalog, job)), theme.bold(Tone::Text)),
    ];
    let room = usize::from(area.width).saturating_sub(cells(&left) + 1);
    let right = fitting(facts(app, job, live), room);
    row(frame, area, 0, spread(left, right, area.width));
    let age = match live {
        Some(_) => clock(app.now.duration_since(job.since).as_secs()),
        None => words::ago(job.created_at, app.now),
    };
    let prompt = one_line(&job.request.prompt, 160);
    let note = &entry.mark.note;
    let text = if note.is_empty() { prompt } else { format!("{note} · {prompt}") };
    let room = usize::from(area.width)
        .saturating_sub(AGE_CELLS + text.width().min(LEAST_PROMPT_CELLS) + 1);
    let below = vec![
        bar,
        span(format!("  {age:<11} "), theme.style(Tone::Dim)),
        span(text, theme.style(Tone::Dim)),
    ];
    let next = live.map(|live| what_next(app, live)).unwrap_or_default();
    let next = next.into_iter().map(|next| vec![span(next, theme.style(Tone::Dim))]);
    let right = fitting(next.chain([Vec::new()]).collect(), room);
    row(frame, area, 1, spread(below, right, area.width));
}

fn cells(spans: &[Span<'_>]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// The first of `variants` that fits into `room` cells; the last one where none does.
fn fitting<'a>(mut variants: Vec<Vec<Span<'a>>>, room: usize) -> Vec<Span<'a>> {
    let fits = variants.iter().position(|variant| cells(variant) <= room);
    let at = fits.unwrap_or(variants.len().saturating_sub(1));
    if at < variants.len() { variants.swap_remove(at) } else { Vec::new() }
}

/// `asks in 3 s`, `again in 8 s`: what Rushes does next for a live job, and when; the longest first.
fn what_next(app: &Seen<'_>, live: &Live) -> Vec<String> {
    let Some(at) = live.next_poll else { return Vec::new() };
    let seconds = at.duration_since(app.now).as_secs().max(0);
    let times = words::count(live.job.sends as usize, "time");
    match live.job.state {
        JobState::Running | JobState::Confirming => vec![format!("asks in {seconds} s")],
        JobState::RetryWait => {
            vec![
                format!("sent {times}, retries in {seconds} s"),
                format!("retries in {seconds} s"),
                format!("in {seconds} s"),
            ]
        }
        JobState::Downloading if live.job.error.is_some() && live.saving.is_none() => {
            vec![format!("again in {}", words::span(at.duration_since(app.now)))]
        }
        _ => Vec::new(),
    }
}

/// `draft 1.5-pro`, `final runware/1.5-pro 1080p`: who takes money is named.
pub(super) fn title(catalog: &Catalog, job: &Job) -> String {
    let request = &job.request;
    let is_play = catalog.provider(&request.model.provider).is_some_and(|one| one.play_money);
    let model = if is_play { request.model.model.clone() } else { request.model.to_string() };
    let kind = match request.kind {
        JobKind::Single => String::new(),
        kind => format!("{kind} "),
    };
    let resolution = match request.kind {
        JobKind::Draft => String::new(),
        _ => format!(" {}", request.resolution),
    };
    let results =
        if request.results > 1 { format!(" ×{}", request.results) } else { String::new() };
    format!("{kind}{model}{resolution}{results}")
}

/// A state's glyph and colour.
pub(super) fn glyph(job: &Job) -> (&'static str, Tone) {
    let moderated = job.error.as_ref().is_some_and(|error| error.class == FailureClass::Moderated);
    match job.state {
        JobState::Queued => ("◌", Tone::Dim),
        JobState::Submitting => ("◔", Tone::Busy),
        JobState::Confirming => ("◑", Tone::Warn),
        JobState::Running => ("◐", Tone::Busy),
        JobState::Downloading => ("↓", Tone::Busy),
        JobState::RetryWait => ("↻", Tone::Warn),
        JobState::Canceling => ("◍", Tone::Warn),
        JobState::Succeeded => ("✓", Tone::Good),
        JobState::Failed if moderated => ("⊘", Tone::Warn),
        JobState::Failed => ("✗", Tone::Bad),
        JobState::Canceled => ("○", Tone::Dim),
        JobState::Expired => ("◷", Tone::Bad),
        JobState::InDoubt => ("?", Tone::Bad),
        JobState::Held => ("≡", Tone::Warn),
    }
}

/// What matters most about it now, for the right of its first row: the longest way to say it first.
fn facts<'a>(app: &Seen<'_>, job: &Job, live: Option<&Live>) -> Vec<Vec<Span<'a>>> {
    let theme = &app.theme;
    let (busy, warn) = (theme.style(Tone::Busy), theme.style(Tone::Warn));
    let money = match job.charge() {
        Some(charge) => span(charge.to_string(), theme.style(Tone::Money)),
        None => span(format!("~{}", job.estimate), theme.style(Tone::Dim)),
    };
    if let Some(wait) = live.and_then(|live| live.wait) {
        let (text, _) = words::wait(&wait, "", app.now);
        // What it waits for says more than how much of it there is.
        let short = text.split([',', ':']).next().unwrap_or_default().to_owned();
        return vec![vec![span(text, warn)], vec![span(short, warn)]];
    }
    match (job.state, live) {
        (JobState::Downloading, Some(live)) => match live.saving {
            Some((bytes, Some(total))) => {
                let bar = span(bar(bytes as f64 / total.max(1) as f64), busy);
                let bytes = format!(" {} of {}", words::bytes(bytes), words::bytes(total));
                vec![
                    vec![bar.clone(), span(bytes.clone(), busy)],
                    vec![span(bytes, busy)],
                    vec![bar],
                ]
            }
            Some((bytes, None)) => vec![vec![span(words::bytes(bytes), busy)]],
            None => match &job.error {
                Some(error) => vec![
                    vec![span(format!("not saved yet: {}", error.message), warn)],
                    vec![span("not saved yet", warn)],
                ],
                None => vec![vec![money]],
            },
        },
        (JobState::Running, Some(live))
            if live.percent.is_some() || live.expected_end.is_some() =>
        {
            running(app, job, live).into_iter().map(|one| vec![span(one, busy)]).collect()
        }
        (JobState::RetryWait, _) => {
            let class = job.error.as_ref().map(|error| words::failure(error.class));
            vec![vec![span(class.unwrap_or("not accepted"), warn)]]
        }
        (JobState::Confirming, _) => vec![vec![span("asking the provider", warn)]],
        (JobState::Succeeded, _) => {
            let model = app.catalog.model(&job.request.model);
            match Promotable::of(job, model, app.now) {
                Ok(promotable) => {
                    let left = format!("  ⇡ {} left", words::span(promotable.left));
                    vec![vec![money.clone(), span(left, theme.style(Tone::Promote))], vec![money]]
                }
                Err(_) => vec![vec![money]],
            }
        }
        (JobState::Held, _) => vec![vec![span("not sent, R sends it", warn)], vec![money]],
        (state, _) if state.is_end() || state == JobState::InDoubt => {
            let charged = job.error.as_ref().map_or(Charged::Unknown, |error| error.charged);
            let tone = if charged == Charged::NotCharged { Tone::Dim } else { Tone::Warn };
            vec![vec![span(words::charged(charged), theme.style(tone))]]
        }
        _ => vec![vec![money]],
    }
}

/// How far a render is, and how long it goes on; the longest way to say it first.
fn running(app: &Seen<'_>, job: &Job, live: &Live) -> Vec<String> {
    let left = match live.expected_end.map(|end| end.duration_since(app.now).as_secs()) {
        Some(left) if left > 0 => format!(" about {} left", clock(left)),
        Some(_) => " any moment".to_owned(),
        None => String::new(),
    };
    let done = match (live.percent, live.expected_end) {
        (Some(percent), _) => format!("{percent} %"),
        (None, Some(end)) => {
            let since = job.accepted_at.unwrap_or(job.since);
            let whole = end.duration_since(since).as_secs_f64().max(1.0);
            let done = app.now.duration_since(since).as_secs_f64() / whole;
            bar(done.min(0.99))
        }
        (None, None) => String::new(),
    };
    vec![format!("{done}{left}"), left.trim_start().to_owned()]
}

/// Six cells that fill.
fn bar(part: f64) -> String {
    let full = (part.clamp(0.0, 1.0) * 6.0).round() as usize;
    format!("{}{}", "▰".repeat(full), "▱".repeat(6 - full))
}

/// `0:42`.
fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
