//! What each action does.
//!
//! What stands in the form is what is submitted: a value that is still being written counts as if Enter had been
//! pressed (`commands::perform`).

use super::action::Action;
use super::app::{App, Pane, View};
use super::chain;
use super::compare;
use super::compare_view;
use super::dialog::Dialog;
use super::effect::{Effect, Load, Terminal};
use super::form_image;
use super::job_commands::on_chosen;
use super::layout::{self, Spot};
use super::line::Line;
use super::paying::{self, Wanted};
use super::player_commands;
use super::prompt::Surroundings;
use super::theme::Theme;
use super::update::changed;
use crate::domain::job::{Parent, Relation};
use crate::domain::request::{Field, GenerationRequest};

/// How far half a page goes.
const HALF_PAGE: usize = 8;

/// Does what `action` says.
///
/// A value that is being written counts as if Enter had been pressed: nothing is submitted, or left, with
/// another value than the one that stands there. What can't be taken stays to be corrected.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    use Action as A;
    let beside = [
        A::Redraw,
        A::SaveReport,
        A::Suspend,
        A::ToggleMouse,
        A::NextTheme,
        A::Help,
        A::Palette,
        A::Quit,
    ];
    if beside.contains(&action) {
        return performed(app, action);
    }
    let Some(mut effects) = finish_writing(app) else { return Vec::new() };
    effects.extend(performed(app, action));
    effects
}

/// Takes the value that is being written, if any; none where it can't be taken.
pub(super) fn finish_writing(app: &mut App) -> Option<Vec<Effect>> {
    if app.view != View::Studio {
        return Some(Vec::new());
    }
    if form_image::is_writing_image(&app.settings) {
        return Some(form_image::take_line(app));
    }
    let Some(line) = app.settings.editing.take() else { return Some(Vec::new()) };
    take_written(app, line.text());
    if app.settings.remark.is_some() {
        app.settings.editing = Some(line);
        return None;
    }
    Some(Vec::new())
}

fn performed(app: &mut App, action: Action) -> Vec<Effect> {
    match action {
        Action::Submit => return submit(app),
        Action::NextPane => cycle(app, 1),
        Action::PreviousPane => cycle(app, Pane::ALL.len() - 1),
        Action::FocusPrompt => focus(app, Pane::Prompt),
        Action::FocusSettings => focus(app, Pane::Settings),
        Action::FocusJobs => focus(app, Pane::Jobs),
        Action::FocusPreview => focus(app, Pane::Preview),
        Action::History => return toggle_history(app),
        Action::Search => {
            (app.compare, app.zoomed) = (None, false);
            app.view = View::History;
            app.history.writing = true;
            return search(app);
        }
        Action::Back if app.compare.is_some() => return compare::close(app),
        Action::Back => back(app),
        Action::PickLeft => return compare::pick(app, 0),
        Action::PickRight => return compare::pick(app, 1),
        Action::Swap => compare::swap(app),
        Action::NextPair => compare::next(app),
        Action::Palette => app.dialog = Some(Dialog::Palette { line: Line::default(), chosen: 0 }),
        Action::Help => app.dialog = Some(Dialog::Help { scroll: 0 }),
        Action::Editor => return vec![Effect::Terminal(Terminal::Editor(app.prompt.text()))],
        Action::Undo => undo(app, true),
        Action::Redo => undo(app, false),
        Action::Up => return go(app, Step::Up(1)),
        Action::Down => return go(app, Step::Down(1)),
        Action::PageUp => return go(app, Step::Up(HALF_PAGE)),
        Action::PageDown => return go(app, Step::Down(HALF_PAGE)),
        Action::First => return go(app, Step::Up(usize::MAX)),
        Action::Last => return go(app, Step::Down(usize::MAX)),
        Action::Left | Action::Right if app.is_watching() => {
            return player_commands::perform(app, action);
        }
        Action::Left => sideways(app, false),
        Action::Right => sideways(app, true),
        Action::Enter => return enter(app),
        Action::Models => models(app),
        Action::Reset if app.view == View::Studio && app.pane == Pane::Settings => {
            let catalog = app.catalog.clone();
            app.settings.reset(&catalog);
            changed(app);
        }
        Action::Reset => {}
        Action::ClearPrompt => {
            app.prompt.set("");
            changed(app);
        }
        Action::ToggleMouse => {
            app.mouse = !app.mouse;
            let text = if app.mouse {
                "the mouse is the studio's"
            } else {
                "the mouse is the terminal's: select text as usual"
            };
            app.say(text, false);
            return vec![Effect::Terminal(Terminal::Mouse(app.mouse))];
        }
        Action::NextTheme => {
            let names: Vec<&str> = Theme::names().collect();
            let at = names.iter().position(|name| *name == app.theme_name).unwrap_or(0);
            take_theme(app, names[(at + 1) % names.len()]);
            app.say(format!("theme {}", app.theme_name), false);
            changed(app);
        }
        Action::SaveReport => return vec![Effect::Load(Load::Report)],
        Action::Redraw => return vec![Effect::Terminal(Terminal::Redraw)],
        Action::Suspend => return vec![Effect::Terminal(Terminal::Suspend)],
        Action::Quit => return vec![Effect::Terminal(Terminal::Quit)],
        Action::Play
        | Action::Step
        | Action::StepBack
        | Action::HalfSpeed
        | Action::Loop
        | Action::Zoom => return player_commands::perform(app, action),
        _ => return on_chosen(app, action),
    }
    Vec::new()
}

