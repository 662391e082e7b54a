//! What is read for the lists and details, and asked of providers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Outside;
use crate::domain::job::{Job, JobId};
use crate::domain::ledger::Sums;
use crate::domain::query::HistoryQuery;
use crate::domain::request::FrameImage;
use crate::runtime::clock::wall;
use crate::runtime::settle::{SettleError, Settled};
use crate::runtime::{account, image_paths, images};
use crate::store::{Store, StoreError};
use crate::studio::app::Entry;
use crate::studio::dialog::JobStory;
use crate::studio::effect::{Generation, Slot};
use crate::studio::msg::Msg;

/// How many jobs the list beside the form holds.
const LISTED: usize = 100;
/// How many jobs of a day are summed up.
const MOST_A_DAY: usize = 10_000;

impl Outside {
    pub(super) async fn load_jobs(&self, generation: Generation) -> Option<Msg> {
        let read = |store: &mut Store| {
            let mut jobs = store.live_jobs()?;
            let last = store.history(&HistoryQuery::default(), LISTED, wall())?;
            jobs.retain(|live| !last.iter().any(|job| job.id == live.id));
            jobs.extend(last);
            jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
            let day = wall().checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
            let spent = spent(&store.jobs_counted(day, MOST_A_DAY)?);
            Ok((marked(store, jobs)?, spent))
        };
        Some(match self.store(read).await {
            Ok((entries, spent)) => Msg::Jobs { generation, entries, spent },
            Err(problem) => Msg::Complain(problem),
        })
    }

    pub(super) async fn load_balance(&self, provider: String) -> Option<Msg> {
        let left = account::balance(&self.workspace, &provider).await;
        Some(Msg::Balance { provider, left })
    }

    pub(super) async fn search(
        &self,
        generation: Generation,
        query: HistoryQuery,
        limit: usize,
    ) -> Option<Msg> {
        let now = wall();
        let latest = Arc::clone(&self.latest);
        let read = move |store: &mut Store| {
            // Another key was typed while this search waited for its turn.
            if !latest.is(Slot::Search, generation) {
                return Ok(None);
            }
            let jobs = store.history(&query, limit, now)?;
            marked(store, jobs).map(Some)
        };
        match self.store(read).await {
            Ok(entries) => entries.map(|entries| Msg::Found { generation, entries }),
            Err(problem) => Some(Msg::Complain(problem)),
        }
    }

    pub(super) async fn story(&self, generation: Generation, id: JobId) -> Option<Msg> {
        let read = move |store: &mut Store| {
            let Some(job) = store.job(id)? else { return Ok(None) };
            let parent = job.parent.map(|parent| store.job(parent.job)).transpose()?.flatten();
            let (events, children) = (store.events(id)?, store.children(id)?);
            let entry = marked(store, vec![job])?.pop();
            Ok(entry.map(|entry| JobStory { entry, events, parent, children }))
        };
        match self.store(read).await {
            Ok(story) => story.map(|story| Msg::Story { generation, story: Box::new(story) }),
            Err(problem) => Some(Msg::Complain(problem)),
        }
    }

    /// What came of settling a job in doubt; whoever drives goes on with one that was found.
    pub(super) async fn settled(&self, settled: Result<Settled, SettleError>) -> Option<Msg> {
        Some(match settled {
            Ok(Settled::Yes(job)) => {
                self.ring().await;
                let found = "the provider has it: it goes on, and its file will be saved";
                let closed = job.error.map_or_else(|| found.to_owned(), |error| error.message);
                Msg::Say(closed)
            }
            Ok(Settled::WasNot(state)) => {
                Msg::Say(format!("it is not in doubt: {}", crate::words::state_word(state)))
            }
            Ok(Settled::NotKnown) => Msg::Complain(
                "the provider does not know it, asked with the key and address of now".to_owned(),
            ),
            Ok(Settled::NothingNew) => {
                Msg::Say("the provider has nothing of it that is not here".to_owned())
            }
            Err(error) => Msg::Complain(error.to_string()),
        })
    }

    pub(super) async fn list_images(&self, generation: Generation, text: String) -> Option<Msg> {
        let latest = Arc::clone(&self.latest);
        let list = move || {
            // Another key was typed while this listing waited for its turn.
            if !latest.is(Slot::Images, generation) {
                return None;
            }
            let listed = image_paths::list(&text, home().as_deref());
            Some(listed.map_err(|error| error.to_string()))
        };
        let listed = tokio::task::spawn_blocking(list).await.ok()??;
        Some(Msg::Images { generation, listed })
    }

    pub(super) async fn read_image(&self, first: bool, text: String) -> Option<Msg> {
        let workspace = Arc::clone(&self.workspace);
        let asked = text.clone();
        let read = move || {
            let path = image_paths::expanded(&asked, home().as_deref());
            let read = images::read(&path.to_string_lossy()).map_err(|error| error.to_string())?;
            let image: FrameImage = read.image.clone();
            images::keep(&[read], &workspace.places)
                .map(|()| image)
                .map_err(|error| format!("the image could not be kept: {error}"))
        };
        let image = tokio::task::spawn_blocking(read).await;
        let image = image.unwrap_or_else(|_| Err("the image could not be read".to_owned()));
        Some(Msg::Image { first, text, image })
    }
}

/// What `jobs` mean for the money, by provider.
fn spent(jobs: &[Job]) -> Vec<(String, Sums)> {
    let mut spent: BTreeMap<&str, Sums> = BTreeMap::new();
    for job in jobs {
        *spent.entry(&job.request.model.provider).or_default() += Sums::of(job);
    }
    spent.into_iter().map(|(provider, sums)| (provider.to_owned(), sums)).collect()
}

fn marked(store: &mut Store, jobs: Vec<Job>) -> Result<Vec<Entry>, StoreError> {
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    let mut marks = store.marks(&ids)?;
    let entry = |job: Job| {
        let mark = marks.remove(&job.id).unwrap_or_default();
        Entry { job, mark }
    };
    Ok(jobs.into_iter().map(entry).collect())
}

pub(super) fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from)
}
