//! The chosen clip: its poster in half blocks, its facts, and what it could become.

use ratatui::layout::{Position, Rect};
use ratatui::text::Line as Row;

use super::app::{Entry, Pane, Seen};
use super::form_image::{Shown, shown_image, shows_sheet};
use super::jobs_view::{glyph, title};
use super::layout::{self, Spot};
use super::player::Player;
use super::poster::Poster;
use super::term::frame::Frame;
use super::term::half_blocks::{self, Colours};
use super::term::pace::Rung;
use super::theme::Tone;
use super::view::{pane, row, spread, words as span, wrapped};
use crate::domain::finish::Finish;
use crate::media::picture::Picture;
use crate::words;

/// Draws it.
pub(super) fn draw(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let focused = app.pane == Pane::Preview && app.dialog.is_none();
    if let Some(image) = shown_image(app).filter(|_| !app.zoomed) {
        return draw_image(app, frame, area, image);
    }
    let entry = app.entry();
    let remark = entry.map(|entry| {
        let seed = app.seed(&entry.job).map(|seed| format!(", seed {seed}")).unwrap_or_default();
        let (at, count) = app.front(&entry.job);
        let nr = if count > 1 { format!(", {} of {count} [ ]", at + 1) } else { String::new() };
        format!("{}{seed}{nr}", title(&app.catalog, &entry.job))
    });
    let remark = remark.unwrap_or_default();
    let inner = inside(app, area);
    if !app.zoomed {
        frame.render_widget(pane(app, "Preview", &remark, focused), area);
    }
    let Some(entry) = entry else {
        let text = " The clip that is chosen under Jobs shows here.";
        return row(frame, inner, 0, Row::from(span(text, app.theme.style(Tone::Dim))));
    };
    let lines = lines(app, entry, inner.width);
    let below = (lines.len() as u16).min(inner.height);
    let picture = Rect { height: inner.height - below, ..inner };
    draw_picture(app, frame, picture, entry);
    for (offset, line) in (0..).zip(lines) {
        row(frame, inner, picture.height + offset, line);
    }
}

/// What is left of the preview's area for picture and words.
fn inside(app: &Seen<'_>, area: Rect) -> Rect {
    if app.zoomed { area } else { pane(app, "", "", false).inner(area) }
}

/// Where the chosen clip's picture is; none where no preview is on the screen.
pub(super) fn picture_area(app: &Seen<'_>) -> Option<Rect> {
    let mut spots = layout::panes(app).into_iter();
    let (_, area) = spots.find(|(spot, _)| *spot == Spot::Pane(Pane::Preview))?;
    let inner = inside(app, area);
    let below = match (shown_image(app).filter(|_| !app.zoomed), app.entry()) {
        (Some(_), _) => 1,
        (None, Some(entry)) => lines(app, entry, inner.width).len() as u16,
        (None, None) => 0,
    };
    Some(Rect { height: inner.height.checked_sub(below)?, ..inner })
}

/// What is said below the picture.
fn lines<'a>(app: &Seen<'_>, entry: &Entry, width: u16) -> Vec<Row<'a>> {
    let mut lines: Vec<Row<'a>> =
        app.player.iter().map(|player| told(app, player, width)).collect();
    if !app.zoomed {
        lines.extend(facts(app, entry));
    }
    lines
}

/// `▶ 1.3 / 5.0 s  frame 32 of 121  ↻ ½×` and how finely it is shown.
pub(super) fn told<'a>(app: &Seen<'_>, player: &Player, width: u16) -> Row<'a> {
    let dim = app.theme.style(Tone::Dim);
    let (frame, count) = player.frame();
    let glyph = if player.is_waiting() {
        "…"
    } else if player.is_playing() {
        "▶"
    } else {
        "■"
    };
    let seconds = |ms: u64| format!("{}.{:02}", ms / 1000, ms % 1000 / 10);
    let place = format!(
        " {} / {} s  {}/{count}",
        seconds(player.seen_ms()),
        seconds(player.length_ms()),
        (frame + 1).min(count),
    );
    let round = if player.looping { "  ↻" } else { "" };
    let half = if player.half { "  ½×" } else { "" };
    let rate = player.pace.rate().filter(|_| player.is_playing());
    let rate = rate.map(|rate| format!("{rate}/s ")).unwrap_or_default();
    let pace = if player.is_too_slow() {
        format!("{}: space tries again", Rung::Still.words())
    } else {
        format!("{rate}{}", player.rung().words())
    };
    let left = vec![
        span(glyph, app.theme.bold(Tone::Accent)),
        span(place, app.theme.style(Tone::Text)),
        span(format!("{round}{half}"), dim),
    ];
    spread(left, vec![span(pace, dim)], width)
}

