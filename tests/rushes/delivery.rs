//! Where results are sent besides here: by the sandbox truly, and with addresses whose end nobody sees.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};

use super::support::{Desk, Running, SHORT, text};
use super::wire::{Act, Call, Wire, reply};

/// What is never seen of an address.
const SIGNATURE: &str = "X-Amz-Signature=9f8e7d6c5b4a";

/// A request as it came in: its method, its path and its body.
type Came = (String, String, Vec<u8>);

/// A place on this machine that takes whatever it is sent.
fn place() -> (String, Receiver<Came>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let (came, requests) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Some(request) = read(&stream) else { continue };
            drop(
                (&stream).write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                ),
            );
            if came.send(request).is_err() {
                return;
            }
        }
    });
    (origin, requests)
}

fn read(stream: &TcpStream) -> Option<Came> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut parts = line.split(' ').map(str::to_owned);
    let (method, path) = (parts.next()?, parts.next()?);
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(bytes) = header.strip_prefix("content-length:") {
            length = bytes.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((method, path, body))
}

#[test]
fn the_sandbox_puts_the_clip_to_the_upload_address_and_tells_the_webhook() {
    let (origin, requests) = place();
    let desk = Desk::new();
    let (upload, webhook) =
        (format!("{origin}/clips/fox.mp4?{SIGNATURE}"), format!("{origin}/hook?{SIGNATURE}"));
    let file = desk.write("upload-address", format!("{upload}\n"));
    let upload = format!("@{}", file.display());
    let mut line = vec!["generate", "--prompt", "a fox sandbox:nsfw", "--wait", "--json"];
    line.extend(SHORT);
    line.extend(["--safety", "full", "--ttl", "3600"]);
    line.extend(["--upload-endpoint", &upload, "--webhook-url", &webhook]);
    let ended = desk.done(&line);
    let job = ended.object();
    let (put, posted) = (requests.recv().expect("a clip"), requests.recv().expect("a word"));
    assert_eq!((put.0.as_str(), put.1), ("PUT", format!("/clips/fox.mp4?{SIGNATURE}")));
    let clip = std::fs::read(text(&job, "/files/0/path")).expect("the clip is here as well");
    assert!(put.2 == clip, "the same bytes as here");
    assert_eq!((posted.0.as_str(), posted.1), ("POST", format!("/hook?{SIGNATURE}")));
    let told: Value = serde_json::from_slice(&posted.2).expect("JSON");
    assert_eq!((&told["taskType"], &told["NSFWContent"]), (&json!("videoInference"), &json!(true)));
    assert_eq!(told["cost"], job["charge_usd"]);

    assert_eq!((&job["safety"], &job["ttl"]), (&json!("full"), &json!(3600)));
    assert_eq!(job["upload_endpoint"], json!(upload));
    assert_eq!(job["webhook_url"], json!(format!("{origin}/hook?…")));
    let shown = desk.done(&["show", text(&job, "/id")]);
    assert!(shown.out.contains("safety full") && shown.out.contains("/hook?…"), "{}", shown.out);
    for printed in [&ended.out, &ended.err, &shown.out] {
        assert!(!printed.contains(SIGNATURE), "{printed}");
    }
    std::fs::remove_file(file).expect("the user's own file");
    desk.never_holds(SIGNATURE);
}

/// The forms of a submit that a service answers with the address in it.
#[test]
fn no_answer_makes_an_address_seen_and_no_job_that_has_ended_keeps_it() {
    let wire = Wire::start(|_, calls| repeated(calls.last().expect("a call")));
    let desk = Desk::quick();
    let upload = format!("https://bucket.s3.amazonaws.com/fox.mp4?{SIGNATURE}");
    let run = |line: &[&str]| {
        let mut command = desk.command(line);
        command
            .env("RUNWARE_API_KEY", "a-key-that-is-long")
            .env("RUNWARE_BASE_URL", format!("{}/v1", wire.origin))
            .env("RUSHES_UPLOAD_ENDPOINT", &upload);
        Running::start(command).ended()
    };
    let line = ["generate", "--model", "runware/1.0-pro", "--prompt", "a boat", "--wait", "--json"];
    let dry = run(&[&line[..5], &["--dry-run"]].concat());
    assert!(dry.out.contains("fox.mp4?…"), "{}", dry.out);
    let ended = run(&line);
    assert_eq!(wire.calls()[0].body[0]["uploadEndpoint"], json!(upload), "the whole of it is sent");
    assert_eq!(ended.object()["state"], "failed", "{}", ended.out);
    let shown = run(&["show", text(&ended.object(), "/id"), "--json"]);
    for printed in [&dry, &ended, &shown] {
        let secret = "9f8e7d6c5b4a";
        assert!(!printed.out.contains(secret) && !printed.err.contains(secret), "{}", printed.out);
    }
    desk.never_holds("9f8e7d6c5b4a");
}

fn repeated(call: &Call) -> Act {
    let address = text(&call.body[0], "/uploadEndpoint");
    let words = format!("can't write to {address}");
    let error = json!({ "code": "invalidUploadEndpoint", "message": words, "parameter": "uploadEndpoint",
                        "taskUUID": call.body[0]["taskUUID"] });
    reply(400, "", json!({ "errors": [error] }).to_string())
}

#[test]
fn an_address_that_can_not_be_used_sends_nothing() {
    let desk = Desk::new();
    let line =
        |address: &str| desk.run(&["generate", "--prompt", "a fox", "--upload-endpoint", address]);
    for (address, told) in [
        ("fox.mp4", "https://"),
        ("@/no/such/file", "/no/such/file"),
        ("https://user:word@example.com/", "password"),
        ("https://example.com/a?…", "only until its job has ended"),
    ] {
        let ended = line(address).expecting(2);
        assert!(ended.err.contains(told), "{address}: {}", ended.err);
    }
    // Beyond this machine the sandbox sends nothing, and says so.
    let ended = line("https://example.com/fox.mp4").expecting(1);
    let told = format!("{}{}", ended.out, ended.err);
    assert!(told.contains("beyond its own machine"), "{told}");
    assert_eq!(desk.journal(), Vec::<Value>::new());
}

#[test]
fn what_the_config_says_counts_where_nothing_else_is_said_and_the_model_has_it() {
    let desk = Desk::new();
    desk.write("config/config.toml", "[defaults]\nttl = 600\nquality = 60\nsafety = \"fast\"\n");
    let dry = |more: &[&str]| {
        let line = [&["generate", "--dry-run", "--json", "--prompt", "a boat"], more].concat();
        desk.done(&line).object()["body"].clone()
    };
    let body = dry(&["--model", "sandbox/1.0-pro", "--quality", "70"]);
    assert_eq!((&body[0]["ttl"], &body[0]["outputQuality"]), (&json!(600), &json!(70)));
    assert_eq!(body[0]["safety"], json!({ "checkContent": true, "mode": "fast" }));
    let body = dry(&["--model", "runpod/1.0-pro"]);
    assert_eq!(body["input"].get("ttl"), None);
    for (wrong, told) in [
        ("tll = 600", "ttl"),
        ("ttl = \"long\"", "expected SECONDS"),
        ("upload_endpoint = \"hidden-word\"", "expected URL|@FILE"),
    ] {
        desk.write("config/config.toml", format!("[defaults]\n{wrong}\n"));
        let ended = desk.run(&["jobs"]).expecting(2);
        assert!(ended.err.contains(told) && !ended.err.contains("hidden-word"), "{}", ended.err);
    }
}
