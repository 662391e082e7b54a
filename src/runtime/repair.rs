//! Making the history whole again: jobs out of a damaged database and out of the files beside the clips,
//! into the database that is there or into a new one. Nothing that was there is changed or deleted.

mod outside;
mod restore;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::clock::wall;
use super::database::{self, Unusable};
use super::files::{ours, put_in_place};
use super::intents;
use super::places::Places;
use super::private::{make_data_folder, make_folder};
use super::sidecar;
use crate::domain::event::Write;
use crate::domain::job::{JobId, JobState};
use crate::domain::mark::Mark;
use crate::store::{Lease, Salvage, Store, StoreError};

/// The name of what is set aside goes on like this.
const ASIDE: &str = ".damaged-";

/// What a repair found and did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Where the damaged database is now.
    pub set_aside: Option<PathBuf>,
    /// How many jobs the history had already.
    pub known: usize,
    /// How many came back out of a damaged database.
    pub salvaged: usize,
    /// How many came back out of the files beside their clips.
    pub rebuilt: usize,
    /// How many left traces that tell too little.
    pub lost: usize,
    /// How many of those that came back are not at their end.
    pub live: usize,
    /// How many of those nobody can tell whether they were sent.
    pub doubted: usize,
    /// What became of the clips of the jobs that came back.
    pub clips: Clips,
    /// Files beside clips that can't be read.
    pub unreadable: Vec<PathBuf>,
    /// What is to be said of who could read the data folder.
    pub word: Option<String>,
    /// What the journal of intents knows beyond the history, in sentences.
    pub sent: Vec<String>,
}

/// Clips, as they are compared with the hash that was taken when they were saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clips {
    /// Those that are what was saved.
    pub whole: usize,
    /// Those that are something else now.
    pub changed: usize,
    /// Those that are not there.
    pub gone: usize,
}

/// Why nothing was repaired. Nothing was changed.
#[derive(Debug, Error)]
pub enum RepairError {
    /// Somebody works with the database.
    #[error("another Rushes{who} uses {path}; close it, and run this again", path = path.display())]
    InUse {
        /// The data folder.
        path: PathBuf,
        /// Which, where that is known: words to put behind its name.
        who: String,
    },
    /// It lies where no database may be.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The database can't be used, for another reason than damage.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file can't be handled.
    #[error("{path}: {source}; nothing was set aside or deleted. Mend that, and run this again", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Repairs the database of `places`. Doing it twice changes nothing more.
pub fn repair(places: &Places) -> Result<Repaired, RepairError> {
    let word = make_data_folder(&places.data_dir).map_err(at(&places.data_dir))?;
    database::refuse_network(places)?;
    let lock = |path: PathBuf, file: io::Result<File>| {
        let file = file.map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                let who = database::driver(places)
                    .map(|pid| format!(" (pid {pid}, which drives its jobs)"));
                Err(RepairError::InUse {
                    path: places.data_dir.clone(),
                    who: who.unwrap_or_default(),
                })
            }
            Err(TryLockError::Error(source)) => Err(RepairError::Io { path, source }),
        }
    };
    // Nobody drives (law 12), and nobody has the file open that is to be set aside.
    let _unused = lock(places.use_lock(), database::lock_file(places))?;
    let driver = places.driver_lock();
    let options = || ours().create(true).write(true).truncate(false).open(&driver);
    let _driving = lock(driver.clone(), options())?;

    let mut sources = set_aside_before(&places.database());
    let sound = sound_store(places)?;
    if sound.is_none() && places.database().exists() {
        sources.insert(0, places.database());
    }
    let building = places.repair_dir().join("rushes.db");
    let is_new = sound.is_none();
    let store = match sound {
        Some(store) => store,
        None => {
            // What is in there was made by a repair that broke off, from files that are all still there.
            drop(fs::remove_dir_all(places.repair_dir()));
            make_folder(&places.repair_dir()).map_err(at(&places.repair_dir()))?;
            database::make_file(&building).map_err(at(&building))?;
            Store::open(&building)?
        }
    };
    let mut bench = Bench::new(places, store)?;
    bench.bring_back(&sources)?;
    let Bench { store, mut told, .. } = bench;
    told.word = word;
    told.sent = intents::notes(&places.sent_journal(), &store)?;
    drop(store);
    if is_new {
        told.set_aside = put_new(places, &building)?;
    }
    Ok(told)
}

/// The jobs that the files beside the clips tell of.
pub fn told_beside_clips(places: &Places) -> BTreeSet<JobId> {
    let sidecars = sidecar::all(&places.clips_dir());
    sidecars.iter().filter_map(|path| Some(sidecar::read(path)?.job.id)).collect()
}

