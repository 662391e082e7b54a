//! What a message makes of the state, and what is to be done outside. The only writer of [`App`].

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};

use super::app::{App, Entry, Pane, Poster, View};
use super::commands;
use super::dialog::Dialog;
use super::dialog_keys;
use super::keymap::Meaning;
use super::layout::{self, Spot};
use super::msg::{Effect, Msg, Now, Opened};
use crate::domain::job::{Job, JobState};
use crate::words;

/// The pause after which what was written is saved.
const SAVE_PAUSE: SignedDuration = SignedDuration::from_millis(400);
/// Two Ctrl+C within this time quit.
const TWICE: SignedDuration = SignedDuration::from_secs(2);

/// Takes `msg` in and returns what is to be done.
pub fn update(app: &mut App, msg: Msg, now: Now) -> Vec<Effect> {
    app.now = now;
    let mut effects = match msg {
        Msg::Key(event) => key(app, event),
        Msg::Paste(text) => paste(app, &text),
        Msg::Mouse(event) => super::mouse::mouse(app, event),
        Msg::Resize(columns, rows) => {
            // A poster has as many pixels as the window had when it was asked for.
            if app.size != (columns, rows) {
                app.poster = None;
            }
            app.size = (columns, rows);
            Vec::new()
        }
        Msg::Focus(in_front) => {
            app.in_front = in_front;
            Vec::new()
        }
        Msg::Tick => Vec::new(),
        Msg::Opened(opened) => opened_workspace(app, *opened),
        Msg::Lives { version, driving, lives, troubles } => {
            app.driving = driving;
            app.lives = lives;
            app.troubles = troubles;
            merge_lives(app);
            let stored = app.version.replace(version) != Some(version);
            if stored { vec![Effect::LoadJobs] } else { Vec::new() }
        }
        Msg::Jobs(entries) => jobs(app, entries),
        Msg::Spent(spent) => {
            app.spent = spent;
            Vec::new()
        }
        Msg::Found { generation, entries } => {
            app.history.take(generation, entries);
            Vec::new()
        }
        Msg::Poster { path, picture } => {
            if app.poster.as_ref().is_some_and(|(wanted, _)| *wanted == path) {
                let poster = match picture {
                    Ok(picture) => Poster::There(picture),
                    Err(why) => Poster::None(why),
                };
                app.poster = Some((path, poster));
            }
            Vec::new()
        }
        Msg::Story(story) => dialog_keys::take_story(app, *story),
        Msg::Submitted(id) => {
            app.awaited = Some(id);
            app.knows = true;
            vec![Effect::LoadJobs]
        }
        Msg::Image { first, image } => {
            match image {
                Ok(image) if first => app.settings.chosen.first_frame = Some(image),
                Ok(image) => app.settings.chosen.last_frame = Some(image),
                Err(why) => app.settings.remark = Some(why),
            }
            changed(app);
            Vec::new()
        }
        Msg::Edited(Ok(text)) => {
            app.prompt.set(&text);
            changed(app);
            Vec::new()
        }
        Msg::Edited(Err(why)) | Msg::Complain(why) => {
            app.say(why, true);
            Vec::new()
        }
        Msg::Nowhere { path, reason } => {
            let lines = commands::where_lines(app, &path);
            app.dialog = Some(Dialog::Where { reason, lines, chosen: 0 });
            Vec::new()
        }
        Msg::Say(text) => {
            app.say(text, false);
            Vec::new()
        }
    };
    settle(app, &mut effects);
    effects
}

/// What follows from any change: saving after a pause, toasts that end, the poster of what is chosen.
fn settle(app: &mut App, effects: &mut Vec<Effect>) {
    if app.toast.as_ref().is_some_and(|toast| toast.until <= app.now) {
        app.toast = None;
    }
    if app.prompt.is_unsaved() && app.unsaved_since.is_none() {
        changed(app);
    }
    let paused = |since: Timestamp| app.now.duration_since(since) >= SAVE_PAUSE;
    let leaving = effects.contains(&Effect::Quit) || effects.contains(&Effect::Suspend);
    if app.open && app.unsaved_since.is_some_and(|since| leaving || paused(since)) {
        app.unsaved_since = None;
        effects.insert(0, Effect::Save(Box::new(app.take_saved())));
    }
    want_poster(app, effects);
}

