//! Showing a clip in the system player: only where somebody can see it, and never on the user's terminal.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{child, display};
use crate::words::shell::{CopyFrom, shell_word};

/// Browsers that draw into a terminal: where there is a display, none of them is what is meant.
const TEXT_BROWSERS: [&str; 8] =
    ["w3m", "lynx", "links", "links2", "elinks", "browsh", "carbonyl", "www-browser"];
/// How long a program that was started may take to say that it can't.
const MAX_START: Duration = Duration::from_millis(300);
const LOOK: Duration = Duration::from_millis(10);

/// What this session can show, by its environment.
#[derive(Clone, Debug, Default)]
pub struct Here {
    /// Whether the terminal is at the other end of an SSH connection.
    over_ssh: bool,
    /// What `$BROWSER` says.
    browser: Option<String>,
    copy_from: CopyFrom,
    /// Where the user comes from.
    from_place: String,
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
        Self {
            over_ssh: set("SSH_CONNECTION") || set("SSH_TTY"),
            browser: std::env::var("BROWSER").ok(),
            copy_from: CopyFrom { address: address(), port: ssh_port() },
            from_place: ssh_client().unwrap_or_else(|| "here".to_owned()),
        }
    }

    /// Whether a window can be shown, which is tried.
    ///
    /// # Errors
    /// Says in words why not.
    pub fn can_show(&self) -> Result<(), String> {
        display::answers(|name| std::env::var_os(name), self.over_ssh)
    }

    /// Whether `open` would start something here, and what, in words.
    pub fn in_words(&self, player: &[String]) -> (bool, String) {
        if let Err(why) = self.can_show() {
            return (false, format!("none: {why}; `rushes open` prints where the clip is"));
        }
        let browser = || self.browser_command(Path::new(""));
        match player.first() {
            Some(player) if is_there(player) => (true, format!("{player}, from the config")),
            // What is no program may be anything, a key that was written into the wrong line among it.
            Some(_) => (false, "the program of the config's player is not there".to_owned()),
            None => match browser() {
                Some((browser, _)) => (true, format!("{browser}, from $BROWSER")),
                None => (true, "the system's own".to_owned()),
            },
        }
    }

    /// The address that the user's SSH client has, or `here`.
    pub fn from_place(&self) -> &str {
        &self.from_place
    }

    /// How the user's own machine fetches a clip from this one.
    pub fn copy_from(&self) -> &CopyFrom {
        &self.copy_from
    }

    /// The first program of `$BROWSER` that is there and has windows, and its arguments.
    fn browser_command(&self, clip: &Path) -> Option<(String, Vec<String>)> {
        let clip = clip.display().to_string();
        self.browser.as_ref()?.split(':').find_map(|command| {
            let mut words = command.split_whitespace().map(str::to_owned);
            let program = words.next()?;
            let name = Path::new(&program).file_name()?.to_string_lossy().into_owned();
            if TEXT_BROWSERS.contains(&&*name) || !is_there(&program) {
                return None;
            }
            let mut words: Vec<String> = words.collect();
            // No shell sees it, so a name can't become a command.
            match words.iter().position(|word| word.contains("%s")) {
                Some(at) => words[at] = words[at].replace("%s", &clip),
                None => words.push(clip.clone()),
            }
            Some((program, words))
        })
    }
}

/// Opens `clip` with `player`, or with `$BROWSER`, or with the system's own: the first that is set.
/// Waits shortly for one that can't after all.
pub fn open(clip: &Path, player: &[String], here: &Here) -> io::Result<Opened> {
    if let Err(why) = here.can_show() {
        return Ok(Opened::Nowhere(why));
    }
    if let Some((program, arguments)) = player.split_first() {
        let mut command = child::command(program);
        command.args(arguments).arg(clip);
        start(command).map_err(|error| {
            io::Error::new(error.kind(), format!("the config's player: {error}"))
        })?;
        return Ok(Opened::Player(program.clone()));
    }
    if let Some((program, arguments)) = here.browser_command(clip) {
        let mut command = child::command(&program);
        command.args(arguments);
        if start(command).is_ok() {
            return Ok(Opened::Player(program));
        }
    }
    system(clip.as_os_str())
}

/// Opens a page in the system's browser, where somebody can see it. What is not a web address is not
/// handed to anybody.
pub fn browse(url: &str, here: &Here) -> io::Result<Opened> {
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Ok(Opened::Nowhere("that is not a web address".to_owned()));
    }
    if let Err(why) = here.can_show() {
        return Ok(Opened::Nowhere(why));
    }
    system(url.as_ref())
}

/// Opens a file or an address with whatever this system has for it.
fn system(target: &OsStr) -> io::Result<Opened> {
    let mut refused = io::Error::other("this system has no opener");
    for command in open::commands(target) {
        let program = PathBuf::from(command.get_program());
        match start(child::without_keys(command)) {
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
    let mut child = command.spawn()?;
    let deadline = Instant::now() + MAX_START;
    while Instant::now() < deadline {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(format!("it ended at once ({status})"))),
            None => std::thread::sleep(LOOK),
        }
    }
    Ok(())
}

/// A command for a shell of this machine, in the same kitty, that sends `clip` to the user's home folder; none
/// where kitty's helper is not installed here.
///
/// It asks the user in kitty's own window before it writes anything there, which a program that merely prints
/// kitty's sequences could do as well, but only with a protocol of its own for it: the helper is that protocol.
pub fn kitten(clip: &Path) -> Option<String> {
    let program = ["kitten", "kitty"].into_iter().find(|program| is_there(program))?;
    let program = if program == "kitten" { "kitten" } else { "kitty +kitten" };
    let name = Path::new(clip.file_name()?).display().to_string();
    let clip = shell_word(&clip.display().to_string());
    Some(format!("{program} transfer {clip} {}", shell_word(&format!("~/{name}"))))
}

/// Whether a program can be found.
pub(super) fn is_there(program: &str) -> bool {
    if program.contains(std::path::is_separator) {
        return Path::new(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
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

/// The address that the SSH client of this session has: the first word of `SSH_CONNECTION`.
fn ssh_client() -> Option<String> {
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    Some(connection.split_whitespace().next()?.to_owned())
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
    fn a_browser_is_one_with_windows_that_is_there() {
        let command = |browser: &str| {
            let here = Here { browser: Some(browser.to_owned()), ..Here::default() };
            here.browser_command(Path::new("/d/a fox;x.mp4"))
        };
        let clip = "/d/a fox;x.mp4".to_owned();
        assert_eq!(command("w3m:sh"), Some(("sh".to_owned(), vec![clip.clone()])));
        let with = command("/usr/bin/lynx:/bin/sh --new --at=%s").expect("a browser");
        assert_eq!(with, ("/bin/sh".to_owned(), vec!["--new".to_owned(), format!("--at={clip}")]));
        assert_eq!([command(""), command("w3m"), command("none-such -x %s")], [None, None, None]);
    }

    #[test]
    fn what_is_no_page_is_handed_to_nobody() {
        let browsed = browse("file:///etc/passwd", &Here::default()).expect("no error");
        assert_eq!(browsed, Opened::Nowhere("that is not a web address".to_owned()));
    }
}
