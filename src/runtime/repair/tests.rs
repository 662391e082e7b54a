//! Jobs brought back: nothing is sent twice for it, and the newer of two tales is believed.

use jiff::SignedDuration;
use tempfile::TempDir;

use super::restore::{rebuilt, salvaged};
use super::*;
use crate::domain::event::JobEvent;
use crate::domain::job::{ClipFile, Job, Output};
use crate::domain::mark::Mark;
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

#[test]
fn a_job_at_the_provider_comes_back_as_it_stood() {
    for events in [vec![JobEvent::Sent], vec![JobEvent::Sent, accepted()]] {
        let left = after(job(), events);
        let (restored, _) = salvaged(&left).expect("a job");
        assert_eq!(Some(&restored.job), left.row.as_ref().map(|(job, _)| job));
        let events: Vec<_> =
            restored.writes.iter().map(|write| (write.at, write.event.clone())).collect();
        assert_eq!(events, left.events);
    }
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
