//! Keys and addresses of the services: where each comes from, and what it is. A key is never in plain
//! text but on its way into a request.
//!
//! A profile's own key goes before the environment's, unlike the config's: a variable that happened to be there must
//! not bill another client.
//!
//! A key is part of the config file, not a file of its own: one place to look at, refused while others can read it.
//! Of a key's command only the program is ever named, and its complaints are thrown away: a key may stand in either.

use std::collections::HashMap;
use std::fmt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::sync::Mutex;

use super::config::Config;
use super::opener::is_there;
use crate::domain::catalog::Provider;
use crate::domain::job::{Charged, FailureClass, JobError};
use crate::domain::secret::without_long_mixes;
use crate::domain::text::one_line;

/// How long a password manager may take, with somebody who has to unlock it.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// The most that it may print, in bytes; keys have some dozens.
const MAX_PRINTED_BYTES: u64 = 64 << 10;
/// How long a failure is believed, so that many jobs at once do not ask one after the other.
const FAILURE_LIFE: Duration = Duration::from_secs(10);

/// Where the key of a service comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// None is needed; the sandbox's own is made by itself.
    NotNeeded,
    /// The environment variable of that name.
    Environment(String),
    /// The program of that name. Its arguments are kept to ourselves: somebody may have written a key there.
    Command(String),
    /// The config file.
    Config,
}

impl KeySource {
    /// The word for JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotNeeded => "none",
            Self::Environment(_) => "environment",
            Self::Command(_) => "command",
            Self::Config => "config",
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNeeded => f.write_str("nowhere"),
            Self::Environment(name) | Self::Command(name) => f.write_str(name),
            Self::Config => f.write_str("the config"),
        }
    }
}

/// Where the key for `provider` comes from: a profile's own, the environment's, or the config's, and of
/// these a command before the key itself. Nothing is run or asked.
pub fn source(provider: &Provider, config: &Config) -> Option<KeySource> {
    let environment = || key_of_environment(provider).map(|_| provider.key_env.clone());
    let set = config.providers.get(&provider.id);
    if !set.is_some_and(|set| set.key_is_the_profiles)
        && let Some(name) = environment()
    {
        return Some(KeySource::Environment(name));
    }
    match set {
        Some(set) if !set.api_key_command.is_empty() => {
            Some(KeySource::Command(program(&set.api_key_command)))
        }
        Some(set) if set.api_key.is_some() => Some(KeySource::Config),
        _ if provider.key_env.is_empty() => Some(KeySource::NotNeeded),
        _ => None,
    }
}

fn key_of_environment(provider: &Provider) -> Option<SecretString> {
    let key = std::env::var(&provider.key_env).ok()?;
    (!key.trim().is_empty()).then(|| SecretString::from(key))
}

/// The keys that commands printed, for as long as the process lives.
#[derive(Debug, Default)]
pub struct Keys {
    /// By the provider's id.
    printed: Mutex<HashMap<String, Printed>>,
}

type Printed = Result<SecretString, (Instant, JobError)>;

impl Keys {
    /// The key for `provider`. A command is asked once; the others wait for its answer.
    pub async fn key(
        &self,
        provider: &Provider,
        config: &Config,
    ) -> Result<SecretString, JobError> {
        let Some(source) = source(provider, config) else {
            return Err(no_key(format!(
                "{} is not set, so nothing was sent to {}; [providers.{}] in the config may have the key as well",
                provider.key_env, provider.name, provider.id
            )));
        };
        let set = config.providers.get(&provider.id);
        let key = match (&source, set) {
            (KeySource::NotNeeded, _) => Some(SecretString::from("sandbox")),
            (KeySource::Environment(_), _) => key_of_environment(provider),
            (KeySource::Command(_), Some(set)) => {
                Some(self.printed_by(&set.api_key_command, provider).await?)
            }
            (_, set) => set.and_then(|set| set.api_key.clone()),
        };
        let usable = key.and_then(|key| usable(key.expose_secret()));
        usable.ok_or_else(|| {
            no_key(format!(
                "what {source} gives for {} is not a key: it is empty, or has spaces or other characters that no key has; nothing was sent",
                provider.name
            ))
        })
    }

