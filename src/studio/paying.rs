//! Paying for a request: what the user is asked before, and what the yes rests on.

use std::sync::Arc;

use super::app::App;
use super::dialog::Dialog;
use super::effect::{Effect, Load, Write};
use super::msg::Objected;
use super::presses::NoYes;
use crate::domain::consent::{Consent, Objection, Standing};
use crate::domain::cost::Estimate;
use crate::domain::job::{Job, JobId, Parent, Relation};
use crate::domain::request::{GenerationRequest, Parameters};
use crate::words;

/// A request that is to be paid for, at the price that was shown.
pub(super) struct Wanted {
    pub(super) request: GenerationRequest,
    pub(super) parent: Option<Parent>,
    /// The held job that it is; none where it is a new one.
    pub(super) held: Option<JobId>,
    pub(super) price: Estimate,
}

/// Whether the key that was pressed is a yes of its own. Where it is none, says why.
pub(super) fn is_a_yes(app: &mut App) -> bool {
    say_why_not(app, app.presses.no_yes())
}

/// The same where it would answer `dialog`, if that is one that pays.
pub(super) fn is_a_yes_to(app: &mut App, dialog: &Dialog) -> bool {
    !pays(dialog) || say_why_not(app, app.presses.no_yes_to_question())
}

fn say_why_not(app: &mut App, no_yes: Option<NoYes>) -> bool {
    if let Some(no_yes) = no_yes {
        app.say(no_yes.words(), false);
    }
    no_yes.is_none()
}

/// Whether Enter in `dialog` is paid for.
fn pays(dialog: &Dialog) -> bool {
    let submits = |effect: &Effect| {
        matches!(effect, Effect::Write(Write::Submit { .. }) | Effect::Write(Write::Release { .. }))
    };
    match dialog {
        Dialog::Promote { .. } => true,
        Dialog::Confirm { effect, .. } => effect.as_ref().is_some_and(submits),
        _ => false,
    }
}

/// Whether a question that pays is still to be drawn.
pub(super) fn asks_unseen(app: &App) -> bool {
    app.dialog.as_ref().is_some_and(pays) && app.presses.waits_to_be_seen()
}

/// What `request` costs; none where the catalog has no such model.
pub(super) fn price(app: &App, request: &Parameters) -> Option<Estimate> {
    app.catalog.model(&request.model).map(|model| Estimate::of(model, request))
}

/// Submits and says so in `words`, or asks first where something that is known here speaks against it:
/// the jobs that were read, and `more`. Whatever else there is, the transaction that stores it finds.
pub(super) fn submit(app: &mut App, wanted: Wanted, more: &[Job], words: String) -> Vec<Effect> {
    let objections = objections(app, &wanted, more);
    let is_real =
        !app.catalog.provider(&wanted.request.model.provider).is_some_and(|one| one.play_money);
    // A promotion has shown its price and been said yes to.
    let was_asked = wanted.parent.is_some_and(|parent| parent.relation == Relation::Promote);
    let dear = app.limits.is_dear(&wanted.price).filter(|_| is_real && !was_asked);
    if let (true, Some((most, bound))) = (objections.is_empty(), dear) {
        let lines = vec![
            format!("this one press costs up to {most}"),
            format!(
                "above {bound} it is asked about; confirm_above_usd in the config sets another bound"
            ),
        ];
        return ask(app, format!("Pay {most}?"), lines, wanted, objections);
    }
    if objections.is_empty() {
        app.say(words, false);
        let consent = consent(app, &wanted);
        return vec![effect(wanted, consent)];
    }
    let lines = vec![format!("this one is estimated {}", wanted.price)];
    ask(app, question(&objections), lines, wanted, objections)
}

