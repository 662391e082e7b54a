//! Rows that can't be read, beside others that can.

use super::*;
use crate::domain::job::{FailureClass, JobId};
use crate::domain::query::HistoryQuery;
use crate::store::StoreError;

/// What can be wrong with a row, as SQL over `id`.
const WRONGS: [&str; 5] = [
    // A newer version's word.
    "UPDATE job SET body = replace(body, '\"state\":\"running\"', '\"state\":\"paused\"') WHERE id = ?1",
    "UPDATE job SET body = 'no JSON' WHERE id = ?1",
    // A turned bit, after which it is no text any more.
    "UPDATE job SET body = CAST(x'ff' || substr(body, 2) AS TEXT), error = CAST(x'ff' AS TEXT) WHERE id = ?1",
    "UPDATE job SET body = replace(body, '\"sends\":1', '\"sends\":-1') WHERE id = ?1",
    // It would be written where another one is.
    "UPDATE job SET body = (SELECT body FROM job WHERE seq = 1) WHERE id = ?1",
];

fn body(store: &Store, id: JobId) -> Vec<u8> {
    let sql = "SELECT CAST(body AS BLOB) FROM job WHERE id = ?1";
    store.connection.query_row(sql, [id.to_string()], |row| row.get(0)).expect("a row")
}

#[test]
fn what_can_not_be_read_hinders_nothing_and_is_named_once() {
    for wrong in WRONGS {
        let (place, mut store) = store();
        let before = life(1, |_| {}).accepted().store(&mut store);
        let broken = life(2, |_| {}).accepted().store(&mut store);
        let after = life(3, |_| {}).accepted();
        after.store(&mut store);
        let whole = body(&store, broken.id);
        assert_eq!(store.connection.execute(wrong, [broken.id.to_string()]), Ok(1), "{wrong}");
        let left = body(&store, broken.id);
        assert_ne!(left, whole, "{wrong}");

        let ids = |jobs: Result<Vec<Job>, StoreError>| -> Vec<u128> {
            jobs.expect("an answer").iter().map(|job| job.id.0.as_u128() & 0xff).collect()
        };
        let first = &before.id.to_string()[..8];
        let query = HistoryQuery::default();
        store.connection.execute("UPDATE job SET cancel_asked = 1", []).expect("asked");
        for (reader, found) in [
            ("live", ids(store.live_jobs())),
            ("asked to stop", ids(store.cancels_asked())),
            ("since", ids(store.jobs_since(sample::noon(), 9))),
            ("newest", {
                let mut all = ids(store.history(&query, 9, sample::noon()));
                all.reverse();
                all
            }),
            ("by prefix", {
                let mut all = ids(store.jobs_named(first, 9));
                all.reverse();
                all
            }),
        ] {
            assert_eq!(found, [1, 3], "{reader}: {wrong}");
        }
        assert_eq!(store.job(broken.id).expect("an answer"), None, "{wrong}");
        assert_eq!(store.has_ended(broken.id).expect("an answer"), Some(false), "{wrong}");
        assert_eq!(store.events(broken.id).expect("what can be read").len(), 3, "{wrong}");
        store.marks(&[before.id, broken.id]).expect("an answer");
        store.set_star(broken.id, true).expect("a star");

        // Others are still written: by the driver, and a new one.
        life(4, |_| {}).store(&mut store);
        let write = life(5, |_| {}).all.remove(0);
        let stored = store.commit_if(&write, sample::noon(), |standing| {
            assert!(standing.jobs.len() >= 3, "{wrong}");
            Ok::<_, ()>(())
        });
        stored.expect("an answer").expect("stored");

        let told = store.left_aside().expect("a note");
        let id = broken.id.to_string();
        assert!(told.contains(&format!("job {id} in")) && told.contains("--repair"), "{told}");
        drop(store.live_jobs());
        assert_eq!(store.left_aside(), None, "{wrong}: it is told once");

        // Whoever can read it finds it as it was.
        assert_eq!(body(&store, broken.id), left, "{wrong}");
        let sql = "UPDATE job SET body = CAST(?2 AS TEXT) WHERE id = ?1";
        store.connection.execute(sql, rusqlite::params![id, whole]).expect("mended");
        drop(store);
        assert_eq!(place.open().job(broken.id).expect("an answer"), Some(broken), "{wrong}");
    }
}

