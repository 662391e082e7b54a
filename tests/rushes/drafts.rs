//! The product's main walk: a draft of a documented prompt, then its final.

use std::fs;

use serde_json::Value;

use super::examples::{Example, examples};
use super::support::{Desk, facts, generate, text};

/// The names that scripts may rely on.
const PROMISED: [&str; 18] = [
    "id",
    "state",
    "kind",
    "provider",
    "model",
    "prompt",
    "width",
    "height",
    "duration_s",
    "seed",
    "draft_id",
    "parent",
    "created_at",
    "estimate_usd",
    "charge_usd",
    "files",
    "error",
    "results",
];

/// The draft among the documented examples: "Moonlit Clocktower Market Chase".
fn clocktower() -> Example {
    let draft = examples().into_iter().find(|example| example.draft());
    draft.expect("one documented example is a draft")
}

#[test]
fn a_draft_becomes_its_final_and_everything_says_so() {
    let desk = Desk::new();
    let example = clocktower();
    let prompt = desk.write("prompt.txt", format!("{}\n", example.prompt()));
    let prompt = prompt.to_str().expect("a path of letters");
    let draft = desk
        .done(&[
            "generate",
            "--prompt-file",
            prompt,
            "--model",
            "sandbox/1.5-pro",
            "--draft",
            "--duration",
            "5",
            "--seed",
            "65545",
            "--wait",
            "--json",
        ])
        .object();
    it_is_the_draft(&draft, &example);
    let id = text(&draft, "/id");

    let promoted = desk.done(&["promote", id, "--resolution", "1080p", "--wait", "--json"]);
    let promoted = promoted.object();
    assert_eq!(promoted["parent"], draft["id"]);
    assert_eq!(promoted["relation"], "promote");
    assert_eq!(promoted["kind"], "final");
    assert_eq!(promoted["seed"], 65545);
    assert_eq!(promoted["draft_id"], draft["draft_id"]);
    let clip = facts(&promoted);
    assert_eq!((clip.width_px, clip.height_px, clip.duration_ms), (1920, 1080, 5000));
    assert_eq!(clip.audio_codec.as_deref(), Some("aac"));

    both_charges_are_shown(&desk, &draft, &promoted);
    a_second_final_must_be_asked_for(&desk, id);
}

fn it_is_the_draft(draft: &Value, example: &Example) {
    for name in PROMISED {
        assert!(draft.get(name).is_some(), "{name} is missing in {draft}");
    }
    assert_eq!(draft["state"], "succeeded");
    assert_eq!(draft["kind"], "draft");
    assert_eq!((&draft["provider"], &draft["model"]), (&"sandbox".into(), &"1.5-pro".into()));
    assert_eq!(draft["prompt"], example.prompt());
    assert_eq!((draft["width"].as_u64(), draft["height"].as_u64()), (Some(864), Some(496)));
    assert_eq!((draft["duration_s"].as_f64(), draft["seed"].as_u64()), (Some(5.0), Some(65545)));
    assert_eq!(draft["estimate_usd"], 0.07292);
    assert_eq!(draft["charge_usd"], 0.07292);
    assert_eq!((&draft["parent"], &draft["error"]), (&Value::Null, &Value::Null));
    assert!(text(draft, "/draft_id").starts_with("cgt-"), "{draft}");
    let created: jiff::Timestamp = text(draft, "/created_at").parse().expect("RFC 3339");
    assert!(created < jiff::Timestamp::MAX);
    let clip = facts(draft);
    assert_eq!(clip.video_codec, "h264");
    assert_eq!((clip.width_px, clip.height_px), (864, 496));
    assert_eq!((clip.frame_rate, clip.frames, clip.duration_ms), ((24, 1), 120, 5000));
    assert_eq!(clip.audio_codec.as_deref(), Some("aac"));
    it_is_kept_whole(draft);
}

