//! `--dry-run`: the exact request and its price, with nothing sent and nothing made.

use super::keys::KEY;
use super::support::{Desk, Running, text};

#[test]
fn a_dry_run_sends_nothing_and_makes_nothing() {
    let desk = Desk::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let address = listener.local_addr().expect("an address");
    let line = ["generate", "--dry-run", "--json", "--model", "runware/1.5-pro", "--draft"];
    let mut command = desk.command(&line);
    command
        .args(["--seed", "65545", "--prompt", "a paper boat"])
        .env("RUNWARE_API_KEY", "a-key-that-stays-here")
        .env("RUNWARE_BASE_URL", format!("http://{address}/v1"));
    let ended = Running::start(command).ended().expecting(0);
    let dry = ended.object();
    assert_eq!(dry["dry_run"], true);
    assert_eq!(dry["estimate_usd"], 0.07292);
    assert_eq!(dry["url"], format!("http://{address}/v1"));
    let key = text(&dry["body"][0], "/taskUUID");
    assert_eq!(key.len(), 36, "{dry}");
    let expected = serde_json::json!([{
        "taskType": "videoInference",
        "taskUUID": key,
        "model": "bytedance:seedance@1.5-pro",
        "positivePrompt": "a paper boat",
        "width": 864,
        "height": 496,
        "duration": 5,
        "seed": 65545,
        "numberResults": 1,
        "deliveryMethod": "async",
        "includeCost": true,
        "outputType": "URL",
        "outputFormat": "MP4",
        "providerSettings": { "bytedance": { "audio": true, "cameraFixed": false, "draft": true } },
    }]);
    assert_eq!(dry["body"], expected);
    assert!(!ended.out.contains("a-key-that-stays-here"));
    assert!(listener.accept().is_err(), "somebody called");
    assert!(!desk.data().exists(), "a data folder was made");
}

#[test]
fn people_read_the_price_and_the_request() {
    let desk = Desk::new();
    let ended = desk.done(&["generate", "--dry-run", "--prompt", "a paper boat"]);
    for part in
        ["estimate: $0.09703", "POST http://127.0.0.1:", "\"positivePrompt\": \"a paper boat\""]
    {
        assert!(ended.out.contains(part), "'{part}' is not in {}", ended.out);
    }
    assert!(ended.err.contains("nothing was sent"), "{}", ended.err);
    assert!(!desk.data().exists());
}

#[test]
fn a_local_image_goes_along_whole() {
    let desk = Desk::new();
    let image = desk.write("first.png", super::wrong_input::png(640, 480));
    let line = ["generate", "--dry-run", "--json", "--prompt", "a boat", "--first-frame"];
    let line: Vec<&str> = line.iter().copied().chain(image.to_str()).collect();
    let dry = desk.done(&line).object();
    let sent = text(&dry["body"][0], "/inputs/frameImages/0/image");
    assert!(sent.starts_with("data:image/png;base64,iVBORw0KGgo"), "{sent}");
    assert!(!desk.data().exists());
}

/// `--dry-run=remote` of a draft for `model`, at the service at `url`.
fn remote(desk: &Desk, model: &str, url: &str, prompt: &str) -> Running {
    let line = ["generate", "--dry-run=remote", "--json", "--model", model, "--prompt", prompt];
    let mut command = desk.command(&line);
    command.env("RUNWARE_API_KEY", KEY).env("RUNWARE_BASE_URL", format!("{url}/v1"));
    command.env("RUNPOD_API_KEY", KEY).env("RUNPOD_BASE_URL", format!("{url}/v2"));
    command.env("RUNBASE_API_KEY", KEY).env("RUNBASE_BASE_URL", format!("{url}/api/v1"));
    Running::start(command)
}

#[test]
fn the_service_says_its_price_and_takes_no_job() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_remote, url) = super::keys::remote(&there);
    let url = url.strip_suffix("/v1").expect("Runware's path");
    for model in ["runware/1.5-pro", "runware/1.0-pro-fast", "runware/2.0-mini"] {
        let dry = remote(&here, model, url, "a boat").ended().expecting(0).object();
        assert!(dry["service_usd"].as_f64() > Some(0.0), "{dry}");
        assert!(dry["service_usd"].as_f64() <= dry["estimate_usd"].as_f64(), "{dry}");
    }
    // Not even trouble makes a job of it, and what is refused is told.
    let poor = "a boat, sandbox:insufficient-credits";
    let ended = remote(&here, "runware/1.5-pro", url, poor).ended().expecting(1);
    ended.saying(&["Insufficient credits", "nothing was rendered or charged", "Top up"]);
    remote(&here, "runware/1.5-pro", url, "a boat, sandbox:lost-reply").ended().expecting(0);
    assert_eq!(there.journal(), Vec::<serde_json::Value>::new());
    assert_eq!(here.done(&["jobs", "--json"]).out, "");

    let line = ["generate", "--dry-run=remote", "--prompt", "a boat"];
    let ended = here.done(&line).saying(&["nothing was rendered or charged"]);
    assert!(ended.out.contains("Sandbox would charge $0.09703"), "{}", ended.out);
    assert_eq!(here.accepted().len(), 0);
}

#[test]
fn a_service_that_tells_no_price_is_not_asked() {
    let desk = Desk::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    for model in ["runpod/1.0-pro", "runbase/1.0-pro"] {
        let dry = remote(&desk, model, &url, "a boat").ended().expecting(0).object();
        assert_eq!(dry.get("service_usd"), Some(&serde_json::Value::Null));
        let line = ["generate", "--dry-run=remote", "--prompt", "a boat", "--model", model];
        desk.done(&line).saying(&["can't be asked for a price, so nothing was sent"]);
    }
    super::keys::nobody_called(&listener);
}

/// A service that does not know of dry runs might take it for a job, which must not pass in silence. The
/// header that it should know stands in the request.
#[test]
fn an_answer_without_a_price_is_told() {
    use std::io::{Read, Write};
    let desk = Desk::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let running = remote(&desk, "runware/1.5-pro", &url, "a boat");
    let (mut stream, _) = listener.accept().expect("a call");
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.ends_with(b"}]") {
        let count = stream.read(&mut piece).expect("a request");
        request.extend_from_slice(&piece[..count]);
    }
    // The acknowledgement of a submit (Runware docs, task polling).
    let body = r#"{"data":[{"taskType":"videoInference","taskUUID":"…"}]}"#;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).expect("an answer");
    running.ended().expecting(3).saying(&["without a price", "its dashboard has it as"]);
    let request = String::from_utf8_lossy(&request).to_lowercase();
    assert!(request.contains("x-runware-dry-run: 1\r\n"), "{request}");
}

/// Media that the provider stores is named by its UUID; a file of that name goes before it.
#[test]
fn stored_media_go_by_their_uuid() {
    let desk = Desk::new();
    let media = "aac49721-1964-481a-ae78-8a4e29b91402";
    let line =
        ["generate", "--dry-run", "--json", "--model", "runware/1.0-pro", "--prompt", "a fox"];
    let sent = |desk: &Desk| desk.run(&[&line[..], &["--first-frame", media]].concat());
    let dry = sent(&desk).expecting(0).object();
    let frames = serde_json::json!([{ "image": media, "frame": "first" }]);
    assert_eq!(dry["body"][0]["inputs"]["frameImages"], frames);
    desk.write(media, "no image");
    sent(&desk).expecting(2).saying(&["is not a PNG, JPEG or WebP image"]);
}
