//! Searching: words in any language, and filters.

use super::*;
use crate::domain::job::FailureClass;
use crate::domain::mark::Mark;
use crate::domain::query::HistoryQuery;
use crate::domain::search_form::search_form;

/// Three jobs, made two hours apart, the last one at `now`.
struct History {
    _place: Place,
    store: Store,
    now: Timestamp,
}

impl History {
    fn new() -> Self {
        let (place, mut store) = store();
        let hours = SignedDuration::from_hours;
        let now = sample::noon() + hours(4);
        let made = |mut writes: Writes, ago: SignedDuration| {
            writes.job.created_at = now - ago;
            let event = JobEvent::Created { job: Box::new(writes.job.clone()) };
            writes.all = vec![Write { at: writes.at, event, job: writes.job.clone() }];
            writes
        };
        let fox = life_on("runware/1.5-pro", 1, |choices| {
            choices.prompt = "A red FOX, 100% wool_sweater".to_owned();
            choices.draft = true;
            choices.seed = Some(7);
        });
        made(fox, hours(4)).accepted().succeeded().store(&mut store);
        let market = life(2, |choices| choices.prompt = "月光下的市场 tram".to_owned());
        let error = sample::error(FailureClass::Moderated);
        made(market, hours(2)).accepted().then(JobEvent::Failed { error }).store(&mut store);
        let tram = life(3, |choices| choices.prompt = "red tram \"number 9\"".to_owned());
        made(tram, hours(0)).store(&mut store);
        Self { _place: place, store, now }
    }

    /// The last digits of the ids that a search finds, newest first.
    fn find(&self, query: &str) -> Vec<u128> {
        let query = query.parse().expect("a query");
        let jobs = self.store.history(&query, 10, self.now).expect("a search");
        jobs.iter().map(|job| job.id.0.as_u128()).collect()
    }
}

#[test]
fn the_newest_come_first_and_no_more_than_asked_for() {
    let history = History::new();
    assert_eq!(history.find(""), [3, 2, 1]);
    let query = "".parse().expect("a query");
    let two = history.store.history(&query, 2, history.now).expect("a search");
    assert_eq!(two.len(), 2);
}

#[test]
fn words_are_parts_of_the_prompt_and_all_must_hold() {
    let history = History::new();
    assert_eq!(history.find("red"), [3, 1]);
    assert_eq!(history.find("fox"), [1], "in any case");
    assert_eq!(history.find("red tram"), [3]);
    assert_eq!(history.find("\"red fox\""), [1], "a phrase");
    assert_eq!(history.find("\"fox red\""), [], "has an order");
    assert_eq!(history.find("ra"), [3, 2], "parts of words, however short");
}

#[test]
fn two_characters_are_a_word_in_chinese() {
    let history = History::new();
    assert_eq!(history.find("市场"), [2]);
    assert_eq!(history.find("月"), [2]);
    assert_eq!(history.find("月光下的"), [2]);
    assert_eq!(history.find("市场 tram"), [2]);
    assert_eq!(history.find("场市"), []);
}

#[test]
fn what_sql_reads_as_patterns_is_text() {
    let history = History::new();
    assert_eq!(history.find("100%"), [1]);
    assert_eq!(history.find("l_s"), [1]);
    for text in ["%", "0%", "_", "l_"] {
        assert_eq!(history.find(text), [1], "{text}");
    }
    for nothing in
        ["x%x", "r_d", "%%", "__", "\\", "' OR 1=1 --", "red*", "NEAR(red tram)", "tag:%"]
    {
        assert_eq!(history.find(nothing), [], "{nothing}");
    }
}

#[test]
fn the_model_and_the_error_are_searched_too() {
    let history = History::new();
    assert_eq!(history.find("1.5-pro"), [1]);
    assert_eq!(history.find("moderated"), [2]);
}

