//! Everything that a process works with: places, config, catalog, database, transport, sandbox.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::child;
use super::clip_server::ClipServer;
use super::config::{Config, ConfigError};
use super::database::{self, Unusable};
use super::http::Transport;
use super::keys::Keys;
use super::notes::Notes;
use super::pictures::Pictures;
use super::places::Places;
use super::private::make_data_folder;
use super::sandbox_host::SandboxHost;
use super::store_thread::StoreThread;
use crate::domain::catalog::{Catalog, CatalogFile, CatalogProblem};
use crate::store::{Store, StoreError};

/// What a process works with. Cheap to share.
#[derive(Debug)]
pub struct Workspace {
    /// Where things are.
    pub places: Places,
    /// What the user set.
    pub config: Config,
    /// The models.
    pub catalog: Arc<Catalog>,
    /// What was wrong with the user's catalog files.
    pub catalog_problems: Vec<CatalogProblem>,
    /// The database.
    pub store: StoreThread,
    /// HTTP.
    pub transport: Transport,
    /// The services' keys.
    pub keys: Keys,
    /// The embedded sandbox.
    pub sandbox: SandboxHost,
    /// Clips for a browser elsewhere.
    pub clip_server: ClipServer,
    /// The pictures of clips, made in the background.
    pub pictures: Pictures,
    /// What is to be said about it.
    pub notes: Notes,
    /// Why nothing can be written here, where that is so and the workspace was opened to be looked at.
    pub read_only: Option<String>,
    /// Says to a repair that the database is in use.
    _in_use: Option<File>,
}

/// Why the program can't work here. Nothing was changed.
#[derive(Debug, Error)]
pub enum WorkspaceError {
    /// The config is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database must not be used where it is, or not now.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The data folder can't be made.
    #[error("the data folder {path} can't be made ({source}); choose another with --data-dir", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database's thread can't be started.
    #[error("no thread can be started for the database: {0}")]
    Thread(io::Error),
}

impl Workspace {
    /// Opens the workspace of `places`, making its data folder where there is none.
    pub fn open(places: Places) -> Result<Self, WorkspaceError> {
        let config = Config::read(&places)?;
        let word = make_data_folder(&places.data_dir)
            .map_err(|source| WorkspaceError::Folder { path: places.data_dir.clone(), source })?;
        let (store, in_use) = database::open(&places)?;
        let workspace = Self::with(places, config, store, in_use, None)?;
        word.into_iter().for_each(|word| workspace.notes.say(word));
        Ok(workspace)
    }

    /// Opens it as well as it can be: where the data folder can't be written, or its disk is full, to be looked at.
    pub fn open_to_read(places: Places) -> Result<Self, WorkspaceError> {
        match Self::open(places.clone()) {
            Err(WorkspaceError::Store(
                error @ (StoreError::ReadOnly { .. }
                | StoreError::Full { .. }
                | StoreError::Disk { .. }),
            )) => {
                let config = Config::read(&places)?;
                let Ok(store) = Store::open_to_read(&places.database()) else {
                    return Err(error.into());
                };
                Self::with(places, config, store, None, Some(error.to_string()))
            }
            outcome => outcome,
        }
    }

    fn with(
        places: Places,
        config: Config,
        store: Store,
        in_use: Option<File>,
        read_only: Option<String>,
    ) -> Result<Self, WorkspaceError> {
        let (catalog, catalog_problems) = read_catalog(&places);
        let catalog = Arc::new(catalog);
        let notes = Notes::default();
        let sandbox =
            SandboxHost::new(places.sandbox_dir(), Arc::clone(&catalog), config.sandbox_speed());
        Ok(Self {
            store: StoreThread::start(store, notes.clone()).map_err(WorkspaceError::Thread)?,
            transport: Transport::new(config.ca_file.clone(), &config.network.allow),
            keys: Keys::default(),
            clip_server: ClipServer::default(),
            pictures: Pictures::default(),
            catalog_problems,
            catalog,
            sandbox,
            config,
            places,
            notes,
            read_only,
            _in_use: in_use,
        })
    }
}

/// The built-in catalog with the user's own files merged on top, and what was wrong with those.
pub fn read_catalog(places: &Places) -> (Catalog, Vec<CatalogProblem>) {
    let mut files = Vec::new();
    let mut unreadable = Vec::new();
    let entries = fs::read_dir(places.catalog_dir()).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    for path in paths {
        let name = path.display().to_string();
        match fs::read_to_string(&path) {
            Ok(text) => files.push((name, text)),
            Err(error) => unreadable.push(CatalogProblem {
                file: name,
                line: 1,
                what: format!("can't be read: {error}"),
            }),
        }
    }
    let files: Vec<CatalogFile<'_>> =
        files.iter().map(|(name, text)| CatalogFile { name, text }).collect();
    let (catalog, mut problems) = Catalog::load(&files);
    child::remember_keys(&catalog);
    problems.extend(unreadable);
    (catalog, problems)
}
