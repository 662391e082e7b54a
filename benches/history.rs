//! A history of 100,000 jobs: makes one, and measures how long a search takes for each key that is typed.
//!
//! `cargo bench --bench history` measures; `cargo bench --bench history -- --make FOLDER` keeps the data
//! folder for the studio's own measurements, with `-- --jobs 100000` for another count.

use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use rushes::domain::catalog::{Catalog, Model};
use rushes::domain::event::{JobEvent, Write};
use rushes::domain::job::{
    Charged, ClipFile, FailureClass, Job, JobError, JobId, JobState, Output,
};
use rushes::domain::money::MicroUsd;
use rushes::domain::request::{Choices, GenerationRequest};
use rushes::runtime::new_job::new_job;
use rushes::store::Store;
use uuid::Uuid;

/// As many as the studio asks for.
const SHOWN: usize = 500;
/// Jobs of one transaction.
const BATCH: usize = 2_000;
const ROUNDS: usize = 5;

const WORDS: &str = "a the slow dolly toward lighthouse at dusk red fox in moonlit market tram rain over \
    harbor neon street handheld camera orbit old fisherman hands close up golden hour wide shot drone \
    glacier cracks bioluminescent reef jellyfish crane shot desert caravan sandstorm portrait of woman \
    smoke violet light train window snow paper lanterns river steam market stalls cat asleep vinyl shop \
    macro dew spider web tracking runner bridge fog clockwork bird takes flight";
const CHINESE: &str = "月光 市场 狐狸 雨夜 街道 霓虹 慢镜头 推进 灯塔 黄昏 老人 双手 特写 航拍 冰川 海浪 沙漠 \
    列车 窗外 雪花 纸灯 河流 蒸汽 花园 少女 回头 微笑 竹林 晨雾 山谷";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let after = |name: &str| args.windows(2).find(|two| two[0] == name).map(|two| two[1].clone());
    let jobs = after("--jobs").map_or(Ok(100_000), |count| count.parse())?;
    let mut out = stdout();
    if let Some(folder) = after("--make").map(PathBuf::from) {
        std::fs::create_dir_all(&folder)?;
        fill(&folder, jobs)?;
        writeln!(out, "{jobs} jobs in {}", folder.display())?;
        return Ok(());
    }
    let own = tempfile::tempdir()?;
    let folder = match after("--in") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let start = Instant::now();
            fill(own.path(), jobs)?;
            writeln!(out, "{jobs} jobs written in {:.1} s", start.elapsed().as_secs_f64())?;
            own.path().to_owned()
        }
    };
    measure(&folder)
}

/// What a person types, key by key, and how long the answers take.
fn measure(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open(&folder.join("rushes.db"))?;
    let mut out = stdout();
    writeln!(out, "| typed | found | p50 ms | p99 ms | the slowest |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    let mut all = Vec::new();
    for typed in [
        "",
        "lighthouse",
        "\"red fox\" market",
        "camera orbit glacier",
        "bioluminescentness",
        "zebra",
        "sample",
        "市场",
        "月光 市场",
        "场市",
        "慢镜头 推进",
        "z",
        "qx",
        "model:1.0-pro",
        "model:1.5 is:draft fox",
        "is:draft",
        "is:failed",
        "is:failed lighthouse",
        "is:running",
        "cost:<0.2",
        "cost:>40",
        "cost:>40 market",
        "since:2d",
        "since:2d fox",
        "star:",
        "star: market",
        "seed:4711",
        "tag:night",
    ] {
        let mut times = Vec::new();
        let mut found = 0;
        let ends = typed.char_indices().map(|(at, c)| at + c.len_utf8());
        for end in std::iter::once(0).chain(ends).collect::<Vec<_>>() {
            // A filter that is half written is refused before anything is looked for.
            let Ok(query) = typed[..end].parse() else { continue };
            for _ in 0..ROUNDS {
                let start = Instant::now();
                let jobs = store.history(&query, SHOWN, now())?;
                times.push((start.elapsed().as_secs_f64() * 1e3, &typed[..end]));
                found = jobs.len();
            }
        }
        all.extend(times.iter().copied());
        writeln!(out, "| {typed} | {found} | {}", row(&mut times))?;
    }
    writeln!(out, "| all | | {}", row(&mut all))?;
    Ok(())
}

fn row(times: &mut [(f64, &str)]) -> String {
    times.sort_by(|one, other| one.0.total_cmp(&other.0));
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].0;
    let slowest = times[times.len() - 1];
    format!("{:.2} | {:.2} | {:.2} at `{}` |", at(0.5), at(0.99), slowest.0, slowest.1)
}

