//! Renders a request into a real clip: H.264 and AAC in an MP4 or MOV file, VP8 and Vorbis in a WebM one.
//!
//! The film is cut into short pieces that each begin with a key frame. Pieces
//! are drawn and encoded on several threads and joined in order, so the bytes
//! do not depend on how many threads there were.
//!
//! Clips have exactly 24 frames a second times their length. The price counts one frame more, as the services do.

mod mux;
mod sps;
mod vp8;
mod webm;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rusty_h264_common::YuvPlanes;
use rusty_h264_encoder::{Encoder, EncoderConfig};

use super::scene::{Brush, FRAME_RATE, Scene, Script};
use super::{tone, vorbis};

/// The file format of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// MP4.
    Mp4,
    /// QuickTime: the same boxes under the brand `qt  `.
    Mov,
    /// WebM.
    Webm,
}

impl Container {
    /// The ending of such a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Webm => "webm",
        }
    }

    /// What such a file is called in HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
            Self::Webm => "video/webm",
        }
    }
}

/// What to render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipSpec {
    /// The prompt; it is written into the picture.
    pub prompt: String,
    /// The seed.
    pub seed: u64,
    /// Width. Odd sizes are rounded up to even ones: H.264 4:2:0 has no odd sizes, so
    /// 2205x945 becomes 2206x946.
    pub width_px: u32,
    /// Height, rounded like the width.
    pub height_px: u32,
    /// Length, rounded to whole frames.
    pub duration_ms: u32,
    /// Adds an ambient AAC-LC stereo track.
    pub audio: bool,
    /// The file format.
    pub container: Container,
    /// 20..=99, higher is better; values outside are taken as the nearest one.
    pub quality: u8,
    /// Marks the picture as a draft and spends fewer bits on it.
    pub draft: bool,
    /// Frames a second.
    pub fps: u32,
    /// Keeps the camera from drifting.
    pub camera_fixed: bool,
    /// What tells the image that the clip begins with from others. The image
    /// itself is not shown: this changes the scene.
    pub first_frame: Option<String>,
    /// The same for the image that it ends with.
    pub last_frame: Option<String>,
}

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// It was told to stop.
    #[error("the render was cancelled")]
    Cancelled,
    /// The size is out of range.
    #[error(
        "cannot render {width_px}x{height_px}: each side must be {MIN_SIDE_PX} to {MAX_SIDE_PX} pixels"
    )]
    Size {
        /// Width asked for.
        width_px: u32,
        /// Height asked for.
        height_px: u32,
    },
    /// The length is out of range.
    #[error("cannot render {duration_ms} ms: a clip takes two frames to {MAX_DURATION_MS} ms")]
    Duration {
        /// Length asked for.
        duration_ms: u32,
    },
    /// The video encoder failed.
    #[error("the video encoder refused a frame: {0}")]
    Video(String),
    /// The audio encoder failed.
    #[error("the audio encoder failed: {0}")]
    Audio(#[from] tone::ToneError),
    /// The one of WebM's sound failed.
    #[error("the audio encoder failed: {0}")]
    Vorbis(#[from] vorbis_rs::VorbisError),
    /// The file could not be built.
    #[error("the clip could not be put together: {0}")]
    Mux(String),
}

/// Smallest and largest side of a picture, after rounding to even.
const MIN_SIDE_PX: u32 = 16;
const MAX_SIDE_PX: u32 = 4096;
/// Longest clip.
const MAX_DURATION_MS: u32 = 60_000;
/// No more threads than this are started, whatever is asked for.
const MAX_THREADS: usize = 16;

/// One encoded picture: H.264 in Annex B form, or VP8.
struct Picture {
    bytes: Vec<u8>,
    key: bool,
}

impl ClipSpec {
    /// The size of the file's picture: the asked one, rounded up to even.
    pub fn size_px(&self) -> (u32, u32) {
        let even = |side: u32| side.saturating_add(side & 1);
        (even(self.width_px), even(self.height_px))
    }

    /// Number of video frames: the duration at so many a second, rounded.
    pub fn frames(&self) -> u32 {
        let frames = u64::from(self.duration_ms) * u64::from(self.fps);
        ((frames + 500) / 1000) as u32
    }

    fn check(&self) -> Result<(), RenderError> {
        let sides = MIN_SIDE_PX..=MAX_SIDE_PX;
        let (width_px, height_px) = self.size_px();
        if !sides.contains(&width_px) || !sides.contains(&height_px) {
            return Err(RenderError::Size { width_px, height_px });
        }
        if self.frames() < 2 || self.duration_ms > MAX_DURATION_MS {
            return Err(RenderError::Duration { duration_ms: self.duration_ms });
        }
        Ok(())
    }

    /// The quality of a VP8 picture, in percent.
    fn vp8_quality(&self) -> f32 {
        f32::from(self.quality.clamp(20, 99)) * if self.draft { 0.8 } else { 1.0 }
    }

    /// The quantiser: 18 at the best quality, 40 at the lowest.
    fn quantiser(&self) -> u8 {
        let quality = self.quality.clamp(20, 99);
        let steps = u16::from(99 - quality) * 22 / 79;
        18 + steps as u8 + if self.draft { 4 } else { 0 }
    }
}

/// Renders a clip and returns the whole file.
///
/// Exactly `round(duration_ms * fps / 1000)` frames at fps/1 a second, the index
/// in front of the pictures; the sound is never longer than the picture. The
/// same `spec` gives the same bytes with any number of `threads` (0 counts as
/// 1). `cancelled` is looked at before every frame.
///
/// # Errors
/// [`RenderError::Cancelled`] after a cancel, [`RenderError::Size`] and
/// [`RenderError::Duration`] for a request out of range, the others if an
/// encoder or the muxer fails.
pub fn render(
    spec: &ClipSpec,
    threads: usize,
    cancelled: &AtomicBool,
) -> Result<Vec<u8>, RenderError> {
    spec.check()?;
    let (width_px, height_px) = spec.size_px();
    let script = Script {
        prompt: &spec.prompt,
        seed: spec.seed,
        duration_ms: spec.duration_ms,
        frames: spec.frames(),
        fps: spec.fps,
        draft: spec.draft,
        camera_fixed: spec.camera_fixed,
        images: [&spec.first_frame, &spec.last_frame]
            .map(|image| image.as_deref().map(str::as_bytes)),
    };
    let scene = Scene::new(&script, width_px as usize, height_px as usize);
    let film = Film {
        scene,
        pieces: pieces(spec.frames()),
        config: config(spec),
        vp8_quality: (spec.container == Container::Webm).then(|| spec.vp8_quality()),
        next: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
        cancelled,
    };
    let pictures = film.shoot(threads)?;
    let seconds_frames = spec.frames() * FRAME_RATE / spec.fps.max(1);
    let number = scene_number(spec);
    if spec.container == Container::Webm {
        let sound = spec
            .audio
            .then(|| vorbis::encode(tone::SAMPLE_RATE, &tone::planes(number, seconds_frames)));
        return Ok(webm::join(spec, &pictures, sound.transpose()?.as_ref()));
    }
    let packets = if spec.audio { tone::packets(number, seconds_frames)? } else { Vec::new() };
    mux::join(spec, &pictures, &packets)
}

/// The number that the sound shares with the picture.
fn scene_number(spec: &ClipSpec) -> u64 {
    super::scene::number(&spec.prompt, spec.seed)
}

fn config(spec: &ClipSpec) -> EncoderConfig {
    let (width_px, height_px) = spec.size_px();
    let mut config = EncoderConfig::baseline(width_px as usize, height_px as usize);
    config.qp = spec.quantiser();
    // One key frame, at the start of each piece.
    config.gop_size = u32::MAX;
    config.min_keyint = u32::MAX;
    config.framerate = spec.fps as f32;
    config
}

/// Cuts a film into pieces of about a second, four at a time, so that two or
/// four threads end together.
fn pieces(frames: u32) -> Vec<Range<u32>> {
    let seconds = frames.div_ceil(FRAME_RATE);
    let count = if seconds < 3 { seconds } else { seconds.next_multiple_of(4) };
    let cut = |index: u32| (u64::from(frames) * u64::from(index) / u64::from(count.max(1))) as u32;
    (0..count).map(|index| cut(index)..cut(index + 1)).collect()
}

/// A film in the making, shared by the threads that work on it.
struct Film<'a> {
    scene: Scene,
    pieces: Vec<Range<u32>>,
    config: EncoderConfig,
    /// The quality of VP8 in percent, where that is what is encoded.
    vp8_quality: Option<f32>,
    /// The next piece that nobody works on.
    next: AtomicUsize,
    /// Set by the first thread that fails, so that the others stop.
    failed: AtomicBool,
    cancelled: &'a AtomicBool,
}

