//! The studio by its own surface: keys as text in, effects and screens out.

mod dialogs;
mod drawing;
mod finding;
mod fuzz;
mod jobs;
mod keyboard;
mod kit;
mod panicking;
mod storm;
mod take;
mod writing;
