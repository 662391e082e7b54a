//! The real provider's entry, its key and its address, against the sandbox served by another process.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

use super::support::{Desk, Ended, Running, facts, text};

pub(crate) const KEY: &str = "rw-secret-value-4711";

/// A sandbox that takes one key, on a desk of its own, and its address.
pub(crate) fn remote(desk: &Desk) -> (Running, String) {
    let line = ["sandbox", "--listen", "127.0.0.1:0", "--key", KEY, "--json"];
    let mut running = desk.start(&line);
    let told: Value = serde_json::from_str(&running.next_line()).expect("JSON");
    (running, text(&told, "/url").to_owned())
}

/// The same provider as the built-in one, expected to be as quick as the sandbox behind it.
pub(crate) const QUICK_RUNWARE: &str = r#"[provider]
id = "runware"
name = "Runware"
protocol = "runware"
base_url = "https://api.runware.invalid/v1"
key_env = "RUNWARE_API_KEY"
base_url_env = "RUNWARE_BASE_URL"
max_live_jobs = 4
can_cancel = false
can_look_up = true
expected_draft_s = 1
expected_final_s = 1
"#;

pub(crate) fn draft(desk: &Desk, key: &str, base_url: &str) -> Command {
    let line = ["generate", "--model", "runware/1.5-pro", "--draft", "--duration", "4"];
    let mut command = desk.command(&line);
    command.args(["--wait", "--json", "--prompt", "a paper boat"]);
    command.env("RUNWARE_API_KEY", key).env("RUNWARE_BASE_URL", base_url);
    command
}

/// The key is in nothing that was printed, and in no file of the desk but those of the config, where a
/// test may have put it.
pub(crate) fn key_is_nowhere(desk: &Desk, printed: &[&Ended]) {
    for ended in printed {
        assert!(!ended.out.contains(KEY) && !ended.err.contains(KEY), "the key was printed");
    }
    let config = desk.path("config");
    let mut files = Desk::files(&desk.path(""));
    assert!(!files.is_empty());
    files.retain(|path| !path.starts_with(&config));
    for path in files {
        let content = fs::read(&path).expect("a readable file");
        let found = content.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        assert!(!found, "the key is in {}", path.display());
    }
}

#[test]
fn the_real_entry_works_and_its_key_is_never_kept() {
    let (there, here) = (Desk::new(), Desk::new());
    here.write("config/catalog/quick.toml", QUICK_RUNWARE);
    let (_remote, url) = remote(&there);
    let ended = Running::start(draft(&here, KEY, &url)).ended().expecting(0);
    let job = ended.object();
    assert_eq!((text(&job, "/provider"), text(&job, "/state")), ("runware", "succeeded"));
    assert_eq!(job["charge_usd"], job["estimate_usd"]);
    assert_eq!(facts(&job).frames, 96);
    assert!(ended.err.contains("retired") || ended.err.contains("end"), "{}", ended.err);
    assert_eq!(there.accepted_once_each(), 1);

    let mut doctor = here.command(&["doctor"]);
    doctor.env("RUNWARE_API_KEY", KEY).env("RUNWARE_BASE_URL", &url);
    let doctor = Running::start(doctor).ended().expecting(0);
    let told =
        format!("answers at {url} (from the environment), the key from RUNWARE_API_KEY works");
    assert!(doctor.out.contains(&told), "{}", doctor.out);
    let shown = here.done(&["show", text(&job, "/id")]);
    key_is_nowhere(&here, &[&ended, &doctor, &shown]);
    key_is_nowhere(&there, &[]);
}

