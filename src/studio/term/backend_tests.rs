//! The backend, byte by byte, and against a terminal model on random frames.

use std::io::{self, Write};

use ratatui::backend::Backend as _;
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Color, Modifier, Style};

use super::QuietBackend;
use crate::studio::term::canvas::Canvas;
use crate::studio::term::frame::Frame;
use crate::studio::term::pen::Depth;

/// Keeps every write apart, to count them.
#[derive(Default)]
struct Writes(Vec<Vec<u8>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Bench(Canvas<QuietBackend<Writes>>);

impl Bench {
    fn new(width: u16, height: u16) -> Self {
        Self::with_depth(width, height, Depth::True)
    }

    fn with_depth(width: u16, height: u16, depth: Depth) -> Self {
        let mut backend = QuietBackend::new(Writes::default(), Size::new(width, height), depth);
        backend.begin(b"");
        Self(Canvas::new(backend).expect("as set up"))
    }

    /// Draws a frame; returns what was written, having checked that it was one write at most.
    fn draw(&mut self, view: impl FnOnce(&mut Frame)) -> String {
        self.0.draw(None, view).expect("as set up");
        self.written()
    }

    fn written(&mut self) -> String {
        let writes = std::mem::take(&mut self.0.backend_mut().writer_mut().0);
        assert!(writes.len() <= 1, "{} writes for one frame", writes.len());
        String::from_utf8(writes.concat()).expect("as set up").replace('\x1b', "^")
    }
}

fn text(frame: &mut Frame, x: u16, y: u16, text: &str, style: Style) {
    frame.buffer_mut().set_string(x, y, text, style);
}

fn plain(frame: &mut Frame, x: u16, y: u16, what: &str) {
    text(frame, x, y, what, Style::new());
}

#[test]
fn a_typed_character_with_its_counter_fits_in_64_bytes_and_one_write() {
    let accent = Style::new().fg(Color::Rgb(122, 162, 247)).add_modifier(Modifier::BOLD);
    let mut bench = Bench::new(120, 36);
    let view = |typed: &'static str| {
        move |frame: &mut Frame| {
            plain(frame, 2, 3, typed);
            text(frame, 100, 34, &format!("{:4}/5000", typed.len()), accent);
            frame.set_cursor_position(Position { x: 2 + typed.len() as u16, y: 3 });
        }
    };
    bench.draw(view("a fox runs"));
    let bytes = bench.draw(view("a fox runs "));
    assert_eq!(bytes, "^[35;104H1^[4;14H", "the pen is still the accent");
    let bytes = bench.draw(view("a fox runs f"));
    assert_eq!(bytes, "^[mf^[35;104H^[1;38;2;122;162;247m2^[4;15H");
    assert!(bytes.len() <= 64);
}

#[test]
fn a_character_typed_alone_is_one_byte() {
    let mut bench = Bench::new(40, 5);
    bench.draw(|f| f.set_cursor_position((0, 0)));
    let typed = bench.draw(|f| {
        plain(f, 0, 0, "x");
        f.set_cursor_position((1, 0));
    });
    assert_eq!(typed, "x");
}

#[test]
fn nothing_changed_is_no_byte_and_no_write() {
    let mut bench = Bench::new(40, 5);
    let view = |frame: &mut Frame| {
        text(frame, 3, 2, "still", Style::new().fg(Color::Red));
        frame.set_cursor_position((8, 2));
    };
    assert_eq!(bench.draw(view), "\n\n^[3C^[31mstill^[?25h");
    assert_eq!(bench.draw(view), "");
    assert_eq!(bench.draw(|f| text(f, 3, 2, "still", Style::new().fg(Color::Red))), "^[?25l");
    assert_eq!(bench.draw(|f| text(f, 3, 2, "still", Style::new().fg(Color::Red))), "");
}

#[test]
fn only_changed_attributes_are_sent_and_the_pen_lives_on() {
    let mut bench = Bench::new(40, 1);
    let red = Style::new().fg(Color::Red);
    let first = bench.draw(|f| {
        text(f, 0, 0, "a", red);
        text(f, 1, 0, "b", red.add_modifier(Modifier::BOLD));
        text(f, 2, 0, "c", red.add_modifier(Modifier::DIM));
        text(f, 3, 0, "d", Style::new());
    });
    assert_eq!(first, "^[31ma^[1mb^[22;2mc^[md");
    assert_eq!(
        bench.draw(|f| text(f, 4, 0, "ef", Style::new().bg(Color::Indexed(236)))),
        "\r    ^[48;5;236mef"
    );
    let third = bench.draw(|f| text(f, 4, 0, "xf", Style::new().bg(Color::Indexed(236))));
    assert_eq!(third, "\x08\x08x", "the pen is still the right one");
}

#[test]
fn blanks_do_not_change_the_text_colour() {
    let mut bench = Bench::new(40, 1);
    let bytes = bench.draw(|f| {
        text(f, 0, 0, "a", Style::new().fg(Color::Red));
        text(f, 1, 0, " ", Style::new().fg(Color::Green).bg(Color::Blue));
        text(f, 2, 0, "b", Style::new().fg(Color::Red));
    });
    assert_eq!(bytes, "^[31ma^[44m ^[49mb");
}

