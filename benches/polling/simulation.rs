//! Two hundred live jobs in virtual time: how many requests a schedule sends, and how long a finished job
//! goes unnoticed. A function of values: no clock, no network.
//!
//! The medians are what was recorded of such jobs: 59 s and 32 s for a draft and its final, 84 s and 89 s at
//! RunPod; the others are the catalog's guesses. How far durations scatter is recorded nowhere, so it is a
//! parameter; one job in twenty takes twice as long, and one in fifty is refused within its first half minute.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rushes::domain::catalog::{Catalog, Model, Provider};
use rushes::domain::job::{ClipFile, Job, JobId, Output};
use rushes::domain::outcome::{Report, Sighting, SubmitOutcome};
use rushes::domain::request::{Choices, GenerationRequest};
use rushes::engine::schedule::Dice;
use rushes::engine::{Adopted, Command, Engine, Input, Now, Target};
use rushes::runtime::limiter::Window;
use rushes::runtime::new_job::new_job;

/// How long the simulation runs.
const END_MS: u64 = 1_800_000;
/// How long a request takes to its answer; half of it until it is read.
const ROUND_TRIP_MS: u64 = 100;

/// So many jobs of a model that are always live: as one ends, the next one begins.
pub struct Load {
    pub model: &'static str,
    pub jobs: usize,
    pub median_ms: u64,
}

/// Two hundred jobs over the three providers.
pub const LOADS: [Load; 5] = [
    Load { model: "runware/1.5-pro", jobs: 40, median_ms: 59_000 },
    Load { model: "runware/1.0-pro-fast", jobs: 40, median_ms: 32_000 },
    Load { model: "runware/1.0-pro", jobs: 20, median_ms: 75_000 },
    Load { model: "runpod/1.0-pro", jobs: 80, median_ms: 86_000 },
    Load { model: "runbase/1.0-pro", jobs: 20, median_ms: 90_000 },
];

/// What a schedule costs and gives.
#[derive(Debug, Default)]
pub struct Figures {
    pub requests: u64,
    pub delays_ms: Vec<u64>,
}

impl Figures {
    pub fn requests_a_minute(&self) -> f64 {
        self.requests as f64 / (END_MS as f64 / 60_000.0)
    }

    pub fn mean_delay_s(&self) -> f64 {
        let all: u64 = self.delays_ms.iter().sum();
        all as f64 / self.delays_ms.len() as f64 / 1000.0
    }

    pub fn p95_delay_s(&self) -> f64 {
        let mut sorted = self.delays_ms.clone();
        sorted.sort_unstable();
        sorted[sorted.len() * 95 / 100] as f64 / 1000.0
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.delays_ms.extend(other.delays_ms);
    }
}

/// How long the jobs of one place take, one after the other: the same for every schedule.
struct Durations {
    dice: Dice,
    median_ms: f64,
    scatter: f64,
}

impl Durations {
    fn of(load: usize, place: usize, scatter: f64) -> Self {
        let dice = Dice::new((load * 1000 + place) as u64);
        Self { dice, median_ms: LOADS[load].median_ms as f64, scatter }
    }

    /// One of so many, from zero.
    fn one_of(&mut self, many: u64) -> u64 {
        self.dice.throw() % many
    }

    fn next_ms(&mut self) -> u64 {
        // Twelve throws of a fair die add up to what is nearly a normal distribution.
        let sum: u64 = (0..12).map(|_| self.one_of(1 << 20)).sum();
        let normal = sum as f64 / f64::from(1 << 20) - 6.0;
        let usual = self.median_ms * (self.scatter * normal).exp();
        match self.one_of(100) {
            0..2 => 2_000 + self.one_of(28_000),
            2..7 => (usual * 2.0) as u64,
            _ => usual as u64,
        }
    }
}

/// A client that asks for each job by itself: `wait_ms` tells the wait before its n-th request.
pub fn fixed(provider: &str, scatter: f64, limited: bool, wait_ms: fn(u32) -> u64) -> Figures {
    let catalog = Catalog::load(&[]).0;
    let rate = catalog.provider(provider).and_then(|one| one.requests).filter(|_| limited);
    let mut window = rate.map(Window::new);
    let mut figures = Figures::default();
    // The time of the next request, its number for the job, the place, and when the job is done.
    let mut queue = BinaryHeap::new();
    let mut places: Vec<Durations> = Vec::new();
    for (nr, load) in LOADS.iter().enumerate().filter(|(_, load)| at(load, provider)) {
        for place in 0..load.jobs {
            let mut durations = Durations::of(nr, place, scatter);
            let begin_ms = begin_ms(&mut durations);
            let done_ms = begin_ms + durations.next_ms();
            queue.push(Reverse((begin_ms + wait_ms(1), 1, places.len(), done_ms)));
            places.push(durations);
        }
    }
    while let Some(Reverse((wanted_ms, number, place, done_ms))) = queue.pop() {
        let sent_ms = window.as_mut().map_or(wanted_ms, |window| window.reserve(wanted_ms));
        let answered_ms = sent_ms + ROUND_TRIP_MS;
        if answered_ms > END_MS {
            continue;
        }
        figures.requests += 1;
        if sent_ms + ROUND_TRIP_MS / 2 < done_ms {
            let next_ms = answered_ms + wait_ms(number + 1);
            queue.push(Reverse((next_ms, number + 1, place, done_ms)));
            continue;
        }
        figures.delays_ms.push(answered_ms - done_ms);
        // The next one begins when this one is done, noticed or not: all schedules get the same work.
        let next_done_ms = done_ms + places[place].next_ms();
        queue.push(Reverse((answered_ms.max(done_ms + wait_ms(1)), 1, place, next_done_ms)));
    }
    figures
}

