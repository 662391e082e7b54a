//! ffmpeg, where it is installed, for the clips that our own decoder does not know.
//!
//! The file is untrusted: no shell, a demuxer that we name instead of one that the file chooses, no protocol
//! but `file`, pictures of a bounded size, a bounded time, and on Linux bounded memory.
//!
//! What our decoder does not know goes to `ffmpeg`, where there is one: without a shell, with a demuxer that we name
//! and no protocol but files, so that a file can't have others read, and with bounds on time, memory and size.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use thiserror::Error;

use super::child;
use crate::domain::text::one_line;
use crate::media::mp4::ClipFacts;
use crate::media::picture::{Picture, Pose};

/// The longest that one run may take.
const MAX_RUN: Duration = Duration::from_secs(60);
/// The most memory that a run may map, and the most seconds that it may work on all cores together.
#[cfg(target_os = "linux")]
const MAX_MEMORY_BYTES: u64 = 3 << 30;
#[cfg(target_os = "linux")]
const MAX_WORK_S: u64 = 120;
/// The largest picture: 4096x2304.
const MAX_PIXELS: u64 = 4096 * 2304;
/// What ffprobe may say of a clip.
const MAX_FACTS_BYTES: u64 = 64 << 10;
/// What is kept of a complaint.
const MAX_COMPLAINT_BYTES: u64 = 4 << 10;
/// How often the flag is looked at while nothing comes.
const LOOK: Duration = Duration::from_millis(20);

/// Why ffmpeg gave nothing.
#[derive(Debug, Error)]
pub enum FfmpegError {
    /// It is not installed, or not with the ffprobe that comes with it.
    #[error("ffmpeg is not installed")]
    Missing,
    /// It took too long.
    #[error("ffmpeg took longer than {} s", MAX_RUN.as_secs())]
    TooSlow,
    /// It refused the file, or answered with nonsense.
    #[error("ffmpeg can't read it: {0}")]
    Refused(String),
    /// The flag was raised.
    #[error("reading pictures was cancelled")]
    Cancelled,
}

/// A container that is known by its first bytes, by ffmpeg's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demuxer {
    /// MP4 and MOV.
    Mov,
    /// Matroska and WebM.
    Matroska,
}

/// The first line of what ffmpeg says of itself; none where it is not installed or does not run.
pub fn version() -> Option<String> {
    let mut command = child::command("ffmpeg");
    command.arg("-version");
    let said = short(command).ok()?;
    Some(one_line(String::from_utf8_lossy(&said).lines().next()?, 80))
}

/// What ffprobe says of a clip; where it counts no frames, they are reckoned from length and rate.
pub fn facts(path: &Path, demuxer: Demuxer) -> Result<ClipFacts, FfmpegError> {
    let mut command = child::command("ffprobe");
    command.args(["-v", "error", "-count_packets", "-show_entries"]).arg(concat!(
        "format=duration:stream=codec_type,codec_name,width,height,avg_frame_rate",
        ",sample_aspect_ratio,nb_read_packets:stream_side_data=rotation"
    ));
    command.args(["-of", "json"]).args(input(path, demuxer));
    let told: Value = serde_json::from_slice(&short(command)?)
        .map_err(|_| FfmpegError::Refused("its facts make no sense".to_owned()))?;
    described(&told).ok_or_else(|| FfmpegError::Refused("it has no picture".to_owned()))
}

