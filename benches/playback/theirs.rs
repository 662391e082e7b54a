//! Other programs, each on a pseudo-terminal of the same size that takes everything at once.

use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use super::clips::Made;
use super::{COLUMNS, Cost, ROWS};

/// The shell tells what its child took, in the second line of `times` (POSIX).
const TIMED: &str = r#"told=$1; shift; "$@"; status=$?; times >"$told"; exit $status"#;

/// A program that plays clips in half blocks.
pub struct Player {
    pub name: String,
    command: Vec<String>,
    /// It knows no clips: it is given the frames as pictures.
    of_pictures: bool,
}

/// All of them, each in its half blocks, as fast as it can where it can be told so.
pub fn players(is_true: bool) -> Vec<Player> {
    let player = |name: &str, command: &str, of_pictures| Player {
        name: name.to_owned(),
        command: command.split(' ').map(str::to_owned).collect(),
        of_pictures,
    };
    let mpv = "mpv --no-config --vo=tct --untimed --no-audio --really-quiet --vo-tct-256=";
    let (mpv, timg, chafa) = if is_true {
        (format!("{mpv}no"), "timg -ph -V", "full")
    } else {
        (format!("{mpv}yes"), "timg -ph --color8 -V", "256")
    };
    let chafa = format!("chafa --symbols vhalf --size {COLUMNS}x{ROWS} --colors {chafa}");
    vec![
        player("mpv", &mpv, false),
        player("timg", &format!("{timg} -g{COLUMNS}x{ROWS}"), false),
        player("chafa, of PNG files", &chafa, true),
    ]
}

impl Player {
    /// What a frame costs, the program's start included; none if it is not installed, or ffmpeg is not that makes
    /// the pictures.
    pub fn played(&self, clip: &Made) -> io::Result<Option<Cost>> {
        let mut command = self.command.clone();
        if !is_installed(&command[0]) || self.of_pictures && !is_installed("ffmpeg") {
            return Ok(None);
        }
        let pictures = tempfile::tempdir()?;
        let mut frames = clip.frames;
        if self.of_pictures {
            let files = as_pictures(&clip.path, pictures.path())?;
            frames = files.len();
            command.extend(files);
        } else {
            command.push(clip.path.display().to_string());
        }
        let (bytes, cpu_ms) = on_a_terminal(&command)?;
        let frames = frames as f64;
        Ok(Some(Cost { bytes: bytes as f64 / frames, cpu_ms: cpu_ms / frames }))
    }
}

/// CPU time that ffmpeg takes to decode a clip on one thread, in milliseconds; none if it is not installed.
pub fn ffmpeg_ms(path: &Path) -> io::Result<Option<f64>> {
    if !is_installed("ffmpeg") {
        return Ok(None);
    }
    let line = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-i"];
    let mut command: Vec<String> = line.map(str::to_owned).to_vec();
    command.push(path.display().to_string());
    command.extend(["-f", "null", "-"].map(str::to_owned));
    Ok(Some(on_a_terminal(&command)?.1))
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Every tenth frame as a PNG file, as large as it is drawn.
fn as_pictures(clip: &Path, folder: &Path) -> io::Result<Vec<String>> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(clip);
    let (width, height) = (COLUMNS, ROWS * 2);
    let filter = format!(
        "select=not(mod(n\\,10)),scale={width}:{height}:force_original_aspect_ratio=decrease"
    );
    ffmpeg.args(["-fps_mode", "passthrough", "-vf", &filter]).arg(folder.join("%04d.png"));
    ffmpeg.stdin(Stdio::null()).status()?;
    let mut files: Vec<String> = std::fs::read_dir(folder)?
        .map(|file| Ok(file?.path().display().to_string()))
        .collect::<io::Result<_>>()?;
    files.sort();
    Ok(files)
}

/// Runs a command to its end; the bytes that the terminal got, and the CPU time in milliseconds.
fn on_a_terminal(command: &[String]) -> io::Result<(u64, f64)> {
    let told = tempfile::NamedTempFile::new()?;
    let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).map_err(io::Error::other)?;
    let mut line = CommandBuilder::new("sh");
    line.args(["-c", TIMED, "sh"]);
    line.arg(told.path());
    line.args(command);
    line.env("TERM", "xterm-256color");
    line.env("COLORTERM", "truecolor");
    let mut child = pair.slave.spawn_command(line).map_err(io::Error::other)?;
    let mut reader = pair.master.try_clone_reader().map_err(io::Error::other)?;
    drop(pair.slave);
    let mut bytes = 0;
    let mut buffer = [0; 1 << 16];
    // A terminal whose programs have all ended gives an error.
    while let Ok(read @ 1..) = reader.read(&mut buffer) {
        bytes += read as u64;
    }
    if !child.wait()?.success() {
        return Err(io::Error::other(format!("{} failed", command.join(" "))));
    }
    let times = std::fs::read_to_string(told.path())?;
    let spent = times.lines().nth(1).unwrap_or_default().split_whitespace().map(milliseconds);
    Ok((bytes, spent.sum()))
}

/// `1m2.345s` in milliseconds.
fn milliseconds(time: &str) -> f64 {
    let (minutes, seconds) = time.trim_end_matches('s').split_once('m').unwrap_or(("0", "0"));
    let part = |text: &str| text.parse().unwrap_or(0.0);
    (part(minutes) * 60.0 + part(seconds)) * 1000.0
}
