//! One odd byte must not hide a clip that was paid for: answers that say all there is to say, in bytes that
//! a strict reader refuses, and files that came packed.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::hostile::{
    CLIP, For, MODELS, Wrong, all, at_each, healthy, met, purpose, service, wrong,
};
use super::wire::{Act, Call, Wire, reply};

type Change = Arc<dyn Fn(String) -> (&'static str, Vec<u8>) + Send + Sync>;

fn change(
    what: &'static str,
    make: impl Fn(String) -> (&'static str, Vec<u8>) + Send + Sync + 'static,
) -> (&'static str, Change) {
    (what, Arc::new(make))
}

/// One more field, in front of all others.
fn field(what: &'static str, bytes: &'static [u8]) -> (&'static str, Change) {
    change(what, move |body| ("", [b"{\"note\":", bytes, b",", &body.as_bytes()[1..]].concat()))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

const GZIP: &str = "content-encoding: gzip\r\n";
const DEFLATE: &str = "content-encoding: deflate\r\n";

fn odd() -> Vec<(&'static str, Change)> {
    let wide = |body: String| body.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    vec![
        change("a mark of the byte order", |body| {
            ("", [b"\xef\xbb\xbf", body.as_bytes()].concat())
        }),
        change("UTF-16", move |body| ("", [b"\xff\xfe", &wide(body)[..]].concat())),
        change("gzip", |body| (GZIP, gzip(body.as_bytes()))),
        change("gzip that nobody named", |body| ("", gzip(body.as_bytes()))),
        change("deflate", |body| (DEFLATE, zlib(body.as_bytes()))),
        change("deflate without its frame", |body| (DEFLATE, deflate(body.as_bytes()))),
        change("a zero at the end", |body| ("", [body.as_bytes(), b"\0"].concat())),
        change("a price as a text", |body| {
            ("", body.replace("0.62", "\"0.62\"").replace("620000", "\"620000\"").into_bytes())
        }),
        change("names in capitals", |body| {
            let status = |word: &str| word.to_uppercase();
            let body = ["success", "completed", "succeeded"].iter().fold(body, |body, word| {
                body.replace(&format!("\"{word}\""), &format!("\"{}\"", status(word)))
            });
            ("", body.into_bytes())
        }),
        field("half of a pair", br#""\ud83d""#),
        field("an invalid byte", b"\"\xff\""),
        field("a raw control", b"\"a\x01\nb\""),
        field("no number", b"NaN"),
        field("no end", b"[-Infinity,1e999]"),
        field("an escape that is none", br#""C:\x""#),
    ]
}

/// Every answer of the service, but for its files.
#[test]
fn no_odd_byte_hides_a_clip() {
    all(at_each(odd()), |(model, (what, change))| {
        let odd: Wrong = Arc::new(move |origin: &str, call: &Call| changed(origin, call, &change));
        let wire = Wire::start(move |origin, calls| odd(origin, calls.last().expect("a call")));
        let met = met(model, wire);
        let what = format!("{what} at {model}");
        met.is_whole(&what);
        assert_eq!(met.submits(), 1, "{what}");
        assert!(!met.ended.err.contains("asking again"), "{what}: {}", met.ended.err);
        assert!(!met.story().contains("outcome_unknown"), "{what}: {}", met.story());
    });
}

fn changed(origin: &str, call: &Call, change: &Change) -> Act {
    let Act::Say(bytes) = healthy(origin, call) else { unreachable!("healthy answers say") };
    if purpose(call) == For::File {
        return Act::Say(bytes);
    }
    let text = String::from_utf8(bytes).expect("JSON");
    let (_, body) = text.split_once("\r\n\r\n").expect("a body");
    let (headers, body) = change(body.to_owned());
    reply(200, headers, body)
}

/// Some hosts keep files packed, and hand them out so, whatever is asked for.
#[test]
fn a_clip_that_comes_packed_is_taken_out() {
    let cases: [(&str, Vec<u8>); 5] = [
        (GZIP, gzip(CLIP)),
        ("", gzip(CLIP)),
        (DEFLATE, zlib(CLIP)),
        (DEFLATE, deflate(CLIP)),
        // It says so, and is not.
        ("content-encoding: br\r\n", CLIP.to_vec()),
    ];
    all(cases.into(), |(headers, file)| {
        let wire = service(For::File, usize::MAX, wrong(move |_, _| reply(200, headers, &file)));
        met(MODELS[0], wire).is_whole(headers);
    });
}

/// The header that asks for a pause, in its other forms: each is waited out.
#[test]
fn a_pause_is_kept_in_whatever_form_it_is_asked_for() {
    let date = |format: &str| {
        // Whole seconds, cut: three of them are more than two.
        let at = jiff::Timestamp::now() + Duration::from_secs(3);
        format!("retry-after: {}\r\n", at.strftime(format))
    };
    let forms: Vec<Arc<dyn Fn() -> String + Send + Sync>> = vec![
        Arc::new(move || date("%a, %d %b %Y %H:%M:%S GMT")),
        Arc::new(move || date("%A, %d-%b-%y %H:%M:%S GMT")),
        Arc::new(move || date("%a %b %e %H:%M:%S %Y")),
        Arc::new(|| "retry-after-ms: 2000\r\n".to_owned()),
        Arc::new(|| "ratelimit-reset: 2\r\n".to_owned()),
        Arc::new(|| "ratelimit: \"default\";r=0;t=2\r\n".to_owned()),
        Arc::new(move || {
            let at = jiff::Timestamp::now().as_second() + 3;
            format!("x-ratelimit-reset: {at}\r\n")
        }),
    ];
    all(at_each(forms), |(model, form)| {
        let act = wrong(move |_, _| {
            reply(
                429,
                &form(),
                r#"{"error":{"code":"RATE_LIMITED","message":"Rate limit exceeded"}}"#,
            )
        });
        let met = met(model, service(For::Poll, 1, act));
        met.is_whole(model);
        let calls = met.wire.calls();
        let polls: Vec<_> = calls.iter().filter(|call| purpose(call) == For::Poll).collect();
        let waited = polls[1].at - polls[0].at;
        assert!(waited >= Duration::from_millis(1_900), "{model}: {waited:?}");
    });
}
