//! Disks that refuse: full, read-only, or no place for a folder at all.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use super::support::{Desk, Running, facts, skipped, text, until};

/// A clip of 1.1 MB.
const FOUR_SECONDS: [&str; 11] = [
    "generate",
    "--json",
    "--wait",
    "--model",
    "sandbox/1.0-pro",
    "--duration",
    "4",
    "--seed",
    "1",
    "--prompt",
    "a fox",
];

#[test]
fn a_data_folder_that_can_not_be_made_is_said_with_the_way_out() {
    let desk = Desk::new();
    for line in [&["jobs"][..], &["generate", "--prompt", "a fox"]] {
        let line: Vec<&str> = ["--data-dir", "/dev/null/x"].iter().chain(line).copied().collect();
        desk.run(&line).expecting(1).saying(&["/dev/null/x", "--data-dir"]);
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_data_folder_is_said_and_nothing_is_sent() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let set = |mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(desk.data(), permissions).expect("the folder's mode is set");
    };
    fs::create_dir(desk.data()).expect("a folder");
    set(0o555);
    if fs::write(desk.data().join("probe"), "").is_ok() {
        return skipped("this user may write into a read-only folder");
    }
    desk.run(&["generate", "--prompt", "a fox"]).expecting(1).saying(&["writable", "--data-dir"]);
    set(0o755);
}

/// The names of files count bytes, and a prompt's words have up to four times as many as signs.
#[test]
fn a_clip_is_saved_whatever_script_its_prompt_is_written_in() {
    let desk = Desk::new();
    let prompts = include_str!("../fixtures/prompts/scripts.txt");
    for prompt in prompts.lines() {
        let job = desk.clip(prompt);
        assert_eq!((text(&job, "/state"), facts(&job).frames), ("succeeded", 29), "{job}");
    }
    assert_eq!(desk.accepted_once_each(), prompts.lines().count());
}

/// A limit on the size of files stands for a disk that refuses the clip but not the database: the
/// job is kept, the result waits at the provider, and the next command fetches it.
#[cfg(unix)]
#[test]
fn a_clip_that_does_not_fit_is_fetched_later_and_not_paid_again() {
    let desk = Desk::new();
    let mut remote = desk.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    remote.next_line();
    let mut command = desk.around("sh");
    // In blocks of 512 bytes: more than the database's log needs, less than the clip does.
    let script = "trap '' XFSZ; ulimit -f 1000; exec \"$@\"";
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_rushes")]);
    command.args(FOUR_SECONDS);
    let ended = Running::start(command).ended().expecting(3);
    let job = ended.object();
    assert_eq!(job["state"], "downloading", "{job}");
    assert_eq!(job.pointer("/error/class"), Some(&"disk".into()), "{job}");
    assert!(text(&job, "/error/advice").contains("rushes wait"), "{job}");
    let left = Desk::files(&desk.data().join("clips"));
    assert!(left.is_empty(), "what could be kept of it only takes up room: {left:?}");
    let waited = desk.done(&["wait", "--json"]).object();
    assert_eq!((&waited["id"], &waited["state"]), (&job["id"], &"succeeded".into()));
    assert_eq!(facts(&waited).frames, 96);
    assert_eq!(desk.accepted_once_each(), 1);
}

/// A script that finds a file takes it for a picture.
#[cfg(unix)]
#[test]
fn a_picture_that_does_not_fit_leaves_no_half_of_it() {
    let desk = Desk::new();
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clips/high.mp4");
    for force in [&[][..], &["--force"]] {
        let mut command = desk.around("sh");
        let script = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_rushes")]);
        command.args(["frame", clip, "--first", "-o", "first.png"]).args(force);
        Running::start(command).ended().expecting(1).saying(&["first.png can't be written"]);
        let pictures =
            Desk::files(&desk.path("")).into_iter().filter(|path| *path != desk.config());
        assert_eq!(pictures.count(), 0, "{force:?}");
    }
}

/// Neither a new database nor one that is there takes anything by halves when its file may not grow: the
/// command says so, nothing is sent, and the next one works.
#[cfg(unix)]
#[test]
fn a_database_that_can_not_grow_says_so_and_nothing_is_sent() {
    let desk = Desk::new();
    for blocks in [8, 60] {
        let mut command = desk.around("sh");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_rushes")]);
        let prompt = "a prompt that is too long for what is left. ".repeat(60);
        command.args(["generate", "--model", "sandbox/1.0-pro", "--prompt", &prompt]);
        let ended = Running::start(command).ended().expecting(1);
        ended.saying(&["rushes.db", "what was stored is safe", "Free some space"]);
        assert_eq!(desk.accepted().len(), 0, "{blocks}");
        assert!(desk.done(&["history", "--json"]).out.is_empty(), "{blocks}");
    }
    desk.clip("a fox");
    assert_eq!(desk.accepted_once_each(), 1);
}

/// What is in a folder that can't be written can be looked at, and nothing else.
#[test]
fn a_data_folder_that_can_not_be_written_can_be_looked_at() {
    let desk = Desk::new();
    fs::create_dir(desk.data()).expect("a folder");
    let Some(disk) = Disk::mount(desk.data(), "50m") else {
        return skipped("no disk can be mounted here");
    };
    let job = desk.clip("a fox");
    let id = text(&job, "/id");
    if !disk.make_read_only() {
        return skipped("no disk can be made read-only here");
    }
    for line in [vec!["history"], vec!["jobs"], vec!["show", id]] {
        let shown = desk.done(&line);
        assert!(shown.out.contains("a fox"), "{}", shown.out);
        assert!(shown.err.contains("can't be written, so jobs are only shown"), "{}", shown.err);
    }
    let refused = desk.run(&["generate", "--prompt", "a heron"]).expecting(1);
    refused.saying(&["can't be written", "--data-dir", "rushes history"]);
    desk.run(&["doctor", "--repair"]).expecting(1).saying(&["Read-only"]);
    assert_eq!(desk.accepted().len(), 1);
}

