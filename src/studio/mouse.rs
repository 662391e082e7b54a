//! The mouse: a click focuses and chooses, the wheel moves.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::action::Action;
use super::app::{App, Pane};
use super::commands::{finish_writing, perform};
use super::effect::Effect;
use super::layout::{Spot, panes};

/// Takes what the mouse did.
pub(super) fn mouse(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    if app.dialog.is_some() {
        return Vec::new();
    }
    let at = Position { x: event.column, y: event.row };
    let Some((spot, area)) = panes(app).into_iter().find(|(_, area)| area.contains(at)) else {
        return Vec::new();
    };
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => click(app, spot, area, at),
        MouseEventKind::ScrollUp => wheel(app, spot, Action::Up),
        MouseEventKind::ScrollDown => wheel(app, spot, Action::Down),
        _ => Vec::new(),
    }
}

fn click(app: &mut App, spot: Spot, area: Rect, at: Position) -> Vec<Effect> {
    let Some(effects) = finish_writing(app) else { return Vec::new() };
    let line = at.y.saturating_sub(area.y + 1);
    match spot {
        Spot::Header => return perform(app, Action::History),
        Spot::Pane(pane) => {
            app.pane = pane;
            match pane {
                Pane::Prompt => app.prompt.click(line, at.x.saturating_sub(area.x + 2)),
                Pane::Jobs => {
                    let count = app.jobs.len();
                    choose(&mut app.chosen, count, area.height, line);
                }
                Pane::Settings | Pane::Preview => {}
            }
        }
        Spot::Found if line >= 2 => {
            let count = app.history.entries.len();
            choose(&mut app.history.chosen, count, area.height.saturating_sub(2), line - 2);
        }
        Spot::Found => app.history.writing = true,
        Spot::Footer | Spot::About | Spot::Compare => {}
    }
    effects
}

/// Chooses the row of a list that was clicked; rows are two lines each.
fn choose(chosen: &mut usize, count: usize, height: u16, line: u16) {
    let shown = usize::from(height.saturating_sub(2) / 2).max(1);
    let top = super::jobs_view::top(*chosen, shown, count);
    *chosen = (top + usize::from(line / 2)).min(count.saturating_sub(1));
}

fn wheel(app: &mut App, spot: Spot, action: Action) -> Vec<Effect> {
    if let Spot::Pane(pane) = spot {
        app.pane = if pane == Pane::Prompt { app.pane } else { pane };
        if pane == Pane::Prompt {
            return Vec::new();
        }
    }
    perform(app, action)
}
