//! Jobs, their events, what is learned of them, and who may write.

use super::*;
use crate::domain::job::{FailureClass, JobKind, Parent, Relation};
use crate::domain::request::{ClipLength, GenerationRequest};
use crate::store::StoreError;

#[test]
fn folding_all_events_gives_the_row() {
    let (_place, mut store) = store();
    let job = life(1, |choices| choices.prompt = "市场的狐狸 🦊".to_owned())
        .accepted()
        .succeeded()
        .store(&mut store);
    let row = store.job(job.id).expect("a read").expect("a job");
    assert_eq!(row, job);
    let events = store.events(job.id).expect("events");
    assert_eq!(events.len(), 7);
    let mut folded = Job { outputs: Vec::new(), ..row.clone() };
    for (at, event) in &events {
        apply(&mut folded, event, *at);
    }
    assert_eq!(folded, row);
}

#[test]
fn events_of_several_commits_keep_their_order() {
    let (_place, mut store) = store();
    let all = life(1, |_| {}).accepted().succeeded();
    for write in &all.all {
        store.commit(std::slice::from_ref(write), None).expect("a commit");
    }
    let words: Vec<&str> =
        store.events(all.job.id).expect("events").iter().map(|(_, event)| event.word()).collect();
    assert_eq!(words.join(" "), "created sent accepted output_ready rendered saved succeeded");
    assert_eq!(store.job(all.job.id).expect("a read"), Some(all.job));
}

#[test]
fn a_commit_is_all_or_nothing() {
    let (_place, mut store) = store();
    let known = life(1, |_| {}).store(&mut store);
    // The second job was never created, so its write fails after the first has gone through.
    let (good, mut bad) = (life(2, |_| {}), life(3, |_| {}).then(JobEvent::Sent));
    bad.all.remove(0);
    let batch = [good.all, bad.all].concat();
    store.commit(&batch, None).expect_err("refused");
    let ids: Vec<_> = store.live_jobs().expect("jobs").iter().map(|job| job.id).collect();
    assert_eq!(ids, [known.id]);
    assert_eq!(store.events(good.job.id).expect("events"), []);
    store.commit(&batch[..1], None).expect("nothing of it is in the way");
}

#[test]
fn one_commit_may_change_several_jobs_several_times() {
    let (_place, mut store) = store();
    let (one, two) = (life(1, |_| {}).accepted(), life(2, |_| {}).accepted());
    let pairs = one.all.iter().zip(&two.all);
    let mixed: Vec<Write> = pairs.flat_map(|(a, b)| [a, b]).cloned().collect();
    store.commit(&mixed, None).expect("a commit");
    assert_eq!(store.live_jobs().expect("jobs"), [one.job, two.job]);
}

#[test]
fn only_what_is_to_be_done_is_live() {
    let (_place, mut store) = store();
    let running = life(1, |_| {}).accepted().store(&mut store);
    life(2, |_| {}).accepted().succeeded().store(&mut store);
    let error = sample::error(FailureClass::Lost);
    life(3, |_| {})
        .then(JobEvent::Sent)
        .then(JobEvent::Doubted { error, asked_as: None })
        .store(&mut store);
    assert_eq!(store.live_jobs().expect("jobs"), [running]);
}

#[test]
fn a_job_is_found_by_the_beginning_of_its_id() {
    let (_place, mut store) = store();
    let one = life(0xaaaa_1111 << 96, |_| {}).store(&mut store);
    let two = life(0xaaaa_2222 << 96, |_| {}).store(&mut store);
    let found = |prefix: &str| store.jobs_named(prefix, 10).expect("a search");
    assert_eq!(found("aaaa"), [two.clone(), one.clone()], "newest first");
    assert_eq!(found("AAAA1"), std::slice::from_ref(&one));
    assert_eq!(found(&one.id.to_string()), [one]);
    for nothing in ["aaab", "", "a%", "_", "' OR 1", "aaaa1111-0000-0000-0000-0000000000000"] {
        assert_eq!(found(nothing), [], "{nothing}");
    }
    assert_eq!(store.jobs_named("a", 1).expect("a search"), [two]);
}

/// Jobs of one moment have one beginning. What is printed of each names it alone, whatever comes later.
#[test]
fn a_short_id_names_one_job_for_good() {
    let (_place, mut store) = store();
    let moment = 0x0193_5d21_9290_7000_8000 << 48;
    let jobs: Vec<Job> = (0x1a2b_3c4d_5e6f..)
        .take(50)
        .map(|chance| life(moment | chance, |_| {}).store(&mut store))
        .collect();
    for job in &jobs {
        let found = store.jobs_named(&job.id.short().to_uppercase(), 5).expect("a search");
        assert_eq!(found, std::slice::from_ref(job));
    }
    // What begins as the short id of another does not hide that one.
    let called = jobs[0].id.short();
    let begins = u128::from_str_radix(&called, 16).expect("digits") << 88;
    life(begins, |_| {}).store(&mut store);
    assert_eq!(store.jobs_named(&called, 5).expect("a search"), [jobs[0].clone()]);

    let twin = life(jobs[0].id.0.as_u128() ^ 1 << 80, |_| {});
    assert_eq!(twin.job.id.short(), called);
    let event = JobEvent::Created { job: Box::new(twin.job.clone()) };
    let write = Write { at: sample::noon(), event, job: twin.job };
    let stored = store.commit_if(&write, sample::noon(), |_| Ok::<(), ()>(()));
    assert!(matches!(stored, Err(StoreError::IdTaken)), "{stored:?}");
}

