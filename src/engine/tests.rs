//! The engine under virtual time: a script gives it inputs, and keeps what it says.

mod canceling;
mod confirming;
mod polling;
mod random;
mod saving;
mod script;
mod submitting;
mod table;
mod untold;
