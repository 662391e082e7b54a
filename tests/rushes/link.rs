//! A slow link: a TCP forwarder that carries only so many bits a second, each of them late.
//! It needs nothing of the tests around it, so that benches can have it too.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What a packet carries of a TCP stream on an Ethernet.
const PACKET_BYTES: usize = 1448;
/// As many packets as a home router keeps of each direction: 64 kB.
const MAX_WAITING: usize = 64 * 1024 / PACKET_BYTES;

/// What a link can do, each way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speed {
    pub(crate) bits_per_s: u64,
    pub(crate) delay: Duration,
}

/// A way to a server through a slow link. It stays until the process ends, or until it is cut.
pub(crate) struct Link {
    address: SocketAddr,
    carried: Arc<Carried>,
}

#[derive(Default)]
struct Carried {
    /// Both ends of every connection.
    ends: Mutex<Vec<TcpStream>>,
    /// Bytes that came from the server.
    down_bytes: AtomicU64,
}

impl Link {
    /// A link to `server`.
    ///
    /// # Errors
    /// When there is no port for it.
    pub(crate) fn start(server: SocketAddr, speed: Speed) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let carried = Arc::new(Carried::default());
        let told = Arc::clone(&carried);
        thread::spawn(move || {
            for client in listener.incoming() {
                // A connection that fails is seen by whoever made it.
                drop(client.and_then(|client| connect(client, server, speed, &told)));
            }
        });
        Ok(Self { address, carried })
    }

    /// Where it is entered.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many bytes came from the server so far.
    pub(crate) fn down_bytes(&self) -> u64 {
        self.carried.down_bytes.load(Ordering::Relaxed)
    }

    /// Ends every connection, at both ends, with all that is on its way.
    pub(crate) fn cut(&self) {
        for end in self.carried.ends.lock().expect("no panic").drain(..) {
            // It may be gone already.
            drop(end.shutdown(Shutdown::Both));
        }
    }
}

fn connect(
    client: TcpStream,
    server: SocketAddr,
    speed: Speed,
    told: &Arc<Carried>,
) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    for end in [&client, &server] {
        end.set_nodelay(true)?;
        told.ends.lock().expect("no panic").push(end.try_clone()?);
    }
    let up = (client.try_clone()?, server.try_clone()?);
    carry(up.0, up.1, speed, |_| {});
    let told = Arc::clone(told);
    carry(server, client, speed, move |bytes| {
        told.down_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    });
    Ok(())
}

/// Carries one direction. Where the link is full, the sender has to wait.
fn carry(mut from: TcpStream, to: TcpStream, speed: Speed, count: impl Fn(usize) + Send + 'static) {
    let (packets, waiting) = sync_channel(MAX_WAITING);
    thread::spawn(move || take_in(&mut from, &packets));
    thread::spawn(move || {
        // Whoever is cut off is not told of it again.
        drop(give_out(to, &waiting, speed, count));
    });
}

fn take_in(from: &mut TcpStream, packets: &SyncSender<(Instant, Vec<u8>)>) {
    let mut buffer = [0; PACKET_BYTES];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if packets.send((Instant::now(), buffer[..count].to_vec())).is_err() {
            return;
        }
    }
}

fn give_out(
    mut to: TcpStream,
    waiting: &Receiver<(Instant, Vec<u8>)>,
    speed: Speed,
    count: impl Fn(usize),
) -> io::Result<()> {
    let mut free_at = Instant::now();
    for (came_at, packet) in waiting {
        let ns = packet.len() as u64 * 8 * 1_000_000_000 / speed.bits_per_s;
        free_at = free_at.max(came_at) + Duration::from_nanos(ns);
        thread::sleep((free_at + speed.delay).saturating_duration_since(Instant::now()));
        to.write_all(&packet)?;
        count(packet.len());
    }
    to.shutdown(Shutdown::Write)
}
