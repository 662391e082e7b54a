//! What a person types to find jobs: words, and filters such as `model:1.5`, `is:draft`, `cost:<0.2`.

use std::str::FromStr;

use super::job::{JobKind, JobState};
use super::money::MicroUsd;
use super::search_form::search_form;

/// A parsed search. Every part must hold; an empty query holds for every job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryQuery {
    /// Words or quoted phrases that the text must contain, in the form in which a search compares.
    pub words: Vec<String>,
    /// The filters.
    pub filters: Vec<Filter>,
    /// What comes first.
    pub sort: Sort,
}

/// What comes first of what a search finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The newest.
    #[default]
    Newest,
    /// The oldest.
    Oldest,
    /// What cost most; what has no price comes last.
    Dearest,
    /// What cost least; what has no price comes last.
    Cheapest,
}

/// One filter of a search.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Part of `provider/model`.
    Model(String),
    /// Draft, final or single.
    Kind(JobKind),
    /// A state.
    State(JobState),
    /// Starred ones.
    Starred,
    /// Those that won a comparison.
    Won,
    /// The charge, or the estimate where there is no charge yet.
    Cost(Compare, MicroUsd),
    /// The seed that was used.
    Seed(u64),
    /// Made at most so many milliseconds ago.
    SinceMs(u64),
    /// Made more than so many milliseconds ago.
    BeforeMs(u64),
    /// Part of a tag.
    Tag(String),
}

/// How two amounts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Below.
    Below,
    /// Above.
    Above,
    /// The same.
    Same,
}

impl FromStr for HistoryQuery {
    type Err = String;

    /// Parses a search, in whatever quotes, case and width it is written; an unknown filter or a value that it can't
    /// have is said in words.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut query = Self::default();
        for token in tokens(&search_form(text)) {
            match token {
                Token::Phrase(phrase) => query.words.push(phrase),
                Token::Word(word) => match word.split_once(':') {
                    Some(("sort", value)) => query.sort = sort(value)?,
                    Some((name, value)) if is_filter_name(name) => {
                        query.filters.push(filter(name, value)?);
                    }
                    _ => query.words.push(word),
                },
            }
        }
        Ok(query)
    }
}

const FILTERS: &str = "model: is: state: star: won: cost: seed: since: before: tag: sort:";

/// A word with a colon is a filter only if it looks like one: `9:16` and `https://…` are text.
fn is_filter_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()) && !name.starts_with("http")
}

fn filter(name: &str, value: &str) -> Result<Filter, String> {
    let wrong =
        |example: &str| format!("{name}:{value} is not understood; write it like {example}");
    match name {
        "model" if !value.is_empty() => Ok(Filter::Model(value.to_owned())),
        "is" | "state" => kind_or_state(value)
            .ok_or_else(|| wrong("is:draft, is:final, is:ready, is:failed or is:running")),
        "star" => Ok(Filter::Starred),
        "won" => Ok(Filter::Won),
        "tag" if !value.is_empty() => Ok(Filter::Tag(value.to_owned())),
        "cost" => {
            let (compare, amount) = match value.split_at_checked(1) {
                Some(("<", amount)) => (Compare::Below, amount),
                Some((">", amount)) => (Compare::Above, amount),
                _ => (Compare::Same, value),
            };
            let usd = amount.trim_start_matches('$').parse::<f64>().ok();
            usd.and_then(MicroUsd::from_usd)
                .map(|amount| Filter::Cost(compare, amount))
                .ok_or_else(|| wrong("cost:<0.2"))
        }
        "seed" => value.parse().map(Filter::Seed).map_err(|_| wrong("seed:65545")),
        "since" => age_ms(value)
            .map(Filter::SinceMs)
            .ok_or_else(|| wrong("since:2d, since:6h or since:30m")),
        "before" => age_ms(value)
            .map(Filter::BeforeMs)
            .ok_or_else(|| wrong("before:2d, before:6h or before:30m")),
        _ => Err(format!("'{name}:' is not a valid filter; expected one of {FILTERS}")),
    }
}

fn sort(value: &str) -> Result<Sort, String> {
    match value {
        "newest" => Ok(Sort::Newest),
        "oldest" => Ok(Sort::Oldest),
        "dearest" => Ok(Sort::Dearest),
        "cheapest" => Ok(Sort::Cheapest),
        _ => Err(format!(
            "sort:{value} is not understood; there are sort:newest, sort:oldest, sort:dearest and sort:cheapest"
        )),
    }
}

fn kind_or_state(value: &str) -> Option<Filter> {
    let word = match value {
        "ready" => "succeeded",
        "saving" => "downloading",
        "doubt" => "in_doubt",
        "starred" => return Some(Filter::Starred),
        "winner" => return Some(Filter::Won),
        other => other,
    };
    let kind = word.parse().map(Filter::Kind);
    kind.or_else(|_| word.parse().map(Filter::State)).ok()
}

/// The milliseconds of an age like `30m`, `6h`, `2d` or `4w`.
pub fn age_ms(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 60 * 24,
        'w' => 60 * 24 * 7,
        _ => return None,
    };
    count.checked_mul(minutes * 60_000).filter(|ms| *ms < 1 << 53)
}

enum Token {
    Word(String),
    Phrase(String),
}

/// Words between white space; a double quote begins a phrase that ends at the next one or the end.
fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    for (index, part) in text.split('"').enumerate() {
        if index % 2 == 1 {
            let phrase = part.trim();
            if !phrase.is_empty() {
                all.push(Token::Phrase(phrase.to_owned()));
            }
        } else {
            all.extend(part.split_whitespace().map(|word| Token::Word(word.to_owned())));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> HistoryQuery {
        text.parse().expect("a query")
    }

    #[test]
    fn words_phrases_and_filters_stand_in_any_order() {
        let query = parse(r#"fox model:1.5 "red tram" cost:<0.2 is:ready 市场"#);
        assert_eq!(query.words, ["fox", "red tram", "市场"]);
        assert_eq!(
            query.filters,
            [
                Filter::Model("1.5".into()),
                Filter::Cost(Compare::Below, MicroUsd(200_000)),
                Filter::State(JobState::Succeeded),
            ]
        );
    }

    #[test]
    fn it_is_read_in_any_quotes_case_and_width() {
        let query = parse("“Red Tram” ｍｏｄｅｌ：1.5 IS:Draft f\u{AD}ox’s «den»");
        assert_eq!(query.words, ["red tram", "fox's", "den"]);
        assert_eq!(query.filters, [Filter::Model("1.5".into()), Filter::Kind(JobKind::Draft)]);
        assert_eq!(parse("\u{200B}\u{AD} “\u{200B}”"), HistoryQuery::default());
    }

    #[test]
    fn a_colon_in_the_text_is_text() {
        assert_eq!(parse("9:16 https://a.example/x").words, ["9:16", "https://a.example/x"]);
    }

    #[test]
    fn since_counts_back() {
        assert_eq!(parse("since:2d").filters, [Filter::SinceMs(172_800_000)]);
    }

    #[test]
    fn what_is_not_understood_is_said_with_an_example() {
        for (text, expected) in [
            ("cost:cheap", "cost:<0.2"),
            ("since:yesterday", "since:2d"),
            ("seed:x", "seed:65545"),
            ("is:blue", "is:draft"),
            ("before:Monday", "before:2d"),
            ("sort:random", "sort:oldest"),
            ("colour:blue", "expected one of model:"),
        ] {
            let error = text.parse::<HistoryQuery>().expect_err("refused");
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
