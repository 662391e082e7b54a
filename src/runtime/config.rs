//! The config file: every setting is optional, and a wrong one is named with its line.
//!
//! The sandbox stays the default model even when a key is set: nothing real is paid because a variable happened to be
//! there.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;
use toml::Spanned;

use super::defaults::read_defaults;
use super::keys::service_address;
use super::mistakes::{self, Listed, Mistake, near};
use super::places::Places;
use crate::domain::catalog::ModelId;
use crate::domain::ledger::Limits;
use crate::domain::request::Options;
use crate::domain::secret::without_values;
use crate::domain::text::one_line;
use crate::words::THEMES;
use crate::words::images::Images;
use crate::words::shell::shell_word;

/// What the user set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The model that is used where none is named.
    pub model: Option<ModelId>,
    /// What the settings are that nobody chose, where the model has them.
    #[serde(deserialize_with = "read_defaults")]
    pub defaults: Options,
    /// The program that shows clips, with its arguments; the file's path is added.
    pub player: Vec<String>,
    /// The studio's theme: ansi, dark, light, or a file of the folder `themes` beside this one.
    pub theme: Option<Spanned<String>>,
    /// Whether nothing in the studio may move by itself.
    pub still: bool,
    /// Whether the studio leaves the mouse to the terminal.
    pub no_mouse: bool,
    /// How the studio draws pictures.
    pub images: Images,
    /// Keys of the studio: place, then action, then keys.
    pub keys: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Whether no keeper carries live jobs on when studio and verbs have ended; see [`Self::wants_no_keeper`].
    pub no_keeper: bool,
    /// What may be spent without being asked.
    pub limits: Limits,
    /// The embedded sandbox.
    pub sandbox: SandboxConfig,
    /// The services, by their ids.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// Certificates that are trusted besides the machine's own, in PEM: those of a proxy or a gateway.
    pub ca_file: Option<PathBuf>,
    /// The network around this machine.
    pub network: NetworkConfig,
    /// What a profile puts over these settings, by its name.
    pub profiles: BTreeMap<String, Profile>,
}

/// What is set otherwise for one client, team or account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// The model that is used where none is named.
    pub model: Option<ModelId>,
    /// The studio's theme.
    pub theme: Option<Spanned<String>>,
    /// The services; what is left out here stays as it is without the profile.
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

/// The network around this machine.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// The ranges of addresses that results may be fetched from although they are not public.
    #[serde(deserialize_with = "ranges")]
    pub allow: Vec<IpNet>,
}

/// One service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderConfig {
    /// Where it is, instead of its usual address.
    #[serde(deserialize_with = "address")]
    pub base_url: Option<String>,
    /// The key itself; the file that holds it must be its owner's alone.
    pub api_key: Option<SecretString>,
    /// The program that prints the key, with its arguments.
    pub api_key_command: Vec<String>,
    /// Whether a profile says which key to use.
    #[serde(skip)]
    pub key_is_the_profiles: bool,
}

impl ProviderConfig {
    fn says_a_key(&self) -> bool {
        self.api_key.is_some() || !self.api_key_command.is_empty()
    }

    /// Takes what a profile says over.
    fn overlay(&mut self, profile: Self) {
        if profile.says_a_key() {
            self.api_key = profile.api_key;
            self.api_key_command = profile.api_key_command;
            self.key_is_the_profiles = true;
        }
        self.base_url = profile.base_url.or(self.base_url.take());
    }
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
    /// It was named, and is not there.
    #[error(
        "there is no config file {path}, which --config or RUSHES_CONFIG names; correct the name, or leave it out \
         to go without one. Nothing was done, since the limits in it would not have counted",
        path = path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is wrong.
    #[error("{}", Listed(path, mistakes))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// All that is wrong.
        mistakes: Vec<Mistake>,
    },
    /// It holds a key and others may read it.
    #[error(
        "{path} holds a key, and others on this machine can read it (its mode is {mode:04o}); close it with: chmod 600 {quoted}",
        path = path.display(), quoted = shell_word(&path.display().to_string())
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The profile that was asked for is not in it.
    #[error("there is no profile '{name}' in {path}; {there}", path = path.display(), there = there(known))]
    NoProfile {
        /// The file.
        path: PathBuf,
        /// The profile.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
}

