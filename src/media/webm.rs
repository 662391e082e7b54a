//! Whether a WebM file came whole: its elements are walked, and nothing in them is read.

use std::io::{self, Read, Seek, SeekFrom};

/// What every WebM file begins with: the id of its header.
pub const HEADER: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
/// The most elements that are looked at. A file that says how long its clusters are has one for each second or so.
const MAX_ELEMENTS: usize = 200_000;

/// An element's head (RFC 8794, "EBML Element Structure").
struct Element {
    id: u32,
    /// Where its content begins.
    content: u64,
    /// Where it ends; none where the file does not say, as of a stream that was written while it was made.
    end: Option<u64>,
}

/// Whether a part of the file did not come: one of its elements goes on after its end, or it ends before its
/// pictures. One that says nowhere how long it is, and ends between two elements, can't be told from a whole one.
pub fn is_cut(bytes: &mut (impl Read + Seek), size_bytes: u64) -> bool {
    let (mut at, mut segment_end, mut has_pictures) = (0, None, false);
    for _ in 0..MAX_ELEMENTS {
        if segment_end.unwrap_or(size_bytes) <= at {
            return !has_pictures;
        }
        let Ok(Some(element)) = head(bytes, at) else { return true };
        if element.end.is_some_and(|end| end > size_bytes) {
            return true;
        }
        has_pictures |= element.id == CLUSTER;
        at = match (element.id, element.end) {
            (SEGMENT, end) => {
                segment_end = end;
                element.content
            }
            (_, Some(end)) => end,
            // What is within it are elements too, up to the next cluster.
            (_, None) => element.content,
        };
    }
    false
}

/// The head of the element at `at`; none where it is not all there, or is none.
fn head(bytes: &mut (impl Read + Seek), at: u64) -> io::Result<Option<Element>> {
    bytes.seek(SeekFrom::Start(at))?;
    let mut head = Vec::with_capacity(12);
    bytes.take(12).read_to_end(&mut head)?;
    let id_bytes = head.first().map_or(8, |first| first.leading_zeros() as usize) + 1;
    let size_bytes = head.get(id_bytes).map_or(8, |first| first.leading_zeros() as usize) + 1;
    let (Some(id), Some(size)) = (head.get(..id_bytes), head.get(id_bytes..id_bytes + size_bytes))
    else {
        return Ok(None);
    };
    if id_bytes > 4 || size_bytes > 8 {
        return Ok(None);
    }
    let number = |part: &[u8]| part.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    let mask = (1_u64 << (7 * size_bytes)) - 1;
    let length = number(size) & mask;
    let content = at + (id_bytes + size_bytes) as u64;
    let end = (length != mask).then_some(content.saturating_add(length));
    Ok(Some(Element { id: number(id) as u32, content, end }))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
        [id, &(content.len() as u32 | 0x1000_0000).to_be_bytes(), content].concat()
    }

    /// A header, information, and three clusters of two blocks each; `streamed` says nowhere how long they are.
    fn file(streamed: bool) -> Vec<u8> {
        let long = |id: &[u8], content: &[u8]| match streamed {
            true => [id, &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], content].concat(),
            false => element(id, content),
        };
        let block = element(&[0xa3], &[7; 300]);
        let cluster =
            long(&CLUSTER.to_be_bytes(), &[&element(&[0xe7], &[0])[..], &block, &block].concat());
        let information = element(&[0x15, 0x49, 0xa9, 0x66], &[0x2a; 40]);
        let segment = [&information[..], &cluster, &cluster, &cluster].concat();
        [element(&HEADER, &[1; 20]), long(&SEGMENT.to_be_bytes(), &segment)].concat()
    }

    fn cut(bytes: &[u8]) -> bool {
        is_cut(&mut Cursor::new(bytes), bytes.len() as u64)
    }

    #[test]
    fn a_file_that_ends_before_it_says_is_cut_and_a_whole_one_is_not() {
        let whole = file(false);
        assert!(!cut(&whole));
        for length in 0..whole.len() {
            assert!(cut(&whole[..length]), "{length} of {}", whole.len());
        }
        assert!(!cut(&[&whole[..], b"what somebody put behind it"].concat()));
    }

    #[test]
    fn of_a_stream_that_tells_no_length_a_block_that_goes_on_is_noticed() {
        let whole = file(true);
        assert!(!cut(&whole));
        let block = 300;
        let within =
            (whole.len() - block + 1..whole.len()).filter(|length| !cut(&whole[..*length]));
        assert_eq!(within.collect::<Vec<_>>(), [0; 0]);
        assert!(cut(&whole[..88]), "it ends before its first cluster");
    }

    #[test]
    fn what_is_damaged_or_endless_comes_to_an_end() {
        for step in 0..2_000_usize {
            let mut bytes = file(step.is_multiple_of(2));
            for turn in 1..5 {
                let at = (step * turn * 2_654_435_761) % bytes.len();
                bytes[at] ^= 1 << (step % 8);
            }
            cut(&bytes);
        }
        assert!(cut(&[0xff; 64]), "heads without end");
    }
}
