//! One track of the index.

use super::super::picture::Pose;
use super::fields::{Boxes, Fields, find};

/// What the index says of a track. Whatever is missing is left at zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Track {
    pub id: u32,
    /// `vide`, `soun` or another.
    pub handler: [u8; 4],
    pub timescale: u32,
    /// Samples in the index, and their length in ticks. A fragmented file has
    /// none here.
    pub samples: u64,
    pub ticks: u64,
    /// Four-character code of the first sample description.
    pub format: Option<[u8; 4]>,
    pub width_px: u32,
    pub height_px: u32,
    pub pose: Pose,
}

impl Track {
    /// Reads the body of a `trak` box.
    pub fn read(body: &[u8]) -> Self {
        let mut track = Self::default();
        // Each part may end early; what was read before stays.
        let _ = find(body, b"tkhd").and_then(|header| track.header(header));
        if let Some(media) = find(body, b"mdia") {
            let _ = find(media, b"mdhd").and_then(|header| track.media_header(header));
            let _ = find(media, b"hdlr").and_then(|handler| track.handler(handler));
            let table = find(media, b"minf").and_then(|info| find(info, b"stbl"));
            if let Some(table) = table {
                let _ = find(table, b"stts").and_then(|times| track.times(times));
                let _ = find(table, b"stsd").and_then(|formats| track.format(formats));
            }
        }
        track
    }

    fn header(&mut self, body: &[u8]) -> Option<()> {
        let mut fields = Fields::new(body);
        let (version, _) = fields.version()?;
        fields.long(version)?;
        fields.long(version)?;
        self.id = fields.u32()?;
        fields.skip(4)?;
        fields.long(version)?;
        // Two reserved words, layer, group, volume and another reserved half word.
        fields.skip(16)?;
        let mut matrix = [0; 9];
        for value in &mut matrix {
            *value = fields.i32()?;
        }
        (self.pose.rotation_deg, self.pose.mirrored) = turn(matrix);
        (self.width_px, self.height_px) = (fields.u32()? >> 16, fields.u32()? >> 16);
        Some(())
    }

    fn media_header(&mut self, body: &[u8]) -> Option<()> {
        let mut fields = Fields::new(body);
        let (version, _) = fields.version()?;
        fields.long(version)?;
        fields.long(version)?;
        self.timescale = fields.u32()?;
        Some(())
    }

    fn handler(&mut self, body: &[u8]) -> Option<()> {
        let mut fields = Fields::new(body);
        fields.skip(8)?;
        self.handler = fields.code()?;
        Some(())
    }

    /// Sums the table of durations: it is what players go by, and the duration
    /// in the header of a damaged or fragmented file is not.
    fn times(&mut self, body: &[u8]) -> Option<()> {
        let mut fields = Fields::new(body);
        fields.version()?;
        let entries = fields.u32()?;
        for _ in 0..entries {
            // Ends with the bytes, however many entries were announced.
            let (count, delta) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
            self.samples = self.samples.saturating_add(count);
            self.ticks = self.ticks.saturating_add(count * delta);
        }
        Some(())
    }

    fn format(&mut self, body: &[u8]) -> Option<()> {
        let (kind, entry) = Boxes::new(body.get(8..)?).next()?;
        self.format = Some(kind);
        if self.handler != *b"vide" {
            return Some(());
        }
        let mut fields = Fields::new(entry);
        // Reserved, reference index, version, vendor and qualities.
        fields.skip(24)?;
        let (width, height) = (fields.u16()?, fields.u16()?);
        if width > 0 && height > 0 {
            (self.width_px, self.height_px) = (u32::from(width), u32::from(height));
        }
        // A visual sample entry has 78 bytes of fields before its boxes.
        if let Some(shape) = entry.get(78..).and_then(|boxes| find(boxes, b"pasp")) {
            let mut fields = Fields::new(shape);
            self.pose.pixel_aspect = (fields.u32()?, fields.u32()?);
        }
        Some(())
    }
}

/// The quarter turn of a display matrix, and whether the picture is mirrored before it; upright for anything else.
fn turn(matrix: [i32; 9]) -> (u16, bool) {
    let [a, b, _, c, d, ..] = matrix.map(i64::from);
    let mirrored = a * d - b * c < 0;
    let (a, b) = if mirrored { (-a, -b) } else { (a, b) };
    let turn = match (a.signum(), b.signum(), c.signum(), d.signum()) {
        (0, 1, -1, 0) => 90,
        (-1, 0, 0, -1) => 180,
        (0, -1, 1, 0) => 270,
        (1, 0, 0, 1) => 0,
        _ => return (0, false),
    };
    (turn, mirrored)
}
