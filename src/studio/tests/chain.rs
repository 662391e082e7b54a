//! Going on from a clip, and taking a frame out of one.

use std::path::PathBuf;

use super::super::app::Pane;
use super::super::effect::{Effect, Load, Terminal};
use super::super::msg::Msg;
use super::kit::{Bench, submitted};
use super::take::{Take, draft, render, wish};
use crate::domain::job::{Parent, Relation};
use crate::domain::request::{Choices, FrameImage, ImageFile};

/// Where the first clip of `take` lies.
fn clip(take: &Take) -> String {
    format!("/data/{}", take.job.files().next().expect("a file").path)
}

/// The last frame of the clip at `path`, as it is read.
fn last_frame(path: &str) -> FrameImage {
    let (path, sha256, kind) = (path.to_owned(), path.to_owned(), "png".to_owned());
    FrameImage::File(ImageFile { path, sha256, kind, bytes: 900, width_px: 864, height_px: 496 })
}

/// Goes on from the chosen clip, which is that of `take`.
fn go_on(bench: &mut Bench, take: &Take) {
    let text = clip(take);
    let effects = bench.keys("f");
    assert_eq!(effects, [Effect::Load(Load::Image { first: true, text: text.clone() })]);
    bench.tell(Msg::Image { first: true, image: Ok(last_frame(&text)), text });
}

/// What the next submit descends from, and why.
fn parent(bench: &mut Bench) -> Option<Parent> {
    submitted(&bench.keys("<esc><f5>")).1
}

#[test]
fn one_key_makes_the_last_frame_the_first_of_the_next_shot() {
    let fox = draft(60, "a fox in the snow").ready(20);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("an owl wakes<esc>3");
    go_on(&mut bench, &fox);
    assert_eq!(bench.app.pane, Pane::Prompt);
    assert!(bench.toast().contains("last frame of draft 1.5-pro “a fox in the snow”"));
    let effects = bench.keys("<f5>");
    let (request, parent) = submitted(&effects);
    assert_eq!(request.prompt, "an owl wakes", "the prompt stays");
    assert_eq!(request.first_frame, Some(last_frame(&clip(&fox))));
    let chain = |take: &Take| Some(Parent { job: take.job.id, relation: Relation::Chain });
    assert_eq!(parent, chain(&fox));
    // Another try of the same shot goes on from the same clip.
    bench.keys("i at dawn");
    assert_eq!(self::parent(&mut bench), chain(&fox));
}

#[test]
fn lineage_follows_the_image_and_not_the_key() {
    let fox = draft(60, "a fox").ready(20);
    let owl = draft(50, "an owl").ready(20);
    let mut bench = Bench::with_jobs(&[owl.clone(), fox.clone()]);
    bench.keys("a hare<esc>3j");
    go_on(&mut bench, &fox);
    let id = "sandbox/1.0-pro".parse().expect("an id");
    let catalog = bench.app.catalog.clone();
    bench.app.settings.take_model(&catalog, id);
    assert_eq!(parent(&mut bench).map(|parent| parent.job), Some(fox.job.id), "another model");
    bench.app.settings.chosen.first_frame = None;
    assert_eq!(parent(&mut bench), None, "without the image it goes on from nothing");
    // A recalled shot that began with the frame is a nearer relative than the clip before it.
    let mut shot = wish("the fox runs");
    shot.first_frame = Some(last_frame(&clip(&fox)));
    let shot = render(20, "sandbox/1.5-pro", shot).child_of(&fox, Relation::Chain).ready(9);
    bench.list(&[shot.clone(), owl.clone(), fox]);
    bench.keys("3gr<enter>");
    let again = parent(&mut bench).expect("a parent");
    assert_eq!((again.job, again.relation), (shot.job.id, Relation::Seed));
    // With another clip's last frame it is the next shot of that one.
    bench.keys("3gr<enter><esc>3gj");
    go_on(&mut bench, &owl);
    let next = parent(&mut bench).expect("a parent");
    assert_eq!((next.job, next.relation), (owl.job.id, Relation::Chain));
}

