//! `probe`, `frame` and `sheet` on sound clips, on files that lie, and where there is no ffmpeg.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::support::{Desk, Ended, Running, text};

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clips").join(name)
}

/// Width and height of a PNG file.
#[track_caller]
pub(crate) fn png_size(content: &[u8]) -> (u32, u32) {
    assert!(content.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG file");
    let side = |at: usize| u32::from_be_bytes(content[at..at + 4].try_into().expect("four bytes"));
    (side(16), side(20))
}

/// Without any other program: no ffmpeg.
fn alone(desk: &Desk, arguments: &[&str]) -> Running {
    let mut command = desk.command(arguments);
    command.env("PATH", desk.path("none"));
    Running::start(command)
}

#[test]
fn a_file_says_what_it_is_without_a_data_folder() {
    let desk = Desk::new();
    let clip = fixture("turned.mov");
    let path = clip.to_str().expect("a path");
    let told = desk.done(&["probe", path, "--json"]).object();
    let expected = serde_json::json!({
        "path": path,
        "bytes": fs::metadata(&clip).expect("the clip").len(),
        "width": 72,
        "height": 128,
        "rotation": 270,
        "mirrored": false,
        "pixel_aspect": "1/1",
        "duration_s": 0.5,
        "frames": 12,
        "frame_rate": "24/1",
        "video_codec": "h264",
        "audio_codec": null,
    });
    assert_eq!(told, expected);
    let words = desk.done(&["probe", path]).out;
    assert!(words.contains("72x128, turned by 270 degrees"), "{words}");
    assert!(words.contains("0.5 s, 12 frames at 24 frames/s"), "{words}");
    assert!(!desk.data().exists());
}

#[test]
fn frames_and_sheets_are_png_files_that_are_never_written_over_by_accident() {
    let desk = Desk::new();
    let clip = fixture("high.mp4").display().to_string();
    let frame = |which: &[&str], target: &str| {
        let mut line = vec!["frame", &clip];
        line.extend(which);
        desk.run(&[&line[..], &["-o", target]].concat())
    };
    assert_eq!(frame(&["--first"], "first.png").expecting(0).out, "first.png (162x90)\n");
    frame(&["--last"], "last.png").expecting(0);
    frame(&["--at", "0"], "start.png").expecting(0);
    frame(&["--at", "99"], "end.png").expecting(0);
    let read = |name: &str| fs::read(desk.path(name)).expect("a file");
    assert_eq!(png_size(&read("first.png")), (162, 90));
    assert_eq!(read("first.png"), read("start.png"));
    assert_eq!(read("last.png"), read("end.png"));
    assert_ne!(read("first.png"), read("last.png"));
    frame(&["--last"], "first.png").expecting(2).saying(&["first.png is there", "--force"]);
    assert_eq!(read("first.png"), read("start.png"));
    frame(&["--last", "--force"], "first.png").expecting(0);
    assert_eq!(read("first.png"), read("last.png"));
    let sheet = desk.done(&["sheet", &clip, "-o", "sheet.png", "--json"]).object();
    assert_eq!((&sheet["width"], &sheet["height"]), (&668.into(), &286.into()));
    assert_eq!(png_size(&read("sheet.png")), (668, 286));
}

#[test]
fn what_can_not_be_written_is_said_before_any_work() {
    let desk = Desk::new();
    let clip = fixture("high.mp4").display().to_string();
    let first = |more: &[&str]| desk.run(&[&["frame", &*clip, "--first"], more].concat());
    first(&["-o", "none/x.png"]).expecting(1).saying(&["none/x.png can't be written"]);
    first(&["-o", "."]).expecting(2).saying(&["not a file"]);
    first(&["-o", "/dev/null", "--force"]).expecting(2).saying(&["not a file"]);
    first(&["-o", "-", "--json"]).expecting(2).saying(&["--json"]);
    first(&["--last", "-o", "x.png"]).expecting(2);
    desk.run(&["frame", &clip, "-o", "x.png"]).expecting(2);
    desk.run(&["frame", &clip, "--at", "-1", "-o", "x.png"]).expecting(2);
    desk.run(&["probe", "none.mp4"]).expecting(1).saying(&["none.mp4"]);
    desk.run(&["probe", "01a1"]).expecting(2).saying(&["no job"]);
}

#[test]
fn a_picture_goes_into_a_pipe() {
    let desk = Desk::new();
    let clip = fixture("high.mp4");
    let mut command = desk.command(&["sheet", "-o", "-"]);
    let output = command.arg(clip).output().expect("the program runs");
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!(png_size(&output.stdout), (668, 286));
}

#[test]
fn a_job_is_a_clip_too() {
    let desk = Desk::new();
    let job = desk.clip("a fox at dawn");
    let id = text(&job, "/id");
    let told = desk.done(&["probe", id, "--json"]).object();
    assert_eq!((&told["width"], &told["height"]), (&job["width"], &job["height"]));
    assert_eq!(told["path"], job["files"][0]["path"]);
    desk.done(&["frame", &id[..18], "--last", "-o", "next.png"]);
    desk.run(&["sheet", id, "--result", "2", "-o", "x.png"]).expecting(2).saying(&["no result 2"]);
    fs::remove_file(text(&job, "/files/0/path")).expect("the clip goes");
    desk.run(&["sheet", id, "-o", "x.png"]).expecting(1).saying(&["no longer there"]);
    assert!(!desk.path("x.png").exists());
}

#[test]
fn without_ffmpeg_other_kinds_are_named_and_what_would_help() {
    let desk = Desk::new();
    for (name, kind) in [("hevc.mp4", "hevc"), ("ten_bit.mp4", "10-bit h264"), ("vp9.webm", "WebM")]
    {
        let clip = fixture(name).display().to_string();
        for line in
            [&["frame", &clip, "--last", "-o", "x.png"][..], &["sheet", &clip, "-o", "x.png"]]
        {
            let words = [kind, "without ffmpeg", "not installed", "open it in a player"];
            alone(&desk, line).ended().expecting(1).saying(&words);
        }
    }
    let hevc = fixture("hevc.mp4").display().to_string();
    let told = alone(&desk, &["probe", &hevc, "--json"]).ended().expecting(0).object();
    assert_eq!((&told["video_codec"], &told["frames"]), (&"hevc".into(), &3.into()));
}

/// Files that are not what they seem, by name.
fn lies(desk: &Desk) -> Vec<(String, PathBuf)> {
    let whole = fs::read(fixture("high.mp4")).expect("the fixture");
    let webm = fs::read(fixture("vp9.webm")).expect("the fixture");
    let mut all: Vec<(String, PathBuf)> = vec![
        ("a folder".to_owned(), desk.path("")),
        ("endless".to_owned(), "/dev/zero".into()),
        ("missing".to_owned(), desk.path("none.mp4")),
    ];
    let pipe = desk.path("pipe.mp4");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        all.push(("a pipe".to_owned(), pipe));
    }
    let mut add = |name: String, content: &[u8]| {
        let path = desk.write(&format!("{}.mp4", all.len()), content);
        all.push((name, path));
    };
    add("empty".to_owned(), b"");
    add("text".to_owned(), b"dear aunt, this is no video");
    add("a playlist".to_owned(), b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n");
    add("other frames".to_owned(), b"ffconcat version 1.0\nfile /etc/passwd\n");
    for part in 1..8 {
        add(format!("cut after {part}/8"), &whole[..whole.len() * part / 8]);
    }
    add("a cut WebM".to_owned(), &webm[..webm.len() / 2]);
    add("a WebM's head".to_owned(), &webm[..4]);
    for round in 0..12_usize {
        let mut broken = whole.clone();
        for bit in 0..=round {
            let at = (round * 7919 + bit * 104_729) % broken.len();
            broken[at] ^= 1 << (bit % 8);
        }
        add(format!("flipped {round}"), &broken);
    }
    // Fields of the index that announce far too much, each the largest number there is.
    for kind in [b"moov", b"mdat", b"stsz", b"stts", b"stco", b"stsc", b"ctts", b"avcC", b"stsd"] {
        let at = whole.windows(4).position(|four| four == kind).expect("the box is there");
        let mut size = whole.clone();
        size[at - 4..at].fill(0xff);
        add(format!("endless {}", String::from_utf8_lossy(kind)), &size);
        let mut count = whole.clone();
        count[at + 8..at + 16].fill(0xff);
        add(format!("countless {}", String::from_utf8_lossy(kind)), &count);
    }
    // A hole in the file takes no room on the disk.
    let huge = desk.write("huge.mp4", &whole);
    let file = File::options().write(true).open(&huge).expect("the file");
    if file.set_len(5 << 30).is_ok() {
        all.push(("huge".to_owned(), huge));
    }
    all
}

/// Ends with pictures or with one sentence, in at most a gigabyte of address space.
#[track_caller]
fn ends_well(name: &str, running: Running) -> Ended {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let pid = i32::try_from(running.id()).ok().and_then(Pid::from_raw);
        let most = Rlimit { current: Some(1 << 30), maximum: Some(1 << 30) };
        // One that has ended already needs no limit.
        let _ = prlimit(pid, Resource::As, most);
    }
    let ended = running.ended();
    let said = ended.err.trim();
    match ended.status {
        Some(0) => assert!(said.is_empty(), "{name}: {said}"),
        Some(1) => {
            assert!(said.starts_with("rushes: ") && said.lines().count() == 1, "{name}: {said}")
        }
        other => panic!("{name} ended with {other:?}: {said}"),
    }
    assert!(!said.contains("panicked"), "{name}: {said}");
    ended
}

