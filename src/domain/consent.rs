//! What a submit rests on: what the user saw and agreed to, held against how things stand at the moment
//! the job is stored, or released where it was held. Between the two another program may have submitted, or a price have changed.
//!
//! What a submit rests on is a value (`domain/consent.rs`: the price that was shown, and each objection that was
//! taken), held against how things stand in the transaction that stores the job (`runtime/new_job.rs`,
//! `Store::commit_if`) or releases it where it was held. A yes holds for what was said and for nothing worse. The
//! studio asks first, by the same function over what it shows; where the transaction knows better, the dialog says so
//! and the yes to it is a new one.

use super::catalog::ModelId;
use super::cost::Estimate;
use super::job::{Job, JobId, JobKind, JobState};
use super::ledger::{Limits, Sums};
use super::money::MicroUsd;
use super::promotion::is_final_of;
use super::request::Parameters;
use super::size::Resolution;

/// What the user saw and agreed to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consent {
    /// The price that was shown.
    pub price: Estimate,
    /// What the account held when it was asked last, where that is known.
    pub balance: Option<MicroUsd>,
    /// What spoke against it, and was taken.
    pub despite: Vec<Objection>,
    /// Whether any limit may be passed.
    pub over_limit: bool,
    /// Whether the same may be paid for again.
    pub again: bool,
}

/// What speaks against storing a job, as numbers and names.
#[expect(clippy::large_enum_variant, reason = "there are few at a time, and none is kept")]
#[derive(Clone, Debug, PartialEq)]
pub enum Objection {
    /// The catalog no longer has its model.
    ModelGone(ModelId),
    /// It costs something else than was shown.
    Price {
        /// What was shown.
        shown: Estimate,
        /// What it is.
        now: Estimate,
    },
    /// No price is published, so a limit can't be held against it.
    Unpriced {
        /// The limit.
        limit: MicroUsd,
    },
    /// It passes what one submit may cost.
    SubmitLimit {
        /// The most that it can cost.
        most: MicroUsd,
        /// The limit.
        limit: MicroUsd,
    },
    /// With it the last 24 hours pass what they may cost.
    DailyLimit {
        /// The most that they may have cost without it.
        spent: MicroUsd,
        /// The most that it can cost.
        most: MicroUsd,
        /// The limit.
        limit: MicroUsd,
    },
    /// The account does not hold enough.
    Balance {
        /// What it held when it was asked last.
        left: MicroUsd,
        /// What may go to the jobs that are under way there.
        under_way: MicroUsd,
        /// The most that this one can cost.
        most: MicroUsd,
    },
    /// The draft has that final already.
    Final {
        /// The final.
        job: JobId,
        /// Where it stands.
        state: JobState,
        /// Its resolution.
        resolution: Resolution,
    },
    /// A job that can't be read may be that final.
    UnreadFinal {
        /// Its id, as its row has it.
        job: String,
    },
    /// The same is asked for already, and has not ended.
    Twin {
        /// The other job.
        job: JobId,
        /// Where it stands.
        state: JobState,
    },
}

/// How things stand where a request is to be stored.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What it costs; none where the catalog no longer has its model.
    pub estimate: Option<Estimate>,
    /// Whether that is real money, which alone is held against limits and balances.
    pub is_real: bool,
    /// What may be spent without being asked.
    pub limits: Limits,
    /// The most that the last 24 hours may have cost in real money.
    pub spent: MicroUsd,
    /// The jobs that have not ended, and the finals of its draft if it is one itself; others do no harm.
    pub jobs: Vec<Job>,
    /// The ids of those that can't be read and may be the final that is asked for.
    pub unread_finals: Vec<String>,
}

impl Consent {
    /// To `price` as it was shown, and to nothing else.
    pub fn to(price: Estimate) -> Self {
        Self { price, ..Self::default() }
    }

