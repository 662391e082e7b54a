//! Text from outside is hostile (law 9): it is cleaned before it is stored or drawn.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::terminal_sequence::sequence;

/// `text` without anything that could steer a terminal or a reader: a terminal's sequences, control characters
/// other than newline and tab, the marks that make one text read as another, and letters that nobody sees. Whatever
/// ends a line becomes a newline, and a control between two words becomes a space. Joiners, variation selectors and
/// the tags of a flag stay, since emoji and scripts need them.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut apart = false;
    let mut rest = text.chars();
    loop {
        let here = rest.as_str();
        let Some(c) = rest.next() else { return cleaned };
        match c {
            '\r' => {
                rest = rest.as_str().strip_prefix('\n').unwrap_or(rest.as_str()).chars();
                cleaned.push('\n');
            }
            '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push('\n'),
            '\n' | '\t' => cleaned.push(c),
            _ if c.is_control() => {
                let sequence = sequence(here);
                rest = here[sequence.map_or(c.len_utf8(), |sequence| sequence.bytes)..].chars();
                let words = cleaned.ends_with(char::is_alphanumeric);
                apart |= words && sequence.is_none_or(|sequence| sequence.moves);
                continue;
            }
            _ if is_hidden(c) => continue,
            _ => {
                if apart && c.is_alphanumeric() {
                    cleaned.push(' ');
                }
                cleaned.push(c);
                if c == BLACK_FLAG {
                    let tags = flag_tags(rest.as_str());
                    cleaned.push_str(tags);
                    rest = rest.as_str()[tags.len()..].chars();
                }
            }
        }
        apart = false;
    }
}

/// The tags that make a flag of the black one before `rest`, with their end.
fn flag_tags(rest: &str) -> &str {
    let end = rest.find(|c| !is_flag_tag(c)).unwrap_or(rest.len());
    let tags = rest[..end].chars().count();
    if (1..=MAX_FLAG_TAGS).contains(&tags) && rest[end..].starts_with(END_OF_TAGS) {
        &rest[..end + END_OF_TAGS.len_utf8()]
    } else {
        ""
    }
}

/// `text` cleaned, on one line, and at most `max_chars` characters long with an ellipsis where it
/// was cut.
pub fn one_line(text: &str, max_chars: usize) -> String {
    let line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max_chars {
        return line;
    }
    let mut cut: String = line.chars().take(max_chars.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// The flags of England, Scotland and Wales are this one, their letters as tags, and the end of these.
const BLACK_FLAG: char = '\u{1F3F4}';
const END_OF_TAGS: char = '\u{E007F}';
/// A country and a part of it, such as `gbsct`. More would be a letter that nobody sees.
const MAX_FLAG_TAGS: usize = 6;

/// Whether `c` is a digit or a small letter as a tag.
fn is_flag_tag(c: char) -> bool {
    matches!(c, '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}')
}

/// Whether `c` is seen by nobody and steers what is seen: controls, marks of direction, invisible operators,
/// annotations, tags.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}')
}

/// Whether `c` takes no place on a screen, although scripts need some of them within words (Unicode's
/// Default_Ignorable_Code_Point): a name with one looks like the name without.
fn is_unseen(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// `text` as a name or an id is shown: with what nobody sees written out, so that no two of them look alike.
pub fn name(text: &str) -> String {
    let written = |c: char| match is_unseen(c) {
        true => format!("<U+{:04X}>", u32::from(c)),
        false => c.to_string(),
    };
    if text.contains(is_unseen) { text.chars().map(written).collect() } else { text.to_owned() }
}

/// Whether `c` is seen by nobody, wherever it stands: what is hidden, joiners, selectors, fillers, soft hyphens.
pub fn is_invisible(c: char) -> bool {
    !c.is_control()
        && (is_hidden(c)
            || matches!(c,
                '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200D}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
                | '\u{1BCA0}'..='\u{1BCA3}' | '\u{E0100}'..='\u{E01EF}'))
}

/// Whether nothing can be seen in `text`.
pub fn is_blank(text: &str) -> bool {
    const EMPTY_BRAILLE: char = '\u{2800}';
    let unseen = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c);
    text.chars().all(|c| unseen(c) || c == EMPTY_BRAILLE)
}

/// What `json` says, with all its texts cleaned: a database or a file may be somebody else's.
pub fn from_json<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    let escapes = ["\\u", "\\r", "\\f", "\\b"];
    if !escapes.iter().any(|escape| json.contains(escape)) && !json.contains(is_hidden) {
        return serde_json::from_str(json);
    }
    let mut value = serde_json::from_str(json)?;
    clean_values(&mut value);
    serde_json::from_value(value)
}

/// Cleans every text of `value`.
pub fn clean_values(value: &mut Value) {
    match value {
        Value::String(text) => *text = clean(text),
        Value::Array(parts) => parts.iter_mut().for_each(clean_values),
        Value::Object(parts) => parts.values_mut().for_each(clean_values),
        _ => {}
    }
}

