//! A studio on a bench: `bench.keys("a fox<f5>")` says what it wants done, `bench.screen(80, 24)` what it shows.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use unicode_width::UnicodeWidthStr as _;

use super::super::app::{App, Live, Look};
use super::super::asked::Asked;
use super::super::dialog::JobStory;
use super::super::effect::{Effect, Generation, Load, Terminal, Write};
use super::super::keymap::{Keymap, Tables};
use super::super::layout;
use super::super::msg::{Msg, Opened};
use super::super::paying;
use super::super::saved::Saved;
use super::super::term::canvas::{Canvas, Raw};
use super::super::term::press::Press;
use super::super::theme::Theme;
use super::super::update::update;
use super::super::view::view;
use super::take::Take;
use crate::domain::catalog::Catalog;
use crate::domain::cost::Estimate;
use crate::domain::job::{JobId, Parent};
use crate::domain::ledger::{Limits, Sums};
use crate::domain::request::Field;
use crate::domain::request::GenerationRequest;
use crate::words::images::{Between, Images};
use crate::words::shell::CopyFrom;

/// The built-in catalog, read once.
pub static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| Arc::new(Catalog::load(&[]).0));

/// The moment at which every bench begins.
pub fn dawn() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

/// A studio with a clock that only moves when it is told to.
pub struct Bench {
    pub app: App,
    pub now: Timestamp,
    version: u64,
    typed: i64,
    kept: Canvas<TestBackend>,
    drawn: Option<Look>,
}

impl Bench {
    /// A studio whose workspace is open and empty.
    pub fn new() -> Self {
        Self::with(opened())
    }

    /// A studio with what was found when its workspace was opened.
    pub fn with(opened: Opened) -> Self {
        let mut bench = Self::closed();
        bench.tell(Msg::Opened(Box::new(opened)));
        bench.tell(Msg::Lives {
            version: 0,
            driving: true,
            lives: Vec::new(),
            stuck: None,
            troubles: Vec::new(),
        });
        bench
    }

    /// A studio as it is before its workspace is open.
    pub fn closed() -> Self {
        Self::themed("ansi", false)
    }

    /// The same with a theme, and without colours where `NO_COLOR` asks for that.
    pub fn themed(name: &str, plain: bool) -> Self {
        let (keymap, problems) = Keymap::new(&Tables::new());
        assert!(problems.is_empty(), "{problems:?}");
        let app = App::new(dawn(), keymap, Theme::named(name, plain), name.to_owned());
        let kept = Canvas::new(TestBackend::new(1, 1)).expect("a canvas");
        Self { app, now: dawn(), version: 0, typed: 0, kept, drawn: None }
    }

    /// A studio with these jobs in its list, the first one newest.
    pub fn with_jobs(takes: &[Take]) -> Self {
        let mut bench = Self::new();
        bench.list(takes);
        bench
    }

    /// The jobs are these now, the first one newest.
    pub fn list(&mut self, takes: &[Take]) -> Vec<Effect> {
        self.stored();
        self.version += 1;
        let lives = takes.iter().filter(|take| take.job.state.is_live()).map(Take::live);
        let mut effects = self.lives(lives.collect(), true);
        let spent =
            takes.iter().map(|take| (take.job.request.model.provider.clone(), Sums::of(&take.job)));
        let (entries, spent) =
            (takes.iter().map(|take| take.entry.clone()).collect(), spent.collect());
        let generation = self.asked(|asked| asked.jobs());
        effects.extend(self.tell(Msg::Jobs { generation, entries, spent }));
        effects
    }

    /// Whatever the user put on jobs is stored.
    pub fn stored(&mut self) {
        while !self.app.asked.takes_marks() {
            self.tell(Msg::Marked(Ok(())));
        }
    }

    /// Everything about a job is known, as it was asked for last.
    pub fn story(&mut self, story: Box<JobStory>) -> Vec<Effect> {
        let generation = self.asked(|asked| asked.story(story.entry.job.id));
        self.tell(Msg::Story { generation, story })
    }

    /// The number of what `ask` asks for.
    pub fn asked(&mut self, ask: impl FnOnce(&mut Asked) -> Effect) -> Generation {
        match ask(&mut self.app.asked) {
            Effect::Load(load) => load.slot().expect("a generation").1,
            other => panic!("{other:?} asks for nothing"),
        }
    }

