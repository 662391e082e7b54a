//! `open --serve`: a clip for a browser at the other end of an SSH connection.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::support::{Desk, Running, text};

/// The head and the body of the answer to one request.
fn ask(port: u16, line: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
}

#[test]
fn a_clip_is_streamed_in_parts_to_whoever_has_its_address() {
    let desk = Desk::new();
    let job = desk.clip("a lighthouse, 月");
    let path = text(&job, "/files/0/path");
    let whole = std::fs::read(path).expect("the clip");
    let mut command = desk.command(&["open", text(&job, "/id"), "--serve", "--json"]);
    command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 2222").env("USER", "ana");
    let mut serving = Running::start(command);
    let told: serde_json::Value = serde_json::from_str(&serving.next_line()).expect("an object");
    let link = text(&told, "/link");
    let rest = link.strip_prefix("http://127.0.0.1:").expect("this machine's own address");
    let (port, address) = rest.split_once('/').expect("a path");
    let forward = text(&told, "/forward");
    assert!(forward.starts_with(&format!("ssh -N -L {port}:127.0.0.1:{port} -p 2222 ana@")));
    let (port, address) = (port.parse().expect("a port"), format!("/{address}"));
    let get = |headers: &str| ask(port, &format!("GET {address}"), headers);

    let (head, body) = get("");
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: video/mp4"), "{head}");
    assert!(head.contains("accept-ranges: bytes"), "{head}");
    assert!(head.contains("filename*=utf-8''a-lighthouse-%e6%9c%88-"), "{head}");
    assert_eq!(body, whole);
    let (head, body) = get("range: bytes=100-199\r\n");
    assert!(head.starts_with("http/1.1 206"), "{head}");
    assert!(head.contains(&format!("content-range: bytes 100-199/{}", whole.len())), "{head}");
    assert_eq!(body, whole[100..200]);
    assert_eq!(get("range: bytes=-50\r\n").1, whole[whole.len() - 50..]);
    assert_eq!(get(&format!("range: bytes={}-\r\n", whole.len() - 7)).1, whole[whole.len() - 7..]);
    let (head, body) = get(&format!("range: bytes={}-\r\n", whole.len()));
    assert!(head.starts_with("http/1.1 416") && body.is_empty(), "{head}");
    let (head, body) = ask(port, &format!("HEAD {address}"), "");
    assert!(head.contains(&format!("content-length: {}", whole.len())), "{head}");
    assert!(body.is_empty());

    let token = address.split('/').nth(1).expect("a token");
    let other = address.replace(token, &token.chars().rev().collect::<String>());
    let beyond = format!("/{token}/../../../../etc/passwd");
    for path in ["/", &other, &beyond, &format!("/{token}/"), &format!("/{token}/rushes.db")] {
        let (head, body) = ask(port, &format!("GET {path}"), "");
        assert!(head.starts_with("http/1.1 404") && body.is_empty(), "{path}: {head}");
    }
    assert!(ask(port, &format!("POST {address}"), "").0.starts_with("http/1.1 405"));
    // Nobody but this machine is let in.
    let mine = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        Ok(socket.local_addr()?.ip())
    });
    if let Some(mine) = mine.ok().filter(|address| !address.is_loopback()) {
        TcpStream::connect(SocketAddr::new(mine, port)).expect_err("only on 127.0.0.1");
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Signal, kill_process};
        let pid = i32::try_from(serving.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, Signal::INT).expect("a signal");
        assert_eq!(serving.ended().signal, Some(Signal::INT.as_raw()));
        TcpStream::connect(("127.0.0.1", port)).expect_err("it ended with the program");
    }
}
