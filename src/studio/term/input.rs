//! Keys, pastes, the mouse, window sizes and signals, as messages on one bounded channel, in one order.
//!
//! The reader can be paused, so that `$EDITOR` has the keyboard to itself. Bytes are read here and not by
//! crossterm, which keeps replies of the terminal to itself and reads one that hung up in a loop without end.

use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossterm::event::MouseEvent;
use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::JoinHandle;

use super::burst::Burst;
use super::keyboard::{Keyboard, Reply};
use super::press::Press;
use super::tty;

/// Messages that wait at most; beyond that the reader waits, and the kernel keeps the keys.
const QUEUE_MAX: usize = 256;
/// How much is read at once.
const READ_BYTES: usize = 4096;
/// How often a reader without room looks whether there is some.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

/// One thing that came from the terminal or from the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed or repeats; releases are filtered.
    Key(Press),
    /// A bracketed paste, whole and as it came: control characters and all.
    Paste(String),
    /// A click, a drag or the wheel.
    Mouse(MouseEvent),
    /// The terminal got or lost the focus.
    Focus(bool),
    /// The terminal answers.
    Reply(Reply),
    /// The window has a new size; ask the screen which. At most one of these waits at a time.
    Resized,
    /// SIGTSTP from outside; Ctrl+Z arrives as a key.
    Suspend,
    /// SIGCONT: we run again, and the terminal may look different.
    Continued,
    /// A signal asks us to end.
    End(Ending),
    /// The terminal no longer exists. Nothing can be shown or read any more.
    Gone,
}

/// Which signal asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// SIGTERM.
    Term,
    /// SIGHUP: the connection dropped.
    Hup,
    /// SIGINT from outside; Ctrl+C arrives as a key.
    Int,
    /// Any other that ends programs and can be heard, by its number.
    Other(i32),
}

/// Signals that nobody sends to a studio in the usual course, and that would end it with the terminal as it is. Not
/// among them are those that tell of a fault of our own (SEGV, BUS, ILL, FPE): whoever hears one comes back to it.
const OTHERS: &[rustix::process::Signal] = {
    use rustix::process::Signal as S;
    &[
        S::QUIT,
        S::TRAP,
        S::ABORT,
        S::USR1,
        S::USR2,
        S::ALARM,
        S::XCPU,
        S::XFSZ,
        S::VTALARM,
        S::PROF,
        S::SYS,
        #[cfg(target_os = "linux")]
        S::IO,
        #[cfg(target_os = "linux")]
        S::STKFLT,
        #[cfg(target_os = "linux")]
        S::POWER,
    ]
};
/// Those that have numbers alone; how many there are is the system's affair.
const NUMBERED: std::ops::Range<i32> = if cfg!(target_os = "linux") { 34..65 } else { 0..0 };

/// Has `sender` told of each of [`OTHERS`] and [`NUMBERED`].
fn forward_others(sender: &mpsc::Sender<Input>) -> io::Result<()> {
    let named = OTHERS
        .iter()
        .map(|one| signal(SignalKind::from_raw(one.as_raw())).map(|heard| (one.as_raw(), heard)));
    let numbered =
        NUMBERED.filter_map(|number| Some((number, signal(SignalKind::from_raw(number)).ok()?)));
    for one in named.chain(numbered.map(Ok)) {
        let (number, mut heard) = one?;
        let sender = sender.clone();
        tokio::spawn(async move {
            if heard.recv().await.is_some() {
                tty::hurry();
                // Without a studio nobody needs to be told.
                drop(sender.send(Input::End(Ending::Other(number))).await);
            }
        });
    }
    Ok(())
}

/// The inputs of a studio. One at a time in a process, on a multi-threaded runtime: signals must be heard while
/// the drawing thread is held up by a slow terminal.
pub struct Inputs {
    sender: mpsc::Sender<Input>,
    receiver: mpsc::Receiver<Input>,
    resize_waits: Arc<AtomicBool>,
    reader: Option<Reader>,
    signals: JoinHandle<()>,
    clock: fn() -> Timestamp,
}

impl Inputs {
    /// Listens to signals, and says by `clock` when keys came; they are read from [`Inputs::resume`] on, so that the first
    /// frame can go out before anything else is started.
    ///
    /// # Errors
    /// When a signal handler can't be set up.
    pub fn new(clock: fn() -> Timestamp) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        let resize_waits = Arc::new(AtomicBool::new(false));
        forward_others(&sender)?;
        let signals = tokio::spawn(Signals::new()?.forward(sender.clone(), resize_waits.clone()));
        Ok(Self { sender, receiver, resize_waits, reader: None, signals, clock })
    }

    /// Waits for the next input. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Input {
        let input = self.receiver.recv().await;
        self.taken(input).unwrap_or(Input::Gone)
    }

    /// The next input if one waits already.
    pub fn ready(&mut self) -> Option<Input> {
        let input = self.receiver.try_recv().ok();
        self.taken(input)
    }

    /// Reads keys, at first and again after [`Inputs::pause`].
    ///
    /// # Errors
    /// When there is no terminal to read from.
    pub fn resume(&mut self) -> io::Result<()> {
        if self.reader.is_none() {
            self.reader = Some(Reader::start(self.sender.clone(), self.clock)?);
        }
        Ok(())
    }

    /// Stops reading, so that another program can have the keyboard. Signals still arrive.
    pub fn pause(&mut self) {
        self.reader = None;
    }

    fn taken(&self, input: Option<Input>) -> Option<Input> {
        if input == Some(Input::Resized) {
            self.resize_waits.store(false, Ordering::Release);
        }
        input
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        self.signals.abort();
    }
}

