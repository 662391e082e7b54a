//! What is asked without paying: every adapter's key check.

use super::FailureClass::{Key, ModelGone, Money, Provider, Rate};
use super::*;
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
