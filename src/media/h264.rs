//! The headers of an H.264 stream, read before the decoder sees them.
//!
//! The decoder believes numbers that a stream announces: how many pictures to
//! keep, how many references a slice has. So every parameter set and every
//! slice passes here first, and what asks for more than the standard allows is
//! turned away. Section numbers are those of ITU-T H.264.

use rusty_h264_common::BitReader;
use rusty_h264_common::bit_reader::OutOfData;
use rusty_h264_common::nal::emulation_unprevent;

use super::mp4::samples::AvcConfig;
use super::picture::Colour;

/// Longest side of a picture that is decoded.
pub const MAX_SIDE_PX: usize = 4096;
/// Macroblocks of the largest picture, 4096x2304 in either direction.
const MAX_MACROBLOCKS: usize = 256 * 144;
/// Slices of one picture: a slice for every row, and some.
const MAX_SLICES: usize = 256;
/// Reference pictures at most, in any profile (A.3.1).
const MAX_REFERENCES: u32 = 16;
/// Entries of a reference list at most (7.4.3).
const MAX_LIST: u32 = 32;
/// Bytes that hold the part of a slice header that is read here.
const SLICE_HEAD_BYTES: usize = 64;

/// Why a stream is not given to the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A kind of H.264 that the decoder does not know.
    Kind(&'static str),
    /// The picture is larger than 4096x2304.
    TooLarge,
    /// Something no encoder writes.
    Damaged(&'static str),
}

impl From<OutOfData> for Refused {
    fn from(_: OutOfData) -> Self {
        Self::Damaged("a header ends early")
    }
}

/// A sequence parameter set (7.3.2.1.1), as far as it matters here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sequence {
    id: u32,
    /// Size of the coded picture, before cropping.
    pub coded_width_px: usize,
    /// Size of the coded picture, before cropping.
    pub coded_height_px: usize,
    /// Cropped off, in pixels: left, right, top, bottom.
    pub crop_px: [usize; 4],
    pub colour: Colour,
    frame_num_bits: u32,
    order_type: u32,
    order_bits: u32,
    order_always_zero: bool,
    frames_only: bool,
}

/// A picture parameter set (7.3.2.2), as far as slice headers need it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct PictureSet {
    id: u32,
    sequence: u32,
    order_present: bool,
    redundant_present: bool,
}

/// What an access unit is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unit {
    /// Number of slices; none in a unit without a picture.
    pub slices: usize,
    /// Decoding can begin with it.
    pub is_idr: bool,
    /// Later pictures may need it.
    pub is_reference: bool,
}

/// The parameter sets of a stream.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    length_bytes: usize,
    /// The sets in force by kind and number, as they came: most are only repeated.
    known: Vec<(u8, u32, Vec<u8>)>,
    sequences: Vec<Sequence>,
    pictures: Vec<PictureSet>,
}

impl Headers {
    /// Checks a file's own parameter sets and appends them to `out` as the
    /// decoder wants them, each after a start code.
    pub fn new(config: &AvcConfig, out: &mut Vec<u8>) -> Result<Self, Refused> {
        let mut headers = Self { length_bytes: config.length_bytes, ..Self::default() };
        for set in config.sequence_sets.iter().chain(&config.picture_sets) {
            headers.parameter_set(set, out)?;
        }
        Ok(headers)
    }

    /// The sequence that gives the clip its size: all have the same one.
    pub fn sequence(&self) -> Option<&Sequence> {
        self.sequences.first()
    }

    /// Checks a sample. New parameter sets are appended to `sets`, which the
    /// decoder must get in any case; `slices` becomes the picture.
    pub fn admit(
        &mut self,
        mut sample: &[u8],
        sets: &mut Vec<u8>,
        slices: &mut Vec<u8>,
    ) -> Result<Unit, Refused> {
        let mut unit = Unit::default();
        slices.clear();
        let mut next_first = 0;
        while !sample.is_empty() {
            let cut = Refused::Damaged("a frame is cut off");
            let (length, rest) = sample.split_at_checked(self.length_bytes).ok_or(cut)?;
            let length = length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
            let (nal, rest) = rest.split_at_checked(length).ok_or(cut)?;
            sample = rest;
            let Some(&head) = nal.first() else {
                continue;
            };
            match head & 31 {
                1 | 5 => {
                    let Some(first) = self.slice(nal)? else {
                        continue;
                    };
                    // One picture a sample, and each slice after the one before it.
                    let in_order = if unit.slices == 0 { first == 0 } else { first >= next_first };
                    if !in_order || unit.slices >= MAX_SLICES {
                        return Err(Refused::Damaged("slices are out of order"));
                    }
                    next_first = first + 1;
                    unit.slices += 1;
                    unit.is_idr |= head & 31 == 5;
                    unit.is_reference |= head >> 5 & 3 != 0;
                    append(nal, slices)?;
                }
                2..=4 => return Err(Refused::Kind("data-partitioned h264")),
                7 | 8 => self.parameter_set(nal, sets)?,
                _ => {}
            }
        }
        Ok(unit)
    }

