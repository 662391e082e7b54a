//! A damaged database: said kindly, set aside whole, and everything that can be known is brought back.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Desk, Running, generate, text, until};

/// A desk with a draft, its final, a refused job, and one that still renders; everything in one file.
fn worked_at(speed: &str) -> (Desk, Vec<Value>) {
    let desk = Desk::new();
    let line = [
        "generate",
        "--draft",
        "--duration",
        "4",
        "--seed",
        "7",
        "--wait",
        "--json",
        "--prompt",
        "a tide",
    ];
    let draft = desk.done(&line).object();
    let last = desk
        .done(&["promote", text(&draft, "/id"), "--resolution", "720p", "--wait", "--json"])
        .object();
    let refused =
        desk.run(&generate("a duel sandbox:moderation", &["--wait"])).expecting(1).object();
    let mut slow = desk.command(&generate("a slow train", &[]));
    slow.env("RUSHES_SANDBOX_SPEED", speed);
    let slow = Running::start(slow).ended().expecting(0).object();
    assert_eq!(slow["state"], "running", "{slow}");
    (desk, vec![draft, last, refused, slow])
}

fn history(desk: &Desk) -> Vec<Value> {
    let mut jobs = desk.done(&["history", "--json"]).objects();
    jobs.reverse();
    jobs
}

fn ids(jobs: &[Value]) -> Vec<&str> {
    jobs.iter().map(|job| text(job, "/id")).collect()
}

fn repaired(desk: &Desk) -> Value {
    desk.done(&["doctor", "--repair", "--json"]).object()
}

/// Copying `rushes.db` is enough once the program has ended.
#[test]
fn a_clean_end_leaves_one_file() {
    let desk = Desk::new();
    let job = desk.clip("a fox");
    for end in ["-wal", "-shm"] {
        assert!(!desk.data().join(format!("rushes.db{end}")).exists(), "rushes.db{end} was left");
    }
    let copy = Desk::new();
    copy.write("data/rushes.db", fs::read(desk.database()).expect("a database"));
    assert_eq!(copy.show(text(&job, "/id"))["prompt"], "a fox");
}

/// What can happen to the file; the clips and what lies beside them are untouched each time.
#[test]
fn whatever_happened_to_the_database_the_history_comes_back() {
    let (desk, before) = worked_at("0.05");
    let whole = fs::read(desk.database()).expect("a database");
    // Of the four jobs: how many come out of the file, and how many from beside the clips.
    let damages: [(&str, Vec<u8>, u64, u64); 6] = [
        ("the header is overwritten", [&[0x55; 100][..], &whole[100..]].concat(), 4, 0),
        ("the first page is gone", [&[0; 4096][..], &whole[4096..]].concat(), 4, 0),
        (
            "all but the beginning is overwritten",
            [&whole[..2048], &vec![0x5a; whole.len() - 2048]].concat(),
            0,
            2,
        ),
        (
            "it is a letter",
            b"this is no database, it is a letter to my aunt, and a long one".to_vec(),
            0,
            2,
        ),
        ("it is cut off", whole[..4096].to_vec(), 0, 2),
        ("it is empty", Vec::new(), 0, 2),
    ];
    for (damage, bytes, salvaged, rebuilt) in damages {
        forget_repairs(&desk);
        fs::write(desk.database(), &bytes).expect("damaged");
        desk.run(&["jobs"]).expecting(1).saying(&[
            "rushes.db",
            "damaged",
            "left as it is",
            "rushes doctor --repair",
            "deletes nothing",
        ]);
        assert_eq!(fs::read(desk.database()).expect("still there"), bytes, "{damage}");
        let told = repaired(&desk);
        assert_eq!(
            (&told["salvaged"], &told["rebuilt"]),
            (&salvaged.into(), &rebuilt.into()),
            "{damage}: {told}"
        );
        assert_eq!(
            told["clips"],
            serde_json::json!({ "whole": 2, "changed": 0, "gone": 0 }),
            "{damage}"
        );
        let aside = Path::new(text(&told, "/set_aside"));
        assert_eq!(fs::read(aside).expect("set aside"), bytes, "{damage}");
        let again = repaired(&desk);
        assert_eq!(again["known"], salvaged + rebuilt, "{damage}: {again}");
        assert_eq!(
            again["salvaged"].as_u64().zip(again["rebuilt"].as_u64()),
            Some((0, 0)),
            "{damage}"
        );
        assert_eq!(again["set_aside"], Value::Null, "{damage}");

        // Beside the clips stand all settings, seeds, charges, the lineage and what promoting needs.
        let after = desk.done(&["history", "--json", "is:ready"]).objects();
        for (job, was) in after.iter().rev().zip(&before) {
            for field in [
                "id",
                "state",
                "prompt",
                "model",
                "seed",
                "width",
                "charge_usd",
                "estimate_usd",
                "parent",
                "relation",
                "draft_id",
                "created_at",
                "files",
            ] {
                assert_eq!(job[field], was[field], "{damage}: {field}");
            }
        }
        assert_eq!(after.len(), 2, "{damage}");
        let promotable = desk.done(&["show", text(&before[0], "/id")]).out;
        assert!(promotable.contains("can be promoted"), "{damage}: {promotable}");
    }
}

