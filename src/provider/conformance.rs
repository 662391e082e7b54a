//! The same questions to every adapter: what each kind of reply means, whoever sent it.

mod account;
mod belief;
mod moderation;
mod runbase;
mod runpod;
mod runware;

use uuid::Uuid;

use super::registry::{self, Named};
use super::wire::HttpResponse;
use crate::domain::catalog::{Model, Protocol};
use crate::domain::job::{FailureClass, Job, JobId};
use crate::domain::outcome::{Sighting, SubmitOutcome, Trouble};
use crate::domain::sample;

/// What every adapter must be asked, in the order of a job's life.
const NAMES: [&str; 22] = [
    "accepted",
    "queued",
    "running",
    "done",
    "several results",
    "done without an address",
    "failed",
    "moderated",
    "not known",
    "wrong key at submit",
    "wrong key at poll",
    "no money",
    "model gone",
    "refused setting",
    "rate limit at submit",
    "rate limit at poll",
    "the question's trouble",
    "sent again",
    "unknown status",
    "truncated JSON",
    "server error",
    "HTML",
];
/// nginx's own page for 502.
const GATEWAY_HTML: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
/// The attempt key and the provider's id of the job that is asked about.
const KEY: &str = "5d219290-7a7d-4859-ae06-0404ac3c6296";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Asked {
    Submit,
    Poll,
}

#[derive(Debug, PartialEq)]
enum Meaning {
    Accepted {
        remote_id: Option<&'static str>,
        charge: Option<i64>,
    },
    Running,
    Done {
        results: usize,
        charge: Option<i64>,
    },
    Failed(FailureClass),
    /// It asks to wait for an address.
    NoAddress,
    NotKnown,
    /// It may be the question's trouble.
    Unclear(FailureClass),
    Refused(FailureClass),
    /// With the wait that was asked for, in milliseconds.
    Busy(Option<u64>),
    Unknown,
    Trouble(FailureClass, Option<u64>),
}

struct Case {
    name: &'static str,
    asked: Asked,
    status: u16,
    /// The value of `Retry-After`.
    retry_after: Option<&'static str>,
    body: &'static str,
    /// Where the body was seen; for what a provider does not have, why not.
    source: &'static str,
    /// None where the provider has no such reply.
    means: Option<Meaning>,
}

const fn submit(
    name: &'static str,
    status: u16,
    body: &'static str,
    source: &'static str,
    means: Meaning,
) -> Case {
    Case { name, asked: Asked::Submit, status, retry_after: None, body, source, means: Some(means) }
}

const fn poll(
    name: &'static str,
    status: u16,
    body: &'static str,
    source: &'static str,
    means: Meaning,
) -> Case {
    Case { asked: Asked::Poll, ..submit(name, status, body, source, means) }
}

const fn absent(name: &'static str, source: &'static str) -> Case {
    let asked = Asked::Submit;
    Case { name, asked, status: 0, retry_after: None, body: "", source, means: None }
}

const fn after(seconds: &'static str, case: Case) -> Case {
    Case { retry_after: Some(seconds), ..case }
}

/// One adapter under test.
struct Adapter {
    protocol: Protocol,
    model: &'static str,
    remote_id: Option<&'static str>,
    cases: Vec<Case>,
}

fn adapters() -> [Adapter; 3] {
    [Protocol::Runware, Protocol::Runpod, Protocol::Runbase].map(|protocol| match protocol {
        Protocol::Runware => runware::adapter(),
        Protocol::Runpod => runpod::adapter(),
        Protocol::Runbase => runbase::adapter(),
    })
}

impl Adapter {
    fn model(&self) -> &'static Model {
        sample::model(self.model)
    }

    fn job(&self, sends: u32) -> Job {
        let model = self.model();
        let job = sample::job(1, model, sample::request(model, |_| {}));
        Job { attempt_key: KEY.parse().expect("a UUID"), sends, ..job }
    }

    fn named(&self) -> Named {
        Named {
            job: JobId(Uuid::from_u128(1)),
            key: KEY.parse().expect("a UUID"),
            remote_id: self.remote_id.map(str::to_owned),
            wire_id: self.model().wire_id.clone(),
        }
    }

    /// A body with what the job is called in the places of `KEY` and `ID`.
    fn filled(&self, body: &str) -> String {
        let id = self.remote_id.unwrap_or(KEY);
        body.replace("\"ID\"", &format!("\"{id}\"")).replace("KEY", KEY)
    }

    fn read(&self, case: &Case) -> Meaning {
        let headers = case.retry_after.map(|value| ("retry-after".to_owned(), value.to_owned()));
        let response = HttpResponse {
            status: case.status,
            headers: headers.into_iter().collect(),
            body: self.filled(case.body).into_bytes(),
        };
        let sends = if case.name == "sent again" { 2 } else { 1 };
        match case.asked {
            Asked::Submit => told(registry::submitted(self.protocol, &self.job(sends), &response)),
            Asked::Poll => seen(registry::polled(self.protocol, &[self.named()], &response)),
        }
    }

    /// Every decoder, over one reply.
    fn decode(&self, response: &HttpResponse) {
        drop(registry::submitted(self.protocol, &self.job(1), response));
        drop(registry::polled(self.protocol, &[self.named()], response));
        drop(registry::looked_up(self.protocol, &self.named(), response));
        drop(registry::canceled(self.protocol, &self.named(), response));
        drop(registry::key_checked(self.protocol, response));
        drop(registry::priced(self.protocol, response));
    }
}

