//! What is noted beside items: leaving them out, and the quarantine.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Review;
use crate::engine::book::must_fit;
use crate::model::{
    Actor, ClientId, ClientRef, Code, Failure, Ignored, ItemFlags, ItemKey, Quarantine,
};
use crate::store::{Commit, Write};

/// An item in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The item.
    pub key: ItemKey,
    /// Its client.
    pub client: ClientRef,
    /// Why it waits, and since when.
    pub quarantine: Quarantine,
    /// Whether a contract is stored for it, which keeps its old values.
    pub imported: bool,
}

impl Review {
    /// Leaves an item out of auto-sync and of the usual list, or takes that back. Gives the flags
    /// as they are then, and whether they are different from before.
    pub async fn ignore(
        &self,
        key: ItemKey,
        until: Option<NaiveDate>,
        reason: Option<String>,
        actor: &Actor,
    ) -> Result<(ItemFlags, bool), Failure> {
        must_fit("a reason", reason.as_deref().unwrap_or_default())?;
        let now = self.context.now();
        if until.is_some_and(|until| until < self.context.today()) {
            return Err(Failure::new(Code::InvalidArgument, "`until` is in the past"));
        }
        let by = actor.name.clone();
        let ignored = Ignored { until, reason, by, at: now };
        self.flag(key, actor, |flags| {
            // Saying the same again is no change, whoever says it.
            let same = flags.ignored.as_ref().is_some_and(|known| {
                (known.until, &known.reason) == (ignored.until, &ignored.reason)
            });
            if !same {
                flags.ignored = Some(ignored.clone());
            }
        })
        .await
    }

    /// Takes an item back that was left out.
    pub async fn unignore(
        &self,
        key: ItemKey,
        actor: &Actor,
    ) -> Result<(ItemFlags, bool), Failure> {
        self.flag(key, actor, |flags| flags.ignored = None).await
    }

    /// The items whose rows cannot be converted, of one client or all.
    pub fn quarantine(&self, client: Option<&ClientRef>) -> Result<Vec<Waiting>, Failure> {
        let of_items = match client {
            Some(client) => self.context.store.flags_of(client.id)?,
            None => self.context.store.all_flags()?,
        };
        let names: BTreeMap<ClientId, ClientRef> =
            self.context.store.clients()?.into_iter().map(|s| (s.client.id, s.client)).collect();
        let mut waiting = Vec::new();
        for flags in of_items {
            let Some(quarantine) = flags.quarantine else { continue };
            let unnamed = ClientRef { id: flags.client, name: String::new() };
            waiting.push(Waiting {
                key: flags.key,
                client: names.get(&flags.client).cloned().unwrap_or(unnamed),
                quarantine,
                imported: self.context.store.contract(flags.key)?.is_some(),
            });
        }
        Ok(waiting)
    }

    async fn flag(
        &self,
        key: ItemKey,
        actor: &Actor,
        edit: impl Fn(&mut ItemFlags),
    ) -> Result<(ItemFlags, bool), Failure> {
        let client = self.clients.client_of(key).await?;
        let build = || {
            let before = self.context.store.item_flags(key)?;
            let mut flags = before.clone().unwrap_or_else(|| ItemFlags::blank(key, client.id));
            edit(&mut flags);
            let after = flags.clone().kept();
            let commit = (before != after).then(|| Commit {
                flags: vec![Write { before, after }],
                ..Commit::of(self.context.now(), actor)
            });
            Ok((commit, flags))
        };
        let (committed, flags) = self.context.commit_from(build).await?;
        Ok((flags, committed.is_some()))
    }
}
