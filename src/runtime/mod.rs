//! Everything that waits or does I/O: driver, HTTP, downloads, config, keys, the sandbox's server, opener.
//!
//! Must never contain drawing. One place reads the clock, one sends HTTP, one spawns the jobs' work.

pub mod account;
pub mod clip_server;
pub mod clock;
pub mod config;
pub mod database;
mod display;
pub mod driver;
pub mod exchange;
pub mod execute;
mod expected;
pub mod ffmpeg;
mod file_system;
pub mod files;
mod foreign;
pub mod frames;
pub mod held;
mod http;
pub mod image_paths;
pub mod images;
pub mod intents;
pub mod keeper;
pub mod keys;
pub mod limiter;
mod line;
pub mod live;
pub mod new_job;
pub mod notes;
pub mod opener;
pub mod pictures;
pub mod places;
mod private;
pub mod process;
pub mod profiles;
mod reach;
pub mod repair;
mod sandbox_files;
mod sandbox_gate;
pub mod sandbox_host;
mod sandbox_server;
pub mod save;
pub mod settle;
mod sidecar;
pub mod store_thread;
pub mod viewing;
pub mod workspace;
