//! Prompts, clips and history are their owner's: what we make is closed to others, whatever the umask, and a data
//! folder that was there before is closed where it is ours.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::Mode;
use rustix::process::umask;

use super::files::ours;

/// Folders that we keep in a data folder.
const FOLDERS: [&str; 9] = [
    "addresses",
    "clips",
    "pictures",
    "frames",
    "images",
    "sandbox",
    "profiles",
    "reports",
    "repair.part",
];
/// Files that we keep there, or how their names go on behind a dot or a dash.
const FILES: [&str; 6] =
    ["rushes.db", "rushes.sent", "rushes.log", "studio.json", "keeper.log", "sandbox.key"];
const LOCKS: [&str; 4] = ["driver.lock", "deputy.lock", "keeper.lock", "use.lock"];
/// How deep what we keep lies.
const MAX_DEPTH: usize = 6;
/// Anybody but the owner.
const OTHERS: u32 = 0o077;

/// Takes the owner's own bits out of the umask: with `umask 0177` the folders made here could not be entered, and a
/// clip that was paid for not be kept. For the beginning of the program, while it is alone.
pub fn keep_owners_bits() {
    let before = umask(Mode::empty());
    umask(before - Mode::RWXU);
}

/// Makes `folder`, with those above it, for its owner alone. One that is there stays as it is.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes the data folder at `folder`, or closes to others what is there of it. Returns what a person should know of
/// that, in a sentence.
pub(super) fn make_data_folder(folder: &Path) -> io::Result<Option<String>> {
    make_folder(folder)?;
    let path = folder.display();
    // A link to it is as good; what it leads to is what is closed.
    let folder = &fs::canonicalize(folder)?;
    let about = fs::metadata(folder)?;
    let me = rustix::process::geteuid().as_raw();
    if about.mode() & OTHERS == 0 && about.uid() == me {
        return Ok(None);
    }
    if about.uid() != me {
        return Ok(Some(format!(
            "{path} belongs to another user, who decides who reads the prompts and clips in it; --data-dir chooses another"
        )));
    }
    let (kept, strange): (Vec<_>, Vec<_>) = fs::read_dir(folder)?
        .flatten()
        .partition(|entry| is_ours(&entry.file_name().to_string_lossy()));
    // A folder that holds something else, such as a home or /tmp, is not ours to close; nor is what only may be ours.
    let home = std::env::var_os("HOME").and_then(|home| fs::canonicalize(home).ok());
    let is_home = home.is_some_and(|home| home == *folder);
    let is_shared = is_home || about.mode() & 0o1000 != 0 || !strange.is_empty();
    let has_database = folder.join("rushes.db").exists();
    let closed: io::Result<usize> = kept
        .iter()
        .filter(|entry| !is_shared || has_database && !is_home || is_file(entry))
        .map(|entry| close(&entry.path(), me, MAX_DEPTH))
        .sum();
    let done = closed.and_then(|closed| {
        if !is_shared {
            set_mode(folder, 0o700)?;
        }
        Ok(closed)
    });
    Ok(match done {
        Ok(0) if is_shared => None,
        Ok(_) if is_shared => {
            Some(format!("others could read what Rushes keeps in {path}; it is closed to them now"))
        }
        // Nothing was in it.
        Ok(_) if kept.is_empty() => None,
        Ok(_) => Some(format!("others could read {path}; it is closed to them now")),
        Err(error) => Some(format!(
            "others can read what Rushes keeps in {path}, and it can't be closed to them ({error}); --data-dir chooses \
             another folder"
        )),
    })
}

fn is_ours(name: &str) -> bool {
    let goes_on = |file: &&str| {
        name.strip_prefix(*file).is_some_and(|end| end.is_empty() || end.starts_with(['.', '-']))
    };
    FOLDERS.contains(&name) || LOCKS.contains(&name) || FILES.iter().any(goes_on)
}

fn is_file(entry: &fs::DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_file())
}

