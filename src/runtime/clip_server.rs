//! Clips over HTTP on this machine's own loopback, for a browser or player at the other end of `ssh -L`.
//!
//! Nobody else reaches it: it listens on 127.0.0.1 alone, and each file only answers below a random token.
//!
//! The clip server is one port a program, so that one `ssh -L` does for all clips, and one random token a clip. A
//! variable that names a display is not believed until something answers there: inside tmux it often outlives its
//! screen.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_encode;
use tokio::fs::File;
use tokio::io::{
    AsyncRead as _, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, ReadBuf,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OnceCell, Semaphore};

use super::clock::new_attempt_key;
use crate::domain::address::RESERVED;

/// The most files that are served; the oldest gives way.
const MAX_FILES: usize = 32;
/// The most connections at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 32;
/// How long a connection may take to its next request's head, so that idle ones keep nobody out.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// What is read and sent at once.
const CHUNK_BYTES: u64 = 64 << 10;
/// How long an answer of our own may take.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// A served clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its address, on this machine and on whichever the port is forwarded to.
    pub url: String,
    /// The port, the same for all clips of a program.
    pub port: u16,
}

/// The server, which begins with the first clip and ends with the program.
#[derive(Debug, Default)]
pub struct ClipServer {
    port: OnceCell<u16>,
    files: Files,
}

/// Paths of addresses, with their token, and the files they stand for.
type Files = Arc<Mutex<Vec<(String, PathBuf)>>>;

impl ClipServer {
    /// Serves `clip` from now on, and says where; a clip that is served already stays where it is.
    pub async fn serve(&self, clip: &Path) -> io::Result<Link> {
        if !tokio::fs::metadata(clip).await?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let port = *self.port.get_or_try_init(|| start(Arc::clone(&self.files))).await?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let known = files.iter().find(|(_, file)| file == clip).map(|(address, _)| address.clone());
        let address = known.unwrap_or_else(|| {
            // Short, as it may have to be read off a small screen.
            let ending = clip.extension().unwrap_or_default().to_string_lossy();
            let address = format!("/{}/clip.{}", new_attempt_key().simple(), escaped(&ending));
            if files.len() == MAX_FILES {
                files.remove(0);
            }
            files.push((address.clone(), clip.to_owned()));
            address
        });
        Ok(Link { url: format!("http://127.0.0.1:{port}{address}"), port })
    }
}

/// Whether a file can be served here: this program's own, a few bytes of it, to itself.
pub async fn works() -> io::Result<()> {
    let server = ClipServer::default();
    let link = server.serve(&std::env::current_exe()?).await?;
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", link.port)).await?;
        let path = link.url.splitn(4, '/').nth(3).unwrap_or_default();
        let request = format!(
            "GET /{path} HTTP/1.1\r\nhost: 127.0.0.1\r\nrange: bytes=0-3\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(4096).read_to_end(&mut answer).await?;
        match answer.starts_with(b"HTTP/1.1 206 ") {
            true => Ok(()),
            false => Err(io::Error::other("a part of a file was asked for, and did not come")),
        }
    };
    tokio::time::timeout(MAX_WAIT, exchange)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Starts to answer, and says at which port.
async fn start(files: Files) -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, most likely: let some connections end first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let files = Arc::clone(&files);
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let files = Arc::clone(&files);
                    async move { answer(&files, &request).await }
                });
                // What breaks a connection is the client's affair.
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
                drop(http.serve_connection(TokioIo::new(stream), service).await);
                drop(place);
            });
        }
    });
    Ok(port)
}

async fn answer(files: &Files, request: &Request<Incoming>) -> io::Result<Response<Part>> {
    let found = {
        let files = files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().find(|(path, _)| path == request.uri().path()).map(|(_, file)| file.clone())
    };
    let Some(path) = found else { return Ok(nothing(StatusCode::NOT_FOUND)) };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(nothing(StatusCode::METHOD_NOT_ALLOWED));
    }
    let Ok(mut file) = File::open(&path).await else { return Ok(nothing(StatusCode::NOT_FOUND)) };
    let total = file.metadata().await?.len();
    let range = request.headers().get("range").and_then(|range| range.to_str().ok());
    let (status, from, left) = match range.map_or(Asked::Whole, |range| asked(range, total)) {
        Asked::Whole => (StatusCode::OK, 0, total),
        Asked::Part { from, to } => (StatusCode::PARTIAL_CONTENT, from, to - from + 1),
        Asked::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    file.seek(io::SeekFrom::Start(from)).await?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut response = Response::builder()
        .status(status)
        .header("content-type", kind(&path))
        .header("content-length", left)
        .header("accept-ranges", "bytes")
        .header("content-disposition", format!("inline; filename*=UTF-8''{}", escaped(&name)))
        .header("x-content-type-options", "nosniff")
        .header("cache-control", "private, no-store");
    if status == StatusCode::PARTIAL_CONTENT {
        response =
            response.header("content-range", format!("bytes {from}-{}/{total}", from + left - 1));
    } else if status == StatusCode::RANGE_NOT_SATISFIABLE {
        response = response.header("content-range", format!("bytes */{total}"));
    }
    let left = if request.method() == Method::HEAD { 0 } else { left };
    response.body(Part { file: Some(file), left }).map_err(io::Error::other)
}