/// A thread that reads keys until this is dropped.
struct Reader {
    /// Closing it is what ends the thread.
    stop: Option<OwnedFd>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Reader {
    fn start(sender: mpsc::Sender<Input>, clock: fn() -> Timestamp) -> io::Result<Self> {
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)?;
        let terminal = keys()?;
        let read = move || read_keys(&terminal, &stopped, &sender, clock);
        let thread = thread::Builder::new().name("keys".into()).spawn(read)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Reader {
    /// Returns once nothing is read any more.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Reads until `stopped`, or until the terminal is gone, which its end of file or an error says.
fn read_keys(
    terminal: &OwnedFd,
    stopped: &OwnedFd,
    sender: &mpsc::Sender<Input>,
    clock: fn() -> Timestamp,
) {
    let (mut keyboard, mut burst, mut inputs) = (Keyboard::default(), Burst::default(), Vec::new());
    let mut bytes = [0; READ_BYTES];
    loop {
        let patience = keyboard.patience().and_then(|patience| Timespec::try_from(patience).ok());
        let mut fds =
            [PollFd::new(stopped, PollFlags::empty()), PollFd::new(terminal, PollFlags::IN)];
        match poll(&mut fds, patience.as_ref()) {
            Ok(0) => keyboard.settle(|input| inputs.push(input)),
            Ok(_) if !fds[0].revents().is_empty() => return,
            Ok(_) => match rustix::io::read(terminal, &mut bytes) {
                Err(Errno::INTR | Errno::AGAIN) => {}
                Ok(0) | Err(_) => inputs.push(Input::Gone),
                Ok(count) => keyboard.read(&bytes[..count], |input| inputs.push(input)),
            },
            Err(Errno::INTR) => {}
            Err(_) => inputs.push(Input::Gone),
        }
        let has_keys = burst.mark(&mut inputs, clock());
        for input in inputs.drain(..) {
            let last = input == Input::Gone;
            if !deliver(input, stopped, sender) || last {
                return;
            }
        }
        if has_keys {
            burst.handed_on(clock());
        }
    }
}

/// Queues `input`; as long as there is no room the kernel keeps the keys. Returns whether reading goes on.
fn deliver(mut input: Input, stopped: &OwnedFd, sender: &mpsc::Sender<Input>) -> bool {
    loop {
        match sender.try_send(input) {
            Ok(()) => return true,
            Err(TrySendError::Closed(_)) => return false,
            Err(TrySendError::Full(back)) => input = back,
        }
        let mut fds = [PollFd::new(stopped, PollFlags::empty())];
        if poll(&mut fds, Some(&LOOK_EVERY)).is_ok_and(|ready| ready > 0) {
            return false;
        }
    }
}

/// The terminal that keys come from, opened a second time, so that its being non-blocking is our own affair.
fn keys() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    if !stdin.is_terminal() {
        return Ok(rustix::fs::open("/dev/tty", flags, Mode::empty())?);
    }
    let own = rustix::termios::ttyname(&stdin, Vec::new())
        .and_then(|path| rustix::fs::open(path, flags, Mode::empty()));
    own.or_else(|_| stdin.as_fd().try_clone_to_owned())
}

struct Signals {
    term: Signal,
    hup: Signal,
    int: Signal,
    stop: Signal,
    cont: Signal,
    winch: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        // tokio has no names for these two; the numbers come from the system's headers by way of rustix.
        let kind = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            hup: signal(SignalKind::hangup())?,
            int: signal(SignalKind::interrupt())?,
            stop: signal(kind(rustix::process::Signal::TSTP))?,
            cont: signal(kind(rustix::process::Signal::CONT))?,
            winch: signal(SignalKind::window_change())?,
        })
    }

    async fn forward(mut self, sender: mpsc::Sender<Input>, resize_waits: Arc<AtomicBool>) {
        loop {
            let input = tokio::select! {
                _ = self.term.recv() => Input::End(Ending::Term),
                _ = self.hup.recv() => Input::End(Ending::Hup),
                _ = self.int.recv() => Input::End(Ending::Int),
                _ = self.stop.recv() => Input::Suspend,
                _ = self.cont.recv() => Input::Continued,
                _ = self.winch.recv() => Input::Resized,
            };
            if matches!(input, Input::End(_)) {
                // The loop that will read this may sit in a write to a terminal that takes nothing.
                tty::hurry();
            }
            if input == Input::Resized && resize_waits.swap(true, Ordering::AcqRel) {
                continue;
            }
            if sender.send(input).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn signals_arrive_and_resizes_are_coalesced() {
        let (sender, mut receiver) = mpsc::channel(8);
        let waits = Arc::new(AtomicBool::new(true));
        let task = tokio::spawn(Signals::new().expect("as set up").forward(sender, waits));
        let me = rustix::process::getpid();
        for signal in [rustix::process::Signal::WINCH, rustix::process::Signal::TERM] {
            rustix::process::kill_process(me, signal).expect("as set up");
        }
        assert_eq!(
            receiver.recv().await,
            Some(Input::End(Ending::Term)),
            "the second resize adds nothing"
        );
        rustix::process::kill_process(me, rustix::process::Signal::TSTP).expect("as set up");
        assert_eq!(receiver.recv().await, Some(Input::Suspend));
        task.abort();
    }
}