fn submit(app: &mut App) -> Vec<Effect> {
    if !paying::is_a_yes(app) {
        return Vec::new();
    }
    if app.settings.reading.is_some() {
        app.say("the image is still being read; nothing was sent", false);
        return Vec::new();
    }
    // Nobody pays a price that is not on the screen.
    let has_price = |spot: Spot| matches!(spot, Spot::Pane(Pane::Prompt | Pane::Settings));
    if !layout::panes(app).into_iter().any(|(spot, _)| has_price(spot)) {
        focus(app, Pane::Prompt);
        app.say("not sent yet: F5 submits this, at this price", false);
        return Vec::new();
    }
    match app.settings.request(&app.catalog, &app.prompt.text()) {
        Ok(request) => {
            let parent = parent(app, &request);
            changed(app);
            let words = format!("submitted: {}", crate::words::settings(&request));
            let Some(price) = paying::price(app, &request) else { return Vec::new() };
            paying::submit(app, Wanted { request, parent, held: None, price }, &[], words)
        }
        Err(refusals) => {
            if let Some(refusal) = refusals.first() {
                show_refusal(app, refusal.field);
                app.say(refusal.to_string(), true);
            }
            Vec::new()
        }
    }
}

/// The clip whose last frame the request begins with, or else the recalled job that it descends from, and
/// what it changes of it. One that began with the same frame is the nearer relative.
fn parent(app: &mut App, request: &GenerationRequest) -> Option<Parent> {
    let recalled = app.parent.take();
    let mut known = app.jobs.iter().chain(&app.history.entries).map(|entry| &entry.job);
    let old = recalled.and_then(|id| known.find(|job| job.id == id));
    let before = old.and_then(|old| chain::chained(app, &old.request));
    if let Some(job) = chain::chained(app, request).filter(|job| before != Some(*job)) {
        return Some(Parent { job, relation: Relation::Chain });
    }
    let old = old?;
    let relation =
        if old.request.prompt == request.prompt { Relation::Seed } else { Relation::Edit };
    Some(Parent { job: old.id, relation })
}

/// Goes to the field at fault.
fn show_refusal(app: &mut App, field: Field) {
    (app.compare, app.zoomed) = (None, false);
    app.view = View::Studio;
    if field == Field::Prompt {
        app.pane = Pane::Prompt;
        return;
    }
    app.pane = Pane::Settings;
    app.settings.focus(field);
}

fn cycle(app: &mut App, by: usize) {
    (app.compare, app.zoomed) = (None, false);
    if app.view == View::History {
        app.view = View::Studio;
        return;
    }
    let at = Pane::ALL.iter().position(|pane| *pane == app.pane).unwrap_or(0);
    focus(app, Pane::ALL[(at + by) % Pane::ALL.len()]);
}

/// Goes to `pane`.
pub(super) fn focus(app: &mut App, pane: Pane) {
    app.zoomed = false;
    app.compare = None;
    app.view = View::Studio;
    app.settings.editing = None;
    app.pane = pane;
}

