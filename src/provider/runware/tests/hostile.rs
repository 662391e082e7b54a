//! Replies as no server should send them.

use super::*;
use crate::provider::runware::{balance_told, looked_up, polled, submitted};

/// Every decoder, over one reply.
fn decode(response: &HttpResponse) {
    drop(submitted(&sent(1), response));
    drop(submitted(&sent(2), response));
    drop(polled(&[named()], response));
    drop(looked_up(&named(), response));
    drop(balance_told(response));
}

#[test]
fn no_bytes_make_a_decoder_panic() {
    let record = format!(
        r#"{{"data":[{{"taskType":"getTaskDetails","taskUUID":"KEY","balance":{{"a":1}},"response":{DONE}}}]}}"#
    );
    let seeds =
        [ACK, WRONG_KEY, CONFLICT, INTERNAL, GATEWAY_HTML, PROCESSING, DONE, TIMED_OUT, &record];
    let pieces: [&[u8]; 10] =
        [b"null", b"[]", b"{}", b"\"", b"-1", b"1e999", b"\xff\xfe", b"\x00", b"KEY", b"\\ud800"];
    let mut dice = sample::Dice(1);
    for seed in seeds {
        for _ in 0..400 {
            let mut body = seed.replace("KEY", KEY).into_bytes();
            for _ in 0..1 + dice.throw() % 4 {
                let at = dice.throw() as usize % (body.len() + 1);
                let end = (at + dice.throw() as usize % 12).min(body.len());
                match dice.throw() % 4 {
                    0 => body.truncate(at),
                    1 => drop(body.drain(at..end)),
                    2 => {
                        let piece = pieces[dice.throw() as usize % pieces.len()];
                        drop(body.splice(at..end, piece.iter().copied()));
                    }
                    _ => body.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (at % 8)),
                }
            }
            let status = [200, 400, 429, 500][dice.throw() as usize % 4];
            decode(&HttpResponse { status, headers: Vec::new(), body });
        }
    }
}

#[test]
fn every_value_may_stand_in_every_place() {
    let values = ["null", "true", "7", "\"x\"", "[]", "{}", "[[[]]]", "{\"a\":{}}"];
    let places = [
        r#"{"data":V}"#,
        r#"{"errors":V}"#,
        r#"{"error":V}"#,
        r#"{"data":[V]}"#,
        r#"{"errors":[V]}"#,
        r#"{"data":[{"taskUUID":V,"status":"success"}]}"#,
        r#"{"data":[{"taskUUID":"KEY","status":V}]}"#,
        r#"{"data":[{"taskUUID":"KEY","status":"error","error":V}]}"#,
        r#"{"data":[{"taskUUID":"KEY","response":V}]}"#,
        r#"{"data":[{"taskUUID":"KEY","videoURL":V,"videoUUID":V,"cost":V,"seed":V,"outputs":V}]}"#,
        r#"{"errors":[{"taskUUID":"KEY","code":V,"message":V,"parameter":V}]}"#,
        "V",
    ];
    for place in places {
        for value in values {
            for status in [200, 400, 500] {
                decode(&reply(status, &place.replace('V', value)));
            }
        }
    }
}

#[test]
fn remote_text_is_cleaned() {
    let bad = r"a\u001b[2Jb\u0007\u202egpj";
    let item = format!(
        r#"{{"taskUUID":"KEY","videoUUID":"{bad}","videoURL":"https://x.example/{bad}","outputs":{{"draftId":"{bad}"}}}}"#
    );
    let error = format!(
        r#"{{"taskUUID":"KEY","status":"error","code":"{bad}","message":"{bad}","parameter":["{bad}"]}}"#
    );
    let body = format!(r#"{{"data":[{item}],"errors":[{error}]}}"#);
    let all = polled(&[named()], &reply(200, &body)).expect("an answer");
    let told = report(all[0].1.clone());
    let (output, error) = (&told.outputs[0], &told.failures[0]);
    let texts = [&output.remote_id, &output.url, &error.code, &error.message, &error.parameters[0]];
    for text in texts.into_iter().chain(&output.draft_id) {
        let bad = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!text.chars().any(bad), "{text:?}");
    }
}
