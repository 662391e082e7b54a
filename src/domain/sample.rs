//! Values for the tests of every room.

use std::sync::LazyLock;

use jiff::Timestamp;
use uuid::Uuid;

use super::catalog::{Catalog, Model};
use super::job::{Charged, ClipFile, FailureClass, Job, JobError, JobId, Output};
use super::money::MicroUsd;
use super::request::{Choices, GenerationRequest};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let (catalog, problems) = Catalog::load(&[]);
    assert_eq!(problems, []);
    catalog
});

/// The built-in catalog.
pub fn catalog() -> &'static Catalog {
    &CATALOG
}

/// A model of the built-in catalog.
pub fn model(id: &str) -> &'static Model {
    let id = id.parse().expect("a model id");
    CATALOG.model(&id).expect("a model of the catalog")
}

/// A request for a fox, with what `choose` changes.
pub fn request(model: &Model, choose: impl FnOnce(&mut Choices)) -> GenerationRequest {
    let mut choices =
        Choices { prompt: "a fox in a moonlit market".to_owned(), ..Choices::default() };
    choose(&mut choices);
    GenerationRequest::new(model, choices).expect("a request that the model allows")
}

/// A time that comes up nowhere else.
pub fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

/// A queued job. `number` decides its id and its attempt key.
pub fn job(number: u128, model: &Model, request: GenerationRequest) -> Job {
    let (id, key) = (JobId(Uuid::from_u128(number)), Uuid::from_u128(number << 64));
    Job::new(id, key, noon(), model, request)
}

/// A result that the provider calls `name`.
pub fn output(name: &str) -> Output {
    Output {
        seed: Some(65_545),
        charge: Some(MicroUsd(72_920)),
        ..Output::at(name.to_owned(), format!("https://files.example/{name}.mp4"))
    }
}

/// A saved file.
pub fn clip(name: &str) -> ClipFile {
    ClipFile {
        path: format!("clips/2026-11-20/{name}.mp4"),
        bytes: 1234,
        sha256: "ab".repeat(32),
        facts: None,
        cut: false,
    }
}

/// An error of that class.
pub fn error(class: FailureClass) -> JobError {
    JobError::ours(class, "sample", format!("a sample of {class}"), Charged::NotCharged)
}

/// A small generator, for tests that try many things in the same order each time.
pub struct Dice(pub u64);

impl Dice {
    /// The next number (Knuth's MMIX generator, of which the upper half is good).
    pub fn throw(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 32
    }
}
