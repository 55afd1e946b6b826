//! Pausing auto-sync, and going on.

use std::collections::BTreeSet;

use super::Schedule;
use crate::engine::book::shown;
use crate::model::{Actor, Advice, ClientRef, Code, Event, EventName, Failure, Pause};
use crate::policy::pauses::{self, Pauses};
use crate::store::{Commit, Write};

/// A pause, with the client by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// The client; none for all of auto-sync.
    pub client: Option<ClientRef>,
    /// The pause.
    pub pause: Pause,
}

impl Schedule {
    /// Pauses auto-sync of these clients, or of all where none is named, up to a moment that a
    /// person means or until somebody ends it. A pause that counts already is replaced. What runs
    /// at this moment goes on. Gives the pauses that were made.
    pub async fn pause(
        &self,
        clients: &[ClientRef],
        until: Option<&str>,
        actor: &Actor,
    ) -> Result<Vec<Paused>, Failure> {
        for client in clients {
            if !self.context.store.client(client.id)?.is_some_and(|state| state.auto_sync) {
                let message = format!("auto-sync is off for {client}");
                return Err(Failure::new(Code::InvalidArgument, message)
                    .advise(Advice::AutoSyncOn { client_id: client.id }));
            }
        }
        let build = || {
            let now = self.context.now();
            let read = |text| pauses::until(text, now, &self.context.zone());
            let until = until.map(read).transpose();
            let until = until.map_err(|why| Failure::new(Code::InvalidArgument, why))?;
            let (mut pauses, mut paused) = (Vec::new(), Vec::new());
            for client in named(clients) {
                let before = self.context.store.pause(client.map(|client| client.id))?;
                let pause = Pause {
                    client: client.map(|client| client.id),
                    until,
                    by: actor.name.clone(),
                    at: now,
                    ended: None,
                };
                pauses.push(Write { before, after: Some(pause.clone()) });
                paused.push(Paused { client: client.cloned(), pause });
            }
            Ok((Some(Commit { pauses, ..Commit::of(now, actor) }), paused))
        };
        let (_, paused) = self.context.commit_from(build).await?;
        let until = paused.first().and_then(|paused| paused.pause.until);
        let until = until.map_or_else(String::new, |until| {
            format!(" until {}", shown(until, self.context.zone()))
        });
        self.tell_of_pause(&paused, &format!("paused by {}{until}", actor.name), actor);
        Ok(paused)
    }

    /// Ends the pauses of these clients, or that of all where none is named. Gives those that
    /// counted, as they were.
    pub async fn resume(
        &self,
        clients: &[ClientRef],
        actor: &Actor,
    ) -> Result<Vec<Paused>, Failure> {
        let build = || {
            let now = self.context.now();
            let (mut pauses, mut resumed) = (Vec::new(), Vec::new());
            for client in named(clients) {
                let before = self.context.store.pause(client.map(|client| client.id))?;
                let Some(pause) = &before else { continue };
                if pause.counts(now) {
                    let after = Pause { ended: Some(now), ..pause.clone() };
                    resumed.push(Paused { client: client.cloned(), pause: pause.clone() });
                    pauses.push(Write { before, after: Some(after) });
                }
            }
            let commit = (!pauses.is_empty()).then(|| Commit { pauses, ..Commit::of(now, actor) });
            Ok((commit, resumed))
        };
        let (_, resumed) = self.context.commit_from(build).await?;
        self.tell_of_pause(&resumed, &format!("resumed by {}", actor.name), actor);
        Ok(resumed)
    }

    /// The pauses that count now: that of all first, then by client.
    pub fn paused(&self) -> Result<Vec<Paused>, Failure> {
        let Pauses { all, clients, .. } = self.book.pauses()?;
        let mut paused: Vec<Paused> =
            all.into_iter().map(|pause| Paused { client: None, pause }).collect();
        for (id, pause) in clients {
            paused.push(Paused { client: Some(self.book.named(id)?), pause });
        }
        Ok(paused)
    }

    fn tell_of_pause(&self, changed: &[Paused], what: &str, actor: &Actor) {
        for Paused { client, .. } in changed {
            let who = client.as_ref().map_or("all clients".to_owned(), ClientRef::to_string);
            let message = format!("{who}: auto-sync {what}");
            self.context.events.emit(Event {
                client: client.clone(),
                actor: Some(actor.clone()),
                ..Event::new(EventName::Switched, self.context.now(), message)
            });
        }
        self.wake.notify_waiters();
        self.context.events.mark_changed();
    }
}

/// Each client once; none means all of auto-sync.
fn named(clients: &[ClientRef]) -> Vec<Option<&ClientRef>> {
    let mut seen = BTreeSet::new();
    match clients {
        [] => vec![None],
        some => some.iter().filter(|client| seen.insert(client.id)).map(Some).collect(),
    }
}
