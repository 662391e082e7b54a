//! Everything that waits or does I/O: driver, HTTP, downloads, config, keys, the sandbox's server, opener.
//!
//! Must never contain drawing. One place reads the clock, one sends HTTP, one spawns the jobs' work.

pub mod clock;
pub mod config;
pub mod database;
pub mod driver;
pub mod execute;
mod file_system;
pub mod files;
mod foreign;
mod http;
pub mod images;
pub mod keys;
mod limiter;
pub mod new_job;
pub mod opener;
pub mod places;
pub mod repair;
mod sandbox_files;
pub mod sandbox_host;
mod sandbox_server;
mod save;
mod sidecar;
pub mod store_thread;
pub mod workspace;
