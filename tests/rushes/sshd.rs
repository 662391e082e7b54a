//! A real `sshd` for this user alone: keys, config and log in a folder of its own, a port of this machine.
//! It needs nothing of the tests around it, so that benches can have it too.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use portable_pty::CommandBuilder;
use tempfile::TempDir;

/// Where systems keep it. It must be started by its whole path.
const PLACES: [&str; 3] = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"];
/// A port that was free may be taken by somebody else before `sshd` has it.
const MAX_TRIES: usize = 5;

/// A server that takes this user's one key; ended with this value.
pub(crate) struct Sshd {
    folder: TempDir,
    child: Child,
    address: SocketAddr,
    user: String,
}

impl Sshd {
    /// One that a client has logged in to. None where there can be none; standard error says why.
    pub(crate) fn start() -> Option<Self> {
        match Self::try_start() {
            Ok(sshd) => Some(sshd),
            Err(why) => {
                writeln!(io::stderr(), "skipped: {why}").expect("standard error");
                None
            }
        }
    }

    fn try_start() -> Result<Self, String> {
        let program = PLACES.into_iter().find(|place| Path::new(place).exists());
        let program = program.ok_or("sshd is missing (Debian's package is openssh-server)")?;
        let folder = TempDir::with_prefix("rushes-sshd-").map_err(|error| error.to_string())?;
        for key in ["host", "user"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.path().join(key));
            said_by(&mut keygen)?;
        }
        let user = said_by(Command::new("id").arg("-un"))?.trim().to_owned();
        let read = |name| fs::read_to_string(folder.path().join(name)).expect("a key");
        // By this name whatever port it is reached by, also through a forwarder.
        let known = format!("rushes-test {}", read("host.pub"));
        fs::write(folder.path().join("known_hosts"), known).expect("a file");
        let mut last = String::new();
        for _ in 0..MAX_TRIES {
            let (child, address) = listening(program, folder.path());
            match child {
                Err(why) => last = why,
                Ok(child) => {
                    let sshd = Self { folder, child, address, user };
                    sshd.lets_in()?;
                    return Ok(sshd);
                }
            }
        }
        Err(last)
    }

    /// Where it listens: for a forwarder that stands between it and a client.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `ssh -tt` by way of `via`, which is this server's address or a forwarder's, running `line` in the
    /// user's shell. It wants a terminal of its own.
    pub(crate) fn client(&self, via: SocketAddr, line: &str) -> CommandBuilder {
        let mut command = CommandBuilder::new("ssh");
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color");
        command.arg("-tt");
        command.args(self.options(via));
        command.arg(line);
        command
    }

    fn options(&self, via: SocketAddr) -> Vec<String> {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let mut options = vec!["-F".to_owned(), "/dev/null".to_owned(), "-i".to_owned()];
        options.push(file("user"));
        for option in [
            &format!("UserKnownHostsFile={}", file("known_hosts")),
            "HostKeyAlias=rushes-test",
            "IdentitiesOnly=yes",
            "BatchMode=yes",
            "EscapeChar=none",
            "LogLevel=ERROR",
        ] {
            options.extend(["-o".to_owned(), option.to_owned()]);
        }
        options.extend(["-p".to_owned(), via.port().to_string()]);
        options.push(format!("{}@{}", self.user, via.ip()));
        options
    }

    /// Some systems let nobody in: a locked account, a shell that is none.
    fn lets_in(&self) -> Result<(), String> {
        let mut client = Command::new("ssh");
        client.args(self.options(self.address)).arg("true");
        said_by(&mut client).map(drop).map_err(|why| {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            format!("this user can't log in by sshd: {why}\n{log}")
        })
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // It may have ended already. Connections end with their clients.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A server that says that it listens, or what it says instead, and where.
fn listening(program: &str, folder: &Path) -> (Result<Child, String>, SocketAddr) {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let path = |name: &str| folder.join(name).display().to_string();
    let config = format!(
        "ListenAddress {address}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
         UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
         PrintMotd no\nPrintLastLog no\nUseDNS no\n",
        path("host"),
        path("user.pub"),
    );
    fs::write(folder.join("config"), config).expect("a config");
    let mut command = Command::new(program);
    command.args(["-D", "-e", "-f", &path("config")]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return (Err(format!("sshd can't be started: {error}")), address),
    };
    let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut told = String::new();
    loop {
        let begin = told.len();
        match log.read_line(&mut told) {
            Ok(1..) if told[begin..].contains("Server listening") => break,
            Ok(1..) => {}
            _ => {
                drop(child.kill());
                drop(child.wait());
                return (Err(format!("sshd does not listen: {}", told.trim())), address);
            }
        }
    }
    // Read on, so that it never waits for a reader.
    let mut file = File::create(folder.join("log")).expect("a file");
    std::thread::spawn(move || drop(io::copy(&mut log, &mut file)));
    (Ok(child), address)
}

/// What a command printed, or why it failed.
fn said_by(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let run = command.stdin(Stdio::null()).output();
    let run = run.map_err(|error| format!("{name} can't be started: {error}"))?;
    if run.status.success() {
        return Ok(String::from_utf8_lossy(&run.stdout).into_owned());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&run.stderr).trim()))
}
