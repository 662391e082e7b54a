//! What every use of the program pays for: loading the catalog, checking and pricing a request, the
//! history, the wire, and the sandbox's frames. `cargo bench --bench house`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use divan::Bencher;
use divan::counter::ItemsCount;
use rushes::domain::catalog::{Catalog, Model, Protocol};
use rushes::domain::cost::Estimate;
use rushes::domain::event::{JobEvent, Write};
use rushes::domain::job::{ClipFile, Job, Output};
use rushes::domain::money::MicroUsd;
use rushes::domain::query::HistoryQuery;
use rushes::domain::request::{Choices, GenerationRequest};
use rushes::engine::apply;
use rushes::provider::registry::{self, Named};
use rushes::provider::wire::HttpResponse;
use rushes::runtime::new_job::new_job;
use rushes::sandbox::clip::{ClipSpec, Container, render};
use rushes::store::Store;

const JOBS: usize = 10_000;

fn main() {
    divan::main();
}

fn catalog() -> Catalog {
    Catalog::load(&[]).0
}

fn model(catalog: &Catalog) -> &Model {
    let id = "runware/1.5-pro".parse().expect("a model id");
    catalog.model(&id).expect("a model of the catalog")
}

fn choices(prompt: String) -> Choices {
    Choices { prompt, draft: true, seed: Some(65545), ..Choices::default() }
}

fn request(model: &Model, number: usize) -> GenerationRequest {
    let prompt = format!("{} number {number}, rain on cobblestones, 市场 at night", words(number));
    GenerationRequest::new(model, choices(prompt)).expect("a valid request")
}

/// Prompts that differ as much as a person's do.
fn words(number: usize) -> String {
    const NOUNS: [&str; 8] = [
        "clocktower",
        "lighthouse",
        "paper boat",
        "violinist",
        "red tram",
        "fox",
        "reef",
        "market",
    ];
    const LIGHTS: [&str; 5] = ["moonlit", "at dawn", "in fog", "neon", "by candle"];
    format!("{} {}", LIGHTS[number % LIGHTS.len()], NOUNS[number % NOUNS.len()])
}

#[divan::bench]
fn load_the_catalog() -> Catalog {
    catalog()
}

#[divan::bench]
fn check_and_price_a_request(bencher: Bencher<'_, '_>) {
    let catalog = catalog();
    let model = model(&catalog);
    bencher.with_inputs(|| choices("a moonlit clocktower".to_owned())).bench_values(|choices| {
        let request = GenerationRequest::new(model, choices).expect("a valid request");
        Estimate::of(model, &request)
    });
}

/// A job that has gone all the way, as its events.
fn writes(model: &Model, number: usize) -> Vec<Write> {
    let mut job = new_job(model, request(model, number), None);
    let at = job.created_at;
    let mut writes = vec![Write {
        at,
        event: JobEvent::Created { job: Box::new(job.clone()) },
        job: job.clone(),
    }];
    let output = Output {
        seed: Some(number as u64),
        charge: Some(MicroUsd(72_920)),
        draft_id: Some(format!("cgt-{number}")),
        ..Output::at(format!("video-{number}"), format!("https://im.example/{number}.mp4"))
    };
    let file = ClipFile {
        path: format!("clips/{number}.mp4"),
        bytes: 1_800_000,
        sha256: "0".repeat(64),
        facts: None,
        cut: false,
    };
    for event in [
        JobEvent::Sent,
        JobEvent::Accepted { remote_id: None, charge: None, how: "confirmed".to_owned() },
        JobEvent::OutputReady { output },
        JobEvent::Rendered,
        JobEvent::Saved { index: 0, file },
        JobEvent::Succeeded,
    ] {
        assert!(apply(&mut job, &event, at), "{event:?} has no effect");
        writes.push(Write { at, event, job: job.clone() });
    }
    writes
}

