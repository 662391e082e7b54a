//! What the user does, by way of the store, as studio and command line do it.

use rushes::domain::consent::{Consent, Standing};
use rushes::domain::cost::Estimate;
use rushes::domain::event::{JobEvent, Write};
use rushes::domain::job::{
    Charged, FailureClass, Job, JobError, JobId, JobState, Parent, Relation,
};
use rushes::domain::outcome::Sighting;
use rushes::domain::promotion::Promotable;
use rushes::domain::request::{Choices, GenerationRequest};
use rushes::engine::apply;
use rushes::provider::registry::{self, Named};
use rushes::runtime::exchange;
use uuid::{Builder, Uuid};

use crate::remote::{Remote, Says};
use crate::sabotage::Sabotage;
use crate::world::{CATALOG, Happening, World, protocol};

/// What the user does. Numbers choose among the jobs that there are.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Submits a job.
    Submit(Order),
    /// Stops a job.
    Stop(usize),
    /// Promotes a draft.
    Promote(usize),
    /// Opens a dialog for the same draft in each of two studios.
    PromoteTwice(usize),
    /// Interrupts a verb that waits for a job to be sent, and ends the program where it says so.
    Interrupt(usize, bool),
    /// Has a job sent that is held.
    Release(usize),
    /// Submits a job again that ended or is in doubt, as a new one.
    Again(usize),
    /// Looks a job in doubt up.
    LookUp(usize),
    /// Closes a job in doubt.
    Close(usize),
    /// Ends the program; starts it again so much later.
    Quit(u64),
}

/// What is ordered.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub model: &'static str,
    pub draft: bool,
    pub results: u32,
    /// A word that makes the sandbox misbehave, or nothing.
    pub word: &'static str,
}

impl Order {
    pub const fn of(model: &'static str) -> Self {
        Self { model, draft: false, results: 1, word: "" }
    }
}

/// A dialog in which a user may agree to pay.
pub struct Dialog {
    request: GenerationRequest,
    pub parent: Option<(JobId, Relation)>,
    consent: Consent,
    /// The finals of the same draft that it shows.
    seen: Vec<JobId>,
}

impl World {
    pub fn act(&mut self, act: Act) {
        if self.is_calm() {
            return;
        }
        match act {
            Act::Submit(order) => self.submit(order),
            Act::Stop(nth) => {
                let goes_on = |job: &Job| job.state.is_live() || job.state == JobState::Held;
                let Some(job) = self.nth(nth, goes_on) else { return };
                if job.state == JobState::Held {
                    let event = self.not_sent(&job);
                    self.decide(job, event);
                } else if !self.store.refuses {
                    self.store.stops.entry(job.id).or_insert(self.now_ms);
                    self.ring();
                }
            }
            Act::Promote(nth) => self.promote(nth, 1),
            Act::PromoteTwice(nth) => self.promote(nth, 2),
            Act::Interrupt(nth, ends) => self.interrupt(nth, ends),
            Act::Release(nth) => {
                if let Some(job) = self.nth(nth, |job| job.state == JobState::Held)
                    && !self.store.refuses
                {
                    self.store.holds.remove(&job.id);
                    self.decide(job, JobEvent::Released { over_limit: false, estimate: None });
                }
            }
            Act::Again(nth) => {
                let again = |job: &Job| !job.state.is_live() && job.state != JobState::Succeeded;
                if let Some(job) = self.nth(nth, again) {
                    self.open(job.request.clone(), Some((job.id, Relation::Retry)));
                }
            }
            Act::LookUp(nth) => self.look_up(nth),
            Act::Close(nth) => {
                if let Some(job) = self.nth(nth, |job| job.state == JobState::InDoubt) {
                    let error = JobError::closed(&job.request.model.provider);
                    self.decide(job, JobEvent::Closed { error });
                }
            }
            Act::Quit(wait_ms) => {
                self.crash();
                self.after(wait_ms, Happening::Start);
            }
        }
    }

