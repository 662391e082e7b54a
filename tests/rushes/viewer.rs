//! A terminal at the near end of a link in which a clip is played: it answers where its cursor is, as
//! terminals do, and nothing else, and notes what came and when.
//! It needs nothing of the tests around it, so that benches can have it too.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use serde_json::Value;

/// How long anything may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// The size of the terminal.
const COLUMNS: u16 = 100;
const ROWS: u16 = 30;

/// Where the cursor is, said as if it were true.
const ANSWER: &str = "\x1b[1;1R";

/// A frame as it came.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) at: Instant,
    /// How many bytes had come with it.
    pub(crate) bytes: u64,
    /// How finely it is shown, in the studio's words.
    pub(crate) rung: String,
}

/// What came so far.
struct Seen {
    parser: vt100::Parser<Questions>,
    bytes: u64,
    frames: Vec<Shown>,
    /// Answers that are held back; none where each is given at once.
    held: Option<usize>,
    /// Since when the last line says what it says of going round.
    loops: (bool, Instant),
    closed: bool,
}

/// How often the cursor's place was asked for and not answered.
#[derive(Default)]
struct Questions(usize);

impl vt100::Callbacks for Questions {
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        end: char,
    ) {
        self.0 += usize::from((first, params, end) == (None, &[&[6]], 'n'));
    }
}

/// A program in such a terminal.
pub(crate) struct Viewer {
    master: Box<dyn MasterPty + Send>,
    /// Held, so that the terminal outlives the program.
    _slave: Box<dyn SlavePty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    modes_before: String,
}

