//! Decoded frames of a finished clip, one at a time and on the caller's thread.
//!
//! Files are untrusted. Frames are read one by one; headers pass a guard
//! before the decoder believes them; the work of one call is bounded; and a
//! flag stops it between two frames. A damaged frame costs the frames that
//! build on it, up to the next one that decoding can begin with.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rusty_h264_common::YuvFrame;
use rusty_h264_decoder::Decoder;

use super::h264::{Headers, Refused, Sequence, Unit};
use super::in_order::InOrder;
use super::mp4::Mp4Error;
use super::mp4::samples::{AvcConfig, Sample, VideoTrack, video_track};
use super::picture::{Bounds, Frame, Picture, Pose};
use super::scale::Plane;

/// Largest file that is looked into.
const MAX_FILE_BYTES: u64 = 4 << 30;
/// Largest coded frame: a raw one of 4096x2304 has 14 MB.
const MAX_FRAME_BYTES: u32 = 16 << 20;
/// Macroblocks that one call decodes: five minutes of 1080p at 24 frames a second.
const MAX_WORK: usize = 60_000_000;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Reading failed.
    #[error("the clip could not be read: {0}")]
    Io(#[from] io::Error),
    /// The file is no usable MP4 or MOV.
    #[error(transparent)]
    Container(#[from] Mp4Error),
    /// Another codec, or a kind of H.264 that the decoder does not know.
    #[error("{0} can't be shown here; open it in a player")]
    Codec(String),
    /// Larger than 4096x2304 or 4 GiB.
    #[error("the clip's {0} is too large to be shown here; open it in a player")]
    TooLarge(&'static str),
    /// The stream makes no sense.
    #[error("the clip is damaged: {0}")]
    Damaged(&'static str),
    /// The decoder gave up.
    #[error("the clip could not be decoded ({0}); open it in a player")]
    Decoder(String),
    /// The flag was raised.
    #[error("reading pictures was cancelled")]
    Cancelled,
}

impl From<Refused> for DecodeError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Kind(kind) => Self::Codec(kind.into()),
            Refused::TooLarge => Self::TooLarge("picture"),
            Refused::Damaged(what) => Self::Damaged(what),
        }
    }
}

/// A clip whose frames can be decoded.
///
/// Frames are counted in the order they are shown in, from 0.
pub struct Clip<R> {
    reader: R,
    size_bytes: u64,
    track: VideoTrack,
    avc: AvcConfig,
}

impl Clip<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// As [`Clip::new`]. What is not a file is not opened: a pipe would be waited for, for ever.
    pub fn open(path: &Path) -> Result<Self, DecodeError> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a file").into());
        }
        Self::new(BufReader::new(File::open(path)?))
    }
}

impl<R: Read + Seek> Clip<R> {
    /// Reads the index of a clip; nothing is decoded yet.
    ///
    /// # Errors
    /// [`DecodeError::Codec`] for anything but 8-bit progressive 4:2:0 H.264,
    /// and what is wrong with the file otherwise.
    pub fn new(mut reader: R) -> Result<Self, DecodeError> {
        let size_bytes = reader.seek(SeekFrom::End(0))?;
        if size_bytes > MAX_FILE_BYTES {
            return Err(DecodeError::TooLarge("file"));
        }
        let mut track = video_track(&mut reader, size_bytes)?;
        let codec = &track.facts.video_codec;
        let avc = track.avc.take().ok_or_else(|| DecodeError::Codec(codec.clone()))?;
        if overlaps(&track.samples, size_bytes) {
            return Err(DecodeError::Damaged("its frames lie over each other"));
        }
        // Told now, so that what cannot be shown is refused before any work.
        Headers::new(&avc, &mut Vec::new())?;
        Ok(Self { reader, size_bytes, track, avc })
    }

    /// Number of frames shown, at least 1.
    pub fn frames(&self) -> usize {
        self.track.shown.len()
    }

    /// Width and height in pixels, as it is shown.
    pub fn size_px(&self) -> (u32, u32) {
        self.track.facts.shown_px()
    }

