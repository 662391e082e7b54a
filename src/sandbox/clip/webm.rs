//! Pictures and sound into a WebM file (webmproject.org, container guidelines; RFC 8794, EBML).

use super::{ClipSpec, Picture};
use crate::sandbox::vorbis::Vorbis;

/// A cluster holds about a second: players fetch and seek by clusters.
const CLUSTER_MS: u64 = 1000;
const MS: u64 = 1_000_000;

/// One picture or packet of sound.
struct Block<'a> {
    track: u8,
    at_ms: u64,
    key: bool,
    bytes: &'a [u8],
}

/// Puts the file together, its index first.
pub fn join(spec: &ClipSpec, pictures: &[Picture], sound: Option<&Vorbis>) -> Vec<u8> {
    let at_ms = |nr: usize| nr as u64 * 1000 / u64::from(spec.fps.max(1));
    let shown = pictures.iter().enumerate();
    let mut blocks: Vec<Block<'_>> = shown
        .map(|(nr, one)| Block { track: 1, at_ms: at_ms(nr), key: one.key, bytes: &one.bytes })
        .collect();
    let packets = sound.into_iter().flat_map(|sound| &sound.packets);
    blocks.extend(packets.map(|(at_ms, bytes)| Block {
        track: 2,
        at_ms: *at_ms,
        key: true,
        bytes,
    }));
    blocks.sort_by_key(|block| (block.at_ms, block.track));
    let clusters: Vec<(u64, Vec<u8>)> = blocks
        .chunk_by(|one, next| one.at_ms / CLUSTER_MS == next.at_ms / CLUSTER_MS)
        .map(|blocks| (blocks[0].at_ms, cluster(blocks)))
        .collect();
    let head = [info(at_ms(pictures.len())), tracks(spec, sound)].concat();
    let index_bytes = cues(&clusters, 0).len();
    let index = cues(&clusters, (head.len() + index_bytes) as u64);
    let body: Vec<u8> = clusters.into_iter().flat_map(|(_, bytes)| bytes).collect();
    [header(), element(&[0x18, 0x53, 0x80, 0x67], &[head, index, body].concat())].concat()
}

fn header() -> Vec<u8> {
    let parts = [
        whole(&[0x42, 0x86], 1),
        whole(&[0x42, 0xf7], 1),
        whole(&[0x42, 0xf2], 4),
        whole(&[0x42, 0xf3], 8),
        element(&[0x42, 0x82], b"webm"),
        whole(&[0x42, 0x87], 4),
        whole(&[0x42, 0x85], 2),
    ];
    element(&[0x1a, 0x45, 0xdf, 0xa3], &parts.concat())
}

/// Times are in milliseconds.
fn info(duration_ms: u64) -> Vec<u8> {
    let parts = [
        whole(&[0x2a, 0xd7, 0xb1], MS),
        element(&[0x44, 0x89], &(duration_ms as f64).to_be_bytes()),
        element(&[0x4d, 0x80], b"rushes"),
        element(&[0x57, 0x41], b"rushes"),
    ];
    element(&[0x15, 0x49, 0xa9, 0x66], &parts.concat())
}

fn tracks(spec: &ClipSpec, sound: Option<&Vorbis>) -> Vec<u8> {
    let (width_px, height_px) = spec.size_px();
    let size = [whole(&[0xb0], width_px.into()), whole(&[0xba], height_px.into())].concat();
    let frame_ns = 1000 * MS / u64::from(spec.fps.max(1));
    let picture = [
        whole(&[0xd7], 1),
        whole(&[0x73, 0xc5], 1),
        whole(&[0x83], 1),
        whole(&[0x9c], 0),
        element(&[0x86], b"V_VP8"),
        whole(&[0x23, 0xe3, 0x83], frame_ns),
        element(&[0xe0], &size),
    ];
    let mut all = element(&[0xae], &picture.concat());
    if let Some(sound) = sound {
        let rate = element(&[0xb5], &f64::from(sound.rate).to_be_bytes());
        let form = [rate, whole(&[0x9f], sound.channels.into())].concat();
        let parts = [
            whole(&[0xd7], 2),
            whole(&[0x73, 0xc5], 2),
            whole(&[0x83], 2),
            whole(&[0x9c], 0),
            element(&[0x86], b"A_VORBIS"),
            element(&[0x63, 0xa2], &sound.private),
            element(&[0xe1], &form),
        ];
        all.extend(element(&[0xae], &parts.concat()));
    }
    element(&[0x16, 0x54, 0xae, 0x6b], &all)
}

/// Where each cluster begins, `before` bytes behind the beginning of the segment's content; always of one length.
fn cues(clusters: &[(u64, Vec<u8>)], before: u64) -> Vec<u8> {
    let mut at = before;
    let mut points = Vec::new();
    for (at_ms, bytes) in clusters {
        let place = [whole(&[0xf7], 1), element(&[0xf1], &at.to_be_bytes())].concat();
        let point = [whole(&[0xb3], *at_ms), element(&[0xb7], &place)].concat();
        points.extend(element(&[0xbb], &point));
        at += bytes.len() as u64;
    }
    element(&[0x1c, 0x53, 0xbb, 0x6b], &points)
}

fn cluster(blocks: &[Block<'_>]) -> Vec<u8> {
    let begins_ms = blocks.first().map_or(0, |block| block.at_ms);
    let mut content = whole(&[0xe7], begins_ms);
    for block in blocks {
        let offset_ms = (block.at_ms - begins_ms) as i16;
        let flags = if block.key { 0x80 } else { 0 };
        let head = [&[0x80 | block.track][..], &offset_ms.to_be_bytes(), &[flags]].concat();
        content.extend(element(&[0xa3], &[&head, block.bytes].concat()));
    }
    element(&[0x1f, 0x43, 0xb6, 0x75], &content)
}

/// A whole number in as few bytes as it needs.
fn whole(id: &[u8], value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take(7).take_while(|byte| **byte == 0).count();
    element(id, &bytes[zeros..])
}

/// An element: its id, its size in eight bytes, its content.
fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let size = (1_u64 << 56 | content.len() as u64).to_be_bytes();
    [id, &size, content].concat()
}
