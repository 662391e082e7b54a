//! The database on a thread of its own: SQLite blocks, and everything else must not.

use tokio::sync::{mpsc, oneshot};

use super::notes::Notes;
use crate::store::Store;

/// The most calls that wait for the database at once.
const MAX_CALLS: usize = 64;

/// The store is gone once it was closed.
type Call = Box<dyn FnOnce(&mut Option<Store>) + Send>;

/// A handle to the thread. The thread ends, and closes the database, with the last handle.
#[derive(Clone, Debug)]
pub struct StoreThread {
    calls: mpsc::Sender<Call>,
}

/// The thread is gone, because a call on it failed in a way that should never happen, or it was closed.
#[derive(Debug, thiserror::Error)]
#[error("the database's thread has ended; start the program again, nothing stored was lost")]
pub struct StoreGone;

impl StoreThread {
    /// Moves `store` to a thread. What it leaves aside is told in `notes`.
    pub fn start(store: Store, notes: Notes) -> std::io::Result<Self> {
        let (calls, mut queue) = mpsc::channel::<Call>(MAX_CALLS);
        let mut store = Some(store);
        std::thread::Builder::new().name("rushes-store".to_owned()).spawn(move || {
            while let Some(call) = queue.blocking_recv() {
                call(&mut store);
                if let Some(note) = store.as_ref().and_then(Store::left_aside) {
                    notes.say(note);
                }
            }
        })?;
        Ok(Self { calls })
    }

    /// Runs `call` there and returns what it returns. Calls run in the order they were made.
    pub async fn run<T, F>(&self, call: F) -> Result<T, StoreGone>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store) -> T + Send + 'static,
    {
        let (reply, replied) = oneshot::channel();
        let call: Call = Box::new(move |store| {
            if let Some(store) = store {
                drop(reply.send(call(store)));
            }
        });
        self.calls.send(call).await.map_err(|_| StoreGone)?;
        replied.await.map_err(|_| StoreGone)
    }

    /// Closes the database behind all calls that were made before. The last program that closes it leaves one
    /// file, without a log beside it.
    pub async fn close(&self) {
        let (done, is_done) = oneshot::channel();
        let call: Call = Box::new(move |store| {
            drop(store.take());
            done.send(()).ok();
        });
        if self.calls.send(call).await.is_ok() {
            // A thread that has ended has closed it.
            drop(is_done.await);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[tokio::test]
    async fn a_closed_database_is_one_file_and_takes_no_more_calls() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rushes.db");
        let thread = StoreThread::start(Store::open(&path).expect("a store"), Notes::default());
        let thread = thread.expect("a thread");
        thread
            .run(|store| store.take_lease("a test", sample::noon()))
            .await
            .expect("a call")
            .expect("a lease");
        assert!(folder.path().join("rushes.db-wal").exists());
        thread.close().await;
        assert!(!folder.path().join("rushes.db-wal").exists());
        thread.run(|store| store.live_jobs()).await.expect_err("it is closed");
        thread.close().await;
    }
}
