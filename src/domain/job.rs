//! A job: one request on its way through a provider to a file, and everything known of it.
//!
//! A job id is shown by its last ten characters, which are chance: those of jobs made together differ, and a computed
//! column finds them. A new job that chance gave another's is not stored (2 in 10^8 with ten thousand jobs).

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::Account;
use super::catalog::Model;
use super::cost::Estimate;
use super::money::MicroUsd;
use super::request::GenerationRequest;
pub use super::result::{ClipFile, ClipSummary, Inline, Output, WITHIN, Work, unsigned};

/// A job's id: a UUIDv7, so that ids sort by age and histories of several machines merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

/// How many characters of its id name a job.
const SHORT_CHARS: usize = 10;

impl JobId {
    /// The last characters, which name one job for good: they are chance, where a beginning is the time that jobs
    /// made together share. The database has them as a column, and makes no second job of the same.
    pub fn short(self) -> String {
        let text = self.0.to_string();
        text[text.len() - SHORT_CHARS..].to_owned()
    }

    /// The job that the clip at `path` is a result of, as the clip's name says: words of the prompt, the id,
    /// and a number where there are several.
    pub fn of_clip(path: &str) -> Option<Self> {
        let (stem, _) = path.rsplit('/').next()?.rsplit_once('.')?;
        let counted = stem.rsplit_once('-').map(|(stem, _)| stem);
        [Some(stem), counted].into_iter().flatten().find_map(|stem| {
            let id = stem.get(stem.len().checked_sub(36)?..)?;
            Uuid::try_parse(id).ok().map(Self)
        })
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Declares a fieldless enum together with the words that stand for it in JSON, SQL and on screen.
macro_rules! worded {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$each])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every one, in the order of a job's life or of the documents.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that stands for it in JSON, in the database and in messages.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    other => Err(format!("'{other}' is not one of {}", [$($word),*].join(", "))),
                }
            }
        }
    };
}

worded! {
    /// Where a job stands. The words are a promise of the command line's JSON.
    JobState {
        /// Stored, not sent.
        Queued = "queued",
        /// Being sent; a reply is awaited.
        Submitting = "submitting",
        /// Sent, but no reply came: the provider is being asked whether it has the job.
        Confirming = "confirming",
        /// Accepted; the provider renders.
        Running = "running",
        /// Rendered; the files are being saved.
        Downloading = "downloading",
        /// Refused for the moment; waits to be sent again.
        RetryWait = "retry_wait",
        /// The provider was asked to stop it.
        Canceling = "canceling",
        /// Its files are on disk.
        Succeeded = "succeeded",
        /// It will give no file.
        Failed = "failed",
        /// Stopped by the user.
        Canceled = "canceled",
        /// Rendered, but the result was gone before it could be saved.
        Expired = "expired",
        /// Nobody can tell whether it was accepted; only the user may decide.
        InDoubt = "in_doubt",
        /// Never sent, and nobody sends it until the user says so.
        Held = "held",
    }
}

impl JobState {
    /// Whether nothing moves the job any more, but the user who has it looked up (law 7).
    pub fn is_end(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled | Self::Expired)
    }

    /// Whether the driver has something to do for the job.
    pub fn is_live(self) -> bool {
        !self.is_end() && !matches!(self, Self::InDoubt | Self::Held)
    }

    /// Whether the job may still be sent, for the first time or again.
    pub fn may_be_sent(self) -> bool {
        self.is_live() || self == Self::Held
    }

    /// Whether it is going to be sent, once or again.
    pub fn is_to_be_sent(self) -> bool {
        matches!(self, Self::Queued | Self::RetryWait)
    }

    /// Whether the provider may be working on it, so that it takes one of the places there.
    pub fn is_at_provider(self) -> bool {
        matches!(self, Self::Submitting | Self::Confirming | Self::Running | Self::Canceling)
    }
}

worded! {
    /// What a job is in the draft-then-promote workflow.
    JobKind {
        /// A cheap preview that can be promoted.
        Draft = "draft",
        /// The full render of a draft.
        Final = "final",
        /// A render of its own.
        Single = "single",
    }
}

worded! {
    /// Why a job descends from another.
    Relation {
        /// The final of a draft.
        Promote = "promote",
        /// The same settings with another prompt.
        Edit = "edit",
        /// The same prompt with another seed.
        Seed = "seed",
        /// The same again after a failure.
        Retry = "retry",
        /// The next shot, which begins with its last frame.
        Chain = "chain",
    }
}

worded! {
    /// What kind of thing went wrong, so that a person can act on it.
    FailureClass {
        /// The content was refused.
        Moderated = "moderated",
        /// The account has no money left.
        Money = "money",
        /// The key is missing, wrong, or not allowed to do this.
        Key = "key",
        /// The provider refused a setting.
        Parameter = "parameter",
        /// The provider has no room.
        Capacity = "capacity",
        /// Too many requests.
        Rate = "rate",
        /// The provider failed.
        Provider = "provider",
        /// The provider took too long.
        Timeout = "timeout",
        /// The model is not offered any more.
        ModelGone = "model_gone",
        /// A result or a draft is past its time.
        Expired = "expired",
        /// The provider knows nothing of the job.
        Lost = "lost",
        /// The provider could not be reached.
        Network = "network",
        /// This machine could not keep the file.
        Disk = "disk",
    }
}

