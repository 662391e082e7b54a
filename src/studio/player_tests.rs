use super::*;
use crate::domain::sample::noon;
use crate::media::film;

/// How large the places of the clips are.
const SIZES: [(u16, u16); 2] = [(8, 4); 2];

fn at(ms: i64) -> Timestamp {
    noon().checked_add(SignedDuration::from_millis(ms)).expect("near noon")
}

/// A player of clips with so many frames, 40 ms apart, each of which has come.
fn player(counts: &[u64]) -> Player {
    let pace = Pace::new(Rung::Full, false, noon());
    let paths = counts.iter().map(|count| format!("/{count}.mp4").into()).collect();
    let mut player = Player::new(paths, Generation::from(1), pace, noon());
    for (reel, count) in counts.iter().enumerate() {
        player.take(reel, film::times((0..*count).map(|frame| frame * 40).collect()));
        (0..*count).for_each(|frame| player.take(reel, frame_part(frame)));
        player.take(reel, Part::End(None));
    }
    player
}

/// A frame whose grey is its number.
fn frame_part(frame: u64) -> Part {
    let rgb = vec![frame as u8; 4 * 2 * 3];
    Part::Frame(frame as usize, Picture { width_px: 4, height_px: 2, rgb })
}

/// The frames that are on the screen at `ms`; the terminal answers at once.
fn seen(player: &mut Player, ms: i64) -> Vec<u8> {
    if player.advance(&SIZES, at(ms)) {
        player.pace.answered(at(ms));
    }
    let grey = |reel| player.picture(reel).map_or(u8::MAX, |picture| picture.rgb[0]);
    (0..player.reels.len()).map(grey).collect()
}

#[test]
fn time_decides_which_frame_is_seen() {
    let mut player = player(&[10]);
    assert_eq!(seen(&mut player, 500), [0], "nothing moves before it is played");
    player.toggle(at(1000));
    assert_eq!([1000, 1039, 1040, 1390].map(|ms| seen(&mut player, ms)[0]), [0, 0, 1, 9]);
    assert_eq!(seen(&mut player, 1400), [0], "and again");
    player.toggle(at(1490));
    assert_eq!(seen(&mut player, 9000), [2], "paused where it was");
    player.toggle(at(10_000));
    assert_eq!(seen(&mut player, 10_040), [3], "and on from there");
}

#[test]
fn a_clip_that_does_not_go_round_ends_at_its_last_frame_and_begins_again_when_played() {
    let mut player = player(&[10]);
    player.looping = false;
    player.toggle(at(0));
    assert_eq!(seen(&mut player, 5000), [9]);
    assert!(!player.is_playing());
    player.toggle(at(6000));
    assert_eq!(seen(&mut player, 6040), [1]);
}

#[test]
fn a_clip_that_went_round_plays_on_to_its_end_when_it_is_told_not_to() {
    let mut player = player(&[10]);
    player.toggle(at(0));
    assert_eq!(seen(&mut player, 3 * 400 + 80), [2], "in its fourth round");
    player.toggle_loop(at(3 * 400 + 80));
    assert_eq!(seen(&mut player, 3 * 400 + 120), [3]);
    assert!(player.is_playing());
    assert_eq!(seen(&mut player, 4 * 400), [9]);
    assert!(!player.is_playing());
}

#[test]
fn steps_pause_and_stop_at_both_ends() {
    let mut player = player(&[10]);
    player.toggle(at(0));
    seen(&mut player, 200);
    player.step(1, at(210));
    assert!(!player.is_playing());
    assert_eq!(seen(&mut player, 5000), [6]);
    player.step(-1, at(5000));
    assert_eq!(seen(&mut player, 5000), [5]);
    player.step(-99, at(5000));
    assert_eq!(seen(&mut player, 5000), [0]);
    player.step(99, at(5000));
    assert_eq!(seen(&mut player, 5000), [9]);
}

