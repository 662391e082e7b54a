//! A request becomes a job: with its id, its idempotency key and its estimate, and stored before
//! anybody sends it.
//!
//! Twins are compared as they are asked for, before a provider draws a seed. On the command line a request without
//! one has none: a script means its repeats.

use thiserror::Error;

use super::addresses::{self, AddressError};
use super::clock::{new_attempt_key, new_job_id, wall};
use super::config::ConfigError;
use super::line::line;
use super::standing::{Rules, a_day_before};
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::catalog::Model;
use crate::domain::consent::{Consent, Objection};
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{Job, Parent};
use crate::domain::ledger::Limits;
use crate::domain::request::GenerationRequest;
use crate::store::{Store, StoreError};

/// A job for `request`, as it is before it is stored.
pub fn new_job(model: &Model, request: GenerationRequest, parent: Option<Parent>) -> Job {
    let job = Job::new(new_job_id(), new_attempt_key(), wall(), model, request);
    Job { parent, ..job }
}

/// `job` with the account that it is made for. Where there is no key nothing is sent either, and so it is said.
pub async fn with_account(workspace: &Workspace, job: Job) -> Job {
    let line = line(workspace, &job.request.model.provider).await;
    Job { account: line.ok().and_then(|line| line.account()), ..job }
}

/// What came of storing a job.
#[derive(Debug)]
pub enum Stored {
    /// It is stored, and will be sent.
    Yes,
    /// Nothing was stored: what the user agreed to does not hold, or not any more.
    No(Box<Refused>),
}

/// Why nothing was stored, with what it was held against.
#[derive(Debug)]
pub struct Refused {
    /// What speaks against it.
    pub objections: Vec<Objection>,
    /// Its model with its prices as they are now; none where it is gone.
    pub model: Option<Model>,
    /// The limits as they are now.
    pub limits: Limits,
}