/// Puts the desk back to where no repair was.
fn forget_repairs(desk: &Desk) {
    for path in Desk::files(&desk.data()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.starts_with("rushes.db") {
            fs::remove_file(path).expect("removed");
        }
    }
}

/// What the provider still renders goes on after a repair, and is paid once.
#[test]
fn a_job_that_ran_when_the_database_broke_is_carried_on() {
    let (desk, before) = worked_at("2");
    let mut bytes = fs::read(desk.database()).expect("a database");
    bytes[..4096].fill(0);
    fs::write(desk.database(), bytes).expect("damaged");
    let told = desk.done(&["doctor", "--repair"]).out;
    for words in [
        "4 jobs brought back out of the damaged",
        "1 job of them had not ended",
        "rushes wait",
        "2 clips as saved",
        "set aside, whole",
        "dashboard",
    ] {
        assert!(told.contains(words), "'{words}' is not in {told}");
    }
    assert_eq!(desk.done(&["wait", "--json"]).object()["id"], before[3]["id"]);
    let after = history(&desk);
    assert_eq!(ids(&after), ids(&before));
    assert!(after.iter().all(|job| job["state"] != "running"), "{after:?}");
    let events = desk.show(text(&before[3], "/id"))["events"].as_array().map(Vec::len);
    assert!(events.expect("events") > 4, "what happened to it is still told");
    // The draft, its final, the refused one and the slow one.
    assert_eq!(desk.accepted_once_each(), 4);
}

/// Damage that does not keep the database from opening is found by the doctor, who looks at every page.
#[test]
fn damage_in_the_depth_is_found_and_mended() {
    let desk = Desk::new();
    let jobs = [desk.clip("a fox"), desk.clip("a heron")];
    let mut bytes = fs::read(desk.database()).expect("a database");
    let pages = bytes.len() / 4096;
    bytes[(pages / 3) * 4096..].fill(0x5a);
    fs::write(desk.database(), &bytes).expect("damaged");
    let doctor = desk.run(&["doctor"]).expecting(1).out;
    assert!(
        doctor.contains("--  database") && doctor.contains("rushes doctor --repair"),
        "{doctor}"
    );
    assert_eq!(fs::read(desk.database()).expect("still there"), bytes);
    let told = repaired(&desk);
    assert_eq!(
        told["salvaged"].as_u64().zip(told["rebuilt"].as_u64()).map(|(a, b)| a + b),
        Some(2),
        "{told}"
    );
    assert_eq!(ids(&history(&desk)), ids(&jobs));
    let doctor = desk.done(&["doctor"]).out;
    assert!(doctor.contains("ok  database"), "{doctor}");
}