fn at(load: &Load, provider: &str) -> bool {
    load.model.split('/').next() == Some(provider)
}

/// Jobs do not all begin at one moment.
fn begin_ms(durations: &mut Durations) -> u64 {
    durations.one_of(60_000)
}

/// Our engine, its schedule and its limiter, at one provider.
pub fn ours(provider: &str, scatter: f64) -> Figures {
    let catalog = Catalog::load(&[]).0;
    let mut all = Vec::new();
    for one in &catalog.providers {
        all.push(Provider { max_live_jobs: 200, ..one.clone() });
    }
    let rate = catalog.provider(provider).and_then(|one| one.requests);
    let mut run = Run {
        engine: Engine::new(&all, 7),
        window: rate.map(Window::new),
        start: Timestamp::UNIX_EPOCH,
        now_ms: 0,
        happenings: BinaryHeap::new(),
        inputs: Vec::new(),
        done: HashMap::new(),
        places: Vec::new(),
        figures: Figures::default(),
    };
    for (nr, load) in LOADS.iter().enumerate().filter(|(_, load)| at(load, provider)) {
        let model = catalog.model(&load.model.parse().expect("an id")).expect("a model").clone();
        // A person's earlier jobs are known.
        let mut known = Durations::of(nr, 999, scatter);
        let last_ms: VecDeque<u64> = (0..9).map(|_| known.next_ms()).collect();
        for place in 0..load.jobs {
            let mut durations = Durations::of(nr, place, scatter);
            let at_ms = begin_ms(&mut durations);
            let (model, last_ms) = (model.clone(), last_ms.clone());
            run.places.push(Place { model, durations, last_ms });
            run.happens(at_ms, Happening::Begin(run.places.len() - 1));
        }
    }
    run.play_out();
    run.figures
}

/// A place that is always taken by a live job.
struct Place {
    model: Model,
    durations: Durations,
    /// What the last nine took; the engine is told their median, as the driver does it.
    last_ms: VecDeque<u64>,
}

enum Happening {
    /// The next job of a place begins.
    Begin(usize),
    /// An input for the engine, by its place in the list.
    Input(usize),
}

struct Run {
    engine: Engine,
    window: Option<Window>,
    start: Timestamp,
    now_ms: u64,
    happenings: BinaryHeap<Reverse<(u64, usize, bool)>>,
    inputs: Vec<Option<Input>>,
    /// When each job is done, and its place.
    done: HashMap<JobId, (u64, usize)>,
    places: Vec<Place>,
    figures: Figures,
}

impl Run {
    fn happens(&mut self, at_ms: u64, what: Happening) {
        let (nr, begins) = match what {
            Happening::Begin(place) => (place, true),
            Happening::Input(nr) => (nr, false),
        };
        self.happenings.push(Reverse((at_ms, nr, begins)));
    }

    fn answer(&mut self, at_ms: u64, input: Input) {
        self.inputs.push(Some(input));
        self.happens(at_ms, Happening::Input(self.inputs.len() - 1));
    }

    fn play_out(&mut self) {
        while self.now_ms < END_MS {
            let next_ms = self.happenings.peek().map(|Reverse((at_ms, ..))| *at_ms);
            let wake_ms = self.engine.next_deadline_ms();
            match (next_ms, wake_ms) {
                (Some(at_ms), wake_ms) if wake_ms.is_none_or(|wake_ms| at_ms <= wake_ms) => {
                    self.now_ms = self.now_ms.max(at_ms);
                    let Some(Reverse((_, nr, begins))) = self.happenings.pop() else { return };
                    match begins {
                        true => self.begin(nr),
                        false => {
                            let input = self.inputs[nr].take().expect("it happens once");
                            self.give(input);
                        }
                    }
                }
                (_, Some(wake_ms)) => {
                    self.now_ms = self.now_ms.max(wake_ms);
                    self.give(Input::Wake);
                }
                _ => return,
            }
        }
    }

    fn wall(&self) -> Timestamp {
        self.start + SignedDuration::from_millis(self.now_ms as i64)
    }

