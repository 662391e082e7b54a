//! The studio by its own surface: keys as text in, effects and screens out.

mod account;
mod chain;
mod compare;
mod dialogs;
mod doubt;
mod drawing;
mod finding;
mod fuzz;
mod held;
mod images;
mod jobs;
mod keyboard;
mod kit;
mod larger;
mod money;
mod panicking;
mod partial;
mod paying;
mod pictures;
mod playing;
mod results;
mod storm;
mod take;
mod writing;
