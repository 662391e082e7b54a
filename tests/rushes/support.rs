//! A desk to run the program at: folders of its own, a clean environment, a quick sandbox.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything takes on a busy machine, so that a test that would hang fails instead.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// The cheapest clip to render that the sandbox offers: 29 frames.
pub(crate) const SHORT: [&str; 4] = ["--model", "sandbox/1.0-pro", "--duration", "1.2"];

/// A data folder and a config folder, both gone when the test ends.
pub(crate) struct Desk {
    folder: TempDir,
}

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    /// By which signal it died, if it did.
    pub(crate) signal: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// One running program; killed if the test ends before it.
pub(crate) struct Running {
    child: Option<Child>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::with_prefix("rushes-test-").expect("a temporary folder") }
    }

    /// One whose catalog expects every provider to be as quick as the sandbox, or the test, behind it.
    pub(crate) fn quick() -> Self {
        let desk = Self::new();
        for (id, more) in [
            ("runware", "can_look_up = true"),
            ("runpod", "can_cancel = true"),
            ("runbase", "requests = { max = 20, window_s = 10 }"),
        ] {
            let env = id.to_uppercase();
            let table = format!(
                "[provider]\nid = \"{id}\"\nname = \"{id}\"\nprotocol = \"{id}\"\n\
                 base_url = \"https://{id}.invalid\"\nkey_env = \"{env}_API_KEY\"\n\
                 base_url_env = \"{env}_BASE_URL\"\nexpected_final_s = 1\n{more}\n"
            );
            desk.write(&format!("config/catalog/{id}.toml"), table);
        }
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("config/config.toml")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data().join("rushes.db")
    }

    /// Writes a file of the desk, with the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        fs::write(&path, content).expect("the file is written");
        path
    }

    /// The program with `arguments` and nothing of the environment that the tests run in: no keys,
    /// no display, no home.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = self.around(env!("CARGO_BIN_EXE_rushes"));
        command.args(arguments);
        command
    }

    /// Another program in the same clean environment.
    pub(crate) fn around(&self, program: &str) -> Command {
        // One that is named must be there.
        if !self.config().exists() {
            self.write("config/config.toml", "");
        }
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("RUSHES_DATA_DIR", self.data())
            .env("RUSHES_CONFIG", self.config())
            .env("RUSHES_SANDBOX_SPEED", "50")
            // What a keeper does beside a test is seen where the test is about keepers.
            .env("RUSHES_NO_KEEPER", "1")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Running {
        Running::start(self.command(arguments))
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ended {
        self.start(arguments).ended()
    }

    /// Runs, and demands that it worked.
    pub(crate) fn done<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ended {
        self.run(arguments).expecting(0)
    }

    /// A short clip of `prompt`, saved.
    pub(crate) fn clip(&self, prompt: &str) -> Value {
        self.done(&generate(prompt, &["--wait"])).object()
    }

    /// Everything known of a job.
    pub(crate) fn show(&self, job: &str) -> Value {
        self.done(&["show", job, "--json"]).object()
    }

    /// The sandbox's journal, one record a line: what a provider would have in its books.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.data().join("sandbox/journal.jsonl"));
        let text = text.unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The tasks that the sandbox accepted, as it wrote them down, doubles included.
    pub(crate) fn accepted(&self) -> Vec<String> {
        let journal = self.journal();
        let accepted = journal.iter().filter(|record| record["record"] == "accepted");
        accepted.map(|record| record["task"].as_str().expect("a task").to_owned()).collect()
    }

    /// Nothing was accepted twice; returns how many tasks were.
    pub(crate) fn accepted_once_each(&self) -> usize {
        let all = self.accepted();
        let distinct: BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "a task was accepted twice: {all:?}");
        all.len()
    }

    /// `secret` is in no file of the desk.
    pub(crate) fn never_holds(&self, secret: &str) {
        let files = Self::files(self.folder.path());
        assert!(!files.is_empty());
        for path in files {
            let content = fs::read(&path).expect("a readable file");
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "the key is in {}", path.display());
        }
    }

    /// Every file below `folder`, for looking into them.
    pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { found.extend(Self::files(&path)) } else { found.push(path) }
        }
        found
    }
}

