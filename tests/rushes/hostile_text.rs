//! What comes from outside is hostile: texts that would steer the terminal, and addresses that would lead
//! elsewhere. Each goes the way that it would really go.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::keys::{KEY, QUICK_RUNWARE, draft};
use super::support::{Desk, Ended, Running, generate, text, until};

/// Clears the screen, sets the clipboard, rings, turns text around, in seven and in eight bits; and says what nobody
/// sees.
const EVIL: &str = "\u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m\u{8}\u{202e}\u{2066}\u{61c}\u{200f}\u{2063}\u{e0041}evil";

/// Nothing that was printed can steer a terminal.
#[track_caller]
fn is_harmless(what: &str, ended: &Ended) {
    for printed in [&ended.out, &ended.err] {
        let found = printed.chars().find(|c| {
            c.is_control() && !['\n', '\t'].contains(c)
                || matches!(
                    c,
                    '\u{61c}'
                        | '\u{200e}'
                        | '\u{200f}'
                        | '\u{2028}'..='\u{202e}'
                        | '\u{2060}'..='\u{206f}'
                        | '\u{e0000}'..='\u{e007f}'
                )
        });
        assert_eq!(found, None, "{what}: {printed:?}");
    }
    assert!(ended.out.contains("evil") || ended.err.contains("evil"), "{what} is not told at all");
}

#[test]
fn no_text_steers_the_terminal() {
    let desk = Desk::new();
    let job = desk.done(&generate(&format!("a fox {EVIL}"), &["--wait"]));
    is_harmless("a prompt", &job);
    let id = text(&job.object(), "/id").to_owned();
    let file = desk.write("prompt.txt", format!("an owl {EVIL}"));
    let file = file.to_str().expect("letters");
    let image = desk.write(&format!("{EVIL}.png"), super::wrong_input::png(640, 480));
    let image = image.to_str().expect("letters").to_owned();
    let torn = desk.write(&format!("torn {EVIL}.png"), "no image");
    let torn = torn.to_str().expect("letters").to_owned();
    let query = format!("seed:{EVIL}");
    let lines: [(&str, Vec<&str>); 13] = [
        ("a prompt in the history", vec!["history"]),
        ("a prompt in JSON", vec!["history", "--json"]),
        ("a prompt in the list", vec!["jobs"]),
        ("a prompt in the details", vec!["show", &id]),
        ("a prompt of a file", vec!["generate", "--dry-run", "--json", "--prompt-file", file]),
        (
            "the name of an image",
            vec![
                "generate",
                "--dry-run",
                "--json",
                "--prompt",
                "a fox evil",
                "--first-frame",
                &image,
            ],
        ),
        ("the name of a torn image", vec!["generate", "--prompt", "a fox", "--first-frame", &torn]),
        ("an address", vec!["generate", "--prompt", "a fox", "--first-frame", EVIL]),
        ("a query", vec!["history", &query]),
        ("a model", vec!["generate", "--prompt", "a fox", "--model", EVIL]),
        ("a job's name", vec!["show", EVIL]),
        ("a wrong value", vec!["generate", "--prompt", "a fox", "--seed", EVIL]),
        ("an unknown option", vec![EVIL]),
    ];
    for (what, line) in lines {
        is_harmless(what, &desk.run(&line));
    }
    desk.write(&format!("config/catalog/{EVIL}.toml"), "for_provider = 7");
    is_harmless("the name of a catalog file", &desk.run(&["models"]));
    let written = EVIL.replace(|c: char| c.is_control(), "\\u001b");
    let catalog = QUICK_RUNWARE.replace("name = \"", &format!("name = \"{written}"));
    assert_ne!(catalog, QUICK_RUNWARE);
    desk.write("config/catalog/foreign.toml", catalog);
    is_harmless("a text of a catalog", &desk.run(&["doctor"]));
    is_harmless("a text of a catalog in JSON", &desk.run(&["doctor", "--json"]));
    desk.write(&format!("data/clips/{EVIL}.json"), "nothing");
    is_harmless("the name of a sidecar", &desk.run(&["doctor", "--repair"]));
    desk.write("config/config.toml", "[profiles.\"\\u001b[2J\\u009bevil\"]\n");
    is_harmless("a word of the config", &desk.run(&["--profile", "other", "jobs"]));
}

