//! The studio by its own surface: keys as text in, effects and screens out.

mod dialogs;
mod finding;
mod jobs;
mod keyboard;
mod kit;
mod take;
mod writing;
