//! Staying with jobs until they were accepted or have ended, and saying how they did.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::Context;
use super::interrupt::{Heard, Signals};
use super::job_json::JobJson;
use super::leave;
use super::submit::{find_jobs, is_play_money, is_variation, ways};
use super::trouble::{Trouble, UNWRITTEN};
use crate::domain::consent::{Consent, Objection};
use crate::domain::cost::Estimate;
use crate::domain::job::{Charged, FailureClass, Job, JobId, JobState};
use crate::domain::money::MicroUsd;
use crate::domain::query::{Filter, HistoryQuery};
use crate::domain::wait::Wait;
use crate::runtime::clock::wall;
use crate::runtime::driver::Driver;
use crate::runtime::held::{self, Released};
use crate::runtime::live::{LiveJob, Snapshot};
use crate::runtime::profiles;
use crate::runtime::settle;
use crate::runtime::workspace::Workspace;
use crate::store::StoreError;
use crate::words::{self, objection::objections};

/// How often the live line's clock moves on.
const LINE_TICK: Duration = Duration::from_secs(1);
/// How often this machine's disk may refuse a file before nobody waits for it any longer.
const MAX_DISK_TRIES: u32 = 3;

/// The most held jobs that are named.
const MOST_NAMED: usize = 20;

/// How long a service may be out of reach of a verb that waits for no file: then its job is held.
const OUT_OF_REACH: Duration = Duration::from_secs(20);

/// How long to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// The provider has it, or it has ended.
    Accepted,
    /// It has ended, or only the user can decide.
    Ended,
}

/// What a verb does for jobs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    pub(super) until: Until,
    /// Whether it was asked to have them sent, so that what it could not send is held where it is interrupted.
    pub(super) sends: bool,
    /// Whether it starts no keeper.
    pub(super) no_keeper: bool,
}

/// `rushes wait`.
pub(super) async fn run(context: &mut Context, texts: &[String], yes: Yes) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    let signals = Signals::listen()?;
    let stay = Stay { until: Until::Ended, sends: !texts.is_empty(), no_keeper: false };
    if stay.sends {
        let ids = find_jobs(&workspace, texts).await?;
        for job in read(&workspace, &ids).await? {
            release(&workspace, &job, yes).await?;
        }
        return jobs(context, workspace, &ids, stay, signals).await;
    }
    let query = HistoryQuery { filters: vec![Filter::State(JobState::Held)], ..Default::default() };
    let both = workspace.store.run(move |store| {
        Ok::<_, StoreError>((store.live_jobs()?, store.history(&query, MOST_NAMED, wall())?))
    });
    let (mut live, held) = both.await??;
    // What is in doubt may be known with the key of now, and nobody else drives to ask.
    if live.is_empty() && settle::ask_again(&workspace).await.is_ok_and(|found| found > 0) {
        live = workspace.store.run(|store| store.live_jobs()).await??;
    }
    for job in held {
        let what = words::held(&job).unwrap_or_default();
        context.out.note(&format!("job {} is held, {what}", job.id));
    }
    if live.is_empty() {
        context.out.note("no job is live");
        for other in profiles::live_elsewhere(&workspace.places) {
            context.out.note(&format!("{other}"));
        }
        return Ok(0);
    }
    let ids: Vec<JobId> = live.into_iter().map(|job| job.id).collect();
    jobs(context, workspace, &ids, stay, signals).await
}

/// What the user says of held jobs by naming them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Yes {
    /// Whether a limit of the config may be passed.
    pub(super) over_limit: bool,
    /// Whether the same may be paid for again.
    pub(super) again: bool,
    /// Up to which price of now each may be sent, where it is another one than before.
    pub(super) max_usd: Option<MicroUsd>,
}

/// Has `job` sent if it is held, or is to be: who names it here says so.
async fn release(workspace: &Workspace, job: &Job, yes: Yes) -> Result<(), Trouble> {
    let mut price = job.estimate.clone();
    loop {
        let consent = Consent {
            over_limit: yes.over_limit,
            again: yes.again || is_variation(job),
            ..Consent::to(price.clone())
        };
        let objections = match held::release(workspace, job.id, consent).await? {
            Released::Yes | Released::WasNot(_) => return Ok(()),
            Released::No { refused, .. } => refused.objections,
        };
        // The price is looked at anew each time, so that no more than that is agreed to.
        match price_of_now(&objections) {
            Some(now)
                if yes.max_usd.is_some_and(|max| now.most().is_some_and(|most| most <= max)) =>
            {
                price = now.clone();
            }
            now => return Err(stays_held(job, &objections, now)),
        }
    }
}

