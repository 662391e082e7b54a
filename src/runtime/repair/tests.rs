//! Jobs brought back: nothing is sent twice for it, and the newer of two tales is believed.

use jiff::SignedDuration;
use tempfile::TempDir;

use super::restore::{rebuilt, salvaged};
use super::*;
use crate::domain::event::JobEvent;
use crate::domain::job::{ClipFile, Job, Output};
use crate::domain::mark::Mark;
use crate::domain::money::MicroUsd;
use crate::domain::sample;
use crate::engine::apply;
use crate::store::Salvaged;

fn job() -> Job {
    let model = sample::model("runware/1.0-pro");
    sample::job(7, model, sample::request(model, |choices| choices.results = Some(2)))
}

/// `job` after `events`, a second apart, with those events.
fn after(mut job: Job, events: Vec<JobEvent>) -> Salvaged {
    let mut at = job.created_at;
    let mut all = vec![(at, JobEvent::Created { job: Box::new(job.clone()) })];
    for event in events {
        at += SignedDuration::from_secs(1);
        assert!(apply(&mut job, &event, at), "{event:?}");
        all.push((at, event));
    }
    Salvaged { row: Some((job, Mark::default())), events: all }
}

fn accepted() -> JobEvent {
    JobEvent::Accepted { remote_id: None, charge: None, how: String::new() }
}

/// What was left may be older than the last thing that was stored: a job that waited may have been sent.
#[test]
fn a_job_that_waited_to_be_sent_is_in_doubt_and_not_sent_again() {
    let postponed = JobEvent::Postponed {
        error: sample::error(crate::domain::job::FailureClass::Rate),
        wait_ms: 9,
    };
    for events in [vec![], vec![JobEvent::Sent, postponed]] {
        let (restored, _) = salvaged(&after(job(), events)).expect("a job");
        assert_eq!(restored.job.state, JobState::InDoubt);
        let error = restored.job.error.clone().expect("a reason");
        assert!(error.message.contains("may have lost that it was sent"), "{error:?}");
        assert!(error.advice().contains("dashboard"), "{error:?}");
        assert_eq!(restored.writes.last().map(|write| &write.job), Some(&restored.job));
    }
}

/// A file beside a clip may be anybody's: what is held in it is sent by a word of the user's, and past limits.
#[test]
fn a_job_that_was_held_is_in_doubt_and_passes_no_limit() {
    let held = JobEvent::Held { reason: "it was interrupted".into() };
    let mut left = after(job(), vec![held]);
    if let Some((job, _)) = &mut left.row {
        job.over_limit = true;
    }
    let (restored, _) = salvaged(&left).expect("a job");
    assert_eq!(restored.job.state, JobState::InDoubt);
    let error = restored.job.error.clone().expect("a reason");
    assert!(error.message.contains("may have lost that it was sent"), "{error:?}");
    assert!(!restored.job.over_limit);
}

/// What was being sent could be sent again under its key, and the database may be somebody else's.
#[test]
fn a_job_that_was_being_sent_is_in_doubt_and_not_sent_again() {
    let unknown = JobEvent::OutcomeUnknown { reason: String::new() };
    for events in [vec![JobEvent::Sent], vec![JobEvent::Sent, unknown]] {
        let (restored, _) = salvaged(&after(job(), events)).expect("a job");
        assert_eq!(restored.job.state, JobState::InDoubt);
        let error = restored.job.error.clone().expect("a reason");
        assert!(error.message.contains("in which it was being sent"), "{error:?}");
    }
}

#[test]
fn a_job_at_the_provider_comes_back_as_it_stood() {
    let left = after(job(), vec![JobEvent::Sent, accepted()]);
    let (restored, _) = salvaged(&left).expect("a job");
    assert_eq!(Some(&restored.job), left.row.as_ref().map(|(job, _)| job));
    let events: Vec<_> =
        restored.writes.iter().map(|write| (write.at, write.event.clone())).collect();
    assert_eq!(events, left.events);
}

/// A row may be of before the last checkpoint, and the events of after it, or the other way round.
#[test]
fn the_newer_of_row_and_events_counts() {
    let old = after(job(), vec![JobEvent::Sent]);
    let new = after(job(), vec![JobEvent::Sent, accepted()]);
    for left in [
        Salvaged { row: old.row.clone(), events: new.events.clone() },
        Salvaged { row: new.row.clone(), events: old.events.clone() },
        Salvaged { row: None, events: new.events.clone() },
        Salvaged { row: new.row.clone(), events: Vec::new() },
    ] {
        let (restored, _) = salvaged(&left).expect("a job");
        assert_eq!(restored.job.state, JobState::Running);
        let mut folded = job();
        for write in &restored.writes {
            apply(&mut folded, &write.event, write.at);
        }
        assert_eq!(folded, restored.job, "folding the events gives the row");
    }
    assert!(salvaged(&Salvaged::default()).is_none());
}

