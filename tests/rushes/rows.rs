//! Every documented model at its own provider, from prompt to a playable file: its own adapter, real HTTP,
//! the provider's key and address in the environment. And one more model, which is a table and no code.

use std::process::Command;

use serde_json::Value;

use super::support::{Desk, Running, facts, text};

const KEY: &str = "sk-secret-value-4711";

/// What a new model needs: this table, in the user's catalog folder.
const NEW_MODEL: &str = r#"for_provider = "runware"

[[model]]
id = "3.0"
wire_id = "bytedance:seedance@3.0"
name = "Seedance 3.0"
as_of = "2026-11-21"
sure = "made up for a test"
status = { kind = "live" }
expected_wait_s = 1
prompt = { min_chars = 2, max_chars = 4000 }
duration = { min_s = 1, max_s = 6, step_s = 1, default_s = 1 }
fps = 24
size = { text = "width_height", image = "resolution" }
default_resolution = "480p"
results = { max = 2 }
audio = { wire = "settings.audio", default = true }
frames = { last = true, files = true, min_px = 300, max_px = 6000, min_ratio = 0.4, max_ratio = 2.5, max_bytes = 10_485_760 }
formats = ["mp4"]

[model.dimensions]
"480p" = { "16:9" = [640, 360], "9:16" = [360, 640] }

[model.price]
unit = "second"
usd = { "480p" = 0.05 }
sure = "made up for a test"
"#;

/// A model, options for it, and what its clip is: width and height, and frames.
type Row = (&'static str, &'static [&'static str], (u32, u32), u64);

/// A sandbox that takes one key, and its address without a path.
fn remote(desk: &Desk) -> (Running, String) {
    let line = ["sandbox", "--listen", "127.0.0.1:0", "--key", KEY, "--speed", "50", "--json"];
    let mut running = desk.start(&line);
    let told: Value = serde_json::from_str(&running.next_line()).expect("JSON");
    let url = text(&told, "/url").strip_suffix("/v1").expect("Runware's path").to_owned();
    (running, url)
}

fn at(desk: &Desk, url: &str, line: &[&str]) -> Command {
    let mut command = desk.command(line);
    for (env, path) in [("RUNWARE", "/v1"), ("RUNPOD", "/v2"), ("RUNBASE", "/api/v1")] {
        command.env(format!("{env}_API_KEY"), KEY);
        command.env(format!("{env}_BASE_URL"), format!("{url}{path}"));
    }
    command
}

/// The first picture of the job's clip, decoded.
fn is_playable(job: &Value) {
    let path = text(job, "/files/0/path");
    let never = std::sync::atomic::AtomicBool::new(false);
    let poster = rushes::media::poster::poster(std::path::Path::new(path), 160, 90, &never);
    assert!(poster.is_ok(), "{path} can't be played: {:?}", poster.err());
}

#[test]
fn each_documented_model_goes_from_prompt_to_a_playable_file() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_remote, url) = remote(&there);
    let rows: [Row; 5] = [
        ("runware/1.0-pro", &["--duration", "1.2"], (864, 480), 29),
        ("runware/1.0-pro-fast", &["--duration", "1.2", "--aspect", "21:9"], (960, 416), 29),
        ("runware/1.5-pro", &["--duration", "4"], (864, 496), 96),
        ("runpod/1.0-pro", &["--duration", "5", "--resolution", "480p"], (864, 480), 120),
        ("runbase/1.0-pro", &["--duration", "5", "--aspect", "16:9"], (1248, 704), 120),
    ];
    let line =
        |model| ["generate", "--wait", "--json", "--model", model, "--prompt", "a paper boat"];
    let running = rows.map(|(model, options, size, frames)| {
        let mut command = at(&here, &url, &line(model));
        command.args(options);
        if model == "runware/1.5-pro" {
            command.args(["--resolution", "480p"]);
        }
        (model, size, frames, Running::start(command))
    });
    for (model, size, frames, running) in running {
        let job = running.ended().expecting(0).object();
        let told = (text(&job, "/provider"), text(&job, "/state"));
        assert_eq!(told, (model.split('/').next().expect("a provider"), "succeeded"), "{job}");
        let clip = facts(&job);
        assert_eq!(((clip.width_px, clip.height_px), clip.frames), (size, frames), "{model}");
        assert!(job["charge_usd"].as_f64() > Some(0.0), "{job}");
        is_playable(&job);
    }
    assert_eq!(there.accepted_once_each(), 5);
    here.never_holds(KEY);
    there.never_holds(KEY);
}

#[test]
fn one_more_model_is_a_table_and_no_code() {
    let (there, here) = (Desk::new(), Desk::new());
    for desk in [&there, &here] {
        desk.write("config/catalog/seedance-3.toml", NEW_MODEL);
    }
    let listed = here.done(&["models", "--json"]).objects();
    assert!(listed.iter().any(|model| model["id"] == "runware/3.0"), "rushes models shows it");
    let line = ["generate", "--json", "--model", "runware/3.0", "--prompt", "a paper boat"];
    let dry =
        Running::start(at(&here, "http://127.0.0.1:9", &[&line[..], &["--dry-run"]].concat()));
    let body = dry.ended().expecting(0).object()["body"][0].clone();
    assert_eq!(
        (text(&body, "/model"), &body["settings"]["audio"]),
        ("bytedance:seedance@3.0", &true.into())
    );
    assert_eq!((&body["width"], &body["height"]), (&640.into(), &360.into()));

    let (_remote, url) = remote(&there);
    let job = Running::start(at(&here, &url, &[&line[..], &["--wait"]].concat())).ended();
    let job = job.expecting(0).object();
    assert_eq!((text(&job, "/state"), facts(&job).frames), ("succeeded", 24), "{job}");
    assert_eq!((&job["charge_usd"], &job["estimate_usd"]), (&0.05.into(), &0.05.into()), "{job}");
    is_playable(&job);
}

/// What a page calls live and is known otherwise is not hidden: it stands there with what is known.
#[test]
fn a_model_that_has_ended_is_listed_with_its_note() {
    let desk = Desk::new();
    let listed = desk.done(&["models"]).out;
    for (model, notes) in [
        (
            "runware/1.5-pro",
            [
                "page says live, ByteDance announced its end for 2026-11-11",
                "submit of 2026-07-08 with it was refused",
            ],
        ),
        (
            "runpod/1.0-pro",
            ["documents dropped this endpoint on 2026-06-18", "no drafts and no seed"],
        ),
        ("runware/1.0-pro", ["its seed gives a larger clip near it", "the model's page has none"]),
    ] {
        let rest = listed.lines().skip_while(|line| !line.starts_with(&format!("{model} ")));
        let lines: Vec<&str> = rest.skip(1).take_while(|line| line.starts_with(' ')).collect();
        let told = lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(notes.iter().all(|note| told.contains(note)), "{model}: {told}");
    }
    assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    let told = desk.done(&["models", "--json"]).objects();
    let whose = |id: &str| {
        let model = told.iter().find(|model| model["id"] == id).expect("the model");
        model["frame_bounds_by"].as_str().map(str::to_owned)
    };
    for model in ["runware/1.0-pro", "runpod/1.0-pro", "runbase/1.0-pro"] {
        assert!(whose(model).is_some_and(|whose| whose.contains("page has none")), "{model}");
    }
}