impl Config {
    /// The config of `places` with the chosen profile over it; all defaults where there is no such file.
    pub fn read(places: &Places) -> Result<Self, ConfigError> {
        let path = &places.config_file;
        let mut config = match read_whole(path) {
            Ok((text, mode)) => {
                let config = Self::parse(path, &text)?;
                if config.holds_a_key() && mode & 0o077 != 0 {
                    return Err(ConfigError::Open { path: path.clone(), mode });
                }
                config
            }
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound && !places.config_is_named =>
            {
                Self::default()
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ConfigError::Missing { path: path.clone() });
            }
            Err(source) => return Err(ConfigError::Unreadable { path: path.clone(), source }),
        };
        if let Some(name) = &places.profile {
            config.choose(path, name)?;
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        config.ca_file = config.ca_file.map(|file| folder.join(file));
        Ok(config)
    }

    /// Puts the profile `name` over what is set for all.
    fn choose(&mut self, path: &Path, name: &str) -> Result<(), ConfigError> {
        let Some(profile) = self.profiles.get(name).cloned() else {
            let known = self.profiles.keys().cloned().collect();
            return Err(ConfigError::NoProfile {
                path: path.to_owned(),
                name: name.to_owned(),
                known,
            });
        };
        self.model = profile.model.or(self.model.take());
        self.theme = profile.theme.or(self.theme.take());
        for (id, provider) in profile.providers {
            self.providers.entry(id).or_default().overlay(provider);
        }
        Ok(())
    }

    fn holds_a_key(&self) -> bool {
        let profiles = self.profiles.values().flat_map(|profile| profile.providers.values());
        self.providers.values().chain(profiles).any(|provider| provider.api_key.is_some())
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let (config, mut mistakes): (Self, _) = mistakes::read(text);
        let own = path.with_file_name("themes");
        let profiles = config.profiles.values().filter_map(|profile| profile.theme.as_ref());
        for theme in config.theme.iter().chain(profiles) {
            let name = theme.as_ref().as_str();
            if !THEMES.contains(&name) && !own.join(format!("{name}.toml")).exists() {
                mistakes.push(Mistake::at(text, theme.span().start, no_theme(name, &own)));
            }
        }
        mistakes.sort_by_key(|mistake| mistake.line);
        match mistakes[..] {
            [] => Ok(config),
            _ => Err(ConfigError::Wrong { path: path.to_owned(), mistakes }),
        }
    }

    /// Whether no keeper is to be started: as the environment says, or the file.
    pub fn wants_no_keeper(&self) -> bool {
        self.no_keeper || std::env::var_os("RUSHES_NO_KEEPER").is_some_and(|set| !set.is_empty())
    }

    /// The sandbox's speed: the environment's, the file's, or one.
    pub fn sandbox_speed(&self) -> f64 {
        let set = std::env::var("RUSHES_SANDBOX_SPEED").ok().and_then(|text| text.parse().ok());
        let speed: f64 = set.or(self.sandbox.speed).unwrap_or(1.0);
        if speed.is_finite() { speed.clamp(0.01, 1000.0) } else { 1.0 }
    }
}

/// The text of `path`, and who may do what with the file.
fn read_whole(path: &Path) -> std::io::Result<(String, u32)> {
    let file = std::fs::File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    Ok((std::io::read_to_string(file)?, mode))
}

fn no_theme(name: &str, own: &Path) -> String {
    let name = without_values(&one_line(name, 24));
    let meant = match near(&name, THEMES.into_iter()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", THEMES.join(", ")),
    };
    format!("there is no theme `{name}`, nor a file {name}.toml in {}; {meant}", own.display())
}

fn there(profiles: &[String]) -> String {
    match profiles {
        [] => "it has none; one begins with a line like [profiles.client-a]".to_owned(),
        some => format!("there are {}", some.join(", ")),
    }
}

fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let speed = f64::deserialize(deserializer)?;
    if (0.01..=1000.0).contains(&speed) {
        return Ok(Some(speed));
    }
    Err(D::Error::custom(format!("a speed of {speed} can't be; write a number from 0.01 to 1000")))
}