#[test]
fn a_folder_in_its_place_is_set_aside_too() {
    let desk = Desk::new();
    desk.clip("a fox");
    fs::remove_file(desk.database()).expect("removed");
    let inside = desk.write("data/rushes.db/letter.txt", "dear aunt");
    desk.run(&["jobs"]).expecting(1).saying(&["a folder is in its place", "doctor --repair"]);
    assert!(inside.exists());
    let told = repaired(&desk);
    assert_eq!(told["rebuilt"], 1, "{told}");
    assert!(Path::new(text(&told, "/set_aside")).join("letter.txt").exists());
    assert_eq!(history(&desk).len(), 1);
}

/// The log beside a database that broke holds what was committed last.
#[test]
fn what_is_only_in_the_log_comes_back_and_the_log_is_kept() {
    let (desk, other) = (Desk::new(), Desk::new());
    desk.clip("a fox");
    // Somebody who has it open keeps the log from being taken in.
    let reader = rushes::store::Store::open(&desk.database()).expect("a database");
    let second = desk.clip("a heron");
    let log = desk.data().join("rushes.db-wal");
    other.write("data/rushes.db", vec![0x55; 9000]);
    let copied = other.write("data/rushes.db-wal", fs::read(&log).expect("a log"));
    drop(reader);
    // With its first frame garbled SQLite makes nothing of the log.
    let mut bytes = fs::read(&copied).expect("a log");
    bytes[32 + 24 + 200] ^= 1;
    fs::write(&copied, &bytes).expect("damaged");
    other.run(&["jobs"]).expecting(1);
    assert_eq!(fs::read(&copied).expect("still there"), bytes);
    let told = repaired(&other);
    assert!(told["salvaged"].as_u64() >= Some(1), "{told}");
    assert_eq!(fs::read(format!("{}-wal", text(&told, "/set_aside"))).expect("kept"), bytes);
    assert_eq!(other.show(text(&second, "/id"))["prompt"], "a heron");
}

#[test]
fn clips_are_held_against_their_hashes() {
    let desk = Desk::new();
    let jobs = [desk.clip("a fox"), desk.clip("a heron"), desk.clip("an owl")];
    fs::remove_file(desk.database()).expect("removed");
    let path = |job: &Value| PathBuf::from(text(job, "/files/0/path"));
    let mut changed = fs::read(path(&jobs[1])).expect("a clip");
    *changed.last_mut().expect("a byte") ^= 1;
    fs::write(path(&jobs[1]), changed).expect("changed");
    fs::remove_file(path(&jobs[2])).expect("removed");
    let doctor = desk.run(&["doctor"]).expecting(1).out;
    assert!(doctor.contains("3 jobs with clips here are not in the history"), "{doctor}");
    let told = repaired(&desk);
    assert_eq!(told["clips"], serde_json::json!({ "whole": 1, "changed": 1, "gone": 1 }), "{told}");
    assert_eq!((&told["rebuilt"], &told["set_aside"]), (&3.into(), &Value::Null));
    assert_eq!(ids(&history(&desk)), ids(&jobs));
}