/// Hands the pictures that `options` ask for to `each`, upright, until it breaks. `before` are options of
/// reading, such as a place to begin at.
pub fn pictures(
    path: &Path,
    demuxer: Demuxer,
    (before, options): (&[OsString], &[OsString]),
    cancelled: &AtomicBool,
    each: impl FnMut(Picture) -> ControlFlow<()>,
) -> Result<(), FfmpegError> {
    let mut command = child::command("ffmpeg");
    command.args(["-nostdin", "-v", "error"]).args(before);
    command.args(["-max_pixels", &MAX_PIXELS.to_string()]);
    command.args(input(path, demuxer)).args(["-map", "0:V:0", "-an", "-sn", "-dn"]);
    command.args(options).args(["-fps_mode", "passthrough"]);
    command.args(["-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "pipe:1"]);
    run(command, cancelled, |pipe| read_ppm(pipe), each)
}

/// The arguments that name the file: as a file, whatever its name looks like, and in the container that its
/// first bytes are of.
fn input(path: &Path, demuxer: Demuxer) -> [OsString; 6] {
    let kind = match demuxer {
        Demuxer::Mov => "mov",
        Demuxer::Matroska => "matroska",
    };
    let mut name = OsString::from("file:");
    name.push(path);
    let words: [&OsStr; 5] = ["-protocol_whitelist", "file", "-f", kind, "-i"].map(OsStr::new);
    let [list, file, form, kind, i] = words.map(OsStr::to_owned);
    [list, file, form, kind, i, name]
}

/// Runs a program, whose output is short.
fn short(command: Command) -> Result<Vec<u8>, FfmpegError> {
    let read = |pipe: &mut dyn Read| {
        let mut bytes = Vec::new();
        pipe.take(MAX_FACTS_BYTES).read_to_end(&mut bytes)?;
        Ok((!bytes.is_empty()).then_some(bytes))
    };
    let mut said = Vec::new();
    run(command, &AtomicBool::new(false), read, |bytes| {
        said = bytes;
        ControlFlow::Break(())
    })?;
    Ok(said)
}

/// Runs a program and hands what `read` makes of its output to `each`, until there is no more or `each`
/// breaks. The program has always ended afterwards.
fn run<T: Send + 'static>(
    mut command: Command,
    cancelled: &AtomicBool,
    mut read: impl FnMut(&mut dyn Read) -> io::Result<Option<T>> + Send + 'static,
    mut each: impl FnMut(T) -> ControlFlow<()>,
) -> Result<(), FfmpegError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let deadline = Instant::now() + MAX_RUN;
    let spawned = command.spawn();
    let mut child = Ending(spawned.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FfmpegError::Missing,
        _ => FfmpegError::Refused(error.to_string()),
    })?);
    limit(&child.0);
    let (Some(mut out), Some(err)) = (child.0.stdout.take(), child.0.stderr.take()) else {
        return Err(FfmpegError::Refused("it has no output".to_owned()));
    };
    let no_thread = |error: io::Error| FfmpegError::Refused(error.to_string());
    let complaint = thread::Builder::new().spawn(move || {
        let (mut kept, mut err) = (Vec::new(), err);
        // The rest is read as well, or the program would wait for ever.
        drop(err.by_ref().take(MAX_COMPLAINT_BYTES).read_to_end(&mut kept));
        drop(io::copy(&mut err, &mut io::sink()));
        kept
    });
    let complaint = complaint.map_err(no_thread)?;
    // One waits while the next is read.
    let (sender, receiver) = sync_channel(1);
    let reader = thread::Builder::new().spawn(move || {
        while let Some(one) = read(&mut out).transpose() {
            let failed = one.is_err();
            if sender.send(one).is_err() || failed {
                return;
            }
        }
    });
    reader.map_err(no_thread)?;
    let mut any = false;
    loop {
        if cancelled.load(Ordering::Relaxed) {
            return Err(FfmpegError::Cancelled);
        }
        if Instant::now() >= deadline {
            return Err(FfmpegError::TooSlow);
        }
        match receiver.recv_timeout(LOOK) {
            Ok(Ok(one)) => {
                any = true;
                if each(one).is_break() {
                    return Ok(());
                }
            }
            Ok(Err(error)) => return Err(FfmpegError::Refused(error.to_string())),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    drop(child);
    let complaint = complaint.join().unwrap_or_default();
    let complaint = String::from_utf8_lossy(&complaint);
    match complaint.lines().rfind(|line| !line.trim().is_empty()) {
        Some(line) if !any => Err(FfmpegError::Refused(one_line(line, 200))),
        _ => Ok(()),
    }
}

/// A child that does not outlive its use.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // One that has ended already can't be killed, and must be waited for all the same.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Bounds what a run may take. Where that can't be done the time is bounded all the same.
fn limit(child: &Child) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let rlimit = |most| Rlimit { current: Some(most), maximum: Some(most) };
        let _ = prlimit(pid, Resource::As, rlimit(MAX_MEMORY_BYTES));
        let _ = prlimit(pid, Resource::Cpu, rlimit(MAX_WORK_S));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = child;
}

/// The next picture of a stream of binary PPM files; none at its end.
fn read_ppm(pipe: &mut dyn Read) -> io::Result<Option<Picture>> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "a picture makes no sense");
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    // "P6", width, height and "255", each followed by one blank.
    while words.len() < 4 {
        let mut byte = [0];
        if pipe.read(&mut byte)? == 0 {
            return if words.is_empty() && word.is_empty() { Ok(None) } else { Err(wrong()) };
        }
        match byte[0] {
            blank if blank.is_ascii_whitespace() => words.push(std::mem::take(&mut word)),
            other if word.len() < 6 => word.push(char::from(other)),
            _ => return Err(wrong()),
        }
    }
    let side = |word: &str| word.parse::<u32>().ok().filter(|side| *side > 0);
    let size = (side(&words[1]), side(&words[2]));
    let ("P6", (Some(width_px), Some(height_px)), "255") = (&*words[0], size, &*words[3]) else {
        return Err(wrong());
    };
    let pixels = u64::from(width_px) * u64::from(height_px);
    if pixels > MAX_PIXELS {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a picture is too large"));
    }
    let mut rgb = Vec::new();
    pipe.take(pixels * 3).read_to_end(&mut rgb)?;
    let whole = rgb.len() as u64 == pixels * 3;
    whole.then_some(Some(Picture { width_px, height_px, rgb })).ok_or_else(wrong)
}

