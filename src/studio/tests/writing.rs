//! From the first key to the submit: the prompt, the form and the price.

use super::super::app::Pane;
use super::super::effect::{Effect, Load, Terminal, Write};
use super::super::msg::Msg;
use super::kit::{Bench, is_free, opened, parsed, priced, saved, submitted};
use crate::domain::consent::Consent;
use crate::domain::job::JobKind;
use crate::domain::request::{Choices, Field};

#[test]
fn the_first_keys_typed_land_in_the_prompt() {
    let mut bench = Bench::new();
    bench.keys("a fox? yes: q/s");
    assert_eq!(bench.app.prompt.text(), "a fox? yes: q/s");
    assert!(bench.screen(80, 24).contains("a fox? yes: q/s"));
}

#[test]
fn keys_typed_before_the_workspace_is_open_are_kept_behind_what_was_saved() {
    let mut first = Bench::new();
    first.keys("a fox");
    let effects = first.later(500);
    let left = saved(&effects).expect("a save").clone();
    let mut bench = Bench::closed();
    bench.keys(" runs");
    bench.tell(Msg::Opened(Box::new(super::super::msg::Opened { saved: Some(left), ..opened() })));
    assert_eq!(bench.app.prompt.text(), "a fox runs");
}

#[test]
fn f5_submits_once_what_prompt_and_form_say() {
    let mut bench = Bench::new();
    let effects = bench.keys("a fox<f5>");
    let (request, parent) = submitted(&effects);
    assert_eq!(request.prompt, "a fox");
    assert_eq!(request.model.to_string(), "sandbox/1.5-pro");
    assert_eq!(request.kind, JobKind::Draft);
    assert_eq!(request.resolution.to_string(), "480p");
    assert_eq!(parent, None);
    assert_eq!(bench.app.prompt.text(), "a fox", "the prompt stays, to be changed");
}

#[test]
fn alt_enter_submits_in_the_text_and_outside_of_it_and_no_plain_letter_does() {
    let mut bench = Bench::new();
    submitted(&bench.keys("a fox<a-enter>"));
    submitted(&bench.keys("<esc><a-enter>"));
    for pane in ["1<esc>", "2", "3", "4", "5"] {
        bench.keys(pane);
        let letters: String = ('a'..='z').chain('A'..='Z').filter(|c| *c != 'q').collect();
        for letter in letters.chars() {
            assert!(is_free(&bench.keys(&format!("{letter}"))), "{letter} in {pane}");
            bench.keys("<esc><esc>");
            bench.keys(pane);
        }
    }
}

#[test]
fn enter_is_a_new_line() {
    let mut bench = Bench::new();
    assert!(bench.keys("one<enter>two").is_empty());
    assert_eq!(bench.app.prompt.text(), "one\ntwo");
}

#[test]
fn what_is_submitted_before_the_workspace_is_open_is_what_the_screen_said() {
    let mut bench = Bench::closed();
    let effects = bench.keys("a fox<f5>");
    let [Effect::Write(Write::Submit { request, parent: None, consent })] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(request.prompt, "a fox");
    assert_eq!(request.model.to_string(), "sandbox/1.0-pro");
    assert_eq!(**consent, Consent::to(priced(request)), "the price that stands there, and no more");
}

#[test]
fn a_prompt_that_is_too_short_or_too_long_is_focused_with_the_reason() {
    let mut bench = Bench::new();
    bench.keys("<esc>2");
    assert!(bench.keys("<f5>").is_empty());
    assert_eq!(bench.app.pane, Pane::Prompt);
    assert!(bench.toast().starts_with("prompt: there is nothing"), "{}", bench.toast());

    bench.keys("x<esc>3");
    assert!(bench.keys("<f5>").is_empty());
    assert_eq!(bench.app.pane, Pane::Prompt);
    assert!(bench.toast().contains("1 character is too short"), "{}", bench.toast());

    bench.tell(Msg::Paste("狐".repeat(4000)));
    assert!(bench.keys("<f5>").is_empty());
    assert!(bench.toast().contains("4001 characters are too many"), "{}", bench.toast());
}

