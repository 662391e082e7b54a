//! The one HTTP path: requests of adapters out, responses in, with every bound that a hostile or
//! broken network needs. Nothing here tries anything twice.
//!
//! Plain http, which is for this machine alone, has a client without proxies and certificates: a proxy would read the
//! key.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use ipnet::IpNet;
use reqwest::header::{ACCEPT_ENCODING, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Url};
use secrecy::{ExposeSecret, SecretString};

use super::clock::wall;
use super::coding::unpacked;
use super::exchange::SendError;
use super::keys::{is_loopback_http, shown};
use super::reach::{self, Blocked, Reach};
use crate::domain::text::one_line;
use crate::provider::wire::{HttpRequest, HttpResponse, Method, RECEIVED};

/// The largest reply that is read, in bytes; real ones have a few kilobytes.
pub const MAX_REPLY_BYTES: usize = 8 << 20;
/// The same where a clip may come within the reply.
pub const MAX_RESULTS_BYTES: usize = 64 << 20;
/// How long a reply may take to its last byte; `RUSHES_TIMEOUT_S` sets another time, for slow lines.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection to this machine is kept open for the next request.
const IDLE_HERE: Duration = Duration::from_secs(4);
/// The most time between two steps of a file transfer.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

/// What a reply and a file may be packed as: not at all. Some are packed all the same.
const PLAIN: &str = "identity";
/// How often a file may be said to be elsewhere.
const MAX_REDIRECTS: usize = 5;

/// Sends requests, by the proxy that the environment names, over HTTP/2 where a service offers it, on
/// connections that stay open. Its clients are made when they are first needed, since that for other
/// machines can't be made where there are no certificates, and the sandbox must work all the same.
#[derive(Debug, Default)]
pub struct Transport {
    ca_file: Option<PathBuf>,
    allow: Arc<[IpNet]>,
    api: Clients,
    /// By the way there and the host of the service whose files they are.
    files: Mutex<HashMap<(Way, Option<String>), Client>>,
}

/// One client for other machines, and one for this machine, which needs no certificates and which no proxy
/// has a part in: it would see the key, since plain http is allowed here.
#[derive(Debug, Default)]
struct Clients {
    far: OnceLock<Client>,
    here: OnceLock<Client>,
}

/// How a file is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Way {
    /// In plain http, on this machine.
    Here,
    /// By a connection of our own.
    Direct,
    /// By a proxy, which looks up names itself.
    Proxy,
}

impl Transport {
    /// A transport that trusts the certificates of `ca_file` besides the machine's own, and fetches files from the
    /// ranges `allow` besides the public ones.
    pub fn new(ca_file: Option<PathBuf>, allow: &[IpNet]) -> Self {
        Self { ca_file, allow: allow.into(), ..Self::default() }
    }

    /// Sends `request` with `key` and reads the reply, up to `most_bytes` of it. Redirects are not followed: the key must
    /// not reach another host.
    pub async fn send(
        &self,
        request: HttpRequest,
        key: &SecretString,
        most_bytes: usize,
    ) -> Result<HttpResponse, SendError> {
        let url = parsed(&request.url)?;
        let (host, bytes) = (url.host_str().unwrap_or_default().to_owned(), request.body.len());
        tracing::debug!(host, method = ?request.method, bytes, "asked");
        let reply = self.exchange(url, request, key, most_bytes).await;
        match &reply {
            Ok(reply) => {
                tracing::debug!(host, status = reply.status, bytes = reply.body.len(), "answered")
            }
            Err(error) => {
                tracing::debug!(host, never_arrived = error.never_arrived, "not answered");
            }
        }
        reply
    }

    async fn exchange(
        &self,
        url: Url,
        request: HttpRequest,
        key: &SecretString,
        most_bytes: usize,
    ) -> Result<HttpResponse, SendError> {
        let client = self.api_client(&url)?;
        let mut outgoing = match request.method {
            Method::Get => client.get(url),
            Method::Post => client.post(url),
        };
        outgoing = outgoing.header(ACCEPT_ENCODING, PLAIN);
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
        let came = httpdate::fmt_http_date(wall().into());
        let headers = headers.chain([(RECEIVED.to_owned(), came)]);
        let (status, headers) = (reply.status().as_u16(), headers.collect::<Vec<_>>());
        let mut body = Vec::new();
        loop {
            let chunk = reply
                .chunk()
                .await
                .map_err(|error| SendError { never_arrived: false, message: described(&error) })?;
            match chunk {
                Some(chunk) if body.len() + chunk.len() > most_bytes => {
                    let message = format!("the reply is larger than {} MiB", most_bytes >> 20);
                    return Err(SendError { never_arrived: false, message });
                }
                Some(chunk) => body.extend_from_slice(&chunk),
                None => break,
            }
        }
        let mut reply = HttpResponse { status, headers, body };
        reply.body =
            unpacked(std::mem::take(&mut reply.body), reply.header("content-encoding"), most_bytes);
        Ok(reply)
    }