/// ffprobe's facts as ours; none without a picture.
fn described(told: &Value) -> Option<ClipFacts> {
    let streams = told["streams"].as_array()?;
    let of = |kind: &str| streams.iter().find(|one| one["codec_type"] == kind);
    let name = |stream: &Value| Some(one_line(stream["codec_name"].as_str()?, 20));
    let video = of("video")?;
    let side = |name: &str| video[name].as_u64().and_then(|side| u32::try_from(side).ok());
    let (over, under) = video["avg_frame_rate"].as_str()?.split_once('/')?;
    let frame_rate = match (over.parse().ok()?, under.parse().ok()?) {
        (0, _) | (_, 0) => (0, 1),
        rate => rate,
    };
    let seconds: f64 = told["format"]["duration"].as_str().unwrap_or("0").parse().ok()?;
    let reckoned = seconds.clamp(0.0, 1e6) * f64::from(frame_rate.0) / f64::from(frame_rate.1);
    let counted = video["nb_read_packets"].as_str().and_then(|count| count.parse().ok());
    let notes = video["side_data_list"].as_array();
    let rotation = notes.into_iter().flatten().find_map(|note| note["rotation"].as_i64());
    let aspect = video["sample_aspect_ratio"].as_str().and_then(|ratio| ratio.split_once(':'));
    let aspect = aspect.and_then(|(over, under)| Some((over.parse().ok()?, under.parse().ok()?)));
    let pose = Pose {
        // Theirs turns the other way.
        rotation_deg: rotation.map_or(0, |turn| (-turn).rem_euclid(360) as u16),
        mirrored: false,
        pixel_aspect: aspect.unwrap_or((1, 1)),
    };
    Some(ClipFacts {
        brand: String::new(),
        width_px: side("width")?,
        height_px: side("height")?,
        pose,
        duration_ms: (seconds.clamp(0.0, 1e9) * 1000.0).round() as u64,
        frames: counted.unwrap_or(reckoned.round() as u64),
        frame_rate,
        video_codec: name(video)?,
        audio_codec: of("audio").and_then(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_a_stream_come_one_by_one_and_lying_ones_are_refused() {
        let mut stream: &[u8] = b"P6\n2 1\n255\nabcdefP6\n1 1\n255\nxyz";
        let mut next = || read_ppm(&mut stream).expect("a sound stream");
        let first = next().expect("a picture");
        assert_eq!((first.width_px, first.height_px, &*first.rgb), (2, 1, &b"abcdef"[..]));
        assert_eq!(next().expect("a picture").rgb, b"xyz");
        assert_eq!(next(), None);
        for lying in [
            &b"P6\n2 1\n255\nabc"[..],
            b"P6\n99999 99999\n255\nabc",
            b"P6\n0 1\n255\n",
            b"P5\n1 1\n255\nabc",
            b"P6\n-1 1\n255\nabc",
            b"no picture at all",
        ] {
            assert!(read_ppm(&mut &*lying).is_err(), "{lying:?}");
        }
    }

    /// The fields are those of `ffprobe -of json`, version 5.1.
    #[test]
    fn what_ffprobe_says_becomes_facts() {
        let told = serde_json::json!({
            "streams": [
                { "codec_type": "audio", "codec_name": "opus" },
                {
                    "codec_type": "video", "codec_name": "vp9", "width": 864, "height": 496,
                    "avg_frame_rate": "24/1", "sample_aspect_ratio": "4:3",
                    "side_data_list": [{ "side_data_type": "x" }, { "rotation": -90 }],
                },
            ],
            "format": { "duration": "5.041000" },
        });
        let facts = described(&told).expect("a picture");
        assert_eq!((facts.width_px, facts.height_px, facts.pose.rotation_deg), (864, 496, 90));
        assert_eq!((facts.pose.pixel_aspect, facts.shown_px()), ((4, 3), (496, 1152)));
        assert_eq!((facts.duration_ms, facts.frames, facts.frame_rate), (5041, 121, (24, 1)));
        assert_eq!((&*facts.video_codec, facts.audio_codec.as_deref()), ("vp9", Some("opus")));
        assert!(described(&serde_json::json!({ "streams": [] })).is_none());
    }
}