/// Found by the parts of its name, and not by each digit in it.
#[test]
fn a_number_is_not_found_inside_a_models_name() {
    let (place, mut store) = store();
    let now = sample::noon();
    for (id, prompt) in [(1, "shot 4 of a fox"), (2, "shot 5 of a fox"), (3, "shot 15 of a fox")] {
        life_on("runware/1.5-pro", id, |choices| choices.prompt = prompt.to_owned())
            .store(&mut store);
    }
    let history = History { _place: place, store, now };
    assert_eq!(history.find("shot 5"), [3, 2]);
    assert_eq!(history.find("\"shot 5\""), [2]);
    for part in ["1.5", "5-pro", "pro", "p", "ru", "1", "1.5-pro fox"] {
        assert_eq!(history.find(part), [3, 2, 1], "{part}");
    }
    for part in [".5", "o", "un"] {
        assert_eq!(history.find(&format!("model:{part}")), [3, 2, 1], "model:{part}");
    }
    assert_eq!(history.find("un"), []);
}

#[test]
fn what_looks_the_same_is_found() {
    let (place, mut store) = store();
    let now = sample::noon();
    let text = "The fox’s “red den” in a Cafe\u{301}, 3–4\u{A0}light\u{AD}houses, ＦＵＬＬ";
    life(1, |choices| choices.prompt = text.to_owned()).store(&mut store);
    let history = History { _place: place, store, now };
    for query in [
        "fox's",
        "FOX‘S",
        "\"red den\"",
        "“red den”",
        "«Red Den»",
        "café",
        "CAFÉ",
        "cafe\u{301}",
        "3-4",
        "3—4",
        "lighthouses",
        "light\u{AD}houses",
        "LIGHT\u{200B}HOUSES",
        "full",
        "ｆｕｌｌ",
        "ｉｓ：queued",
        "\"4 lighthouses\"",
    ] {
        assert_eq!(history.find(query), [1], "{query}");
    }
    for query in ["cafe", "lighthouse\u{301}s", "foxs"] {
        assert_eq!(history.find(query), [], "{query}");
    }
}

#[test]
fn filters_narrow_it_down() {
    let history = History::new();
    for (query, found) in [
        ("model:1.5", vec![1]),
        ("model:runware/1.0", vec![3, 2]),
        ("is:draft", vec![1]),
        ("is:ready", vec![1]),
        ("is:failed", vec![2]),
        ("is:queued red", vec![3]),
        ("cost:<0.08", vec![2, 1]),
        ("cost:0.07292", vec![1]),
        ("cost:>0.08", vec![3]),
        ("seed:65545", vec![1]),
        ("seed:7", vec![]),
        ("since:1h", vec![3]),
        ("since:2h", vec![3, 2]),
        ("since:1w", vec![3, 2, 1]),
        ("before:1h", vec![2, 1]),
        ("before:3h", vec![1]),
        ("since:3h before:1h", vec![2]),
        ("red before:1h", vec![1]),
        ("sort:oldest", vec![1, 2, 3]),
        ("red sort:oldest", vec![1, 3]),
        ("sort:dearest", vec![3, 1, 2]),
        ("red sort:cheapest", vec![1, 3]),
        ("star:", vec![]),
        ("tag:night", vec![]),
    ] {
        assert_eq!(history.find(query), found, "{query}");
    }
}

#[test]
fn what_is_put_on_a_job_later_is_found_and_what_is_gone_is_not() {
    let mut history = History::new();
    let tram = crate::domain::job::JobId(uuid::Uuid::from_u128(3));
    for (note, query, found) in [
        ("看看 the ending", "看看", vec![3]),
        ("看看 the ending", "ending", vec![3]),
        ("", "看看", vec![]),
        ("", "ending", vec![]),
        ("", "red tram", vec![3]),
        ("the good one #Night", "tag:night", vec![3]),
        ("the good one", "tag:night", vec![]),
    ] {
        history.store.set_note(tram, note).expect("a note");
        assert_eq!(history.find(query), found, "{note} {query}");
    }
    history.store.set_star(tram, true).expect("a star");
    assert_eq!(history.find("star: red"), [3]);
    history.store.set_star(tram, false).expect("no star");
    assert_eq!(history.find("star:"), []);
}

