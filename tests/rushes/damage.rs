//! Damaged files: said with their place, left as they are, and everything else goes on.

use std::fs;

use super::support::{Desk, generate, text};

#[test]
fn a_damaged_catalog_file_is_named_with_its_line_and_the_rest_works() {
    let desk = Desk::new();
    let file = desk.write(
        "config/catalog/mine.toml",
        "for_provider = \"runware\"\n\n[[model]]\nid = \"mine\"\nwire_id = 7\n",
    );
    desk.write("config/catalog/torn.toml", "for_provider = \"runware\"\n[[model]\n");
    let models = desk.done(&["models", "--json"]);
    let problem = format!("{}:5:", file.display());
    assert!(models.err.contains(&problem), "'{problem}' is not in {}", models.err);
    assert!(models.err.contains("torn.toml:2:"), "{}", models.err);
    assert!(models.objects().iter().any(|model| model["id"] == "sandbox/1.5-pro"));
    let job = desk.clip("a fox, all the same");
    assert_eq!(job["state"], "succeeded");
    let doctor = desk.run(&["doctor"]).expecting(1);
    assert!(doctor.out.contains("--  catalog"), "{}", doctor.out);
}

/// A model of the user's own needs no code, neither at its provider nor in the sandbox.
#[test]
fn a_model_of_ones_own_is_a_table() {
    let desk = Desk::new();
    desk.write(
        "config/catalog/mine.toml",
        r#"for_provider = "runware"
[[model]]
id = "mine"
wire_id = "studio:mine@1"
name = "Mine"
as_of = "2026-11-20"
sure = "ours"
status = { kind = "live" }
expected_wait_s = 5
prompt = { min_chars = 1, max_chars = 100 }
duration = { min_s = 1, max_s = 3, step_s = 1, default_s = 1 }
fps = 24
size = { text = "width_height", image = "width_height" }
default_resolution = "480p"
formats = ["mov"]
dimensions = { "480p" = { "1:1" = [320, 320] } }
price = { unit = "second", usd = { "480p" = 0.25 }, sure = "ours" }
"#,
    );
    let line = ["generate", "--json", "--wait", "--model", "sandbox/mine", "--prompt", "x"];
    let job = desk.done(&line).object();
    assert_eq!((&job["width"], &job["charge_usd"]), (&320.into(), &0.25.into()), "{job}");
    assert!(text(&job, "/files/0/path").ends_with(".mov"), "{job}");
    assert_eq!(super::support::facts(&job).brand, "qt  ");
}

#[test]
fn a_damaged_config_is_refused_with_its_line() {
    let desk = Desk::new();
    let file =
        desk.write("config/config.toml", "model = \"sandbox/1.5-pro\"\n[sandbox]\nspead = 2\n");
    let place = format!("{}:3:", file.display());
    for line in [
        &["jobs"][..],
        &["generate", "--prompt", "a fox"],
        &["generate", "--dry-run", "--prompt", "a fox"],
        &["sandbox"],
    ] {
        desk.run(line).expecting(2).saying(&[&place, "spead", "nothing was changed"]);
    }
    // The doctor is asked because something is wrong, so it answers as itself.
    let doctor = desk.run(&["doctor"]).expecting(1);
    assert!(doctor.out.contains(&place) && doctor.out.contains("--  config"), "{}", doctor.out);
    assert!(!desk.data().exists());
    fs::write(&file, b"model = \"\xff\"").expect("written");
    desk.run(&["jobs"]).expecting(2).saying(&["config.toml"]);
}

#[test]
fn a_damaged_database_is_left_byte_for_byte() {
    let desk = Desk::new();
    for damage in
        [&b"this is no database, it is a letter to my aunt, and a long one at that"[..], &[0; 5000]]
    {
        let file = desk.write("data/rushes.db", damage);
        for line in [&["jobs"][..], &["generate", "--prompt", "a fox"], &["wait"]] {
            desk.run(line).expecting(1).saying(&["rushes.db", "damaged", "left as it is"]);
        }
        let doctor = desk.run(&["doctor"]).expecting(1);
        assert!(doctor.out.contains("left as it is"), "{}", doctor.out);
        assert_eq!(fs::read(&file).expect("still there"), damage);
        let mut files = Desk::files(&desk.data());
        files.retain(|path| !path.ends_with("use.lock"));
        assert_eq!(files, [file], "something was made beside it");
    }
}