#[test]
fn a_wrong_key_is_told_and_nothing_is_charged() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_remote, url) = remote(&there);
    let wrong = format!("{KEY}-wrong");
    let ended = Running::start(draft(&here, &wrong, &url)).ended().expecting(1);
    let job = ended.object();
    assert_eq!(job["state"], "failed");
    assert_eq!(job.pointer("/error/class"), Some(&"key".into()), "{job}");
    assert_eq!(job.pointer("/error/charged"), Some(&"not_charged".into()));
    assert!(text(&job, "/error/advice").contains("rushes doctor"));
    assert_eq!(there.accepted().len(), 0);
    let mut doctor = here.command(&["doctor"]);
    doctor.env("RUNWARE_API_KEY", &wrong).env("RUNWARE_BASE_URL", &url);
    let doctor = Running::start(doctor).ended().expecting(1);
    assert!(doctor.out.contains("--  runware"), "{}", doctor.out);
    key_is_nowhere(&here, &[&ended, &doctor]);
}

#[test]
fn without_a_key_nothing_is_sent() {
    let desk = Desk::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let job = Running::start(draft(&desk, " ", &url)).ended().expecting(1).object();
    assert_eq!(job.pointer("/error/code"), Some(&"noKey".into()), "{job}");
    assert!(text(&job, "/error/message").contains("RUNWARE_API_KEY"));
    nobody_called(&listener);
}

/// Plain http to another machine would show the key to everybody on the way. 0.0.0.0 leads to this
/// machine although it is no loopback address, so a request that left all the same would be seen.
#[test]
fn plain_http_to_another_machine_is_refused() {
    let desk = Desk::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    for host in ["0.0.0.0", "127.0.0.1.nip.invalid", "localhost@0.0.0.0", "[::]"] {
        let url = format!("http://{host}:{port}/v1");
        let ended = Running::start(draft(&desk, KEY, &url)).ended().expecting(1);
        let job = ended.object();
        assert_eq!(job.pointer("/error/class"), Some(&"parameter".into()), "{job}");
        assert!(text(&job, "/error/message").contains("https://"), "{job}");
        key_is_nowhere(&desk, &[&ended]);
    }
    let line = ["generate", "--dry-run", "--model", "runware/1.5-pro", "--prompt", "a boat"];
    let mut dry = desk.command(&line);
    dry.env("RUNWARE_BASE_URL", format!("http://0.0.0.0:{port}/v1"));
    Running::start(dry).ended().expecting(2).saying(&["https://"]);
    nobody_called(&listener);
}

pub(crate) fn nobody_called(listener: &TcpListener) {
    listener.set_nonblocking(true).expect("a listener that does not wait");
    assert!(listener.accept().is_err(), "somebody called");
}

/// A redirect would hand the key to whoever is named in it.
#[test]
fn a_redirect_is_not_followed_with_the_key() {
    use std::io::{Read, Write};
    let desk = Desk::new();
    let (first, second) = (listener(), listener());
    let target = second.local_addr().expect("an address");
    let url = format!("http://{}/v1", first.local_addr().expect("an address"));
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = first.accept().expect("a call");
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).expect("a request") > 0);
        let answer = format!(
            "HTTP/1.1 308 Permanent Redirect\r\nlocation: http://{target}/v1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).expect("an answer");
    });
    let ended = Running::start(draft(&desk, KEY, &url)).ended().expecting(1);
    assert_eq!(ended.object()["state"], "failed");
    answering.join().expect("one call was answered");
    nobody_called(&second);
    key_is_nowhere(&desk, &[&ended]);
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

/// Writes a config with the key, or that leads to it, and closes it to others.
fn config(desk: &Desk, lines: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = desk.write("config/config.toml", lines);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
    path
}

