//! The real provider's entry, its key and its address, against the sandbox served by another process.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

use super::support::{Desk, Ended, Running, facts, text};

pub(crate) const KEY: &str = "rw-secret-value-4711";

/// A sandbox that takes one key, on a desk of its own, and its address.
fn remote(desk: &Desk) -> (Running, String) {
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

/// The key is in no file of the desk and in nothing that was printed.
fn key_is_nowhere(desk: &Desk, printed: &[&Ended]) {
    for ended in printed {
        assert!(!ended.out.contains(KEY) && !ended.err.contains(KEY), "the key was printed");
    }
    let files = Desk::files(&desk.path(""));
    assert!(!files.is_empty());
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
    assert!(doctor.out.contains("ok  runware   answers at"), "{}", doctor.out);
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

fn nobody_called(listener: &TcpListener) {
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
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{target}/v1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
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
