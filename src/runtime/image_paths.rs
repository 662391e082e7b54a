//! The files and folders that a half-written path of an image can go on with.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::text::clean;

/// The most entries of a folder that are looked at, and the most that are offered.
const MAX_ENTRIES: usize = 20_000;
const MAX_OFFERED: usize = 200;
/// The endings of files that a request can start from.
const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

/// `~` and what follows it as a path of this machine.
pub fn expanded(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        _ => PathBuf::from(text),
    }
}

/// Whether `path` is named like an image.
pub fn is_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The paths that begin with `text`, in its own form: images, and folders with a slash at their end.
/// Hidden ones are listed once their dot is written. Case counts only where it is needed.
///
/// # Errors
/// When the folder can't be read.
pub fn list(text: &str, home: Option<&Path>) -> io::Result<Vec<String>> {
    if text == "~" {
        return Ok(vec!["~/".to_owned()]);
    }
    let (folder, begun) = text.split_at(text.rfind('/').map_or(0, |slash| slash + 1));
    let place = if folder.is_empty() { PathBuf::from(".") } else { expanded(folder, home) };
    let begun_lower = begun.to_lowercase();
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(place)?.take(MAX_ENTRIES).flatten() {
        let name = entry.file_name();
        // A name that could not be shown as it is can't be written either.
        let Some(name) = name.to_str().filter(|name| clean(name) == **name) else { continue };
        let is_hidden = name.starts_with('.') && !begun.starts_with('.');
        if is_hidden || !name.to_lowercase().starts_with(&begun_lower) {
            continue;
        }
        // A link counts as what it leads to.
        match std::fs::metadata(entry.path()) {
            Ok(facts) if facts.is_dir() => paths.push(format!("{folder}{name}/")),
            Ok(facts) if facts.is_file() && is_image(name.as_ref()) => {
                paths.push(format!("{folder}{name}"))
            }
            _ => {}
        }
    }
    let exact: Vec<String> =
        paths.iter().filter(|path| path[folder.len()..].starts_with(begun)).cloned().collect();
    let mut paths = if exact.is_empty() { paths } else { exact };
    paths.sort_by_key(|path| (path.to_lowercase(), path.clone()));
    paths.truncate(MAX_OFFERED);
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with images, folders, and what is neither.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a.png", "b b.JPG", "B.webp", ".hidden.png", "notes.txt", "狐.jpeg"] {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        for name in ["pics", "Pictures", ".cache"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        folder
    }

    #[test]
    fn only_images_and_folders_are_offered_and_hidden_ones_when_asked_for() {
        let folder = folder();
        let home = Some(folder.path());
        for (text, expected) in [
            ("~", vec!["~/"]),
            ("~/", vec!["~/a.png", "~/b b.JPG", "~/B.webp", "~/pics/", "~/Pictures/", "~/狐.jpeg"]),
            ("~/b", vec!["~/b b.JPG"]),
            ("~/P", vec!["~/Pictures/"]),
            ("~/pic", vec!["~/pics/"]),
            ("~/A", vec!["~/a.png"]),
            ("~/.", vec!["~/.cache/", "~/.hidden.png"]),
            ("~/狐", vec!["~/狐.jpeg"]),
            ("~/none", vec![]),
        ] {
            assert_eq!(list(text, home).expect("a listing"), expected, "{text}");
        }
        let whole = format!("{}/a", folder.path().display());
        assert_eq!(list(&whole, None).expect("a listing"), [format!("{whole}.png")]);
        assert!(list("~/pics/none/", home).is_err());
    }
}
