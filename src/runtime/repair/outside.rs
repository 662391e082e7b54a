//! What a job may be that comes from outside the database: from a file beside a clip, or out of a damaged
//! database. Anybody may have written it, so it may be asked for, and is never sent.

use std::path::{Component, Path};

use crate::domain::cost::Estimate;
use crate::domain::job::{Charged, ClipFile, FailureClass, Job, JobError, JobState};
use crate::domain::money::MicroUsd;
use crate::domain::request::{FrameImage, ImageFile};

/// What one job can cost at most; a real one costs a few dollars.
const MAX_MONEY: MicroUsd = MicroUsd(10_000_000_000);
/// How many results one job can have at most; a real one has up to twenty.
const MAX_RESULTS: u32 = 100;
/// How often saving can have been tried at most.
const MAX_TRIES: u32 = 1_000_000;

/// `job` in doubt, if it was still going to be sent or may be sent again: it may be somebody else's, or have been
/// sent after what is left of it was written. `told` says why, by the state that it had.
pub(super) fn unsent(mut job: Job, told: impl FnOnce(JobState) -> String) -> Job {
    use JobState as S;
    let may_be_sent = match job.state {
        S::Queued | S::RetryWait | S::Submitting | S::Confirming | S::Held => true,
        S::Running | S::Canceling | S::Downloading | S::InDoubt => false,
        S::Succeeded | S::Failed | S::Canceled | S::Expired => false,
    };
    if may_be_sent {
        let message = told(job.state);
        job.state = JobState::InDoubt;
        job.error = Some(JobError::ours(FailureClass::Lost, "salvaged", message, Charged::Unknown));
    }
    job
}

/// Whether such a request can have been made: not for more results than anybody offers, and from images that
/// are named by their content, since another name could lead to any file of the user's.
pub(super) fn is_possible(job: &Job) -> bool {
    let frames = [&job.request.first_frame, &job.request.last_frame];
    let mut images = frames.into_iter().flatten();
    (1..=MAX_RESULTS).contains(&job.request.results)
        && images.all(|image| match image {
            FrameImage::File(ImageFile { sha256, kind, .. }) => {
                sha256.len() == 64
                    && sha256.bytes().all(|byte| byte.is_ascii_hexdigit())
                    && ["png", "jpeg", "webp"].contains(&kind.as_str())
            }
            FrameImage::Url(_) | FrameImage::Stored(_) => true,
        })
}

/// `job` without what can't be: money below nothing or beyond all measure, which limits and sums would count
/// with, a word that lifts the limits, clips outside the data folder, and a number that would overflow.
pub(super) fn tamed(mut job: Job) -> Job {
    let is_price = |money: &MicroUsd| (MicroUsd::ZERO..=MAX_MONEY).contains(money);
    job.taken = job.taken.filter(is_price);
    let Estimate { total, each, .. } = &mut job.estimate;
    for range in [total, each] {
        *range = range.take().filter(|(least, most)| is_price(least) && is_price(most));
    }
    // Only the user lets a job pass a limit, here.
    job.over_limit = false;
    job.download_tries = job.download_tries.min(MAX_TRIES);
    for output in &mut job.outputs {
        output.charge = output.charge.filter(is_price);
        output.file = output.file.take().filter(is_a_clip);
    }
    job
}

/// Whether it lies among the clips. Steps such as `..` could lead to any file of the user's.
fn is_a_clip(file: &ClipFile) -> bool {
    let mut parts = Path::new(&file.path).components();
    parts.next() == Some(Component::Normal("clips".as_ref()))
        && parts.all(|part| matches!(part, Component::Normal(_)))
}
