//! Keys while something lies over the panes.

use crossterm::event::{KeyCode, KeyEvent};

use super::action::Action;
use super::app::{App, Entry};
use super::commands;
use super::detail_view::most_scrolled;
use super::dialog::{Dialog, JobStory, SEND, model_rows, palette_rows};
use super::effect::{Effect, Generation, Load, Marking, Terminal};
use super::job_commands;
use super::keymap::{Meaning, Place};
use super::line::Line;
use super::offer::successor;
use super::paying;
use super::promoting;
use super::update::changed;
use crate::domain::job::FailureClass;
use crate::domain::request::Field;

/// No help has more rows.
const MAX_HELP_ROWS: usize = 96;

/// What a dialog's key leads to.
enum Then {
    Stay(Vec<Effect>),
    Close(Vec<Effect>),
    Perform(Action),
    PerformOn(Action, Box<Entry>),
}

/// Takes a key.
pub(super) fn key(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    let Some(mut dialog) = app.dialog.take() else { return Vec::new() };
    let then = match event.code {
        KeyCode::Esc => Then::Close(Vec::new()),
        _ => match &mut dialog {
            Dialog::Palette { .. } | Dialog::Note { .. } | Dialog::Models { .. } => {
                written(app, &mut dialog, event)
            }
            _ => chosen(app, &mut dialog, event),
        },
    };
    match then {
        Then::Stay(effects) => {
            app.dialog = Some(dialog);
            effects
        }
        Then::Close(effects) => effects,
        Then::Perform(action) => commands::perform(app, action),
        Then::PerformOn(action, entry) => job_commands::on_job(app, action, *entry),
    }
}

/// Keys of dialogs that are written in.
fn written(app: &mut App, dialog: &mut Dialog, event: KeyEvent) -> Then {
    match dialog {
        Dialog::Note { id, line } => match event.code {
            KeyCode::Enter => {
                Then::Close(vec![app.mark(*id, Marking::Note(line.text().to_owned()))])
            }
            _ => {
                line.key(event);
                Then::Stay(Vec::new())
            }
        },
        Dialog::Palette { line, chosen } => {
            let rows = palette_rows(line);
            match event.code {
                KeyCode::Enter => match rows.get(*chosen) {
                    Some(action) => Then::Perform(*action),
                    None => Then::Stay(Vec::new()),
                },
                _ => listed(line, chosen, rows.len(), event),
            }
        }
        Dialog::Models { line, chosen } => {
            let catalog = app.catalog.clone();
            let rows = model_rows(&catalog, line);
            match event.code {
                KeyCode::Enter => match rows.get(*chosen) {
                    Some(model) => {
                        app.settings.take_model(&catalog, model.key());
                        changed(app);
                        Then::Close(Vec::new())
                    }
                    None => Then::Stay(Vec::new()),
                },
                _ => listed(line, chosen, rows.len(), event),
            }
        }
        _ => Then::Stay(Vec::new()),
    }
}

/// A key for a list of `count` rows that is narrowed by what is written.
fn listed(line: &mut Line, chosen: &mut usize, count: usize, event: KeyEvent) -> Then {
    let last = count.saturating_sub(1);
    match event.code {
        KeyCode::Up => *chosen = chosen.saturating_sub(1),
        KeyCode::Down | KeyCode::Tab => *chosen = (*chosen + 1).min(last),
        KeyCode::PageUp => *chosen = chosen.saturating_sub(8),
        KeyCode::PageDown => *chosen = (*chosen + 8).min(last),
        _ if line.key(event) => *chosen = 0,
        _ => {}
    }
    Then::Stay(Vec::new())
}

/// Where a scroll of at most `most` rows goes by `action`.
fn scrolled(scroll: usize, action: Action, most: usize) -> usize {
    let step = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -8,
        Action::PageDown => 8,
        _ => 0,
    };
    scroll.saturating_add_signed(step).min(most)
}