/// The frame image whose row of the form has the focus.
fn draw_image(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect, image: Shown) {
    let block = pane(app, app.settings.focused().label(), &image.name, false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let below = inner.height.saturating_sub(1);
    draw_poster(app, frame, Rect { height: below, ..inner });
    let line = vec![span(image.facts, app.theme.style(Tone::Dim))];
    row(frame, inner, below, spread(line, Vec::new(), inner.width));
}

fn facts<'a>(app: &Seen<'_>, entry: &Entry) -> Vec<Row<'a>> {
    let theme = &app.theme;
    let job = &entry.job;
    let dim = theme.style(Tone::Dim);
    let mut lines = Vec::new();
    if let Some((output, file)) = app.output(job).and_then(|one| Some((one, one.file.as_ref()?))) {
        let mut parts = Vec::new();
        if let Some(facts) = &file.facts {
            parts.push(format!("{}×{}", facts.width_px, facts.height_px));
            parts.push(format!("{:.1} s", facts.duration_ms as f64 / 1000.0));
            let sound = facts.audio_codec.as_deref().unwrap_or("silent");
            parts.push(format!("{} {sound}", facts.video_codec));
        }
        parts.push(words::file_facts(output, file));
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

/// `⇡ promote, 6 d left: 720p $0.26136, 1080p $0.58806`, or `⇡ larger with its seed: 1080p $0.48514`.
fn promotion<'a>(app: &Seen<'_>, entry: &Entry) -> Option<Row<'a>> {
    let offered = app.finals(&entry.job, app.now).ok()?;
    let finals = offered.finals.iter();
    let prices: Vec<String> =
        finals.map(|one| format!("{} {}", one.request.resolution, one.estimate)).collect();
    let what = match offered.finish {
        Finish::OfDraft => "promote",
        Finish::SameSeed => "larger with its seed",
        Finish::Anew => "larger, anew",
    };
    let left = offered.left.map(|left| format!(", {} left", words::span(left)));
    let text = format!("⇡ {what}{}: {}", left.unwrap_or_default(), prices.join(", "));
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
        if let Some((line, advice)) = words::trouble(job) {
            let text = format!("{line}\n{advice}");
            for (offset, line) in (3..).zip(wrapped(&text, area.width.into())) {
                row(frame, area, offset, Row::from(span(line, app.theme.style(Tone::Text))));
            }
        }
        return;
    }
    let Some((player, picture)) = app.player.as_ref().and_then(|one| Some((one, one.picture(0)?)))
    else {
        return draw_poster(app, frame, area);
    };
    draw_frame(frame, area, picture, player.rung());
}

/// A frame of what plays: smaller where that is what the link can take, and in the middle all the same.
pub(super) fn draw_frame(frame: &mut Frame<'_>, area: Rect, picture: &Picture, rung: Rung) {
    let part = |side: u16| (u32::from(side) * u32::from(rung.percent()) / 100) as u16;
    let (width, height) = (part(area.width), part(area.height));
    let left = area.x + (area.width - width) / 2;
    let top = area.y + (area.height - height) / 2;
    let area = Rect::new(left, top, width, height);
    half_blocks::draw(picture, area, frame.buffer_mut(), rung.colours());
}

/// The picture that was asked for last, in the terminal's own form where there is one.
fn draw_poster(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    if !lay_overlay(app, frame, area) {
        draw_still(app, frame, area, app.poster.as_ref().map(|(_, poster)| poster));
    }
}

/// A picture that stands still, or why there is none yet.
pub(super) fn draw_still(
    app: &Seen<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    poster: Option<&Poster>,
) {
    let dim = app.theme.style(Tone::Dim);
    if app.images.are_off() {
        return;
    }
    match poster {
        Some(Poster::There(picture)) if app.theme.is_plain() => {
            let text = format!(
                "a picture of {}x{} pixels, not drawn without colours",
                picture.width_px, picture.height_px
            );
            row(frame, area, 1, Row::from(span(text, dim)));
        }
        Some(Poster::There(picture)) => {
            half_blocks::draw(picture, area, frame.buffer_mut(), Colours::True);
        }
        Some(Poster::None(why)) => {
            for (offset, line) in (1..).zip(wrapped(why, area.width.into())) {
                row(frame, area, offset, Row::from(span(line, dim)));
            }
        }
        Some(Poster::Coming) | None => {
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