#[test]
fn every_model_can_be_chosen_from_the_list_also_those_that_are_not_stepped_through() {
    let mut bench = Bench::new();
    bench.row(Field::Model);
    bench.keys("<enter>runware/1.5");
    let screen = bench.screen(120, 36);
    assert!(screen.contains("retired") && screen.contains("a submit may be refused"), "{screen}");
    bench.keys("<enter>");
    assert_eq!(bench.app.settings.model_id.to_string(), "runware/1.5-pro");
    assert!(bench.app.dialog.is_none());
    bench.keys("Mnothing of the kind<enter>");
    assert!(bench.screen(80, 24).contains("No model is called that."));
    bench.keys("<esc>Mdelisted<enter>");
    assert_eq!(bench.app.settings.model_id.to_string(), "runware/1.5-pro", "none says so");
    bench.keys("<esc>Mrunpod<down><enter>");
    assert_eq!(bench.app.settings.model_id.to_string(), "runpod/1.0-pro");
}

#[test]
fn the_price_follows_every_key_in_the_form() {
    let mut bench = Bench::new();
    let draft = bench.price();
    assert_eq!(draft, "$0.07292");
    bench.row(Field::Duration);
    bench.keys("l");
    assert_ne!(bench.price(), draft, "six seconds cost more than five");
    bench.keys("h");
    assert_eq!(bench.price(), draft);
    bench.row(Field::Audio);
    bench.keys("l");
    let silent = bench.price();
    assert_ne!(silent, draft);
    bench.row(Field::Draft);
    bench.keys("l");
    let full = bench.price();
    bench.row(Field::Resolution);
    bench.keys("l");
    assert_ne!(bench.price(), full);
    for (columns, rows) in [(80, 24), (120, 36)] {
        let price = bench.price();
        assert!(bench.screen(columns, rows).contains(&price), "{columns}x{rows}");
    }
}

#[test]
fn a_draft_pins_its_resolution_and_the_form_says_why() {
    let mut bench = Bench::new();
    bench.row(Field::Resolution);
    let before = bench.app.settings.chosen.clone();
    bench.keys("l<enter>h");
    assert_eq!(bench.app.settings.chosen, before);
    assert!(bench.screen(120, 36).contains("a draft is always that"));
}

/// What a row of 1.5 Pro in the sandbox says after each step to the right.
fn steps(row: Field, count: usize) -> Vec<String> {
    let mut bench = Bench::new();
    bench.row(Field::Draft);
    bench.keys("l");
    bench.row(row);
    let value = |bench: &Bench| {
        let (now, _) = bench.app.settings.outlook(&bench.app.catalog).expect("a right form");
        let setting = row.setting().expect("a setting");
        setting.show(Choices::from(&now).get(row).as_ref())
    };
    let mut values = vec![value(&bench)];
    for _ in 0..count {
        bench.keys("l");
        values.push(value(&bench));
    }
    values
}

#[test]
fn every_row_steps_round_what_its_model_allows() {
    assert_eq!(steps(Field::Draft, 2), ["full", "draft", "full"]);
    assert_eq!(steps(Field::Audio, 2), ["on", "off", "on"]);
    assert_eq!(steps(Field::Seed, 2), ["random", "0", "1"]);
    let aspects = steps(Field::AspectRatio, 6);
    assert_eq!(aspects.first(), aspects.last(), "six ratios, then the first again: {aspects:?}");
    let lengths = steps(Field::Duration, 3);
    assert_eq!(lengths, ["5 s", "6 s", "7 s", "8 s"]);
    let resolutions = steps(Field::Resolution, 3);
    assert_eq!(resolutions, ["480p", "720p", "1080p", "480p"]);
}

