//! The config file: every setting is optional, and a wrong one is named with its line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::keys::is_loopback_http;
use crate::domain::catalog::ModelId;
use crate::domain::ledger::Limits;

/// What the user set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The model that is used where none is named.
    pub model: Option<ModelId>,
    /// The program that shows clips, with its arguments; the file's path is added.
    pub player: Vec<String>,
    /// The studio's theme: ansi, dark, light, or a file of the folder `themes` beside this one.
    pub theme: Option<String>,
    /// Whether nothing in the studio may move by itself.
    pub still: bool,
    /// Whether the studio leaves the mouse to the terminal.
    pub no_mouse: bool,
    /// Keys of the studio: place, then action, then keys.
    pub keys: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Whether no keeper carries live jobs on when the studio is left.
    pub no_keeper: bool,
    /// What may be spent without being asked.
    pub limits: Limits,
    /// The embedded sandbox.
    pub sandbox: SandboxConfig,
    /// The services, by their ids.
    pub providers: BTreeMap<String, ProviderConfig>,
}

/// The embedded sandbox.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SandboxConfig {
    /// How many times faster than usual it answers.
    #[serde(deserialize_with = "speed")]
    pub speed: Option<f64>,
}

/// One service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderConfig {
    /// Where it is, instead of its usual address.
    #[serde(deserialize_with = "address")]
    pub base_url: Option<String>,
}

/// Why the config file could not be used. Nothing was changed.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error("the config file {path} can't be read: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is wrong.
    #[error("{path}:{line}: {what}; correct that line or remove it, nothing was changed", path = path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

impl Config {
    /// The config of `path`; all defaults where there is no such file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text[..offset].matches('\n').count() + 1;
            let what = error.message().lines().collect::<Vec<_>>().join(" ");
            ConfigError::Wrong { path: path.to_owned(), line, what }
        })
    }

    /// The sandbox's speed: the environment's, the file's, or one.
    pub fn sandbox_speed(&self) -> f64 {
        let set = std::env::var("RUSHES_SANDBOX_SPEED").ok().and_then(|text| text.parse().ok());
        let speed: f64 = set.or(self.sandbox.speed).unwrap_or(1.0);
        if speed.is_finite() { speed.clamp(0.01, 1000.0) } else { 1.0 }
    }
}

fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let speed = f64::deserialize(deserializer)?;
    if (0.01..=1000.0).contains(&speed) {
        return Ok(Some(speed));
    }
    Err(D::Error::custom(format!("a speed of {speed} can't be; write a number from 0.01 to 1000")))
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match reqwest::Url::parse(&text) {
        Ok(url) if url.scheme() == "https" || is_loopback_http(&url) => Ok(Some(text)),
        _ => Err(D::Error::custom(format!(
            "'{text}' is no address of a service; it begins with https://, or with http:// on this machine"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::MicroUsd;

    #[test]
    fn a_wrong_line_is_named() {
        let text = "model = \"sandbox/1.5-pro\"\n\n[sandbox]\nspead = 2\n";
        let error = Config::parse(Path::new("config.toml"), text).expect_err("refused").to_string();
        assert!(error.starts_with("config.toml:4: unknown field `spead`"), "{error}");
    }

    #[test]
    fn a_limit_that_is_no_money_is_refused() {
        for text in ["daily_usd = -1", "daily_usd = 1e300", "submit_usd = nan"] {
            let error = Config::parse(Path::new("c.toml"), &format!("[limits]\n{text}\n"));
            let error = error.expect_err("refused").to_string();
            assert!(error.contains("c.toml:2") && error.contains("is no limit"), "{error}");
        }
    }

    #[test]
    fn every_setting_is_read() {
        let text = "model = \"runware/1.0-pro\"\nplayer = [\"mpv\", \"--loop\"]\n[limits]\ndaily_usd = 5\nsubmit_usd = 0.75\n[sandbox]\nspeed = 2.5\n[providers.runware]\nbase_url = \"http://127.0.0.1:1/v1\"\n";
        let config = Config::parse(Path::new("config.toml"), text).expect("a config");
        assert_eq!(config.player, ["mpv", "--loop"]);
        let limits = Limits { daily: Some(MicroUsd(5_000_000)), submit: Some(MicroUsd(750_000)) };
        assert_eq!(config.limits, limits);
        assert_eq!(config.sandbox.speed, Some(2.5));
        assert_eq!(config.providers["runware"].base_url.as_deref(), Some("http://127.0.0.1:1/v1"));
    }
}
