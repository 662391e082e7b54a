//! The loop: wait, take in what is ready, start what it asks for, draw once. Nothing here waits for
//! anything but the next message.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::app::{App, Look};
use super::effect::{Effect, Terminal, Write};
use super::execute::{Outside, Writes, lives, opened};
use super::keymap::{Keymap, Tables};
use super::layout;
use super::msg::{Msg, Opened};
use super::paying;
use super::recorder;
use super::term::input::{Ending, Input, Inputs};
use super::term::keyboard::Reply;
use super::term::panic_report;
use super::term::pen::Depth;
use super::term::terminal::{Options, Screen, is_gone};
use super::theme::Theme;
use super::update::update;
use super::view::view;
use crate::runtime::capacity;
use crate::runtime::clock::wall;
use crate::runtime::driver::{Bell, Driver};
use crate::runtime::editor;
use crate::runtime::keeper;
use crate::runtime::notes::Listener;
use crate::runtime::places::Places;
use crate::runtime::workspace::{Workspace, WorkspaceError};

/// The most messages that wait for the studio.
const MAX_MESSAGES: usize = 256;
/// The most inputs that are taken in before a frame is drawn.
const MAX_INPUTS_A_TURN: usize = 256;

/// How long what was written last may take to be stored, before the program ends without it.
const STORING: Duration = Duration::from_secs(5);
/// How long the database may take to be closed, after a quit and otherwise.
const CLOSING: Duration = Duration::from_millis(500);
const CLOSING_AT_ONCE: Duration = Duration::from_millis(30);

/// How the studio ended.
enum End {
    Quit,
    Signal(Ending),
    Gone,
    Failed(String),
}

/// What came of an effect.
enum Done {
    Silent,
    Said(Msg),
    Quit,
}

/// Runs the studio on `places` until it is left. Returns the exit status and, where there is
/// something to say on the terminal that was given back, a sentence.
pub fn run(places: Places) -> (ExitCode, Option<String>) {
    if let Err(short) = capacity::ensure() {
        return (ExitCode::FAILURE, Some(short.to_string()));
    }
    panic_report::install(places.data_dir.join("reports"), recorder::told);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            return (ExitCode::FAILURE, Some(format!("the program can't start: {error}")));
        }
    };
    let (end, left) = match runtime.block_on(Studio::run(places)) {
        Ok((end, left)) => (end, left),
        Err(error) => (Err(error), None),
    };
    // Whatever still works in the background is durable, and continued by the next start.
    runtime.shutdown_timeout(Duration::from_millis(50));
    match end {
        Ok(End::Quit) => (ExitCode::SUCCESS, left),
        // As a shell says it: 128 and the signal's number.
        Ok(End::Signal(Ending::Hup)) => (ExitCode::from(129), left),
        Ok(End::Signal(Ending::Int)) => (ExitCode::from(130), left),
        Ok(End::Signal(Ending::Term)) => (ExitCode::from(143), left),
        Ok(End::Signal(Ending::Other(signal))) => (ExitCode::from(128 + signal as u8), left),
        Ok(End::Gone) => (ExitCode::from(129), None),
        Ok(End::Failed(why)) => (ExitCode::FAILURE, Some(why)),
        Err(error) if is_gone(&error) => (ExitCode::from(129), None),
        Err(error) => (ExitCode::FAILURE, Some(format!("the terminal can't be used: {error}"))),
    }
}

struct Studio {
    app: App,
    /// How the panes around the prompt looked when they were drawn last.
    drawn: Option<Look>,
    screen: Screen,
    inputs: Inputs,
    messages: mpsc::Receiver<Msg>,
    sender: mpsc::Sender<Msg>,
    outside: Option<Outside>,
    /// Where what is to be stored waits its turn.
    writes: Option<Writes>,
    driver: Option<Driver>,
    /// Tells effects whose bell to ring.
    bell: Option<watch::Sender<Bell>>,
    /// Whoever drives hands over, before the program stops.
    leaving: Option<JoinHandle<()>>,
    /// Effects that came before the workspace was open.
    early: Vec<Effect>,
}

