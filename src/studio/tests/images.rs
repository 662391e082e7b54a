//! Frame images in the form: written, completed, picked, dropped, refused, looked at.

use super::super::app::Pane;
use super::super::effect::{Effect, Load};
use super::super::layout::{Spot, panes};
use super::super::msg::Msg;
use super::super::poster::Poster;
use super::kit::{Bench, submitted};
use super::take::{draft, render, wish};
use crate::domain::request::Field;
use crate::domain::request::{Choices, FrameImage, ImageFile};
use crate::media::picture::Picture;

/// A local image of so many pixels and bytes.
fn file(name: &str, width_px: u32, height_px: u32, bytes: u64) -> FrameImage {
    let path = format!("/home/mia/pics/{name}");
    let (sha256, kind) = (name.repeat(8), "png".to_owned());
    FrameImage::File(ImageFile { path, sha256, kind, bytes, width_px, height_px })
}

/// A bench whose row for `row` is being written, with what was asked for first.
fn writing(bench: &mut Bench, row: Field) -> u64 {
    bench.row(row);
    listing(&bench.keys("<enter>"))
}

/// The number of the one listing among `effects`.
fn listing(effects: &[Effect]) -> u64 {
    match effects {
        [Effect::Load(Load::Images { generation, .. })] => generation.number(),
        other => panic!("no listing: {other:?}"),
    }
}

/// The studio is told that `text` is this image, or why it is none.
fn is_read(bench: &mut Bench, first: bool, text: &str, image: Result<FrameImage, String>) {
    bench.tell(Msg::Image { first, text: text.to_owned(), image });
}

/// The image is written and read.
fn put(bench: &mut Bench, row: Field, image: FrameImage) {
    writing(bench, row);
    bench.keys("<c-u>/a.png<enter>");
    is_read(bench, row == Field::FirstFrame, "/a.png", Ok(image));
}

#[test]
fn a_path_is_read_outside_and_stands_in_the_form_with_its_facts() {
    let mut bench = Bench::new();
    writing(&mut bench, Field::FirstFrame);
    let effects = bench.keys("~/fox.png<enter>");
    let read = Effect::Load(Load::Image { first: true, text: "~/fox.png".to_owned() });
    assert_eq!(effects.last(), Some(&read));
    is_read(&mut bench, true, "~/owl.png", Ok(file("owl.png", 1024, 768, 9)));
    assert_eq!(bench.app.settings.chosen.first_frame, None, "nobody waits for that one");
    is_read(&mut bench, true, "~/fox.png", Ok(file("fox.png", 1024, 768, 1_200_000)));
    for (columns, rows) in [(60, 18), (80, 24), (120, 36)] {
        let screen = bench.screen(columns, rows);
        assert!(screen.contains("fox.png  1024×768 png 1.2 MB"), "{columns}x{rows}\n{screen}");
    }
    let effects = bench.keys("<esc>1a fox<f5>");
    let first = submitted(&effects).0.first_frame.clone();
    assert_eq!(first, Some(file("fox.png", 1024, 768, 1_200_000)));
}

#[test]
fn tab_completes_and_arrows_pick_from_what_the_folder_has() {
    let mut bench = Bench::new();
    let stale = writing(&mut bench, Field::FirstFrame);
    let generation = listing(&bench.keys("~"));
    bench.tell(Msg::Images { generation: (stale).into(), listed: Ok(vec!["old.png".to_owned()]) });
    assert!(!bench.screen(80, 24).contains("old.png"), "a stale listing is dropped");
    bench.tell(Msg::Images { generation: generation.into(), listed: Ok(vec!["~/".to_owned()]) });
    let generation = listing(&bench.keys("<tab>"));
    let listed = ["~/fox-1.png", "~/fox-2.png", "~/foxes/"].map(str::to_owned).to_vec();
    bench.tell(Msg::Images { generation: generation.into(), listed: Ok(listed.clone()) });
    for (columns, rows) in [(60, 18), (80, 24), (120, 36)] {
        let screen = bench.screen(columns, rows);
        assert!(listed.iter().all(|path| screen.contains(path.as_str())), "{screen}");
        assert!(
            screen.lines().last().is_some_and(|keys| keys.contains("Tab completes")),
            "{screen}"
        );
    }
    assert_eq!(listing(&bench.keys("<tab>")), generation + 1);
    assert_eq!(bench.app.settings.editing.as_ref().map(|line| line.text()), Some("~/fox"));
    bench.tell(Msg::Images { generation: (generation + 1).into(), listed: Ok(listed) });
    assert_eq!(listing(&bench.keys("<down><down><down><enter>")), generation + 2, "a folder opens");
    assert_eq!(bench.app.settings.editing.as_ref().map(|line| line.text()), Some("~/foxes/"));
    let listed = Ok(vec!["~/foxes/red.png".to_owned()]);
    bench.tell(Msg::Images { generation: (generation + 2).into(), listed });
    let effects = bench.keys("<down><enter>");
    let text = "~/foxes/red.png".to_owned();
    assert_eq!(effects, [Effect::Load(Load::Image { first: true, text })]);
}

