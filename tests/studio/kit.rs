//! A terminal that never answers a question, with the studio in it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{
    Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system,
};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A home folder of its own for a test, gone with it.
pub fn home() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The program as a user of `home` starts it, in a terminal and without keys of any provider.
pub fn command(home: &Path, program: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    for (name, value) in
        [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("RUSHES_SANDBOX_SPEED", "20")]
    {
        command.env(name, value);
    }
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", home);
    command.env("RUSHES_DATA_DIR", home.join("data"));
    command.env("RUSHES_CONFIG", config(home));
    command.cwd(home);
    command
}

/// The config of `home`, which is there: it is named. Its model has drafts.
pub(crate) fn config(home: &Path) -> PathBuf {
    let path = home.join("config/config.toml");
    if !path.exists() {
        std::fs::create_dir_all(home.join("config")).expect("a folder");
        std::fs::write(&path, "model = \"sandbox/1.5-pro\"\n").expect("a config");
    }
    path
}

/// What the command line prints on the data of `home`.
pub fn rushes(home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rushes"));
    command.args(arguments).env_clear().env("HOME", home);
    command.env("RUSHES_DATA_DIR", home.join("data"));
    command.env("RUSHES_CONFIG", config(home));
    let output = command.output().expect("an answer");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What came from the program so far.
struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    closed: bool,
}

/// A program in a terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    /// Held, so that the terminal outlives the program and can be looked at.
    _slave: Box<dyn SlavePty + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    modes_before: String,
}

impl Terminal {
    /// The studio of `home`, 120 columns by 36 rows, drawn.
    pub fn studio(home: &Path) -> Self {
        let terminal = Self::start(command(home, env!("CARGO_BIN_EXE_rushes")), 120, 36);
        terminal.is_open();
        terminal
    }

    /// Any program.
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a PTY");
        let modes_before = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).expect("a program");
        let parser = vt100::Parser::new(rows, columns, 0);
        let seen = Seen { parser, bytes: Vec::new(), closed: false };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let reader = pair.master.try_clone_reader().expect("a reader");
        let told = Arc::clone(&seen);
        thread::spawn(move || read(reader, &told));
        let writer = pair.master.take_writer().expect("a writer");
        Self { master: pair.master, _slave: pair.slave, child, writer, seen, modes_before }
    }

    /// Waits until the studio is drawn and its data folder is open.
    pub fn is_open(&self) {
        self.until("an open studio", |screen| {
            screen.contains("Nothing yet") || screen.contains("newest first")
        });
    }

    /// Leaves the text. What is typed behind an Esc without a pause would be Alt and that key.
    pub fn leaves_the_text(&mut self) {
        self.types("\x1b");
        self.until("the jobs' keys", |screen| screen.contains("/ search"));
    }

    /// Types.
    pub fn types(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("keys are taken");
    }

    /// Writes a prompt and submits it: a key that comes together with text does not.
    pub fn submits(&mut self, prompt: &str) {
        self.types(prompt);
        self.until("the prompt", |screen| screen.contains(prompt));
        self.types("\x1b[15~");
    }

    /// Says yes to a question that pays, as often as the studio asks for it: this eye sees the question while its
    /// last bytes are on their way, and an answer from before them does not count.
    pub fn says_yes(&mut self, question: &str) {
        const ONCE_MORE: &str = "press it once more";
        loop {
            self.types("\r");
            let screen = self.until("an answer", |screen| {
                !screen.contains(question) || screen.contains(ONCE_MORE)
            });
            if !screen.contains(question) {
                return;
            }
            self.until("the end of the advice", |screen| !screen.contains(ONCE_MORE));
        }
    }

    /// The window has another size, and the eye that looks at it too.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen.0.lock().expect("a screen").parser.screen_mut().set_size(rows, columns);
        self.resize_window(columns, rows);
    }

    /// The window alone has another size.
    pub fn resize_window(&self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a size");
    }

    /// What the eye sees is gone, without the program's doing.
    pub fn is_wiped(&self) {
        self.seen.0.lock().expect("a screen").parser.process(b"\x1b[2J");
    }

    /// Waits until the screen is as wanted, and returns its text.
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.until_screen(what, |screen| wanted(&screen.contents()))
    }

    /// The same for all that a terminal has.
    pub fn until_screen(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (seen, news) = &*self.seen;
        let mut seen = seen.lock().expect("a screen");
        loop {
            let screen = seen.parser.screen();
            if wanted(screen) {
                return screen.contents();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !seen.closed,
                "{what} is not seen; this is:\n{}",
                screen.contents()
            );
            seen = news.wait_timeout(seen, left).expect("a screen").0;
        }
    }

    /// Waits until something is found in all that the program sent.
    pub fn until_bytes<T>(&self, what: &str, found: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let (seen, news) = &*self.seen;
        let mut seen = seen.lock().expect("a screen");
        loop {
            if let Some(found) = found(&String::from_utf8_lossy(&seen.bytes)) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !seen.closed, "{what} is not sent");
            seen = news.wait_timeout(seen, left).expect("a screen").0;
        }
    }

    /// Everything that the program sent.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.0.lock().expect("a screen").bytes.clone()
    }

    /// Sends a signal to the program alone.
    pub fn signal(&self, signal: Signal) {
        let pid =
            self.child.process_id().and_then(|pid| Pid::from_raw(pid as i32)).expect("a process");
        kill_process(pid, signal).expect("a signal");
    }

    /// Its process id.
    pub fn id(&self) -> String {
        self.child.process_id().expect("a process").to_string()
    }

    /// Waits for the program to end.
    pub fn ended(&mut self) -> ExitStatus {
        ended(&mut *self.child, PATIENCE)
    }

    /// The studio has left the screen, and what it had switched on there is off.
    pub fn is_left(&self) {
        self.until_screen("the terminal is given back", |screen| {
            !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
    }

    /// The terminal is as it was before the program.
    pub fn is_given_back(&self) {
        self.is_left();
        let text = String::from_utf8_lossy(&self.bytes()).into_owned();
        for mode in ["1004", "2004", "1000", "1002", "1006", "1049"] {
            let on = text.rfind(&format!("\x1b[?{mode}h"));
            let off = text.rfind(&format!("\x1b[?{mode}l"));
            assert!(off > on, "mode {mode} stays on");
        }
        assert_eq!(modes(&*self.master), self.modes_before, "the line discipline is changed");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits for a program to end.
pub fn ended(child: &mut (dyn Child + Send + Sync), patience: Duration) -> ExitStatus {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait().expect("a status") {
            return status;
        }
        assert!(Instant::now() < deadline, "the program has not ended");
        thread::sleep(Duration::from_millis(5));
    }
}

fn modes(master: &(dyn MasterPty + Send)) -> String {
    master.get_termios().map(|termios| format!("{termios:?}")).expect("the line discipline")
}

fn read(mut reader: Box<dyn Read + Send>, seen: &(Mutex<Seen>, Condvar)) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = reader.read(&mut buffer).unwrap_or(0);
        let mut screen = seen.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        screen.parser.process(&buffer[..count]);
        screen.bytes.extend_from_slice(&buffer[..count]);
        screen.closed = count == 0;
        seen.1.notify_all();
        if count == 0 {
            return;
        }
    }
}