/// Notes that something is to be saved, after a pause from now on.
pub(super) fn changed(app: &mut App) {
    app.unsaved_since = Some(app.now);
}

fn key(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    if event.code == KeyCode::Char('c') && event.modifiers.contains(KeyModifiers::CONTROL) {
        return interrupt(app);
    }
    if app.dialog.is_some() {
        return dialog_keys::key(app, event);
    }
    if let Some(effects) = written(app, event) {
        return effects;
    }
    match app.meaning(event, app.places()) {
        Meaning::Action(action) => commands::perform(app, action),
        Meaning::Begun => Vec::new(),
        Meaning::Unknown if app.is_writing() => {
            if app.prompt.key(event) {
                changed(app);
            }
            Vec::new()
        }
        Meaning::Unknown => Vec::new(),
    }
}

/// A key for a line that is being written in a pane: the search, or a value of the form.
fn written(app: &mut App, event: KeyEvent) -> Option<Vec<Effect>> {
    if app.view == View::History && app.history.writing {
        match event.code {
            KeyCode::Enter | KeyCode::Esc | KeyCode::Down | KeyCode::Tab => {
                app.history.writing = false
            }
            _ if app.history.query.key(event) => return Some(commands::search(app)),
            _ => return None,
        }
        return Some(Vec::new());
    }
    if app.view != View::Studio || app.pane != Pane::Settings {
        return None;
    }
    app.settings.editing.as_ref()?;
    let line = app.settings.editing.as_mut()?;
    match event.code {
        KeyCode::Enter => {
            let text = line.text().to_owned();
            app.settings.editing = None;
            Some(commands::take_written(app, &text))
        }
        KeyCode::Esc => {
            app.settings.editing = None;
            Some(Vec::new())
        }
        _ => line.key(event).then(Vec::new),
    }
}

/// Ctrl+C asks once and quits at the second time, wherever the focus is.
fn interrupt(app: &mut App) -> Vec<Effect> {
    let twice = app.interrupted_at.is_some_and(|at| app.now.duration_since(at) < TWICE);
    if twice {
        return vec![Effect::Quit];
    }
    app.interrupted_at = Some(app.now);
    app.say("Ctrl+C once more quits; jobs go on at the provider", false);
    Vec::new()
}

fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    let (view, in_form) = (app.view, app.pane == Pane::Settings);
    match &mut app.dialog {
        Some(Dialog::Palette { line, .. } | Dialog::Note { line, .. }) => line.insert(text),
        Some(_) => {}
        None if view == View::History => {
            app.history.writing = true;
            app.history.query.insert(text);
            return commands::search(app);
        }
        None => match &mut app.settings.editing {
            Some(line) if in_form => line.insert(text),
            // Pasted text has one place to go, whatever has the focus.
            _ => {
                app.pane = Pane::Prompt;
                app.prompt.paste(text);
                changed(app);
            }
        },
    }
    Vec::new()
}

