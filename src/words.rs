//! How states, settings, sizes and times read to a person; the command line and the studio speak alike.

pub mod finish;
mod fitting;
pub mod images;
pub mod objection;
mod settings;
pub mod shell;

pub use fitting::{cut, wrapped};
use jiff::{SignedDuration, Timestamp};

use crate::domain::catalog::Catalog;
use crate::domain::cost::Estimate;
use crate::domain::event::JobEvent;
use crate::domain::job::{
    Charged, ClipFile, FailureClass, Job, JobError, JobKind, JobState, Output, Work,
};
use crate::domain::mark::Mark;
use crate::domain::text;
use crate::domain::wait::{Stuck, Unseen, Wait};
pub use settings::settings;

/// The themes that are there without a file of one's own, in the order in which a key takes them.
pub const THEMES: [&str; 3] = ["ansi", "dark", "light"];

/// A job's state as a person reads it.
pub fn state(job: &Job) -> &'static str {
    match &job.error {
        Some(error) if job.state == JobState::Failed => match error.class {
            FailureClass::Moderated => "moderated",
            FailureClass::Lost if error.is_closed() => "closed",
            _ => state_word(job.state),
        },
        _ if job.state == JobState::Succeeded => {
            let flagged = job.outputs.iter().any(|one| one.flagged);
            match (job.files().any(|file| file.cut), flagged) {
                (true, true) => "ready, cut off, flagged",
                (true, false) => "ready, cut off",
                (false, true) => "ready, flagged",
                (false, false) => state_word(job.state),
            }
        }
        _ => state_word(job.state),
    }
}

/// A state as a person reads it.
pub fn state_word(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "queued",
        JobState::Submitting => "submitting",
        JobState::Confirming => "confirming",
        JobState::Running => "running",
        JobState::Downloading => "saving",
        JobState::RetryWait => "waiting",
        JobState::Canceling => "canceling",
        JobState::Succeeded => "ready",
        JobState::Failed => "failed",
        JobState::Canceled => "canceled",
        JobState::Expired => "expired",
        JobState::InDoubt => "in doubt",
        JobState::Held => "held",
    }
}

/// A kind as a person reads it.
pub fn kind(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Draft => "draft",
        JobKind::Final => "final",
        // Beside drafts the form calls it so.
        JobKind::Single => "full",
    }
}

/// `★ 2 wins`: the star and the wins of a job; none where it has neither.
pub fn stars(mark: &Mark) -> Option<String> {
    let wins = (mark.wins > 0).then(|| count(mark.wins as usize, "win"));
    let star = mark.starred.then(|| "★".to_owned());
    let parts: Vec<String> = star.into_iter().chain(wins).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What is said of a saved result: `1.4 MB, flagged by the service`.
pub fn file_facts(output: &Output, file: &ClipFile) -> String {
    let flag = if output.flagged { ", flagged by the service" } else { "" };
    format!("{}{flag}", bytes(file.bytes))
}

/// Bytes with a unit: `1.4 MB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.0} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

/// A length of time, shortly: `8 s`, `3 min`, `2 h`, `5 d`.
pub fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago `then` was: `8 s ago`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", span(now.duration_since(then)))
}

/// `1 result`, `2 results`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Rows as columns padded to the widest cell, measured as a terminal shows them.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    use unicode_width::UnicodeWidthStr as _;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max())
        .map(Option::unwrap_or_default)
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// What an estimate is made of, a line each.
pub fn estimate_parts(estimate: &Estimate) -> Vec<String> {
    let mut lines = Vec::new();
    if let (Some(tokens), Some(rate)) = (estimate.tokens, estimate.rate) {
        lines.push(format!("{tokens} tokens at {rate} a million"));
    } else if let Some(rate) = estimate.rate {
        lines.push(format!("{rate} a second"));
    }
    if estimate.factor_permille != 1000 && estimate.rate.is_some() {
        lines.push(format!(
            "times {} for draft and sound",
            f64::from(estimate.factor_permille) / 1000.0
        ));
    }
    if estimate.results > 1 {
        lines.push(format!("times {} results", estimate.results));
    }
    lines.push(format!("how sure: {}", estimate.sure));
    lines
}

