//! The providers' own client libraries, unmodified, against `rushes sandbox --listen`: what they need of
//! a server is what the sandbox must be.

use std::process::Command;

use serde_json::Value;

use super::support::{Desk, Running, said, skipped, text};

const KEY: &str = "secret";
const CLIENTS: &str = include_str!("../sdk/clients.py");
const CLIENT: &str = include_str!("../sdk/client.mjs");

/// What a command printed; none, with a word, where it is missing or does not work.
fn tried(command: &mut Command) -> Option<String> {
    match command.output() {
        Ok(run) if run.status.success() => Some(String::from_utf8_lossy(&run.stdout).into_owned()),
        Ok(run) => {
            let why = String::from_utf8_lossy(&run.stderr).into_owned();
            skipped(&format!("{command:?}: {}", why.lines().last().unwrap_or_default()));
            None
        }
        Err(error) => {
            skipped(&format!("{command:?}: {error}"));
            None
        }
    }
}

/// A sandbox for those clients, and its address without a path.
fn remote(desk: &Desk) -> (Running, String) {
    let line = ["sandbox", "--listen", "127.0.0.1:0", "--key", KEY, "--speed", "10", "--json"];
    let mut running = desk.start(&line);
    let told: Value = serde_json::from_str(&running.next_line()).expect("JSON");
    let url = text(&told, "/url").strip_suffix("/v1").expect("Runware's path").to_owned();
    (running, url)
}

/// Runs a client's checks, and says how many there were.
fn checked(mut client: Command, url: &str) {
    let run = client.args([url, KEY]).output().expect("the client starts");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}\n{err}");
    assert!(out.contains(" checks of "), "{out}");
    said(out.trim());
}

#[test]
#[ignore = "installs Runware's and RunPod's Python clients from PyPI"]
fn the_official_python_clients_work() {
    let desk = Desk::new();
    let clients = desk.write("clients.py", CLIENTS);
    let venv = desk.path("venv");
    if tried(desk.around("python3").args(["-m", "venv"]).arg(&venv)).is_none() {
        return;
    }
    let python = venv.join("bin/python").display().to_string();
    let packages = ["-m", "pip", "install", "--quiet", "runware-sdk==1.8.*", "runpod==1.12.*"];
    if tried(desk.around(&python).args(packages)).is_none() {
        return;
    }
    let (_remote, url) = remote(&desk);
    let mut client = desk.around(&python);
    client.arg(clients);
    checked(client, &url);
}

#[test]
#[ignore = "installs RunPod's JavaScript client from npm"]
fn the_official_javascript_client_works() {
    let desk = Desk::new();
    let client = desk.write("client.mjs", CLIENT);
    if tried(desk.around("npm").args(["install", "--silent", "runpod-sdk@1.1"])).is_none() {
        return;
    }
    let (_remote, url) = remote(&desk);
    let mut node = desk.around("node");
    node.arg(client);
    checked(node, &url);
}
