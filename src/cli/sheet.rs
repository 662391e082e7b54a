//! `rushes sheet`: a contact sheet of a clip as a PNG file.

use super::Context;
use super::args::{Clip, Target};
use super::clip;
use super::trouble::Trouble;
use crate::runtime::pictures::{self, Kind};
use crate::runtime::viewing;

pub(super) async fn run(
    context: &mut Context,
    asked: &Clip,
    target: &Target,
) -> Result<u8, Trouble> {
    target.check(context)?;
    let file = clip::find(context, asked).await?;
    let still = clip::look(&file, |path, cancelled| match pictures::kept(path, Kind::Sheet) {
        Some(still) => Ok(still),
        None => viewing::still(viewing::sheet(path, cancelled)?),
    });
    let still = still.await?;
    target.write(context, &still)
}