    /// Whether the user agreed to pass a limit.
    pub fn passes_limits(&self) -> bool {
        use Objection as O;
        let is_limit = |seen: &O| {
            matches!(seen, O::Unpriced { .. } | O::SubmitLimit { .. } | O::DailyLimit { .. })
        };
        self.over_limit || self.despite.iter().any(is_limit)
    }

    /// What speaks against `request` and was not agreed to, beside what was; none where it may be stored.
    pub fn objections(&self, request: &Parameters, standing: &Standing) -> Vec<Objection> {
        let all = standing.against(request, self);
        if all.iter().all(|one| self.covers(one)) { Vec::new() } else { all }
    }

    fn covers(&self, objection: &Objection) -> bool {
        use Objection as O;
        match objection {
            O::ModelGone(_) | O::Price { .. } => false,
            O::Unpriced { .. } | O::SubmitLimit { .. } | O::DailyLimit { .. }
                if self.over_limit =>
            {
                true
            }
            O::Final { .. } | O::UnreadFinal { .. } | O::Twin { .. } if self.again => true,
            _ => self.despite.iter().any(|seen| objection.is_no_worse_than(seen)),
        }
    }
}

impl Objection {
    /// Whether whoever took `seen` takes this one too.
    fn is_no_worse_than(&self, seen: &Self) -> bool {
        use Objection as O;
        match (self, seen) {
            (
                O::DailyLimit { spent, most, limit },
                O::DailyLimit { spent: spent_then, most: most_then, limit: limit_then },
            ) => spent <= spent_then && most <= most_then && limit >= limit_then,
            (
                O::Balance { left, under_way, most },
                O::Balance { left: left_then, under_way: under_way_then, most: most_then },
            ) => left >= left_then && under_way <= under_way_then && most <= most_then,
            // The one that was taken may have come further meanwhile.
            (O::Final { job, .. }, O::Final { job: seen, .. })
            | (O::Twin { job, .. }, O::Twin { job: seen, .. }) => job == seen,
            _ => self == seen,
        }
    }
}

impl Standing {
    /// Everything that speaks against `request`, whether it was agreed to or not.
    fn against(&self, request: &Parameters, consent: &Consent) -> Vec<Objection> {
        let Some(estimate) = &self.estimate else {
            return vec![Objection::ModelGone(request.model.clone())];
        };
        let mut all = Vec::new();
        if estimate.total != consent.price.total {
            let (shown, now) = (consent.price.clone(), estimate.clone());
            all.push(Objection::Price { shown, now });
        }
        if self.is_real {
            all.extend(self.limits.passed(self.spent, estimate));
            all.extend(self.short_of(request, estimate, consent.balance));
        }
        all.extend(self.jobs.iter().filter_map(|job| paid_already(request, job)));
        let unread = self.unread_finals.iter().cloned();
        all.extend(unread.map(|job| Objection::UnreadFinal { job }));
        all
    }

    /// What the account is short of, as far as that is known.
    fn short_of(
        &self,
        request: &Parameters,
        estimate: &Estimate,
        balance: Option<MicroUsd>,
    ) -> Option<Objection> {
        let (left, most) = (balance?, estimate.most()?);
        let there = |job: &&Job| {
            job.state.is_live() && job.request.model.provider == request.model.provider
        };
        let under_way = self.jobs.iter().filter(there).map(|job| Sums::of(job).at_most()).sum();
        (under_way + most > left).then_some(Objection::Balance { left, under_way, most })
    }
}

/// What `job` says against paying for `request`, which asks for the same.
fn paid_already(request: &Parameters, job: &Job) -> Option<Objection> {
    let (id, state) = (job.id, job.state);
    if let (JobKind::Final, Some(draft_id)) = (request.kind, &request.draft_id) {
        let resolution = request.resolution;
        return is_final_of(job, draft_id, resolution).then_some(Objection::Final {
            job: id,
            state,
            resolution,
        });
    }
    // Without a seed both are of a random one, and a second press asks for the same again all the same.
    let may_be_paid = !state.is_end() && state != JobState::Held;
    (may_be_paid && request.is_same(&job.request)).then_some(Objection::Twin { job: id, state })
}

