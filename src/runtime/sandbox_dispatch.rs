//! The sandbox's own requests: clips to upload addresses, words to webhooks, within this machine.

use std::sync::Arc;
use std::time::Duration;

use super::clock::wall;
use super::http::Transport;
use super::sandbox_server::Server;
use crate::sandbox::Dispatch;

/// How often one is tried (docs, webhooks: again where the answer is no success).
const TRIES: u32 = 4;
/// The wait before the second try; each next one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to sleep where nothing is known to be due; a new task wakes up.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// Sends out what is due, one after the other, for ever.
pub(super) async fn run(server: Arc<Server>) {
    let transport = Transport::default();
    loop {
        let (due, next) = server.sandbox().dispatches(&server.origin, wall());
        for dispatch in due {
            send(&server, &transport, &dispatch).await;
            let record = server.sandbox().dispatched(dispatch.task, dispatch.index);
            // Where the record can't be written, the next host sends it again, as a service may.
            drop(server.files.append(&[record]));
            if !server.sandbox().has_dispatches(dispatch.task) {
                server.files.addresses().forget(dispatch.task);
            }
        }
        let rest = next.and_then(|next| Duration::try_from(next.duration_since(wall())).ok());
        let rest = rest.unwrap_or(LONGEST_REST).min(LONGEST_REST);
        drop(tokio::time::timeout(rest, server.made.notified()).await);
    }
}

/// What can't be sent is given up after a while: the client polls for its results all the same.
async fn send(server: &Server, transport: &Transport, dispatch: &Dispatch) {
    if let Some((to, video, container)) = &dispatch.clip {
        let kind = container.media_type();
        if let Ok(clip) = tokio::fs::read(server.files.clip(*video, *container)).await {
            try_to(transport, to.expose(), true, kind, &clip).await;
        }
    }
    if let Some((to, word)) = &dispatch.word {
        try_to(transport, to.expose(), false, "application/json", word.to_string().as_bytes())
            .await;
    }
}

async fn try_to(transport: &Transport, url: &str, is_put: bool, kind: &str, body: &[u8]) {
    let mut wait = FIRST_WAIT;
    for _ in 0..TRIES {
        let sent = transport.send_here(url, is_put, kind, body.to_vec());
        if let Ok(Ok(200..300)) = tokio::time::timeout(PATIENCE, sent).await {
            return;
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
}
