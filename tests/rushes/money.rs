//! What is spent: the limits of the config, and the ledger.

use serde_json::Value;

use super::keys::{KEY, remote};
use super::support::{Desk, Running, text};

/// A draft on the real entry, against the sandbox at `url`.
fn draft(desk: &Desk, url: &str, more: &[&str]) -> Running {
    let line =
        ["generate", "--model", "runware/1.5-pro", "--draft", "--json", "--prompt", "a boat"];
    let mut command = desk.command(&line);
    command.args(more).env("RUNWARE_API_KEY", KEY).env("RUNWARE_BASE_URL", url);
    Running::start(command)
}

#[test]
fn a_limit_stops_a_submit_until_it_is_confirmed_and_never_play_money() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_remote, url) = remote(&there);
    here.write("config/config.toml", "[limits]\ndaily_usd = 0.1\nsubmit_usd = 0.08\n");
    draft(&here, &url, &[]).ended().expecting(0);
    let second = draft(&here, &url, &[]).ended().expecting(2);
    second.saying(&["the last 24 hours", "$0.07292", "limit of $0.10000", "Nothing was sent"]);
    let long = draft(&here, &url, &["--duration", "12"]).ended().expecting(2);
    long.saying(&["one submit may cost $0.08000", "--over-limit"]);
    assert_eq!(there.accepted_once_each(), 1);
    draft(&here, &url, &["--over-limit"]).ended().expecting(0);
    assert_eq!(there.accepted_once_each(), 2);
    here.done(&["generate", "--draft", "--duration", "12", "--prompt", "play money"]);
}

#[test]
fn the_ledger_keeps_play_money_apart_and_names_what_is_not_known() {
    let (there, here) = (Desk::new(), Desk::new());
    let (_remote, url) = remote(&there);
    here.done(&["generate", "--draft", "--wait", "--prompt", "a boat"]);
    draft(&here, &url, &[]).ended().expecting(0);
    let rows = here.done(&["ledger", "--by", "provider", "--since", "1d", "--json"]).objects();
    let row = |name: &str| -> Value {
        rows.iter().find(|row| text(row, "/key") == name).cloned().expect("a row")
    };
    let (play, real) = (row("sandbox"), row("runware"));
    assert_eq!(
        (play["play_money"].as_bool(), real["play_money"].as_bool()),
        (Some(true), Some(false))
    );
    assert_eq!(play["charged_usd"], play["estimate_usd"]);
    assert_eq!(
        (real["open_usd"].clone(), real["charged_usd"].as_f64()),
        (real["estimate_usd"].clone(), Some(0.0))
    );
    let table = here.done(&["ledger"]).out;
    let money = table.find("money\n").expect("real money");
    assert!(table.find("play money").is_some_and(|play| play > money), "{table}");
    here.run(&["ledger", "--since", "yesterday"])
        .expecting(2)
        .saying(&["write 30m, 24h, 7d or 4w"]);
}
