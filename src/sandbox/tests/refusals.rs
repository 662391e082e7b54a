//! Every rule between parameters, and the code that says it was broken.

use super::*;

#[test]
fn a_task_that_breaks_a_rule_is_refused_with_its_code() {
    let long = "x".repeat(3001);
    for (change, code) in [
        (json!({ "taskUUID": null }), "missingTaskUUID"),
        (json!({ "taskUUID": "7" }), "invalidTaskUUID"),
        (json!({ "taskUUID": "01997e2c-0000-7000-8000-000000000000" }), "invalidTaskUUID"),
        (json!({ "taskType": null }), "missingTaskType"),
        (json!({ "taskType": "imageInference" }), "invalidTaskType"),
        (json!({ "model": null }), "missingModel"),
        (json!({ "model": "bytedance:1@1" }), "modelNotFound"),
        (json!({ "positivePrompt": null }), "missingPositivePrompt"),
        (json!({ "positivePrompt": "x" }), "invalidPositivePrompt"),
        (json!({ "positivePrompt": long }), "invalidPositivePrompt"),
        (json!({ "duration": 1.1 }), "invalidDuration"),
        (json!({ "duration": 12.1 }), "invalidDuration"),
        (json!({ "duration": "5" }), "invalidDuration"),
        (json!({ "duration": "auto" }), "invalidDuration"),
        (json!({ "seed": -1 }), "invalidSeed"),
        (json!({ "seed": 1.5 }), "invalidSeed"),
        (json!({ "seed": u64::MAX }), "invalidSeed"),
        (json!({ "numberResults": 0 }), "invalidNumberResults"),
        (json!({ "numberResults": 5 }), "invalidNumberResults"),
        (json!({ "outputType": "base64Data" }), "invalidOutputType"),
        (json!({ "outputFormat": "AVI" }), "invalidOutputFormat"),
        (json!({ "outputFormat": "mp4" }), "invalidOutputFormat"),
        (json!({ "outputQuality": 19 }), "invalidOutputQuality"),
        (json!({ "outputQuality": 100 }), "invalidOutputQuality"),
        (json!({ "ttl": 59 }), "invalidTtl"),
        (json!({ "deliveryMethod": "sync" }), "invalidDeliveryMethod"),
        (json!({ "includeCost": "yes" }), "invalidIncludeCost"),
        (json!({ "webhookURL": "no address" }), "invalidWebhookURL"),
        (json!({ "safety": { "mode": "strict" } }), "invalidMode"),
        (json!({ "fps": 24 }), "unsupportedParameter"),
        (json!({ "settings": { "audio": true } }), "unsupportedParameter"),
        (json!({ "inputs": { "draftId": "cgt-1" } }), "unsupportedParameter"),
        (json!({ "inputs": { "referenceImages": [] } }), "unsupportedParameter"),
        (json!({ "width": null }), "missingDimensionParameters"),
        (json!({ "width": null, "height": null }), "missingDimensionParameters"),
        (json!({ "width": 1280, "height": 720 }), "unsupportedParameter"),
        (json!({ "width": -1 }), "invalidWidth"),
        (json!({ "resolution": "480p" }), "incompatibleParameters"),
        (json!({ "width": null, "height": null, "resolution": "720p" }), "invalidResolution"),
    ] {
        let (status, got) = Remote::new().refusal(&task(1, change.clone()));
        assert_eq!((status, got.as_str()), (400, code), "{change}");
    }
}

#[test]
fn settings_stand_only_where_the_catalog_says() {
    for (settings, code) in [
        (json!({ "bytedance": { "audio": true } }), "unsupportedParameter"),
        (json!({ "bytedance": { "draft": true } }), "unsupportedParameter"),
        (json!({ "bytedance": { "cameraFixed": "no" } }), "invalidCameraFixed"),
        (json!({ "bytedance": true }), "invalidBytedance"),
        (json!({ "google": { "audio": true } }), "mismatchProviderSettingsProvider"),
        (json!([]), "invalidProviderSettings"),
    ] {
        let task = task(1, json!({ "providerSettings": settings }));
        assert_eq!(Remote::new().refusal(&task), (400, code.to_owned()), "{task}");
    }
    let mini = json!({
        "model": "bytedance:seedance@2.0-mini", "height": 496, "settings": { "audio": false },
    });
    Remote::new().submit(&task(1, mini));
}

