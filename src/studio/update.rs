//! What a message makes of the state, and what is to be done outside. The only writer of [`App`].

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};

use super::app::{App, Entry, Pane, View};
use super::chain;
use super::commands;
use super::compare;
use super::dialog::Dialog;
use super::dialog_keys;
use super::effect::{Effect, Load, Terminal, Write};
use super::form_image;
use super::image_picker;
use super::images::want_overlay;
use super::job_commands;
use super::keymap::Meaning;
use super::msg::{Msg, Now, Opened};
use super::paying;
use super::player_commands;
use super::poster;
use super::term::keyboard::Reply;
use crate::domain::job::{Job, JobKind, JobState};
use crate::domain::money::MicroUsd;
use crate::domain::secret::without_values;
use crate::domain::terminal_sequence::with_escapes;
use crate::words;

/// The pause after which what was written is saved.
const SAVE_PAUSE: SignedDuration = SignedDuration::from_millis(400);
/// Two Ctrl+C within this time quit.
const TWICE: SignedDuration = SignedDuration::from_secs(2);

/// Takes `msg` in and returns what is to be done.
pub fn update(app: &mut App, msg: Msg, now: Now) -> Vec<Effect> {
    app.now = now;
    let mut effects = match msg {
        Msg::Key(press) => {
            app.presses.key(&press);
            key(app, press.event)
        }
        Msg::Paste(text) => {
            app.presses.brought(now);
            paste(app, &with_escapes(&text))
        }
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
        Msg::Suspend => vec![Effect::Terminal(Terminal::Suspend)],
        Msg::Drawn => {
            app.presses.seen(now);
            Vec::new()
        }
        Msg::Reply(Reply::Cursor) => {
            player_commands::answered(app);
            Vec::new()
        }
        Msg::Film { generation, reel, part } => {
            player_commands::take(app, generation, reel, part);
            Vec::new()
        }
        Msg::Reply(reply) => {
            app.images.take(reply);
            Vec::new()
        }
        Msg::Opened(opened) => opened_workspace(app, *opened),
        Msg::Lives { version, driving, lives, stuck, troubles } => {
            if app.stuck != stuck {
                app.say(words::stuck(app.stuck, stuck), stuck.is_some());
                app.stuck = stuck;
            }
            app.driving = driving;
            app.lives = lives;
            app.troubles = troubles;
            merge_lives(app);
            let stored = app.version.replace(version) != Some(version);
            if stored { app.read_again() } else { Vec::new() }
        }
        Msg::Jobs { generation, entries, spent } if app.asked.takes_jobs(generation) => {
            app.spent = spent;
            jobs(app, entries)
        }
        Msg::Jobs { .. } => Vec::new(),
        Msg::Marked(stored) => {
            app.asked.marked();
            if let Err(why) = stored {
                app.say(why, true);
            }
            app.read_again()
        }
        Msg::Balance { provider, left } => {
            if let Some(known) = app.balances.iter_mut().find(|(id, _)| *id == provider) {
                known.1 = left;
            }
            Vec::new()
        }
        Msg::Found { generation, entries } if app.asked.takes_marks() => {
            let around = &mut **app;
            around.history.take(generation, entries);
            compare::refresh(&mut around.compare, &around.history.entries);
            Vec::new()
        }
        Msg::Found { .. } => Vec::new(),
        Msg::Poster { path, sheet, picture } => {
            poster::take(app, path, sheet, picture);
            Vec::new()
        }
        Msg::Overlay { generation, overlay } => {
            app.images.made(generation, overlay);
            Vec::new()
        }
        Msg::Story { generation, story } => dialog_keys::take_story(app, generation, *story),
        Msg::Submitted(id) => {
            app.awaited = Some(id);
            app.knows = true;
            app.read_again()
        }
        Msg::Objected(objected) => paying::objected(app, *objected),
        Msg::Image { first, text, image } => {
            form_image::take_read(app, first, &text, image);
            Vec::new()
        }
        Msg::Images { generation, listed } => {
            form_image::take_listing(app, generation, listed);
            Vec::new()
        }
        Msg::Edited(edited) => {
            // What was typed ahead there was not meant for here.
            app.presses.brought(now);
            match edited {
                Ok(text) => {
                    app.prompt.set(&text);
                    changed(app);
                }
                Err(why) => app.say(why, true),
            }
            Vec::new()
        }
        Msg::Sendable(Err(why)) | Msg::Complain(why) => {
            app.say(why, true);
            Vec::new()
        }
        Msg::NotSaved(why) | Msg::Note(why) => {
            // It comes by itself, and must not cover what became of a submit.
            if app.toast.as_ref().is_none_or(|toast| !toast.bad) {
                app.say(why, true);
            }
            Vec::new()
        }
        Msg::Nowhere { path, reason, links } => {
            job_commands::show_where(app, path, reason, links);
            Vec::new()
        }
        Msg::Sendable(Ok(bytes)) => vec![Effect::Terminal(Terminal::Hand(bytes))],
        Msg::NoBrowser { url, reason } => {
            app.say(format!("{reason}; copied: {url}"), false);
            vec![Effect::Terminal(Terminal::Copy(url))]
        }
        Msg::Written { what, path } => {
            let path = path.display().to_string();
            app.say(format!("{what} is {path}, and its path is copied"), false);
            vec![Effect::Terminal(Terminal::Copy(path))]
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
    let leaving = effects.contains(&Effect::Terminal(Terminal::Quit))
        || effects.contains(&Effect::Terminal(Terminal::Suspend));
    if app.open && app.unsaved_since.is_some_and(|since| leaving || paused(since)) {
        app.unsaved_since = None;
        effects.insert(0, Effect::Write(Write::Save(Box::new(app.take_saved()))));
    }
    effects.extend(player_commands::advance(app));
    poster::want(app, effects);
    want_overlay(app, effects);
    compare::want_stills(app, effects);
    want_balance(app, effects);
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
    let is_image = form_image::is_writing_image(&app.settings);
    let settings = &mut app.settings;
    let line = settings.editing.as_mut()?;
    match event.code {
        KeyCode::Up | KeyCode::Down if is_image => {
            settings.picker.step(event.code == KeyCode::Down);
            Some(Vec::new())
        }
        KeyCode::Tab if is_image => {
            settings.picker.complete(line);
            Some(form_image::list_images(app))
        }
        KeyCode::Enter if is_image => Some(form_image::take_line(app)),
        KeyCode::Enter => Some(commands::finish_writing(app).unwrap_or_default()),
        KeyCode::Esc => {
            app.settings.editing = None;
            Some(Vec::new())
        }
        _ if !line.key(event) => None,
        _ if is_image => Some(form_image::list_images(app)),
        _ => Some(Vec::new()),
    }
}

/// Ctrl+C asks once and quits at the second time, wherever the focus is.
fn interrupt(app: &mut App) -> Vec<Effect> {
    let twice = app.interrupted_at.is_some_and(|at| app.now.duration_since(at) < TWICE);
    if twice {
        return vec![Effect::Terminal(Terminal::Quit)];
    }
    app.interrupted_at = Some(app.now);
    app.say("Ctrl+C once more quits; jobs go on at the provider", false);
    Vec::new()
}

fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    let (view, in_form) = (app.view, app.pane == Pane::Settings);
    let watching = app.compare.is_some() || app.zoomed;
    let on_image = in_form && app.settings.takes_image(&app.catalog);
    match &mut app.dialog {
        Some(
            Dialog::Palette { line, .. } | Dialog::Note { line, .. } | Dialog::Models { line, .. },
        ) => line.insert(text),
        Some(_) => {}
        // Nothing that is seen would take it.
        None if watching => {}
        None if view == View::History => {
            app.history.writing = true;
            app.history.query.insert(text);
            return commands::search(app);
        }
        None if on_image => return paste_image(app, text),
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

/// A file dropped on the row of an image is taken; within a line that is written, it goes into that.
fn paste_image(app: &mut App, text: &str) -> Vec<Effect> {
    match &mut app.settings.editing {
        Some(line) => {
            line.insert(&image_picker::plain_path(text));
            form_image::list_images(app)
        }
        None => form_image::take_text(app, text),
    }
}

fn opened_workspace(app: &mut App, opened: Opened) -> Vec<Effect> {
    app.open = true;
    app.catalog = opened.catalog;
    app.data_dir = opened.data_dir;
    app.copy_from = opened.copy_from;
    app.keys = opened.keys;
    app.profile = opened.profile;
    app.still = opened.still;
    app.limits = opened.limits;
    app.settings.defaults = opened.defaults;
    let mut problems = opened.problems;
    let (keymap, wrong) = super::keymap::Keymap::new(&opened.keymap);
    app.keymap = keymap;
    problems.extend(wrong.iter().map(|what| without_values(what)));
    match &opened.theme {
        Some((name, None)) => commands::take_theme(app, name),
        Some((name, Some(text))) => match super::theme::Theme::parse(text, app.theme.is_plain()) {
            Ok(theme) => (app.theme, app.theme_name) = (theme, name.clone()),
            Err(what) => problems.push(without_values(&format!("theme {name}: {what}"))),
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
        app.settings.restore(saved.chosen);
        app.knows = saved.knows;
        app.left_at = saved.left_at;
        app.ways = saved.ways;
        if opened.theme.is_none() && !saved.theme.is_empty() {
            commands::take_theme(app, &saved.theme);
        }
    }
    app.ways.place = opened.from_place;
    // What was allowed when it was saved may not be today.
    let catalog = app.catalog.clone();
    app.settings.fit(&catalog);
    if let [problem, others @ ..] = &problems[..] {
        let more = match others.len() {
            0 => String::new(),
            more => format!(" · and {more} more, which `rushes doctor` tells"),
        };
        app.say(format!("{problem}{more}"), true);
    }
    let mut effects =
        vec![app.asked.jobs(), Effect::Terminal(Terminal::Title("Rushes".to_owned()))];
    effects.extend(
        app.images
            .wish(opened.images, opened.between)
            .map(|asked| Effect::Terminal(Terminal::Ask(asked))),
    );
    if opened.no_mouse {
        app.mouse = false;
        effects.push(Effect::Terminal(Terminal::Mouse(false)));
    }
    effects
}

/// The list of jobs was read again.
fn jobs(app: &mut App, entries: Vec<Entry>) -> Vec<Effect> {
    let ended = newly_ended(&app.jobs, &entries);
    let awaited = app.awaited.take();
    let chosen = awaited.or_else(|| app.jobs.get(app.chosen).map(|entry| entry.job.id));
    app.jobs = entries;
    let at = chosen.and_then(|id| app.jobs.iter().position(|entry| entry.job.id == id));
    match (at, chosen, awaited) {
        (None, Some(id), _) => app.awaited = Some(id),
        (Some(_), _, Some(id)) => chain::let_go(app, id),
        _ => {}
    }
    app.chosen = at.unwrap_or(app.chosen).min(app.jobs.len().saturating_sub(1));
    merge_lives(app);
    let around = &mut **app;
    compare::refresh(&mut around.compare, &around.jobs);
    if let Some(left_at) = app.left_at.take() {
        tell_what_happened(app, left_at);
    }
    let mut effects = Vec::new();
    let charged = ended.iter().filter(|job| job.charge().is_none_or(|sum| sum > MicroUsd::ZERO));
    for provider in charged.map(|job| &job.request.model.provider) {
        // What is known stays on the screen until the answer comes.
        let asked = Effect::Load(Load::Balance(provider.clone()));
        if app.balances.iter().any(|(id, _)| id == provider) && !effects.contains(&asked) {
            effects.push(asked);
        }
    }
    for job in ended {
        let text = format!(
            "{} {}: {}",
            if job.request.kind == JobKind::Single {
                "render"
            } else {
                words::kind(job.request.kind)
            },
            words::state(&job),
            crate::domain::text::one_line(&job.request.prompt, 40)
        );
        app.say(text.clone(), !matches!(job.state, JobState::Succeeded | JobState::Canceled));
        if !app.in_front {
            effects.push(Effect::Terminal(Terminal::Notify(text)));
        }
    }
    if app.view == View::History {
        effects.extend(commands::search(app));
    }
    let running = app.lives.len();
    let title =
        if running > 0 { format!("Rushes · {running} running") } else { "Rushes".to_owned() };
    effects.push(Effect::Terminal(Terminal::Title(title)));
    effects
}

/// Says how the jobs ended that ended since `left_at`, when nobody was here.
fn tell_what_happened(app: &mut App, left_at: Timestamp) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for Entry { job, .. } in &app.jobs {
        if job.since > left_at && !job.state.is_live() {
            *counts.entry(words::state(job)).or_default() += 1;
        }
    }
    if !counts.is_empty() {
        let all: Vec<String> =
            counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
        app.say(format!("while you were away: {}", all.join(", ")), false);
    }
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

/// Asks once what the account holds that a submit would be paid from; from then on, after a charge.
fn want_balance(app: &mut App, effects: &mut Vec<Effect>) {
    let id = &app.settings.model_id.provider;
    let asked = app.balances.iter().any(|(one, _)| one == id);
    let is_real = app.catalog.provider(id).is_some_and(|provider| !provider.play_money);
    if app.open && is_real && !asked && app.keys.iter().any(|(one, _)| one == id) {
        let id = id.clone();
        app.balances.push((id.clone(), None));
        effects.push(Effect::Load(Load::Balance(id)));
    }
}
