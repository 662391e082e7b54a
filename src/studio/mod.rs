//! The studio: the terminal program. Key -> action -> message -> `update` -> effects -> `view`.
//!
//! Must never contain SQL, HTTP or provider names; only `run` and `execute` know the runtime.

mod action;
mod app;
mod canvas;
mod commands;
mod detail_view;
mod dialog;
mod dialog_keys;
mod dialog_view;
mod editor;
mod execute;
mod form_image;
mod form_row;
mod frame;
mod frame_view;
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
mod panic_report;
mod pen;
mod preview_view;
mod prompt;
mod prompt_view;
mod quiet_backend;
mod run;
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

pub use run::run;