#[test]
fn an_event_that_can_not_be_read_takes_no_other_with_it() {
    let (_place, mut store) = store();
    let job = life(1, |_| {}).accepted().store(&mut store);
    let wrong = "UPDATE job_event SET body = '{\"event\":\"dreamt\"}' WHERE nr = 2";
    assert_eq!(store.connection.execute(wrong, []), Ok(1));
    let events = store.events(job.id).expect("events");
    let words: Vec<&str> = events.iter().map(|(_, event)| event.word()).collect();
    assert_eq!(words, ["created", "accepted"]);
    assert!(store.left_aside().expect("a note").contains("an event of it"));
}

/// Every column but the keys and the body, at every value that its type allows and nobody would write.
#[test]
fn odd_values_beside_the_body_stop_nobody() {
    let columns: Vec<(String, String)> = {
        let (_place, store) = store();
        let sql = "SELECT name, type FROM pragma_table_info('job') WHERE name NOT IN ('seq', 'id', 'body')";
        let mut statement = store.connection.prepare(sql).expect("a statement");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        rows.collect::<Result<_, _>>().expect("columns")
    };
    assert!(columns.len() > 10);
    for (column, kind) in columns {
        let values: &[&str] = match kind.as_str() {
            "INTEGER" => &["9223372036854775807", "-9223372036854775808", "-1", "4242"],
            _ => &["''", "'dreamt'", "CAST(x'ff' AS TEXT)"],
        };
        for value in values {
            let (_place, mut store) = store();
            let jobs = [1, 2, 3].map(|number| life(number, |_| {}).accepted().store(&mut store));
            let wrong = format!("UPDATE job SET {column} = {value} WHERE seq > 1");
            store.connection.execute_batch("PRAGMA foreign_keys = OFF").expect("no checks");
            assert_eq!(store.connection.execute(&wrong, []), Ok(2), "{wrong}");
            goes_on(&mut store, &jobs, &wrong);
        }
    }
}

#[test]
fn an_odd_lease_is_taken_all_the_same() {
    for epoch in ["9223372036854775807", "-1", "0"] {
        let (_place, mut store) = store();
        let job = life(1, |_| {}).accepted().store(&mut store);
        store.take_lease("pid 1", sample::noon()).expect("a lease");
        let wrong = format!("UPDATE lease SET epoch = {epoch}");
        assert_eq!(store.connection.execute(&wrong, []), Ok(1), "{wrong}");
        goes_on(&mut store, &[job], &wrong);
    }
}

/// Whoever drives can begin to, and store what becomes of each of `jobs`; the user can submit, search and sum up.
fn goes_on(store: &mut Store, jobs: &[Job], wrong: &str) {
    let lease =
        store.take_lease("pid 2", sample::noon()).unwrap_or_else(|e| panic!("{wrong}: {e}"));
    store.live_jobs().unwrap_or_else(|error| panic!("{wrong}: {error}"));
    let write = life(9, |_| {}).all.remove(0);
    let stored = store.commit_if(&write, sample::noon(), |_| Ok::<_, ()>(()));
    stored.unwrap_or_else(|error| panic!("{wrong}: {error}")).expect("stored");
    for job in jobs {
        store.set_star(job.id, true).unwrap_or_else(|error| panic!("{wrong}: {error}"));
        let error = sample::error(FailureClass::Provider);
        let write = life_of(job).then(JobEvent::Failed { error }).all.remove(0);
        let stored = store.commit(&[write], Some(lease));
        stored.unwrap_or_else(|error| panic!("{wrong}: {error}"));
    }
    for query in ["", "fox", "cost:>0.01 since:2d", "sort:dearest"] {
        let query: HistoryQuery = query.parse().expect("a query");
        store.history(&query, 9, sample::noon()).unwrap_or_else(|error| panic!("{wrong}: {error}"));
    }
    store.jobs_since(sample::noon(), 9).unwrap_or_else(|error| panic!("{wrong}: {error}"));
    store.marks(&[jobs[0].id]).unwrap_or_else(|error| panic!("{wrong}: {error}"));
}

/// `job` with what happens to it next.
fn life_of(job: &Job) -> Writes {
    Writes { job: job.clone(), at: job.updated_at, all: Vec::new() }
}
