//! Runware's pages of Seedance 1.0 Pro, 1.0 Pro Fast and 1.5 Pro (runware.ai/docs/models): what a request may say.

use serde_json::Value;

use crate::kit::{Row, rows};

const PRO: &str = "runware/1.0-pro";
const FAST: &str = "runware/1.0-pro-fast";
const SOUND: &str = "runware/1.5-pro";
const URL: &str = "https://assets.runware.ai/a.jpg";
const MEDIA: &str = "aac49721-1964-481a-ae78-8a4e29b91402";

#[test]
fn what_the_pages_say_of_a_request() {
    crate::hold(API_OPTIONS, &[PRO, FAST, SOUND]);
    crate::hold(INPUTS, &[PRO, FAST, SOUND]);
    crate::hold(GENERATION, &[PRO, FAST, SOUND]);
    crate::hold(SIZES, &[PRO, FAST, SOUND]);
    crate::hold(PRICES, &[PRO, FAST, SOUND]);
}

/// "API Options": delivery and safety.
const API_OPTIONS: &[Row] = rows! { page;
    [] "taskType: string, required, the value videoInference" => page.sent(&[])["taskType"], "videoInference";
    [] "taskUUID: string, required, a UUID v4, unique per task" =>
        [is_uuid_v4(&page.sent(&[])["taskUUID"]), page.sent(&[])["taskUUID"] != page.sent(&[])["taskUUID"]],
        [true, true];
    [] "outputType: string, default URL, which is the only value" => page.sent(&[])["outputType"], "URL";
    [] "outputFormat: string, default MP4" => page.sent(&[])["outputFormat"], "MP4";
    [] "outputFormat: MP4, WEBM, MOV" =>
        page.each("/outputFormat", "format", &["mp4", "webm", "mov"]), ["MP4", "WEBM", "MOV"];
    [] "outputQuality: integer from 20 to 99" =>
        page.each("/outputQuality", "quality", &["20", "99"]), [20, 99];
    [] "outputQuality: nothing below 20 and above 99" =>
        page.refuses("quality", &["19", "20", "99", "100"]), ["19", "100"];
    [] "outputQuality: default 95, so it need not be said" =>
        [page.sent(&[])["outputQuality"].is_null(), page.model.quality.as_ref().map(|rule| rule.default) == Some(95)],
        [true, true];
    [] "webhookURL: string, URI" =>
        page.each("/webhookURL", "webhook-url", &["https://hooks.example/x"]), ["https://hooks.example/x"];
    [] "webhookURL: left out where none is wanted" => page.sent(&[])["webhookURL"], null;
    [] "deliveryMethod: async, the default and the only value" => page.sent(&[])["deliveryMethod"], "async";
    [] "deliveryMethod: poll for results using getResponse" => task(&page.poll())["taskType"], "getResponse";
    [] "deliveryMethod: the acknowledgment has the task's UUID" =>
        page.refused_as(200, serde_json::json!({ "data": [{ "taskType": "videoInference", "taskUUID": "KEY" }] })),
        "accepted";
    [] "uploadEndpoint: string, URI" =>
        page.each("/uploadEndpoint", "upload-endpoint", &["https://bucket.example/clip.mp4"]),
        ["https://bucket.example/clip.mp4"];
    [] "uploadEndpoint: presigned, so its end is a credential that no stored request has" =>
        page.each("/uploadEndpoint", "upload-endpoint", &["https://bucket.example/clip.mp4?X-Amz-Signature=abc123"])
            .iter().any(|sent| sent.to_string().contains("abc123")), false;
    [] "safety.checkContent: boolean, default false, so it need not be said" => page.sent(&[])["safety"], null;
    [] "safety.mode none: disables checking" =>
        page.each("/safety", "safety", &["none"]), [{ "checkContent": false, "mode": "none" }];
    [] "safety.mode fast: checks key frames" =>
        page.each("/safety", "safety", &["fast"]), [{ "checkContent": true, "mode": "fast" }];
    [] "safety.mode full: checks all frames" =>
        page.each("/safety", "safety", &["full"]), [{ "checkContent": true, "mode": "full" }];
    [] "safety.mode: nothing else" => page.refusal_of_text("safety", "strict"), true;
    [] "ttl: integer, at least 60" => page.each("/ttl", "ttl", &["60", "86400"]), [60, 86400];
    [] "ttl: nothing below 60" => page.refuses("ttl", &["59", "60"]), ["59"];
    [] "ttl: seconds of the service's own choice where it is left out" => page.sent(&[])["ttl"], null;
    [] "includeCost: boolean, default false; the cost is always wanted" => page.sent(&[])["includeCost"], true;
    [] "numberResults: integer from 1 to 4" =>
        page.each("/numberResults", "results", &["1", "2", "3", "4"]), [1, 2, 3, 4];
    [] "numberResults: nothing below 1 and above 4" => page.refuses("results", &["0", "1", "4", "5"]), ["0", "5"];
    [] "numberResults: default 1" => page.sent(&[])["numberResults"], 1;
};