    async fn printed_by(
        &self,
        words: &[String],
        provider: &Provider,
    ) -> Result<SecretString, JobError> {
        let mut printed = self.printed.lock().await;
        match printed.get(&provider.id) {
            Some(Ok(key)) => return Ok(key.clone()),
            Some(Err((at, error))) if at.elapsed() < FAILURE_LIFE => return Err(error.clone()),
            _ => {}
        }
        let outcome = ask(words, COMMAND_TIMEOUT).await.map_err(|why| {
            let error = no_key(format!(
                "the command {} for {}'s key {why}; nothing was sent. Run it by hand to see why, and unlock what it asks",
                program(words), provider.name
            ));
            (Instant::now(), error)
        });
        printed.insert(provider.id.clone(), outcome.clone());
        outcome.map_err(|(_, error)| error)
    }
}

fn no_key(message: String) -> JobError {
    JobError::ours(FailureClass::Key, "noKey", message, Charged::NotCharged)
}

/// The program, by its name where there is one of that name: anything else may be the key itself.
fn program(words: &[String]) -> String {
    match words.first() {
        Some(program) if is_there(program) => one_line(program, 60),
        _ => "api_key_command".to_owned(),
    }
}

/// The key in `text`, if it can stand in a header.
fn usable(text: &str) -> Option<SecretString> {
    let key = text.trim();
    let sound = !key.is_empty() && key.chars().all(|c| c.is_ascii_graphic());
    sound.then(|| SecretString::from(key))
}

/// The first line that a command prints, as password managers keep them; or what it did instead, in words
/// that follow its name.
///
/// No shell has a part in it. Its complaints are not read, since nobody knows what is in them; and without
/// a terminal it can't draw its questions over the studio: those that ask do so in a window of their own.
async fn ask(words: &[String], timeout: Duration) -> Result<SecretString, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("has no words".to_owned());
    };
    let child = Command::new(program)
        .args(arguments)
        .env_remove("GPG_TTY")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = child.map_err(|error| format!("can't be started ({error})"))?;
    let group = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    let output = child.stdout.take();
    let answer = async {
        let mut text = String::new();
        if let Some(output) = output {
            let read = output.take(MAX_PRINTED_BYTES).read_to_string(&mut text).await;
            read.map_err(|_| "printed something that is not text".to_owned())?;
        }
        let status = child.wait().await.map_err(|error| format!("was lost ({error})"))?;
        if !status.success() {
            return Err(format!("failed ({status})"));
        }
        let key = SecretString::from(text.lines().next().unwrap_or_default());
        Ok(key)
    };
    let outcome = tokio::time::timeout(timeout, answer).await;
    outcome.unwrap_or_else(|_| {
        // What it started itself may hold on to the terminal, so all of it ends.
        if let Some(group) = group {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        Err(format!("gave nothing within {} s", timeout.as_secs()))
    })
}

/// Where a service is, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Without a trailing slash.
    pub url: String,
    /// Who says so: `environment`, `config` or `catalog`.
    pub from: &'static str,
}

/// The address of `provider`: the environment's, the config's, or its own.
///
/// Plain http is refused unless it stays on this machine, since the key would be readable on the way.
pub fn base_url(provider: &Provider, config: &Config) -> Result<Address, JobError> {
    let set = std::env::var(&provider.base_url_env).ok();
    if set.as_ref().is_some_and(|url| url.trim().is_empty()) {
        // Whoever sets an address does not want the real service, which is paid.
        let message = format!(
            "{} is set and empty, so {} is not asked: unset it for the service's own address",
            provider.base_url_env, provider.name
        );
        let class = FailureClass::Parameter;
        return Err(JobError::ours(class, "baseUrl", message, Charged::NotCharged));
    }
    let configured = config.providers.get(&provider.id).and_then(|one| one.base_url.clone());
    let (url, from) = match (set, configured) {
        (Some(url), _) => (url, "environment"),
        (None, Some(url)) => (url, "config"),
        (None, None) => (provider.base_url.clone(), "catalog"),
    };
    let url = url.trim().trim_end_matches('/').to_owned();
    match service_address(&url) {
        Ok(_) => Ok(Address { url, from }),
        Err(why) => {
            let message = format!("the address for {} (from the {from}) {why}", provider.name);
            Err(JobError::ours(FailureClass::Parameter, "baseUrl", message, Charged::NotCharged))
        }
    }
}

/// `url` where it can be a service's address, or why not, in words that do not repeat it: a key may have been
/// written there.
pub(super) fn service_address(url: &str) -> Result<reqwest::Url, &'static str> {
    let parsed = reqwest::Url::parse(url).ok();
    let safe = parsed.filter(|url| url.scheme() == "https" || is_loopback_http(url));
    match safe {
        Some(url) if url.username().is_empty() && url.password().is_none() => Ok(url),
        Some(_) => Err(
            "has a user name or a password in it; a key is set by api_key_command or api_key instead",
        ),
        None => Err(
            "is not the address of a service: it must begin with https://, or with http:// on this machine",
        ),
    }
}

