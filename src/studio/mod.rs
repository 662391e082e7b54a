//! The studio: the terminal program. Key -> action -> message -> `update` -> effects -> `view`.
//!
//! Must never contain SQL, HTTP or provider names; only `run` and `execute` know the runtime.
//!
//! Public beside `run` is what `benches/playback` measures: the way of a picture to the terminal.

mod action;
mod app;
mod asked;
mod burst;
mod canvas;
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
mod frame;
mod frame_view;
pub mod half_blocks;
mod history;
mod history_view;
mod image_picker;
mod images;
mod input;
mod job_commands;
mod jobs_view;
mod keyboard;
mod keymap;
mod layout;
mod line;
mod models_view;
mod motion;
mod mouse;
mod msg;
mod offer;
mod overlay;
mod pace;
mod panic_report;
mod paying;
pub mod pen;
mod player;
mod player_commands;
mod poster;
mod presses;
mod preview_view;
mod prompt;
mod prompt_view;
pub mod quiet_backend;
mod results;
mod run;
mod saved;
mod settings;
mod settings_view;
mod shadow;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod tty;
mod update;
mod view;
mod ways;
mod word_diff;

pub use run::run;
