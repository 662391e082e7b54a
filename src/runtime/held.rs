//! Jobs that are held: never sent, and sent by nobody until the user says so. An interrupted verb asks for
//! that, and a driver that finds a job which an earlier process left, and which today's limits forbid.
//!
//! A verb that was interrupted asks in the database that its jobs be held (`cancel_asked` = 2), as others ask for a
//! stop; the engine alone decides whether one was surely not taken (`Input::Hold`). A held job is no driver's;
//! `runtime/held.rs` releases it as a new one is stored, by a consent held against how things stand in the
//! transaction, or ends it in a transaction of its own. One that the journal of intents knows as sent, since the
//! database lost its release, is not believed to be unsent: whoever drives confirms it.

use std::sync::Arc;

use super::clock::wall;
use super::intents;
use super::new_job::{NotStored, Refused};
use super::standing::{Rules, a_day_before, is_real};
use super::store_thread::StoreGone;
use super::workspace::Workspace;
use crate::domain::consent::Consent;
use crate::domain::event::{JobEvent, Write};
use crate::domain::job::{Charged, FailureClass, Job, JobError, JobId, JobState};
use crate::engine::apply;
use crate::store::{Store, StoreError};
use crate::words;

/// Why a job is held whose verb was interrupted.
pub(super) const INTERRUPTED: &str = "it was interrupted before it was sent";

/// What came of releasing a job.
#[derive(Debug)]
pub enum Released {
    /// Whoever drives sends it.
    Yes,
    /// It was not held, or is no longer. It is not going to be either, if that was asked for and not done yet.
    WasNot(JobState),
    /// It stays held: what the user agreed to does not hold, or not any more.
    No {
        /// The job.
        job: Box<Job>,
        /// Why.
        refused: Box<Refused>,
    },
}

/// Has whoever drives send the held job `id`, if what the user agreed to holds: this pays as a submit does,
/// and is held against the same in the transaction that releases it.
pub async fn release(
    workspace: &Workspace,
    id: JobId,
    consent: Consent,
) -> Result<Released, NotStored> {
    let places = workspace.places.clone();
    let run = move |store: &mut Store| {
        store.forget_hold(id)?;
        let Some(job) = held(store, id)? else { return Ok(Released::WasNot(state(store, id)?)) };
        let rules = Rules::now(&places)?;
        let estimate = rules.estimate(&job.request).filter(|now| *now != job.estimate);
        let over_limit = consent.passes_limits();
        let write = next(&job, JobEvent::Released { over_limit, estimate });
        let allows = |there| {
            let standing = rules.standing(&job.request, there);
            let objections = consent.objections(&job.request, &standing);
            if objections.is_empty() { Ok(()) } else { Err(objections) }
        };
        Ok(match store.commit_released(&write, a_day_before(write.at), allows)? {
            Some(Ok(())) => Released::Yes,
            Some(Err(objections)) => {
                let refused = rules.refused(&job.request, objections);
                Released::No { job: Box::new(job), refused }
            }
            None => Released::WasNot(state(store, id)?),
        })
    };
    workspace.store.run(run).await?
}

/// Ends the held job `id`, which costs nothing. One of which the journal beside the database knows that it was sent,
/// or can't tell, is put in doubt instead. Returns whether it was held.
pub async fn cancel(
    workspace: &Workspace,
    id: JobId,
) -> Result<Result<bool, StoreError>, StoreGone> {
    let message = "stopped before the provider had it".to_owned();
    let error = JobError::ours(FailureClass::Provider, "canceled", message, Charged::NotCharged);
    let journal = workspace.places.sent_journal();
    let run = move |store: &mut Store| {
        let Some(job) = held(store, id)? else { return Ok(false) };
        let event = match intents::knows_more_than(&journal, &job) {
            Ok(false) => JobEvent::Canceled { error },
            Ok(true) => in_doubt("the journal beside the database knows that it was sent"),
            Err(_) => in_doubt("whether it was sent stands in a journal that can't be read"),
        };
        store.commit_from(JobState::Held, &next(&job, event))
    };
    workspace.store.run(run).await
}