fn nothing(status: StatusCode) -> Response<Part> {
    let mut response = Response::new(Part { file: None, left: 0 });
    *response.status_mut() = status;
    // Whoever does not know an address could keep a place for ever by asking again.
    response.headers_mut().insert("connection", HeaderValue::from_static("close"));
    response
}

/// What a `Range` header asks for (RFC 9110, 14.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part { from: u64, to: u64 },
    Beyond,
}

/// One range of bytes; several at once, and what makes no sense, give the whole file, as is allowed.
fn asked(range: &str, total: u64) -> Asked {
    let Some((from, to)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return Asked::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (from, to) = match (from.trim().is_empty(), number(from), number(to)) {
        (true, _, Some(last)) => (total.saturating_sub(last), if last == 0 { 0 } else { total }),
        (false, Some(from), Some(to)) if from <= to => (from, to.saturating_add(1).min(total)),
        (false, Some(from), None) if to.trim().is_empty() => (from, total),
        _ => return Asked::Whole,
    };
    if from < to { Asked::Part { from, to: to - 1 } } else { Asked::Beyond }
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("mp4") => "video/mp4",
        Some("mov") => "video/quicktime",
        Some("webm") => "video/webm",
        _ => "application/octet-stream",
    }
}

/// A name as a part of an address or a header.
fn escaped(name: &str) -> String {
    percent_encode(name.as_bytes(), RESERVED).to_string()
}

/// A part of a file, read as it is sent.
struct Part {
    file: Option<File>,
    left: u64,
}

impl Body for Part {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let left = self.left;
        let Some(file) = self.file.as_mut().filter(|_| left > 0) else { return Poll::Ready(None) };
        let mut chunk = vec![0; left.min(CHUNK_BYTES) as usize];
        let mut buffer = ReadBuf::new(&mut chunk);
        if let Err(error) = ready!(Pin::new(file).poll_read(context, &mut buffer)) {
            return Poll::Ready(Some(Err(error)));
        }
        let read = buffer.filled().len();
        if read == 0 {
            // It became shorter meanwhile; the connection ends, so that the client knows.
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        self.left -= read as u64;
        chunk.truncate(read);
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_standard() {
        for (range, expected) in [
            ("bytes=0-", Asked::Part { from: 0, to: 9 }),
            ("bytes=0-0", Asked::Part { from: 0, to: 0 }),
            ("bytes=3-5", Asked::Part { from: 3, to: 5 }),
            ("bytes=3-999", Asked::Part { from: 3, to: 9 }),
            ("bytes=-4", Asked::Part { from: 6, to: 9 }),
            ("bytes=-99", Asked::Part { from: 0, to: 9 }),
            ("bytes=10-", Asked::Beyond),
            ("bytes=10-12", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=5-3", Asked::Whole),
            ("bytes=1-2,4-5", Asked::Whole),
            ("bytes=x-", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("lines=1-2", Asked::Whole),
            ("bytes=0-18446744073709551615", Asked::Part { from: 0, to: 9 }),
            ("bytes=99999999999999999999-", Asked::Whole),
        ] {
            assert_eq!(asked(range, 10), expected, "{range}");
        }
        assert_eq!(asked("bytes=0-", 0), Asked::Beyond);
    }

    #[tokio::test]
    async fn a_clip_keeps_its_address_and_each_has_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, name).expect("a file");
            path
        };
        let server = ClipServer::default();
        let fox = server.serve(&path("a fox 月.mp4")).await.expect("a link");
        assert!(fox.url.ends_with("/clip.mp4"), "{}", fox.url);
        assert_eq!(escaped("a fox 月.mp4"), "a%20fox%20%E6%9C%88.mp4");
        assert_eq!(server.serve(&path("a fox 月.mp4")).await.expect("a link"), fox);
        let other = server.serve(&path("b.mp4")).await.expect("a link");
        assert_eq!(other.port, fox.port);
        let token = |link: &Link| link.url.split('/').nth(3).map(str::to_owned);
        assert!(token(&fox) != token(&other) && token(&fox).is_some_and(|token| token.len() == 32));
        assert!(server.serve(folder.path()).await.is_err(), "a folder is no clip");
    }

    #[tokio::test]
    async fn idle_connections_keep_nobody_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let clip = folder.path().join("a.mp4");
        std::fs::write(&clip, "clip").expect("a file");
        let server = ClipServer::default();
        let link = server.serve(&clip).await.expect("a link");
        let mut idle = Vec::new();
        for begun in [&b""[..], b"GET / HTT"].into_iter().cycle().take(MAX_CONNECTIONS) {
            let mut stream = TcpStream::connect(("127.0.0.1", link.port)).await.expect("taken");
            stream.write_all(begun).await.expect("taken");
            idle.push(stream);
        }
        let mut stream = TcpStream::connect(("127.0.0.1", link.port)).await.expect("taken");
        let path = link.url.splitn(4, '/').nth(3).expect("a path");
        let request = format!("GET /{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("clip"), "{answer}");
    }

    #[tokio::test]
    async fn it_works_here() {
        works().await.expect("a part of a file");
    }
}
