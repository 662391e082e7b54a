//! Text from outside is hostile (law 9): it is cleaned before it is stored or drawn.

/// `text` without anything that could steer a terminal: control characters other than newline and
/// tab, and the bidirectional overrides that make one text read as another. `\r\n` and a lone `\r`
/// become a newline. Joiners and variation selectors stay, since emoji and scripts need them.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                cleaned.push('\n');
            }
            '\n' | '\t' => cleaned.push(c),
            _ if steers_a_terminal(c) => {}
            _ => cleaned.push(c),
        }
    }
    cleaned
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

fn steers_a_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{FEFF}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
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
        assert_eq!(clean("a\x1b[2Jb\x07\u{9b}31mc"), "a[2Jb31mc");
        assert_eq!(clean("safe\u{202e}gpj.exe"), "safegpj.exe");
    }

    #[test]
    fn line_ends_become_newlines_and_scripts_survive() {
        assert_eq!(clean("一\r\n二\r三\n👩‍🚀"), "一\n二\n三\n👩‍🚀");
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
