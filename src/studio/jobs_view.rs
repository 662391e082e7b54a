//! The list of jobs, live.

use ratatui::layout::Rect;
use ratatui::text::{Line as Row, Span};

use super::app::{Entry, Live, Pane, Seen};
use super::frame::Frame;
use super::theme::Tone;
use super::view::{pane, row, spread, words as span};
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
        let text = if app.open { " Nothing yet. F5 submits." } else { " opening…" };
        return row(frame, inner, 0, Row::from(span(text, app.theme.style(Tone::Dim))));
    }
    list(app, frame, inner, &app.jobs, app.chosen, focused);
}

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
    let star = if entry.starred { "★ " } else { "" };
    let left = vec![
        bar.clone(),
        span(format!("{glyph} {:<11} ", words::state(job)), theme.bold(tone)),
        span(format!("{star}{} ", title(job)), theme.bold(Tone::Text)),
    ];
    row(frame, area, 0, spread(left, facts(app, job, live), area.width));
    let age = match live {
        Some(_) => clock(app.now.duration_since(job.since).as_secs()),
        None => words::ago(job.created_at, app.now),
    };
    let prompt = one_line(&job.request.prompt, 160);
    let text = if entry.note.is_empty() { prompt } else { format!("{} · {prompt}", entry.note) };
    let below = vec![
        bar,
        span(format!("  {age:<11} "), theme.style(Tone::Dim)),
        span(text, theme.style(Tone::Dim)),
    ];
    let next = live.and_then(|live| what_next(app, live));
    let right = next.map(|next| span(next, theme.style(Tone::Dim)));
    row(frame, area, 1, spread(below, right.into_iter().collect(), area.width));
}

/// `asks in 3 s`, `sent 2 times, again in 8 s`: what Rushes does next for a live job, and when.
fn what_next(app: &Seen<'_>, live: &Live) -> Option<String> {
    let seconds = live.next_poll?.duration_since(app.now).as_secs().max(0);
    let sends = live.job.sends;
    match live.job.state {
        JobState::Running | JobState::Confirming => Some(format!("asks in {seconds} s")),
        JobState::RetryWait => {
            let times = words::count(sends as usize, "time");
            Some(format!("sent {times}, again in {seconds} s"))
        }
        _ => None,
    }
}

/// `draft 1.5-pro`, `final 1.5-pro 1080p`.
pub(super) fn title(job: &Job) -> String {
    let request = &job.request;
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
    format!("{kind}{}{resolution}{results}", request.model.model)
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
        JobState::Expired => ("⌛", Tone::Bad),
        JobState::InDoubt => ("?", Tone::Bad),
    }
}

/// What matters most about it now, at the right of its first row.
fn facts<'a>(app: &Seen<'_>, job: &Job, live: Option<&Live>) -> Vec<Span<'a>> {
    let theme = &app.theme;
    let money = |job: &Job| match job.charge() {
        Some(charge) => span(charge.to_string(), theme.style(Tone::Money)),
        None => span(format!("~{}", job.estimate), theme.style(Tone::Dim)),
    };
    match (job.state, live) {
        (JobState::Downloading, Some(live)) => match live.saving {
            Some((bytes, Some(total))) => vec![
                span(bar(bytes as f64 / total.max(1) as f64), theme.style(Tone::Busy)),
                span(
                    format!(" {} of {}", words::bytes(bytes), words::bytes(total)),
                    theme.style(Tone::Busy),
                ),
            ],
            Some((bytes, None)) => vec![span(words::bytes(bytes), theme.style(Tone::Busy))],
            None => vec![money(job)],
        },
        (JobState::Running, Some(live))
            if live.percent.is_some() || live.expected_end.is_some() =>
        {
            let left = live.expected_end.map(|end| end.duration_since(app.now).as_secs());
            let mut spans = Vec::new();
            if let Some(percent) = live.percent {
                spans.push(span(format!("{percent} % "), theme.style(Tone::Busy)));
            } else if let Some(end) = live.expected_end {
                let since = job.accepted_at.unwrap_or(job.since);
                let whole = end.duration_since(since).as_secs_f64().max(1.0);
                let done = app.now.duration_since(since).as_secs_f64() / whole;
                spans.push(span(bar(done.min(0.99)), theme.style(Tone::Busy)));
            }
            match left {
                Some(left) if left > 0 => spans
                    .push(span(format!(" about {} left", clock(left)), theme.style(Tone::Busy))),
                Some(_) => spans.push(span(" any moment", theme.style(Tone::Busy))),
                None => {}
            }
            spans
        }
        (JobState::RetryWait | JobState::Confirming, _) => {
            let why = job
                .error
                .as_ref()
                .map_or("asking the provider".to_owned(), |error| error.class.to_string());
            vec![span(why, theme.style(Tone::Warn))]
        }
        (JobState::Succeeded, _) => {
            let mut spans = vec![money(job)];
            let model = app.catalog.model(&job.request.model);
            if let Ok(promotable) = Promotable::of(job, model, app.now) {
                spans.push(span(
                    format!("  ⇡ {} left", words::span(promotable.left)),
                    theme.style(Tone::Promote),
                ));
            }
            spans
        }
        (state, _) if state.is_end() || state == JobState::InDoubt => {
            let charged = job.error.as_ref().map_or(Charged::Unknown, |error| error.charged);
            let tone = if charged == Charged::NotCharged { Tone::Dim } else { Tone::Warn };
            vec![span(words::charged(charged), theme.style(tone))]
        }
        _ => vec![money(job)],
    }
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