#[test]
fn a_written_seed_or_length_is_taken_or_refused_with_the_reason() {
    let mut bench = Bench::new();
    bench.row(Field::Seed);
    bench.keys("<enter>65545<enter>");
    assert_eq!(bench.app.settings.chosen.seed, Some(65_545));
    bench.keys("<enter><c-u>a lot<enter>");
    assert_eq!(bench.app.settings.chosen.seed, Some(65_545));
    assert!(bench.screen(120, 36).contains("'a lot' is not a valid seed"));
    bench.keys("<enter><c-u><enter>");
    assert_eq!(bench.app.settings.chosen.seed, None);

    bench.row(Field::Duration);
    bench.keys("<enter>7<enter>");
    assert!(bench.screen(120, 36).contains("7 s"));
    bench.keys("<enter><c-u>99<enter>");
    assert!(bench.screen(120, 36).contains("takes 4 to 12"), "{}", bench.screen(120, 36));
    assert_eq!(bench.app.settings.outlook(&bench.app.catalog).map(|_| ()), Some(()));
}

#[test]
fn what_stands_in_the_form_is_what_is_submitted_also_without_enter() {
    let mut bench = Bench::new();
    bench.keys("a fox");
    bench.row(Field::Seed);
    let effects = bench.keys("<enter>65545<f5>");
    assert_eq!(submitted(&effects).0.seed, Some(65_545));
    assert!(is_free(&bench.keys("<enter><c-u>lots<f5>")), "not with another seed than is written");
    assert!(
        bench.screen(120, 36).contains("'lots' is not a valid seed"),
        "and it can be corrected"
    );
    let effects = bench.keys("<bs><bs><bs><bs>7<f5>");
    assert_eq!(submitted(&effects).0.seed, Some(7));
    for leave in ["<tab>", "<down>", "<f2><esc>"] {
        bench.row(Field::Seed);
        bench.keys(&format!("<enter><c-u>12{leave}"));
        assert_eq!(bench.app.settings.chosen.seed, Some(12), "{leave}");
        assert!(bench.app.settings.editing.is_none(), "{leave}");
        bench.app.settings.chosen.seed = None;
    }
}

#[test]
fn nothing_is_submitted_while_an_image_is_still_read() {
    let mut bench = Bench::new();
    bench.keys("a fox");
    bench.row(Field::FirstFrame);
    let effects = bench.keys("<enter>/tmp/fox.png<f5>");
    assert!(is_free(&effects), "{effects:?}");
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Load(Load::Image { .. }))),
        "{effects:?}"
    );
    assert!(bench.toast().contains("still being read"), "{}", bench.toast());
}

#[test]
fn esc_leaves_a_written_value_as_it_was() {
    let mut bench = Bench::new();
    bench.row(Field::Seed);
    bench.keys("<enter>7<esc>");
    assert_eq!(bench.app.settings.chosen.seed, None);
    assert_eq!(bench.app.pane, Pane::Settings);
}

#[test]
fn another_model_keeps_what_fits_and_says_what_it_changed() {
    let mut bench = Bench::new();
    bench.row(Field::Seed);
    bench.keys("<enter>7<enter>");
    bench.row(Field::Model);
    for _ in 0..bench.app.catalog.models.len() {
        bench.keys("l");
        assert_ne!(bench.price(), "none", "{:?}", bench.app.settings.chosen);
        if bench.app.settings.chosen.seed.is_none() {
            break;
        }
    }
    let screen = bench.screen(120, 36);
    assert!(screen.contains("no seed"), "{screen}");
}

#[test]
fn a_paste_lands_in_the_prompt_from_anywhere() {
    for place in ["", "<esc>", "<esc>2", "<esc>3", "<esc>4"] {
        let mut bench = Bench::new();
        bench.keys(place);
        bench.tell(Msg::Paste("one\r\ntwo\x1b[31m".to_owned()));
        assert_eq!(bench.app.prompt.text(), "one\ntwo", "after {place:?}");
        assert_eq!(bench.app.pane, Pane::Prompt);
    }
}

