//! Wrong input: refused before anything is sent, naming the field, the rule and what would be right.

use std::net::TcpListener;

use super::support::{Desk, Running, generate, text};

/// A PNG of that size without a single row: as much of an image as is ever looked at before it is sent.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], body: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(&[kind, body].concat());
        [&(body.len() as u32).to_be_bytes(), &kind[..], body, &crc.sum().to_be_bytes()].concat()
    };
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let chunks = [chunk(b"IHDR", &head), chunk(b"IDAT", b""), chunk(b"IEND", b"")].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunks].concat()
}

/// `generate` with `options` is wrong usage, says `words`, and leaves nothing behind.
#[track_caller]
fn refused(options: &[&str], words: &[&str]) {
    let desk = Desk::new();
    let mut line = vec!["generate"];
    line.extend(options);
    if !options.iter().any(|option| option.starts_with("--prompt")) {
        line.extend(["--prompt", "a fox in the snow"]);
    }
    desk.run(&line).expecting(2).saying(words);
    assert_eq!(desk.journal().len(), 0);
    assert!(desk.done(&["history", "--json"]).out.is_empty());
}

#[test]
fn what_a_model_does_not_take_is_named_with_what_it_takes() {
    refused(&["--prompt", "a"], &["prompt: 1 character is too short", "2 to 3000"]);
    let long = "x".repeat(3001);
    refused(&["--prompt", &long], &["prompt: 3001 characters", "2 to 3000"]);
    refused(&["--prompt", " \u{1b}\n"], &["prompt", "2 to 3000"]);
    refused(&["--aspect", "5:4"], &["aspect ratio", "5:4", "16:9, 4:3"]);
    refused(&["--duration", "99"], &["duration", "99 s", "1.2 to 12"]);
    refused(
        &["--model", "sandbox/1.5-pro", "--duration", "4.5"],
        &["duration", "4.5 s", "whole seconds"],
    );
    refused(&["--model", "sandbox/1.5-pro", "--duration", "soon"], &["soon", "auto"]);
    refused(&["--draft", "--resolution", "1080p"], &["resolution", "draft", "480p", "promote"]);
    refused(&["--model", "sandbox/1.0-pro", "--draft"], &["draft", "1.0 Pro"]);
    refused(&["--model", "sandbox/1.0-pro", "--audio", "on"], &["audio", "1.0 Pro"]);
    refused(&["--model", "sandbox/1.0-pro", "--duration", "auto"], &["duration", "auto"]);
    refused(&["--resolution", "4k"], &["resolution", "4k", "1080p"]);
    refused(&["--results", "5"], &["results", "4"]);
    refused(&["--results", "0"], &["results", "1"]);
    refused(&["--seed=-1"], &["--seed", "-1"]);
    refused(&["--quality", "100"], &["quality", "20", "99"]);
    refused(&["--format", "gif"], &["gif", "mp4"]);
}

#[test]
fn every_rule_that_is_broken_is_told_at_once() {
    refused(
        &["--prompt", "a", "--aspect", "5:4", "--duration", "99"],
        &["prompt:", "aspect ratio:", "duration:", "Nothing was sent."],
    );
}

#[test]
fn a_model_that_is_not_there_is_answered_with_those_that_are() {
    refused(&["--model", "sandbox/1.6-pro"], &["sandbox/1.6-pro", "sandbox/1.5-pro"]);
    refused(&["--model", "runwear/1.0-pro"], &["runware/1.0-pro", "sandbox/1.0-pro"]);
    refused(&["--model", "seedance"], &["seedance", "sandbox/1.5-pro"]);
}

#[test]
fn an_image_must_be_one_and_large_enough() {
    let desk = Desk::new();
    let path = |name: &str, content: &[u8]| desk.write(name, content).display().to_string();
    let half = path("half.png", &png(640, 480)[..30]);
    refused(&["--first-frame", &half], &["half.png", "cut off"]);
    let text_file = path("frame.png", b"not a picture at all");
    refused(&["--first-frame", &text_file], &["frame.png", "not a PNG, JPEG or WebP"]);
    let empty = path("empty.png", b"");
    refused(&["--first-frame", &empty], &["empty.png", "not a PNG, JPEG or WebP"]);
    let small = path("small.png", &png(299, 400));
    refused(&["--first-frame", &small], &["first frame", "299x400", "300"]);
    let narrow = path("narrow.png", &png(300, 900));
    refused(&["--first-frame", &narrow], &["first frame", "0.4"]);
    let large = path("large.png", &png(6001, 5000));
    refused(&["--first-frame", &large], &["first frame", "6001x5000", "6000"]);
    refused(&["--first-frame", "nowhere.jpg"], &["nowhere.jpg", "can't be read"]);
    let folder = desk.path("").display().to_string();
    refused(&["--first-frame", &folder], &["is not a file"]);
    refused(&["--first-frame", "ftp://a.example/a.png"], &["ftp://a.example/a.png", "http"]);
    let last = "https://a.example/b.png";
    refused(&["--model", "sandbox/2.5", "--last-frame", last], &["last frame", "first"]);
    let fast = ["--model", "sandbox/1.0-pro-fast", "--first-frame", last, "--last-frame", last];
    refused(&fast, &["last frame", "Fast"]);
}

