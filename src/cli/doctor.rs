//! `rushes doctor`: what is set up, what works, and what to do.

use serde_json::{Value, json};

use super::Context;
use super::trouble::Trouble;
use crate::domain::catalog::Provider;
use crate::domain::job::{FailureClass, JobError};
use crate::domain::money::MicroUsd;
use crate::domain::secret::without_values;
use crate::domain::wait::Stuck;
use crate::runtime::account::{self, Account};
use crate::runtime::clip_server;
use crate::runtime::config::Config;
use crate::runtime::driver_locks;
use crate::runtime::ffmpeg;
use crate::runtime::intents;
use crate::runtime::keys::{self, Address, KeySource};
use crate::runtime::opener::{self, Here};
use crate::runtime::profiles;
use crate::runtime::repair::told_beside_clips;
use crate::runtime::workspace::Workspace;
use crate::store::StoreError;
use crate::words;
use crate::words::images::{Between, Images};

/// How far this machine's clock may be from a service's, in seconds.
const MAX_SKEW_S: u64 = 60;

/// What a machine may lack, and be as it should.
const OPTIONAL: [&str; 5] = ["player", "link", "kitten", "ffmpeg", "keys"];

/// One thing that was looked at.
struct Finding {
    ok: bool,
    about: String,
    what: String,
    /// The same for programs, where there is more than the words.
    facts: Value,
}

pub(super) async fn run(context: &mut Context) -> Result<u8, Trouble> {
    let workspace = match context.workspace() {
        Ok(workspace) => workspace,
        Err(Trouble::Said { message, .. }) => return without_workspace(context, message).await,
        Err(other) => return Err(other),
    };
    let mut findings = vec![
        found(true, "data", context.places.data_dir.display().to_string()),
        config(context),
        catalog(&workspace),
        database(&workspace).await,
    ];
    findings.extend(
        driver_locks::stopped(&workspace.places)
            .map(|pid| found(false, "driver", words::stuck(None, Some(Stuck::Stopped { pid })))),
    );
    let keys = (context.wrong_keys)(&workspace.config.keys);
    findings.extend(keys.into_iter().map(|what| found(false, "keys", without_values(&what))));
    findings.extend(unknown_clips(&workspace).await);
    findings.extend(unknown_sends(&workspace).await);
    findings.extend(profile(&workspace));
    let mut clocks = Vec::new();
    for provider in &workspace.catalog.providers {
        let (finding, ahead_s) = service(&workspace, provider).await;
        findings.push(finding);
        clocks.extend(ahead_s.filter(|_| !provider.play_money).map(|ahead_s| (provider, ahead_s)));
    }
    findings.extend(clocks.into_iter().max_by_key(|(_, ahead_s)| ahead_s.abs()).map(clock));
    findings.extend(ways(context, &workspace.config.player, workspace.config.images).await);
    let ok = findings.iter().all(|finding| finding.ok || OPTIONAL.contains(&&*finding.about));
    print(context, findings)?;
    Ok(u8::from(!ok))
}

/// What can be said where the data folder, its database or the config can't be used: the doctor is needed
/// most there.
async fn without_workspace(context: &mut Context, why: String) -> Result<u8, Trouble> {
    let mut findings = vec![found(true, "data", context.places.data_dir.display().to_string())];
    match Config::read(&context.places) {
        Err(wrong) => findings.push(found(false, "config", wrong.to_string())),
        Ok(_) => findings.extend([config(context), found(false, "opening", why)]),
    }
    findings.extend(ways(context, &[], Images::default()).await);
    print(context, findings)?;
    Ok(1)
}

/// The ways to look at a clip, each tried.
async fn ways(context: &Context, player: &[String], images: Images) -> Vec<Finding> {
    let here = Here::look();
    let (ok, what) = here.in_words(player);
    let link = match clip_server::works().await {
        Ok(()) => {
            found(true, "link", "`rushes open JOB --serve` works, for a browser elsewhere".into())
        }
        Err(error) => found(false, "link", format!("`rushes open JOB --serve` does not: {error}")),
    };
    let copy = here.copy_from().line(&context.places.clip("clips/DAY/NAME").display().to_string());
    let decoder = match tokio::task::spawn_blocking(ffmpeg::version).await.ok().flatten() {
        Some(version) => found(true, "ffmpeg", version),
        None => found(
            false,
            "ffmpeg",
            "not installed; WebM, HEVC and 10-bit clips have no pictures here".to_owned(),
        ),
    };
    let clip = context.places.clip("clips/DAY/NAME");
    let kitten = match opener::kitten(&clip) {
        Some(line) => found(true, "kitten", format!("in kitty: {line}")),
        None => found(
            false,
            "kitten",
            "kitty's helper is not installed here; in kitty it would send clips to your machine"
                .to_owned(),
        ),
    };
    let between = Between::from_env(|name| std::env::var(name).ok());
    let pictures = found(true, "pictures", images.in_words(between).to_owned());
    vec![pictures, found(ok, "player", what), link, found(true, "copy", copy), kitten, decoder]
}

