//! `rushes doctor`: what is set up, what works, and what to do.

use serde_json::json;

use super::Context;
use super::trouble::Trouble;
use crate::domain::catalog::Provider;
use crate::runtime::execute::balance;
use crate::runtime::opener::Here;
use crate::runtime::repair::told_beside_clips;
use crate::runtime::workspace::Workspace;
use crate::store::StoreError;

/// One thing that was looked at.
struct Finding {
    ok: bool,
    about: String,
    what: String,
}

pub(super) async fn run(context: &mut Context) -> Result<u8, Trouble> {
    let workspace = match context.workspace() {
        Ok(workspace) => workspace,
        Err(Trouble::Said { message, .. }) => return without_workspace(context, message),
        Err(other) => return Err(other),
    };
    let mut findings = vec![
        found(true, "data", context.places.data_dir.display().to_string()),
        config(context),
        catalog(&workspace),
        database(&workspace).await,
    ];
    findings.extend(unknown_clips(&workspace).await);
    for provider in &workspace.catalog.providers {
        findings.push(service(&workspace, provider).await);
    }
    let here = Here::look();
    findings.push(found(here.can_show(), "player", here.in_words(&workspace.config.player)));
    let ok = findings.iter().all(|finding| finding.ok || finding.about == "player");
    print(context, findings)?;
    Ok(u8::from(!ok))
}

/// What can be said where the data folder, its database or the config can't be used: the doctor is needed
/// most there.
fn without_workspace(context: &mut Context, why: String) -> Result<u8, Trouble> {
    let here = Here::look();
    let findings = vec![
        found(true, "data", context.places.data_dir.display().to_string()),
        config(context),
        found(false, "opening", why),
        found(here.can_show(), "player", here.in_words(&[])),
    ];
    print(context, findings)?;
    Ok(1)
}

fn print(context: &mut Context, findings: Vec<Finding>) -> Result<(), Trouble> {
    for Finding { ok, about, what } in findings {
        if context.json {
            context.out.json(&json!({ "about": about, "ok": ok, "what": what }))?;
        } else {
            let mark = if ok { "ok" } else { "--" };
            context.out.line(&format!("{mark}  {about:<9} {what}"))?;
        }
    }
    Ok(())
}

fn found(ok: bool, about: &str, what: String) -> Finding {
    Finding { ok, about: about.to_owned(), what }
}

fn config(context: &Context) -> Finding {
    let file = &context.places.config_file;
    let state = if file.exists() { "read" } else { "not there, so everything is as it comes" };
    found(true, "config", format!("{} ({state})", file.display()))
}

fn catalog(workspace: &Workspace) -> Finding {
    if let Some(id) =
        workspace.config.model.as_ref().filter(|id| workspace.catalog.model(id).is_none())
    {
        return found(
            false,
            "catalog",
            format!("the config's model '{id}' is not in it; `rushes models --all` lists what is"),
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
        Ok(Ok((live, true))) => found(
            true,
            "database",
            format!("{path}, {} live", crate::words::count(live.len(), "job")),
        ),
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
    let jobs = crate::words::count(number, "job");
    let what = format!(
        "{jobs} with clips here are not in the history; `rushes doctor --repair` brings them back"
    );
    Some(found(false, "clips", what))
}

/// A service without a key is fine: it is just not used.
async fn service(workspace: &Workspace, provider: &Provider) -> Finding {
    let key_is_set = std::env::var(&provider.key_env).is_ok_and(|key| !key.trim().is_empty());
    if !provider.play_money && !key_is_set {
        return found(true, &provider.id, format!("not used; set {} to use it", provider.key_env));
    }
    match balance(workspace, &provider.id).await {
        Ok((address, Some(balance))) => {
            let money = if provider.play_money { "of play money" } else { "left" };
            found(true, &provider.id, format!("answers at {address}, {balance} {money}"))
        }
        Ok((address, None)) => found(true, &provider.id, format!("{address}, tells no balance")),
        Err(error) => found(false, &provider.id, format!("{}. {}", error.message, error.advice())),
    }
}