#[test]
fn the_text_is_saved_after_a_pause_and_not_at_every_key() {
    let mut bench = Bench::new();
    for key in parsed("a fox") {
        assert!(saved(&bench.tell(Msg::Key(key.into()))).is_none());
    }
    assert!(saved(&bench.later(100)).is_none());
    let wanted = bench.app.next_tick().expect("a deadline");
    assert!(wanted.duration_since(bench.now).as_millis() <= 400);
    assert!(saved(&bench.later(400)).is_some());
    assert!(saved(&bench.later(5000)).is_none(), "saved once");
    assert_eq!(bench.app.next_tick(), None, "and then nothing is waited for");
}

#[test]
fn the_text_is_saved_when_the_studio_is_left() {
    let mut bench = Bench::new();
    bench.keys("a fox<esc>");
    let effects = bench.tell(Msg::Key(parsed("q")[0].into()));
    assert!(
        saved(&effects).is_some() && effects.contains(&Effect::Terminal(Terminal::Quit)),
        "{effects:?}"
    );
}

#[test]
fn the_editor_gets_the_prompt_and_gives_it_back() {
    let mut bench = Bench::new();
    assert_eq!(bench.keys("a fox<c-e>"), [Effect::Terminal(Terminal::Editor("a fox".to_owned()))]);
    bench.tell(Msg::Edited(Ok("a red fox\nruns".to_owned())));
    assert_eq!(bench.app.prompt.text(), "a red fox\nruns");
    bench.keys("<a-u>");
    assert_eq!(bench.app.prompt.text(), "a fox");
    bench.tell(Msg::Edited(Err("vi ended with 1; the prompt is as it was".to_owned())));
    assert_eq!(bench.toast(), "vi ended with 1; the prompt is as it was");
}

#[test]
fn the_prompt_can_be_emptied_and_brought_back() {
    let mut bench = Bench::new();
    assert!(is_free(&bench.keys("a fox<esc>C")));
    assert_eq!(bench.app.prompt.text(), "");
    bench.keys("u");
    assert_eq!(bench.app.prompt.text(), "a fox");
}

#[test]
fn a_seed_that_is_too_large_never_makes_the_form_wrong() {
    let mut bench = Bench::new();
    bench.row(Field::Seed);
    bench.keys("<enter>18446744073709551615<enter>");
    assert_ne!(bench.price(), "none");
    assert!(bench.app.settings.remark.is_some());
}

#[test]
fn a_step_from_a_written_length_goes_to_the_next_whole_second() {
    let mut bench = Bench::new();
    let catalog = bench.app.catalog.clone();
    bench.app.settings.take_model(&catalog, "sandbox/1.0-pro".parse().expect("a model's id"));
    bench.row(Field::Duration);
    bench.keys("<enter>7.5<enter>l");
    assert!(bench.screen(120, 36).contains(" 8 s"), "{}", bench.screen(120, 36));
    bench.keys("<enter><c-u>7.5<enter>h");
    assert!(bench.screen(120, 36).contains(" 7 s"), "{}", bench.screen(120, 36));
}

#[test]
fn before_the_workspace_is_open_no_deadline_is_missed_again_and_again() {
    let mut bench = Bench::closed();
    bench.keys("a fox");
    bench.later(1000);
    let again = bench.app.next_tick();
    assert!(again.is_none_or(|at| at > bench.now), "{again:?} is past");
}

#[test]
fn a_pasted_page_on_one_line_is_cut_down_from_its_end() {
    let mut bench = Bench::new();
    bench.tell(Msg::Paste(format!("{}!", "x".repeat(70_000))));
    bench.keys("<bs>");
    assert!(!bench.app.prompt.text().contains('!'));
}