/// Whoever can write beside the clips can't lead the program out of its folder or steer the terminal.
#[test]
fn what_lies_beside_clips_is_not_trusted() {
    let desk = Desk::new();
    let job = desk.clip("a fox");
    let clip = PathBuf::from(text(&job, "/files/0/path"));
    let beside = clip.with_extension("json");
    let genuine = fs::read_to_string(&beside).expect("a sidecar");
    let secret = desk.write("secret.mp4", "not yours");
    let mut hostile: Value = serde_json::from_str(&genuine).expect("JSON");
    hostile["file"]["path"] = "../../secret.mp4".into();
    hostile["job"]["request"]["prompt"] = "a \u{1b}]52;c;ZXZpbA==\u{7}fox\u{9b}2J".into();
    fs::write(&beside, hostile.to_string()).expect("written");
    let folder = clip.parent().expect("a folder");
    for (name, content) in [
        ("empty.json", ""),
        ("torn.json", &genuine[..genuine.len() / 2]),
        ("deep.json", &"[".repeat(200_000)),
        ("other.json", "{\"a\":1}"),
    ] {
        fs::write(folder.join(name), content).expect("written");
    }
    fs::remove_file(desk.database()).expect("removed");
    let ended = desk.done(&["doctor", "--repair"]);
    assert!(ended.out.contains("torn.json can't be read"), "{}", ended.out);
    let shown = desk.done(&["show", text(&job, "/id")]);
    assert!(!shown.out.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{:?}", shown.out);
    assert!(shown.out.contains(&clip.display().to_string()), "{}", shown.out);
    assert!(!shown.out.contains("secret"), "{}", shown.out);
    assert_eq!(fs::read_to_string(secret).expect("untouched"), "not yours");
}

#[test]
fn a_database_in_use_is_not_repaired_and_one_in_repair_is_not_used() {
    let desk = Desk::new();
    desk.clip("a fox");
    let mut watching = desk.start(&["jobs", "--watch", "--json"]);
    watching.next_line();
    desk.run(&["doctor", "--repair"]).expecting(2).saying(&["another Rushes uses", "close it"]);
    watching.kill();
    let lock = fs::File::create(desk.data().join("use.lock")).expect("a file");
    lock.lock().expect("locked");
    desk.run(&["jobs"]).expecting(1).saying(&["is being repaired", "run this again"]);
    drop(lock);
    assert_eq!(repaired(&desk)["known"], 1);
    fs::remove_file(desk.database()).expect("removed");
    fs::create_dir(desk.data().join("repair.part")).expect("a repair that broke off");
    desk.run(&["jobs"]).expecting(1).saying(&["broke off", "doctor --repair"]);
    assert_eq!(repaired(&desk)["rebuilt"], 1);
    assert_eq!(history(&desk).len(), 1);
}

#[test]
fn a_newer_database_is_not_repaired() {
    let desk = Desk::new();
    desk.clip("a fox");
    let mut content = fs::read(desk.database()).expect("a database");
    content[60..64].copy_from_slice(&9999_u32.to_be_bytes());
    fs::write(desk.database(), &content).expect("written");
    desk.run(&["doctor", "--repair"]).expecting(1).saying(&["newer version"]);
    assert_eq!(fs::read(desk.database()).expect("still there"), content);
}

/// `clips/` of somebody else, whose sidecar calls its job unsent: a repair, and what carries jobs on after it,
/// must not have the user pay for it.
#[test]
fn a_foreign_file_orders_nothing() {
    let theirs = Desk::new();
    let clip = theirs.clip("a fox");
    let sidecar = Path::new(text(&clip, "/files/0/path")).with_extension("json");
    let body = fs::read_to_string(&sidecar).expect("a sidecar");
    let told: Value = serde_json::from_str(&body).expect("JSON");
    for state in ["queued", "retry_wait", "submitting", "confirming", "running", "canceling"] {
        let ours = Desk::new();
        let mut foreign = told.clone();
        foreign["job"]["state"] = state.into();
        // As if nothing had ever been sent or rendered for it.
        foreign["job"]["sends"] = 0.into();
        foreign["job"]["request"]["results"] = 2.into();
        ours.write("data/clips/day/a.json", foreign.to_string());
        let repaired = repaired(&ours);
        assert_eq!(repaired["rebuilt"], 1, "{state}: {repaired}");
        let waits = !["running", "canceling"].contains(&state);
        assert_eq!(repaired["in_doubt"], u64::from(waits), "{state}: {repaired}");
        if waits {
            ours.done(&["wait"]);
            let job = ours.done(&["jobs", "--json"]).object();
            assert_eq!(text(&job, "/state"), "in_doubt");
            let why = text(&job, "/error/message");
            assert!(
                why.contains(state) && why.contains("nothing that comes from a file is sent"),
                "{why}"
            );
        } else {
            // It is asked for, for as long as it takes to be sure; nothing else.
            let mut waiting = ours.start(&["wait"]);
            until("a question", || {
                ours.data().join("sandbox/address").exists() || waiting.has_ended()
            });
            waiting.kill();
        }
        assert_eq!(ours.accepted(), [""; 0], "{state}: it was ordered");
        assert!(!ours.data().join("rushes.sent").exists(), "{state}: it was sent");
    }
}
