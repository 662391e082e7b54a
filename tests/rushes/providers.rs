//! RunPod and Runbase from prompt to file, against the sandbox served by another process.

use std::process::Command;

use serde_json::{Value, json};

use super::support::{Desk, Running, facts, text};
use super::wire::{Wire, reply};

const KEY: &str = "sk-secret-value-4711";

/// A sandbox that takes one key, on a desk of its own, and its address without a path.
fn remote(desk: &Desk, speed: &str) -> (Running, String) {
    let line = ["sandbox", "--listen", "127.0.0.1:0", "--key", KEY, "--speed", speed, "--json"];
    let mut running = desk.start(&line);
    let told: Value = serde_json::from_str(&running.next_line()).expect("JSON");
    let url = text(&told, "/url").strip_suffix("/v1").expect("Runware's path").to_owned();
    (running, url)
}

/// A desk whose catalog expects both providers to be as quick as the sandbox behind them.
fn desk() -> Desk {
    let desk = Desk::new();
    for (id, env, more) in [
        ("runpod", "RUNPOD", "can_cancel = true"),
        ("runbase", "RUNBASE", "requests = { max = 20, window_s = 10 }"),
    ] {
        let table = format!(
            "[provider]\nid = \"{id}\"\nname = \"{id}\"\nprotocol = \"{id}\"\n\
             base_url = \"https://{id}.invalid\"\nkey_env = \"{env}_API_KEY\"\n\
             base_url_env = \"{env}_BASE_URL\"\nexpected_final_s = 2\n{more}\n"
        );
        desk.write(&format!("config/catalog/{id}.toml"), table);
    }
    desk
}

fn at(desk: &Desk, url: &str, key: &str, line: &[&str]) -> Command {
    let mut command = desk.command(line);
    command.env("RUNPOD_API_KEY", key).env("RUNPOD_BASE_URL", format!("{url}/v2"));
    command.env("RUNBASE_API_KEY", key).env("RUNBASE_BASE_URL", format!("{url}/api/v1"));
    command
}

fn generate(desk: &Desk, url: &str, key: &str, model: &str, prompt: &str) -> Command {
    let small = if model.starts_with("runpod") { "480p" } else { "720p" };
    let line = ["generate", "--wait", "--json", "--model", model, "--resolution", small];
    at(desk, url, key, &[&line[..], &["--prompt", prompt]].concat())
}

#[test]
fn both_go_from_prompt_to_a_playable_file() {
    let (there, here) = (Desk::new(), desk());
    let (_remote, url) = remote(&there, "50");
    for (model, size) in [("runpod/1.0-pro", (864, 480)), ("runbase/1.0-pro", (1248, 704))] {
        let ended = Running::start(generate(&here, &url, KEY, model, "a paper boat")).ended();
        let job = ended.expecting(0).object();
        assert_eq!((text(&job, "/state"), facts(&job).frames), ("succeeded", 120), "{job}");
        assert_eq!((facts(&job).width_px, facts(&job).height_px), size);
        assert!(job["charge_usd"].as_f64() > Some(0.1), "{job}");
    }
    assert_eq!(there.accepted_once_each(), 2);
}

#[test]
fn runpods_frame_rate_sizes_and_times_are_taken_kept_and_shown() {
    let (there, here) = (Desk::new(), desk());
    let (_remote, url) = remote(&there, "50");
    let mut line =
        vec!["generate", "--wait", "--json", "--model", "runpod/1.0-pro", "--prompt", "a boat"];
    line.extend(["--resolution", "480p", "--aspect", "9:16", "--duration", "2", "--fps", "30"]);
    let ended = Running::start(at(&here, &url, KEY, &line)).ended().expecting(0);
    let job = ended.object();
    let clip = facts(&job);
    assert_eq!((clip.width_px, clip.height_px, clip.frames), (480, 864, 60), "{job}");
    assert!(ended.err.contains("unverified: the page names 16:9"), "{}", ended.err);
    assert_eq!((&job["fps"], &job["files"][0]["work"]["worker"]), (&json!(30), &json!("sandbox")));
    assert!(job["files"][0]["work"]["execution_ms"].is_u64(), "{job}");
    let shown = here.done(&["show", text(&job, "/id")]).out;
    assert!(shown.contains("30 frames a second") && shown.contains("by sandbox)"), "{shown}");
}

/// The page's output schema has a list, so a run may give several.
#[test]
fn every_address_of_a_run_is_saved() {
    const CLIP: &[u8] = include_bytes!("../fixtures/clips/black.mp4");
    let wire = Wire::start(|origin, calls| {
        let call = calls.last().expect("a call");
        if call.path.ends_with(".mp4") {
            return reply(200, "content-type: video/mp4\r\n", CLIP);
        }
        let urls = ["1", "2"].map(|name| format!("{origin}/{name}.mp4"));
        let body = json!({ "id": "run_1", "status": "succeeded", "costUsd": 40_000, "output": { "urls": urls } });
        reply(200, "", body.to_string())
    });
    let desk = desk();
    let line = ["generate", "--wait", "--json", "--model", "runbase/1.0-pro", "--prompt", "a boat"];
    let ended = Running::start(at(&desk, &wire.origin, KEY, &line)).ended().expecting(0);
    let job = ended.object();
    let paths = [text(&job, "/files/0/path"), text(&job, "/files/1/path")];
    assert_ne!(paths[0], paths[1], "{job}");
    for path in paths {
        assert!(std::fs::read(path).is_ok_and(|clip| clip == CLIP), "{path}");
    }
    assert_eq!(job["charge_usd"], json!(0.04), "the run is paid for once");
}

