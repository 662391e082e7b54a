//! Carrying out the engine's commands, as `runtime/execute.rs` and `runtime/save.rs` do: with the real
//! adapters and the real reading of replies, over the simulated network and disk.

use rushes::domain::job::{Charged, ClipFile, FailureClass, Job, JobError, JobId};
use rushes::domain::outcome::{Report, SaveTrouble, Sighting, SubmitOutcome};
use rushes::engine::{Command, Input, Target};
use rushes::provider::registry::{self, Images, Named};
use rushes::provider::wire::{HttpRequest, HttpResponse};
use rushes::runtime::exchange::{self, Answer, SendError};
use rushes::runtime::save::{self, Transfer};

use crate::laws::sha256;
use crate::network::{self, Fate, TIMEOUT_MS};
use crate::remote::{Remote, Says};
use crate::sabotage::Sabotage;
use crate::world::{CATALOG, Happening, World, protocol};

/// A command that is being carried out.
pub struct Errand {
    process: u64,
    /// Which of the user's keys it is carried out with.
    key: usize,
    work: Work,
    parts: Vec<Part>,
}

struct Part {
    request: HttpRequest,
    jobs: Vec<Named>,
    answer: Option<Answer>,
}

enum Work {
    Submit(Box<Job>),
    Poll { provider: String, jobs: Vec<JobId> },
    LookUp { provider: String, named: Named },
    Cancel { provider: String, named: Named },
    Save { job: Box<Job>, index: usize, download: Option<Download> },
}

/// A file on its way.
struct Download {
    transfer: Transfer,
    part: String,
    /// What it becomes.
    path: String,
    file: usize,
    /// What is still to come, and whether the connection holds until then.
    rest: Vec<u8>,
    done: Vec<u8>,
    breaks: bool,
}

impl World {
    /// Starts `command` for process `number`.
    pub fn carry_out(&mut self, number: u64, command: Command) {
        let (work, requests) = match command {
            Command::Prepare { job } => return self.prepare(number, &job),
            Command::Submit { job } => {
                let provider = job.request.model.provider.clone();
                let model = CATALOG.model(&job.request.model).expect("a model of the catalog");
                let protocol = protocol(&provider);
                let began_ms = self.process(number).map_or(0, |process| process.began_ms);
                self.laws.sent(&job, self.now_ms, began_ms, &self.store);
                // Committed, then noted, then sent.
                self.journal.insert(job.attempt_key, job.sends);
                let base_url = Remote::base_url(protocol);
                let request = registry::submit(protocol, base_url, model, &job, &Images::new());
                match request {
                    Ok(request) => (Work::Submit(job), vec![(request, Vec::new())]),
                    Err(error) => {
                        let outcome = SubmitOutcome::Refused(error);
                        return self.outcome(number, Input::Submitted { job: job.id, outcome });
                    }
                }
            }
            Command::Poll { provider, targets } => {
                let jobs = targets.iter().map(|target| target.job).collect();
                let named: Vec<Named> = targets.into_iter().map(named).collect();
                let protocol = protocol(&provider);
                let request = registry::poll(protocol, Remote::base_url(protocol), &named);
                let Some(request) = request else {
                    let outcome = Ok(Vec::new());
                    let account = self.account_of(number, &provider);
                    return self
                        .outcome(number, Input::Polled { provider, jobs, account, outcome });
                };
                (Work::Poll { provider, jobs }, vec![(request, named)])
            }
            Command::LookUp { provider, target } => {
                let (named, protocol) = (named(target), protocol(&provider));
                let request = registry::look_up(protocol, Remote::base_url(protocol), &named);
                let Some(request) = request else {
                    let outcome = Ok(Sighting::NotKnown);
                    let account = self.account_of(number, &provider);
                    return self
                        .outcome(number, Input::LookedUp { job: named.job, account, outcome });
                };
                (Work::LookUp { provider, named: named.clone() }, vec![(request, vec![named])])
            }
            Command::Cancel { provider, target } => {
                let (named, protocol) = (named(target), protocol(&provider));
                let job = named.job;
                self.laws.asked_to_stop(number, job);
                let request = registry::cancel(protocol, Remote::base_url(protocol), &named);
                let Some(request) = request else {
                    return self.outcome(number, Input::Stopped { job, outcome: Ok(false) });
                };
                (Work::Cancel { provider, named: named.clone() }, vec![(request, vec![named])])
            }
            Command::Save { job, index, output, .. } => {
                let request = HttpRequest::get(output.url);
                (Work::Save { job, index, download: None }, vec![(request, Vec::new())])
            }
        };
        self.set_out(number, work, requests);
    }