/// Reads a pipe to its end beside the test, so that the program never waits for a reader; nothing where the
/// test has the output go elsewhere.
fn drained(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).expect("a readable pipe");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Ended {
    /// Demands that exit status.
    #[track_caller]
    pub(crate) fn expecting(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Demands that the complaint has these words in it.
    #[track_caller]
    pub(crate) fn saying(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "'{word}' is not in: {}", self.err);
        }
        self
    }

    /// Standard output as JSON, one object a line.
    #[track_caller]
    pub(crate) fn objects(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line);
        let lines: Result<Vec<Value>, _> = self.out.lines().map(parse).collect();
        let objects = lines.unwrap_or_else(|error| panic!("{error} in {}{}", self.out, self.err));
        assert!(objects.iter().all(Value::is_object), "not all are objects: {}", self.out);
        objects
    }

    /// The only object of standard output.
    #[track_caller]
    pub(crate) fn object(&self) -> Value {
        let mut objects = self.objects();
        assert_eq!(objects.len(), 1, "one object, not {}{}", self.out, self.err);
        objects.remove(0)
    }
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        Self { child: Some(command.spawn().expect("the program starts")) }
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("a running program")
    }

    /// Waits for the end and returns what was printed.
    #[track_caller]
    pub(crate) fn ended(mut self) -> Ended {
        let child = self.child();
        let (out, err) = (drained(child.stdout.take()), drained(child.stderr.take()));
        until("the end of a program", || self.has_ended());
        let status = self.child().wait().expect("the program ends");
        self.child = None;
        let (status, signal) = (status.code(), status.signal());
        Ended { status, signal, out: out.join().expect("output"), err: err.join().expect("errors") }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("a running program").id()
    }

    /// Sends it `signal`.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.id() as i32).expect("a process id");
        kill_process(id, signal).expect("the process is there");
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child().try_wait().expect("a child").is_some()
    }

    /// The next line of its output, while it runs on.
    pub(crate) fn next_line(&mut self) -> String {
        let output = self.child().stdout.as_mut().expect("a pipe");
        let mut line = String::new();
        BufReader::with_capacity(1, output).read_line(&mut line).expect("a line");
        line
    }

    /// `kill -9`: no destructor, no flush, no goodbye.
    pub(crate) fn kill(mut self) {
        self.child().kill().expect("the program is killed");
        self.child().wait().expect("the program ends");
        self.child = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// `generate` of a short clip as JSON, with more `options`.
pub(crate) fn generate<'a>(prompt: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    let head = ["generate", "--json", "--prompt", prompt];
    head.iter().chain(&SHORT).chain(options).copied().collect()
}

/// Looks at a condition of another process until it holds.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Says past the test harness's capture that a test could not run here.
pub(crate) fn skipped(why: &str) {
    said(&format!("skipped: {why}"));
}

/// Says something past the test harness's capture.
pub(crate) fn said(what: &str) {
    writeln!(std::io::stderr(), "{what}").expect("standard error");
}

/// A text field of a JSON object.
#[track_caller]
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer} in {value}"))
}

/// What the file of the first result of `job` says of itself.
pub(crate) fn facts(job: &Value) -> rushes::media::mp4::ClipFacts {
    let path = text(job, "/files/0/path");
    let mut file = fs::File::open(path).expect("the clip is there");
    let bytes = file.metadata().expect("its size").len();
    assert_eq!(Some(bytes), job["files"][0]["bytes"].as_u64(), "{path}");
    rushes::media::mp4::facts(&mut file, bytes).expect("a clip")
}
