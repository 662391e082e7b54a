//! Clips that are played: keys, places, what is asked for, and what is on the screen.

use std::path::PathBuf;

use super::super::app::Pane;
use super::super::effect::{Effect, Generation, Load, Terminal};
use super::super::msg::Msg;
use super::super::term::keyboard::Reply;
use super::kit::{Bench, drops_film};
use super::take::{Take, draft};
use crate::domain::request::Field;
use crate::domain::request::{FrameImage, ImageFile};
use crate::media::film::{self, Part};
use crate::media::picture::Picture;

fn clip(take: &Take) -> PathBuf {
    PathBuf::from("/data").join(&take.job.files().next().expect("a file").path)
}

/// What film is asked for, and by which number.
fn wanted(effects: &[Effect]) -> Option<(Generation, Vec<PathBuf>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Load(Load::Film { generation, paths, .. }) => Some((*generation, paths.clone())),
        _ => None,
    })
}

/// The clip was decoded: a second of 25 frames.
fn decoded(bench: &mut Bench, generation: Generation) {
    let mut tell = |part| drop(bench.tell(Msg::Film { generation, reel: 0, part }));
    tell(film::times((0..25).map(|frame| frame * 40).collect()));
    for frame in 0..25 {
        let rgb = vec![frame * 10; 16 * 9 * 3];
        tell(Part::Frame(frame.into(), Picture { width_px: 16, height_px: 9, rgb }));
    }
    tell(Part::End(None));
}

/// A studio at its jobs, with a fox and an owl.
fn jobs() -> (Bench, Take, Take) {
    let (fox, owl) = (draft(60, "a fox").ready(20), draft(50, "an owl").ready(20));
    let mut bench = Bench::with_jobs(&[fox.clone(), owl.clone()]);
    bench.screen(120, 36);
    bench.keys("<esc>");
    (bench, fox, owl)
}

/// The line below the picture.
fn told(bench: &mut Bench) -> String {
    let screen = bench.screen(120, 36);
    let line = screen.lines().find(|line| line.contains(" s  ") && line.contains(" / "));
    line.and_then(|line| line.split("││").nth(1)).unwrap_or("").trim_matches(['│', ' ']).to_owned()
}

#[test]
fn space_plays_the_chosen_clip_and_pauses_it() {
    let (mut bench, fox, _) = jobs();
    let (generation, paths) = wanted(&bench.keys(" ")).expect("a film");
    assert_eq!(paths, [clip(&fox)]);
    decoded(&mut bench, generation);
    assert!(told(&mut bench).starts_with("▶ 0.00 / 1.00 s  1/25"), "{}", told(&mut bench));
    assert!(
        bench.later(200).contains(&Effect::Terminal(Terminal::AskTaken)),
        "the terminal is asked for each frame"
    );
    assert!(told(&mut bench).starts_with("▶ 0.20 / 1.00 s  6/25"), "{}", told(&mut bench));
    bench.tell(Msg::Reply(Reply::Cursor));
    assert_eq!(bench.keys(" "), [], "what is there is not read again");
    assert!(told(&mut bench).starts_with("■"), "{}", told(&mut bench));
    assert_eq!(bench.app.next_tick(), None, "what stands wakes nobody");
}

#[test]
fn it_is_stepped_sought_and_slowed_down() {
    let (mut bench, ..) = jobs();
    let (generation, _) = wanted(&bench.keys("4.")).expect("a film");
    decoded(&mut bench, generation);
    for key in ["....", ","] {
        bench.keys(key);
        // The terminal takes in what it got.
        (0..3).for_each(|_| drop(bench.tell(Msg::Reply(Reply::Cursor))));
    }
    assert!(told(&mut bench).contains("4/25"), "{}", told(&mut bench));
    bench.keys("<right>");
    bench.tell(Msg::Reply(Reply::Cursor));
    assert!(told(&mut bench).contains("25/25"), "{}", told(&mut bench));
    bench.keys("<left>");
    assert!(told(&mut bench).contains(" 1/25"), "{}", told(&mut bench));
    bench.keys("-");
    assert!(told(&mut bench).contains("½×"));
    bench.keys("w");
    assert!(!told(&mut bench).contains('↻'));
}

#[test]
fn another_choice_while_it_plays_plays_that_and_else_shows_its_poster() {
    let (mut bench, fox, owl) = jobs();
    let (first, _) = wanted(&bench.keys(" ")).expect("a film");
    decoded(&mut bench, first);
    let (second, paths) = wanted(&bench.keys("j")).expect("the other film");
    assert_eq!(paths, [clip(&owl)]);
    // What still comes of the one before is not for this one.
    decoded(&mut bench, first);
    assert!(told(&mut bench).contains("0/0"), "{}", told(&mut bench));
    decoded(&mut bench, second);
    assert!(told(&mut bench).contains("/25"));
    bench.keys(" ");
    assert!(drops_film(&bench.keys("k")));
    assert_eq!(told(&mut bench), "");
    assert_eq!(wanted(&bench.keys(" ")).map(|(_, paths)| paths), Some(vec![clip(&fox)]));
}

#[test]
fn z_gives_it_the_whole_terminal_and_esc_takes_it_back() {
    let (mut bench, ..) = jobs();
    let (generation, _) = wanted(&bench.keys("z")).expect("a film");
    decoded(&mut bench, generation);
    let screen = bench.screen(120, 36);
    assert!(!screen.contains("Settings") && screen.contains("1/25"), "{screen}");
    assert!(screen.matches('▀').count() > 1500, "the picture is large");
    bench.keys("<esc>");
    assert!(bench.screen(120, 36).contains("Settings"));
}

