//! A thousand damaged clips, looked at in every way that the program has: as facts, as a poster, as a contact
//! sheet, and played from end to end. None may panic, hang, or take much memory; the test is alone in its
//! program so that the memory is its own.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rushes::media::decode::Clip;
use rushes::media::picture::Bounds;
use rushes::media::{mp4, poster, sheet};

const FILES: usize = 1000;
/// No file may take longer, on a busy machine and without optimisation.
const MAX_TIME: Duration = Duration::from_secs(20);
/// The most that may ever be in memory, where a frame that claims to be of 4096x2304 alone has 14 MB.
const MAX_MEMORY_KIB: u64 = 128 << 10;
/// A terminal's worth of half blocks.
const PLACE: Bounds = Bounds { width_px: 100, height_px: 60 };
/// Smaller than the program's own, since pixels take long without optimisation.
const TILE_PX: u32 = 40;
/// The boxes of an index whose sizes and counts are made to lie.
const BOXES: [&[u8; 4]; 16] = [
    b"moov", b"trak", b"mdia", b"stbl", b"stsd", b"avcC", b"stsz", b"stts", b"stco", b"stsc",
    b"ctts", b"stss", b"moof", b"trun", b"tkhd", b"mdat",
];
const LIES: [u32; 8] = [0, 1, 7, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0100_0000, 65536];

#[test]
fn a_thousand_damaged_clips_neither_panic_nor_hang_nor_fill_the_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let clips = clips();
    let (next, pictures) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = &|worker: usize| {
        let path = folder.path().join(format!("{worker}.mp4"));
        loop {
            let round = next.fetch_add(1, Ordering::Relaxed);
            if round >= FILES {
                return;
            }
            fs::write(&path, damaged(&clips, round)).expect("written");
            pictures.fetch_add(look(&path, &format!("round {round}")), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        let workers = [0, 1].map(|worker| scope.spawn(move || work(worker)));
        workers.into_iter().for_each(|worker| worker.join().expect("all rounds end well"));
    });
    // Else all would have been refused at the door.
    let pictures = pictures.into_inner();
    assert!(pictures > FILES, "{pictures} frames were decoded");
    let path = folder.path().join("clip.mp4");
    for (name, head, bytes) in without_end() {
        fs::write(&path, head).expect("written");
        let file = File::options().write(true).open(&path).expect("the file");
        // A hole in the file takes no room on the disk.
        file.set_len(bytes).expect("a length");
        assert_eq!(look(&path, name), 0, "{name}");
    }
}

/// Every clip beside this test, some with what an encoder seldom writes.
fn clips() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clips");
    let files = fs::read_dir(folder).expect("the clips").map(|file| file.expect("a clip").path());
    let mut files: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|end| end == "mp4" || end == "mov"))
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a clip")).collect()
}

/// Looks at a file in all ways; how many frames could be played.
fn look(path: &Path, name: &str) -> usize {
    let began = Instant::now();
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let go_on = AtomicBool::new(false);
        let mut file = File::open(path).expect("the file");
        let bytes = file.metadata().expect("a size").len();
        drop(mp4::facts(&mut file, bytes));
        drop(poster::poster(path, PLACE.width_px, PLACE.height_px, &go_on));
        let tiles = poster::sheet(path, sheet::SHEET_TILES, TILE_PX, &go_on);
        drop(tiles.ok().and_then(|tiles| sheet::composed(&tiles)));
        let mut frames = 0;
        let Ok(mut clip) = Clip::open(path) else { return 0 };
        let all: Vec<usize> = (0..clip.frames()).collect();
        let _ = clip.visit(&all, PLACE, &go_on, |_, picture| {
            assert!(picture.width_px <= PLACE.width_px && picture.height_px <= PLACE.height_px);
            assert_eq!(picture.rgb.len() as u32, picture.width_px * picture.height_px * 3);
            frames += 1;
            ControlFlow::Continue(())
        });
        frames
    }));
    let (took, memory) = (began.elapsed(), most_memory_kib());
    assert!(took < MAX_TIME, "{name} took {took:?}");
    assert!(memory < MAX_MEMORY_KIB, "{name} took {memory} KiB of memory");
    looked.unwrap_or_else(|_| panic!("{name} panicked"))
}

/// The most that was ever in memory; 0 where the system does not tell it.
fn most_memory_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Knuth's MMIX generator, of which the upper half is good.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// One of the clips with a damage, the same each time.
fn damaged(clips: &[Vec<u8>], round: usize) -> Vec<u8> {
    let mut dice = Dice(round as u64);
    let mut clip = clips[round % clips.len()].clone();
    let at = dice.below(clip.len());
    match round / clips.len() % 8 {
        0 => clip.truncate(at),
        1 => clip[at] ^= 1 << dice.below(8),
        2 => (0..16).for_each(|_| flip(&mut clip, &mut dice)),
        3 => {
            let end = (at + 1 + dice.below(2000)).min(clip.len());
            clip[at..end].fill([0, 0xff][dice.below(2)]);
        }
        // The size of a box, then a count or an entry in one.
        4 => lie(&mut clip, &mut dice, |_| 0),
        5 => lie(&mut clip, &mut dice, |dice| 8 + 4 * dice.below(4)),
        6 => lie(&mut clip, &mut dice, |dice| 8 + dice.below(120)),
        _ => {
            let other = &clips[dice.below(clips.len())];
            let start = dice.below(other.len());
            let end = (start + dice.below(4000)).min(other.len());
            drop(clip.splice(at..at, other[start..end].iter().copied()));
        }
    }
    clip
}

fn flip(clip: &mut [u8], dice: &mut Dice) {
    clip[dice.below(clip.len())] ^= 1 << dice.below(8);
}

/// Writes another number into one of the boxes, so far behind its start.
fn lie(clip: &mut [u8], dice: &mut Dice, place: impl Fn(&mut Dice) -> usize) {
    let kind = BOXES[dice.below(BOXES.len())];
    let Some(at) = clip.windows(4).position(|four| four == kind) else {
        return flip(clip, dice);
    };
    let place = at - 4 + place(dice);
    if let Some(field) = clip.get_mut(place..place + 4) {
        field.copy_from_slice(&LIES[dice.below(LIES.len())].to_be_bytes());
    }
}

/// Files that are nearly nothing but a length: name, first bytes, and how long they are.
fn without_end() -> [(&'static str, &'static [u8], u64); 6] {
    const HUGE: u64 = 3 << 30;
    [
        ("an empty file", b"", 0),
        ("zeros", b"", 1 << 20),
        ("endless zeros", b"", HUGE),
        ("an endless box", b"\0\0\0\x08ftyp\0\0\0\0mdat", HUGE),
        ("an endless index", b"\0\0\0\x08ftyp\0\0\0\0moov", HUGE),
        (
            "more than endless",
            b"\0\0\0\x08ftyp\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff",
            HUGE,
        ),
    ]
}