    /// Begins to fetch a file of the service at `base`, from where only such files can be. No key goes along, since
    /// the address is the provider's word only; so is every address that it leads on to.
    pub async fn fetch(&self, url: &str, base: &str) -> Result<reqwest::Response, SendError> {
        let mut url = parsed(url)?;
        let base = Url::parse(base).ok().map(|base| reach::host(&base));
        for _ in 0..=MAX_REDIRECTS {
            let reply = self.begin(&url, base.clone()).await?;
            let place = reply.headers().get(LOCATION).and_then(|place| place.to_str().ok());
            let Some(place) = place.filter(|_| reply.status().is_redirection()) else {
                return Ok(reply);
            };
            let next = url.join(place).ok().filter(is_safe);
            url = next.ok_or_else(|| {
                let status = reply.status().as_u16();
                not_sent(format!(
                    "the file's address answers {status} and leads to one that is not https"
                ))
            })?;
        }
        Err(not_sent(format!("the file's address leads on more than {MAX_REDIRECTS} times")))
    }

    async fn begin(&self, url: &Url, base: Option<String>) -> Result<reqwest::Response, SendError> {
        let proxied = || {
            let uri = url.as_str().parse().ok();
            uri.is_some_and(|uri| Matcher::from_system().intercept(&uri).is_some())
        };
        let way = match is_loopback_http(url) {
            true => Way::Here,
            false if proxied() => Way::Proxy,
            false => Way::Direct,
        };
        let reach = Reach { allow: Arc::clone(&self.allow), base };
        let checked = reach.check(url, way == Way::Proxy).await;
        checked.map_err(|blocked| not_sent(blocked.to_string()))?;
        let request = self.file_client(way, reach)?.get(url.clone()).header(ACCEPT_ENCODING, PLAIN);
        request.send().await.map_err(|error| SendError {
            never_arrived: error.is_connect(),
            message: described(&error),
        })
    }

    /// Sends `body` to an address on this machine, by PUT or else by POST, without a key; the status of the reply.
    pub(super) async fn send_here(
        &self,
        url: &str,
        is_put: bool,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<u16, SendError> {
        let url = parsed(url)?;
        if !is_loopback_http(&url) {
            return Err(not_sent("the address is not on this machine".to_owned()));
        }
        let client = self.api_client(&url)?;
        let outgoing = if is_put { client.put(url) } else { client.post(url) };
        let reply = outgoing.header("content-type", kind).body(body).send().await;
        let reply = reply.map_err(|error| not_sent(described(&error)))?;
        Ok(reply.status().as_u16())
    }

    /// The client that asks the service at `url`.
    fn api_client(&self, url: &Url) -> Result<&Client, SendError> {
        let here = is_loopback_http(url);
        let slot = if here { &self.api.here } else { &self.api.far };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = built(self.builder(here)?.timeout(request_timeout()))?;
        Ok(slot.get_or_init(|| client))
    }

    /// The client that fetches files within `reach`.
    fn file_client(&self, way: Way, reach: Reach) -> Result<Client, SendError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (way, reach.base.clone());
        if let Some(client) = files.get(&name) {
            return Ok(client.clone());
        }
        let mut builder = self.builder(way == Way::Here)?.read_timeout(step_timeout());
        if way != Way::Proxy {
            builder = builder.no_proxy().dns_resolver(Arc::new(reach));
        }
        Ok(files.entry(name).or_insert(built(builder)?).clone())
    }

    /// What all clients have in common: none follows a redirect by itself.
    fn builder(&self, here: bool) -> Result<ClientBuilder, SendError> {
        // A provider may be installed already, by an earlier client of this process.
        drop(rustls::crypto::ring::default_provider().install_default());
        let builder = Client::builder()
            .user_agent(concat!("rushes/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT);
        Ok(match here {
            // The sandbox closes what is idle; nothing is sent while it does.
            true => builder.pool_idle_timeout(IDLE_HERE).no_proxy().tls_certs_only([]),
            false => builder.tls_certs_merge(self.trusted()?),
        })
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

fn built(builder: ClientBuilder) -> Result<Client, SendError> {
    builder.build().map_err(|error| {
        not_sent(format!(
            "no secure connection can be made on this machine ({}); install its CA certificates",
            described(&error)
        ))
    })
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
    let wrong = |why: String| not_sent(format!("'{}' {why}", one_line(&shown(url), 100)));
    let parsed =
        Url::parse(url).map_err(|error| wrong(format!("is not a valid address: {error}")))?;
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
        if let Some(blocked) = error.downcast_ref::<Blocked>() {
            return blocked.to_string();
        }
        words = format!("{words}: {error}");
        cause = error.source();
    }
    if words.contains("UnknownIssuer") {
        words += "; if a proxy or gateway of yours signs for it, name its certificates as ca_file in the config";
    }
    one_line(&words, 300)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A server on this machine; returns its port. Each caller is told what stands for a clip.
    fn server() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                let reply =
                    b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nclip";
                let _ = stream.write_all(reply);
            }
        });
        port
    }

    /// By its address and by its name, which is looked up: a service elsewhere has no files here, unless the config
    /// says so.
    #[tokio::test]
    async fn a_service_elsewhere_leads_to_no_server_of_this_machine() {
        let port = server();
        let machine: [IpNet; 1] = ["127.0.0.0/8".parse().expect("a range")];
        for url in ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{port}/clip.mp4")) {
            let said = Transport::default().fetch(&url, "https://1.1.1.1/v1").await;
            let said = said.expect_err("not fetched").message;
            assert!(said.starts_with("the file's address leads to "), "{said}");
            assert!(said.contains("this machine"), "{said}");
            let ours = Transport::default().fetch(&url, "http://127.0.0.1:1/v1").await;
            let let_in = Transport::new(None, &machine).fetch(&url, "https://1.1.1.1/v1").await;
            for reply in [ours, let_in] {
                assert_eq!(reply.expect("a reply").text().await.expect("a file"), "clip");
            }
        }
    }
}
