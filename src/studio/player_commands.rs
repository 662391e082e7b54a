//! What keys do to the clip that is chosen: play it, step, seek, show it on the whole terminal.

use super::action::Action;
use super::app::{App, Pane};
use super::layout::{self, Spot};
use super::msg::Effect;
use super::pace::{Pace, Rung};
use super::pen::Depth;
use super::player::Player;
use super::preview_view;
use crate::media::film::Part;

/// How far a key seeks.
const SEEK_MS: i64 = 1000;

/// Does what `action` says with the chosen clip.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    if app.theme.is_plain() || app.depth < Depth::Ansi256 {
        app.say("pictures need 256 colours, which this terminal has not; o opens the clip", true);
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
    // Where the preview is not on the screen, the whole terminal is.
    let seen = layout::panes(app).iter().any(|(spot, _)| *spot == Spot::Pane(Pane::Preview));
    app.zoomed |= !seen || action == Action::Zoom;
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

/// Has the chosen clip in the player; none where there is no clip.
fn load(app: &mut App) -> Option<Vec<Effect>> {
    let entry = app.entry()?;
    let path = app.data_dir.join(&entry.job.files().next()?.path);
    let there = app.player.as_ref().is_some_and(|player| player.reels[0].path == path);
    if there {
        return Some(Vec::new());
    }
    app.films += 1;
    let finest = if app.depth == Depth::True { Rung::Full } else { Rung::Indexed };
    let mut pace = Pace::new(finest, app.far, app.now);
    let mut looping = true;
    let mut playing = false;
    if let Some(before) = &app.player {
        // What the link proved with one clip holds for the next.
        pace = before.pace.clone();
        (looping, playing) = (before.looping, before.is_playing());
    }
    let mut player = Player::new(vec![path.clone()], app.films, pace, app.now);
    player.looping = looping;
    if playing {
        player.toggle(app.now);
    }
    app.player = Some(player);
    Some(vec![load_film(app, vec![path])])
}

/// Frames as large as they can be on this terminal, so that a larger place needs no others.
fn load_film(app: &App, paths: Vec<std::path::PathBuf>) -> Effect {
    let (columns, rows) = app.size;
    let max_px = (u32::from(columns), u32::from(rows) * 2);
    Effect::LoadFilm { generation: app.films, paths, max_px }
}

/// Takes in what was decoded.
pub(super) fn take(app: &mut App, generation: u64, reel: usize, part: Part) {
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
    if app.player.is_some()
        && let Some(player) = &mut app.player
    {
        player.pace.answered(now);
    }
}

/// Puts on the screen what is due; another clip where another was chosen.
pub(super) fn advance(app: &mut App) -> Vec<Effect> {
    let Some(player) = &app.player else { return Vec::new() };
    let chosen = app.entry().and_then(|entry| entry.job.files().next());
    let path = chosen.map(|file| app.data_dir.join(&file.path));
    let mut effects = Vec::new();
    if path.as_deref() != Some(&player.reels[0].path) {
        if !player.is_playing() || path.is_none() {
            app.player = None;
            return vec![Effect::DropFilm];
        }
        effects = load(app).unwrap_or_default();
    }
    let Some(area) = preview_view::picture_area(&app.seen()) else { return effects };
    let now = app.now;
    let Some(player) = &mut app.player else { return effects };
    if player.advance(&[(area.width, area.height)], now) {
        effects.push(Effect::Ask);
    }
    effects
}
