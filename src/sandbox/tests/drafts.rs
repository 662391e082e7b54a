//! Draft, look, promote (docs, Seedance 1.5 Pro).

use super::super::derive;
use super::*;

/// The final of the draft `draft_id`, changed as `change` says.
fn promotion(id: u128, draft_id: &str, change: Value) -> Value {
    let mut task = task_1_5(
        id,
        json!({
            "width": null, "height": null, "duration": null,
            "resolution": "1080p", "inputs": { "draftId": draft_id },
        }),
    );
    merge(&mut task, change);
    task
}

/// A remote with a draft that is done, and its id.
fn drafted(change: Value) -> (Remote, String) {
    let mut remote = Remote::new();
    remote.submit(&draft(1, change));
    remote.wait_ms(5_000);
    remote.render();
    let body = remote.poll(1);
    let draft_id = text(&body["data"][0]["outputs"]["draftId"]);
    assert!(draft_id.starts_with("cgt-20261120120000-"), "{body}");
    (remote, draft_id)
}

#[test]
fn a_final_shows_the_scene_of_its_draft_and_both_are_billed() {
    let frame = png(1600, 900);
    let inputs = json!({ "frameImages": [data_uri(&frame)] });
    let (mut remote, draft_id) = drafted(json!({ "duration": 8, "inputs": inputs }));
    remote.submit(&promotion(2, &draft_id, json!({ "positivePrompt": "something else" })));

    let (_, spec) = remote.clips().remove(0);
    assert_eq!((spec.prompt.as_str(), spec.seed), ("a fox in the snow", 7));
    assert_eq!((spec.width_px, spec.height_px, spec.duration_ms), (1920, 1080, 8000));
    assert_eq!(
        (spec.draft, spec.audio, spec.first_frame),
        (false, true, Some(format!("sha256:{}", derive::sha256(&frame))))
    );

    let body = remote.finish(2);
    let item = &body["data"][0];
    assert_eq!((&item["seed"], &item["cost"]), (&json!(7), &json!(0.93798)));
    assert_eq!(item.get("outputs"), None);
    let billed: Vec<f64> =
        remote.sandbox.ledger(remote.now).map(|line| line.billed.as_usd()).collect();
    assert_eq!(billed, [0.11631, 0.93798]);
}

#[test]
fn a_draft_is_480p_and_nothing_else() {
    Remote::new().submit(&draft(1, json!({ "width": 640, "height": 640 })));
    let by_name = json!({ "width": null, "height": null, "resolution": "480p" });
    Remote::new().submit(&draft(1, by_name));
    let larger = draft(1, json!({ "width": 1280, "height": 720 }));
    assert_eq!(Remote::new().refusal(&larger).1, "unsupportedParameter");
    let larger = draft(1, json!({ "width": null, "height": null, "resolution": "720p" }));
    assert_eq!(Remote::new().refusal(&larger).1, "invalidResolution");
}

#[test]
fn a_silent_draft_costs_its_own_part_of_the_silent_price() {
    let settings = json!({ "bytedance": { "draft": true, "audio": false } });
    let (remote, _) = drafted(json!({ "providerSettings": settings }));
    assert_eq!(remote.sandbox.ledger(remote.now).next().map(|line| line.billed.0), Some(42_540));
}

#[test]
fn every_result_of_a_draft_can_be_promoted_by_its_own_id() {
    let mut remote = Remote::new();
    remote.submit(&draft(1, json!({ "numberResults": 2, "seed": 10 })));
    let body = remote.finish(1);
    let second = text(&body["data"][1]["outputs"]["draftId"]);
    assert_ne!(second, text(&body["data"][0]["outputs"]["draftId"]));
    remote.submit(&promotion(2, &second, json!({})));
    assert_eq!(remote.clips()[0].1.seed, 11);
}

#[test]
fn a_final_may_say_its_size_in_pixels_of_the_drafts_ratio() {
    let (mut remote, draft_id) = drafted(json!({ "width": 560, "height": 752 }));
    let pixels = |id: u128, width: u32, height: u32| {
        let change = json!({ "resolution": null, "width": width, "height": height });
        promotion(id, &draft_id, change)
    };
    remote.submit(&pixels(2, 1248, 1664));
    assert_eq!(remote.refusal(&pixels(3, 1920, 1080)).1, "unsupportedParameter");
    remote.submit(&pixels(4, 560, 752));
}

#[test]
fn a_final_says_nothing_that_it_inherits() {
    let (mut remote, draft_id) = drafted(json!({}));
    let frames = json!({ "draftId": draft_id, "frameImages": ["https://host/a.png"] });
    for (change, code) in [
        (json!({ "duration": 5 }), "incompatibleParameters"),
        (json!({ "seed": 7 }), "incompatibleParameters"),
        (
            json!({ "providerSettings": { "bytedance": { "audio": true } } }),
            "incompatibleParameters",
        ),
        (json!({ "numberResults": 2 }), "incompatibleParameters"),
        (json!({ "inputs": frames }), "incompatibleParameters"),
        (json!({ "resolution": "4k" }), "invalidResolution"),
        (json!({ "resolution": null }), "missingDimensionParameters"),
        (json!({ "positivePrompt": null }), "missingPositivePrompt"),
        (json!({ "inputs": { "draftId": "cgt-20260327025345-g766z" } }), "invalidDraftId"),
        (json!({ "inputs": { "draftId": 7 } }), "invalidDraftId"),
    ] {
        let (_, body) = remote.ask(json!([promotion(2, &draft_id, change.clone())]));
        assert_eq!(body["errors"][0]["code"], code, "{change}");
        assert_eq!(body["data"], json!([]), "{change}");
    }
}

#[test]
fn a_draft_can_be_promoted_for_seven_days() {
    let (mut remote, draft_id) = drafted(json!({}));
    remote.wait_ms(-5_000);
    remote.wait_days(7);
    remote.wait_ms(-1);
    remote.submit(&promotion(2, &draft_id, json!({})));
    remote.wait_ms(1);
    assert_eq!(remote.refusal(&promotion(3, &draft_id, json!({}))), (400, "taskExpired".into()));
}

#[test]
fn a_draft_that_is_not_done_cannot_be_promoted() {
    let (mut done, draft_id) = drafted(json!({}));
    let mut remote = Remote::new();
    remote.submit(&draft(1, json!({})));
    assert_eq!(remote.refusal(&promotion(2, &draft_id, json!({}))).1, "invalidDraftId");
    done.submit(&promotion(2, &draft_id, json!({})));
}

#[test]
fn trouble_makes_a_draft_expire_at_once() {
    let prompt = json!({ "positivePrompt": "a fox sandbox:draft-expired" });
    let (mut remote, draft_id) = drafted(prompt);
    assert_eq!(remote.refusal(&promotion(2, &draft_id, json!({}))).1, "taskExpired");
}