/// What is wrong with `job`, in the provider's words, and what to do about it; `None` if nothing is. What is
/// tried again by itself is not told as an end.
pub fn trouble(job: &Job) -> Option<(String, &'static str)> {
    let error = job.error.as_ref()?;
    if job.state != JobState::Downloading {
        let goes_on = "It is tried again by itself while Rushes runs.";
        return Some((
            error_line(error),
            if job.state.is_live() { goes_on } else { error.advice() },
        ));
    }
    let line =
        format!("not saved yet ({}, {}): {}", error.code, charged(error.charged), error.message);
    let advice = match error.class {
        // It passes by somebody's hand only.
        FailureClass::Disk => error.advice(),
        _ => {
            "It is fetched again by itself while Rushes runs, for as long as the provider may have it."
        }
    };
    Some((line, advice))
}

/// What went wrong, in the provider's words, and whether it was charged.
pub fn error_line(error: &JobError) -> String {
    format!("{} ({}, {}): {}", error.class, error.code, charged(error.charged), error.message)
}

/// What kind of thing went wrong.
pub fn failure(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Moderated => "content refused",
        FailureClass::Money => "no money left",
        FailureClass::Key => "key refused",
        FailureClass::Parameter => "setting refused",
        FailureClass::Capacity => "provider is full",
        FailureClass::Rate => "too many requests",
        FailureClass::Provider => "provider failed",
        FailureClass::Timeout => "took too long",
        FailureClass::ModelGone => "model is gone",
        FailureClass::Expired => "past its time",
        FailureClass::Lost => "not known there",
        FailureClass::Network => "not reached",
        FailureClass::Disk => "not saved here",
    }
}

/// Why a job waits: shortly, and in a sentence with what `provider` has to do with it.
pub fn wait(wait: &Wait, provider: &str, now: Timestamp) -> (String, String) {
    let left = |until: Timestamp| span(until.duration_since(now));
    match wait {
        Wait::Place { max } => (
            format!("waits for a free slot, {max} of {max} taken"),
            format!(
                "waits for a free slot: {provider} is given {max} jobs at once, and has them; it is \
                 sent by itself when one ends"
            ),
        ),
        Wait::Pause { class, until } => (
            format!("{}: waits {}", failure(*class), left(*until)),
            format!(
                "waits {} more: {provider} said '{}' and is left alone until then",
                left(*until),
                failure(*class)
            ),
        ),
        Wait::Turn { rate, at } => (
            format!("waits its turn, about {}", left(*at)),
            format!(
                "waits its turn, about {} more: {provider} takes {} requests in {} s, and so many \
                 are out",
                left(*at),
                rate.max,
                rate.window_s
            ),
        ),
        Wait::Unseen { why, since } => unseen(*why, provider, &span(now.duration_since(*since))),
    }
}

