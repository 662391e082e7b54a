//! What each action does to a job.
//!
//! A recalled prompt makes the next job a descendant; a recalled seed alone does not.

use std::path::{Path, PathBuf};

use super::action::Action;
use super::app::{App, Entry, Pane};
use super::chain;
use super::commands::focus;
use super::compare;
use super::dialog::{Dialog, RecallPart, SEND, recall_changes};
use super::effect::{Effect, Load, Marking, Terminal, Write};
use super::line::Line;
use super::offer::{can_look_up, can_stop, dashboard};
use super::paying::{self, Wanted};
use super::player::Player;
use super::promoting;
use super::prompt::Surroundings;
use super::results;
use super::update::changed;
use crate::domain::job::{Job, JobState, Parent, Relation};
use crate::words;

const NOT_IN_DOUBT: &str = "it is not in doubt";

/// Commands about the chosen job.
pub(super) fn on_chosen(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(entry) = app.entry().cloned() else {
        app.say("no job is chosen", false);
        return Vec::new();
    };
    on_job(app, action, entry)
}

/// Commands about a job, which need not be the chosen one: a dialog keeps its own.
pub(super) fn on_job(app: &mut App, action: Action, entry: Entry) -> Vec<Effect> {
    if action == Action::Compare {
        return compare::open(app, &entry);
    }
    let job = entry.job;
    match action {
        Action::NextResult | Action::PreviousResult => {
            results::turn(app, &job, action == Action::NextResult);
        }
        Action::Mark => compare::mark(app, &job),
        Action::Promote => return promoting::open(app, job),
        Action::Sheet => {
            app.sheet = !app.sheet;
            app.poster = None;
        }
        Action::Open => return open(app, &job),
        Action::Recall => recall(app, job, RecallPart::All),
        Action::RecallPrompt => recall(app, job, RecallPart::Prompt),
        Action::RecallSeed => recall(app, job, RecallPart::Seed),
        Action::Remix => recall(app, job, RecallPart::Remix),
        Action::Retry => return retry(app, job),
        Action::Cancel => return cancel(app, &job),
        Action::LookUp => return look_up(app, &job),
        Action::Dashboard => return browse(app, &job),
        Action::Close => close(app, &job),
        Action::ExportFrame => return export_frame(app, &job),
        Action::Chain => return chain::go_on(app, &job),
        Action::Star => return vec![app.mark(job.id, Marking::Star(!entry.mark.starred))],
        Action::Note => {
            app.dialog = Some(Dialog::Note { id: job.id, line: Line::new(&entry.mark.note) })
        }
        Action::CopyPrompt => return copy(app, "prompt", Some(job.request.prompt.clone())),
        Action::CopyUrl => {
            let url = app.output(&job).map(|output| output.url.clone());
            return copy(app, "address", url);
        }
        Action::CopyPath => return copy(app, "path", clip(app, &job)),
        Action::CopyScp => return copy(app, "scp line", scp(app, &job)),
        _ => {}
    }
    Vec::new()
}

fn recall(app: &mut App, job: Job, part: RecallPart) {
    let now = app.settings.outlook(&app.catalog).map(|(parameters, _)| parameters);
    let prompt = app.prompt.text();
    let changes = now.map(|now| {
        recall_changes(&now, &prompt, app.settings.chosen.seed, (&job, app.seed(&job)), part)
    });
    let changes = changes.unwrap_or_default();
    if changes.is_empty() {
        // As after a recall: whoever asked for it goes on in the text.
        focus(app, Pane::Prompt);
        return app.say("the form says that already", false);
    }
    app.dialog = Some(Dialog::Recall { job: Box::new(job), part, changes });
}

/// Brings `part` of `job` into the form.
pub(super) fn recalled(app: &mut App, job: &Job, part: RecallPart) {
    let around = Surroundings { form: app.settings.saved(), parent: app.parent };
    let text = match part {
        RecallPart::Seed => app.prompt.text(),
        _ => job.request.prompt.clone(),
    };
    app.prompt.set_with(&text, around);
    let (before, seed) = (app.settings.model_id.clone(), app.seed(job));
    match part {
        RecallPart::All => app.settings.recall(&job.request, seed),
        RecallPart::Remix => app.settings.recall(&job.request, None),
        RecallPart::Seed => app.settings.chosen.seed = seed,
        RecallPart::Prompt => {}
    }
    // What was allowed then may not be today.
    let (catalog, mut model) = (app.catalog.clone(), app.settings.model_id.clone());
    let gone = catalog.model(&model).is_none();
    if gone {
        model = before;
    }
    app.settings.take_model(&catalog, model);
    if gone {
        app.settings.remark = Some(format!("the catalog no longer has {}", job.request.model));
    }
    // A seed alone makes nobody a descendant: the prompt and its family are the form's own.
    if part != RecallPart::Seed {
        app.parent = Some(job.id);
    }
    focus(app, Pane::Prompt);
    changed(app);
}

fn retry(app: &mut App, job: Job) -> Vec<Effect> {
    if job.state.is_live() {
        app.say("it is under way", false);
        return Vec::new();
    }
    if job.state == JobState::Held {
        return release(app, job);
    }
    let Some(price) = paying::price(app, &job.request) else {
        app.say("the catalog no longer has its model", true);
        return Vec::new();
    };
    let lines = vec![words::settings(&job.request), format!("a new job, estimated {price}")];
    let parent = Some(Parent { job: job.id, relation: Relation::Retry });
    let wanted = Wanted { request: job.request.clone(), parent, held: None, price };
    let objections = paying::objections(app, &wanted, &[job]);
    let title = "Submit the same again?".to_owned();
    paying::ask(app, title, lines, wanted, objections)
}

