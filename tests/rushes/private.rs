//! Prompts and clips are their owner's: nobody else can read what is kept, nor hold a lock.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::support::{Desk, Ended, Running, generate, text, until};

/// Runs the program as a shell with that umask does.
fn with_umask(desk: &Desk, umask: &str, line: &[&str]) -> Ended {
    let mut shell = desk.around("sh");
    shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_rushes")]);
    shell.args(line);
    Running::start(shell).ended()
}

/// Everything in `folder` and itself that others may have a part in.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(path) = all.get(next).cloned() {
        all.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        next += 1;
    }
    all.retain(|path| {
        fs::symlink_metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
    });
    all
}

#[test]
fn whatever_the_umask_nothing_is_open_to_others() {
    let desk = Desk::new();
    // Somebody who looks on keeps the log and its index there.
    let clip = with_umask(&desk, "0", &generate("a fox", &["--wait"])).expecting(0).object();
    let id = text(&clip, "/id");
    with_umask(&desk, "0", &["sheet", id, "-o", "sheet.png"]).expecting(0);
    assert_eq!(open_to_others(&desk.data()), Vec::<PathBuf>::new());
    let reader = rushes::store::Store::open(&desk.database()).expect("a database");
    with_umask(&desk, "0", &generate("a heron", &["--wait"])).expecting(0);
    assert!(desk.data().join("rushes.db-wal").exists());
    assert_eq!(open_to_others(&desk.data()), Vec::<PathBuf>::new());
    drop(reader);
}

/// A log is shown to whoever helps.
#[test]
fn a_log_is_kept_where_it_is_asked_for_and_has_neither_prompt_nor_key() {
    let desk = Desk::new();
    let log = desk.data().join("rushes.log");
    with_umask(&desk, "0", &generate("a fox", &["--wait"])).expecting(0);
    assert!(!log.exists());
    let line = generate("a secret heron", &["--wait", "--log"]);
    let clip = with_umask(&desk, "0", &line).expecting(0).object();
    let told = fs::read_to_string(&log).expect("a log");
    for said in
        ["begun", text(&clip, "/id"), "event=\"accepted\"", "status=200", "host=\"127.0.0.1\""]
    {
        assert!(told.contains(said), "{said} in\n{told}");
    }
    let key = fs::read_to_string(desk.data().join("sandbox/key")).expect("the sandbox's key");
    assert!(!told.contains("heron") && !told.contains(key.trim()), "{told}");
    assert_eq!(open_to_others(&desk.data()), Vec::<PathBuf>::new());
}

/// Folders were made that nobody could enter, and the clip was not kept.
#[test]
fn no_umask_takes_from_the_owner_what_is_made() {
    let desk = Desk::new();
    with_umask(&desk, "0777", &generate("a fox", &["--wait"])).expecting(0);
    let mut folders = vec![desk.data()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()) {
            let about = fs::symlink_metadata(&path).expect("it is there");
            let wanted = if about.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(about.permissions().mode() & 0o777, wanted, "{}", path.display());
            if about.is_dir() {
                folders.push(path);
            }
        }
    }
}

#[test]
fn a_folder_that_was_there_is_closed_with_a_word_and_once() {
    let desk = Desk::new();
    desk.clip("a fox");
    for path in Desk::files(&desk.data()) {
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("opened");
        let folder = path.parent().expect("a folder");
        fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("opened");
    }
    desk.done(&["history"]).saying(&["others could read", "closed to them now"]);
    assert_eq!(open_to_others(&desk.data()), Vec::<PathBuf>::new());
    assert_eq!(desk.done(&["history"]).err, "");
}

/// A shared folder keeps its mode; what we put into it is closed all the same.
#[test]
fn a_folder_of_others_keeps_its_mode() {
    let desk = Desk::new();
    let letter = desk.write("data/letter.txt", "dear aunt");
    fs::set_permissions(desk.data(), Permissions::from_mode(0o1777)).expect("opened");
    let clip = with_umask(&desk, "0", &generate("a fox", &["--wait"])).expecting(0).object();
    assert_eq!(text(&clip, "/state"), "succeeded");
    assert_eq!(open_to_others(&desk.data()), [desk.data(), letter]);
}

#[test]
fn who_uses_the_database_is_said() {
    let desk = Desk::new();
    let mut waiting = desk.start(&generate("a fox sandbox:slow", &["--wait"]));
    until("acceptance", || !desk.accepted().is_empty() || waiting.has_ended());
    let pid = format!("pid {}", waiting.id());
    desk.run(&["doctor", "--repair"]).expecting(2).saying(&["another Rushes", &pid, "close it"]);
    waiting.kill();
}