#[test]
fn a_prompt_comes_from_a_file_or_standard_input() {
    refused(&["--prompt-file", "nowhere.txt"], &["nowhere.txt", "can't be read"]);
    let desk = Desk::new();
    desk.run(&["generate"]).expecting(2).saying(&["--prompt"]);
    let prompt = desk.write("prompt.txt", "from a file\n\n");
    for (name, stdin) in [(prompt.to_str().expect("letters"), "/dev/null"), ("-", "prompt.txt")] {
        let mut command = desk.command(&["generate", "--dry-run", "--json", "--prompt-file", name]);
        let stdin = std::fs::File::open(desk.path("").join(stdin)).expect("standard input");
        command.stdin(stdin);
        let dry = Running::start(command).ended().expecting(0).object();
        assert_eq!(text(&dry["body"][0], "/positivePrompt"), "from a file", "{name}");
    }
}

#[test]
fn a_job_is_named_by_its_id_or_a_beginning_that_fits_only_one() {
    let desk = Desk::new();
    let (first, second) = (desk.clip("a first clip"), desk.clip("a second clip"));
    let (first, second) = (text(&first, "/id"), text(&second, "/id"));
    assert_eq!(desk.show(&first.to_uppercase())["id"], first);
    let common = first.bytes().zip(second.bytes()).take_while(|(a, b)| a == b).count();
    let both = desk.run(&["show", &first[..common]]).expecting(2);
    both.saying(&["several jobs", first, second]);
    assert_eq!(desk.show(&second[..=common])["id"], second);
    for unknown in ["ffffffff", "no-such-job", "", "%", "'; DROP TABLE job; --"] {
        for verb in ["show", "open", "cancel", "promote", "wait"] {
            desk.run(&[verb, unknown]).expecting(2).saying(&["there is no job", "rushes jobs"]);
        }
    }
}

#[test]
fn a_port_in_use_is_said_with_the_way_out() {
    let desk = Desk::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = desk.run(&["sandbox", "--listen", &address]).expecting(2);
    ended.saying(&[&address, "port 0"]);
    desk.run(&["sandbox", "--listen", "nowhere"]).expecting(2).saying(&["nowhere", "--listen"]);
    desk.run(&["sandbox", "--speed", "0"]).expecting(2).saying(&["0.01 to 1000"]);
    let mut first = desk.start(&["sandbox", "--listen", "127.0.0.1:0", "--json"]);
    let served = first.next_line();
    let served: serde_json::Value = serde_json::from_str(&served).expect("JSON");
    let second = desk.run(&["sandbox", "--listen", "127.0.0.1:0"]).expecting(1);
    second.saying(&[text(&served, "/url"), "--data-dir"]);
}

#[test]
fn a_query_that_is_not_understood_is_answered_with_an_example() {
    let desk = Desk::new();
    desk.run(&["history", "cost:cheap"]).expecting(2).saying(&["cost:<0.2"]);
    desk.run(&["history", "colour:blue"]).expecting(2).saying(&["model:"]);
    desk.run(&["history", "--limit", "0"]).expecting(2);
}

/// The text of a hostile prompt never reaches a terminal as it is.
#[test]
fn control_characters_are_taken_out_before_anything_is_kept() {
    let desk = Desk::new();
    let job = desk.done(&generate("a \u{1b}[31mred\u{7} fox\u{9b}2J", &["--wait"])).object();
    assert_eq!(text(&job, "/prompt"), "a red fox");
    let ended = desk.done(&["history"]);
    assert!(!ended.out.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{:?}", ended.out);
}

/// The limits in it would silently not count.
#[test]
fn a_config_that_was_named_must_be_there() {
    let desk = Desk::new();
    let missing = desk.path("gone.toml").display().to_string();
    for verb in [&["jobs"][..], &["generate", "--prompt", "a fox"]] {
        let ended = desk.run(&[verb, &["--config", &missing]].concat());
        assert!(
            ended.err.contains("gone.toml") || ended.out.contains("gone.toml"),
            "{verb:?}: {}{}",
            ended.out,
            ended.err
        );
        assert_ne!(ended.status, Some(0), "{verb:?}");
    }
    assert!(!desk.database().exists(), "nothing was done");
}

#[test]
fn an_empty_variable_is_none_and_a_tilde_is_the_home() {
    let desk = Desk::new();
    let mut command = desk.command(&["generate", "--prompt", "a fox", "--wait", "--json"]);
    command.env("RUSHES_DATA_DIR", "~/takes").env("RUSHES_CONFIG", "");
    let job = Running::start(command).ended().expecting(0).object();
    let path = text(&job, "/files/0/path");
    assert!(std::path::Path::new(path).starts_with(desk.path("home/takes")), "{path}");
    // Whoever sets an address does not mean the real service.
    let mut command =
        desk.command(&["generate", "--model", "runware/1.0-pro", "--prompt", "a fox", "--wait"]);
    command.env("RUNWARE_BASE_URL", "").env("RUNWARE_API_KEY", "some-key-0123456789");
    let ended = Running::start(command).ended();
    assert!(
        format!("{}{}", ended.out, ended.err).contains("RUNWARE_BASE_URL is set and empty"),
        "{}{}",
        ended.out,
        ended.err
    );
    assert_ne!(ended.status, Some(0));
}

#[test]
fn a_prompt_stands_by_itself_and_may_begin_with_a_hyphen() {
    let desk = Desk::new();
    for line in [&["a red fox"][..], &["--", "-- a red fox"], &["--prompt", "-- a red fox"]] {
        let told = desk.done(&[&["generate", "--dry-run", "--json"], line].concat());
        assert!(told.out.contains("a red fox"), "{line:?}: {}", told.out);
    }
    desk.run(&["generate", "a fox", "--prompt", "an owl"]).expecting(2);
    desk.run(&["generate"]).expecting(2);
}
