//! What is asked without paying: every adapter's key check and dry run.

use super::FailureClass::{Key, ModelGone, Money, Provider, Rate};
use super::*;
use crate::domain::money::MicroUsd;
use crate::provider::registry::Images;
use crate::provider::wire::Method;

const URL: &str = "https://one.example/v";

fn checked(protocol: Protocol, status: u16, body: &str) -> Result<Option<i64>, FailureClass> {
    let body = body.as_bytes().to_vec();
    let told = registry::key_checked(protocol, &HttpResponse { status, headers: Vec::new(), body });
    told.map(|balance| balance.map(|sum| sum.0)).map_err(|error| error.class)
}

#[test]
fn a_key_is_checked_by_what_renders_nothing() {
    let check = |protocol| registry::check_key(protocol, URL, Uuid::nil(), "seedance-1-0-pro");
    let runware = String::from_utf8(check(Protocol::Runware).body).expect("text");
    assert!(runware.contains("accountManagement") && !runware.contains("Inference"), "{runware}");
    let runpod = check(Protocol::Runpod);
    assert_eq!(runpod.method, Method::Get);
    assert_eq!(runpod.url, "https://one.example/v/seedance-1-0-pro/health");
    let runbase = check(Protocol::Runbase);
    assert_eq!(runbase.method, Method::Get);
    assert_eq!(runbase.url, "https://one.example/v/runs/run_00000000000000000000000000000000");
}

/// RunPod's body is of its documents, operations; Runbase's codes are of its documents, error codes.
#[test]
fn what_a_key_check_tells() {
    let health = r#"{"jobs":{"completed":1,"failed":5,"inProgress":0,"inQueue":2,"retried":0},"workers":{"idle":0,"running":0}}"#;
    let runbase = |code: &str| format!(r#"{{"error":{{"message":"…","code":"{code}"}}}}"#);
    assert_eq!(checked(Protocol::Runpod, 200, health), Ok(None));
    assert_eq!(checked(Protocol::Runpod, 401, ""), Err(Key));
    assert_eq!(checked(Protocol::Runpod, 404, r#"{"status":404}"#), Err(ModelGone));
    assert_eq!(checked(Protocol::Runpod, 200, "<html>"), Err(Provider));
    assert_eq!(checked(Protocol::Runbase, 404, &runbase("run_not_found")), Ok(None));
    assert_eq!(checked(Protocol::Runbase, 401, &runbase("invalid_api_key")), Err(Key));
    assert_eq!(checked(Protocol::Runbase, 403, &runbase("ip_not_allowed")), Err(Key));
    assert_eq!(
        checked(Protocol::Runbase, 403, &runbase("api_key_spend_limit_exceeded")),
        Err(Money)
    );
    assert_eq!(checked(Protocol::Runbase, 429, &runbase("RATE_LIMITED")), Err(Rate));
    assert_eq!(checked(Protocol::Runbase, 502, GATEWAY_HTML), Err(Provider));
    let balance = r#"{"data":[{"taskType":"accountManagement","balance":2450.75}]}"#;
    assert_eq!(checked(Protocol::Runware, 200, balance), Ok(Some(2_450_750_000)));
}

/// Whatever is asked for, a dry run has the header that keeps it from being a job.
#[test]
fn a_dry_run_is_the_submit_with_the_header_that_makes_it_harmless() {
    let catalog = sample::catalog();
    for model in &catalog.models {
        let protocol = catalog.provider(&model.provider).expect("a provider").protocol;
        let job = sample::job(1, model, sample::request(model, |_| {}));
        let dry = registry::dry_run(protocol, URL, model, &job, &Images::new());
        let Some(mut dry) = dry.map(|request| request.expect("a request")) else {
            assert_ne!(protocol, Protocol::Runware, "{}", model.key());
            continue;
        };
        assert_eq!(dry.headers.pop(), Some(("x-runware-dry-run".to_owned(), "1".to_owned())));
        let submit = registry::submit(protocol, URL, model, &job, &Images::new());
        assert_eq!(dry, submit.expect("a request"), "{}", model.key());
    }
}

/// The form of the answer is not documented; costs are taken where results have them.
#[test]
fn a_price_is_told_or_it_is_not() {
    let priced = |status, body: &str| {
        let body = body.as_bytes().to_vec();
        registry::priced(Protocol::Runware, &HttpResponse { status, headers: Vec::new(), body })
    };
    let one = r#"{"data":[{"taskType":"videoInference","taskUUID":"x","cost":0.07292}]}"#;
    assert_eq!(priced(200, one), Ok(Some(MicroUsd(72_920))));
    let two = r#"{"data":[{"cost":0.1},{"cost":0.2}]}"#;
    assert_eq!(priced(200, two), Ok(Some(MicroUsd(300_000))));
    let taken = r#"{"data":[{"taskType":"videoInference","taskUUID":"x"}]}"#;
    assert_eq!(priced(200, taken), Ok(None));
    let refused = r#"{"data":[],"errors":[{"code":"insufficientCredits","message":"…"}]}"#;
    assert_eq!(priced(402, refused).map_err(|error| error.class), Err(Money));
    assert_eq!(priced(200, "<html>").map_err(|error| error.class), Err(Provider));
}
