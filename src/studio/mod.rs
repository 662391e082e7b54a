//! The studio: the terminal program. Key -> action -> message -> `update` -> effects -> `view`.
//!
//! Must never contain SQL, HTTP or provider names; only `run` and `execute` know the runtime.
//!
//! Public beside `run` is what `benches/playback` measures: the way of a picture to the terminal.

mod action;
mod app;
mod asked;
mod chain;
mod commands;
mod compare;
mod compare_view;
mod detail_view;
mod dialog;
mod dialog_keys;
mod dialog_view;
mod effect;
mod execute;
mod form_image;
mod frame_view;
mod history;
mod history_view;
mod image_picker;
mod images;
mod job_commands;
mod jobs_view;
mod keymap;
mod layout;
mod line;
mod models_view;
mod mouse;
mod msg;
mod offer;
mod paying;
mod player;
mod player_commands;
mod poster;
mod presses;
mod preview_view;
mod promoting;
mod prompt;
mod prompt_view;
mod recorder;
mod results;
mod run;
mod saved;
mod settings;
mod settings_view;
pub mod term;
#[cfg(test)]
mod tests;
mod theme;
mod update;
mod view;
mod ways;
mod word_diff;

pub use keymap::wrong_keys;
pub use run::run;