#[test]
fn colours_are_downgraded_in_one_place() {
    let style =
        Style::new().fg(Color::Rgb(255, 0, 0)).bg(Color::Indexed(16)).add_modifier(Modifier::BOLD);
    for (depth, expected) in [
        (Depth::True, "^[1;38;2;255;0;0;48;5;16mx"),
        (Depth::Ansi256, "^[1;38;5;196;48;5;16mx"),
        (Depth::Ansi16, "^[1;91;40mx"),
        (Depth::None, "^[1mx"),
    ] {
        assert_eq!(
            Bench::with_depth(9, 1, depth).draw(|f| text(f, 0, 0, "x", style)),
            expected,
            "{depth:?}"
        );
    }
}

#[test]
fn the_environment_says_how_many_colours() {
    let depth = |vars: &[(&str, &str)]| {
        Depth::from_env(|name| {
            vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
    assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Ansi256);
    assert_eq!(depth(&[("TERM", "xterm-kitty")]), Depth::True);
    assert_eq!(depth(&[("TERM", "linux")]), Depth::Ansi16);
    assert_eq!(depth(&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")]), Depth::None);
    assert_eq!(depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]), Depth::Ansi256);
    assert_eq!(depth(&[("TERM", "dumb")]), Depth::None);
}

#[test]
fn wide_characters_advance_by_two_and_clusters_are_followed_by_an_absolute_move() {
    let mut bench = Bench::new(40, 2);
    assert_eq!(bench.draw(|f| plain(f, 0, 0, "山水a")), "山水a");
    assert_eq!(bench.draw(|f| plain(f, 0, 1, "👩‍🚀b")), "\r     \r\n  \r👩‍🚀^[2;3Hb");
    // ratatui repeats the cell behind a presentation sequence; printing it would erase half of the emoji.
    assert_eq!(bench.draw(|f| plain(f, 0, 1, "❤️b")), "\r  \r❤️");
}

#[test]
fn what_does_not_fit_its_cell_becomes_a_blank() {
    let mut bench = Bench::new(4, 1);
    let bytes = bench.draw(|f| {
        f.buffer_mut()[(2, 0)].set_symbol("\u{301}");
        f.buffer_mut()[(3, 0)].set_symbol("山");
    });
    assert_eq!(bytes, "    ");
}

#[test]
fn long_blank_runs_are_erased() {
    let mut bench = Bench::new(80, 2);
    bench.draw(|f| plain(f, 0, 0, &"x".repeat(80)));
    assert_eq!(bench.draw(|f| plain(f, 0, 0, "xx")), "\r^[2C^[K");
    bench.draw(|f| plain(f, 0, 0, &"x".repeat(80)));
    let tail = |f: &mut Frame| plain(f, 79, 0, "x");
    assert_eq!(bench.draw(tail), "\r^[79X");
}

#[test]
fn a_frame_larger_than_a_few_dozen_bytes_is_synchronized() {
    let mut bench = Bench::new(80, 24);
    let bytes = bench.draw(|f| (0..24).for_each(|y| plain(f, 0, y, "a line of text")));
    assert!(bytes.starts_with("^[?2026ha line of text\r\na line"), "{bytes}");
    assert!(bytes.ends_with("^[?2026l"));
    let small = bench.draw(|f| {
        (0..24)
            .for_each(|y| plain(f, 0, y, if y == 3 { "A line of text" } else { "a line of text" }))
    });
    assert_eq!(small, "^[4HA");
}

#[test]
fn a_resize_repaints_everything_in_one_write() {
    let mut bench = Bench::new(20, 3);
    let view = |frame: &mut Frame| {
        text(frame, 0, 0, "hello", Style::new().bg(Color::Blue));
        frame.set_cursor_position((5, 0));
    };
    bench.draw(view);
    bench.0.backend_mut().set_size(Size::new(10, 3));
    assert_eq!(bench.draw(view), "^[m^[2J^[H^[44mhello");
    assert_eq!(bench.draw(view), "");
}

#[test]
fn a_failed_write_forgets_what_the_terminal_holds() {
    struct Failing(bool);
    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(bytes.len()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let backend = QuietBackend::new(Failing(true), Size::new(9, 1), Depth::True);
    let mut terminal = Canvas::new(backend).expect("as set up");
    assert!(terminal.draw(None, |f| plain(f, 0, 0, "x")).is_err());
    terminal.backend_mut().writer_mut().0 = false;
    terminal.draw(None, |f| plain(f, 1, 0, "y")).expect("as set up");
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u16) -> u16 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % u64::from(n)) as u16
    }

    fn style(&mut self) -> Style {
        let color = |r: &mut Self| match r.below(5) {
            0 => Color::Rgb(r.below(256) as u8, 7, 200),
            1 => Color::Indexed(16 + r.below(240) as u8),
            2 => Color::Indexed(r.below(16) as u8),
            _ => Color::Reset,
        };
        let some = [
            Modifier::BOLD,
            Modifier::DIM,
            Modifier::ITALIC,
            Modifier::UNDERLINED,
            Modifier::REVERSED,
        ];
        let mut style = Style::new().fg(color(self)).bg(color(self));
        for modifier in some {
            if self.below(5) == 0 {
                style = style.add_modifier(modifier);
            }
        }
        style
    }

    fn frame(&mut self, frame: &mut Frame) {
        let area = frame.area();
        for _ in 0..self.below(12) {
            let style = self.style();
            let words = [
                "fox",
                "     ",
                "山水云",
                "a山b",
                "e\u{301}é",
                "──────",
                " ",
                "x                        y",
                "日",
            ];
            let word = words[usize::from(self.below(words.len() as u16))];
            let (x, y) = (self.below(area.width), self.below(area.height));
            text(frame, x, y, word, style);
        }
        if self.below(3) == 0 {
            let block =
                Rect::new(self.below(area.width), self.below(area.height), 9, 3).intersection(area);
            let style = self.style();
            frame.buffer_mut().set_style(block, style);
        }
        if self.below(4) > 0 {
            frame.set_cursor_position((self.below(area.width), self.below(area.height)));
        }
    }
}