/// What `objections` say that the price is, where it is not the one that was agreed to.
fn price_of_now(objections: &[Objection]) -> Option<&Estimate> {
    objections.iter().find_map(|one| match one {
        Objection::Price { now, .. } => Some(now),
        _ => None,
    })
}

fn stays_held(job: &Job, against: &[Objection], price: Option<&Estimate>) -> Trouble {
    let end = format!("`rushes cancel {}` ends it for nothing", job.id.short());
    let price = match price.and_then(Estimate::most) {
        Some(most) => format!("add --max-usd {} to pay as much, or {end}", most.as_usd()),
        None => format!("R in the studio asks for a yes to that, and {end}"),
    };
    Trouble::wrong(format!(
        "{}. Job {} stays held, and nothing was sent; {}",
        objections(against),
        job.id,
        ways(against, &end, &price)
    ))
}

/// Drives until all of `ids` have come as far as wanted, prints each, and returns the exit status. What is live
/// then is left to a keeper.
pub(super) async fn jobs(
    context: &mut Context,
    workspace: Arc<Workspace>,
    ids: &[JobId],
    stay: Stay,
    mut signals: Signals,
) -> Result<u8, Trouble> {
    // How often the disk refused in earlier runs: whoever waits anew has freed some space perhaps.
    let tries_before: HashMap<JobId, u32> =
        read(&workspace, ids).await?.into_iter().map(|job| (job.id, job.download_tries)).collect();
    let mut driver = Driver::start(Arc::clone(&workspace));
    let mut waiting = ids.to_vec();
    let mut seen_version = None;
    let mut status = 0;
    let mut said = HashSet::new();
    let mut stuck = None;
    let out_of_reach = tokio::time::sleep(OUT_OF_REACH);
    tokio::pin!(out_of_reach);
    loop {
        let snapshot = driver.snapshot();
        if seen_version != Some(snapshot.version) {
            seen_version = Some(snapshot.version);
            let found = read(&workspace, &waiting).await?;
            if found.len() < waiting.len() {
                // A row that can't be read any more is waited for by nobody; the store says which.
                waiting.retain(|id| found.iter().any(|job| job.id == *id));
                status = status.max(3);
            }
            for job in found {
                let before = tries_before.get(&job.id).copied().unwrap_or_default();
                if let Some(code) = arrived(&job, stay.until, before) {
                    waiting.retain(|id| *id != job.id);
                    let told = print(context, &workspace, &job);
                    let told = told.map_or_else(|_| unwritten(context, &job), |()| 0);
                    status = status.max(code).max(told);
                }
            }
        }
        if waiting.is_empty() {
            driver.end().await;
            leave::ended(context, &workspace, stay).await;
            return Ok(status);
        }
        if stuck != snapshot.stuck {
            context.out.note(&words::stuck(stuck, snapshot.stuck));
            stuck = snapshot.stuck;
        }
        context.say_notes();
        say_troubles(context, &snapshot, &waiting, &mut said);
        show(context, &snapshot, &waiting);
        tokio::select! {
            changed = driver.changed() => changed?,
            () = tokio::time::sleep(LINE_TICK), if context.out.is_live() => {}
            () = &mut out_of_reach, if stay.until == Until::Accepted => {
                out_of_reach.set(tokio::time::sleep(OUT_OF_REACH));
                if read(&workspace, &waiting).await?.iter().all(is_out_of_reach) {
                    leave::hold(&workspace, &waiting, &mut driver).await?;
                }
            }
            heard = signals.next() => match heard {
                Heard::End(signal) => {
                    let unsent = async {
                        if stay.sends {
                            leave::hold(&workspace, &waiting, &mut driver).await?;
                        }
                        driver.end().await;
                        Ok::<_, Trouble>(())
                    };
                    // Whoever asks twice does not want to wait.
                    tokio::select! { held = unsent => held?, _ = signals.next() => {} }
                    let message = leave::interrupted(&workspace, &waiting, stay).await?;
                    return Err(Trouble::Interrupted { signal, message });
                }
                Heard::Stop => {
                    driver.end().await;
                    leave::stopped(context, &workspace, stay).await;
                    driver = Driver::start(Arc::clone(&workspace));
                    seen_version = None;
                }
            }
        }
    }
}

