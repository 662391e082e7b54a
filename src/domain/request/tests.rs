//! Every rule between a model and what is asked of it, with what a person reads when it is broken.

use super::*;
use crate::domain::cost::Estimate;
use crate::domain::sample;

/// What speaks against a request, as a person reads it.
fn refusals(model: &str, choose: impl FnOnce(&mut Choices)) -> Vec<String> {
    let mut choices = Choices { prompt: "a fox".to_owned(), ..Choices::default() };
    choose(&mut choices);
    match GenerationRequest::new(sample::model(model), choices) {
        Ok(_) => Vec::new(),
        Err(all) => all.iter().map(ToString::to_string).collect(),
    }
}

fn made(model: &str, choose: impl FnOnce(&mut Choices)) -> GenerationRequest {
    sample::request(sample::model(model), choose)
}

fn url(address: &str) -> Option<FrameImage> {
    Some(FrameImage::Url(address.to_owned()))
}

fn image(width_px: u32, height_px: u32, bytes: u64) -> Option<FrameImage> {
    let (path, sha256, kind) = ("fox.png".to_owned(), "00".repeat(32), "png".to_owned());
    Some(FrameImage::File(ImageFile { path, sha256, kind, bytes, width_px, height_px }))
}

#[test]
fn what_is_left_out_takes_the_models_default() {
    let request = made("runware/1.5-pro", |_| {});
    assert_eq!(request.kind, JobKind::Single);
    assert_eq!(
        (request.resolution.to_string(), request.aspect.to_string()),
        ("480p".into(), "16:9".into())
    );
    assert_eq!((request.size_px, request.duration), (Some((864, 496)), ClipLength::Ms(5000)));
    assert_eq!((request.results, request.seed), (1, None));
    assert_eq!(request.audio, Some(true));
    let options: Vec<(Field, &Value)> = request.options.iter().collect();
    let (free, mp4) = (Value::Flag(false), Value::word(OutputFormat::Mp4));
    assert_eq!(options, [(Field::CameraFixed, &free), (Field::Format, &mp4)]);
}

#[test]
fn settings_that_a_model_lacks_stay_out_of_its_requests() {
    let request = made("runpod/1.0-pro", |_| {});
    assert_eq!((request.audio, &request.options), (None, &Options::default()));
    assert_eq!(made("runbase/1.0-pro", |_| {}).size_px, None, "the provider computes the pixels");
    // Saying "no" to what is not there is no mistake.
    let no = refusals("runpod/1.0-pro", |choices| {
        choices.audio = Some(false);
        choices.options.put(Field::CameraFixed, Some(Value::Flag(false)));
    });
    assert_eq!(no, [""; 0]);
}

#[test]
fn a_prompt_is_counted_in_characters() {
    let prompt = |text: String| refusals("runware/1.0-pro", |choices| choices.prompt = text);
    let limits = "Seedance 1.0 Pro takes 2 to 3000 characters";
    assert_eq!(prompt("x".into()), [format!("prompt: 1 character is too short; {limits}")]);
    assert_eq!(prompt("狐".into()), [format!("prompt: 1 character is too short; {limits}")]);
    assert_eq!(
        prompt("狐".repeat(3001)),
        [format!("prompt: 3001 characters are too many; {limits}")]
    );
    for text in ["ab".to_owned(), "狐狸".to_owned(), "x".repeat(3000), "狐".repeat(3000)] {
        assert_eq!(prompt(text), [""; 0]);
    }
    for blank in ["", "   ", "\n\t"] {
        let nothing = format!("prompt: there is nothing to render in it; {limits}");
        assert_eq!(prompt(blank.into()), [nothing], "{blank:?}");
    }
}

#[test]
fn a_model_may_take_no_prompt_but_no_blank_one() {
    let prompt = |text: &str| refusals("runware/2.5", |choices| choices.prompt = text.to_owned());
    assert_eq!(prompt(""), [""; 0]);
    assert_eq!(prompt("  ").len(), 1);
    let endless = refusals("runpod/1.0-pro", |choices| choices.prompt = "x".repeat(100_000));
    assert_eq!(endless, [""; 0], "no limit is documented");
}

