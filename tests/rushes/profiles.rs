//! Several profiles: each with its own keys, addresses and jobs.

use std::os::unix::fs::PermissionsExt as _;

use super::keys::{KEY, key_is_nowhere};
use super::support::{Desk, Running, text};

/// A sandbox that takes `key` alone, at its usual speed or so many times as fast.
fn account(desk: &Desk, key: &str, speed: &str) -> (Running, String) {
    let line = ["sandbox", "--listen", "127.0.0.1:0", "--speed", speed, "--json"];
    let mut command = desk.command(&line);
    command.env("RUSHES_SANDBOX_KEY", key);
    let mut running = Running::start(command);
    let told = serde_json::from_str(&running.next_line()).expect("JSON");
    (running, text(&told, "/url").to_owned())
}

/// A desk with two clients, each with an account of its own.
fn desk(urls: [&str; 2]) -> Desk {
    let desk = Desk::new();
    let client = |name: &str, url: &str| {
        format!(
            "[profiles.{name}]\nmodel = \"runware/1.0-pro-fast\"\n\
             [profiles.{name}.providers.runware]\nbase_url = \"{url}\"\napi_key = \"{KEY}-{name}\"\n"
        )
    };
    let text = client("a", urls[0]) + &client("b", urls[1]);
    let path = desk.write("config/config.toml", text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("closed");
    desk.write("config/catalog/quick.toml", super::keys::QUICK_RUNWARE);
    desk
}

#[test]
fn each_client_pays_for_its_own_and_asks_for_its_own() {
    let (account_a, account_b) = (Desk::new(), Desk::new());
    let (_a, url_a) = account(&account_a, &format!("{KEY}-a"), "50");
    let (_b, url_b) = account(&account_b, &format!("{KEY}-b"), "50");
    let desk = desk([&url_a, &url_b]);
    // A key of the environment is for what no profile says: a client's own goes before it.
    let run = |line: &[&str], profile: &str| {
        let mut command = desk.command(line);
        command.env("RUNWARE_API_KEY", "another").env("RUSHES_PROFILE", profile);
        Running::start(command).ended()
    };
    let sent = ["generate", "--json", "--duration", "1.2", "--prompt", "a boat"];
    let job = run(&sent, "a").expecting(0).object();
    assert_eq!(text(&job, "/provider"), "runware");
    assert_eq!((account_a.accepted().len(), account_b.accepted().len()), (1, 0));

    // Another client's studio does not ask for it, and says who would.
    let hint = "a has 1 live job: rushes --profile a wait";
    run(&["wait"], "b").expecting(0).saying(&["no job is live", hint]);
    let doctor = run(&["doctor"], "b").expecting(0);
    assert!(doctor.out.contains(&format!("ok  profile   b; {hint}")), "{}", doctor.out);
    run(&["show", text(&job, "/id")], "b").expecting(2);
    let ended = run(&["wait", "--json", "--profile", "a"], "b").expecting(0);
    assert_eq!(ended.object()["state"], "succeeded");
    assert_eq!(ended.object()["id"], job["id"]);
    assert!(text(&ended.object(), "/files/0/path").contains("/data/profiles/a/clips/"));
    run(&["wait"], "").expecting(0);
    key_is_nowhere(&desk, &[&ended, &doctor]);
}

#[test]
fn a_profile_that_is_not_there_is_told_with_those_that_are() {
    let desk = desk(["https://a.example/v1", "https://b.example/v1"]);
    for verb in [&["jobs"][..], &["generate", "--prompt", "a boat", "--dry-run"]] {
        let line = [verb, &["--profile", "c"]].concat();
        desk.run(&line).expecting(2).saying(&["there is no profile 'c'", "there are a, b"]);
    }
    for wrong in ["../a", "A", "."] {
        desk.run(&["jobs", "--profile", wrong]).expecting(2).saying(&["small letters"]);
    }
    assert!(!desk.data().exists());
    let bare = Desk::new();
    bare.run(&["jobs", "--profile", "c"]).expecting(2).saying(&["[profiles.client-a]"]);
}
