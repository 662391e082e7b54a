//! The profiles of a data folder, each with a folder of its own, and what they have under way.
//!
//! A profile is a data folder: jobs, drafts' ids and balances belong to an account, so a job never meets another
//! profile's key, and the engine knows nothing of profiles. What is live in other folders is counted by
//! `runtime/profiles.rs`, also for profiles that the config has no longer.

use std::fmt;
use std::fs;

use super::places::Places;
use crate::store::Store;
use crate::words;

/// Live jobs of another profile than the chosen one, which asks for them when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The profile; none for jobs without one.
    pub profile: Option<String>,
    /// How many.
    pub jobs: usize,
}

impl fmt::Display for Elsewhere {
    /// In words, with the command that carries on with them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs = words::count(self.jobs, "live job");
        match &self.profile {
            Some(name) => write!(f, "{name} has {jobs}: rushes --profile {name} wait"),
            None => write!(f, "without a profile there are {jobs}: rushes --profile '' wait"),
        }
    }
}

/// Every other profile that has live jobs, also one that the config no longer names: its jobs may be paid
/// for. A database that can't be read is told of by its own profile.
pub fn live_elsewhere(places: &Places) -> Vec<Elsewhere> {
    let all = places.without_profile();
    let entries = fs::read_dir(all.data_dir.join("profiles")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let profiles = names.iter().map(|name| all.of_profile(name));
    std::iter::once(all.clone())
        .chain(profiles)
        .filter(|other| other.profile != places.profile && other.database().exists())
        .filter_map(|other| {
            let jobs = Store::open(&other.database()).ok()?.live_jobs().ok()?.len();
            (jobs > 0).then_some(Elsewhere { profile: other.profile, jobs })
        })
        .collect()
}
