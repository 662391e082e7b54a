//! A service that repeats, in every answer and in every form, the key that it was asked with: it is on no
//! screen, in no JSON, in no log and in no file afterwards.

use std::process::Command;

use serde_json::{Value, json};

use super::support::{Desk, Ended, Running, text};
use super::terminal::{self, Terminal};
use super::wire::{Act, Call, Wire, reply};

/// It looks like no key of any service, and has signs that addresses and JSON escape.
const KEY: &str = "Zq7k/P2mV-x9Lw+4Rt8";
const IN_ADDRESS: &str = "Zq7k%2FP2mV%2Dx9Lw%2B4Rt8";
const IN_BASE64: &str = "WnE3ay9QMm1WLXg5THcrNFJ0O";
/// As much of it as nobody should see.
const PART: &str = "Zq7k/P2mV";

const MODELS: [&str; 3] = ["runware/1.0-pro", "runpod/1.0-pro", "runbase/1.0-pro"];

/// An error in the forms of all three services at once.
fn error(call: &Call) -> Value {
    let said = call.key.clone().unwrap_or_default();
    let words = format!("{said} or {KEY} ({IN_ADDRESS}, {IN_BASE64}w==) is not taken: {KEY}.");
    json!({ "errors": [{ "code": KEY, "status": "error", "message": words, "parameter": [KEY, "width"],
                         "taskUUID": call.body[0]["taskUUID"] }],
            "error": { "code": KEY, "message": words }, "message": words, "detail": words })
}

/// The answers that a test goes through, by status and form.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Error(u16),
    /// A job that failed, in the words of RunPod and Runbase.
    Failed,
    /// No protocol's form, and longer than what is shown of it.
    Page(u16),
    /// Only headers have it.
    Nothing,
}

impl Answer {
    fn act(self, call: &Call) -> Act {
        match self {
            Self::Error(status) => reply(status, "", error(call).to_string()),
            Self::Failed => {
                let mut body = error(call);
                if call.path.starts_with("/v1") {
                    // Runware's would speak of the question, since it names no task.
                    body["error"].take();
                }
                body["id"] = json!("x-1");
                body["status"] =
                    json!(if call.path.starts_with("/v2") { "FAILED" } else { "failed" });
                reply(200, "", body.to_string())
            }
            Self::Page(status) => {
                reply(status, "", format!("<p>{}{KEY} {KEY} {KEY} {KEY}", "no ".repeat(25)))
            }
            Self::Nothing => reply(500, &format!("retry-after: {KEY}\r\nx-key: {KEY}\r\n"), ""),
        }
    }
}

fn is_submit(call: &Call) -> bool {
    call.path.ends_with("/run")
        || call.path.ends_with("/runs")
        || call.body[0]["taskType"] == "videoInference"
}

fn accepted(call: &Call) -> Act {
    let task = call.body[0]["taskUUID"].clone();
    let body = json!({ "data": [{ "taskType": "videoInference", "taskUUID": task }],
                       "id": "x-1", "status": "IN_QUEUE" });
    reply(200, "", body.to_string())
}

/// The program at a desk whose services are all `wire`.
fn at(desk: &Desk, wire: &Wire, line: &[&str]) -> Command {
    let mut command = desk.command(line);
    for (env, path) in [("RUNWARE", "/v1"), ("RUNPOD", "/v2"), ("RUNBASE", "/api/v1")] {
        command.env(format!("{env}_API_KEY"), KEY);
        command.env(format!("{env}_BASE_URL"), format!("{}{path}", wire.origin));
    }
    command
}

#[track_caller]
fn is_nowhere(what: &str, desk: &Desk, printed: &[&Ended]) {
    let forms = [KEY, IN_ADDRESS, IN_BASE64, PART];
    for ended in printed {
        for form in forms {
            assert!(
                !ended.out.contains(form) && !ended.err.contains(form),
                "{what}: {}{}",
                ended.out,
                ended.err
            );
        }
    }
    forms.iter().for_each(|form| desk.never_holds(form));
}

#[test]
fn what_becomes_of_a_submit_never_tells_the_key() {
    let answers = [
        Answer::Error(400),
        Answer::Error(401),
        Answer::Error(500),
        Answer::Page(400),
        Answer::Page(502),
        Answer::Failed,
        Answer::Nothing,
    ];
    for model in MODELS {
        for answer in answers {
            let wire = Wire::start(move |_, calls| {
                let call = calls.last().expect("a call");
                if is_submit(call) { answer.act(call) } else { Answer::Failed.act(call) }
            });
            let desk = Desk::quick();
            let line = ["generate", "--wait", "--json", "--model", model, "--prompt", "a boat"];
            let ended = Running::start(at(&desk, &wire, &line)).ended();
            let listed = desk.run(&["history", "--json"]);
            let id = text(&listed.object(), "/id").to_owned();
            let shown = [desk.run(&["show", &id, "--json"]), desk.run(&["show", &id]), listed];
            assert!(wire.calls()[0].key.as_deref().is_some_and(|key| key.contains(KEY)));
            is_nowhere(
                &format!("{answer:?} at {model}"),
                &desk,
                &[&ended, &shown[0], &shown[1], &shown[2]],
            );
        }
    }
}