#[test]
fn seeking_goes_on_playing_and_never_leaves_the_clip() {
    let mut player = player(&[100]);
    player.toggle(at(0));
    player.seek(2000, at(80));
    assert_eq!(seen(&mut player, 80), [52]);
    assert_eq!(seen(&mut player, 120), [53]);
    player.seek(-10_000, at(120));
    assert_eq!(seen(&mut player, 120), [0]);
    player.seek(10_000, at(120));
    assert_eq!(seen(&mut player, 120), [99]);
}

#[test]
fn half_speed_takes_twice_as_long() {
    let mut player = player(&[10]);
    player.toggle(at(0));
    assert_eq!(seen(&mut player, 80), [2]);
    player.toggle_half(at(80));
    assert_eq!(seen(&mut player, 240), [4]);
    player.toggle_half(at(240));
    assert_eq!(seen(&mut player, 280), [5]);
}

#[test]
fn two_clips_have_one_clock_and_the_shorter_one_stays_at_its_end() {
    let mut player = player(&[5, 10]);
    player.toggle(at(0));
    assert_eq!(seen(&mut player, 120), [3, 3]);
    assert_eq!(seen(&mut player, 320), [4, 8]);
    assert_eq!(seen(&mut player, 440), [1, 1]);
}

#[test]
fn what_is_not_decoded_yet_is_waited_for_and_nothing_is_left_out() {
    let mut player = Player::new(
        vec!["/a".into()],
        Generation::from(1),
        Pace::new(Rung::Full, false, noon()),
        at(0),
    );
    player.toggle(at(0));
    assert_eq!((seen(&mut player, 0), player.is_waiting()), (vec![u8::MAX], true));
    player.take(0, film::times((0..100).map(|frame| frame * 40).collect()));
    (0..5).for_each(|frame| player.take(0, frame_part(frame)));
    assert_eq!((seen(&mut player, 400), player.is_waiting()), (vec![0], true), "too few");
    assert_eq!(player.next_at(at(400)), None, "frames wake it up");
    (5..12).for_each(|frame| player.take(0, frame_part(frame)));
    assert_eq!((seen(&mut player, 500), player.is_waiting()), (vec![0], false));
    assert_eq!(seen(&mut player, 940), [11]);
    assert_eq!((seen(&mut player, 5000), player.is_waiting()), (vec![11], true), "again too few");
    (12..100).for_each(|frame| player.take(0, frame_part(frame)));
    player.take(0, Part::End(None));
    seen(&mut player, 6000);
    assert_eq!(seen(&mut player, 6040), [12], "on from where it waited, or one frame further");
}

#[test]
fn a_clip_without_a_single_frame_stops_instead_of_waiting_for_ever() {
    let mut player = Player::new(
        vec!["/a".into()],
        Generation::from(1),
        Pace::new(Rung::Full, false, noon()),
        at(0),
    );
    player.toggle(at(0));
    player.take(0, Part::End(Some("it is damaged".to_owned())));
    assert!(!player.advance(&SIZES, at(100)));
    assert!(
        !player.is_playing() && player.picture(0).is_none() && player.next_at(at(100)).is_none()
    );
}

/// Law 6: it wakes up for the next frame, and for nothing where nothing moves.
#[test]
fn it_sleeps_until_the_next_frame_is_due() {
    let mut player = player(&[10]);
    assert_eq!(player.next_at(at(0)), None);
    player.toggle(at(0));
    seen(&mut player, 10);
    assert_eq!(player.next_at(at(10)), Some(at(40)));
    player.toggle_half(at(20));
    assert_eq!(player.next_at(at(20)), Some(at(60)));
    player.toggle(at(30));
    assert_eq!(player.next_at(at(30)), None);
}

#[test]
fn frames_wait_for_the_terminal_and_the_newest_that_is_due_comes_next() {
    let mut player = player(&[50]);
    player.toggle(at(0));
    let mut asked = 0;
    for ms in (0..900).step_by(10) {
        asked += u32::from(player.advance(&SIZES, at(ms)));
    }
    assert_eq!(asked, 2, "nobody answers");
    player.pace.answered(at(900));
    assert!(player.advance(&SIZES, at(900)));
    assert_eq!(player.picture(0).map(|picture| picture.rgb[0]), Some(22));
}

