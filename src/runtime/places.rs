//! Where things are on this machine.

use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use thiserror::Error;

/// The folders and files of one user.
#[derive(Clone, Debug)]
pub struct Places {
    /// Database, clips and the sandbox.
    pub data_dir: PathBuf,
    /// The config file; it need not exist.
    pub config_file: PathBuf,
}

/// No place could be found for the data.
#[derive(Debug, Error)]
#[error("there is no home folder to keep things in; set HOME, or give --data-dir and --config")]
pub struct NoHome;

impl Places {
    /// The places given, or the XDG ones.
    pub fn find(data_dir: Option<PathBuf>, config_file: Option<PathBuf>) -> Result<Self, NoHome> {
        let base = choose_base_strategy();
        let data_dir = match (data_dir, &base) {
            (Some(dir), _) => dir,
            (None, Ok(base)) => base.data_dir().join("rushes"),
            (None, Err(_)) => return Err(NoHome),
        };
        let config_file = match (config_file, &base) {
            (Some(file), _) => file,
            (None, Ok(base)) => base.config_dir().join("rushes/config.toml"),
            (None, Err(_)) => return Err(NoHome),
        };
        Ok(Self { data_dir, config_file })
    }

    /// The folder of the user's own catalog files, beside the config file.
    pub fn catalog_dir(&self) -> PathBuf {
        self.config_file.parent().unwrap_or(Path::new(".")).join("catalog")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("rushes.db")
    }

    /// The file whose lock makes one process the driver.
    pub fn driver_lock(&self) -> PathBuf {
        self.data_dir.join("driver.lock")
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

    /// What the sandbox keeps, as a remote service would on its own machines.
    pub fn sandbox_dir(&self) -> PathBuf {
        self.data_dir.join("sandbox")
    }

    /// A file of the data folder by its stored, relative path.
    pub fn clip(&self, path: &str) -> PathBuf {
        self.data_dir.join(path)
    }
}
