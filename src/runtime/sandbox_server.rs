//! The sandbox over real HTTP: bytes in, the pure remote's answer out, clips rendered on a thread beside.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method as HyperMethod, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use super::clock::wall;
use super::sandbox_dispatch;
use super::sandbox_files::SandboxFiles;
use super::sandbox_gate::Gate;
use crate::provider::wire::{HttpRequest, HttpResponse, Method};
use crate::sandbox::clip::{self, ClipSpec};
use crate::sandbox::{Body, Delivery, Reply, Sandbox};

/// The largest body that is read: a little more than the largest that the remote takes.
const MAX_BODY_BYTES: usize = 65 << 20;
/// How far rendering stands back behind the screen, the driver and other programs.
#[cfg(target_os = "linux")]
const RENDER_NICENESS: i32 = 10;
/// The most connections at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// The most bytes of bodies at once, in KiB; a further one waits to be read.
const MAX_BODIES_KIB: usize = 256 << 10;
/// How long a connection may take to its next request's head; our own client lets go of it sooner.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// How often an answer that a client waits for is looked for.
const HELD_CHECK: Duration = Duration::from_millis(100);

pub(super) struct Server {
    sandbox: Mutex<Sandbox>,
    /// Told when there may be something to render.
    ordered: Condvar,
    /// Told when there may be something to send out.
    pub(super) made: Notify,
    pub(super) files: SandboxFiles,
    pub(super) origin: String,
    gate: Gate,
    /// A permit a KiB of the bodies that are being read.
    bodies: Semaphore,
}

/// The connection is to be closed without an answer.
#[derive(Debug, Error)]
#[error("the reply is lost on purpose")]
struct Lost;

/// Serves `sandbox` on `listener` for as long as the process lives; besides this machine's own, it goes by
/// the names of `allowed`.
pub(super) fn start(
    listener: TcpListener,
    sandbox: Sandbox,
    files: SandboxFiles,
    allowed: Vec<String>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let server = Arc::new(Server {
        sandbox: Mutex::new(sandbox),
        ordered: Condvar::new(),
        made: Notify::new(),
        files,
        origin: format!("http://{address}"),
        gate: Gate { listens_on: address.ip(), allowed },
        bodies: Semaphore::new(MAX_BODIES_KIB),
    });
    let renderer = Arc::clone(&server);
    thread::Builder::new()
        .name("rushes-render".to_owned())
        .spawn(move || renderer.render_orders())?;
    tokio::spawn(sandbox_dispatch::run(Arc::clone(&server)));
    tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let server = Arc::clone(&server);
                    tokio::spawn(async move {
                        server.serve(stream).await;
                        drop(place);
                    });
                }
                // Out of file descriptors, most likely: let some connections end first.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Ok(())
}