/// `url` as it may be shown: without a user, a password or a query, where keys stand.
pub fn shown(url: &str) -> String {
    let Ok(mut parsed) = reqwest::Url::parse(url) else { return without_long_mixes(url) };
    // Neither can fail for an address with a host.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.set_query(None);
    parsed.set_fragment(None);
    without_long_mixes(parsed.as_str().trim_end_matches('/'))
}

/// Whether `url` is plain http to this very machine.
pub(super) fn is_loopback_http(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    url.scheme() == "http" && loopback
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    const LONG: Duration = Duration::from_secs(60);

    fn shell(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    async fn answer(script: &str) -> Result<String, String> {
        Ok(ask(&shell(script), LONG).await?.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn the_first_line_that_a_command_prints_is_the_key() {
        assert_eq!(answer("echo rw-key; echo user: me").await.as_deref(), Ok("rw-key"));
        assert_eq!(answer("printf rw-key").await.as_deref(), Ok("rw-key"));
        // Nothing can be asked at the terminal, and what is complained of is not shown.
        assert_eq!(answer("cat; echo to the terminal >&2; echo rw").await.as_deref(), Ok("rw"));
    }

    #[tokio::test]
    async fn a_command_that_fails_is_told_without_its_words() {
        let failed = answer("echo rw-secret; echo rw-secret >&2; exit 3").await.expect_err("no");
        assert_eq!(failed, "failed (exit status: 3)");
        let gone = ask(&["/nowhere/pass".to_owned()], LONG).await.expect_err("no such program");
        assert!(gone.starts_with("can't be started"), "{gone}");
        let endless = answer("yes rw-secret-line").await;
        assert!(endless.is_err_and(|why| why.starts_with("failed")), "it was not held back");
    }

    /// A child of the command holds the pipe open; it ends with it.
    #[tokio::test]
    async fn a_command_that_hangs_is_ended_with_all_that_it_started() {
        let soon = Duration::from_millis(100);
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait", file.display());
        let why = ask(&shell(&script), Duration::from_secs(1)).await.expect_err("no answer");
        assert!(why.starts_with("gave nothing within"), "{why}");
        let pid = std::fs::read_to_string(file).expect("a process").trim().parse().expect("an id");
        let pid = rustix::process::Pid::from_raw(pid).expect("an id");
        let deadline = Instant::now() + LONG;
        while rustix::process::test_kill_process(pid).is_ok() && !is_zombie(pid) {
            assert!(Instant::now() < deadline, "it lives on");
            tokio::time::sleep(soon).await;
        }
    }

    /// Nobody may be there to take a process away that has ended.
    fn is_zombie(pid: rustix::process::Pid) -> bool {
        let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
        std::fs::read_to_string(stat).is_ok_and(|stat| stat.contains(") Z "))
    }

    fn config(lines: &str) -> Config {
        toml::from_str(&format!("[providers.runware]\n{lines}")).expect("a config")
    }

    /// The tests run without keys in their environment, so only the config has one.
    #[tokio::test]
    async fn a_command_goes_before_a_written_key_and_is_asked_once() {
        let runware = sample::catalog().provider("runware").expect("a provider");
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!("echo x >> {0}/asked; echo rw-one", folder.path().display());
        let both = config(&format!(
            "api_key = \"rw-written\"\napi_key_command = [\"sh\", \"-c\", \"{script}\"]"
        ));
        let keys = Keys::default();
        let (one, two) = tokio::join!(keys.key(runware, &both), keys.key(runware, &both));
        for key in [one, two] {
            assert_eq!(key.expect("a key").expose_secret(), "rw-one");
        }
        let asked = std::fs::read_to_string(folder.path().join("asked")).expect("it was asked");
        assert_eq!(asked, "x\n");
        assert!(!format!("{keys:?}").contains("rw-"), "{keys:?}");
        let written = keys.key(runware, &config("api_key = \" rw-written\\n\"")).await;
        assert_eq!(written.expect("a key").expose_secret(), "rw-written");
        let spaced = keys.key(runware, &config("api_key = \"rw secret\"")).await;
        let message = spaced.expect_err("no key").message;
        assert!(message.contains("is not a key") && !message.contains("secret"), "{message}");
    }
}
