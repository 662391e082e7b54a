//! What takes minutes, or a tool of another maker: `cargo test --test rushes -- --ignored`.

use std::process::Command;

use serde_json::Value;

use super::examples::{examples, run_and};
use super::support::{Desk, generate, skipped, text};

/// Whether another maker's tool is on this machine; says so if it isn't.
pub(crate) fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("-version").output().is_ok_and(|run| run.status.success());
    if !found {
        skipped(&format!("{tool} is missing"));
    }
    found
}

/// What ffprobe makes of the first file of `job`: its picture, and its sound if there is any.
fn probed(job: &Value) -> (Value, Option<Value>) {
    let mut probe = Command::new("ffprobe");
    probe.args(["-v", "error", "-count_frames", "-show_streams", "-of", "json"]);
    let output = probe.arg(text(job, "/files/0/path")).output().expect("ffprobe runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{complaint}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let streams = told["streams"].as_array().expect("streams");
    let of = |kind: &str| streams.iter().find(|one| one["codec_type"] == kind).cloned();
    (of("video").expect("a picture"), of("audio"))
}

/// ffprobe, which shares no code with this program, reads `job` as it was ordered.
fn is_what_was_ordered(job: &Value) {
    let (picture, sound) = probed(job);
    let is_webm = job["format"] == "webm";
    let codecs = if is_webm { ["vp8", "vorbis"] } else { ["h264", "aac"] };
    assert_eq!(picture["codec_name"], codecs[0]);
    assert_eq!((&picture["width"], &picture["height"]), (&job["width"], &job["height"]));
    assert_eq!(picture["r_frame_rate"], "24/1");
    let seconds = job["duration_s"].as_f64().expect("a length");
    let frames = (seconds * 24.0).round() as u64;
    assert_eq!(text(&picture, "/nb_read_frames"), frames.to_string());
    // A WebM says it of the whole alone.
    if !is_webm {
        let length: f64 = text(&picture, "/duration").parse().expect("seconds");
        assert!((length - frames as f64 / 24.0).abs() < 0.001, "{length} s");
    }
    let codec = sound.as_ref().map(|sound| text(sound, "/codec_name"));
    assert_eq!(codec, (job["audio"] == true).then_some(codecs[1]));
}

#[test]
#[ignore = "renders all documented examples at full size, for a minute or two"]
fn every_documented_example_runs_for_real() {
    let probe = has("ffprobe");
    run_and(&examples(), |job| {
        if probe {
            is_what_was_ordered(job);
        }
    });
}

#[test]
#[ignore = "needs ffprobe"]
fn other_containers_and_shapes_are_what_they_say() {
    if !has("ffprobe") {
        return;
    }
    let desk = Desk::new();
    for options in [
        &["--format", "mov"][..],
        &["--format", "webm"],
        &["--format", "webm", "--audio", "off"],
        &["--aspect", "9:21"],
        &["--quality", "20"],
        &["--camera-fixed", "--seed", "9223372036854775807"],
    ] {
        let mut line = generate("a kite over the 市场", &["--wait"]);
        line.extend(options);
        is_what_was_ordered(&desk.done(&line).object());
    }
    let model = ["--model", "sandbox/1.5-pro"];
    let line = ["generate", "--json", "--wait", "--duration", "auto", "--audio", "off", "a kite"];
    let line = [&line[..], &model].concat();
    is_what_was_ordered(&desk.done(&line).object());
}

/// The promise of drafting: what was liked in the draft is what the final shows.
#[test]
#[ignore = "needs ffmpeg"]
fn a_final_shows_the_scene_of_its_draft() {
    if !has("ffmpeg") {
        return;
    }
    let desk = Desk::new();
    let draft = |seed: &str| {
        let line = ["generate", "--json", "--wait", "--draft", "--duration", "4", "--seed", seed];
        let prompt = ["--prompt", "a moonlit clocktower over a night market"];
        desk.done(&[&line[..], &prompt].concat()).object()
    };
    let (draft, other) = (draft("65545"), draft("65546"));
    let id = text(&draft, "/id");
    let line = ["promote", id, "--resolution", "720p", "--wait", "--json"];
    let promoted = desk.done(&line).object();
    let (same, different) = (likeness(&draft, &promoted), likeness(&other, &promoted));
    assert!(same > 0.8, "the final looks like its draft only by {same}");
    assert!(different < same - 0.1, "another seed looks as like: {different} and {same}");
}

/// How alike two clips look, scaled to the size of a thumbnail: structural similarity, 1 for the same.
fn likeness(a: &Value, b: &Value) -> f64 {
    let mut ffmpeg = Command::new("ffmpeg");
    for job in [a, b] {
        ffmpeg.args(["-i", text(job, "/files/0/path")]);
    }
    let scale = "scale=216:124:flags=area,setsar=1";
    let graph = format!("[0:v]{scale}[a];[1:v]{scale}[b];[a][b]ssim");
    ffmpeg.args(["-lavfi", &graph, "-f", "null", "-"]);
    let output = ffmpeg.output().expect("ffmpeg runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let all = told.rsplit_once("All:").map(|(_, rest)| rest);
    let number = all.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no likeness in {told}"))
}