/// "Inputs": nested inside the `inputs` object.
const INPUTS: &[Row] = rows! { page;
    [] "inputs.frameImages: nested inside the inputs object, left out without an image" => page.sent(&[])["inputs"], null;
    [] "frameImages: an object that pairs an image with its place" =>
        frames(page.sent(&[("first-frame", URL)])), [{ "image": URL, "frame": "first" }];
    [] "image: a URL" => frames(page.sent(&[("first-frame", URL)]))[0]["image"], URL;
    [] "image: a UUID" => frames(page.sent(&[("first-frame", MEDIA)]))[0]["image"], MEDIA;
    [] "image: a Data URI, as which every file is sent" =>
        page.data_uri(), "data:image/png;base64,AQID";
    [] "frame: first, the first frame of the video" =>
        frames(page.sent(&[("first-frame", URL)]))[0]["frame"], "first";
    [PRO, SOUND] "frame: last, the last frame of the video" =>
        frames(page.sent(&[("last-frame", URL)])), [{ "image": URL, "frame": "last" }];
    [PRO, SOUND] "2 images: first and last frames" =>
        frames(page.sent(&[("first-frame", URL), ("last-frame", MEDIA)])),
        [{ "image": URL, "frame": "first" }, { "image": MEDIA, "frame": "last" }];
    [FAST] "frameImages: items: 1, so there is no last frame" =>
        page.refusal(&[("last-frame", URL)]), "last frame: Seedance 1.0 Pro Fast takes a first frame only; leave it out";
    [SOUND] "inputs.draftId: the draft's id from a draft mode generation" =>
        page.promoted("1080p")["inputs"], { "draftId": "cgt-20260327025345-g766z" };
    [SOUND] "draftId: produces full quality output from an approved 480p draft preview" =>
        ["480p", "720p", "1080p"].map(|one| page.promoted(one)["resolution"].clone()), ["480p", "720p", "1080p"];
    [SOUND] "positivePrompt is required, also beside a draftId" =>
        page.promoted("720p")["positivePrompt"], "a fox in the snow";
    [SOUND] "a draftId needs resolution or width and height as well, and no frame images" =>
        [page.promoted("720p")["resolution"].clone(), page.promoted("720p")["inputs"]["frameImages"].clone()],
        ["720p", null];
};