    /// The end of a held job, as `runtime/held.rs` has it: free, unless the journal knows that it was sent.
    fn not_sent(&self, job: &Job) -> JobEvent {
        let sends = self.journal.get(&job.attempt_key);
        let error = |class, code, charged| JobError::ours(class, code, "…".to_owned(), charged);
        if sends.is_some_and(|sends| *sends > job.sends) {
            let error = error(FailureClass::Lost, "inDoubt", Charged::Unknown);
            return JobEvent::Doubted { error, asked_as: None };
        }
        let error = error(FailureClass::Provider, "canceled", Charged::NotCharged);
        JobEvent::Canceled { error }
    }

    fn nth(&self, nth: usize, which: impl Fn(&Job) -> bool) -> Option<Job> {
        let fitting: Vec<&Job> = self.store.rows.values().filter(|job| which(job)).collect();
        fitting.get(nth % fitting.len().max(1)).map(|job| (*job).clone())
    }

    fn submit(&mut self, order: Order) {
        let model = CATALOG.model(&order.model.parse().expect("an id")).expect("a model");
        let choices = Choices {
            prompt: format!("a fox {}", order.word).trim().to_owned(),
            draft: order.draft,
            results: (order.results > 1).then_some(order.results),
            ..Choices::default()
        };
        let request = GenerationRequest::new(model, choices).expect("a request the model allows");
        self.create(request, None);
    }

    fn promote(&mut self, nth: usize, studios: usize) {
        let now = self.now().wall;
        let model = |job: &Job| CATALOG.model(&job.request.model);
        let ready = |job: &Job| Promotable::of(job, model(job), now).is_ok();
        let Some(draft) = self.nth(nth, ready) else { return };
        let Some(model) = model(&draft) else { return };
        let draft_id = draft.draft_id().unwrap_or_default().to_owned();
        let request = &draft.request;
        let request = GenerationRequest::promote(model, request, draft_id, draft.seed(), None);
        let request = request.expect("a draft that can be promoted");
        for _ in 0..studios {
            self.open(request.clone(), Some((draft.id, Relation::Promote)));
        }
    }

    /// Opens the dialog in which a user agrees to pay. Whoever sees there that something speaks against it leaves
    /// it at that, or agrees to that too.
    fn open(&mut self, request: GenerationRequest, parent: Option<(JobId, Relation)>) {
        let standing = self.standing(&request);
        let price = standing.estimate.clone().unwrap_or_default();
        let despite = Consent::to(price.clone()).objections(&request, &standing);
        if !despite.is_empty() && self.dice.throw().is_multiple_of(2) {
            return;
        }
        let seen = self.finals_beside(&request);
        let consent = Consent { despite, ..Consent::to(price) };
        let wait_ms = self.dice.throw() % 20_000;
        let dialog = Dialog { request, parent, consent, seen };
        self.after(wait_ms, Happening::Yes(Box::new(dialog)));
    }

    /// The user says yes, and what that rests on is looked at as the job is stored.
    pub fn yes(&mut self, Dialog { request, parent, consent, seen }: Dialog) {
        let objections = consent.objections(&request, &self.standing(&request));
        let asks = self.sabotage != Sabotage::StoresUnasked;
        if self.is_calm() || self.store.refuses || asks && !objections.is_empty() {
            return;
        }
        self.laws.final_stored(&self.finals_beside(&request), &seen);
        self.create(request, parent);
    }

    /// As things stand for `request`, of play money.
    fn standing(&self, request: &GenerationRequest) -> Standing {
        let model = CATALOG.model(&request.model).expect("a model of the catalog");
        Standing {
            estimate: Some(Estimate::of(model, request)),
            jobs: self.store.rows.values().cloned().collect(),
            ..Standing::default()
        }
    }

    /// The finals of the draft that `request` is a final of, at its resolution, which are paid for or may be.
    fn finals_beside(&self, request: &GenerationRequest) -> Vec<JobId> {
        let free =
            |state| matches!(state, JobState::Failed | JobState::Expired | JobState::Canceled);
        let is_beside = |job: &&Job| {
            request.draft_id.is_some()
                && job.request.draft_id == request.draft_id
                && job.request.resolution == request.resolution
                && !free(job.state)
        };
        self.store.rows.values().filter(is_beside).map(|job| job.id).collect()
    }

