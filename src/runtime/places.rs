//! Where things are on this machine.

use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use thiserror::Error;

use super::addresses::Addresses;

/// The folders and files of one user.
#[derive(Clone, Debug)]
pub struct Places {
    /// Database, clips and the sandbox.
    pub data_dir: PathBuf,
    /// The config file; it need not exist, unless it was named.
    pub config_file: PathBuf,
    /// Whether somebody named it: then its limits count, and nothing is done without it.
    pub config_is_named: bool,
    /// The profile that was chosen.
    pub profile: Option<String>,
}

/// Why there is no place for the data.
#[derive(Debug, Error)]
pub enum NoPlace {
    /// Nobody lives here.
    #[error("there is no home folder to keep things in; set HOME, or give --data-dir and --config")]
    NoHome,
    /// The profile can't name a folder.
    #[error(
        "'{0}' is not a valid profile name; expected up to {MAX_PROFILE_CHARS} small letters, digits, - and _"
    )]
    Profile(String),
}

/// A path that was given, where one was: an empty variable is none, and outside of a shell nobody else reads `~`.
fn whole(path: Option<PathBuf>) -> Option<PathBuf> {
    let path = path.filter(|path| !path.as_os_str().is_empty())?;
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    match (path.strip_prefix("~"), home) {
        (Ok(below), Some(home)) => Some(Path::new(&home).join(below)),
        _ => Some(path),
    }
}

/// The longest name of a profile, which stands in the studio's top line.
const MAX_PROFILE_CHARS: usize = 24;

impl Places {
    /// The places given, or the XDG ones. A profile has a data folder of its own inside: its jobs are
    /// asked for, promoted and summed up with its own keys alone, whatever other profile runs beside it.
    pub fn find(
        data_dir: Option<PathBuf>,
        config_file: Option<PathBuf>,
        profile: Option<String>,
    ) -> Result<Self, NoPlace> {
        let base = choose_base_strategy();
        let (data_dir, config_file) = (whole(data_dir), whole(config_file));
        let config_is_named = config_file.is_some();
        let data_dir = match (data_dir, &base) {
            // Whole, as paths below it are shown, copied and fetched from elsewhere.
            (Some(dir), _) => std::path::absolute(&dir).unwrap_or(dir),
            (None, Ok(base)) => base.data_dir().join("rushes"),
            (None, Err(_)) => return Err(NoPlace::NoHome),
        };
        let config_file = match (config_file, &base) {
            (Some(file), _) => file,
            (None, Ok(base)) => base.config_dir().join("rushes/config.toml"),
            (None, Err(_)) => return Err(NoPlace::NoHome),
        };
        let profile = profile.filter(|name| !name.is_empty());
        let places = Self { data_dir, config_file, config_is_named, profile: None };
        match profile {
            None => Ok(places),
            // Small letters only: some file systems take A and a for the same folder.
            Some(name) if is_profile(&name) => Ok(places.of_profile(&name)),
            Some(name) => Err(NoPlace::Profile(name)),
        }
    }

    /// The places of the profile `name`, seen from those without one.
    pub(super) fn of_profile(&self, name: &str) -> Self {
        Self {
            data_dir: self.data_dir.join("profiles").join(name),
            config_file: self.config_file.clone(),
            config_is_named: self.config_is_named,
            profile: Some(name.to_owned()),
        }
    }

    /// The same places without a profile.
    pub(super) fn without_profile(&self) -> Self {
        let folder = self.data_dir.ancestors().nth(if self.profile.is_some() { 2 } else { 0 });
        Self {
            data_dir: folder.unwrap_or(&self.data_dir).to_owned(),
            config_file: self.config_file.clone(),
            config_is_named: self.config_is_named,
            profile: None,
        }
    }

    /// The folder of the user's own catalog files, beside the config file.
    pub fn catalog_dir(&self) -> PathBuf {
        self.config_file.parent().unwrap_or(Path::new(".")).join("catalog")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("rushes.db")
    }

    /// The whole addresses that jobs have their results sent to.
    pub(super) fn addresses(&self) -> Addresses {
        Addresses::new(self.data_dir.join("addresses"))
    }

    /// The journal of what was sent, beside the database.
    pub fn sent_journal(&self) -> PathBuf {
        self.data_dir.join("rushes.sent")
    }

    /// The file whose lock makes one process the driver.
    pub fn driver_lock(&self) -> PathBuf {
        self.data_dir.join("driver.lock")
    }

    /// The file whose lock makes one process drive for a driver that is stopped.
    pub fn deputy_lock(&self) -> PathBuf {
        self.data_dir.join("deputy.lock")
    }

    /// The file whose lock makes one process the keeper, and that says which.
    pub fn keeper_lock(&self) -> PathBuf {
        self.data_dir.join("keeper.lock")
    }

    /// What the last keeper had to say.
    pub fn keeper_log(&self) -> PathBuf {
        self.data_dir.join("keeper.log")
    }

    /// The file whose lock every process shares that has the database open, so that none has while it is
    /// repaired.
    pub fn use_lock(&self) -> PathBuf {
        self.data_dir.join("use.lock")
    }

    /// Where a database is built anew; there only while it is.
    pub fn repair_dir(&self) -> PathBuf {
        self.data_dir.join("repair.part")
    }

    /// The clips, by day.
    pub fn clips_dir(&self) -> PathBuf {
        self.data_dir.join("clips")
    }

    /// The images that requests start from, by content.
    pub fn images_dir(&self) -> PathBuf {
        self.data_dir.join("images")
    }

    /// The frames that the user takes out of clips.
    pub fn frames_dir(&self) -> PathBuf {
        self.data_dir.join("frames")
    }

    /// What the sandbox keeps, as a remote service would on its own machines.
    pub fn sandbox_dir(&self) -> PathBuf {
        self.data_dir.join("sandbox")
    }

    /// A file of the data folder by its stored, relative path.
    pub fn clip(&self, path: &str) -> PathBuf {
        self.data_dir.join(path)
    }
}

fn is_profile(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    !name.is_empty() && name.len() <= MAX_PROFILE_CHARS && name.chars().all(plain)
}
