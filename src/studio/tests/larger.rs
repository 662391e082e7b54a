//! What becomes of a take whose model has no drafts: the same request, larger, and how near to it that is.

use super::super::dialog::Dialog;
use super::kit::{Bench, is_free, opened, priced, submitted};
use super::take::{Take, draft, render, wish};
use crate::domain::job::{JobKind, Relation};
use crate::domain::request::{Choices, Field};

/// A finished take of `model` at its lowest resolution.
fn small(model: &str) -> Take {
    let choices = Choices { resolution: "480p".parse().ok(), ..wish("a fox") };
    render(60, model, choices).ready(20)
}

/// `p` on `take`, with `children` made of it already, and what stands there.
fn asked(take: &Take, children: &[&Take]) -> (Bench, String) {
    let mut bench = Bench::with_jobs(std::slice::from_ref(take));
    bench.keys("<esc>3p");
    bench.story(take.story(None, children));
    let screen = bench.screen(80, 24);
    (bench, screen)
}

#[test]
fn without_drafts_p_asks_for_the_same_larger_with_its_seed() {
    let fox = small("sandbox/1.0-pro");
    let (mut bench, screen) = asked(&fox, &[]);
    assert!(screen.contains("near it, not the same clip"), "{screen}");
    let seed = fox.job.seed().expect("a seed");
    assert!(screen.contains(&format!("seed {seed}")), "{screen}");
    let effects = bench.keys("<enter>");
    let (request, parent) = submitted(&effects);
    assert!(screen.contains(&priced(request).to_string()), "{screen}");
    assert_eq!((request.kind, request.resolution.to_string()), (JobKind::Single, "1080p".into()));
    assert_eq!((request.seed, request.results), (Some(seed), 1));
    assert_eq!(request.prompt, "a fox");
    let parent = parent.expect("a parent");
    assert_eq!((parent.job, parent.relation), (fox.job.id, Relation::Promote));
}

#[test]
fn without_a_seed_it_is_said_to_be_a_new_clip() {
    let (mut bench, screen) = asked(&small("sandbox/2.0"), &[]);
    assert!(screen.contains("a new clip") && !screen.contains("seed,"), "{screen}");
    for resolution in ["720p", "1080p", "4k"] {
        assert!(screen.contains(resolution), "{screen}");
    }
    assert_eq!(submitted(&bench.keys("<enter>")).0.seed, None);
}

#[test]
fn what_is_there_already_is_not_paid_for_twice_without_a_word() {
    let fox = small("sandbox/1.0-pro");
    let (mut bench, _) = asked(&fox, &[]);
    let request = submitted(&bench.keys("<enter>")).0.clone();
    let larger = render(30, "sandbox/1.0-pro", Choices::from(&*request)).ready(9);
    let (mut bench, _) = asked(&fox, &[&larger]);
    assert!(is_free(&bench.keys("<enter>")));
    let screen = bench.screen(80, 24);
    assert!(screen.contains("Pay for the same twice?"), "{screen}");
    assert!(screen.contains("the same is there already as job"), "{screen}");
    submitted(&bench.keys("<enter>"));
}

/// Whoever is asked to confirm knows what it costs; and where nothing is paid, nobody is.
#[test]
fn enter_says_what_it_does_and_what_it_costs() {
    let fox = small("sandbox/1.0-pro");
    let (mut bench, screen) = asked(&fox, &[]);
    let Some(Dialog::Promote { offered, .. }) = &bench.app.dialog else { panic!("no dialog") };
    let price = offered.finals[0].estimate.to_string();
    assert!(screen.contains(&format!("Enter confirms, pays {price} play money")), "{screen}");
    bench.keys("<esc>3R");
    let screen = bench.screen(80, 24);
    let price = priced(&fox.job.request).to_string();
    assert!(screen.contains(&format!("Enter confirms, pays {price} play money")), "{screen}");

    let real = render(60, "runware/1.0-pro", wish("a fox"));
    let mut bench = Bench::with_jobs(&[real.clone().ready(20)]);
    bench.keys("<esc>3R");
    let screen = bench.screen(80, 24);
    assert!(screen.contains("Enter confirms, pays $"), "{screen}");
    assert!(!screen.contains("play money ·"), "{screen}");

    let mut bench = Bench::with_jobs(&[real.in_doubt(), draft(90, "an owl").ready(9)]);
    for (keys, dialog) in
        [("<esc>3X", "Close the job"), ("<esc>3jr", "Bring back"), ("<esc>3n", "Note")]
    {
        bench.keys(keys);
        let screen = bench.screen(80, 24);
        assert!(screen.contains(dialog) && !screen.contains("confirm"), "{screen}");
        bench.keys("<esc>");
    }
}

/// The headline loop is the chosen model's own: nobody is promised drafts where there are none.
#[test]
fn an_empty_studio_names_the_way_of_the_chosen_model() {
    for (model, way, step) in [
        ("sandbox/1.5-pro", "the final of one is the same clip", "makes the final of the draft"),
        ("sandbox/1.0-pro", "near it, not the same", "larger, with its seed"),
        ("runware/2.0", "a larger one is a new clip", "as a new clip"),
    ] {
        let mut bench = Bench::new();
        let catalog = bench.app.catalog.clone();
        bench.app.settings.take_model(&catalog, model.parse().expect("an id"));
        for (columns, rows) in [(80, 24), (120, 36)] {
            let screen = bench.screen(columns, rows);
            let left = screen.lines().filter_map(|line| line.split('│').nth(1));
            let left = words(&left.collect::<Vec<_>>().join(" "));
            assert!(left.contains(way), "{way} is not in\n{screen}");
            assert!(screen.contains(step), "{step} is not in\n{screen}");
        }
    }
    let mut bench = Bench::new();
    let screen = bench.screen(80, 24);
    assert!(
        screen.contains("stands for runware/1.5-pro") && screen.contains("its end"),
        "{screen}"
    );
}

#[test]
fn the_first_model_of_all_stands_for_one_that_can_be_bought() {
    let mut bench = Bench::with(super::super::msg::Opened { model: None, ..opened() });
    bench.row(Field::Draft);
    let screen = bench.screen(120, 36);
    assert!(screen.contains("no drafts: small, then larger by seed"), "{screen}");
    let shown = &bench.app.settings.model_id;
    let real = format!("runware/{}", shown.model).parse().expect("an id");
    let real = bench.app.catalog.model(&real).expect("a real one");
    assert_eq!(real.status.kind, crate::domain::catalog::StatusKind::Live);
}

/// That a live submit with it was refused is said where it is chosen, not to machines alone.
#[test]
fn the_focused_row_says_what_is_known_of_it() {
    let mut bench = Bench::new();
    for (model, row, note) in [
        ("sandbox/1.5-pro", Field::Safety, "a submit of 2026-07-08 with it was refused"),
        ("runware/1.5-pro", Field::Model, "a submit may be refused"),
        ("runpod/1.0-pro", Field::Model, "a submit may find nothing there"),
    ] {
        let catalog = bench.app.catalog.clone();
        bench.app.settings.take_model(&catalog, model.parse().expect("an id"));
        bench.app.settings.remark = None;
        bench.row(row);
        for (columns, rows) in [(80, 24), (120, 36)] {
            let screen = bench.screen(columns, rows);
            let form = screen.lines().filter_map(|line| line.strip_suffix('│')?.rsplit('│').next());
            let form = words(&form.collect::<Vec<_>>().join(" "));
            assert!(form.contains(note), "{screen}");
        }
    }
}

/// The words of `text`, each once between its spaces.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
