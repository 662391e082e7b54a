//! The rows, in the order of a form.

use std::fmt;
use std::str::FromStr;

use super::{Field, Kind, Offer, Optional, Setting, Value};
use crate::domain::catalog::Model;
use crate::domain::request::{Choices, ClipLength, OutputFormat};
use crate::domain::size::{AspectRatio, Resolution};

/// Every setting.
pub static SETTINGS: [Setting; 17] = [
    Setting {
        field: Field::Draft,
        name: "draft",
        label: "Mode",
        flag: "draft",
        wire: &["draft"],
        takes: None,
        help: "A cheap 480p draft that can be promoted to a final",
        kind: Kind::Flag(["full", "draft"]),
        unset: "full",
        offer: |model, _| match model.drafts() {
            Some(_) => {
                Offer::OneOf(vec![Value::Flag(true), Value::Flag(false)], Value::Flag(false))
            }
            None if model.seed.is_some() => {
                Offer::Nothing("no drafts: small, then larger by seed", "full")
            }
            None => Offer::Nothing("no drafts, no seed: larger is new", "full"),
        },
        given_up: |_| Some("no drafts".to_owned()),
        option: None,
    },
    Setting {
        field: Field::Resolution,
        name: "resolution",
        label: "Resolution",
        flag: "resolution",
        wire: &["resolution", "width", "height", "size"],
        takes: Some("R"),
        help: "480p, 720p, 1080p or 4k, as the model has them",
        kind: Kind::Word(canonical::<Resolution>),
        unset: "default",
        offer: |model, choices| match model.drafts().filter(|_| choices.draft) {
            Some(rule) => Offer::Settled("a draft is always that", rule.resolution.to_string()),
            None => one_of(model.resolutions(), model.default_resolution),
        },
        given_up: |model| Some(format!("{} instead", model.default_resolution)),
        option: None,
    },
    Setting {
        field: Field::AspectRatio,
        name: "aspect ratio",
        label: "Aspect",
        flag: "aspect",
        wire: &["aspect_ratio"],
        takes: Some("A"),
        help: "16:9, 9:16, 1:1 and so on, as the model has them; where there is a frame image its own, \
               if the model can take that",
        kind: Kind::Word(canonical::<AspectRatio>),
        unset: "default",
        offer: aspect_ratio,
        given_up: |_| Some("the default aspect ratio".to_owned()),
        option: None,
    },
    Setting {
        field: Field::Duration,
        name: "duration",
        label: "Duration",
        flag: "duration",
        wire: &["duration"],
        takes: Some("S"),
        help: "Seconds, or auto where the model can choose",
        kind: Kind::Word(canonical::<ClipLength>),
        unset: "default",
        offer: |_, _| Offer::Length,
        given_up: |model| Some(ClipLength::Ms(model.duration.default_ms()).to_string()),
        option: None,
    },
    Setting {
        field: Field::Seed,
        name: "seed",
        label: "Seed",
        flag: "seed",
        wire: &["seed"],
        takes: Some("N"),
        help: "The seed, to make the same again",
        kind: Kind::Whole,
        unset: "random",
        offer: |model, _| match &model.seed {
            Some(rule) => Offer::Whole(0, rule.accepted_max, None),
            None => Offer::Nothing("this model takes no seed", "—"),
        },
        given_up: |_| Some("no seed".to_owned()),
        option: None,
    },
    Setting {
        field: Field::Results,
        name: "results",
        label: "Results",
        flag: "results",
        wire: &["numberresults"],
        takes: Some("N"),
        help: "How many variations, each paid for",
        kind: Kind::Whole,
        unset: "1",
        offer: |model, _| match u64::from(model.results.max) {
            1 => Offer::Nothing("this model makes one at a time", "1"),
            max => Offer::OneOf((1..=max).map(Value::Whole).collect(), Value::Whole(1)),
        },
        given_up: |_| Some("1 at once".to_owned()),
        option: None,
    },
    Setting {
        field: Field::Audio,
        name: "audio",
        label: "Audio",
        flag: "audio",
        wire: &["audio"],
        takes: Some("on|off"),
        help: "Sound on or off, where the model makes sound",
        kind: Kind::Flag(["off", "on"]),
        unset: "default",
        offer: |model, _| match &model.audio {
            Some(rule) => {
                Offer::OneOf(vec![Value::Flag(true), Value::Flag(false)], Value::Flag(rule.default))
            }
            None => Offer::Nothing("this model makes no sound", "—"),
        },
        given_up: |_| Some("no sound".to_owned()),
        option: None,
    },
    Setting {
        field: Field::CameraFixed,
        name: "fixed camera",
        label: "Camera",
        flag: "camera-fixed",
        wire: &["camerafixed"],
        takes: None,
        help: "Keep the camera still",
        kind: Kind::Flag(["free", "fixed"]),
        unset: "free",
        offer: |model, _| match model.camera_fixed {
            Some(_) => {
                Offer::OneOf(vec![Value::Flag(false), Value::Flag(true)], Value::Flag(false))
            }
            None => Offer::Nothing("this model can't fix it; say it in the prompt", "free"),
        },
        given_up: |_| Some("free camera".to_owned()),
        option: Some(Optional {
            lacks: |_| "can't fix the camera".to_owned(),
            instead: "leave it out, and say it in the prompt",
            is_delivery: false,
            is_of_final: false,
            is_said: true,
            summary: |value| (*value == Value::Flag(true)).then(|| "camera fixed".to_owned()),
        }),
    },
    Setting {
        field: Field::FirstFrame,
        name: "first frame",
        label: "First frame",
        flag: "first-frame",
        wire: &["frameimages", "image", "image_urls", "frame"],
        takes: Some("PATH|URL|UUID"),
        help: "The image that the clip begins with: a PNG, JPEG or WebP file, an address, or at Runware the \
               UUID of media that it stores",
        kind: Kind::Image,
        unset: "none",
        offer: |model, _| match model.frames {
            Some(_) => Offer::Image,
            None => Offer::Nothing("this model takes no images", "—"),
        },
        given_up: |_| Some("no first frame".to_owned()),
        option: None,
    },
    Setting {
        field: Field::LastFrame,
        name: "last frame",
        label: "Last frame",
        flag: "last-frame",
        wire: &[],
        takes: Some("PATH|URL"),
        help: "The image that the clip ends with",
        kind: Kind::Image,
        unset: "none",
        offer: last_frame,
        given_up: |_| Some("no last frame".to_owned()),
        option: None,
    },
    Setting {
        field: Field::Format,
        name: "format",
        label: "Format",
        flag: "format",
        wire: &["outputformat"],
        takes: Some("F"),
        help: "mp4, mov or webm, as the model has them",
        kind: Kind::Word(canonical::<OutputFormat>),
        unset: "default",
        offer: |model, _| match model.formats.first() {
            Some(first) => one_of(model.formats.iter().copied(), *first),
            None => Offer::Nothing("the provider decides", "—"),
        },
        given_up: |_| Some("the default format".to_owned()),
        option: Some(Optional {
            lacks: |format| format!("can't make {format}"),
            instead: "leave it out, the provider decides",
            is_delivery: false,
            is_of_final: true,
            is_said: true,
            summary: |_| None,
        }),
    },
    Setting {
        field: Field::Quality,
        name: "quality",
        label: "Quality",
        flag: "quality",
        wire: &["outputquality"],
        takes: Some("N"),
        help: "The output quality, as the provider counts it",
        kind: Kind::Whole,
        unset: "default",
        offer: |model, _| match &model.quality {
            Some(rule) => Offer::Whole(rule.min.into(), rule.max.into(), Some(rule.default.into())),
            None => Offer::Nothing("the provider decides", "—"),
        },
        given_up: |_| None,
        option: Some(Optional {
            lacks: |_| "has no quality setting".to_owned(),
            instead: "leave it out",
            is_delivery: false,
            is_of_final: true,
            is_said: false,
            summary: |_| None,
        }),
    },
    Setting {
        field: Field::Fps,
        name: "frame rate",
        label: "Frames/s",
        flag: "fps",
        wire: &["fps"],
        takes: Some("N"),
        help: "Frames a second, where the model can be told",
        kind: Kind::Whole,
        unset: "default",
        offer: |model, _| match model.fps_max {
            Some(max) => Offer::Whole(1, max.into(), Some(model.fps.into())),
            None => Offer::Nothing("the provider decides", "—"),
        },
        given_up: |model| Some(format!("{} frames a second", model.fps)),
        option: Some(Optional {
            lacks: |_| "can't be told how many frames a second".to_owned(),
            instead: "leave it out",
            is_delivery: true,
            is_of_final: false,
            is_said: false,
            summary: |value| Some(format!("{value} frames a second")),
        }),
    },
    Setting {
        field: Field::Safety,
        name: "safety",
        label: "Safety",
        flag: "safety",
        wire: &["safety", "checkcontent", "mode"],
        takes: Some("none|fast|full"),
        help: "Have the service check the content of the clip: none, fast (key frames) or full (all frames)",
        kind: Kind::Word(safety),
        unset: "default",
        offer: |model, _| match model.safety {
            Some(_) => one_of(SAFETY.into_iter(), "none"),
            None => Offer::Nothing("the provider decides", "—"),
        },
        given_up: |_| Some("no safety setting".to_owned()),
        option: Some(Optional {
            lacks: |_| "has no safety setting".to_owned(),
            instead: "leave it out",
            is_delivery: true,
            is_of_final: true,
            is_said: false,
            summary: |value| Some(format!("safety {value}")),
        }),
    },
    Setting {
        field: Field::Ttl,
        name: "ttl",
        label: "Kept for",
        flag: "ttl",
        wire: &["ttl"],
        takes: Some("SECONDS"),
        help: "How long the service keeps the clip, in seconds; here it is kept anyway",
        kind: Kind::Whole,
        unset: "default",
        offer: |model, _| match model.ttl_min_s {
            Some(min_s) => Offer::Whole(min_s.into(), u64::from(u32::MAX), None),
            None => Offer::Nothing("the provider decides", "—"),
        },
        given_up: |_| Some("kept as long as usual".to_owned()),
        option: Some(Optional {
            lacks: |_| "can't be told how long to keep a clip".to_owned(),
            instead: "leave it out",
            is_delivery: true,
            is_of_final: true,
            is_said: false,
            summary: |value| Some(format!("kept there for {value} s")),
        }),
    },
    Setting {
        field: Field::UploadEndpoint,
        name: "upload address",
        label: "Upload to",
        flag: "upload-endpoint",
        wire: &["uploadendpoint"],
        takes: Some("URL|@FILE"),
        help: "Have the service put the clip there as well, by HTTP PUT; @ and a file that the address stands \
               in keeps it out of sight",
        kind: Kind::Address,
        unset: "none",
        offer: |model, _| {
            if model.upload {
                Offer::Address
            } else {
                Offer::Nothing("this model uploads nothing", "—")
            }
        },
        given_up: |_| Some("no upload address".to_owned()),
        option: Some(Optional {
            lacks: |value| cant_send(value, "can't upload its clips"),
            instead: "leave it out",
            is_delivery: true,
            is_of_final: true,
            is_said: false,
            summary: |value| Some(format!("uploaded to {value}")),
        }),
    },
    Setting {
        field: Field::WebhookUrl,
        name: "webhook",
        label: "Webhook",
        flag: "webhook-url",
        wire: &["webhookurl"],
        takes: Some("URL|@FILE"),
        help: "Have the service tell this address of every result, by HTTP POST; @ and a file that it stands in \
               keeps it out of sight",
        kind: Kind::Address,
        unset: "none",
        offer: |model, _| {
            if model.webhook {
                Offer::Address
            } else {
                Offer::Nothing("this model calls no webhook", "—")
            }
        },
        given_up: |_| Some("no webhook".to_owned()),
        option: Some(Optional {
            lacks: |value| cant_send(value, "calls no webhook"),
            instead: "leave it out",
            is_delivery: true,
            is_of_final: true,
            is_said: false,
            summary: |value| Some(format!("webhook {value}")),
        }),
    },
];

