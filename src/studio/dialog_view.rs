//! What lies over the panes.

use ratatui::layout::{Position, Rect};
use ratatui::text::Line as Row;
use ratatui::widgets::Clear;

use super::app::App;
use super::detail_view;
use super::dialog::{Dialog, SEND, palette_rows};
use super::effect::{Effect, Write};
use super::keymap::Place;
use super::layout::middle;
use super::models_view;
use super::promoting::Offered;
use super::term::frame::Frame;
use super::theme::Tone;
use super::view::{cut, pane, row, spread, words as span, wrapped};
use crate::domain::cost::Estimate;
use crate::domain::finish::Finish;
use crate::domain::job::Job;
use crate::words;

/// The width of the help's keys.
const KEYS_CELLS: usize = 19;

/// Draws the dialog that is open.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>) {
    match &app.dialog {
        None => {}
        Some(Dialog::Help { scroll }) => help(app, frame, *scroll),
        Some(Dialog::Palette { line, chosen }) => palette(app, frame, line, *chosen),
        Some(Dialog::Models { line, chosen }) => models_view::draw(app, frame, line, *chosen),
        Some(Dialog::Detail { story, scroll, .. }) => {
            detail_view::draw(app, frame, story.as_deref(), *scroll);
        }
        Some(Dialog::Promote { of, offered, chosen, .. }) => {
            promote(app, frame, of, offered, *chosen);
        }
        Some(Dialog::Recall { changes, .. }) => {
            plain(
                app,
                frame,
                "Bring back into the form",
                changes,
                "Enter brings it back · Esc leaves the form as it is",
            );
        }
        Some(Dialog::Note { line, .. }) => {
            let area = open(app, frame, "Note", 64, 5);
            let (text, at) = line.shown(area.width.into());
            row(frame, area, 0, Row::from(span(text, app.theme.style(Tone::Text))));
            row(
                frame,
                area,
                2,
                Row::from(span(
                    "#words are tags · Enter keeps it · Esc does not",
                    app.theme.style(Tone::Dim),
                )),
            );
            caret(frame, area, 0, at);
        }
        Some(Dialog::Where { reason, lines, chosen, .. }) => {
            places(app, frame, reason, lines, *chosen)
        }
        Some(Dialog::Confirm { title, lines, effect }) => {
            plain(app, frame, title, lines, &answers(app, effect.as_ref()));
        }
    }
}

/// An empty box in the middle; returns what is within its border.
pub(super) fn open(app: &App, frame: &mut Frame<'_>, title: &str, columns: u16, rows: u16) -> Rect {
    open_at(app, frame, title, middle(app, columns, rows))
}

