//! Rushes, a terminal studio for iterating on AI video prompts.
//!
//! Each module is a room; ARCHITECTURE.md says what each is for, what it may import and which laws hold.

pub mod cli;
pub mod domain;
pub mod engine;
pub mod media;
pub mod provider;
pub mod runtime;
pub mod sandbox;
pub mod store;
pub mod studio;
pub mod words;
