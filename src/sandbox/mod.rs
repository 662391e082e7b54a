//! The embedded provider: a remote that speaks the protocols of Runware, RunPod and Runbase, and bills
//! play money.
//!
//! It is a plain value. Requests, the time and reports of rendered clips go in; answers and the
//! records of a journal come out. Must never contain sockets, a clock, randomness or threads: the
//! runtime serves it, and the simulation drives it by hand.
//!
//! Facts come from the providers' own pages and from notes of people who called the services; where
//! both are silent the guess is marked as ours at the one place where it stands.

mod answers;
mod arrival;
mod batch;
pub mod clip;
mod derive;
mod dispatch;
mod envelope;
mod fault;
mod fields;
mod frames;
mod ledger;
mod media;
mod order;
mod promotion;
mod record;
mod remote;
mod reply;
mod runbase;
mod runpod;
mod scene;
mod settings;
mod size;
mod submit;
mod task;
#[cfg(test)]
mod tests;
mod tone;
pub mod trouble;
mod vorbis;

pub use dispatch::Dispatch;
pub use envelope::{MAX_BODY_BYTES, MAX_TASKS_PER_REQUEST};
pub use frames::Frame;
pub use ledger::{LedgerLine, LedgerState};
pub use order::Order;
pub use record::{Accepted, Door, Record};
pub use remote::{Sandbox, Settings};
pub use reply::{Body, Delivery, Reply};