#[test]
fn descendants_are_found_by_their_parent() {
    let (_place, mut store) = store();
    let draft = life(1, |_| {}).store(&mut store);
    let mut child = life(2, |_| {});
    let parent = Some(Parent { job: draft.id, relation: Relation::Promote });
    child.job.parent = parent;
    let event = JobEvent::Created { job: Box::new(child.job.clone()) };
    child.all = vec![Write { at: child.at, event, job: child.job.clone() }];
    let child = child.store(&mut store);
    assert_eq!(store.children(draft.id).expect("jobs"), [child]);
}

#[test]
fn a_wish_to_cancel_reaches_whoever_drives() {
    let (place, mut store) = store();
    let job = life(1, |_| {}).store(&mut store);
    let done = life(2, |_| {}).accepted().succeeded().store(&mut store);
    place.open().ask_cancel(job.id).expect("a wish");
    place.open().ask_cancel(done.id).expect("a wish");
    assert_eq!(store.cancels_asked().expect("jobs"), [job], "what has ended can't be stopped");
}

#[test]
fn the_usual_render_time_is_the_median_of_the_last_ones_of_its_sort() {
    let (_place, mut store) = store();
    let usual = |store: &Store, request: &GenerationRequest| {
        let (kind, length) = (request.kind, request.duration);
        store.typical_render_ms(&request.model, kind, request.resolution, length).expect("a read")
    };
    let sort = life(99, |_| {}).job.request;
    assert_eq!(usual(&store, &sort), None);
    // Two seconds lie between acceptance and the last result beside the wait.
    for (number, wait_s) in [(1, 70), (2, 900), (3, 60)] {
        life(number, |_| {}).accepted().wait(wait_s - 2).succeeded().store(&mut store);
    }
    assert_eq!(usual(&store, &sort), Some(70_000), "one that was late does not count for much");
    life(4, |_| {}).accepted().store(&mut store);
    assert_eq!(usual(&store, &sort), Some(70_000), "nor one that is not there");

    let longer = life(98, |choices| choices.duration = Some(ClipLength::Ms(10_000))).job.request;
    assert_eq!(usual(&store, &longer), None);
    let auto = |choices: &mut Choices| choices.duration = Some(ClipLength::Auto);
    let auto_sort = life_on("runware/1.5-pro", 97, auto).job.request;
    life_on("runware/1.5-pro", 5, auto).accepted().wait(18).succeeded().store(&mut store);
    assert_eq!(usual(&store, &auto_sort), Some(20_000), "auto is a sort of its own");
    assert_eq!(
        store
            .typical_render_ms(
                &auto_sort.model,
                JobKind::Draft,
                auto_sort.resolution,
                auto_sort.duration
            )
            .expect("a read"),
        None
    );

    for number in 10..19 {
        life(number, |_| {}).accepted().wait(28).succeeded().store(&mut store);
    }
    assert_eq!(usual(&store, &sort), Some(30_000), "only the last nine count");
}

#[test]
fn one_driver_per_database() {
    let (place, mut old) = store();
    let first = old.take_lease("pid 1", sample::noon()).expect("a lease");
    let job = life(1, |_| {});
    old.commit(&job.all, Some(first)).expect("the holder writes");

    let mut new = place.open();
    let second = new.take_lease("pid 2", sample::noon()).expect("a lease");
    let sent = job.then(JobEvent::Sent);
    let error = old.commit(&sent.all[1..], Some(first)).expect_err("fenced");
    assert!(matches!(error, StoreError::LeaseLost), "{error}");
    assert!(error.waits_for().is_none());
    assert_eq!(new.job(sent.job.id).expect("a read").map(|job| job.sends), Some(0));
    new.commit(&sent.all[1..], Some(second)).expect("the new holder writes");
    // Anybody may add a job.
    old.commit(&life(2, |_| {}).all, None).expect("a new job");
}

