//! The lane of writes: one queue, one consumer. What was wanted later is stored later, and never overtakes.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{Outside, saved_file};
use crate::domain::consent::Consent;
use crate::domain::job::{Job, JobId, Parent};
use crate::domain::request::GenerationRequest;
use crate::runtime::files::write_whole;
use crate::runtime::held::{self, Released};
use crate::runtime::new_job::{self, Refused, Stored};
use crate::runtime::settle;
use crate::store::Store;
use crate::studio::effect::{Marking, Write};
use crate::studio::msg::{Msg, Objected};
use crate::studio::saved::Saved;

/// The most writes that wait. As long as [`Writes::has_room`] is asked before keys are taken in, no more come.
const MAX_WRITES: usize = 1024;
/// So many can come of what is taken in before it is asked again.
const MOST_A_TURN: usize = 600;

/// The queue's end where writes are put.
#[derive(Debug)]
pub(in crate::studio) struct Writes(mpsc::Sender<Turn>);

/// What the consumer takes up next.
enum Turn {
    Write(Write),
    Told(oneshot::Sender<()>),
}

impl Writes {
    /// Starts the consumer, which ends with the queue.
    pub(in crate::studio) fn start(outside: Outside) -> Self {
        let (sender, mut turns) = mpsc::channel(MAX_WRITES);
        tokio::spawn(async move {
            while let Some(turn) = turns.recv().await {
                match turn {
                    Turn::Write(write) => {
                        let answer = outside.write(write).await;
                        outside.answer(answer).await;
                    }
                    // Whoever waited may have given up.
                    Turn::Told(done) => drop(done.send(())),
                }
            }
        });
        Self(sender)
    }

    /// Whether everything can be put here that may come before this is asked again.
    pub(in crate::studio) fn has_room(&self) -> bool {
        self.0.capacity() > MOST_A_TURN
    }

    /// Puts `write` behind those that wait. Returns whether there was room for it.
    pub(in crate::studio) fn put(&self, write: Write) -> bool {
        self.0.try_send(Turn::Write(write)).is_ok()
    }

    /// Returns once everything that was put here before is stored.
    pub(in crate::studio) fn stored(&self) -> impl Future<Output = ()> + Send + use<> {
        let sender = self.0.clone();
        async move {
            let (done, told) = oneshot::channel();
            if sender.send(Turn::Told(done)).await.is_ok() {
                // A consumer that failed stores nothing any more.
                drop(told.await);
            }
        }
    }
}

impl Outside {
    async fn write(&self, write: Write) -> Option<Msg> {
        match write {
            Write::Submit { request, parent, consent } => {
                self.submit(*request, parent, *consent).await
            }
            Write::Cancel(id) => self.cancel(id).await,
            Write::Release { id, consent } => self.release(id, *consent).await,
            Write::Close(id) => self.settled(settle::close(&self.workspace, id).await).await,
            Write::Mark(id, marking) => Some(self.mark(id, marking).await),
            Write::Save(saved) => self.save(*saved).await,
        }
    }

    async fn submit(
        &self,
        request: GenerationRequest,
        parent: Option<Parent>,
        consent: Consent,
    ) -> Option<Msg> {
        let Some(model) = self.workspace.catalog.model(&request.model).cloned() else {
            return Some(Msg::Complain(format!(
                "the catalog no longer has {}; nothing was sent",
                request.model
            )));
        };
        let job = new_job::new_job(&model, request.clone(), parent);
        let job = new_job::with_account(&self.workspace, job).await;
        let (id, price) = (job.id, consent.price.clone());
        Some(match new_job::store(&self.workspace, job, consent).await {
            Ok(Stored::Yes) => {
                self.ring().await;
                Msg::Submitted(id)
            }
            Ok(Stored::No(refused)) => {
                let Refused { objections, model, limits } = *refused;
                let held = None;
                let objected = Objected { request, parent, held, price, objections, model, limits };
                Msg::Objected(Box::new(objected))
            }
            Err(error) => Msg::Complain(error.to_string()),
        })
    }

    async fn cancel(&self, id: JobId) -> Option<Msg> {
        let asked = match held::cancel(&self.workspace, id).await {
            Ok(Ok(true)) => Ok(()),
            _ => self.store(move |store| store.ask_cancel(id)).await,
        };
        match asked {
            Ok(()) => {
                self.ring().await;
                None
            }
            Err(problem) => Some(Msg::Complain(problem)),
        }
    }

    async fn release(&self, id: JobId, consent: Consent) -> Option<Msg> {
        let price = consent.price.clone();
        Some(match held::release(&self.workspace, id, consent).await {
            Ok(Released::Yes) => {
                self.ring().await;
                Msg::Submitted(id)
            }
            Ok(Released::WasNot(state)) => {
                Msg::Say(format!("it is not held any more: {}", crate::words::state_word(state)))
            }
            Ok(Released::No { job, refused }) => {
                let Job { request, parent, .. } = *job;
                let (held, Refused { objections, model, limits }) = (Some(id), *refused);
                let objected = Objected { request, parent, held, price, objections, model, limits };
                Msg::Objected(Box::new(objected))
            }
            Err(error) => Msg::Complain(error.to_string()),
        })
    }

    async fn mark(&self, id: JobId, marking: Marking) -> Msg {
        let write = move |store: &mut Store| match marking {
            Marking::Star(starred) => store.set_star(id, starred),
            Marking::Win { won, starred } => store.count_win(id, won, starred),
            Marking::Note(note) => store.set_note(id, &note),
        };
        Msg::Marked(self.store(write).await)
    }

    async fn save(&self, saved: Saved) -> Option<Msg> {
        let workspace = Arc::clone(&self.workspace);
        let write = move || {
            let text = serde_json::to_vec(&saved).map_err(std::io::Error::other)?;
            write_whole(&saved_file(&workspace), &text)
        };
        let written = tokio::task::spawn_blocking(write).await;
        let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        written.err().map(|error| Msg::NotSaved(format!("the prompt could not be saved: {error}")))
    }
}
