//! Frames against ffmpeg's: the hashes beside the clips are of its raw output.

use std::io::Cursor;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::*;

/// The clips that are shown, each of another kind.
const SOUND: [&str; 6] =
    ["high.mp4", "black.mp4", "slices.mov", "cavlc.mp4", "turned.mov", "fragmented.mp4"];
const SMALL: Bounds = Bounds { width_px: 48, height_px: 48 };

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clips").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect("the fixture is there")
}

/// Every frame in the order shown, as the first 16 digits of a SHA-256 of its planes.
fn hashes<R: Read + Seek>(clip: &mut Clip<R>) -> Vec<String> {
    let mut pass = Pass::new(&clip.avc).expect("the headers are sound");
    let mut all: Vec<String> = vec![String::new(); clip.frames()];
    let shown = clip.track.shown.clone();
    for sample in 0..clip.frames() {
        let frame = clip.decode(&mut pass, sample, true).expect("the frame is sound");
        let frame = frame.expect("a wanted frame is decoded");
        let hash = Sha256::new().chain_update(&frame.y).chain_update(&frame.u);
        let hash = hash.chain_update(&frame.v).finalize();
        let place = shown.iter().position(|other| other.sample == sample).expect("it is shown");
        all[place] = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    }
    all
}

#[test]
fn every_frame_is_ffmpegs_to_the_bit() {
    for name in SOUND {
        let mut clip = Clip::open(&fixture(name)).expect("the clip opens");
        let expected = std::fs::read_to_string(fixture(&format!("{name}.frames")));
        let expected = expected.expect("the hashes are there");
        let expected: Vec<&str> = expected.lines().collect();
        assert_eq!(hashes(&mut clip), expected, "{name}");
    }
}

/// A clip cut without encoding it anew: the frames before the cut are there, and nobody is to see them.
#[test]
fn the_first_frame_of_a_cut_clip_is_the_first_that_is_seen() {
    let mut cut = bytes("high.mp4");
    let whole = Clip::open(&fixture("high.mp4")).expect("the clip opens");
    let skipped = whole.track.timescale / 24 * 10;
    let list = cut.windows(4).position(|word| word == b"elst").expect("an edit list");
    // Version, count and length lie before the place where it begins.
    let start = &mut cut[list + 16..list + 20];
    let now = u32::from_be_bytes(start.try_into().expect("four bytes"));
    start.copy_from_slice(&(now + skipped).to_be_bytes());
    let mut clip = Clip::new(Cursor::new(cut)).expect("the clip opens");
    assert_eq!((whole.frames(), clip.frames()), (36, 26));
    assert_eq!((clip.shown_at_ms(0), clip.shown_at_ms(24)), (Some(0), Some(1000)));
    let go_on = AtomicBool::new(false);
    let seen = [clip.first_frame(SMALL, &go_on), clip.last_frame(SMALL, &go_on)];
    let seen = seen.map(|frame| frame.expect("the clip is sound"));
    let expected = frames_wanted("high.mp4", &[10, 35]);
    assert_eq!(seen.to_vec(), expected.into_iter().map(|(_, one)| one).collect::<Vec<_>>());
    let facts = &clip.track.facts;
    assert_eq!((facts.frames, facts.duration_ms, facts.frame_rate), (26, 1083, (24, 1)));
}

fn frames_wanted(name: &str, wanted: &[usize]) -> Vec<(usize, Picture)> {
    let mut clip = Clip::open(&fixture(name)).expect("the clip opens");
    let mut seen = Vec::new();
    let visited = clip.visit(wanted, SMALL, &AtomicBool::new(false), |frame, picture| {
        seen.push((frame, picture));
        ControlFlow::Continue(())
    });
    visited.expect("the clip is sound");
    seen
}

#[test]
fn frames_come_in_the_order_they_are_shown_in_and_do_not_depend_on_what_was_skipped() {
    for name in ["high.mp4", "black.mp4", "fragmented.mp4"] {
        let count = Clip::open(&fixture(name)).expect("the clip opens").frames();
        let all = frames_wanted(name, &(0..count).collect::<Vec<_>>());
        assert_eq!(
            all.iter().map(|(frame, _)| *frame).collect::<Vec<_>>(),
            (0..count).collect::<Vec<_>>()
        );
        for wanted in [vec![count - 1], vec![7, 20, 3, 20], vec![count / 2, 900]] {
            let some = frames_wanted(name, &wanted);
            let mut expected: Vec<_> = all.clone();
            expected.retain(|(frame, _)| wanted.contains(frame));
            assert_eq!(some, expected, "{name} {wanted:?}");
        }
    }
}