fn toggle_history(app: &mut App) -> Vec<Effect> {
    (app.compare, app.zoomed) = (None, false);
    if app.view == View::History {
        app.view = View::Studio;
        return Vec::new();
    }
    app.view = View::History;
    app.history.writing = false;
    search(app)
}

/// Searches for what is written.
pub(super) fn search(app: &mut App) -> Vec<Effect> {
    match app.history.search() {
        Some((generation, query, limit)) => {
            vec![Effect::Load(Load::Search { generation, query, limit })]
        }
        None => Vec::new(),
    }
}

/// One level back, and never out of the program.
fn back(app: &mut App) {
    if app.toast.is_some() {
        app.toast = None;
    }
    if app.zoomed {
        app.zoomed = false;
    } else if app.view == View::History {
        app.view = View::Studio;
    } else if app.pane == Pane::Prompt {
        app.pane = Pane::Jobs;
    }
}

fn undo(app: &mut App, backwards: bool) {
    let now = Surroundings { form: app.settings.saved(), parent: app.parent };
    if let Some(around) = app.prompt.travel(backwards, now) {
        if let Some(Surroundings { form, parent }) = around {
            app.settings.restore(form);
            let (catalog, model) = (app.catalog.clone(), app.settings.model_id.clone());
            app.settings.take_model(&catalog, model);
            app.parent = parent;
            let what = if backwards { "before" } else { "again" };
            app.say(format!("text and settings as {what}"), false);
        }
        changed(app);
    } else {
        app.say(if backwards { "nothing to undo" } else { "nothing to redo" }, false);
    }
}

enum Step {
    Up(usize),
    Down(usize),
}

fn go(app: &mut App, step: Step) -> Vec<Effect> {
    let most = compare_view::most_scrolled(&app.seen());
    let seen = &mut **app;
    let (chosen, count) = match (seen.view, seen.pane) {
        _ if seen.compare.is_some() => match &mut seen.compare {
            Some(compare) => (&mut compare.scroll, most + 1),
            None => return Vec::new(),
        },
        (View::History, _) => (&mut seen.history.chosen, seen.history.entries.len()),
        (View::Studio, Pane::Settings) => {
            let count = seen.settings.rows().len();
            (&mut seen.settings.row, count)
        }
        (View::Studio, _) => (&mut seen.chosen, seen.jobs.len()),
    };
    *chosen = match step {
        Step::Up(by) => chosen.saturating_sub(by),
        Step::Down(by) => chosen.saturating_add(by).min(count.saturating_sub(1)),
    };
    if app.compare.is_none() && app.view == View::History && app.history.wants_more() {
        return search(app);
    }
    Vec::new()
}

fn sideways(app: &mut App, forward: bool) {
    if app.view == View::Studio && app.pane == Pane::Settings {
        let catalog = app.catalog.clone();
        app.settings.step(&catalog, forward);
        changed(app);
    }
}

/// Lists the models, with the chosen one chosen.
fn models(app: &mut App) {
    let key = &app.settings.model_id;
    let chosen = app.catalog.models.iter().position(|model| model.key() == *key);
    app.dialog = Some(Dialog::Models { line: Line::new(""), chosen: chosen.unwrap_or(0) });
}

fn enter(app: &mut App) -> Vec<Effect> {
    if app.view == View::Studio && app.pane == Pane::Settings {
        if app.settings.focused() == Field::Model {
            models(app);
            return Vec::new();
        }
        let catalog = app.catalog.clone();
        app.settings.enter(&catalog);
        changed(app);
        let is_image = form_image::is_writing_image(&app.settings);
        return if is_image { form_image::list_images(app) } else { Vec::new() };
    }
    let Some(id) = app.entry().map(|entry| entry.job.id) else { return Vec::new() };
    app.dialog = Some(Dialog::Detail { id, story: None, scroll: 0 });
    vec![app.asked.story(id)]
}

/// Takes a value that was written into the form.
fn take_written(app: &mut App, text: &str) {
    changed(app);
    let catalog = app.catalog.clone();
    app.settings.take_written(&catalog, text);
}

/// Takes the built-in theme of that name.
pub(super) fn take_theme(app: &mut App, name: &str) {
    app.theme = Theme::named(name, app.theme.is_plain());
    app.theme_name = name.to_owned();
}
