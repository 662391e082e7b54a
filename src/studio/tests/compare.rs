//! Two clips side by side: which two, which is the better one, what is changed, and what plays.

use std::path::PathBuf;

use ratatui::style::Color;

use super::super::dialog::Dialog;
use super::super::effect::{Effect, Generation, Load, Marking, Terminal, Write};
use super::super::layout::{Spot, panes};
use super::super::msg::Msg;
use super::super::term::keyboard::Reply;
use super::kit::{Bench, drops_film};
use super::take::{Take, draft, render, wish};
use crate::domain::job::Relation;
use crate::domain::request::Choices;
use crate::media::film::{self, Part};
use crate::media::picture::Picture;

fn clip(take: &Take) -> PathBuf {
    PathBuf::from("/data").join(&take.job.files().next().expect("a file").path)
}

/// A picture of one colour.
fn picture(rgb: [u8; 3], width_px: u32, height_px: u32) -> Picture {
    Picture { width_px, height_px, rgb: rgb.repeat((width_px * height_px) as usize) }
}

/// The prompts of the left and the right one.
fn pair(bench: &Bench) -> [&str; 2] {
    let compare = bench.app.compare.as_ref().expect("a comparison");
    [0, 1].map(|side| compare.sides[side].entry.job.request.prompt.as_str())
}

/// Four clips, the oldest last, and one that still runs.
fn takes() -> Vec<Take> {
    vec![
        draft(5, "an eel").running(),
        draft(20, "a deer").ready(9),
        draft(40, "a cat").ready(9),
        draft(60, "a bear").ready(9),
        draft(80, "an ape").ready(9),
    ]
}

#[test]
fn a_clip_is_compared_with_the_marked_one_or_a_relative_or_the_next_older() {
    let mut bench = Bench::with_jobs(&takes());
    bench.keys("<esc>3jc");
    assert_eq!(pair(&bench), ["a cat", "a deer"], "the older one stands left");
    bench.keys("<esc>jjjvkkkc");
    assert_eq!(pair(&bench), ["an ape", "a deer"]);
    bench.keys("z");
    assert!(bench.app.player.is_none() && !bench.app.zoomed, "they have the whole terminal");
    bench.keys("c");
    assert!(bench.app.compare.is_none(), "the same key ends it");
    bench.keys("Gvc");
    assert_eq!(
        pair(&bench),
        ["an ape", "a bear"],
        "without a mark, and nothing older: the next newer"
    );

    let cat = draft(60, "a cat").ready(9);
    let full = cat.promoted(30, "1080p").ready(9);
    let other = draft(50, "a dog").ready(9);
    for down in ["", "jj"] {
        let mut bench = Bench::with_jobs(&[full.clone(), other.clone(), cat.clone()]);
        bench.keys(&format!("<esc>3{down}c"));
        assert_eq!(pair(&bench), ["a cat", "a cat"], "draft against final, from either");
    }
    let shot = draft(20, "a gull").child_of(&cat, Relation::Chain).ready(9);
    let mut bench = Bench::with_jobs(&[shot, other, cat]);
    bench.keys("<esc>3c");
    assert_eq!(pair(&bench), ["a dog", "a gull"], "the shot before has another subject");
}

#[test]
fn the_mark_is_seen_and_what_can_not_be_compared_is_said() {
    let mut bench = Bench::with_jobs(&takes());
    bench.keys("<esc>3c");
    assert!(bench.toast().contains("no clip yet"), "{}", bench.toast());
    bench.keys("v");
    assert!(bench.toast().contains("no clip yet"), "{}", bench.toast());
    assert_eq!(bench.app.marked, None);
    bench.keys("jv");
    for (columns, rows) in [(60, 18), (80, 24), (120, 36)] {
        let screen = bench.screen(columns, rows);
        assert!(screen.contains("◆ marked  draft 1.5-pro"), "{screen}");
    }
    bench.keys("c");
    assert!(bench.toast().contains("this is the marked one"), "{}", bench.toast());
    assert!(bench.app.compare.is_none());
    bench.keys("v");
    assert!(!bench.screen(80, 24).contains("marked "));
    let mut alone = Bench::with_jobs(&[draft(5, "a fox").ready(3)]);
    alone.keys("<esc>3c");
    assert_eq!(alone.toast(), "there is no other clip to compare it with");
}