    /// Asks that the job be held, as a verb does that is interrupted. Whoever drives hears it, or the verb drove.
    fn interrupt(&mut self, nth: usize, ends: bool) {
        let Some(job) = self.nth(nth, |job| job.state.is_to_be_sent()) else { return };
        if self.store.refuses {
            return;
        }
        self.store.holds.insert(job.id, self.now_ms);
        match ends {
            true => self.act(Act::Quit(1_000)),
            false => self.ring(),
        }
    }

    fn look_up(&mut self, nth: usize) {
        if let Some(job) = self.nth(nth, |job| job.state == JobState::InDoubt) {
            self.ask_for(job, self.key);
        }
    }

    /// Every job in doubt that was asked for with another key is asked for again, as at every start.
    pub fn ask_again(&mut self, key: usize) {
        let changed = |job: &&Job| {
            job.state == JobState::InDoubt
                && job.asked_as != self.told_account(&job.request.model.provider, key)
        };
        let jobs: Vec<Job> = self.store.rows.values().filter(changed).cloned().collect();
        for job in jobs {
            self.ask_for(job, key);
        }
    }

    /// As `runtime/settle.rs` does, over a line without faults.
    fn ask_for(&mut self, job: Job, key: usize) {
        let name = job.request.model.provider.clone();
        if !CATALOG.provider(&name).is_some_and(|provider| provider.can_be_asked_for(&job)) {
            return;
        }
        let protocol = protocol(&name);
        let named = Named {
            job: job.id,
            key: job.attempt_key,
            remote_id: job.remote_id.clone(),
            wire_id: CATALOG.model(&job.request.model).expect("a model").wire_id.clone(),
        };
        let Some(request) = registry::look_up(protocol, Remote::base_url(protocol), &named) else {
            return;
        };
        let Some(Says::Http(reply)) = self.remote.handle(request, key, self.true_time()).says
        else {
            return;
        };
        let how = "looked up".to_owned();
        match exchange::looked_up(protocol, &named, Ok(reply)) {
            Ok(Sighting::Seen(_)) if job.accepted_at.is_some() => {
                self.decide(job, JobEvent::Recovered { how });
            }
            Ok(Sighting::Seen(_)) => {
                self.decide(job, JobEvent::Accepted { remote_id: None, charge: None, how });
            }
            Ok(Sighting::NotKnown) => {
                let asked_as = self.told_account(&name, key);
                if let Some(error) = job.error.clone().filter(|_| job.asked_as != asked_as) {
                    self.decide(job, JobEvent::Doubted { error, asked_as });
                }
            }
            _ => {}
        }
    }

    fn decide(&mut self, mut job: Job, event: JobEvent) {
        let at = self.now().wall;
        let before = job.state;
        assert!(apply(&mut job, &event, at), "the user may decide this");
        let write = Write { at, event, job };
        if self.store.commit(std::slice::from_ref(&write), None).is_ok() {
            self.laws.noted(Some(before), &write);
            self.ring();
        }
    }

    fn create(&mut self, request: GenerationRequest, parent: Option<(JobId, Relation)>) {
        let model = CATALOG.model(&request.model).expect("a model of the catalog");
        let now = self.now().wall;
        let id = JobId(Uuid::from_u128(u128::from(self.number()) << 80));
        let parent = parent.map(|(job, relation)| Parent { job, relation });
        let account = self.told_account(&request.model.provider, self.key);
        let job = Job { parent, account, ..Job::new(id, self.new_key(), now, model, request) };
        let event = JobEvent::Created { job: Box::new(job.clone()) };
        if self.store.commit(&[Write { at: now, event, job }], None).is_ok() {
            self.ring();
        }
    }

    fn new_key(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.dice.throw().to_le_bytes());
        bytes[8..].copy_from_slice(&self.dice.throw().to_le_bytes());
        if self.sabotage == Sabotage::RollsItsOwnDice {
            bytes[..8].copy_from_slice(&(std::ptr::from_ref(self) as u64).to_le_bytes());
            bytes[3..9].copy_from_slice(&crate::chance().to_le_bytes()[..6]);
        }
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Every driver hears, sooner or later, that something was stored.
    fn ring(&mut self) {
        let numbers: Vec<u64> = self.processes.iter().map(|process| process.number).collect();
        for process in numbers {
            let wait_ms = self.dice.throw() % 300;
            self.after(wait_ms, Happening::Bell { process });
        }
    }
}
