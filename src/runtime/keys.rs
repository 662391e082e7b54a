//! Keys and addresses of the services. A key is read when it is needed and never kept in plain text.

use secrecy::SecretString;

use super::config::Config;
use crate::domain::catalog::Provider;
use crate::domain::job::{Charged, FailureClass, JobError};

/// The key for `provider`: the environment's, or one that only the sandbox takes.
pub fn key(provider: &Provider) -> Result<SecretString, JobError> {
    if provider.key_env.is_empty() {
        return Ok(SecretString::from("sandbox"));
    }
    match std::env::var(&provider.key_env) {
        Ok(key) if !key.trim().is_empty() => Ok(SecretString::from(key.trim())),
        _ => {
            let message = format!(
                "{} is not set, so nothing was sent to {}",
                provider.key_env, provider.name
            );
            Err(JobError::ours(FailureClass::Key, "noKey", message, Charged::NotCharged))
        }
    }
}

/// The address of `provider` without a trailing slash: the environment's, the config's, or its own.
///
/// Plain http is refused unless it stays on this machine, since the key would be readable on the way.
pub fn base_url(provider: &Provider, config: &Config) -> Result<String, JobError> {
    let set = std::env::var(&provider.base_url_env).ok().filter(|url| !url.trim().is_empty());
    let configured = config.providers.get(&provider.id).and_then(|one| one.base_url.clone());
    let url = set.or(configured).unwrap_or_else(|| provider.base_url.clone());
    let url = url.trim().trim_end_matches('/').to_owned();
    match reqwest::Url::parse(&url) {
        Ok(parsed) if parsed.scheme() == "https" || is_loopback_http(&parsed) => Ok(url),
        _ => {
            let message = format!(
                "'{url}' is no address for {}: it must begin with https://, or with http:// on this machine",
                provider.name
            );
            Err(JobError::ours(FailureClass::Parameter, "baseUrl", message, Charged::NotCharged))
        }
    }
}

/// Whether `url` is plain http to this very machine.
pub(super) fn is_loopback_http(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    url.scheme() == "http" && loopback
}