#[test]
fn the_better_one_gets_a_star_and_a_win_and_the_same_key_takes_them_back() {
    let mut all = takes();
    all[2] = all[2].clone().starred();
    let mut bench = Bench::with_jobs(&all);
    let (cat, deer) = (all[2].job.id, all[1].job.id);
    bench.keys("<esc>3jc");
    let win = |id, won, starred| Effect::Write(Write::Mark(id, Marking::Win { won, starred }));
    assert_eq!(bench.keys("2"), [win(deer, true, true)]);
    assert!(bench.toast().starts_with("the right one is the better one: ★ 1 win"));
    assert!(bench.screen(80, 24).contains("2 ✓ better  draft 1.5-pro  ★ 1 win"));
    // Whoever thinks better of it moves the win, and the star that came with it.
    let moved = [win(deer, false, false), win(cat, true, true)];
    assert_eq!(bench.keys("1"), moved);
    assert_eq!(bench.keys("1"), [win(cat, false, true)], "its own star stays");
    let screen = bench.screen(80, 24);
    assert!(!screen.contains("✓ better") && !screen.contains("win"), "{screen}");
    // What is read anew counts.
    bench.list(&[all[1].clone().won(3), all[2].clone()]);
    assert!(bench.screen(80, 24).contains("★ 3 wins"));
}

#[test]
fn the_better_one_stays_for_the_next_pair_and_sides_are_swapped() {
    let mut bench = Bench::with_jobs(&takes());
    bench.keys("<esc>3jcx");
    assert_eq!(pair(&bench), ["a deer", "a cat"]);
    bench.keys("1n");
    assert_eq!(pair(&bench), ["a deer", "a bear"], "it stays on its side");
    bench.keys("2n");
    assert_eq!(pair(&bench), ["a cat", "a bear"]);
    bench.keys("n");
    assert_eq!(pair(&bench), ["a cat", "an ape"], "the left one stays while nothing was said");
    bench.keys("n");
    assert!(bench.toast().contains("last pair"), "{}", bench.toast());
    assert_eq!(pair(&bench), ["a cat", "an ape"]);
    assert_eq!(bench.keys("2p").len(), 2, "what is done to a job is done to the better one");
    assert!(
        matches!(&bench.app.dialog, Some(Dialog::Promote { of, .. }) if of.id == takes()[4].job.id)
    );
    bench.keys("<esc><esc>");
    assert!(bench.app.compare.is_none());
    assert!(bench.screen(80, 24).contains("Jobs"));
}

#[test]
fn words_tell_what_was_changed_without_colours_too() {
    let choices = |prompt: &str, seed| Choices { seed: Some(seed), ..wish(prompt) };
    let old = render(60, "sandbox/1.5-pro", choices("a grey cat sleeps", 7)).ready(9);
    let mut new = choices("a red cat sleeps", 8);
    new.resolution = "1080p".parse().ok();
    let new = render(20, "sandbox/1.0-pro", new).child_of(&old, Relation::Edit).ready(9);
    let mut bench = Bench::with_jobs(&[new, old.clone()]);
    bench.keys("<esc>3c");
    for size in [(60, 18), (80, 24), (120, 36)] {
        let screen = bench.screen(size.0, size.1);
        let line: Vec<&str> = screen.split_whitespace().collect();
        let words = line.join(" ");
        assert!(words.contains("a [-grey-]{+red+} cat sleeps"), "{screen}");
        for changed in ["model sandbox/1.5-pro → sandbox/1.0-pro", "seed 7 → 8", "→ 1080p"] {
            assert!(words.contains(changed), "{changed} in\n{screen}");
        }
    }
    let again = render(20, "sandbox/1.5-pro", choices("a grey cat sleeps", 7)).ready(9);
    let mut bench = Bench::with_jobs(&[again, old]);
    bench.keys("<esc>3c");
    let screen = bench.screen(80, 24);
    assert!(screen.contains("the same settings, the same seed"), "{screen}");
    assert!(screen.contains("the same prompt:"), "{screen}");
}

#[test]
fn long_words_are_scrolled() {
    let long = |word: &str| format!("{word} {}", "walks on and on and on. ".repeat(60));
    let takes = [draft(20, &long("a cat")).ready(9), draft(40, &long("a dog")).ready(9)];
    let mut bench = Bench::with_jobs(&takes);
    bench.keys("<esc>3c");
    let first = bench.screen(80, 24);
    assert!(first.contains(" more"), "{first}");
    bench.keys("jj");
    assert_ne!(bench.screen(80, 24), first);
    bench.keys(&"<pgdn>".repeat(40));
    let last = bench.screen(80, 24);
    assert!(!last.contains(" more"), "{last}");
    bench.keys("g");
    assert_eq!(bench.screen(80, 24), first);
}

/// The pictures that are asked for: whether each is a sheet.
fn stills(effects: &[Effect]) -> Vec<(PathBuf, bool)> {
    let still = |effect: &Effect| match effect {
        Effect::Load(Load::Poster { path, sheet, .. }) => Some((path.clone(), *sheet)),
        _ => None,
    };
    effects.iter().filter_map(still).collect()
}

