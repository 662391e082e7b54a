//! `rushes keeper`: carries live jobs on without a terminal; started by the studio when it is left.

use std::sync::Arc;

use serde_json::json;

use super::Context;
use super::trouble::Trouble;
use crate::runtime::clock::wall;
use crate::runtime::keeper::{Kept, keep, running};
use crate::runtime::process::is_stopped;
use crate::words;

pub(super) async fn run(context: &mut Context, status: bool) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    if !status {
        let kept = keep(Arc::clone(&workspace), told_to_end()).await.map_err(Trouble::failed)?;
        context.out.note(match kept {
            Kept::All => "no job is live any longer",
            Kept::ByAnother => "another keeper is at it",
            Kept::UntilTold => "told to end; the next start carries on",
        });
        if kept == Kept::All {
            // Others drive again by now, and nobody waits for a keeper.
            workspace.pictures.finished().await;
        }
        return Ok(0);
    }
    let live = workspace.store.run(|store| store.live_jobs()).await??.len();
    let keeper = running(&workspace.places).map_err(Trouble::failed)?;
    if context.json {
        context.out.json(&json!({
            "running": keeper.is_some(),
            "pid": keeper.map(|keeper| keeper.pid),
            "since": keeper.map(|keeper| keeper.since.to_string()),
            "live_jobs": live,
        }))?;
        return Ok(0);
    }
    let jobs = words::count(live, "live job");
    let line = match keeper {
        Some(keeper) => {
            let ago = words::ago(keeper.since, wall());
            let pid = keeper.pid;
            let stopped = match is_stopped(pid) {
                true => format!("; it is stopped: fg or kill -CONT {pid}"),
                false => String::new(),
            };
            format!("a keeper runs as process {pid}, started {ago}, with {jobs}{stopped}")
        }
        None if live == 0 => "no keeper runs, and no job is live".to_owned(),
        None => format!("no keeper runs; {jobs}: `rushes wait` or the studio carries on"),
    };
    context.out.line(&line)?;
    Ok(0)
}

/// Waits for a signal that ends programs.
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
}
