//! The headless verbs. Each is one file; `follow` waits for jobs, `out` is the one place that prints.
//!
//! Must never contain ratatui.

mod args;
mod cancel;
mod clip;
mod completions;
mod doctor;
mod dry_run;
mod follow;
mod frame;
mod generate;
mod history;
mod interrupt;
mod job_json;
mod jobs;
mod keeper;
mod leave;
mod ledger;
mod models;
mod open;
mod out;
mod probe;
mod promote;
mod repair;
mod sandbox;
mod setting_args;
mod settle;
mod sheet;
mod show;
mod submit;
mod trouble;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::domain::text::clean;
use crate::domain::wait::Stuck;
use crate::runtime::capacity;
use crate::runtime::core_dumps;
use crate::runtime::driver_locks;
use crate::runtime::log;
use crate::runtime::notes::Listener;
use crate::runtime::places::Places;
use crate::runtime::private;
use crate::runtime::store_thread::StoreThread;
use crate::runtime::workspace::Workspace;
use crate::words;
use args::{Args, Verb};
use out::Out;
use trouble::Trouble;

/// What the studio has to say of the config's keys.
pub type WrongKeys = fn(&BTreeMap<String, BTreeMap<String, Vec<String>>>) -> Vec<String>;

/// What every verb works with.
struct Context {
    places: Places,
    out: Out,
    json: bool,
    wrong_keys: WrongKeys,
    /// The database, once it is open.
    store: Option<StoreThread>,
    /// What is to be said about it beside the verb's own words.
    notes: Option<Listener>,
}

impl Context {
    /// The workspace, with what is wrong with the user's catalog said on the way.
    fn workspace(&mut self) -> Result<Arc<Workspace>, Trouble> {
        let workspace = Workspace::open(self.places.clone())?;
        Ok(self.opened(workspace))
    }

    /// The workspace for a verb that only shows, which may do so where nothing can be written.
    fn workspace_to_read(&mut self) -> Result<Arc<Workspace>, Trouble> {
        let workspace = Workspace::open_to_read(self.places.clone())?;
        if workspace.read_only.is_some() {
            let path = workspace.places.data_dir.display();
            self.out.note(&format!(
                "{path} can't be written, so jobs are only shown and none is carried on; make it writable, or \
                 free some space there, or choose another folder with --data-dir"
            ));
        }
        Ok(self.opened(workspace))
    }

    fn opened(&mut self, workspace: Workspace) -> Arc<Workspace> {
        self.say_problems(&workspace.catalog_problems);
        self.store = Some(workspace.store.clone());
        self.notes = Some(workspace.notes.listen());
        self.say_notes();
        Arc::new(workspace)
    }

    /// Says what came up since the last time.
    fn say_notes(&mut self) {
        for note in self.notes.iter_mut().flat_map(Listener::heard) {
            self.out.note(&note);
        }
    }

    fn say_problems(&mut self, problems: &[crate::domain::catalog::CatalogProblem]) {
        for problem in problems {
            self.out.note(&format!("warning: {problem}; the rest of the catalog is in use"));
        }
    }
}

/// What the arguments ask for.
#[derive(Debug)]
pub enum Asked {
    /// The studio, at these places.
    Studio(Places),
    /// Nothing more: it was done, and this is the exit status.
    Done(ExitCode),
}

