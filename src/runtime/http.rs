//! The one HTTP path: requests of adapters out, responses in, with every bound that a hostile or
//! broken network needs. Nothing here tries anything twice.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};

use super::keys::is_loopback_http;
use crate::domain::text::one_line;
use crate::provider::wire::{HttpRequest, HttpResponse, Method};

/// The largest reply that is read, in bytes; real ones have a few kilobytes.
const MAX_REPLY_BYTES: usize = 8 << 20;
/// How long a reply may take to its last byte; `RUSHES_TIMEOUT_S` sets another time, for slow lines.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most time between two steps of a file transfer.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

/// Why no complete reply came.
#[derive(Debug)]
pub struct SendError {
    /// Whether the request surely never reached the service.
    pub never_arrived: bool,
    /// What was seen.
    pub message: String,
}

/// Sends requests. Its clients are made when they are first needed, since making one fails on a
/// machine without certificates, where the sandbox must work all the same.
#[derive(Debug, Default)]
pub struct Transport {
    api: OnceLock<Client>,
    files: OnceLock<Client>,
}

impl Transport {
    /// Sends `request` with `key` and reads the reply. Redirects are not followed: the key must
    /// not reach another host.
    pub async fn send(
        &self,
        request: HttpRequest,
        key: &SecretString,
    ) -> Result<HttpResponse, SendError> {
        let client =
            client(&self.api, || builder().redirect(Policy::none()).timeout(request_timeout()))?;
        let mut outgoing = match request.method {
            Method::Get => client.get(&request.url),
            Method::Post => client.post(&request.url),
        };
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value);
        }
        let reply = outgoing.bearer_auth(key.expose_secret()).body(request.body).send().await;
        let mut reply = reply.map_err(|error| SendError {
            never_arrived: error.is_connect() || error.is_builder(),
            message: described(&error),
        })?;
        let headers = reply.headers().iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        let (status, headers) = (reply.status().as_u16(), headers.collect());
        let mut body = Vec::new();
        loop {
            let chunk = reply
                .chunk()
                .await
                .map_err(|error| SendError { never_arrived: false, message: described(&error) })?;
            match chunk {
                Some(chunk) if body.len() + chunk.len() > MAX_REPLY_BYTES => {
                    let message = format!("the reply is larger than {} MiB", MAX_REPLY_BYTES >> 20);
                    return Err(SendError { never_arrived: false, message });
                }
                Some(chunk) => body.extend_from_slice(&chunk),
                None => return Ok(HttpResponse { status, headers, body }),
            }
        }
    }

    /// Begins to fetch a file. No key goes along, since the address is the provider's word only.
    pub async fn fetch(&self, url: &str) -> Result<reqwest::Response, SendError> {
        let refused = |message: String| SendError { never_arrived: true, message };
        let parsed = reqwest::Url::parse(url)
            .map_err(|error| refused(format!("'{}' is no address: {error}", one_line(url, 100))))?;
        if parsed.scheme() != "https" && !is_loopback_http(&parsed) {
            return Err(refused(format!("'{}' is not an https address", one_line(url, 100))));
        }
        let client = client(&self.files, || {
            let policy = Policy::custom(|attempt| {
                let safe = attempt.url().scheme() == "https" || is_loopback_http(attempt.url());
                if safe && attempt.previous().len() < 5 { attempt.follow() } else { attempt.stop() }
            });
            builder().redirect(policy).read_timeout(step_timeout())
        })?;
        client.get(parsed).send().await.map_err(|error| SendError {
            never_arrived: error.is_connect(),
            message: described(&error),
        })
    }
}

fn request_timeout() -> Duration {
    let set = std::env::var("RUSHES_TIMEOUT_S").ok().and_then(|text| text.parse::<f64>().ok());
    set.filter(|seconds| (0.1..=86_400.0).contains(seconds))
        .map_or(REQUEST_TIMEOUT, Duration::from_secs_f64)
}

/// A file transfer that takes longer for a step is given up.
pub(super) fn step_timeout() -> Duration {
    request_timeout().min(STEP_TIMEOUT)
}

fn builder() -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(concat!("rushes/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
}

fn client(
    slot: &OnceLock<Client>,
    make: impl FnOnce() -> reqwest::ClientBuilder,
) -> Result<&Client, SendError> {
    if let Some(client) = slot.get() {
        return Ok(client);
    }
    // A provider may be installed already, by an earlier client of this process.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = make().build().map_err(|error| SendError {
        never_arrived: true,
        message: format!(
            "no secure connection can be made on this machine ({}); install its CA certificates",
            described(&error)
        ),
    })?;
    Ok(slot.get_or_init(|| client))
}

/// The whole chain of causes in a line, without the address, which may hold a token.
pub(super) fn described(error: &reqwest::Error) -> String {
    if error.is_timeout() && !error.is_connect() {
        return "no whole reply came in time".to_owned();
    }
    let mut words = if error.is_connect() {
        "no connection".to_owned()
    } else {
        "the connection broke".to_owned()
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    one_line(&words, 300)
}
