//! The settings pane: every choice with what else there is, and the estimate with its parts.

use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line as Row, Span};

use super::app::{Pane, Seen};
use super::frame::Frame;
use super::settings::{self, Row as Field};
use super::theme::Tone;
use super::view::{cut, pane, row, spread, words};
use crate::domain::catalog::{Model, StatusKind};
use crate::domain::request::{ClipLength, FrameImage};
use crate::domain::size::AspectRatio;

/// Where values begin.
const LABEL_CELLS: usize = 12;

/// Draws it.
pub(super) fn draw(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let focused = app.pane == Pane::Settings && app.dialog.is_none();
    let Some(model) = app.settings.model(&app.catalog) else { return };
    let block = pane(app, "Settings", &model.name, focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    // The estimate has the last rows; the form scrolls above it where it does not fit.
    let estimate_rows = 2.min(inner.height);
    let form = Rect { height: inner.height - estimate_rows, ..inner };
    let rows = usize::from(form.height);
    let top = app
        .settings
        .row
        .saturating_sub(rows.saturating_sub(1).max(1))
        .min(Field::ALL.len().saturating_sub(rows));
    for (offset, field) in (0..form.height).zip(Field::ALL.iter().skip(top)) {
        let chosen = focused && app.settings.focused() == *field;
        draw_field(
            app,
            frame,
            Rect { y: form.y + offset, height: 1, ..form },
            *field,
            model,
            chosen,
        );
    }
    let below = Rect { y: form.y + form.height, height: estimate_rows, ..inner };
    draw_estimate(app, frame, below);
}

fn draw_field(
    app: &Seen<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    field: Field,
    model: &Model,
    chosen: bool,
) {
    let theme = &app.theme;
    let label = if chosen { theme.bold(Tone::Accent) } else { theme.style(Tone::Dim) };
    let mark = if chosen { "▸" } else { " " };
    let mut spans = vec![words(format!("{mark}{:<LABEL_CELLS$}", field.label()), label)];
    if let Some(line) = app.settings.editing.as_ref().filter(|_| chosen) {
        let room = usize::from(area.width).saturating_sub(LABEL_CELLS + 2);
        spans.push(words(
            cut(line.text(), room),
            theme.style(Tone::Text).add_modifier(Modifier::UNDERLINED),
        ));
        row(frame, area, 0, Row::from(spans));
        let x = area.x + (LABEL_CELLS + 1 + line.caret_cells().min(room)) as u16;
        frame.set_cursor_position(Position { x: x.min(area.right() - 1), y: area.y });
        return;
    }
    let reason = app.settings.reason(field, &app.catalog);
    spans.extend(value(app, field, model, reason.is_some()));
    if let Some(reason) = reason {
        spans.push(words(format!("  {reason}"), theme.style(Tone::Dim)));
    }
    row(frame, area, 0, spread(spans, Vec::new(), area.width));
}

/// The value, with what else could be chosen beside it.
fn value<'a>(app: &'a Seen<'_>, field: Field, model: &'a Model, fixed: bool) -> Vec<Span<'a>> {
    let theme = &app.theme;
    let chosen = &app.settings.chosen;
    let strong = theme.bold(Tone::Text);
    let dim = theme.style(Tone::Dim);
    let resolution = settings::resolution(chosen, model);
    match field {
        Field::Model => {
            let id = words(format!("{}", model.key()), strong);
            let (note, tone) = match model.status.kind {
                StatusKind::Live if model.provider == "sandbox" => ("  play money", Tone::Dim),
                StatusKind::Live => ("", Tone::Dim),
                StatusKind::RetiredUpstream => ("  retired upstream", Tone::Warn),
                StatusKind::Delisted => ("  delisted", Tone::Warn),
            };
            vec![id, words(note, theme.style(tone))]
        }
        Field::Mode if fixed => vec![words("full", strong)],
        Field::Mode => pick(app, &["draft", "full"], if chosen.draft { "draft" } else { "full" }),
        Field::Resolution => {
            let all: Vec<String> = model.resolutions().map(|one| one.to_string()).collect();
            let mut spans = match fixed {
                true => vec![words(resolution.to_string(), strong)],
                false => pick(app, &all, &resolution.to_string()),
            };
            let aspect = chosen.aspect.unwrap_or(AspectRatio::WIDESCREEN);
            if let Some((width, height)) = model.pixels(resolution, aspect) {
                spans.push(words(format!("  {width}×{height}"), strong));
            }
            spans
        }
        Field::Aspect => {
            let now = chosen.aspect.unwrap_or(AspectRatio::WIDESCREEN);
            let all: Vec<String> = model.ratios(resolution).map(shape).collect();
            pick(app, &all, &shape(now))
        }
        Field::Duration => {
            let now = chosen.duration.unwrap_or(ClipLength::Ms(model.duration.default_ms()));
            vec![
                words(now.to_string(), strong),
                words(format!("  {}", model.duration.in_words()), dim),
            ]
        }
        Field::Seed if fixed => vec![words("—", dim)],
        Field::Seed => match chosen.seed {
            Some(seed) => vec![words(seed.to_string(), strong)],
            None => vec![words("random", strong), words("  Enter writes one", dim)],
        },
        Field::Results => {
            let all: Vec<String> = (1..=model.results.max).map(|count| count.to_string()).collect();
            if fixed {
                vec![words("1", strong)]
            } else {
                pick(app, &all, &chosen.results.to_string())
            }
        }
        Field::Audio => match &model.audio {
            Some(rule) => pick(
                app,
                &["on", "off"],
                if chosen.audio.unwrap_or(rule.default) { "on" } else { "off" },
            ),
            None => vec![words("—", dim)],
        },
        Field::Camera if fixed => vec![words("free", strong)],
        Field::Camera => {
            pick(app, &["free", "fixed"], if chosen.camera_fixed { "fixed" } else { "free" })
        }
        Field::FirstFrame => image(app, chosen.first_frame.as_ref(), fixed),
        Field::LastFrame => image(app, chosen.last_frame.as_ref(), fixed),
        Field::Format if fixed => vec![words("—", dim)],
        Field::Format => {
            let all: Vec<String> = model.formats.iter().map(|format| format.to_string()).collect();
            let now = chosen.format.or(model.formats.first().copied());
            pick(app, &all, &now.map(|format| format.to_string()).unwrap_or_default())
        }
        Field::Quality => match &model.quality {
            Some(rule) => vec![
                words(chosen.quality.unwrap_or(rule.default).to_string(), strong),
                words(format!("  {} to {}", rule.min, rule.max), dim),
            ],
            None => vec![words("—", dim)],
        },
    }
}