    /// Reads key and pictures, and waits for its turn.
    fn prepare(&mut self, number: u64, job: &Job) {
        let input = match job.account == self.account_of(number, &job.request.model.provider) {
            true => Input::Ready { job: job.id },
            false => {
                let outcome = SubmitOutcome::Refused(other_account());
                Input::Submitted { job: job.id, outcome }
            }
        };
        let dice = self.dice.throw();
        let wait_ms = if dice.is_multiple_of(4) { dice % 20_000 } else { 1 };
        self.after(wait_ms, Happening::Outcome { process: number, input: Box::new(input) });
    }

    fn set_out(&mut self, process: u64, work: Work, requests: Vec<(HttpRequest, Vec<Named>)>) {
        let number = self.number();
        let part = |(request, jobs)| Part { request, jobs, answer: None };
        let parts: Vec<Part> = requests.into_iter().map(part).collect();
        let (count, nags) = (parts.len(), self.sabotage == Sabotage::Nags);
        for job in parts.iter().flat_map(|part| &part.jobs) {
            if matches!(work, Work::Poll { .. } | Work::LookUp { .. }) {
                for _ in 0..if nags { 10 } else { 1 } {
                    self.laws.asked(process, job.job, self.now().mono_ms);
                }
            }
        }
        let may_double = may_double(&work);
        let saves = matches!(work, Work::Save { .. });
        let key = self.key_of(process);
        self.errands.insert(number, Errand { process, key, work, parts });
        if count == 0 {
            return self.come_back(number);
        }
        for part in 0..count {
            let mut fate = self.fate();
            if fate == Fate::Twice && !may_double {
                fate = Fate::Whole;
            }
            if saves && self.files_are_blocked {
                fate = Fate::NeverLeaves;
            }
            self.send(number, part, fate);
        }
    }

    fn send(&mut self, errand: u64, part: usize, fate: Fate) {
        let out_ms = network::way_ms(fate, &mut self.dice);
        let answer = |answer| Happening::Answer { errand, part, answer };
        match fate {
            Fate::NeverLeaves => self.after(out_ms, answer(network::no_connection())),
            Fate::RequestLost => self.after(TIMEOUT_MS, answer(network::broke())),
            Fate::Turned(status) => self.after(2 * out_ms, answer(Ok(network::page(status)))),
            _ => {
                self.after(out_ms, Happening::Arrive { errand, part, fate });
                if fate == Fate::Twice {
                    let again_ms = out_ms + network::way_ms(fate, &mut self.dice);
                    self.after(again_ms, Happening::Arrive { errand, part, fate: Fate::Whole });
                }
                if fate == Fate::Slow {
                    self.after(TIMEOUT_MS, answer(network::broke()));
                }
            }
        }
    }

    /// A request reaches the remote, whoever still waits for its reply.
    pub fn arrive(&mut self, number: u64, part: usize, fate: Fate) {
        let Some(errand) = self.errands.get(&number) else { return };
        let request = errand.parts[part].request.clone();
        let attempt = match &errand.work {
            Work::Submit(job) => Some(job.attempt_key),
            _ => None,
        };
        let (key, asks) = (errand.key, matches!(errand.work, Work::Poll { .. }));
        let blamed = errand.parts[part].jobs.first().map(|job| job.key);
        let done = self.remote.handle(request, key, self.true_time());
        if let (Some(attempt), Some(task)) = (attempt, done.accepted) {
            self.laws.generation(attempt, key, task);
        }
        if self.boundary() {
            return;
        }
        let back_ms = network::way_ms(fate, &mut self.dice);
        match done.says {
            Some(Says::File(bytes)) => {
                let dies = std::mem::take(&mut self.breaks_next_file);
                self.begin_file(number, bytes, if dies { Fate::Broken(0) } else { fate });
            }
            Some(Says::Http(response)) => {
                let answer = match fate {
                    Fate::Blamed if asks => Ok(network::blamed(blamed, &mut self.dice)),
                    // Of two replies the first is the one that comes back, or the second.
                    Fate::Twice if self.dice.throw().is_multiple_of(2) => return,
                    _ => network::spoiled(fate, response, &mut self.dice),
                };
                self.after(back_ms, Happening::Answer { errand: number, part, answer });
            }
            None => {
                let answer = network::broke();
                self.after(back_ms, Happening::Answer { errand: number, part, answer });
            }
        }
    }