/// Why a job is not seen at `provider`, for so long: shortly, and in a sentence with what can be done.
fn unseen(why: Unseen, provider: &str, long: &str) -> (String, String) {
    match why {
        Unseen::NotKnown => (
            format!("not known there for {long}, asked again"),
            format!(
                "{provider} has not known it for {long}, although it took it. It is asked for again, later and \
                 later, for as long as it may have it; check the key and the address with `rushes doctor`"
            ),
        ),
        Unseen::OtherAccount => (
            format!("not known to this key or address for {long}"),
            format!(
                "{provider} has not known it for {long}, but is asked with another key or at another address \
                 than it was sent with: set those again, and it goes on"
            ),
        ),
        Unseen::AccountNotKept => (
            format!("not known there for {long}, asked again"),
            format!(
                "{provider} has not known it for {long}. It was sent by an earlier version, which did not keep with \
                 which key and at which address: if they have changed since, set those again, and it goes on"
            ),
        ),
        Unseen::Unclear(class) => (
            format!("{}: asked again, for {long}", failure(class)),
            format!(
                "{provider} has answered for {long} with '{}', which may be about the question and not the \
                 job. It is asked for again; `rushes doctor` checks the key and the address",
                failure(class)
            ),
        ),
        Unseen::NoAnswer(class) => (
            format!("no answer for {long}, asked again: {}", failure(class)),
            format!(
                "{provider} has given no answer about it that can be read for {long} ('{}'). It is asked again, \
                 and sent to be rendered no second time: `rushes doctor` checks the connection, the key and the \
                 address, and the provider's dashboard shows what became of it",
                failure(class)
            ),
        ),
        Unseen::NoAddress => (
            format!("done, without an address for {long}"),
            format!(
                "{provider} has said for {long} that it is done, and gives no address for the clip. It is asked \
                 again for ten minutes; then it is in doubt, and asked for from time to time as long as {provider} \
                 knows it"
            ),
        ),
        Unseen::Untold => (
            format!("nothing told of its other results for {long}"),
            format!(
                "{provider} has told for {long} of some of its results alone, and those are saved. It is asked for \
                 the others for a day; after that they can be looked up by hand"
            ),
        ),
    }
}

/// What a person should know of a job in doubt: what happened, what it may have cost, and how to find out.
pub fn doubt(job: &Job, catalog: &Catalog) -> [String; 3] {
    let id = &job.request.model.provider;
    let provider = catalog.provider(id);
    let name = provider.map_or(id.as_str(), |provider| provider.name.as_str());
    let at = job.sent_at.unwrap_or(job.created_at).strftime("%Y-%m-%d %H:%M:%S UTC");
    let what = job.error.as_ref().map_or("", |error| error.message.as_str());
    let happened = match job.accepted_at {
        None => format!(
            "It was sent at {at}, and no reply tells whether {name} took it ({what}). It is not sent \
             again by itself."
        ),
        Some(_) => format!(
            "{name} took it at {at}, and what became of it is not known ({what}). It is not sent again by \
             itself, and asked for again when the key or the address changes."
        ),
    };
    let cost = match job.estimate.most() {
        _ if let Some(charge) = job.charge() => format!("{name} said that it charged {charge}."),
        Some(_) => format!("If {name} took it, it is billed once: estimated {}.", job.estimate),
        None => format!("If {name} took it, it is billed once; no price is published for it."),
    };
    let page = provider.map_or("", |provider| provider.dashboard_url.as_str());
    let wire_id = catalog.model(&job.request.model).map_or("", |model| model.wire_id.as_str());
    let find = if provider.is_some_and(|provider| provider.can_be_asked_for(job)) {
        match &job.remote_id {
            Some(id) => {
                format!("{name} can be asked again: it knows the job as {}.", text::name(id))
            }
            None => format!(
                "{name} can be asked again: it knows a job by its key, {}.",
                job.attempt_key
            ),
        }
    } else {
        format!(
            "{name} can't be asked for a job whose reply was lost. Its dashboard can tell: look for \
             a request to {wire_id} of that minute, with this prompt. {page}"
        )
    };
    [happened, cost, find]
}

/// That a service named a charge that can't be believed, and what it counts for; none where it did not.
pub fn unbelievable(job: &Job) -> Option<String> {
    let named = job.unbelievable()?;
    let counted = job.counted().unwrap_or_default();
    Some(format!(
        "the service named a charge of {named}, which can't be; what it cost is not known, and it counts as \
         {counted}: its dashboard tells"
    ))
}

/// Whether something was paid for.
pub fn charged(charged: Charged) -> &'static str {
    match charged {
        Charged::Charged => "charged",
        Charged::NotCharged => "not charged",
        Charged::Refunded => "refunded",
        Charged::Unknown => "perhaps charged",
    }
}

/// Why a job is held, and what can be done; none where it is not.
pub fn held(job: &Job) -> Option<String> {
    let short = job.id.short();
    let reason = job.held.as_ref()?;
    Some(format!(
        "not sent and not charged: {reason}. `rushes wait {short}`, or R in the studio, sends it; `rushes cancel \
         {short}` ends it"
    ))
}

