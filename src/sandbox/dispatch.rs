//! What the sandbox sends out by itself: a clip to its upload address, and the word of each result to a webhook
//! (docs, `uploadEndpoint` and `webhookURL`). Only within this machine: a fake has nobody else to write to.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::answers::item;
use super::clip::Container;
use super::record::Record;
use super::remote::Sandbox;
use super::task::Outcome;
use crate::domain::address::Address;

/// What is to be sent of one result.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// The task.
    pub task: Uuid,
    /// Which of its results.
    pub index: u32,
    /// Where its clip goes, by PUT, where it has one and that is wanted.
    pub clip: Option<(Address, Uuid, Container)>,
    /// Where the word of it goes, by POST: the object that a poll tells, one call a result.
    pub word: Option<(Address, Value)>,
}

impl Sandbox {
    /// What is due at `now`, and when there may be more. `origin` begins the addresses of results.
    pub fn dispatches(&self, origin: &str, now: Timestamp) -> (Vec<Dispatch>, Option<Timestamp>) {
        let ready = self.to_dispatch.iter().take_while(|(due, ..)| *due <= now);
        let ready = ready.filter_map(|(_, id, index)| self.dispatch(*id, *index, origin, now));
        let next = self.to_dispatch.iter().find(|(due, ..)| *due > now).map(|(due, ..)| *due);
        (ready.collect(), next)
    }

    /// Tells that a result was sent out, or can't be. Returns the record to keep.
    pub fn dispatched(&mut self, task: Uuid, index: u32) -> Record {
        self.forget_dispatch(task, index);
        Record::Dispatched { task, index }
    }

    /// Whether anything of `task` is still to be sent out.
    pub fn has_dispatches(&self, task: Uuid) -> bool {
        self.to_dispatch.iter().any(|(_, id, _)| *id == task)
    }

    pub(super) fn forget_dispatch(&mut self, task: Uuid, index: u32) {
        self.to_dispatch.retain(|(_, id, other)| (*id, *other) != (task, index));
    }

    fn dispatch(&self, id: Uuid, index: u32, origin: &str, now: Timestamp) -> Option<Dispatch> {
        let task = self.tasks.get(&id)?;
        let clip = task.clips.get(index as usize)?;
        let outcome = task.outcome(index, now);
        if matches!(outcome, Outcome::Processing) {
            return None;
        }
        let wishes = &task.order().wishes;
        let made = matches!(outcome, Outcome::Success);
        let (Ok(told) | Err(told)) = item(task, index, clip, outcome, origin);
        let upload = wishes.upload_endpoint.clone().filter(|_| made);
        Some(Dispatch {
            task: id,
            index,
            clip: upload.map(|to| (to, clip.video, task.container())),
            word: wishes.webhook_url.clone().map(|to| (to, told)),
        })
    }
}

/// Whether `address` is on this machine and can be written to in plain http.
pub(super) fn is_here(address: &Address) -> bool {
    let Some(rest) = address.expose().strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