    /// A reply comes back. The first one counts.
    pub fn answered(&mut self, number: u64, part: usize, answer: Answer) {
        let Some(errand) = self.errands.get_mut(&number) else { return };
        let slot = &mut errand.parts[part].answer;
        if slot.is_none() {
            *slot = Some(answer);
        }
        if errand.parts.iter().all(|part| part.answer.is_some()) {
            self.come_back(number);
        }
    }

    /// Everything that was asked is answered.
    fn come_back(&mut self, number: u64) {
        let Some(Errand { process, key, work, parts }) = self.errands.remove(&number) else {
            return;
        };
        let mut answers = parts.into_iter().filter_map(|part| Some((part.jobs, part.answer?)));
        let mut first = || answers.next().map_or_else(network::broke, |(_, answer)| answer);
        let input = match work {
            Work::Submit(job) => {
                let protocol = protocol(&job.request.model.provider);
                let mut outcome = exchange::submitted(protocol, &job, first());
                let hopeful = self.sabotage == Sabotage::TakesLossForFailure;
                if hopeful && matches!(outcome, SubmitOutcome::Unknown { .. }) {
                    outcome = SubmitOutcome::Busy(lost().into());
                }
                Input::Submitted { job: job.id, outcome }
            }
            Work::Poll { provider, jobs } => {
                let protocol = protocol(&provider);
                let believes = self.sabotage == Sabotage::BelievesTheFirstNo;
                let polled = |(jobs, answer): (Vec<Named>, Answer)| {
                    let told = exchange::polled(protocol, &jobs, answer);
                    if believes { told.map(believed) } else { told }
                };
                let outcome = answers.next().map_or_else(|| Ok(Vec::new()), polled);
                Input::Polled {
                    account: self.told_account(&provider, key),
                    provider,
                    jobs,
                    outcome,
                }
            }
            Work::LookUp { provider, named } => {
                let outcome = exchange::looked_up(protocol(&provider), &named, first());
                Input::LookedUp {
                    job: named.job,
                    account: self.told_account(&provider, key),
                    outcome,
                }
            }
            Work::Cancel { provider, named } => {
                let outcome = exchange::stopped(protocol(&provider), &named, first());
                Input::Stopped { job: named.job, outcome }
            }
            Work::Save { job, index, .. } => {
                let outcome = Err(match first() {
                    Ok(HttpResponse { status, .. }) => {
                        match Transfer::begin(status, None, None, u64::MAX) {
                            Err(trouble) => trouble,
                            // A page of HTML where the file should be.
                            Ok(_) => save::network(lost()),
                        }
                    }
                    Err(error) => save::network(error),
                });
                Input::Saved { job: job.id, index, outcome }
            }
        };
        self.outcome(process, input);
    }

    fn outcome(&mut self, process: u64, input: Input) {
        self.after(1, Happening::Outcome { process, input: Box::new(input) });
    }
}

/// The file of a result on its way.
impl World {
    fn begin_file(&mut self, number: u64, mut bytes: Vec<u8>, fate: Fate) {
        let Some(errand) = self.errands.get(&number) else { return };
        let Work::Save { job, index, .. } = &errand.work else { return };
        let (alive, path) = (errand.process, save::clip_path(job, *index));
        let bare = save::bare_path(job, *index);
        if !self.processes.iter().any(|process| process.number == alive) {
            return;
        }
        let mut total = Some(bytes.len() as u64);
        let mut breaks = false;
        match fate {
            // The length is another one than was announced.
            Fate::Garbage => total = Some(bytes.len() as u64 + 9),
            Fate::Truncated | Fate::ReplyLost => {
                let kept = self.dice.throw() as usize % bytes.len();
                bytes.truncate(kept);
                breaks = true;
            }
            // The address dies while the file comes.
            Fate::Broken(_) => {
                self.remote.move_files();
                bytes.truncate(bytes.len() / 2);
                breaks = true;
            }
            _ => {}
        }
        let max_bytes = CATALOG.max_clip_bytes(&job.request);
        let insists = self.sabotage == Sabotage::InsistsOnNames;
        let mut create = |path: String| Ok((self.disk.create(&path, number)?, path));
        let begun = Transfer::begin(200, total, None, max_bytes).and_then(|transfer| {
            let made =
                create(path).or_else(|error| if insists { Err(error) } else { create(bare) });
            Ok((transfer, made.map_err(save::disk)?))
        });
        match begun {
            Err(trouble) => self.saved(number, Err(trouble)),
            Ok((transfer, ((file, part), path))) => {
                let done = Vec::new();
                let download = Download { transfer, part, path, file, rest: bytes, done, breaks };
                if let Some(Errand { work: Work::Save { download: slot, .. }, .. }) =
                    self.errands.get_mut(&number)
                {
                    *slot = Some(download);
                }
                self.next_chunk(number);
            }
        }
    }

