//! Whatever is typed, pasted, told and resized: the studio stands, and draws within its window.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::super::asked::Asked;
use super::super::msg::Msg;
use super::super::term::keyboard::Reply;
use super::super::term::overlay::{Form, KITTY_ID, Overlay};
use super::kit::{Bench, shown};
use super::take::{Take, draft, moderated, refused, render, unreachable, wish};
use crate::domain::job::Relation;
use crate::domain::request::{Choices, FrameImage};
use crate::media::picture::Picture;

/// A generator of our own, so that a seed is all that is needed to see a failure again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn size(&mut self) -> (u16, u16) {
        match self.below(4) {
            0 => (1 + self.below(60) as u16, 1 + self.below(20) as u16),
            1 => self.of(&[
                (60, 18),
                (80, 24),
                (89, 21),
                (90, 22),
                (120, 36),
                (59, 18),
                (60, 17),
                (1, 1),
            ]),
            _ => (1 + self.below(300) as u16, 1 + self.below(100) as u16),
        }
    }

    fn text(&mut self) -> String {
        let pieces = [
            "fox",
            " ",
            "\n",
            "\t",
            "\r\n",
            "月下の市場",
            "狐",
            "한국어",
            "👩‍🚀",
            "👨‍👩‍👧‍👦",
            "🏳️‍🌈",
            "e\u{301}",
            "\u{301}\u{301}",
            "ش\u{64b}",
            "שלום",
            "\u{200d}",
            "\u{fe0f}",
            "\u{202e}evil",
            "\u{1b}[31m",
            "\u{0}",
            "\u{9b}",
            "ก็",
            "नमस्ते",
            "\u{200b}",
            "\u{ad}",
            "ﷺ",
            "Z̸̡̢̛͔",
            "averyveryverylongwordwithoutanyspaceinit",
            "\u{2028}",
            "\u{feff}",
            "𝕬",
            "🇯🇵🇯",
            "\u{1100}\u{1161}",
        ];
        let count = self.below(14);
        (0..count).map(|_| self.of(&pieces)).collect()
    }

    fn key(&mut self) -> KeyEvent {
        let codes = [
            KeyCode::Esc,
            KeyCode::Enter,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::F(1),
            KeyCode::F(2),
            KeyCode::F(5),
            KeyCode::F(9),
            KeyCode::F(10),
            KeyCode::F(12),
            KeyCode::Insert,
            KeyCode::Null,
            KeyCode::CapsLock,
        ];
        let code = match self.below(3) {
            0 => self.of(&codes),
            1 => KeyCode::Char(
                self.of(&['月', 'é', '\u{301}', '\u{200d}', '👩', 'ש', '\u{1b}', '\u{7f}', ' ']),
            ),
            _ => KeyCode::Char(char::from(b'!' + self.below(94) as u8)),
        };
        let modifiers = match self.below(6) {
            0 => KeyModifiers::CONTROL,
            1 => KeyModifiers::ALT,
            2 => KeyModifiers::SHIFT,
            _ => KeyModifiers::NONE,
        };
        KeyEvent::new(code, modifiers)
    }

    fn take(&mut self) -> Take {
        let prompt = format!("a {}", self.text());
        let age_s = self.of(&[0, 3, 90, 7000, 900_000]);
        let new = match self.below(3) {
            0 => draft(age_s, &prompt),
            1 => render(age_s, "sandbox/1.0-pro", Choices { results: Some(4), ..wish(&prompt) }),
            _ => render(age_s, "sandbox/1.5-pro", wish(&prompt)),
        };
        let take = match self.below(11) {
            0 => new,
            1 => new.running(),
            2 => new.running().at_percent(self.below(256) as u8),
            3 => new.saving(9).with_bytes(self.below(1 << 30) as u64, self.below(1 << 30) as u64),
            4 => new.failed(moderated()),
            5 => new.failed(refused("frameImages[0].inputImage")),
            6 => new.waiting(unreachable()),
            7 => new.confirming(),
            8 => new.in_doubt(),
            9 => new.expired(),
            _ => new.ready(20),
        };
        if self.below(3) == 0 {
            take.noted(&crate::domain::text::clean(&self.text()))
        } else {
            take
        }
    }

    fn takes(&mut self) -> Vec<Take> {
        let count = self.below(9);
        let mut takes: Vec<Take> = (0..count).map(|_| self.take()).collect();
        if count > 1 {
            let parent = takes[count - 1].clone();
            takes[0] = takes[0].clone().child_of(&parent, Relation::Edit);
        }
        takes
    }

    /// Something that reaches a studio, at any time.
    fn message(&mut self, bench: &mut Bench) -> Msg {
        match self.below(17) {
            0 => Msg::Paste(self.text()),
            1 => Msg::Focus(self.below(2) == 0),
            2 => Msg::Jobs {
                generation: bench.asked(Asked::jobs),
                entries: self.takes().iter().map(|take| take.entry.clone()).collect(),
                spent: Vec::new(),
            },
            3 => Msg::Lives {
                version: self.below(9) as u64,
                driving: self.below(3) > 0,
                lives: self.takes().iter().map(Take::live).collect(),
                stuck: None,
                troubles: Vec::new(),
            },
            4 => Msg::Found {
                generation: bench.app.history.generation,
                entries: self.takes().iter().map(|take| take.entry.clone()).collect(),
            },
            5 => {
                let take = self.take();
                let wanted = bench.app.entry().cloned();
                let mut story = take.story(Some(&take), &[&take]);
                story.entry = wanted.unwrap_or(story.entry);
                Msg::Story {
                    generation: bench.asked(|asked| asked.story(story.entry.job.id)),
                    story,
                }
            }
            6 => {
                let (width_px, height_px) = (self.below(200) as u32, self.below(200) as u32);
                let rgb = vec![7; (width_px * height_px * 3) as usize / (1 + self.below(2))];
                let path =
                    bench.app.poster.as_ref().map_or_else(PathBuf::new, |(path, _)| path.clone());
                Msg::Poster {
                    path,
                    sheet: false,
                    picture: Ok(Picture { width_px, height_px, rgb }),
                }
            }
            16 => Msg::Marked(if self.below(4) > 0 { Ok(()) } else { Err(self.text()) }),
            7 => Msg::Edited(Ok(self.text())),
            8 => Msg::Nowhere {
                path: "/data/a.mp4".into(),
                reason: crate::domain::text::clean(&self.text()),
                links: vec![("link", crate::domain::text::clean(&self.text()))],
            },
            9 => Msg::Say(crate::domain::text::clean(&self.text())),
            10 => Msg::Complain(crate::domain::text::clean(&self.text())),
            12 => Msg::Images {
                generation: (self.below(9) as u64).into(),
                listed: Ok(vec![crate::domain::text::clean(&self.text())]),
            },
            11 => Msg::Image {
                first: true,
                text: self.text(),
                image: Ok(FrameImage::Url(crate::domain::text::clean(&self.text()))),
            },
            13 => Msg::Reply(match self.below(3) {
                0 => Reply::Attributes { sixel: true },
                1 => Reply::Kitty { id: KITTY_ID, ok: true },
                _ => Reply::Cell { width_px: self.below(40) as u16, height_px: 20 },
            }),
            14 => Msg::Overlay {
                generation: (self.below(9) as u64).into(),
                overlay: Some(Overlay {
                    form: self.of(&[Form::Kitty, Form::Iterm2, Form::Sixel]),
                    columns: self.below(300) as u16,
                    rows: self.below(100) as u16,
                    show: Vec::new(),
                }),
            },
            _ => {
                let kinds = [
                    MouseEventKind::Down(MouseButton::Left),
                    MouseEventKind::ScrollUp,
                    MouseEventKind::ScrollDown,
                    MouseEventKind::Drag(MouseButton::Left),
                ];
                Msg::Mouse(MouseEvent {
                    kind: self.of(&kinds),
                    column: self.below(300) as u16,
                    row: self.below(100) as u16,
                    modifiers: KeyModifiers::NONE,
                })
            }
        }
    }
}