/// SQLite needs room even to open a database, and nobody could see what was paid for until there was some.
#[test]
fn what_is_on_a_full_disk_can_be_looked_at() {
    let desk = Desk::new();
    fs::create_dir(desk.data()).expect("a folder");
    let Some(_disk) = Disk::mount(desk.data(), "16m") else {
        return skipped("no small disk can be mounted here");
    };
    let job = desk.clip("a fox");
    fill(&desk.data().join("filler"));
    for line in [vec!["history"], vec!["jobs"], vec!["show", text(&job, "/id")]] {
        let shown = desk.done(&line).saying(&["can't be written", "free some space"]);
        assert!(shown.out.contains("a fox"), "{}", shown.out);
    }
    desk.run(&["generate", "--prompt", "a heron"]).expecting(1).saying(&["Free some space"]);
    assert_eq!(desk.accepted().len(), 1);
}

/// A real full disk, where one can be mounted: the program says so, ends or waits for room, and the next
/// one goes on.
#[test]
fn a_full_disk_loses_nothing() {
    let desk = Desk::new();
    fs::create_dir(desk.data()).expect("a folder");
    let Some(_disk) = Disk::mount(desk.data(), "1m") else {
        return skipped("no small disk can be mounted here");
    };
    let mut command = desk.around("sh");
    command.args(["-c", "exec \"$@\" >told 2>&1", "sh", env!("CARGO_BIN_EXE_rushes")]);
    command.args(FOUR_SECONDS);
    let mut running = Running::start(command);
    let told = || fs::read_to_string(desk.path("told")).unwrap_or_default();
    let is_told = || told().contains("space") || told().contains("full");
    until("the complaint", || is_told() || running.has_ended());
    assert!(is_told(), "{}", told());
    running.kill();
    for path in Desk::files(&desk.data().join("sandbox/files")) {
        fs::remove_file(path).expect("space is freed");
    }
    desk.done(&["history", "--json"]);
}

/// The reply to a submit comes when nothing can be stored, and its provider can't be asked for it later:
/// what it told is kept until there is room.
#[test]
fn a_reply_that_comes_to_a_full_disk_is_kept_until_there_is_room() {
    let (there, here) = (Desk::new(), Desk::new());
    fs::create_dir(here.data()).expect("a folder");
    let Some(_disk) = Disk::mount(here.data(), "16m") else {
        return skipped("no small disk can be mounted here");
    };
    let mut remote = there.start(&["sandbox", "--listen", "127.0.0.1:0", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&remote.next_line()).expect("JSON");
    let upstream = text(&told, "/url").trim_start_matches("http://").replace("/v1", "");
    let filler = here.data().join("filler");
    let file = filler.clone();
    let address = relay(upstream, move || fill(&file));
    let around = |script: &str, line: &[&str]| {
        let mut command = here.around("sh");
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_rushes")]).args(line);
        command.env("RUNPOD_API_KEY", "any").env("RUNPOD_BASE_URL", format!("http://{address}/v2"));
        Running::start(command)
    };
    let line = ["generate", "--json", "--model", "runpod/1.0-pro", "--prompt", "a fox", "--wait"];
    let mut running = around("exec \"$@\" 2>told", &line);
    let says =
        |words: &str| fs::read_to_string(here.path("told")).is_ok_and(|told| told.contains(words));
    until("the complaint", || says("the disk is full: nothing new is sent") || running.has_ended());
    assert!(!running.has_ended(), "it waits for room");
    around("exec \"$@\"", &line).ended().expecting(1).saying(&["full", "Nothing was sent"]);
    fs::remove_file(&filler).expect("space is freed");
    let job = running.ended().expecting(0).object();
    assert_eq!((text(&job, "/state"), facts(&job).frames), ("succeeded", 120), "{job}");
    assert!(says("the jobs go on"));
    assert_eq!(there.accepted_once_each(), 1);
}

/// Fills the disk that holds `path` to the last page.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).expect("a file");
    while file.write_all(&[1; 4096]).is_ok() {}
}

/// Passes everything on to `upstream`, and does `before` when its first reply has come.
fn relay(upstream: String, before: impl FnOnce() + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let before = Arc::new(Mutex::new(Some(before)));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let remote = TcpStream::connect(&upstream).expect("the sandbox");
            let pipes = [client.try_clone(), remote.try_clone()].map(|end| end.expect("a stream"));
            let [mut from_client, mut from_remote] = pipes;
            let (mut to_client, mut to_remote) = (client, remote);
            // Either side may hang up at any time.
            thread::spawn(move || drop(io::copy(&mut from_client, &mut to_remote)));
            let before = Arc::clone(&before);
            thread::spawn(move || {
                let mut buffer = [0; 16 * 1024];
                while let Ok(count @ 1..) = from_remote.read(&mut buffer) {
                    if let Some(before) = before.lock().expect("a lock").take() {
                        before();
                    }
                    if to_client.write_all(&buffer[..count]).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// A disk of its own, unmounted at the end.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(&at);
        let output = mount.output().ok()?;
        output.status.success().then_some(Self(at))
    }
}

impl Disk {
    fn make_read_only(&self) -> bool {
        let mut mount = std::process::Command::new("mount");
        mount.args(["-o", "remount,ro"]).arg(&self.0);
        mount.output().is_ok_and(|output| output.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(std::process::Command::new("umount").arg("-l").arg(&self.0).output());
    }
}
