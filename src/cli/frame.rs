//! `rushes frame`: one frame of a clip as a PNG file.

use super::Context;
use super::args::{Clip, Target};
use super::clip;
use super::trouble::Trouble;
use crate::runtime::pictures::{self, Kind};
use crate::runtime::viewing::{self, Which};

/// The frame that the options ask for.
pub(super) fn which(first: bool, at_ms: Option<u64>) -> Which {
    match (first, at_ms) {
        (true, _) => Which::First,
        (false, Some(ms)) => Which::At(ms),
        (false, None) => Which::Last,
    }
}

pub(super) async fn run(
    context: &mut Context,
    asked: &Clip,
    which: Which,
    target: &Target,
) -> Result<u8, Trouble> {
    target.check(context)?;
    let file = clip::find(context, asked).await?;
    let still = clip::look(&file, move |path, cancelled| {
        let kind = match which {
            Which::First => Some(Kind::First),
            Which::Last => Some(Kind::Last),
            Which::At(_) => None,
        };
        if let Some(still) = kind.and_then(|kind| pictures::kept(path, kind)) {
            return Ok(still);
        }
        viewing::still(viewing::frame(path, which, viewing::WHOLE, cancelled)?)
    });
    let still = still.await?;
    target.write(context, &still)
}
