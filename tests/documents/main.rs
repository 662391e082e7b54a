//! The five pages that Rushes was built from, statement by statement: what each says of a request or a reply, and
//! the proof that the program does it.
//!
//! A row is a statement, what came of it, and what had to come. Which pages a row stands for is said where it is not
//! all of its table.

mod kit;
mod runbase;
mod runpod;
mod runware;
mod runware_reply;

use kit::{Page, Row};

/// Tries every row on `pages` and names all that do not hold.
#[track_caller]
fn hold(rows: &[Row], pages: &[&str]) {
    let mut wrong = Vec::new();
    for page in pages.iter().map(|id| Page::of(id)) {
        for row in rows.iter().filter(|row| row.is_on(&page)) {
            let (got, wanted) = (row.proof)(&page);
            if got != wanted {
                wrong.push(format!("{}: {}\n  got    {got}\n  wanted {wanted}", page.id, row.says));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
