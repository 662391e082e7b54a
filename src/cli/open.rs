//! `rushes open`: shows a clip where that can work, and says where it is where it can't.

use std::path::Path;

use serde_json::json;

use super::Context;
use super::clip;
use super::interrupt::Signals;
use super::submit::find_job;
use super::trouble::Trouble;
use crate::runtime::opener::{self, Here, Opened};
use crate::runtime::workspace::Workspace;

pub(super) async fn run(
    context: &mut Context,
    text: &str,
    result: Option<u32>,
    serve: bool,
) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    let job = find_job(&workspace, text).await?;
    let (clip, url) = clip::of_job(context, &job, result)?;
    if !clip.exists() {
        return Err(clip::gone(&clip));
    }
    let here = Here::look();
    if serve {
        return stay(context, &workspace, &here, &clip).await;
    }
    let opened = opener::open(&clip, &workspace.config.player, &here);
    let copy = here.copy_from().line(&clip.display().to_string());
    if context.json {
        context.out.json(&json!({
            "id": job.id.to_string(),
            "path": clip.display().to_string(),
            "url": url,
            "copy": copy,
            "opened": matches!(opened, Ok(Opened::Player(_))),
        }))?;
        return Ok(0);
    }
    let elsewhere =
        "the scp line fetches it to your machine, and --serve streams it to your browser";
    match opened {
        Ok(Opened::Player(player)) => context.out.note(&format!("handed to {player}")),
        Ok(Opened::Nowhere(why)) => context.out.note(&format!("not opened: {why}; {elsewhere}")),
        Err(error) => context.out.note(&format!("not opened: {error}; {elsewhere}")),
    }
    context.out.line(&clip.display().to_string())?;
    context.out.line(&url)?;
    context.out.line(&copy)?;
    Ok(0)
}

/// Serves the clip until somebody interrupts.
async fn stay(
    context: &mut Context,
    workspace: &Workspace,
    here: &Here,
    clip: &Path,
) -> Result<u8, Trouble> {
    let refused = |error| Trouble::failed(format!("{} can't be served: {error}", clip.display()));
    let link = workspace.clip_server.serve(clip).await.map_err(refused)?;
    let forward = here.copy_from().forward(link.port);
    if context.json {
        let path = clip.display().to_string();
        context.out.json(&json!({ "path": path, "forward": forward, "link": link.url }))?;
    } else {
        context.out.note("run the first line on your own machine, and open the second one there");
        context.out.line(&forward)?;
        context.out.line(&link.url)?;
        context.out.note("served to this machine alone, until Ctrl+C");
    }
    Err(Signals::listen()?.end().await)
}