/// The database, where it is there and nothing is wrong with it.
fn sound_store(places: &Places) -> Result<Option<Store>, RepairError> {
    let path = places.database();
    let is_empty = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() == 0);
    if is_empty || !path.exists() {
        return Ok(None);
    }
    match Store::open(&path) {
        Ok(store) => Ok(if store.is_sound()? { Some(store) } else { None }),
        Err(StoreError::Damaged { .. } | StoreError::Other { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// What earlier repairs set aside, the newest first.
fn set_aside_before(database: &Path) -> Vec<PathBuf> {
    let Some((folder, name)) = database.parent().zip(database.file_name()) else {
        return Vec::new();
    };
    let begin = format!("{}{ASIDE}", name.to_string_lossy());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(&begin) && !name.ends_with("-wal") && !name.ends_with("-shm")
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found.reverse();
    found
}

/// Sets aside what is in the place of the database, and puts the new one there.
fn put_new(places: &Places, building: &Path) -> Result<Option<PathBuf>, RepairError> {
    let database = places.database();
    File::open(building).and_then(|file| file.sync_all()).map_err(at(building))?;
    let day = wall().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut aside = beside(&database, &format!("{ASIDE}{day}"));
    for number in 2.. {
        if !aside.exists() {
            break;
        }
        aside = beside(&database, &format!("{ASIDE}{day}-{number}"));
    }
    let mut was_there = false;
    for end in ["-wal", "-shm", ""] {
        let (from, to) = (beside(&database, end), beside(&aside, end));
        match fs::rename(&from, &to) {
            Ok(()) => was_there |= end != "-shm",
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(RepairError::Io { path: from, source }),
        }
    }
    put_in_place(building, &database).map_err(at(&database))?;
    // Only an empty folder is left of it.
    drop(fs::remove_dir_all(places.repair_dir()));
    Ok(was_there.then_some(aside))
}

/// So many jobs are stored at once: each time waits for the disk.
const BATCH: usize = 200;

/// The database that is filled, and what is told of it.
struct Bench<'a> {
    places: &'a Places,
    store: Store,
    lease: Lease,
    /// What is to be stored next.
    batch: Vec<(restore::Restored, Mark)>,
    told: Repaired,
}

impl<'a> Bench<'a> {
    fn new(places: &'a Places, mut store: Store) -> Result<Self, RepairError> {
        let lease = store.take_lease("a repair", wall())?;
        Ok(Self { places, store, lease, batch: Vec::new(), told: Repaired::default() })
    }

    /// Brings back every job that the database does not have, oldest first.
    fn bring_back(&mut self, sources: &[PathBuf]) -> Result<(), RepairError> {
        let salvages: Vec<Salvage> = sources
            .iter()
            .map(|path| Salvage::read(path).map_err(at(path)))
            .collect::<Result<_, _>>()?;
        let sidecars = self.sidecars();
        let salvaged = salvages.iter().flat_map(Salvage::jobs);
        let all: BTreeSet<JobId> = salvaged.chain(sidecars.keys().copied()).collect();
        for id in all {
            if self.store.job(id)?.is_some() {
                self.told.known += 1;
                continue;
            }
            let left = salvages.iter().find_map(|salvage| restore::salvaged(&salvage.job(id)));
            let paths = sidecars.get(&id).map_or(&[][..], |paths| paths);
            let beside = restore::rebuilt(paths, &self.places.data_dir);
            match newer(left, beside, &mut self.told) {
                Some(kept) => self.batch.push(kept),
                None => self.told.lost += 1,
            }
            if self.batch.len() >= BATCH {
                self.store_batch()?;
            }
        }
        self.store_batch()
    }

    fn store_batch(&mut self) -> Result<(), RepairError> {
        let batch = std::mem::take(&mut self.batch);
        let writes: Vec<Write> =
            batch.iter().flat_map(|(restored, _)| restored.writes.clone()).collect();
        self.store.commit(&writes, Some(self.lease))?;
        for (restore::Restored { job, .. }, mark) in batch {
            self.store.restore_mark(job.id, &mark)?;
            self.told.live += usize::from(job.state.is_live());
            self.told.doubted += usize::from(job.state == JobState::InDoubt);
            for file in job.files() {
                restore::compare(&self.places.data_dir, file, &mut self.told.clips);
            }
        }
        Ok(())
    }

    /// The files beside clips, by the job that they tell of.
    fn sidecars(&mut self) -> BTreeMap<JobId, Vec<PathBuf>> {
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for path in sidecar::all(&self.places.clips_dir()) {
            match sidecar::read(&path) {
                Some(read) => found.entry(read.job.id).or_default().push(path),
                None => self.told.unreadable.push(path),
            }
        }
        found
    }
}

/// The newer of what is left of a job in a damaged database and beside its clips, counted.
fn newer(
    left: Option<(restore::Restored, Mark)>,
    beside: Option<restore::Restored>,
    told: &mut Repaired,
) -> Option<(restore::Restored, Mark)> {
    match (left, beside) {
        (Some((left, mark)), Some(beside)) if beside.job.updated_at > left.job.updated_at => {
            told.rebuilt += 1;
            Some((beside, mark))
        }
        (Some(left), _) => {
            told.salvaged += 1;
            Some(left)
        }
        (None, beside) => {
            told.rebuilt += usize::from(beside.is_some());
            beside.map(|beside| (beside, Mark::default()))
        }
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> RepairError {
    move |source| RepairError::Io { path: path.to_owned(), source }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests;
