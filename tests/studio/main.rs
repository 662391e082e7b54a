//! The studio in a real terminal: the program itself, on a PTY, against its own sandbox.

mod citizenship;
mod kit;
mod marks;
mod paying;
mod picture;
mod work;