fn every_verb_ends_well(desk: &Desk, start: impl Fn(&[&str]) -> Running) {
    for (name, path) in lies(desk) {
        let path = path.display().to_string();
        for line in [
            &["probe", &path][..],
            &["frame", &path, "--first", "-o", "x.png", "--force"],
            &["frame", &path, "--last", "-o", "x.png", "--force"],
            &["frame", &path, "--at", "1", "-o", "x.png", "--force"],
            &["sheet", &path, "-o", "x.png", "--force"],
        ] {
            let ended = ends_well(&format!("{} of {name}", line[0]), start(line));
            let is_file = name.starts_with("cut") || name.starts_with("flipped");
            let hopeless =
                ["a folder", "endless", "missing", "a pipe", "empty", "text", "a playlist"];
            assert!(is_file || !hopeless.contains(&&*name) || ended.status == Some(1), "{name}");
        }
    }
}

#[test]
fn files_that_lie_end_in_a_sentence() {
    let desk = Desk::new();
    every_verb_ends_well(&desk, |line| alone(&desk, line));
}

#[test]
#[ignore = "needs ffmpeg"]
fn files_that_lie_end_in_a_sentence_with_ffmpeg_too() {
    let desk = Desk::new();
    if super::further::has("ffmpeg") {
        every_verb_ends_well(&desk, |line| desk.start(line));
    }
}

#[test]
#[ignore = "needs ffmpeg"]
fn with_ffmpeg_other_kinds_are_looked_at_as_well() {
    if !super::further::has("ffmpeg") || !super::further::has("ffprobe") {
        return;
    }
    let desk = Desk::new();
    for name in ["hevc.mp4", "ten_bit.mp4", "vp9.webm"] {
        let clip = fixture(name).display().to_string();
        let told = desk.done(&["probe", &clip, "--json"]).object();
        assert_eq!((&told["width"], &told["height"]), (&64.into(), &36.into()), "{told}");
        assert_eq!(told["frame_rate"], "24/1", "{told}");
        for which in [&["--first"][..], &["--last"], &["--at", "0.05"], &["--at", "50"]] {
            let line = [&["frame", &*clip, "-o", "x.png", "--force"], which].concat();
            desk.done(&line);
            assert_eq!(png_size(&fs::read(desk.path("x.png")).expect("a file")), (64, 36));
        }
        desk.done(&["sheet", &clip, "-o", "x.png", "--force"]);
        let (width, _) = png_size(&fs::read(desk.path("x.png")).expect("a file"));
        assert!(width > 3 * 64, "{name}: {width}");
    }
}
