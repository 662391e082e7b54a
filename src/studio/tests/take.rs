//! Jobs for the bench, in every state that real events lead to.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::super::app::{Entry, Live};
use super::super::dialog::JobStory;
use super::kit::{CATALOG, dawn};
use crate::domain::event::JobEvent;
use crate::domain::job::{
    Charged, ClipFile, ClipSummary, FailureClass, Job, JobError, JobId, Output, Parent, Relation,
};
use crate::domain::mark::Mark;
use crate::domain::request::{Choices, GenerationRequest};
use crate::domain::wait::Wait;
use crate::engine::apply;

/// A job on its way, with what happened to it.
#[derive(Clone)]
pub struct Take {
    pub job: Job,
    pub entry: Entry,
    pub events: Vec<(Timestamp, JobEvent)>,
    pub at: Timestamp,
    pub percent: Option<u8>,
    pub saving: Option<(u64, Option<u64>)>,
    pub wait: Option<Wait>,
}

/// A draft of 1.5 Pro in the sandbox, made `age_s` seconds before the bench begins.
pub fn draft(age_s: i64, prompt: &str) -> Take {
    render(age_s, "sandbox/1.5-pro", Choices { draft: true, ..wish(prompt) })
}

/// What is wished where only the prompt matters.
pub fn wish(prompt: &str) -> Choices {
    Choices { prompt: prompt.to_owned(), ..Choices::default() }
}

/// A job of `model` as `choices` say.
pub fn render(age_s: i64, model: &str, choices: Choices) -> Take {
    let model = CATALOG.model(&model.parse().expect("a model's id")).expect("a model");
    let request = GenerationRequest::new(model, choices).expect("a request");
    Take::new(age_s, request)
}

impl Take {
    fn new(age_s: i64, request: GenerationRequest) -> Self {
        let at = dawn().checked_sub(SignedDuration::from_secs(age_s)).expect("a time");
        let ms = u128::try_from(at.as_millisecond()).expect("a time after 1970");
        let salt = request.prompt.bytes().map(u128::from).sum::<u128>();
        let id = ms << 80 | 0x7 << 76 | 0x8 << 60 | salt;
        let model = CATALOG.model(&request.model).expect("a model");
        let (id, key) = (JobId(Uuid::from_u128(id)), Uuid::from_u128(id ^ 1));
        let job = Job::new(id, key, at, model, request);
        let entry = Entry { job: job.clone(), mark: Mark::default() };
        let created = JobEvent::Created { job: Box::new(job.clone()) };
        Self {
            entry,
            events: vec![(at, created)],
            at,
            percent: None,
            saving: None,
            wait: None,
            job,
        }
    }

    /// The final of this draft, at `resolution`.
    pub fn promoted(&self, age_s: i64, resolution: &str) -> Self {
        let model = CATALOG.model(&self.job.request.model).expect("a model");
        let id = self.job.draft_id().expect("a draft's id").to_owned();
        let resolution = Some(resolution.parse().expect("a resolution"));
        let request =
            GenerationRequest::promote(model, &self.job.request, id, self.job.seed(), resolution);
        Take::new(age_s, request.expect("a request")).child_of(self, Relation::Promote)
    }

    /// Says what it descends from.
    pub fn child_of(mut self, parent: &Self, relation: Relation) -> Self {
        self.job.parent = Some(Parent { job: parent.job.id, relation });
        self.entry.job = self.job.clone();
        self
    }

    /// `event` happens `after_s` seconds later, and must have an effect.
    pub fn then(mut self, after_s: i64, event: JobEvent) -> Self {
        self.at = self.at.checked_add(SignedDuration::from_secs(after_s)).expect("a time");
        let effective = apply(&mut self.job, &event, self.at);
        assert!(effective, "{event:?} has no effect on a job that is {}", self.job.state);
        self.events.push((self.at, event));
        self.entry.job = self.job.clone();
        self
    }

    /// It is sent.
    pub fn sent(self) -> Self {
        self.then(0, JobEvent::Sent)
    }

    /// The provider has it.
    pub fn running(self) -> Self {
        let how = "accepted by the provider".to_owned();
        self.sent().then(1, JobEvent::Accepted { remote_id: None, charge: None, how })
    }

    /// It is rendered, and its files are being saved.
    pub fn saving(self, after_s: i64) -> Self {
        let results = self.job.request.results;
        let mut take = self.running();
        for index in 0..results {
            let output = take.output(index);
            let after_s = if index == 0 { after_s } else { 0 };
            take = take.then(after_s, JobEvent::OutputReady { output });
        }
        take.then(0, JobEvent::Rendered)
    }

    /// Its files are on disk, `after_s` seconds after it was accepted.
    pub fn ready(self, after_s: i64) -> Self {
        let mut take = self.saving(after_s);
        for index in 0..take.job.outputs.len() {
            let file = take.file(index);
            take = take.then(0, JobEvent::Saved { index, file });
        }
        take.then(0, JobEvent::Succeeded)
    }

    /// It was accepted and gave no file.
    pub fn failed(self, error: JobError) -> Self {
        self.running().then(7, JobEvent::Failed { error })
    }