pub(super) fn open_at(app: &App, frame: &mut Frame<'_>, title: &str, area: Rect) -> Rect {
    frame.render_widget(Clear, area);
    let block = pane(app, title, "", true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

pub(super) fn caret(frame: &mut Frame<'_>, area: Rect, line: u16, cells: usize) {
    let x = area.x + (cells.min(usize::from(area.width.saturating_sub(1)))) as u16;
    frame.set_cursor_position(Position { x, y: area.y + line });
}

fn plain(app: &App, frame: &mut Frame<'_>, title: &str, lines: &[String], keys: &str) {
    let width = 76.min(app.size.0.saturating_sub(8));
    let lines: Vec<String> = lines.iter().flat_map(|line| wrapped(line, width.into())).collect();
    let keys = wrapped(keys, width.into());
    let area = open(app, frame, title, width + 4, (lines.len() + keys.len()) as u16 + 3);
    for (offset, line) in (0..).zip(&lines) {
        row(frame, area, offset, Row::from(span(line.as_str(), app.theme.style(Tone::Text))));
    }
    let last = area.height.saturating_sub(keys.len() as u16);
    for (offset, line) in (last..).zip(keys) {
        row(frame, area, offset, Row::from(span(line, app.theme.style(Tone::Dim))));
    }
}

fn help(app: &App, frame: &mut Frame<'_>, scroll: usize) {
    let places = app.places();
    let mut lines: Vec<(String, &str)> = app
        .keymap
        .actions(places)
        .map(|action| (app.keymap.keys(action, places).join(", "), action.title()))
        .collect();
    if app.is_writing() {
        lines.push((
            "any other key".to_owned(),
            "is text; Enter begins a new line, Esc leaves the text",
        ));
    }
    let columns = if app.size.0 >= 110 { 2 } else { 1 };
    let width = usize::from(app.size.0.saturating_sub(8)) / columns;
    let lines: Vec<(String, String)> = lines
        .into_iter()
        .flat_map(|(keys, title)| {
            let parts = wrapped(title, width.saturating_sub(KEYS_CELLS + 1)).into_iter();
            let keys = std::iter::once(keys).chain(std::iter::repeat(String::new()));
            keys.zip(parts).collect::<Vec<_>>()
        })
        .collect();
    let rows = lines.len().div_ceil(columns);
    let area = open(app, frame, "Keys of this pane", app.size.0, rows as u16 + 4);
    let shown = usize::from(area.height.saturating_sub(2)).max(1);
    let top = scroll.min(rows.saturating_sub(shown));
    for (index, (keys, title)) in lines.iter().enumerate() {
        let (column, line) = (index / rows.max(1), index % rows.max(1));
        if line < top || line - top >= shown {
            continue;
        }
        let at = Rect { x: area.x + (column * width) as u16, width: width as u16, ..area };
        let text = vec![
            span(
                format!("{:<KEYS_CELLS$}", cut(keys, KEYS_CELLS - 1)),
                app.theme.bold(Tone::Accent),
            ),
            span(title.as_str(), app.theme.style(Tone::Text)),
        ];
        row(frame, at, (line - top) as u16, spread(text, Vec::new(), width as u16));
    }
    let more = if rows > shown { "↑↓ shows the others · " } else { "" };
    let keys = format!("{more}: lists everything · Esc closes");
    row(
        frame,
        area,
        area.height.saturating_sub(1),
        Row::from(span(keys, app.theme.style(Tone::Dim))),
    );
}

fn palette(app: &App, frame: &mut Frame<'_>, line: &super::line::Line, chosen: usize) {
    let area = open(app, frame, "Everything that can be done", 76, 20);
    row(
        frame,
        area,
        0,
        Row::from(vec![
            span(": ", app.theme.bold(Tone::Accent)),
            span(line.text(), app.theme.style(Tone::Text)),
        ]),
    );
    caret(frame, area, 0, line.caret_cells() + 2);
    let rows = palette_rows(line);
    let shown = usize::from(area.height.saturating_sub(2));
    let top = chosen.saturating_sub(shown.saturating_sub(1));
    let places = [Place::Everywhere, Place::Commands, Place::Job, Place::Text];
    for (offset, (index, action)) in (2..area.height).zip(rows.iter().enumerate().skip(top)) {
        let style = if index == chosen { app.theme.chosen() } else { app.theme.style(Tone::Text) };
        let keys = app.keymap.keys(*action, &places).into_iter().next().unwrap_or_default();
        let left = vec![span(format!(" {}", action.title()), style)];
        let right = vec![span(format!("{keys} "), app.theme.style(Tone::Dim))];
        row(frame, area, offset, spread(left, right, area.width));
    }
    if rows.is_empty() {
        row(frame, area, 2, Row::from(span(" No command matches.", app.theme.style(Tone::Dim))));
    }
}

fn promote(app: &App, frame: &mut Frame<'_>, of: &Job, offered: &Offered, chosen: usize) {
    let theme = &app.theme;
    let (text, dim) = (theme.style(Tone::Text), theme.style(Tone::Dim));
    let cells = 68.min(app.size.0.saturating_sub(8));
    let paid = of.charge().map_or_else(|| "unknown".to_owned(), |charge| charge.to_string());
    let (title, paid_for) = match offered.finish {
        Finish::OfDraft => ("Make the final", "paid for the draft  "),
        _ => ("The same, larger", "paid for this one   "),
    };
    let mut lines =
        vec![Row::from(vec![span(paid_for, dim), span(paid, theme.style(Tone::Money))])];
    lines.extend(offered.left.map(|left| {
        Row::from(vec![span("can be promoted for ", dim), span(words::span(left), text)])
    }));
    lines.push(Row::default());
    let near = words::finish::nearness(offered.finish);
    lines.extend(wrapped(near, cells.into()).into_iter().map(|line| Row::from(span(line, text))));
    for (index, one) in offered.finals.iter().enumerate() {
        let style = if index == chosen { theme.chosen() } else { text };
        let size = one.request.size_px.map(|(width, height)| format!("{width}×{height}"));
        let (size, resolution) = (size.unwrap_or_default(), one.request.resolution.to_string());
        lines.push(Row::from(vec![
            span(format!(" {resolution:<6} {size:<11}"), style),
            span(format!("  {}", one.estimate), theme.bold(Tone::Money)),
        ]));
    }
    lines.push(Row::default());
    let seed = offered.finals.first().and_then(|one| one.request.seed);
    let seed = seed.map(|seed| format!("seed {seed}, ")).unwrap_or_default();
    let carried = format!("Prompt, {seed}aspect, duration, sound and camera carry over.");
    lines
        .extend(wrapped(&carried, cells.into()).into_iter().map(|line| Row::from(span(line, dim))));
    lines.push(Row::default());
    let price = offered.finals.get(chosen).map(|one| &one.estimate);
    let keys = format!("↑↓ chooses · {}", confirms(app, &of.request.model.provider, price));
    lines.extend(wrapped(&keys, cells.into()).into_iter().map(|line| Row::from(span(line, dim))));
    let area = open(app, frame, title, cells + 4, lines.len() as u16 + 2);
    for (offset, line) in (0..).zip(lines) {
        row(frame, area, offset, line);
    }
}

/// What Enter does where it pays: the only dialogs that ask to confirm.
fn confirms(app: &App, provider: &str, price: Option<&Estimate>) -> String {
    let is_play = app.catalog.provider(provider).is_some_and(|one| one.play_money);
    let money = if is_play { " play money" } else { "" };
    match price.filter(|price| price.most().is_some()) {
        Some(price) => format!("Enter confirms, pays {price}{money} · Esc does not"),
        None => "Enter confirms, pays what it costs · Esc does not".to_owned(),
    }
}

/// What Enter does in a question, and what that costs.
fn answers(app: &App, effect: Option<&Effect>) -> String {
    match effect {
        Some(Effect::Write(Write::Submit { request, consent, .. })) => {
            confirms(app, &request.model.provider, Some(&consent.price))
        }
        Some(Effect::Write(Write::Release { id, consent })) => {
            let known = app.known().into_iter().find(|entry| entry.job.id == *id);
            let provider = known.map_or("", |entry| &entry.job.request.model.provider);
            confirms(app, provider, Some(&consent.price))
        }
        _ => "Enter does it, and pays nothing · Esc does not".to_owned(),
    }
}

fn places(
    app: &App,
    frame: &mut Frame<'_>,
    reason: &str,
    lines: &[(&'static str, String)],
    chosen: usize,
) {
    // Everything is shown whole: where the terminal's clipboard is closed, it is read off the screen.
    let cells = usize::from(app.size.0.saturating_sub(8 + 8));
    let reason = wrapped(reason, cells + 8).into_iter();
    let mut rows: Vec<Row<'_>> =
        reason.map(|line| Row::from(span(line, app.theme.style(Tone::Text)))).collect();
    rows.push(Row::default());
    for (index, (word, text)) in lines.iter().enumerate() {
        let style = if index == chosen { app.theme.chosen() } else { app.theme.style(Tone::Text) };
        for (number, part) in wrapped(text, cells).into_iter().enumerate() {
            let label = if number == 0 { *word } else { "" };
            let label = span(format!("{label:<8}"), app.theme.style(Tone::Dim));
            rows.push(Row::from(vec![label, span(part, style)]));
        }
    }
    let area = open(app, frame, "The clip", app.size.0, rows.len() as u16 + 4);
    for (offset, line) in (0..).zip(rows) {
        row(frame, area, offset, line);
    }
    let sends = lines.get(chosen).is_some_and(|(word, _)| *word == SEND);
    let enter = if sends { "sends" } else { "copies" };
    let keys = format!("↑↓ chooses · Enter {enter} · Esc closes");
    row(
        frame,
        area,
        area.height.saturating_sub(1),
        Row::from(span(keys, app.theme.style(Tone::Dim))),
    );
}
