//! Pictures in the terminal's own form: proved, asked for, laid over the preview, and away when they must be.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::super::effect::{Effect, Generation, Load, Terminal};
use super::super::images::Wanted;
use super::super::msg::Msg;
use super::super::term::frame::Frame;
use super::super::term::keyboard::Reply;
use super::super::term::overlay::{Form, Overlay};
use super::super::update::update;
use super::super::view::view;
use super::kit::{Bench, opened};
use super::take::{Take, draft};
use crate::media::picture::Picture;
use crate::words::images::Images;

/// A studio that was opened with this wish, and whether it asked the terminal.
fn bench(images: Images) -> (Bench, bool) {
    let mut bench = Bench::closed();
    bench.tell(Msg::Resize(120, 36));
    let effects =
        bench.tell(Msg::Opened(Box::new(super::super::msg::Opened { images, ..opened() })));
    (bench, effects.iter().any(|effect| matches!(effect, Effect::Terminal(Terminal::Ask(_)))))
}

fn clips() -> [Take; 2] {
    [draft(60, "a fox").ready(20), draft(90, "an owl").ready(20)]
}

fn wanted(effects: &[Effect]) -> Option<(Generation, Wanted)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Load(Load::Overlay { generation, wanted }) => Some((*generation, wanted.clone())),
        _ => None,
    })
}

/// A studio whose terminal proved sixel, with the picture of the newest clip.
fn proved() -> (Bench, Wanted) {
    let (mut bench, is_asked) = bench(Images::Auto);
    assert!(is_asked);
    assert_eq!(wanted(&bench.list(&clips())), None, "nothing is proved yet");
    bench.tell(Msg::Reply(Reply::Cell { width_px: 8, height_px: 16 }));
    let (generation, wanted) =
        wanted(&bench.tell(Msg::Reply(Reply::Attributes { sixel: true }))).expect("a wish");
    poster(&mut bench);
    made(&mut bench, generation);
    (bench, wanted)
}

fn poster(bench: &mut Bench) {
    let (path, _) = bench.app.poster.clone().expect("a clip");
    let sheet = bench.app.sheet;
    let picture = Picture { width_px: 2, height_px: 2, rgb: vec![9; 12] };
    bench.tell(Msg::Poster { path, sheet, picture: Ok(picture) });
}

fn made(bench: &mut Bench, generation: Generation) {
    let overlay = Overlay { form: Form::Sixel, columns: 20, rows: 6, show: b"FOX".to_vec() };
    bench.tell(Msg::Overlay { generation, overlay: Some(overlay) });
}

/// What the view lays over cells, and how many half blocks it draws.
fn drawn(bench: &Bench) -> (Option<(Position, Arc<Overlay>)>, usize) {
    let area = Rect::new(0, 0, 120, 36);
    let mut buffer = Buffer::empty(area);
    let mut frame = Frame::new(&mut buffer, area);
    view(&bench.app, &mut frame);
    let laid = frame.overlay().cloned();
    (laid, buffer.content.iter().filter(|cell| cell.symbol() == "▀").count())
}

#[test]
fn half_blocks_come_first_and_the_better_picture_over_the_same_place() {
    let (bench, wanted) = proved();
    assert_eq!(wanted.form, Form::Sixel);
    let (laid, blocks) = drawn(&bench);
    let (at, overlay) = laid.expect("a picture");
    assert_eq!((overlay.show.as_slice(), blocks), (&b"FOX"[..], 0));
    // In the middle of the room, which is the preview within its frame.
    let (columns, rows) = wanted.room.cells;
    assert_eq!(at.x, 120 - 2 - columns + (columns - 20) / 2);
    assert!(at.y > 18 && at.y + 6 <= 18 + 1 + rows, "{at}");
}

#[test]
fn a_picture_lies_over_nothing_else() {
    let (mut bench, _) = proved();
    bench.keys("<f1>");
    let (laid, blocks) = drawn(&bench);
    assert!(laid.is_none(), "the help lies there");
    bench.keys("<esc>");
    assert!(drawn(&bench).0.is_some() && blocks < 400);
    bench.keys("<esc>j");
    assert!(drawn(&bench).0.is_none(), "it is another clip's");
}

#[test]
fn a_picture_is_asked_for_once_and_a_stale_one_is_dropped() {
    let (mut bench, first) = proved();
    assert_eq!(wanted(&bench.later(1000)), None, "it is there");
    bench.keys("<esc>");
    let mut tell = |keys: &str| {
        let key: KeyEvent = crokey::parse(keys).expect("a key").into();
        wanted(&update(&mut bench.app, Msg::Key(key.into()), bench.now)).expect("a wish")
    };
    let (owl, second) = tell("j");
    assert_ne!(first.path, second.path);
    let (fox, third) = tell("k");
    assert_eq!(first, third);
    made(&mut bench, owl);
    assert!(drawn(&bench).0.is_none(), "the owl's comes too late");
    made(&mut bench, fox);
    assert!(drawn(&bench).0.is_some());
    let resized = wanted(&bench.tell(Msg::Resize(140, 40))).expect("a wish for another room");
    assert_ne!(resized.1.room, first.room);
}

#[test]
fn a_picture_that_can_not_be_made_leaves_half_blocks() {
    let (mut bench, _) = proved();
    bench.keys("<esc>j");
    poster(&mut bench);
    bench.tell(Msg::Overlay { generation: 2.into(), overlay: None });
    let (laid, blocks) = drawn(&bench);
    assert!(laid.is_none() && blocks > 100, "{blocks}");
}

#[test]
fn by_the_config_nothing_is_asked_and_by_off_nothing_is_drawn() {
    for images in [Images::HalfBlocks, Images::Off] {
        let (mut bench, is_asked) = bench(images);
        let effects = bench.list(&clips());
        let is_read =
            effects.iter().any(|effect| matches!(effect, Effect::Load(Load::Poster { .. })));
        assert_eq!((is_asked, is_read), (false, images == Images::HalfBlocks), "{images:?}");
        if is_read {
            poster(&mut bench);
        }
        bench.tell(Msg::Reply(Reply::Attributes { sixel: true }));
        assert_eq!(drawn(&bench).1 > 100, is_read, "{images:?}");
        assert!(bench.screen(120, 36).contains("864×496"), "the facts stay");
    }
}

#[test]
fn t_shows_the_contact_sheet_and_the_poster_again() {
    let mut bench = Bench::with_jobs(&clips());
    bench.tell(Msg::Resize(120, 36));
    poster(&mut bench);
    let read = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Load(Load::Poster { sheet, .. }) => Some(sheet),
            _ => None,
        })
    };
    bench.keys("<esc>");
    let press = |bench: &mut Bench| {
        let key: KeyEvent = crokey::parse("t").expect("a key").into();
        bench.tell(Msg::Key(key.into()))
    };
    let effects = press(&mut bench);
    assert_eq!(read(effects), Some(true));
    let (path, _) = bench.app.poster.clone().expect("a clip");
    let late = Picture { width_px: 2, height_px: 2, rgb: vec![9; 12] };
    bench.tell(Msg::Poster { path, sheet: false, picture: Ok(late) });
    assert!(bench.screen(120, 36).contains("reading the picture"), "the poster comes too late");
    poster(&mut bench);
    assert!(drawn(&bench).1 > 100);
    let effects = press(&mut bench);
    assert_eq!(read(effects), Some(false));
}
