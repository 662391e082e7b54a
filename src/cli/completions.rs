//! `rushes completions`: a script for the shell.

use clap_complete::{Shell, generate};

use super::Context;
use super::args::command;
use super::trouble::Trouble;

pub(super) fn run(context: &mut Context, shell: Shell) -> Result<u8, Trouble> {
    let mut script = Vec::new();
    generate(shell, &mut command(), "rushes", &mut script);
    context.out.raw(&script)?;
    Ok(0)
}