/// The colours and attributes that a person sees: a blank shows no text colour.
fn model_color(color: Color) -> vt100::Color {
    match color {
        Color::Indexed(n) => vt100::Color::Idx(n),
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        _ => vt100::Color::Default,
    }
}

fn assert_same(model: &vt100::Screen, buffer: &ratatui::buffer::Buffer, round: usize) {
    let area = buffer.area;
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let (cell, seen) = (&buffer[(x, y)], model.cell(y, x).expect("as set up"));
            let contents = if seen.has_contents() { seen.contents() } else { " " };
            let at = format!("round {round}, {x},{y}");
            assert_eq!(contents, cell.symbol(), "{at}");
            assert_eq!(seen.bgcolor(), model_color(cell.bg), "background at {at}");
            assert_eq!(
                seen.inverse(),
                cell.modifier.contains(Modifier::REVERSED),
                "inverse at {at}"
            );
            assert_eq!(
                seen.underline(),
                cell.modifier.contains(Modifier::UNDERLINED),
                "underline at {at}"
            );
            if cell.symbol() != " " || seen.inverse() || seen.underline() {
                assert_eq!(seen.fgcolor(), model_color(cell.fg), "text colour at {at}");
            }
            if cell.symbol() != " " {
                let (bold, dim) = (Modifier::BOLD, Modifier::DIM);
                // The model knows one intensity at a time.
                if !cell.modifier.contains(bold | dim) {
                    let weight = (cell.modifier.contains(bold), cell.modifier.contains(dim));
                    assert_eq!((seen.bold(), seen.dim()), weight, "weight at {at}");
                }
                assert_eq!(
                    seen.italic(),
                    cell.modifier.contains(Modifier::ITALIC),
                    "italic at {at}"
                );
            }
            x += if seen.is_wide() { 2 } else { 1 };
        }
    }
}

#[test]
fn a_terminal_fed_with_the_bytes_shows_the_buffer() {
    for seed in 1..=60u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (mut width, mut height) = (30 + random.below(30), 4 + random.below(8));
        let mut model = vt100::Parser::new(height, width, 0);
        let mut bench = Bench::new(width, height);
        for round in 0..60 {
            if random.below(20) == 0 {
                (width, height) = (20 + random.below(40), 3 + random.below(9));
                model.screen_mut().set_size(height, width);
                bench.0.backend_mut().set_size(Size::new(width, height));
            }
            let mut cursor = None;
            let mut wanted = ratatui::buffer::Buffer::default();
            bench
                .0
                .draw(None, |frame| {
                    random.frame(frame);
                    wanted = frame.buffer_mut().clone();
                })
                .expect("as set up");
            let backend = bench.0.backend_mut();
            let writes = std::mem::take(&mut backend.writer_mut().0);
            assert!(writes.len() <= 1);
            model.process(&writes.concat());
            let screen = model.screen();
            assert_same(screen, &wanted, round);
            if !screen.hide_cursor() {
                let (y, x) = screen.cursor_position();
                cursor = Some(Position { x, y });
            }
            if let Some(cursor) = cursor {
                assert_eq!(
                    bench.0.backend_mut().get_cursor_position().expect("as set up"),
                    cursor,
                    "seed {seed}, round {round}"
                );
            }
        }
    }
}

/// Two frames of a film may be due before one is drawn, and each answer is counted.
#[test]
fn every_question_is_asked_behind_the_frame() {
    let mut bench = Bench::new(8, 1);
    for _ in 0..2 {
        bench.0.backend_mut().follow(b"\x1b[6n");
    }
    let written = bench.draw(|frame| plain(frame, 0, 0, "x"));
    assert!(written.ends_with("^[6n^[6n"), "{written}");
    assert_eq!(bench.draw(|frame| plain(frame, 0, 0, "x")), "");
}

#[path = "film_tests.rs"]
mod film;