/// `16:9` with a small drawing of its shape.
fn shape(ratio: AspectRatio) -> String {
    let glyph = match ratio.as_f64() {
        wide if wide > 1.1 => "▭",
        tall if tall < 0.9 => "▯",
        _ => "□",
    };
    format!("{glyph}{ratio}")
}

fn image<'a>(app: &Seen<'_>, image: Option<&'a FrameImage>, fixed: bool) -> Vec<Span<'a>> {
    let dim = app.theme.style(Tone::Dim);
    match image {
        None if fixed => vec![words("—", dim)],
        None => vec![
            words("none", app.theme.bold(Tone::Text)),
            words("  Enter takes a file or an address", dim),
        ],
        Some(FrameImage::Url(url)) => vec![words(url.as_str(), app.theme.bold(Tone::Text))],
        Some(FrameImage::File(file)) => vec![
            words(file.path.as_str(), app.theme.bold(Tone::Text)),
            words(format!("  {}×{}", file.width_px, file.height_px), dim),
        ],
    }
}

/// All values in a row, the chosen one marked.
fn pick<'a, T: AsRef<str>>(app: &Seen<'_>, all: &[T], now: &str) -> Vec<Span<'a>> {
    let mut spans = Vec::new();
    for one in all {
        let one = one.as_ref();
        let style = if one == now { app.theme.chosen() } else { app.theme.style(Tone::Text) };
        spans.push(words(format!(" {one} "), style));
    }
    spans
}

fn draw_estimate(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    if let Some(remark) = &app.settings.remark {
        row(
            frame,
            area,
            0,
            spread(
                vec![words(format!(" {remark}"), theme.style(Tone::Warn))],
                Vec::new(),
                area.width,
            ),
        );
    } else {
        row(
            frame,
            area,
            0,
            Row::from(words("─".repeat(area.width.into()), theme.style(Tone::Border))),
        );
    }
    let Some((_, estimate)) = app.settings.outlook(&app.catalog) else { return };
    let mut parts = Vec::new();
    if let (Some(tokens), Some(rate)) = (estimate.tokens, estimate.rate) {
        parts.push(format!("{tokens} tokens × {rate}/M"));
    }
    if estimate.factor_permille != 1000 {
        parts.push(format!("× {}", f64::from(estimate.factor_permille) / 1000.0));
    }
    if estimate.results > 1 {
        parts.push(format!("× {} results", estimate.results));
    }
    let line = vec![
        words(format!(" {:<LABEL_CELLS$}", "Estimate"), theme.style(Tone::Dim)),
        words(estimate.to_string(), theme.bold(Tone::Money)),
        words(format!("  {}", parts.join(" ")), theme.style(Tone::Dim)),
    ];
    row(frame, area, 1, spread(line, Vec::new(), area.width));
}