#[test]
fn a_resolution_must_be_the_models() {
    let resolution =
        |model: &str, text: &str| refusals(model, |choices| choices.resolution = text.parse().ok());
    assert_eq!(
        resolution("runware/1.0-pro", "720p"),
        ["resolution: Seedance 1.0 Pro has no 720p; choose 480p or 1080p"]
    );
    let [unverified] = &resolution("runware/1.0-pro-fast", "720p")[..] else { panic!("one") };
    assert!(
        unverified.starts_with("resolution: 720p is not offered, since the provider's page names")
            && unverified.ends_with("; choose 480p or 1080p"),
        "{unverified}"
    );
    assert_eq!(resolution("runbase/1.0-pro", "480p").len(), 1, "Runbase begins at 720p");
}

#[test]
fn an_aspect_ratio_must_be_one_of_the_resolution() {
    let aspect =
        |model: &str, text: &str| refusals(model, |choices| choices.aspect = text.parse().ok());
    assert_eq!(
        aspect("runware/1.5-pro", "9:21"),
        [
            "aspect ratio: Seedance 1.5 Pro has no 9:21 at 480p; choose 21:9, 16:9, 4:3, 1:1, 3:4 or 9:16"
        ]
    );
    assert_eq!(
        aspect("runpod/1.0-pro", "9:21"),
        [
            "aspect ratio: Seedance 1.0 Pro has no 9:21 at 1080p; choose 21:9, 16:9, 4:3, 1:1, 3:4 or 9:16"
        ]
    );
    assert_eq!(aspect("runware/1.0-pro", "9:21"), [""; 0]);
}

#[test]
fn a_length_must_lie_on_the_models_grid() {
    let length = |model: &str, length| refusals(model, |choices| choices.duration = Some(length));
    let ms = ClipLength::Ms;
    assert_eq!(
        length("runware/1.0-pro", ms(1_100)),
        ["duration: Seedance 1.0 Pro can't make a clip of 1.1 s; choose 1.2 to 12 seconds"]
    );
    assert_eq!(
        length("runware/1.5-pro", ms(4_500)),
        [
            "duration: Seedance 1.5 Pro can't make a clip of 4.5 s; choose 4 to 12 whole seconds, or auto"
        ]
    );
    assert_eq!(
        length("runbase/1.0-pro", ms(7_000)),
        ["duration: Seedance 1.0 Pro can't make a clip of 7 s; choose 5 or 10 seconds"]
    );
    for (model, wrong) in [
        ("runware/1.0-pro", ms(12_100)),
        ("runware/1.5-pro", ms(5_050)),
        ("runware/1.0-pro", ClipLength::Auto),
        ("runware/1.5-pro", ms(3_000)),
        ("runware/1.5-pro", ms(13_000)),
    ] {
        assert_eq!(length(model, wrong).len(), 1, "{model} {wrong}");
    }
    for (model, right) in [
        ("runware/1.0-pro", ms(1_200)),
        ("runware/1.0-pro", ms(11_900)),
        ("runware/1.0-pro", ms(12_000)),
        ("runware/1.5-pro", ms(12_000)),
        ("runware/1.5-pro", ClipLength::Auto),
    ] {
        assert_eq!(length(model, right), [""; 0], "{model} {right}");
    }
}

#[test]
fn a_seed_fits_the_providers_document() {
    let seed = |model: &str, seed| refusals(model, |choices| choices.seed = Some(seed));
    for right in [0, u64::from(u32::MAX), i64::MAX as u64] {
        assert_eq!(seed("runware/1.0-pro", right), [""; 0], "{right}");
    }
    assert_eq!(
        seed("runware/1.0-pro", 1 << 63),
        ["seed: 9223372036854775808 is too large; choose 0 to 9223372036854775807"]
    );
    assert_eq!(seed("runpod/1.0-pro", 7), ["seed: Seedance 1.0 Pro takes no seed; leave it out"]);
}

#[test]
fn results_quality_and_format_are_the_models() {
    let results = |model: &str, count| refusals(model, |choices| choices.results = Some(count));
    let wrong = "can't be asked for at once; choose";
    assert_eq!(results("runware/1.0-pro", 0), [format!("results: 0 {wrong} 1 to 4")]);
    assert_eq!(results("runware/1.0-pro", 5), [format!("results: 5 {wrong} 1 to 4")]);
    assert_eq!(results("runpod/1.0-pro", 2), [format!("results: 2 {wrong} 1")]);
    assert_eq!(results("runware/1.0-pro", 4), [""; 0]);

    let option = |model: &str, field, value| {
        refusals(model, |choices| choices.options.put(field, Some(value)))
    };
    let quality = |model: &str, quality| option(model, Field::Quality, Value::Whole(quality));
    assert_eq!(quality("runware/1.0-pro", 19), ["quality: 19 is out of range; choose 20 to 99"]);
    assert_eq!(quality("runware/1.0-pro", 100).len(), 1);
    assert_eq!(quality("runware/1.0-pro", 20), [""; 0]);
    assert_eq!(
        quality("runpod/1.0-pro", 50),
        ["quality: Seedance 1.0 Pro has no quality setting; leave it out"]
    );

    let webm = option("runpod/1.0-pro", Field::Format, Value::word(OutputFormat::Webm));
    let expected = "format: Seedance 1.0 Pro can't make webm; leave it out, the provider decides";
    assert_eq!(webm, [expected]);
    let request = made("runware/1.0-pro", |choices| {
        choices.options.put(Field::Format, Some(Value::word(OutputFormat::Mov)));
    });
    assert_eq!(request.format(), Some(OutputFormat::Mov));
}

