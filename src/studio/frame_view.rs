//! Header and footer.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Span;

use super::action::Action;
use super::app::{App, Pane, View};
use super::form_image::is_writing_image;
use super::offer::leads_somewhere;
use super::theme::Tone;
use super::view::{row, spread, words};
use crate::domain::money::MicroUsd;

/// Views, what we talk to, money of today, live jobs, drafts that wait.
pub(super) fn header(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    let tab = |name: &'static str, shown: bool| {
        let style = if shown {
            theme.bold(Tone::Text).add_modifier(Modifier::UNDERLINED)
        } else {
            theme.style(Tone::Dim)
        };
        words(name, style)
    };
    let left = vec![
        words(" rushes  ", theme.bold(Tone::Accent)),
        tab("Studio", app.view == View::Studio),
        words("  ", theme.style(Tone::Text)),
        tab("History", app.view == View::History),
    ];
    let narrow = area.width < 72;
    let mut right = if narrow { Vec::new() } else { vec![service(app)] };
    let (real, play) = spent_today(app);
    if real > MicroUsd::ZERO {
        right.push(words(format!("  24 h {real}"), theme.bold(Tone::Money)));
    } else {
        let money = if area.width >= 90 {
            format!("  24 h {play} play money")
        } else {
            format!("  {play}")
        };
        right.push(words(money, theme.style(Tone::Dim)));
    }
    if !app.lives.is_empty() {
        right.push(words(format!("  ◐ {}", app.lives.len()), theme.style(Tone::Busy)));
    }
    let drafts = app.drafts_waiting();
    if drafts > 0 {
        let noun = if drafts == 1 { "draft" } else { "drafts" };
        right.push(words(format!("  ⇡ {drafts} {noun}"), theme.style(Tone::Promote)));
    }
    if app.open && !app.driving {
        right.push(words("  follows another studio", theme.style(Tone::Warn)));
    }
    right.push(words(" ", theme.style(Tone::Text)));
    row(frame, area, 0, spread(left, right, area.width));
}

/// What a submit would talk to, and with which key.
fn service(app: &App) -> Span<'static> {
    let theme = &app.theme;
    let provider = app.catalog.provider(&app.settings.chosen.model.provider);
    let trouble =
        provider.and_then(|provider| app.troubles.iter().find(|(id, _)| *id == provider.id));
    match provider {
        _ if trouble.is_some() => words("no answer, asking again", theme.style(Tone::Warn)),
        Some(provider) if provider.play_money => {
            words("sandbox, no key needed", theme.style(Tone::Good))
        }
        Some(provider) if app.keys.contains(&provider.id) => {
            words(format!("{} by {}", provider.name, provider.key_env), theme.style(Tone::Good))
        }
        Some(provider) => {
            words(format!("{}: set {}", provider.name, provider.key_env), theme.style(Tone::Warn))
        }
        None => words("", theme.style(Tone::Dim)),
    }
}

/// What the jobs of the last day were charged: real money, and the sandbox's.
fn spent_today(app: &App) -> (MicroUsd, MicroUsd) {
    let mut spent = (MicroUsd::ZERO, MicroUsd::ZERO);
    for (provider, charged) in &app.spent {
        let play = app.catalog.provider(provider).is_some_and(|one| one.play_money);
        let sum = if play { &mut spent.1 } else { &mut spent.0 };
        *sum = *sum + *charged;
    }
    spent
}

/// A toast where there is one, and otherwise the keys that work now.
pub(super) fn footer(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    if let Some(toast) = &app.toast {
        let (mark, tone) = if toast.bad { ("! ", Tone::Bad) } else { ("· ", Tone::Accent) };
        let line = vec![
            words(format!(" {mark}"), theme.bold(tone)),
            words(toast.text.as_str(), theme.style(Tone::Text)),
        ];
        return row(frame, area, 0, spread(line, Vec::new(), area.width));
    }
    // A dialog says its own keys, and a line that is written takes all of the pane's.
    if app.dialog.is_some() {
        return;
    }
    if let Some(keys) = written_keys(app) {
        let line = vec![words(format!(" {keys}"), theme.style(Tone::Dim))];
        return row(frame, area, 0, spread(line, Vec::new(), area.width));
    }
    let places = app.places();
    let mut spans = Vec::new();
    let mut used = 1;
    let entry = app.entry();
    let in_form = app.view == View::Studio && app.pane == Pane::Settings;
    let offered = |action: &&Action| in_form || leads_somewhere(app, entry, **action);
    for action in shown(app).iter().filter(offered) {
        let first = |action| app.keymap.keys(action, places).into_iter().next();
        let Some(mut key) = first(*action) else { continue };
        let short = match action {
            Action::Enter if in_form => "write",
            Action::Reset if app.settings.focused().is_image() => "clear",
            Action::Left => {
                key = format!("{key} {}", first(Action::Right).unwrap_or_default());
                key = key.replace("Left", "←").replace("Right", "→");
                action.short()
            }
            _ => action.short(),
        };
        let width = key.chars().count() + short.chars().count() + 3;
        if used + width > usize::from(area.width) {
            break;
        }
        used += width;
        spans.push(words(format!(" {key}"), theme.bold(Tone::Accent)));
        spans.push(words(format!(" {short} "), theme.style(Tone::Dim)));
    }
    row(frame, area, 0, spread(spans, Vec::new(), area.width));
}

/// The keys while a value of the form or a search is written.
fn written_keys(app: &App) -> Option<&'static str> {
    match app.view {
        View::History if app.history.writing => {
            Some("Enter or ↓ to what was found · Esc leaves it")
        }
        View::Studio if is_writing_image(&app.settings) => {
            Some("Tab completes · ↑↓ picks · Enter takes it · Esc leaves it")
        }
        View::Studio if app.settings.editing.is_some() => Some("Enter takes it · Esc leaves it"),
        _ => None,
    }
}

/// What the footer offers, the most useful first.
fn shown(app: &App) -> &'static [Action] {
    use Action as A;
    match (app.view, app.pane) {
        (View::History, _) => &[
            A::Search,
            A::Recall,
            A::Remix,
            A::Enter,
            A::Open,
            A::Promote,
            A::Star,
            A::Back,
            A::Help,
        ],
        (_, Pane::Prompt) => {
            &[A::Submit, A::NextPane, A::Back, A::Editor, A::Undo, A::Palette, A::Help]
        }
        (_, Pane::Settings) => &[
            A::Submit,
            A::Left,
            A::Enter,
            A::Reset,
            A::NextPane,
            A::FocusPrompt,
            A::Palette,
            A::Help,
        ],
        (_, Pane::Jobs) => &[
            A::Enter,
            A::Promote,
            A::Open,
            A::Cancel,
            A::Recall,
            A::Retry,
            A::Note,
            A::Search,
            A::FocusPrompt,
            A::Palette,
            A::Help,
            A::Quit,
        ],
        (_, Pane::Preview) => &[
            A::Open,
            A::Promote,
            A::CopyScp,
            A::Recall,
            A::FocusJobs,
            A::NextPane,
            A::Help,
            A::Quit,
        ],
    }
}
