use super::*;
use crate::domain::sample::noon;

/// A link with so much delay there and back, which carries so many bytes a second and keeps what it can't carry
/// yet, as sshd does.
struct Link {
    round_trip_ms: i64,
    bytes_per_s: i64,
    free_at_ms: i64,
    answers: VecDeque<i64>,
}

/// What a clip of 24 frames a second came to over such a link: frames of the last ten seconds, the longest wait
/// for an answer among them in milliseconds, and the rung.
fn played(
    pace: &mut Pace,
    link: &mut Link,
    frame_bytes: [i64; 7],
    seconds: i64,
) -> (u32, i64, Rung) {
    let gap = SignedDuration::from_millis(42);
    let at = |ms: i64| noon().checked_add(SignedDuration::from_millis(ms)).expect("near noon");
    let (mut shown, mut longest) = (0, 0);
    let mut sent = VecDeque::new();
    for ms in 0..seconds * 1000 {
        while link.answers.front().is_some_and(|answer| *answer <= ms) {
            link.answers.pop_front();
            let since = sent.pop_front().unwrap_or(ms);
            if ms > (seconds - 10) * 1000 {
                longest = longest.max(ms - since);
            }
            pace.answered(at(ms));
        }
        pace.look(gap, at(ms));
        let due = ms % 42 == 0 && pace.rung() != Rung::Still;
        if due && pace.may_show_at(at(ms)).is_some_and(|may| may <= at(ms)) {
            pace.shown(at(ms));
            shown += u32::from(ms > (seconds - 10) * 1000);
            let bytes = frame_bytes[pace.rung() as usize];
            link.free_at_ms = link.free_at_ms.max(ms) + bytes * 1000 / link.bytes_per_s;
            if link.round_trip_ms < i64::MAX {
                link.answers.push_back(link.free_at_ms + link.round_trip_ms);
                sent.push_back(ms);
            }
        }
    }
    (shown / 10, longest, pace.rung())
}

/// Bytes a frame at 100x30 on grainy footage, by rung.
const BYTES: [i64; 7] = [100_000, 66_000, 50_000, 14_000, 9_000, 5_000, 5_000];

fn link(round_trip_ms: i64, mbit_per_s: i64) -> Link {
    let bytes_per_s = mbit_per_s * 1_000_000 / 8;
    Link { round_trip_ms, bytes_per_s, free_at_ms: 0, answers: VecDeque::new() }
}

#[test]
fn a_quick_link_gets_every_frame_in_every_colour() {
    let mut pace = Pace::new(Rung::Full, false, noon());
    let (rate, longest, rung) = played(&mut pace, &mut link(1, 1000), BYTES, 20);
    assert_eq!((rate, rung), (23, Rung::Full));
    assert!(longest < 10, "{longest} ms");
}

#[test]
fn a_quick_link_that_is_far_away_climbs_to_every_colour() {
    let mut pace = Pace::new(Rung::Full, true, noon());
    assert_eq!(pace.rung(), Rung::Indexed, "at first");
    let (rate, longest, rung) = played(&mut pace, &mut link(150, 100), BYTES, 60);
    assert!(rate >= 22 && rung == Rung::Full, "{rate} a second, {rung:?}");
    assert!(longest < 250, "{longest} ms");
}

/// At 1 Mbit/s at least 8 frames a second in 256 colours, and what is on its way never makes a key wait.
#[test]
fn a_slow_link_gets_motion_and_no_backlog() {
    for (round_trip_ms, most_ms) in [(1, 300), (50, 300), (200, 400)] {
        let mut pace = Pace::new(Rung::Full, true, noon());
        let (rate, longest, rung) = played(&mut pace, &mut link(round_trip_ms, 1), BYTES, 60);
        assert!(rate >= 8, "{rate} a second with {round_trip_ms} ms");
        assert!(matches!(rung, Rung::Indexed | Rung::Reduced), "{rung:?}");
        assert!(longest - round_trip_ms <= most_ms, "{longest} ms with {round_trip_ms} ms");
    }
}

#[test]
fn a_link_that_was_taken_for_quick_is_found_out_within_seconds() {
    let mut pace = Pace::new(Rung::Full, false, noon());
    let (rate, longest, rung) = played(&mut pace, &mut link(30, 1), BYTES, 20);
    assert!(rate >= 8 && rung >= Rung::Indexed, "{rate} a second, {rung:?}");
    assert!(longest < 400, "{longest} ms");
}

#[test]
fn a_link_without_room_for_motion_says_so_and_is_tried_again_when_asked() {
    let mut pace = Pace::new(Rung::Full, true, noon());
    let mut link = Link { bytes_per_s: 1200, ..link(300, 1) };
    let (rate, _, rung) = played(&mut pace, &mut link, BYTES, 60);
    assert_eq!((rate, rung), (0, Rung::Still));
    pace.try_again(noon());
    assert_eq!(pace.rung(), Rung::Slow);
}

#[test]
fn an_answer_to_a_frame_before_a_pause_says_nothing_of_the_one_behind_it() {
    let at = |ms: i64| noon().checked_add(SignedDuration::from_millis(ms)).expect("near noon");
    let mut pace = Pace::new(Rung::Full, false, noon());
    pace.shown(at(0));
    pace.try_again(at(100));
    pace.shown(at(150));
    pace.answered(at(200));
    pace.answered(at(350));
    assert_eq!(pace.quickest, SignedDuration::from_millis(200));
}

#[test]
fn a_mute_terminal_gets_four_frames_a_second_without_being_waited_for() {
    let mut pace = Pace::new(Rung::Full, false, noon());
    let (rate, _, rung) = played(&mut pace, &mut link(i64::MAX, 1000), BYTES, 60);
    assert_eq!((rate, rung), (4, Rung::Indexed));
}

#[test]
fn what_was_tried_and_did_not_hold_is_tried_more_and_more_seldom() {
    let mut pace = Pace::new(Rung::Full, true, noon());
    let mut changes = 0;
    // Exactly enough for 256 colours, not for more.
    let mut slow = link(10, 3);
    for _ in 0..12 {
        let before = pace.rung();
        played(&mut pace, &mut slow, BYTES, 10);
        changes += u32::from(pace.rung() != before);
        (slow.free_at_ms, slow.answers) = (0, VecDeque::new());
        pace.unanswered.clear();
        (pace.last, pace.watch) = (None, Watch::new(noon()));
    }
    assert!(changes <= 6, "{changes} changes in two minutes");
    assert!(pace.patience_s > PATIENCE_S.0);
}

#[test]
fn frames_are_no_coarser_than_motion_needs() {
    for (kbit_per_s, rung, least) in
        [(1000, Rung::Indexed, 8), (700, Rung::Reduced, 8), (250, Rung::Small, 5)]
    {
        let mut pace = Pace::new(Rung::Full, true, noon());
        let mut link = Link { bytes_per_s: kbit_per_s * 1000 / 8, ..link(30, 1) };
        let (rate, _, found) = played(&mut pace, &mut link, BYTES, 60);
        assert_eq!(found, rung, "at {kbit_per_s} kbit/s");
        assert!(rate >= least, "{rate} a second at {kbit_per_s} kbit/s");
    }
}
