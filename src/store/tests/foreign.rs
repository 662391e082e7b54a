//! A database that somebody else wrote: its texts are hostile.

use super::*;
use crate::domain::mark::Mark;
use crate::domain::text::clean;
use crate::store::salvage::Salvage;

/// Turns text around, clears the screen, and says what nobody sees; as JSON may write it.
const EVIL: &str = "\u{202e}\u{2066}\u{61c}\u{e0041}\\u001b[2J\\u202e";

#[test]
fn what_a_foreign_database_says_is_cleaned_by_every_reader() {
    let (place, mut store) = store();
    let job = life(1, |choices| choices.prompt = "an owl".to_owned()).accepted().store(&mut store);
    for table in ["job", "job_event"] {
        let sql = format!("UPDATE {table} SET body = replace(body, 'an owl', ?1)");
        store.connection.execute(&sql, [format!("an {EVIL}owl")]).expect("written");
    }
    let marks = "UPDATE job SET note = ?1, model = model || ?1";
    store.connection.execute(marks, ["a\u{1b}\u{200f}note"]).expect("written");

    let prompt = "an owl";
    let read = store.job(job.id).expect("an answer").expect("a job");
    assert_eq!(read.request.prompt, prompt);
    let events = store.events(job.id).expect("events");
    assert!(matches!(&events[0].1, JobEvent::Created { job } if job.request.prompt == prompt));
    let note = Mark { note: "a note".to_owned(), ..Mark::default() };
    assert_eq!(store.marks(&[job.id]).expect("marks")[&job.id], note);
    let write = life(2, |_| {}).all.remove(0);
    let stored = store.commit_if(&write, sample::noon(), |standing| {
        assert_eq!(standing.jobs[0].request.prompt, prompt);
        for (model, _) in standing.spent {
            assert_eq!(model, clean(&model));
        }
        Ok::<_, ()>(())
    });
    stored.expect("an answer").expect("stored");
    drop(store);

    let salvaged = Salvage::read(&place.path()).expect("a file").job(job.id);
    let (read, mark) = salvaged.row.expect("a row");
    assert_eq!((read.request.prompt.as_str(), mark), (prompt, note));
}