/// Asks whether the held `job` is to be sent, which pays as a submit does.
fn release(app: &mut App, job: Job) -> Vec<Effect> {
    let Some(price) = paying::price(app, &job.request) else {
        app.say("the catalog no longer has its model", true);
        return Vec::new();
    };
    let lines = vec![
        words::settings(&job.request),
        format!("never sent: {}", job.held.unwrap_or_default()),
        format!("estimated {price}"),
    ];
    let wanted = Wanted { request: job.request, parent: job.parent, held: Some(job.id), price };
    let objections = paying::objections(app, &wanted, &[]);
    paying::ask(app, "Send it now?".to_owned(), lines, wanted, objections)
}

fn cancel(app: &mut App, job: &Job) -> Vec<Effect> {
    match job.state {
        JobState::Queued | JobState::RetryWait | JobState::Held => {
            vec![Effect::Write(Write::Cancel(job.id))]
        }
        _ if can_stop(app, job) => {
            app.say("the provider is asked to stop it", false);
            vec![Effect::Write(Write::Cancel(job.id))]
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

fn look_up(app: &mut App, job: &Job) -> Vec<Effect> {
    if !job.may_be_recovered() {
        app.say(NOT_IN_DOUBT, false);
        return Vec::new();
    }
    if !can_look_up(app, job) {
        let [_, _, find] = words::doubt(job, &app.catalog);
        app.say(find, true);
        return Vec::new();
    }
    app.say("the provider is asked for it", false);
    vec![Effect::Load(Load::LookUp(job.id))]
}

fn browse(app: &mut App, job: &Job) -> Vec<Effect> {
    match dashboard(app, job) {
        Some(url) => vec![Effect::Load(Load::Browse(url))],
        None => {
            app.say("the catalog names no dashboard for this provider", false);
            Vec::new()
        }
    }
}

fn close(app: &mut App, job: &Job) {
    if job.state != JobState::InDoubt {
        return app.say(NOT_IN_DOUBT, false);
    }
    app.dialog = Some(Dialog::Confirm {
        title: "Close the job in doubt?".to_owned(),
        lines: vec![
            "it ends here, and nobody asks about it any more".to_owned(),
            "the provider may have billed it: its cost stays unknown".to_owned(),
        ],
        effect: Some(Effect::Write(Write::Close(job.id))),
    });
}

fn open(app: &mut App, job: &Job) -> Vec<Effect> {
    match clip(app, job) {
        Some(path) => vec![Effect::Load(Load::Open(path.into()))],
        None => {
            app.say("there is no file yet", false);
            Vec::new()
        }
    }
}

fn export_frame(app: &mut App, job: &Job) -> Vec<Effect> {
    match clip(app, job) {
        Some(path) => {
            let path = PathBuf::from(path);
            let shown = app.player.as_ref().filter(|player| player.shows(&path));
            let at_ms = shown.map(Player::seen_ms);
            vec![Effect::Load(Load::Frame { id: job.id, path, at_ms })]
        }
        None => {
            app.say("there is no clip yet to take a frame of", false);
            Vec::new()
        }
    }
}

fn clip(app: &App, job: &Job) -> Option<String> {
    Some(app.data_dir.join(&app.file(job)?.path).display().to_string())
}

fn scp(app: &App, job: &Job) -> Option<String> {
    Some(app.copy_from.line(&clip(app, job)?))
}

fn copy(app: &mut App, what: &str, text: Option<String>) -> Vec<Effect> {
    match text {
        Some(text) => {
            app.say(format!("{what} copied"), false);
            vec![Effect::Terminal(Terminal::Copy(text))]
        }
        None => {
            app.say(format!("this job has no {what} yet"), false);
            Vec::new()
        }
    }
}

/// Shows where a clip is that can't be opened here, with the line chosen that was taken last.
pub(super) fn show_where(
    app: &mut App,
    path: PathBuf,
    reason: String,
    links: Vec<(&'static str, String)>,
) {
    let mut lines = where_lines(app, &path);
    // Another terminal would show the bytes of the one, and has no use for the other.
    lines.extend(links.into_iter().filter(|(word, _)| *word != "kitten" || app.images.is_kitty()));
    if app.images.is_iterm2() {
        let jobs = app.jobs.iter().chain(&app.history.entries).map(|entry| &entry.job);
        let mut files = jobs.flat_map(|job| job.files());
        let file = files.find(|file| app.data_dir.join(&file.path) == path);
        let size = file.map(|file| format!(" of {}", words::bytes(file.bytes)));
        let text = format!("the file{} to your own machine", size.unwrap_or_default());
        lines.push((SEND, text));
    }
    let last = app.ways.last();
    let chosen = lines.iter().position(|(word, _)| Some(*word) == last).unwrap_or(0);
    app.dialog = Some(Dialog::Where { path, reason, lines, chosen });
}

/// The lines of a clip that can be copied, for where it can't be opened.
fn where_lines(app: &App, path: &Path) -> Vec<(&'static str, String)> {
    let path = path.display().to_string();
    let jobs = app.jobs.iter().chain(&app.history.entries).map(|entry| &entry.job);
    let mut all = jobs.filter(|job| clip(app, job).is_some_and(|clip| clip == path));
    let url = all.next().and_then(|job| Some(("URL", app.output(job)?.url.clone())));
    let scp = app.copy_from.line(&path);
    [("path", path), ("scp", scp)].into_iter().chain(url).collect()
}
