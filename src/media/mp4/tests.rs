use std::io::Cursor;

use super::*;

/// A box around its parts.
fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body: Vec<u8> = parts.concat();
    let mut out = (body.len() as u32 + 8).to_be_bytes().to_vec();
    out.extend_from_slice(kind);
    out.extend(body);
    out
}

/// Words of four bytes.
fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

const UPRIGHT: [i32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// A track: its handler and format, one run of `count` frames of `delta` ticks at 1000 a second.
fn track(
    handler: &[u8; 4],
    format: &[u8; 4],
    (count, delta): (u32, u32),
    matrix: [i32; 9],
) -> Vec<u8> {
    let matrix: Vec<u8> = matrix.iter().flat_map(|value| value.to_be_bytes()).collect();
    let head = words(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    let tkhd = boxed(b"tkhd", &[&head, &matrix, &words(&[640 << 16, 360 << 16])]);
    let mdhd = boxed(b"mdhd", &[&words(&[0, 0, 0, 1000, 0, 0])]);
    let hdlr = boxed(b"hdlr", &[&words(&[0, 0]), handler, &words(&[0, 0, 0])]);
    let entry = boxed(format, &[&[0; 24], &[0x02, 0x80, 0x01, 0x68], &[0; 50]]);
    let stsd = boxed(b"stsd", &[&words(&[0, 1]), &entry]);
    let stts = if count == 0 {
        boxed(b"stts", &[&words(&[0, 0])])
    } else {
        boxed(b"stts", &[&words(&[0, 1, count, delta])])
    };
    let stbl = boxed(b"stbl", &[&stsd, &stts]);
    let minf = boxed(b"minf", &[&stbl]);
    let mdia = boxed(b"mdia", &[&mdhd, &hdlr, &minf]);
    boxed(b"trak", &[&tkhd, &mdia])
}

fn file(parts: &[&[u8]]) -> Vec<u8> {
    let ftyp = boxed(b"ftyp", &[b"isom", &words(&[512]), b"isommp41"]);
    [&ftyp, &parts.concat()[..]].concat()
}

fn read(bytes: &[u8]) -> Result<ClipFacts, Mp4Error> {
    facts(&mut Cursor::new(bytes), bytes.len() as u64)
}

fn plain() -> Vec<u8> {
    let video = track(b"vide", b"avc1", (48, 40), UPRIGHT);
    let audio = track(b"soun", b"mp4a", (90, 21), UPRIGHT);
    file(&[&boxed(b"moov", &[&video, &audio]), &boxed(b"mdat", &[&[7; 100]])])
}

#[test]
fn the_facts_of_a_plain_file() {
    let got = read(&plain()).expect("a plain file has facts");
    let want = ClipFacts {
        brand: "isom".into(),
        width_px: 640,
        height_px: 360,
        pose: Pose::default(),
        duration_ms: 1920,
        frames: 48,
        frame_rate: (25, 1),
        video_codec: "h264".into(),
        audio_codec: Some("aac".into()),
    };
    assert_eq!(got, want);
}

#[test]
fn codecs_are_told_by_their_code() {
    let cases = [
        (b"hvc1", "hevc"),
        (b"hev1", "hevc"),
        (b"av01", "av1"),
        (b"vp09", "vp9"),
        (b"ap\x07h", "ap?h"),
    ];
    for (format, name) in cases {
        let moov = boxed(b"moov", &[&track(b"vide", format, (2, 500), UPRIGHT)]);
        let got = read(&file(&[&moov])).expect("a file with one track has facts");
        assert_eq!(got.video_codec, name);
        assert_eq!(got.audio_codec, None);
    }
}

#[test]
fn a_turned_or_mirrored_picture_says_so() {
    let turn = |a: i32, b: i32, c: i32, d: i32| {
        let one = 0x1_0000;
        let matrix = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 0x4000_0000];
        let moov = boxed(b"moov", &[&track(b"vide", b"avc1", (2, 500), matrix)]);
        read(&file(&[&moov])).expect("a turned file has facts").pose
    };
    for (mirrored, [a, b], rotation_deg) in [
        (false, [1, 0], 0),
        (false, [0, 1], 90),
        (false, [-1, 0], 180),
        (false, [0, -1], 270),
        (true, [-1, 0], 0),
        (true, [0, -1], 90),
        (true, [1, 0], 180),
        (true, [0, 1], 270),
    ] {
        let (c, d) = if mirrored { (b, -a) } else { (-b, a) };
        let pose = turn(a, b, c, d);
        assert_eq!((pose.mirrored, pose.rotation_deg), (mirrored, rotation_deg), "{a} {b} {c} {d}");
    }
    assert_eq!(turn(1, 1, -1, 1), Pose::default(), "half a quarter is no turn");
}

/// Frames of 10 ticks; decoded in order, shown as `present` says.
fn sampled(present: &[i64]) -> Vec<samples::Sample> {
    let sample = |(number, &present_ticks): (usize, &i64)| samples::Sample {
        offset: 0,
        size_bytes: 1,
        decode_ticks: number as u64 * 10,
        present_ticks,
        length_ticks: 10,
        is_sync: number == 0,
    };
    present.iter().enumerate().map(sample).collect()
}

/// The edits of a track of 1000 ticks a second in a movie of 100: lengths in the movie's ticks, starts in the
/// track's.
fn edited(list: &[(u32, i32)]) -> Vec<edits::Edit> {
    let entries: Vec<u32> =
        list.iter().flat_map(|&(length, start)| [length, start as u32, 1 << 16]).collect();
    let elst = boxed(b"elst", &[&words(&[0, list.len() as u32]), &words(&entries)]);
    let mvhd = boxed(b"mvhd", &[&words(&[0, 0, 0, 100, 0])]);
    edits::read(&mvhd, &boxed(b"edts", &[&elst]), 1000)
}

#[test]
fn an_edit_list_says_which_frames_are_seen_and_when() {
    let samples = sampled(&[0, 30, 10, 20, 40]);
    for (list, seen, times, length) in [
        (&[][..], &[0, 2, 3, 1, 4][..], &[0, 10, 20, 30, 40][..], None),
        // The first two and the last are not seen.
        (&[(2, 20)], &[3, 1], &[0, 10], Some(20)),
        // Shorter by less than a frame at its beginning.
        (&[(3, 15)], &[3, 1, 4], &[5, 15, 25], Some(30)),
        // Later by 50 ticks, which are no part of it; and longer than there are frames.
        (&[(5, -1), (9, 30)], &[1, 4], &[50, 60], Some(20)),
        // To the end.
        (&[(0, 40)], &[4], &[0], Some(10)),
        // The end first, a gap, then the beginning.
        (&[(1, 40), (2, -1), (2, 0)], &[4, 0, 2], &[0, 30, 40], Some(50)),
        // Beyond all frames: a wrong list hides nothing.
        (&[(2, 900)], &[0, 2, 3, 1, 4], &[0, 10, 20, 30, 40], None),
    ] {
        let edits = edited(list);
        let shown = edits::shown(&edits, &samples);
        assert_eq!(shown.iter().map(|one| one.sample).collect::<Vec<_>>(), seen, "{list:?}");
        assert_eq!(shown.iter().map(|one| one.at_ticks).collect::<Vec<_>>(), times, "{list:?}");
        assert_eq!(edits::length_ticks(&edits, &samples), length, "{list:?}");
    }
}

#[test]
fn a_list_that_shows_everything_again_and_again_ends() {
    let samples = sampled(&(0..10_000).map(|frame| frame * 10).collect::<Vec<_>>());
    let endless = edited(&[(0, 0); 5000]);
    assert!(edits::shown(&endless, &samples).len() <= samples::MAX_LISTED + 1);
}

#[test]
fn fragments_are_summed() {
    let trex = boxed(b"trex", &[&words(&[0, 1, 1, 40, 0, 0])]);
    let mvex = boxed(b"mvex", &[&trex]);
    let moov = boxed(b"moov", &[&track(b"vide", b"avc1", (0, 0), UPRIGHT), &mvex]);
    // One run by the movie's default, one by the fragment's, one frame by frame.
    let by_movie = boxed(
        b"traf",
        &[&boxed(b"tfhd", &[&words(&[0, 1])]), &boxed(b"trun", &[&words(&[0, 10])])],
    );
    let by_fragment = boxed(
        b"traf",
        &[&boxed(b"tfhd", &[&words(&[8, 1, 20])]), &boxed(b"trun", &[&words(&[1, 10, 0])])],
    );
    let by_frame = boxed(
        b"traf",
        &[
            &boxed(b"tfhd", &[&words(&[0, 1])]),
            &boxed(b"trun", &[&words(&[0x301, 2, 0, 100, 9, 300, 9])]),
        ],
    );
    let moofs: Vec<u8> =
        [by_movie, by_fragment, by_frame].iter().flat_map(|traf| boxed(b"moof", &[traf])).collect();
    let got = read(&file(&[&moov, &moofs])).expect("a fragmented file has facts");
    assert_eq!(got.frames, 22);
    assert_eq!(got.duration_ms, 400 + 200 + 400);
}

#[test]
fn what_is_no_clip_is_refused() {
    assert!(matches!(read(b""), Err(Mp4Error::NotMp4)));
    assert!(matches!(read(b"<html><body>no</body></html>"), Err(Mp4Error::NotMp4)));
    assert!(matches!(read(&file(&[])), Err(Mp4Error::Truncated("index"))));
    let sound = boxed(b"moov", &[&track(b"soun", b"mp4a", (2, 500), UPRIGHT)]);
    assert!(matches!(read(&file(&[&sound])), Err(Mp4Error::NoVideo)));
}

#[test]
fn announced_sizes_are_not_believed() {
    let mut huge = file(&[]);
    huge.extend(words(&[0xffff_fff0]));
    huge.extend(b"moov");
    assert!(matches!(read(&huge), Err(Mp4Error::TooLarge("index"))));
    let endless = track(b"vide", b"avc1", (u32::MAX, u32::MAX), UPRIGHT);
    let endless = file(&[&boxed(b"moov", &[&endless])]);
    assert!(matches!(read(&endless), Err(Mp4Error::TooLarge("number of frames"))));
    let empty: Vec<u8> = boxed(b"free", &[]).repeat(MAX_TOP_BOXES);
    assert!(matches!(read(&file(&[&empty])), Err(Mp4Error::TooLarge("list of boxes"))));
}

#[test]
fn every_error_is_a_fragment_of_a_sentence() {
    let errors = [
        Mp4Error::NotMp4,
        Mp4Error::NoVideo,
        Mp4Error::Truncated("index"),
        Mp4Error::Damaged("endless"),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(text.starts_with(char::is_lowercase) && !text.ends_with('.'), "{text}");
    }
}

/// Damages a file in many ways, always the same; the answer may be anything but a panic.
pub(crate) fn torture(whole: &[u8]) {
    let index = whole.len().min(3000);
    for step in 0..300 {
        let _ = read(&whole[..index * step / 300]);
        let mut broken = whole.to_vec();
        let at = (step * 2_654_435_761) % index;
        broken[at] ^= 1 << (step % 8);
        let _ = read(&broken);
        let end = (at + 4).min(broken.len());
        broken[at..end].fill(0xff);
        let _ = read(&broken);
    }
}

#[test]
fn damaged_files_end_in_an_error_or_facts() {
    torture(&plain());
}

#[test]
fn a_file_that_ends_within_a_box_is_cut_and_a_whole_one_is_not() {
    let whole = include_bytes!("../../../tests/fixtures/clips/high.mp4");
    let cut = |length: usize| is_cut(&mut Cursor::new(&whole[..length]), length as u64);
    assert!(!cut(whole.len()));
    // Also where it ends between two boxes, or less than a box's head behind one.
    for length in 9..whole.len() {
        assert!(cut(length), "{length} of {}", whole.len());
    }
}
