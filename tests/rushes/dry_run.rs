//! `--dry-run`: the exact request and its price, with nothing sent and nothing made.

use super::support::{Desk, text};

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
    let ended = super::support::Running::start(command).ended().expecting(0);
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
        ["estimate: $0.12153", "POST http://127.0.0.1:", "\"positivePrompt\": \"a paper boat\""]
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
