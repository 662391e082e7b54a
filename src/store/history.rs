//! Searching the history.

use jiff::Timestamp;
use rusqlite::types::Value;

use super::search_text::{MODEL, TAG, fact, phrase};
use super::{Store, StoreError};
use crate::domain::job::Job;
use crate::domain::query::{Compare, Filter, HistoryQuery, Sort};

impl Store {
    /// The newest `limit` jobs for which every part of `query` holds, newest first.
    pub fn history(
        &self,
        query: &HistoryQuery,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Job>, StoreError> {
        let (sql, values) = sql(query, limit, now);
        self.jobs(&sql, rusqlite::params_from_iter(values))
    }

    /// How SQLite goes about `query`.
    #[cfg(test)]
    pub(super) fn history_plan(&self, query: &HistoryQuery, now: Timestamp) -> String {
        let (sql, values) = sql(query, 10, now);
        let mut statement =
            self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
        let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3));
        rows.expect("a plan").collect::<Result<Vec<String>, _>>().expect("a plan").join("\n")
    }
}

/// Rows are found in the indexes alone; only those that are shown are read.
fn sql(query: &HistoryQuery, limit: usize, now: Timestamp) -> (String, Vec<Value>) {
    let mut search = Search::default();
    for word in &query.words {
        search.terms.push(phrase(word, None));
    }
    for filter in &query.filters {
        search.narrow(filter, now);
    }
    let order = match query.sort {
        Sort::Newest => "seq DESC",
        Sort::Oldest => "seq",
        Sort::Dearest => "money_micro IS NULL, money_micro DESC, seq DESC",
        Sort::Cheapest => "money_micro IS NULL, money_micro, seq DESC",
    };
    // What is sorted by its money is to be looked up there.
    if matches!(query.sort, Sort::Dearest | Sort::Cheapest) {
        search.conditions.push("1".to_owned());
    }
    let (found, values) = search.sql(order, limit);
    (format!("SELECT id, body FROM job WHERE seq IN ({found}) ORDER BY {order}"), values)
}

/// So many rows are counted quickly.
const FEW: usize = 4_000;

/// A search, taken apart: terms for the index of terms, conditions on the facts.
#[derive(Default)]
struct Search {
    terms: Vec<String>,
    /// `ROW` stands for the number of the row.
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Search {
    fn narrow(&mut self, filter: &Filter, now: Timestamp) {
        match filter {
            Filter::Model(part) => self.terms.push(phrase(part, Some(MODEL))),
            Filter::Kind(kind) => self.terms.push(fact("kind", kind.word())),
            Filter::State(state) if state.is_live() => {
                self.terms.push(fact("state", "live"));
                self.hold("state = ?", Value::Text(state.word().to_owned()));
            }
            Filter::State(state) => self.terms.push(fact("state", state.word())),
            Filter::Starred => self.terms.push(fact("star", "")),
            Filter::Won => self.terms.push(fact("won", "")),
            Filter::Cost(compare, money) => {
                let condition = match compare {
                    Compare::Below => "money_micro < ?",
                    Compare::Above => "money_micro > ?",
                    Compare::Same => "money_micro = ?",
                };
                self.hold(condition, Value::Integer(money.0));
                // Where few or none are in the range, those older than all of them need no look.
                self.hold(
                    &format!(
                        "ROW >= (SELECT iif(count(*) < {FEW}, min(seq), 0) FROM
                         (SELECT seq FROM job INDEXED BY job_money WHERE {condition} LIMIT {FEW}))"
                    ),
                    Value::Integer(money.0),
                );
            }
            Filter::Seed(seed) => self.terms.push(fact("seed", &seed.to_string())),
            Filter::SinceMs(ms) => {
                let ms = i64::try_from(*ms).unwrap_or(i64::MAX);
                let since = Value::Integer(now.as_millisecond().saturating_sub(ms));
                self.hold("created_ms >= ?", since.clone());
                let first = "SELECT min(seq) FROM job INDEXED BY job_created WHERE created_ms >= ?";
                self.hold(&format!("ROW >= ({first})"), since);
            }
            Filter::BeforeMs(ms) => {
                let ms = i64::try_from(*ms).unwrap_or(i64::MAX);
                let before = Value::Integer(now.as_millisecond().saturating_sub(ms));
                self.hold("created_ms < ?", before.clone());
                let last = "SELECT max(seq) FROM job INDEXED BY job_created WHERE created_ms < ?";
                self.hold(&format!("ROW <= ({last})"), before);
            }
            Filter::Tag(part) => self.terms.push(phrase(part, Some(TAG))),
        }
    }

    fn hold(&mut self, condition: &str, value: Value) {
        self.conditions.push(condition.to_owned());
        self.values.push(value);
    }

    /// Selects the numbers of the first `limit` rows in `order`.
    fn sql(self, order: &str, limit: usize) -> (String, Vec<Value>) {
        let Self { terms, mut conditions, mut values } = self;
        let from = if terms.is_empty() {
            "job INDEXED BY job_facts"
        } else {
            conditions.insert(0, "job_text MATCH ?".to_owned());
            values.insert(0, Value::Text(terms.join(" ")));
            if conditions.len() == 1 {
                "job_text"
            } else {
                "job_text CROSS JOIN job INDEXED BY job_facts ON seq = job_text.rowid"
            }
        };
        if conditions.is_empty() {
            conditions.push("1".to_owned());
        }
        values.push(Value::Integer(limit as i64));
        let row = if terms.is_empty() { "seq" } else { "job_text.rowid" };
        let sql = format!(
            "SELECT {row} FROM {from} WHERE {} ORDER BY {} LIMIT ?",
            conditions.join(" AND ").replace("ROW", row),
            order.replace("seq", row)
        );
        (sql, values)
    }
}
