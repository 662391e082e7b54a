//! The chosen clip: its poster in half blocks, its facts, and what it could become.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Color;
use ratatui::text::Line as Row;

use super::app::{Entry, Pane, Poster, Seen};
use super::form_image::{shown_image, shows_sheet};
use super::frame::Frame;
use super::jobs_view::{glyph, title};
use super::layout;
use super::settings_view::image_facts;
use super::theme::Tone;
use super::view::{pane, row, spread, words as span, wrapped};
use crate::domain::cost::Estimate;
use crate::domain::promotion::Promotable;
use crate::domain::request::{FrameImage, GenerationRequest, ImageFile};
use crate::media::picture::Picture;
use crate::words;

/// Draws it.
pub(super) fn draw(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let focused = app.pane == Pane::Preview && app.dialog.is_none();
    if let Some(image) = shown_image(app) {
        return draw_image(app, frame, area, image);
    }
    let entry = app.jobs.get(app.chosen);
    let remark = entry.map(|entry| {
        let seed = entry.job.seed().map(|seed| format!(", seed {seed}")).unwrap_or_default();
        format!("{}{seed}", title(&app.catalog, &entry.job))
    });
    let remark = remark.unwrap_or_default();
    let block = pane(app, "Preview", &remark, focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(entry) = entry else {
        let text = " The clip that is chosen under Jobs shows here.";
        return row(frame, inner, 0, Row::from(span(text, app.theme.style(Tone::Dim))));
    };
    let lines = facts(app, entry);
    let below = (lines.len() as u16).min(inner.height);
    let picture = Rect { height: inner.height - below, ..inner };
    draw_picture(app, frame, picture, entry);
    for (offset, line) in (0..).zip(lines) {
        row(frame, inner, picture.height + offset, line);
    }
}

/// Where in the pane at `area` the picture is.
pub(super) fn picture_area(app: &Seen<'_>, area: Rect) -> Rect {
    let inner = pane(app, "", "", false).inner(area);
    let below = match (shown_image(app), app.jobs.get(app.chosen)) {
        (Some(_), _) => 1,
        (None, Some(entry)) => facts(app, entry).len() as u16,
        (None, None) => 0,
    };
    Rect { height: inner.height.saturating_sub(below), ..inner }
}

/// The frame image whose row of the form has the focus.
fn draw_image(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect, image: &ImageFile) {
    let block = pane(app, app.settings.focused().label(), image.name(), false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let facts = image_facts(&FrameImage::File(image.clone()));
    let line = format!("{facts}  {}", image.path);
    let below = inner.height.saturating_sub(1);
    draw_poster(app, frame, Rect { height: below, ..inner });
    let line = vec![span(line, app.theme.style(Tone::Dim))];
    row(frame, inner, below, spread(line, Vec::new(), inner.width));
}

fn facts<'a>(app: &Seen<'_>, entry: &Entry) -> Vec<Row<'a>> {
    let theme = &app.theme;
    let job = &entry.job;
    let dim = theme.style(Tone::Dim);
    let mut lines = Vec::new();
    if let Some(file) = job.files().next() {
        let mut parts = Vec::new();
        if let Some(facts) = &file.facts {
            parts.push(format!("{}×{}", facts.width_px, facts.height_px));
            parts.push(format!("{:.1} s", facts.duration_ms as f64 / 1000.0));
            let sound = facts.audio_codec.as_deref().unwrap_or("silent");
            parts.push(format!("{} {sound}", facts.video_codec));
        }
        parts.push(words::bytes(file.bytes));
        let paid = job.charge().map(|charge| format!("paid {charge}")).unwrap_or_default();
        lines.push(Row::from(vec![
            span(format!("{}  ", parts.join("  ")), dim),
            span(paid, theme.style(Tone::Money)),
        ]));
    } else {
        lines.push(Row::from(span(words::settings(&job.request), dim)));
    }
    lines.extend(promotion(app, entry));
    lines
}