/// Looks at the screen: the cursor is within it, nothing on it steers the terminal, and a window
/// that is too small says so.
fn stands(bench: &mut Bench, (columns, rows): (u16, u16), step: &str) {
    let (buffer, cursor) = bench.drawn(columns, rows);
    if let Some(at) = cursor {
        assert!(
            at.x < columns && at.y < rows,
            "the cursor is at {at:?} of {columns}x{rows} {step}"
        );
    }
    for cell in &buffer.content {
        let symbol = cell.symbol();
        assert!(!symbol.chars().any(char::is_control), "{symbol:?} is drawn {step}");
    }
    if columns >= 30 && rows >= 2 && (columns < 60 || rows < 18) {
        let screen = shown(&buffer);
        assert!(screen.contains("Rushes needs 60x18"), "{screen} {step}");
    }
}

/// So many steps with one seed, each looked at.
fn storm(seed: u64, steps: usize) {
    let mut dice = Dice(seed);
    let mut bench = if dice.below(4) == 0 { Bench::closed() } else { Bench::new() };
    let mut size = dice.size();
    bench.tell(Msg::Resize(size.0, size.1));
    for step in 0..steps {
        let step = format!("with seed {seed} at step {step}");
        for _ in 0..=dice.below(6) {
            let msg = match dice.below(5) {
                0 => dice.message(&mut bench),
                _ => Msg::Key(dice.key().into()),
            };
            bench.tell(msg);
        }
        bench.later(dice.of(&[0, 1, 500, 20_000]));
        if dice.below(3) == 0 {
            size = dice.size();
            bench.tell(Msg::Resize(size.0, size.1));
        }
        stands(&mut bench, size, &step);
    }
}

#[test]
fn no_key_text_message_or_size_brings_the_studio_down() {
    for seed in 0..40 {
        storm(seed, 20);
    }
}

#[test]
fn a_window_that_shrank_before_anybody_was_told_is_drawn_without_harm() {
    let mut dice = Dice(5);
    for _ in 0..150 {
        let mut bench = Bench::with_jobs(&dice.takes());
        let (told, size) = (dice.size(), dice.size());
        bench.tell(Msg::Paste(dice.text()));
        for _ in 0..dice.below(5) {
            bench.tell(Msg::Key(dice.key().into()));
        }
        bench.tell(Msg::Resize(told.0, told.1));
        bench.drawn(size.0, size.1);
    }
}
