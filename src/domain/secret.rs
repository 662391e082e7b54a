//! Keys in free text: services repeat them in errors, and people write them into a wrong line. What is
//! stored, shown or logged of such text has none.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What stands in the place of a key.
const REMOVED: &str = "[key removed]";
/// A known key is looked for from this length on: a shorter one is a word, and no service has such keys.
const MIN_KEY_CHARS: usize = 8;
/// So much of a known key tells too much where a text was cut in the middle of it.
const MIN_PART_CHARS: usize = 6;
/// So many letters of a known key in a row tell too much wherever they stand: what services show of one when they mask
/// it has fewer.
const MIN_LONG_PART_CHARS: usize = 12;
/// What keys begin with: those of OpenAI's kind, RunPod's, Hugging Face's, GitHub's, Google's, Amazon's, and
/// JSON web tokens.
const BEGINNINGS: [&str; 11] =
    ["sk-", "sk_", "pk_", "rk_", "rpa_", "rps_", "hf_", "ghp_", "aiza", "akia", "eyj"];
/// The words before a key in a header.
const SCHEMES: [&str; 3] = ["bearer", "basic", "token"];
/// The ends of names that keys and passwords have, without `_` and `-`.
const NAMES: [&str; 8] =
    ["key", "secret", "token", "signature", "password", "passwd", "authorization", "credential"];
/// So many words may stand between the word "key" and the key: "API key that was provided is wrong: …".
const MAX_WORDS_BETWEEN: usize = 6;
/// A mix of letters and digits of this length behind the word "key" is one.
const MIN_MIX_CHARS: usize = 20;

/// `text` without `key`, in whichever form it stands there, and without what looks like a key.
pub fn without_key(text: &str, key: &str) -> String {
    if key.len() < MIN_KEY_CHARS {
        return without_keys(text);
    }
    let forms = base64_forms(key);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let form = forms.iter().find(|form| rest.starts_with(form.as_str())).map(String::len);
        match form.or_else(|| written(rest, key)).or_else(|| long_part(rest, key)) {
            Some(length) => {
                clean.push_str(REMOVED);
                rest = &rest[length..];
            }
            None => {
                clean.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    without_keys(&clean)
}

/// How many bytes of `text` are `key`, whichever of its letters are escaped as addresses and JSON do; also
/// where only the beginning of it is there, since the text was cut.
fn written(text: &str, key: &str) -> Option<usize> {
    let mut rest = text;
    for (count, letter) in key.chars().enumerate() {
        // A text that was wrapped, or put on one line after that.
        let gap = if count > 0 { gap(rest) } else { 0 };
        let length = letter_at(&rest[gap..], letter);
        if length == 0 {
            let is_cut = rest.is_empty() || rest.starts_with('…');
            return (is_cut && count >= MIN_PART_CHARS).then(|| text.len() - rest.len());
        }
        rest = &rest[gap + length..];
    }
    Some(text.len() - rest.len())
}

/// How many bytes of `text` are a long part of `key`, from wherever in it.
fn long_part(text: &str, key: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let part = |from: usize| {
        let mut rest = text;
        let mut count = 0;
        for letter in key[from..].chars() {
            let gap = if count > 0 { gap(rest) } else { 0 };
            let length = letter_at(&rest[gap..], letter);
            if length == 0 {
                break;
            }
            (rest, count) = (&rest[gap + length..], count + 1);
        }
        (count >= MIN_LONG_PART_CHARS).then(|| text.len() - rest.len())
    };
    let begins = |(_, letter): &(usize, char)| letter_at(text, *letter) > 0 || first == *letter;
    key.char_indices().filter(begins).filter_map(|(from, _)| part(from)).max()
}

/// How many bytes of white space `text` begins with, also as JSON escapes a line's end.
fn gap(text: &str) -> usize {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        let end = ["\\n", "\\r"].iter().find_map(|end| trimmed.strip_prefix(end));
        match end {
            Some(behind) => rest = behind,
            None => return text.len() - trimmed.len(),
        }
    }
}

/// How many bytes `letter` takes where `text` begins with it: bare, as `%2D`, as `\u002d`, or as `\-`.
fn letter_at(text: &str, letter: char) -> usize {
    let is = |part: Option<&str>| {
        let code = part.and_then(|part| u32::from_str_radix(part, 16).ok());
        code.and_then(char::from_u32).is_some_and(|c| c.eq_ignore_ascii_case(&letter))
    };
    match text.chars().next() {
        Some(c) if c.eq_ignore_ascii_case(&letter) => c.len_utf8(),
        Some('%') if is(text.get(1..3)) => 3,
        Some('\\') if text[1..].starts_with('u') && is(text.get(2..6)) => 6,
        Some('\\') if text[1..].starts_with(letter) => 1 + letter.len_utf8(),
        _ => 0,
    }
}

/// `key` in base64, at each of the three places where it may begin within what was encoded, without the
/// characters that hold something else as well.
fn base64_forms(key: &str) -> Vec<String> {
    let form = |lead: usize| {
        let bytes = [vec![0; lead], key.as_bytes().to_vec()].concat();
        let (begin, end) = ((lead * 8).div_ceil(6), bytes.len() * 8 / 6);
        [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]
            .map(|whole| whole[begin..end].to_owned())
    };
    (0..3).flat_map(form).collect()
}

/// `text` without what looks like a key: what begins like one, what follows `Bearer` or `api_key=`, and long
/// mixes of letters and digits behind the word "key". Ids stay.
pub fn without_keys(text: &str) -> String {
    scrubbed(text, Before::default())
}

fn scrubbed(text: &str, mut before: Before) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = &rest[..rest.find(|c| !is_of_a_word(c)).unwrap_or(rest.len())];
        if word.is_empty() {
            before.pass_gap(c);
            clean.push(c);
            rest = &rest[c.len_utf8()..];
        } else if before.makes_a_key(word) {
            let goes_on = |c: char| is_of_a_word(c) || "./+=~%:".contains(c);
            let key = &rest[..rest.find(|c| !goes_on(c)).unwrap_or(rest.len())];
            rest = &rest[key.trim_end_matches(['.', ':', '%']).len()..];
            let Before { is_near, is_misplaced, .. } = before;
            before = Before { is_near, is_misplaced, ..Before::default() };
            clean.push_str(REMOVED);
        } else {
            before.pass(word);
            clean.push_str(word);
            rest = &rest[word.len()..];
        }
    }
    clean
}

