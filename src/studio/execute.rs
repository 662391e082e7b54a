//! Effects, carried out: each on a task of its own, its outcome a message. With `run`, the only place
//! of the studio that knows the runtime.

mod pictures;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use super::app::{Entry, Live, Saved};
use super::dialog::JobStory;
use super::msg::{Effect, Msg, Objected, Opened};
use super::ways::{MAX_SENT_BYTES, for_iterm2};
use crate::domain::catalog::Provider;
use crate::domain::consent::Consent;
use crate::domain::job::{Job, JobId, Parent};
use crate::domain::ledger::Sums;
use crate::domain::query::HistoryQuery;
use crate::domain::request::{FrameImage, GenerationRequest};
use crate::runtime::account;
use crate::runtime::clip_server::Link;
use crate::runtime::clock::wall;
use crate::runtime::driver::Bell;
use crate::runtime::files::write_whole;
use crate::runtime::held::{self, Released};
use crate::runtime::image_paths;
use crate::runtime::images;
use crate::runtime::keys;
use crate::runtime::live::Snapshot;
use crate::runtime::new_job::{self, Refused, Stored};
use crate::runtime::opener::{self, Here, Opened as Shown};
use crate::runtime::settle::{self, SettleError, Settled};
use crate::runtime::workspace::Workspace;
use crate::store::{Store, StoreError};
use crate::words::images::Between;

/// How many jobs the list beside the form holds.
const LISTED: usize = 100;
/// How many jobs of a day are summed up.
const MOST_A_DAY: usize = 10_000;

/// The outside, as the studio reaches it.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub(super) workspace: Arc<Workspace>,
    pub(super) messages: mpsc::Sender<Msg>,
    /// The bell of whoever drives now: another one after the program was stopped.
    pub(super) bell: watch::Receiver<Bell>,
    /// What was asked for last.
    pub(super) latest: Arc<Latest>,
}

/// The numbers of what was asked for last: whatever has another is not wanted any more.
#[derive(Debug, Default)]
pub(super) struct Latest {
    search: AtomicU64,
    listing: AtomicU64,
    film: AtomicU64,
    overlay: AtomicU64,
}

impl Outside {
    /// Starts `effect` and returns at once. What belongs to the terminal is not for here.
    pub(super) fn start(&self, effect: Effect) {
        let asked = match &effect {
            Effect::Search { generation, .. } => Some((&self.latest.search, *generation)),
            Effect::ListImages { generation, .. } => Some((&self.latest.listing, *generation)),
            Effect::LoadFilm { generation, .. } => Some((&self.latest.film, *generation)),
            Effect::LoadOverlay { generation, .. } => Some((&self.latest.overlay, *generation)),
            Effect::DropFilm => Some((&self.latest.film, 0)),
            _ => None,
        };
        if let Some((latest, generation)) = asked {
            latest.store(generation, Ordering::Release);
        }
        if let Effect::LoadFilm { generation, paths, max_px } = effect {
            return self.load_film(generation, paths, max_px);
        }
        let this = self.clone();
        let work = async move {
            match effect {
                Effect::Submit { request, parent, consent } => {
                    this.submit(*request, parent, *consent).await
                }
                Effect::Cancel(id) => this.cancel(id).await,
                Effect::Release { id, consent } => this.release(id, *consent).await,
                Effect::LookUp(id) => this.settle(settle::look_up(&this.workspace, id).await).await,
                Effect::Close(id) => this.settle(settle::close(&this.workspace, id).await).await,
                Effect::Browse(url) => Some(browse(url)),
                Effect::LoadJobs => this.load_jobs().await,
                Effect::LoadBalance(provider) => this.load_balance(provider).await,
                Effect::Search { generation, query, limit } => {
                    this.search(generation, query, limit).await
                }
                Effect::LoadStory(id) => this.story(id).await,
                Effect::LoadPoster { path, sheet, max_px } => {
                    this.load_poster(path, sheet, max_px).await
                }
                Effect::LoadOverlay { generation, wanted } => {
                    this.load_overlay(generation, wanted).await
                }
                Effect::Win { id, won, starred } => {
                    this.mark(move |store| store.count_win(id, won, starred)).await
                }
                Effect::Star(id, starred) => {
                    this.mark(move |store| store.set_star(id, starred)).await
                }
                Effect::Note(id, note) => this.mark(move |store| store.set_note(id, &note)).await,
                Effect::Save(saved) => this.save(&saved),
                Effect::ListImages { generation, text } => this.list_images(generation, text).await,
                Effect::ReadImage { first, text } => this.read_image(first, text).await,
                Effect::ExportFrame { id, path, at_ms } => this.export_frame(id, path, at_ms).await,
                Effect::Open(path) => this.open(path).await,
                Effect::Send(path) => this.send(path).await,
                _ => None,
            }
        };
        let messages = self.messages.clone();
        tokio::spawn(async move {
            if let Some(message) = work.await {
                // Without a studio nobody needs the answer.
                drop(messages.send(message).await);
            }
        });
    }