impl Viewer {
    /// `command` in a terminal of 100 columns and 30 rows.
    pub(crate) fn start(command: CommandBuilder) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a PTY");
        let modes_before = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).expect("a program");
        let seen = Seen {
            parser: vt100::Parser::new_with_callbacks(ROWS, COLUMNS, 0, Questions::default()),
            bytes: 0,
            frames: Vec::new(),
            held: None,
            loops: (false, Instant::now()),
            closed: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let reader = pair.master.try_clone_reader().expect("a reader");
        let writer = Arc::new(Mutex::new(pair.master.take_writer().expect("a writer")));
        let (told, answers) = (Arc::clone(&seen), Arc::clone(&writer));
        thread::spawn(move || read(reader, &told, &answers));
        Self { master: pair.master, _slave: pair.slave, child, writer, seen, modes_before }
    }

    /// Types.
    pub(crate) fn types(&self, keys: &str) {
        say(&self.writer, keys);
    }

    /// Has the newest clip played on the whole terminal. What is typed behind an Esc without a pause would be
    /// Alt and that key.
    pub(crate) fn plays(&self) {
        self.until("an open studio", |seen| seen.text().contains("newest first"));
        self.types("\x1b");
        self.until("the jobs' keys", |seen| seen.text().contains("/ search"));
        self.types("z");
        self.until("a frame on the whole terminal", |seen| !seen.frames.is_empty());
        self.types(" ");
        self.until("a clip that plays", |seen| seen.line().starts_with('▶') && seen.loops.0);
    }

    /// Waits for so many more frames. A machine that is busy with other things can be as slow as no link is: where
    /// the clip was stopped for that, it is played again.
    pub(crate) fn sees(&self, more: usize) {
        const MOST_STOPS: usize = 10;
        let most = self.frames().len() + more;
        for _ in 0..MOST_STOPS {
            self.until("more frames", |seen| {
                seen.frames.len() >= most || seen.line().starts_with('■')
            });
            if self.frames().len() >= most {
                return;
            }
            self.types(" ");
            self.until("a clip that plays again", |seen| !seen.line().starts_with('■'));
        }
        panic!("the clip was stopped {MOST_STOPS} times");
    }

    /// Presses the key for going round and round, and returns how long its answer took. Where the clip comes to its
    /// end before the key is pressed again, it stops there.
    pub(crate) fn turns(&self) -> Duration {
        let pressed_at = Instant::now();
        let before = self.lock().loops.0;
        self.types("w");
        self.until("the answer to a key", |seen| seen.loops.0 != before);
        self.lock().loops.1.duration_since(pressed_at)
    }

    /// Waits until the clip is in its first second.
    pub(crate) fn is_at_its_beginning(&self) {
        self.until("the clip's beginning", |seen| {
            seen.line().get("▶ ".len()..).is_some_and(|place| place.starts_with("0."))
        });
    }

    /// From now on it keeps what it is asked to itself, or answers all of it.
    pub(crate) fn holds(&self, held: bool) {
        let mut seen = self.lock();
        let owed = if held { seen.held.replace(0) } else { seen.held.take() };
        drop(seen);
        (0..owed.unwrap_or(0)).for_each(|_| say(&self.writer, ANSWER));
    }

    /// Waits until no frame has come for so long.
    pub(crate) fn is_quiet_for(&self, quiet: Duration) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let last = self.frames().last().expect("a frame").at;
            let left = quiet.saturating_sub(last.elapsed());
            if left.is_zero() {
                return;
            }
            assert!(Instant::now() < deadline, "frames come all the time");
            thread::sleep(left);
        }
    }

    /// All frames so far.
    pub(crate) fn frames(&self) -> Vec<Shown> {
        self.lock().frames.clone()
    }

    /// Waits for the program to end; whether it left the line discipline as it was before.
    pub(crate) fn has_ended(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("a status").is_none() {
            assert!(Instant::now() < deadline, "the program has not ended");
            thread::sleep(Duration::from_millis(5));
        }
        modes(&*self.master) == self.modes_before
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().expect("no panic")
    }

    fn until(&self, what: &str, wanted: impl Fn(&Seen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.lock();
        while !wanted(&seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            let text = seen.text();
            assert!(!left.is_zero() && !seen.closed, "{what} is not seen; this is:\n{text}");
            seen = self.seen.1.wait_timeout(seen, left).expect("no panic").0;
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Seen {
    fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// What is said below the picture: `▶ 1.30 / 5.00 s  32/120  ↻      18/s 256 colours`.
    fn line(&self) -> String {
        self.parser.screen().contents_between(ROWS - 2, 0, ROWS - 2, COLUMNS)
    }

    /// Takes in what came, and returns how many answers are due.
    fn take(&mut self, bytes: &[u8]) -> usize {
        self.parser.process(bytes);
        self.bytes += bytes.len() as u64;
        self.closed = bytes.is_empty();
        let (at, line) = (Instant::now(), self.line());
        if self.loops.0 != line.contains('↻') {
            self.loops = (!self.loops.0, at);
        }
        let asked = std::mem::take(&mut self.parser.callbacks_mut().0);
        // Behind the place, and how many frames a second were shown.
        let rung = line.rsplit("  ").next().unwrap_or_default();
        let rung = rung.split_once("/s ").map_or(rung, |(_, rung)| rung).trim().to_owned();
        self.frames.extend(vec![Shown { at, bytes: self.bytes, rung }; asked]);
        match &mut self.held {
            Some(held) => {
                *held += asked;
                0
            }
            None => asked,
        }
    }
}

fn read(
    mut reader: Box<dyn Read + Send>,
    seen: &(Mutex<Seen>, Condvar),
    answers: &Mutex<Box<dyn Write + Send>>,
) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = reader.read(&mut buffer).unwrap_or(0);
        let mut guard = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = guard.take(&buffer[..count]);
        drop(guard);
        (0..due).for_each(|_| say(answers, ANSWER));
        seen.1.notify_all();
        if count == 0 {
            return;
        }
    }
}

fn say(writer: &Mutex<Box<dyn Write + Send>>, text: &str) {
    // Where nobody listens any more, that is seen by what does not come.
    drop(writer.lock().expect("no panic").write_all(text.as_bytes()));
}

fn modes(master: &(dyn MasterPty + Send)) -> String {
    master.get_termios().map(|termios| format!("{termios:?}")).expect("the line discipline")
}

/// A command line for the server's shell that runs `program` on a data folder in `home`, which is made, with one clip
/// in it: five seconds of footage whose every pixel moves. None where ffmpeg is missing; standard error says so.
pub(crate) fn line_to_grain(program: &str, home: &Path) -> Option<String> {
    let path = |name: &str| home.join(name).display().to_string();
    let mut made = Command::new(program);
    made.args(["generate", "--json", "--wait", "--prompt", "grain", "--duration", "1.2"]);
    made.args(["--model", "sandbox/1.0-pro", "--data-dir", &path("data")]);
    made.env("RUSHES_CONFIG", "/dev/null").env("RUSHES_SANDBOX_SPEED", "50");
    let made = made.stdin(Stdio::null()).output().expect("the program starts");
    let job: Value = serde_json::from_slice(&made.stdout).expect("a job");
    let clip = job["files"][0]["path"].as_str().expect("a clip");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y", "-f", "lavfi", "-i", "mandelbrot=s=864x496:r=24"]);
    ffmpeg.args(["-vf", "noise=alls=30:allf=t", "-t", "5", "-c:v", "libx264"]);
    ffmpeg.args(["-pix_fmt", "yuv420p", "-preset", "veryfast", clip]);
    match ffmpeg.stdin(Stdio::null()).status() {
        Ok(status) => assert!(status.success(), "ffmpeg makes no clip"),
        Err(error) => {
            writeln!(io::stderr(), "skipped: ffmpeg can't be started: {error}").expect("stderr");
            return None;
        }
    }
    // What was known of the clip before.
    drop(fs::remove_dir_all(home.join("data/pictures")));
    let script = format!(
        "export HOME='{}' RUSHES_CONFIG='{}' COLORTERM=truecolor\nexec '{program}' --data-dir '{}'\n",
        path(""),
        "/dev/null",
        path("data"),
    );
    fs::write(home.join("login.sh"), script).expect("a script");
    Some(format!("exec sh '{}'", path("login.sh")))
}
