//! `rushes open`: shows a clip where that can work, and says where it is where it can't.

use serde_json::json;

use super::Context;
use super::submit::find_job;
use super::trouble::Trouble;
use crate::runtime::opener::{self, Here, Opened};
use crate::words;

pub(super) async fn run(context: &mut Context, text: &str) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    let job = find_job(&workspace, text).await?;
    let Some(output) = job.outputs.iter().find(|output| output.file.is_some()) else {
        return Err(Trouble::wrong(format!(
            "job {} has no file yet: it is {}",
            job.id,
            words::state(&job)
        )));
    };
    let clip = output.file.as_ref().map(|file| context.places.clip(&file.path)).unwrap_or_default();
    if !clip.exists() {
        return Err(Trouble::failed(format!(
            "{} is no longer there; it was deleted or moved",
            clip.display()
        )));
    }
    let here = Here::look();
    let opened = opener::open(&clip, &workspace.config.player, &here);
    let copy = here.copy_from().line(&clip.display().to_string());
    if context.json {
        context.out.json(&json!({
            "id": job.id.to_string(),
            "path": clip.display().to_string(),
            "url": output.url,
            "copy": copy,
            "opened": matches!(opened, Ok(Opened::Player(_))),
        }))?;
        return Ok(0);
    }
    match opened {
        Ok(Opened::Player(player)) => context.out.note(&format!("handed to {player}")),
        Ok(Opened::Nowhere(reason)) => context.out.note(&format!("not opened: {reason}")),
        Err(error) => context.out.note(&format!("not opened: {error}")),
    }
    context.out.line(&clip.display().to_string())?;
    context.out.line(&output.url)?;
    context.out.line(&copy)?;
    Ok(0)
}
