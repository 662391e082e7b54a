//! The durable job engine: a function of values that says what to store and what to do.
//!
//! Must never contain async, I/O, provider names, or SQL. Time and randomness come in as values.
//! [`Engine::handle`] takes what happened and returns a [`Step`]: the caller commits its writes in one
//! transaction and only then carries out its commands (law 1).

mod cancel;
mod confirm;
mod core;
mod fold;
mod live;
mod message;
mod missing;
mod provider_state;
mod results;
pub mod schedule;
mod transition;

pub use core::{Engine, Held, Watched};
pub use fold::apply;
pub use message::{Adopted, Command, Input, Now, Step, Target};
pub use transition::transition;

#[cfg(test)]
mod tests;
