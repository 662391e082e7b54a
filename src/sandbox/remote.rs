//! The remote itself: what it remembers, and where a request goes.
//!
//! Its state is a function of the accepted requests, the time and the reports of rendered clips.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::clip::ClipSpec;
use super::envelope::MAX_TASKS_PER_REQUEST;
use super::fault::Fault;
use super::media::Media;
use super::record::{Accepted, Record};
use super::reply::{Body, Delivery, Reply};
use super::task::Task;
use super::trouble::Trouble;
use crate::domain::catalog::Catalog;
use crate::domain::money::MicroUsd;
use crate::provider::wire::{HttpRequest, Method};

/// How long a task is remembered: a day longer than a draft can be promoted. Ours; Runware
/// documents none.
const KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);
/// The most tasks that are remembered at once; ours.
const MAX_TASKS: usize = 50_000;
/// The most clips that wait to be rendered: as many as one request may order; ours.
const MAX_TO_RENDER: usize = MAX_TASKS_PER_REQUEST;
/// The most submits that were turned away and are remembered; ours.
const MAX_TURNED_AWAY: usize = 10_000;

/// How a sandbox behaves.
#[derive(Clone)]
pub struct Settings {
    /// How fast it works: at 1.0 drafts take about 5 s and everything else about 12 s.
    pub speed: f64,
    /// The only keys that are accepted; without one, any key that is not empty.
    pub keys: Vec<String>,
}

/// A remote that speaks all three protocols, without sockets, clock or randomness.
pub struct Sandbox {
    pub(super) catalog: Arc<Catalog>,
    pub(super) settings: Settings,
    pub(super) tasks: BTreeMap<Uuid, Task>,
    by_age: VecDeque<Uuid>,
    pub(super) videos: BTreeMap<Uuid, (Uuid, u32)>,
    pub(super) drafts: BTreeMap<String, (Uuid, u32)>,
    /// Clips without a file, by when they are due.
    to_render: BTreeSet<(Timestamp, Uuid, u32)>,
    /// Results that are to be sent somewhere, by when they are due.
    pub(super) to_dispatch: BTreeSet<(Timestamp, Uuid, u32)>,
    turned_away: BTreeMap<(Uuid, Trouble), (u32, Timestamp)>,
    pub(super) media: Media,
    /// By which key, as a hash, and when Runbase's interface was asked lately. Not kept: it forgets within
    /// seconds anyway.
    pub(super) runbase_requests: VecDeque<(u64, Timestamp)>,
    /// How many tasks were forgotten, and what was billed for them.
    earlier: (u64, MicroUsd),
}

impl Sandbox {
    /// An account on which nothing has happened, with the models of the provider `sandbox`.
    pub fn new(catalog: Arc<Catalog>, settings: Settings) -> Self {
        Self {
            catalog,
            settings,
            tasks: BTreeMap::new(),
            by_age: VecDeque::new(),
            videos: BTreeMap::new(),
            drafts: BTreeMap::new(),
            to_render: BTreeSet::new(),
            to_dispatch: BTreeSet::new(),
            turned_away: BTreeMap::new(),
            media: Media::default(),
            runbase_requests: VecDeque::new(),
            earlier: (0, MicroUsd::ZERO),
        }
    }

    /// Takes in one record that an earlier process left behind, in the order it was kept.
    pub fn replay(&mut self, record: Record) {
        match record {
            Record::Accepted(accepted) => {
                self.forget_before(accepted.at);
                self.accept(*accepted);
            }
            Record::TurnedAway { task, at, trouble } => self.turn_away(task, trouble, at),
            Record::Canceled { task } => self.stop(task),
            Record::Dispatched { task, index } => self.forget_dispatch(task, index),
            Record::Rendered { video, error } => {
                self.set_rendered(video, error.map_or(Ok(()), Err));
            }
            Record::Stored { media, at, kind, frame, .. } => self.media.put(media, kind, frame, at),
            Record::Removed { media } => self.media.remove(media),
            Record::Earlier { tasks, billed } => {
                self.earlier.0 = self.earlier.0.saturating_add(tasks);
                self.earlier.1 = self.earlier.1 + billed;
            }
        }
    }

