//! What is printed, where, and what happens when nobody reads it.

use std::fs::File;
use std::process::Stdio;

use super::support::{Desk, Running, generate, text};

/// `rushes models | head -1`: the reader leaves, and nobody complains.
#[test]
fn a_closed_pipe_is_quiet() {
    let desk = Desk::new();
    for line in [&["models"][..], &["models", "--json"], &["completions", "bash"], &["--help"], &[]]
    {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = desk.command(line);
        command.stdout(writer);
        drop(reader);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
        drop(command);
        let mut complaint = String::new();
        let stderr = child.stderr.as_mut().expect("a pipe");
        std::io::Read::read_to_string(stderr, &mut complaint).expect("text");
        assert_eq!(complaint, "", "{line:?}");
        assert!(child.wait().expect("the end").success(), "{line:?}");
    }
}

/// A script that takes a full disk for a failed job pays again. Whatever is lost there has a status of its
/// own, and what names a job is said where somebody may see it.
#[cfg(target_os = "linux")]
#[test]
fn output_that_can_not_be_written_has_a_status_of_its_own_and_loses_no_id() {
    let desk = Desk::new();
    let into_nowhere = |line: &[&str]| {
        let mut command = desk.command(line);
        command.stdout(File::options().write(true).open("/dev/full").expect("a full device"));
        Running::start(command).ended().expecting(4)
    };
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut nobody_reads = desk.command(&generate("a pier", &["--wait"]));
    nobody_reads.stdout(writer);
    let running = Running::start(nobody_reads);
    let piped = running.ended().expecting(4);
    let full = into_nowhere(&generate("a lighthouse", &["--wait"]));
    let jobs = desk.done(&["history", "--json"]).objects();
    for (job, ended) in jobs.iter().zip([full, piped]) {
        assert_eq!(job["state"], "succeeded");
        ended.saying(&[text(job, "/id"), "ready", "can't be written"]);
    }
    let id = text(&jobs[0], "/id");
    for line in [&["wait", id][..], &["wait", id, "--json"], &["jobs", "--json"], &["show", id]] {
        into_nowhere(line).saying(&[id]);
    }
    for line in [
        &["jobs"][..],
        &["history"],
        &["ledger"],
        &["models", "--json"],
        &["doctor"],
        &["keeper", "--status"],
        &["probe", id],
        &["frame", id, "--last", "-o", "-"],
        &["open", id],
        &["completions", "bash"],
        &["generate", "--prompt", "a fox", "--dry-run"],
        &["sandbox"],
        &["--help"],
        &[],
    ] {
        into_nowhere(line).saying(&["can't be written"]);
    }
}

#[test]
fn json_is_one_object_a_line_and_nothing_else() {
    let desk = Desk::new();
    let models = desk.done(&["models", "--json"]);
    let models = models.objects();
    for id in ["sandbox/1.5-pro", "runware/1.0-pro", "runpod/1.0-pro"] {
        assert!(models.iter().any(|model| model["id"] == id), "{id} is not listed");
    }
    let sizes = models.iter().find(|model| model["id"] == "runware/1.5-pro").expect("a model");
    let sizes = sizes["sizes"].as_array().expect("sizes");
    assert!(sizes.iter().any(|size| size["width"] == 2205 && size["height"] == 945));

    let doctor = desk.done(&["doctor", "--json"]);
    for finding in doctor.objects() {
        for name in ["about", "ok", "what"] {
            assert!(finding.get(name).is_some(), "{finding}");
        }
    }
    assert!(doctor.objects().iter().any(|finding| finding["about"] == "sandbox"));

    let job = desk.done(&generate("a lighthouse", &["--wait"]));
    assert_eq!(job.err, "", "nobody watches, so nothing is told on the way");
    let id = text(&job.object(), "/id").to_owned();
    for line in [vec!["jobs"], vec!["history"], vec!["show", &id], vec!["wait", &id]] {
        let mut line = line;
        line.push("--json");
        let told = desk.done(&line).object();
        assert_eq!(text(&told, "/id"), id, "{line:?}");
    }
}

#[test]
fn completions_are_there_for_every_shell() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = desk.done(&["completions", shell]).out;
        for verb in ["generate", "promote", "history", "doctor"] {
            assert!(script.contains(verb), "{shell} does not know {verb}");
        }
    }
    assert!(!desk.data().exists());
}

#[test]
fn without_a_verb_it_says_what_it_can_do() {
    let desk = Desk::new();
    let overview = desk.done::<&str>(&[]).out;
    for part in ["generate", "promote", "history", "rushes generate --wait"] {
        assert!(overview.contains(part), "'{part}' is not in {overview}");
    }
    assert!(desk.done(&["--version"]).out.starts_with("rushes "));
    desk.run(&["--no-such-option"]).expecting(2);
    assert!(!desk.data().exists());
}

