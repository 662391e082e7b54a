//! All jobs ever: a search, what it found, and what is known of the chosen one.

use ratatui::layout::{Position, Rect};
use ratatui::text::Line as Row;

use super::app::{Entry, Seen};
use super::jobs_view;
use super::term::frame::Frame;
use super::theme::Tone;
use super::view::{cut, pane, row, words as span, wrapped};
use super::word_diff;
use crate::domain::job::Job;
use crate::words;

/// The search and its list.
pub(super) fn found(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let history = &app.history;
    let theme = &app.theme;
    let count = words::count(history.entries.len(), "job");
    let remark = if history.more { format!("the first {count}, ↓ for more") } else { count };
    let block = pane(app, "History", &remark, app.dialog.is_none());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = usize::from(inner.width).saturating_sub(4);
    let (shown, caret) = history.query.shown(room);
    let mut line = vec![span("/ ", theme.bold(Tone::Accent))];
    if history.query.text().is_empty() {
        line.push(span(
            "words, model: is: cost:<0.2 seed: since:2d star: tag: sort:",
            theme.style(Tone::Dim),
        ));
    } else {
        line.push(span(cut(shown, room), theme.style(Tone::Text)));
    }
    row(frame, inner, 0, Row::from(line));
    if history.writing && app.dialog.is_none() {
        let x = inner.x + 2 + caret.min(room) as u16;
        frame.set_cursor_position(Position {
            x: x.min(inner.right().saturating_sub(1)),
            y: inner.y,
        });
    }
    if let Some(problem) = &history.problem {
        row(frame, inner, 1, Row::from(span(problem.as_str(), theme.style(Tone::Warn))));
    }
    let list = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    if history.entries.is_empty() {
        let text = if history.query.text().is_empty() { "Nothing yet." } else { "Nothing found." };
        return row(frame, list, 0, Row::from(span(text, theme.style(Tone::Dim))));
    }
    jobs_view::list(app, frame, list, &history.entries, history.chosen, true);
}

/// The chosen one: settings, lineage, prompt.
pub(super) fn about(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let block = pane(app, "About", "", false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(entry) = app.entry() else { return };
    for (offset, line) in (0..inner.height).zip(about_lines(app, entry, inner.width)) {
        row(frame, inner, offset, line);
    }
}

fn about_lines(app: &Seen<'_>, entry: &Entry, width: u16) -> Vec<Row<'static>> {
    let theme = &app.theme;
    let (dim, text) = (theme.style(Tone::Dim), theme.style(Tone::Text));
    let job = &entry.job;
    let mut lines = vec![
        Row::from(span(
            format!("{} · {}", job.request.model, words::state(job)),
            theme.bold(Tone::Text),
        )),
        Row::from(span(words::settings(&job.request), dim)),
    ];
    let seed = job.seed().map_or_else(|| "seed unknown".to_owned(), |seed| format!("seed {seed}"));
    let money = match job.charge() {
        Some(charge) => format!("charged {charge}, estimated {}", job.estimate),
        None => format!("estimated {}", job.estimate),
    };
    lines.push(Row::from(span(
        format!("{seed} · {money} · {}", words::ago(job.created_at, app.now)),
        dim,
    )));
    let family = |id| app.history.entries.iter().chain(&app.jobs).find(|other| other.job.id == id);
    if let Some(parent) = job.parent {
        lines.push(Row::from(span(
            format!("{} of {}", parent.relation, parent.job.short()),
            theme.style(Tone::Promote),
        )));
    }
    let mut children: Vec<&Job> = Vec::new();
    for other in app.history.entries.iter().chain(&app.jobs) {
        let mine = other.job.parent.is_some_and(|parent| parent.job == job.id);
        if mine && !children.iter().any(|child| child.id == other.job.id) {
            children.push(&other.job);
        }
    }
    for child in children.iter().take(4) {
        let relation = child.parent.map_or("", |parent| parent.relation.word());
        let line = format!(
            "{relation} -> {} {}",
            jobs_view::title(&app.catalog, child),
            words::state(child)
        );
        lines.push(Row::from(span(line, theme.style(Tone::Promote))));
    }
    if let Some((trouble, _)) = words::trouble(job) {
        lines.extend(
            wrapped(&trouble, width.into())
                .into_iter()
                .map(|line| Row::from(span(line, theme.style(Tone::Warn)))),
        );
    }
    if !entry.mark.note.is_empty() {
        lines.push(Row::from(span(format!("note: {}", entry.mark.note), text)));
    }
    lines.push(Row::default());
    let parent = job
        .parent
        .filter(|_| !job.is_next_shot())
        .and_then(|parent| family(parent.job))
        .map(|parent| parent.job.request.prompt.as_str());
    match parent.filter(|old| *old != job.request.prompt) {
        Some(old) => {
            lines.push(Row::from(span("against its parent:", dim)));
            lines.extend(word_diff::lines(&app.theme, old, &job.request.prompt, width.into()));
        }
        None => lines.extend(
            wrapped(&job.request.prompt, width.into())
                .into_iter()
                .map(|line| Row::from(span(line, text))),
        ),
    }
    lines
}