/// Does what `arguments`, whose first is the program's own name, ask for. The exit status is 0 done, 1 the
/// job failed, 2 wrong usage, 3 the outcome is not known, 4 the output could not be written. Without a verb a terminal gets the studio, and
/// anything else an overview.
pub fn run(arguments: impl IntoIterator<Item = OsString>, wrong_keys: WrongKeys) -> Asked {
    core_dumps::off();
    private::keep_owners_bits();
    capacity::outlive_large_files();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let args = match Args::try_parse_from(&arguments) {
        Ok(args) => args,
        Err(error) => {
            let mut status = if error.use_stderr() { 2 } else { 0 };
            let steers = |argument: &OsString| {
                let text = argument.to_string_lossy();
                clean(&text) != text
            };
            if status == 2 && arguments.iter().any(steers) {
                // Clap quotes arguments as they are; in colour they could not be told from its own.
                Out::new().note(&error.render().to_string());
            } else if let Err(unwritten) = error.print()
                && let Trouble::Said { status: other, message } = Trouble::unwritten(&unwritten, "")
                && status == 0
            {
                complain(&message);
                status = other;
            }
            return Asked::Done(ExitCode::from(status));
        }
    };
    let json = args.json;
    let found = Places::find(args.data_dir, args.config, args.profile).map_err(Trouble::wrong);
    let ended = match found.and_then(|places| logged(args.log, places)) {
        Ok(places) if args.verb.is_none() && is_terminal() => return Asked::Studio(places),
        Ok(places) => dispatch(
            &mut Context { places, out: Out::new(), json, wrong_keys, store: None, notes: None },
            args.verb,
        ),
        Err(trouble) => Err(trouble),
    };
    Asked::Done(match ended {
        Ok(status) => ExitCode::from(status),
        Err(Trouble::PipeClosed) => ExitCode::SUCCESS,
        Err(Trouble::Interrupted { signal, message }) => {
            if !message.is_empty() {
                complain(&message);
            }
            interrupt::die_by(signal);
            ExitCode::from(128 + signal as u8)
        }
        Err(Trouble::Said { status, message }) => {
            complain(&message);
            ExitCode::from(status)
        }
    })
}

/// Begins the log where it is wanted.
fn logged(wanted: bool, places: Places) -> Result<Places, Trouble> {
    if wanted {
        log::start(&places.data_dir).map_err(Trouble::failed)?;
    }
    Ok(places)
}

/// Says why the program ends, on standard error.
pub fn complain(message: &str) {
    Out::new().note(&format!("rushes: {message}"));
}

/// Whether there is a terminal that can show a studio.
fn is_terminal() -> bool {
    use std::io::IsTerminal as _;
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !out::is_dumb()
}

fn dispatch(context: &mut Context, verb: Option<Verb>) -> Result<u8, Trouble> {
    let Some(verb) = verb else { return args::print_overview(context) };
    match verb {
        Verb::Models { .. } => return models::run(context),
        Verb::Completions { shell } => return completions::run(context, shell),
        _ => {}
    }
    capacity::ensure().map_err(Trouble::failed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Trouble::failed(format!("the program can't start: {error}")))?;
    runtime.block_on(async {
        let ended = match verb {
            Verb::Generate(wish) => generate::run(context, wish).await,
            Verb::Promote(promotion) => promote::run(context, *promotion).await,
            Verb::Wait { jobs, over_limit, again, max_usd } => {
                follow::run(context, &jobs, follow::Yes { over_limit, again, max_usd }).await
            }
            Verb::Jobs { watch } => jobs::run(context, watch).await,
            Verb::History { query, limit } => history::run(context, &query, limit).await,
            Verb::Keeper { status } => keeper::run(context, status).await,
            Verb::Ledger { by, since } => ledger::run(context, by, since).await,
            Verb::Show { job } => show::run(context, &job).await,
            Verb::Open { job, result, serve } => open::run(context, &job, result, serve).await,
            Verb::Probe { clip } => probe::run(context, &clip).await,
            Verb::Frame { clip, first, last: _, at, target } => {
                frame::run(context, &clip, frame::which(first, at), &target).await
            }
            Verb::Sheet { clip, target } => sheet::run(context, &clip, &target).await,
            Verb::Cancel { job } => cancel::run(context, &job).await,
            Verb::Settle { job, settling } => settle::run(context, &job, settling).await,
            Verb::Sandbox { listen, speed, key, allow_host } => {
                sandbox::run(context, &listen, speed, key, allow_host).await
            }
            Verb::Doctor { repair: true } => repair::run(context),
            Verb::Doctor { repair: false } => doctor::run(context).await,
            Verb::Models { .. } | Verb::Completions { .. } => Ok(0),
        };
        if let Some(store) = context.store.take() {
            store.close().await;
        }
        context.say_notes();
        if ended.is_err()
            && let Some(pid) = driver_locks::stopped_within(&context.places)
        {
            context.out.note(&words::stuck(None, Some(Stuck::Stopped { pid })));
        }
        ended
    })
}