    fn begin(&mut self, nr: usize) {
        let place = &mut self.places[nr];
        let mut sorted: Vec<u64> = place.last_ms.iter().copied().collect();
        sorted.sort_unstable();
        let expected_ms = sorted[sorted.len() / 2];
        let took_ms = place.durations.next_ms();
        let done_ms = self.now_ms + took_ms;
        let choices = Choices { prompt: "a paper boat".to_owned(), ..Choices::default() };
        let request = GenerationRequest::new(&place.model, choices).expect("a valid request");
        let mut job: Job = new_job(&place.model, request, None);
        place.last_ms.pop_front();
        place.last_ms.push_back(took_ms);
        let wall = self.wall();
        (job.created_at, job.updated_at, job.since) = (wall, wall, wall);
        self.done.insert(job.id, (done_ms, nr));
        self.happens(done_ms, Happening::Begin(nr));
        let adopted = Adopted { job, expected_ms, stop: false, hold: None, sent_before: false };
        self.give(Input::Adopt { jobs: vec![adopted] });
    }

    fn give(&mut self, input: Input) {
        let now = Now { wall: self.wall(), mono_ms: self.now_ms };
        for command in self.engine.handle(input, now).commands {
            match command {
                Command::Prepare { job } => self.give(Input::Ready { job: job.id }),
                // What is measured begins with the acceptance.
                Command::Submit { job } => {
                    let remote_id = Some(job.id.to_string());
                    let how = "accepted".to_owned();
                    let outcome = SubmitOutcome::Accepted { remote_id, charge: None, how };
                    self.give(Input::Submitted { job: job.id, outcome });
                }
                Command::Poll { provider, targets } => self.poll(provider, &targets),
                Command::Save { job, index, .. } => {
                    let outcome = Ok(ClipFile {
                        path: String::new(),
                        bytes: 1,
                        sha256: String::new(),
                        cut: false,
                        facts: None,
                    });
                    self.give(Input::Saved { job: job.id, index, outcome });
                }
                other => panic!("{other:?} is part of no such life"),
            }
        }
    }

    fn poll(&mut self, provider: String, targets: &[Target]) {
        let now_ms = self.now_ms;
        let sent_ms = self.window.as_mut().map_or(now_ms, |window| window.reserve(now_ms));
        let answered_ms = sent_ms + ROUND_TRIP_MS;
        if answered_ms > END_MS {
            return;
        }
        self.figures.requests += 1;
        let mut sightings = Vec::new();
        for target in targets {
            let (done_ms, _) = self.done[&target.job];
            let done = sent_ms + ROUND_TRIP_MS / 2 >= done_ms;
            if done {
                self.figures.delays_ms.push(answered_ms - done_ms);
            }
            let outputs = if done { vec![output(target.job)] } else { Vec::new() };
            let report = Report { outputs, pending: usize::from(!done), ..Report::default() };
            sightings.push((target.job, Sighting::Seen(report)));
        }
        let jobs = targets.iter().map(|target| target.job).collect();
        self.answer(
            answered_ms,
            Input::Polled { provider, jobs, account: None, outcome: Ok(sightings) },
        );
    }
}

fn output(job: JobId) -> Output {
    Output::at(job.to_string(), format!("https://files.example/{job}.mp4"))
}

/// A schedule at a provider, and what it comes to.
pub struct Row {
    pub provider: &'static str,
    pub schedule: &'static str,
    pub figures: Figures,
}

/// Every schedule on the same durations; ours comes first at each provider.
pub fn rows(scatter: f64) -> Vec<Row> {
    let fixed = |provider, limited, wait_ms| fixed(provider, scatter, limited, wait_ms);
    // 1 s, then 0.5 s and half as much again each time, to 10 s (Runware's Python SDK 1.8 and TypeScript SDK).
    let backing_off = |number: u32| match number {
        1 => 1_000,
        number => (500.0 * 1.5_f64.powi(number.min(20) as i32 - 2)).min(10_000.0) as u64,
    };
    let row = |provider, schedule, figures| Row { provider, schedule, figures };
    vec![
        row("runware", "ours", ours("runware", scatter)),
        row("runware", "SDK: 1 s, 0.5 s, x1.5 to 10 s", fixed("runware", false, backing_off)),
        row("runware", "older JS SDK, CLI: 2 s", fixed("runware", false, |_| 2_000)),
        row("runware", "older Python SDK: 3 s", fixed("runware", false, |_| 3_000)),
        row("runpod", "ours", ours("runpod", scatter)),
        row("runpod", "SDK: 1 s", fixed("runpod", false, |_| 1_000)),
        row("runbase", "ours", ours("runbase", scatter)),
        row("runbase", "documents: 2 s, within the limit", fixed("runbase", true, |_| 2_000)),
    ]
}

/// All of our rows together.
pub fn ours_together(rows: Vec<Row>) -> Figures {
    let mut all = Figures::default();
    rows.into_iter().filter(|row| row.schedule == "ours").for_each(|row| all.add(row.figures));
    all
}
