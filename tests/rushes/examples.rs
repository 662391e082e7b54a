//! The example requests of the provider's three model pages, typed as command lines.

use serde_json::Value;

use super::support::{Desk, Running, facts, text};

/// One documented request and what the provider answered.
#[derive(Clone)]
pub(crate) struct Example {
    request: Value,
    response: Value,
}

/// All twelve, as they stand in the pages.
pub(crate) fn examples() -> Vec<Example> {
    let pages = [
        include_str!("../fixtures/runware/seedance-1.0-pro.json"),
        include_str!("../fixtures/runware/seedance-1.0-pro-fast.json"),
        include_str!("../fixtures/runware/seedance-1.5-pro.json"),
    ];
    let examples = pages.iter().flat_map(|page| {
        let page: Value = serde_json::from_str(page).expect("a fixture of JSON");
        page["examples"].as_array().expect("examples").clone()
    });
    let part = |example: &Value, name: &str| example[name].clone();
    examples
        .map(|one| Example { request: part(&one, "request"), response: part(&one, "response") })
        .collect()
}

impl Example {
    pub(crate) fn prompt(&self) -> &str {
        text(&self.request, "/positivePrompt")
    }

    pub(crate) fn draft(&self) -> bool {
        self.setting("draft") == Some(true)
    }

    pub(crate) fn size(&self) -> (u32, u32) {
        let side = |name: &str| self.request[name].as_u64().expect("a side") as u32;
        (side("width"), side("height"))
    }

    fn seconds(&self) -> u64 {
        self.request["duration"].as_u64().expect("whole seconds")
    }

    fn setting(&self, name: &str) -> Option<bool> {
        self.request.pointer("/providerSettings/bytedance")?.get(name)?.as_bool()
    }

    fn frame(&self, which: &str) -> Option<&str> {
        let frames = self.request.pointer("/inputs/frameImages")?.as_array()?;
        frames.iter().find(|frame| frame["frame"] == which)?["image"].as_str()
    }

    /// The command line for it, at `provider`.
    pub(crate) fn typed(&self, provider: &str) -> Vec<String> {
        let model = match text(&self.request, "/model") {
            "bytedance:2@1" => "1.0-pro",
            "bytedance:2@2" => "1.0-pro-fast",
            "bytedance:seedance@1.5-pro" => "1.5-pro",
            other => panic!("{other} is on none of the three pages"),
        };
        let (resolution, aspect) = match self.size() {
            (864, 480 | 496) => ("480p", "16:9"),
            (960, 416) => ("480p", "21:9"),
            (1280, 720) => ("720p", "16:9"),
            (1664, 1248) => ("1080p", "4:3"),
            (1920, 1080 | 1088) => ("1080p", "16:9"),
            other => panic!("{other:?} is on none of the three pages"),
        };
        let mut line: Vec<String> = vec!["generate".into(), "--json".into()];
        let mut add = |name: &str, value: &str| line.extend([name.to_owned(), value.to_owned()]);
        add("--model", &format!("{provider}/{model}"));
        add("--prompt", self.prompt());
        add("--aspect", aspect);
        add("--duration", &self.seconds().to_string());
        add("--seed", &self.request["seed"].to_string());
        if !self.draft() {
            add("--resolution", resolution);
        }
        if let Some(audio) = self.setting("audio") {
            add("--audio", if audio { "on" } else { "off" });
        }
        for which in ["first", "last"] {
            if let Some(url) = self.frame(which) {
                add(&format!("--{which}-frame"), url);
            }
        }
        let flags = [("draft", "--draft"), ("cameraFixed", "--camera-fixed")];
        let set = flags.iter().filter(|(name, _)| self.setting(name) == Some(true));
        line.extend(set.map(|(_, flag)| (*flag).to_owned()));
        line
    }

    /// How many pixels are to be rendered, all frames together.
    fn work(&self) -> u64 {
        let (width, height) = self.size();
        u64::from(width) * u64::from(height) * self.seconds() * 24
    }

    /// `job` is this example, rendered and charged as documented.
    pub(crate) fn is_made_by(&self, job: &Value) {
        assert_eq!(job["state"], "succeeded", "{job}");
        assert_eq!(job["charge_usd"], self.response["cost"], "{job}");
        assert_eq!(job["estimate_usd"], self.response["cost"], "{job}");
        assert_eq!(job["seed"], self.request["seed"]);
        assert_eq!(job["prompt"], self.request["positivePrompt"]);
        assert_eq!(job["camera_fixed"].as_bool(), self.setting("cameraFixed"));
        assert_eq!(job["audio"].as_bool(), self.setting("audio"));
        assert_eq!(job["draft_id"].is_string(), self.draft());
        let clip = facts(job);
        assert_eq!((clip.width_px, clip.height_px), self.size());
        assert_eq!(clip.frames, self.seconds() * 24);
        assert_eq!(clip.audio_codec.is_some(), self.setting("audio") == Some(true));
    }
}

/// The request body is the documented one, but for the fields that say how the answer is wanted.
#[test]
fn every_example_is_sent_as_it_stands_in_the_documents() {
    let desk = Desk::new();
    for example in examples() {
        let mut line = example.typed("runware");
        line.push("--dry-run".into());
        let dry = desk.done(&line).object();
        assert_eq!(dry["estimate_usd"], example.response["cost"], "{}", example.prompt());
        let mut sent = dry["body"][0].as_object().expect("one task").clone();
        let mut documented = example.request.as_object().expect("a task").clone();
        sent.remove("taskUUID").expect("an id of its own");
        documented.remove("taskUUID");
        for (name, value) in [
            ("deliveryMethod", Value::from("async")),
            ("includeCost", true.into()),
            ("outputType", "URL".into()),
            ("outputFormat", "MP4".into()),
            ("numberResults", 1.into()),
        ] {
            assert_eq!(sent.remove(name), Some(value), "{name}");
        }
        assert_eq!(sent, documented);
    }
}

/// The small ones, and the smallest of the large ones; the others are for `further`.
#[test]
fn the_examples_run_at_their_documented_cost() {
    let mut all = examples();
    all.sort_by_key(Example::work);
    // Four clips of 1.0 Pro Fast and the draft; then the first of the larger sizes.
    run_and(&all[..6], |_| ());
}

/// Runs `examples` side by side on one desk, and hands each finished job to `look`.
pub(crate) fn run_and(examples: &[Example], look: impl Fn(&Value)) {
    let desk = Desk::new();
    let running: Vec<Running> = examples
        .iter()
        .map(|example| {
            let mut line = example.typed("sandbox");
            line.push("--wait".into());
            desk.start(&line)
        })
        .collect();
    for (example, running) in examples.iter().zip(running) {
        let job = running.ended().expecting(0).object();
        example.is_made_by(&job);
        look(&job);
    }
    assert_eq!(desk.accepted_once_each(), examples.len());
}
