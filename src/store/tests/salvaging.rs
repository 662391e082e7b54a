//! What can still be read out of a damaged database.

use std::fs;

use super::*;
use crate::domain::mark::Mark;
use crate::store::Salvage;

const JOBS: u128 = 60;

/// A database with many jobs in one file, and those jobs.
fn written() -> (Place, Vec<Job>) {
    let (place, mut store) = store();
    let long = "a prompt that needs more than a page. ".repeat(70);
    let jobs = (1..=JOBS).map(|number| {
        let written = life(number, |choices| {
            if number % 9 == 0 {
                choices.prompt = long.clone();
            }
        });
        let written = written.accepted();
        if number % 2 == 0 { written.succeeded() } else { written }.store(&mut store)
    });
    let jobs: Vec<Job> = jobs.collect();
    store.count_win(jobs[3].id, true, true).expect("a win");
    store.set_note(jobs[3].id, "the one").expect("noted");
    drop(store);
    (place, jobs)
}

#[test]
fn a_whole_database_is_read_whole() {
    let (place, jobs) = written();
    let salvage = Salvage::read(&place.path()).expect("read");
    assert_eq!(salvage.jobs().len(), jobs.len());
    let store = place.open();
    for job in &jobs {
        let found = salvage.job(job.id);
        assert_eq!(found.row.as_ref().map(|(job, _)| job), Some(job));
        assert_eq!(found.events, store.events(job.id).expect("events"));
    }
    let mark = salvage.job(jobs[3].id).row.expect("a row").1;
    assert_eq!(mark, Mark { starred: true, note: "the one".into(), wins: 1 });
}

/// The header says where everything is, and nothing of it is needed.
#[test]
fn a_bad_header_hides_nothing() {
    let (place, jobs) = written();
    let mut bytes = fs::read(place.path()).expect("the file");
    for damaged in [0..100, 0..4096, 90..4000] {
        bytes[damaged].fill(0x55);
        let salvage = Salvage::of(bytes.clone(), Vec::new());
        assert_eq!(salvage.jobs().len(), jobs.len());
        assert_eq!(salvage.job(jobs[8].id).row.expect("a row of two pages").0, jobs[8]);
    }
}

/// Whatever page is overwritten, the jobs of the others are read, and none is read wrong.
#[test]
fn a_torn_page_costs_only_what_stood_on_it() {
    let (place, jobs) = written();
    let whole = fs::read(place.path()).expect("the file");
    let mut least = jobs.len();
    for page in 0..whole.len() / 4096 {
        let mut torn = whole.clone();
        torn[page * 4096..][..4096].fill(0xa5);
        let salvage = Salvage::of(torn, Vec::new());
        let found = jobs.iter().filter(|job| match salvage.job(job.id).row {
            Some((row, _)) => {
                assert_eq!(&row, *job, "page {page}");
                true
            }
            None => false,
        });
        least = least.min(found.count());
    }
    assert!(least >= jobs.len() - 6, "{least} of {}", jobs.len());
}

#[test]
fn half_a_file_gives_its_half() {
    let (place, jobs) = written();
    let whole = fs::read(place.path()).expect("the file");
    let salvage = Salvage::of(whole[..whole.len() / 2 + 77].to_vec(), Vec::new());
    let found = salvage.jobs().len();
    assert!((jobs.len() / 5..jobs.len()).contains(&found), "{found}");
    assert!(Salvage::of(Vec::new(), Vec::new()).jobs().is_empty());
}

/// What was committed since the last checkpoint is only in the log, which may be torn itself.
#[test]
fn the_log_beside_it_counts_up_to_its_last_commit() {
    let (place, mut store) = store();
    let jobs: Vec<Job> =
        (1..20).map(|number| life(number, |_| {}).accepted().store(&mut store)).collect();
    let mut log = fs::read(place.folder.path().join("rushes.db-wal")).expect("a log");
    let database = fs::read(place.path()).expect("the file");
    let salvage = Salvage::of(vec![0x55; database.len()], log.clone());
    for job in &jobs {
        assert_eq!(salvage.job(job.id).row.expect("a row").0, *job);
    }
    // The last frame never came to its end.
    log.truncate(log.len() - 100);
    let before = Salvage::of(database, log).jobs().len();
    assert_eq!(before, jobs.len() - 1);
}

/// A row that is gone is known by what happened to its job.
#[test]
fn events_alone_tell_of_a_job() {
    let (place, jobs) = written();
    let mut bytes = fs::read(place.path()).expect("the file");
    // Every leaf of the table of jobs, by the kind of page: 13.
    for page in bytes.chunks_mut(4096).skip(1).filter(|page| page[0] == 13) {
        page.fill(0);
    }
    let salvage = Salvage::of(bytes, Vec::new());
    let told = jobs.iter().filter(|job| {
        let left = salvage.job(job.id);
        assert_eq!(left.row, None);
        let mut folded = (*job).clone();
        for (at, event) in &left.events {
            apply(&mut folded, event, *at);
        }
        left.events.len() > 2 && folded == **job
    });
    assert!(told.count() > jobs.len() / 2);
}