fn opened_workspace(app: &mut App, opened: Opened) -> Vec<Effect> {
    app.open = true;
    app.catalog = opened.catalog;
    app.data_dir = opened.data_dir;
    app.copy_prefix = opened.copy_prefix;
    app.keys = opened.keys;
    app.still = opened.still;
    let mut problems = opened.problems;
    let (keymap, wrong) = super::keymap::Keymap::new(&opened.keymap);
    app.keymap = keymap;
    problems.extend(wrong);
    match &opened.theme {
        Some((name, None)) => commands::take_theme(app, name),
        Some((name, Some(text))) => match super::theme::Theme::parse(text, app.theme.is_plain()) {
            Ok(theme) => (app.theme, app.theme_name) = (theme, name.clone()),
            Err(what) => problems.push(format!("theme {name}: {what}")),
        },
        None => {}
    }
    if let Some(model) = opened.model {
        let catalog = app.catalog.clone();
        app.settings.take_model(&catalog, model);
        app.settings.remark = None;
    }
    if let Some(saved) = opened.saved {
        app.prompt.restore(saved.prompt);
        app.settings.chosen = saved.chosen;
        app.knows = saved.knows;
        if opened.theme.is_none() && !saved.theme.is_empty() {
            commands::take_theme(app, &saved.theme);
        }
    }
    // What was allowed when it was saved may not be today.
    let (catalog, model) = (app.catalog.clone(), app.settings.chosen.model.clone());
    app.settings.take_model(&catalog, model);
    if app.catalog.model(&app.settings.chosen.model).is_none() {
        app.settings.chosen = super::settings::Chosen::default();
    }
    if let Some(problem) = problems.first() {
        app.say(problem.clone(), true);
    }
    let mut effects = vec![Effect::LoadJobs, Effect::Title("Rushes".to_owned())];
    if opened.no_mouse {
        app.mouse = false;
        effects.push(Effect::Mouse(false));
    }
    effects
}

/// The list of jobs was read again.
fn jobs(app: &mut App, entries: Vec<Entry>) -> Vec<Effect> {
    let ended = newly_ended(&app.jobs, &entries);
    let chosen = app.awaited.take().or_else(|| app.jobs.get(app.chosen).map(|entry| entry.job.id));
    app.jobs = entries;
    let at = chosen.and_then(|id| app.jobs.iter().position(|entry| entry.job.id == id));
    if let (None, Some(id)) = (at, chosen) {
        app.awaited = Some(id);
    }
    app.chosen = at.unwrap_or(app.chosen).min(app.jobs.len().saturating_sub(1));
    merge_lives(app);
    let mut effects = Vec::new();
    for job in ended {
        let text = format!(
            "{} {}: {}",
            job.request.kind,
            words::state(&job),
            crate::domain::text::one_line(&job.request.prompt, 40)
        );
        app.say(text.clone(), !matches!(job.state, JobState::Succeeded | JobState::Canceled));
        if !app.in_front {
            effects.push(Effect::Notify(text));
        }
    }
    if app.view == View::History {
        effects.extend(commands::search(app));
    }
    let running = app.lives.len();
    let title =
        if running > 0 { format!("Rushes · {running} running") } else { "Rushes".to_owned() };
    effects.push(Effect::Title(title));
    effects
}

/// Jobs that were live in `old` and are not in `new`.
fn newly_ended(old: &[Entry], new: &[Entry]) -> Vec<Job> {
    let was_live =
        |job: &Job| old.iter().any(|entry| entry.job.id == job.id && entry.job.state.is_live());
    let ended = new.iter().map(|entry| &entry.job).filter(|job| !job.state.is_live());
    ended.filter(|job| was_live(job)).cloned().collect()
}

/// Live values are newer than the list that was read.
fn merge_lives(app: &mut App) {
    let around = &mut **app;
    for live in &around.lives {
        if let Some(entry) = around.jobs.iter_mut().find(|entry| entry.job.id == live.job.id) {
            entry.job = live.job.clone();
        }
    }
}

/// Asks for the poster of the chosen clip once.
fn want_poster(app: &mut App, effects: &mut Vec<Effect>) {
    let clip = app.entry().and_then(|entry| Some(entry.job.files().next()?.path.clone()));
    let path = clip.map(|clip| app.data_dir.join(clip));
    let Some(path) = path else {
        // Not to be counted as a change where there is none.
        if app.poster.is_some() {
            app.poster = None;
        }
        return;
    };
    if app.poster.as_ref().is_some_and(|(there, _)| *there == path) {
        return;
    }
    let shown = layout::panes(app).into_iter().find(|(spot, _)| *spot == Spot::Pane(Pane::Preview));
    let Some((_, area)) = shown else { return };
    app.poster = Some((path.clone(), Poster::Coming));
    let max_px = (u32::from(area.width.max(20)), u32::from(area.height.max(10)) * 2);
    effects.push(Effect::LoadPoster { path, max_px });
}
