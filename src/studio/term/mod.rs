//! The terminal: what comes from it, and what is drawn on it. It knows nothing of the studio, and what it does can be
//! used by any other program that draws with [`ratatui`] and wants little on the wire, exact keys, and pictures.
//!
//! - [`terminal`] owns the terminal, and gives it back on every way out; [`tty`] is its bare end.
//! - [`input`] reads it on a thread of its own; [`keyboard`] tells keys, pastes and answers apart by their form alone,
//!   and [`burst`] says of a [`press`] whether it came by itself.
//! - [`canvas`] draws a [`frame`] of cells, or a part of one; [`backend`] writes it in the fewest bytes: [`shadow`] is
//!   what the terminal shows, [`pen`] its colours, [`motion`] its cursor.
//! - [`half_blocks`] draws a picture with cells, [`overlay`] in a form of the terminal's own; [`pace`] finds how much
//!   of a moving one the way to the terminal carries.
//! - [`panic_report`] keeps what a panic has to say until the terminal is given back.
//!
//! `examples/picture.rs` draws a picture and plays a clip with it.

pub mod backend;
pub mod burst;
pub mod canvas;
pub mod coded_key;
pub mod frame;
pub mod half_blocks;
pub mod input;
pub mod keyboard;
pub mod motion;
pub mod overlay;
pub mod pace;
pub mod panic_report;
pub mod pen;
pub mod press;
pub mod shadow;
pub mod terminal;
pub mod tty;
