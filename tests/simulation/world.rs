//! The world: one clock, one queue of what happens next, one generator. Everything in it follows from the
//! seed, so a run can be repeated from one number.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, LazyLock};

use jiff::{SignedDuration, Timestamp};
use rushes::domain::account::Account;
use rushes::domain::catalog::{Catalog, Protocol};
use rushes::engine::schedule::Dice;
use rushes::engine::{Input, Now};
use rushes::runtime::exchange::Answer;
use uuid::Uuid;

use crate::committed::Committed;
use crate::disk::Disk;
use crate::errand::Errand;
use crate::laws::Laws;
use crate::network::{self, Fate, Weather};
use crate::process::Process;
use crate::remote::{KEYS, Remote};
use crate::sabotage::Sabotage;
use crate::user::{Act, Dialog};

/// The catalog that the program is built with.
pub static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| Arc::new(Catalog::load(&[]).0));

const DAY_MS: u64 = 24 * 3_600_000;
/// How long everything may take once the faults have stopped: what is gone is asked for as long as its service may
/// have it and a day more, by a wall clock that may have been put back.
const PATIENCE_MS: u64 = 60 * DAY_MS;
/// What has not ended an hour after that waits for days. Mostly the laptop sleeps through them.
const QUIET_MS: u64 = 3_600_000;
const SLEEP_MS: u64 = 50 * DAY_MS;
/// The most that happens in one run.
const MAX_TURNS: u32 = 60_000;
/// How soon the program is started again after the machine went down.
const REBOOT_MS: u64 = 3_000;
/// How long a disk stays full: longer than a driver waits for it.
const FULL_MS: u64 = 60_000;

/// Something that happens at a time.
pub enum Happening {
    /// The program is started, unless it runs.
    Start,
    /// It is started beside the one that runs, and takes the lease.
    Steal,
    /// A request reaches the remote.
    Arrive { errand: u64, part: usize, fate: Fate },
    /// A reply comes back, or none ever will.
    Answer { errand: u64, part: usize, answer: Answer },
    /// The next bytes of a file come.
    Chunk { errand: u64 },
    /// What came of a command reaches the driver.
    Outcome { process: u64, input: Box<Input> },
    /// A commit that was refused is tried again.
    Retry { process: u64 },
    /// The driver hears that something was stored.
    Bell { process: u64 },
    /// The user does something.
    Act(Act),
    /// The user says yes in a dialog.
    Yes(Box<Dialog>),
    /// Something befalls the machine.
    Upset(Upset),
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("the program starts"),
            Self::Steal => f.write_str("a second one starts and takes the lease"),
            Self::Arrive { errand, part, fate } => write!(f, "arrives {errand}.{part} {fate:?}"),
            Self::Answer { errand, part, answer: Ok(response) } => {
                write!(f, "answer {errand}.{part} {} ", response.status)?;
                f.write_str(std::str::from_utf8(&response.body).unwrap_or("?"))
            }
            Self::Answer { errand, part, answer: Err(error) } => {
                write!(f, "answer {errand}.{part} {}", error.message)
            }
            Self::Chunk { errand } => write!(f, "chunk {errand}"),
            Self::Outcome { process, .. } => write!(f, "outcome for {process}"),
            Self::Retry { process } => write!(f, "{process} commits again"),
            Self::Bell { process } => write!(f, "{process} hears a bell"),
            Self::Act(act) => write!(f, "the user: {act:?}"),
            Self::Yes(dialog) => write!(f, "the user says yes: {:?}", dialog.parent),
            Self::Upset(upset) => write!(f, "{upset:?}"),
        }
    }
}

/// What comes at a boundary.
#[derive(Clone, Copy, Debug)]
pub enum Blow {
    /// The power goes.
    Crash {
        /// Whether requests that were on their way arrive although their sender is gone.
        in_flight_arrives: bool,
    },
    /// The next write finds the disk full, and so do those of the next minute.
    DiskFull,
    /// Another program takes the lease.
    Steal,
}