/// Keys of dialogs that are chosen from or read.
fn chosen(app: &mut App, dialog: &mut Dialog, event: KeyEvent) -> Then {
    let places = [Place::Everywhere, Place::Commands, Place::Job];
    let action = match app.meaning(event, &places) {
        Meaning::Action(action) => action,
        Meaning::Begun | Meaning::Unknown => return Then::Stay(Vec::new()),
    };
    match action {
        Action::Quit | Action::Back => return Then::Close(Vec::new()),
        Action::Help if matches!(dialog, Dialog::Help { .. }) => return Then::Close(Vec::new()),
        Action::Enter if !paying::is_a_yes_to(app, dialog) => return Then::Stay(Vec::new()),
        _ => {}
    }
    match dialog {
        Dialog::Help { scroll } => *scroll = scrolled(*scroll, action, MAX_HELP_ROWS),
        Dialog::Promote { offered, chosen, wanted, children, .. } => {
            *wanted = action == Action::Enter;
            if action != Action::Enter {
                // Another price is another question.
                app.presses.ask(false);
            }
            match action {
                Action::Up | Action::Left => *chosen = chosen.saturating_sub(1),
                Action::Down | Action::Right | Action::NextPane => {
                    *chosen = (*chosen + 1).min(offered.finals.len().saturating_sub(1));
                }
                Action::Enter if children.is_none() => {
                    app.say("looking whether it was made already", false);
                }
                Action::Enter => return Then::Close(promoting::submit(app, dialog)),
                _ => {}
            }
        }
        Dialog::Recall { job, part, .. } if action == Action::Enter => {
            job_commands::recalled(app, job, *part);
            return Then::Close(Vec::new());
        }
        Dialog::Where { path, lines, chosen, .. } => match action {
            Action::Up => *chosen = chosen.saturating_sub(1),
            Action::Down => *chosen = (*chosen + 1).min(lines.len().saturating_sub(1)),
            Action::Enter => {
                let Some((word, text)) = lines.get(*chosen) else { return Then::Close(Vec::new()) };
                app.ways.choose(word);
                changed(app);
                if *word == SEND {
                    app.say("sending the clip through the terminal", false);
                    return Then::Close(vec![Effect::Load(Load::Send(path.clone()))]);
                }
                app.say(format!("{word} copied"), false);
                return Then::Close(vec![Effect::Terminal(Terminal::Copy(text.clone()))]);
            }
            _ => {}
        },
        Dialog::Confirm { effect, .. } if action == Action::Enter => {
            return Then::Close(effect.take().into_iter().collect());
        }
        Dialog::Detail { story, scroll, .. } => {
            match action {
                Action::Enter => return repair(app, story.as_deref()),
                Action::Promote
                | Action::Open
                | Action::Recall
                | Action::Remix
                | Action::Retry
                | Action::Cancel
                | Action::LookUp
                | Action::Dashboard
                | Action::Close
                | Action::Mark
                | Action::Compare
                | Action::Chain
                | Action::ExportFrame
                | Action::Star
                | Action::Note
                | Action::CopyPrompt
                | Action::CopyUrl
                | Action::CopyPath
                | Action::CopyScp => {
                    return match story {
                        Some(story) => Then::PerformOn(action, Box::new(story.entry.clone())),
                        None => Then::Stay(Vec::new()),
                    };
                }
                _ => {}
            }
            let most = story.as_deref().map_or(0, |story| most_scrolled(app, story));
            *scroll = scrolled(*scroll, action, most);
        }
        _ => {}
    }
    Then::Stay(Vec::new())
}

/// Enter on a failed job: brings it back into the form, with the field at fault focused.
fn repair(app: &mut App, story: Option<&JobStory>) -> Then {
    let Some(story) = story else { return Then::Stay(Vec::new()) };
    let job = &story.entry.job;
    let Some(error) = job.error.as_ref().filter(|_| job.state.is_end()) else {
        return Then::Close(Vec::new());
    };
    let named = error.parameters.iter().find_map(|name| Field::of_parameter(name));
    let row = named.or((error.class == FailureClass::ModelGone).then_some(Field::Model));
    job_commands::recalled(app, job, super::dialog::RecallPart::All);
    if let Some(row) = row {
        app.pane = super::app::Pane::Settings;
        app.settings.focus(row);
    }
    if let Some(model) = successor(app, job) {
        let catalog = app.catalog.clone();
        app.settings.take_model(&catalog, model);
    }
    if named.is_some() {
        app.settings.remark = Some(error.message.clone());
    }
    app.say(error.advice(), false);
    Then::Close(Vec::new())
}

/// What is known of a job has come, for whatever dialog waits for it.
pub(super) fn take_story(app: &mut App, generation: Generation, new: JobStory) -> Vec<Effect> {
    if !app.asked.takes_story(generation) {
        return Vec::new();
    }
    match &mut app.dialog {
        Some(Dialog::Detail { id, story, .. }) if *id == new.entry.job.id => {
            *story = Some(Box::new(new));
        }
        Some(Dialog::Promote { of, children, wanted, .. }) if of.id == new.entry.job.id => {
            *children = Some(new.children);
            if *wanted {
                let dialog = app.dialog.take();
                let effects =
                    dialog.map_or_else(Vec::new, |dialog| promoting::submit(app, &dialog));
                app.presses.ask(true);
                return effects;
            }
        }
        _ => {}
    }
    Vec::new()
}