#[test]
fn what_goes_wrong_there_is_told_in_its_class_and_with_its_price() {
    let (there, here) = (Desk::new(), desk());
    let (_remote, url) = remote(&there, "50");
    for (model, word, key, state, class, charged) in [
        ("runpod/1.0-pro", "moderation", KEY, "failed", "moderated", "not_charged"),
        ("runbase/1.0-pro", "moderation", KEY, "failed", "moderated", "refunded"),
        ("runpod/1.0-pro", "timeout", KEY, "failed", "timeout", "unknown"),
        ("runpod/1.0-pro", "insufficient-credits", KEY, "failed", "money", "not_charged"),
        ("runbase/1.0-pro", "insufficient-credits", KEY, "failed", "money", "not_charged"),
        ("runpod/1.0-pro", "none", "wrong", "failed", "key", "not_charged"),
        ("runbase/1.0-pro", "none", "wrong", "failed", "key", "not_charged"),
        // No key makes a second send safe, so only the user may decide.
        ("runpod/1.0-pro", "lost-reply", KEY, "in_doubt", "lost", "unknown"),
        ("runbase/1.0-pro", "lost-request", KEY, "in_doubt", "lost", "unknown"),
        ("runbase/1.0-pro", "server-error", KEY, "in_doubt", "lost", "unknown"),
    ] {
        let prompt = format!("a paper boat, sandbox:{word}");
        let ended = Running::start(generate(&here, &url, key, model, &prompt)).ended();
        let job = ended.object();
        assert_eq!(text(&job, "/state"), state, "{model} {word}: {job}");
        let told = (text(&job, "/error/class"), text(&job, "/error/charged"));
        assert_eq!(told, (class, charged), "{model} {word}: {job}");
    }
}

#[test]
fn a_job_in_doubt_is_told_of_kindly_and_closed_without_a_claim_about_its_price() {
    let (there, here) = (Desk::new(), desk());
    let (_remote, url) = remote(&there, "50");
    let prompt = "a paper boat, sandbox:lost-reply";
    let doubted = Running::start(generate(&here, &url, KEY, "runbase/1.0-pro", prompt)).ended();
    let doubted = doubted.expecting(3).object();
    let id = text(&doubted, "/id");
    let told = here.done(&["settle", id]).out;
    for part in ["in doubt", "no price is published", "can't be asked", "--close", "--dashboard"] {
        assert!(told.contains(part), "'{part}' is not in {told}");
    }
    assert!(!told.contains("--look-up"), "{told}");
    here.run(&["settle", id, "--look-up"])
        .expecting(2)
        .saying(&["can't be asked for this job", "runbase"]);
    let closed = here.done(&["settle", id, "--close", "--json"]).object();
    assert_eq!((text(&closed, "/state"), text(&closed, "/error/code")), ("failed", "closed"));
    assert_eq!(text(&closed, "/error/message"), "closed by you; runbase may have billed it");
    assert_eq!((&closed["charge_usd"], text(&closed, "/error/charged")), (&Value::Null, "unknown"));
    here.run(&["settle", id, "--close"]).expecting(2).saying(&["not in doubt"]);
    assert!(here.done(&["show", id]).out.contains("closed"));
    assert_eq!(there.accepted_once_each(), 1);
}

#[test]
fn a_rate_limit_is_waited_out() {
    let (there, here) = (Desk::new(), desk());
    let (_remote, url) = remote(&there, "50");
    let prompt = "a paper boat, sandbox:rate-limit";
    let ended = Running::start(generate(&here, &url, KEY, "runpod/1.0-pro", prompt)).ended();
    assert_eq!(text(&ended.expecting(0).object(), "/state"), "succeeded");
    assert_eq!(there.accepted_once_each(), 1);
}

#[test]
fn a_running_job_is_stopped_at_runpod_and_not_at_runbase() {
    let (there, here) = (Desk::new(), desk());
    let (_remote, url) = remote(&there, "0.1");
    let sent = |model: &str| {
        let line = ["generate", "--json", "--model", model, "--prompt", "a paper boat"];
        let ended = Running::start(at(&here, &url, KEY, &line)).ended();
        text(&ended.object(), "/id").to_owned()
    };
    let stop = |job: &str| Running::start(at(&here, &url, KEY, &["cancel", job, "--json"])).ended();
    let job = stop(&sent("runpod/1.0-pro")).expecting(0).object();
    assert_eq!((text(&job, "/state"), text(&job, "/error/charged")), ("canceled", "unknown"));
    let journal = there.journal();
    assert_eq!(journal.iter().filter(|record| record["record"] == "canceled").count(), 1);
    stop(&sent("runbase/1.0-pro")).expecting(1).saying(&["no way to stop it"]);
}
