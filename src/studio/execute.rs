//! Effects, carried out beside the loop. With `run`, the only place of the studio that knows the runtime.

mod loads;
mod pictures;
mod shown;
mod writes;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, watch};

pub(super) use self::writes::Writes;
use super::app::Live;
use super::effect::{Generation, Load, Slot};
use super::msg::{Msg, Opened};
use crate::domain::catalog::Provider;
use crate::runtime::driver::Bell;
use crate::runtime::keys;
use crate::runtime::live::{LiveJob, Snapshot};
use crate::runtime::opener::Here;
use crate::runtime::settle;
use crate::runtime::workspace::Workspace;
use crate::store::{Store, StoreError};
use crate::words::images::Between;

/// The outside, as the studio reaches it.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub(super) workspace: Arc<Workspace>,
    pub(super) messages: mpsc::Sender<Msg>,
    /// The bell of whoever drives now: another one after the program was stopped.
    pub(super) bell: watch::Receiver<Bell>,
    latest: Arc<Latest>,
}

/// What was asked for last of each kind: an older question is not wanted any more.
#[derive(Debug, Default)]
struct Latest([AtomicU64; Slot::COUNT]);

impl Latest {
    fn note(&self, (slot, generation): (Slot, Generation)) {
        self.0[slot as usize].store(generation.number(), Ordering::Release);
    }

    fn is(&self, slot: Slot, generation: Generation) -> bool {
        self.0[slot as usize].load(Ordering::Acquire) == generation.number()
    }
}

impl Outside {
    pub(super) fn new(
        workspace: Arc<Workspace>,
        messages: mpsc::Sender<Msg>,
        bell: watch::Receiver<Bell>,
    ) -> Self {
        Self { workspace, messages, bell, latest: Arc::default() }
    }

    /// Begins to load and returns at once.
    pub(super) fn load(&self, load: Load) {
        if let Some(asked) = load.slot() {
            self.latest.note(asked);
        }
        let this = self.clone();
        tokio::spawn(async move {
            let answer = this.loaded(load).await;
            this.answer(answer).await;
        });
    }

    async fn loaded(&self, load: Load) -> Option<Msg> {
        match load {
            Load::Jobs(generation) => self.load_jobs(generation).await,
            Load::Story(generation, id) => self.story(generation, id).await,
            Load::Search { generation, query, limit } => {
                self.search(generation, query, limit).await
            }
            Load::Images { generation, text } => self.list_images(generation, text).await,
            Load::Film { generation, paths, max_px } => {
                self.load_film(generation, paths, max_px);
                None
            }
            Load::NoFilm(_) => None,
            Load::Overlay { generation, wanted } => self.load_overlay(generation, wanted).await,
            Load::Poster { path, sheet, max_px } => self.load_poster(path, sheet, max_px).await,
            Load::Image { first, text } => self.read_image(first, text).await,
            Load::Balance(provider) => self.load_balance(provider).await,
            Load::LookUp(id) => self.settled(settle::look_up(&self.workspace, id).await).await,
            Load::Browse(url) => self.browse(url).await,
            Load::Open(path) => self.open(path).await,
            Load::Frame { id, path, at_ms } => self.export_frame(id, path, at_ms).await,
            Load::Send(path) => self.send(path).await,
            Load::Report => self.report().await,
        }
    }

    async fn answer(&self, answer: Option<Msg>) {
        if let Some(message) = answer {
            // Without a studio nobody needs it.
            drop(self.messages.send(message).await);
        }
    }

    async fn ring(&self) {
        let bell = self.bell.borrow().clone();
        bell.ring().await;
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

/// What the studio needs to know of a workspace.
pub(super) fn opened(workspace: &Workspace) -> Opened {
    let config = &workspace.config;
    let text = std::fs::read(saved_file(workspace)).ok();
    let here = Here::look();
    let theme = config.theme.as_ref().map(|name| {
        let name = name.as_ref().clone();
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
    let live = |live: LiveJob| Live {
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

fn saved_file(workspace: &Workspace) -> PathBuf {
    workspace.places.data_dir.join("studio.json")
}