pub(super) async fn read(workspace: &Workspace, ids: &[JobId]) -> Result<Vec<Job>, Trouble> {
    let ids = ids.to_vec();
    let jobs = workspace.store.run(move |store| {
        ids.into_iter().filter_map(|id| store.job(id).transpose()).collect::<Result<Vec<_>, _>>()
    });
    Ok(jobs.await??)
}

/// The exit status of a job that needs no more waiting. Its file was tried `tries_before` times
/// before the wait began.
fn arrived(job: &Job, until: Until, tries_before: u32) -> Option<u8> {
    match job.state {
        JobState::Succeeded => Some(0),
        // To a script a failure says that it may submit again; what may have been charged says no such thing.
        JobState::Failed | JobState::Canceled | JobState::Expired => {
            let charged = job.error.as_ref().map(|error| error.charged);
            Some(if charged == Some(Charged::Unknown) { 3 } else { 1 })
        }
        JobState::InDoubt | JobState::Held => Some(3),
        JobState::Running | JobState::Downloading | JobState::Canceling
            if until == Until::Accepted =>
        {
            Some(0)
        }
        // A full disk does not pass by itself; the result waits at the provider.
        JobState::Downloading
            if job.download_tries >= tries_before + MAX_DISK_TRIES && is_disk(job) =>
        {
            Some(3)
        }
        _ => None,
    }
}

/// Whether nothing of `job` left this machine, since its service can't be reached.
fn is_out_of_reach(job: &Job) -> bool {
    let network = job.error.as_ref().is_some_and(|error| error.class == FailureClass::Network);
    network && is_before_acceptance(job)
}

fn is_before_acceptance(job: &Job) -> bool {
    use JobState::{Confirming, Queued, RetryWait, Submitting};
    matches!(job.state, Queued | RetryWait | Submitting | Confirming)
}

fn is_disk(job: &Job) -> bool {
    job.error.as_ref().is_some_and(|error| error.class == FailureClass::Disk)
}

/// Says what keeps the waited-for jobs, once each: whoever reads no live line would see nothing for hours.
/// `said` has what is being said, by whom it is about.
fn say_troubles(
    context: &mut Context,
    snapshot: &Snapshot,
    waiting: &[JobId],
    said: &mut HashSet<(String, String)>,
) {
    let mut now_said = HashSet::new();
    let mut say = |who: String, what: String, sentence: String| {
        if !said.contains(&(who.clone(), what.clone())) {
            context.out.note(&sentence);
        }
        now_said.insert((who, what));
    };
    for (provider, error) in &snapshot.troubles {
        let sentence = match error.class {
            FailureClass::Key => {
                format!("{provider} was not asked: {}; the jobs are safe there", error.message)
            }
            _ => format!("{provider} does not answer: {}; asking again", error.message),
        };
        say(provider.clone(), String::new(), sentence);
    }
    for live in snapshot.jobs.iter().filter(|live| waiting.contains(&live.job.id)) {
        let job = &live.job;
        if let Some(wait @ Wait::Unseen { why, .. }) = &live.wait {
            let (_, sentence) = words::wait(wait, &job.request.model.provider, wall());
            say(
                job.id.to_string(),
                format!("{why:?}"),
                format!("job {}: {sentence}", job.id.short()),
            );
        } else if let Some((line, advice)) = words::trouble(job)
            && (job.state == JobState::Downloading || is_before_acceptance(job))
        {
            say(
                job.id.to_string(),
                line.clone(),
                format!("job {}: {line}. {advice}", job.id.short()),
            );
        }
    }
    // Each try to send begins without the trouble of the one before it.
    now_said.extend(said.drain().filter(|(_, what)| !what.is_empty()));
    *said = now_said;
}

/// The live line: what the first of the waited-for jobs is doing.
fn show(context: &mut Context, snapshot: &Snapshot, waiting: &[JobId]) {
    let mut lives = snapshot.jobs.iter().filter(|live| waiting.contains(&live.job.id));
    let Some(first) = lives.next() else { return };
    let others = lives.count();
    let more = if others > 0 {
        format!(" · and {}", words::count(others, "other"))
    } else {
        String::new()
    };
    let line = live_line(first);
    context.out.progress(&[format!("{line}{more}")]);
}

