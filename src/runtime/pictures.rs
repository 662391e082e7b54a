//! The pictures of each clip, made once after it was saved: poster, first and last frame, contact sheet.
//!
//! They lie in the data folder under the hash of the clip's content. They are worth nothing but time: whoever
//! finds none, or damaged ones, looks into the clip itself.
//!
//! The pictures of a clip are made after its save was told to the driver, on a thread that stands back behind
//! everything, and are worth nothing but time: a missing or damaged one is read from the clip. They are found by the
//! hash in the sidecar, so that a path is enough to ask for them.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::files::{part_of, remove_old_parts};
use super::image_paths;
use super::private::make_folder;
use super::viewing::{self, Still};
use crate::media::picture::{Bounds, Picture};
use crate::media::sheet;
use crate::media::still;

/// The most that all pictures take together; the oldest go first.
const MAX_BYTES: u64 = 512 << 20;
/// The most clips whose pictures are looked at when old ones go.
const MAX_FOLDERS: usize = 20_000;
/// The most clips that wait for their pictures; of further ones none are made now.
const MAX_WAITING: usize = 64;
/// The largest side of a poster that is kept.
const POSTER_PX: u32 = 960;
/// The largest sidecar, and the largest picture: both are ours, or damaged.
const MAX_SIDECAR_BYTES: u64 = 4 << 20;
const MAX_PICTURE_BYTES: u64 = 64 << 20;
/// How long a program that ends waits for pictures.
const MAX_FINISH: Duration = Duration::from_secs(60);
/// How far the making stands back behind everything else.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// What a picture shows of its clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What stands for the clip, made smaller.
    Poster,
    /// The first frame.
    First,
    /// The last frame.
    Last,
    /// Evenly spread frames.
    Sheet,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Poster, Self::First, Self::Last, Self::Sheet];

    fn file_name(self) -> &'static str {
        match self {
            Self::Poster => "poster.png",
            Self::First => "first.png",
            Self::Last => "last.png",
            Self::Sheet => "sheet.png",
        }
    }
}

/// The kept picture of the clip at `clip`; none where there is none, or it is damaged.
pub fn kept(clip: &Path, kind: Kind) -> Option<Still> {
    let png = read(&folder(clip)?.join(kind.file_name()), MAX_PICTURE_BYTES)?;
    // Read to its end, as a damaged one must not become the beginning of a clip that is paid for.
    let picture = still::picture(&png, u32::MAX, u32::MAX).ok()?;
    Some(Still { width_px: picture.width_px, height_px: picture.height_px, png })
}

/// The kept poster of the clip at `clip` within a box; none where there is none, or the box is larger than
/// what is kept.
fn poster(clip: &Path, bounds: Bounds) -> Option<Picture> {
    if bounds.width_px.max(bounds.height_px) > POSTER_PX {
        return None;
    }
    kept_within(clip, Kind::Poster, bounds)
}

/// A kept picture of the clip at `clip`, made smaller where the box is.
fn kept_within(clip: &Path, kind: Kind, bounds: Bounds) -> Option<Picture> {
    let png = read(&folder(clip)?.join(kind.file_name()), MAX_PICTURE_BYTES)?;
    still::picture(&png, bounds.width_px, bounds.height_px).ok()
}

/// Whoever makes pictures in the background, one clip after the other.
#[derive(Debug, Default)]
pub struct Pictures {
    worker: Mutex<Option<Worker>>,
}

#[derive(Debug)]
struct Worker {
    queue: SyncSender<PathBuf>,
    thread: JoinHandle<()>,
}

