//! A page of a model, and what can be asked of the program about it.

use std::collections::HashMap;
use std::sync::LazyLock;

use rushes::domain::catalog::{Catalog, Model, Protocol};
use rushes::domain::cost::Estimate;
use rushes::domain::job::{Job, Output};
use rushes::domain::outcome::{Report, Sighting, SubmitOutcome};
use rushes::domain::request::{Choices, FrameImage, GenerationRequest, ImageFile};
use rushes::domain::setting::SETTINGS;
use rushes::provider::registry::{self, Named};
use rushes::provider::wire::{HttpRequest, HttpResponse};
use rushes::runtime::new_job::new_job;
use serde_json::{Value, json};

pub const BASE: &str = "https://api.example";

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(&[]).0);

/// A statement of a page, with what came of it and what had to come.
pub struct Row {
    /// The models whose pages say it; all where there are none.
    pub on: &'static [&'static str],
    pub says: &'static str,
    pub proof: fn(&Page) -> (Value, Value),
}

impl Row {
    pub fn is_on(&self, page: &Page) -> bool {
        self.on.is_empty() || self.on.contains(&page.id)
    }
}

/// Rows of a table: `page; ["the models"] "what the page says" => what came, what had to come;`
macro_rules! rows {
    ($page:ident; $([$($on:expr),*] $says:literal => $got:expr, $wanted:tt;)*) => {
        &[$($crate::kit::Row {
            on: &[$($on),*],
            says: $says,
            proof: |$page: &$crate::kit::Page| (serde_json::json!($got), serde_json::json!($wanted)),
        }),*]
    };
}
pub(crate) use rows;

/// The page of one model.
pub struct Page {
    pub id: &'static str,
    pub model: &'static Model,
    protocol: Protocol,
}

impl Page {
    pub fn of(id: &str) -> Self {
        let model = CATALOG.models.iter().find(|model| model.key().to_string() == id);
        let model = model.expect("a model of the catalog");
        let provider = CATALOG.provider(&model.provider).expect("its provider");
        let id: &'static str = Box::leak(id.to_owned().into_boxed_str());
        Self { id, model, protocol: provider.protocol }
    }

    /// What `set` asks for: pairs of a flag of the command line and its value, beside a prompt.
    fn asked(&self, set: &[(&str, &str)]) -> Result<GenerationRequest, String> {
        let mut choices = Choices { prompt: "a fox in the snow".to_owned(), ..Choices::default() };
        for (flag, value) in set {
            let image = || Some(image(value));
            match *flag {
                "prompt" => choices.prompt = (*value).to_owned(),
                "first-frame" => choices.first_frame = image(),
                "last-frame" => choices.last_frame = image(),
                flag => {
                    let setting = SETTINGS.iter().find(|setting| setting.flag == flag);
                    let setting = setting.expect("a flag");
                    let value = setting.parse(value).map_err(|why| format!("{flag}: {why}"))?;
                    choices.put(setting.field, Some(value));
                }
            }
        }
        let refused =
            |all: Vec<_>| all.iter().map(ToString::to_string).collect::<Vec<String>>().join("; ");
        GenerationRequest::new(self.model, choices)
            .map_err(|all: Vec<rushes::domain::request::Refusal>| refused(all))
    }

    fn job(&self, set: &[(&str, &str)]) -> Job {
        new_job(self.model, self.asked(set).expect("a request that the page allows"), None)
    }

    /// The request that is sent for `set`.
    pub fn request(&self, set: &[(&str, &str)]) -> HttpRequest {
        self.request_of(&self.job(set))
    }

    fn request_of(&self, job: &Job) -> HttpRequest {
        let sent = registry::submit(self.protocol, BASE, self.model, job, &HashMap::new());
        sent.expect("a request")
    }

    /// Its body; of Runware's the one task.
    pub fn sent(&self, set: &[(&str, &str)]) -> Value {
        body(&self.request(set))
    }

