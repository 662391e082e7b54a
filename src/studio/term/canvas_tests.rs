use std::sync::Arc;

use ratatui::layout::{Position, Rect, Size};

use super::Canvas;
use crate::studio::term::backend::QuietBackend;
use crate::studio::term::frame::Frame;
use crate::studio::term::overlay::{Form, Overlay};
use crate::studio::term::pen::Depth;

struct Bench(Canvas<QuietBackend<Vec<u8>>>);

impl Bench {
    fn new() -> Self {
        let mut backend = QuietBackend::new(Vec::new(), Size::new(20, 5), Depth::True);
        backend.begin(b"");
        Self(Canvas::new(backend).expect("a canvas"))
    }

    /// Draws a row of letters above, and `below` in the second row or a picture there; returns what was sent.
    fn draw(&mut self, below: &str, overlay: Option<&Arc<Overlay>>) -> String {
        self.part(None, below, overlay)
    }

    fn part(&mut self, part: Option<Rect>, below: &str, overlay: Option<&Arc<Overlay>>) -> String {
        let view = |frame: &mut Frame<'_>| {
            for (y, text) in [(0, "above"), (1, below), (3, "behind")] {
                if frame.asks_for(Rect::new(0, y, 20, 1)) {
                    frame.buffer_mut().set_string(2, y, text, ratatui::style::Style::new());
                }
            }
            if let Some(overlay) = overlay {
                frame.lay(Position { x: 2, y: 1 }, Arc::clone(overlay));
            }
        };
        self.0.draw(part, view).expect("a frame");
        let sent = std::mem::take(self.0.backend_mut().writer_mut());
        String::from_utf8(sent).expect("text").replace('\x1b', "^")
    }
}

fn overlay(form: Form, show: &str) -> Arc<Overlay> {
    Arc::new(Overlay { form, columns: 6, rows: 2, show: show.into() })
}

#[test]
fn a_picture_is_sent_once_behind_its_cells_and_left_alone() {
    let mut bench = Bench::new();
    let fox = overlay(Form::Sixel, "FOX");
    bench.draw("half blocks", None);
    let sent = bench.draw("", Some(&fox));
    assert_eq!(sent, "^[2;3H     ^[6X^[5DFOX", "the blocks go, then it comes at their place");
    assert_eq!(bench.draw("", Some(&fox)), "", "it lies there");
    assert_eq!(
        bench.part(Some(Rect::new(0, 0, 20, 1)), "", None),
        "",
        "a part knows nothing of it"
    );
    assert_eq!(bench.draw("", Some(&fox)), "");
}

/// Sixel and iTerm2 have no way to take a picture away but to draw cells over it.
#[test]
fn when_a_picture_goes_every_cell_below_it_is_drawn_again() {
    for form in [Form::Sixel, Form::Iterm2] {
        let mut bench = Bench::new();
        let fox = overlay(form, "FOX");
        bench.draw("", Some(&fox));
        let gone = bench.draw("", None);
        assert_eq!(gone.matches("^[6X").count(), 2, "two rows of six blanks: {gone:?}");
        let owl = overlay(form, "OWL");
        bench.draw("", Some(&fox));
        let other = bench.draw("", Some(&owl));
        assert!(other.matches("^[6X").count() == 2 && other.ends_with("OWL"), "{other:?}");
        let over = bench.draw("text", Some(&owl));
        assert!(over.ends_with("OWL"), "what was drawn into it is covered again: {over:?}");
    }
}

#[test]
fn kitty_keeps_one_picture_and_shows_it_again_for_a_few_bytes() {
    let mut bench = Bench::new();
    let (fox, owl) = (overlay(Form::Kitty, "FOX"), overlay(Form::Kitty, "OWL"));
    assert!(!bench.0.is_kept());
    assert!(bench.draw("", Some(&fox)).contains("FOX"));
    assert!(bench.0.is_kept());
    assert!(bench.draw("half blocks", None).contains("a=d,d=i"));
    let again = bench.draw("", Some(&fox));
    assert!(again.contains("a=p") && !again.contains("FOX"), "{again:?}");
    let other = bench.draw("", Some(&owl));
    assert!(other.contains("a=d,d=i") && other.ends_with("OWL"), "{other:?}");
}

#[test]
fn after_the_screen_was_erased_or_given_away_a_picture_is_sent_anew() {
    let mut bench = Bench::new();
    let fox = overlay(Form::Kitty, "FOX");
    bench.draw("", Some(&fox));
    bench.0.clear().expect("erased");
    assert!(!bench.0.is_kept());
    let sent = bench.draw("", Some(&fox));
    assert!(sent.contains("a=d,d=i") && sent.ends_with("FOX"), "{sent:?}");
    bench.0.backend_mut().set_size(Size::new(19, 5));
    assert!(bench.draw("", Some(&fox)).ends_with("FOX"), "another window");
    bench.0.backend_mut().begin(b"");
    bench.0.blanked().expect("taken back");
    assert!(bench.draw("", Some(&fox)).ends_with("FOX"), "after the editor");
}

#[test]
fn what_is_doubted_is_drawn_again_once() {
    let mut bench = Bench::new();
    bench.draw("", None);
    bench.0.doubt(Rect::new(0, 0, 200, 1));
    let sent = bench.draw("", None);
    assert!(sent.contains("above") && !sent.contains("behind"), "{sent:?}");
    assert_eq!(bench.draw("", None), "");
}