    fn parameter_set(&mut self, nal: &[u8], out: &mut Vec<u8>) -> Result<(), Refused> {
        if self.known.iter().any(|(_, _, known)| known == nal) {
            return Ok(());
        }
        let (&head, body) = nal.split_first().ok_or(Refused::Damaged("an empty header"))?;
        let body = emulation_unprevent(body);
        let mut bits = BitReader::new(&body);
        let kind = head & 31;
        let id = match kind {
            7 => {
                let new = sequence(&mut bits)?;
                let size = |of: &Sequence| (of.coded_width_px, of.coded_height_px, of.crop_px);
                if self.sequences.first().is_some_and(|first| size(first) != size(&new)) {
                    return Err(Refused::Kind("h264 that changes its size"));
                }
                self.sequences.retain(|old| old.id != new.id);
                self.sequences.push(new);
                new.id
            }
            8 => {
                let new = picture_set(&mut bits)?;
                self.pictures.retain(|old| old.id != new.id);
                self.pictures.push(new);
                new.id
            }
            _ => return Ok(()),
        };
        self.known.retain(|(of, old, _)| (*of, *old) != (kind, id));
        self.known.push((kind, id, nal.to_vec()));
        append(nal, out)
    }

    /// Checks a slice header (7.3.3) as far as its reference counts; the first
    /// macroblock of the slice, none for a redundant one.
    fn slice(&self, nal: &[u8]) -> Result<Option<usize>, Refused> {
        let body = emulation_unprevent(&nal[1..nal.len().min(SLICE_HEAD_BYTES)]);
        let mut bits = BitReader::new(&body);
        let first = bits.read_ue()? as usize;
        let kind = bits.read_ue()? % 5;
        let set = bits.read_ue()?;
        let missing = Refused::Damaged("a frame without its header");
        let picture = self.pictures.iter().find(|picture| picture.id == set).ok_or(missing)?;
        let mut sequences = self.sequences.iter();
        let sequence = sequences.find(|found| found.id == picture.sequence).ok_or(missing)?;
        if first * 256 >= sequence.coded_width_px * sequence.coded_height_px {
            return Err(Refused::Damaged("a slice outside the picture"));
        }
        bits.read_bits(sequence.frame_num_bits)?;
        if !sequence.frames_only && bits.read_bit()? {
            return Err(Refused::Kind("interlaced h264"));
        }
        if nal[0] & 31 == 5 {
            bits.read_ue()?;
        }
        if sequence.order_type == 0 {
            bits.read_bits(sequence.order_bits)?;
        }
        let deltas = match (sequence.order_type, picture.order_present) {
            (0, present) => usize::from(present),
            (1, present) if !sequence.order_always_zero => 1 + usize::from(present),
            _ => 0,
        };
        for _ in 0..deltas {
            bits.read_se()?;
        }
        if picture.redundant_present && bits.read_ue()? != 0 {
            return Ok(None);
        }
        if kind == 1 {
            bits.read_bit()?;
        }
        if kind < 2 && bits.read_bit()? {
            for _ in 0..=kind {
                if bits.read_ue()? >= MAX_LIST {
                    return Err(Refused::Damaged("too many references"));
                }
            }
        }
        Ok(Some(first))
    }
}

/// A unit after a start code. A start code inside it would let something past
/// the checks, and no encoder writes one.
fn append(nal: &[u8], out: &mut Vec<u8>) -> Result<(), Refused> {
    if nal.windows(3).any(|bytes| bytes == [0, 0, 1]) {
        return Err(Refused::Damaged("a start code inside a frame"));
    }
    out.extend_from_slice(&[0, 0, 0, 1]);
    out.extend_from_slice(nal);
    Ok(())
}