    async fn ring(&self) {
        let bell = self.bell.borrow().clone();
        bell.ring().await;
    }

    async fn submit(
        &self,
        request: GenerationRequest,
        parent: Option<Parent>,
        consent: Consent,
    ) -> Option<Msg> {
        let Some(model) = self.workspace.catalog.model(&request.model).cloned() else {
            return Some(Msg::Complain(format!(
                "the catalog no longer has {}; nothing was sent",
                request.model
            )));
        };
        let job = new_job::new_job(&model, request.clone(), parent);
        let job = new_job::with_account(&self.workspace, job).await;
        let (id, price) = (job.id, consent.price.clone());
        Some(match new_job::store(&self.workspace, job, consent).await {
            Ok(Stored::Yes) => {
                self.ring().await;
                Msg::Submitted(id)
            }
            Ok(Stored::No(refused)) => {
                let Refused { objections, model, limits } = *refused;
                let held = None;
                let objected = Objected { request, parent, held, price, objections, model, limits };
                Msg::Objected(Box::new(objected))
            }
            Err(error) => Msg::Complain(error.to_string()),
        })
    }

    async fn cancel(&self, id: JobId) -> Option<Msg> {
        let asked = match held::cancel(&self.workspace, id).await {
            Ok(Ok(true)) => Ok(()),
            _ => self.store(move |store| store.ask_cancel(id)).await,
        };
        match asked {
            Ok(()) => {
                self.ring().await;
                None
            }
            Err(problem) => Some(Msg::Complain(problem)),
        }
    }

    async fn release(&self, id: JobId, consent: Consent) -> Option<Msg> {
        let price = consent.price.clone();
        Some(match held::release(&self.workspace, id, consent).await {
            Ok(Released::Yes) => {
                self.ring().await;
                Msg::Submitted(id)
            }
            Ok(Released::WasNot(state)) => {
                Msg::Say(format!("it is not held any more: {}", crate::words::state_word(state)))
            }
            Ok(Released::No { job, refused }) => {
                let Job { request, parent, .. } = *job;
                let (held, Refused { objections, model, limits }) = (Some(id), *refused);
                let objected = Objected { request, parent, held, price, objections, model, limits };
                Msg::Objected(Box::new(objected))
            }
            Err(error) => Msg::Complain(error.to_string()),
        })
    }

