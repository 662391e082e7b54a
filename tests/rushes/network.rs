//! Everything between the program and a service: TLS with a private CA, proxies, HTTP/2. The service is the
//! sandbox, behind a TLS server of these tests.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::keys::{KEY, QUICK_RUNWARE, key_is_nowhere, nobody_called, remote};
use super::support::{Desk, Ended, Running, text};

/// The name that the certificate is for besides localhost; no such host is anywhere.
pub(crate) const NAME: &str = "api.runware.test";

/// A TLS server in front of a sandbox.
pub(crate) struct Front {
    _runtime: Runtime,
    _sandbox: Running,
    address: SocketAddr,
    /// The certificate of the CA that signed for it.
    pub(crate) ca: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    versions: Vec<Version>,
    connects: Vec<String>,
}

/// A CA: its certificate and what signs.
fn ca(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    (certificate, Issuer::new(params, key))
}

fn acceptor(issuer: &Issuer<'_, KeyPair>) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["localhost", NAME].map(str::to_owned).to_vec());
    let certificate = params.expect("parameters").signed_by(&key, issuer).expect("signed");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth();
    let mut config =
        config.with_single_cert(vec![certificate.der().clone()], key).expect("a server");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

impl Front {
    /// In front of a sandbox on `desk` that takes only the key.
    pub(crate) fn new(desk: &Desk) -> Self {
        let (sandbox, url) = remote(desk);
        let origin = url.strip_suffix("/v1").expect("Runware's path").to_owned();
        let (ca, issuer) = ca("the company's own");
        let acceptor = acceptor(&issuer);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let told = Arc::clone(&seen);
        runtime.spawn(async move {
            drop(rustls::crypto::ring::default_provider().install_default());
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let (acceptor, client) = (acceptor.clone(), client.clone());
                let (origin, told) = (origin.clone(), Arc::clone(&told));
                tokio::spawn(async move {
                    // Whoever does not trust the certificate goes away.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let is_2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    told.lock().expect("a lock").connections += 1;
                    let service = service_fn(|request| {
                        told.lock().expect("a lock").versions.push(request.version());
                        forward(client.clone(), origin.clone(), request)
                    });
                    let stream = TokioIo::new(stream);
                    if is_2 {
                        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                        drop(server.serve_connection(stream, service).await);
                    } else {
                        let server = hyper::server::conn::http1::Builder::new();
                        drop(server.serve_connection(stream, service).await);
                    }
                });
            }
        });
        Self { _runtime: runtime, _sandbox: sandbox, address, ca, seen }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/v1", self.address.port())
    }

    /// A proxy that leads everything here; returns its address.
    pub(crate) fn proxy(&self) -> String {
        let listener = self._runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (seen, front) = (Arc::clone(&self.seen), self.address);
        self._runtime.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.expect("a request"));
                }
                let head = String::from_utf8(head).expect("text");
                seen.lock().expect("a lock").connects.push(head);
                let answer = b"HTTP/1.1 200 Connection established\r\n\r\n";
                stream.write_all(answer).await.expect("an answer");
                let mut there = TcpStream::connect(front).await.expect("the server");
                tokio::spawn(async move {
                    drop(tokio::io::copy_bidirectional(&mut stream, &mut there).await);
                });
            }
        });
        format!("http://{address}")
    }

    pub(crate) fn connects(&self) -> Vec<String> {
        self.seen.lock().expect("a lock").connects.clone()
    }
}

async fn forward(
    client: reqwest::Client,
    origin: String,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut outgoing = client.request(parts.method, format!("{origin}{path}")).body(body);
    for name in ["authorization", "content-type"] {
        if let Some(value) = parts.headers.get(name) {
            outgoing = outgoing.header(name, value);
        }
    }
    let reply = outgoing.send().await?;
    let mut response = Response::new(Full::default());
    *response.status_mut() = reply.status();
    *response.body_mut() = Full::new(reply.bytes().await?);
    Ok(response)
}

/// `rushes doctor` with the service at `url`, trusting the certificates of `trusted` alone.
fn doctor(desk: &Desk, url: &str, trusted: &PathBuf) -> Command {
    let mut command = desk.command(&["doctor", "--json"]);
    command.env("RUNWARE_API_KEY", KEY).env("RUNWARE_BASE_URL", url).env("SSL_CERT_FILE", trusted);
    command
}

/// What the doctor says of Runware.
fn runware(ended: &Ended) -> serde_json::Value {
    let all = ended.objects();
    all.into_iter().find(|one| one["about"] == "runware").expect("a finding")
}

