//! What is spent: the limits of the config, and the ledger.

use serde_json::{Value, json};

use super::keys::{KEY, remote};
use super::support::{Desk, Running, text};
use super::wire::{Wire, reply};

/// A draft on the real entry, against the sandbox at `url`.
fn draft(desk: &Desk, url: &str, more: &[&str]) -> Running {
    let line =
        ["generate", "--model", "runware/1.5-pro", "--draft", "--json", "--prompt", "a boat"];
    let mut command = desk.command(&line);
    command.args(more).env("RUNWARE_API_KEY", KEY).env("RUNWARE_BASE_URL", url);
    Running::start(command)
}

#[test]
fn a_limit_stops_a_submit_until_it_is_confirmed_and_never_play_money() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_remote, url) = remote(&there);
    here.write("config/config.toml", "[limits]\ndaily_usd = 0.1\nsubmit_usd = 0.08\n");
    draft(&here, &url, &[]).ended().expecting(0);
    let second = draft(&here, &url, &[]).ended().expecting(2);
    second.saying(&["the last 24 hours", "$0.07292", "limit of $0.10000", "Nothing was sent"]);
    let long = draft(&here, &url, &["--duration", "12"]).ended().expecting(2);
    long.saying(&["one submit may cost $0.08000", "--over-limit"]);
    assert_eq!(there.accepted_once_each(), 1);
    draft(&here, &url, &["--over-limit"]).ended().expecting(0);
    assert_eq!(there.accepted_once_each(), 2);
    here.done(&["generate", "--draft", "--duration", "12", "--prompt", "play money"]);
}

#[test]
fn the_ledger_keeps_play_money_apart_and_names_what_is_not_known() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_remote, url) = remote(&there);
    here.done(&["generate", "--draft", "--wait", "--prompt", "a boat"]);
    draft(&here, &url, &[]).ended().expecting(0);
    let rows = here.done(&["ledger", "--by", "provider", "--since", "1d", "--json"]).objects();
    let row = |name: &str| -> Value {
        rows.iter().find(|row| text(row, "/key") == name).cloned().expect("a row")
    };
    let (play, real) = (row("sandbox"), row("runware"));
    assert_eq!(
        (play["play_money"].as_bool(), real["play_money"].as_bool()),
        (Some(true), Some(false))
    );
    assert_eq!(play["charged_usd"], play["estimate_usd"]);
    assert_eq!(
        (real["open_usd"].clone(), real["charged_usd"].as_f64()),
        (real["estimate_usd"].clone(), Some(0.0))
    );
    let table = here.done(&["ledger"]).out;
    let money = table.find("money\n").expect("real money");
    assert!(table.find("play money").is_some_and(|play| play > money), "{table}");
    here.run(&["ledger", "--since", "yesterday"])
        .expecting(2)
        .saying(&["expected one like 30m, 24h, 7d or 4w"]);
}

/// A charge of nothing or less would make room below the limits, and one beyond all measure would close them.
#[test]
fn a_charge_that_can_not_be_lifts_no_limit() {
    const CLIP: &[u8] = include_bytes!("../fixtures/clips/high.mp4");
    for (model, env, path) in [
        ("runware/1.0-pro", "RUNWARE", "/v1"),
        ("runpod/1.0-pro", "RUNPOD", "/v2"),
        ("runbase/1.0-pro", "RUNBASE", "/api/v1"),
    ] {
        for named in [-5.0, -1e300, 1e12, 0.0, 1e-9] {
            let wire = Wire::start(move |origin, calls| {
                let call = calls.last().expect("a call");
                let (task, micro) = (&call.body[0]["taskUUID"], (named * 1e6_f64).trunc());
                if call.path.contains("/file") {
                    return reply(200, "", CLIP);
                }
                let url = format!("{origin}/file.mp4");
                let data = json!([{ "taskType": "videoInference", "taskUUID": task, "videoUUID": task,
                                    "status": "success", "videoURL": url, "cost": named }]);
                let submit = call.path.ends_with("/run") || call.path.ends_with("/runs");
                let status = if submit {
                    "pending"
                } else if path == "/v2" {
                    "COMPLETED"
                } else {
                    "succeeded"
                };
                let output = json!({ "video_url": url, "cost": named, "urls": [url] });
                let body = json!({ "data": data, "id": "x-1", "status": status, "costUsd": micro,
                                   "output": output });
                reply(200, "", body.to_string())
            });
            let desk = Desk::quick();
            desk.write("config/config.toml", "[limits]\ndaily_usd = 0.15\n");
            let generate = |more: &[&str]| {
                let line = ["generate", "--wait", "--json", "--model", model, "--prompt", "a boat"];
                let mut command = desk.command(&line);
                command.args(more).env(format!("{env}_API_KEY"), KEY);
                command.env(format!("{env}_BASE_URL"), format!("{}{path}", wire.origin));
                Running::start(command).ended()
            };
            let what = format!("{named} at {model}");
            let job = generate(&["--over-limit"]).expecting(0).object();
            assert_eq!(
                (text(&job, "/state"), &job["charge_usd"]),
                ("succeeded", &Value::Null),
                "{what}"
            );
            let told = job["named_charge_usd"].as_f64().expect("what was named");
            let is_it = match named {
                0.0..1.0 => told == 0.0,
                _ => told.signum() == named.signum() && told.abs() >= 5.0,
            };
            assert!(is_it, "{what}: {told}");
            let shown = desk.done(&["show", text(&job, "/id")]).out;
            assert!(
                shown.contains("which can't be") && shown.contains("counts as"),
                "{what}: {shown}"
            );
            let row = desk.done(&["ledger", "--by", "provider", "--json"]).object();
            let counted = row["unknown_usd"].as_f64().expect("money");
            let expected = if model.starts_with("runbase") { 100.0 } else { 0.0 };
            assert!(counted > expected - 1e-9 && counted <= 100.0, "{what}: {row}");
            assert_eq!(row["charged_usd"].as_f64(), Some(0.0), "{what}");
            generate(&[]).expecting(2).saying(&["Nothing was sent"]);
        }
    }
}