/// The tags of a note: its words that begin with `#`, in lower case and without it, each once.
pub fn tags(note: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for word in note.split_whitespace() {
        let Some(tag) = word.strip_prefix('#') else { continue };
        let tag = tag.trim_matches(|c: char| c.is_ascii_punctuation() && c != '_').to_lowercase();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_power() {
        assert_eq!(clean("a\x1b[2Jb\x07\u{9b}31mc"), "ab c");
        assert_eq!(
            clean("\x1b]8;;https://a.example\x1b\\fox\x1b]8;;\x1b\\ \x1b(B\x1b[m!"),
            "fox !"
        );
        assert_eq!(clean("red\x1b[12;40Hfox fire\x1b[01;31m\x1b[Kfox\x1b[m"), "red fox firefox");
        assert_eq!(clean("safe\u{202e}gpj.exe"), "safegpj.exe");
    }

    #[test]
    fn line_ends_become_newlines_and_scripts_survive() {
        assert_eq!(clean("一\r\n二\r三\n👩‍🚀"), "一\n二\n三\n👩‍🚀");
        assert_eq!(clean("a\x0bb\x0cc\u{85}d\u{2028}e\u{2029}f\r\r\ng"), "a\nb\nc\nd\ne\nf\n\ng");
    }

    #[test]
    fn a_control_joins_no_words() {
        assert_eq!(clean("red\0fox\x07\x1b\x7f月. \x08a\x1bb"), "red fox 月. a b");
        assert_eq!(clean("red\x07\n\x07 fox\x00"), "red\n fox");
        assert_eq!(clean("red\x07\u{FEFF}fox"), "red fox");
    }

    #[test]
    fn what_nobody_sees_is_blank() {
        for text in
            ["", " \n\t", "\u{200B}\u{AD}", "\u{2800}\u{3164}", "\u{FE0F}\u{200D}", "\u{E0061}"]
        {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["a", "月", ".", "\u{200B}a"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn nothing_unseen_steers_what_is_seen() {
        for hidden in [
            "\u{061C}",
            "\u{200E}",
            "\u{200F}",
            "\u{202A}",
            "\u{202E}",
            "\u{2060}",
            "\u{2066}",
            "\u{2069}",
            "\u{206A}",
            "\u{FEFF}",
            "\u{FFF9}",
            "\u{1D173}",
            "\u{E0001}",
            "\u{E0041}\u{E0042}",
            "\u{E007F}",
        ] {
            assert_eq!(clean(&format!("a{hidden}b")), "ab", "{hidden:?}");
        }
        assert_eq!(clean("a\u{2028}b\u{2029}c"), "a\nb\nc");
        let scotland = "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}!";
        for seen in [
            scotland,
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "👩\u{200D}🚀",
            "☃\u{FE0F}",
            "葛\u{E0100}",
            "ก\u{200B}ข",
            "ᠰ\u{180E}ᠠ",
        ] {
            assert_eq!(clean(seen), seen);
        }
        assert_eq!(clean("🏴\u{E0067}\u{E0062} b"), "🏴 b", "a flag that does not end");
        assert_eq!(clean("🏴\u{E007F}"), "🏴");
        let letter = "\u{E0061}".repeat(7);
        assert_eq!(clean(&format!("🏴{letter}\u{E007F}")), "🏴", "a letter behind a flag");
    }

    #[test]
    fn no_two_names_look_alike() {
        for unseen in
            ['\u{AD}', '\u{200B}', '\u{200D}', '\u{2060}', '\u{3164}', '\u{FE0F}', '\u{E0100}']
        {
            let shown = name(&format!("1.0{unseen}-pro"));
            assert_eq!(shown, format!("1.0<U+{:04X}>-pro", u32::from(unseen)));
        }
        assert_eq!(name("月下-1.0"), "月下-1.0");
    }

    #[test]
    fn json_is_read_with_its_texts_cleaned() {
        let all: Vec<String> =
            from_json("[\"a\u{202E}b\", \"c\\u001b[2Jd\", \"e\"]").expect("texts");
        assert_eq!(all, ["ab", "cd", "e"]);
        let all: Vec<String> = from_json(r#"["a\rb", "c\bd", "e\ff"]"#).expect("texts");
        assert_eq!(all, ["a\nb", "c d", "e\nf"]);
        assert!(from_json::<Vec<String>>("[\"\\u001b\"").is_err());
    }

    #[test]
    fn words_with_a_hash_are_tags() {
        assert_eq!(tags("#Night good one, #night #夜市! C# # #a_b"), ["night", "夜市", "a_b"]);
    }

    #[test]
    fn one_line_cuts_by_characters() {
        assert_eq!(one_line("a  b\n\nc", 10), "a b c");
        assert_eq!(one_line("月下の市場を走る", 5), "月下の市…");
    }
}
