//! The body of a reply as JSON, whatever happened to it on its way: one odd byte must not hide a clip that
//! was paid for. What is missing is never made up, so a reply that was cut stays unreadable.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

/// A value as it is written when it can't be read.
const NOTHING: &str = "null";

/// The body as JSON; none where it is none, or not all of it.
pub(super) fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| {
        let mended = mended(&text(body));
        // What stands behind the value is no part of it.
        let first: Value = serde_json::Deserializer::from_str(&mended).into_iter().next()?.ok()?;
        (first.is_object() || first.is_array()).then_some(first)
    })
}

/// The body as text: UTF-8 as JSON must be, or one of the forms of UTF-16 that it was allowed to be once.
pub(super) fn text(body: &[u8]) -> String {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let (pairs, _) = body.as_chunks::<2>();
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match body {
        [0xff, 0xfe, ..] | [b'{' | b'[', 0, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, b'{' | b'[', ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}

/// A number, also where it is written as a text.
pub(super) fn number(value: &Value) -> Option<f64> {
    let written = |text: &str| text.trim().trim_start_matches('$').parse().ok();
    let number = value.as_f64().or_else(|| value.as_str().and_then(written));
    number.filter(|number: &f64| !number.is_nan())
}

/// A count or a seed, also where it is written as a text or with a fraction of nothing.
pub(super) fn whole(value: &Value) -> Option<u64> {
    let exact = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    let fits = |number: &f64| number.fract() == 0.0 && (0.0..9e15).contains(number);
    exact.or_else(|| number(value).filter(fits).map(|number| number as u64))
}

/// A yes or a no, also where it is written as a text or a number.
pub(super) fn flag(value: &Value) -> Option<bool> {
    let written = |text: &str| text.trim().to_ascii_lowercase().parse().ok();
    let told = value.as_bool().or_else(|| value.as_str().and_then(written));
    told.or_else(|| number(value).map(|number| number != 0.0))
}

/// `text` with everything replaced that JSON does not have.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                mended.push('"');
                mend_string(&mut chars, &mut mended);
            }
            '{' | '}' | '[' | ']' | ',' | ':' => mended.push(c),
            '+' | '-' | '.' | '0'..='9' | 'a'..='z' | 'A'..='Z' => {
                let mut word = String::from(c);
                let is_part = |c: &char| c.is_ascii_alphanumeric() || "+-._".contains(*c);
                word.extend(std::iter::from_fn(|| chars.next_if(is_part)));
                mended.push_str(&mended_word(word));
            }
            // Marks of the byte order, bytes that are no text, and whatever stands between two values.
            _ => mended.push(if c.is_ascii_graphic() { c } else { ' ' }),
        }
    }
    mended
}

/// A word outside of strings: what is no number is nothing, and one that no machine can hold the largest.
fn mended_word(word: String) -> String {
    if serde_json::from_str::<Value>(&word).is_ok() {
        return word;
    }
    match (word.to_ascii_lowercase(), word.parse::<f64>()) {
        (lower, _) if lower == "true" || lower == "false" => lower,
        (_, Ok(number)) if !number.is_nan() => format!("{:e}", number.clamp(f64::MIN, f64::MAX)),
        _ => NOTHING.to_owned(),
    }
}

/// The rest of a string, to its end or that of the text.
fn mend_string(chars: &mut Peekable<Chars<'_>>, mended: &mut String) {
    while let Some(c) = chars.next() {
        match c {
            '"' => return mended.push('"'),
            '\\' => mend_escape(chars, mended),
            _ if c.is_control() => mended.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => mended.push(c),
        }
    }
}

/// What follows a backslash: half of a pair becomes the sign for what can't be read, and what is no escape a backslash.
fn mend_escape(chars: &mut Peekable<Chars<'_>>, mended: &mut String) {
    if let Some(c) = chars.next_if(|c| "\"\\/bfnrt".contains(*c)) {
        mended.extend(['\\', c]);
        return;
    }
    let mut ahead = chars.clone();
    let Some(first) = unit(&mut ahead) else { return mended.push_str("\\\\") };
    *chars = ahead.clone();
    let second = ahead.next_if_eq(&'\\').and_then(|_| unit(&mut ahead));
    let is_pair = |second: &u16| (0xdc00..0xe000).contains(second);
    match (first, second.filter(is_pair)) {
        (0xd800..0xdc00, Some(second)) => {
            *chars = ahead;
            mended.push_str(&format!("\\u{first:04x}\\u{second:04x}"));
        }
        (0xd800..0xe000, _) => mended.push(char::REPLACEMENT_CHARACTER),
        _ => mended.push_str(&format!("\\u{first:04x}")),
    }
}