fn is_of_a_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// What stood before a word.
#[derive(Default)]
struct Before {
    /// The word before it, in small letters without `_` and `-`.
    word: String,
    /// Whether `=` or `:` stands between.
    is_named: bool,
    /// How many words ago a key was spoken of.
    since_key: Option<usize>,
    /// Whether a key may stand anywhere.
    is_near: bool,
    /// Whether a key may stand here in the place of something else.
    is_misplaced: bool,
}

impl Before {
    fn makes_a_key(&self, word: &str) -> bool {
        let small = word.to_ascii_lowercase();
        let digits = word.contains(|c: char| c.is_ascii_digit());
        let letters = word.contains(|c: char| c.is_ascii_alphabetic());
        let inner_capital = word.chars().skip(1).any(|c| c.is_ascii_uppercase());
        let is_no_word = digits || word.len() >= 16 || inner_capital;
        let begins = BEGINNINGS.iter().find(|begin| small.starts_with(**begin));
        if begins.is_some_and(|begin| word.len() >= begin.len() + 8 && is_no_word) {
            return true;
        }
        if SCHEMES.contains(&&*self.word) && word.len() >= 8 && (digits || inner_capital) {
            return true;
        }
        let has_name = NAMES.iter().any(|name| self.word.ends_with(name));
        if self.is_named && has_name && word.len() >= 6 && is_no_word {
            return true;
        }
        let is_mix = digits && letters && !is_an_id(word);
        let is_near =
            self.is_misplaced || self.since_key.is_some_and(|words| words <= MAX_WORDS_BETWEEN);
        is_mix && (is_near && word.len() >= MIN_MIX_CHARS || self.is_near && word.len() >= 12)
    }

    fn pass(&mut self, word: &str) {
        self.word = word.to_ascii_lowercase().replace(['_', '-'], "");
        self.is_named = false;
        let is_name = NAMES.iter().any(|name| self.word.ends_with(name));
        self.since_key = if is_name { Some(0) } else { self.since_key.map(|words| words + 1) };
    }

    fn pass_gap(&mut self, c: char) {
        match c {
            '=' | ':' => self.is_named = true,
            _ if c.is_whitespace() || "\"'`\\([{%".contains(c) => {}
            _ => self.word.clear(),
        }
    }
}

/// Whether `word` is a UUID, or an id of a task as ByteDance writes it.
fn is_an_id(word: &str) -> bool {
    uuid::Uuid::try_parse(word).is_ok() && word.contains('-') || word.starts_with("cgt-")
}

/// `text` without long mixes of letters and digits either: somebody wrote it where no key belongs.
pub fn without_long_mixes(text: &str) -> String {
    scrubbed(text, Before { is_misplaced: true, ..Before::default() })
}

/// The words of a parser without the value that it met, which may be a key in the wrong place: what is
/// expected there is told, and a name that can only be a slip of the pen.
pub fn without_values(what: &str) -> String {
    for begin in ["invalid type: ", "invalid value: "] {
        if let Some(rest) = what.strip_prefix(begin)
            && let Some((met, expected)) = rest.rsplit_once(", expected ")
        {
            let kind = met.split([' ', ',']).next().unwrap_or_default();
            return format!("{begin}{kind}, expected {expected}");
        }
    }
    for begin in ["unknown field", "unknown variant", "duplicate field", "duplicate key"] {
        let named = what.strip_prefix(begin).and_then(|rest| rest.strip_prefix(" `"));
        if let Some((name, rest)) = named.and_then(|named| named.split_once('`'))
            && !is_a_name(name)
        {
            let expected = rest.find(", expected ").map_or("", |at| &rest[at..]);
            return format!("{begin}, which is not repeated since it may be a key{expected}");
        }
    }
    scrubbed(what, Before { is_near: true, ..Before::default() })
}

