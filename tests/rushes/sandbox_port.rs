//! The sandbox's port is open to everybody on this machine and to every page in a browser here, and neither
//! may order renders.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::support::{Desk, Running, generate, text, until};

/// A task that any client may order.
fn order(task: &str) -> String {
    json!([{ "taskType": "videoInference", "taskUUID": task, "model": "bytedance:2@1",
             "positivePrompt": "a fox", "duration": 2, "width": 864, "height": 480 }])
    .to_string()
}

/// The status and the body of the answer to a POST of `body` with `headers`.
fn post(address: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("a server");
    let head = format!(
        "POST /v1 HTTP/1.1\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").expect("a body").1.to_owned())
}

fn listening(desk: &Desk, more: &[&str]) -> (Running, String) {
    let line = [&["sandbox", "--listen", "127.0.0.1:0", "--json"][..], more].concat();
    let mut running = desk.start(&line);
    let told: Value = serde_json::from_str(&running.next_line()).expect("JSON");
    let url = text(&told, "/url");
    let address = url.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    (running, address)
}

const TASK: &str = "5d219290-7a7d-4859-ae06-0404ac3c6296";
const JSON: &str = "content-type: application/json\r\n";
const KEY: &str = "authorization: Bearer any\r\n";

#[test]
fn no_page_and_no_other_name_orders_a_render() {
    let desk = Desk::new();
    let (_running, address) = listening(&desk, &["--allow-host", "api.runware.ai"]);
    let host = format!("host: {address}\r\n");
    let in_body =
        format!("[{{\"taskType\":\"authentication\",\"apiKey\":\"any\"}},{}", &order(TASK)[1..]);
    for (what, status, headers, body) in [
        ("a name that leads here", 403, format!("host: evil.example\r\n{JSON}{KEY}"), order(TASK)),
        (
            "a page's own request",
            403,
            format!("{host}{JSON}{KEY}origin: https://evil.example\r\n"),
            order(TASK),
        ),
        (
            "a page's form",
            403,
            format!("{host}{JSON}sec-fetch-site: cross-site\r\n"),
            in_body.clone(),
        ),
        (
            "what a page sends unasked",
            415,
            format!("{host}content-type: text/plain\r\n"),
            in_body.clone(),
        ),
        ("a body of no kind", 415, format!("{host}{KEY}"), order(TASK)),
    ] {
        assert_eq!(post(&address, &headers, &body).0, status, "{what}");
    }
    assert_eq!(desk.accepted(), [""; 0]);
    // Runware's own clients may say the key in the body, and have the service's name built in.
    let (status, body) = post(&address, &format!("host: api.runware.ai\r\n{JSON}"), &in_body);
    assert_eq!(status, 200, "{body}");
    assert_eq!(desk.accepted(), [TASK]);
}

/// The sandbox that a program carries takes the key that lies in the data folder, which every program on
/// that folder finds, and no other.
#[test]
fn the_embedded_one_takes_the_key_of_its_folder_alone() {
    let desk = Desk::new();
    let mut slow = desk.command(&generate("a lighthouse", &["--wait"]));
    slow.env("RUSHES_SANDBOX_SPEED", "0.2");
    let mut first = Running::start(slow);
    let folder = desk.data().join("sandbox");
    until("an accepted job", || desk.accepted().len() == 1);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    let (address, key) = (read("address"), read("key"));
    let mode = std::fs::metadata(folder.join("key")).expect("the key").permissions().mode();
    assert_eq!((mode & 0o777, key.len()), (0o600, 32));
    let host = format!("host: {address}\r\n{JSON}");
    for other in ["any", "sandbox", ""] {
        let (status, _) =
            post(&address, &format!("{host}authorization: Bearer {other}\r\n"), &order(TASK));
        assert_eq!(status, 401, "{other}");
    }
    let in_body =
        format!("[{{\"taskType\":\"authentication\",\"apiKey\":\"any\"}},{}", &order(TASK)[1..]);
    assert_eq!(post(&address, &host, &in_body).0, 401);
    assert_eq!(desk.accepted().len(), 1, "nobody ordered anything");
    // Another program on the folder uses this one's.
    desk.done(&generate("a paper boat", &[]));
    assert_eq!(desk.accepted().len(), 2);
    assert!(!first.has_ended(), "it served all the while");
    let other = Desk::new();
    other.clip("a fox");
    let others = std::fs::read_to_string(other.data().join("sandbox/key")).expect("a key");
    assert_ne!(others, key);
}

/// More connections than there are places, which say nothing or only begin to.
#[test]
fn idle_connections_keep_nobody_out_of_the_sandbox() {
    let desk = Desk::new();
    let (_running, address) = listening(&desk, &[]);
    let idle: Vec<TcpStream> = (0..256)
        .map(|nr| {
            let mut stream = TcpStream::connect(&address).expect("a connection");
            if nr % 2 == 0 {
                stream.write_all(b"POST /v1 HTT").expect("taken");
            }
            stream
        })
        .collect();
    let (status, body) = post(&address, &format!("host: {address}\r\n{JSON}{KEY}"), &order(TASK));
    assert_eq!((status, idle.len()), (200, 256), "{body}");
}

/// With a key of its own it takes no other, and the programs of its folder have that one.
#[test]
fn a_sandbox_with_a_key_serves_its_own_folder() {
    let desk = Desk::new();
    let (running, address) = listening(&desk, &["--key", "sk-of-mine"]);
    let headers = format!("host: {address}\r\n{JSON}");
    assert_eq!(post(&address, &format!("{headers}{KEY}"), &order(TASK)).0, 401);
    let with_key = format!("{headers}authorization: Bearer sk-of-mine\r\n");
    assert_eq!(post(&address, &with_key, &order(TASK)).0, 200);
    desk.clip("a pier");
    running.kill();
    desk.clip("a ferry");
    assert_eq!(desk.accepted_once_each(), 3);
    // It may be one that is used elsewhere too.
    desk.never_holds("sk-of-mine");
}
