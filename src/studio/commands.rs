//! What each action does.

use std::path::Path;

use super::action::Action;
use super::app::{App, Entry, Pane, View};
use super::dialog::{Dialog, Final, RecallPart, recall_changes};
use super::line::Line;
use super::msg::Effect;
use super::settings::Row;
use super::theme::Theme;
use super::update::changed;
use crate::domain::cost::Estimate;
use crate::domain::job::{Job, JobState, Parent, Relation};
use crate::domain::promotion::Promotable;
use crate::domain::request::{Field, GenerationRequest};

/// How far half a page goes.
const HALF_PAGE: usize = 8;

/// Does what `action` says.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
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
            app.view = View::History;
            app.history.writing = true;
            return search(app);
        }
        Action::Back => back(app),
        Action::Palette => app.dialog = Some(Dialog::Palette { line: Line::default(), chosen: 0 }),
        Action::Help => app.dialog = Some(Dialog::Help { scroll: 0 }),
        Action::Editor => return vec![Effect::Editor(app.prompt.text())],
        Action::Undo => undo(app, true),
        Action::Redo => undo(app, false),
        Action::Up => go(app, Step::Up(1)),
        Action::Down => go(app, Step::Down(1)),
        Action::PageUp => go(app, Step::Up(HALF_PAGE)),
        Action::PageDown => go(app, Step::Down(HALF_PAGE)),
        Action::First => go(app, Step::Up(usize::MAX)),
        Action::Last => go(app, Step::Down(usize::MAX)),
        Action::Left => sideways(app, false),
        Action::Right => sideways(app, true),
        Action::Enter => return enter(app),
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
            return vec![Effect::Mouse(app.mouse)];
        }
        Action::NextTheme => {
            let names: Vec<&str> = Theme::names().collect();
            let at = names.iter().position(|name| *name == app.theme_name).unwrap_or(0);
            take_theme(app, names[(at + 1) % names.len()]);
            app.say(format!("theme {}", app.theme_name), false);
            changed(app);
        }
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Quit => return vec![Effect::Quit],
        _ => return on_chosen(app, action),
    }
    Vec::new()
}

/// Commands about the chosen job.
fn on_chosen(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(entry) = app.entry().cloned() else {
        app.say("no job is chosen", false);
        return Vec::new();
    };
    on_job(app, action, entry)
}

/// Commands about a job, which need not be the chosen one: a dialog keeps its own.
pub(super) fn on_job(app: &mut App, action: Action, entry: Entry) -> Vec<Effect> {
    let job = entry.job;
    match action {
        Action::Promote => return promote(app, job),
        Action::Open => return open(app, &job),
        Action::Recall => recall(app, job, RecallPart::All),
        Action::RecallPrompt => recall(app, job, RecallPart::Prompt),
        Action::RecallSeed => recall(app, job, RecallPart::Seed),
        Action::Remix => recall(app, job, RecallPart::Remix),
        Action::Retry => retry(app, job),
        Action::Cancel => return cancel(app, &job),
        Action::Star => return vec![Effect::Star(job.id, !entry.starred), Effect::LoadJobs],
        Action::Note => {
            app.dialog = Some(Dialog::Note { id: job.id, line: Line::new(&entry.note) })
        }
        Action::CopyPrompt => return copy(app, "prompt", Some(job.request.prompt.clone())),
        Action::CopyUrl => {
            return copy(app, "address", job.outputs.first().map(|output| output.url.clone()));
        }
        Action::CopyPath => return copy(app, "path", clip(app, &job)),
        Action::CopyScp => return copy(app, "scp line", scp(app, &job)),
        _ => {}
    }
    Vec::new()
}

