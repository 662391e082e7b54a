//! Whom a job is sent as: the account at a service, without its key.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many bytes of the hash make a fingerprint: enough to tell a person's keys apart.
const FINGERPRINT_BYTES: usize = 8;

/// An account at a service, as far as its jobs must remember it: what another account, or another address,
/// does not know is no news of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// A fingerprint of key and address, in hexadecimal; neither can be told from it, since either may hold a key.
    pub fingerprint: String,
}

impl Account {
    /// The account of `key` at `base_url`.
    pub fn of(key: &str, base_url: &str) -> Self {
        let hash = Sha256::digest(format!("rushes account\n{base_url}\n{key}"));
        let mut fingerprint = String::new();
        for byte in &hash[..FINGERPRINT_BYTES] {
            // Writing to a string can't fail.
            let _ = write!(fingerprint, "{byte:02x}");
        }
        Self { fingerprint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_its_key_and_its_address_and_shows_no_key() {
        let one = Account::of("rw-secret", "https://api.example/v1");
        assert_eq!(one, Account::of("rw-secret", "https://api.example/v1"));
        assert_ne!(one, Account::of("rw-other", "https://api.example/v1"));
        assert_ne!(one.fingerprint, Account::of("rw-secret", "https://other.example").fingerprint);
        assert_eq!(one.fingerprint.len(), 2 * FINGERPRINT_BYTES);
        assert!(!format!("{one:?}").contains("secret"));
    }
}
