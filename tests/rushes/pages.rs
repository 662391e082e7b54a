//! What Runware's model pages let one send and read, beyond the usual.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::support::{Desk, Running, text};
use super::wire::{Wire, reply};
use super::wrong_input::png;

const CLIP: &[u8] = include_bytes!("../fixtures/clips/black.mp4");

fn sent(desk: &Desk, more: &[&str]) -> Value {
    let line = [&["generate", "--dry-run", "--json", "--prompt", "a boat"], more].concat();
    desk.done(&line).object()["body"][0].clone()
}

#[test]
fn any_length_within_the_bounds_is_sent_as_it_is_written() {
    let desk = Desk::new();
    for model in ["runware/1.0-pro", "runware/1.0-pro-fast"] {
        for (written, wire) in [("1.2", 1.2), ("5.05", 5.05), ("7.123", 7.123), ("12", 12.0)] {
            let body = sent(&desk, &["--model", model, "--duration", written]);
            assert_eq!(body["duration"].as_f64(), Some(wire), "{model}");
        }
    }
    let line =
        ["generate", "--prompt", "a boat", "--model", "runware/1.0-pro", "--duration", "12.001"];
    assert!(desk.run(&line).expecting(2).err.contains("1.2 to 12 seconds"));
}

#[test]
fn images_come_as_data_uris_and_as_base64_and_a_last_frame_alone() {
    let desk = Desk::new();
    let encoded = STANDARD.encode(png(512, 512));
    let uri = format!("data:image/png;base64,{encoded}");
    for given in [&encoded, &uri] {
        let body = sent(&desk, &["--model", "runware/1.0-pro", "--last-frame", given]);
        let frames = json!([{ "image": uri, "frame": "last" }]);
        assert_eq!(body["inputs"]["frameImages"], frames);
        assert_eq!((&body["resolution"], &body["width"]), (&json!("480p"), &Value::Null));
    }
    for wrong in ["data:image/png;base64,AAAA", "data:image/png,AAAA", "data:"] {
        let line = ["generate", "--prompt", "a boat", "--first-frame", wrong];
        assert!(desk.run(&line).expecting(2).err.contains("is not a PNG, JPEG or WebP image"));
    }
}

/// `videoDataURI` and `videoBase64Data` of the pages' response parameters.
#[test]
fn a_clip_that_comes_within_the_answer_is_saved_and_its_flag_is_shown() {
    for field in ["videoDataURI", "videoBase64Data"] {
        let wire = Wire::start(move |_, calls| {
            let call = calls.last().expect("a call");
            let task = &call.body[0]["taskUUID"];
            let mut item = json!({ "taskType": "videoInference", "taskUUID": task });
            if call.body[0]["taskType"] != "videoInference" {
                let encoded = STANDARD.encode(CLIP);
                item["videoUUID"] = json!("63b327c3-d285-4ec2-8854-579ffda705f8");
                item["NSFWContent"] = json!(true);
                item[field] = match field {
                    "videoDataURI" => json!(format!("data:video/mp4;base64,{encoded}")),
                    _ => json!(encoded),
                };
            }
            reply(200, "", json!({ "data": [item] }).to_string())
        });
        let desk = Desk::quick();
        let run = |line: &[&str]| {
            let mut command = desk.command(line);
            command.env("RUNWARE_API_KEY", "a-key-that-is-long");
            command.env("RUNWARE_BASE_URL", format!("{}/v1", wire.origin));
            Running::start(command).ended().expecting(0)
        };
        let line =
            ["generate", "--wait", "--json", "--model", "runware/1.0-pro", "--prompt", "a boat"];
        let job = run(&line).object();
        let saved = std::fs::read(text(&job, "/files/0/path")).expect("a clip");
        assert!(saved == CLIP, "{field}: the very bytes");
        let show = ["show", text(&job, "/id")];
        for verb in [&show[..], &["jobs"], &["history"]] {
            let shown = run(verb).out;
            assert!(shown.contains("ready, flagged"), "{verb:?}: {shown}");
        }
        assert!(run(&show).out.contains(", flagged by the service)"));
        let sidecar = std::fs::read_to_string(
            std::path::Path::new(text(&job, "/files/0/path")).with_extension("json"),
        );
        assert!(sidecar.expect("a sidecar").contains("\"flagged\": true"));
        assert_eq!(job["files"][0]["flagged"], true);
    }
}
