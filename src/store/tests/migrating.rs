//! From every schema that was ever released to today's: nothing is lost on the way, and a copy stays.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::*;
use crate::domain::mark::Mark;
use crate::store::schema::{MIGRATIONS, migrate, version};
use crate::store::{StoreError, backup};

/// The SHA-256 of each migration that was released. A new one gets a line here; a line never changes.
const RELEASED: &[&str] = &[
    "050315ac9c24c8f2e2d2f90fbdc5ebe34bf0a449389ad00debccf6cb3f729774",
    "7be6ea955c5a1ad288b705c63a9c769cf453a3729f7c5e16d98a86ceba71a050",
    "424eec6d65e809e7e1ceb1650a41686d3b0fecadb45f83bfd66d57bf15dee93e",
    "780c1bf7725898b423153dd0468c4208157dcc6cb88ad20624a0ccd08273bca1",
    "b4b051ad3046a6efde8b9816ee847cf5d5a1ba6aa80ce4acfd11a790f8828034",
];

#[test]
fn a_released_migration_is_never_edited() {
    let hashes: Vec<String> =
        MIGRATIONS.iter().map(|text| format!("{:x}", Sha256::digest(text))).collect();
    assert_eq!(hashes, RELEASED, "write a new migration at the end instead");
}

/// `tests/fixtures/database/vN.db` was made by the program whose newest schema was N: a draft with a star and
/// a note, its final, a refused job, one with two results, and one that still ran. They are opened by today's.
#[test]
fn a_database_of_every_version_opens_with_all_that_is_in_it() {
    for version in 1..=MIGRATIONS.len() {
        let place = Place::new();
        fs::copy(fixture(version), place.path()).expect("a database of every version");
        let mut store = place.open();
        assert!(store.is_sound().expect("a check"), "v{version}");
        let jobs = store.history(&"".parse().expect("a query"), 100, sample::noon()).expect("jobs");
        let states: Vec<&str> = jobs.iter().rev().map(|job| job.state.word()).collect();
        assert_eq!(
            states,
            ["succeeded", "succeeded", "failed", "succeeded", "running"],
            "v{version}"
        );
        for job in &jobs {
            let mut folded = job.clone();
            for (at, event) in store.events(job.id).expect("events") {
                apply(&mut folded, &event, at);
            }
            assert_eq!(&folded, job, "v{version}");
        }
        let draft = jobs.last().expect("a draft");
        assert_eq!(store.children(draft.id).expect("finals"), [jobs[3].clone()], "v{version}");
        let marks = store.marks(&[draft.id]).expect("marks");
        let wins = if version == 1 { 0 } else { 2 };
        let mark = Mark { starred: true, note: "the best take".into(), wins };
        assert_eq!(marks[&draft.id], mark, "v{version}");
        for query in ["市场 is:draft", "seed:7 is:draft", "is:draft since:9000d cost:>0"] {
            let found = store.history(&query.parse().expect("a query"), 9, jobs[0].updated_at);
            assert_eq!(found.expect("jobs"), std::slice::from_ref(draft), "v{version}: {query}");
        }
        // Its terms are those of today.
        let inside_a_name = "5 is:draft".parse().expect("a query");
        let found = store.history(&inside_a_name, 9, jobs[0].updated_at);
        assert_eq!(found.expect("jobs"), [], "v{version}");
        assert_eq!(store.live_jobs().expect("jobs").len(), 1);
        store.take_lease("a test", sample::noon()).expect("a lease");
        life(4711, |_| {}).accepted().succeeded().store(&mut store);
    }
}

fn fixture(version: usize) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join(format!("tests/fixtures/database/v{version}.db"))
}

/// A next migration, as some later version would have it.
fn next() -> Vec<&'static str> {
    let mut all = MIGRATIONS.to_vec();
    all.push("ALTER TABLE job ADD COLUMN later TEXT NOT NULL DEFAULT 'x'");
    all
}

fn backups(place: &Place) -> Vec<PathBuf> {
    let files = fs::read_dir(place.folder.path()).expect("a folder").flatten();
    let paths = files.map(|file| file.path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "backup")).collect()
}