impl Studio {
    /// How it ended, and what becomes of the jobs that still run, in a sentence.
    async fn run(places: Places) -> io::Result<(io::Result<End>, Option<String>)> {
        let depth = Depth::from_env(|name| std::env::var(name).ok());
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        // Signals are heard before the terminal is changed, so that none can leave it so.
        let mut inputs = Inputs::new(wall)?;
        let mut screen = Screen::open(Options { mouse: true, depth })?;
        let (keymap, _) = Keymap::new(&Tables::new());
        let mut app = App::new(wall(), keymap, Theme::named("ansi", plain), "ansi".to_owned());
        let size = screen.size()?;
        app.size = (size.width, size.height);
        app.depth = depth;
        app.far = std::env::var_os("SSH_CONNECTION").is_some();
        // The first picture comes before any file, network or terminal is asked.
        screen.draw(None, |frame| view(&app, frame))?;
        let (sender, messages) = mpsc::channel(MAX_MESSAGES);
        inputs.resume()?;
        let mut studio = Self {
            app,
            drawn: None,
            screen,
            inputs,
            messages,
            sender,
            outside: None,
            writes: None,
            driver: None,
            bell: None,
            leaving: None,
            early: Vec::new(),
        };
        let end = studio.live(open(places)).await;
        // The terminal first: what follows may wait for the disk.
        let Self { mut app, screen, messages, outside, writes, driver, .. } = studio;
        drop((screen, messages));
        let (Some(outside), Some(writes)) = (outside, writes) else { return Ok((end, None)) };
        // Whatever ended it: a terminal that is gone shows first where it is written to.
        writes.put(Write::Save(Box::new(app.take_saved())));
        timeout(STORING, writes.stored()).await.ok();
        // The reply to what is being sent is known here alone.
        if let Some(driver) = driver {
            driver.end().await;
        }
        let left = keeper::hand_over(&outside.workspace, false).await.map(|left| left.words);
        // As whoever uses the database last closes it, one file holds everything. Whoever must leave at once
        // leaves a log beside it, which is as good; what is not closed by then is closed by the process's end.
        let patience = if matches!(end, Ok(End::Quit)) { CLOSING } else { CLOSING_AT_ONCE };
        timeout(patience, outside.workspace.store.close()).await.ok();
        Ok((end, left))
    }

    async fn live(
        &mut self,
        mut opening: oneshot::Receiver<Result<Found, WorkspaceError>>,
    ) -> io::Result<End> {
        loop {
            let tick = self
                .app
                .next_tick()
                .map(|at| Duration::try_from(at.duration_since(wall())).unwrap_or_default());
            let is_open = self.outside.is_some();
            let end = tokio::select! {
                input = self.inputs.next(), if self.has_room() => self.take_inputs(input).await?,
                Some(message) = self.messages.recv() => self.take(message).await?,
                workspace = &mut opening, if !is_open => match workspace {
                    Ok(Ok((workspace, known))) => self.take_workspace(workspace, known).await?,
                    Ok(Err(error)) => Some(End::Failed(error.to_string())),
                    Err(_) => Some(End::Failed("the data folder could not be opened".to_owned())),
                },
                changed = changed(&mut self.driver) => match changed {
                    Ok(snapshot) => self.take(snapshot).await?,
                    Err(why) => Some(End::Failed(why)),
                },
                () = left(&mut self.leaving) => self.stop().await?,
                () = sleep(tick.unwrap_or(Duration::MAX)), if tick.is_some() => self.take(Msg::Tick).await?,
            };
            if let Some(end) = end {
                return Ok(end);
            }
            self.draw()?;
            if paying::asks_unseen(&self.app)
                && let Some(end) = self.take(Msg::Drawn).await?
            {
                return Ok(end);
            }
        }
    }

    /// Draws once: the prompt alone where nothing around it looks different.
    fn draw(&mut self) -> io::Result<()> {
        let (app, look) = (&self.app, self.app.look());
        let same = self.drawn == Some(look);
        let part = same.then(|| layout::prompt(app)).flatten();
        self.screen.draw(part, |frame| view(app, frame))?;
        self.drawn = Some(look);
        Ok(())
    }

