//! The program: arguments in, exit code out.

use std::process::ExitCode;

use rushes::cli::{self, Asked};
use rushes::studio;

fn main() -> ExitCode {
    match cli::run(std::env::args_os(), studio::wrong_keys) {
        Asked::Done(status) => status,
        Asked::Studio(places) => {
            let (status, message) = studio::run(places);
            if let Some(message) = message {
                cli::complain(&message);
            }
            status
        }
    }
}
