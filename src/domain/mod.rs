//! The nouns and rules of the product: prompt, catalog, request, cost, job, history query.
//!
//! Must never contain I/O, async, the reading of a clock, or words of a screen.

pub mod account;
pub mod address;
pub mod catalog;
pub mod consent;
pub mod cost;
pub mod event;
pub mod finish;
pub mod job;
pub mod ledger;
pub mod mark;
pub mod money;
pub mod outcome;
pub mod promotion;
pub mod query;
pub mod recovery;
pub mod request;
pub mod result;
#[cfg(test)]
pub(crate) mod sample;
pub mod search_form;
pub mod secret;
pub mod setting;
pub mod size;
pub mod terminal_sequence;
pub mod text;
pub mod wait;
