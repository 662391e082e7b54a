//! The one form in which a search compares: what looks the same to a person is the same text.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::text::is_invisible;

/// `text` as it is compared: composed and without forms of width or print (NFKC), without case, with plain quotes
/// and hyphens, and without what nobody sees, such as soft hyphens.
pub fn search_form(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let seen = text.chars().filter(|c| !is_invisible(*c)).map(plain).collect::<String>();
    let normalizer = ComposingNormalizerBorrowed::new_nfkc();
    let folded = normalizer.normalize(&seen).chars().flat_map(folded).collect::<String>();
    // Folding takes some characters apart, and NFKC can yield what is quoted otherwise.
    normalizer.normalize(&folded).chars().map(plain).collect()
}

/// By way of the capital, so that `ß` is `ss` and a final sigma a sigma.
fn folded(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// What a keyboard has in the place of `c`, where typography has more of them.
fn plain(c: char) -> char {
    match c {
        '‘' | '’' | '‚' | '‛' | '′' | 'ʼ' | 'ʹ' | '`' | '´' | '‹' | '›' => '\'',
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' | '〝' | '〞' | '〟' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        for (one, other) in [
            ("Café", "cafe\u{301}"),
            ("ＦＯＸ　１", "fox 1"),
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("ΟΔΟΣ", "οδοσ"),
            ("ẞ", "SS"),
            ("the fox’s “den”", "the fox's \"den\""),
            ("«den» — 3–4", "\"den\" - 3-4"),
            ("light\u{AD}house", "lighthouse"),
            ("light\u{200B}house", "lighthouse"),
            ("می\u{200C}خواهم", "میخواهم"),
            ("☃\u{FE0F}", "☃"),
            ("ﬁre…", "fire..."),
            ("red\u{A0}fox", "red fox"),
            ("Ｔ´s", "t's"),
            ("ｶﾞ", "ガ"),
            ("İ", "i\u{307}"),
        ] {
            assert_eq!(search_form(one), search_form(other), "{one} {other}");
        }
        assert_ne!(search_form("cafe"), search_form("café"));
    }

    #[test]
    fn the_form_of_a_form_is_itself() {
        let all = (0..=0x2_FFFF).filter_map(char::from_u32);
        for c in all {
            let once = search_form(&format!("a{c}b"));
            assert_eq!(search_form(&once), once, "{c:?}");
        }
    }
}
