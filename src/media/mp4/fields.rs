//! Reading big-endian fields and boxes from bytes that may end anywhere.

use super::MAX_BOXES;

/// A place in some bytes. Every read past the end is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    pub fn skip(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    /// A four-character code.
    pub fn code(&mut self) -> Option<[u8; 4]> {
        self.array()
    }

    /// The version and the flags that begin a full box.
    pub fn version(&mut self) -> Option<(u8, u32)> {
        let word = self.u32()?;
        Some(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    /// A field that is 64 bits wide in version 1 and 32 before.
    pub fn long(&mut self, version: u8) -> Option<u64> {
        if version == 1 { self.u64() } else { self.u32().map(u64::from) }
    }
}

/// The boxes in a container: kind and body. It ends at the first that does not
/// fit, and after a bounded number.
pub struct Boxes<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Boxes<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, left: MAX_BOXES }
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut fields = Fields::new(self.rest);
        let (short, kind) = (fields.u32()?, fields.code()?);
        let (head, length) = match short {
            0 => (8, self.rest.len()),
            1 => (16, usize::try_from(fields.u64()?).ok()?),
            length => (8, length as usize),
        };
        let body = self.rest.get(head..length)?;
        self.rest = self.rest.get(length..)?;
        Some((kind, body))
    }
}

/// The body of the first box of a kind.
pub fn find<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes::new(bytes).find(|(found, _)| found == kind).map(|(_, body)| body)
}

/// A code as text; what is not printable ASCII becomes a question mark.
pub fn code(bytes: &[u8]) -> String {
    let printable = |&byte: &u8| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '?',
    };
    bytes.iter().map(printable).collect()
}
