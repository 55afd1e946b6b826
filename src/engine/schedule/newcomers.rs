//! Clients whose first agreement appears: nobody has decided yet whether they are kept current, and
//! no board would show them.
//!
//! After a batch, at most once an hour, the agreements above the highest known id are asked for. The
//! first time they only say what that id is: a daemon that was just installed has no newcomers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Schedule;
use crate::autotask::{Progress, Scope, Work};
use crate::config::NewClients;
use crate::engine::context::Live;
use crate::engine::events;
use crate::engine::sync::Preview;
use crate::model::{Actor, ClientId, ClientRef, Effect, Failure, ItemKey, ItemKind, PendingItem};
use crate::policy::effects;

/// How often newcomers are looked for at most.
const EVERY: TimeDelta = TimeDelta::hours(1);

/// The name of what is known of newcomers in the cache.
const NEWCOMERS: &str = "newcomers";

/// A client with its first agreements, and on no sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The client.
    pub client: ClientRef,
    /// When that was noticed.
    pub since: DateTime<Utc>,
    /// Its agreements.
    pub agreements: Vec<ItemKey>,
    /// What they are in money, by the client's latest preview; empty where none is kept.
    pub effects: Vec<Effect>,
}

/// Stored state: the highest id of an agreement that is known, and who is new, as the cache keeps it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    highest: i64,
    looked: DateTime<Utc>,
    clients: Vec<KnownNewcomer>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KnownNewcomer {
    id: i64,
    name: String,
    since: DateTime<Utc>,
    agreements: Vec<i64>,
}

impl Schedule {
    /// The clients whose first agreement appeared, and that nobody has decided about: no sync, no
    /// auto-sync, and not all of it ignored.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn newcomers(&self) -> Result<Vec<Newcomer>, Failure> {
        let Some(known) = self.known() else { return Ok(Vec::new()) };
        let mut newcomers = Vec::new();
        for new in known.clients {
            let client = ClientRef { id: ClientId(new.id), name: new.name };
            let agreements: Vec<ItemKey> =
                new.agreements.into_iter().map(ItemKey::agreement).collect();
            if self.is_decided(client.id, &agreements)? {
                continue;
            }
            let items = self.syncs.cached_preview(client.id).map(|preview| preview.items);
            let items = items.unwrap_or_default();
            let basis = self.context.basis(&items);
            let items: Vec<&PendingItem> = items.iter().collect();
            let effects = effects::effects(&items, &basis);
            newcomers.push(Newcomer { client, since: new.since, agreements, effects });
        }
        Ok(newcomers)
    }

    /// Whether somebody has decided about a client: it was synced or switched on, or its agreements
    /// are ignored.
    fn is_decided(&self, client: ClientId, agreements: &[ItemKey]) -> Result<bool, Failure> {
        if self.is_kept(client)? {
            return Ok(true);
        }
        let today = self.context.today();
        for key in agreements {
            let flags = self.context.store.item_flags(*key)?;
            if !flags.is_some_and(|flags| flags.is_ignored(today)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a client was synced or switched on.
    fn is_kept(&self, client: ClientId) -> Result<bool, Failure> {
        let state = self.context.store.client(client)?;
        Ok(state.is_some_and(|state| state.auto_sync || state.last_synced.is_some()))
    }

    /// Looks for newcomers, and does with them what the configuration says. What fails is tried
    /// again with the next batch.
    pub(super) async fn look_for_newcomers(&self, live: &Live) {
        let wanted = live.settings.sync.new_clients;
        let now = self.context.now();
        let known = self.known();
        let is_fresh = known.as_ref().is_some_and(|known| (now - known.looked).abs() < EVERY);
        if wanted == NewClients::Ignore || is_fresh {
            return;
        }
        if let Err(failure) = self.find_newcomers(live, known, wanted).await {
            tracing::debug!("new clients cannot be looked for: {failure}");
        }
    }

    async fn find_newcomers(
        &self,
        live: &Live,
        known: Option<Known>,
        wanted: NewClients,
    ) -> Result<(), Failure> {
        let (progress, now) = (Progress::of(Work::Background), self.context.now());
        let is_first = known.is_none();
        let mut known = known.unwrap_or_default();
        // Later on the store may hold newer agreements of clients that are kept.
        let before = if is_first { self.highest_stored()? } else { known.highest };
        let found = live.autotask.agreements_above(before, &progress).await?;
        known.looked = now;
        known.highest = found.iter().map(|(id, _)| *id).max().unwrap_or(before);
        let mut by_client: BTreeMap<ClientId, BTreeSet<ItemKey>> = BTreeMap::new();
        for (id, client) in &found {
            by_client.entry(*client).or_default().insert(ItemKey::agreement(*id));
        }
        let mut unknown = Vec::new();
        for client in by_client.keys().filter(|_| !is_first) {
            if self.context.store.client(*client)?.is_none() {
                unknown.push(*client);
            }
        }
        let mut new = Vec::new();
        if !unknown.is_empty() {
            let previews = self.syncs.preview_of(live, &Scope::Clients(unknown), &progress).await?;
            let is_first_of = |preview: &Preview| {
                let fresh = by_client.get(&preview.client.id);
                let mut agreements = preview.items.iter().filter(|item| item.key.is_agreement());
                agreements.all(|item| fresh.is_some_and(|fresh| fresh.contains(&item.key)))
            };
            new.extend(previews.into_iter().filter(is_first_of));
        }
        // The next agreement of a newcomer is to be decided about like its first.
        let fresh = |client| by_client.get(&client).into_iter().flatten().map(|key| key.id);
        for newcomer in &mut known.clients {
            newcomer.agreements.extend(fresh(ClientId(newcomer.id)));
        }
        known.clients.extend(new.iter().map(|preview| KnownNewcomer {
            id: preview.client.id.0,
            name: preview.client.name.clone(),
            since: now,
            agreements: fresh(preview.client.id).collect(),
        }));
        self.keep_known(&mut known)?;
        for preview in &new {
            self.context.events.emit(events::of_newcomer(
                &preview.client,
                &preview.items,
                now,
                &self.context.basis(&preview.items),
            ));
        }
        if wanted == NewClients::Auto && !new.is_empty() {
            let clients: Vec<ClientRef> = new.into_iter().map(|preview| preview.client).collect();
            self.switch(&clients, true, None, &Actor::daemon()).await?;
        }
        Ok(())
    }

    /// The highest id of an agreement that the store holds.
    fn highest_stored(&self) -> Result<i64, Failure> {
        let last = self.context.store.last_of_kind(ItemKind::Agreement)?;
        Ok(last.map_or(0, |key| key.id))
    }

    fn known(&self) -> Option<Known> {
        serde_json::from_slice(&self.context.store.cache_get(NEWCOMERS)?).ok()
    }

    /// Keeps what is known, without those who are new no more.
    fn keep_known(&self, known: &mut Known) -> Result<(), Failure> {
        let mut kept = Vec::new();
        for new in std::mem::take(&mut known.clients) {
            if !self.is_kept(ClientId(new.id))? {
                kept.push(new);
            }
        }
        known.clients = kept;
        if let Ok(bytes) = serde_json::to_vec(known) {
            self.context.store.cache_put(NEWCOMERS, &bytes);
        }
        Ok(())
    }
}
