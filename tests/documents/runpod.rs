//! RunPod's page of Seedance 1.0 Pro (docs.runpod.io, public endpoints).

use serde_json::{Value, json};

use rushes::domain::outcome::Sighting;

use crate::kit::{BASE, Page, REMOTE_ID, Row, rows};

const URL: &str = "https://assets.example/a.jpg";

#[test]
fn what_the_page_says() {
    crate::hold(REQUEST, &["runpod/1.0-pro"]);
    crate::hold(REPLY, &["runpod/1.0-pro"]);
}

const REQUEST: &[Row] = rows! { page;
    // The page's `/runsync` keeps its result for a minute, `/run` beside it for half an hour (operations).
    [] "endpoint: https://api.runpod.ai/v2/seedance-1-0-pro" =>
        page.request(&[]).url, (format!("{BASE}/seedance-1-0-pro/run"));
    [] "Content-Type: application/json" => page.request(&[]).header("content-type"), "application/json";
    [] "Authorization: Bearer, which is added last and stands in no request that is kept" =>
        page.request(&[]).header("authorization"), null;
    [] "all parameters are passed within the input object" =>
        page.sent(&[]).as_object().map(|all| all.keys().cloned().collect::<Vec<_>>()), ["input"];
    [] "input.prompt: string, required" => page.sent(&[])["input"]["prompt"], "a fox in the snow";
    [] "input.prompt: required, so none is no prompt" => page.refusal(&[("prompt", "")]).is_empty(), false;
    [] "input.image: string, a source image's URL" => page.sent(&[("first-frame", URL)])["input"]["image"], URL;
    [] "input.image: nothing but a URL" =>
        page.refusal(&[("first-frame", "aac49721-1964-481a-ae78-8a4e29b91402")]).is_empty(), false;
    [] "input.image: leave empty for text-to-video" => page.sent(&[])["input"]["image"], "";
    [] "input.duration: integer, seconds" => page.each("/input/duration", "duration", &["5", "10"]), [5, 10];
    [] "input.duration: whole seconds only" => page.refuses("duration", &["5", "5.5"]), ["5.5"];
    [] "input.duration: default 5" => page.sent(&[])["input"]["duration"], 5;
    [] "input.fps: integer" => page.each("/input/fps", "fps", &["12", "24", "60"]), [12, 24, 60];
    [] "input.fps: default 24" => page.sent(&[])["input"]["fps"], 24;
    [] "input.size: string, widthxheight" =>
        page.each("/input/size", "resolution", &["480p", "720p", "1080p"]), ["864x480", "1280x720", "1920x1080"];
    [] "input.size: of any width and height, as the format says" =>
        page.each("/input/size", "aspect", &["9:16", "1:1"]), ["1080x1920", "1440x1440"];
    [] "input.size: default 1920x1080" => page.sent(&[])["input"]["size"], "1920x1080";
    [] "the example request, field by field" =>
        page.sent(&[("prompt", "A pristine Porsche 911 930 Turbo photographed in golden hour lighting"),
                    ("duration", "5"), ("fps", "24"), ("resolution", "1080p")]),
        { "input": { "prompt": "A pristine Porsche 911 930 Turbo photographed in golden hour lighting",
                     "duration": 5, "fps": 24, "size": "1920x1080", "image": "" } };
    [] "cost of 480p: 5 s $0.12" => least(page, "480p", "5"), "$0.12000";
    [] "cost of 480p: 10 s $0.24" => least(page, "480p", "10"), "$0.24000";
    [] "cost of 720p: 5 s $0.27" => least(page, "720p", "5"), "$0.27000";
    [] "cost of 720p: 10 s $0.54" => least(page, "720p", "10"), "$0.54000";
    [] "cost of 1080p: 5 s $0.61, and $0.62 on the example's bill" => page.price(&[]), "$0.61000 to $0.62000";
    [] "cost of 1080p: 10 s $1.22" => least(page, "1080p", "10"), "$1.22";
};

const REPLY: &[Row] = rows! { page;
    [] "id: string, the request's unique identifier" => page.refused_as(200, json!({ "id": REMOTE_ID })), "accepted";
    [] "id: by which the job is asked for" => page.poll().url, (format!("{BASE}/seedance-1-0-pro/status/{REMOTE_ID}"));
    [] "status: COMPLETED on success" => page.report(done(json!({}))).outputs.len(), 1;
    [] "status: FAILED on error" =>
        page.report(json!({ "id": REMOTE_ID, "status": "FAILED", "error": "no" })).failures.len(), 1;
    [] "status: any other is no end" =>
        page.report(json!({ "id": REMOTE_ID, "status": "IN_PROGRESS" })).pending, 1;
    [] "delayTime: integer, milliseconds in the queue" => work(page)["delay_ms"], 28;
    [] "executionTime: integer, milliseconds of work" => work(page)["execution_ms"], 89012;
    [] "workerId: string, the worker" => work(page)["worker"], "oqk7ao1uomckye";
    [] "output.video_url: string" => page.output(done(json!({}))).url, "https://video.runpod.ai/abc123/output.mp4";
    [] "output.video_url: expires after 7 days" => page.result_lifetime_h(), 168;
    [] "output.cost: float, US dollars" => page.output(done(json!({}))).charge.map(|cost| cost.to_string()), "$0.62000";
    [] "output: an object without an address is not the end yet" =>
        page.report(done(json!({ "output": {} }))).outputs.len(), 0;
    [] "the response 400: FAILED with error, and nothing of it was taken" =>
        page.refused_as(400, json!({ "id": REMOTE_ID, "status": "FAILED",
            "error": "Invalid parameter: size format must be widthxheight" })), "parameter";
    [] "the error's words are told as they are" =>
        said(page, json!({ "id": REMOTE_ID, "status": "FAILED", "error": "Invalid parameter: size format must be widthxheight" })),
        "Invalid parameter: size format must be widthxheight";
};

/// The response 200 of the page.
fn done(change: Value) -> Value {
    let mut body = json!({
        "id": REMOTE_ID, "status": "COMPLETED", "delayTime": 28, "executionTime": 89012, "workerId": "oqk7ao1uomckye",
        "output": { "video_url": "https://video.runpod.ai/abc123/output.mp4", "cost": 0.62 },
    });
    for (name, value) in change.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn work(page: &Page) -> Value {
    json!(page.output(done(json!({}))).work)
}

fn said(page: &Page, reply: Value) -> String {
    match page.reads(200, reply) {
        Sighting::Seen(report) => report.failures[0].message.clone(),
        other => format!("{other:?}"),
    }
}

/// The table's reading of the price; the bill's is the other end.
fn least(page: &Page, resolution: &str, seconds: &str) -> String {
    let price = page.price(&[("resolution", resolution), ("duration", seconds)]);
    price.split(" to ").next().unwrap_or_default().to_owned()
}