#[test]
fn where_nothing_plays_there_are_sheets_or_posters_where_those_are_too_small() {
    let takes = takes();
    let (cat, deer) = (clip(&takes[2]), clip(&takes[1]));
    let mut bench = Bench::with_jobs(&takes);
    bench.tell(Msg::Resize(120, 36));
    bench.keys("<esc>3j");
    bench.tell(Msg::Key(super::kit::parsed("c")[0].into()));
    let effects = bench.tell(Msg::Resize(80, 24));
    assert_eq!(stills(&effects), [(cat.clone(), false), (deer.clone(), false)]);
    let effects = bench.tell(Msg::Resize(120, 36));
    assert_eq!(stills(&effects), [(cat.clone(), true), (deer.clone(), true)]);
    assert!(stills(&bench.tell(Msg::Tick)).is_empty(), "once");
    let sheet = Ok(picture([200, 30, 30], 48, 27));
    bench.tell(Msg::Poster { path: cat, sheet: true, picture: sheet });
    let why = "the clip could not be read: No such file or directory".to_owned();
    bench.tell(Msg::Poster { path: deer, sheet: true, picture: Err(why) });
    let screen = bench.screen(120, 36);
    assert!(
        screen.contains("▀▀▀▀▀▀▀▀") && screen.contains("the clip could not be read"),
        "{screen}"
    );
}

/// The clip was decoded: so many frames of 40 ms.
fn decoded(bench: &mut Bench, generation: Generation, reel: usize, frames: u64, rgb: [u8; 3]) {
    let mut tell = |part| drop(bench.tell(Msg::Film { generation, reel, part }));
    tell(film::times((0..frames).map(|frame| frame * 40).collect()));
    for frame in 0..frames {
        // Half of them upright.
        let size = if reel == 0 { (16, 9) } else { (9, 16) };
        let shade = rgb.map(|value| value.saturating_add(frame as u8));
        tell(Part::Frame(frame as usize, picture(shade, size.0, size.1)));
    }
    tell(Part::End(None));
}

/// On which side something red is shown.
fn reds(bench: &mut Bench) -> [bool; 2] {
    let buffer = bench.buffer(120, 36).0;
    let red = |at: u16| {
        (0..36).any(|y| match buffer[(at, y)].fg {
            Color::Rgb(red, green, _) => red >= 150 && green < 90,
            // A cube of six shades of each.
            Color::Indexed(index @ 16..232) => (index - 16) / 36 >= 3 && (index - 16) / 6 % 6 < 2,
            _ => false,
        })
    };
    [(0..59).any(red), (61..120).any(red)]
}

/// The terminal takes in what it got.
fn answered(bench: &mut Bench) {
    for _ in 0..8 {
        bench.tell(Msg::Reply(Reply::Cursor));
    }
}

/// The film that is asked for.
fn film_wanted(effects: &[Effect]) -> Option<(Generation, Vec<PathBuf>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Load(Load::Film { generation, paths, .. }) => Some((*generation, paths.clone())),
        _ => None,
    })
}

#[test]
fn both_play_on_one_clock_whatever_their_length_and_shape() {
    let takes = takes();
    let mut bench = Bench::with_jobs(&takes);
    bench.screen(120, 36);
    bench.keys("<esc>3jc");
    let (generation, paths) = film_wanted(&bench.keys(" ")).expect("both films");
    assert_eq!(paths, [clip(&takes[2]), clip(&takes[1])]);
    decoded(&mut bench, generation, 0, 25, [200, 0, 0]);
    decoded(&mut bench, generation, 1, 50, [0, 200, 0]);
    bench.later(0);
    let told = |bench: &mut Bench| {
        let screen = bench.screen(120, 36);
        screen.lines().find(|line| line.contains(" / ")).expect("a line").to_owned()
    };
    assert!(told(&mut bench).contains("▶ 0.00 / 2.00 s  1/50"), "{}", told(&mut bench));
    answered(&mut bench);
    assert!(bench.later(1480).contains(&Effect::Terminal(Terminal::AskTaken)));
    assert!(told(&mut bench).contains("1.48 / 2.00 s  38/50"), "{}", told(&mut bench));
    assert_eq!(reds(&mut bench), [true, false]);
    answered(&mut bench);
    assert_eq!(bench.keys("x"), [], "swapping reads nothing again");
    assert_eq!(reds(&mut bench), [false, true]);
    bench.keys(" .");
    answered(&mut bench);
    assert!(told(&mut bench).contains("■ 1.52 / 2.00 s  39/50"), "{}", told(&mut bench));
    bench.keys("<left>");
    answered(&mut bench);
    assert!(told(&mut bench).contains("0.52 / 2.00 s  14/50"), "{}", told(&mut bench));
    let effects = bench.keys("n");
    assert!(drops_film(&effects[..1]));
    assert_eq!(film_wanted(&effects), None, "what stands is not decoded until it is wanted");
    let (_, paths) = film_wanted(&bench.keys(" ")).expect("the next pair");
    assert_eq!(paths, [clip(&takes[1]), clip(&takes[3])]);
    assert!(drops_film(&bench.keys("<esc>")));
    assert!(bench.app.player.is_none());
}

