//! The settings pane: every choice with what else there is, and the estimate with its parts.

use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line as Row, Span};

use super::app::{Around, Pane, Seen};
use super::chain;
use super::form_image::is_writing_image;
use super::image_picker::Offer as Offered;
use super::term::frame::Frame;
use super::theme::Tone;
use super::view::{pane, row, spread, words, wrapped};
use crate::domain::catalog::{Model, StatusKind};
use crate::domain::request::{ClipLength, Field, FrameImage};
use crate::domain::setting::{Offer, Value};
use crate::domain::size::AspectRatio;

/// The most lines of a remark.
const MAX_REMARK_LINES: usize = 3;
/// Where values begin.
const LABEL_CELLS: usize = 12;

/// Draws it.
pub(super) fn draw(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let focused = app.pane == Pane::Settings && app.dialog.is_none();
    let Some(model) = app.settings.model(&app.catalog) else { return };
    let mut block = pane(app, "Settings", &model.name, focused);
    let inner = block.inner(area);
    // The estimate has the last rows; the form scrolls above it where it does not fit.
    let estimate_rows = (1 + remark_lines(app, inner.width).len().max(1) as u16).min(inner.height);
    let form = Rect { height: inner.height - estimate_rows, ..inner };
    let below = Rect { y: form.y + form.height, height: estimate_rows, ..inner };
    draw_estimate(app, frame, below);
    if focused && is_writing_image(&app.settings) {
        frame.render_widget(block, area);
        draw_field(app, frame, Rect { height: 1, ..form }, app.settings.focused(), model, true);
        return draw_offers(app, frame, Rect { y: form.y + 1, height: form.height - 1, ..form });
    }
    let (rows, fields) = (usize::from(form.height), app.settings.rows());
    let top = app
        .settings
        .row
        .saturating_sub(rows.saturating_sub(1).max(1))
        .min(fields.len().saturating_sub(rows));
    let below = fields.len().saturating_sub(top + rows);
    let hidden: Vec<String> = [("↑", top), ("↓", below)]
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(arrow, count)| format!("{arrow} {count} more "))
        .collect();
    if !hidden.is_empty() {
        let hidden = words(format!(" {}", hidden.join(" ")), app.theme.style(Tone::Dim));
        block = block.title_bottom(Row::from(hidden).right_aligned());
    }
    frame.render_widget(block, area);
    for (offset, field) in (0..form.height).zip(fields.iter().copied().skip(top)) {
        let chosen = focused && app.settings.focused() == field;
        draw_field(
            app,
            frame,
            Rect { y: form.y + offset, height: 1, ..form },
            field,
            model,
            chosen,
        );
    }
}

/// What can be picked while an image is written, the chosen one in sight.
fn draw_offers(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    let (dim, text) = (theme.style(Tone::Dim), theme.style(Tone::Text));
    let picker = &app.settings.picker;
    let last = area.height;
    if let Some(problem) = &picker.problem {
        return row(frame, area, 0, Row::from(words(format!("   {problem}"), dim)));
    }
    if picker.offered.is_empty() {
        let nothing = "   a path, an address, or the id of a stored image";
        return row(frame, area, 0, Row::from(words(nothing, dim)));
    }
    let shown = usize::from(last).max(1);
    let count = picker.offered.len();
    let top = super::jobs_view::top(picker.chosen.unwrap_or(0), shown, count);
    for (offset, (index, offer)) in (0..last).zip(picker.offered.iter().enumerate().skip(top)) {
        let style = if picker.chosen == Some(index) { theme.chosen() } else { text };
        let (what, facts) = match offer {
            Offered::Used { image, name, by } => {
                (name.clone(), format!("{}  used by {by}", image_facts(image)))
            }
            Offered::Clip { title, by, .. } => (title.clone(), format!("its last frame  {by}")),
            Offered::Path(path) => (path.clone(), String::new()),
        };
        let more = count - top;
        let facts = if offset + 1 == last && more > shown {
            format!("{} more below", more - shown)
        } else {
            facts
        };
        let line = vec![words(format!("   {what} "), style)];
        row(frame, area, offset, spread(line, vec![words(facts, dim)], area.width));
    }
}