#[test]
fn a_visit_ends_when_the_visitor_or_the_flag_says_so() {
    let mut clip = Clip::open(&fixture("high.mp4")).expect("the clip opens");
    let mut seen = 0;
    let stopped = clip.visit(&[0, 1, 2, 3], SMALL, &AtomicBool::new(false), |_, _| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(stopped.is_ok());
    assert_eq!(seen, 2);
    let raised = clip.first_frame(SMALL, &AtomicBool::new(true));
    assert!(matches!(raised, Err(DecodeError::Cancelled)));
}

#[test]
fn times_are_counted_from_the_first_frame_shown() {
    let mut clip = Clip::open(&fixture("high.mp4")).expect("the clip opens");
    assert_eq!(
        (clip.frames(), clip.shown_at_ms(0), clip.shown_at_ms(24)),
        (36, Some(0), Some(1000))
    );
    assert_eq!(clip.shown_at_ms(36), None);
    assert_eq!([0, 40, 42, 999, 1000, 99_999].map(|ms| clip.frame_at(ms)), [0, 0, 1, 23, 24, 35]);
    let go_on = AtomicBool::new(false);
    let ends = clip.frames_at(&[0, 99_999], SMALL, &go_on).expect("the clip is sound");
    assert_eq!(ends[0], clip.first_frame(SMALL, &go_on).expect("the clip is sound"));
    assert_eq!(ends[1], clip.last_frame(SMALL, &go_on).expect("the clip is sound"));
    assert_ne!(ends[0], ends[1]);
}

#[test]
fn a_picture_is_upright_and_within_its_box() {
    let wide = frames_wanted("high.mp4", &[0]);
    assert_eq!((wide[0].1.width_px, wide[0].1.height_px), (48, 27));
    let turned = frames_wanted("turned.mov", &[0]);
    assert_eq!((turned[0].1.width_px, turned[0].1.height_px), (27, 48));
    let mut clip = Clip::open(&fixture("high.mp4")).expect("the clip opens");
    let large = Bounds { width_px: 9999, height_px: 9999 };
    let whole = clip.first_frame(large, &AtomicBool::new(false)).expect("the clip is sound");
    assert_eq!((whole.width_px, whole.height_px, whole.rgb.len()), (162, 90, 162 * 90 * 3));
}

#[test]
fn what_cannot_be_shown_is_refused_by_its_name() {
    let cases = [
        ("hevc.mp4", "hevc can't be shown here; open it in a player"),
        ("ten_bit.mp4", "10-bit h264 can't be shown here; open it in a player"),
    ];
    for (name, sentence) in cases {
        let Err(error) = Clip::open(&fixture(name)) else {
            panic!("{name} opens");
        };
        assert_eq!(error.to_string(), sentence);
    }
    assert!(matches!(Clip::new(Cursor::new(b"no clip")), Err(DecodeError::Container(_))));
}

/// Every way of getting pictures out of some bytes; the answer may be any but a panic.
fn try_all(bytes: &[u8]) -> usize {
    let go_on = AtomicBool::new(false);
    let Ok(mut clip) = Clip::new(Cursor::new(bytes)) else {
        return 0;
    };
    let (mut pictures, count) = (0, clip.frames().min(60));
    let every: Vec<usize> = (0..count).collect();
    let _ = clip.visit(&every, SMALL, &go_on, |_, _| {
        pictures += 1;
        ControlFlow::Continue(())
    });
    pictures
}

#[test]
fn a_clip_that_was_cut_off_shows_the_frames_it_has() {
    // Its index comes first.
    let whole = bytes("high.mp4");
    assert_eq!(try_all(&whole), 36);
    let part = try_all(&whole[..whole.len() / 2]);
    assert!((1..36).contains(&part), "{part}");
}

#[test]
fn a_damaged_frame_costs_those_up_to_the_next_start() {
    let mut broken = bytes("black.mp4");
    let clip = Clip::new(Cursor::new(&broken)).expect("the clip opens");
    let samples = &clip.track.samples;
    let starts: Vec<usize> = (0..clip.frames()).filter(|&at| samples[at].is_sync).collect();
    let hurt = starts[1] + 1;
    let lost = starts[2] - hurt;
    // A length that no frame has.
    let at = samples[hurt].offset as usize;
    broken[at] = 0xff;
    assert_eq!(try_all(&broken), 48 - lost);
}

/// Two frames that are each nearly the whole file would be 180,000 in another one, which takes hours to read.
#[test]
fn frames_that_lie_over_each_other_are_refused() {
    let clip = Clip::open(&fixture("high.mp4")).expect("the clip opens");
    let size_bytes = clip.size_bytes;
    assert!(!overlaps(&clip.track.samples, size_bytes));
    let mut samples = clip.track.samples[..2].to_vec();
    for sample in &mut samples {
        sample.size_bytes = size_bytes as u32 - sample.offset as u32;
    }
    assert!(overlaps(&samples, size_bytes));
    // What reaches past the end of a file that was cut off is not read.
    assert!(!overlaps(&samples, size_bytes - 1));
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let error = Clip::open(&fixture("")).err().expect("a folder is no clip");
    assert!(matches!(error, DecodeError::Io(_)) && error.to_string().contains("not a file"));
}

#[test]
fn a_panic_of_the_decoder_is_an_error() {
    assert!(!panic_is_caught());
    assert_eq!(guarded(panic_is_caught), Some(true));
    assert_eq!(guarded(|| assert!(!panic_is_caught(), "as it should")), None);
    assert!(!panic_is_caught());
}

#[test]
fn damaged_clips_never_panic() {
    torture(40);
}

#[test]
#[ignore = "minutes; for a new version of the decoder"]
fn damaged_clips_never_panic_at_length() {
    torture(4000);
}

/// Damages every clip in as many ways, always the same.
fn torture(rounds: usize) {
    for name in SOUND.into_iter().chain(["ten_bit.mp4"]) {
        let whole = bytes(name);
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 11) as usize % below
        };
        for round in 0..rounds {
            let mut broken = whole.clone();
            match round % 4 {
                0 => broken.truncate(random(whole.len())),
                1 => broken[random(whole.len())] ^= 1 << random(8),
                2 => (0..8).for_each(|_| broken[random(whole.len())] ^= 1 << random(8)),
                _ => {
                    let at = random(whole.len());
                    let end = (at + 1 + random(6)).min(whole.len());
                    let byte = if random(2) == 0 { 0xff } else { random(256) as u8 };
                    broken[at..end].fill(byte);
                }
            }
            try_all(&broken);
        }
    }
}