#[test]
fn a_folder_that_can_not_be_listed_says_so() {
    let mut bench = Bench::new();
    let generation = writing(&mut bench, Field::FirstFrame);
    let problem = "permission denied".to_owned();
    bench.tell(Msg::Images { generation: generation.into(), listed: Err(problem.clone()) });
    assert!(bench.screen(80, 24).contains(&problem));
}

#[test]
fn before_a_path_is_begun_images_used_before_and_own_clips_are_offered() {
    let image = file("owl.png", 1024, 768, 9_000);
    let choices = |text: &str| Choices { first_frame: Some(image.clone()), ..wish(text) };
    let owl = render(60, "sandbox/1.5-pro", choices("an owl")).running();
    let again = render(50, "sandbox/1.5-pro", choices("an owl again")).running();
    let fox = draft(90, "a fox").ready(20);
    let clip = format!("/data/{}", fox.job.files().next().expect("a file").path);
    let mut bench = Bench::with_jobs(&[again, owl, fox]);
    let generation = writing(&mut bench, Field::FirstFrame);
    bench.tell(Msg::Images { generation: generation.into(), listed: Ok(vec!["pics/".to_owned()]) });
    let screen = bench.screen(80, 24);
    assert_eq!(screen.matches("used by").count(), 1, "each once\n{screen}");
    for words in ["owl.png", "draft 1.5-pro: a fox", "its last frame", "pics/"] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    assert!(bench.keys("<down><enter>").is_empty(), "what is kept needs no reading");
    assert_eq!(bench.app.settings.chosen.first_frame, Some(image));
    let generation = writing(&mut bench, Field::LastFrame);
    bench.tell(Msg::Images { generation: generation.into(), listed: Ok(Vec::new()) });
    let effects = bench.keys("<down><down><enter>");
    assert_eq!(effects, [Effect::Load(Load::Image { first: false, text: clip })]);
}

/// Four takes of one prompt were four equal lines, and the preview showed another clip.
#[test]
fn what_can_be_picked_is_told_apart_and_looked_at() {
    let choices = |first: FrameImage| Choices { first_frame: Some(first), ..wish("an owl") };
    let (one, two) = (file("owl.png", 1024, 768, 9_000), file("owl.png", 800, 600, 8_000));
    let two = match two {
        FrameImage::File(other) => FrameImage::File(ImageFile { sha256: "2".repeat(64), ..other }),
        other => other,
    };
    let newer = render(50, "sandbox/1.5-pro", choices(two.clone())).ready(9);
    let elk = Choices { prompt: "an elk".to_owned(), ..choices(one) };
    let older = render(7_300, "sandbox/1.5-pro", elk).ready(9);
    let mut bench = Bench::with_jobs(&[newer.clone(), older.clone()]);
    let generation = writing(&mut bench, Field::FirstFrame);
    bench.tell(Msg::Images {
        generation: generation.into(),
        listed: Ok(vec!["pics/hare.png".to_owned()]),
    });
    for (columns, rows) in [(80, 24), (120, 36)] {
        let screen = bench.screen(columns, rows);
        for words in ["1024×768", "800×600", "50 s ago", "2 h ago"] {
            assert!(screen.contains(words), "{words} in\n{screen}");
        }
        for take in [&newer, &older] {
            let id = take.job.id.short();
            assert_eq!(screen.matches(&*id.to_string()).count(), 2, "{id} in\n{screen}");
        }
    }
    let FrameImage::File(two) = two else { panic!("a file") };
    let clip = newer.job.files().next().expect("a file").path.clone();
    for (keys, path) in [
        ("<down>", format!("/data/{}", two.kept_path())),
        ("<down><down>", format!("/data/{clip}")),
        ("<down><down>", "pics/hare.png".to_owned()),
    ] {
        bench.keys(keys);
        for (columns, rows) in [(80, 24), (120, 36)] {
            bench.screen(columns, rows);
            let shown = bench.app.poster.as_ref().map(|(path, _)| path.display().to_string());
            assert_eq!(shown.as_deref(), Some(path.as_str()), "{columns}x{rows}");
        }
    }
}