/// A data folder in which the results of a job are saved one after the other.
struct Saving {
    folder: TempDir,
    job: Job,
}

impl Saving {
    fn new() -> Self {
        let mut job = after(job(), vec![JobEvent::Sent, accepted()]).row.expect("a job").0;
        for name in ["a", "b"] {
            apply(
                &mut job,
                &JobEvent::OutputReady { output: sample::output(name) },
                sample::noon(),
            );
        }
        apply(&mut job, &JobEvent::Rendered, sample::noon());
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("clips/day")).expect("a folder");
        Self { folder, job }
    }

    /// Writes the sidecar of a result as saving does, and its clip under `name`.
    fn save(&mut self, index: usize, name: &str) -> PathBuf {
        self.job.updated_at += SignedDuration::from_secs(1);
        let clip = self.folder.path().join(format!("clips/day/{index}.mp4"));
        let file = ClipFile { path: format!("clips/day/{index}.mp4"), ..sample::clip("x") };
        let mut job = self.job.clone();
        job.outputs[index].file = Some(file.clone());
        sidecar::write(&clip, &job, index, &file).expect("written");
        fs::write(self.folder.path().join("clips/day").join(name), "a clip").expect("written");
        clip.with_extension("json")
    }

    fn restored(&self, sidecars: &[PathBuf]) -> Job {
        rebuilt(sidecars, self.folder.path()).expect("a job").job
    }

    fn rebuilt(&self, sidecars: &[PathBuf]) -> Job {
        let restored = rebuilt(sidecars, self.folder.path()).expect("a job");
        let mut folded = job();
        for write in &restored.writes {
            apply(&mut folded, &write.event, write.at);
        }
        assert_eq!(folded, restored.job, "folding the events gives the row");
        restored.job
    }
}

#[test]
fn the_results_of_a_job_come_together_from_their_files() {
    let mut saving = Saving::new();
    let first = saving.save(0, "0.mp4");
    let half = saving.rebuilt(std::slice::from_ref(&first));
    assert_eq!(half.state, JobState::Downloading, "the other one is fetched yet");
    let second = saving.save(1, "1.mp4");
    for order in [[first.clone(), second.clone()], [second, first]] {
        let whole = saving.rebuilt(&order);
        assert_eq!(whole.state, JobState::Succeeded);
        let paths: Vec<&str> = whole.files().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["clips/day/0.mp4", "clips/day/1.mp4"]);
        assert!(
            whole.charge().is_some()
                && whole.outputs.iter().all(|output: &Output| output.seed.is_some())
        );
    }
}

/// The program ended after it wrote what lies beside the clip, and before the clip had its name.
#[test]
fn a_clip_that_was_not_renamed_yet_is_fetched_again() {
    let mut saving = Saving::new();
    let sidecar = saving.save(0, "0.mp4.0000000000000001.part");
    let job = saving.rebuilt(&[sidecar]);
    assert_eq!((job.state, job.files().count()), (JobState::Downloading, 0));
}

/// No file of ours says so: whoever wrote it could have the user pay for anything.
#[test]
fn nothing_that_a_file_calls_unsent_is_sent() {
    for state in JobState::ALL {
        let mut saving = Saving::new();
        saving.job.state = *state;
        let sidecars = [saving.save(0, "0.mp4"), saving.save(1, "1.mp4")];
        let job = saving.restored(&sidecars);
        let expected = match state {
            JobState::Queued
            | JobState::RetryWait
            | JobState::Submitting
            | JobState::Confirming
            | JobState::Held => {
                let told = job.error.clone().expect("a reason").message;
                assert!(told.contains(state.word()) && !told.contains("may have"), "{told}");
                JobState::InDoubt
            }
            JobState::Running | JobState::Canceling | JobState::Downloading => JobState::Succeeded,
            other => *other,
        };
        assert_eq!(job.state, expected, "{state}");
        assert_eq!(job.files().count(), 2, "{state}: the clips are there all the same");
    }
}

/// Nobody is asked to stop what a file names: it may be another job than the file says.
#[test]
fn what_a_file_calls_unfinished_is_asked_for_and_nothing_else() {
    for state in [JobState::Running, JobState::Canceling, JobState::Downloading] {
        let mut saving = Saving::new();
        saving.job.state = state;
        saving.job.outputs.truncate(1);
        let sidecar = saving.save(0, "0.mp4.0000000000000001.part");
        let job = saving.restored(&[sidecar]);
        let asked_for = [JobState::Running, JobState::Downloading];
        assert!(asked_for.contains(&job.state), "{state}: {}", job.state);
    }
}

