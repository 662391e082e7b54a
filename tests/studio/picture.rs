//! The README's picture, drawn from what the program really writes to a terminal:
//! `cargo test --test studio picture -- --ignored` makes `assets/screen.svg` again.

use std::cell::RefCell;
use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

use super::kit::{Terminal, command, home};

const COLUMNS: u16 = 120;
const ROWS: u16 = 36;
/// A cell's size in the picture.
const CELL: (f32, f32) = (8.0, 17.0);
const FRONT: &str = "#d7dae0";
const BACK: &str = "#16181d";

#[test]
#[ignore = "draws the README's picture"]
fn picture_of_the_readme() {
    let home = home();
    // As it begins without a config.
    std::fs::create_dir_all(home.path().join("config")).expect("a folder");
    std::fs::write(home.path().join("config/config.toml"), "").expect("a config");
    let mut start = command(home.path(), env!("CARGO_BIN_EXE_rushes"));
    start.env("COLORTERM", "truecolor");
    let mut studio = Terminal::start(start, COLUMNS, ROWS);
    studio.is_open();
    let first = "A lighthouse keeper counts whales by lantern light, slow pan, moon on the water";
    render(&mut studio, first, "✓ ready");
    render(&mut studio, "Crowd at the barricade sandbox:moderation", "⊘ moderated");
    render(
        &mut studio,
        "A cinematic night market built around an old clocktower in a misty harbor town, blue lanterns swaying \
         overhead, rain-slick cobblestones reflecting light. A red fox weaves through the stalls.\r\r鐘が鳴り、露店の呼び声。",
        "3 jobs",
    );
    studio.until("both", |screen| screen.matches("✓ ready").count() == 2);
    studio.leaves_the_text();
    studio.types("p");
    studio.until("the prices", |screen| screen.contains("Enter confirms, pays"));
    studio.says_yes("The same, larger");
    studio.until("the larger one", |screen| screen.matches("✓ ready").count() == 3);
    studio.types("j");
    let drawn = RefCell::new(String::new());
    studio.until_screen("the poster", |screen| {
        let text = screen.contents();
        let drawn_rows = text.lines().filter(|line| line.contains('▀')).count();
        let there = drawn_rows > 9 && text.contains("Enter details");
        if there {
            *drawn.borrow_mut() = svg(screen);
        }
        there
    });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/screen.svg");
    std::fs::write(path, drawn.into_inner()).expect("a picture");
}

/// Empties the prompt, submits this one, and waits until the screen has `seen`.
fn render(studio: &mut Terminal, prompt: &str, seen: &str) {
    studio.leaves_the_text();
    studio.types("Ci");
    studio.until("an empty prompt", |screen| {
        screen.contains(" 0 / 3000") && screen.contains("F5 submit")
    });
    studio.types(prompt);
    studio.until("the prompt", |screen| !screen.contains(" 0 / 3000"));
    studio.types("\x1b[15~");
    studio.until(seen, |screen| screen.contains(seen));
}

/// The screen as a picture.
fn svg(screen: &Screen) -> String {
    let (width, height) = (f32::from(COLUMNS) * CELL.0, f32::from(ROWS) * CELL.1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, \
         SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"13.3\" shape-rendering=\"crispEdges\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{BACK}\"/>\n"
    );
    for row in 0..ROWS {
        let mut column = 0;
        while column < COLUMNS {
            let Some(cell) = screen.cell(row, column) else { break };
            let mut end = column + 1;
            while end < COLUMNS && screen.cell(row, end).is_some_and(|next| looks_like(cell, next))
            {
                end += 1;
            }
            draw(&mut svg, screen, row, column..end);
            column = end;
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Whether two cells are drawn in one piece.
fn looks_like(one: &Cell, next: &Cell) -> bool {
    let style = |cell: &Cell| {
        (
            cell.fgcolor(),
            cell.bgcolor(),
            cell.bold(),
            cell.underline(),
            cell.inverse(),
            cell.contents() == "▀",
            cell.contents() == "▄",
        )
    };
    style(one) == style(next) && !next.is_wide() && !next.is_wide_continuation() && !one.is_wide()
}

fn draw(svg: &mut String, screen: &Screen, row: u16, columns: std::ops::Range<u16>) {
    let Some(cell) = screen.cell(row, columns.start) else { return };
    let (x, y) = (f32::from(columns.start) * CELL.0, f32::from(row) * CELL.1);
    let cells = f32::from(columns.end - columns.start) * if cell.is_wide() { 2.0 } else { 1.0 };
    let width = cells * CELL.0;
    let (front, back) = (colour(cell.fgcolor(), FRONT), colour(cell.bgcolor(), BACK));
    let mut rect = |y: f32, height: f32, fill: &str| {
        // Writing to a string can't fail.
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
        );
    };
    let halves = match cell.contents() {
        "▀" => Some([&front, &back]),
        "▄" => Some([&back, &front]),
        _ => None,
    };
    if let Some([upper, lower]) = halves {
        rect(y, CELL.1 / 2.0, upper);
        rect(y + CELL.1 / 2.0, CELL.1 / 2.0, lower);
        return;
    }
    if back != BACK {
        rect(y, CELL.1, &back);
    }
    let text: String = columns
        .map(|column| {
            screen
                .cell(row, column)
                .map_or(" ", |cell| if cell.contents().is_empty() { " " } else { cell.contents() })
        })
        .collect();
    if text.trim().is_empty() {
        return;
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let bold = if cell.bold() { " font-weight=\"bold\"" } else { "" };
    let line = if cell.underline() { " text-decoration=\"underline\"" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" fill=\"{front}\"{bold}{line} textLength=\"{width}\" xml:space=\"preserve\">{text}</text>",
        y + 13.0
    );
}

/// A colour of the terminal's, the sixteen as a quiet dark theme has them.
fn colour(colour: Color, default: &str) -> String {
    const SIXTEEN: [&str; 16] = [
        "#11141a", "#e06c75", "#6cc38a", "#e0b458", "#5b8def", "#c792ea", "#4fb6d8", "#d7dae0",
        "#6c7380", "#ef8b93", "#8fd19e", "#f0cd7f", "#83aaf5", "#d9b3f5", "#7fd0ea", "#ffffff",
    ];
    match colour {
        Color::Default => default.to_owned(),
        Color::Idx(index) => SIXTEEN.get(usize::from(index)).map_or(default, |hex| hex).to_owned(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}