#[test]
fn a_refused_path_stays_to_be_corrected() {
    let mut bench = Bench::new();
    let written =
        |bench: &Bench| bench.app.settings.editing.as_ref().map(|line| line.text().to_owned());
    for image in [Err("/fox.pgn is not there".to_owned()), Ok(file("s.png", 200, 300, 9))] {
        writing(&mut bench, Field::FirstFrame);
        bench.keys("<c-u>/fox.pgn<enter>");
        is_read(&mut bench, true, "/fox.pgn", image);
        assert_eq!(written(&bench).as_deref(), Some("/fox.pgn"));
        assert!(bench.app.settings.remark.is_some(), "and the reason stands below");
        let effects = bench.keys("<bs><bs><bs>png<enter>");
        let text = "/fox.png".to_owned();
        assert_eq!(effects.last(), Some(&Effect::Load(Load::Image { first: true, text })));
        is_read(&mut bench, true, "/fox.png", Ok(file("fox.png", 1024, 768, 9)));
        assert_eq!(written(&bench), None);
    }
}

#[test]
fn a_dropped_file_is_taken_by_the_row_that_has_the_focus() {
    let mut bench = Bench::new();
    bench.row(Field::FirstFrame);
    let effects = bench.tell(Msg::Paste("'/home/mia/a fox.png'\n".to_owned()));
    let read = Effect::Load(Load::Image { first: true, text: "/home/mia/a fox.png".to_owned() });
    assert!(effects.contains(&read), "{effects:?}");
    assert_eq!(bench.app.pane, Pane::Settings);
    writing(&mut bench, Field::FirstFrame);
    bench.tell(Msg::Paste("file:///home/mia/a%20fox.png".to_owned()));
    assert_eq!(
        bench.app.settings.editing.as_ref().map(|line| line.text()),
        Some("/home/mia/a fox.png")
    );
}

#[test]
fn an_image_that_the_model_does_not_take_is_refused_before_anything_is_sent() {
    for (image, words) in [
        (file("s.png", 200, 300, 9), "s.png is 200x300 pixels; each side must have 300 to 6000"),
        (file("b.png", 6001, 6001, 9), "6001x6001 pixels; each side must have 300 to 6000"),
        (file("w.png", 1000, 300, 9), "width over height must lie between 0.4 and 2.5"),
        (file("h.png", 900, 900, 11_000_000), "h.png has 11.0 MB; expected at most 10.5 MB"),
        (FrameImage::Url("ftp://a.example/x".to_owned()), "is not a web address"),
    ] {
        let mut bench = Bench::new();
        put(&mut bench, Field::FirstFrame, image);
        assert_eq!(bench.app.settings.chosen.first_frame, None);
        let remark = bench.app.settings.remark.clone().expect("a remark");
        assert!(remark.contains(words), "{remark}");
        assert_ne!(bench.price(), "none", "the form is as right as before");
        let shown = bench.screen(60, 18).replace(['│', '\n'], " ");
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(words), "{words} in {shown}");
    }
    let mut bench = Bench::new();
    writing(&mut bench, Field::FirstFrame);
    bench.keys("/a.txt<enter>");
    let why = "/a.txt is not a PNG, JPEG or WebP image".to_owned();
    is_read(&mut bench, true, "/a.txt", Err(why.clone()));
    assert!(bench.screen(80, 24).contains(&why));
}