impl Pictures {
    /// Has the pictures of `clip` made when nothing else is to be done, and returns at once. What goes wrong
    /// is nobody's concern.
    pub fn later(&self, clip: PathBuf) {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            *worker = Worker::start().ok();
        }
        if let Some(worker) = &*worker {
            drop(worker.queue.try_send(clip));
        }
    }

    /// What stands for the file at `path` within a box, for somebody who looks: an image itself, and of a clip its
    /// poster or its contact sheet, as it is kept or else as the clip gives it. Takes its time where none is kept.
    ///
    /// # Errors
    /// Says in words why there is none.
    pub fn look(&self, path: &Path, is_sheet: bool, bounds: Bounds) -> Result<Picture, String> {
        let Bounds { width_px, height_px } = bounds;
        if image_paths::is_image(path) {
            // It may be anybody's: a pipe would not end.
            if !fs::metadata(path).map_err(in_words)?.is_file() {
                return Err("it is no file".to_owned());
            }
            let mut content = Vec::new();
            let file = fs::File::open(path).map_err(in_words)?;
            file.take(MAX_PICTURE_BYTES).read_to_end(&mut content).map_err(in_words)?;
            return still::picture(&content, width_px, height_px);
        }
        let whole = Bounds { width_px: u32::MAX, height_px: u32::MAX };
        let found = if is_sheet {
            kept_within(path, Kind::Sheet, whole).map(|whole| sheet::within(&whole, bounds))
        } else {
            poster(path, bounds)
        };
        if let Some(picture) = found {
            return Ok(picture);
        }
        let go_on = AtomicBool::new(false);
        let picture = if is_sheet {
            viewing::sheet(path, &go_on).map(|whole| sheet::within(&whole, bounds))
        } else {
            viewing::poster(path, bounds, &go_on)
        };
        self.later(path.to_owned());
        picture
    }

    /// Waits until all that were asked for are made. For a program that nobody waits for.
    pub async fn finished(&self) {
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Worker { queue, thread }) = worker else { return };
        drop(queue);
        let joined = tokio::task::spawn_blocking(|| drop(thread.join()));
        drop(tokio::time::timeout(MAX_FINISH, joined).await);
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let (queue, clips) = sync_channel::<PathBuf>(MAX_WAITING);
        let thread = thread::Builder::new().name("rushes-pictures".to_owned());
        let thread = thread.spawn(move || {
            #[cfg(target_os = "linux")]
            let _ = rustix::process::nice(NICENESS);
            for clip in clips {
                drop(make(&clip, MAX_BYTES));
            }
        })?;
        Ok(Self { queue, thread })
    }
}

/// Makes those pictures of `clip` that are not there, and lets the oldest of others go.
fn make(clip: &Path, max_bytes: u64) -> Result<(), String> {
    let folder = folder(clip).ok_or("it has no sidecar")?;
    if Kind::ALL.iter().all(|kind| folder.join(kind.file_name()).exists()) {
        return Ok(());
    }
    let go_on = AtomicBool::new(false);
    let bounds = Bounds { width_px: POSTER_PX, height_px: POSTER_PX };
    let poster = viewing::poster(clip, bounds, &go_on)?;
    make_folder(&folder).map_err(in_words)?;
    remove_old_parts(&folder);
    keep(&folder, Kind::Poster, poster)?;
    let all = viewing::all(clip, &go_on)?;
    for (kind, picture) in
        [(Kind::First, all.first), (Kind::Last, all.last), (Kind::Sheet, all.sheet)]
    {
        if let Some(picture) = picture {
            keep(&folder, kind, picture)?;
        }
    }
    prune(folder.parent().unwrap_or(&folder), &folder, max_bytes);
    Ok(())
}

fn keep(folder: &Path, kind: Kind, picture: Picture) -> Result<(), String> {
    let still = viewing::still(picture)?;
    let path = folder.join(kind.file_name());
    let mut part = part_of(&path).map_err(in_words)?;
    // Not synced: that would make the database wait, and what is lost is made again.
    part.write_all(&still.png).and_then(|()| fs::rename(part.path(), path)).map_err(in_words)
}

fn in_words(error: io::Error) -> String {
    error.to_string()
}

/// Lets the oldest go until the rest is within its bound; `newest` stays.
fn prune(pictures: &Path, newest: &Path, max_bytes: u64) {
    let mut all = Vec::new();
    let mut total = 0;
    for entry in fs::read_dir(pictures).into_iter().flatten().take(MAX_FOLDERS).flatten() {
        let files: Vec<PathBuf> = fs::read_dir(entry.path())
            .into_iter()
            .flatten()
            .flatten()
            .map(|one| one.path())
            .collect();
        let facts = files.iter().filter_map(|file| fs::metadata(file).ok());
        let bytes: u64 = facts.map(|facts| facts.len()).sum();
        total += bytes;
        let made = entry.metadata().and_then(|facts| facts.modified());
        all.push((made.unwrap_or(SystemTime::UNIX_EPOCH), entry.path(), files, bytes));
    }
    all.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    for (_, folder, files, bytes) in all {
        if total <= max_bytes {
            return;
        }
        if folder == newest {
            continue;
        }
        // What can't be removed now is tried again after the next clip.
        files.iter().for_each(|file| drop(fs::remove_file(file)));
        drop(fs::remove_dir(folder));
        total -= bytes;
    }
}

/// The folder of a clip's pictures: `DATA/pictures/HASH` for `DATA/clips/DAY/NAME`. The hash is read from
/// the sidecar, which is no proof; a clip of another size than it says is another one.
fn folder(clip: &Path) -> Option<PathBuf> {
    let clips = clip.ancestors().nth(2).filter(|folder| folder.ends_with("clips"))?;
    let sidecar: Value =
        serde_json::from_slice(&read(&clip.with_extension("json"), MAX_SIDECAR_BYTES)?).ok()?;
    let file = &sidecar["file"];
    let sha256 = file["sha256"].as_str()?;
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_same = file["bytes"].as_u64() == Some(fs::metadata(clip).ok()?.len());
    (is_hash && is_same).then(|| clips.with_file_name("pictures").join(sha256))
}