#[test]
fn a_comparison_lies_over_everything_and_is_left_by_any_way() {
    let mut bench = Bench::with_jobs(&takes());
    for way in ["<esc>", "c", "i", "3", "4", "5", "<f2>", "/", "<tab>"] {
        bench.keys("<esc><esc>3gjc");
        assert!(panes(&bench.app).iter().any(|(spot, _)| *spot == Spot::Compare), "{way}");
        bench.tell(Msg::Paste("not to be lost".to_owned()));
        bench.keys(way);
        assert!(bench.app.compare.is_none(), "{way}");
    }
    assert_eq!(bench.app.prompt.text(), "", "nothing was pasted where it is not seen");
    bench.keys("<esc><esc>3gjc?");
    let screen = bench.screen(120, 36);
    assert!(screen.contains("The left one is the better one"), "{screen}");
    assert!(!screen.contains("Stop the job"), "x swaps here\n{screen}");
}

#[test]
fn on_a_link_that_is_too_slow_for_motion_there_are_sheets_and_frames_that_are_stepped_to() {
    let takes = takes();
    let mut bench = Bench::with_jobs(&takes);
    bench.screen(120, 36);
    bench.keys("<esc>3jc");
    for take in [&takes[1], &takes[2]] {
        bench.tell(Msg::Poster {
            path: clip(take),
            sheet: true,
            picture: Ok(picture([9, 90, 9], 48, 27)),
        });
    }
    let (generation, _) = film_wanted(&bench.keys(" ")).expect("both films");
    decoded(&mut bench, generation, 0, 25, [200, 0, 0]);
    decoded(&mut bench, generation, 1, 25, [200, 0, 0]);
    bench.later(0);
    assert_eq!(reds(&mut bench), [true, true]);
    bench.later(100);
    bench.tell(Msg::Reply(Reply::Cursor));
    for _ in 0..600 {
        bench.later(100);
    }
    let player = bench.app.player.as_ref().expect("a player");
    assert!(player.is_too_slow() && !player.is_playing(), "the answers stay out");
    assert_eq!(reds(&mut bench), [false, false], "sheets");
    bench.keys(".");
    answered(&mut bench);
    assert_eq!(reds(&mut bench), [true, true], "a frame that was asked for is shown");
}

#[test]
fn a_clip_that_can_not_be_decoded_leaves_the_other_one_its_motion() {
    let takes = takes();
    let mut bench = Bench::with_jobs(&takes);
    bench.screen(120, 36);
    bench.keys("<esc>3jc");
    let why = "the clip could not be read: No such file or directory (os error 2)".to_owned();
    bench.tell(Msg::Poster { path: clip(&takes[1]), sheet: true, picture: Err(why.clone()) });
    let (generation, _) = film_wanted(&bench.keys(" ")).expect("both films");
    bench.tell(Msg::Film { generation, reel: 1, part: Part::End(Some(why.clone())) });
    assert_eq!(bench.toast(), why);
    decoded(&mut bench, generation, 0, 25, [200, 0, 0]);
    bench.later(400);
    assert_eq!(reds(&mut bench), [true, false]);
    let screen = bench.screen(120, 36);
    assert!(screen.contains("▶ 0.40 / 1.00 s"), "{screen}");
    assert_eq!(
        screen.matches("No such file").count(),
        2,
        "on its side, and in the toast\n{screen}"
    );
}

#[test]
fn the_frame_that_is_shown_is_the_one_that_is_written() {
    let takes = takes();
    let mut bench = Bench::with_jobs(&takes);
    bench.screen(120, 36);
    bench.keys("<esc>3jc");
    let (generation, _) = film_wanted(&bench.keys(" ")).expect("both films");
    decoded(&mut bench, generation, 0, 25, [200, 0, 0]);
    decoded(&mut bench, generation, 1, 25, [0, 200, 0]);
    bench.keys(" ...");
    answered(&mut bench);
    let (id, path) = (takes[1].job.id, clip(&takes[1]));
    let effects = bench.keys("2F");
    assert_eq!(effects.last(), Some(&Effect::Load(Load::Frame { id, path, at_ms: Some(120) })));
}