/// What an image is called: the clip that it is the last frame of, or its own name.
pub(super) fn image_name(app: &Around, image: &FrameImage) -> String {
    chain::origin(app, image).unwrap_or_else(|| match image {
        FrameImage::File(file) => file.name().to_owned(),
        other => other.text(),
    })
}

/// `1024×768 png 1.2 MB`; nothing is known of what the provider fetches.
pub(super) fn image_facts(image: &FrameImage) -> String {
    match image {
        FrameImage::File(file) => format!(
            "{}×{} {} {}",
            file.width_px,
            file.height_px,
            file.kind,
            crate::words::bytes(file.bytes)
        ),
        FrameImage::Url(_) => "the provider fetches it".to_owned(),
        FrameImage::Stored(_) => "stored at the provider".to_owned(),
    }
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
        let room = usize::from(area.width).saturating_sub(LABEL_CELLS + 1);
        let (text, caret) = line.shown(room);
        spans.push(words(text, theme.style(Tone::Text).add_modifier(Modifier::UNDERLINED)));
        row(frame, area, 0, Row::from(spans));
        let x = area.x + (LABEL_CELLS + 1 + caret.min(room)) as u16;
        frame.set_cursor_position(Position { x: x.min(area.right() - 1), y: area.y });
        return;
    }
    let reason = app.settings.reason(field, &app.catalog);
    spans.extend(value(app, field, model));
    if let Some(reason) = reason {
        spans.push(words(format!("  {reason}"), theme.style(Tone::Dim)));
    }
    // A long path gives way to what is known of its image.
    let is_long = spans.iter().map(Span::width).sum::<usize>() > usize::from(area.width);
    let facts = spans.pop_if(|_| is_long && field.is_image() && reason.is_none());
    row(frame, area, 0, spread(spans, facts.into_iter().collect(), area.width));
}

/// The value, with what else could be chosen beside it.
fn value<'a>(app: &'a Seen<'_>, field: Field, model: &'a Model) -> Vec<Span<'a>> {
    let chosen = &app.settings.chosen;
    let (strong, dim) = (app.theme.bold(Tone::Text), app.theme.style(Tone::Dim));
    let Some(setting) = field.setting() else {
        return if field == Field::Delivery {
            delivery(app, model)
        } else {
            model_value(app, model)
        };
    };
    let now = chosen.get(field).or_else(|| app.settings.defaults.get(field).cloned());
    let style = |text: &str| if text == "—" { dim } else { strong };
    let mut spans = match (setting.offer)(model, chosen) {
        Offer::Nothing(_, shown) => vec![words(shown, style(shown))],
        Offer::Settled(_, shown) => {
            let style = style(&shown);
            vec![words(shown, style)]
        }
        Offer::OneOf(all, default) => {
            let show = |value: &Value| match value.parse() {
                Some(ratio) if field == Field::AspectRatio => shape(ratio),
                _ => setting.show(Some(value)),
            };
            let all: Vec<String> = all.iter().map(show).collect();
            pick(app, &all, &show(now.as_ref().unwrap_or(&default)))
        }
        Offer::Whole(min, max, Some(default)) => vec![
            words(now.unwrap_or(Value::Whole(default)).to_string(), strong),
            words(format!("  {min} to {max}"), dim),
        ],
        Offer::Whole(_, _, None) => match now {
            Some(value) => vec![words(value.to_string(), strong)],
            None => vec![words(setting.unset, strong), words("  Enter writes one", dim)],
        },
        Offer::Length => {
            let now = chosen.duration.unwrap_or(ClipLength::Ms(model.duration.default_ms()));
            let others = format!("  {}", model.duration.in_words());
            vec![words(now.to_string(), strong), words(others, dim)]
        }
        Offer::Image => image(app, chosen.image(field)),
        Offer::Address => {
            let hint = if now.is_none() { "  Enter takes an address, or @ and a file" } else { "" };
            vec![words(setting.show(now.as_ref()), strong), words(hint, dim)]
        }
    };
    let outlook = app.settings.outlook(&app.catalog).filter(|_| field == Field::Duration);
    if outlook.is_some_and(|(request, _)| model.unverified_of(&request).is_some()) {
        spans.push(words("  unverified", app.theme.style(Tone::Warn)));
    }
    if field == Field::AspectRatio && chosen.guesses_shape(model) {
        spans.push(words("  the image's is not known", app.theme.style(Tone::Warn)));
    }
    let pixels = app.settings.choices(model, String::new()).size_on(model);
    if let (Field::Resolution, Some((width, height))) = (field, pixels) {
        spans.push(words(format!("  {width}×{height}"), strong));
    }
    spans
}

