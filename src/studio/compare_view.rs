//! Two clips side by side: what they are, their pictures, and in words what was changed.

use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line as Row, Span};
use unicode_width::UnicodeWidthStr as _;

use super::app::Seen;
use super::compare::{Compare, Side, Wanted};
use super::dialog::{changed_seed, changed_settings};
use super::jobs_view::title;
use super::layout::{self, Spot};
use super::preview_view;
use super::term::frame::Frame;
use super::theme::Tone;
use super::view::{packed, row, spread, words as span, wrapped};
use super::word_diff;
use crate::words;

/// The rows above the pictures.
const HEAD_ROWS: u16 = 2;
/// The least rows of words that are shown, where there are as many.
const LEAST_WORDS: u16 = 3;
/// From this size on a side shows the contact sheet, since its tiles can be told apart.
const SHEET_CELLS: (u16, u16) = (54, 14);
/// From this many columns on a side names all its settings.
const WIDE: u16 = 56;

/// Where everything is.
pub(super) struct Places {
    heads: [Rect; 2],
    pub(super) pictures: [Rect; 2],
    /// The line of what plays.
    told: Rect,
    words: Rect,
}

/// Where everything is; none where no comparison is on the screen.
pub(super) fn places(app: &Seen<'_>) -> Option<Places> {
    let compare = app.compare.as_ref()?;
    let (_, area) = layout::panes(app).into_iter().find(|(spot, _)| *spot == Spot::Compare)?;
    let area = Rect { x: area.x + 1, width: area.width - 2, ..area };
    let lines = words_of(app, compare, area.width).len() as u16;
    let below = lines.min((area.height / 3).max(LEAST_WORDS));
    let [upper, told, words] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(1), Constraint::Length(below)])
            .areas(area);
    let [left, _, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(2), Constraint::Fill(1)])
            .areas(upper);
    let heads = [left, right].map(|side| Rect { height: HEAD_ROWS, ..side });
    let pictures = [left, right].map(|side| {
        let height = side.height.saturating_sub(HEAD_ROWS);
        Rect { y: side.y + HEAD_ROWS, height, ..side }
    });
    Some(Places { heads, pictures, told, words })
}

/// Which picture of a clip stands in `area`.
pub(super) fn wanted(area: Rect) -> Wanted {
    let is_sheet = area.width >= SHEET_CELLS.0 && area.height >= SHEET_CELLS.1;
    Wanted { is_sheet, max_px: (area.width.into(), u32::from(area.height) * 2) }
}

/// How far the words can be scrolled.
pub(super) fn most_scrolled(app: &Seen<'_>) -> usize {
    let (Some(compare), Some(places)) = (&app.compare, places(app)) else { return 0 };
    let lines = words_of(app, compare, places.words.width).len();
    lines.saturating_sub(places.words.height.into())
}

/// Draws it.
pub(super) fn draw(app: &Seen<'_>, frame: &mut Frame<'_>) {
    let (Some(compare), Some(places)) = (&app.compare, places(app)) else { return };
    for (index, side) in compare.sides.iter().enumerate() {
        head(app, frame, places.heads[index], compare, index);
        picture(app, frame, places.pictures[index], compare, side);
    }
    let told = match &app.player {
        Some(player) => preview_view::told(app, player, places.told.width),
        None => Row::from(span("space plays both in step", app.theme.style(Tone::Dim))),
    };
    row(frame, places.told, 0, told);
    let mut lines = words_of(app, compare, places.words.width);
    let most = lines.len().saturating_sub(places.words.height.into());
    let shown = lines.drain(compare.scroll.min(most)..);
    for (offset, line) in (0..places.words.height).zip(shown) {
        let left = most.saturating_sub(compare.scroll);
        let right = (offset + 1 == places.words.height && left > 0)
            .then(|| span(format!(" ↓ {left} more"), app.theme.style(Tone::Dim)));
        let line = spread(line.spans, right.into_iter().collect(), places.words.width);
        row(frame, places.words, offset, line);
    }
}