fn history() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = Store::open(&folder.path().join("rushes.db")).expect("a database");
    let catalog = catalog();
    let model = model(&catalog);
    let all: Vec<Write> = (0..JOBS).flat_map(|number| writes(model, number)).collect();
    for batch in all.chunks(700) {
        store.commit(batch, None).expect("committed");
    }
    drop(store);
    // As the program finds it when it starts.
    let store = Store::open(&folder.path().join("rushes.db")).expect("a database");
    (folder, store)
}

/// The 50 newest of 10,000 jobs: all, by words, by a filter, by two characters, and by nothing found.
#[divan::bench(
    args = ["", "clocktower", "moonlit clocktower", "cost:<0.2 is:ready", "市场", "nowhere"],
    sample_count = 40
)]
fn search_the_history(bencher: Bencher<'_, '_>, query: &str) {
    let (_folder, store) = history();
    let query: HistoryQuery = query.parse().expect("a query");
    let now = rushes::runtime::clock::wall();
    bencher.bench_local(|| store.history(&query, 50, now).expect("found"));
}

/// Every event of a finished job in one transaction, on a disk that keeps its promises.
#[divan::bench(sample_count = 40)]
fn store_a_finished_job(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = Store::open(&folder.path().join("rushes.db")).expect("a database");
    let catalog = catalog();
    let model = model(&catalog);
    bencher
        .with_inputs(|| writes(model, 1))
        .bench_local_values(|writes| store.commit(&writes, None).expect("committed"));
}

fn named(count: usize) -> Vec<Named> {
    let catalog = catalog();
    let model = model(&catalog);
    let jobs = (0..count).map(|number| new_job(model, request(model, number), None));
    let named = |job: Job| Named {
        job: job.id,
        key: job.attempt_key,
        remote_id: None,
        wire_id: model.wire_id.clone(),
    };
    jobs.map(named).collect()
}

#[divan::bench]
fn encode_a_poll_of_200_jobs(bencher: Bencher<'_, '_>) {
    let jobs = named(200);
    let url = "https://api.runware.ai/v1";
    bencher
        .with_inputs(|| jobs.clone())
        .bench_values(|jobs| registry::poll(Protocol::Runware, url, &jobs));
}

/// Half of them still render, the others are ready.
#[divan::bench]
fn decode_a_poll_of_200_jobs(bencher: Bencher<'_, '_>) {
    let jobs = named(200);
    let item = |(index, Named { key, .. }): (usize, &Named)| match index % 2 {
        0 => serde_json::json!({
            "taskType": "videoInference", "taskUUID": key, "status": "processing",
        }),
        _ => serde_json::json!({
            "taskType": "videoInference", "taskUUID": key, "status": "success", "seed": index,
            "videoUUID": key, "videoURL": format!("https://vm.runware.ai/video/{key}.mp4"),
            "cost": 0.07292, "outputs": { "draftId": "cgt-20260327025345-g766z" },
        }),
    };
    let data: Vec<serde_json::Value> = jobs.iter().enumerate().map(item).collect();
    let response = HttpResponse::json(200, &serde_json::json!({ "data": data }));
    bencher.bench(|| registry::polled(Protocol::Runware, &jobs, &response).expect("an answer"));
}

/// Frames of a draft and of a final, drawn and encoded on one thread.
#[divan::bench(args = [(864, 496), (1920, 1080)], sample_count = 10)]
fn render_a_second_of_frames(bencher: Bencher<'_, '_>, (width_px, height_px): (u32, u32)) {
    let spec = Arc::new(ClipSpec {
        prompt: "a moonlit clocktower market chase".to_owned(),
        seed: 65545,
        width_px,
        height_px,
        duration_ms: 1000,
        audio: false,
        container: Container::Mp4,
        quality: 95,
        draft: false,
        fps: 24,
        camera_fixed: false,
        first_frame: None,
        last_frame: None,
    });
    bencher
        .counter(ItemsCount::new(24_u32))
        .bench(|| render(&spec, 1, &AtomicBool::new(false)).expect("a clip"));
}