    /// Takes in every input that is ready, up to a bound, before anything is drawn.
    async fn take_inputs(&mut self, first: Input) -> io::Result<Option<End>> {
        let mut next = Some(first);
        let mut taken = 0;
        while let Some(input) = next.take() {
            let message = match input {
                Input::Key(press) => Msg::Key(press),
                Input::Paste(text) => Msg::Paste(text),
                Input::Mouse(event) => Msg::Mouse(event),
                Input::Focus(in_front) => Msg::Focus(in_front),
                Input::Reply(reply) => Msg::Reply(reply),
                Input::Resized => {
                    self.measure().await?;
                    let size = self.screen.size()?;
                    if self.app.size == (size.width, size.height) {
                        // Who says so without a new size wants all of it again: tmux that took another client on.
                        self.screen.repaint()?;
                    }
                    Msg::Resize(size.width, size.height)
                }
                Input::Suspend => Msg::Suspend,
                Input::Continued => {
                    // In the background this stops again, so nobody drives before.
                    self.screen.enter()?;
                    self.drive();
                    self.inputs.resume()?;
                    self.measure().await?;
                    let size = self.screen.size()?;
                    Msg::Resize(size.width, size.height)
                }
                Input::End(ending) => return Ok(Some(End::Signal(ending))),
                Input::Gone => return Ok(Some(End::Gone)),
            };
            if let Some(end) = self.take(message).await? {
                return Ok(Some(end));
            }
            taken += 1;
            if taken < MAX_INPUTS_A_TURN {
                next = self.inputs.ready();
            }
        }
        Ok(None)
    }

    /// Takes in how large a cell is by the kernel, as if the terminal had said so: some never do, and none does
    /// when its letters become larger.
    async fn measure(&mut self) -> io::Result<Option<End>> {
        match self.screen.cell_px()? {
            Some((width_px, height_px)) => {
                self.take(Msg::Reply(Reply::Cell { width_px, height_px })).await
            }
            None => Ok(None),
        }
    }

    async fn take_workspace(
        &mut self,
        workspace: Workspace,
        known: Box<Opened>,
    ) -> io::Result<Option<End>> {
        let workspace = Arc::new(workspace);
        let driver = Driver::start(Arc::clone(&workspace));
        let (messages, (rings, bell)) = (self.sender.clone(), watch::channel(driver.bell()));
        tokio::spawn(tell(workspace.notes.listen(), messages.clone()));
        let outside = Outside::new(workspace, messages, bell);
        self.writes = Some(Writes::start(outside.clone()));
        self.outside = Some(outside);
        (self.driver, self.bell) = (Some(driver), Some(rings));
        for effect in std::mem::take(&mut self.early) {
            self.carry_out(effect).await?;
        }
        self.measure().await?;
        self.take(Msg::Opened(known)).await
    }

    /// Takes `message` in, and what comes of it at once.
    async fn take(&mut self, message: Msg) -> io::Result<Option<End>> {
        let mut next = vec![message];
        while let Some(message) = next.pop() {
            let now = wall();
            recorder::came(&message, now);
            for effect in update(&mut self.app, message, now) {
                recorder::wanted(&effect, now);
                match self.carry_out(effect).await? {
                    Done::Quit => return Ok(Some(End::Quit)),
                    Done::Said(message) => next.push(message),
                    Done::Silent => {}
                }
            }
        }
        Ok(None)
    }

    async fn carry_out(&mut self, effect: Effect) -> io::Result<Done> {
        match (effect, &self.outside, &self.writes) {
            (Effect::Terminal(effect), ..) => return self.on_terminal(effect).await,
            (Effect::Load(load), Some(outside), _) => outside.load(load),
            (Effect::Write(write), _, Some(writes)) => {
                let is_mark = matches!(write, Write::Mark(..));
                if !writes.put(write) {
                    let full = "too much waits to be stored: this was not done".to_owned();
                    // A mark is waited for, or the lists would never be read again.
                    let said = if is_mark { Msg::Marked(Err(full)) } else { Msg::Complain(full) };
                    return Ok(Done::Said(said));
                }
            }
            (effect, ..) => self.early.push(effect),
        }
        Ok(Done::Silent)
    }

    async fn on_terminal(&mut self, effect: Terminal) -> io::Result<Done> {
        match effect {
            Terminal::Quit => return Ok(Done::Quit),
            Terminal::Suspend if !Screen::may_suspend()? => {
                let alone = "there is no shell to come back from here";
                return Ok(Done::Said(Msg::Complain(alone.to_owned())));
            }
            Terminal::Suspend => self.leave_driving(),
            Terminal::Editor(text) => return Ok(Done::Said(Msg::Edited(self.edit(&text).await?))),
            Terminal::Copy(text) => {
                if !self.screen.copy(&text)? {
                    let long = "that is too long for the terminal's clipboard";
                    return Ok(Done::Said(Msg::Complain(long.to_owned())));
                }
            }
            Terminal::Notify(text) => self.screen.notify(&text)?,
            Terminal::Title(text) => self.screen.title(&text)?,
            Terminal::AskTaken => self.screen.ask_taken(),
            Terminal::Hand(bytes) => self.screen.hand(&bytes)?,
            Terminal::Ask(questions) => self.screen.ask(&questions)?,
            Terminal::Redraw => self.screen.repaint()?,
            Terminal::Mouse(on) => self.screen.set_mouse(on)?,
        }
        Ok(Done::Silent)
    }