/// What an address of a result may be, and whether it is fetched.
#[derive(Clone, Copy)]
enum Address {
    Is(&'static str),
    /// Of the listener that stands for another host.
    Elsewhere,
    /// Of the same by plain http: 0.0.0.0 leads to this machine although it is no loopback address.
    PlainElsewhere,
    /// Of our own service, which leads on to there.
    LedElsewhere,
    /// Of our own service, which leads on to a file.
    LedToFile,
}

/// A service that speaks as much of Runware's protocol as a job needs, with that address as its result.
fn service(address: Address, elsewhere: SocketAddr) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let here = listener.local_addr().expect("an address");
    let url = match address {
        Address::Is(url) => url.to_owned(),
        Address::Elsewhere => format!("http://{elsewhere}/clip.mp4"),
        Address::PlainElsewhere => format!("http://0.0.0.0:{}/plain.mp4", elsewhere.port()),
        Address::LedElsewhere | Address::LedToFile => format!("http://{here}/led.mp4"),
    };
    let led = match address {
        Address::LedToFile => "file:///etc/passwd".to_owned(),
        _ => format!("http://{elsewhere}/clip.mp4"),
    };
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a call");
            let (head, body) = request(&mut stream);
            let (status, header, reply) = if head.starts_with("GET") {
                ("307 Temporary Redirect", format!("location: {led}\r\n"), String::new())
            } else {
                ("200 OK", String::new(), answer(&body, &url).to_string())
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\n{header}content-length: {}\r\nconnection: close\r\n\r\n{reply}",
                reply.len()
            );
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    format!("http://{here}/v1")
}

fn answer(body: &str, url: &str) -> Value {
    let tasks: Vec<Value> = serde_json::from_str(body).expect("an array of tasks");
    let each = tasks.iter().map(|task| {
        let (kind, id) = (&task["taskType"], &task["taskUUID"]);
        if kind == "getResponse" {
            // The name of a result would lead out of the folder, if it became one of a file.
            json!({ "taskType": "videoInference", "taskUUID": id, "status": "success", "cost": 0.1,
                    "videoUUID": format!("../../../../{EVIL}"), "videoURL": url })
        } else {
            json!({ "taskType": kind, "taskUUID": id })
        }
    });
    json!({ "data": each.collect::<Vec<Value>>() })
}

/// A request's head, in lower case but for its first line, and its body.
fn request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        bytes.extend(&buffer[..read]);
        let all = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = all.split_once("\r\n\r\n") {
            let length = head.to_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length:")
                    .and_then(|length| length.trim().parse::<usize>().ok())
            });
            if body.len() >= length.unwrap_or(0) {
                return (head.to_owned(), body.to_owned());
            }
        }
        if read == 0 {
            return (all, String::new());
        }
    }
}

/// A result's address leads to no file of this machine, to no plain http elsewhere, and never has the key
/// with it; and what comes is kept below the data folder only.
#[test]
fn no_address_leads_out() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let elsewhere = listener.local_addr().expect("an address");
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a call");
            let (head, _) = request(&mut stream);
            heard.lock().expect("heads").push(head);
            let body = "root:x:0:0 is not a video";
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    let running: Vec<(Desk, Running)> = [
        Address::Is("file:///etc/passwd"),
        Address::Is("/etc/passwd"),
        Address::Is("../../../../etc/passwd"),
        Address::Is("data:video/mp4;base64,AAAA"),
        Address::Is("ftp://127.0.0.1/clip.mp4"),
        Address::Is("http://0.0.0.0:1/clip.mp4"),
        Address::Is("http://169.254.169.254/latest/meta-data"),
        Address::LedToFile,
        Address::PlainElsewhere,
        Address::Elsewhere,
        Address::LedElsewhere,
    ]
    .map(|address| {
        let desk = Desk::new();
        desk.write("config/catalog/quick.toml", QUICK_RUNWARE);
        let running = Running::start(draft(&desk, KEY, &service(address, elsewhere)));
        (desk, running)
    })
    .into();
    let each = |(desk, running): (Desk, Running)| {
        let failed = || {
            let jobs = desk.run(&["history", "--json"]).objects();
            jobs.iter().any(|job| job["error"] != Value::Null || job["state"] == "failed")
        };
        until("a refusal", failed);
        running.kill();
        let shown = desk.run(&["show", text(&desk.run(&["history", "--json"]).object(), "/id")]);
        assert!(
            !shown.out.contains(['\u{1b}', '\u{9b}']) && !shown.out.contains(KEY),
            "{}",
            shown.out
        );
        let names: Vec<String> =
            Desk::files(&desk.path("")).iter().map(|path| path.display().to_string()).collect();
        assert!(!names.iter().any(|name| name.contains("evil")), "{names:?}");
        for path in Desk::files(&desk.data().join("clips")) {
            let content = fs::read(&path).expect("a file");
            assert!(
                !content.starts_with(b"root:") || path.extension().is_some_and(|end| end == "part"),
                "{}",
                path.display()
            );
        }
    };
    // Looking takes patience, as for everybody whose jobs are not at their end.
    std::thread::scope(|scope| {
        for one in running {
            scope.spawn(|| each(one));
        }
    });
    let heads = heads.lock().expect("heads");
    assert!(heads.len() >= 2, "both that may be fetched were");
    for head in heads.iter() {
        assert!(!head.contains("/plain.mp4"), "{head}");
        assert!(!head.to_lowercase().contains("authorization") && !head.contains(KEY), "{head}");
    }
}