/// What is set of the delivery, shortly.
fn delivery<'a>(app: &Seen<'_>, model: &Model) -> Vec<Span<'a>> {
    let settings = &app.settings;
    let options = settings.choices(model, String::new()).options;
    let set = options.iter().filter_map(|(field, value)| {
        let option = field.setting()?.option.as_ref().filter(|option| option.is_delivery)?;
        (option.summary)(value)
    });
    let set: Vec<String> = set.collect();
    let text = if set.is_empty() { "as usual".to_owned() } else { set.join(" · ") };
    let hint = if settings.unfolded { "" } else { "  Enter unfolds it" };
    vec![words(text, app.theme.bold(Tone::Text)), words(hint, app.theme.style(Tone::Dim))]
}

fn model_value<'a>(app: &Seen<'_>, model: &Model) -> Vec<Span<'a>> {
    let provider = app.catalog.provider(&model.provider);
    let is_play = provider.is_some_and(|provider| provider.play_money);
    let (note, tone) = match model.status.kind {
        StatusKind::Live if is_play => ("  play money", Tone::Dim),
        StatusKind::Live => ("", Tone::Dim),
        StatusKind::RetiredUpstream => ("  retired upstream", Tone::Warn),
        StatusKind::Delisted => ("  delisted", Tone::Warn),
    };
    let id = words(model.key().to_string(), app.theme.bold(Tone::Text));
    vec![id, words(note, app.theme.style(tone))]
}

/// `16:9` with a small drawing of its shape.
fn shape(ratio: AspectRatio) -> String {
    if ratio == AspectRatio::OF_IMAGE {
        return ratio.to_string();
    }
    let glyph = match ratio.as_f64() {
        wide if wide > 1.1 => "▭",
        tall if tall < 0.9 => "▯",
        _ => "□",
    };
    format!("{glyph}{ratio}")
}

fn image<'a>(app: &Seen<'_>, image: Option<&'a FrameImage>) -> Vec<Span<'a>> {
    let dim = app.theme.style(Tone::Dim);
    let Some(image) = image else {
        let rule = app.settings.model(&app.catalog).and_then(|model| model.frames.as_ref());
        let hint = match rule {
            Some(rule) if !rule.files => "  Enter takes a web address",
            _ => "  Enter takes a file or an address",
        };
        return vec![words("none", app.theme.bold(Tone::Text)), words(hint, dim)];
    };
    let name = image_name(app, image);
    vec![words(name, app.theme.bold(Tone::Text)), words(format!("  {}", image_facts(image)), dim)]
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
    let last = area.height.saturating_sub(1);
    let remark = remark_lines(app, area.width);
    if remark.is_empty() {
        let rule = words("─".repeat(area.width.into()), theme.style(Tone::Border));
        row(frame, area, 0, Row::from(rule));
    }
    for (offset, line) in (0..last).zip(remark) {
        row(frame, area, offset, Row::from(words(format!(" {line}"), theme.style(Tone::Warn))));
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
    row(frame, area, last, spread(line, Vec::new(), area.width));
}

/// The remark, or else what is to be known of the focused row, in a few lines where it needs them.
fn remark_lines(app: &Seen<'_>, width: u16) -> Vec<String> {
    let remark = app.settings.remark.clone().or_else(|| note(app)).unwrap_or_default();
    let mut lines = wrapped(&remark, usize::from(width).saturating_sub(1));
    lines.truncate(MAX_REMARK_LINES);
    lines
}

/// What the catalog notes of the row that has the focus.
fn note(app: &Seen<'_>) -> Option<String> {
    let model = app.settings.model(&app.catalog).filter(|_| app.pane == Pane::Settings)?;
    let note = match app.settings.focused() {
        Field::Model if model.status.kind != StatusKind::Live => model.status.note.clone(),
        Field::Safety => model.safety.as_ref()?.note.clone(),
        Field::AspectRatio | Field::Duration => {
            let (request, _) = app.settings.outlook(&app.catalog)?;
            model.unverified_of(&request)?.to_owned()
        }
        _ => return None,
    };
    Some(note).filter(|note| !note.is_empty())
}
