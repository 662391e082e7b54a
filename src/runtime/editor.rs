//! The user's own editor on the prompt, by way of a file that only the user can read.

use std::process::Stdio;

use tokio::process::Command;

use super::child;

/// The longest text that is taken back, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Lets `$VISUAL` or `$EDITOR` change `text`; what it says, or why not.
pub async fn edit(text: &str) -> Result<String, String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let failed = |error: std::io::Error| {
        format!("{editor} could not be used: {error}; the prompt is as it was")
    };
    let file =
        tempfile::Builder::new().prefix("rushes-").suffix(".txt").tempfile().map_err(failed)?;
    std::fs::write(file.path(), text).map_err(failed)?;
    // As shells and git do: the variable is a command line, and the file its last argument.
    let status = Command::from(child::command("sh"))
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(file.path())
        .stdin(Stdio::inherit())
        .status()
        .await
        .map_err(failed)?;
    if !status.success() {
        return Err(format!("{editor} ended with {status}; the prompt is as it was"));
    }
    let size = std::fs::metadata(file.path()).map_err(failed)?.len();
    if size > MAX_BYTES {
        return Err(format!("the text from {editor} is too long; the prompt is as it was"));
    }
    let bytes = std::fs::read(file.path()).map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned())
}
