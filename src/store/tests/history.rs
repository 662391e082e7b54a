//! Searching: words in any language, and filters.

use super::*;
use crate::domain::job::FailureClass;

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
        ("star:", vec![]),
        ("tag:night", vec![]),
    ] {
        assert_eq!(history.find(query), found, "{query}");
    }
}