/// Ranges as they are written, `198.18.0.0/15`, and single addresses.
fn ranges<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let range = |text: &String| {
        let single = || text.parse::<std::net::IpAddr>().map(IpNet::from);
        text.parse().or_else(|_| single()).map_err(|_| {
            D::Error::custom(
                "allow has no range of addresses; write each like \"198.18.0.0/15\" or \"fd00::/8\"",
            )
        })
    };
    texts.iter().map(range).collect()
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match service_address(&text) {
        Ok(_) => Ok(Some(text)),
        Err(why) => Err(D::Error::custom(format!("base_url {why}"))),
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
    fn pictures_have_six_ways_and_another_is_named_with_its_line() {
        let parse = |text: &str| Config::parse(Path::new("c.toml"), text);
        let words = ["auto", "halfblocks", "kitty", "iterm2", "sixel", "off"];
        let read = words.map(|word| parse(&format!("images = \"{word}\"")).expect(word).images);
        use Images as I;
        assert_eq!(read, [I::Auto, I::HalfBlocks, I::Kitty, I::Iterm2, I::Sixel, I::Off]);
        assert_eq!(parse("").expect("a config").images, I::Auto);
        let error = parse("still = true\nimages = \"sixels\"\n").expect_err("refused").to_string();
        assert!(
            error.starts_with("c.toml:2: unknown variant `sixels`, expected one of"),
            "{error}"
        );
    }

    #[test]
    fn a_limit_that_is_no_money_is_refused() {
        for text in ["daily_usd = -1", "daily_usd = 1e300", "submit_usd = nan"] {
            let error = Config::parse(Path::new("c.toml"), &format!("[limits]\n{text}\n"));
            let error = error.expect_err("refused").to_string();
            assert!(
                error.contains("c.toml:2") && error.contains("is not a valid limit"),
                "{error}"
            );
        }
    }

    #[test]
    fn ranges_of_addresses_are_read_and_others_are_named_with_their_line() {
        let parse = |allow: &str| {
            Config::parse(Path::new("c.toml"), &format!("[network]\nallow = {allow}\n"))
        };
        let config = parse(r#"["198.18.0.0/15", "fd00::/8", "10.0.0.7"]"#).expect("a config");
        let read: Vec<String> = config.network.allow.iter().map(ToString::to_string).collect();
        assert_eq!(read, ["198.18.0.0/15", "fd00::/8", "10.0.0.7/32"]);
        for wrong in [r#"["198.18.0.0/33"]"#, r#"["vpn"]"#, r#"["10.0.0.7/8", ""]"#] {
            let error = parse(wrong).expect_err(wrong).to_string();
            assert!(error.starts_with("c.toml:2: allow has no range"), "{error}");
            assert!(error.contains("198.18.0.0/15") && !error.contains("vpn"), "{error}");
        }
    }

    #[test]
    fn every_setting_is_read() {
        let text = "model = \"runware/1.0-pro\"\nplayer = [\"mpv\", \"--loop\"]\n[limits]\ndaily_usd = 5\nsubmit_usd = 0.75\n[sandbox]\nspeed = 2.5\n[providers.runware]\nbase_url = \"http://127.0.0.1:1/v1\"\n";
        let config = Config::parse(Path::new("config.toml"), text).expect("a config");
        assert_eq!(config.player, ["mpv", "--loop"]);
        let limits = Limits {
            daily: Some(MicroUsd(5_000_000)),
            submit: Some(MicroUsd(750_000)),
            ..Limits::default()
        };
        assert_eq!(config.limits, limits);
        assert_eq!(config.sandbox.speed, Some(2.5));
        assert_eq!(config.providers["runware"].base_url.as_deref(), Some("http://127.0.0.1:1/v1"));
    }

    /// Whoever mends one line is not told of the next one then.
    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let text = "modle = \"runware/1.0-pro\"\nstill = 3\ntheme = \"drak\"\n\n[limits]\ndaily_usd = \"ten\"\nsubmit_usd = 1\n\n[defaults]\nqualty = 80\nquality = \"high\"\nformat = \"mov\"\n\n[sandbox]\nspead = 2\nspeed = 0\n[profiles.a]\nthem = \"dark\"\n[profiles.a.providers.runware]\nbase_url = \"ftp://a.example\"\n[network]\nallow = [\"vpn\"]\n";
        let error = Config::parse(Path::new("c.toml"), text).expect_err("refused").to_string();
        let lines: Vec<&str> = error.lines().collect();
        let expected = [
            "c.toml:1: unknown field `modle`, expected one of `model`",
            "c.toml:2: invalid type: integer, expected a boolean",
            "c.toml:3: there is no theme `drak`",
            "c.toml:6: ",
            "c.toml:10: this setting does not exist",
            "c.toml:11: quality is not valid",
            "c.toml:15: unknown field `spead`",
            "c.toml:16: a speed of 0 can't be",
            "c.toml:18: unknown field `them`",
            "c.toml:20: base_url ",
            "c.toml:22: allow has no range",
            "Correct these lines",
        ];
        assert_eq!(lines.len(), expected.len(), "{error}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(expected), "{line}");
        }
        for meant in ["`model`?", "`dark`?", "`quality`?", "`speed`?", "`theme`?"] {
            assert!(error.contains(&format!("did you mean {meant}")), "{meant}: {error}");
        }
    }

    #[test]
    fn what_is_no_toml_is_told_with_all_else() {
        let text = "still = \nmodel = [\n\"a\"]\n[sandbox\nspead = 1\n";
        let error = Config::parse(Path::new("c.toml"), text).expect_err("refused").to_string();
        assert!(error.contains("c.toml:1: ") && error.contains("c.toml:4: "), "{error}");
        for (text, line) in [("a", 1), ("still = true\nstill = false\n", 2), ("\n\n= 1", 3)] {
            let error = Config::parse(Path::new("c.toml"), text).expect_err(text).to_string();
            assert!(error.starts_with(&format!("c.toml:{line}: ")), "{error}");
        }
    }

    const KEY: &str = "rw-secret-value-4711";

    #[test]
    fn a_key_in_the_wrong_place_is_not_repeated() {
        for wrong in [
            format!("providers = \"{KEY}\""),
            format!("[providers]\nrunware = \"{KEY}\""),
            format!("[providers.runware]\napi_key_command = \"{KEY}\""),
            format!("[providers.runware]\napi_key = [\"{KEY}\"]"),
            format!("[providers.runware]\napi_key = {KEY}"),
            format!("[providers.runware]\napi_key = \"{KEY}"),
            format!("[providers.runware]\napi_key = '{KEY}' '{KEY}'"),
            format!("still = \"{KEY}\""),
            format!("[sandbox]\nspeed = \"{KEY}\""),
            format!("{KEY} = true"),
            format!("[providers.runware]\n{KEY} = true"),
            format!("model = \"{KEY}\""),
            format!("images = \"{KEY}\""),
            format!("[providers.runware]\nbase_url = \"{KEY}\""),
            format!("[providers.runware]\nbase_url = \"http://a.example/?key={KEY}\""),
            format!("[providers.runware]\nbase_url = \"https://me:{KEY}@a.example/v1\""),
            format!("[providers.runware]\nbase_url = \"https://{KEY}@a.example/v1\""),
        ] {
            let error = Config::parse(Path::new("config.toml"), &wrong).expect_err(&wrong);
            assert!(!format!("{error} {error:?}").contains("secret"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_config_with_keys_does_not_show_them() {
        let text = format!("[providers.runware]\napi_key = \"{KEY}\"\n");
        let config = Config::parse(Path::new("config.toml"), &text).expect("a config");
        assert!(config.holds_a_key());
        assert!(!format!("{config:?}").contains("secret"), "{config:?}");
    }

    /// The profile's own key is used whatever else is set: nobody pays for another's clips.
    #[test]
    fn a_profile_goes_over_what_is_set_for_all() {
        let text = "model = \"sandbox/1.5-pro\"\n[providers.runware]\nbase_url = \"https://one.example/v1\"\napi_key_command = [\"pass\", \"all\"]\n[profiles.client-a]\nmodel = \"runware/1.0-pro\"\n[profiles.client-a.providers.runware]\napi_key_command = [\"pass\", \"a\"]\n";
        let mut config = Config::parse(Path::new("config.toml"), text).expect("a config");
        config.choose(Path::new("config.toml"), "client-a").expect("a profile");
        let runware = &config.providers["runware"];
        assert_eq!(runware.api_key_command, ["pass", "a"]);
        assert!(runware.key_is_the_profiles);
        assert_eq!(runware.base_url.as_deref(), Some("https://one.example/v1"));
        assert_eq!(config.model.map(|id| id.to_string()).as_deref(), Some("runware/1.0-pro"));
    }
}
