//! The laws of the house that can be read off its sources: who imports whom, and what stands only in
//! one place. A new edge is made by adding it here, with its reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::Desk;

/// What each room may import: whole rooms, or parts of one.
const ROOMS: [(&str, &[&str]); 11] = [
    // Nouns, rules and pixels stand alone.
    ("domain", &[]),
    ("media", &[]),
    ("words", &["domain"]),
    ("engine", &["domain"]),
    ("provider", &["domain"]),
    // The remote speaks the wire's own types, and knows no adapter.
    ("sandbox", &["domain", "media", "provider::wire"]),
    ("store", &["domain"]),
    ("runtime", &["domain", "engine", "media", "provider", "sandbox", "store", "words"]),
    ("studio", &["domain", "media", "words"]),
    // It owns the terminal, and knows nothing of what is drawn there.
    ("studio::term", &["media"]),
    // Besides the runtime: the dry run prints an adapter's request, the help lists the sandbox's
    // words, and calls on the database's thread return its error.
    (
        "cli",
        &[
            "domain",
            "runtime",
            "words",
            "provider::registry",
            "sandbox::trouble",
            "store::StoreError",
        ],
    ),
];

/// What files whose paths begin so may import beyond their room.
const DOORS: [(&str, &str); 3] = [
    // The files where the studio touches the world.
    ("studio/run.rs", "runtime"),
    ("studio/execute", "runtime"),
    // Its effects run on the database's thread, whose calls take the store.
    ("studio/execute", "store"),
];

/// What tests inside a room may import beyond it, to hold it against its neighbour.
const TESTS: [(&str, &str); 3] = [
    // Folding the stored events gives the stored row.
    ("store", "engine::apply"),
    // A moment to begin at.
    ("studio::term", "domain::sample"),
    // The studio's tests show jobs that real events led to.
    ("studio", "engine::apply"),
];

/// Files that read a clock although they are not the runtime's.
const CLOCKS: [(&str, &str); 5] = [
    // Deadlines of a verb's own patience, on the runtime's timer.
    ("cli/cancel.rs", "tokio::time::Instant::now"),
    ("cli/jobs.rs", "tokio::time::Instant::now"),
    // The report of a panic names itself by the time, when nobody can be asked any more.
    ("studio/term/panic_report.rs", "SystemTime::now"),
    // Giving the terminal back must not wait for ever, on threads beside the loop.
    ("studio/term/terminal.rs", "Instant::now"),
    ("studio/term/tty.rs", "Instant::now"),
];

const MAX_LINES: usize = 500;
/// Files over the limit, with a ceiling that only ever falls.
const LONG_FILES: [(&str, usize); 0] = [];

/// A source file: its path below `src`, its code without comments, and where its tests begin.
struct Source {
    path: String,
    text: String,
    code: Vec<Line>,
}

struct Line {
    number: usize,
    text: String,
    is_test: bool,
}

impl Source {
    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a source file");
        let below = path.strip_prefix(root).expect("below src").display().to_string();
        let in_test_file =
            below.split(['/', '.']).any(|part| part == "tests" || part.ends_with("_tests"));
        let mut is_test = in_test_file;
        let mut code = Vec::new();
        let mut cfg_test = false;
        for (index, line) in text.lines().enumerate() {
            // A module of tests is the last thing in its file.
            is_test |= cfg_test && line.trim_end().ends_with('{') && line.contains("mod ");
            cfg_test = line.trim() == "#[cfg(test)]" || cfg_test && line.starts_with("#[");
            let text = line.split("//").next().unwrap_or_default().to_owned();
            code.push(Line { number: index + 1, text, is_test });
        }
        Self { path: below, text, code }
    }

    /// The innermost room of the table that the file is in; else the first part of its path.
    fn room(&self) -> &str {
        let path = self.path.trim_end_matches(".rs").replace('/', "::");
        let rooms = ROOMS.iter().map(|(name, _)| *name).filter(|name| is_within(&path, name));
        let first = self.path.split(['/', '.']).next().unwrap_or_default();
        rooms.max_by_key(|name| name.len()).unwrap_or(first)
    }

    /// How many modules stand above the code of this file: one for `cli/mod.rs`, two for
    /// `cli/args.rs`.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        let is_root = self.path.ends_with("/mod.rs") || !self.path.contains('/');
        if is_root && self.path.contains('/') { parts - 1 } else { parts }
    }

    /// Each line of code that has one of `words` in it, without those of tests.
    fn uses<'a>(&'a self, words: &'a [&str]) -> impl Iterator<Item = (&'a Line, &'a str)> {
        let code = self.code.iter().filter(|line| !line.is_test);
        code.flat_map(|line| {
            let found = words.iter().filter(|word| line.text.contains(**word));
            found.map(move |word| (line, *word))
        })
    }
}

