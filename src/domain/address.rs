//! Addresses that a service sends something to. They are credentials: the query of an upload address lets
//! anybody write there. So what is printed, stored or compared of one has no query; the whole of it is only
//! for whoever sends it (law 8).

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is escaped in a segment of an address: all but letters, digits, `-`, `.`, `_` and `~` (RFC 3986, unreserved).
pub const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What stands in the place of a query.
const HIDDEN: &str = "…";
/// The longest that is taken; no presigned address comes near.
const MAX_CHARS: usize = 4096;

/// An address, or `@` and the file that it stands in.
#[derive(Clone)]
pub struct Address(String);

impl Address {
    /// The whole of it, for whoever sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The file that it stands in.
    pub fn file(&self) -> Option<&str> {
        self.0.strip_prefix('@')
    }

    /// Whether nothing of it was left out when it was stored.
    pub fn is_whole(&self) -> bool {
        !self.0.ends_with(HIDDEN)
    }

    /// The part that is never shown.
    pub fn secret(&self) -> Option<&str> {
        let shown = self.to_string();
        let kept = shown.strip_suffix(HIDDEN)?.len();
        self.0.get(kept..).filter(|secret| !secret.is_empty() && *secret != HIDDEN)
    }
}

impl FromStr for Address {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let rest = ["https://", "http://", "@"].iter().find_map(|begin| text.strip_prefix(begin));
        let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
            return Err(
                "that is not an address; write one that begins with https:// or http://, or @ and the file \
                 that it stands in"
                    .to_owned(),
            );
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if text.starts_with("http") && host.contains('@') {
            return Err("an address with a user and a password in it is not taken".to_owned());
        }
        if text.chars().count() > MAX_CHARS
            || text.contains(char::is_control)
            || text.starts_with("http") && text.contains(char::is_whitespace)
        {
            return Err(format!(
                "that is not an address: one has at most {MAX_CHARS} characters and no spaces"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.find(['?', '#']).filter(|_| self.file().is_none()) {
            Some(at) => write!(f, "{}{HIDDEN}", &self.0[..=at]),
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl PartialEq for Address {
    /// By what is shown, which is all that is known of those of stored jobs.
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Address {}

#[cfg(test)]
mod tests {
    use super::*;

    const PRESIGNED: &str = "https://bucket.s3.amazonaws.com/a/fox.mp4?X-Amz-Signature=abc123";

    #[test]
    fn nothing_that_is_printed_or_stored_has_the_query() {
        let address: Address = PRESIGNED.parse().expect("an address");
        let shown = "https://bucket.s3.amazonaws.com/a/fox.mp4?…";
        assert_eq!(address.to_string(), shown);
        assert_eq!(format!("{address:?}"), format!("Address({shown})"));
        assert_eq!(serde_json::to_string(&address).ok(), Some(format!("\"{shown}\"")));
        assert_eq!((address.expose(), address.is_whole()), (PRESIGNED, true));
        assert_eq!(address.secret(), Some("X-Amz-Signature=abc123"));
        let stored: Address = shown.parse().expect("an address");
        assert_eq!((stored.is_whole(), stored.secret()), (false, None));
        assert_eq!(stored, address, "the same for whoever only compares");
    }

    #[test]
    fn what_has_nothing_to_hide_stays_whole() {
        for text in ["https://example.com/put", "http://127.0.0.1:9/x", "@/run/secrets/put?url"] {
            let address: Address = text.parse().expect("an address");
            assert_eq!((address.to_string(), address.is_whole()), (text.to_owned(), true));
        }
        for text in ["", "@", "https://", "fox.mp4", "ftp://a/b", "https://a b/", "https://u:p@h/"]
        {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