/// A file of at most so many bytes.
fn read(path: &Path, max_bytes: u64) -> Option<Vec<u8>> {
    let file = fs::File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut content = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= max_bytes).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data folder with a clip in it, under the hash of `digit` alone.
    fn clip(data: &Path, name: &str, digit: char) -> PathBuf {
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clips/high.mp4");
        let day = data.join("clips/2026-11-21");
        fs::create_dir_all(&day).expect("a folder");
        let clip = day.join(format!("{name}.mp4"));
        let bytes = fs::copy(fixture, &clip).expect("a clip");
        let sha256 = digit.to_string().repeat(64);
        let sidecar = serde_json::json!({ "file": { "sha256": sha256, "bytes": bytes } });
        fs::write(clip.with_extension("json"), sidecar.to_string()).expect("a sidecar");
        clip
    }

    const SMALL: Bounds = Bounds { width_px: 48, height_px: 48 };

    #[test]
    fn the_pictures_of_a_clip_are_those_that_it_gives() {
        let data = tempfile::tempdir().expect("a folder");
        let clip = clip(data.path(), "fox", 'a');
        assert!(kept(&clip, Kind::Last).is_none() && poster(&clip, SMALL).is_none());
        make(&clip, MAX_BYTES).expect("a sound clip");
        let go_on = AtomicBool::new(false);
        for (kind, which) in
            [(Kind::First, viewing::Which::First), (Kind::Last, viewing::Which::Last)]
        {
            let frame = viewing::frame(&clip, which, viewing::WHOLE, &go_on).expect("a frame");
            let png = viewing::still(frame).expect("a file").png;
            assert_eq!(kept(&clip, kind).expect("a picture").png, png);
        }
        let sheet = kept(&clip, Kind::Sheet).expect("a sheet");
        let made = viewing::sheet(&clip, &go_on).expect("a sheet");
        assert_eq!((sheet.width_px, sheet.height_px), (made.width_px, made.height_px));
        assert_eq!(poster(&clip, SMALL).expect("a poster").width_px, 48);
        // One that would have to be enlarged is looked for in the clip.
        assert!(poster(&clip, Bounds { width_px: 961, height_px: 1 }).is_none());
    }

    #[test]
    fn damaged_pictures_and_other_clips_are_passed_over() {
        let data = tempfile::tempdir().expect("a folder");
        let clip = clip(data.path(), "fox", 'a');
        make(&clip, MAX_BYTES).expect("a sound clip");
        let last = data.path().join("pictures").join("a".repeat(64)).join("last.png");
        let whole = fs::read(&last).expect("a picture");
        for at in [0, 20, whole.len() / 3, whole.len() / 2, whole.len() - 30] {
            let mut broken = whole.clone();
            broken[at] ^= 4;
            fs::write(&last, &broken).expect("written");
            assert!(kept(&clip, Kind::Last).is_none(), "a bit of byte {at}");
            fs::write(&last, &whole[..at]).expect("written");
            assert!(kept(&clip, Kind::Last).is_none(), "cut after {at}");
        }
        fs::write(&clip, "another clip").expect("written");
        assert!(kept(&clip, Kind::First).is_none(), "the clip is another one");
        let sidecar = r#"{"file":{"sha256":"../../../etc","bytes":12}}"#;
        fs::write(clip.with_extension("json"), sidecar).expect("written");
        assert!(folder(&clip).is_none(), "no hash, no folder");
    }

    #[test]
    fn the_oldest_go_when_all_are_too_many() {
        let data = tempfile::tempdir().expect("a folder");
        let clips = [('a', "one"), ('b', "two"), ('c', "three")];
        let clips = clips.map(|(digit, name)| clip(data.path(), name, digit));
        make(&clips[0], MAX_BYTES).expect("a sound clip");
        let one = data.path().join("pictures").join("a".repeat(64));
        let sizes = fs::read_dir(&one).expect("a folder").flatten();
        let bytes: u64 = sizes.map(|file| file.metadata().expect("a file").len()).sum();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        fs::File::open(&one).and_then(|folder| folder.set_modified(old)).expect("an old folder");
        make(&clips[1], bytes * 2).expect("a sound clip");
        assert!(clips[..2].iter().all(|clip| kept(clip, Kind::Sheet).is_some()));
        make(&clips[2], bytes * 2).expect("a sound clip");
        let left = clips.each_ref().map(|clip| kept(clip, Kind::Sheet).is_some());
        assert_eq!(left, [false, true, true]);
        assert!(!one.exists());
        make(&clips[0], 1).expect("a sound clip");
        assert!(kept(&clips[0], Kind::Sheet).is_some(), "the newest stays");
    }
}