fn in_doubt(why: &str) -> JobEvent {
    let error = JobError::ours(FailureClass::Lost, "inDoubt", why.to_owned(), Charged::Unknown);
    JobEvent::Doubted { error, asked_as: None }
}

/// Why `job`, which is to be sent, must not be sent under the limits of now. It is held against what was there
/// when the user agreed to it: whoever submitted something later saw this one count.
pub(super) async fn forbidden(
    workspace: &Workspace,
    job: &Job,
) -> Result<Result<Option<String>, StoreError>, StoreGone> {
    let catalog = Arc::clone(&workspace.catalog);
    let is_limited = !job.over_limit && is_real(&catalog, &job.request.model.provider);
    if !job.state.is_to_be_sent() || !is_limited {
        return Ok(Ok(None));
    }
    let (job, places) = (job.clone(), workspace.places.clone());
    let run = move |store: &mut Store| {
        let rules = match Rules::with(catalog, &places) {
            Ok(rules) => rules,
            // What may be spent is not known then, so nothing is.
            Err(error) => return Ok(Some(error.to_string())),
        };
        let spent = rules.real(&store.spent_before(job.id, a_day_before(wall()))?);
        let passed = rules.limits.passed(spent, &job.estimate);
        Ok((!passed.is_empty()).then(|| words::objection::objections(&passed)))
    };
    workspace.store.run(run).await
}

/// The job of that id, where it is held.
fn held(store: &Store, id: JobId) -> Result<Option<Job>, StoreError> {
    Ok(store.job(id)?.filter(|job| job.state == JobState::Held))
}

fn next(job: &Job, event: JobEvent) -> Write {
    let (at, mut job) = (wall(), job.clone());
    apply(&mut job, &event, at);
    Write { at, event, job }
}