/// The hash is the file's, nothing half-written lies about, and the sidecar tells how to make it again.
fn it_is_kept_whole(job: &Value) {
    use sha2::{Digest, Sha256};
    let path = text(job, "/files/0/path");
    let content = fs::read(path).expect("the clip");
    let hash: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(text(job, "/files/0/sha256"), hash);
    let sidecar = fs::read(std::path::Path::new(path).with_extension("json")).expect("a sidecar");
    let sidecar: Value = serde_json::from_slice(&sidecar).expect("JSON");
    assert_eq!(sidecar.pointer("/job/request/prompt"), job.get("prompt"));
    assert_eq!(sidecar.pointer("/job/outputs/0/seed"), job.get("seed"));
    assert_eq!(sidecar.pointer("/file/sha256"), job.pointer("/files/0/sha256"));
}

fn both_charges_are_shown(desk: &Desk, draft: &Value, promoted: &Value) {
    let shown = desk.show(text(draft, "/id"));
    assert_eq!(shown["charge_usd"], 0.07292);
    assert_eq!(shown["children"], serde_json::json!([promoted["id"]]));
    let shown = desk.show(text(promoted, "/id"));
    // 1920 x 1080 x 121 frames / 1024 tokens at 2.40 a million.
    assert_eq!(shown["charge_usd"], 0.58806);
    assert_eq!(shown["estimate_usd"], shown["charge_usd"]);
    assert_eq!(shown["parent"], draft["id"]);
    let events = shown["events"].as_array().expect("events");
    let words: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    let all = ["created", "sent", "accepted", "output_ready", "rendered", "saved", "succeeded"];
    assert_eq!(words, all);
}

fn a_second_final_must_be_asked_for(desk: &Desk, draft: &str) {
    let again = ["promote", draft, "--resolution", "1080p"];
    desk.run(&again).expecting(2).saying(&["already", "--again"]);
    assert_eq!(desk.accepted_once_each(), 2);
    let mut asked = again.to_vec();
    asked.extend(["--again", "--json"]);
    let second = desk.done(&asked).object();
    assert!(["running", "succeeded"].contains(&text(&second, "/state")), "{second}");
    assert_eq!(desk.accepted_once_each(), 3);
}

#[test]
fn only_a_finished_draft_is_promoted() {
    let desk = Desk::new();
    let single = desk.clip("a heron on a jetty");
    let single = text(&single, "/id");
    desk.run(&["promote", single]).expecting(2).saying(&["not a draft"]);
    let draft = ["generate", "--json", "--draft", "--duration", "4", "--prompt"];
    let slow = draft.iter().copied().chain(["a heron sandbox:slow"]).collect::<Vec<_>>();
    let running = desk.done(&slow).object();
    assert_eq!(running["state"], "running");
    let id = text(&running, "/id");
    desk.run(&["promote", id]).expecting(2).saying(&["not ready yet", "rushes wait"]);
    desk.run(&["promote", id, "--resolution", "480p"]).expecting(2);
    assert_eq!(desk.accepted_once_each(), 2);
}

#[test]
fn the_next_shot_begins_with_the_last_frame_and_is_kept_as_a_descendant() {
    let desk = Desk::quick();
    let fox = desk.clip("a fox");
    let id = text(&fox, "/id");
    let chain = ["--first-frame-of", &id[..20], "--wait"];
    let owl = desk.done(&generate("an owl", &chain)).object();
    assert_eq!((&owl["parent"], &owl["relation"]), (&fox["id"], &"chain".into()));
    let frame = desk.path("last.png");
    let target = frame.to_str().expect("a path");
    desk.done(&["frame", id, "--last", "-o", target]);
    let kept = Desk::files(&desk.data().join("images"));
    let [image] = &kept[..] else { panic!("one image: {kept:?}") };
    let contents = [image, &frame].map(|path| fs::read(path).expect("an image"));
    assert!(contents[0] == contents[1], "it is the clip's last frame");
    let shown = desk.done(&["show", text(&owl, "/id")]).out;
    assert!(shown.contains(&format!("chain of job {id}")), "{shown}");
    let family = desk.show(id);
    assert_eq!(family["children"], serde_json::json!([owl["id"]]));
    assert_eq!((&family["starred"], &family["wins"]), (&false.into(), &0.into()));

    let dry = ["--first-frame-of", id, "--dry-run"];
    let dry = desk.done(&generate("an owl", &dry)).object();
    assert!(dry["body"].to_string().contains("data:image/png"), "the frame goes along");
    let wrong = ["--first-frame-of", "ffff", "--first-frame", "x.png"];
    desk.run(&generate("an owl", &wrong)).expecting(2).saying(&["cannot be used with"]);
    let wrong = ["--first-frame-of", "ffff"];
    desk.run(&generate("an owl", &wrong)).expecting(2).saying(&["there is no job 'ffff'"]);
    fs::remove_file(text(&fox, "/files/0/path")).expect("a clip");
    let gone = ["--first-frame-of", id];
    desk.run(&generate("an owl", &gone)).expecting(1).saying(&["no longer there"]);
    assert_eq!(desk.done(&["history", "won:", "--json"]).out, "");
}

