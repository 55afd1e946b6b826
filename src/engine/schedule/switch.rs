//! The switch of auto-sync.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt as _};
use tokio::time::timeout;

use super::{AT_ONCE, Schedule};
use crate::autotask::Progress;
use crate::clock::Tz;
use crate::config::NewAgreements;
use crate::engine::events;
use crate::engine::sync::interval;
use crate::model::{Actor, ClientRef, ClientState, Failure, Pause};
use crate::policy::diff::Stored;
use crate::policy::schedule;
use crate::policy::select::Choice;
use crate::store::{Commit, Write};

/// Up to so many clients are looked at before they are switched on; for more, what the last looks
/// found must do, so that a switch costs Autotask nothing.
const LOOK_AT_MOST: usize = 5;

/// How long a look may take before the switch does without it.
const LOOK_AT_LONGEST: Duration = Duration::from_secs(10);

/// A switch as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switched {
    /// The client.
    pub client: ClientRef,
    /// Whether auto-sync is on.
    pub on: bool,
    /// Whether that is different from before.
    pub changed: bool,
    /// When auto-sync runs next.
    pub next_run: Option<DateTime<Utc>>,
    /// How many items the next run will import, by the cached result.
    pub brings: Option<usize>,
    /// When it was last synced.
    pub last_synced: Option<DateTime<Utc>>,
    /// The pause that it is found in.
    pub paused: Option<Pause>,
}

impl Schedule {
    /// Turns auto-sync on or off for each client. On, the first run starts at once.
    pub async fn switch(
        &self,
        clients: &[ClientRef],
        on: bool,
        at: Option<NaiveTime>,
        actor: &Actor,
    ) -> Result<Vec<Switched>, Failure> {
        self.switch_telling(clients, on, at, actor, &Progress::new()).await
    }

    /// The same, telling how far the look at each client is.
    pub async fn switch_telling(
        &self,
        clients: &[ClientRef],
        on: bool,
        at: Option<NaiveTime>,
        actor: &Actor,
        progress: &Progress,
    ) -> Result<Vec<Switched>, Failure> {
        if on && clients.len() <= LOOK_AT_MOST {
            for client in clients {
                // Looking is a courtesy: the switch does not depend on Autotask's answer, nor
                // wait for one that does not come.
                let _ = timeout(LOOK_AT_LONGEST, self.syncs.preview(client, progress)).await;
            }
        }
        let mut switches = Vec::with_capacity(clients.len());
        for client in clients {
            switches.push(self.switch_and_tell(client, on, at, actor));
        }
        let switched: Vec<Result<Switched, Failure>> =
            stream::iter(switches).buffered(AT_ONCE).collect().await;
        self.wake.notify_waiters();
        self.context.events.mark_changed();
        switched.into_iter().collect()
    }

    async fn switch_and_tell(
        &self,
        client: &ClientRef,
        on: bool,
        at: Option<NaiveTime>,
        actor: &Actor,
    ) -> Result<Switched, Failure> {
        let brings = if on { self.brings(client)? } else { None };
        let (changed, state) = self.switch_one(client, on, at, actor).await?;
        if changed {
            self.context.events.emit(events::of_switch(client, on, actor, self.context.now()));
        }
        Ok(Switched {
            client: client.clone(),
            on,
            changed,
            next_run: state.next_run,
            brings,
            last_synced: state.last_synced,
            paused: self.book.pauses()?.of(client.id).filter(|_| on).cloned(),
        })
    }

    /// Every client that `--all` means: those with agreements to switch on, those that are on to
    /// switch off.
    pub async fn all_to_switch(
        &self,
        on: bool,
        progress: &Progress,
    ) -> Result<Vec<ClientRef>, Failure> {
        if on {
            return self.clients.with_agreements(progress).await;
        }
        let states = self.context.store.clients()?.into_iter().filter(|state| state.auto_sync);
        Ok(states.map(|state| state.client).collect())
    }

    async fn switch_one(
        &self,
        client: &ClientRef,
        on: bool,
        at: Option<NaiveTime>,
        actor: &Actor,
    ) -> Result<(bool, ClientState), Failure> {
        let build = || {
            let before = self.context.store.client(client.id)?;
            let now = self.context.now();
            let state = before.clone().unwrap_or_else(|| ClientState::new(client.clone()));
            let live = self.context.live();
            let after = flipped(state.clone(), on, at, now, interval(&live), live.zone());
            if after == state && before.is_some() {
                return Ok((None, (false, after)));
            }
            let changed = after.auto_sync != state.auto_sync;
            // What is off has nothing to pause, nor to find paused when it is on again.
            let pause = self.context.store.pause(Some(client.id))?.filter(|_| !on);
            let commit = Commit {
                pauses: pause
                    .into_iter()
                    .map(|is| Write { before: Some(is), after: None })
                    .collect(),
                clients: vec![Write { before, after: Some(after.clone()) }],
                ..Commit::of(now, actor)
            };
            Ok((Some(commit), (changed, after)))
        };
        self.context.commit_from(build).await.map(|(_, switched)| switched)
    }

    fn brings(&self, client: &ClientRef) -> Result<Option<usize>, Failure> {
        let Some(look) = self.syncs.cached_preview(client.id) else { return Ok(None) };
        let contracts = self.context.store.contracts(client.id)?;
        let stored: Stored = contracts.into_iter().map(|c| (c.key, c)).collect();
        let new_agreements = self.context.settings().sync.new_agreements == NewAgreements::Import;
        let choice = Choice::Auto { new_agreements };
        let taken = choice.select(&look.items, &stored);
        Ok(Some(taken.iter().filter(|item| item.state.can_apply()).count()))
    }
}

fn flipped(
    mut state: ClientState,
    on: bool,
    at: Option<NaiveTime>,
    now: DateTime<Utc>,
    interval: TimeDelta,
    zone: Tz,
) -> ClientState {
    if on && !state.auto_sync {
        state.next_run = Some(now);
    } else if !on {
        state.next_run = None;
    } else if let Some(at) = at.filter(|at| state.at != Some(*at)) {
        state.next_run = schedule::moved(state.next_run, now, interval, at, &zone);
    }
    state.auto_sync = on;
    state.at = if on { at.or(state.at) } else { None };
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClientId;

    const ZONE: Tz = Tz::Australia__Sydney;

    #[test]
    fn switching_on_again_does_not_run_again_but_may_move_the_hour() {
        let client = ClientRef { id: ClientId(1), name: String::new() };
        let now = DateTime::UNIX_EPOCH;
        let day = TimeDelta::days(1);
        let on = flipped(ClientState::new(client), true, None, now, day, ZONE);
        assert_eq!(on.next_run, Some(now));
        let at = NaiveTime::from_hms_opt(2, 30, 0);
        let later = flipped(on.clone(), true, at, now + TimeDelta::hours(1), day, ZONE);
        assert_eq!((later.next_run, later.at), (Some(now), at), "what is due stays due");
        let waiting = ClientState { next_run: Some(now + day), ..on };
        let moved = flipped(waiting, true, at, now, day, ZONE);
        let next = moved.next_run.map(|next| next.with_timezone(&ZONE).time());
        assert_eq!((next, moved.at), (at, at));
        let off = flipped(moved, false, None, now, day, ZONE);
        assert_eq!((off.auto_sync, off.next_run, off.at), (false, None, None));
    }
}