    /// The live jobs are these now.
    pub fn lives(&mut self, lives: Vec<Live>, driving: bool) -> Vec<Effect> {
        let version = self.version;
        self.tell(Msg::Lives { version, driving, lives, stuck: None, troubles: Vec::new() })
    }

    /// Something happened.
    pub fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = update(&mut self.app, msg, self.now);
        if paying::asks_unseen(&self.app) {
            update(&mut self.app, Msg::Drawn, self.now);
        }
        if self.drawn.is_some() {
            self.draw_part();
        }
        effects
    }

    /// Time passes, and nothing else happens.
    pub fn later(&mut self, ms: i64) -> Vec<Effect> {
        self.now = self.now.checked_add(SignedDuration::from_millis(ms)).expect("a time");
        self.tell(Msg::Tick)
    }

    /// The keys are pressed one after another, each a press of its own; what the studio wants done, but for
    /// window titles, saves and pictures.
    pub fn keys(&mut self, text: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for event in parsed(text) {
            self.typed += 1;
            let at = self.now + SignedDuration::from_secs(self.typed);
            effects.extend(self.press(Press { event, at, crowded: false }));
        }
        effects
    }

    /// One key; what the studio wants done, but for the same.
    pub fn press(&mut self, press: Press) -> Vec<Effect> {
        let mut effects = self.tell(Msg::Key(press));
        effects.retain(|effect| {
            !matches!(
                effect,
                Effect::Terminal(Terminal::Title(_))
                    | Effect::Write(Write::Save(_))
                    | Effect::Load(Load::Poster { .. })
                    | Effect::Load(Load::Overlay { .. })
            )
        });
        effects
    }

    /// Focuses a row of the form by its number key and the arrows.
    pub fn row(&mut self, row: Field) {
        self.keys("<esc>2g");
        let at = Field::rows(true).iter().position(|other| *other == row).expect("a row");
        self.keys(&"j".repeat(at));
        if self.app.settings.focused() != row {
            // It is folded below the last row.
            self.keys("lg");
            self.keys(&"j".repeat(at));
        }
        assert_eq!(self.app.settings.focused(), row);
    }

    /// What is drawn in a window of so many columns and rows.
    pub fn screen(&mut self, columns: u16, rows: u16) -> String {
        shown(&self.buffer(columns, rows).0)
    }

    /// The cells that are drawn, and where the cursor is if it is shown.
    pub fn buffer(&mut self, columns: u16, rows: u16) -> (Buffer, Option<Position>) {
        // A window that is as large as before says nothing, so that what was drawn last can stay.
        if self.app.size != (columns, rows) {
            self.tell(Msg::Resize(columns, rows));
        }
        self.drawn(columns, rows)
    }

    /// The same without the studio being told of the window's size.
    pub fn drawn(&mut self, columns: u16, rows: u16) -> (Buffer, Option<Position>) {
        let mut canvas = Canvas::new(TestBackend::new(columns, rows)).expect("a canvas");
        canvas.draw(None, |frame| view(&self.app, frame)).expect("a frame");
        self.kept.backend_mut().resize(columns, rows);
        self.draw_part();
        assert_eq!(self.kept.shown(), canvas.shown(), "something was not drawn again");
        let backend = canvas.backend_mut();
        let cursor = backend.cursor_visible().then(|| backend.cursor_position());
        (backend.buffer().clone(), cursor)
    }

    /// Draws as the program does after every message: the prompt alone where that is enough.
    fn draw_part(&mut self) {
        let look = self.app.look();
        let part = (self.drawn == Some(look)).then(|| layout::prompt(&self.app)).flatten();
        self.kept.draw(part, |frame| view(&self.app, frame)).expect("a frame");
        self.drawn = Some(look);
    }

    /// The words at the bottom.
    pub fn toast(&self) -> &str {
        self.app.toast.as_ref().map_or("", |toast| toast.text.as_str())
    }

    /// What a submit would cost now, as it stands on the screen.
    pub fn price(&self) -> String {
        let outlook = self.app.settings.outlook(&self.app.catalog);
        outlook.map_or_else(|| "none".to_owned(), |(_, estimate)| estimate.to_string())
    }
}

impl Raw for TestBackend {
    fn append(&mut self, _: Option<Position>, _: &[u8]) {}
}