#[test]
fn a_last_frame_is_offered_after_a_first_one_and_goes_with_it() {
    let mut bench = Bench::new();
    let catalog = bench.app.catalog.clone();
    bench.app.settings.take_model(&catalog, "sandbox/2.5".parse().expect("an id"));
    bench.row(Field::LastFrame);
    assert!(bench.keys("<enter>").is_empty());
    assert!(bench.screen(80, 24).contains("choose the first frame before it"));
    put(&mut bench, Field::FirstFrame, file("a.png", 800, 600, 9));
    put(&mut bench, Field::LastFrame, file("b.png", 800, 600, 9));
    assert!(bench.app.settings.chosen.last_frame.is_some());
    bench.row(Field::FirstFrame);
    bench.keys("<bs>");
    let chosen = &bench.app.settings.chosen;
    assert_eq!((&chosen.first_frame, &chosen.last_frame), (&None, &None), "one key clears it");
}

#[test]
fn another_model_gives_up_the_images_that_it_does_not_take() {
    let mut bench = Bench::new();
    put(&mut bench, Field::FirstFrame, file("a.png", 800, 600, 9));
    put(&mut bench, Field::LastFrame, file("b.png", 800, 600, 9));
    let catalog = bench.app.catalog.clone();
    let take = |bench: &mut Bench, id: &str| {
        bench.app.settings.take_model(&catalog, id.parse().expect("an id"));
        bench.app.settings.remark.clone().unwrap_or_default()
    };
    let remark = take(&mut bench, "sandbox/1.0-pro-fast");
    assert!(remark.contains("no last frame") && !remark.contains("first"), "{remark}");
    bench.row(Field::LastFrame);
    assert!(bench.screen(80, 24).contains("this model takes no last frame"));
    let remark = take(&mut bench, "runpod/1.0-pro");
    assert!(remark.contains("no first frame"), "it takes addresses only: {remark}");
    assert_ne!(bench.price(), "none");
}

#[test]
fn the_clip_takes_the_shape_of_its_first_frame_and_the_form_says_so() {
    let mut bench = Bench::new();
    put(&mut bench, Field::FirstFrame, file("tall.png", 720, 1280, 9));
    let screen = bench.screen(120, 36);
    assert!(screen.contains("496×864"), "{screen}");
    // None of the model's shapes: its own, whatever that is in pixels.
    put(&mut bench, Field::FirstFrame, file("tall.png", 600, 1000, 9));
    let screen = bench.screen(120, 36);
    assert!(screen.contains(" image ") && !screen.contains("×864"), "{screen}");
}

#[test]
fn the_image_of_the_focused_row_is_looked_at() {
    let mut bench = Bench::new();
    put(&mut bench, Field::FirstFrame, file("a.png", 800, 600, 9));
    for size in [(80, 24), (120, 36)] {
        bench.app.poster = None;
        bench.tell(Msg::Resize(size.0, size.1));
        let Some((path, Poster::Coming)) = bench.app.poster.clone() else {
            panic!("no picture is asked for at {size:?}");
        };
        assert!(path.starts_with("/data/images/"), "the copy that was kept: {}", path.display());
        let rgb = [9, 90, 200].repeat(40 * 30);
        let picture = Picture { width_px: 40, height_px: 30, rgb };
        bench.tell(Msg::Poster { path, sheet: false, picture: Ok(picture) });
        let screen = bench.screen(size.0, size.1);
        assert!(screen.contains("▀▀▀▀▀▀") && screen.contains("First frame"), "{screen}");
    }
    bench.keys("k");
    let spots = panes(&bench.app);
    bench.tell(Msg::Resize(80, 24));
    assert!(
        spots.iter().any(|(spot, _)| *spot == Spot::Pane(Pane::Preview)),
        "wide shows the clip"
    );
    assert!(!bench.screen(80, 24).contains("▀▀▀"), "and the row is left again");
}