worded! {
    /// Whether something was paid for.
    Charged {
        /// Yes.
        Charged = "charged",
        /// No.
        NotCharged = "not_charged",
        /// Taken and given back.
        Refunded = "refunded",
        /// Nobody said.
        Unknown = "unknown",
    }
}

/// What went wrong, whether it was charged, and the provider's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobError {
    /// What kind of thing.
    pub class: FailureClass,
    /// The provider's code, or ours.
    pub code: String,
    /// The provider's message word for word, cleaned, or ours.
    pub message: String,
    /// The request's parameters that the provider named, as it calls them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// Whether it was charged.
    pub charged: Charged,
}

impl JobError {
    /// An error in our own words.
    pub fn ours(class: FailureClass, code: &str, message: String, charged: Charged) -> Self {
        Self { class, code: code.to_owned(), message, parameters: Vec::new(), charged }
    }

    /// What stands on a job in doubt that the user closed.
    pub fn closed(provider: &str) -> Self {
        let message = format!("closed by you; {provider} may have billed it");
        Self::ours(FailureClass::Lost, "closed", message, Charged::Unknown)
    }

    /// Whether the user closed the job while it was in doubt.
    pub fn is_closed(&self) -> bool {
        self.class == FailureClass::Lost && self.code == "closed"
    }

    /// What to do next, in a sentence.
    pub fn advice(&self) -> &'static str {
        let paid = self.charged == Charged::Charged;
        match self.class {
            _ if self.code == "canceled" && self.charged == Charged::NotCharged => {
                "Nothing was paid."
            }
            _ if self.code == "canceled" => {
                "The provider's dashboard tells whether it was charged."
            }
            _ if self.is_closed() => {
                "Nobody asks about it any more; the provider's dashboard tells whether it was charged."
            }
            FailureClass::Moderated => {
                "Change the prompt or the images: the same input is refused again."
            }
            FailureClass::Money => "Top up the account, then submit again.",
            FailureClass::Key => "Check the key with `rushes doctor`.",
            FailureClass::Parameter => "Change the setting that is named, then submit again.",
            FailureClass::Capacity | FailureClass::Rate => "Wait a little, then submit again.",
            FailureClass::Provider | FailureClass::Timeout if paid => {
                "It was paid for, and submitting again costs again: a file that is there is fetched again by itself, or by `rushes wait`."
            }
            FailureClass::Provider | FailureClass::Timeout => {
                "Submit again; if it repeats, try another model."
            }
            FailureClass::ModelGone => "Choose another model: `rushes models` names the successor.",
            FailureClass::Expired if paid => {
                "It was paid for: look in the provider's dashboard first, since submitting again costs again."
            }
            FailureClass::Expired => "Make the draft anew, or render in full with the same seed.",
            FailureClass::Lost => "Look it up in the provider's dashboard before you submit again.",
            FailureClass::Network if paid => {
                "Check the connection: the result is fetched again by itself, or by `rushes wait`."
            }
            FailureClass::Network => "Check the connection, then submit again.",
            FailureClass::Disk if self.charged == Charged::NotCharged => {
                "Free some space or mend the folder, then submit again."
            }
            FailureClass::Disk => {
                "Mend that, then run `rushes wait`: the result is still at the provider."
            }
        }
    }
}

/// A job that this one descends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its id.
    pub job: JobId,
    /// Why.
    pub relation: Relation,
}

/// One request on its way to a file. Folding the job's events gives exactly this value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Where it stands.
    pub state: JobState,
    /// Since when.
    pub since: Timestamp,
    /// What it descends from.
    pub parent: Option<Parent>,
    /// What is asked for.
    pub request: GenerationRequest,
    /// What it was going to cost when it was made.
    pub estimate: Estimate,
    /// The idempotency key: the provider runs at most one generation for it, and a job never
    /// gets a second one (law 2).
    pub attempt_key: Uuid,
    /// The account that it is made for; none at the sandbox, and in jobs of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// The account that was asked last when it came to be in doubt: another one may know more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_as: Option<Account>,
    /// How often it was sent, all under the one key.
    pub sends: u32,
    /// When it was last sent.
    pub sent_at: Option<Timestamp>,
    /// When the provider accepted it.
    pub accepted_at: Option<Timestamp>,
    /// When the last result was there.
    pub rendered_at: Option<Timestamp>,
    /// The provider's id of the job, where it gives one.
    pub remote_id: Option<String>,
    /// What the provider took when it accepted the job, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<MicroUsd>,
    /// The results so far; the request says how many to expect.
    pub outputs: Vec<Output>,
    /// Results that the provider failed to make, those that were gone before they could be saved, and why the
    /// others were given up.
    pub failures: Vec<JobError>,
    /// How often saving was tried again.
    pub download_tries: u32,
    /// What went wrong, last.
    pub error: Option<JobError>,
    /// Why it is held; none where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// The user has said that it may pass a limit of the config.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over_limit: bool,
}