fn sources() -> Vec<Source> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Desk::files(&root);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    assert!(files.len() > 100, "where are the sources?");
    files.iter().map(|path| Source::read(&root, path)).collect()
}

/// The paths that begin with `crate::` in a line, as `room::item`.
fn crate_paths(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("crate::").filter_map(move |(start, _)| {
        let before = line[..start].chars().next_back();
        let names_another = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let rest = &line[start + "crate::".len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let path = &rest[..end.unwrap_or(rest.len())];
        (!names_another).then_some(path)
    })
}

fn is_within(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn every_import_stands_in_the_table() {
    let mut broken = Vec::new();
    let mut needed = BTreeSet::new();
    for source in sources() {
        let room = source.room();
        if ["lib", "main"].contains(&room) {
            continue;
        }
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            broken.push(format!("{}: no such room in the table", source.path));
            continue;
        };
        for line in &source.code {
            for path in crate_paths(&line.text) {
                if is_within(path, room) {
                    continue;
                }
                let doors = DOORS.iter().filter(|(begin, _)| source.path.starts_with(begin));
                let tests = TESTS.iter().filter(|(name, _)| line.is_test && *name == room);
                let all = doors.chain(tests).map(|(_, part)| part).chain(*allowed);
                match all.into_iter().find(|part| is_within(path, part)) {
                    Some(part) => drop(needed.insert((room.to_owned(), (*part).to_owned()))),
                    None => broken.push(format!("{}:{}: {path}", source.path, line.number)),
                }
            }
        }
    }
    assert!(broken.is_empty(), "imports that the table does not list:\n{}", broken.join("\n"));
    let narrow = ROOMS.iter().flat_map(|(room, parts)| parts.iter().map(move |part| (room, part)));
    for (room, part) in narrow.filter(|(_, part)| part.contains("::")) {
        let edge = ((*room).to_owned(), (*part).to_owned());
        assert!(needed.contains(&edge), "{room} no longer needs {part}: take it out of the table");
    }
}

/// `super::` can't lead around the table, nor can an import of the whole crate.
#[test]
fn no_path_leads_out_of_a_room_by_the_back() {
    for source in sources() {
        for line in &source.code {
            let ups =
                line.text.matches("super::").count() + usize::from(line.text.contains("super as"));
            let inner = usize::from(line.is_test);
            let place = format!("{}:{}: {}", source.path, line.number, line.text);
            let chained = line.text.contains("super::super");
            let room = source.room().matches("::").count();
            assert!(!chained || ups < source.depth() - room + inner, "{place}");
            for whole in ["use crate::*", "use crate::{", "use super::super::*;"] {
                assert!(!line.text.contains(whole), "{place}");
            }
        }
    }
}

/// The program is thin: arguments to the command line or the studio, and an exit status.
#[test]
fn main_knows_only_the_command_line_and_the_studio() {
    let all = sources();
    let main = all.iter().find(|source| source.path == "main.rs").expect("main.rs");
    for line in &main.code {
        for (start, _) in line.text.match_indices("rushes::") {
            let rest = &line.text[start + "rushes::".len()..];
            assert!(["cli", "studio"].iter().any(|room| rest.starts_with(room)), "{}", line.text);
        }
    }
    assert!(main.text.lines().count() < 40);
}

#[test]
fn one_place_prints() {
    nowhere_but("cli/out.rs", &["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!("]);
}

#[test]
fn one_room_knows_sql() {
    nowhere_but("store/", &["rusqlite"]);
}

/// Whatever is started inherits no keys, but for the keeper, which is this program, and the commands that
/// print a key.
#[test]
fn one_place_starts_other_programs() {
    let all = sources();
    let excused = ["runtime/child.rs", "runtime/keeper.rs", "runtime/keys.rs"];
    for source in all.iter().filter(|source| !excused.contains(&&*source.path)) {
        if let Some((line, word)) =
            source.uses(&["Command::new(", "open::that", "posix_spawn"]).next()
        {
            panic!("{}:{}: {word} instead of child::command", source.path, line.number);
        }
    }
}

#[test]
fn one_place_makes_http_clients() {
    nowhere_but(
        "runtime/http.rs",
        &["Client::builder", "Client::new", "ClientBuilder", "reqwest::get"],
    );
}

#[test]
fn one_place_makes_ids_and_dice() {
    nowhere_but("runtime/clock.rs", &["Uuid::new_v4", "Uuid::now_v7", "rand::"]);
}

#[test]
fn one_room_reads_the_clock() {
    for source in sources() {
        for (line, word) in source.uses(&["Instant::now", "SystemTime::now", "Timestamp::now"]) {
            let excused =
                CLOCKS.iter().any(|(file, what)| *file == source.path && line.text.contains(what));
            let place = format!("{}:{}: {word}", source.path, line.number);
            assert!(excused || source.path.starts_with("runtime/"), "{place}");
        }
    }
}

#[track_caller]
fn nowhere_but(place: &str, words: &[&str]) {
    let all = sources();
    let found: Vec<String> = all
        .iter()
        .filter(|source| !source.path.starts_with(place))
        .flat_map(|source| source.uses(words).map(move |found| (source, found)))
        .map(|(source, (line, word))| format!("{}:{}: {word}", source.path, line.number))
        .collect();
    assert!(found.is_empty(), "only {place} may have these:\n{}", found.join("\n"));
}

#[test]
fn no_file_is_too_long_to_be_read_in_one_go() {
    for source in sources() {
        let lines = source.text.lines().count();
        let ceiling = LONG_FILES.iter().find(|(file, _)| *file == source.path);
        let limit = ceiling.map_or(MAX_LINES, |(_, ceiling)| *ceiling);
        assert!(lines <= limit, "{} has {lines} lines, more than {limit}", source.path);
    }
}

/// The video codec comes with a global allocator of its own, which would become this program's.
#[test]
fn no_dependency_brings_a_global_allocator() {
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none"]);
    tree.args(["--format", "{p} {f}"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = tree.output().expect("cargo runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let codecs: Vec<&str> = told.lines().filter(|line| line.starts_with("rusty_h264-")).collect();
    assert!(codecs.len() >= 2, "the video codec is not in the tree:\n{told}");
    for line in codecs {
        assert!(!line.contains("alloc") && !line.contains("default"), "{line}");
    }
    for allocator in ["mimalloc", "jemalloc", "snmalloc", "tcmalloc", "rpmalloc"] {
        assert!(!told.contains(allocator), "{allocator} is in the tree");
    }
}

/// What the documents name is there.
#[test]
fn no_document_names_a_file_that_is_gone() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = ["src", "tests", "benches", "examples", "assets", ".ci", ".github"];
    let mut there: Vec<String> = folders
        .iter()
        .flat_map(|folder| Desk::files(&root.join(folder)))
        .map(|path| format!("/{}", path.strip_prefix(&root).expect("below").display()))
        .collect();
    let top = fs::read_dir(&root).expect("the project").flatten();
    there.extend(top.map(|entry| format!("/{}", entry.file_name().display())));
    let mut gone = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "benches/README.md"] {
        let text = fs::read_to_string(root.join(document)).expect("a document");
        let is_path = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        for name in text.split(|c| !is_path(c)).map(|name| name.trim_end_matches('.')) {
            let end = format!("/{}", name.trim_start_matches("./"));
            if name.ends_with(".rs") && !there.iter().any(|path| path.ends_with(&end)) {
                gone.push(format!("{document}: {name}"));
            }
        }
    }
    assert!(gone.is_empty(), "{}", gone.join("\n"));
}
