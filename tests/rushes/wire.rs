//! A service on loopback that says, byte for byte, what a test tells it to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The pace of a reply that never ends: fast enough that no single byte is late.
const DRIP: Duration = Duration::from_millis(50);

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    /// The value of the header `authorization`.
    pub(crate) key: Option<String>,
    /// JSON, or null.
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

/// What is sent back.
pub(crate) enum Act {
    /// These bytes; then the connection is closed.
    Say(Vec<u8>),
    /// These bytes; then one after the other, for as long as anybody listens.
    Drip(Vec<u8>),
}

/// A running service. It ends with the test's process.
pub(crate) struct Wire {
    /// Like `http://127.0.0.1:4711`.
    pub(crate) origin: String,
    calls: Arc<Mutex<Vec<Call>>>,
    sent_bytes: Arc<Mutex<usize>>,
}

impl Wire {
    /// Serves what `answer` says; it is told the origin and the calls so far, the present one last.
    pub(crate) fn start(answer: impl Fn(&str, &[Call]) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let wire = Self { origin, calls: Arc::default(), sent_bytes: Arc::default() };
        let (origin, calls) = (wire.origin.clone(), Arc::clone(&wire.calls));
        let (answer, sent_bytes) = (Arc::new(answer), Arc::clone(&wire.sent_bytes));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (origin, calls) = (origin.clone(), Arc::clone(&calls));
                let (answer, sent_bytes) = (Arc::clone(&answer), Arc::clone(&sent_bytes));
                std::thread::spawn(move || {
                    let Some(call) = read(&stream) else { return };
                    let act = {
                        let mut calls = calls.lock().expect("the calls");
                        calls.push(call);
                        answer(&origin, &calls)
                    };
                    let sent = send(&stream, act);
                    *sent_bytes.lock().expect("the count") += sent;
                });
            }
        });
        wire
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("the calls").clone()
    }

    /// How many bytes of replies could be sent before their readers had enough.
    pub(crate) fn sent_bytes(&self) -> usize {
        *self.sent_bytes.lock().expect("the count")
    }
}

fn read(stream: &TcpStream) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut key) = (0, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                key = Some(value.to_owned());
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Some(Call { path, key, body, at: Instant::now() })
}

/// Sends, and returns how many bytes went out before the reader was gone.
fn send(mut stream: &TcpStream, act: Act) -> usize {
    let (Act::Say(bytes) | Act::Drip(bytes)) = &act;
    let mut sent = 0;
    for part in bytes.chunks(64 << 10) {
        if stream.write_all(part).is_err() {
            return sent;
        }
        sent += part.len();
    }
    if matches!(act, Act::Drip(_)) {
        while stream.write_all(b" ").is_ok() {
            sent += 1;
            std::thread::sleep(DRIP);
        }
    }
    sent
}

/// A whole reply.
pub(crate) fn reply(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Act {
    announced(status, headers, body.as_ref().len(), body)
}

/// A reply that announces `length` bytes, whatever there is.
pub(crate) fn announced(status: u16, headers: &str, length: usize, body: impl AsRef<[u8]>) -> Act {
    let head = format!(
        "HTTP/1.1 {status} x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    Act::Say([head.as_bytes(), body.as_ref()].concat())
}

/// The head of a reply that comes byte by byte and never ends.
pub(crate) fn drip() -> Act {
    Act::Drip(b"HTTP/1.1 200 x\r\ncontent-length: 100000\r\n\r\n".to_vec())
}