/// What keeps all jobs from going on `now`, or that `before` no longer does.
pub fn stuck(before: Option<Stuck>, now: Option<Stuck>) -> String {
    match (before, now) {
        (_, Some(Stuck::Storing(why))) => why.to_owned(),
        (_, Some(Stuck::Stopped { pid })) => format!(
            "process {pid}, which sends and saves for this data folder, is stopped: fg or kill -CONT {pid}"
        ),
        (Some(Stuck::Storing(_)), None) => {
            "everything that waited for the disk is stored; the jobs go on".to_owned()
        }
        (_, None) => "it goes on".to_owned(),
    }
}

/// The same where there is little room.
pub fn stuck_short(stuck: Stuck) -> String {
    match stuck {
        Stuck::Storing(_) => "nothing can be stored, nothing is sent".to_owned(),
        Stuck::Stopped { pid } => format!("stopped: fg or kill -CONT {pid}"),
    }
}

/// That this process drives for `pid`, which is stopped.
pub fn driven_for(pid: u32) -> String {
    format!("process {pid}, which drove the jobs, is stopped; this one goes on in its place")
}

/// An event of a job's timeline.
pub fn event(event: &JobEvent) -> String {
    match event {
        JobEvent::Created { .. } => "stored".to_owned(),
        JobEvent::Sent => "sent".to_owned(),
        JobEvent::Accepted { how, .. } => format!("accepted: {how}"),
        JobEvent::Postponed { error, wait_ms } => {
            format!(
                "not accepted ({}), sent again in {:.1} s",
                error.message,
                *wait_ms as f64 / 1000.0
            )
        }
        JobEvent::OutcomeUnknown { reason } => {
            format!("no reply ({reason}); asking whether it arrived")
        }
        JobEvent::NotFound => {
            "the provider does not have it; sending it again under the same key".to_owned()
        }
        JobEvent::OutputReady { output } => {
            let work = output.work.as_deref().map(work).unwrap_or_default();
            format!("result {} is rendered{work}", text::name(&output.remote_id))
        }
        JobEvent::OutputMoved { index, .. } => format!("result {} has a new address", index + 1),
        JobEvent::OutputFailed { error } => format!("a result failed: {}", error.message),
        JobEvent::Rendered => "all results are in".to_owned(),
        JobEvent::Saved { index, file } => {
            format!("result {} saved, {}", index + 1, bytes(file.bytes))
        }
        JobEvent::SaveFailed { index, error } => {
            format!("result {} not saved: {}", index + 1, error.message)
        }
        JobEvent::OutputLost { index, error } => {
            format!("result {} is lost: {}", index + 1, error.message)
        }
        JobEvent::Succeeded => "ready".to_owned(),
        JobEvent::Failed { error } => format!("failed: {}", error.message),
        JobEvent::Expired { error } => format!("expired: {}", error.message),
        JobEvent::Held { reason } => format!("held: {reason}"),
        JobEvent::Released { .. } => "released, and to be sent".to_owned(),
        JobEvent::CancelAsked => "asked the provider to stop".to_owned(),
        JobEvent::Canceled { error } => format!("canceled: {}", error.message),
        JobEvent::Doubted { error, .. } => format!("in doubt: {}", error.message),
        JobEvent::Recovered { how } => format!("recovered: {how}"),
        JobEvent::Closed { error } => error.message.clone(),
    }
}

/// ` (28 ms in the queue, 89 s of work, by oqk7ao1uomckye)`, as far as it is known.
fn work(work: &Work) -> String {
    let time = |ms: u64| match ms {
        0..1000 => format!("{ms} ms"),
        _ => format!("{:.1} s", ms as f64 / 1000.0),
    };
    let parts = [
        work.delay_ms.map(|ms| format!("{} in the queue", time(ms))),
        work.execution_ms.map(|ms| format!("{} of work", time(ms))),
        work.worker.as_ref().map(|worker| format!("by {}", text::name(worker))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}