/// Closes `path`, and what is below it, where it is `me`'s and open to others. Returns how many were. Links are not
/// followed.
fn close(path: &Path, me: u32, depth: usize) -> io::Result<usize> {
    let about = fs::symlink_metadata(path)?;
    if about.uid() != me || depth == 0 || !(about.is_file() || about.is_dir()) {
        return Ok(0);
    }
    let is_open = about.mode() & OTHERS != 0;
    if about.is_file() {
        if is_open {
            set_mode(path, about.mode() & 0o700)?;
        }
        return Ok(usize::from(is_open));
    }
    let below: io::Result<usize> =
        fs::read_dir(path)?.flatten().map(|entry| close(&entry.path(), me, depth - 1)).sum();
    if is_open {
        set_mode(path, 0o700)?;
    }
    Ok(below? + usize::from(is_open))
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    ours().read(true).open(path)?.set_permissions(Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).map(|about| about.mode() & 0o7777).expect("it is there")
    }

    fn open(path: &Path, to: u32) {
        fs::set_permissions(path, Permissions::from_mode(to)).expect("opened");
    }

    /// A data folder as an earlier `mkdir` and umask left it.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for name in
            ["rushes.db", "rushes.db-wal", "studio.json", "clips/day/a.mp4", "clips/day/a.json"]
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(&path, "x").expect("written");
            open(&path, 0o644);
        }
        for name in ["clips/day", "clips", ""] {
            open(&folder.path().join(name), 0o755);
        }
        folder
    }

    #[test]
    fn a_folder_that_was_there_is_closed_with_all_that_is_in_it_and_said_once() {
        let folder = folder();
        let told = make_data_folder(folder.path()).expect("closed").expect("a word");
        assert!(told.contains("closed to them now"), "{told}");
        for name in ["", "clips", "clips/day"] {
            assert_eq!(mode(&folder.path().join(name)), 0o700, "{name}");
        }
        for name in
            ["rushes.db", "rushes.db-wal", "studio.json", "clips/day/a.mp4", "clips/day/a.json"]
        {
            assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
        }
        assert_eq!(make_data_folder(folder.path()).expect("closed"), None);
    }

    #[test]
    fn an_empty_folder_is_closed_without_a_word_and_a_new_one_is_made_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        open(folder.path(), 0o755);
        assert_eq!(make_data_folder(folder.path()).expect("closed"), None);
        assert_eq!(mode(folder.path()), 0o700);
        let new = folder.path().join("a/b");
        assert_eq!(make_data_folder(&new).expect("made"), None);
        assert_eq!(mode(&new), 0o700);
    }

    /// Somebody gave a home or `/tmp` with --data-dir: what others keep there stays theirs.
    #[test]
    fn a_folder_that_holds_other_things_keeps_its_mode() {
        for (mode_before, strange) in [(0o755, Some("letter.txt")), (0o1777, None)] {
            let folder = folder();
            if let Some(name) = strange {
                fs::write(folder.path().join(name), "dear aunt").expect("written");
                open(&folder.path().join(name), 0o644);
            }
            open(folder.path(), mode_before);
            let told = make_data_folder(folder.path()).expect("closed").expect("a word");
            assert!(told.contains("what Rushes keeps in"), "{told}");
            assert_eq!(mode(folder.path()), mode_before);
            assert_eq!(
                (mode(&folder.path().join("clips")), mode(&folder.path().join("rushes.db"))),
                (0o700, 0o600)
            );
            if let Some(name) = strange {
                assert_eq!(mode(&folder.path().join(name)), 0o644);
            }
            assert_eq!(make_data_folder(folder.path()).expect("closed"), None, "once");
        }
    }

    /// It was complained of at every start, and closed at none.
    #[test]
    fn a_folder_that_a_link_leads_to_is_closed_too() {
        let (folder, beside) = (folder(), tempfile::tempdir().expect("a folder"));
        let link = beside.path().join("rushes");
        std::os::unix::fs::symlink(folder.path(), &link).expect("a link");
        let told = make_data_folder(&link).expect("closed").expect("a word");
        let names_it = told.contains(&link.display().to_string());
        assert!(names_it && told.contains("closed to them now"), "{told}");
        assert_eq!((mode(folder.path()), mode(&folder.path().join("rushes.db"))), (0o700, 0o600));
        assert_eq!(make_data_folder(&link).expect("closed"), None, "once");
    }

    #[test]
    fn no_link_is_followed() {
        let (folder, elsewhere) = (folder(), tempfile::tempdir().expect("a folder"));
        let letter = elsewhere.path().join("letter.txt");
        fs::write(&letter, "dear aunt").expect("written");
        open(&letter, 0o644);
        std::os::unix::fs::symlink(&letter, folder.path().join("clips/day/b.mp4")).expect("a link");
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("pictures"))
            .expect("a link");
        make_data_folder(folder.path()).expect("closed");
        assert_eq!(mode(&letter), 0o644);
    }
}
