//! Whether rendering delays other requests: the sandbox is served as `rushes sandbox` does, gets a
//! clip of 1080p to render, and is asked for its balance meanwhile, over and over.
//! `cargo bench --bench delay`. The promise is 50 ms at the most.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The sandbox in a process of its own, gone with this value.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn main() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_rushes"));
    command.args(["sandbox", "--json", "--listen", "127.0.0.1:0", "--speed", "1000"]);
    command.env("RUSHES_DATA_DIR", folder.path()).env("RUSHES_CONFIG", "/dev/null");
    let mut served = Served(command.stdout(Stdio::piped()).spawn()?);
    let mut told = String::new();
    let output = served.0.stdout.take().expect("a pipe");
    BufReader::new(output).read_line(&mut told)?;
    let told: Value = serde_json::from_str(&told)?;
    let url = told["url"].as_str().expect("an address");
    let address = url.trim_start_matches("http://").trim_end_matches("/v1").to_owned();

    let idle = ask_while(&address, |asked| asked < 500)?;
    let task = submit(&address)?;
    let start = Instant::now();
    let mut last_look = start;
    let busy = ask_while(&address, |_| {
        // The state is looked at rarely, so that nearly all requests are the ones that are measured.
        if last_look.elapsed() < Duration::from_millis(500) {
            return true;
        }
        last_look = Instant::now();
        is_rendering(&address, &task).unwrap_or(false)
    })?;
    tell("idle", idle);
    tell("rendering", busy);
    let seconds = start.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "8 s of 1920x1080 took {seconds:.1} s")?;
    Ok(())
}

/// How long each answer took, for as long as `more` says.
fn ask_while(address: &str, mut more: impl FnMut(usize) -> bool) -> std::io::Result<Vec<Duration>> {
    let mut connection = TcpStream::connect(address)?;
    let mut all = Vec::new();
    while more(all.len()) {
        let call = json!([{ "taskType": "accountManagement", "operation": "getDetails",
                            "taskUUID": "6ba7b810-9dad-41d1-80b4-00c04fd430c8" }]);
        let start = Instant::now();
        post(&mut connection, address, &call)?;
        all.push(start.elapsed());
        // A person's program asks now and then; without a pause this one would be the load.
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(all)
}

fn submit(address: &str) -> std::io::Result<String> {
    let task = "91c1387d-e455-4b63-8420-4f8ae7db63dd";
    let order = json!([{
        "taskType": "videoInference", "taskUUID": task, "model": "bytedance:seedance@1.5-pro",
        "positivePrompt": "a moonlit clocktower market chase", "width": 1920, "height": 1080,
        "duration": 8, "seed": 65545, "deliveryMethod": "async",
    }]);
    let answer = post(&mut TcpStream::connect(address)?, address, &order)?;
    assert_eq!(answer["data"][0]["taskUUID"], task, "{answer}");
    Ok(task.to_owned())
}

fn is_rendering(address: &str, task: &str) -> std::io::Result<bool> {
    let call = json!([{ "taskType": "getResponse", "taskUUID": task }]);
    let answer = post(&mut TcpStream::connect(address)?, address, &call)?;
    Ok(answer["data"][0]["status"] == "processing")
}

/// One exchange over HTTP/1.1, without a client of ours or another's in the way.
fn post(connection: &mut TcpStream, address: &str, body: &Value) -> std::io::Result<Value> {
    let body = body.to_string();
    let length = body.len();
    let head = format!("POST /v1 HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer any\r\n");
    let request =
        format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
    connection.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

fn tell(when: &str, mut all: Vec<Duration>) {
    all.sort();
    let at = |permille: usize| all[(all.len() - 1) * permille / 1000].as_secs_f64() * 1000.0;
    let row = format!(
        "{when:<10} {:>6} requests: min {:.2} ms, median {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        all.len(),
        at(0),
        at(500),
        at(990),
        at(1000)
    );
    writeln!(std::io::stdout(), "{row}").expect("standard output");
}