/// Asks whether to submit `wanted`, for what `lines` say and although there are `objections`.
pub(super) fn ask(
    app: &mut App,
    title: String,
    mut lines: Vec<String>,
    wanted: Wanted,
    objections: Vec<Objection>,
) -> Vec<Effect> {
    // Where the answer is no, the form still descends from what it descended from.
    let recalled = |parent: &Parent| matches!(parent.relation, Relation::Edit | Relation::Seed);
    if let Some(parent) = wanted.parent.filter(recalled).filter(|_| wanted.held.is_none()) {
        app.parent = Some(parent.job);
    }
    lines.extend(objections.iter().map(words::objection::objection));
    // It may have been topped up since.
    let is_short = objections.iter().any(|one| matches!(one, Objection::Balance { .. }));
    let balance =
        is_short.then(|| Effect::Load(Load::Balance(wanted.request.model.provider.clone())));
    let consent = Consent { despite: objections, ..consent(app, &wanted) };
    app.presses.ask(false);
    app.dialog = Some(Dialog::Confirm { title, lines, effect: Some(effect(wanted, consent)) });
    balance.into_iter().collect()
}

/// What the user agreed to did not hold: says what changed, and asks again with what is known now.
pub(super) fn objected(app: &mut App, objected: Objected) -> Vec<Effect> {
    let Objected { request, parent, held, price, objections, model, limits } = objected;
    app.limits = limits;
    app.toast = None;
    let said = words::objection::objections(&objections);
    let Some(model) = model else {
        app.say(format!("not submitted: {said}"), true);
        return Vec::new();
    };
    let price_now = objections.iter().find_map(|one| match one {
        Objection::Price { now, .. } => Some(now.clone()),
        _ => None,
    });
    let price = price_now.unwrap_or(price);
    let catalog = Arc::make_mut(&mut app.catalog);
    if let Some(known) = catalog.models.iter_mut().find(|known| known.key() == model.key()) {
        *known = model;
    }
    if app.dialog.is_some() {
        app.say(format!("not submitted: {said}; submit it again to be asked"), true);
        return Vec::new();
    }
    let lines = vec![
        format!("not sent yet: {}", words::settings(&request)),
        format!("it is estimated {price}"),
    ];
    let title = question(&objections);
    let effects = ask(app, title, lines, Wanted { request, parent, held, price }, objections);
    app.presses.ask(true);
    effects
}

/// What speaks against `wanted`, by what is known here and by `more`.
pub(super) fn objections(app: &App, wanted: &Wanted, more: &[Job]) -> Vec<Objection> {
    let request = &wanted.request;
    let known = app.known().into_iter().map(|entry| &entry.job);
    let mut jobs: Vec<Job> = Vec::new();
    for job in known.chain(more) {
        let matters = !job.state.is_end() || job.request.draft_id.is_some();
        if matters && wanted.held != Some(job.id) && !jobs.iter().any(|there| there.id == job.id) {
            jobs.push(job.clone());
        }
    }
    let provider = app.catalog.provider(&request.model.provider);
    let standing = Standing {
        estimate: price(app, request),
        is_real: !provider.is_some_and(|provider| provider.play_money),
        limits: app.limits,
        spent: app.spent().0.at_most(),
        jobs,
        unread_finals: Vec::new(),
    };
    consent(app, wanted).objections(request, &standing)
}

/// To the price that was shown, with what is known of the account.
fn consent(app: &App, wanted: &Wanted) -> Consent {
    let provider = &wanted.request.model.provider;
    let known = app.balances.iter().find(|(id, _)| id == provider);
    Consent { balance: known.and_then(|(_, left)| *left), ..Consent::to(wanted.price.clone()) }
}

fn effect(wanted: Wanted, consent: Consent) -> Effect {
    let consent = Box::new(consent);
    match wanted.held {
        Some(id) => Effect::Write(Write::Release { id, consent }),
        None => {
            let request = Box::new(wanted.request);
            Effect::Write(Write::Submit { request, parent: wanted.parent, consent })
        }
    }
}

/// What is asked, by the first of the objections that is more than a limit.
fn question(objections: &[Objection]) -> String {
    let title = |objection: &Objection| match objection {
        Objection::Price { .. } => Some("Pay the new price?"),
        Objection::Final { .. } | Objection::UnreadFinal { .. } => Some("Pay for another final?"),
        Objection::Twin { .. } => Some("Pay for the same twice?"),
        Objection::Balance { .. } => Some("Pay more than is left?"),
        _ => None,
    };
    objections.iter().find_map(title).unwrap_or("Pass the limit?").to_owned()
}