/// `⇡ promote: 720p $0.26136, 1080p $0.58806, 6 d left`.
fn promotion<'a>(app: &Seen<'_>, entry: &Entry) -> Option<Row<'a>> {
    let job = &entry.job;
    let model = app.catalog.model(&job.request.model)?;
    let promotable = Promotable::of(job, Some(model), app.now).ok()?;
    let prices: Vec<String> = promotable
        .resolutions
        .iter()
        .filter_map(|resolution| {
            let id = promotable.draft_id.clone();
            let request =
                GenerationRequest::promote(model, &job.request, id, None, Some(*resolution))
                    .ok()?;
            Some(format!("{resolution} {}", Estimate::of(model, &request)))
        })
        .collect();
    let text = format!("⇡ promote: {}, {} left", prices.join(", "), words::span(promotable.left));
    Some(Row::from(span(text, app.theme.style(Tone::Promote))))
}

fn draw_picture(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect, entry: &Entry) {
    let job = &entry.job;
    if job.files().next().is_none() {
        let (glyph, tone) = glyph(job);
        row(
            frame,
            area,
            1,
            Row::from(span(format!("{glyph} {}", words::state(job)), app.theme.bold(tone))),
        );
        if let Some(error) = &job.error {
            // What is tried again by itself needs nobody.
            let advice = if job.state.is_live() { "" } else { error.advice() };
            let text = format!("{}\n{advice}", words::error_line(error));
            for (offset, line) in (3..).zip(wrapped(&text, area.width.into())) {
                row(frame, area, offset, Row::from(span(line, app.theme.style(Tone::Text))));
            }
        }
        return;
    }
    draw_poster(app, frame, area);
}

/// The picture that was asked for last, or why there is none yet.
fn draw_poster(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let dim = app.theme.style(Tone::Dim);
    if app.images.are_off() || lay_overlay(app, frame, area) {
        return;
    }
    match &app.poster {
        Some((_, Poster::There(picture))) if app.theme.is_plain() => {
            let text = format!(
                "a picture of {}x{} pixels, not drawn without colours",
                picture.width_px, picture.height_px
            );
            row(frame, area, 1, Row::from(span(text, dim)));
        }
        Some((_, Poster::There(picture))) => half_blocks(picture, area, frame.buffer_mut()),
        Some((_, Poster::None(why))) => row(frame, area, 1, Row::from(span(why.clone(), dim))),
        Some((_, Poster::Coming)) | None => {
            row(frame, area, 1, Row::from(span("reading the picture…", dim)))
        }
    }
}

/// Lays the picture over the middle of `area` in the terminal's own form, where there is one and nothing else
/// is to be seen there.
fn lay_overlay(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) -> bool {
    let Some((path, _)) = &app.poster else { return false };
    let (sheet, cells) = (shows_sheet(app), (area.width, area.height));
    let Some(overlay) = app.images.overlay(path, sheet, cells) else { return false };
    let toast = layout::toast(app).map(|(_, area)| area);
    if app.dialog.is_some() || toast.is_some_and(|toast| toast.intersects(area)) {
        return false;
    }
    let x = area.x + area.width.saturating_sub(overlay.columns) / 2;
    let y = area.y + area.height.saturating_sub(overlay.rows) / 2;
    frame.lay(Position { x, y }, overlay.clone());
    true
}

/// Draws a picture with two pixels a cell, as large as it fits, in the middle.
pub(super) fn half_blocks(picture: &Picture, area: Rect, buffer: &mut Buffer) {
    let (width, height) = (u32::from(area.width), u32::from(area.height) * 2);
    if width == 0 || height == 0 || picture.width_px == 0 || picture.height_px == 0 {
        return;
    }
    let by_width = width * picture.height_px <= height * picture.width_px;
    let (columns, rows) = if by_width {
        (width, (width * picture.height_px / picture.width_px).max(2))
    } else {
        ((height * picture.width_px / picture.height_px).max(1), height)
    };
    let left = area.x + ((width - columns.min(width)) / 2) as u16;
    let top = area.y + ((height - rows.min(height)) / 4) as u16;
    let colour = |x: u32, y: u32| {
        let x = (x * picture.width_px / columns).min(picture.width_px - 1);
        let y = (y * picture.height_px / rows).min(picture.height_px - 1);
        let at = (y * picture.width_px + x) as usize * 3;
        match picture.rgb.get(at..at + 3) {
            Some([r, g, b]) => Color::Rgb(*r, *g, *b),
            _ => Color::Reset,
        }
    };
    for y in 0..rows / 2 {
        for x in 0..columns {
            if let Some(cell) = buffer.cell_mut((left + x as u16, top + y as u16)) {
                cell.set_symbol("▀").set_fg(colour(x, y * 2)).set_bg(colour(x, y * 2 + 1));
            }
        }
    }
}
