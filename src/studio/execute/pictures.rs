//! Posters, stills in the terminal's own form, frames of what plays, frames as files.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Outside;
use super::loads::home;
use crate::domain::job::JobId;
use crate::media::film::Part;
use crate::media::picture::Bounds;
use crate::runtime::{frames, image_paths, viewing};
use crate::studio::effect::{Generation, Slot};
use crate::studio::images::Wanted;
use crate::studio::msg::Msg;
use crate::studio::term::overlay::Overlay;

/// How long a choice must rest before its picture is made in the terminal's own form.
const REST: Duration = Duration::from_millis(150);

impl Outside {
    pub(super) async fn load_poster(
        &self,
        path: PathBuf,
        sheet: bool,
        (width_px, height_px): (u32, u32),
    ) -> Option<Msg> {
        // What is picked for the form may be written with a `~`.
        let file = image_paths::expanded(&path.to_string_lossy(), home().as_deref());
        let workspace = Arc::clone(&self.workspace);
        let bounds = Bounds { width_px, height_px };
        let read = move || workspace.pictures.look(&file, sheet, bounds);
        let picture = tokio::task::spawn_blocking(read).await;
        let picture = picture.unwrap_or_else(|_| Err("the clip could not be read".to_owned()));
        Some(Msg::Poster { path, sheet, picture })
    }

    pub(super) async fn load_overlay(&self, generation: Generation, wanted: Wanted) -> Option<Msg> {
        let (latest, workspace) = (Arc::clone(&self.latest), Arc::clone(&self.workspace));
        // Whoever goes through the list is shown half blocks, and sent nothing that costs more.
        sleep(REST).await;
        if !latest.is(Slot::Overlay, generation) {
            return None;
        }
        let make = move || {
            let (width_px, height_px) = wanted.room.pixels();
            let bounds = Bounds { width_px, height_px };
            let picture = workspace.pictures.look(&wanted.path, wanted.sheet, bounds).ok()?;
            Overlay::new(picture, wanted.form, wanted.room)
        };
        let overlay = tokio::task::spawn_blocking(make).await.ok().flatten();
        Some(Msg::Overlay { generation, overlay })
    }

    pub(super) async fn export_frame(
        &self,
        id: JobId,
        path: PathBuf,
        at_ms: Option<u64>,
    ) -> Option<Msg> {
        let folder = self.workspace.places.frames_dir();
        let export = move || frames::export(&path, id, at_ms, &folder);
        let exported = tokio::task::spawn_blocking(export).await;
        let exported = exported.unwrap_or_else(|_| Err("the clip could not be read".to_owned()));
        Some(exported.map_or_else(Msg::Complain, |path| Msg::Written { what: "the frame", path }))
    }

    /// Decodes clips, each on a thread of its own, until another film is wanted.
    pub(super) fn load_film(
        &self,
        generation: Generation,
        paths: Vec<PathBuf>,
        (width_px, height_px): (u32, u32),
    ) {
        for (reel, path) in paths.into_iter().enumerate() {
            let (messages, latest) = (self.messages.clone(), Arc::clone(&self.latest));
            let decoding = tokio::task::spawn_blocking(move || {
                viewing::film(&path, Bounds { width_px, height_px }, |part| {
                    let wanted = latest.is(Slot::Film, generation);
                    let film = Msg::Film { generation, reel, part };
                    if wanted && messages.blocking_send(film).is_ok() {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                });
            });
            let messages = self.messages.clone();
            tokio::spawn(async move {
                if decoding.await.is_err() {
                    // Else it would be waited for without end.
                    let part = Part::End(Some("the clip could not be read".to_owned()));
                    drop(messages.send(Msg::Film { generation, reel, part }).await);
                }
            });
        }
    }
}
