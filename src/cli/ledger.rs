//! `rushes ledger`: what was estimated, charged, given back, and what is not known, in sums.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Context;
use super::args::LedgerBy;
use super::trouble::Trouble;
use crate::domain::job::Job;
use crate::domain::ledger::Sums;
use crate::domain::money::MicroUsd;
use crate::runtime::clock::wall;
use crate::runtime::standing::is_real;
use crate::words;

/// More jobs are not summed up.
const MOST_JOBS: usize = 1_000_000;

pub(super) async fn run(
    context: &mut Context,
    by: LedgerBy,
    since_ms: Option<u64>,
) -> Result<u8, Trouble> {
    let workspace = context.workspace()?;
    let age = since_ms.map(|ms| SignedDuration::from_millis(ms as i64));
    let since = age.and_then(|age| wall().checked_sub(age).ok()).unwrap_or(Timestamp::MIN);
    let jobs = workspace.store.run(move |store| store.jobs_since(since, MOST_JOBS)).await??;
    let zone = TimeZone::system();
    let mut rows: BTreeMap<(bool, String), Sums> = BTreeMap::new();
    let mut totals = BTreeMap::new();
    for job in &jobs {
        let is_play = !is_real(&workspace.catalog, &job.request.model.provider);
        *rows.entry((is_play, key(job, by, &zone))).or_default() += Sums::of(job);
        *totals.entry(is_play).or_insert_with(Sums::default) += Sums::of(job);
    }
    if context.json {
        return rows
            .iter()
            .try_for_each(|((is_play, key), sums)| {
                context.out.json(&object(by, key, *is_play, sums))
            })
            .map(|()| 0);
    }
    for is_play in [false, true] {
        let Some(total) = totals.get(&is_play) else { continue };
        let title = if is_play { "play money" } else { "money" };
        context.out.line(title)?;
        let mine = rows.iter().filter(|((play, _), _)| *play == is_play);
        let mut table = vec![TITLES.map(str::to_owned).to_vec()];
        table[0][0] = by.word().to_owned();
        table.extend(mine.map(|((_, key), sums)| row(key, sums)));
        table.push(row("total", total));
        words::table(&table).iter().try_for_each(|line| context.out.line(&format!("  {line}")))?;
    }
    if jobs.is_empty() {
        context.out.note("no jobs, so no money");
    }
    Ok(0)
}

const TITLES: [&str; 7] =
    ["", "jobs", "estimate", "charged", "given back", "under way", "not known"];

/// The row that `job` belongs to.
fn key(job: &Job, by: LedgerBy, zone: &TimeZone) -> String {
    match by {
        LedgerBy::Day => job.created_at.to_zoned(zone.clone()).date().to_string(),
        LedgerBy::Provider => job.request.model.provider.clone(),
        LedgerBy::Model => job.request.model.to_string(),
        LedgerBy::Job => job.id.to_string(),
    }
}

fn row(key: &str, sums: &Sums) -> Vec<String> {
    let unpriced = if sums.unpriced > 0 {
        format!(" and {} without a price", words::count(sums.unpriced as usize, "job"))
    } else {
        String::new()
    };
    let money = [sums.estimate, sums.charged, sums.refunded, sums.open].map(|sum| sum.to_string());
    let begin = [key.to_owned(), sums.jobs.to_string()];
    let end = format!("{}{unpriced}", sums.unknown);
    begin.into_iter().chain(money).chain([end]).collect()
}

fn object(by: LedgerBy, key: &str, is_play: bool, sums: &Sums) -> Value {
    let usd = MicroUsd::as_usd;
    json!({
        "by": by.word(),
        "key": key,
        "play_money": is_play,
        "jobs": sums.jobs,
        "estimate_usd": usd(sums.estimate),
        "charged_usd": usd(sums.charged),
        "refunded_usd": usd(sums.refunded),
        "open_usd": usd(sums.open),
        "unknown_usd": usd(sums.unknown),
        "unpriced_jobs": sums.unpriced,
    })
}