fn told(outcome: SubmitOutcome) -> Meaning {
    match outcome {
        SubmitOutcome::Accepted { remote_id, charge, .. } => Meaning::Accepted {
            remote_id: remote_id.map(|id| &*id.leak()),
            charge: charge.map(|charge| charge.0),
        },
        SubmitOutcome::Refused(error) => Meaning::Refused(error.class),
        SubmitOutcome::Busy(trouble) => Meaning::Busy(trouble.retry_after_ms),
        SubmitOutcome::Unknown { reason } => {
            assert!(!reason.is_empty());
            Meaning::Unknown
        }
    }
}

fn seen(outcome: Result<Vec<(JobId, Sighting)>, Trouble>) -> Meaning {
    match outcome.map(|mut all| all.remove(0).1) {
        Err(trouble) => Meaning::Trouble(trouble.error.class, trouble.retry_after_ms),
        Ok(Sighting::NotKnown) => Meaning::NotKnown,
        Ok(Sighting::Unclear(error)) => Meaning::Unclear(error.class),
        Ok(Sighting::Seen(report)) => match (report.failures.first(), report.outputs.len()) {
            (Some(error), _) => {
                assert!(!error.message.is_empty() && !error.code.is_empty());
                Meaning::Failed(error.class)
            }
            (None, 0) if report.no_address > 0 && report.pending > 0 => Meaning::NoAddress,
            (None, 0) => Meaning::Running,
            (None, results) => {
                Meaning::Done { results, charge: report.outputs[0].charge.map(|charge| charge.0) }
            }
        },
    }
}

#[test]
fn every_adapter_reads_every_kind_of_reply_as_what_it_means() {
    for adapter in adapters() {
        let mut asked: Vec<&str> = adapter.cases.iter().map(|case| case.name).collect();
        asked.dedup();
        assert_eq!(asked, NAMES, "{:?}", adapter.protocol);
        for case in &adapter.cases {
            assert!(!case.source.is_empty(), "{}", case.name);
            let Some(means) = &case.means else { continue };
            let read = adapter.read(case);
            assert_eq!(read, *means, "{:?}: {}: {}", adapter.protocol, case.name, case.body);
        }
    }
}

#[test]
fn no_bytes_make_any_decoder_panic() {
    let pieces: [&[u8]; 10] =
        [b"null", b"[]", b"{}", b"\"", b"-1", b"1e999", b"\xff\xfe", b"\x00", b"KEY", b"\\ud800"];
    let mut dice = sample::Dice(1);
    for adapter in adapters() {
        for case in adapter.cases.iter().cycle().take(4000) {
            let mut body = case.body.replace("KEY", KEY).into_bytes();
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
            let status = [200, 400, 404, 429, 500][dice.throw() as usize % 5];
            adapter.decode(&HttpResponse { status, headers: Vec::new(), body });
        }
    }
}

/// What is cut or garbled says nothing, so it may end no job: a submit may have arrived all the same, and a
/// poll is asked again.
#[test]
fn no_bytes_that_say_nothing_lose_a_job() {
    let mut dice = sample::Dice(2);
    for adapter in adapters() {
        let named = [adapter.named()];
        for case in adapter.cases.iter().cycle().take(4000) {
            let whole = case.body.replace("KEY", KEY).into_bytes();
            let mut body = whole[..dice.throw() as usize % whole.len().max(1)].to_vec();
            if dice.throw().is_multiple_of(2) {
                body.extend((0..dice.throw() % 40).map(|_| dice.throw() as u8 | 0x80));
            }
            let status = [200, 201, 500, 502, 503][dice.throw() as usize % 5];
            let response = HttpResponse { status, headers: Vec::new(), body };
            let told = told(registry::submitted(adapter.protocol, &adapter.job(1), &response));
            assert_eq!(told, Meaning::Unknown, "{:?}: {response:?}", adapter.protocol);
            let polled = registry::polled(adapter.protocol, &named, &response);
            assert!(polled.is_err(), "{:?}: {response:?}: {polled:?}", adapter.protocol);
            let looked_up = registry::looked_up(adapter.protocol, &named[0], &response);
            assert!(looked_up.is_err(), "{:?}: {response:?}: {looked_up:?}", adapter.protocol);
        }
    }
}

#[test]
fn remote_text_is_cleaned_whatever_field_it_stands_in() {
    let bad = r"a\u001b[2Jb\u0007\u202egpj";
    let bodies = [
        format!(r#"{{"status":"FAILED","error":"{bad}"}}"#),
        format!(r#"{{"status":"COMPLETED","output":{{"video_url":"https://x.example/{bad}"}}}}"#),
        format!(r#"{{"status":"failed","error":{{"code":"{bad}","message":"{bad}"}}}}"#),
        format!(r#"{{"status":"succeeded","output":{{"urls":["https://x.example/{bad}"]}}}}"#),
        format!(r#"{{"error":{{"code":"{bad}","message":"{bad}"}}}}"#),
        bad.to_owned(),
    ];
    for adapter in adapters() {
        for body in &bodies {
            for status in [200, 400] {
                let body = body.clone().into_bytes();
                let response = HttpResponse { status, headers: Vec::new(), body };
                let polled = registry::polled(adapter.protocol, &[adapter.named()], &response);
                let submitted = registry::submitted(adapter.protocol, &adapter.job(1), &response);
                let told = format!("{polled:?} {submitted:?}");
                // Debug writes a control character with a backslash.
                assert!(!told.contains(r"\u{") && !told.contains(r"\x"), "{told}");
            }
        }
    }
}