#[test]
fn a_window_that_grows_gets_finer_frames_and_keeps_its_place() {
    let (mut bench, fox, _) = jobs();
    let (first, _) = wanted(&bench.keys("4.")).expect("a film");
    decoded(&mut bench, first);
    bench.keys("....");
    (0..5).for_each(|_| drop(bench.tell(Msg::Reply(Reply::Cursor))));
    let before = told(&mut bench);
    assert!(wanted(&bench.tell(Msg::Resize(100, 30))).is_none(), "smaller ones are there");
    let (second, paths) = wanted(&bench.tell(Msg::Resize(200, 60))).expect("finer frames");
    assert_eq!((second, paths), (Generation::from(first.number() + 1), vec![clip(&fox)]));
    assert!(wanted(&bench.tell(Msg::Tick)).is_none(), "once");
    decoded(&mut bench, second);
    bench.tell(Msg::Reply(Reply::Cursor));
    assert_eq!(told(&mut bench), before);
}

#[test]
fn where_the_preview_is_not_on_the_screen_the_whole_terminal_is_taken() {
    let (mut bench, ..) = jobs();
    bench.screen(80, 24);
    bench.keys(" ");
    assert!(bench.app.zoomed);
    bench.keys("<esc><f2><esc>");
    bench.app.history.entries = bench.app.jobs.clone();
    bench.keys(" ");
    assert!(bench.app.zoomed, "from the history too");
}

#[test]
fn a_clip_that_can_t_be_decoded_says_why_and_the_poster_stays() {
    let (mut bench, ..) = jobs();
    let (generation, _) = wanted(&bench.keys(" ")).expect("a film");
    let part = Part::End(Some("HEVC can't be shown without ffmpeg".to_owned()));
    bench.tell(Msg::Film { generation, reel: 0, part });
    assert_eq!(bench.toast(), "HEVC can't be shown without ffmpeg");
    assert!(
        bench.screen(120, 36).contains("reading the picture"),
        "the poster, which is yet to come"
    );
    assert_eq!(bench.app.next_tick(), bench.app.toast.as_ref().map(|toast| toast.until));
}

#[test]
fn without_a_clip_or_without_colours_it_says_so() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").running()]);
    assert_eq!(bench.keys("<esc> "), []);
    assert_eq!(bench.toast(), "there is no clip yet");
    let mut bench = Bench::themed("ansi", true);
    bench.list(&[draft(60, "a fox").ready(20)]);
    assert_eq!(bench.keys("<esc> "), []);
    assert!(bench.toast().starts_with("pictures need 256 colours"));
}

/// Law 6: a clip that goes on playing below another pane wakes nobody, and reads no other one.
#[test]
fn what_plays_out_of_sight_wakes_nobody_and_goes_no_further() {
    let (mut bench, ..) = jobs();
    bench.screen(80, 24);
    let (generation, _) = wanted(&bench.keys("4 ")).expect("a film");
    decoded(&mut bench, generation);
    bench.later(40);
    assert!(!bench.app.zoomed && bench.app.next_tick().is_some());
    bench.keys("3");
    assert_eq!(bench.app.next_tick(), None);
    let effects = bench.keys("j");
    assert!(wanted(&effects).is_none() && drops_film(&effects), "{effects:?}");
}

#[test]
fn what_plays_wakes_nobody_while_a_frame_image_stands_in_its_place() {
    let (mut bench, ..) = jobs();
    let (generation, _) = wanted(&bench.keys(" ")).expect("a film");
    decoded(&mut bench, generation);
    let (path, sha256, kind) = ("images/a.png".to_owned(), "a".repeat(64), "png".to_owned());
    let image = ImageFile { path, sha256, kind, bytes: 900, width_px: 864, height_px: 496 };
    bench.app.settings.chosen.first_frame = Some(FrameImage::File(image));
    bench.later(40);
    assert!(bench.app.next_tick().is_some());
    bench.row(Field::FirstFrame);
    assert_eq!(bench.app.next_tick(), None);
}

#[test]
fn on_the_whole_terminal_no_key_goes_to_what_is_not_seen() {
    let (mut bench, ..) = jobs();
    bench.keys("2");
    let row = bench.app.settings.row;
    bench.keys(":zoom<enter>jj<enter>");
    assert!(bench.app.zoomed, "{}", bench.toast());
    assert_eq!((bench.app.settings.row, &bench.app.settings.editing), (row, &None));
    bench.keys("<esc>");
    bench.tell(Msg::Paste("a wolf".to_owned()));
    assert!(bench.app.zoomed);
    assert_eq!(bench.app.prompt.text(), "", "nothing that is seen would take it");
    bench.keys("/");
    assert!(bench.app.history.writing && !bench.app.zoomed, "what is written is seen");
    bench.keys("<esc><esc>3z<f2>");
    assert!(!bench.app.zoomed, "the history is seen");
    bench.keys("<esc>3z<f5>");
    assert!(!bench.app.zoomed && bench.app.pane == Pane::Prompt, "what is missing is seen");
}

#[test]
fn it_is_drawn_on_the_widest_terminals() {
    let (mut bench, ..) = jobs();
    let (generation, _) = wanted(&bench.keys("z")).expect("a film");
    decoded(&mut bench, generation);
    bench.tell(Msg::Resize(700, 400));
    assert!(bench.screen(700, 400).matches('▀').count() > 100_000);
}