#[test]
fn a_private_ca_is_trusted_where_it_is_named_and_nowhere_else() {
    let (there, here) = (Desk::new(), Desk::new());
    let front = Front::new(&there);
    let another = here.write("another.pem", ca("somebody else's").0);
    let ended = Running::start(doctor(&here, &front.url(), &another)).ended().expecting(1);
    let refused = runware(&ended);
    assert!(text(&refused, "/what").contains("UnknownIssuer"), "{refused}");
    assert!(text(&refused, "/what").contains("ca_file in the config"), "{refused}");
    assert_eq!(refused["key_works"], serde_json::Value::Null);

    let named = here.write("ca.pem", &front.ca);
    let ended = Running::start(doctor(&here, &front.url(), &named)).ended().expecting(0);
    assert_eq!(runware(&ended)["key_works"], true, "by SSL_CERT_FILE: {}", ended.out);
    here.write("config/ca.pem", &front.ca);
    here.write("config/config.toml", "ca_file = \"ca.pem\"\n");
    let ended = Running::start(doctor(&here, &front.url(), &another)).ended().expecting(0);
    assert_eq!(runware(&ended)["key_works"], true, "by ca_file: {}", ended.out);

    // The right CA does not make another host the right one.
    let other = front.url().replace("localhost", "127.0.0.1");
    let ended = Running::start(doctor(&here, &other, &another)).ended().expecting(1);
    assert!(text(&runware(&ended), "/what").contains("certificate"), "{}", ended.out);
    here.write("config/ca.pem", "no PEM");
    for complaint in ["no certificates", "can't be read"] {
        let ended = Running::start(doctor(&here, &front.url(), &named)).ended().expecting(1);
        assert!(text(&runware(&ended), "/what").contains(complaint), "{}", ended.out);
        drop(std::fs::remove_file(here.path("config/ca.pem")));
    }
    key_is_nowhere(&here, &[&ended]);
}

#[test]
fn a_whole_job_goes_over_one_connection_of_http_2() {
    let (there, here) = (Desk::new(), Desk::new());
    let front = Front::new(&there);
    here.write("config/catalog/quick.toml", QUICK_RUNWARE);
    let mut command = super::keys::draft(&here, KEY, &front.url());
    command.env("SSL_CERT_FILE", here.write("ca.pem", &front.ca));
    let job = Running::start(command).ended().expecting(0).object();
    assert_eq!(job["state"], "succeeded");
    let seen = front.seen.lock().expect("a lock");
    assert!(seen.versions.len() >= 2, "a submit and a poll at least");
    assert!(seen.versions.iter().all(|version| *version == Version::HTTP_2));
    assert_eq!(seen.connections, 1);
}

#[test]
fn a_proxy_is_used_and_sees_no_key() {
    let (there, here) = (Desk::new(), Desk::new());
    let front = Front::new(&there);
    let proxy = front.proxy();
    let ca = here.write("ca.pem", &front.ca);
    let url = format!("https://{NAME}/v1");
    for (nr, variable) in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"].into_iter().enumerate() {
        let mut command = doctor(&here, &url, &ca);
        command.env(variable, &proxy);
        let ended = Running::start(command).ended().expecting(0);
        assert_eq!(runware(&ended)["key_works"], true, "by {variable}: {}", ended.out);
        let connects = front.connects();
        assert_eq!(connects.len(), nr + 1, "{variable}");
        assert!(connects[nr].starts_with(&format!("CONNECT {NAME}:443 ")), "{}", connects[nr]);
        assert!(!connects[nr].contains(KEY), "{}", connects[nr]);
    }
    let mut command = doctor(&here, &front.url(), &ca);
    command.env("HTTPS_PROXY", &proxy).env("NO_PROXY", "localhost");
    assert_eq!(runware(&Running::start(command).ended().expecting(0))["key_works"], true);
    assert_eq!(front.connects().len(), 3, "NO_PROXY was not heard");
}

/// Plain http stays on this machine: a proxy would read the key, and could not reach the sandbox. Nor does
/// it need certificates, of which this machine has none.
#[test]
fn no_proxy_comes_between_the_program_and_this_machine() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_sandbox, url) = remote(&there);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let proxy = format!("http://{}", listener.local_addr().expect("an address"));
    let mut command = doctor(&here, &url, &here.path("none.pem"));
    command.env("HTTP_PROXY", &proxy).env("http_proxy", &proxy).env("ALL_PROXY", &proxy);
    let ended = Running::start(command).ended().expecting(0);
    assert_eq!(runware(&ended)["key_works"], true, "{}", ended.out);
    nobody_called(&listener);
}

/// Cron and pipes have no live line: they are told at once, and not kept for ever.
#[test]
fn a_service_out_of_reach_is_said_at_once_and_holds_the_job_of_who_does_not_wait() {
    let desk = Desk::new();
    let mut command = desk.command(&["generate", "--model", "runware/1.5-pro", "a paper boat"]);
    command.env("RUNWARE_API_KEY", KEY).env("RUNWARE_BASE_URL", "https://127.0.0.1:1/v1");
    let ended = Running::start(command).ended();
    assert_eq!(ended.status, Some(3), "{}", ended.err);
    assert_eq!(ended.err.matches("no connection").count(), 1, "{}", ended.err);
    assert!(ended.out.contains("not sent and not charged"), "{}", ended.out);
    assert_eq!(text(&desk.done(&["jobs", "--json"]).object(), "/state"), "held");
}