/// Polls that go wrong and are asked again, and a job that failed there.
#[test]
fn what_a_poll_says_never_tells_the_key() {
    for model in MODELS {
        let wire = Wire::start(move |_, calls| {
            let call = calls.last().expect("a call");
            if is_submit(call) {
                return accepted(call);
            }
            let polls = calls.iter().filter(|call| !is_submit(call)).count();
            let answers = [Answer::Error(500), Answer::Page(502), Answer::Nothing, Answer::Failed];
            answers.get(polls - 1).unwrap_or(&Answer::Failed).act(call)
        });
        let desk = Desk::quick();
        let line = ["generate", "--wait", "--json", "--model", model, "--prompt", "a boat"];
        let ended = Running::start(at(&desk, &wire, &line)).ended();
        assert_eq!(ended.object()["state"], "failed", "{model}: {}", ended.out);
        assert!(ended.out.contains("[key removed]"), "{model}: {}", ended.out);
        let shown = desk.run(&["show", text(&ended.object(), "/id"), "--json"]);
        is_nowhere(model, &desk, &[&ended, &shown]);
    }
}

/// What is asked beside the jobs' way: the key itself, a price, a job in doubt, a stop.
#[test]
fn questions_beside_a_job_never_tell_the_key() {
    let wire = Wire::start(|_, calls| Answer::Error(401).act(calls.last().expect("a call")));
    let desk = Desk::quick();
    let run = |line: &[&str]| Running::start(at(&desk, &wire, line)).ended();
    let doctor = run(&["doctor"]);
    assert!(doctor.out.contains("[key removed]"), "{}", doctor.out);
    let dry = ["generate", "--dry-run=remote", "--model", MODELS[0], "--prompt", "a boat"];
    let asked = [doctor, run(&["doctor", "--json"]), run(&dry)];
    assert!(asked[2].err.contains("[key removed]"), "{}", asked[2].err);
    is_nowhere("doctor and price", &desk, &[&asked[0], &asked[1], &asked[2]]);

    let wire = Wire::start(|_, calls| {
        let call = calls.last().expect("a call");
        if is_submit(call) && call.path.starts_with("/v2") && calls.len() == 1 {
            return accepted(call);
        }
        Answer::Error(500).act(call)
    });
    let desk = Desk::quick();
    let run = |line: &[&str]| Running::start(at(&desk, &wire, line)).ended();
    let sent = run(&["generate", "--json", "--model", MODELS[1], "--prompt", "a boat"]);
    let job = text(&sent.object(), "/id").to_owned();
    let stopped = run(&["cancel", &job, "--json"]);
    let lost = run(&["generate", "--wait", "--json", "--model", MODELS[2], "--prompt", "a boat"]);
    assert_eq!(lost.object()["state"], "in_doubt", "{}", lost.out);
    let settled = run(&["settle", text(&lost.object(), "/id")]);
    is_nowhere("stop and doubt", &desk, &[&sent, &stopped, &lost, &settled]);
}

#[test]
fn the_studio_never_shows_the_key() {
    let home = terminal::home();
    let wire = Wire::start(|_, calls| Answer::Error(401).act(calls.last().expect("a call")));
    let mut command = terminal::command(home.path(), env!("CARGO_BIN_EXE_rushes"));
    command.env("RUNWARE_API_KEY", KEY);
    command.env("RUNWARE_BASE_URL", format!("{}/v1", wire.origin));
    let config = home.path().join("config/config.toml");
    std::fs::create_dir_all(config.parent().expect("a folder")).expect("a folder");
    std::fs::write(&config, "model = \"runware/1.0-pro\"\n").expect("a config");
    let mut studio = Terminal::start(command, 160, 50);
    studio.is_open();
    studio.types("a paper boat");
    studio.until("the prompt", |screen| screen.contains("a paper boat"));
    studio.types("\x1b[15~");
    studio.until("the refusal", |screen| screen.contains("failed"));
    studio.leaves_the_text();
    studio.types("3\r");
    let screen = studio.until("the details", |screen| screen.contains("[key removed]"));
    let sent = String::from_utf8_lossy(&studio.bytes()).into_owned();
    for form in [KEY, IN_ADDRESS, IN_BASE64, PART] {
        assert!(!sent.contains(form), "{screen}");
    }
    for path in Desk::files(home.path()) {
        let content = std::fs::read(&path).expect("a file");
        let found = content.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        assert!(!found, "the key is in {}", path.display());
    }
}
