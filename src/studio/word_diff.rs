//! What was changed between two prompts, word by word.

use ratatui::text::{Line as Row, Span};
use similar::{ChangeTag, TextDiff};
use unicode_width::UnicodeWidthStr as _;

use super::theme::{Theme, Tone};
use super::view::wrapped;

/// A piece of text, and whether it was kept, taken out or put in.
pub(super) type Run = (ChangeTag, String);

/// The new prompt with what was taken out and put in, in lines of at most `cells` cells.
pub(super) fn lines(theme: &Theme, old: &str, new: &str, cells: usize) -> Vec<Row<'static>> {
    drawn(theme, &runs(old, new), cells)
}

/// `runs` in lines of at most `cells` cells.
pub(super) fn drawn(theme: &Theme, runs: &[Run], cells: usize) -> Vec<Row<'static>> {
    let mut lines = Vec::new();
    let mut line: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for (tag, text) in runs {
        let style = match tag {
            ChangeTag::Equal => theme.style(Tone::Text),
            ChangeTag::Delete => theme.style(Tone::Bad),
            ChangeTag::Insert => theme.style(Tone::Good),
        };
        for part in text.split_inclusive(' ').flat_map(|word| wrapped_whole(word, cells)) {
            if used + part.trim_end().width() > cells && used > 0 {
                lines.push(Row::from(std::mem::take(&mut line)));
                used = 0;
            }
            used += part.width();
            line.push(Span::styled(part, style));
        }
    }
    lines.push(Row::from(line));
    lines
}

/// What was kept, taken out and put in between two prompts, word by word: neighbouring changes of one kind as one
/// text, with marks, since colour alone says nothing.
pub(super) fn runs(old: &str, new: &str) -> Vec<Run> {
    // Chinese and Japanese have no spaces: there a character is what a word is elsewhere.
    let spaced = new.split_whitespace().count() * 16 > new.chars().count();
    let diff = if spaced { TextDiff::from_words(old, new) } else { TextDiff::from_chars(old, new) };
    let mut runs: Vec<Run> = Vec::new();
    for change in diff.iter_all_changes() {
        let value = change.value().replace('\n', " ");
        match runs.last_mut() {
            Some((tag, text)) if *tag == change.tag() => text.push_str(&value),
            _ => runs.push((change.tag(), value)),
        }
    }
    let marked = |(tag, text): Run| {
        let kept = text.trim();
        let (lead, trail) = text.split_once(kept).unwrap_or_default();
        match tag {
            ChangeTag::Equal => (tag, text),
            _ if kept.is_empty() => (tag, text),
            ChangeTag::Delete => (tag, format!("{lead}[-{kept}-]{trail}")),
            ChangeTag::Insert => (tag, format!("{lead}{{+{kept}+}}{trail}")),
        }
    };
    runs.into_iter().map(marked).collect()
}

/// A word in pieces that fit.
fn wrapped_whole(word: &str, cells: usize) -> Vec<String> {
    if word.trim_end().width() <= cells { vec![word.to_owned()] } else { wrapped(word, cells) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_marked_in_any_language() {
        for (old, new, marked) in [
            ("a grey cat sleeps", "a red cat sleeps", "a [-grey-]{+red+} cat sleeps"),
            ("a cat", "a cat sleeps", "a cat {+sleeps+}"),
            (
                "霧の港町に広がる夜市、赤い提灯が揺れる",
                "霧の港町に広がる夜市、青い提灯が揺れる",
                "霧の港町に広がる夜市、[-赤-]{+青+}い提灯が揺れる",
            ),
            ("the same", "the same", "the same"),
            ("", "new", "{+new+}"),
        ] {
            let text: String = runs(old, new).into_iter().map(|(_, text)| text).collect();
            assert_eq!(text, marked);
        }
    }
}
