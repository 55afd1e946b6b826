//! What is noted beside items: leaving them out, and the quarantine.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Engine;
use super::commit::empty_commit;
use crate::autotask::Progress;
use crate::model::{
    Actor, Advice, ClientId, ClientRef, Code, Failure, Ignored, ItemKey, Letter, Mark, Quarantine,
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

impl Engine {
    /// Leaves an item out of auto-sync and of the usual list, or takes that back. Gives the mark as
    /// it is then, and whether it is different from before.
    pub async fn ignore(
        &self,
        key: ItemKey,
        until: Option<NaiveDate>,
        reason: Option<String>,
        actor: &Actor,
    ) -> Result<(Mark, bool), Failure> {
        let now = self.now();
        if until.is_some_and(|until| until < self.today()) {
            return Err(Failure::new(Code::InvalidArgument, "`until` lies in the past"));
        }
        let by = actor.name.clone();
        let ignored = Ignored { until, reason, by, at: now };
        self.remark(key, actor, |mark| {
            // Saying the same again is no change, whoever says it.
            let same = mark.ignored.as_ref().is_some_and(|known| {
                (known.until, &known.reason) == (ignored.until, &ignored.reason)
            });
            if !same {
                mark.ignored = Some(ignored.clone());
            }
        })
        .await
    }

    /// Takes an item back that was left out.
    pub async fn unignore(&self, key: ItemKey, actor: &Actor) -> Result<(Mark, bool), Failure> {
        self.remark(key, actor, |mark| mark.ignored = None).await
    }

    /// The items whose rows cannot be converted, of one client or all.
    pub fn quarantine(&self, client: Option<&ClientRef>) -> Result<Vec<Waiting>, Failure> {
        let marks = match client {
            Some(client) => self.store.marks(client.id)?,
            None => self.store.all_marks()?,
        };
        let names: BTreeMap<ClientId, ClientRef> =
            self.store.clients()?.into_iter().map(|s| (s.client.id, s.client)).collect();
        let mut waiting = Vec::new();
        for mark in marks {
            let Some(quarantine) = mark.quarantine else { continue };
            let unnamed = ClientRef { id: mark.client, name: String::new() };
            waiting.push(Waiting {
                key: mark.key,
                client: names.get(&mark.client).cloned().unwrap_or(unnamed),
                quarantine,
                imported: self.store.contract(mark.key)?.is_some(),
            });
        }
        Ok(waiting)
    }

    /// The client that an item belongs to, by what is stored, else by what Autotask says.
    pub async fn client_of(&self, key: ItemKey) -> Result<ClientRef, Failure> {
        let known = match self.store.contract(key)? {
            Some(contract) => Some(contract.client),
            None => self.store.mark(key)?.map(|mark| mark.client),
        };
        let id = match known {
            Some(id) => id,
            None if key.letter == Letter::Local => {
                return Err(Failure::new(
                    Code::NoSuchContract,
                    format!("no contract is stored as {key}"),
                )
                .advise(Advice::ListContracts { key: None }));
            }
            None => {
                let located = self.live().autotask.locate(&[key], &Progress::new()).await?;
                let located = located.into_iter().next().ok_or_else(|| {
                    Failure::new(
                        Code::NoSuchContract,
                        format!("neither the store nor Autotask has {key}"),
                    )
                    .advise(Advice::ListPending { client_id: None })
                })?;
                located.client.ok_or_else(|| {
                    let message =
                        format!("the agreement of {key} is hidden, so its client is not known");
                    Failure::new(Code::NoPermission, message).advise(Advice::Doctor)
                })?
            }
        };
        match self.store.client(id)? {
            Some(state) => Ok(state.client),
            None => self.resolve(&id.to_string()).await,
        }
    }

    async fn remark(
        &self,
        key: ItemKey,
        actor: &Actor,
        edit: impl Fn(&mut Mark),
    ) -> Result<(Mark, bool), Failure> {
        let client = self.client_of(key).await?;
        let build = || {
            let before = self.store.mark(key)?;
            let mut mark = before.clone().unwrap_or_else(|| Mark::blank(key, client.id));
            edit(&mut mark);
            let after = mark.clone().kept();
            let commit = (before != after).then(|| Commit {
                marks: vec![Write { before, after }],
                ..empty_commit(self.now(), actor)
            });
            Ok((commit, mark))
        };
        let (committed, mark) = self.commit_from(build).await?;
        Ok((mark, committed.is_some()))
    }
}
