//! The studio's own files: a wrong theme, key table or saved prompt is refused or left out, never fatal.

#[path = "../../../tests/fuzz/mutate.rs"]
mod mutate;

use super::super::effect::{Effect, Write};
use super::super::keymap::{Keymap, Tables};
use super::super::msg::Opened;
use super::super::saved::Saved;
use super::super::theme::{Theme, Tone};
use super::kit::{Bench, opened};
use crate::domain::text::clean;
use mutate::{fuzz, seeds};

#[test]
fn theme() {
    fuzz("theme", &seeds("assets/themes"), &[], |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if let Ok(theme) = Theme::parse(text, false) {
            theme.style(Tone::Accent);
        }
    });
}

#[test]
fn keymap() {
    fuzz("keymap", &seeds("assets/keymap.toml"), &[], |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if let Ok(tables) = toml::from_str::<Tables>(text) {
            let (_, problems) = Keymap::new(&tables);
            assert!(problems.len() <= text.len());
        }
    });
}

/// What the last studio left: whatever stands there is drawn, typed on and submitted without harm.
#[test]
fn saved() {
    let mut bench = Bench::new();
    bench.keys("a fox in the snow, 市场<enter>second line");
    let whole = serde_json::to_vec(&bench.app.take_saved()).expect("JSON");
    let text = String::from_utf8(whole.clone()).expect("text");
    let hostile = text.replace("snow", "\\u001b]52;c;eA==\\u0007\\u009b2J\\u202e").into_bytes();
    fuzz("saved", &[whole, hostile], &[], |bytes| {
        let Ok(saved) = serde_json::from_slice::<Saved>(bytes) else { return };
        let mut bench = Bench::with(Opened { saved: Some(saved), ..opened() });
        is_harmless(&mut bench);
        bench.keys("x<a-u><a-u><a-e>");
        is_harmless(&mut bench);
        let effects = bench.keys("<f5>");
        let sent = effects.iter().find_map(|effect| match effect {
            Effect::Write(Write::Submit { request, .. }) => Some(request.prompt.clone()),
            _ => None,
        });
        assert!(sent.is_none_or(|prompt| clean(&prompt) == prompt));
    });
}

fn is_harmless(bench: &mut Bench) {
    for cell in &bench.buffer(80, 24).0.content {
        assert_eq!(clean(cell.symbol()), cell.symbol());
    }
}
