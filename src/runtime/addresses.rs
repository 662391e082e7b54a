//! The whole addresses that jobs have their results sent to. They are credentials, so a job has only what is
//! shown of them; the rest lies in a file of its own for as long as the job may still be sent, and is put into
//! a request last of all, as a key is.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use thiserror::Error;
use uuid::Uuid;

use super::files::write_whole;
use super::private::make_folder;
use crate::domain::address::Address;
use crate::domain::job::{Charged, FailureClass, JobError};
use crate::domain::request::Options;
use crate::provider::wire::HttpRequest;

/// The largest file that an address is read from.
const MAX_BYTES: u64 = 64 << 10;
/// A file without a job may belong to one that is being stored right now, but not for so long.
const STORING: Duration = Duration::from_secs(3600);

/// Why an address can't be used. Nothing was sent.
#[derive(Debug, Error)]
pub enum AddressError {
    /// The file that it should stand in can't be read.
    #[error("the address in {path} can't be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Something else stands there.
    #[error("{path} holds no address: write one line that begins with https:// or http://")]
    NoAddress {
        /// The file.
        path: String,
    },
    /// It can't be kept until the job is sent.
    #[error("the data folder can't keep the address: {0}")]
    NotKept(#[from] io::Error),
}

/// Whole addresses by what is shown of them.
pub(super) type Whole = BTreeMap<String, String>;

/// The folder of the addresses.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    folder: PathBuf,
}

impl Addresses {
    /// The addresses in `folder`, which is made when there are some.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps what is not shown of `addresses`, read out of their files where they stand in some.
    pub(super) fn keep<'a>(
        &self,
        id: Uuid,
        addresses: impl Iterator<Item = &'a Address>,
    ) -> Result<(), AddressError> {
        let mut whole = Whole::new();
        for address in addresses {
            let text = match address.file() {
                Some(path) => read(path)?,
                None => address.expose().to_owned(),
            };
            if text != address.to_string() {
                whole.insert(address.to_string(), text);
            }
        }
        if whole.is_empty() {
            return Ok(());
        }
        make_folder(&self.folder)?;
        let text = serde_json::to_vec(&whole).map_err(io::Error::other)?;
        Ok(write_whole(&self.path(id), &text)?)
    }

    /// What was kept for `id`.
    pub(super) fn of(&self, id: Uuid) -> Whole {
        let text = fs::read(self.path(id)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// The parts of `id`'s addresses that nobody may see.
    pub(super) fn secrets(&self, id: Uuid) -> Vec<String> {
        let whole = self.of(id).into_values();
        let address = whole.filter_map(|text| text.parse::<Address>().ok());
        address.map(|address| address.secret().unwrap_or(address.expose()).to_owned()).collect()
    }

    /// Forgets what was kept for `id`.
    pub(super) fn forget(&self, id: Uuid) {
        // What stays is found again at the next start.
        drop(fs::remove_file(self.path(id)));
    }

    /// Forgets what was kept for whom `is_wanted` does not know, but what is just being stored.
    pub(super) fn forget_unless(&self, now: SystemTime, is_wanted: impl Fn(Uuid) -> bool) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let id = path.file_stem().and_then(|stem| Uuid::try_parse(stem.to_str()?).ok());
            let written = entry.metadata().and_then(|meta| meta.modified());
            let is_old =
                written.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > STORING));
            if is_old && !id.is_some_and(&is_wanted) {
                drop(fs::remove_file(path));
            }
        }
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}

/// The addresses among the settings of a request.
pub(super) fn among(options: &Options) -> impl Iterator<Item = &Address> {
    options.iter().filter_map(|(_, value)| value.address())
}

/// The address that stands in the file at `path`.
fn read(path: &str) -> Result<String, AddressError> {
    let unreadable = |source| AddressError::Unreadable { path: path.to_owned(), source };
    let about = fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() || about.len() > MAX_BYTES {
        return Err(AddressError::NoAddress { path: path.to_owned() });
    }
    let text = fs::read_to_string(Path::new(path)).map_err(unreadable)?;
    let address = text.parse::<Address>().ok();
    let whole = address.filter(|address| address.file().is_none() && address.is_whole());
    let whole = whole.ok_or(AddressError::NoAddress { path: path.to_owned() })?;
    Ok(whole.expose().to_owned())
}

/// Puts the whole addresses into `request`, whose settings are `options`; refuses where one is missing.
pub(super) fn put_in(
    request: &HttpRequest,
    options: &Options,
    whole: &Whole,
) -> Result<HttpRequest, JobError> {
    for address in among(options) {
        let is_known = whole.contains_key(&address.to_string());
        if !is_known && (!address.is_whole() || address.file().is_some()) {
            let message = format!(
                "the whole of {address} is no longer kept, so nothing was sent; submit it again with the address"
            );
            let class = FailureClass::Parameter;
            return Err(JobError::ours(class, "missingAddress", message, Charged::NotCharged));
        }
    }
    let mut request = request.clone();
    if !whole.is_empty()
        && let Ok(mut body) = serde_json::from_slice(&request.body)
    {
        replace(&mut body, whole);
        request.body = body.to_string().into_bytes();
    }
    Ok(request)
}

fn replace(value: &mut serde_json::Value, whole: &Whole) {
    match value {
        serde_json::Value::String(text) => {
            if let Some(address) = whole.get(text) {
                text.clone_from(address);
            }
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(|one| replace(one, whole)),
        serde_json::Value::Object(parts) => {
            parts.values_mut().for_each(|one| replace(one, whole));
        }
        _ => {}
    }
}
