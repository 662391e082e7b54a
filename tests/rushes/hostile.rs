//! Replies as no service should send them: to a submit, to a poll and in the place of a file, at each
//! provider. Nothing may be lost, nothing paid twice, and the key may reach nobody else.

use std::sync::Arc;

use serde_json::{Value, json};

use super::network::{Front, NAME};
use super::odd_bytes::gzip;
use super::support::{Desk, Ended, Running, text, until};
use super::wire::{Act, Call, Wire, announced, drip, reply};

const KEY: &str = "sk-secret-value-4711";
pub(crate) const CLIP: &[u8] = include_bytes!("../fixtures/clips/high.mp4");
/// nginx's own page for 502.
const HTML: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
pub(crate) const MODELS: [&str; 3] = ["runware/1.0-pro", "runpod/1.0-pro", "runbase/1.0-pro"];
/// So many at a time, since each mostly waits.
const AT_ONCE: usize = 6;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Submit,
    Poll,
    File,
}

pub(crate) fn purpose(call: &Call) -> For {
    if call.path.contains("/file") {
        For::File
    } else if call.path.ends_with("/run")
        || call.path.ends_with("/runs")
        || call.body[0]["taskType"] == "videoInference"
    {
        For::Submit
    } else {
        For::Poll
    }
}

fn json_reply(status: u16, body: &Value) -> Act {
    reply(status, "content-type: application/json\r\n", body.to_string())
}

/// What a service in good health answers. All shapes are those of the documents.
pub(crate) fn healthy(origin: &str, call: &Call) -> Act {
    let url = format!("{origin}/file.mp4");
    let task = call.body[0]["taskUUID"].clone();
    match (purpose(call), call.path.split('/').nth(1)) {
        (For::File, _) => reply(200, "", CLIP),
        (For::Submit, Some("v1")) => json_reply(
            200,
            &json!({ "data": [{ "taskType": "videoInference", "taskUUID": task }] }),
        ),
        (For::Submit, Some("v2")) => json_reply(200, &json!({ "id": "r-1", "status": "IN_QUEUE" })),
        (For::Submit, _) => {
            json_reply(200, &json!({ "id": "run_1", "status": "pending", "costUsd": 620_000 }))
        }
        (For::Poll, Some("v1")) => json_reply(
            200,
            &json!({ "data": [{ "taskType": "videoInference", "taskUUID": task, "status": "success",
                                "videoUUID": task, "videoURL": url, "cost": 0.62 }] }),
        ),
        (For::Poll, Some("v2")) => json_reply(
            200,
            &json!({ "id": "r-1", "status": "COMPLETED", "output": { "video_url": url, "cost": 0.62 } }),
        ),
        (For::Poll, _) => json_reply(
            200,
            &json!({ "id": "run_1", "status": "succeeded", "costUsd": 620_000, "output": { "urls": [url] } }),
        ),
    }
}

/// What is wrong with an answer. It is told the origin and the call.
pub(crate) type Wrong = Arc<dyn Fn(&str, &Call) -> Act + Send + Sync>;

pub(crate) fn wrong(act: impl Fn(&str, &Call) -> Act + Send + Sync + 'static) -> Wrong {
    Arc::new(act)
}

/// A service whose first `times` answers to calls for `what` are `wrong`.
pub(crate) fn service(what: For, times: usize, wrong: Wrong) -> Wire {
    Wire::start(move |origin, calls| {
        let call = calls.last().expect("the present one");
        let nth = calls.iter().filter(|one| purpose(one) == what).count();
        if purpose(call) == what && nth <= times {
            wrong(origin, call)
        } else {
            healthy(origin, call)
        }
    })
}

/// One run against a service, and what was left of it.
pub(crate) struct Met {
    desk: Desk,
    pub(crate) wire: Wire,
    pub(crate) ended: Ended,
    pub(crate) job: Value,
}

/// Generates at `wire`, and checks what must hold whatever is said there.
pub(crate) fn met(model: &str, wire: Wire) -> Met {
    met_within(model, wire, &[])
}