#[test]
fn what_can_not_be_is_not_believed() {
    let huge = MicroUsd(i64::MAX);
    for money in [MicroUsd(-1), huge] {
        let mut saving = Saving::new();
        saving.job.taken = Some(money);
        saving.job.outputs[0].charge = Some(money);
        saving.job.estimate.total = Some((money, money));
        saving.job.download_tries = u32::MAX;
        let sidecars = [saving.save(0, "0.mp4"), saving.save(1, "1.mp4")];
        let job = saving.restored(&sidecars);
        assert_eq!((job.taken, job.outputs[0].charge, job.estimate.total), (None, None, None));
        assert!(job.outputs[1].charge.is_some() && job.download_tries < u32::MAX);
    }
    for path in ["/etc/passwd", "clips/../../letter", "../letter", "rushes.db", ""] {
        let mut left = after(job(), vec![JobEvent::Sent, accepted()]);
        let (row, _) = left.row.as_mut().expect("a row");
        row.outputs.push(Output {
            file: Some(ClipFile { path: path.to_owned(), ..sample::clip("x") }),
            ..sample::output("a")
        });
        let (restored, _) = salvaged(&left).expect("a job");
        assert_eq!(restored.job.files().count(), 0, "{path}");
    }
}

/// A copy of an image is looked for by its hash, and a result by its number.
#[test]
fn requests_that_nobody_can_have_made_are_left_where_they_are() {
    for change in
        [("\"results\": 2", "\"results\": 4000000000"), ("\"first_frame\": null", "\"first_frame\": {\"file\": {\"path\": \"x\", \"sha256\": \"../letter\", \"kind\": \"png\",
             \"bytes\": 1, \"width_px\": 1, \"height_px\": 1}}")]
    {
        let mut saving = Saving::new();
        let sidecar = saving.save(0, "0.mp4");
        let text = fs::read_to_string(&sidecar).expect("a sidecar");
        assert!(text.contains(change.0), "{} is not in {text}", change.0);
        fs::write(&sidecar, text.replace(change.0, change.1)).expect("written");
        assert!(rebuilt(&[sidecar], saving.folder.path()).is_none());
    }
}

/// What a reader leaves aside, and points to the repair for, is a reason for the repair to build anew. One that called
/// itself by another's id ended it in an error, and an event that can't be read was left as it was.
#[test]
fn whatever_is_left_aside_is_brought_back_by_a_repair() {
    for wrong in [
        "UPDATE job SET body = replace(body, id, substr(id, 1, 35) || 'a') WHERE seq = 1",
        "UPDATE job SET id = substr(id, 1, 35) || 'a' WHERE seq = 1",
        "UPDATE job SET body = replace(body, '\"sends\":1', '\"sends\":-1') WHERE seq = 1",
        "UPDATE job_event SET body = '{\"event\":\"dreamt\"}' WHERE job_seq = 1 AND nr = 2",
        "UPDATE job_event SET at_us = 9223372036854775807 WHERE job_seq = 1 AND nr = 2",
    ] {
        let mut saving = Saving::new();
        saving.save(0, "0.mp4");
        let places = Places {
            data_dir: saving.folder.path().to_owned(),
            config_file: saving.folder.path().join("config.toml"),
            config_is_named: false,
            profile: None,
        };
        let left = after(job(), vec![JobEvent::Sent, accepted()]);
        let (row, _) = left.row.expect("a job");
        let write = |(at, event)| Write { at, event, job: row.clone() };
        let writes: Vec<Write> = left.events.into_iter().map(write).collect();
        let mut store = Store::open(&places.database()).expect("a database");
        store.commit(&writes, None).expect("stored");
        assert!(store.is_sound().expect("an answer"), "{wrong}");
        assert_eq!(store.connection.execute(wrong, []), Ok(1), "{wrong}");
        drop((store.job(row.id), store.live_jobs(), store.events(row.id)));
        assert!(store.left_aside().is_some(), "{wrong}");
        drop(store);

        let told = repair(&places).expect(wrong);
        assert!(told.set_aside.is_some(), "{wrong}");
        let store = Store::open(&places.database()).expect("a database");
        let back = store.job(row.id).expect("an answer").expect(wrong);
        assert_eq!(back.request, row.request, "{wrong}");
        drop((store.live_jobs(), store.events(row.id)));
        assert_eq!(store.left_aside(), None, "{wrong}");
    }
}
