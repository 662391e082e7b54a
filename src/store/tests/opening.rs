//! Opening: new, old, newer, damaged, and all at once.

use std::fs;

use super::*;
use crate::store::StoreError;

#[test]
fn what_was_stored_is_there_after_a_restart() {
    let (place, mut store) = store();
    let job = life(1, |_| {}).accepted().store(&mut store);
    drop(store);
    assert_eq!(place.open().live_jobs().expect("jobs"), [job]);
}

#[test]
fn intent_survives_a_power_cut() {
    // Law 2 holds only if a commit reaches the disk before it returns: 2 is FULL.
    let (_place, store) = store();
    let mode: i64 = store
        .connection
        .pragma_query_value(None, "synchronous", |row| row.get(0))
        .expect("a setting");
    assert_eq!(mode, 2);
}

#[test]
fn a_newer_schema_is_refused_and_left_as_it_is() {
    let (place, store) = store();
    store.connection.pragma_update(None, "user_version", 99).expect("a version");
    drop(store);
    let before = fs::read(place.path()).expect("the file");
    let error = Store::open(&place.path()).expect_err("refused");
    assert!(matches!(error, StoreError::Newer { found: 99, known: 5, .. }), "{error}");
    assert!(error.to_string().contains("use that version, or another --data-dir"), "{error}");
    assert_eq!(fs::read(place.path()).expect("the file"), before);
}

#[test]
fn a_damaged_file_is_refused_and_left_as_it_is() {
    let (place, mut store) = store();
    life(1, |_| {}).store(&mut store);
    drop(store);
    let whole = fs::read(place.path()).expect("the file");
    let mut garbled = whole.clone();
    garbled[..64].fill(0x55);
    for damaged in [garbled, b"not a database at all, but long enough to be read as one".repeat(99)]
    {
        fs::write(place.path(), &damaged).expect("a write");
        let error = Store::open(&place.path()).expect_err("refused");
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("your clips"), "{error}");
        assert_eq!(fs::read(place.path()).expect("the file"), damaged);
    }
}

#[test]
fn damage_that_shows_late_is_named_as_damage() {
    let (place, mut store) = store();
    for number in 1..40 {
        life(number, |_| {}).store(&mut store);
    }
    drop(store);
    let mut file = fs::read(place.path()).expect("the file");
    file[4096..].fill(0x55);
    fs::write(place.path(), &file).expect("a write");
    let error = Store::open(&place.path()).and_then(|store| store.live_jobs());
    let error = error.expect_err("damaged");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let place = Place::new();
    let error = Store::open(&place.folder.path().join("none").join("rushes.db"));
    let error = error.expect_err("refused").to_string();
    assert!(error.contains("none") && error.contains("can't be written"), "{error}");
}

#[test]
fn many_programs_may_open_a_new_database_at_once_and_write() {
    for _ in 0..3 {
        let place = Place::new();
        let path = place.path();
        std::thread::scope(|scope| {
            for number in 1..=6 {
                let path = &path;
                scope.spawn(move || {
                    let mut store = Store::open(path).expect("a store");
                    life(number, |_| {}).accepted().store(&mut store);
                });
            }
        });
        assert_eq!(place.open().live_jobs().expect("jobs").len(), 6);
    }
}