/// The third shot began with the last frame of the first, since the form kept it after the second was sent.
#[test]
fn a_new_first_frame_belongs_to_the_next_shot_alone() {
    let fox = draft(60, "a fox in the snow").ready(20);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("an owl wakes<esc>3");
    go_on(&mut bench, &fox);
    for (columns, rows) in [(80, 24), (120, 36)] {
        let screen = bench.screen(columns, rows);
        assert!(screen.contains("from last frame of “a fox"), "{screen}");
    }
    let effects = bench.keys("<f5>");
    let (request, parent) = submitted(&effects);
    let mut owl = render(1, "sandbox/1.5-pro", Choices::from(&**request));
    owl.job.parent = parent;
    owl.entry.job = owl.job.clone();
    assert!(bench.app.settings.chosen.first_frame.is_some(), "as long as nothing is stored");
    bench.tell(Msg::Submitted(owl.job.id));
    bench.list(&[owl.clone(), fox.clone()]);
    assert_eq!(bench.app.settings.chosen.first_frame, None);
    assert!(bench.toast().contains("undo brings it back"), "{}", bench.toast());
    assert_eq!(self::parent(&mut bench), None, "the third shot begins anew");
    bench.keys("i<a-u>");
    assert_eq!(bench.app.settings.chosen.first_frame, owl.job.request.first_frame);
    assert_eq!(bench.app.prompt.text(), "an owl wakes");
    // Another frame that was chosen meanwhile stays, and so does one that comes from no clip.
    let hare = draft(50, "a hare").ready(20);
    bench.app.settings.chosen.first_frame = Some(last_frame(&clip(&hare)));
    bench.tell(Msg::Submitted(owl.job.id));
    bench.list(&[owl, hare.clone(), fox]);
    assert_eq!(bench.app.settings.chosen.first_frame, Some(last_frame(&clip(&hare))));
}

#[test]
fn what_can_not_be_chained_says_so() {
    let fox = draft(60, "a fox").ready(20);
    let running = draft(5, "an owl").running();
    let mut bench = Bench::with_jobs(&[running, fox.clone()]);
    assert!(bench.keys("<esc>3gf").is_empty());
    assert!(bench.toast().contains("no clip to go on from"), "{}", bench.toast());
    let catalog = bench.app.catalog.clone();
    for id in ["runpod/1.0-pro", "runbase/1.0-pro"] {
        bench.app.settings.take_model(&catalog, id.parse().expect("an id"));
        assert!(bench.keys("3Gf").is_empty());
        let toast = bench.toast();
        assert!(toast.starts_with(id) && toast.contains("sandbox/"), "{toast}");
        assert!(bench.screen(60, 18).contains("M chooses it"));
    }
    bench.app.settings.take_model(&catalog, "sandbox/1.5-pro".parse().expect("an id"));
    bench.keys("3Gf");
    let why = format!("the last frame of {} can't be read", clip(&fox));
    bench.tell(Msg::Image { first: true, text: clip(&fox), image: Err(why.clone()) });
    assert_eq!(bench.toast(), why, "the form is out of sight");
}

#[test]
fn the_next_shot_is_no_edit_of_the_one_before() {
    let fox = draft(60, "a fox").ready(20);
    let shot = draft(20, "an owl").child_of(&fox, Relation::Chain).ready(9);
    let mut bench = Bench::with_jobs(&[shot.clone(), fox.clone()]);
    bench.keys("<esc>3g<enter>");
    bench.story(shot.story(Some(&fox), &[]));
    let screen = bench.screen(120, 36);
    assert!(screen.contains(&format!("chain of {}", fox.job.id)), "{screen}");
    assert!(!screen.contains("[-"), "their prompts have nothing to do with each other\n{screen}");
    bench.keys("<esc>j<enter>");
    bench.story(fox.story(None, &[&shot]));
    let screen = bench.screen(120, 36);
    assert!(screen.contains(&format!("chain -> {}", shot.job.id)), "{screen}");
}

#[test]
fn a_frame_is_written_and_its_path_is_said_and_copied() {
    let fox = draft(60, "a fox").ready(20);
    let running = draft(5, "an owl").running();
    let mut bench = Bench::with_jobs(&[running, fox.clone()]);
    assert!(bench.keys("<esc>3gF").is_empty());
    assert!(bench.toast().contains("no clip yet"), "{}", bench.toast());
    let path = PathBuf::from(clip(&fox));
    assert_eq!(bench.keys("jF"), [Effect::Load(Load::Frame { id: fox.job.id, path, at_ms: None })]);
    let written = PathBuf::from("/data/frames/01a1f8d2-1540-7000.png");
    let effects = bench.tell(Msg::Written { what: "the frame", path: written });
    let path = "/data/frames/01a1f8d2-1540-7000.png";
    assert!(effects.contains(&Effect::Terminal(Terminal::Copy(path.to_owned()))), "{effects:?}");
    assert!(bench.toast().contains(path), "{}", bench.toast());
}