/// `running · 4 s · 40 % · draft · 864x496 · …`.
pub(super) fn live_line(live: &LiveJob) -> String {
    let job = &live.job;
    let mut parts =
        vec![words::state(job).to_owned(), words::span(wall().duration_since(job.since))];
    if let Some(percent) = live.percent {
        parts.push(format!("{percent} %"));
    }
    if let Some(saving) = live.saving {
        let total = saving.total.map(|total| format!(" of {}", words::bytes(total)));
        parts.push(format!("{}{}", words::bytes(saving.bytes), total.unwrap_or_default()));
    }
    if let Some(wait) = &live.wait {
        parts.push(words::wait(wait, &job.request.model.provider, wall()).0);
    } else if let Some(error) = &job.error {
        parts.push(error.message.clone());
    }
    parts.push(words::settings(&job.request));
    parts.join(" · ")
}

/// Says how a job stands, as the result of a verb.
fn print(context: &mut Context, workspace: &Workspace, job: &Job) -> Result<(), Trouble> {
    if context.json {
        return context.out.json(&JobJson::new(job, &context.places.data_dir));
    }
    context.out.line(&format!("job {} {}", job.id, words::state(job)))?;
    let seed = job.seed().map(|seed| format!(" · seed {seed}")).unwrap_or_default();
    context.out.line(&format!(
        "  {} · {}{seed}",
        job.request.model,
        words::settings(&job.request)
    ))?;
    for line in money(workspace, job) {
        context.out.line(&format!("  {line}"))?;
    }
    for (output, file) in job.saved() {
        let path = context.places.clip(&file.path);
        context.out.line(&format!("  {} ({})", path.display(), words::file_facts(output, file)))?;
    }
    if let Some((line, advice)) = words::trouble(job) {
        let (saved, asked) = (job.files().count(), job.request.results as usize);
        if job.state == JobState::Succeeded && saved < asked {
            context.out.line(&format!(
                "  only {saved} of {} could be had:",
                words::count(asked, "result")
            ))?;
        }
        context.out.line(&format!("  {line}"))?;
        if job.state != JobState::Succeeded {
            context.out.line(&format!("  {advice}"))?;
        }
    }
    if let Some(held) = words::held(job) {
        context.out.line(&format!("  {held}"))?;
    }
    let short = job.id.short();
    if job.state == JobState::Succeeded && job.draft_id().is_some() {
        context.out.line(&format!("  make the final: rushes promote {short} --wait"))?;
    } else if job.state.is_live() {
        context.out.line(&format!("  wait for the file: rushes wait {short}"))?;
    }
    Ok(())
}

/// Names a job where standard output takes nothing: what was paid must not be lost with it. Returns the exit
/// status, which is not that of a job that failed.
fn unwritten(context: &mut Context, job: &Job) -> u8 {
    let (id, state, short) = (job.id, words::state(job), job.id.short());
    context.out.note(&format!(
        "rushes: the output can't be written; job {id} is {state}, and `rushes show {short}` tells all of it"
    ));
    UNWRITTEN
}

/// Charge and estimate.
pub(super) fn money(workspace: &Workspace, job: &Job) -> Vec<String> {
    let play = if is_play_money(workspace, job) { " (play money)" } else { "" };
    let first = match job.charge() {
        Some(charge) => format!("charged {charge}, estimated {}{play}", job.estimate),
        None => format!("estimated {}{play}", job.estimate),
    };
    std::iter::once(first).chain(words::unbelievable(job)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobError;
    use crate::domain::sample;

    /// To a script a failure is a reason to submit again, and that would perhaps be paid twice.
    #[test]
    fn what_was_perhaps_charged_is_never_a_failure() {
        let model = sample::model("runware/1.0-pro");
        let queued = sample::job(1, model, sample::request(model, |_| {}));
        let ends = JobState::ALL.iter().filter(|state| state.is_end());
        for state in ends.filter(|state| **state != JobState::Succeeded) {
            for charged in Charged::ALL {
                let error = JobError { charged: *charged, ..sample::error(FailureClass::Provider) };
                let job = Job { state: *state, error: Some(error), ..queued.clone() };
                let status = if *charged == Charged::Unknown { 3 } else { 1 };
                for until in [Until::Accepted, Until::Ended] {
                    assert_eq!(arrived(&job, until, 0), Some(status), "{state} {charged}");
                }
            }
        }
    }
}
