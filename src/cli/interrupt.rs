//! Signals that end or stop a verb which stays with jobs: heard instead of obeyed, so that it can first do and
//! say what becomes of them. It then dies by the same signal, since a shell ends a loop for nothing less.

use rustix::process::{Signal, getpid, kill_process};
use signal_hook::low_level::emulate_default_handler;
use tokio::signal::unix;

use super::trouble::Trouble;
use crate::runtime::process::is_ignored;

/// The signals that are heard: none that this process was told to ignore, as by `nohup`.
pub(super) struct Signals {
    int: Option<unix::Signal>,
    term: Option<unix::Signal>,
    hup: Option<unix::Signal>,
    stop: Option<unix::Signal>,
}

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is to end, by this signal.
    End(i32),
    /// It is to stop until it is continued.
    Stop,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Trouble> {
        let hear = |one: Signal| match is_ignored(one) {
            true => Ok(None),
            false => unix::signal(unix::SignalKind::from_raw(one.as_raw()))
                .map(Some)
                .map_err(|error| Trouble::failed(format!("signals can't be heard: {error}"))),
        };
        Ok(Self {
            int: hear(Signal::INT)?,
            term: hear(Signal::TERM)?,
            hup: hear(Signal::HUP)?,
            stop: hear(Signal::TSTP)?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Heard {
        tokio::select! {
            () = heard(&mut self.int) => Heard::End(Signal::INT.as_raw()),
            () = heard(&mut self.term) => Heard::End(Signal::TERM.as_raw()),
            () = heard(&mut self.hup) => Heard::End(Signal::HUP.as_raw()),
            () = heard(&mut self.stop) => Heard::Stop,
        }
    }

    /// Waits for one that ends a verb which leaves nothing behind, and stops where it is told to.
    pub(super) async fn end(&mut self) -> Trouble {
        loop {
            match self.next().await {
                Heard::End(signal) => {
                    return Trouble::Interrupted { signal, message: String::new() };
                }
                Heard::Stop => stop(),
            }
        }
    }
}

async fn heard(signal: &mut Option<unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Stops this process until it is continued.
pub(super) fn stop() {
    // Not by SIGTSTP, which is heard here.
    let _ = kill_process(getpid(), Signal::STOP);
}

/// Dies by `signal` as if it had never been heard; returns where that can't be.
pub(super) fn die_by(signal: i32) {
    drop(emulate_default_handler(signal));
}
