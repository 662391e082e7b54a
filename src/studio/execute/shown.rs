//! What is shown outside of the terminal: players, browsers, and the clip on the user's own machine.

use std::path::PathBuf;

use super::Outside;
use crate::runtime::clip_server::Link;
use crate::runtime::opener::{self, Here, Opened};
use crate::studio::msg::Msg;
use crate::studio::recorder;
use crate::studio::term::panic_report;
use crate::studio::ways::{MAX_SENT_BYTES, for_iterm2};

impl Outside {
    pub(super) async fn browse(&self, url: String) -> Option<Msg> {
        tokio::task::spawn_blocking(move || browsed(url)).await.ok()
    }

    pub(super) async fn open(&self, path: PathBuf) -> Option<Msg> {
        let here = Here::look();
        let (clip, player, place) =
            (path.clone(), self.workspace.config.player.clone(), here.clone());
        let opened = tokio::task::spawn_blocking(move || opener::open(&clip, &player, &place));
        let reason = match opened.await {
            Ok(Ok(Opened::Player(player))) => return Some(Msg::Say(format!("handed to {player}"))),
            Ok(Ok(Opened::Nowhere(reason))) => reason,
            Ok(Err(error)) => format!("no player could be started: {error}"),
            Err(_) => "no player could be started".to_owned(),
        };
        // Without a server there are still the other lines.
        let link = self.workspace.clip_server.serve(&path).await.ok();
        let lines = |link: Link| [("ssh", here.copy_from().forward(link.port)), ("link", link.url)];
        let mut links: Vec<_> = link.into_iter().flat_map(lines).collect();
        let also = if links.is_empty() {
            ""
        } else {
            "; or run the ssh line there, and open the link in a browser"
        };
        let reason = format!("{reason}: scp fetches the clip to your machine{also}");
        links.extend(opener::kitten(&path).map(|line| ("kitten", line)));
        Some(Msg::Nowhere { path, reason, links })
    }

    /// What happened last, as a file.
    pub(super) async fn report(&self) -> Option<Msg> {
        let folder = self.workspace.places.data_dir.join("reports");
        let write = move || panic_report::save(&folder, "report", &recorder::told());
        let written = tokio::task::spawn_blocking(write).await.ok()?;
        Some(match written {
            Ok(path) => Msg::Written { what: "the report", path },
            Err(error) => Msg::Complain(format!("the report could not be written: {error}")),
        })
    }

    /// The clip as the terminal takes it for the user's own machine.
    pub(super) async fn send(&self, path: PathBuf) -> Option<Msg> {
        let read = move || {
            let unreadable = |error| format!("the clip can't be read: {error}");
            let bytes = std::fs::metadata(&path).map_err(unreadable)?.len();
            if bytes > MAX_SENT_BYTES {
                return Err(format!(
                    "the clip has {}, and at most {} go through the terminal: take the scp line",
                    crate::words::bytes(bytes),
                    crate::words::bytes(MAX_SENT_BYTES)
                ));
            }
            let content = std::fs::read(&path).map_err(unreadable)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(for_iterm2(&name, &content))
        };
        let bytes = tokio::task::spawn_blocking(read).await;
        let bytes = bytes.unwrap_or_else(|_| Err("the clip can't be read".to_owned()));
        Some(Msg::Sendable(bytes))
    }
}

fn browsed(url: String) -> Msg {
    match opener::browse(&url, &Here::look()) {
        Ok(Opened::Player(program)) => Msg::Say(format!("{url} handed to {program}")),
        Ok(Opened::Nowhere(reason)) => Msg::NoBrowser { url, reason },
        Err(error) => {
            Msg::NoBrowser { url, reason: format!("no browser could be started: {error}") }
        }
    }
}