#[test]
fn the_caret_stands_behind_what_is_seen_also_with_tabs_and_wide_characters() {
    for (text, cells) in [("ab", 2), ("狐a", 3), ("👩‍🚀", 2), ("a\tb", 5)] {
        let mut bench = Bench::new();
        bench.tell(Msg::Paste(text.to_owned()));
        let (_, empty) = Bench::new().buffer(80, 24);
        let (_, caret) = bench.buffer(80, 24);
        let moved = caret.expect("a caret").x - empty.expect("a caret").x;
        assert_eq!(moved, cells, "{text:?}");
    }
}

#[test]
fn a_line_that_is_full_takes_no_space_along_to_the_next_one() {
    let mut bench = Bench::new();
    bench.tell(Msg::Resize(60, 18));
    bench.tell(Msg::Paste(format!("{} fox", "x".repeat(56))));
    let screen = bench.screen(60, 18);
    assert!(screen.contains("│ fox"), "{screen}");
    let (_, caret) = bench.buffer(60, 18);
    assert_eq!(caret.expect("a caret").x, 2 + 3, "behind the word");
}

#[test]
fn what_the_form_does_not_show_is_counted() {
    let mut bench = Bench::new();
    bench.row(Field::Model);
    assert!(bench.screen(60, 18).contains("↓ 2 more"));
    bench.row(Field::Delivery);
    assert!(bench.screen(60, 18).contains("↑ 2 more"));
    assert!(!bench.screen(120, 36).contains(" more "));
}

#[test]
fn the_delivery_is_folded_until_it_is_wanted_and_says_what_is_set() {
    let mut bench = Bench::new();
    bench.row(Field::Delivery);
    assert!(!bench.screen(120, 40).contains("Upload to"));
    bench.row(Field::Ttl);
    bench.keys("<enter>600<enter>");
    bench.row(Field::UploadEndpoint);
    bench.keys("<enter>");
    bench.keys("https://a.example/x?signature=hidden<enter>");
    let screen = bench.screen(160, 60);
    assert!(
        screen.contains("kept there for 600 s · uploaded to https://a.example/x?…"),
        "{screen}"
    );
    assert!(!screen.contains("hidden"), "{screen}");
    let saved = serde_json::to_string(&bench.app.settings.saved()).expect("JSON");
    assert!(saved.contains("a.example") && !saved.contains("hidden"), "{saved}");
    // What comes back is not the whole of it, and is no address to send anything to.
    let saved = serde_json::from_str(&saved).expect("a form");
    let catalog = bench.app.catalog.clone();
    bench.app.settings.restore(saved);
    bench.app.settings.fit(&catalog);
    assert_eq!(bench.app.settings.remark.as_deref(), Some("Seedance 1.5 Pro: no upload address"));
}

#[test]
fn one_key_puts_a_setting_back() {
    let mut bench = Bench::new();
    bench.row(Field::Seed);
    bench.keys("<enter>7<enter><bs>");
    assert_eq!(bench.app.settings.chosen.seed, None);
}

#[test]
fn results_multiply_the_price_before_anything_is_sent() {
    let mut bench = Bench::new();
    let catalog = bench.app.catalog.clone();
    bench.app.settings.take_model(&catalog, "sandbox/1.0-pro".parse().expect("a model's id"));
    let one = bench.price();
    bench.row(Field::Results);
    bench.keys("lll");
    assert!(bench.screen(200, 60).contains("× 4 results"));
    assert_ne!(bench.price(), one);
}

#[test]
fn what_became_of_a_submit_is_not_covered_by_a_prompt_that_could_not_be_saved() {
    let mut bench = Bench::new();
    bench.tell(Msg::NotSaved("the prompt could not be saved".to_owned()));
    assert_eq!(bench.toast(), "the prompt could not be saved");
    bench.tell(Msg::Complain("the disk is full. Nothing was sent".to_owned()));
    bench.tell(Msg::NotSaved("the prompt could not be saved".to_owned()));
    assert_eq!(bench.toast(), "the disk is full. Nothing was sent");
}