#[test]
fn what_stands_is_shown_in_full_after_a_rest_whatever_the_link() {
    let pace = Pace::new(Rung::Full, true, noon());
    let mut player = Player { pace, ..player(&[10]) };
    player.toggle(at(0));
    seen(&mut player, 40);
    assert_eq!(player.rung(), Rung::Indexed);
    player.toggle(at(80));
    seen(&mut player, 90);
    assert_eq!((player.rung(), player.next_at(at(90))), (Rung::Indexed, Some(at(1080))));
    seen(&mut player, 1080);
    assert_eq!((player.rung(), player.next_at(at(1080))), (Rung::Full, None));
    player.step(1, at(1200));
    seen(&mut player, 1200);
    assert_eq!(player.rung(), Rung::Indexed, "steps come as quickly as frames");
}

/// A key that is held down asks for more steps than a slow link can show.
#[test]
fn steps_wait_for_the_terminal_like_frames() {
    let mut player = player(&[50]);
    let mut asked = 0;
    for ms in (0..300).step_by(30) {
        player.step(1, at(ms));
        asked += u32::from(player.advance(&SIZES, at(ms)));
    }
    assert_eq!(asked, 2, "nobody answers");
    assert!(player.next_at(at(300)).is_some(), "it is not forgotten");
    player.pace.answered(at(310));
    assert!(player.advance(&SIZES, at(310)));
    assert_eq!(player.picture(0).map(|picture| picture.rgb[0]), Some(10));
}

/// Law 6: a terminal that owes its answers for ever is neither waited for nor asked again and again.
#[test]
fn steps_go_on_where_the_terminal_never_answers() {
    let mut player = player(&[50]);
    for ms in [0, 30, 60] {
        player.step(1, at(ms));
        player.advance(&SIZES, at(ms));
    }
    assert_eq!(player.next_at(at(60)), Some(at(1000)), "the third one waits");
    assert!(player.advance(&SIZES, at(1000)), "and is shown all the same");
    assert!(player.next_at(at(1000)).is_none_or(|next| next > at(1000)));
}

/// Law 6: what nobody sees wakes nobody, and says nothing about the link.
#[test]
fn what_has_no_place_on_the_screen_is_not_waited_for() {
    let mut player = player(&[50]);
    player.toggle(at(0));
    for ms in [0, 40, 80] {
        player.advance(&SIZES, at(ms));
    }
    assert!(!player.advance(&[], at(100)));
    assert_eq!(player.next_at(at(5000)), None);
    player.pace.answered(at(5000));
    player.pace.answered(at(5000));
    assert!(player.advance(&SIZES, at(60_000)), "it is back");
    assert_eq!(player.pace.rung(), Rung::Full);
}

/// Law 6: a clip of a single frame has hardly any length to go round in.
#[test]
fn a_clip_of_one_frame_does_not_go_round_all_the_time() {
    let mut player = player(&[1]);
    player.toggle(at(0));
    let (mut now, mut wakes) = (at(0), 0);
    while let Some(next) = player.next_at(now).filter(|next| *next < at(1000)) {
        (now, wakes) = (next, wakes + 1);
        player.advance(&SIZES, now);
    }
    assert!(wakes <= 200, "{wakes} times in a second");
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut player = player(&[50]);
    player.toggle(at(10_000));
    assert_eq!(seen(&mut player, 10_040), [1]);
    player.advance(&SIZES, at(10_080));
    // The answer to a frame of later than now.
    player.pace.answered(at(0));
    assert_eq!(seen(&mut player, 0), [0]);
    assert_eq!(player.next_at(at(0)), Some(at(40)));
    assert_eq!(seen(&mut player, 40), [1]);
}