/// Documented on its page, refused live (third parties' notes), and documented elsewhere.
#[test]
fn what_is_checked_is_flagged_where_the_prompt_asks_for_that() {
    for (prompt, safety, flagged) in [
        ("a fox", json!({ "checkContent": true }), json!(false)),
        ("a fox sandbox:nsfw", json!({ "checkContent": true, "mode": "fast" }), json!(true)),
        ("a fox sandbox:nsfw", json!({ "mode": "none" }), Value::Null),
    ] {
        let mut remote = Remote::new();
        remote.submit(&task_1_5(1, json!({ "positivePrompt": prompt, "safety": safety })));
        assert_eq!(remote.finish(1)["data"][0]["NSFWContent"], flagged, "{prompt}");
    }
}

#[test]
fn results_go_nowhere_beyond_this_machine() {
    for (address, taken) in [
        ("http://127.0.0.1:9/put?signature=x", true),
        ("http://[::1]:9/put", true),
        ("http://localhost/put", true),
        ("https://127.0.0.1/put", false),
        ("https://example.com/put", false),
        ("http://127.0.0.1.example.com/put", false),
        ("http://127.0.0.1@example.com/put", false),
        ("http://10.0.0.1/put", false),
    ] {
        for name in ["uploadEndpoint", "webhookURL"] {
            let mut remote = Remote::new();
            let task = task(1, json!({ name: address }));
            match taken {
                true => remote.submit(&task),
                false => assert_eq!(remote.refusal(&task).0, 400, "{address}"),
            }
        }
    }
}

#[test]
fn a_refusal_names_the_parameter_and_what_is_allowed() {
    let (_, body) = Remote::new().ask(json!([task(1, json!({ "outputFormat": "AVI" }))]));
    let error = &body["errors"][0];
    assert_eq!(error["parameter"], "outputFormat");
    assert_eq!(error["allowedValues"], json!(["MP4", "WEBM", "MOV"]));
    assert!(text(&error["message"]).contains("It must be MP4, WEBM or MOV"));
    assert_eq!(error["taskType"], "videoInference");
    assert_eq!(error["taskUUID"], json!(uuid(1)));

    let missing = json!({ "width": null, "height": null });
    let (_, body) = Remote::new().ask(json!([task(1, missing)]));
    let names = json!(["inputs.frameImages", "width", "height", "resolution"]);
    assert_eq!(body["errors"][0]["parameter"], names);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong = task(1, json!({ "duration": 99, "seed": -1, "fps": 24 }));
    let (_, body) = Remote::new().ask(json!([wrong]));
    assert_eq!(body["errors"].as_array().map(Vec::len), Some(3));
}

/// The size that a task with these fields is rendered at.
fn size(change: Value) -> (u32, u32) {
    let mut remote = Remote::new();
    remote.submit(&task_1_5(1, change));
    let (_, spec) = remote.clips().remove(0);
    (spec.width_px, spec.height_px)
}

#[test]
fn a_resolution_takes_its_ratio_from_the_image_or_is_16_9() {
    let with = |resolution: Value, image: Option<String>| {
        let inputs = image.map_or(Value::Null, |image| json!({ "frameImages": [image] }));
        size(json!({ "width": null, "height": null, "resolution": resolution, "inputs": inputs }))
    };
    assert_eq!(with(json!("1080p"), None), (1920, 1080));
    assert_eq!(with(json!("1080p"), Some(data_uri(&png(600, 800)))), (1248, 1664));
    assert_eq!(with(json!("480p"), Some(data_uri(&png(2400, 1000)))), (992, 432));
    assert_eq!(with(json!("480p"), Some("https://host/fox.jpg".into())), (864, 496));
    assert_eq!(with(Value::Null, Some(data_uri(&png(700, 700)))), (960, 960));
}

