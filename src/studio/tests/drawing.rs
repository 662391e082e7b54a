//! Every pane and dialog at four sizes, to be looked at. After a change that is meant: `INSTA_UPDATE=always`.

use std::fmt::Write as _;
use std::num::NonZeroU32;

use jiff::SignedDuration;
use ratatui::style::Color;

use super::super::msg::Msg;
use super::kit::{Bench, dawn};
use super::take::{Take, draft, moderated, refused, render, unreachable, wish};
use crate::domain::catalog::RequestRate;
use crate::domain::job::{FailureClass, Relation};
use crate::domain::request::Field;
use crate::domain::request::{Choices, FrameImage, ImageFile};
use crate::domain::wait::Wait;
use crate::media::picture::Picture;

const SIZES: [(u16, u16); 4] = [(60, 18), (80, 24), (120, 36), (200, 60)];

/// Draws the bench at every size and compares with the snapshot of that name.
fn look(name: &str, bench: &mut Bench) {
    let mut text = String::new();
    for (columns, rows) in SIZES {
        let (buffer, cursor) = bench.buffer(columns, rows);
        let cursor =
            cursor.map_or_else(|| "no cursor".to_owned(), |at| format!("cursor {},{}", at.x, at.y));
        let screen = super::kit::shown(&buffer);
        writeln!(text, "{columns}x{rows}, {cursor}\n{screen}").expect("text");
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Six jobs as they are on a busy day.
fn busy() -> Vec<Take> {
    let full = |text: &str| Choices { resolution: "1080p".parse().ok(), ..wish(text) };
    let first = draft(120, "Clocktower market, handheld").ready(20);
    vec![
        draft(3, "Market alley, blue lanterns, slower push in"),
        draft(42, "Market alley, blue lanterns, masked courier").running(),
        first.promoted(91, "1080p").saving(80).with_bytes(12_400_000, 18_000_000),
        first,
        render(480, "sandbox/1.0-pro", full("Crowd at the barricade")).failed(moderated()),
        render(1860, "runware/1.0-pro", full("Ceramic lamp, product shot")).in_doubt(),
    ]
}

/// Jobs that went wrong, each in its way.
fn failing() -> Vec<Take> {
    vec![
        draft(5, "A kite over the bay").waiting(unreachable()),
        draft(9, "A kite over the bay, dusk").confirming(),
        draft(60, "A kite with a torn tail").failed(refused("providerSettings.duration")),
        draft(300, "A crowd at the barricade").failed(moderated()),
        draft(900, "A lamp on a table").expired(),
        draft(1200, "A lamp on a shelf").canceled(),
    ]
}

fn japanese() -> Vec<Take> {
    let prompt = "霧の港町、古い時計塔のまわりに広がる夜市。青い提灯が揺れ、濡れた石畳に光が映る。";
    let old = draft(600, prompt).ready(20).noted("いい感じ");
    let new = draft(60, "霧の港町、古い灯台のまわりに広がる夜市。赤い提灯が揺れる。");
    vec![new.child_of(&old, Relation::Edit).at_percent(40).running(), old]
}

/// The bench with these jobs in list and history, and a picture for the chosen clip.
fn bench_with(takes: &[Take]) -> Bench {
    let mut bench = Bench::with_jobs(takes);
    bench.app.knows = true;
    found(&mut bench, takes);
    bench
}

fn found(bench: &mut Bench, takes: &[Take]) {
    let generation = bench.app.history.generation;
    let entries = takes.iter().map(|take| take.entry.clone()).collect();
    bench.tell(Msg::Found { generation, entries });
}

/// The poster that is waited for has come.
fn poster(bench: &mut Bench) {
    bench.tell(Msg::Resize(120, 36));
    let Some((path, _)) = bench.app.poster.clone() else { return };
    let rgb = (0..64 * 36).flat_map(|n| [n as u8, (n / 64 * 7) as u8, 120]).collect();
    bench.tell(Msg::Poster {
        path,
        sheet: false,
        picture: Ok(Picture { width_px: 64, height_px: 36, rgb }),
    });
}

const LONG: &str = "A cinematic night market built around an old clocktower in a misty harbor town, \
    blue lanterns swaying overhead, rain-slick cobblestones reflecting light. A masked courier weaves \
    through crowded stalls clutching a glowing brass parcel while distant footsteps close in behind.\n\n\
    鐘が鳴り、露店の呼び声。";

#[test]
fn a_first_run_is_empty_and_teaches_the_loop() {
    let mut bench = Bench::new();
    look("empty-prompt", &mut bench);
    bench.keys("<tab>");
    look("empty-settings", &mut bench);
    bench.keys("<tab>");
    look("empty-jobs", &mut bench);
    bench.keys("<tab>");
    look("empty-preview", &mut bench);
    bench.keys("<f2>");
    look("empty-history", &mut bench);
}

#[test]
fn a_studio_that_still_opens_is_drawn_already() {
    look("opening", &mut Bench::closed());
}

#[test]
fn a_busy_day_in_every_pane() {
    let mut bench = bench_with(&busy());
    bench.tell(Msg::Paste(LONG.to_owned()));
    look("busy-prompt", &mut bench);
    bench.row(Field::FirstFrame);
    look("busy-settings", &mut bench);
    bench.keys("3jjj");
    poster(&mut bench);
    look("busy-jobs", &mut bench);
    bench.keys("4");
    look("busy-preview", &mut bench);
    bench.keys("<f2>");
    found(&mut bench, &busy());
    bench.keys("jjj");
    look("busy-history", &mut bench);
}

#[test]
fn the_form_of_every_kind_of_model() {
    let mut bench = bench_with(&[]);
    let ids = ["sandbox/1.0-pro", "runware/2.5", "runbase/1.0-pro", "runpod/1.0-pro"];
    for id in ids {
        let id = id.parse().expect("a model's id");
        let catalog = bench.app.catalog.clone();
        if catalog.model(&id).is_none() {
            continue;
        }
        bench.row(Field::Seed);
        bench.app.settings.chosen.seed = Some(7);
        bench.app.settings.take_model(&catalog, id.clone());
        look(&format!("form-{}-{}", id.provider, id.model), &mut bench);
    }
}

#[test]
fn what_went_wrong_in_list_preview_and_history() {
    let mut bench = bench_with(&failing());
    bench.keys("<esc>3jj");
    look("failing-jobs", &mut bench);
    bench.keys("4");
    look("failing-preview", &mut bench);
    bench.keys("<f2>");
    found(&mut bench, &failing());
    bench.keys("jjj");
    look("failing-history", &mut bench);
    bench.keys("/cost:<lt>cheap");
    look("failing-query", &mut bench);
}

#[test]
fn japanese_everywhere() {
    let takes = japanese();
    let mut bench = bench_with(&takes);
    bench.tell(Msg::Paste(takes[1].job.request.prompt.repeat(3)));
    look("cjk-prompt", &mut bench);
    bench.keys("<esc>3");
    look("cjk-jobs", &mut bench);
    bench.keys("<enter>");
    bench.story(takes[0].story(Some(&takes[1]), &[]));
    look("cjk-detail", &mut bench);
    bench.keys("<esc>jn");
    look("cjk-note", &mut bench);
    bench.keys("<esc>/");
    bench.tell(Msg::Paste("夜市 灯台".to_owned()));
    found(&mut bench, &takes);
    look("cjk-history", &mut bench);
}

#[test]
fn what_lies_over_the_panes() {
    let takes = busy();
    let ready = takes[3].clone();
    let mut bench = bench_with(&takes);
    bench.keys("<f1>");
    look("help-prompt", &mut bench);
    bench.keys("<esc><esc>3jjj?");
    look("help-jobs", &mut bench);
    bench.keys("<esc>:");
    look("palette", &mut bench);
    bench.keys("copy");
    look("palette-filtered", &mut bench);
    bench.keys("<esc><enter>");
    look("detail-reading", &mut bench);
    bench.story(ready.story(None, &[&takes[2]]));
    look("detail", &mut bench);
    bench.keys("<esc>p");
    look("promote", &mut bench);
    bench.story(ready.story(None, &[&takes[2]]));
    bench.keys("<down><enter>");
    look("promote-again", &mut bench);
    bench.keys("<esc>r");
    look("recall", &mut bench);
    bench.keys("<esc>n");
    look("note", &mut bench);
    bench.keys("<esc>M");
    look("models", &mut bench);
    bench.keys("<esc>");
    bench.tell(Msg::Nowhere {
        path: "/data/clips/a-fox.mp4".into(),
        reason: "there is no display over SSH: scp fetches the clip to your machine; or run the ssh line there, and open the link in a browser".to_owned(),
        links: vec![
            ("ssh", "ssh -N -L 40123:127.0.0.1:40123 mia@studio".to_owned()),
            ("link", "http://127.0.0.1:40123/6a1b2c3d4e5f60718293a4b5c6d7e8f9/clip.mp4".to_owned()),
        ],
    });
    look("where", &mut bench);
    bench.keys("<esc>GR");
    look("again-in-doubt", &mut bench);
}

#[test]
fn a_failed_job_opened() {
    let takes = failing();
    let mut bench = bench_with(&takes);
    bench.keys("<esc>3jj<enter>");
    bench.story(takes[2].story(None, &[]));
    look("failing-detail", &mut bench);
}

#[test]
fn what_waits_and_why() {
    let rate = RequestRate {
        max: NonZeroU32::new(20).expect("not zero"),
        window_s: NonZeroU32::new(10).expect("not zero"),
    };
    let soon = dawn().checked_add(SignedDuration::from_secs(8)).expect("a time");
    let runbase = |age_s| render(age_s, "runbase/1.0-pro", wish("A lamp, slow push in, dusk"));
    let takes = [
        runbase(2).kept_by(Wait::Place { max: 4 }),
        runbase(3).kept_by(Wait::Pause { class: FailureClass::Rate, until: soon }),
        runbase(4).sent().kept_by(Wait::Turn { rate, at: soon }),
        runbase(9).running(),
    ];
    let mut bench = bench_with(&takes);
    bench.keys("<esc>3");
    look("waiting-jobs", &mut bench);
    bench.keys("jj<enter>");
    bench.story(takes[2].story(None, &[]));
    look("waiting-detail", &mut bench);
}

#[test]
fn an_image_is_picked_and_looked_at() {
    let fox = draft(90, "A red fox crosses a snowy market at night").ready(20);
    let mut bench = bench_with(&[fox]);
    bench.row(Field::FirstFrame);
    bench.keys("<enter>");
    let paths = (1..=20).map(|nr| format!("shots/market-{nr:02}.png")).collect();
    let generation = bench.app.settings.picker.generation;
    bench.tell(Msg::Images { generation, listed: Ok(paths) });
    bench.keys("<down><down>");
    look("image-picker", &mut bench);
    bench.keys("<enter>");
    look("image-reading", &mut bench);
    let (path, kind) = ("/home/mia/shots/market-01.png".to_owned(), "png".to_owned());
    let (width_px, height_px, bytes) = (1024, 768, 1_200_000);
    let image = ImageFile { path, sha256: "ab".repeat(32), kind, bytes, width_px, height_px };
    let text = "shots/market-01.png".to_owned();
    bench.tell(Msg::Image { first: true, text, image: Ok(FrameImage::File(image)) });
    look("image-chosen", &mut bench);
}

#[test]
fn without_colours_no_cell_has_one() {
    for takes in [busy(), failing(), japanese(), Vec::new()] {
        let mut bench = Bench::themed("dark", true);
        bench.tell(Msg::Opened(Box::new(super::kit::opened())));
        bench.list(&takes);
        bench.keys("<esc>3G");
        poster(&mut bench);
        for keys in
            ["", "4", "2", "1", "<f2>", "<f1>", "<esc>:", "<esc>3<enter>", "<esc>p", "<f10>"]
        {
            bench.keys(keys);
            let (buffer, _) = bench.buffer(120, 36);
            let coloured =
                |cell: &&ratatui::buffer::Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
            assert_eq!(buffer.content.iter().find(coloured), None, "after {keys:?}");
        }
    }
}

#[test]
fn two_clips_side_by_side() {
    let choices = |text: &str, seed| Choices { seed: Some(seed), ..wish(text) };
    let old =
        render(900, "sandbox/1.5-pro", choices("Market alley, blue lanterns, a slow push in", 7));
    let mut upright = choices("Market alley, red lanterns swaying, a quick push in", 7);
    upright.aspect = "9:16".parse().ok();
    let new = render(60, "sandbox/1.5-pro", upright);
    let (old, new) = (old.ready(30).won(1), new.ready(20));
    let new = new.child_of(&old, Relation::Edit);
    let mut bench = bench_with(&[new.clone(), old.clone()]);
    bench.keys("<esc>3c");
    bench.tell(Msg::Resize(120, 36));
    let clip = |take: &Take| {
        let file = take.job.files().next().expect("a file");
        std::path::PathBuf::from("/data").join(&file.path)
    };
    for (take, size) in [(&old, (64, 36)), (&new, (36, 64))] {
        let pixels = (0..size.0 * size.1).flat_map(|n| [n as u8, (n / size.0 * 4) as u8, 120]);
        let rgb: Vec<u8> = pixels.collect();
        let picture = Ok(Picture { width_px: size.0, height_px: size.1, rgb });
        bench.tell(Msg::Poster { path: clip(take), sheet: true, picture });
    }
    bench.keys("2");
    bench.later(60_000);
    look("compare", &mut bench);
}
