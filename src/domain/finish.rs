//! How a take becomes a better one: by its draft's id where the model has drafts, else as the same request at a
//! higher resolution.

use super::catalog::Model;
use super::job::{Job, JobKind, JobState};
use super::promotion::NotPromotable;
use super::request::{Choices, Field, GenerationRequest};

/// How near to the take the better one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The same clip: the service makes it of the draft.
    OfDraft,
    /// Near it: the same request with the same seed.
    SameSeed,
    /// Another clip: the same request alone, since there is no seed to name.
    Anew,
}

impl Finish {
    /// The best way that `model` has.
    pub fn on(model: &Model) -> Self {
        match (model.drafts(), &model.seed) {
            (Some(_), _) => Self::OfDraft,
            (None, Some(_)) => Self::SameSeed,
            (None, None) => Self::Anew,
        }
    }
}

/// What the full render `job` can be asked for again at, lowest first: every higher resolution of `model`, with
/// the `seed` of the result that is meant.
pub fn larger(
    job: &Job,
    model: &Model,
    seed: Option<u64>,
) -> Result<(Finish, Vec<GenerationRequest>), NotPromotable> {
    let request = &job.request;
    match job.state {
        _ if request.kind != JobKind::Single => return Err(NotPromotable::NoDraft(request.kind)),
        JobState::Succeeded => {}
        JobState::Held => return Err(NotPromotable::NotReady),
        state if state.is_live() => return Err(NotPromotable::NotReady),
        _ => return Err(NotPromotable::NoClip),
    }
    let seed = seed.filter(|_| model.seed.is_some());
    let mut choices = Choices { seed, results: Some(1), ..Choices::from(&**request) };
    // The addresses were that job's own.
    for field in [Field::UploadEndpoint, Field::WebhookUrl] {
        choices.options.put(field, None);
    }
    let higher = model.resolutions().filter(|one| *one > request.resolution);
    let requests: Vec<GenerationRequest> = higher
        .filter_map(|one| {
            let choices = Choices { resolution: Some(one), ..choices.clone() };
            GenerationRequest::new(model, choices).ok()
        })
        .collect();
    if requests.is_empty() {
        return Err(NotPromotable::Largest);
    }
    Ok((seed.map_or(Finish::Anew, |_| Finish::SameSeed), requests))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn job(model: &str, change: impl FnOnce(&mut Choices)) -> Job {
        let model = sample::model(model);
        let request = sample::request(model, change);
        Job { state: JobState::Succeeded, ..sample::job(1, model, request) }
    }

    #[test]
    fn the_same_is_asked_for_larger_with_the_seed_of_the_result() {
        let small = job("runware/1.0-pro", |choices| {
            choices.results = Some(3);
            choices.aspect = "9:16".parse().ok();
        });
        let model = sample::model("runware/1.0-pro");
        let (finish, requests) = larger(&small, model, Some(7)).expect("a larger one");
        assert_eq!(finish, Finish::SameSeed);
        let sizes: Vec<_> = requests.iter().map(|one| one.size_px).collect();
        assert_eq!(sizes, [Some((1088, 1920))]);
        let one = &requests[0];
        assert_eq!((one.seed, one.results, one.kind), (Some(7), 1, JobKind::Single));
        assert_eq!((&one.prompt, one.duration), (&small.request.prompt, small.request.duration));
    }

    #[test]
    fn without_a_seed_it_is_another_clip() {
        for id in ["runware/2.0", "runpod/1.0-pro", "runbase/1.0-pro"] {
            let model = sample::model(id);
            let lowest = model.resolutions().next();
            let small = job(id, |choices| choices.resolution = lowest);
            let (finish, requests) = larger(&small, model, Some(7)).expect("a larger one");
            assert_eq!(finish, Finish::Anew, "{id}");
            assert!(requests.iter().all(|one| one.seed.is_none()), "{id}");
        }
        let model = sample::model("runware/1.0-pro");
        let (finish, _) = larger(&job("runware/1.0-pro", |_| {}), model, None).expect("one");
        assert_eq!(finish, Finish::Anew, "nobody told the seed");
    }

    #[test]
    fn every_model_has_a_way() {
        let catalog = super::super::catalog::Catalog::load(&[]).0;
        for model in &catalog.models {
            let has_drafts = model.drafts().is_some();
            assert_eq!(Finish::on(model) == Finish::OfDraft, has_drafts, "{}", model.key());
            assert!(model.resolutions().count() > 1, "{} has nothing larger", model.key());
        }
    }

    #[test]
    fn what_is_not_there_or_can_t_be_larger_is_refused() {
        let model = sample::model("runware/1.0-pro");
        let refused = |job: &Job| larger(job, model, None).err();
        let live = Job { state: JobState::Running, ..job("runware/1.0-pro", |_| {}) };
        assert_eq!(refused(&live), Some(NotPromotable::NotReady));
        let failed = Job { state: JobState::Failed, ..live };
        assert_eq!(refused(&failed), Some(NotPromotable::NoClip));
        let large = job("runware/1.0-pro", |choices| choices.resolution = "1080p".parse().ok());
        assert_eq!(refused(&large), Some(NotPromotable::Largest));
    }
}
