//! Searching the history.

use jiff::Timestamp;
use rusqlite::types::Value;

use super::{Store, StoreError};
use crate::domain::job::Job;
use crate::domain::query::{Compare, Filter, HistoryQuery};

impl Store {
    /// The newest `limit` jobs for which every part of `query` holds, newest first.
    pub fn history(
        &self,
        query: &HistoryQuery,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Job>, StoreError> {
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        for word in &query.words {
            conditions.push(word_condition(word, &mut values));
        }
        for filter in &query.filters {
            conditions.push(filter_condition(filter, now, &mut values));
        }
        let mut sql = "SELECT job.id, body FROM job".to_owned();
        if !conditions.is_empty() {
            sql = format!("{sql} WHERE {}", conditions.join(" AND "));
        }
        values.push(Value::Integer(limit as i64));
        self.jobs(&format!("{sql} ORDER BY seq DESC LIMIT ?"), rusqlite::params_from_iter(values))
    }
}

/// A word in prompt, model, note, tags or error. The trigram index knows nothing shorter than three
/// characters, and two are a common word in Chinese, so those are looked for by reading.
fn word_condition(word: &str, values: &mut Vec<Value>) -> String {
    let like = format!("%{}%", escaped(word));
    if word.chars().count() < 3 {
        values.extend(std::iter::repeat_n(Value::Text(like), 3));
        return "(prompt_id IN (SELECT id FROM prompt WHERE text LIKE ? ESCAPE '\\')
              OR note LIKE ? ESCAPE '\\' OR tags LIKE ? ESCAPE '\\')"
            .to_owned();
    }
    let late = "note LIKE ? ESCAPE '\\' OR tags LIKE ? ESCAPE '\\' OR error LIKE ? ESCAPE '\\'";
    values.push(Value::Text(format!("\"{}\"", word.replace('"', "\"\""))));
    values.extend(std::iter::repeat_n(Value::Text(like), 3));
    format!("(seq IN (SELECT rowid FROM job_text WHERE job_text MATCH ?) OR {late})")
}

fn filter_condition(filter: &Filter, now: Timestamp, values: &mut Vec<Value>) -> String {
    let (condition, value) = match filter {
        Filter::Model(part) => {
            ("model LIKE ? ESCAPE '\\'", Value::Text(format!("%{}%", escaped(part))))
        }
        Filter::Kind(kind) => ("kind = ?", Value::Text(kind.word().to_owned())),
        Filter::State(state) => ("state = ?", Value::Text(state.word().to_owned())),
        Filter::Starred => return "starred = 1".to_owned(),
        Filter::Cost(compare, money) => {
            let condition = match compare {
                Compare::Below => "money_micro < ?",
                Compare::Above => "money_micro > ?",
                Compare::Same => "money_micro = ?",
            };
            (condition, Value::Integer(money.0))
        }
        Filter::Seed(seed) => ("seed = ?", Value::Integer(i64::try_from(*seed).unwrap_or(-1))),
        Filter::SinceMs(ms) => {
            let since = now.as_millisecond().saturating_sub(i64::try_from(*ms).unwrap_or(i64::MAX));
            ("created_ms >= ?", Value::Integer(since))
        }
        Filter::Tag(part) => {
            ("tags LIKE ? ESCAPE '\\'", Value::Text(format!("%{}%", escaped(part))))
        }
    };
    values.push(value);
    condition.to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
