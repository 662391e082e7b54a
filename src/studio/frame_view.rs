//! Header and footer.

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Span;

use super::action::Action;
use super::app::{Pane, Seen, View};
use super::frame::Frame;
use super::theme::Tone;
use super::view::{row, spread, words};
use crate::domain::money::MicroUsd;

/// Views, what we talk to, money of today, live jobs, drafts that wait.
pub(super) fn header(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
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
fn service(app: &Seen<'_>) -> Span<'static> {
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
fn spent_today(app: &Seen<'_>) -> (MicroUsd, MicroUsd) {
    let mut spent = (MicroUsd::ZERO, MicroUsd::ZERO);
    for (provider, charged) in &app.spent {
        let play = app.catalog.provider(provider).is_some_and(|one| one.play_money);
        let sum = if play { &mut spent.1 } else { &mut spent.0 };
        *sum = *sum + *charged;
    }
    spent
}

/// A toast where there is one, and otherwise the keys that work now.
pub(super) fn footer(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    if let Some(toast) = &app.toast {
        let (mark, tone) = if toast.bad { ("! ", Tone::Bad) } else { ("· ", Tone::Accent) };
        let line = vec![
            words(format!(" {mark}"), theme.bold(tone)),
            words(toast.text.as_str(), theme.style(Tone::Text)),
        ];
        return row(frame, area, 0, spread(line, Vec::new(), area.width));
    }
    let places = app.places();
    let mut spans = Vec::new();
    let mut used = 1;
    for action in shown(app) {
        let Some(key) = app.keymap.keys(*action, places).into_iter().next() else { continue };
        let short = action.short();
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

/// What the footer offers, the most useful first.
fn shown(app: &Seen<'_>) -> &'static [Action] {
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
            A::Right,
            A::Enter,
            A::NextPane,
            A::FocusPrompt,
            A::Palette,
            A::Help,
        ],
        (_, Pane::Jobs) => &[
            A::Enter,
            A::Promote,
            A::Open,
            A::Recall,
            A::Retry,
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