    /// The shortest journal that leads to the present state: write it in the place of the old one
    /// from time to time, so that it does not grow for ever.
    pub fn journal(&self) -> Vec<Record> {
        let (tasks, billed) = self.earlier;
        let mut records = vec![Record::Earlier { tasks, billed }];
        for (&(task, trouble), &(times, at)) in &self.turned_away {
            let record = Record::TurnedAway { task, at, trouble };
            records.extend(std::iter::repeat_n(record, times as usize));
        }
        records.extend(self.media.records());
        for task in self.tasks_by_age() {
            records.push(Record::Accepted(Box::new(task.accepted.clone())));
            records.extend(task.canceled.then_some(Record::Canceled { task: task.accepted.task }));
            let id = task.accepted.task;
            let wanted = (0..task.order().results)
                .filter(|_| task.order().wishes.addresses().next().is_some());
            let sent =
                wanted.filter(|index| !self.to_dispatch.contains(&(task.due(*index), id, *index)));
            records.extend(sent.map(|index| Record::Dispatched { task: id, index }));
            records.extend(task.clips.iter().filter_map(|clip| {
                let outcome = clip.rendered.clone()?;
                Some(Record::Rendered { video: clip.video, error: outcome.err() })
            }));
        }
        records
    }

    /// Answers one request at `now`. `origin`, like `http://127.0.0.1:4711`, begins the addresses
    /// of results.
    ///
    /// Runware's API is `POST /v1`, RunPod's lies below `/v2/`, Runbase's below `/api/v1/`; a file is `GET /files/{videoUUID}.{mp4|mov}` and needs no key, like
    /// the addresses that the docs show.
    pub fn handle(&mut self, request: &HttpRequest, origin: &str, now: Timestamp) -> Reply {
        self.forget_before(now);
        let path = path(&request.url);
        if let Some(rest) = path.strip_prefix("/v2/") {
            return self.runpod(request, rest, origin, now);
        }
        if let Some(rest) = path.strip_prefix("/api/v1/") {
            return self.runbase(request, rest, origin, now);
        }
        match (request.method, path) {
            (Method::Post, "/v1") => self.tasks_of(request, origin, now),
            (Method::Get, path) => match self.file(path, now) {
                Some(body) => Reply { body, records: Vec::new(), delivery: Delivery::Whole },
                None => not_found(),
            },
            _ => not_found(),
        }
    }