#[test]
fn a_job_is_found_under_the_state_that_it_has_now() {
    let (place, mut store) = store();
    let now = sample::noon();
    let all = life(1, |_| {}).accepted().succeeded();
    for write in &all.all {
        store.commit(std::slice::from_ref(write), None).expect("a commit");
        for state in JobState::ALL {
            let query = format!("is:{state} fox").parse().expect("a query");
            let found = store.history(&query, 10, now).expect("a search");
            assert_eq!(found.len(), usize::from(*state == write.job.state), "{state}");
        }
    }
    let history = History { _place: place, store, now };
    assert_eq!(history.find("seed:65545"), [1], "known since the result");
}

/// Every part of a text is found, and what is not in it is not: by what a naive search says.
#[test]
fn any_part_of_any_text_is_found() {
    let (_place, mut store) = store();
    let text = "Ünïted 月光下的 fox_9%! “quoted” — ok… é\u{301}";
    life(1, |choices| choices.prompt = text.to_owned()).store(&mut store);
    let letters: Vec<char> = text.chars().collect();
    let contains = |part: &str| search_form(text).contains(&search_form(part));
    let found = |word: String| {
        let word = search_form(&word);
        let query = HistoryQuery { words: vec![word], ..HistoryQuery::default() };
        store.history(&query, 10, sample::noon()).expect("a search").len()
    };
    for length in 1..=letters.len() {
        for part in letters.windows(length) {
            let part: String = part.iter().collect();
            assert_eq!(found(part.clone()), 1, "{part}");
            assert_eq!(found(part.to_uppercase()), 1, "{part} in capitals");
            let turned: String = part.chars().rev().collect();
            assert_eq!(found(turned.clone()), usize::from(contains(&turned)), "{turned}");
        }
    }
}

/// A walk over all rows reads no bodies, and a search for words reads only what it found.
#[test]
fn searches_walk_the_indexes() {
    let (_place, store) = store();
    for (query, expected) in [
        ("", "USING COVERING INDEX job_facts"),
        ("cost:<0.2", "USING COVERING INDEX job_facts"),
        ("fox", "VIRTUAL TABLE INDEX"),
        ("fox cost:<0.2", "USING COVERING INDEX job_facts"),
        ("fox since:2d", "USING COVERING INDEX job_created"),
    ] {
        let plan = store.history_plan(&query.parse().expect("a query"), sample::noon());
        assert!(plan.contains(expected), "{query}: {plan}");
        assert!(plan.contains("SEARCH job USING INTEGER PRIMARY KEY (rowid=?)"), "{query}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{query}: {plan}");
    }
}

#[test]
fn a_win_is_a_star_and_is_found_and_can_be_taken_back() {
    let mut history = History::new();
    let tram = crate::domain::job::JobId(uuid::Uuid::from_u128(3));
    for wins in 1..=2 {
        history.store.count_win(tram, true, true).expect("a win");
        let mark = history.store.marks(&[tram]).expect("marks").remove(&tram);
        assert_eq!(mark, Some(Mark { starred: true, note: String::new(), wins }));
    }
    assert_eq!(history.find("won: red"), [3]);
    assert_eq!(history.find("is:winner"), [3]);
    history.store.count_win(tram, false, false).expect("taken back");
    assert_eq!(history.find("won:"), [3], "one is left");
    assert_eq!(history.find("star:"), []);
    for _ in 0..2 {
        history.store.count_win(tram, false, false).expect("taken back");
    }
    assert_eq!(history.find("won:"), []);
    let mark = Mark { starred: true, note: "best #night".to_owned(), wins: 3 };
    history.store.restore_mark(tram, &mark).expect("restored");
    assert_eq!(history.store.marks(&[tram]).expect("marks").remove(&tram), Some(mark));
    for query in ["won: star:", "tag:night", "best"] {
        assert_eq!(history.find(query), [3], "{query}");
    }
    history.store.restore_mark(tram, &Mark::default()).expect("restored");
    assert!(history.store.marks(&[tram]).expect("marks").is_empty());
}