fn sequence(bits: &mut BitReader) -> Result<Sequence, Refused> {
    let profile = bits.read_bits(8)?;
    bits.read_bits(16)?;
    let mut new = Sequence { id: bits.read_ue()?, ..Sequence::default() };
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        high_profile(bits)?;
    }
    let (frame_num_bits, order_type) = (bits.read_ue()?, bits.read_ue()?);
    if new.id > 31 || frame_num_bits > 12 || order_type > 2 {
        return Err(Refused::Damaged("a header makes no sense"));
    }
    (new.frame_num_bits, new.order_type) = (frame_num_bits + 4, order_type);
    picture_order(bits, &mut new)?;
    if bits.read_ue()? > MAX_REFERENCES {
        return Err(Refused::Damaged("too many references"));
    }
    bits.read_bit()?;
    let (columns, rows) = (bits.read_ue()?, bits.read_ue()?);
    new.frames_only = bits.read_bit()?;
    let rows_each = if new.frames_only { 1 } else { 2 };
    if columns > 255 || rows > 255 {
        return Err(Refused::TooLarge);
    }
    let (columns, rows) = (columns as usize + 1, (rows as usize + 1) * rows_each);
    (new.coded_width_px, new.coded_height_px) = (columns * 16, rows * 16);
    if columns * rows > MAX_MACROBLOCKS || new.coded_height_px > MAX_SIDE_PX {
        return Err(Refused::TooLarge);
    }
    if !new.frames_only && bits.read_bit()? {
        return Err(Refused::Kind("interlaced h264"));
    }
    bits.read_bit()?;
    if bits.read_bit()? {
        // In pairs of pixels, as colour has half the resolution.
        let units = [2, 2, 2 * rows_each, 2 * rows_each];
        for (crop, unit) in new.crop_px.iter_mut().zip(units) {
            *crop = (bits.read_ue()?.min(1 << 16) as usize) * unit;
        }
    }
    let [left, right, top, bottom] = new.crop_px;
    if left + right >= new.coded_width_px || top + bottom >= new.coded_height_px {
        return Err(Refused::Damaged("nothing is left of the picture"));
    }
    // A stream that ends within its usability information has the usual colours.
    new.colour = colour(bits).unwrap_or_default();
    Ok(new)
}

/// Chroma format, bit depths and scaling matrices of the High profiles.
fn high_profile(bits: &mut BitReader) -> Result<(), Refused> {
    match bits.read_ue()? {
        1 => {}
        0 => return Err(Refused::Kind("monochrome h264")),
        2 => return Err(Refused::Kind("4:2:2 h264")),
        _ => return Err(Refused::Kind("4:4:4 h264")),
    }
    match (bits.read_ue()?, bits.read_ue()?) {
        (0, 0) => {}
        (2, 2) => return Err(Refused::Kind("10-bit h264")),
        _ => return Err(Refused::Kind("h264 of more than 8 bits")),
    }
    bits.read_bit()?;
    if bits.read_bit()? {
        for list in 0..8 {
            if bits.read_bit()? {
                scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Ok(())
}

fn scaling_list(bits: &mut BitReader, entries: usize) -> Result<(), Refused> {
    let mut last = 8;
    for _ in 0..entries {
        let next = (last + bits.read_se()?.clamp(-256, 256)).rem_euclid(256);
        if next == 0 {
            break;
        }
        last = next;
    }
    Ok(())
}

fn picture_order(bits: &mut BitReader, new: &mut Sequence) -> Result<(), Refused> {
    match new.order_type {
        0 => {
            new.order_bits = bits.read_ue()?.min(13) + 4;
            if new.order_bits > 16 {
                return Err(Refused::Damaged("a header makes no sense"));
            }
        }
        1 => {
            new.order_always_zero = bits.read_bit()?;
            bits.read_se()?;
            bits.read_se()?;
            for _ in 0..bits.read_ue()?.min(256) {
                bits.read_se()?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The matrix and the range, from the usability information (E.1.1).
fn colour(bits: &mut BitReader) -> Result<Colour, OutOfData> {
    let mut colour = Colour::default();
    if !bits.read_bit()? {
        return Ok(colour);
    }
    // 255 is a sample aspect ratio written out.
    if bits.read_bit()? && bits.read_bits(8)? == 255 {
        bits.read_bits(32)?;
    }
    if bits.read_bit()? {
        bits.read_bit()?;
    }
    if bits.read_bit()? {
        bits.read_bits(3)?;
        colour.full_range = bits.read_bit()?;
        if bits.read_bit()? {
            bits.read_bits(16)?;
            // Table E-5: 5 is BT.470 BG, 6 is SMPTE 170M, both with the weights of BT.601.
            colour.bt601 = matches!(bits.read_bits(8)?, 5 | 6);
        }
    }
    Ok(colour)
}

fn picture_set(bits: &mut BitReader) -> Result<PictureSet, Refused> {
    let (id, sequence) = (bits.read_ue()?, bits.read_ue()?);
    bits.read_bit()?;
    let order_present = bits.read_bit()?;
    if bits.read_ue()? != 0 {
        return Err(Refused::Kind("h264 with slice groups"));
    }
    let lists = [bits.read_ue()?, bits.read_ue()?];
    if id > 255 || sequence > 31 || lists.iter().any(|&entries| entries >= MAX_LIST) {
        return Err(Refused::Damaged("a header makes no sense"));
    }
    bits.read_bits(3)?;
    // The decoder adds to these; it must not overflow.
    for _ in 0..3 {
        if bits.read_se()?.unsigned_abs() > 26 {
            return Err(Refused::Damaged("a header makes no sense"));
        }
    }
    bits.read_bits(2)?;
    Ok(PictureSet { id, sequence, order_present, redundant_present: bits.read_bit()? })
}

#[cfg(test)]
#[path = "h264_tests.rs"]
mod tests;
