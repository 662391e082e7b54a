//! The embedded sandbox's place on the network: one process per data folder serves it on loopback, the
//! others use that one, and take its place when it ends. Its jobs live in its journal meanwhile.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use super::driver_locks::{sign, stopped_holder};
use super::sandbox_files::SandboxFiles;
use super::sandbox_server;
use crate::domain::catalog::Catalog;
use crate::sandbox::{Sandbox, Settings};

/// How long to wait for a process that has the lock but does not serve yet.
const START_PATIENCE: Duration = Duration::from_secs(3);

/// Serves the sandbox of one data folder, or finds who does.
#[derive(Debug)]
pub struct SandboxHost {
    folder: PathBuf,
    catalog: Arc<Catalog>,
    speed: f64,
    serving: Mutex<Option<Serving>>,
}

#[derive(Debug)]
struct Serving {
    address: SocketAddr,
    /// Held for as long as this process serves.
    _lock: File,
}

/// Why the sandbox can't be served.
#[derive(Debug, Error)]
pub enum HostError {
    /// Its folder can't be used.
    #[error("the sandbox's folder {path} can't be used: {source}", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process serves it.
    #[error(
        "another Rushes serves the sandbox of this data folder already, at http://{0}/v1; use that one, stop it, or choose another --data-dir"
    )]
    Served(String),
    /// The process that serves it is stopped.
    #[error(
        "process {0}, which serves the sandbox of this data folder, is stopped: fg or kill -CONT {0}"
    )]
    Stopped(u32),
    /// The address can't be taken.
    #[error(
        "the sandbox can't listen on {address}: {source}; choose another address with --listen, or port 0 for a free one"
    )]
    Address {
        /// The address that was asked for.
        address: String,
        /// Why.
        source: io::Error,
    },
}

impl SandboxHost {
    /// A host that does nothing until it is needed.
    pub fn new(folder: PathBuf, catalog: Arc<Catalog>, speed: f64) -> Self {
        Self { folder, catalog, speed, serving: Mutex::new(None) }
    }

    /// The address for the adapter, `http://127.0.0.1:PORT/v1`; serves if nobody does.
    pub async fn base_url(&self) -> Result<String, String> {
        let deadline = tokio::time::Instant::now() + START_PATIENCE;
        loop {
            let key = self.key().map_err(|error| error.to_string())?;
            match self.begin(None, Some(key), Vec::new()).await {
                Ok(address) => return Ok(format!("http://{address}/v1")),
                // The lock is taken: whoever has it serves, or is about to.
                Err(HostError::Served(address)) if TcpStream::connect(&address).await.is_ok() => {
                    return Ok(format!("http://{address}/v1"));
                }
                Err(error) if tokio::time::Instant::now() > deadline => {
                    return Err(error.to_string());
                }
                Err(HostError::Served(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// The key that the sandbox of this folder takes, where nobody said another one.
    pub fn secret(&self) -> Result<SecretString, HostError> {
        self.key().map(SecretString::from)
    }

    fn key(&self) -> Result<String, HostError> {
        let unusable = |source| HostError::Folder { path: self.folder.clone(), source };
        SandboxFiles::open(&self.folder).and_then(|files| files.key()).map_err(unusable)
    }

    /// Serves at `listen` for other programs, with `key` as the only key that is taken, or any. Requests for
    /// the hosts `allowed` are taken besides those for this machine. Returns where.
    pub async fn serve(
        &self,
        listen: &str,
        key: Option<String>,
        allowed: Vec<String>,
    ) -> Result<SocketAddr, HostError> {
        self.begin(Some(listen), key, allowed).await
    }

    async fn begin(
        &self,
        listen: Option<&str>,
        key: Option<String>,
        allowed: Vec<String>,
    ) -> Result<SocketAddr, HostError> {
        let mut serving = self.serving.lock().await;
        if let Some(serving) = &*serving {
            return Ok(serving.address);
        }
        let unusable = |source| HostError::Folder { path: self.folder.clone(), source };
        let files = SandboxFiles::open(&self.folder).map_err(unusable)?;
        let lock = files.lock().map_err(unusable)?;
        if lock.try_lock().is_err() {
            if let Some(pid) = stopped_holder(&lock) {
                return Err(HostError::Stopped(pid));
            }
            return Err(HostError::Served(files.address().unwrap_or_default()));
        }
        sign(&lock);
        let listener = bind(listen, files.address()).await?;
        let address = listener.local_addr().map_err(unusable)?;
        files.set_address(&address.to_string()).map_err(unusable)?;
        // The programs of this folder come with the folder's own key, whatever others are to come with.
        let mut keys = Vec::from_iter(key);
        if !keys.is_empty() {
            keys.push(files.key().map_err(unusable)?);
        }
        files.remove_old_clips(SystemTime::now());
        let mut sandbox =
            Sandbox::new(Arc::clone(&self.catalog), Settings { speed: self.speed, keys });
        for record in files.journal().map_err(unusable)? {
            sandbox.replay(record);
        }
        files.shorten(|| sandbox.journal()).map_err(unusable)?;
        sandbox_server::start(listener, sandbox, files, allowed).map_err(unusable)?;
        *serving = Some(Serving { address, _lock: lock });
        Ok(address)
    }
}

/// The address asked for; otherwise the last one, so that addresses of results stay true; otherwise
/// any free port.
async fn bind(listen: Option<&str>, last: Option<String>) -> Result<TcpListener, HostError> {
    if let Some(address) = listen {
        return TcpListener::bind(address)
            .await
            .map_err(|source| HostError::Address { address: address.to_owned(), source });
    }
    if let Some(last) = last.and_then(|last| last.parse::<SocketAddr>().ok())
        && last.ip().is_loopback()
        && let Ok(listener) = TcpListener::bind(last).await
    {
        return Ok(listener);
    }
    TcpListener::bind("127.0.0.1:0").await.map_err(|source| HostError::Address {
        address: "a free port of 127.0.0.1".to_owned(),
        source,
    })
}
