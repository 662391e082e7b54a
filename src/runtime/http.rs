//! The one HTTP path: requests of adapters out, responses in, with every bound that a hostile or
//! broken network needs. Nothing here tries anything twice.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Url};
use secrecy::{ExposeSecret, SecretString};

use super::exchange::SendError;
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

/// Sends requests, by the proxy that the environment names, over HTTP/2 where a service offers it, on
/// connections that stay open. Its clients are made when they are first needed, since that for other
/// machines can't be made where there are no certificates, and the sandbox must work all the same.
#[derive(Debug, Default)]
pub struct Transport {
    ca_file: Option<PathBuf>,
    api: Clients,
    files: Clients,
}

/// One client for other machines, and one for this machine, which needs no certificates and which no proxy
/// has a part in: it would see the key, since plain http is allowed here.
#[derive(Debug, Default)]
struct Clients {
    far: OnceLock<Client>,
    here: OnceLock<Client>,
}

impl Transport {
    /// A transport that trusts the certificates of `ca_file` besides the machine's own.
    pub fn new(ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, ..Self::default() }
    }

    /// Sends `request` with `key` and reads the reply. Redirects are not followed: the key must
    /// not reach another host.
    pub async fn send(
        &self,
        request: HttpRequest,
        key: &SecretString,
    ) -> Result<HttpResponse, SendError> {
        let url = parsed(&request.url)?;
        let client = self.client(&self.api, &url, |builder| {
            builder.redirect(Policy::none()).timeout(request_timeout())
        })?;
        let mut outgoing = match request.method {
            Method::Get => client.get(url),
            Method::Post => client.post(url),
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
        let url = parsed(url)?;
        let client = self.client(&self.files, &url, |builder| {
            let policy = Policy::custom(|attempt| {
                let safe = is_safe(attempt.url());
                if safe && attempt.previous().len() < 5 { attempt.follow() } else { attempt.stop() }
            });
            builder.redirect(policy).read_timeout(step_timeout())
        })?;
        client.get(url).send().await.map_err(|error| SendError {
            never_arrived: error.is_connect(),
            message: described(&error),
        })
    }

    /// The client of `clients` for `url`.
    fn client<'a>(
        &self,
        clients: &'a Clients,
        url: &Url,
        finish: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<&'a Client, SendError> {
        let here = is_loopback_http(url);
        let slot = if here { &clients.here } else { &clients.far };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        // A provider may be installed already, by an earlier client of this process.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = Client::builder()
            .user_agent(concat!("rushes/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT);
        builder = if here {
            builder.no_proxy().tls_certs_only([])
        } else {
            builder.tls_certs_merge(self.trusted()?)
        };
        let client = finish(builder).build().map_err(|error| {
            not_sent(format!(
                "no secure connection can be made on this machine ({}); install its CA certificates",
                described(&error)
            ))
        })?;
        Ok(slot.get_or_init(|| client))
    }

    /// The certificates of `ca_file`.
    fn trusted(&self) -> Result<Vec<Certificate>, SendError> {
        let Some(path) = &self.ca_file else { return Ok(Vec::new()) };
        let wrong = |why| not_sent(format!("the config's ca_file {} {why}", path.display()));
        let pem = fs::read(path).map_err(|error| wrong(format!("can't be read: {error}")))?;
        match Certificate::from_pem_bundle(&pem) {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates),
            _ => Err(wrong("has no certificates in PEM".to_owned())),
        }
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

fn not_sent(message: String) -> SendError {
    SendError { never_arrived: true, message }
}

/// `url`, where what is sent there can be read by nobody on the way.
fn parsed(url: &str) -> Result<Url, SendError> {
    let wrong = |why: String| not_sent(format!("'{}' {why}", one_line(url, 100)));
    let parsed = Url::parse(url).map_err(|error| wrong(format!("is no address: {error}")))?;
    if is_safe(&parsed) { Ok(parsed) } else { Err(wrong("is not an https address".to_owned())) }
}

fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback_http(url)
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
    if words.contains("UnknownIssuer") {
        words += "; if a proxy or gateway of yours signs for it, name its certificates as ca_file in the config";
    }
    one_line(&words, 300)
}