fn print(context: &mut Context, findings: Vec<Finding>) -> Result<(), Trouble> {
    for Finding { ok, about, what, facts } in findings {
        if context.json {
            let mut object = json!({ "about": about, "ok": ok, "what": what });
            if let (Some(all), Value::Object(facts)) = (object.as_object_mut(), facts) {
                all.extend(facts);
            }
            context.out.json(&object)?;
        } else {
            let mark = if ok { "ok" } else { "--" };
            context.out.line(&format!("{mark}  {about:<9} {what}"))?;
        }
    }
    Ok(())
}

fn found(ok: bool, about: &str, what: String) -> Finding {
    Finding { ok, about: about.to_owned(), what, facts: Value::Null }
}

fn config(context: &Context) -> Finding {
    let file = &context.places.config_file;
    let state =
        if file.exists() { "read" } else { "not there, so all settings have their defaults" };
    found(true, "config", format!("{} ({state})", file.display()))
}

fn catalog(workspace: &Workspace) -> Finding {
    if let Some(id) =
        workspace.config.model.as_ref().filter(|id| workspace.catalog.model(id).is_none())
    {
        return found(
            false,
            "catalog",
            format!(
                "the config's model '{}' is not in it; `rushes models` lists what is",
                id.repeated()
            ),
        );
    }
    let problems = workspace.catalog_problems.len();
    let models = workspace.catalog.models.len();
    let what = match problems {
        0 => format!(
            "{models} models; files in {} are merged on top",
            workspace.places.catalog_dir().display()
        ),
        _ => format!(
            "{models} models, and {problems} problems in {}",
            workspace.places.catalog_dir().display()
        ),
    };
    found(problems == 0, "catalog", what)
}

async fn database(workspace: &Workspace) -> Finding {
    let looked =
        workspace.store.run(|store| Ok::<_, StoreError>((store.live_jobs()?, store.is_sound()?)));
    let path = workspace.places.database().display().to_string();
    match looked.await {
        Ok(Ok((_, false))) => {
            let advice = "parts of it are damaged; close every Rushes, then `rushes doctor --repair` sets it aside \
                          and brings back what can be read";
            found(false, "database", format!("{path}, {advice}"))
        }
        Ok(Ok((live, true))) => {
            found(true, "database", format!("{path}, {} live", words::count(live.len(), "job")))
        }
        Ok(Err(error)) => found(false, "database", error.to_string()),
        Err(error) => found(false, "database", error.to_string()),
    }
}

/// Clips that the history does not know, as after its database was lost.
async fn unknown_clips(workspace: &Workspace) -> Option<Finding> {
    let told = told_beside_clips(&workspace.places);
    let unknown = workspace.store.run(move |store| {
        let known = told.iter().map(|id| store.job(*id));
        known.filter(|job| matches!(job, Ok(None))).count()
    });
    let number = unknown.await.ok().filter(|number| *number > 0)?;
    let jobs = words::count(number, "job");
    let what = format!(
        "{jobs} with clips here are not in the history; `rushes doctor --repair` brings them back"
    );
    Some(found(false, "clips", what))
}

/// Jobs that were sent and that the history does not know, as after an older copy of it was put back.
async fn unknown_sends(workspace: &Workspace) -> Vec<Finding> {
    let path = workspace.places.sent_journal();
    let notes = workspace.store.run(move |store| intents::notes(&path, store)).await;
    let notes = notes.into_iter().flatten().flatten();
    notes.map(|note| found(false, "sent", note)).collect()
}

/// Which profile this is, and which others have jobs that only they ask for.
fn profile(workspace: &Workspace) -> Option<Finding> {
    let here = workspace.places.profile.as_ref();
    let elsewhere = profiles::live_elsewhere(&workspace.places);
    if here.is_none() && elsewhere.is_empty() {
        return None;
    }
    let mut words = vec![here.map_or("none".to_owned(), String::clone)];
    words.extend(elsewhere.iter().map(ToString::to_string));
    let live: Value = elsewhere.iter().map(|one| json!([one.profile, one.jobs])).collect();
    let facts = json!({ "profile": here, "live_elsewhere": live });
    Some(Finding { facts, ..found(true, "profile", words.join("; ")) })
}

