//! `rushes doctor` on the services: keys, balances, addresses, clocks.

use std::io::{Read as _, Write as _};
use std::process::Command;

use serde_json::{Value, json};

use super::keys::{KEY, key_is_nowhere, remote};
use super::support::{Desk, Ended, Running, text};

fn doctor(desk: &Desk, key: &str, url: &str) -> Command {
    let mut command = desk.command(&["doctor", "--json"]);
    command.env("RUNWARE_API_KEY", key).env("RUNWARE_BASE_URL", format!("{url}/v1"));
    command.env("RUNPOD_API_KEY", key).env("RUNPOD_BASE_URL", format!("{url}/v2"));
    command.env("RUNBASE_API_KEY", key).env("RUNBASE_BASE_URL", format!("{url}/api/v1"));
    command
}

fn finding(ended: &Ended, about: &str) -> Value {
    let all = ended.objects();
    all.into_iter().find(|one| one["about"] == about).unwrap_or_else(|| panic!("no {about}"))
}

#[test]
fn every_service_is_asked_whether_it_takes_the_key() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_remote, url) = remote(&there);
    let url = url.strip_suffix("/v1").expect("Runware's path");
    let good = Running::start(doctor(&here, KEY, url)).ended().expecting(0);
    let bad = Running::start(doctor(&here, "another", url)).ended().expecting(1);
    for (service, path) in [("runware", "/v1"), ("runpod", "/v2"), ("runbase", "/api/v1")] {
        let told = finding(&good, service);
        let facts = json!({
            "about": service,
            "ok": true,
            "what": told["what"],
            "key_from": "environment",
            "key_works": true,
            "balance_usd": if service == "runware" { json!(1000.0) } else { Value::Null },
            "base_url": format!("{url}{path}"),
            "base_url_from": "environment",
        });
        assert_eq!(told, facts);
        let told = finding(&bad, service);
        assert_eq!((&told["ok"], &told["key_works"]), (&json!(false), &json!(false)), "{told}");
        let what = text(&told, "/what");
        assert!(what.contains("_API_KEY is refused") && what.contains("Put a working"), "{what}");
    }
    assert_eq!(finding(&good, "clock")["ok"], true);
    assert_eq!(there.accepted().len(), 0);
    key_is_nowhere(&here, &[&good, &bad]);
}

#[test]
fn every_way_to_look_at_a_clip_is_tried() {
    let desk = Desk::new();
    let mut command = desk.command(&["doctor", "--json"]);
    command.env("DISPLAY", ":65000").env("PATH", desk.path("none"));
    let ended = Running::start(command).ended().expecting(0);
    let player = finding(&ended, "player");
    assert_eq!(player["ok"], false);
    assert!(
        text(&player, "/what").contains("DISPLAY is :65000, where nothing answers"),
        "{player}"
    );
    assert_eq!(finding(&ended, "link")["ok"], true);
    assert!(text(&finding(&ended, "copy"), "/what").starts_with("scp "));
    let kitten = finding(&ended, "kitten");
    assert_eq!(kitten["ok"], false, "it is not on the path: {kitten}");
    let ffmpeg = finding(&ended, "ffmpeg");
    assert_eq!(ffmpeg["ok"], false);
    assert!(text(&ffmpeg, "/what").contains("not installed"), "{ffmpeg}");
}

#[test]
fn whether_the_terminal_is_asked_for_pictures_is_told() {
    let desk = Desk::new();
    let pictures = |config: &str, variables: &[(&str, &str)]| {
        desk.write("config/config.toml", config);
        let mut command = desk.command(&["doctor", "--json"]);
        command.env_remove("TMUX").env_remove("STY").env("TERM", "xterm-kitty");
        command.envs(variables.iter().copied());
        let told = finding(&Running::start(command).ended().expecting(0), "pictures");
        assert_eq!(told["ok"], true);
        text(&told, "/what").to_owned()
    };
    assert!(pictures("", &[]).contains("asks this terminal once"));
    assert!(pictures("", &[("TMUX", "/tmp/tmux")]).contains("inside tmux or screen"));
    assert!(pictures("", &[("TERM", "dumb")]).contains("a terminal of this kind"));
    assert!(pictures("images = \"off\"\n", &[]).starts_with("none, as the config says"));
    assert!(pictures("images = \"sixel\"\n", &[("TMUX", "x")]).starts_with("sixel, as the config"));
}

#[test]
fn a_service_without_a_key_is_not_asked() {
    let desk = Desk::new();
    let ended = desk.done(&["doctor", "--json"]);
    let runpod = finding(&ended, "runpod");
    assert!(text(&runpod, "/what").contains("set RUNPOD_API_KEY"), "{runpod}");
    assert_eq!((&runpod["key_from"], &runpod["key_works"]), (&Value::Null, &Value::Null));
    assert_eq!(runpod["base_url"], "https://api.runpod.ai/v2");
    assert_eq!(runpod["base_url_from"], "catalog");
}

/// The balance's body is of Runware's docs, account management.
#[test]
fn a_clock_that_is_wrong_is_seen() {
    let desk = Desk::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut command = doctor(&desk, KEY, &url);
    for service in ["RUNPOD", "RUNBASE"] {
        command.env_remove(format!("{service}_API_KEY"));
    }
    let running = Running::start(command);
    let (mut stream, _) = listener.accept().expect("a call");
    assert!(stream.read(&mut [0; 4096]).expect("a request") > 0);
    let body =
        r#"{"data":[{"taskType":"accountManagement","operation":"getDetails","balance":2450.75}]}"#;
    let head = "HTTP/1.1 200 OK\r\ndate: Tue, 20 Oct 2020 12:00:00 GMT\r\nconnection: close\r\n";
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).expect("an answer");
    let ended = running.ended().expecting(1);
    assert!(text(&finding(&ended, "runware"), "/what").ends_with("$2450.75 left"));
    let clock = finding(&ended, "clock");
    assert_eq!(clock["ok"], false);
    assert!(clock["ahead_s"].as_i64() > Some(100_000_000), "{clock}");
    assert!(text(&clock, "/what").contains("set this machine's clock"), "{clock}");
}
