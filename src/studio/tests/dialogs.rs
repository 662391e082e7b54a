//! What lies over the panes: promoting, recalling, trying again, mending.

use super::super::app::{Pane, View};
use super::super::dialog::Dialog;
use super::super::effect::{Effect, Write};
use super::super::msg::Msg;
use super::kit::{Bench, is_free, priced, story_wanted, submitted};
use super::take::{Take, draft, moderated, refused, render, unreachable, wish};
use crate::domain::job::{Charged, FailureClass, JobError, JobKind, Relation};
use crate::domain::request::Choices;
use crate::domain::request::Field;

/// A studio with one finished draft, and the draft.
fn with_draft() -> (Bench, Take) {
    let fox = draft(60, "a fox").ready(20);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("<esc>3");
    (bench, fox)
}

#[test]
fn promote_shows_both_prices_and_submits_the_chosen_one() {
    let (mut bench, fox) = with_draft();
    assert_eq!(story_wanted(&bench.keys("p")), Some(fox.job.id));
    bench.story(fox.story(None, &[]));
    let screen = bench.screen(80, 24);
    for resolution in ["480p", "720p", "1080p"] {
        let price = priced(&fox.promoted(0, resolution).job.request).to_string();
        assert!(screen.contains(resolution) && screen.contains(&price), "{screen}");
    }
    assert!(screen.contains("6 d"), "{screen}");
    let effects = bench.keys("<up><enter>");
    let (request, parent) = submitted(&effects);
    assert_eq!((request.kind, request.resolution.to_string()), (JobKind::Final, "480p".to_owned()));
    assert_eq!(request.draft_id.as_deref(), fox.job.draft_id());
    assert_eq!(request.seed, fox.job.seed());
    let parent = parent.expect("a parent");
    assert_eq!((parent.job, parent.relation), (fox.job.id, Relation::Promote));
    assert!(bench.app.dialog.is_none());
}

#[test]
fn nothing_is_promoted_until_the_finals_that_are_there_are_known() {
    let (mut bench, fox) = with_draft();
    assert!(is_free(&bench.keys("p<up><enter><enter>")));
    assert!(matches!(bench.app.dialog, Some(Dialog::Promote { .. })));
    assert!(bench.toast().contains("looking whether it was made"), "{}", bench.toast());
    let effects = bench.story(fox.story(None, &[]));
    assert_eq!(submitted(&effects).0.resolution.to_string(), "480p", "the early Enter counts");
    assert!(bench.app.dialog.is_none());
}

#[test]
fn an_early_enter_asks_when_the_final_is_there_and_is_forgotten_when_another_key_follows() {
    let (mut bench, fox) = with_draft();
    let there = fox.promoted(30, "480p").running();
    bench.keys("p<enter>");
    assert!(is_free(&bench.story(fox.story(None, &[&there]))));
    assert!(matches!(bench.app.dialog, Some(Dialog::Confirm { .. })));
    bench.keys("<esc>p<enter><up>");
    assert!(is_free(&bench.story(fox.story(None, &[]))));
    assert!(matches!(bench.app.dialog, Some(Dialog::Promote { .. })));
}

#[test]
fn the_children_of_another_draft_are_not_taken_for_this_ones() {
    let (mut bench, _) = with_draft();
    bench.keys("p");
    bench.story(draft(90, "an owl").ready(20).story(None, &[]));
    assert!(is_free(&bench.keys("<enter>")));
}

#[test]
fn a_second_final_is_confirmed_first() {
    let (mut bench, fox) = with_draft();
    let there = fox.promoted(30, "480p").running();
    bench.keys("p");
    bench.story(fox.story(None, &[&there]));
    assert!(is_free(&bench.keys("<enter>")));
    let screen = bench.screen(80, 24);
    assert!(screen.contains("Pay for another final?"), "{screen}");
    assert!(screen.contains(&there.job.estimate.to_string()), "{screen}");
    assert!(is_free(&bench.keys("<esc>")));

    bench.keys("p");
    bench.story(fox.story(None, &[&there]));
    bench.keys("<enter>");
    let effects = bench.keys("<enter>");
    assert_eq!(submitted(&effects).0.kind, JobKind::Final);
}