    fn next_chunk(&mut self, number: u64) {
        let wait_ms = 20 + self.dice.throw() % 3_000;
        self.after(wait_ms, Happening::Chunk { errand: number });
    }

    /// The next bytes come, or the last came before.
    pub fn chunk(&mut self, number: u64) {
        if self.boundary() {
            return;
        }
        let careless = self.sabotage == Sabotage::KeepsHalves;
        let Some(errand) = self.errands.get_mut(&number) else { return };
        let owner = errand.process;
        let Work::Save { job, index, download: Some(download) } = &mut errand.work else { return };
        if !self.processes.iter().any(|process| process.number == owner) {
            self.errands.remove(&number);
            return;
        }
        if !download.rest.is_empty() {
            let size = download.rest.len().min(48);
            let bytes: Vec<u8> = download.rest.drain(..size).collect();
            let offset = download.done.len();
            let kept = download
                .transfer
                .take(bytes.len())
                .and_then(|()| self.disk.write(download.file, offset, &bytes).map_err(save::disk));
            download.done.extend(bytes);
            return match kept {
                Ok(()) => self.next_chunk(number),
                Err(trouble) => self.saved(number, Err(trouble)),
            };
        }
        let ended = match download.breaks && !careless {
            true => Err(save::network(lost())),
            false => download.transfer.end().map(drop),
        };
        if let Err(trouble) = ended
            && !careless
        {
            return self.saved(number, Err(trouble));
        }
        let bare = save::bare_path(job, *index);
        let paths = [download.path.clone(), bare];
        let (part, bytes) = (download.part.clone(), std::mem::take(&mut download.done));
        self.put_in_place(number, &part, paths, &bytes);
    }

    /// Synced, hashed, renamed: only then is it a file.
    fn put_in_place(&mut self, number: u64, part: &str, paths: [String; 2], bytes: &[u8]) {
        if self.boundary() {
            return;
        }
        let mut rename = |path: String| match self.disk.full {
            // The sidecar does not fit any more.
            true => Err(std::io::ErrorKind::StorageFull.into()),
            false => self.disk.rename(part, &path).map(|()| path),
        };
        let insists = self.sabotage == Sabotage::InsistsOnNames;
        let [path, bare] = paths;
        let renamed = rename(path).or_else(|error| if insists { Err(error) } else { rename(bare) });
        if self.boundary() {
            return;
        }
        let file = |path| ClipFile {
            path,
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
            facts: None,
            cut: false,
        };
        self.saved(number, renamed.map(file).map_err(save::disk));
    }

    fn saved(&mut self, number: u64, outcome: Result<ClipFile, SaveTrouble>) {
        let Some(errand) = self.errands.remove(&number) else { return };
        if let Work::Save { job, index, .. } = errand.work {
            self.outcome(errand.process, Input::Saved { job: job.id, index, outcome });
        }
    }
}

/// A request that a proxy sends twice makes two generations where the provider knows no key, and no
/// client can help that.
fn may_double(work: &Work) -> bool {
    match work {
        Work::Submit(job) => {
            CATALOG.provider(&job.request.model.provider).is_some_and(|one| one.can_look_up)
        }
        Work::Save { .. } => false,
        _ => true,
    }
}

/// What is not known counts as failed.
fn believed(told: Vec<(JobId, Sighting)>) -> Vec<(JobId, Sighting)> {
    let error =
        JobError::ours(FailureClass::Lost, "lost", "not known".to_owned(), Charged::Unknown);
    let failures = vec![error];
    let failed = Report { failures, ..Report::default() };
    let believed = |(job, sighting)| match sighting {
        Sighting::NotKnown => (job, Sighting::Seen(failed.clone())),
        seen => (job, seen),
    };
    told.into_iter().map(believed).collect()
}

/// The key is another one than the job was made for.
fn other_account() -> JobError {
    let message = "the key is another one".to_owned();
    JobError::ours(FailureClass::Key, "otherAccount", message, Charged::NotCharged)
}

fn lost() -> SendError {
    SendError { never_arrived: false, message: "the connection broke".to_owned() }
}

fn named(target: Target) -> Named {
    let wire_id = CATALOG.model(&target.model).map(|model| model.wire_id.clone());
    Named {
        job: target.job,
        key: target.attempt_key,
        remote_id: target.remote_id,
        wire_id: wire_id.unwrap_or_default(),
    }
}