/// The same in an environment with those variables.
fn met_within(model: &str, wire: Wire, environment: &[(&str, &str)]) -> Met {
    let desk = Desk::quick();
    let line = ["generate", "--wait", "--json", "--model", model, "--prompt", "a paper boat"];
    let mut command = desk.command(&line);
    for (env, path) in [("RUNWARE", "/v1"), ("RUNPOD", "/v2"), ("RUNBASE", "/api/v1")] {
        command.env(format!("{env}_API_KEY"), KEY);
        command.env(format!("{env}_BASE_URL"), format!("{}{path}", wire.origin));
    }
    // What hangs is to be given up soon; the others are not that slow on a busy machine.
    command.env("RUSHES_TIMEOUT_S", "4");
    command.envs(environment.iter().copied());
    let ended = Running::start(command).ended();
    let job = ended.object();
    let shown = desk.done(&["show", text(&job, "/id")]);
    for printed in [&ended, &shown] {
        assert!(!printed.out.contains(KEY) && !printed.err.contains(KEY), "the key was printed");
    }
    desk.never_holds(KEY);
    for call in wire.calls() {
        let given = call.key.as_deref() == Some(&format!("Bearer {KEY}"));
        assert_eq!(
            given,
            purpose(&call) != For::File,
            "the key goes to the service alone: {call:?}"
        );
    }
    Met { desk, wire, ended, job }
}

impl Met {
    pub(crate) fn state(&self) -> &str {
        text(&self.job, "/state")
    }

    /// How often the job was sent.
    pub(crate) fn submits(&self) -> usize {
        self.wire.calls().iter().filter(|call| purpose(call) == For::Submit).count()
    }

    /// Class, whether it was charged, and the sentence that a person reads.
    fn error(&self) -> (&str, &str, &str) {
        let part = |name: &str| text(&self.job, &format!("/error/{name}"));
        assert!(!part("advice").is_empty(), "what to do next: {}", self.job);
        (part("class"), part("charged"), part("message"))
    }

    /// It has its file, was sent once and charged once, and nothing lies about.
    pub(crate) fn is_whole(&self, what: &str) {
        assert_eq!(self.ended.status, Some(0), "{what}: {}{}", self.ended.out, self.ended.err);
        assert_eq!((self.state(), &self.job["charge_usd"]), ("succeeded", &json!(0.62)), "{what}");
        let file = std::fs::read(text(&self.job, "/files/0/path")).expect("the clip");
        assert!(file == CLIP, "{what}: {} bytes were saved", file.len());
        let mut left = Desk::files(&self.desk.data().join("clips"));
        left.retain(|path| path.extension().is_some_and(|extension| extension == "part"));
        assert!(left.is_empty(), "{what}: {left:?}");
    }

    /// The words of the job's events, with what went wrong on the way.
    pub(crate) fn story(&self) -> String {
        self.desk.show(text(&self.job, "/id"))["events"].to_string()
    }
}

/// Runs the cases, some at a time.
pub(crate) fn all<T: Send>(cases: Vec<T>, run: impl Fn(T) + Sync) {
    let cases = std::sync::Mutex::new(cases);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let case = cases.lock().expect("no case fails with it").pop();
                    match case {
                        Some(case) => run(case),
                        None => return,
                    }
                }
            });
        }
    });
}

/// Every model with everything of `each`.
pub(crate) fn at_each<T: Clone>(each: Vec<T>) -> Vec<(&'static str, T)> {
    MODELS.iter().flat_map(|model| each.iter().map(|one| (*model, one.clone()))).collect()
}