/// A whole job and the doctor, without a key in the environment.
#[test]
fn a_key_by_a_command_or_in_the_config_works_and_is_never_kept() {
    let there = Desk::new();
    let (_remote, url) = remote(&there);
    for (lines, from) in [
        (format!("api_key = \"{KEY}\""), "the config"),
        ("api_key_command = [\"cat\", \"config/key\"]".to_owned(), "cat"),
        (format!("api_key = \"wrong\"\napi_key_command = [\"echo\", \"{KEY}\"]"), "echo"),
    ] {
        let here = Desk::new();
        here.write("config/catalog/quick.toml", QUICK_RUNWARE);
        here.write("config/key", format!("{KEY}\nuser: mia\n"));
        config(&here, &format!("[providers.runware]\n{lines}\nbase_url = \"{url}\"\n"));
        let mut command = draft(&here, "", "");
        command.env_remove("RUNWARE_API_KEY").env_remove("RUNWARE_BASE_URL");
        let ended = Running::start(command).ended().expecting(0);
        let shown = here.done(&["show", text(&ended.object(), "/id")]);
        let doctor = here.done(&["doctor"]);
        let told = format!("answers at {url} (from the config), the key from {from} works");
        assert!(doctor.out.contains(&told), "{}", doctor.out);
        key_is_nowhere(&here, &[&ended, &shown, &doctor, &here.done(&["doctor", "--json"])]);
    }
}

/// The environment's key goes before the config's.
#[test]
fn the_environment_wins_over_the_config() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_remote, url) = remote(&there);
    config(&here, "[providers.runware]\napi_key = \"wrong\"\n");
    let mut doctor = here.command(&["doctor"]);
    doctor.env("RUNWARE_API_KEY", KEY).env("RUNWARE_BASE_URL", &url);
    let doctor = Running::start(doctor).ended().expecting(0);
    assert!(doctor.out.contains("the key from RUNWARE_API_KEY works"), "{}", doctor.out);
}

#[test]
fn a_config_with_a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let path = config(&desk, &format!("[providers.runware]\napi_key = \"{KEY}\"\n"));
    for mode in [0o640, 0o604, 0o644, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("opened");
        let line = format!("chmod 600 {}", path.display());
        let ended = desk.run(&["jobs"]).expecting(2).saying(&[&line, &format!("{mode:04o}")]);
        let doctor = desk.run(&["doctor"]).expecting(1);
        assert!(doctor.out.contains(&line), "{}", doctor.out);
        key_is_nowhere(&desk, &[&ended, &doctor]);
    }
    assert!(!desk.data().exists());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("closed");
    desk.done(&["jobs"]);
}

#[test]
fn a_command_that_gives_no_key_is_told_and_nothing_is_sent() {
    let desk = Desk::new();
    let listener = listener();
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    for (command, told) in [
        (format!("[\"sh\", \"-c\", \"echo {KEY}; echo {KEY} >&2; exit 4\"]"), "exit status: 4"),
        (format!("[\"/nowhere/pass\", \"{KEY}\"]"), "can't be started"),
        ("[\"true\"]".to_owned(), "what true gives for Runware is not a key"),
        (format!("[\"{KEY}\"]"), "can't be started"),
        (format!("[\"{KEY}\", \"x\"]"), "can't be started"),
    ] {
        config(&desk, &format!("[providers.runware]\napi_key_command = {command}\n"));
        let ended = Running::start(draft(&desk, "", &url)).ended().expecting(1);
        let job = ended.object();
        assert_eq!(job.pointer("/error/charged"), Some(&"not_charged".into()), "{job}");
        let message = text(&job, "/error/message");
        assert!(message.contains(told) && message.contains("nothing was sent"), "{message}");
        key_is_nowhere(&desk, &[&ended]);
    }
    nobody_called(&listener);
}