type Piece = Result<Vec<Picture>, RenderError>;

impl Film<'_> {
    fn shoot(&self, threads: usize) -> Result<Vec<Picture>, RenderError> {
        let threads = threads.clamp(1, MAX_THREADS.min(self.pieces.len()));
        let slots: Vec<Mutex<Option<Piece>>> =
            self.pieces.iter().map(|_| Mutex::new(None)).collect();
        std::thread::scope(|scope| {
            for _ in 1..threads {
                // Where no more can be started, those that were do all of it.
                drop(std::thread::Builder::new().spawn_scoped(scope, || self.work(&slots)));
            }
            self.work(&slots);
        });
        let mut pictures = Vec::new();
        let mut stopped = false;
        for slot in slots {
            match slot.into_inner().ok().flatten() {
                Some(Ok(piece)) => pictures.extend(piece),
                Some(Err(RenderError::Cancelled)) | None => stopped = true,
                Some(Err(error)) => return Err(error),
            }
        }
        if stopped {
            return Err(RenderError::Cancelled);
        }
        Ok(pictures)
    }

    fn work(&self, slots: &[Mutex<Option<Piece>>]) {
        let mut canvas = self.scene.canvas();
        let mut brush = Brush::default();
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let (Some(frames), Some(slot)) = (self.pieces.get(index), slots.get(index)) else {
                return;
            };
            let piece = self.piece(frames.clone(), &mut canvas, &mut brush);
            let failed = piece.is_err();
            if let Ok(mut slot) = slot.lock() {
                *slot = Some(piece);
            }
            if failed {
                self.failed.store(true, Ordering::Relaxed);
                return;
            }
        }
    }

    fn piece(
        &self,
        frames: Range<u32>,
        canvas: &mut super::scene::Canvas,
        brush: &mut Brush,
    ) -> Piece {
        let refused =
            |error: rusty_h264_encoder::EncodeError| RenderError::Video(format!("{error:?}"));
        let mut encoder = Encoder::new(self.config.clone()).map_err(refused)?;
        let mut pictures = Vec::with_capacity(frames.len());
        for frame in frames {
            if self.cancelled.load(Ordering::Relaxed) || self.failed.load(Ordering::Relaxed) {
                return Err(RenderError::Cancelled);
            }
            self.scene.draw(frame, canvas, brush);
            if let Some(quality) = self.vp8_quality {
                pictures.push(Picture { bytes: vp8::key_frame(canvas, quality)?, key: true });
                continue;
            }
            let planes = YuvPlanes::tight(
                canvas.width_px,
                canvas.height_px,
                &canvas.y,
                &canvas.u,
                &canvas.v,
            );
            let planes =
                planes.ok_or_else(|| RenderError::Video("a plane of the wrong size".into()))?;
            let bytes = encoder.encode_planes(&planes).map_err(refused)?;
            let key = pictures.is_empty();
            let bytes =
                if key { sps::describe(&bytes, self.config.framerate as u32) } else { bytes };
            pictures.push(Picture { bytes, key });
        }
        Ok(pictures)
    }
}

#[cfg(test)]
#[path = "clip/tests.rs"]
mod tests;
