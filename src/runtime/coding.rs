//! How what a server sends may be packed (RFC 9110, content codings), and taking it out again. Some pack what
//! they were asked not to, or don't say that they did.

use std::io::{Cursor, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// How often something may be packed, one way in the other.
const MAX_LAYERS: usize = 4;

/// A way to pack bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// zlib's form, which the standard means.
    Deflate,
    /// Without zlib's frame, as some servers send it.
    RawDeflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding of what begins with `head`, and was said to be packed as `named` (the value of
    /// Content-Encoding). What the bytes say of themselves counts more.
    pub(super) fn of(head: &[u8], named: Option<&str>) -> Option<Self> {
        let named = named.map(|named| named.trim().to_ascii_lowercase());
        match (head, named.as_deref()) {
            ([0x1f, 0x8b, 8, ..], _) => Some(Self::Gzip),
            ([0x28, 0xb5, 0x2f, 0xfd, ..], _) => Some(Self::Zstd),
            ([first, second, ..], Some("deflate")) => {
                let is_zlib = first & 0xf == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0;
                Some(if is_zlib { Self::Deflate } else { Self::RawDeflate })
            }
            (_, Some("br")) => Some(Self::Brotli),
            _ => None,
        }
    }

    /// What `packed` holds.
    pub(super) fn reader<'a>(self, packed: impl Read + 'a) -> Box<dyn Read + 'a> {
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Deflate => Box::new(ZlibDecoder::new(packed)),
            Self::RawDeflate => Box::new(DeflateDecoder::new(packed)),
            Self::Brotli => Box::new(brotli_decompressor::Decompressor::new(packed, 4096)),
            Self::Zstd => match ruzstd::decoding::StreamingDecoder::new(packed) {
                Ok(reader) => Box::new(reader),
                Err(_) => Box::new(std::io::empty()),
            },
        }
    }
}

/// What `body` holds, which was said to be packed as `named`: `max_bytes` of it at most. Where it breaks off there
/// is what came before, and where nothing comes the body as it is.
pub(super) fn unpacked(body: Vec<u8>, named: Option<&str>, max_bytes: usize) -> Vec<u8> {
    // The last one named was packed last.
    let mut names = named.into_iter().flat_map(|named| named.rsplit(','));
    let mut body = body;
    for _ in 0..MAX_LAYERS {
        let Some(coding) = Coding::of(&body, names.next()) else { continue };
        let mut inner = Vec::new();
        let read = coding.reader(Cursor::new(&body)).take(max_bytes as u64).read_to_end(&mut inner);
        // What bears no mark of how it is packed, and can't be unpacked, never was.
        let is_marked = !matches!(coding, Coding::RawDeflate | Coding::Brotli);
        if !inner.is_empty() && (is_marked || read.is_ok()) {
            body = inner;
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = br#"{"data":[{"taskUUID":"x","status":"success"}]}"#;
    /// `TEXT` by the reference encoders, brotli 1.1 (in Node.js 20) and zstd 1.5.
    const BROTLI: &[u8] = include_bytes!("../../tests/fixtures/packed/reply.br");
    const ZSTD: &[u8] = include_bytes!("../../tests/fixtures/packed/reply.zst");

    macro_rules! packed {
        ($encoder:ident, $bytes:expr) => {{
            let mut encoder = $encoder::new(Vec::new(), Compression::default());
            encoder.write_all($bytes).expect("memory");
            encoder.finish().expect("memory")
        }};
    }

    #[test]
    fn what_was_packed_is_read_whatever_was_said_of_it() {
        let gzip = packed!(GzEncoder, TEXT);
        for (body, named) in [
            (TEXT.to_vec(), None),
            (TEXT.to_vec(), Some("gzip")),
            (TEXT.to_vec(), Some("br")),
            (TEXT.to_vec(), Some("deflate")),
            (TEXT.to_vec(), Some("identity, what-is-this")),
            (gzip.clone(), Some("gzip")),
            (gzip.clone(), Some("X-GZIP")),
            (gzip.clone(), None),
            (packed!(GzEncoder, &gzip), Some("gzip, gzip")),
            (packed!(GzEncoder, &gzip), Some("gzip")),
            (packed!(ZlibEncoder, TEXT), Some("deflate")),
            (packed!(DeflateEncoder, TEXT), Some("deflate")),
            (packed!(GzEncoder, BROTLI), Some("br, gzip")),
            (BROTLI.to_vec(), Some("br")),
            (ZSTD.to_vec(), Some("zstd")),
            (ZSTD.to_vec(), None),
        ] {
            let told = unpacked(body, named, 1000);
            assert_eq!(String::from_utf8_lossy(&told), String::from_utf8_lossy(TEXT), "{named:?}");
        }
    }

    /// The last bytes of gzip are a sum over the rest: a bit of it that turned hides nothing.
    #[test]
    fn a_sum_that_is_wrong_hides_nothing() {
        let mut gzip = packed!(GzEncoder, TEXT);
        let last = gzip.len() - 5;
        gzip[last] ^= 1;
        assert_eq!(unpacked(gzip, Some("gzip"), 1000), TEXT);
    }

    #[test]
    fn no_packet_grows_without_a_bound() {
        let bomb = packed!(GzEncoder, &vec![b' '; 50 << 20]);
        assert_eq!(unpacked(bomb, Some("gzip"), 1000).len(), 1000);
    }
}