/// What a workspace with nothing in it gives.
pub fn opened() -> Opened {
    Opened {
        defaults: crate::domain::request::Options::default(),
        catalog: Arc::clone(&CATALOG),
        // Most of what a studio does shows on a model that has drafts.
        model: "sandbox/1.5-pro".parse().ok(),
        problems: Vec::new(),
        saved: None,
        data_dir: PathBuf::from("/data"),
        limits: Limits::default(),
        copy_from: CopyFrom { address: "mia@studio".to_owned(), port: None },
        from_place: "192.0.2.7".to_owned(),
        keys: Vec::new(),
        profile: None,
        keymap: Tables::new(),
        theme: None,
        images: Images::HalfBlocks,
        between: Between::Nothing,
        still: false,
        no_mouse: false,
    }
}

/// The one submit among `effects`.
pub fn submitted(effects: &[Effect]) -> (&GenerationRequest, Option<Parent>) {
    let mut submits = effects.iter().filter_map(|effect| match effect {
        Effect::Write(Write::Submit { request, parent, .. }) => Some((&**request, *parent)),
        _ => None,
    });
    let first = submits.next().unwrap_or_else(|| panic!("no submit among {effects:?}"));
    assert!(submits.next().is_none(), "more than one submit among {effects:?}");
    first
}

/// Whether nothing among `effects` costs money.
pub fn is_free(effects: &[Effect]) -> bool {
    !effects.iter().any(|effect| matches!(effect, Effect::Write(Write::Submit { .. })))
}

/// The price of `request` by the built-in catalog.
pub fn priced(request: &GenerationRequest) -> Estimate {
    Estimate::of(CATALOG.model(&request.model).expect("a model of the catalog"), request)
}

/// What is saved among `effects`.
pub fn saved(effects: &[Effect]) -> Option<&Saved> {
    effects.iter().find_map(|effect| match effect {
        Effect::Write(Write::Save(saved)) => Some(&**saved),
        _ => None,
    })
}

/// Whether the frames of what played are no longer wanted.
pub fn drops_film(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Load(Load::NoFilm(_))))
}

/// The job that a story was asked for.
pub fn story_wanted(effects: &[Effect]) -> Option<JobId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Load(Load::Story(_, id)) => Some(*id),
        _ => None,
    })
}

/// A buffer as text: wide characters once, no spaces at the ends.
pub fn shown(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += symbol.width().max(1) as u16;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Keys as a person writes them: `a fox<f5>`, `<c-p>`, `<a-enter>`, `<s-tab>`; `<lt>` is `<`.
pub fn parsed(text: &str) -> Vec<KeyEvent> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let name = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        if let Some((name, after)) = name {
            keys.push(named(name));
            rest = after;
        } else {
            keys.push(typed(c, KeyModifiers::NONE));
            rest = &rest[c.len_utf8()..];
        }
    }
    keys
}

fn typed(c: char, modifiers: KeyModifiers) -> KeyEvent {
    match c {
        '\n' => KeyEvent::new(KeyCode::Enter, modifiers),
        c if c.is_uppercase() => KeyEvent::new(KeyCode::Char(c), modifiers | KeyModifiers::SHIFT),
        c => KeyEvent::new(KeyCode::Char(c), modifiers),
    }
}

fn named(name: &str) -> KeyEvent {
    let mut modifiers = KeyModifiers::NONE;
    let mut rest = name;
    while let [letter, b'-', _, ..] = rest.as_bytes() {
        modifiers |= match letter {
            b'c' => KeyModifiers::CONTROL,
            b'a' => KeyModifiers::ALT,
            b's' => KeyModifiers::SHIFT,
            _ => break,
        };
        rest = &rest[2..];
    }
    let code = match rest {
        "esc" => KeyCode::Esc,
        "tab" if modifiers == KeyModifiers::SHIFT => KeyCode::BackTab,
        "tab" => KeyCode::Tab,
        "enter" => KeyCode::Enter,
        "bs" => KeyCode::Backspace,
        "del" => KeyCode::Delete,
        "space" => KeyCode::Char(' '),
        "lt" => KeyCode::Char('<'),
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        _ => {
            if let Some(number) = rest.strip_prefix('f').and_then(|number| number.parse().ok()) {
                KeyCode::F(number)
            } else {
                let mut chars = rest.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => return typed(c, modifiers),
                    _ => panic!("<{name}> is no key"),
                }
            }
        }
    };
    KeyEvent::new(code, modifiers)
}
