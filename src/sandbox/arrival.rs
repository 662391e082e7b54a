//! What the protocols share in which the server makes the ids: RunPod's and Runbase's.
//!
//! Without a client's id nothing tells a submit that is sent again from a new one, so trouble that
//! comes only so often is counted by the prompt.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::derive;
use super::envelope;
use super::frames::Frame;
use super::order::{Order, Wishes};
use super::record::{Accepted, Door, Record};
use super::remote::Sandbox;
use super::reply::{Body, Delivery, Reply};
use super::size::Size;
use super::submit::{RATE_LIMITED, wait_ms};
use super::trouble::Trouble;
use crate::domain::job::JobKind;
use crate::domain::money::MicroUsd;
use crate::provider::wire::HttpRequest;

/// What is to be rendered, as far as these protocols can say it.
pub(super) struct Wanted {
    pub(super) prompt: String,
    pub(super) size: Size,
    pub(super) duration_ms: u32,
    pub(super) fps: u32,
    pub(super) image: Option<String>,
}

/// Why a submit gets no further before anything of it is checked.
pub(super) enum Hindrance {
    /// This is the whole answer.
    Reply(Reply),
    /// Too many requests; what to keep.
    Rate(Vec<Record>),
}

impl Sandbox {
    /// Whether `request` has a key that is accepted: as a bearer, or bare as RunPod's examples of
    /// operations send it.
    pub(super) fn knows_key(&self, request: &HttpRequest) -> bool {
        let bare = request.header("authorization").map(str::trim);
        envelope::fits(envelope::bearer(request).or(bare), &self.settings.keys)
    }

    /// Trouble that a prompt asks for and that comes only so often for it.
    pub(super) fn hinder(&mut self, door: Door, prompt: &str, now: Timestamp) -> Option<Hindrance> {
        let troubles = Trouble::asked_for(prompt);
        let often = [
            (Trouble::LostRequest, 1),
            (Trouble::ServerError, 1),
            (Trouble::RateLimit, RATE_LIMITED),
        ];
        let attempt = derive::attempt(prompt, self.times_accepted(door, prompt));
        for (trouble, times) in often {
            if !troubles.contains(&trouble) || self.times_turned_away(attempt, trouble) >= times {
                continue;
            }
            self.turn_away(attempt, trouble, now);
            let records = vec![Record::TurnedAway { task: attempt, at: now, trouble }];
            if trouble == Trouble::RateLimit {
                return Some(Hindrance::Rate(records));
            }
            let delivery = match trouble {
                Trouble::LostRequest => Delivery::Lost,
                _ => Delivery::Whole,
            };
            return Some(Hindrance::Reply(Reply {
                body: Body::Http(Reply::broken()),
                records,
                delivery,
            }));
        }
        self.is_full().then(|| Hindrance::Rate(Vec::new()))
    }

    fn times_accepted(&self, door: Door, prompt: &str) -> u64 {
        let same = self.tasks.values().filter(|task| {
            task.accepted.door == door
                && !task.accepted.troubles.is_empty()
                && task.order().prompt == prompt
        });
        same.count() as u64
    }

    /// Accepts what is wanted of `model`. Returns its id, what to keep, and whether the client hears of it.
    pub(super) fn take_in(
        &mut self,
        door: Door,
        model: &str,
        wanted: Wanted,
        cost: impl FnOnce(&Order) -> MicroUsd,
        now: Timestamp,
    ) -> (Uuid, Vec<Record>, Delivery) {
        let task = derive::server_task(self.accepted(), now);
        let troubles = Trouble::asked_for(&wanted.prompt);
        let order = order(task, wanted);
        let accepted = Accepted {
            task,
            at: now,
            base_ms: wait_ms(self.settings.speed, JobKind::Single, &troubles),
            model: model.to_owned(),
            cost_each: cost(&order),
            door,
            troubles,
            order,
            // Only `getTaskDetails` tells a request again, and it tells only Runware's.
            request: Value::Null,
        };
        let lost = accepted.troubles.contains(&Trouble::LostReply);
        let records = vec![Record::Accepted(Box::new(accepted.clone()))];
        self.accept(accepted);
        (task, records, if lost { Delivery::Lost } else { Delivery::Whole })
    }
}

/// What these protocols can't say takes the value that the page documents, or the provider's own choice.
fn order(task: Uuid, wanted: Wanted) -> Order {
    Order {
        prompt: wanted.prompt,
        kind: JobKind::Single,
        resolution: wanted.size.resolution,
        aspect: wanted.size.aspect,
        size_px: wanted.size.pixels,
        duration_ms: wanted.duration_ms,
        seed: derive::seed(task),
        results: 1,
        audio: None,
        camera_fixed: false,
        first_frame: wanted.image.map(Frame::Named),
        last_frame: None,
        draft_id: None,
        wishes: Wishes { include_cost: true, fps: wanted.fps, ..Wishes::default() },
    }
}

/// The JSON object of a body, or why there is none.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    if envelope::is_crowded(body) {
        return Err("it holds too many values".to_owned());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("it is not an object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
