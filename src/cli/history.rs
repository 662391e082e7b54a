//! `rushes history`: the jobs that a query finds.

use super::Context;
use super::jobs;
use super::trouble::Trouble;
use crate::domain::query::HistoryQuery;
use crate::runtime::clock::wall;

pub(super) async fn run(
    context: &mut Context,
    query: &[String],
    limit: u32,
) -> Result<u8, Trouble> {
    let query: HistoryQuery = query.join(" ").parse().map_err(Trouble::wrong)?;
    let workspace = context.workspace_to_read()?;
    let now = wall();
    let limit = limit as usize;
    let mut found =
        workspace.store.run(move |store| store.history(&query, limit + 1, now)).await??;
    let more = found.len() > limit;
    found.truncate(limit);
    jobs::print(context, &workspace, &found).await?;
    if more {
        context.out.note(&format!("there are more than these {limit}: --limit N lists N of them"));
    }
    Ok(0)
}