    /// When a frame is shown, in milliseconds after the first; none past the last frame.
    pub fn shown_at_ms(&self, frame: usize) -> Option<u64> {
        self.track.shown_at_ms(frame)
    }

    /// The frame that is on screen at a time; the last one from its start on.
    pub fn frame_at(&self, ms: u64) -> usize {
        let (mut low, mut high) = (0, self.frames());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.shown_at_ms(middle).is_some_and(|at| at <= ms) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The first frame that is shown.
    ///
    /// # Errors
    /// As [`Clip::visit`].
    pub fn first_frame(
        &mut self,
        bounds: Bounds,
        cancelled: &AtomicBool,
    ) -> Result<Picture, DecodeError> {
        self.one(0, bounds, cancelled)
    }

    /// The last frame that is shown.
    ///
    /// # Errors
    /// As [`Clip::visit`].
    pub fn last_frame(
        &mut self,
        bounds: Bounds,
        cancelled: &AtomicBool,
    ) -> Result<Picture, DecodeError> {
        self.one(self.frames() - 1, bounds, cancelled)
    }

    /// The frames on screen at some times, in the order they are shown in; a
    /// frame that several times fall on comes once, a damaged one not at all.
    ///
    /// # Errors
    /// As [`Clip::visit`].
    pub fn frames_at(
        &mut self,
        times_ms: &[u64],
        bounds: Bounds,
        cancelled: &AtomicBool,
    ) -> Result<Vec<Picture>, DecodeError> {
        let frames: Vec<usize> = times_ms.iter().map(|&ms| self.frame_at(ms)).collect();
        let mut pictures = Vec::new();
        self.visit(&frames, bounds, cancelled, |_, picture| {
            pictures.push(picture);
            ControlFlow::Continue(())
        })?;
        Ok(pictures)
    }

    fn one(
        &mut self,
        frame: usize,
        bounds: Bounds,
        cancelled: &AtomicBool,
    ) -> Result<Picture, DecodeError> {
        let mut found = None;
        self.visit(&[frame], bounds, cancelled, |_, picture| {
            found = Some(picture);
            ControlFlow::Break(())
        })?;
        found.ok_or(DecodeError::Damaged("the frame is missing"))
    }

    /// Decodes the frames wanted, in one pass, and hands each to `visit` in
    /// the order they are shown in, until it breaks.
    ///
    /// What no wanted frame builds on is not decoded. Damaged frames are left
    /// out; so is what comes after a bounded amount of work.
    ///
    /// # Errors
    /// What stopped the first damaged frame, if there was no picture at all;
    /// [`DecodeError::Cancelled`] as soon as the flag is seen between two frames.
    pub fn visit(
        &mut self,
        wanted: &[usize],
        bounds: Bounds,
        cancelled: &AtomicBool,
        mut visit: impl FnMut(usize, Picture) -> ControlFlow<()>,
    ) -> Result<(), DecodeError> {
        let shown = |frame: usize| self.track.shown.get(frame);
        let mut targets: Vec<(usize, usize, usize)> = wanted
            .iter()
            .filter_map(|&frame| shown(frame).map(|shown| (shown.edit, shown.sample, frame)))
            .collect();
        targets.sort_unstable();
        targets.dedup();
        let mut order = InOrder::new(targets.iter().map(|&(.., frame)| frame));
        let mut pass = Pass::new(&self.avc)?;
        for &(_, target, frame) in &targets {
            let decoded = self.advance(&mut pass, target, cancelled)?;
            let picture = decoded.and_then(|decoded| {
                let picture = pass.picture(&decoded, bounds, self.track.facts.pose);
                picture.map_err(|error| pass.failure.get_or_insert(error)).ok()
            });
            if order.put(frame, picture, &mut visit).is_break() {
                return Ok(());
            }
        }
        match pass.failure {
            Some(error) if !order.any => Err(error),
            None if !order.any => Err(DecodeError::Damaged("no frame could be decoded")),
            _ => Ok(()),
        }
    }

    /// Decodes up to the sample `target`; its frame, if it has a sound one.
    fn advance(
        &mut self,
        pass: &mut Pass,
        target: usize,
        cancelled: &AtomicBool,
    ) -> Result<Option<YuvFrame>, DecodeError> {
        if target < pass.next {
            // Another edit goes back.
            (pass.stream, pass.next) = (Stream::new(&self.avc)?, 0);
        }
        if let Some(entry) = self.entry(pass.next, target) {
            pass.stream = Stream::new(&self.avc)?;
            pass.next = entry;
        }
        let mut frame = None;
        while pass.next <= target && pass.work_left > 0 {
            if cancelled.load(Ordering::Relaxed) {
                return Err(DecodeError::Cancelled);
            }
            match self.decode(pass, pass.next, pass.next == target) {
                Ok(decoded) => frame = decoded,
                Err(error) => {
                    pass.stream = Stream { waits_for_idr: true, ..Stream::new(&self.avc)? };
                    pass.failure.get_or_insert(error);
                }
            }
            pass.next += 1;
        }
        Ok(frame)
    }

    /// The last place up to `target` where decoding can begin anew; none if
    /// going on at `next` is as good. The index is not believed in this: a
    /// wrong place would give a grey picture.
    fn entry(&mut self, next: usize, target: usize) -> Option<usize> {
        let between = self.track.samples.get(next + 1..=target)?;
        let back = between.iter().rev().position(|sample| sample.is_sync)?;
        let entry = target - back;
        let bytes = self.sample(entry).ok()?;
        let mut stream = Stream::new(&self.avc).ok()?;
        let unit = stream.admit(&bytes).ok()?;
        unit.is_idr.then_some(entry)
    }

    /// Decodes one sample; its frame, unless it is not wanted and was passed
    /// over because nothing builds on it.
    fn decode(
        &mut self,
        pass: &mut Pass,
        sample: usize,
        is_wanted: bool,
    ) -> Result<Option<YuvFrame>, DecodeError> {
        let bytes = self.sample(sample)?;
        let unit = pass.stream.admit(&bytes)?;
        let lost = pass.stream.waits_for_idr && !unit.is_idr;
        if unit.slices == 0 || lost || (!is_wanted && !unit.is_reference) {
            return Ok(None);
        }
        let sequence = pass.stream.sequence()?;
        // Slices may overlap in a file that was made to be slow.
        let macroblocks = sequence.coded_width_px * sequence.coded_height_px / 256;
        pass.work_left = pass.work_left.saturating_sub(macroblocks * (1 + unit.slices / 16));
        pass.stream.decode().map(Some)
    }

    /// The bytes of a sample.
    fn sample(&mut self, sample: usize) -> Result<Vec<u8>, DecodeError> {
        let sample =
            self.track.samples.get(sample).ok_or(DecodeError::Damaged("a missing frame"))?;
        if sample.size_bytes > MAX_FRAME_BYTES {
            return Err(DecodeError::TooLarge("frame"));
        }
        let end = sample.offset.checked_add(u64::from(sample.size_bytes));
        if end.is_none_or(|end| end > self.size_bytes) {
            return Err(DecodeError::Damaged("it ends before its last frame"));
        }
        self.reader.seek(SeekFrom::Start(sample.offset))?;
        let mut bytes = Vec::new();
        self.reader.by_ref().take(u64::from(sample.size_bytes)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Whether the samples that lie within a file have more bytes than it: a small file could be made to be read
/// for hours.
fn overlaps(samples: &[Sample], size_bytes: u64) -> bool {
    let within = samples.iter().filter(|sample| {
        let end = sample.offset.checked_add(u64::from(sample.size_bytes));
        end.is_some_and(|end| end <= size_bytes)
    });
    within.map(|sample| u64::from(sample.size_bytes)).sum::<u64>() > size_bytes
}

/// One pass through a clip.
struct Pass {
    stream: Stream,
    /// The sample to go on with.
    next: usize,
    /// Macroblocks that may still be decoded.
    work_left: usize,
    /// What was wrong first.
    failure: Option<DecodeError>,
}

impl Pass {
    fn new(avc: &AvcConfig) -> Result<Self, DecodeError> {
        Ok(Self { stream: Stream::new(avc)?, next: 0, work_left: MAX_WORK, failure: None })
    }

    fn picture(
        &self,
        frame: &YuvFrame,
        bounds: Bounds,
        pose: Pose,
    ) -> Result<Picture, DecodeError> {
        let sequence = self.stream.sequence()?;
        let picture = planes(frame, sequence).and_then(|frame| frame.picture(bounds, pose));
        picture.ok_or(DecodeError::Damaged("a frame is not as large as announced"))
    }
}

/// The decoder with the guard before it.
struct Stream {
    headers: Headers,
    decoder: Decoder,
    /// Parameter sets that the decoder has not got yet.
    sets: Vec<u8>,
    /// The slices of the frame that was let through last.
    slices: Vec<u8>,
    /// The pictures that others build on were lost.
    waits_for_idr: bool,
}

impl Stream {
    fn new(avc: &AvcConfig) -> Result<Self, DecodeError> {
        let (mut sets, slices) = (Vec::new(), Vec::new());
        let headers = Headers::new(avc, &mut sets)?;
        Ok(Self { headers, decoder: Decoder::new(), sets, slices, waits_for_idr: false })
    }

    fn sequence(&self) -> Result<&Sequence, DecodeError> {
        self.headers.sequence().ok_or(DecodeError::Damaged("frames without headers"))
    }

    fn admit(&mut self, sample: &[u8]) -> Result<Unit, Refused> {
        self.headers.admit(sample, &mut self.sets, &mut self.slices)
    }

    /// Decodes the frame that was let through last.
    fn decode(&mut self) -> Result<YuvFrame, DecodeError> {
        self.sets.append(&mut self.slices);
        let decoded = guarded(|| self.decoder.decode(&self.sets));
        self.sets.clear();
        self.waits_for_idr = false;
        let decoded = decoded.ok_or(DecodeError::Damaged("the decoder broke off"))?;
        let frame = decoded.map_err(|error| DecodeError::Decoder(error.to_string()))?;
        frame.ok_or(DecodeError::Damaged("a frame is not complete"))
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread would be caught and become an error, for a
/// panic hook that would otherwise give the terminal back.
pub fn panic_is_caught() -> bool {
    GUARDED.get()
}

/// Runs the decoder; none if it panicked. Version 0.17.0 does on some damaged
/// frames if built with overflow checks: a subtraction in `cabac.rs`, line 235.
/// The caller drops a decoder that failed, so nothing half done is used.
fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    GUARDED.set(true);
    let done = catch_unwind(AssertUnwindSafe(decode));
    GUARDED.set(false);
    done.ok()
}

/// The planes of a decoded frame without what is cropped; none if they are
/// smaller than the header says. The decoder crops right and bottom itself.
fn planes<'a>(frame: &'a YuvFrame, sequence: &Sequence) -> Option<Frame<'a>> {
    let [left, right, top, bottom] = sequence.crop_px;
    let size = (sequence.coded_width_px - right, sequence.coded_height_px - bottom);
    if (frame.width, frame.height) != size {
        return None;
    }
    let plane = |values: &'a [u8], shrink: usize| {
        let stride = frame.width / shrink;
        let skip = (top / shrink) * stride + left / shrink;
        Some(Plane {
            values: values.get(skip..)?,
            stride,
            channels: 1,
            width_px: (frame.width - left) / shrink,
            height_px: (frame.height - top) / shrink,
        })
    };
    Some(Frame {
        luma: plane(&frame.y, 1)?,
        blue: plane(&frame.u, 2)?,
        red: plane(&frame.v, 2)?,
        colour: sequence.colour,
    })
}

#[cfg(test)]
#[path = "decode_tests.rs"]
pub(crate) mod tests;
