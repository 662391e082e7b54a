//! What is known of a service as a whole.

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::domain::job::Job;

/// The wire protocol that a provider speaks; one adapter each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Arrays of tasks, `getResponse`, client-made task ids.
    Runware,
    /// `/run` and `/status` of serverless endpoints.
    Runpod,
    /// `/runs`.
    Runbase,
}

impl Protocol {
    /// Whether one request asks for many jobs.
    pub fn asks_for_many(self) -> bool {
        self == Self::Runware
    }
}

/// So many requests in any window of so many seconds, whatever they ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRate {
    /// The most requests.
    pub max: NonZeroU32,
    /// The window, in seconds.
    pub window_s: NonZeroU32,
}

/// A service that renders. Fields that a file leaves out keep the values of [`Default`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The part before the slash of a model id.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// Which adapter speaks to it.
    pub protocol: Protocol,
    /// Where it is, without a trailing slash; empty for the sandbox, which says at start.
    #[serde(default)]
    pub base_url: String,
    /// The environment variable that holds the key; empty where none is needed.
    #[serde(default)]
    pub key_env: String,
    /// The environment variable that overrides `base_url`.
    #[serde(default)]
    pub base_url_env: String,
    /// Where a person sees what was billed.
    #[serde(default)]
    pub dashboard_url: String,
    /// How many jobs may be at the provider at once.
    #[serde(default = "default_max_live_jobs")]
    pub max_live_jobs: usize,
    /// How many requests one key may send; none where no limit is documented.
    #[serde(default)]
    pub requests: Option<RequestRate>,
    /// Whether a submitted job can be stopped there.
    #[serde(default)]
    pub can_cancel: bool,
    /// Whether a job of unknown outcome can be looked up by its attempt key.
    #[serde(default)]
    pub can_look_up: bool,
    /// The provider whose models this one offers too, under the same wire ids.
    #[serde(default)]
    pub mirrors: Option<String>,
    /// Whether money is made up here, so that it never mixes with real money.
    #[serde(default)]
    pub play_money: bool,
    /// How long a draft usually takes, in seconds, before any was seen; overrides the models'.
    #[serde(default)]
    pub expected_draft_s: Option<u32>,
    /// How long anything else usually takes, in seconds; overrides the models'.
    #[serde(default)]
    pub expected_final_s: Option<u32>,
    /// How long a finished clip can be fetched there, in hours; none where nobody says.
    #[serde(default)]
    pub result_lifetime_h: Option<u32>,
    /// How long it knows a job that has ended there, in minutes; none where nobody says.
    #[serde(default)]
    pub record_lifetime_min: Option<u32>,
    /// What a person should know.
    #[serde(default)]
    pub note: String,
}

/// How long a provider of which nobody says it keeps files, and knows jobs: the longest that any names.
const KEPT_MS: u64 = 7 * 24 * 3_600_000;

impl Provider {
    /// How long it keeps a file.
    pub fn result_lifetime_ms(&self) -> u64 {
        self.result_lifetime_h.map_or(KEPT_MS, |hours| u64::from(hours) * 3_600_000)
    }

    /// How long it knows a job.
    pub fn record_lifetime_ms(&self) -> u64 {
        let minutes = self.record_lifetime_min.map(|minutes| u64::from(minutes) * 60_000);
        minutes.unwrap_or_else(|| self.result_lifetime_ms())
    }

    /// Whether it can be asked for `job`: by its own id of it, or by the key that it was sent with.
    pub fn can_be_asked_for(&self, job: &Job) -> bool {
        self.can_look_up || job.remote_id.is_some()
    }
}

fn default_max_live_jobs() -> usize {
    4
}
