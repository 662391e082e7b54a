//! What is sent: the documented bodies, field by field.

use serde_json::json;

use super::*;
use crate::domain::catalog::Model;
use crate::domain::job::FailureClass;
use crate::domain::request::{
    Choices, ClipLength, Field, FrameImage, GenerationRequest, ImageFile, Options,
};
use crate::domain::setting;
use crate::provider::registry::Images;
use crate::provider::runware::submit;

/// The task that `choose` makes of `model`.
fn submitted_task(model: &str, choose: impl FnOnce(&mut Choices)) -> Value {
    let model = sample::model(model);
    sent_task(model, sample::request(model, choose), &Images::new())
}

fn sent_task(model: &Model, request: GenerationRequest, images: &Images) -> Value {
    let job = Job { attempt_key: key(), ..sample::job(1, model, request) };
    let request = submit(URL, model, &job, images).expect("a request");
    assert_eq!(
        (request.url.as_str(), request.header("content-type")),
        (URL, Some("application/json"))
    );
    task(&request.body)
}

/// The choices that the example request of a model page stands for.
fn choices(model: &Model, example: &Value) -> Choices {
    let size = (example["width"].as_u64(), example["height"].as_u64());
    let chosen = model.resolutions().find_map(|resolution| {
        let aspect = model.ratios(resolution).find(|aspect| {
            let pixels = model.pixels(resolution, *aspect);
            pixels.map(|(width, height)| (Some(width.into()), Some(height.into()))) == Some(size)
        })?;
        Some((resolution, aspect))
    });
    let (resolution, aspect) = chosen.expect("a size of the catalog");
    let settings = &example["providerSettings"]["bytedance"];
    let frame = |nr: usize| {
        let url = example["inputs"]["frameImages"][nr]["image"].as_str()?;
        Some(FrameImage::Url(url.to_owned()))
    };
    let draft = settings["draft"] == true;
    let mut options = Options::default();
    options.put(Field::CameraFixed, settings["cameraFixed"].as_bool().map(setting::Value::Flag));
    Choices {
        prompt: example["positivePrompt"].as_str().expect("a prompt").to_owned(),
        draft,
        resolution: (!draft).then_some(resolution),
        aspect: Some(aspect),
        duration: example["duration"].as_u64().map(|s| ClipLength::Ms(s as u32 * 1000)),
        seed: example["seed"].as_u64(),
        audio: settings["audio"].as_bool(),
        first_frame: frame(0),
        last_frame: frame(1),
        options,
        ..Choices::default()
    }
}

#[test]
fn every_example_request_of_the_model_pages_is_made_to_the_field() {
    for (id, fixture) in [
        (
            "runware/1.0-pro",
            include_str!("../../../../tests/fixtures/runware/seedance-1.0-pro.json"),
        ),
        (
            "runware/1.0-pro-fast",
            include_str!("../../../../tests/fixtures/runware/seedance-1.0-pro-fast.json"),
        ),
        (
            "runware/1.5-pro",
            include_str!("../../../../tests/fixtures/runware/seedance-1.5-pro.json"),
        ),
    ] {
        let model = sample::model(id);
        let fixture: Value = serde_json::from_str(fixture).expect("JSON");
        for example in fixture["examples"].as_array().expect("examples") {
            let example = &example["request"];
            let request = GenerationRequest::new(model, choices(model, example)).expect("valid");
            let mut sent = sent_task(model, request, &Images::new());
            let fields = sent.as_object_mut().expect("an object");
            // What the page's examples leave to its defaults is said outright.
            for (name, value) in [
                ("deliveryMethod", json!("async")),
                ("includeCost", json!(true)),
                ("outputType", json!("URL")),
                ("outputFormat", json!("MP4")),
                ("numberResults", json!(1)),
            ] {
                assert_eq!(fields.remove(name), Some(value), "{name}");
            }
            fields.insert("taskUUID".to_owned(), example["taskUUID"].clone());
            assert_eq!(sent, *example, "{id}");
        }
    }
}

/// "Either provide `inputs.frameImages`, or specify `width/height` or `resolution`"; with the latter the clip has the
/// image's ratio (docs, all three pages).
#[test]
fn a_clip_follows_its_image_unless_a_ratio_is_chosen() {
    for model in ["runware/1.0-pro", "runware/1.0-pro-fast", "runware/1.5-pro"] {
        for (aspect, size) in [(None, json!(["480p", null])), (Some("1:1"), json!([null, 640]))] {
            let sent = submitted_task(model, |choices| {
                choices.first_frame = Some(FrameImage::Url("https://a.example/a.png".to_owned()));
                choices.aspect = aspect.and_then(|text: &str| text.parse().ok());
            });
            assert_eq!(json!([sent["resolution"], sent["width"]]), size, "{model}");
            assert_eq!(sent["width"], sent["height"], "{model}");
        }
    }
}

#[test]
fn the_attempt_key_is_the_tasks_id() {
    assert_eq!(submitted_task("runware/1.0-pro", |_| {})["taskUUID"], KEY);
}

