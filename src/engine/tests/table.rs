//! The whole transition table, printed.

use crate::domain::event::JobEvent;
use crate::domain::job::{FailureClass, JobState};
use crate::domain::sample;
use crate::engine::{apply, transition};

/// Rows are states, columns events, cells where the event leads; `.` where it has no effect.
const TABLE: &str = "
            crea sent acce post unkn notf oure oumo oufa rend save safa oulo succ fail expi cask cncl doub reco clos held rele
queued      .    subm .    retr conf .    .    .    .    .    .    .    .    .    fail .    .    cncl .    .    .    held .
submitting  .    .    runn retr conf .    .    .    .    .    .    .    .    .    fail .    .    .    in_d .    .    .    .
confirming  .    .    runn .    .    retr .    .    .    .    .    .    .    .    fail .    .    .    in_d .    .    .    .
running     .    .    .    .    .    .    runn runn runn down runn runn runn .    fail .    cing .    in_d .    .    .    .
downloading .    .    .    .    .    .    .    down .    .    down down down succ .    expi .    .    in_d .    .    .    .
retry_wait  .    subm .    retr conf .    .    .    .    .    .    .    .    .    fail .    .    cncl .    .    .    held .
canceling   .    .    .    .    .    .    cing cing cing down cing cing cing .    fail .    .    cncl in_d .    .    .    .
succeeded   .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    runn .    .    .
failed      .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    runn .    .    .
canceled    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .
expired     .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    runn .    .    .
in_doubt    .    .    runn .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    in_d runn fail .    .
held        .    .    .    .    conf .    .    .    .    .    .    .    .    .    .    .    .    cncl in_d .    .    .    queu
";

#[test]
fn every_pair_of_state_and_event_leads_where_the_table_says() {
    let events = events();
    let mut printed = format!("\n{:12}", "");
    printed += &events.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
    for state in JobState::ALL {
        let cells: Vec<String> = events
            .iter()
            .map(|(_, event)| {
                format!("{:4}", transition(*state, event).map_or(".", |next| short(next)))
            })
            .collect();
        printed += &format!("\n{state:11} {}", cells.join(" ").trim_end());
    }
    printed += "\n";
    assert_eq!(printed, TABLE, "the table reads now:\n{printed}");
}

#[test]
fn terminal_states_absorb() {
    let model = sample::model("runware/1.0-pro");
    for state in [JobState::Succeeded, JobState::Failed, JobState::Canceled, JobState::Expired] {
        assert!(state.is_end() && !state.is_live());
        let mut ended = sample::job(1, model, sample::request(model, |_| {}));
        ended.state = state;
        // What was given up may be there after all: the one exception, and no way to send anything.
        let excepted = |name: &str| name == "reco" && state != JobState::Canceled;
        for (name, event) in events().iter().filter(|(name, _)| *name != "crea" && !excepted(name))
        {
            let mut job = ended.clone();
            assert!(!apply(&mut job, event, sample::noon()), "{name} in {state}");
            assert_eq!(job, ended, "{name} in {state}");
        }
    }
}

/// The four letters of a state in the table.
fn short(state: JobState) -> &'static str {
    match state {
        JobState::Canceling => "cing",
        JobState::Canceled => "cncl",
        other => &other.word()[..4],
    }
}

/// One event of every kind, with four letters for it.
fn events() -> Vec<(&'static str, JobEvent)> {
    let model = sample::model("runware/1.0-pro");
    let job = Box::new(sample::job(1, model, sample::request(model, |_| {})));
    let error = sample::error(FailureClass::Provider);
    let url = "https://files.example/moved.mp4".to_owned();
    let events = vec![
        ("crea", JobEvent::Created { job }),
        ("sent", JobEvent::Sent),
        ("acce", JobEvent::Accepted { remote_id: None, charge: None, how: String::new() }),
        ("post", JobEvent::Postponed { error: error.clone(), wait_ms: 1000 }),
        ("unkn", JobEvent::OutcomeUnknown { reason: String::new() }),
        ("notf", JobEvent::NotFound),
        ("oure", JobEvent::OutputReady { output: sample::output("a") }),
        ("oumo", JobEvent::OutputMoved { index: 0, url }),
        ("oufa", JobEvent::OutputFailed { error: error.clone() }),
        ("rend", JobEvent::Rendered),
        ("save", JobEvent::Saved { index: 0, file: sample::clip("a") }),
        ("safa", JobEvent::SaveFailed { index: 0, error: error.clone() }),
        ("oulo", JobEvent::OutputLost { index: 0, error: error.clone() }),
        ("succ", JobEvent::Succeeded),
        ("fail", JobEvent::Failed { error: error.clone() }),
        ("expi", JobEvent::Expired { error: error.clone() }),
        ("cask", JobEvent::CancelAsked),
        ("cncl", JobEvent::Canceled { error: error.clone() }),
        ("doub", JobEvent::Doubted { error: error.clone(), asked_as: None }),
        ("reco", JobEvent::Recovered { how: String::new() }),
        ("clos", JobEvent::Closed { error }),
        ("held", JobEvent::Held { reason: String::new() }),
        ("rele", JobEvent::Released { over_limit: false, estimate: None }),
    ];
    for (_, event) in &events {
        listed(event);
    }
    events
}

/// Does not compile until a new event has its arm here; give it a column above as well.
fn listed(event: &JobEvent) {
    match event {
        JobEvent::Created { .. }
        | JobEvent::Sent
        | JobEvent::Accepted { .. }
        | JobEvent::Postponed { .. }
        | JobEvent::OutcomeUnknown { .. }
        | JobEvent::NotFound
        | JobEvent::OutputReady { .. }
        | JobEvent::OutputMoved { .. }
        | JobEvent::OutputFailed { .. }
        | JobEvent::Rendered
        | JobEvent::Saved { .. }
        | JobEvent::SaveFailed { .. }
        | JobEvent::OutputLost { .. }
        | JobEvent::Succeeded
        | JobEvent::Failed { .. }
        | JobEvent::Expired { .. }
        | JobEvent::CancelAsked
        | JobEvent::Canceled { .. }
        | JobEvent::Doubted { .. }
        | JobEvent::Recovered { .. }
        | JobEvent::Closed { .. }
        | JobEvent::Held { .. }
        | JobEvent::Released { .. } => {}
    }
}