/// Why a job could not be stored.
#[derive(Debug, Error)]
pub enum NotStored {
    /// What may be spent can't be read.
    #[error("{0}. Nothing was sent")]
    Config(#[from] ConfigError),
    /// The database does not take it.
    #[error("{0}. Nothing was sent")]
    Store(#[from] StoreError),
    /// An address that results are to be sent to can't be used.
    #[error("{0}. Nothing was sent")]
    Address(#[from] AddressError),
    /// The database's thread is gone.
    #[error(transparent)]
    Gone(#[from] StoreGone),
}

/// Stores `job`, so that whoever drives sends it, if what the user agreed to still holds: by the catalog and
/// the limits as their files are now, and by what every program on this data has stored so far.
pub async fn store(workspace: &Workspace, job: Job, consent: Consent) -> Result<Stored, NotStored> {
    let places = workspace.places.clone();
    let (addresses, id) = (places.addresses(), job.id.0);
    // First, so that whoever sends the job finds them.
    addresses.keep(id, addresses::among(&job.request.options))?;
    let stored = move |store: &mut Store| {
        let rules = Rules::now(&places)?;
        let estimate = rules.estimate(&job.request).unwrap_or_default();
        let job = Job { estimate, over_limit: consent.passes_limits(), ..job };
        let event = JobEvent::Created { job: Box::new(job.clone()) };
        let write = Write { at: job.created_at, event, job };
        let request = &write.job.request;
        let allows = |there| {
            let objections = consent.objections(request, &rules.standing(request, there));
            if objections.is_empty() { Ok(()) } else { Err(objections) }
        };
        Ok(match store.commit_if(&write, a_day_before(write.at), allows)? {
            Ok(()) => Stored::Yes,
            Err(objections) => Stored::No(rules.refused(request, objections)),
        })
    };
    let stored = workspace.store.run(stored).await.map_err(NotStored::from).flatten();
    if !matches!(stored, Ok(Stored::Yes)) {
        addresses.forget(id);
    }
    stored
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::domain::job::{JobId, JobState, Relation};
    use crate::domain::request::Choices;
    use crate::domain::sample;
    use crate::runtime::places::Places;

    /// A model of the user's own, by the second of a 480p clip.
    pub(in crate::runtime) const OWN_MODEL: &str = r#"for_provider = "runware"

[[model]]
id = "own"
wire_id = "own:1@1"
name = "Own"
as_of = "2026-11-21"
sure = "made up for a test"
status = { kind = "live" }
expected_wait_s = 1
prompt = { min_chars = 2, max_chars = 4000 }
duration = { min_s = 1, max_s = 6, step_s = 1, default_s = 1 }
fps = 24
size = { text = "width_height", image = "resolution" }
default_resolution = "480p"
formats = ["mp4"]

[model.dimensions]
"480p" = { "16:9" = [640, 360] }

[model.price]
unit = "second"
usd = { "480p" = 0.05 }
sure = "made up for a test"
"#;

    pub(in crate::runtime) fn folder() -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("config/catalog")).expect("folders");
        folder
    }

    /// The workspace of another program on the same data.
    pub(in crate::runtime) fn workspace(folder: &TempDir) -> Workspace {
        let config_file = folder.path().join("config/config.toml");
        let places = Places {
            data_dir: folder.path().join("data"),
            config_file,
            config_is_named: false,
            profile: None,
        };
        Workspace::open(places).expect("a workspace")
    }

    pub(in crate::runtime) fn wish(workspace: &Workspace, model: &str) -> Job {
        let model = workspace.catalog.model(&model.parse().expect("an id")).expect("a model");
        let choices = Choices { prompt: "a fox".to_owned(), ..Choices::default() };
        new_job(model, GenerationRequest::new(model, choices).expect("a request"), None)
    }

    pub(in crate::runtime) fn shown(job: &Job) -> Consent {
        Consent::to(job.estimate.clone())
    }

    /// What speaks against storing it; none where it was stored.
    pub(in crate::runtime) async fn stored(
        workspace: &Workspace,
        job: Job,
        consent: Consent,
    ) -> Vec<Objection> {
        match store(workspace, job, consent).await.expect("an answer") {
            Stored::Yes => Vec::new(),
            Stored::No(refused) => refused.objections,
        }
    }

    async fn count(workspace: &Workspace) -> usize {
        workspace.store.run(|store| store.live_jobs()).await.expect("a call").expect("jobs").len()
    }

    #[tokio::test]
    async fn a_limit_that_was_set_meanwhile_counts() {
        let folder = folder();
        let here = workspace(&folder);
        let job = wish(&here, "runware/1.5-pro");
        let config = folder.path().join("config/config.toml");
        fs::write(&config, "[limits]\nsubmit_usd = 0.01\n").expect("a config");
        let against = stored(&here, job.clone(), shown(&job)).await;
        assert!(matches!(against[..], [Objection::SubmitLimit { .. }]), "{against:?}");
        // What may be spent is not known then, so nothing is.
        fs::write(&config, "[limits]\nsubmit_usd = \"much\"\n").expect("a config");
        let error = store(&here, job.clone(), shown(&job)).await.expect_err("refused").to_string();
        assert!(error.contains("config.toml:2") && error.contains("Nothing was sent"), "{error}");
        fs::remove_file(&config).expect("a config");
        assert_eq!(count(&here).await, 0);
        assert_eq!(stored(&here, job.clone(), shown(&job)).await, []);
        assert_eq!(count(&here).await, 1);
    }

    #[tokio::test]
    async fn another_price_or_a_model_that_is_gone_stores_nothing() {
        let folder = folder();
        let catalog = folder.path().join("config/catalog/own.toml");
        fs::write(&catalog, OWN_MODEL).expect("a catalog");
        let here = workspace(&folder);
        let job = wish(&here, "runware/own");
        fs::write(&catalog, OWN_MODEL.replace("0.05", "0.5")).expect("a catalog");
        let against = stored(&here, job.clone(), shown(&job)).await;
        let [Objection::Price { now, .. }] = &against[..] else { panic!("{against:?}") };
        assert_eq!(now.to_string(), "$0.50000");
        fs::remove_file(&catalog).expect("a catalog");
        let against = stored(&here, job.clone(), shown(&job)).await;
        assert!(matches!(against[..], [Objection::ModelGone(_)]), "{against:?}");
        assert_eq!(count(&here).await, 0);
        fs::write(&catalog, OWN_MODEL.replace("0.05", "0.5")).expect("a catalog");
        assert_eq!(stored(&here, job.clone(), Consent::to(now.clone())).await, []);
        let kept = here.store.run(|store| store.live_jobs()).await.expect("a call").expect("jobs");
        assert_eq!(kept[0].estimate, *now, "the job says what was agreed to");
    }

    #[tokio::test]
    async fn of_two_that_promote_one_draft_at_once_one_does() {
        let folder = folder();
        let (here, there) = (workspace(&folder), workspace(&folder));
        let model = sample::model("sandbox/1.5-pro");
        let draft = sample::request(model, |choices| choices.draft = true);
        for round in 0..10 {
            let id = format!("cgt-{round}");
            let wanted = GenerationRequest::promote(model, &draft, id, Some(7), None);
            let wanted = wanted.expect("a final");
            // The one knows it as the draft's child, the other by its id alone.
            let job = JobId(uuid::Uuid::from_u128(1));
            let parent = Parent { job, relation: Relation::Promote };
            let one = new_job(model, wanted.clone(), Some(parent));
            let other = new_job(model, wanted, None);
            let consents = (shown(&one), shown(&other));
            let (one, other) =
                tokio::join!(stored(&here, one, consents.0), stored(&there, other, consents.1));
            assert_eq!(usize::from(one.is_empty()) + usize::from(other.is_empty()), 1, "{round}");
            assert_eq!(count(&here).await, round + 1);
        }
    }

    #[tokio::test]
    async fn a_final_counts_as_long_as_it_is_there_and_also_in_doubt() {
        let folder = folder();
        let here = workspace(&folder);
        let model = sample::model("sandbox/1.5-pro");
        let draft = sample::request(model, |choices| choices.draft = true);
        for state in JobState::ALL {
            let id = format!("cgt-{state}");
            let wanted = GenerationRequest::promote(model, &draft, id, Some(7), None);
            let wanted = wanted.expect("a final");
            let job = Job { state: *state, ..new_job(model, wanted.clone(), None) };
            let event = JobEvent::Created { job: Box::new(job.clone()) };
            let write = Write { at: job.created_at, event, job };
            let write = move |store: &mut Store| store.commit(&[write], None);
            here.store.run(write).await.expect("a call").expect("a commit");
            let again = new_job(model, wanted, None);
            let consent = shown(&again);
            let against = stored(&here, again, consent).await;
            let gone = matches!(state, JobState::Failed | JobState::Canceled | JobState::Expired);
            assert_eq!(against.is_empty(), gone, "{state}: {against:?}");
        }
    }
}