#[test]
fn what_is_no_draft_or_past_its_time_is_refused_with_the_reason() {
    let refusals: [(Take, &str); 5] = [
        (draft(90, "a fox").ready(9).promoted(60, "720p").ready(30), "only drafts can be promoted"),
        (draft(60, "a fox").running(), "it is not ready yet"),
        (draft(8 * 86_400, "a fox").ready(20), "could be promoted for 7 days"),
        (draft(60, "a fox").failed(moderated()), "gave no id"),
        (draft(60, "a fox").in_doubt(), "gave no id"),
    ];
    for (take, reason) in refusals {
        let mut bench = Bench::with_jobs(&[take]);
        assert!(bench.keys("<esc>p").is_empty());
        assert!(bench.toast().contains(reason), "{} has no {reason}", bench.toast());
        assert!(bench.app.dialog.is_none());
    }
}

fn other() -> Take {
    let choices = Choices {
        seed: Some(77),
        duration: "8".parse().ok(),
        audio: Some(false),
        ..wish("an owl at dusk")
    };
    render(60, "sandbox/1.5-pro", choices).ready(20)
}

#[test]
fn recall_shows_what_would_change_and_does_it_on_enter() {
    let owl = other();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&owl));
    assert!(bench.keys("a fox<esc>r").is_empty());
    let screen = bench.screen(120, 36);
    for change in [
        "prompt: a fox → an owl at dusk",
        "seed: random → 77",
        "audio: on → off",
        "duration: 5 s → 8 s",
    ] {
        assert!(screen.contains(change), "{change} in\n{screen}");
    }
    assert_eq!(bench.app.prompt.text(), "a fox", "nothing changes before Enter");
    bench.keys("<esc>");
    assert_eq!(bench.app.prompt.text(), "a fox");
    bench.keys("3r<enter>");
    assert_eq!(bench.app.prompt.text(), "an owl at dusk");
    assert_eq!(bench.app.pane, Pane::Prompt);
    let effects = bench.keys("<f5>");
    let (request, parent) = submitted(&effects);
    assert_eq!(*request, owl.job.request, "the same again");
    assert_eq!(parent.expect("a parent").job, owl.job.id);
}

/// A price goes by the form: an undo that brings the text back alone would leave it at the other's price.
#[test]
fn a_recall_is_taken_back_in_one_step_with_its_settings() {
    let owl = other();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&owl));
    bench.keys("a fox<esc>");
    let before = (bench.app.prompt.text(), bench.app.settings.saved(), bench.app.parent);
    bench.keys("3r<enter><esc>");
    let after = (bench.app.prompt.text(), bench.app.settings.saved(), bench.app.parent);
    assert_ne!(after.1, before.1);
    bench.keys("3u");
    assert_eq!((bench.app.prompt.text(), bench.app.settings.saved(), bench.app.parent), before);
    bench.keys("i<a-e>");
    assert_eq!((bench.app.prompt.text(), bench.app.settings.saved(), bench.app.parent), after);
    // A seed alone changes the form and no text, and is a step all the same.
    bench.app.settings.chosen.seed = None;
    bench.keys("<esc>3S<enter><esc>");
    assert_eq!(bench.app.settings.chosen.seed, Some(77));
    bench.keys("3u");
    assert_eq!(bench.app.settings.chosen.seed, None);
    // Where there is nothing to bring back, what is typed next goes into the text all the same.
    bench.keys("3S<enter><esc>3r");
    assert_eq!(bench.app.pane, Pane::Prompt);
}

