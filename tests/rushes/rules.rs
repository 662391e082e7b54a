//! Whatever a person chooses: what the rules of the catalog let through, the provider takes. The sandbox
//! holds each request against the documents by code of its own, so it is the judge.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rushes::domain::catalog::{Catalog, Model};
use rushes::domain::job::JobKind;
use rushes::domain::request::{
    Choices, ClipLength, Field, FrameImage, GenerationRequest, ImageFile, Options, OutputFormat,
};
use rushes::domain::setting::Value;
use rushes::engine::schedule::Dice;
use rushes::provider::registry::{self, Images};
use rushes::runtime::new_job::new_job;
use rushes::sandbox::{Body, Record, Sandbox, Settings};

const ORIGIN: &str = "http://127.0.0.1:4711";
const TRIES: usize = 1_500;

/// What a careless hand may choose.
struct Hand {
    dice: Dice,
    images: Images,
}

impl Hand {
    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.dice.throw() as usize % of.len()].clone()
    }

    /// Mostly nothing, since every choice is one more that can be wrong.
    fn maybe<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        self.dice.throw().is_multiple_of(6).then(|| self.one(of))
    }

    /// As much of a PNG as says its size.
    fn image(&mut self) -> FrameImage {
        let sides = [299, 300, 600, 1000, 2400, 6000, 6001];
        let (width_px, height_px): (u32, u32) = (self.one(&sides), self.one(&sides));
        let mut content = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        content.extend(width_px.to_be_bytes());
        content.extend(height_px.to_be_bytes());
        content.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        let sha256 = format!("{width_px}x{height_px}");
        self.images.insert(sha256.clone(), content);
        let path = "a.png".to_owned();
        let kind = "png".to_owned();
        FrameImage::File(ImageFile { path, sha256, kind, bytes: 33, width_px, height_px })
    }

    fn frame(&mut self) -> Option<FrameImage> {
        match self.dice.throw() % 8 {
            0 => Some(FrameImage::Url("https://images.example/a.png".to_owned())),
            1 => Some(FrameImage::Url("ftp://images.example/a.png".to_owned())),
            2 | 3 => Some(self.image()),
            _ => None,
        }
    }

    fn options(&mut self) -> Options {
        let mut options = Options::default();
        let formats = [OutputFormat::Mp4, OutputFormat::Mov];
        options.put(Field::CameraFixed, self.maybe(&[true, false]).map(Value::Flag));
        options.put(Field::Format, self.maybe(&formats).map(Value::word));
        options.put(Field::Quality, self.maybe(&[0, 19, 20, 95, 99, 100]).map(Value::Whole));
        options
    }

    fn choices(&mut self) -> Choices {
        let lengths =
            [0, 1000, 1200, 1250, 2000, 4000, 5000, 5500, 8000, 10_000, 12_000, 15_000, 31_000];
        let lengths = lengths.map(ClipLength::Ms);
        let prompts =
            ["", " ", "x", "a fox", "市场 at night\n", &"long ".repeat(600), &"x".repeat(3001)];
        Choices {
            prompt: self.one(&prompts).to_owned(),
            draft: self.dice.throw().is_multiple_of(4),
            resolution: self.maybe(&["480p", "720p", "1080p", "4k"]).and_then(|it| it.parse().ok()),
            aspect: self
                .maybe(&["16:9", "4:3", "1:1", "9:16", "21:9", "9:21"])
                .and_then(|it| it.parse().ok()),
            duration: match self.dice.throw() % 8 {
                0 => Some(ClipLength::Auto),
                _ => self.maybe(&lengths),
            },
            seed: self.maybe(&[0, 7, u64::from(u32::MAX), i64::MAX as u64, u64::MAX]),
            results: self.maybe(&[0, 1, 2, 4, 5]),
            audio: self.maybe(&[true, false]),
            first_frame: self.frame(),
            last_frame: self.frame(),
            options: self.options(),
        }
    }
}

#[test]
fn every_request_that_can_be_built_is_one_that_the_provider_takes() {
    let catalog = Arc::new(Catalog::load(&[]).0);
    let mut hand = Hand { dice: Dice::new(11), images: Images::new() };
    let real =
        |model: &&Model| catalog.provider(&model.provider).is_some_and(|one| !one.play_money);
    for model in catalog.models.iter().filter(real) {
        let mut service = Service::new(&catalog);
        let (mut taken, mut refused) = (0, 0);
        for _ in 0..TRIES {
            let choices = hand.choices();
            let Ok(request) = GenerationRequest::new(model, choices.clone()) else {
                refused += 1;
                continue;
            };
            taken += 1;
            let kind = request.kind;
            let told = service.takes(&catalog, model, request.clone(), &hand.images);
            assert!(told.is_ok(), "{}: {choices:?}: {told:?}", model.key());
            if kind == JobKind::Draft {
                let rule = model.drafts().expect("drafts");
                assert_eq!(request.resolution, rule.resolution);
            }
        }
        assert!(taken > 20 && refused > 20, "{}: {taken} and {refused}", model.key());
    }
}

/// The sandbox, whose clock goes on so that nobody comes too often.
struct Service {
    sandbox: Sandbox,
    now: Timestamp,
}

impl Service {
    fn new(catalog: &Arc<Catalog>) -> Self {
        let settings = Settings { speed: 1.0, keys: Vec::new() };
        Self { sandbox: Sandbox::new(Arc::clone(catalog), settings), now: Timestamp::UNIX_EPOCH }
    }

    /// Whether the request is accepted; what is said if not.
    fn takes(
        &mut self,
        catalog: &Catalog,
        model: &Model,
        request: GenerationRequest,
        images: &Images,
    ) -> Result<(), String> {
        let provider = catalog.provider(&model.provider).expect("a provider");
        let path = match provider.id.as_str() {
            "runware" => "/v1",
            "runpod" => "/v2",
            _ => "/api/v1",
        };
        let job = new_job(model, request, None);
        let base_url = format!("{ORIGIN}{path}");
        let built = registry::submit(provider.protocol, &base_url, model, &job, images);
        let mut built = built.map_err(|error| error.message)?;
        built.headers.push(("authorization".to_owned(), "Bearer any".to_owned()));
        self.now += SignedDuration::from_secs(2);
        let reply = self.sandbox.handle(&built, ORIGIN, self.now);
        match &reply.records[..] {
            [Record::Accepted(_)] => Ok(()),
            _ => match reply.body {
                Body::Http(response) => Err(String::from_utf8_lossy(&response.body).into_owned()),
                other => Err(format!("{other:?}")),
            },
        }
    }
}
