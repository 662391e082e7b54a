//! The models to choose from, with what they make, what it costs, and what is to be known of them.

use ratatui::layout::Rect;
use ratatui::text::Line as Row;

use super::app::App;
use super::dialog::model_rows;
use super::dialog_view::{caret, open};
use super::line::Line;
use super::term::frame::Frame;
use super::theme::Tone;
use super::view::{row, spread, words as span, wrapped};
use crate::domain::catalog::{Model, StatusKind};
use crate::domain::cost::Estimate;

/// Lines under the list: what is to be known of the chosen model.
const ABOUT_ROWS: u16 = 4;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, line: &Line, chosen: usize) {
    let rows = model_rows(&app.catalog, line);
    let area = open(app, frame, "Models", 100, rows.len() as u16 + ABOUT_ROWS + 5);
    let find = [
        span("find ", app.theme.bold(Tone::Accent)),
        span(line.text(), app.theme.style(Tone::Text)),
    ];
    row(frame, area, 0, Row::from(find.to_vec()));
    caret(frame, area, 0, line.caret_cells() + 5);
    let shown = usize::from(area.height.saturating_sub(3 + ABOUT_ROWS));
    let top = chosen.saturating_sub(shown.saturating_sub(1));
    for (offset, (index, model)) in (2..).zip(rows.iter().enumerate().skip(top).take(shown)) {
        row(frame, area, offset, line_of(app, model, index == chosen, area));
    }
    let about = match rows.get(chosen) {
        Some(model) => about(app, model),
        None => "No model is called that.".to_owned(),
    };
    let first = area.height.saturating_sub(ABOUT_ROWS);
    for (offset, text) in (first..area.height - 1).zip(wrapped(&about, area.width.into())) {
        row(frame, area, offset, Row::from(span(text, app.theme.style(Tone::Text))));
    }
    let keys = "↑↓ chooses · Enter takes it · Esc leaves the model as it is";
    let last = area.height.saturating_sub(1);
    row(frame, area, last, Row::from(span(keys, app.theme.style(Tone::Dim))));
}

/// `runware/1.5-pro  480p 720p 1080p  4–12 s  drafts, sound     from $0.07292`.
fn line_of(app: &App, model: &Model, is_chosen: bool, area: Rect) -> Row<'static> {
    let is_live = model.status.kind == StatusKind::Live;
    let style = match (is_chosen, is_live) {
        (true, _) => app.theme.chosen(),
        (false, true) => app.theme.style(Tone::Text),
        (false, false) => app.theme.style(Tone::Dim),
    };
    let resolutions: Vec<String> = model.resolutions().map(|one| one.to_string()).collect();
    let drafts = if model.drafts().is_some() { "drafts" } else { "" };
    let mut left = vec![span(format!(" {:<21}", model.key().to_string()), style)];
    if area.width >= 72 {
        left.push(span(format!("{:<20}", resolutions.join(" ")), style));
        left.push(span(format!("{:<12}", length(model)), style));
    }
    if area.width >= 90 {
        left.push(span(drafts, app.theme.style(Tone::Promote)));
    }
    let price = Estimate::of_default(model, None)
        .map_or_else(|| "no price".to_owned(), |estimate| estimate.to_string());
    let right = match model.status.kind {
        StatusKind::Live
            if app.catalog.provider(&model.provider).is_some_and(|one| one.play_money) =>
        {
            span("play money ", app.theme.style(Tone::Dim))
        }
        StatusKind::Live => span(format!("{price} "), app.theme.style(Tone::Money)),
        StatusKind::RetiredUpstream => span("retired ", app.theme.style(Tone::Warn)),
        StatusKind::Delisted => span("delisted ", app.theme.style(Tone::Warn)),
    };
    spread(left, vec![right], area.width)
}

/// `4 to 12 s`.
fn length(model: &Model) -> String {
    let words = model.duration.in_words();
    if words.contains(" or ") && words.len() < 16 {
        return words.replace(" seconds", " s");
    }
    let (min_ms, max_ms) = model.duration.range_ms();
    format!("{} to {} s", f64::from(min_ms) / 1000.0, f64::from(max_ms) / 1000.0)
}

/// What a person should know before taking it.
fn about(app: &App, model: &Model) -> String {
    let mut sentences = vec![model.name.clone()];
    if let Some(provider) = app.catalog.provider(&model.provider) {
        let key = &provider.key_env;
        sentences.push(match () {
            () if provider.play_money => "rendered here, for play money".to_owned(),
            () if app.keys.iter().any(|(id, _)| *id == provider.id) => {
                format!("at {}", provider.name)
            }
            () => format!("at {}, whose key is not set ({key})", provider.name),
        });
    }
    if let Some(estimate) = Estimate::of_default(model, None) {
        sentences.push(format!("{estimate} by default"));
    }
    if !model.status.note.is_empty() {
        sentences.push(model.status.note.clone());
    }
    if let Some(successor) = &model.status.successor {
        sentences.push(format!("{}/{successor} takes its place", model.provider));
    }
    sentences.join(" · ")
}