/// A database whose middle was overwritten, as a failing disk does it.
#[test]
fn a_torn_database_is_left_with_all_that_is_in_it() {
    let desk = Desk::new();
    let job = desk.clip("a fox");
    in_one_file(&desk);
    let mut content = fs::read(desk.database()).expect("a database");
    content[2048..].fill(0x5a);
    fs::write(desk.database(), &content).expect("written");
    desk.run(&["history"]).expecting(1).saying(&["rushes.db", "damaged"]);
    assert_eq!(fs::read(desk.database()).expect("still there"), content);
    assert!(fs::exists(text(&job, "/files/0/path")).expect("a readable folder"));
}

/// Closing the last connection moves what is in the log beside the database into it.
fn in_one_file(desk: &Desk) {
    drop(rushes::store::Store::open(&desk.database()).expect("a database"));
}

#[test]
fn a_database_of_a_newer_version_is_not_touched() {
    let desk = Desk::new();
    desk.done(&["history"]);
    in_one_file(&desk);
    let mut content = fs::read(desk.database()).expect("a database");
    // SQLite's file format: the user version is at byte 60, big-endian.
    content[60..64].copy_from_slice(&9999_u32.to_be_bytes());
    fs::write(desk.database(), &content).expect("written");
    desk.run(&["history"]).expecting(1).saying(&["newer version", "9999", "--data-dir"]);
    assert_eq!(fs::read(desk.database()).expect("still there")[60..64], content[60..64]);
}

#[test]
fn a_clip_that_was_deleted_is_said_to_be_gone() {
    let desk = Desk::new();
    let job = desk.clip("a fox");
    fs::remove_file(text(&job, "/files/0/path")).expect("removed");
    desk.run(&["open", text(&job, "/id")]).expecting(1).saying(&["no longer there"]);
}

/// The sandbox's own books are damaged: what can be read counts, and the program works on.
#[test]
fn a_damaged_journal_costs_only_its_damaged_lines() {
    let desk = Desk::new();
    desk.clip("a fox");
    let journal = desk.data().join("sandbox/journal.jsonl");
    let mut content = fs::read(&journal).expect("a journal");
    content.extend(b"{\"record\":\"accepted\",\"task\":");
    fs::write(&journal, &content).expect("written");
    let job = desk.clip("a second fox, after the torn line");
    assert_eq!(job["state"], "succeeded");
    assert_eq!(desk.accepted_once_each(), 2, "the torn line took the next one with it");
}

/// A row that a newer version wrote, or in which a bit turned: all other jobs go on, the paid one that still
/// runs among them, and it is found intact by whoever can read it.
#[test]
fn a_row_that_can_not_be_read_stops_nothing_else() {
    let desk = Desk::new();
    let [first, _second] = [desk.clip("a fox"), desk.clip("a heron")];
    let running = desk.done(&generate("a slow train", &[])).object();
    in_one_file(&desk);
    let whole = fs::read(desk.database()).expect("a database");
    let word = b"\"state\":\"succeeded\"";
    let id = text(&first, "/id").as_bytes();
    // The first of the words that stands behind the job's id is in its own row.
    let mut broken = whole.clone();
    let mut found = 0;
    for at in 0..broken.len() - word.len() {
        let before = &whole[at.saturating_sub(400)..at];
        if whole[at..].starts_with(word) && before.windows(id.len()).any(|some| some == id) {
            broken[at + 9..at + 18].copy_from_slice(b"succeeDed");
            found += 1;
        }
    }
    assert!(found > 0, "the row is not in the file as it was thought");
    fs::write(desk.database(), &broken).expect("written");
    let words = ["can't be read", text(&first, "/id"), "everything else goes on", "--repair"];

    let waited = desk.done(&["wait", "--json"]).object();
    assert_eq!(waited["id"], running["id"], "what was paid for is saved");
    for line in [&["history", "--json"][..], &["jobs", "--json"]] {
        let told = desk.done(line).saying(&words);
        assert_eq!(told.objects().len(), 2, "{line:?}");
        assert_eq!(told.err.matches("can't be read").count(), 1, "{}", told.err);
    }
    desk.done(&["ledger", "--json"]).saying(&words);
    desk.clip("another fox");
    let doctor = desk.run(&["doctor"]).expecting(1);
    assert!(
        doctor.out.contains("--  database") && doctor.out.contains("--repair"),
        "{}",
        doctor.out
    );

    // The version that knows the word finds what it wrote.
    in_one_file(&desk);
    let mut mended = fs::read(desk.database()).expect("a database");
    for at in 0..mended.len() - 9 {
        if mended[at..].starts_with(b"succeeDed") {
            mended[at..at + 9].copy_from_slice(b"succeeded");
        }
    }
    fs::write(desk.database(), mended).expect("written");
    assert_eq!(desk.show(text(&first, "/id"))["files"], first["files"]);
    assert_eq!(desk.accepted_once_each(), 4);
}