/// "Generation Parameters" and "Provider Settings".
const GENERATION: &[Row] = rows! { page;
    [PRO] "model: string, required, bytedance:2@1" => page.sent(&[])["model"], "bytedance:2@1";
    [FAST] "model: string, required, bytedance:2@2" => page.sent(&[])["model"], "bytedance:2@2";
    [SOUND] "model: string, required, bytedance:seedance@1.5-pro" => page.sent(&[])["model"], "bytedance:seedance@1.5-pro";
    [] "positivePrompt: string, required" => page.sent(&[])["positivePrompt"], "a fox in the snow";
    [] "positivePrompt: required, so none is no prompt" => page.refusal(&[("prompt", "")]).is_empty(), false;
    [] "positivePrompt: at least 2 characters" =>
        [page.refusal(&[("prompt", "a")]).is_empty(), page.refusal(&[("prompt", "ab")]).is_empty()], [false, true];
    [] "positivePrompt: at most 3000 characters" =>
        [page.refusal(&[("prompt", &"月".repeat(3000))]).is_empty(), page.refusal(&[("prompt", &"a".repeat(3001))]).is_empty()],
        [true, false];
    [PRO] "resolution: 480p, 1080p" => page.refuses("resolution", &["480p", "720p", "1080p", "4k"]), ["720p", "4k"];
    [FAST] "resolution: 2 values, which the page does not name: 480p and 1080p are offered" =>
        page.refuses("resolution", &["480p", "720p", "1080p", "4k"]), ["720p", "4k"];
    [SOUND] "resolution: 480p, 720p, 1080p" => page.refuses("resolution", &["480p", "720p", "1080p", "4k"]), ["4k"];
    [] "resolution: with input media it matches the ratio of the input" =>
        { let sent = page.sent(&[("first-frame", URL), ("resolution", "1080p")]);
          [sent["resolution"].clone(), sent["width"].clone(), sent["height"].clone()] },
        ["1080p", null, null];
    [PRO, FAST] "duration: float, from 1.2 to 12" =>
        page.each("/duration", "duration", &["1.2", "5.05", "7.123", "12"]), [1.2, 5.05, 7.123, 12];
    [PRO, FAST] "duration: nothing below 1.2 and above 12" =>
        page.refuses("duration", &["1.19", "1.2", "12", "12.01"]), ["1.19", "12.01"];
    [PRO, FAST] "duration: default 5" => page.sent(&[])["duration"], 5;
    [SOUND] "duration: auto" => page.each("/duration", "duration", &["auto"]), ["auto"];
    [SOUND] "duration: 5 and 8, as the examples have it beside auto" =>
        page.each("/duration", "duration", &["5", "8"]), [5, 8];
    [] "seed: integer, from 0 to 9223372036854776000" =>
        page.each("/seed", "seed", &["0", "9223372036854775807"]), [0, 9_223_372_036_854_775_807_u64];
    [] "seed: nothing above that" => page.refuses("seed", &["18446744073709551615"]), ["18446744073709551615"];
    [] "seed: random where it is not provided" => page.sent(&[])["seed"], null;
    [] "providerSettings.bytedance.cameraFixed: boolean" =>
        page.each("/providerSettings/bytedance/cameraFixed", "camera-fixed", &["fixed", "free"]), [true, false];
    [] "cameraFixed: default false" => page.sent(&[])["providerSettings"]["bytedance"]["cameraFixed"], false;
    [SOUND] "providerSettings.bytedance.audio: boolean" =>
        page.each("/providerSettings/bytedance/audio", "audio", &["on", "off"]), [true, false];
    [SOUND] "audio: default true" => page.sent(&[])["providerSettings"]["bytedance"]["audio"], true;
    [PRO, FAST] "no other page has audio" =>
        [page.sent(&[]).to_string().contains("audio"), page.refusal(&[("audio", "on")]).is_empty()], [false, false];
    [SOUND] "providerSettings.bytedance.draft: boolean, a fast 480p preview" =>
        { let sent = page.sent(&[("draft", "draft")]);
          [sent["providerSettings"]["bytedance"]["draft"].clone(), sent["width"].clone(), sent["height"].clone()] },
        [true, 864, 496];
    [SOUND] "draft: default false" => page.sent(&[])["providerSettings"]["bytedance"]["draft"], null;
    [PRO, FAST] "no other page has drafts" => page.refusal(&[("draft", "draft")]).is_empty(), false;
};

/// "Compatibility & Validation".
const SIZES: &[Row] = rows! { page;
    [] "width and height: integers, used together, and no resolution beside them" =>
        { let sent = page.sent(&[]);
          [sent["width"].is_u64(), sent["height"].is_u64(), sent["resolution"].is_null()] },
        [true, true, true];
    [] "either frameImages, or width and height or resolution: an image with its size, as in the examples" =>
        { let sent = page.sent(&[("first-frame", URL), ("aspect", "16:9")]);
          [sent["width"].is_u64(), sent["resolution"].is_null()] },
        [true, true];
    [PRO] "the 480p dimensions" => page.sizes("480p"),
        { "16:9": "864x480", "4:3": "736x544", "1:1": "640x640", "3:4": "544x736", "9:16": "480x864", "9:21": "416x960",
          "21:9": "960x416" };
    [PRO] "the 1080p dimensions" => page.sizes("1080p"),
        { "16:9": "1920x1088", "4:3": "1664x1248", "1:1": "1440x1440", "3:4": "1248x1664", "9:16": "1088x1920",
          "9:21": "928x2176", "21:9": "2176x928" };
    [FAST] "the sizes of the examples, since the page prints no table" =>
        [page.sizes("480p")["21:9"].clone(), page.sizes("480p")["16:9"].clone()], ["960x416", "864x480"];
    [SOUND] "the 480p dimensions" => page.sizes("480p"),
        { "16:9": "864x496", "4:3": "752x560", "1:1": "640x640", "3:4": "560x752", "9:16": "496x864", "21:9": "992x432" };
    [SOUND] "the 720p dimensions" => page.sizes("720p"),
        { "16:9": "1280x720", "4:3": "1112x834", "1:1": "960x960", "3:4": "834x1112", "9:16": "720x1280",
          "21:9": "1470x630" };
    [SOUND] "the 1080p dimensions" => page.sizes("1080p"),
        { "16:9": "1920x1080", "4:3": "1664x1248", "1:1": "1440x1440", "3:4": "1248x1664", "9:16": "1080x1920",
          "21:9": "2205x945" };
    // Read literally this would forbid the page's own examples, which have 1920x1080 and 1280x720 with it.
    [SOUND] "with providerSettings the resolution must be 480p: of a draft" =>
        page.refusal(&[("draft", "draft"), ("resolution", "720p")]).contains("a draft is always 480p"), true;
};