#[test]
fn p_proposes_the_cheapest_final() {
    let fox = draft(60, "a fox").ready(20);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("<esc>3p");
    let Some(Dialog::Promote { offered, chosen, .. }) = &bench.app.dialog else {
        panic!("no dialog")
    };
    let finals = &offered.finals;
    let cheapest = finals.iter().map(|one| one.estimate.most()).min();
    assert_eq!(Some(finals[*chosen].estimate.most()), cheapest);
    assert_eq!(finals[*chosen].request.resolution.to_string(), "480p");
}

#[test]
fn recall_shows_the_change_of_a_prompt_wherever_it_is() {
    let long = "a fox crosses a snowy market at night while lanterns sway";
    let take = render(60, "sandbox/1.5-pro", wish(&format!("{long} gently"))).ready(20);
    let mut bench = Bench::with_jobs(&[take]);
    bench.keys(&format!("{long} wildly<esc>P"));
    let screen = bench.screen(120, 36);
    assert!(screen.contains("prompt: …erns sway wildly → …erns sway gently"), "{screen}");
}

#[test]
fn recall_of_a_part_brings_back_that_part() {
    let owl = other();
    let recalled = |key: &str| {
        let mut bench = Bench::with_jobs(std::slice::from_ref(&owl));
        bench.keys(&format!("a fox<esc>{key}<enter>"));
        let chosen = bench.app.settings.chosen.clone();
        (bench.app.prompt.text(), chosen.seed, chosen.audio)
    };
    assert_eq!(recalled("P"), ("an owl at dusk".to_owned(), None, None));
    assert_eq!(recalled("S"), ("a fox".to_owned(), Some(77), None));
    assert_eq!(recalled("m"), ("an owl at dusk".to_owned(), None, Some(false)));
    assert_eq!(recalled("r"), ("an owl at dusk".to_owned(), Some(77), Some(false)));
}

#[test]
fn recall_of_what_the_form_says_already_changes_nothing() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").running()]);
    bench.keys("a fox<esc>r");
    assert_eq!(bench.toast(), "the form says that already");
    assert!(bench.app.dialog.is_none());
}

#[test]
fn a_changed_prompt_or_seed_is_told_to_the_lineage() {
    for (keys, relation) in
        [("r<enter> soars<f5>", Relation::Edit), ("m<enter><f5>", Relation::Seed)]
    {
        let owl = other();
        let mut bench = Bench::with_jobs(std::slice::from_ref(&owl));
        let effects = bench.keys(&format!("<esc>{keys}"));
        let parent = submitted(&effects).1.expect("a parent");
        assert_eq!((parent.job, parent.relation), (owl.job.id, relation));
    }
}

#[test]
fn a_seed_alone_makes_no_descendant() {
    let (owl, fox) = (other(), draft(90, "a fox").ready(20));
    let mut bench = Bench::with_jobs(&[owl, fox.clone()]);
    let effects = bench.keys("a hare<esc>3S<enter><f5>");
    let (request, parent) = submitted(&effects);
    assert_eq!((request.seed, parent), (Some(77), None));
    let effects = bench.keys("<esc>3jr<enter><esc>3kS<enter><f5>");
    let parent = submitted(&effects).1.expect("a parent");
    assert_eq!(
        (parent.job, parent.relation),
        (fox.job.id, Relation::Seed),
        "the fox, by that seed"
    );
}

#[test]
fn the_detail_of_a_failure_says_whether_it_was_charged_and_what_to_do() {
    for charged in Charged::ALL {
        for class in FailureClass::ALL {
            let message = "Provider's \"own\" words.".to_owned();
            let failed =
                draft(60, "a fox").failed(JobError::ours(*class, "code7", message, *charged));
            let mut bench = Bench::with_jobs(std::slice::from_ref(&failed));
            bench.keys("<esc>3<enter>");
            bench.story(failed.story(None, &[]));
            let screen = bench.screen(60, 18);
            let head =
                format!("{}, {}", crate::words::failure(*class), crate::words::charged(*charged));
            for words in [head.as_str(), "Provider's \"own\" words. (code7)", "Enter", "R retry"] {
                assert!(screen.contains(words), "{class} {charged}: {words} in\n{screen}");
            }
        }
    }
}

