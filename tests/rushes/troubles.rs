//! Every trouble that the sandbox offers, and what a person is told of it.

use std::collections::BTreeMap;

use rushes::sandbox::trouble::TROUBLE_WORDS;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::support::{Desk, Running, facts, generate, text, until};

/// How a job with a trouble word ends.
struct Ending {
    status: i32,
    state: &'static str,
    /// The error's class, and whether it was charged.
    error: Option<(&'static str, &'static str)>,
    /// How many tasks the provider has accepted for it.
    accepted: usize,
}

const fn ends(
    status: i32,
    state: &'static str,
    error: Option<(&'static str, &'static str)>,
    accepted: usize,
) -> Ending {
    Ending { status, state, error, accepted }
}

/// What each word leads to. A word without a line here fails the test.
fn endings() -> BTreeMap<&'static str, Ending> {
    BTreeMap::from([
        ("sandbox:moderation", ends(1, "failed", Some(("moderated", "not_charged")), 1)),
        ("sandbox:timeout", ends(1, "failed", Some(("timeout", "not_charged")), 1)),
        ("sandbox:slow", ends(0, "succeeded", None, 1)),
        ("sandbox:insufficient-credits", ends(1, "failed", Some(("money", "not_charged")), 0)),
        ("sandbox:rate-limit", ends(0, "succeeded", None, 1)),
        ("sandbox:lost-reply", ends(0, "succeeded", None, 1)),
        ("sandbox:lost-request", ends(0, "succeeded", None, 1)),
        // It is asked for as long as the service may have it.
        ("sandbox:expired-result", ends(0, "downloading", Some(("expired", "charged")), 1)),
        // One of two results comes; what became of the other stays to be seen.
        ("sandbox:partial", ends(0, "succeeded", None, 1)),
        ("sandbox:server-error", ends(0, "succeeded", None, 1)),
        // Its content is not checked here.
        ("sandbox:nsfw", ends(0, "succeeded", None, 1)),
        ("sandbox:draft-expired", ends(0, "succeeded", None, 1)),
    ])
}

/// All at once, each on a desk of its own, since some take half a minute of patience and no work.
#[test]
fn every_trouble_ends_as_it_should() {
    let mut endings = endings();
    let running: Vec<(&str, Ending, Desk, Running)> = TROUBLE_WORDS
        .iter()
        .map(|one| {
            let ending = endings.remove(one.word).expect("an ending for every word");
            let desk = Desk::new();
            let prompt = format!("a lantern on the water, {}", one.word);
            let mut line = generate(&prompt, &["--wait"]);
            if one.word == "sandbox:partial" {
                line.extend(["--results", "2"]);
            }
            let running = desk.start(&line);
            (one.word, ending, desk, running)
        })
        .collect();
    assert!(endings.is_empty(), "no such words: {:?}", endings.keys());
    for (word, ending, desk, running) in running {
        if ending.state == "downloading" {
            is_asked_for_on(&desk, running);
            continue;
        }
        let ended = running.ended();
        assert_eq!(ended.status, Some(ending.status), "{word}: {}{}", ended.out, ended.err);
        let job = ended.object();
        assert_eq!(job["state"], ending.state, "{word}: {job}");
        assert_eq!(desk.accepted_once_each(), ending.accepted, "{word}");
        match ending.error {
            None => {
                assert_eq!(job["files"].as_array().map(Vec::len), Some(1), "{word}: {job}");
                assert_eq!(facts(&job).frames, 29, "{word}");
                assert_eq!(job["charge_usd"], text_of_charge(&job), "{word}: {job}");
            }
            Some((class, charged)) => {
                assert_eq!(job.pointer("/error/class"), Some(&class.into()), "{word}: {job}");
                assert_eq!(job.pointer("/error/charged"), Some(&charged.into()), "{word}: {job}");
                for name in ["code", "message", "advice"] {
                    assert!(!text(&job["error"], &format!("/{name}")).is_empty(), "{word}: {job}");
                }
                assert_eq!(job["files"], serde_json::json!([]), "{word}: {job}");
            }
        }
        it_went_the_way_it_should(word, &desk.show(text(&job, "/id")));
    }
}

