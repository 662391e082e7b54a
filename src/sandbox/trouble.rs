//! Trouble on request: a word in the prompt makes the sandbox misbehave in one known way.

use serde::{Deserialize, Serialize};

/// A way in which a provider can misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Accepted, then refused for its content.
    Moderation,
    /// Accepted, then too slow.
    Timeout,
    /// Six times the usual wait.
    Slow,
    /// The account is empty.
    InsufficientCredits,
    /// Too many requests.
    RateLimit,
    /// Accepted, but nobody hears of it.
    LostReply,
    /// Never arrives.
    LostRequest,
    /// The file is gone before it can be fetched.
    ExpiredResult,
    /// The last of several results fails.
    Partial,
    /// The service breaks.
    ServerError,
    /// The draft's id is past its time from the start.
    DraftExpired,
    /// The result is flagged where its content is checked.
    Nsfw,
}

/// A word that asks for trouble, for help texts.
#[derive(Clone, Copy, Debug)]
pub struct TroubleWord {
    /// The word, as it stands in a prompt.
    pub word: &'static str,
    /// What happens, in a sentence without a full stop.
    pub what: &'static str,
    /// The trouble that it asks for.
    pub trouble: Trouble,
}

/// Every word and what it does.
pub const TROUBLE_WORDS: &[TroubleWord] = &[
    word("sandbox:moderation", Trouble::Moderation, "accepted, then refused for its content"),
    word("sandbox:timeout", Trouble::Timeout, "accepted, then times out at the provider"),
    word("sandbox:slow", Trouble::Slow, "takes six times as long"),
    word(
        "sandbox:insufficient-credits",
        Trouble::InsufficientCredits,
        "refused, since the account is empty",
    ),
    word(
        "sandbox:rate-limit",
        Trouble::RateLimit,
        "the first two submits are refused with 429, the third is accepted",
    ),
    word(
        "sandbox:lost-reply",
        Trouble::LostReply,
        "the first submit is accepted, but its reply is lost and the task stays unseen for 2 s",
    ),
    word(
        "sandbox:lost-request",
        Trouble::LostRequest,
        "the first submit is lost on its way, the second arrives",
    ),
    word(
        "sandbox:expired-result",
        Trouble::ExpiredResult,
        "succeeds, but the file is gone at once",
    ),
    word("sandbox:partial", Trouble::Partial, "the last of several results fails"),
    word(
        "sandbox:server-error",
        Trouble::ServerError,
        "the first submit gets a 500 with a page of HTML, and nothing is accepted",
    ),
    word("sandbox:draft-expired", Trouble::DraftExpired, "a draft that can't be promoted"),
    word(
        "sandbox:nsfw",
        Trouble::Nsfw,
        "the clip is flagged where its content is checked (--safety)",
    ),
];

const fn word(word: &'static str, trouble: Trouble, what: &'static str) -> TroubleWord {
    TroubleWord { word, what, trouble }
}

impl Trouble {
    /// The troubles that `prompt` asks for, in the table's order.
    ///
    /// A word counts in any case, and only where it stands alone: no letter, digit, `-`, `_` or
    /// `:` touches it.
    pub fn asked_for(prompt: &str) -> Vec<Self> {
        let prompt = prompt.to_ascii_lowercase();
        let asked = |word: &str| {
            prompt.match_indices(word).any(|(start, _)| {
                let before = prompt[..start].chars().next_back();
                let after = prompt[start + word.len()..].chars().next();
                !before.is_some_and(|c| joins(c) || c == ':') && !after.is_some_and(joins)
            })
        };
        TROUBLE_WORDS.iter().filter(|one| asked(one.word)).map(|one| one.trouble).collect()
    }
}

fn joins(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_words_ask_for_trouble() {
        for (prompt, troubles) in [
            ("a slow fox, lost in moderation", &[][..]),
            ("a fox sandbox:slow", &[Trouble::Slow]),
            ("Sandbox:SLOW. A fox", &[Trouble::Slow]),
            ("a fox (sandbox:lost-reply, sandbox:slow)", &[Trouble::Slow, Trouble::LostReply]),
            ("sandbox:slowly", &[]),
            ("my-sandbox:slow", &[]),
            ("sandbox:lost-reply-2", &[]),
            ("sandbox: slow", &[]),
            ("狐sandbox:slow 狐 sandbox:timeout。", &[Trouble::Timeout]),
        ] {
            assert_eq!(Trouble::asked_for(prompt), troubles, "{prompt}");
        }
    }

    #[test]
    fn every_word_is_found_by_itself() {
        for one in TROUBLE_WORDS {
            assert_eq!(Trouble::asked_for(one.word), [one.trouble]);
        }
    }
}
