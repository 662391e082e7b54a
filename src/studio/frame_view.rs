//! Header, footer, and the toast over it.

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Span;
use ratatui::widgets::Clear;

use super::action::Action;
use super::app::{Around, Pane, Seen, Toast, View};
use super::form_image::is_writing_image;
use super::layout;
use super::offer::leads_somewhere;
use super::term::frame::Frame;
use super::theme::Tone;
use super::view::{row, spread, words};
use crate::domain::ledger::Sums;
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
    let profile = app.profile.as_ref().map(|name| format!("{name}  ")).unwrap_or_default();
    let below = app.compare.is_none();
    let mut left = vec![
        words(" rushes  ", theme.bold(Tone::Accent)),
        words(profile, theme.bold(Tone::Promote)),
        tab("Studio", below && app.view == View::Studio),
        words("  ", theme.style(Tone::Text)),
        tab("History", below && app.view == View::History),
    ];
    if app.compare.is_some() {
        left.extend([words("  ", theme.style(Tone::Text)), tab("Compare", true)]);
    }
    let narrow = area.width < 72;
    let mut right = if narrow { Vec::new() } else { vec![service(app)] };
    if area.width >= 100 {
        right.extend(left_to_spend(app));
    }
    right.push(money(app, area.width));
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

/// What the last 24 hours cost: of a limit, where there is one, what they may have cost at most.
fn money(app: &Around, width: u16) -> Span<'static> {
    let theme = &app.theme;
    let (real, play) = app.spent();
    if let Some(limit) = app.limits.daily {
        let tone = if real.at_most() < limit { Tone::Money } else { Tone::Warn };
        return words(format!("  24 h {} of {limit}", sums(&real, width)), theme.bold(tone));
    }
    // Whoever is about to pay is told of real money, even where none was spent.
    let chosen = app.catalog.provider(&app.settings.model_id.provider);
    let is_real = chosen.is_some_and(|provider| !provider.play_money);
    if is_real || real.at_most() > MicroUsd::ZERO {
        return words(format!("  24 h {}", sums(&real, width)), theme.bold(Tone::Money));
    }
    let money = match width >= 90 {
        true => format!("  24 h {} play money", sums(&play, width)),
        false => format!("  {}", play.charged),
    };
    words(money, theme.style(Tone::Dim))
}

/// What was charged, and beside it what is under way and what nobody told, which may be charged yet.
fn sums(sums: &Sums, width: u16) -> String {
    let mut words = sums.charged.to_string();
    for (more, what) in [(sums.open, " under way"), (sums.unknown, " not known")] {
        if more > MicroUsd::ZERO {
            words = format!("{words} + {more}{}", if width >= 90 { what } else { "" });
        }
    }
    words
}

/// What a submit would talk to, and with which key.
fn service(app: &Seen<'_>) -> Span<'static> {
    let theme = &app.theme;
    let provider = app.catalog.provider(&app.settings.model_id.provider);
    let trouble =
        provider.and_then(|provider| app.troubles.iter().find(|(id, _)| *id == provider.id));
    if let Some(stuck) = app.stuck {
        return words(crate::words::stuck_short(stuck), theme.style(Tone::Bad));
    }
    match provider {
        _ if trouble.is_some() => words("no answer, asking again", theme.style(Tone::Warn)),
        Some(provider) if provider.play_money => {
            words("sandbox, no key needed", theme.style(Tone::Good))
        }
        Some(provider) => match app.keys.iter().find(|(id, _)| *id == provider.id) {
            Some((_, source)) => {
                words(format!("{} by {source}", provider.name), theme.style(Tone::Good))
            }
            None => words(
                format!("{}: set {}", provider.name, provider.key_env),
                theme.style(Tone::Warn),
            ),
        },
        None => words("", theme.style(Tone::Dim)),
    }
}

/// What the account holds that a submit would be paid from, where that is known.
fn left_to_spend(app: &Around) -> Option<Span<'static>> {
    let chosen = &app.settings.model_id.provider;
    let (_, left) = app.balances.iter().find(|(id, _)| id == chosen)?;
    Some(words(format!("  {} left", (*left)?), app.theme.style(Tone::Money)))
}

/// A toast, over what is below it.
pub(super) fn toast(app: &Seen<'_>, toast: &Toast, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    let (mark, tone) = if toast.bad { ("!", Tone::Bad) } else { ("·", Tone::Accent) };
    let area = area.intersection(frame.area());
    frame.render_widget(Clear, area);
    for (offset, line) in (0..area.height).zip(layout::toast_lines(&toast.text, app.size.0)) {
        let mark = if offset == 0 { mark } else { " " };
        let line = vec![
            words(format!(" {mark} "), theme.bold(tone)),
            words(line, theme.style(Tone::Text)),
        ];
        row(frame, area, offset, spread(line, Vec::new(), area.width));
    }
}

/// The keys that work now.
pub(super) fn footer(app: &Seen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
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
    let in_form = app.view == View::Studio && app.pane == Pane::Settings && !app.zoomed;
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
                if in_form { action.short() } else { "seek" }
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
fn written_keys(app: &Around) -> Option<&'static str> {
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
fn shown(app: &Seen<'_>) -> &'static [Action] {
    use Action as A;
    match (app.view, app.pane) {
        _ if app.compare.is_some() => &[
            A::PickLeft,
            A::PickRight,
            A::NextPair,
            A::Swap,
            A::Play,
            A::Step,
            A::Left,
            A::Back,
            A::Help,
            A::HalfSpeed,
            A::Promote,
            A::Open,
        ],
        _ if app.zoomed => &[
            A::Play,
            A::Step,
            A::Left,
            A::HalfSpeed,
            A::Loop,
            A::Zoom,
            A::Open,
            A::Promote,
            A::Recall,
            A::Star,
            A::Back,
            A::Help,
        ],
        (View::History, _) => &[
            A::Search,
            A::Recall,
            A::Remix,
            A::Enter,
            A::Play,
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
            A::Play,
            A::Promote,
            A::Open,
            A::Cancel,
            A::LookUp,
            A::Close,
            A::Recall,
            A::Retry,
            A::Note,
            A::Compare,
            A::Search,
            A::FocusPrompt,
            A::Palette,
            A::Help,
            A::Quit,
        ],
        (_, Pane::Preview) => &[
            A::Play,
            A::Step,
            A::Left,
            A::Zoom,
            A::HalfSpeed,
            A::Loop,
            A::Open,
            A::Promote,
            A::Chain,
            A::Compare,
            A::CopyScp,
            A::Recall,
            A::FocusJobs,
            A::NextPane,
            A::Help,
            A::Quit,
        ],
    }
}
