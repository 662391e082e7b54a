use std::io::Cursor;

use super::*;
use crate::media::mp4::{ClipFacts, facts};
use crate::media::picture::Pose;

fn spec() -> ClipSpec {
    ClipSpec {
        prompt: "a fox in the snow".into(),
        seed: 7,
        width_px: 160,
        height_px: 96,
        duration_ms: 1000,
        audio: false,
        container: Container::Mp4,
        quality: 70,
        draft: false,
        fps: 24,
        camera_fixed: false,
        first_frame: None,
        last_frame: None,
    }
}

fn rendered(spec: &ClipSpec, threads: usize) -> Vec<u8> {
    render(spec, threads, &AtomicBool::new(false)).expect("the clip renders")
}

fn facts_of(file: &[u8]) -> ClipFacts {
    facts(&mut Cursor::new(file), file.len() as u64).expect("a rendered clip has facts")
}

#[test]
fn a_clip_is_what_was_asked_for() {
    let file = rendered(&spec(), 2);
    let want = ClipFacts {
        brand: "isom".into(),
        width_px: 160,
        height_px: 96,
        pose: Pose::default(),
        duration_ms: 1000,
        frames: 24,
        frame_rate: (24, 1),
        video_codec: "h264".into(),
        audio_codec: None,
    };
    assert_eq!(facts_of(&file), want);
}

/// Held against ffprobe by the tests that need other tools.
#[test]
fn a_webm_has_a_key_frame_for_every_picture_and_an_index_before_them() {
    let webm = ClipSpec { container: Container::Webm, audio: true, ..spec() };
    let file = rendered(&webm, 2);
    assert!(
        file.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
            && file[..100].windows(4).any(|at| at == b"webm")
    );
    let count = |bytes: &[u8]| file.windows(bytes.len()).filter(|at| *at == bytes).count();
    // The sync code and the size of a key frame (RFC 6386, section 9.1).
    assert_eq!(count(&[0x9d, 0x01, 0x2a, 160, 0, 96, 0]), 24);
    assert_eq!((count(b"V_VP8"), count(b"A_VORBIS"), count(b"\x03vorbis")), (1, 1, 1));
    let at = |id: &[u8]| file.windows(4).position(|at| at == id);
    let [cues, cluster] = [[0x1c, 0x53, 0xbb, 0x6b], [0x1f, 0x43, 0xb6, 0x75]].map(|id| at(&id));
    assert!(cues.is_some() && cues < cluster);
    assert!(rendered(&webm, 1) == file, "the same bytes on any number of threads");
    let silent = rendered(&ClipSpec { audio: false, ..webm }, 2);
    assert!(!silent.windows(8).any(|at| at == b"A_VORBIS") && silent.len() < file.len());
}

#[test]
fn the_index_comes_first() {
    let file = rendered(&spec(), 1);
    let at = |kind: &[u8]| file.windows(4).position(|window| window == kind);
    assert!(at(b"moov") < at(b"mdat"));
}

#[test]
fn the_same_request_gives_the_same_bytes_on_any_number_of_threads() {
    let spec = ClipSpec { duration_ms: 3200, audio: true, ..spec() };
    let one = rendered(&spec, 1);
    assert!(one == rendered(&spec, 2));
    assert!(one == rendered(&spec, 5));
    assert_eq!(facts_of(&one).frames, 77);
}

#[test]
fn seed_prompt_and_images_change_the_clip() {
    let plain = rendered(&spec(), 2);
    let others = [
        ClipSpec { seed: 8, ..spec() },
        ClipSpec { prompt: "a fox in the rain".into(), ..spec() },
        ClipSpec { first_frame: Some("a.png".to_owned()), ..spec() },
        ClipSpec { last_frame: Some("a.png".to_owned()), ..spec() },
        ClipSpec { draft: true, ..spec() },
        ClipSpec { camera_fixed: true, ..spec() },
    ];
    for other in others {
        assert!(plain != rendered(&other, 2), "{other:?}");
    }
}

#[test]
fn quality_buys_bytes() {
    let size = |quality| rendered(&ClipSpec { quality, ..spec() }, 2).len();
    assert!(size(20) < size(60) && size(60) < size(99));
    assert_eq!(size(0), size(20));
}

#[test]
fn sound_never_makes_a_clip_longer() {
    let file = rendered(&ClipSpec { audio: true, ..spec() }, 2);
    assert_eq!(facts_of(&file).audio_codec.as_deref(), Some("aac"));
    // The movie header counts milliseconds: version, two dates, scale, duration.
    let at = file.windows(4).position(|window| window == b"mvhd").expect("a movie header") + 4;
    let word = |index: usize| {
        file[at + index * 4..][..4].iter().fold(0_u64, |sum, &b| sum << 8 | u64::from(b))
    };
    assert_eq!(word(4) * 1000 / word(3), 1000);
}

#[test]
fn a_mov_file_is_branded_quicktime() {
    let file = rendered(&ClipSpec { container: Container::Mov, audio: true, ..spec() }, 2);
    let facts = facts_of(&file);
    assert_eq!(facts.brand, "qt  ");
    assert_eq!((facts.frames, facts.duration_ms), (24, 1000));
    assert!(!file[..32].windows(4).any(|brand| brand == b"isom"));
}

#[test]
fn odd_sizes_are_rounded_up_and_others_are_cropped() {
    let odd = ClipSpec { width_px: 147, height_px: 63, duration_ms: 100, ..spec() };
    assert_eq!(odd.size_px(), (148, 64));
    let facts = facts_of(&rendered(&odd, 1));
    assert_eq!((facts.width_px, facts.height_px, facts.frames), (148, 64, 2));
}

#[test]
fn frames_are_rounded_to_the_nearest() {
    let frames = |duration_ms| ClipSpec { duration_ms, ..spec() }.frames();
    assert_eq!(frames(5000), 120);
    assert_eq!(frames(1200), 29);
    assert_eq!(frames(1020), 24);
    assert_eq!(frames(1021), 25);
}

#[test]
fn pieces_cover_the_film_without_gaps() {
    for frames in 1..400 {
        let pieces = pieces(frames);
        assert_eq!(pieces.first().map(|piece| piece.start), Some(0));
        assert_eq!(pieces.last().map(|piece| piece.end), Some(frames));
        assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert!(pieces.iter().all(|piece| !piece.is_empty()));
    }
}

#[test]
fn a_cancelled_render_stops() {
    let result = render(&spec(), 2, &AtomicBool::new(true));
    assert!(matches!(result, Err(RenderError::Cancelled)));
}

#[test]
fn requests_out_of_range_are_refused() {
    let never = AtomicBool::new(false);
    for (width_px, height_px) in [(0, 96), (160, 5000), (u32::MAX, 96)] {
        let spec = ClipSpec { width_px, height_px, ..spec() };
        assert!(matches!(render(&spec, 1, &never), Err(RenderError::Size { .. })));
    }
    for duration_ms in [0, 41, 60_001, u32::MAX] {
        let spec = ClipSpec { duration_ms, ..spec() };
        assert!(matches!(render(&spec, 1, &never), Err(RenderError::Duration { .. })));
    }
}

#[test]
fn a_damaged_clip_ends_in_an_error_or_facts() {
    let whole = rendered(&ClipSpec { audio: true, duration_ms: 500, ..spec() }, 2);
    crate::media::mp4::tests::torture(&whole);
}