#[test]
fn a_model_that_is_gone_is_replaced_by_its_successor() {
    let gone = JobError::ours(FailureClass::ModelGone, "g", "gone".to_owned(), Charged::NotCharged);
    let failed = render(60, "sandbox/1.0-pro", wish("a fox")).failed(gone);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&failed));
    let mut catalog = (*bench.app.catalog).clone();
    let old = catalog.models.iter_mut().find(|model| model.key() == failed.job.request.model);
    old.expect("a model").status.successor = Some("1.5-pro".to_owned());
    bench.app.catalog = std::sync::Arc::new(catalog);
    bench.keys("<esc>3<enter>");
    bench.story(failed.story(None, &[]));
    assert!(bench.screen(80, 24).contains("sandbox/1.5-pro takes its place"));
    bench.keys("<enter>");
    assert_eq!(bench.app.settings.model_id.to_string(), "sandbox/1.5-pro");
    assert_eq!((bench.app.pane, bench.app.settings.focused()), (Pane::Settings, Field::Model));
}

#[test]
fn the_detail_tells_how_long_clip_and_draft_are_good_for() {
    for (age_s, words) in [
        (60, ["the provider's copy goes in about 6 d", "can be promoted for 6 d more"]),
        (8 * 86_400, ["the provider's copy is gone", "not to be promoted any more"]),
    ] {
        let fox = draft(age_s, "a fox").ready(20);
        let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
        bench.keys("<esc>3<enter>");
        bench.story(fox.story(None, &[]));
        let screen = bench.screen(80, 24);
        assert!(words.iter().all(|words| screen.contains(words)), "{screen}");
    }
}

#[test]
fn recall_from_the_history_goes_back_to_the_studio() {
    let owl = other();
    let mut bench = Bench::new();
    bench.keys("<f2>");
    let generation = bench.app.history.generation;
    bench.tell(Msg::Found { generation, entries: vec![owl.entry.clone()] });
    bench.keys("r<enter>");
    assert_eq!((bench.app.view, bench.app.pane), (View::Studio, Pane::Prompt));
    assert_eq!(bench.app.prompt.text(), "an owl at dusk");
}

#[test]
fn trying_again_is_confirmed_with_its_price() {
    let failed = draft(60, "a fox").failed(unreachable());
    let mut bench = Bench::with_jobs(std::slice::from_ref(&failed));
    assert!(bench.keys("<esc>R").is_empty());
    let screen = bench.screen(80, 24);
    assert!(screen.contains("Submit the same again?"), "{screen}");
    assert!(screen.contains(&failed.job.estimate.to_string()), "{screen}");
    assert!(bench.keys("<esc>").is_empty());
    bench.keys("R");
    let effects = bench.keys("<enter>");
    let (request, parent) = submitted(&effects);
    assert_eq!(*request, failed.job.request);
    assert_eq!(parent.expect("a parent").relation, Relation::Retry);
}

#[test]
fn a_job_in_doubt_is_sent_again_only_after_a_warning() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").in_doubt()]);
    bench.keys("<esc>R");
    assert!(bench.screen(80, 24).contains("may be billed twice"));
    bench.list(&[draft(60, "a fox").running()]);
    bench.keys("<esc>R");
    assert_eq!(bench.toast(), "it is under way");
}