/// Whether `text` is the name of a setting, or nearly: a key has digits, capitals, or is longer.
fn is_a_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c == '-';
    let begins = BEGINNINGS.iter().any(|begin| text.starts_with(begin));
    text.len() <= 24 && text.chars().all(plain) && !begins
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "rw-secret/value+4711";

    #[test]
    fn the_known_key_goes_in_every_form() {
        let in_base64 = |text: String| STANDARD_NO_PAD.encode(text);
        for (text, left) in [
            (format!("no {KEY}!"), "no [key removed]!"),
            (KEY.to_uppercase(), "[key removed]"),
            ("at rw-secret%2Fvalue%2b4711?".to_owned(), "at [key removed]?"),
            (r#"{"k":"rw-secret\/value\u002B4711"}"#.to_owned(), r#"{"k":"[key removed]"}"#),
            (format!("{KEY}{KEY}"), "[key removed][key removed]"),
            ("it ends with rw-secret/val…".to_owned(), "it ends with [key removed]…"),
            ("it ends with rw-secr".to_owned(), "it ends with [key removed]"),
            ("wrapped: rw-secret/\n   value+4711!".to_owned(), "wrapped: [key removed]!"),
            (r"in JSON: rw-sec\nret/value\r\n+4711!".to_owned(), "in JSON: [key removed]!"),
            ("on one line: rw-secret/ value+4711!".to_owned(), "on one line: [key removed]!"),
            ("shown in part: rw-secret/val******".to_owned(), "shown in part: [key removed]******"),
            ("***ret/value+4711".to_owned(), "***[key removed]"),
            ("masked: rw-s******4711".to_owned(), "masked: rw-s******4711"),
            ("a rw-boat".to_owned(), "a rw-boat"),
        ] {
            assert_eq!(without_key(&text, KEY), left, "{text}");
        }
        for before in ["", "u", "me:", "user:"] {
            let text = in_base64(format!("{before}{KEY} and more"));
            let left = without_key(&text, KEY);
            assert!(left.contains(REMOVED) && left.len() < text.len(), "{before}: {left}");
        }
        assert_eq!(without_key("any text", "any"), "any text", "a word is no key");
    }

    #[test]
    fn what_looks_like_a_key_goes() {
        for (text, left) in [
            (
                "Incorrect API key provided: sk-abcDEF1234567890.",
                "Incorrect API key provided: [key removed].",
            ),
            ("rpa_ABCDEF0123456789XYZ is revoked", "[key removed] is revoked"),
            (
                "header 'Authorization: Bearer abc123def456' is bad",
                "header 'Authorization: Bearer [key removed]' is bad",
            ),
            ("Basic dXNlcjpwYXNzd29yZA==, no", "Basic [key removed], no"),
            ("GET /v1?api_key=abc123def&x=1", "GET /v1?api_key=[key removed]&x=1"),
            (r#"{"apiKey":"deadBEEFdead"}"#, r#"{"apiKey":"[key removed]"}"#),
            ("x-api-key: 0123456789abcdef", "x-api-key: [key removed]"),
            ("password=hunter22", "password=[key removed]"),
            ("the key Ab3dEf6hIj9kLm2nOp5qRs8t is not known", "the key [key removed] is not known"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig expired", "[key removed] expired"),
            ("token 3f2a:9c8b7a6d5e4f has ended", "token 3f2a:9c8b7a6d5e4f has ended"),
        ] {
            assert_eq!(without_keys(text), left, "{text}");
        }
    }

    #[test]
    fn what_was_written_in_the_wrong_place_is_not_repeated() {
        for (text, left) in [
            ("https://api.example/Ab3dEf6hIj9kLm2nOp5q/v1", "https://api.example/[key removed]"),
            ("runware/rw3dEf6hIj9kLm2nOp5q", "runware/[key removed]"),
            ("runware/seedance-1.0-pro-fast", "runware/seedance-1.0-pro-fast"),
            (
                "https://api.runpod.ai/v2/seedance-1-0-pro",
                "https://api.runpod.ai/v2/seedance-1-0-pro",
            ),
        ] {
            assert_eq!(without_long_mixes(text), left, "{text}");
        }
    }

    #[test]
    fn words_ids_and_addresses_stay() {
        for text in [
            "Invalid API key. Get one at https://my.runware.ai/signup",
            "API key is missing; the Authorization: header is required",
            "Bearer authentication required",
            "No task with the key 5d219290-7a7d-4859-ae06-0404ac3c6296 is known",
            "cgt-20260101123456-abcde was made with another key",
            "Invalid parameter: size format must be widthxheight",
            "max_tokens: 150000 and token: none",
            "a fox at https://im.runware.ai/video/ws/5/vi/2a1b3c4d5e6f7a8b9c0d1e2f.mp4",
            "月下の key: 市場を走る狐",
            "the secret: a lighthouse",
            "run_2abc3def4ghi5jkl6mno7pqr failed",
        ] {
            assert_eq!(without_keys(text), text);
            assert_eq!(without_key(text, KEY), text);
        }
    }
}