    /// Whether what keys may want to be stored has room. As long as it has none, they wait in the terminal.
    fn has_room(&self) -> bool {
        self.writes.as_ref().is_none_or(Writes::has_room)
    }

    /// Hands the jobs over, since a stopped program would keep everybody else from them. The studio goes on
    /// meanwhile: the reply to what is being sent is waited for a little.
    fn leave_driving(&mut self) {
        if self.leaving.is_some() {
            return;
        }
        let driver = self.driver.take();
        let workspace = self.outside.as_ref().map(|outside| Arc::clone(&outside.workspace));
        let stored = self.writes.as_ref().map(Writes::stored);
        self.leaving = Some(tokio::spawn(async move {
            // A program that is stopped in the middle of a write keeps all others from the database.
            if let Some(stored) = stored {
                timeout(STORING, stored).await.ok();
            }
            if let Some(driver) = driver {
                driver.end().await;
            }
            if let Some(workspace) = workspace {
                keeper::hand_over(&workspace, false).await;
            }
        }));
    }

    /// Stops the program until it is continued.
    async fn stop(&mut self) -> io::Result<Option<End>> {
        self.leaving = None;
        if self.driver.is_some() {
            // The workspace was opened meanwhile.
            self.leave_driving();
            return Ok(None);
        }
        self.inputs.pause();
        if !self.screen.suspend()? {
            self.inputs.resume()?;
            self.drive();
        }
        Ok(None)
    }

    /// Drives again, or follows whoever does, after the program was stopped.
    fn drive(&mut self) {
        if self.driver.is_none()
            && self.leaving.is_none()
            && let (Some(outside), Some(bell)) = (&self.outside, &self.bell)
        {
            let driver = Driver::start(Arc::clone(&outside.workspace));
            bell.send_replace(driver.bell());
            self.driver = Some(driver);
        }
    }

    /// Lends the terminal to the user's editor.
    async fn edit(&mut self, text: &str) -> io::Result<Result<String, String>> {
        self.inputs.pause();
        self.screen.leave()?;
        let edited = editor::edit(text).await;
        self.screen.enter()?;
        self.inputs.resume()?;
        Ok(edited)
    }
}

/// A workspace that is open, and what the studio needs to know of it.
type Found = (Workspace, Box<Opened>);

/// Opens the workspace beside the loop, which draws and takes keys meanwhile.
fn open(places: Places) -> oneshot::Receiver<Result<Found, WorkspaceError>> {
    let (done, opening) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let found = Workspace::open(places).map(|workspace| {
            let known = Box::new(opened(&workspace));
            (workspace, known)
        });
        // Whoever left meanwhile needs none.
        drop(done.send(found));
    });
    opening
}

/// Tells the studio what there is to be said about the workspace.
async fn tell(mut notes: Listener, messages: mpsc::Sender<Msg>) {
    while let Some(new) = notes.next().await {
        // Without a studio nobody needs to hear it.
        drop(messages.send(Msg::Note(new.join("; "))).await);
    }
}

/// Waits until whoever drove has handed over; for ever, as long as nobody leaves.
async fn left(leaving: &mut Option<JoinHandle<()>>) {
    match leaving {
        None => std::future::pending().await,
        // One that failed has let go as well.
        Some(leaving) => drop(leaving.await),
    }
}

/// The next change of the live jobs; never, as long as nobody drives.
async fn changed(driver: &mut Option<Driver>) -> Result<Msg, String> {
    match driver {
        None => std::future::pending().await,
        Some(driver) => match driver.changed().await {
            Ok(()) => Ok(lives(driver.snapshot())),
            Err(error) => Err(format!(
                "{error}; jobs that were accepted go on, and the next start continues them"
            )),
        },
    }
}