/// One that is stopped in the middle of a send sends when it is continued, and alone hears the reply.
#[test]
fn the_lease_of_a_driver_that_is_stopped_is_taken_only_between_sends() {
    let (place, mut old) = store();
    let first = old.take_lease("pid 1", sample::noon()).expect("a lease");
    let job = life(1, |_| {});
    old.commit(&job.all, Some(first)).expect("the holder writes");
    let mut new = place.open();
    let sent = job.then(JobEvent::Sent);
    old.commit(&sent.all[1..], Some(first)).expect("the holder writes");
    let mut take = || new.take_lease_between_sends("pid 2", sample::noon()).expect("an answer");
    assert_eq!(take(), None);
    let remote_id = Some("one".to_owned());
    let accepted = sent.then(JobEvent::Accepted { remote_id, charge: None, how: String::new() });
    old.commit(&accepted.all[2..], Some(first)).expect("the holder hears the reply");
    assert!(take().is_some());
    let error = old.commit(&life(2, |_| {}).all, Some(first)).expect_err("fenced");
    assert!(matches!(error, StoreError::LeaseLost), "{error}");
}

#[test]
fn a_connection_notices_what_another_has_written() {
    let (place, mut store) = store();
    let other = place.open();
    let before = other.data_version().expect("a version");
    assert_eq!(other.data_version().expect("a version"), before);
    let job = life(1, |_| {}).store(&mut store);
    assert_ne!(other.data_version().expect("a version"), before);
    assert_eq!(other.job(job.id).expect("a read"), Some(job));
}

#[test]
fn the_jobs_since_a_time_come_oldest_first() {
    let (_place, mut store) = store();
    let noon = sample::noon();
    for (number, hours) in [(1, 3), (2, 1), (3, 2)] {
        let mut all = life(number, |_| {});
        all.job.created_at = noon - SignedDuration::from_hours(hours);
        let event = JobEvent::Created { job: Box::new(all.job.clone()) };
        all.all = vec![Write { at: noon, event, job: all.job.clone() }];
        all.store(&mut store);
    }
    let since = |hours, limit| {
        let since = noon - SignedDuration::from_hours(hours);
        let jobs = store.jobs_since(since, limit).expect("jobs");
        jobs.iter().map(|job| job.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(since(2, 10), [3, 2]);
    assert_eq!(since(9, 2), [1, 3]);
}

#[test]
fn a_held_job_is_not_live_and_only_one_release_of_it_is_written() {
    let (place, mut store) = store();
    let queued = life(1, |_| {}).store(&mut store);
    place.open().ask_hold(queued.id).expect("a wish");
    assert_eq!(store.holds_asked().expect("jobs"), std::slice::from_ref(&queued));
    assert_eq!(store.cancels_asked().expect("jobs"), []);
    let next = |job: &Job, event: JobEvent| {
        let mut job = job.clone();
        assert!(apply(&mut job, &event, sample::noon()), "{event:?}");
        Write { at: sample::noon(), event, job }
    };
    let held = next(&queued, JobEvent::Held { reason: "interrupted".to_owned() });
    store.commit(std::slice::from_ref(&held), None).expect("a commit");
    assert_eq!(store.live_jobs().expect("jobs"), []);
    let released = next(&held.job, JobEvent::Released { over_limit: false, estimate: None });
    let since = sample::noon();
    let no = store.commit_released(&released, since, |_| Err("a limit")).expect("a commit");
    assert_eq!((no, store.live_jobs().expect("jobs")), (Some(Err("a limit")), Vec::new()));
    store.forget_hold(queued.id).expect("forgotten");
    for wrote in [Some(Ok(())), None] {
        let told = store.commit_released::<()>(&released, since, |_| Ok(())).expect("a commit");
        assert_eq!(told, wrote);
    }
    assert_eq!(store.live_jobs().expect("jobs"), [released.job]);
    assert_eq!(store.holds_asked().expect("jobs"), [], "the wish is over");
}

/// Naming a job takes back that it is to be held, and that it was to be stopped as long as it was held; a stop of one
/// that is live stays.
#[test]
fn a_wish_is_forgotten_where_the_job_is_to_be_sent_after_all() {
    let (_place, mut store) = store();
    let [waits, stops] = [1, 2].map(|number| life(number, |_| {}).store(&mut store).id);
    let reason = "interrupted".to_owned();
    let held = life(3, |_| {}).then(JobEvent::Held { reason });
    store.commit(&held.all, None).expect("a commit");
    store.ask_hold(waits).expect("a wish");
    for id in [stops, held.job.id] {
        store.ask_cancel(id).expect("a wish");
    }
    for id in [waits, stops, held.job.id] {
        store.forget_hold(id).expect("forgotten");
    }
    let released = held.then(JobEvent::Released { over_limit: false, estimate: None });
    store.commit(&released.all[2..], None).expect("a commit");
    assert_eq!(store.holds_asked().expect("jobs"), []);
    let stopped: Vec<_> = store.cancels_asked().expect("jobs").iter().map(|job| job.id).collect();
    assert_eq!(stopped, [stops]);
}