    /// What is sent of `name` for each of `values` of `flag`.
    pub fn each(&self, name: &str, flag: &str, values: &[&str]) -> Vec<Value> {
        let sent = |value: &&str| self.sent(&[(flag, value)]).pointer(name).cloned();
        values.iter().map(|value| sent(value).unwrap_or_default()).collect()
    }

    /// Which of `values` of `flag` are refused before anything is sent.
    pub fn refuses<'a>(&self, flag: &str, values: &[&'a str]) -> Vec<&'a str> {
        values.iter().copied().filter(|value| self.asked(&[(flag, value)]).is_err()).collect()
    }

    /// Why `set` is refused; nothing where it is not.
    pub fn refusal(&self, set: &[(&str, &str)]) -> String {
        self.asked(set).err().unwrap_or_default()
    }

    /// Whether `text` is refused as a value of `flag` in the first place.
    pub fn refusal_of_text(&self, flag: &str, text: &str) -> bool {
        self.asked(&[(flag, text)]).is_err()
    }

    /// The image of the task that begins with a file of three bytes, called a PNG.
    pub fn data_uri(&self) -> Value {
        let file = ImageFile {
            path: "a.png".to_owned(),
            sha256: "00".repeat(32),
            kind: "png".to_owned(),
            bytes: 3,
            width_px: 640,
            height_px: 640,
        };
        let images = HashMap::from([(file.sha256.clone(), vec![1, 2, 3])]);
        let choices = Choices {
            prompt: "a fox in the snow".to_owned(),
            first_frame: Some(FrameImage::File(file)),
            ..Choices::default()
        };
        let request = GenerationRequest::new(self.model, choices).expect("a request");
        let job = new_job(self.model, request, None);
        let sent = registry::submit(self.protocol, BASE, self.model, &job, &images);
        body(&sent.expect("a request"))["inputs"]["frameImages"][0]["image"].clone()
    }

    /// The flags that ask for what an example request says.
    pub fn flags(&self, request: &Value) -> Vec<(&'static str, String)> {
        let settings = &request["providerSettings"]["bytedance"];
        let is_draft = settings["draft"] == true;
        let size = format!("{}x{}", request["width"], request["height"]);
        let of_size = |resolution: &String| {
            let all = self.sizes(resolution);
            let found = all.as_object()?.iter().find(|(_, one)| one.as_str() == Some(&size))?.0;
            Some((resolution.clone(), found.clone()))
        };
        let resolutions: Vec<String> =
            self.model.resolutions().map(|one| one.to_string()).collect();
        let (resolution, aspect) = resolutions.iter().find_map(of_size).expect("a size");
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let word = |value: &Value, no: &str, yes: &str| {
            value.as_bool().map(|flag| if flag { yes } else { no }.to_owned())
        };
        let image =
            |nr: usize| request["inputs"]["frameImages"][nr]["image"].as_str().map(str::to_owned);
        let all = [
            ("prompt", Some(text(&request["positivePrompt"]))),
            ("resolution", Some(resolution).filter(|_| !is_draft)),
            ("aspect", Some(aspect)),
            ("duration", Some(text(&request["duration"]))),
            ("seed", Some(text(&request["seed"]))),
            ("camera-fixed", word(&settings["cameraFixed"], "free", "fixed")),
            ("audio", word(&settings["audio"], "off", "on")),
            ("draft", word(&settings["draft"], "full", "draft")),
            ("first-frame", image(0)),
            ("last-frame", image(1)),
        ];
        all.into_iter().filter_map(|(flag, value)| Some((flag, value?))).collect()
    }

    /// What is sent for the final of a draft.
    pub fn promoted(&self, resolution: &str) -> Value {
        let draft = self.asked(&[("draft", "draft")]).expect("a draft");
        let id = "cgt-20260327025345-g766z".to_owned();
        let made =
            GenerationRequest::promote(self.model, &draft, id, None, resolution.parse().ok());
        body(&self.request_of(&new_job(self.model, made.expect("a final"), None)))
    }

    /// The price of `set`, as it is shown.
    pub fn price(&self, set: &[(&str, &str)]) -> String {
        Estimate::of(self.model, &self.asked(set).expect("a request")).to_string()
    }

    /// The size of every ratio at `resolution`.
    pub fn sizes(&self, resolution: &str) -> Value {
        let resolution = resolution.parse().expect("a resolution");
        let pixels = |ratio| self.model.pixels(resolution, ratio);
        let all = self.model.ratios(resolution).filter_map(|ratio| Some((ratio, pixels(ratio)?)));
        all.map(|(ratio, (width, height))| (ratio.to_string(), json!(format!("{width}x{height}"))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// For how long a result can be fetched, in hours.
    pub fn result_lifetime_h(&self) -> Value {
        let provider = CATALOG.provider(&self.model.provider).expect("its provider");
        json!(provider.result_lifetime_h)
    }

    /// The environment's name of the key.
    pub fn key_env(&self) -> Value {
        let provider = CATALOG.provider(&self.model.provider).expect("its provider");
        json!(provider.key_env)
    }

    /// The job under the names that the provider's replies of these tables give it.
    fn named(&self, job: &Job) -> Named {
        Named {
            job: job.id,
            key: job.attempt_key,
            remote_id: Some(REMOTE_ID.to_owned()),
            wire_id: self.model.wire_id.clone(),
        }
    }

    /// The request that asks how a job stands.
    pub fn poll(&self) -> HttpRequest {
        let poll = registry::poll(self.protocol, BASE, &[self.named(&self.job(&[]))]);
        poll.expect("a request")
    }

    /// What a reply to that says; `KEY` in it stands for the job's own id.
    pub fn reads(&self, status: u16, reply: Value) -> Sighting {
        let job = self.job(&[]);
        let reply = reply.to_string().replace("KEY", &job.attempt_key.to_string());
        let reply: Value = serde_json::from_str(&reply).expect("JSON");
        let told = registry::polled(
            self.protocol,
            &[self.named(&job)],
            &HttpResponse::json(status, &reply),
        );
        let told = told.expect("an answer about the job");
        told.into_iter().next().expect("one job").1
    }

    /// The report in such a reply.
    pub fn report(&self, reply: Value) -> Report {
        match self.reads(200, reply) {
            Sighting::Seen(report) => report,
            other => panic!("{other:?}"),
        }
    }

    /// The first result in such a reply.
    pub fn output(&self, reply: Value) -> Output {
        self.report(reply).outputs.into_iter().next().expect("a result")
    }

    /// What a reply to the submit means.
    pub fn submitted(&self, status: u16, reply: Value) -> SubmitOutcome {
        let job = self.job(&[]);
        let reply = reply.to_string().replace("KEY", &job.attempt_key.to_string());
        let reply: Value = serde_json::from_str(&reply).expect("JSON");
        registry::submitted(self.protocol, &job, &HttpResponse::json(status, &reply))
    }

    /// The class of error that a refusal of that status means.
    pub fn refused_as(&self, status: u16, reply: Value) -> String {
        match self.submitted(status, reply) {
            SubmitOutcome::Refused(error) => error.class.to_string(),
            SubmitOutcome::Busy(trouble) => format!("{} passes", trouble.error.class),
            SubmitOutcome::Unknown { .. } => "unknown".to_owned(),
            SubmitOutcome::Accepted { .. } => "accepted".to_owned(),
        }
    }
}

/// What the provider calls the job.
pub const REMOTE_ID: &str = "sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1";

fn image(text: &str) -> FrameImage {
    match text.parse() {
        Ok(id) => FrameImage::Stored(id),
        Err(_) => FrameImage::Url(text.to_owned()),
    }
}

fn body(request: &HttpRequest) -> Value {
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    body.get(0).cloned().unwrap_or(body)
}
