//! What keys do to the clip that is chosen: play it, step, seek, show it on the whole terminal.

use std::path::PathBuf;

use ratatui::layout::Rect;

use super::action::Action;
use super::app::{App, Around, Pane, View};
use super::commands::focus;
use super::compare_view;
use super::effect::{Effect, Generation, Load, Terminal};
use super::form_image::shown_image;
use super::layout::{self, Spot};
use super::player::Player;
use super::preview_view;
use super::term::pace::{Pace, Rung};
use super::term::pen::Depth;
use crate::media::film::Part;

/// How far a key seeks.
const SEEK_MS: i64 = 1000;

/// Does what `action` says with the chosen clip.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    if app.theme.is_plain() || app.depth < Depth::Ansi256 {
        app.say("pictures need 256 colours, which this terminal has not; o opens the clip", true);
        return Vec::new();
    }
    if action == Action::Zoom && app.compare.is_some() {
        // The two have the whole terminal.
        return Vec::new();
    }
    if action == Action::Zoom && app.zoomed {
        app.zoomed = false;
        return advance(app);
    }
    let Some(mut effects) = load(app) else {
        app.say("there is no clip yet", false);
        return Vec::new();
    };
    let now = app.now;
    match &mut app.compare {
        Some(compare) => compare.stepped = action != Action::Play,
        // Where the preview is not on the screen, the whole terminal is.
        None => {
            let spots = layout::panes(app);
            let seen = spots.iter().any(|(spot, _)| *spot == Spot::Pane(Pane::Preview));
            let whole = !seen || action == Action::Zoom;
            // Below it must be nothing that takes keys.
            if whole && app.view == View::Studio && app.pane == Pane::Settings {
                focus(app, Pane::Jobs);
            }
            app.zoomed |= whole;
        }
    }
    let Some(player) = &mut app.player else { return effects };
    match action {
        Action::Play => player.toggle(now),
        Action::Step => player.step(1, now),
        Action::StepBack => player.step(-1, now),
        Action::Left => player.seek(-SEEK_MS, now),
        Action::Right => player.seek(SEEK_MS, now),
        Action::HalfSpeed => player.toggle_half(now),
        Action::Loop => player.toggle_loop(now),
        _ => {}
    }
    effects.append(&mut advance(app));
    effects
}

/// The clips that a player has to have: the chosen one, or both that are compared.
fn wanted(app: &Around) -> Vec<PathBuf> {
    if let Some(compare) = &app.compare {
        return compare.sides.iter().map(|side| side.path.clone()).collect();
    }
    let chosen = app.entry().and_then(|entry| app.file(&entry.job));
    chosen.map(|file| app.data_dir.join(&file.path)).into_iter().collect()
}

/// Whether `player` has just these clips, on whichever side.
fn has(player: &Player, paths: &[PathBuf]) -> bool {
    player.reels.len() == paths.len() && paths.iter().all(|path| player.shows(path))
}

/// Has the wanted clips in the player; none where there are none.
fn load(app: &mut App) -> Option<Vec<Effect>> {
    let paths = wanted(app);
    if paths.is_empty() {
        return None;
    }
    if app.player.as_ref().is_some_and(|player| has(player, &paths)) {
        return Some(Vec::new());
    }
    app.films.next();
    let finest = if app.depth == Depth::True { Rung::Full } else { Rung::Indexed };
    let mut pace = Pace::new(finest, app.far, app.now);
    let mut looping = true;
    let mut playing = false;
    if let Some(before) = &app.player {
        // What the link proved with one clip holds for the next.
        pace = before.pace.clone();
        (looping, playing) = (before.looping, before.is_playing());
    }
    let mut player = Player::new(paths.clone(), app.films, pace, app.now);
    player.looping = looping;
    player.made_for = app.size;
    if playing {
        player.toggle(app.now);
    }
    app.player = Some(player);
    Some(vec![load_film(app, paths)])
}

/// Frames as large as they can be on this terminal, so that a larger place needs no others.
fn load_film(app: &App, paths: Vec<PathBuf>) -> Effect {
    let (columns, rows) = app.size;
    let max_px = (u32::from(columns), u32::from(rows) * 2);
    Effect::Load(Load::Film { generation: app.films, paths, max_px })
}

/// Takes in what was decoded.
pub(super) fn take(app: &mut App, generation: Generation, reel: usize, part: Part) {
    if app.player.as_ref().is_some_and(|player| player.generation == generation) {
        if let Part::End(Some(trouble)) = &part {
            app.say(trouble.clone(), true);
        }
        if let Some(player) = &mut app.player {
            player.take(reel, part);
        }
    }
}

/// The terminal has taken in a frame.
pub(super) fn answered(app: &mut App) {
    let now = app.now;
    // Where there is none, borrowing it is not to be counted as a change.
    if app.player.is_some()
        && let Some(player) = &mut app.player
    {
        player.pace.answered(now);
    }
}

/// Puts on the screen what is due; another clip where another was chosen.
pub(super) fn advance(app: &mut App) -> Vec<Effect> {
    let Some(player) = &app.player else { return Vec::new() };
    let paths = wanted(app);
    let mut effects = Vec::new();
    if !has(player, &paths) {
        if !player.is_playing() || paths.is_empty() || sizes(app).is_empty() {
            app.player = None;
            return vec![Effect::Load(Load::NoFilm(app.films.next()))];
        }
        effects = load(app).unwrap_or_default();
    } else if app.size.0 > player.made_for.0 || app.size.1 > player.made_for.1 {
        let (number, size, now) = (app.films.next(), app.size, app.now);
        if let Some(player) = &mut app.player {
            player.renew(number, now);
            player.made_for = size;
        }
        effects.push(load_film(app, reels(app)));
    }
    let sizes = sizes(app);
    let now = app.now;
    let Some(player) = &mut app.player else { return effects };
    if player.advance(&sizes, now) {
        effects.push(Effect::Terminal(Terminal::AskTaken));
    }
    effects
}

/// The clips of the player, in their order.
fn reels(app: &App) -> Vec<PathBuf> {
    app.player.iter().flat_map(|player| &player.reels).map(|reel| reel.path.clone()).collect()
}

/// How large the places of the player's clips are; nothing where they are not on the screen.
fn sizes(app: &App) -> Vec<(u16, u16)> {
    let (seen, size) = (app.seen(), |area: Rect| (area.width, area.height));
    let (Some(compare), Some(player)) = (&app.compare, &app.player) else {
        if shown_image(app).is_some() && !app.zoomed {
            return Vec::new();
        }
        return preview_view::picture_area(&seen).map(size).into_iter().collect();
    };
    let Some(places) = compare_view::places(&seen) else { return Vec::new() };
    let side = |path: &PathBuf| usize::from(compare.sides[1].path == *path);
    player.reels.iter().map(|reel| size(places.pictures[side(&reel.path)])).collect()
}