#[test]
fn sound_and_a_fixed_camera_need_a_model_that_has_them() {
    let sound = refusals("runware/1.0-pro", |choices| choices.audio = Some(true));
    assert_eq!(sound, ["audio: Seedance 1.0 Pro makes no sound; leave it out"]);
    let camera = refusals("runpod/1.0-pro", |choices| {
        choices.options.put(Field::CameraFixed, Some(Value::Flag(true)));
    });
    assert_eq!(
        camera,
        [
            "fixed camera: Seedance 1.0 Pro can't fix the camera; leave it out, and say it in the prompt"
        ]
    );
}

#[test]
fn a_draft_has_the_resolution_of_drafts() {
    let draft = made("runware/1.5-pro", |choices| choices.draft = true);
    assert_eq!((draft.kind, draft.resolution.to_string()), (JobKind::Draft, "480p".to_owned()));
    let resolution = |text: &str| {
        refusals("runware/1.5-pro", |choices| {
            choices.draft = true;
            choices.resolution = text.parse().ok();
        })
    };
    assert_eq!(resolution("480p"), [""; 0]);
    assert_eq!(
        resolution("1080p"),
        [
            "resolution: a draft is always 480p, not 1080p; leave the resolution out, and choose 480p, 720p or 1080p when you promote it"
        ]
    );
    for model in ["runware/1.0-pro", "runware/2.5"] {
        let [none] = &refusals(model, |choices| choices.draft = true)[..] else { panic!("one") };
        assert!(none.starts_with("draft: ") && none.contains("has no drafts"), "{none}");
    }
}

#[test]
fn a_last_frame_needs_a_first_one_and_a_model_that_takes_it() {
    let last = |model: &str, first| {
        refusals(model, |choices| {
            choices.first_frame = first;
            choices.last_frame = url("https://images.example/b.png");
        })
    };
    let first = || url("https://images.example/a.png");
    assert_eq!(last("runware/1.5-pro", first()), [""; 0]);
    // The pages of 1.0 Pro and 1.5 Pro forbid none of both ends.
    assert_eq!(last("runware/1.0-pro", None), [""; 0]);
    assert_eq!(
        last("runware/2.5", None),
        ["last frame: a last frame needs a first one; give both, or the first alone"]
    );
    assert_eq!(
        last("runware/1.0-pro-fast", first()),
        ["last frame: Seedance 1.0 Pro Fast takes a first frame only; leave it out"]
    );
}

#[test]
fn an_image_must_have_a_size_a_shape_and_a_weight_that_the_provider_takes() {
    let first = |image| refusals("runware/1.5-pro", |choices| choices.first_frame = image);
    for right in [(300, 300), (6000, 6000), (400, 1000), (2500, 1000)] {
        assert_eq!(first(image(right.0, right.1, 10_485_760)), [""; 0], "{right:?}");
    }
    for (wrong, allowed) in [
        ((299, 300), "each side must have 300 to 6000 pixels"),
        ((300, 6001), "each side must have 300 to 6000 pixels"),
        ((0, 0), "each side must have 300 to 6000 pixels"),
        ((399, 1000), "width over height must lie between 0.4 and 2.5"),
        ((2501, 1000), "width over height must lie between 0.4 and 2.5"),
    ] {
        let (width, height) = wrong;
        let whose = sample::model("runware/1.0-pro").frames.as_ref().expect("a rule").whose();
        let expected = format!("first frame: fox.png is {width}x{height} pixels; {allowed}{whose}");
        assert_eq!(first(image(width, height, 1)), [expected]);
    }
    assert_eq!(
        first(image(600, 600, 12_400_000)),
        [
            "first frame: fox.png has 12.4 MB; expected at most 10.5 MB (Runware's figures of October 2025, the ratio the \
          maker's; the model's page has none)"
        ]
    );
}