#[test]
fn the_history_is_searched_by_words_and_filters() {
    let desk = Desk::new();
    let boat = desk.done(&generate("a red boat at dawn", &["--wait", "--seed", "41"])).object();
    let tram =
        desk.done(&generate("a red tram, 市场 by night", &["--wait", "--seed", "42"])).object();
    let failed = generate("a boat sandbox:insufficient-credits", &["--wait"]);
    let failed = desk.run(&failed).expecting(1).object();
    let [boat, tram, failed] = [boat, tram, failed].map(|job| text(&job, "/id").to_owned());
    for (query, found) in [
        ("", vec![&failed, &tram, &boat]),
        ("\"a red\"", vec![&tram, &boat]),
        ("\"red tram\"", vec![&tram]),
        ("市场", vec![&tram]),
        ("RED dawn", vec![&boat]),
        ("is:ready", vec![&tram, &boat]),
        ("is:failed boat", vec![&failed]),
        ("credits", vec![&failed]),
        ("seed:41", vec![&boat]),
        ("model:1.0-pro since:1h", vec![&failed, &tram, &boat]),
        ("cost:>100", vec![]),
        ("model:1.5", vec![]),
        ("100%", vec![]),
    ] {
        let jobs = desk.done(&["history", "--json", "--", query]).objects();
        let ids: Vec<&str> = jobs.iter().map(|job| text(job, "/id")).collect();
        assert_eq!(ids, found, "{query}");
    }
    let one = desk.done(&["history", "--json", "--limit", "1"]).object();
    assert_eq!(text(&one, "/id"), failed);
    let table = desk.done(&["jobs"]).out;
    assert_eq!(table.lines().count(), 3, "{table}");
}

/// Nothing is started on a terminal that is no desktop: the clip's path, its address and a line that
/// fetches it are printed instead.
#[test]
fn a_clip_is_not_opened_where_nobody_can_see_it() {
    let desk = Desk::new();
    let job = desk.clip("a lighthouse");
    let id = text(&job, "/id");
    let path = text(&job, "/files/0/path");
    let trap = desk.path("a-player-was-started");
    desk.write("config/config.toml", format!("player = [\"touch\", {trap:?}]\n"));
    for over_ssh in [false, true] {
        let mut command = desk.command(&["open", id]);
        if over_ssh {
            command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22").env("USER", "ana");
        }
        command.env("BROWSER", "touch a-player-was-started");
        let ended = Running::start(command).ended().expecting(0);
        let lines: Vec<&str> = ended.out.lines().collect();
        assert_eq!(lines.len(), 3, "{}", ended.out);
        assert_eq!(lines[0], path);
        assert!(lines[1].starts_with("http://127.0.0.1:"), "{}", lines[1]);
        assert!(lines[2].starts_with("scp ") && lines[2].contains(path), "{}", lines[2]);
        assert_eq!(lines[2].contains("ana@"), over_ssh);
        assert_eq!(ended.err.contains("SSH"), over_ssh, "{}", ended.err);
    }
    assert!(!trap.exists(), "something was started");
    // The line is for another machine, where a relative path leads nowhere.
    let mut command = desk.command(&["open", id, "--data-dir", "data"]);
    command.current_dir(desk.path(""));
    let ended = Running::start(command).ended().expecting(0);
    assert!(ended.out.lines().any(|line| line.starts_with("scp ") && line.contains(path)));
    let told = desk.done(&["open", id, "--json"]).object();
    assert_eq!((text(&told, "/path"), &told["opened"]), (path, &false.into()));
}

/// With a display, the player of the config gets the clip, and the terminal is not its own.
#[cfg(unix)]
#[test]
fn a_clip_is_opened_with_the_player_of_the_config() {
    let desk = Desk::new();
    let job = desk.clip("a lighthouse");
    let script = "#!/bin/sh\nprintf '%s|' \"$@\" > started.part && mv started.part started\n";
    let player = desk.write("player", script);
    std::fs::set_permissions(&player, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("the player can be run");
    desk.write("config/config.toml", format!("player = [{player:?}, \"--loop\"]\n"));
    let mut command = desk.command(&["open", text(&job, "/id")]);
    // A display is one that answers.
    let socket = desk.path("wayland");
    let _display = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    command.env("WAYLAND_DISPLAY", &socket);
    Running::start(command).ended().expecting(0);
    super::support::until("the player", || desk.path("started").exists());
    let got = std::fs::read_to_string(desk.path("started")).expect("its arguments");
    assert_eq!(got, format!("--loop|{}|", text(&job, "/files/0/path")));
}
