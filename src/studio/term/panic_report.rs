//! A panic gives the terminal back first, then leaves a report in a file and one sentence on the screen.

use std::backtrace::Backtrace;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::panic::{self, PanicHookInfo};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use super::terminal;

/// Installs the hook, which writes its reports to `folder` (made when needed), with what `last` tells at their end.
///
/// A panic on the thread that owns the screen gives the terminal back and prints one sentence. A panic on any
/// other thread only leaves a report: whoever joins that thread decides, and the screen stays whole.
pub fn install(folder: PathBuf, last: fn() -> String) {
    panic::set_hook(Box::new(move |info| {
        // The decoder's own panics on damaged clips are caught where it is called.
        if crate::media::decode::panic_is_caught() {
            return;
        }
        let on_screen = terminal::owns_screen();
        if on_screen {
            // Nothing can be done about a failure here, and the report is still worth having.
            let _ = terminal::give_back_now();
        }
        let written = save(&folder, "panic", &format!("{}{}", report(info), last()));
        if on_screen {
            let _ = writeln!(io::stderr(), "{}", sentence(&written));
        }
    }));
}

fn sentence(report: &io::Result<PathBuf>) -> String {
    let begin = "rushes stopped because of a bug in it; jobs and prompts are kept";
    match report {
        Ok(path) => format!("{begin}; a report is in {}", path.display()),
        Err(error) => format!("{begin}; no report could be written: {error}"),
    }
}

/// Writes a report for the user's eyes only: what a panic says may quote a prompt. Returns its path.
///
/// # Errors
/// When the folder can't be made, or the file can't be written.
pub fn save(folder: &Path, kind: &str, text: &str) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let path =
        folder.join(format!("{kind}-{}-{}.txt", since_epoch.as_millis(), std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    writeln!(file, "{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let message = info.payload_as_str().unwrap_or("(no message)");
    let location = info.location().map_or_else(|| "(unknown)".to_owned(), ToString::to_string);
    format!(
        "thread:   {}\nlocation: {location}\nmessage:  {message}\n\n{}\n",
        thread.name().unwrap_or("(unnamed)"),
        Backtrace::force_capture(),
    )
}