/// The unit of UTF-16 that `u0041` stands for.
fn unit(chars: &mut Peekable<Chars<'_>>) -> Option<u16> {
    chars.next_if_eq(&'u')?;
    let digits: String = (0..4).map_while(|_| chars.next_if(char::is_ascii_hexdigit)).collect();
    u16::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn reads(body: impl AsRef<[u8]>, expected: Value) {
        let body = body.as_ref();
        assert_eq!(json(body), Some(expected), "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn marks_and_forms_of_text_hide_nothing() {
        let plain = r#"{"id":"é","cost":0.62}"#;
        let wide = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            mark.iter().copied().chain(plain.encode_utf16().flat_map(bytes)).collect()
        };
        for body in [
            plain.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
            [b"\xef\xbb\xbf\xef\xbb\xbf", plain.as_bytes(), b"\0\0"].concat(),
            wide(b"\xff\xfe", u16::to_le_bytes),
            wide(b"\xfe\xff", u16::to_be_bytes),
            wide(b"", u16::to_le_bytes),
            wide(b"", u16::to_be_bytes),
            plain.replace(',', "\u{a0},\u{200b}").into_bytes(),
            format!("{plain}\n}}<!-- served by x -->").into_bytes(),
        ] {
            reads(body, json!({ "id": "é", "cost": 0.62 }));
        }
    }

    #[test]
    fn odd_bytes_in_a_text_cost_that_text_alone() {
        reads(b"{\"a\":\"x\xffy\",\"b\":1}", json!({ "a": "x\u{fffd}y", "b": 1 }));
        reads(r#"["\ud83d","\udc00x","\ud83d\ude00","\ud83dA"]"#, json!(["�", "�x", "😀", "�A"]));
        reads("[\"a\u{1}b\nc\",1]", json!(["a\u{1}b\nc", 1]));
        reads(r#"["\x41","\u12","C:\dir","\"\\"]"#, json!([r"\x41", r"\u12", r"C:\dir", "\"\\"]));
    }

    #[test]
    fn what_is_no_number_is_nothing_and_what_is_too_large_the_largest() {
        reads("[NaN,-nan,undefined,None,0x1F]", json!([null, null, null, null, null]));
        reads("[Infinity,-Infinity,1e999,-1e999]", json!([f64::MAX, f64::MIN, f64::MAX, f64::MIN]));
        reads("[.5,+1,2.,007,True,FALSE]", json!([0.5, 1.0, 2.0, 7.0, true, false]));
        // Words in a string are none.
        reads(
            r#"{"p":"NaN at 1e999 \ud800","n":NaN}"#,
            json!({ "p": "NaN at 1e999 �", "n": null }),
        );
    }

    #[test]
    fn nothing_is_made_up() {
        for body in [
            "",
            "null x",
            "{\"a\":1",
            "{\"a\":\"b",
            "{\"a\":tr",
            "[1,2",
            "<html>{}</html>",
            "NaN",
            "\"a\"",
        ] {
            assert_eq!(json(body.as_bytes()).filter(|value| !value.is_string()), None, "{body}");
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (value, expected) in [
            (json!("0.097"), Some(0.097)),
            (json!(" $0.62 "), Some(0.62)),
            (json!(-3), Some(-3.0)),
            (json!("NaN"), None),
            (json!("free"), None),
            (json!(null), None),
        ] {
            assert_eq!(number(&value), expected, "{value}");
        }
        for (value, expected) in [
            (json!(u64::MAX), Some(u64::MAX)),
            (json!("18446744073709551615"), Some(u64::MAX)),
            (json!(42.0), Some(42)),
            (json!("42.5"), None),
            (json!(-1), None),
        ] {
            assert_eq!(whole(&value), expected, "{value}");
        }
        for (value, expected) in
            [(json!("True"), Some(true)), (json!(0), Some(false)), (json!("maybe"), None)]
        {
            assert_eq!(flag(&value), expected, "{value}");
        }
    }
}
