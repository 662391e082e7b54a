//! What is believed: a failure ends a job, and "not taken" lets it be sent and paid for again, so both are believed only
//! where nothing else can be meant.

use super::{Adapter, Meaning, Protocol, adapters, seen, told};
use crate::domain::outcome::{Report, Sighting};
use crate::provider::registry;
use crate::provider::wire::HttpResponse;

fn reply(adapter: &Adapter, status: u16, body: &str) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: adapter.filled(body).into_bytes() }
}

fn polled(adapter: &Adapter, body: &str) -> Meaning {
    seen(registry::polled(adapter.protocol, &[adapter.named()], &reply(adapter, 200, body)))
}

fn only(protocol: Protocol) -> Adapter {
    adapters().into_iter().find(|one| one.protocol == protocol).expect("an adapter")
}

/// Codes of Runware's SDKs, and ones like them: a task that rendered was once called failed, and free, because the
/// question for it met one of these.
#[test]
fn a_trouble_of_the_question_ends_no_task_wherever_it_stands() {
    let runware = only(Protocol::Runware);
    for code in [
        "ipBlocked",
        "accountBlocked",
        "requestBlocked",
        "tokenExpired",
        "modelUnavailable",
        "modelDisabled",
        "rateLimitExceeded",
        "timeout",
        "invalidApiKey",
        "insufficientCredits",
        "providerInternalError",
        "somethingNew",
    ] {
        let error = format!(r#""code":"{code}","message":"it violates the limits""#);
        let of = r#""taskUUID":"KEY","taskType":"getResponse""#;
        for body in [
            format!(r#"{{"errors":[{{{of},{error}}}]}}"#),
            format!(r#"{{"errors":[{{{of},"status":"error",{error}}}]}}"#),
            format!(r#"{{"data":[{{{of},"status":"error",{error}}}]}}"#),
            format!(r#"{{"data":[{{{of},"status":"error","error":{{{error}}}}}]}}"#),
            format!(r#"{{"data":[{{{of},"error":{{{error}}}}}]}}"#),
            format!(r#"{{"data":[{{"taskUUID":"KEY","error":{{{of},{error}}}}}]}}"#),
        ] {
            let read = polled(&runware, &body);
            assert!(matches!(read, Meaning::Unclear(_)), "{body}: {read:?}");
        }
    }
    // Without a word of whose it is only that is the question's which any request may meet.
    for code in ["ipBlocked", "requestBlocked", "tokenExpired", "rateLimitExceeded", "timeout"] {
        let body = format!(r#"{{"data":[{{"taskUUID":"KEY","error":{{"code":"{code}"}}}}]}}"#);
        let read = polled(&runware, &body);
        assert!(matches!(read, Meaning::Unclear(_)), "{body}: {read:?}");
    }
    let record = r#"{"data":[{"taskType":"getTaskDetails","taskUUID":"KEY","status":"error","code":"timeout"}]}"#;
    let looked_up =
        registry::looked_up(Protocol::Runware, &runware.named(), &reply(&runware, 200, record));
    assert!(looked_up.is_err(), "it does not say that the task is not there: {looked_up:?}");
}

/// Beside one that is there, trouble of the question does not say that no other comes.
#[test]
fn a_result_whose_question_met_trouble_is_still_waited_for() {
    let runware = only(Protocol::Runware);
    let body = r#"{"data":[{"taskUUID":"KEY","status":"success","videoUUID":"a","videoURL":"https://x.example/a.mp4"},
        {"taskUUID":"KEY","taskType":"getResponse","status":"error","code":"rateLimitExceeded"}]}"#;
    let told = registry::polled(Protocol::Runware, &[runware.named()], &reply(&runware, 200, body));
    let told = told.expect("an answer").remove(0).1;
    let Sighting::Seen(Report { outputs, failures, unclear, .. }) = told else {
        panic!("{told:?}");
    };
    assert_eq!((outputs.len(), failures.len(), unclear.is_some()), (1, 0, true));
}

/// The bodies of the documents with another job's id, and without one.
#[test]
fn an_answer_about_another_job_says_nothing_of_this_one() {
    let of_other = |body: &str| body.replace("\"ID\"", "\"another-1\"");
    for (protocol, bodies) in [
        (
            Protocol::Runpod,
            [
                r#"{"id":"ID","status":"FAILED","error":"out of memory"}"#,
                r#"{"id":"ID","status":"COMPLETED","output":{"video_url":"https://x.example/x.mp4"}}"#,
                r#"{"id":"ID","status":"IN_PROGRESS"}"#,
                r#"{"id":"ID","status":"CANCELLED"}"#,
            ],
        ),
        (
            Protocol::Runbase,
            [
                r#"{"id":"ID","status":"failed","error":"out of memory"}"#,
                r#"{"id":"ID","status":"succeeded","output":{"urls":["https://x.example/x.mp4"]}}"#,
                r#"{"id":"ID","status":"processing"}"#,
                r#"{"id":"ID","status":"pending"}"#,
            ],
        ),
    ] {
        let adapter = only(protocol);
        for body in bodies {
            let read = polled(&adapter, body);
            assert!(!matches!(read, Meaning::Unclear(_)), "{body}: {read:?}");
            let read = polled(&adapter, &of_other(body));
            assert!(matches!(read, Meaning::Unclear(_)), "{body}: {read:?}");
        }
        // A failure that names no job may be that of the question.
        let read = polled(&adapter, &bodies[0].replace(r#""id":"ID","#, ""));
        assert!(matches!(read, Meaning::Unclear(_)), "{read:?}");
    }
    let runpod = only(Protocol::Runpod);
    for (id, stopped) in [("ID", true), ("another-1", false)] {
        let body = format!(r#"{{"id":"{id}","status":"CANCELLED"}}"#);
        let answer = reply(&runpod, 200, &body);
        assert_eq!(registry::canceled(Protocol::Runpod, &runpod.named(), &answer), Ok(stopped));
    }
}

#[test]
fn done_with_words_in_the_place_of_an_address_waits_for_it() {
    let runpod = only(Protocol::Runpod);
    for error in [
        r#""""#,
        "{}",
        "[]",
        "false",
        "null",
        r#""could not upload result, retrying""#,
        r#"{"message":"…"}"#,
    ] {
        let body = format!(r#"{{"id":"ID","status":"COMPLETED","output":{{"error":{error}}}}}"#);
        assert_eq!(polled(&runpod, &body), Meaning::NoAddress, "{body}");
    }
}

/// Everything but a refusal leaves open whether the job was taken, in whatever words.
#[test]
fn a_job_is_called_not_taken_by_a_refusal_alone() {
    for adapter in adapters() {
        let words = match adapter.protocol {
            Protocol::Runware => {
                r#"{"errors":[{"code":"somethingNew","message":"…","taskUUID":"KEY"}]}"#
            }
            Protocol::Runpod => r#"{"id":"ID","status":"FAILED","error":"…"}"#,
            Protocol::Runbase => r#"{"error":{"code":"invalid_input","message":"…"}}"#,
        };
        for (status, may_be_taken) in [
            (301, false),
            (308, false),
            (300, true),
            (302, true),
            (303, true),
            (304, true),
            (307, true),
            (400, false),
            (401, false),
            (403, false),
            (413, false),
            (422, false),
            (408, true),
            (409, true),
            (418, true),
            (421, true),
            (423, true),
            (425, true),
            (460, true),
            (499, true),
            (500, true),
            (503, true),
            (504, true),
            (520, true),
            (999, true),
        ] {
            for body in ["", "<html>no</html>", words] {
                let answer = reply(&adapter, status, body);
                let read = told(registry::submitted(adapter.protocol, &adapter.job(1), &answer));
                assert_eq!(
                    read == Meaning::Unknown,
                    may_be_taken,
                    "{:?} {status} {body}: {read:?}",
                    adapter.protocol
                );
            }
        }
    }
}

/// Runware's errors come with 200 too: what its own service met there is no refusal.
#[test]
fn a_trouble_of_the_service_is_no_refusal() {
    let runware = only(Protocol::Runware);
    for (status, code, may_be_taken) in [
        (200, "timeoutProvider", true),
        (400, "timeout", true),
        (200, "internalServerError", true),
        (200, "unsupportedParameter", false),
        (200, "insufficientCredits", false),
        (200, "invalidProviderContent", false),
        (400, "somethingNew", false),
    ] {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"…","taskUUID":"KEY"}}]}}"#);
        let answer = reply(&runware, status, &body);
        let read = told(registry::submitted(Protocol::Runware, &runware.job(1), &answer));
        assert_eq!(read == Meaning::Unknown, may_be_taken, "{status} {code}: {read:?}");
    }
}
