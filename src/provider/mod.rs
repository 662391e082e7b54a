//! The providers' protocols: a request becomes bytes, bytes become an outcome.
//!
//! One file a protocol, each with the same functions; [`registry`] picks the file. Must never contain
//! async, an HTTP client, retries, or the reading of a clock.

mod body;
#[cfg(test)]
mod conformance;
mod pause;
pub mod registry;
mod reply;
mod runbase;
mod runpod;
mod runware;
mod runware_error;
pub mod wire;