#[cfg(test)]
mod tests {
    use super::super::request::GenerationRequest;
    use super::super::sample;
    use super::*;

    const NO_LIMITS: Limits = Limits { daily: None, submit: None, confirm_above: None };

    /// The final at `resolution` of a draft of the fox.
    fn promoted(resolution: &str) -> GenerationRequest {
        let (model, id) = (sample::model("runware/1.5-pro"), "cgt-1".to_owned());
        let resolution = Some(resolution.parse().expect("a resolution"));
        GenerationRequest::promote(model, &fox(), id, Some(7), resolution).expect("a final")
    }

    fn fox() -> GenerationRequest {
        sample::request(sample::model("runware/1.5-pro"), |choices| choices.draft = true)
    }

    /// As things stand for `request` where nothing speaks against it.
    fn calm(request: &Parameters) -> Standing {
        let estimate = Estimate::of(sample::model(&request.model.to_string()), request);
        Standing { estimate: Some(estimate), is_real: true, ..Standing::default() }
    }

    fn consent(request: &Parameters) -> Consent {
        Consent::to(calm(request).estimate.expect("an estimate"))
    }

    fn job(number: u128, state: JobState) -> Job {
        let model = sample::model("runware/1.5-pro");
        Job { state, ..sample::job(number, model, fox()) }
    }

    /// A yes to `seen` holds for that, and no longer where it has become `worse`.
    #[track_caller]
    fn rests_on(seen: &Standing, better: &Standing, worse: &Standing, balance: Option<i64>) {
        let consent = Consent { balance: balance.map(MicroUsd), ..consent(&fox()) };
        let despite = consent.objections(&fox(), seen);
        assert!(!despite.is_empty(), "nothing to agree to in {seen:?}");
        let agreed = Consent { despite, ..consent };
        assert_eq!(agreed.objections(&fox(), seen), []);
        assert_eq!(agreed.objections(&fox(), better), []);
        assert_ne!(agreed.objections(&fox(), worse), [], "{worse:?}");
    }

    #[test]
    fn a_yes_to_a_limit_holds_until_more_was_spent_or_the_limit_fell() {
        let day = |limit, spent| Standing {
            limits: Limits { daily: Some(MicroUsd(limit)), ..NO_LIMITS },
            spent: MicroUsd(spent),
            ..calm(&fox())
        };
        rests_on(&day(100_000, 90_000), &day(100_000, 80_000), &day(100_000, 90_001), None);
        rests_on(&day(100_000, 90_000), &day(100_001, 90_000), &day(99_999, 90_000), None);
        let one = |limit| Standing {
            limits: Limits { submit: Some(MicroUsd(limit)), ..NO_LIMITS },
            ..calm(&fox())
        };
        rests_on(&one(50_000), &one(80_000), &one(49_999), None);
    }

    #[test]
    fn a_yes_to_a_short_balance_holds_until_more_is_under_way() {
        let under_way = |count| Standing {
            jobs: (1..=count).map(|number| other(job(number, JobState::Running))).collect(),
            ..calm(&fox())
        };
        rests_on(&under_way(1), &under_way(0), &under_way(2), Some(100_000));
    }

    /// The same job for another prompt, so that it is nobody's twin.
    fn other(job: Job) -> Job {
        let model = sample::model("runware/1.5-pro");
        let request = sample::request(model, |choices| {
            choices.draft = true;
            choices.prompt = "an owl".to_owned();
        });
        Job { request, ..job }
    }

