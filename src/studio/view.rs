//! The screen, drawn from the state. Changes nothing (law 5).

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line as Row, Span};
use ratatui::widgets::{Block, BorderType, Padding, Paragraph};

use super::app::{App, Around, Pane};
use super::layout::{self, LEAST, Spot};
use super::term::frame::Frame;
use super::theme::Tone;
use super::{
    compare_view, dialog_view, frame_view, history_view, jobs_view, preview_view, prompt_view,
    settings_view,
};

pub(super) use crate::words::{cut, wrapped};

/// Draws what `frame` asks for: the whole screen, or the prompt alone.
pub fn view(app: &App, frame: &mut Frame<'_>) {
    let spots = layout::panes(app);
    if spots.is_empty() {
        return too_small(app, frame);
    }
    let seen = app.seen();
    for (spot, area) in spots {
        if !frame.asks_for(area) {
            continue;
        }
        match spot {
            Spot::Header => frame_view::header(&seen, frame, area),
            Spot::Footer => frame_view::footer(&seen, frame, area),
            Spot::Pane(Pane::Prompt) => prompt_view::draw(app, frame, area),
            Spot::Pane(Pane::Settings) => settings_view::draw(&seen, frame, area),
            Spot::Pane(Pane::Jobs) => jobs_view::draw(&seen, frame, area),
            Spot::Pane(Pane::Preview) => preview_view::draw(&seen, frame, area),
            Spot::Found => history_view::found(&seen, frame, area),
            Spot::About => history_view::about(&seen, frame, area),
            Spot::Compare => compare_view::draw(&seen, frame),
        }
    }
    if app.dialog.is_some() {
        dialog_view::draw(app, frame);
    }
    if let Some((toast, area)) = layout::toast(app).filter(|(_, area)| frame.asks_for(*area)) {
        frame_view::toast(&seen, toast, frame, area);
    }
}

fn too_small(app: &App, frame: &mut Frame<'_>) {
    let (columns, rows) = app.size;
    let text = format!("Rushes needs {}x{} and has {columns}x{rows}", LEAST.0, LEAST.1);
    let lines = [Row::from(text), Row::from("make the window larger, or the font smaller")];
    frame.render_widget(Paragraph::new(lines.to_vec()), frame.area());
}

/// A pane's frame: its title on the left, a remark on the right, and whether it has the focus.
pub(super) fn pane<'a>(app: &Around, title: &'a str, remark: &'a str, focused: bool) -> Block<'a> {
    let tone = if focused { Tone::Accent } else { Tone::Border };
    let title_style =
        if focused { app.theme.bold(Tone::Accent) } else { app.theme.bold(Tone::Text) };
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(app.theme.style(tone))
        .padding(Padding::horizontal(1))
        .title(Row::from(Span::styled(format!(" {title} "), title_style)));
    if !remark.is_empty() {
        let remark = Span::styled(format!(" {remark} "), app.theme.style(Tone::Dim));
        block = block.title(Row::from(remark).right_aligned());
    }
    block
}

/// A row of text in `area`, `offset` rows below its top; nothing where there is no such row.
pub(super) fn row(frame: &mut Frame<'_>, area: Rect, offset: u16, line: Row<'_>) {
    if offset < area.height {
        let at = Rect { y: area.y + offset, height: 1, ..area };
        frame.render_widget(line, at);
    }
}

/// Text in a style.
pub(super) fn words<'a>(text: impl Into<std::borrow::Cow<'a, str>>, style: Style) -> Span<'a> {
    Span::styled(text, style)
}

/// A row with something at its left and something at its right; the left is cut where both don't fit.
pub(super) fn spread<'a>(left: Vec<Span<'a>>, right: Vec<Span<'a>>, width: u16) -> Row<'a> {
    let right_width: usize = right.iter().map(Span::width).sum();
    let room = usize::from(width).saturating_sub(right_width + usize::from(right_width > 0));
    let mut used = 0;
    let mut spans = Vec::new();
    for span in left {
        let width = span.width();
        if used + width <= room {
            used += width;
            spans.push(span);
        } else {
            let cut = cut(&span.content, room - used);
            used += unicode_width::UnicodeWidthStr::width(cut.as_str());
            spans.push(Span::styled(cut, span.style));
            break;
        }
    }
    let gap = usize::from(width).saturating_sub(used + right_width);
    spans.push(Span::raw(" ".repeat(gap)));
    spans.extend(right);
    Row::from(spans)
}

/// Parts with a dot between them, in lines that no part is broken across as long as it fits into one.
pub(super) fn packed(parts: Vec<String>, cells: usize) -> Vec<String> {
    use unicode_width::UnicodeWidthStr as _;
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.width() + part.width() + 3 <= cells => {
                line.push_str(" · ");
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_wrapped_by_what_is_seen() {
        assert_eq!(cut("月下の市場", 7), "月下の…");
        assert_eq!(cut("fox", 3), "fox");
        assert_eq!(wrapped("a red fox runs", 6), ["a red", "fox", "runs"]);
        assert_eq!(wrapped("月下の市場を走る", 6), ["月下の", "市場を", "走る"]);
        assert_eq!(wrapped("a\n\nb", 6), ["a", "", "b"]);
    }
}