#[test]
fn images_take_the_documented_forms_and_places() {
    let (mut remote, url) = (Remote::new(), "https://host/fox.jpg");
    let named = remote.stored(9, &png(600, 400));
    let journal = remote.journal;
    let raw = STANDARD.encode(png(300, 400));
    for frames in [
        json!([named]),
        json!([url]),
        json!([raw]),
        json!([data_uri(&png(6000, 2400))]),
        json!([{ "image": named, "frame": "first" }]),
        json!([{ "image": named, "frame": 0 }, { "image": named, "frame": -1 }]),
        json!([named, { "image": url, "frame": "last" }]),
        json!([{ "image": url, "frame": "last" }, named]),
    ] {
        let mut remote = Remote::replayed(journal.clone());
        remote.submit(&task(1, json!({ "inputs": { "frameImages": frames } })));
    }
    let mut remote = Remote::new();
    let [first, last] = [png(400, 300), png(800, 600)];
    let frames = json!([{ "image": data_uri(&last), "frame": "last" }, data_uri(&first)]);
    remote.submit(&task(1, json!({ "inputs": { "frameImages": frames } })));
    let (_, spec) = remote.clips().into_iter().next().expect("a clip");
    let named = |image: &[u8]| Some(format!("sha256:{}", super::super::derive::sha256(image)));
    assert_eq!((spec.first_frame, spec.last_frame), (named(&first), named(&last)));
}

#[test]
fn images_that_cannot_be_frames_are_refused() {
    let good = "https://host/fox.jpg";
    let huge = STANDARD.encode(vec![0; 10_485_761]);
    for frames in [
        json!([]),
        json!("https://host/fox.jpg"),
        json!([good, good, good]),
        json!([7]),
        json!([{ "image": good, "frame": "first" }, { "image": good, "frame": 0 }]),
        json!([{ "image": good, "frame": "middle" }]),
        json!([{ "image": good, "frame": 1 }]),
        json!([{ "image": good, "weight": 1 }]),
        json!([{ "frame": "first" }]),
        json!([{ "inputImage": good }]),
        json!(["fox.jpg"]),
        json!([""]),
        json!(["data:image/png;base64,"]),
        json!(["data:image/png;base64,AAAA"]),
        json!(["data:text/plain;base64,AAAA"]),
        json!([data_uri(b"GIF89a\x90\x01\x90\x01")]),
        json!([data_uri(&png(299, 400))]),
        json!([data_uri(&png(6001, 4000))]),
        json!([data_uri(&png(300, 900))]),
        json!([data_uri(&png(1000, 300))]),
        json!([huge]),
        json!([uuid(9)]),
    ] {
        let (status, body) =
            Remote::new().ask(json!([task(1, json!({ "inputs": { "frameImages": frames } }))]));
        assert_eq!((status, &body["data"]), (400, &json!([])));
        assert_eq!(body["errors"].as_array().map(Vec::len), Some(1), "{body}");
    }
}

#[test]
fn a_last_frame_alone_is_taken_where_the_page_forbids_none() {
    let last = json!({ "frameImages": [{ "image": "https://host/a.png", "frame": "last" }] });
    let mut remote = Remote::new();
    remote.submit(&task(1, json!({ "inputs": last })));
    let spec = &remote.clips()[0].1;
    assert_eq!((&spec.first_frame, spec.last_frame.is_some()), (&None, true));
    let newer = json!({
        "model": "bytedance:seedance@2.5", "width": null, "height": null, "resolution": "480p", "inputs": last,
    });
    assert_eq!(Remote::new().refusal(&task(1, newer)).1, "invalidFrameImages");
}

#[test]
fn the_fast_model_takes_one_first_frame() {
    let fast = |frames: Value| {
        let inputs = json!({ "frameImages": frames });
        task(1, json!({ "model": "bytedance:2@2", "inputs": inputs }))
    };
    Remote::new().submit(&fast(json!([{ "image": "https://host/a.png", "frame": "first" }])));
    let two = fast(json!(["https://host/a.png", "https://host/b.png"]));
    assert_eq!(Remote::new().refusal(&two).1, "invalidFrameImages");
    let last = fast(json!([{ "image": "https://host/a.png", "frame": "last" }]));
    assert_eq!(Remote::new().refusal(&last).1, "invalidFrame");
}

#[test]
fn lengths_are_as_the_model_takes_them() {
    for (seconds, ms) in [(json!(1.2), 1200), (json!(5.0), 5000), (json!(11.9), 11_900)] {
        let mut remote = Remote::new();
        remote.submit(&task(1, json!({ "duration": seconds })));
        assert_eq!(remote.clips()[0].1.duration_ms, ms);
    }
    for seconds in [json!(3), json!(13), json!(5.5), json!("Auto")] {
        let task = task_1_5(1, json!({ "duration": seconds }));
        assert_eq!(Remote::new().refusal(&task).1, "invalidDuration", "{task}");
    }
}
