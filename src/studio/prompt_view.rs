//! The prompt pane.

use ratatui::layout::{Position, Rect};
use ratatui::text::{Line as Row, Span};

use super::app::{App, Pane};
use super::settings_view::image_name;
use super::term::frame::Frame;
use super::theme::Tone;
use super::view::{cut, pane, row, words};
use crate::domain::finish::Finish;

/// What the submit line takes beside the name of a first frame.
const SUBMIT_CELLS: usize = 36;

/// Draws it.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    let focused = app.pane == Pane::Prompt && app.dialog.is_none();
    let model = app.settings.model(&app.catalog);
    let count = app.prompt.characters();
    let limit = model.and_then(|model| model.prompt.max_chars);
    let remark = match limit {
        Some(limit) => format!("{count} / {limit}"),
        None => format!("{count}"),
    };
    let mut block = pane(app, "Prompt", "", focused);
    let over = limit.is_some_and(|limit| count > limit);
    let style = theme.style(if over { Tone::Bad } else { Tone::Dim });
    block = block.title(Row::from(Span::styled(format!(" {remark} "), style)).right_aligned());
    block = block.title_bottom(submit_line(app, area.width).right_aligned());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if count == 0 {
        hint(app, frame, inner);
    } else {
        frame.render_widget(app.prompt.widget(), inner);
        hang_spaces(app, frame, inner);
    }
    if focused && !inner.is_empty() {
        let (line, column) = if count == 0 { (0, 0) } else { app.prompt.caret_cells() };
        let x = inner.x + column.min(inner.width - 1);
        let y = inner.y + line.min(inner.height - 1);
        frame.set_cursor_position(Position { x, y });
    }
}

/// Takes the space between two words away from the beginning of a line, where the widget wraps it to.
fn hang_spaces(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let buffer = frame.buffer_mut();
    for row in (0..area.height).filter(|row| app.prompt.hangs(*row)) {
        let y = area.y + row;
        for x in area.x..area.right() {
            let next = buffer.cell((x + 1, y)).filter(|_| x + 1 < area.right());
            let next = next.cloned().unwrap_or_default();
            if let Some(cell) = buffer.cell_mut((x, y)) {
                *cell = next;
            }
        }
    }
}

/// ` F5 submit draft $0.07292 `: the price stands there before the key is pressed.
fn submit_line(app: &App, width: u16) -> Row<'static> {
    let theme = &app.theme;
    let key = app
        .keymap
        .keys(super::action::Action::Submit, app.places())
        .into_iter()
        .next()
        .unwrap_or_default();
    let Some((parameters, estimate)) = app.settings.outlook(&app.catalog) else {
        return Row::from(words(" see settings ", theme.style(Tone::Warn)));
    };
    let kind = match parameters.kind {
        crate::domain::job::JobKind::Draft => " draft",
        _ => "",
    };
    // Where the form is out of sight, a first frame would go along unseen.
    let from = parameters.first_frame.as_ref();
    let from = from.map(|image| {
        format!(
            " from {}",
            cut(&image_name(app, image), usize::from(width).saturating_sub(SUBMIT_CELLS))
        )
    });
    Row::from(vec![
        words(format!(" {key}"), theme.bold(Tone::Accent)),
        words(format!(" submit{kind}{}  ", from.unwrap_or_default()), theme.style(Tone::Text)),
        words(format!("{estimate} "), theme.bold(Tone::Money)),
    ])
}

/// What stands in an empty prompt: the loop, for whoever is here for the first time.
fn hint(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let dim = app.theme.style(Tone::Dim);
    if app.knows {
        return row(frame, area, 0, Row::from(words(" Write a prompt", dim)));
    }
    let provider = app.catalog.provider(&app.settings.model_id.provider);
    let is_play = provider.is_some_and(|provider| provider.play_money);
    let costs = if is_play { "; here it costs nothing" } else { "" };
    let model = app.settings.model(&app.catalog);
    let lowest = model.and_then(|model| model.resolutions().next()).map(|one| one.to_string());
    let small = format!("begin at {}, the cheapest", lowest.unwrap_or_default());
    let (cheap, good) = match model.map_or(Finish::Anew, Finish::on) {
        Finish::OfDraft => ("a draft is quick and cheap", "makes the final of the draft you like"),
        Finish::SameSeed => (small.as_str(), "asks for the one you like larger, with its seed"),
        Finish::Anew => (small.as_str(), "asks for the one you like larger, as a new clip"),
    };
    let lines = [
        " Write what should be seen, and press F5.",
        "",
        &format!(" 1  {cheap}{costs}"),
        " 2  watch it under Jobs, look at it under Preview",
        " 3  change one thing, submit again, compare",
        &format!(" 4  p {good}"),
        " 5  o opens the file",
        "",
        " Esc leaves the text, F1 shows the keys.",
    ];
    for (offset, line) in (0..).zip(lines) {
        row(frame, area, offset, Row::from(words(line, dim)));
    }
}