/// "Pricing", and the bills of the examples.
const PRICES: &[Row] = rows! { page;
    [PRO] "$0.0968 a second at 1080p, 5 s for $0.484: the bills count one frame more" =>
        page.price(&[("resolution", "1080p")]), "$0.48874";
    [PRO] "the example of 1664x1248 and 8 s is billed $0.77498" =>
        page.price(&[("resolution", "1080p"), ("aspect", "4:3"), ("duration", "8")]), "$0.77498";
    [PRO] "those of 1920x1088 and 8 s are billed $0.77957" =>
        page.price(&[("resolution", "1080p"), ("duration", "8")]), "$0.77957";
    [FAST] "the example of 960x416 and 6 s is billed $0.0367" =>
        page.price(&[("aspect", "21:9"), ("duration", "6")]), "$0.03670";
    [FAST] "those of 864x480 and 6 s are billed $0.03811" => page.price(&[("duration", "6")]), "$0.03811";
    [SOUND] "about $0.12 for 5 s at 480p with audio" => page.price(&[]), "$0.12153";
    [SOUND] "about $0.06 for 5 s at 480p" => page.price(&[("audio", "off")]), "$0.06077";
    [SOUND] "about $0.26 for 5 s at 720p with audio" => page.price(&[("resolution", "720p")]), "$0.26136";
    [SOUND] "about $0.13 for 5 s at 720p" => page.price(&[("resolution", "720p"), ("audio", "off")]), "$0.13068";
    [SOUND] "the example of 1920x1080 and 8 s is billed $0.93798" =>
        page.price(&[("resolution", "1080p"), ("duration", "8")]), "$0.93798";
    [SOUND] "those of 1280x720 and 8 s are billed $0.41688" =>
        page.price(&[("resolution", "720p"), ("duration", "8")]), "$0.41688";
    [SOUND] "the draft of 864x496 and 5 s is billed $0.07292" => page.price(&[("draft", "draft")]), "$0.07292";
};

/// Every example request, field by field; what it leaves to its page's defaults is said outright.
#[test]
fn every_example_of_the_pages_is_sent_as_it_stands_there() {
    let pages = [
        (PRO, include_str!("../fixtures/runware/seedance-1.0-pro.json")),
        (FAST, include_str!("../fixtures/runware/seedance-1.0-pro-fast.json")),
        (SOUND, include_str!("../fixtures/runware/seedance-1.5-pro.json")),
    ];
    let mut count = 0;
    for (id, text) in pages {
        let page = crate::Page::of(id);
        let examples: Value = serde_json::from_str(text).expect("JSON");
        for example in examples["examples"].as_array().expect("examples") {
            let request = &example["request"];
            let sent = page.sent(
                &page
                    .flags(request)
                    .iter()
                    .map(|(flag, value)| (*flag, value.as_str()))
                    .collect::<Vec<_>>(),
            );
            for (name, value) in request
                .as_object()
                .expect("an object")
                .iter()
                .filter(|(name, _)| *name != "taskUUID")
            {
                assert_eq!(&sent[name], value, "{id}: {name}");
            }
            count += 1;
        }
    }
    assert_eq!(count, 12);
}

fn task(request: &rushes::provider::wire::HttpRequest) -> Value {
    let tasks: Value = serde_json::from_slice(&request.body).expect("JSON");
    tasks[0].clone()
}

fn frames(sent: Value) -> Value {
    sent["inputs"]["frameImages"].clone()
}

fn is_uuid_v4(value: &Value) -> bool {
    let id: Option<uuid::Uuid> = value.as_str().and_then(|text| text.parse().ok());
    id.is_some_and(|id| id.get_version_num() == 4)
}