#[test]
fn an_image_comes_as_a_file_or_by_its_web_address() {
    let first = |model: &str, image| refusals(model, |choices| choices.first_frame = image);
    let wanted = "give a file, or an address that begins with https:// or http://";
    for address in ["ftp://x.example/a.png", "a.png", "https://"] {
        let expected = format!("first frame: '{address}' is not a web address; {wanted}");
        assert_eq!(first("runware/1.5-pro", url(address)), [expected]);
    }
    let stored = || Some(FrameImage::Stored(Uuid::from_u128(7)));
    assert_eq!(first("runware/1.5-pro", stored()), [""; 0]);
    assert_eq!(first("runpod/1.0-pro", stored()).len(), 1);
    assert_eq!(
        first("runpod/1.0-pro", image(600, 600, 1)),
        [
            "first frame: Seedance 1.0 Pro takes an image by its web address only; give an address that begins with https:// or http://"
        ]
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let all = refusals("runware/1.0-pro", |choices| {
        choices.prompt = "x".to_owned();
        choices.resolution = "720p".parse().ok();
        choices.seed = Some(u64::MAX);
        choices.results = Some(9);
    });
    assert_eq!(all.len(), 4, "{all:?}");
}

#[test]
fn a_final_is_its_draft_at_another_resolution() {
    let model = sample::model("runware/1.5-pro");
    let draft = made("runware/1.5-pro", |choices| {
        choices.draft = true;
        choices.aspect = "9:16".parse().ok();
        choices.results = Some(2);
        choices.duration = Some(ClipLength::Ms(8_000));
    });
    let promote = |seed, resolution: Option<&str>| {
        let resolution = resolution.and_then(|text| text.parse().ok());
        GenerationRequest::promote(model, &draft, "cgt-1".to_owned(), seed, resolution)
    };
    let lowest = promote(Some(7), None).expect("a final");
    assert_eq!(lowest.resolution.to_string(), "480p", "the cheapest is the default");
    let highest = promote(Some(7), Some("1080p")).expect("a final");
    assert_eq!((highest.kind, highest.draft_id.as_deref()), (JobKind::Final, Some("cgt-1")));
    assert_eq!((highest.size_px, highest.results, highest.seed), (Some((1080, 1920)), 1, Some(7)));
    assert_eq!((&highest.prompt, highest.duration), (&draft.prompt, draft.duration));
    assert_eq!(promote(None, Some("720p")).expect("a final").size_px, Some((720, 1280)));
    let refusal = promote(None, Some("4k")).expect_err("refused").to_string();
    assert_eq!(refusal, "resolution: a draft can't be promoted to 4k; choose 480p, 720p or 1080p");
    let other = sample::model("runware/1.0-pro");
    let refusal = GenerationRequest::promote(other, &draft, "cgt-1".to_owned(), None, None);
    assert_eq!(
        refusal.expect_err("refused").to_string(),
        "draft: this model can't promote drafts; run it again as a full render instead"
    );
}

#[test]
fn a_final_says_for_itself_how_it_comes_and_inherits_the_rest() {
    let model = sample::model("runware/1.5-pro");
    let option = |field, value: &str| {
        let mut options = Options::default();
        let setting = Field::setting(field).expect("a setting");
        options.put(field, Some(setting.parse(value).expect("a value")));
        options
    };
    let draft = made("runware/1.5-pro", |choices| {
        choices.draft = true;
        choices.options = option(Field::CameraFixed, "fixed");
        choices.options.put(Field::Format, Some(Value::word(OutputFormat::Mov)));
        choices.options.put(Field::Quality, Some(Value::Whole(30)));
    });
    let of = |chosen: &Options, defaults: &Options| {
        GenerationRequest::promote(model, &draft, "cgt-1".to_owned(), None, None)
            .expect("a final")
            .finished_as(model, chosen, defaults)
    };
    let none = Options::default();
    let plain = of(&none, &none).expect("a final").options.clone();
    assert_eq!((plain.get(Field::Quality), plain.flag(Field::CameraFixed)), (None, Some(true)));
    assert_eq!(plain.get(Field::Format), Some(&Value::word(OutputFormat::Mov)), "the draft's");
    let defaults = option(Field::Quality, "70");
    let quality = |final_: GenerationRequest| final_.options.whole(Field::Quality);
    assert_eq!(of(&none, &defaults).ok().and_then(quality), Some(70), "the config's");
    assert_eq!(of(&option(Field::Quality, "99"), &defaults).ok().and_then(quality), Some(99));
    let refused = of(&option(Field::Quality, "100"), &none).expect_err("refused");
    assert_eq!(refused[0].to_string(), "quality: 100 is out of range; choose 20 to 99");
}

/// Its service made it: what is not known of it here is open, and costs from the least to the most.
#[test]
fn the_final_of_a_draft_from_elsewhere_costs_by_what_is_known_of_it() {
    let model = sample::model("runware/1.5-pro");
    let price = |choose: fn(&mut Choices)| {
        let mut choices = Choices { prompt: "a fox".to_owned(), ..Choices::default() };
        choose(&mut choices);
        let draft = GenerationRequest::draft_from_elsewhere(model, choices).expect("a draft");
        let id = "cgt-1".to_owned();
        let made = GenerationRequest::promote(model, &draft, id, None, "1080p".parse().ok());
        Estimate::of(model, &made.expect("a final")).to_string()
    };
    let known = price(|choices| {
        choices.aspect = "16:9".parse().ok();
        choices.duration = Some(ClipLength::Ms(8000));
        choices.audio = Some(true);
    });
    assert_eq!(known, "$0.93798");
    assert_eq!(price(|_| {}), "$0.23571 to $1.41");
    let choices = Choices { prompt: "a fox".to_owned(), ..Choices::default() };
    let other = sample::model("runware/1.0-pro");
    let refused = GenerationRequest::draft_from_elsewhere(other, choices).expect_err("refused");
    assert!(refused[0].to_string().starts_with("draft: Seedance 1.0 Pro has no drafts"));
}

#[test]
fn a_portrait_image_makes_a_portrait_clip_unless_something_else_is_chosen() {
    let ratio = |choose: Option<&str>| {
        let made = made("runware/1.5-pro", |choices| {
            choices.first_frame = image(720, 1280, 1);
            choices.aspect = choose.and_then(|text| text.parse().ok());
        });
        made.aspect.to_string()
    };
    assert_eq!((ratio(None).as_str(), ratio(Some("1:1")).as_str()), ("image", "1:1"));
    let size = |width, height| {
        made("runware/1.5-pro", |choices| choices.first_frame = image(width, height, 1)).size_px
    };
    assert_eq!(size(720, 1280), Some((496, 864)), "a shape of the model's");
    assert_eq!(size(900, 600), None, "3:2 is none");
    let draft = made("runware/1.5-pro", |choices| {
        choices.draft = true;
        choices.first_frame = image(720, 1280, 1);
    });
    let model = sample::model("runware/1.5-pro");
    let done =
        GenerationRequest::promote(model, &draft, "cgt-1".to_owned(), None, "1080p".parse().ok());
    assert_eq!(done.expect("a final").size_px, Some((1080, 1920)));
}

/// Runware docs, `resolution`: "When used with input media, automatically matches the aspect ratio from the input."
#[test]
fn an_image_whose_shape_nobody_knows_makes_no_wide_clip_without_a_word() {
    let portrait = "https://images.example/portrait.jpg";
    for model in ["runware/1.0-pro", "runware/1.0-pro-fast", "runware/1.5-pro", "runware/2.5"] {
        let request = made(model, |choices| choices.first_frame = url(portrait));
        assert_eq!(
            (request.aspect.to_string().as_str(), request.size_px),
            ("image", None),
            "{model}"
        );
    }
    let guesses = |model, aspect: Option<&str>| {
        let choices = Choices {
            first_frame: url(portrait),
            aspect: aspect.and_then(|text| text.parse().ok()),
            ..Choices::default()
        };
        choices.guesses_shape(sample::model(model))
    };
    for model in ["runpod/1.0-pro", "runbase/1.0-pro"] {
        assert!(guesses(model, None) && !guesses(model, Some("9:16")), "{model}");
    }
    assert!(!guesses("runware/1.0-pro", None));
    let refused = |model: &str, aspect: &str, image: bool| {
        let choices = Choices {
            prompt: "a fox".to_owned(),
            aspect: aspect.parse().ok(),
            first_frame: url(portrait).filter(|_| image),
            ..Choices::default()
        };
        let refusals = GenerationRequest::new(sample::model(model), choices).expect_err("refused");
        refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert!(refused("runware/2.5", "9:16", true).contains("takes its ratio from the frame image"));
    assert!(refused("runware/1.0-pro", "image", false).contains("there is no frame image"));
    assert!(refused("runpod/1.0-pro", "image", true).contains("takes no ratio from an image"));
}
