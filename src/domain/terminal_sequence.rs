//! The sequences by which text steers a terminal, as they come along in what was copied from one.

/// The longest control sequence, and the longest string within one; what is longer is text.
const MAX_CONTROL_CHARS: usize = 64;
const MAX_STRING_CHARS: usize = 4096;

/// A sequence at the beginning of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// How many bytes it has.
    pub bytes: usize,
    /// Whether it moves the cursor, so that what stood around it stood apart.
    pub moves: bool,
}

/// The sequence that `text` begins with, whole or broken off at the end.
pub fn sequence(text: &str) -> Option<Sequence> {
    let stays = |bytes| Some(Sequence { bytes, moves: false });
    let mut chars = text.chars();
    match chars.next()? {
        // Some old texts have it for a quote.
        '\u{9B}' => control(text, chars.as_str()).filter(|sequence| sequence.bytes > 3),
        '\u{90}' | '\u{98}' | '\u{9D}' | '\u{9E}' | '\u{9F}' => string(text, chars.as_str()),
        '\x1b' => match chars.next()? {
            '[' => control(text, chars.as_str()),
            'P' | 'X' | ']' | '^' | '_' => string(text, chars.as_str()),
            // The letters of other short ones may as well be text.
            '7' | '8' | '=' | '>' | '\\' => stays(2),
            '(' | ')' | '*' | '+' => stays(2 + chars.next().map_or(0, char::len_utf8)),
            _ => None,
        },
        _ => None,
    }
}

/// `ESC [`, parameters, and a letter.
fn control(text: &str, rest: &str) -> Option<Sequence> {
    let begin = text.len() - rest.len();
    let within = |c: &char| matches!(c, ' '..='?');
    let bytes = rest.chars().take(MAX_CONTROL_CHARS).take_while(within).count();
    let last = rest[bytes..].chars().next();
    let end = last.is_some_and(|c| matches!(c, '@'..='~'));
    let moves = last.is_some_and(|c| matches!(c, 'A'..='I' | '`' | 'a' | 'd' | 'e' | 'f'));
    Some(Sequence { bytes: begin + bytes + usize::from(end), moves: end && moves })
}

/// A string up to its terminator; without one only what it begins with, so that no text is lost.
fn string(text: &str, rest: &str) -> Option<Sequence> {
    let begin = text.len() - rest.len();
    let mut before = '\0';
    for (at, c) in rest.char_indices().take(MAX_STRING_CHARS) {
        match c {
            '\x07' | '\u{9C}' => {
                return Some(Sequence { bytes: begin + at + c.len_utf8(), moves: false });
            }
            '\\' if before == '\x1b' => {
                return Some(Sequence { bytes: begin + at + 1, moves: false });
            }
            '\n' | '\r' => break,
            _ => before = c,
        }
    }
    Some(Sequence { bytes: begin, moves: false })
}

/// What a terminal shows for an escape, or pastes in its place.
const SHOWN_ESCAPE: char = '␛';

/// A paste, whose escapes a terminal may have made harmless, with sequences as they were. Colours that lost their
/// escapes altogether are taken for such only where one of them ends all colours, which nobody writes by himself.
pub fn with_escapes(pasted: &str) -> String {
    let pasted = pasted.replace(SHOWN_ESCAPE, "\x1b");
    let ends = ["[0m", "[m", "[00m"];
    if !ends.iter().any(|end| pasted.contains(end)) {
        return pasted;
    }
    let mut whole = String::with_capacity(pasted.len());
    for (nr, part) in pasted.split('[').enumerate() {
        if nr > 0 {
            let bare = !whole.ends_with(['\x1b', '\u{9B}']);
            let colour = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
            whole.push_str(if bare && colour.starts_with('m') { "\x1b[" } else { "[" });
        }
        whole.push_str(part);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> usize {
        sequence(text).map_or(0, |sequence| sequence.bytes)
    }

    #[test]
    fn sequences_end_where_a_terminal_ends_them() {
        for (text, bytes) in [
            ("\x1b[31mred", 5),
            ("\x1b[mred", 3),
            ("\u{9B}1;31mred", 7),
            ("\u{9B}red", 0),
            ("\x1b[?2004hred", 8),
            ("\x1b[200~red", 6),
            ("\x1b]8;;https://a.example/\x1b\\red", 25),
            ("\x1b]0;title\x07red", 10),
            ("\u{9D}0;title\u{9C}red", 11),
            ("\x1bP1$r0m\x1b\\red", 9),
            ("\x1b(Bred", 3),
            ("\x1b7red", 2),
            ("\x1b[31", 4),
            ("\x1b[", 2),
            ("\x1b[月", 2),
            ("\x1b]0;a title\nred", 2),
            ("\x1bred", 0),
            ("red\x1b[31m", 0),
        ] {
            assert_eq!(length(text), bytes, "{text:?}");
        }
        assert!(length(&format!("\x1b[{}m", "1;".repeat(500))) < 100);
    }

    #[test]
    fn a_paste_gets_its_escapes_back() {
        assert_eq!(with_escapes("␛[31mred␛[0m fox"), "\x1b[31mred\x1b[0m fox");
        assert_eq!(with_escapes("[1;31mred[0m fox"), "\x1b[1;31mred\x1b[0m fox");
        assert_eq!(with_escapes("\x1b[31mred\x1b[0m"), "\x1b[31mred\x1b[0m");
        for text in ["a tower [50m] high", "[31m", "[a][b]", "m[0"] {
            assert_eq!(with_escapes(text), text);
        }
    }
}