/// Two minutes after the last job.
fn now() -> Timestamp {
    Timestamp::now().max("2026-11-20T12:00:00Z".parse().unwrap_or(Timestamp::MIN))
}

fn fill(folder: &Path, count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let (catalog, _) = Catalog::load(&[]);
    let mut store = Store::open(&folder.join("rushes.db"))?;
    let mut dice = Dice(7);
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let chinese: Vec<&str> = CHINESE.split_whitespace().collect();
    let now = now();
    let mut writes = Vec::new();
    let mut starred = Vec::new();
    for number in 0..count {
        // Six minutes between two jobs: a little more than a year.
        let ago = SignedDuration::from_mins(2 + (count - number) as i64 * 6);
        let model = ["runware/1.0-pro", "runware/1.5-pro", "sandbox/1.5-pro", "sandbox/1.5-pro"]
            [dice.below(4)];
        let model = catalog.model(&model.parse()?).ok_or("the catalog has changed")?;
        let prompt = match dice.below(4) {
            0 => text(&mut dice, &chinese, 12, ""),
            _ => text(&mut dice, &words, 30, " "),
        };
        let job = job(model, prompt, now - ago, number, &mut dice)?;
        if dice.below(500) == 0 {
            starred.push(job.id);
        }
        let mut made = job.clone();
        (made.state, made.outputs, made.error) = (JobState::Queued, Vec::new(), None);
        let event = JobEvent::Created { job: Box::new(made.clone()) };
        writes.push(Write { at: job.created_at, event, job: made });
        let event = match &job.error {
            Some(error) => JobEvent::Failed { error: error.clone() },
            None => JobEvent::Succeeded,
        };
        writes.push(Write { at: job.updated_at, event, job });
        if writes.len() >= BATCH || number + 1 == count {
            store.commit(&writes, None)?;
            writes.clear();
        }
    }
    for id in starred {
        store.set_star(id, true)?;
    }
    Ok(())
}

fn job(
    model: &Model,
    prompt: String,
    at: Timestamp,
    number: usize,
    dice: &mut Dice,
) -> Result<Job, Box<dyn std::error::Error>> {
    let draft = model.id == "1.5-pro" && dice.below(2) == 0;
    let choices = Choices { prompt, draft, ..Choices::default() };
    let request = GenerationRequest::new(model, choices).map_err(|all| format!("{all:?}"))?;
    let failed = dice.below(50) == 0;
    let error = failed.then(|| {
        let what = "The content was refused by the provider.".to_owned();
        JobError::ours(FailureClass::Moderated, "moderated", what, Charged::NotCharged)
    });
    let output = Output {
        seed: Some(dice.below(100_000) as u64),
        charge: Some(MicroUsd(50_000 + dice.below(300_000) as i64)),
        draft_id: draft.then(|| format!("draft-{number}")),
        file: Some(ClipFile {
            path: format!("clips/{number}.mp4"),
            bytes: 4_000_000,
            sha256: "ab".repeat(32),
            cut: false,
            facts: None,
        }),
        ..Output::at(format!("output-{number}"), format!("https://files.example/{number}.mp4"))
    };
    let mut job = new_job(model, request, None);
    let stamp = u128::from(at.as_millisecond().unsigned_abs()) << 80;
    job.id = JobId(Uuid::from_u128(stamp | 7 << 76 | number as u128));
    (job.created_at, job.updated_at, job.since) = (at, at, at);
    (job.sent_at, job.accepted_at, job.rendered_at) = (Some(at), Some(at), Some(at));
    job.sends = 1;
    job.remote_id = Some(format!("remote-{number}"));
    job.state = if failed { JobState::Failed } else { JobState::Succeeded };
    job.outputs = if failed { Vec::new() } else { vec![output] };
    job.error = error;
    Ok(job)
}

fn text(dice: &mut Dice, words: &[&str], count: usize, gap: &str) -> String {
    let count = count / 2 + dice.below(count);
    (0..count).map(|_| words[dice.below(words.len())]).collect::<Vec<_>>().join(gap)
}

/// The same numbers each time (Knuth's MMIX generator, of which the upper half is good).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as usize % end
    }
}