#[test]
fn a_checked_copy_is_kept_before_the_schema_changes() {
    let (place, mut store) = store();
    let job = life(1, |_| {}).accepted().store(&mut store);
    // What is still in the log belongs to the copy as well.
    migrate(&mut store.connection, &place.path(), &next()).expect("migrated");
    assert_eq!(version(&store.connection).expect("a version"), MIGRATIONS.len() as i64 + 1);
    let [copy] = &backups(&place)[..] else { panic!("one copy: {:?}", backups(&place)) };
    let name = copy.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.starts_with(&format!("rushes.db.v{}-2", MIGRATIONS.len())), "{name}");
    let copy = Store::open(copy).expect("the copy opens with the version that it had");
    assert_eq!(copy.live_jobs().expect("jobs"), [job]);
    assert!(
        !fs::read_dir(place.folder.path())
            .expect("a folder")
            .flatten()
            .any(|file| { file.file_name().to_string_lossy().ends_with(".part") })
    );
}

#[test]
fn only_the_newest_copies_stay() {
    let (place, store) = store();
    for number in 0..6 {
        let old = place.folder.path().join(format!("rushes.db.v1-2020010{number}T000000Z.backup"));
        fs::write(old, "an old copy").expect("written");
    }
    let newest = backup::back_up(&place.path(), 1).expect("a copy");
    drop(store);
    let kept = backups(&place);
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(kept.contains(&newest), "{kept:?}");
}

/// Without room for the copy there is no migration.
#[test]
fn without_a_copy_nothing_is_migrated() {
    let (place, mut store) = store();
    let job = life(1, |_| {}).store(&mut store);
    let everything = place.folder.path().join("gone");
    let error = backup::back_up(&everything.join("rushes.db"), 1).expect_err("no folder");
    assert!(error.to_string().contains("can't be"), "{error}");
    let mut broken = MIGRATIONS.to_vec();
    broken.push("CREATE TABLE half (a); SELECT no_such_function()");
    migrate(&mut store.connection, &place.path(), &broken).expect_err("a migration that fails");
    assert_eq!(version(&store.connection).expect("a version"), MIGRATIONS.len() as i64);
    let half = store.connection.prepare("SELECT * FROM half");
    assert!(half.is_err(), "half a migration stayed");
    assert_eq!(store.live_jobs().expect("jobs"), [job]);
}

/// Also what is still in the log of a newer version's database stays there.
#[test]
fn a_newer_database_is_left_alone_with_its_log() {
    let (place, store) = store();
    store.connection.pragma_update(None, "user_version", 99).expect("a version");
    let log = place.folder.path().join("rushes.db-wal");
    let other = Place::new();
    fs::copy(place.path(), other.path()).expect("copied");
    fs::copy(&log, other.folder.path().join("rushes.db-wal")).expect("copied");
    let read = || {
        (
            fs::read(other.path()).expect("a file"),
            fs::read(other.folder.path().join("rushes.db-wal")).expect("a log"),
        )
    };
    let before = read();
    assert!(!before.1.is_empty());
    let error = Store::open(&other.path()).expect_err("refused");
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert_eq!(read(), before);
}

#[test]
fn a_full_database_takes_nothing_by_halves_and_goes_on_when_there_is_room() {
    let (_place, mut store) = store();
    let pages: i64 =
        store.connection.pragma_query_value(None, "page_count", |row| row.get(0)).expect("pages");
    let limit = |connection: &Connection, pages: i64| {
        let set: rusqlite::Result<i64> =
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get(0));
        set.expect("a limit");
    };
    limit(&store.connection, pages + 2);
    let mut kept = Vec::new();
    let refused = (1..200).find_map(|number| {
        let writes = life(number, |_| {}).accepted();
        match store.commit(&writes.all, None) {
            Ok(()) => kept.push(writes.job),
            Err(error) => return Some((writes, error)),
        }
        None
    });
    let (writes, error) = refused.expect("the limit is reached");
    assert!(matches!(error, StoreError::Full { .. }) && error.waits_for().is_some(), "{error}");
    assert!(error.to_string().contains("Free some space"), "{error}");
    assert_eq!(store.live_jobs().expect("jobs"), kept);
    assert!(store.events(writes.job.id).expect("events").is_empty());
    limit(&store.connection, pages + 1000);
    store.commit(&writes.all, None).expect("there is room again");
    kept.push(writes.job);
    assert_eq!(store.live_jobs().expect("jobs"), kept);
    assert!(store.is_sound().expect("a check"));
}