fn clock((provider, ahead_s): (&Provider, i64)) -> Finding {
    let apart = ahead_s.unsigned_abs();
    let span = words::span(jiff::SignedDuration::from_secs(ahead_s.abs()));
    let side = if ahead_s > 0 { "ahead of" } else { "behind" };
    let ok = apart <= MAX_SKEW_S;
    let what = match apart {
        0..=2 => format!("the same as {}'s", provider.name),
        _ if ok => format!("{span} {side} {}'s", provider.name),
        _ => format!(
            "{span} {side} {}'s; set this machine's clock, since certificates and the seven days of drafts go by it",
            provider.name
        ),
    };
    Finding { facts: json!({ "ahead_s": ahead_s }), ..found(ok, "clock", what) }
}

/// A service without a key is fine: it is just not used. Also returns by how many seconds our clock is
/// ahead of the service's.
async fn service(workspace: &Workspace, provider: &Provider) -> (Finding, Option<i64>) {
    let source = keys::source(provider, &workspace.config);
    let address = keys::base_url(provider, &workspace.config).ok();
    let Some(source) = source else {
        let what = format!(
            "not used, no key: set {}, or api_key_command in [providers.{}] of the config",
            provider.key_env, provider.id
        );
        let facts = facts(None, None, None, address.as_ref());
        return (Finding { facts, ..found(true, &provider.id, what) }, None);
    };
    let (account, ahead_s) = match account::look(workspace, provider).await {
        Ok(Account { address, balance, ahead_s }) => ((Some(address), balance), ahead_s),
        Err(error) => ((address, Err(error)), None),
    };
    let (address, balance) = account;
    let (works, told) = match &balance {
        Ok(told) => (Some(true), *told),
        Err(error) if error.class == FailureClass::Key => (Some(false), None),
        Err(_) => (None, None),
    };
    let facts = facts(Some(&source), works, told, address.as_ref());
    let ok = balance.is_ok();
    let what = match balance {
        Ok(balance) => answers(provider, &source, address.as_ref(), balance),
        Err(error) => refuses(&source, address.as_ref(), &error),
    };
    (Finding { facts, ..found(ok, &provider.id, what) }, ahead_s)
}

fn facts(
    source: Option<&KeySource>,
    works: Option<bool>,
    balance: Option<MicroUsd>,
    address: Option<&Address>,
) -> Value {
    json!({
        "key_from": source.map(KeySource::word),
        "key_works": works,
        "balance_usd": balance.map(MicroUsd::as_usd),
        "base_url": address.map(|address| keys::shown(&address.url)),
        "base_url_from": address.map(|address| address.from),
    })
}

fn answers(
    provider: &Provider,
    source: &KeySource,
    address: Option<&Address>,
    balance: Option<MicroUsd>,
) -> String {
    let at = place(address);
    match (balance, source) {
        (Some(balance), _) if provider.play_money => {
            format!("answers at {at}, {balance} of play money")
        }
        (Some(balance), _) => {
            format!("answers at {at}, the key from {source} works, {balance} left")
        }
        (None, _) => format!(
            "answers at {at}, the key from {source} works; what is left its API does not tell"
        ),
    }
}

/// What is wrong, and what to do.
fn refuses(source: &KeySource, address: Option<&Address>, error: &JobError) -> String {
    let message = error.message.trim_end_matches('.');
    let at = place(address);
    match error.class {
        FailureClass::Key if error.code == "noKey" => format!("{message}."),
        FailureClass::Key => {
            format!("the key from {source} is refused at {at}: {message}. Put a working one there.")
        }
        FailureClass::Network => format!("no answer from {at}: {message}. Check the connection."),
        FailureClass::Parameter if error.code == "baseUrl" => format!("{message}."),
        _ => format!("{at} says: {message}. {}", error.advice()),
    }
}

/// The address, and who says so where it is not the usual one.
fn place(address: Option<&Address>) -> String {
    match address {
        None => "an address that is not valid".to_owned(),
        Some(Address { url, from: from @ ("environment" | "config") }) => {
            format!("{} (from the {from})", keys::shown(url))
        }
        Some(address) => keys::shown(&address.url),
    }
}