impl Server {
    async fn serve(self: &Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request| {
            let server = Arc::clone(self);
            async move { server.answer(request).await }
        });
        // What breaks a connection is the client's affair.
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        drop(http.serve_connection(TokioIo::new(stream), service).await);
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
        let (parts, body) = request.into_parts();
        let method = match parts.method {
            HyperMethod::GET | HyperMethod::HEAD => Method::Get,
            HyperMethod::POST => Method::Post,
            _ => return Ok(plain(405, "this method is not known here")),
        };
        if let Err((status, why)) = self.gate.pass(&parts.method, &parts.uri, &parts.headers) {
            return Ok(plain(status, &why));
        }
        let body = match tokio::time::timeout(BODY_TIMEOUT, self.whole_body(body)).await {
            Ok(Some(body)) => body,
            Ok(None) => return Ok(plain(413, "the body is too large, or broke off")),
            Err(_) => return Ok(plain(408, "the body comes too slowly")),
        };
        let headers = parts.headers.iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        let request = HttpRequest {
            method,
            url: format!("{}{}", self.origin, parts.uri),
            headers: headers.collect(),
            body: body.to_vec(),
        };
        let reply = match self.handle(&request) {
            Ok(reply) => self.wait_out(reply).await,
            Err(error) => {
                return Ok(plain(500, &format!("the sandbox can't keep its journal: {error}")));
            }
        };
        match (reply.delivery, reply.body) {
            (Delivery::Lost, _) => Err(Lost),
            (_, Body::Http(response)) => Ok(whole(response)),
            (_, Body::Media { media, kind }) => {
                let path = self.files.media(media, &kind);
                Ok(file(path, &format!("image/{kind}"), None).await)
            }
            (_, Body::Clip { video, container }) => {
                let path = self.files.clip(video, container);
                let kind = container.media_type();
                Ok(file(path, kind, request.header("range").map(str::to_owned)).await)
            }
        }
    }

    /// The whole body, once there is room for it.
    async fn whole_body(&self, body: Incoming) -> Option<Bytes> {
        let largest = body.size_hint().upper().unwrap_or(MAX_BODY_BYTES as u64);
        let kib = largest.min(MAX_BODY_BYTES as u64).div_ceil(1 << 10);
        let _room = self.bodies.acquire_many(kib as u32).await.ok()?;
        Some(Limited::new(body, MAX_BODY_BYTES).collect().await.ok()?.to_bytes())
    }

    /// The remote's answer, with its records kept before anybody hears of it.
    fn handle(&self, request: &HttpRequest) -> io::Result<Reply> {
        let mut sandbox = self.sandbox();
        let reply = sandbox.handle(request, &self.origin, wall());
        self.files.append(&reply.records)?;
        if !reply.records.is_empty() {
            self.ordered.notify_one();
            self.made.notify_one();
        }
        Ok(reply)
    }

    /// The answer that a client waits for on an open connection, once it is there or the time is up.
    async fn wait_out(&self, mut reply: Reply) -> Reply {
        while let Delivery::Held { task, until } = reply.delivery {
            let now = wall();
            if now >= until {
                break;
            }
            let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            tokio::time::sleep(left.min(HELD_CHECK)).await;
            reply = self.sandbox().held(task, until, &self.origin, wall());
        }
        reply
    }

    pub(super) fn sandbox(&self) -> MutexGuard<'_, Sandbox> {
        // The sandbox is changed by whole calls only, so a panic elsewhere leaves it usable.
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clip that is due first; waits for one.
    fn next_order(&self) -> (Uuid, ClipSpec) {
        let mut sandbox = self.sandbox();
        loop {
            let order = sandbox.clips_to_render().next();
            if let Some(order) = order {
                return order;
            }
            sandbox = self.ordered.wait(sandbox).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Renders what is ordered, one clip after the other, each on all cores, for ever.
    fn render_orders(&self) {
        let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let never = AtomicBool::new(false);
        // A key that is typed meanwhile goes first. On Linux this is for this thread and those that it starts;
        // elsewhere a refusal or a wider reach does no harm.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::nice(RENDER_NICENESS);
        loop {
            let (video, spec) = self.next_order();
            let kept = match clip::render(&spec, threads, &never) {
                Ok(bytes) => self
                    .files
                    .keep_clip(video, spec.container, &bytes)
                    .map_err(|error| format!("the sandbox can't keep the clip: {error}")),
                Err(error) => Err(format!("the sandbox can't render the clip: {error}")),
            };
            let record = self.sandbox().rendered(video, kept);
            // A record that can't be written is made again by the next host, which renders again.
            drop(self.files.append(&[record]));
            self.made.notify_one();
        }
    }
}

async fn file(path: PathBuf, kind: &str, range: Option<String>) -> Response<Full<Bytes>> {
    let Ok(content) = tokio::fs::read(path).await else {
        return plain(404, "this file is gone");
    };
    let content = Bytes::from(content);
    let total = content.len();
    let response =
        Response::builder().header("content-type", kind).header("accept-ranges", "bytes");
    let from = range.and_then(|range| {
        let from = range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok()?;
        (from < total).then_some(from)
    });
    let built = match from {
        Some(from) => response
            .status(206)
            .header("content-range", format!("bytes {from}-{}/{total}", total - 1))
            .body(Full::new(content.slice(from..))),
        None => response.body(Full::new(content)),
    };
    built.unwrap_or_else(|_| plain(500, "the reply can't be built"))
}

fn whole(response: HttpResponse) -> Response<Full<Bytes>> {
    let mut builder = Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(Full::new(Bytes::from(response.body)))
        .unwrap_or_else(|_| plain(500, "the reply can't be built"))
}

fn plain(status: u16, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text.to_owned())));
    if let Ok(status) = hyper::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    response
}
