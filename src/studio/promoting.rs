//! What a take can become, each with its price: the finals of a draft, or the same request larger.

use jiff::{SignedDuration, Timestamp};

use super::app::{App, Around};
use super::dialog::{Dialog, Final};
use super::effect::Effect;
use super::paying::{self, Wanted};
use crate::domain::consent::Objection;
use crate::domain::cost::Estimate;
use crate::domain::finish::{Finish, larger};
use crate::domain::job::{Job, JobKind, JobState, Parent, Relation};
use crate::domain::promotion::NotPromotable;
use crate::domain::request::{GenerationRequest, Options};
use crate::words;

/// What the result in front of a job can become.
#[derive(Clone, Debug)]
pub struct Offered {
    /// How near to it that is.
    pub finish: Finish,
    /// How long a draft's id is good for.
    pub left: Option<SignedDuration>,
    /// One choice a resolution, lowest first.
    pub finals: Vec<Final>,
}

impl Around {
    /// What the result in front of `job` can become at `now`.
    pub fn finals(&self, job: &Job, now: Timestamp) -> Result<Offered, NotPromotable> {
        let Some(model) = self.catalog.model(&job.request.model) else {
            return Err(NotPromotable::ModelCannot);
        };
        let (finish, left, requests) = if job.request.kind == JobKind::Draft {
            let promotable = self.promotable(job, now)?;
            let at = |resolution| {
                let id = promotable.draft_id.clone();
                let seed = self.seed(job);
                let defaults = &self.settings.defaults;
                let request =
                    GenerationRequest::promote(model, &job.request, id, seed, Some(resolution));
                request.ok()?.finished_as(model, &Options::default(), defaults).ok()
            };
            let finals = promotable.resolutions.iter().copied().filter_map(at).collect();
            (Finish::OfDraft, Some(promotable.left), finals)
        } else {
            let (finish, requests) = larger(job, model, self.seed(job))?;
            (finish, None, requests)
        };
        let priced =
            |request: GenerationRequest| Final { estimate: Estimate::of(model, &request), request };
        let finals = requests.into_iter().map(priced).collect();
        Ok(Offered { finish, left, finals })
    }
}

/// Asks what `job` is to become, with the cheapest proposed.
pub(super) fn open(app: &mut App, job: Job) -> Vec<Effect> {
    let offered = match app.finals(&job, app.now) {
        Ok(offered) => offered,
        Err(why) => {
            app.say(
                format!("not promoted: {why}; r brings it back into the form for a full render"),
                true,
            );
            return Vec::new();
        }
    };
    let finals = offered.finals.iter().enumerate();
    let chosen = finals.min_by_key(|(_, one)| one.estimate.most()).map_or(0, |(nr, _)| nr);
    let id = job.id;
    let of = Box::new(job);
    app.presses.ask(false);
    app.dialog = Some(Dialog::Promote { of, offered, chosen, children: None, wanted: false });
    vec![app.asked.story(id)]
}

/// Submits the chosen one, or asks first where it is there already.
pub(super) fn submit(app: &mut App, dialog: &Dialog) -> Vec<Effect> {
    let Dialog::Promote { of, offered, chosen, children: Some(children), .. } = dialog else {
        return Vec::new();
    };
    let Some(Final { request, estimate: price }) = offered.finals.get(*chosen).cloned() else {
        return Vec::new();
    };
    let parent = Some(Parent { job: of.id, relation: Relation::Promote });
    let words = match offered.finish {
        Finish::OfDraft => format!("promoting to {}", request.resolution),
        _ => format!("submitted: {}", words::settings(&request)),
    };
    let there = children.iter().find(|job| is_there(job, &request));
    let there = there.map(|job| Objection::Twin { job: job.id, state: job.state });
    let wanted = Wanted { request, parent, held: None, price };
    match there {
        Some(twin) => {
            let lines = vec![format!("this one is estimated {}", wanted.price)];
            paying::ask(app, "Pay for the same twice?".to_owned(), lines, wanted, vec![twin])
        }
        None => paying::submit(app, wanted, children, words),
    }
}

/// Whether `job` was the same and is done. What is under way, and a draft's final, a consent finds itself.
fn is_there(job: &Job, request: &GenerationRequest) -> bool {
    job.state == JobState::Succeeded
        && request.kind == JobKind::Single
        && request.is_same(&job.request)
}
