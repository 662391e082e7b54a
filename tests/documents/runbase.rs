//! Runbase's page of Seedance 1.0 Pro (runbase.net).

use serde_json::{Value, json};

use rushes::domain::outcome::Sighting;

use crate::kit::{BASE, REMOTE_ID, Row, rows};

const URL: &str = "https://assets.example/a.jpg";

#[test]
fn what_the_page_says() {
    crate::hold(REQUEST, &["runbase/1.0-pro"]);
    crate::hold(REPLY, &["runbase/1.0-pro"]);
}

const REQUEST: &[Row] = rows! { page;
    [] "create a run: POST /runs" => page.request(&[]).url, (format!("{BASE}/runs"));
    [] "Content-Type: application/json" => page.request(&[]).header("content-type"), "application/json";
    [] "Authorization: Bearer, which is added last and stands in no request that is kept" =>
        page.request(&[]).header("authorization"), null;
    [] "the key: the environment's RUNBASE_API_KEY" => page.key_env(), "RUNBASE_API_KEY";
    [] "model: bytedance/seedance-1-pro" => page.sent(&[])["model"], "bytedance/seedance-1-pro";
    [] "input: an object beside the model" =>
        page.sent(&[]).as_object().map(|all| all.keys().cloned().collect::<Vec<_>>()), ["input", "model"];
    [] "prompt: string, required" => page.sent(&[])["input"]["prompt"], "a fox in the snow";
    [] "prompt: required, so none is no prompt" => page.refusal(&[("prompt", "")]).is_empty(), false;
    [] "aspect_ratio: 16:9, 9:16, 4:3, 3:4, 1:1, 21:9" =>
        page.each("/input/aspect_ratio", "aspect", &["16:9", "9:16", "4:3", "3:4", "1:1", "21:9"]),
        ["16:9", "9:16", "4:3", "3:4", "1:1", "21:9"];
    [] "aspect_ratio: nothing else" => page.refuses("aspect", &["1:1", "9:21", "5:4"]), ["9:21", "5:4"];
    [] "resolution: 720p, 1080p" => page.each("/input/resolution", "resolution", &["720p", "1080p"]), ["720p", "1080p"];
    [] "resolution: nothing else" => page.refuses("resolution", &["480p", "720p", "4k"]), ["480p", "4k"];
    [] "duration: string, 5 or 10" => page.each("/input/duration", "duration", &["5", "10"]), ["5", "10"];
    [] "duration: nothing else" => page.refuses("duration", &["4", "5", "7", "10", "12"]), ["4", "7", "12"];
    [] "image_urls: strings, the source image" => page.sent(&[("first-frame", URL)])["input"]["image_urls"], [URL];
    [] "image_urls: optional, left out for text to video" => page.sent(&[])["input"]["image_urls"], null;
    [] "image_urls: nothing but URLs" =>
        page.refusal(&[("first-frame", "aac49721-1964-481a-ae78-8a4e29b91402")]).is_empty(), false;
    [] "no price is published" => page.price(&[]), "no price published";
};

const REPLY: &[Row] = rows! { page;
    [] "runs are processed asynchronously: the reply has the run's id" =>
        page.refused_as(200, json!({ "id": REMOTE_ID, "status": "queued" })), "accepted";
    [] "get run status: GET /runs/RUN_ID" =>
        [format!("{:?}", page.poll().method), page.poll().url], ["Get", (format!("{BASE}/runs/{REMOTE_ID}"))];
    [] "poll until status is succeeded: any other is no end" =>
        page.report(json!({ "id": REMOTE_ID, "status": "processing" })).pending, 1;
    [] "then read output.urls" => urls(page.report(done(&["https://cdn.example/a.mp4"])).outputs), ["https://cdn.example/a.mp4"];
    [] "urls: all of them" =>
        urls(page.report(done(&["https://cdn.example/a.mp4", "https://cdn.example/b.mp4"])).outputs),
        ["https://cdn.example/a.mp4", "https://cdn.example/b.mp4"];
    [] "urls: strings, so until there is one it is not the end" => page.report(done(&[])).no_address, 1;
    [] "400: invalid request, missing or malformed parameters" => page.refused_as(400, told("invalid_input")), "parameter";
    [] "401: missing or invalid API key" => page.refused_as(401, told("invalid_api_key")), "key";
    [] "402: insufficient credits" => page.refused_as(402, told("insufficient_balance")), "money";
    [] "403: IP not allowed" => page.refused_as(403, told("ip_not_allowed")), "key";
    [] "403: API key credit limit exceeded" => page.refused_as(403, told("api_key_spend_limit_exceeded")), "money";
    [] "404: run not found, which is an answer and no end" =>
        matches!(page.reads(404, told("run_not_found")), Sighting::NotKnown), true;
    [] "429: rate limit exceeded, so later" => page.refused_as(429, told("rate_limited")), "rate passes";
    [] "500: internal server error, so nobody knows whether it was taken" => page.refused_as(500, told("internal")), "unknown";
    [] "the standard codes stand for themselves, without a body that says more" =>
        [400, 401, 402, 429, 500].map(|status| page.refused_as(status, json!({}))),
        ["parameter", "key", "money", "rate passes", "unknown"];
};

fn done(urls: &[&str]) -> Value {
    json!({ "id": REMOTE_ID, "status": "succeeded", "output": { "urls": urls } })
}

fn urls(outputs: Vec<rushes::domain::job::Output>) -> Vec<String> {
    outputs.into_iter().map(|output| output.url).collect()
}

fn told(code: &str) -> Value {
    json!({ "error": { "code": code, "message": "as the page says" } })
}