#[test]
fn a_final_sends_its_draft_and_its_resolution_and_nothing_that_is_inherited() {
    let model = sample::model("runware/1.5-pro");
    let draft = sample::request(model, |choices| {
        choices.draft = true;
        choices.seed = Some(65_545);
        choices.options.put(Field::CameraFixed, Some(setting::Value::Flag(true)));
        choices.first_frame = Some(FrameImage::Url("https://images.example/a.png".to_owned()));
    });
    let resolution = "1080p".parse().ok();
    let id = "cgt-20260327025345-g766z".to_owned();
    let promoted =
        GenerationRequest::promote(model, &draft, id, None, resolution).expect("a final");
    let sent = sent_task(model, promoted, &Images::new());
    // The page of Seedance 1.5 Pro: the prompt is required and one of the size fields; the maker
    // lists the rest as inherited.
    assert_eq!(
        sent,
        json!({
            "taskType": "videoInference",
            "taskUUID": KEY,
            "model": "bytedance:seedance@1.5-pro",
            "positivePrompt": "a fox in a moonlit market",
            "resolution": "1080p",
            "inputs": { "draftId": "cgt-20260327025345-g766z" },
            "deliveryMethod": "async",
            "includeCost": true,
            "outputType": "URL",
            "outputFormat": "MP4",
        })
    );
}

#[test]
fn a_local_image_goes_as_a_data_uri_and_an_address_as_it_is() {
    let file = ImageFile {
        path: "fox.png".to_owned(),
        sha256: "00ff".to_owned(),
        kind: "png".to_owned(),
        bytes: 3,
        width_px: 600,
        height_px: 600,
    };
    let model = sample::model("runware/1.5-pro");
    let request = sample::request(model, |choices| {
        choices.first_frame = Some(FrameImage::File(file));
        choices.last_frame = Some(FrameImage::Url("https://images.example/b.png".to_owned()));
    });
    let images = Images::from([("00ff".to_owned(), b"fox".to_vec())]);
    let sent = sent_task(model, request.clone(), &images);
    let frames = json!([
        { "image": "data:image/png;base64,Zm94", "frame": "first" },
        { "image": "https://images.example/b.png", "frame": "last" },
    ]);
    assert_eq!(sent["inputs"]["frameImages"], frames);

    let error = submit(URL, model, &sample::job(1, model, request), &Images::new());
    let error = error.expect_err("the image is gone");
    assert_eq!(error.class, FailureClass::Disk);
    assert!(error.message.contains("fox.png"), "{}", error.message);
}

#[test]
fn lengths_are_whole_numbers_where_they_can_be() {
    let length = |model, length| {
        submitted_task(model, |choices| choices.duration = Some(length))["duration"].clone()
    };
    assert_eq!(length("runware/1.0-pro", ClipLength::Ms(5_000)).to_string(), "5");
    assert_eq!(length("runware/1.0-pro", ClipLength::Ms(1_200)).to_string(), "1.2");
    assert_eq!(length("runware/1.0-pro", ClipLength::Ms(11_900)).to_string(), "11.9");
    assert_eq!(length("runware/1.5-pro", ClipLength::Auto), "auto");
}

#[test]
fn settings_stand_where_each_model_has_them() {
    let sent = submitted_task("runware/1.5-pro", |choices| {
        choices.audio = Some(false);
        choices.draft = true;
        choices.results = Some(3);
        choices.options.put(Field::Quality, Some(setting::Value::Whole(40)));
    });
    let settings = json!({ "bytedance": { "audio": false, "draft": true, "cameraFixed": false } });
    assert_eq!(sent["providerSettings"], settings);
    assert_eq!((&sent["numberResults"], &sent["outputQuality"]), (&json!(3), &json!(40)));

    // Seedance 2.x has its sound in `settings` (Python SDK 1.8).
    let sent = submitted_task("runware/2.0", |choices| choices.audio = Some(false));
    assert_eq!(sent["settings"], json!({ "audio": false }));
    assert_eq!(sent.get("providerSettings"), None);
}

/// "UUID, URL, data URI or Base64" (docs, frameImages).
#[test]
fn media_that_the_provider_stores_are_named_by_their_id() {
    let id = "51a3b1b0-6a8e-4b56-9d3f-0d6d6d3b2a10";
    let stored = FrameImage::Stored(id.parse().expect("an id"));
    let sent = submitted_task("runware/1.5-pro", |choices| choices.first_frame = Some(stored));
    assert_eq!(sent["inputs"]["frameImages"], json!([{ "image": id, "frame": "first" }]));
}

#[test]
fn the_size_of_a_clip_from_an_image_follows_the_catalog() {
    let url = FrameImage::Url("https://images.example/a.png".to_owned());
    let sent = submitted_task("runware/2.5", |choices| choices.first_frame = Some(url));
    assert_eq!(sent["resolution"], "480p");
    assert_eq!((sent.get("width"), sent.get("height")), (None, None), "never both");
}
