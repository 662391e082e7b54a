//! Showing a clip in the system player: only where somebody can see it, and never on the user's terminal.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::words::CopyFrom;

/// What this session can show, read from the environment.
#[derive(Clone, Debug, Default)]
pub struct Here {
    /// Whether there is a screen for windows.
    display: bool,
    /// Whether the terminal is at the other end of an SSH connection.
    over_ssh: bool,
    copy_from: CopyFrom,
}

/// What came of opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// This program has the clip.
    Player(String),
    /// Nothing was started, and why.
    Nowhere(String),
}

impl Here {
    /// Looks at this process's environment.
    pub fn look() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let over_ssh = set("SSH_CONNECTION") || set("SSH_TTY");
        let desktop = cfg!(any(target_os = "macos", windows)) && !over_ssh;
        Self {
            display: desktop || set("DISPLAY") || set("WAYLAND_DISPLAY"),
            over_ssh,
            copy_from: CopyFrom { address: address(), port: ssh_port() },
        }
    }

    /// Whether a window can be shown.
    pub fn can_show(&self) -> bool {
        self.display
    }

    /// What `open` would do here, in words.
    pub fn in_words(&self, player: &[String]) -> String {
        match (player.first(), self.display, self.over_ssh) {
            (Some(player), true, _) => format!("{player}, from the config"),
            (None, true, _) => "the system's own".to_owned(),
            (_, false, true) => {
                "none: no display over SSH; `rushes open` prints a line that copies the clip"
                    .to_owned()
            }
            (_, false, false) => {
                "none: no display; `rushes open` prints where the clip is".to_owned()
            }
        }
    }

    /// How the user's own machine fetches a clip from this one.
    pub fn copy_from(&self) -> &CopyFrom {
        &self.copy_from
    }
}

/// Opens `clip` with `player`, or with the system's own where none is set.
pub fn open(clip: &Path, player: &[String], here: &Here) -> io::Result<Opened> {
    if !here.display {
        let reason =
            if here.over_ssh { "there is no display over SSH" } else { "there is no display" };
        return Ok(Opened::Nowhere(format!("{reason}; the scp line fetches it to your machine")));
    }
    if let Some((program, arguments)) = player.split_first() {
        let mut command = Command::new(program);
        command.args(arguments).arg(clip);
        start(command).map_err(|error| {
            io::Error::new(error.kind(), format!("{program} from the config: {error}"))
        })?;
        return Ok(Opened::Player(program.clone()));
    }
    system(clip.as_os_str())
}

/// Opens a page in the system's browser, where somebody can see it. What is no address of a page is not
/// handed to anybody.
pub fn browse(url: &str, here: &Here) -> io::Result<Opened> {
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Ok(Opened::Nowhere("that is no address of a page".to_owned()));
    }
    if !here.display {
        let reason =
            if here.over_ssh { "there is no display over SSH" } else { "there is no display" };
        return Ok(Opened::Nowhere(reason.to_owned()));
    }
    system(url.as_ref())
}

/// Opens a file or an address with whatever this system has for it.
fn system(target: &OsStr) -> io::Result<Opened> {
    let mut refused = io::Error::other("this system has no opener");
    for command in open::commands(target) {
        let program = PathBuf::from(command.get_program());
        match start(command) {
            Ok(()) => return Ok(Opened::Player(program.display().to_string())),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Starts a program that has no way to reach this terminal.
fn start(mut command: Command) -> io::Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Without a terminal to fall back to, an opener has no reason to start a text browser.
    command.env_remove("BROWSER");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }
    command.spawn().map(drop)
}

/// `user@host`.
fn address() -> String {
    match std::env::var("USER") {
        Ok(user) if !user.is_empty() => format!("{user}@{}", host_name()),
        _ => host_name(),
    }
}

/// The port of the SSH server that this session came in by: the last word of `SSH_CONNECTION`.
fn ssh_port() -> Option<u16> {
    std::env::var("SSH_CONNECTION").ok()?.split_whitespace().nth(3)?.parse().ok()
}

fn host_name() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "this-host".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_started_without_a_display() {
        let ssh = Here { over_ssh: true, ..Here::default() };
        let opened = open(Path::new("a.mp4"), &["false".into()], &ssh).expect("no error");
        assert!(matches!(opened, Opened::Nowhere(reason) if reason.contains("SSH")));
        let browsed = browse("https://console.example", &ssh).expect("no error");
        assert_eq!(browsed, Opened::Nowhere("there is no display over SSH".to_owned()));
        let shown = Here { display: true, ..Here::default() };
        let browsed = browse("file:///etc/passwd", &shown).expect("no error");
        assert!(matches!(browsed, Opened::Nowhere(_)), "{browsed:?}");
    }
}
