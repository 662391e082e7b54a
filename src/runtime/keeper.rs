//! The keeper: a process without a terminal that carries the live jobs on once the last studio has gone,
//! and ends when nothing is left to do.
//!
//! The keeper is the same program with a lock of its own, in a process group of its own from its first moment: the
//! end of a session that the studio leads hangs up everything in the foreground. It follows while a studio drives,
//! and ends when nothing is live. A verb that leaves live jobs starts it as the studio does.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio::time::timeout;

use super::clock::wall;
use super::driver::{Driver, DriverError};
use super::files::ours;
use super::places::Places;
use super::process::is_stopped;
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::catalog::Catalog;
use crate::domain::job::{Job, JobState};
use crate::store::StoreError;
use crate::words;

/// How long leaving waits for the database: the terminal is given back within 100 ms.
const HAND_OVER: Duration = Duration::from_millis(60);

/// A keeper that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

/// Why keeping ended before everything was done.
#[derive(Debug, Error)]
pub enum KeeperError {
    /// Driving ended.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database's thread failed.
    #[error(transparent)]
    Gone(#[from] StoreGone),
    /// Its lock file can't be used.
    #[error("the keeper's lock file {path} can't be used: {source}", path = path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What becomes of the live jobs that a process leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Whether a keeper carries them on.
    pub is_kept: bool,
    /// The same in a sentence.
    pub words: String,
}

/// Has a keeper carry the live jobs on that this process leaves, unless none is wanted (`off`, or the config).
/// Returns nothing where no job is live.
pub async fn hand_over(workspace: &Workspace, off: bool) -> Option<Left> {
    // Behind whatever is being stored this moment. Where the database takes its time, a keeper that
    // finds nothing to do ends by itself.
    let asked = timeout(HAND_OVER, workspace.store.run(|store| store.live_jobs())).await;
    let (jobs, within) = match asked {
        Ok(Ok(Ok(jobs))) if jobs.is_empty() => return None,
        Ok(Ok(Ok(jobs))) => {
            (words::count(jobs.len(), "job"), within(&workspace.catalog, &jobs, wall()))
        }
        _ => ("jobs may be".to_owned(), String::new()),
    };
    let off = off || workspace.config.wants_no_keeper();
    let started = (!off).then(|| start(&workspace.places)).transpose();
    let is_kept = matches!(started, Ok(Some(())));
    let words = match started {
        Ok(Some(())) => "; a keeper saves what comes (rushes keeper --status)".to_owned(),
        Ok(None) => {
            format!(", which nobody saves: `rushes wait` or the studio carries on{within}")
        }
        Err(error) => format!(
            ", which nobody saves, since no keeper could be started ({error}): `rushes wait` or the studio \
             carries on{within}"
        ),
    };
    Some(Left { is_kept, words: format!("{jobs} under way{words}") })
}

/// How long somebody may take to look, for the job whose result goes first.
fn within(catalog: &Catalog, jobs: &[Job], now: Timestamp) -> String {
    let left = jobs.iter().filter_map(|job| {
        let provider = catalog.provider(&job.request.model.provider)?;
        let file = provider.result_lifetime_h.map(|hours| SignedDuration::from_hours(hours.into()));
        let record = provider.record_lifetime_min.map(|min| SignedDuration::from_mins(min.into()));
        // Where the file is, is known here once the job is ready; before, only the service's record tells.
        let record = record.filter(|_| job.state != JobState::Downloading);
        // What was still rendering when it was asked for last has no result of before.
        let since = job.rendered_at.unwrap_or(now);
        let lifetime = record.into_iter().chain(file).min()?;
        Some((lifetime - now.duration_since(since), &provider.name))
    });
    let left = left.filter(|(left, _)| left.is_positive());
    let Some((left, name)) = left.min() else { return String::new() };
    format!(", within {}, for which {name} surely keeps what it renders", words::span(left))
}

/// Starts a keeper for `places` and returns at once. One that finds another at work ends by itself.
pub fn start(places: &Places) -> io::Result<()> {
    let mut command = Command::new(program()?);
    command.arg("keeper");
    let data_dir = places.without_profile().data_dir;
    command.arg("--data-dir").arg(std::path::absolute(data_dir)?);
    command.arg("--profile").arg(places.profile.as_deref().unwrap_or_default());
    if places.config_is_named {
        command.arg("--config").arg(std::path::absolute(&places.config_file)?);
    }
    // A folder that nobody wants to unmount.
    command.current_dir(&places.data_dir);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log(&places.keeper_log())?);
    // In a group of its own from its first moment: where the studio leads the session, as over `ssh host
    // rushes`, its end hangs up everything in the terminal's foreground, and a shell hangs up its own jobs.
    command.process_group(0);
    command.spawn().map(drop)
}

