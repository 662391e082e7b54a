//! Pictures on their way to the terminal: whatever bytes are sent, it shows the same halves of cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::{Bench, Random, model_color, plain, text};
use crate::media::picture::Picture;
use crate::studio::term::frame::Frame;
use crate::studio::term::half_blocks::{self, Colours};

#[test]
fn a_half_block_is_spelled_so_that_the_pen_stays() {
    let mut bench = Bench::new(9, 1);
    let colours = |upper, lower| Style::new().fg(Color::Indexed(upper)).bg(Color::Indexed(lower));
    let bytes = bench.draw(|f| {
        for (x, (upper, lower)) in
            (0..).zip([(20, 30), (30, 20), (30, 30), (20, 20), (30, 40), (50, 30)])
        {
            text(f, x, 0, "▀", colours(upper, lower));
        }
        text(f, 6, 0, "▀", Style::new().fg(Color::Indexed(50)));
    });
    // A blank is a byte instead of three, and the terminal's own ground is no text colour.
    let expected = "^[38;5;20;48;5;30m▀▄ ^[48;5;20m ^[38;5;30;48;5;40m▀^[48;5;50m▄^[;38;5;50m▀";
    assert_eq!(bytes.trim_start_matches("^[?2026h").trim_end_matches("^[?2026l"), expected);
}

/// Upper and lower colour of a cell, however it is spelled.
fn halves(symbol: &str, fg: vt100::Color, bg: vt100::Color) -> (vt100::Color, vt100::Color) {
    match symbol {
        "▀" => (fg, bg),
        "▄" => (bg, fg),
        "" | " " => (bg, bg),
        other => panic!("{other} in a picture"),
    }
}

/// Whether a terminal shows the cells of a picture and of what is around it.
fn assert_shown(model: &vt100::Screen, wanted: &Buffer, at: &str) {
    for place in wanted.area.rows().flat_map(|row| row.columns()) {
        let (cell, seen) = (&wanted[(place.x, place.y)], model.cell(place.y, place.x));
        let seen = seen.expect("as set up");
        let (fg, bg) = (model_color(cell.fg), model_color(cell.bg));
        if !["▀", "▄", " "].contains(&cell.symbol()) {
            assert_eq!(seen.contents(), cell.symbol(), "{at}, {place:?}");
            continue;
        }
        if seen.is_wide_continuation() {
            continue;
        }
        let shown = halves(seen.contents(), seen.fgcolor(), seen.bgcolor());
        assert_eq!(shown, halves(cell.symbol(), fg, bg), "{at}, {place:?}");
        // The terminal's own colour of text is shown by text alone.
        let own = cell.symbol() != " " && cell.fg == Color::Reset;
        assert!(!own || seen.contents() == cell.symbol(), "{at}, {place:?}");
    }
}

#[test]
fn a_terminal_fed_with_a_film_shows_its_pictures() {
    for seed in 1..=40u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (width, height) = (24, 6);
        let mut model = vt100::Parser::new(height, width, 0);
        let mut bench = Bench::new(width, height);
        let mut film = Buffer::empty(Rect::new(0, 0, width, height));
        for round in 0..40 {
            for _ in 0..random.below(80) {
                let mut colour = || match random.below(6) {
                    0 => Color::Reset,
                    n => Color::Rgb(40 * n as u8, 0, 90),
                };
                let (upper, lower) = (colour(), colour());
                let symbol = ["▀", "▄", "▀", " "][usize::from(random.below(4))];
                let cell = &mut film[(random.below(width), random.below(height))];
                cell.set_symbol(symbol).set_fg(upper).set_bg(lower);
            }
            bench.0.draw(None, |frame| frame.buffer_mut().clone_from(&film)).expect("as set up");
            model.process(&std::mem::take(&mut bench.0.backend_mut().writer_mut().0).concat());
            assert_shown(model.screen(), &film, &format!("seed {seed}, round {round}"));
        }
    }
}

#[test]
fn pictures_and_wide_text_take_turns_at_the_same_place() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (width, height) = (24, 6);
    let mut model = vt100::Parser::new(height, width, 0);
    let mut bench = Bench::new(width, height);
    for round in 0..400 {
        let mut wanted = Buffer::default();
        let draw = |frame: &mut Frame| {
            if random.below(3) > 0 {
                let (x, y) = (random.below(width - 6), random.below(height));
                plain(frame, x, y, ["山水云", "a山b", "fox"][usize::from(random.below(3))]);
            }
            if random.below(3) > 0 {
                let size = (1 + random.below(9), 1 + random.below(9));
                let place = Rect::new(random.below(width), random.below(height), 9, 4);
                let pixels = size.0 * size.1 * 3;
                let rgb = (0..pixels).map(|_| [0, 90][usize::from(random.below(2))]).collect();
                let (width_px, height_px) = (size.0.into(), size.1.into());
                let picture = Picture { width_px, height_px, rgb };
                let place = place.intersection(frame.area());
                frame.render_widget(ratatui::widgets::Clear, place);
                half_blocks::draw(&picture, place, frame.buffer_mut(), Colours::True);
            }
            wanted.clone_from(frame.buffer_mut());
        };
        bench.0.draw(None, draw).expect("as set up");
        model.process(&std::mem::take(&mut bench.0.backend_mut().writer_mut().0).concat());
        assert_shown(model.screen(), &wanted, &format!("round {round}"));
    }
}