impl Blow {
    pub const ALL: [Self; 4] = [
        Self::Crash { in_flight_arrives: true },
        Self::Crash { in_flight_arrives: false },
        Self::DiskFull,
        Self::Steal,
    ];
}

/// What befalls the machine.
#[derive(Clone, Copy, Debug)]
pub enum Upset {
    /// The power goes.
    Crash,
    /// The disk is full, or has room again.
    DiskFull(bool),
    /// Another program holds the database, or lets go of it.
    DatabaseBusy(bool),
    /// The wall clock jumps.
    WallJumps(i64),
    /// The laptop sleeps.
    Sleeps(u64),
    /// All addresses of files die.
    FilesMove,
    /// They lead nowhere for a while, or lead to their files again.
    FilesDie(bool),
    /// This machine connects to no address of a file, or does again.
    FilesBlocked(bool),
    /// The file system takes no name with words in it, or does again.
    NamesRefused(bool),
    /// Whoever answers knows nothing of any job, or it is the remote again.
    KnowsNothing(bool),
    /// The user sets another key, and starts the program again.
    KeyChanges,
    /// The database is copied.
    Copied,
    /// The machine goes down, and the copy is put in the place of the database.
    Restored,
    /// The faults stop.
    Calm,
}

/// The world.
pub struct World {
    pub dice: Dice,
    pub weather: Weather,
    pub sabotage: Sabotage,
    pub queue: BTreeMap<(u64, u64), Happening>,
    pub processes: Vec<Process>,
    pub errands: BTreeMap<u64, Errand>,
    pub store: Committed,
    pub disk: Disk,
    pub remote: Remote,
    pub laws: Laws,
    pub trace: Trace,
    /// The time that passes for everybody.
    pub now_ms: u64,
    /// How much of it this machine slept: its monotonic clock does not count that.
    slept_ms: u64,
    /// How wrong its wall clock is.
    wall_ms: i64,
    /// Counts things that need a number.
    numbers: u64,
    /// Whether the faults have stopped, and when.
    calm_ms: Option<u64>,
    /// Whether the days that are waited through in the end are slept through.
    pub sleeps_at_last: bool,
    /// How many boundaries were passed, and what comes at one of them.
    pub boundaries: u64,
    pub blow: Option<(u64, Blow)>,
    /// This machine connects to no address of a file.
    pub files_are_blocked: bool,
    /// The address of the next file dies while it comes.
    pub breaks_next_file: bool,
    /// Whether requests that were on their way arrive although their sender is gone.
    pub in_flight_arrives: bool,
    /// Which of the user's keys is set.
    pub key: usize,
    /// A copy of the database.
    copy: Option<Committed>,
    /// How often each attempt key was sent, as the journal beside the database has it.
    pub journal: BTreeMap<Uuid, u32>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            weather: Weather::default(),
            sabotage: Sabotage::None,
            queue: BTreeMap::new(),
            processes: Vec::new(),
            errands: BTreeMap::new(),
            store: Committed::default(),
            disk: Disk::default(),
            remote: Remote::new(&CATALOG),
            laws: Laws::default(),
            trace: Trace::default(),
            now_ms: 0,
            slept_ms: 0,
            wall_ms: 0,
            numbers: 0,
            calm_ms: None,
            sleeps_at_last: true,
            boundaries: 0,
            blow: None,
            files_are_blocked: false,
            breaks_next_file: false,
            in_flight_arrives: true,
            key: 0,
            copy: None,
            journal: BTreeMap::new(),
        }
    }

    /// Lets `happening` come at `at_ms`.
    pub fn at(&mut self, at_ms: u64, happening: Happening) {
        let number = self.number();
        self.queue.insert((at_ms, number), happening);
    }

    /// Lets `happening` come after `wait_ms`.
    pub fn after(&mut self, wait_ms: u64, happening: Happening) {
        self.at(self.now_ms + wait_ms, happening);
    }

    pub fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The time as everybody else has it.
    pub fn true_time(&self) -> Timestamp {
        let start: Timestamp = Timestamp::from_second(1_795_000_000).expect("a time");
        start + SignedDuration::from_millis(self.now_ms as i64)
    }

    /// The time as this machine has it; its monotonic clock begins with the machine.
    pub fn now(&self) -> Now {
        let wall = self.true_time() + SignedDuration::from_millis(self.wall_ms);
        Now { wall, mono_ms: self.now_ms - self.slept_ms + 5 }
    }

    /// The fate of the next exchange.
    pub fn fate(&mut self) -> Fate {
        if self.calm_ms.is_some() { Fate::Whole } else { self.weather.fate(&mut self.dice) }
    }

    /// Whether the faults have stopped.
    pub fn is_calm(&self) -> bool {
        self.calm_ms.is_some()
    }

    /// A point at which the blow may come. Returns whether the power went.
    pub fn boundary(&mut self) -> bool {
        let blow = self.blow.filter(|(at, _)| *at == self.boundaries).map(|(_, blow)| blow);
        self.boundaries += 1;
        match blow {
            None => {}
            Some(Blow::Crash { in_flight_arrives }) => {
                self.in_flight_arrives = in_flight_arrives;
                self.crash();
                self.after(REBOOT_MS, Happening::Start);
                return true;
            }
            Some(Blow::DiskFull) => {
                self.upset(Upset::DiskFull(true));
                self.after(FULL_MS, Happening::Upset(Upset::DiskFull(false)));
            }
            Some(Blow::Steal) => self.after(0, Happening::Steal),
        }
        false
    }

    /// Runs until nothing is left to do, and judges what is left.
    pub fn run(&mut self) {
        let mut turns = 0;
        let mut in_time = true;
        while let Some(at_ms) = self.next_ms() {
            let late = self.calm_ms.is_some_and(|calm_ms| at_ms > calm_ms + PATIENCE_MS);
            if late || turns >= MAX_TURNS {
                in_time = false;
                break;
            }
            turns += 1;
            self.now_ms = self.now_ms.max(at_ms);
            match self.queue.first_key_value() {
                Some(((queued_ms, _), _)) if *queued_ms <= self.now_ms => {
                    if let Some((_, happening)) = self.queue.pop_first() {
                        self.happen(happening);
                    }
                }
                _ => self.wake_due(),
            }
        }
        self.judge(in_time);
    }

    fn next_ms(&self) -> Option<u64> {
        let queued = self.queue.first_key_value().map(|((at_ms, _), _)| *at_ms);
        queued.into_iter().chain(self.next_wake_ms()).min()
    }

    fn happen(&mut self, happening: Happening) {
        self.trace.line(self.now_ms, format_args!("{happening}"));
        match happening {
            Happening::Start => self.start(false),
            Happening::Steal => self.start(true),
            Happening::Arrive { errand, part, fate } => self.arrive(errand, part, fate),
            Happening::Answer { errand, part, answer } => self.answered(errand, part, answer),
            Happening::Chunk { errand } => self.chunk(errand),
            Happening::Outcome { process, input } => self.mail(process, Some(*input)),
            Happening::Bell { process } => self.mail(process, None),
            Happening::Retry { process } => self.retry(process),
            Happening::Act(act) => self.act(act),
            Happening::Yes(dialog) => self.yes(*dialog),
            Happening::Upset(upset) => self.upset(upset),
        }
    }

    fn upset(&mut self, upset: Upset) {
        match upset {
            Upset::Crash => {
                self.crash();
                let wait_ms = self.dice.throw() % 120_000;
                self.after(wait_ms, Happening::Start);
            }
            Upset::DiskFull(full) => {
                self.disk.full = full;
                self.store.refuses = full;
            }
            Upset::DatabaseBusy(busy) => self.store.refuses = busy || self.disk.full,
            Upset::WallJumps(ms) => self.wall_ms += ms,
            Upset::Sleeps(ms) => self.sleep(ms),
            Upset::FilesMove => self.remote.move_files(),
            Upset::FilesDie(dead) => self.remote.files_are_dead = dead,
            Upset::FilesBlocked(blocked) => self.files_are_blocked = blocked,
            Upset::NamesRefused(refused) => self.disk.refuses_words = refused,
            Upset::KnowsNothing(nothing) => self.remote.knows_nothing = nothing,
            Upset::KeyChanges => {
                self.key = (self.key + 1) % KEYS;
                self.crash();
                self.after(REBOOT_MS, Happening::Start);
            }
            Upset::Copied => self.copy = Some(self.store.clone()),
            Upset::Restored => self.restore(),
            Upset::Calm => self.calm(),
        }
    }

    /// Every process ends, and with it everything that was not stored.
    pub fn crash(&mut self) {
        self.laws.log(&self.store);
        self.processes.clear();
        if !self.in_flight_arrives {
            self.queue.retain(|_, happening| !matches!(happening, Happening::Arrive { .. }));
        }
    }

    /// What comes meanwhile comes at the end of the sleep, but a reply finds its connection gone.
    fn sleep(&mut self, ms: u64) {
        let end_ms = self.now_ms + ms;
        for ((at_ms, _), happening) in &mut self.queue {
            if let Happening::Answer { answer, .. } = happening
                && *at_ms < end_ms
            {
                *answer = network::broke();
            }
        }
        self.now_ms = end_ms;
        self.slept_ms += ms;
    }

    /// An older copy of the database, beside a journal that is newer.
    fn restore(&mut self) {
        let Some(copy) = self.copy.take() else { return };
        self.crash();
        self.laws.put_back(&copy);
        self.store.put_back(copy);
        let wait_ms = self.dice.throw() % 120_000;
        self.after(wait_ms, Happening::Start);
    }

    fn calm(&mut self) {
        self.calm_ms = Some(self.now_ms);
        (self.remote.files_are_dead, self.remote.knows_nothing) = (false, false);
        (self.disk.full, self.store.refuses) = (false, false);
        self.files_are_blocked = false;
        let newest = self.processes.pop();
        self.processes.clear();
        self.processes.extend(newest);
        self.start(false);
        if self.sleeps_at_last {
            self.after(QUIET_MS, Happening::Upset(Upset::Sleeps(SLEEP_MS)));
        }
    }

    fn judge(&mut self, in_time: bool) {
        self.laws.rest(&self.store, in_time);
        self.laws.log(&self.store);
        self.laws.files(self.store.rows.values(), &self.disk);
        let now = self.true_time();
        self.laws.money(&self.store, self.remote.billed(now));
        for row in self.store.rows.values() {
            self.trace.line(self.now_ms, format_args!("{} {} {:?}", row.id, row.state, row.error));
        }
    }
}

/// The account at `provider` of the user's key number `key`.
pub fn account(provider: &str, key: usize) -> Option<Account> {
    Some(Account::of(&format!("key {key}"), Remote::base_url(protocol(provider))))
}

/// Where a protocol is spoken, and by which provider.
pub fn protocol(provider: &str) -> Protocol {
    CATALOG.provider(provider).expect("a provider of the catalog").protocol
}

/// Everything that happened, as one number; and line by line for whoever wants to read it.
#[derive(Default)]
pub struct Trace {
    /// The sum of all lines.
    pub sum: u64,
    /// The lines, where they are wanted.
    pub lines: Option<String>,
}

impl Trace {
    pub fn line(&mut self, now_ms: u64, line: fmt::Arguments<'_>) {
        let _ = writeln!(self, "{now_ms:>10} {line}");
    }
}

impl fmt::Write for Trace {
    /// The sum is FNV-1a.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.sum = (self.sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(lines) = &mut self.lines {
            lines.push_str(text);
        }
        Ok(())
    }
}