/// A job that is gone counts as one that has ended.
fn state(store: &Store, id: JobId) -> Result<JobState, StoreError> {
    Ok(store.job(id)?.map_or(JobState::Canceled, |job| job.state))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::super::new_job::new_job;
    use super::super::new_job::tests::{OWN_MODEL, folder, shown, stored, wish, workspace};
    use super::*;
    use crate::domain::consent::Objection;
    use crate::domain::request::{Choices, GenerationRequest};
    use crate::domain::sample;

    /// Stores `job` as it is held.
    async fn hold(workspace: &Workspace, job: Job) -> Job {
        let created = JobEvent::Created { job: Box::new(job.clone()) };
        let first = Write { at: job.created_at, event: created, job: job.clone() };
        let held = next(&job, JobEvent::Held { reason: INTERRUPTED.to_owned() });
        let job = held.job.clone();
        let write = move |store: &mut Store| store.commit(&[first, held], None);
        workspace.store.run(write).await.expect("a call").expect("a commit");
        job
    }

    async fn read(workspace: &Workspace, id: JobId) -> Job {
        let job = workspace.store.run(move |store| store.job(id)).await.expect("a call");
        job.expect("an answer").expect("a job")
    }

    /// What speaks against releasing `job`; none where it was released.
    async fn released(workspace: &Workspace, job: &Job, consent: Consent) -> Vec<Objection> {
        match release(workspace, job.id, consent).await.expect("an answer") {
            Released::Yes => Vec::new(),
            Released::WasNot(state) => panic!("it is {state}"),
            Released::No { refused, .. } => {
                assert_eq!(read(workspace, job.id).await, *job, "it stays as it is");
                refused.objections
            }
        }
    }

    fn limit(folder: &TempDir, limit: &str) {
        let config = folder.path().join("config/config.toml");
        fs::write(config, format!("[limits]\n{limit}\n")).expect("a config");
    }

    /// Once a job that was held was released with its limits looked at and nothing else: a final that another
    /// studio had paid for meanwhile was paid for again.
    #[tokio::test]
    async fn releasing_is_held_against_all_that_a_submit_is() {
        let folder = folder();
        let catalog = folder.path().join("config/catalog/own.toml");
        fs::write(&catalog, OWN_MODEL).expect("a catalog");
        let here = workspace(&folder);

        let model = sample::model("sandbox/1.5-pro");
        let draft = sample::request(model, |choices| choices.draft = true);
        let last = GenerationRequest::promote(model, &draft, "cgt-1".to_owned(), Some(7), None);
        let last = last.expect("a final");
        let job = hold(&here, new_job(model, last.clone(), None)).await;
        let other = new_job(model, last, None);
        let again = Consent { again: true, ..shown(&other) };
        assert_eq!(stored(&here, other, again).await, []);
        let against = released(&here, &job, shown(&job)).await;
        assert!(matches!(against[..], [Objection::Final { .. }]), "{against:?}");

        let seeded = Choices { seed: Some(7), prompt: "a fox".to_owned(), ..Choices::default() };
        let request = GenerationRequest::new(model, seeded).expect("a request");
        let job = hold(&here, new_job(model, request.clone(), None)).await;
        let twin = new_job(model, request, None);
        assert_eq!(stored(&here, twin.clone(), shown(&twin)).await, []);
        let against = released(&here, &job, shown(&job)).await;
        assert!(matches!(against[..], [Objection::Twin { .. }]), "{against:?}");
        let despite = Consent { despite: against, ..shown(&job) };
        assert_eq!(released(&here, &job, despite).await, []);

        let job = hold(&here, wish(&here, "runware/own")).await;
        limit(&folder, "submit_usd = 0.01");
        let against = released(&here, &job, shown(&job)).await;
        assert!(matches!(against[..], [Objection::SubmitLimit { .. }]), "{against:?}");
        limit(&folder, "");
        fs::write(&catalog, OWN_MODEL.replace("0.05", "0.5")).expect("a catalog");
        let against = released(&here, &job, shown(&job)).await;
        let [Objection::Price { now, .. }] = &against[..] else { panic!("{against:?}") };
        fs::remove_file(&catalog).expect("a catalog");
        let gone = released(&here, &job, Consent::to(now.clone())).await;
        assert!(matches!(gone[..], [Objection::ModelGone(_)]), "{gone:?}");
        fs::write(&catalog, OWN_MODEL.replace("0.05", "0.5")).expect("a catalog");
        assert_eq!(released(&here, &job, Consent::to(now.clone())).await, []);
        let sent = read(&here, job.id).await;
        assert_eq!((sent.state, &sent.estimate), (JobState::Queued, now), "what was agreed to");
    }

    /// Whoever raises a limit and submits has the job sent, although this program began under the old one; and what
    /// was within the limit is sent beside what the user let pass it.
    #[tokio::test]
    async fn what_was_agreed_to_is_not_held_by_what_came_later() {
        let folder = folder();
        limit(&folder, "daily_usd = 0.01");
        let here = workspace(&folder);
        let job = wish(&here, "runware/1.5-pro");
        let most = job.estimate.most().expect("a price").as_usd();
        limit(&folder, &format!("daily_usd = {}", most * 1.5));
        assert_eq!(stored(&here, job.clone(), shown(&job)).await, []);
        let why =
            async |job: &Job| forbidden(&here, job).await.expect("a call").expect("an answer");
        assert_eq!(why(&job).await, None, "the limit was raised");
        let over = wish(&here, "runware/1.5-pro");
        let consent = Consent { over_limit: true, again: true, ..shown(&over) };
        assert_eq!(stored(&here, over, consent).await, []);
        assert_eq!(why(&job).await, None, "the later one saw it count");
        limit(&folder, &format!("daily_usd = {}", most * 0.5));
        assert!(why(&job).await.expect("held").contains("pass the limit"));
        limit(&folder, "daily_usd = \"much\"");
        assert!(why(&job).await.expect("held").contains("config.toml:2"));
    }
}