impl Job {
    /// A job for `request`, as it is before it is stored.
    pub fn new(
        id: JobId,
        attempt_key: Uuid,
        at: Timestamp,
        model: &Model,
        request: GenerationRequest,
    ) -> Self {
        Self {
            id,
            created_at: at,
            updated_at: at,
            state: JobState::Queued,
            since: at,
            parent: None,
            estimate: Estimate::of(model, &request),
            request,
            attempt_key,
            account: None,
            asked_as: None,
            sends: 0,
            sent_at: None,
            accepted_at: None,
            rendered_at: None,
            remote_id: None,
            taken: None,
            outputs: Vec::new(),
            failures: Vec::new(),
            download_tries: 0,
            error: None,
            held: None,
            over_limit: false,
        }
    }

    /// Whether a send of unknown fate may still arrive at the provider, as far as the row tells: of one that was
    /// sent again it does not tell a refusal of the first from a reply that was lost.
    pub fn may_have_arrived(&self) -> bool {
        match self.state {
            JobState::Submitting | JobState::Confirming => true,
            JobState::RetryWait => {
                let error = self.error.as_ref();
                self.sends > 1 || error.is_none_or(|error| error.charged == Charged::Unknown)
            }
            _ => false,
        }
    }

    /// What was charged so far; none where nobody said, or where it can't be believed.
    pub fn charge(&self) -> Option<MicroUsd> {
        self.named_charge().filter(|_| self.unbelievable().is_none())
    }

    /// What a service said that it charged where that can't be, as when it is less than nothing.
    pub fn unbelievable(&self) -> Option<MicroUsd> {
        let charges = self.outputs.iter().filter_map(|output| output.charge);
        let all = charges.chain(self.named_charge().filter(|_| !self.is_free()));
        all.into_iter().find(|charge| !self.estimate.believes(*charge))
    }

    /// What the job counts for where money is limited: what was charged, else the most that it was going to
    /// cost; where a service named what can't be, at least that; nothing where it is held, since it was surely not
    /// sent. None where there is no price.
    pub fn counted(&self) -> Option<MicroUsd> {
        if self.state == JobState::Held {
            return Some(MicroUsd::ZERO);
        }
        let estimate = self.estimate.most().map(|most| most.max(MicroUsd::ZERO));
        if self.unbelievable().is_none() {
            return self.charge().or(estimate);
        }
        let believed = self.outputs.iter().filter_map(|output| output.charge);
        let believed: MicroUsd = believed.filter(|charge| self.estimate.believes(*charge)).sum();
        Some(believed.max(estimate.unwrap_or(self.estimate.most_believed())))
    }

    fn named_charge(&self) -> Option<MicroUsd> {
        let known: Vec<MicroUsd> = self.outputs.iter().filter_map(|output| output.charge).collect();
        if !known.is_empty() {
            return Some(known.into_iter().sum());
        }
        if self.is_free() { Some(MicroUsd::ZERO) } else { self.taken }
    }

    /// Whether it ended without a charge, as its provider says of such an end.
    fn is_free(&self) -> bool {
        let free =
            |error: &JobError| matches!(error.charged, Charged::NotCharged | Charged::Refunded);
        let is_silent = self.outputs.iter().all(|output| output.charge.is_none());
        is_silent && self.state.is_end() && self.error.as_ref().is_some_and(free)
    }

    /// The id under which this draft can be promoted.
    pub fn draft_id(&self) -> Option<&str> {
        self.outputs.iter().find_map(|output| output.draft_id.as_deref())
    }

    /// The seed that was used, or asked for.
    pub fn seed(&self) -> Option<u64> {
        self.outputs.iter().find_map(|output| output.seed).or(self.request.seed)
    }

    /// Whether it goes on from another job's clip.
    pub fn is_next_shot(&self) -> bool {
        self.parent.is_some_and(|parent| parent.relation == Relation::Chain)
    }

    /// How many results the provider failed to make.
    pub fn failed_results(&self) -> usize {
        let lost = self.outputs.iter().filter(|output| output.lost).count();
        let failed = self.failures.iter().filter(|error| !error.is_given_up()).count();
        failed.saturating_sub(lost)
    }

    /// The saved results, each with its file.
    pub fn saved(&self) -> impl Iterator<Item = (&Output, &ClipFile)> {
        self.outputs.iter().filter_map(|output| Some((output, output.file.as_ref()?)))
    }

    /// The saved files.
    pub fn files(&self) -> impl Iterator<Item = &ClipFile> {
        self.outputs.iter().filter_map(|output| output.file.as_ref())
    }
}
