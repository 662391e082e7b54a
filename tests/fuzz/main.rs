//! Hostile input: whatever comes from outside is read without a panic, in bounded time and memory, and no
//! reply makes a job be forgotten. `RUSHES_FUZZ_SECONDS=600 cargo test --test fuzz` tries for longer. The
//! studio's own files, themes and keys, are tried among the studio's tests.

mod mutate;

use std::io::Cursor;
use std::sync::atomic::AtomicBool;

use mutate::{fuzz, seeds};
use rushes::domain::catalog::{Catalog, CatalogFile, Protocol};
use rushes::domain::job::{FailureClass, Job, JobId, JobState};
use rushes::domain::outcome::{Sighting, SubmitOutcome};
use rushes::domain::query::HistoryQuery;
use rushes::domain::request::{Choices, GenerationRequest};
use rushes::media::decode::Clip;
use rushes::media::mp4;
use rushes::media::picture::Bounds;
use rushes::provider::registry::{self, Named};
use rushes::provider::wire::HttpResponse;
use rushes::runtime::config::Config;
use rushes::runtime::new_job::new_job;
use rushes::runtime::places::Places;
use rushes::store::{Salvage, Store};

/// Rounds that failed once, by their target.
const FAILED: &[(&str, u64)] = &[];

const KEY: &str = "5d219290-7a7d-4859-ae06-0404ac3c6296";

fn job(model: &str) -> Job {
    let (catalog, _) = Catalog::load(&[]);
    let model = catalog.model(&model.parse().expect("an id")).expect("a model");
    let choices = Choices { prompt: "a fox".into(), ..Choices::default() };
    let request = GenerationRequest::new(model, choices).expect("a request");
    Job { attempt_key: KEY.parse().expect("a key"), ..new_job(model, request, None) }
}

/// A reply that holds no whole value never ends a job, and never says that the provider does not know it: that
/// would be a render that was paid for and forgotten. Nothing that is kept of a reply can steer a terminal.
fn replies(name: &str, protocol: Protocol, model: &str) {
    let job = job(model);
    let named = Named {
        job: job.id,
        key: job.attempt_key,
        remote_id: Some("x".into()),
        wire_id: "x".into(),
    };
    let other = Named { job: JobId(KEY.parse().expect("an id")), key: job.id.0, ..named.clone() };
    let statuses = [200, 201, 200, 200, 400, 401, 404, 429, 500, 502];
    fuzz(name, &seeds(&format!("tests/fuzz/seeds/{name}")), FAILED, |body| {
        let status =
            statuses[body.iter().map(|byte| usize::from(*byte)).sum::<usize>() % statuses.len()];
        let response = HttpResponse { status, headers: vec![], body: body.to_vec() };
        let is_whole = serde_json::from_slice::<serde_json::Value>(body).is_ok() || is_whole(body);
        let submitted = registry::submitted(protocol, &job, &response);
        if !is_whole && !(300..500).contains(&status) {
            assert!(matches!(submitted, SubmitOutcome::Unknown { .. }), "{status} {submitted:?}");
        }
        if !is_whole && status < 300 {
            let polled = registry::polled(protocol, &[named.clone(), other.clone()], &response);
            assert!(polled.is_err(), "{status} {polled:?}");
            let looked_up = registry::looked_up(protocol, &named, &response);
            assert!(looked_up.is_err(), "{status} {looked_up:?}");
        }
        let polled = registry::polled(protocol, &[named.clone(), other.clone()], &response);
        if let Ok(sightings) = &polled {
            assert!(sightings.iter().all(|(id, _)| [named.job, other.job].contains(id)));
            assert!(
                sightings.iter().filter(|(id, _)| *id == named.job).count() <= 1,
                "{sightings:?}"
            );
            for (_, sighting) in sightings {
                is_within_bounds(sighting);
            }
        }
        let looked_up = registry::looked_up(protocol, &named, &response);
        drop(registry::canceled(protocol, &named, &response));
        drop(registry::key_checked(protocol, &response));
        drop(registry::priced(protocol, &response));
        for told in [format!("{submitted:?}"), format!("{polled:?}"), format!("{looked_up:?}")] {
            // What Debug had to escape was a control character.
            assert!(
                !told.contains("\\u{1b}")
                    && !told.contains("\\u{9b}")
                    && !told.contains("\\u{202e}"),
                "{told}"
            );
        }
    });
}

/// Whether some bracket of `body` is closed again: what is odd in between is repaired, what is missing is not.
fn is_whole(body: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text && depth == 1 => return true,
            b'}' | b']' if !in_text => depth -= 1,
            _ => {}
        }
    }
    false
}

