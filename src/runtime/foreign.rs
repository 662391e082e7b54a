//! Word of what other processes do in the data folder: that they wrote to the database, or let go of a lock.

use std::path::Path;
use std::time::Duration;

/// How long nothing is looked at, where the system says by itself that something was written.
const TOLD: Duration = Duration::from_secs(30);
/// The same where it does not.
const NOT_TOLD: Duration = Duration::from_secs(1);

/// Wakes up when somebody writes to the database or closes the drivers' lock file. It says too much,
/// never too little, so whoever hears it looks for themselves.
#[derive(Debug)]
pub(super) struct Foreign {
    #[cfg(target_os = "linux")]
    watch: Option<linux::Watch>,
}

impl Foreign {
    /// Listens to what happens to the files of `folder` whose names begin with one of `names`.
    #[cfg(target_os = "linux")]
    pub(super) fn watch(folder: &Path, names: &'static [&'static str]) -> Self {
        Self { watch: linux::Watch::new(folder, names).ok() }
    }

    /// Listens to nothing: this system has no watch that costs nothing.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn watch(_folder: &Path, _names: &'static [&'static str]) -> Self {
        Self {}
    }

    /// Waits until there may be something to see.
    pub(super) async fn heard(&self) {
        #[cfg(target_os = "linux")]
        if let Some(watch) = &self.watch {
            return watch.heard().await;
        }
        std::future::pending().await
    }

    /// How long to rest before looking without having heard anything.
    pub(super) fn rest(&self) -> Duration {
        #[cfg(target_os = "linux")]
        if self.watch.is_some() {
            return TOLD;
        }
        NOT_TOLD
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;
    use std::sync::Arc;
    use std::thread;

    use rustix::fs::inotify::{
        CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch,
    };
    use tokio::sync::Notify;

    /// An inotify watch of one folder, read by a thread that sleeps until there is something to read.
    #[derive(Debug)]
    pub(super) struct Watch {
        queue: Arc<OwnedFd>,
        id: i32,
        told: Arc<Notify>,
    }

    impl Watch {
        pub(super) fn new(folder: &Path, names: &'static [&'static str]) -> io::Result<Self> {
            let queue = Arc::new(init(CreateFlags::CLOEXEC)?);
            // The end of a process closes its files, so the end of a driver is heard too.
            let id = add_watch(&queue, folder, WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE)?;
            let told = Arc::new(Notify::new());
            let (reader, tell) = (Arc::clone(&queue), Arc::clone(&told));
            thread::Builder::new()
                .name("folder-watch".into())
                .spawn(move || listen(&reader, names, &tell))?;
            Ok(Self { queue, id, told })
        }

        pub(super) async fn heard(&self) {
            self.told.notified().await;
        }
    }

    impl Drop for Watch {
        /// The end of the watch is the last thing that the thread reads.
        fn drop(&mut self) {
            let _ = remove_watch(&self.queue, self.id);
        }
    }

    fn listen(queue: &OwnedFd, names: &[&str], tell: &Notify) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(queue, &mut buffer);
        loop {
            match events.next() {
                Ok(event) if event.events().contains(ReadFlags::IGNORED) => return,
                Ok(event) => {
                    let name = event.file_name().map(|name| name.to_bytes());
                    // Without a name it says that events were lost.
                    let matters = name.is_none_or(|name| {
                        names.iter().any(|one| name.starts_with(one.as_bytes()))
                    });
                    if matters {
                        tell.notify_one();
                    }
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_write_to_a_watched_file_is_heard_and_others_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let foreign = Foreign::watch(folder.path(), &["rushes.db"]);
        let heard = || tokio::time::timeout(Duration::from_millis(100), foreign.heard());
        std::fs::write(folder.path().join("studio.json"), "{}").expect("a file");
        heard().await.expect_err("not this one");
        std::fs::write(folder.path().join("rushes.db-wal"), "x").expect("a file");
        foreign.heard().await;
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_watched_is_looked_at_often() {
        let foreign = Foreign::watch(Path::new("/nowhere/at/all"), &["rushes.db"]);
        assert_eq!(foreign.rest(), NOT_TOLD);
    }
}