    /// Clips that were accepted, will succeed, and have no file yet, in the order they are due.
    pub fn clips_to_render(&self) -> impl Iterator<Item = (Uuid, ClipSpec)> + '_ {
        self.to_render.iter().filter_map(|(_, id, index)| {
            let task = self.tasks.get(id)?;
            Some((task.clips.get(*index as usize)?.video, task.clip(*index)))
        })
    }

    /// Tells that a clip's file exists, or why it could not be made. Returns the record to keep.
    /// The first report of a clip counts.
    pub fn rendered(&mut self, video: Uuid, outcome: Result<(), String>) -> Record {
        self.set_rendered(video, outcome.clone());
        Record::Rendered { video, error: outcome.err() }
    }

    pub(super) fn accept(&mut self, accepted: Accepted) {
        let id = accepted.task;
        if self.tasks.contains_key(&id) {
            return;
        }
        self.media.used_by(&accepted.request, accepted.at);
        let task = Task::new(accepted);
        for (index, clip) in (0..).zip(&task.clips) {
            self.videos.insert(clip.video, (id, index));
            if let Some(draft_id) = task.draft_id(index) {
                self.drafts.insert(draft_id, (id, index));
            }
            if task.doom(index).is_none() {
                self.to_render.insert((task.due(index), id, index));
            }
            if task.order().wishes.addresses().next().is_some() {
                self.to_dispatch.insert((task.due(index), id, index));
            }
        }
        self.by_age.push_back(id);
        self.tasks.insert(id, task);
    }

    /// Stops a task: what is not rendered by now never will be.
    pub(super) fn stop(&mut self, task: Uuid) {
        let Some(found) = self.tasks.get_mut(&task) else { return };
        found.canceled = true;
        self.to_render.retain(|(_, id, _)| *id != task);
    }

    /// How often `task` was turned away for `trouble`.
    pub(super) fn times_turned_away(&self, task: Uuid, trouble: Trouble) -> u32 {
        self.turned_away.get(&(task, trouble)).map_or(0, |(times, _)| *times)
    }

    pub(super) fn turn_away(&mut self, task: Uuid, trouble: Trouble, at: Timestamp) {
        let entry = self.turned_away.entry((task, trouble)).or_insert((0, at));
        *entry = (entry.0.saturating_add(1), at);
        if self.turned_away.len() > MAX_TURNED_AWAY {
            let oldest = self.turned_away.iter().min_by_key(|(_, (_, at))| *at);
            if let Some(key) = oldest.map(|(key, _)| *key) {
                self.turned_away.remove(&key);
            }
        }
    }

    /// Whether nothing more is taken in for now.
    pub(super) fn is_full(&self) -> bool {
        self.tasks.len() >= MAX_TASKS || self.to_render.len() >= MAX_TO_RENDER
    }

    /// What was billed, ever.
    pub(super) fn billed(&self, now: Timestamp) -> MicroUsd {
        self.tasks_by_age().map(|task| task.billed(now)).sum::<MicroUsd>() + self.earlier.1
    }

    /// How many tasks were accepted, ever.
    pub(super) fn accepted(&self) -> u64 {
        self.earlier.0.saturating_add(self.tasks.len() as u64)
    }

    pub(super) fn tasks_by_age(&self) -> impl Iterator<Item = &Task> {
        self.by_age.iter().filter_map(|id| self.tasks.get(id))
    }

    fn set_rendered(&mut self, video: Uuid, outcome: Result<(), String>) {
        let Some(&(id, index)) = self.videos.get(&video) else { return };
        let Some(task) = self.tasks.get_mut(&id) else { return };
        self.to_render.remove(&(task.due(index), id, index));
        if let Some(clip) = task.clips.get_mut(index as usize) {
            clip.rendered.get_or_insert(outcome);
        }
    }

    fn file(&self, path: &str, now: Timestamp) -> Option<Body> {
        let (video, extension) = path.strip_prefix("/files/")?.rsplit_once('.')?;
        let video = Uuid::try_parse(video).ok()?;
        if let Some(stored) = self.media.get(video).filter(|stored| stored.kind == extension) {
            return Some(Body::Media { media: video, kind: stored.kind.clone() });
        }
        let (id, index) = *self.videos.get(&video)?;
        let task = self.tasks.get(&id)?;
        let found =
            extension == task.order().wishes.format.extension() && task.has_file(index, now);
        found.then(|| Body::Clip { video, container: task.container() })
    }

    /// Forgets tasks that are too old by `now`, oldest first. One whose clips are still to be
    /// rendered is waited for, so that a journal folds to the same bill whenever it is read.
    fn forget_before(&mut self, now: Timestamp) {
        let old = |at: Timestamp| now.duration_since(at) > KEPT;
        while let Some(id) = self.by_age.front() {
            let Some(task) = self.tasks.get(id) else { break };
            if !old(task.accepted.at) || task.waits_for_a_file() {
                break;
            }
            let (count, billed) = self.earlier;
            self.earlier = (count.saturating_add(1), billed + task.billed(now));
            for (index, clip) in (0..).zip(&task.clips) {
                self.videos.remove(&clip.video);
                if let Some(draft_id) = task.draft_id(index) {
                    self.drafts.remove(&draft_id);
                }
            }
            let id = *id;
            self.to_dispatch.retain(|(_, other, _)| *other != id);
            self.tasks.remove(&id);
            self.by_age.pop_front();
        }
        self.turned_away.retain(|_, (_, at)| !old(*at));
        self.media.forget_before(now);
    }
}

fn not_found() -> Reply {
    let fault = Fault::new(
        "notFound",
        "There is nothing at this address. The APIs are POST /v1, /v2/{endpoint}/run and /api/v1/runs.",
    );
    Reply::refused(&fault.status(404))
}

/// The path of an absolute address or of a bare path, without query and trailing slash.
fn path(url: &str) -> &str {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => url,
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    rest[..end].trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_by_its_path() {
        for (url, found) in [
            ("http://127.0.0.1:4711/v1", "/v1"),
            ("http://127.0.0.1:4711/v1/?trace=1", "/v1"),
            ("/v1#x", "/v1"),
            ("http://host", ""),
            ("", ""),
        ] {
            assert_eq!(path(url), found, "{url}");
        }
    }
}