fn is_within_bounds(sighting: &Sighting) {
    let Sighting::Seen(report) = sighting else { return };
    assert!(
        report
            .outputs
            .iter()
            .all(|output| output.url.len() <= 16_000 && output.remote_id.len() <= 1_000)
    );
    assert!(report.progress_percent.is_none_or(|percent| percent <= 100));
    assert!(report.failures.iter().all(|error| error.class != FailureClass::Disk));
}

#[test]
fn runware() {
    replies("runware", Protocol::Runware, "runware/1.5-pro");
}

#[test]
fn runpod() {
    replies("runpod", Protocol::Runpod, "runpod/1.0-pro");
}

#[test]
fn runbase() {
    replies("runbase", Protocol::Runbase, "runbase/1.0-pro");
}

/// A wrong file is named with its line, and the built-in models stay.
#[test]
fn catalog() {
    let mut all = seeds("tests/fuzz/seeds/catalog");
    all.extend(seeds("assets/catalog"));
    let known = Catalog::load(&[]).0.providers.len();
    fuzz("catalog", &all, FAILED, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let (catalog, problems) = Catalog::load(&[CatalogFile { name: "own.toml", text }]);
        assert!(catalog.providers.len() >= known);
        assert!(
            problems
                .iter()
                .all(|problem| problem.line >= 1 && problem.line <= text.matches('\n').count() + 1)
        );
        for model in &catalog.models {
            let choices = Choices { prompt: "a fox".into(), ..Choices::default() };
            if let Ok(request) = GenerationRequest::new(model, choices) {
                let job = new_job(model, request, None);
                assert_eq!(job.state, JobState::Queued);
            }
        }
    });
}

#[test]
fn config() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    let places = Places::find(Some(folder.path().to_owned()), Some(path.clone()), None);
    let places = places.expect("places");
    fuzz("config", &seeds("tests/fuzz/seeds/config"), FAILED, |bytes| {
        std::fs::write(&path, bytes).expect("written");
        match Config::read(&places) {
            Ok(config) => assert!((0.01..=1000.0).contains(&config.sandbox_speed())),
            Err(error) => assert!(error.to_string().contains("config.toml")),
        }
    });
}

/// Whatever is typed is a query that SQLite answers, or is refused with an example.
#[test]
fn query() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("rushes.db")).expect("a database");
    let now = rushes::runtime::clock::wall();
    fuzz("query", &seeds("tests/fuzz/seeds/query"), FAILED, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(query) = text.parse::<HistoryQuery>() {
            store.history(&query, 10, now).expect("an answer");
        }
    });
}

/// The facts of a file, and its pictures.
#[test]
fn clip() {
    fuzz("clip", &seeds("tests/fixtures/clips"), FAILED, |bytes| {
        drop(mp4::facts(&mut Cursor::new(bytes), bytes.len() as u64));
        if let Ok(mut clip) = Clip::new(Cursor::new(bytes)) {
            let bounds = Bounds { width_px: 64, height_px: 64 };
            drop(clip.first_frame(bounds, &AtomicBool::new(false)));
            drop(clip.last_frame(bounds, &AtomicBool::new(false)));
        }
    });
}

/// A damaged database gives jobs that are whole, or none.
#[test]
fn database() {
    fuzz("database", &seeds("tests/fixtures/database"), FAILED, |bytes| {
        let (database, log) = bytes.split_at(bytes.len() - bytes.len() / 7);
        for salvage in
            [Salvage::of(bytes.to_vec(), Vec::new()), Salvage::of(database.to_vec(), log.to_vec())]
        {
            for id in salvage.jobs() {
                let left = salvage.job(id);
                assert!(left.row.is_none_or(|(job, _)| job.id == id));
            }
        }
    });
}

/// A fuzzer that finds nothing where there is something would let everything pass.
#[test]
fn a_failure_is_found_and_named_with_what_repeats_it() {
    let found = std::panic::catch_unwind(|| {
        fuzz("proof", &[b"a harmless text".to_vec()], &[], |bytes| {
            assert!(!bytes.windows(4).any(|part| part == b"\x1b[2J"));
        });
    });
    let told = *found.expect_err("it is found").downcast::<String>().expect("words");
    let round = told.split_once("RUSHES_FUZZ=proof:").and_then(|(_, rest)| rest.split(' ').next());
    assert!(round.is_some_and(|round| round.parse::<u64>().is_ok()), "{told}");
}
