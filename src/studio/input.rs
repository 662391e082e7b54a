//! Keys, pastes, the mouse, window sizes and signals, as messages on one bounded channel, in one order.
//!
//! The reader can be paused, so that `$EDITOR` has the keyboard to itself. A terminal that is gone is noticed
//! by the kernel telling so, not by reading: crossterm reads a hung-up terminal in a loop without end.

use std::future::poll_fn;
use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd as _, IntoRawFd as _, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossterm::event::{Event, EventStream, KeyEvent, KeyEventKind, MouseEvent};
use futures_core::Stream as _;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::tty;

/// Messages that wait at most; beyond that the reader waits, and the kernel keeps the keys.
const QUEUE_MAX: usize = 256;

/// One thing that came from the terminal or from the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed or repeats; releases are filtered.
    Key(KeyEvent),
    /// A bracketed paste, whole and as it came: control characters and all.
    Paste(String),
    /// A click, a drag or the wheel.
    Mouse(MouseEvent),
    /// The terminal got or lost the focus.
    Focus(bool),
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
}

/// The inputs of a studio. One at a time in a process, on a multi-threaded runtime: signals must be heard while
/// the drawing thread is held up by a slow terminal.
pub struct Inputs {
    sender: mpsc::Sender<Input>,
    receiver: mpsc::Receiver<Input>,
    resize_waits: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    signals: JoinHandle<()>,
    /// Closing it ends the watcher.
    _watcher_lives: OwnedFd,
}

impl Inputs {
    /// Listens to signals and watches the terminal; keys are read from [`Inputs::resume`] on, so that the first
    /// frame can go out before anything else is started.
    ///
    /// # Errors
    /// When a signal handler or the watching thread can't be set up.
    pub fn new() -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        let resize_waits = Arc::new(AtomicBool::new(false));
        let watcher_lives = watch_terminal(sender.clone())?;
        let signals = tokio::spawn(Signals::new()?.forward(sender.clone(), resize_waits.clone()));
        Ok(Self {
            sender,
            receiver,
            resize_waits,
            reader: None,
            signals,
            _watcher_lives: watcher_lives,
        })
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
    pub fn resume(&mut self) {
        if self.reader.is_none() {
            self.reader = Some(tokio::spawn(read_keys(self.sender.clone())));
        }
    }

    /// Stops reading, so that another program can have the keyboard. Signals still arrive.
    pub async fn pause(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.abort();
            // Ends in a cancellation, which is what was asked for; the event stream is dropped by then.
            let _ = reader.await;
        }
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
        if let Some(reader) = &self.reader {
            reader.abort();
        }
    }
}

async fn read_keys(sender: mpsc::Sender<Input>) {
    let mut events = EventStream::new();
    loop {
        let input = match poll_fn(|cx| Pin::new(&mut events).poll_next(cx)).await {
            Some(Ok(event)) => input_of(event),
            Some(Err(_)) | None => Some(Input::Gone),
        };
        let Some(input) = input else { continue };
        let last = input == Input::Gone;
        if sender.send(input).await.is_err() || last {
            return;
        }
    }
}

fn input_of(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) => (key.kind != KeyEventKind::Release).then_some(Input::Key(key)),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Mouse(mouse) => Some(Input::Mouse(mouse)),
        Event::FocusGained => Some(Input::Focus(true)),
        Event::FocusLost => Some(Input::Focus(false)),
        // SIGWINCH is listened to here, also while the reader is paused; this would be the same news again.
        Event::Resize(..) => None,
    }
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

/// Starts a thread that sleeps until the terminal hangs up, and costs nothing until then: it asks for no
/// readiness at all, so that the kernel wakes it for the hangup only. Returns what keeps it alive.
fn watch_terminal(sender: mpsc::Sender<Input>) -> io::Result<OwnedFd> {
    let (stop, lives) = pipe_with(PipeFlags::CLOEXEC)?;
    let stdin = io::stdin();
    let reads_stdin = stdin.is_terminal();
    let tty = if reads_stdin {
        stdin.as_fd().try_clone_to_owned()?
    } else {
        io::stdout().as_fd().try_clone_to_owned()?
    };
    let watch = move || {
        let mut fds =
            [PollFd::new(&tty, PollFlags::empty()), PollFd::new(&stop, PollFlags::empty())];
        while let Err(rustix::io::Errno::INTR) = poll(&mut fds, None) {}
        if fds[1].revents().is_empty() {
            if reads_stdin {
                // A failure leaves crossterm reading in a loop for the moment that the program takes to end.
                let _ = silence_stdin();
            }
            // An error means that nobody listens any more, and then nobody needs to know.
            let _ = sender.blocking_send(Input::Gone);
        }
    };
    thread::Builder::new().name("terminal-watch".into()).spawn(watch)?;
    Ok(lives)
}

/// Puts an empty pipe in place of standard input. crossterm's thread takes the end of a hung-up terminal for
/// "no event yet" and reads again at once, at 100 % of a core; a read that would block sends it to sleep.
fn silence_stdin() -> io::Result<()> {
    let (empty, open_end) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    rustix::stdio::dup2_stdin(&empty)?;
    // Stays open as long as the process: a closed end would read as an end of file again.
    let _ = open_end.into_raw_fd();
    Ok(())
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    #[test]
    fn releases_and_crossterms_own_resizes_are_filtered() {
        let key = |kind| {
            Event::Key(KeyEvent::new_with_kind(KeyCode::Char('a'), KeyModifiers::NONE, kind))
        };
        assert!(matches!(input_of(key(KeyEventKind::Press)), Some(Input::Key(_))));
        assert!(matches!(input_of(key(KeyEventKind::Repeat)), Some(Input::Key(_))));
        assert_eq!(input_of(key(KeyEventKind::Release)), None);
        assert_eq!(input_of(Event::Resize(80, 24)), None);
        assert_eq!(
            input_of(Event::Paste("a\r\u{1b}b".into())),
            Some(Input::Paste("a\r\u{1b}b".into()))
        );
    }

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
