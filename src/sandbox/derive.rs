//! Ids, seeds and choices that a real service would draw at random, derived from the task instead.
//!
//! The same task gets the same ones in every process, so a journal need not hold them.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The UUID of result `index` of `task`, version 4 in shape.
pub(super) fn video(task: Uuid, index: u32) -> Uuid {
    shaped(hash("video", task, index))
}

/// The UUID of the file that `task` stored, version 4 in shape.
pub(super) fn media(task: Uuid) -> Uuid {
    shaped(hash("media", task, 0))
}

/// The seed of a task that named none, "in the unsigned 32-bit range" (Runware docs, seed).
pub(super) fn seed(task: Uuid) -> u64 {
    number("seed", task, 0) & 0xFFFF_FFFF
}

/// The seed of result `index`: "each result uses a different seed" (Runware docs, numberResults).
/// Which one is our guess; the first result keeps the seed that was asked for.
pub(super) fn nth_seed(seed: u64, index: u32) -> u64 {
    seed ^ u64::from(index)
}

/// A number below `choices` for a task whose length the model chooses.
pub(super) fn choice(task: Uuid, choices: u32) -> u32 {
    (number("length", task, 0) % u64::from(choices.max(1))) as u32
}

/// The id under which result `index` of a draft can be promoted, in the shape of the documented
/// `cgt-20260327025345-g766z`.
pub(super) fn draft_id(task: Uuid, index: u32, accepted_at: Timestamp) -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let tail: String = hash("draft", task, index)[..5]
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect();
    format!("cgt-{}-{tail}", accepted_at.strftime("%Y%m%d%H%M%S"))
}

/// The UUID of task number `nr`, for protocols in which the server makes the ids; version 4 in shape.
pub(super) fn server_task(nr: u64, at: Timestamp) -> Uuid {
    let nr = Uuid::from_u64_pair(nr, at.as_millisecond() as u64);
    shaped(hash("task", nr, 0))
}

/// What stands for a submit that has no id yet: its prompt, and how many times it was accepted before.
pub(super) fn attempt(prompt: &str, accepted: u64) -> Uuid {
    let prompt = shaped(Sha256::digest(prompt).into());
    shaped(hash("attempt", prompt, accepted as u32))
}

/// The SHA-256 of `bytes` in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn shaped(hash: [u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn number(what: &str, task: Uuid, index: u32) -> u64 {
    let hash = hash(what, task, index);
    hash[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn hash(what: &str, task: Uuid, index: u32) -> [u8; 32] {
    Sha256::new()
        .chain_update(what)
        .chain_update(task.as_bytes())
        .chain_update(index.to_be_bytes())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_ids_of_their_own_that_never_change() {
        let task = Uuid::from_u128(7);
        assert_eq!(video(task, 0).get_version_num(), 4);
        assert_eq!(video(task, 0), video(task, 0));
        assert_ne!(video(task, 0), video(task, 1));
        assert!(seed(task) <= u64::from(u32::MAX));
        assert_eq!([0, 1, 2, 3].map(|index| nth_seed(6, index)), [6, 7, 4, 5]);
    }

    #[test]
    fn a_draft_id_has_the_documented_shape() {
        let at: Timestamp = "2026-03-27T02:53:45Z".parse().expect("a time");
        let id = draft_id(Uuid::from_u128(7), 0, at);
        assert!(id.starts_with("cgt-20260327025345-"), "{id}");
        assert_eq!(id.len(), "cgt-20260327025345-g766z".len());
    }
}
