//! Clips as cameras, editors and services make them: `probe`, `frame` and `sheet` agree with ffmpeg and ffprobe,
//! whether our own decoder reads a clip or ffmpeg does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::further::has;
use super::support::{Desk, text};

/// What the other maker's `tool` says.
fn told(tool: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(tool).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The clips that the script makes, and mirrored ones, which it can't make.
fn corpus(folder: &Path) -> Vec<PathBuf> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/make.sh");
    told("sh", &[script, folder.to_str().expect("a path")]);
    // The four ways to lie of the mirror (ISO/IEC 14496-12, 6.2.2): two of the matrix' nine numbers across, two
    // down.
    for (name, [a, b, c, d]) in [
        ("across", [-1, 0, 0, 1]),
        ("down", [1, 0, 0, -1]),
        ("turned", [0, 1, 1, 0]),
        ("turned-back", [0, -1, -1, 0]),
    ] {
        for whole in ["plain.mp4", "hevc.mp4"] {
            let mut clip = fs::read(folder.join(whole)).expect("the clip");
            let header = clip.windows(4).position(|word| word == b"tkhd").expect("a header");
            for (number, value) in [(0, a), (1, b), (3, c), (4, d)] {
                let at = header + 44 + number * 4;
                clip[at..at + 4].copy_from_slice(&(value * 0x1_0000_i32).to_be_bytes());
            }
            fs::write(folder.join(format!("mirrored-{name}-{whole}")), clip).expect("a file");
        }
    }
    let files = fs::read_dir(folder).expect("a folder").flatten();
    let mut clips: Vec<PathBuf> = files.map(|file| file.path()).collect();
    clips.sort();
    clips
}

/// Which of the frames that ffmpeg shows of `clip` at that size looks most like `picture`, and of how many.
fn most_like(picture: &Path, clip: &str, (width, height): (u64, u64)) -> (usize, usize) {
    let scale = format!("scale={width}:{height}");
    let arguments = ["-nostdin", "-v", "error", "-i", clip, "-map", "0:v:0", "-vf", &scale];
    let raw = ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
    let frames = told("ffmpeg", &[&arguments[..], &raw].concat());
    let picture = image::open(picture).expect("a picture").into_rgb8();
    assert_eq!((picture.width(), picture.height()), (width as u32, height as u32), "{clip}");
    let frames: Vec<&[u8]> = frames.chunks(picture.as_raw().len()).collect();
    let unlike = |frame: &&[u8]| -> u64 {
        frame.iter().zip(picture.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum()
    };
    let differences: Vec<u64> = frames.iter().map(unlike).collect();
    let (best, least) =
        differences.iter().enumerate().min_by_key(|(_, sum)| **sum).expect("a frame");
    // Colours may be read a little differently, nothing else.
    assert!(least / (picture.as_raw().len() as u64) < 12, "{clip} is another picture");
    (best, frames.len())
}

#[test]
#[ignore = "needs ffmpeg"]
fn clips_of_cameras_editors_and_services_are_what_ffmpeg_shows() {
    if !has("ffmpeg") || !has("ffprobe") {
        return;
    }
    let desk = Desk::new();
    let folder = desk.path("corpus");
    fs::create_dir(&folder).expect("a folder");
    let clips = corpus(&folder);
    assert!(clips.len() > 50, "{}", clips.len());
    for path in clips {
        let clip = path.to_str().expect("a path");
        let shown = ["-v", "error", "-select_streams", "v:0", "-of", "json", "-show_entries"];
        let times = "frame=best_effort_timestamp_time";
        let shown: Value =
            serde_json::from_slice(&told("ffprobe", &[&shown[..], &[times, clip]].concat()))
                .expect("JSON");
        let at = |frame: &Value| -> f64 {
            text(frame, "/best_effort_timestamp_time").parse().expect("seconds")
        };
        let frames = shown["frames"].as_array().expect("frames");
        let facts = desk.done(&["probe", clip, "--json"]).object();
        assert_eq!(facts["frames"].as_u64(), Some(frames.len() as u64), "{clip}");
        // ffprobe's own length of a stream counts from the first frame decoded: the last one shown stays a while.
        let (first, last) = (at(&frames[0]), at(&frames[frames.len() - 1]));
        let rest = facts["duration_s"].as_f64().expect("a length") - (last - first);
        assert!((0.015..0.8).contains(&rest), "{clip}: {rest} s after the last frame's start");
        let side = |name: &str| facts[name].as_u64().expect("a side");
        let size = (side("width"), side("height"));
        for (which, expected) in [("--first", 0), ("--last", frames.len() - 1)] {
            let picture = desk.path("frame.png");
            desk.done(&["frame", clip, which, "--force", "-o", "frame.png"]);
            assert_eq!(most_like(&picture, clip, size), (expected, frames.len()), "{clip} {which}");
        }
        let middle = frames.len() / 2;
        let ms = ((at(&frames[middle]) - first) * 1000.0).ceil() / 1000.0;
        desk.done(&["frame", clip, "--at", &ms.to_string(), "--force", "-o", "frame.png"]);
        let found = most_like(&desk.path("frame.png"), clip, size);
        assert_eq!(found, (middle, frames.len()), "{clip} at {ms} s");
        desk.done(&["sheet", clip, "--force", "-o", "sheet.png"]);
    }
}