    /// What came of settling a job in doubt; whoever drives goes on with one that was found.
    async fn settle(&self, settled: Result<Settled, SettleError>) -> Option<Msg> {
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

    async fn load_jobs(&self) -> Option<Msg> {
        let read = |store: &mut Store| {
            let mut jobs = store.live_jobs()?;
            let last = store.history(&HistoryQuery::default(), LISTED, wall())?;
            jobs.retain(|live| !last.iter().any(|job| job.id == live.id));
            jobs.extend(last);
            jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
            let day = wall().checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
            let spent = spent(&store.jobs_since(day, MOST_A_DAY)?);
            Ok((marked(store, jobs)?, spent))
        };
        Some(match self.store(read).await {
            Ok((entries, spent)) => {
                drop(self.messages.send(Msg::Spent(spent)).await);
                Msg::Jobs(entries)
            }
            Err(problem) => Msg::Complain(problem),
        })
    }

    async fn load_balance(&self, provider: String) -> Option<Msg> {
        let left = account::balance(&self.workspace, &provider).await;
        Some(Msg::Balance { provider, left })
    }

    async fn search(&self, generation: u64, query: HistoryQuery, limit: usize) -> Option<Msg> {
        let now = wall();
        let latest = Arc::clone(&self.latest);
        let read = move |store: &mut Store| {
            // Another key was typed while this search waited for its turn.
            if latest.search.load(Ordering::Acquire) != generation {
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

    async fn story(&self, id: JobId) -> Option<Msg> {
        let read = move |store: &mut Store| {
            let Some(job) = store.job(id)? else { return Ok(None) };
            let parent = job.parent.map(|parent| store.job(parent.job)).transpose()?.flatten();
            let (events, children) = (store.events(id)?, store.children(id)?);
            let entry = marked(store, vec![job])?.pop();
            Ok(entry.map(|entry| JobStory { entry, events, parent, children }))
        };
        match self.store(read).await {
            Ok(story) => story.map(|story| Msg::Story(Box::new(story))),
            Err(problem) => Some(Msg::Complain(problem)),
        }
    }

    async fn mark<F>(&self, write: F) -> Option<Msg>
    where
        F: FnOnce(&mut Store) -> Result<(), StoreError> + Send + 'static,
    {
        self.store(write).await.err().map(Msg::Complain)
    }

    /// Saves at once, for a program that ends.
    pub(super) fn save_now(&self, saved: &Saved) {
        // Nobody is left to be told.
        drop(self.save(saved));
    }

    fn save(&self, saved: &Saved) -> Option<Msg> {
        let written = serde_json::to_vec(saved)
            .map_err(std::io::Error::other)
            .and_then(|text| write_whole(&saved_file(&self.workspace), &text));
        written.err().map(|error| Msg::NotSaved(format!("the prompt could not be saved: {error}")))
    }

    async fn list_images(&self, generation: u64, text: String) -> Option<Msg> {
        let latest = Arc::clone(&self.latest);
        let list = move || {
            // Another key was typed while this listing waited for its turn.
            if latest.listing.load(Ordering::Acquire) != generation {
                return None;
            }
            let listed = image_paths::list(&text, home().as_deref());
            Some(listed.map_err(|error| error.to_string()))
        };
        let listed = tokio::task::spawn_blocking(list).await.ok()??;
        Some(Msg::Images { generation, listed })
    }

    async fn read_image(&self, first: bool, text: String) -> Option<Msg> {
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

    async fn open(&self, path: PathBuf) -> Option<Msg> {
        let here = Here::look();
        let (clip, player, place) =
            (path.clone(), self.workspace.config.player.clone(), here.clone());
        let opened = tokio::task::spawn_blocking(move || opener::open(&clip, &player, &place));
        let reason = match opened.await {
            Ok(Ok(Shown::Player(player))) => return Some(Msg::Say(format!("handed to {player}"))),
            Ok(Ok(Shown::Nowhere(reason))) => reason,
            Ok(Err(error)) => format!("no player could be started: {error}"),
            Err(_) => "no player could be started".to_owned(),
        };
        // Without a server there are still the other lines.
        let link = self.workspace.clip_server.serve(&path).await.ok();
        let lines = |link: Link| [("ssh", here.copy_from().forward(link.port)), ("link", link.url)];
        let mut links: Vec<_> = link.into_iter().flat_map(lines).collect();
        let also = if links.is_empty() {
            ""
        } else {
            "; or run the ssh line there, and open the link in a browser"
        };
        let reason = format!("{reason}: scp fetches the clip to your machine{also}");
        links.extend(opener::kitten(&path).map(|line| ("kitten", line)));
        Some(Msg::Nowhere { path, reason, links })
    }

    /// The clip as the terminal takes it for the user's own machine.
    async fn send(&self, path: PathBuf) -> Option<Msg> {
        let read = move || {
            let unreadable = |error| format!("the clip can't be read: {error}");
            let bytes = std::fs::metadata(&path).map_err(unreadable)?.len();
            if bytes > MAX_SENT_BYTES {
                return Err(format!(
                    "the clip has {}, and at most {} go through the terminal: take the scp line",
                    crate::words::bytes(bytes),
                    crate::words::bytes(MAX_SENT_BYTES)
                ));
            }
            let content = std::fs::read(&path).map_err(unreadable)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(for_iterm2(&name, &content))
        };
        let bytes = tokio::task::spawn_blocking(read).await;
        let bytes = bytes.unwrap_or_else(|_| Err("the clip can't be read".to_owned()));
        Some(Msg::Sendable(bytes))
    }

    async fn store<T, F>(&self, call: F) -> Result<T, String>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    {
        match self.workspace.store.run(call).await {
            Ok(outcome) => outcome.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn browse(url: String) -> Msg {
    match opener::browse(&url, &Here::look()) {
        Ok(Shown::Player(program)) => Msg::Say(format!("{url} handed to {program}")),
        Ok(Shown::Nowhere(reason)) => Msg::NoBrowser { url, reason },
        Err(error) => {
            Msg::NoBrowser { url, reason: format!("no browser could be started: {error}") }
        }
    }
}

/// What the studio needs to know of a workspace.
pub(super) fn opened(workspace: &Workspace) -> Opened {
    let config = &workspace.config;
    let text = std::fs::read(saved_file(workspace)).ok();
    let here = Here::look();
    let theme = config.theme.clone().map(|name| {
        let folder = workspace.places.config_file.with_file_name("themes");
        let text = std::fs::read_to_string(folder.join(format!("{name}.toml"))).ok();
        (name, text)
    });
    let key = |provider: &Provider| {
        Some((provider.id.clone(), keys::source(provider, config)?.to_string()))
    };
    let providers = workspace.catalog.providers.iter();
    Opened {
        catalog: Arc::clone(&workspace.catalog),
        model: config.model.clone(),
        defaults: config.defaults.clone(),
        problems: workspace.catalog_problems.iter().map(ToString::to_string).collect(),
        saved: text.and_then(|text| serde_json::from_slice(&text).ok()),
        data_dir: workspace.places.data_dir.clone(),
        copy_from: here.copy_from().clone(),
        from_place: here.from_place().to_owned(),
        keys: providers.filter_map(key).collect(),
        profile: workspace.places.profile.clone(),
        limits: config.limits,
        keymap: config.keys.clone(),
        theme,
        images: config.images,
        between: Between::from_env(|name| std::env::var(name).ok()),
        still: config.still,
        no_mouse: config.no_mouse,
    }
}

/// The live jobs as the studio keeps them.
pub(super) fn lives(snapshot: Snapshot) -> Msg {
    let live = |live: crate::runtime::live::LiveJob| Live {
        job: live.job,
        percent: live.percent,
        saving: live.saving.map(|saving| (saving.bytes, saving.total)),
        expected_end: live.expected_end,
        next_poll: live.next_at,
        wait: live.wait,
    };
    Msg::Lives {
        version: snapshot.version,
        driving: snapshot.driving,
        lives: snapshot.jobs.into_iter().map(live).collect(),
        stuck: snapshot.stuck,
        troubles: snapshot.troubles,
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

fn saved_file(workspace: &Workspace) -> PathBuf {
    workspace.places.data_dir.join("studio.json")
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

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from)
}