#[test]
fn a_failed_jobs_detail_tells_what_happened_and_enter_brings_back_the_field_at_fault() {
    let choices = Choices { duration: "8".parse().ok(), ..wish("an owl at dusk") };
    let failed = render(60, "sandbox/1.5-pro", choices).failed(refused("duration"));
    let mut bench = Bench::with_jobs(std::slice::from_ref(&failed));
    assert_eq!(story_wanted(&bench.keys("<esc><enter>")), Some(failed.job.id));
    bench.story(failed.story(None, &[]));
    let screen = bench.screen(120, 36);
    for words in ["Invalid value for 'duration'", "not charged", "Change the setting that is named"]
    {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    bench.keys("<enter>");
    assert!(bench.app.dialog.is_none());
    assert_eq!(bench.app.prompt.text(), "an owl at dusk");
    assert_eq!((bench.app.pane, bench.app.settings.focused()), (Pane::Settings, Field::Duration));
}

#[test]
fn a_moderated_jobs_detail_leads_back_to_the_prompt() {
    let failed = draft(60, "a fox").failed(moderated());
    let mut bench = Bench::with_jobs(std::slice::from_ref(&failed));
    bench.keys("<esc><enter>");
    bench.story(failed.story(None, &[]));
    bench.keys("<enter>");
    assert_eq!((bench.app.pane, bench.app.prompt.text()), (Pane::Prompt, "a fox".to_owned()));
}

#[test]
fn the_detail_shows_parent_difference_and_children() {
    let old = draft(900, "a red fox").ready(20);
    let new = draft(60, "a grey fox").child_of(&old, Relation::Edit).ready(20);
    let last = new.promoted(20, "1080p").running();
    let mut bench = Bench::with_jobs(&[last.clone(), new.clone(), old.clone()]);
    bench.keys("<esc>j<enter>");
    bench.story(new.story(Some(&old), &[&last]));
    let screen = bench.screen(120, 36);
    for words in ["edit of", "[-red-]{+grey+}", "promote ->", "all results are in", "ready"] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
}

#[test]
fn a_story_that_comes_late_opens_nothing() {
    let fox = draft(60, "a fox").ready(20);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("<esc><enter><esc>");
    bench.story(fox.story(None, &[]));
    assert!(bench.app.dialog.is_none());
}

#[test]
fn a_command_in_the_detail_is_about_the_job_that_is_shown() {
    let (fox, owl) = (draft(60, "a fox").ready(20), draft(90, "an owl").ready(20));
    let mut bench = Bench::with_jobs(std::slice::from_ref(&owl));
    bench.keys("<esc><enter>");
    bench.story(owl.story(None, &[]));
    bench.tell(Msg::Submitted(fox.job.id));
    bench.list(&[fox, owl.clone()]);
    let effects = bench.keys("p");
    assert_eq!(story_wanted(&effects), Some(owl.job.id), "not the one that was chosen meanwhile");
}

#[test]
fn a_key_that_repeats_opens_the_dialog_and_does_not_pay() {
    let (mut bench, fox) = with_draft();
    bench.keys("p");
    bench.story(fox.story(None, &[]));
    assert!(is_free(&bench.keys("pppp")));
}

#[test]
fn a_job_of_a_model_that_is_gone_is_never_submitted_to_another_one() {
    let mut owl = other();
    let text = serde_json::to_string(&owl.job.request).expect("text");
    let gone = text.replace("\"sandbox/1.5-pro\"", "\"sandbox/0.9\"");
    assert_ne!(gone, text);
    owl.entry.job.request = serde_json::from_str(&gone).expect("a request");
    let mut bench = Bench::with_jobs(&[owl]);
    let effects = bench.keys("<esc>r<enter><f5>");
    if let Some(Effect::Write(Write::Submit { request, .. })) = effects.first() {
        assert_eq!(request.model.provider, "sandbox", "real money for play money");
    }
    assert_eq!(bench.app.settings.model_id.provider, "sandbox");
    assert!(bench.app.catalog.model(&bench.app.settings.model_id).is_some());
}

#[test]
fn the_detail_scrolls_back_as_soon_as_it_is_asked_to() {
    let fox = draft(60, &"a fox runs through the snow. ".repeat(60)).ready(20);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("<esc><enter>");
    bench.story(fox.story(None, &[]));
    bench.keys(&"j".repeat(300));
    let end = bench.screen(80, 24);
    bench.keys("k");
    assert_ne!(bench.screen(80, 24), end);
}