/// A key where an address belongs is neither shown nor kept, and what is asked has no password in it.
#[test]
fn a_key_in_an_address_is_never_shown() {
    let desk = Desk::new();
    for url in [
        format!("https://me:{KEY}@a.invalid/v1"),
        format!("https://{KEY}@a.invalid/v1"),
        format!("https://a.invalid/v1?key={KEY}"),
        format!("https://a.invalid/{KEY}/v1"),
        KEY.to_owned(),
    ] {
        let ended = Running::start(draft(&desk, "rw-other-key-0815", &url));
        // What can be asked is asked again and again.
        let is_asked = url.starts_with("https://a.invalid/");
        let printed = if is_asked { Vec::new() } else { vec![ended.ended().expecting(1)] };
        let run = |line: &[&str]| {
            let mut command = desk.command(line);
            command.env("RUNWARE_API_KEY", "rw-other-key-0815").env("RUNWARE_BASE_URL", &url);
            Running::start(command).ended()
        };
        let dry = run(&[
            "generate",
            "--dry-run",
            "--json",
            "--model",
            "runware/1.5-pro",
            "--prompt",
            "a",
        ]);
        let printed: Vec<Ended> = printed
            .into_iter()
            .chain([run(&["doctor"]), run(&["doctor", "--json"]), dry])
            .collect();
        key_is_nowhere(&desk, &printed.iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_key_in_the_place_of_a_model_is_never_repeated() {
    for model in [KEY.to_owned(), format!("runware/{KEY}")] {
        let desk = Desk::new();
        desk.write("config/config.toml", format!("model = \"{model}\"\n"));
        let lines: [&[&str]; 4] =
            [&["generate", "--prompt", "a"], &["doctor"], &["doctor", "--json"], &["models"]];
        let printed = lines.map(|line| desk.run(line));
        assert_eq!(printed[0].status, Some(2), "{}", printed[0].err);
        key_is_nowhere(&desk, &printed.iter().collect::<Vec<_>>());
    }
}

/// `ffmpeg` stands for all programs that are started: they are started in one place.
#[test]
fn other_programs_inherit_no_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::quick();
    let seen = desk.path("seen");
    let script =
        desk.write("bin/ffmpeg", format!("#!/bin/sh\nenv > {}\necho ffmpeg 7\n", seen.display()));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    desk.write(
        "config/catalog/own.toml",
        "[provider]\nid = \"own\"\nname = \"Own\"\nprotocol = \"runpod\"\nbase_url = \"https://own.invalid\"\nkey_env = \"OWN_KEY\"\n",
    );
    let path =
        format!("{}:{}", desk.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    let mut doctor = desk.command(&["doctor"]);
    doctor.env("PATH", path).env("EDITORS_KEY", "theirs");
    for name in ["RUNPOD_API_KEY", "RUNBASE_API_KEY", "RUSHES_SANDBOX_KEY", "OWN_KEY"] {
        doctor.env(name, KEY);
    }
    for name in ["RUNPOD", "RUNBASE"] {
        doctor.env(format!("{name}_BASE_URL"), "http://127.0.0.1:9");
    }
    let ended = Running::start(doctor).ended();
    assert!(ended.out.contains("ffmpeg 7"), "{}", ended.out);
    let seen = fs::read_to_string(seen).expect("it was started");
    assert!(seen.contains("EDITORS_KEY=theirs") && !seen.contains(KEY), "{seen}");
}

/// Where the system dumps the memory of programs that break, it does not dump ours.
#[test]
fn a_crash_leaves_no_memory_behind() {
    use std::os::unix::process::ExitStatusExt as _;
    let desk = Desk::new();
    let dumps = |script: &str| {
        let mut shell = desk.around("sh");
        shell.args(["-c", &format!("ulimit -c unlimited 2>/dev/null; {script}")]);
        shell.status().expect("it runs").core_dumped()
    };
    if !dumps("kill -ABRT $$") {
        return super::support::skipped("nothing is dumped here");
    }
    let program = env!("CARGO_BIN_EXE_rushes");
    let mut shell = desk.around("sh");
    shell.args([
        "-c",
        &format!("ulimit -c unlimited; exec {program} sandbox --listen 127.0.0.1:0 --json"),
    ]);
    let mut child = shell.spawn().expect("it starts");
    let mut line = String::new();
    let out = child.stdout.as_mut().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a line");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).expect("a signal");
    assert!(!child.wait().expect("it ends").core_dumped());
}