/// This very program, also where its file was replaced by a newer build meanwhile.
fn program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// The file for what a keeper has to say, of the last one alone.
fn log(path: &Path) -> io::Result<File> {
    ours().create(true).write(true).truncate(true).open(path)
}

/// The keeper of `places`, if one runs.
pub fn running(places: &Places) -> io::Result<Option<Running>> {
    let mut file = match File::open(places.keeper_lock()) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            Ok(parse(&text))
        }
    }
}

fn parse(text: &str) -> Option<Running> {
    let (pid, since) = text.trim().split_once(' ')?;
    Some(Running { pid: pid.parse().ok()?, since: since.parse().ok()? })
}

/// How long a keeper was at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Until no job was live.
    All,
    /// Not at all: another one is.
    ByAnother,
    /// Until it was told to end.
    UntilTold,
}

/// Carries the live jobs of `workspace` on until none is left, or until `told_to_end`; the reply to what is
/// being sent is waited for a little even then.
pub async fn keep(
    workspace: Arc<Workspace>,
    told_to_end: impl Future<Output = ()>,
) -> Result<Kept, KeeperError> {
    let path = workspace.places.keeper_lock();
    let lock = lock(&path).map_err(|source| KeeperError::Lock { path, source })?;
    // One that is stopped keeps nothing, and no place either.
    let stopped =
        || running(&workspace.places).ok().flatten().is_some_and(|one| is_stopped(one.pid));
    if lock.is_none() && !stopped() {
        return Ok(Kept::ByAnother);
    }
    tokio::pin!(told_to_end);
    let mut driver = Driver::start(Arc::clone(&workspace));
    loop {
        tokio::select! {
            changed = driver.changed() => changed?,
            () = &mut told_to_end => {
                driver.end().await;
                return Ok(Kept::UntilTold);
            }
        }
        let is_done = driver.snapshot().jobs.is_empty();
        // What another program stored this very moment is not in the picture yet.
        if is_done && workspace.store.run(|store| store.live_jobs()).await??.is_empty() {
            return Ok(Kept::All);
        }
    }
}

/// The lock, with who holds it; none where another process does.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let mut file = ours().create(true).read(true).write(true).truncate(false).open(path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
        Ok(()) => {}
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {}", std::process::id(), wall())?;
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn the_lock_tells_who_holds_it_and_only_while_it_is_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::find(
            Some(folder.path().to_owned()),
            Some(folder.path().join("config.toml")),
            None,
        )
        .expect("places");
        assert_eq!(running(&places).expect("an answer"), None);
        let held = lock(&places.keeper_lock()).expect("a lock").expect("nobody has it");
        let told = running(&places).expect("an answer").expect("a keeper");
        assert_eq!(told.pid, std::process::id());
        assert!(lock(&places.keeper_lock()).expect("an answer").is_none(), "there is one keeper");
        drop(held);
        assert_eq!(running(&places).expect("an answer"), None);
    }

    /// RunPod keeps files for days, and forgets within half an hour where they are.
    #[test]
    fn a_result_is_surely_kept_for_as_long_as_its_service_tells_where_it_is() {
        let model = sample::model("runpod/1.0-pro");
        let accepted_at = Some(sample::noon());
        let running = Job {
            state: JobState::Running,
            accepted_at,
            ..sample::job(1, model, sample::request(model, |_| {}))
        };
        let ready =
            Job { state: JobState::Downloading, rendered_at: accepted_at, ..running.clone() };
        let said = |job: &Job| within(sample::catalog(), std::slice::from_ref(job), sample::noon());
        let kept = |span: SignedDuration| format!("within {},", words::span(span));
        assert!(
            said(&running).contains(&kept(SignedDuration::from_mins(30))),
            "{}",
            said(&running)
        );
        assert!(said(&ready).contains(&kept(SignedDuration::from_hours(168))), "{}", said(&ready));
        let hours_ago = |hours| Some(sample::noon() - SignedDuration::from_hours(hours));
        let slow = Job { accepted_at: hours_ago(2), ..running };
        assert!(said(&slow).contains(&kept(SignedDuration::from_mins(30))), "{}", said(&slow));
        let late = Job { rendered_at: hours_ago(200), ..ready };
        assert_eq!(said(&late), "", "nothing is sure any more");
    }

    #[test]
    fn what_no_keeper_wrote_is_nobody() {
        for text in ["", "12", "x 2026-11-21T00:00:00Z", "12 yesterday"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