fn submit(app: &mut App) -> Vec<Effect> {
    match app.settings.request(&app.catalog, &app.prompt.text()) {
        Ok(request) => {
            let parent = parent(app, &request);
            changed(app);
            app.say(format!("submitted: {}", crate::words::settings(&request)), false);
            vec![Effect::Submit { request: Box::new(request), parent }]
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

/// The recalled job that the request descends from, and what it changes of it.
fn parent(app: &mut App, request: &GenerationRequest) -> Option<Parent> {
    let id = app.parent.take()?;
    let old = app.jobs.iter().chain(&app.history.entries).find(|entry| entry.job.id == id)?;
    let relation =
        if old.job.request.prompt == request.prompt { Relation::Seed } else { Relation::Edit };
    Some(Parent { job: id, relation })
}

/// Goes to the field at fault.
fn show_refusal(app: &mut App, field: Field) {
    app.view = View::Studio;
    match Row::of(field) {
        None => app.pane = Pane::Prompt,
        Some(row) => {
            app.pane = Pane::Settings;
            app.settings.focus(row);
        }
    }
}

fn promote(app: &mut App, draft: Job) -> Vec<Effect> {
    let model = app.catalog.model(&draft.request.model).cloned();
    let promotable = match Promotable::of(&draft, model.as_ref(), app.now) {
        Ok(promotable) => promotable,
        Err(why) => {
            app.say(
                format!("not promoted: {why}; r brings it back into the form for a full render"),
                true,
            );
            return Vec::new();
        }
    };
    let Some(model) = model else { return Vec::new() };
    let finals: Vec<Final> = promotable
        .resolutions
        .iter()
        .filter_map(|resolution| {
            let id = promotable.draft_id.clone();
            let request = GenerationRequest::promote(
                &model,
                &draft.request,
                id,
                draft.seed(),
                Some(*resolution),
            );
            let request = request.ok()?;
            Some(Final { estimate: Estimate::of(&model, &request), request })
        })
        .collect();
    let chosen = finals.len().saturating_sub(1);
    let id = draft.id;
    let draft = Box::new(draft);
    app.dialog =
        Some(Dialog::Promote { draft, promotable, finals, chosen, children: None, wanted: false });
    vec![Effect::LoadStory(id)]
}

fn recall(app: &mut App, job: Job, part: RecallPart) {
    let now = app.settings.outlook(&app.catalog).map(|(parameters, _)| parameters);
    let prompt = app.prompt.text();
    let changes =
        now.map(|now| recall_changes(&now, &prompt, app.settings.chosen.seed, &job, part));
    let changes = changes.unwrap_or_default();
    if changes.is_empty() {
        return app.say("the form says that already", false);
    }
    app.dialog = Some(Dialog::Recall { job: Box::new(job), part, changes });
}

/// Brings `part` of `job` into the form.
pub(super) fn recalled(app: &mut App, job: &Job, part: RecallPart) {
    if part != RecallPart::Seed && app.prompt.text() != job.request.prompt {
        app.prompt.set(&job.request.prompt);
    }
    let before = app.settings.chosen.model.clone();
    match part {
        RecallPart::All => app.settings.recall(&job.request, job.seed()),
        RecallPart::Remix => app.settings.recall(&job.request, None),
        RecallPart::Seed => app.settings.chosen.seed = job.seed(),
        RecallPart::Prompt => {}
    }
    // What was allowed then may not be today.
    let (catalog, mut model) = (app.catalog.clone(), app.settings.chosen.model.clone());
    let gone = catalog.model(&model).is_none();
    if gone {
        model = before;
    }
    app.settings.take_model(&catalog, model);
    if gone {
        app.settings.remark = Some(format!("the catalog no longer has {}", job.request.model));
    }
    app.parent = Some(job.id);
    focus(app, Pane::Prompt);
    changed(app);
}

fn retry(app: &mut App, job: Job) {
    if job.state.is_live() {
        return app.say("it is under way", false);
    }
    let Some(model) = app.catalog.model(&job.request.model) else {
        return app.say("the catalog no longer has its model", true);
    };
    let estimate = Estimate::of(model, &job.request);
    let mut lines =
        vec![crate::words::settings(&job.request), format!("a new job, estimated {estimate}")];
    if job.state == JobState::InDoubt {
        lines.push(
            "nobody knows whether the first one was taken: it may be billed twice".to_owned(),
        );
    }
    let parent = Some(Parent { job: job.id, relation: Relation::Retry });
    let effect = Effect::Submit { request: Box::new(job.request), parent };
    app.dialog = Some(Dialog::Confirm {
        title: "Submit the same again?".to_owned(),
        lines,
        effect: Some(effect),
    });
}

fn cancel(app: &mut App, job: &Job) -> Vec<Effect> {
    let provider = app.catalog.provider(&job.request.model.provider);
    let can_cancel = provider.is_some_and(|provider| provider.can_cancel);
    match job.state {
        JobState::Queued | JobState::RetryWait => vec![Effect::Cancel(job.id)],
        JobState::Submitting | JobState::Running | JobState::Canceling if can_cancel => {
            app.say("the provider is asked to stop it", false);
            vec![Effect::Cancel(job.id)]
        }
        state if state.is_end() => {
            app.say("it has ended already", false);
            Vec::new()
        }
        _ => {
            app.say("the provider has it and offers no way to stop it: it goes on, and its file will be saved", true);
            Vec::new()
        }
    }
}

fn open(app: &mut App, job: &Job) -> Vec<Effect> {
    match clip(app, job) {
        Some(path) => vec![Effect::Open(path.into())],
        None => {
            app.say("there is no file yet", false);
            Vec::new()
        }
    }
}

fn clip(app: &App, job: &Job) -> Option<String> {
    Some(app.data_dir.join(&job.files().next()?.path).display().to_string())
}

fn scp(app: &App, job: &Job) -> Option<String> {
    Some(format!("scp '{}:{}' .", app.copy_prefix, clip(app, job)?))
}

fn copy(app: &mut App, what: &str, text: Option<String>) -> Vec<Effect> {
    match text {
        Some(text) => {
            app.say(format!("{what} copied"), false);
            vec![Effect::Copy(text)]
        }
        None => {
            app.say(format!("this job has no {what} yet"), false);
            Vec::new()
        }
    }
}

/// The lines of a clip that can be copied, for where it can't be opened.
pub(super) fn where_lines(app: &App, path: &Path) -> Vec<(&'static str, String)> {
    let path = path.display().to_string();
    let jobs = app.jobs.iter().chain(&app.history.entries).map(|entry| &entry.job);
    let mut all = jobs.filter(|job| clip(app, job).is_some_and(|clip| clip == path));
    let url = all.next().and_then(|job| Some(("URL", job.outputs.first()?.url.clone())));
    let scp = format!("scp '{}:{path}' .", app.copy_prefix);
    [("path", path), ("scp", scp)].into_iter().chain(url).collect()
}

fn cycle(app: &mut App, by: usize) {
    if app.view == View::History {
        app.view = View::Studio;
        return;
    }
    let at = Pane::ALL.iter().position(|pane| *pane == app.pane).unwrap_or(0);
    focus(app, Pane::ALL[(at + by) % Pane::ALL.len()]);
}

fn focus(app: &mut App, pane: Pane) {
    app.view = View::Studio;
    app.settings.editing = None;
    app.pane = pane;
}

fn toggle_history(app: &mut App) -> Vec<Effect> {
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
        Some((generation, query)) => vec![Effect::Search { generation, query }],
        None => Vec::new(),
    }
}

/// One level back, and never out of the program.
fn back(app: &mut App) {
    if app.toast.is_some() {
        app.toast = None;
    }
    if app.view == View::History {
        app.view = View::Studio;
    } else if app.pane == Pane::Prompt {
        app.pane = Pane::Jobs;
    }
}

fn undo(app: &mut App, backwards: bool) {
    let done = if backwards { app.prompt.undo() } else { app.prompt.redo() };
    if done {
        changed(app);
    } else {
        app.say(if backwards { "nothing to undo" } else { "nothing to redo" }, false);
    }
}

enum Step {
    Up(usize),
    Down(usize),
}

fn go(app: &mut App, step: Step) {
    let app = &mut **app;
    let (chosen, count) = match (app.view, app.pane) {
        (View::History, _) => (&mut app.history.chosen, app.history.entries.len()),
        (View::Studio, Pane::Settings) => (&mut app.settings.row, Row::ALL.len()),
        (View::Studio, _) => (&mut app.chosen, app.jobs.len()),
    };
    *chosen = match step {
        Step::Up(by) => chosen.saturating_sub(by),
        Step::Down(by) => chosen.saturating_add(by).min(count.saturating_sub(1)),
    };
}

fn sideways(app: &mut App, forward: bool) {
    if app.view == View::Studio && app.pane == Pane::Settings {
        let catalog = app.catalog.clone();
        app.settings.step(&catalog, forward);
        changed(app);
    }
}

fn enter(app: &mut App) -> Vec<Effect> {
    if app.view == View::Studio && app.pane == Pane::Settings {
        let catalog = app.catalog.clone();
        app.settings.enter(&catalog);
        changed(app);
        return Vec::new();
    }
    let Some(id) = app.entry().map(|entry| entry.job.id) else { return Vec::new() };
    app.dialog = Some(Dialog::Detail { id, story: None, scroll: 0 });
    vec![Effect::LoadStory(id)]
}

/// Takes a value that was written into the form.
pub(super) fn take_written(app: &mut App, text: &str) -> Vec<Effect> {
    changed(app);
    let row = app.settings.focused();
    let first = row == Row::FirstFrame;
    if !first && row != Row::LastFrame {
        let catalog = app.catalog.clone();
        app.settings.take_written(&catalog, text);
        return Vec::new();
    }
    if text.trim().is_empty() {
        let chosen = &mut app.settings.chosen;
        *if first { &mut chosen.first_frame } else { &mut chosen.last_frame } = None;
        return Vec::new();
    }
    vec![Effect::ReadImage { first, text: text.trim().to_owned() }]
}

/// Takes the built-in theme of that name.
pub(super) fn take_theme(app: &mut App, name: &str) {
    app.theme = Theme::named(name, app.theme.is_plain());
    app.theme_name = name.to_owned();
}