fn aspect_ratio(model: &Model, choices: &Choices) -> Offer {
    let ratios = model.ratios(choices.resolution_on(model));
    match choices.can_follow(model) {
        true if model.size.must_follow() => {
            Offer::Settled("this model takes the image's", AspectRatio::OF_IMAGE.to_string())
        }
        true => one_of([AspectRatio::OF_IMAGE].into_iter().chain(ratios), choices.aspect_on(model)),
        false => one_of(ratios, choices.aspect_on(model)),
    }
}

fn last_frame(model: &Model, choices: &Choices) -> Offer {
    let Some(rule) = model.frames.as_ref().filter(|rule| rule.last) else {
        return Offer::Nothing("this model takes no last frame", "—");
    };
    if !rule.last_alone && choices.first_frame.is_none() && choices.last_frame.is_none() {
        return Offer::Settled("choose the first frame before it", "—".to_owned());
    }
    Offer::Image
}

/// The ways of checking a clip's content (Runware docs, `safety.mode`).
const SAFETY: [&str; 3] = ["none", "fast", "full"];

fn safety(text: &str) -> Result<String, String> {
    match SAFETY.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("'{text}' is not a way of checking; choose none, fast or full")),
    }
}

/// What is said of an address that can't be taken: that its end was not kept, or that the model `can't`.
fn cant_send(value: &Value, cant: &str) -> String {
    match value.address() {
        Some(address) if !address.is_whole() => {
            format!("needs the whole of {address}, which is kept only until its job has ended")
        }
        _ => cant.to_owned(),
    }
}

/// Reads a `T` and writes it as it is always written.
fn canonical<T: FromStr<Err = String> + fmt::Display>(text: &str) -> Result<String, String> {
    text.parse::<T>().map(|value| value.to_string())
}

fn one_of<T: fmt::Display>(all: impl Iterator<Item = T>, default: T) -> Offer {
    Offer::OneOf(all.map(Value::word).collect(), Value::word(default))
}
