//! The clips: the sandbox's own, and what a camera's grain looks like, which ffmpeg makes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use rushes::media::decode::Clip;
use rushes::sandbox::clip::{ClipSpec, Container, render};

/// A clip of five seconds.
pub struct Made {
    pub name: &'static str,
    pub path: PathBuf,
    pub frames: usize,
}

/// Those that are played: of the size of a draft.
pub fn to_play(folder: &Path) -> io::Result<Vec<Made>> {
    let mut all = vec![sandbox(folder, "sandbox 864x496", (864, 496))?];
    // A zoom that never rests, and a picture whose ground does.
    all.extend(grainy(folder, "grainy zoom 864x496", "mandelbrot", (864, 496))?);
    all.extend(grainy(folder, "grainy still 864x496", "smptehdbars", (864, 496))?);
    Ok(all)
}

/// Those that are decoded: of the size of a final.
pub fn to_decode(folder: &Path) -> io::Result<Vec<Made>> {
    let mut all = vec![sandbox(folder, "sandbox 1920x1080", (1920, 1080))?];
    all.extend(grainy(folder, "grainy zoom 864x496", "mandelbrot", (864, 496))?);
    all.extend(grainy(folder, "grainy zoom 1920x1080", "mandelbrot", (1920, 1080))?);
    Ok(all)
}

fn sandbox(
    folder: &Path,
    name: &'static str,
    (width_px, height_px): (u32, u32),
) -> io::Result<Made> {
    let spec = ClipSpec {
        prompt: "a moonlit clocktower market chase".to_owned(),
        seed: 65545,
        width_px,
        height_px,
        duration_ms: 5000,
        audio: false,
        container: Container::Mp4,
        quality: 95,
        draft: false,
        fps: 24,
        camera_fixed: false,
        first_frame: None,
        last_frame: None,
    };
    let path = folder.join(format!("{name}.mp4"));
    let content = render(&spec, 2, &AtomicBool::new(false)).map_err(io::Error::other)?;
    std::fs::write(&path, content)?;
    made(name, path)
}

/// High profile with B-frames, as services give it, and with grain; none without ffmpeg.
fn grainy(
    folder: &Path,
    name: &'static str,
    source: &str,
    (width_px, height_px): (u32, u32),
) -> io::Result<Option<Made>> {
    let path = folder.join(format!("{name}.mp4"));
    if !path.exists() {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-f", "lavfi", "-i"]);
        ffmpeg.arg(format!("{source}=s={width_px}x{height_px}:r=24"));
        ffmpeg.args(["-t", "5", "-vf", "noise=alls=10:allf=t", "-c:v", "libx264", "-crf", "23"]);
        ffmpeg.args(["-profile:v", "high", "-bf", "3", "-pix_fmt", "yuv420p"]);
        let status = match ffmpeg.arg(&path).status() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            status => status?,
        };
        if !status.success() {
            return Err(io::Error::other("ffmpeg made no clip"));
        }
    }
    made(name, path).map(Some)
}

fn made(name: &'static str, path: PathBuf) -> io::Result<Made> {
    let frames = Clip::open(&path).map_err(io::Error::other)?.frames();
    Ok(Made { name, path, frames })
}
