//! The sandbox's own books: what was accepted and what was billed for it.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::remote::Sandbox;
use super::task::{Outcome, Task};
use crate::domain::money::MicroUsd;

/// The play money that an account begins with: 1000 US dollars.
const CREDIT: MicroUsd = MicroUsd(1_000_000_000);

/// What became of one accepted task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    /// Its UUID.
    pub task: Uuid,
    /// The model's id on the wire.
    pub model: String,
    /// When it was accepted.
    pub submitted_at: Timestamp,
    /// How many results were asked for.
    pub results: u32,
    /// How many of them succeeded.
    pub succeeded: u32,
    /// What was billed, in micro-dollars of play money.
    pub billed: MicroUsd,
    /// Where it stands.
    pub state: LedgerState,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerState {
    /// Results are still to come.
    Processing,
    /// All results succeeded.
    Succeeded,
    /// Some did.
    Partial,
    /// None did.
    Failed,
}

impl Sandbox {
    /// Every task of the last eight days as it stands at `now`, oldest first.
    pub fn ledger(&self, now: Timestamp) -> impl Iterator<Item = LedgerLine> {
        self.tasks_by_age().map(move |task| line(task, now))
    }

    /// What the account has left: the play money that it began with, less what was billed. It
    /// may fall below zero, as the sandbox refuses nobody for want of it.
    pub fn balance(&self, now: Timestamp) -> MicroUsd {
        MicroUsd(CREDIT.0.saturating_sub(self.billed(now).0))
    }
}

fn line(task: &Task, now: Timestamp) -> LedgerLine {
    let accepted = &task.accepted;
    let succeeded = task.succeeded(now);
    let processing = task.outcomes(now).any(|(.., outcome)| matches!(outcome, Outcome::Processing));
    let state = match succeeded {
        _ if processing => LedgerState::Processing,
        0 => LedgerState::Failed,
        all if all == accepted.order.results => LedgerState::Succeeded,
        _ => LedgerState::Partial,
    };
    LedgerLine {
        task: accepted.task,
        model: accepted.model.clone(),
        submitted_at: accepted.at,
        results: accepted.order.results,
        succeeded,
        billed: task.billed(now),
        state,
    }
}
