//! `rushes doctor --repair`: the history made whole again, with counts.

use serde_json::json;

use super::Context;
use super::trouble::Trouble;
use crate::runtime::repair::{RepairError, Repaired, repair};
use crate::words::count;

/// The most files that are named one by one.
const NAMED: usize = 5;

pub(super) fn run(context: &mut Context) -> Result<u8, Trouble> {
    let told = repair(&context.places).map_err(|error| match error {
        RepairError::InUse { .. } => Trouble::wrong(error),
        other => Trouble::failed(other),
    })?;
    if context.json {
        context.out.json(&json!({
            "set_aside": told.set_aside,
            "known": told.known,
            "salvaged": told.salvaged,
            "rebuilt": told.rebuilt,
            "lost": told.lost,
            "live": told.live,
            "in_doubt": told.doubted,
            "clips": { "whole": told.clips.whole, "changed": told.clips.changed, "gone": told.clips.gone },
            "unreadable": told.unreadable,
            "sent": told.sent,
        }))?;
        return Ok(0);
    }
    for line in lines(&told) {
        context.out.line(&line)?;
    }
    Ok(0)
}

fn lines(told: &Repaired) -> Vec<String> {
    let mut lines: Vec<String> = told.word.iter().cloned().collect();
    if let Some(path) = &told.set_aside {
        lines.push(format!("The damaged database was set aside, whole, as {}", path.display()));
    }
    if told.known > 0 {
        lines.push(format!("{} in the history already, left alone", count(told.known, "job")));
    }
    for (number, whence) in [
        (told.salvaged, "brought back out of the damaged database"),
        (told.rebuilt, "brought back out of the .json beside the clips"),
        (told.lost, "left traces that tell too little to bring them back"),
    ] {
        if number > 0 {
            lines.push(format!("{} {whence}", count(number, "job")));
        }
    }
    if told.salvaged + told.rebuilt == 0 {
        lines.push("Nothing was found that the history does not have.".to_owned());
    }
    if told.live > 0 {
        let jobs = count(told.live, "job");
        lines.push(format!("{jobs} of them had not ended: `rushes wait` or the studio carries on"));
    }
    if told.doubted > 0 {
        let jobs = count(told.doubted, "job");
        lines.push(format!(
            "{jobs} of them are in doubt and never sent: `rushes settle JOB` tells why, and what you can do"
        ));
    }
    let clips = told.clips;
    if clips.whole + clips.changed + clips.gone > 0 {
        lines.push(format!(
            "{} as saved, {} changed since, {} no longer there",
            count(clips.whole, "clip"),
            clips.changed,
            clips.gone
        ));
    }
    for path in told.unreadable.iter().take(NAMED) {
        lines.push(format!("{} can't be read as what lies beside a clip", path.display()));
    }
    if told.unreadable.len() > NAMED {
        lines.push(format!("and {} more", told.unreadable.len() - NAMED));
    }
    lines.extend(told.sent.iter().cloned());
    if told.set_aside.is_some() {
        lines.push(
            "What the damaged part held can't be known: a job that a provider had then may be missing here. Look \
             in the provider's dashboard before you pay for one again."
                .to_owned(),
        );
    }
    lines
}
