//! The pages of a database file and of its log, and the rows in their leaves. Nothing that stands in them is
//! trusted: every place is looked up with its bounds.

use std::collections::HashMap;

const HEADER_BYTES: usize = 100;
const LOG_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// What SQLite makes where nobody says otherwise, as nobody does here.
const USUAL_PAGE_BYTES: usize = 4096;
/// The longest row that is read; a real one has a few kilobytes.
const MAX_ROW_BYTES: usize = 4 << 20;
const MAX_COLUMNS: usize = 64;

const INNER_INDEX: u8 = 2;
const LEAF_INDEX: u8 = 10;
const LEAF_TABLE: u8 = 13;

/// A value in a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    Int(i64),
    Text(String),
    /// NULL, and what our tables have none of.
    Other,
}

impl Field {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Where a row begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    in_log: bool,
    /// Where its cell begins, in the file.
    at: usize,
    kind: u8,
}

#[derive(Debug)]
pub(super) struct Pages {
    database: Vec<u8>,
    log: Vec<u8>,
    page_bytes: usize,
    /// The part of a page that is used.
    usable: usize,
    /// Where the newest committed copy of a page begins in the log.
    frames: HashMap<u32, usize>,
    /// Where all the committed pages of the log begin, in their order.
    logged: Vec<usize>,
}

impl Pages {
    pub(super) fn new(database: Vec<u8>, log: Vec<u8>) -> Self {
        let said = be16(&database, 16).map_or(0, |bytes| if bytes == 1 { 65_536 } else { bytes });
        let is_header = database.starts_with(b"SQLite format 3\0");
        let page_bytes = if is_header && said.is_power_of_two() && said >= 512 {
            said
        } else {
            USUAL_PAGE_BYTES
        };
        let kept_back = database.get(20).copied().filter(|_| is_header).unwrap_or(0);
        let usable = page_bytes - usize::from(kept_back.min(32));
        let mut pages =
            Self { database, log, page_bytes, usable, frames: HashMap::new(), logged: Vec::new() };
        pages.read_log();
        pages
    }

    /// Takes the frames up to the last commit: what lies behind it never happened.
    fn read_log(&mut self) {
        let (Some(salts), step) = (self.log.get(16..24), FRAME_HEADER_BYTES + self.page_bytes)
        else {
            return;
        };
        let mut open = Vec::new();
        let mut at = LOG_HEADER_BYTES;
        while let Some(frame) = self.log.get(at..at + step) {
            // Frames of an earlier round have other salts. One that is garbled is stepped over.
            if frame[8..16] == *salts {
                open.push((be32(frame, 0).unwrap_or(0), at + FRAME_HEADER_BYTES));
                if be32(frame, 4) != Some(0) {
                    self.logged.extend(open.iter().map(|(_, at)| *at));
                    self.frames.extend(open.drain(..));
                }
            }
            at += step;
        }
    }

    /// Calls `seen` with each row that reads as one: those of the database, then those of the log.
    pub(super) fn for_each_row(&self, mut seen: impl FnMut(Place, Option<i64>, &[Field])) {
        let whole = (0..self.database.len()).step_by(self.page_bytes).map(|at| (false, at));
        for (in_log, at) in whole.chain(self.logged.iter().map(|at| (true, *at))) {
            let bytes = self.bytes(in_log);
            let page = &bytes[at..bytes.len().min(at + self.page_bytes)];
            let head = if !in_log && at == 0 { HEADER_BYTES } else { 0 };
            let Some(&kind @ (INNER_INDEX | LEAF_INDEX | LEAF_TABLE)) = page.get(head) else {
                continue;
            };
            let cells = head + if kind == INNER_INDEX { 12 } else { 8 };
            let count = be16(page, head + 3).unwrap_or(0).min(self.page_bytes / 4);
            for cell in 0..count {
                let Some(offset) = be16(page, cells + cell * 2) else { break };
                let place = Place { in_log, at: at + offset, kind };
                if offset >= cells
                    && offset < page.len()
                    && let Some((row_id, fields)) = self.row(place)
                {
                    seen(place, row_id, &fields);
                }
            }
        }
    }

    /// The row at `place` with its number, where it has one.
    pub(super) fn row(&self, place: Place) -> Option<(Option<i64>, Vec<Field>)> {
        let mut rest = self.bytes(place.in_log).get(place.at..)?;
        if place.kind == INNER_INDEX {
            rest = rest.get(4..)?;
        }
        let length =
            usize::try_from(varint(&mut rest)?).ok().filter(|length| *length <= MAX_ROW_BYTES)?;
        let row_id = if place.kind == LEAF_TABLE { Some(varint(&mut rest)?) } else { None };
        let most = if place.kind == LEAF_TABLE {
            self.usable - 35
        } else {
            (self.usable - 12) * 64 / 255 - 23
        };
        let least = (self.usable - 12) * 32 / 255 - 23;
        if length <= most {
            return Some((row_id, fields(rest.get(..length)?)?));
        }
        let local = least + (length - least) % (self.usable - 4);
        let local = if local <= most { local } else { least };
        let mut row = rest.get(..local)?.to_vec();
        let mut next = be32(rest, local)?;
        while row.len() < length {
            let page = self.page(place.in_log, next)?;
            let some = (length - row.len()).min(self.usable - 4);
            row.extend(page.get(4..4 + some)?);
            next = be32(page, 0)?;
        }
        Some((row_id, fields(&row)?))
    }

    /// A page as a row of the log sees it, or one of the database.
    fn page(&self, from_log: bool, number: u32) -> Option<&[u8]> {
        match self.frames.get(&number).filter(|_| from_log) {
            Some(at) => self.log.get(*at..at + self.page_bytes),
            None => {
                let at = (number as usize).checked_sub(1)?.checked_mul(self.page_bytes)?;
                self.database.get(at..self.database.len().min(at.checked_add(self.page_bytes)?))
            }
        }
    }

    fn bytes(&self, in_log: bool) -> &[u8] {
        if in_log { &self.log } else { &self.database }
    }
}

/// The values of a row.
fn fields(row: &[u8]) -> Option<Vec<Field>> {
    let mut head = row;
    let head_bytes = usize::try_from(varint(&mut head)?).ok()?;
    let used = row.len() - head.len();
    let mut head = row.get(used..head_bytes)?;
    let mut values = row.get(head_bytes..)?;
    let mut fields = Vec::new();
    while !head.is_empty() && fields.len() < MAX_COLUMNS {
        let kind = varint(&mut head)?;
        let bytes = match kind {
            0 | 8 | 9 | 10 | 11 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let (value, rest) = values.split_at_checked(bytes)?;
        values = rest;
        fields.push(match kind {
            8 | 9 => Field::Int(kind - 8),
            1..=6 => {
                let first = i64::from(value[0] as i8);
                Field::Int(value[1..].iter().fold(first, |sum, byte| sum << 8 | i64::from(*byte)))
            }
            13.. if kind % 2 == 1 => Field::Text(String::from_utf8(value.to_vec()).ok()?),
            _ => Field::Other,
        });
    }
    Some(fields)
}

/// A number of one to nine bytes, of which all but a ninth say whether another follows.
fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut number: u64 = 0;
    for index in 0..9 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if index == 8 {
            number = number << 8 | u64::from(*byte);
            break;
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number as i64)
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