/// A finished draft.
fn fox(desk: &Desk) -> Value {
    let line = ["generate", "--json", "--draft", "--duration", "4", "--wait", "a fox"];
    desk.done(&line).object()
}

/// A dry run of it renders nothing; quality, format and the config's defaults are the final's own.
#[test]
fn a_promotion_is_shown_before_it_is_paid_for_and_says_how_the_final_comes() {
    let desk = Desk::quick();
    desk.write("config/config.toml", "[defaults]\nquality = 60\n");
    let draft = fox(&desk);
    let id = text(&draft, "/id");
    let shown = |more: &[&str]| {
        let line = [&["promote", id, "--dry-run", "--json"], more].concat();
        desk.done(&line).object()
    };
    let plain = shown(&[]);
    assert_eq!(plain["body"][0]["resolution"], "480p", "the cheapest");
    assert_eq!(plain["body"][0]["inputs"]["draftId"], draft["draft_id"]);
    assert_eq!(plain["body"][0]["outputQuality"], 60, "the config's");
    let mov = shown(&["--resolution", "720p", "--quality", "99", "--format", "mov"]);
    assert_eq!(
        (&mov["body"][0]["outputQuality"], &mov["body"][0]["outputFormat"]),
        (&99.into(), &"MOV".into())
    );
    assert!(mov["estimate_usd"].as_f64() > plain["estimate_usd"].as_f64());
    desk.run(&["promote", id, "--quality", "100"]).expecting(2).saying(&["quality", "20 to 99"]);
    desk.run(&["promote", id, "--duration", "5"]).expecting(2).saying(&["--draft-id"]);
    assert_eq!(desk.accepted_once_each(), 1, "only the draft");
}

#[test]
fn a_draft_from_elsewhere_is_promoted_by_its_id_once() {
    let desk = Desk::quick();
    let draft = fox(&desk);
    let elsewhere =
        ["promote", "--draft-id", text(&draft, "/draft_id"), "--prompt", "a fox", "--json"];
    let model = [&elsewhere[..], &["--model", "sandbox/1.5-pro"]].concat();
    let known =
        [&model[..], &["--duration", "4", "--aspect", "16:9", "--audio", "on", "--dry-run"]]
            .concat();
    let (known, open) =
        (desk.done(&known).object(), desk.done(&[&model[..], &["--dry-run"]].concat()).object());
    assert_eq!(known["estimate_usd"], known["estimate_low_usd"]);
    assert_ne!(open["estimate_usd"], open["estimate_low_usd"], "what is not known costs from to");
    let done = desk.done(&[&model[..], &["--wait"]].concat()).object();
    assert_eq!((&done["kind"], &done["draft_id"]), (&"final".into(), &draft["draft_id"]));
    assert_eq!((&done["state"], &done["parent"]), (&"succeeded".into(), &Value::Null));
    // One final a draft, however it is named.
    for line in [&model[..], &["promote", text(&draft, "/id")]] {
        desk.run(line).expecting(2).saying(&["already", "--again"]);
    }
    assert_eq!(desk.accepted_once_each(), 2);
    desk.run(&elsewhere[..3]).expecting(2).saying(&["--prompt"]);
    desk.run(&["promote"]).expecting(2).saying(&["JOB"]);
    let never = [&elsewhere[..], &["--model", "sandbox/1.0-pro"]].concat();
    desk.run(&never).expecting(2).saying(&["has no drafts"]);
}