/// `1 draft 1.5-pro  ★ 2 wins`, and below it settings, seed and price.
fn head(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect, compare: &Compare, index: usize) {
    let theme = &app.theme;
    let side = &compare.sides[index];
    let entry = &side.entry;
    let job = &entry.job;
    let better = if compare.is_better(index) { "✓ better  " } else { "" };
    let stars = words::stars(&entry.mark).map(|stars| format!("  {stars}")).unwrap_or_default();
    let mut left = vec![
        span(format!("{} ", index + 1), theme.bold(Tone::Accent)),
        span(better, theme.bold(Tone::Good)),
        span(title(&app.catalog, job), theme.bold(Tone::Text)),
    ];
    let used: usize = left.iter().map(Span::width).sum();
    if used + stars.width() <= area.width.into() {
        left.push(span(stars, theme.style(Tone::Text)));
    }
    let ago = span(words::ago(job.created_at, app.now), theme.style(Tone::Dim));
    let ago = (area.width >= WIDE).then_some(ago).into_iter().collect();
    row(frame, area, 0, spread(left, ago, area.width));
    let request = &job.request;
    let settings = if area.width >= WIDE {
        words::settings(request)
    } else {
        format!("{} {}", request.resolution, request.duration)
    };
    let seed = side.seed.map(|seed| format!("seed {seed} · ")).unwrap_or_default();
    let nr = match side.result {
        (at, count) if count > 1 => format!("result {} of {count} · ", at + 1),
        _ => String::new(),
    };
    let flag = if side.flagged { "flagged · " } else { "" };
    let left = vec![span(format!("{flag}{nr}{seed}{settings}"), theme.style(Tone::Dim))];
    let price = match job.charge() {
        Some(charge) => span(charge.to_string(), theme.style(Tone::Money)),
        None => span(format!("~{}", job.estimate), theme.style(Tone::Dim)),
    };
    row(frame, area, 1, spread(left, vec![price], area.width));
}

/// What plays, or else what stands for the clip.
fn picture(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect, compare: &Compare, side: &Side) {
    let player = app.player.as_ref().filter(|one| compare.stepped || !one.is_too_slow());
    let playing = player.and_then(|player| Some((player, player.picture_of(&side.path)?)));
    match playing {
        Some((player, picture)) => preview_view::draw_frame(frame, area, picture, player.rung()),
        None => {
            let still = side.still.as_ref().map(|still| &still.picture);
            preview_view::draw_still(app, frame, area, still);
        }
    }
}

/// The changed settings, and the prompt with what was taken out and put in.
fn words_of(app: &Seen<'_>, compare: &Compare, width: u16) -> Vec<Row<'static>> {
    let theme = &app.theme;
    let (dim, text) = (theme.style(Tone::Dim), theme.style(Tone::Text));
    let [one, other] = [0, 1].map(|side| &compare.sides[side].entry.job);
    let mut changed = changed_settings(&one.request, &other.request);
    changed.extend(changed_seed(compare.sides[0].seed, compare.sides[1].seed));
    let changed: Vec<String> =
        changed.into_iter().map(|(what, from, to)| format!("{what} {from} → {to}")).collect();
    let settings = if changed.is_empty() {
        "the same settings, the same seed".to_owned()
    } else {
        packed(changed, width.into()).join("\n")
    };
    let plain = |words: &str, style| {
        let lines = wrapped(words, width.into()).into_iter();
        lines.map(move |line| Row::from(span(line, style)))
    };
    let mut lines: Vec<Row<'static>> = plain(&settings, theme.style(Tone::Accent)).collect();
    let (old, new) = (&one.request.prompt, &other.request.prompt);
    if old == new {
        lines.push(Row::from(span("the same prompt:", dim)));
        lines.extend(plain(new, text));
    } else {
        lines.extend(word_diff::drawn(theme, &compare.diff, width.into()));
    }
    lines
}