/// A file that is gone is given up only when its service no longer keeps it, which is in days.
fn is_asked_for_on(desk: &Desk, running: Running) {
    let job = || desk.done(&["history", "--json"]).object();
    let tries = |shown: &Value| {
        let events = shown["events"].as_array().map_or(&[][..], Vec::as_slice);
        events.iter().filter(|event| event["event"] == "save_failed").count()
    };
    until("a second try", || tries(&desk.show(text(&job(), "/id"))) > 1);
    // Nothing here shows a live line: it is said once.
    let id = Pid::from_raw(running.id() as i32).expect("an id");
    kill_process(id, Signal::INT).expect("the process is there");
    let told = running.ended().err;
    let said = "not saved yet (http404, charged): the file's address answers 404";
    assert_eq!(told.matches(said).count(), 1, "{told}");
    let job = job();
    assert!(text(&job, "/error/advice").contains("fetched again by itself"), "{job}");
    assert_eq!((text(&job, "/state"), text(&job, "/error/class")), ("downloading", "expired"));
    assert_eq!(text(&job, "/error/charged"), "charged");
    assert_eq!(desk.accepted_once_each(), 1);
}

/// One result of 29 frames at 864x480 was charged, however many were asked for.
fn text_of_charge(job: &Value) -> Value {
    let each = job.pointer("/files/0/charge_usd").cloned();
    each.expect("a charge")
}

/// The evidence: what the job's own events say of the trouble.
fn it_went_the_way_it_should(word: &str, shown: &Value) {
    let events = shown["events"].as_array().expect("events");
    let count = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    let expected: &[(&str, usize)] = match word {
        "sandbox:rate-limit" => &[("sent", 3), ("postponed", 2), ("outcome_unknown", 0)],
        "sandbox:lost-reply" => &[("sent", 1), ("outcome_unknown", 1), ("not_found", 0)],
        "sandbox:lost-request" | "sandbox:server-error" => {
            &[("sent", 2), ("outcome_unknown", 1), ("not_found", 1)]
        }
        "sandbox:partial" => &[("output_ready", 1), ("output_failed", 1), ("saved", 1)],
        "sandbox:insufficient-credits" => &[("sent", 1), ("accepted", 0)],
        _ => &[("sent", 1), ("accepted", 1)],
    };
    for (name, times) in expected {
        assert_eq!(count(name), *times, "{word}: {name} in {events:?}");
    }
}

#[test]
fn several_results_are_several_files_and_each_is_charged() {
    let desk = Desk::new();
    let line = generate("three boats", &["--wait", "--results", "3", "--seed", "7"]);
    let job = desk.done(&line).object();
    let files = job["files"].as_array().expect("files");
    assert_eq!(files.len(), 3, "{job}");
    for name in ["path", "sha256", "seed"] {
        let mut values: Vec<String> = files.iter().map(|file| file[name].to_string()).collect();
        values.sort();
        values.dedup();
        assert_eq!(values.len(), 3, "{name} is the same in two: {job}");
    }
    let all: f64 = files.iter().filter_map(|file| file["charge_usd"].as_f64()).sum();
    assert!((job["charge_usd"].as_f64().expect("a charge") - all).abs() < 1e-9, "{job}");
    assert_eq!(job["charge_usd"], job["estimate_usd"]);
    assert_eq!(desk.accepted_once_each(), 1);
}

#[test]
fn a_draft_past_its_time_is_refused_and_nothing_is_charged() {
    let desk = Desk::new();
    let line = ["generate", "--draft", "--duration", "4", "--wait", "--json", "--prompt"];
    let line: Vec<&str> = line.iter().copied().chain(["a tide sandbox:draft-expired"]).collect();
    let draft = desk.done(&line).object();
    let ended = desk.run(&["promote", text(&draft, "/id"), "--wait", "--json"]).expecting(1);
    let job = ended.object();
    assert_eq!(job["state"], "failed");
    assert_eq!(job.pointer("/error/class"), Some(&"expired".into()), "{job}");
    assert_eq!(job["charge_usd"], 0.0);
    assert_eq!(desk.accepted_once_each(), 1);
}

/// A person reads the same in words.
#[test]
fn a_refusal_is_told_in_words_with_the_next_step() {
    let desk = Desk::new();
    let line = generate("a duel sandbox:moderation", &["--wait"]);
    let words: Vec<&str> = line.into_iter().filter(|word| *word != "--json").collect();
    let ended = desk.run(&words).expecting(1);
    for part in ["moderated", "not charged", "Change the prompt"] {
        assert!(ended.out.contains(part), "'{part}' is not in {}", ended.out);
    }
}

#[test]
fn the_help_lists_every_word() {
    let desk = Desk::new();
    for verb in ["generate", "sandbox"] {
        let help = desk.done(&[verb, "--help"]).out;
        for one in TROUBLE_WORDS {
            assert!(help.contains(one.word), "{verb} --help does not tell {}", one.word);
        }
    }
}
