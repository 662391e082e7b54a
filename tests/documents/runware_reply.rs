//! The same three pages: what a reply may say ("Response Parameters", and the responses of the examples).

use serde_json::{Value, json};

use crate::kit::{Page, Row, rows};

const PAGES: [&str; 3] = ["runware/1.0-pro", "runware/1.0-pro-fast", "runware/1.5-pro"];
const SOUND: &str = "runware/1.5-pro";
const VIDEO: &str = "63b327c3-d285-4ec2-8854-579ffda705f8";
const CLIP: &str =
    "https://vm.runware.ai/video/os/a24d12/ws/5/vi/63b327c3-d285-4ec2-8854-579ffda705f8.mp4";

#[test]
fn what_the_pages_say_of_a_reply() {
    crate::hold(REPLIES, &PAGES);
}

const REPLIES: &[Row] = rows! { page;
    [] "taskType: string, the value videoInference" => page.output(with(json!({}))).url, CLIP;
    [] "taskUUID: the task's own, so one of another task says nothing of it" =>
        matches!(page.reads(200, json!({ "data": [item(json!({ "taskUUID": VIDEO }))] })),
            rushes::domain::outcome::Sighting::NotKnown), true;
    [] "videoUUID: string, required, a UUID of the output video" => page.output(with(json!({}))).remote_id, VIDEO;
    [] "videoUUID: one each, so results of one task are told apart" =>
        page.report(json!({ "data": [
            item(json!({})), item(json!({})), item(json!({ "videoUUID": "other", "videoURL": "https://vm.runware.ai/b.mp4" })),
        ] })).outputs.len(), 2;
    [] "videoURL: string, URI, of the output video" => page.output(with(json!({}))).url, CLIP;
    [] "videoURL: until it comes the task is under way" =>
        page.report(with(json!({ "videoURL": null }))).pending, 1;
    [] "videoBase64Data: string, the video in Base64" =>
        inline(page, json!({ "videoURL": null, "videoBase64Data": "AAECAw==" })), [0, 1, 2, 3];
    [] "videoDataURI: string, URI, the video as one" =>
        inline(page, json!({ "videoURL": null, "videoDataURI": "data:video/mp4;base64,AAECAw==" })), [0, 1, 2, 3];
    [] "seed: integer, the seed used" => page.output(with(json!({ "seed": 77579 }))).seed, 77579;
    [] "seed: the random one where none was provided, of the unsigned 32-bit range" =>
        page.output(with(json!({ "seed": u32::MAX }))).seed, 4_294_967_295_u64;
    [] "NSFWContent: boolean, true where such content was detected" =>
        page.output(with(json!({ "NSFWContent": true }))).flagged, true;
    [] "NSFWContent: false, or not there" =>
        [page.output(with(json!({ "NSFWContent": false }))).flagged, page.output(with(json!({}))).flagged], [false, false];
    [] "cost: float, the task's cost in US dollars" =>
        page.output(with(json!({ "cost": 0.77498 }))).charge.map(|cost| cost.to_string()), "$0.77498";
    [] "cost: present when includeCost is true, so perhaps not" => page.output(with(json!({}))).charge.is_none(), true;
    [SOUND] "outputs.draftId: the id of a draft, in the example's response" =>
        page.output(with(json!({ "outputs": { "draftId": "cgt-20260327025345-g766z" } }))).draft_id,
        "cgt-20260327025345-g766z";
    [] "outputs: not there where it is no draft" => page.output(with(json!({}))).draft_id, null;
    [] "numberResults: each result has its own seed" =>
        page.report(json!({ "data": [
            item(json!({ "seed": 1 })), item(json!({ "videoUUID": "b", "videoURL": "https://vm.runware.ai/b.mp4", "seed": 2 })),
        ] })).outputs.iter().map(|output| output.seed).collect::<Vec<_>>(), [1, 2];
};

/// Every example response, as it stands in the pages.
#[test]
fn every_example_response_is_read() {
    for (id, text) in PAGES.into_iter().zip([
        include_str!("../fixtures/runware/seedance-1.0-pro.json"),
        include_str!("../fixtures/runware/seedance-1.0-pro-fast.json"),
        include_str!("../fixtures/runware/seedance-1.5-pro.json"),
    ]) {
        let page = Page::of(id);
        let examples: Value = serde_json::from_str(text).expect("JSON");
        for example in examples["examples"].as_array().expect("examples") {
            let mut told = example["response"].clone();
            told["taskUUID"] = json!("KEY");
            let output = page.output(json!({ "data": [told] }));
            assert_eq!(json!(output.remote_id), told["videoUUID"]);
            assert_eq!(json!(output.url), told["videoURL"]);
            assert_eq!(json!(output.seed), told["seed"]);
            assert_eq!(json!(output.charge.map(|cost| cost.as_usd())), told["cost"]);
            assert_eq!(json!(output.draft_id), told["outputs"]["draftId"]);
        }
    }
}

fn item(change: Value) -> Value {
    let mut item = json!({ "taskType": "videoInference", "taskUUID": "KEY", "videoUUID": VIDEO, "videoURL": CLIP });
    for (name, value) in change.as_object().expect("an object") {
        item[name] = value.clone();
    }
    item
}

fn with(change: Value) -> Value {
    json!({ "data": [item(change)] })
}

fn inline(page: &Page, change: Value) -> Value {
    let inline = page.output(with(change)).inline.expect("a clip within the answer");
    json!(&*inline.0)
}