/// An answer that breaks the rules of every protocol, and leaves open what became of the request.
fn broken() -> Vec<(&'static str, Wrong)> {
    vec![
        (
            "a server error",
            wrong(|_, _| json_reply(500, &json!({ "message": "Internal server error" }))),
        ),
        ("a gateway's page", wrong(|_, _| reply(502, "content-type: text/html\r\n", HTML))),
        (
            "a page that says all is well",
            wrong(|_, _| reply(200, "content-type: text/html\r\n", HTML)),
        ),
        ("half a reply", wrong(|_, _| announced(200, "", 4000, br#"{"data":[{"taskType":"vid"#))),
        ("JSON cut in the middle", wrong(|_, _| reply(200, "", br#"{"data":[{"taskType":"vid"#))),
        ("50 MB", wrong(|_, _| reply(200, "", vec![b' '; 50 << 20]))),
        ("a reply that never ends", wrong(|_, _| drip())),
        ("nothing", wrong(|_, _| Act::Say(Vec::new()))),
    ]
}

#[test]
fn a_submit_whose_answer_is_broken_is_never_sent_blindly_again() {
    all(at_each(broken()), |(model, (what, wrong))| {
        let met = met(model, service(For::Submit, 1, wrong));
        let what = format!("{what} at {model}");
        assert_eq!(met.submits(), 1, "{what}");
        assert!(met.story().contains("outcome_unknown"), "{what}: {}", met.story());
        if model == "runware/1.0-pro" {
            // It can be asked by the job's own key, and has it.
            met.is_whole(&what);
        } else {
            let (class, charged, message) = met.error();
            assert_eq!((met.state(), class, charged), ("in_doubt", "lost", "unknown"), "{what}");
            assert_eq!(met.ended.status, Some(3), "{what}");
            assert!(message.contains("whether the provider has the job"), "{what}: {message}");
            assert!(message.matches("the provider answered").count() < 2, "{what}: {message}");
            if what.starts_with("a reply that never ends") {
                assert!(message.starts_with("no whole reply came in time"), "{message}");
            }
        }
        if what.starts_with("50 MB") {
            assert!(met.wire.sent_bytes() < 25 << 20, "it read {} bytes", met.wire.sent_bytes());
        }
    });
}

#[test]
fn a_poll_whose_answer_is_broken_is_asked_again() {
    all(at_each(broken()), |(model, (what, wrong))| {
        let met = met(model, service(For::Poll, 1, wrong));
        met.is_whole(&format!("{what} at {model}"));
        assert_eq!(met.submits(), 1, "{what} at {model}");
        assert!(met.ended.err.contains("asking again"), "{what} at {model}: {}", met.ended.err);
    });
}

/// The refusals that the documents know, in each provider's own words.
fn refusals(model: &str) -> Vec<(&'static str, u16, Value)> {
    let runware = |code: &str, message: &str| json!({ "errors": [{ "code": code, "message": message, "parameter": "width" }] });
    let runbase =
        |code: &str, message: &str| json!({ "error": { "code": code, "message": message } });
    let failed = |error: &str| json!({ "id": "x-u1", "status": "FAILED", "error": error });
    match model {
        "runware/1.0-pro" => vec![
            ("key", 401, runware("invalidApiKey", "Invalid API key.")),
            ("money", 402, runware("insufficientCredits", "Insufficient credits.")),
            ("moderated", 400, runware("invalidProviderContent", "The content was refused.")),
            ("model_gone", 400, runware("modelNotFound", "The model is not there.")),
            ("parameter", 400, runware("unsupportedParameter", "Unsupported width.")),
        ],
        "runpod/1.0-pro" => vec![
            ("key", 401, Value::Null),
            ("money", 402, json!({ "error": "Insufficient funds." })),
            ("moderated", 400, failed("InputTextSensitiveContentDetected")),
            ("model_gone", 404, json!({ "status": 404, "title": "Not Found" })),
            ("parameter", 400, failed("Invalid parameter: size format must be widthxheight")),
        ],
        _ => vec![
            ("key", 401, runbase("invalid_api_key", "Invalid API key.")),
            ("money", 402, runbase("insufficient_balance", "Insufficient balance.")),
            ("moderated", 400, runbase("content", "The prompt violates the content policy.")),
            ("model_gone", 400, runbase("model_not_found", "No such model.")),
            ("parameter", 400, runbase("invalid_input", "duration is wrong.")),
        ],
    }
}

#[test]
fn a_refusal_is_told_in_its_class_and_costs_nothing() {
    let each = |model: &&'static str| {
        refusals(model).into_iter().map(|refusal| (*model, refusal)).collect::<Vec<_>>()
    };
    all(MODELS.iter().flat_map(each).collect(), |(model, (class, status, body))| {
        let said = body.clone();
        let act = wrong(move |_, _| match &body {
            Value::Null => reply(status, "", ""),
            body => json_reply(status, body),
        });
        let met = met(model, service(For::Submit, usize::MAX, act));
        let (told, charged, message) = met.error();
        assert_eq!((met.state(), told, charged), ("failed", class, "not_charged"), "{model}");
        assert_eq!((met.ended.status, met.submits()), (Some(1), 1), "{model} {class}");
        // The provider's own words, word for word.
        let words = ["/errors/0/message", "/error/message", "/error", "/title"]
            .iter()
            .find_map(|place| said.pointer(place)?.as_str());
        assert!(words.is_none_or(|words| message.contains(words)), "{model} {class}: {message}");
    });
}

#[test]
fn a_rate_limit_is_waited_out_as_long_as_it_asks() {
    let limit = || {
        wrong(|_, _| {
            reply(
                429,
                "retry-after: 2\r\ncontent-type: application/json\r\n",
                r#"{"error":{"code":"RATE_LIMITED","message":"Rate limit exceeded"}}"#,
            )
        })
    };
    all(at_each(vec![For::Submit, For::Poll]), |(model, what)| {
        let met = met(model, service(what, 1, limit()));
        met.is_whole(&format!("{what:?} at {model}"));
        let calls = met.wire.calls();
        let times: Vec<_> =
            calls.iter().filter(|one| purpose(one) == what).map(|one| one.at).collect();
        assert!(times[1] - times[0] >= std::time::Duration::from_millis(1_900), "{model}");
        assert_eq!(met.submits(), if what == For::Submit { 2 } else { 1 }, "{model}");
        // Under one key, where the provider knows keys: it would run the second one only once.
        let keys: Vec<&Value> = calls
            .iter()
            .filter(|one| purpose(one) == For::Submit)
            .map(|one| &one.body[0]["taskUUID"])
            .collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
    });
}

#[test]
fn no_redirect_takes_the_key_to_another_host() {
    all(at_each(vec![For::Submit, For::Poll]), |(model, what)| {
        let other = Wire::start(|origin, calls| healthy(origin, calls.last().expect("a call")));
        let place = format!("location: {}/v1\r\n", other.origin);
        let met = met(model, service(what, 1, wrong(move |_, _| reply(308, &place, ""))));
        assert!(other.calls().is_empty(), "{what:?} at {model} was taken elsewhere");
        if what == For::Submit {
            let (class, charged, message) = met.error();
            assert_eq!((met.state(), class, charged), ("failed", "provider", "not_charged"));
            assert!(message.contains("(308)") && message.contains("base_url"), "{message}");
        } else {
            met.is_whole(model);
        }
        assert_eq!(met.submits(), 1, "{model}");
    });
}

/// Answers in the place of a file that are no file, and what the job's events say of each.
fn no_files() -> Vec<(&'static str, Wrong)> {
    vec![
        ("answers 500", wrong(|_, _| reply(500, "", "no"))),
        ("answers 404", wrong(|_, _| reply(404, "", ""))),
        ("not a video", wrong(|_, _| reply(200, "content-type: text/html\r\n", HTML))),
        ("not a video", wrong(|_, _| reply(200, "", vec![b' '; 50 << 20]))),
        // Shorter than it says.
        ("connection broke", wrong(|_, _| announced(200, "", CLIP.len(), &CLIP[..6000]))),
        // Longer than it says: what was announced is not all of the clip.
        ("breaks off", wrong(|_, _| announced(200, "", 6000, CLIP))),
        // Without a length, the host dies.
        ("breaks off", wrong(|_, _| Act::Say([b"HTTP/1.0 200 x\r\n\r\n", &CLIP[..6000]].concat()))),
        (
            "connection broke",
            wrong(|_, _| {
                Act::Say(
                    [
                        &b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n1000\r\n"[..],
                        &CLIP[..4000],
                    ]
                    .concat(),
                )
            }),
        ),
        ("bytes of the file came", wrong(|_, _| reply(200, "", ""))),
        ("a part of the file (206)", wrong(|_, _| reply(206, "", CLIP))),
        (
            "a part of the file (206)",
            wrong(|_, _| reply(206, "content-range: bytes 0-5999/99999\r\n", &CLIP[..6000])),
        ),
        ("sent nothing (204)", wrong(|_, _| reply(204, "", ""))),
        ("too slow", wrong(|_, _| drip())),
        ("answers 302", wrong(|_, _| reply(302, "location: http://files.invalid/x.mp4\r\n", ""))),
    ]
}

/// Addresses that a service has no files at, which a machine around here may answer at.
fn addresses_around_here() -> Vec<(String, &'static str)> {
    let special = |url: &str, what| (format!("https://{url}/file.mp4"), what);
    vec![
        special("10.0.0.1", "a private network"),
        special("169.254.169.254", "the local link"),
        special("[::ffff:192.168.0.1]", "a private network"),
        special("[64:ff9b::a00:1]", "a private network"),
        special("[fe80::1]", "the local link"),
        special("100.64.0.1", "a carrier's own network"),
        special("198.18.0.1", "some VPNs"),
        special("[::1]", "this machine"),
        special("0.0.0.0", "no address"),
        // In plain text too, where only this machine can be.
        ("http://[::1]:9/file.mp4".to_owned(), "this machine"),
        special("user:password@127.0.0.1", "a user and a password"),
    ]
}

/// What a service names, and what that leads on to, must not be asked for in the network around here; and a file is
/// not given up for it, since it was paid for.
#[test]
fn no_address_of_a_result_leads_into_the_network_around_here() {
    let cases = addresses_around_here();
    all(
        [For::Poll, For::File]
            .iter()
            .flat_map(|what| cases.iter().map(move |case| (*what, case)))
            .collect(),
        |(what, (url, says))| {
            let there = url.clone();
            let act = wrong(move |origin, call| match (what, healthy(origin, call)) {
                (For::Poll, Act::Say(bytes)) => {
                    let text = String::from_utf8(bytes).expect("JSON");
                    let (_, body) = text.split_once("\r\n\r\n").expect("a body");
                    reply(200, "", body.replace(&format!("{origin}/file.mp4"), &there))
                }
                _ => reply(302, &format!("location: {there}\r\n"), ""),
            });
            let met = met(MODELS[0], service(what, 1, act));
            met.is_whole(url);
            assert!(met.story().contains(says), "{url}: {}", met.story());
            assert!(met.story().contains("not opened"), "{url}: {}", met.story());
            assert!(!met.story().contains("password@"), "{}", met.story());
        },
    );
}

#[test]
fn what_is_no_file_is_fetched_again_and_never_kept() {
    all(no_files(), |(says, wrong)| {
        let met = met(MODELS[0], service(For::File, 1, wrong));
        met.is_whole(says);
        assert_eq!(met.submits(), 1, "{says}");
        assert!(met.story().contains(says), "{says}: {}", met.story());
    });
}

/// A proxy looks names up itself, so that only the name can be judged; where the proxy is, is the user's word.
#[test]
fn behind_a_proxy_a_clip_is_fetched_from_no_name_of_a_private_network() {
    let there = Desk::new();
    let front = Front::new(&there);
    let ca = there.write("ca.pem", &front.ca).display().to_string();
    let proxy = front.proxy().replace("127.0.0.1", "localhost");
    let cases = [(NAME, "answers 404"), ("printer.local", "a name of private networks")];
    for (nr, (host, says)) in cases.into_iter().enumerate() {
        let place = format!("location: https://{host}/none.mp4\r\n");
        let wire = service(For::File, 1, wrong(move |_, _| reply(302, &place, "")));
        let met = met_within(MODELS[0], wire, &[("HTTPS_PROXY", &proxy), ("SSL_CERT_FILE", &ca)]);
        met.is_whole(host);
        assert!(met.story().contains(says), "{host}: {}", met.story());
        assert_eq!(front.connects().len(), 1, "case {nr}: {:?}", front.connects());
    }
}

/// A cache on the way may answer with a part that is the whole file.
#[test]
fn a_part_that_is_the_whole_file_is_one() {
    let range = format!("content-range: bytes 0-{}/{}\r\n", CLIP.len() - 1, CLIP.len());
    let met = met(MODELS[0], service(For::File, 1, wrong(move |_, _| reply(206, &range, CLIP))));
    met.is_whole("206");
    assert!(!met.story().contains("save_failed"), "{}", met.story());
}

/// The address is the provider's word: it may lie, and another poll may tell a better one.
#[test]
fn an_address_that_is_not_https_is_not_fetched() {
    all(MODELS.to_vec(), |model| {
        let insecure = |origin: &str, call: &Call| match healthy(origin, call) {
            Act::Say(bytes) => {
                let text = String::from_utf8(bytes).expect("JSON");
                let (_, body) = text.split_once("\r\n\r\n").expect("a body");
                reply(200, "", body.replace(origin, "http://files.invalid"))
            }
            other => other,
        };
        let met = met(model, service(For::Poll, 1, wrong(insecure)));
        met.is_whole(model);
        assert!(met.story().contains("is not an https address"), "{}", met.story());
    });
}

#[test]
fn a_file_may_move_to_another_host_where_no_key_goes() {
    all(MODELS.to_vec(), |model| {
        let other =
            Arc::new(Wire::start(|origin, calls| healthy(origin, calls.last().expect("a call"))));
        let place = format!("location: {}/file.mp4\r\n", other.origin);
        let met = met(model, service(For::File, 1, wrong(move |_, _| reply(302, &place, ""))));
        met.is_whole(model);
        assert!(matches!(&other.calls()[..], [call] if call.key.is_none()), "{:?}", other.calls());
    });
}

/// A file that breaks off a few times is not all that there is.
#[test]
fn a_clip_that_is_cut_is_fetched_again_until_it_is_whole() {
    let met = met(MODELS[0], service(For::File, 2, wrong(|_, _| reply(200, "", &CLIP[..6000]))));
    met.is_whole("cut");
    assert!(met.story().contains("breaks off after 6000 bytes"), "{}", met.story());
}

/// More than such a clip can have, announced or not, comes once and not again and again.
#[test]
fn a_file_that_is_too_large_is_not_begun_anew_at_once() {
    let announced = wrong(|_, _| announced(200, "", 65 << 20, CLIP));
    let endless =
        wrong(|_, _| Act::Say([b"HTTP/1.0 200 x\r\n\r\n", CLIP, &vec![0; 70 << 20]].concat()));
    let bomb = Arc::new(gzip(&vec![0; 80 << 20]));
    let packed = wrong(move |_, _| reply(200, "content-encoding: gzip\r\n", &*bomb));
    for act in [announced, endless, packed] {
        let wire = service(For::File, usize::MAX, act);
        let desk = Desk::quick();
        let line = ["generate", "--wait", "--model", MODELS[0], "--prompt", "a paper boat"];
        let mut command = desk.command(&line);
        for (env, path) in [("RUNWARE", "/v1"), ("RUNPOD", "/v2"), ("RUNBASE", "/api/v1")] {
            command.env(format!("{env}_API_KEY"), KEY);
            command.env(format!("{env}_BASE_URL"), format!("{}{path}", wire.origin));
        }
        let waiting = Running::start(command);
        let told = || desk.done(&["history", "--json"]).out;
        until("the file is refused", || told().contains("larger than 64 MB"));
        waiting.kill();
        let fetches = wire.calls().iter().filter(|call| purpose(call) == For::File).count();
        assert_eq!(fetches, 1, "it is too large the next time too");
        let parts = Desk::files(&desk.data())
            .into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "part"));
        assert_eq!(parts.count(), 0, "nothing is left of it");
    }
}

/// The same in words, without `--json`.
#[test]
fn a_person_reads_what_happened_what_it_cost_and_what_to_do() {
    let wire = service(For::Submit, 1, wrong(|_, _| reply(502, "", HTML)));
    let desk = Desk::quick();
    let line = ["generate", "--wait", "--model", "runbase/1.0-pro", "--prompt", "a paper boat"];
    let mut command = desk.command(&line);
    command.env("RUNBASE_API_KEY", KEY);
    command.env("RUNBASE_BASE_URL", format!("{}/api/v1", wire.origin));
    let ended = Running::start(command).ended().expecting(3);
    for part in ["in doubt", "502", "dashboard"] {
        assert!(ended.out.contains(part), "'{part}' is not in {}", ended.out);
    }
}