    #[test]
    fn a_yes_to_a_twin_holds_for_that_one_alone() {
        let twins = |states: &[JobState]| Standing {
            jobs: (1..).zip(states).map(|(number, state)| job(number, *state)).collect(),
            ..calm(&fox())
        };
        let (queued, running) = (JobState::Queued, JobState::Running);
        rests_on(&twins(&[queued]), &twins(&[running]), &twins(&[running, queued]), None);
        for state in JobState::ALL {
            let objections = consent(&fox()).objections(&fox(), &twins(&[*state]));
            let is_free = state.is_end() || *state == JobState::Held;
            assert_eq!(objections.is_empty(), is_free, "{state}");
        }
        let again = Consent { again: true, ..consent(&fox()) };
        assert_eq!(again.objections(&fox(), &twins(&[queued])), []);
    }

    #[test]
    fn a_yes_to_a_second_final_is_none_to_a_third() {
        let request = promoted("720p");
        let finals = |count| Standing {
            jobs: (1..=count)
                .map(|number| Job { request: request.clone(), ..job(number, JobState::Succeeded) })
                .collect(),
            ..calm(&request)
        };
        let first = consent(&request);
        let despite = first.objections(&request, &finals(1));
        assert!(matches!(&despite[..], [Objection::Final { .. }]), "{despite:?}");
        let agreed = Consent { despite, ..first };
        assert_eq!(agreed.objections(&request, &finals(1)), []);
        assert_eq!(agreed.objections(&request, &finals(2)).len(), 2);
        let larger = promoted("1080p");
        assert_eq!(
            consent(&larger)
                .objections(&larger, &Standing { jobs: finals(1).jobs, ..calm(&larger) }),
            []
        );
    }

    #[test]
    fn a_final_that_can_not_be_read_is_asked_about() {
        let request = promoted("720p");
        let unread = |ids: &[&str]| {
            let unread_finals = ids.iter().map(ToString::to_string).collect();
            Standing { unread_finals, ..calm(&request) }
        };
        let first = consent(&request);
        let despite = first.objections(&request, &unread(&["a"]));
        assert_eq!(despite, [Objection::UnreadFinal { job: "a".to_owned() }]);
        let agreed = Consent { despite, ..first.clone() };
        assert_eq!(agreed.objections(&request, &unread(&["a"])), []);
        assert_eq!(agreed.objections(&request, &unread(&["a", "b"])).len(), 2);
        let again = Consent { again: true, ..first };
        assert_eq!(again.objections(&request, &unread(&["a", "b"])), []);
    }

    #[test]
    fn another_price_and_a_model_that_is_gone_are_never_agreed_to_beforehand() {
        let all = Consent { over_limit: true, again: true, ..consent(&fox()) };
        let gone = Standing { estimate: None, ..calm(&fox()) };
        assert!(matches!(all.objections(&fox(), &gone)[..], [Objection::ModelGone(_)]));
        let mut dearer = calm(&fox());
        if let Some(Estimate { total: Some((_, most)), .. }) = &mut dearer.estimate {
            *most = *most + MicroUsd(1);
        }
        let objections = all.objections(&fox(), &dearer);
        let [Objection::Price { shown, now }] = &objections[..] else { panic!("{objections:?}") };
        assert_eq!((shown, Some(now)), (&all.price, dearer.estimate.as_ref()));
        let despite = objections.clone();
        let stubborn = Consent { despite, ..all };
        assert_ne!(stubborn.objections(&fox(), &dearer), [], "only a yes to the new price counts");
        assert_eq!(Consent::to(now.clone()).objections(&fox(), &dearer), []);
    }

    #[test]
    fn play_money_is_held_against_nothing() {
        let standing = Standing {
            is_real: false,
            limits: Limits { daily: Some(MicroUsd(1)), submit: Some(MicroUsd(1)), ..NO_LIMITS },
            ..calm(&fox())
        };
        let poor = Consent { balance: Some(MicroUsd(1)), ..consent(&fox()) };
        assert_eq!(poor.objections(&fox(), &standing), []);
    }
}
