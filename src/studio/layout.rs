//! Where everything is: a pure function of size and state, for the view and the mouse alike.

use ratatui::layout::{Constraint, Layout, Rect};

use super::app::{Around, Pane, Toast, View};
use super::form_image::shown_image;
use super::view::wrapped;

/// The least columns and rows.
pub const LEAST: (u16, u16) = (60, 18);
/// From this many columns on, panes stand side by side.
const WIDE: u16 = 90;
/// From this many rows on, two panes stand one above the other.
const TALL: u16 = 22;
/// A toast takes no more rows; no message of ours needs more.
const MAX_TOAST_ROWS: u16 = 4;
/// The form's rows with its borders, remark and estimate.
const FORM_ROWS: u16 = 18;

/// Something with a place on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// The top line.
    Header,
    /// The bottom line.
    Footer,
    /// A pane of the studio view.
    Pane(Pane),
    /// The list of the history view.
    Found,
    /// What is known of the job that is chosen there.
    About,
    /// Two clips side by side.
    Compare,
}

/// Every spot that is shown, with its area. Nothing where the terminal is too small.
pub fn panes(app: &Around) -> Vec<(Spot, Rect)> {
    let (columns, rows) = app.size;
    if columns < LEAST.0 || rows < LEAST.1 {
        return Vec::new();
    }
    let all = Rect::new(0, 0, columns, rows);
    let [header, body, footer] =
        rows_of(all, [Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]);
    if app.compare.is_some() {
        return vec![(Spot::Header, header), (Spot::Compare, body), (Spot::Footer, footer)];
    }
    if app.zoomed {
        let clip = Rect { height: rows - 1, ..all };
        return vec![(Spot::Pane(Pane::Preview), clip), (Spot::Footer, footer)];
    }
    let mut spots = vec![(Spot::Header, header), (Spot::Footer, footer)];
    match app.view {
        View::Studio => {
            spots.extend(studio(app, body).into_iter().map(|(pane, area)| (Spot::Pane(pane), area)))
        }
        View::History if columns >= WIDE => {
            let [left, right] =
                Layout::horizontal([Constraint::Percentage(55), Constraint::Fill(1)]).areas(body);
            spots.extend([(Spot::Found, left), (Spot::About, right)]);
        }
        View::History if rows >= TALL => {
            let [top, bottom] = rows_of(body, [Constraint::Fill(1), Constraint::Length(9)]);
            spots.extend([(Spot::Found, top), (Spot::About, bottom)]);
        }
        View::History => spots.push((Spot::Found, body)),
    }
    spots
}

fn studio(app: &Around, body: Rect) -> Vec<(Pane, Rect)> {
    let pane = app.pane;
    if body.width >= WIDE && body.height + 2 >= TALL {
        let top = (body.height * 2 / 5).clamp(FORM_ROWS.min(body.height - 8), FORM_ROWS);
        let [left, right] =
            Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(body);
        let [prompt, jobs] = rows_of(left, [Constraint::Length(top), Constraint::Fill(1)]);
        let [settings, preview] = rows_of(right, [Constraint::Length(top), Constraint::Fill(1)]);
        return vec![
            (Pane::Prompt, prompt),
            (Pane::Settings, settings),
            (Pane::Jobs, jobs),
            (Pane::Preview, preview),
        ];
    }
    if body.height + 2 < TALL || pane == Pane::Preview {
        return vec![(pane, body)];
    }
    // An image whose row has the focus is looked at below the form.
    if shown_image(app).is_some() {
        let [top, bottom] = rows_of(body, [Constraint::Percentage(45), Constraint::Fill(1)]);
        return vec![(Pane::Settings, top), (Pane::Preview, bottom)];
    }
    let (upper, rows) = match pane {
        Pane::Settings => (Pane::Settings, FORM_ROWS.min(body.height - 5)),
        _ => (Pane::Prompt, body.height * 9 / 20),
    };
    let [top, bottom] = rows_of(body, [Constraint::Length(rows), Constraint::Fill(1)]);
    vec![(upper, top), (Pane::Jobs, bottom)]
}

fn rows_of<const N: usize>(area: Rect, constraints: [Constraint; N]) -> [Rect; N] {
    Layout::vertical(constraints).areas(area)
}

/// Where the prompt is, as long as nothing lies over it.
pub fn prompt(app: &Around) -> Option<Rect> {
    let shown = panes(app).into_iter().find(|(spot, _)| *spot == Spot::Pane(Pane::Prompt));
    let (_, area) = shown.filter(|_| app.dialog.is_none())?;
    let toast = toast(app).map(|(_, area)| area);
    toast.is_none_or(|toast| !toast.intersects(area)).then_some(area)
}

/// The toast, where there is one: over the footer, and over the rows above it as far as its text needs.
pub fn toast(app: &Around) -> Option<(&Toast, Rect)> {
    let toast = app.toast.as_ref()?;
    let (width, rows) = app.size;
    let height = (toast_lines(&toast.text, width).len() as u16).clamp(1, MAX_TOAST_ROWS);
    Some((toast, Rect { x: 0, y: rows.saturating_sub(height), width, height }))
}

/// The lines of a toast, beside its mark.
pub fn toast_lines(text: &str, width: u16) -> Vec<String> {
    wrapped(text, width.saturating_sub(4).into())
}

/// The area of a dialog of so many columns and rows, in the middle of the screen.
pub fn middle(app: &Around, columns: u16, rows: u16) -> Rect {
    let (width, height) = app.size;
    let columns = columns.min(width.saturating_sub(4));
    let rows = rows.min(height.saturating_sub(2));
    Rect::new((width - columns) / 2, (height - rows) / 2, columns, rows)
}

/// Everything between header and footer.
pub fn over(app: &Around) -> Rect {
    Rect::new(0, 1, app.size.0, app.size.1.saturating_sub(2))
}
