//! Stored media: `mediaStorage` and `imageUpload`.

use super::*;

fn storage(id: u128, operation: &str, media: Value) -> Value {
    json!({ "taskType": "mediaStorage", "taskUUID": uuid(id), "operation": operation, "media": media })
}

fn from_image(id: u128, image: &str) -> Value {
    task(id, json!({ "inputs": { "frameImages": [{ "image": image, "frame": "first" }] } }))
}

#[test]
fn a_stored_image_is_a_frame_by_its_uuid_also_after_a_restart() {
    let image = png(800, 600);
    let mut remote = Remote::new();
    let (status, body) = remote.ask(json!([storage(7, "upload", json!(data_uri(&image)))]));
    let item = body["data"][0].clone();
    let (media, url) = (text(&item["mediaUUID"]), text(&item["mediaURL"]));
    assert_eq!((status, &item["taskUUID"]), (200, &json!(uuid(7))));
    assert_eq!((&item["taskType"], &item["operation"]), (&json!("mediaStorage"), &json!("upload")));
    let mut later = Remote::replayed(remote.journal);
    assert!(matches!(later.get(&url), Body::Media { kind, .. } if kind == "png"));
    later.submit(&from_image(1, &media));
    // It is the same image as when it is sent along.
    later.submit(&from_image(2, &data_uri(&image)));
    let frames: Vec<_> = later.clips().into_iter().map(|(_, clip)| clip.first_frame).collect();
    assert!(frames.len() == 2 && frames[0] == frames[1] && frames[0].is_some(), "{frames:?}");
}

#[test]
fn the_older_upload_answers_in_its_own_words() {
    let mut remote = Remote::new();
    let image = data_uri(&png(800, 600));
    let (_, body) =
        remote.ask(json!([{ "taskType": "imageUpload", "taskUUID": uuid(7), "image": image }]));
    let item = &body["data"][0];
    assert_eq!(item["taskType"], "imageUpload");
    assert!(text(&item["imageURL"]).starts_with(ORIGIN));
    remote.submit(&from_image(1, &text(&item["imageUUID"])));
}

#[test]
fn what_was_deleted_or_never_stored_is_no_frame() {
    let mut remote = Remote::new();
    let media = remote.stored(7, &png(800, 600));
    let (_, body) = remote.ask(json!([storage(8, "delete", json!(media))]));
    assert_eq!(body["data"][0]["mediaUUID"], json!(media));
    let mut later = Remote::replayed(remote.journal);
    assert_eq!(later.refusal(&from_image(1, &media)), (400, "mediaNotFound".into()));
    assert_eq!(later.refusal(&storage(9, "delete", json!(media))).1, "mediaNotFound");
}

#[test]
fn it_is_forgotten_thirty_days_after_its_last_use() {
    let mut remote = Remote::new();
    let media = remote.stored(7, &png(800, 600));
    remote.wait_days(20);
    remote.submit(&from_image(1, &media));
    remote.render();
    remote.wait_days(29);
    remote.submit(&from_image(2, &media));
    remote.render();
    remote.wait_days(31);
    assert_eq!(remote.refusal(&from_image(3, &media)).1, "mediaNotFound");
}

#[test]
fn what_can_not_be_stored_is_refused_and_leaves_nothing() {
    let mut remote = Remote::new();
    let huge = STANDARD.encode(vec![0; 10_485_761]);
    for (task, code) in [
        (storage(1, "upload", json!("https://host/fox.jpg")), "invalidMedia"),
        (storage(1, "upload", json!("data:text/plain;base64,AAAA")), "invalidMedia"),
        (storage(1, "upload", json!(data_uri(b"no image at all"))), "invalidMedia"),
        (storage(1, "upload", json!(huge)), "invalidMedia"),
        (storage(1, "upload", json!(7)), "invalidMedia"),
        (storage(1, "copy", json!("x")), "invalidOperation"),
        (
            json!({ "taskType": "mediaStorage", "taskUUID": uuid(1), "media": "x" }),
            "missingOperation",
        ),
        (json!({ "taskType": "imageUpload", "taskUUID": uuid(1) }), "missingImage"),
    ] {
        assert_eq!(remote.refusal(&task), (400, code.to_owned()), "{task}");
    }
    // Large enough to be stored, and too small for a frame.
    let small = remote.stored(7, &png(200, 200));
    assert_eq!(remote.refusal(&from_image(2, &small)).1, "invalidFrameImages");
}

#[test]
fn the_journal_holds_no_bytes_of_it_and_only_so_many_files_are_kept() {
    let mut remote = Remote::new();
    let image = png(800, 600);
    let first = remote.stored(1000, &image);
    let journal = serde_json::to_string(&remote.journal).expect("JSON");
    assert!(!journal.contains(&STANDARD.encode(&image)), "{journal}");
    for id in 0..100 {
        remote.wait_ms(1);
        remote.stored(id, &image);
    }
    assert_eq!(remote.refusal(&from_image(2000, &first)).1, "mediaNotFound");
    let short = Remote::replayed(remote.sandbox.journal());
    assert_eq!(short.sandbox.journal().len(), remote.sandbox.journal().len());
}