    /// It was not accepted for the moment.
    pub fn waiting(self, error: JobError) -> Self {
        self.sent().then(1, JobEvent::Postponed { error, wait_ms: 4200 })
    }

    /// The reply to it was lost, and the provider is asked.
    pub fn confirming(self) -> Self {
        let reason = "the connection was closed before the reply".to_owned();
        self.sent().then(3, JobEvent::OutcomeUnknown { reason })
    }

    /// The reply to it was lost, and nobody can be asked.
    pub fn in_doubt(self) -> Self {
        let message = "the reply was lost, and this provider can't be asked".to_owned();
        let error = JobError::ours(FailureClass::Lost, "reply_lost", message, Charged::Unknown);
        self.sent().then(3, JobEvent::Doubted { error, asked_as: None })
    }

    /// Its result was gone before it could be saved.
    pub fn expired(self) -> Self {
        let message = "the result's address leads nowhere any more".to_owned();
        let error = JobError::ours(FailureClass::Expired, "gone", message, Charged::Charged);
        self.saving(20).then(600, JobEvent::Expired { error })
    }

    /// The user stopped it before it was sent.
    pub fn canceled(self) -> Self {
        let message = "stopped before it was sent".to_owned();
        let class = FailureClass::Provider;
        let error = JobError::ours(class, "canceled", message, Charged::NotCharged);
        self.then(2, JobEvent::Canceled { error })
    }

    /// The user starred it.
    pub fn starred(mut self) -> Self {
        self.entry.mark.starred = true;
        self
    }

    /// It was the better one of two, so many times.
    pub fn won(mut self, wins: u32) -> Self {
        self.entry.mark.wins = wins;
        self.starred()
    }

    /// The user wrote something on it.
    pub fn noted(mut self, note: &str) -> Self {
        self.entry.mark.note = note.to_owned();
        self
    }

    /// The provider says how far it is.
    pub fn at_percent(mut self, percent: u8) -> Self {
        self.percent = Some(percent);
        self
    }

    /// Something keeps it from going out.
    pub fn kept_by(mut self, wait: Wait) -> Self {
        self.wait = Some(wait);
        self
    }

    /// So many bytes are saved.
    pub fn with_bytes(mut self, bytes: u64, total: u64) -> Self {
        self.saving = Some((bytes, Some(total)));
        self
    }

    /// What the driver tells of it.
    pub fn live(&self) -> Live {
        let accepted = self.job.accepted_at;
        Live {
            job: self.job.clone(),
            percent: self.percent,
            saving: self.saving,
            expected_end: accepted
                .and_then(|at| at.checked_add(SignedDuration::from_secs(62)).ok()),
            next_poll: dawn().checked_add(SignedDuration::from_secs(3)).ok(),
            wait: self.wait,
        }
    }

    /// What the database tells of it, beside its family.
    pub fn story(&self, parent: Option<&Self>, children: &[&Self]) -> Box<JobStory> {
        Box::new(JobStory {
            entry: self.entry.clone(),
            events: self.events.clone(),
            parent: parent.map(|parent| parent.job.clone()),
            children: children.iter().map(|child| child.job.clone()).collect(),
        })
    }

    fn output(&self, index: u32) -> Output {
        let job = &self.job;
        let is_draft = job.request.kind == crate::domain::job::JobKind::Draft;
        let url = format!("http://127.0.0.1:4711/clips/{}-{index}.mp4", job.id.short());
        Output {
            seed: Some(job.request.seed.unwrap_or(65_545) + u64::from(index)),
            charge: job.estimate.each.map(|(least, _)| least),
            draft_id: is_draft.then(|| format!("draft-{}", job.id.short())),
            ..Output::at(format!("video-{index}"), url)
        }
    }

    fn file(&self, index: usize) -> ClipFile {
        let (width_px, height_px) = self.job.request.size_px.unwrap_or((864, 496));
        ClipFile {
            path: format!("clips/{}-{}.mp4", self.job.id, index + 1),
            bytes: 812_345,
            sha256: "ab".repeat(32),
            cut: false,
            facts: Some(ClipSummary {
                width_px,
                height_px,
                duration_ms: 5042,
                video_codec: "h264".to_owned(),
                audio_codec: (self.job.request.audio != Some(false)).then(|| "aac".to_owned()),
            }),
        }
    }
}

/// The provider refused the content.
pub fn moderated() -> JobError {
    JobError {
        class: FailureClass::Moderated,
        code: "contentModeration".to_owned(),
        message: "The request was blocked by the provider's content policy.".to_owned(),
        parameters: Vec::new(),
        charged: Charged::NotCharged,
    }
}

/// The provider refused a setting that it names.
pub fn refused(parameter: &str) -> JobError {
    JobError {
        class: FailureClass::Parameter,
        code: "invalidParameter".to_owned(),
        message: format!("Invalid value for '{parameter}': it must be one of the allowed ones."),
        parameters: vec![parameter.to_owned()],
        charged: Charged::NotCharged,
    }
}

/// The provider could not be reached.
pub fn unreachable() -> JobError {
    let message = "api.runware.ai could not be reached: connection refused".to_owned();
    JobError::ours(FailureClass::Network, "network", message, Charged::NotCharged)
}
